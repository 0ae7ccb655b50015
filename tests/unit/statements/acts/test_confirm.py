"""Two authorities: which acts stand pending, and what confirms one."""

from typing import Any

import pytest

from ledger.encoding import b64url_encode
from ledger.statements.registers import ErasureRecord, PendingRecord, ReaderRecord
from tests.support.acts import (
    AUTHORITY,
    DAY_US,
    JTI,
    MINE,
    OPERATOR,
    ORIGIN,
    PLANT,
    REGULATOR,
    SECOND,
    START_US,
    ActLog,
    admission,
    enrolment,
    faults,
    first_party,
    genesis,
    key_members,
    read,
    signer,
    signing_input_hash,
    statement_hash,
)

THIRD = "https://third.example/"
CONFIRMATIONS = ["admit-party", "erase", "set-policy"]
POLICY = {"rule_set": 1, "retention_days": 0, "confirmations": CONFIRMATIONS}
NEW_POLICY = {"act": "set-policy", "policy": {"rule_set": 1}}


def confirmation(index: int, payload: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "act": "confirm",
        "statement": b64url_encode(statement_hash(index)),
        "confirmed": payload,
        **members,
    }


def erasure(index: int) -> dict[str, Any]:
    return {
        "act": "erase",
        "statement": b64url_encode(statement_hash(index)),
        "index": index,
        "issuer": MINE,
        "kid": signer(MINE).kid,
        "jti": JTI,
        "signing_input": b64url_encode(signing_input_hash(index)),
        "effects": [],
    }


def revocation(name: str) -> dict[str, Any]:
    return {"act": "revoke-key", "kid": signer(name).kid, "reason": "lost"}


@pytest.fixture
def log() -> ActLog:
    return ActLog.begun(policy=POLICY)


def test_an_act_stands_pending_and_changes_nothing_else(log: ActLog) -> None:
    payload = admission(PLANT, prefixes=["7654321"])
    assert log.state(AUTHORITY, payload) == []
    assert PLANT not in log.facts.parties
    assert "7654321" not in log.facts.prefixes
    assert log.facts.pending == {
        statement_hash(1): PendingRecord(
            statement_hash=statement_hash(1),
            entry_index=1,
            recorded_at_us=START_US,
            issuer=AUTHORITY,
            kid=signer(AUTHORITY).kid,
            act="admit-party",
            act_hash=read(payload).payload_hash(),
        )
    }


def test_a_second_authority_puts_it_into_effect(log: ActLog) -> None:
    payload = admission(PLANT, prefixes=["7654321"])
    assert log.state(AUTHORITY, payload) == []
    log.now_us += DAY_US
    assert log.state(SECOND, confirmation(1, payload)) == []
    party = log.facts.parties[PLANT]
    assert (party.admitted_at, party.changed_at) == (2, 2)
    assert party.listings[0].start_us == START_US + DAY_US
    assert log.facts.prefixes["7654321"].bound_at == 2
    assert log.facts.pending[statement_hash(1)].confirmed_at == 2


def test_members_may_stand_in_another_order(log: ActLog) -> None:
    payload = admission(PLANT)
    assert log.state(AUTHORITY, payload) == []
    assert log.state(SECOND, confirmation(1, dict(reversed(payload.items())))) == []


def test_policy_and_erasure_wait_too(log: ActLog) -> None:
    record = log.record()
    assert log.state(AUTHORITY, NEW_POLICY) == []
    assert log.facts.policy is not None
    assert log.facts.policy.policy["confirmations"] == CONFIRMATIONS
    assert log.state(AUTHORITY, erasure(record)) == []
    assert log.facts.erasures == {}
    assert not log.facts.statements[statement_hash(record)].erased
    assert log.facts.readers == set()
    assert log.state(SECOND, confirmation(3, erasure(record))) == []
    assert log.facts.erasures == {record: ErasureRecord(record, 3)}
    assert log.facts.readers == {ReaderRecord(3, MINE), ReaderRecord(4, MINE)}
    assert log.state(SECOND, confirmation(2, NEW_POLICY)) == []
    assert log.facts.policy.entry_index == 5
    assert log.state(AUTHORITY, admission(PLANT)) == []
    assert PLANT in log.facts.parties


