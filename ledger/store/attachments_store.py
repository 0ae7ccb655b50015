"""The private store of attachments: the files that movements name by their SHA-256, kept beside the log.

Decides: how a file is cut, which statements name it, and when its bytes go. Never decides who may read one.
The log holds the digests alone, so nothing here can change what was recorded: a file is what its statement
named if its SHA-256 is, and whoever has it can see that.

A file is kept for the party that signed the statement which names it and that has sent its bytes: whoever
knows no more of another's file than its digest gains nothing by naming it. It goes when the last statement is
erased in which that party names it, whoever else does.

Every function works in the caller's transaction. On PostgreSQL a file is written under a lock of its own, and
only committing it needs ``ATTACHMENT_LOCK_KEY``: who erases holds up all who register until he has that.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    text,
    tuple_,
)

from ledger.records.lots import AttachmentRecord
from ledger.store.books_tables import BOOKS
from ledger.store.engine import BINARY, is_sqlite
from ledger.store.locking import ATTACHMENT_LOCK_KEY
from ledger.store.models import Base

PIECE_BYTES: Final = 262_144
"""How many bytes of a file are one row: what is in memory at a time."""
_PIECES_AT_ONCE: Final = 8
_IN_CHUNK: Final = 500
_NAMINGS_AT_ONCE: Final = 1_000

_NAMED: Final = BOOKS[AttachmentRecord].table
_TABLES: Final = Base.metadata.tables
_STORED, _PIECES = _TABLES["stored_attachments"], _TABLES["attachment_pieces"]
_STATEMENTS, _READERS, _ERASURES, _PARTIES = (
    _TABLES[name] for name in ("statements", "readers", "erasures", "parties")
)


@dataclass(frozen=True, slots=True)
class StoredAttachment:
    """A file that is in the store.

    Attributes:
        sha256_hex: Its SHA-256, 64 digits in lower case.
        stored_by: The party that names it and has uploaded it.
        size_bytes: Its length.
        stored_at_us: When it came, in microseconds since the epoch.
    """

    sha256_hex: str
    stored_by: str
    size_bytes: int
    stored_at_us: int


@dataclass(frozen=True, slots=True)
class Naming:
    """That a movement names a file.

    Attributes:
        attachment: What it says of the file.
        statement_hash: Of the statement that the movement stands in.
        stored_at_us: When who signed it uploaded the file, in microseconds since the epoch; None: it has not.
    """

    attachment: AttachmentRecord
    statement_hash: bytes
    stored_at_us: int | None


def find_stored(connection: Connection, sha256_hex: str, party: str) -> StoredAttachment | None:
    """The file with this SHA-256 that is kept for a party, if there is one."""
    query = select(_STORED).where(_STORED.c.sha256_hex == sha256_hex, _STORED.c.stored_by == party)
    row = connection.execute(query).first()
    return None if row is None else StoredAttachment(*row)


def bytes_beside(connection: Connection, stored: StoredAttachment) -> int:
    """How many bytes the other files have together that are kept for the same party."""
    others = and_(_STORED.c.stored_by == stored.stored_by, _STORED.c.sha256_hex != stored.sha256_hex)
    query = select(func.coalesce(func.sum(_STORED.c.size_bytes), 0)).where(others)
    return int(connection.execute(query).scalar_one())


def lock_key(stored: StoredAttachment) -> int:
    """The lock of PostgreSQL's that who stores a file holds: what is sent twice at once is stored once."""
    name = f"{stored.sha256_hex} {stored.stored_by}".encode()
    return int.from_bytes(hashlib.sha256(name).digest()[:8], signed=True)


def lock(connection: Connection) -> None:
    """Waits until nobody else commits a file or erases those that statements named.

    Args:
        connection: A transaction of ``begin_write``, on SQLite the only one.
    """
    if not is_sqlite(connection):
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ATTACHMENT_LOCK_KEY})


def put(connection: Connection, stored: StoredAttachment, blocks: Iterable[bytes]) -> None:
    """Stores a file that is not there yet.

    Args:
        connection: A transaction that holds the file's own lock; before it commits, it takes that of all and
            looks again whether a statement names the file.
        stored: What it is; the caller has checked its SHA-256 and its length.
        blocks: Its bytes, in blocks of ``PIECE_BYTES``, the last one shorter.
    """
    connection.execute(
        insert(_STORED).values(
            sha256_hex=stored.sha256_hex,
            stored_by=stored.stored_by,
            size_bytes=stored.size_bytes,
            stored_at_us=stored.stored_at_us,
        )
    )
    name = {"sha256_hex": stored.sha256_hex, "stored_by": stored.stored_by}
    for piece, octets in enumerate(blocks):
        connection.execute(insert(_PIECES).values(**name, piece=piece, octets=octets))


