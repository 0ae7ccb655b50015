"""Movements: with every rule on, with every rule off that may be, and the same events as plain records, each
in a statement of its own; and with every rule on as firms file them, all that one has to tell another in one.
"""

import itertools
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from benchmarks.load import Posted, post_batches
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
"""Movements of one chain: each needs the one before it, so a chain stays within one batch."""
FIRMS = 6
"""After so many chains the firms are the same, and whether it goes through a pool."""
TOGETHER = 8
"""Chains of the same firms that are filed together."""
LINES = 72 * CHAIN
"""Of one batch: so many that each stream has as many batches as any other, unless another count is asked for;
else most of them would wait for the last batch of one.
"""
DOCUMENTS = 2 * 27
"""Of one batch: twice the documents in which ``FIRMS * TOGETHER`` chains are filed."""
FEWEST = STREAMS * FIRMS * TOGETHER * CHAIN
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

    def statements(self, count: int) -> list[bytes]:
        """Movements, chain after chain, each in a statement of its own."""
        return [self._document([event], by) for event, by in self._movements(count)]

    def records(self, count: int) -> list[bytes]:
        """The same events as plain records."""
        plain = ((_plain(event), by) for event, by in self._movements(count))
        return [self._document([event], by) for event, by in plain]

    def filed(self, count: int) -> list[bytes]:
        """The same movements as firms file them, in documents of 8 to 24.

        The chains of the same firms are filed ``TOGETHER``: first what the mine says of all of them, and so
        on. What follows a receipt is another document, for its consignor may read the whole of it.
        """
        signed: list[bytes] = []
        for _ in range(count // (FIRMS * TOGETHER * CHAIN)):
            numbers = list(itertools.islice(self._numbers, FIRMS * TOGETHER))
            for first in range(FIRMS):
                chains = [[*self._chain(number)] for number in numbers[first::FIRMS]]
                for part in _parts(chains[0]):
                    events = [event for chain in chains for event, _ in chain[part]]
                    signed.append(self._document(events, chains[0][part][0][1]))
        return signed

    def _movements(self, count: int) -> Iterator[tuple[dict[str, Any], Actor]]:
        for _ in range(count // CHAIN):
            yield from self._chain(next(self._numbers))

    def _document(self, events: list[dict[str, Any]], by: Actor) -> bytes:
        return self.sign(dump_document(document(events, self.now_us)), by)

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


def _plain(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "ree:movement"}


def _parts(chain: Sequence[tuple[dict[str, Any], Actor]]) -> Iterator[slice]:
    """The places of a chain's movements that go into one document."""
    begin = 0
    for at, (event, by) in enumerate(chain, 1):
        if at == len(chain) or chain[at][1] is not by or event["ree:movement"] == "receive":
            yield slice(begin, at)
            begin = at


def run(engine: str, count: int, cores: int) -> Report:
    """Measures the three on one engine, one after the other, each on a ledger of its own."""
    count = -(-count // FEWEST) * FEWEST
    report = Report(f"movements on {engine}, {count:,}, {cores} cores")
    for name, text, policy, way, lines in (
        ("on", "every rule on, each in a statement of its own", ON, Commerce.statements, LINES),
        ("off", "the same with every rule off that may be", OFF, Commerce.statements, LINES),
        ("plain", "the same events as plain records", ON, Commerce.records, LINES),
        ("filed", "every rule on, in documents of 8 to 24 movements", ON, Commerce.filed, DOCUMENTS),
    ):
        cast = Commerce(policy=dict(policy))
        signed, first = way(cast, count), way(cast, FEWEST)
        measured, processor = _measure(engine, cores, cast, [first, signed], lines)
        report.add(name, text, measured.share(count))
        report.cost(f"{name}: the server's processes", processor / count * 1e6)
    report.ratio("on", "off")
    report.ratio("on", "plain")
    report.ratio("filed", "on")
    report.goal("rules on / rules off >= 0.60", report.value("on") >= 0.60 * report.value("off"))
    report.goal("movements in statements of their own >= 1,500/s", report.value("on") >= 1_500)
    report.goal("movements in documents >= 1,500/s", report.value("filed") >= 1_500)
    return report


def _measure(
    engine: str, cores: int, cast: Commerce, rounds: Sequence[list[bytes]], lines: int
) -> tuple[Posted, float]:
    """The rate of the last round's statements, and the server's processor seconds."""
    with prepared(engine, cast=cast, workers=cores) as log, serving(log.settings) as server:
        for signed in rounds:
            before = server.processor_seconds()
            measured = post_batches(server.url, signed, streams=STREAMS, lines=lines)
            processor = server.processor_seconds() - before
            if measured.count != len(signed):
                raise RuntimeError(f"{len(signed) - measured.count} of {len(signed)} were not accepted")
    return measured, processor
