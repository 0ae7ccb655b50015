"""Proofs made from the stored tiles and entries.

Decides: which stored rows a proof needs. Reads only; the caller's connection holds a transaction.
"""

from sqlalchemy import Connection

from ledger.errors import LogInconsistent, ResourceNotFound
from ledger.log.merkle import NodeReader, prove_inclusion
from ledger.log.receipt import Receipt
from ledger.log.tiles import TileEdge, tile_nodes
from ledger.store.log_store import first_checkpoint_covering, read_entries, read_tile_hashes


def node_reader(connection: Connection, size: int) -> NodeReader:
    """Reads nodes of the tree over the first ``size`` entries, tile by tile, each tile once."""
    return tile_nodes(lambda level, index, width: read_tile_hashes(connection, level, index, width), size)


def read_edge(connection: Connection, size: int) -> TileEdge:
    """The right edge of the tree over the first ``size`` entries."""
    return TileEdge.load(size, lambda level, index, width: read_tile_hashes(connection, level, index, width))


def stored_receipt(connection: Connection, index: int) -> bytes:
    """The receipt of an entry against the first stored checkpoint that covers it: the same bytes every time.

    Args:
        connection: Any transaction that sees the entry.
        index: 0-based.

    Raises:
        ResourceNotFound: There is no such entry.
        LogInconsistent: There is one, and no checkpoint covers it.
    """
    stored = list(read_entries(connection, index, index + 1))
    if not stored:
        raise ResourceNotFound(f"there is no entry {index}")
    checkpoint = first_checkpoint_covering(connection, index)
    if checkpoint is None:
        raise LogInconsistent(f"no checkpoint covers entry {index}")
    path = prove_inclusion(index, checkpoint.tree_size, node_reader(connection, checkpoint.tree_size))
    return Receipt(stored[0], index, tuple(path), checkpoint.note).encode()
