"""Who does the work of an audit: this process, or one process for each core.

Decides: how work is shared out, so that results come in order, few wait at a time, and nothing but small
values crosses between processes. Safe under every start method: a worker gets all it needs as plain values.
"""

import gc
import multiprocessing
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import islice
from multiprocessing import resource_tracker
from multiprocessing.context import BaseContext
from multiprocessing.queues import Queue
from threading import Event
from types import TracebackType
from typing import NamedTuple

from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from ledger.audit.notes import CheckpointNotes
from ledger.audit.ranges import RangeChecker, RangeResult
from ledger.audit.refusals import RefusalChecker, RefusalResult
from ledger.audit.statements import StatementChecker
from ledger.errors import AuditCancelled
from ledger.processors import processors
from ledger.statements.registers import KeyRecord
from ledger.store.engine import create_ledger_engine
from ledger.store.raw_reads import raw_reader

# Below this many entries a second process takes longer to start than it saves.
FEW_ENTRIES = 8_192
_WAITING_PER_PROCESS = 8
_POSTGRESQL = "ledger.store.psycopg_forms"
_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Assignment:
    """Everything that a worker needs.

    Attributes:
        url: The database.
        origin: The log's origin.
        vkeys: The log's own keys.
        cosigners: Keys of known witnesses.
        size: The log's size.
        keys: Keys by kid, from the public acts.
        unproven: Keys as the register has them.
        policies: Indices of the acts that set a policy.
    """

    url: URL
    origin: str
    vkeys: tuple[str, ...]
    cosigners: tuple[str, ...]
    size: int
    keys: dict[str, KeyRecord]
    unproven: dict[str, KeyRecord]
    policies: tuple[int, ...]


class Task(NamedTuple):
    """One piece of work: ``kind`` is ``range``, ``refusals`` or ``file``; the range is [start, end)."""

    kind: str
    start: int = 0
    end: int = 0


TaskResult = RangeResult | RefusalResult | list[str]


class Worker:
    """Does tasks over a connection of its own."""

    def __init__(self, assignment: Assignment) -> None:
        self._assignment = assignment
        self._engine = create_ledger_engine(assignment.url, pool_size=1, read_only=True)
        self._statements = StatementChecker(assignment.origin, assignment.keys, assignment.unproven)
        self._notes = CheckpointNotes(assignment.origin, assignment.vkeys, assignment.cosigners)

    def close(self) -> None:
        """Gives up the connection."""
        self._engine.dispose()

    def do(self, task: Task) -> TaskResult:
        """Does one task; a part of the database that cannot be read becomes a fault in its result."""
        try:
            return self._do(task)
        except SQLAlchemyError as error:
            return _unreadable(task, error)

    def _do(self, task: Task) -> TaskResult:
        assignment = self._assignment
        with self._engine.connect() as connection, connection.begin(), raw_reader(connection) as reader:
            if task.kind == "range":
                checker = RangeChecker(reader, self._statements, self._notes, assignment.size)
                return checker.check(task.start, task.end)
            if task.kind == "refusals":
                refusals = RefusalChecker(reader, self._statements, assignment.size, assignment.policies)
                return refusals.check(task.start, task.end)
            return reader.damage()


def reason_of(error: SQLAlchemyError) -> str:
    """What the database says, in one line."""
    lines = str(getattr(error, "orig", None) or error).splitlines()
    return lines[0] if lines else type(error).__name__


def _unreadable(task: Task, error: SQLAlchemyError) -> TaskResult:
    reason = reason_of(error)
    if task.kind == "range":
        unread = RangeResult(task.start, task.end)
        detail = f"entries {task.start} to {task.end - 1} cannot be read: {reason}"
        unread.faults.add("store.unreadable", "entries", task.start, detail)
        return unread
    if task.kind == "refusals":
        missing = RefusalResult(task.start, task.end)
        detail = f"refusals {task.start} to {task.end - 1} cannot be read: {reason}"
        missing.faults.add("store.unreadable", "refusals", task.start, detail)
        return missing
    return [reason]


_worker: Worker | None = None


