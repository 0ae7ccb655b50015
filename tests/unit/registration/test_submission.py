"""Enrolled keys that a process remembers: each is read once, and no more are kept than the limit. And what is
worked out of a statement before anybody holds the log lock.
"""

from ledger.records.lots import LotRecord, ShipmentRecord
from ledger.records.quick import replace
from ledger.registration.submission import EnrolledKey, KeyDirectory, examine
from ledger.statements.envelope import parse_statement
from ledger.statements.keys import parse_jwk
from tests.support.cast import Actor, actor
from tests.support.movements import MINE, PIT, PLANT, WORKS
from tests.support.trade import Trade


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


def test_what_recording_will_look_up_is_known_once_a_statement_is_examined() -> None:
    trade = Trade()
    sent = trade.ship("a", 600)
    signed = trade.statement(trade.extract("b"), trade.extract("a"), sent)
    submission = examine(parse_statement(signed), enrolled(trade.mine), trade.origin)
    foreseen = submission.foreseen
    assert foreseen is not None
    assert replace(submission, foreseen=None).foresee() == submission.foresee() == foreseen
    assert set(foreseen.parties) >= {MINE, PLANT}
    assert set(foreseen.sites) >= {PIT, WORKS}
    assert MINE in foreseen.prefixes
    assert {*foreseen.records[LotRecord, ""]} == {(f"{MINE}lots/a",), (f"{MINE}lots/b",)}
    assert (MINE, sent.event_id) in foreseen.records[ShipmentRecord, ""]


def test_nothing_is_foreseen_of_a_plain_record() -> None:
    trade = Trade()
    assert examine(parse_statement(trade.record()), enrolled(trade.mine), trade.origin).foreseen is None
