"""The tests' own PostgreSQL: a real server, out of everybody's way, gone when its owner is."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import text

from ledger.store.engine import create_ledger_engine
from ledger.store.log_store import read_head
from tests.support.databases import make_postgres_template
from tests.support.postgres import (
    BIN_VARIABLE,
    PostgresMissing,
    PostgresServer,
    copy_installation,
    find_binaries,
)
from tests.support.signals import heeding_interrupts

pytestmark = pytest.mark.postgresql

ROOT = Path(__file__).resolve().parents[2]
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another user")


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def wait_until_gone(pid: int, folder: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not (gone(pid) and not folder.exists()):
        time.sleep(0.05)
    assert gone(pid)
    assert not folder.exists()


class TestServer:
    def test_it_listens_only_on_a_socket_in_a_private_folder(self, postgres_server: PostgresServer) -> None:
        assert stat.S_IMODE(postgres_server.folder.stat().st_mode) == 0o700
        listening = psutil.Process(postgres_server.pid).net_connections("inet")
        assert listening == []
        assert list(postgres_server.folder.glob(".s.PGSQL.*"))

    def test_it_does_not_run_as_root(self, postgres_server: PostgresServer) -> None:
        assert psutil.Process(postgres_server.pid).uids().real != 0

    def test_databases_are_copies_of_their_own(
        self, postgres_server: PostgresServer, postgres_template: str
    ) -> None:
        names = [postgres_server.create_database(postgres_template) for _ in range(2)]
        engine = create_ledger_engine(postgres_server.url(names[0]))
        with engine.begin() as connection:
            connection.execute(text("UPDATE head SET tree_size = 5"))
        engine.dispose()
        engine = create_ledger_engine(postgres_server.url(names[1]))
        with engine.connect() as connection:
            assert read_head(connection).tree_size == 0
        # Dropping ends what is still connected: the engine keeps its connection.
        for name in names:
            postgres_server.drop_database(name)
        engine.dispose()

    def test_it_stops_and_starts_with_its_data(self) -> None:
        with PostgresServer(durable=True) as server:
            engine = create_ledger_engine(server.url(make_postgres_template(server)))
            with engine.begin() as connection:
                connection.execute(text("UPDATE head SET tree_size = 5"))
                assert connection.scalar(text("SHOW fsync")) == "on"
            first, folder = server.pid, server.folder
            server.stop()
            assert gone(first)
            server.stop()
            server.start()
            with engine.connect() as connection:  # made anew, as the old one is found to be dead
                assert read_head(connection).tree_size == 5
            engine.dispose()
            second = server.pid
        assert gone(second)
        assert not folder.exists()


class TestEnding:
    CODE = (
        "import sys, time\n"
        "from tests.support.postgres import PostgresServer\n"
        "with PostgresServer() as server:\n"
        "    print(server.pid, server.folder, flush=True)\n"
        "    time.sleep(300)\n"
    )

    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
    def test_it_ends_with_its_owner(self, number: signal.Signals) -> None:
        with heeding_interrupts():
            owner = subprocess.Popen(
                [sys.executable, "-c", self.CODE],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        with owner:
            assert owner.stdout is not None
            pid, folder = owner.stdout.readline().split()
            assert psutil.pid_exists(int(pid))
            owner.send_signal(number)
            owner.wait(30)
        wait_until_gone(int(pid), Path(folder))

    def test_other_servers_are_left_alone(self, postgres_server: PostgresServer) -> None:
        with PostgresServer() as other:
            pid = other.pid
        assert gone(pid)
        with psycopg.connect(
            host=str(postgres_server.folder), user="postgres", dbname="postgres"
        ) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


class TestBinaries:
    def test_without_them_it_fails_and_says_why(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(BIN_VARIABLE, str(tmp_path))
        with pytest.raises(PostgresMissing, match=BIN_VARIABLE), PostgresServer():
            pass

    def test_a_server_that_does_not_start_says_why(self) -> None:
        server = PostgresServer(settings={"no_such_setting": "1"})
        with pytest.raises(RuntimeError, match="no_such_setting"), server:
            pass
        assert server.folder.name.startswith("reledger-pg-")
        assert not server.folder.exists()

    @AS_ROOT
    def test_binaries_that_nobody_can_read_are_copied(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tmp_path.chmod(0o700)
        monkeypatch.setenv(BIN_VARIABLE, str(copy_installation(find_binaries(), tmp_path)))
        with PostgresServer() as server:
            assert server.binaries.is_relative_to(server.folder)
            engine = create_ledger_engine(server.url("postgres"))
            with engine.connect() as connection:
                assert connection.scalar(text("SELECT 1")) == 1
            engine.dispose()

    def test_an_older_postgresql_migrates_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """The wheel brings two; the older one stands for what a distribution ships."""
        older = find_binaries().parents[1] / "pginstall" / "bin"
        if os.environ.get(BIN_VARIABLE) or not older.is_dir():
            pytest.skip("the binaries in use are one named by hand, or come without an older sister")
        monkeypatch.setenv(BIN_VARIABLE, str(older))
        with PostgresServer() as server:
            engine = create_ledger_engine(server.url(make_postgres_template(server)))
            with engine.connect() as connection:
                assert str(connection.scalar(text("SHOW server_version"))).startswith("16.")
                assert read_head(connection).tree_size == 0
            engine.dispose()
