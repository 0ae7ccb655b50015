"""Peak memory of server and verifier does not grow with the log: 100,000 entries against 10,000."""

import sys

import pytest

from benchmarks.memory import run


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peak memory is read from /proc")
@pytest.mark.parametrize("engine_name", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_peak_memory(engine_name: str) -> None:
    report = run(engine_name, 10_000, 100_000)
    assert [text for text, met in report.goals if not met] == []
    assert len(report.goals) == 2
