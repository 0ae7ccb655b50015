"""A simulated country goes through the real registrar, end to end."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from ledger.errors import SimulationInvalid
from ledger.simulation.evaluation import evaluate
from ledger.simulation.folder import check_files, read_manifest
from ledger.simulation.patterns import PATTERNS
from ledger.simulation.registering import slots
from ledger.simulation.scoring import Score
from ledger.simulation.simulate import simulate
from ledger.store.engine import create_ledger_engine

MOVEMENTS = 1000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("country")
    simulate(found, movements=MOVEMENTS, plant=0.1, seed=8)
    return found


@dataclass(frozen=True)
class Evaluated:
    """The country in one go: its score, what was told meanwhile, and the ledger that it made."""

    score: Score
    told: list[tuple[int, int]]
    engine: Engine


@pytest.fixture(scope="module")
def evaluated(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evaluated]:
    engine = create_ledger_engine(f"sqlite:///{tmp_path_factory.mktemp('whole') / 'ledger.db'}", pool_size=2)
    told: list[tuple[int, int]] = []
    score = evaluate(folder, engine, lambda done, whole: told.append((done, whole)))
    yield Evaluated(score, told, engine)
    engine.dispose()


def test_what_is_planted_is_found_and_honest_trade_is_let_pass(folder: Path, evaluated: Evaluated) -> None:
    score = evaluated.score
    with evaluated.engine.connect() as connection:
        entries = connection.execute(text("SELECT count(*) FROM entries")).scalar_one()
        refused = connection.execute(text("SELECT count(*) FROM refusals")).scalar_one()
        twice = connection.execute(
            text("SELECT code FROM alerts GROUP BY entry_index, code, subject HAVING count(*) > 1")
        ).all()
    statements = read_manifest(folder)["statements"]
    assert evaluated.told[-1] == (statements, statements)
    assert entries + refused == statements + 1
    assert twice == []
    assert score.movements == MOVEMENTS
    assert score.acts_refused == {}
    assert score.refusals.total() <= MOVEMENTS // 200
    assert score.recall is not None
    assert score.recall > 0.8
    assert score.false_alerts_per_1000 < 50
    assert score.honest + sum(one.planted for one in score.codes.values()) <= MOVEMENTS + 50
    assert json.loads(json.dumps(score.as_json()))["movements"] == MOVEMENTS
    assert score.patterns.keys() == {pattern.name for pattern in PATTERNS}
    assert score.as_json()["fewer_than_30"] == sorted(score.patterns)


def test_an_evaluation_that_was_stopped_goes_on_and_comes_to_the_same(tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    simulate(tmp_path, movements=300, plant=0.1, seed=8)
    statements = read_manifest(tmp_path)["statements"]
    whole, stopped = (
        create_ledger_engine(f"sqlite:///{tmp_path / name}.db", pool_size=2) for name in ("whole", "stopped")
    )
    try:
        before = 0
        for third in (1, 2):

            def stop(done: int, of: int, third: int = third) -> None:
                if done > of * third // 3:
                    raise Stop

            with pytest.raises(Stop):
                evaluate(tmp_path, stopped, stop)
            with stopped.connect() as connection:
                entries = connection.execute(text("SELECT count(*) FROM entries")).scalar_one()
            assert before < entries < statements
            before = entries
        score = evaluate(tmp_path, stopped)
        assert score == evaluate(tmp_path, whole)
        assert sum(one.planted for one in score.codes.values()) > 0
        heads = []
        for engine in (stopped, whole):
            with engine.connect() as connection:
                asked = text("SELECT root, refusal_hash, refusal_count FROM head")
                heads.append(connection.execute(asked).one())
        assert heads[0] == heads[1]
        assert heads[0].refusal_count > 0
    finally:
        whole.dispose()
        stopped.dispose()


def test_a_slow_machine_comes_to_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one batch would take too long for is another's; nothing is left out."""
    simulate(tmp_path, movements=150, plant=0.1, seed=8)
    found = []
    for longest_s in (60.0, 0.0):
        monkeypatch.setattr("ledger.registration.batch.LONGEST_S", longest_s)
        engine = create_ledger_engine(f"sqlite:///{tmp_path / str(longest_s)}.db", pool_size=2)
        score = evaluate(tmp_path, engine)
        with engine.connect() as connection:
            head = connection.execute(text("SELECT tree_size, root, refusal_hash FROM head")).one()
            commits = connection.execute(text("SELECT count(*) FROM checkpoints")).scalar_one()
        engine.dispose()
        found.append((score, head))
    assert found[0] == found[1]
    assert commits == found[1][1].tree_size


