"""Answers about a lot, a unit, a shipment or a pool: origins with shares, the way, holders, models, alerts.

Decides: what stands in an answer and who sees which part of it. A regulator sees all. A party sees its own
lots: their origins and shares and its own steps on the way, but of others only how many steps there were at
each stage before, for the firms between are somebody's trade secret; and nothing of what others made of its
goods later, nor when.
"""

import json
from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Connection, text

from ledger.errors import ResourceNotFound, RoleForbidden
from ledger.provenance.admission import (
    CLOSED,
    had_lot,
    may_see_pool,
    may_see_shipment,
    may_see_unit,
)
from ledger.provenance.as_of import corrected_at, lot_at, pool_version_at, steps_at
from ledger.provenance.custody import ModelCheck, check_model
from ledger.provenance.graph import MAX_NODES, walk
from ledger.provenance.holders import Holding, Travelling, holders, travelling
from ledger.provenance.origins import OriginShare, country_shares, origin_shares
from ledger.provenance.way import Direction, Graph, only, pack
from ledger.records.books import Books
from ledger.records.cells import AWAITED, Cells, element_masses, merged
from ledger.records.lots import (
    LotRecord,
    MemberRecord,
    PoolRecord,
    ShipmentLineRecord,
    ShipmentRecord,
    UnitRecord,
)
from ledger.records.oversight import AlertRecord
from ledger.records.steps import UNTAINTED, Node, head, read_steps, tell
from ledger.statements.registers import Names, PartyRecord, SiteRecord
from ledger.store.asking import Question, ask
from ledger.store.books_source import StoreSource
from ledger.store.engine import is_sqlite
from ledger.store.registers_store import read_facts

_HOW_MANY_OPEN: Final = "SELECT count(*) FROM (SELECT 1 FROM alerts WHERE state = 'open' LIMIT :most) a"
_VERSIONS: Final = text(
    "SELECT node FROM pool_versions WHERE pool = :pool AND (:at < 0 OR entry_index <= :at) ORDER BY version"
)
_ALERTS_SQLITE: Final = text(
    "SELECT a.entry_index, a.number FROM json_each(:subjects) n CROSS JOIN alerts a "
    "ON a.subject = n.value AND a.state = 'open'"
)
_ALERTS_POSTGRESQL: Final = text(
    "SELECT entry_index, number FROM alerts WHERE subject = ANY(:subjects) AND state = 'open'"
)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks. ``sees_all``: a regulator or authority."""

    party: str
    sees_all: bool


@dataclass(frozen=True, slots=True)
class Subject:
    """What is asked about: one or more nodes, and what they contain together.

    Attributes:
        kind: ``lot``, ``unit``, ``shipment`` or ``pool``.
        name: Its id.
        nodes: Where the walk begins.
        cells: What it contains.
        lots: The lots with the share of their mass in mg.
        custody_model: As declared, for a lot.
        consignor: Who sent it, for a shipment.
        at: The entry after which the books are asked; None: now.
        corrected_at: The entry that last corrected a lot's record; None: as recorded, and for all else.
    """

    kind: str
    name: str
    nodes: tuple[int, ...]
    cells: Cells
    lots: Mapping[str, int]
    custody_model: str = ""
    consignor: str = ""
    at: int | None = None
    corrected_at: int | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where something came from or went to.

    Attributes:
        subject: What was asked about.
        direction: ``upstream`` or ``downstream``.
        origins: Shares by origin, of the element asked for or of all.
        countries: Share by country of origin.
        way: What the caller may see of the way.
        hidden: How many steps of others there are at each stage: to a party upstream only, over all time.
        model: The declared chain-of-custody model against the graph.
        holders: Present holders (downstream: of everything on the way).
        travelling: What is under way or abroad, or was released to users.
        alerts: Open alerts on the way (regulators only).
        tainted: Lots and pools on the way that are illegal product: to a party its own.
    """

    subject: Subject
    direction: Direction
    origins: list[OriginShare]
    countries: Mapping[str, Fraction]
    way: Graph
    hidden: Mapping[str, int]
    model: ModelCheck
    holders: list[Holding]
    travelling: list[Travelling]
    alerts: list[AlertRecord]
    tainted: list[str]

    @property
    def nodes(self) -> list[Node]:
        """The steps of the way, nearest first."""
        return list(self.way.nodes.values())


def books_of(connection: Connection) -> Books:
    """The books as stored, read as they are asked for."""
    return Books(StoreSource(connection))


