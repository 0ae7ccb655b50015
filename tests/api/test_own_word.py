"""What a receipt opens that no shipment came for: nothing of the lot, nor of what was made of it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine

from ledger.statements.envelope import EPCIS
from tests.support.movements import (
    born,
    draw,
    extract,
    feed,
    import_,
    new_event_id,
    opening,
    pack,
    process,
    receive,
)
from tests.support.movements_written import payload_of
from tests.support.traders import Traders, open_traders

NEVER = "urn:uuid:never"
NAMES = ("mine.example", "plant.example")


@pytest.fixture
def traders(engine: Engine, tmp_path: Path) -> Iterator[Traders]:
    """A plant has separated oxide of a mine's ore; who else is there knows its lots by name alone."""
    roles = ("separator", "smelter", "trader")
    with open_traders(engine, tmp_path / "site", plant=roles, spy=roles, other=roles) as made:
        ore, oxide = made.lot("mine", "ore"), made.lot("plant", "oxide")
        elements = {"Nd": "0.37", "La": "0.63"}
        made.say(
            "mine",
            extract(ore, 1000, site=made.place("mine"), at_us=made.ago(200), elements=elements, treo="0.41"),
        )
        made.moved(ore, 1000, "mine", "plant", 190)
        made.say(
            "plant",
            process(
                {ore: 1000},
                [born(oxide, 100, treo="1", elements={"Nd": "1"}, product="nd-oxide")],
                process="separation",
                site=made.place("plant"),
                at_us=made.ago(170),
                lost_kg="310",
            ),
        )
        yield made


def claim(made: Traders, name: str = "spy", kilograms: Any = 1, shipment: str = NEVER) -> str:
    """Somebody says that it received some of the oxide."""
    oxide = made.lot("plant", "oxide")
    made.taken(oxide, kilograms, "plant", name, 150, shipment)
    return oxide


def make(
    made: Traders, inputs: dict[str, Any], lot: str = "metal", *, by: str = "spy", hours: int = 130
) -> str:
    """Somebody makes metal."""
    metal = made.lot(by, lot)
    made.say(
        by,
        process(
            inputs,
            [born(metal, "0.4", treo="1.1664", elements={"Nd": "1"}, product="nd-metal")],
            process="electrolysis",
            site=made.place(by),
            at_us=made.ago(hours),
            lost_kg="0.02",
        ),
    )
    return metal


def own_oxide(made: Traders, name: str = "spy") -> str:
    """Oxide that somebody brought into the country itself."""
    lot = made.lot(name, "imported")
    made.say(
        name,
        import_(
            lot,
            10,
            treo="1",
            elements={"Nd": "1"},
            product="nd-oxide",
            origin="AU",
            origin_declaration="a" * 64,
            site=made.place(name),
            at_us=made.ago(160),
        ),
    )
    return lot


def origins(found: dict[str, Any]) -> dict[str, float]:
    return {origin["origin"]: float(origin["share"]) for origin in found["origins"]}


def test_what_was_made_of_it_names_nobody_before(traders: Traders) -> None:
    metal = make(traders, {claim(traders): "0.5"})
    for path in ("/v1/lots", "/v1/provenance"):
        assert origins(traders.ask(path, "spy", lot=metal)) == {"awaited": 1.0}
    found = traders.ask("/v1/provenance", "spy", lot=metal)
    assert (found["countries"], found["hidden"]) == ({"unknown": "1.000000000"}, {})
    assert [step["name"] for step in found["steps"]] == [metal]
    label = traders.ask("/v1/labels", "spy", lot=metal)
    assert label["without_producer"] == ["awaited"]
    assert "oxide_producer" not in label
    nodes = traders.ask("/v1/flows", "spy", lot=metal)["nodes"]
    assert {(node["kind"], node["name"]) for node in nodes} == {("origin", "awaited"), ("lot", metal)}


def test_a_regulator_sees_all_of_it(traders: Traders) -> None:
    metal = make(traders, {claim(traders): "0.5"})
    found = traders.ask("/v1/provenance", "authority", lot=metal)
    assert list(origins(found)) == [traders.place("mine")]
    assert len(found["steps"]) == 3
    label = traders.ask("/v1/labels", "authority", lot=metal)
    assert [each["id"] for each in label["oxide_producer"]] == [traders.party("plant")]
    assert "without_producer" not in label


