"""Stock: holdings, shipments and mass balances of a party."""

from typing import Any, Final

from flask import Response
from sqlalchemy import Connection

from api.access import ANY_PARTY, REGULATORS
from api.book_members import CSV, csv_reply, pool_members, rows_reply, shipment_members, stock_members
from api.book_schemas import CSV_SCHEMA, BalanceSchema
from api.desk_schemas import HoldingsSchema, PoolsSchema, ShipmentLinesSchema, ShipmentsSchema
from api.fields import Count, Flag, Instant, Name, OneOf, StrictSchema
from api.naming import check_party, check_site, is_borne
from api.operations import Call, Reply, Resource
from api.periods import check_period
from api.replies import JSON, PRIVATE, json_reply
from api.viewing import alike, viewer_of
from ledger.clock import format_time_us
from ledger.errors import RequestMalformed, ResourceNotFound, RoleForbidden
from ledger.provenance.admission import CLOSED, may_see_shipment
from ledger.provenance.balance import COLUMNS, Balance, balances
from ledger.provenance.borne import claimed, in_pools, unborne
from ledger.provenance.holders import stock
from ledger.provenance.in_force import policy_in_force
from ledger.provenance.shown import as_stated
from ledger.provenance.subjects import books_of, find_shipment
from ledger.records.books import key_of
from ledger.records.lots import LotRecord, PoolRecord, ShipmentLineRecord, ShipmentRecord
from ledger.records.periods import DAY_US, month_after, month_of, month_start_us
from ledger.records.policy import Policy
from ledger.store.books_listings import list_records

resource = Resource("stock", "What parties hold, send and receive, and how their mass balances close.")

_BALANCE: Final = (*COLUMNS, "gap", "declared_loss")
_MOST_MONTHS: Final = 60


class HoldingsQuery(StrictSchema):
    """Whose stock."""

    party = Name(load_default=None, meaning="The custodian; the caller's own party if left out.")
    after = Name(load_default="", meaning="Only lots whose id is above this text.")
    limit = Count(load_default=100, minimum=1, maximum=1_000, meaning="How many at most.")


class ShipmentsQuery(StrictSchema):
    """Whose shipments."""

    party = Name(load_default=None, meaning="The party; the caller's own if left out.")
    side = OneOf("consignor", "consignee", load_default="consignor", meaning="Sent by it, or sent to it.")
    state = OneOf(
        *("open", "received", "voided", "refused"), load_default=None, meaning="Only those in this state."
    )
    after_consignor = Name(load_default=None, meaning="Where the page before ended.")
    after_shipment = Name(load_default=None, meaning="Where the page before ended.")
    limit = Count(load_default=100, minimum=1, maximum=1_000, meaning="How many at most.")


class LinesQuery(StrictSchema):
    """Which shipment."""

    consignor = Name(required=True, meaning="Who recorded it.")
    shipment = Name(required=True, meaning="The consignor's event id.")


class PoolsQuery(StrictSchema):
    """Whose pools."""

    party = Name(load_default=None, meaning="Who runs them; the caller's own party if left out.")
    after = Name(load_default=None, meaning="Only pools whose id is above this text.")
    limit = Count(load_default=100, minimum=1, maximum=1_000, meaning="How many at most.")


class BalanceQuery(StrictSchema):
    """Whose balance, where and when."""

    party = Name(load_default=None, meaning="The custodian; the caller's own party if left out.")
    site = Name(load_default="", meaning="One site; all if left out.")
    start = Instant(required=True, meaning="From, inclusive.")
    end = Instant(required=True, meaning="Until, exclusive.")
    months = Flag(load_default=False, meaning="true: a row for each month and element; 60 months at most.")


def own_or_all(call: Call, party: str | None) -> str:
    """The party that is asked about: the caller's own, or any for regulators.

    Raises:
        RoleForbidden: Another's, and the caller is no regulator.
    """
    assert call.reader is not None
    asked = call.reader.party if party is None else party
    if asked != call.reader.party and not call.reader.holds(REGULATORS):
        raise RoleForbidden("a party's books are open to itself and to regulators")
    return asked


