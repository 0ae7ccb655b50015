"""Flows of mass over HTTP: what comes from where and goes where, and who sees which part."""

import csv
import io
from fractions import Fraction
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.cast import Actor
from tests.support.goods import Told
from tests.support.web import assert_problem

KG = 1_000_000


def flows(told: Told, reader: Actor, **query: Any) -> dict[str, Any]:
    response = told.site.get(f"/v1/flows?{urlencode(query)}", reader)
    assert response.status_code == 200, response.text
    members: dict[str, Any] = response.get_json()
    return members


def origins(found: dict[str, Any]) -> dict[str, int]:
    return {node["name"]: node["mass_mg"] for node in found["nodes"] if node["kind"] == "origin"}


def check_balance(found: dict[str, Any], subject: str) -> None:
    """What comes into a node goes out of it, but where it begins or ends."""
    sums: dict[str, list[int]] = {node["id"]: [0, 0] for node in found["nodes"]}
    for link in found["links"]:
        sums[link["target"]][0] += link["mass_mg"]
        sums[link["source"]][1] += link["mass_mg"]
    for node in found["nodes"]:
        entering, leaving = sums[node["id"]]
        assert node["mass_mg"] == max(entering, leaving), node
        if node["name"] != subject and entering and leaving:
            assert entering == leaving, node


@pytest.mark.parametrize("element", ["Pr", "Nd", None])
@pytest.mark.parametrize("by", ["lot", "stage", "party", "site"])
def test_the_mines_have_the_shares_that_provenance_gives(told: Told, element: str | None, by: str) -> None:
    asked = {"lot": told.cast.goods.magnets} | ({} if element is None else {"element": element})
    found = flows(told, told.cast.authority, by=by, **asked)
    known = told.site.get(f"/v1/provenance?{urlencode(asked)}", told.cast.authority).get_json()["origins"]
    assert origins(found) == {origin["origin"]: origin["mass_mg"] for origin in known}
    assert (found["element"], found["unit"], found["by"], found["truncated"]) == (element, "mg", by, False)
    check_balance(found, told.cast.goods.magnets)


def test_the_worked_example_by_hand(told: Told) -> None:
    """Of the PrNd oxide's Nd 585.0 of 779.4 parts come from the north: docs/worked-example.md."""
    found = flows(told, told.cast.authority, lot=told.lot("plant separates"), element="Nd")
    north, south = (told.cast.members[name].site() for name in ("mine", "south"))
    masses = origins(found)
    assert sum(masses.values()) == 760_970_000
    assert abs(Fraction(masses[north], 760_970_000) - Fraction(585_000_000, 779_400_000)) < Fraction(1, 10**6)
    nodes = {node["name"]: node for node in found["nodes"]}
    assert nodes[north]["label"] == "Northern open pit and dressing plant"
    assert (nodes[north]["country"], nodes[north]["party"]) == ("CN", told.company("mine").party)
    ore = nodes[told.lot("northern mine produces")]
    assert (ore["mass_mg"], ore["stage"], ore["label"]) == (masses[north], "mixed_compound", "CARB-N-01")
    assert {(link["source"], link["target"]) for link in found["links"]} == {
        (f"origin:{north}", ore["id"]),
        (f"origin:{south}", f"lot:{told.lot('southern mine produces')}"),
        (ore["id"], f"lot:{told.lot('plant separates')}"),
        (f"lot:{told.lot('southern mine produces')}", f"lot:{told.lot('plant separates')}"),
    }


def test_downstream_everything_is_somewhere(told: Told) -> None:
    lot = told.lot("northern mine produces")
    found = flows(told, told.cast.authority, lot=lot, element="Nd", direction="downstream")
    ends: dict[str, int] = {}
    for node in found["nodes"]:
        if node["kind"] != "lot":
            ends[node["kind"]] = ends.get(node["kind"], 0) + node["mass_mg"]
    assert sum(ends.values()) == 585_000_000
    assert set(ends) == {"lost", "held", "difference"}
    # Of 779.4 kg Nd that both mines gave, 18.43 kg were lost in separation; later steps lose more.
    assert 585_000_000 * Fraction(1_843, 77_940) < ends["lost"] < ends["held"] // 10
    holders = {node["party"]: node for node in found["nodes"] if node["kind"] == "held"}
    assert set(holders) == {told.company(name).party for name in ("maker", "importer")}
    assert holders[told.company("importer").party]["label"] == "Demonstration Motor Works"
    check_balance(found, lot)


def test_a_holder_sees_shares_and_not_the_firms_between(told: Told) -> None:
    importer, magnets = told.company("importer"), told.cast.goods.magnets
    found = flows(told, importer, lot=magnets, element="Nd")
    assert origins(found) == origins(flows(told, told.cast.authority, lot=magnets, element="Nd"))
    hidden = [node for node in found["nodes"] if node["hidden"]]
    assert {node["stage"] for node in hidden} == {"alloy", "metal", "separated_compound", "mixed_compound"}
    assert all((node["name"], node["party"], node["site"]) == ("", "", "") for node in hidden)
    (own,) = [node for node in found["nodes"] if node["kind"] == "lot"]
    assert (own["name"], own["party"], own["site"]) == (magnets, "", "")
    text = told.site.get(f"/v1/flows?{urlencode({'lot': magnets})}", importer).text
    for name in ("plant", "maker"):
        assert told.company(name).party not in text
    for title in ("plant separates", "northern mine produces"):
        assert told.lot(title) not in text


