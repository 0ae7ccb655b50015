"""Movements: with every rule on, with every rule off that may be, and the same events as plain records."""

import itertools
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from benchmarks.load import Measured, post_batches
from benchmarks.reporting import Report
from benchmarks.servers import prepared, serving
from ledger.clock import SystemClock, format_time_us
from ledger.movements import writing
from ledger.movements.writing import KG, LotContent, document, dump_document
from ledger.records.policy import ALWAYS, FLAG, REJECT
from ledger.registration.registrar import Registrar
from tests.support.cast import Actor, Cast, actor

STREAMS = 8
CHAIN = 7
"""Statements of one chain: each needs the one before it, so a chain stays within one batch."""
LINES = 70 * CHAIN
HOUR_US = 3_600_000_000

CARBONATE = {"La": "0.28", "Ce": "0.4", "Pr": "0.07", "Nd": "0.23", "Sm": "0.02"}
PRND = {"Pr": "0.2335", "Nd": "0.7665"}
LACE = {"La": "0.41", "Ce": "0.59"}

ON: Mapping[str, Any] = {"rule_set": 1}
OFF: Mapping[str, Any] = {
    "rule_set": 1,
    "rules": {code: {"action": "off"} for code in (*REJECT, *FLAG) if code not in ALWAYS},
}
"""What the books themselves refuse cannot be off; everything else is."""


def site_of(party: Actor) -> str:
    """Its one site."""
    return f"{party.party}sites/one"


