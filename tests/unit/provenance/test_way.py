"""Ways as texts: dumped whole, and taken apart again."""

import json

import pytest

from ledger.provenance.way import Direction, Graph, Level, arrays_of, between, only, pack
from ledger.records.steps import Node, tell

STEP = Node("a", "lot", 0, 0, "process", 7, 0, "2026-11-20T08:00:00.000001Z", "", "", "p", "s", 9, None)
SEPARATORS = 'ä\n"],[},{"depth":'


def level(depth: int, *nodes: tuple[int, list[int]]) -> Level:
    """Nodes with what they lead to; their names hold what separates steps."""
    texts = [tell(STEP._replace(name=f"{number}{SEPARATORS}{depth},", node=number)) for number, _ in nodes]
    arrays = [json.dumps(onward, separators=(",", ":")) for _, onward in nodes]
    numbers = [str(number) for number, _ in nodes]
    return Level(depth, numbers, between(depth).join(texts).encode(), ",".join(arrays))


@pytest.mark.parametrize(
    ("arrays", "numbers"),
    [
        ([[]], []),
        ([[], [], []], []),
        ([[1], [], [2, 3]], [1, 2, 3]),
        ([[], [1, 2], []], [1, 2]),
        ([[], [], [10], [], []], [10]),
        ([[7]], [7]),
    ],
)
def test_what_a_level_leads_to_is_told_in_order(arrays: list[list[int]], numbers: list[int]) -> None:
    made = level(3, *enumerate(arrays))
    assert made.nodes == list(range(len(arrays)))
    assert made.all_onward() == [str(number) for number in numbers]
    assert [json.loads(text) for text in arrays_of(made.onward)] == arrays
    assert Level(0, [], b"", "").all_onward() == []


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
def test_a_way_is_dumped_as_it_is(direction: Direction) -> None:
    graph = Graph(
        (9,), direction, [level(0, (9, [4, 5])), level(1, (4, []), (5, [1, 2, 3])), level(2, (2, []))], False
    )
    pairs = [(9, 4), (9, 5), (5, 1), (5, 2), (5, 3)]
    edges = pairs if direction == "upstream" else [(far, near) for near, far in pairs]
    assert graph.edges == edges
    assert json.loads(graph.dump_edges()) == [list(edge) for edge in edges]
    steps = json.loads(b"".join(graph.dump_steps()))
    assert [(step.pop("depth"), Node(*step.values())) for step in steps] == [
        (graph.depths[number], node) for number, node in graph.nodes.items()
    ]
    assert graph.depths == {9: 0, 4: 1, 5: 1, 2: 2}
    assert graph.nodes[5].name == f"5{SEPARATORS}1,"


def test_nothing_is_dumped_as_empty_arrays() -> None:
    for levels in ([], [Level(0, [], b"", "")]):
        graph = Graph((), "upstream", levels, False)
        assert (b"".join(graph.dump_steps()), graph.dump_edges()) == (b"[]", "[]")
        assert (graph.nodes, graph.edges, graph.size) == ({}, [], 0)


def test_a_part_keeps_distances_and_the_edges_within() -> None:
    whole = Graph(
        (9,), "upstream", [level(0, (9, [4, 5])), level(1, (4, [2]), (5, [2])), level(2, (2, []))], True
    )
    part = only(whole, {9, 2})
    assert (part.depths, part.edges, part.truncated) == ({9: 0, 2: 2}, [], True)
    assert [step["depth"] for step in json.loads(b"".join(part.dump_steps()))] == [0, 2]
    assert only(whole, {5, 2}).edges == [(5, 2)]
    assert pack(whole, whole.depths, whole.told, whole.edges).levels == whole.levels
    assert pack(whole, whole.depths, {5: whole.told[5]}, whole.edges).nodes == {5: whole.nodes[5]}
