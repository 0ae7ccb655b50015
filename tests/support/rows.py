"""Rows for tests of the store: well formed, and distinct by their number. They prove nothing."""

import hashlib
import uuid

from sqlalchemy import Connection, Engine

from ledger.log.entry import Entry
from ledger.log.tiles import FullTile
from ledger.statements.registers import ErasureRecord
from ledger.store import log_store
from ledger.store.log_store import HeadRow, NewEntry, NewRefusal
from ledger.store.registers_store import write_changes


def some_hash(*parts: object) -> bytes:
    """32 bytes that depend on the parts."""
    return hashlib.sha256(repr(parts).encode()).digest()


def head_of(engine: Engine) -> HeadRow:
    """The head as it is committed."""
    with engine.connect() as connection:
        return log_store.read_head(connection)


def new_entry(
    index: int, *, public: bool = False, issuer: str = "https://mine.example", jws: bytes = b""
) -> NewEntry:
    """An entry as the log would hold it; its leaf hash is not that of its bytes."""
    statement_hash = some_hash("statement", index)
    return NewEntry(
        entry_index=index,
        entry=Entry(index, some_hash("leaf", index - 1), public, 1_000_000 * index, statement_hash).encode(),
        leaf_hash=some_hash("leaf", index),
        statement_hash=statement_hash,
        issuer=issuer,
        jti=str(uuid.UUID(int=index)),
        kid=f"{index:043d}",
        signing_input_hash=some_hash("input", index),
        jws=jws or f"jws.{index}.sig".encode(),
    )


def new_refusal(number: int) -> NewRefusal:
    """A record of the refusal journal; its hash is not that of its bytes."""
    return NewRefusal(
        refusal_number=number,
        record=f"record {number}".encode(),
        record_hash=some_hash("record", number),
        statement_hash=some_hash("refused", number),
        findings_hash=some_hash("findings", number),
        jws=b"refused.jws.sig",
    )


def full_tile(level: int, index: int) -> FullTile:
    """A full tile of hashes that depend on its place."""
    hashes = b"".join(some_hash("tile", level, index, place) for place in range(256))
    return FullTile(level, index, hashes, some_hash("tile root", level, index))


def fill(connection: Connection, entries: int = 3, *, erased: int | None = None) -> HeadRow:
    """Puts rows in every log table: entries, a tile, a checkpoint and a refusal, and swaps the head."""
    old = log_store.read_head(connection)
    log_store.append_entries(connection, [new_entry(index) for index in range(entries)], [full_tile(0, 0)])
    if erased is not None:
        write_changes(connection, [ErasureRecord(erased, entries - 1)])
        log_store.delete_erased_bytes(connection, [erased])
    log_store.append_checkpoint(connection, 0, entries, some_hash("root", entries), b"note")
    refusal = new_refusal(0)
    log_store.append_refusals(connection, [refusal])
    new = HeadRow(entries, some_hash("root", entries), 0, 1, refusal.record_hash)
    assert log_store.swap_head(connection, old, new)
    return new
