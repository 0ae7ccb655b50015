"""Lots, provenance, stock and oversight over HTTP: what is answered, and to whom."""

import csv
import io
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import pytest

from ledger.provenance.balance import COLUMNS
from tests.support.cast import Actor
from tests.support.goods import Told
from tests.support.web import assert_problem


def ask(told: Told, path: str, reader: Actor, **query: Any) -> dict[str, Any]:
    response = told.site.get(f"{path}?{urlencode(query)}", reader)
    assert response.status_code == 200, response.text
    members: dict[str, Any] = response.get_json()
    return members


def table(told: Told, path: str, reader: Actor, **query: Any) -> list[dict[str, str]]:
    response = told.site.get(f"{path}?{urlencode(query)}", reader, Accept="text/csv")
    assert response.status_code == 200, response.text
    assert response.content_type == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(response.text)))


def period() -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "start": (now - timedelta(days=30)).isoformat(timespec="seconds"),
        "end": (now + timedelta(days=1)).isoformat(timespec="seconds"),
    }


class TestProvenance:
    def test_a_magnet_comes_from_its_mines_by_their_shares(self, told: Told) -> None:
        found = ask(told, "/v1/provenance", told.cast.authority, lot=told.cast.goods.magnets)
        mine, south = (told.cast.members[name].site() for name in ("mine", "south"))
        assert [origin["origin"] for origin in found["origins"]] == [mine, south]
        # Of the PrNd oxide, by hand: docs/worked-example.md.
        expected = Fraction(159_773_387 + 571_166_859, 980_000_000)
        assert abs(Fraction(found["origins"][0]["share"]) - expected) < Fraction(1, 1_000_000)
        assert sum(Fraction(origin["share"]) for origin in found["origins"]) == 1
        assert sum(found["contained_mg"].values()) == sum(o["mass_mg"] for o in found["origins"])
        assert found["countries"] == {"CN": "1.000000000"}

    def test_an_element_has_its_own_shares(self, told: Told) -> None:
        shares = {
            element: Fraction(
                ask(
                    told,
                    "/v1/provenance",
                    told.cast.authority,
                    lot=told.cast.goods.magnets,
                    element=element,
                )["origins"][0]["share"]
            )
            for element in ("Pr", "Nd")
        }
        assert abs(shares["Pr"] - Fraction(163_800_000, 224_550_000)) < Fraction(1, 1_000_000)
        assert abs(shares["Nd"] - Fraction(585_000_000, 779_400_000)) < Fraction(1, 1_000_000)

    def test_every_step_names_the_entry_that_proves_it(self, told: Told) -> None:
        found = ask(told, "/v1/provenance", told.cast.authority, lot=told.cast.goods.magnets)
        indices = {answer["index"] for _, answer in told.scenes}
        assert len(found["steps"]) == 6
        assert {step["index"] for step in found["steps"]} <= indices
        assert [step["depth"] for step in found["steps"]] == [0, 1, 2, 3, 4, 4]
        assert len(found["edges"]) == 5

    def test_depth_and_time_bound_the_way(self, told: Told) -> None:
        magnets = told.cast.goods.magnets
        found = ask(told, "/v1/provenance", told.cast.authority, lot=magnets, depth=2)
        assert [step["depth"] for step in found["steps"]] == [0, 1, 2]
        late = (datetime.now(UTC) - timedelta(hours=60)).isoformat(timespec="seconds")
        found = ask(told, "/v1/provenance", told.cast.authority, lot=magnets, since=late)
        assert {step["product"] for step in found["steps"]} == {"ndfeb-magnet", "ndfeb-alloy"}

    def test_a_regulator_asks_what_the_books_said_before(self, told: Told) -> None:
        magnets = told.cast.goods.magnets
        now = ask(told, "/v1/provenance", told.cast.authority, lot=magnets)
        assert (now["at"], now["corrected_at"]) == (None, None)
        born = now["steps"][0]["index"]
        then = ask(told, "/v1/provenance", told.cast.authority, lot=magnets, at=born)
        assert then["at"] == born
        for member in ("origins", "steps", "edges", "countries"):
            assert then[member] == now[member]
        assert (then["holders"], then["travelling"], then["alerts"]) == ([], [], [])
        before = urlencode({"lot": magnets, "at": born - 1})
        response = told.site.get(f"/v1/provenance?{before}", told.cast.authority)
        assert_problem(response, 404, "resource.not-found")
        for at in (born, born - 1):
            query = urlencode({"lot": magnets, "at": at})
            response = told.site.get(f"/v1/provenance?{query}", told.company("maker"))
            assert_problem(response, 403, "role.forbidden")

    def test_downstream_reaches_what_was_made_of_it(self, told: Told) -> None:
        ore = told.lot("northern mine produces")
        found = ask(told, "/v1/provenance", told.cast.authority, lot=ore, direction="downstream")
        assert told.cast.goods.magnets in {step["name"] for step in found["steps"]}
        rows = table(told, "/v1/recall", told.cast.authority, lot=ore)
        assert {row["custodian"] for row in rows} >= {told.company(n).party for n in ("plant", "maker")}

    def test_a_recall_list_that_a_limit_ended_says_so(self, told: Told) -> None:
        ore = told.lot("northern mine produces")
        states = [row["state"] for row in table(told, "/v1/recall", told.cast.authority, lot=ore, limit=1)]
        assert states[-1] == "incomplete"
        states = [row["state"] for row in table(told, "/v1/recall", told.cast.authority, lot=ore)]
        assert "incomplete" not in states

    def test_a_recall_list_says_as_json_what_its_csv_says(self, told: Told) -> None:
        ore = told.lot("northern mine produces")
        for limit, truncated in ((1, True), (100_000, False)):
            found = ask(told, "/v1/recall", told.cast.authority, lot=ore, limit=limit)
            rows = table(told, "/v1/recall", told.cast.authority, lot=ore, limit=limit)
            assert (found["kind"], found["name"], found["truncated"]) == ("lot", ore, truncated)
            written = [
                {name: "" if value is None else str(value) for name, value in row.items()}
                for row in found["rows"]
            ]
            assert written == rows[: len(rows) - truncated]
        assert found["rows"]

    def test_a_table_of_steps_that_a_limit_ended_says_so(self, told: Told) -> None:
        lot = {"lot": told.cast.goods.magnets}
        found = ask(told, "/v1/provenance", told.cast.authority, limit=2, **lot)
        rows = table(told, "/v1/provenance", told.cast.authority, limit=2, **lot)
        assert found["truncated"]
        assert [row["name"] for row in rows] == [*(step["name"] for step in found["steps"]), ""]
        assert {name: value for name, value in rows[-1].items() if value} == {"kind": "incomplete"}
        whole = table(told, "/v1/provenance", told.cast.authority, limit=5, **lot)
        assert "incomplete" not in {row["kind"] for row in whole}, "it has five edges"

    def test_the_last_entry_can_be_asked_at_and_no_later_one(self, told: Told) -> None:
        size = told.site.get("/v1/log").get_json()["size"]
        lot = {"lot": told.cast.goods.magnets}
        assert ask(told, "/v1/provenance", told.cast.authority, at=size - 1, **lot)["at"] == size - 1
        for kind in (lot, {"pool": "urn:x:1"}):
            query = urlencode({"at": size} | kind)
            response = told.site.get(f"/v1/provenance?{query}", told.cast.authority)
            assert_problem(response, 400, "request.malformed")
            assert f"{size} entries" in response.get_json()["detail"]

    @pytest.mark.parametrize("path", ["/v1/provenance", "/v1/recall", "/v1/routes"])
    def test_a_period_must_hold_some_time(self, told: Told, path: str) -> None:
        first, second = "2026-10-01T00:00:00Z", "2026-10-01T00:00:00.000001Z"
        for since, until, status in ((first, second, 200), (first, first, 400), (second, first, 400)):
            query = urlencode({"lot": told.cast.goods.magnets, "since": since, "until": until})
            for reader in (told.cast.authority, told.company("maker")):
                response = told.site.get(f"{path}?{query}", reader)
                assert response.status_code == status
            if status == 400:
                assert response.get_json()["parameter"] == "until"

    @pytest.mark.parametrize("name", ["at", "element", "direction"])
    def test_a_recall_list_takes_nothing_that_it_would_pass_over(self, told: Told, name: str) -> None:
        query = urlencode(
            {"lot": told.cast.goods.magnets, name: {"at": 1, "element": "Nd"}.get(name, "upstream")}
        )
        response = told.site.get(f"/v1/recall?{query}", told.cast.authority, Accept="text/csv")
        assert_problem(response, 400, "request.malformed")

    def test_what_a_question_may_say_is_told_letter_by_letter(self, told: Told) -> None:
        magnets = told.cast.goods.magnets
        for query, said in (({"element": "Fe"}, "La, Ce, Pr"), ({"since": "May"}, "2026-11-01T00:00:00Z")):
            asked = urlencode({"lot": magnets, **query})
            response = told.site.get(f"/v1/provenance?{asked}", told.cast.authority)
            assert said in response.get_json()["detail"]

    def test_a_holder_sees_origins_and_not_the_firms_between(self, told: Told) -> None:
        importer, magnets = told.company("importer"), told.cast.goods.magnets
        found = ask(told, "/v1/provenance", importer, lot=magnets)
        everything = ask(told, "/v1/provenance", told.cast.authority, lot=magnets)
        assert found["origins"] == everything["origins"]
        assert found["steps"] == []
        assert sum(found["hidden"].values()) == len(everything["steps"])
        assert found["alerts"] == []
        text = told.site.get(f"/v1/provenance?{urlencode({'lot': magnets})}", importer).text
        assert told.company("plant").party not in text

    def test_who_never_held_it_sees_nothing(self, told: Told) -> None:
        query = urlencode({"lot": told.cast.goods.magnets})
        for path in ("/v1/lots", "/v1/provenance", "/v1/recall", "/v1/labels"):
            for name in ("mine", "recycler"):
                response = told.site.get(f"{path}?{query}", told.company(name))
                assert_problem(response, 403, "role.forbidden")
            assert_problem(told.site.get(f"{path}?{query}"), 401, "token.missing")

    def test_a_shipment_can_be_asked_about(self, told: Told) -> None:
        maker = told.company("maker")
        (shipment,) = ask(told, "/v1/shipments", maker)["shipments"]
        found = ask(
            told,
            "/v1/provenance",
            maker,
            consignor=maker.party,
            shipment=shipment["shipment"],
        )
        whole = ask(told, "/v1/provenance", maker, lot=told.cast.goods.magnets)
        assert [o["origin"] for o in found["origins"]] == [o["origin"] for o in whole["origins"]]

    @pytest.mark.parametrize(
        ("query", "status", "code"),
        [
            ({}, 400, "request.malformed"),
            ({"lot": "urn:x:1", "unit": "urn:x:2"}, 400, "request.malformed"),
            ({"shipment": "urn:x:1"}, 400, "request.malformed"),
            ({"lot": "urn:x:1", "consignor": "urn:x:2"}, 400, "request.malformed"),
            ({"lot": "urn:x:1", "direction": "sideways"}, 400, "request.malformed"),
            ({"lot": "urn:x:1", "depth": "0"}, 400, "request.malformed"),
            ({"lot": "urn:x:1", "at": "-1"}, 400, "request.malformed"),
            ({"lot": "urn:x:1", "at": "999999"}, 400, "request.malformed"),
            ({"unit": "urn:x:1", "at": "1"}, 404, "resource.not-found"),
            ({"consignor": "urn:x:1", "shipment": "urn:x:2", "at": "1"}, 400, "request.malformed"),
            ({"pool": "urn:x:1", "at": "1"}, 404, "resource.not-found"),
            ({"pool": "urn:x:1", "at": "999999"}, 400, "request.malformed"),
            ({"lot": "urn:x:1", "element": "Fe"}, 400, "request.malformed"),
            ({"lot": "urn:x:1", "since": "yesterday"}, 400, "request.malformed"),
            ({"lot": "urn:x:1", "since": "2026-11-20T08:00:00"}, 400, "request.malformed"),
            ({"lot": "urn:x:1"}, 404, "resource.not-found"),
            ({"unit": "urn:x:1"}, 404, "resource.not-found"),
            ({"pool": "urn:x:1"}, 404, "resource.not-found"),
            ({"consignor": "urn:x:1", "shipment": "urn:x:2"}, 404, "resource.not-found"),
        ],
    )
    def test_a_wrong_question_says_what_is_wrong(
        self, told: Told, query: dict[str, str], status: int, code: str
    ) -> None:
        response = told.site.get(f"/v1/provenance?{urlencode(query)}", told.cast.authority)
        assert_problem(response, status, code)


