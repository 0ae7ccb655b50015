"""Working days, counted one by one."""

from datetime import date, timedelta

import pytest

from ledger.records.policy import read_policy
from ledger.records.working_days import (
    add_working_days,
    days_used,
    decision_due_us,
    is_working_day,
    local_date,
    start_of_day_us,
    working_days_between,
)

FRIDAY = date(2027, 1, 15)
DAY_US = 86_400_000_000
NOON_US = 1_800_014_400_000_000  # 2027-01-15T12:00:00Z


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2027, 1, 15), True),
        (date(2027, 1, 16), False),
        (date(2027, 1, 17), False),
        (date(2027, 1, 18), True),
    ],
)
def test_weekdays(day: date, worked: bool) -> None:
    assert is_working_day(day, (), ()) == worked
    assert not is_working_day(day, {day.isoformat()}, ())
    assert is_working_day(day, (), {day.isoformat()})
    assert is_working_day(day, {day.isoformat()}, {day.isoformat()})


@pytest.mark.parametrize(
    ("count", "holidays", "working_days", "last"),
    [
        (0, (), (), date(2027, 1, 15)),
        (1, (), (), date(2027, 1, 18)),
        (5, (), (), date(2027, 1, 22)),
        (6, (), (), date(2027, 1, 25)),
        (1, ("2027-01-18",), (), date(2027, 1, 19)),
        (1, (), ("2027-01-16",), date(2027, 1, 16)),
        (45, (), (), date(2027, 3, 19)),
        (1, ("2027-01-15",), (), date(2027, 1, 18)),
    ],
)
def test_adding(count: int, holidays: tuple[str, ...], working_days: tuple[str, ...], last: date) -> None:
    assert add_working_days(FRIDAY, count, holidays, working_days) == last
    assert working_days_between(FRIDAY, last, holidays, working_days) == count


def test_between_is_nothing_backwards() -> None:
    assert working_days_between(FRIDAY, FRIDAY) == 0
    assert working_days_between(FRIDAY, FRIDAY - timedelta(days=7)) == 0


@pytest.mark.parametrize(
    ("hours", "offset_min", "day"),
    [(0, 0, 15), (3, 480, 15), (4, 480, 16), (-13, -60, 14), (11, 60, 16)],
)
def test_a_moment_has_a_date_in_a_zone(hours: int, offset_min: int, day: int) -> None:
    assert local_date(NOON_US + hours * 3_600_000_000, offset_min) == date(2027, 1, day)


def test_a_day_begins_in_a_zone() -> None:
    assert start_of_day_us(FRIDAY, 0) == NOON_US - DAY_US // 2
    assert start_of_day_us(FRIDAY, 480) == NOON_US - DAY_US // 2 - 8 * 3_600_000_000
    for offset_min in (-720, 0, 480, 840):
        assert local_date(start_of_day_us(FRIDAY, offset_min), offset_min) == FRIDAY
        assert local_date(start_of_day_us(FRIDAY, offset_min) - 1, offset_min) == FRIDAY - timedelta(days=1)


@pytest.mark.parametrize(
    ("runs", "since", "days_left"),
    [
        ((), 0, 45),
        (((0, 3 * DAY_US),), 3 * DAY_US, 44),
        (((0, 0),), 7 * DAY_US, 44),  # the day on which it is started again counts
        (((0, 7 * DAY_US), (14 * DAY_US, 21 * DAY_US)), 28 * DAY_US, 33),
        (((0, 7 * DAY_US), (7 * DAY_US, 7 * DAY_US)), 7 * DAY_US, 40),  # once
        (((0, 63 * DAY_US),), 63 * DAY_US, 0),
    ],
)
def test_a_decision_is_due(runs: tuple[tuple[int, int], ...], since: int, days_left: int) -> None:
    policy = read_policy({"rule_set": 1, "filing_offset_min": 0})
    ran = tuple((NOON_US + start, NOON_US + end) for start, end in runs)
    last = add_working_days(local_date(NOON_US + since, 0), days_left)
    expected = start_of_day_us(last + timedelta(days=1), 0)
    assert decision_due_us(policy, ran, NOON_US + since) == expected


@pytest.mark.parametrize(
    ("runs", "since"),
    [
        (((0, 100 * DAY_US),), 200 * DAY_US),
        (((0, 70 * DAY_US), (80 * DAY_US, 90 * DAY_US)), 200 * DAY_US),
        (((0, 70 * DAY_US),), 70 * DAY_US),
    ],
)
def test_the_first_that_was_missed_is_due(runs: tuple[tuple[int, int], ...], since: int) -> None:
    policy = read_policy({"rule_set": 1, "filing_offset_min": 0})
    ran = tuple((NOON_US + start, NOON_US + end) for start, end in runs)
    assert decision_due_us(policy, ran, NOON_US + since) == decision_due_us(policy, (), NOON_US)


@pytest.mark.parametrize(
    ("stood_min", "every_days", "used"), [(20, 1, 28), (24 * 60 - 1, 1, 28), (24 * 60 + 20, 2, 14)]
)
def test_a_day_on_which_it_ran_counts_however_long_it_stood(
    stood_min: int, every_days: int, used: int
) -> None:
    """Forty days after a Friday, 28 of them worked; the clock stands over midnights from ten to on."""
    policy = read_policy({"rule_set": 1, "filing_offset_min": 0})
    runs, since_us = [], NOON_US
    for count in range(0, 40, every_days):
        stopped_us = NOON_US + count * DAY_US + DAY_US // 2 - 10 * 60_000_000
        runs.append((since_us, stopped_us))
        since_us = stopped_us + stood_min * 60_000_000
    last_us = NOON_US + 40 * DAY_US
    assert days_used(policy, [*runs, (since_us, max(last_us, since_us))]) == used


def test_the_first_day_never_counts() -> None:
    policy = read_policy({"rule_set": 1, "filing_offset_min": 0})
    same = [(NOON_US + count, NOON_US + count + 1) for count in range(3)]
    assert days_used(policy, same) == 0
    assert days_used(policy, [*same, (NOON_US + 3 * DAY_US, NOON_US + 3 * DAY_US)]) == 1
    assert days_used(policy, []) == 0
