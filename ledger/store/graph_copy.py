"""A copy of the lots on a server's own disk, for walks that look for thousands of them.

Decides: what of the copy may be used for a question, and what is to be copied next. PostgreSQL takes some
three microseconds to find each lot, and a way has thousands; a file that is mapped into memory takes half
of that. The copy decides nothing and is never needed: what it does not have, or has as it was before, is
asked of the database, and whoever removes it loses time alone.

The copy covers the log's first entries, so many as it says. It has every lot that these made, as it was when
it was copied, but those that tell what they were made of by their edges alone. A row that was written again
later says so itself (``books_tables.REWRITTEN``): a question leaves such lots to the database, and the next
copying fetches them. What is covered may be copied from a log that is longer by then, and is as that log left
it; so the leaf hash of that log's last entry tells whether it is this log that was copied, and whether all of
it. To a transaction that began before, and after a database is restored to what it was before, it is another
one or none.

A lot's key is its number in decimal behind a byte that says how many digits it has, so that keys rise as the
numbers do. Its value is made of four texts in UTF-8, a zero byte between two: pairs of its number and each
number that it was made of, ``[7,4],[7,5]``; these alone, ``[4,5]``; and what is told of it
(``ledger.records.steps``), its head and the rest. What is covered has a key of one byte, before all lots'.
All of it is in the file's unnamed table: to open a named one waits for who writes, and no question may wait
for that.
"""

import os
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Final
from weakref import WeakValueDictionary

import lmdb
from sqlalchemy import Connection

from ledger.errors import LogInconsistent
from ledger.records.steps import behind_head
from ledger.store.asking import Asked, Rows, ask_driver
from ledger.store.books_source import NODE_SHIFT
from ledger.store.engine import in_psycopg_words

OPTION: Final = "reledger_graph_copy"
"""The execution option by which an engine, and what is asked of it, knows of its copy."""
MOST_REWRITTEN: Final = 1_000
"""Where more lots than this were written again since the last copying, questions do without the copy."""
PAGE: Final = 5_000
"""Lots that are copied at once."""
FORMAT: Final = b"2"
_MOST_BYTES: Final = 2**40 if sys.maxsize > 2**32 else 2**30
"""Of addresses that are set aside; the file is as large as what it holds."""
_READERS: Final = 4_096
"""Questions of all processes of a host at the same time."""
_WARMED: Final = 4
"""What part of the memory a file may take that is read before anybody asks: one in so many."""
_DATA: Final = "data.mdb"
_LOCKS: Final = "lock.mdb"
_LOCKS_BYTES: Final = (_READERS + 64) * 64
"""Of the file that lists the readers: a line of a processor's cache each, and some before the first."""
_BETWEEN: Final = b"\0"
_COVERED: Final = b"\0"

_STANDS: Final = in_psycopg_words(
    "SELECT (SELECT e.leaf_hash FROM entries e WHERE e.entry_index = CAST(:last AS bigint)), "
    "(SELECT min(v.version_num) FROM alembic_version v)"
)
"""The leaf hash of an entry, if there is such a one, and the revision of the tables."""
_NEWEST: Final = in_psycopg_words(
    "SELECT h.tree_size, e.leaf_hash, (SELECT min(v.version_num) FROM alembic_version v) "
    "FROM head h LEFT JOIN entries e ON e.entry_index = h.tree_size - 1"
)
"""How many entries the log has; and the same of its last."""
_REWRITTEN: Final = in_psycopg_words(
    "SELECT l.node, v.node FROM lots l LEFT JOIN lot_versions v ON v.lot = l.lot AND v.node <> l.node "
    "WHERE l.rewritten_at >= CAST(:start AS bigint) LIMIT CAST(:most AS bigint)"
)
"""The lots that were written again since, each with every other number that it ever had."""
_AGAIN: Final = in_psycopg_words(
    "SELECT l.node, v.node, l.made_of, l.told FROM lots l "
    "LEFT JOIN lot_versions v ON v.lot = l.lot AND v.node <> l.node "
    "WHERE l.rewritten_at >= CAST(:start AS bigint) AND l.rewritten_at < CAST(:end AS bigint)"
)
_NEXT: Final = in_psycopg_words(
    "SELECT node, made_of, told FROM lots WHERE node >= CAST(:start AS bigint) "
    "AND node < CAST(:end AS bigint) ORDER BY node LIMIT CAST(:most AS bigint)"
)


class CopyUnusable(Exception):
    """A copy's file cannot be opened, read or written."""


