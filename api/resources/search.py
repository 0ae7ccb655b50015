"""Search: what a text means, of everything that has an id or a name."""

from typing import Any

from flask import Response

from api.access import ANY_PARTY
from api.book_members import CSV, columns_of, csv_reply
from api.book_schemas import CSV_SCHEMA
from api.desk_schemas import SearchSchema
from api.fields import Count, Name, StrictSchema
from api.operations import Call, Reply, Resource
from api.replies import JSON, PRIVATE, json_reply
from api.viewing import viewer_of
from ledger.provenance.search import Found, search

resource = Resource("search", "One box for everything that has an id or a name.")


class SearchQuery(StrictSchema):
    """What is looked for, and how many."""

    q = Name(
        required=True, meaning="An id, the beginning of one, the last part of a lot's, or part of a name."
    )
    limit = Count(load_default=20, minimum=1, maximum=100, meaning="How many at most.")


@resource.operation(
    "GET",
    "/v1/search",
    replies=[Reply(200, "What was found, the likeliest first.", {JSON: SearchSchema, CSV: CSV_SCHEMA})],
    access=ANY_PARTY,
    query=SearchQuery,
    examples={"q": "CARB-S-02"},
)
def search_everything(call: Call) -> Response:
    """Find what has this id or name.

    An exact id comes first, then ids that begin so, then lots whose last part begins so, then parties and
    sites whose name holds the text. To regulators everything; to a party the public registers, entries by
    their index or statement hash, and of lots, units, shipments, pools and licences its own.
    """
    with call.reading() as connection:
        found = search(connection, viewer_of(call.reader), call.query["q"], call.query["limit"])
    rows = [_members(each) for each in found]
    if call.accepted == CSV:
        _, columns = columns_of(SearchSchema)
        return csv_reply(columns, ([row[name] for name in columns] for row in rows), "search.csv")
    return json_reply({"found": rows}, cache=PRIVATE)


def _members(found: Found) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "id": found.id,
        "name": found.name,
        "party": found.party,
        "detail": found.detail,
        "index": found.index,
    }
