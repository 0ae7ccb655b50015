"""The log's tables: appending under the log lock, and small reads.

Decides: which rows make up an entry, a tile, a checkpoint, a refusal, and how the head is swapped. Never
judges a statement, never computes a hash, never commits: the caller's transaction does. An audit
reads by ``ledger.store.raw_reads``, which assumes nothing.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    Connection,
    Engine,
    Table,
    bindparam,
    delete,
    insert,
    select,
    text,
)
from sqlalchemy.orm import DeclarativeBase

from ledger.errors import LogInconsistent
from ledger.log.tiles import TILE_WIDTH, FullTile
from ledger.records.quick import quick
from ledger.store import models
from ledger.store.asking import Question, Rows, ask, tell
from ledger.store.bulk import append_by_column, append_by_row, read_in_one_step
from ledger.store.engine import BINARY, driver_errors, is_sqlite
from ledger.store.packed import pack

_IN_CHUNK = 500

_T = TypeVar("_T")


class HeadRow(NamedTuple):
    """Where the log ends. Before genesis: 0, SHA-256 of nothing, -1, 0, 32 zero bytes."""

    tree_size: int
    root: bytes
    checkpoint_number: int
    refusal_count: int
    refusal_hash: bytes


@quick
@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to append, with the statement it commits to; hashes are raw 32 bytes."""

    entry_index: int
    entry: bytes
    leaf_hash: bytes
    statement_hash: bytes
    issuer: str
    jti: str
    kid: str
    signing_input_hash: bytes
    jws: bytes


@dataclass(frozen=True, slots=True)
class NewRefusal:
    """A record of the refusal journal to append."""

    refusal_number: int
    record: bytes
    record_hash: bytes
    statement_hash: bytes
    findings_hash: bytes
    jws: bytes


class LoggedKey(NamedTuple):
    """What stands under an idempotency key."""

    entry_index: int
    statement_hash: bytes
    signing_input_hash: bytes


class StatementRow(NamedTuple):
    """What stays of a statement for ever."""

    entry_index: int
    statement_hash: bytes
    issuer: str
    jti: str
    kid: str
    signing_input_hash: bytes


class CheckpointRow(NamedTuple):
    """A stored checkpoint; ``note`` is the signed note as released."""

    checkpoint_number: int
    tree_size: int
    root: bytes
    note: bytes


class PublicEntry(NamedTuple):
    """A public entry with its statement."""

    entry_index: int
    entry: bytes
    jws: bytes | None


def _table(model: type[DeclarativeBase]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


_ENTRIES = _table(models.Entry)
_STATEMENTS = _table(models.Statement)
_BYTES = _table(models.StatementBytes)
_TILES = _table(models.Tile)
_CHECKPOINTS = _table(models.Checkpoint)
_REFUSALS = _table(models.Refusal)
_HEAD = _table(models.Head)


def _chunks(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), _IN_CHUNK):
        yield items[start : start + _IN_CHUNK]


# --- the head ---


_SELECT_HEAD = f"SELECT {', '.join(HeadRow._fields)} FROM head"  # noqa: S608
_SWAP_HEAD = (
    "UPDATE head SET tree_size = :newsize, root = :newroot, checkpoint_number = :newnumber, "
    "refusal_count = :newcount, refusal_hash = :newhash WHERE tree_size = :size AND root = :root "
    "AND checkpoint_number = :number AND refusal_count = :count AND refusal_hash = :hash"
)


def read_head(connection: Connection) -> HeadRow:
    """The head row as this transaction sees it.

    Raises:
        LogInconsistent: There is none.
    """
    return ask(connection, Question(_SELECT_HEAD, {}, _head))


def _head(rows: Rows) -> HeadRow:
    if not rows:
        raise LogInconsistent("the head row is missing")
    if len(rows) > 1:
        raise LogInconsistent(f"there are {len(rows)} head rows")
    return HeadRow._make(rows[0])


def swap_head(connection: Connection, old: HeadRow, new: HeadRow) -> bool:
    """Replaces the head if it still is ``old`` in every column.

    Returns:
        Whether it was; otherwise nothing is changed.
    """
    names = ("size", "root", "number", "count", "hash")
    values = dict(zip(names, old, strict=True)) | {
        f"new{name}": value for name, value in zip(names, new, strict=True)
    }
    return tell(connection, _SWAP_HEAD, values) == 1


