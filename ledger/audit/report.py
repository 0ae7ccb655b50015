"""What an audit found: faults with their place, what was checked, and what nobody can exclude.

Decides: how many faults are kept, and how they are worded as a whole. One kind of fault never crowds out
another: each kind in each table is kept up to a limit of its own and counted beyond it.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ledger.encoding import b64_encode

KEPT_PER_KIND = 100
MAX_TEXT = 500

TABLE_ORDER = (
    "store",
    "head",
    "entries",
    "statements",
    "statement_bytes",
    "tiles",
    "checkpoints",
    "refusals",
)


class Fault(NamedTuple):
    """One thing that is not as it must be.

    Attributes:
        code: Stable dotted name of the kind of fault.
        table: The table, or the part of a remote ledger, that it was found in.
        place: The row's key: an index or number, ``level/index`` for a tile, the name for a register; None
            for the table as a whole.
        detail: What is wrong, in a sentence.
    """

    code: str
    table: str
    place: int | str | None
    detail: str

    def as_json(self) -> dict[str, Any]:
        """The fault as a JSON-compatible object."""
        return self._asdict()

    def __str__(self) -> str:
        where = self.table if self.place is None else f"{self.table} {self.place}"
        return f"{self.code}: {where}: {self.detail}"


class FaultList:
    """Faults as they are found: a bounded list of them, and an exact count."""

    __slots__ = ("_counts", "_kept")

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], list[Fault]] = {}
        self._counts: Counter[tuple[str, str]] = Counter()

    def __bool__(self) -> bool:
        return bool(self._counts)

    def add(self, code: str, table: str, place: object, detail: str) -> None:
        """Counts a fault, and keeps it unless enough of its kind are kept.

        Args:
            code: Kind of fault.
            table: Where it was found.
            place: The row's key; a value that no key may be is shown as it would be written in Python.
            detail: What is wrong.
        """
        kind = (code, table)
        self._counts[kind] += 1
        kept = self._kept.setdefault(kind, [])
        if len(kept) < KEPT_PER_KIND:
            kept.append(Fault(code, table, _shown_place(place), _printable(detail)))

    def merge(self, other: "FaultList") -> None:
        """Adds the faults of another list, after these."""
        for kind, count in other._counts.items():
            self._counts[kind] += count
            kept = self._kept.setdefault(kind, [])
            kept.extend(other._kept[kind][: KEPT_PER_KIND - len(kept)])

    @property
    def count(self) -> int:
        """How many faults were found, kept or not."""
        return self._counts.total()

    def counts(self) -> dict[str, int]:
        """How many faults of each code were found."""
        counts: Counter[str] = Counter()
        for (code, _), count in self._counts.items():
            counts[code] += count
        return dict(sorted(counts.items()))

    def sorted(self) -> list[Fault]:
        """The kept faults, by table and place."""
        return sorted((fault for kept in self._kept.values() for fault in kept), key=_order)


def _shown_place(place: object) -> int | str | None:
    """A key as a report names it."""
    if place is None or type(place) is int:
        return place
    return _printable(place if type(place) is str else repr(place))


def _printable(text: str) -> str:
    """Stored text may hold anything: what no terminal should be sent is written as an escape."""
    if not text.isprintable():
        text = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def _order(fault: Fault) -> tuple[int, str, bool, int, str, str]:
    known = TABLE_ORDER.index(fault.table) if fault.table in TABLE_ORDER else len(TABLE_ORDER)
    number = fault.place if isinstance(fault.place, int) else -1
    return (known, fault.table, isinstance(fault.place, str), number, str(fault.place), fault.code)


class Progress(NamedTuple):
    """How far an audit has come.

    Attributes:
        phase: What is being done now.
        done: How many of ``total`` are done.
        total: How many there are; 0 where the phase has no parts.
    """

    phase: str
    done: int
    total: int


ProgressCallback = Callable[[Progress], None]


@dataclass(slots=True)
class AuditReport:
    """What an audit looked at and what it found.

    Attributes:
        origin: The log's origin.
        size: Number of entries that the log states to have.
        root: The root that it states.
        start: First entry whose statement was checked.
        end: One past the last.
        counts: How many of each thing were checked.
        checked: What was checked, in sentences.
        cannot_exclude: What this audit cannot exclude, in sentences.
        faults: Everything that is wrong.
    """

    origin: str
    size: int
    root: bytes
    start: int
    end: int
    counts: Counter[str] = field(default_factory=Counter)
    checked: list[str] = field(default_factory=list)
    cannot_exclude: list[str] = field(default_factory=list)
    fault_list: FaultList = field(default_factory=FaultList)

    @property
    def ok(self) -> bool:
        """Whether no fault was found."""
        return not self.fault_list

    @property
    def faults(self) -> list[Fault]:
        """The kept faults, by table and place; ``fault_count`` counts those left out too."""
        return self.fault_list.sorted()

    @property
    def fault_count(self) -> int:
        """How many faults were found."""
        return self.fault_list.count

    def as_json(self) -> dict[str, Any]:
        """The report as a JSON-compatible object."""
        faults = self.faults
        return {
            "origin": self.origin,
            "size": self.size,
            "root": b64_encode(self.root),
            "start": self.start,
            "end": self.end,
            "ok": self.ok,
            "counts": dict(sorted(self.counts.items())),
            "checked": self.checked,
            "cannot_exclude": self.cannot_exclude,
            "fault_count": self.fault_count,
            "fault_counts": self.fault_list.counts(),
            "faults": [fault.as_json() for fault in faults],
            "faults_left_out": self.fault_count - len(faults),
        }


def listed(indices: Iterable[int], limit: int = 5) -> str:
    """The first few of some indices, in words: "3, 4 and 17 more"."""
    numbers = list(indices)
    shown = ", ".join(str(number) for number in numbers[:limit])
    return shown if len(numbers) <= limit else f"{shown} and {len(numbers) - limit} more"