def read_piece(connection: Connection, stored: StoredAttachment, piece: int) -> bytes | None:
    """One piece of a file, from 0 on; None where there is none."""
    query = select(_PIECES.c.octets).where(
        _PIECES.c.sha256_hex == stored.sha256_hex,
        _PIECES.c.stored_by == stored.stored_by,
        _PIECES.c.piece == piece,
    )
    octets: bytes | None = connection.execute(query, execution_options=BINARY).scalar_one_or_none()
    return octets


def delete_erased(connection: Connection, indices: Sequence[int]) -> None:
    """Deletes the files that erased statements named and that no other statement of the same party names.

    Args:
        connection: A transaction that holds the log lock; the lock of the attachments is taken besides.
        indices: The entries of statements that are being erased; ``erasures`` names them already.
    """
    if not indices:
        return
    lock(connection)
    for start in range(0, len(indices), _IN_CHUNK):
        chunk = indices[start : start + _IN_CHUNK]
        # Each of them once: that nothing else names a file may be seen only behind thousands of namings.
        named = (
            select(_NAMED.c.sha256_hex, _STATEMENTS.c.issuer)
            .join(_STATEMENTS, _STATEMENTS.c.entry_index == _NAMED.c.entry_index)
            .where(_NAMED.c.entry_index.in_(chunk))
            .distinct()
            .subquery()
        )
        gone = select(named).where(~_stands(named.c.sha256_hex, named.c.issuer))
        for table in (_PIECES, _STORED):
            name = tuple_(table.c.sha256_hex, table.c.stored_by)
            connection.execute(delete(table).where(name.in_(gone)))


# --- which statements name which files ---


def stated_sizes(connection: Connection, sha256_hex: str, issuer: str) -> tuple[set[int], set[int]]:
    """The sizes that a party states of a file: in statements that stand, and in erased ones."""
    erased = _ERASURES.c.entry_index.is_not(None)
    query = _named(_NAMED.c.size_bytes, erased).where(
        _NAMED.c.sha256_hex == sha256_hex, _STATEMENTS.c.issuer == issuer
    )
    found: tuple[set[int], set[int]] = (set(), set())
    for size, gone in connection.execute(query.distinct()):
        found[bool(gone)].add(size)
    return found


def issuers_naming(
    connection: Connection, sha256_hex: str, party: str | None
) -> tuple[dict[str, bool], dict[str, bool]]:
    """Who names a file in statements that stand, and in erased ones; and whether it has uploaded the file.

    Args:
        connection: Any transaction.
        sha256_hex: The file.
        party: Only statements that this party signed or that name it as a counterparty; None for all.
    """
    erased = _ERASURES.c.entry_index.is_not(None)
    query = _named(_STATEMENTS.c.issuer, _STORED.c.stored_by.is_not(None), erased).where(
        _NAMED.c.sha256_hex == sha256_hex
    )
    if party is not None:
        reads = exists().where(_READERS.c.entry_index == _NAMED.c.entry_index, _READERS.c.party == party)
        query = query.where(or_(_STATEMENTS.c.issuer == party, reads))
    found: tuple[dict[str, bool], dict[str, bool]] = ({}, {})
    for issuer, stored, gone in connection.execute(query.distinct()):
        found[bool(gone)][issuer] = bool(stored)
    return found


def standing_namings(connection: Connection, sha256_hex: str) -> Iterator[Sequence[Any]]:
    """Of every statement that stands and names a file: entry, hash, issuer, whether that has uploaded it."""
    query = _named(
        *_STATEMENTS.c["entry_index", "statement_hash", "issuer"], _STORED.c.stored_by.is_not(None)
    ).where(_NAMED.c.sha256_hex == sha256_hex, _ERASURES.c.entry_index.is_(None))
    options = {"stream_results": True, "yield_per": _NAMINGS_AT_ONCE}
    with closing(connection.execute(query, execution_options=options)) as rows:
        yield from rows


