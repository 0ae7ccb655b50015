"""What a ledger said of goods before they were corrected, one field after the other, on both engines."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from ledger.books.apply import apply_movement
from ledger.clock import format_time_us
from ledger.movements.movement import Line, Movement
from ledger.provenance.as_of import lot_at, lots_of_node_at
from ledger.provenance.way import Direction
from ledger.records.books import Books
from ledger.records.lots import EdgeRecord, LotRecord, LotVersionRecord, PoolRecord, PoolVersionRecord
from ledger.store.books_source import write_records
from ledger.whatif.past import OwnAlerts, Past
from tests.support.books import DAY_US, KG, MINE, MINER, PLANT, REFINER, START_US, born
from tests.support.correcting import correct
from tests.support.earlier_answers import DIRECTIONS, answer, subjects
from tests.support.yard import Yard

LOT, OXIDE, ALLOY, POOL = "urn:lot:2", "urn:lot:oxide", "urn:lot:alloy", "urn:pool:1"
DESADV = "urn:desadv:1"
OTHER_SITE = "https://mine.example/site/other"
LIMITS: tuple[dict[str, Any], ...] = (
    {},
    {"since_us": START_US + DAY_US + 1},
    {"until_us": START_US + DAY_US + 1},
    {"depth": 1},
    {"most": 1},
    {"element": "Nd"},
)
KINDS = (LotRecord, LotVersionRecord, EdgeRecord, PoolRecord, PoolVersionRecord)
BORN = born(LOT, KG, {"Nd": 300_000}, product="bastnaesite-concentrate", custody_model="segregated")


def write(connection: Connection, books: Books) -> None:
    for kind in KINDS:
        write_records(connection, books.records(kind))


def everything(connection: Connection, at: int | None, about: list[tuple[str, str]]) -> list[bytes | None]:
    return [
        answer(connection, subject, direction, at, **limits)
        for subject in about
        for direction in DIRECTIONS
        for limits in LIMITS
    ]


@dataclass
class Told:
    """A yard whose database is asked everything after each entry.

    Attributes:
        known: What there was to ask about once each entry was in, and what was answered.
    """

    engine: Engine
    yard: Yard = field(default_factory=Yard)
    known: list[tuple[list[tuple[str, str]], list[bytes | None]]] = field(default_factory=list)

    def then(self, happens: Callable[[Yard], Any]) -> Any:
        """Something happens, which is one entry."""
        made = happens(self.yard)
        assert self.yard.index == len(self.known) + 1
        with self.engine.connect() as connection:
            write(connection, self.yard.books)
            about = subjects(connection)
            self.known.append((about, everything(connection, None, about)))
            connection.rollback()
        return made

    def check(self, others: set[int]) -> None:
        """As of each entry it says what it said then; after these it says something else by now."""
        with self.engine.begin() as connection:
            write(connection, self.yard.books)
            for at, (about, told) in enumerate(self.known):
                assert everything(connection, at, about) == told, at
                assert (at in others) == (everything(connection, None, about) != told), at
                unborn = [each for each in subjects(connection) if each not in about]
                assert set(everything(connection, at, unborn)) <= {None}

    def lot(self, at: int | None, direction: Direction = "upstream", lot: str = LOT) -> dict[str, Any]:
        with self.engine.connect() as connection:
            told = answer(connection, ("lot", lot), direction, at)
        assert told is not None
        members: dict[str, Any] = json.loads(told.partition(b"[(")[0])
        return members


@pytest.fixture
def told(engine: Engine) -> Told:
    return Told(engine)


def bear(yard: Yard, line: Line = BORN, **said: Any) -> str:
    return yard.do("extract", outputs=(line,), **said)


def use(yard: Yard, lot: str = LOT, product: str = OXIDE, mass_mg: int = KG // 2) -> str:
    output = born(product, mass_mg // 5, {"Nd": mass_mg // 5}, product="prnd-oxide")
    return yard.do("process", {lot: mass_mg}, process="p", outputs=(output,))


CHANGES: dict[str, dict[str, Any]] = {
    "mass": {"outputs": (replace(BORN, mass_mg=2 * KG),)},
    "contents": {"outputs": (born(LOT, KG, {"Nd": 290_000, "Dy": 9_000}),)},
    "product": {"outputs": (replace(BORN, product="mixed-carbonate"),)},
    "model": {"outputs": (replace(BORN, custody_model="book_and_claim"),)},
    "time": {"event_time_us": START_US + 2 * DAY_US},
    "origin": {"origin": "https://mine.example/site/deep"},
    "site": {"site": OTHER_SITE},
}


@pytest.mark.parametrize("change", sorted(CHANGES))
def test_a_birth_that_was_corrected_is_told_as_it_was(told: Told, change: str) -> None:
    event = told.then(bear)
    if change != "site":  # what was used lies at the site where it was born
        told.then(use)
    before = len(told.known)
    told.then(lambda yard: correct(yard, event, **{"outputs": (BORN,), **CHANGES[change]}))
    told.check(set(range(before)))
    assert told.lot(before - 1)["corrected_at"] is None
    assert told.lot(before)["corrected_at"] == told.lot(None)["corrected_at"] == before


def test_every_field_of_a_step_is_as_it_was(told: Told) -> None:
    event = told.then(bear)
    said = {"site": OTHER_SITE, "event_time_us": START_US + 3 * DAY_US}
    other = born(LOT, 2 * KG, {"Nd": 300_000}, product="prnd-oxide")
    told.then(lambda yard: correct(yard, event, outputs=(other,), **said))
    told.check({0})
    found = [told.lot(at)["steps"][0] for at in (0, 1, None)]
    names = ("index", "site", "event_time", "product", "stage", "mass_mg")
    then = (0, MINE, format_time_us(START_US + DAY_US), "bastnaesite-concentrate", "concentrate", KG)
    now = (1, OTHER_SITE, format_time_us(START_US + 3 * DAY_US), "prnd-oxide", "separated_compound", 2 * KG)
    assert [tuple(step[name] for name in names) for step in found] == [then, now, now]
    assert [told.lot(at)["model"]["model"] for at in (0, 1)] == ["segregated", ""]


def test_a_birth_that_was_corrected_twice_is_told_as_it_was_each_time(told: Told) -> None:
    first = told.then(bear)
    told.then(use)
    second = told.then(lambda yard: correct(yard, first, outputs=CHANGES["mass"]["outputs"]))
    told.then(lambda yard: correct(yard, second, outputs=(BORN,), **CHANGES["time"]))
    told.check({0, 1, 2})
    assert [told.lot(at)["corrected_at"] for at in (1, 2, 3)] == [None, 2, 3]


def test_what_is_made_of_a_corrected_lot_is_corrected_too(told: Told) -> None:
    """The product's edge to the lot is taken back and recorded again: it stood all the same."""
    first = told.then(bear)
    made = told.then(use)
    told.then(lambda yard: use(yard, OXIDE, ALLOY, 100))
    told.then(lambda yard: correct(yard, first, outputs=(BORN,), **CHANGES["time"]))
    smaller = born(OXIDE, KG // 20, {"Nd": KG // 20}, product="prnd-oxide")
    told.then(lambda yard: correct(yard, made, {LOT: KG // 4}, process="p", outputs=(smaller,)))
    told.check({0, 1, 2, 3})
    assert [edge.entry_index for edge in told.yard.books.group(EdgeRecord, "parent", 0)] == [4]
    assert [step["name"] for step in told.lot(2, lot=ALLOY)["steps"]] == [ALLOY, OXIDE, LOT]
    assert [step["name"] for step in told.lot(2, "downstream")["steps"]] == [LOT, OXIDE, ALLOY]


@pytest.mark.parametrize("used_on", [False, True])
def test_what_a_lot_is_made_of_is_corrected(told: Told, used_on: bool) -> None:
    """It keeps its number in the graph where something was made of it, and has another one else."""
    told.then(bear)
    told.then(lambda yard: bear(yard, replace(BORN, lot="urn:lot:3")))
    made = told.then(use)
    if used_on:
        told.then(lambda yard: use(yard, OXIDE, ALLOY, 100))
    again = born(OXIDE, KG // 10, {"Nd": KG // 10}, product="prnd-oxide")
    said = {"process": "p", "outputs": (again,)}
    second = told.then(lambda yard: correct(yard, made, {"urn:lot:3": KG // 2}, **said))
    told.then(lambda yard: correct(yard, second, {LOT: KG // 2}, **said))
    told.check(set(range(4 + used_on)))
    last = len(told.known) - 1
    made_of = [[step["name"] for step in told.lot(at, lot=OXIDE)["steps"]] for at in (2, last - 1, last)]
    assert made_of == [[OXIDE, LOT], [OXIDE, "urn:lot:3"], [OXIDE, LOT]]


def test_a_birth_that_did_not_occur_is_told_before_and_after(told: Told) -> None:
    event = told.then(bear)
    told.then(lambda yard: yard.undo(event))
    told.check({0})
    assert [told.lot(at)["corrected_at"] for at in (0, 1, None)] == [None, 1, 1]


def test_its_name_is_borne_again_by_another_firm_at_another_node(told: Told) -> None:
    told.then(lambda yard: yard.extract())
    event = told.then(lambda yard: use(yard, "https://mine.example/lot/1", LOT))
    told.then(lambda yard: yard.undo(event))
    told.then(lambda yard: bear(yard, by=REFINER))
    told.check({1, 2})
    stood = [told.lot(at)["steps"][0] for at in (1, 2, 3)]
    assert [step["party"] for step in stood] == [MINER, MINER, REFINER]
    assert [step["site"] for step in stood] == [MINE, MINE, PLANT]
    assert stood[0]["node"] == stood[1]["node"] != stood[2]["node"]
    assert [len(told.lot(at)["steps"]) for at in (1, 2, 3)] == [2, 1, 1]


def test_a_lot_that_is_awaited_again_is_told_as_it_was(told: Told) -> None:
    receipt = {"by": REFINER, "custodian_from": MINER, "shipment": DESADV}
    told.then(lambda yard: yard.do("receive", inputs=(BORN,), **receipt))
    event = told.then(bear)
    told.then(lambda yard: yard.undo(event))
    told.then(lambda yard: bear(yard, event_time_us=START_US))
    told.check({0, 1, 2})
    assert [told.lot(at)["steps"][0]["change"] for at in range(4)] == [
        *("awaited", "extract", "awaited", "extract")
    ]
    assert [told.lot(at)["corrected_at"] for at in range(4)] == [None, None, 2, 3]


def test_a_lot_that_is_no_longer_awaited_is_told_as_it_was(told: Told) -> None:
    receipt = {"by": REFINER, "custodian_from": MINER, "shipment": DESADV}
    event = told.then(lambda yard: yard.do("receive", inputs=(BORN,), **receipt))
    told.then(lambda yard: yard.undo(event, REFINER))
    told.then(lambda yard: yard.do("receive", inputs=(replace(BORN, product="prnd-oxide"),), **receipt))
    told.check({0, 1})


def test_a_pool_and_what_was_drawn_of_it_are_told_as_they_were(told: Told) -> None:
    told.then(bear)
    fed = told.then(lambda yard: yard.do("feed", {LOT: KG // 2}, pool=POOL, process="sx"))
    drawn = born(OXIDE, KG // 20, {"Nd": KG // 20})
    event = told.then(lambda yard: yard.do("draw", pool=POOL, process="sx", outputs=(drawn,)))
    told.then(lambda yard: correct(yard, fed, {LOT: KG // 3}, pool=POOL, process="sx"))
    said = {"pool": POOL, "process": "sx", "event_time_us": START_US + 2 * DAY_US}
    told.then(lambda yard: correct(yard, event, outputs=(drawn,), **said))
    told.check({0, 1, 2, 3})


def test_what_one_statement_changes_twice_is_told_as_before_all_of_it(told: Told) -> None:
    event = told.then(bear)
    told.then(use)

    def twice(yard: Yard) -> None:
        one = yard.said("extract", None, MINER, corrects=event, outputs=CHANGES["mass"]["outputs"])
        two = yard.said("extract", None, MINER, corrects=one.event_id, outputs=CHANGES["product"]["outputs"])
        together(yard, one, two)

    told.then(twice)
    told.check({0, 1})
    assert [told.lot(at)["steps"][0]["position"] for at in (1, 2)] == [0, 1]
    [version] = told.yard.books.records(LotVersionRecord)
    assert (version.entry_index, version.mass_mg, version.voided_at) == (0, KG, None)


def together(yard: Yard, *moved: Movement) -> None:
    """Movements of one statement."""
    recording = yard.recording(MINER)
    for position, each in enumerate(moved):
        apply_movement(each, recording, position)
    yard.index += 1


def test_rules_that_are_run_again_read_a_lot_of_a_node_as_it_was(told: Told) -> None:
    event = told.then(bear)
    told.then(lambda yard: correct(yard, event, outputs=(BORN,), site=OTHER_SITE))
    now = told.yard.books
    [stood] = [lot_at(now, LOT, 0)]
    assert stood is not None
    assert (stood.site, stood.custody_model, stood.voided_at) == (MINE, "segregated", None)
    past = Books(Past(now, Books(), Books(), 0, OwnAlerts()))
    assert past.group(LotRecord, "node", stood.node) == [stood] == lots_of_node_at(now, stood.node, 0)
    assert lots_of_node_at(now, stood.node, -1) == []
    [lot] = now.records(LotRecord)
    assert lots_of_node_at(now, lot.node, 1) == [lot]
    if lot.node != stood.node:
        assert lots_of_node_at(now, lot.node, 0) == lots_of_node_at(now, stood.node, 1) == []


def test_what_was_kept_before_revision_14_is_told_by_the_edges(told: Told) -> None:
    """Such a version does not say what the lot was made of."""
    told.then(lambda yard: yard.extract())
    event = told.then(lambda yard: use(yard, "https://mine.example/lot/1", LOT))
    told.then(lambda yard: yard.undo(event))
    books = told.yard.books
    [version] = books.records(LotVersionRecord)
    books.put(replace(version, made_of=None))
    told.check({1})
