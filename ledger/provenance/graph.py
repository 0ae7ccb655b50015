"""Walking the graph of lots and pool versions, upstream and downstream.

Decides: what is on the way, how deep, in which order, and where a walk stops. A lot's edges lead to the lots
and pool versions that it was made from; upstream most lots tell them in their own record, and the edges are
looked for of pools and of the other lots alone. Each node is visited once whatever the number of paths. The
database is asked step by step, for all nodes of a step at once.

What is told of a node stays the text that it is stored as (``ledger.records.steps``): there are thousands of
them, and most questions want the text. ``Graph.nodes`` reads them.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any, Final, Literal

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from ledger.clock import format_time_us
from ledger.records.steps import Node, read_steps, tell
from ledger.store.engine import BINARY, map_file

Direction = Literal["upstream", "downstream"]

MAX_NODES: Final = 100_000
_CHUNK: Final = 5_000
"""Nodes of one step that are asked for at once."""


@dataclass
class Graph:
    """What a walk found.

    Attributes:
        starts: The nodes that it began at.
        direction: Where it went.
        told: The nodes' texts by number, the starts included, nearest first and then by number.
        depths: Steps from the nearest start, 0 for a start; by number.
        edges: Pairs (child, parent) between these nodes, in the order of the nearer one's place in ``told``,
            then by the farther one's number.
        truncated: Whether a limit ended the walk before the graph did.
    """

    starts: tuple[int, ...]
    direction: Direction
    told: Mapping[int, str]
    depths: Mapping[int, int]
    edges: list[tuple[int, int]]
    truncated: bool

    @cached_property
    def nodes(self) -> Mapping[int, Node]:
        """The nodes as their texts tell them, in the same order."""
        return dict(zip(self.told, read_steps(self.told.values()), strict=True))


_PARAMETER: Final = re.compile(r"(?<!:):([a-z]+)")
_LOTS: Final = {
    # CROSS JOIN holds SQLite to this order, in which each node finds its row by the index.
    "sqlite": (
        "SELECT group_concat(l.node), group_concat(l.told, char(10)), group_concat(<onward>) "
        "FROM json_each(:nodes) n CROSS JOIN lots l ON l.node = n.value"
    ),
    "postgresql": "SELECT l.node, l.told, <onward> FROM lots l WHERE l.node = ANY(CAST(:nodes AS bigint[]))",
}
"""Of some nodes those that are lots: their numbers, their texts, and what they lead to. SQLite gives them as
one row, for its driver lets Python's other threads run at every row; no text has a line's end in it.
"""
_VERSIONS: Final = {
    "sqlite": "SELECT l.value, <onward> FROM json_each(:nodes) l",
    "postgresql": "SELECT l.value, <onward> FROM unnest(CAST(:nodes AS bigint[])) AS l(value)",
}
"""What nodes lead to that are no lots."""
_POOLS: Final = {
    "sqlite": (
        "SELECT <pool> FROM json_each(:nodes) n CROSS JOIN pool_versions v ON v.node = n.value "
        "CROSS JOIN pools p ON p.pool = v.pool"
    ),
    "postgresql": (
        "SELECT <pool> FROM pool_versions v JOIN pools p ON p.pool = v.pool "
        "WHERE v.node = ANY(CAST(:nodes AS bigint[]))"
    ),
}
_POOL: Final = (
    "v.pool, v.node, v.version, v.change, v.entry_index, v.position, v.event_time_us, p.custodian, p.site, "
    "CASE WHEN v.node = p.node THEN p.tainted_by END"
)
_ONWARD: Final = {
    "sqlite": (
        "(SELECT json_group_array(far) FROM (SELECT e.<far> AS far FROM edges e WHERE e.<near> = l.<number> "
        "AND <stands> ORDER BY e.<far> LIMIT :most))"
    ),
    "postgresql": (
        "(SELECT CAST(coalesce(json_agg(far), '[]') AS text) FROM (SELECT e.<far> AS far FROM edges e "
        "WHERE e.<near> = l.<number> AND <stands> ORDER BY e.<far> LIMIT :most) AS found)"
    ),
}
"""What the edges of a node lead to, as an array of JSON."""


@cache
def _query(templates: str, dialect: str, direction: Direction, as_of: bool) -> str:
    """A query with its parts, and parameters as the driver names them: SQLAlchemy's own text takes longer
    than a step of a walk on SQLite.
    """
    template = {"lots": _LOTS, "versions": _VERSIONS, "pools": _POOLS}[templates][dialect]
    near, far = ("child", "parent") if direction == "upstream" else ("parent", "child")
    stands = "e.voided_at IS NULL"
    if as_of:
        stands = "e.entry_index <= :at AND (e.voided_at IS NULL OR e.voided_at > :at)"
    onward = _ONWARD[dialect]
    if templates == "lots" and direction == "upstream" and not as_of:
        onward = f"coalesce(l.made_of, {onward})"
    number = "node" if templates == "lots" else "value"
    parts = {"pool": _POOL, "onward": onward, "near": near, "far": far, "number": number, "stands": stands}
    for name, meant in parts.items():
        template = template.replace(f"<{name}>", meant)
    return template if dialect == "sqlite" else _PARAMETER.sub(r"%(\1)s", template)


class _Asker:
    """Asks the database about the nodes of a walk, always with the same cursor of the driver's: making one
    through SQLAlchemy takes longer than a step.
    """

    def __init__(self, connection: Connection, direction: Direction, at: int | None) -> None:
        self._connection = connection
        self._dialect = connection.dialect.name
        self._direction = direction
        self._at = at
        self._cursor: Any = None

    def step(self, nodes: Sequence[int], most: int) -> tuple[dict[int, str], dict[int, list[int]]]:
        """The texts of those of the nodes that are lots, and what each of the nodes leads to.

        Args:
            nodes: Rising.
            most: Of what one leads to.
        """
        rows = self._rows("lots", nodes, most)
        if self._dialect == "sqlite":
            [(found, texts, onward)] = rows
            numbers = json.loads(f"[{found or ''}]")
            told = dict(zip(numbers, texts.split("\n"), strict=True)) if numbers else {}
            leads = dict(zip(numbers, json.loads(f"[{onward or ''}]"), strict=True))
        elif rows:
            numbers, texts, onward = zip(*rows, strict=True)
            told = dict(zip(numbers, texts, strict=True))
            leads = dict(zip(numbers, json.loads(f"[{','.join(onward)}]"), strict=True))
        else:
            told, leads = {}, {}
        if len(told) < len(nodes):
            others = [node for node in nodes if node not in told]
            leads.update((node, json.loads(far)) for node, far in self._rows("versions", others, most))
        return told, leads

    def texts(self, nodes: Sequence[int]) -> dict[int, str]:
        """The texts of all of some nodes that there are."""
        told: dict[int, str] = {}
        for pool, node, version, change, index, position, time_us, custodian, site, tainted_by in self._rows(
            "pools", nodes, 0
        ):
            time = format_time_us(time_us)
            made = (node, version, change, index, position, time, "", "", custodian, site, 0, tainted_by)
            told[node] = tell(Node(pool, "pool", *made))
        return told

    def _rows(self, template: str, nodes: Sequence[int], most: int) -> list[tuple[Any, ...]]:
        sqlite = self._dialect == "sqlite"
        query = _query(template, self._dialect, self._direction, self._at is not None)
        listed = ",".join(map(str, nodes))
        # As one text: PostgreSQL's driver takes longer over a list than the server over its text.
        asked = {"nodes": f"[{listed}]" if sqlite else f"{{{listed}}}", "most": most, "at": self._at}
        if self._cursor is None:
            result = self._connection.exec_driver_sql(query, asked, execution_options=BINARY)
            self._cursor = result.cursor
        else:
            try:
                self._cursor.execute(query, asked)
            except self._connection.dialect.loaded_dbapi.OperationalError as error:
                raise OperationalError(query, None, error) from error
        rows: list[tuple[Any, ...]] = self._cursor.fetchall()
        return rows


def walk(
    connection: Connection,
    starts: Sequence[int],
    direction: Direction,
    *,
    depth: int | None = None,
    since_us: int | None = None,
    until_us: int | None = None,
    at: int | None = None,
    most: int = MAX_NODES,
) -> Graph:
    """Everything upstream or downstream of some nodes.

    Args:
        connection: A reading transaction.
        starts: Nodes of lots or pool versions.
        direction: Upstream (what it was made from) or downstream (what was made from it).
        depth: How many steps at most; None: to the end.
        since_us: Leaves out what happened before; until_us: and what happened from then on. Nodes behind one
            that is left out are left out too, unless another way leads to them.
        at: Of the edges as they stood once this entry was in; None: as they stand now.
        most: How many edges at most; then ``truncated`` is set.
    """
    map_file(connection)
    asker = _Asker(connection, direction, at)
    graph, known = _reach(asker, tuple(sorted(set(starts))), direction, depth, most)
    if graph.truncated:
        del graph.edges[most:]
        graph.depths = _depths(graph.starts, _onward(direction, graph.edges))
    graph.told = _in_order(asker, graph.depths, known)
    if since_us is not None or until_us is not None:
        graph = _bounded(graph, since_us, until_us)
    return graph


def _reach(
    asker: _Asker, starts: tuple[int, ...], direction: Direction, depth: int | None, most: int
) -> tuple[Graph, dict[int, str]]:
    """A graph, without its texts; and those of the lots that were asked where they lead."""
    depths = dict.fromkeys(starts, 0)
    known: dict[int, str] = {}
    ahead: Sequence[int] = starts
    edges: list[tuple[int, int]] = []
    steps = 0
    while ahead and len(edges) <= most and (depth is None or steps < depth):
        steps += 1
        reached: set[int] = set()
        for start in range(0, len(ahead), _CHUNK):
            part = ahead[start : start + _CHUNK]
            told, onward = asker.step(part, most + 1 - len(edges))
            known |= told
            edges += _edges(direction, part, onward)
            reached.update(*onward.values())
            if len(edges) > most:
                break
        ahead = sorted(reached.difference(depths))
        depths |= dict.fromkeys(ahead, steps)
    return Graph(starts, direction, {}, depths, edges, len(edges) > most), known


def _in_order(asker: _Asker, depths: Mapping[int, int], known: Mapping[int, str]) -> Mapping[int, str]:
    """The texts in the order of their numbers' depths; numbers that nothing has are left out."""
    missing = sorted(depths.keys() - known.keys())
    if missing:
        known = {**known, **asker.texts(missing)}
        missing = [number for number in missing if number not in known]
    elif list(known) == list(depths):
        return known
    for start in range(0, len(missing), _CHUNK):  # lots behind the last step
        known = {**known, **asker.step(missing[start : start + _CHUNK], 0)[0]}
    return {number: known[number] for number in depths if number in known}


