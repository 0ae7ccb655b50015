"""Walking the graph of lots and pool versions, upstream and downstream.

Decides: what is on the way, how deep, in which order, and where a walk stops. A lot's edges lead to the lots
and pool versions that it was made from; upstream most lots tell them in their own record, and the edges are
looked for of pools and of the other lots alone. Each node is visited once whatever the number of paths. The
database is asked step by step, for all nodes of a step at once; where the way goes on after ``_STEPWISE``
steps and is narrow it is asked for all that is left, so that a long way through a pool's versions takes no
more questions. Where a copy of the lots is at hand (``ledger.store.graph_copy``) they are taken from there.

What is told of a node, and what it leads to, stay the texts that they are stored as (see ``way``): there are
thousands of them, and most questions want the text.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import cache
from operator import add
from typing import Any, Final

from sqlalchemy import Connection

from ledger.clock import format_time_us
from ledger.provenance.emptied import Emptied
from ledger.provenance.way import Direction, Graph, Level, arrays_of, between, inside, onward_of, pack
from ledger.records.steps import Node, tell, tell_until
from ledger.store.asking import Rows, ask_driver
from ledger.store.engine import in_psycopg_words, map_file
from ledger.store.graph_copy import OPTION, CopiedLots, GraphCopy

MAX_NODES: Final = 100_000
_CHUNK: Final = 5_000
"""Nodes of one step that are asked for at once."""
_STEPWISE: Final = 8
"""So many steps are asked for one by one."""
_NARROW: Final = 32
"""A step of fewer nodes costs more as a question of its own than inside a recursive one; of more, less."""

_LOTS: Final = {
    # CROSS JOIN holds SQLite to this order, in which each node finds its row by the index.
    "sqlite": (
        "SELECT count(*), CAST(group_concat(l.told, :between) AS BLOB), group_concat(<onward>) "
        "FROM json_each(:nodes) n CROSS JOIN lots l ON l.node = n.value"
    ),
    "postgresql": (
        "SELECT count(*), convert_to(string_agg(l.told, CAST(:between AS text) ORDER BY l.node), 'UTF8'), "
        "string_agg(<onward>, ',' ORDER BY l.node) FROM lots l WHERE l.node = ANY(CAST(:nodes AS bigint[]))"
    ),
}
"""Of some nodes those that are lots: how many, their texts, and what they lead to. All as one row: a driver
takes longer over many, and SQLite's lets Python's other threads run at every one.
"""
_REST: Final = {
    "sqlite": (
        "WITH RECURSIVE way (node) AS (SELECT value FROM json_each(:nodes) UNION SELECT e.<far> FROM way w "
        "CROSS JOIN edges e ON e.<near> = w.node WHERE e.voided_at IS NULL) SELECT node FROM way LIMIT :most"
    ),
    "postgresql": (
        "WITH RECURSIVE way (node) AS (SELECT unnest(CAST(:nodes AS bigint[])) UNION SELECT e.<far> "
        "FROM way w JOIN edges e ON e.<near> = w.node WHERE e.voided_at IS NULL) "
        "SELECT node FROM way LIMIT :most"
    ),
}
"""All numbers that edges which stand lead to from some, those included."""
_NUMBERS: Final = {
    "sqlite": "SELECT l.node FROM json_each(:nodes) n CROSS JOIN lots l ON l.node = n.value",
    "postgresql": "SELECT l.node FROM lots l WHERE l.node = ANY(CAST(:nodes AS bigint[])) ORDER BY l.node",
}
"""Which of some nodes are lots."""
_POOLS: Final = {
    "sqlite": (
        "SELECT <pool>, <empty>, <onward> FROM json_each(:nodes) n "
        "CROSS JOIN pool_versions l ON l.node = n.value CROSS JOIN pools p ON p.pool = l.pool"
    ),
    "postgresql": (
        "SELECT <pool>, <empty>, <onward> FROM pool_versions l JOIN pools p ON p.pool = l.pool "
        "WHERE l.node = ANY(CAST(:nodes AS bigint[]))"
    ),
}
"""Those that are versions of pools, each with what it leads to."""
_VERSIONS: Final = {
    "sqlite": "SELECT <lot>, <onward> FROM json_each(:nodes) n CROSS JOIN lot_versions l ON l.node = n.value "
    "AND l.changed_at = (SELECT min(v.changed_at) FROM lot_versions v WHERE v.node = n.value "
    "AND v.changed_at > :at) CROSS JOIN lots c ON c.lot = l.lot",
    "postgresql": "SELECT <lot>, <onward> FROM lot_versions l JOIN lots c ON c.lot = l.lot "
    "WHERE l.node = ANY(CAST(:nodes AS bigint[])) AND l.changed_at = (SELECT min(v.changed_at) "
    "FROM lot_versions v WHERE v.node = l.node AND v.changed_at > :at)",
}
"""Those of some nodes whose lots say something else by now, as their records stood."""
_LOT: Final = (
    "l.lot, l.node, l.birth, l.entry_index, l.position, l.event_time_us, l.product, l.stage, l.producer, "
    "l.site, l.mass_mg, c.tainted_by"
)
_STOOD: Final = (
    "coalesce((SELECT v.entry_index <= :at AND <within> FROM lot_versions v WHERE v.node = e.child "
    "AND v.changed_at > :at ORDER BY v.changed_at LIMIT 1), "
    "e.entry_index <= :at AND (e.voided_at IS NULL OR e.voided_at > :at))"
)
"""Whether an edge stood at an entry: what was made says so where it was corrected since, for an edge that was
taken back and recorded again tells of its last time alone.
"""
_WITHIN: Final = {
    "sqlite": "instr(<listed>, <number>) > 0",
    "postgresql": "strpos(<listed>, <number>) > 0",
}
_LISTED: Final = "',' || substr(v.made_of, 2, length(v.made_of) - 2) || ','"
_NUMBER: Final = "',' || CAST(e.parent AS text) || ','"
_POOL: Final = (
    "l.pool, l.node, l.version, l.change, l.entry_index, l.position, l.event_time_us, p.custodian, p.site, "
    "CASE WHEN l.node = p.node THEN p.tainted_by END"
)
_EMPTY: Final = "CASE WHEN l.owners = '{}' THEN 1 ELSE 0 END"
"""Whether nothing was left in a pool (``ledger.provenance.emptied``)."""
_ONWARD: Final = {
    "sqlite": (
        "(SELECT json_group_array(far) FROM (SELECT e.<far> AS far FROM edges e WHERE e.<near> = l.node "
        "AND <stands> ORDER BY e.<far> LIMIT :most))"
    ),
    "postgresql": (
        "CAST(array_to_json(ARRAY(SELECT e.<far> FROM edges e WHERE e.<near> = l.node "
        "AND <stands> ORDER BY e.<far> LIMIT :most)) AS text)"
    ),
}
"""What the edges of a node lead to, as an array of JSON."""


@cache
def _query(templates: str, dialect: str, direction: Direction, as_of: bool) -> str:
    """A query with its parts, and parameters as the driver names them: SQLAlchemy's own text takes longer
    than a step of a walk on SQLite.
    """
    known = {"lots": _LOTS, "numbers": _NUMBERS, "pools": _POOLS, "versions": _VERSIONS, "rest": _REST}
    template = known[templates][dialect]
    near, far = ("child", "parent") if direction == "upstream" else ("parent", "child")
    onward = _ONWARD[dialect]
    if templates == ("versions" if as_of else "lots") and direction == "upstream":
        onward = f"coalesce(l.made_of, {onward})"
    parts = {
        "pool": _POOL,
        "lot": _LOT,
        "empty": _EMPTY,
        "onward": onward,
        "near": near,
        "far": far,
        "stands": _STOOD if as_of else "e.voided_at IS NULL",
        "within": _WITHIN[dialect],
        "listed": _LISTED,
        "number": _NUMBER,
    }
    for name, meant in parts.items():
        template = template.replace(f"<{name}>", meant)
    return template if dialect == "sqlite" else in_psycopg_words(template)


class _Asker:
    """Asks the database about the nodes of a walk.

    Attributes:
        emptied: Versions of pools that were met in which nothing was left.
    """

    def __init__(
        self, connection: Connection, direction: Direction, at: int | None, copied: CopiedLots | None
    ) -> None:
        self._connection = connection
        self._copied = copied
        self._dialect = connection.dialect.name
        self._direction = direction
        self._at = at
        self._known: dict[str, tuple[str, str]] = {}
        self._asked: frozenset[str] = frozenset()
        self._emptied = Emptied(connection, at)
        self.emptied: set[int] = set()

    def read_on(self, numbers: Sequence[str], most: int) -> None:
        """Reads some nodes and all that they lead to, so many at most, once; it is then asked for no more.

        What stood at an earlier entry is left to be asked for.
        """
        if self._at is not None or self._asked:
            return
        asked = [str(row[0]) for row in self._rows("rest", numbers, most)]
        rest = self.level(0, _rising(asked), most)
        if rest.numbers:
            told = zip(rest.texts, arrays_of(rest.onward), strict=True)
            self._known = dict(zip(rest.numbers, told, strict=True))
        self._asked = frozenset(asked)

    def level(self, depth: int, numbers: Sequence[str], most: int) -> Level:
        """Those of some nodes that there are.

        Args:
            depth: How far they are.
            numbers: Theirs, rising, as decimal text.
            most: Of what one leads to.
        """
        if self._asked and self._asked.issuperset(numbers):
            return _composed(depth, numbers, self._known)
        if self._copied is not None:
            return self._from_copy(depth, numbers, most, self._copied.take(numbers))
        return self._from_database(depth, numbers, most)

    def _from_copy(
        self, depth: int, numbers: Sequence[str], most: int, taken: Sequence[Sequence[bytes] | None]
    ) -> Level:
        """A level of which a copy has some or all, and the database the others."""
        there = [each for each in taken if each is not None]
        if len(there) == len(numbers) > 0:
            pairs, onward, begun, rest = zip(*there, strict=True)
            listed = b",".join(filter(None, pairs)).decode()
            texts = between(depth).encode().join(map(add, begun, rest))
            return Level(depth, numbers, texts, b",".join(onward).decode(), listed, begun)
        missing = [number for number, each in zip(numbers, taken, strict=True) if each is None]
        others = self._from_database(depth, missing, most)
        if not there:
            return others
        found = {
            number: ((each[2] + each[3]).decode(), each[1].decode())
            for number, each in zip(numbers, taken, strict=True)
            if each is not None
        }
        if others.numbers:
            told_others = zip(others.texts, arrays_of(others.onward), strict=True)
            found.update(zip(others.numbers, told_others, strict=True))
        return _composed(depth, numbers, found)

    def _from_database(self, depth: int, numbers: Sequence[str], most: int) -> Level:
        starts = range(0, len(numbers), _CHUNK)
        parts = [self._part(depth, numbers[start : start + _CHUNK], most) for start in starts]
        if len(parts) == 1:
            return parts[0]
        return Level(
            depth,
            [number for part in parts for number in part.numbers],
            between(depth).encode().join(part.told for part in parts if part.numbers),
            ",".join(part.onward for part in parts if part.numbers),
        )

    def _part(self, depth: int, numbers: Sequence[str], most: int) -> Level:
        [(count, told, onward)] = self._rows("lots", numbers, most, between(depth))
        if count == len(numbers) and self._at is None:
            return Level(depth, numbers, told, onward)
        pools = self._rows("pools", numbers, most)
        self.emptied |= self._emptied.standing([(row[1], row[0], row[2]) for row in pools if row[-2]])
        found = {str(row[1]): (_pool_text(row[:-2]), row[-1]) for row in pools}
        if count:
            lots: Sequence[str] = [number for number in numbers if number not in found]
            if len(lots) > count:
                lots = [str(row[0]) for row in self._rows("numbers", numbers, most)]
            texts = Level(depth, lots, told, onward).texts
            found.update(zip(lots, zip(texts, arrays_of(onward), strict=True), strict=True))
        if self._at is not None:
            for row in self._rows("versions", numbers, most):
                found[str(row[1])] = (_lot_text(row[:-1]), row[-1])
            found = {number: (tell_until(text, self._at), far) for number, (text, far) in found.items()}
        return _composed(depth, numbers, found)

    def _rows(self, template: str, numbers: Sequence[str], most: int, between: str = "") -> Rows:
        sqlite = self._dialect == "sqlite"
        query = _query(template, self._dialect, self._direction, self._at is not None)
        listed = ",".join(numbers)
        # As one text: PostgreSQL's driver takes longer over a list than the server over its text.
        nodes = f"[{listed}]" if sqlite else f"{{{listed}}}"
        asked = {"nodes": nodes, "most": most, "at": self._at, "between": between}
        (rows,) = ask_driver(self._connection, [(query, asked)])
        return rows


def _lot_text(row: Sequence[Any]) -> str:
    lot, node, birth, index, position, time_us, *rest = row
    return tell(Node(lot, "lot", node, 0, birth, index, position, format_time_us(time_us), *rest))


def _pool_text(row: Sequence[Any]) -> str:
    pool, node, version, change, index, position, time_us, custodian, site, tainted_by = row
    made = (node, version, change, index, position, format_time_us(time_us))
    return tell(Node(pool, "pool", *made, "", "", custodian, site, 0, tainted_by))


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
        since_us: Where a walk upstream ends: what happened before is left out, and so are nodes behind it,
            unless another way leads to them. until_us: where a walk downstream ends. The other bound of a
            period ends no walk (``way.within`` leaves out what is beyond it).
        at: The lots and edges as they stood once this entry was in; None: as they stand now.
        most: How many edges at most; then ``truncated`` is set.
    """
    map_file(connection)
    with _copied_lots(connection, direction, at) as copied:
        asker = _Asker(connection, direction, at, copied)
        graph = _reach(asker, tuple(sorted(set(starts))), direction, depth, most)
        if graph.truncated:
            graph = _cut(asker, graph, most)
    if asker.emptied:
        graph = _parted(graph, asker.emptied, depth)
    if direction == "upstream" and since_us is not None:
        graph = _bounded(graph, since_us, None)
    elif direction == "downstream" and until_us is not None:
        graph = _bounded(graph, None, until_us)
    return graph


