"""Shipments and the receipts that came before them: finding, settling and unsettling.

Decides: which recorded shipment a receipt means, and how a shipment meets the receipts that were credited
provisionally. What a receipt credited comes out of transit against suspense; what a final receipt weighed
less, or more, is treated as if it had come after the shipment (``receipts``).

Every line of a settlement carries the reference "<consignor> <shipment> <consignee> <receipt>": the sum of
these lines is what stands settled between the two, however often one of them was corrected.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from ledger.books.accounts import Journal
from ledger.records.books import Books
from ledger.records.lots import (
    HoldingRecord,
    LotRecord,
    PostingRecord,
    ProvisionalRecord,
    ShipmentLineRecord,
    ShipmentRecord,
)
from ledger.records.quick import replace

Place: TypeAlias = tuple[str, str, str]
"""Owner, custodian and site of a holding."""


def reference(shipment: ShipmentRecord) -> str:
    """The reference of lines in transit."""
    return f"{shipment.consignor} {shipment.event_id}"


def receipt_reference(receipt: ProvisionalRecord) -> str:
    """The reference of the suspense that a provisional receipt opened."""
    return f"{receipt.consignee} {receipt.event_id}"


def settlement_reference(shipment: ShipmentRecord, receipt: ProvisionalRecord) -> str:
    """The reference of the lines by which a shipment settles a receipt."""
    return f"{reference(shipment)} {receipt_reference(receipt)}"


def find(books: Books, consignor: str, name: str) -> list[ShipmentRecord]:
    """The shipments that a consignor's event id means, or else its despatch advice; in order of entry.

    One that a correction replaced stands for the one in its place.
    """
    named = books.get(ShipmentRecord, consignor, name)
    if named is not None:
        return [current(books, named)]
    found = [
        shipment
        for shipment in books.group(ShipmentRecord, "despatch_advice", consignor, name)
        if name and not shipment.replaced_by
    ]
    return sorted(found, key=lambda shipment: (shipment.entry_index, shipment.position))


def current(books: Books, shipment: ShipmentRecord) -> ShipmentRecord:
    """The shipment that stands for this one after corrections."""
    while shipment.replaced_by:
        replacement = books.get(ShipmentRecord, shipment.consignor, shipment.replaced_by)
        if replacement is None:
            break
        shipment = replacement
    return shipment


def lines_of(books: Books, shipment: ShipmentRecord) -> list[ShipmentLineRecord]:
    """The lines of a shipment by lot."""
    return books.group(ShipmentLineRecord, "shipment", shipment.consignor, shipment.event_id)


def put_line(journal: Journal, line: ShipmentLineRecord) -> None:
    """Puts a changed line and tells the rules."""
    journal.books.put(line)
    journal.effect.lines.append(line)


def put_shipment(journal: Journal, shipment: ShipmentRecord) -> None:
    """Puts a changed shipment and tells the rules."""
    journal.books.put(shipment)
    journal.effect.shipments.append(shipment)


def close_if_empty(journal: Journal, shipment: ShipmentRecord, received_us: int) -> None:
    """A shipment of which nothing travels any more is received; one of which something does again, open."""
    travelling = any(line.left_mg for line in lines_of(journal.books, shipment))
    if not travelling and shipment.state == "open":
        put_shipment(journal, replace(shipment, state="received", received_us=received_us))
    elif travelling and shipment.state in ("received", "refused"):
        put_shipment(journal, replace(shipment, state="open", received_us=None))


def compare(journal: Journal, lot: LotRecord, sent_mg: int, weighed_mg: int) -> None:
    """Tells the rules what was sent and what arrived of a lot."""
    journal.effect.compared.append((lot, sent_mg, weighed_mg))


def differ(
    journal: Journal, lot: LotRecord, mass_mg: int, *, custodian: str, site: str, reference: str
) -> None:
    """Posts a share of a lot to differences: positive where stock falls.

    Whoever weighed bears it, where it was weighed, whether shipment or receipt was filed first.
    """
    if not mass_mg:
        return
    journal.post(
        "difference", lot=lot.lot, mass_mg=mass_mg, custodian=custodian, site=site, reference=reference
    )


def unsettled_by_place(books: Books, lot: str) -> dict[Place, int]:
    """How much of a lot awaits shipments, in mg by owner, custodian and site of what was received of it."""
    sums: dict[Place, int] = {}
    for receipt in books.group(ProvisionalRecord, "lot", lot):
        place = receipt.owner, receipt.consignee, receipt.site
        sums[place] = sums.get(place, 0) + receipt.left_mg
    return sums


def mark_provisional(journal: Journal, holding: HoldingRecord, unsettled: Mapping[Place, int]) -> None:
    """States anew how much of a holding awaits shipments: what is unsettled, at most what is left.

    Args:
        journal: Of the movement.
        holding: As it stands.
        unsettled: What ``unsettled_by_place`` says of its lot.
    """
    place = holding.owner, holding.custodian, holding.site
    awaited = max(0, min(unsettled.get(place, 0), holding.mass_mg))
    if awaited != holding.provisional_mg:
        journal.books.put(replace(holding, provisional_mg=awaited, changed_at=journal.recording.index))


def settle(journal: Journal, shipment: ShipmentRecord) -> None:
    """Settles the receipts that came before a shipment, as far as it goes; to be called once it is booked."""
    books = journal.books
    waiting: dict[str, list[ProvisionalRecord]] = {}
    for receipt in _waiting(books, shipment):
        waiting.setdefault(receipt.lot, []).append(receipt)
    for line in lines_of(books, shipment):
        if line.lot in waiting:
            _settle_line(journal, shipment, line, waiting[line.lot])
    received_us = max((receipt.event_time_us for many in waiting.values() for receipt in many), default=0)
    close_if_empty(journal, shipment, received_us)


def received_before(journal: Journal, consignor: str, consignee: str) -> set[str]:
    """The lots that the consignee of a shipment which is to be booked has received of it already."""
    names = {journal.movement.event_id, journal.movement.despatch_advice}
    return {receipt.lot for receipt in _named(journal.books, consignor, consignee, names)}


def _waiting(books: Books, shipment: ShipmentRecord) -> list[ProvisionalRecord]:
    names = {shipment.despatch_advice, *_names_before(books, shipment)}
    found = _named(books, shipment.consignor, shipment.consignee, names)
    return sorted(found, key=lambda receipt: (receipt.entry_index, receipt.position))


def _named(books: Books, consignor: str, consignee: str, names: Iterable[str]) -> list[ProvisionalRecord]:
    """The receipts of a consignee that wait for a shipment of one of these names."""
    return [
        receipt
        for name in sorted({*names} - {""})
        for receipt in books.group(ProvisionalRecord, "shipment", consignor, name)
        if receipt.left_mg > 0 and receipt.consignee == consignee
    ]


def _names_before(books: Books, shipment: ShipmentRecord) -> set[str]:
    """The shipment's event id, and those of the shipments in whose place corrections put it."""
    names, left = {shipment.event_id}, [shipment.event_id]
    while left:
        for earlier in books.group(ShipmentRecord, "replaced_by", shipment.consignor, left.pop()):
            if earlier.event_id not in names:
                names.add(earlier.event_id)
                left.append(earlier.event_id)
    return names