def test_what_policy_does_not_list_takes_effect_at_once() -> None:
    log = ActLog.begun(policy=POLICY | {"confirmations": ["admit-party", "set-policy"]})
    record = log.record()
    assert log.state(AUTHORITY, erasure(record)) == []
    assert record in log.facts.erasures
    assert log.state(AUTHORITY, revocation(MINE)) == []
    assert log.facts.keys[signer(MINE).kid].revoked_at == 3
    assert log.facts.pending == {}


def test_a_key_for_another_authority_waits() -> None:
    """Otherwise one authority could enrol a key of its own for the other one and confirm with it."""
    log = ActLog.begun(policy=POLICY)
    payload = enrolment("planted", SECOND)
    assert log.state(AUTHORITY, payload) == []
    assert signer("planted").kid not in log.facts.keys
    assert log.state(SECOND, confirmation(1, payload)) == []
    assert log.facts.keys[signer("planted").kid].enrolled_at == 2


@pytest.mark.parametrize(("issuer", "party"), [(AUTHORITY, MINE), (SECOND, SECOND), (MINE, MINE)])
def test_other_keys_do_not_wait(log: ActLog, issuer: str, party: str) -> None:
    assert log.state(issuer, enrolment("new", party)) == []
    assert signer("new").kid in log.facts.keys


def test_keys_of_authorities_do_not_wait_without_the_policy() -> None:
    log = ActLog.begun()
    assert log.state(AUTHORITY, enrolment("new", SECOND)) == []
    assert signer("new").kid in log.facts.keys


def test_two_authorities_must_stay() -> None:
    log = ActLog.begun(policy=POLICY)
    assert log.state(AUTHORITY, revocation(SECOND)) == [("authority.last", "/kid")]
    payload = admission(SECOND, "regulator")
    assert log.state(AUTHORITY, payload) == [("authority.last", "/roles")]
    third = ActLog.begun(policy=POLICY, parties=[*genesis()["parties"], first_party(THIRD, "authority")])
    assert third.state(AUTHORITY, revocation(SECOND)) == []
    assert third.state(AUTHORITY, revocation(THIRD)) == [("authority.last", "/kid")]


@pytest.mark.parametrize("issuer", [OPERATOR, REGULATOR, MINE])
def test_only_an_authority_confirms(log: ActLog, issuer: str) -> None:
    assert log.state(AUTHORITY, admission(PLANT)) == []
    assert log.state(issuer, confirmation(1, admission(PLANT))) == [("act.signer", "")]


def test_not_the_first_one_again_whichever_its_key(log: ActLog) -> None:
    assert log.state(AUTHORITY, enrolment("spare", AUTHORITY)) == []
    assert log.state(AUTHORITY, admission(PLANT)) == []
    payload = confirmation(2, admission(PLANT))
    assert log.state(AUTHORITY, payload) == [("confirm.same-party", "/statement")]
    assert log.state(AUTHORITY, payload, kid=signer("spare").kid) == [("confirm.same-party", "/statement")]
    assert PLANT not in log.facts.parties


def test_only_once(log: ActLog) -> None:
    payload = admission(PLANT)
    assert log.state(AUTHORITY, payload) == []
    assert log.state(SECOND, confirmation(1, payload)) == []
    assert log.state(SECOND, confirmation(1, payload)) == [("confirm.settled", "/statement")]


@pytest.mark.parametrize("index", [0, 2, 99])
def test_only_what_is_pending(log: ActLog, index: int) -> None:
    assert log.state(AUTHORITY, admission(PLANT)) == []
    log.record()
    assert log.state(SECOND, confirmation(index, admission(PLANT))) == [("confirm.not-pending", "/statement")]


@pytest.mark.parametrize(
    "payload",
    [
        admission(PLANT, "trader"),
        admission(PLANT, "miner", prefixes=["7654321"]),
        admission(PLANT, "miner", prefixes=[]),
        NEW_POLICY,
    ],
)
def test_only_the_very_same_act(log: ActLog, payload: dict[str, Any]) -> None:
    assert log.state(AUTHORITY, admission(PLANT, "miner")) == []
    assert log.state(SECOND, confirmation(1, payload)) == [("confirm.differs", "/confirmed")]
    assert PLANT not in log.facts.parties


def test_within_thirty_days(log: ActLog) -> None:
    payload = admission(PLANT)
    assert log.state(AUTHORITY, payload) == []
    log.now_us = START_US + 30 * DAY_US
    assert log.state(SECOND, confirmation(1, payload)) == [("confirm.lapsed", "/statement")]
    log.now_us -= 1
    assert log.state(SECOND, confirmation(1, payload)) == []


