"""run.py, whole: small checkouts with one package of their own, set up without a network."""

import ast
import base64
import hashlib
import json
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.support.signals import heeding_interrupts

ROOT = Path(__file__).resolve().parents[2]
BASE_PYTHON: str = getattr(sys, "_base_executable", sys.executable)
STAMP = "reledger-stamp.json"

# A stand-in for uv that notes how it was called and does the two things that run.py asks of it.
FAKE_UV = f"""#!{BASE_PYTHON}
import json, os, subprocess, sys
words = sys.argv[1:]
if words == ["--version"]:
    sys.exit(0)
with open(os.environ["FAKE_UV_LOG"], "a") as log:
    said = {{n: v for n, v in os.environ.items() if n.startswith(("UV_", "SSL_", "ALL_PROXY"))}}
    log.write(json.dumps([words, said]) + "\\n")
if words[0] == "venv":
    python = words[words.index("--python") + 1]
    sys.exit(subprocess.call([python, "-m", "venv", "--without-pip", words[-1]]))
inside, wanted = (words[words.index(option) + 1] for option in ("--python", "--requirement"))
pip = [{BASE_PYTHON!r}, "-m", "pip", "--python", inside, "install", "--require-hashes", "-r", wanted]
environ = {{n: v for n, v in os.environ.items() if n != "PIP_TARGET"}} | {{"PIP_USER": "0"}}
sys.exit(subprocess.call(pip, env=environ))
"""

CLI = """
import importlib.metadata, json, os, sys
import small

def main():
    if sys.argv[1:] == ["fail"]:
        return 7
    if sys.argv[1:] == ["wait"]:
        import time
        print("waiting", flush=True)
        time.sleep(60)
    print(json.dumps({
        "words": sys.argv[1:], "folder": os.getcwd(), "pid": os.getpid(), "prefix": sys.prefix,
        "version": importlib.metadata.version("reledger"), "small": small.VERSION,
        "environ": dict(os.environ),
    }))
"""


def make_wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> str:
    """Write a wheel and return the line that pins it."""
    info = f"{name}-{version}.dist-info"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = []
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{path},sha256={digest},{len(text.encode())}")
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""])
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for inner, text in files.items():
            member = zipfile.ZipInfo(inner)
            member.external_attr = (0o100755 if "/scripts/" in inner else 0o100644) << 16
            wheel.writestr(member, text)
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


