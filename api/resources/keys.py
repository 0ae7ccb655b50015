"""Keys: the register of enrolled keys, folded from the public acts."""

from typing import Any

from flask import Response

from api.fields import Count, Name, StrictSchema, Thumbprint
from api.naming import check_party
from api.operations import Call, Reply, Resource
from api.replies import JSON, json_reply, page_reply
from api.schemas import KeySchema, KeysSchema
from ledger.clock import format_time_us
from ledger.errors import ResourceNotFound
from ledger.statements.registers import KeyRecord
from ledger.store import registers_store

resource = Resource("keys", "The parties' public keys. A key is judged at the index of what it signed.")


class KeysQuery(StrictSchema):
    """Whose keys, from where, and how many."""

    party = Name(load_default=None, meaning="Only this party's keys.")
    after = Name(load_default="", meaning="Only keys whose thumbprint is above this text.")
    limit = Count(load_default=100, minimum=1, maximum=1_000, meaning="How many keys at most.")


@resource.operation(
    "GET",
    "/v1/keys",
    replies=[
        Reply(200, "Keys in the order of their thumbprints.", {JSON: KeysSchema}, {"Link": "The next page."})
    ],
    query=KeysQuery,
    errors=[ResourceNotFound],
)
def list_keys(call: Call) -> Response:
    """List the enrolled keys, those that are revoked or expired included."""
    party, after, limit = call.query["party"], call.query["after"], call.query["limit"]
    with call.reading() as connection:
        keys = registers_store.list_keys(connection, party=party, after=after, limit=limit + 1)
        if not keys:
            check_party(connection, party)
    following = None
    if len(keys) > limit:
        following = {"after": keys[limit - 1].kid, "limit": limit} | (
            {} if party is None else {"party": party}
        )
    return page_reply({"keys": [key_members(key) for key in keys[:limit]]}, "/v1/keys", following)


@resource.operation(
    "GET",
    "/v1/keys/{kid}",
    replies=[Reply(200, "The key.", {JSON: KeySchema})],
    path_fields={"kid": Thumbprint(meaning="The key's RFC 7638 thumbprint.")},
    errors=[ResourceNotFound],
)
def read_key(call: Call) -> Response:
    """Read one enrolled key."""
    with call.reading() as connection:
        key = registers_store.read_key(connection, call.path["kid"])
    if key is None:
        raise ResourceNotFound("no key with this thumbprint is enrolled")
    return json_reply(key_members(key))


def key_members(key: KeyRecord) -> dict[str, Any]:
    """A key as a JSON object."""
    return {
        "kid": key.kid,
        "party": key.party,
        "jwk": dict(key.jwk),
        "not_before": format_time_us(key.not_before_us),
        "not_after": None if key.not_after_us is None else format_time_us(key.not_after_us),
        "enrolled_at": key.enrolled_at,
        "revoked_at": key.revoked_at,
        "suspect_from": key.suspect_from,
    }
