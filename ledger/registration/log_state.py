"""Where the log ends, as this process knows it; brought up to the database's head under the log lock.

Decides: whether the head that the database shows is a continuation of everything this host has signed or
seen. Nothing is signed on a head that is not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection

from ledger.errors import EvidenceError, LogInconsistent, MarkAhead, MarkMissing
from ledger.log.entry import GENESIS_PREVIOUS, parse_entry
from ledger.log.merkle import EMPTY_ROOT, leaf_hash, prove_consistency, verify_consistency
from ledger.log.tiles import TileEdge
from ledger.registration.mark import MarkedHead
from ledger.store.asking import Answer, Asking
from ledger.store.log_store import (
    CheckpointRow,
    HeadRow,
    entries_between,
    last_checkpoint,
    leaf_hashes_between,
    refusal_hash,
)
from ledger.store.proofs import node_reader, read_edge

CATCH_UP_ENTRIES = 8_192


@dataclass(frozen=True, slots=True)
class LogState:
    """The end of the log.

    Attributes:
        head: The head row.
        edge: The right edge of the tree of ``head.tree_size`` leaves.
        last_leaf_hash: Link for the next entry.
        last_recorded_at_us: Time of the last entry; 0 before genesis.
    """

    head: HeadRow
    edge: TileEdge
    last_leaf_hash: bytes
    last_recorded_at_us: int


def catch_up(
    connection: Connection, known: LogState | None, head: HeadRow, marked: MarkedHead | None
) -> LogState:
    """``ask_state``, asked alone."""
    return ask_state(Asking(connection), known, head, marked)()


def ask_state(
    asking: Asking, known: LogState | None, head: HeadRow, marked: MarkedHead | None
) -> Callable[[], LogState]:
    """The state at ``head``, checked against what this process knew and against the mark.

    Args:
        asking: Over a transaction.
        known: The state after this process's last batch, or None.
        head: The head as that transaction reads it.
        marked: This host's mark, read before the head where the log lock is not held: who appends raises it
            afterwards.

    Returns:
        Gives the state, and raises what follows as well.

    Raises:
        MarkMissing: The log has entries and this host keeps no mark.
        MarkAhead: The log is older than the mark or than what this process has committed, or another one.
        LogInconsistent: The stored entries do not give the head's root.
    """
    _check_order(known, head, marked)
    if known is not None and known.head == head:
        return partial(_unchanged, asking.connection, known, marked)
    near = known is not None and head.tree_size - known.head.tree_size <= CATCH_UP_ENTRIES
    base = known if near else None
    asked = _Asked(
        leaf_hashes=asking.put(
            leaf_hashes_between(base.head.tree_size if base else head.tree_size, head.tree_size)
        ),
        last_checkpoint=asking.put(last_checkpoint()),
        last_refusal=asking.put(refusal_hash(head.refusal_count - 1)),
        last_entry=asking.put(entries_between(head.tree_size - 1, head.tree_size)),
    )
    return partial(_grown, asking.connection, base, head, marked, asked)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the way to a new head takes to know."""

    leaf_hashes: Answer[list[bytes]]
    last_checkpoint: Answer[CheckpointRow | None]
    last_refusal: Answer[bytes | None]
    last_entry: Answer[list[bytes]]


def _unchanged(connection: Connection, known: LogState, marked: MarkedHead | None) -> LogState:
    if marked is not None and marked.size < known.head.tree_size:
        _check_marked_by_proof(connection, known.head, marked)
    return known


def _grown(
    connection: Connection, base: LogState | None, head: HeadRow, marked: MarkedHead | None, asked: _Asked
) -> LogState:
    edge = read_edge(connection, head.tree_size) if base is None else _extend(base, asked.leaf_hashes.value)
    if edge.root() != head.root:
        raise LogInconsistent(
            f"the entries before {head.tree_size} do not give the root that the head row states"
        )
    _check_rows_of(head, asked.last_checkpoint.value, asked.last_refusal.value)
    # What grew from the very head that is marked needs no proof that it did.
    if marked is not None and marked.size < head.tree_size and not _is_of(marked, base):
        _check_marked_by_proof(connection, head, marked)
    last_leaf, last_time = _last_entry(asked.last_entry.value, head.tree_size)
    return LogState(head, edge, last_leaf, last_time)


def _is_of(marked: MarkedHead, base: LogState | None) -> bool:
    return base is not None and (base.head.tree_size, base.head.root) == (marked.size, marked.root)


def _check_order(known: LogState | None, head: HeadRow, marked: MarkedHead | None) -> None:
    if marked is None:
        if head.tree_size > 0:
            raise MarkMissing(
                f"the database has {head.tree_size} entries, and this host keeps no mark of them"
            )
        return
    if marked.size > head.tree_size:
        raise MarkAhead(
            f"the database has {head.tree_size} entries, and this host has signed or seen {marked.size}",
            extra={"database_size": head.tree_size, "mark_size": marked.size},
        )
    if marked.size == head.tree_size and marked.root != head.root:
        raise MarkAhead(
            f"the database has another log of {head.tree_size} entries than the one that was signed"
        )
    if known is not None and known.head.tree_size > head.tree_size:
        raise MarkAhead(
            f"the database has {head.tree_size} entries, this process committed {known.head.tree_size}",
            extra={"database_size": head.tree_size, "mark_size": known.head.tree_size},
        )


def _extend(known: LogState, leaf_hashes: Sequence[bytes]) -> TileEdge:
    edge = known.edge.copy()
    for hashed in leaf_hashes:
        edge.append(hashed)
    edge.take_full_tiles()
    edge.forget()
    return edge


def _check_rows_of(head: HeadRow, last: CheckpointRow | None, last_refusal: bytes | None) -> None:
    """The head row names the last checkpoint and the last refusal, and nothing else."""
    stored = (-1, 0, EMPTY_ROOT) if last is None else (last.checkpoint_number, last.tree_size, last.root)
    if stored != (head.checkpoint_number, head.tree_size, head.root):
        raise LogInconsistent("the head row and the last checkpoint differ")
    if head.refusal_count and last_refusal != head.refusal_hash:
        raise LogInconsistent("the head row and the last refusal differ")


def _check_marked_by_proof(connection: Connection, head: HeadRow, marked: MarkedHead) -> None:
    reader = node_reader(connection, head.tree_size)
    path = prove_consistency(marked.size, head.tree_size, reader)
    try:
        verify_consistency(marked.size, head.tree_size, path, marked.root, head.root)
    except EvidenceError as error:
        raise MarkAhead(
            f"the database's log of {head.tree_size} entries does not continue the {marked.size} entries "
            "that this host has signed or seen"
        ) from error


def _last_entry(stored: Sequence[bytes], size: int) -> tuple[bytes, int]:
    if size == 0:
        return GENESIS_PREVIOUS, 0
    if len(stored) != 1:
        raise LogInconsistent(f"entry {size - 1} is missing")
    try:
        entry = parse_entry(stored[0])
    except EvidenceError as error:
        raise LogInconsistent(f"entry {size - 1} is damaged: {error.detail}") from error
    return leaf_hash(stored[0]), entry.recorded_at_us
