"""Fixtures shared by all tests; the servers and databases behind them live in tests/support.

Every test has a database of its own, copied from a migrated template. PostgreSQL is always a real server, one
for each test process; without its binaries the tests fail, they are not skipped.
"""

import gc
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy import Engine

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from ledger.store.engine import create_ledger_engine  # noqa: E402
from tests.support.browser import MEND, NO_BROWSER  # noqa: E402
from tests.support.compiling import compile_once  # noqa: E402
from tests.support.databases import copy_sqlite, make_postgres_template, make_sqlite_template  # noqa: E402
from tests.support.postgres import PostgresServer  # noqa: E402
from tests.support.temporary import prefer_memory  # noqa: E402

prefer_memory()
compile_once()

# A busy machine is slow; how long one example takes says nothing about what it shows.
settings.register_profile("reledger", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("reledger")

ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Nobody looks for garbage among tests that are being collected, nor later in what was: it all stays.

    In what tests make it is looked for less often than usual, which saves a twentieth of their time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(20_000, 10, 10)
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Slow tests come first, so that none is left for one worker when the others are done."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What was left out for want of a browser is said at the end, where nobody overlooks it."""
    skipped = [
        report for report in terminalreporter.stats.get("skipped", []) if NO_BROWSER in str(report.longrepr)
    ]
    if skipped:
        terminalreporter.section(f"{len(skipped)} tests not run: {NO_BROWSER}", sep="!", red=True, bold=True)
        terminalreporter.line(f"To run them, {MEND}.")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test process."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres_server: PostgresServer) -> str:
    """The name of a migrated database that tests copy."""
    return make_postgres_template(postgres_server)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file that tests copy."""
    return make_sqlite_template(tmp_path_factory.mktemp("sqlite-template"))


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The URL of a migrated, empty SQLite database."""
    return copy_sqlite(sqlite_template, tmp_path / "ledger.db")


@pytest.fixture
def postgres_url(postgres_server: PostgresServer, postgres_template: str) -> Iterator[str]:
    """The URL of a migrated, empty PostgreSQL database; the user is a superuser."""
    name = postgres_server.create_database(postgres_template)
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture
def postgres_engine(postgres_url: str) -> Iterator[Engine]:
    """An engine on a migrated, empty PostgreSQL database."""
    made = create_ledger_engine(postgres_url)
    yield made
    made.dispose()


@pytest.fixture(params=ENGINES)
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated, empty database: the test runs once for each engine."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture(params=ENGINES)
def unmigrated_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables: the test runs once for each engine."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'new.db'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = server.create_database()
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """An engine on a migrated, empty database: the test runs once for each engine."""
    made = create_ledger_engine(database_url)
    yield made
    made.dispose()
