"""The queue and the one committing thread of a process.

Decides: how many statements wait, and how many go into one batch. A batch takes whatever is waiting, so one
commit (one fsync) serves all who arrived during the one before. Never judges.
"""

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError

from ledger.controls.submission import Submission
from ledger.errors import (
    LogInconsistent,
    QueueFull,
    ReledgerError,
    RequestError,
    StatementUnjudged,
    StoreBusy,
)
from ledger.registration.batch import BatchWriter
from ledger.registration.outcomes import Outcome, Refused, Repeated
from ledger.store.locking import code_of

IDLE_SECONDS = 10.0

_log = structlog.get_logger("reledger.committer")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the queue and of a batch: by number of statements and by bytes of JWS, of a batch also by its
    movements (but for those of a single statement), since other processes wait while they are booked.

    While nothing but lines of batch requests waits, a commit waits for ``patience_statements`` of them, as
    long as a request has more to come and some came within ``patience_s`` seconds, and for
    ``patience_limit_s`` at most: their sender is not waiting for the single line. Any other statement is
    committed at once.
    """

    queue_statements: int = 10_000
    queue_bytes: int = 256 * 1024 * 1024
    batch_statements: int = 1_024
    batch_bytes: int = 16 * 1024 * 1024
    batch_movements: int = 2_048
    patience_statements: int = 512
    patience_s: float = 0.025
    patience_limit_s: float = 0.5


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What one batch did, for metrics."""

    appended: int
    repeated: int
    refused: int
    seconds: float


class Waiter:
    """One caller's side of the queue: waits for tickets of its own."""

    __slots__ = ("_condition",)

    def __init__(self) -> None:
        self._condition = threading.Condition(threading.Lock())

    def wait(self, ticket: "Ticket") -> Outcome:
        """The ticket's outcome, once the committer has it.

        Raises:
            RequestError: The batch was not carried out.
        """
        with self._condition:
            while ticket.outcome is None and ticket.error is None:
                self._condition.wait()
        if ticket.error is not None:
            raise ticket.error.again()
        assert ticket.outcome is not None
        return ticket.outcome

    def wake(self) -> None:
        with self._condition:
            self._condition.notify_all()


class Ticket:
    """One submission in the queue."""

    __slots__ = ("error", "outcome", "queued_at", "submission", "waiter")

    def __init__(self, submission: Submission, waiter: Waiter) -> None:
        self.submission = submission
        self.waiter = waiter
        self.queued_at = time.monotonic()
        self.outcome: Outcome | None = None
        self.error: RequestError | None = None

    @property
    def done(self) -> bool:
        return self.outcome is not None or self.error is not None


