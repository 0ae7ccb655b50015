"""Dishonesty in trade: deliveries, invoices, prices, round trips, seals, times.

Decides: what each pattern does. ``patterns`` lists them.
"""

from ledger.records.periods import DAY_US, HOUR_US
from ledger.simulation.cast import Actor
from ledger.simulation.chronicle import MINUTE_US
from ledger.simulation.dealing import Batch, Shipment, Terms, distance_km
from ledger.simulation.goods import Stock
from ledger.simulation.planting import Plot

MAKERS = ("separator", "smelter", "magnet-maker")
LAST_US = 20 * MINUTE_US
"""How long before its consignor's deadline a shipment is recorded at the last."""
BUYERS = {
    "prnd-oxide": "smelter",
    "prnd-metal": "magnet-maker",
    "magnet-swarf": "recycler",
    "dy-oxide": "magnet-maker",
    "tb-oxide": "magnet-maker",
    "mixed-concentrate": "separator",
    "ionic-concentrate": "separator",
}


def customer(plot: Plot, stock: Stock) -> Actor:
    """An ordinary customer for goods, other than who has them."""
    kind = BUYERS.get(stock.lot.product, "exporter")
    found = plot.business.pick(kind)
    return plot.business.pick("exporter") if found is stock.custodian or found is stock.owner else found


def sale(plot: Plot, terms: Terms, kinds: tuple[str, ...] = MAKERS, least_mg: float = 0) -> Shipment | None:
    """Sells goods of somebody honest to an ordinary customer on other terms."""
    stock = plot.stock(kinds, least_mg=least_mg, filed=False)
    if stock is None:
        return None
    return plot.world.ship([stock], customer(plot, stock), plot.now_us, terms)


def unreceived(plot: Plot) -> bool:
    """A consignment vanishes on its way; the evasive one comes as late as it may."""
    shipment = sale(plot, Terms(arrives=False, label=plot.label(), filed_us=plot.now_us + HOUR_US))
    if shipment is None:
        return False
    plot.watch(shipment.draft.event_id)
    if plot.evasive:
        at_us = shipment.due_us + round((plot.limit("unreceived.hours") - 2) * HOUR_US)
        plot.world.chronicle.plan(at_us, receive_late, plot, shipment)
    return True


def receive_late(plot: Plot, shipment: Shipment) -> None:
    """Receives goods that came late; their further way is not told."""
    label = plot.label()
    for each in plot.world.receive(shipment, plot.now_us, label=label, filed_us=plot.now_us + HOUR_US):
        plot.take(each)


def unsent(plot: Plot) -> bool:
    """Goods are received that nobody sent: a false origin. The evasive one is sent on paper at the last."""
    if plot.evasive:
        return sent_last(plot)
    seller, buyer = plot.business.pick("separator"), plot.business.pick("smelter")
    lot = plot.world.measured(seller, "prnd-oxide", {"Nd": 150e6 * 1.5, "Pr": 75e6}, plot.now_us)
    lot.lot = f"{seller.party}lots/claimed-{plot.instance.number}"
    lot.filed_us = 2**62
    members = {
        "site": buyer.site.site,
        "inputs": [(lot.lot, lot.mass_mg)],
        "shipment": f"urn:uuid:claimed-{plot.instance.number}",
        "custodian_from": seller.party,
        "owner_from": seller.party,
        "owner_to": buyer.party,
        "custodian_to": buyer.party,
        "stated": {lot.lot: (lot, None)},
    }
    plot.attempt(buyer, "receive", members, subjects=(lot.lot,))
    plot.watch(lot.lot, f"urn:uuid:claimed-{plot.instance.number}")
    return True


