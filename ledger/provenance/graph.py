"""Walking the graph of lots and pool versions, upstream and downstream.

Decides: what is on the way, how deep, in which order, and where a walk stops. A lot's edges lead to the lots
and pool versions that it was made from. Each node is visited once whatever the number of paths. PostgreSQL
walks by itself in one recursive query, whose ``UNION`` is over a node with its edges, so that the edges of
each are looked for about once; SQLite is asked step by step, which inside the process costs less than that.

What a walk gives is what the driver gave, thousands of rows at a time: nothing is made for each of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Connection, TextClause, text

from ledger.store.engine import BINARY, is_sqlite, map_file

Direction = Literal["upstream", "downstream"]

MAX_NODES: Final = 100_000


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


# CROSS JOIN holds SQLite to this order, in which each node finds its row by the index.
_NODES: Final = {
    ("lots", "sqlite"): text(
        "SELECT l.node, 'lot', l.lot, 0, l.birth, l.entry_index, l.position, l.event_time_us, l.product, "
        "l.stage, l.producer, l.site, l.mass_mg, l.tainted_by "
        "FROM json_each(:nodes) n CROSS JOIN lots l ON l.node = n.value"
    ),
    ("lots", "postgresql"): text(
        "SELECT l.node, 'lot', l.lot, 0, l.birth, l.entry_index, l.position, l.event_time_us, l.product, "
        "l.stage, l.producer, l.site, l.mass_mg, l.tainted_by "
        "FROM lots l WHERE l.node = ANY(CAST(:nodes AS bigint[]))"
    ),
    ("pools", "sqlite"): text(
        "SELECT v.node, 'pool', v.pool, v.version, v.change, v.entry_index, v.position, v.event_time_us, '', "
        "'', p.custodian, p.site, 0, CASE WHEN v.node = p.node THEN p.tainted_by END "
        "FROM json_each(:nodes) n CROSS JOIN pool_versions v "
        "ON v.node = n.value CROSS JOIN pools p ON p.pool = v.pool"
    ),
    ("pools", "postgresql"): text(
        "SELECT v.node, 'pool', v.pool, v.version, v.change, v.entry_index, v.position, v.event_time_us, '', "
        "'', p.custodian, p.site, 0, CASE WHEN v.node = p.node THEN p.tainted_by END "
        "FROM pool_versions v JOIN pools p ON p.pool = v.pool "
        "WHERE v.node = ANY(CAST(:nodes AS bigint[]))"
    ),
}
_STEPS: Final = {
    "sqlite": (
        "SELECT e.child, e.parent FROM json_each(:nodes) n CROSS JOIN edges e ON e.<near> = n.value "
        "AND <stands> LIMIT :most"
    ),
    "postgresql": (
        "SELECT e.child, e.parent FROM edges e WHERE e.<near> = ANY(CAST(:nodes AS bigint[])) AND <stands> "
        "ORDER BY e.<near>, e.<far> LIMIT :most"
    ),
}
"""The edges of some nodes, by the nearer end and then by the farther one."""
_AT_ONCE: Final = """
WITH RECURSIVE way(node, onward) AS (
    SELECT n.node, ARRAY(
        SELECT e.<far> FROM edges e WHERE e.<near> = n.node AND <stands> ORDER BY e.<far> LIMIT :most
    ) FROM unnest(CAST(:nodes AS bigint[])) AS n(node)
    UNION
    SELECT n.node, ARRAY(
        SELECT e.<far> FROM edges e WHERE e.<near> = n.node AND <stands> ORDER BY e.<far> LIMIT :most
    ) FROM (SELECT DISTINCT unnest(way.onward) AS node FROM way ORDER BY node) n
)
SELECT w.onward, w.node, 'lot', l.lot, 0, l.birth, l.entry_index, l.position, l.event_time_us, l.product,
    l.stage, l.producer, l.site, l.mass_mg, l.tainted_by
FROM (
    SELECT way.node, way.onward, sum(cardinality(way.onward)) OVER (ROWS UNBOUNDED PRECEDING)
        - cardinality(way.onward) AS edges_before FROM way
) w LEFT JOIN lots l ON l.node = w.node WHERE w.edges_before < :most
"""
"""PostgreSQL's whole walk: every node with what it leads to, and where it is a lot, with the lot."""


@cache
def _query(template: str, direction: Direction, *, as_of: bool) -> TextClause:
    near, far = ("child", "parent") if direction == "upstream" else ("parent", "child")
    stands = "e.voided_at IS NULL"
    if as_of:
        stands = "e.entry_index <= :at AND (e.voided_at IS NULL OR e.voided_at > :at)"
    return text(template.replace("<near>", near).replace("<far>", far).replace("<stands>", stands))


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
    query = _query(_AT_ONCE, direction, as_of=at is not None)
    rows = _rows(connection, query, _asked(connection, starts, at, most + 1))
    onward: dict[int, Sequence[int]] = {row[1]: row[0] for row in rows}
    lots = {row[1]: _as_node(row[1:]) for row in rows if row[3] is not None}
    depths = _depths(starts, onward)
    edges = _edges(direction, depths, onward)
    truncated = len(edges) > most
    if truncated:
        del edges[most:]
        depths = _depths(starts, _onward(direction, edges))
        lots = {}  # some that an edge leads to were not reached
    return Graph(starts, direction, _in_order(connection, depths, lots), depths, edges, truncated)


def _walk_steps(
    connection: Connection,
    starts: tuple[int, ...],
    direction: Direction,
    depth: int | None,
    at: int | None,
    most: int,
) -> Graph:
    query = _query(_STEPS[connection.dialect.name], direction, as_of=at is not None)
    far = 1 if direction == "upstream" else 0
    depths = dict.fromkeys(starts, 0)
    ahead: Sequence[int] = starts
    edges: list[tuple[int, int]] = []
    steps = 0
    while ahead and len(edges) <= most and (depth is None or steps < depth):
        steps += 1
        rows: list[Any] = _rows(connection, query, _asked(connection, ahead, at, most + 1 - len(edges)))
        edges += rows
        ahead = sorted({row[far] for row in rows}.difference(depths))
        depths.update(dict.fromkeys(ahead, steps))
    truncated = len(edges) > most
    if truncated:
        del edges[most:]
        depths = _depths(starts, _onward(direction, edges))
    return Graph(starts, direction, _in_order(connection, depths, {}), depths, edges, truncated)


def _in_order(
    connection: Connection, depths: Mapping[int, int], known: Mapping[int, Node]
) -> dict[int, Node]:
    """The nodes in the order of their numbers' depths; numbers that nothing has are left out."""
    found = dict(known)
    for table in ("lots", "pools"):
        missing = sorted(depths.keys() - found.keys())
        if not missing or (known and table == "lots"):
            continue
        query = _NODES[table, connection.dialect.name]
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


def _rows(connection: Connection, query: TextClause, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """All rows as the driver gives them: thousands at a time, for which a wrapper each is too much."""
    cursor: Any = connection.execute(query, parameters, execution_options=BINARY).cursor
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _asked(connection: Connection, numbers: Sequence[int], at: int | None, most: int) -> dict[str, Any]:
    asked = {"nodes": _given(connection, numbers), "most": most}
    return asked if at is None else asked | {"at": at}


def _given(connection: Connection, numbers: Sequence[int]) -> str:
    """Numbers as one text: PostgreSQL's driver takes longer over a list than the server over its text."""
    listed = ",".join(map(str, numbers))
    return f"[{listed}]" if is_sqlite(connection) else f"{{{listed}}}"
