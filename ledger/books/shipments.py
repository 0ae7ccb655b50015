"""Shipments: goods leave a holding and travel, come back, or leave the books.

Decides: where goods are while nobody has them. What is sent to a party of this ledger is in transit until
that party receives it. What is exported to anybody else is ``exported`` at once: nobody here will ever
receive it, and in transit it would stand forever. Its shipment stays open until an arrival is reported, which
is what the rule ``export.no-arrival`` looks at. An importer that is a party of this ledger receives an export
like any shipment.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.books import settling, units
from ledger.books.accounts import Journal
from ledger.books.context import Impossible
from ledger.books.custody import acting_custodian
from ledger.findings import Finding
from ledger.movements.movement import Line
from ledger.records.lots import (
    HoldingRecord,
    PostingRecord,
    ShipmentLineRecord,
    ShipmentRecord,
)
from ledger.records.quick import replace

ABROAD = ("export", "disclose")


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a movement took from its consignor: mass by lot, whose it was, and from where."""

    masses: Mapping[str, int]
    owner: str
    site: str


def book_shipment(journal: Journal) -> None:
    """Books a shipment, an export or a disclosure.

    Raises:
        Impossible: The consignor has not so much, or nobody is to receive it.
    """
    movement = journal.movement
    consignor = acting_custodian(journal, movement.custodian_from)
    consignee = movement.custodian_to or movement.consignee or movement.owner_to
    account = "transit"
    if movement.kind in ABROAD and not _receives_here(journal, consignee):
        account = "exported"
    shipment = send(journal, consignor, consignee, account)
    take_over(journal, shipment, account)
    if account == "transit":
        settling.settle(journal, standing(journal, shipment))


def book_release(journal: Journal) -> None:
    """Books goods that go to a named user and so leave the books; the sale stays known as a shipment.

    They are the user's then, where the event names no other owner.

    Raises:
        Impossible: The consignor has not so much, or no user is named.
    """
    movement = journal.movement
    consignor = acting_custodian(journal, movement.custodian_from)
    user = movement.custodian_to or movement.owner_to
    shipment = send(journal, consignor, user, "released")
    owner = movement.owner_to or user
    received = replace(shipment, owner_to=owner, state="received", received_us=movement.event_time_us)
    settling.put_shipment(journal, received)


def send_back(journal: Journal, shipment: ShipmentRecord) -> None:
    """Undoes a shipment of a corrected event: out of transit, into the holding that it came from.

    What was received of it by receipts that came after it makes its lines negative; a shipment that replaces
    it takes these over, and otherwise ``corrections.check`` refuses.
    """
    account = account_of(journal, shipment)
    unsettling = settling.Unsettling(journal)
    unsettling.of_shipment(shipment)
    unsettling.finish()
    for line in settling.lines_of(journal.books, shipment):
        move(journal, shipment, line, account, -line.sent_mg)
        journal.give(
            line.lot,
            line.sent_mg,
            owner=shipment.owner_from,
            custodian=shipment.consignor,
            site=shipment.site_from,
        )
        left_mg = line.left_mg - line.sent_mg if account == "transit" else 0
        settling.put_line(journal, replace(line, left_mg=left_mg))
    settling.put_shipment(journal, replace(standing(journal, shipment), state="voided"))


def return_to_transit(journal: Journal, shipment: ShipmentRecord, lot: str, mass_mg: int) -> ShipmentRecord:
    """Puts mass back into a shipment; gives the one that it travels in, which ``reopen`` opens again."""
    shipment = settling.current(journal.books, shipment)
    line = journal.books.get(ShipmentLineRecord, shipment.consignor, shipment.event_id, lot)
    assert line is not None
    move(journal, shipment, line, "transit", mass_mg)
    left_mg = line.left_mg + mass_mg
    settling.put_line(journal, replace(line, left_mg=left_mg, weighed_mg=max(0, line.sent_mg - left_mg)))
    return shipment


