"""The private store of attachments: the files that movements name by their SHA-256, kept beside the log.

Decides: how a file is cut, which statements name it, and when its bytes go. Never decides who may read one.
The log holds the digests alone, so nothing here can change what was recorded: a file is what its statement
named if its SHA-256 is, and whoever has it can see that. When the last statement that names it is erased,
the file goes with it.

Every function works in the caller's transaction. On PostgreSQL a file is written under a lock of its own, and
only committing it needs ``ATTACHMENT_LOCK_KEY``: who erases holds up all who register until he has that.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
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
        size_bytes: Its length.
        stored_at_us: When it came, in microseconds since the epoch.
        stored_by: Which party uploaded it.
    """

    sha256_hex: str
    size_bytes: int
    stored_at_us: int
    stored_by: str


@dataclass(frozen=True, slots=True)
class Naming:
    """That a movement names a file.

    Attributes:
        attachment: What it says of the file.
        statement_hash: Of the statement that the movement stands in.
        issuer: Who signed it.
        erased: Whether the statement was erased.
        stored: The file, if it is in the store.
    """

    attachment: AttachmentRecord
    statement_hash: bytes
    issuer: str
    erased: bool
    stored: StoredAttachment | None


def find_stored(connection: Connection, sha256_hex: str) -> StoredAttachment | None:
    """The file with this SHA-256, if it is in the store."""
    row = connection.execute(select(_STORED).where(_STORED.c.sha256_hex == sha256_hex)).first()
    return None if row is None else StoredAttachment(*row)


def bytes_beside(connection: Connection, stored: StoredAttachment) -> int:
    """How many bytes the other files have together that the same party uploaded."""
    others = and_(_STORED.c.stored_by == stored.stored_by, _STORED.c.sha256_hex != stored.sha256_hex)
    query = select(func.coalesce(func.sum(_STORED.c.size_bytes), 0)).where(others)
    return int(connection.execute(query).scalar_one())


def lock_key(sha256_hex: str) -> int:
    """The lock of PostgreSQL's that whoever stores a file holds: of two that send the same, one stores it."""
    return int.from_bytes(bytes.fromhex(sha256_hex[:16]), signed=True)


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
            size_bytes=stored.size_bytes,
            stored_at_us=stored.stored_at_us,
            stored_by=stored.stored_by,
        )
    )
    for piece, octets in enumerate(blocks):
        connection.execute(insert(_PIECES).values(sha256_hex=stored.sha256_hex, piece=piece, octets=octets))


def read_piece(connection: Connection, sha256_hex: str, piece: int) -> bytes | None:
    """One piece of a file, from 0 on; None where there is none."""
    query = select(_PIECES.c.octets).where(_PIECES.c.sha256_hex == sha256_hex, _PIECES.c.piece == piece)
    octets: bytes | None = connection.execute(query, execution_options=BINARY).scalar_one_or_none()
    return octets


def delete_erased(connection: Connection, indices: Sequence[int]) -> None:
    """Deletes the files that erased statements named and that no other statement names.

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
        named = select(_NAMED.c.sha256_hex).where(_NAMED.c.entry_index.in_(chunk)).distinct().subquery()
        others = _NAMED.alias("others")
        standing = exists().where(
            others.c.sha256_hex == named.c.sha256_hex,
            ~exists().where(_ERASURES.c.entry_index == others.c.entry_index),
        )
        gone = select(named.c.sha256_hex).where(~standing)
        for table in (_PIECES, _STORED):
            connection.execute(delete(table).where(table.c.sha256_hex.in_(gone)))


# --- which statements name which files ---


def stated_sizes(connection: Connection, sha256_hex: str, party: str | None) -> tuple[set[int], set[int]]:
    """The sizes that movements state of a file: those of statements that stand, and those of erased ones.

    Args:
        connection: Any transaction.
        sha256_hex: The file.
        party: Only statements that this party signed or that name it as a counterparty; None for all.
    """
    erased = _ERASURES.c.entry_index.is_not(None)
    query = (
        select(_NAMED.c.size_bytes, erased)
        .join(_STATEMENTS, _STATEMENTS.c.entry_index == _NAMED.c.entry_index)
        .outerjoin(_ERASURES, _ERASURES.c.entry_index == _NAMED.c.entry_index)
        .where(_NAMED.c.sha256_hex == sha256_hex)
        .distinct()
    )
    if party is not None:
        named = exists().where(_READERS.c.entry_index == _NAMED.c.entry_index, _READERS.c.party == party)
        query = query.where(or_(_STATEMENTS.c.issuer == party, named))
    found: tuple[set[int], set[int]] = (set(), set())
    for size, gone in connection.execute(query):
        found[bool(gone)].add(size)
    return found


def standing_namings(connection: Connection, sha256_hex: str) -> Iterator[Sequence[Any]]:
    """Entry, hash, issuer and stated size of every statement that stands and names a file, in no order."""
    query = (
        select(*_STATEMENTS.c["entry_index", "statement_hash", "issuer"], _NAMED.c.size_bytes)
        .join(_NAMED, _STATEMENTS.c.entry_index == _NAMED.c.entry_index)
        .where(
            _NAMED.c.sha256_hex == sha256_hex,
            ~exists().where(_ERASURES.c.entry_index == _NAMED.c.entry_index),
        )
    )
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
        missing: Only those that are not in the store.
        after: Entry, position and SHA-256 of the last of the page before.
        limit: How many at most.
    """
    keys = (_NAMED.c.entry_index, _NAMED.c.position, _NAMED.c.sha256_hex)
    query = _naming().where(_STATEMENTS.c.issuer == issuer, _ERASURES.c.entry_index.is_(None))
    if missing:
        query = query.where(_STORED.c.sha256_hex.is_(None))
    if after is not None:
        query = query.where(tuple_(*keys) < after)
    query = query.order_by(*(key.desc() for key in keys)).limit(limit)
    return [_to_naming(row) for row in connection.execute(query).mappings()]


