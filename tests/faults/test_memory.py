"""Peak memory of server and verifier does not grow with the log: 100,000 entries against 10,000.

On PostgreSQL, whose own processes are not counted, 40,000 are enough to see a server grow.
"""

import sys

import pytest

from benchmarks.memory import run


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peak memory is read from /proc")
@pytest.mark.parametrize(
    ("engine_name", "large"),
    [("sqlite", 100_000), pytest.param("postgresql", 40_000, marks=pytest.mark.postgresql)],
)
def test_peak_memory(engine_name: str, large: int) -> None:
    report = run(engine_name, 10_000, large)
    assert [text for text, met in report.goals if not met] == []
    assert len(report.goals) == 2
