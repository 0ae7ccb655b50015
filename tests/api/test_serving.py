"""The real server: streams in both directions, many clients, a polite end, and counts over all processes."""

import contextlib
import hashlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from api import app as app_module
from api.app import close_app
from api.metrics import FOLDER_VARIABLE
from api.serving import run_application, serve
from api.settings import Settings
from ledger.errors import SettingsInvalid
from ledger.log.receipt import verify_receipt
from ledger.registration.registrar import Registrar
from ledger.store.engine import create_ledger_engine
from tests.support.cast import Cast
from tests.support.web import JOSE, settings_for

ROOT = Path(__file__).resolve().parents[2]
SERVE = "from api.serving import serve; from api.settings import load_settings; serve(load_settings())"

STARTER = (
    "import subprocess, sys, time\n"
    "print(subprocess.Popen(sys.argv[1:], stdout=2).pid, flush=True)\n"
    "time.sleep(600)"
)


def answers(port: int) -> bool:
    """Returns once a server answers on a port of this host."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        with contextlib.closing(connection), contextlib.suppress(OSError):
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        time.sleep(0.05)
    raise AssertionError("no server answered")


@dataclass
class Server:
    """A running server."""

    cast: Cast
    settings: Settings
    process: subprocess.Popen[bytes]
    log: Path
    shared: Path
    """The folder that its processes share."""

    def ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None, **options: Any
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.settings.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers or {}, **options)
            response = connection.getresponse()
            return response, response.read()

    def log_size(self) -> int:
        return int(json.loads(self.ask("GET", "/v1/log")[1])["size"])

    def await_under_way(self, batches: int) -> None:
        """Returns once its processes, two or more, have so many batches under way together."""
        counts = self.shared / "batches-under-way"
        deadline = time.monotonic() + 60
        while sum(counts.read_bytes()) != batches:
            assert time.monotonic() < deadline, f"{list(counts.read_bytes())}, not {batches} in all"
            time.sleep(0.001)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.settings.port), timeout=60)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(timeout=60) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(cast: Cast, url: str, folder: Path, **changes: Any) -> Iterator[Server]:
    """A server on a migrated database that has its genesis."""
    settings = settings_for(cast, url, folder, port=free_port(), log_level="info", **changes)
    engine = create_ledger_engine(url)
    cast.started(engine, settings.mark_dir).close()
    engine.dispose()
    environment = {name: text for name, text in os.environ.items() if not name.startswith("RELEDGER_")}
    shared = folder / "shared"
    shared.mkdir()
    environment |= settings.as_environment() | {"PYTHONPATH": str(ROOT), FOLDER_VARIABLE: str(shared)}
    log = folder / "stderr"
    with log.open("wb") as stream:
        process = subprocess.Popen([sys.executable, "-c", SERVE], env=environment, stderr=stream)
    server = Server(cast, settings, process, log, shared)
    try:
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                if server.ask("GET", "/readyz")[0].status == 200:
                    break
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        yield server
    finally:
        family = [process, *psutil.Process(process.pid).children()] if process.poll() is None else []
        for member in family:
            member.kill()
        process.wait()


@pytest.fixture(scope="module")
def module_cast() -> Cast:
    return Cast()


@pytest.fixture(scope="module")
def server(
    module_cast: Cast, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """One server of two processes for the tests that do not end it."""
    folder = tmp_path_factory.mktemp("server")
    url = f"sqlite:///{folder / 'ledger.db'}"
    (folder / "ledger.db").write_bytes(sqlite_template.read_bytes())
    with running(module_cast, url, folder, workers=2, threads=6) as made:
        yield made


def batch_head(extra: str) -> bytes:
    return (
        "POST /v1/statements/batch HTTP/1.1\r\nHost: ledger\r\nConnection: close\r\n"
        f"Content-Type: application/x-ndjson\r\n{extra}\r\n\r\n"
    ).encode()


def dechunk(data: bytes) -> bytes:
    """The body of a chunked answer, headers left out."""
    rest = data.partition(b"\r\n\r\n")[2]
    body = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return body


def joined_chunks(answer: bytes) -> bytes:
    """The body of a chunked answer without the chunks' sizes, which stand anywhere in it."""
    place = answer.index(b"\r\n\r\n") + 4
    pieces = []
    while place < len(answer):
        end = answer.index(b"\r\n", place)
        length = int(answer[place:end], 16)
        pieces.append(answer[end + 2 : end + 2 + length])
        place = end + 2 + length + 2
    return b"".join(pieces)