@dataclass(frozen=True, slots=True)
class Covered:
    """What a copy covers.

    Attributes:
        size: The log's first entries, so many.
        length: Of the whole log when they were copied.
        leaf_hash: Of the last entry that it had.
        revision: Of the database's tables.
    """

    size: int
    length: int
    leaf_hash: bytes
    revision: str

    def encode(self) -> bytes:
        """As the copy stores it."""
        parts = (str(self.size), str(self.length), self.leaf_hash.hex(), self.revision)
        return _BETWEEN.join((FORMAT, *(part.encode() for part in parts)))

    @classmethod
    def decode(cls, stored: bytes | None) -> "Covered | None":
        """As it was stored; None where nothing was, or in another format, or where it is damaged."""
        parts = stored.split(_BETWEEN) if stored else []
        if len(parts) != 5 or parts[0] != FORMAT:
            return None
        try:
            return cls(int(parts[1]), int(parts[2]), bytes.fromhex(parts[3].decode()), parts[4].decode())
        except ValueError:
            return None

    def stands(self, told: Rows) -> bool:
        """Whether what ``_STANDS`` tells of the last entry is as it was copied."""
        [(leaf_hash, revision)] = told
        return (leaf_hash, revision) == (self.leaf_hash, self.revision)


class _File:
    """The file of a copy, opened: a process may open each but once."""

    _opened: ClassVar["WeakValueDictionary[Path, _File]"] = WeakValueDictionary()
    _opening: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _reserve(folder / _LOCKS)
        self.environment = lmdb.open(
            str(folder), map_size=_MOST_BYTES, max_readers=_READERS, mode=0o600, readahead=False
        )

    @classmethod
    def at(cls, folder: Path) -> "_File":
        """The file in a folder."""
        place = folder.resolve()
        with cls._opening:
            found = cls._opened.get(place)
            if found is None:
                found = cls._opened[place] = cls(place)
            return found


def _reserve(file: Path) -> None:
    """Has the disk set aside what the list of readers takes, or raises OSError.

    It is written as memory: on a full disk the first who reaches a part of it that has no place there would
    be ended by the system.
    """
    if not hasattr(os, "posix_fallocate"):
        return
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.posix_fallocate(descriptor, 0, _LOCKS_BYTES)
    finally:
        os.close(descriptor)


class CopiedLots:
    """The lots of a copy that one question may use."""

    def __init__(self, transaction: Any, left_out: Iterable[int]) -> None:
        self._get = transaction.get
        self._left_out = frozenset(map(str, left_out))

    def take(self, numbers: Sequence[str]) -> list[Sequence[bytes] | None]:
        """Of each number, rising and in decimal, the four texts; None where the database is to be asked."""
        try:
            values = list(map(self._get, _keys(numbers)))
        except lmdb.Error:
            return [None] * len(numbers)
        if not self._left_out.isdisjoint(numbers):
            values = [
                None if number in self._left_out else value
                for number, value in zip(numbers, values, strict=True)
            ]
        return [value and value.split(_BETWEEN, 3) for value in values]


