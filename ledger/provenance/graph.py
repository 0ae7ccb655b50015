"""Walking the graph of lots and pool versions, upstream and downstream.

Decides: what is on the way, how deep, in which order, and where a walk stops. A lot's edges lead to the lots
and pool versions that it was made from; upstream most lots tell them in their own record, and the edges are
looked for of pools and of the other lots alone. Each node is visited once whatever the number of paths.
PostgreSQL walks by itself in one recursive query, whose ``UNION`` is over a node with what it leads to, so
that this is looked for about once; SQLite is asked step by step, which inside the process costs less.

A step is a tuple of what the driver or JSON's reader gave, thousands at a time.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Connection

from ledger.store.engine import BINARY, is_sqlite, map_file

Direction = Literal["upstream", "downstream"]

MAX_NODES: Final = 100_000
_CHUNK: Final = 5_000
"""Nodes of one step that are asked for at once."""


class Node(NamedTuple):
    """A lot or a pool version on the way.

    Attributes:
        node: Its number in the graph.
        kind: ``lot`` or ``pool``.
        name: The lot's or pool's id.
        version: Of a pool; 0 for a lot.
        change: How a lot was born, or what made the pool's version.
        entry_index, position: The event that made it.
        party: Who recorded it; of a pool its custodian.
        tainted_by: The entry that makes it illegal product; of a pool on its newest version alone, since the
            mark is of what the pool holds now.
    """

    node: int
    kind: Literal["lot", "pool"]
    name: str
    version: int
    change: str
    entry_index: int
    position: int
    event_time_us: int
    product: str
    stage: str
    party: str
    site: str
    mass_mg: int
    tainted_by: int | None


_as_node: Any = partial(tuple.__new__, Node)
"""A row as a node; both have the same fields, which is not looked at again."""


@dataclass(slots=True)
class Graph:
    """What a walk found.

    Attributes:
        starts: The nodes that it began at.
        direction: Where it went.
        nodes: By number, the starts included, nearest first and then by number.
        depths: Steps from the nearest start, 0 for a start; by number.
        edges: Pairs (child, parent) between these nodes, in the order of the nearer one's place in ``nodes``,
            then by the farther one's number.
        truncated: Whether a limit ended the walk before the graph did.
    """

    starts: tuple[int, ...]
    direction: Direction
    nodes: dict[int, Node]
    depths: dict[int, int]
    edges: list[tuple[int, int]]
    truncated: bool


_LOT: Final = (
    "'lot', l.lot, 0, l.birth, l.entry_index, l.position, l.event_time_us, l.product, l.stage, l.producer, "
    "l.site, l.mass_mg, l.tainted_by"
)
_POOL: Final = (
    "v.node, 'pool', v.pool, v.version, v.change, v.entry_index, v.position, v.event_time_us, '', '', "
    "p.custodian, p.site, 0, CASE WHEN v.node = p.node THEN p.tainted_by END"
)
_PARAMETER: Final = re.compile(r"(?<!:):([a-z]+)")
"""What is told of a lot behind its number, and of a pool's version, in the order of a node's fields."""
# CROSS JOIN holds SQLite to this order, in which each node finds its row by the index.
_NODES: Final = {
    ("lots", "sqlite"): (
        "SELECT l.node, <lot> FROM json_each(:nodes) n CROSS JOIN lots l ON l.node = n.value"
    ),
    ("lots", "postgresql"): ("SELECT l.node, <lot> FROM lots l WHERE l.node = ANY(CAST(:nodes AS bigint[]))"),
    ("pools", "sqlite"): (
        "SELECT <pool> FROM json_each(:nodes) n CROSS JOIN pool_versions v ON v.node = n.value "
        "CROSS JOIN pools p ON p.pool = v.pool"
    ),
    ("pools", "postgresql"): (
        "SELECT <pool> FROM pool_versions v JOIN pools p ON p.pool = v.pool "
        "WHERE v.node = ANY(CAST(:nodes AS bigint[]))"
    ),
}
_ONWARD: Final = {
    "sqlite": (
        "(SELECT json_group_array(far) FROM (SELECT e.<far> AS far FROM edges e WHERE e.<near> = n.value "
        "AND <stands> ORDER BY e.<far> LIMIT :most))"
    ),
    "postgresql": (
        "ARRAY(SELECT e.<far> FROM edges e WHERE e.<near> = n.node AND <stands> ORDER BY e.<far> LIMIT :most)"
    ),
}
"""What the edges of a node lead to."""
_TOLD: Final = {
    "sqlite": "coalesce(l.made_of, {})",
    "postgresql": (
        "CASE WHEN l.made_of IS NULL THEN {} ELSE CAST(translate(l.made_of, '[]', '{{}}') AS bigint[]) END"
    ),
}
"""What a lot was made of, as its own record tells it."""
_STEP_SQLITE: Final = """
SELECT json_group_array(json_array(n.value, <lot>)), group_concat(<onward>)
FROM json_each(:nodes) n LEFT JOIN lots l ON l.node = n.value
"""
"""Some nodes as one row: what is told of those that are lots, and what each leads to. The driver takes longer
over a value of a row of its own than JSON's reader does, and lets Python's other threads run at every row.
"""
_STEP_POSTGRESQL: Final = """
SELECT <onward> AS onward, n.node, <lot>
FROM unnest(CAST(:nodes AS bigint[])) AS n(node) LEFT JOIN lots l ON l.node = n.node
"""
_STEP: Final = {"sqlite": _STEP_SQLITE, "postgresql": _STEP_POSTGRESQL}
_AT_ONCE: Final = """
WITH RECURSIVE way(node, onward) AS (
    SELECT n.node, <onward> FROM unnest(CAST(:nodes AS bigint[])) AS n(node) <told>
    UNION
    SELECT n.node, <onward>
    FROM (SELECT DISTINCT unnest(way.onward) AS node FROM way ORDER BY node) n <told>
)
SELECT w.onward, w.node, <lot>
FROM (SELECT * FROM way LIMIT :rows) w LEFT JOIN lots l ON l.node = w.node
"""
"""PostgreSQL's whole walk, nearest first: as many nodes as can be on so many edges."""


