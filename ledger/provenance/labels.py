"""What a lot's label must say, derived from the graph: the supplier, and by stage where the lot comes from.

Decides: who is named. Ore and concentrate name the mine. Compounds name who produced the ore (of an ionic
product, who mined it) and who supplied the scrap, behind which nobody is looked for; metals, alloys and
magnets the last who made an oxide of it. Scrap names its supplier alone. Opening stock and imports name no
producer, nor do goods whose birth or shipment is awaited: the label says which of these it rests on instead.

Source: China's mandatory label standard for rare earths; ISO 22927:2021 is its counterpart.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from sqlalchemy import Connection

from ledger.books.births import BIRTH_AWAITED
from ledger.provenance.borne import NOT_BORNE
from ledger.provenance.subjects import books_of
from ledger.provenance.way import Graph, onward_of
from ledger.records.cells import AWAITED, IMPORT, OPENING, UNEXPLAINED
from ledger.records.lots import LotRecord
from ledger.records.steps import Node
from ledger.statements.registers import Names
from ledger.store.registers_store import read_facts

_MINED: Final = ("ore", "concentrate")
_COMPOUNDS: Final = ("mixed_compound", "separated_compound")
_OF_OXIDE: Final = ("metal", "alloy", "magnet")
_FROM_OUTSIDE: Final = ("opening", "import", BIRTH_AWAITED)
"""Births of lots before which the books know of no producer."""
_NOBODY: Final = (OPENING.rstrip(":"), AWAITED.rstrip(":"), UNEXPLAINED)
"""Origins that are no place, as a label has them."""


def label_text(
    connection: Connection, lot: LotRecord, graph: Graph, origins: Iterable[str], *, borne: bool = True
) -> dict[str, Any]:
    """The statements of a lot's label; those that would name nobody are left out.

    Args:
        connection: A reading transaction.
        lot: Whose label.
        graph: All that is upstream of it, as far as shipments bear it out.
        origins: Those of its contents, as they are told.
        borne: Whether all of the lot is borne out; else the label says that more is awaited.
    """
    named: dict[str, list[str]] = {}
    without: set[str] = set() if borne or lot.stage == "scrap" else {NOT_BORNE}
    if lot.stage in _COMPOUNDS:
        named, nobody = _of_compound(lot, graph)
        without |= _origins_of(connection, nobody)
    elif lot.stage in _OF_OXIDE:
        named, nobody = _of_oxide(lot, graph)
        without |= _origins_of(connection, nobody)
    elif lot.stage != "scrap":
        outside = {origin for origin in map(_briefly, origins) if _names_nobody(origin)}
        named, without = {"mine": [each for each in origins if not _names_nobody(each)]}, without | outside
    name_of = _names(connection, {lot.producer, *(each for ids in named.values() for each in ids)})
    label: dict[str, Any] = {"supplier": name_of(lot.producer), "lot": lot.lot, "product": lot.product}
    label |= {kind: [name_of(each) for each in ids] for kind, ids in named.items() if ids}
    return label | ({"without_producer": sorted(without)} if without else {})


def _of_compound(lot: LotRecord, graph: Graph) -> tuple[dict[str, list[str]], list[Node]]:
    """Who produced the ore and who supplied the scrap; and the lots before which nobody is known."""
    produced: set[str] = set()
    supplied: set[str] = set()
    nobody: list[Node] = []
    for node in _until(graph, lambda node: node.stage == "scrap"):
        if node.stage == "scrap":
            supplied.add(node.party)
        elif node.change in _FROM_OUTSIDE:
            nobody.append(node)
        elif node.change == "extract" or (node.stage in _MINED and node.node != lot.node):
            produced.add(node.party)
    return {"ore_producer": sorted(produced), "scrap_supplier": sorted(supplied)}, nobody


def _of_oxide(lot: LotRecord, graph: Graph) -> tuple[dict[str, list[str]], list[Node]]:
    """Who made the oxides nearest to a lot; and the lots before which nobody is known."""
    made: set[str] = set()
    nobody: list[Node] = []
    for node in _until(graph, lambda node: node.stage == "separated_compound"):
        if node.change in _FROM_OUTSIDE:
            nobody.append(node)
        elif node.stage == "separated_compound":
            made.add(node.party)
    return {"oxide_producer": sorted(made)}, nobody


def _until(graph: Graph, ends: Callable[[Node], bool]) -> Iterator[Node]:
    """The lots of a way upstream, each once, and nothing that is only behind one where the way ends."""
    onward = onward_of("upstream", graph.edges)
    seen, ahead = set(graph.starts), list(graph.starts)
    while ahead:
        number = ahead.pop()
        node = graph.nodes[number]
        if node.kind == "lot":
            yield node
            if ends(node):
                continue
        beyond = [far for far in onward.get(number, ()) if far not in seen]
        seen.update(beyond)
        ahead += beyond


def _origins_of(connection: Connection, nobody: Iterable[Node]) -> set[str]:
    """What stands on a label for lots before which nobody is known."""
    books, names = books_of(connection), sorted({node.name for node in nobody})
    books.prefetch(LotRecord, [(name,) for name in names])
    lots = (books.get(LotRecord, name) for name in names)
    found = {_briefly(origin) for lot in lots if lot is not None for _, origin, _ in lot.cells}
    awaited = any(node.change == BIRTH_AWAITED for node in nobody)
    return {origin for origin in found if _names_nobody(origin)} | ({NOT_BORNE} if awaited else set())


def _briefly(origin: str) -> str:
    """An origin without the firm whose stock it was, or the lot that is awaited."""
    for kind in (OPENING, AWAITED):
        if origin.startswith(kind):
            return kind.rstrip(":")
    return origin


def _names_nobody(origin: str) -> bool:
    return _briefly(origin) in _NOBODY or origin.startswith(IMPORT)


def _names(connection: Connection, ids: set[str]) -> Callable[[str], Mapping[str, str]]:
    """What gives the id of a firm or site with the name that the register has for it."""
    facts = read_facts(connection, Names(parties=ids, sites=ids))

    def name_of(one: str) -> Mapping[str, str]:
        party, site = facts.parties.get(one), facts.sites.get(one)
        if party is not None:
            return {"id": one, "name": str(party.organisation.get("legal_name", ""))}
        return {"id": one, "name": "" if site is None else str(site.description.get("name", ""))}

    return name_of
