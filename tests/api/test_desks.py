"""What the lists of a producer's desk say: stock, shipments with their lines, pools."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine

from ledger.movements import writing
from ledger.movements.writing import dump_document
from tests.support.cast import Actor
from tests.support.goods import Told, tell_goods
from tests.support.web import assert_problem

KG = 1_000_000
TANK = "urn:epc:class:lgtin:9521002.000009.TANK"


def ask(told: Told, path: str, reader: Actor | None, **query: Any) -> dict[str, Any]:
    response = told.site.get(f"{path}?{urlencode(query)}", reader)
    assert response.status_code == 200, response.text
    members: dict[str, Any] = response.get_json()
    return members


class TestHoldings:
    def test_a_row_says_what_the_lot_is_and_what_the_share_of_it_contains(self, told: Told) -> None:
        (held,) = ask(told, "/v1/holdings", told.company("plant"))["holdings"]
        lot = ask(told, "/v1/lots", told.company("plant"), lot=held["lot"])
        for member in ("product", "stage", "birth", "contained_mg", "tainted_by"):
            assert held[member] == lot[member], member
        assert (held["product"], held["birth"]) == ("lace-oxide", "process")
        assert (held["instance"], held["pieces"]) == (False, None)
        assert held["contained_mg"] == {"Ce": 1_212_200_000, "La": 877_800_000}


class TestShipments:
    def test_a_row_sums_its_lines(self, told: Told) -> None:
        mine = told.company("mine")
        (sent,) = ask(told, "/v1/shipments", mine)["shipments"]
        assert (sent["lines"], sent["sent_mg"], sent["left_mg"]) == (1, 5_200 * KG, 0)
        assert sent["due"] is None
        lines = ask(told, "/v1/shipments/lines", mine, consignor=mine.party, shipment=sent["shipment"])
        assert lines["lines"] == [
            {
                "lot": told.lot("northern mine produces"),
                "product": "mixed-carbonate",
                "stage": "mixed_compound",
                "sent_mg": 5_200 * KG,
                "left_mg": 0,
                "weighed_mg": 5_198 * KG,
            }
        ]

    def test_lines_are_for_the_two_ends_and_for_regulators(self, told: Told) -> None:
        mine, plant = told.company("mine"), told.company("plant")
        (sent,) = ask(told, "/v1/shipments", mine)["shipments"]
        query = {"consignor": mine.party, "shipment": sent["shipment"]}
        own = ask(told, "/v1/shipments/lines", mine, **query)
        for reader in (plant, told.cast.authority):
            assert ask(told, "/v1/shipments/lines", reader, **query) == own
        hidden = told.site.get(f"/v1/shipments/lines?{urlencode(query)}", told.company("maker"))
        there = assert_problem(hidden, 403, "role.forbidden")
        absent = urlencode(query | {"shipment": "urn:x:none"})
        response = told.site.get(f"/v1/shipments/lines?{absent}", told.company("maker"))
        assert assert_problem(response, 403, "role.forbidden")["detail"] == there["detail"]
        response = told.site.get(f"/v1/shipments/lines?{absent}", told.cast.authority)
        assert_problem(response, 404, "resource.not-found")


@pytest.fixture
def fed(engine: Engine, tmp_path: Path) -> Iterator[Told]:
    """The story of goods; then the plant feeds half of its LaCe oxide into a tank and draws some again."""
    with tell_goods(engine, tmp_path / "site") as told:
        plant = told.cast.members["plant"]
        common = {"site": plant.site(), "at_us": told.site.clock.now_us() - 3_600_000_000}
        half = writing.LotContent(told.cast.members["plant"].lot(2, "LACE-01"), 1_045 * KG)
        share = writing.LotContent(
            plant.lot(2, "LACE-02"), 500 * KG, "lace-oxide", "1", {"La": "0.42", "Ce": "0.58"}
        )
        events = [
            writing.feed(TANK, [half], process="blending", event_id="urn:uuid:feed-1", **common),
            writing.draw(TANK, [share], process="blending", event_id="urn:uuid:draw-1", **common),
        ]
        for event in events:
            document = writing.document([event], common["at_us"])
            told.site.registered(told.cast.sign(dump_document(document), told.company("plant")))
        yield told


class TestPools:
    def test_a_pool_says_what_it_holds_now(self, fed: Told) -> None:
        plant = fed.company("plant")
        (pool,) = ask(fed, "/v1/pools", plant)["pools"]
        assert (pool["pool"], pool["site"], pool["version"]) == (TANK, fed.cast.members["plant"].site(), 1)
        assert pool["contained_mg"] == {"Ce": 316_100_000, "La": 228_900_000}
        assert pool["owners"] == {plant.party: 545_000_000}
        assert (pool["blocked"], pool["tainted_by"]) == ({}, None)
        assert pool["index"] == fed.site.get("/v1/log").get_json()["size"] - 1
        assert ask(fed, "/v1/pools", fed.cast.authority, party=plant.party)["pools"] == [pool]
        (left,) = [held for held in ask(fed, "/v1/holdings", plant)["holdings"] if held["mass_mg"] > 600 * KG]
        assert left["contained_mg"] == {"Ce": 606_100_000, "La": 438_900_000}, "half of the lot"

    def test_a_party_that_runs_none_has_none(self, told: Told) -> None:
        assert ask(told, "/v1/pools", told.company("plant")) == {"pools": [], "next": None}
        query = urlencode({"party": told.company("plant").party})
        assert_problem(told.site.get(f"/v1/pools?{query}", told.company("mine")), 403, "role.forbidden")
        assert ask(told, "/v1/pools", told.cast.authority, party=told.company("plant").party)["pools"] == []
