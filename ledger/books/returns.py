"""Goods that go back: returned, refused, or never gone.

Decides: where what comes back is meanwhile. What its consignee has, or refuses to take, travels back as a
shipment of its own, which the first consignor receives; a cancellation puts everything back at once.
"""

from collections.abc import Iterable, Mapping

from ledger.books import settling, shipments, units
from ledger.books.accounts import Journal
from ledger.books.context import Impossible
from ledger.books.custody import acting_custodian
from ledger.records.lots import ProvisionalRecord, ShipmentLineRecord, ShipmentRecord
from ledger.records.quick import replace


def book_return(journal: Journal) -> None:
    """Books goods that a consignee sends back, naming the shipment by which they came.

    Raises:
        Impossible: They did not come by it, or not to this party.
    """
    movement = journal.movement
    sender = acting_custodian(journal, movement.custodian_from)
    back_to = movement.custodian_to or movement.owner_to
    name = movement.shipment or movement.despatch_advice
    came_by = _came_by(journal, sender, back_to, name)
    shipment = shipments.send(journal, sender, back_to, "transit", came_by=came_by, returns=name)
    if came_by is not None:
        _check_came(journal, came_by, [line.lot for line in settling.lines_of(journal.books, shipment)])
    shipments.take_over(journal, shipment, "transit")
    settling.settle(journal, shipments.standing(journal, shipment))


def book_cancel(journal: Journal) -> None:
    """Takes a shipment back to its consignor: it never left, or turned round before anything arrived.

    The whole shipment is cancelled; lots that are listed must be its lots. Part of one is corrected instead.

    Raises:
        Impossible: It is not known, not open, or something of it was received.
    """
    movement = journal.movement
    consignor = acting_custodian(journal, movement.custodian_from)
    shipment = _named(journal, consignor)
    _check_open(journal, shipment)
    lines = settling.lines_of(journal.books, shipment)
    account = shipments.account_of(journal, shipment)
    received = account == "transit" and any(line.left_mg != line.sent_mg for line in lines)
    if received:
        raise shipments.impossible(
            journal,
            "shipment.received",
            f"something of shipment {shipment.event_id} was received",
            "Let the consignee send the goods back (return, refuse), or let it correct its receipt first.",
            shipment,
        )
    sent = {line.lot for line in lines}
    listed = {line.lot for line in units.goods(journal, consignor, weighed=True, coming=sent)}
    if listed and listed != sent:
        raise shipments.impossible(
            journal,
            "shipment.disagrees",
            f"shipment {shipment.event_id} has other lots than the cancellation",
            "List exactly its lots, or none. To cancel a part, correct the shipment.",
            shipment,
        )
    for line in lines:
        shipments.move(journal, shipment, line, account, -line.sent_mg)
        journal.give(
            line.lot,
            line.sent_mg,
            owner=shipment.owner_from,
            custodian=consignor,
            site=shipment.site_from,
        )
        settling.put_line(journal, replace(line, left_mg=0))
    settling.put_shipment(journal, replace(shipment, state="voided"))


def book_refuse(journal: Journal) -> None:
    """Books that a consignee refuses goods that it was sent: they travel back as a shipment of its own.

    Title did not pass: they come back as the property of whose they were. All that still travels is refused
    where no lots are listed. The first consignor receives them under this event's id.

    Raises:
        Impossible: The shipment is not known, not open, to somebody else, or has not so much left.
    """
    movement = journal.movement
    refuser = acting_custodian(journal, movement.custodian_from, "custody.not-consignee")
    first = _named(journal, movement.custodian_to or movement.owner_to, consignee=refuser)
    _check_open(journal, first)
    lines = {line.lot: line for line in settling.lines_of(journal.books, first)}
    refused = _refused(journal, first, lines)
    if not refused:
        raise shipments.impossible(
            journal,
            "shipment.closed",
            f"nothing travels in shipment {first.event_id}",
            "Return what was received already; what went abroad comes back by an import.",
            first,
        )
    back = ShipmentRecord(
        consignor=refuser,
        event_id=movement.event_id,
        kind="return",
        consignee=first.consignor,
        owner_from=first.owner_from,
        owner_to=first.owner_from,
        site_from=movement.site or first.site_to,
        site_to=first.site_from,
        entry_index=journal.recording.index,
        position=journal.position,
        event_time_us=movement.event_time_us,
        due_us=movement.due_us,
        state="open",
        despatch_advice=movement.despatch_advice,
        returns=first.event_id,
    )
    shipments.check_unused(journal, back)
    settling.put_shipment(journal, back)
    for lot, mass_mg in refused.items():
        line = lines[lot]
        shipments.move(journal, first, line, "transit", -mass_mg)
        changed = replace(line, left_mg=line.left_mg - mass_mg, weighed_mg=line.weighed_mg + mass_mg)
        settling.put_line(journal, changed)
        travels = ShipmentLineRecord(refuser, back.event_id, lot, mass_mg, mass_mg, 0)
        settling.put_line(journal, travels)
        shipments.move(journal, back, travels, "transit", mass_mg)
    if all(line.sent_mg == refused.get(lot, 0) for lot, line in lines.items()):
        settling.put_shipment(journal, replace(first, state="refused"))
    else:
        settling.close_if_empty(journal, first, movement.event_time_us)
    settling.settle(journal, back)


