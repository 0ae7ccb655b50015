"""Everyday business: who mines, makes, buys and sells what, when.

Decides: the honest course of things, exceptions of honest trade included (returns, refusals, partial
deliveries, rework, tolling, stocktakes, losses, assays). Goods drive it: what arrives somewhere is worked on
there after some days, and sold on.
"""

from collections.abc import Callable
from typing import Any, Final

from ledger.materials.fingerprints import fingerprints
from ledger.records.periods import DAY_US, HOUR_US, month_after, month_of, month_start_us
from ledger.simulation import noise
from ledger.simulation.cast import Actor
from ledger.simulation.chance import stream
from ledger.simulation.dealing import Batch, Shipment, Terms
from ledger.simulation.exports import Exports
from ledger.simulation.goods import TONNE, Pool, Stock, mixed, scaled
from ledger.simulation.incidents import Incidents
from ledger.simulation.world import World, soon

CONCENTRATE_T: Final = (4.0, 10.0)
"""REO of one lot of rock concentrate; of an ionic lot a fifth."""
SCRAP_T: Final = (0.2, 0.6)
"""REO of one lot of old magnets. Our own."""
KEEP_FEEDS: Final = 5.0
"""A cascade holds about as much as this many feeds bring."""
IMPORTS: Final = (
    ("mountain-pass", "US", "bastnaesite-concentrate"),
    ("mt-weld", "AU", "bastnaesite-concentrate"),
)

# What a pool gives: product -> the elements that it is made of.
ROCK_PRODUCTS: Final = ("la-oxide", "ce-oxide", "prnd-oxide", "smeugd-oxide")
IONIC_PRODUCTS: Final = (
    "y-oxide",
    "dy-oxide",
    "prnd-oxide",
    "tb-oxide",
    "gd-oxide",
    "la-oxide",
    "sm-oxide",
    "heavy-oxide",
)
SCRAP_PRODUCTS: Final = ("prnd-oxide", "dy-oxide", "prnd-oxide", "gd-oxide")
ELEMENTS_OF: Final[dict[str, tuple[str, ...]]] = {
    "la-oxide": ("La",),
    "ce-oxide": ("Ce",),
    "prnd-oxide": ("Pr", "Nd"),
    "smeugd-oxide": ("Sm", "Eu", "Gd"),
    "y-oxide": ("Y",),
    "dy-oxide": ("Dy",),
    "tb-oxide": ("Tb",),
    "gd-oxide": ("Gd",),
    "sm-oxide": ("Sm",),
    "heavy-oxide": ("Er", "Yb", "Ho"),
}
CONTROLLED: Final = frozenset(
    (
        "dy-oxide",
        "tb-oxide",
        "y-oxide",
        "gd-oxide",
        "sm-oxide",
        "smeugd-oxide",
        "heavy-oxide",
        "ndfeb-dy-magnet",
    )
)
REST: Final = ("Gd", "Y", "Eu", "Dy", "Ho", "Tm", "Lu")
"""What the shares of a deposit that nobody states are made of. Our own. Magnets have none of these: what is
recovered from them is made of what is stated alone."""
MINERAL: Final = frozenset(("mixed-concentrate", "bastnaesite-concentrate", "ionic-concentrate"))


