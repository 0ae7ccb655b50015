"""The database's version: bringing it up to date, and refusing to work on another.

Migrations are separate from the ledger's code (``migrations``), which they never import; this is the only
place that runs them.
"""

import os

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from ledger.errors import SettingsInvalid
from ledger.store.engine import BUSY_TIMEOUT_MS, create_ledger_engine, is_sqlite
from ledger.store.locking import busy_as_unavailable

DEFAULT_ROLE_PREFIX = "reledger"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "migrations:")
    config.set_main_option("path_separator", "os")
    return config


def upgrade(
    url: str, *, role_prefix: str = DEFAULT_ROLE_PREFIX, lock_timeout_ms: int = BUSY_TIMEOUT_MS
) -> None:
    """Brings a database to the newest version; a new or empty one gets all tables. Safe to run twice at once.

    Args:
        url: As for ``create_ledger_engine``.
        role_prefix: PostgreSQL roles are named ``<prefix>_owner``, ``_writer`` and ``_reader``.
        lock_timeout_ms: How long to wait for another migration, or for a table in use; at least 1.

    Raises:
        SettingsInvalid: This user cannot migrate the database, or not from where it is; the detail says
            what to do.
        StoreBusy: Another migration, or work on a table that changes, did not end in time.
    """
    engine = create_ledger_engine(url, pool_size=1)
    if is_sqlite(engine):
        _create_private(engine.url.database or "")
    config = _config()
    config.attributes["role_prefix"] = role_prefix
    config.attributes["lock_timeout_ms"] = lock_timeout_ms
    try:
        with _open(engine) as connection, busy_as_unavailable():
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except CommandError as error:
        raise SettingsInvalid(str(error)) from error
    finally:
        engine.dispose()


def _create_private(path: str) -> None:
    """Makes an empty file that only its owner may read, if there is none: statements are private.

    SQLite gives the files beside it the same rights.
    """
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        return
    except OSError as error:
        raise SettingsInvalid(f"the database file {path} cannot be made: {error.strerror}") from error


def _open(engine: Engine) -> Connection:
    try:
        return engine.connect()
    except DBAPIError as error:
        # For the operator alone: a caller over HTTP is never told where the database is.
        raise SettingsInvalid(f"the database cannot be opened: {error.orig}") from error


def newest() -> str:
    """The version that this code works on."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def current(engine: Engine) -> str | None:
    """The version of this database, None if it was never migrated.

    Raises:
        StoreBusy: The database cannot be reached.
    """
    with busy_as_unavailable(), engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def require_newest(engine: Engine) -> None:
    """Returns if the database has the version that this code works on.

    Raises:
        SettingsInvalid: It has another one, or none.
        StoreBusy: The database cannot be reached.
    """
    found, wanted = current(engine), newest()
    if found != wanted:
        raise SettingsInvalid(
            f"the database has version {found or 'none'} and this program needs {wanted}",
            mend="Run 'reledger migrate'; if the database is newer, use the newer program.",
        )
