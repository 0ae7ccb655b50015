"""Whether an Ed25519 signature is good: exactly when OpenSSL says so, though libsodium is asked first.

Decides: what is asked. libsodium takes half the time and lets other threads run meanwhile: what it accepts is
accepted, and what it refuses OpenSSL decides. So the answers are OpenSSL's, as long as libsodium accepts
nothing more. Both check the equation without the cofactor and refuse an S that is not reduced; libsodium also
refuses keys and an R of small order or not canonical. Other versions and builds of libsodium check the
equation times the cofactor, or let such an S pass: one that accepts any of ``_REFUSED``, each of them good to
one of those and not to OpenSSL, is never asked.

Source: RFC 8032 sections 5.1.7 and 8.8; Chalkias, Garillot, Nikolaenko: Taming the many EdDSAs (2020).
"""

from collections.abc import Callable
from functools import cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

SIGNATURE_BYTES: Final = 64

_Accepts = Callable[[bytes, bytes, bytes], bool]
"""Says of a key, a signature and a message whether libsodium accepts them."""

_PROBE_KEY: Final = bytes.fromhex("88aa55e6afeed8960a3191de78600347db8acd0a3795412f275f049b86260488")
_REFUSED: Final = tuple(
    bytes.fromhex(r + s)
    for r, s in (
        (
            "607055ca3d4aa8af26961afb12b1e60a75fac88f9c260ff25806631dbb269159",
            "16c33ec159a175430b57a996f380b1876d1626a4d0cf3d0c176c0b946f874703",
        ),
        (
            "3e54c441927f9f0ee5e13e34f0b0404c5043651a8f4b7ef087a1c42262a85d0a",
            "65c0ec4709f9c85fcf00bcdd93a0524964a2b4bd8d8b5f99884a0776f693c91d",
        ),
        (
            "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            "3923cb2c77aefaa0c49d0054208b20778349cc53156ac180171440e69cff510a",
        ),
    )
)
"""Signatures over no message at all: R plus a point of order 8; S plus the order; an R not reduced."""


def checker(public_key: bytes) -> Callable[[bytes, bytes], None]:
    """How signatures of a key are checked.

    Args:
        public_key: 32 bytes, the RFC 8032 encoding.

    Returns:
        Takes a signature and its message; raises ``cryptography.exceptions.InvalidSignature`` where it is not
        good.
    """
    decide = Ed25519PublicKey.from_public_bytes(public_key).verify

    def check(signature: bytes, message: bytes) -> None:
        if not _libsodium()(public_key, signature, message):
            decide(signature, message)

    return check


@cache
def _libsodium() -> _Accepts:
    """libsodium's answer; always no where it accepts what OpenSSL refuses. Loaded once somebody verifies."""
    from nacl.bindings import crypto_sign_open
    from nacl.exceptions import CryptoError

    def accepts(public_key: bytes, signature: bytes, message: bytes) -> bool:
        if len(signature) != SIGNATURE_BYTES:  # it cannot tell where the one ends and the other begins
            return False
        try:
            crypto_sign_open(signature + message, public_key)
        except CryptoError:
            return False
        return True

    if any(accepts(_PROBE_KEY, signature, b"") for signature in _REFUSED):
        return lambda public_key, signature, message: False
    return accepts
