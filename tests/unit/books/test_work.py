"""How much of the books one movement looks at: never the square of what stands there."""

from collections.abc import Callable

import pytest

from tests.support.books import KG
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