class TestLots:
    def test_a_lot_is_described(self, told: Told) -> None:
        lot = ask(told, "/v1/lots", told.company("plant"), lot=told.lot("plant separates"))
        assert lot["product"] == "prnd-oxide"
        assert lot["contained_mg"] == {"Nd": 760_970_000, "Pr": 219_030_000}
        assert lot["producer"] == told.company("plant").party
        assert lot["holders"] == []

    def test_a_later_holder_is_not_told_who_made_it(self, told: Told) -> None:
        lot = ask(told, "/v1/lots", told.company("maker"), lot=told.lot("plant separates"))
        assert (lot["producer"], lot["site"]) == ("", "")

    def test_a_label_follows_from_the_graph(self, told: Told) -> None:
        label = ask(told, "/v1/labels", told.company("maker"), lot=told.cast.goods.magnets)
        maker, plant, mine = (told.company(name).party for name in ("maker", "plant", "mine"))
        assert label["supplier"] == {"id": maker, "name": "Demonstration Magnet Works"}
        assert label["oxide_producer"] == [{"id": plant, "name": "Demonstration Separation Plant"}]
        carbonate = told.lot("northern mine produces")
        label = ask(told, "/v1/labels", told.company("mine"), lot=carbonate)
        assert label["lot"] == carbonate
        assert label["ore_producer"] == [{"id": mine, "name": "Demonstration Northern Mine"}]

    def test_a_compound_s_label_names_who_mined_and_a_scrap_s_its_supplier_alone(self, told: Told) -> None:
        label = ask(told, "/v1/labels", told.company("plant"), lot=told.lot("plant separates"))
        named = [each["id"] for each in label["ore_producer"]]
        assert named == sorted(told.company(name).party for name in ("mine", "south"))
        (swarf,) = ask(told, "/v1/holdings", told.company("maker"))["holdings"]
        label = ask(told, "/v1/labels", told.company("maker"), lot=swarf["lot"])
        assert set(label) == {"supplier", "lot", "product"}


