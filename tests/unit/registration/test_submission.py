"""Enrolled keys that a process remembers: each is read once, and no more are kept than the limit."""

from ledger.registration.submission import EnrolledKey, KeyDirectory
from ledger.statements.keys import parse_jwk
from tests.support.cast import Actor, actor


def enrolled(member: Actor) -> EnrolledKey:
    return EnrolledKey(parse_jwk(member.signer.jwk), member.party)


def test_a_key_is_read_once_and_the_one_kept_longest_goes_first() -> None:
    known = {name: enrolled(actor(name, "miner")) for name in ("a", "b", "c")}
    read: list[str] = []

    def load(kid: str) -> EnrolledKey | None:
        read.append(kid)
        return known.get(kid)

    keys = KeyDirectory(load, limit=2)
    assert [keys.find(kid) for kid in ("a", "b", "a", "b")] == [known[kid] for kid in ("a", "b", "a", "b")]
    assert read == ["a", "b"]
    assert keys.find("c") == known["c"]
    assert keys.find("b") == known["b"]
    assert read == ["a", "b", "c"]
    assert keys.find("a") == known["a"]
    assert read == ["a", "b", "c", "a"]


def test_a_key_that_is_not_enrolled_is_asked_for_again() -> None:
    read: list[str] = []
    keys = KeyDirectory(lambda kid: read.append(kid))
    assert keys.find("x") is None
    assert keys.find("x") is None
    assert read == ["x", "x"]