# --- appending ---


def append_entries(
    connection: Connection, entries: Sequence[NewEntry], tiles: Iterable[FullTile] = ()
) -> None:
    """Appends entries with their statements, and the tiles that they made full.

    Args:
        connection: A transaction that holds the log lock.
        entries: In order, the first with the index after the last that the log has.
        tiles: Full tiles, in any order.

    Raises:
        sqlalchemy.exc.IntegrityError: A row stands there already.
    """
    append = append_by_row if is_sqlite(connection) else append_by_column
    append(connection, entries, list(tiles))


_APPEND_CHECKPOINT = (
    "INSERT INTO checkpoints (checkpoint_number, tree_size, root, note) VALUES (:number, :size, :root, :note)"
)


def append_checkpoint(connection: Connection, number: int, tree_size: int, root: bytes, note: bytes) -> None:
    """Appends a checkpoint.

    Args:
        connection: A transaction that holds the log lock.
        number: One above the last checkpoint's, from 0.
        tree_size: Above the last checkpoint's.
        root: 32 bytes.
        note: The signed note.
    """
    tell(connection, _APPEND_CHECKPOINT, {"number": number, "size": tree_size, "root": root, "note": note})


def append_refusals(connection: Connection, refusals: Sequence[NewRefusal]) -> None:
    """Appends records to the refusal journal, numbered densely from the head's refusal count."""
    if refusals:
        connection.execute(
            insert(_REFUSALS),
            [
                {
                    "refusal_number": r.refusal_number,
                    "record": r.record,
                    "record_hash": r.record_hash,
                    "statement_hash": r.statement_hash,
                    "findings_hash": r.findings_hash,
                    "jws": r.jws,
                }
                for r in refusals
            ],
        )


def delete_erased_bytes(connection: Connection, indices: Sequence[int]) -> None:
    """Deletes the bytes of statements; each must stand in ``erasures`` already, or the database refuses."""
    for chunk in _chunks(indices):
        connection.execute(delete(_BYTES).where(_BYTES.c.entry_index.in_(chunk)))


def truncate_wal(engine: Engine) -> None:
    """Empties SQLite's write-ahead log, so that erased bytes do not linger in it; elsewhere does nothing.

    Call after the erasing transaction is committed. A reader in the middle of a snapshot delays it: then the
    next call, or the last connection's closing, empties it.

    Raises:
        sqlalchemy.exc.DBAPIError, sqlalchemy.exc.TimeoutError: It could not be done now.
    """
    if is_sqlite(engine):
        with engine.connect() as connection:
            dbapi_connection = connection.connection.dbapi_connection
            assert dbapi_connection is not None
            with driver_errors(connection, "PRAGMA wal_checkpoint"):
                dbapi_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


# --- entries ---


_BETWEEN = "FROM entries WHERE entry_index >= :start AND entry_index < :end ORDER BY entry_index"
_SELECT_ENTRIES = f"SELECT entry {_BETWEEN}"
_SELECT_LEAF_HASHES = f"SELECT leaf_hash {_BETWEEN}"
_SELECT_STORED = (
    "SELECT e.entry, b.jws FROM entries e LEFT JOIN statement_bytes b ON b.entry_index = e.entry_index "
    "WHERE e.entry_index >= :start AND e.entry_index < :end ORDER BY e.entry_index"
)


def entries_between(start: int, end: int) -> Question[list[bytes]]:
    """The stored entries with indices in [start, end), in order; fewer where rows are missing."""
    return Question(_SELECT_ENTRIES, {"start": start, "end": end}, _firsts)


def read_entries(connection: Connection, start: int, end: int) -> list[bytes]:
    """``entries_between``, asked alone."""
    return ask(connection, entries_between(start, end))


def leaf_hashes_between(start: int, end: int) -> Question[list[bytes]]:
    """The stored leaf hashes with indices in [start, end), in order; fewer where rows are missing."""
    return Question(_SELECT_LEAF_HASHES, {"start": start, "end": end}, _firsts)


