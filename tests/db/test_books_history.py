"""The histories of ``tests/properties/test_books_machine.py`` through the write path, on both engines.

Each history has a ledger of its own, copied from one that has its genesis. Every statement is signed, read,
judged and booked as any other; the books accept exactly what the model accepts, a refused statement leaves
every table as it was, and at the end ``verify --replay`` folds the log again and finds the same books.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from sqlalchemy import Engine

from ledger.store.engine import create_ledger_engine
from tests.support.history_corrections import BooksMachine, tell
from tests.support.history_database import Database, Firms
from tests.support.originals import copies

TIMES = int(os.environ.get("HISTORIES_TIMES", "1"))
HISTORIES = 10 * TIMES
STEPS = 60

Fresh = Callable[[], AbstractContextManager[str]]
"""Gives the URL of a new copy of the ledger with its genesis."""


@pytest.fixture
def cast() -> Firms:
    return Firms()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def fresh(request: pytest.FixtureRequest, cast: Firms, tmp_path: Path) -> Iterator[Fresh]:
    def begin(engine: Engine) -> None:
        cast.started(engine, tmp_path / "mark").close()

    with copies(request, request.param, tmp_path, begin) as copied:
        yield copied


def test_histories(cast: Firms, fresh: Fresh, tmp_path: Path) -> None:
    accepted = refused = 0
    for seed in range(HISTORIES):
        with fresh() as url:
            engine = create_ledger_engine(url)
            shutil.copytree(tmp_path / "mark", tmp_path / "used")
            world = Database.opened(cast, engine, tmp_path / "used")
            tell(BooksMachine(world), seed, STEPS)
            accepted, refused = accepted + len(world.events), refused + world.refused
            engine.dispose()
            shutil.rmtree(tmp_path / "used")
    assert accepted > 15 * HISTORIES
    assert refused > 5 * HISTORIES
