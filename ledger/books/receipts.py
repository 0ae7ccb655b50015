"""Receipts: what was sent arrives, in one or several deliveries, before or after the shipment is recorded.

Decides: how much a receipt moves. A receipt that is not final moves what it weighed, at most what is left.
The final one ends its lots' travel: if all that was weighed agrees with what was sent within
``receipt.tolerance_share`` of the dry contained mass, two scales differ and the holding takes the rest as
sent; if less arrived, the holding takes what was weighed and the rest goes to differences; if more, the
holding takes what was sent, and the excess stands in the shipment's line (``weighed_mg``), for nothing is
minted. Drying in transit is no loss: a mass at another moisture is compared at the moisture of the birth.

``ree:final`` speaks of the lots that the receipt lists. A lot that it does not list travels on.

A receipt that names a shipment which is not recorded credits a provisional holding against a suspense account
of the consignor (``settling``). It is refused only where it contradicts a recorded shipment.
"""

from collections.abc import Mapping
from fractions import Fraction

from ledger.books import settling, units
from ledger.books.accounts import Journal
from ledger.books.births import BIRTH_AWAITED, node_of, stage_of, supersede
from ledger.books.context import Impossible
from ledger.books.counting import birth_status
from ledger.books.custody import acting_custodian
from ledger.findings import Finding
from ledger.movements.movement import Line
from ledger.movements.values import MAX_MASS_MG
from ledger.records.cells import AWAITED, Cell
from ledger.records.lots import LotRecord, ProvisionalRecord, ShipmentLineRecord, ShipmentRecord
from ledger.records.periods import filing_deadline_us
from ledger.records.quick import replace


def book_receipt(journal: Journal) -> None:
    """Books a receipt.

    Raises:
        Impossible: It contradicts the shipment that it names, or says too little to be credited before it.
    """
    movement = journal.movement
    consignee = acting_custodian(journal, movement.custodian_to, "custody.not-consignee")
    consignor = movement.custodian_from or movement.owner_from
    name = movement.shipment or movement.despatch_advice
    if not consignor or not name:
        raise _impossible(
            journal,
            "shipment.unknown",
            "the receipt does not say whose shipment it receives",
            "Name the consignor in sourceList and its eventID or despatch advice in ree:shipment.",
        )
    found = settling.find(journal.books, consignor, name)
    own = [shipment for shipment in found if shipment.consignee == consignee]
    if found and not own:
        raise _impossible(
            journal,
            "custody.not-consignee",
            f"shipment {name} of {consignor} goes to another party than {consignee}",
            "Name the shipment that was sent to you, or let its consignee record this.",
        )
    exact = journal.books.get(ShipmentRecord, consignor, name) is not None
    lines: dict[str, list[Line]] = {}
    coming = {line.lot for shipment in own for line in settling.lines_of(journal.books, shipment)}
    for line in units.goods(journal, consignee, weighed=True, coming=coming):
        lines.setdefault(line.lot, []).append(line)
    if not lines:
        raise _impossible(journal, "receipt.empty", "nothing is received", "List the lots or the units.")
    for lot, listed in lines.items():
        if exact:
            _check_travels(journal, own[0], lot, listed[0])
        if not _receive(journal, own, lot, listed):
            _credit_before(journal, consignor, consignee, name, listed)
    for shipment in own:
        standing = journal.books.get(ShipmentRecord, shipment.consignor, shipment.event_id)
        assert standing is not None
        journal.effect.shipments.append(standing)
        settling.close_if_empty(journal, standing, movement.event_time_us)


def as_sent_mg(lot: LotRecord | None, line: Line) -> int | None:
    """A weighed mass at the moisture that the lot was born with, in mg; None where nothing was weighed."""
    if line.mass_mg is None or line.moisture is None or lot is None:
        return line.mass_mg
    declared = Fraction(str(lot.composition.get("moistureFraction", "0")))
    return min(round(line.mass_mg * (1 - line.moisture) / (1 - declared)), MAX_MASS_MG)


