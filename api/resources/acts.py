"""Public acts: what anybody may read of the log, as it was signed."""

from typing import Any, Final

from flask import Response

from api.fields import Count, StrictSchema
from api.operations import Call, Reply, Resource
from api.replies import JSON, page_reply
from api.schemas import ActsSchema
from ledger.clock import format_time_us
from ledger.encoding import b64url_encode
from ledger.log.entry import parse_entry
from ledger.store import log_store

resource = Resource("acts", "Official acts that everybody may read: the registers are folded from these.")

_PAGE: Final = 100
_PAGE_BYTES: Final = 8 * 1_048_576
_CHUNK: Final = 16


class ActsQuery(StrictSchema):
    """From where, and how many."""

    start = Count(load_default=0, meaning="The first entry index to look at.")
    limit = Count(load_default=_PAGE, minimum=1, maximum=1_000, meaning="How many acts at most.")


@resource.operation(
    "GET",
    "/v1/acts",
    replies=[
        Reply(200, "Public acts in the order of the log.", {JSON: ActsSchema}, {"Link": "The next page."})
    ],
    query=ActsQuery,
)
def list_acts(call: Call) -> Response:
    """List the public acts, each as the JWS that was signed.

    A page may hold fewer than were asked for where the acts are long; next says whether there are more.
    """
    start, limit = call.query["start"], call.query["limit"]
    acts: list[dict[str, Any]] = []
    taken = 0
    following: int | None = start
    with call.reading() as connection:
        while following is not None and len(acts) < limit and taken < _PAGE_BYTES:
            wanted = min(_CHUNK, limit - len(acts))
            rows = log_store.read_public(connection, following, wanted)
            for row in rows:
                entry = parse_entry(row.entry)
                acts.append(
                    {
                        "index": row.entry_index,
                        "recorded_at": format_time_us(entry.recorded_at_us),
                        "statement": b64url_encode(entry.statement),
                        "jws": None if row.jws is None else row.jws.decode("ascii"),
                    }
                )
                taken += len(row.jws or b"")
            following = rows[-1].entry_index + 1 if len(rows) == wanted else None
    query = None if following is None else {"start": following, "limit": limit}
    return page_reply({"acts": acts}, "/v1/acts", query)
