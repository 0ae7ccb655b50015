"""What-ifs over a simulated country whose log went through the real registrar."""

import inspect
import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ledger.errors import AuditCancelled, LedgerEmpty, ScenarioInvalid
from ledger.simulation.registering import register_folder
from ledger.simulation.simulate import ORIGIN, simulate
from ledger.statements.acts import ACTS
from ledger.store.engine import create_ledger_engine
from ledger.whatif import replaying
from ledger.whatif.past import STORED
from ledger.whatif.replaying import what_if
from ledger.whatif.report import WhatIfReport
from ledger.whatif.scenario import IN_FORCE, read_scenario
from tests.support.movements import MINE
from tests.support.trade import Trade

LISTS_IN_FORCE = {
    "name": "the lists in force, stated again",
    "acts": [
        {
            "act": "publish-control-list",
            "control_list": "mofcom-18-2025",
            "start": "2025-04-30T00:00:00+08:00",
            "items": [{"control_ref": "mofcom-18-2025"}],
            "conditions": {"needs_licence": True},
        }
    ],
}
HEAVIER = {
    "name": "October",
    "acts": [
        {
            "act": "publish-control-list",
            "control_list": "mofcom-57-2025",
            "start": "2025-01-01T00:00:00Z",
            "items": [{"elements": ["Ho", "Er", "Tm", "Eu", "Yb", "Nd"]}],
        }
    ],
}


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("country")
    simulate(folder / "signed", movements=600, plant=0.2, seed=9)
    engine = create_ledger_engine(f"sqlite:///{folder / 'ledger.db'}", pool_size=2)
    register_folder(folder / "signed", engine)
    yield engine
    engine.dispose()


def tried(country: Engine, scenario: dict[str, Any], **options: Any) -> WhatIfReport:
    return what_if(country, ORIGIN, read_scenario(scenario), **options)


def counts(report: WhatIfReport, code: str) -> list[int]:
    return report.codes.get(code, [0, 0, 0, 0])


def recorded(country: Engine, code: str) -> int:
    with country.connect() as connection:
        query = text("SELECT count(*) FROM alerts WHERE code = :code AND position >= 0")
        return int(connection.execute(query, {"code": code}).scalar_one())


class TestInForce:
    def test_lists_that_are_in_force_make_no_difference(self, country: Engine) -> None:
        report = tried(country, LISTS_IN_FORCE)
        assert report.differing == 0
        assert report.cells == {}
        assert report.agreement is not None
        assert report.agreement.judged > 20
        assert report.agreement.first == []
        assert report.refusals > 0
        assert sum(counts(report, "licence.missing")) > 0
        assert sum(counts(report, "report.late")) > 0

    def test_what_is_in_force_is_nothing_to_look_at(self, country: Engine) -> None:
        report = what_if(country, ORIGIN, IN_FORCE)
        assert (report.looked_at, report.differing, report.again) == (0, 0, set())
        assert report.movements > 500

    def test_rules_judged_again_find_what_was_recorded(self, country: Engine) -> None:
        changed = {"tolling": "allowed", "filing_day": 28, "thresholds": {"price.share": "0.99"}}
        more = {"structuring.parcels": "40", "surge.factor": "50", "recording.skew_seconds": "10"}
        report = tried(country, {"policy": {**changed, "thresholds": {**changed["thresholds"], **more}}})
        assert report.agreement is not None
        assert report.agreement.first == []
        assert report.agreement.judged > 500
        for code in ("report.late", "trade.tolling", "price.low"):
            assert counts(report, code)[1] == recorded(country, code) > 0
        assert counts(report, "trade.tolling")[3] == 0
        assert 0 < counts(report, "report.late")[3] < counts(report, "report.late")[1]
        assert counts(report, "price.low")[3] > counts(report, "price.low")[1]


