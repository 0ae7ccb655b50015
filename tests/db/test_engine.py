"""How connections are set up, on this machine's SQLite and on one that cannot be trusted with a WAL."""

import sqlite3
import types
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from ledger.errors import SettingsInvalid
from ledger.store import engine as engine_module
from ledger.store.engine import (
    BINARY,
    SAFE_WAL_VERSION,
    choose_journal,
    create_ledger_engine,
    is_sqlite,
    sqlite_module,
)
from ledger.store.locking import begin_write
from ledger.store.log_store import read_head
from ledger.store.schema import upgrade


def older_sqlite() -> types.ModuleType:
    """The driver at hand, which says that its library is one that may corrupt a WAL database."""
    driver = types.ModuleType("older_sqlite")
    driver.__dict__.update(sqlite_module().__dict__)
    driver.__dict__["sqlite_version_info"] = (3, 51, 2)
    return driver


def pragma(engine: Engine, name: str) -> Any:
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


class TestSqlite:
    def test_the_library_at_hand_is_safe(self) -> None:
        assert sqlite_module().sqlite_version_info >= SAFE_WAL_VERSION

    def test_connections_are_durable_and_guarded(self, sqlite_url: str) -> None:
        engine = create_ledger_engine(sqlite_url)
        found = {
            name: pragma(engine, name)
            for name in (
                "journal_mode",
                "synchronous",
                "foreign_keys",
                "recursive_triggers",
                "secure_delete",
                "trusted_schema",
                "busy_timeout",
                "query_only",
            )
        }
        engine.dispose()
        assert found == {
            "journal_mode": "wal",
            "synchronous": 2,
            "foreign_keys": 1,
            "recursive_triggers": 1,
            "secure_delete": 1,
            "trusted_schema": 0,
            "busy_timeout": 10_000,
            "query_only": 0,
        }

    def test_an_unsafe_library_does_without_wal(self, sqlite_url: str) -> None:
        engine = create_ledger_engine(sqlite_url, sqlite_driver=older_sqlite())
        assert pragma(engine, "journal_mode") == "delete"
        assert pragma(engine, "synchronous") == 3
        with engine.connect() as connection, begin_write(connection):
            assert read_head(connection).tree_size == 0
        engine.dispose()

    def test_an_unsafe_library_does_not_join_a_wal_in_use(
        self, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(engine_module, "BUSY_TIMEOUT_MS", 200)
        safe = create_ledger_engine(sqlite_url)
        unsafe = create_ledger_engine(sqlite_url, sqlite_driver=older_sqlite())
        with safe.connect() as connection:
            read_head(connection)
            with pytest.raises(DBAPIError, match="locked"):
                unsafe.connect()
        safe.dispose()
        unsafe.dispose()

    def test_two_writers_without_wal_wait_for_each_other(self, sqlite_url: str) -> None:
        engine = create_ledger_engine(sqlite_url, sqlite_driver=older_sqlite())
        with engine.connect() as connection, engine.connect() as reader:
            with begin_write(connection):
                connection.execute(text("UPDATE head SET refusal_count = 1"))
            assert read_head(reader).refusal_count == 1
        engine.dispose()

    def test_a_transaction_is_begun_only_when_asked(self, sqlite_url: str) -> None:
        engine = create_ledger_engine(sqlite_url)
        with engine.connect() as connection:
            driver = connection.connection.dbapi_connection
            assert driver is not None
            assert not driver.in_transaction
            connection.exec_driver_sql("CREATE TABLE made (x)")
            assert driver.in_transaction
            connection.rollback()
            assert connection.scalar(text("SELECT count(*) FROM sqlite_schema WHERE name = 'made'")) == 0
        engine.dispose()

    def test_a_missing_file_is_not_made_for_reading(self, tmp_path: Path) -> None:
        path = tmp_path / "none.db"
        with pytest.raises(SettingsInvalid, match="no database file"):
            create_ledger_engine(f"sqlite:///{path}", read_only=True)
        assert not path.exists()

    def test_reading_leaves_the_journal_mode(self, tmp_path: Path) -> None:
        path = tmp_path / "other.db"
        with sqlite3.connect(path) as made:
            made.execute("CREATE TABLE x (y)")
        made.close()
        engine = create_ledger_engine(f"sqlite:///{path}", read_only=True)
        assert pragma(engine, "journal_mode") == "delete"
        engine.dispose()

    def test_a_path_may_hold_any_characters(self, tmp_path: Path) -> None:
        folder = tmp_path / "100% of #1 ? 钕"
        folder.mkdir()
        url = URL.create("sqlite", database=str(folder / "ledger.db"))
        upgrade(url.render_as_string(hide_password=False))
        assert (folder / "ledger.db").stat().st_size > 0


class TestBothEngines:
    def test_reading_alone_cannot_write(self, database_url: str) -> None:
        engine = create_ledger_engine(database_url, read_only=True)
        with engine.connect() as connection:
            assert read_head(connection).tree_size == 0
            with pytest.raises(DBAPIError, match=r"readonly|read-only"):
                connection.execute(text("UPDATE head SET tree_size = 1"))
        engine.dispose()

    def test_the_connection_that_was_used_last_is_used_next(self, engine: Engine) -> None:
        """What it has read and prepared is at hand; another one would begin anew."""
        with ExitStack() as stack:
            for _ in range(3):
                stack.enter_context(engine.connect())
        used = set()
        for _ in range(6):
            with engine.connect() as connection:
                used.add(id(connection.connection.dbapi_connection))
        assert len(used) == 1

    def test_which_engine(self, database_url: str) -> None:
        engine = create_ledger_engine(database_url)
        with engine.connect() as connection:
            assert is_sqlite(engine) is is_sqlite(connection) is database_url.startswith("sqlite")
        engine.dispose()

    def test_rows_in_binary_are_the_same(self, engine: Engine) -> None:
        query = text("SELECT head_key, tree_size, root, checkpoint_number, refusal_hash FROM head")
        with engine.connect() as connection:
            plain = connection.execute(query).all()
            assert connection.execute(query, execution_options=BINARY).all() == plain
        assert all(isinstance(value, int | bytes) for value in plain[0])

    @pytest.mark.postgresql
    def test_a_plain_postgresql_url_uses_psycopg(self, postgres_url: str) -> None:
        engine = create_ledger_engine(postgres_url.replace("+psycopg", ""))
        with engine.connect() as connection:
            assert connection.scalar(text("SHOW transaction_isolation")) == "read committed"
        engine.dispose()


class TestUrls:
    @pytest.mark.parametrize(
        "url",
        [
            "",
            "ledger.db",
            "sqlite://",
            "sqlite:///",
            "sqlite:///:memory:",
            "sqlite:///file::memory:?cache=shared&uri=true",
            "sqlite:///x.db?mode=memory",
            "mysql://u@h/d",
            "postgresql+psycopg2://u@h/d",
            "postgresql+asyncpg://u@h/d",
        ],
    )
    def test_what_is_not_a_ledgers_database(self, url: str) -> None:
        with pytest.raises(SettingsInvalid):
            create_ledger_engine(url)

    def test_a_refused_url_is_not_repeated(self) -> None:
        """It may hold a password."""
        for url in ("nonsense secret", "mysql://u:secret@h/d", "postgresql+psycopg2://u:secret@h/d"):
            with pytest.raises(SettingsInvalid) as caught:
                create_ledger_engine(url)
            assert "secret" not in str(caught.value)


class TestJournal:
    @pytest.mark.parametrize(
        ("version", "expected"),
        [
            ((3, 51, 3), ("wal", "FULL")),
            ((3, 53, 4), ("wal", "FULL")),
            ((4, 0, 0), ("wal", "FULL")),
            ((3, 51, 2), ("delete", "EXTRA")),
            ((3, 51, 0), ("delete", "EXTRA")),
            ((3, 40, 1), ("delete", "EXTRA")),
            ((3, 7, 0), ("delete", "EXTRA")),
        ],
    )
    def test_wal_only_where_it_is_safe(self, version: tuple[int, ...], expected: tuple[str, str]) -> None:
        assert choose_journal(version) == expected