def find_lot(books: Books, name: str, at: int | None = None) -> Subject:
    """A lot, as it is now or as it was once entry ``at`` was in.

    Raises:
        ResourceNotFound: There is none of this name, or was none then.
    """
    lot = lot_at(books, name, at)
    if lot is None:
        raise ResourceNotFound(f"no lot {name} is in the books")
    return Subject(
        "lot",
        name,
        (lot.node,),
        lot.cells,
        {name: lot.mass_mg},
        lot.custody_model,
        at=at,
        corrected_at=corrected_at(books, lot, at),
    )


def find_pool(books: Books, name: str, at: int | None = None) -> Subject:
    """A pool at its newest version, or at the one that was the newest once entry ``at`` was in.

    Raises:
        ResourceNotFound: There is none, or was none then.
    """
    pool = books.get(PoolRecord, name)
    found = None if pool is None else pool_version_at(books, pool, at)
    if found is None:
        raise ResourceNotFound(f"no pool {name} is in the books")
    return Subject("pool", name, (found.node,), found.cells, {}, at=at)


def every_version(connection: Connection, pool: Subject) -> Subject:
    """A pool from all versions that it has had: what was drawn of an earlier one came from it as well."""
    rows = connection.execute(_VERSIONS, {"pool": pool.name, "at": -1 if pool.at is None else pool.at})
    return replace(pool, nodes=tuple(rows.scalars()))


def find_unit(books: Books, name: str) -> Subject:
    """What is in a logistic unit now, units inside it included.

    Raises:
        ResourceNotFound: No unit has this name.
    """
    if books.get(UnitRecord, name) is None:
        raise ResourceNotFound(f"no logistic unit {name} is in the books")
    contents: dict[str, int] = {}
    waiting, seen = [name], {name}
    while waiting:
        for member in books.group(MemberRecord, "unit", waiting.pop()):
            if member.until_us is not None:
                continue
            if books.get(UnitRecord, member.child) is None:
                contents[member.child] = contents.get(member.child, 0) + member.mass_mg
            elif member.child not in seen:
                seen.add(member.child)
                waiting.append(member.child)
    return _of_shares(books, "unit", name, contents)


def find_shipment(books: Books, consignor: str, event_id: str) -> Subject:
    """What a shipment carried.

    Raises:
        ResourceNotFound: The consignor recorded no such shipment.
    """
    if books.get(ShipmentRecord, consignor, event_id) is None:
        raise ResourceNotFound(f"{consignor} recorded no shipment {event_id}")
    lines = books.group(ShipmentLineRecord, "shipment", consignor, event_id)
    found = _of_shares(books, "shipment", event_id, {line.lot: line.sent_mg for line in lines})
    return replace(found, consignor=consignor)