@cache
def _query(template: str, dialect: str, direction: Direction, *, as_of: bool) -> str:
    """A template with its parts, and parameters as the driver names them: SQLAlchemy's own text takes longer
    than a step of a walk on SQLite.
    """
    near, far = ("child", "parent") if direction == "upstream" else ("parent", "child")
    stands = "e.voided_at IS NULL"
    onward, told = _ONWARD[dialect], ""
    if as_of:
        stands = "e.entry_index <= :at AND (e.voided_at IS NULL OR e.voided_at > :at)"
    elif direction == "upstream":
        onward, told = _TOLD[dialect].format(onward), "LEFT JOIN lots l ON l.node = n.node"
    parts = {"told": told, "onward": onward, "near": near, "far": far, "stands": stands}
    for name, meant in (parts | {"lot": _LOT, "pool": _POOL}).items():
        template = template.replace(f"<{name}>", meant)
    return template if dialect == "sqlite" else _PARAMETER.sub(r"%(\1)s", template)


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
    begun = tuple(sorted(set(starts)))
    map_file(connection)
    if depth is None and not is_sqlite(connection):
        graph = _walk_at_once(connection, begun, direction, at, most)
    else:
        graph = _walk_steps(connection, begun, direction, depth, at, most)
    if since_us is not None or until_us is not None:
        _bound(graph, since_us, until_us)
    return graph


def _walk_at_once(
    connection: Connection, starts: tuple[int, ...], direction: Direction, at: int | None, most: int
) -> Graph:
    query = _query(_AT_ONCE, connection.dialect.name, direction, as_of=at is not None)
    asked = _asked(connection, starts, at, most + 1) | {"rows": len(starts) + most + 1}
    rows = _rows(connection, query, asked)
    onward: dict[int, Sequence[int]] = {row[1]: row[0] for row in rows}
    lots = {row[1]: _as_node(row[1:]) for row in rows if row[3] is not None}
    depths = _depths(starts, onward)
    edges = _edges(direction, depths, onward)
    return _limited(connection, Graph(starts, direction, lots, depths, edges, len(edges) > most), most)


