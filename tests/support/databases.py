"""Databases for tests: each one's own, copied from a migrated template. Copies see commits and locks."""

import contextlib
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from ledger.store.engine import create_ledger_engine, is_sqlite
from ledger.store.models import LOG_TABLES
from ledger.store.schema import upgrade
from tests.support.postgres import PostgresServer


def make_sqlite_template(folder: Path) -> Path:
    """A migrated SQLite file with nothing open on it."""
    path = folder / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


def copy_sqlite(template: Path, path: Path) -> str:
    """Copies a closed SQLite database; returns the copy's URL."""
    shutil.copyfile(template, path)
    return f"sqlite:///{path}"


def make_postgres_template(server: PostgresServer) -> str:
    """A migrated database; returns its name."""
    name = server.create_database()
    upgrade(server.url(name))
    return name


@contextlib.contextmanager
def engine_asked_for(request: pytest.FixtureRequest, folder: Path) -> Iterator[Engine]:
    """An engine on a migrated, empty database, for a fixture that outlives a test.

    Its parameter, ``sqlite`` or ``postgresql``, says of which kind; a SQLite file lies in the folder.
    """
    with contextlib.ExitStack() as stack:
        if request.param == "sqlite":
            url = copy_sqlite(request.getfixturevalue("sqlite_template"), folder / "ledger.db")
        else:
            server: PostgresServer = request.getfixturevalue("postgres_server")
            name = server.create_database(request.getfixturevalue("postgres_template"))
            stack.callback(server.drop_database, name)
            url = server.url(name)
        engine = create_ledger_engine(url)
        stack.callback(engine.dispose)
        yield engine


@contextlib.contextmanager
def unguarded(url: str) -> Iterator[Connection]:
    """A connection as a database's owner may have it: triggers and foreign keys off, committed at the end.

    For tests that change what is stored, as somebody with the file or the superuser's password could. The
    triggers are back afterwards.
    """
    engine = create_ledger_engine(url, pool_size=1)
    try:
        with engine.connect() as connection, guards_off(connection):
            yield connection
    finally:
        engine.dispose()


@contextlib.contextmanager
def guards_off(connection: Connection) -> Iterator[None]:
    """A transaction, committed at the end, in which triggers and foreign keys are off; they are back then."""
    tables = (*LOG_TABLES, "head")
    if is_sqlite(connection):
        raw = connection.connection.dbapi_connection
        assert raw is not None
        raw.execute("PRAGMA foreign_keys=OFF")
        raw.execute("PRAGMA ignore_check_constraints=ON")
        with connection.begin():
            triggers = connection.execute(
                text("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
            ).all()
            for name, _ in triggers:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
            yield
            for _, sql in triggers:
                connection.exec_driver_sql(sql)
        raw.execute("PRAGMA ignore_check_constraints=OFF")
        raw.execute("PRAGMA foreign_keys=ON")
    else:
        with connection.begin():
            _alter(connection, [f"{table} DISABLE TRIGGER ALL" for table in tables])
            yield
            asked = (
                "SELECT CAST(CAST(tgrelid AS regclass) AS text) AS guarded, tgname FROM pg_trigger "
                "WHERE CAST(CAST(tgrelid AS regclass) AS text) = ANY(:tables) AND NOT tgisinternal"
            )
            ours = connection.execute(text(asked), {"tables": list(tables)}).all()
            _alter(connection, [f"{table} ENABLE TRIGGER ALL" for table in tables])
            _alter(connection, [f"{table} ENABLE ALWAYS TRIGGER {name}" for table, name in ours])


def _alter(connection: Connection, changes: Sequence[str]) -> None:
    """Alters tables of a PostgreSQL database, all in one message."""
    connection.exec_driver_sql("".join(f"ALTER TABLE {change};" for change in changes))
