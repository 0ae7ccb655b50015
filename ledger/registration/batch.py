"""One batch: one transaction under the log lock, from reading the head to the committed checkpoint.

Decides: first come first served; a refused statement changes nothing and does not disturb its batch; nothing
is signed before what was stored has been read back and hashed again; nothing is answered before the commit
is certain and the mark is written.
"""

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ledger.clock import Clock, SettableClock
from ledger.controls.deciding import Decider
from ledger.controls.judging import Position
from ledger.controls.submission import Submission
from ledger.errors import (
    ClockSkew,
    EvidenceError,
    LedgerEmpty,
    LogInconsistent,
    ReledgerError,
    StatementUnjudged,
    StoreBusy,
)
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.entry import Entry
from ledger.log.merkle import leaf_hash, prove_consistency, tree_root, verify_consistency
from ledger.log.note import NoteSigner
from ledger.registration.draft import Draft, RefusedStatement, check_stored, new_refusals, outcomes_of
from ledger.registration.kept_books import KeptBooks
from ledger.registration.log_state import LogState, ask_state, catch_up
from ledger.registration.mark import Mark
from ledger.registration.outcomes import Conflicting, Outcome, Refused, Repeated
from ledger.registration.precedence import Precedence, uncollected
from ledger.statements.registers import ErasureRecord, LoggedStatement, Names
from ledger.store import attachments_store, log_store
from ledger.store.asking import Asking, ask, telling
from ledger.store.books_source import write_records
from ledger.store.locking import begin_read, begin_write, busy_as_unavailable, database_clock
from ledger.store.log_store import HeadRow, LoggedKey, NewEntry
from ledger.store.proofs import node_reader
from ledger.store.registers_store import ask_facts, write_changes

SKEW_LIMIT_US: Final = 5_000_000
CROWDED_S: Final = 0.002
CROWDED_BATCHES: Final = 8
LONGEST_S: Final = 2.0
"""How long a batch takes up one statement after the other: all other writers wait meanwhile."""
SENT_AT_ONCE: Final = 100
"""Entries that a database which works meanwhile is sent while the next are judged."""