@pytest.mark.parametrize("element", ["Nd", None])
def test_what_else_went_in_keeps_its_share(traders: Traders, element: str | None) -> None:
    imported = own_oxide(traders)
    metal = make(traders, {claim(traders): "0.125", imported: "0.375"})
    asked = {"lot": metal} | ({} if element is None else {"element": element})
    assert origins(traders.ask("/v1/provenance", "spy", **asked)) == {"import:AU": 0.75, "awaited": 0.25}
    links = traders.ask("/v1/flows", "spy", **asked)["links"]
    assert {link["source"] for link in links} == {"origin:awaited", "origin:import:AU", f"lot:{imported}"}
    found = traders.ask("/v1/provenance", "spy", lot=metal)
    assert {step["name"] for step in found["steps"]} == {metal, imported}


def test_the_shipment_opens_it(traders: Traders) -> None:
    other = new_event_id()
    metal = make(traders, {claim(traders, shipment=other): "0.5"})
    traders.sent(traders.lot("plant", "oxide"), 2, "plant", "spy", 156)
    assert origins(traders.ask("/v1/provenance", "spy", lot=metal)) == {"awaited": 1.0}, "of another name"
    traders.sent(traders.lot("plant", "oxide"), 1, "plant", "spy", 155, event_id=other)
    found = traders.ask("/v1/provenance", "spy", lot=metal)
    assert origins(found) == {traders.place("mine"): 1.0}
    assert found["hidden"] == {"mixed_compound": 1, "separated_compound": 1}
    assert found["origins"][0]["statuses"]
    label = traders.ask("/v1/labels", "spy", lot=metal)
    assert [each["id"] for each in label["oxide_producer"]] == [traders.party("plant")]
    held = {each["lot"]: each for each in traders.ask("/v1/holdings", "spy")["holdings"]}
    assert held[traders.lot("plant", "oxide")]["product"] == "nd-oxide"
    (nd,) = traders.ask("/v1/balance", "spy", **traders.period())["rows"]
    assert (nd["received"], nd["used"]) == (1_000_000, -500_000)


def test_nor_does_it_to_whom_the_product_is_sent(traders: Traders) -> None:
    metal = make(traders, {claim(traders): "0.5"})
    traders.moved(metal, "0.4", "spy", "other", 120)
    assert origins(traders.ask("/v1/provenance", "other", lot=metal)) == {"awaited": 1.0}
    assert origins(traders.ask("/v1/lots", "other", lot=metal)) == {"awaited": 1.0}


def test_nor_what_another_makes_of_the_lot_that_it_was_sent(traders: Traders) -> None:
    oxide = claim(traders)
    sent = traders.sent(oxide, "0.5", "spy", "other", 140)
    traders.taken(oxide, "0.5", "spy", "other", 139, sent.event_id)
    metal = make(traders, {oxide: "0.5"}, by="other")
    assert origins(traders.ask("/v1/provenance", "other", lot=metal)) == {"awaited": 1.0}
    lines = {"consignor": traders.party("spy"), "shipment": sent.event_id}
    for name in ("spy", "other"):
        (line,) = traders.ask("/v1/shipments/lines", name, **lines)["lines"]
        assert (line["lot"], line["product"], line["stage"]) == (oxide, "", "")
        found = traders.ask("/v1/provenance", name, **lines)
        assert (found["origins"], found["contained_mg"], found["hidden"]) == ([], {}, {})
    (line,) = traders.ask("/v1/shipments/lines", "authority", **lines)["lines"]
    assert line["product"] == "nd-oxide"


def test_a_unit_that_it_packs_tells_nothing(traders: Traders) -> None:
    oxide, unit = claim(traders), f"{traders.party('spy')}units/1"
    traders.say("spy", pack(unit, {oxide: "0.5"}, site=traders.place("spy"), at_us=traders.ago(140)))
    found = traders.ask("/v1/provenance", "spy", unit=unit)
    assert (found["origins"], found["contained_mg"], found["hidden"]) == ([], {}, {})
    assert traders.ask("/v1/flows", "spy", unit=unit, direction="downstream")["links"] == []