def _depths(starts: Iterable[int], onward: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """The fewest steps from the starts to each node, nearest first and then by number."""
    depths = dict.fromkeys(starts, 0)
    level: Sequence[int] = list(depths)
    steps = 0
    while level:
        steps += 1
        reached: set[int] = set().union(*(onward.get(number, ()) for number in level))
        level = sorted(reached.difference(depths))
        depths.update(dict.fromkeys(level, steps))
    return depths


def _edges(
    direction: Direction, order: Iterable[int], onward: Mapping[int, Sequence[int]]
) -> list[tuple[int, int]]:
    if direction == "upstream":
        return [(near, far) for near in order for far in onward.get(near, ())]
    return [(far, near) for near in order for far in onward.get(near, ())]


def _onward(direction: Direction, edges: Iterable[tuple[int, int]]) -> dict[int, list[int]]:
    """What each node leads to."""
    onward: dict[int, list[int]] = {}
    for child, parent in edges:
        near, far = (child, parent) if direction == "upstream" else (parent, child)
        onward.setdefault(near, []).append(far)
    return onward


def _bounded(graph: Graph, since_us: int | None, until_us: int | None) -> Graph:
    """A graph without what happened outside a period, and without what only led there."""
    starts = set(graph.starts)
    since = "" if since_us is None else format_time_us(since_us)
    until = "~" if until_us is None else format_time_us(until_us)  # "~" is behind every digit
    inside = {
        number for number, node in graph.nodes.items() if number in starts or since <= node.event_time < until
    }
    edges = [edge for edge in graph.edges if edge[0] in inside and edge[1] in inside]
    onward = _onward(graph.direction, edges)
    depths = _depths((number for number in graph.starts if number in inside), onward)
    return replace(
        graph,
        told={number: graph.told[number] for number in depths},
        depths=depths,
        edges=_edges(graph.direction, depths, onward),
    )
