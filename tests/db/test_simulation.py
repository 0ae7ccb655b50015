"""A simulated country goes through the real registrar, end to end."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from ledger.errors import SimulationInvalid
from ledger.simulation.evaluation import evaluate, slots
from ledger.simulation.folder import read_manifest
from ledger.simulation.simulate import simulate
from ledger.store.engine import create_ledger_engine

MOVEMENTS = 1000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("country")
    simulate(found, movements=MOVEMENTS, plant=0.1, seed=8)
    return found


def test_what_is_planted_is_found_and_honest_trade_is_let_pass(folder: Path, tmp_path: Path) -> None:
    engine = create_ledger_engine(f"sqlite:///{tmp_path / 'ledger.db'}", pool_size=2)
    told: list[tuple[int, int]] = []
    try:
        score = evaluate(folder, engine, tmp_path / "mark", lambda done, whole: told.append((done, whole)))
        with engine.connect() as connection:
            entries = connection.execute(text("SELECT count(*) FROM entries")).scalar_one()
            refused = connection.execute(text("SELECT count(*) FROM refusals")).scalar_one()
    finally:
        engine.dispose()
    statements = read_manifest(folder)["statements"]
    assert told[-1] == (statements, statements)
    assert entries + refused == statements + 1
    assert score.movements == MOVEMENTS
    assert score.acts_refused == {}
    assert score.refusals.total() <= MOVEMENTS // 200
    assert score.recall is not None
    assert score.recall > 0.8
    assert score.false_alerts_per_1000 < 50
    assert score.honest + sum(one.planted for one in score.codes.values()) <= MOVEMENTS + 50
    assert json.loads(json.dumps(score.as_json()))["movements"] == MOVEMENTS


def test_statements_of_one_hour_share_a_slot_in_order(folder: Path) -> None:
    count = 0
    before = 0
    for slot in slots(folder):
        hours = {truth.filed_us // 3_600_000_000 for _, truth in slot}
        assert len(hours) == 1
        times = [truth.filed_us for _, truth in slot]
        assert times == sorted(times)
        assert times[0] >= before
        before = times[-1]
        count += len(slot)
    assert count == read_manifest(folder)["statements"]


def test_an_unfinished_simulation_is_not_evaluated(tmp_path: Path) -> None:
    folder = tmp_path / "unfinished"

    class Stop(Exception):
        pass

    def stop(done: int, whole: int) -> None:
        raise Stop

    with pytest.raises(Stop):
        simulate(folder, movements=100, plant=0, seed=1, progress=stop)
    engine = create_ledger_engine(f"sqlite:///{tmp_path / 'ledger.db'}", pool_size=1)
    try:
        with pytest.raises(SimulationInvalid, match="not finished"):
            evaluate(folder, engine, tmp_path / "mark")
    finally:
        engine.dispose()


def test_a_folder_without_a_simulation_is_refused(tmp_path: Path) -> None:
    engine = create_ledger_engine(f"sqlite:///{tmp_path / 'ledger.db'}", pool_size=1)
    try:
        with pytest.raises(SimulationInvalid):
            evaluate(tmp_path, engine, tmp_path / "mark")
    finally:
        engine.dispose()
