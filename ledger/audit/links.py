"""Checking entries one after the other: form, index, link, time; rows of a database and served bundles alike.

Decides: what must hold between an entry and the one before it. Never looks at statements.
"""

from collections.abc import Callable

from ledger.clock import format_time_us
from ledger.errors import EvidenceError
from ledger.log.entry import GENESIS_PREVIOUS, Entry, parse_entry
from ledger.log.merkle import leaf_hash

Report = Callable[[str, str, str], None]
"""(code, table, detail) of a fault at the entry that is being checked."""


class EntryChain:
    """Takes entries from left to right; what is missing or unreadable breaks no more than its own links.

    Attributes:
        leaf: Leaf hash of the last entry; None where it is not known.
        time_us: Its time; None where it is not known.
    """

    __slots__ = ("leaf", "time_us")

    def __init__(self, leaf: bytes | None = GENESIS_PREVIOUS, time_us: int | None = None) -> None:
        self.leaf = leaf
        self.time_us = time_us

    def skip(self) -> None:
        """The next entry cannot be had; the one after it is not compared with it."""
        self.leaf = self.time_us = None

    def take(self, index: int, entry_bytes: bytes, report: Report) -> tuple[bytes, Entry | None]:
        """Checks the next entry.

        Args:
            index: Where it stands.
            entry_bytes: Its bytes.
            report: Takes each fault.

        Returns:
            Its leaf hash, and the entry unless it has not the form of one.
        """
        leaf = leaf_hash(entry_bytes)
        try:
            entry = parse_entry(entry_bytes)
        except EvidenceError as error:
            report("entry.malformed", "entries", error.detail)
            self.leaf, self.time_us = leaf, None
            return leaf, None
        if entry.index != index:
            report("entry.index", "entries", f"the entry says that it is number {entry.index}")
        if entry.previous != self.leaf and self.leaf is not None:
            report("entry.link", "entries", "previous is not the leaf hash of the entry before")
        if self.time_us is not None and entry.recorded_at_us < self.time_us:
            before = format_time_us(self.time_us)
            report("entry.time", "entries", f"recorded_at lies before {before}, the last entry's")
        self.leaf, self.time_us = leaf, entry.recorded_at_us
        return leaf, entry
