"""Reading ahead: everything that some movements name, in a bounded number of questions to the source.

Decides: nothing. What is not read ahead is read when it is asked for, one record at a time, with the same
result; so this follows what the books and the rules look at, and may lag behind them without harm.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from ledger.movements.movement import Movement
from ledger.records.books import Books, Key
from ledger.records.lots import (
    AssayRecord,
    EdgeRecord,
    EventRecord,
    HoldingRecord,
    LotRecord,
    MemberRecord,
    PoolRecord,
    PoolVersionRecord,
    PostingRecord,
    ProvisionalRecord,
    SealRecord,
    ShipmentLineRecord,
    ShipmentRecord,
    UnitRecord,
)
from ledger.records.oversight import (
    DeclarationRecord,
    DueRecord,
    InvoiceRecord,
    LicenceRecord,
    TallyRecord,
    TechnologyTransferRecord,
)

_SENDING = ("ship", "export", "disclose", "return", "release")

Signed = tuple[str, Movement]
"""Who signed, and what it says."""


def prefetch(books: Books, signed: Sequence[Signed]) -> None:
    """Reads what the movements of one batch name.

    Args:
        books: Where to.
        signed: Every movement of the batch with its issuer.
    """
    if not signed:
        return
    _read_named(books, signed)
    _read_found(books, signed)


def _read_named(books: Books, signed: Sequence[Signed]) -> None:
    """What stands under names that the movements themselves say."""
    lots = {(line.lot,) for _, each in signed for line in (*each.inputs, *each.outputs)}
    units = {(unit,) for _, each in signed for unit in (*each.units, each.parent) if unit}
    shipments = set(_shipments(signed))
    books.prefetch(LotRecord, lots)
    books.prefetch_groups(HoldingRecord, "lot", lots)
    books.prefetch_groups(ProvisionalRecord, "lot", lots)
    books.prefetch(
        EventRecord,
        ((issuer, name) for issuer, each in signed for name in (each.event_id, each.corrects) if name),
    )
    books.prefetch(ShipmentRecord, shipments)
    books.prefetch_groups(ShipmentRecord, "despatch_advice", shipments)
    books.prefetch_groups(ShipmentRecord, "replaced_by", shipments)
    books.prefetch_groups(ProvisionalRecord, "shipment", shipments)
    books.prefetch_groups(ShipmentLineRecord, "shipment", shipments)
    books.prefetch(UnitRecord, units)
    books.prefetch_groups(MemberRecord, "unit", units)
    books.prefetch(TallyRecord, set(_sums(signed)))
    books.prefetch(DueRecord, set(_dues(signed)))
    books.prefetch(PoolRecord, ((each.pool,) for _, each in signed if each.pool))
    books.prefetch(SealRecord, ((seal,) for _, each in signed for seal in each.seals))
    books.prefetch(LicenceRecord, ((each.licence,) for _, each in signed if each.licence))
    imparted = {(each.licence,) for _, each in signed if each.kind == "impart" and each.licence}
    books.prefetch_groups(TechnologyTransferRecord, "licence", imparted)
    books.prefetch(InvoiceRecord, ((each.invoice,) for _, each in signed if each.invoice))
    books.prefetch(DeclarationRecord, ((each.declaration,) for _, each in signed if each.declaration))
    books.prefetch_groups(
        AssayRecord,
        "lot",
        ((line.lot,) for _, each in signed if each.kind == "assay" for line in each.inputs),
    )


def _read_found(books: Books, signed: Sequence[Signed]) -> None:
    """What stands under names that the records of the first round say."""
    packed = {
        (member.child,)
        for _, each in signed
        for unit in (*each.units, each.parent)
        if unit
        for member in books.group(MemberRecord, "unit", unit)
    }
    packed |= set(_sent(books, signed))
    books.prefetch(LotRecord, packed)
    books.prefetch_groups(HoldingRecord, "lot", packed)
    books.prefetch(PoolVersionRecord, set(_versions(books, signed)))
    corrected = set(_corrected(books, signed))
    books.prefetch_groups(PostingRecord, "event", corrected)
    late = {
        (lot.node,)
        for _, each in signed
        for line in each.outputs
        if (lot := books.get(LotRecord, line.lot)) is not None
    }
    books.prefetch_groups(EdgeRecord, "parent", late)


def _shipments(signed: Sequence[Signed]) -> Iterator[Key]:
    """Consignor and name of every shipment that may be meant, as an event id or a despatch advice."""
    for issuer, each in signed:
        names = {each.shipment, each.despatch_advice}
        if each.kind in _SENDING or each.corrects:
            names.add(each.event_id)
        for name in names - {""}:
            for party in _consignors(issuer, each):
                yield party, name


def _consignors(issuer: str, movement: Movement) -> set[str]:
    """Who may have sent the shipments that a movement names."""
    parties = {movement.custodian_from, movement.owner_from} - {""}
    return parties if movement.kind == "receive" and not movement.corrects else {issuer, *parties}


def _sums(signed: Sequence[Signed]) -> Iterator[Key]:
    """The running sums that bear the name of an event, a lot or a thing."""
    for issuer, each in signed:
        for name in (each.event_id, each.corrects):
            yield "drawn", f"{issuer} {name}", ""
        for line in (*each.inputs, *each.outputs):
            yield ("seen" if line.instance else "hops"), line.lot, ""
        for unit in (*each.units, each.parent):
            yield "seen", unit, ""
        if each.invoice:
            yield "invoice", each.invoice, ""


def _dues(signed: Sequence[Signed]) -> Iterator[Key]:
    """What time will judge of each shipment, sale and receipt."""
    for issuer, each in signed:
        if each.kind in _SENDING:
            yield "shipment.unreceived", f"shipment:{issuer} {each.event_id}"
            yield "export.no-arrival", f"shipment:{issuer} {each.event_id}"
            yield "invoice.missing", f"{issuer} {each.event_id} {each.invoice}"
        elif each.kind == "receive":
            for line in each.inputs:
                yield "shipment.unsent", f"{issuer} {each.event_id} {line.lot}"


def _versions(books: Books, signed: Sequence[Signed]) -> Iterator[Key]:
    """The versions that the pools will have."""
    steps = Counter(each.pool for _, each in signed if each.pool)
    for pool, count in steps.items():
        known = books.get(PoolRecord, pool)
        first = 0 if known is None else known.version
        for version in range(first, first + count + 2):
            yield pool, version


def _sent(books: Books, signed: Sequence[Signed]) -> Iterator[Key]:
    """The lots of the shipments that movements name."""
    for issuer, each in signed:
        if each.shipment:
            for party in _consignors(issuer, each):
                for line in books.group(ShipmentLineRecord, "shipment", party, each.shipment):
                    yield (line.lot,)


def _corrected(books: Books, signed: Iterable[Signed]) -> Iterator[Key]:
    for issuer, each in signed:
        if each.corrects:
            event = books.get(EventRecord, issuer, each.corrects)
            if event is not None:
                yield event.entry_index, event.position