def _receive(journal: Journal, own: list[ShipmentRecord], name: str, listed: list[Line]) -> bool:
    """Receives a lot from the shipments that have some of it left; False where none has."""
    travelling: list[tuple[ShipmentRecord, ShipmentLineRecord]] = []
    for shipment in own:
        line = journal.books.get(ShipmentLineRecord, shipment.consignor, shipment.event_id, name)
        if line is not None and line.left_mg > 0 and shipment.state == "open":
            travelling.append((shipment, line))
    if not travelling:
        return False
    lot = journal.lot(listed[0])
    masses = [as_sent_mg(lot, line) for line in listed]
    rest_mg = None if None in masses else sum(mass for mass in masses if mass is not None)
    for place, (shipment, line) in enumerate(travelling):
        last = place == len(travelling) - 1
        weighed_mg = rest_mg
        if rest_mg is not None and not last and rest_mg > _most(journal, line):
            weighed_mg = line.left_mg
        _receive_line(journal, shipment, line, lot, weighed_mg)
        if weighed_mg is None or rest_mg is None:
            continue
        rest_mg -= weighed_mg
        if rest_mg == 0:
            break
    return True


def _most(journal: Journal, line: ShipmentLineRecord) -> Fraction:
    return line.left_mg * (1 + journal.recording.policy.thresholds["receipt.tolerance_share"])


def _receive_line(
    journal: Journal,
    shipment: ShipmentRecord,
    line: ShipmentLineRecord,
    lot: LotRecord,
    weighed_mg: int | None,
) -> None:
    movement = journal.movement
    weighed = line.left_mg if weighed_mg is None else weighed_mg
    total_mg = line.weighed_mg + weighed
    ends = movement.final or lot.instance
    moved = min(weighed, line.left_mg)
    missing = 0
    if ends:
        missing = line.left_mg - moved
        share = journal.recording.policy.thresholds["receipt.tolerance_share"]
        agrees = abs(line.sent_mg - total_mg) * share.denominator <= line.sent_mg * share.numerator
        if agrees or lot.instance:
            moved, missing = line.left_mg, 0
        settling.compare(journal, lot, line.sent_mg, total_mg)
    where, site = settling.reference(shipment), movement.site or shipment.site_to
    journal.post(
        "transit",
        lot=lot.lot,
        mass_mg=-moved - missing,
        owner=shipment.owner_from,
        custodian=shipment.consignor,
        reference=where,
    )
    if moved:
        journal.give(
            lot.lot,
            moved,
            owner=shipment.owner_to,
            custodian=shipment.consignee,
            site=site,
        )
    settling.differ(journal, lot, missing, custodian=shipment.consignee, site=site, reference=where)
    left_mg = line.left_mg - moved - missing
    settling.put_line(journal, replace(line, left_mg=left_mg, weighed_mg=total_mg))


def _check_travels(journal: Journal, shipment: ShipmentRecord, lot: str, line: Line) -> None:
    """What is received by a shipment's own id must be travelling in it."""
    record = journal.books.get(ShipmentLineRecord, shipment.consignor, shipment.event_id, lot)
    evidence = {"consignor": shipment.consignor, "shipment": shipment.event_id, "lot": lot}
    if record is None:
        raise _impossible(
            journal,
            "shipment.not-listed",
            f"shipment {shipment.event_id} has no {lot}",
            "Correct the lot, or name the shipment by which it came.",
            evidence,
            line.pointer,
        )
    if shipment.state != "open" or record.left_mg <= 0:
        raise _impossible(
            journal,
            "shipment.closed",
            f"nothing of {lot} travels in shipment {shipment.event_id}, which is {shipment.state}",
            "Correct the earlier receipt if it was wrong, or name another shipment.",
            evidence,
            line.pointer,
        )


