"""Who may ask about goods: those through whose hands they went.

Decides: what counts as having had a lot. A holding alone does not: a receipt that comes before its shipment
makes one out of nothing but its consignee's word, and so would open any firm's lot to whoever names it. What
counts is what the statement of somebody bears out who had the lot itself: its birth, and from there on a
shipment or a transfer, or a shipment that settled the receipt. So two who know a lot's name cannot open it by
sending it to each other, and nobody by importing what another exported.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Final, TypeAlias

from ledger.books.births import BIRTH_AWAITED
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

_Gift: TypeAlias = tuple[tuple[int, int], set[str], set[str]]
"""An event's place, who gave and who gained."""

CLOSED: Final = "this is open to regulators and to who holds or held it; or it is not in the books"
"""Said alike of what a party may not see and of what is not there, so that nobody can try out names."""


def read_lots(books: Books, names: Collection[str]) -> None:
    """Reads who gave some lots to whom, of all of them at once."""
    keys = [(name,) for name in names]
    books.prefetch(LotRecord, keys)
    for kind in (PostingRecord, ProvisionalRecord):
        books.prefetch_groups(kind, "lot", keys)
    receipts = (each for key in keys for each in books.group(ProvisionalRecord, "lot", *key))
    books.prefetch(EventRecord, [(each.consignee, each.event_id) for each in receipts])


def had_lot(books: Books, name: str, party: str) -> bool:
    """Whether a lot was truly a party's, or in its hands."""
    lot = books.get(LotRecord, name)
    if lot is None:
        return False
    if lot.producer == party:
        return True
    held = books.group(HoldingRecord, "lot", name)
    if not any(party in (each.owner, each.custodian) for each in held):
        return False
    read_lots(books, [name])
    return party in _admitted(books, lot)[1]


def had_by(books: Books, name: str) -> set[str]:
    """Who had a lot before or by the word of others; of one that awaits its birth who first received it too.

    What these made of it is made of it; what others say that they made of it is their own word alone.
    """
    lot = books.get(LotRecord, name)
    return set() if lot is None else set().union(*_admitted(books, lot))


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
    read_lots(books, inside)
    books.prefetch_groups(HoldingRecord, "lot", [(lot,) for lot in inside])
    return bool(inside) and all(
        had_lot(books, lot, party) and _has(books, lot, party) >= mass_mg for lot, mass_mg in inside.items()
    )


def _has(books: Books, lot: str, party: str) -> int:
    holdings = books.group(HoldingRecord, "lot", lot)
    return sum(held.mass_mg for held in holdings if party in (held.owner, held.custodian))


def _admitted(books: Books, lot: LotRecord) -> tuple[set[str], set[str]]:
    """Who had a lot first, and everyone who had it by the word of somebody who had it before.

    A lot whose birth is not recorded yet begins with who was first to say that it received it; that party's
    own word admits others, and not itself.
    """
    admitted: set[str] = set()
    trusted = {lot.producer} if lot.producer else set()
    gifts = [*_gifts(books, lot), *_settlements(books, lot.lot)]
    if lot.birth == BIRTH_AWAITED:
        trusted |= {
            taker
            for place, _, takers in gifts
            if place == (lot.entry_index, lot.position)
            for taker in takers
        }
    changed = True
    while changed:
        changed = False
        for place, givers, takers in gifts:
            born = place == (lot.entry_index, lot.position) and lot.birth != BIRTH_AWAITED
            if (born or givers & (trusted | admitted)) and not takers <= admitted:
                admitted |= takers
                changed = True
    return trusted, admitted


def _gifts(books: Books, lot: LotRecord) -> list[_Gift]:
    """By event: who gave some of a lot out of its own, and who gained some."""
    givers: dict[tuple[int, int], set[str]] = {}
    takers: dict[tuple[int, int], set[str]] = {}
    for line in books.group(PostingRecord, "lot", lot.lot):
        place = (line.entry_index, line.position)
        if line.account == "holding" and line.mass_mg > 0:
            takers.setdefault(place, set()).update((line.owner, line.custodian))
        elif line.account == "holding" or (line.account == "transit" and line.mass_mg < 0):
            givers.setdefault(place, set()).update((line.owner, line.custodian))
    return [(place, givers.get(place, set()), gained) for place, gained in sorted(takers.items())]


def _settlements(books: Books, lot: str) -> Iterator[_Gift]:
    """Receipts that came before their shipment, and that a shipment bore out since."""
    for receipt in books.group(ProvisionalRecord, "lot", lot):
        event = books.get(EventRecord, receipt.consignee, receipt.event_id)
        if receipt.left_mg < receipt.mass_mg and (event is None or event.state == "booked"):
            place = (receipt.entry_index, receipt.position)
            yield place, {receipt.consignor}, {receipt.consignee, receipt.owner}
