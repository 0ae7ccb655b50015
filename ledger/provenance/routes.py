"""Where goods travelled: the sites on the way of a subject, and what was shipped between them.

Decides: which shipments belong to a way: those of the lots on it, as far as the viewer sent or received
them; upstream only those that led to a site where something on the way was made or sent on, for a part of a
lot that went elsewhere is not on the way.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from ledger.provenance.answers import Provenance
from ledger.provenance.subjects import Viewer, books_of
from ledger.records.books import Books
from ledger.records.lots import ShipmentLineRecord, ShipmentRecord
from ledger.statements.registers import Names, PartyRecord, SiteRecord
from ledger.store.registers_store import read_facts

_GONE = ("voided", "refused")


@dataclass(slots=True)
class Route:
    """What was shipped from one site to another: gross mass in mg, how often, and when first and last."""

    source: str
    target: str
    mass_mg: int
    shipments: int
    first_us: int
    last_us: int


@dataclass(frozen=True, slots=True)
class Routes:
    """Sites by id (None: not in the register), their parties, and the routes between them."""

    sites: Mapping[str, SiteRecord | None]
    parties: Mapping[str, PartyRecord]
    routes: list[Route]


def routes_of(
    connection: Connection,
    found: Provenance,
    viewer: Viewer,
    *,
    since_us: int | None = None,
    until_us: int | None = None,
) -> Routes:
    """The routes of a way that was traced.

    Args:
        connection: A reading transaction.
        found: From ``answers.trace``: what the viewer may see of the way.
        viewer: Who asks.
        since_us: Leaves out earlier shipments; until_us: and later ones.
    """
    books = books_of(connection)
    routes: dict[tuple[str, str], Route] = {}
    for line, sent in _shipments(books, found, viewer):
        if (since_us is not None and sent.event_time_us < since_us) or (
            until_us is not None and sent.event_time_us >= until_us
        ):
            continue
        at_us, pair = sent.event_time_us, (sent.site_from, sent.site_to)
        route = routes.setdefault(pair, Route(*pair, 0, 0, at_us, at_us))
        route.mass_mg += line.sent_mg
        route.shipments += 1
        route.first_us, route.last_us = min(route.first_us, at_us), max(route.last_us, at_us)
    named = {site for pair in routes for site in pair} | {node.site for node in found.nodes}
    named -= {""}
    sites = read_facts(connection, Names(sites=named)).sites
    parties = read_facts(connection, Names(parties={site.party for site in sites.values()})).parties
    return Routes({name: sites.get(name) for name in sorted(named)}, parties, list(routes.values()))


def _shipments(
    books: Books, found: Provenance, viewer: Viewer
) -> Iterator[tuple[ShipmentLineRecord, ShipmentRecord]]:
    """The shipments of the lots on the way that have two ends, each with its line of the lot."""
    steps = found.reached.nodes.values()
    lots = sorted({*found.subject.lots, *(node.name for node in steps if node.kind == "lot")})
    books.prefetch_groups(ShipmentLineRecord, "lot", [(lot,) for lot in lots])
    lines = [line for lot in lots for line in books.group(ShipmentLineRecord, "lot", lot)]
    books.prefetch(ShipmentRecord, {(line.consignor, line.event_id) for line in lines})
    sent = [(line, books.get(ShipmentRecord, line.consignor, line.event_id)) for line in lines]
    places = {node.site for node in steps} | {each.site_from for _, each in sent if each is not None}
    for line, each in sent:
        if each is None or each.state in _GONE or not each.site_from or not each.site_to:
            continue
        ends = (each.consignor, each.consignee, each.owner_from, each.owner_to)
        led_on = found.direction == "downstream" or line.lot in found.subject.lots or each.site_to in places
        if viewer.party in ends or (viewer.sees_all and led_on):
            yield line, each
