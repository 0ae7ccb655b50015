"""Parties: the register of who takes part, folded from the public acts."""

from collections.abc import Sequence
from typing import Any

from flask import Response

from api.fields import Count, Name, StrictSchema
from api.operations import Call, Reply, Resource
from api.replies import JSON, json_reply, page_reply
from api.schemas import PartiesSchema, PartySchema
from ledger.clock import format_time_us
from ledger.errors import ResourceNotFound
from ledger.statements.registers import Listing, PartyRecord
from ledger.store import registers_store

resource = Resource("parties", "The organisations that take part.")


class PartiesQuery(StrictSchema):
    """Which, from where, and how many."""

    id = Name(load_default=None, meaning="Only the party with this identifier.")
    after = Name(load_default="", meaning="Only parties whose identifier is above this text.")
    limit = Count(load_default=100, minimum=1, maximum=1_000, meaning="How many parties at most.")


@resource.operation(
    "GET",
    "/v1/parties",
    replies=[
        Reply(
            200,
            "Parties in the order of their identifiers.",
            {JSON: PartiesSchema},
            {"Link": "The next page."},
        )
    ],
    query=PartiesQuery,
)
def list_parties(call: Call) -> Response:
    """List the parties, or find one by its identifier where that does not fit in a path."""
    party_id, after, limit = call.query["id"], call.query["after"], call.query["limit"]
    with call.reading() as connection:
        if party_id is not None:
            found = registers_store.read_party(connection, party_id)
            parties = [] if found is None or found.party <= after else [found]
        else:
            parties = registers_store.list_parties(connection, after=after, limit=limit + 1)
    following = {"after": parties[limit - 1].party, "limit": limit} if len(parties) > limit else None
    return page_reply(
        {"parties": [party_members(each) for each in parties[:limit]]}, "/v1/parties", following
    )


@resource.operation(
    "GET",
    "/v1/parties/{party}",
    replies=[Reply(200, "The party.", {JSON: PartySchema})],
    path_fields={"party": Name(slashes=True, meaning="The party's identifier, percent-encoded.")},
    errors=[ResourceNotFound],
)
def read_party(call: Call) -> Response:
    """Read one party."""
    with call.reading() as connection:
        party = registers_store.read_party(connection, call.path["party"])
    if party is None:
        raise ResourceNotFound("no party with this identifier was admitted")
    return json_reply(party_members(party))


def party_members(party: PartyRecord) -> dict[str, Any]:
    """A party as a JSON object."""
    return {
        "id": party.party,
        "organisation": dict(party.organisation),
        "roles": list(party.roles),
        "listings": listing_members(party.listings),
        "admitted_at": party.admitted_at,
        "changed_at": party.changed_at,
    }


def legal_name(party: PartyRecord | None, otherwise: str = "") -> str:
    """A party's legal name, or another text where the register has none."""
    name = None if party is None else party.organisation.get("legal_name")
    return name if isinstance(name, str) else otherwise


def listing_members(listings: Sequence[Listing]) -> list[dict[str, Any]]:
    """Spans of time as JSON objects."""
    return [
        {
            "start": format_time_us(span.start_us),
            "end": None if span.end_us is None else format_time_us(span.end_us),
        }
        for span in listings
    ]
