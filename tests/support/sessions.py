"""Sessions for tests: proofs that are posted, cookies that are kept, keys and listings that end."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from api.access import Token
from api.app import RESOURCES, close_app, create_app
from api.operations import Operation
from ledger.clock import format_time_us
from tests.support.cast import Actor, actor
from tests.support.web import JOSE, Site, settings_for

MINUTE_US = 60_000_000
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
NAME = "reledger_session"
CURRENT = "/v1/sessions/current"
OWN = "/v1/refusals"
"""Something that only a known caller reads."""
CREDENTIALLED = [
    each for resource in RESOURCES for each in resource.operations if each.access.token is not Token.NONE
]


def post_proof(
    site: Site, proof: str | bytes, browser: FlaskClient | None = None, **headers: str
) -> TestResponse:
    named = {name.replace("_", "-"): said for name, said in headers.items()}
    return (browser or site.client).post("/v1/sessions", data=proof, headers=JOSE | named)


def cookie_of(browser: FlaskClient) -> str:
    cookie = browser.get_cookie(NAME)
    assert cookie is not None
    return cookie.value


def bare(site: Site) -> FlaskClient:
    """A client that sends the cookies that a test writes into the header, and no others."""
    return site.app.test_client(use_cookies=False)


def count(site: Site, table: str) -> int:
    with site.parts.engine.connect() as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def seen_us(site: Site) -> int:
    with site.parts.engine.connect() as connection:
        return connection.execute(text("SELECT seen_us FROM sessions")).scalar_one()


def name_of(operation: Operation) -> str:
    return operation.name


@contextmanager
def another_process(site: Site, folder: Path) -> Iterator[Site]:
    """Another server on the same database, with an engine of its own."""
    url = site.parts.engine.url.render_as_string(hide_password=False)
    app = create_app(settings_for(site.cast, url, folder), clock=site.clock)
    try:
        yield Site(site.cast, app, site.clock)
    finally:
        close_app(app)


def enrol(site: Site, name: str, **window: str) -> Actor:
    """A separator whose key has this window."""
    made = actor(name, "separator")
    site.registered(site.cast.act({"act": "admit-party", **site.cast.party(made)}))
    enrolment = {"party": made.party, **made.enrolment(site.cast.origin), **window}
    site.registered(site.cast.act({"act": "enrol-key", **enrolment}))
    return made


def revoke(site: Site, party: Actor) -> None:
    site.registered(site.cast.act({"act": "revoke-key", "kid": party.signer.kid, "reason": "lost"}))


def delist(site: Site, party: Actor) -> None:
    """Ends the party's listing now."""
    listed = site.get(f"/v1/parties/{party.party}").get_json()["listings"][0]
    listing = {"start": listed["start"], "end": format_time_us(site.clock.now_us())}
    site.registered(site.cast.act({"act": "admit-party", **site.cast.party(party), "listing": listing}))