def sent_last(plot: Plot) -> bool:
    """Goods are received within the month, and their shipment is recorded in its consignor's last minutes."""
    stock, deadline = plot.stock(MAKERS), plot.world.chronicle.deadline
    if stock is None or deadline(plot.now_us) != deadline(plot.now_us + 5 * DAY_US):
        return False
    filed_us = deadline(plot.now_us) - LAST_US
    terms = Terms(arrives=False, label=plot.label(), filed_us=filed_us)
    shipment = plot.world.ship([stock], customer(plot, stock), plot.now_us, terms)
    plot.watch(shipment.draft.event_id)
    plot.world.chronicle.plan(shipment.arrives_us, receive_late, plot, shipment)
    return True


def difference(plot: Plot) -> bool:
    """Part of a consignment is sold on the way."""
    stock = plot.stock(MAKERS, filed=False)
    if stock is None:
        return False
    shipment = plot.world.ship([stock], customer(plot, stock), plot.now_us, Terms(arrives=False))
    shipment.spilled = (
        0.7 * plot.limit("receipt.tolerance_share") if plot.evasive else plot.chance.uniform(0.03, 0.2)
    )

    def arrive() -> None:
        plot.watch(shipment.draft.event_id)
        stocks = plot.world.receive(shipment, plot.now_us, label=plot.label())
        if plot.evasive:
            plot.business.received(shipment, stocks)
        else:
            for each in stocks:
                plot.take(each)

    plot.world.chronicle.plan(shipment.arrives_us, arrive)
    return True


def carousel(plot: Plot) -> bool:
    """Goods go round in a circle of traders; the evasive one by one hop less and no circle.

    The trader that has them bought them: that was the first hop.
    """
    stock = plot.stock(("trader", "exporter"), filed=False)
    traders = [
        actor
        for kind in ("trader", "exporter")
        for actor in plot.world.cast.by_kind[kind]
        if not actor.planted
    ]
    if stock is None or len(traders) < 3:
        return False
    start = stock.custodian
    others = [actor for actor in traders if actor is not start]
    plot.chance.shuffle(others)
    hops = int(plot.limit("carousel.hops"))
    ring = others[: hops - 2] if plot.evasive else [*others[: hops - 1], start]

    def hop(place: int) -> None:
        if stock not in stock.custodian.stocks:
            return
        label = plot.label()
        terms = Terms(arrives=False, label=label, filed_us=plot.now_us + HOUR_US, days=1.0)
        shipment = plot.world.ship([stock], ring[place], plot.now_us, terms)

        def arrive() -> None:
            plot.world.receive(shipment, plot.now_us, filed_us=plot.now_us + HOUR_US)
            stock.reserved = True
            if place + 1 < len(ring):
                plot.later(1, 2, hop, place + 1)
            else:
                plot.take(stock)

        plot.world.chronicle.plan(shipment.arrives_us + HOUR_US, arrive)

    plot.watch(stock.lot.lot)
    hop(0)
    return True


def tolling(plot: Plot) -> bool:
    """A smelter works goods that stay a trader's."""
    stock = plot.stock(("trader",), ("prnd-oxide",), filed=False)
    if stock is None:
        return False
    smelter, owner = plot.business.pick("smelter"), stock.owner
    terms = Terms(sale=False, arrives=False, filed_us=plot.now_us + HOUR_US)
    shipment = plot.world.ship([stock], smelter, plot.now_us, terms)

    def work() -> None:
        (here,) = plot.world.receive(shipment, plot.now_us, filed_us=plot.now_us + HOUR_US)
        made = plot.business.convert(
            smelter,
            [here],
            "electrolysis",
            "prnd-metal",
            treo=plot.business.metal_treo([here]),
            label=plot.label(),
            owner=owner,
        )
        plot.take(made)

    plot.world.chronicle.plan(shipment.arrives_us + HOUR_US, work)
    return True


