"""A log with some of everything in it, over a full tile long, that tests only read."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine

from ledger.clock import format_time_us
from ledger.encoding import b64url_encode
from ledger.store import log_store
from tests.support.cast import Actor, Cast, actor
from tests.support.web import Site, open_site

RECORDS = 270
SITE = "https://mine.example/sites/one"
EXPIRES_IN_US = 3_600_000_000


@dataclass
class Story:
    """The log, the application on it, and the statements that tests ask for.

    Attributes:
        site: The application.
        size: Number of entries.
        records: Private records of the mine, in their order; the first one is entry 1.
        erased: A record whose bytes are gone.
        granted: A record that a grant opens to the trader.
        grant: That grant.
        refused: A statement of the mine that was refused.
        revoked: A party whose key is revoked.
        expired: A party whose key's window is over an hour after the story is told.
        early: A party whose key's window has not begun.
        delisted: An auditor that is not listed any more.
    """

    site: Site
    size: int
    records: list[bytes]
    erased: bytes
    granted: bytes
    grant: bytes
    refused: bytes
    revoked: Actor
    expired: Actor
    early: Actor
    delisted: Actor

    def named(self, name: str) -> Actor:
        """The party of this name."""
        return next(each for each in self.site.cast.actors if f"//{name}." in each.party)


def story_cast() -> Cast:
    """The usual parties, and those whose keys and listings are not in order."""
    names = ("plant", "separator"), ("auditor", "auditor"), ("trader", "trader"), ("customs", "customs")
    return Cast(policy={"rule_set": 1, "retention_days": 0}, more=[actor(name, role) for name, role in names])


@contextmanager
def tell_story(engine: Engine, folder: Path) -> Iterator[Story]:
    """A story on a migrated, empty database."""
    cast = story_cast()
    with open_site(cast, engine, folder) as site:
        records = [cast.record(number=number) for number in range(RECORDS)]
        assert {each["status"] for each in site.batch(b"\n".join(records))} == {201}
        with engine.connect() as connection:
            row = log_store.read_statement(connection, 2)
        assert row is not None
        site.registered(cast.act({"act": "erase", **erasure_of(row)}))
        scope = {"statements": [site.post(records[2]).get_json()["statement"]]}
        trader = next(each for each in cast.actors if "trader" in each.party)
        grant = cast.act({"act": "grant-read", "grantee": trader.party, "scope": scope})
        site.registered(grant)
        description = {"name": "Pit one", "country": "CN"}
        site.registered(
            cast.act({"act": "list-site", "site": SITE, "party": cast.mine.party, "description": description})
        )
        refused = cast.sign({"type": "EPCISDocument"}, cast.mine)
        assert site.post(refused).status_code == 422
        others = _Others(site)
        yield Story(
            site=site,
            size=site.get("/v1/log").get_json()["size"],
            records=records,
            erased=records[1],
            granted=records[2],
            grant=grant,
            refused=refused,
            revoked=others.revoked,
            expired=others.expired,
            early=others.early,
            delisted=others.delisted,
        )


def erasure_of(row: log_store.StatementRow) -> dict[str, Any]:
    """The members of the act that erases a statement which changed nothing beside the books."""
    return {
        "statement": b64url_encode(row.statement_hash),
        "index": row.entry_index,
        "issuer": row.issuer,
        "kid": row.kid,
        "jti": row.jti,
        "signing_input": b64url_encode(row.signing_input_hash),
        "effects": [],
    }


class _Others:
    """Parties whose tokens are no good, or no longer what they were."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._cast = site.cast
        self.revoked = self._enrolled("revoked", "auditor")
        site.registered(
            self._cast.act({"act": "revoke-key", "kid": self.revoked.signer.kid, "reason": "compromised"})
        )
        past = "2020-01-01T00:00:00.000000Z"
        self.expired = self._enrolled("expired", "auditor", not_before=past, not_after=_soon(site))
        self.early = self._enrolled("early", "auditor", not_before="2090-01-01T00:00:00.000000Z")
        self.delisted = self._enrolled("delisted", "auditor")
        listed = site.get(f"/v1/parties?id={quote(self.delisted.party)}").get_json()["parties"][0]
        listing = {"start": listed["listings"][0]["start"], "end": format_time_us(site.clock.now_us())}
        site.registered(
            self._cast.act({"act": "admit-party", **self._cast.party(self.delisted), "listing": listing})
        )

    def _enrolled(self, name: str, role: str, **window: str) -> Actor:
        made = actor(name, role)
        self._site.registered(self._cast.act({"act": "admit-party", **self._cast.party(made)}))
        enrolment = {"party": made.party, **made.enrolment(self._cast.origin), **window}
        self._site.registered(self._cast.act({"act": "enrol-key", **enrolment}))
        return made


def _soon(site: Site) -> str:
    return format_time_us(site.clock.now_us() + EXPIRES_IN_US)