def _settle_line(
    journal: Journal, shipment: ShipmentRecord, line: ShipmentLineRecord, receipts: list[ProvisionalRecord]
) -> None:
    lot = journal.books.get(LotRecord, line.lot)
    assert lot is not None
    first_line = len(journal.effect.postings)
    sent_mg, left_mg, weighed_mg = line.left_mg, line.left_mg, line.weighed_mg
    over: list[ProvisionalRecord] = []
    for receipt in receipts:
        part = min(receipt.left_mg, left_mg)
        if part:
            where = settlement_reference(shipment, receipt)
            _transit(journal, shipment, line, -part, where)
            _suspense(journal, shipment, receipt, part, where)
            left_mg -= part
            weighed_mg += part
        after = _settled(journal, receipt, part)
        if after.left_mg:
            over.append(after)
    final = next((receipt for receipt in reversed(receipts) if receipt.final), None)
    if final is not None:
        allowed = line.sent_mg * journal.recording.policy.thresholds["receipt.tolerance_share"]
        excess = sum(receipt.left_mg for receipt in over)
        if excess and (excess <= allowed or lot.instance):
            for receipt in over:
                _drop_excess(journal, shipment, lot, receipt)
        elif left_mg:
            where = settlement_reference(shipment, final)
            _transit(journal, shipment, line, -left_mg, where)
            if left_mg <= allowed or lot.instance:
                _credit(journal, final, left_mg)
            else:
                _differ(journal, lot, final, left_mg, where)
            left_mg = 0
        compare(journal, lot, sent_mg, sum(receipt.left_mg for receipt in receipts))
        weighed_mg += excess
    put_line(journal, replace(line, left_mg=left_mg, weighed_mg=weighed_mg))
    came = _came(journal.effect.postings[first_line:])
    unsettled = unsettled_by_place(journal.books, line.lot)
    for receipt in receipts:
        came_mg = came.get(settlement_reference(shipment, receipt), 0)
        _pass_title(journal, shipment, receipt, came_mg, unsettled)
        holding = journal.books.get(HoldingRecord, line.lot, receipt.owner, receipt.consignee, receipt.site)
        if holding is not None:
            mark_provisional(journal, holding, unsettled)


