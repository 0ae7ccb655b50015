"""The committing thread: how much one batch takes; and while nothing is sent, a mark that cannot be raised
and a log that is found wrong.
"""

import threading
import time
from collections.abc import MutableMapping, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from ledger.controls.submission import Submission, read_submission
from ledger.errors import (
    LogInconsistent,
    MarkAhead,
    MarkUnwritable,
    ReledgerError,
    StatementUnjudged,
    StoreBusy,
)
from ledger.registration.batch import BatchWriter
from ledger.registration.committer import BatchReport, Committer, Limits, Ticket, Waiter
from ledger.registration.outcomes import Outcome, Repeated
from ledger.statements.envelope import parse_statement
from tests.support.books import movement
from tests.support.cast import Cast


class Writer:
    """Answers every statement as repeated; raises what it is told to when the mark is to be raised."""

    def __init__(self, failure: Exception) -> None:
        self.failure = failure
        self.looked = threading.Semaphore(0)

    def write(self, submissions: Sequence[Submission]) -> list[Outcome]:
        return [Repeated(0) for _ in submissions]

    def advance_mark(self) -> None:
        self.looked.release()
        raise self.failure


@pytest.fixture(autouse=True)
def _short_idle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.registration.committer.IDLE_SECONDS", 0.01)


def idled(failure: Exception) -> tuple[Committer, list[MutableMapping[str, Any]]]:
    """A committer that could not raise the mark, and what it has logged of that."""
    writer = Writer(failure)
    with capture_logs() as logs:
        committer = Committer(lambda: cast(BatchWriter, writer), Limits())
        committer.start()
        for _ in range(2):  # the second look comes after the first was told of
            assert writer.looked.acquire(timeout=60)
    return committer, logs


def submit(committer: Committer) -> Outcome:
    parties = Cast()
    submission = read_submission(parse_statement(parties.record()), parties.mine.party, parties.origin)
    waiter = Waiter()
    return waiter.wait(committer.submit(submission, waiter))


@pytest.mark.parametrize("kind", [StoreBusy, MarkUnwritable, MarkAhead])
def test_what_can_pass_is_told_and_tried_again(kind: type[ReledgerError]) -> None:
    committer, logs = idled(kind("not now"))
    told = {"event": "mark.not-advanced", "log_level": "error", "code": kind.code, "detail": "not now"}
    assert logs[0] == told
    assert committer.stopped is None
    assert submit(committer) == Repeated(0)
    committer.close()


def test_a_log_that_contradicts_its_mark_stops_the_writing_while_nothing_is_sent() -> None:
    committer, logs = idled(LogInconsistent("the head does not continue the mark"))
    assert (logs[0]["event"], logs[0]["code"]) == ("mark.not-advanced", "log.inconsistent")
    assert committer.stopped is not None
    with pytest.raises(LogInconsistent, match="does not continue the mark"):
        submit(committer)
    committer.close()


def test_a_fault_that_nobody_foresaw_stops_it_too_and_is_told_to_the_log_alone() -> None:
    committer, logs = idled(ZeroDivisionError("at 10.1.2.3"))
    assert str(logs[0]["exc_info"]) == "at 10.1.2.3"
    with pytest.raises(LogInconsistent) as caught:
        submit(committer)
    assert "10.1.2.3" not in str(caught.value)
    committer.close()


class Gate(Writer):
    """Notes the batches; the first one waits until it is let through."""

    def __init__(self) -> None:
        super().__init__(StoreBusy("not now"))
        self.begun, self.open = threading.Event(), threading.Event()
        self.batches: list[list[int]] = []

    def write(self, submissions: Sequence[Submission]) -> list[Outcome]:
        self.batches.append([len(each.movements) for each in submissions])
        self.begun.set()
        assert self.open.wait(60)
        return super().write(submissions)


@pytest.mark.parametrize(
    ("limits", "batches"),
    [
        (Limits(batch_movements=10), [[3, 7], [11], [1, 9], [1, 0, 0]]),
        (Limits(batch_movements=1), [[3], [7], [11], [1], [9], [1, 0, 0]]),
        (Limits(batch_statements=4, batch_movements=100), [[3, 7, 11, 1], [9, 1, 0, 0]]),
    ],
)
def test_a_batch_takes_so_many_movements_or_one_statement(limits: Limits, batches: list[list[int]]) -> None:
    parties = Cast()
    plain = read_submission(parse_statement(parties.record()), parties.mine.party, parties.origin)
    writer, waiter = Gate(), Waiter()
    committer = Committer(lambda: cast(BatchWriter, writer), limits)
    tickets = [committer.submit(plain, waiter)]
    assert writer.begun.wait(60)
    for count in (3, 7, 11, 1, 9, 1, 0, 0):
        movements = (movement("extract", "urn:event"),) * count
        tickets.append(committer.submit(replace(plain, movements=movements), waiter))
    writer.open.set()
    assert [waiter.wait(ticket) for ticket in tickets] == [Repeated(0)] * 9
    assert writer.batches == [[0], *batches]
    committer.close()


