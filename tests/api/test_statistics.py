"""Published statistics and the figures on the offices over HTTP: drafted, published, counted."""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx2
import pytest
from sqlalchemy import Connection, Engine

from api import oversight_desk
from api.parts import Parts
from api.resources.statistics import table_rows
from ledger.audit.database import verify_database
from ledger.audit.remote import audit_remote
from ledger.audit.transport import HttpTransport
from ledger.provenance.oversight import Oversight, alerts_by_rule
from ledger.records.oversight import CaseRecord, StatisticsRecord
from ledger.records.periods import DAY_US, month_after, month_of, month_start_us
from ledger.records.policy import read_policy
from ledger.statements.acts.publish_statistics import PublishStatistics
from ledger.store.books_source import write_records
from ledger.store.engine import create_ledger_engine
from tests.support.cast import Actor, Cast, actor
from tests.support.databases import copy_sqlite
from tests.support.web import Site, assert_problem, open_site

POLICY = read_policy({"rule_set": 1})
EXPORTER = "https://exporter.example/"
BUYER = "https://buyer.example/"
LEDGER = "http://ledger.test"


@dataclass
class Offices:
    """A site where an authority and the customs worked for a hundred days.

    Attributes:
        indices: The entries, by what they are.
    """

    site: Site
    exporter: Actor
    customs: Actor
    auditor: Actor
    engine: Engine
    indices: dict[str, int]

    def state(self, name: str, act: dict[str, Any], by: Actor | None = None) -> None:
        self.indices[name] = self.site.registered(self.site.cast.act(act, by))["index"]

    def at_day(self, days: int) -> None:
        self.site.clock.shift_us = days * DAY_US

    def ask(self, path: str, reader: Actor | None) -> dict[str, Any]:
        response = self.site.get(path, self.token(reader))
        assert response.status_code == 200, response.text
        members: dict[str, Any] = response.get_json()
        return members

    def token(self, reader: Actor | None) -> str | None:
        if reader is None:
            return None
        return self.site.token(reader, now_s=self.site.clock.now_us() // 1_000_000)


def application(name: str) -> dict[str, Any]:
    return {
        "act": "apply-licence",
        "licence": f"{EXPORTER}licences/{name}",
        "exporter": EXPORTER,
        "kind": "single",
        "items": ["dy-oxide"],
        "destinations": ["DE"],
        "consignees": [BUYER],
        "end_users": [BUYER],
        "end_use": "motors",
        "quantity": {"quantity": 5, "uom": "TNE"},
    }


def decision(act: str, name: str, **members: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    span = {"start": now.isoformat(), "end": (now + timedelta(days=300)).isoformat()}
    more = span if act == "grant-licence" else {"reason": "data-error"}
    return {"act": act, "licence": f"{EXPORTER}licences/{name}", **more, **members}


@pytest.fixture(scope="module")
def offices(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Offices]:
    """Late decisions, a case, a restricted buyer, a change of policy, a publication."""
    folder = tmp_path_factory.mktemp("offices")
    exporter, buyer = actor("exporter", "exporter"), actor("buyer", "importer")
    customs, auditor = actor("customs", "customs"), actor("auditor", "auditor")
    cast = Cast(more=[exporter, buyer, customs, auditor])
    engine = create_ledger_engine(copy_sqlite(sqlite_template, folder / "ledger.db"))
    with open_site(cast, engine, folder / "site") as site:
        made = Offices(site, exporter, customs, auditor, engine, {})
        prefixes = {"prefixes": [f"{EXPORTER}licences/"]}
        made.state("admitted", {**cast.party(exporter), **prefixes, "act": "admit-party"})
        for name in "ABCDE":
            made.state(f"apply {name}", application(name), exporter)
        made.at_day(10)
        made.state("E", decision("grant-licence", "E"))
        made.at_day(80)
        made.state("A", decision("grant-licence", "A"))
        made.state("B", decision("refuse-licence", "B"))
        made.state("case", {"act": "open-case", "case": "1", "parties": [EXPORTER]}, customs)
        made.state("C", decision("grant-licence", "C"))
        made.at_day(90)
        made.state("closed", {"act": "close-case", "case": "1", "outcome": "unfounded"}, customs)
        listed = {"act": "list-restricted-party", "kind": "organisation", "organisation": "Buyer"}
        start = datetime.now(UTC).isoformat()
        made.state("listed", {**listed, "party": BUYER, "control_list": "x", "start": start})
        made.state("D", decision("grant-licence", "D"))
        made.state("again", {"act": "open-case", "case": "2", "parties": [EXPORTER]})
        resumed = {"act": "open-case", "case": "3", "parties": [customs.party], "reopens": "1"}
        made.state("resumed", resumed, customs)
        made.state(
            "policy",
            {"act": "set-policy", "policy": {"rule_set": 1, "rules": {"report.late": {"action": "off"}}}},
        )
        made.state("waiting", application("F"), exporter)
        made.at_day(120)
        draft = made.ask("/v1/statistics/draft", cast.authority)
        made.state("published", draft["act"])
        yield made
    engine.dispose()


class TestStatistics:
    def test_the_next_period_is_drafted_as_it_can_be_published(self, offices: Offices) -> None:
        now_us = offices.site.clock.now_us()
        last = month_after(month_of(now_us, POLICY), -1)
        draft = offices.ask("/v1/statistics/draft", offices.site.cast.authority)
        assert (draft["period"], draft["act"]) == (month_of(now_us, POLICY), None), "it has not ended"
        (record,) = offices.ask("/v1/statistics", None)["records"]
        assert (record["period"], record["entry_index"]) == (last, offices.indices["published"])
        filed = record["figures"]["filed"]
        assert filed == month_after(last, -3)
        path = f"/v1/statistics/draft?period={last}&filed={filed}"
        again = offices.ask(path, offices.site.cast.authority)
        assert again["act"]["figures"] == record["figures"]
        response = offices.site.post(offices.site.cast.act(again["act"]))
        assert_problem(response, 422, "statement.refused")

    def test_anyone_reads_the_tables(self, offices: Offices) -> None:
        rows = offices.ask("/v1/statistics/tables", None)["rows"]
        total = rows[0]
        assert (total["table"], total["key"], total["pending"]) == ("total", "", 1)
        assert [row["table"] for row in rows[1:]] == ["reason"] * total["refused"], "one firm is never a row"
        text = offices.site.get("/v1/statistics/tables", None, Accept="text/csv").text
        read = list(csv.DictReader(io.StringIO(text)))
        assert [{name: value or None for name, value in row.items()} for row in read] == [
            {name: None if value in (None, "") else str(value) for name, value in row.items()} for row in rows
        ]
        assert offices.ask("/v1/statistics/tables?period=1999", None) == {"rows": []}

    def test_an_auditor_from_outside_leaves_open_what_private_statements_give(
        self, offices: Offices, tmp_path: Path
    ) -> None:
        site = offices.site
        client = httpx2.Client(transport=httpx2.WSGITransport(app=site.app), base_url=LEDGER)
        for _ in range(2):
            report = audit_remote(
                LEDGER,
                vkeys=[site.cast.vkey],
                state_dir=tmp_path / "auditor",
                transport=HttpTransport(LEDGER, client),
            )
            assert report.faults == []
            assert report.cannot_exclude[-1] == (
                "1 public act(s): form and signature alone were checked, for "
                "what they state follows from private statements"
            )

    @pytest.mark.parametrize("asked", ["draft?period", "draft?filed", "tables?period"])
    def test_a_period_is_a_period(self, offices: Offices, asked: str) -> None:
        response = offices.site.get(
            f"/v1/statistics/{asked}=2026-13", offices.token(offices.site.cast.authority)
        )
        problem = assert_problem(response, 400, "request.malformed")
        assert problem["parameter"] == asked.partition("?")[2]

    def test_a_row_of_a_table_says_which_applications_it_counts(self) -> None:
        counts = {"granted": 0, "refused": 1, "by_reason": {"data-error": 1}, "pending": 8, "overdue": 2}
        row = {"key": "DE", "applications": 9, **counts, "tonnes": "0"}
        figures = {**counts, "applications": 3, "filed": "2026-08", "by_destination": [row], "by_element": []}
        rows = list(table_rows(StatisticsRecord("export-licences", "2026-11", 7, figures)))
        assert [(each["table"], each["filed"], each["key"], each["applications"]) for each in rows] == [
            ("total", None, "", 3),
            ("reason", None, "data-error", None),
            ("destination", "2026-08", "DE", 9),
            ("destination-reason", "2026-08", "DE data-error", None),
        ]


def several_firms(cast: Cast, site: Site) -> dict[str, Any]:
    """Four exporters apply for two countries each, three are granted both; the draft of the days so far."""
    for number, exporter in enumerate(cast.more):
        name = exporter.party.rstrip("/").rpartition("/")[2]
        prefixes = {"prefixes": [f"{exporter.party}licences/"]}
        site.registered(cast.act({**cast.party(exporter), **prefixes, "act": "admit-party"}))
        for country in ("DE", "JP"):
            licence = f"{exporter.party}licences/{name}-{country}"
            members = {"licence": licence, "exporter": exporter.party, "destinations": [country]}
            site.registered(cast.act({**application(name), **members}, exporter))
            if number:
                site.registered(cast.act({**decision("grant-licence", name), "licence": licence}))
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=60)
    site.clock.shift_us = 120_000_000
    span = "/".join(f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in (end - timedelta(days=30), end))
    path = f"/v1/statistics/draft?{urlencode({'period': span, 'filed': span})}"
    act: dict[str, Any] = site.get(path, site.token(cast.authority)).get_json()["act"]
    return act


class TestReplay:
    @pytest.mark.parametrize("table", ["by_destination", "by_element"])
    def test_tables_that_were_published_follow_from_the_log_or_are_reported(
        self, sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, table: str
    ) -> None:
        engine = create_ledger_engine(copy_sqlite(sqlite_template, tmp_path / "ledger.db"))
        cast = Cast(more=[actor(f"exporter{number}", "exporter") for number in range(4)])
        with open_site(cast, engine, tmp_path / "site") as site:
            act = several_firms(cast, site)
            first = act["figures"][table][0]
            assert (first["applications"], first["granted"]) in ((4, 3), (8, 6))
            first["granted"] += 1
            assert_problem(site.post(cast.act(act)), 422, "statement.refused")
            first["granted"] -= 1
            site.registered(cast.act(act))
            assert verify_database(engine, workers=1, replay=True).faults == []
            first["granted"] += 1
            with monkeypatch.context() as patched:  # a server that does not count
                patched.setattr(PublishStatistics, "content_faults", lambda *_: [])
                index = site.registered(cast.act(act))["index"]
        found = verify_database(engine, workers=1, replay=True).faults
        assert ("replay.accepted-refused", index) in [(each.code, each.place) for each in found]
        engine.dispose()

    def test_what_was_published_follows_from_the_log(self, offices: Offices) -> None:
        assert verify_database(offices.engine, workers=1, replay=True).faults == []

    def test_a_figure_that_does_not_follow_from_the_log_is_reported(
        self, sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        engine = create_ledger_engine(copy_sqlite(sqlite_template, tmp_path / "ledger.db"))
        cast = Cast()
        with open_site(cast, engine, tmp_path / "site") as site:
            act = site.get("/v1/statistics/draft", site.token(cast.authority)).get_json()["act"]
            act["figures"]["pending"] += 1
            assert_problem(site.post(cast.act(act)), 422, "statement.refused")
            with monkeypatch.context() as patched:  # a server that does not count
                patched.setattr(PublishStatistics, "content_faults", lambda *_: [])
                index = site.registered(cast.act(act))["index"]
        decided, booked = verify_database(engine, workers=1, replay=True).faults
        assert (decided.code, decided.place) == ("replay.accepted-refused", index)
        assert decided.detail.endswith("statistics.figures: the books say 0")
        assert (booked.code, booked.table) == ("books.extra", "statistics")
        engine.dispose()


def by_office(engine: Engine, site: Site) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return Oversight(connection, POLICY, site.clock.now_us()).cases_by_office()


class TestOversight:
    def test_each_office_is_told_by_what_it_decided(self, offices: Offices) -> None:
        found = offices.ask("/v1/oversight", offices.auditor)
        authority, customs = offices.site.cast.authority.party, offices.customs.party
        assert found["decisions"] == [
            {"office": authority, "granted": 4, "refused": 1, "late": 4, "median_days": "80",
             "percentile_90_days": 90}
        ]  # fmt: skip
        first, second = found["cases"]
        assert (first["office"], first["opened"], first["closed"], first["taken_up_again"]) == (
            authority,
            1,
            0,
            1,
        )
        assert first["reopening"] == 0, "about the same firm, but nothing says that it is the same case"
        assert (second["office"], second["unfounded"], second["median_days"]) == (customs, 1, "10")
        assert (second["opened"], second["reopening"], second["taken_up_again"]) == (2, 1, 1)
        assert found["taken_up_again"] == [
            {"office": authority, "opened_at": offices.indices["again"], "reopens": None},
            {"office": customs, "opened_at": offices.indices["resumed"], "reopens": "1"},
        ]
        assert found["queue"] == {"0-15": 0, "16-30": 1, "31-45": 0, "overdue": 0, "stopped": 0}

    def test_a_case_that_opened_with_its_alert_is_no_offices_until_it_is_closed(
        self, sqlite_template: Path, tmp_path: Path
    ) -> None:
        engine = create_ledger_engine(copy_sqlite(sqlite_template, tmp_path / "ledger.db"))
        cast = Cast(more=[actor("customs", "customs")])
        (customs,) = cast.more
        with open_site(cast, engine, tmp_path / "site") as site:
            with engine.begin() as connection:
                own = CaseRecord("disclosure-0-0", "", 0, alerts=(), parties=(), lots=())
                write_records(connection, [own, replace(own, case="disclosure-0-1")])
            assert by_office(engine, site) == []
            closing = {"act": "close-case", "case": own.case, "outcome": "confirmed"}
            site.registered(cast.act(closing, customs))
            (row,) = by_office(engine, site)
        assert (row["office"], row["opened"], row["still_open"]) == (customs.party, 0, 0)
        assert (row["closed"], row["confirmed"]) == (1, 1)
        engine.dispose()

    def test_decisions_that_depart_from_the_policy(self, offices: Offices) -> None:
        found = offices.ask("/v1/oversight", offices.auditor)["deviations"]
        assert [(each["entry_index"], each["kinds"]) for each in found] == [
            (offices.indices["A"], ["late"]),
            (offices.indices["B"], ["late"]),
            (offices.indices["C"], ["late", "open-case"]),
            (offices.indices["D"], ["late", "restricted-party"]),
        ]

    def test_a_policy_has_what_it_changed_and_what_happened_under_it(self, offices: Offices) -> None:
        first, second = offices.ask("/v1/oversight", offices.auditor)["policies"]
        assert (first["index"], first["changed"], second["index"]) == (0, [], offices.indices["policy"])
        assert second["changed"] == [{"member": "rules.report.late.action", "before": None, "after": '"off"'}]
        assert (first["entries"], first["refused"]) == (offices.indices["policy"], {})
        assert second["refused"] in ({}, {"statistics.sequence": 1})

    def test_no_alert_was_looked_at(self, offices: Offices) -> None:
        found = offices.ask("/v1/oversight", offices.auditor)["alerts"]
        (overdue,) = [row for row in found if row["code"] == "licence.overdue"]
        assert (overdue["open"], overdue["in_case"], overdue["ignored"]) == (4, 0, 4)
        summary = offices.ask("/v1/oversight/summary", None)
        assert (summary["alerts_open"], summary["alerts_ignored"]) == (4, 4)

    def test_the_public_has_sums_of_months_that_are_over(self, offices: Offices) -> None:
        summary = offices.ask("/v1/oversight/summary", None)
        (closing,) = [month["days_to_close"] for month in summary["months"] if month["closed"]]
        assert closing == {"median_days": "10", "percentile_90_days": 10}
        days = [(month.pop("days_to_decide"), month.pop("days_to_close")) for month in summary["months"]]
        sums = {
            name: sum(month[name] for month in summary["months"])
            for name in summary["months"][0]
            if name != "month"
        }
        assert sums == {
            "decided": 5, "late": 4, "deviating": 4, "restricted_party": 1, "open_case": 1, "opened": 3,
            "closed": 1, "reopening": 1, "taken_up_again": 2,
        }  # fmt: skip
        assert sum(closed["median_days"] is not None for _, closed in days) == 1
        assert max(decided["percentile_90_days"] or 0 for decided, _ in days) == 90
        first, second = summary["policies"]
        assert (summary["policy_changes"], first["changed"], first["refused"]) == (1, [], 0)
        assert (second["index"], second["changed"]) == (
            offices.indices["policy"],
            ["rules.report.late.action"],
        )
        assert first["entries"] == offices.indices["policy"]
        assert first["noticed"] == 4, "four decisions were overdue"
        now = month_of(offices.site.clock.now_us(), POLICY)
        assert all(month["month"] < now for month in summary["months"])

    def test_a_month_is_told_to_the_public_once_it_is_over(self, offices: Offices) -> None:
        with offices.site.parts.reading() as connection:
            now = month_of(offices.site.clock.now_us(), POLICY)
            told = Oversight(connection, POLICY, offices.site.clock.now_us()).months(ended=True)
            last = told[-1]["month"]
            assert last < now
            for month, over in ((last, told[:-1]), (month_after(last), told)):
                found = Oversight(connection, POLICY, month_start_us(month, POLICY))
                assert found.months(ended=True) == over
                assert found.months(ended=False)[-1]["month"] >= last

    def test_an_alert_is_ignored_after_thirty_days(self, offices: Offices) -> None:
        """They were opened on the eightieth day of a hundred and twenty."""
        with offices.site.parts.reading() as connection:
            for days, ignored in ((11, 0), (9, 4)):
                now_us = offices.site.clock.now_us() - days * DAY_US
                assert sum(row["ignored"] for row in alerts_by_rule(connection, now_us)) == ignored

    def test_no_firm_is_named(self, offices: Offices) -> None:
        text = offices.site.get("/v1/oversight", offices.token(offices.auditor)).text
        assert EXPORTER not in text
        assert BUYER not in text
        response = offices.site.get("/v1/oversight", offices.token(offices.exporter))
        assert_problem(response, 403, "role.forbidden")


class TestWhatAnyoneMayAsk:
    """The summary is counted seldom, and what it says is never older than it may be."""

    def test_who_waits_for_a_count_keeps_no_connection_from_others(
        self, sqlite_site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        desk, reading = sqlite_site.parts.oversight, Parts.reading

        @contextmanager
        def noting(parts: Parts) -> Iterator[Connection]:
            alone.append(desk._lock.locked())
            with reading(parts) as connection:
                yield connection

        alone: list[bool] = []
        monkeypatch.setattr(Parts, "reading", noting)
        assert sqlite_site.get("/v1/oversight/summary").status_code == 200
        assert alone == [True]

    def test_a_question_counts_nothing_that_is_known(
        self, sqlite_template: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        counted: list[str] = []

        def spy(name: str) -> None:
            real = getattr(oversight_desk, name)

            def counting(*args: Any) -> Any:
                counted.append(name)
                return real(*args)

            monkeypatch.setattr(oversight_desk, name, counting)

        spy("Oversight")
        spy("alerts_by_rule")
        engine = create_ledger_engine(copy_sqlite(sqlite_template, tmp_path / "ledger.db"))
        cast = Cast()
        with open_site(cast, engine, tmp_path / "site") as site:

            def ask(seconds: int) -> list[str]:
                counted.clear()
                site.clock.shift_us = start_us + seconds * 1_000_000
                assert site.get("/v1/oversight/summary").status_code == 200
                return list(counted)

            # From the second day of a month on, so that none ends before the test means it to.
            now_us = site.clock.now_us()
            month = month_of(now_us, POLICY)
            start_us = month_start_us(month_after(month), POLICY) + DAY_US - now_us
            assert ask(0) == ["Oversight", "alerts_by_rule"]
            assert ask(3600) == [], "nothing was recorded since"
            site.registered(cast.act({"act": "open-case", "case": "1", "parties": [cast.authority.party]}))
            assert ask(3600) == ["alerts_by_rule"]
            site.registered(cast.act({"act": "open-case", "case": "2", "parties": [cast.authority.party]}))
            assert ask(3659) == [], "a minute has not passed"
            assert ask(3661) == ["alerts_by_rule"]
            site.registered(cast.act({"act": "set-policy", "policy": {"rule_set": 1, "filing_day": 12}}))
            assert ask(3662) == ["Oversight"], "the policy has changed"
            assert ask(40 * 86_400) == ["Oversight", "alerts_by_rule"], "a month has ended"
            assert ask(3662) == ["Oversight", "alerts_by_rule"], "the clock was set back"
        engine.dispose()
