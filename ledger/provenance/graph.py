"""Walking the graph of lots and pool versions, upstream and downstream.

Decides: what is on the way, how deep, and where a walk stops. A lot's edges lead to the lots and pool
versions that it was made from. Each node is visited once whatever the number of paths: step by step on
SQLite, by a recursive query with ``UNION`` over the node alone on PostgreSQL; depths are computed afterwards.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from sqlalchemy import Connection, TextClause, text

from ledger.store.engine import is_sqlite

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
        depth: Steps from the start, 0 for the start.
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
    depth: int = 0


@dataclass(slots=True)
class Graph:
    """What a walk found.

    Attributes:
        start: The node that it began at.
        direction: Where it went.
        nodes: By number, the start included, nearest first.
        edges: Pairs (child, parent) between these nodes.
        truncated: Whether a limit ended the walk before the graph did.
    """

    start: int
    direction: Direction
    nodes: dict[int, Node]
    edges: list[tuple[int, int]]
    truncated: bool


_WALKS: Final = {
    "upstream": text(
        "WITH RECURSIVE way(node) AS (SELECT CAST(:start AS BIGINT) UNION "
        "SELECT e.parent FROM way JOIN edges e ON e.child = way.node AND e.voided_at IS NULL) "
        "SELECT e.child, e.parent FROM way JOIN edges e ON e.child = way.node "
        "AND e.voided_at IS NULL LIMIT :most"
    ),
    "downstream": text(
        "WITH RECURSIVE way(node) AS (SELECT CAST(:start AS BIGINT) UNION "
        "SELECT e.child FROM way JOIN edges e ON e.parent = way.node AND e.voided_at IS NULL) "
        "SELECT e.child, e.parent FROM way JOIN edges e ON e.parent = way.node "
        "AND e.voided_at IS NULL LIMIT :most"
    ),
}
# CROSS JOIN holds SQLite to this order, in which each node finds its edges by the key.
_STEPS: Final = {
    ("upstream", "sqlite"): text(
        "SELECT e.child, e.parent FROM json_each(:nodes) n CROSS JOIN edges e ON e.child = n.value "
        "AND e.voided_at IS NULL"
    ),
    ("downstream", "sqlite"): text(
        "SELECT e.child, e.parent FROM json_each(:nodes) n CROSS JOIN edges e ON e.parent = n.value "
        "AND e.voided_at IS NULL"
    ),
    ("upstream", "postgresql"): text(
        "SELECT e.child, e.parent FROM edges e WHERE e.child = ANY(:nodes) AND e.voided_at IS NULL"
    ),
    ("downstream", "postgresql"): text(
        "SELECT e.child, e.parent FROM edges e WHERE e.parent = ANY(:nodes) AND e.voided_at IS NULL"
    ),
}
_LOTS: Final = {
    "sqlite": text(
        "SELECT l.node, 'lot', l.lot, 0, l.birth, l.entry_index, l.position, l.event_time_us, l.product, "
        "l.stage, l.producer, l.site, l.mass_mg, l.tainted_by "
        "FROM json_each(:nodes) n CROSS JOIN lots l ON l.node = n.value"
    ),
    "postgresql": text(
        "SELECT l.node, 'lot', l.lot, 0, l.birth, l.entry_index, l.position, l.event_time_us, l.product, "
        "l.stage, l.producer, l.site, l.mass_mg, l.tainted_by FROM lots l WHERE l.node = ANY(:nodes)"
    ),
}
_POOLS: Final = {
    "sqlite": text(
        "SELECT v.node, 'pool', v.pool, v.version, v.change, v.entry_index, v.position, v.event_time_us, '', "
        "'', p.custodian, p.site, 0, NULL FROM json_each(:nodes) n CROSS JOIN pool_versions v "
        "ON v.node = n.value "
        "CROSS JOIN pools p ON p.pool = v.pool"
    ),
    "postgresql": text(
        "SELECT v.node, 'pool', v.pool, v.version, v.change, v.entry_index, v.position, v.event_time_us, '', "
        "'', p.custodian, p.site, 0, NULL FROM pool_versions v JOIN pools p ON p.pool = v.pool "
        "WHERE v.node = ANY(:nodes)"
    ),
}


def walk(
    connection: Connection,
    start: int,
    direction: Direction,
    *,
    depth: int | None = None,
    since_us: int | None = None,
    until_us: int | None = None,
    most: int = MAX_NODES,
) -> Graph:
    """Everything upstream or downstream of a node.

    Args:
        connection: A reading transaction.
        start: A lot's or pool version's node.
        direction: Upstream (what it was made from) or downstream (what was made from it).
        depth: How many steps at most; None: to the end.
        since_us: Leaves out what happened before; until_us: and what happened from then on. Nodes behind one
            that is left out are left out too, unless another way leads to them.
        most: How many edges at most; then ``truncated`` is set.
    """
    if depth is None and not is_sqlite(connection):
        edges: list[Any] = _rows(connection, _WALKS[direction], {"start": start, "most": most + 1})
    else:
        # A query for each step visits each edge once; inside the process that is cheaper than one recursive
        # query, which visits each twice. Over a network it would be dearer.
        edges = _walk_steps(connection, start, direction, depth, most)
    truncated = len(edges) > most
    del edges[most:]
    depths = _depths(start, direction, edges)
    nodes = _read_nodes(connection, depths)
    if since_us is not None or until_us is not None:
        nodes, edges = _within(start, direction, nodes, edges, since_us, until_us)
    nearest_first = sorted((node.depth, number) for number, node in nodes.items())
    ordered = {number: nodes[number] for _, number in nearest_first}
    return Graph(start, direction, ordered, edges, truncated)


def _read_nodes(connection: Connection, depths: Mapping[int, int]) -> dict[int, Node]:
    """Nodes by their numbers; numbers that nothing has are left out."""
    dialect = connection.dialect.name
    parameters = {"nodes": _parameter(connection, sorted(depths))}
    found: dict[int, Node] = {}
    for queries in (_LOTS, _POOLS):
        if len(found) < len(depths):
            for row in _rows(connection, queries[dialect], parameters):
                found[row[0]] = Node._make((*row, depths[row[0]]))
    return found


def _rows(connection: Connection, query: TextClause, parameters: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """All rows as the driver gives them: thousands at a time, for which a wrapper each is too much."""
    cursor: Any = connection.execute(query, parameters).cursor
    rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _walk_steps(
    connection: Connection, start: int, direction: Direction, depth: int | None, most: int
) -> list[tuple[int, int]]:
    query = _STEPS[direction, connection.dialect.name]
    seen, ahead = {start}, [start]
    edges: list[tuple[int, int]] = []
    steps = 0
    while ahead and len(edges) <= most and (depth is None or steps < depth):
        steps += 1
        rows: list[Any] = _rows(connection, query, {"nodes": _parameter(connection, ahead)})
        edges.extend(rows)
        reached = {parent if direction == "upstream" else child for child, parent in rows}
        ahead = sorted(reached - seen)
        seen |= reached
    return edges


def _depths(start: int, direction: Direction, edges: Iterable[tuple[int, int]]) -> dict[int, int]:
    """The fewest steps from the start to each node."""
    onward: dict[int, list[int]] = defaultdict(list)
    for child, parent in edges:
        near, far = (child, parent) if direction == "upstream" else (parent, child)
        onward[near].append(far)
    depths = {start: 0}
    queue = deque([start])
    while queue:
        near = queue.popleft()
        steps = depths[near] + 1
        for far in onward[near]:
            if far not in depths:
                depths[far] = steps
                queue.append(far)
    return depths


def _within(
    start: int,
    direction: Direction,
    nodes: dict[int, Node],
    edges: list[tuple[int, int]],
    since_us: int | None,
    until_us: int | None,
) -> tuple[dict[int, Node], list[tuple[int, int]]]:
    inside = {
        number
        for number, node in nodes.items()
        if number == start
        or (
            (since_us is None or node.event_time_us >= since_us)
            and (until_us is None or node.event_time_us < until_us)
        )
    }
    kept = [edge for edge in edges if edge[0] in inside and edge[1] in inside]
    reached = _depths(start, direction, kept)
    return {
        number: node._replace(depth=reached[number]) for number, node in nodes.items() if number in reached
    }, kept


def _parameter(connection: Connection, numbers: Sequence[int]) -> Any:
    return f"[{','.join(map(str, numbers))}]" if is_sqlite(connection) else list(numbers)
