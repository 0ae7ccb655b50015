"""Points of public keys, against a second reckoning of both curves."""

import secrets

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.statements.curves import ed25519_fault, p256_fault
from tests.support.edwards import P, encode, points_with_y, small_subgroup

P256 = 2**256 - 2**224 + 2**192 + 2**96 - 1


def test_the_small_subgroup_is_refused_in_every_encoding() -> None:
    encodings = set()
    for x, y in small_subgroup():
        for written_y in (y, y + P):
            for sign in (0, 1):
                if written_y < 2**255:
                    encodings.add((written_y | sign << 255).to_bytes(32, "little"))
        assert ed25519_fault(encode((x, y))) == "the Ed25519 key has an order that divides 8"
    assert len(encodings) == 14
    for encoding in encodings:
        assert ed25519_fault(encoding) is not None


def test_why_small_orders_are_refused() -> None:
    """The library takes one signature for any message under the identity as key."""
    identity, signature = bytes([1]) + bytes(31), bytes([1]) + bytes(63)
    for message in (b"this", b"that"):
        Ed25519PublicKey.from_public_bytes(identity).verify(signature, message)
    assert ed25519_fault(identity) is not None


def test_honest_ed25519_keys_are_taken() -> None:
    for _ in range(100):
        assert ed25519_fault(Ed25519PrivateKey.generate().public_key().public_bytes_raw()) is None


def test_ed25519_points_agree_with_the_second_reckoning() -> None:
    taken = 0
    for _ in range(200):
        y, sign = secrets.randbelow(P), secrets.randbelow(2)
        fault = ed25519_fault((y | sign << 255).to_bytes(32, "little"))
        assert (fault is None) == bool(points_with_y(y))
        taken += fault is None
    assert 50 < taken < 150


@pytest.mark.parametrize("y", [1, P - 1])
def test_an_x_of_zero_has_no_sign(y: int) -> None:
    """RFC 8032 section 5.1.3, step 4."""
    assert (
        ed25519_fault((y | 1 << 255).to_bytes(32, "little")) == "the Ed25519 key is not a point of the curve"
    )


@pytest.mark.parametrize("y", [P, P + 1, P + 18, 2**255 - 1])
@pytest.mark.parametrize("sign", [0, 1])
def test_ed25519_keys_that_are_not_canonical_are_refused(y: int, sign: int) -> None:
    assert ed25519_fault((y | sign << 255).to_bytes(32, "little")) == (
        "the Ed25519 key is not canonical: its y is not below 2^255 - 19"
    )


def test_the_largest_canonical_ed25519_encodings_are_judged_by_the_curve() -> None:
    for y in range(P - 40, P - 1):
        assert (ed25519_fault(y.to_bytes(32, "little")) is None) == bool(points_with_y(y))


def test_honest_p256_keys_are_taken_and_their_neighbours_refused() -> None:
    for _ in range(50):
        numbers = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
        x, y = numbers.x.to_bytes(32, "big"), numbers.y.to_bytes(32, "big")
        assert p256_fault(x, y) is None
        assert p256_fault(x, (P256 - numbers.y).to_bytes(32, "big")) is None
        for place in (0, 15, 31):
            changed = bytearray(y)
            changed[place] ^= 1
            assert p256_fault(x, bytes(changed)) is not None
        assert p256_fault(y, x) is not None


def test_p256_points_agree_with_the_library() -> None:
    for _ in range(200):
        x, y = secrets.randbelow(2**256), secrets.randbelow(2**256)
        with pytest.raises(ValueError):
            ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        assert p256_fault(x.to_bytes(32, "big"), y.to_bytes(32, "big")) is not None


def test_the_generator_of_p256_is_taken() -> None:
    """SP 800-186 section 3.2.1.3."""
    x = bytes.fromhex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")
    y = bytes.fromhex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")
    assert p256_fault(x, y) is None


def test_a_key_that_is_taken_still_verifies_only_its_signatures() -> None:
    key = Ed25519PrivateKey.generate()
    with pytest.raises(InvalidSignature):
        key.public_key().verify(bytes([1]) + bytes(63), b"this")
