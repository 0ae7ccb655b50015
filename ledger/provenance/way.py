"""What a walk found: the nodes on a way by their distance, with what is told of them and what they lead to.

Decides: nothing. Both stay texts, a long one for each step of the walk, for most questions want to hand them
on; who wants their parts reads them out of these texts. What is told is even UTF-8 from the database to the
answer, and the database sets between two texts what stands there in an answer: a copy of it all would take
longer than to find it.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Final, Literal

from ledger.clock import format_time_us
from ledger.records.steps import Node, heads, places, read_steps

Direction = Literal["upstream", "downstream"]

_BETWEEN: Final = "],["
_NOWHERE: Final = "[]"


@dataclass
class Level:
    """The nodes that are equally far.

    Attributes:
        depth: How far.
        numbers: Theirs, rising, as decimal text.
        told: Their texts (``ledger.records.steps``) in UTF-8, ``between`` two.
        onward: What each of them leads to within the graph: arrays of JSON, a comma between two, no spaces.
        pairs: The same with the number of each before each that it leads to, as far as there are any:
            ``[7,4],[7,5]``; empty where that is to be made of ``onward``.
        begun: How the texts begin, one for each; empty where that is to be read out of ``told``.
    """

    depth: int
    numbers: Sequence[str]
    told: bytes
    onward: str
    pairs: str = ""
    begun: Sequence[bytes] = ()

    @property
    def nodes(self) -> list[int]:
        """Their numbers, rising."""
        return list(map(int, self.numbers))

    @property
    def texts(self) -> list[str]:
        """What is told of each."""
        return self.told.decode().split(between(self.depth)) if self.numbers else []

    @property
    def heads(self) -> set[bytes]:
        """How the texts begin (``ledger.records.steps.head``), in UTF-8: their names and kinds."""
        if self.begun or not self.numbers:
            return set(self.begun)
        return heads(self.told.split(between(self.depth).encode()))

    @property
    def places(self) -> set[bytes]:
        """The events that made them (``ledger.records.steps.place``), in UTF-8."""
        return places(self.told.split(between(self.depth).encode())) if self.numbers else set()

    def all_onward(self) -> list[str]:
        """What all of them lead to, one after the other, as decimal text."""
        onward = self.onward
        if _NOWHERE in onward:
            onward = onward.replace(f"{_NOWHERE},", "").replace(f",{_NOWHERE}", "")
        numbers = onward[1:-1].replace(_BETWEEN, ",")
        return numbers.split(",") if numbers else []


@dataclass
class Graph:
    """What a walk found.

    Attributes:
        starts: The nodes that it began at.
        direction: Where it went.
        levels: Its nodes, by how many steps they are from the nearest start.
        truncated: Whether a limit ended the walk before the graph did.
        ended_by: Which bounds ended it before: ``depth``, or the end of a period (``since`` or ``until``).
    """

    starts: tuple[int, ...]
    direction: Direction
    levels: list[Level]
    truncated: bool
    ended_by: frozenset[str] = frozenset()

    @property
    def size(self) -> int:
        """How many nodes it has, the starts included."""
        return sum(len(level.numbers) for level in self.levels)

    @property
    def texts(self) -> Iterator[str]:
        """What is told of each node, nearest first and then by number."""
        return (text for level in self.levels for text in level.texts)

    @cached_property
    def told(self) -> Mapping[int, str]:
        """The nodes' texts by number, in the same order."""
        return dict(zip(self.depths, self.texts, strict=True))

    @cached_property
    def depths(self) -> Mapping[int, int]:
        """Steps from the nearest start, 0 for a start; by number, in the same order."""
        return {number: depth for depth, level in enumerate(self.levels) for number in level.nodes}

    @cached_property
    def nodes(self) -> Mapping[int, Node]:
        """The nodes as their texts tell them, in the same order."""
        return dict(zip(self.depths, read_steps(self.texts), strict=True))

    @cached_property
    def edges(self) -> list[tuple[int, int]]:
        """Pairs (child, parent) between the nodes, in order of the nearer one, then of the farther one."""
        pairs = (
            (near, far)
            for level in self.levels
            for near, found in zip(level.nodes, json.loads(f"[{level.onward}]"), strict=True)
            for far in found
        )
        return list(pairs) if self.direction == "upstream" else [(far, near) for near, far in pairs]

    def dump_steps(self) -> Iterator[bytes]:
        """An array of JSON in parts: the steps in order, each with its depth."""
        left_out, opening = len("},"), "["
        for level in self.levels:
            if level.numbers:
                yield f"{opening}{between(level.depth)[left_out:]}".encode()
                yield level.told
                opening = "},"
        yield b"[]" if opening == "[" else b"}]"

    def dump_edges(self) -> str:
        """An array of JSON: ``edges``, each as an array."""
        dump = _from_children if self.direction == "upstream" else _from_parents
        listed = _BETWEEN.join(filter(None, map(dump, self.levels)))
        return f"[[{listed}]]" if listed else "[]"


