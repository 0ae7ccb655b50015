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
    Select,
    Table,
    bindparam,
    delete,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.orm import DeclarativeBase

from ledger.errors import LogInconsistent
from ledger.log.tiles import TILE_WIDTH, FullTile
from ledger.records.quick import quick
from ledger.store import models
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


_SELECT_HEAD = select(*(_HEAD.c[name] for name in HeadRow._fields))
_SWAP_HEAD = (
    update(_HEAD)
    .where(*(_HEAD.c[name] == bindparam(f"old_{name}") for name in HeadRow._fields))
    .values({name: bindparam(f"new_{name}") for name in HeadRow._fields})
)


def read_head(connection: Connection) -> HeadRow:
    """The head row as this transaction sees it.

    Raises:
        LogInconsistent: There is none.
    """
    row = connection.execute(_SELECT_HEAD, execution_options=BINARY).one_or_none()
    if row is None:
        raise LogInconsistent("the head row is missing")
    return HeadRow._make(row)


def swap_head(connection: Connection, old: HeadRow, new: HeadRow) -> bool:
    """Replaces the head if it still is ``old`` in every column.

    Returns:
        Whether it was; otherwise nothing is changed.
    """
    values: dict[str, Any] = {f"old_{name}": value for name, value in old._asdict().items()}
    values.update((f"new_{name}", value) for name, value in new._asdict().items())
    return connection.execute(_SWAP_HEAD, values).rowcount == 1


# --- appending ---


def append_entries(connection: Connection, entries: Sequence[NewEntry], tiles: Iterable[FullTile]) -> None:
    """Appends entries with their statements, and the tiles that they made full.

    Args:
        connection: A transaction that holds the log lock.
        entries: In order, the first with the head's tree size as its index.
        tiles: Full tiles, in any order.

    Raises:
        sqlalchemy.exc.IntegrityError: A row stands there already.
    """
    if entries:
        if is_sqlite(connection):
            append_by_row(connection, entries)
        else:
            append_by_column(connection, entries)
    rows = [{"level": t.level, "tile_index": t.index, "hashes": t.hashes, "root": t.root} for t in tiles]
    if rows:
        connection.execute(insert(_TILES), rows)


def append_checkpoint(connection: Connection, number: int, tree_size: int, root: bytes, note: bytes) -> None:
    """Appends a checkpoint.

    Args:
        connection: A transaction that holds the log lock.
        number: One above the last checkpoint's, from 0.
        tree_size: Above the last checkpoint's.
        root: 32 bytes.
        note: The signed note.
    """
    connection.execute(
        insert(_CHECKPOINTS).values(checkpoint_number=number, tree_size=tree_size, root=root, note=note)
    )


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


def _between(columns: Select[Any]) -> Select[Any]:
    index = _ENTRIES.c.entry_index
    return columns.where(index >= bindparam("start"), index < bindparam("end")).order_by(index)


_SELECT_ENTRIES = _between(select(_ENTRIES.c.entry))
_SELECT_LEAF_HASHES = _between(select(_ENTRIES.c.leaf_hash))
_SELECT_STORED = _between(
    select(_ENTRIES.c.entry, _BYTES.c.jws).outerjoin_from(
        _ENTRIES, _BYTES, _BYTES.c.entry_index == _ENTRIES.c.entry_index
    )
)


def _read_between(connection: Connection, query: Select[Any], start: int, end: int) -> Any:
    return connection.execute(query, {"start": start, "end": end}, execution_options=BINARY)


def read_entries(connection: Connection, start: int, end: int) -> list[bytes]:
    """The stored entries with indices in [start, end), in order; fewer where rows are missing."""
    return list(_read_between(connection, _SELECT_ENTRIES, start, end).scalars())


def read_leaf_hashes(connection: Connection, start: int, end: int) -> list[bytes]:
    """The stored leaf hashes with indices in [start, end), in order; fewer where rows are missing."""
    return list(_read_between(connection, _SELECT_LEAF_HASHES, start, end).scalars())