def invoice_missing(plot: Plot) -> bool:
    """A sale without an invoice; the evasive one has it on the last day."""
    shipment = sale(plot, Terms(invoice=False, label=plot.label()))
    if shipment is None:
        return False
    plot.watch(shipment.draft.event_id)
    if plot.evasive:
        draft, chronicle = shipment.draft, plot.world.chronicle
        grace_us = draft.at_us + round(plot.limit("invoice.grace_days") * DAY_US)
        shipment.invoice = draft.members["invoice"]
        at_us = max(grace_us, chronicle.deadline(draft.at_us)) - 2 * HOUR_US
        chronicle.plan(at_us, plot.world.invoice, shipment, draft, draft.members["unit_price"])
    return True


def invoice_reused(plot: Plot) -> bool:
    """One invoice for two sales; the evasive one for little more than it states."""
    if plot.evasive:
        return invoiced_short(plot)
    first = sale(plot, Terms(label=plot.label()))
    if first is None:
        return False
    invoice = first.draft.members["invoice"]
    plot.watch(invoice)

    def again() -> None:
        stock = plot.stock((first.consignor.kind,), filed=False)
        if stock is None:
            plot.later(1, 3, again)
            return
        terms = Terms(invoice=False, extra={"invoice": invoice}, label=plot.label())
        shipment = plot.world.ship([stock], customer(plot, stock), plot.now_us, terms)
        shipment.draft.members["invoice"] = invoice

    plot.later(2, 10, again)
    return True


def invoiced_short(plot: Plot) -> bool:
    """Two halves are sold under one invoice that covers both but for the tolerance."""
    stock = plot.stock(MAKERS)
    if stock is None:
        return False
    buyer, seller = customer(plot, stock), stock.custodian
    halves = parts_of(plot, stock, [stock.mass_mg / 2])
    invoice = seller.name_thing("invoices")
    plot.watch(invoice)
    for half in halves:
        seller.stocks.remove(half)

    def sell(place: int, before: Shipment | None) -> None:
        half = halves[place]
        seller.stocks.append(half)
        terms = Terms(invoice=False, extra={"invoice": invoice}, label=plot.label())
        shipment = plot.world.ship([half], buyer, plot.now_us, terms)
        if before is None:
            plot.later(2, 5, sell, 1, shipment)
            return
        shipment.invoice = invoice
        covered = 1 / (1 + 0.9 * plot.limit("invoice.tolerance_share"))
        lines = [
            {"product": each.lot.product, "lot": each.lot.lot, "mass_mg": round(each.lot.mass_mg * covered)}
            for each in halves
        ]
        price, events = shipment.draft.members["unit_price"], [before.draft.event_id, shipment.draft.event_id]
        plot.world.invoice(shipment, shipment.draft, price, label=plot.label(), lines=lines, shipments=events)

    plot.later(1, 2, sell, 0, None)
    return True


def invoice_mismatch(plot: Plot) -> bool:
    """An invoice for other goods or another mass than the sale's; the evasive one for a little less."""
    shipment = sale(plot, Terms(invoice=False, label=plot.label()))
    if shipment is None:
        return False
    shipment.invoice = shipment.draft.members["invoice"]
    lines = [
        {"product": stock.lot.product, "lot": stock.lot.lot, "mass_mg": stated}
        for stock, (_, stated) in zip(shipment.stocks, shipment.draft.members["inputs"], strict=True)
    ]
    if plot.evasive:
        lines[0]["mass_mg"] = round(lines[0]["mass_mg"] * (1 - 0.9 * plot.limit("invoice.tolerance_share")))
    elif plot.chance.random() < 0.5:
        lines[0]["mass_mg"] = round(lines[0]["mass_mg"] * plot.chance.uniform(0.4, 0.85))
    else:
        lines[0]["product"] = "ce-oxide" if lines[0]["product"] != "ce-oxide" else "la-oxide"
    price = shipment.draft.members["unit_price"]
    plot.world.invoice(shipment, shipment.draft, price, label=plot.label(), lines=lines)
    plot.watch(shipment.invoice, shipment.draft.event_id)
    return True


