"""Opening the database.

Decides: which SQLite library and journal are safe here, and what every connection is set to. Never opens
anything at import, never creates tables (``ledger.store.schema`` does).

SQLite before 3.51.3 can corrupt a WAL database when one connection checkpoints while another writes. Where
only such a library is found, the rollback journal is used instead: slower for single statements, and safe.
"""

import importlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from ledger.errors import SettingsInvalid

SAFE_WAL_VERSION = (3, 51, 3)
BUSY_TIMEOUT_MS = 10_000
_SQLITE_CACHE_KIB = 16_384
_SQLITE_MAPPED_BYTES = 2**31 - 2**16  # the most that SQLite maps unless it was built otherwise

# Execution options: rows come in PostgreSQL's binary format. Hashes and statements are half as long that way;
# only for integers, text, booleans and bytes, which need no reading of types that the driver does not know in
# binary.
BINARY = {"reledger_binary": True}
_PARAMETER = re.compile(r"(?<!:):([a-z]+)")  # and no cast


def is_sqlite(bind: Connection | Engine) -> bool:
    """Whether this is SQLite; otherwise it is PostgreSQL."""
    return bind.dialect.name == "sqlite"


@cache
def in_psycopg_words(query: str) -> str:
    """A query for PostgreSQL's driver, with ``%(name)s`` where SQLite's takes ``:name``."""
    return _PARAMETER.sub(r"%(\1)s", query)


def driver_error(connection: Connection, asked: str, error: Exception) -> DBAPIError:
    """What SQLAlchemy would have raised for an error of the driver's, had it been asked instead.

    Args:
        connection: Whose driver it was.
        asked: What was asked of it.
        error: What it said.
    """
    dialect = connection.dialect
    told = DBAPIError.instance(asked, None, error, dialect.loaded_dbapi.Error, dialect=dialect)
    assert isinstance(told, DBAPIError)
    return told


@contextmanager
def driver_errors(connection: Connection, asked: str) -> Iterator[None]:
    """Raises what SQLAlchemy would for what is asked of its connection's driver directly."""
    try:
        yield
    except connection.dialect.loaded_dbapi.Error as error:
        raise driver_error(connection, asked, error) from error


def begun(connection: Connection) -> Any:
    """The driver's own connection, in a transaction that SQLAlchemy knows of.

    It sees nothing of what its driver is asked directly, and would commit and roll back nothing.
    """
    if not connection.in_transaction():
        connection.begin()
    return connection.connection.dbapi_connection


def choose_journal(version: tuple[int, ...]) -> tuple[str, str]:
    """The journal mode and the synchronous level that are durable and safe with this SQLite.

    Args:
        version: ``sqlite_version_info`` of the library in use.

    Returns:
        ("wal", "FULL"), or ("delete", "EXTRA") where WAL may corrupt: with a rollback journal a commit is
        only durable once the journal's folder is synced too, which is what EXTRA adds.
    """
    return ("wal", "FULL") if version >= SAFE_WAL_VERSION else ("delete", "EXTRA")


def sqlite_module() -> ModuleType:
    """The newest SQLite driver at hand: pysqlite3 (which bundles a current library) or Python's own."""
    own = importlib.import_module("sqlite3.dbapi2")
    try:
        bundled = importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return own
    return bundled if bundled.sqlite_version_info >= own.sqlite_version_info else own


