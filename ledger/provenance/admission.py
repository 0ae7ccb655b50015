"""Who may ask about goods: those through whose hands they went.

Decides: what counts as having had a lot. A holding alone does not: a receipt that comes before its shipment
makes one out of nothing but its consignee's word, and so would open any firm's lot to whoever names it. What
counts is what somebody else's statement bears out: a birth, a shipment or a transfer from another party, a
shipment that settled the receipt; or that the lot came back from abroad.
"""

from collections.abc import Mapping
from typing import Final

from ledger.records.books import Books
from ledger.records.lots import (
    EventRecord,
    HoldingRecord,
    LotRecord,
    PoolRecord,
    PostingRecord,
    ProvisionalRecord,
    ShipmentRecord,
    UnitRecord,
)

CLOSED: Final = "this is open to regulators and to who holds or held it; or it is not in the books"
"""Said alike of what a party may not see and of what is not there, so that nobody can try out names."""


def had_lot(books: Books, name: str, party: str) -> bool:
    """Whether a lot was truly a party's, or in its hands."""
    lot = books.get(LotRecord, name)
    if lot is None:
        return False
    if lot.producer == party:
        return True
    if not any(party in (held.owner, held.custodian) for held in books.group(HoldingRecord, "lot", name)):
        return False
    return _was_settled(books, name, party) or _was_given(books, lot, party)


def may_see_pool(books: Books, name: str, party: str) -> bool:
    """Whether a party runs a pool, or owns a part of what is in it."""
    pool = books.get(PoolRecord, name)
    return pool is not None and (pool.custodian == party or party in pool.owners)


def may_see_shipment(books: Books, consignor: str, event_id: str, party: str) -> bool:
    """Whether a party sent or received a shipment; who had another part of its lots did not."""
    sent = books.get(ShipmentRecord, consignor, event_id)
    return sent is not None and party in (sent.consignor, sent.consignee, sent.owner_from, sent.owner_to)


def may_see_unit(books: Books, name: str, inside: Mapping[str, int], party: str) -> bool:
    """Whether a party packed a unit, or has all that is in it now."""
    unit = books.get(UnitRecord, name)
    if unit is None:
        return False
    if unit.packer == party:
        return True
    return bool(inside) and all(
        had_lot(books, lot, party) and _has(books, lot, party) >= mass_mg for lot, mass_mg in inside.items()
    )


def _has(books: Books, lot: str, party: str) -> int:
    holdings = books.group(HoldingRecord, "lot", lot)
    return sum(held.mass_mg for held in holdings if party in (held.owner, held.custodian))


def _was_settled(books: Books, lot: str, party: str) -> bool:
    """Whether a shipment came for a receipt of the party that had come before it."""
    for receipt in books.group(ProvisionalRecord, "lot", lot):
        if party not in (receipt.consignee, receipt.owner) or receipt.left_mg >= receipt.mass_mg:
            continue
        event = books.get(EventRecord, receipt.consignee, receipt.event_id)
        if event is None or event.state == "booked":
            return True
    return False


def _was_given(books: Books, lot: LotRecord, party: str) -> bool:
    """Whether an event took some of the lot from another, or bore it, and gave it to the party."""
    gained: set[tuple[int, int]] = set()
    others: set[tuple[int, int]] = {(lot.entry_index, lot.position)} if lot.birth != "awaited" else set()
    for line in books.group(PostingRecord, "lot", lot.lot):
        place = (line.entry_index, line.position)
        own = party in (line.owner, line.custodian)
        if line.account == "holding" and line.mass_mg > 0 and own:
            gained.add(place)
        elif line.mass_mg < 0 and _is_from_elsewhere(line, party, own=own):
            others.add(place)
    return not gained.isdisjoint(others)


def _is_from_elsewhere(line: PostingRecord, party: str, *, own: bool) -> bool:
    match line.account:
        case "birth" | "exported":
            return True
        case "transit":
            return line.custodian != party
        case _:
            return line.account == "holding" and not own
