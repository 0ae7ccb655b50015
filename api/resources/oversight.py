"""Oversight: alerts, cases, quotas, licences, lists and published statistics."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from flask import Response
from sqlalchemy import Connection

from api.access import ANY_PARTY, PUBLIC, REGULATORS, Access
from api.book_members import CSV, alert_members, decimal, record_members, rows_reply
from api.book_schemas import CSV_SCHEMA, AlertsSchema, RecordsSchema
from api.desk_schemas import (
    AlertCountsSchema,
    CasesSchema,
    LicencesSchema,
    QuotasSchema,
    TechnologyTransfersSchema,
)
from api.fields import Count, Flag, Instant, Name, OneOf, StrictSchema
from api.naming import check_party, check_site, is_borne, not_known, not_told
from api.operations import Call, Reply, Resource, View
from api.replies import JSON, PRIVATE, REVALIDATE, json_reply, page_reply
from api.resources.parties import legal_name
from api.resources.stock import own_or_all
from ledger.clock import format_time_us
from ledger.controls.rule_texts import RULE_TEXTS
from ledger.errors import LedgerEmpty, RequestError, RequestMalformed, ResourceNotFound, RoleForbidden
from ledger.provenance.alert_counts import open_alert_counts
from ledger.provenance.in_force import policy_in_force
from ledger.provenance.quota_months import drawn_by_month
from ledger.provenance.subjects import books_of
from ledger.records.books import key_of
from ledger.records.oversight import (
    AlertRecord,
    CaseRecord,
    ControlListRecord,
    DeclarationRecord,
    InvoiceRecord,
    LicenceRecord,
    QuotaRecord,
    RestrictedPartyRecord,
    StatisticsRecord,
    TechnologyTransferRecord,
)
from ledger.statements.acts.licences import decision_clock, is_stopped
from ledger.statements.registers import Names
from ledger.store import registers_store
from ledger.store.books_listings import list_records

resource = Resource("oversight", "What was noticed, allowed and decided.")

_ALERT_FILTERS: Final = ("code", "state", "case", "subject", "site")


class PageQuery(StrictSchema):
    """From where, and how many."""

    limit = Count(load_default=100, minimum=1, maximum=1_000, meaning="How many at most.")


class AlertsQuery(PageQuery):
    """Which alerts."""

    party = Name(load_default=None, meaning="Only those about this party's statements.")
    code = Name(load_default=None, meaning="Only those of this rule.")
    state = OneOf("open", "closed", load_default=None, meaning="Only those in this state.")
    case = Name(load_default=None, meaning="Only those of this case.")
    subject = Name(load_default=None, meaning="Only those about this subject, as kind:id.")
    site = Name(load_default=None, meaning="Only those at this site.")
    since = Instant(load_default=None, meaning="Only those of what happened from this time on.")
    before_index = Count(load_default=None, meaning="Where the page before ended: entry.")
    before_number = Count(load_default=None, meaning="Where the page before ended: number.")


class CountsQuery(StrictSchema):
    """Whose."""

    party = Name(load_default=None, meaning="The party; the caller's own if left out, all to regulators.")


@resource.operation(
    "GET",
    "/v1/alerts",
    replies=[
        Reply(200, "Alerts, newest first.", {JSON: AlertsSchema, CSV: CSV_SCHEMA}, {"Link": "The next page."})
    ],
    access=ANY_PARTY,
    query=AlertsQuery,
    errors=[RoleForbidden, ResourceNotFound],
)
def list_alerts(call: Call) -> Response:
    """List alerts: to regulators all, to a party those about its own statements that it was told of.

    A flag that a submitter is not told of goes to regulators only, so that nobody can try out which
    movements are noticed.
    """
    assert call.reader is not None
    query, sees_all = call.query, call.reader.holds(REGULATORS)
    party = query["party"] if sees_all else own_or_all(call, query["party"])
    if (query["before_index"] is None) != (query["before_number"] is None):
        raise RequestMalformed("give before_index and before_number together")
    after = None if query["before_index"] is None else (query["before_index"], query["before_number"])
    where: dict[str, Any] = {"party": party} | {name: query[name] for name in _ALERT_FILTERS}
    seen = {} if sees_all else {"party": party, "told": True}
    with call.reading() as connection:
        found = list_records(
            connection,
            AlertRecord,
            where=where | seen,
            after=after,
            limit=query["limit"] + 1,
            newest_first=True,
            since=None if query["since"] is None else {"event_time_us": query["since"]},
        )
        if not found:
            _check_names(connection, query, seen)
    following: dict[str, str | int] | None = None
    if len(found) > query["limit"]:
        last = found[query["limit"] - 1]
        asked = where if query["since"] is None else where | {"since": format_time_us(query["since"])}
        following = {name: value for name, value in asked.items() if value is not None} | {
            "before_index": last.entry_index,
            "before_number": last.number,
            "limit": query["limit"],
        }
    shown = [alert_members(alert) for alert in found[: query["limit"]]]
    return rows_reply(call, "/v1/alerts", AlertsSchema, shown, following)


def _check_names(connection: Connection, query: Mapping[str, Any], seen: Mapping[str, Any]) -> None:
    """Returns only if what names an alert's party, rule, site and case is known.

    Args:
        connection: A reading transaction.
        query: The query.
        seen: What bounds the alerts that the caller may see; empty where it sees all.

    Raises:
        ResourceNotFound: It is not; of a case, a party is told alike whether it is not there or not its own.
    """
    check_party(connection, query["party"])
    check_site(connection, query["site"], query["party"])
    code, case = query["code"], query["case"]
    if (
        code is not None
        and code not in RULE_TEXTS
        and not is_borne(connection, AlertRecord, code=code, **seen)
    ):
        raise not_known(
            "code", code, "which no rule is called", "GET /v1/policy lists the rules.", RULE_TEXTS
        )
    kind = AlertRecord if seen else CaseRecord
    if case is not None and not is_borne(connection, kind, case=case, **seen):
        raise not_told("case", "case that you may see", "GET /v1/cases lists the cases, to regulators.")


@resource.operation(
    "GET",
    "/v1/alerts/counts",
    replies=[Reply(200, "How many are open.", {JSON: AlertCountsSchema})],
    access=ANY_PARTY,
    query=CountsQuery,
    errors=[RoleForbidden, ResourceNotFound, LedgerEmpty],
)
def count_alerts(call: Call) -> Response:
    """Count open alerts by rule, by party and by month.

    To regulators all, to a party those about its own statements that it was told of.
    """
    assert call.reader is not None
    told_only = not call.reader.holds(REGULATORS)
    with call.reading() as connection:
        party = _party(call)
        check_party(connection, party)
        _, policy = policy_in_force(connection)
        counts = open_alert_counts(connection, policy, party, told_only=told_only)
    return json_reply(counts, cache=PRIVATE)


@dataclass(frozen=True, slots=True)
class Listing:
    """How a kind of record is listed.

    Attributes:
        path, name, title: Of the operation.
        kind: The kind of record.
        column: Whose a record is: a party's own to itself, everybody's to regulators; "" where all callers
            see all.
        access: Who may call it.
        schema: What the answer looks like.
        more: Further parameters.
        where: What they ask for, by column.
        rows: Makes the rows of records.
        newest: The column of the entry by which ``newest=true`` orders; "" where that is not offered.
        received: The column that takes the place of ``column`` with ``received=true``; "" if there is none.
    """

    path: str
    name: str
    title: str
    kind: type[Any]
    column: str = ""
    access: Access = ANY_PARTY
    schema: type[StrictSchema] = RecordsSchema
    more: Mapping[str, Any] = field(default_factory=dict)
    where: tuple[str, ...] = ()
    rows: Callable[[Connection, Call, Sequence[Any]], list[dict[str, Any]]] | None = None
    newest: str = ""
    received: str = ""


def _list(listing: Listing) -> View:
    """Declares a list of records."""
    asked: dict[str, Any] = {
        f"after_{key}": (Count if key in ("year", "entry_index", "position") else Name)(
            load_default=None, meaning="Where the page before ended."
        )
        for key in listing.kind.KEY
    }
    if listing.column:
        meaning = f"The {listing.column}; the caller's own if left out, all to regulators."
        asked["party"] = Name(load_default=None, meaning=meaning)
    if listing.received:
        asked["received"] = Flag(load_default=False, meaning="true: what the party received, not gave.")
    if listing.newest:
        asked["newest"] = Flag(load_default=False, meaning="true: the newest first.")
        asked["before_index"] = Count(
            load_default=None, meaning="Where the page before ended, the newest first."
        )
    schema = type(
        f"{listing.name.title().replace('_', '')}Query", (PageQuery,), {**asked, **dict(listing.more)}
    )

    def view(call: Call) -> Response:
        return _page(listing, call)

    view.__name__ = f"list_{listing.name}"
    view.__doc__ = f"List {listing.title}."
    errors: list[type[RequestError]] = [] if listing.access is PUBLIC else [RoleForbidden]
    errors += [ResourceNotFound] if listing.column else []
    description = f"{listing.title[:1].upper()}{listing.title[1:]}."
    reply = Reply(200, description, {JSON: listing.schema}, {"Link": "The next page."})
    return resource.operation(
        "GET", listing.path, replies=[reply], access=listing.access, query=schema, errors=errors
    )(view)


def _page(listing: Listing, call: Call) -> Response:
    """One page of a list."""
    query, keys = call.query, listing.kind.KEY
    newest = bool(listing.newest) and query["newest"]
    place = ["before_index"] if newest else [f"after_{key}" for key in keys]
    given = [query[name] for name in place]
    if any(value is None for value in given) and any(value is not None for value in given):
        raise RequestMalformed(f"give {', '.join(place)} together")
    where = {name: query[name] for name in listing.where}
    if listing.column:
        column = listing.received if listing.received and query["received"] else listing.column
        where[column] = _party(call)
    limit = query["limit"]
    with call.reading() as connection:
        found = list_records(
            connection,
            listing.kind,
            where=where,
            after=None if None in given else tuple(given),
            limit=limit + 1,
            newest_first=newest,
            order=(listing.newest,) if newest else None,
        )
        if not found and listing.column:
            _check_own_names(connection, listing, where)
        shown = found[:limit]
        rows = listing.rows(connection, call, shown) if listing.rows else list(map(record_members, shown))
    following: dict[str, Any] | None = None
    if len(found) > limit:
        last = (getattr(shown[-1], listing.newest),) if newest else key_of(shown[-1])
        asked = {
            name: query[name]
            for name in ("party", *listing.more, "received", "newest")
            if name in query and query[name] not in (None, False)
        }
        following = {**asked, **dict(zip(place, last, strict=True)), "limit": limit}
        following = {name: "true" if value is True else value for name, value in following.items()}
    cache = REVALIDATE if listing.access is PUBLIC else PRIVATE
    return page_reply({"records": rows}, listing.path, following, cache=cache)


def _check_own_names(connection: Connection, listing: Listing, where: Mapping[str, Any]) -> None:
    """Returns only if the party and the licence that a list is asked by are known.

    Raises:
        ResourceNotFound: One is not; a licence that is another's is told like one that is not there.
    """
    column = listing.received if listing.received in where else listing.column
    party, licence = where[column], where.get("licence")
    if not is_borne(connection, listing.kind, **{column: party}):
        check_party(connection, party)
    named = {"licence": licence}
    if licence is not None and not (
        is_borne(connection, LicenceRecord, exporter=party, **named)
        or is_borne(connection, listing.kind, **{column: party}, **named)
    ):
        raise not_told("licence", "licence of the party", "GET /v1/licences lists the licences.")


def _party(call: Call) -> str | None:
    assert call.reader is not None
    if call.reader.holds(REGULATORS):
        party = call.query["party"]
        return None if party is None else str(party)
    return own_or_all(call, call.query["party"])


def _licence_rows(
    connection: Connection, call: Call, records: Sequence[LicenceRecord]
) -> list[dict[str, Any]]:
    """Licences with how far the clock of their decision has run."""
    _, policy = policy_in_force(connection)
    now_us = call.parts.clock.now_us()
    rows = []
    for record in records:
        clock = decision_clock(record, policy, now_us)
        more = {
            "working_days_open": clock.open_days,
            "working_days_left": clock.left_days,
            "overdue": clock.overdue,
            "stopped": is_stopped(record),
            "clock": [
                {
                    "stopped": format_time_us(stopped_us),
                    "started": None if started_us is None else format_time_us(started_us),
                }
                for stopped_us, started_us in record.clock
            ],
        }
        rows.append(record_members(record) | more)
    return rows


def _quota_rows(connection: Connection, call: Call, records: Sequence[QuotaRecord]) -> list[dict[str, Any]]:
    """Quotas with the share that was drawn, and where it is asked for when."""
    rows = [
        record_members(record)
        | {
            "share_drawn": decimal(Fraction(record.drawn_mg, record.allotted_mg))
            if record.allotted_mg
            else None
        }
        for record in records
    ]
    if call.query["monthly"]:
        _, policy = policy_in_force(connection)
        months = drawn_by_month(connection, books_of(connection), records, policy)
        for row, record in zip(rows, records, strict=True):
            row["drawn_by_month"] = months[key_of(record)]
    return rows


def _case_rows(connection: Connection, call: Call, records: Sequence[CaseRecord]) -> list[dict[str, Any]]:
    """Cases with the codes of their alerts and the firms that these are about."""
    books = books_of(connection)
    books.prefetch(AlertRecord, [alert for record in records for alert in record.alerts])
    about = {
        record.case: [alert for key in record.alerts if (alert := books.get(AlertRecord, *key)) is not None]
        for record in records
    }
    named = {alert.party for alerts in about.values() for alert in alerts}
    named |= {party for record in records for party in record.parties}
    known = registers_store.read_facts(connection, Names(parties=named)).parties
    rows = []
    for record in records:
        alerts = about[record.case]
        firms = sorted({*record.parties, *(alert.party for alert in alerts)})
        more = {
            "codes": sorted({alert.code for alert in alerts}),
            "firms": [{"party": firm, "name": legal_name(known.get(firm), firm)} for firm in firms],
        }
        rows.append(record_members(record) | more)
    return rows


_REGULATING: Final = Access(ANY_PARTY.token, REGULATORS)
_STATES: Final = ("applied", "granted", "refused", "suspended", "revoked")

for _each in (
    Listing(
        "/v1/quotas",
        "quotas",
        "quotas with what was drawn on them",
        QuotaRecord,
        column="party",
        schema=QuotasSchema,
        more={
            "year": Count(load_default=None, meaning="Only of this year."),
            "monthly": Flag(load_default=False, meaning="true: also what was drawn in each month."),
        },
        where=("year",),
        rows=_quota_rows,
    ),
    Listing(
        "/v1/licences",
        "licences",
        "export licences and applications, with how far the time for their decision has run",
        LicenceRecord,
        column="exporter",
        schema=LicencesSchema,
        more={"state": OneOf(*_STATES, load_default=None, meaning="Only those in this state.")},
        where=("state",),
        rows=_licence_rows,
        newest="applied_at",
    ),
    Listing(
        "/v1/technology-transfers",
        "technology_transfers",
        "technology that a party handed to foreign organisations, or received",
        TechnologyTransferRecord,
        column="provider",
        schema=TechnologyTransfersSchema,
        more={"licence": Name(load_default=None, meaning="Only what names this licence.")},
        where=("licence",),
        received="consignee",
    ),
    Listing("/v1/invoices", "invoices", "invoices that a party issued", InvoiceRecord, column="seller"),
    Listing(
        "/v1/declarations", "declarations", "customs declarations", DeclarationRecord, column="declarant"
    ),
    Listing(
        "/v1/cases",
        "cases",
        "cases with the codes of their alerts and the firms that these are about",
        CaseRecord,
        access=_REGULATING,
        schema=CasesSchema,
        more={"state": OneOf("open", "closed", load_default=None, meaning="Only those in this state.")},
        where=("state",),
        rows=_case_rows,
        newest="opened_at",
    ),
    Listing(
        "/v1/restricted-parties",
        "restricted_parties",
        "organisations that goods may not go to",
        RestrictedPartyRecord,
    ),
    Listing("/v1/control-lists", "control_lists", "control lists", ControlListRecord, access=PUBLIC),
    Listing("/v1/statistics", "statistics", "published statistics", StatisticsRecord, access=PUBLIC),
):
    _list(_each)
