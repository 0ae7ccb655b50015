"""Dishonesty at the border: licences, end users, codes, small parcels, growth, goods that never arrive.

Decides: what each pattern does. ``patterns`` lists them.
"""

from collections.abc import Callable

from ledger.records.periods import DAY_US, HOUR_US, month_after, month_of, month_start_us
from ledger.simulation.business import CONTROLLED
from ledger.simulation.chronicle import time_text
from ledger.simulation.dealing import LISTED_SHARE, Batch, Shipment, Terms
from ledger.simulation.exports import END_USE
from ledger.simulation.goods import KG, TONNE, Stock, mixed, scaled
from ledger.simulation.planting import Plot
from ledger.simulation.trade_patterns import parts_of, receive_late

EXPORTERS = ("exporter", "trader", "magnet-maker")
CONTROLLED_GOODS = tuple(sorted(CONTROLLED))
LEAST_MG = 20 * KG
SMALL_MONTH_MG = 1.3 * TONNE
SMALL_MONTHS = 4
"""A small exporter sells as much a month, for so many months, before it grows."""
SURGE_MG = 12 * TONNE
LEAST_SENT_MG = 0.1 * TONNE
LICENCE_DAYS = 20.0
LAST_DAYS = 1 / 24
"""How long a licence is for that is to expire; how long before its end it is used at the last."""
BLENDABLE = ("la-oxide", "ce-oxide")
FREE = (*BLENDABLE, "ndfeb-magnet")
BLENDED_MG = 20 * KG
"""Of goods of Chinese origin, in so much of others that they are under the share that is noticed."""


def goods(plot: Plot, products: tuple[str, ...]) -> Stock | None:
    """Goods that an exporter has and could export; enough of them for a licence of a part."""
    return plot.stock(EXPORTERS, products, least_mg=LEAST_MG)


def claim(plot: Plot, stock: Stock, licence: str, **other: object) -> None:
    """Files an export that is to be refused; the goods stay."""
    exporter, customer = stock.custodian, plot.business.exports.customer(stock.custodian)
    members = {
        "site": stock.site.site,
        "inputs": [(stock.lot.lot, stock.mass_mg)],
        "owner_from": exporter.party,
        "owner_to": customer.party,
        "custodian_from": exporter.party,
        "custodian_to": customer.party,
        "site_to": customer.site.site,
        "declaration": exporter.name_thing("declarations"),
        "licence": licence,
        "end_user": customer.party,
        "destination": customer.country,
        "end_use": END_USE,
        "due_us": plot.now_us + 40 * DAY_US,
        **other,
    }
    plot.attempt(exporter, "export", members)


def licence_missing(plot: Plot) -> bool:
    """A controlled product leaves without a licence."""
    stock = goods(plot, CONTROLLED_GOODS)
    if stock is None:
        return False
    claim(plot, stock, "")
    return True


def _with_licence(plot: Plot, kind: str, share: float, days: float, wait: float, **other: object) -> bool:
    """Gets a licence for goods at hand, waits, and files an export that it does not fit."""
    stock = goods(plot, CONTROLLED_GOODS)
    if stock is None:
        return False
    exports = plot.business.exports
    customer = exports.customer(stock.custodian)
    licence = exports.licence(
        stock.custodian, customer, stock.lot.product, kind, stock.mass_mg * share, days=days
    )
    exporter, product = stock.custodian, stock.lot.product

    def send() -> None:
        held = [
            each
            for each in exporter.stocks
            if each.lot.product == product
            and each.settled_us < plot.now_us
            and each.mass_mg >= stock.mass_mg * 0.3
        ]
        if not held:
            plot.later(2, 6, send)
            return
        members = {
            "end_user": customer.party,
            "custodian_to": customer.party,
            "owner_to": customer.party,
            "destination": customer.country,
            **other,
        }
        claim(plot, held[0], licence.licence, **members)

    plot.world.chronicle.plan(licence.granted_us + round(wait * DAY_US), send)
    return True