def test_its_stock_says_what_it_said_itself(traders: Traders) -> None:
    oxide = claim(traders)
    (held,) = traders.ask("/v1/holdings", "spy")["holdings"]
    assert (held["lot"], held["mass_mg"], held["provisional_mg"]) == (oxide, 1_000_000, 1_000_000)
    told = (held["product"], held["stage"], held["birth"], held["contained_mg"], held["pieces"])
    assert told == ("", "", "awaited", {}, None)
    (seen,) = traders.ask("/v1/holdings", "authority", party=traders.party("spy"))["holdings"]
    assert (seen["product"], seen["contained_mg"]) == ("nd-oxide", {"Nd": 1_000_000})
    (own,) = traders.ask("/v1/holdings", "plant")["holdings"]
    assert own["product"] == "nd-oxide"


def test_its_pool_is_told_without_it(traders: Traders) -> None:
    imported, pool = own_oxide(traders), f"{traders.party('spy')}pools/bath"
    at = {"pool": pool, "site": traders.place("spy")}
    traders.say("spy", feed({imported: 3}, at_us=traders.ago(145), **at))
    traders.say("spy", feed({claim(traders): 1}, at_us=traders.ago(140), **at))
    drawn = traders.lot("spy", "drawn")
    metal = born(drawn, 1, treo="1", elements={"Nd": "1"}, product="nd-oxide")
    traders.say("spy", draw([metal], at_us=traders.ago(135), **at))
    found = traders.ask("/v1/provenance", "spy", pool=pool)
    assert (found["contained_mg"], origins(found)) == ({"Nd": 2_250_000}, {"import:AU": 1.0})
    (listed,) = traders.ask("/v1/pools", "spy")["pools"]
    assert (listed["contained_mg"], sum(listed["owners"].values())) == ({"Nd": 2_250_000}, 2_250_000)
    assert {n["name"] for n in traders.ask("/v1/flows", "spy", pool=pool)["nodes"]} == {
        pool,
        imported,
        "import:AU",
    }
    downstream = traders.ask("/v1/flows", "spy", pool=pool, direction="downstream")
    assert sum(link["mass_mg"] for link in downstream["links"]) == 2_250_000
    assert origins(traders.ask("/v1/provenance", "spy", lot=drawn)) == {"import:AU": 0.75, "awaited": 0.25}
    (seen,) = traders.ask("/v1/pools", "authority", party=traders.party("spy"))["pools"]
    assert seen["contained_mg"] == {"Nd": 3_000_000}


def test_what_was_drawn_of_a_pool_is_on_its_routes(traders: Traders) -> None:
    """Downstream a pool's way begins at all versions that it has had, and not at what is left in it."""
    imported, pool = own_oxide(traders), f"{traders.party('spy')}pools/bath"
    at = {"pool": pool, "site": traders.place("spy")}
    traders.say("spy", feed({imported: 3}, at_us=traders.ago(145), **at))
    drawn = traders.lot("spy", "drawn")
    metal = born(drawn, 1, treo="1", elements={"Nd": "1"}, product="nd-oxide")
    traders.say("spy", draw([metal], at_us=traders.ago(135), **at))
    traders.moved(drawn, 1, "spy", "plant", 130)
    for reader in ("authority", "spy"):
        found = traders.ask("/v1/routes", reader, pool=pool, direction="downstream")
        assert [(each["source"], each["target"], each["mass_mg"]) for each in found["routes"]] == [
            (traders.place("spy"), traders.place("plant"), 1_000_000)
        ]


def test_its_balance_leaves_it_out(traders: Traders) -> None:
    metal = make(traders, {claim(traders): "0.5"})
    (row,) = traders.ask("/v1/balance", "spy", **traders.period())["rows"]
    assert (row["received"], row["used"], row["gap"]) == (0, 0, 0)
    assert (
        row["produced"] == row["closing"] == traders.ask("/v1/lots", "spy", lot=metal)["contained_mg"]["Nd"]
    )
    (seen,) = traders.ask("/v1/balance", "authority", party=traders.party("spy"), **traders.period())["rows"]
    assert (seen["received"], seen["used"]) == (1_000_000, -500_000)
    assert traders.ask("/v1/dependence", "spy", **traders.period())["elements"][0]["mass_mg"] in ("0", 0)


