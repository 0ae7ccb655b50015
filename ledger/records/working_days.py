"""Working days: how a legal deadline is counted, with the authority's holidays and time zone as data.

Decides: which day is a working day, and when so many have passed. Knows no holiday of its own.
"""

from collections.abc import Container, Iterable
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
    """How many working days have passed over the spans [from_us, to_us] in which a clock ran."""
    offset, calendar = policy.filing_offset_min, _calendar(policy)
    return sum(
        working_days_between(local_date(start, offset), local_date(end, offset), *calendar)
        for start, end in runs
    )


def decision_due_us(policy: Policy, runs: tuple[tuple[int, int], ...], running_since_us: int) -> int:
    """Until when a decision is due: the end of the last of its working days, exclusive.

    Args:
        policy: Holidays and time zone.
        runs: Spans [from_us, to_us] over which the clock ran before it was stopped.
        running_since_us: Since when it runs now.
    """
    offset = policy.filing_offset_min
    left = max(0, DECISION_DAYS - days_used(policy, runs))
    last = add_working_days(local_date(running_since_us, offset), left, *_calendar(policy))
    return start_of_day_us(last + _DAY, offset)


def _calendar(policy: Policy) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(policy.holidays), frozenset(policy.working_days)
