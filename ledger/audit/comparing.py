"""Comparing a table as it is stored with the same table as folding the log again makes it, row by row.

Decides: which row is missing, extra or different, and how a difference is told. Both sides come in the order
of the key, so one pass and a few rows in memory are enough, however large the table is.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile
from operator import eq
from typing import Any, Final

from sqlalchemy import Table

from ledger.audit.report import FaultList
from ledger.encoding import b64url_encode
from ledger.store.books_tables import REWRITTEN, TABLE_NAMES

SHOWN: Final = 60
"""Characters of a long text that a report shows."""
_END: Final = (9,)
_MARKED: Final = frozenset(TABLE_NAMES[kind] for kind in REWRITTEN)
"""Tables whose last column is the database's own: no record has it, and nothing is decided by it."""


def compare_table(
    table: Table,
    stored: Iterator[Sequence[Any]],
    folded: Iterator[Sequence[Any]],
    faults: FaultList,
) -> int:
    """Reports every difference with the row's key as its place.

    Args:
        table: The table.
        stored: Its rows as found, by primary key, columns in the table's order; values may be of any type.
        folded: The rows that the log gives, likewise.
        faults: Takes ``books.missing``, ``books.extra`` and ``books.differs``.

    Returns:
        How many rows the log gives.
    """
    names = [column.name for column in table.columns]
    width = len(names) - (table.name in _MARKED)
    at = [names.index(column.name) for column in table.primary_key]
    count = 0
    row, right = next(stored, None), next(folded, None)
    while row is not None or right is not None:
        here, there = _order(row, at), _order(right, at)
        if here < there:
            assert row is not None
            faults.add("books.extra", table.name, _place(row, at), "nothing in the log makes this row")
            row = next(stored, None)
            continue
        if here > there:
            assert right is not None
            faults.add("books.missing", table.name, _place(right, at), "the row is missing")
        else:
            assert row is not None
            assert right is not None
            wrong = tell_differences(names[:width], row[:width], right[:width], "the log gives")
            if wrong:
                faults.add("books.differs", table.name, _place(row, at), wrong)
            row = next(stored, None)
        count += 1
        right = next(folded, None)
    return count


def tell_differences(names: Sequence[str], row: Sequence[Any], right: Sequence[Any], right_by: str) -> str:
    """Says which columns of a row are not as they must be, what they hold and what they should.

    Args:
        names: Of the columns.
        row: As it is stored; values may be of any type.
        right: As it should be.
        right_by: Subject and verb before what it should be.

    Returns:
        A sentence; nothing where the row is right.
    """
    return "; ".join(
        f"{name} is {_shown(value, wanted)}, and {right_by} {_shown(wanted, value)}"
        for name, value, wanted in zip(names, row, right, strict=True)
        if value != wanted or _class(value) is not _class(wanted)
    )


def _shown(value: Any, other: Any) -> str:
    """A value as a report shows it; of a long text what is about its first difference from another."""
    if not isinstance(value, str):
        return "nothing" if value is None else b64url_encode(value) if type(value) is bytes else repr(value)
    alike = sum(takewhile(bool, map(eq, value, other))) if isinstance(other, str) else 0
    begin = max(0, min(alike - SHOWN // 2, len(value) - SHOWN))
    shown = value[begin : begin + SHOWN]
    return f'"{"…" if begin else ""}{shown}{"…" if begin + SHOWN < len(value) else ""}"'


def _class(value: object) -> type:
    """What an engine stores a value as; PostgreSQL tells truth from numbers, SQLite does not."""
    return int if type(value) is bool else type(value)


def _order(row: Sequence[Any] | None, at: Sequence[int]) -> tuple[Any, ...]:
    """Where a row stands in its table, as both engines sort: numbers, text by its bytes, bytes."""
    if row is None:
        return _END
    return (1, *(_rank(row[each]) for each in at))


def _rank(value: Any) -> tuple[int, Any]:
    if type(value) is int:
        return (1, value)
    if type(value) is str:
        return (2, value.encode("utf-8", "surrogateescape"))
    if value is None:
        return (0, 0)
    return (3, value) if type(value) is bytes else (1, value)


def _place(row: Sequence[Any], at: Sequence[int]) -> Any:
    key = [row[each] for each in at]
    if len(key) == 1 and type(key[0]) is int:
        return key[0]
    return "/".join(b64url_encode(part) if type(part) is bytes else str(part) for part in key)