def test_its_entries_tell_what_it_said_itself(traders: Traders) -> None:
    pool = f"{traders.party('spy')}pools/bath"
    oxide = claim(traders)
    index = traders.site.get("/v1/log").get_json()["size"] - 1
    traders.say("spy", feed({oxide: "0.5"}, pool=pool, site=traders.place("spy"), at_us=traders.ago(140)))
    for entry in (index, index + 1):
        (movement,) = traders.ask(f"/v1/entries/{entry}", "spy")["movements"]
        assert {(line["product"], str(line["contained"])) for line in movement["lines"]} == {("", "{}")}
    (movement,) = traders.ask(f"/v1/entries/{index + 1}", "authority")["movements"]
    assert any(line["contained"] == {"Nd": "500000"} for line in movement["lines"])


def test_no_answer_names_the_firms_before(traders: Traders) -> None:
    metal = make(traders, {claim(traders): "0.5"})
    for path in ("/v1/lots", "/v1/provenance", "/v1/labels", "/v1/flows", "/v1/routes"):
        answer = traders.site.get(f"{path}?{urlencode({'lot': metal})}", traders.actors["spy"])
        assert not any(name in answer.text for name in NAMES), path
    table = f"/v1/provenance?{urlencode({'lot': metal})}"
    answer = traders.site.get(table, traders.actors["spy"], Accept="text/csv")
    assert not any(name in answer.text for name in NAMES)


def test_opening_stock_names_its_firm_to_that_firm_alone(traders: Traders) -> None:
    old = traders.lot("plant", "old")
    traders.say(
        "plant",
        opening(
            old,
            1000,
            treo="1",
            elements={"Nd": "1"},
            product="nd-oxide",
            site=traders.place("plant"),
            at_us=traders.ago(600),
        ),
    )
    traders.moved(old, 600, "plant", "spy", 590)
    traders.moved(old, 100, "spy", "other", 580)
    metal = make(traders, {old: "0.5"}, by="other")
    named = f"opening:{traders.party('plant')}"
    for name, told in (("plant", named), ("authority", named), ("spy", "opening"), ("other", "opening")):
        for path in ("/v1/lots", "/v1/provenance"):
            found = traders.ask(path, name, lot=old)
            assert origins(found) == {told: 1.0}
        assert found["countries"] == {"CN": "1.000000000"}
        nodes = traders.ask("/v1/flows", name, lot=old)["nodes"]
        assert [node["name"] for node in nodes if node["kind"] == "origin"] == [told]
    for path in ("/v1/lots", "/v1/provenance", "/v1/flows", "/v1/routes"):
        answer = traders.site.get(f"{path}?{urlencode({'lot': metal})}", traders.actors["other"])
        assert "plant.example" not in answer.text, path


def test_opening_stocks_of_several_firms_are_one_origin(traders: Traders) -> None:
    parts: dict[str, Any] = {}
    for name, kilograms in (("plant", "0.375"), ("spy", "0.125")):
        old = traders.lot(name, "old")
        at = {"site": traders.place(name), "at_us": traders.ago(600)}
        traders.say(name, opening(old, 1, treo="1", elements={"Nd": "1"}, product="nd-oxide", **at))
        traders.moved(old, 1, name, "other", 590)
        parts[old] = kilograms
    metal = make(traders, parts, by="other")
    (origin,) = traders.ask("/v1/provenance", "other", lot=metal)["origins"]
    assert (origin["origin"], origin["share"]) == ("opening", "1.000000000")
    assert sum(origin["statuses"].values()) == sum(origin["elements"].values()) == origin["mass_mg"]
    assert len(origins(traders.ask("/v1/provenance", "authority", lot=metal))) == 2


def bought_back(made: Traders) -> tuple[str, str, str]:
    """The plant sells oxide, another makes metal and then alloy of it, and the plant buys the alloy."""
    oxide, metal, alloy = made.lot("plant", "oxide"), made.lot("other", "metal"), made.lot("other", "alloy")
    made.moved(oxide, 100, "plant", "other", 160)
    at = {"site": made.place("other")}
    outputs = [born(metal, 84, treo="1.1664", elements={"Nd": "1"}, product="nd-metal")]
    made.say(
        "other",
        process({oxide: 100}, outputs, process="electrolysis", at_us=made.ago(130), lost_kg="2", **at),
    )
    outputs = [born(alloy, 260, treo="0.37", elements={"Nd": "1"}, product="ndfeb-alloy")]
    made.say(
        "other",
        process({metal: 84}, outputs, process="strip-cast", at_us=made.ago(110), lost_kg="1.7", **at),
    )
    made.moved(alloy, 260, "other", "plant", 100)
    return oxide, metal, alloy


