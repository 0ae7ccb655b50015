"""What was published several times, each time from a moment on: which of its versions decides at a moment.

Decides: of the versions that have begun by then the newest, also where it has ended; what was published ahead
of time changes nothing until it begins.
"""

from collections.abc import Iterable
from typing import Protocol, TypeVar


class Version(Protocol):
    """One of several versions: from when on it is one, and the entry that published it."""

    @property
    def starts_us(self) -> int: ...

    @property
    def ends_us(self) -> int | None: ...

    @property
    def entry_index(self) -> int: ...


V = TypeVar("V", bound=Version)


def deciding(versions: Iterable[V], at_us: int) -> V | None:
    """The version that decides at a moment, in force or ended; None before the first begins."""
    begun = [version for version in versions if version.starts_us <= at_us]
    return max(begun, key=lambda version: version.entry_index, default=None)


def standing_or_to_come(versions: Iterable[V], at_us: int) -> list[V]:
    """The versions that are in force at a moment or will be, as far as is published."""
    known = list(versions)
    begins = {at_us, *(version.starts_us for version in known if version.starts_us > at_us)}
    found = {
        version.entry_index: version
        for moment_us in begins
        if (version := deciding(known, moment_us)) is not None
        and (version.ends_us is None or moment_us < version.ends_us)
    }
    return [found[entry_index] for entry_index in sorted(found)]