def _came(postings: Iterable[PostingRecord]) -> dict[str, int]:
    """How much of a lot came by the lines of its settlements, in mg by their references."""
    came: dict[str, int] = {}
    for line in postings:
        if line.account == "transit" or (line.account == "difference" and line.mass_mg > 0):
            came[line.reference] = came.get(line.reference, 0) - line.mass_mg
    return came


def _settled(journal: Journal, receipt: ProvisionalRecord, part: int) -> ProvisionalRecord:
    left_mg = receipt.left_mg - part
    settled_at = journal.recording.index if left_mg == 0 else None
    after = replace(receipt, left_mg=left_mg, settled_at=settled_at)
    journal.books.put(after)
    return after


def _drop_excess(
    journal: Journal, shipment: ShipmentRecord, lot: LotRecord, receipt: ProvisionalRecord
) -> None:
    """Takes back what a final receipt weighed beyond what was sent: two scales never agree.

    What was used meanwhile cannot be taken back; it is a difference, by which stock rises.
    """
    where = settlement_reference(shipment, receipt)
    holding = journal.books.get(HoldingRecord, lot.lot, receipt.owner, receipt.consignee, receipt.site)
    there = 0 if holding is None else max(0, min(receipt.left_mg, holding.mass_mg))
    _suspense(journal, shipment, receipt, receipt.left_mg, where)
    if there:
        _credit(journal, receipt, -there)
    _differ(journal, lot, receipt, there - receipt.left_mg, where)
    _settled(journal, receipt, receipt.left_mg)


def _pass_title(
    journal: Journal,
    shipment: ShipmentRecord,
    receipt: ProvisionalRecord,
    came_mg: int,
    unsettled: Mapping[Place, int],
) -> None:
    """What was received belongs to whom the shipment says, as far as the consignee still has it.

    A receipt that comes first and names no owner credits its consignee; a warehouse that files before the
    owner does not come to own the goods by that.
    """
    where = settlement_reference(shipment, receipt)
    holding = journal.books.get(HoldingRecord, receipt.lot, receipt.owner, receipt.consignee, receipt.site)
    if holding is None or receipt.owner == shipment.owner_to:
        return
    left_mg = unsettled.get((receipt.owner, receipt.consignee, receipt.site), 0)
    title_mg = max(0, min(came_mg, holding.mass_mg - left_mg))
    _entitle(journal, receipt, shipment.owner_to, title_mg, where)


def _entitle(journal: Journal, receipt: ProvisionalRecord, owner: str, mass_mg: int, where: str) -> None:
    """Moves title of a part of what a receipt credited; back, where the mass is negative."""
    if not mass_mg:
        return
    for whose, moved in ((receipt.owner, -mass_mg), (owner, mass_mg)):
        journal.give(
            receipt.lot,
            moved,
            owner=whose,
            custodian=receipt.consignee,
            site=receipt.site,
            reference=where,
        )


def _transit(
    journal: Journal, shipment: ShipmentRecord, line: ShipmentLineRecord, mass_mg: int, where: str
) -> None:
    journal.post(
        "transit",
        lot=line.lot,
        mass_mg=mass_mg,
        owner=shipment.owner_from,
        custodian=shipment.consignor,
        reference=where,
    )


def _suspense(
    journal: Journal, shipment: ShipmentRecord, receipt: ProvisionalRecord, mass_mg: int, where: str
) -> None:
    journal.post(
        "suspense",
        lot=receipt.lot,
        mass_mg=mass_mg,
        owner=receipt.owner,
        custodian=shipment.consignor,
        reference=where,
    )


def _differ(journal: Journal, lot: LotRecord, receipt: ProvisionalRecord, mass_mg: int, where: str) -> None:
    differ(journal, lot, mass_mg, custodian=receipt.consignee, site=receipt.site, reference=where)


def _credit(journal: Journal, receipt: ProvisionalRecord, mass_mg: int) -> None:
    journal.give(receipt.lot, mass_mg, owner=receipt.owner, custodian=receipt.consignee, site=receipt.site)


