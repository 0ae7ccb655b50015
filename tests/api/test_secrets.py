"""What parties try in order to learn others' secrets over HTTP, and that they learn nothing."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from ledger.movements import writing
from ledger.movements.writing import KG, LotContent, document, dump_document
from ledger.store.engine import create_ledger_engine
from tests.support.databases import copy_sqlite
from tests.support.goods import Told, tell_goods
from tests.support.web import assert_problem

PATHS = ("/v1/lots", "/v1/provenance", "/v1/recall", "/v1/labels")
NOWHERE = "https://nobody.example/lots/none"


@pytest.fixture(scope="module")
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("secrets")
    url = copy_sqlite(request.getfixturevalue("sqlite_template"), folder / "ledger.db")
    engine = create_ledger_engine(url)
    with tell_goods(engine, folder / "site") as made:
        yield made
    engine.dispose()


def alike(told: Told, path: str, name: str, there: dict[str, str], nowhere: dict[str, str]) -> dict[str, Any]:
    """Both questions of a party are refused in the same words; gives the answer."""
    answers = []
    for query in (there, nowhere):
        response = told.site.get(f"{path}?{urlencode(query)}", told.company(name))
        assert_problem(response, 403, "role.forbidden")
        answers.append({**response.get_json(), "request_id": ""})
    assert answers[0] == answers[1]
    members: dict[str, Any] = answers[0]
    return members


@pytest.mark.parametrize("path", PATHS)
def test_a_lot_of_others_and_none_are_answered_alike(told: Told, path: str) -> None:
    answer = alike(told, path, "recycler", {"lot": told.cast.goods.magnets}, {"lot": NOWHERE})
    assert NOWHERE not in str(answer)


@pytest.mark.parametrize("path", ["/v1/provenance", "/v1/recall"])
def test_shipments_of_others_and_none_are_answered_alike(told: Told, path: str) -> None:
    mine = told.company("mine")
    listed = told.site.get("/v1/shipments", mine).get_json()["shipments"]
    there = {"consignor": mine.party, "shipment": listed[0]["shipment"]}
    assert told.site.get(f"{path}?{urlencode(there)}", mine, Accept="*/*").status_code == 200
    for name in ("recycler", "maker"):
        alike(told, path, name, there, {"consignor": mine.party, "shipment": "urn:none"})
        alike(told, path, name, {"unit": NOWHERE}, {"pool": NOWHERE})


@pytest.mark.parametrize("path", PATHS)
def test_a_regulator_is_told_that_there_is_none(told: Told, path: str) -> None:
    response = told.site.get(f"{path}?{urlencode({'lot': NOWHERE})}", told.cast.authority)
    assert_problem(response, 404, "resource.not-found")


def test_nobody_opens_a_lot_by_saying_that_it_received_it(told: Told) -> None:
    trader, goods = told.company("recycler"), told.cast.goods
    content = LotContent(goods.magnets, mass_mg=1)
    at_us = int((datetime.now(UTC) - timedelta(minutes=5)).timestamp()) * 1_000_000
    event = writing.receive(
        [content],
        consignor=told.company("maker").party,
        shipment="urn:shipment:invented",
        event_id="urn:uuid:5b1d7c1e-0000-4000-8000-00000000abcd",
        at_us=at_us,
        zone_offset_min=480,
        site=told.cast.members["recycler"].site(),
    )
    told.site.registered(told.cast.sign(dump_document(document([event], at_us)), trader))
    held = told.site.get("/v1/holdings", trader).get_json()["holdings"]
    assert goods.magnets in {each["lot"] for each in held}
    for path in PATHS:
        alike(told, path, "recycler", {"lot": goods.magnets}, {"lot": NOWHERE})


def provenance(told: Told, name: str, **query: str) -> dict[str, Any]:
    response = told.site.get(f"/v1/provenance?{urlencode(query)}", told.company(name))
    assert response.status_code == 200, response.text
    members: dict[str, Any] = response.get_json()
    return members


def test_a_supplier_does_not_learn_what_was_made_of_its_goods(told: Told) -> None:
    ore = told.lot("northern mine produces")
    found = provenance(told, "mine", lot=ore, direction="downstream")
    assert [step["name"] for step in found["steps"]] == [ore]
    assert (found["hidden"], found["tainted"], found["truncated"]) == ({}, [], False)
    assert not provenance(told, "mine", lot=ore, direction="downstream", limit="1")["truncated"]


@pytest.mark.parametrize("bound", ["since", "until"])
def test_a_buyer_does_not_learn_when_the_steps_before_were_taken(told: Told, bound: str) -> None:
    magnets = told.cast.goods.magnets
    assert provenance(told, "importer", lot=magnets)["hidden"]
    for days in (0, 3, 6, 9):
        when = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds")
        assert provenance(told, "importer", lot=magnets, **{bound: when})["hidden"] == {}


def test_a_refusal_does_not_say_to_whom_a_shipment_goes(told: Told) -> None:
    maker, stranger = told.company("maker"), told.company("recycler")
    sent = told.site.get("/v1/shipments", maker).get_json()["shipments"][0]
    at_us = int((datetime.now(UTC) - timedelta(minutes=5)).timestamp()) * 1_000_000
    event = writing.receive(
        [LotContent(told.cast.goods.magnets, mass_mg=KG)],
        consignor=maker.party,
        shipment=sent["shipment"],
        event_id="urn:uuid:5b1d7c1e-0000-4000-8000-00000000abce",
        at_us=at_us,
        zone_offset_min=480,
        site=told.cast.members["recycler"].site(),
    )
    response = told.site.post(told.cast.sign(dump_document(document([event], at_us)), stranger))
    assert_problem(response, 422, "statement.refused")
    assert "custody.not-consignee" in response.text
    assert told.company("importer").party not in response.text