class TestStock:
    def test_holdings_are_a_party_s_own(self, told: Told) -> None:
        (held,) = ask(told, "/v1/holdings", told.company("plant"))["holdings"]
        assert held["mass_mg"] == 2_090 * 10**6
        party = told.company("plant").party
        assert ask(told, "/v1/holdings", told.cast.authority, party=party)["holdings"] == [held]
        response = told.site.get(f"/v1/holdings?{urlencode({'party': party})}", told.company("mine"))
        assert_problem(response, 403, "role.forbidden")

    def test_a_balance_closes_on_every_element(self, told: Told) -> None:
        for name in ("mine", "south", "plant", "maker"):
            balance = ask(told, "/v1/balance", told.company(name), **period())
            assert balance["rows"], name
            for row in balance["rows"]:
                assert sum(row[column] for column in COLUMNS[:-1]) == row["closing"], (name, row)
        rows = {
            row["element"]: row for row in ask(told, "/v1/balance", told.company("plant"), **period())["rows"]
        }
        assert rows["La"]["received"] == 898_200_000
        assert rows["La"]["used"] == -898_200_000
        assert rows["La"]["produced"] == 877_800_000
        assert rows["La"]["declared_loss"] == 20_400_000
        assert rows["La"]["closing"] == 877_800_000
        assert rows["Nd"]["closing"] == 0
        assert all(row["gap"] == 0 for row in rows.values())

    def test_a_balance_by_month_opens_where_the_month_before_closed(self, told: Told) -> None:
        plant = told.company("plant")
        whole = {row["element"]: row for row in ask(told, "/v1/balance", plant, **period())["rows"]}
        rows = ask(told, "/v1/balance", plant, **period(), months="true")["rows"]
        months = sorted({row["month"] for row in rows})
        for element, total in whole.items():
            own = [row for row in rows if row["element"] == element]
            assert [row["month"] for row in own] == [each for each in months if each >= own[0]["month"]]
            for before, after in pairwise(own):
                assert after["opening"] == before["closing"]
            assert own[-1]["closing"] == total["closing"]
            for column in (*COLUMNS[1:-1], "gap"):
                assert abs(sum(row[column] for row in own) - total[column]) <= len(own), (element, column)
        far = period() | {"start": "1990-01-01T00:00:00Z", "months": "true"}
        response = told.site.get(f"/v1/balance?{urlencode(far)}", plant)
        assert_problem(response, 400, "request.malformed")

    def test_a_balance_is_csv_too(self, told: Told) -> None:
        rows = table(told, "/v1/balance", told.company("plant"), **period())
        assert {row["element"] for row in rows} == {"La", "Ce", "Pr", "Nd"}

    @pytest.mark.parametrize(
        "query",
        [
            {},
            {"start": "2026-11-01T00:00:00Z"},
            {"start": "2026-11-01T00:00:00Z", "end": "2026-11-01T00:00:00Z"},
            {"start": "2026-11-02T00:00:00Z", "end": "2026-11-01T00:00:00Z"},
        ],
    )
    def test_a_period_has_a_start_and_an_end_after_it(self, told: Told, query: dict[str, str]) -> None:
        response = told.site.get(f"/v1/balance?{urlencode(query)}", told.company("plant"))
        assert_problem(response, 400, "request.malformed")


