"""The life of a licence: every change from every state, and the clock of its decision."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.records.licence_spans import in_force
from ledger.records.oversight import DueRecord
from ledger.statements.acts.licences import stopped_us
from tests.support.act_books import (
    BUYER,
    CUSTOMS,
    EXPORTER,
    LICENCE,
    application,
    change,
    grant,
    licence,
    log_with_everyone,
    readers,
)
from tests.support.acts import AUTHORITY, DAY_US, REGULATOR, START_US, ActLog, faults, read

ACTS = {
    "grant-licence": {"applied": "granted", "suspended": "granted"},
    "refuse-licence": {"applied": "refused"},
    "suspend-licence": {"granted": "suspended"},
    "revoke-licence": {"granted": "revoked", "suspended": "revoked"},
    "stop-clock": {"applied": "applied"},
    "start-clock": {},
}
STATES = ("applied", "granted", "refused", "suspended", "revoked")
HOUR_US = 3_600_000_000


def payload(act: str) -> dict[str, Any]:
    return grant() if act == "grant-licence" else change(act)


def applied() -> ActLog:
    log = log_with_everyone()
    assert log.state(EXPORTER, application()) == []
    return log


def due(log: ActLog) -> DueRecord:
    found = log.facts.books.get(DueRecord, "licence.decision", f"licence:{LICENCE}")
    assert found is not None
    return found


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("act", ACTS)
def test_every_change_from_every_state(act: str, state: str) -> None:
    log = applied()
    log.facts.books.put(replace(licence(log), state=state))
    after = ACTS[act].get(state)
    findings = log.state(REGULATOR, payload(act))
    if after is not None:
        assert findings == []
        assert licence(log).state == after
        assert readers(log) == {EXPORTER}
    elif act == "start-clock" and state == "applied":
        assert findings == [("clock.running", "/licence")]
    else:
        assert findings == [("licence.state", "/licence")]
        assert licence(log).state == state


@pytest.mark.parametrize("act", ACTS)
def test_who_may(act: str) -> None:
    log = applied()
    for issuer in (EXPORTER, BUYER, CUSTOMS):
        assert ("act.signer", "") in log.state(issuer, payload(act))
    assert licence(log).state == "applied"
    assert ("act.signer", "") not in log.state(AUTHORITY, payload(act))


@pytest.mark.parametrize("act", ACTS)
def test_a_licence_that_is_not_there(act: str) -> None:
    other = payload(act) | {"licence": LICENCE + "0"}
    assert applied().state(REGULATOR, other) == [("licence.unknown", "/licence")]


@pytest.mark.parametrize("act", ACTS)
def test_none_is_public(act: str) -> None:
    assert not read(payload(act)).public


@pytest.mark.parametrize("act", ["refuse-licence", "suspend-licence", "revoke-licence", "stop-clock"])
@pytest.mark.parametrize("reason", ["", "because", None])
def test_a_reason_is_one_of_those_that_are_known(act: str, reason: str | None) -> None:
    code = "schema.type" if reason is None else "schema.value"
    assert faults(change(act, reason=reason)) == [(code, "/reason")]


def test_a_refusal_is_decided_and_nothing_is_due() -> None:
    log = applied()
    log.now_us += 5
    assert log.state(REGULATOR, change("refuse-licence")) == []
    record = licence(log)
    assert (record.decided_at, record.decided_us, record.due_us) == (7, START_US + 5, None)
    assert record.reason == "incomplete"
    assert due(log).bucket == -1


def test_a_suspension_leaves_the_day_of_the_decision() -> None:
    log = applied()
    assert log.state(REGULATOR, grant()) == []
    log.now_us += DAY_US
    assert log.state(REGULATOR, change("suspend-licence")) == []
    assert licence(log).reason == "end-use"
    assert log.state(REGULATOR, grant()) == []
    record = licence(log)
    assert (record.decided_at, record.decided_us, record.reason) == (7, START_US, "")


def spans(log: ActLog, *days: int) -> list[bool]:
    """Whether the licence was in force on these days, each just before and at its beginning."""
    record, books = licence(log), log.facts.books
    moments = (START_US + day * DAY_US + part for day in days for part in (-1, 0))
    return [in_force(books, record, at_us) for at_us in moments]


def granted_until(day: int, act: str) -> ActLog:
    log = applied()
    assert log.state(REGULATOR, grant()) == []
    log.now_us += day * DAY_US
    assert log.state(REGULATOR, change(act)) == []
    return log


@pytest.mark.parametrize("act", ["suspend-licence", "revoke-licence"])
def test_what_was_in_force_stays_so_for_its_time(act: str) -> None:
    assert spans(granted_until(10, act), 0, 10, 20) == [False, True, True, False, False, False]


@pytest.mark.parametrize(
    ("start", "day_10_to_30"),
    [
        ({}, [True, False, False, False, False, True]),  # as before: in force from the act on
        ({"start": "2027-01-25T08:00:00Z"}, [True, False, False, False, False, True]),
        ({"start": "2027-01-25T08:00:00.000001Z"}, [True, False, True, True, True, True]),
        ({"start": "2027-02-04T08:00:00Z"}, [True, False, False, True, True, True]),
        ({"start": "2027-02-24T08:00:00Z"}, [True, False, False, False, False, False]),
    ],
)
def test_a_suspension_stays_one_after_it_has_ended(start: dict[str, Any], day_10_to_30: list[bool]) -> None:
    log = granted_until(10, "suspend-licence")
    log.now_us += 20 * DAY_US
    assert log.state(REGULATOR, grant(**start)) == []
    assert spans(log, 10, 20, 30) == day_10_to_30
    assert spans(log, 0) == [False, True]


def test_a_licence_may_be_suspended_and_revoked_again() -> None:
    log = granted_until(10, "suspend-licence")
    for act, day in (("", 20), ("suspend-licence", 30), ("", 40), ("revoke-licence", 50)):
        log.now_us = START_US + day * DAY_US
        assert log.state(REGULATOR, change(act) if act else grant()) == []
    until = [False, True, True, False, False, True, True, False, False, True, True, False]
    assert spans(log, 0, 10, 20, 30, 40, 50) == until
    assert spans(log, 60) == [False, False]


def test_a_revoked_suspension_was_in_force_before_it_alone() -> None:
    log = granted_until(10, "suspend-licence")
    log.now_us += 10 * DAY_US
    assert log.state(REGULATOR, change("revoke-licence")) == []
    assert spans(log, 0, 10, 20) == [False, True, True, False, False, False]


def test_a_span_that_had_ended_is_not_prolonged_by_its_revocation() -> None:
    assert spans(granted_until(400, "revoke-licence"), 364, 365, 400) == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]


def test_a_licence_that_had_not_begun_was_never_in_force() -> None:
    log = applied()
    assert log.state(REGULATOR, grant(start="2027-02-15T08:00:00Z")) == []
    log.now_us += DAY_US
    assert log.state(REGULATOR, change("suspend-licence")) == []
    assert spans(log, 0, 1, 40) == [False] * 6


def test_nothing_is_due_while_the_clock_stands() -> None:
    log = applied()
    first = due(log)
    log.now_us += 7 * DAY_US
    assert log.state(REGULATOR, change("stop-clock")) == []
    assert licence(log).due_us is None
    assert due(log).bucket == -1
    assert log.state(REGULATOR, change("stop-clock")) == [("clock.stopped", "/licence")]
    log.now_us += 14 * DAY_US
    assert log.state(REGULATOR, change("start-clock")) == []
    # Ten working days later, but for the one on which it is started again.
    assert licence(log).due_us == first.due_us + 13 * DAY_US
    assert due(log).due_us == first.due_us + 13 * DAY_US
    assert due(log).bucket == due(log).due_us // HOUR_US
    assert log.state(REGULATOR, change("start-clock")) == [("clock.running", "/licence")]


def test_a_stop_within_a_day_costs_nothing() -> None:
    log = applied()
    before = due(log).due_us
    log.now_us += 3 * DAY_US
    for act in ("stop-clock", "start-clock", "stop-clock", "start-clock"):
        log.now_us += 1
        assert log.state(REGULATOR, change(act)) == []
    assert due(log).due_us == before


@pytest.mark.parametrize("days", [0, 1, 30])
def test_what_was_missed_stays_missed(days: int) -> None:
    log = applied()
    first_us = due(log).due_us
    log.now_us += 100 * DAY_US
    assert log.state(REGULATOR, change("stop-clock")) == []
    log.now_us += days * DAY_US
    assert log.state(REGULATOR, change("start-clock")) == []
    assert licence(log).due_us == due(log).due_us == first_us
    assert due(log).bucket == log.now_us // HOUR_US, "the next entry tells it"


def test_a_stop_on_the_last_day_leaves_that_day_alone() -> None:
    log = applied()
    first_us = due(log).due_us
    log.now_us = first_us - HOUR_US
    for act in ("stop-clock", "start-clock", "stop-clock"):
        log.now_us += 1
        assert log.state(REGULATOR, change(act)) == []
    log.now_us += DAY_US
    assert log.state(REGULATOR, change("start-clock")) == []
    assert licence(log).due_us == log.now_us, "all days were used"


def test_a_decision_ends_a_stop() -> None:
    log = applied()
    assert log.state(REGULATOR, change("stop-clock")) == []
    log.now_us += DAY_US
    assert log.state(REGULATOR, grant()) == []
    assert licence(log).clock == ((START_US, START_US + DAY_US),)


@pytest.mark.parametrize(
    ("clock", "until", "stopped"),
    [
        ((), 100, 0),
        (((10, 30),), 100, 20),
        (((10, None),), 100, 90),
        (((10, 30), (50, None)), 60, 30),
        (((10, 30),), 20, 10),
        (((10, 30),), 10, 0),
        (((10, 30),), 5, 0),
    ],
)
def test_how_long_the_clock_stood(
    clock: tuple[tuple[int, int | None], ...], until: int, stopped: int
) -> None:
    assert stopped_us(clock, until) == stopped
