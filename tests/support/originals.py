"""A ledger that is filled once, and goes on in a copy of its database for each test that begins there."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ledger.store.engine import create_ledger_engine
from tests.support.databases import copy_sqlite
from tests.support.ledgers import LedgerBuilder
from tests.support.postgres import PostgresServer


@dataclass(frozen=True)
class Original:
    """A ledger that is never changed, and what copies its database.

    Attributes:
        ledger: Everything flushed, its engine disposed of.
        copied: The URL of a new copy, which is removed when the context is left.
    """

    ledger: LedgerBuilder
    copied: Callable[[], AbstractContextManager[str]]

    @contextmanager
    def continued(self) -> Iterator[LedgerBuilder]:
        """A builder that goes on from here in a database of its own."""
        with self.copied() as url:
            engine = create_ledger_engine(url)
            yield self.ledger.fork(engine)
            engine.dispose()


@contextmanager
def copies(
    request: pytest.FixtureRequest, kind: str, folder: Path, fill: Callable[[Engine], None]
) -> Iterator[Callable[[], AbstractContextManager[str]]]:
    """Has a migrated, empty database filled; what gives the URL of a copy while a context lasts.

    Args:
        request: Of a fixture that outlives a test.
        kind: ``sqlite`` or ``postgresql``.
        folder: Where SQLite files may lie.
        fill: Writes to the database and keeps nothing open.
    """
    with ExitStack() as stack:
        copied: Callable[[], AbstractContextManager[str]]
        if kind == "sqlite":
            path, numbers = folder / "original.db", itertools.count()
            url = copy_sqlite(request.getfixturevalue("sqlite_template"), path)

            @contextmanager
            def copied_file() -> Iterator[str]:
                copy = folder / f"copy-{next(numbers)}.db"
                yield copy_sqlite(path, copy)
                for each in folder.glob(f"{copy.name}*"):
                    each.unlink()

            copied = copied_file
        else:
            server: PostgresServer = request.getfixturevalue("postgres_server")
            name = server.create_database(request.getfixturevalue("postgres_template"))
            stack.callback(server.drop_database, name)
            url = server.url(name)

            @contextmanager
            def copied_database() -> Iterator[str]:
                copy = server.create_database(name)
                yield server.url(copy)
                server.drop_database(copy)

            copied = copied_database
        engine = create_ledger_engine(url)
        fill(engine)
        engine.dispose()
        yield copied


@contextmanager
def original(
    request: pytest.FixtureRequest, kind: str, folder: Path, fill: Callable[[Engine], LedgerBuilder]
) -> Iterator[Original]:
    """Has a ledger made in a database of which there are ``copies``."""
    made: list[LedgerBuilder] = []

    def build(engine: Engine) -> None:
        made.append(fill(engine))
        made[0].flush()

    with copies(request, kind, folder, build) as copied:
        yield Original(made[0], copied)
