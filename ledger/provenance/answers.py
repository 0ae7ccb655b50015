"""Answers about a lot, a unit, a shipment or a pool: origins with shares, the way, holders, models, alerts.

Decides: what stands in an answer and who sees which part of it. A regulator sees all. A party sees its own
lots: their origins and shares and its own steps on the way, but of others only how many steps there were at
each stage before, for the firms between are somebody's trade secret; and nothing of what others made of its
goods later, nor when.
"""

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from sqlalchemy import Connection

from ledger.errors import RoleForbidden
from ledger.provenance.admission import (
    CLOSED,
    had_lot,
    may_see_pool,
    may_see_shipment,
    may_see_unit,
)
from ledger.provenance.alerts_on_way import open_alerts
from ledger.provenance.custody import ModelCheck, check_model
from ledger.provenance.graph import MAX_NODES, walk
from ledger.provenance.holders import Holding, Travelling, ask_holders, ask_travelling, holders
from ledger.provenance.origins import OriginShare, country_shares, origin_shares, together
from ledger.provenance.shown import as_borne, shown_origin, told_part, way_as_borne
from ledger.provenance.subjects import Subject, Viewer, books_of, whole_way
from ledger.provenance.way import Direction, Graph, inside, only, within
from ledger.records.books import Books
from ledger.records.cells import element_masses
from ledger.records.lots import PoolRecord
from ledger.records.oversight import AlertRecord
from ledger.records.steps import UNTAINTED, Node, read_steps
from ledger.statements.registers import Names, PartyRecord, SiteRecord
from ledger.store.asking import Asking
from ledger.store.registers_store import read_facts


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where something came from or went to.

    Attributes:
        subject: What was asked about.
        direction: ``upstream`` or ``downstream``.
        origins: Shares by origin, of the element asked for or of all.
        countries: Share by country of origin.
        way: What the caller may see of the way.
        reached: The same with the steps that a period hides and that the way leads through.
        hidden: How many steps of others there are at each stage: to a party upstream only, over all time.
        model: The declared chain-of-custody model against the graph.
        holders: Present holders (downstream: of everything on the way).
        travelling: What is under way or abroad, or was released to users.
        alerts: Open alerts on the way (regulators only).
        tainted: Lots and pools on the way that are illegal product: to a party its own.
        sees_all: Whether a regulator asks.
    """

    subject: Subject
    direction: Direction
    origins: list[OriginShare]
    countries: Mapping[str, Fraction]
    way: Graph
    reached: Graph
    hidden: Mapping[str, int]
    model: ModelCheck
    holders: list[Holding]
    travelling: list[Travelling]
    alerts: list[AlertRecord]
    tainted: list[str]
    sees_all: bool

    @property
    def nodes(self) -> list[Node]:
        """The steps of the way, nearest first."""
        return list(self.way.nodes.values())

    @property
    def ended_by(self) -> list[str]:
        """Which bounds ended the walk before the graph did."""
        return sorted(self.reached.ended_by | ({"limit"} if self.way.truncated else set()))


@dataclass(frozen=True, slots=True)
class Described:
    """What something is, without the way: as in ``Provenance``."""

    subject: Subject
    origins: list[OriginShare]
    holders: list[Holding]


def describe(connection: Connection, subject: Subject, viewer: Viewer) -> Described:
    """What a subject is made of and who has it, as far as the viewer may see.

    Raises:
        RoleForbidden: The viewer never had it.
    """
    books = books_of(connection)
    admit(books, subject, viewer)
    if not viewer.sees_all:
        subject = as_borne(connection, told_part(connection, subject, viewer))
    shares = origin_shares(subject.cells, books, at=subject.at)
    held = () if subject.at is not None else holders(connection, subject.lots)
    return Described(
        subject,
        shares if viewer.sees_all else _masked(shares, subject, viewer),
        [holding for holding in held if _sees_holding(viewer, holding)],
    )


def trace(
    connection: Connection,
    subject: Subject,
    viewer: Viewer,
    *,
    direction: Direction = "upstream",
    depth: int | None = None,
    element: str | None = None,
    since_us: int | None = None,
    until_us: int | None = None,
    most: int = MAX_NODES,
) -> Provenance:
    """Where a subject came from, or where it went, as far as the viewer may see.

    Args:
        connection: A reading transaction.
        subject: From ``find_*``.
        viewer: Who asks.
        direction: Which way.
        depth: Steps at most; None: all.
        element: Symbol that the origins are asked for; None: all REO together.
        since_us: Hides earlier steps, and ends a way upstream. until_us: Hides later ones, and ends a way
            downstream. Who has it is told of hidden steps too.
        most: Edges at most.

    Raises:
        RoleForbidden: The viewer never had it.
    """
    books = books_of(connection)
    subject = whole_way(connection, subject, direction)
    admit(books, subject, viewer)
    if viewer.sees_all:
        graph = walk(
            connection,
            subject.nodes,
            direction,
            depth=depth,
            since_us=since_us,
            until_us=until_us,
            at=subject.at,
            most=most,
        )
        reached, asked = graph, _asked(subject, graph)
    else:
        subject = told_part(connection, subject, viewer)
        graph, subject = _way_as_borne(connection, subject, direction, depth)
        reached = _own(graph, viewer, *_ends(direction, since_us, until_us))
        asked = _asked(subject, _without_own(graph, viewer, reached))
    seen = within(reached, since_us, until_us)
    unbounded = direction == "upstream" and since_us is None and until_us is None
    shares = origin_shares(subject.cells, books, element, at=subject.at)
    sites, parties = _places(connection, shares)
    asking = Asking(connection)
    held = ask_holders(asking, asked)
    sent = ask_travelling(asking, asked, None if viewer.sees_all else viewer.party)
    return Provenance(
        subject=subject,
        direction=direction,
        origins=shares if viewer.sees_all else _masked(shares, subject, viewer),
        countries=country_shares(shares, sites, parties),
        way=seen,
        reached=reached,
        hidden=_hidden(graph, seen.depths) if unbounded and not viewer.sees_all else {},
        model=_model(connection, subject, graph if unbounded and depth is None else None, viewer),
        holders=[h for h in held.value if _sees_holding(viewer, h)],
        travelling=[t for t in sent() if _sees_travel(viewer, t)],
        alerts=open_alerts(connection, seen) if viewer.sees_all and subject.at is None else [],
        tainted=_tainted(seen if viewer.sees_all else graph, subject, viewer),
        sees_all=viewer.sees_all,
    )


def _way_as_borne(
    connection: Connection, subject: Subject, direction: Direction, depth: int | None
) -> tuple[Graph, Subject]:
    """The way and the contents of a subject as a party may know them, without bounds in time.

    Where the way or a limit would end at a time or at a number of edges, it would tell when others took their
    steps, or how many they took.
    """
    if direction == "downstream":
        graph = walk(connection, subject.nodes, direction, depth=depth)
        graph.ended_by = frozenset()  # it would tell that others made something of it
        return graph, as_borne(connection, subject)
    subject, graph = way_as_borne(connection, subject)
    if depth is not None:
        graph = only(graph, {number for number, steps in graph.depths.items() if steps <= depth})
    return graph, subject


def _own(graph: Graph, viewer: Viewer, since_us: int | None, until_us: int | None) -> Graph:
    """A party's own steps and the edges between them; those of a period by their own times."""
    times = inside(graph, since_us, until_us)
    return only(graph, {number for number in times if graph.nodes[number].party == viewer.party})