@dataclass
class Commerce(Cast):
    """Three mines, three plants and two metal works that trade."""

    mines: list[Actor] = field(default_factory=lambda: [actor(f"mine-{n}", "miner") for n in range(3)])
    plants: list[Actor] = field(default_factory=lambda: [actor(f"plant-{n}", "separator") for n in range(3)])
    works: list[Actor] = field(default_factory=lambda: [actor(f"works-{n}", "smelter") for n in range(2)])

    def __post_init__(self) -> None:
        self.now_us = SystemClock().now_us()
        self.more = [*self.mines, *self.plants, *self.works]
        self._numbers = itertools.count()

    def party(self, member: Actor) -> dict[str, Any]:
        return super().party(member) | {"listing": {"start": self._long_ago()}}

    def started(self, engine: Engine, folder: Path, **options: Any) -> Registrar:
        registrar = super().started(engine, folder, **options)
        for member in self.more:
            registrar.register(
                self.act(
                    {
                        "act": "list-site",
                        "site": site_of(member),
                        "party": member.party,
                        "description": {"name": "Site", "country": "CN"},
                        "listing": {"start": self._long_ago()},
                    }
                )
            )
        for members, activity in ((self.mines, "mining"), (self.plants, "separation")):
            for member in members:
                registrar.register(self.act(self._quota(member.party, activity)))
        return registrar

    def statements(self, count: int, *, plain: bool = False) -> list[bytes]:
        """Signed one-event movements, chain after chain; as plain records where ``plain``."""
        chains = (self._chain(next(self._numbers)) for _ in range(count // CHAIN))
        return [self._signed(event, by, plain=plain) for chain in chains for event, by in chain]

    def _signed(self, event: dict[str, Any], by: Actor, *, plain: bool) -> bytes:
        if plain:
            del event["ree:movement"]
        return self.sign(dump_document(document([event], self.now_us)), by)

    def _chain(self, number: int) -> Iterator[tuple[dict[str, Any], Actor]]:
        """Ore is mined, sent, received, separated, sold on; every second chain goes through a pool."""
        mine = self.mines[number % len(self.mines)]
        plant = self.plants[number % len(self.plants)]
        works = self.works[number % len(self.works)]
        lot = f"{mine.party}lots/{number}"
        ore = LotContent(lot, 5_000 * KG, "mixed-carbonate", "0.45", CARBONATE)
        yield writing.extract([ore], **self._when(mine, 40)), mine
        yield from self._delivery(lot, 5_000, mine, plant, 36)
        prnd = LotContent(f"{plant.party}lots/{number}-prnd", 660 * KG, "prnd-oxide", "1", PRND)
        lace = LotContent(f"{plant.party}lots/{number}-lace", 1_500 * KG, "lace-oxide", "1", LACE)
        taken = LotContent(lot, 5_000 * KG)
        if number % 2:
            pool = f"{plant.party}pools/cascade"
            common = self._when(plant, 20)
            yield writing.feed(pool, [taken], process="separation", **common), plant
            yield writing.draw(pool, [prnd, lace], process="separation", **self._when(plant, 18)), plant
            yield from self._delivery(prnd.lot, 660, plant, works, 10)
            return
        common = self._when(plant, 20)
        losses = {"": 60 * KG}
        yield (
            writing.process([taken], [prnd, lace], process="separation", losses_mg=losses, **common),
            plant,
        )
        yield from self._delivery(prnd.lot, 660, plant, works, 10)
        metal = LotContent(f"{works.party}lots/{number}-metal", 541 * KG, "prnd-metal", "1.1754", PRND)
        made = self._when(works, 2)
        used = [LotContent(prnd.lot, 660 * KG)]
        yield (
            writing.process(used, [metal], process="electrolysis", losses_mg={"": 20 * KG}, **made),
            works,
        )

    def _delivery(
        self, lot: str, kilograms: int, sender: Actor, receiver: Actor, hours: int
    ) -> Iterator[tuple[dict[str, Any], Actor]]:
        goods = [LotContent(lot, kilograms * KG)]
        weighed = [LotContent(lot, (kilograms - 1) * KG)]
        sent = writing.ship(
            goods,
            consignor=sender.party,
            consignee=receiver.party,
            site_to=site_of(receiver),
            **self._when(sender, hours),
        )
        yield sent, sender
        common = self._when(receiver, hours - 6)
        yield (
            writing.receive(weighed, consignor=sender.party, shipment=sent["eventID"], **common),
            receiver,
        )

    def _when(self, party: Actor, hours: int) -> Any:
        return {
            "event_id": f"urn:uuid:{uuid.uuid4()}",
            "at_us": self.now_us - hours * HOUR_US,
            "site": site_of(party),
        }

    def _quota(self, party: str, activity: str) -> dict[str, Any]:
        return {
            "act": "allot-quota",
            "party": party,
            "year": int(format_time_us(self.now_us)[:4]),
            "activity": activity,
            "ore_class": "any",
            "mass": {"quantity": 8_000_000, "uom": "TNE"},
        }

    def _long_ago(self) -> str:
        return format_time_us(self.now_us - 60 * 24 * HOUR_US)


def run(engine: str, count: int, cores: int) -> Report:
    """Measures the three on one engine, one after the other, each on a ledger of its own."""
    whole = STREAMS * CHAIN
    count = -(-count // whole) * whole
    report = Report(f"movements on {engine}, {count:,} statements of one movement, {cores} cores")
    for name, text, policy, plain in (
        ("on", "every rule on", ON, False),
        ("off", "every rule off that may be", OFF, False),
        ("plain", "the same events as plain records", ON, True),
    ):
        cast = Commerce(policy=dict(policy))
        measured, processor = _measure(engine, cores, cast, count, plain=plain)
        report.add(name, text, measured)
        report.cost(f"{name}: the server's processes", processor / count * 1e6)
    report.ratio("on", "off")
    report.ratio("on", "plain")
    report.goal("rules on / rules off >= 0.60", report.value("on") >= 0.60 * report.value("off"))
    report.goal("movements with every rule on >= 1,500/s", report.value("on") >= 1_500)
    return report


def _measure(engine: str, cores: int, cast: Commerce, count: int, *, plain: bool) -> tuple[Measured, float]:
    """The rate, and the server's processor seconds."""
    signed, first = cast.statements(count, plain=plain), cast.statements(STREAMS * CHAIN, plain=plain)
    with prepared(engine, cast=cast, workers=cores) as log, serving(log.settings) as server:
        _accepted(post_batches(server.url, first, streams=STREAMS, lines=LINES), len(first))
        before = server.processor_seconds()
        measured = post_batches(server.url, signed, streams=STREAMS, lines=LINES)
        processor = server.processor_seconds() - before
    _accepted(measured, count)
    return measured, processor


def _accepted(measured: Measured, wanted: int) -> None:
    if measured.count != wanted:
        raise RuntimeError(f"{wanted - measured.count} of {wanted} statements were not accepted")
