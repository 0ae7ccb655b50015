"""licence.overdue: applications are decided in time, by the calendar in force."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.records.oversight import DueRecord, LicenceRecord
from ledger.statements.acts.licences import due_of
from tests.support.court import (
    DAY_US,
    HOUR_US,
    KG,
    START_US,
    Court,
    party,
)
from tests.unit.controls.test_ticks import stocked, told

DECIDED_US = START_US + 64 * DAY_US
"""Until when an application of the first of September is to be decided."""


def applied(state: str = "applied", **policy: Any) -> Court:
    """An application of the first of September, whose last day is 3 November."""
    court = stocked()
    court.pass_time(court.now_us)
    few: tuple[str, ...] = ()
    said = ("urn:licence:1", party("magnets"), "single", state, few, few, few, few, "", KG, 0, 0, START_US)
    record = LicenceRecord(*said)
    due_us = due_of(record, court.policy)
    court.books.put(replace(record, due_us=due_us))
    subject = "licence:urn:licence:1"
    assert due_us == DECIDED_US
    court.books.put(
        DueRecord("licence.decision", subject, party("magnets"), "", due_us, 0, due_us // HOUR_US)
    )
    court.set_policy(rules={"report.late": {"action": "off"}}, **policy)
    return court


@pytest.mark.parametrize(
    ("state", "at_us", "found"),
    [
        ("applied", DECIDED_US - 1, 0),
        ("applied", DECIDED_US, 1),
        ("granted", DECIDED_US, 0),
        ("refused", DECIDED_US + 90 * DAY_US, 0),
    ],
)
def test_an_application_is_decided_in_time(state: str, at_us: int, found: int) -> None:
    assert told(applied(state), at_us, "licence.overdue") == ["licence.overdue"] * found


@pytest.mark.parametrize("holidays", [["2026-10-01"], ["2026-10-01", "2026-10-02", "2026-10-05"]])
def test_holidays_that_are_published_later_count(holidays: list[str]) -> None:
    court = applied(holidays=holidays)
    assert told(court, DECIDED_US, "licence.overdue") == []
    later_us = DECIDED_US + len(holidays) * DAY_US
    assert told(court, later_us - 1, "licence.overdue") == []
    assert told(court, later_us, "licence.overdue") == ["licence.overdue"]
    assert told(court, later_us + DAY_US, "licence.overdue") == []


def test_holidays_that_are_taken_back_count_no_more() -> None:
    court = applied(holidays=["2026-10-01"])
    assert told(court, DECIDED_US, "licence.overdue") == []
    court.set_policy()
    assert told(court, DECIDED_US + DAY_US, "licence.overdue") == ["licence.overdue"]


def test_what_stands_is_not_overdue() -> None:
    court = applied()
    (record,) = court.books.records(LicenceRecord)
    court.books.put(replace(record, clock=((START_US + DAY_US, None),)))
    assert told(court, DECIDED_US + DAY_US, "licence.overdue") == []