def _ends(direction: Direction, since_us: int | None, until_us: int | None) -> tuple[int | None, int | None]:
    """The bound of a period at which a walk ends: the other one hides steps and ends nothing."""
    return (since_us, None) if direction == "upstream" else (None, until_us)


def _without_own(graph: Graph, viewer: Viewer, own: Graph) -> Graph:
    """A way without the viewer's steps beyond a bound: what others made it may have whenever that was."""
    kept = {
        number for number, node in graph.nodes.items() if number in own.depths or node.party != viewer.party
    }
    return only(graph, kept)


def _asked(subject: Subject, graph: Graph) -> set[str]:
    """The lots whose holders are told: of an earlier state of the books none, since holdings have none."""
    if subject.at is not None:
        return set()
    below = graph.nodes.values() if graph.direction == "downstream" else ()
    return {*subject.lots, *(node.name for node in below if node.kind == "lot")}


def _tainted(graph: Graph, subject: Subject, viewer: Viewer) -> list[str]:
    untainted = UNTAINTED.encode()
    levels = [each for each in graph.levels if each.told.count(untainted) < len(each.numbers)]
    marked = [text for each in levels for text in each.texts if not text.endswith(UNTAINTED)]
    found = {node.name: node.party for node in read_steps(marked)}
    return sorted(
        name
        for name, party in found.items()
        if viewer.sees_all or party == viewer.party or name in subject.lots
    )