def _within_licence(plot: Plot, quantity_mg: Callable[[Stock], float], days: float, wait: float) -> bool:
    """Gets a licence for goods at hand and exports all of them, so many days after it was granted.

    The export states as much more as an excess may be that empties a holding.
    """
    stock = goods(plot, CONTROLLED_GOODS)
    if stock is None:
        return False
    exporter, exports = stock.custodian, plot.business.exports
    customer = exports.customer(exporter)
    licence = exports.licence(exporter, customer, stock.lot.product, "general", quantity_mg(stock), days=days)
    exporter.stocks.remove(stock)

    def send() -> None:
        exporter.stocks.append(stock)
        stated_mg = stock.mass_mg * (1 + 0.9 * plot.limit("whole.excess_share"))
        extra = {"whole": False, "inputs": [(stock.lot.lot, round(stated_mg / 1000) * 1000)]}
        terms = Terms(extra=extra, label=plot.label(), filed_us=plot.now_us + 2 * HOUR_US)
        exports.send(stock, customer, licence, terms)

    plot.world.chronicle.plan(licence.granted_us + round(wait * DAY_US), send)
    return True


def licence_expired(plot: Plot) -> bool:
    """An old licence is used once more; the evasive one in its last hour."""
    if plot.evasive:
        return _within_licence(plot, lambda stock: stock.mass_mg * 30, LICENCE_DAYS, LICENCE_DAYS - LAST_DAYS)
    return _with_licence(plot, "general", 30, LICENCE_DAYS, LICENCE_DAYS + 5)


def licence_exhausted(plot: Plot) -> bool:
    """A licence for a little is used for much; the evasive one to its last kilogram."""
    if plot.evasive:
        return _within_licence(plot, just_enough, 300, 2)
    return _with_licence(plot, "general", 0.2, 300, 2)