def reopen(journal: Journal, shipment: ShipmentRecord) -> None:
    """Opens a shipment of which something travels again."""
    settling.close_if_empty(journal, standing(journal, shipment), journal.movement.event_time_us)


def send(
    journal: Journal,
    consignor: str,
    consignee: str,
    account: str,
    *,
    came_by: ShipmentRecord | None = None,
    returns: str = "",
) -> ShipmentRecord:
    """Takes goods from their holding into an account, and puts the shipment and its lines."""
    movement = journal.movement
    if not consignee:
        raise refused_as(
            journal,
            "shipment.no-consignee",
            "the event names nobody who receives the goods",
            "State the possessing party in destinationList.",
        )
    taken = _take(journal, consignor, consignee)
    owner_back = "" if came_by is None else came_by.owner_from
    shipment = ShipmentRecord(
        consignor=consignor,
        event_id=movement.event_id,
        kind=movement.kind,
        consignee=consignee,
        owner_from=taken.owner,
        owner_to=movement.owner_to or owner_back or taken.owner,
        site_from=taken.site,
        site_to=movement.site_to or ("" if came_by is None else came_by.site_from),
        entry_index=journal.recording.index,
        position=journal.position,
        event_time_us=movement.event_time_us,
        due_us=movement.due_us,
        state="open",
        despatch_advice=movement.despatch_advice,
        invoice=movement.invoice,
        licence=movement.licence,
        destination=movement.destination,
        end_user=movement.end_user,
        returns=returns if came_by is None else came_by.event_id,
    )
    check_unused(journal, shipment)
    settling.put_shipment(journal, shipment)
    for lot, mass_mg in taken.masses.items():
        left_mg = mass_mg if account == "transit" else 0
        line = ShipmentLineRecord(consignor, shipment.event_id, lot, mass_mg, left_mg, 0)
        settling.put_line(journal, line)
        move(journal, shipment, line, account, mass_mg)
    return shipment


def _take(journal: Journal, consignor: str, consignee: str) -> _Taken:
    movement = journal.movement
    received = settling.received_before(journal, consignor, consignee)
    masses: dict[str, int] = {}
    owners: dict[str, str] = {}
    sites: dict[str, None] = {}
    for line in units.goods(journal, consignor):
        holding = journal.source(line, custodian=consignor, site=movement.site, owner=movement.owner_from)
        stays_mg = _came_since(journal, holding) if line.lot in received else 0
        _, mass_mg = journal.take_from(line, holding, stays_mg=stays_mg)
        masses[line.lot] = masses.get(line.lot, 0) + mass_mg
        owners[holding.owner] = line.lot
        sites[holding.site] = None
    if not masses:
        raise refused_as(
            journal, "shipment.empty", "nothing is shipped", "List the lots, or a unit that contains some."
        )
    if len(owners) > 1 or len(sites) > 1:
        raise refused_as(
            journal,
            "custody.ambiguous",
            "the goods belong to several owners, or leave from several sites",
            "Record a shipment for each owner and site.",
            {"owners": sorted(owners), "sites": sorted(sites)},
        )
    return _Taken(masses, next(iter(owners)), next(iter(sites)))


def _came_since(journal: Journal, holding: HoldingRecord) -> int:
    """How much of a holding came after the movement, in mg, less what left it since; 0 where none of it was
    there before.

    A shipment that is filed after its receipt, and after goods of it came back, took none of these.
    """
    place = (holding.owner, holding.custodian, holding.site)
    since_mg = sum(
        posting.mass_mg
        for posting in journal.books.group(PostingRecord, "lot", holding.lot)
        if posting.account == "holding"
        and posting.event_time_us > journal.movement.event_time_us
        and (posting.owner, posting.custodian, posting.site) == place
    )
    return since_mg if 0 < since_mg < holding.mass_mg else 0