class BatchWriter:
    """Writes batches for one process; not thread-safe: one committer owns it."""

    def __init__(
        self,
        engine: Engine,
        origin: str,
        signer: NoteSigner,
        mark: Mark,
        clock: Clock,
        precedence: Precedence | None = None,
    ) -> None:
        self._engine = engine
        self._origin = origin
        self._signer = signer
        self._mark = mark
        self._clock = clock
        self._precedence = precedence or Precedence()
        self._waited_s = 0.0
        self._crowded = 0
        self._decider = Decider(origin)
        self._kept = KeptBooks()
        self._state: LogState | None = None
        self._unmarked: bytes | None = None

    def write(self, submissions: Sequence[Submission], *, genesis: bool = False) -> list[Outcome]:
        """Appends what may be appended, records what is refused, and commits.

        Afterwards every ``Appended`` is durable and provable, and the mark is at or beyond its checkpoint.

        Args:
            submissions: In queue order.
            genesis: True for the one statement that starts an empty log.

        Returns:
            One outcome for each submission, in the same order; where all would take longer than
            ``LONGEST_S`` for the first of them alone, at least one: the others are left for another batch.

        Raises:
            UnavailableError: Nothing is acknowledged; the same bytes may be sent again.
            StatementUnjudged: One of them met a fault that nobody foresaw. Nothing was recorded of any.
            LogInconsistent: The stored log contradicts itself; nothing may be written any more.
        """
        self._write_pending_mark()
        try:
            with self._engine.connect() as connection:
                asked = time.monotonic()
                begin_write(connection)
                self._waited_s = time.monotonic() - asked
                try:
                    with uncollected():
                        committed = self._write_locked(connection, submissions, genesis)
                except BaseException:
                    connection.rollback()
                    raise
                finally:
                    self._precedence.end()
        except IntegrityError as error:
            raise LogInconsistent("the database refused rows that follow from its own head row") from error
        except (DBAPIError, PoolTimeout) as error:
            raise StoreBusy("the database did not carry out the batch; nothing was recorded") from error
        draft, new_state, note = committed
        self._state = new_state
        # Without an entry, what time passing put into the books was not written.
        if draft.entries or not draft.facts.books.take_changes():
            self._kept.keep(draft.facts.books, new_state.head)
        if note is not None:
            self._unmarked = note
            self._write_pending_mark()
        if draft.erased:
            # All is committed and marked: that it cannot be emptied now fails nobody; the next call does it.
            with contextlib.suppress(DBAPIError, PoolTimeout):
                log_store.truncate_wal(self._engine)
        return outcomes_of(draft, new_state, note)

    def advance_mark(self) -> None:
        """Raises the mark to the newest stored checkpoint, after checking that it continues what is known."""
        self._write_pending_mark()
        marked = self._mark.read()  # before the head: another process may append and raise it meanwhile
        with busy_as_unavailable(), self._engine.connect() as connection, begin_read(connection):
            head = log_store.read_head(connection)
            if head.tree_size == 0 or (self._state is not None and self._state.head == head):
                return
            state = catch_up(connection, self._state, head, marked)
            checkpoint = log_store.checkpoint_of_size(connection, head.tree_size)
        if checkpoint is None:
            raise LogInconsistent(f"no checkpoint has the head's size {head.tree_size}")
        self._state = state
        self._mark.advance(checkpoint.note)

    def _write_pending_mark(self) -> None:
        if self._unmarked is not None:
            self._mark.advance(self._unmarked)
            self._unmarked = None

    def _write_locked(
        self, connection: Connection, submissions: Sequence[Submission], genesis: bool
    ) -> tuple[Draft, LogState, bytes | None]:
        draft = self._open_draft(connection, submissions, genesis)
        until = time.monotonic() + LONGEST_S
        with _judging():
            with telling(connection) as meanwhile:
                for submission in submissions:
                    draft.outcomes.append(self._place(draft, submission))
                    if time.monotonic() >= until:
                        break
                    if meanwhile and draft.unsent >= SENT_AT_ONCE:
                        log_store.append_entries(connection, draft.take_unsent())
            refusals = new_refusals(connection, draft)
        log_store.append_refusals(connection, refusals)
        new_head, note = draft.state.head, None
        if draft.entries:
            new_head, note = self._append(connection, draft)
        if refusals:
            new_head = new_head._replace(
                refusal_count=refusals[-1].refusal_number + 1, refusal_hash=refusals[-1].record_hash
            )
        if new_head != draft.state.head and not log_store.swap_head(connection, draft.state.head, new_head):
            raise LogInconsistent("the head row changed while this process held the log lock")
        new_state = LogState(new_head, draft.edge, draft.last_leaf_hash, draft.last_time_us)
        self._precedence.end()  # what is left to do is the disk's
        self._commit(connection, draft.state.head, new_head)
        return draft, new_state, note

    def _open_draft(self, connection: Connection, submissions: Sequence[Submission], genesis: bool) -> Draft:
        head = log_store.read_head(connection)
        if head.tree_size == 0 and not genesis:
            raise LedgerEmpty("the log is empty")
        self._crowded = self._crowded_for(head)
        if self._crowded:
            self._precedence.take()
        asking = Asking(connection)
        state_of = ask_state(asking, self._state, head, self._mark.read())
        names = Names()
        for submission in submissions:
            names.update(submission.names())
        facts_of = ask_facts(asking, names)
        clock = asking.put(database_clock(connection.dialect.name))
        logged = asking.put(
            log_store.logged_keys(
                ((each.issuer, each.statement.header.jti) for each in submissions), connection.dialect.name
            )
        )
        state, facts = state_of(), facts_of()
        host_us = self._clock.now_us()  # beside the database's: what follows may take its time
        facts.refusal_count, facts.refusal_hash = head.refusal_count, head.refusal_hash
        with _judging():
            self._kept.open(connection, head, facts, submissions)
        if facts.origin is not None and (
            facts.origin.origin != self._origin or self._signer.vkey not in facts.origin.log_keys
        ):
            raise LogInconsistent(
                "genesis lists other log keys, or another origin, than this server was started with",
                mend="Start the server with the log key and the origin that genesis names.",
            )
        return Draft(
            state=state,
            facts=facts,
            now_us=self._now_us(clock.value, host_us, state),
            roots=self._published_roots(connection, submissions, head.tree_size),
            logged=logged.value,
            edge=state.edge.copy(),
        )

    def _crowded_for(self, head: HeadRow) -> int:
        """For how many batches, this one included, another process is likely to wait for this one.

        So it is once this one had to wait for another, and for ``CROWDED_BATCHES`` more, as long as another
        writes between any two: who comes while this one holds the lock is seen by nobody.
        """
        if self._state is None or self._state.head == head:
            return 0
        if self._waited_s >= CROWDED_S:
            return 1 + CROWDED_BATCHES
        return max(self._crowded - 1, 0)

    def _now_us(self, database_us: int | None, host_us: int, state: LogState) -> int:
        """The batch's time: one clock, read once, after the lock; never earlier than the entry before."""
        simulated = isinstance(self._clock, SettableClock)
        now_us = host_us if database_us is None or simulated else database_us
        if abs(now_us - host_us) > SKEW_LIMIT_US:
            raise ClockSkew("the clocks of this host and of the database differ by more than 5 seconds")
        if state.last_recorded_at_us > now_us + SKEW_LIMIT_US:
            raise ClockSkew("the last entry lies more than 5 seconds in the future of this clock")
        return max(state.last_recorded_at_us, now_us)

    @staticmethod
    def _published_roots(
        connection: Connection, submissions: Sequence[Submission], size: int
    ) -> dict[int, bytes]:
        """Roots of the published tree heads that ``seen`` headers name, computed from the stored tiles."""
        named = {each.statement.header.seen.size for each in submissions if each.statement.header.seen}
        roots: dict[int, bytes] = {}
        for seen_size in sorted(named):
            if 1 <= seen_size <= size and log_store.checkpoint_of_size(connection, seen_size) is not None:
                roots[seen_size] = tree_root(seen_size, node_reader(connection, seen_size))
        return roots

    def _place(self, draft: Draft, submission: Submission) -> Outcome | NewEntry:
        """Idempotency, then judgement; what passes is applied to the facts and put on the tree."""
        statement = submission.statement
        name = (submission.issuer, statement.header.jti)
        earlier = draft.logged.get(name)
        if earlier is not None:
            same = earlier.signing_input_hash == statement.signing_input_hash
            return Repeated(earlier.entry_index) if same else Conflicting(earlier.entry_index)
        position = Position(draft.edge.size, draft.now_us, draft.roots)
        self._require_known_key(draft, submission, position)
        if not draft.begun:
            draft.begun = True
            self._decider.begin_batch(draft.facts, position)
        decision = self._decider.decide(submission, position, draft.facts)
        if decision.refused:
            policy = draft.facts.policy.entry_index if draft.facts.policy else 0
            draft.refused.append(RefusedStatement(submission, decision.refused, position.index, policy))
            return Refused(decision.refused)
        if decision.told:
            draft.told[position.index] = decision.told
        act = submission.payload.act
        public = act is not None and act.public
        encoded = Entry(
            position.index, draft.last_leaf_hash, public, draft.now_us, statement.statement_hash
        ).encode()
        leaf = leaf_hash(encoded)
        draft.edge.append(leaf)
        entry = NewEntry(
            entry_index=position.index,
            entry=encoded,
            leaf_hash=leaf,
            statement_hash=statement.statement_hash,
            issuer=submission.issuer,
            jti=statement.header.jti,
            kid=statement.header.kid,
            signing_input_hash=statement.signing_input_hash,
            jws=statement.jws,
        )
        draft.entries.append(entry)
        draft.logged[name] = LoggedKey(position.index, statement.statement_hash, statement.signing_input_hash)
        draft.facts.statements[statement.statement_hash] = LoggedStatement(
            entry_index=position.index,
            statement_hash=statement.statement_hash,
            issuer=submission.issuer,
            jti=statement.header.jti,
            kid=statement.header.kid,
            signing_input_hash=statement.signing_input_hash,
            recorded_at_us=draft.now_us,
            public=public,
            act=act.name if act is not None else None,
            erased=False,
        )
        return entry

    @staticmethod
    def _require_known_key(draft: Draft, submission: Submission, position: Position) -> None:
        """The key that verified the signature is this log's: a process remembers keys, and a database can be
        replaced under it.
        """
        kid = submission.statement.header.kid
        key = draft.facts.keys.get(kid)
        if position.index > 0 and (key is None or key.party != submission.issuer):
            raise LogInconsistent(
                f"the register does not hold the key {kid}, which this process read from it before",
                mend="The database was replaced while the server ran: stop its servers and start them again.",
            )

    def _append(self, connection: Connection, draft: Draft) -> tuple[HeadRow, bytes]:
        """Stores entries, tiles and effects, checks them as stored, and only then signs."""
        old = draft.state.head
        tiles = draft.edge.take_full_tiles()
        changes = draft.facts.take_changes()
        with _judging(), telling(connection):
            log_store.append_entries(connection, draft.take_unsent(), tiles)
            write_records(connection, draft.facts.books.take_changes())
            write_changes(connection, changes)
        draft.erased = {each.entry_index for each in changes if isinstance(each, ErasureRecord)}
        log_store.delete_erased_bytes(connection, sorted(draft.erased))
        attachments_store.delete_erased(connection, sorted(draft.erased))
        check_stored(connection, draft)
        checkpoint = Checkpoint(self._origin, draft.edge.size, draft.edge.root())
        if old.tree_size > 0:
            path = prove_consistency(old.tree_size, checkpoint.size, draft.edge.nodes)
            try:
                verify_consistency(old.tree_size, checkpoint.size, path, old.root, checkpoint.root)
            except EvidenceError as error:
                raise LogInconsistent("the new tree head would not continue the last one") from error
        note = sign_checkpoint(checkpoint, self._signer)
        number = old.checkpoint_number + 1
        log_store.append_checkpoint(connection, number, checkpoint.size, checkpoint.root, note)
        return old._replace(tree_size=checkpoint.size, root=checkpoint.root, checkpoint_number=number), note

    def _commit(self, connection: Connection, old: HeadRow, new: HeadRow) -> None:
        """Commits; where the answer is lost, finds out under the lock whether it was carried out."""
        try:
            connection.commit()
        except DBAPIError as error:
            self._state = None
            with contextlib.suppress(DBAPIError):  # lets the lock go where the transaction is still open
                connection.rollback()
            if new == old or not self._was_committed(old, new):
                raise StoreBusy("the commit failed; nothing was recorded") from error

    def _was_committed(self, old: HeadRow, new: HeadRow) -> bool:
        """Reads the head again. The log lock waits for the transaction whose answer was lost."""
        try:
            with self._engine.connect() as connection:
                begin_write(connection)
                if new.tree_size > old.tree_size:
                    checkpoint = log_store.checkpoint_of_size(connection, new.tree_size)
                    found = checkpoint is not None and checkpoint.root == new.root
                else:
                    found = ask(connection, log_store.refusal_hash(new.refusal_count - 1)) == new.refusal_hash
                connection.rollback()
                return found
        except (DBAPIError, PoolTimeout) as error:
            raise StoreBusy("the database went away during a commit; send the same bytes again") from error


@contextlib.contextmanager
def _judging() -> Iterator[None]:
    """Round what depends on what statements say: a fault there is that of one of them, not of the log.

    The transaction is rolled back and the books in memory are not used again, so nothing stays half done.
    """
    try:
        yield
    except DataError as error:
        raise StatementUnjudged("its effects cannot be stored") from error
    except (ReledgerError, DBAPIError, PoolTimeout):
        raise
    except Exception as error:
        raise StatementUnjudged("it met a fault that nobody foresaw") from error
