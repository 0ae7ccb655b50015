"""Which uses of goods are borne out, and which rest on their user's own word alone.

Decides: what awaits its shipment. Whoever says that it received a lot, while no shipment says so, may use it;
but that it truly had it is nobody's word but its own (``admission``). What it made of it then opens nothing
of what stands behind that lot: to no party, for two could claim for each other. Once a shipment settles the
receipt, the use is borne out and all is told.

Whether any such use is behind goods the database answers in one walk over the numbers alone, whatever the
depth: most goods have none, and their way need not be read for that.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, TextClause, text

from ledger.books.accounts import contained
from ledger.provenance import digits
from ledger.provenance.admission import had_by, read_lots
from ledger.provenance.emptied import Emptied
from ledger.provenance.flow_facts import Facts, Place
from ledger.provenance.subjects import books_of
from ledger.provenance.way import Graph, onward_of, pack
from ledger.records.books import Books
from ledger.records.lots import LotRecord, PostingRecord
from ledger.store.engine import is_sqlite, map_file

NOT_BORNE: Final = "awaited"
"""What such a part is called among origins, and on a label."""
_VERSIONS_AT_ONCE: Final = 100
_UNSETTLED: Final = "SELECT DISTINCT r.lot FROM {} JOIN provisionals r ON r.lot = n.{} WHERE r.left_mg > 0"
_BACK: Final = (
    "SELECT DISTINCT p.lot FROM {} JOIN postings p ON p.lot = n.{} "
    "WHERE p.account = 'exported' AND p.mass_mg < 0"
)
_NAMED_SQLITE: Final = text(
    " UNION ".join(each.format("json_each(:lots) n", "value") for each in (_UNSETTLED, _BACK))
)
_NAMED_POSTGRESQL: Final = text(
    " UNION ".join(
        each.format("unnest(CAST(:lots AS text[])) AS n(lot)", "lot") for each in (_UNSETTLED, _BACK)
    )
)
_HELD: Final = text(
    " UNION ".join(
        each.format("(SELECT DISTINCT lot FROM holdings WHERE custodian = :party) n", "lot")
        for each in (_UNSETTLED, _BACK)
    )
)

_BEHIND: Final = (
    "WITH RECURSIVE way (node) AS (<starts> UNION SELECT e.parent FROM way w CROSS JOIN edges e "
    "WHERE e.child = w.node AND e.voided_at IS NULL<open>) "
)
"""All numbers upstream of some, by the edges that stand."""
_DOUBTFUL_BEHIND: Final = (
    "SELECT l.lot FROM way w CROSS JOIN lots l WHERE l.node = w.node AND COALESCE("
    "(SELECT 1 FROM provisionals r WHERE r.lot = l.lot AND r.left_mg > 0 LIMIT 1), (SELECT 1 FROM postings p "
    "WHERE p.lot = l.lot AND p.account = 'exported' AND p.mass_mg < 0 LIMIT 1)) IS NOT NULL"
)
"""A limit holds PostgreSQL to looking each lot up: on a long way it would otherwise read all postings."""
_USED_BEHIND: Final = (
    "SELECT l.lot, COALESCE(c.entry_index, v.entry_index), COALESCE(c.position, v.position) FROM <lots> "
    "JOIN lots l ON l.lot = n.<lot> JOIN edges e ON e.parent = l.node AND e.voided_at IS NULL "
    "JOIN way w ON w.node = e.child LEFT JOIN lots c ON c.node = e.child "
    "LEFT JOIN pool_versions v ON v.node = e.child"
)
"""Of some lots the events on the way that used them."""
_EMPTY_BEHIND: Final = (
    "SELECT v.node, v.pool, v.version FROM way w CROSS JOIN pool_versions v "
    "WHERE v.node = w.node AND v.owners = '{}'"
)
_NOT_EMPTIED: Final = " AND e.parent NOT IN (<emptied>)"
"""Leaves out the ways through a pool in which nothing was left, as a walk does."""


@cache
def _worded(query: str, dialect: str) -> TextClause:
    parts = {
        "sqlite": {
            "starts": "SELECT value FROM json_each(:nodes)",
            "emptied": "SELECT value FROM json_each(:emptied)",
            "lots": "json_each(:lots) n",
            "lot": "value",
        },
        "postgresql": {
            "starts": "SELECT unnest(CAST(:nodes AS bigint[]))",
            "emptied": "SELECT unnest(CAST(:emptied AS bigint[]))",
            "lots": "unnest(CAST(:lots AS text[])) AS n(lot)",
            "lot": "lot",
        },
    }
    for name, meant in parts[dialect].items():
        query = query.replace(f"<{name}>", meant)
    return text(query)


class Use(NamedTuple):
    """A lot, and the event that used some of it."""

    lot: str
    entry_index: int
    position: int


def claimed(connection: Connection, party: str) -> set[str]:
    """The lots that a party has or had in custody by nothing but its own word."""
    found = {str(row[0]) for row in connection.execute(_HELD, {"party": party})}
    return {lot for lot, had in _had(connection, found).items() if party not in had}


def unborne(connection: Connection, lots: Iterable[str], parties: Collection[str]) -> set[str]:
    """The lots of which nothing but its own word says that any of some parties had them."""
    had = _had(connection, _doubtful(connection, lots))
    return {lot for lot, parties_of in had.items() if parties_of.isdisjoint(parties)}


def uses_of(connection: Connection, lots: Iterable[str]) -> set[Use]:
    """The events that used some of the lots in the hands of who had them by nothing but its own word."""
    return _uses(connection, _doubtful(connection, lots))


def uses_behind(connection: Connection, nodes: Collection[int]) -> set[Use]:
    """Such uses by which anything upstream of some nodes was made: without a limit, and in few questions."""
    map_file(connection)
    starts = _listed(connection, sorted(nodes))
    dialect = connection.dialect.name
    first = _worded(_BEHIND.replace("<open>", "") + _DOUBTFUL_BEHIND, dialect)
    uses = _uses(connection, {str(lot) for lot in connection.execute(first, {"nodes": starts}).scalars()})
    if not uses:
        return uses
    empty = connection.execute(
        _worded(_BEHIND.replace("<open>", "") + _EMPTY_BEHIND, dialect), {"nodes": starts}
    )
    emptied = sorted(Emptied(connection).standing([(node, pool, at) for node, pool, at in empty]))
    second = _worded(_BEHIND.replace("<open>", _NOT_EMPTIED if emptied else "") + _USED_BEHIND, dialect)
    named = _listed(connection, sorted({use.lot for use in uses}))
    asked = {"nodes": starts, "lots": named} | ({"emptied": _listed(connection, emptied)} if emptied else {})
    rows = connection.execute(second, asked)
    return uses & {Use(*row) for row in rows}


def _uses(connection: Connection, lots: Collection[str]) -> set[Use]:
    """As ``uses_of``, of doubtful lots."""
    if not lots:
        return set()
    books = books_of(connection)
    had = _had(connection, lots)
    books.prefetch_groups(PostingRecord, "lot", [(lot,) for lot in had])
    return {
        Use(lot, line.entry_index, line.position)
        for lot, parties in had.items()
        for line in books.group(PostingRecord, "lot", lot)
        if line.account == "holding" and line.mass_mg < 0 and line.custodian not in parties
    }


def _doubtful(connection: Connection, lots: Iterable[str]) -> set[str]:
    """The lots that somebody may have by its own word alone: few, so the others' lines are not read."""
    named = sorted(set(lots))
    if not named:
        return set()
    query = _NAMED_SQLITE if is_sqlite(connection) else _NAMED_POSTGRESQL
    rows = connection.execute(query, {"lots": _listed(connection, named)})
    return {str(row[0]) for row in rows}


