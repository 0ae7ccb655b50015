"""Servers by the dozen: one process imports what ``reledger serve`` needs, and forks each of them.

A server that is started a second before it is killed spends its life on imports otherwise. Nothing but
modules is shared: each server runs the command from its beginning, with an environment of its own.
"""

import contextlib
import gc
import importlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType

import psutil

ROOT = Path(__file__).resolve().parent.parent
_PRELOADED = ("api.cli.serve", "api.serving", "api.wsgi")


class Forked(psutil.Process):
    """A forked server, asked after as ``subprocess.Popen`` is. Nobody learns its exit status."""

    def poll(self) -> int | None:
        """None while it runs, else -1."""
        return None if self.is_running() and self.status() != psutil.STATUS_ZOMBIE else -1


class Forker:
    """The process that forks. Use as a context manager; servers that still run are left to run."""

    def __enter__(self) -> "Forker":
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.forking"],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._process as process:
            assert process.stdin is not None
            process.stdin.close()

    def start(self, environment: dict[str, str], log: Path) -> Forked:
        """Starts ``reledger serve`` with exactly this environment; what it says on stderr goes to ``log``."""
        given, answers = self._process.stdin, self._process.stdout
        assert given is not None
        assert answers is not None
        given.write(json.dumps([environment, str(log)]) + "\n")
        given.flush()
        return Forked(int(answers.readline()))


def _serve(environment: dict[str, str], log: str) -> None:
    """Becomes a server, in the forked process."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, os.devnull, os.O_WRONLY),
        (2, log, os.O_WRONLY | os.O_APPEND | os.O_CREAT),
    ):
        opened = os.open(path, flags, 0o644)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["reledger", "serve"]
    importlib.import_module("api.cli").main()


def main() -> None:
    """Forks a server for each line of standard input, and answers with its process id."""
    for name in _PRELOADED:
        importlib.import_module(name)
    gc.freeze()  # what is shared is not looked through, and so not copied, by each of them
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # servers that ended leave nothing behind
    with contextlib.suppress(KeyboardInterrupt):
        while line := sys.stdin.readline():
            pid = os.fork()
            if pid == 0:
                _serve(*json.loads(line))
            print(pid, flush=True)


if __name__ == "__main__":
    main()
