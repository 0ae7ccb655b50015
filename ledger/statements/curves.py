"""Whether the bytes of a public key are a point that is safe to verify with.

Decides: for Ed25519 canonical encoding, on the curve, order not dividing 8 (under such a key one signature
holds for many messages); for P-256 reduced coordinates, on the curve. Plain integers, on public values; of
the Ed25519 keys looked at last, which take a millisecond each, the answer is remembered.

Source: RFC 8032 sections 5.1 and 5.1.3; SEC 1 section 3.2.2.1; SP 800-186 sections 3.2.1.3 and 3.2.3.1.
"""

from functools import lru_cache
from typing import Final

_ED_P: Final = 2**255 - 19
_ED_D: Final = -121665 * pow(121666, -1, _ED_P) % _ED_P
_ED_SQRT_MINUS_1: Final = pow(2, (_ED_P - 1) // 4, _ED_P)

_P256_P: Final = 2**256 - 2**224 + 2**192 + 2**96 - 1
_P256_B: Final = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


@lru_cache(maxsize=4_096)
def ed25519_fault(encoded: bytes) -> str | None:
    """What makes an Ed25519 public key unfit, or None.

    Args:
        encoded: 32 bytes, the RFC 8032 encoding.
    """
    number = int.from_bytes(encoded, "little")
    y, sign = number & (2**255 - 1), number >> 255
    if y >= _ED_P:
        return "the Ed25519 key is not canonical: its y is not below 2^255 - 19"
    x = _recover_x(y, sign)
    if x is None:
        return "the Ed25519 key is not a point of the curve"
    for _ in range(3):
        x, y = _double(x, y)
    if (x, y) == (0, 1):
        return "the Ed25519 key has an order that divides 8"
    return None


def p256_fault(x_octets: bytes, y_octets: bytes) -> str | None:
    """What makes a P-256 public key unfit, or None.

    Args:
        x_octets: 32 bytes, big endian.
        y_octets: 32 bytes, big endian.
    """
    x, y = int.from_bytes(x_octets, "big"), int.from_bytes(y_octets, "big")
    if x >= _P256_P or y >= _P256_P:
        return "the P-256 key has a coordinate that is not reduced"
    if (y * y - (x * x * x - 3 * x + _P256_B)) % _P256_P != 0:
        return "the P-256 key is not a point of the curve"
    return None


def _recover_x(y: int, sign: int) -> int | None:
    """RFC 8032 section 5.1.3, steps 2 to 4."""
    u, v = (y * y - 1) % _ED_P, (_ED_D * y * y + 1) % _ED_P
    x = u * pow(v, 3, _ED_P) * pow(u * pow(v, 7, _ED_P), (_ED_P - 5) // 8, _ED_P) % _ED_P
    if v * x * x % _ED_P == -u % _ED_P:
        x = x * _ED_SQRT_MINUS_1 % _ED_P
    if v * x * x % _ED_P != u or (x == 0 and sign == 1):
        return None
    return _ED_P - x if x & 1 != sign else x


def _double(x: int, y: int) -> tuple[int, int]:
    """The point added to itself on -x^2 + y^2 = 1 + d x^2 y^2; the law is complete, so no case is special."""
    product = _ED_D * x * x * y * y % _ED_P
    doubled_x = 2 * x * y * pow(1 + product, -1, _ED_P) % _ED_P
    doubled_y = (y * y + x * x) * pow(1 - product, -1, _ED_P) % _ED_P
    return doubled_x, doubled_y
