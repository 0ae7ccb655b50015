"""What a pool holds of lots that were received before their birth: named once they are born."""

import pytest

from ledger.books.pool_origins import RESOLVE, resolved
from ledger.movements.movement import Line
from ledger.records.cells import element_masses
from ledger.records.lots import EventRecord, PoolVersionRecord
from tests.support.books import KG, MINE, MINER, REFINER, born
from tests.support.yard import REO, Yard

POOL = "https://plant.example/pool/1"
LATE = "urn:lot:late"
AWAITED = f"awaited:{LATE}"


def receive(yard: Yard, lot: str = LATE, mass_mg: int = KG, **elements: int) -> None:
    """The plant receives a lot of which nothing is recorded."""
    contained = elements or {element: part * mass_mg // KG for element, part in REO.items()}
    line = born(lot, mass_mg, contained)
    yard.do("receive", by=REFINER, inputs=(line,), custodian_from=MINER, shipment="urn:desadv:1")


def feed(yard: Yard, lot: str = LATE, mass_mg: int = KG) -> str:
    return yard.do("feed", {lot: mass_mg}, REFINER, pool=POOL, process="sx")


def draw(yard: Yard, lot: str, mass_mg: int, element: str = "Nd") -> str:
    line = born(lot, mass_mg, {element: mass_mg})
    return yard.do("draw", by=REFINER, pool=POOL, process="sx", outputs=(line,))


def versions(yard: Yard) -> list[PoolVersionRecord]:
    """The pool's, oldest first."""
    return yard.books.records(PoolVersionRecord)


def origins(yard: Yard) -> set[str]:
    return {origin for _, origin, _ in yard.pool(POOL).cells}


@pytest.fixture
def plant() -> Yard:
    """A pool with an awaited lot and one of the plant's own in it, and some of each left."""
    made = Yard()
    made.extract("urn:lot:own", 2 * KG, by=REFINER, origin="own/mine")
    receive(made)
    feed(made, LATE, KG // 2)
    feed(made, "urn:lot:own", KG)
    return made


def test_until_its_birth_a_lot_is_its_own_origin(plant: Yard) -> None:
    assert [version.change for version in versions(plant)] == ["feed", "feed"]
    assert origins(plant) == {AWAITED, "own/mine"}
    draw(plant, "urn:lot:oxide", 1_000)
    assert {origin for _, origin, _ in plant.lot("urn:lot:oxide").cells} == {AWAITED, "own/mine"}


def test_after_it_the_next_change_names_its_origin_first(plant: Yard) -> None:
    plant.extract(LATE)
    before = plant.pool(POOL)
    feed(plant, "urn:lot:own", 1_000)
    first, second, named, fed = versions(plant)
    assert (named.change, named.version, fed.change, fed.version) == (RESOLVE, 3, "feed", 4)
    assert (named.entry_index, named.position) == (fed.entry_index, fed.position)
    assert (named.owners, named.blocked) == (second.owners, second.blocked)
    assert element_masses(named.cells) == element_masses(before.cells)
    assert dict(named.cells) == {
        ("Nd", MINE, "domestic"): 150_000,
        ("Pr", MINE, "domestic"): 50_000,
        ("Nd", "own/mine", "domestic"): 300_000,
        ("Pr", "own/mine", "domestic"): 100_000,
    }
    assert plant.parents(named.node) == {second.node}
    assert plant.parents(fed.node) == {named.node, plant.lot("urn:lot:own").node}
    assert first.cells != named.cells
    feed(plant, "urn:lot:own", 1_000)
    assert [version.change for version in versions(plant)][4:] == ["feed"]


@pytest.mark.parametrize("change", ["feed", "draw", "close"])
def test_every_change_does(plant: Yard, change: str) -> None:
    plant.extract(LATE)
    if change == "feed":
        feed(plant, "urn:lot:own", 1_000)
    elif change == "draw":
        draw(plant, "urn:lot:oxide", 7)
    else:
        plant.do("close", by=REFINER, pool=POOL, measured_mg=element_masses(plant.pool(POOL).cells))
    assert [version.change for version in versions(plant)][2:] == [RESOLVE, change]
    assert origins(plant) == {MINE, "own/mine"}


def test_what_a_close_found_stays_blocked(plant: Yard) -> None:
    measured = element_masses(plant.pool(POOL).cells)
    plant.do("close", by=REFINER, pool=POOL, measured_mg=measured | {"Nd": measured["Nd"] + 1_000})
    plant.extract(LATE)
    feed(plant, "urn:lot:own", 1_000)
    *_, closed, named, fed = versions(plant)
    assert (closed.change, named.change) == ("close", RESOLVE)
    assert closed.blocked == named.blocked == fed.blocked == {"Nd": 1_000}


def test_what_is_drawn_is_of_the_origins_that_were_named(plant: Yard) -> None:
    plant.extract(LATE)
    draw(plant, "urn:lot:oxide", 9)
    oxide = plant.lot("urn:lot:oxide")
    assert dict(oxide.cells) == {("Nd", MINE, "domestic"): 3, ("Nd", "own/mine", "domestic"): 6}
    assert plant.parents(oxide.node) == {versions(plant)[2].node}


def test_a_birth_of_several_origins_is_shared_out_in_whole_milligrams(plant: Yard) -> None:
    """The lot was made of two others; an element that it was not born with stays awaited."""
    for name, mass_mg in (("one", KG), ("two", 2 * KG)):
        plant.extract(f"urn:lot:{name}", mass_mg, origin=f"{name}/mine")
    receive(plant, "urn:lot:mixed", 1_000, Nd=100, Dy=7)
    feed(plant, "urn:lot:mixed", 1_000)
    inputs = tuple(Line(f"urn:lot:{name}", mass) for name, mass in (("one", KG), ("two", 2 * KG)))
    plant.do("process", inputs=inputs, outputs=(born("urn:lot:mixed", KG, {"Nd": 900_000}),))
    feed(plant, "urn:lot:own", 1_000)
    named = versions(plant)[3].cells
    found = {cell: mass for cell, mass in named.items() if cell[1] not in (AWAITED, "own/mine")}
    assert found == {
        ("Nd", "one/mine", "domestic"): 33,
        ("Nd", "two/mine", "domestic"): 67,
        ("Dy", "awaited:urn:lot:mixed", "domestic"): 7,
    }


def test_a_pool_holds_as_many_origins_as_there_are_and_not_as_it_was_fed_lots() -> None:
    yard = Yard()
    for number in range(30):
        receive(yard, f"urn:lot:{number}", 10_000)
        feed(yard, f"urn:lot:{number}", 10_000)
    assert len(yard.pool(POOL).cells) == 60
    for number in range(30):
        yard.extract(f"urn:lot:{number}", 10_000, origin=f"mine/{number % 2}")
    draw(yard, "urn:lot:oxide", 1_000)
    assert origins(yard) == {"mine/0", "mine/1"}
    assert len(yard.lot("urn:lot:oxide").cells) == 2


def test_a_refused_change_names_nothing(plant: Yard) -> None:
    plant.extract(LATE)
    before = plant.pool(POOL)
    line = born("urn:lot:oxide", 10 * KG, {"Nd": 9 * KG})
    assert plant.refused("draw", by=REFINER, pool=POOL, process="sx", outputs=(line,)) == ["pool.overdrawn"]
    assert plant.pool(POOL) == before
    assert len(versions(plant)) == 2


def test_a_birth_that_was_taken_back_names_nothing(plant: Yard) -> None:
    plant.undo(plant.extract("urn:lot:void"))
    receive(plant, "urn:lot:void", 1_000)
    feed(plant, "urn:lot:void", 1_000)
    born_by = plant.extract("urn:lot:void", origin="void/mine")
    plant.undo(born_by)
    feed(plant, "urn:lot:own", 1_000)
    assert [version.change for version in versions(plant)] == ["feed"] * 4
    assert "awaited:urn:lot:void" in origins(plant)


@pytest.mark.parametrize("named", [False, True])
def test_a_feed_is_taken_back_by_the_name_that_its_origin_has_by_then(named: bool) -> None:
    yard = Yard()
    yard.extract("urn:lot:own", 2 * KG, by=REFINER, origin="own/mine")
    feed(yard, "urn:lot:own", KG)
    before = yard.pool(POOL)
    receive(yard)
    late = feed(yard, LATE, KG // 2)
    if named:
        yard.extract(LATE)
        feed(yard, "urn:lot:own", 1_000)
    yard.undo(late, by=REFINER)
    extra = {"Nd": 300, "Pr": 100} if named else {}
    assert yard.pool(POOL).cells == {
        (element, "own/mine", status): mass + extra.get(element, 0)
        for (element, _, status), mass in before.cells.items()
    }
    assert yard.mass(LATE) == KG


def test_taking_a_change_back_names_what_can_be(plant: Yard) -> None:
    (fed,) = plant.books.group(EventRecord, "entry", versions(plant)[1].entry_index)
    plant.extract(LATE)
    plant.undo(fed.event_id, by=REFINER)
    assert [version.change for version in versions(plant)] == ["feed", "feed", RESOLVE, "correct"]
    assert dict(plant.pool(POOL).cells) == {
        ("Nd", MINE, "domestic"): 150_000,
        ("Pr", MINE, "domestic"): 50_000,
    }


def test_cells_without_anything_awaited_are_left_as_they_are(plant: Yard) -> None:
    cells = {("Nd", MINE, "domestic"): 1, ("Nd", AWAITED, "domestic"): -5}
    assert resolved(plant.books, {("Nd", MINE, "domestic"): 1}) == {("Nd", MINE, "domestic"): 1}
    plant.extract(LATE)
    assert resolved(plant.books, cells) is cells
