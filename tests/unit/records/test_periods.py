"""Months and filing deadlines by the authority's calendar."""

import pytest

from ledger.clock import LAST_US, format_time_us, parse_time_us
from ledger.records.periods import (
    DAY_US,
    filing_deadline_us,
    later_us,
    month_after,
    month_of,
    month_start_us,
    year_of,
)
from ledger.records.policy import Policy, read_policy

CHINA = read_policy({"rule_set": 1})
GREENWICH = read_policy({"rule_set": 1, "filing_offset_min": 0, "filing_day": 15})


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("2026-10-31T15:59:59.999999Z", "2026-10"),
        ("2026-10-31T16:00:00.000000Z", "2026-11"),
        ("2026-12-31T16:00:00.000000Z", "2027-01"),
    ],
)
def test_a_month_begins_where_the_authority_is(text: str, month: str) -> None:
    assert month_of(parse_time_us(text), CHINA) == month
    assert year_of(parse_time_us(text), CHINA) == int(month[:4])


def test_a_month_starts_at_local_midnight() -> None:
    assert format_time_us(month_start_us("2026-11", CHINA)) == "2026-10-31T16:00:00.000000Z"


@pytest.mark.parametrize(
    ("month", "months", "after"),
    [
        ("2026-11", 1, "2026-12"),
        ("2026-12", 1, "2027-01"),
        ("2026-01", -1, "2025-12"),
        ("2026-05", -12, "2025-05"),
    ],
)
def test_months_are_counted(month: str, months: int, after: str) -> None:
    assert month_after(month, months) == after


@pytest.mark.parametrize("text", ["2026-10-31T16:00:00.000000Z", "2026-11-30T15:59:59.999999Z"])
def test_a_month_may_be_filed_until_the_end_of_the_tenth(text: str) -> None:
    assert format_time_us(filing_deadline_us(parse_time_us(text), CHINA)) == "2026-12-10T16:00:00.000000Z"


def test_day_and_zone_are_policys() -> None:
    deadline = filing_deadline_us(parse_time_us("2026-11-30T23:59:59.000000Z"), GREENWICH)
    assert format_time_us(deadline) == "2026-12-16T00:00:00.000000Z"


@pytest.mark.parametrize("span_us", [1, DAY_US, 10**40])
def test_no_moment_lies_after_the_last(span_us: int) -> None:
    assert later_us(LAST_US, span_us) == LAST_US
    assert later_us(0, 5) == 5
    assert later_us(LAST_US - 1, 1) == LAST_US


@pytest.mark.parametrize("policy", [CHINA, GREENWICH])
@pytest.mark.parametrize("text", ["9999-12-31T23:59:59.999999Z", "9999-12-31T15:00:00.000000Z"])
def test_the_last_month_has_a_deadline_all_the_same(text: str, policy: Policy) -> None:
    at_us = parse_time_us(text)
    assert month_of(at_us, policy) == "9999-12"
    assert filing_deadline_us(at_us, policy) == LAST_US


def test_the_month_before_the_last_is_filed_in_the_last() -> None:
    deadline = filing_deadline_us(parse_time_us("9999-11-15T00:00:00.000000Z"), CHINA)
    assert format_time_us(deadline) == "9999-12-10T16:00:00.000000Z"


@pytest.mark.parametrize(("month", "months"), [("9999-12", 1), ("9999-01", 12), ("2026-11", 3_333_333)])
def test_no_month_comes_after_the_last(month: str, months: int) -> None:
    assert month_after(month, months) == "9999-12"
    assert month_start_us(month_after(month, months), CHINA) < LAST_US