def _start_method() -> BaseContext:
    """How the others are started.

    They are forked from a process that has imported everything and does nothing else, so that only the first
    crew waits for the import. This one has threads, and perhaps SQLite's file open: whoever forked it
    would take over locks that nobody releases, and others that are not held.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([name for name in (__name__, _POSTGRESQL) if name in sys.modules])
    return context


def _hold_interrupts() -> None:
    """What this thread starts never hears of Ctrl-C, which a terminal tells all; the crew ends it."""
    if hasattr(signal, "pthread_sigmask"):
        resource_tracker.ensure_running()  # whoever starts it lets interrupts through again
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def _start(assignments: "Queue[Assignment | None]") -> None:
    global _worker
    assignment = assignments.get()
    if assignment is not None:
        _worker = Worker(assignment)
    # What was imported stays: looking through it for garbage again and again costs a twentieth of the time.
    gc.freeze()


def _be_there() -> None:
    """Nothing: to be asked for it is what starts a process."""


def _do(task: Task) -> TaskResult:
    assert _worker is not None
    return _worker.do(task)


def default_processes(size: int) -> int:
    """One process for each core that this one may use; a single one for a small log."""
    return 1 if size < FEW_ENTRIES else processors()


@dataclass(slots=True)
class _Slot:
    """A task under way: in another process, or done here."""

    task: Task
    future: Future[TaskResult]
    result: TaskResult | None = None

    @property
    def done(self) -> bool:
        return self.result is not None or self.future.done()


class _Others:
    """The other processes of a crew: they start at once, and wait until they are told what to work on."""

    def __init__(self, count: int) -> None:
        self.count = count
        context = _start_method()
        self._assignments: Queue[Assignment | None] = context.Queue()
        self._pool = ProcessPoolExecutor(
            count, mp_context=context, initializer=_start, initargs=(self._assignments,)
        )
        # Who asks for a process waits until there is something to fork it from.
        self._asker = ThreadPoolExecutor(1, initializer=_hold_interrupts)
        self._started = self._asker.submit(self._begin)

    def _begin(self) -> None:
        for _ in range(self.count):
            self._pool.submit(_be_there)

    @property
    def there(self) -> bool:
        """Whether they have started, or something kept them from it, which ``submit`` then meets too."""
        return self._started.done()

    def tell(self, assignment: Assignment | None) -> None:
        """Gives each of them what to work on, or None for nothing."""
        for _ in range(self.count):
            self._assignments.put(assignment)

    def submit(self, task: Task) -> "Future[TaskResult]":
        """Has one of them do a task; whoever asks before they are there waits for them."""
        return self._pool.submit(_do, task)

    def submit_once_there(self, task: Task) -> "Future[Future[TaskResult]]":
        """The same for whoever cannot wait."""
        return self._asker.submit(self.submit, task)

    def end(self) -> None:
        """Waits for what they are doing, and for their end."""
        self._asker.shutdown(wait=True)
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._assignments.close()
        self._assignments.cancel_join_thread()  # what nobody took is for nobody


class Crew:
    """Does tasks, in this process alone (``processes`` = 1) or with others beside; a context manager.

    This process works too: the others need a second to start, and then one less is needed. They start at
    once, so that whoever must still find out what to ``assign`` does it meanwhile.
    """

    def __init__(self, processes: int, cancel: Event | None = None) -> None:
        self._processes = processes
        self._cancel = cancel
        self._others: _Others | None = None
        self._assigned: Worker | None = None

    def __enter__(self) -> "Crew":
        if self._processes > 1:
            self._others = _Others(self._processes - 1)
        return self

    def assign(self, assignment: Assignment) -> None:
        """Says what to work on; once, and before any task."""
        self._assigned = Worker(assignment)
        if self._others is not None:
            self._others.tell(assignment)

    @property
    def _worker(self) -> Worker:
        assert self._assigned is not None
        return self._assigned

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._others is not None:
            if self._assigned is None:
                self._others.tell(None)
            self._others.end()
        if self._assigned is not None:
            self._assigned.close()

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, TaskResult]]:
        """Each task with its result, in the order of the tasks.

        Raises:
            AuditCancelled: The event was set.
        """
        left = iter(tasks)
        while self._others is None or not self._others.there:
            self._check_cancelled()
            task = next(left, None)
            if task is None:
                return
            yield task, self._worker.do(task)
        slots: deque[_Slot] = deque()
        while True:
            self._check_cancelled()
            for task in islice(left, (self._others.count + 1) * _WAITING_PER_PROCESS - len(slots)):
                slots.append(_Slot(task, self._others.submit(task)))
            if not slots:
                return
            if slots[0].done:
                slot = slots.popleft()
                yield slot.task, slot.result if slot.result is not None else slot.future.result()
            else:
                self._help(slots)

    def begin_file_check(self) -> Callable[[], list[str]]:
        """Begins SQLite's own check of the file beside everything else; gives what waits for its findings."""
        task = Task("file")
        asked = None if self._others is None else self._others.submit_once_there(task)

        def finish() -> list[str]:
            future = None if asked is None else asked.result()
            while future is not None and not future.done():
                self._check_cancelled()
                wait([future], timeout=_POLL_S)
            found = self._worker.do(task) if future is None else future.result()
            assert isinstance(found, list)
            return found

        return finish

    def _help(self, slots: Iterable[_Slot]) -> None:
        """Does the first task that nobody has begun; where there is none, waits for the first of all.

        Whoever did a later one would soon have done all that may be under way, and wait for the others.
        """
        for slot in slots:
            if slot.result is None and slot.future.cancel():
                slot.result = self._worker.do(slot.task)
                return
        wait([slot.future for slot in slots if slot.result is None][:1], timeout=_POLL_S)

    def _check_cancelled(self) -> None:
        if self._cancel is not None and self._cancel.is_set():
            raise AuditCancelled("the audit was stopped; what it found so far proves nothing")
