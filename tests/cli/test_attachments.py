"""The commands for the files that movements name, against a real server."""

import csv
import hashlib
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from api.cli import cli
from benchmarks.servers import prepared, serving
from ledger.client.http import LedgerClient
from ledger.clock import SystemClock
from ledger.errors import RemoteFailed
from ledger.statements.envelope import EPCIS
from ledger.statements.keys import write_key_file
from ledger.store.engine import create_ledger_engine
from tests.support.goods import GoodsCast
from tests.support.movements import extract
from tests.support.movements_written import payload_of

HOUR_US = 3_600_000_000


@dataclass
class Desk:
    """A server with its keys, and what the mine does at it."""

    cast: GoodsCast
    url: str
    database: str
    folder: Path
    lots: int = 0

    def run(self, *words: Any, key: str | None = "mine") -> Result:
        known = [] if key is None else ["--url", self.url, "--key", str(self.folder / f"{key}.pem")]
        return CliRunner().invoke(cli, ["attachments", *map(str, words), *known], env={"COLUMNS": "300"})

    def told(self, *words: Any, key: str | None = "mine") -> str:
        result = self.run(*words, key=key)
        assert result.exit_code == 0, result.output
        return result.stdout

    def file(self, name: str, body: bytes) -> Path:
        path = self.folder / name
        path.write_bytes(body)
        return path

    def record(self, *files: Path) -> None:
        """The mine records ore with these files, as ``describe`` says it."""
        described = json.loads(self.told("describe", *files, "--role", "assay", key=None))
        mine = self.cast.members["mine"]
        self.lots += 1
        made = extract(
            mine.lot(1, f"DESK-{self.lots}"),
            10,
            site=mine.site(),
            at_us=SystemClock().now_us() - HOUR_US,
            attachments=tuple(tuple(each.values()) for each in described),
        )
        with LedgerClient(self.url) as client:
            answer = client.submit(self.cast.sign(payload_of([made]), self.cast.companies["mine"], cty=EPCIS))
        assert answer.recorded, answer


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    cast = GoodsCast()
    with prepared("sqlite", workers=1, cast=cast) as made, serving(made.settings) as running:
        for name, actor in cast.companies.items():
            write_key_file(made.folder / f"{name}.pem", actor.signer._key)
        with LedgerClient(running.url) as client:
            for _, act in cast.goods.sites():
                assert client.submit(cast.act(act)).recorded
        yield Desk(cast, running.url, made.settings.database_url, made.folder)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def missing(desk: Desk) -> set[str]:
    return {each["sha256"] for each in json.loads(desk.told("list", "--missing", "--json"))}


def test_a_file_is_described_recorded_uploaded_listed_and_read(desk: Desk, tmp_path: Path) -> None:
    file = desk.file("assay.pdf", b"%PDF" + bytes(600_000))
    (described,) = json.loads(desk.told("describe", file, "--role", "assay", key=None))
    expected = {"role": "assay", "mediaType": "application/pdf", "size": 600_004, "sha256": digest(file)}
    assert described == expected
    desk.record(file)
    assert digest(file) in missing(desk)
    assert desk.told("put", file) == f"{file}: stored\n"
    assert desk.told("put", file) == f"{file}: there already\n"
    assert digest(file) not in missing(desk)
    assert digest(file) in desk.told("list")
    desk.told("get", digest(file), "-o", tmp_path / "copy.pdf")
    assert (tmp_path / "copy.pdf").read_bytes() == file.read_bytes()
    assert [each.name for each in tmp_path.iterdir()] == ["copy.pdf"]


def test_what_no_movement_names_is_refused_and_the_rest_goes_on(desk: Desk) -> None:
    named, other = desk.file("named.csv", b"Nd,0.2\n"), desk.file("other.csv", b"Nd,0.3\n")
    desk.record(named)
    result = desk.run("put", other, named)
    assert result.exit_code == 1
    first, second = result.stdout.splitlines()
    assert "resource.not-found" in first
    assert second == f"{named}: stored"


def test_a_media_type_is_guessed_by_the_name_or_given(desk: Desk) -> None:
    file = desk.file("ticket", b"1")
    for words, kind in (((), "application/octet-stream"), (("--media-type", "image/png"), "image/png")):
        (told,) = json.loads(desk.told("describe", file, "--role", "ticket", *words, key=None))
        assert told["mediaType"] == kind


def test_another_s_file_is_not_read_and_nothing_is_left_behind(desk: Desk, tmp_path: Path) -> None:
    file = desk.file("secret.csv", b"secret")
    desk.record(file)
    desk.told("put", file)
    result = desk.run("get", digest(file), "-o", tmp_path / "copy", key="recycler")
    assert isinstance(result.exception, RemoteFailed)
    assert "resource.not-found" in result.exception.detail
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_was_changed_in_the_store_is_not_written(desk: Desk, tmp_path: Path) -> None:
    file = desk.file("changed.csv", b"it was so")
    desk.record(file)
    desk.told("put", file)
    engine = create_ledger_engine(desk.database)
    with engine.begin() as connection:
        change = text("UPDATE attachment_pieces SET octets = :octets WHERE sha256_hex = :name")
        connection.execute(change, {"octets": b"it is not", "name": digest(file)})
    engine.dispose()
    result = desk.run("get", digest(file), "-o", tmp_path / "copy")
    assert isinstance(result.exception, RemoteFailed)
    assert list(tmp_path.iterdir()) == []


class _Liar(BaseHTTPRequestHandler):
    """A ledger that gives other bytes than were asked for."""

    def do_GET(self) -> None:
        body = b'{"origin":"log.example","vkeys":[]}' if self.path == "/v1/log" else b"it is not"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def test_a_ledger_that_gives_another_file_is_not_believed(desk: Desk, tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Liar) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        key = ["--url", address, "--key", str(desk.folder / "mine.pem"), "-o", str(tmp_path / "copy")]
        result = CliRunner().invoke(cli, ["attachments", "get", "0" * 64, *key])
        server.shutdown()
        thread.join()
    assert isinstance(result.exception, RemoteFailed)
    assert hashlib.sha256(b"it is not").hexdigest() in result.exception.detail
    assert list(tmp_path.iterdir()) == []


def test_another_s_list_is_refused(desk: Desk) -> None:
    result = desk.run("list", "--party", desk.cast.companies["mine"].party + "x")
    assert isinstance(result.exception, RemoteFailed)
    assert "role.forbidden" in result.exception.detail


@pytest.mark.parametrize("name", ["../x", "A" * 64, "0" * 63])
def test_what_is_no_digest_is_not_asked_for(desk: Desk, tmp_path: Path, name: str) -> None:
    result = desk.run("get", name, "-o", tmp_path / "copy")
    assert result.exit_code == 2
    assert "64 hexadecimal digits" in result.output


def test_all_pages_are_listed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [desk.file(f"page-{number}", bytes([number])) for number in range(5)]
    desk.record(*files[:3])
    desk.record(*files[3:])
    whole = json.loads(desk.told("list", "--json"))
    monkeypatch.setattr("api.cli.asking._PAGE", 2)
    assert json.loads(desk.told("list", "--json")) == whole
    table = list(csv.DictReader(io.StringIO(desk.told("list", "--csv"))))
    assert [row["sha256"] for row in table] == [each["sha256"] for each in whole]
    assert {digest(file) for file in files} <= {each["sha256"] for each in whole}
