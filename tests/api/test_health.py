"""How the server is: alive, ready or not and why, and what it counts."""

import gc
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Engine

from api.metrics import FOLDER_VARIABLE, Metrics
from ledger.errors import LogInconsistent
from ledger.registration.batch import BatchWriter
from tests.support.cast import Cast
from tests.support.garbage import left_behind
from tests.support.web import Site, assert_problem, open_site


def sample(text: str, start: str) -> float:
    (line,) = [each for each in text.splitlines() if each.startswith(start + " ")]
    return float(line.rpartition(" ")[2])


class TestHealth:
    def test_a_process_that_answers_is_alive(self, sqlite_site: Site) -> None:
        response = sqlite_site.get("/healthz")
        assert (response.data, response.headers["Cache-Control"]) == (b"ok\n", "no-store")


class TestReadiness:
    def test_a_ledger_that_takes_statements_is_ready(self, site: Site) -> None:
        site.registered(site.cast.record())
        assert site.get("/readyz").get_json() == {"ready": True, "size": 2, "mark_size": 2, "queue": 0}

    def test_a_process_that_writes_no_more_is_not_and_is_asked_at_no_cost(
        self, site: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*parts: object, **named: object) -> None:
            raise LogInconsistent("the log contradicts itself")

        monkeypatch.setattr(BatchWriter, "write", fail)
        assert_problem(site.post(site.cast.record()), 500, "log.inconsistent")
        gc.collect()
        gc.disable()
        try:
            for _ in range(5):
                assert_problem(site.get("/readyz"), 500, "log.inconsistent")
            assert left_behind() == []
            stopped = site.parts.registrar.stopped
            assert stopped is not None
            assert stopped.__traceback__ is None
        finally:
            gc.enable()

    def test_an_empty_ledger_is_not(self, cast: Cast, engine: Engine, tmp_path: Path) -> None:
        with open_site(cast, engine, tmp_path, genesis=False) as site:
            assert_problem(site.get("/readyz"), 503, "ledger.empty")

    def test_a_ledger_without_its_mark_is_not(self, site: Site) -> None:
        shutil.rmtree(site.parts.settings.mark_dir)
        assert_problem(site.get("/readyz"), 503, "mark.missing")

    def test_a_ledger_behind_its_mark_is_not(
        self, cast: Cast, sqlite_url: str, engine: Engine, tmp_path: Path
    ) -> None:
        with open_site(cast, engine, tmp_path / "site") as site:
            path = site.parts.mark.path
            old = path.read_bytes()
            site.registered(cast.record())
            ahead = path.read_bytes()
            path.write_bytes(old)
            assert site.get("/readyz").get_json()["mark_size"] == 1
            path.write_bytes(ahead.replace(b"\n2\n", b"\n3\n"))
            response = assert_problem(site.get("/readyz"), 503, "mark.unwritable")
            assert "reledger mark adopt" in response["mend"]

    def test_a_ledger_that_went_back_in_time_is_not(
        self, cast: Cast, sqlite_template: Path, sqlite_url: str, engine: Engine, tmp_path: Path
    ) -> None:
        with open_site(cast, engine, tmp_path / "one") as site:
            kept = site.parts.mark.path.read_bytes()
            site.registered(cast.record())
            site.parts.mark.path.write_bytes(kept)
            newer = site.get("/checkpoint").data
        with open_site(cast, engine, tmp_path / "two", genesis=False) as site:
            site.parts.mark.advance(newer)
            assert site.get("/readyz").status_code == 200


class TestMetrics:
    def test_requests_statements_and_refusals_are_counted(self, site: Site) -> None:
        site.registered(site.cast.record())
        site.post(b"nonsense")
        site.batch(site.cast.record(number=2) + b"\nnonsense\n")
        site.get("/nowhere/at/all")
        site.get("/v1/parties/https%3A%2F%2Fmine.example%2F")
        response = site.get("/metrics")
        assert response.content_type == "text/plain; version=1.0.0; charset=utf-8"
        text = response.text
        requests = "reledger_http_requests_total"
        assert sample(text, f'{requests}{{method="POST",rule="/v1/statements",status="201"}}') == 1
        assert sample(text, f'{requests}{{method="POST",rule="/v1/statements",status="400"}}') == 1
        assert sample(text, f'{requests}{{method="GET",rule="(none)",status="404"}}') == 1
        assert sample(text, f'{requests}{{method="GET",rule="/v1/parties/<path:party>",status="200"}}') == 1
        assert sample(text, 'reledger_statements_total{outcome="appended"}') == 2
        assert sample(text, 'reledger_refusals_total{code="jws.malformed"}') == 2
        assert sample(text, "reledger_batch_statements_count") == 2
        assert sample(text, "reledger_commit_seconds_count") == 2
        assert sample(text, "reledger_tree_size") == 3
        assert sample(text, "reledger_queue_statements") == 0
        assert "mine.example" not in text
        assert "nowhere" not in text

    def test_a_method_of_ones_own_makes_no_label(self, sqlite_site: Site) -> None:
        assert_problem(sqlite_site.ask("BREW", "/healthz"), 405, "method.not-allowed")
        text = sqlite_site.get("/metrics").text
        assert 'method="other"' in text
        assert "BREW" not in text

    def test_two_applications_do_not_share_their_counts(self, sqlite_site: Site) -> None:
        sqlite_site.get("/healthz")
        assert b"healthz" not in Metrics().exposition()

    def test_processes_of_one_host_are_added_up(self, tmp_path: Path) -> None:
        """In a process of its own, as the library chooses once for each process where it counts."""
        program = (
            "import os\n"
            "from api.metrics import Metrics\n"
            "for _ in range(2):\n"
            "    if (child := os.fork()) == 0:\n"
            "        metrics = Metrics()\n"
            "        metrics.refusals.labels('queue.full').inc(3)\n"
            "        metrics.queue_depth.set(5)\n"
            "        metrics.end_process()\n"
            "        os._exit(0)\n"
            "    os.waitpid(child, 0)\n"
            "metrics = Metrics()\n"
            "metrics.queue_depth.set(2)\n"
            "print(metrics.exposition().decode())\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, FOLDER_VARIABLE: str(tmp_path), "PYTHONPATH": os.getcwd()},
            capture_output=True,
            text=True,
            check=True,
        )
        assert sample(done.stdout, 'reledger_refusals_total{code="queue.full"}') == 6
        assert sample(done.stdout, "reledger_queue_statements") == 2


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_queries_are_refused(sqlite_site: Site, path: str) -> None:
    assert_problem(sqlite_site.get(f"{path}?verbose=1"), 400, "request.malformed")
