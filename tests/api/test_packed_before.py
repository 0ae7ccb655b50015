"""What was in a unit before it was unpacked, and what recalls of units and shipments say of parts of lots."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine

from ledger.identifiers import gs1_check_digit
from tests.support.movements import extract, pack, unpack
from tests.support.traders import Traders, open_traders

KG = 10**6


@pytest.fixture
def traders(engine: Engine, tmp_path: Path) -> Iterator[Traders]:
    """Entry by entry after that of "rest": a part of "ore" and all of "rest" go into a drum, the drum onto a
    pallet; some of the ore comes out of the drum, then all; then some of the ore is sent to a plant.
    """
    with open_traders(engine, tmp_path / "site", plant=("separator",), other=("separator",)) as made:
        ore, rest = made.lot("mine", "ore"), made.lot("mine", "rest")
        for lot in (ore, rest):
            goods = {"elements": {"Nd": "1"}, "treo": "0.5"}
            made.say("mine", extract(lot, 100, site=made.place("mine"), at_us=made.ago(400), **goods))
        drum, pallet, site = unit(made, "drum"), unit(made, "pallet"), made.place("mine")
        made.say("mine", pack(drum, {ore: 10, rest: 100}, site=site, at_us=made.ago(390)))
        made.say("mine", pack(pallet, (), units=(drum,), seals=("S-2",), site=site, at_us=made.ago(380)))
        made.say("mine", unpack(drum, {ore: 4}, site=site, at_us=made.ago(370)))
        made.say("mine", unpack(drum, site=site, at_us=made.ago(360)))
        made.moved(ore, 50, "mine", "plant", 350)
        yield made


def unit(made: Traders, name: str) -> str:
    body = f"10614141000000{len(name):03}"
    return f"{made.party('mine')}00/{body}{gs1_check_digit(body)}"


def after(made: Traders, entries: int) -> int:
    """The index of so many entries after the extraction of "rest"."""
    index: int = made.ask("/v1/lots", "authority", lot=made.lot("mine", "rest"))["index"]
    return index + entries


def parts(found: dict[str, Any]) -> dict[str, tuple[int, int]]:
    return {
        each["lot"].rpartition("/")[2]: (each["mass_mg"] // KG, each["whole_mg"] // KG)
        for each in found["parts"]
    }


@pytest.mark.parametrize("name", ["drum", "pallet"])
def test_the_contents_of_each_entry_are_told_as_of_it(traders: Traders, name: str) -> None:
    told = {}
    for entries in range(2 if name == "pallet" else 1, 5):
        asked = {"unit": unit(traders, name), "at": after(traders, entries)}
        found = traders.ask("/v1/provenance", "authority", **asked)
        assert found["at"] == asked["at"]
        told[entries] = parts(found)
        masses = {step["name"].rpartition("/")[2] for step in found["steps"]}
        assert masses == told[entries].keys()
        contained = sum(part for part, _ in told[entries].values()) * KG // 2
        assert found["contained_mg"] == ({"Nd": contained} if contained else {})
    full, less = {"ore": (10, 100), "rest": (100, 100)}, {"ore": (6, 100), "rest": (100, 100)}
    assert told == {entries: {1: full, 2: full, 3: less, 4: {}}[entries] for entries in told}
    assert parts(traders.ask("/v1/provenance", "authority", unit=unit(traders, name))) == {}


def test_before_anything_was_packed_there_is_no_such_unit(traders: Traders) -> None:
    for name, entries in (("drum", 0), ("pallet", 1), ("another", 3)):
        asked = urlencode({"unit": unit(traders, name), "at": after(traders, entries)})
        answer = traders.site.get(f"/v1/provenance?{asked}", traders.actors["authority"])
        assert (answer.status_code, answer.get_json()["code"]) == (404, "resource.not-found")


@pytest.mark.parametrize("path", ["/v1/provenance", "/v1/recall"])
def test_an_earlier_state_is_for_regulators(traders: Traders, path: str) -> None:
    asked = {"unit": unit(traders, "drum"), "at": after(traders, 1)}
    for name in ("mine", "plant"):
        answer = traders.site.get(f"{path}?{urlencode(asked)}", traders.actors[name])
        assert (answer.status_code, answer.get_json()["code"]) == (403, "role.forbidden")
    asked["at"] = 10_000
    answer = traders.site.get(f"{path}?{urlencode(asked)}", traders.actors["authority"])
    assert (answer.status_code, answer.get_json()["code"]) == (400, "request.malformed")


def test_a_recall_begins_at_what_was_in_the_unit_and_tells_who_has_it_now(traders: Traders) -> None:
    drum = unit(traders, "drum")
    assert traders.ask("/v1/recall", "authority", unit=drum)["rows"] == []
    found = traders.ask("/v1/recall", "authority", unit=drum, at=after(traders, 1))
    assert (found["at"], found["whole_lots"]) == (after(traders, 1), True)
    assert parts(found) == {"ore": (10, 100), "rest": (100, 100)}
    held = {(row["lot"].rpartition("/")[2], row["custodian"]): row["mass_mg"] // KG for row in found["rows"]}
    mine, plant = traders.party("mine"), traders.party("plant")
    assert held == {("ore", mine): 50, ("ore", plant): 50, ("rest", mine): 100}, "of the whole lots"


def test_a_recall_of_a_shipment_says_that_it_is_of_the_whole_lot(traders: Traders) -> None:
    (sent,) = traders.ask("/v1/shipments", "plant", side="consignee")["shipments"]
    asked = {"consignor": sent["consignor"], "shipment": sent["shipment"]}
    found = traders.ask("/v1/recall", "authority", **asked)
    assert (parts(found), found["whole_lots"], found["at"]) == ({"ore": (50, 100)}, True, None)
    answer = traders.site.get(
        f"/v1/recall?{urlencode(asked)}", traders.actors["authority"], Accept="text/csv"
    )
    *_, last = csv.DictReader(io.StringIO(answer.text))
    assert last["state"] == "part"
    assert (last["lot"], last["mass_mg"]) == (traders.lot("mine", "ore"), str(50 * KG))
    own = traders.ask("/v1/recall", "plant", **asked)
    assert [(each["mass_mg"], each["whole_mg"]) for each in own["parts"]] == [(50 * KG, None)]
    assert own["whole_lots"] is False
    assert [row["custodian"] for row in own["rows"]] == [traders.party("plant")]


def test_a_recall_of_a_lot_or_of_a_whole_lot_in_a_unit_has_no_parts(traders: Traders) -> None:
    found = traders.ask("/v1/recall", "authority", lot=traders.lot("mine", "ore"))
    assert (found["parts"], found["whole_lots"]) == ([], False)
    case = unit(traders, "container")
    where = {"site": traders.place("mine"), "at_us": traders.ago(90)}
    packed = pack(case, {traders.lot("mine", "rest"): 100}, seals=("S-3",), **where)
    traders.say("mine", packed)
    found = traders.ask("/v1/recall", "authority", unit=case)
    assert (parts(found), found["whole_lots"]) == ({"rest": (100, 100)}, False)


@pytest.mark.parametrize("asked", ["lot", "pool", "shipment"])
def test_nothing_else_is_recalled_as_it_was(traders: Traders, asked: str) -> None:
    query = {asked: "x", "at": 0} | ({"consignor": "x"} if asked == "shipment" else {})
    answer = traders.site.get(f"/v1/recall?{urlencode(query)}", traders.actors["authority"])
    assert (answer.status_code, answer.get_json()["code"]) == (400, "request.malformed")
