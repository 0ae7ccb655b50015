"""erase: what may be erased, when, and what stays known of it."""

from typing import Any

import pytest

from ledger.encoding import b64url_encode
from ledger.records.oversight import QuotaRecord
from ledger.statements.registers import ErasureRecord, ReaderRecord
from tests.support.acts import (
    AUTHORITY,
    DAY_US,
    JTI,
    MINE,
    OPERATOR,
    REGULATOR,
    ActLog,
    faults,
    read,
    signer,
    signing_input_hash,
    statement_hash,
)

ZERO_RETENTION = {"act": "set-policy", "policy": {"rule_set": 1, "retention_days": 0}}


def erasure(index: int, issuer: str = MINE, **members: Any) -> dict[str, Any]:
    return {
        "act": "erase",
        "statement": b64url_encode(statement_hash(index)),
        "index": index,
        "issuer": issuer,
        "kid": signer(issuer).kid,
        "jti": JTI,
        "signing_input": b64url_encode(signing_input_hash(index)),
        "effects": [],
        **members,
    }


@pytest.fixture
def log() -> ActLog:
    log = ActLog.begun()
    assert log.state(AUTHORITY, ZERO_RETENTION) == []
    assert log.record() == 2
    return log


def test_a_record_is_erased(log: ActLog) -> None:
    assert log.state(AUTHORITY, erasure(2)) == []
    assert log.facts.erasures == {2: ErasureRecord(2, 3)}
    assert log.facts.readers == {ReaderRecord(3, MINE)}
    assert log.facts.statements[statement_hash(2)].erased


@pytest.mark.parametrize("issuer", [OPERATOR, REGULATOR, MINE])
def test_only_an_authority_erases(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, erasure(2)) == [("act.signer", "")]
    assert log.facts.erasures == {}


def test_retention_is_five_years_by_default() -> None:
    log = ActLog.begun()
    log.record()
    log.now_us += 1826 * DAY_US - 1
    assert log.state(AUTHORITY, erasure(1)) == [("erase.too-early", "/statement")]
    assert log.facts.erasures == {}
    log.now_us += 1
    assert log.state(AUTHORITY, erasure(1)) == []


def test_retention_is_the_policys_in_force_now() -> None:
    log = ActLog.begun(policy={"rule_set": 1, "retention_days": 10})
    log.record()
    log.now_us += 10 * DAY_US
    assert log.judge(AUTHORITY, erasure(1)) == []
    assert log.state(AUTHORITY, {"act": "set-policy", "policy": {"rule_set": 1, "retention_days": 11}}) == []
    assert log.state(AUTHORITY, erasure(1)) == [("erase.too-early", "/statement")]


def test_only_once(log: ActLog) -> None:
    assert log.state(AUTHORITY, erasure(2)) == []
    assert log.state(AUTHORITY, erasure(2)) == [("erase.repeated", "/statement")]
    assert log.facts.erasures == {2: ErasureRecord(2, 3)}


def test_what_the_log_does_not_hold_is_not_erased(log: ActLog) -> None:
    assert log.state(AUTHORITY, erasure(3)) == [("statement.unknown", "/statement")]


@pytest.mark.parametrize("index", [0, 1])
def test_public_acts_stay(log: ActLog, index: int) -> None:
    assert log.state(AUTHORITY, erasure(index, AUTHORITY)) == [("erase.public", "/statement")]


def test_erase_acts_stay(log: ActLog) -> None:
    assert log.state(AUTHORITY, erasure(2)) == []
    assert log.state(AUTHORITY, erasure(3, AUTHORITY)) == [("erase.act", "/statement")]


def test_confirmations_of_erase_acts_stay(log: ActLog) -> None:
    log.keep(AUTHORITY, signer(AUTHORITY).kid, public=False, act="confirm")
    assert log.state(AUTHORITY, erasure(3, AUTHORITY)) == [("erase.act", "/statement")]


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"index": 1}, "/index"),
        ({"issuer": OPERATOR}, "/issuer"),
        ({"kid": signer(OPERATOR).kid}, "/kid"),
        ({"jti": JTI.replace("5f", "6f")}, "/jti"),
        ({"signing_input": b64url_encode(bytes(32))}, "/signing_input"),
    ],
)
def test_the_description_must_be_that_of_the_statement(
    log: ActLog, members: dict[str, Any], pointer: str
) -> None:
    assert log.state(AUTHORITY, {**erasure(2), **members}) == [("erase.description", pointer)]