def _copied_lots(
    connection: Connection, direction: Direction, at: int | None
) -> AbstractContextManager[CopiedLots | None]:
    """The copy of the lots, where there is one and what lots are made of now is asked."""
    copy: GraphCopy | None = connection.get_execution_options().get(OPTION)
    if copy is None or direction == "downstream" or at is not None:
        return nullcontext()
    return copy.reading(connection)


def _reach(
    asker: _Asker, starts: tuple[int, ...], direction: Direction, depth: int | None, most: int
) -> Graph:
    """The whole graph; or as much of it as has more edges than ``most``, without what they lead to."""
    graph = Graph(starts, direction, [], False)
    ahead = [*map(str, starts)]
    seen = set(ahead)
    edges = 0
    while ahead:
        if depth is None and len(graph.levels) >= _STEPWISE and len(ahead) < _NARROW:
            asker.read_on(ahead, most + 1 - edges)
        level = asker.level(len(graph.levels), ahead, most + 1 - edges)
        if level.depth == depth:
            if not seen.issuperset(level.all_onward()):
                graph.ended_by |= {"depth"}
            nowhere = ",".join(["[]"] * len(level.numbers))
            graph.levels.append(replace(level, onward=nowhere, pairs=""))
            break
        graph.levels.append(level)
        onward = level.all_onward()
        edges += len(onward)
        if edges > most:
            graph.truncated = True
            break
        reached = set(onward) - seen  # in place it would go over all that is seen
        seen |= reached
        ahead = _rising(reached)
    return graph


