"""Sessions: signing in to the console with a key, without a password."""

from typing import Any

from flask import Response, g

from api.access import ANY_PARTY, IN_SESSION, Reader, answerer
from api.bodies import read_statement
from api.operations import Body, Call, Reply, Resource
from api.replies import JOSE, JSON, json_reply
from api.schemas import JWS_SCHEMA, ChallengeSchema, SessionSchema
from api.sessions import refuse_cross_site, set_cookie
from ledger.clock import format_time_us
from ledger.errors import KeyUnknown, SessionCrossSite, SessionRefused, TooLarge
from ledger.statements.registers import PartyRecord
from ledger.statements.tokens import parse_session_proof
from ledger.store import registers_store

resource = Resource(
    "sessions", "Signing in to the console: a key signs a challenge, and a cookie stands for it from then on."
)


@resource.operation(
    "POST",
    "/v1/sessions/challenges",
    replies=[Reply(201, "A challenge, good once and for 120 seconds.", {JSON: ChallengeSchema})],
    errors=[SessionCrossSite],
)
def give_challenge(call: Call) -> Response:
    """Ask for a challenge to sign."""
    refuse_cross_site(call.parts.settings, proof=False)
    challenge, expires_us = call.parts.sessions.give_challenge()
    members = {
        "challenge": challenge,
        "origin": call.parts.settings.origin,
        "expires": format_time_us(expires_us),
    }
    return json_reply(members, 201, cache="no-store")


@resource.operation(
    "POST",
    "/v1/sessions",
    replies=[
        Reply(
            201,
            "The session is open.",
            {JSON: SessionSchema},
            {"Set-Cookie": "The session's cookie: HttpOnly, SameSite=Strict, and Secure over https."},
        )
    ],
    body=Body({JOSE: JWS_SCHEMA}, "The challenge, signed by an enrolled key; docs/formats.md has its form."),
    errors=[KeyUnknown, SessionCrossSite, SessionRefused, TooLarge],
)
def open_session(call: Call) -> Response:
    """Open a session by answering a challenge.

    The session is always a new one, whatever cookie came with the request. It ends after 15 minutes without a
    request, after 8 hours in any case, and with the key's right to sign. A key has 16 sessions at most: one
    more ends the one that was used longest ago.
    """
    here = call.parts
    refuse_cross_site(here.settings, proof=False)
    proof = parse_session_proof(read_statement())
    with call.reading() as connection:
        reader = answerer(connection, proof, here.settings.origin, here.clock.now_us())
        party = registers_store.read_party(connection, reader.party)
    g.reader_kid = reader.kid
    cookie, session = here.sessions.open(reader.kid, proof.nonce)
    response = json_reply(_members(reader.of(session), party), 201, cache="no-store")
    set_cookie(response, here.settings, cookie)
    return response


@resource.operation(
    "GET",
    "/v1/sessions/current",
    replies=[Reply(200, "The session.", {JSON: SessionSchema})],
    access=IN_SESSION,
)
def read_session(call: Call) -> Response:
    """Read whose session this is and until when."""
    assert call.reader is not None
    with call.reading() as connection:
        party = registers_store.read_party(connection, call.reader.party)
    return json_reply(_members(call.reader, party), cache="no-store")


@resource.operation(
    "DELETE",
    "/v1/sessions/current",
    replies=[Reply(204, "The session is over.", headers={"Set-Cookie": "Takes the cookie away."})],
    access=IN_SESSION,
)
def end_session(call: Call) -> Response:
    """Sign out here."""
    assert call.reader is not None
    assert call.reader.session is not None
    call.parts.sessions.end(call.reader.session)
    return _signed_out(call)


@resource.operation(
    "DELETE",
    "/v1/sessions",
    replies=[
        Reply(204, "Every session of the key is over.", headers={"Set-Cookie": "Takes the cookie away."})
    ],
    access=ANY_PARTY,
)
def end_all_sessions(call: Call) -> Response:
    """Sign out everywhere: end every session that the caller's key has opened.

    With a reader token of the key as well as in a session.
    """
    assert call.reader is not None
    call.parts.sessions.end_all(call.reader.kid)
    return _signed_out(call)


def _signed_out(call: Call) -> Response:
    response = Response(status=204)
    response.headers["Cache-Control"] = "no-store"
    set_cookie(response, call.parts.settings, "")
    return response


def _members(reader: Reader, party: PartyRecord | None) -> dict[str, Any]:
    assert reader.session is not None
    return {
        "party": reader.party,
        "organisation": {} if party is None else dict(party.organisation),
        "roles": sorted(reader.roles),
        "kid": reader.kid,
        "issued": format_time_us(reader.session.issued_us),
        "expires": format_time_us(reader.session.expires_us),
        "idle_expires": format_time_us(reader.session.idle_expires_us),
    }
