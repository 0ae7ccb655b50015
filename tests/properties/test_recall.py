"""Recall lists over random histories: each lot's masses add up to what the journal says is anywhere."""

import random

import pytest

from ledger.provenance.holders import ask_travelling, holders
from ledger.records.books import Books
from ledger.records.lots import LotRecord, PostingRecord, ShipmentLineRecord, ShipmentRecord
from ledger.store.asking import Asking
from tests.properties.test_books_machine import HISTORIES, Memory
from tests.properties.test_flows import READ, stored
from tests.support.history import FIRMS
from tests.support.history_corrections import BooksMachine, tell

SOMEWHERE = ("holding", "transit", "exported", "released")
ENDED = ("lost", "difference", "suspense", "birth")


def sums(books: Books, lot: str, accounts: tuple[str, ...]) -> int:
    lines = books.group(PostingRecord, "lot", lot)
    return sum(line.mass_mg for line in lines if line.account in accounts)


def check_recall(known: Books) -> int:
    """Checks the recall list of every lot of some books; gives how many rows left the books."""
    gone = 0
    with stored(known, (*READ, ShipmentRecord, ShipmentLineRecord)) as connection:
        for lot in known.records(LotRecord):
            held = sum(each.mass_mg for each in holders(connection, [lot.lot]))
            left = list(ask_travelling(Asking(connection), [lot.lot], None)())
            assert all(each.mass_mg > 0 for each in left)
            assert held + sum(each.mass_mg for each in left) == sums(known, lot.lot, SOMEWHERE)
            for state, account in (("exported", "exported"), ("released", "released")):
                told = [each.mass_mg for each in left if each.state == state]
                assert sum(told) == sums(known, lot.lot, (account,)), state
                gone += len(told)
            used = sums(known, lot.lot, (*SOMEWHERE, *ENDED))
            if used == 0 and lot.voided_at is None and lot.birth == "extract":  # nothing was made of it
                rest = lot.mass_mg - sums(known, lot.lot, ENDED[:3])
                assert held + sum(each.mass_mg for each in left) == rest
    return gone


def bring_back(memory: Memory, seed: int) -> int:
    """Imports parts of what is abroad, by any firm and naming any shipment."""
    chosen, books = random.Random(seed), memory.yard.books
    count = 0
    for lot in sorted(lot.lot for lot in books.records(LotRecord)):
        abroad = sums(books, lot, ("exported",))
        while abroad > 1 and chosen.random() < 0.7:
            back = chosen.randint(1, abroad)
            named = chosen.choice(["", *(each.event_id for each in books.records(ShipmentRecord))])
            by = chosen.choice(FIRMS)
            said = {"site": f"{by}/site", "shipment": named, "event_id": f"urn:import:{count}"}
            moved = memory.said("import", {lot: back}, by, **said)
            assert not memory.record(moved, by, acceptable=True)
            abroad -= back
            count += 1
    return count


@pytest.mark.parametrize("batch", range(2))
def test_what_a_recall_list_tells_is_all_that_is_anywhere(batch: int) -> None:
    gone = back = 0
    for number in range(HISTORIES):
        memory = Memory()
        tell(BooksMachine(memory), batch * 1_000_000 + number, steps=40)
        check_recall(memory.yard.books)
        back += bring_back(memory, number)
        gone += check_recall(memory.yard.books)
    assert gone > HISTORIES // 2
    assert back > HISTORIES // 10