@resource.operation(
    "GET",
    "/v1/holdings",
    replies=[
        Reply(
            200,
            "Holdings in order of the lots.",
            {JSON: HoldingsSchema, CSV: CSV_SCHEMA},
            {"Link": "The next page."},
        )
    ],
    access=ANY_PARTY,
    query=HoldingsQuery,
    errors=[RoleForbidden, ResourceNotFound],
)
def list_holdings(call: Call) -> Response:
    """List what a party has in custody, with what each lot is and what the share of it contains.

    Of a lot that it received before any shipment of it was recorded a party is told the mass alone.
    """
    party = own_or_all(call, call.query["party"])
    limit = call.query["limit"]
    with call.reading() as connection:
        found = stock(connection, party, call.query["after"], limit + 1)
        if not found:
            check_party(connection, party)
        if not viewer_of(call.reader).sees_all:
            own_word = unborne(connection, (holding.lot for holding in found), {party})
            found = [as_stated(each) if each.lot in own_word else each for each in found]
    shown = found[:limit]
    if len(found) > limit:
        # A lot's holdings stay together: the page ends before the lot that it cannot show whole.
        whole = [holding for holding in shown if holding.lot != found[limit].lot]
        shown = whole or shown
    following = {"party": party, "after": shown[-1].lot, "limit": limit} if len(found) > limit else None
    rows = [stock_members(holding) for holding in shown]
    return rows_reply(call, "/v1/holdings", HoldingsSchema, rows, following)


@resource.operation(
    "GET",
    "/v1/shipments",
    replies=[Reply(200, "Shipments.", {JSON: ShipmentsSchema, CSV: CSV_SCHEMA}, {"Link": "The next page."})],
    access=ANY_PARTY,
    query=ShipmentsQuery,
    errors=[RoleForbidden, ResourceNotFound],
)
def list_shipments(call: Call) -> Response:
    """List what a party sent, or what was sent to it, with how much of it still travels."""
    query = call.query
    party = own_or_all(call, query["party"])
    limit = query["limit"]
    if (query["after_consignor"] is None) != (query["after_shipment"] is None):
        raise RequestMalformed("give after_consignor and after_shipment together")
    after = None
    if query["after_consignor"] is not None:
        after = (query["after_consignor"], query["after_shipment"])
    with call.reading() as connection:
        found = list_records(
            connection,
            ShipmentRecord,
            where={query["side"]: party, "state": query["state"]},
            after=after,
            limit=limit + 1,
        )
        if not found and not is_borne(connection, ShipmentRecord, **{query["side"]: party}):
            check_party(connection, party)
        books = books_of(connection)
        books.prefetch_groups(ShipmentLineRecord, "shipment", [key_of(shipment) for shipment in found])
        shown = [
            shipment_members(shipment, books.group(ShipmentLineRecord, "shipment", *key_of(shipment)))
            for shipment in found[:limit]
        ]
    following: dict[str, str | int] | None = None
    if len(found) > limit:
        last = found[limit - 1]
        following = {
            "party": party,
            "side": query["side"],
            "after_consignor": last.consignor,
            "after_shipment": last.event_id,
            "limit": limit,
        } | ({} if query["state"] is None else {"state": query["state"]})
    return rows_reply(call, "/v1/shipments", ShipmentsSchema, shown, following)


@resource.operation(
    "GET",
    "/v1/shipments/lines",
    replies=[Reply(200, "The lots that it carried.", {JSON: ShipmentLinesSchema})],
    access=ANY_PARTY,
    query=LinesQuery,
    errors=[RoleForbidden, ResourceNotFound],
    examples={"consignor": "https://mine.example/", "shipment": "urn:uuid:0"},
)
def list_shipment_lines(call: Call) -> Response:
    """List the lots of a shipment: to its two ends and to regulators."""
    consignor, event_id = call.query["consignor"], call.query["shipment"]
    viewer = viewer_of(call.reader)
    with call.reading() as connection:
        books = books_of(connection)
        with alike(viewer, CLOSED):
            find_shipment(books, consignor, event_id)
        if not viewer.sees_all and not may_see_shipment(books, consignor, event_id, viewer.party):
            raise RoleForbidden(CLOSED)
        lines = books.group(ShipmentLineRecord, "shipment", consignor, event_id)
        books.prefetch(LotRecord, [(line.lot,) for line in lines])
        own_word = set[str]()
        if not viewer.sees_all:
            own_word = unborne(connection, (line.lot for line in lines), {consignor, viewer.party})
        known = {line.lot: books.get(LotRecord, line.lot) for line in lines if line.lot not in own_word}
        shown = [_line_members(line, known.get(line.lot)) for line in lines]
    return json_reply({"consignor": consignor, "shipment": event_id, "lines": shown}, cache=PRIVATE)


