"""Time as integer microseconds since 1970-01-01T00:00:00Z, and its one text form.

Decides: ``2026-11-20T08:00:00.123456Z``, six digits, always UTC. Never reads the clock by itself.
"""

import re
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final, Protocol

LAST_US: Final = 253_402_300_799_999_999
"""The last microsecond of the year 9999, the last that a time can be written in."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FORM = re.compile(r"\d{4}-\d{2}-\d{2}T(?:[01]\d|2[0-3]):\d{2}:\d{2}\.\d{6}Z", re.ASCII)
_MICROSECOND = timedelta(microseconds=1)


class Clock(Protocol):
    """Where "now" comes from."""

    def now_us(self) -> int:
        """Microseconds since the epoch, UTC."""
        ...


class SystemClock:
    """The host's clock."""

    def now_us(self) -> int:
        return time.time_ns() // 1000


class SettableClock:
    """A clock that shows what it is set to: for simulated time. No other clock is compared with it."""

    def __init__(self, time_us: int = 0) -> None:
        self._time_us = time_us

    def set(self, time_us: int) -> None:
        """Sets it; it does not go by itself."""
        self._time_us = time_us

    def now_us(self) -> int:
        return self._time_us


@lru_cache(maxsize=256)  # a batch has one time
def format_time_us(time_us: int) -> str:
    """The one text form of a time.

    Args:
        time_us: Microseconds since the epoch, years 1970 to 9999.
    """
    moment = _EPOCH + timedelta(microseconds=time_us)
    return f"{moment.isoformat(timespec='microseconds').removesuffix('+00:00')}Z"


def parse_time_us(text: str) -> int:
    """Microseconds since the epoch of a time in its one text form.

    Raises:
        ValueError: Any other form, or a moment that does not exist.
    """
    if _FORM.fullmatch(text) is None:
        raise ValueError("a time is written YYYY-MM-DDTHH:MM:SS.ffffffZ")
    return (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND
