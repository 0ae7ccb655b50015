"""Refusals: the journal of what was refused though its signature was good."""

from typing import Any, Final

from flask import Response
from sqlalchemy import Connection

from api.access import ANY_PARTY, AUDITORS, REGULATORS, Reader
from api.fields import Count, StrictSchema
from api.operations import Call, Reply, Resource
from api.replies import JSON, PRIVATE, page_reply
from api.schemas import RefusalsSchema
from ledger.encoding import b64url_encode
from ledger.statements.envelope import parse_statement
from ledger.store import registers_store
from ledger.store.listings import list_refusals as list_refusals_page
from ledger.store.log_store import NewRefusal

resource = Resource("refusals", "Statements that were refused though their signatures were good.")

_SCAN: Final = 1_000
_PAGE_BYTES: Final = 8 * 1_048_576
_CHUNK: Final = 16


class RefusalsQuery(StrictSchema):
    """From where, and how many."""

    start = Count(load_default=0, meaning="The first refusal's number.")
    limit = Count(load_default=100, minimum=1, maximum=_SCAN, meaning="How many at most.")


@resource.operation(
    "GET",
    "/v1/refusals",
    replies=[Reply(200, "Refusals in order.", {JSON: RefusalsSchema}, {"Link": "The next page."})],
    access=ANY_PARTY,
    query=RefusalsQuery,
)
def list_refusals(call: Call) -> Response:
    """List refusals: to auditors the whole journal, to regulators with the statements, to a party its own.

    A page may hold fewer than were asked for where the statements are long, and may be empty though there
    are more: next says so.
    """
    assert call.reader is not None
    start, limit = call.query["start"], call.query["limit"]
    shown: list[dict[str, Any]] = []
    read, taken = 0, 0
    following: int | None = start
    with call.reading() as connection:
        while following is not None and read < limit and taken < _PAGE_BYTES:
            wanted = min(_CHUNK, limit - read)
            rows = list_refusals_page(connection, following, wanted + 1)
            following = rows[wanted].refusal_number if len(rows) > wanted else None
            for row in rows[:wanted]:
                taken += len(row.jws) + len(row.record)
                members = _members(row, call.reader, connection)
                if members is not None:
                    shown.append(members)
            read += wanted
    query = None if following is None else {"start": following, "limit": limit}
    return page_reply({"refusals": shown}, "/v1/refusals", query, cache=PRIVATE)


def _members(row: NewRefusal, reader: Reader, connection: Connection) -> dict[str, Any] | None:
    """A refusal as this reader may see it, or None."""
    key = registers_store.read_key(connection, parse_statement(row.jws).header.kid)
    own = key is not None and key.party == reader.party
    if not own and not reader.holds(AUDITORS):
        return None
    members: dict[str, Any] = {
        "number": row.refusal_number,
        "record": row.record.decode(),
        "hash": b64url_encode(row.record_hash),
    }
    if own or reader.holds(REGULATORS):
        members["jws"] = row.jws.decode("ascii")
    return members
