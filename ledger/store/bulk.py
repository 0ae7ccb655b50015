"""Inserting many entries at once and reading them back, the fastest durable way on each engine.

Decides: how rows travel. What they hold, and when they are written, ``ledger.store.log_store`` decides.
"""

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from ledger.log.tiles import FullTile
from ledger.store.packed import PackedArray, pack

if TYPE_CHECKING:
    from ledger.store.log_store import NewEntry


# The driver lets Python's other threads run at every step of SQLite, which is every row, and the interpreter
# then changes hands. One statement that takes or gives many rows is one step.
_ROWS = 50


def append_by_row(connection: Connection, entries: Sequence["NewEntry"], tiles: Sequence[FullTile]) -> None:
    """Inserts entries with their statements, and tiles, into SQLite, many rows in one step."""
    _insert(
        connection,
        "INSERT INTO entries (entry_index, entry, leaf_hash) VALUES ",
        [(e.entry_index, e.entry, e.leaf_hash) for e in entries],
    )
    _insert(
        connection,
        "INSERT INTO statements (entry_index, statement_hash, issuer, jti, kid, signing_input_hash) VALUES ",
        [(e.entry_index, e.statement_hash, e.issuer, e.jti, e.kid, e.signing_input_hash) for e in entries],
    )
    _insert(
        connection,
        "INSERT INTO statement_bytes (entry_index, jws) VALUES ",
        [(e.entry_index, e.jws) for e in entries],
    )
    _insert(
        connection,
        "INSERT INTO tiles (level, tile_index, hashes, root) VALUES ",
        [(t.level, t.index, t.hashes, t.root) for t in tiles],
    )


def _insert(connection: Connection, into: str, rows: Sequence[tuple[Any, ...]]) -> None:
    if not rows:
        return
    one = f"({', '.join('?' * len(rows[0]))})"
    whole = len(rows) - len(rows) % _ROWS
    many = f"{into}{', '.join([one] * _ROWS)}"
    for start in range(0, whole, _ROWS):
        connection.exec_driver_sql(many, tuple(chain.from_iterable(rows[start : start + _ROWS])))
    if whole < len(rows):
        connection.exec_driver_sql(into + one, rows[whole:])


_READ_IN_ONE_STEP = """
SELECT group_concat(length(entry)), CAST(group_concat(entry, '') AS BLOB),
    group_concat(coalesce(length(jws), -1)), CAST(group_concat(coalesce(jws, ''), '') AS BLOB)
FROM (SELECT e.entry, b.jws FROM entries e LEFT JOIN statement_bytes b ON b.entry_index = e.entry_index
    WHERE e.entry_index >= ? AND e.entry_index < ? ORDER BY e.entry_index)
"""


def read_in_one_step(connection: Connection, start: int, end: int) -> list[tuple[bytes, bytes | None]]:
    """Entry and JWS (None if it is not stored) of the indices in [start, end) of SQLite, in order."""
    row = connection.exec_driver_sql(_READ_IN_ONE_STEP, (start, end)).one()
    if row[0] is None:
        return []
    entry_lengths, entries, jws_lengths, statements = row
    found: list[tuple[bytes, bytes | None]] = []
    entry_at = jws_at = 0
    for entry_length, jws_length in zip(
        map(int, entry_lengths.split(",")), map(int, jws_lengths.split(",")), strict=True
    ):
        entry = entries[entry_at : entry_at + entry_length]
        jws = None if jws_length < 0 else statements[jws_at : jws_at + jws_length]
        found.append((entry, jws))
        entry_at += entry_length
        jws_at += max(jws_length, 0)
    return found


# Three tables in one statement and one round trip, arrays in binary (%b): three times as fast as row by row,
# and level with COPY. Foreign keys are checked at the statement's end.
APPEND_BY_COLUMN = """
WITH new_entries AS (
    INSERT INTO entries (entry_index, entry, leaf_hash)
    SELECT * FROM unnest(%b::bigint[], %b::bytea[], %b::bytea[])
), new_statements AS (
    INSERT INTO statements (entry_index, statement_hash, issuer, jti, kid, signing_input_hash)
    SELECT * FROM unnest(%b::bigint[], %b::bytea[], %b::text[], %b::text[], %b::text[], %b::bytea[])
)
INSERT INTO statement_bytes (entry_index, jws) SELECT * FROM unnest(%b::bigint[], %b::bytea[])
"""


_APPEND_TILES = """
INSERT INTO tiles (level, tile_index, hashes, root)
SELECT * FROM unnest(%b::bigint[], %b::bigint[], %b::bytea[], %b::bytea[])
"""


def append_by_column(
    connection: Connection, entries: Sequence["NewEntry"], tiles: Sequence[FullTile]
) -> None:
    """Inserts entries with their statements, and tiles, into PostgreSQL in one round trip."""
    from ledger.store.psycopg_forms import send_all

    statements: list[tuple[str, tuple[PackedArray, ...]]] = []
    if entries:
        indices = pack("bigint", [e.entry_index for e in entries])
        columns = (
            indices,
            pack("bytea", [e.entry for e in entries]),
            pack("bytea", [e.leaf_hash for e in entries]),
            indices,
            pack("bytea", [e.statement_hash for e in entries]),
            pack("text", [e.issuer for e in entries]),
            pack("text", [e.jti for e in entries]),
            pack("text", [e.kid for e in entries]),
            pack("bytea", [e.signing_input_hash for e in entries]),
            indices,
            pack("bytea", [e.jws for e in entries]),
        )
        statements.append((APPEND_BY_COLUMN, columns))
    if tiles:
        columns_of_tiles = (
            pack("bigint", [t.level for t in tiles]),
            pack("bigint", [t.index for t in tiles]),
            pack("bytea", [t.hashes for t in tiles]),
            pack("bytea", [t.root for t in tiles]),
        )
        statements.append((_APPEND_TILES, columns_of_tiles))
    send_all(connection, statements)