def _composed(depth: int, numbers: Sequence[str], found: Mapping[str, tuple[str, str]]) -> Level:
    """A level of the nodes that were found, by number each with its text and what it leads to."""
    here = [number for number in numbers if number in found]
    told = between(depth).join([found[each][0] for each in here]).encode()
    return Level(depth, here, told, ",".join([found[each][1] for each in here]))


def _rising(numbers: Iterable[str]) -> list[str]:
    """Whole numbers in their order: those that are as long are in the order of their texts."""
    return sorted(sorted(numbers), key=len)


def _cut(asker: _Asker, graph: Graph, most: int) -> Graph:
    """A graph with its first edges and what they join."""
    edges = graph.edges[:most]
    depths = _depths(graph.starts, onward_of(graph.direction, edges))
    told = dict(graph.told)
    missing = asker.level(0, [*map(str, sorted(depths.keys() - told.keys()))], 0)
    told.update(zip(missing.nodes, missing.texts, strict=True))
    return pack(graph, depths, told, edges)


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


def _parted(graph: Graph, emptied: Collection[int], depth: int | None) -> Graph:
    """A graph without the ways through a pool in which nothing was left in between."""
    edges = [edge for edge in graph.edges if edge[1] not in emptied]
    depths = _depths(graph.starts, onward_of(graph.direction, edges))
    if depth is not None:
        depths = {number: steps for number, steps in depths.items() if steps <= depth}
        last = {number for number, steps in depths.items() if steps == depth}
        edges = [edge for edge in edges if edge[graph.direction == "downstream"] not in last]
    return pack(graph, depths, graph.told, [edge for edge in edges if {*edge} <= depths.keys()])


def _bounded(graph: Graph, since_us: int | None, until_us: int | None) -> Graph:
    """A graph without what lies beyond the end of a period, and without what only led on from there."""
    kept = inside(graph, since_us, until_us)
    edges = [edge for edge in graph.edges if edge[0] in kept and edge[1] in kept]
    depths = _depths(graph.starts, onward_of(graph.direction, edges))
    edges = [edge for edge in edges if edge[0] in depths and edge[1] in depths]
    bounded = pack(graph, {number: depths[number] for number in depths if number in kept}, graph.told, edges)
    if len(kept) < graph.size:
        bounded.ended_by |= {"until" if since_us is None else "since"}
    return bounded
