"""Months, years and filing deadlines, by the authority's calendar.

Decides: to which month a moment belongs, and until when what happened then may be filed; and that no moment
lies after the year 9999, the last that a time can be written in. Source of the rule: Order 71 of MIIT, NDRC
and MNR (2025), last month's flows by the 10th; the day and the zone are policy's.
"""

from datetime import MAXYEAR, UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from ledger.clock import LAST_US
from ledger.records.policy import Policy

MINUTE_US: Final = 60_000_000
HOUR_US: Final = 60 * MINUTE_US
DAY_US: Final = 24 * HOUR_US
_LAST_MINUTE: Final = LAST_US // MINUTE_US
_LAST_MONTH: Final = "9999-12"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def later_us(time_us: int, span_us: int) -> int:
    """A moment so much later, or the last one that there is: what would be due after it is due then."""
    return min(time_us + span_us, LAST_US)


def month_of(time_us: int, policy: Policy) -> str:
    """The month of a moment where the authority is: ``2026-11``."""
    return _month(time_us // MINUTE_US + policy.filing_offset_min)


def year_of(time_us: int, policy: Policy) -> int:
    """The calendar year of a moment where the authority is."""
    return int(month_of(time_us, policy)[:4])


def month_start_us(month: str, policy: Policy) -> int:
    """When a month begins where the authority is."""
    return min(_month_start_us(month) - policy.filing_offset_min * MINUTE_US, LAST_US)


@lru_cache(maxsize=1024)
def month_after(month: str, months: int = 1) -> str:
    """The month that many months later (earlier where negative); none lies after the year 9999."""
    year, place = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + months, 12)
    return f"{year:04d}-{place + 1:02d}" if year <= MAXYEAR else _LAST_MONTH


def filing_deadline_us(event_time_us: int, policy: Policy) -> int:
    """From when on a movement of that time is filed late: the end of the filing day of the next month."""
    minutes = event_time_us // MINUTE_US + policy.filing_offset_min
    following_us = _following_us(minutes)
    return later_us(following_us, (policy.filing_day * 24 * 60 - policy.filing_offset_min) * MINUTE_US)


@lru_cache(maxsize=4096)
def _following_us(minutes: int) -> int:
    """When the month after that of a minute begins, at UTC; the last moment of all after the last month."""
    month = _month(minutes)
    return LAST_US if month == _LAST_MONTH else _month_start_us(month_after(month))


@lru_cache(maxsize=1024)
def _month_start_us(month: str) -> int:
    moment = datetime(int(month[:4]), int(month[5:]), 1, tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)


@lru_cache(maxsize=4096)
def _month(minutes: int) -> str:
    moment = _EPOCH + timedelta(minutes=min(minutes, _LAST_MINUTE))
    return f"{moment.year:04d}-{moment.month:02d}"
