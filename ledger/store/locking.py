"""The log lock, the locks of sessions and of attachments, and the database's clock.

Decides: how one writer at a time is let in, on either engine, and when waiting ends. There is no leader:
whoever holds the lock for its transaction may append, in any process on any host. A SQLite file has one lock
for all that is written into it.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, RootTransaction
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ledger.errors import StoreBusy
from ledger.store.asking import Question
from ledger.store.engine import BUSY_TIMEOUT_MS, driver_error, is_sqlite

# SHA-256("reledger log lock"), first eight bytes, as a signed integer. Advisory locks are per database.
LOG_LOCK_KEY = 8283405968054996799
# The same of "reledger session lock": who signs in does not wait for who registers.
SESSION_LOCK_KEY = 2243700950664543781
# The same of "reledger attachment lock": who commits an uploaded one waits for an erasure of statements,
# and for no other registering.
ATTACHMENT_LOCK_KEY = 2405393183590194264

# A commit that is acknowledged must be on the disk, whatever the server's or the role's default is.
_DURABLE = (
    "SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'"
)

_CLOCK = {
    "sqlite": "SELECT NULL",
    "postgresql": "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint",
}

# lock_not_available, query_canceled, deadlock_detected, serialization_failure, too_many_connections,
# disk_full
_BUSY_STATES = frozenset({"55P03", "57014", "40P01", "40001", "53300", "53100"})
# admin_shutdown, crash_shutdown, cannot_connect_now
_GONE_STATES = frozenset({"57P01", "57P02", "57P03"})
_SQLITE_BUSY_CODES = frozenset({5, 6})
_SQLITE_FULL = 13
# SQLite's own waiting sleeps for up to 100 ms at a time, while the lock may long be free.
_POLL_SECONDS = 0.002


def is_busy(error: BaseException) -> bool:
    """Whether this error of the database means "not now": a lock not had in time, no connection, no room."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    if state is not None:
        return state in _BUSY_STATES or state in _GONE_STATES
    # Without a state from the server, psycopg could not reach it.
    return isinstance(error, OperationalError) and (
        _is_sqlite_busy(error.orig)
        or getattr(error.orig, "sqlite_errorcode", None) == _SQLITE_FULL
        or type(error.orig).__module__.startswith("psycopg")
    )


def _is_sqlite_busy(error: BaseException | None) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE_BUSY_CODES
    return "database is locked" in str(error)  # older drivers give only the message


def code_of(error: DBAPIError) -> str:
    """The database's own name for an error, which quotes nothing: ``SQLITE_FULL``, ``53100 DiskFull``."""
    state = getattr(error.orig, "sqlstate", None)
    kind = type(error.orig).__name__
    return f"{state} {kind}" if state else str(getattr(error.orig, "sqlite_errorname", kind))


@contextmanager
def busy_as_unavailable() -> Iterator[None]:
    """Turns the database's "not now" errors into ``StoreBusy``; others pass unchanged.

    Raises:
        StoreBusy: A lock or a connection was not had in time, or the database's disk is full.
    """
    try:
        yield
    except (DBAPIError, PoolTimeout) as error:
        if not is_busy(error):
            raise
        raise StoreBusy("the database is busy, has no room or cannot be reached") from error


def begin_write(
    connection: Connection, *, timeout_ms: int = BUSY_TIMEOUT_MS, lock_key: int = LOG_LOCK_KEY
) -> RootTransaction:
    """Begins a transaction that holds the log lock, or another one of PostgreSQL, until it ends.

    What is read afterwards is what every earlier writer committed (READ COMMITTED on PostgreSQL).

    Args:
        connection: A connection without a transaction.
        timeout_ms: How long to wait for the lock, at least 1.
        lock_key: Which lock of PostgreSQL's; on SQLite there is but one.

    Raises:
        StoreBusy: The lock was not had in time; the connection holds no transaction and may be used again.
    """
    with busy_as_unavailable():
        if is_sqlite(connection):
            return _begin_sqlite(connection, timeout_ms)
        transaction = connection.begin()
        try:
            # One round trip for all, as none has parameters.
            connection.exec_driver_sql(
                f"SET LOCAL lock_timeout = {int(timeout_ms)}; {_DURABLE};"
                f"SELECT pg_advisory_xact_lock({int(lock_key)})",
                execution_options={"no_parameters": True},
            )
        except BaseException:
            transaction.rollback()
            raise
        return transaction


def _begin_sqlite(connection: Connection, timeout_ms: int) -> RootTransaction:
    dbapi_connection = connection.connection.dbapi_connection
    assert dbapi_connection is not None
    until = time.monotonic() + timeout_ms / 1000
    try:
        dbapi_connection.execute("PRAGMA busy_timeout=0")
        while True:
            try:
                dbapi_connection.execute("BEGIN IMMEDIATE")
                break
            except connection.dialect.loaded_dbapi.OperationalError as error:
                if not _is_sqlite_busy(error) or time.monotonic() >= until:
                    raise driver_error(connection, "BEGIN IMMEDIATE", error) from error
            time.sleep(_POLL_SECONDS)
    finally:
        dbapi_connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    return connection.begin()


def begin_read(connection: Connection) -> RootTransaction:
    """Begins a transaction in which every query sees one and the same state.

    Args:
        connection: A connection without a transaction.
    """
    transaction = connection.begin()
    if not is_sqlite(connection):
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    return transaction


def database_clock(dialect: str) -> Question[int | None]:
    """The database's clock in microseconds since the epoch, when it is asked.

    None on SQLite, which has no clock of its own.
    """
    return Question(_CLOCK[dialect], {}, lambda rows: rows[0][0])
