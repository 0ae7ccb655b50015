"""Booked events: what a party recorded, newest first."""

from typing import Any

from flask import Response

from api.access import ANY_PARTY
from api.book_members import record_members
from api.book_schemas import RecordsSchema
from api.fields import Count, Name, StrictSchema
from api.naming import check_party
from api.operations import Call, Reply, Resource
from api.replies import JSON, PRIVATE, page_reply
from api.resources.stock import own_or_all
from ledger.errors import RequestMalformed, ResourceNotFound, RoleForbidden
from ledger.records.lots import EventRecord
from ledger.store.books_listings import list_records

resource = Resource("events", "The movements that are in the books, as events.")


class EventsQuery(StrictSchema):
    """Whose, from where, and how many."""

    party = Name(load_default=None, meaning="Who recorded them; the caller if left out.")
    before_index = Count(load_default=None, meaning="Where the page before ended: entry.")
    before_position = Count(load_default=None, meaning="Where the page before ended: event in the entry.")
    limit = Count(load_default=100, minimum=1, maximum=1_000, meaning="How many at most.")


@resource.operation(
    "GET",
    "/v1/events",
    replies=[Reply(200, "Events, newest entry first.", {JSON: RecordsSchema}, {"Link": "The next page."})],
    access=ANY_PARTY,
    query=EventsQuery,
    errors=[RoleForbidden, ResourceNotFound],
)
def list_events(call: Call) -> Response:
    """List the movements that a party recorded, with the entry of each and whether it was corrected."""
    party = own_or_all(call, call.query["party"])
    limit = call.query["limit"]
    after = (call.query["before_index"], call.query["before_position"])
    if (after[0] is None) != (after[1] is None):
        raise RequestMalformed("give before_index and before_position together")
    with call.reading() as connection:
        found = list_records(
            connection,
            EventRecord,
            where={"issuer": party},
            order=("entry_index", "position"),
            after=None if None in after else after,
            limit=limit + 1,
            newest_first=True,
        )
        if not found:
            check_party(connection, party)
    following: dict[str, Any] | None = None
    if len(found) > limit:
        last = found[limit - 1]
        following = {
            "party": party,
            "before_index": last.entry_index,
            "before_position": last.position,
            "limit": limit,
        }
    members = {"records": [record_members(event) for event in found[:limit]]}
    return page_reply(members, "/v1/events", following, cache=PRIVATE)