class Slow(Gate):
    """Takes two statements of a batch at once; of those with three movements it cannot judge any.

    Attributes:
        written: Movements of the statements that it has written, in their order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.written: list[int] = []

    def write(self, submissions: Sequence[Submission]) -> list[Outcome]:
        super().write(submissions)
        here = submissions[:2]
        if any(len(each.movements) == 3 for each in here):
            raise StatementUnjudged("it met a fault that nobody foresaw")
        self.written += [len(each.movements) for each in here]
        return [Repeated(len(each.movements)) for each in here]


@pytest.mark.parametrize(
    ("counts", "batches"),
    [
        ([[1, 2]], [[1, 2]]),
        ([[1, 2, 4, 5, 6]], [[1, 2, 4, 5, 6], [4, 5, 6], [6]]),
        ([[1, 2, 3, 5]], [[1, 2, 3, 5], [3, 5], [3], [5]]),
        ([[3, 2, 4, 5]], [[3, 2, 4, 5], [3, 2], [3], [2], [4, 5]]),
        ([[3, 2, 4, 5, 6, 7]], [[3, 2, 4, 5, 6, 7], [3, 2, 4], [3], [2, 4], [5, 6, 7], [7]]),
        (
            [[*range(10, 20)]],
            [[*range(10, 18)], [*range(12, 20)], [*range(14, 20)], [*range(16, 20)], [18, 19]],
        ),
        # Who took long stands behind everybody else, each in its own order.
        ([[1, 2, 4, 5, 6], [7, 8, 9]], [[1, 2, 4, 5, 6, 7, 8, 9], [7, 8, 9, 4, 5, 6], [4, 5, 6, 9], [9, 6]]),
        ([[1, 2, 4], [5], [6]], [[1, 2, 4, 5, 6], [5, 6, 4], [4]]),
    ],
)
def test_what_a_writer_leaves_of_a_batch_is_written_after_everybody_else(
    counts: list[list[int]], batches: list[list[int]]
) -> None:
    parties = Cast()
    plain = read_submission(parse_statement(parties.record()), parties.mine.party, parties.origin)
    writer, reports = Slow(), list[BatchReport]()
    limits = Limits(batch_statements=8)
    committer = Committer(lambda: cast(BatchWriter, writer), limits, reports.append)
    with capture_logs():
        first = Waiter()
        before = committer.submit(plain, first)
        assert writer.begun.wait(60)
        tickets = []
        for one in counts:
            waiter = Waiter()
            for count in one:
                movements = (movement("extract", "urn:event"),) * count
                submission = replace(plain, movements=movements)
                tickets.append((count, waiter, committer.submit(submission, waiter, patient=True)))
        writer.open.set()
        assert first.wait(before) == Repeated(0)
        for count, waiter, ticket in tickets:
            if count == 3:
                with pytest.raises(StatementUnjudged):
                    waiter.wait(ticket)
            else:
                assert waiter.wait(ticket) == Repeated(count)
        committer.close()
    assert writer.batches == [[0], *batches]
    assert committer.depth == 0
    assert sum(report.repeated for report in reports) == 1 + sum(count != 3 for count, _, _ in tickets)


def test_lines_stay_in_their_order_however_they_are_parted() -> None:
    parties = Cast()
    plain = read_submission(parse_statement(parties.record()), parties.mine.party, parties.origin)
    writer, waiter = Slow(), Waiter()
    writer.open.set()
    committer = Committer(lambda: cast(BatchWriter, writer), Limits())
    counts = [3, *range(10, 33)]
    tickets = [
        Ticket(replace(plain, movements=(movement("extract", "urn:event"),) * count), waiter)
        for count in counts
    ]
    with capture_logs():
        committer._carry_out(cast(BatchWriter, writer), tickets)
        while committer.depth:
            committer._carry_out(cast(BatchWriter, writer), committer._take() or ())
    assert writer.written == counts[1:]


def test_what_waits_again_counts_on_the_bounds_of_the_queue() -> None:
    parties = Cast()
    plain = read_submission(parse_statement(parties.record()), parties.mine.party, parties.origin)
    writer, waiter = Slow(), Waiter()
    writer.open.set()
    committer = Committer(lambda: cast(BatchWriter, writer), Limits(patience_s=60, patience_limit_s=60))
    committer._senders = 1  # more lines are to come
    committer._carry_out(cast(BatchWriter, writer), [Ticket(plain, waiter) for _ in range(5)])
    assert committer.depth == 3
    assert committer._queued_bytes == 3 * len(plain.statement.jws)
    begun = time.monotonic()
    assert len(committer._take() or ()) == 3
    assert time.monotonic() - begun < 30  # nobody else is waited for
    assert (committer.depth, committer._queued_bytes, committer._urgent) == (0, 0, 0)