def travelled_back(journal: Journal, back: ShipmentRecord) -> None:
    """Undoes a refusal: what it sent back travels on in the first shipment."""
    first = journal.books.get(ShipmentRecord, back.consignee, back.returns)
    assert first is not None
    first = settling.current(journal.books, first)
    unsettling = settling.Unsettling(journal)
    unsettling.of_shipment(back)
    unsettling.finish()
    for line in settling.lines_of(journal.books, back):
        shipments.move(journal, back, line, "transit", -line.sent_mg)
        settling.put_line(journal, replace(line, left_mg=line.left_mg - line.sent_mg))
        first = shipments.return_to_transit(journal, first, line.lot, line.sent_mg)
    shipments.reopen(journal, first)
    settling.put_shipment(journal, replace(shipments.standing(journal, back), state="voided"))


def _refused(
    journal: Journal, first: ShipmentRecord, lines: Mapping[str, ShipmentLineRecord]
) -> dict[str, int]:
    """What is refused by lot."""
    listed = units.goods(journal, first.consignee, weighed=True, coming=lines)
    if not listed:
        return {lot: line.left_mg for lot, line in lines.items() if line.left_mg}
    refused: dict[str, int] = {}
    for line in listed:
        there = lines.get(line.lot)
        left_mg = 0 if there is None else there.left_mg - refused.get(line.lot, 0)
        if there is None or left_mg <= 0:
            raise shipments.impossible(
                journal,
                "shipment.not-listed",
                f"nothing of {line.lot} travels in shipment {first.event_id}",
                "Correct the lot, or return what was received already.",
                first,
            )
        mass_mg = journal.amount(line, left_mg, f"from shipment {first.event_id}")
        refused[line.lot] = refused.get(line.lot, 0) + mass_mg
    return refused


def _came_by(journal: Journal, sender: str, back_to: str, name: str) -> ShipmentRecord | None:
    """The shipment by which goods came; None where only a receipt that came before it is known."""
    found = settling.find(journal.books, back_to, name)
    for shipment in found:
        if shipment.consignee == sender and shipment.state != "voided":
            return shipment
    if found:
        raise _unknown(journal, back_to, name, sender)
    for receipt in journal.books.group(ProvisionalRecord, "shipment", back_to, name):
        if receipt.consignee == sender:
            return None
    raise _unknown(journal, back_to, name, sender)


def _check_came(journal: Journal, came_by: ShipmentRecord, lots: Iterable[str]) -> None:
    lines = {line.lot: line for line in settling.lines_of(journal.books, came_by)}
    for lot in lots:
        line = lines.get(lot)
        if line is None or line.left_mg == line.sent_mg:
            raise shipments.impossible(
                journal,
                "shipment.not-listed",
                f"nothing of {lot} was received from shipment {came_by.event_id}",
                "Correct the lot, name the shipment by which it came, or ship it without naming one.",
                came_by,
            )


def _named(journal: Journal, consignor: str, *, consignee: str = "") -> ShipmentRecord:
    name = journal.movement.shipment or journal.movement.despatch_advice
    found = [
        shipment
        for shipment in settling.find(journal.books, consignor, name)
        if consignee in ("", shipment.consignee)
    ]
    open_ = [shipment for shipment in found if shipment.state == "open"]
    if not found:
        raise _unknown(journal, consignor, name, consignee or "anybody")
    if len(open_) > 1:
        raise shipments.impossible(
            journal,
            "shipment.ambiguous",
            f"{name} stands for {len(open_)} open shipments",
            "Name the shipment by its eventID.",
            open_[0],
        )
    return (open_ or found)[0]


def _check_open(journal: Journal, shipment: ShipmentRecord) -> None:
    if shipment.state != "open":
        raise shipments.impossible(
            journal,
            "shipment.closed",
            f"shipment {shipment.event_id} is {shipment.state}",
            "Name another shipment, or correct the movement that closed this one.",
            shipment,
        )


def _unknown(journal: Journal, consignor: str, name: str, consignee: str) -> Impossible:
    """Said alike of what goes to others and of what is not there."""
    return shipments.refused_as(
        journal,
        "shipment.unknown",
        f"{consignor or 'nobody'} recorded no shipment {name or 'without a name'} to {consignee}",
        "Name consignor and shipment as the despatch advice does, or wait until the consignor files it.",
        {"consignor": consignor, "shipment": name},
    )