def _of_shares(books: Books, kind: str, name: str, contents: Mapping[str, int]) -> Subject:
    nodes: list[int] = []
    parts: list[Cells] = []
    for lot_name, mass_mg in sorted(contents.items()):
        lot = books.get(LotRecord, lot_name)
        if lot is not None and lot.mass_mg:
            nodes.append(lot.node)
            parts.append({cell: round(Fraction(mg * mass_mg, lot.mass_mg)) for cell, mg in lot.cells.items()})
    return Subject(kind, name, tuple(nodes), merged(parts), dict(contents))


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
        since_us: Leaves out earlier events; until_us: and later ones.
        most: Edges at most.

    Raises:
        RoleForbidden: The viewer never had it.
    """
    books = books_of(connection)
    admit(books, subject, viewer)
    if not viewer.sees_all:
        most = MAX_NODES  # a narrow limit would count other firms' steps
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
    if subject.at is not None:
        stood = steps_at(books, graph.nodes.values(), subject.at)
        graph = pack(graph, graph.depths, {node.node: tell(node) for node in stood}, graph.edges)
    shares = origin_shares(subject.cells, books, element, at=subject.at)
    sites, parties = _places(connection, shares)
    counts = viewer.sees_all or (direction == "upstream" and since_us is None and until_us is None)
    seen, hidden = _seen(graph, viewer)
    whole = direction == "upstream" and depth is None and since_us is None and until_us is None
    asked, own = _asked(subject, graph), None if viewer.sees_all else viewer.party
    return Provenance(
        subject=subject,
        direction=direction,
        origins=shares if viewer.sees_all else _masked(shares, subject),
        countries=country_shares(shares, sites, parties),
        way=seen,
        hidden=hidden if counts else {},
        model=_model(connection, subject, graph if whole else None, viewer),
        holders=[h for h in holders(connection, asked) if _sees_holding(viewer, h)],
        travelling=[t for t in travelling(connection, asked, own) if _sees_travel(viewer, t)],
        alerts=open_alerts(connection, graph) if viewer.sees_all and subject.at is None else [],
        tainted=_tainted(graph, subject, viewer),
    )


def _seen(graph: Graph, viewer: Viewer) -> tuple[Graph, dict[str, int]]:
    """The steps and edges that the viewer may see, and how many more nodes there are at each stage."""
    if viewer.sees_all:
        return graph, {}
    seen = {number for number, node in graph.nodes.items() if node.party == viewer.party}
    return only(graph, seen), _hidden(graph, seen)


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


def _masked(shares: list[OriginShare], subject: Subject) -> list[OriginShare]:
    """The shares as a party sees them: a lot on the way that still awaits its birth has no name."""
    return [
        replace(share, origin=AWAITED.rstrip(":"))
        if share.origin.startswith(AWAITED) and share.origin.removeprefix(AWAITED) not in subject.lots
        else share
        for share in shares
    ]


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


@lru_cache(maxsize=10_000)
def _head_of(subject: str) -> bytes:
    """How the steps begin that are what an alert is about."""
    kind, _, name = subject.partition(":")
    return head(name, kind).encode()


def open_alerts(connection: Connection, graph: Graph) -> list[AlertRecord]:
    """Open alerts about the lots and pools of a walk, oldest first."""
    most = graph.size
    count = ask(connection, Question(_HOW_MANY_OPEN, {"most": most + 1}, lambda rows: rows[0][0]))
    if count <= most:
        # There are fewer open alerts than steps, so they are looked up among the steps.
        passed = set().union(*(level.heads for level in graph.levels))
        columns = ("subject", "entry_index", "number")
        rows = StoreSource(connection).rows(AlertRecord, columns, ("state",), [("open",)])
        found = [(index, number) for subject, index, number in rows if _head_of(subject) in passed]
    else:
        subjects = sorted({f"{node.kind}:{node.name}" for node in graph.nodes.values()})
        sqlite = is_sqlite(connection)
        query = _ALERTS_SQLITE if sqlite else _ALERTS_POSTGRESQL
        found = [*connection.execute(query, {"subjects": json.dumps(subjects) if sqlite else subjects})]
    books = books_of(connection)
    keys = sorted((int(row[0]), int(row[1])) for row in found)
    books.prefetch(AlertRecord, keys)
    return [alert for key in keys if (alert := books.get(AlertRecord, *key)) is not None]


def pools_reached(books: Books, found: Provenance) -> list[PoolRecord]:
    """The pools that hold some of what a walk downstream found, as far as the caller may see them."""
    names = {node.name: node.node for node in found.nodes if node.kind == "pool"}
    pools = [pool for name in sorted(names) if (pool := books.get(PoolRecord, name)) is not None]
    return [pool for pool in pools if pool.cells and pool.node in found.way.depths]


def label_text(lot: LotRecord, graph: Graph, shares: list[OriginShare], supplier: str) -> dict[str, Any]:
    """What a label must say, derived from the graph: the supplier, and by stage where it comes from.

    Ore: the mine. Compounds: the ore's producer (of an ionic product, who mined it) or the scrap's supplier.
    Metals and alloys: the oxide's producer. Scrap: the supplier alone.

    Source: China's mandatory label standard for rare earths; ISO 22927:2021 is its counterpart.
    """
    way = [node for node in graph.nodes.values() if node.kind == "lot"]
    near = [node for node in way if node.node != lot.node]
    by_stage: dict[str, str] = {
        "ore": "mine",
        "concentrate": "mine",
        "mixed_compound": "ore_producer",
        "separated_compound": "ore_producer",
        "metal": "oxide_producer",
        "alloy": "oxide_producer",
        "magnet": "oxide_producer",
    }
    label: dict[str, Any] = {"supplier": supplier, "lot": lot.lot, "product": lot.product}
    if lot.stage == "scrap":
        return label
    kind = by_stage.get(lot.stage, "mine")
    if kind == "mine":
        named = [share.origin for share in shares]
    elif kind == "ore_producer":
        mined = {node.party for node in way if node.change == "extract"}
        named = sorted(mined | {n.party for n in near if n.stage in ("ore", "concentrate", "scrap")})
    else:
        named = sorted({n.party for n in near if n.stage == "separated_compound"})
    return {**label, kind: named}


def contents(subject: Subject) -> dict[str, int]:
    """REO in mg by element."""
    return element_masses(subject.cells)
