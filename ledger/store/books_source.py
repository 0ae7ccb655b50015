"""Reading the books' records from their tables, and writing those that a batch changed.

Decides: how many records travel at once: every call is one query for each kind, however many keys it names.
Holds no rule. Every function works in the caller's transaction.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, select

from ledger.records.books import Key, Record
from ledger.store.asking import Rows, ask_driver
from ledger.store.books_tables import BOOKS, REWRITTEN, columns_of
from ledger.store.engine import is_sqlite
from ledger.store.packed import PackedArray, pack

NODE_SHIFT: Final = 20
_SHIFTS: Final = {
    "entry_index": 0,
    "since_index": 0,
    "changed_at": 0,
    "child": NODE_SHIFT,
    "node": NODE_SHIFT,
}
"""Numbers that tell the entry that made a record, once they are shifted so far."""
_VARIABLES = 900
"""Of one statement: every SQLite takes so many."""
_CHUNK = 5_000
"""Keys of one query, rows of one statement: what a batch needs fits; more is cut."""


@dataclass(frozen=True, slots=True)
class _Query:
    """A query, and whether it gives all rows as one text of JSON."""

    sql: str
    as_one: bool


@dataclass(slots=True, eq=False)
class _Part:
    """A query with parameters, and what it gave once it was asked and until that is taken."""

    sql: str
    parameters: tuple[Any, ...]
    rows: Rows | None = None


class StoreSource:
    """The books as one transaction sees them: the source of ``ledger.records.books.Books``."""

    def __init__(self, connection: Connection, size: int | None = None) -> None:
        """Reads through this connection, within the transaction that it is in when it is asked.

        Args:
            connection: The database.
            size: No entry from this index on has left anything here; None where that is not known.
        """
        self._connection = connection
        self._size = size
        self._sqlite = is_sqlite(connection)
        self._waiting: list[_Part] = []

    def load(self, kind: type[Record], keys: Sequence[Key]) -> Iterator[Record]:
        """The records of these keys; those that do not exist are left out."""
        return self._read(kind, kind.KEY, self._possible(kind, kind.KEY, keys))

    def load_groups(self, kind: type[Record], group: str, values: Sequence[Key]) -> Iterator[Record]:
        """Every record of the named group that has one of these values."""
        names = kind.GROUPS[group]
        return self._read(kind, names, self._possible(kind, names, values))

    def rows(
        self, kind: type[Record], columns: tuple[str, ...], names: tuple[str, ...], values: Sequence[Key]
    ) -> Iterator[Sequence[Any]]:
        """Some columns of the records whose ``names`` have one of these values, as they are stored.

        For who reads thousands of records and little of each: nothing is made of them.
        """
        query = _query(kind, names, self._connection.dialect.name, columns)
        return self._selected(kind, names, values, query)

    def _possible(self, kind: type[Record], names: tuple[str, ...], values: Sequence[Key]) -> Sequence[Key]:
        """The values that can be stored: what an entry to come makes is not asked for."""
        size, part = self._size, _entry_part(kind, names)
        if size is None or part is None:
            return values
        at, shift = part
        return [value for value in values if value[at] >> shift < size]

    def _read(self, kind: type[Record], names: tuple[str, ...], values: Sequence[Key]) -> Iterator[Record]:
        to_record = BOOKS[kind].to_record
        query = _query(kind, names, self._connection.dialect.name)
        return (to_record(row) for row in self._selected(kind, names, values, query))

    def _selected(
        self, kind: type[Record], names: tuple[str, ...], values: Sequence[Key], query: _Query
    ) -> Iterator[Sequence[Any]]:
        """The rows of a query, asked for in parts when the first is looked at: with all that waits then."""
        stored = BOOKS[kind]
        arrays = [stored.arrays[stored.columns.index(name)] for name in names]
        parts = [
            _Part(query.sql, self._parameters(values[start : start + _CHUNK], arrays))
            for start in range(0, len(values) if names else 1, _CHUNK)
        ]
        self._waiting += parts[:1]
        return self._rows_of(parts, query)

    def _rows_of(self, parts: Sequence[_Part], query: _Query) -> Iterator[Sequence[Any]]:
        """The rows of some parts, one part of which is in memory at a time."""
        for part in parts:
            if part.rows is None:
                self._ask(part)
            rows, part.rows = part.rows, None
            assert rows is not None
            yield from json.loads(rows[0][0]) if query.as_one else rows

    def _ask(self, wanted: _Part) -> None:
        """Asks for a part, and for the first parts that wait."""
        waiting, self._waiting = self._waiting, []
        if wanted not in waiting:
            waiting.append(wanted)
        asked = [(part.sql, part.parameters) for part in waiting]
        for part, rows in zip(waiting, ask_driver(self._connection, asked), strict=True):
            part.rows = rows

    def _parameters(self, values: Sequence[Key], arrays: Sequence[str]) -> tuple[Any, ...]:
        if not arrays:
            return ()
        if self._sqlite:
            return (json.dumps([value[0] for value in values] if len(arrays) == 1 else values),)
        columns = zip(*values, strict=True)
        return tuple(pack(array, column) for array, column in zip(arrays, columns, strict=True))


@cache
def _entry_part(kind: type[Record], names: tuple[str, ...]) -> tuple[int, int] | None:
    """Which of some columns tells the entry, and by how much it is shifted."""
    stored = BOOKS[kind]
    for at, name in enumerate(names):
        if name in _SHIFTS and stored.arrays[stored.columns.index(name)] == "bigint":
            return at, _SHIFTS[name]
    return None


def _quoted(name: str) -> str:
    """A column's name; some are words of SQL."""
    return f'"{name}"'


