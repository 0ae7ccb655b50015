"""How the server is: alive, ready or not and why, and what it counts."""

import gc
import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ledger.errors import LogInconsistent
from ledger.registration.batch import BatchWriter
from tests.support.cast import Cast
from tests.support.garbage import left_behind
from tests.support.web import Site, assert_problem, open_site


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


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_queries_are_refused(sqlite_site: Site, path: str) -> None:
    assert_problem(sqlite_site.get(f"{path}?verbose=1"), 400, "request.malformed")