class TestLists:
    def test_newly_controlled_goods_are_refused_and_summed(self, country: Engine) -> None:
        report = tried(country, HEAVIER)
        was_refused, _, refused, _ = counts(report, "licence.missing")
        assert refused > was_refused
        assert report.differing >= refused - was_refused > 0
        assert {cell.after for cell in report.cells} >= {"refused"}
        assert sum(each.mass_mg for each in report.by("firm").values()) == sum(
            part.mass_mg for each in report.shown for part in each.parts
        )
        assert sum(each.value_fen for each in report.by("month").values()) > 0
        assert report.hanging["shipments"] > 0
        assert "needs an export licence" in report.shown[0].as_json()["said"]

    def test_the_same_twice_and_in_small_steps(
        self, country: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        once = json.dumps(tried(country, HEAVIER).as_json())
        assert json.dumps(tried(country, HEAVIER).as_json()) == once
        monkeypatch.setattr(replaying, "CHUNK_ENTRIES", 7)
        assert json.dumps(tried(country, HEAVIER).as_json()) == once

    def test_two_scenarios_are_compared_with_each_other(self, country: Engine) -> None:
        there = tried(country, HEAVIER, before=read_scenario(LISTS_IN_FORCE))
        back = tried(country, LISTS_IN_FORCE, before=read_scenario(HEAVIER))
        assert there.agreement is None
        assert there.differing == back.differing > 0
        assert there.totals["after"] == back.totals["before"]

    def test_a_span_is_part_of_the_whole(self, country: Engine) -> None:
        whole = tried(country, HEAVIER)
        middle_us = (whole.start_us + whole.end_us) // 2
        halves = [tried(country, HEAVIER, span_us=span) for span in ((None, middle_us), (middle_us, None))]
        assert halves[0].end == halves[1].start
        assert sum(each.movements for each in halves) == whole.movements
        assert sum(each.differing for each in halves) == whole.differing
        assert halves[1].agreement is not None
        assert halves[1].agreement.first == []

    def test_a_restricted_buyer(self, country: Engine) -> None:
        with country.connect() as connection:
            query = text("SELECT consignee, count(*) FROM shipments WHERE kind = 'export' GROUP BY consignee")
            buyer, parcels = max(connection.execute(query).all(), key=lambda row: int(row[1]))
        act = {
            "act": "list-restricted-party",
            "kind": "organisation",
            "organisation": "The buyer",
            "party": buyer,
            "control_list": "restricted-2025",
            "start": "2025-01-01T00:00:00Z",
        }
        before, _, after, _ = counts(tried(country, act), "enduser.restricted")
        assert after - before >= parcels > 0


class TestPolicy:
    def test_an_action_is_answered_from_the_record(self, country: Engine) -> None:
        report = tried(country, {"policy": {"rules": {"shipment.difference": {"action": "reject"}}}})
        assert report.recorded == {"shipment.difference"}
        assert counts(report, "shipment.difference")[2] == recorded(country, "shipment.difference") > 0
        assert report.hanging["received"] + report.hanging["shipments"] >= 0

    def test_a_softer_rule_lets_what_was_refused_be_recorded(self, country: Engine) -> None:
        codes = (
            "licence.missing",
            "licence.expired",
            "licence.mismatch",
            "licence.exhausted",
            "licence.reused",
        )
        report = tried(country, {"policy": {"rules": {code: {"action": "flag"} for code in codes}}})
        assert report.differing > 0
        assert {(each.before.outcome, each.after.outcome) for each in report.shown} == {
            ("refused", "flagged")
        }
        assert all(not each.booked for each in report.shown)

    def test_what_cannot_be_judged_again_is_left_open(self, country: Engine) -> None:
        report = tried(country, {"policy": {"thresholds": {"gain.element_sigma": "3"}}})
        assert report.left_open == {"balance.element-gain", "balance.undeclared-element"}
        assert report.differing == 0

    def test_alerts_of_time_passing_would_not_open(self, country: Engine) -> None:
        with country.connect() as connection:
            query = text("SELECT code, count(*) FROM alerts WHERE position < 0 GROUP BY code")
            code, opened = max(connection.execute(query).all(), key=lambda row: int(row[1]))
        report = tried(country, {"policy": {"rules": {code: {"action": "off"}}}})
        assert report.time_alerts == {code: opened}


class TestScenarios:
    @pytest.mark.parametrize(
        ("scenario", "code", "pointer"),
        [
            ([], "schema.type", ""),
            ({"list": []}, "schema.unknown", "/list"),
            ({"lists": []}, "schema.type", "/lists"),
            ({"lists": {"no-list": ""}}, "schema.value", "/lists/no-list"),
            ({"name": ""}, "schema.value", "/name"),
            ({"acts": {}}, "schema.type", "/acts"),
            ({"acts": [{"act": "revoke-key", "kid": "x"}]}, "schema.value", "/acts/0/kid"),
            ({"acts": [{"act": "publish-control-list"}]}, "schema.required", "/acts/0/control_list"),
            ({"policy": []}, "schema.type", "/policy"),
            ({"policy": {"thresholds": {"no.such": "1"}}}, "policy.threshold", "/policy/thresholds/no.such"),
        ],
    )
    def test_what_has_no_form_is_refused(self, scenario: Any, code: str, pointer: str) -> None:
        with pytest.raises(ScenarioInvalid) as caught:
            read_scenario(scenario)
        assert (code, pointer) in [(each.code, each.pointer) for each in caught.value.findings]

    def test_an_act_that_cannot_be_tried(self) -> None:
        act = {"act": "delist", "party": "https://mine.example/", "since": "2026-01-01T00:00:00Z"}
        with pytest.raises(ScenarioInvalid) as caught:
            read_scenario({"acts": [act]})
        assert [each.code for each in caught.value.findings] == ["scenario.act"]


def test_acts_that_change_what_the_tables_tell_are_not_folded() -> None:
    names = {kind.__name__ for kind in STORED}
    for name, kind in ACTS.items():
        read = Path(inspect.getfile(kind)).read_text("utf-8")
        if any(re.search(rf"\b{each}\b", read) for each in names):
            assert name in replaying.UNFOLDED, f"{name} reads or changes a kind of {names} "


def test_it_can_be_stopped_and_tells_how_far_it_is(country: Engine) -> None:
    told: list[int] = []
    report = tried(country, HEAVIER, progress=lambda each: told.append(each.done))
    assert told[-1] == report.end == report.size
    stop = threading.Event()
    stop.set()
    with pytest.raises(AuditCancelled):
        tried(country, HEAVIER, cancel=stop)


def test_on_either_engine(engine: Engine, tmp_path: Path) -> None:
    trade = Trade(policy={"rule_set": 1})
    registrar = trade.opened(engine, tmp_path / "mark")
    try:
        trade.story(registrar)
        trade.moved(registrar, trade.extract("late", hours=24 * 75))
    finally:
        registrar.close()
    scenario = {"policy": {"rules": {"report.late": {"action": "reject"}}}}
    report = what_if(engine, trade.origin, read_scenario(scenario))
    assert (report.movements, report.looked_at, report.differing) == (4, 4, 1)
    assert report.agreement is not None
    assert (report.agreement.judged, report.agreement.unlike) == (4, 0)
    ((cell, goods),) = report.cells.items()
    assert (cell.firm, cell.before, cell.after) == (MINE, "flagged", "refused")
    assert (goods.movements, goods.mass_mg) == (1, 1_000 * 1_000_000)
    assert report.hanging["births"] == 1


def test_an_empty_log(engine: Engine) -> None:
    with pytest.raises(LedgerEmpty):
        tried(engine, HEAVIER)
