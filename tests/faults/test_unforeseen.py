"""A fault that nobody foresaw while one statement is judged: it fails alone, and the others are recorded."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from structlog.testing import capture_logs

from ledger.audit.database import verify_database
from ledger.controls import recording
from ledger.controls.rule import Case
from ledger.errors import LogInconsistent, StatementUnjudged
from ledger.log.merkle import leaf_hash
from ledger.records.lots import LotRecord
from ledger.registration import batch
from ledger.registration.kept_books import KeptBooks
from ledger.registration.registrar import Registrar
from ledger.store import log_store
from tests.support.rows import head_of
from tests.support.trade import Trade

BAD = "lots/bad"
pytestmark = pytest.mark.usefixtures("sent_at_once")


@pytest.fixture
def trade() -> Trade:
    return Trade(policy={"rule_set": 1, "retention_days": 0})


@pytest.fixture
def registrar(trade: Trade, engine: Engine, tmp_path: Path) -> Iterator[Registrar]:
    made = trade.opened(engine, tmp_path / "mark")
    yield made
    made.close()


def while_judging(patch: pytest.MonkeyPatch) -> None:
    """Once the lot stands in the books and its rules are done."""
    original = recording.after_accepting

    def fail(case: Case) -> None:
        original(case)
        if any(lot.lot.endswith(BAD) for lot in case.effect.born):
            raise ZeroDivisionError("at 10.1.2.3")

    patch.setattr(recording, "after_accepting", fail)


def while_storing(patch: pytest.MonkeyPatch) -> None:
    original = batch.write_records

    def fail(connection: Any, records: Any) -> None:
        kept = list(records)
        original(connection, kept)
        if any(isinstance(each, LotRecord) and each.lot.endswith(BAD) for each in kept):
            raise OverflowError("too large for a column")

    patch.setattr(batch, "write_records", fail)


def while_reading(patch: pytest.MonkeyPatch) -> None:
    original = KeptBooks.open

    def fail(kept: KeptBooks, connection: Any, head: Any, facts: Any, submissions: Any) -> None:
        original(kept, connection, head, facts, submissions)
        if any(BAD in str(each.movements) for each in submissions):
            raise KeyError("gone")

    patch.setattr(KeptBooks, "open", fail)


@pytest.mark.parametrize("break_it", [while_judging, while_storing, while_reading])
@pytest.mark.parametrize("place", [0, 3, 6])
def test_it_fails_alone(
    trade: Trade,
    registrar: Registrar,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    break_it: Callable[[pytest.MonkeyPatch], None],
    place: int,
) -> None:
    names = [f"good{number}" for number in range(6)]
    names.insert(place, "bad")
    lines = [trade.statement(trade.extract(each)) for each in names]
    with monkeypatch.context() as scope, capture_logs() as logs:
        break_it(scope)
        results = list(registrar.register_lines(enumerate(lines)))
    failed = [result for result in results if result.error is not None]
    assert [(type(each.error), each.line) for each in failed] == [(StatementUnjudged, place)]
    assert "10.1.2.3" not in str(failed[0].error)
    assert [each["event"] for each in logs if each["log_level"] == "error"] == ["statement.unjudged"]
    assert registrar.stopped is None
    indices = [result.registered.index for result in results if result.registered is not None]
    assert indices == list(range(3, 9))
    assert registrar.register(lines[place]).index == 9  # the same bytes, once the fault is mended
    registrar.close()
    assert verify_database(engine, workers=1, replay=True).faults == []


def test_what_the_log_itself_does_wrong_stops_the_writing_still(
    trade: Trade, registrar: Registrar, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_store, "read_stored", lambda *_: [])
    for name in ("a", "b"):
        with pytest.raises(LogInconsistent):
            registrar.register(trade.statement(trade.extract(name)))
    assert registrar.stopped is not None
    assert head_of(engine).tree_size == 3


def test_a_log_found_wrong_between_the_halves_stops_the_others(
    trade: Trade, registrar: Registrar, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    while_judging(monkeypatch)
    monkeypatch.setattr(log_store, "read_stored", lambda *_: [])
    lines = [trade.statement(trade.extract(each)) for each in ("a", "b", "bad", "c")]
    results = list(registrar.register_lines(enumerate(lines)))
    assert [type(result.error) for result in results] == [LogInconsistent] * 4
    assert head_of(engine).tree_size == 3


def test_rows_that_stand_there_already_are_found_in_whatever_parts_they_are_sent(
    trade: Trade, registrar: Registrar, engine: Engine
) -> None:
    with engine.begin() as connection:
        first = log_store.read_stored(connection, 0, 1)[0][0]
        connection.execute(
            text("INSERT INTO entries (entry_index, entry, leaf_hash) VALUES (5, :entry, :leaf)"),
            {"entry": first, "leaf": leaf_hash(first)},
        )
    lines = [trade.statement(trade.extract(each)) for each in ("a", "b", "c", "d")]
    results = list(registrar.register_lines(enumerate(lines)))
    assert [type(result.error) for result in results] == [LogInconsistent] * 4
    assert "head row" in str(results[0].error)
    assert head_of(engine).tree_size == 3
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM statements")) == 3
