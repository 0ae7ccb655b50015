"""Inserting many entries at once, the fastest durable way on each engine.

Decides: how rows travel. What they hold, and when they are written, ``ledger.store.log_store`` decides.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection

if TYPE_CHECKING:
    from ledger.store.log_store import NewEntry


def append_by_row(connection: Connection, entries: Sequence["NewEntry"]) -> None:
    """Inserts entries with their statements through SQLite, whose calls are cheap."""
    connection.exec_driver_sql(
        "INSERT INTO entries (entry_index, entry, leaf_hash) VALUES (?, ?, ?)",
        [(e.entry_index, e.entry, e.leaf_hash) for e in entries],
    )
    connection.exec_driver_sql(
        "INSERT INTO statements (entry_index, statement_hash, issuer, jti, kid, signing_input_hash) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [(e.entry_index, e.statement_hash, e.issuer, e.jti, e.kid, e.signing_input_hash) for e in entries],
    )
    connection.exec_driver_sql(
        "INSERT INTO statement_bytes (entry_index, jws) VALUES (?, ?)",
        [(e.entry_index, e.jws) for e in entries],
    )


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


def append_by_column(connection: Connection, entries: Sequence["NewEntry"]) -> None:
    """Inserts entries with their statements into PostgreSQL in one round trip."""
    indices = [e.entry_index for e in entries]
    connection.exec_driver_sql(
        APPEND_BY_COLUMN,
        (
            indices,
            [e.entry for e in entries],
            [e.leaf_hash for e in entries],
            indices,
            [e.statement_hash for e in entries],
            [e.issuer for e in entries],
            [e.jti for e in entries],
            [e.kid for e in entries],
            [e.signing_input_hash for e in entries],
            indices,
            [e.jws for e in entries],
        ),
    )
