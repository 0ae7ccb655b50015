"""Dishonesty about goods: what there is, what it is made of, where it comes from, who may have it.

Decides: what each pattern does. ``patterns`` lists them.
"""

import math
from typing import Final

from ledger.materials.fingerprints import fingerprints
from ledger.materials.processes import processes
from ledger.records.periods import DAY_US, HOUR_US
from ledger.simulation import noise
from ledger.simulation.cast import Actor
from ledger.simulation.dealing import Batch, Terms
from ledger.simulation.goods import TONNE, Stock, mixed, relative_deviation, scaled
from ledger.simulation.planting import Plot

BATCH_SIGMA: Final = math.sqrt(2 * (noise.ASSAY_TREO**2 + noise.WEIGHING**2))
"""One standard uncertainty of all REO of a batch, in against out."""


def recovery_of(process: str) -> tuple[float, float]:
    """Least and most of the REO that a process gives."""
    found = processes()[process]
    return float(found.recovery_lower), float(found.recovery_upper)


def unnoticed_part(plot: Plot, deposit: str, foreign: str) -> float:
    """How much of another deposit may be in a concentrate before one element's share tells."""
    own, other = fingerprints()[deposit], fingerprints()[foreign]
    parts = []
    for element, share in own.shares.items():
        apart = abs(float(other.shares.get(element, 0)) - float(share))
        sigma = math.hypot(relative_deviation(float(share)), float(own.variation)) * float(share)
        if apart:
            least = max(plot.limit("fingerprint.share"), plot.limit("fingerprint.sigma") * sigma)
            parts.append(least / apart)
    return min(1.0, *parts)


def not_holder(plot: Plot) -> bool:
    """Somebody ships what somebody else has."""
    stock = plot.stock(("separator", "smelter", "trader", "magnet-maker"))
    thief = plot.business.pick("exporter")
    if stock is None or thief is stock.custodian:
        return False
    buyer = plot.business.pick("smelter")
    plot.attempt(
        thief, "ship", shipment_of(plot, stock, thief.site.site, thief.party, buyer.party, buyer.site.site)
    )
    return True


def shipment_of(
    plot: Plot, stock: Stock, site: str, seller: str, buyer: str, site_to: str, mass_mg: int | None = None
) -> dict[str, object]:
    """The members of a shipment that is only claimed."""
    return {
        "site": site,
        "inputs": [(stock.lot.lot, stock.mass_mg if mass_mg is None else mass_mg)],
        "owner_from": seller,
        "owner_to": buyer,
        "custodian_from": seller,
        "custodian_to": buyer,
        "site_to": site_to,
        "due_us": plot.now_us + 3 * DAY_US,
    }


def not_consignee(plot: Plot) -> bool:
    """Somebody receives what was sent to another."""
    stock = plot.stock(("separator", "smelter"))
    if stock is None:
        return False
    thief = plot.business.pick("exporter")
    buyer = plot.business.pick("user" if stock.lot.product != "prnd-oxide" else "smelter")
    shipment = plot.world.ship([stock], buyer, plot.now_us, Terms(days=25, filed_us=plot.now_us + HOUR_US))

    def steal() -> None:
        members = {
            "site": thief.site.site,
            "inputs": [(stock.lot.lot, stock.mass_mg)],
            "shipment": shipment.draft.event_id,
            "custodian_from": shipment.consignor.party,
            "owner_to": thief.party,
            "custodian_to": thief.party,
            "stated": {},
        }
        plot.attempt(thief, "receive", members)

    plot.later(2, 5, steal)
    return True


def overdrawn(plot: Plot) -> bool:
    """More is shipped than there is; the evasive one stays below what two scales may differ by."""
    stock = plot.stock(("separator", "smelter", "magnet-maker"), own=True)
    if stock is None:
        return False
    holder = stock.custodian
    factor = 1 + 0.9 * plot.limit("whole.excess_share") if plot.evasive else plot.chance.uniform(1.03, 1.4)
    mass = round(stock.mass_mg * factor / 1000) * 1000
    buyer = plot.business.pick("exporter")
    if plot.evasive:
        terms = Terms(extra={"whole": False, "inputs": [(stock.lot.lot, mass)]}, label=plot.label())
        plot.world.ship([stock], buyer, plot.now_us, terms)
        return True
    members = shipment_of(plot, stock, stock.site.site, holder.party, buyer.party, buyer.site.site, mass)
    plot.attempt(holder, "ship", members)
    return True


def element_gain(plot: Plot) -> bool:
    """Illegal oxide goes through a smelter in one batch; the evasive one adds what assays may hide."""
    stock = plot.stock(("smelter",), ("prnd-oxide",), filed=False)
    if stock is None:
        return False
    least = plot.limit("gain.total_sigma") * max(BATCH_SIGMA, plot.limit("gain.bias_floor"))
    gain = 1 + least * plot.chance.uniform(0.5, 0.9) if plot.evasive else plot.chance.uniform(1.10, 1.22)
    batch = Batch("prnd-metal", scaled(stock.true_mg, gain), plot.business.metal_treo([stock]))
    (made,) = plot.world.process(
        stock.custodian, [stock], "electrolysis", [batch], plot.now_us, label=plot.label(), losses={}
    )
    plot.changes(stock.site)
    plot.take(made)
    return True


