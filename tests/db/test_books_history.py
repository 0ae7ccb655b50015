"""The histories of ``tests/properties/test_books_machine.py`` through the write path, on both engines.

Each history has a ledger of its own, copied from one that has its genesis. Every statement is signed, read,
judged and booked as any other; the books accept exactly what the model accepts, a refused statement leaves
every table as it was, and at the end ``verify --replay`` folds the log again and finds the same books.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ledger.store.engine import create_ledger_engine
from tests.support.databases import copy_sqlite
from tests.support.history_corrections import BooksMachine, tell
from tests.support.history_database import Database, Firms
from tests.support.postgres import PostgresServer

TIMES = int(os.environ.get("HISTORIES_TIMES", "1"))
HISTORIES = 10 * TIMES
STEPS = 60

Fresh = Callable[[], tuple[str, Callable[[], None]]]
"""Gives the URL of a new copy of the ledger with its genesis, and what removes it."""


@pytest.fixture
def cast() -> Firms:
    return Firms()


def begin(cast: Firms, url: str, mark: Path) -> None:
    """Gives a migrated database its genesis."""
    engine = create_ledger_engine(url)
    cast.started(engine, mark).close()
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def fresh(request: pytest.FixtureRequest, cast: Firms, tmp_path: Path) -> Iterator[Fresh]:
    if request.param == "sqlite":
        first = tmp_path / "begun.db"
        begin(cast, copy_sqlite(request.getfixturevalue("sqlite_template"), first), tmp_path / "mark")

        def copied() -> tuple[str, Callable[[], None]]:
            path = tmp_path / "history.db"
            return copy_sqlite(first, path), lambda: [each.unlink() for each in tmp_path.glob("history.db*")]

        yield copied
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    begun = server.create_database(request.getfixturevalue("postgres_template"))
    begin(cast, server.url(begun), tmp_path / "mark")

    def created() -> tuple[str, Callable[[], None]]:
        name = server.create_database(begun)
        return server.url(name), lambda: server.drop_database(name)

    yield created
    server.drop_database(begun)


def test_histories(cast: Firms, fresh: Fresh, tmp_path: Path) -> None:
    accepted = refused = 0
    for seed in range(HISTORIES):
        url, remove = fresh()
        engine = create_ledger_engine(url)
        shutil.copytree(tmp_path / "mark", tmp_path / "used")
        world = Database.opened(cast, engine, tmp_path / "used")
        tell(BooksMachine(world), seed, STEPS)
        accepted, refused = accepted + len(world.events), refused + world.refused
        engine.dispose()
        shutil.rmtree(tmp_path / "used")
        remove()
    assert accepted > 15 * HISTORIES
    assert refused > 5 * HISTORIES
