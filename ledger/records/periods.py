"""Months, years and filing deadlines, by the authority's calendar.

Decides: to which month a moment belongs, and until when what happened then may be filed. Source of the rule:
Order 71 of MIIT, NDRC and MNR (2025), last month's flows by the 10th; the day and the zone are policy's.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from ledger.records.policy import Policy

MINUTE_US: Final = 60_000_000
HOUR_US: Final = 60 * MINUTE_US
DAY_US: Final = 24 * HOUR_US
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def month_of(time_us: int, policy: Policy) -> str:
    """The month of a moment where the authority is: ``2026-11``."""
    return _month(time_us // MINUTE_US + policy.filing_offset_min)


def year_of(time_us: int, policy: Policy) -> int:
    """The calendar year of a moment where the authority is."""
    return int(month_of(time_us, policy)[:4])


def month_start_us(month: str, policy: Policy) -> int:
    """When a month begins where the authority is."""
    return _month_start_us(month) - policy.filing_offset_min * MINUTE_US


@lru_cache(maxsize=1024)
def month_after(month: str, months: int = 1) -> str:
    """The month that many months later (earlier where negative)."""
    year, place = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + months, 12)
    return f"{year:04d}-{place + 1:02d}"


def filing_deadline_us(event_time_us: int, policy: Policy) -> int:
    """From when on a movement of that time is filed late: the end of the filing day of the next month."""
    minutes = event_time_us // MINUTE_US + policy.filing_offset_min
    return _following_us(minutes) + (policy.filing_day * 24 * 60 - policy.filing_offset_min) * MINUTE_US


@lru_cache(maxsize=4096)
def _following_us(minutes: int) -> int:
    """When the month after that of a minute begins, at UTC."""
    return _month_start_us(month_after(_month(minutes)))


@lru_cache(maxsize=1024)
def _month_start_us(month: str) -> int:
    moment = datetime(int(month[:4]), int(month[5:]), 1, tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)


@lru_cache(maxsize=4096)
def _month(minutes: int) -> str:
    moment = _EPOCH + timedelta(minutes=minutes)
    return f"{moment.year:04d}-{moment.month:02d}"
