"""Runs the migrations: one at a time per database, each run in one transaction, never waiting without end."""

import os
from logging.config import fileConfig

from alembic import context
from alembic.util import CommandError
from sqlalchemy import Connection

from ledger.store.books_tables import ONE_ENGINE
from ledger.store.engine import create_ledger_engine, is_sqlite
from ledger.store.locking import begin_write, busy_as_unavailable
from ledger.store.models import Base

# SHA-256("reledger migration lock"), first eight bytes, as a signed integer.
MIGRATION_LOCK_KEY = -1509538430625614213
DEFAULT_LOCK_TIMEOUT_MS = 10_000
STATEMENT_TIMEOUT_MS = 300_000

config = context.config
if config.config_file_name is not None:
    fileConfig(config.config_file_name, disable_existing_loggers=False)


def migrate(connection: Connection) -> None:
    """Brings the database to the wanted version, alone."""
    lock_timeout_ms = int(config.attributes.get("lock_timeout_ms", DEFAULT_LOCK_TIMEOUT_MS))
    # The version is read only after the lock is had: a second run then finds the work done.
    with busy_as_unavailable():
        if is_sqlite(connection):
            transaction = begin_write(connection, timeout_ms=lock_timeout_ms)
        else:
            transaction = connection.begin()
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {lock_timeout_ms}")
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK_KEY})")
        with transaction:
            context.configure(
                connection=connection,
                target_metadata=Base.metadata,
                transactional_ddl=True,
                render_as_batch=is_sqlite(connection),
                include_object=lambda _, name, *__: name not in ONE_ENGINE,
            )
            context.run_migrations()


def run() -> None:
    """Migrates the connection that ledger.store.schema hands over, or what the environment names."""
    if context.is_offline_mode():
        raise CommandError("Migrations need the database itself; there is no SQL script of them.")
    connection = config.attributes.get("connection")
    if connection is not None:
        migrate(connection)
        return
    url = os.environ.get("RELEDGER_DATABASE_URL")
    if url is None:
        raise CommandError("Set RELEDGER_DATABASE_URL to the database to work on.")
    engine = create_ledger_engine(url, pool_size=1)
    try:
        with engine.connect() as connection:
            migrate(connection)
    finally:
        engine.dispose()


run()
