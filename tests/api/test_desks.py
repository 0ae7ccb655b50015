"""What desks are told: stock, shipments, pools, licences, quotas, alerts, the calendar, what is in force."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import Engine, text

from api.demo.story import NORTH
from ledger.clock import SystemClock
from ledger.materials.catalogue import Catalogue
from ledger.materials.processes import processes
from ledger.movements import writing
from ledger.movements.writing import dump_document
from ledger.records.periods import DAY_US, month_after, month_of, year_of
from ledger.records.policy import FLAG, REJECT, read_policy
from tests.support.cast import Actor, Cast
from tests.support.goods import Told, tell_goods
from tests.support.web import Site, assert_problem

KG = 1_000_000
TANK = "urn:epc:class:lgtin:9521002.000009.TANK"


def ask(told: Told, path: str, reader: Actor | None, **query: Any) -> dict[str, Any]:
    now_s = told.site.clock.now_us() // 1_000_000
    token = None if reader is None else told.site.token(reader, now_s=now_s)
    response = told.site.get(f"{path}?{urlencode(query)}", token)
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
        assert (pool["pool"], pool["site"], pool["version"]) == (TANK, fed.cast.members["plant"].site(), 2)
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


def licence_act(told: Told, name: str) -> dict[str, Any]:
    maker, importer = told.cast.members["maker"], told.company("importer").party
    return {
        "act": "apply-licence",
        "licence": f"urn:epc:id:gdti:{maker.company}.00001.{name}",
        "exporter": maker.party,
        "kind": "general",
        "items": ["ndfeb-magnet"],
        "destinations": ["DE"],
        "consignees": [importer],
        "end_users": [importer],
        "end_use": "traction motors",
        "quantity": {"quantity": 5, "uom": "TNE"},
    }


@pytest.fixture
def offices(engine: Engine, tmp_path: Path) -> Iterator[Told]:
    """The story of goods; then two applications, one of them granted, a late record, and a case about it."""
    with tell_goods(engine, tmp_path / "site") as told:
        site, cast = told.site, told.cast
        for name in ("A", "B"):
            site.registered(cast.act(licence_act(told, name), told.company("maker")))
        start = cast.goods.admission_start()
        end = (datetime.now(UTC) + timedelta(days=365)).isoformat(timespec="seconds")
        licence = licence_act(told, "B")["licence"]
        site.registered(cast.act({"act": "grant-licence", "licence": licence, "start": start, "end": end}))
        late_us = site.clock.now_us() - 55 * DAY_US
        mine = cast.members["mine"]
        ore = writing.LotContent(mine.lot(1, "LATE"), 100 * KG, "mixed-carbonate", "0.45", NORTH)
        event = writing.extract([ore], site=mine.site(), at_us=late_us, event_id="urn:uuid:late")
        document = writing.document([event], late_us)
        site.registered(cast.sign(dump_document(document), told.company("mine")))
        yield told


class TestTechnology:
    def test_both_sides_read_what_was_handed_over_and_nobody_else(self, told: Told) -> None:
        maker, importer, at_us = told.company("maker"), told.company("importer"), told.site.clock.now_us()
        for number in range(2):
            event = writing.impart(
                "1E902.a",
                manner="export",
                contract="urn:contract:1",
                consignee=importer.party,
                end_user=importer.party,
                destination="DE",
                scope={"documents": 12 + number},
                at_us=at_us,
                event_id=f"urn:uuid:impart-{number}",
            )
            payload = dump_document(writing.document([event], at_us))
            told.site.registered(told.cast.sign(payload, maker))
        path = "/v1/technology-transfers"
        (first, second) = ask(told, path, maker)["records"]
        assert (first["provider"], first["consignee"], first["technology"], first["scope"]) == (
            *(maker.party, importer.party, "1E902.a"),
            {"documents": 12},
        )
        assert (second["event_id"], second["voided_at"], second["disclosed"]) == (
            *("urn:uuid:impart-1", None),
            False,
        )
        assert ask(told, path, importer, received="true")["records"] == [first, second]
        assert ask(told, path, told.cast.authority)["records"] == [first, second]
        assert ask(told, path, told.cast.authority, party=importer.party)["records"] == []
        for reader, query in ((importer, {}), (maker, {"received": "true"}), (told.company("plant"), {})):
            assert ask(told, path, reader, **query)["records"] == []
        page = ask(told, path, importer, received="true", limit=1)
        assert told.site.get(page["next"], importer).get_json()["records"] == [second]
        other = told.site.get(f"{path}?{urlencode({'party': maker.party})}", told.company("plant"))
        assert_problem(other, 403, "role.forbidden")
        statement = told.site.get(f"/v1/entries/{first['entry_index']}", importer)
        assert statement.status_code == 200


class TestLicences:
    def test_a_row_tells_how_far_the_clock_has_run(self, offices: Told) -> None:
        maker = offices.company("maker")
        rows = ask(offices, "/v1/licences", maker)["records"]
        assert [(row["state"], row["working_days_left"]) for row in rows] == [
            ("applied", 45),
            ("granted", None),
        ]
        assert all((row["working_days_open"], row["overdue"]) == (0, False) for row in rows)
        offices.site.clock.shift_us = 90 * DAY_US
        (waiting,) = ask(offices, "/v1/licences", offices.cast.authority, state="applied")["records"]
        assert waiting["overdue"]
        assert waiting["working_days_open"] + waiting["working_days_left"] == 45
        assert 62 <= waiting["working_days_open"] <= 66
        (granted,) = ask(offices, "/v1/licences", offices.cast.authority, state="granted")["records"]
        assert (granted["overdue"], granted["working_days_open"]) == (False, 0)

    def test_a_row_tells_when_the_clock_stood(self, offices: Told) -> None:
        authority, licence = offices.cast.authority, licence_act(offices, "A")["licence"]

        def clock() -> list[dict[str, str | None]]:
            (row,) = ask(offices, "/v1/licences", authority, state="applied")["records"]
            told: list[dict[str, str | None]] = row["clock"]
            return told

        assert clock() == []
        act = {"licence": licence, "reason": "documents"}
        offices.site.registered(offices.cast.act({"act": "stop-clock", **act}))
        (first,) = clock()
        assert first["started"] is None
        offices.site.registered(offices.cast.act({"act": "start-clock", "licence": licence}))
        (ended,) = clock()
        assert ended["stopped"] == first["stopped"]
        assert ended["started"] is not None
        assert str(ended["stopped"]) < ended["started"] < f"{datetime.now(UTC).year + 1}"

    def test_the_newest_come_first_where_that_is_asked_for(self, offices: Told) -> None:
        authority = offices.cast.authority
        first = ask(offices, "/v1/licences", authority, newest="true", limit=1)
        assert first["records"][0]["licence"].endswith("B")
        second = offices.site.get(first["next"], authority).get_json()
        assert second["records"][0]["licence"].endswith("A")
        assert second["next"] is None
        assert_problem(offices.site.get("/v1/licences?newest=yes", authority), 400, "request.malformed")

    def test_another_s_are_not_for_a_party(self, offices: Told) -> None:
        assert ask(offices, "/v1/licences", offices.company("plant"))["records"] == []
        query = urlencode({"party": offices.company("maker").party})
        response = offices.site.get(f"/v1/licences?{query}", offices.company("plant"))
        assert_problem(response, 403, "role.forbidden")


class TestQuotas:
    def test_the_months_sum_to_what_was_drawn(self, told: Told) -> None:
        rows = ask(told, "/v1/quotas", told.cast.authority, monthly="true")["records"]
        assert len(rows) == 3
        for row in rows:
            assert sum(row["drawn_by_month"]) == row["drawn_mg"]
            assert len(row["drawn_by_month"]) == 12
        (own,) = ask(told, "/v1/quotas", told.company("plant"))["records"]
        assert own["share_drawn"] == "0.038375000"
        assert "drawn_by_month" not in own

    def test_an_event_counts_for_the_month_in_which_it_happened(self, offices: Told) -> None:
        policy = read_policy({"rule_set": 1})
        late_us = offices.site.clock.now_us() - 55 * DAY_US
        month, year = int(month_of(late_us, policy)[5:]), year_of(late_us, policy)
        rows = ask(offices, "/v1/quotas", offices.company("mine"), monthly="true", year=year)["records"]
        if rows:  # the allotment is for the present year
            assert rows[0]["drawn_by_month"][month - 1] >= 45 * KG
            assert sum(rows[0]["drawn_by_month"]) == rows[0]["drawn_mg"]


class TestAlerts:
    def test_they_are_counted_for_whom_they_are(self, offices: Told) -> None:
        party = offices.company("mine").party
        (month,) = (month_of(offices.site.clock.now_us() - 55 * DAY_US, read_policy({"rule_set": 1})),)
        expected = {
            "open": 1,
            "by_code": {"report.late": 1},
            "by_party": {party: 1},
            "by_month": {month: 1},
        }
        for reader in (offices.cast.authority, offices.company("mine")):
            assert ask(offices, "/v1/alerts/counts", reader) == expected
        nothing = {"open": 0, "by_code": {}, "by_party": {}, "by_month": {}}
        assert ask(offices, "/v1/alerts/counts", offices.company("plant")) == nothing
        query = urlencode({"party": party})
        response = offices.site.get(f"/v1/alerts/counts?{query}", offices.company("plant"))
        assert_problem(response, 403, "role.forbidden")

    def test_they_are_found_by_site_subject_time_and_case(self, offices: Told) -> None:
        authority, mine = offices.cast.authority, offices.cast.members["mine"]
        (alert,) = ask(offices, "/v1/alerts", authority)["alerts"]
        named = {"entry": alert["index"], "number": alert["number"]}
        act = {"act": "open-case", "case": "2026-1", "alerts": [named], "lots": [mine.lot(1, "LATE")]}
        offices.site.registered(offices.cast.act(act))
        (alert,) = ask(offices, "/v1/alerts", authority)["alerts"]
        before = (datetime.now(UTC) - timedelta(days=56)).isoformat(timespec="seconds")
        after = (datetime.now(UTC) - timedelta(days=54)).isoformat(timespec="seconds")
        for query, found in (
            ({"case": "2026-1"}, True),
            ({"site": mine.site()}, True),
            ({"subject": alert["subject"]}, True),
            ({"subject": "lot:urn:x:1"}, False),
            ({"since": before}, True),
            ({"since": after}, False),
        ):
            assert ask(offices, "/v1/alerts", authority, **query)["alerts"] == [alert] * found, query
        (case,) = ask(offices, "/v1/cases", authority)["records"]
        assert case["codes"] == ["report.late"]
        assert case["firms"] == [{"party": mine.party, "name": "Demonstration Northern Mine"}]
        assert ask(offices, "/v1/cases", authority, state="closed")["records"] == []


class TestFiling:
    def test_it_says_what_is_to_be_filed_next_and_how_the_party_stands(self, offices: Told) -> None:
        offices.site.clock.shift_us = until(12, 5) - SystemClock().now_us()
        found = ask(offices, "/v1/filing", offices.company("mine"))
        year = datetime.now(UTC).year
        assert (found["month"], found["zone"]) == (f"{year}-11", "+08:00")
        assert (found["last_day"], found["days_left"]) == (f"{year}-12-10", 5)
        assert found["deadline"] == f"{year}-12-10T16:00:00.000000Z"
        offices.site.clock.shift_us = until(12, 10, 23) - SystemClock().now_us()
        assert ask(offices, "/v1/filing", offices.company("mine"))["days_left"] == 0
        offices.site.clock.shift_us = until(12, 11) - SystemClock().now_us()
        found = ask(offices, "/v1/filing", offices.company("mine"))
        assert (found["month"], found["last_day"]) == (f"{year}-12", f"{year + 1}-01-10")

    def test_it_counts_what_was_recorded_and_what_came_late(self, offices: Told) -> None:
        mine = offices.company("mine")
        found = ask(offices, "/v1/filing", mine)
        assert found["late"] == 1
        assert ask(offices, "/v1/filing", offices.cast.authority, party=mine.party)["late"] == 1
        assert ask(offices, "/v1/filing", offices.company("plant"))["late"] == 0
        query = urlencode({"party": mine.party})
        response = offices.site.get(f"/v1/filing?{query}", offices.company("plant"))
        assert_problem(response, 403, "role.forbidden")
        offices.site.clock.shift_us = 40 * DAY_US
        assert ask(offices, "/v1/filing", mine)["late"] == 0, "a later month has none"

    def test_movements_count_for_the_month_of_the_deadline(self, told: Told) -> None:
        policy = read_policy({"rule_set": 1})
        now_us = SystemClock().now_us()
        found = ask(told, "/v1/filing", told.company("plant"))
        assert found["month"] in (month_of(now_us, policy), month_after(month_of(now_us, policy), -1))
        with told.site.parts.reading() as connection:
            rows = connection.execute(
                text("SELECT event_time_us FROM events WHERE issuer = :party"),
                {"party": told.company("plant").party},
            )
            months = [month_of(row[0], policy) for row in rows]
        assert found["recorded"] == months.count(found["month"])


class TestInForce:
    def test_policy_says_what_becomes_of_each_finding(self, told: Told) -> None:
        found = ask(told, "/v1/policy", None)
        assert found["index"] == 0
        rules = {rule["code"]: rule for rule in found["rules"]}
        assert set(rules) == {*REJECT, *FLAG}
        assert rules["report.late"]["told"]
        assert rules["balance.overdrawn"]["fixed"]
        assert rules["licence.missing"]["action"] == "reject"
        assert found["thresholds"]["quota.nearing_share"] == "0.9"
        assert (found["filing_day"], found["zone"]) == (10, "+08:00")

    def test_policy_as_an_act_changed_it(self, site: Site, cast: Cast) -> None:
        rules = {"report.late": {"action": "off"}, "price.low": {"tell": True, "action": "flag"}}
        policy = {"rule_set": 1, "rules": rules, "thresholds": {"price.share": "0.80"}, "filing_day": 15}
        answer = site.registered(cast.act({"act": "set-policy", "policy": policy}))
        found = site.get("/v1/policy").get_json()
        assert (found["index"], found["filing_day"]) == (answer["index"], 15)
        by_code = {rule["code"]: rule for rule in found["rules"]}
        assert by_code["report.late"]["action"] == "off"
        assert by_code["price.low"]["told"]
        assert by_code["price.low"]["softened"]
        assert found["thresholds"]["price.share"] == "0.80"

    def test_products_are_the_catalogue_with_policy_s_own(self, site: Site, cast: Cast) -> None:
        row = {
            "code": "my-oxide",
            "name_en": "my oxide",
            "name_zh": "氧化物",
            "stage": "separated_compound",
            "form": "oxide",
            "hs_code": "2846901900",
            "treo_fraction": "0.99",
            "source": "own",
            "verified": "false",
        }
        site.registered(cast.act({"act": "set-policy", "policy": {"rule_set": 1, "products": [row]}}))
        found = {each["code"]: each for each in site.get("/v1/products").get_json()["products"]}
        assert len(found) == len(Catalogue.load()) + 1
        own = found["my-oxide"]
        assert (own["own"], own["hs_code"], own["treo_fraction"]) == (True, "2846901900", "0.99")
        assert not found["nd-oxide"]["own"]

    def test_processes_have_their_bounds(self, told: Told) -> None:
        found = {each["process"]: each for each in told.site.get("/v1/processes").get_json()["processes"]}
        assert set(found) == set(processes())
        assert found["flotation"]["recovery_lower"] == "0.75"
        assert found["flotation"]["stages_to"] == ["concentrate"]


def until(month: int, day: int, hour: int = 12) -> int:
    """A moment of this year where the authority is, in microseconds."""
    moment = datetime(datetime.now(UTC).year, month, day, hour, tzinfo=timezone(timedelta(hours=8)))
    return int(moment.timestamp()) * 1_000_000
