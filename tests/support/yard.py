"""Books with every kind of movement, for tests: two firms that send goods to each other, and what must hold.

Unlike ``Desk``, whose checks it uses, a yard books through ``apply_movement``, so that events have names and
can be corrected.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from ledger.books.apply import apply_movement
from ledger.books.context import Effect, Impossible, Recording
from ledger.books.seals import on_unit
from ledger.movements.movement import Line, Movement
from ledger.records.books import Books
from ledger.records.lots import (
    EventRecord,
    HoldingRecord,
    LotRecord,
    MemberRecord,
    ProvisionalRecord,
    ShipmentLineRecord,
    ShipmentRecord,
    UnitRecord,
)
from ledger.statements.registers import Facts, PartyRecord
from tests.support.books import (
    DAY_US,
    KG,
    MINE,
    MINER,
    PLANT,
    REFINER,
    START_US,
    Desk,
    born,
    check_acyclic,
    check_identity,
    imbalance,
)

TRADER = "https://trade.example/party"
STORE = "https://trade.example/site/store"
IMPORTER = "https://abroad.example/party"
SITES = {MINER: MINE, REFINER: PLANT, TRADER: STORE}
ORE = "https://mine.example/lot/1"
REO = {"Nd": 300_000, "Pr": 100_000}
"""In 1 kg of ``ORE``."""


@dataclass
class Yard(Desk):
    """Every movement is an entry of its own; names of events count up."""

    importers: tuple[str, ...] = ()
    events: int = 0
    effects: list[Effect] = field(default_factory=list)

    def recording(self, issuer: str = MINER) -> Recording:
        recording = super().recording(issuer)
        parties = {name: PartyRecord(name, {}, ("importer",), (), 0, 0) for name in self.importers}
        return replace(recording, facts=Facts(books=self.books, parties=parties))

    def book(self, moved: Movement, issuer: str = MINER) -> Effect:
        """Records a movement and checks that everything still adds up; a refused one changes nothing."""
        self.books.begin()
        before = everything(self.books)
        recording = self.recording(issuer)
        try:
            effect = apply_movement(moved, recording, 0)
        except Impossible:
            self.books.rollback()
            assert everything(self.books) == before
            raise
        self.books.commit()
        self.index += 1
        assert not recording.correcting
        assert imbalance(effect, self.books) == {}
        check_identity(self.books)
        check_acyclic(self.books)
        check_units(self.books)
        self.effects.append(effect)
        return effect

    def do(self, kind: str, lines: dict[str, int | None] | None = None, by: str = MINER, **said: Any) -> str:
        """Records a movement of masses by lot; gives its event id."""
        moved = self.said(kind, lines, by, **said)
        self.book(moved, by)
        return moved.event_id

    def refused(
        self, kind: str, lines: dict[str, int | None] | None = None, by: str = MINER, **said: Any
    ) -> list[str]:
        """The codes with which such a movement is refused."""
        return self.refusals(self.said(kind, lines, by, **said), by)

    def said(self, kind: str, lines: dict[str, int | None] | None, by: str, **said: Any) -> Movement:
        """A movement of masses by lot."""
        self.events += 1
        said = {
            "inputs": tuple(Line(lot, mass_mg) for lot, mass_mg in (lines or {}).items()),
            "site": SITES.get(by, ""),
            "event_time_us": START_US + DAY_US,
            **said,
        }
        event_id = said.pop("event_id", f"urn:event:{self.events}")
        return Movement(kind, event_id, said.pop("event_time_us"), 480, "/events/0", **said)

    def extract(self, lot: str = ORE, mass_mg: int = KG, by: str = MINER, **said: Any) -> str:
        """A lot is born at a firm, with ``REO`` in each kg."""
        contained = {element: part * mass_mg // KG for element, part in REO.items()}
        return self.do("extract", by=by, outputs=(born(lot, mass_mg, contained),), **said)

    def thing(self, lot: str = "urn:thing:1", mass_mg: int = 1_000, by: str = MINER) -> str:
        """One indivisible thing is born."""
        line = born(lot, mass_mg, {"Nd": mass_mg // 3}, instance=True)
        return self.do("extract", by=by, outputs=(line,))

    def ship(self, lines: dict[str, int | None], by: str = MINER, to: str = REFINER, **said: Any) -> str:
        """Goods and title go from one firm to another."""
        return self.do("ship", lines, by, **{"custodian_to": to, "owner_to": to, **said})

    def receive(
        self, lines: dict[str, int | None], shipment: str, by: str = REFINER, of: str = MINER, **said: Any
    ) -> str:
        """A firm receives what another sent."""
        return self.do("receive", lines, by, custodian_from=of, shipment=shipment, **said)

    def undo(self, event: str, by: str = MINER, kind: str | None = None) -> None:
        """An event did not occur."""
        record = self.books.get(EventRecord, by, event)
        kind = kind or (record.movement if record else "ship")
        self.do(kind, by=by, event_id=event, corrects=event, did_not_occur=True)

    def mass(self, lot: str = ORE, by: str = REFINER) -> int:
        """What a firm has of a lot."""
        holdings = self.books.group(HoldingRecord, "lot", lot)
        return sum(holding.mass_mg for holding in holdings if holding.custodian == by)

    def provisional(self, lot: str = ORE, by: str = REFINER) -> int:
        """What of it awaits shipments."""
        holdings = self.books.group(HoldingRecord, "lot", lot)
        return sum(holding.provisional_mg for holding in holdings if holding.custodian == by)

    def account(self, account: str, lot: str = ORE) -> int:
        """Sum of a lot's lines of an account."""
        return sum(
            line.mass_mg
            for effect in self.effects
            for line in effect.postings
            if line.account == account and line.lot == lot
        )

    def shipment(self, event: str, by: str = MINER) -> ShipmentRecord:
        """A shipment that is there."""
        found = self.books.get(ShipmentRecord, by, event)
        assert found is not None
        return found

    def line(self, event: str, lot: str = ORE, by: str = MINER) -> ShipmentLineRecord:
        """A line of a shipment that is there."""
        found = self.books.get(ShipmentLineRecord, by, event, lot)
        assert found is not None
        return found

    def receipt(self, event: str, lot: str = ORE, by: str = REFINER) -> ProvisionalRecord:
        """A receipt that came before its shipment."""
        found = self.books.get(ProvisionalRecord, by, event, lot)
        assert found is not None
        return found


def everything(books: Books) -> list[str]:
    """Every record of the books, as text, in order."""
    kinds = sorted({kind for kind, _ in books._changed} | set(books._shelves), key=lambda kind: kind.__name__)
    return [repr(record) for kind in kinds for record in books.records(kind)]


def check_units(books: Books) -> None:
    """An open unit has contents; a closed one has none, and no seals on it."""
    for unit in books.records(UnitRecord):
        inside = [
            member for member in books.group(MemberRecord, "unit", unit.unit) if member.until_us is None
        ]
        assert unit.open == bool(inside)
        assert unit.open or not on_unit(books, unit.unit)


def lot_of(yard: Yard, lot: str) -> LotRecord | None:
    """A lot as the books have it, or None where there is none or its birth was taken back."""
    found = yard.books.get(LotRecord, lot)
    return None if found is None or found.voided_at is not None else found