class TestStreams:
    def test_a_statement_is_registered(self, server: Server) -> None:
        jws = server.cast.record()
        response, body = server.ask("POST", "/v1/statements", jws, JOSE | {"Accept": "text/plain"})
        assert response.status == 201
        assert response.headers["Content-Length"] == str(len(body))
        verify_receipt(body, hashlib.sha256(jws).digest(), server.cast.origin, [server.cast.verifier])

    def test_a_chunked_body_is_read(self, server: Server) -> None:
        jws = server.cast.record()
        pieces = [jws[start : start + 100] for start in range(0, len(jws), 100)]
        response, _ = server.ask("POST", "/v1/statements", iter(pieces), JOSE, encode_chunked=True)
        assert response.status == 201

    def test_results_come_while_lines_are_still_sent(self, server: Server) -> None:
        first = server.cast.record() + b"\n" + b"x\n" * 2_048
        second = server.cast.record(number=2) + b"\n"
        with server.connect() as connection:
            connection.sendall(batch_head(f"Content-Length: {len(first) + len(second)}") + first)
            data = b""
            while b'"status":201' not in data:
                piece = connection.recv(65_536)
                assert piece
                data += piece
            connection.sendall(second)
            while piece := connection.recv(65_536):
                data += piece
        results = [json.loads(line) for line in dechunk(data).splitlines()]
        assert [each["status"] for each in results] == [201] + [400] * 2_048 + [201]

    def test_a_client_that_reads_only_at_the_end_is_not_waited_for(self, server: Server) -> None:
        """Far more results than the sockets between hold; whoever made them would wait for ever."""
        line = b"x\n"
        count = 60_000
        with server.connect() as connection:
            connection.settimeout(100)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
            connection.sendall(batch_head(f"Content-Length: {len(line) * count}"))
            for _ in range(100):
                connection.sendall(line * (count // 100))
            data = bytearray()
            while piece := connection.recv(1 << 20):
                data += piece
        assert joined_chunks(bytes(data)).count(b'"jws.malformed"') == count

    def test_an_over_long_statement_is_answered_without_a_broken_connection(self, server: Server) -> None:
        response, body = server.ask("POST", "/v1/statements", b"a" * 3_000_000, JOSE)
        assert response.status == 413
        assert json.loads(body)["code"] == "request.too-large"

    def test_a_body_of_the_wrong_type_is_answered_without_a_broken_connection(self, server: Server) -> None:
        response, body = server.ask("POST", "/v1/statements", b"a" * 3_000_000)
        assert response.status == 415
        assert json.loads(body)["code"] == "media-type.unsupported"

    def test_a_statement_whose_sender_died_is_not_registered(self, server: Server) -> None:
        jws = server.cast.record(number=77)
        size = server.log_size()
        with server.connect() as connection:
            connection.sendall(
                b"POST /v1/statements HTTP/1.1\r\nHost: ledger\r\nContent-Type: application/jose\r\n"
                b"Content-Length: %d\r\n\r\n" % (len(jws) + 1) + jws
            )
            time.sleep(0.3)
        time.sleep(0.5)
        assert server.log_size() == size

    def test_a_party_may_stand_in_a_path(self, server: Server) -> None:
        for path in (
            "/v1/parties/https%3A%2F%2Fmine.example%2F",
            "/v1/parties/https://mine.example/",
        ):
            response, body = server.ask("GET", path)
            assert response.status == 200, body
            assert json.loads(body)["id"] == "https://mine.example/"

    def test_a_tile_may_stand_in_one_segment(self, server: Server) -> None:
        one = server.ask("GET", "/tile/entries/000.p/1")[1]
        assert one == server.ask("GET", "/tile/entries/000.p%2F1")[1]
        assert one[2:].startswith(b'{"index":0')


class TestProcesses:
    def test_connections_that_send_batches_are_dealt_evenly(self, server: Server) -> None:
        """Six that all came to one of the two processes; each round they all have a batch under way."""
        workers = psutil.Process(server.process.pid).children()

        def holders(connections: list[http.client.HTTPConnection]) -> list[int]:
            ports = {
                each.raddr.port: worker.pid
                for worker in workers
                for each in worker.net_connections("tcp4")
                if each.raddr
            }
            return [ports[each.sock.getsockname()[1]] for each in connections]

        def round_trip(connections: list[http.client.HTTPConnection]) -> tuple[list[int], list[bool]]:
            """Which process held each, and which were asked to connect anew."""
            server.await_under_way(0)
            for begun, each in enumerate(connections, start=1):
                each.putrequest("POST", "/v1/statements/batch")
                each.putheader("Content-Type", "application/x-ndjson")
                each.putheader("Content-Length", "4")
                each.endheaders(b"x\n")
                server.await_under_way(begun)
            held = holders(connections)
            for each in connections:
                each.send(b"x\n")
            asked = []
            for each in connections:
                response = each.getresponse()
                assert len(response.read().splitlines()) == 2
                asked.append(response.will_close)
            return held, asked

        chosen: list[http.client.HTTPConnection] = []
        with contextlib.ExitStack() as stack:
            while len(chosen) < 6:
                made = http.client.HTTPConnection("127.0.0.1", server.settings.port, timeout=60)
                stack.callback(made.close)
                round_trip([made])
                if holders([made]) == holders(chosen[:1] or [made]):
                    chosen.append(made)
            held, asked = round_trip(chosen)
            assert len(set(held)) == 1
            assert asked == [False, False, True, True, True, True]
            for _ in range(100):
                held, asked = round_trip(chosen)
                if not any(asked):
                    break
                # The next round begins in turns: one at each process, then the second at each.
                turns = sorted(range(6), key=lambda at: held[:at].count(held[at]))
                chosen = [chosen[at] for at in turns]
            else:
                raise AssertionError("they are asked to move for ever")
            assert max(map(held.count, held)) <= 4
            assert all(round_trip(chosen) == (held, asked) for _ in range(3))  # and there they stay

    def test_every_line_of_the_log_is_json_and_names_its_request(self, server: Server) -> None:
        response, _ = server.ask("GET", "/healthz?secret=1", headers={"Authorization": "Bearer hunter2"})
        request_id = response.headers["X-Request-Id"]
        deadline = time.monotonic() + 10
        while request_id not in server.log.read_text():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        (line,) = [each for each in server.lines() if each.get("request_id") == request_id]
        assert (line["event"], line["status"], line["path"]) == ("request", 400, "/healthz")
        assert "hunter2" not in server.log.read_text()
        assert "secret" not in server.log.read_text()

    def test_counts_are_those_of_all_processes(self, server: Server) -> None:
        def count() -> float:
            text = server.ask("GET", "/metrics")[1].decode()
            found = re.search(
                r'^reledger_http_requests_total{method="GET",rule="/docs",status="200"} (\S+)$',
                text,
                re.MULTILINE,
            )
            return float(found[1]) if found else 0.0

        before = count()
        for _ in range(40):
            server.ask("GET", "/docs")
        deadline = time.monotonic() + 60
        while count() < before + 40:  # a request is counted once its answer is sent
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert {count() for _ in range(12)} == {before + 40}

    def test_many_clients_at_once(self, server: Server) -> None:
        results: list[list[int]] = []

        def client(number: int) -> None:
            mine = []
            for each in range(8):
                jws = server.cast.record(number=1_000 * number + each)
                mine.append(server.ask("POST", "/v1/statements", jws, JOSE)[0].status)
            results.append(mine)

        threads = [threading.Thread(target=client, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == [[201] * 8] * 8


class TestEnding:
    def test_what_is_in_flight_is_finished(self, cast: Cast, sqlite_url: str, tmp_path: Path) -> None:
        with running(cast, sqlite_url, tmp_path / "server", workers=2, threads=2) as server:
            first, second = cast.record(number=1) + b"\n", cast.record(number=2) + b"\n"
            with server.connect() as connection:
                connection.sendall(batch_head(f"Content-Length: {len(first) + len(second)}") + first)
                server.await_under_way(1)
                server.process.terminate()
                time.sleep(0.5)
                connection.sendall(second)
                data = b""
                while piece := connection.recv(65_536):
                    data += piece
            assert [json.loads(line)["status"] for line in dechunk(data).splitlines()] == [201, 201]
            assert server.process.wait(timeout=60) == 0

    def test_a_request_that_never_ends_is_cut_off(self, cast: Cast, sqlite_url: str, tmp_path: Path) -> None:
        with (
            running(cast, sqlite_url, tmp_path / "server", workers=1, threads=2, stop_timeout_s=1) as server,
            server.connect() as connection,
        ):
            connection.sendall(batch_head("Content-Length: 100000") + b"x\n")
            time.sleep(0.5)
            began = time.monotonic()
            server.stop()
            assert time.monotonic() - began < 60

    def test_processes_whose_parent_was_killed_end_too(
        self, cast: Cast, sqlite_url: str, tmp_path: Path
    ) -> None:
        with running(cast, sqlite_url, tmp_path / "server", workers=2) as server:
            workers = psutil.Process(server.process.pid).children()
            assert len(workers) == 2
            server.process.kill()
            server.process.wait()
            _, alive = psutil.wait_procs(workers, timeout=60)
            assert alive == []

    @pytest.mark.parametrize("option", [[], ["--end-with-parent"]])
    def test_a_server_ends_with_the_process_that_started_it_if_it_is_to(
        self, cast: Cast, sqlite_url: str, tmp_path: Path, option: list[str]
    ) -> None:
        settings = settings_for(cast, sqlite_url, tmp_path / "server", port=free_port(), workers=1)
        engine = create_ledger_engine(sqlite_url)
        cast.started(engine, settings.mark_dir).close()
        engine.dispose()
        environment = {name: text for name, text in os.environ.items() if not name.startswith("RELEDGER_")}
        environment |= settings.as_environment() | {"PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", STARTER, sys.executable, "-m", "api.cli", "serve", *option]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as starter:
            assert starter.stdout is not None
            server = psutil.Process(int(starter.stdout.readline()))
            family = [server]
            try:
                answers(settings.port)
                family += server.children(recursive=True)
                starter.kill()
                starter.wait()
                _, alive = psutil.wait_procs(family, timeout=60 if option else 5)
                assert (server in alive) == (not option)
                assert bool(option) or answers(settings.port)
            finally:
                for member in family:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        member.kill()


class TestStarting:
    @pytest.mark.parametrize(("workers", "examiners"), [(1, 8), (3, 2), (8, 1), (16, 1)])
    def test_processors_are_shared_among_the_processes(
        self,
        cast: Cast,
        sqlite_url: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        workers: int,
        examiners: int,
    ) -> None:
        """A process examines as many batch requests at once as there are processors for it."""
        made: list[int] = []

        class Watched(Registrar):
            def __init__(self, *parts: Any, examiners: int, **named: Any) -> None:
                made.append(examiners)
                super().__init__(*parts, examiners=examiners, **named)

        monkeypatch.setattr(app_module, "processors", lambda: 8)
        monkeypatch.setattr(app_module, "Registrar", Watched)
        close_app(app_module.create_app(settings_for(cast, sqlite_url, tmp_path, workers=workers)))
        assert made == [examiners]

    def test_a_taken_port_is_refused(self, cast: Cast, sqlite_url: str, tmp_path: Path) -> None:
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            settings = settings_for(cast, sqlite_url, tmp_path / "server", port=taken.getsockname()[1])
            with pytest.raises(SettingsInvalid, match="another program does"):
                run_application("api.wsgi:build", settings)

    def test_a_host_that_is_not_ours_is_refused(self, cast: Cast, sqlite_url: str, tmp_path: Path) -> None:
        settings = settings_for(cast, sqlite_url, tmp_path / "server", host="192.0.2.1")
        with pytest.raises(SettingsInvalid, match="cannot listen"):
            run_application("api.wsgi:build", settings)

    def test_a_database_without_tables_is_refused(self, cast: Cast, tmp_path: Path) -> None:
        settings = settings_for(cast, f"sqlite:///{tmp_path / 'new.db'}", tmp_path / "server")
        with pytest.raises(SettingsInvalid, match="version none"):
            serve(settings)