@pytest.mark.parametrize("hours", [170.001, 165, 131, 129, 111, 109, 99])
def test_a_period_s_end_does_not_tell_when_others_took_their_steps(traders: Traders, hours: float) -> None:
    oxide, _, alloy = bought_back(traders)
    found = traders.ask("/v1/provenance", "plant", lot=alloy, until=traders.time(hours))
    inside = [] if hours > 170 else [oxide]
    assert [step["name"] for step in found["steps"]] == inside
    assert found["hidden"] == {}


@pytest.mark.parametrize("hours", [171, 150, 131, 129, 111, 109, 99])
def test_nor_does_its_beginning(traders: Traders, hours: float) -> None:
    oxide, _, alloy = bought_back(traders)
    found = traders.ask(
        "/v1/provenance", "plant", lot=oxide, direction="downstream", since=traders.time(hours)
    )
    assert [step["name"] for step in found["steps"]] == [oxide], "what is asked about is told"
    assert [held["lot"] for held in found["holders"]] == [alloy]


def test_a_regulator_s_way_ends_with_the_period(traders: Traders) -> None:
    oxide, metal, alloy = bought_back(traders)
    found = traders.ask("/v1/provenance", "authority", lot=alloy, since=traders.time(120))
    assert [step["name"] for step in found["steps"]] == [alloy]
    found = traders.ask("/v1/provenance", "authority", lot=alloy, since=traders.time(140))
    assert [step["name"] for step in found["steps"]] == [alloy, metal]
    assert oxide not in {step["name"] for step in found["steps"]}


def test_own_steps_are_bounded_by_their_own_times(traders: Traders) -> None:
    oxide = traders.lot("plant", "oxide")
    again = traders.lot("plant", "again")
    output = born(again, 90, treo="1", elements={"Nd": "1"}, product="nd-oxide")
    at = {"site": traders.place("plant"), "at_us": traders.ago(100)}
    traders.say("plant", process({oxide: 100}, [output], process="rework", lost_kg="10", **at))
    for bound, names in (
        ({"since": traders.time(100)}, [oxide, again]),
        ({"since": traders.time(99)}, [oxide]),
        ({"until": traders.time(100)}, [oxide]),
    ):
        found = traders.ask("/v1/provenance", "plant", lot=oxide, direction="downstream", **bound)
        assert [step["name"] for step in found["steps"]] == names
        held = [] if "until" in bound else [again]
        assert [each["lot"] for each in found["holders"]] == held


@pytest.mark.parametrize("known", [True, False])
def test_a_dry_run_tells_of_a_lot_what_registering_tells(traders: Traders, known: bool) -> None:
    lot = traders.lot("plant", "oxide" if known else "nothing")
    received = receive(
        {lot: 1},
        shipment=NEVER,
        consignor=traders.party("plant"),
        site=traders.place("spy"),
        at_us=traders.ago(150),
    )
    body = traders.cast.sign(payload_of([received]), traders.actors["spy"], cty=EPCIS)
    checked = traders.site.post(body, "/v1/statements/check").get_json()
    registered = traders.site.post(body)
    assert checked["status"] == registered.status_code == (201 if known else 422)
    assert checked["findings"] == registered.get_json()["findings"]
    codes = [finding["code"] for finding in checked["findings"]]
    assert codes == ([] if known else ["lot.unknown"])


def test_a_dry_run_tells_of_a_use_what_registering_tells(traders: Traders) -> None:
    made_of_it = process(
        {claim(traders): "0.1"},
        [born(traders.lot("spy", "more"), "0.9", treo="1.1664", elements={"Nd": "1"}, product="nd-metal")],
        process="electrolysis",
        site=traders.place("spy"),
        at_us=traders.ago(130),
    )
    body = traders.cast.sign(payload_of([made_of_it]), traders.actors["spy"], cty=EPCIS)
    checked = traders.site.post(body, "/v1/statements/check").get_json()
    registered = traders.site.post(body)
    assert checked["status"] == registered.status_code
    assert checked["findings"] == registered.get_json()["findings"]
    assert "balance.element-gain" in {finding["code"] for finding in checked["findings"]}
