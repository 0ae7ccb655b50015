"""Other people's programs for the cross-checks: looked for, or fetched once into a folder that git ignores.

A cross-check whose program cannot be had is skipped, with the reason in plain words; where the environment
sets ``RELEDGER_OUTSIDE=required`` it fails instead. Versions and hashes are pinned beside the check (in a
``package-lock.json`` without addresses, a ``go.sum``); npm and go fetch from where they are set to fetch.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".reledger" / "outside"
FETCH_TIMEOUT_S = 180
RUN_TIMEOUT_S = 120
BUILD_TIMEOUT_S = 480  # the first build compiles the standard library too
_TAMPERED = ("EINTEGRITY", "checksum mismatch", "SECURITY ERROR")


def unavailable(reason: str) -> NoReturn:
    """Skips the test, or fails it where the environment says that nothing may be skipped."""
    if os.environ.get("RELEDGER_OUTSIDE") == "required":
        pytest.fail(f"cross-check not possible, and RELEDGER_OUTSIDE=required: {reason}")
    pytest.skip(f"cross-check not possible here: {reason}")


def program(name: str) -> str:
    """The path of a program, or the test is skipped."""
    path = shutil.which(name)
    if path is None:
        unavailable(f"the program {name} is not installed")
    return path


def run(
    command: Sequence[str | Path],
    *,
    given: bytes = b"",
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout_s: int = RUN_TIMEOUT_S,
) -> bytes:
    """What a command writes to standard output; the test fails with its standard error if it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        input=given,
        cwd=folder,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        timeout=timeout_s,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(
            f"{command[0]} ended with {done.returncode}: {done.stderr.decode(errors='replace')[-2000:]}"
        )
    return done.stdout


@contextmanager
def conversation(command: Sequence[str | Path]) -> Iterator[Callable[[str], str]]:
    """A program that answers each line with a line, for as long as the context lasts.

    Yields:
        Sends a line and gives the answer; the test fails if the program has ended instead.
    """
    words = [str(part) for part in command]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        given, answers = process.stdin, process.stdout
        assert given is not None
        assert answers is not None

        def ask(line: str) -> str:
            given.write(line + "\n")
            given.flush()
            answer = answers.readline()
            if not answer:
                pytest.fail(f"{words[0]} ended instead of answering; its reason is on standard error")
            return answer

        try:
            yield ask
        finally:
            given.close()
            process.wait(RUN_TIMEOUT_S)


def npm_folder(source: Path) -> Path:
    """A copy of ``source`` (package.json, package-lock.json, scripts) with its packages installed.

    No package's own scripts run, and what does not have the hash in the lock is not installed.
    """
    npm = program("npm")
    program("node")
    fetch = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
    return _prepared(source, fetch, {"npm_config_cache": str(CACHE / "npm-cache")})


def go_binary(source: Path) -> Path:
    """The program built from the Go module in ``source`` (go.mod, go.sum and a main package)."""
    environment = {
        "GOCACHE": str(CACHE / "go-build"),
        "GOMODCACHE": str(CACHE / "go-modules"),
        "GOFLAGS": "-mod=readonly -modcacherw",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "CGO_ENABLED": "0",
    }
    go = program("go")
    folder = _prepared(source, [go, "mod", "download"], environment)
    binary = folder / "crosscheck"
    with _locked():
        if not binary.exists():
            # Without optimising, a third less work for the compiler.
            build = [go, "build", "-gcflags=all=-N -l", "-ldflags=-s -w", "-o", "crosscheck.new", "."]
            run(build, folder=folder, environment=environment, timeout_s=BUILD_TIMEOUT_S)
            (folder / "crosscheck.new").rename(binary)
    return binary


@cache
def _fetch_fault(
    source: Path, target: Path, command: tuple[str, ...], settings: tuple[tuple[str, str], ...]
) -> str:
    """Copies source to target and fetches what it needs; "" or why that failed, asked once in a process."""
    with _locked():
        if target.exists():
            return ""
        with tempfile.TemporaryDirectory(dir=CACHE) as temporary:
            folder = Path(temporary) / "copy"
            shutil.copytree(source, folder)
            try:
                done = subprocess.run(
                    command,
                    cwd=folder,
                    env={**os.environ, **dict(settings)},
                    capture_output=True,
                    timeout=FETCH_TIMEOUT_S,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                return f"{Path(command[0]).name} fetched nothing in {FETCH_TIMEOUT_S} s"
            if done.returncode != 0:
                return done.stderr.decode(errors="replace")
            folder.rename(target)
    return ""


def _prepared(source: Path, fetch: list[str], environment: Mapping[str, str]) -> Path:
    """A folder in the cache, named after the contents of source, in which the fetch command has succeeded."""
    CACHE.mkdir(parents=True, exist_ok=True)
    target = CACHE / f"{source.name}-{_digest(source)}"
    fault = _fetch_fault(source, target, tuple(fetch), tuple(environment.items()))
    if any(word in fault for word in _TAMPERED):
        pytest.fail(f"what was fetched for {source.name} does not have the pinned hash: {fault[-2000:]}")
    if fault:
        said = " ".join(line for line in fault.splitlines() if "warn" not in line)
        unavailable(f"the packages of {source.name} could not be fetched: {said[:300]}")
    return target


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            digest.update(f"{path.relative_to(folder)}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


@contextmanager
def _locked() -> Iterator[None]:
    """One test process at a time."""
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
