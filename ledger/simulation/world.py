"""What companies do with goods: the steps of trade, each as one movement with its papers.

Decides: what a step changes in the true world and what is honestly recorded of it. Who does what when is
``business``'s; what dishonest people do otherwise is the patterns'.
"""

from collections.abc import Callable
from typing import Any

from ledger.materials.catalogue import Catalogue
from ledger.records.periods import DAY_US, HOUR_US
from ledger.simulation import noise
from ledger.simulation.cast import Actor, Cast, Site
from ledger.simulation.chance import stream
from ledger.simulation.chronicle import MINUTE_US, Chronicle, Draft, Label
from ledger.simulation.dealing import (
    ARRIVAL_DAYS,
    BACK,
    MOISTURE,
    OUTWARD,
    PRICES,
    Batch,
    Shipment,
    Terms,
    distance_km,
)
from ledger.simulation.goods import Lot, Pool, Stock, assay, mixed, read_treo, scaled, weigh


class World:
    """The true world, and the chronicle that is told of it."""

    def __init__(self, seed: int, cast: Cast, chronicle: Chronicle) -> None:
        """An empty world with its people."""
        self.seed = seed
        self.cast = cast
        self.chronicle = chronicle
        self.chance = stream(seed, "trade")
        self.catalogue = Catalogue.load()
        self.on_goods: Any = None
        self.last: Draft
        self.enrol: Callable[[Actor, int], None] = lambda actor, from_us: None

    @property
    def now_us(self) -> int:
        """Simulated time."""
        return self.chronicle.now_us

    def treo_of(self, product: str) -> float:
        """The typical REO content of a product."""
        found = self.catalogue.product(product)
        assert found is not None
        assert found.treo_fraction is not None
        return float(found.treo_fraction)

    def measured(
        self, maker: Actor, product: str, true_mg: dict[str, float], at_us: int, *, treo: float | None = None
    ) -> Lot:
        """A lot as its maker declares it."""
        chance = self.chance
        content = treo or self.treo_of(product)
        wet = MOISTURE.get(product, 0.0)
        if wet:
            wet *= chance.uniform(0.8, 1.2)
        gross = sum(true_mg.values()) / content / (1 - wet)
        read = round(max(0.0, wet + chance.gauss(0, noise.MOISTURE_READING)), 4) if wet else 0.0
        return Lot(
            lot=maker.name_lot(),
            product=product,
            maker=maker,
            mass_mg=weigh(gross, chance),
            true_mg=true_mg,
            treo=read_treo(content, maker, chance),
            shares=assay(true_mg, chance),
            moisture=read,
            gross_mg=gross,
            wet=wet,
            born_us=at_us,
        )

    def made(self, maker: Actor, batch: Batch, at_us: int) -> Lot:
        """What a process made, as its maker declares it."""
        lot = self.measured(maker, batch.product, batch.true_mg, at_us, treo=batch.treo)
        if batch.stated_mg:
            lot.state(batch.stated_mg)
        return lot

    def hold(self, lot: Lot, holder: Actor, site: Site, draft: Draft, owner: Actor | None = None) -> Stock:
        """Puts a lot that was just born into its maker's store."""
        lot.filed_us = draft.filed_us
        stock = Stock(
            lot, lot.mass_mg, owner or holder, holder, site, draft.at_us, draft.filed_us, draft.filed_us
        )
        stock.holders = (holder.number,)
        holder.stocks.append(stock)
        return stock

    def birth(
        self, kind: str, actor: Actor, lot: Lot, at_us: int, *, label: Label | None = None, **members: Any
    ) -> Stock:
        """An opening, extraction or import."""
        site = members.pop("site", None) or actor.site
        facts = members.pop("facts", ())
        filed_us = members.pop("filed_us", None)
        illegal = members.pop("illegal", False)
        draft = self.chronicle.file(
            actor,
            kind,
            at_us,
            {"site": site.site, "outputs": [lot], **members},
            label=label,
            facts=facts,
            filed_us=filed_us,
            subjects=(lot.lot,),
        )
        if label is not None and illegal:
            lot.sources, draft.taints = (label.number,), True
        self.last = draft
        return self.hold(lot, actor, site, draft)

    def process(
        self,
        actor: Actor,
        stocks: list[Stock],
        process: str,
        outputs: list[Batch],
        at_us: int,
        *,
        label: Label | None = None,
        facts: tuple[str, ...] = (),
        losses: dict[str, float] | None = None,
        owner: Actor | None = None,
        filed_us: int | None = None,
    ) -> list[Stock]:
        """A batch process of whole stocks; outputs were worked out by the caller."""
        true_in = mixed([stock.true_mg for stock in stocks])
        lots = [self.made(actor, batch, at_us) for batch in outputs]
        if losses is None:
            true_out = mixed([out.true_mg for out in outputs])
            losses = self.declared_losses(
                {element: mass - true_out.get(element, 0.0) for element, mass in true_in.items()}
            )
        site = stocks[0].site
        if any(stock.lot.disguised for stock in stocks):
            facts = (*facts, "origin.fingerprint")
        draft = self.chronicle.file(
            actor,
            "process",
            at_us,
            {
                "site": site.site,
                "process": process,
                "inputs": [(stock.lot.lot, self.scale(stock)) for stock in stocks],
                "whole": True,
                "outputs": lots,
                "losses": losses,
            },
            ready_us=max(stock.ready_us for stock in stocks),
            label=label,
            facts=facts,
            subjects=(*(lot.lot for lot in lots), *places_of(actor, site.site)),
            filed_us=filed_us,
        )
        draft.sources = sources_of(stocks)
        for lot in lots:
            lot.sources, lot.disguised = draft.sources, any(stock.lot.disguised for stock in stocks)
        draft.illegal = tuple(lot.lot for lot in lots if lot.sources)
        for stock in stocks:
            stock.custodian.stocks.remove(stock)
        made = [self.hold(lot, actor, site, draft, owner) for lot in lots]
        settled = max(draft.filed_us, *(stock.settled_us for stock in stocks))
        for stock in made:
            stock.settled_us = settled
        return made

    def scale(self, stock: Stock) -> int:
        """What a scale shows for a stock now."""
        return weigh(stock.gross_mg, self.chance)

    def declared_losses(self, lost_mg: dict[str, float]) -> dict[str, float]:
        """Losses as they are declared: not weighed, but known about."""
        factor = max(0.0, 1 + self.chance.gauss(0, noise.DECLARED_LOSS))
        return {element: mass * factor for element, mass in lost_mg.items() if mass * factor >= 1000}

    def feed(
        self, pool: Pool, stocks: list[Stock], at_us: int, *, process: str = "", label: Label | None = None
    ) -> Draft:
        """Feeds whole stocks to a pool."""
        actor = pool.owner
        draft = self.chronicle.file(
            actor,
            "feed",
            at_us,
            {
                "site": pool.site.site,
                "pool": pool.pool,
                "process": process or pool.process,
                "inputs": [(stock.lot.lot, self.scale(stock)) for stock in stocks],
                "whole": True,
            },
            ready_us=max(pool.ready_us, *(stock.ready_us for stock in stocks)),
            punctual=True,
            label=label,
            subjects=(*(stock.lot.lot for stock in stocks), *places_of(actor, pool.pool)),
        )
        draft.sources = sources_of(stocks)
        pool.sources = tuple(sorted({*pool.sources, *draft.sources}))
        for stock in stocks:
            actor.stocks.remove(stock)
            pool.true_mg = mixed([pool.true_mg, stock.true_mg])
            pool.book_mg = mixed([pool.book_mg, scaled(stock.lot.contained_mg(), stock.part)])
            pool.moved_mg = mixed([pool.moved_mg, stock.true_mg])
        pool.ready_us = draft.filed_us
        return draft

    def draw(
        self,
        pool: Pool,
        batch: Batch,
        lost_mg: dict[str, float],
        at_us: int,
        *,
        label: Label | None = None,
        facts: tuple[str, ...] = (),
    ) -> Stock:
        """Draws a product from a pool; the plant loses some on the way and says how much."""
        actor = pool.owner
        lot = self.made(actor, batch, at_us)
        lot.sources = pool.sources
        losses = self.declared_losses(lost_mg)
        draft = self.chronicle.file(
            actor,
            "draw",
            at_us,
            {
                "site": pool.site.site,
                "pool": pool.pool,
                "process": pool.process,
                "outputs": [lot],
                "losses": losses,
            },
            ready_us=pool.ready_us,
            punctual=True,
            label=label,
            facts=facts,
            subjects=(lot.lot, *places_of(actor, pool.pool)),
        )
        draft.sources, draft.illegal = lot.sources, (lot.lot,) if lot.sources else ()
        pool.ready_us, pool.moved_mg = draft.filed_us, mixed([pool.moved_mg, batch.true_mg])
        for element, mass in mixed([batch.true_mg, lost_mg]).items():
            pool.true_mg[element] = max(0.0, pool.true_mg.get(element, 0.0) - mass)
        for element, mass in mixed([lot.contained_mg(), losses]).items():
            pool.book_mg[element] = max(0.0, pool.book_mg.get(element, 0.0) - mass)
        return self.hold(lot, actor, pool.site, draft)

    def close(
        self, pool: Pool, at_us: int, *, label: Label | None = None, filed_us: int | None = None
    ) -> Draft:
        """Measures what is in process and files it."""
        measured = {
            element: max(0.0, mass * (1 + self.chance.gauss(0, noise.IN_PROCESS_STOCK)))
            for element, mass in pool.true_mg.items()
            if mass >= 1000
        }
        draft = self.chronicle.file(
            pool.owner,
            "close",
            at_us,
            {"site": pool.site.site, "pool": pool.pool, "measured": measured},
            ready_us=pool.ready_us,
            punctual=True,
            label=label,
            subjects=places_of(pool.owner, pool.pool, pool.site.site),
            filed_us=filed_us,
        )
        pool.ready_us = draft.filed_us
        for element in {*pool.book_mg, *measured}:
            gap = measured.get(element, 0.0) - pool.book_mg.get(element, 0.0)
            pool.surplus_mg[element] = max(0.0, pool.surplus_mg.get(element, 0.0) + gap)
            if gap > 0:
                pool.blocked_mg[element] = pool.blocked_mg.get(element, 0.0) + gap
        pool.book_mg, pool.moved_mg = dict(measured), {}
        return draft

    def ship(self, stocks: list[Stock], consignee: Actor, at_us: int, terms: Terms | None = None) -> Shipment:
        """Sends whole stocks to somebody; the receipt is planned, and so is the invoice."""
        terms = terms or Terms()
        consignor, seller = stocks[0].custodian, terms.owner or stocks[0].owner
        site, site_to = stocks[0].site, consignee.site
        buyer = consignee if terms.sale else seller
        buyer = terms.extra.pop("buyer", buyer)
        hours = self.hours(site, site_to) if terms.days is None else terms.days * 24
        arrives_us = at_us + round(hours * HOUR_US)
        due_us = arrives_us + DAY_US
        members: dict[str, Any] = {
            "site": site.site,
            "inputs": [(stock.lot.lot, self.scale(stock)) for stock in stocks],
            "whole": True,
            "owner_from": seller.party,
            "owner_to": buyer.party,
            "custodian_from": consignor.party,
            "custodian_to": consignee.party,
            "site_to": site_to.site,
            "due": due_us,
            **terms.extra,
        }
        invoice = ""
        ready_us = max(stock.ready_us for stock in stocks)
        if buyer is not seller and terms.kind != "return":
            members.setdefault("unit_price", self.unit_price(stocks[0].lot.product))
            invoice = seller.name_thing("invoices")
            members.setdefault("invoice", invoice)
        draft = self.chronicle.file(
            consignor,
            terms.kind,
            at_us,
            members,
            ready_us=ready_us,
            label=terms.label,
            facts=terms.facts,
            filed_us=terms.filed_us,
            subjects=tuple(stock.lot.lot for stock in stocks),
        )
        if draft.filed_us >= self.chronicle.deadline(at_us):
            draft.facts.append(f"shipment.unsent {draft.event_id}")
        if terms.kind in OUTWARD:
            draft.sources = sources_of(stocks)
            draft.illegal = tuple(stock.lot.lot for stock in stocks if stock.lot.sources)
        for stock in stocks:
            consignor.stocks.remove(stock)
        shipment = Shipment(draft, stocks, consignor, consignee, site_to, seller, buyer, arrives_us, due_us)
        if invoice and terms.invoice:
            shipment.invoice = invoice
            self.invoice(shipment, draft, members["unit_price"])
        if terms.arrives:
            self.chronicle.plan(arrives_us, self.arrive, shipment)
        return shipment

    def unit_price(self, product: str) -> float:
        """What a product costs today, CNY per kg."""
        return round(PRICES[product] * (1 + self.chance.gauss(0, noise.PRICE_SPREAD)), 2)

    def index_price(self, product: str) -> float:
        """The index of a product, CNY per kg."""
        return PRICES[product]

    def hours(self, one: Site, other: Site) -> float:
        """How long a lorry takes."""
        low, high = noise.TRANSIT_KMH
        return 3 + distance_km(one, other) / self.chance.uniform(low, high)

    def invoice(
        self, shipment: Shipment, draft: Draft, price: float, *, label: Label | None = None, **other: Any
    ) -> None:
        """Registers the invoice of a sale, and its settlement later."""
        chance, chronicle = self.chance, self.chronicle
        lines = [
            {"product": stock.lot.product, "lot": stock.lot.lot, "mass_mg": stated}
            for stock, (_, stated) in zip(shipment.stocks, draft.members["inputs"], strict=True)
        ]
        members = {
            "invoice": shipment.invoice,
            "kind": "special",
            "seller": shipment.seller.party,
            "buyer": shipment.buyer.party,
            "lines": lines,
            "price": price,
            "shipments": [draft.event_id],
            "issued_us": draft.at_us,
        } | other
        filed = chronicle.act(
            shipment.seller,
            "register-invoice",
            members,
            draft.at_us + round(chance.uniform(0.1, 8) * DAY_US),
            label=label,
            subjects=(shipment.invoice,),
        )
        if shipment.buyer.country == "CN":
            chronicle.act(
                shipment.buyer,
                "settle-invoice",
                {"invoice": members["invoice"], "lines": members["lines"], "price": members["price"]},
                filed.filed_us + round(chance.uniform(5, 25) * DAY_US),
            )

    def arrive(self, shipment: Shipment) -> None:
        """Goods arrive; as a rule they are received."""
        self.on_goods.arrived(shipment)

    def receive(
        self,
        shipment: Shipment,
        at_us: int,
        *,
        label: Label | None = None,
        facts: tuple[str, ...] = (),
        part: float | None = None,
        settled: int = 0,
        filed_us: int | None = None,
    ) -> list[Stock]:
        """Receives a shipment (finally), or with ``part`` a first part of it.

        Args:
            shipment: What arrived.
            at_us: When.
            part: Share of it that a first delivery brings; None: all that is left.
            settled: Filing time of earlier receipts of it.
        """
        consignee, sent = shipment.consignee, shipment.draft
        if sent.kind in BACK:  # one office sent them first, and knows what came back
            settled = max(settled, sent.filed_us)
        inputs, lots = self._weigh_in(shipment, part, dries=part is None and not settled)
        members: dict[str, Any] = {
            "site": shipment.site_to.site,
            "inputs": inputs,
            "shipment": sent.event_id,
            "custodian_from": shipment.consignor.party,
            "owner_from": shipment.seller.party,
            "owner_to": shipment.buyer.party,
            "custodian_to": consignee.party,
            "site_from": shipment.stocks[0].site.site,
            "final": part is None,
            "stated": lots,
        }
        draft = self.chronicle.file(
            consignee,
            "receive",
            at_us,
            members,
            ready_us=settled,
            label=label,
            facts=facts,
            filed_us=filed_us,
            subjects=(sent.event_id, *lots),
        )
        if sent.filed_us >= self.chronicle.deadline(at_us):
            draft.facts.append("shipment.unsent")
        if part is not None:
            shipment.delivered, shipment.first_filed_us = part, draft.filed_us
            return []
        self._note_arrival(shipment, draft)
        for stock in shipment.stocks:
            stock.owner, stock.custodian, stock.site = shipment.buyer, consignee, shipment.site_to
            stock.since_us, stock.ready_us = at_us, draft.filed_us
            stock.settled_us = max(stock.settled_us, draft.filed_us, sent.filed_us, stock.lot.filed_us)
            stock.holders = (*stock.holders, consignee.number)
            stock.reserved = False
            if shipment.spilled:
                stock.mass_mg = round(stock.mass_mg * (1 - shipment.spilled))
            consignee.stocks.append(stock)
        return shipment.stocks

    def _weigh_in(
        self, shipment: Shipment, part: float | None, *, dries: bool
    ) -> tuple[list[tuple[str, int]], dict[str, tuple[Lot, float | None]]]:
        """What the scale shows of each lot, and what is known of it with its moisture now."""
        inputs, lots = [], {}
        for stock in shipment.stocks:
            wet = stock.wet
            if wet > noise.MOIST_ABOVE and dries:
                stock.dried = 1 - (1 - stock.dried) * (1 - min(self.chance.uniform(*noise.DRYING), wet / 2))
            weighed = stock.gross_mg * (1 - shipment.spilled)
            weighed *= part if part is not None else 1 - shipment.delivered
            moisture = None
            if wet > noise.MOIST_ABOVE:
                moisture = round(max(0.0, stock.wet + self.chance.gauss(0, noise.MOISTURE_READING)), 4)
            inputs.append((stock.lot.lot, weigh(weighed, self.chance)))
            lots[stock.lot.lot] = (stock.lot, moisture)
        return inputs, lots

    def _note_arrival(self, shipment: Shipment, draft: Draft) -> None:
        """What is true of a final receipt and of its shipment."""
        sent, at_us = shipment.draft, draft.at_us
        if draft.filed_us >= self.chronicle.deadline(at_us) or at_us > shipment.due_us + 72 * HOUR_US:
            draft.facts.append(f"shipment.unreceived {sent.event_id}")
        if sent.kind == "export" and draft.filed_us >= sent.at_us + ARRIVAL_DAYS * DAY_US:
            draft.facts.append(f"export.no-arrival {sent.event_id}")
        if shipment.spilled > 0.005:
            draft.facts.append("shipment.difference")


def sources_of(stocks: list[Stock]) -> tuple[str, ...]:
    """The planted instances by which goods are illegal product."""
    return tuple(sorted({source for stock in stocks for source in stock.lot.sources}))


def places_of(actor: Actor, *places: str) -> tuple[str, ...]:
    """Sites and pools by which alerts may speak of what was done there: those of planted parties alone.

    At an honest site much else is done, of which an alert may speak just as well.
    """
    return places if actor.planted else ()


def soon(world: World, low_h: float, high_h: float) -> int:
    """A time within so many hours from now."""
    return world.now_us + round(world.chance.uniform(low_h, high_h) * HOUR_US) + MINUTE_US