def test_what_others_made_of_it_is_one_hidden_node(told: Told) -> None:
    mine, lot = told.company("mine"), told.lot("northern mine produces")
    found = flows(told, mine, lot=lot, direction="downstream", element="Nd")
    assert [(node["kind"], node["mass_mg"]) for node in found["nodes"]] == [
        ("lot", 585_000_000),
        ("hidden", 585_000_000),
    ]
    assert told.company("plant").party not in str(found)


def test_who_never_held_it_sees_nothing(told: Told) -> None:
    for lot in (told.cast.goods.magnets, "urn:x:none"):
        response = told.site.get(f"/v1/flows?{urlencode({'lot': lot})}", told.company("recycler"))
        assert_problem(response, 403, "role.forbidden")
    response = told.site.get("/v1/flows?lot=urn:x:none", told.cast.authority)
    assert_problem(response, 404, "resource.not-found")


def test_a_shipment_s_flow_ends_in_it(told: Told) -> None:
    maker = told.company("maker")
    (shipment,) = told.site.get("/v1/shipments", maker).get_json()["shipments"]
    query = {"consignor": maker.party, "shipment": shipment["shipment"]}
    found = flows(told, told.cast.authority, **query)
    whole = sum(origins(found).values())
    (node,) = [node for node in found["nodes"] if node["kind"] == "shipment"]
    assert (node["name"], node["mass_mg"]) == (shipment["shipment"], whole)


def test_the_links_are_csv_too(told: Told) -> None:
    query = urlencode({"lot": told.cast.goods.magnets, "by": "party"})
    response = told.site.get(f"/v1/flows?{query}", told.cast.authority, Accept="text/csv")
    rows = list(csv.DictReader(io.StringIO(response.text)))
    links = flows(told, told.cast.authority, lot=told.cast.goods.magnets, by="party")["links"]
    assert [int(row["mass_mg"]) for row in rows] == [link["mass_mg"] for link in links]
    assert {"Demonstration Separation Plant"} <= {row["source_label"] for row in rows}


@pytest.mark.parametrize(
    "query", [{}, {"lot": "a", "pool": "b"}, {"lot": "a", "by": "country"}, {"lot": "a", "element": "Fe"}]
)
def test_a_wrong_question_is_refused(told: Told, query: dict[str, str]) -> None:
    response = told.site.get(f"/v1/flows?{urlencode(query)}", told.cast.authority)
    assert_problem(response, 400, "request.malformed")


class TestRoutes:
    def test_the_way_of_magnets_on_a_map(self, told: Told) -> None:
        query = urlencode({"lot": told.cast.goods.magnets})
        found = told.site.get(f"/v1/routes?{query}", told.cast.authority).get_json()
        site = {name: member.site() for name, member in told.cast.members.items()}
        routes = {(route["source"], route["target"]): route for route in found["routes"]}
        assert {pair: route["mass_mg"] // KG for pair, route in routes.items()} == {
            (site["mine"], site["plant"]): 5_200,
            (site["south"], site["plant"]): 1_800,
            (site["plant"], site["maker"]): 980,
            (site["maker"], site["importer"]): 2_560,
        }
        assert all(route["first"] == route["last"] and route["shipments"] == 1 for route in routes.values())
        places = {each["id"]: each for each in found["sites"]}
        north = places[site["mine"]]
        assert (north["latitude"], north["longitude"], north["country"]) == ("41.8", "110.0", "CN")
        assert (places[site["importer"]]["latitude"], places[site["importer"]]["country"]) == (None, "DE")

    def test_a_party_is_told_what_it_sent_and_received(self, told: Told) -> None:
        query = urlencode({"lot": told.cast.goods.magnets})
        found = told.site.get(f"/v1/routes?{query}", told.company("importer")).get_json()
        site = {name: member.site() for name, member in told.cast.members.items()}
        assert [(route["source"], route["target"]) for route in found["routes"]] == [
            (site["maker"], site["importer"])
        ]
        assert {each["id"] for each in found["sites"]} == {site["maker"], site["importer"]}
        response = told.site.get(f"/v1/routes?{query}", told.company("recycler"))
        assert_problem(response, 403, "role.forbidden")

    def test_a_period_bounds_the_shipments(self, told: Told) -> None:
        query = urlencode({"lot": told.cast.goods.magnets, "until": "2020-01-01T00:00:00Z"})
        found = told.site.get(f"/v1/routes?{query}", told.cast.authority).get_json()
        assert found["routes"] == []


def test_a_table_of_flows_that_a_limit_ended_says_so(told: Told) -> None:
    for limit, ends in ((2, True), (20_000, False)):
        asked = {"lot": told.cast.goods.magnets, "limit": limit}
        found = flows(told, told.cast.authority, **asked)
        answer = told.site.get(f"/v1/flows?{urlencode(asked)}", told.cast.authority, Accept="text/csv")
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert found["truncated"] is ends
        assert len(rows) == len(found["links"]) + ends
        assert (rows[-1]["source"] == "incomplete") is ends
