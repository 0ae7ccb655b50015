"""The benchmark of provenance on one small chain: it still runs, and asks about what it says."""

import pytest

from benchmarks.provenance import Interleaved, run


def counted(graph: Interleaved) -> tuple[int, int]:
    """How many ancestors the first lot that is asked about has, and how many edges lead to them."""
    parents = dict(enumerate(graph.parents()))
    place = int(graph.tops(1)[0].rsplit("/", 1)[1])
    seen, waiting, edges = {place}, [place], 0
    while waiting:
        before = {node >> 20 for node in parents[waiting.pop()]}
        edges += len(before)
        waiting += before - seen
        seen |= before
    return len(seen) - 1, edges


@pytest.mark.parametrize("engine_name", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_the_benchmark_of_provenance_runs(engine_name: str, capsys: pytest.CaptureFixture[str]) -> None:
    report = run(engine_name, 7_700, asked=1)
    assert [name for name, *_ in report.rows] == ["first", "whole", "origins", "trace", "walk"]
    assert [name for name, _ in report.ratios] == ["origins / whole"]
    assert len(report.costs) == len(report.rows)
    assert len(report.goals) == 2
    ancestors, edges = counted(Interleaved(7_700))
    assert ancestors > 3_000
    assert f"  {ancestors:,} ancestors, {edges:,} edges\n" in capsys.readouterr().out
