"""Folding the whole log again, acts and movements in its order, and comparing the books that come out.

Decides: whether every entry would be accepted again where it stands, under the policy and the rule set that
were in force there, and every refusal of the journal refused; and whether the books' tables hold exactly what
the log gives. The fold goes into a scratch database of its own, so memory does not grow with the log.

The log may grow meanwhile. The fold catches up with it in the end, and compares within one transaction.

What an erased statement did cannot be decided again: ``ledger.audit.recorded`` takes it as it is recorded.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine

from ledger.audit.acts import issuer_of
from ledger.audit.comparing import compare_table
from ledger.audit.recorded import LEFT_OPEN, take_as_recorded
from ledger.audit.refusals import read_record
from ledger.audit.replay import READERS, Replay
from ledger.audit.report import FaultList, Progress, ProgressCallback
from ledger.books.prefetch import Signed, prefetch
from ledger.controls.deciding import Decider
from ledger.controls.judging import Position
from ledger.controls.submission import Submission, read_submission
from ledger.errors import AuditCancelled, EvidenceError, LogInconsistent, RequestError
from ledger.findings import Finding
from ledger.log.entry import Entry, parse_entry
from ledger.records.books import Books, Key, Record
from ledger.statements.acts.publish_refusals import PublishRefusals
from ledger.statements.envelope import SignedStatement, parse_statement
from ledger.statements.registers import Facts, ReaderRecord
from ledger.store.books_source import StoreSource, write_records
from ledger.store.books_tables import BOOKS
from ledger.store.engine import create_ledger_engine
from ledger.store.locking import begin_read
from ledger.store.models import Base
from ledger.store.raw_reads import RawReader, StoredEntry, raw_reader

CHUNK_ENTRIES = 512
BOOKS_IN_MEMORY = 200_000
_REFUSALS = 256
_COMPARED = (*(stored.table for stored in BOOKS.values()), Base.metadata.tables[READERS])


class Bounds(NamedTuple):
    """How far the log and its journal are decided again, and the latest time at which that can have been."""

    entries: int
    refusals: int
    now_us: int


@dataclass(slots=True)
class RefoldResult:
    """What folding the log again came to.

    Attributes:
        entries, refusals: How many were decided again.
        rows: How many rows of the books were compared.
        erased: Index of each erased movement statement, with the act that erased it.
        faults: What is wrong.
    """

    entries: int = 0
    refusals: int = 0
    rows: int = 0
    erased: list[tuple[int, int]] = field(default_factory=list)
    faults: FaultList = field(default_factory=FaultList)


@dataclass(slots=True)
class _Item:
    """One entry of the log that is to be folded."""

    entry: Entry
    row: StoredEntry
    statement: SignedStatement | None
    submission: Submission | None = None


def refold(
    engine: Engine,
    origin: str,
    bounds: Bounds,
    *,
    progress: ProgressCallback | None = None,
    cancel: Event | None = None,
) -> RefoldResult:
    """Folds a database's log again and compares its books.

    Args:
        engine: The database; only read.
        origin: The log's origin.
        bounds: How far.
        progress: Called now and then.
        cancel: Stops it once it is set.

    Raises:
        AuditCancelled: ``cancel`` was set.
        SQLAlchemyError: A database cannot be read.
    """
    with _scratch() as scratch:
        size = bounds.entries
        fold = _Fold(origin, scratch, bounds, progress, cancel)
        with engine.connect() as connection, raw_reader(connection) as reader:
            fold.read(reader, connection)
            fold.run(size)
            with connection.begin():
                fold.decide_refusals(size, last=True)
        with engine.connect() as connection, begin_read(connection), raw_reader(connection) as reader:
            fold.read(reader, connection)
            count, highest = reader.extent(Base.metadata.tables["entries"])
            if count > size and type(highest) is int and highest == count - 1:
                fold.run(count)
            fold.compare()
        return fold.result


@contextmanager
def _scratch() -> Iterator[Connection]:
    """A database for the books alone, in a private folder that is removed afterwards."""
    with TemporaryDirectory(prefix="reledger-replay-") as folder:
        engine = create_ledger_engine(f"sqlite:///{Path(folder, 'scratch')}", pool_size=1)
        try:
            with engine.connect() as connection:
                driver = connection.connection.dbapi_connection
                assert driver is not None
                for pragma in ("journal_mode=OFF", "synchronous=OFF", "secure_delete=OFF"):
                    driver.execute(f"PRAGMA {pragma}").fetchall()
                Base.metadata.create_all(connection, tables=list(_COMPARED))
                connection.commit()
                yield connection
        finally:
            engine.dispose()


class _Over:
    """Books as the source of others, which may be thrown away."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def load(self, kind: type[Record], keys: Sequence[Key]) -> Iterator[Record]:
        for key in keys:
            found = self._books.get(kind, *key)
            if found is not None:
                yield found

    def load_groups(self, kind: type[Record], group: str, values: Sequence[Key]) -> Iterator[Record]:
        for value in values:
            yield from self._books.group(kind, group, *value)


