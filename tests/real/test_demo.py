"""The demonstration as a new user runs it: the whole story, then a documents folder."""

import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from benchmarks.servers import ROOT, free_port

SHARED = ROOT.parent / "shared" / "data" / "epcis" / "documents"


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "api.cli", "demo", "--no-browser", "--port", str(free_port()), *words]


def demonstrate(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command("--once", *words),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def told_in_readme() -> list[str]:
    """The lines that README says the demonstration prints."""
    (block,) = (each for each in (ROOT / "README.md").read_text("utf-8").split("```") if "The story:" in each)
    return [line for line in block.strip().splitlines() if line.strip() != "..."]


@pytest.mark.slow
def test_the_whole_story() -> None:
    shown = demonstrate()
    assert shown.returncode == 0, shown.stderr
    for line in (
        "entry 0  genesis",
        "the motor works receive them",
        "recycler.ore-input:",
        "balance.element-gain:",
        "licence.missing:",
        "Where the exported magnets came from",
        "74.59%  urn:epc:id:sgln:9521001.00001.0",
        "25.41%  urn:epc:id:sgln:9521005.00001.0",
        "422 signature.invalid      a record in the mine's name",
        "422 signature.invalid      a record altered on the way",
        "200 the first receipt",
        "409 statement.conflict",
        "statement.mismatch: statement_bytes 23",
        "lets it read the story",
        "the plant applies for one, which waits for its decision",
        "publishes the licence statistics of thirty days, as the books say",
        "the strategic reserve counts 150 kg LaCe oxide",
        "Where to look next",
        "Demonstration Authority         http://127.0.0.1:",
    ):
        assert line in shown.stdout
    assert shown.stdout.count("/console/sign-in#key=") == 8
    assert shown.stdout.count("✓") == 107
    assert shown.stdout.count("✗") == 3
    for line in told_in_readme():
        assert line in shown.stdout.splitlines()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "status", "said"),
    [
        (signal.SIGKILL, 1, "remote.failed: the server ended by itself, with status -9"),
        (signal.SIGTERM, 0, "the demonstration is over"),
    ],
)
def test_a_server_that_ends_with_a_fault_is_told(number: signal.Signals, status: int, said: str) -> None:
    with subprocess.Popen(
        command(), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as demo:
        assert demo.stdout is not None
        assert demo.stderr is not None
        assert any("Serving on" in line for line in demo.stdout)
        (server,) = psutil.Process(demo.pid).children()
        server.send_signal(number)
        assert demo.wait(60) == status
        assert said in demo.stderr.read()


@pytest.mark.slow
@pytest.mark.skipif(not SHARED.is_dir(), reason="the real EPCIS documents are not beside this checkout")
def test_with_a_folder_of_documents() -> None:
    shown = demonstrate("--documents", str(SHARED))
    assert shown.returncode == 0, shown.stderr
    assert "38 recorded" in shown.stdout


@pytest.mark.slow
def test_a_folder_without_documents(tmp_path: Path) -> None:
    shown = demonstrate("--documents", str(tmp_path))
    assert shown.returncode == 1
    assert "document.invalid" in shown.stderr