def test_a_database_with_another_log_is_refused_and_left_alone(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    simulate(other, movements=40, plant=0, seed=9)
    engine = create_ledger_engine(f"sqlite:///{tmp_path / 'ledger.db'}", pool_size=2)
    try:
        evaluate(other, engine)
        with engine.connect() as connection:
            before = connection.execute(text("SELECT root FROM head")).scalar_one()
        with pytest.raises(SimulationInvalid, match="another log"):
            evaluate(folder, engine)
        with engine.connect() as connection:
            assert connection.execute(text("SELECT root FROM head")).scalar_one() == before
    finally:
        engine.dispose()


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
            evaluate(folder, engine)
    finally:
        engine.dispose()


def test_a_folder_without_a_simulation_is_refused(tmp_path: Path) -> None:
    engine = create_ledger_engine(f"sqlite:///{tmp_path / 'ledger.db'}", pool_size=1)
    try:
        with pytest.raises(SimulationInvalid):
            evaluate(tmp_path, engine)
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("small")
    simulate(found, movements=400, plant=0.1, seed=13)
    assert (found / "truth" / "unfiled.jsonl").stat().st_size
    return found


def removed(path: Path) -> None:
    path.unlink()


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def shortened(path: Path) -> None:
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))


def garbled(path: Path) -> None:
    path.write_bytes(b"!" + path.read_bytes()[1:])


@pytest.mark.parametrize("change", [removed, emptied, shortened, garbled])
@pytest.mark.parametrize(
    "name",
    [
        "keys/log.pem",
        "statements/genesis.jws",
        "statements/2025-09.ndjson",
        "truth/2025-09.ndjson",
        "truth/planted.jsonl",
        "truth/unfiled.jsonl",
        "manifest.json",
    ],
)
def test_a_folder_that_is_not_as_it_was_written_is_refused_by_the_name_of_the_file(
    small: Path, tmp_path: Path, name: str, change: Callable[[Path], None]
) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(small, folder)
    change(folder / name)
    database = tmp_path / "ledger.db"
    engine = create_ledger_engine(f"sqlite:///{database}", pool_size=1)
    try:
        with pytest.raises(SimulationInvalid, match="holds no simulation|" + name.replace(".", r"\.")):
            evaluate(folder, engine)
    finally:
        engine.dispose()
    assert not database.exists()


def test_a_month_that_is_gone_altogether_or_was_added_is_missed(small: Path, tmp_path: Path) -> None:
    for change, what in ((Path.unlink, "is missing"), (copied, "was added")):
        folder = tmp_path / what.replace(" ", "-")
        shutil.copytree(small, folder)
        for kind in ("statements", "truth"):
            change(folder / kind / "2025-09.ndjson")
        with pytest.raises(SimulationInvalid, match=what):
            check_files(folder)
    assert check_files(small)["statements"] > 400


def copied(path: Path) -> None:
    shutil.copy(path, path.with_name("2031-01.ndjson"))


@pytest.mark.parametrize(
    ("name", "value"),
    [("complete", 1), ("complete", "yes"), ("statements", "many"), ("files", []), ("planted", None)],
)
def test_a_manifest_of_other_kinds_of_values_is_refused(
    small: Path, tmp_path: Path, name: str, value: object
) -> None:
    folder = tmp_path / "changed"
    shutil.copytree(small, folder)
    members = json.loads((folder / "manifest.json").read_text("utf-8")) | {name: value}
    (folder / "manifest.json").write_text(json.dumps(members), "utf-8")
    with pytest.raises(SimulationInvalid, match=name):
        check_files(folder)
