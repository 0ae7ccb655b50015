"""Reading ahead: everything that some movements name, in a bounded number of questions to the source.

Decides: nothing. What is not read ahead is read when it is asked for, one record at a time, with the same
result; so this follows what the books and the rules look at, and may lag behind them without harm.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain

from ledger.movements.movement import Movement
from ledger.records.books import Books, Key, Record
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
    OwnershipRecord,
    TallyRecord,
    TechnologyTransferRecord,
)

_GIVING = ("export", "ship", "transfer", "release", "impart")
_SENDING = ("ship", "export", "disclose", "return", "release")

Signed = tuple[str, Movement]
"""Who signed, and what it says."""
Place = tuple[type[Record], str]
"""A kind of record, and the group of it that is read, or "" where records are read by their keys."""


Wanted = Mapping[Place, Collection[Key]]
"""Keys by place; a place that nothing is wanted of may be left out."""


def prefetch(books: Books, signed: Sequence[Signed], named: Sequence[Wanted] | None = None) -> None:
    """Reads what the movements of one batch name.

    Args:
        books: Where to.
        signed: Every movement of the batch with its issuer.
        named: What ``wanted_by`` gave of all of them, in parts; it is worked out where it is left out.
    """
    if not signed:
        return
    gathered: dict[Place, list[Collection[Key]]] = {}
    for wanted in [wanted_by(signed)] if named is None else named:
        for place, keys in wanted.items():
            gathered.setdefault(place, []).append(keys)
    books.prefetch_places(
        (kind, group, chain.from_iterable(parts)) for (kind, group), parts in gathered.items()
    )
    _read_found(books, signed)


def wanted_by(signed: Sequence[Signed]) -> Wanted:
    """The records that stand under names which the movements themselves say: this takes no books."""
    said = [each for _, each in signed]
    lots = {(line.lot,) for each in said for line in (*each.inputs, *each.outputs)}
    units = {(unit,) for each in said for unit in (*each.units, each.parent) if unit}
    shipments = set(_shipments(signed))
    wanted: dict[Place, set[Key]] = {
        (LotRecord, ""): lots,
        (HoldingRecord, "lot"): lots,
        (ProvisionalRecord, "lot"): lots,
        (EventRecord, ""): {
            (issuer, name) for issuer, each in signed for name in (each.event_id, each.corrects) if name
        },
        (ShipmentRecord, ""): shipments,
        (ShipmentRecord, "despatch_advice"): shipments,
        (ShipmentRecord, "replaced_by"): shipments,
        (ProvisionalRecord, "shipment"): shipments,
        (ShipmentLineRecord, "shipment"): shipments,
        (UnitRecord, ""): units,
        (MemberRecord, "unit"): units,
        (TallyRecord, ""): set(_sums(signed)),
        (DueRecord, ""): set(_dues(signed)),
        (PoolRecord, ""): {(each.pool,) for each in said if each.pool},
        (SealRecord, "seal"): {(seal,) for each in said if each.kind == "pack" for seal in each.seals},
        (SealRecord, "unit"): {(each.parent,) for each in said if each.parent},
        (LicenceRecord, ""): {(each.licence,) for each in said if each.licence},
        (TechnologyTransferRecord, "licence"): {
            (each.licence,) for each in said if each.kind == "impart" and each.licence
        },
        (InvoiceRecord, ""): {(each.invoice,) for each in said if each.invoice},
        (DeclarationRecord, ""): {(each.declaration,) for each in said if each.declaration},
        (DeclarationRecord, "shipment"): {
            (issuer, each.event_id) for issuer, each in signed if each.kind in ("export", "disclose")
        },
        (OwnershipRecord, "held"): {
            (party,)
            for each in said
            if each.kind in _GIVING
            for party in (each.consignee, each.end_user, each.owner_to, each.custodian_to)
            if party
        },
        (AssayRecord, "lot"): {(line.lot,) for each in said if each.kind == "assay" for line in each.inputs},
    }
    return {place: tuple(keys) for place, keys in wanted.items() if keys}


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
    closing = {
        (use.seal,)
        for _, each in signed
        if each.parent
        for use in books.group(SealRecord, "unit", each.parent)
    }
    books.prefetch_places(
        [
            (LotRecord, "", packed),
            (HoldingRecord, "lot", packed),
            (SealRecord, "seal", closing),
            (PoolVersionRecord, "", set(_versions(books, signed))),
            (PostingRecord, "event", set(_corrected(books, signed))),
        ]
    )
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
        if each.corrects:
            yield "drawn", f"{issuer} {each.corrects}", ""
        for line in (*each.inputs, *each.outputs):
            yield ("seen" if line.instance else "hops"), line.lot, ""
        for unit in (*each.units, each.parent):
            yield "seen", unit, ""
        if each.invoice:
            yield "invoice", each.invoice, ""
        if each.pool:
            yield "fed", each.pool, ""
            yield "pool-ore", each.pool, ""


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
    """The versions that the pools will have; each step may name origins first, in a version of its own."""
    steps = Counter(each.pool for _, each in signed if each.pool)
    for pool, count in steps.items():
        known = books.get(PoolRecord, pool)
        first = 0 if known is None else known.version
        for version in range(first, first + 2 * count + 2):
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