def read_leaf_hashes(connection: Connection, start: int, end: int) -> list[bytes]:
    """``leaf_hashes_between``, asked alone."""
    return ask(connection, leaf_hashes_between(start, end))


def _firsts(rows: Rows) -> list[Any]:
    return [row[0] for row in rows]


def _first(rows: Rows) -> Any:
    return rows[0][0] if rows else None


def read_stored(connection: Connection, start: int, end: int) -> list[tuple[bytes, bytes | None]]:
    """Entry and JWS (None if it is not stored) of the indices in [start, end), in order."""
    if is_sqlite(connection):
        return read_in_one_step(connection, start, end)
    return ask(connection, Question(_SELECT_STORED, {"start": start, "end": end}, _pairs))


def _pairs(rows: Rows) -> list[tuple[bytes, bytes | None]]:
    return [(entry, jws) for entry, jws in rows]


def read_public(connection: Connection, start: int, limit: int) -> list[PublicEntry]:
    """The first public entries from ``start`` on, at most ``limit``, in order."""
    condition = models.PUBLIC_ENTRY_SQLITE if is_sqlite(connection) else models.PUBLIC_ENTRY_POSTGRESQL
    rows = connection.execute(
        select(_ENTRIES.c.entry_index, _ENTRIES.c.entry, _BYTES.c.jws)
        .outerjoin_from(_ENTRIES, _BYTES, _BYTES.c.entry_index == _ENTRIES.c.entry_index)
        .where(text(condition), _ENTRIES.c.entry_index >= start)
        .order_by(_ENTRIES.c.entry_index)
        .limit(limit)
    )
    return [PublicEntry(*row) for row in rows]


def read_tile_hashes(connection: Connection, level: int, index: int, width: int) -> bytes:
    """The hashes of a tile, full or partial, of a tree that the head covers.

    Args:
        connection: A transaction that sees the tree.
        level: Tile level, 0 is the leaves.
        index: Tile index at that level.
        width: 1 to 256 hashes.

    Raises:
        LogInconsistent: Rows of it are missing.
    """
    first = index * TILE_WIDTH
    if width == TILE_WIDTH:
        found = connection.scalar(
            select(_TILES.c.hashes).where(_TILES.c.level == level, _TILES.c.tile_index == index)
        )
        if found is None:
            raise LogInconsistent(f"tile {index} of level {level} is not stored")
        return bytes(found)
    if level == 0:
        hashes = read_leaf_hashes(connection, first, first + width)
    else:
        hashes = list(
            connection.scalars(
                select(_TILES.c.root)
                .where(
                    _TILES.c.level == level - 1,
                    _TILES.c.tile_index >= first,
                    _TILES.c.tile_index < first + width,
                )
                .order_by(_TILES.c.tile_index)
            )
        )
    if len(hashes) != width:
        raise LogInconsistent(f"tile {index} of level {level} lacks {width - len(hashes)} of {width} hashes")
    return b"".join(hashes)


# --- checkpoints ---

_CHECKPOINT = f"SELECT {', '.join(CheckpointRow._fields)} FROM checkpoints"  # noqa: S608
_LATEST = f"{_CHECKPOINT} ORDER BY checkpoint_number DESC LIMIT 1"
_COVERING = f"{_CHECKPOINT} WHERE tree_size > :index ORDER BY tree_size LIMIT 1"
_OF_SIZE = f"{_CHECKPOINT} WHERE tree_size = :size"


def _checkpoint(rows: Rows) -> CheckpointRow | None:
    if len(rows) > 1:
        raise LogInconsistent(f"there are {len(rows)} checkpoints of {rows[0][1]} entries")
    return CheckpointRow._make(rows[0]) if rows else None


def last_checkpoint() -> Question[CheckpointRow | None]:
    """The checkpoint with the highest number, None before genesis."""
    return Question(_LATEST, {}, _checkpoint)


def first_checkpoint_covering(connection: Connection, index: int) -> CheckpointRow | None:
    """The smallest stored checkpoint whose tree holds the entry ``index``."""
    return ask(connection, Question(_COVERING, {"index": index}, _checkpoint))


