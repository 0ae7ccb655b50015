"""How far the time for a decision on a licence has run, by hand: 2026-11-02 is a Monday."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from ledger.records.oversight import LicenceRecord
from ledger.records.policy import read_policy
from ledger.records.working_days import start_of_day_us
from ledger.statements.acts.licences import DecisionClock, decision_clock, due_of

POLICY = read_policy({"rule_set": 1, "holidays": ["2026-11-04"]})


def day(count: int) -> int:
    """Noon so many days after Monday, 2 November 2026."""
    return start_of_day_us(date(2026, 11, 2) + timedelta(days=count), 480) + 43_200_000_000


APPLIED = LicenceRecord(
    licence="urn:licence:1",
    exporter="urn:firm:a",
    kind="single",
    state="applied",
    items=(),
    destinations=(),
    consignees=(),
    end_users=(),
    end_use="",
    quantity_mg=1,
    drawn_mg=0,
    applied_at=1,
    applied_us=day(0),
)


@pytest.mark.parametrize(
    ("record", "now", "open_days", "left_days", "overdue"),
    [
        (APPLIED, 0, 0, 45, False),
        (APPLIED, 1, 1, 44, False),
        (APPLIED, 2, 1, 44, False),  # Wednesday is a holiday
        (APPLIED, 7, 4, 41, False),  # the weekend does not count
        (APPLIED, 64, 45, 0, False),  # the last day
        (APPLIED, 65, 46, -1, True),
        # It stood from Tuesday to the Monday after: both count.
        (replace(APPLIED, clock=((day(1), day(7)),)), 8, 3, 42, False),
        (replace(APPLIED, clock=((day(1), day(1)),)), 8, 5, 40, False),
        # It stood for a minute once the time was over: that takes nothing back.
        (replace(APPLIED, clock=((day(70), day(70) + 60_000_000),)), 70, 49, -4, True),
        (replace(APPLIED, clock=((day(70), day(77)),)), 77, 50, -5, True),
        (replace(APPLIED, clock=((day(70), day(77)), (day(78), None))), 300, 51, -6, True),
        # It stood from the last day to the one after, when all days were used.
        (replace(APPLIED, clock=((day(64), day(65)),)), 65, 46, -1, True),
        (replace(APPLIED, clock=((day(64), None),)), 65, 45, 0, False),
        # It stands since Tuesday, whatever the day is.
        (replace(APPLIED, clock=((day(1), None),)), 300, 1, 44, False),
        # It stood still only once the time was over.
        (replace(APPLIED, clock=((day(70), None),)), 300, 49, -4, True),
        (replace(APPLIED, state="granted", decided_us=day(3)), 300, 2, None, False),
        (replace(APPLIED, state="refused", decided_us=day(100)), 300, 71, None, False),
    ],
)
def test_the_clock_of_a_decision(
    record: LicenceRecord, now: int, open_days: int, left_days: int | None, overdue: bool
) -> None:
    assert decision_clock(record, POLICY, day(now)) == DecisionClock(open_days, left_days, overdue)


def test_it_is_overdue_once_what_is_due_has_passed() -> None:
    due_us = due_of(APPLIED, POLICY)
    assert due_us is not None
    assert not decision_clock(APPLIED, POLICY, due_us - 1).overdue
    assert decision_clock(APPLIED, POLICY, due_us).overdue
