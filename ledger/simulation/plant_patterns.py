"""Dishonesty in plants: cascades that are drawn on and closed otherwise than they should be, recyclers.

Decides: what each pattern does. ``patterns`` lists them.
"""

from typing import Final

from ledger.materials.fingerprints import fingerprints
from ledger.records.periods import DAY_US, HOUR_US, month_after, month_of, month_start_us
from ledger.simulation.business import ELEMENTS_OF, ROCK_PRODUCTS
from ledger.simulation.cast import Actor
from ledger.simulation.chronicle import MINUTE_US, SECOND_US
from ledger.simulation.dealing import Batch, Shipment, Terms
from ledger.simulation.goods import KG, TONNE, Pool, Stock, mixed, scaled
from ledger.simulation.planting import Plot

DRAWN_MG: Final = (20 * KG, 6 * TONNE)
"""Least and most that a cascade is emptied of, of one element."""
LATE_CLOSES: Final = 2
"""Of a plant that closes as late as it may, so many closes are the instance; it goes on closing so."""
BLENDED_MG: Final = 0.6 * TONNE


def pool_overdrawn(plot: Plot) -> bool:
    """A plant draws what it never fed: ore without papers. The evasive one what assays may hide."""
    plant = plot.business.pick("separator")
    if plot.evasive:
        return drawn_to_the_last(plot, plant)
    pool = plot.chance.choice(plant.pools)
    element = plot.chance.choice(("Nd", "La"))
    true_mg = {element: 4.0 * (pool.book_mg.get(element, 0.0) + 0.05 * TONNE)}
    lot = plot.world.measured(plant, "nd-oxide" if element == "Nd" else "la-oxide", true_mg, plot.now_us)
    members = {
        "site": pool.site.site,
        "pool": pool.pool,
        "process": pool.process,
        "outputs": [lot],
        "losses": {},
    }
    plot.attempt(plant, "draw", members, filed_us=max(plot.now_us, pool.ready_us + SECOND_US))
    return True


def _is_known(pool: Pool, element: str) -> bool:
    """Whether a plant knows what the ledger lets be drawn: soon after a close that found no surplus."""
    held_mg = pool.book_mg.get(element, 0.0)
    least_mg, most_mg = DRAWN_MG
    moved_mg = pool.moved_mg.get(element, 0.0)
    return least_mg < held_mg < most_mg and moved_mg < 0.2 * held_mg and not pool.surplus_mg.get(element)


def drawn_to_the_last(plot: Plot, plant: Actor) -> bool:
    """Draws all that a cascade has of an element, and the tolerance besides."""
    single = {product: elements[0] for product, elements in ELEMENTS_OF.items() if len(elements) == 1}
    found = [
        (pool, product, single[product])
        for pool in plant.pools
        for product in pool.products
        if product in single and _is_known(pool, single[product])
    ]
    if not found:
        return False
    pool, product, element = plot.chance.choice(found)
    drawn = {element: pool.book_mg[element] * (1 + 0.9 * plot.limit("pool.tolerance_share"))}
    if not plot.business.may_use(plant, "separation", drawn[element], plot.now_us):
        return False
    batch = Batch(product, drawn, stated_mg=drawn)
    plot.take(plot.world.draw(pool, batch, {}, plot.now_us, label=plot.label()))
    plot.changes(pool.site)
    return True


def pool_gap(plot: Plot) -> bool:
    """In-process stock was taken away before the month is closed."""
    plant = plot.business.pick("separator")
    pool = plot.chance.choice(plant.pools)
    share = plot.chance.uniform(0.25, 0.45)
    if plot.evasive:
        share = 0.6 * plot.limit("pool.gap_sigma") * plot.limit("pool.stock_share")
    pool.true_mg = scaled(pool.true_mg, 1 - share)
    plot.world.close(pool, plot.now_us, label=plot.label())
    plot.changes(pool.site)
    return True


def pool_unclosed(plot: Plot) -> bool:
    """A plant never closes its months; the evasive one at the last moment that each close may have."""
    plant, world = plot.villain, plot.world
    pool = Pool(f"{plant.party}pools/rock", plant.site, plant, "rock", "separation", ROCK_PRODUCTS)
    plot.watch(pool.pool)
    lot = world.measured(
        plant, "mixed-carbonate", plot.business.ore_body("bayan-obo", 20 * TONNE), plot.now_us
    )
    stock = world.birth("opening", plant, lot, plot.now_us, filed_us=plot.now_us + HOUR_US)

    def begin() -> None:
        world.feed(pool, [stock], plot.now_us)
        if plot.evasive:
            world.chronicle.plan(last_close_us(plot, plot.now_us), close, 1)

    def close(place: int) -> None:
        now_us = plot.now_us
        label = plot.label() if place <= LATE_CLOSES else None
        world.close(pool, now_us, label=label, filed_us=world.chronicle.deadline(now_us) - 20 * MINUTE_US)
        world.chronicle.plan(last_close_us(plot, now_us), close, place + 1)

    plot.later(0.2, 0.4, begin)
    return True


def last_close_us(plot: Plot, closed_us: int) -> int:
    """The last moment of the next close after one: so many days later, and no calendar month left out."""
    policy, days = plot.world.chronicle.policy, int(plot.limit("pool.unclosed_days"))
    end_us = month_start_us(month_after(month_of(closed_us, policy), 2), policy)
    return min(closed_us + days * DAY_US, end_us - MINUTE_US)


