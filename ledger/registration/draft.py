"""A batch while it is being put together, and what is made of it: journal records, outcomes with receipts.

Decides: how refusals are chained, and that what was stored is read back and hashed again.
"""

import hashlib
from dataclasses import dataclass, field

from sqlalchemy import Connection

from ledger.controls.submission import Submission
from ledger.encoding import b64url_encode
from ledger.errors import LogInconsistent
from ledger.findings import Finding
from ledger.log.canonical import canonical_json
from ledger.log.merkle import leaf_hash
from ledger.log.receipt import ReceiptWriter
from ledger.log.tiles import TileEdge
from ledger.registration.log_state import LogState
from ledger.registration.outcomes import Appended, Outcome
from ledger.statements.registers import Facts
from ledger.store import log_store
from ledger.store.log_store import LoggedKey, NewEntry, NewRefusal


@dataclass(frozen=True, slots=True)
class RefusedStatement:
    """A refused statement, with the index and the policy that it was judged for and under."""

    submission: Submission
    findings: tuple[Finding, ...]
    judged_at: int
    policy: int


@dataclass(slots=True)
class Draft:
    """A batch while it is being put together.

    Attributes:
        state: Of the log before it.
        facts: The registers and books, which change with every entry.
        now_us: Its time.
        roots: Of the published tree heads that its statements name, by size.
        logged: The statements of its issuers and identifiers that the log has already.
        edge: The tree's, as it grows.
        entries: New ones in order.
        refused: In order.
        outcomes: One for each statement so far.
        erased: Indices of statements whose bytes it takes away.
        told: What submitters are told, by index.
        begun: Whether a statement has been judged.
    """

    state: LogState
    facts: Facts
    now_us: int
    roots: dict[int, bytes]
    logged: dict[tuple[str, str], LoggedKey]
    edge: TileEdge
    entries: list[NewEntry] = field(default_factory=list)
    refused: list[RefusedStatement] = field(default_factory=list)
    outcomes: list[Outcome | NewEntry] = field(default_factory=list)
    erased: set[int] = field(default_factory=set)
    told: dict[int, tuple[Finding, ...]] = field(default_factory=dict)
    begun: bool = False
    _sent: int = 0

    @property
    def last_leaf_hash(self) -> bytes:
        """Of the log's last entry, its own included."""
        return self.entries[-1].leaf_hash if self.entries else self.state.last_leaf_hash

    @property
    def last_time_us(self) -> int:
        """Of the log's last entry, its own included."""
        return self.now_us if self.entries else self.state.last_recorded_at_us

    @property
    def unsent(self) -> int:
        """How many entries the database was not sent yet."""
        return len(self.entries) - self._sent

    def take_unsent(self) -> list[NewEntry]:
        """The entries that the database was not sent yet, which are to be sent now."""
        unsent = self.entries[self._sent :]
        self._sent = len(self.entries)
        return unsent


def new_refusals(connection: Connection, draft: Draft) -> list[NewRefusal]:
    """The new records of the refusal journal: once for each statement and findings, chained."""
    if not draft.refused:
        return []
    known = log_store.known_refusals(
        connection, [refused.submission.statement.statement_hash for refused in draft.refused]
    )
    rows: list[NewRefusal] = []
    previous, number = draft.state.head.refusal_hash, draft.state.head.refusal_count
    for refused in draft.refused:
        said = [finding.as_json() for finding in refused.findings]
        statement = refused.submission.statement
        statement_hash = statement.statement_hash
        findings_hash = hashlib.sha256(canonical_json(said)).digest()
        if (statement_hash, findings_hash) in known:
            continue
        known.add((statement_hash, findings_hash))
        record = canonical_json(
            {
                "findings": said,
                "judged_at": refused.judged_at,
                "number": number,
                "policy": refused.policy,
                "previous": b64url_encode(previous),
                "statement": b64url_encode(statement_hash),
            }
        )
        record_hash = hashlib.sha256(record).digest()
        rows.append(NewRefusal(number, record, record_hash, statement_hash, findings_hash, statement.jws))
        previous, number = record_hash, number + 1
    return rows


def check_stored(connection: Connection, draft: Draft) -> None:
    """Returns only if the database gives back every new entry and statement as it was made.

    Raises:
        LogInconsistent: It does not.
    """
    start = draft.state.head.tree_size
    stored = log_store.read_stored(connection, start, start + len(draft.entries))
    for new, (entry, jws) in zip(draft.entries, stored, strict=True):
        erased = new.entry_index in draft.erased
        if leaf_hash(entry) != new.leaf_hash or not (
            erased or (jws is not None and hashlib.sha256(jws).digest() == new.statement_hash)
        ):
            raise LogInconsistent(f"entry {new.entry_index} was not stored as it was made")


def outcomes_of(draft: Draft, state: LogState, note: bytes | None) -> list[Outcome]:
    """What became of each statement, in order.

    Args:
        draft: What is committed.
        state: Of the log after it.
        note: The signed checkpoint after it; None where it has no entry.
    """
    frozen = state.edge.copy()
    state.edge.forget()
    receipts = ReceiptWriter(frozen.size, frozen.nodes, note or b"")
    outcomes: list[Outcome] = []
    for outcome in draft.outcomes:
        if isinstance(outcome, NewEntry):
            assert note is not None
            outcomes.append(
                Appended(
                    index=outcome.entry_index,
                    recorded_at_us=draft.now_us,
                    entry=outcome.entry,
                    statement_hash=outcome.statement_hash,
                    jws=outcome.jws,
                    receipts=receipts,
                    told=draft.told.get(outcome.entry_index, ()),
                )
            )
        else:
            outcomes.append(outcome)
    return outcomes
