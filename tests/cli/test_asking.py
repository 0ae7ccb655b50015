"""The commands that ask the books, against a real server on which the demonstration's goods were traded."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from click.testing import CliRunner, Result

from api.cli import asking, cli
from api.cli.common import show_error
from benchmarks.servers import prepared, serving
from ledger.client.http import LedgerClient
from ledger.errors import RemoteFailed, ResourceNotFound
from ledger.statements.keys import write_key_file
from tests.support.goods import GoodsCast


@dataclass
class Traded:
    """A server with its keys, and what was recorded: title -> entry and event id."""

    cast: GoodsCast
    url: str
    keys: Path
    entries: dict[str, int]
    events: dict[str, str]

    def ask(self, key: str, *words: str) -> Result:
        sent = [*words, "--url", self.url, "--key", str(self.keys / f"{key}.pem")]
        return CliRunner().invoke(cli, sent, env={"COLUMNS": "300"})

    def told(self, key: str, *words: str) -> str:
        result = self.ask(key, *words)
        assert result.exit_code == 0, result.output
        return result.output


@pytest.fixture(scope="module")
def traded() -> Iterator[Traded]:
    cast = GoodsCast()
    with prepared("sqlite", workers=1, cast=cast) as made, serving(made.settings) as running:
        for name, actor in {"authority": cast.authority, **cast.companies}.items():
            write_key_file(made.folder / f"{name}.pem", actor.signer._key)
        entries, events = {}, {}
        with LedgerClient(running.url) as client:

            def recorded(jws: bytes) -> Any:
                answer = client.submit(jws)
                assert answer.recorded, answer
                return answer.members["index"]

            for _, act in [*cast.goods.sites(), *cast.goods.official_acts()]:
                recorded(cast.act(act))
            for scene in cast.goods.scenes():
                entries[scene.title] = recorded(cast.statement(scene))
                events[scene.title] = scene.document["epcisBody"]["eventList"][0]["eventID"]
        yield Traded(cast, running.url, made.folder, entries, events)


def test_trace_shows_origins_countries_steps_and_holders(traded: Traded) -> None:
    told = traded.told("authority", "trace", traded.cast.goods.magnets)
    assert "74.59%" in told
    assert "countries: CN 100.00%" in told
    assert "as recorded" in told
    assert "who has it now" in told
    assert "gone abroad" not in told, "the importer received them"


def test_trace_at_an_entry_is_what_the_books_said_then(traded: Traded) -> None:
    magnets = traded.cast.goods.magnets
    born = next(index for title, index in traded.entries.items() if "make 2,560 kg of magnets" in title)
    found = json.loads(traded.told("authority", "trace", magnets, "--at", str(born), "--json"))
    assert (found["at"], found["holders"]) == (born, [])
    missing = traded.ask("authority", "trace", magnets, "--at", str(born - 1))
    assert isinstance(missing.exception, RemoteFailed)
    assert "resource.not-found" in missing.exception.detail
    party = traded.ask("maker", "trace", magnets, "--at", str(born))
    assert isinstance(party.exception, RemoteFailed)
    assert "role.forbidden" in party.exception.detail


def test_trace_keeps_to_a_period(traded: Traded) -> None:
    magnets = traded.cast.goods.magnets
    whole = json.loads(traded.told("authority", "trace", magnets, "--json"))["steps"]
    since = whole[1]["event_time"]
    part = json.loads(traded.told("authority", "trace", magnets, "--since", since, "--json"))["steps"]
    assert part == whole[:2]
    part = json.loads(traded.told("authority", "trace", magnets, "--until", since, "--json"))["steps"]
    assert part == [whole[0], *(step for step in whole if step["event_time"] < since)]
    assert len(part) == len(whole) - 1
    told = traded.told("authority", "trace", magnets, "--since", since)
    assert "the way goes on: it was ended by since" in told


def test_a_recall_list_is_of_a_shipment_too(traded: Traded) -> None:
    lot = csv.DictReader(io.StringIO(traded.told("authority", "recall", traded.cast.goods.magnets)))
    maker = traded.cast.companies["maker"].party
    name = next(event for title, event in traded.events.items() if "export them" in title)
    told = traded.told("authority", "recall", "--consignor", maker, "--shipment", name)
    assert list(csv.DictReader(io.StringIO(told))) == list(lot)


def test_a_recall_list_keeps_to_its_bounds(traded: Traded) -> None:
    way = json.loads(traded.told("authority", "trace", traded.cast.goods.magnets, "--json"))
    ore = way["steps"][-1]
    whole = json.loads(traded.told("authority", "recall", ore["name"], "--json"))
    assert {row["state"] for row in whole["rows"]} == {"held"}
    assert whole["truncated"] is False
    near = json.loads(traded.told("authority", "recall", ore["name"], "--depth", "1", "--json"))
    assert {row["lot"] for row in near["rows"]} < {row["lot"] for row in whole["rows"]}
    until = traded.told("authority", "recall", ore["name"], "--until", ore["event_time"])
    assert len(list(csv.DictReader(io.StringIO(until)))) < len(whole["rows"])
    none = ("--since", "2027-01-01T00:00:00Z", "--until", "2026-01-01T00:00:00Z")
    refused = traded.ask("authority", "recall", ore["name"], *none)
    assert isinstance(refused.exception, RemoteFailed)
    assert "request.malformed" in refused.exception.detail
    cut = list(csv.DictReader(io.StringIO(traded.told("authority", "recall", ore["name"], "--limit", "1"))))
    assert cut[-1]["state"] == "incomplete"
    cut = json.loads(traded.told("authority", "trace", traded.cast.goods.magnets, "--limit", "2", "--json"))
    assert (cut["truncated"], len(cut["edges"])) == (True, 2)


def test_a_balance_is_told_by_months_and_as_json(traded: Traded) -> None:
    now = datetime.now(UTC)
    start, end = now - timedelta(days=70), now + timedelta(days=1)
    period = ("--start", start.isoformat(), "--end", end.isoformat())
    whole = json.loads(traded.told("plant", "balance", "--json", *period))
    assert {"element", "opening", "closing", "gap"} <= whole["rows"][0].keys()
    months = json.loads(traded.told("plant", "balance", "--months", "--json", *period))["rows"]
    assert {row["month"] for row in months} <= {f"{start + timedelta(days=n):%Y-%m}" for n in range(72)}
    assert "month" in traded.told("plant", "balance", "--months", *period)
    assert traded.told("plant", "balance", "--months", "--csv", *period).startswith("month,element,opening")
    assert traded.told("plant", "balance", "--csv", *period).startswith("element,opening")


def test_flows_and_routes_of_goods_are_shown(traded: Traded) -> None:
    magnets = traded.cast.goods.magnets
    found = json.loads(
        traded.told("authority", "flows", magnets, "--element", "Nd", "--by", "party", "--json")
    )
    assert (found["element"], found["by"], found["direction"]) == ("Nd", "party", "upstream")
    told = traded.told("authority", "flows", magnets)
    assert re.search(r"origin .* kg", told)
    down = json.loads(traded.told("maker", "flows", magnets, "--downstream", "--json"))
    assert down["direction"] == "downstream"
    assert (
        traded.told("authority", "flows", magnets, "--csv", "--limit", "2")
        .splitlines()[-1]
        .startswith("incomplete")
    )
    routes = json.loads(traded.told("authority", "routes", magnets, "--json"))
    shown = traded.told("authority", "routes", magnets)
    assert all(route["first"] in shown for route in routes["routes"])
    late = traded.told("authority", "routes", magnets, "--since", "2027-01-01T00:00:00Z", "--json")
    assert json.loads(late)["routes"] == []
    stranger = traded.ask("recycler", "flows", magnets)
    assert isinstance(stranger.exception, RemoteFailed)
    assert "role.forbidden" in stranger.exception.detail


def test_shipments_pools_filing_and_names_are_shown(traded: Traded) -> None:
    maker = traded.cast.companies["maker"].party
    (sent,) = json.loads(traded.told("maker", "shipments", "--json"))
    assert sent["consignor"] == maker
    assert sent["shipment"] in traded.told("authority", "shipments", "--party", maker)
    received = json.loads(traded.told("maker", "shipments", "--received", "--json"))
    assert {row["consignee"] for row in received} == {maker}
    assert json.loads(traded.told("maker", "shipments", "--state", "voided", "--json")) == []
    assert json.loads(traded.told("maker", "pools", "--json")) == []
    assert "pool" in traded.told("maker", "pools")
    found = json.loads(traded.told("maker", "filing", "--json"))
    assert (found["party"], found["month"]) == (maker, found["month"])
    assert found["last_day"] in traded.told("maker", "filing")
    magnets = traded.cast.goods.magnets
    (lot, *_) = json.loads(traded.told("maker", "search", magnets, "--json"))
    assert (lot["kind"], lot["id"]) == ("lot", magnets)
    assert magnets in traded.told("maker", "search", magnets)
    assert json.loads(traded.told("recycler", "search", magnets, "--limit", "1", "--json")) == []
    for words in (("shipments", "--party", maker), ("pools", "--party", maker), ("filing", "--party", maker)):
        refused = traded.ask("plant", *words)
        assert isinstance(refused.exception, RemoteFailed)
        assert "role.forbidden" in refused.exception.detail


@pytest.mark.parametrize(
    "words",
    [
        ("holdings", "--party", "nobody"),
        ("balance", "--party", "nobody", "--start", "2026-01-01T00:00:00Z", "--end", "2027-01-01T00:00:00Z"),
        ("balance", "--site", "nobody", "--start", "2026-01-01T00:00:00Z", "--end", "2027-01-01T00:00:00Z"),
        ("alerts", "--code", "nobody"),
        ("filing", "--party", "nobody"),
    ],
)
def test_a_misspelt_name_is_an_error_that_says_how_to_mend_it(traded: Traded, words: tuple[str, ...]) -> None:
    refused = traded.ask("authority", *words)
    assert refused.exit_code == 1
    assert isinstance(refused.exception, RemoteFailed)
    said = refused.exception
    parameter = words[words.index("nobody") - 1].removeprefix("--")
    assert said.detail.startswith(f"resource.not-found: the parameter '{parameter}' is 'nobody', which no ")
    assert said.detail.endswith(" answered 404)")
    assert "GET /v1/" in said.mend


def test_what_the_server_says_comes_first(traded: Traded, capsys: pytest.CaptureFixture[str]) -> None:
    for words, told in (
        (
            ("alerts", "--code", "report.lat"),
            ("error resource.not-found: the parameter", "  Perhaps report.late"),
        ),
        (
            ("trace", "urn:x:1"),
            ("error resource.not-found: no lot urn:x:1 is in the books (GET ", "  Check the"),
        ),
    ):
        refused = traded.ask("authority", *words)
        assert isinstance(refused.exception, RemoteFailed)
        show_error(refused.exception)
        lines = capsys.readouterr().err.splitlines()
        assert [line.startswith(start) for line, start in zip(lines, told, strict=True)] == [True, True], (
            lines
        )
    show_error(RemoteFailed("GET http://127.0.0.1:1/v1/log got no answer"))
    assert capsys.readouterr().err == "error remote.failed: GET http://127.0.0.1:1/v1/log got no answer\n"


def test_pools_are_read_to_the_last_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = []

    def members(_: object, path: str, query: dict[str, Any]) -> dict[str, Any]:
        asked.append(dict(query))
        last = "after" in query
        return {"pools": [{"pool": "urn:b" if last else "urn:a"}], "next": None if last else "/v1/pools?more"}

    monkeypatch.setattr(asking.Asking, "__init__", lambda *_: None)
    monkeypatch.setattr(asking.Asking, "members", members)
    key = tmp_path / "key.pem"
    key.touch()
    result = CliRunner().invoke(cli, ["pools", "--json", "--url", "http://x.example", "--key", str(key)])
    assert [pool["pool"] for pool in json.loads(result.stdout)] == ["urn:a", "urn:b"]
    assert asked[1]["after"] == "urn:a"


def test_a_label_is_printed(traded: Traded) -> None:
    told = traded.told("maker", "label", traded.cast.goods.magnets).splitlines()
    maker, plant = (traded.cast.companies[name].party for name in ("maker", "plant"))
    assert f"supplier: Demonstration Magnet Works ({maker})" in told
    assert f"oxide producer: Demonstration Separation Plant ({plant})" in told
    assert f"lot: {traded.cast.goods.magnets}" in told
    assert not [line for line in told if line.endswith((":", ": "))]
    found = json.loads(traded.told("maker", "label", traded.cast.goods.magnets, "--json"))
    assert found["supplier"] == {"id": maker, "name": "Demonstration Magnet Works"}
    refused = traded.ask("mine", "label", traded.cast.goods.magnets, "--json")
    assert refused.exit_code != 0


@pytest.mark.parametrize(
    ("words", "columns"),
    [
        (("holdings",), "lot,owner,custodian,site,mass_mg"),
        (("pools",), "pool,site,custodian,version"),
        (("shipments",), "consignor,shipment,kind,consignee"),
        (("shipments", "--received", "--state", "open"), "consignor,shipment,kind,consignee"),
        (("alerts",), "index,number,code,party,site,subject"),
        (("routes", "LOT"), "source,source_name,target,target_name,mass_mg,shipments,first,last"),
        (("search", "LOT"), "kind,id,name,party,detail,index"),
        (("filing",), "party,now,zone,deadline"),
        (("recall", "LOT"), "lot,custodian,owner,site,mass_mg"),
        (("flows", "LOT"), "source,source_label"),
        (("trace", "LOT"), "depth,kind,name"),
    ],
    ids=str,
)
def test_every_list_is_told_as_csv(traded: Traded, words: tuple[str, ...], columns: str) -> None:
    named = tuple(traded.cast.goods.magnets if word == "LOT" else word for word in words)
    written = traded.told("maker", *named, "--csv")
    assert written.startswith(columns)
    rows = list(csv.DictReader(io.StringIO(written, newline="")))
    found = json.loads(traded.told("maker", *named, "--json"))
    if isinstance(found, list):
        assert len(found) == len(rows)
        for one, row in zip(found, rows, strict=True):
            assert {name: str(one[name]) for name in one if isinstance(one[name], str | int)}.items() <= {
                name: row[name] if row[name] not in ("true", "false") else row[name].title() for name in row
            }.items()
    both = traded.ask("maker", *named, "--csv", "--json")
    assert both.exit_code == 2
    assert "--json and --csv do not go together" in both.output


def test_csv_has_one_header_over_all_pages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = []

    def page(_: object, address: str, accept: str) -> tuple[bytes, str | None]:
        asked.append((address, accept))
        last = "after" in address
        return b"pool,site\r\nurn:%s,x\r\n" % (
            b"b" if last else b"a"
        ), None if last else "/v1/pools?after=urn:a"

    monkeypatch.setattr(asking.Asking, "__init__", lambda *_: None)
    monkeypatch.setattr(asking.Asking, "_page", page)
    key = tmp_path / "key.pem"
    key.touch()
    result = CliRunner().invoke(cli, ["pools", "--csv", "--url", "http://x.example", "--key", str(key)])
    assert result.stdout_bytes == b"pool,site\r\nurn:a,x\r\nurn:b,x\r\n"
    assert asked == [("/v1/pools?limit=1000", "text/csv"), ("/v1/pools?after=urn:a", "text/csv")]


@pytest.mark.parametrize("elsewhere", ["http://other.example/v1/pools", "@other.example/"])
def test_a_next_page_is_of_the_same_ledger(elsewhere: str) -> None:
    answer = httpx2.Response(200, headers={"Link": f'<{elsewhere}>; rel="next"'}, content=b"x")
    http = httpx2.Client(transport=httpx2.MockTransport(lambda _: answer))
    client = LedgerClient("http://ledger.example", http=http)
    with client, pytest.raises(RemoteFailed, match="is said to be at"):
        client.get_page("/v1/pools")


def test_alerts_are_read_to_the_last_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = []

    def members(_: object, path: str, query: dict[str, Any]) -> dict[str, Any]:
        asked.append(dict(query))
        last = "before_index" in query
        index = 3 if last else 7
        return {"alerts": [{"index": index, "number": 1}], "next": None if last else "/v1/alerts?more"}

    monkeypatch.setattr(asking.Asking, "__init__", lambda *_: None)
    monkeypatch.setattr(asking.Asking, "members", members)
    key = tmp_path / "key.pem"
    key.touch()
    result = CliRunner().invoke(cli, ["alerts", "--json", "--url", "http://x.example", "--key", str(key)])
    assert [alert["index"] for alert in json.loads(result.stdout)] == [7, 3]
    assert (asked[1]["before_index"], asked[1]["before_number"]) == (7, 1)


def test_a_name_is_shown_as_it_is_and_not_as_a_picture(capsys: pytest.CaptureFixture[str]) -> None:
    show_error(ResourceNotFound("no pool urn:x:1 is in the books"))
    assert "urn:x:1" in capsys.readouterr().err


def test_boards_are_told_as_tables_csv_and_json(traded: Traded) -> None:
    now = datetime.now(UTC)
    period = (
        "--start",
        (now - timedelta(days=30)).isoformat(),
        "--end",
        (now + timedelta(days=1)).isoformat(),
    )
    plant = traded.cast.companies["plant"].party
    shown = traded.told("authority", "dependence", "--product", "prnd-oxide", *period)
    assert re.search(r"REO +│ CN +│ 980 kg +│ 100\.00% +│ 1\.0000", shown)
    assert traded.told("plant", "dependence", "--csv", *period).startswith("element,country,mass_mg")
    lost = traded.told("authority", "interruption", "--country", "CN", *period)
    assert plant in lost
    assert "100.00%" in lost
    assert "DE" in traded.told("authority", "interruption", "--country", "CN", "--json", *period)
    assert "days of use" in traded.told("authority", "reserves", *period)
    assert "owed back" in traded.told("plant", "receivables")
    maker = traded.cast.companies["maker"].party
    said = traded.told("plant", "customer", maker)
    assert "0 of 1 deliveries were weighed otherwise than sent" in said
    assert traded.ask("maker", "reserves", *period).exit_code != 0


@pytest.mark.parametrize("command", ["trace", "recall"])
def test_a_unit_is_asked_about_as_it_was_packed(
    command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = []

    def members(_: object, path: str, query: dict[str, Any]) -> dict[str, Any]:
        asked.append({"path": path} | {name: value for name, value in query.items() if value is not None})
        part = {"lot": "urn:lot", "mass_mg": 5_000_000, "whole_mg": 10_000_000}
        told: dict[str, Any] = {"kind": "unit", "name": "urn:unit", "parts": [part], "direction": "upstream"}
        told |= {"model": {"model": ""}, "corrected_at": None, "hidden": {}, "ended_by": ["depth"]}
        empty = ("origins", "steps", "alerts", "tainted", "holders", "travelling")
        return told | {"countries": {}} | {name: [] for name in empty}

    monkeypatch.setattr(asking.Asking, "members", members)
    key = tmp_path / "key.pem"
    key.touch()
    monkeypatch.setattr(asking, "signer_from", lambda *_: None)
    words = ["--unit", "urn:unit", "--at", "7", "--url", "http://x.example", "--key", str(key)]
    result = CliRunner().invoke(cli, [command, *words, *(["--json"] if command == "recall" else [])])
    assert result.exit_code == 0, result.output
    assert (asked[0]["unit"], asked[0]["at"]) == ("urn:unit", 7)
    if command == "trace":
        assert "in unit urn:unit: 5 kg of the 10 kg of urn:lot" in " ".join(result.output.split())
        assert "the way goes on: it was ended by depth" in " ".join(result.output.split())
    wrong = CliRunner().invoke(cli, [command, *words, "--at", "-1"])
    assert wrong.exit_code == 2