def _walk_steps(
    connection: Connection,
    starts: tuple[int, ...],
    direction: Direction,
    depth: int | None,
    at: int | None,
    most: int,
) -> Graph:
    depths = dict.fromkeys(starts, 0)
    lots: dict[int, Node] = {}
    ahead: Sequence[int] = starts
    edges: list[tuple[int, int]] = []
    steps = 0
    while ahead and len(edges) <= most and (depth is None or steps < depth):
        steps += 1
        reached: set[int] = set()
        for start in range(0, len(ahead), _CHUNK):
            part = ahead[start : start + _CHUNK]
            rows, onward = _step(connection, part, direction, at, most + 1 - len(edges))
            lots.update({row[0]: _as_node(row) for row in rows if row[2] is not None})
            edges += _edges(direction, part, dict(zip((row[0] for row in rows), onward, strict=True)))
            reached.update(*onward)
            if len(edges) > most:
                break
        ahead = sorted(reached.difference(depths))
        depths.update(dict.fromkeys(ahead, steps))
    return _limited(connection, Graph(starts, direction, lots, depths, edges, len(edges) > most), most)


def _step(
    connection: Connection, nodes: Sequence[int], direction: Direction, at: int | None, most: int
) -> tuple[list[Sequence[Any]], list[list[int]]]:
    """Rows of some nodes, with nothing behind the number of what is no lot; and what each leads to."""
    dialect = connection.dialect.name
    query = _query(_STEP[dialect], dialect, direction, as_of=at is not None)
    rows = _rows(connection, query, _asked(connection, nodes, at, most))
    if is_sqlite(connection):
        [(told, onward)] = rows
        return json.loads(told), json.loads(f"[{onward}]")
    return [row[1:] for row in rows], [row[0] for row in rows]


def _limited(connection: Connection, graph: Graph, most: int) -> Graph:
    """A graph that was found, with its nodes in order, and without what lies behind the limit."""
    if graph.truncated:
        del graph.edges[most:]
        graph.depths = _depths(graph.starts, _onward(graph.direction, graph.edges))
    graph.nodes = _in_order(connection, graph.depths, graph.nodes)
    return graph


def _in_order(
    connection: Connection, depths: Mapping[int, int], known: Mapping[int, Node]
) -> dict[int, Node]:
    """The nodes in the order of their numbers' depths; numbers that nothing has are left out."""
    found = dict(known)
    for table in ("pools", "lots"):  # the lots are known but for those behind the last step
        missing = sorted(depths.keys() - found.keys())
        if not missing:
            break
        dialect = connection.dialect.name
        query = _query(_NODES[table, dialect], dialect, "upstream", as_of=False)
        rows = _rows(connection, query, {"nodes": _given(connection, missing)})
        found.update(zip((row[0] for row in rows), map(_as_node, rows), strict=True))
    return {number: found[number] for number in depths if number in found}


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


def _bound(graph: Graph, since_us: int | None, until_us: int | None) -> None:
    """Leaves out of a graph what happened outside a period, and what only led there."""
    starts = set(graph.starts)
    inside = {
        number
        for number, node in graph.nodes.items()
        if number in starts
        or (
            (since_us is None or node.event_time_us >= since_us)
            and (until_us is None or node.event_time_us < until_us)
        )
    }
    graph.edges = [edge for edge in graph.edges if edge[0] in inside and edge[1] in inside]
    onward = _onward(graph.direction, graph.edges)
    graph.depths = _depths((number for number in graph.starts if number in inside), onward)
    graph.nodes = {number: graph.nodes[number] for number in graph.depths}
    graph.edges = _edges(graph.direction, graph.depths, onward)


def _rows(connection: Connection, query: str, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """All rows as the driver gives them: thousands at a time, for which a wrapper each is too much."""
    cursor: Any = connection.exec_driver_sql(query, dict(parameters), execution_options=BINARY).cursor
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _asked(connection: Connection, numbers: Sequence[int], at: int | None, most: int) -> dict[str, Any]:
    asked = {"nodes": _given(connection, numbers), "most": most}
    return asked if at is None else asked | {"at": at}


def _given(connection: Connection, numbers: Sequence[int]) -> str:
    """Numbers as one text: PostgreSQL's driver takes longer over a list than the server over its text."""
    listed = ",".join(map(str, numbers))
    return f"[{listed}]" if is_sqlite(connection) else f"{{{listed}}}"
