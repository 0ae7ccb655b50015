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
    assert part == whole[:1]


def test_a_recall_list_is_of_a_shipment_too(traded: Traded) -> None:
    lot = csv.DictReader(io.StringIO(traded.told("authority", "recall", traded.cast.goods.magnets)))
    maker = traded.cast.companies["maker"].party
    name = next(event for title, event in traded.events.items() if "export them" in title)
    told = traded.told("authority", "recall", "--consignor", maker, "--shipment", name)
    assert list(csv.DictReader(io.StringIO(told))) == list(lot)


def test_a_label_is_printed(traded: Traded) -> None:
    told = traded.told("maker", "label", traded.cast.goods.magnets).splitlines()
    assert "supplier: Demonstration Magnet Works" in told
    assert f"oxide producer: {traded.cast.companies['plant'].party}" in told


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