def recycler_ore(plot: Plot) -> bool:
    """A recycler buys concentrate and works it; the evasive one a blend that is mostly of scrap."""
    if plot.evasive:
        return blended_ore(plot)
    stock = plot.stock(("rock-mine", "ionic-mine"), filed=False)
    if stock is None:
        return False
    recycler = plot.business.pick("recycler")
    shipment = plot.world.ship(
        [stock], recycler, plot.now_us, Terms(arrives=False, filed_us=plot.now_us + HOUR_US)
    )

    def work() -> None:
        (here,) = plot.world.receive(shipment, plot.now_us, filed_us=plot.now_us + HOUR_US)
        plot.take(here)
        lot = plot.world.measured(recycler, "recycled-magnet-oxide", scaled(here.true_mg, 0.95), plot.now_us)
        members = {
            "site": recycler.site.site,
            "process": "scrap-recovery",
            "inputs": [(here.lot.lot, None)],
            "whole": True,
            "outputs": [lot],
            "losses": {},
        }
        plot.attempt(
            recycler, "process", members, at_us=plot.now_us + HOUR_US, filed_us=plot.now_us + 3 * HOUR_US
        )

    plot.later(3, 6, work)
    return True


def blended_ore(plot: Plot) -> bool:
    """A trader blends imported ore into what a recycler made, and sells it back to be worked."""
    world, chronicle = plot.world, plot.world.chronicle
    recycler, trader = plot.business.pick("recycler"), plot.business.pick("trader")
    ore = 0.95 * plot.limit("recycler.primary_share")

    def filed() -> int:
        return plot.now_us + HOUR_US

    def collect() -> None:
        scrap_mg = plot.business.ore_body("recycled-magnet", BLENDED_MG)
        lot = world.measured(recycler, "end-of-life-magnets", scrap_mg, plot.now_us)
        stock = world.birth("extract", recycler, lot, plot.now_us, filed_us=filed())
        stock.reserved = True
        plot.later(1, 2, recover, stock)

    def recover(stock: Stock) -> None:
        made = plot.business.convert(
            recycler, [stock], "scrap-recovery", "recycled-magnet-oxide", filed_us=filed()
        )
        shipment = world.ship([made], trader, plot.now_us, Terms(arrives=False, filed_us=filed()))
        chronicle.plan(shipment.arrives_us + HOUR_US, blend, shipment)

    def blend(shipment: Shipment) -> None:
        (here,) = world.receive(shipment, plot.now_us, filed_us=filed())
        here.reserved = True
        recycled_mg = scaled(here.lot.contained_mg(), here.part)
        ore_mg = plot.business.ore_body("mt-weld", sum(recycled_mg.values()) * ore / (1 - ore))
        lot = world.measured(trader, "mixed-carbonate", ore_mg, plot.now_us)
        lot.state(ore_mg)
        mineral = world.birth(
            "import", trader, lot, plot.now_us, origin="AU", declared=True, filed_us=filed()
        )
        mineral.reserved = True
        plot.later(0.5, 1, sell, here, mineral)

    def sell(here: Stock, mineral: Stock) -> None:
        stated_mg = mixed([scaled(each.lot.contained_mg(), each.part) for each in (here, mineral)])
        batch = Batch(
            "recycled-magnet-oxide",
            mixed([here.true_mg, mineral.true_mg]),
            stated_mg=scaled(stated_mg, 0.999),
        )
        (made,) = world.process(
            trader, [here, mineral], "blending", [batch], plot.now_us, label=plot.label(), filed_us=filed()
        )
        made.reserved = True
        plot.later(0.5, 1, send_back, made)

    def send_back(made: Stock) -> None:
        shipment = world.ship([made], recycler, plot.now_us, Terms(arrives=False, filed_us=filed()))
        chronicle.plan(shipment.arrives_us + HOUR_US, work, shipment)

    def work(shipment: Shipment) -> None:
        (here,) = world.receive(shipment, plot.now_us, filed_us=filed())
        batch = Batch("mixed-carbonate", scaled(here.true_mg, 0.985))
        (made,) = world.process(
            recycler,
            [here],
            "precipitation",
            [batch],
            plot.now_us + HOUR_US,
            label=plot.label(),
            filed_us=plot.now_us + 3 * HOUR_US,
        )
        plot.changes(recycler.site)
        plot.take(made)

    collect()
    return True


def recycler_fingerprint(plot: Plot) -> bool:
    """Scrap that is fed is mixed with ionic ore; the evasive one with little less than scrap may have."""
    recycler = plot.business.pick("recycler")
    most = 0.95 * plot.limit("fingerprint.share") / float(fingerprints()["longnan"].shares["Y"])
    share = most if plot.evasive else plot.chance.uniform(0.08, 0.25)
    whole = 0.4 * TONNE
    scrap = plot.business.ore_body("recycled-magnet", whole * (1 - share))
    true_mg = mixed([scrap, plot.business.ore_body("longnan", whole * share)])
    lot = plot.world.measured(recycler, "end-of-life-magnets", true_mg, plot.now_us)
    stock = plot.world.birth("extract", recycler, lot, plot.now_us)

    def work() -> None:
        if stock in recycler.stocks:
            made = plot.business.convert(
                recycler, [stock], "scrap-recovery", "recycled-magnet-oxide", label=plot.label()
            )
            plot.take(made)

    plot.later(1, 3, work)
    return True