def _hidden(graph: Graph, shown: Container[int]) -> dict[str, int]:
    """How many steps there are at each stage beside those that are shown."""
    counts = Counter(node.stage or node.kind for node in graph.nodes.values() if node.node not in shown)
    return dict(sorted(counts.items()))


def _model(connection: Connection, subject: Subject, upstream: Graph | None, viewer: Viewer) -> ModelCheck:
    if not subject.custody_model or not subject.nodes:
        return ModelCheck("", None, "no model was declared")
    if not subject.borne:
        return ModelCheck(subject.custody_model, None, "a part of it still awaits its shipment")
    graph = upstream or walk(connection, subject.nodes, "upstream", at=subject.at)
    found = check_model(subject.custody_model, subject.cells, graph)
    if viewer.sees_all:
        return found
    return replace(found, reason=found.reason.partition(": ")[0])  # what follows names another firm's lot


def admit(books: Books, subject: Subject, viewer: Viewer) -> None:
    """Returns only if a viewer may ask about a subject.

    Raises:
        RoleForbidden: It never had it.
    """
    party = viewer.party
    match subject.kind:
        case _ if viewer.sees_all:
            open_ = True
        case "pool":
            open_ = may_see_pool(books, subject.name, party)
        case "shipment":
            open_ = may_see_shipment(books, subject.consignor, subject.name, party)
        case "unit":
            open_ = may_see_unit(books, subject.name, subject.lots, party)
        case _:
            open_ = had_lot(books, subject.name, party)
    if not open_:
        raise RoleForbidden(CLOSED)


def _masked(shares: list[OriginShare], subject: Subject, viewer: Viewer) -> list[OriginShare]:
    """The shares as a party sees them, largest first: without the names of other firms and of their lots."""
    told: dict[str, OriginShare] = {}
    for share in shares:
        name = shown_origin(share.origin, subject, viewer)
        share = replace(share, origin=name, statuses=share.statuses if subject.borne else {})
        told[name] = together(told[name], share) if name in told else share
    return sorted(told.values(), key=lambda share: (-share.share, share.origin))


def _sees_holding(viewer: Viewer, holding: Holding) -> bool:
    return viewer.sees_all or viewer.party in (holding.custodian, holding.owner)


def _sees_travel(viewer: Viewer, travel: Travelling) -> bool:
    return viewer.sees_all or viewer.party in (travel.consignor, travel.consignee)


def _places(
    connection: Connection, shares: Iterable[OriginShare]
) -> tuple[Mapping[str, SiteRecord], Mapping[str, PartyRecord]]:
    """The sites and parties that origins name, in two bulk reads."""
    origins = {share.origin for share in shares}
    openings = {o.removeprefix("opening:") for o in origins if o.startswith("opening:")}
    sites = read_facts(connection, Names(sites=origins)).sites
    parties = read_facts(connection, Names(parties=openings | {s.party for s in sites.values()})).parties
    return sites, parties


def pools_reached(books: Books, found: Provenance) -> list[PoolRecord]:
    """The pools that hold some of what a walk downstream found, as far as the caller may see them."""
    names = {node.name for node in found.reached.nodes.values() if node.kind == "pool"}
    pools = [pool for name in sorted(names) if (pool := books.get(PoolRecord, name)) is not None]
    return [pool for pool in pools if pool.cells and pool.node in found.reached.depths]


def contents(subject: Subject) -> dict[str, int]:
    """REO in mg by element."""
    return element_masses(subject.cells)
