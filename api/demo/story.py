"""What happens in the demonstration: carbonate of two mines becomes oxide, metal, magnets, and goes abroad.

Every record is a movement that the books follow. The masses are those of docs/worked-example.md. The story
fills the ten days before ``end``.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from api.demo.cast import Member
from ledger.movements import writing
from ledger.movements.writing import KG, LotContent

NORTH = {"La": "0.28", "Ce": "0.40", "Pr": "0.07", "Nd": "0.25"}
SOUTH = {"La": "0.30", "Ce": "0.385", "Pr": "0.075", "Nd": "0.24"}
PRND = {"Pr": "0.2235", "Nd": "0.7765"}
LACE = {"La": "0.42", "Ce": "0.58"}
DYSPROSIUM = {"Dy": "1"}

SITES: Mapping[str, Mapping[str, str]] = {
    "mine": {
        "name": "Northern open pit and dressing plant",
        "country": "CN",
        "latitude": "41.8",
        "longitude": "110.0",
    },
    "south": {
        "name": "Southern pit",
        "country": "CN",
        "latitude": "25.8",
        "longitude": "114.9",
    },
    "plant": {
        "name": "Separation plant",
        "country": "CN",
        "latitude": "40.7",
        "longitude": "109.8",
    },
    "maker": {
        "name": "Magnet works",
        "country": "CN",
        "latitude": "29.9",
        "longitude": "121.6",
    },
    # Of these two the register has no position, as of many sites.
    "recycler": {"name": "Recycling works", "country": "CN"},
    "importer": {"name": "Motor works", "country": "DE"},
}
"""Approximate public places: where such ores and such industry are, and of nobody's real plant."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One record of the story.

    Attributes:
        title: What happens, in a sentence.
        actor: Who signs it.
        document: The EPCIS document.
        refused: The code that refuses it, where it is an attempt to smuggle.
        ticket: The weighbridge ticket that it names, or nothing.
    """

    title: str
    actor: Member
    document: dict[str, Any]
    refused: str = ""
    ticket: bytes = b""


class Story:
    """The story of one demonstration.

    Attributes:
        magnets: The lot that is exported.
    """

    def __init__(self, members: Mapping[str, Member], end: datetime) -> None:
        """The events fill the ten days before ``end``."""
        self._members = members
        self._end = end
        self._named = {
            name: members[who].lot(item, batch)
            for name, who, item, batch in (
                ("north", "mine", 1, "CARB-N-01"),
                ("south", "south", 1, "CARB-S-01"),
                ("ore", "south", 1, "CARB-S-02"),
                ("forgotten", "south", 1, "CARB-S-00"),
                ("lightened", "south", 1, "CARB-S-03"),
                ("prnd", "plant", 1, "PRND-01"),
                ("lace", "plant", 2, "LACE-01"),
                ("dysprosium", "plant", 3, "DY-01"),
                ("laundered", "plant", 1, "PRND-99"),
                ("metal", "maker", 1, "METAL-01"),
                ("alloy", "maker", 2, "ALLOY-01"),
                ("magnets", "maker", 3, "N42-01"),
                ("swarf", "maker", 4, "SWARF-01"),
                ("recycled", "recycler", 1, "OXIDE-01"),
                ("australian", "plant", 4, "CARB-AU-01"),
                ("burmese", "plant", 4, "CARB-MM-01"),
            )
        }

    @property
    def magnets(self) -> str:
        """The id of the magnets that are exported."""
        return self._named["magnets"]

    def admission_start(self) -> str:
        """Since when the companies and their sites are listed."""
        return (self._end - timedelta(days=60)).astimezone(UTC).isoformat(timespec="seconds")

    def sites(self) -> Iterator[tuple[Member, dict[str, Any]]]:
        """The sites that the authority lists: (whose, act)."""
        for name, description in SITES.items():
            member = self._members[name]
            yield member, self._site(member, description)

    def reserve_site(self, reserve: Member) -> dict[str, Any]:
        """The act that lists the reserve's one site."""
        return self._site(reserve, {"name": "Reserve depot", "country": reserve.country})

    def reserve(self, reserve: Member, glass: Member) -> Iterator[Scene]:
        """What the strategic reserve holds, and what the country uses of it."""
        plant, lot = self._members["plant"], reserve.lot(1, "LACE-R-01")
        content = LotContent(lot, 150 * KG, "lace-oxide", "1", LACE)
        yield self._scene(
            "the strategic reserve counts 150 kg LaCe oxide from before the ledger",
            reserve,
            writing.opening([content], **self._common(1, reserve)),
        )
        yield self._scene(
            "the plant releases 90 kg LaCe oxide to glass works",
            plant,
            writing.release(
                [self._content("lace", 90)],
                user=glass.party,
                **self._common(237, plant),
            ),
        )

    def official_acts(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """What the authority states besides: (in a sentence, act)."""
        year = self._end.year
        mine, south, plant = (self._members[name].party for name in ("mine", "south", "plant"))
        for party, activity, tonnes in (
            (mine, "mining", 60),
            (south, "mining", 20),
            (plant, "separation", 80),
        ):
            yield (
                f"allots {tonnes} t REO of {activity} for {year}",
                {
                    "act": "allot-quota",
                    "party": party,
                    "year": year,
                    "activity": activity,
                    "ore_class": "any",
                    "mass": {"quantity": tonnes, "uom": "TNE"},
                },
            )
        yield (
            "publishes a control list: dysprosium needs a licence (MOFCOM 18/2025)",
            {
                "act": "publish-control-list",
                "control_list": "mofcom-18-2025",
                "start": self.admission_start(),
                "items": [{"elements": ["Dy"]}],
            },
        )

    def scenes(self) -> Iterator[Scene]:
        """What honest firms record, in order."""
        yield from self._mining()
        yield from self._separation()
        yield from self._magnet_making()

    def attempts(self) -> Iterator[Scene]:
        """Three attempts to smuggle, and what must be recorded honestly for them to be tried."""
        plant, south, recycler = (self._members[name] for name in ("plant", "south", "recycler"))
        yield self._extraction(217, south, "ore", 300, SOUTH, "the southern mine produces 300 kg more")
        yield from self._delivery(218, south, recycler, "ore", 300, "sells it as scrap", "takes it in")
        yield self._scene(
            "a recycler makes oxide from freshly mined carbonate",
            recycler,
            writing.process(
                [self._content("ore")],
                [self._content("recycled", 125, "prnd-oxide", "1", PRND)],
                process="scrap-recovery",
                losses_mg={"": 10 * KG},
                whole=True,
                **self._common(222, recycler),
            ),
            refused="recycler.ore-input",
        )
        yield self._scene(
            "the plant makes 2,300 kg of oxide out of 2,090 kg: illegal ore on clean paper",
            plant,
            writing.process(
                [self._content("lace")],
                [self._content("laundered", 2300, "lace-oxide", "1", LACE)],
                process="rework",
                losses_mg={"": 0},
                whole=True,
                **self._common(224, plant),
            ),
            refused="balance.element-gain",
        )
        yield self._scene(
            "the plant counts 30 kg of dysprosium oxide from before the ledger",
            plant,
            writing.opening(
                [self._content("dysprosium", 30, "dy-oxide", "0.995", DYSPROSIUM)],
                **self._common(1, plant),
            ),
        )
        yield self._scene(
            "and ships it abroad, declared as 'grinding powder', without a licence",
            plant,
            self._export(226, plant, "dysprosium", 30, "DECL-0002"),
            refused="licence.missing",
        )

    def applications(self) -> Iterator[tuple[str, Member, dict[str, Any]]]:
        """What exporters apply for: (in a sentence, who, act)."""
        for title, name, number, item, tonnes in (
            ("the magnet works apply for an export licence", "maker", "0001", "ndfeb-magnet", 5),
            ("the plant applies for one, which waits for its decision", "plant", "0002", "dy-oxide", 1),
        ):
            member, user = self._members[name], self._members["importer"]
            yield (
                title,
                member,
                {
                    "act": "apply-licence",
                    "licence": f"urn:epc:id:gdti:{member.company}.00001.{number}",
                    "exporter": member.party,
                    "kind": "general",
                    "items": [item],
                    "destinations": [user.country],
                    "consignees": [user.party],
                    "end_users": [user.party],
                    "end_use": "traction motors",
                    "quantity": {"quantity": tonnes, "uom": "TNE"},
                },
            )

    def grant(self, application: Mapping[str, Any]) -> dict[str, Any]:
        """The authority's decision on an application: granted for a year."""
        return {
            "act": "grant-licence",
            "licence": application["licence"],
            "start": self._end.astimezone(UTC).isoformat(timespec="seconds"),
            "end": (self._end + timedelta(days=365)).astimezone(UTC).isoformat(timespec="seconds"),
        }

    def differing(self) -> Iterator[Scene]:
        """A delivery of which a tenth is missing on the receiver's scale."""
        south, plant = self._members["south"], self._members["plant"]
        yield self._extraction(226, south, "lightened", 200, SOUTH, "the southern mine produces 200 kg")
        yield from self._delivery(
            228, south, plant, "lightened", 200, "ships it to the plant", "receives it: 180 kg", 180
        )

    def case(self, alerts: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
        """The authority's inquiry into alerts, from opening to closing: (in a sentence, act)."""
        name = "CASE-0001"
        yield (
            f"opens the case {name} over {len(alerts)} alert{'s' if len(alerts) > 1 else ''}",
            {
                "act": "open-case",
                "case": name,
                "alerts": [{"entry": alert["index"], "number": alert["number"]} for alert in alerts],
                "parties": sorted({alert["party"] for alert in alerts}),
                "lots": [self._named["lightened"]],
            },
        )
        yield (
            "closes it as settled: the scale was wrong, and nothing was gained by it",
            {"act": "close-case", "case": name, "outcome": "settled"},
        )

    def unfinished(self) -> Iterator[Scene]:
        """What waits for somebody: a record that comes too late, and a delivery that nobody confirmed yet."""
        plant, south, maker = (self._members[name] for name in ("plant", "south", "maker"))
        yield self._extraction(
            240 - 55 * 24, south, "forgotten", 120, SOUTH, "the southern mine records late what it produced"
        )
        yield self._scene(
            "the plant ships 500 kg LaCe oxide to the magnet works, which have not received it yet",
            plant,
            writing.ship(
                [self._content("lace", 500)],
                consignor=plant.party,
                consignee=maker.party,
                site_to=maker.site(),
                **self._common(236, plant),
            ),
        )

        for lot, country, mass_kg, title in (
            ("australian", "AU", 1400, "the plant imports 1,400 kg of carbonate from Australia"),
            ("burmese", "MM", 700, "and 700 kg from Myanmar"),
        ):
            content = self._content(lot, mass_kg, "mixed-carbonate", "0.45", NORTH)
            declared = hashlib.sha256(f"origin {country}".encode()).hexdigest()
            event = writing.import_(
                [content], origin=country, origin_declaration=declared, **self._common(230, plant)
            )
            yield self._scene(title, plant, event)

    def _site(self, member: Member, description: Mapping[str, str]) -> dict[str, Any]:
        listing = {"start": self.admission_start()}
        act = {"act": "list-site", "site": member.site(), "party": member.party}
        return act | {"description": dict(description), "listing": listing}

    def _mining(self) -> Iterator[Scene]:
        mine, south, plant = (self._members[name] for name in ("mine", "south", "plant"))
        yield self._extraction(
            0, mine, "north", 5200, NORTH, "the northern mine produces 5,200 kg of carbonate"
        )
        yield from self._delivery(
            24, mine, plant, "north", 5200, "ships it to the separation plant", "receives it: 5,198 kg", 5198
        )
        yield self._extraction(30, south, "south", 1800, SOUTH, "the southern mine produces 1,800 kg")
        yield from self._delivery(
            34, south, plant, "south", 1800, "ships it to the same plant", "receives it: 1,801 kg", 1801, 40
        )

    def _separation(self) -> Iterator[Scene]:
        plant, maker = self._members["plant"], self._members["maker"]
        yield self._scene(
            "the plant separates both: 980 kg PrNd oxide, 2,090 kg LaCe oxide, 80 kg REO lost",
            plant,
            writing.process(
                [self._content("north"), self._content("south")],
                [
                    self._content("prnd", 980, "prnd-oxide", "1", PRND),
                    self._content("lace", 2090, "lace-oxide", "1", LACE),
                ],
                process="separation",
                losses_mg={"": 80 * KG},
                whole=True,
                **self._common(120, plant),
            ),
        )
        yield from self._delivery(
            130, plant, maker, "prnd", 980, "ships the PrNd oxide to the magnet works", "receive it", 980, 30
        )

    def _magnet_making(self) -> Iterator[Scene]:
        maker, importer = self._members["maker"], self._members["importer"]
        steps = (
            ("they reduce it to 804 kg of metal", "prnd", "electrolysis", 170, 34),
            ("they cast 2,650 kg of NdFeB alloy", "metal", "strip-cast", 185, 13),
        )
        made = (
            [self._content("metal", 804, "prnd-metal", "1.1754", PRND)],
            [self._content("alloy", 2650, "ndfeb-alloy", "0.3517", PRND)],
        )
        for (title, used, process, hours, lost), outputs in zip(steps, made, strict=True):
            yield self._scene(
                title,
                maker,
                writing.process(
                    [self._content(used)],
                    outputs,
                    process=process,
                    losses_mg={"": lost * KG},
                    whole=True,
                    **self._common(hours, maker),
                ),
            )
        yield self._scene(
            "they make 2,560 kg of magnets; 70 kg of swarf is kept for recycling",
            maker,
            writing.process(
                [self._content("alloy")],
                [
                    self._content("magnets", 2560, "ndfeb-magnet", "0.3517", PRND),
                    self._content("swarf", 70, "magnet-swarf", "0.35", PRND),
                ],
                process="magnet-making",
                losses_mg={"": 7 * KG},
                whole=True,
                **self._common(200, maker),
            ),
        )
        shipped = self._export(216, maker, "magnets", 2560, "DECL-0001")
        yield self._scene("they export them to a motor works in Germany", maker, shipped)
        yield self._scene(
            "the motor works receive them",
            importer,
            writing.receive(
                [self._content("magnets", 2560)],
                consignor=maker.party,
                shipment=shipped["eventID"],
                **self._common(238, importer),
            ),
        )

    def _extraction(
        self, hours: int, who: Member, lot: str, mass_kg: int, shares: Mapping[str, str], title: str
    ) -> Scene:
        content = self._content(lot, mass_kg, "mixed-carbonate", "0.45", shares)
        return self._scene(title, who, writing.extract([content], **self._common(hours, who)))

    def _delivery(
        self,
        hours: int,
        sender: Member,
        receiver: Member,
        lot: str,
        mass_kg: int,
        sends: str,
        receives: str,
        weighed_kg: int | None = None,
        transit_hours: int = 3,
    ) -> Iterator[Scene]:
        goods = [self._content(lot, mass_kg)]
        sent = writing.ship(
            goods,
            consignor=sender.party,
            consignee=receiver.party,
            site_to=receiver.site(),
            **self._common(hours, sender),
        )
        yield self._scene(f"the {sender.place} {sends}", sender, sent)
        arrived = self._content(lot, weighed_kg or mass_kg)
        ticket = f"Weighbridge of the demonstration\n{arrived.lot}\nnet {weighed_kg or mass_kg} kg\n".encode()
        named = ("weighbridge-ticket", "text/plain", len(ticket), hashlib.sha256(ticket).hexdigest())
        received = writing.receive(
            [arrived],
            consignor=sender.party,
            shipment=sent["eventID"],
            attachments=[named],
            **self._common(hours + transit_hours, receiver),
        )
        yield self._scene(f"the {receiver.place} {receives}", receiver, received, ticket=ticket)

    def _export(self, hours: int, who: Member, lot: str, mass_kg: int, declaration: str) -> dict[str, Any]:
        importer = self._members["importer"]
        return writing.export(
            [self._content(lot, mass_kg)],
            consignor=who.party,
            consignee=importer.party,
            end_user=importer.party,
            destination=importer.country,
            declaration=f"https://customs.demo.example/declarations/{declaration}",
            site_to=importer.site(),
            **self._common(hours, who),
        )

    def _content(
        self,
        lot: str,
        mass_kg: int | None = None,
        product: str = "",
        treo: str = "",
        shares: Mapping[str, str] | None = None,
    ) -> LotContent:
        mass_mg = None if mass_kg is None else mass_kg * KG
        return LotContent(self._named[lot], mass_mg, product, treo, shares or {})

    def _common(self, hours: int, who: Member) -> Any:
        when = self._end - timedelta(hours=240 - hours)
        return {
            "event_id": f"urn:uuid:{uuid4()}",
            "at_us": int(when.timestamp()) * 1_000_000,
            "site": who.site(),
        }

    def _scene(
        self, title: str, actor: Member, event: dict[str, Any], *, refused: str = "", ticket: bytes = b""
    ) -> Scene:
        document = writing.document([event], int(self._end.timestamp()) * 1_000_000)
        return Scene(title, actor, document, refused, ticket)