def pack(
    graph: Graph, depths: Mapping[int, int], told: Mapping[int, str], edges: Iterable[tuple[int, int]]
) -> Graph:
    """A part of a graph, or one that is told otherwise.

    Args:
        graph: The whole.
        depths: Of the nodes that are kept, nearest first and then by number.
        told: Their texts; a node without one is left out.
        edges: Those that are kept, as ``Graph.edges``.
    """
    onward = onward_of(graph.direction, edges)
    levels: list[Level] = []
    kept = [number for number in depths if number in told]
    for depth, numbers in groupby(kept, depths.__getitem__):
        levels += [Level(empty, [], b"", "") for empty in range(len(levels), depth)]
        nodes = list(numbers)
        arrays = [f"[{','.join(map(str, onward.get(node, ())))}]" for node in nodes]
        texts = between(depth).join([told[node] for node in nodes])
        levels.append(Level(depth, list(map(str, nodes)), texts.encode(), ",".join(arrays)))
    return Graph(graph.starts, graph.direction, levels, graph.truncated, graph.ended_by)


def between(depth: int) -> str:
    """What stands in an answer between the texts of two steps that are equally far.

    It stands in no text, since a quote within a name is escaped.
    """
    return f'}},{{"depth":{depth},'


def onward_of(direction: Direction, edges: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    """What each node leads to, by ``Graph.edges``."""
    onward: dict[int, list[int]] = {}
    for child, parent in edges:
        near, far = (child, parent) if direction == "upstream" else (parent, child)
        onward.setdefault(near, []).append(far)
    return onward


def only(graph: Graph, kept: Collection[int]) -> Graph:
    """Some nodes of a graph, and the edges between them."""
    depths = {number: depth for number, depth in graph.depths.items() if number in kept}
    return pack(graph, depths, graph.told, [edge for edge in graph.edges if {*edge} <= depths.keys()])


def within(graph: Graph, since_us: int | None, until_us: int | None) -> Graph:
    """A graph without the steps outside a period but where it begins; what is behind them stays."""
    if since_us is None and until_us is None:
        return graph
    return only(graph, inside(graph, since_us, until_us))


def inside(graph: Graph, since_us: int | None, until_us: int | None) -> set[int]:
    """The nodes of a period, and those that a walk began at."""
    since = "" if since_us is None else format_time_us(since_us)
    until = "~" if until_us is None else format_time_us(until_us)  # "~" is behind every digit
    starts = set(graph.starts)
    return {
        number for number, node in graph.nodes.items() if number in starts or since <= node.event_time < until
    }


def arrays_of(onward: str) -> list[str]:
    """The arrays that a level's ``onward`` has, of which there is one at least, each as its text."""
    return [f"[{inner}]" for inner in onward[1:-1].split(_BETWEEN)]


def _from_children(level: Level) -> str:
    if level.pairs:
        return level.pairs[1:-1]
    found = zip(level.numbers, level.onward[1:-1].split(_BETWEEN), strict=False)
    dumped = [(lead := f"{_BETWEEN}{near},") + far.replace(",", lead) for near, far in found if far]
    return "".join(dumped)[len(_BETWEEN) :]


def _from_parents(level: Level) -> str:
    found = zip(level.numbers, level.onward[1:-1].split(_BETWEEN), strict=False)
    dumped = [far.replace(",", end := f",{near}{_BETWEEN}") + end for near, far in found if far]
    return "".join(dumped)[: -len(_BETWEEN)]
