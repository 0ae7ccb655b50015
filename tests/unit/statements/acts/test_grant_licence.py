"""grant-licence: for how long."""

from typing import Any

import pytest

from tests.support.act_books import (
    EXPORTER,
    NOW,
    application,
    change,
    grant,
    licence,
    log_with_everyone,
)
from tests.support.acts import DAY_US, REGULATOR, START_US, ActLog, faults

ONE_YEAR = "2028-01-15T08:00:00Z"
THREE_YEARS = "2030-01-15T08:00:00Z"


def applied(kind: str) -> ActLog:
    log = log_with_everyone()
    assert log.state(EXPORTER, application(kind=kind)) == []
    return log


@pytest.mark.parametrize(
    ("kind", "end", "refused"),
    [
        ("single", ONE_YEAR, False),
        ("single", "2028-01-15T08:00:00.000001Z", True),
        ("single", "2027-01-16T08:00:00Z", False),
        ("general", THREE_YEARS, False),
        ("general", "2030-01-15T08:00:00.000001Z", True),
    ],
)
def test_validity(kind: str, end: str, refused: bool) -> None:
    expected = [("licence.validity", "/end")] if refused else []
    assert applied(kind).state(REGULATOR, grant(end=end)) == expected


@pytest.mark.parametrize(
    ("start", "end", "refused"),
    [
        ("2028-02-29T00:00:00Z", "2029-03-01T00:00:00Z", False),
        ("2028-02-29T00:00:00Z", "2029-03-01T00:00:01Z", True),
        ("2027-03-01T00:00:00Z", "2028-03-01T00:00:00Z", False),
        ("2027-03-01T00:00:00Z", "2028-03-02T00:00:00Z", True),
        ("9998-12-31T00:00:00Z", "9999-12-31T00:00:00Z", False),
        ("9998-12-31T00:00:00Z", "9999-12-31T00:00:00.000001Z", True),
        ("9999-12-31T00:00:00Z", "9999-12-31T23:59:59.999999Z", False),
    ],
)
def test_a_year_is_one_of_the_calendar(start: str, end: str, refused: bool) -> None:
    findings = applied("single").state(REGULATOR, grant(start=start, end=end))
    assert findings == ([("licence.validity", "/end")] if refused else [])


def test_what_is_granted() -> None:
    log = applied("single")
    assert log.state(REGULATOR, grant()) == []
    record = licence(log)
    assert (record.valid_from_us, record.valid_to_us) == (START_US, START_US + 365 * DAY_US)
    assert (record.state, record.quantity_mg, record.drawn_mg) == ("granted", 2_500_000_000, 0)


def test_a_suspension_does_not_prolong() -> None:
    log = applied("general")
    assert log.state(REGULATOR, grant()) == []
    assert log.state(REGULATOR, change("suspend-licence")) == []
    assert log.state(REGULATOR, grant(end="2028-01-15T08:00:01Z")) == [("licence.validity", "/end")]
    assert log.state(REGULATOR, grant(end=ONE_YEAR)) == []


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"end": NOW}, ("schema.value", "/end")),
        ({"end": "2028-01-15"}, ("schema.value", "/end")),
        ({"start": 1}, ("schema.type", "/start")),
        ({"quantity": 1}, ("schema.unknown-member", "/quantity")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(grant(**members)) == [fault]
