"""Flows as somebody may see them: nodes with names, places and marks, folded by stage, firm or site.

Decides: what a node is called, which nodes become one, and what a party sees: its own nodes and what it asked
about; all that others did upstream is one hidden node for each stage, without a name, as the steps of
provenance are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal

from sqlalchemy import Connection

from ledger.provenance.answers import admit
from ledger.provenance.borne import uses_of
from ledger.provenance.flow_facts import Facts
from ledger.provenance.flow_parts import Flows, NodeId
from ledger.provenance.flows import MOST_STEPS, upstream
from ledger.provenance.origins import country_of
from ledger.provenance.shown import as_borne, shown_origin, told_part
from ledger.provenance.spread import downstream
from ledger.provenance.subjects import Subject, Viewer, books_of
from ledger.provenance.way import Direction
from ledger.statements.registers import Names, PartyRecord, SiteRecord
from ledger.store.lot_tails import tail_of
from ledger.store.registers_store import read_facts

By = Literal["lot", "stage", "party", "site"]
GROUPED: Final = ("lot", "pool")
"""Kinds of nodes that are folded; origins and ends stay as they are."""


@dataclass(frozen=True, slots=True)
class FlowNode:
    """A node as it is shown.

    Attributes:
        id: Unique in the answer.
        kind: ``lot``, ``pool``, ``unit``, ``shipment``, ``origin``, ``hidden``; folded ``stage``, ``party``,
            ``site``; where it ends ``held``, ``travelling``, ``in pool``, ``exported``, ``released``,
            ``lost``, ``difference``.
        name: The lot's, pool's, origin's, ... id; "" where hidden.
        label: What to show.
        mass_mg: What passes through it.
    """

    id: str
    kind: str
    name: str
    label: str
    stage: str
    party: str
    site: str
    country: str
    mass_mg: int
    hidden: bool
    tainted: bool


@dataclass(frozen=True, slots=True)
class FlowView:
    """A whole answer: nodes, and (source, target) -> mg between their ids."""

    nodes: list[FlowNode]
    links: Mapping[tuple[str, str], int]
    truncated: bool


@dataclass(frozen=True, slots=True)
class _Told:
    """What is known of one node before it is folded."""

    kind: str
    name: str
    label: str = ""
    stage: str = ""
    party: str = ""
    site: str = ""
    hidden: bool = False
    tainted: bool = False


def show_flows(
    connection: Connection,
    subject: Subject,
    viewer: Viewer,
    *,
    direction: Direction,
    element: str | None,
    by: By = "lot",
    most: int = MOST_STEPS,
) -> FlowView:
    """The flow of an element to or from a subject, as far as the viewer may see.

    Args:
        connection: A reading transaction.
        subject: From ``subjects.find_*``.
        viewer: Who asks.
        direction: Which way.
        element: Symbol; None: all REO together.
        by: What becomes one node.
        most: Steps at most.

    Raises:
        RoleForbidden: The viewer never had it.
    """
    books = books_of(connection)
    admit(books, subject, viewer)
    facts = Facts(connection, element)
    if not viewer.sees_all:
        subject = told_part(connection, subject, viewer)
    if direction == "upstream":
        unborne = None if viewer.sees_all else partial(uses_of, connection)
        flows = upstream(books, facts, subject, most, unborne=unborne)
        flows.leave_out(("origin", ""))
    else:
        if not viewer.sees_all:
            subject = as_borne(connection, subject)
        flows = downstream(books, facts, subject, viewer, most)
    told = {node: _tell(facts, subject, viewer, node) for node in flows.masses}
    told[flows.subject] = replace(told[flows.subject], label=subject.name)
    ids = {node: _fold(each, by, root=node == flows.subject) for node, each in told.items()}
    links: dict[tuple[str, str], int] = {}
    for (source, target), mass_mg in flows.links.items():
        pair = (ids[source], ids[target])
        if pair[0] != pair[1]:
            links[pair] = links.get(pair, 0) + mass_mg
    return FlowView(_nodes(connection, viewer, flows, told, ids, links, by), links, flows.truncated)


def _tell(facts: Facts, subject: Subject, viewer: Viewer, node: NodeId) -> _Told:
    kind, name = node
    if kind == "lot":
        return _tell_lot(facts, subject, viewer, name)
    if kind in ("pool", "in pool"):
        pool = facts.pools[name]
        if not viewer.sees_all and pool.custodian != viewer.party and node != (subject.kind, subject.name):
            return _Told("hidden", "", stage="pool", hidden=True)
        tainted = pool.tainted_by is not None
        return _Told(kind, name, name, "pool", pool.custodian, pool.site, tainted=tainted)
    if kind == "origin":
        shown = shown_origin(name, subject, viewer)
        return _Told("origin", shown, shown)
    if kind == "held":
        party, _, site = name.partition(" ")
        return _Told(kind, name, party=party, site=site)
    if kind == "hidden":
        return _Told(kind, "", hidden=True)
    return _Told(kind, name, label=name if kind in ("unit", "shipment") else "", party=_whose(kind, name))


def _whose(kind: str, name: str) -> str:
    return "" if kind in ("unit", "shipment", "travelling") else name


def _tell_lot(facts: Facts, subject: Subject, viewer: Viewer, name: str) -> _Told:
    lot = facts.lots[name]
    assert lot is not None
    own = viewer.sees_all or lot.producer == viewer.party
    if not own and name not in subject.lots:
        return _Told("hidden", "", stage=lot.stage or "lot", hidden=True)
    return _Told(
        "lot",
        name,
        name[-len(tail_of(name)) :],
        lot.stage,
        lot.producer if own else "",
        lot.site if own else "",
        tainted=lot.tainted_by is not None,
    )


def _fold(told: _Told, by: By, *, root: bool) -> str:
    """The id of the node that it becomes part of."""
    if told.hidden:
        return f"hidden:{told.stage}"
    if root or by == "lot" or told.kind not in GROUPED:
        return f"{told.kind}:{told.name}"
    return f"{by}:{getattr(told, by)}"


def _nodes(
    connection: Connection,
    viewer: Viewer,
    flows: Flows,
    told: Mapping[NodeId, _Told],
    ids: Mapping[NodeId, str],
    links: Mapping[tuple[str, str], int],
    by: By,
) -> list[FlowNode]:
    sites, parties = _places(connection, told.values())
    entering: dict[str, int] = {}
    leaving: dict[str, int] = {}
    for (source, target), mass_mg in links.items():
        leaving[source] = leaving.get(source, 0) + mass_mg
        entering[target] = entering.get(target, 0) + mass_mg
    members: dict[str, list[_Told]] = {}
    for node, name in ids.items():
        members.setdefault(name, []).append(told[node])
    begun = ids[flows.subject]
    nodes = []
    for name, parts in members.items():
        mass_mg = max(entering.get(name, 0), leaving.get(name, 0))
        if name == begun:
            mass_mg = max(mass_mg, flows.masses[flows.subject])
        if mass_mg or name == begun:
            nodes.append(_node(name, parts, mass_mg, sites, parties, by))
    return nodes


def _node(
    name: str,
    parts: list[_Told],
    mass_mg: int,
    sites: Mapping[str, SiteRecord],
    parties: Mapping[str, PartyRecord],
    by: By,
) -> FlowNode:
    first = parts[0]
    kind, id_ = first.kind, first.name
    if not first.hidden and name.startswith(f"{by}:") and by != "lot":
        kind, id_ = by, getattr(first, by)
    stage, party, site = (_only(getattr(each, what) for each in parts) for what in ("stage", "party", "site"))
    if kind == "origin" and id_ in sites:
        site, party = id_, sites[id_].party
    country = country_of(id_ if kind == "origin" else site, sites, parties)
    if kind != "origin" and country == "unknown":
        country = _country(parties.get(party))
    labels = {
        "origin": _site_name(sites.get(id_), id_),
        "site": _site_name(sites.get(id_), id_),
        "party": _party_name(parties.get(id_), id_),
        "stage": id_,
        "held": _party_name(parties.get(party), party),
    }
    label = labels.get(kind, first.label or _party_name(parties.get(party), party))
    return FlowNode(
        id=name,
        kind=kind,
        name=id_,
        label=label,
        stage=stage,
        party=party,
        site=site,
        country="" if country == "unknown" else country,
        mass_mg=mass_mg,
        hidden=first.hidden,
        tainted=any(each.tainted for each in parts),
    )


def _only(values: Iterable[str]) -> str:
    """What all say alike, else nothing."""
    found = set(values)
    return found.pop() if len(found) == 1 else ""


def _country(party: PartyRecord | None) -> str:
    return "" if party is None else str(party.organisation.get("country", ""))


def _site_name(site: SiteRecord | None, otherwise: str) -> str:
    return otherwise if site is None else str(site.description.get("name", otherwise))


def _party_name(party: PartyRecord | None, otherwise: str) -> str:
    return otherwise if party is None else str(party.organisation.get("legal_name", otherwise))


def _places(
    connection: Connection, told: Iterable[_Told]
) -> tuple[Mapping[str, SiteRecord], Mapping[str, PartyRecord]]:
    """The sites and parties that nodes name, in two bulk reads."""
    named = list(told)
    wanted = {each.site for each in named} | {each.name for each in named if each.kind == "origin"}
    sites = read_facts(connection, Names(sites=wanted - {""})).sites
    parties = {each.party for each in named} | {site.party for site in sites.values()}
    parties |= {each.name.removeprefix("opening:") for each in named if each.kind == "origin"}
    return sites, read_facts(connection, Names(parties=parties - {""})).parties
