"""Which uses of goods are borne out, and which rest on their user's own word alone.

Decides: what awaits its shipment. Whoever says that it received a lot, while no shipment says so, may use it;
but that it truly had it is nobody's word but its own (``admission``). What it made of it then opens nothing
of what stands behind that lot: to no party, for two could claim for each other. Once a shipment settles the
receipt, the use is borne out and all is told.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from ledger.books.accounts import contained
from ledger.provenance.admission import had_by
from ledger.provenance.flow_facts import Facts, Place
from ledger.provenance.subjects import books_of
from ledger.provenance.way import Graph, onward_of, pack
from ledger.records.lots import LotRecord, PostingRecord, ProvisionalRecord
from ledger.store.engine import is_sqlite

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
    books = books_of(connection)
    had = _had(connection, _doubtful(connection, lots))
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
    sqlite = is_sqlite(connection)
    query = _NAMED_SQLITE if sqlite else _NAMED_POSTGRESQL
    rows = connection.execute(query, {"lots": json.dumps(named) if sqlite else named})
    return {str(row[0]) for row in rows}


def _had(connection: Connection, lots: Collection[str]) -> dict[str, set[str]]:
    books, keys = books_of(connection), [(lot,) for lot in sorted(lots)]
    books.prefetch(LotRecord, keys)
    for kind in (PostingRecord, ProvisionalRecord):
        books.prefetch_groups(kind, "lot", keys)
    return {lot: had_by(books, lot) for (lot,) in keys}


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


def names_of(graph: Graph) -> set[str]:
    """The lots of a graph."""
    return {node.name for node in graph.nodes.values() if node.kind == "lot"}


def in_pool(connection: Connection, pool: str, version: int, lots: Collection[str]) -> dict[str, Fraction]:
    """How much of a pool's content, in mg by element, was fed from such lots and is still in it.

    What leaves a pool takes of everything in it alike.
    """
    books, facts = books_of(connection), Facts(connection, None)
    books.prefetch_groups(PostingRecord, "lot", [(lot,) for lot in lots])
    used: dict[Place, list[PostingRecord]] = {}
    for lot in lots:
        for line in books.group(PostingRecord, "lot", lot):
            if line.account == "holding" and line.mass_mg < 0:
                used.setdefault((line.entry_index, line.position), []).append(line)
    if not used:
        return {}
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
                    inside[symbol] = mass * max(now.get(symbol, 0), 0) / before[symbol]
            for line in used.get(made[number], ()):
                known = books.get(LotRecord, line.lot)
                for symbol, mass_mg in contained(known, -line.mass_mg).items() if known else ():
                    inside[symbol] = inside.get(symbol, Fraction(0)) + mass_mg
            before = now
    return inside