def _naming() -> Select[Any]:
    return (
        select(
            *_NAMED.c,
            _STATEMENTS.c.statement_hash,
            _STATEMENTS.c.issuer,
            _ERASURES.c.act_index,
            _STORED.c.sha256_hex.label("stored"),
            _STORED.c.size_bytes.label("stored_bytes"),
            _STORED.c.stored_at_us,
            _STORED.c.stored_by,
        )
        .join(_STATEMENTS, _STATEMENTS.c.entry_index == _NAMED.c.entry_index)
        .outerjoin(_ERASURES, _ERASURES.c.entry_index == _NAMED.c.entry_index)
        .outerjoin(_STORED, _STORED.c.sha256_hex == _NAMED.c.sha256_hex)
    )


def _to_naming(row: RowMapping) -> Naming:
    stored = None
    if row["stored"] is not None:
        stored = StoredAttachment(row["stored"], row["stored_bytes"], row["stored_at_us"], row["stored_by"])
    return Naming(
        AttachmentRecord(**{name: row[name] for name in BOOKS[AttachmentRecord].columns}),
        row["statement_hash"],
        row["issuer"],
        row["act_index"] is not None,
        stored,
    )


def stored_pieces(connection: Connection) -> Iterator[Sequence[Any]]:
    """Every file of the store piece by piece, as it is stored, for an audit.

    Yields:
        Its SHA-256, its length and when it came as stored, whether a party is known that uploaded it, whether
        a statement that stands names it, and the piece's number and bytes: ascending by SHA-256 and piece. Of
        a file without pieces both are None.
    """
    standing = exists().where(
        _NAMED.c.sha256_hex == _STORED.c.sha256_hex,
        ~exists().where(_ERASURES.c.entry_index == _NAMED.c.entry_index),
    )
    known = exists().where(_PARTIES.c.party == _STORED.c.stored_by)
    header = (_STORED.c.sha256_hex, _STORED.c.size_bytes, _STORED.c.stored_at_us, known, standing)
    query = (
        select(*header, _PIECES.c.piece, _PIECES.c.octets)
        .outerjoin(_PIECES, _PIECES.c.sha256_hex == _STORED.c.sha256_hex)
        .order_by(_STORED.c.sha256_hex, _PIECES.c.piece)
    )
    return _streamed(connection, query)


def stray_pieces(connection: Connection) -> Iterator[Sequence[Any]]:
    """SHA-256 and number of every piece that belongs to no file of the store, for an audit."""
    whole = exists().where(_STORED.c.sha256_hex == _PIECES.c.sha256_hex)
    return _streamed(connection, select(_PIECES.c.sha256_hex, _PIECES.c.piece).where(~whole))


def _streamed(connection: Connection, query: Select[Any]) -> Iterator[Sequence[Any]]:
    options = {**BINARY, "stream_results": True, "yield_per": _PIECES_AT_ONCE}
    with closing(connection.execute(query, execution_options=options)) as rows:
        for part in rows.partitions(_PIECES_AT_ONCE):
            yield from part