def take_over(journal: Journal, shipment: ShipmentRecord, account: str) -> None:
    """A shipment that replaces a corrected one takes over what was received of that one."""
    if not journal.movement.corrects:
        return
    old = journal.books.get(ShipmentRecord, shipment.consignor, journal.movement.corrects)
    if old is None or old.state != "voided" or old.consignee != shipment.consignee:
        return
    for before in settling.lines_of(journal.books, old):
        line = journal.books.get(ShipmentLineRecord, shipment.consignor, shipment.event_id, before.lot)
        received_mg = -before.left_mg
        if line is None or received_mg <= 0 or account != "transit":
            continue
        move(journal, old, before, "transit", received_mg)
        settling.put_line(journal, replace(before, left_mg=0))
        move(journal, shipment, line, "transit", -received_mg)
        left_mg = line.left_mg - received_mg
        if received_mg == before.sent_mg:
            left_mg -= _adjust_difference(journal, shipment, old, line.lot, left_mg)
        weighed_mg = min(line.sent_mg, received_mg)
        settling.put_line(journal, replace(line, left_mg=left_mg, weighed_mg=weighed_mg))
    settling.put_shipment(journal, replace(old, replaced_by=shipment.event_id))


def _adjust_difference(
    journal: Journal, shipment: ShipmentRecord, old: ShipmentRecord, lot: str, left_mg: int
) -> int:
    """The old shipment was received finally: what the new one sent more or less is part of its difference.

    What it sent less is taken from the difference that was booked, and no more than that.
    """
    booked = [
        posting
        for posting in journal.books.group(PostingRecord, "lot", lot)
        if posting.account == "difference" and posting.reference == settling.reference(old)
    ]
    moved_mg = max(left_mg, -max(sum(posting.mass_mg for posting in booked), 0))
    record = journal.books.get(ShipmentLineRecord, shipment.consignor, shipment.event_id, lot)
    found = journal.lot(Line(lot, None, pointer=journal.movement.pointer))
    assert record is not None
    move(journal, shipment, record, "transit", -moved_mg)
    settling.differ(
        journal,
        found,
        moved_mg,
        custodian=shipment.consignee,
        site=booked[-1].site if booked else shipment.site_to,
        reference=settling.reference(shipment),
    )
    return moved_mg


def move(
    journal: Journal, shipment: ShipmentRecord, line: ShipmentLineRecord, account: str, mass_mg: int
) -> None:
    journal.post(
        account,
        lot=line.lot,
        mass_mg=mass_mg,
        owner=shipment.owner_from,
        custodian=shipment.consignor,
        reference=settling.reference(shipment),
    )


def account_of(journal: Journal, shipment: ShipmentRecord) -> str:
    """Where a shipment's goods went when it was booked."""
    if shipment.kind == "release":
        return "released"
    for posting in journal.books.group(PostingRecord, "event", shipment.entry_index, shipment.position):
        if posting.account == "exported" and posting.reference == settling.reference(shipment):
            return "exported"
    return "transit"


def _receives_here(journal: Journal, consignee: str) -> bool:
    party = journal.recording.facts.parties.get(consignee)
    return party is not None and "importer" in party.roles


def standing(journal: Journal, shipment: ShipmentRecord) -> ShipmentRecord:
    found = journal.books.get(ShipmentRecord, shipment.consignor, shipment.event_id)
    assert found is not None
    return found


def check_unused(journal: Journal, shipment: ShipmentRecord) -> None:
    if journal.books.get(ShipmentRecord, shipment.consignor, shipment.event_id) is not None:
        raise impossible(
            journal,
            "event.repeated",
            f"{shipment.consignor} has another shipment under this eventID",
            "Give every event its own id.",
            shipment,
        )


def impossible(journal: Journal, code: str, detail: str, mend: str, shipment: ShipmentRecord) -> Impossible:
    evidence = {
        "consignor": shipment.consignor,
        "shipment": shipment.event_id,
        "index": shipment.entry_index,
    }
    return refused_as(journal, code, detail, mend, evidence)


def refused_as(
    journal: Journal, code: str, detail: str, mend: str, evidence: Mapping[str, object] | None = None
) -> Impossible:
    return Impossible(Finding(code, detail, journal.movement.pointer, mend, evidence or {}))
