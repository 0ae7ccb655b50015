"""A ledger with movements, written through the one write path: a mine, a plant and their sites."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from ledger.clock import SystemClock
from ledger.encoding import b64url_encode
from ledger.movements.movement import Movement
from ledger.registration.outcomes import Registered
from ledger.registration.registrar import Registrar
from ledger.statements.envelope import EPCIS, parse_statement
from tests.support import movements
from tests.support.cast import Actor, Cast, actor
from tests.support.movements import MINE, PIT, PLANT, WORKS
from tests.support.movements_written import payload_of

HOUR_US = 3_600_000_000
LISTED_SINCE = "2026-01-01T00:00:00Z"


@dataclass
class Trade(Cast):
    """Statements with movements. Times are hours before now."""

    mine: Actor = field(default_factory=lambda: actor("mine", "miner"))
    plant: Actor = field(default_factory=lambda: actor("plant", "separator"))
    now_us: int = field(default_factory=lambda: SystemClock().now_us())

    def __post_init__(self) -> None:
        self.more = [self.plant, *self.more]
        assert (self.mine.party, self.plant.party) == (MINE, PLANT)

    def party(self, member: Actor) -> dict[str, Any]:
        return super().party(member) | {"listing": {"start": LISTED_SINCE}}

    def opened(self, engine: Engine, folder: Path, **options: Any) -> Registrar:
        """A registrar on a ledger whose sites are listed."""
        registrar = self.started(engine, folder, **options)
        for site, party in ((PIT, MINE), (WORKS, PLANT)):
            registrar.register(
                self.act(
                    {
                        "act": "list-site",
                        "site": site,
                        "party": party,
                        "description": {"name": "Site", "country": "CN"},
                        "listing": {"start": LISTED_SINCE},
                    }
                )
            )
        return registrar

    def ago(self, hours: float) -> int:
        return self.now_us - int(hours * HOUR_US)

    def extract(self, lot: str, kilograms: int = 1_000, hours: float = 10, **fields: Any) -> Movement:
        return movements.extract(f"{MINE}lots/{lot}", kilograms, at_us=self.ago(hours), **fields)

    def ship(self, lot: str, kilograms: int, hours: float = 8, **fields: Any) -> Movement:
        return movements.ship(
            {f"{MINE}lots/{lot}": kilograms}, at_us=self.ago(hours), site_to=WORKS, **fields
        )

    def receive(self, sent: Movement, kilograms: int, hours: float = 2, **fields: Any) -> Movement:
        goods = {line.lot: kilograms for line in sent.inputs}
        return movements.receive(goods, shipment=sent.event_id, at_us=self.ago(hours), **fields)

    def statement(self, *said: Movement, by: Actor | None = None, **header: Any) -> bytes:
        """One signed statement with these movements; by the mine unless told otherwise."""
        return self.sign(payload_of(said), by or self.mine, cty=EPCIS, **header)

    def moved(self, registrar: Registrar, *said: Movement, by: Actor | None = None) -> Registered:
        return registrar.register(self.statement(*said, by=by))

    def erasing(self, jws: bytes, index: int, by: Actor | None = None) -> bytes:
        """The act that erases a statement with movements, which is logged at an index; it is the mine's."""
        statement = parse_statement(jws)
        return self.act(
            {
                "act": "erase",
                "statement": b64url_encode(statement.statement_hash),
                "index": index,
                "issuer": (by or self.mine).party,
                "kid": statement.header.kid,
                "jti": statement.header.jti,
                "signing_input": b64url_encode(statement.signing_input_hash),
                "effects": [],
            }
        )

    def story(self, registrar: Registrar, name: str = "a") -> list[Registered]:
        """Ore is mined, sent and received; the plant processes it as a batch, and feeds a pool and draws."""
        sent = self.ship(name, 600)
        return [
            self.moved(registrar, self.extract(name)),
            self.moved(registrar, sent),
            self.moved(registrar, self.receive(sent, 598), by=self.plant),
        ]
