"""How much of the books one movement looks at: never the square of what stands there."""

from collections.abc import Callable

import pytest

from ledger.records.taint import clear, taint
from tests.support.books import KG, born
from tests.support.counted import CountedYard
from tests.support.yard import MINER, ORE, REFINER, TRADER

MANY = 120


def settled(yard: CountedYard, many: int) -> str:
    """One shipment settles many receipts that came before it."""
    for _ in range(many):
        yard.receive({ORE: 1_000}, "urn:despatch", final=False)
    return yard.ship({ORE: KG // 2}, owner_to=TRADER, despatch_advice="urn:despatch")


def by_many_sites(yard: CountedYard, many: int) -> str:
    """The same, and every receipt was at a site of its own."""
    for at in range(many):
        yard.receive({ORE: 1_000}, "urn:despatch", final=False, site=f"urn:site:{at}")
    return yard.ship({ORE: KG // 2}, owner_to=TRADER, despatch_advice="urn:despatch")


@pytest.mark.parametrize("settle", [settled, by_many_sites])
def test_a_shipment_looks_at_each_receipt_that_it_settles_a_few_times(
    settle: Callable[[CountedYard, int], str],
) -> None:
    yard = CountedYard()
    yard.extract()
    settle(yard, MANY)
    assert yard.last < 20 * MANY


@pytest.mark.parametrize("settle", [settled, by_many_sites])
def test_to_take_it_back_looks_at_each_of_them_a_few_times(
    settle: Callable[[CountedYard, int], str],
) -> None:
    yard = CountedYard()
    yard.extract()
    shipment = settle(yard, MANY)
    yard.undo(shipment)
    assert yard.last < 40 * MANY
    assert yard.mass(by=MINER) == KG
    assert yard.provisional() == MANY * 1_000


def test_to_take_a_receipt_back_looks_at_each_of_its_shipments_a_few_times() -> None:
    yard = CountedYard()
    yard.extract()
    receipt = yard.receive({ORE: KG // 2}, "urn:despatch", final=False)
    for _ in range(MANY):
        yard.ship({ORE: 1_000}, despatch_advice="urn:despatch")
    yard.undo(receipt, by=REFINER)
    assert yard.last < 60 * MANY
    assert yard.mass(by=REFINER) == 0


def test_to_take_a_receipt_of_many_lots_back_looks_at_each_of_them_a_few_times() -> None:
    yard = CountedYard()
    lots = [f"https://mine.example/lot/{at}" for at in range(MANY)]
    for lot in lots:
        yard.extract(lot)
    shipment = yard.ship(dict.fromkeys(lots))
    receipt = yard.receive(dict.fromkeys(lots, KG), shipment)
    yard.undo(receipt, by=REFINER)
    assert yard.last < 60 * MANY
    assert yard.shipment(shipment).state == "open"


def nest(yard: CountedYard, many: int) -> list[str]:
    """Units one in the other, with something of a lot in each; the innermost first."""
    units = [f"urn:unit:{at}" for at in range(many)]
    for inner, unit in zip([None, *units], units, strict=False):
        yard.do("pack", {ORE: 1_000}, parent=unit, units=(inner,) if inner else ())
    return units


def test_units_that_are_listed_beside_those_around_them_are_looked_into_once() -> None:
    yard = CountedYard()
    yard.extract(mass_mg=10 * KG)
    units = nest(yard, MANY)
    shipment = yard.ship({}, units=tuple(units))
    assert yard.last < 20 * MANY
    assert yard.line(shipment).sent_mg == 1_000 * MANY * (MANY + 1) // 2


def test_units_of_others_are_looked_into_once_however_many_are_received() -> None:
    yard = CountedYard()
    yard.extract()
    units = nest(yard, MANY)
    shipment = yard.ship({}, units=tuple(units[-1:]))
    yard.receive({}, shipment, units=tuple(units))
    assert yard.last < 20 * MANY
    assert yard.mass() == 1_000 * MANY


def test_many_lots_are_taken_out_of_a_unit_that_is_looked_into_once() -> None:
    yard = CountedYard()
    lots = [f"https://mine.example/lot/{at}" for at in range(MANY)]
    for lot in lots:
        yard.extract(lot)
    yard.do("pack", dict.fromkeys(lots, KG), parent="urn:unit")
    yard.do("unpack", dict.fromkeys(lots, KG // 2), parent="urn:unit")
    assert yard.last < 20 * MANY


def emptied(yard: CountedYard, many: int) -> None:
    """A lot is fed into a pool bit by bit, and the pool is drawn empty after each."""
    yard.extract(mass_mg=many * 1_000)
    for at in range(many):
        yard.do("feed", {ORE: 1_000}, pool="urn:pool", process="mixing")
        line = born(f"https://mine.example/drawn/{at}", 1_000, {"Nd": 300, "Pr": 100})
        yard.do("draw", pool="urn:pool", process="mixing", outputs=(line,))


def test_to_mark_what_went_through_a_pool_looks_at_each_version_a_few_times() -> None:
    yard = CountedYard()
    emptied(yard, MANY)
    before = yard.books.looked_at
    taint(yard.books, yard.lot(ORE).node, 7)
    assert yard.books.looked_at - before < 40 * MANY
    assert {yard.lot(f"https://mine.example/drawn/{at}").tainted_by for at in range(MANY)} == {7}


def test_to_clear_a_lot_walks_once_however_many_marks_are_left() -> None:
    yard = CountedYard()
    lots = [f"https://mine.example/lot/{at}" for at in range(MANY)]
    for lot in lots:
        yard.extract(lot)
        yard.do("feed", {lot: KG}, pool="urn:pool", process="mixing")
    for at, lot in enumerate(lots):
        taint(yard.books, yard.lot(lot).node, 1_000 + at)
    before = yard.books.looked_at
    clear(yard.books, lots[0])
    assert yard.books.looked_at - before < 60 * MANY
    assert yard.pool("urn:pool").tainted_by == 1_001
    assert [yard.lot(lot).tainted_by for lot in lots[:3]] == [None, 1_001, 1_002]
