"""revoke-key: by whom, what becomes suspect, and that authority is never lost."""

from typing import Any

import pytest

from ledger.statements.standing import key_fault
from tests.support.acts import (
    AUTHORITY,
    DAY_US,
    MINE,
    OPERATOR,
    SECOND,
    START_US,
    ActLog,
    admission,
    enrolment,
    faults,
    first_party,
    key_members,
    read,
    signer,
)


def revocation(name: str, **members: Any) -> dict[str, Any]:
    return {"act": "revoke-key", "kid": signer(name).kid, "reason": "superseded", **members}


@pytest.fixture
def log() -> ActLog:
    return ActLog.begun()


@pytest.mark.parametrize("issuer", [AUTHORITY, MINE])
def test_a_key_is_revoked_by_an_authority_or_its_own_party(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, revocation(MINE)) == []
    key = log.facts.keys[signer(MINE).kid]
    assert (key.revoked_at, key.suspect_from) == (1, None)
    assert key_fault(key, 1, log.now_us) is None
    assert key_fault(key, 2, log.now_us) is not None


def test_nobody_else_revokes(log: ActLog) -> None:
    assert log.state(OPERATOR, revocation(MINE)) == [("act.signer", "")]
    assert log.state(MINE, revocation(OPERATOR)) == [("act.signer", "")]


def test_a_delisted_party_may_still_revoke_its_key(log: ActLog) -> None:
    closed = {"start": "2027-01-15T08:00:00Z", "end": "2027-01-16T08:00:00Z"}
    assert log.state(AUTHORITY, admission(MINE, listing=closed)) == []
    log.now_us += 2 * DAY_US
    assert log.state(MINE, revocation(MINE)) == []


def test_the_key_must_be_enrolled(log: ActLog) -> None:
    assert log.state(AUTHORITY, revocation("nobody's")) == [("key.not-enrolled", "/kid")]


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"kid": "short"}, ("schema.value", "/kid")),
        ({"reason": "stolen by A. Person"}, ("schema.value", "/reason")),
        ({"suspect_from": -1}, ("schema.value", "/suspect_from")),
        ({"suspect_from": "1"}, ("schema.type", "/suspect_from")),
        ({"suspect_from": 1.5}, ("schema.type", "/suspect_from")),
        ({"suspect_from": None}, ("schema.type", "/suspect_from")),
        ({"note": "x"}, ("schema.unknown-member", "/note")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(revocation(MINE, **members)) == [fault]


def test_a_reason_is_needed() -> None:
    assert faults({"act": "revoke-key", "kid": signer(MINE).kid}) == [("schema.required", "/reason")]


@pytest.mark.parametrize(("suspect_from", "refused"), [(0, False), (4, False), (5, False), (6, True)])
def test_suspect_from_is_at_most_the_present_index(log: ActLog, suspect_from: int, refused: bool) -> None:
    for _ in range(4):
        log.record()
    assert log.size == 5
    payload = revocation(MINE, reason="compromised", suspect_from=suspect_from)
    assert log.state(MINE, payload) == ([("key.suspect-from", "/suspect_from")] if refused else [])
    assert log.facts.keys[signer(MINE).kid].suspect_from == (None if refused else suspect_from)


def test_a_second_revocation_may_only_look_further_back(log: ActLog) -> None:
    for _ in range(4):
        log.record()
    assert log.state(MINE, revocation(MINE)) == []
    refusal = [("key.already-revoked", "/kid")]
    assert log.state(AUTHORITY, revocation(MINE)) == refusal
    assert log.state(AUTHORITY, revocation(MINE, suspect_from=3)) == []
    assert log.state(AUTHORITY, revocation(MINE, suspect_from=4)) == refusal
    assert log.state(AUTHORITY, revocation(MINE, suspect_from=3)) == refusal
    assert log.state(AUTHORITY, revocation(MINE)) == refusal
    assert log.state(AUTHORITY, revocation(MINE, suspect_from=2)) == []
    key = log.facts.keys[signer(MINE).kid]
    assert (key.revoked_at, key.suspect_from) == (5, 2)


def test_the_last_authority_key_stays() -> None:
    log = ActLog.begun(parties=[first_party(AUTHORITY, "authority"), first_party(OPERATOR, "operator")])
    refusal = [("authority.last", "/kid")]
    assert log.state(AUTHORITY, revocation(AUTHORITY)) == refusal
    assert log.facts.keys[signer(AUTHORITY).kid].revoked_at is None
    assert log.state(AUTHORITY, enrolment("next", AUTHORITY)) == []
    assert log.state(AUTHORITY, revocation(AUTHORITY)) == []
    assert log.state(AUTHORITY, revocation("next"), kid=signer("next").kid) == refusal


def test_two_revocations_may_not_take_both_authorities(log: ActLog) -> None:
    assert log.state(AUTHORITY, revocation(SECOND)) == []
    assert log.state(AUTHORITY, revocation(AUTHORITY)) == [("authority.last", "/kid")]


@pytest.mark.parametrize(
    ("window", "refused"),
    [
        ({"not_after": "2027-02-14T08:00:00Z"}, False),
        ({"not_after": "2027-02-14T07:59:59.999999Z"}, True),
        ({"not_before": "2027-01-15T08:00:00.000001Z"}, True),
        ({"not_before": "2027-01-15T08:00:00Z"}, False),
    ],
)
def test_the_key_that_is_left_must_last_thirty_days(window: dict[str, str], refused: bool) -> None:
    log = ActLog.begun(parties=[first_party(AUTHORITY, "authority"), first_party(OPERATOR, "operator")])
    assert log.state(AUTHORITY, enrolment("next", AUTHORITY, **window)) == []
    assert log.state(AUTHORITY, revocation(AUTHORITY)) == ([("authority.last", "/kid")] if refused else [])


def test_a_key_that_has_expired_may_be_revoked_beside_the_last_one() -> None:
    keys = [
        key_members(AUTHORITY, AUTHORITY),
        key_members("old", AUTHORITY, not_after="2027-01-16T08:00:00Z"),
    ]
    log = ActLog.begun(
        parties=[first_party(AUTHORITY, "authority", keys=keys), first_party(OPERATOR, "operator")]
    )
    log.now_us = START_US + DAY_US
    assert log.state(AUTHORITY, revocation("old")) == []


def test_a_key_of_an_authority_that_was_delisted_does_not_count(log: ActLog) -> None:
    closed = {"start": "2027-01-15T08:00:00Z", "end": "2027-01-16T08:00:00Z"}
    assert log.state(AUTHORITY, admission(SECOND, "authority", listing=closed)) == []
    log.now_us = START_US + DAY_US
    assert log.state(AUTHORITY, revocation(AUTHORITY)) == [("authority.last", "/kid")]


def test_names() -> None:
    names = read(revocation(MINE)).names()
    assert names.kids == {signer(MINE).kid}
    assert names.authority_keys