def price_low(plot: Plot) -> bool:
    """Under-invoicing; the evasive one just above the threshold."""
    stock = plot.stock(MAKERS, filed=False)
    if stock is None:
        return False
    factor = 1.01 * plot.limit("price.share") if plot.evasive else plot.chance.uniform(0.25, 0.6)
    from_index = plot.world.index_price(stock.lot.product) * factor
    terms = Terms(extra={"unit_price": round(from_index, 2)}, label=plot.label())
    plot.world.ship([stock], customer(plot, stock), plot.now_us, terms)
    return True


def seal_reused(plot: Plot) -> bool:
    """One seal on two containers."""
    first = plot.stock(("separator", "magnet-maker"))
    second = plot.stock(("separator", "magnet-maker"))
    if first is None or second is None or first is second:
        return False
    seal = first.custodian.name_thing("seals")
    for stock in (first, second):
        plot.take(stock)
        members = {
            "site": stock.site.site,
            "unit": stock.custodian.name_thing("units"),
            "inputs": [(stock.lot.lot, stock.mass_mg)],
            "seals": [seal],
        }
        plot.attempt(stock.custodian, "pack", members, subjects=(seal,))
    plot.watch(seal)
    return True


def two_places(plot: Plot) -> bool:
    """Goods arrive before they left."""
    stock = plot.stock(MAKERS, own=True)
    if stock is None or plot.now_us - stock.lot.born_us < 3 * DAY_US:
        return False
    left_us = plot.now_us - HOUR_US
    terms = Terms(arrives=False, filed_us=plot.now_us)
    shipment = plot.world.ship([stock], customer(plot, stock), left_us, terms)
    at_us = left_us - round(plot.chance.uniform(0.2, 1.5) * DAY_US)
    plot.world.receive(shipment, at_us, label=plot.label(), filed_us=plot.now_us + HOUR_US)
    plot.watch(shipment.draft.event_id)
    for each in shipment.stocks:
        plot.take(each)
    return True


def too_fast(plot: Plot) -> bool:
    """Goods cross the country within minutes: they never moved. The evasive one as an aeroplane could."""
    stock = plot.stock(MAKERS, filed=False)
    if stock is None:
        return False
    buyer = customer(plot, stock)
    distance = distance_km(stock.site, buyer.site)
    if distance < 400:
        return False
    most_kmh = plot.limit("transit.max_kmh")
    hours = distance / (0.95 * most_kmh if plot.evasive else plot.chance.uniform(2.2, 10) * most_kmh)
    terms = Terms(arrives=False, filed_us=plot.now_us + 12 * HOUR_US)
    shipment = plot.world.ship([stock], buyer, plot.now_us, terms)
    plot.watch(shipment.draft.event_id)

    def arrive() -> None:
        for each in plot.world.receive(
            shipment, plot.now_us, label=plot.label(), filed_us=plot.now_us + DAY_US
        ):
            plot.take(each)

    plot.world.chronicle.plan(plot.now_us + round(hours * HOUR_US), arrive)
    return True


def parts_of(plot: Plot, stock: Stock, masses_mg: list[float]) -> list[Stock]:
    """Packs a stock into smaller lots: so much each, and the rest."""
    whole = sum(stock.lot.true_mg.values()) * stock.part
    treo = whole / (stock.gross_mg * (1 - stock.wet))
    batches = []
    left = 1.0
    for mass in masses_mg:
        share = mass * treo / whole
        left -= share
        batches.append(Batch(stock.lot.product, {e: m * share for e, m in stock.true_mg.items()}, treo))
    batches.append(Batch(stock.lot.product, {e: m * left for e, m in stock.true_mg.items()}, treo))
    return plot.world.process(
        stock.custodian,
        [stock],
        "packing",
        batches,
        plot.now_us,
        filed_us=max(plot.now_us + 20 * MINUTE_US, stock.ready_us + MINUTE_US),
    )
