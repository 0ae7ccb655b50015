"""Registering statements: what the HTTP surface and the command line call.

Decides: the order in which one caller's statements are taken, and what a caller is told. One ``Registrar``
per process; any number of processes may share one database.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine

from ledger.clock import Clock
from ledger.controls.deciding import Decider
from ledger.controls.judging import Position
from ledger.controls.submission import Submission
from ledger.errors import (
    JwsHeaderInvalid,
    LedgerEmpty,
    LogInconsistent,
    RequestError,
    StatementConflict,
    StatementRefused,
)
from ledger.findings import Finding
from ledger.log.entry import parse_entry
from ledger.log.merkle import tree_root
from ledger.log.note import NoteSigner
from ledger.registration.batch import BatchWriter
from ledger.registration.committer import BatchReport, Committer, Limits, Ticket, Waiter
from ledger.registration.kept_books import KeptBooks
from ledger.registration.mark import Mark
from ledger.registration.outcomes import (
    Appended,
    CheckReport,
    Conflicting,
    LineResult,
    Outcome,
    Refused,
    Registered,
    Repeated,
)
from ledger.registration.precedence import Precedence, Turns
from ledger.registration.submission import (
    EnrolledKey,
    KeyDirectory,
    examine,
    key_unknown,
    parse_and_examine,
)
from ledger.statements.acts.genesis import Genesis
from ledger.statements.envelope import SignedStatement, parse_statement
from ledger.statements.keys import parse_jwk
from ledger.statements.payload import read_payload
from ledger.store import log_store
from ledger.store.locking import begin_read, busy_as_unavailable
from ledger.store.proofs import node_reader, stored_receipt
from ledger.store.registers_store import read_facts, read_key

WINDOW = 1_024
"""Lines of one batch request that may wait for the committer at once."""


@dataclass(slots=True)
class _Line:
    number: int
    ticket: Ticket | None = None
    error: RequestError | None = None

    @property
    def done(self) -> bool:
        return self.ticket is None or self.ticket.done


class Registrar:
    """The one way into the log."""

    def __init__(
        self,
        engine: Engine,
        origin: str,
        signer: NoteSigner,
        mark: Mark,
        clock: Clock,
        *,
        limits: Limits | None = None,
        observe: Callable[[BatchReport], None] = lambda report: None,
        examiners: int = 2,
    ) -> None:
        """Opens nothing and starts nothing until the first statement.

        Args:
            engine: The ledger's database.
            origin: The log's origin, as genesis states it.
            signer: The log's Ed25519 key.
            mark: This host's high-water mark.
            clock: The host's clock.
            limits: Bounds of the queue and of a batch.
            observe: Told of every batch, from the committing thread.
            examiners: How many batch requests are examined at once: the processors there are for this
                process. A signature is verified while Python runs another thread.
        """
        self._engine = engine
        self._origin = origin
        self._clock = clock
        self._signer = signer
        self._mark = mark
        self._precedence = Precedence()
        self._turns = Turns(examiners)
        self._committer = Committer(self._make_writer, limits or Limits(), observe)
        self._keys = KeyDirectory(self._load_key)

    @property
    def queue_depth(self) -> int:
        """Statements that wait to be committed in this process."""
        return self._committer.depth

    @property
    def stopped(self) -> LogInconsistent | None:
        """Why this process writes no more, or None."""
        return self._committer.stopped

    def start(self) -> None:
        """Starts the committer in this process now rather than with the first statement."""
        self._committer.start()

    def close(self) -> None:
        """Commits what is queued and ends the committer."""
        self._committer.close()

    def register(self, jws: bytes) -> Registered:
        """Registers one statement.

        Afterwards it is in the log, durable, and the returned receipt proves it.

        Args:
            jws: The compact JWS as received.

        Raises:
            RequestError: It is not registered; see ledger.errors for each reason.
        """
        submission = parse_and_examine(jws, self._keys, self._origin)
        waiter = Waiter()
        return self._answer(waiter.wait(self._committer.submit(submission, waiter)))

    def register_lines(self, lines: Iterable[tuple[int, bytes]]) -> Iterator[LineResult]:
        """Registers many statements; each stands or falls by itself, in the order given.

        A line whose kid is unknown waits for the earlier lines, one of which may enrol it. Memory is bounded
        by a window of waiting lines.

        Args:
            lines: (line number, compact JWS) pairs.

        Yields:
            One result for each line, in order: once it and all earlier ones are known, and the next line
            has come or none comes any more.

        Raises:
            Exception: A fault that nobody foresaw, once the results of the lines before it are told.
        """
        waiter = Waiter()
        pending: deque[_Line] = deque()
        with self._committer.sending(), self._turns.queued() as turn:
            try:
                for number, jws in lines:
                    while pending and (pending[0].done or len(pending) >= WINDOW):
                        yield self._line_result(pending.popleft(), waiter)
                    turn.begin()
                    self._precedence.stand_back()
                    line = _Line(number)
                    try:
                        statement = parse_statement(jws)
                        enrolled = self._keys.find(statement.header.kid)
                        if enrolled is None:
                            turn.pause()
                            yield from self._results(pending, waiter)
                            enrolled = self._keys.find(statement.header.kid)
                        if enrolled is None:
                            raise key_unknown(statement.header.kid)
                        submission = examine(statement, enrolled, self._origin)
                        line.ticket = self._committer.submit(submission, waiter, patient=True)
                    except RequestError as error:
                        line.error = error.again()
                    turn.pause()
                    pending.append(line)
            except Exception:  # what waits is registered all the same
                turn.pause()
                yield from self._results(pending, waiter)
                raise
        yield from self._results(pending, waiter)

    def check(self, jws: bytes) -> CheckReport:
        """What registering would answer now, without recording anything.

        Args:
            jws: The compact JWS.
        """
        try:
            return self._judge_dry(parse_and_examine(jws, self._keys, self._origin))
        except RequestError as error:
            return CheckReport("refused", None, error=error.again())

    def initialise(self, jws: bytes) -> Registered:
        """Starts an empty log with its genesis statement.

        Args:
            jws: Genesis, signed by an authority with a key that its payload lists.

        Raises:
            StatementRefused: It is not a valid genesis for this origin and log key, or the log has one.
        """
        statement = parse_statement(jws)
        submission = self._examine_genesis(statement)
        with self._reading() as connection:
            size = log_store.read_head(connection).tree_size
        if size > 0:
            raise StatementRefused(
                [
                    Finding(
                        "genesis.not-first",
                        f"the log has {size} entries already",
                        mend="Use another database, or start the server on this one.",
                    )
                ]
            )
        (outcome,) = self._make_writer().write([submission], genesis=True)
        return self._answer(outcome)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with busy_as_unavailable(), self._engine.connect() as connection, begin_read(connection):
            yield connection

    def _make_writer(self) -> BatchWriter:
        return BatchWriter(
            self._engine, self._origin, self._signer, self._mark, self._clock, self._precedence
        )

    def _examine_genesis(self, statement: SignedStatement) -> Submission:
        payload = read_payload(statement.header.cty, statement.payload)
        if payload.findings:
            raise StatementRefused(payload.findings)
        if not isinstance(payload.act, Genesis):
            raise StatementRefused(
                [Finding("genesis.expected", "the statement is not a genesis act", "/act")]
            )
        found = payload.act.find_key(statement.header.kid)
        if found is None:
            raise JwsHeaderInvalid(
                "genesis is not signed by a key that its own payload lists", pointer="/kid"
            )
        party, public_key = found
        return examine(statement, EnrolledKey(public_key, party), self._origin)

    def _load_key(self, kid: str) -> EnrolledKey | None:
        with self._reading() as connection:
            record = read_key(connection, kid)
            if record is None and log_store.read_head(connection).tree_size == 0:
                raise LedgerEmpty("the log is empty")
        return None if record is None else EnrolledKey(parse_jwk(record.jwk), record.party)

    def _results(self, pending: deque[_Line], waiter: Waiter) -> Iterator[LineResult]:
        while pending:
            yield self._line_result(pending.popleft(), waiter)

    def _line_result(self, line: _Line, waiter: Waiter) -> LineResult:
        if line.ticket is None:
            return LineResult(line.number, None, line.error)
        try:
            return LineResult(line.number, self._answer(waiter.wait(line.ticket)), None)
        except RequestError as error:
            return LineResult(line.number, None, error)

    def _answer(self, outcome: Outcome) -> Registered:
        match outcome:
            case Appended():
                return Registered(
                    True,
                    outcome.index,
                    outcome.statement_hash,
                    outcome.receipt(),
                    outcome.jws,
                    outcome.recorded_at_us,
                    outcome.told,
                )
            case Repeated(index):
                return self._stored(index)
            case Conflicting(index):
                raise StatementConflict(
                    f"entry {index} records another statement of this issuer under the same jti",
                    extra={"index": index},
                )
            case Refused(findings):
                raise StatementRefused(findings)

    def _stored(self, index: int) -> Registered:
        with self._reading() as connection:
            (stored,) = log_store.read_entries(connection, index, index + 1)
            entry = parse_entry(stored)
            return Registered(
                False,
                index,
                entry.statement,
                stored_receipt(connection, index),
                log_store.read_jws(connection, index),
                entry.recorded_at_us,
            )

    def _judge_dry(self, submission: Submission) -> CheckReport:
        statement = submission.statement
        with self._reading() as connection:
            head = log_store.read_head(connection)
            name = (submission.issuer, statement.header.jti)
            earlier = log_store.find_by_jti(connection, [name]).get(name)
            if earlier is not None:
                if earlier.signing_input_hash == statement.signing_input_hash:
                    return CheckReport("repeated", earlier.entry_index)
                self._answer(Conflicting(earlier.entry_index))
            facts = read_facts(connection, submission.names())
            facts.refusal_count, facts.refusal_hash = head.refusal_count, head.refusal_hash
            roots: dict[int, bytes] = {}
            seen = statement.header.seen
            if seen is not None and log_store.checkpoint_of_size(connection, seen.size) is not None:
                roots[seen.size] = tree_root(seen.size, node_reader(connection, seen.size))
            KeptBooks().open(connection, head, facts, [submission])
            position = Position(head.tree_size, self._clock.now_us(), roots)
            decider = Decider(self._origin)
            decider.begin_batch(facts, position)
            decision = decider.consider(submission, position, facts)
        if decision.refused:
            return CheckReport("refused", None, decision.refused, StatementRefused(decision.refused))
        return CheckReport("created", head.tree_size, decision.told)