def create_ledger_engine(
    url: str | URL, *, pool_size: int = 8, read_only: bool = False, sqlite_driver: ModuleType | None = None
) -> Engine:
    """An engine on a ledger's database; nothing is opened yet.

    Args:
        url: ``sqlite:///path`` (a file on a local disk) or ``postgresql://...`` (read as
        ``postgresql+psycopg``).
        pool_size: Connections kept open, at least 1; as many again may be opened for a moment.
        read_only: Every write fails on this engine's connections; a SQLite file must be there.
        sqlite_driver: The SQLite module to use instead of the newest one at hand.

    Raises:
        SettingsInvalid: The URL is malformed, names another engine, or names no file.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise SettingsInvalid("the database URL cannot be read") from error
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed, pool_size, read_only, sqlite_driver or sqlite_module())
    if parsed.get_backend_name() == "postgresql":
        return _postgresql_engine(parsed, pool_size, read_only)
    raise SettingsInvalid(f"the database is {parsed.get_backend_name()}; use sqlite or postgresql")


def _sqlite_engine(url: URL, pool_size: int, read_only: bool, driver: ModuleType) -> Engine:
    if not url.database or url.database == ":memory:" or url.query:
        raise SettingsInvalid("a SQLite URL names a file and nothing else: sqlite:///path/to/ledger.db")
    if read_only and not Path(url.database).is_file():
        raise SettingsInvalid(f"there is no database file {url.database}")
    engine = create_engine(
        url.set(drivername="sqlite"),
        module=driver,
        **_pool(pool_size),
        # Waiting for a lock is SQLite's own doing, with the GIL released.
        connect_args={"timeout": BUSY_TIMEOUT_MS / 1000, "isolation_level": None},
    )
    journal, synchronous = choose_journal(driver.sqlite_version_info)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        # The driver would otherwise open transactions by itself, and only before some statements.
        connection.isolation_level = None
        cursor = connection.cursor()
        try:
            # Reading alone leaves the file as it is, unless this library could damage it.
            if not read_only or journal != "wal":
                _set_journal(cursor, journal, driver)
            for pragma in (
                f"synchronous={synchronous}",
                "foreign_keys=ON",
                "recursive_triggers=ON",
                "secure_delete=ON",
                "trusted_schema=OFF",
                "fullfsync=ON",
                "checkpoint_fullfsync=ON",
                f"cache_size=-{_SQLITE_CACHE_KIB}",
                f"query_only={'ON' if read_only else 'OFF'}",
            ):
                cursor.execute(f"PRAGMA {pragma}")
        finally:
            cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        dbapi_connection = connection.connection.dbapi_connection
        # begin_write has begun already, with the lock.
        if dbapi_connection is not None and not dbapi_connection.in_transaction:
            dbapi_connection.execute("BEGIN")

    return engine


def _pool(size: int) -> dict[str, Any]:
    """How connections are kept: what the one used last has read and prepared is used again."""
    return {"pool_size": size, "max_overflow": size, "pool_use_lifo": True}


def _set_journal(cursor: Any, journal: str, driver: ModuleType) -> None:
    """Sets the journal mode; changing it needs the file alone, and SQLite does not wait for that by
    itself.
    """
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            row = cursor.execute(f"PRAGMA journal_mode={journal}").fetchone()
        except driver.OperationalError:
            row = None
            if time.monotonic() >= deadline:
                raise
        if row is not None and row[0] == journal:
            return
        if row is not None and time.monotonic() >= deadline:
            raise driver.OperationalError(f"database is locked: its journal stays {row[0]}, not {journal}")
        time.sleep(0.02)


def map_file(connection: Connection) -> None:
    """Lets SQLite read its file as memory from now on, on this connection: for questions that touch thousands
    of pages here and there, each of which would be a call of the system. Nothing is written that way.

    What of the file lies beyond 2 GiB is read as before, and PostgreSQL is left as it is. A disk that fails
    under such a reader ends the process instead of raising an error.
    """
    if is_sqlite(connection):
        connection.exec_driver_sql(f"PRAGMA mmap_size={_SQLITE_MAPPED_BYTES}").close()


def _postgresql_engine(url: URL, pool_size: int, read_only: bool) -> Engine:
    if url.drivername not in ("postgresql", "postgresql+psycopg"):
        raise SettingsInvalid(f"the driver {url.drivername} is not supported; use postgresql+psycopg")
    from ledger.store.psycopg_forms import BINARY_FORMAT, end_stream, require_no_stream, take_packed

    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        **_pool(pool_size),
        pool_pre_ping=True,
        isolation_level="READ COMMITTED",
    )

    @event.listens_for(engine, "connect")
    def _adapt(connection: Any, _record: Any) -> None:
        take_packed(connection)

    @event.listens_for(engine, "before_cursor_execute")
    def _choose_format(
        connection: Connection, cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool
    ) -> None:
        require_no_stream(connection)
        if context.execution_options.get("reledger_binary"):
            cursor.format = BINARY_FORMAT

    event.listen(engine, "rollback", end_stream)

    if read_only:

        @event.listens_for(engine, "connect")
        def _prepare(connection: Any, _record: Any) -> None:
            connection.read_only = True

    return engine
