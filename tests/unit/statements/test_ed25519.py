"""An Ed25519 signature is good exactly when OpenSSL says so, whatever libsodium says."""

import hashlib
import random
from collections.abc import Iterator

import nacl.bindings
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.statements import ed25519
from tests.support.edwards import (
    BASE,
    ORDER,
    P,
    add,
    challenge,
    encode,
    is_good_to_somebody,
    multiply,
    points_with_y,
    small_subgroup,
)

MESSAGE = b"eyJhbGciOiJFZDI1NTE5In0.e30"
SECRET = 0x5EC7E7
KEY = encode(multiply(SECRET, BASE))
TORSION = sorted(small_subgroup(), key=lambda point: multiply(4, point) == (0, 1))
"""Those of order 8 first."""


def scalar(value: int) -> bytes:
    return value.to_bytes(32, "little")


def signed(
    r: bytes, *, nonce: int, secret: int = SECRET, key: bytes = KEY, message: bytes = MESSAGE, more: int = 0
) -> bytes:
    """The signature that the cofactored equation wants for an R, its S so much beyond what is reduced."""
    return r + scalar((nonce + challenge(r, key, message) * secret) % ORDER + more)


def openssl(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def ours(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        ed25519.checker(key)(signature, message)
    except InvalidSignature:
        return False
    return True


def honest() -> Iterator[tuple[bytes, bytes, bytes]]:
    chance = random.Random(8032)
    for length in (0, 1, 63, 64, 65, 500, 5_000):
        private = Ed25519PrivateKey.from_private_bytes(chance.randbytes(32))
        message = chance.randbytes(length)
        yield private.public_key().public_bytes_raw(), private.sign(message), message


HONEST = list(honest())


def test_good_signatures_are_good() -> None:
    for key, signature, message in HONEST:
        ed25519.checker(key)(signature, message)


def test_what_is_altered_is_not() -> None:
    for at, (key, signature, message) in enumerate(HONEST):
        other = HONEST[at - 1][0]
        for place in range(64):
            changed = bytearray(signature)
            changed[place] ^= 1 << (place % 8)
            assert not ours(key, bytes(changed), message)
        assert not ours(other, signature, message)
        assert not ours(key, signature, message + b"\0")
        assert not ours(key, signature[32:] + signature[:32], message)
        for place in {0, len(message) // 2, len(message) - 1} if message else ():
            altered = bytearray(message)
            altered[place] ^= 0x80
            assert not ours(key, signature, bytes(altered))


def test_where_the_signature_ends_is_not_libsodiums_to_say() -> None:
    """It takes both as one; so would a signature that lends a byte to its message or borrows one."""
    key, signature, message = HONEST[5]
    for moved in range(1, 65):
        assert not ours(key, signature[:-moved], signature[-moved:] + message)
        assert not ours(key, signature + message[:moved], message[moved:])
    assert not ours(key, b"", signature + message)


def oddities() -> Iterator[tuple[str, bytes, bytes]]:
    nonce = 0xC0FFEE
    r = encode(multiply(nonce, BASE))
    for times in range(1, 8):
        yield f"S + {times} L", KEY, signed(r, nonce=nonce, more=times * ORDER)
    yield "S + 8 L, beyond 2^255", KEY, signed(r, nonce=nonce, more=8 * ORDER)
    yield "S = L", KEY, r + scalar(ORDER)
    yield "S of ones", KEY, r + bytes([255]) * 32
    for at, point in enumerate(TORSION):
        yield f"R moved by {at}", KEY, signed(encode(add(multiply(nonce, BASE), point)), nonce=nonce)
        for y in (point[1], point[1] + P):
            for sign in (0, 1):
                if y < 2**255:
                    small = scalar(y | sign << 255)
                    yield f"small R {small.hex()}", KEY, signed(small, nonce=0)
                    yield f"small A {small.hex()}, S = 0", small, encode((0, 1)) + bytes(32)
                    yield f"small A {small.hex()}, R = sB", small, signed(r, nonce=nonce, secret=0, key=small)
        moved = encode(add(multiply(SECRET, BASE), point))
        for more in range(4):  # of some the challenge divides by the point's order
            r_of = encode(multiply(nonce + more, BASE))
            yield f"A moved by {at}, {more}", moved, signed(r_of, nonce=nonce + more, key=moved)
    for y in range(19):
        if points_with_y(y):
            yield f"y of R is p + {y}", KEY, signed(scalar(P + y), nonce=0)
            yield f"y of A is p + {y}", scalar(P + y), signed(r, nonce=nonce, key=scalar(P + y))
    yield "R is no point", KEY, signed(scalar(2), nonce=nonce)
    yield "all naught", KEY, bytes(64)


@pytest.mark.parametrize(("name", "key", "signature"), list(oddities()), ids=lambda each: str(each)[:30])
def test_odd_points_and_numbers_are_judged_as_openssl_judges_them(
    name: str, key: bytes, signature: bytes
) -> None:
    assert ours(key, signature, MESSAGE) == openssl(key, signature, MESSAGE)


def test_some_of_these_are_good_and_more_are_not() -> None:
    """And some of each kind of those that libraries differ about."""
    good = {name: openssl(key, signature, MESSAGE) for name, key, signature in oddities()}
    assert 10 < sum(good.values()) < len(good) / 2
    assert good[f"small R {encode((0, 1)).hex()}"]
    assert good[f"small A {encode((0, 1)).hex()}, R = sB"]
    assert {good[f"A moved by {at}, {more}"] for at in range(8) for more in range(4)} == {True, False}


def test_the_probes_are_good_to_the_most_lenient_and_not_to_openssl() -> None:
    assert len(ed25519._REFUSED) == 3
    for signature in ed25519._REFUSED:
        assert is_good_to_somebody(ed25519._PROBE_KEY, signature, b"")
        assert not openssl(ed25519._PROBE_KEY, signature, b"")


def lenient(times_the_cofactor: bool, reduced: bool) -> object:
    """A libsodium as some are built."""

    def opened(signed_message: bytes, key: bytes) -> bytes:
        from nacl.exceptions import BadSignatureError

        signature, message = signed_message[:64], signed_message[64:]
        r, s = signature[:32], int.from_bytes(signature[32:], "little")
        good = is_good_to_somebody(key, signature, message)
        if not times_the_cofactor:
            good = good and openssl(key, r + scalar(s % ORDER), message)
        if not good or (reduced and s >= ORDER):
            raise BadSignatureError
        return message

    return opened


@pytest.fixture
def anew() -> Iterator[None]:
    ed25519._libsodium.cache_clear()
    yield
    ed25519._libsodium.cache_clear()


@pytest.mark.usefixtures("anew")
@pytest.mark.parametrize(("times_the_cofactor", "reduced"), [(True, True), (True, False), (False, False)])
def test_a_libsodium_that_accepts_more_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, times_the_cofactor: bool, reduced: bool
) -> None:
    monkeypatch.setattr(nacl.bindings, "crypto_sign_open", lenient(times_the_cofactor, reduced))
    nonce = 5
    moved = encode(add(multiply(nonce, BASE), TORSION[0]))
    for signature in (
        signed(moved, nonce=nonce),
        signed(encode(multiply(nonce, BASE)), nonce=nonce, more=ORDER),
    ):
        assert is_good_to_somebody(KEY, signature, MESSAGE)
        assert not ours(KEY, signature, MESSAGE)
    assert ours(KEY, signed(encode(multiply(nonce, BASE)), nonce=nonce), MESSAGE)


@pytest.mark.usefixtures("anew")
def test_the_pinned_libsodium_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bytes] = []
    opened = nacl.bindings.crypto_sign_open

    def counted(signed_message: bytes, key: bytes) -> bytes:
        asked.append(key)
        return opened(signed_message, key)

    monkeypatch.setattr(nacl.bindings, "crypto_sign_open", counted)
    key, signature, message = HONEST[0]
    monkeypatch.setattr(ed25519, "Ed25519PublicKey", Unasked)
    ed25519.checker(key)(signature, message)
    assert asked[-1] == key
    assert len(asked) == 1 + len(ed25519._REFUSED)


class Unasked:
    """OpenSSL, which is not needed."""

    @staticmethod
    def from_public_bytes(octets: bytes) -> "Unasked":
        return Unasked()

    def verify(self, signature: bytes, message: bytes) -> None:
        raise AssertionError(hashlib.sha256(message).hexdigest())


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_key_of_another_length_is_none(length: int) -> None:
    with pytest.raises(ValueError):
        ed25519.checker(bytes(length))