@cache
def _query(kind: type[Record], names: tuple[str, ...], dialect: str, columns: tuple[str, ...] = ()) -> _Query:
    """Selects the records whose columns have one of the values in the parameters: all columns, or some."""
    selected = ", ".join(f"t.{_quoted(name)}" for name in columns or BOOKS[kind].columns)
    as_one = dialect == "sqlite" and "cells" not in columns
    if as_one:
        # All rows as one: the driver lets Python's other threads run at every row that it steps over. Cells
        # alone are so long that quoting them takes longer.
        selected = f"json_group_array(json_array({selected}))"
    return _Query(" ".join(["SELECT", selected, "FROM", _found(kind, names, dialect)]), as_one)


def _found(kind: type[Record], names: tuple[str, ...], dialect: str) -> str:
    """The records whose columns have one of the values in the parameters, as what SELECT is from."""
    stored = BOOKS[kind]
    if not names:
        return f"{stored.table.name} AS t"
    types = [stored.arrays[stored.columns.index(name)] for name in names]
    if dialect == "sqlite":
        given = (
            ["n.value"]
            if len(names) == 1
            else [f"json_extract(n.value, '$[{at}]')" for at in range(len(names))]
        )
        # CROSS JOIN keeps SQLite to this order: each value finds its rows by the index.
        parts = ["json_each(?) AS n CROSS JOIN", stored.table.name, "AS t ON"]
    elif len(names) == 1:
        return f"{stored.table.name} AS t WHERE t.{_quoted(names[0])} = ANY(%b::{types[0]}[])"
    else:
        given = [f"n.v{at}" for at in range(len(names))]
        arrays = ", ".join(f"%b::{each}[]" for each in types)
        parts = [f"unnest({arrays}) AS n ({', '.join(each[2:] for each in given)}) JOIN"]
        parts += [stored.table.name, "AS t ON"]
    parts.append(" AND ".join(f"t.{_quoted(name)} = {each}" for name, each in zip(names, given, strict=True)))
    return " ".join(parts)


def records_of_entry(
    connection: Connection, kind: type[Record], index: int, column: str = "entry_index"
) -> list[Any]:
    """The records of a kind in which a column names the entry ``index``; reads the whole table."""
    stored = BOOKS[kind]
    query = select(stored.table).where(stored.table.c[column] == index).order_by(*stored.table.primary_key)
    return [stored.to_record(row) for row in connection.execute(query)]


def write_records(connection: Connection, records: Iterable[Record]) -> None:
    """Writes records: new ones are inserted, and those that may change replace what stands under their key.

    Args:
        connection: A transaction that holds the log lock.
        records: At most one of each kind and key.

    Raises:
        sqlalchemy.exc.IntegrityError: A record that never changes stands there already.
    """
    parts = (
        (kind, [values[start : start + _CHUNK] for values in columns])
        for kind, columns in columns_of(records)
        for start in range(0, len(columns[0]), _CHUNK)
    )
    if is_sqlite(connection):
        for kind, part in parts:
            _write_in_few_steps(connection, kind, part)
        return
    from ledger.store.psycopg_forms import send_all

    send_all(connection, (_packed_insert(kind, part) for kind, part in parts))


def _packed_insert(
    kind: type[Record], columns: Sequence[Sequence[Any]]
) -> tuple[str, tuple[PackedArray, ...]]:
    arrays = BOOKS[kind].arrays
    packed = tuple(pack(array, values) for array, values in zip(arrays, columns, strict=True))
    return _insert(kind, "postgresql"), packed


def _write_in_few_steps(connection: Connection, kind: type[Record], columns: Sequence[Sequence[Any]]) -> None:
    """Many rows in one step of SQLite, for the reason given with the query."""
    width, rows = len(columns), len(columns[0])
    values: list[Any] = [None] * (width * rows)
    for at, column in enumerate(columns):
        values[at::width] = column
    most = _VARIABLES // width
    for start in range(0, rows, most):
        part = tuple(values[start * width : (start + most) * width])
        connection.exec_driver_sql(_insert(kind, "sqlite", len(part) // width), part)


@cache
def _insert(kind: type[Record], dialect: str, count: int = 0) -> str:
    """Inserts rows of a kind, as is fastest on each engine: by row, so many at once, or by column."""
    stored = BOOKS[kind]
    names = [_quoted(name) for name in stored.written]
    parts = ["INSERT INTO", stored.table.name, f"({', '.join(names)})"]
    if dialect == "sqlite":
        row = f"({', '.join('?' for _ in names)})"
        parts += ["VALUES", ", ".join([row] * count)]
    else:
        arrays = ", ".join(f"%b::{each}[]" for each in stored.arrays)
        parts += ["SELECT * FROM", f"unnest({arrays})"]
    if stored.changes:
        key = ", ".join(_quoted(name) for name in kind.KEY)
        others = [_quoted(name) for name in stored.written if name not in kind.KEY]
        changed = [f"{name} = excluded.{name}" for name in others]
        if kind in REWRITTEN and dialect == "postgresql":
            changed.append(" ".join([REWRITTEN[kind], "= (SELECT h.tree_size FROM head h)"]))
        parts += [f"ON CONFLICT ({key})", f"DO UPDATE SET {', '.join(changed)}" if others else "DO NOTHING"]
    return " ".join(parts)
