"""Dishonesty towards the authority: who may do what where, allotments, capacities, times of filing.

Decides: what each pattern does. ``patterns`` lists them.
"""

from ledger.records.periods import DAY_US, HOUR_US, month_after, month_of, month_start_us
from ledger.simulation.chronicle import MINUTE_US, SECOND_US
from ledger.simulation.goods import TONNE, Lot
from ledger.simulation.goods_patterns import sell_on, shipment_of
from ledger.simulation.planting import Plot


def unlisted_site(plot: Plot) -> bool:
    """A mine digs where nothing is listed."""
    mine = plot.business.pick("rock-mine")
    product, true_mg = plot.business.mineral(mine)
    lot = plot.world.measured(mine, product, true_mg, plot.now_us)
    plot.attempt(mine, "extract", {"site": f"{mine.party}sites/hidden", "outputs": [lot]})
    return True


def wrong_role(plot: Plot) -> bool:
    """A trader makes metal."""
    stock = plot.stock(("trader",), ("prnd-oxide",)) or plot.stock(("trader", "exporter"))
    if stock is None:
        return False
    lot = plot.world.measured(stock.custodian, "prnd-metal", stock.true_mg, plot.now_us)
    members = {
        "site": stock.site.site,
        "process": "electrolysis",
        "inputs": [(stock.lot.lot, None)],
        "whole": True,
        "outputs": [lot],
        "losses": {},
    }
    plot.attempt(stock.custodian, "process", members)
    return True


def foreign_name(plot: Plot) -> bool:
    """A mine names its lot as if a better known one had dug it."""
    mine, other = plot.business.pick("rock-mine"), plot.business.pick("ionic-mine")
    product, true_mg = plot.business.mineral(mine)
    lot = plot.world.measured(mine, product, true_mg, plot.now_us)
    lot.lot = f"{other.party}lots/x{plot.instance.number}"
    plot.attempt(mine, "extract", {"site": mine.site.site, "outputs": [lot]})
    return True


def year_ends(plot: Plot) -> bool:
    """Whether the calendar year ends within days: what is summed by year begins anew."""
    policy, now_us = plot.world.chronicle.policy, plot.now_us
    return month_of(now_us, policy)[:4] != month_of(now_us + 12 * DAY_US, policy)[:4]


def quota(plot: Plot) -> bool:
    """A small mine digs up to its allotment, then beyond it; what it dug too much goes on."""
    if year_ends(plot):
        return False
    mine, world = plot.villain, plot.world
    mine.deposit = "bayan-obo"
    # Evasive ones stay under what is told, and those in turn under the allotment itself.
    whole = plot.chance.choice((0.98 * plot.limit("quota.nearing_share"), 0.985))
    parts = (0.3, 0.3, whole - 0.6) if plot.evasive else (0.35, 0.35, 0.22, 0.2)
    told = ("quota.nearing",) if whole < plot.limit("quota.nearing_share") else ("quota.exceeded",)
    codes = {2: told if plot.evasive else ("quota.nearing",), 3: ("quota.exceeded",)}

    def dig(place: int) -> None:
        true_mg = plot.business.ore_body("bayan-obo", 10 * TONNE * parts[place])
        lot = world.measured(mine, "mixed-concentrate", true_mg, plot.now_us)
        found = codes.get(place, ())
        label = plot.label(*found) if found else None
        stock = world.birth(
            "extract",
            mine,
            lot,
            plot.now_us,
            label=label,
            filed_us=plot.now_us + 2 * HOUR_US,
            illegal=place == 3,
        )
        if place == 3 or plot.evasive:
            plot.later(0.5, 2, sell_on, plot, stock, plot.business.pick("separator"))
        if place + 1 < len(parts):
            plot.later(1, 2, dig, place + 1)

    dig(0)
    return True