class Committer:
    """Takes submissions from any thread and commits them in batches from one thread of its own."""

    def __init__(
        self,
        make_writer: Callable[[], BatchWriter],
        limits: Limits,
        observe: Callable[[BatchReport], None] = lambda report: None,
    ) -> None:
        """Starts nothing: the thread starts with the first submission, in the process that makes it.

        Args:
            make_writer: Makes the batch writer in the committing process (after any fork).
            limits: Bounds of the queue.
            observe: Told of every batch, from the committing thread.
        """
        self._make_writer = make_writer
        self._limits = limits
        self._observe = observe
        self._start_lock = threading.Lock()
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._queue: deque[Ticket] = deque()
        self._queued_bytes = 0
        self._urgent = 0
        self._senders = 0
        self._asleep = False
        self._changed = threading.Condition(threading.Lock())
        self._closing = False
        self._stopped: LogInconsistent | None = None
        self._thread: threading.Thread | None = None

    @property
    def depth(self) -> int:
        """Statements that wait now."""
        return len(self._queue)

    @property
    def stopped(self) -> LogInconsistent | None:
        """Why this process writes no more, or None; to be raised ``again``."""
        return self._stopped

    def start(self) -> None:
        """Starts the thread in this process, if it does not run."""
        with self._start_lock:
            if self._pid != os.getpid():
                self._reset()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
                self._thread.start()

    def submit(self, submission: Submission, waiter: Waiter, *, patient: bool = False) -> Ticket:
        """Queues a submission.

        Args:
            submission: A statement whose signature verified.
            waiter: Whom to wake once it is committed.
            patient: Whether it may wait a little for others to share its commit, while anybody sends.

        Raises:
            QueueFull: The queue is at its limit.
            LogInconsistent: This process has stopped writing.
        """
        if self._thread is None or self._pid != os.getpid():
            self.start()
        size = len(submission.statement.jws)
        with self._changed:
            if self._stopped is not None:
                raise self._stopped.again()
            if self._closing:
                raise StoreBusy("the server is stopping")
            if (
                len(self._queue) >= self._limits.queue_statements
                or self._queued_bytes + size > self._limits.queue_bytes
            ):
                raise QueueFull(f"{len(self._queue)} statements are waiting")
            ticket = Ticket(submission, waiter)
            self._queue.append(ticket)
            self._queued_bytes += size
            self._urgent += not patient
            if self._asleep and (self._urgent or len(self._queue) in (1, self._limits.patience_statements)):
                self._changed.notify()
        return ticket

    @contextlib.contextmanager
    def sending(self) -> Iterator[None]:
        """Says that more patient statements come: a commit may wait for them, until the last has come."""
        self.start()
        with self._changed:
            self._senders += 1
        try:
            yield
        finally:
            with self._changed:
                self._senders -= 1
                if self._asleep and not self._senders:
                    self._changed.notify()

    def close(self) -> None:
        """Commits what is queued, then ends the thread. Further submissions are refused."""
        with self._start_lock:
            if self._pid != os.getpid() or self._thread is None:
                return
            thread = self._thread
            with self._changed:
                self._closing = True
                self._changed.notify()
        thread.join()

    def _run(self) -> None:
        writer = self._make_writer()
        while True:
            batch = self._take()
            if batch is None:
                return
            if not batch:
                self._idle(writer)
                continue
            self._carry_out(writer, batch)

    def _take(self) -> list[Ticket] | None:
        """The next batch; empty after ten idle seconds; None when closing and drained."""
        with self._changed:
            if not self._queue and not self._closing:
                self._sleep(IDLE_SECONDS)
            if not self._queue:
                return None if self._closing else []
            self._gather()
            batch: list[Ticket] = []
            size = movements = 0
            while self._queue and len(batch) < self._limits.batch_statements:
                submission = self._queue[0].submission
                length, more = len(submission.statement.jws), len(submission.movements)
                if batch and (
                    size + length > self._limits.batch_bytes
                    or movements + more > self._limits.batch_movements
                ):
                    break
                batch.append(self._queue.popleft())
                size += length
                movements += more
            self._queued_bytes -= size
            self._urgent = min(self._urgent, len(self._queue))
            return batch

    def _gather(self) -> None:
        """Waits while only patient statements wait, few of them, more keep coming, and not for long."""
        limit = self._queue[0].queued_at + self._limits.patience_limit_s
        while (
            self._senders
            and not self._urgent
            and not self._closing
            and len(self._queue) < self._limits.patience_statements
        ):
            until = min(self._queue[-1].queued_at + self._limits.patience_s, limit)
            left = until - time.monotonic()
            if left <= 0:
                return
            self._sleep(left)

    def _sleep(self, seconds: float) -> None:
        self._asleep = True
        self._changed.wait(seconds)
        self._asleep = False

    def _carry_out(self, writer: BatchWriter, batch: Sequence[Ticket]) -> None:
        """Writes a batch and answers everyone who waits for it; only then tells of it.

        Where it would take the writer too long, the rest of it waits again. A batch in which one statement
        met a fault that nobody foresaw is written in halves, in its order, until that statement stands alone
        and fails alone.
        """
        waiting = [batch]
        while waiting:
            part = waiting.pop()
            if self._stopped is not None:
                self._fail(part, self._stopped)
            elif done := self._write(writer, part):
                if done < len(part):
                    rest = [part[done:], *reversed(waiting)]
                    self._put_back([*chain.from_iterable(rest)], part[done - 1].waiter)
                    return
            else:
                middle = len(part) // 2
                waiting += (part[middle:], part[:middle])

    def _put_back(self, rest: Sequence[Ticket], slow: Waiter) -> None:
        """Lets the rest of a batch wait again, and all others go before whose statements took so long."""
        with self._changed:
            self._queue = deque(sorted((*rest, *self._queue), key=lambda ticket: ticket.waiter is slow))
            self._queued_bytes += sum(len(ticket.submission.statement.jws) for ticket in rest)
            self._urgent += 1  # they have waited long enough to wait for nobody else

    def _write(self, writer: BatchWriter, batch: Sequence[Ticket]) -> int:
        """Writes a batch and answers: how many of it, 0 where all was undone for one statement of several."""
        started = time.perf_counter()
        try:
            outcomes = writer.write([ticket.submission for ticket in batch])
            done = batch[: len(outcomes)]
            for ticket, outcome in zip(done, outcomes, strict=True):
                ticket.outcome = outcome
        except StatementUnjudged as error:
            if len(batch) > 1:
                return 0
            self._fail(batch, error)
            with _unharmed():
                _log.error("statement.unjudged", exc_info=error.__cause__, detail=error.detail)
        except RequestError as error:
            self._fail(batch, error)
            with _unharmed():
                _log.error("batch.refused", statements=len(batch), **_told(error))
        except Exception as error:  # the thread's edge: every waiter must be answered
            self._fail(batch, _stopping(error))
            with _unharmed():
                _log.error("batch.failed", statements=len(batch), exc_info=error)
        else:
            self._wake(done)
            with _unharmed():
                self._observe(_report(outcomes, time.perf_counter() - started))
            return len(done)
        return len(batch)

    def _fail(self, batch: Sequence[Ticket], error: RequestError) -> None:
        waiting: list[Ticket] = []
        if isinstance(error, LogInconsistent):
            with self._changed:
                self._stopped = error.again()
                waiting = list(self._queue)
                self._queue.clear()
                self._queued_bytes = self._urgent = 0
        told = error.again()
        for ticket in (*batch, *waiting):
            ticket.error = told
        self._wake((*batch, *waiting))

    @staticmethod
    def _wake(tickets: Sequence[Ticket]) -> None:
        for waiter in {ticket.waiter for ticket in tickets}:
            waiter.wake()

    def _idle(self, writer: BatchWriter) -> None:
        """Raises the mark to what other hosts have appended.

        A database or a mark out of reach is told and tried again: nothing was acknowledged on the strength of
        it, and every batch reads the mark itself. A log that contradicts itself or the mark, and a fault that
        nobody foresaw, stop the writing as they do in a batch.
        """
        try:
            writer.advance_mark()
        except RequestError as error:
            self._fail((), error)
            with _unharmed():
                _log.error("mark.not-advanced", **_told(error))
        except Exception as error:  # the thread's edge: the committer must live on, to refuse
            self._fail((), _stopping(error))
            with _unharmed():
                _log.error("mark.not-advanced", exc_info=error)


def _unharmed() -> contextlib.AbstractContextManager[None]:
    """Round telling a log or a counter. If that cannot be written (a full disk), the thread lives on: nobody
    would be answered any more.
    """
    return contextlib.suppress(Exception)


def _told(failure: RequestError) -> dict[str, Any]:
    """For the log: with the database's own name for what it would not do."""
    told = {"code": failure.code, "detail": failure.detail}
    cause = failure.__cause__
    return {**told, "database": code_of(cause)} if isinstance(cause, DBAPIError) else told


def _stopping(error: Exception) -> LogInconsistent:
    detail = error.detail if isinstance(error, ReledgerError) else "an unexpected fault; see the server's log"
    return LogInconsistent(f"writing has stopped: {detail}")


def _report(outcomes: Sequence[Outcome], seconds: float) -> BatchReport:
    refused = sum(isinstance(outcome, Refused) for outcome in outcomes)
    repeated = sum(isinstance(outcome, Repeated) for outcome in outcomes)
    return BatchReport(len(outcomes) - refused - repeated, repeated, refused, seconds)
