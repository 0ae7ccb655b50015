"""Adopting a mark: an operator's decision about which history this host goes on with."""

from sqlalchemy import Engine

from ledger.errors import EvidenceError, MarkAhead, MarkUnwritable
from ledger.log.merkle import prove_consistency, verify_consistency
from ledger.log.tree_head import Checkpoint
from ledger.registration.mark import Mark
from ledger.store import log_store
from ledger.store.proofs import node_reader


def adopt_mark(engine: Engine, mark: Mark, note: bytes, head: Checkpoint, *, lower: bool) -> None:
    """Takes a checkpoint as the mark, if the database holds that history.

    Args:
        engine: The ledger's database.
        mark: This host's mark.
        note: The signed checkpoint, opened and found signed by this log.
        head: What it says.
        lower: Whether it may lie below the present mark.

    Raises:
        MarkAhead: The database is not at or beyond the checkpoint, or not its continuation; or the present
            mark is higher and ``lower`` is not given.
        MarkUnwritable: It could not be written.
    """
    with engine.connect() as connection:
        stored = log_store.read_head(connection)
        if stored.tree_size < head.size:
            raise MarkAhead(
                f"the database has {stored.tree_size} entries, and the checkpoint has {head.size}",
                mend="Restore a newer copy, or adopt a checkpoint that the database reaches.",
            )
        try:
            if stored.tree_size > head.size:
                path = prove_consistency(
                    head.size, stored.tree_size, node_reader(connection, stored.tree_size)
                )
                verify_consistency(head.size, stored.tree_size, path, head.root, stored.root)
            elif stored.root != head.root:
                raise MarkAhead("the database holds another log of the checkpoint's size")
        except EvidenceError as error:
            raise MarkAhead("the database's log is not a continuation of the checkpoint's") from error
    try:
        present = mark.read()
    except MarkUnwritable:  # a damaged mark is what the operator replaces
        present = None
    if present is not None and present.size > head.size and not lower:
        raise MarkAhead(
            f"this host's mark is at size {present.size}, above the checkpoint's {head.size}",
            mend="Restore a newer copy. Only if the newer entries are lost for good, add --lower.",
        )
    mark.replace(note)
