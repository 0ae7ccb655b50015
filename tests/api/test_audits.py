"""Audit jobs: run apart, watched, bounded, stopped, and seen to be dead when they are."""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from api.audit_desk import LIVE, JobFiles
from api.audit_job import AuditJob
from api.file_locks import FileLock, is_locked
from tests.support.cast import Cast
from tests.support.databases import unguarded
from tests.support.web import Site, assert_problem, open_site

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def ended(site: Site, location: str) -> dict[str, Any]:
    deadline = time.monotonic() + 120
    while True:
        members: dict[str, Any] = site.get(location, site.cast.authority).get_json()
        if members["state"] not in LIVE:
            return members
        assert time.monotonic() < deadline
        time.sleep(0.1)


def opened(site: Site) -> str:
    response = site.ask("POST", "/v1/audits", site.cast.authority)
    assert response.status_code == 202, response.text
    assert response.get_json()["state"] == "waiting"
    assert response.get_json()["requested_by"] == site.cast.authority.party
    return response.headers["Location"]


@pytest.fixture
def held(sqlite_site: Site) -> Iterator[Site]:
    """A site on whose host another audit runs, so that a new one waits."""
    folder = sqlite_site.parts.settings.audit_folder
    folder.mkdir(parents=True)
    with FileLock(folder / "turn.lock") as turn:
        assert turn.acquire()
        yield sqlite_site