class TestOversight:
    def test_quotas_show_what_was_drawn(self, told: Told) -> None:
        (quota,) = ask(told, "/v1/quotas", told.company("plant"))["records"]
        assert (quota["activity"], quota["drawn_mg"]) == ("separation", 3_070_000_000)
        assert len(ask(told, "/v1/quotas", told.cast.authority)["records"]) == 3
        pages = ask(told, "/v1/quotas", told.cast.authority, limit=2)
        following = told.site.get(pages["next"], told.cast.authority).get_json()
        assert len(following["records"]) == 1
        assert following["next"] is None

    def test_control_lists_and_statistics_are_public(self, told: Told) -> None:
        for path in ("/v1/control-lists", "/v1/statistics"):
            assert told.site.get(path).status_code == 200
        (found,) = told.site.get("/v1/control-lists").get_json()["records"]
        assert found["control_list"] == "mofcom-18-2025"

    def test_an_honest_story_opens_no_alert(self, told: Told) -> None:
        assert ask(told, "/v1/alerts", told.cast.authority)["alerts"] == []

    def test_cases_are_for_regulators(self, told: Told) -> None:
        assert ask(told, "/v1/cases", told.cast.authority)["records"] == []
        assert_problem(told.site.get("/v1/cases", told.company("mine")), 403, "role.forbidden")