def _credit_before(journal: Journal, consignor: str, consignee: str, name: str, listed: list[Line]) -> None:
    """Credits a lot whose shipment is not recorded yet."""
    movement, recording = journal.movement, journal.recording
    if consignor == consignee:
        raise _impossible(
            journal,
            "shipment.unknown",
            f"{consignee} receives from itself what it has not sent",
            "Record your own shipment before its receipt.",
            {"consignor": consignor, "shipment": name},
            listed[0].pointer,
        )
    known = journal.books.get(LotRecord, listed[0].lot)
    standing = None if known is None or known.voided_at is not None else known
    masses = [as_sent_mg(standing, line) for line in listed]
    mass_mg = sum(mass for mass in masses if mass is not None)
    if None in masses or mass_mg <= 0:
        raise _impossible(
            journal,
            "receipt.massless",
            f"{listed[0].lot} is received before its shipment is recorded, and without a mass",
            "State what was weighed, or wait until the consignor files the shipment.",
            {"lot": listed[0].lot},
            listed[0].pointer,
        )
    lot = _awaited(journal, listed[0], mass_mg, known, consignee) if standing is None else standing
    owner = movement.owner_to or consignee
    receipt = ProvisionalRecord(
        consignee=consignee,
        event_id=movement.event_id,
        lot=lot.lot,
        consignor=consignor,
        shipment=name,
        owner=owner,
        site=movement.site,
        mass_mg=mass_mg,
        left_mg=mass_mg,
        final=movement.final,
        entry_index=recording.index,
        position=journal.position,
        event_time_us=movement.event_time_us,
        due_us=filing_deadline_us(movement.event_time_us, recording.policy),
    )
    journal.give(
        lot.lot,
        mass_mg,
        owner=owner,
        custodian=consignee,
        site=movement.site,
        provisional_mg=mass_mg,
    )
    journal.post(
        "suspense",
        lot=lot.lot,
        mass_mg=-mass_mg,
        owner=owner,
        custodian=consignor,
        reference=settling.receipt_reference(receipt),
    )
    journal.books.put(receipt)
    journal.effect.provisional = True


def _awaited(
    journal: Journal, line: Line, mass_mg: int, voided: LotRecord | None, consignee: str
) -> LotRecord:
    """The place of a lot whose birth is not recorded, or was taken back, with what the receipt says of it."""
    composition = line.composition
    if composition is None:
        raise _impossible(
            journal,
            "lot.unknown",
            f"no lot {line.lot} is in the books, and the receipt does not say what it contains",
            "Declare its composition in ree:lots, or wait until its birth is recorded.",
            {"lot": line.lot},
            line.pointer,
        )
    stage = stage_of(journal, line)
    status = birth_status("extract", stage)
    cells: dict[Cell, int] = {
        (element, f"{AWAITED}{line.lot}", status): contained_mg
        for element, contained_mg in composition.contained_mg.items()
        if contained_mg
    }
    lot = LotRecord(
        lot=line.lot,
        node=node_of(journal, voided),
        entry_index=journal.recording.index,
        position=journal.position,
        producer="",
        site="",
        event_time_us=journal.movement.event_time_us,
        birth=BIRTH_AWAITED,
        product=line.product,
        stage=stage,
        mass_mg=line.mass_mg or mass_mg,
        cells=cells,
        composition=composition.declared,
        instance=line.instance,
        pieces=line.pieces,
        custody_model=line.custody_model,
        tainted_by=None if voided is None else voided.tainted_by,
    )
    if voided is not None:
        supersede(journal, voided, lot, consignee)
    journal.books.put(lot)
    return lot


def _impossible(
    journal: Journal,
    code: str,
    detail: str,
    mend: str,
    evidence: Mapping[str, object] | None = None,
    pointer: str = "",
) -> Impossible:
    return Impossible(Finding(code, detail, pointer or journal.movement.pointer, mend, evidence or {}))