def capacity(plot: Plot) -> bool:
    """A site brings forth more than it can."""
    if year_ends(plot):
        return False
    mine, world = plot.villain, plot.world
    mine.deposit = "bayan-obo"
    factor = 0.98 if plot.evasive else 1.3

    def dig(place: int) -> None:
        true_mg = plot.business.ore_body("bayan-obo", 6 * TONNE * factor / 3)
        lot = world.measured(mine, "mixed-concentrate", true_mg, plot.now_us)
        stock = world.birth(
            "extract",
            mine,
            lot,
            plot.now_us,
            label=plot.label() if place == 2 else None,
            filed_us=plot.now_us + HOUR_US,
        )
        plot.take(stock)
        if place < 2:
            plot.later(1, 2, dig, place + 1)

    dig(0)
    return True


def before_birth(plot: Plot) -> bool:
    """A lot is shipped before it was made."""
    stock = plot.stock(("separator", "smelter", "magnet-maker"), own=True)
    if stock is None:
        return False
    at_us = stock.lot.born_us - round(plot.chance.uniform(0.1, 2) * DAY_US)
    holder, buyer = stock.custodian, plot.business.pick("exporter")
    members = shipment_of(plot, stock, stock.site.site, holder.party, buyer.party, buyer.site.site)
    plot.attempt(holder, "ship", members, at_us=at_us)
    return True


def after_recording(plot: Plot) -> bool:
    """Something is recorded that has not happened yet; the evasive one within what clocks may differ."""
    mine = plot.business.pick("rock-mine")
    product, true_mg = plot.business.mineral(mine)
    at_us = plot.now_us + round(plot.chance.uniform(1, 20) * DAY_US)
    if plot.evasive:
        if not plot.business.may_use(mine, "mining", sum(true_mg.values()), plot.now_us):
            return False
        at_us = plot.now_us + round(0.9 * plot.limit("recording.skew_seconds") * SECOND_US)
    lot = plot.world.measured(mine, product, true_mg, at_us)
    plot.attempt(
        mine, "extract", {"site": mine.site.site, "outputs": [lot]}, at_us=at_us, filed_us=plot.now_us
    )
    return True


def late(plot: Plot) -> bool:
    """Weeks of extraction are filed long after the 10th; the evasive one in its last minutes."""
    mine = plot.business.pick("rock-mine")
    product, true_mg = plot.business.mineral(mine)
    if not plot.business.may_use(mine, "mining", sum(true_mg.values()), plot.now_us):
        return False
    lot: Lot = plot.world.measured(mine, product, true_mg, plot.now_us)
    days = -20 / 1440 if plot.evasive else plot.chance.uniform(0.01, 15)
    filed_us = plot.world.chronicle.deadline(plot.now_us) + round(days * DAY_US)
    stock = plot.world.birth("extract", mine, lot, plot.now_us, label=plot.label(), filed_us=filed_us)
    plot.take(stock)
    return True


def burst(plot: Plot) -> bool:
    """A month's books are made up on its last day; the evasive one as many as are let pass."""
    mine, world = plot.villain, plot.world
    mine.deposit = "bayan-obo"
    policy = world.chronicle.policy
    month = month_after(month_of(plot.now_us, policy))
    begin_us, end_us = month_start_us(month, policy), month_start_us(month_after(month), policy)
    times = [begin_us + round((end_us - begin_us - DAY_US) * place / 29) for place in range(28)]
    share = plot.limit("burst.share")
    count = int(share / (1 - share) * len(times) + 1e-9) if plot.evasive else 12
    last = [end_us - round(plot.chance.uniform(0.05, 0.9) * DAY_US) for _ in range(count)]
    plot.watch(mine.party, mine.site.site)

    def dig(planted: bool) -> None:
        true_mg = plot.business.ore_body("bayan-obo", 0.05 * TONNE)
        lot = world.measured(mine, "mixed-concentrate", true_mg, plot.now_us)
        stock = world.birth(
            "extract",
            mine,
            lot,
            plot.now_us,
            label=plot.label() if planted else None,
            filed_us=plot.now_us + 20 * MINUTE_US,
        )
        plot.take(stock)

    for at_us in times:
        world.chronicle.plan(at_us, dig, False)
    for at_us in last:
        world.chronicle.plan(at_us, dig, True)
    return True