class GraphCopy:
    """A copy in a folder of this host, opened when it is first needed.

    Any number of processes may read it; one at a time writes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._file: _File | None = None

    def _open(self) -> _File:
        if self._file is None:
            self._file = _File.at(self.folder)
        return self._file

    def covered(self) -> Covered | None:
        """What it covers; None where nothing.

        Raises:
            CopyUnusable: Its file cannot be read.
        """
        with _told(), self._open().environment.begin() as transaction:
            return _covered(transaction)

    def warm(self) -> None:
        """Has the system read the file into memory, unless that would take much of it.

        After a start of the host the first questions would otherwise wait for the disk at every lot.
        """
        if hasattr(os, "posix_fadvise") and (self.folder / _DATA).exists():
            with open(self.folder / _DATA, "rb") as file:
                memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
                if os.fstat(file.fileno()).st_size <= memory // _WARMED:
                    os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_WILLNEED)

    @contextmanager
    def reading(self, connection: Connection) -> Iterator[CopiedLots | None]:
        """What a question may use of it; None where it cannot be read, is of another log or too far behind.

        Args:
            connection: The question's transaction.
        """
        if self._file is None and not (self.folder / _DATA).exists():
            yield None  # nobody keeps it
            return
        try:
            transaction = self._open().environment.begin()
            covered = _covered(transaction)
        except (OSError, lmdb.Error):
            yield None
            return
        with transaction:
            left_out = None if covered is None else _left_out(connection, covered)
            yield None if left_out is None else CopiedLots(transaction, left_out)

    def copy_more(self, connection: Connection) -> bool:
        """Copies the next lots, if there are any, and the covered ones that were written again meanwhile.

        What was copied before stays whole if this is stopped.

        Args:
            connection: A transaction in which every query sees one and the same state.

        Returns:
            Whether more are waiting.

        Raises:
            CopyUnusable: The file cannot be read or written.
            LogInconsistent: The log has no entry where it must have one.
        """
        with _told():
            return self._copy_more(connection)

    def _copy_more(self, connection: Connection) -> bool:
        environment = self._open().environment
        environment.reader_check()  # gives back what processes that were killed had read
        covered = self.covered()
        if covered and not covered.stands(_rows(connection, _STANDS, last=covered.length - 1)):
            covered = None  # it is another database that was copied
        start = 0 if covered is None else covered.size
        page = _next_page(connection, start)
        if start and page is not None:
            _put_again(connection, environment, start, page.covered)
        with environment.begin(write=True) as transaction:
            if covered is None:
                transaction.drop(environment.open_db(None, transaction), delete=False)
            if page is None:
                return False
            _put_new(transaction, page.rows)
            transaction.put(_COVERED, page.covered.encode())
        return page.more


@dataclass(frozen=True, slots=True)
class _Page:
    """The lots of some entries: what the copy covers with them, and whether the log has more."""

    rows: Rows
    covered: Covered
    more: bool


def _rows(connection: Connection, query: str, **asked: int) -> Rows:
    (rows,) = ask_driver(connection, [(query, asked)])
    return rows


def _left_out(connection: Connection, covered: Covered) -> set[int] | None:
    """The lots that a question leaves to the database; None where it leaves all of them."""
    asked: list[Asked] = [
        (_STANDS, {"last": covered.length - 1}),
        (_REWRITTEN, {"start": covered.size, "most": MOST_REWRITTEN}),
    ]
    stood, rewritten = ask_driver(connection, asked)
    if not covered.stands(stood) or len(rewritten) == MOST_REWRITTEN:
        return None
    return {number for row in rewritten for number in row if number is not None}


def _next_page(connection: Connection, start: int) -> _Page | None:
    """The lots of the next entries from ``start`` on; None where there is no such entry."""
    [(size, leaf_hash, revision)] = _rows(connection, _NEWEST)
    if size <= start:
        return None
    if leaf_hash is None:
        raise LogInconsistent(f"the log has no entry {size - 1}, though it is longer")
    first, end = start << NODE_SHIFT, size
    rows = _rows(connection, _NEXT, start=first, end=end << NODE_SHIFT, most=PAGE)
    if len(rows) == PAGE:
        last = rows[-1][0] >> NODE_SHIFT
        if last > rows[0][0] >> NODE_SHIFT:
            end, rows = last, [row for row in rows if row[0] < last << NODE_SHIFT]
        else:  # one entry made more than a page
            end = last + 1
            rows = _rows(connection, _NEXT, start=first, end=end << NODE_SHIFT, most=1 << NODE_SHIFT)
    return _Page(rows, Covered(end, size, leaf_hash, revision), end < size)


def _put_new(transaction: Any, rows: Iterable[Sequence[Any]]) -> None:
    for node, made_of, told in rows:
        if made_of is not None and not transaction.put(_key(node), _value(node, made_of, told), append=True):
            raise CopyUnusable(
                f"the copy of the lots has lot {node}, which is to be copied for the first time"
            )


def _put_again(connection: Connection, environment: Any, start: int, covered: Covered) -> None:
    """Copies anew what was copied before and written again since; what is no longer there is taken out.

    One entry may have written any number of lots again, and what is not committed is held in memory; so it is
    committed in parts. Until the last of them questions leave all of these lots to the database, for the copy
    covers no more than before.
    """
    from ledger.store.psycopg_forms import stream

    found = stream(connection, _AGAIN, {"start": start, "end": covered.size}, PAGE)
    so_far = replace(covered, size=start).encode()
    while rows := list(islice(found, PAGE)):
        with environment.begin(write=True) as transaction:
            for node, before, made_of, told in rows:
                if before is not None:
                    transaction.delete(_key(before))
                if node < start << NODE_SHIFT:
                    if made_of is None:
                        transaction.delete(_key(node))
                    else:
                        transaction.put(_key(node), _value(node, made_of, told))
            transaction.put(_COVERED, so_far)


@contextmanager
def _told() -> Iterator[None]:
    """Says of what the file cannot do that it is the copy's."""
    try:
        yield
    except (OSError, lmdb.Error) as error:
        raise CopyUnusable(f"the copy of the lots cannot be used: {error}") from error


def _covered(transaction: Any) -> Covered | None:
    return Covered.decode(transaction.get(_COVERED))


def _key(node: int) -> bytes:
    return b"%c%d" % (len(str(node)), node)


def _keys(numbers: Sequence[str]) -> Iterable[bytes]:
    """The keys of numbers that rise: mostly all have as many digits, and are made into keys at once."""
    if not numbers or len(numbers[0]) != len(numbers[-1]):
        return map(_key, map(int, numbers))
    digits = chr(len(numbers[0]))
    return (digits + f",{digits}".join(numbers)).encode().split(b",")


def _value(node: int, made_of: str, told: str) -> bytes:
    pairs = ",".join([f"[{node},{parent}]" for parent in made_of[1:-1].split(",") if parent])
    return _BETWEEN.join([text.encode() for text in (pairs, made_of, *behind_head(told))])
