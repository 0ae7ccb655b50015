"""The spans of time that statistics are published over: years, quarters, months, and spans between moments.

Decides: how a span is written, when it begins and ends, and which one follows. Nothing is published over less
than ``LEAST_DAYS``: a finer clock would tell when a firm applied.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from ledger.records.periods import DAY_US, month_after, month_of, month_start_us
from ledger.records.policy import Policy

LEAST_DAYS: Final = 28
"""A span between two moments lasts as long as the shortest month at least."""
TABLES_AFTER_MONTHS: Final = 3
"""Tables of the applications of a period are drafted that much later: by then most are decided."""
_NAMED = re.compile(r"(?P<year>\d{4})(?:-(?:Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?", re.ASCII)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS: Final = range(1970, 2201)


def is_period(text: str) -> bool:
    """Whether a text is a year (2026), a quarter (2026-Q3), a month (2026-11) or a span between moments.

    Such a span is ``<start>/<end>``, both like 2026-11-01T00:00:00Z.
    """
    if _NAMED.fullmatch(text) is not None:
        return int(text[:4]) in _YEARS
    try:
        start_us, end_us = _span_us(text)
    except ValueError:
        return False
    return end_us - start_us >= LEAST_DAYS * DAY_US


def period_us(period: str, policy: Policy) -> tuple[int, int]:
    """When a period begins and ends: [start, end); of years, quarters, months in the authority's zone."""
    if "/" in period:
        return _span_us(period)
    start, months = _months(period)
    return month_start_us(start, policy), month_start_us(month_after(start, months), policy)


def period_after(period: str, policy: Policy) -> str:
    """The period of the same length that follows; after a span, the rest of the month and the next one.

    Where a span ends as a month begins, that month follows.
    """
    if "/" in period:
        return _after_span(period, policy)
    start, months = _months(period)
    return _named(month_after(start, months), months)


def tables_period(period: str) -> str | None:
    """Of which period the tables are that are drafted with this one's figures; None after a span."""
    if "/" in period:
        return None
    start, months = _months(period)
    return _named(month_after(start, -max(months, TABLES_AFTER_MONTHS)), months)


def _after_span(period: str, policy: Policy) -> str:
    _, end_us = _span_us(period)
    month = month_of(end_us, policy)
    if month_start_us(month, policy) == end_us:
        return month
    while month_start_us(month, policy) < end_us + LEAST_DAYS * DAY_US:
        month = month_after(month)
    end = _EPOCH + timedelta(microseconds=month_start_us(month, policy))
    return f"{period.partition('/')[2]}/{end:%Y-%m-%dT%H:%M:%SZ}"


def _span_us(text: str) -> tuple[int, int]:
    start, _, end = text.partition("/")
    return _moment_us(start), _moment_us(end)


def _moment_us(text: str) -> int:
    if _MOMENT.fullmatch(text) is None or int(text[:4]) not in _YEARS:
        raise ValueError(text)
    moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _named(start: str, months: int) -> str:
    """The period of that many months from a month on."""
    if months == 12:
        return start[:4]
    return start if months == 1 else f"{start[:4]}-Q{(int(start[5:]) + 2) // 3}"


def _months(period: str) -> tuple[str, int]:
    """The first month of a named period, and how many it has."""
    match = _NAMED.fullmatch(period)
    assert match is not None
    quarter, month = match["quarter"], match["month"]
    months = 1 if month else 3 if quarter else 12
    first = int(month) if month else 3 * int(quarter) - 2 if quarter else 1
    return f"{match['year']}-{first:02d}", months