def namings_in(connection: Connection, entry_index: int) -> list[Naming]:
    """The files that a statement names, in the order of its movements."""
    query = _naming().where(_NAMED.c.entry_index == entry_index)
    query = query.order_by(_NAMED.c.position, _NAMED.c.sha256_hex)
    return [_to_naming(row) for row in connection.execute(query).mappings()]


def list_namings(
    connection: Connection,
    issuer: str,
    *,
    missing: bool,
    after: tuple[int, int, str] | None,
    limit: int,
) -> list[Naming]:
    """The files that a party's standing statements name, newest entry first.

    Args:
        connection: Any transaction.
        issuer: Who signed the statements.
        missing: Only those that it has not uploaded.
        after: Entry, position and SHA-256 of the last of the page before.
        limit: How many at most.
    """
    keys = (_NAMED.c.entry_index, _NAMED.c.position, _NAMED.c.sha256_hex)
    query = _naming().where(_STATEMENTS.c.issuer == issuer, _ERASURES.c.entry_index.is_(None))
    if missing:
        query = query.where(_STORED.c.stored_by.is_(None))
    if after is not None:
        query = query.where(tuple_(*keys) < after)
    query = query.order_by(*(key.desc() for key in keys)).limit(limit)
    return [_to_naming(row) for row in connection.execute(query).mappings()]


def _named(*columns: ColumnElement[Any]) -> Select[Any]:
    """What movements name, with the statement, its erasure, and the file that its issuer has uploaded."""
    own = and_(_STORED.c.sha256_hex == _NAMED.c.sha256_hex, _STORED.c.stored_by == _STATEMENTS.c.issuer)
    return (
        select(*columns)
        .select_from(_NAMED)
        .join(_STATEMENTS, _STATEMENTS.c.entry_index == _NAMED.c.entry_index)
        .outerjoin(_ERASURES, _ERASURES.c.entry_index == _NAMED.c.entry_index)
        .outerjoin(_STORED, own)
    )


def _naming() -> Select[Any]:
    return _named(*_NAMED.c, _STATEMENTS.c.statement_hash, _STORED.c.stored_at_us)


def _to_naming(row: RowMapping) -> Naming:
    named = AttachmentRecord(**{name: row[name] for name in BOOKS[AttachmentRecord].columns})
    return Naming(named, row["statement_hash"], row["stored_at_us"])


def _stands(sha256_hex: ColumnElement[str], party: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a party names a file in a statement that was not erased."""
    named, said = _NAMED.alias("others"), _STATEMENTS.alias("said")
    return exists().where(
        named.c.sha256_hex == sha256_hex,
        said.c.entry_index == named.c.entry_index,
        said.c.issuer == party,
        ~exists().where(_ERASURES.c.entry_index == named.c.entry_index),
    )


def stored_pieces(connection: Connection) -> Iterator[Sequence[Any]]:
    """Every file of the store piece by piece, as it is stored, for an audit.

    Yields:
        Its SHA-256, for whom it is kept, its length and when it came as stored, whether that party is known,
        whether a statement of it that stands names the file, and the piece's number and bytes: ascending by
        SHA-256, party and piece. Of a file without pieces both are None.
    """
    known = exists().where(_PARTIES.c.party == _STORED.c.stored_by)
    name = (_STORED.c.sha256_hex, _STORED.c.stored_by)
    header = (*name, _STORED.c.size_bytes, _STORED.c.stored_at_us, known, _stands(*name))
    query = (
        select(*header, _PIECES.c.piece, _PIECES.c.octets)
        .outerjoin(_PIECES, _is_of_file())
        .order_by(*name, _PIECES.c.piece)
    )
    return _streamed(connection, query)


def stray_pieces(connection: Connection) -> Iterator[Sequence[Any]]:
    """SHA-256, party and number of every piece that belongs to no file of the store, for an audit."""
    query = select(*_PIECES.c["sha256_hex", "stored_by", "piece"]).where(~exists().where(_is_of_file()))
    return _streamed(connection, query)


def _is_of_file() -> ColumnElement[bool]:
    return and_(_PIECES.c.sha256_hex == _STORED.c.sha256_hex, _PIECES.c.stored_by == _STORED.c.stored_by)


def _streamed(connection: Connection, query: Select[Any]) -> Iterator[Sequence[Any]]:
    options = {**BINARY, "stream_results": True, "yield_per": _PIECES_AT_ONCE}
    with closing(connection.execute(query, execution_options=options)) as rows:
        for part in rows.partitions(_PIECES_AT_ONCE):
            yield from part