class Checkout:
    """A folder with run.py, a command line of ten lines and one package to install."""

    def __init__(self, folder: Path, pycache: Path) -> None:
        self.root = folder / "checkout"
        self.wheels = folder / "wheels"
        self.home = folder / "home"
        self.log = folder / "uv.log"
        for path in (self.root / "api" / "cli", self.wheels, self.home, folder / "nothing"):
            path.mkdir(parents=True)
        (self.root / "run.py").write_bytes((ROOT / "run.py").read_bytes())
        (self.root / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
        (self.root / "api" / "cli" / "__init__.py").write_text(CLI)
        self.require("1")
        (self.root / "requirements-uv.txt").write_text(f"uv==9.9 --hash=sha256:{'0' * 64}\n")
        self.environ = {
            "PATH": str(folder / "nothing"),
            "HOME": str(self.home),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "PYTHONPYCACHEPREFIX": str(pycache),
        }

    def require(self, version: str) -> None:
        line = make_wheel(self.wheels, "small", version, {"small.py": f"VERSION = {version!r}\n"})
        for level in ("", "-test", "-dev"):
            (self.root / f"requirements{level}.txt").write_text(line)

    def offer_uv(self, script: str = FAKE_UV) -> None:
        line = make_wheel(self.wheels, "uv", "9.9", {"uv-9.9.data/scripts/uv": script})
        (self.root / "requirements-uv.txt").write_text(line)
        self.environ["FAKE_UV_LOG"] = str(self.log)

    def start(self, *words: str, **environ: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [BASE_PYTHON, str(self.root / "run.py"), *words],
            cwd=self.home,
            env=self.environ | environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, **environ: str) -> SimpleNamespace:
        with self.start(*words, **environ) as process:
            stdout, stderr = process.communicate(timeout=120)
        return SimpleNamespace(code=process.returncode, stdout=stdout, stderr=stderr, pid=process.pid)

    def answer(self, *words: str, **environ: str) -> Any:
        done = self.run(*words, **environ)
        assert done.code == 0, done.stderr
        return json.loads(done.stdout)

    def environments(self) -> list[Path]:
        return sorted(stamp.parent for stamp in (self.root / ".venv").glob(f"*/{STAMP}"))


@pytest.fixture(scope="module")
def pycache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compiled modules of pip, kept for all tests here and away from the Python that runs them."""
    return tmp_path_factory.mktemp("pycache")


@pytest.fixture
def checkout(tmp_path: Path, pycache: Path) -> Checkout:
    return Checkout(tmp_path, pycache)


# --- Whole runs -------------------------------------------------------------------------------------------


def test_the_first_run_sets_up_and_the_second_starts_at_once(checkout: Checkout) -> None:
    first = checkout.run("greet", "--loud", "a b")
    assert first.code == 0, first.stderr
    said = json.loads(first.stdout)
    assert said["words"] == ["greet", "--loud", "a b"]
    assert said["folder"] == str(checkout.home), "the command works where the user is"
    assert said["pid"] == first.pid, "the command takes the place of run.py, so signals reach it"
    assert (said["version"], said["small"]) == ("0.1.0", "1")
    assert "setting up in" in first.stderr
    assert "ready after" in first.stderr
    second = checkout.run("greet")
    assert second.stderr == ""
    assert checkout.run("fail").code == 7
    assert len(checkout.environments()) == 1
    with checkout.start("wait") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        process.terminate()
    assert process.returncode == -signal.SIGTERM


def test_uv_is_fetched_once_and_told_what_pip_is_told(checkout: Checkout) -> None:
    checkout.offer_uv()
    certificates = checkout.home / "ca.pem"
    certificates.touch()
    spoilers = {
        "PIP_USER": "1",
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PIP_TARGET": str(checkout.home / "elsewhere"),
    }
    said = checkout.answer(
        "x",
        PIP_CERT=str(certificates),
        PIP_DEFAULT_TIMEOUT="77",
        PIP_INDEX_URL="https://u:p@index.test/",
        **spoilers,
    )
    assert said["small"] == "1"
    calls = [json.loads(line) for line in checkout.log.read_text().splitlines()]
    assert [words[:2] for words, _ in calls] == [["venv", "--quiet"], ["pip", "install"]]
    words, environ = calls[1]
    assert {"--require-hashes", "--no-index", ":all:"} <= set(words)
    assert environ["UV_FIND_LINKS"] == str(checkout.wheels)
    assert environ["UV_DEFAULT_INDEX"] == "https://u:p@index.test/"
    assert environ["SSL_CERT_FILE"] == str(certificates)
    assert environ["UV_HTTP_TIMEOUT"] == "77"
    assert not (checkout.home / "elsewhere").exists()
    written = [
        path for path in (checkout.root / ".venv").rglob("*") if path.is_file() and path.suffix != ".whl"
    ]
    assert not [path for path in written if b"u:p@index" in path.read_bytes()], (
        "settings are never written down"
    )
    checkout.require("2")
    again = checkout.run("x")
    assert json.loads(again.stdout)["small"] == "2"
    assert "fetching" not in again.stderr
    assert len(checkout.environments()) == 2, "the first may still be in use"


def test_a_larger_environment_in_a_named_folder_serves_the_smaller_need(checkout: Checkout) -> None:
    elsewhere = checkout.home / "with a blank é"
    done = checkout.run("setup", "test", RELEDGER_VENV=str(elsewhere))
    assert done.code == 0, done.stderr
    python = Path(done.stdout.strip())
    assert python.parent.parent.parent == elsewhere
    assert python.parent.parent.name.startswith("test-")
    again = checkout.run("greet", RELEDGER_VENV=str(elsewhere), PYTHONDONTWRITEBYTECODE="1")
    assert again.stderr == ""
    said = json.loads(again.stdout)
    assert Path(said["prefix"]) == python.parent.parent
    assert "RELEDGER_VENV" not in said["environ"], "it is run.py's, and no setting of the ledger"
    assert "PYTHONDONTWRITEBYTECODE" not in said["environ"], "each process would compile the checkout anew"
    assert not (checkout.root / ".venv").exists()


def test_a_set_up_that_was_killed_is_repaired(checkout: Checkout) -> None:
    with checkout.start("x") as process:
        deadline = time.monotonic() + 60
        while not list((checkout.root / ".venv").glob("run-*")) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.kill()
    assert checkout.environments() == []
    (half,) = (checkout.root / ".venv").glob("run-*")
    (half / "left-over").touch()
    (checkout.root / ".venv" / "partial-left").mkdir()
    assert checkout.answer("x")["small"] == "1"
    assert checkout.environments() == [half]
    assert not (half / "left-over").exists()
    assert not (checkout.root / ".venv" / "partial-left").exists()


def test_an_interrupt_says_that_the_next_run_goes_on(checkout: Checkout) -> None:
    with heeding_interrupts():
        process = checkout.start("x")
    with process:
        assert process.stderr is not None
        process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped; the next run makes what is missing" in stderr
    assert checkout.environments() == []


def test_runs_at_once_set_up_once(checkout: Checkout) -> None:
    runs = [checkout.start("greet", str(number)) for number in range(3)]
    outputs = [process.communicate(timeout=120) for process in runs]
    assert [json.loads(stdout)["words"][1] for stdout, _ in outputs] == ["0", "1", "2"]
    assert sum(stderr.count("setting up in") for _, stderr in outputs) == 1
    assert any("another run is setting up" in stderr for _, stderr in outputs)


def test_a_uv_that_does_not_run_here_is_passed_over(checkout: Checkout) -> None:
    checkout.offer_uv("#!/no/such/interpreter\n")
    done = checkout.run("x")
    assert done.code == 0, done.stderr
    assert "with pip, which takes longer" in done.stderr


@pytest.mark.parametrize(
    ("pin", "reason"),
    [
        (f"small==1 --hash=sha256:{'1' * 64}", "is not the one that was pinned"),
        ("small==1", "Hashes are required"),
    ],
)
def test_a_package_without_its_hash_is_refused(checkout: Checkout, pin: str, reason: str) -> None:
    (checkout.root / "requirements.txt").write_text(pin + "\n")
    done = checkout.run("x")
    assert done.code == 1
    assert done.stdout == ""
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
    assert checkout.environments() == []


def test_without_a_network_the_reason_is_said(checkout: Checkout) -> None:
    closed = {"PIP_NO_INDEX": "0", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_FIND_LINKS": ""}
    done = checkout.run("x", **closed)
    assert done.code == 1
    assert "the package index cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_written_is_named(checkout: Checkout) -> None:
    done = checkout.run("x", RELEDGER_VENV="/dev/null/x")
    assert done.code == 1
    assert "cannot write to /dev/null/x" in done.stderr


@pytest.mark.parametrize("words", [["setup", "everything"], ["setup", "run", "test"], ["lint", "more"]])
def test_words_that_are_not_understood_set_nothing_up(checkout: Checkout, words: list[str]) -> None:
    done = checkout.run(*words)
    assert done.code == 1
    assert "is not understood" in done.stderr
    assert checkout.environments() == []


def test_help_needs_no_environment(checkout: Checkout) -> None:
    for words, code in (([], 2), (["--help"], 0), (["-h"], 0), (["help"], 0)):
        done = checkout.run(*words)
        assert (done.code, done.stderr) == (code, "")
        assert "python3 run.py demo" in done.stdout
    assert not (checkout.root / ".venv").exists()


# --- Older Pythons ----------------------------------------------------------------------------------------


def test_an_older_python_can_at_least_read_the_file() -> None:
    ast.parse((ROOT / "run.py").read_text("utf-8"), feature_version=(3, 7))


def test_an_older_python_is_told_what_it_needs() -> None:
    pretend = "import runpy, sys; sys.version_info = (3, 10, 9, 'final', 0); runpy.run_path('run.py')"
    done = subprocess.run(
        [sys.executable, "-c", pretend], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "reledger needs Python 3.11 or newer" in done.stderr
    assert "Traceback" not in done.stderr
