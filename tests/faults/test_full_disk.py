"""A database whose disk is full records nothing, the log says why, and all goes on once there is room."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event
from structlog.testing import capture_logs

from ledger.audit.database import verify_database
from ledger.errors import StoreBusy
from ledger.registration.registrar import Registrar
from ledger.store.engine import is_sqlite
from tests.support.rows import head_of
from tests.support.trade import Trade

LOTS = [f"lot{number}" for number in range(40)]
# As the server says it when it cannot extend the file of a table.
_REFUSE = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;
CREATE TRIGGER no_room BEFORE INSERT ON entries EXECUTE FUNCTION no_room();
"""


@contextmanager
def full(engine: Engine) -> Iterator[str]:
    """The database has no room within it; how it says so."""
    if is_sqlite(engine):

        def limit(connection: Any, *_: Any) -> None:
            connection.execute("PRAGMA max_page_count=1")  # as many as it has

        def lift(connection: Any, *_: Any) -> None:
            connection.execute("PRAGMA max_page_count=1000000")

        event.listen(engine, "checkout", limit)
        yield "SQLITE_FULL"
        event.remove(engine, "checkout", limit)
        event.listen(engine, "checkout", lift)
    else:
        with engine.begin() as connection:
            connection.exec_driver_sql(_REFUSE)
        yield "53100 DiskFull"
        with engine.begin() as connection:
            connection.exec_driver_sql("DROP TRIGGER no_room ON entries")


@pytest.fixture
def trade() -> Trade:
    return Trade(policy={"rule_set": 1})


@pytest.fixture
def registrar(trade: Trade, engine: Engine, tmp_path: Path) -> Iterator[Registrar]:
    made = trade.opened(engine, tmp_path / "mark")
    yield made
    made.close()


@pytest.mark.usefixtures("sent_at_once")
def test_nothing_is_recorded_until_there_is_room(trade: Trade, registrar: Registrar, engine: Engine) -> None:
    lines = [trade.statement(trade.extract(each)) for each in LOTS]
    before = head_of(engine)
    with full(engine) as code, capture_logs() as logs:
        results = list(registrar.register_lines(enumerate(lines)))
        assert registrar.stopped is None
    assert [type(result.error) for result in results] == [StoreBusy] * len(LOTS)
    assert head_of(engine) == before
    told = [each for each in logs if each["event"] == "batch.refused"]
    assert {(each["code"], each["database"]) for each in told} == {("store.busy", code)}

    results = list(registrar.register_lines(enumerate(lines)))
    assert [result.error for result in results] == [None] * len(LOTS)
    registrar.close()
    assert verify_database(engine, workers=1, replay=True).faults == []
