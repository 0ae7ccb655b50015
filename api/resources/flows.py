"""Flows and routes: how much of an element came from where and went where, and between which sites."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask import Response

from api.access import ANY_PARTY
from api.book_members import CSV, csv_reply
from api.book_schemas import CSV_SCHEMA
from api.desk_schemas import FlowsSchema, RoutesSchema
from api.fields import Count, Instant, Name, OneOf, StrictSchema
from api.operations import Call, Reply, Resource
from api.periods import check_period
from api.replies import JSON, PRIVATE, json_reply
from api.resources.lots import ELEMENTS, INCOMPLETE, subject_of
from api.resources.parties import legal_name
from api.viewing import viewer_of
from ledger.clock import format_time_us
from ledger.errors import ResourceNotFound, RoleForbidden
from ledger.provenance.answers import trace
from ledger.provenance.flow_view import FlowNode, show_flows
from ledger.provenance.flows import MOST_STEPS
from ledger.provenance.routes import Route, routes_of
from ledger.statements.registers import PartyRecord, SiteRecord

resource = Resource("flows", "Mass by element on its way, each as far as the caller may see.")

_ROUTES: Final = (
    *("source", "source_name", "target", "target_name"),
    *("mass_mg", "shipments", "first", "last"),
)
_COLUMNS: Final = ("source", "source_label", "target", "target_label", "mass_mg")


class SubjectQuery(StrictSchema):
    """What is asked about: one of lot, unit, pool, or consignor with shipment."""

    lot = Name(load_default=None, meaning="A lot's id.")
    unit = Name(load_default=None, meaning="A logistic unit's id: its present contents.")
    pool = Name(load_default=None, meaning="A pool's id, as it is now.")
    consignor = Name(load_default=None, meaning="Who recorded the shipment.")
    shipment = Name(load_default=None, meaning="The shipment: the consignor's event id.")
    direction = OneOf("upstream", "downstream", load_default="upstream", meaning="Which way.")
    limit = Count(load_default=MOST_STEPS, minimum=1, maximum=MOST_STEPS, meaning="Steps at most.")


class FlowsQuery(SubjectQuery):
    """What is asked about, which way, of which element, and what becomes one node."""

    element = OneOf(*ELEMENTS, load_default=None, meaning="Of this element; of all REO if left out.")
    by = OneOf("lot", "stage", "party", "site", load_default="lot", meaning="What becomes one node.")


@resource.operation(
    "GET",
    "/v1/flows",
    replies=[Reply(200, "Nodes and links; as CSV the links.", {JSON: FlowsSchema, CSV: CSV_SCHEMA})],
    access=ANY_PARTY,
    query=FlowsQuery,
    errors=[ResourceNotFound, RoleForbidden],
    examples={"lot": "https://mine.example/lots/1"},
)
def read_flows(call: Call) -> Response:
    """Say how much of an element came from where, or went where, in whole mg REO.

    Upstream what the subject contains is followed back through every event, pro rata to what went in; what
    comes in at a node goes out of it, and each origin has the mass that provenance gives it. Downstream it
    is followed to who has it now, what travels, left the country, was lost, or stands in a pool. A party
    sees its own nodes; what others did is one hidden node for each stage, and downstream one for all.
    Folded nodes may feed each other. Where ``limit`` ended the walk, the last row of the CSV has the source
    ``incomplete`` and nothing else.
    """
    query, viewer = call.query, viewer_of(call.reader)
    with call.reading() as connection:
        found = show_flows(
            connection,
            subject_of(connection, call),
            viewer,
            direction=query["direction"],
            element=query["element"],
            by=query["by"],
            most=query["limit"] if viewer.sees_all else MOST_STEPS,
        )
    if call.accepted == CSV:
        labels = {node.id: node.label for node in found.nodes}
        rows = [
            [source, labels[source], target, labels[target], mass_mg]
            for (source, target), mass_mg in found.links.items()
        ]
        if found.truncated:
            rows.append([INCOMPLETE, "", "", "", ""])
        return csv_reply(_COLUMNS, rows, "flows.csv")
    return json_reply(
        {
            "element": query["element"],
            "unit": "mg",
            "direction": query["direction"],
            "by": query["by"],
            "nodes": [_node_members(node) for node in found.nodes],
            "links": _links(found.links),
            "truncated": found.truncated,
        },
        cache=PRIVATE,
    )


def _node_members(node: FlowNode) -> dict[str, Any]:
    return {name: getattr(node, name) for name in FlowNode.__dataclass_fields__}


def _links(links: Mapping[tuple[str, str], int]) -> list[dict[str, Any]]:
    return [
        {"source": source, "target": target, "mass_mg": mass_mg}
        for (source, target), mass_mg in links.items()
    ]


class RoutesQuery(SubjectQuery):
    """What is asked about, which way and when."""

    since = Instant(load_default=None, meaning="Only what happened from this time on.")
    until = Instant(load_default=None, meaning="Only what happened before this time.")


@resource.operation(
    "GET",
    "/v1/routes",
    replies=[Reply(200, "Sites and routes; as CSV the routes.", {JSON: RoutesSchema, CSV: CSV_SCHEMA})],
    access=ANY_PARTY,
    query=RoutesQuery,
    errors=[ResourceNotFound, RoleForbidden],
    examples={"lot": "https://mine.example/lots/1"},
)
def read_routes(call: Call) -> Response:
    """Say between which sites goods were shipped on their way, for a map.

    A party is told its own sites on the way and the shipments that it sent or received. Positions are those
    of the public register, null where it has none. Where ``limit`` ended the walk, the last row of the CSV
    has the source ``incomplete`` and nothing else.
    """
    query, viewer = call.query, viewer_of(call.reader)
    check_period(query["since"], query["until"], "until")
    with call.reading() as connection:
        found = trace(
            connection,
            subject_of(connection, call),
            viewer,
            direction=query["direction"],
            since_us=query["since"],
            until_us=query["until"],
            most=query["limit"],
        )
        told = routes_of(connection, found, viewer, since_us=query["since"], until_us=query["until"])
    sites = [_site_members(name, site, told.parties) for name, site in told.sites.items()]
    routes = [_route_members(route) for route in told.routes]
    if call.accepted == CSV:
        return csv_reply(_ROUTES, _route_rows(sites, routes, truncated=found.way.truncated), "routes.csv")
    members = {"sites": sites, "routes": routes, "truncated": found.way.truncated}
    return json_reply(members, cache=PRIVATE)


def _site_members(name: str, site: SiteRecord | None, parties: Mapping[str, PartyRecord]) -> dict[str, Any]:
    described = {} if site is None else site.description
    return {
        "id": name,
        "name": str(described.get("name", name)),
        "party": "" if site is None else site.party,
        "party_name": "" if site is None else legal_name(parties.get(site.party), site.party),
        "country": str(described.get("country", "")),
        "latitude": described.get("latitude"),
        "longitude": described.get("longitude"),
    }


def _route_rows(
    sites: Sequence[Mapping[str, Any]], routes: Sequence[Mapping[str, Any]], *, truncated: bool
) -> list[list[Any]]:
    names = {site["id"]: site["name"] for site in sites}
    rows = []
    for route in routes:
        named = {**route} | {f"{end}_name": names.get(route[end], "") for end in ("source", "target")}
        rows.append([named[column] for column in _ROUTES])
    return rows + [[INCOMPLETE, *[""] * (len(_ROUTES) - 1)]] * truncated


def _route_members(route: Route) -> dict[str, Any]:
    return {
        "source": route.source,
        "target": route.target,
        "mass_mg": route.mass_mg,
        "shipments": route.shipments,
        "first": format_time_us(route.first_us),
        "last": format_time_us(route.last_us),
    }