class Unsettling:
    """Takes settlements of receipts back, many together.

    The lines of a lot are looked through once for all of them, and what follows from all of them (how much
    of a holding awaits shipments, whether a shipment travels again) is stated at the end, by ``finish``.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._booked: dict[str, dict[str, list[PostingRecord]]] = {}
        self._places: dict[tuple[str, Place], None] = {}
        self._shipments: dict[tuple[str, str], None] = {}

    def of_shipment(self, shipment: ShipmentRecord) -> None:
        """Takes back whatever stands settled between a shipment and receipts."""
        for receipt in settled_receipts(self._journal.books, shipment):
            self._unsettle(shipment, receipt)

    def of_receipt(self, receipt: ProvisionalRecord) -> None:
        """Takes back whatever stands settled between shipments and a receipt of one lot."""
        books = self._journal.books
        for shipment in settled_shipments(books, receipt):
            standing = books.get(ProvisionalRecord, receipt.consignee, receipt.event_id, receipt.lot)
            assert standing is not None
            self._unsettle(shipment, standing)

    def finish(self) -> None:
        """States what follows from all that was taken back."""
        journal = self._journal
        mark_all(journal, self._places)
        for key in self._shipments:
            shipment = journal.books.get(ShipmentRecord, *key)
            assert shipment is not None
            close_if_empty(journal, shipment, journal.movement.event_time_us)

    def _unsettle(self, shipment: ShipmentRecord, receipt: ProvisionalRecord) -> None:
        journal, books = self._journal, self._journal.books
        where = settlement_reference(shipment, receipt)
        sums = {"transit": 0, "suspense": 0, "difference": 0}
        entitled = 0
        for posting in self._lines(receipt.lot, where):
            if posting.account in sums:
                sums[posting.account] += posting.mass_mg
            elif posting.owner != receipt.owner:
                entitled += posting.mass_mg
        if not any(sums.values()):
            return
        line = books.get(ShipmentLineRecord, shipment.consignor, shipment.event_id, receipt.lot)
        lot = books.get(LotRecord, receipt.lot)
        assert line is not None
        assert lot is not None
        credited = -sum(sums.values())
        _entitle(journal, receipt, shipment.owner_to, -entitled, where)
        _transit(journal, shipment, line, -sums["transit"], where)
        _suspense(journal, shipment, receipt, -sums["suspense"], where)
        _differ(journal, lot, receipt, -sums["difference"], where)
        if credited:
            _credit(journal, receipt, -credited)
        left_mg = line.left_mg - sums["transit"]
        put_line(journal, replace(line, left_mg=left_mg, weighed_mg=max(0, line.sent_mg - left_mg)))
        books.put(replace(receipt, left_mg=receipt.left_mg + sums["suspense"], settled_at=None))
        self._places[receipt.lot, (receipt.owner, receipt.consignee, receipt.site)] = None
        self._shipments[shipment.consignor, shipment.event_id] = None

    def _lines(self, lot: str, where: str) -> Sequence[PostingRecord]:
        """The lines of a settlement that is still to be taken back."""
        if lot not in self._booked:
            self._booked[lot] = _by_reference(self._journal.books.group(PostingRecord, "lot", lot))
        return self._booked[lot].pop(where, ())


def mark_all(journal: Journal, places: Iterable[tuple[str, Place]]) -> None:
    """As ``mark_provisional``, for every holding of these lots and places that there is."""
    unsettled: dict[str, Mapping[Place, int]] = {}
    for lot, place in places:
        holding = journal.books.get(HoldingRecord, lot, *place)
        if holding is not None:
            if lot not in unsettled:
                unsettled[lot] = unsettled_by_place(journal.books, lot)
            mark_provisional(journal, holding, unsettled[lot])


def _by_reference(postings: Iterable[PostingRecord]) -> dict[str, list[PostingRecord]]:
    found: dict[str, list[PostingRecord]] = {}
    for posting in postings:
        found.setdefault(posting.reference, []).append(posting)
    return found


def settled_shipments(books: Books, receipt: ProvisionalRecord) -> list[ShipmentRecord]:
    """The shipments that ever settled something of a receipt of one lot."""
    found: dict[tuple[str, str], ShipmentRecord] = {}
    for posting in books.group(PostingRecord, "lot", receipt.lot):
        words = posting.reference.split(" ")
        if len(words) == 4 and words[2:] == [receipt.consignee, receipt.event_id]:
            shipment = books.get(ShipmentRecord, words[0], words[1])
            if shipment is not None:
                found[words[0], words[1]] = shipment
    return list(found.values())


def settled_receipts(books: Books, shipment: ShipmentRecord) -> list[ProvisionalRecord]:
    """The receipts that a shipment ever settled something of, by lot."""
    found: dict[tuple[str, str, str], ProvisionalRecord] = {}
    for line in lines_of(books, shipment):
        for posting in books.group(PostingRecord, "lot", line.lot):
            words = posting.reference.split(" ")
            if len(words) == 4 and words[:2] == [shipment.consignor, shipment.event_id]:
                receipt = books.get(ProvisionalRecord, words[2], words[3], line.lot)
                if receipt is not None:
                    found[words[2], words[3], line.lot] = receipt
    return list(found.values())