class Business:
    """Keeps everybody busy.

    Attributes:
        pace: How often mines produce, against the plan.
    """

    def __init__(self, world: World) -> None:
        """Knows the world; ``begin`` starts it."""
        self.world = world
        self.cast = world.cast
        self.chance = stream(world.seed, "business")
        self.incidents = Incidents(world, self)
        self.exports = Exports(world)
        self.pace = 1.0
        world.on_goods = self
        self._work: dict[str, Callable[[Actor, list[Stock]], None]] = {
            "separator": self._separate,
            "smelter": self._smelt,
            "magnet-maker": self._make_magnets,
            "recycler": self._recycle,
            "trader": self._trade,
            "exporter": self._trade,
            "warehouse": self._forward,
        }
        self._turn: dict[str, int] = {}
        self._typical: dict[str, dict[str, float]] = {}

    def begin(self, start_us: int) -> None:
        """Opens stocks and pools, and lets the mines start."""
        for actor in self.cast.actors:
            if actor.planted:
                continue
            if actor.kind in ("rock-mine", "ionic-mine"):
                self.world.chronicle.plan(start_us + self._interval(actor), self._mine, actor)
            elif actor.kind in ("separator", "recycler"):
                self._open_pools(actor, start_us)
                if actor.kind == "recycler":
                    self.world.chronicle.plan(start_us + self._interval(actor), self._collect, actor)
            elif actor.kind == "trader" and actor.number % 2:
                self.world.chronicle.plan(start_us + 4 * self._interval(actor), self._import, actor)

    def pick(self, kind: str) -> Actor:
        """Somebody honest of a kind."""
        found = self.chance.choice(self.cast.by_kind[kind])
        while found.planted:
            found = self.chance.choice(self.cast.by_kind[kind])
        return found

    def plan(self, at_us: int, what: Callable[..., None], stock: Stock, *args: Any) -> None:
        """Plans what is done with goods, if they are still in the same hands then."""
        self.world.chronicle.plan(at_us, self._still, stock.custodian, what, stock, args)

    def _still(self, holder: Actor, what: Callable[..., None], stock: Stock, args: tuple[Any, ...]) -> None:
        if stock.custodian is holder and stock in holder.stocks:
            what(stock, *args)

    def later(self, low_days: float, high_days: float) -> int:
        """A moment so many days from now."""
        return soon(self.world, low_days * 24, high_days * 24)

    # Sources

    def _interval(self, actor: Actor) -> int:
        days = {"rock-mine": 1.9, "ionic-mine": 3.8, "recycler": 8.0}.get(actor.kind, 16.0)
        return round(self.chance.expovariate(1.0) * days * DAY_US / self.pace) + HOUR_US

    def ore_body(self, deposit: str, reo_mg: float) -> dict[str, float]:
        """What a lot from a deposit truly contains: no two lots of a mine are the same."""
        fingerprint = fingerprints()[deposit]
        spread = float(fingerprint.variation) / 2
        shares = {
            element: float(share) * max(0.2, 1 + self.chance.gauss(0, spread))
            for element, share in fingerprint.shares.items()
        }
        rest = 0.0 if fingerprint.kind == "recycled" else float(fingerprint.rest)
        others = [element for element in REST if element not in shares]
        for element in others[:4] if rest > 0.002 else ():
            shares[element] = rest / 4 * max(0.2, 1 + self.chance.gauss(0, spread))
        total = sum(shares.values())
        return {element: reo_mg * share / total for element, share in shares.items()}

    def mineral(self, actor: Actor) -> tuple[str, dict[str, float]]:
        """A lot that a mine brings forth: product and contents."""
        tonnes = self.chance.uniform(*CONCENTRATE_T)
        if actor.kind == "ionic-mine":
            return "ionic-concentrate", self.ore_body(actor.deposit, tonnes / 5 * TONNE)
        return "mixed-concentrate", self.ore_body(actor.deposit, tonnes * TONNE)

    def may_use(self, actor: Actor, activity: str, reo_mg: float, at_us: int) -> bool:
        """Whether an honest holder of an allotment still has room for it; notes it as used."""
        year = month_of(at_us, self.world.chronicle.policy)[:4]
        used = actor.used_mg.get(activity + year, 0.0)
        if actor.quota_mg and used + reo_mg > 0.885 * actor.quota_mg:
            return False
        actor.used_mg[activity + year] = used + reo_mg
        return True

    def nearly_used(self, actor: Actor, at_us: int) -> bool:
        """Whether so much of an allotment is used that a laboratory may find it to be nine tenths."""
        year = month_of(at_us, self.world.chronicle.policy)[:4]
        activity = "separation" if "separator" in actor.roles else "mining"
        return actor.used_mg.get(activity + year, 0.0) > 0.86 * actor.quota_mg

    def _mine(self, actor: Actor) -> None:
        world, at_us = self.world, self.world.now_us
        world.chronicle.plan(at_us + self._interval(actor), self._mine, actor)
        product, true_mg = self.mineral(actor)
        if not self.may_use(actor, "mining", sum(true_mg.values()), at_us):
            return
        lot = world.measured(actor, product, true_mg, at_us)
        facts = ("quota.nearing",) if self.nearly_used(actor, at_us) else ()
        stock = world.birth("extract", actor, lot, at_us, facts=facts)
        if self.chance.random() < noise.CORRECTED * 5:
            self.incidents.mistype(stock, world.last)
        self.incidents.after_birth(stock)
        self.plan(self.later(0.5, 4), self._sell, stock, "separator")

    def _import(self, actor: Actor) -> None:
        world, at_us = self.world, self.world.now_us
        world.chronicle.plan(at_us + self._interval(actor), self._import, actor)
        deposit, country, product = self.chance.choice(IMPORTS)
        true_mg = self.ore_body(deposit, self.chance.uniform(*CONCENTRATE_T) * TONNE)
        lot = world.measured(actor, product, true_mg, at_us)
        stock = world.birth("import", actor, lot, at_us, origin=country, declared=True)
        self.plan(self.later(1, 4), self._sell, stock, "separator")

    def _collect(self, actor: Actor) -> None:
        """Old magnets come in from all over the country, with a little of what is no magnet among them."""
        world, chance, at_us = self.world, self.chance, self.world.now_us
        world.chronicle.plan(at_us + self._interval(actor), self._collect, actor)
        whole = chance.uniform(*SCRAP_T) * TONNE
        others = whole * chance.uniform(*noise.SCRAP_OTHERS)
        true_mg = mixed([self.ore_body("recycled-magnet", whole - others), {"Y": others}])
        lot = world.measured(actor, "end-of-life-magnets", true_mg, at_us)
        stock = world.birth("extract", actor, lot, at_us)
        self.incidents.after_birth(stock)
        world.chronicle.plan(self.later(0.5, 5), self._begin_work, self._recycle, actor, [stock])

    def _sell(self, stock: Stock, kind: str) -> None:
        if stock in stock.custodian.stocks and not self._waits([stock], self._sell, stock, kind):
            self.world.ship([stock], self.pick(kind), self.world.now_us)

    # Arrivals

    def arrived(self, shipment: Shipment) -> None:
        """Receives, or what else may befall a delivery."""
        if not self.incidents.at_the_gate(shipment):
            self.received(shipment, self.world.receive(shipment, self.world.now_us))

    def received(self, shipment: Shipment, stocks: list[Stock]) -> None:
        """Plans what is done with goods that were received."""
        consignee = shipment.consignee
        work = self._work.get(consignee.kind)
        if shipment.draft.kind == "return":
            self.incidents.back_again(shipment, stocks)
        elif work is not None and not consignee.planted and stocks:
            self.world.chronicle.plan(self.later(0.5, 5), self._begin_work, work, consignee, stocks)
        elif work is None and not consignee.planted:  # the end of its way: nobody asks for it again
            consignee.stocks = [stock for stock in consignee.stocks if stock not in stocks]

    def _begin_work(
        self, work: Callable[[Actor, list[Stock]], None], actor: Actor, stocks: list[Stock]
    ) -> None:
        here = [stock for stock in stocks if stock in actor.stocks]
        if here and not self._waits(here, self._begin_work, work, actor, here):
            work(actor, here)

    def _waits(self, stocks: list[Stock], what: Callable[..., None], *args: Any) -> bool:
        """Goods whose papers are late wait for them; plans what is done with them then."""
        ready_us = max(stock.ready_us for stock in stocks)
        if ready_us < self.world.chronicle.deadline(self.world.now_us) - DAY_US:
            return False
        self.world.chronicle.plan(ready_us, self._if_there, stocks, stocks[0].custodian, what, args)
        return True

    def _if_there(
        self, stocks: list[Stock], holder: Actor, what: Callable[..., None], args: tuple[Any, ...]
    ) -> None:
        if all(stock.custodian is holder and stock in holder.stocks for stock in stocks):
            what(*args)

    # Separation plants and recyclers

    def _open_pools(self, actor: Actor, start_us: int) -> None:
        if actor.kind == "separator":
            plants = [("rock", "separation", ROCK_PRODUCTS), ("ionic", "separation-ionic", IONIC_PRODUCTS)]
        else:
            plants = [("scrap", "separation", SCRAP_PRODUCTS)]
        for place, (kind, process, products) in enumerate(plants):
            pool = Pool(f"{actor.party}pools/{kind}", actor.site, actor, kind, process, products)
            actor.pools.append(pool)
            at_us = start_us + (place + 1) * HOUR_US
            product, true_mg = self._opening_stock(kind)
            lot = self.world.measured(actor, product, true_mg, at_us)
            stock = self.world.birth("opening", actor, lot, at_us, filed_us=at_us + HOUR_US)
            self.world.chronicle.plan(at_us + 2 * HOUR_US, self._feed, pool, [stock])
            self._plan_close(pool)

    def _opening_stock(self, kind: str) -> tuple[str, dict[str, float]]:
        tonnes = sum(CONCENTRATE_T) / 2 * (KEEP_FEEDS + 2)
        if kind == "scrap":
            return "recycled-magnet-oxide", self.ore_body("recycled-magnet", tonnes / 30 * TONNE)
        if kind == "ionic":
            parts = [self.ore_body(deposit, tonnes / 10 * TONNE) for deposit in ("xunwu", "longnan")]
            return "mixed-carbonate", mixed(parts)
        return "mixed-carbonate", self.ore_body("bayan-obo", tonnes * TONNE)

    def _plan_close(self, pool: Pool) -> None:
        policy = self.world.chronicle.policy
        following = month_after(month_of(self.world.now_us + DAY_US, policy))
        at_us = month_start_us(following, policy) - round(self.chance.uniform(2, 20) * HOUR_US)
        self.world.chronicle.plan(at_us, self._close, pool)

    def _close(self, pool: Pool) -> None:
        self.world.close(pool, self.world.now_us)
        self._plan_close(pool)

    def _feed(self, pool: Pool, stocks: list[Stock]) -> None:
        here = [stock for stock in stocks if stock in pool.owner.stocks]
        if not here or self._waits(here, self._feed, pool, here):
            return
        self.world.feed(pool, here, self.world.now_us)
        if pool.opened:
            for _ in range(2):
                self.world.chronicle.plan(self.later(0.3, 6), self._draw_next, pool)
        pool.opened = True

    def _draw_next(self, pool: Pool) -> None:
        for _ in pool.products:
            turn = self._turn.get(pool.pool, 0)
            self._turn[pool.pool] = turn + 1
            stock = self.draw(pool, pool.products[turn % len(pool.products)])
            if stock is not None:
                self.incidents.after_birth(stock)
                self.plan(self.later(0.5, 6), self._sell_compound, stock)
                return

    def contents_to_draw(self, pool: Pool, product: str) -> dict[str, float]:
        """What of a product can be drawn so that the cascade keeps its filling."""
        typical = self._opening_stock(pool.kind)[1] if pool.pool not in self._typical else {}
        if typical:
            self._typical[pool.pool] = scaled(typical, KEEP_FEEDS / (KEEP_FEEDS + 2))
        keep = self._typical[pool.pool]
        return {
            element: max(0.0, pool.drawable_mg(element) - keep.get(element, 0.0))
            for element in ELEMENTS_OF[product]
        }

    def draw(self, pool: Pool, product: str, **planted: Any) -> Stock | None:
        """Draws a product, where there is enough to make a lot of it."""
        wanted = self.contents_to_draw(pool, product)
        whole = sum(wanted.values())
        if whole < 0.02 * TONNE / 10:
            return None
        if not planted and not self.may_use(pool.owner, "separation", whole, self.world.now_us):
            return None
        mean, deviation = noise.RECOVERY[pool.process]
        recovery = min(0.999, self.chance.gauss(mean, deviation))
        true_mg = scaled(wanted, recovery)
        other = max(pool.true_mg, key=lambda element: (pool.drawable_mg(element), element))
        if other not in true_mg:
            true_mg[other] = whole * 0.0008
        if not planted and self.nearly_used(pool.owner, self.world.now_us):
            planted = {"facts": ("quota.nearing",)}
        return self.world.draw(
            pool, Batch(product, true_mg), scaled(wanted, 1 - recovery), self.world.now_us, **planted
        )

    def _separate(self, actor: Actor, stocks: list[Stock]) -> None:
        for stock in stocks:
            product = stock.lot.product
            if product in ("mixed-concentrate", "bastnaesite-concentrate"):
                made = self.convert(actor, [stock], "concentrate-to-mixed", "mixed-carbonate")
                self.world.chronicle.plan(self.later(0.5, 5), self._feed, actor.pools[0], [made])
            elif stock.lot.shares.get("Nd", 0) + stock.lot.shares.get("Ce", 0) > 0.5:
                self._feed(actor.pools[0], [stock])
            else:
                self._feed(actor.pools[1], [stock])

    def convert(self, actor: Actor, stocks: list[Stock], process: str, product: str, **planted: Any) -> Stock:
        """One product out of whole stocks, at the process' usual recovery."""
        mean, deviation = noise.RECOVERY[process]
        recovery = min(0.998, self.chance.gauss(mean, deviation))
        true_mg = scaled(mixed([stock.true_mg for stock in stocks]), recovery)
        batch = Batch(product, true_mg, planted.pop("treo", None))
        (made,) = self.world.process(actor, stocks, process, [batch], self.world.now_us, **planted)
        return made

    def _sell_compound(self, stock: Stock) -> None:
        if stock not in stock.custodian.stocks or self._waits([stock], self._sell_compound, stock):
            return
        product, chance, world = stock.lot.product, self.chance, self.world
        if chance.random() < noise.REWORKED and self.incidents.rework(stock):
            return
        if product == "prnd-oxide":
            kind = "trader" if chance.random() < 0.3 else "smelter"
        elif product in ("dy-oxide", "tb-oxide"):
            kind = "magnet-maker" if chance.random() < 0.7 else "exporter"
        elif chance.random() < 0.3:
            kind = "exporter"
        else:
            self.release(stock, self.pick("user"))
            return
        world.ship([stock], self.pick(kind), world.now_us)

    def release(self, stock: Stock, user: Actor) -> None:
        """Sells to a user: the goods leave the books."""
        self.world.ship([stock], user, self.world.now_us, Terms(kind="release", arrives=False))

    # Metal, magnets, scrap

    def _smelt(self, actor: Actor, stocks: list[Stock]) -> None:
        owner = stocks[0].owner
        if owner is not actor:  # toll processing: the goods stay another's
            treo = self.metal_treo(stocks)
            metal = self.convert(
                actor, stocks, "electrolysis", "prnd-metal", treo=treo, owner=owner, facts=("trade.tolling",)
            )
            self.plan(self.later(0.5, 5), self._leave_warehouse, metal, self.pick("magnet-maker"))
            return
        metal = self.convert(actor, stocks, "electrolysis", "prnd-metal", treo=self.metal_treo(stocks))
        self.plan(self.later(0.5, 5), self._sell, metal, "magnet-maker")

    def metal_treo(self, stocks: list[Stock]) -> float:
        """REO per mass of metal made of these."""
        contents = mixed([stock.true_mg for stock in stocks])
        factors = {"Nd": 1.1664, "Pr": 1.2082}
        metal = sum(mass / factors.get(element, 1.17) for element, mass in contents.items())
        return sum(contents.values()) / metal * 0.998

    def _make_magnets(self, actor: Actor, stocks: list[Stock]) -> None:
        metals = [stock for stock in stocks if stock.lot.product == "prnd-metal"]
        if not metals:
            return  # heavy oxides wait for metal
        usable_us = self.world.now_us
        heavy = [
            stock
            for stock in actor.stocks
            if stock.lot.product in ("dy-oxide", "tb-oxide")
            and stock.ready_us <= usable_us
            and not actor.planted
        ][:1]
        product = "ndfeb-dy-alloy" if heavy else "ndfeb-alloy"
        alloy = self.convert(actor, [*metals, *heavy], "strip-cast", product)
        self.world.chronicle.plan(self.later(0.5, 4), self._press, actor, alloy)

    def _press(self, actor: Actor, alloy: Stock) -> None:
        if alloy not in actor.stocks or self._waits([alloy], self._press, actor, alloy):
            return
        mean, deviation = noise.RECOVERY["magnet-making"]
        true_mg = scaled(alloy.true_mg, min(0.998, self.chance.gauss(mean, deviation)))
        swarf = self.chance.uniform(*noise.SWARF)
        product = alloy.lot.product.replace("alloy", "magnet")
        outputs = [Batch(product, scaled(true_mg, 1 - swarf)), Batch("magnet-swarf", scaled(true_mg, swarf))]
        magnets, scrap = self.world.process(actor, [alloy], "magnet-making", outputs, self.world.now_us)
        self.plan(self.later(1, 12), self._sell, scrap, "recycler")
        self.plan(self.later(1, 8), self._sell_magnets, magnets)

    def _sell_magnets(self, stock: Stock) -> None:
        if stock not in stock.custodian.stocks or self._waits([stock], self._sell_magnets, stock):
            return
        roll = self.chance.random()
        if roll < noise.LOST:
            self.incidents.lose(stock)
            return
        if roll < noise.LOST + noise.PACKED:
            self.incidents.pack(stock)
            self.plan(self.later(1, 3), self._sell_packed, stock)
            return
        self._sell_packed(stock)

    def _sell_packed(self, stock: Stock) -> None:
        if self._waits([stock], self._sell_packed, stock):
            return
        if self.chance.random() < 0.45:
            self.exports.export(stock, self.exports.customer(stock.custodian))
        else:
            self.release(stock, self.pick("user"))

    def _recycle(self, actor: Actor, stocks: list[Stock]) -> None:
        made = self.convert(actor, stocks, "scrap-recovery", "recycled-magnet-oxide")
        self.world.chronicle.plan(self.later(0.5, 3), self._feed, actor.pools[0], [made])

    # Traders

    def _trade(self, actor: Actor, stocks: list[Stock]) -> None:
        for stock in stocks:
            if stock.owner is actor and self.chance.random() < noise.WAREHOUSED:
                warehouse = self.pick("warehouse")
                self.world.ship([stock], warehouse, self.world.now_us, Terms(sale=False))
            else:
                self.plan(self.later(1, 15), self._resell, stock)

    def _resell(self, stock: Stock) -> None:
        if stock not in stock.custodian.stocks or self._waits([stock], self._resell, stock):
            return
        product = stock.lot.product
        if stock.custodian.kind == "exporter" or (product in CONTROLLED and self.chance.random() < 0.5):
            self.exports.export(stock, self.exports.customer(stock.custodian))
        elif product == "prnd-oxide" and self.chance.random() < noise.TOLLED:
            self.world.ship([stock], self.pick("smelter"), self.world.now_us, Terms(sale=False))
        elif product == "prnd-oxide":
            self._sell(stock, "smelter")
        elif product in ("dy-oxide", "tb-oxide"):
            self._sell(stock, "magnet-maker")
        elif product in MINERAL:
            self._sell(stock, "separator")
        else:
            self.release(stock, self.pick("user"))

    def _forward(self, actor: Actor, stocks: list[Stock]) -> None:
        for stock in stocks:
            kind = {"prnd-oxide": "smelter", "dy-oxide": "magnet-maker", "tb-oxide": "magnet-maker"}
            found = kind.get(stock.lot.product, "exporter")
            buyer = self.pick(found)
            if buyer is stock.owner:
                continue
            at_us = self.later(3, 20)
            self.plan(at_us, self._leave_warehouse, stock, buyer)

    def _leave_warehouse(self, stock: Stock, buyer: Actor) -> None:
        if stock in stock.custodian.stocks:
            self.world.ship([stock], buyer, self.world.now_us, Terms(owner=stock.owner))
