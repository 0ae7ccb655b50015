"""kill -9 under load, 20 times on each engine; ``python3 run.py bench crash`` does it 200 times."""

import pytest

from benchmarks.crash import crash_run


@pytest.mark.slow
@pytest.mark.parametrize("engine_name", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_nothing_acknowledged_is_lost(engine_name: str) -> None:
    result = crash_run(engine_name, 20, seed=20_261_120, workers=1 if engine_name == "sqlite" else 2)
    assert result.faults == ()
    assert result.kills == 20
    assert result.acknowledged > 20