class TestRunning:
    def test_a_sound_database_is_said_to_be_sound(self, site: Site) -> None:
        site.registered(site.cast.record())
        members = ended(site, opened(site))
        assert members["state"] == "done"
        assert members["error"] is None
        report = members["report"]
        assert report["ok"]
        assert report["size"] == 2
        assert "1 signed heads kept elsewhere, up to size 2" in report["checked"]

    def test_a_changed_byte_is_found(self, site: Site, database_url: str) -> None:
        site.registered(site.cast.record())
        with unguarded(database_url) as connection:
            connection.execute(
                text("UPDATE statement_bytes SET jws = :other WHERE entry_index = 1"), {"other": b"x"}
            )
        report = ended(site, opened(site))["report"]
        assert not report["ok"]
        assert {(fault["table"], fault["place"]) for fault in report["faults"]} == {("statement_bytes", 1)}

    def test_an_audit_that_cannot_be_carried_out_fails_with_its_reason(
        self, cast: Cast, sqlite_url: str, engine: Engine, tmp_path: Path
    ) -> None:
        with open_site(cast, engine, tmp_path / "site") as site:
            key_file = site.parts.settings.log_key_file
            location = opened(site)
            key_file.unlink()
            members = ended(site, location)
            if members["state"] == "done":  # it had read the key already
                members = ended(site, opened(site))
            assert members["state"] == "failed"
            assert members["error"]["code"] == "key-file.invalid"
            assert members["report"] is None

    def test_the_stream_ends_with_the_audit(self, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("api.resources.audits.STREAM_SECONDS", 120.0)
        location = opened(site)
        response = site.get(f"{location}/events", site.cast.authority)
        assert response.content_type == "text/event-stream"
        blocks = [block.split("\n") for block in response.text.split("\n\n") if "event: " in block]
        assert {block[0] for block in blocks[:-1]} <= {"event: progress"}
        assert blocks[-1][0] == "event: ended"
        assert json.loads(blocks[-1][1].removeprefix("data: "))["state"] == "done"


class TestWatching:
    def test_a_waiting_job_is_listed(self, held: Site) -> None:
        location = opened(held)
        (job,) = held.get("/v1/audits", held.cast.authority).get_json()["audits"]
        assert location == f"/v1/audits/{job['id']}"
        assert job["state"] == "waiting"
        assert job["report"] is None

    def test_a_stream_that_is_not_done_ends_in_time(
        self, held: Site, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("api.resources.audits.STREAM_SECONDS", 0.5)
        text = held.get(f"{opened(held)}/events", held.cast.authority).text
        assert text.startswith("retry: 1000\n\nevent: progress\n")
        assert "event: ended" not in text

    def test_the_stream_of_a_stopped_job_ends(self, held: Site) -> None:
        location = opened(held)
        response = held.client.get(
            f"{location}/events",
            headers={"Authorization": f"Bearer {held.token(held.cast.authority)}"},
            buffered=False,
        )
        pieces = iter(response.response)
        while b"progress" not in next(pieces):
            pass
        held.ask("DELETE", location, held.cast.authority)
        assert b"".join(pieces).endswith(b"event: ended\ndata: null\n\n")
        response.close()


class TestStopping:
    def test_a_waiting_job_is_stopped_and_forgotten(self, held: Site) -> None:
        location = opened(held)
        response = held.ask("DELETE", location, held.cast.authority)
        assert (response.status_code, response.data) == (204, b"")
        for method, path in (("GET", location), ("DELETE", location), ("GET", f"{location}/events")):
            assert_problem(held.ask(method, path, held.cast.authority), 404, "resource.not-found")
        assert held.get("/v1/audits", held.cast.authority).get_json() == {"audits": []}
        folder = held.parts.settings.audit_folder
        deadline = time.monotonic() + 60
        while sorted(path.name for path in folder.iterdir()) != ["desk.lock", "turn.lock"]:
            assert time.monotonic() < deadline, sorted(folder.iterdir())
            time.sleep(0.1)

    def test_a_job_that_is_done_is_forgotten(self, site: Site) -> None:
        location = opened(site)
        ended(site, location)
        assert site.ask("DELETE", location, site.cast.authority).status_code == 204
        assert_problem(site.get(location, site.cast.authority), 404, "resource.not-found")

    def test_a_server_that_ends_takes_its_jobs_with_it(self, held: Site) -> None:
        location = opened(held)
        files = JobFiles(held.parts.settings.audit_folder, location.rpartition("/")[2])
        deadline = time.monotonic() + 60
        while not files.begun.exists():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        held.parts.audits.close()
        assert held.get(location, held.cast.authority).get_json()["state"] == "interrupted"

    def test_a_job_whose_process_died_is_seen_to_be_dead(self, held: Site) -> None:
        location = opened(held)
        files = JobFiles(held.parts.settings.audit_folder, location.rpartition("/")[2])
        while not files.begun.exists():
            time.sleep(0.05)
        (process,) = held.parts.audits._processes
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert held.get(location, held.cast.authority).get_json()["state"] == "interrupted"


class TestBeginning:
    """Nobody takes a job for dead that is about to begin, and no look at a job disturbs it."""

    def test_a_job_that_has_not_locked_its_file_yet_waits(self, held: Site) -> None:
        folder = held.parts.settings.audit_folder
        files = JobFiles(folder, UNKNOWN)
        files.write({"id": UNKNOWN, "state": "waiting", "requested_at": "2026-11-21T00:00:00Z"})
        for begin in (lambda: None, files.lock.touch):
            begin()
            assert held.parts.audits.read(UNKNOWN)["state"] == "waiting"
        files.begun.touch()
        assert held.parts.audits.read(UNKNOWN)["state"] == "interrupted"

    def test_a_job_whose_lock_is_looked_at_while_it_begins_gets_it(self, held: Site) -> None:
        files = JobFiles(held.parts.settings.audit_folder, UNKNOWN)
        files.write({"id": UNKNOWN, "state": "waiting"})
        job = AuditJob(files, held.parts.settings)
        with FileLock(files.lock) as look:
            assert look.acquire()
            thread = threading.Thread(target=job.run, daemon=True)
            thread.start()
            time.sleep(0.2)
            assert not files.begun.exists()
        deadline = time.monotonic() + 60
        while not files.begun.exists():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert is_locked(files.lock)
        job.interrupt()
        thread.join()
        assert (files.read() or {})["state"] == "interrupted"


class TestBounds:
    def test_only_so_many_wait(self, cast: Cast, engine: Engine, tmp_path: Path) -> None:
        with open_site(cast, engine, tmp_path / "site", max_audits=1) as site:
            site.parts.settings.audit_folder.mkdir(parents=True)
            with FileLock(site.parts.settings.audit_folder / "turn.lock") as turn:
                turn.acquire()
                opened(site)
                response = site.ask("POST", "/v1/audits", site.cast.authority)
                assert_problem(response, 503, "queue.full")
                assert response.headers["Retry-After"] == "1"

    @pytest.mark.parametrize("job", [UNKNOWN, UNKNOWN.replace("4", "1"), "A" * 36, "..", "%2e%2e", "desk"])
    def test_there_are_no_other_jobs(self, sqlite_site: Site, job: str) -> None:
        for method, what in (("GET", ""), ("DELETE", ""), ("GET", "/events")):
            response = sqlite_site.ask(method, f"/v1/audits/{job}{what}", sqlite_site.cast.authority)
            assert_problem(response, 404, "resource.not-found")