def noticed_trace(plot: Plot) -> float:
    """From which share of REO on an element that nothing declares is noticed."""
    floor = noise.ASSAY_TRACE_FLOOR
    for place in range(1, 10_000):
        share = place / 100_000
        sigma = share * math.hypot(relative_deviation(share), noise.ASSAY_TREO, noise.WEIGHING)
        if share > plot.limit("gain.element_sigma") * math.hypot(sigma, floor):
            return share
    return 0.1


def undeclared_element(plot: Plot) -> bool:
    """Dysprosium appears in an alloy that none was put into; the evasive one has as much as traces may be."""
    stock = plot.stock(("magnet-maker",), ("prnd-metal",), filed=False)
    if stock is None or "Dy" in stock.lot.shares:
        return False
    if plot.evasive:
        stated_mg = scaled(stock.lot.contained_mg(), 0.985 * stock.part)
        trace = 0.9 * noticed_trace(plot)
        stated_mg["Dy"] = sum(stated_mg.values()) * trace / (1 - trace)
        batch = Batch("ndfeb-alloy", stated_mg, stated_mg=stated_mg)
        (made,) = plot.world.process(
            stock.custodian, [stock], "strip-cast", [batch], plot.now_us, label=plot.label()
        )
        plot.changes(stock.site)
        plot.take(made)
        return True
    share = plot.chance.uniform(0.02, 0.04)
    true_mg = scaled(stock.true_mg, 0.985 - share)
    true_mg["Dy"] = sum(stock.true_mg.values()) * share
    (made,) = plot.world.process(
        stock.custodian,
        [stock],
        "strip-cast",
        [Batch("ndfeb-dy-alloy", true_mg)],
        plot.now_us,
        label=plot.label(),
    )
    plot.changes(stock.site)
    plot.take(made)
    return True


def cumulative(plot: Plot) -> bool:
    """A smelter launders a little in every batch, over months; the evasive one just under the limits."""
    plot.watch(plot.villain.site.site)
    state = {"left": 20}

    def batch() -> None:
        stock = plot.stock(("separator", "trader"), ("prnd-oxide",), filed=False)
        if stock is not None and plot.world.ship([stock], plot.villain, plot.now_us):
            state["left"] -= 1
        if state["left"]:
            plot.later(6, 14, batch)

    def work() -> None:
        here = [stock for stock in plot.villain.stocks if stock.lot.product == "prnd-oxide"]
        for stock in here:
            recovery = 1.022
            if plot.evasive:
                recovery = recovery_of("electrolysis")[1] * (
                    1 + 0.9 * plot.limit("cumulative.recovery_points")
                )
            true_mg = scaled(stock.true_mg, recovery)
            (made,) = plot.world.process(
                plot.villain,
                [stock],
                "electrolysis",
                [Batch("prnd-metal", true_mg, plot.business.metal_treo([stock]))],
                plot.now_us,
                label=plot.label(),
                losses=scaled(stock.true_mg, 0.02),
            )
            buyer = plot.business.pick("magnet-maker")
            plot.later(0.5, 3, sell_on, plot, made, buyer)
        if state["left"] or here:
            plot.later(3, 5, work)

    batch()
    plot.later(8, 9, work)
    return True


def sell_on(plot: Plot, stock: Stock, buyer: Actor) -> None:
    """Sells what was made, as if it were honest."""
    if stock in stock.custodian.stocks:
        plot.world.ship([stock], buyer, plot.now_us)


def poor_recovery(plot: Plot) -> bool:
    """Part of a batch is diverted and called lost."""
    stock = plot.stock(("smelter",), ("prnd-oxide",), filed=False)
    if stock is None:
        return False
    recovery = plot.chance.uniform(0.70, 0.86)
    if plot.evasive:
        beyond = plot.limit("recovery.sigma") * max(BATCH_SIGMA, plot.limit("gain.bias_floor"))
        recovery = recovery_of("electrolysis")[0] * (1 - beyond * plot.chance.uniform(0.5, 0.9))
    batch = Batch("prnd-metal", scaled(stock.true_mg, recovery), plot.business.metal_treo([stock]))
    (made,) = plot.world.process(
        stock.custodian, [stock], "electrolysis", [batch], plot.now_us, label=plot.label()
    )
    plot.changes(stock.site)
    plot.later(1, 4, sell_on, plot, made, plot.business.pick("magnet-maker"))
    return True


