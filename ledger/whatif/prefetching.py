"""Reading ahead what a chunk's movements will be judged by, in a few bulk reads.

Decides: nothing; what is not read ahead is read when it is asked for.
"""

from collections.abc import Sequence, Set
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, text

from ledger.movements.movement import Movement
from ledger.records.books import Books
from ledger.records.lots import (
    LotRecord,
    LotVersionRecord,
    PostingRecord,
    ShipmentLineRecord,
    ShipmentRecord,
)
from ledger.records.oversight import DeclarationRecord, InvoiceRecord

_PRODUCTS: Final = text("SELECT lot, product FROM lots WHERE lot IN :names").bindparams(
    bindparam("names", expanding=True)
)
_MOST_NAMES: Final = 500


class Placed(NamedTuple):
    """A movement with its place in the log and who signed it."""

    entry_index: int
    position: int
    issuer: str
    movement: Movement


def read_ahead(now: Books, placed: Sequence[Placed], lots_of: Set[str]) -> None:
    """Brings into memory the lines, shipments, lots and papers of some movements.

    Args:
        now: Where to.
        placed: The movements.
        lots_of: The kinds whose rules look into lots; a lot of a long chain has thousands of cells.
    """
    events = {(each.entry_index, each.position) for each in placed}
    now.prefetch_groups(PostingRecord, "event", events)
    shipments = {(each.movement.custodian_from or each.issuer, each.movement.event_id) for each in placed}
    now.prefetch(ShipmentRecord, shipments)
    now.prefetch_groups(ShipmentLineRecord, "shipment", shipments)
    names: set[str] = set()
    for each in placed:
        if each.movement.kind in lots_of:
            names.update(line.lot for line in (*each.movement.inputs, *each.movement.outputs))
            shipment = (each.movement.custodian_from or each.issuer, each.movement.event_id)
            names.update(line.lot for line in now.group(ShipmentLineRecord, "shipment", *shipment))
    now.prefetch(LotRecord, [(name,) for name in names])
    now.prefetch_groups(LotVersionRecord, "lot", [(name,) for name in names])
    now.prefetch(DeclarationRecord, {(each.movement.declaration,) for each in placed})
    now.prefetch(InvoiceRecord, {(each.movement.invoice,) for each in placed if each.movement.invoice})


def read_products(connection: Connection, now: Books, placed: Sequence[Placed]) -> dict[str, str]:
    """Product codes of the lots that some movements moved."""
    postings = (now.group(PostingRecord, "event", each.entry_index, each.position) for each in placed)
    names = sorted({line.lot for lines in postings for line in lines if line.lot})
    found: dict[str, str] = {}
    for start in range(0, len(names), _MOST_NAMES):
        part = {"names": names[start : start + _MOST_NAMES]}
        found.update((str(lot), str(product)) for lot, product in connection.execute(_PRODUCTS, part))
    return found
