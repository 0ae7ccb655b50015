"""Fixtures of the tests on databases: the write path on a log with its genesis, and simulated ledgers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from ledger.provenance import graph
from ledger.registration.registrar import Registrar
from ledger.store.engine import create_ledger_engine
from ledger.store.graph_copy import GraphCopy
from tests.support.cast import Cast
from tests.support.ledgers import LedgerBuilder


@pytest.fixture
def cast() -> Cast:
    return Cast()


@pytest.fixture
def registrar(cast: Cast, engine: Engine, tmp_path: Path) -> Iterator[Registrar]:
    made = cast.started(engine, tmp_path / "mark")
    yield made
    made.close()


@pytest.fixture
def ledger(engine: Engine) -> LedgerBuilder:
    """A ledger with its genesis; the test runs once for each engine."""
    made = LedgerBuilder(engine, batch=50, remember=True)
    made.genesis()
    return made


@pytest.fixture
def sqlite_ledger(sqlite_url: str) -> Iterator[LedgerBuilder]:
    """The same on SQLite alone, for what does not depend on the database."""
    engine = create_ledger_engine(sqlite_url)
    made = LedgerBuilder(engine, batch=50, remember=True)
    made.genesis()
    yield made
    engine.dispose()


@pytest.fixture
def copy(tmp_path: Path) -> GraphCopy:
    """A copy of the lots that nobody has made yet."""
    return GraphCopy(tmp_path / "graph")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The queries that walks ask of the database, in their order."""
    queries: list[str] = []
    ask = graph.ask_driver

    def noted(connection: Connection, wanted: Any) -> Any:
        queries.extend(query for query, _ in wanted)
        return ask(connection, wanted)

    monkeypatch.setattr(graph, "ask_driver", noted)
    return queries
