"""Periods of publications: how long they are, which follows, and what is tabulated of which."""

import pytest

from ledger.records.policy import read_policy
from ledger.statements.acts.publication_periods import is_period, period_after, period_us, tables_period
from tests.support.acts import DAY_US

POLICY = read_policy({"rule_set": 1})


@pytest.mark.parametrize(
    ("period", "days"),
    [("2027", 365), ("2028", 366), ("2027-Q1", 90), ("2027-Q4", 92), ("2027-02", 28), ("2027-12", 31)],
)
def test_periods(period: str, days: int) -> None:
    start_us, end_us = period_us(period, POLICY)
    assert end_us - start_us == days * DAY_US
    assert (start_us + 8 * 3_600_000_000) % DAY_US == 0


@pytest.mark.parametrize(
    ("period", "following"),
    [
        ("2027", "2028"),
        ("2027-Q1", "2027-Q2"),
        ("2027-Q4", "2028-Q1"),
        ("2027-12", "2028-01"),
        ("2026-12-15T00:00:00Z/2027-01-31T16:00:00Z", "2027-02"),
        (
            "2026-12-15T00:00:00Z/2027-01-31T15:59:59Z",
            "2027-01-31T15:59:59Z/2027-02-28T16:00:00Z",
        ),
        (
            "2026-12-15T00:00:00Z/2027-01-31T16:00:01Z",
            "2027-01-31T16:00:01Z/2027-03-31T16:00:00Z",
        ),
        (
            "2026-12-15T00:00:00Z/2027-03-03T16:00:00Z",
            "2027-03-03T16:00:00Z/2027-03-31T16:00:00Z",
        ),
    ],
)
def test_the_period_after(period: str, following: str) -> None:
    assert period_after(period, POLICY) == following
    assert is_period(following)


@pytest.mark.parametrize(
    ("period", "is_one"),
    [
        ("2027-01-01T00:00:00Z/2027-01-29T00:00:00Z", True),
        ("2027-01-01T00:00:00Z/2027-01-28T23:59:59Z", False),
        ("2027-01-29T00:00:00Z/2027-01-01T00:00:00Z", False),
        ("2027-01-01/2027-03-01", False),
        ("2027-02-30T00:00:00Z/2027-06-01T00:00:00Z", False),
        ("2027-01-01T00:00:00+00:00/2027-06-01T00:00:00Z", False),
        ("2027-01-01T00:00:00Z/2027-06-01T00:00:00Z/2027-09-01T00:00:00Z", False),
        ("2027-01-01T00:00:00Z/2201-01-01T00:00:00Z", False),
        ("2027-01-01T00:00:00Z", False),
        ("2027-13", False),
        ("1969", False),
        ("1970", True),
        ("2200-12", True),
        ("2201-01", False),
    ],
)
def test_a_span_lasts_28_days_at_least(period: str, is_one: bool) -> None:
    assert is_period(period) == is_one


@pytest.mark.parametrize(
    ("period", "tables"),
    [
        ("2027-01", "2026-10"),
        ("2027-12", "2027-09"),
        ("2027-Q1", "2026-Q4"),
        ("2027", "2026"),
        ("2027-01-01T00:00:00Z/2027-03-01T00:00:00Z", None),
    ],
)
def test_tables_come_three_months_later(period: str, tables: str | None) -> None:
    assert tables_period(period) == tables
