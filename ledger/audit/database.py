"""Verifying a whole database: everything that is stored, on all cores, with the place of every fault.

Decides: the order of the work, and what the report says was checked and what nobody can exclude. The checks
themselves are in the modules beside. Reads only, and needs no private key.

Source: DESIGN section 1 ("Completeness is honest"), sections 2 and 4.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from threading import Event

from sqlalchemy import Connection, Engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from ledger.audit.acts import erase_in, read_found_act
from ledger.audit.attachments import check_attachments
from ledger.audit.crew import Assignment, Crew, Task, default_processes, reason_of
from ledger.audit.kept import KeptEvidence, KeptItem, KeptMark, cannot_exclude, mark_item, named_items
from ledger.audit.notes import CheckpointNotes
from ledger.audit.ranges import RangeResult, split_range
from ledger.audit.recorded import LEFT_OPEN
from ledger.audit.refold import Bounds, refold
from ledger.audit.refusals import RefusalResult, split_refusals
from ledger.audit.replay import READERS, Replay
from ledger.audit.report import AuditReport, Progress, ProgressCallback
from ledger.audit.snapshot import Snapshot, take_snapshot
from ledger.audit.stitching import Stitcher, check_above
from ledger.clock import SystemClock
from ledger.errors import SettingsInvalid
from ledger.log.merkle import EMPTY_ROOT
from ledger.log.tiles import TILE_WIDTH
from ledger.store.engine import create_ledger_engine
from ledger.store.locking import begin_read
from ledger.store.models import Base
from ledger.store.raw_reads import RawReader, raw_reader

_NO_ORIGIN = "unknown"
_NAMED_ERASED = 20
_READERS = Base.metadata.tables[READERS]
_KEYS_BELIEVED = (
    "that this is another log altogether cannot be excluded: its keys were taken from its own genesis"
)


def verify_database(
    source: str | URL | Engine,
    *,
    origin: str | None = None,
    vkeys: Sequence[str] | None = None,
    cosigners: Sequence[str] = (),
    mark: bytes | KeptMark | None = None,
    receipts: Iterable[bytes | KeptItem] = (),
    checkpoints: Iterable[bytes | KeptItem] = (),
    workers: int | None = None,
    progress: ProgressCallback | None = None,
    cancel: Event | None = None,
    start: int = 0,
    end: int | None = None,
    replay: bool = False,
) -> AuditReport:
    """Checks a ledger's database and reports every fault with its place.

    The log may grow meanwhile; what is checked is the log as it was at the beginning.

    Args:
        source: The database, opened anew and only read.
        origin: The log's origin, as the caller knows it; None to believe genesis.
        vkeys: The log's own keys, from a source that the caller trusts; None to believe genesis: whoever
            can write the database can write another one, and the report says so.
        cosigners: Keys of witnesses whose lines may stand in stored checkpoints.
        mark: The host's high-water mark, or the signed checkpoint in it.
        receipts: Receipts kept elsewhere.
        checkpoints: Signed checkpoints kept elsewhere.
        workers: Number of processes; None for one a core, but a single one for a small log.
        progress: Called now and then.
        cancel: Stops the audit once it is set.
        start: First entry to check; a part of the log is checked without registers and refusals.
        end: One past the last entry to check; None for the whole log.
        replay: Whether to decide everything again besides, and compare the books: far longer. Only for the
            whole log.

    Raises:
        SettingsInvalid: A key or the database's address is not one.
        AuditCancelled: ``cancel`` was set.
        SQLAlchemyError: The database cannot be opened.
    """
    url = source.url if isinstance(source, Engine) else make_url(source)
    engine = create_ledger_engine(url, pool_size=1, read_only=True)
    try:
        with engine.connect() as connection, raw_reader(connection) as reader:
            # It comes before the snapshot, which takes about as long to read as a process to start.
            with Crew(_processes(connection, reader, workers), cancel) as crew:
                snapshot = _snapshot(connection, reader, origin)
                notes = _notes(snapshot, origin, vkeys, cosigners)
                if not snapshot.readable:
                    report = AuditReport(notes.origin, 0, EMPTY_ROOT, 0, 0, fault_list=snapshot.faults)
                    report.cannot_exclude.append("anything: the database cannot be read")
                    return report
                crew.assign(_assignment(url, notes, snapshot, cosigners))
                with connection.begin():
                    audit = _Audit(reader, notes, snapshot, progress, (start, end))
                    if vkeys is None and snapshot.size:
                        audit.report.cannot_exclude.append(_KEYS_BELIEVED)
                    try:
                        audit.check_all(crew)
                        audit.compare_kept(mark, checkpoints, receipts)
                    except SQLAlchemyError as error:
                        connection.invalidate()
                        audit.report.fault_list.add("store.unreadable", "store", None, reason_of(error))
            if replay:
                audit.fold_again(engine, cancel)
            return audit.report
    finally:
        engine.dispose()


def _processes(connection: Connection, reader: RawReader, workers: int | None) -> int:
    """How many processes to start; whatever the head says, the snapshot alone tells how far to look."""
    if workers is not None:
        return max(1, workers)
    try:
        with begin_read(connection):
            return default_processes(max((row[1] for row in reader.head() if type(row[1]) is int), default=0))
    except SQLAlchemyError:  # the snapshot meets it again, and says so
        return 1


def _assignment(url: URL, notes: CheckpointNotes, snapshot: Snapshot, cosigners: Sequence[str]) -> Assignment:
    """What every process of the crew must know."""
    return Assignment(
        url=url,
        origin=notes.origin,
        vkeys=notes.vkeys,
        cosigners=tuple(cosigners),
        size=snapshot.size,
        keys=snapshot.keys,
        unproven=snapshot.unproven,
        policies=tuple(snapshot.policies),
    )


def _snapshot(connection: Connection, reader: RawReader, origin: str | None) -> Snapshot:
    try:
        with begin_read(connection):
            return take_snapshot(reader, origin)
    except SQLAlchemyError as error:
        connection.invalidate()
        snapshot = Snapshot(readable=False)
        snapshot.faults.add("store.unreadable", "store", None, reason_of(error))
        return snapshot


def _notes(
    snapshot: Snapshot, origin: str | None, vkeys: Sequence[str] | None, cosigners: Sequence[str]
) -> CheckpointNotes:
    """What checks notes: under the given keys, or under those that genesis states."""
    stated = snapshot.stated
    if origin is None:
        origin = stated.origin if stated is not None else _NO_ORIGIN
    if vkeys is None:
        vkeys = stated.log_keys if stated is not None else ()
    elif not vkeys:
        raise SettingsInvalid("no key of the log is given")
    try:
        return CheckpointNotes(origin, vkeys, cosigners)
    except ValueError as error:
        raise SettingsInvalid(str(error)) from error


class _Audit:
    """One audit of one database."""

    def __init__(
        self,
        reader: RawReader,
        notes: CheckpointNotes,
        snapshot: Snapshot,
        progress: ProgressCallback | None,
        span: tuple[int, int | None],
    ) -> None:
        self._reader = reader
        self._notes = notes
        self._snapshot = snapshot
        self._progress = progress
        size = snapshot.size
        start, end = min(max(span[0], 0), size), size if span[1] is None else min(span[1], size)
        self._start = start - start % TILE_WIDTH
        self._end = max(self._start, min(size, -(-end // TILE_WIDTH) * TILE_WIDTH))
        self._whole = self._start == 0 and self._end == size
        self._stitcher = Stitcher(reader, self._start)
        self._replay = Replay(reader, notes.origin)
        self.report = AuditReport(
            origin=notes.origin,
            size=size,
            root=snapshot.head.root if snapshot.head is not None else EMPTY_ROOT,
            start=self._start,
            end=self._end,
        )
        self._faults = self.report.fault_list
        self._faults.merge(snapshot.faults)

    def check_all(self, crew: Crew) -> None:
        """Everything that the database itself can show."""
        roots: dict[int, bytes] = {}
        damage = crew.begin_file_check() if self._whole else None
        for task, result in crew.run(self._tasks()):
            if isinstance(result, RangeResult):
                self._take_range(result)
                if not self._whole:
                    roots |= dict(enumerate(result.tile_roots, result.start // TILE_WIDTH))
                self._tell("entries", task.end - self._start, self._end - self._start)
            elif isinstance(result, RefusalResult):
                self._take_refusals(result)
                self._tell("refusals", task.end, self._snapshot.refusal_count)
        if damage is not None:
            for detail in damage():
                self._faults.add("store.damaged", "store", None, detail)
        self._faults.merge(self._stitcher.faults)
        head = self._snapshot.head
        if self._whole:
            self._check_genesis()
            self._check_head()
            self._compare_registers()
            self._faults.merge(self._replay.faults)
            self.report.counts["attachments"] = check_attachments(
                self._reader.attachment_pieces(), self._reader.stray_pieces(), self._faults
            )
        elif head is not None:
            check_above(self._reader, self._faults, roots, (self._snapshot.size, head.root))
        self._say_what_was_checked()

    def fold_again(self, engine: Engine, cancel: Event | None) -> None:
        """Decides every entry and every refusal again, and compares the books with what comes out."""
        if not self._whole:
            return
        snapshot, checked = self._snapshot, self.report.checked
        now_us = SystemClock().now_us()
        bounds = Bounds(snapshot.size, snapshot.refusal_count, now_us)
        try:
            result = refold(engine, self._notes.origin, bounds, progress=self._progress, cancel=cancel)
        except SQLAlchemyError as error:
            self._faults.add("store.unreadable", "store", None, reason_of(error))
            return
        self._faults.merge(result.faults)
        self.report.counts.update(decided_again=result.entries + result.refusals, book_rows=result.rows)
        checked.append(f"{result.entries} acceptances and {result.refusals} refusals decided again")
        checked.append(f"the books: {result.rows} rows compared with what the whole log gives")
        for index, act_index in result.erased[:_NAMED_ERASED]:
            self.report.cannot_exclude.append(
                f"entry {index}: erased, effects as recorded by act {act_index}, not re-decidable"
            )
        if len(result.erased) > _NAMED_ERASED:
            more = len(result.erased) - _NAMED_ERASED
            self.report.cannot_exclude.append(f"{more} further erased movement statements, likewise")
        if result.erased:
            self.report.cannot_exclude.append(
                f"{', '.join(sorted(LEFT_OPEN))}: what erased statements added to these tables is not known"
            )

    def compare_kept(
        self,
        mark: bytes | KeptMark | None,
        checkpoints: Iterable[bytes | KeptItem],
        receipts: Iterable[bytes | KeptItem],
    ) -> None:
        """Compares with what is kept elsewhere, and says what stays open."""
        kept = KeptEvidence(self._reader, self._notes, self._snapshot.size)
        kept.take_checkpoints(mark_item(mark), "mark")
        kept.take_checkpoints(named_items(checkpoints))
        kept.take_receipts(named_items(receipts))
        self._faults.merge(kept.faults)
        if kept.count:
            self.report.checked.append(f"{kept.count} signed heads kept elsewhere, up to size {kept.largest}")
        published = max((row[1] for row in self._replay.rows["refusal_publications"].values()), default=0)
        count = self._snapshot.refusal_count if self._whole else 0
        self.report.cannot_exclude[:0] = cannot_exclude(self._snapshot.size, kept, published, count)

    def _tasks(self) -> Iterator[Task]:
        for start, end in split_range(self._start, self._end):
            yield Task("range", start, end)
        if self._whole:
            for start, end in split_refusals(self._snapshot.refusal_count):
                yield Task("refusals", start, end)

    def _tell(self, phase: str, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(Progress(phase, done, total))

    def _take_range(self, result: RangeResult) -> None:
        self._stitcher.take(result)
        self._faults.merge(result.faults)
        self.report.counts.update(result.counts)
        for found in result.acts if self._whole else ():
            self._replay.take(found)
        for index, act_index in result.late:
            self._check_late(index, act_index)

    def _take_refusals(self, result: RefusalResult) -> None:
        self._faults.merge(result.faults)
        self.report.counts.update(result.counts)
        head = self._snapshot.head
        if head is not None and result.end == head.refusal_count and head.refusal_hash != result.last_hash:
            self._faults.add("head.refusals", "head", 1, "the refusal hash is not that of the last record")

    def _compare_registers(self) -> None:
        size = self._snapshot.size
        readers = chain(self._snapshot.registers.get(READERS, ()), self._reader.rows_within(_READERS, size))
        self._replay.compare({**self._snapshot.registers, READERS: readers}, size)

    def _check_late(self, index: int, act_index: int) -> None:
        """Bytes that went while the audit runs: an act beyond the audited log must say so."""
        row = self._reader.entry(act_index)
        act = read_found_act(row.jws) if row is not None and type(row.jws) is bytes else None
        erase = None if act is None else erase_in(act)
        if erase is None or erase.index != index:
            detail = f"the bytes are gone, and entry {act_index} is no act that erased them"
            self._faults.add("bytes.missing", "statement_bytes", index, detail)

    def _check_genesis(self) -> None:
        """The log is what its first entry says it is."""
        if self._snapshot.size == 0:
            return
        stated = self._replay.facts.origin
        if stated is None:
            self._faults.add("genesis.missing", "entries", 0, "entry 0 is no genesis that could be folded")
            return
        for vkey in self._notes.vkeys:
            if vkey not in stated.log_keys:
                self._faults.add("genesis.log-key", "entries", 0, f"genesis does not list the log key {vkey}")

    def _check_head(self) -> None:
        """The head row is what the log's rows give."""
        head = self._snapshot.head
        if head is None:
            return
        number, size = self._stitcher.last_checkpoint or (-1, 0)
        if head.tree_size != size or head.tree_size != self._snapshot.size:
            detail = f"the head states {head.tree_size} entries; the last checkpoint is for {size}"
            self._faults.add("head.size", "head", 1, detail)
        if head.checkpoint_number != number:
            detail = f"the head states checkpoint {head.checkpoint_number}; the last one is {number}"
            self._faults.add("head.checkpoint", "head", 1, detail)
            missing = range(number + 1 if type(number) is int else 0, head.checkpoint_number + 1)
            for absent in missing[:100]:
                self._faults.add("checkpoint.missing", "checkpoints", absent, "the checkpoint is missing")
        if self._stitcher.root is not None and head.root != self._stitcher.root:
            self._faults.add("head.root", "head", 1, "the root is not the one that the entries give")
        count = self._snapshot.refusal_count
        if head.refusal_count != count:
            detail = f"the head states {head.refusal_count} refusals, and the journal has {count}"
            self._faults.add("head.refusals", "head", 1, detail)
        elif count == 0 and head.refusal_hash != bytes(32):
            self._faults.add(
                "head.refusals", "head", 1, "the refusal hash of an empty journal is 32 zero bytes"
            )

    def _say_what_was_checked(self) -> None:
        counts = self.report.counts
        checked = self.report.checked
        checked.append(
            f"entries {self._start} to {self._end}: form, links, leaf hashes, times, {counts['tiles']} tiles"
        )
        checked.append(f"{counts['statements']} statements: bytes, signature, key, window, public flag")
        if counts["erased"]:
            checked.append(f"{counts['erased']} erased statements: what stays of them, and the acts")
        checked.append(f"{counts['checkpoints']} checkpoints: numbers, sizes, roots, notes, signatures")
        if self._whole:
            checked.append(f"{counts['refusals']} refusals: chain, signatures, publications")
            checked.append(f"{counts['acts']} acts folded again, and every register compared with them")
            if counts["attachments"]:
                checked.append(f"{counts['attachments']} uploaded attachments: bytes, and who names them")
            if self._replay.books.left_open:
                checked.append(
                    f"{len(self._replay.books.left_open)} acts only as to their form and signature"
                )
        else:
            checked.append("the tree outside the range as its tiles are stored; no registers and no refusals")