@resource.operation(
    "GET",
    "/v1/pools",
    replies=[
        Reply(
            200,
            "Pools in order of their ids.",
            {JSON: PoolsSchema, CSV: CSV_SCHEMA},
            {"Link": "The next page."},
        )
    ],
    access=ANY_PARTY,
    query=PoolsQuery,
    errors=[RoleForbidden, ResourceNotFound],
)
def list_pools(call: Call) -> Response:
    """List the pools that a party runs, with what they hold now.

    What was fed from a lot that it received before any shipment of it was recorded is left out for a party.
    """
    party, limit, after = own_or_all(call, call.query["party"]), call.query["limit"], call.query["after"]
    with call.reading() as connection:
        found = list_records(
            connection,
            PoolRecord,
            where={"custodian": party},
            after=None if after is None else (after,),
            limit=limit + 1,
        )
        if not found:
            check_party(connection, party)
        lots = _own_word(connection, call, party)
        left_out = in_pools(connection, [(pool.pool, pool.version) for pool in found[:limit]], lots)
        shown = [pool_members(pool, without) for pool, without in zip(found[:limit], left_out, strict=True)]
    following = None
    if len(found) > limit:
        following = {"party": party, "after": found[limit - 1].pool, "limit": limit}
    return rows_reply(call, "/v1/pools", PoolsSchema, shown, following)


@resource.operation(
    "GET",
    "/v1/balance",
    replies=[Reply(200, "The balance.", {JSON: BalanceSchema, CSV: CSV_SCHEMA})],
    access=ANY_PARTY,
    query=BalanceQuery,
    errors=[RoleForbidden, ResourceNotFound],
    examples={"start": "2026-10-01T00:00:00Z", "end": "2026-11-01T00:00:00Z"},
)
def read_balance(call: Call) -> Response:
    """Give the mass balance of a party: opening, in, out, losses, adjustments, closing and the gap.

    Per element, in mg REO; what leaves is negative. With ``months`` by the authority's calendar.
    For a party what it received before any shipment of it was recorded is left out until one is.
    """
    party = own_or_all(call, call.query["party"])
    start_us, end_us = call.query["start"], call.query["end"]
    check_period(start_us, end_us, "end")
    with call.reading() as connection:
        edges, months = [start_us, end_us], [""]
        if call.query["months"]:
            edges, months = _months(policy_in_force(connection)[1], start_us, end_us)
        lots = _own_word(connection, call, party)
        found = balances(connection, party, call.query["site"], edges, without=lots)
        if not any(balance.rows for balance in found):
            check_party(connection, party)
            check_site(connection, call.query["site"], party)
    rows = [
        ({"month": month} if month else {}) | {"element": element, **row}
        for month, balance in zip(months, found, strict=True)
        if not _is_empty_piece(balance, start_us, end_us)
        for element, row in balance.rows.items()
    ]
    if call.accepted == CSV:
        columns = ("month", "element", *_BALANCE) if call.query["months"] else ("element", *_BALANCE)
        return csv_reply(columns, ([row[name] for name in columns] for row in rows), "balance.csv")
    members = {
        "party": party,
        "site": call.query["site"],
        "start": format_time_us(start_us),
        "end": format_time_us(end_us),
        "rows": rows,
    }
    return json_reply(members, cache=PRIVATE)


def _own_word(connection: Connection, call: Call, party: str) -> set[str]:
    """The lots that a party has by its own word alone: of those it is told nothing; a regulator is."""
    return set() if viewer_of(call.reader).sees_all else claimed(connection, party)


def _months(policy: Policy, start_us: int, end_us: int) -> tuple[list[int], list[str]]:
    """Where a period and its months begin, and where it ends; and the months' names."""
    months, edges = [month_of(start_us, policy)], [start_us]
    while (begins_us := month_start_us(month_after(months[-1]), policy)) < end_us:
        months.append(month_after(months[-1]))
        edges.append(begins_us)
        if len(months) > _MOST_MONTHS:
            raise RequestMalformed(
                f"the period has more than {_MOST_MONTHS} months", extra={"parameter": "months"}
            )
    return [*edges, end_us], months


def _is_empty_piece(balance: Balance, start_us: int, end_us: int) -> bool:
    """Whether nothing moved in a piece of a month, less than a day long, that a period ends or begins with.

    A period from midnight to midnight in another zone than the authority's has one.
    """
    if (balance.start_us, balance.end_us) == (
        start_us,
        end_us,
    ) or balance.end_us - balance.start_us >= DAY_US:
        return False
    moved = (*COLUMNS[1:-1], "gap", "declared_loss")
    return not any(row[column] for row in balance.rows.values() for column in moved)


def _line_members(line: ShipmentLineRecord, lot: LotRecord | None) -> dict[str, Any]:
    return {
        "lot": line.lot,
        "product": "" if lot is None else lot.product,
        "stage": "" if lot is None else lot.stage,
        "sent_mg": line.sent_mg,
        "left_mg": line.left_mg,
        "weighed_mg": line.weighed_mg,
    }
