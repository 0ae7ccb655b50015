"""One box for everything: what is found by id, by the end of an id and by name, and by whom."""

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.cast import Actor
from tests.support.goods import Told
from tests.support.web import assert_problem


def find(told: Told, reader: Actor, wanted: str, **query: Any) -> list[tuple[str, str]]:
    response = told.site.get(f"/v1/search?{urlencode({'q': wanted, **query})}", reader)
    assert response.status_code == 200, response.text
    return [(each["kind"], each["id"]) for each in response.get_json()["found"]]


def test_an_exact_id_comes_first(told: Told) -> None:
    lot = told.cast.goods.magnets
    assert find(told, told.cast.authority, lot)[0] == ("lot", lot)
    party = told.company("mine").party
    assert find(told, told.cast.authority, party)[0] == ("party", party)
    site = told.cast.members["mine"].site()
    assert find(told, told.company("plant"), site)[0] == ("site", site)


@pytest.mark.parametrize("typed", ["N42-01", "n42-01", "n42", "000003.N42-01"])
def test_a_lot_is_found_by_the_end_of_its_id(told: Told, typed: str) -> None:
    lot = told.cast.goods.magnets
    for reader in (told.cast.authority, told.company("maker"), told.company("importer")):
        assert find(told, reader, typed) == [("lot", lot)]
    assert find(told, told.company("mine"), typed) == []


def test_ids_that_begin_so_are_found_in_order(told: Told) -> None:
    company = told.cast.members["plant"].company
    found = find(told, told.cast.authority, f"urn:epc:class:lgtin:{company}.")
    assert [each.rpartition(".")[2] for _, each in found] == ["PRND-01", "LACE-01"]
    assert find(told, told.company("maker"), f"urn:epc:class:lgtin:{company}.") == found[:1]
    assert len(find(told, told.cast.authority, "urn:epc:class", limit=3)) == 3
    assert find(told, told.cast.authority, "ur") == [], "two characters are the beginning of too much"


def test_a_shipment_is_its_two_ends(told: Told) -> None:
    mine = told.company("mine")
    response = told.site.get("/v1/shipments", mine).get_json()
    (shipment,) = response["shipments"]
    expected = [("shipment", shipment["shipment"])]
    for reader in (told.cast.authority, mine, told.company("plant")):
        assert find(told, reader, shipment["shipment"]) == expected
    assert find(told, told.company("maker"), shipment["shipment"]) == []


@pytest.mark.parametrize("typed", ["magnet works", "Magnet WORKS", "agnet w"])
def test_parties_and_sites_are_found_by_a_part_of_their_names(told: Told, typed: str) -> None:
    maker = told.cast.members["maker"]
    expected = [("party", maker.party), ("site", maker.site())]
    for reader in (told.cast.authority, told.company("mine")):
        assert find(told, reader, typed) == expected


def test_an_entry_is_found_by_its_index_and_its_hash(told: Told) -> None:
    assert ("entry", "3") in find(told, told.company("mine"), "3")
    statement = told.scenes[0][1]["statement"]
    index = told.scenes[0][1]["index"]
    assert find(told, told.company("importer"), statement) == [("entry", str(index))]
    assert find(told, told.company("mine"), "999999") == []


def test_a_party_is_not_told_who_made_what_it_holds(told: Told) -> None:
    query = urlencode({"q": "PRND-01"})
    (own,) = told.site.get(f"/v1/search?{query}", told.company("plant")).get_json()["found"]
    (later,) = told.site.get(f"/v1/search?{query}", told.company("maker")).get_json()["found"]
    assert (own["party"], later["party"]) == (told.company("plant").party, "")
    assert (own["name"], own["detail"]) == ("PRND-01", "prnd-oxide")


@pytest.mark.parametrize("query", [{}, {"q": ""}, {"q": "a", "limit": 0}, {"q": "a", "limit": 101}])
def test_a_wrong_question_is_refused(told: Told, query: dict[str, Any]) -> None:
    response = told.site.get(f"/v1/search?{urlencode(query)}", told.cast.authority)
    assert_problem(response, 400, "request.malformed")


@pytest.mark.parametrize("typed", [" ", "%", "_", "'", "\\", "a" * 1024, "\u4e2d\u6587", "x" * 43, "0" * 30])
def test_whatever_is_typed_is_answered(told: Told, typed: str) -> None:
    assert find(told, told.cast.authority, typed) == []
    assert find(told, told.company("mine"), typed) == []
