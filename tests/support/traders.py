"""Firms that record movements over HTTP, for tests of what each of them is told afterwards."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Engine

from ledger.clock import SystemClock
from ledger.movements.movement import Movement
from ledger.statements.envelope import EPCIS
from tests.support.cast import Actor, Cast, actor
from tests.support.movements import receive, ship
from tests.support.movements_written import payload_of
from tests.support.web import Site, open_site

HOUR_US = 3_600_000_000
_LISTED = {"listing": {"start": "2026-01-01T00:00:00Z"}}


@dataclass
class TradingCast(Cast):
    """The usual officials and some firms, all listed since the year's beginning."""

    now_us: int = field(default_factory=lambda: SystemClock().now_us())

    def party(self, member: Actor) -> dict[str, Any]:
        return super().party(member) | _LISTED


@dataclass
class Traders:
    """A ledger whose firms have a site each.

    Attributes:
        actors: By name.
    """

    site: Site
    cast: TradingCast
    actors: dict[str, Actor]

    def party(self, name: str) -> str:
        return self.actors[name].party

    def place(self, name: str) -> str:
        return f"{self.party(name)}sites/one"

    def lot(self, name: str, lot: str) -> str:
        return f"{self.party(name)}lots/{lot}"

    def ago(self, hours: float) -> int:
        return self.cast.now_us - int(hours * HOUR_US)

    def say(self, name: str, *movements: Movement) -> None:
        """Records movements in one statement."""
        body = self.cast.sign(payload_of(movements), self.actors[name], cty=EPCIS)
        answer = self.site.post(body)
        assert answer.status_code == 201, answer.text

    def sent(
        self, lot: str, kilograms: Any, source: str, target: str, hours: float, **fields: Any
    ) -> Movement:
        """Records a shipment from one firm to another, and returns it."""
        sent = ship(
            {lot: kilograms},
            consignor=self.party(source),
            consignee=self.party(target),
            site=self.place(source),
            site_to=self.place(target),
            at_us=self.ago(hours),
            **fields,
        )
        self.say(source, sent)
        return sent

    def taken(self, lot: str, kilograms: Any, source: str, target: str, hours: float, shipment: str) -> None:
        """Records a receipt."""
        at = {"site": self.place(target), "at_us": self.ago(hours)}
        self.say(target, receive({lot: kilograms}, shipment=shipment, consignor=self.party(source), **at))

    def moved(self, lot: str, kilograms: Any, source: str, target: str, hours: float) -> None:
        """Records a shipment and its receipt an hour later."""
        sent = self.sent(lot, kilograms, source, target, hours)
        self.taken(lot, kilograms, source, target, hours - 1, sent.event_id)

    def ask(self, path: str, name: str, **query: Any) -> dict[str, Any]:
        """What a firm is answered."""
        answer = self.site.get(f"{path}?{urlencode(query)}", self.actors[name])
        assert answer.status_code == 200, answer.text
        members: dict[str, Any] = answer.get_json()
        return members

    def period(self) -> dict[str, str]:
        """All that was recorded, for a balance."""
        times = (self.cast.now_us - 1_000 * HOUR_US, self.cast.now_us + HOUR_US)
        start, end = (datetime.fromtimestamp(each / 1_000_000, UTC).isoformat() for each in times)
        return {"start": start, "end": end}

    def time(self, hours: float) -> str:
        """A moment as queries take it."""
        return datetime.fromtimestamp(self.ago(hours) / 1_000_000, UTC).isoformat()


@contextmanager
def open_traders(
    engine: Engine, folder: Path, settings: Mapping[str, Any] | None = None, **roles: tuple[str, ...]
) -> Iterator[Traders]:
    """A ledger with a mine and such firms; the authority is called ``authority``.

    Statements may be erased at once.
    """
    actors = {name: actor(name, *held) for name, held in roles.items()}
    cast = TradingCast(more=list(actors.values()), policy={"rule_set": 1, "retention_days": 0})
    actors |= {"mine": cast.mine, "authority": cast.authority}
    with open_site(cast, engine, folder, **(settings or {})) as site:
        made = Traders(site, cast, actors)
        for name in ("mine", *roles):
            listing = {"act": "list-site", "site": made.place(name), "party": made.party(name), **_LISTED}
            described = {"description": {"name": f"Works of {name}", "country": "CN"}}
            site.registered(cast.act(listing | described))
        yield made
