"""Exports: customers abroad, licences, customs declarations, arrival.

Decides: when an exporter applies for a licence and under which one it ships.
"""

from dataclasses import dataclass, field
from typing import Any, Final

from ledger.records.periods import DAY_US, HOUR_US
from ledger.simulation.cast import Actor
from ledger.simulation.chance import stream
from ledger.simulation.chronicle import Label
from ledger.simulation.dealing import Shipment, Terms
from ledger.simulation.goods import KG, Stock
from ledger.simulation.world import World

END_USE: Final = "permanent magnets and polishing in civil industry"
OTHER_HS: Final = "2805302900"
"""For alloys, which the catalogue gives no code: other mixed rare-earth metals."""
SINGLE_SHARE: Final = 0.2
"""Share of controlled exports that use a licence of their own. Our own."""


@dataclass(slots=True)
class Licence:
    """A licence as its holder knows it."""

    licence: str
    exporter: Actor
    customer: Actor
    product: str
    kind: str
    quantity_mg: int
    granted_us: int
    from_us: int
    to_us: int
    drawn_mg: int = 0
    shipments: list[str] = field(default_factory=list)


class Exports:
    """Sells abroad."""

    def __init__(self, world: World) -> None:
        """For everybody who exports."""
        self.world = world
        self.chance = stream(world.seed, "exports")
        self.licences: dict[tuple[int, int, str], Licence] = {}

    def customer(self, exporter: Actor) -> Actor:
        """Each exporter has a few customers."""
        importers = [actor for actor in self.world.cast.by_kind["importer"] if not actor.planted]
        first = exporter.number * 7 % len(importers)
        return importers[(first + self.chance.randrange(min(4, len(importers)))) % len(importers)]

    def export(self, stock: Stock, customer: Actor) -> None:
        """Exports a stock, once there is a licence where one is needed."""
        product = self.world.catalogue.product(stock.lot.product)
        assert product is not None
        if "mofcom-18-2025" not in product.control_refs:
            self.send(stock, customer, None)
            return
        exporter, single = stock.custodian, self.chance.random() < SINGLE_SHARE
        key = (exporter.number, customer.number, product.code)
        licence = None if single else self.licences.get(key)
        now_us = self.world.now_us
        if (
            licence is None
            or licence.drawn_mg + stock.mass_mg > licence.quantity_mg * 0.95
            or licence.to_us < now_us + 60 * DAY_US
        ):
            quantity = stock.mass_mg * (1.2 if single else 40)
            licence = self.licence(
                exporter, customer, product.code, "single" if single else "general", quantity
            )
            if not single:
                self.licences[key] = licence
        self.world.chronicle.plan(licence.granted_us + 6 * HOUR_US, self.send, stock, customer, licence)

    def licence(
        self,
        exporter: Actor,
        customer: Actor,
        product: str,
        kind: str,
        quantity_mg: float,
        *,
        days: float | None = None,
        label: Label | None = None,
    ) -> Licence:
        """Applies now; it is granted after some weeks."""
        world, now_us = self.world, self.world.now_us
        granted_us = now_us + round(self.chance.uniform(15, 50) * DAY_US)
        life = days if days is not None else (360.0 if kind == "single" else 720.0)
        quantity = max(1, round(quantity_mg / KG)) * KG
        licence = Licence(
            exporter.name_thing("licences"),
            exporter,
            customer,
            product,
            kind,
            quantity,
            granted_us,
            granted_us,
            granted_us + round(life * DAY_US),
        )
        subjects = (licence.licence,)
        world.chronicle.act(
            exporter,
            "apply-licence",
            {
                "licence": licence.licence,
                "exporter": exporter.party,
                "kind": kind,
                "items": [product],
                "destinations": [customer.country],
                "consignees": [customer.party],
                "end_users": [customer.party],
                "end_use": END_USE,
                "quantity_mg": quantity,
            },
            now_us,
            label=label,
            subjects=subjects,
        )
        world.chronicle.act(
            world.cast.one("authority"),
            "grant-licence",
            {"licence": licence.licence, "from_us": licence.from_us, "to_us": licence.to_us},
            granted_us,
            label=label,
            subjects=subjects,
        )
        return licence

    def send(
        self, stock: Stock, customer: Actor, licence: Licence | None, terms: Terms | None = None, **other: Any
    ) -> Shipment | None:
        """Exports; ``other`` puts other members in place of the honest ones."""
        holder = stock.custodian
        if stock not in holder.stocks or (licence is not None and licence.exporter is not holder):
            return None
        world, chance = self.world, self.chance
        exporter = stock.custodian
        terms = terms or Terms()
        terms.kind = "export"
        terms.days = chance.uniform(12, 35) if terms.days is None else terms.days
        declaration = exporter.name_thing("declarations")
        product = world.catalogue.product(stock.lot.product)
        assert product is not None
        terms.extra = {
            "declaration": declaration,
            "licence": "" if licence is None else licence.licence,
            "end_user": customer.party,
            "destination": customer.country,
            "end_use": END_USE,
            **{name: value for name, value in other.items() if name not in ("hs_code", "declared_mg")},
            **terms.extra,
        }
        stock.ready_us = max(stock.ready_us, stock.settled_us, 0 if licence is None else licence.granted_us)
        shipment = world.ship([stock], customer, world.now_us, terms)
        (_, stated_mg) = shipment.draft.members["inputs"][0]
        if licence is not None:
            licence.drawn_mg += stock.mass_mg
            licence.shipments.append(shipment.draft.event_id)
        customs_us = shipment.draft.filed_us + round(chance.uniform(0.2, 20) * HOUR_US)
        world.chronicle.act(
            world.cast.one("customs"),
            "declare-customs",
            {
                "declaration": declaration,
                "declarant": exporter.party,
                "shipment": shipment.draft.event_id,
                "hs_code": other.get("hs_code", product.hs_code or OTHER_HS),
                "controlled": "mofcom-18-2025" in product.control_refs,
                "mass_mg": other.get("declared_mg", stated_mg),
                "destination": terms.extra["destination"],
                "licence": terms.extra["licence"],
                "declared_us": customs_us - HOUR_US,
            },
            customs_us,
            label=terms.label,
            subjects=(declaration, shipment.draft.event_id),
        )
        return shipment