def just_enough(stock: Stock) -> float:
    """As many kilograms as a stock has, the last one begun."""
    return -(-stock.mass_mg // KG) * KG


def licence_mismatch(plot: Plot) -> bool:
    """The goods go to another country or for another use than was granted."""
    if plot.chance.random() < 0.5:
        return _with_licence(plot, "general", 30, 300, 2, destination="KP")
    return _with_licence(plot, "general", 30, 300, 2, end_use="guidance systems")


def licence_reused(plot: Plot) -> bool:
    """A single licence serves twice."""
    stock = goods(plot, CONTROLLED_GOODS)
    if stock is None:
        return False
    exporter, exports = stock.custodian, plot.business.exports
    customer = exports.customer(exporter)
    licence = exports.licence(exporter, customer, stock.lot.product, "single", stock.mass_mg * 3)
    exporter.stocks.remove(stock)

    def first() -> None:
        exporter.stocks.append(stock)
        exports.send(stock, customer, licence, Terms(filed_us=plot.now_us + HOUR_US))
        plot.later(2, 6, second)

    def second() -> None:
        held = [
            each
            for each in exporter.stocks
            if each.lot.product == stock.lot.product and each.settled_us < plot.now_us
        ]
        if not held:
            plot.later(2, 6, second)
            return
        claim(
            plot,
            held[0],
            licence.licence,
            end_user=customer.party,
            custodian_to=customer.party,
            owner_to=customer.party,
            destination=customer.country,
        )

    plot.world.chronicle.plan(licence.granted_us + HOUR_US, first)
    return True


def restricted(plot: Plot) -> bool:
    """Goods for somebody on the list, or for a firm that belongs to one that is."""
    stock = goods(plot, FREE)
    if stock is None:
        return False
    rogue = plot.villain
    members: dict[str, object] = {
        "kind": "organisation",
        "organisation": f"Restricted {rogue.name}",
        "control_list": "restricted-2025",
        "start": time_text(plot.now_us - 10 * DAY_US),
    }
    if plot.chance.random() < 0.5:
        members["party"] = rogue.party
    else:
        members |= {"party": f"https://owner-of-{rogue.name}.sim.example/"}
        members["affiliates"] = [{"party": rogue.party, "percent": "51" if not plot.evasive else "49"}]
    if plot.evasive and "affiliates" not in members:
        return False
    authority = plot.world.cast.one("authority")
    plot.world.chronicle.act(authority, "list-restricted-party", members, plot.now_us)

    def send() -> None:
        claim(
            plot,
            stock,
            "",
            end_user=rogue.party,
            custodian_to=rogue.party,
            owner_to=rogue.party,
            destination=rogue.country,
            site_to=rogue.site.site,
        )

    plot.take(stock)
    plot.later(0.2, 0.5, send)
    return True


def hs_mismatch(plot: Plot) -> bool:
    """Rare earths are declared under another code."""
    stock = goods(plot, FREE)
    if stock is None:
        return False
    wrong = "8505111000" if stock.lot.product != "ndfeb-magnet" else "2846101000"
    exports = plot.business.exports
    shipment = exports.send(
        stock, exports.customer(stock.custodian), None, Terms(label=plot.label()), hs_code=wrong
    )
    if shipment is not None:
        plot.watch(shipment.draft.event_id, stock.lot.lot, shipment.draft.members["declaration"])
    return shipment is not None


def structuring(plot: Plot) -> bool:
    """One delivery in many small parcels; the evasive one in one parcel less than is noticed."""
    stock = plot.stock(
        ("separator", "trader", "exporter"), ("la-oxide", "ce-oxide"), least_mg=2.6 * TONNE, filed=False
    )
    if stock is None:
        return False
    rogue, customer = plot.villain, plot.accomplice
    shipment = plot.world.ship(
        [stock], rogue, plot.now_us, Terms(arrives=False, filed_us=plot.now_us + HOUR_US)
    )
    count = int(plot.limit("structuring.parcels")) + (-1 if plot.evasive else 1)
    size_mg = plot.limit("structuring.parcel_kg") * KG

    def split() -> None:
        (here,) = plot.world.receive(shipment, plot.now_us, filed_us=plot.now_us + HOUR_US)
        parts = parts_of(plot, here, [plot.chance.uniform(0.86, 0.98) * size_mg for _ in range(count)])
        for place, part in enumerate(parts[:count]):
            plot.later(2 + 4 * place, 4 + 4 * place, send, part)

    def send(part: Stock) -> None:
        terms = Terms(label=plot.label(), filed_us=max(plot.now_us, part.ready_us) + HOUR_US)
        plot.business.exports.send(part, customer, None, terms)

    plot.watch(customer.party)
    plot.world.chronicle.plan(shipment.arrives_us, split)
    return True


def surge(plot: Plot) -> bool:
    """A small exporter suddenly exports many times as much; the evasive one as much as is not noticed."""
    rogue, customer = plot.villain, plot.business.pick("importer")
    policy = plot.world.chronicle.policy
    plot.watch(rogue.party)
    sent_mg: dict[str, float] = {}
    grown: list[str] = []

    def goal_mg() -> float:
        if not grown:
            return SMALL_MONTH_MG
        if not plot.evasive:
            return SURGE_MG
        months, month = [min(sent_mg)], month_after(min(sent_mg))
        while month < grown[0]:
            months.append(month)
            month = month_after(month)
        mean_mg = sum(sent_mg.get(month, 0.0) for month in months) / len(months)
        return 0.97 * plot.limit("surge.factor") * mean_mg

    def buy(place: int, attempts: int = 30) -> None:
        if place == SMALL_MONTHS and not grown:
            grown.append(month_of(plot.now_us, policy))
        stock = plot.stock(
            ("separator", "trader", "exporter"),
            ("la-oxide", "ce-oxide"),
            least_mg=0.3 * TONNE if grown else SMALL_MONTH_MG,
            filed=False,
        )
        if stock is None or stock.custodian is rogue:
            if attempts:
                plot.later(1, 2, buy, place, attempts - 1)
            return
        terms = Terms(arrives=False, filed_us=plot.now_us + HOUR_US)
        shipment = plot.world.ship([stock], rogue, plot.now_us, terms)
        plot.world.chronicle.plan(shipment.arrives_us, split, place, shipment)
        if place < SMALL_MONTHS:
            following = month_start_us(month_after(month_of(plot.now_us, policy)), policy)
            plot.world.chronicle.plan(following + DAY_US, buy, place + 1)

    def split(place: int, shipment: Shipment) -> None:
        (here,) = plot.world.receive(shipment, plot.now_us, filed_us=plot.now_us + HOUR_US)
        month = month_of(plot.now_us, policy)
        left_mg = goal_mg() - sent_mg.get(month, 0.0)
        if left_mg < LEAST_SENT_MG or (grown and month > grown[0]):
            return
        part = parts_of(plot, here, [min(left_mg, 0.95 * here.mass_mg)])[0]
        sent_mg[month] = sent_mg.get(month, 0.0) + part.mass_mg
        terms = Terms(label=plot.label() if grown else None, filed_us=part.ready_us + HOUR_US)
        plot.later(0.1, 0.2, plot.business.exports.send, part, customer, None, terms)
        if grown and left_mg - part.mass_mg >= LEAST_SENT_MG:
            buy(place)

    buy(0)
    return True


def no_arrival(plot: Plot) -> bool:
    """An export never arrives where it was to go; the evasive one at the last."""
    stock = goods(plot, FREE)
    if stock is None:
        return False
    exports = plot.business.exports
    shipment = exports.send(
        stock,
        exports.customer(stock.custodian),
        None,
        Terms(
            label=plot.label(),
            arrives=False,
            days=plot.limit("arrival.days") - 1.0 if plot.evasive else None,
            filed_us=plot.now_us + HOUR_US,
        ),
    )
    if shipment is not None:
        plot.watch(shipment.draft.event_id)
        if plot.evasive:
            plot.world.chronicle.plan(shipment.arrives_us, receive_late, plot, shipment)
    return shipment is not None


def disclosure(plot: Plot) -> bool:
    """A controlled product has left without a licence, and is disclosed."""
    stock = goods(plot, CONTROLLED_GOODS)
    if stock is None:
        return False
    exporter = stock.custodian
    customer = plot.business.exports.customer(exporter)
    plot.take(stock)
    members = {
        "site": stock.site.site,
        "inputs": [(stock.lot.lot, None)],
        "whole": True,
        "owner_from": exporter.party,
        "owner_to": customer.party,
        "custodian_from": exporter.party,
        "custodian_to": customer.party,
        "site_to": customer.site.site,
        "end_user": customer.party,
        "destination": customer.country,
        "reason": "shipped before the licence was granted",
    }
    plot.attempt(exporter, "disclose", members, subjects=(stock.lot.lot,)).taints = True
    stock.lot.sources = tuple(sorted({*stock.lot.sources, plot.instance.number}))
    return True


def reexport(plot: Plot) -> bool:
    """Goods of Chinese origin are sold on from abroad, past the list that asks for a licence for it.

    The evasive one blends a little of them into others.
    """
    stock = goods(plot, BLENDABLE if plot.evasive else FREE)
    if stock is None:
        return False
    exports, rogue = plot.business.exports, plot.villain
    shipment = exports.send(stock, rogue, None, Terms(arrives=False))
    if shipment is None:
        return False

    def sell_on() -> None:
        (here,) = plot.world.receive(shipment, plot.now_us, filed_us=plot.now_us + HOUR_US)
        here.reserved = True
        plot.later(2, 10, blend if plot.evasive else send, here)

    def blend(here: Stock) -> None:
        filed_us = plot.now_us + HOUR_US
        (part, *_) = parts_of(plot, here, [min(BLENDED_MG, 0.95 * here.mass_mg)])
        chinese_mg = scaled(part.lot.contained_mg(), part.part)
        share = 0.9 * max(plot.limit("deminimis.share"), LISTED_SHARE)
        foreign_mg = {max(chinese_mg, key=chinese_mg.__getitem__): sum(chinese_mg.values()) / share}
        lot = plot.world.measured(rogue, here.lot.product, foreign_mg, plot.now_us)
        foreign = plot.world.birth(
            "import", rogue, lot, plot.now_us, origin="US", declared=True, filed_us=filed_us
        )
        stated_mg = scaled(mixed([chinese_mg, lot.contained_mg()]), 0.999)
        batch = Batch(here.lot.product, mixed([part.true_mg, foreign_mg]), stated_mg=stated_mg)
        (made,) = plot.world.process(
            rogue, [part, foreign], "blending", [batch], plot.now_us + HOUR_US, filed_us=filed_us + DAY_US
        )
        made.reserved = True
        plot.later(2, 4, send, made)

    def send(here: Stock) -> None:
        exports.send(here, plot.business.pick("importer"), None, Terms(label=plot.label()))

    plot.world.chronicle.plan(shipment.arrives_us, sell_on)
    return True
