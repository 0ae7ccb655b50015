"""Stock that changes without travelling: title, assays, counts, and what is lost.

Decides: that a transfer moves title only; that a count changes nothing by itself (a party's ``adjust`` does);
and that what is lost, disposed of or destroyed ends in the account ``lost``.
"""

from ledger.books import units
from ledger.books.accounts import Journal
from ledger.books.context import Impossible
from ledger.books.custody import acting_custodian
from ledger.findings import Finding
from ledger.movements.movement import Line
from ledger.records.lots import AssayRecord, HoldingRecord, StocktakeRecord


def book_transfer(journal: Journal) -> None:
    """Passes title from one owner to another; who has the goods, and where, stays.

    Raises:
        Impossible: The seller owns nothing of a lot, or not so much.
    """
    movement = journal.movement
    seller = acting_custodian(journal, movement.owner_from)
    if movement.owner_to in ("", seller):
        raise Impossible(
            Finding(
                "transfer.no-buyer",
                "the event names nobody else who owns the goods afterwards",
                movement.pointer,
                "State the new owning party in destinationList.",
                {"owner": seller},
            )
        )
    for line in units.goods(journal, seller):
        holding = _owned(journal, line, seller)
        custodian, site = holding.custodian, holding.site
        lot, mass_mg = journal.take(line, custodian=custodian, site=site, owner=seller)
        journal.give(lot.lot, mass_mg, owner=movement.owner_to, custodian=custodian, site=site)


def book_assay(journal: Journal) -> None:
    """Keeps what a laboratory measured, beside what was declared. Sampling uses up an instance.

    Raises:
        Impossible: The lot is unknown, or an instance that is used up is held by nobody or by several.
    """
    movement, recording = journal.movement, journal.recording
    results = {element: [str(value), str(u)] for element, (value, u) in sorted(movement.results.items())}
    if movement.treo_result is not None:
        results["treo"] = [str(part) for part in movement.treo_result]
    for line in units.goods(journal, None, weighed=True):
        lot = journal.lot(line)
        journal.books.put(
            AssayRecord(
                entry_index=recording.index,
                position=journal.position,
                lot=lot.lot,
                laboratory=movement.laboratory or recording.issuer,
                event_time_us=movement.event_time_us,
                results=results,
                document_sha256=movement.document_sha256,
            )
        )
        if movement.sampled and lot.instance:
            _use_up(journal, line)


def book_stocktake(journal: Journal) -> None:
    """Keeps what was counted of each lot against what the books have of it at the site. Moves nothing.

    Raises:
        Impossible: The lot is unknown, or another party's stock is counted.
    """
    movement, recording = journal.movement, journal.recording
    party = acting_custodian(journal, movement.custodian_from)
    counted: dict[str, int] = {}
    for line in units.goods(journal, party, weighed=True):
        lot = journal.lot(line)
        mass_mg = _book_mg(journal, lot.lot, party) if line.mass_mg is None else line.mass_mg
        counted[lot.lot] = counted.get(lot.lot, 0) + mass_mg
    for name, counted_mg in counted.items():
        journal.books.put(
            StocktakeRecord(
                entry_index=recording.index,
                position=journal.position,
                lot=name,
                party=party,
                site=movement.site,
                event_time_us=movement.event_time_us,
                counted_mg=counted_mg,
                book_mg=_book_mg(journal, name, party),
            )
        )


def book_loss(journal: Journal) -> None:
    """Ends a part of a lot, or a whole thing: lost, disposed of or destroyed.

    Raises:
        Impossible: The party has not so much.
    """
    movement = journal.movement
    custodian = acting_custodian(journal, movement.custodian_from)
    for line in units.goods(journal, custodian):
        holding = journal.source(line, custodian=custodian, site=movement.site, owner=movement.owner_from)
        lot, mass_mg = journal.take(line, custodian=custodian, site=holding.site, owner=holding.owner)
        journal.post(
            "lost",
            lot=lot.lot,
            mass_mg=mass_mg,
            owner=holding.owner,
            custodian=custodian,
            site=holding.site,
            reference=movement.kind,
        )


def _use_up(journal: Journal, line: Line) -> None:
    """Ends an instance that was sampled, at whoever has it: laboratories measure what others own."""
    held = [holding for holding in journal.books.group(HoldingRecord, "lot", line.lot) if holding.mass_mg > 0]
    if len(held) != 1:
        raise Impossible(
            Finding(
                "custody.not-holder",
                f"{line.lot} is in nobody's hands and cannot be sampled",
                line.pointer,
                "Record first that it was received, or state the business step inspecting.",
                {"lot": line.lot},
            )
        )
    whole = Line(line.lot, None, instance=True, pointer=line.pointer)
    holding = held[0]
    lot, mass_mg = journal.take(whole, custodian=holding.custodian, site=holding.site, owner=holding.owner)
    journal.post(
        "lost",
        lot=lot.lot,
        mass_mg=mass_mg,
        owner=holding.owner,
        custodian=holding.custodian,
        site=holding.site,
        reference="sampling",
    )


def _owned(journal: Journal, line: Line, seller: str) -> HoldingRecord:
    """The holding whose title passes: with whom the event says, or the only one that the seller owns."""
    movement = journal.movement
    held = [
        holding
        for holding in journal.books.group(HoldingRecord, "lot", line.lot)
        if holding.owner == seller
        and (not movement.custodian_from or holding.custodian == movement.custodian_from)
        and (not movement.site or holding.site == movement.site)
        and (holding.mass_mg > 0 or journal.recording.correcting)
    ]
    with_seller = [holding for holding in held if holding.custodian == seller]
    if len(held) > 1 and len(with_seller) == 1 and not movement.custodian_from:
        held = with_seller
    if len(held) != 1:
        code = "custody.ambiguous" if held else "custody.not-holder"
        raise Impossible(
            Finding(
                code,
                f"{seller} owns {line.lot} in several places" if held else f"{seller} owns no {line.lot}",
                line.pointer,
                "State who has it (possessing party in sourceList) and where, or correct the lot.",
                {"lot": line.lot, "owner": seller, "sites": [holding.site for holding in held]},
            )
        )
    return held[0]


def _book_mg(journal: Journal, lot: str, party: str) -> int:
    site = journal.movement.site
    return sum(
        holding.mass_mg
        for holding in journal.books.group(HoldingRecord, "lot", lot)
        if holding.custodian == party and (not site or holding.site == site)
    )
