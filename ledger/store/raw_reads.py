"""Reading the tables as they are, for an audit: plain tuples in key order, nothing converted, nothing
assumed.

Decides: which rows belong to a range and which lie outside every range. A tampered SQLite column may hold a
value of any type; it is handed on as found, text that is not UTF-8 with surrogates. Rows are fetched few at
a time, so memory does not grow with the range."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnClause,
    Connection,
    Row,
    Select,
    Table,
    TextClause,
    and_,
    func,
    literal_column,
    not_,
    or_,
    select,
    text,
)

from ledger.store.asking import Question, ask
from ledger.store.attachments_store import stored_pieces, stray_pieces
from ledger.store.engine import BINARY, driver_error, in_psycopg_words, is_sqlite
from ledger.store.log_store import read_tile_hashes
from ledger.store.models import PUBLIC_ENTRY_POSTGRESQL, PUBLIC_ENTRY_SQLITE, Base

FETCH_ROWS = 128


class StoredEntry(NamedTuple):
    """One entry with what hangs on it; None where a row is missing."""

    entry_index: Any
    entry: Any
    leaf_hash: Any
    statement_index: Any
    statement_hash: Any
    issuer: Any
    jti: Any
    kid: Any
    signing_input_hash: Any
    jws: Any
    act_index: Any


def _entries(*, told: bool) -> str:
    """The query for entries with what hangs on them.

    Args:
        told: Whether to tell the planner that the other rows lie in the same range. PostgreSQL's reads whole
            tables otherwise; SQLite looks every row up in any case.
    """
    joins = " ".join(
        f"LEFT JOIN {table} ON {table}.entry_index = e.entry_index"
        + (f" AND {table}.entry_index >= :start AND {table}.entry_index < :end" if told else "")
        for table in ("statements", "statement_bytes", "erasures")
    )
    return (
        "SELECT e.entry_index, e.entry, e.leaf_hash, statements.entry_index, statements.statement_hash, "  # noqa: S608
        "issuer, jti, kid, signing_input_hash, jws, act_index "
        f"FROM entries e {joins} WHERE e.entry_index >= :start AND e.entry_index < :end "
        "ORDER BY e.entry_index"
    )


_ENTRIES_SQLITE = _entries(told=False)
_ENTRIES_POSTGRESQL = in_psycopg_words(_entries(told=True))
_TILES = (
    "SELECT level, tile_index, hashes, root FROM tiles "
    "WHERE level = :level AND tile_index >= :start AND tile_index < :end ORDER BY tile_index"
)
_CHECKPOINTS = (
    "SELECT checkpoint_number, tree_size, root, note FROM checkpoints "
    "WHERE tree_size > :above AND tree_size <= :upto ORDER BY tree_size, checkpoint_number"
)
_LAST_CHECKPOINT = (
    "SELECT checkpoint_number FROM checkpoints WHERE tree_size <= :size "
    "ORDER BY tree_size DESC, checkpoint_number DESC LIMIT 1"
)
# One look into the catalogue: SQLAlchemy's inspector asks table by table, and for much more than names.
_COLUMNS_SQLITE = text(
    "SELECT t.name, c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'"
)
_COLUMNS_POSTGRESQL = text(
    "SELECT t.relname, c.attname FROM pg_catalog.pg_class t "
    "JOIN pg_catalog.pg_attribute c ON c.attrelid = t.oid AND c.attnum > 0 AND NOT c.attisdropped "
    "WHERE t.relkind IN ('r', 'p') AND pg_catalog.pg_table_is_visible(t.oid)"
)
_ORPHANS = {
    name: text(
        f"SELECT hanging.entry_index FROM {name} hanging "  # noqa: S608
        "LEFT JOIN entries e ON e.entry_index = hanging.entry_index "
        "WHERE hanging.entry_index >= :start AND hanging.entry_index < :end AND e.entry_index IS NULL "
        "ORDER BY hanging.entry_index"
    )
    for name in ("statements", "statement_bytes")
}
_REFUSALS = text(
    "SELECT refusal_number, record, record_hash, statement_hash, findings_hash, jws FROM refusals "
    "WHERE refusal_number >= :start AND refusal_number < :end ORDER BY refusal_number"
)
_REPEATED_JTIS = text(
    "SELECT later.entry_index FROM statements later JOIN (SELECT issuer, jti, min(entry_index) AS first "
    "FROM statements WHERE entry_index < :size GROUP BY issuer, jti HAVING count(*) > 1) AS repeated "
    "ON repeated.issuer = later.issuer AND repeated.jti = later.jti AND repeated.first < later.entry_index "
    "WHERE later.entry_index < :size ORDER BY later.entry_index"
)
_REPEATED_REFUSALS = text(
    "SELECT later.refusal_number FROM refusals later "
    "JOIN (SELECT statement_hash, findings_hash, min(refusal_number) AS first FROM refusals "
    "WHERE refusal_number < :count GROUP BY statement_hash, findings_hash HAVING count(*) > 1) AS repeated "
    "ON repeated.statement_hash = later.statement_hash AND repeated.findings_hash = later.findings_hash "
    "AND repeated.first < later.refusal_number WHERE later.refusal_number < :count "
    "ORDER BY later.refusal_number"
)


class RawReader:
    """Reads one connection's tables; make it with ``raw_reader``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.sqlite = is_sqlite(connection)

    def head(self) -> list[Sequence[Any]]:
        """Every row of ``head``: key, size, root, checkpoint number, refusal count, refusal hash."""
        return list(self.table_rows(Base.metadata.tables["head"]))

    def entries(self, start: int, end: int) -> Iterator[Sequence[Any]]:
        """Entries with index in [start, end), each as the fields of ``StoredEntry``.

        They are read to the end before this connection is asked anything else: PostgreSQL sends them in one
        stream, and whoever leaves it cancels the transaction.
        """
        parameters = {"start": start, "end": end}
        if self.sqlite:
            return self._driver_rows(_ENTRIES_SQLITE, parameters)
        from ledger.store.psycopg_forms import stream

        return stream(self._connection, _ENTRIES_POSTGRESQL, parameters, FETCH_ROWS)

    def entry(self, index: int) -> StoredEntry | None:
        """One entry with what hangs on it."""
        rows = list(self.entries(index, index + 1))
        return StoredEntry(*rows[0]) if rows else None

    def entry_of_statement(self, statement_hash: bytes) -> StoredEntry | None:
        """The entry of the statement with this hash."""
        index = self._connection.execute(
            text("SELECT entry_index FROM statements WHERE statement_hash = :hash ORDER BY entry_index"),
            {"hash": statement_hash},
        ).scalar()
        return self.entry(index) if type(index) is int else None

    def extent(self, table: Table) -> tuple[int, Any]:
        """How many rows a table with one key column has, and its highest key that is a number."""
        (key,) = [_raw(column.name) for column in table.primary_key.columns]
        query = select(func.count(), func.max(key)).select_from(table)
        if self.sqlite:
            query = query.where(func.typeof(key) == "integer")
        count, highest = self._connection.execute(query).one()
        return count, highest

    def tiles(self, level: int, start: int, end: int) -> Sequence[Sequence[Any]]:
        """Tiles of a level with index in [start, end): level, index, hashes, root."""
        return self._all(_TILES, level=level, start=start, end=end)

    def checkpoints(self, above: int, upto: int) -> Sequence[Sequence[Any]]:
        """Checkpoints with above < size <= upto, by size: number, size, root, note."""
        return self._all(_CHECKPOINTS, above=above, upto=upto)

    def checkpoint_roots(self, sizes: Sequence[int]) -> dict[int, Any]:
        """The stored roots of the checkpoints of these sizes; sizes without a checkpoint are absent."""
        found: dict[int, Any] = {}
        table = Base.metadata.tables["checkpoints"]
        size, root = _raw("tree_size"), _raw("root")
        for start in range(0, len(sizes), 500):
            query = select(size, root).select_from(table).where(size.in_(sizes[start : start + 500]))
            found.update((row[0], row[1]) for row in self._connection.execute(query))
        return found

    def last_checkpoint_upto(self, size: int) -> Any:
        """The number of the newest checkpoint with at most this size; None where there is none."""
        for (number,) in self._all(_LAST_CHECKPOINT, size=size):
            return number
        return None

    def refusals(self, start: int, end: int) -> Iterator[Sequence[Any]]:
        """Refusals in [start, end): number, record, record hash, statement hash, findings hash, jws."""
        return self._rows(_REFUSALS, start=start, end=end)

    def public_entries(self, size: int) -> Iterator[Sequence[Any]]:
        """Entries before ``size`` whose bytes say that they are public: index, entry, jws."""
        entries = Base.metadata.tables["entries"]
        stored = Base.metadata.tables["statement_bytes"]
        index = _raw("entries.entry_index")
        condition = PUBLIC_ENTRY_SQLITE if self.sqlite else PUBLIC_ENTRY_POSTGRESQL
        joined = entries.outerjoin(stored, stored.c.entry_index == entries.c.entry_index)
        query = select(index, _raw("entry"), _raw("jws")).select_from(joined)
        return self._select(query.where(text(condition), index < size).order_by(index))

    def keys_outside(self, table: Table, start: int, end: int) -> Iterator[Sequence[Any]]:
        """Keys of the rows whose one key column is not in [start, end), whatever it holds."""
        (key,) = [_raw(column.name) for column in table.primary_key.columns]
        query = select(key).select_from(table).where(or_(key.is_(None), key < start, key >= end))
        return self._select(query.order_by(key))

    def rows_outside(self, table: Table, size: int) -> Iterator[Sequence[Any]]:
        """The rows of a table by entry whose index is not in [0, size), whatever it holds."""
        index = _raw("entry_index")
        return self.table_rows(table, or_(index.is_(None), index < 0, index >= size))

    def rows_within(self, table: Table, size: int) -> Iterator[Sequence[Any]]:
        """The rows of a table by entry whose index is in [0, size)."""
        index = _raw("entry_index")
        return self.table_rows(table, index >= 0, index < size)

    def tiles_outside(self, counts: Sequence[int]) -> Iterator[Sequence[Any]]:
        """Level and index of the tiles that are not among the first ``counts[level]`` of their level."""
        level, index = _raw("level"), _raw("tile_index")
        inside = [and_(level == at, index >= 0, index < count) for at, count in enumerate(counts) if count]
        outside = [not_(or_(*inside))] if inside else [_raw("1") == 1]
        query = select(level, index).select_from(Base.metadata.tables["tiles"])
        return self._select(
            query.where(or_(level.is_(None), index.is_(None), *outside)).order_by(level, index)
        )

    def checkpoints_outside(self, size: int) -> Iterator[Sequence[Any]]:
        """Number and size of the checkpoints whose size is not in [1, size]."""
        number, tree_size = _raw("checkpoint_number"), _raw("tree_size")
        query = select(number, tree_size).select_from(Base.metadata.tables["checkpoints"])
        query = query.where(or_(tree_size.is_(None), tree_size < 1, tree_size > size))
        return self._select(query.order_by(number))

    def repeated_jtis(self, size: int) -> Iterator[Sequence[Any]]:
        """Indices of the statements before ``size`` whose issuer and jti an earlier statement has."""
        return self._rows(_REPEATED_JTIS, size=size)

    def repeated_refusals(self, count: int) -> Iterator[Sequence[Any]]:
        """Numbers of the refusals before ``count`` whose statement and findings an earlier refusal has."""
        return self._rows(_REPEATED_REFUSALS, count=count)

    def repeated_at(self, index: object) -> list[str]:
        """The tables, out of those with an entry's parts, that hold several rows of this index."""
        found = []
        for name in ("entries", "statements", "statement_bytes"):
            query = select(func.count()).select_from(Base.metadata.tables[name])
            if self._connection.execute(query.where(_raw("entry_index") == index)).scalar_one() > 1:
                found.append(name)
        return found

    def orphans(self, start: int, end: int) -> list[tuple[str, int]]:
        """Table and index of what hangs on no entry, for indices in [start, end)."""
        found: list[tuple[str, int]] = []
        for name in ("statements", "statement_bytes"):
            rows = self._rows(_ORPHANS[name], start=start, end=end)
            found.extend((name, row[0]) for row in rows)
        return found

    def tile_hashes(self, level: int, index: int, width: int) -> bytes:
        """The stored hashes of a tile, full or partial; LogInconsistent where rows are missing."""
        return read_tile_hashes(self._connection, level, index, width)

    def table_rows(self, table: Table, *where: Any) -> Iterator[Sequence[Any]]:
        """All rows of a table, its columns in their declared order, by primary key."""
        # Quoted, for some names are words of SQL.
        columns = [_raw(f'"{column.name}"') for column in table.columns]
        keys = [_raw(f'"{column.name}"') for column in table.primary_key.columns]
        query = select(*columns).select_from(table).order_by(*keys)
        return self._select(query.where(*where) if where else query)

    def attachment_pieces(self) -> Iterator[Sequence[Any]]:
        """As ``stored_pieces`` of ``attachments_store``."""
        return stored_pieces(self._connection)

    def stray_pieces(self) -> Iterator[Sequence[Any]]:
        """As ``stray_pieces`` of ``attachments_store``."""
        return stray_pieces(self._connection)

    def missing_columns(self) -> list[tuple[str, str | None]]:
        """Tables (None) and columns of the model that the database does not have."""
        present: dict[str, set[str]] = {}
        query = _COLUMNS_SQLITE if self.sqlite else _COLUMNS_POSTGRESQL
        for name, column in self._connection.execute(query):
            present.setdefault(name, set()).add(column)
        missing: list[tuple[str, str | None]] = []
        for name, table in Base.metadata.tables.items():
            if name not in present:
                missing.append((name, None))
                continue
            missing.extend(
                (name, column.name) for column in table.columns if column.name not in present[name]
            )
        return missing

    def damage(self) -> list[str]:
        """What SQLite's own check of the file finds; nothing on PostgreSQL."""
        if not self.sqlite:
            return []
        rows = self._connection.exec_driver_sql("PRAGMA integrity_check(20)").all()
        return [str(row[0]) for row in rows if row[0] != "ok"]

    def _driver_rows(self, query: str, parameters: dict[str, int]) -> Iterator[Sequence[Any]]:
        """Rows straight from SQLite's driver, for the one query that gives millions of them."""
        driver: Any = self._connection.connection.dbapi_connection
        error_type = self._connection.dialect.loaded_dbapi.Error
        given = 0
        # Its own reading of text is four times as fast, and fails where text is not UTF-8.
        for factory in (str, _lenient):
            driver.text_factory = factory
            try:
                for row in islice(driver.execute(query, parameters), given, None):
                    given += 1
                    yield row
                return
            except error_type as error:
                if factory is _lenient or "decode" not in str(error):
                    raise driver_error(self._connection, query, error) from error
            finally:
                driver.text_factory = _lenient

    def _all(self, query: str, **parameters: int) -> Sequence[Sequence[Any]]:
        """A few rows, asked for so often that compiling a statement and a server's cursor weigh."""
        return ask(self._connection, Question(query, parameters, list))

    def _rows(self, query: TextClause, **parameters: Any) -> Iterator[Sequence[Any]]:
        result = self._connection.execute(
            query, parameters, execution_options={**BINARY, "stream_results": True, "yield_per": FETCH_ROWS}
        )
        with closing(result):
            for part in result.partitions(FETCH_ROWS):
                yield from part

    def _select(self, query: Select[Any]) -> Iterator[Row[Any]]:
        result = self._connection.execute(
            query, execution_options={**BINARY, "stream_results": True, "yield_per": FETCH_ROWS}
        )
        with closing(result):
            for part in result.partitions(FETCH_ROWS):
                yield from part


@contextmanager
def raw_reader(connection: Connection) -> Iterator[RawReader]:
    """A reader on this connection; until it is left, the connection hands on text of any bytes."""
    driver = connection.connection.dbapi_connection
    if not is_sqlite(connection) or driver is None:
        yield RawReader(connection)
        return
    before = driver.text_factory
    driver.text_factory = _lenient
    try:
        yield RawReader(connection)
    finally:
        driver.text_factory = before


def _raw(name: str) -> ColumnClause[Any]:
    """A column without a type, so that its values are handed on as the driver gives them."""
    return literal_column(name)


def _lenient(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")
