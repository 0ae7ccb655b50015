"""Challenges: known again, good for two minutes, and nothing else is taken for one."""

import pytest

from api.challenges import CHALLENGE_US, Challenges
from api.log_key import derive_secret
from ledger.encoding import b64url_decode
from ledger.statements.keys import ED25519, generate_key

SECRET = bytes(range(32))
NOW_US = 1_795_000_000_000_000


def test_one_says_when_it_is_over() -> None:
    text, expires_us = Challenges(SECRET).give(NOW_US)
    assert CHALLENGE_US == 120_000_000
    assert len(text) == 43
    assert expires_us == NOW_US + CHALLENGE_US
    assert Challenges(SECRET).expiry(b64url_decode(text)) == expires_us


def test_no_two_are_alike() -> None:
    challenges = Challenges(SECRET)
    assert len({challenges.give(NOW_US)[0] for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize("bit", range(256))
def test_one_with_any_bit_changed_is_none(bit: int) -> None:
    challenges = Challenges(SECRET)
    given = bytearray(b64url_decode(challenges.give(NOW_US)[0]))
    given[bit // 8] ^= 1 << bit % 8
    assert challenges.expiry(bytes(given)) is None


@pytest.mark.parametrize("octets", [b"", b"\0" * 16, b"\0" * 31, b"\0" * 32, b"\0" * 33])
def test_what_was_never_given_is_none(octets: bytes) -> None:
    assert Challenges(SECRET).expiry(octets) is None


def test_one_cut_short_or_with_more_behind_it_is_none() -> None:
    challenges = Challenges(SECRET)
    given = b64url_decode(challenges.give(NOW_US)[0])
    assert challenges.expiry(given[:-1]) is None
    assert challenges.expiry(given + b"\0") is None


def test_another_secret_knows_none_of_it() -> None:
    given = b64url_decode(Challenges(SECRET).give(NOW_US)[0])
    assert Challenges(bytes(32)).expiry(given) is None


def test_each_log_and_each_purpose_has_a_secret_of_its_own() -> None:
    one, other = generate_key(ED25519), generate_key(ED25519)
    secrets = {derive_secret(key, purpose) for key in (one, other) for purpose in ("a", "b")}
    assert len(secrets) == 4
    assert derive_secret(one, "a") in secrets
    assert all(len(each) == 32 for each in secrets)
