"""Dependence on countries of origin, strategic reserves, and what the loss of a source would take away."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Final

from flask import Response
from sqlalchemy import Connection

from api.access import ANY_PARTY, REGULATORS, Access
from api.board_schemas import DependenceSchema, InterruptionSchema, ReservesSchema
from api.book_members import CSV, csv_reply, decimal
from api.book_schemas import CSV_SCHEMA
from api.fields import Instant, Name, OneOf, StrictSchema
from api.naming import check_country, check_party, check_site, is_borne, not_known
from api.operations import Call, Reply, Resource
from api.periods import check_period
from api.replies import JSON, PRIVATE, json_reply
from api.resources.lots import ELEMENTS
from api.resources.stock import own_or_all
from ledger.clock import format_time_us
from ledger.errors import RequestMalformed, ResourceNotFound, RoleForbidden
from ledger.provenance.borne import claimed
from ledger.provenance.dependence import UNKNOWN, ElementDependence, dependence
from ledger.provenance.in_force import policy_in_force
from ledger.provenance.interruption import (
    FirmLoss,
    Interruption,
    Loss,
    Reserve,
    days_of,
    interruption,
    reserves,
)
from ledger.records.lots import LotRecord

resource = Resource("dependence", "Where elements come from, how long stocks last, what a loss would mean.")

_REGULATING: Final = Access(ANY_PARTY.token, REGULATORS)
_PERIOD: Final = {"start": "2026-10-01T00:00:00Z", "end": "2026-11-01T00:00:00Z"}
_FIRM: Final = (
    "party",
    "element",
    "came_mg",
    "lost_mg",
    "share",
    "went_mg",
    "stock_mg",
    "deficit_mg",
    "lasts_days",
)
_RESERVE: Final = (
    *("country", "element", "stock_mg", "released_mg", "exported_mg"),
    *("cover_days", "cover_with_exports_days"),
)


class PeriodQuery(StrictSchema):
    """The period whose figures count."""

    start = Instant(required=True, meaning="From, inclusive, by the events' times.")
    end = Instant(required=True, meaning="Until, exclusive; stocks are those at this moment.")


class DependenceQuery(PeriodQuery):
    """Of what, and when: one of product, party and country; the caller's own party without any."""

    product = Name(load_default=None, meaning="A product: its lots that were made or brought in.")
    party = Name(load_default=None, meaning="A firm: what it mined, imported and received.")
    country = Name(load_default=None, meaning="An importing country: what was exported to it or brought in.")
    element = OneOf(*ELEMENTS, load_default=None, meaning="Only this one; all if left out.")


class InterruptionQuery(PeriodQuery):
    """What is lost: exactly one of country and origin."""

    country = Name(load_default=None, meaning="All origins of this country.")
    origin = Name(load_default=None, meaning="One origin, as provenance names it.")


@resource.operation(
    "GET",
    "/v1/dependence",
    replies=[Reply(200, "Shares by element and country.", {JSON: DependenceSchema, CSV: CSV_SCHEMA})],
    access=ANY_PARTY,
    query=DependenceQuery,
    errors=[RoleForbidden, ResourceNotFound],
    examples=_PERIOD,
)
def read_dependence(call: Call) -> Response:
    """Say from which countries the elements of a product, a firm or an importing country came.

    A firm may ask about itself, without what it received before any shipment of it was recorded; regulators
    about everything. docs/dependence.md defines every figure.
    """
    assert call.reader is not None
    query = call.query
    kind, name = _subject(call)
    if kind != "party" and not call.reader.holds(REGULATORS):
        raise RoleForbidden("dependence beyond one's own firm is for regulators")
    start_us, end_us = _period(call)
    with call.reading() as connection:
        lots = set[str]() if call.reader.holds(REGULATORS) else claimed(connection, name)
        found = dependence(
            connection, start_us, end_us, **{kind: name}, element=query["element"], without=lots
        )
        if not any(each.mass_mg for each in found):
            _check_name(connection, kind, name)
    if call.accepted == CSV:
        rows = [
            [each.element, country, mass_mg, each.mass_mg, _decimal(each.share(country))]
            for each in found
            for country, mass_mg in each.countries.items()
        ]
        return csv_reply(("element", "country", "mass_mg", "total_mg", "share"), rows, "dependence.csv")
    members = _spanned(start_us, end_us) | {
        "kind": kind,
        "name": name,
        "elements": [_element_members(each) for each in found],
    }
    return json_reply(members, cache=PRIVATE)


@resource.operation(
    "GET",
    "/v1/reserves",
    replies=[Reply(200, "Reserves.", {JSON: ReservesSchema, CSV: CSV_SCHEMA})],
    access=_REGULATING,
    query=PeriodQuery,
    errors=[RoleForbidden],
    examples=_PERIOD,
)
def read_reserves(call: Call) -> Response:
    """Say for how many days of use the strategic reserves last, by country and element."""
    start_us, end_us = _period(call)
    with call.reading() as connection:
        found = reserves(connection, start_us, end_us)
    rows = [_reserve_members(each) for each in found]
    if call.accepted == CSV:
        return csv_reply(_RESERVE, ([row[name] for name in _RESERVE] for row in rows), "reserves.csv")
    members = _spanned(start_us, end_us) | {"days": decimal(days_of(start_us, end_us)), "reserves": rows}
    return json_reply(members, cache=PRIVATE)