def test_not_after_the_first_key_was_revoked(log: ActLog) -> None:
    payload = admission(PLANT)
    assert log.state(AUTHORITY, payload) == []
    assert log.state(AUTHORITY, enrolment("next", AUTHORITY)) == []
    assert log.state(AUTHORITY, revocation(AUTHORITY)) == []
    assert log.state(SECOND, confirmation(1, payload)) == [("confirm.key-revoked", "/statement")]


def test_not_after_the_first_party_lost_the_role() -> None:
    log = ActLog.begun(policy=POLICY, parties=[*genesis()["parties"], first_party(THIRD, "authority")])
    payload = admission(PLANT)
    demotion = admission(AUTHORITY, "regulator")
    assert log.state(AUTHORITY, payload) == []
    assert log.state(SECOND, demotion) == []
    assert log.state(THIRD, confirmation(2, demotion)) == []
    assert log.state(SECOND, confirmation(1, payload)) == [("act.signer", "/confirmed")]


def test_the_act_is_judged_again(log: ActLog) -> None:
    one, other = admission(PLANT, prefixes=["7654321"]), admission(THIRD, prefixes=["7654321"])
    assert log.state(AUTHORITY, one) == []
    assert log.state(AUTHORITY, other) == []
    assert log.state(SECOND, confirmation(1, one)) == []
    assert log.state(SECOND, confirmation(2, other)) == [("prefix.bound", "/confirmed/prefixes/0")]
    assert THIRD not in log.facts.parties


def test_an_erasure_is_confirmed_once_however_often_it_waits(log: ActLog) -> None:
    record = log.record()
    assert log.state(AUTHORITY, erasure(record)) == []
    assert log.state(SECOND, erasure(record)) == []
    assert log.state(SECOND, confirmation(2, erasure(record))) == []
    assert log.state(AUTHORITY, confirmation(3, erasure(record))) == [
        ("erase.repeated", "/confirmed/statement")
    ]
    assert log.facts.erasures == {record: ErasureRecord(record, 2)}


def test_a_pending_act_that_is_refused_is_not_pending(log: ActLog) -> None:
    assert log.state(AUTHORITY, admission(PLANT, prefixes=["4012345"])) == [("prefix.bound", "/prefixes/0")]
    assert log.facts.pending == {}


def test_it_is_public_exactly_when_the_act_is() -> None:
    assert read(confirmation(1, admission(PLANT))).public
    assert read(confirmation(1, NEW_POLICY)).public
    assert not read(confirmation(1, erasure(1))).public


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"act": "revoke-key", "kid": signer(MINE).kid, "reason": "lost"}, ("confirm.kind", "/confirmed")),
        (confirmation(1, NEW_POLICY), ("confirm.kind", "/confirmed")),
        ({"act": "nothing"}, ("act.unknown", "/confirmed/act")),
        ({}, ("schema.required", "/confirmed/act")),
        (admission(PLANT, "king"), ("schema.value", "/confirmed/roles/0")),
        (NEW_POLICY | {"x": 1}, ("schema.unknown-member", "/confirmed/x")),
        (1, ("schema.type", "/confirmed")),
        (None, ("schema.type", "/confirmed")),
    ],
)
def test_form(payload: Any, expected: tuple[str, str]) -> None:
    assert faults(confirmation(1, payload)) == [expected]


def test_required() -> None:
    assert faults({"act": "confirm"}) == [
        ("schema.required", "/confirmed"),
        ("schema.required", "/statement"),
    ]
    assert faults(confirmation(1, NEW_POLICY, why="x")) == [("schema.unknown-member", "/why")]


def test_names_are_those_of_the_act_and_its_own() -> None:
    names = read(confirmation(1, admission(PLANT, prefixes=["7654321"]))).names()
    assert names.statements == {statement_hash(1)}
    assert names.parties == {PLANT}
    assert names.all_prefixes
    assert names.authority_keys


def test_the_possession_is_still_proved(log: ActLog) -> None:
    payload = enrolment("planted", SECOND, **key_members("planted", SECOND, origin="other.example"))
    assert log.state(AUTHORITY, payload) == [("key.possession", "/proof_of_possession")]
    assert log.context(AUTHORITY).origin == ORIGIN