def _listed(connection: Connection, values: list[Any]) -> object:
    """Some values as one parameter."""
    return json.dumps(values) if is_sqlite(connection) else values


def _had(connection: Connection, lots: Collection[str]) -> dict[str, set[str]]:
    books, names = books_of(connection), sorted(lots)
    read_lots(books, names)
    return {lot: had_by(books, lot) for lot in names}


def cut(graph: Graph, uses: Collection[Use]) -> Graph:
    """A graph upstream without the ways that lead through such uses; what is reached otherwise stays.

    Where no way does, it is the same object.
    """
    if not uses:
        return graph
    nodes = graph.nodes
    edges = [
        (child, parent)
        for child, parent in graph.edges
        if Use(nodes[parent].name, nodes[child].entry_index, nodes[child].position) not in uses
    ]
    if len(edges) == len(graph.edges):
        return graph
    onward = onward_of(graph.direction, edges)
    reached, ahead = set(graph.starts), list(graph.starts)
    while ahead:
        for number in onward.get(ahead.pop(), ()):
            if number not in reached:
                reached.add(number)
                ahead.append(number)
    depths = {number: depth for number, depth in graph.depths.items() if number in reached}
    return pack(graph, depths, graph.told, [edge for edge in edges if {*edge} <= reached])


def in_pools(
    connection: Connection, pools: Iterable[tuple[str, int]], lots: Collection[str]
) -> list[dict[str, Fraction]]:
    """How much of each pool's content, in mg by element, was fed from such lots and is still in it.

    What leaves a pool takes of everything in it alike. The lots' lines are looked through once for all pools.

    Args:
        connection: A reading transaction.
        pools: Their ids and newest versions.
        lots: The lots.
    """
    books = books_of(connection)
    books.prefetch_groups(PostingRecord, "lot", [(lot,) for lot in lots])
    used: dict[Place, list[PostingRecord]] = {}
    for lot in lots:
        for line in books.group(PostingRecord, "lot", lot):
            if line.account == "holding" and line.mass_mg < 0:
                used.setdefault((line.entry_index, line.position), []).append(line)
    return [_in_pool(connection, books, pool, version, used) for pool, version in pools]


def _in_pool(
    connection: Connection,
    books: Books,
    pool: str,
    version: int,
    used: Mapping[Place, Sequence[PostingRecord]],
) -> dict[str, Fraction]:
    """The same of one pool, by the events that used the lots."""
    if not used:
        return {}
    facts = Facts(connection, None)
    facts.read_versions(pool, 1, version)
    made = {number: facts.versions[pool, number].place for number in range(1, version + 1)}
    first = next((number for number, place in made.items() if place in used), version + 1)
    inside: dict[str, Fraction] = {}
    before: Mapping[str, int] = {}
    for start in range(first, version + 1, _VERSIONS_AT_ONCE):
        numbers = range(start, min(start + _VERSIONS_AT_ONCE, version + 1))
        facts.need_elements((), [(pool, number) for number in numbers])
        for number in numbers:
            now = facts.elements_of(pool, number)
            for symbol, mass in inside.items():
                if now.get(symbol, 0) < before.get(symbol, 0):
                    inside[symbol] = digits.cut(mass * max(now.get(symbol, 0), 0) / before[symbol])
            for line in used.get(made[number], ()):
                known = books.get(LotRecord, line.lot)
                for symbol, mass_mg in contained(known, -line.mass_mg).items() if known else ():
                    inside[symbol] = digits.cut(inside.get(symbol, Fraction(0)) + mass_mg)
            before = now
    return inside