@resource.operation(
    "GET",
    "/v1/interruptions",
    replies=[Reply(200, "Losses; as CSV those of firms.", {JSON: InterruptionSchema, CSV: CSV_SCHEMA})],
    access=_REGULATING,
    query=InterruptionQuery,
    errors=[RoleForbidden, ResourceNotFound],
    examples=_PERIOD | {"country": "CN"},
)
def read_interruption(call: Call) -> Response:
    """Say what would have been missing had a source given nothing, and how long stocks last."""
    country, origin = call.query["country"] or "", call.query["origin"] or ""
    if bool(country) == bool(origin):
        raise RequestMalformed("give exactly one of country and origin")
    start_us, end_us = _period(call)
    with call.reading() as connection:
        found = interruption(connection, start_us, end_us, country=country, origin=origin)
        if not (found.firms or found.products or found.uses):
            _check_origin(connection, country, origin)
    firms = [_firm_members(each) for each in found.firms]
    if call.accepted == CSV:
        return csv_reply(_FIRM, ([row[name] for name in _FIRM] for row in firms), "interruption.csv")
    members = _spanned(start_us, end_us) | {
        "country": country,
        "origin": origin,
        "days": decimal(days_of(start_us, end_us)),
        "firms": firms,
        "products": _losses(found.products),
        "uses": _losses(found.uses),
        "reserves": _covers(found),
    }
    return json_reply(members, cache=PRIVATE)


def _subject(call: Call) -> tuple[str, str]:
    """What is asked about, and its name."""
    given = [(kind, call.query[kind]) for kind in ("product", "party", "country") if call.query[kind]]
    if len(given) > 1:
        raise RequestMalformed("give one of product, party and country")
    kind, name = given[0] if given else ("party", None)
    return (kind, own_or_all(call, name)) if kind == "party" else (kind, str(name))


def _check_name(connection: Connection, kind: str, name: str) -> None:
    """Returns only if there is a party, a product or a country of this name.

    Raises:
        ResourceNotFound: There is none.
    """
    if kind == "party":
        check_party(connection, name)
    elif kind == "country":
        check_country(name)
    elif not is_borne(connection, LotRecord, product=name):
        _, policy = policy_in_force(connection)
        codes = [product.code for product in policy.catalogue]
        if name not in codes:
            raise not_known(kind, name, "which no product is called", "GET /v1/products lists them.", codes)


def _check_origin(connection: Connection, country: str, origin: str) -> None:
    """Returns only if there is such a country or origin; an origin that is no site is called by its kind.

    Raises:
        ResourceNotFound: There is none.
    """
    kind, _, rest = origin.partition(":")
    if country != UNKNOWN:
        check_country(country)
    if kind == "import":
        check_country(rest, "origin")
    elif kind == "opening":
        check_party(connection, rest, "origin")
    elif kind not in ("awaited", "unexplained"):
        check_site(connection, origin, parameter="origin")


def _period(call: Call) -> tuple[int, int]:
    start_us, end_us = call.query["start"], call.query["end"]
    check_period(start_us, end_us, "end")
    return start_us, end_us


def _spanned(start_us: int, end_us: int) -> dict[str, Any]:
    return {"start": format_time_us(start_us), "end": format_time_us(end_us)}


def _decimal(number: Fraction | None) -> str | None:
    return None if number is None else decimal(number)


def _element_members(found: ElementDependence) -> dict[str, Any]:
    least, most = found.hhi or (None, None)
    return {
        "element": found.element,
        "mass_mg": found.mass_mg,
        "hhi_least": _decimal(least),
        "hhi_most": _decimal(most),
        "countries": [
            {"country": country, "mass_mg": mass_mg, "share": _decimal(found.share(country))}
            for country, mass_mg in found.countries.items()
        ],
    }


def _reserve_members(found: Reserve) -> dict[str, Any]:
    return {
        "country": found.country,
        "element": found.element,
        "stock_mg": found.stock_mg,
        "released_mg": found.released_mg,
        "exported_mg": found.exported_mg,
        "cover_days": _decimal(found.cover_days),
        "cover_with_exports_days": _decimal(found.cover_with_exports_days),
    }


def _firm_members(found: FirmLoss) -> dict[str, Any]:
    return {
        "party": found.party,
        "element": found.element,
        "came_mg": found.came_mg,
        "lost_mg": found.lost_mg,
        "share": decimal(found.share),
        "went_mg": found.went_mg,
        "stock_mg": found.stock_mg,
        "deficit_mg": found.deficit_mg,
        "lasts_days": _decimal(found.lasts_days),
    }


def _losses(found: Sequence[Loss]) -> list[dict[str, Any]]:
    return [
        {
            "name": each.name,
            "element": each.element,
            "mass_mg": each.mass_mg,
            "lost_mg": each.lost_mg,
            "share": decimal(each.share),
        }
        for each in found
    ]


def _covers(found: Interruption) -> list[dict[str, Any]]:
    return [
        {
            "element": loss.element,
            "used_mg": loss.mass_mg,
            "lost_mg": loss.lost_mg,
            "stock_mg": stock_mg,
            "lasts_days": _decimal(days),
        }
        for loss, stock_mg, days in found.reserves
    ]
