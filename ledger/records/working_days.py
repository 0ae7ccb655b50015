"""Working days: how a legal deadline is counted, with the authority's holidays and time zone as data.

Decides: which day is a working day, and when so many have passed. Knows no holiday of its own.
"""

from collections.abc import Container, Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Final

from ledger.records.policy import Policy

DECISION_DAYS: Final = 45
"""Working days for a decision on an export licence. Source: dual-use items export regulation (2024)."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5


def is_working_day(day: date, holidays: Container[str], working_days: Container[str]) -> bool:
    """Whether a day is worked: Monday to Friday but for holidays, and any day that is declared to be.

    Args:
        day: The day.
        holidays: ISO dates that are not worked.
        working_days: ISO dates that are, weekends made up for; these win over holidays.
    """
    text = day.isoformat()
    return text in working_days or (day.weekday() < _SATURDAY and text not in holidays)


def add_working_days(
    day: date, count: int, holidays: Container[str] = (), working_days: Container[str] = ()
) -> date:
    """The last of so many working days; the first that can count is the day after ``day``.

    Args:
        day: When the count begins; not counted itself.
        count: How many, >= 0; 0 gives ``day``.
        holidays: ISO dates that are not worked. working_days: ISO dates that are.
    """
    left = count
    while left > 0:
        day += _DAY
        left -= is_working_day(day, holidays, working_days)
    return day


def working_days_between(
    start: date, end: date, holidays: Container[str] = (), working_days: Container[str] = ()
) -> int:
    """How many working days have passed: those after ``start`` up to ``end``; 0 where that is not later."""
    count = 0
    while start < end:
        start += _DAY
        count += is_working_day(start, holidays, working_days)
    return count


def local_date(time_us: int, offset_min: int) -> date:
    """The date of a moment in the authority's zone."""
    return (_EPOCH + timedelta(microseconds=time_us, minutes=offset_min)).date()


def start_of_day_us(day: date, offset_min: int) -> int:
    """The moment at which a day begins in the authority's zone."""
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1) - offset_min * 60_000_000


def days_used(policy: Policy, runs: Iterable[tuple[int, int]]) -> int:
    """On how many working days a clock ran that was first set going at the beginning of the first span.

    That day does not count; every other day counts once, however long the clock ran on it.

    Args:
        policy: Holidays and time zone.
        runs: Spans [from_us, to_us] in which it ran, in their order.
    """
    calendar = _calendar(policy)
    return sum(working_days_between(before, last, *calendar) for before, last in _days(policy, runs))


def decision_due_us(policy: Policy, runs: tuple[tuple[int, int], ...], running_since_us: int) -> int:
    """Until when a decision is due, or was first: the end of the last of its working days, exclusive.

    What was missed stays missed, whether or not the clock is stopped afterwards. Where all days were used
    when it was stopped, the decision is due as soon as it runs again on another day.

    Args:
        policy: Holidays and time zone.
        runs: Spans [from_us, to_us] over which the clock ran before it was stopped.
        running_since_us: Since when it runs now.
    """
    calendar, used = _calendar(policy), 0
    spans = (*runs, (running_since_us, running_since_us))
    due_us = running_since_us
    for (start_us, end_us), (before, last) in zip(spans, _days(policy, spans), strict=True):
        due_day = add_working_days(before, DECISION_DAYS - used, *calendar)
        due_us = max(start_us, start_of_day_us(due_day + _DAY, policy.filing_offset_min))
        if due_us <= end_us:
            break
        used += working_days_between(before, last, *calendar)
    return due_us


def _days(policy: Policy, runs: Iterable[tuple[int, int]]) -> Iterator[tuple[date, date]]:
    """Of each span the day before its first that may count, and its last; no day is in two of them."""
    offset, seen = policy.filing_offset_min, None
    for start_us, end_us in runs:
        start, end = local_date(start_us, offset), local_date(end_us, offset)
        before = start if seen is None else max(seen, start - _DAY)
        yield before, end
        seen = max(before, end)


def _calendar(policy: Policy) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(policy.holidays), frozenset(policy.working_days)
