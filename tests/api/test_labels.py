"""Labels over HTTP: who is named at each stage, with names as registered, and what has no known producer."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from ledger.movements.movement import Line
from tests.support.movements import born, extract, import_, opening, process
from tests.support.traders import Traders, open_traders

ROLES = ("separator", "smelter", "trader", "magnet_maker")


@pytest.fixture
def traders(engine: Engine, tmp_path: Path) -> Iterator[Traders]:
    """A mine, who separates, who supplies scrap, who makes metal."""
    with open_traders(engine, tmp_path / "site", plant=ROLES, dealer=ROLES, works=ROLES) as made:
        yield made


def firm(made: Traders, name: str) -> dict[str, str]:
    members = made.site.get(f"/v1/parties/{made.party(name).replace('/', '%2F')}").get_json()
    return {"id": made.party(name), "name": members["organisation"]["legal_name"]}


def label(made: Traders, name: str, lot: str) -> dict[str, Any]:
    """What the producer is told, which is what a regulator is told."""
    told = made.ask("/v1/labels", name, lot=made.lot(name, lot))
    assert told == made.ask("/v1/labels", "authority", lot=made.lot(name, lot))
    assert told.pop("supplier") == firm(made, name)
    assert (told.pop("lot"), bool(told.pop("product"))) == (made.lot(name, lot), True)
    return told


def oxide(lot: str) -> Line:
    return born(lot, 10, treo="1", elements={"Nd": "1"}, product="nd-oxide")


def metal(lot: str) -> Line:
    return born(lot, "0.4", treo="1.1664", elements={"Nd": "1"}, product="nd-metal")


def mined(made: Traders, name: str = "plant") -> str:
    """Concentrate that somebody has of the mine."""
    ore, at = made.lot("mine", "ore"), made.ago(400)
    fields = {"elements": {"Nd": "1"}, "treo": "0.1", "product": "mixed-concentrate"}
    made.say("mine", extract(ore, 1000, site=made.place("mine"), at_us=at, **fields))
    made.moved(ore, 1000, "mine", name, 390)
    return ore


def scrap(made: Traders, name: str = "dealer") -> str:
    """Old magnets that a dealer had before the ledger was opened."""
    lot = made.lot(name, "scrap")
    fields = {"product": "magnet-scrap", "treo": "0.36", "elements": {"Nd": "1"}}
    made.say(name, opening(lot, 100, site=made.place(name), at_us=made.ago(400), **fields))
    return lot


def made_of(made: Traders, name: str, inputs: dict[str, Any], out: Line, how: str, hours: int = 200) -> str:
    place, at = made.place(name), made.ago(hours)
    made.say(name, process(inputs, [out], process=how, site=place, at_us=at, lost_kg="1"))
    return out.lot


def test_of_ore_the_mine_is_named(traders: Traders) -> None:
    mined(traders)
    site = {"id": traders.place("mine"), "name": "Works of mine"}
    assert label(traders, "mine", "ore") == {"mine": [site]}


def test_of_compounds_who_mined_and_who_supplied_the_scrap_are_told_apart(traders: Traders) -> None:
    ore, old = mined(traders), scrap(traders)
    traders.moved(old, 50, "dealer", "plant", 380)
    made_of(traders, "plant", {ore: 50, old: 20}, oxide(traders.lot("plant", "oxide")), "separation")
    assert label(traders, "plant", "oxide") == {
        "ore_producer": [firm(traders, "mine")],
        "scrap_supplier": [firm(traders, "dealer")],
    }


def test_of_a_compound_of_scrap_alone_nobody_behind_the_scrap_is_named(traders: Traders) -> None:
    ore = mined(traders)
    made_of(traders, "plant", {ore: 200}, oxide(traders.lot("plant", "oxide")), "separation", 300)
    traders.moved(traders.lot("plant", "oxide"), 10, "plant", "dealer", 290)
    swarf = born(
        traders.lot("dealer", "swarf"), 20, treo="0.36", elements={"Nd": "1"}, product="magnet-scrap"
    )
    made_of(traders, "dealer", {traders.lot("plant", "oxide"): 10}, swarf, "magnet-making", 280)
    traders.moved(swarf.lot, 10, "dealer", "works", 270)
    out = born(traders.lot("works", "oxide"), 3, treo="1", elements={"Nd": "1"}, product="nd-oxide")
    made_of(traders, "works", {swarf.lot: 10}, out, "scrap-recovery")
    assert label(traders, "works", "oxide") == {"scrap_supplier": [firm(traders, "dealer")]}


def test_of_metal_who_made_the_oxide_last_is_named(traders: Traders) -> None:
    ore = mined(traders)
    raw = born(traders.lot("plant", "raw"), 20, treo="1", elements={"Nd": "1"}, product="nd-oxide")
    made_of(traders, "plant", {ore: 200}, raw, "separation", 300)
    traders.moved(raw.lot, 20, "plant", "dealer", 290)
    made_of(traders, "dealer", {raw.lot: 11}, oxide(traders.lot("dealer", "pure")), "separation", 280)
    traders.moved(traders.lot("dealer", "pure"), 10, "dealer", "works", 270)
    made_of(
        traders, "works", {traders.lot("dealer", "pure"): 1}, metal(traders.lot("works", "m")), "electrolysis"
    )
    assert label(traders, "works", "m") == {"oxide_producer": [firm(traders, "dealer")]}


def test_opening_stock_and_imports_name_nobody_and_say_what_they_are(traders: Traders) -> None:
    old, bought = traders.lot("plant", "old"), traders.lot("plant", "bought")
    fields = {"treo": "1", "elements": {"Nd": "1"}, "product": "nd-oxide", "site": traders.place("plant")}
    traders.say("plant", opening(old, 10, at_us=traders.ago(400), **fields))
    brought = {"origin": "AU", "origin_declaration": "a" * 64}
    traders.say("plant", import_(bought, 10, at_us=traders.ago(400), **brought, **fields))
    assert label(traders, "plant", "old") == {"without_producer": ["opening"]}
    assert label(traders, "plant", "bought") == {"without_producer": ["import:AU"]}
    traders.moved(old, 5, "plant", "works", 390)
    traders.moved(bought, 5, "plant", "works", 390)
    made_of(traders, "works", {old: 1}, metal(traders.lot("works", "m1")), "electrolysis")
    made_of(traders, "works", {old: 1, bought: 1}, metal(traders.lot("works", "m2")), "electrolysis")
    assert label(traders, "works", "m1") == {"without_producer": ["opening"]}, "nor whose stock it was"
    assert label(traders, "works", "m2") == {"without_producer": ["import:AU", "opening"]}


def test_of_opened_ore_no_mine_is_named(traders: Traders) -> None:
    fields = {"treo": "0.5", "elements": {"Nd": "1"}, "product": "mixed-concentrate"}
    at = {"site": traders.place("plant"), "at_us": traders.ago(400)}
    traders.say("plant", opening(traders.lot("plant", "heap"), 10, **at, **fields))
    assert label(traders, "plant", "heap") == {"without_producer": ["opening"]}


def test_scrap_names_its_supplier_alone(traders: Traders) -> None:
    scrap(traders)
    assert label(traders, "dealer", "scrap") == {}
