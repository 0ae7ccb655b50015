"""The world of a history behind the write path: signed EPCIS statements, a registrar, a real database."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, text

from ledger.audit.database import verify_database
from ledger.clock import SystemClock
from ledger.errors import StatementRefused
from ledger.movements import writing
from ledger.movements.movement import Line, Movement
from ledger.records.books import Books
from ledger.records.lots import PoolRecord
from ledger.records.policy import ALWAYS, REJECT
from ledger.registration.registrar import Registrar
from ledger.statements.envelope import EPCIS
from ledger.statements.keys import FileSigner, generate_key
from ledger.store.books_source import StoreSource
from ledger.store.books_tables import BOOKS, BOOKS_TABLES
from tests.support.books import check_acyclic, check_identity
from tests.support.cast import Actor, Cast
from tests.support.history import FIRMS, NOBODY, POOL
from tests.support.movements_written import as_event

HOUR_US = 3_600_000_000
_SOFT = {code: {"action": "off"} for code in sorted(set(REJECT) - set(ALWAYS))}
POLICY: Mapping[str, Any] = {
    "rule_set": 1,
    "rules": {**_SOFT, "balance.element-gain": {"action": "flag"}},
}
"""Only what is impossible in the books is refused, as in the model; every other rule runs and flags."""


_SENT = ("ship", "return", "export")
_EXTRA: Mapping[str, Mapping[str, Any]] = {
    "process": {"declared_losses_mg": {"": 0}},
    "export": {
        "consignee": NOBODY,
        "end_user": NOBODY,
        "destination": "JP",
        "declaration": "310120260000000001",
    },
}
"""What a movement of a kind must carry and the books do not look at."""


def _firms() -> list[Actor]:
    return [Actor(firm, ("separator",), FileSigner(generate_key("Ed25519"))) for firm in (*FIRMS, NOBODY)]


@dataclass
class Firms(Cast):
    """The firms of the histories, with keys. Their names bind no prefixes: rules on names are off."""

    policy: dict[str, Any] = field(default_factory=lambda: dict(POLICY))
    more: list[Actor] = field(default_factory=_firms)
    now_us: int = field(default_factory=lambda: SystemClock().now_us())

    def party(self, member: Actor) -> dict[str, Any]:
        known = super().party(member)
        return {**known, "prefixes": []} if member in self.more else known


@dataclass
class Database:
    """A ledger that a history is told to.

    Attributes:
        events: What stands recorded, as it was said, by event id: an error declaration repeats it.
    """

    cast: Firms
    engine: Engine
    registrar: Registrar
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: int = 0

    @classmethod
    def opened(cls, cast: Firms, engine: Engine, folder: Path) -> "Database":
        """On a database that has its genesis, with the mark that was made with it."""
        return cls(cast, engine, cast.registrar(engine, folder))

    def said(self, kind: str, lines: dict[str, int | None], by: str, **said: Any) -> Movement:
        if kind == "assay":  # Any event may try to repeat another's name; this one needs no laboratory.
            kind, lines = "lose", {"urn:lot:1": 1}
        said = {"inputs": tuple(Line(lot, mass_mg) for lot, mass_mg in lines.items()), **said}
        said |= {name: tuple(map(_declared, said.get(name, ()))) for name in ("inputs", "outputs")}
        said |= {"event_time_us": self.cast.now_us - HOUR_US}
        made = Movement(kind, zone_offset_min=480, pointer="/events/0", **{**_EXTRA.get(kind, {}), **said})
        if kind not in _SENT:
            return replace(made, reason=made.reason or "because")
        to = made.custodian_to or NOBODY
        return replace(
            made,
            reason=made.reason or "because",
            owner_from=by,
            custodian_from=by,
            owner_to=made.owner_to or to,
            custodian_to=to,
        )

    def record(self, moved: Movement, by: str, *, acceptable: bool) -> str:
        before = {} if acceptable else self._everything()
        events = self._events(moved)
        payload = writing.dump_document(writing.document(events, self.cast.now_us))
        signer = next(each for each in self.cast.actors if each.party == by)
        try:
            self.registrar.register(self.cast.sign(payload, signer, cty=EPCIS))
        except StatementRefused as error:
            assert acceptable or self._everything() == before
            self.refused += 1
            return ", ".join(f"{each.code}: {each.detail}" for each in error.findings)
        if not moved.did_not_occur:
            self.events[moved.event_id] = events[-1]
        return ""

    def adjust(self, lot: str, firm: str, counted_mg: int, *, acceptable: bool) -> str:
        before = {} if acceptable else self._everything()
        asked = f"SELECT owner, site FROM holdings WHERE lot = '{lot}' AND custodian = '{firm}'"
        ((owner, site),) = self._rows(asked)
        named = {"lot": lot, "owner": owner, "custodian": firm, "site": site}
        counted = {"quantity": counted_mg, "uom": "MGM"}
        act = {"act": "adjust", "reason": "inspection", "holding": {**named, "counted": counted}}
        try:
            self.registrar.register(self.cast.act(act))
        except StatementRefused as error:
            assert acceptable or self._everything() == before
            return ", ".join(f"{each.code}: {each.detail}" for each in error.findings)
        return ""

    def held(self) -> dict[tuple[str, str], int]:
        rows = self._rows("SELECT lot, custodian, sum(mass_mg) FROM holdings GROUP BY lot, custodian")
        return {(lot, firm): int(mass) for lot, firm, mass in rows if mass}

    def posted(self) -> dict[str, dict[str, int]]:
        sums: dict[str, dict[str, int]] = {}
        asked = "SELECT account, lot, sum(mass_mg) FROM postings WHERE lot <> '' GROUP BY account, lot"
        for account, lot, mass in self._rows(asked):
            sums.setdefault(account, {})[lot] = int(mass)
        return sums

    def pooled(self) -> dict[str, int]:
        with self.engine.connect() as connection:
            pool = Books(StoreSource(connection)).get(PoolRecord, POOL)
        contained: dict[str, int] = {}
        for (element, _, _), mass in (pool.cells if pool else {}).items():
            contained[element] = contained.get(element, 0) + mass
        return contained

    def finish(self) -> None:
        """The books as stored conserve mass, have no cycle, and are what a replay of the log gives."""
        self.registrar.close()
        books = Books()
        with self.engine.connect() as connection:
            for stored in BOOKS.values():
                for row in connection.execute(stored.table.select()):
                    books.put(stored.to_record(row))
        check_identity(books)
        check_acyclic(books)
        report = verify_database(self.engine, workers=1, replay=True)
        assert report.faults == []
        assert any("the books" in each for each in report.checked)

    def _events(self, moved: Movement) -> list[dict[str, Any]]:
        if not moved.corrects:
            return [as_event(moved)]
        said = {"declared_at_us": self.cast.now_us}
        wrong = self.events.get(moved.corrects) or as_event(_unrecorded(moved))
        if moved.did_not_occur:
            return [writing.undo(wrong, **said)]
        return list(writing.correct(wrong, as_event(replace(moved, corrects="")), **said))

    def _everything(self) -> dict[str, Counter[Any]]:
        found = {}
        with self.engine.connect() as connection:
            cursor = connection.connection.cursor()  # asked so often that the way through SQLAlchemy counts
            for name in (*BOOKS_TABLES, "entries", "checkpoints"):
                cursor.execute(f"SELECT * FROM {name}")
                found[name] = Counter(map(tuple, cursor.fetchall()))
        return found

    def _rows(self, asked: str) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(text(asked)))


def _declared(line: Line) -> Line:
    """The line with its composition in decimals, which come to the same whole milligrams."""
    if line.composition is None or not line.mass_mg:
        return line
    contained = line.composition.contained_mg
    reo = sum(contained.values())
    said = {
        "treoFraction": _decimal(reo, line.mass_mg),
        "elementFractions": {element: _decimal(part, reo) for element, part in contained.items()},
    }
    return replace(line, product="mixed-carbonate", composition=replace(line.composition, declared=said))


def _decimal(part: int, whole: int) -> str:
    return f"{Decimal(part) / Decimal(whole):.12f}"


def _unrecorded(moved: Movement) -> Movement:
    """What an error declaration repeats that nobody recorded."""
    return replace(
        moved, inputs=moved.inputs or (Line("urn:lot:1", 1),), event_id=moved.corrects, corrects=""
    )
