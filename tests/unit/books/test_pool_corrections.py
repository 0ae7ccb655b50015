"""Corrections of pools: what was fed, drawn or found is taken back, as far as it was not drawn."""

from fractions import Fraction

import pytest

from ledger.records.lots import (
    EdgeRecord,
    PoolRecord,
    PoolVersionRecord,
)
from tests.support.books import KG, REFINER, START_US, born
from tests.support.correcting import correct, negative
from tests.support.yard import Yard, lot_of

OXIDE = "https://plant.example/lot/oxide"
POOL = "https://plant.example/pool/1"


@pytest.fixture
def plant() -> Yard:
    made = Yard()
    for lot in ("urn:lot:a", "urn:lot:b"):
        made.extract(lot, by=REFINER, origin=f"{lot}/mine")
    return made


def feed(yard: Yard, lot: str, mass_mg: int, **said: object) -> str:
    return yard.do("feed", {lot: mass_mg}, REFINER, pool=POOL, process="sx", **said)


def draw(yard: Yard, lot: str, mass_mg: int, **said: object) -> str:
    line = born(lot, mass_mg, {"Nd": mass_mg})
    return yard.do("draw", by=REFINER, pool=POOL, process="sx", outputs=(line,), **said)


def pool_cells(yard: Yard) -> dict[str, int]:
    sums: dict[str, int] = {}
    for (element, origin, _), mass in yard.pool(POOL).cells.items():
        name = f"{element} {origin[-6]}"
        sums[name] = sums.get(name, 0) + mass
    return sums


def test_a_feed_that_did_not_occur_leaves_the_pool_as_it_was(plant: Yard) -> None:
    feed(plant, "urn:lot:a", KG)
    before = plant.pool(POOL)
    event = feed(plant, "urn:lot:b", KG)
    node = plant.pool(POOL).node
    plant.undo(event, by=REFINER)
    after = plant.pool(POOL)
    assert (after.cells, after.owners, after.version) == (before.cells, before.owners, 3)
    assert plant.mass("urn:lot:b") == KG
    version = plant.books.get(PoolVersionRecord, POOL, 3)
    assert version is not None
    assert version.change == "correct"
    standing = [edge for edge in plant.books.group(EdgeRecord, "child", node) if edge.voided_at is None]
    assert [edge.parent for edge in standing] == [before.node]


def test_a_feed_whose_origin_was_drawn_is_made_up_for_by_the_others(plant: Yard) -> None:
    feed(plant, "urn:lot:a", KG)
    event = feed(plant, "urn:lot:b", KG)
    draw(plant, OXIDE, 200_000)
    assert pool_cells(plant)["Nd b"] == 200_000
    plant.undo(event, by=REFINER)
    assert pool_cells(plant) == {"Nd a": 100_000, "Pr a": 100_000}


def test_a_feed_that_was_drawn_occurred(plant: Yard) -> None:
    event = feed(plant, "urn:lot:a", KG)
    draw(plant, OXIDE, 200_000)
    evidence = negative(plant, event, REFINER)
    assert evidence["left_mg"] == {"Nd": -200_000}
    assert evidence["movements"] == [{"index": plant.index - 1, "position": 0}]


@pytest.mark.parametrize(("mass_mg", "codes"), [(666_667, []), (666_663, ["correction.negative"])])
def test_a_feed_is_replaced_by_as_much_as_was_drawn(plant: Yard, mass_mg: int, codes: list[str]) -> None:
    event = feed(plant, "urn:lot:a", KG)
    draw(plant, OXIDE, 200_000)
    said = {"pool": POOL, "process": "sx"}
    if codes:
        said = {**said, "corrects": event}
        assert plant.refused("feed", {"urn:lot:a": mass_mg}, REFINER, **said) == codes
    else:
        correct(plant, event, {"urn:lot:a": mass_mg}, REFINER, **said)
        assert pool_cells(plant)["Pr a"] == 66_666
        assert "Nd a" not in pool_cells(plant)


def test_a_draw_is_undone_and_replaced(plant: Yard) -> None:
    feed(plant, "urn:lot:a", KG)
    before = plant.pool(POOL).cells
    event = draw(plant, OXIDE, 200_000)
    second = correct(
        plant,
        event,
        by=REFINER,
        pool=POOL,
        process="sx",
        outputs=(born(OXIDE, 100_000, {"Nd": 100_000}),),
    )
    assert plant.mass(OXIDE) == 100_000
    plant.undo(second, by=REFINER)
    assert plant.pool(POOL).cells == before
    assert lot_of(plant, OXIDE) is None


def test_a_close_is_undone_with_what_it_blocked(plant: Yard) -> None:
    feed(plant, "urn:lot:a", KG)
    before = plant.pool(POOL)
    measured = {"Nd": 310_000, "Pr": 90_000}
    event = plant.do("close", by=REFINER, pool=POOL, measured_mg=measured, event_time_us=START_US + 10**12)
    assert plant.pool(POOL).blocked == {"Nd": 10_000}
    plant.undo(event, by=REFINER)
    after = plant.pool(POOL)
    assert (after.cells, after.owners, after.blocked) == (before.cells, before.owners, {})
    assert after.closed_us == before.closed_us


def test_a_close_whose_finding_was_drawn_stands(plant: Yard) -> None:
    feed(plant, "urn:lot:a", KG)
    event = plant.do("close", by=REFINER, pool=POOL, measured_mg={"Nd": 400_000, "Pr": 100_000})
    pool = plant.books.get(PoolRecord, POOL)
    assert pool is not None
    draw(plant, OXIDE, 300_000)
    plant.do("close", by=REFINER, pool=POOL, measured_mg={"Nd": 50_000, "Pr": 100_000})
    assert negative(plant, event, REFINER)["left_mg"] == {"Nd": -50_000}


def test_the_difference_of_a_feed_is_reversed(plant: Yard) -> None:
    event = feed(plant, "urn:lot:a", 333_333)
    assert plant.effects[-1].difference == {"Nd": Fraction(9, 10), "Pr": Fraction(3, 10)}
    plant.undo(event, by=REFINER)
    reversed_ = [line for line in plant.effects[-1].postings if line.account == "difference"]
    assert [line.contained for line in reversed_] == [{"Nd": "-9/10", "Pr": "-3/10"}]