class _Fold:
    """One fold of one log."""

    def __init__(
        self,
        origin: str,
        scratch: Connection,
        bounds: Bounds,
        progress: ProgressCallback | None,
        cancel: Event | None,
    ) -> None:
        self._origin = origin
        self._scratch = scratch
        self._size, self._refusal_count, self._now_us = bounds
        self._progress = progress
        self._cancel = cancel
        self._decider = Decider(origin)
        self._books = Books(StoreSource(scratch))
        self._facts = Facts()
        self._next = 0
        self._time_us = 0
        self._next_refusal = 0
        self._waiting: list[Sequence[Any]] = []
        self.result = RefoldResult()

    def read(self, reader: RawReader, connection: Connection) -> None:
        """Reads the log over this connection from now on."""
        self._reader = reader
        self._connection = connection
        self._acts = Replay(reader, self._origin)
        # The facts so far go on; only where what acts name is read from changes.
        if self._next:
            self._acts.facts = self._facts
        self._facts = self._acts.facts
        self._facts.books = self._books
        self._roots: dict[int, bytes] = {}

    def run(self, end: int) -> None:
        """Folds the entries up to ``end``."""
        while self._next < end:
            if self._cancel is not None and self._cancel.is_set():
                raise AuditCancelled("the audit was stopped; what it found so far proves nothing")
            stop = min(self._next + CHUNK_ENTRIES, end)
            with self._transaction():
                self._fold_chunk(self._next, stop)
            self._next = stop
            self._books.use(StoreSource(self._scratch, stop))  # refusals are decided upon what it left
            if self._progress is not None:
                self._progress(Progress("books", min(stop, self._size), self._size))

    def decide_refusals(self, index: int, *, last: bool = False, until_us: int | None = None) -> None:
        """Decides again the refusals that were judged for this index; for the last one all that are left."""
        while (row := self._refusal()) is not None:
            record = read_record(row[1]) if type(row[1]) is bytes else None
            if record is not None and not last and record["judged_at"] > index:
                return
            self._waiting.pop(0)
            if record is not None:
                times = (self._time_us, max(self._time_us, self._now_us if until_us is None else until_us))
                self._decide_refusal(row, int(record["judged_at"]), times)

    def compare(self) -> None:
        """Compares every table of the books with what the log gave."""
        with raw_reader(self._scratch) as scratch:
            left_out = LEFT_OPEN if self.result.erased else frozenset()
            for done, table in enumerate(_COMPARED):
                if table.name in left_out:
                    continue
                stored, folded = self._reader.table_rows(table), scratch.table_rows(table)
                self.result.rows += compare_table(table, stored, folded, self.result.faults)
                if self._progress is not None:
                    self._progress(Progress("books' tables", done + 1, len(_COMPARED)))

    # --- entries ---

    def _transaction(self) -> AbstractContextManager[object]:
        """One for each chunk, so that none lasts; the caller's own where there is one."""
        return nullcontext() if self._connection.in_transaction() else self._connection.begin()

    def _fold_chunk(self, start: int, stop: int) -> None:
        items = [item for row in self._reader.entries(start, stop) if (item := _read(row)) is not None]
        self._books.use(StoreSource(self._scratch, start))
        begun = {row[1] for row in self._reader.checkpoints(start - 1, stop - 1)}
        self._read_ahead(items)
        for item in items:
            self._fold_item(item, begins=item.entry.index in begun)
        self._write()

    def _read_ahead(self, items: Sequence[_Item]) -> None:
        """What the chunk's movements name, as far as their keys are known already."""
        signed: list[Signed] = []
        sizes: set[int] = set()
        for item in items:
            if item.statement is None:
                continue
            seen = item.statement.header.seen
            if seen is not None:
                sizes.add(seen.size)
            issuer = issuer_of(self._facts, item.statement.header.kid, item.statement.jws)
            if issuer is not None:
                item.submission = self._examine(item.statement, issuer)
            if item.submission is not None:
                signed.extend((item.submission.issuer, each) for each in item.submission.movements)
        self._roots = self._reader.checkpoint_roots(sorted(sizes)) if sizes else {}
        prefetch(self._books, signed)

    def _examine(self, statement: SignedStatement, issuer: str) -> Submission | None:
        try:
            return read_submission(statement, issuer, self._origin)
        except RequestError:
            return None

    def _fold_item(self, item: _Item, *, begins: bool) -> None:
        """Decides an entry again; ``begins``: whether a batch begins with it, for a tree head ended there."""
        index, time_us = item.entry.index, item.entry.recorded_at_us
        self.decide_refusals(index, until_us=time_us)
        self._time_us = time_us
        position = Position(index, time_us, self._roots)
        if begins:
            self._decider.begin_batch(self._facts, position)
        if item.statement is None:
            self._take_erased(item)
            return
        issuer = issuer_of(self._facts, item.statement.header.kid, item.statement.jws)
        submission = item.submission
        if issuer is None:
            return  # reported where its key is looked for
        if submission is None or submission.issuer != issuer:
            submission = self._examine(item.statement, issuer)
        if submission is None:
            self._accepted_refused(index, "its payload cannot be read")
            return
        act = submission.payload.act
        if act is not None:
            self._acts.prepare(act, index)
        decision = self._decider.decide(submission, position, self._facts)
        self._facts.statements.clear()
        self.result.entries += 1
        if decision.refused:
            self._accepted_refused(index, _said(decision.refused))

    def _accepted_refused(self, index: int, reason: str) -> None:
        self.result.faults.add(
            "replay.accepted-refused", "statement_bytes", index, f"it would be refused there: {reason}"
        )

    def _take_erased(self, item: _Item) -> None:
        act_index = item.row.act_index
        if type(act_index) is not int or item.row.jws is not None:
            return  # bytes that are gone without an act, or wrong, are reported where they are looked for
        index = item.entry.index
        try:
            took = take_as_recorded(index, self._connection, self._books, self._facts)
        except LogInconsistent as error:
            self.result.faults.add("books.differs", "postings", index, error.detail)
            return
        if took:
            self.result.erased.append((index, act_index))

    def _write(self) -> None:
        write_records(self._scratch, self._books.take_changes())
        readers = [
            (each.entry_index, each.party)
            for each in self._facts.take_changes()
            if isinstance(each, ReaderRecord)
        ]
        if readers:
            # An erased statement's readers may come twice: as recorded, and from the act that erased it.
            self._scratch.exec_driver_sql(
                "INSERT OR IGNORE INTO readers (entry_index, party) VALUES (?, ?)", readers
            )
        self._scratch.commit()
        self._facts.readers.clear()
        if self._books.size > BOOKS_IN_MEMORY:
            self._books.forget()

    # --- refusals ---

    def _refusal(self) -> Sequence[Any] | None:
        """The next refusal, without taking it."""
        if not self._waiting and self._next_refusal < self._refusal_count:
            stop = min(self._next_refusal + _REFUSALS, self._refusal_count)
            self._waiting = list(self._reader.refusals(self._next_refusal, stop))
            self._next_refusal = stop
            if not self._waiting:
                return self._refusal()
        return self._waiting[0] if self._waiting else None

    def _decide_refusal(self, row: Sequence[Any], judged_at: int, times: tuple[int, int]) -> None:
        """A refusal's own time is not recorded: it lies between the entries around it."""
        jws = row[5]
        try:
            statement = parse_statement(jws)
        except RequestError:
            return  # reported with the journal
        issuer = issuer_of(self._facts, statement.header.kid, jws)
        submission = None if issuer is None else self._examine(statement, issuer)
        if submission is None:
            return
        self.result.refusals += 1
        seen = statement.header.seen
        roots = self._reader.checkpoint_roots([seen.size]) if seen is not None else {}
        roots = {size: root for size, root in roots.items() if size <= judged_at}
        for time_us in dict.fromkeys(times):
            if self._would_refuse(submission, Position(judged_at, time_us, roots)):
                return
        self.result.faults.add(
            "replay.refused-accepted",
            "refusals",
            row[0],
            f"nothing would refuse it as entry {judged_at}",
        )

    def _would_refuse(self, submission: Submission, position: Position) -> bool:
        act = submission.payload.act
        if isinstance(act, PublishRefusals):
            return True  # what the journal held at the start of that batch is not recorded
        if act is not None:
            self._acts.prepare(act, position.index)
        trial = replace(self._facts, books=Books(_Over(self._books)), readers=set(), changed={})
        refused = bool(self._decider.consider(submission, position, trial).refused)
        self._facts.statements.clear()
        return refused


def _read(row: Sequence[Any]) -> _Item | None:
    """An entry with its statement, None where it is not what it must be; both are reported elsewhere."""
    stored = StoredEntry(*row)
    try:
        entry = parse_entry(stored.entry) if type(stored.entry) is bytes else None
    except EvidenceError:
        entry = None
    if entry is None or entry.index != stored.entry_index:
        return None
    if type(stored.jws) is not bytes or sha256(stored.jws).digest() != entry.statement:
        return _Item(entry, stored, None)
    try:
        return _Item(entry, stored, parse_statement(stored.jws))
    except RequestError:
        return _Item(entry, stored, None)


def _said(findings: Sequence[Finding]) -> str:
    return f"{findings[0].code}: {findings[0].detail}"