GRANT_SCOPE = {"issuers": [MINE], "start": 1}
GRANT_EFFECT = {"effect": "grant-read", "grantee": OPERATOR, "scope": GRANT_SCOPE}


@pytest.mark.parametrize(
    ("effects", "refused"),
    [
        ([GRANT_EFFECT], False),
        ([], True),
        ([GRANT_EFFECT | {"grantee": MINE}], True),
        ([GRANT_EFFECT | {"scope": {"issuers": [MINE]}}], True),
        ([GRANT_EFFECT, GRANT_EFFECT | {"grantee": MINE}], True),
    ],
)
def test_a_grant_is_erased_with_its_effect(log: ActLog, effects: list[Any], refused: bool) -> None:
    assert log.state(REGULATOR, {"act": "grant-read", "grantee": OPERATOR, "scope": GRANT_SCOPE}) == []
    grants = dict(log.facts.grants)
    payload = erasure(3, REGULATOR, effects=effects)
    assert log.state(AUTHORITY, payload) == ([("erase.effects", "/effects")] if refused else [])
    assert log.facts.grants == grants


def test_what_is_on_record_is_not_written_again(log: ActLog) -> None:
    assert log.state(REGULATOR, {"act": "grant-read", "grantee": OPERATOR, "scope": GRANT_SCOPE}) == []
    context = log.context(AUTHORITY)
    read(erasure(3, REGULATOR, effects=[GRANT_EFFECT])).apply(context, log.facts)
    assert log.facts.take_changes() == [ErasureRecord(3, 4), ReaderRecord(4, REGULATOR)]


def test_a_record_has_no_effects(log: ActLog) -> None:
    assert log.state(AUTHORITY, erasure(2, effects=[GRANT_EFFECT])) == [("erase.effects", "/effects")]
    assert log.facts.grants == {}


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"statement": "AA"}, ("schema.value", "/statement")),
        ({"index": "2"}, ("schema.type", "/index")),
        ({"issuer": "mine"}, ("party.identifier", "/issuer")),
        ({"kid": "a"}, ("schema.value", "/kid")),
        ({"jti": JTI.upper()}, ("schema.value", "/jti")),
        ({"signing_input": 1}, ("schema.type", "/signing_input")),
        ({"effects": None}, ("schema.type", "/effects")),
        ({"effects": [{"effect": "lot-born"}]}, ("schema.value", "/effects/0/effect")),
        ({"effects": [GRANT_EFFECT | {"scope": {}}]}, ("grant.scope", "/effects/0/scope")),
        ({"reason": "A. Person asked"}, ("schema.unknown-member", "/reason")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert fault in faults({**erasure(2), **members})


@pytest.mark.parametrize("member", ["statement", "index", "issuer", "kid", "jti", "signing_input", "effects"])
def test_required(member: str) -> None:
    payload = erasure(2)
    del payload[member]
    assert faults(payload) == [("schema.required", f"/{member}")]


def test_names_and_privacy() -> None:
    act = read(erasure(2))
    assert act.names().statements == {statement_hash(2)}
    assert not act.public


def test_what_a_statement_did_to_the_books_stays_in_them() -> None:
    """A movement or an act on goods is erased like a record: with no effects, for the books keep these."""
    log = ActLog.begun(policy={"rule_set": 1, "retention_days": 0})
    quota = {
        "act": "allot-quota",
        "party": MINE,
        "year": 2027,
        "activity": "mining",
        "ore_class": "rock",
        "mass": {"quantity": 7, "uom": "TNE"},
    }
    assert log.state(AUTHORITY, quota) == []
    effect = {"effect": "grant-read", "grantee": MINE, "scope": {"start": 1}}
    assert log.state(AUTHORITY, erasure(1, AUTHORITY, effects=[effect])) == [("erase.effects", "/effects")]
    assert log.state(AUTHORITY, erasure(1, AUTHORITY)) == []
    record = log.facts.books.get(QuotaRecord, MINE, 2027, "mining", "rock")
    assert record is not None
    assert (record.allotted_mg, record.entry_index) == (7 * 10**9, 1)
