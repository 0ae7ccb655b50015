"""A ledger under test: a database, a genesis, and a real server process on a free port."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx2
import psutil

from api.settings import Settings
from benchmarks.forking import Forked, Forker
from ledger.statements.keys import write_key_file
from ledger.store.engine import create_ledger_engine
from tests.support.cast import Cast
from tests.support.databases import copy_sqlite, make_postgres_template, make_sqlite_template
from tests.support.postgres import PostgresServer

ROOT = Path(__file__).resolve().parent.parent
ENGINES = ("sqlite", "postgresql")


@dataclass
class Prepared:
    """A log that has its genesis, and the settings to serve it with."""

    cast: Cast
    settings: Settings
    folder: Path


@dataclass
class Running:
    """A server process.

    Attributes:
        process: The process that was started; its children are the workers.
        url: Where it listens.
        log: What it says on stderr.
    """

    process: subprocess.Popen[bytes] | Forked
    url: str
    log: Path

    def kill(self) -> None:
        """kill -9 to the process and every child of it, at once.

        Raises:
            RuntimeError: It had ended by itself.
        """
        try:
            first = psutil.Process(self.process.pid)
            first.suspend()  # or it might start another worker in place of one that is killed
        except psutil.NoSuchProcess:
            raise RuntimeError(f"the server ended by itself:\n{self.log.read_text()[-3000:]}") from None
        for member in (*first.children(recursive=True), first):
            with contextlib.suppress(psutil.NoSuchProcess):
                member.send_signal(signal.SIGKILL)
        self.process.wait()

    def processor_seconds(self) -> float:
        """Processor time that the process and its children have used so far (not the database server's)."""
        family = [
            psutil.Process(self.process.pid),
            *psutil.Process(self.process.pid).children(recursive=True),
        ]
        times = [member.cpu_times() for member in family]
        return float(sum(each.user + each.system for each in times))

    def peak_memory_bytes(self) -> int:
        """The largest peak resident size among the process and its children (VmHWM, Linux)."""
        family = [
            psutil.Process(self.process.pid),
            *psutil.Process(self.process.pid).children(recursive=True),
        ]
        return max(peak_bytes(member.pid) for member in family)


def peak_bytes(pid: int) -> int:
    """The peak resident size of a process (VmHWM, Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"process {pid} shows no peak memory")


@contextlib.contextmanager
def database(
    engine: str, folder: Path, *, settings: Mapping[str, str] | None = None, kept: bool = False
) -> Iterator[str]:
    """The URL of a migrated, empty database on a real engine.

    Args:
        engine: One of ``ENGINES``.
        folder: Where SQLite's file lies; and PostgreSQL's server, if it is kept.
        settings: PostgreSQL's.
        kept: Whether it stays in the folder; then it is the one that stands there already, if any does.
    """
    if engine == "sqlite":
        path = folder / "ledger.db"
        yield (
            f"sqlite:///{path}" if kept and path.exists() else copy_sqlite(make_sqlite_template(folder), path)
        )
        return
    # Durable, as SQLite is and as a ledger's database must be.
    with PostgresServer(durable=True, settings=settings, kept=folder / "pg" if kept else None) as server:
        named = folder / "database"
        name = named.read_text() if kept and named.exists() else ""
        if not name:
            name = server.create_database(make_postgres_template(server))
        if kept:
            named.write_text(name)
        yield server.url(name)


@contextlib.contextmanager
def prepared(engine: str, *, workers: int = 2, cast: Cast | None = None) -> Iterator[Prepared]:
    """A new log on an engine, in a temporary folder."""
    with tempfile.TemporaryDirectory(prefix="reledger-bench-") as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        url = stack.enter_context(database(engine, folder))
        cast = cast or Cast()
        key_file = folder / "log.pem"
        write_key_file(key_file, cast.log_key)
        made = create_ledger_engine(url)
        cast.started(made, folder / "mark").close()
        made.dispose()
        settings = Settings(
            database_url=url,
            origin=cast.origin,
            log_key_file=key_file,
            mark_dir=folder / "mark",
            port=free_port(),
            workers=workers,
            queue_limit=20_000,
            log_level="error",
        )
        yield Prepared(cast, settings, folder)


def free_port() -> int:
    """A port of the loopback address on which nothing listens now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(
    settings: Settings, *, module: tuple[str, ...] = ("api.cli", "serve"), forker: Forker | None = None
) -> Running:
    """Starts a server process, with a forker ``reledger serve`` from there, and waits until it answers."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RELEDGER_")}
    environment |= settings.as_environment() | {"PYTHONPATH": str(ROOT)}
    path = settings.mark_dir.parent / "server.log"
    process: subprocess.Popen[bytes] | Forked
    if forker is not None:
        process = forker.start(environment, path)
    else:
        with path.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *module],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
    running = Running(process, f"http://127.0.0.1:{settings.port}", path)
    deadline = time.monotonic() + 180  # on a machine that does much else
    with httpx2.Client(base_url=running.url, timeout=5) as client:
        while time.monotonic() < deadline and process.poll() is None:
            with contextlib.suppress(httpx2.TransportError):
                if client.get("/healthz").status_code == 200:
                    return running
            time.sleep(0.05)
    process.kill()
    process.wait()
    text = path.read_text(errors="replace")
    raise RuntimeError(f"the server did not start:\n{text[-3000:]}")


@contextlib.contextmanager
def serving(
    settings: Settings, *, module: tuple[str, ...] = ("api.cli", "serve"), forker: Forker | None = None
) -> Iterator[Running]:
    """A server, started as ``start`` does, that is ended politely."""
    running = start(settings, module=module, forker=forker)
    try:
        yield running
    finally:
        running.process.terminate()
        try:
            running.process.wait(40)
        except subprocess.TimeoutExpired:
            running.kill()
