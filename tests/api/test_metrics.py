"""What a server counts: bounded labels, several processes added up, and room for the files of each."""

import json
import os
import subprocess
import sys
from pathlib import Path

from api.metrics import FOLDER_VARIABLE, Metrics
from tests.support.web import Site, assert_problem

ADDED_UP = """
import os
from api.metrics import Metrics

for _ in range(2):
    if (child := os.fork()) == 0:
        metrics = Metrics()
        metrics.refusals.labels("queue.full").inc(3)
        metrics.queue_depth.set(5)
        metrics.end_process()
        os._exit(0)
    os.waitpid(child, 0)
metrics = Metrics()
metrics.queue_depth.set(2)
print(metrics.exposition().decode())
"""
EVERY_LABEL = """
import json, os, sys
from pathlib import Path
from api.metrics import FOLDER_VARIABLE, ROOM_BYTES, Metrics

def files():
    every = {path.name: path.stat() for path in Path(os.environ[FOLDER_VARIABLE]).iterdir()}
    assert all(each.st_blocks * 512 >= each.st_size for each in every.values()), every
    return {name: each.st_size for name, each in every.items()}

metrics = Metrics()
whole = {f"{name}_{os.getpid()}.db": size for name, size in ROOM_BYTES.items()}
assert files() == whole, files()
for method, rule in json.load(sys.stdin):
    for status in range(200, 220):
        metrics.observe_request(method, rule, status, 0.1)
for number in range(400):
    metrics.refusals.labels(f"some-area.with-a-reason-{number}").inc()
assert files() == whole, files()
print(metrics.exposition().decode())
"""
NO_ROOM = """
import os, resource
from api.metrics import FOLDER_VARIABLE, Metrics

folder = os.environ[FOLDER_VARIABLE]
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
metrics = Metrics()
metrics.refusals.labels("queue.full").inc(3)
assert os.listdir(folder) == [], os.listdir(folder)
metrics.end_process()
print(metrics.exposition().decode())
"""


def sample(text: str, start: str) -> float:
    (line,) = [each for each in text.splitlines() if each.startswith(start + " ")]
    return float(line.rpartition(" ")[2])


def in_a_process(program: str, folder: Path, given: object = None) -> str:
    """What a program prints in a process of its own: the library chooses once for each where it counts."""
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, FOLDER_VARIABLE: str(folder), "PYTHONPATH": os.getcwd()},
        input=json.dumps(given),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


class TestCounts:
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


class TestProcesses:
    def test_those_of_one_host_are_added_up(self, tmp_path: Path) -> None:
        told = in_a_process(ADDED_UP, tmp_path)
        assert sample(told, 'reledger_refusals_total{code="queue.full"}') == 6
        assert sample(told, "reledger_queue_statements") == 2

    def test_files_have_room_for_every_label_from_the_begin(self, sqlite_site: Site, tmp_path: Path) -> None:
        """A hole in one of them would end the process once it is written to while the disk is full."""
        every = [
            (method, rule.rule)
            for rule in sqlite_site.app.url_map.iter_rules()
            for method in rule.methods or ()
        ]
        told = in_a_process(EVERY_LABEL, tmp_path / "counts", every)
        for method, rule in every:
            counted = f'reledger_http_request_seconds_count{{method="{method}",rule="{rule}"}}'
            assert sample(told, counted) == 20

    def test_one_without_room_for_its_files_counts_for_itself(self, tmp_path: Path) -> None:
        told = in_a_process(NO_ROOM, tmp_path)
        assert "counts not shared" in told
        assert sample(told, 'reledger_refusals_total{code="queue.full"}') == 3