def checkpoint_of_size(connection: Connection, tree_size: int) -> CheckpointRow | None:
    """The stored checkpoint over exactly this many entries."""
    return ask(connection, Question(_OF_SIZE, {"size": tree_size}, _checkpoint))


# --- statements ---

_STATEMENT = select(*(_STATEMENTS.c[name] for name in StatementRow._fields))
_BY_HASH = _STATEMENT.where(_STATEMENTS.c.statement_hash == bindparam("statement_hash"))
_BY_INDEX = _STATEMENT.where(_STATEMENTS.c.entry_index == bindparam("index"))
_JWS = select(_BYTES.c.jws).where(_BYTES.c.entry_index == bindparam("index"))


def find_statement(connection: Connection, statement_hash: bytes) -> StatementRow | None:
    """The logged statement with this hash (32 bytes)."""
    row = connection.execute(_BY_HASH, {"statement_hash": statement_hash}).one_or_none()
    return None if row is None else StatementRow._make(row)


def read_statement(connection: Connection, index: int) -> StatementRow | None:
    """The statement logged as entry ``index``."""
    row = connection.execute(_BY_INDEX, {"index": index}).one_or_none()
    return None if row is None else StatementRow._make(row)


_FIND_BY_JTI = {
    "sqlite": "SELECT s.issuer, s.jti, s.entry_index, s.statement_hash, s.signing_input_hash "
    "FROM json_each(:names) AS n JOIN statements AS s "
    "ON s.issuer = json_extract(n.value, '$[0]') AND s.jti = json_extract(n.value, '$[1]')",
    "postgresql": "SELECT s.issuer, s.jti, s.entry_index, s.statement_hash, s.signing_input_hash "
    "FROM unnest(CAST(:issuers AS text[]), CAST(:jtis AS text[])) AS n (issuer, jti) "
    "JOIN statements AS s ON s.issuer = n.issuer AND s.jti = n.jti",
}


def logged_keys(names: Iterable[tuple[str, str]], dialect: str) -> Question[dict[tuple[str, str], LoggedKey]]:
    """What is logged under idempotency keys.

    Args:
        names: Pairs of issuer and jti.
        dialect: Of the database that is asked.

    Returns:
        Gives the keys that are taken; the others are free.
    """
    pairs = list(dict.fromkeys(names))
    parameters: dict[str, Any]
    if dialect == "sqlite":
        parameters = {"names": json.dumps(pairs)}
    else:
        parameters = {
            "issuers": pack("text", [issuer for issuer, _ in pairs]),
            "jtis": pack("text", [jti for _, jti in pairs]),
        }
    return Question(_FIND_BY_JTI[dialect], parameters, _logged_keys)


def _logged_keys(rows: Rows) -> dict[tuple[str, str], LoggedKey]:
    return {(issuer, jti): LoggedKey(*logged) for issuer, jti, *logged in rows}


def find_by_jti(connection: Connection, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], LoggedKey]:
    """``logged_keys``, asked alone."""
    return ask(connection, logged_keys(names, connection.dialect.name))


def read_jws(connection: Connection, index: int) -> bytes | None:
    """The compact JWS of entry ``index`` as received, None if it is not stored."""
    return connection.execute(_JWS, {"index": index}, execution_options=BINARY).scalar_one_or_none()


# --- refusals ---

_REFUSAL_HASH = "SELECT record_hash FROM refusals WHERE refusal_number = :number"


def known_refusals(connection: Connection, statement_hashes: Sequence[bytes]) -> set[tuple[bytes, bytes]]:
    """The (statement hash, findings hash) pairs in the journal for these statements."""
    known: set[tuple[bytes, bytes]] = set()
    for chunk in _chunks(statement_hashes):
        rows = connection.execute(
            select(_REFUSALS.c.statement_hash, _REFUSALS.c.findings_hash).where(
                _REFUSALS.c.statement_hash.in_(chunk)
            )
        )
        known.update((statement_hash, findings_hash) for statement_hash, findings_hash in rows)
    return known


def refusal_hash(number: int) -> Question[bytes | None]:
    """The hash of the record ``number`` of the refusal journal."""
    return Question(_REFUSAL_HASH, {"number": number}, _first)