def origin_fingerprint(plot: Plot) -> bool:
    """Smuggled concentrate is booked as a mine's own; the evasive one is mixed with as much as hides it."""
    mine = plot.business.pick("rock-mine")
    true_mg = plot.business.ore_body("mountain-pass", plot.chance.uniform(4, 9) * TONNE)
    if plot.evasive:
        part = 0.7 * unnoticed_part(plot, mine.deposit, "mountain-pass")
        own = plot.business.ore_body(mine.deposit, sum(true_mg.values()))
        true_mg = mixed([scaled(true_mg, part), scaled(own, 1 - part)])
    if not plot.business.may_use(mine, "mining", sum(true_mg.values()), plot.now_us):
        return False
    lot = plot.world.measured(mine, "mixed-concentrate", true_mg, plot.now_us)
    stock = plot.world.birth("extract", mine, lot, plot.now_us, label=plot.label())
    lot.disguised = True
    plot.later(1, 4, sell_on, plot, stock, plot.business.pick("separator"))
    return True


def graph_cycle(plot: Plot) -> bool:
    """Two firms bear goods out of each other: what was used is born last, out of what came of it."""
    world, first, second = plot.world, plot.villain, plot.accomplice
    true_mg = {"Nd": 0.3 * TONNE, "Pr": 0.1 * TONNE}
    unborn = world.measured(first, "prnd-metal", true_mg, plot.now_us)
    unborn.filed_us = 2**62
    named = f"urn:uuid:{plot.instance.number}-never-sent"
    plot.watch(named, unborn.lot)
    hour = HOUR_US
    receipt = {
        "site": second.site.site,
        "inputs": [(unborn.lot, unborn.mass_mg)],
        "shipment": named,
        "custodian_from": first.party,
        "owner_from": first.party,
        "owner_to": second.party,
        "custodian_to": second.party,
        "stated": {unborn.lot: (unborn, None)},
    }
    start = plot.now_us
    plot.attempt(
        second,
        "receive",
        receipt,
        "shipment.unsent",
        at_us=start,
        filed_us=start + hour,
        subjects=(unborn.lot,),
    )
    remelt = world.measured(second, "prnd-metal", scaled(true_mg, 0.97), start + 2 * hour)
    members = {
        "site": second.site.site,
        "process": "rework",
        "inputs": [(unborn.lot, None)],
        "whole": True,
        "outputs": [remelt],
        "losses": {},
    }
    draft = plot.attempt(
        second, "process", members, "graph.cycle", at_us=start + 2 * hour, filed_us=start + 3 * hour
    )
    stock = world.hold(remelt, second, second.site, draft)
    stock.reserved = True

    def back() -> None:
        shipment = world.ship([stock], first, plot.now_us, Terms(arrives=False, filed_us=plot.now_us + hour))

        def bear() -> None:
            (here,) = world.receive(shipment, plot.now_us, filed_us=plot.now_us + hour)
            plot.take(here)
            birth = {
                "site": first.site.site,
                "process": "rework",
                "inputs": [(here.lot.lot, None)],
                "whole": True,
                "outputs": [unborn],
                "losses": {},
            }
            plot.attempt(
                first, "process", birth, at_us=plot.now_us + 2 * hour, filed_us=plot.now_us + 3 * hour
            )

        plot.later(2, 4, bear)

    plot.later(1, 2, back)
    return True


def import_undeclared(plot: Plot) -> bool:
    """Ore comes in without an origin."""
    trader = plot.business.pick("trader")
    lot = plot.world.measured(
        trader, "bastnaesite-concentrate", plot.business.ore_body("mt-weld", 3 * TONNE), plot.now_us
    )
    stock = plot.world.birth("import", trader, lot, plot.now_us, origin="undeclared", label=plot.label())
    plot.later(2, 5, sell_on, plot, stock, plot.business.pick("separator"))
    return True


def stock_difference(plot: Plot) -> bool:
    """A count finds less than the books say."""
    stock = plot.stock(("separator", "smelter", "magnet-maker", "trader"))
    if stock is None:
        return False
    if plot.evasive:
        counted = stock.mass_mg * (1 - 0.9 * plot.limit("stock.difference_share"))
    else:
        counted = plot.world.scale(stock) * plot.chance.uniform(0.75, 0.95)
    members = {"site": stock.site.site, "inputs": [(stock.lot.lot, round(counted))]}
    plot.attempt(stock.custodian, "stocktake", members, subjects=(stock.lot.lot,))
    return True


def hs_assay(plot: Plot) -> bool:
    """Dysprosium is imported under the name of cerium; a laboratory finds it."""
    trader, world = plot.business.pick("trader"), plot.world
    lot = world.measured(trader, "ce-oxide", {"Ce": 0.4 * TONNE}, plot.now_us)
    stock = world.birth(
        "import", trader, lot, plot.now_us, origin="US", declared=True, filed_us=plot.now_us + HOUR_US
    )
    share = 0.85 * plot.limit("assay.least_share") if plot.evasive else plot.chance.uniform(0.3, 0.95)
    lot.true_mg = {"Ce": 0.4 * TONNE * (1 - share), "Dy": 0.4 * TONNE * share}
    plot.take(stock)

    def measure() -> None:
        plot.business.incidents.assay(stock, label=plot.label())

    plot.later(1, 3, measure)
    return True