def read_stored(connection: Connection, start: int, end: int) -> list[tuple[bytes, bytes | None]]:
    """Entry and JWS (None if it is not stored) of the indices in [start, end), in order."""
    if is_sqlite(connection):
        return read_in_one_step(connection, start, end)
    return [(entry, jws) for entry, jws in _read_between(connection, _SELECT_STORED, start, end)]


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

_CHECKPOINT = select(*(_CHECKPOINTS.c[name] for name in CheckpointRow._fields))
_LATEST = _CHECKPOINT.order_by(_CHECKPOINTS.c.checkpoint_number.desc()).limit(1)
_COVERING = (
    _CHECKPOINT.where(_CHECKPOINTS.c.tree_size > bindparam("index"))
    .order_by(_CHECKPOINTS.c.tree_size)
    .limit(1)
)
_OF_SIZE = _CHECKPOINT.where(_CHECKPOINTS.c.tree_size == bindparam("size"))


def _checkpoint(connection: Connection, query: Select[Any], **parameters: int) -> CheckpointRow | None:
    row = connection.execute(query, parameters, execution_options=BINARY).one_or_none()
    return None if row is None else CheckpointRow._make(row)


def latest_checkpoint(connection: Connection) -> CheckpointRow | None:
    """The checkpoint with the highest number, None before genesis."""
    return _checkpoint(connection, _LATEST)


def first_checkpoint_covering(connection: Connection, index: int) -> CheckpointRow | None:
    """The smallest stored checkpoint whose tree holds the entry ``index``."""
    return _checkpoint(connection, _COVERING, index=index)


def checkpoint_of_size(connection: Connection, tree_size: int) -> CheckpointRow | None:
    """The stored checkpoint over exactly this many entries."""
    return _checkpoint(connection, _OF_SIZE, size=tree_size)


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
    "sqlite": text(
        "SELECT s.issuer, s.jti, s.entry_index, s.statement_hash, s.signing_input_hash "
        "FROM json_each(:names) AS n JOIN statements AS s "
        "ON s.issuer = json_extract(n.value, '$[0]') AND s.jti = json_extract(n.value, '$[1]')"
    ),
    "postgresql": text(
        "SELECT s.issuer, s.jti, s.entry_index, s.statement_hash, s.signing_input_hash "
        "FROM unnest(CAST(:issuers AS text[]), CAST(:jtis AS text[])) AS n (issuer, jti) "
        "JOIN statements AS s ON s.issuer = n.issuer AND s.jti = n.jti"
    ),
}


def find_by_jti(connection: Connection, names: Iterable[tuple[str, str]]) -> dict[tuple[str, str], LoggedKey]:
    """What is logged under idempotency keys.

    Args:
        connection: Any transaction.
        names: Pairs of issuer and jti.

    Returns:
        The keys that are taken; the others are free.
    """
    pairs = list(dict.fromkeys(names))
    if not pairs:
        return {}
    parameters: dict[str, Any]
    if is_sqlite(connection):
        parameters = {"names": json.dumps(pairs)}
    else:
        issuers, jtis = zip(*pairs, strict=True)
        parameters = {"issuers": pack("text", issuers), "jtis": pack("text", jtis)}
    rows = connection.execute(_FIND_BY_JTI[connection.dialect.name], parameters, execution_options=BINARY)
    return {(issuer, jti): LoggedKey(*logged) for issuer, jti, *logged in rows}


def read_jws(connection: Connection, index: int) -> bytes | None:
    """The compact JWS of entry ``index`` as received, None if it is not stored."""
    return connection.execute(_JWS, {"index": index}, execution_options=BINARY).scalar_one_or_none()


# --- refusals ---


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


def refusal_hash_of(connection: Connection, number: int) -> bytes | None:
    """The hash of the record ``number`` of the refusal journal."""
    return connection.scalar(select(_REFUSALS.c.record_hash).where(_REFUSALS.c.refusal_number == number))
