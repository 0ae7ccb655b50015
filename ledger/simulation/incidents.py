"""What befalls honest people: partial, refused and returned deliveries, typing errors, assays.

Decides: nothing about dishonesty. Shares are those of ``noise``.
"""

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from ledger.records.periods import DAY_US, HOUR_US
from ledger.simulation import noise
from ledger.simulation.cast import Actor
from ledger.simulation.chance import stream
from ledger.simulation.chronicle import MINUTE_US, Draft, Label
from ledger.simulation.dealing import Shipment, Terms
from ledger.simulation.goods import Stock, assay, relative_deviation
from ledger.simulation.world import World, soon

if TYPE_CHECKING:
    from ledger.simulation.business import Business


class Incidents:
    """The exceptions of honest trade."""

    def __init__(self, world: World, business: "Business") -> None:
        """For everybody honest."""
        self.world = world
        self.business = business
        self.chance = stream(world.seed, "incidents")

    def at_the_gate(self, shipment: Shipment) -> bool:
        """Whether something else than an ordinary receipt happens to what has arrived."""
        roll, world = self.chance.random(), self.world
        if shipment.draft.label is not None or shipment.draft.kind == "return":
            return False
        if roll < noise.PARTIAL:
            world.receive(shipment, world.now_us, part=round(self.chance.uniform(0.3, 0.7), 2))
            world.chronicle.plan(soon(world, 10, 60), self._rest, shipment)
            return True
        roll -= noise.PARTIAL
        domestic = shipment.draft.kind == "ship" and shipment.seller is shipment.consignor
        if domestic and roll < noise.REFUSED:
            self._refuse(shipment)
            return True
        roll -= noise.REFUSED
        if domestic and 0 <= roll < noise.RETURNED:
            stocks = world.receive(shipment, world.now_us)
            world.chronicle.plan(soon(world, 24, 200), self._return, shipment, stocks)
            return True
        roll -= noise.RETURNED
        if 0 <= roll < noise.SPILLED:
            shipment.spilled = self.chance.uniform(0.02, 0.06)
        return False

    def _rest(self, shipment: Shipment) -> None:
        world = self.world
        stocks = world.receive(shipment, world.now_us, settled=shipment.first_filed_us)
        self.business.received(shipment, stocks)

    def sell_again(self, stock: Stock, kind: str) -> None:
        """Sells goods that came back to somebody of the same kind."""
        if stock in stock.custodian.stocks:
            buyer = self.business.pick(kind)
            if buyer is not stock.custodian and buyer is not stock.owner:
                self.world.ship([stock], buyer, self.world.now_us)

    def _refuse(self, shipment: Shipment) -> None:
        world, sent = self.world, shipment.draft
        draft = world.chronicle.file(
            shipment.consignee,
            "refuse",
            world.now_us,
            {
                "inputs": [(stock.lot.lot, None) for stock in shipment.stocks],
                "shipment": sent.event_id,
                "custodian_to": shipment.consignor.party,
                "site": shipment.site_to.site,
                "reason": "not what was ordered",
            },
            ready_us=max(sent.filed_us, *(stock.lot.filed_us for stock in shipment.stocks)),
            subjects=(sent.event_id,),
        )
        if draft.filed_us >= world.chronicle.deadline(world.now_us):
            draft.facts.append(f"shipment.unreceived {sent.event_id}")
        arrives_us = soon(world, 20, 90)
        back = Shipment(
            draft,
            shipment.stocks,
            shipment.consignee,
            shipment.consignor,
            shipment.stocks[0].site,
            shipment.seller,
            shipment.seller,
            arrives_us,
            arrives_us + 3 * DAY_US,
        )
        for stock in shipment.stocks:
            stock.site = shipment.site_to
        world.chronicle.plan(arrives_us, self._came_back, back)

    def _came_back(self, shipment: Shipment) -> None:
        self.back_again(shipment, self.world.receive(shipment, self.world.now_us))

    def back_again(self, shipment: Shipment, stocks: list[Stock]) -> None:
        """Goods that were sent back are sold to somebody else."""
        for stock in stocks:
            # What came back is sold once all its papers are in, and nobody else gets it before.
            stock.reserved = True
            at_us = max(self.business.later(3, 12), stock.settled_us)
            self.business.plan(at_us, self.sell_again, stock, shipment.consignor.kind)

    def _return(self, shipment: Shipment, stocks: list[Stock]) -> None:
        here = [stock for stock in stocks if stock in shipment.consignee.stocks]
        if len(here) < len(stocks):
            return
        for stock in here:
            stock.ready_us = max(stock.ready_us, stock.settled_us, shipment.draft.filed_us)
        terms = Terms(
            kind="return", extra={"shipment": shipment.draft.event_id, "reason": "off specification"}
        )
        self.world.ship(here, shipment.consignor, self.world.now_us, terms)

    def rework(self, stock: Stock) -> bool:
        """Puts an off-spec product back into its pool."""
        actor = stock.custodian
        for pool in actor.pools:
            if pool.site is stock.site and stock.lot.product in pool.products:
                self.world.feed(pool, [stock], self.world.now_us, process="rework")
                return True
        return False

    def pack(self, stock: Stock) -> None:
        """Packs goods into a sealed unit, and unpacks them a day later."""
        world, actor = self.world, stock.custodian
        members = {
            "site": stock.site.site,
            "unit": actor.name_thing("units"),
            "inputs": [(stock.lot.lot, stock.mass_mg)],
            "seals": [actor.name_thing("seals")],
        }
        packed = world.chronicle.file(
            actor, "pack", world.now_us, members, ready_us=stock.ready_us, punctual=True
        )
        opened = {name: members[name] for name in ("site", "unit")} | {"inputs": []}
        unpacked = world.chronicle.file(
            actor, "unpack", world.now_us + 20 * HOUR_US, opened, ready_us=packed.filed_us, punctual=True
        )
        stock.ready_us = unpacked.filed_us
        stock.settled_us = max(stock.settled_us, unpacked.filed_us)

    def lose(self, stock: Stock) -> None:
        """Goods are gone, and that is recorded."""
        world, actor = self.world, stock.custodian
        members = {
            "site": stock.site.site,
            "inputs": [(stock.lot.lot, stock.mass_mg)],
            "whole": True,
            "reason": "destroyed by fire in the store",
        }
        world.chronicle.file(
            actor, "lose", world.now_us, members, ready_us=stock.ready_us, subjects=(stock.lot.lot,)
        )
        actor.stocks.remove(stock)

    def after_birth(self, stock: Stock) -> None:
        """An assay, a typing error, a count or a loss, now and then."""
        chance, world = self.chance, self.world
        if chance.random() < noise.ASSAYED:
            world.chronicle.plan(soon(world, 4, 40), self.assay, stock)
        if chance.random() < noise.STOCKTAKEN:
            world.chronicle.plan(soon(world, 1, 10), self._count, stock)

    def assay(self, stock: Stock, *, label: Label | None = None) -> Draft:
        """An independent laboratory measures a lot."""
        world, lot = self.world, stock.lot
        laboratory = self.business.pick("laboratory")
        shares = assay(lot.true_mg, self.chance)
        treo = sum(lot.true_mg.values()) / (lot.gross_mg * (1 - lot.wet))
        read = treo * (1 + laboratory.bias + self.chance.gauss(0, noise.ASSAY_TREO))
        test = laboratory.name_thing("reports")
        members = {
            "site": stock.site.site,
            "inputs": [(lot.lot, None)],
            "results": {
                element: (share, max(share * relative_deviation(share), 0.00001))
                for element, share in shares.items()
            },
            "treo": read,
            "laboratory": laboratory.party,
            "test": test,
            "document": hashlib.sha256(test.encode()).hexdigest(),
        }
        return world.chronicle.file(
            laboratory,
            "assay",
            world.now_us,
            members,
            ready_us=lot.filed_us,
            label=label,
            subjects=(lot.lot,),
        )

    def _count(self, stock: Stock) -> None:
        if stock not in stock.custodian.stocks:
            return
        world = self.world
        counted = {"site": stock.site.site, "inputs": [(stock.lot.lot, world.scale(stock))]}
        draft = world.chronicle.file(
            stock.custodian,
            "stocktake",
            world.now_us,
            counted,
            ready_us=stock.ready_us,
            subjects=(stock.lot.lot,),
        )
        stock.ready_us = draft.filed_us

    def mistype(self, stock: Stock, draft: Draft) -> None:
        """The mass of a birth was mistyped; it is corrected within the hour."""
        lot = stock.lot
        wrong = replace(lot, mass_mg=lot.mass_mg + round(lot.mass_mg * 0.04 / 1000) * 1000)
        right = draft.members | {"corrects": draft}
        draft.members = draft.members | {"outputs": [wrong]}
        again = self.world.chronicle.file(
            draft.actor,
            draft.kind,
            draft.at_us,
            right,
            filed_us=draft.filed_us + 40 * MINUTE_US,
            subjects=(lot.lot,),
        )
        stock.ready_us = stock.settled_us = again.filed_us

    def rotate(self, actor: Actor) -> None:
        """A party takes a new key; the old one goes on until then."""
        world = self.world
        world.chronicle.plan(world.now_us + noise.KEY_ROTATION_DAYS * DAY_US, self.rotate, actor)
        self.new_key(actor)

    def new_key(self, actor: Actor) -> None:
        """Enrols a further key, signed with the present one."""
        from_us = self.world.now_us + 2 * HOUR_US
        self.world.enrol(actor, from_us)
