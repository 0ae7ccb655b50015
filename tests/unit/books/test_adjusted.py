"""What movements and corrections do to books that an act adjusted: everything still adds up."""

from collections.abc import Callable
from typing import Any

import pytest

from ledger.records.lots import HoldingRecord, PoolRecord, PoolVersionRecord
from ledger.statements.acts.adjust import OFFICIAL, adjust_holding, adjust_pool, release_gap
from ledger.statements.acts.base import ActContext
from tests.support.books import DAY_US, KG, REFINER, START_US, born, check_acyclic, check_identity
from tests.support.yard import ORE, Yard

POOL = "https://plant.example/pool/1"
GAP = {"Nd": 7_000}


@pytest.fixture
def yard() -> Yard:
    """The plant fed 1 kg into a pool, and a close found 7 g of neodymium more."""
    made = Yard()
    made.extract(by=REFINER, mass_mg=2 * KG)
    made.do("feed", {ORE: KG}, REFINER, pool=POOL, process="separation")
    close(made, {"Nd": 307_000, "Pr": 100_000})
    return made


def close(yard: Yard, measured_mg: dict[str, int]) -> str:
    return yard.do("close", None, REFINER, pool=POOL, measured_mg=measured_mg)


def draw(lot: str, contained: dict[str, int]) -> dict[str, Any]:
    return {"pool": POOL, "outputs": (born(lot, KG, contained),), "process": "separation"}


def pool(yard: Yard) -> PoolRecord:
    return yard.pool(POOL)


def adjusted(yard: Yard, adjust: Callable[[ActContext], None]) -> None:
    """Adjusts as an act of its own entry would; every sum holds after it."""
    at_us = START_US + (2 + yard.index) * DAY_US
    adjust(ActContext(yard.index, at_us, "https://regulator.example/", "kid", b"", "log"))
    yard.index += 1
    check_identity(yard.books)
    check_acyclic(yard.books)
    newest = yard.books.get(PoolVersionRecord, POOL, pool(yard).version)
    assert newest is not None
    assert (newest.owners, newest.blocked) == (pool(yard).owners, pool(yard).blocked)


def release(yard: Yard, masses_mg: dict[str, int]) -> None:
    adjusted(yard, lambda context: release_gap(yard.books, pool(yard), masses_mg, context))


def measure(yard: Yard, masses_mg: dict[str, int]) -> None:
    adjusted(yard, lambda context: adjust_pool(yard.books, pool(yard), masses_mg, context))


def test_a_gap_is_drawn_once_it_is_released(yard: Yard) -> None:
    whole = draw("urn:lot:nd", {"Nd": 307_000})
    assert yard.refused("draw", None, REFINER, **whole) == ["pool.overdrawn"]
    release(yard, {"Nd": 6_999})
    assert pool(yard).blocked == {"Nd": 1}
    release(yard, {"Nd": 1})
    yard.do("draw", None, REFINER, **whole)
    assert pool(yard).blocked == {}


def test_what_is_undone_after_a_release_blocks_nothing_again(yard: Yard) -> None:
    release(yard, GAP)
    fed = yard.do("feed", {ORE: KG // 2}, REFINER, pool=POOL, process="separation")
    yard.undo(fed, REFINER)
    assert pool(yard).blocked == {}
    yard.do("draw", None, REFINER, **draw("urn:lot:nd", {"Nd": 307_000}))


def test_a_close_whose_gap_was_released_and_drawn_cannot_be_undone(yard: Yard) -> None:
    closed = close(yard, {"Nd": 310_000, "Pr": 100_000})
    release(yard, {"Nd": 10_000})
    yard.do("draw", None, REFINER, **draw("urn:lot:nd", {"Nd": 310_000}))
    undone: dict[str, Any] = {"event_id": closed, "corrects": closed, "did_not_occur": True, "pool": POOL}
    assert yard.refused("close", None, REFINER, **undone) == ["correction.negative"]


@pytest.mark.parametrize("measured_mg", [{"Nd": 0, "Pr": 0}, {"Nd": 500_000}, {"Nd": 301_000, "Dy": 3}])
def test_what_follows_an_adjustment_can_be_undone(yard: Yard, measured_mg: dict[str, int]) -> None:
    measure(yard, measured_mg)
    before = pool(yard)
    yard.undo(yard.do("feed", {ORE: KG // 2}, REFINER, pool=POOL, process="separation"), REFINER)
    after = pool(yard)
    assert (after.cells, after.owners, after.blocked) == (before.cells, before.owners, before.blocked)


@pytest.mark.parametrize("counted_mg", [0, 1, KG - 1, KG + 1])
def test_a_holding_is_adjusted_and_its_lots_birth_replaced(yard: Yard, counted_mg: int) -> None:
    (held,) = yard.books.group(HoldingRecord, "lot", ORE)

    def adjust(context: ActContext) -> None:
        adjust_holding(yard.books, yard.lot(ORE), held, counted_mg, context, OFFICIAL)

    adjusted(yard, adjust)
    assert yard.mass() == counted_mg
    poorer = (born(ORE, 2 * KG, {"Nd": 123_457}),)
    yard.do("extract", None, REFINER, outputs=poorer, corrects="urn:event:1")
    assert yard.mass() == counted_mg
