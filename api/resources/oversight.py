"""Oversight: alerts, cases, quotas, licences, lists and published statistics."""

from typing import Any, Final

from flask import Response

from api.access import ANY_PARTY, PUBLIC, REGULATORS, Access
from api.book_members import alert_members, record_members
from api.book_schemas import AlertsSchema, RecordsSchema
from api.fields import Count, Name, OneOf, StrictSchema
from api.operations import Call, Reply, Resource, View
from api.replies import JSON, PRIVATE, REVALIDATE, page_reply
from api.resources.stock import own_or_all
from ledger.errors import RequestMalformed, RoleForbidden
from ledger.records.books import Record, key_of
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
)
from ledger.store.books_listings import list_records

resource = Resource("oversight", "What was noticed, allowed and decided.")


class PageQuery(StrictSchema):
    """From where, and how many."""

    limit = Count(load_default=100, minimum=1, maximum=1_000, meaning="How many at most.")


class AlertsQuery(PageQuery):
    """Which alerts."""

    party = Name(load_default=None, meaning="Only those about this party's statements.")
    code = Name(load_default=None, meaning="Only those of this rule.")
    state = OneOf("open", "closed", load_default=None, meaning="Only those in this state.")
    before_index = Count(load_default=None, meaning="Where the page before ended: entry.")
    before_number = Count(load_default=None, meaning="Where the page before ended: number.")


class PartyQuery(PageQuery):
    """Whose."""

    party = Name(load_default=None, meaning="The party; the caller's own if left out, all to regulators.")
    after = Name(load_default=None, meaning="Only those whose id is above this text.")


@resource.operation(
    "GET",
    "/v1/alerts",
    replies=[Reply(200, "Alerts, newest first.", {JSON: AlertsSchema}, {"Link": "The next page."})],
    access=ANY_PARTY,
    query=AlertsQuery,
    errors=[RoleForbidden],
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
    where: dict[str, Any] = {"party": party, "code": query["code"], "state": query["state"]}
    with call.reading() as connection:
        found = list_records(
            connection,
            AlertRecord,
            where=where if sees_all else where | {"told": True},
            after=after,
            limit=query["limit"] + 1,
            newest_first=True,
        )
    following: dict[str, str | int] | None = None
    if len(found) > query["limit"]:
        last = found[query["limit"] - 1]
        following = {name: value for name, value in where.items() if value is not None} | {
            "before_index": last.entry_index,
            "before_number": last.number,
            "limit": query["limit"],
        }
    shown = [alert_members(alert) for alert in found[: query["limit"]]]
    return page_reply({"alerts": shown}, "/v1/alerts", following, cache=PRIVATE)


def _list(
    path: str,
    name: str,
    kind: type[Record],
    title: str,
    *,
    column: str | None,
    access: Access = ANY_PARTY,
) -> View:
    """Declares a list of records: a party's own to itself, everybody's to regulators; or public."""
    keys = kind.KEY
    after_fields: dict[str, Any] = {
        f"after_{key}": (Count if key in ("year", "entry_index") else Name)(
            load_default=None, meaning="Where the page before ended."
        )
        for key in keys
    }
    asked: dict[str, Any] = (
        {}
        if column is None
        else {"party": Name(load_default=None, meaning="The party; the caller's own if left out.")}
    )
    schema = type(f"{name.title().replace('_', '')}Query", (PageQuery,), {**asked, **after_fields})

    def view(call: Call) -> Response:
        given = [call.query[f"after_{key}"] for key in keys]
        if any(value is None for value in given) and any(value is not None for value in given):
            raise RequestMalformed(f"give {', '.join(after_fields)} together")
        where = {} if column is None else {column: _party(call)}
        limit = call.query["limit"]
        with call.reading() as connection:
            found = list_records(
                connection,
                kind,
                where=where,
                after=None if None in given else tuple(given),
                limit=limit + 1,
            )
        following: dict[str, Any] | None = None
        if len(found) > limit:
            last = key_of(found[limit - 1])
            following = {f"after_{key}": value for key, value in zip(keys, last, strict=True)}
            following |= {"limit": limit}
            if column is not None and call.query["party"] is not None:
                following |= {"party": call.query["party"]}
        members = {"records": [record_members(record) for record in found[:limit]]}
        cache = REVALIDATE if access is PUBLIC else PRIVATE
        return page_reply(members, path, following, cache=cache)

    view.__name__ = f"list_{name}"
    view.__doc__ = f"List {title}."
    errors = [] if access is PUBLIC else [RoleForbidden]
    reply = Reply(200, f"{title.capitalize()}.", {JSON: RecordsSchema}, {"Link": "The next page."})
    return resource.operation("GET", path, replies=[reply], access=access, query=schema, errors=errors)(view)


def _party(call: Call) -> str | None:
    assert call.reader is not None
    if call.reader.holds(REGULATORS):
        party = call.query["party"]
        return None if party is None else str(party)
    return own_or_all(call, call.query["party"])


_REGULATING: Final = Access(ANY_PARTY.token, REGULATORS)

_list("/v1/quotas", "quotas", QuotaRecord, "quotas with what was drawn on them", column="party")
_list("/v1/licences", "licences", LicenceRecord, "export licences and applications", column="exporter")
_list("/v1/invoices", "invoices", InvoiceRecord, "invoices that a party issued", column="seller")
_list("/v1/declarations", "declarations", DeclarationRecord, "customs declarations", column="declarant")
_list("/v1/cases", "cases", CaseRecord, "cases", column=None, access=_REGULATING)
_list(
    "/v1/restricted-parties",
    "restricted_parties",
    RestrictedPartyRecord,
    "organisations that goods may not go to",
    column=None,
)
_list("/v1/control-lists", "control_lists", ControlListRecord, "control lists", column=None, access=PUBLIC)
_list(
    "/v1/statistics",
    "statistics",
    StatisticsRecord,
    "published statistics",
    column=None,
    access=PUBLIC,
)
