"""Reading ahead what a chunk's movements will be judged by, in a few bulk reads.

Decides: nothing; what is not read ahead is read when it is asked for.
"""

from collections.abc import Sequence
from typing import NamedTuple

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


class Placed(NamedTuple):
    """A movement with its place in the log and who signed it."""

    entry_index: int
    position: int
    issuer: str
    movement: Movement


def read_ahead(now: Books, placed: Sequence[Placed]) -> None:
    """Brings into memory the lines, shipments, lots and papers of some movements."""
    events = {(each.entry_index, each.position) for each in placed}
    now.prefetch_groups(PostingRecord, "event", events)
    shipments = {(each.movement.custodian_from or each.issuer, each.movement.event_id) for each in placed}
    now.prefetch(ShipmentRecord, shipments)
    now.prefetch_groups(ShipmentLineRecord, "shipment", shipments)
    names = {line.lot for each in placed for line in (*each.movement.inputs, *each.movement.outputs)}
    for shipment in shipments:
        names.update(line.lot for line in now.group(ShipmentLineRecord, "shipment", *shipment))
    now.prefetch(LotRecord, [(name,) for name in names])
    now.prefetch_groups(LotVersionRecord, "lot", [(name,) for name in names])
    now.prefetch(DeclarationRecord, {(each.movement.declaration,) for each in placed})
    now.prefetch(InvoiceRecord, {(each.movement.invoice,) for each in placed if each.movement.invoice})
