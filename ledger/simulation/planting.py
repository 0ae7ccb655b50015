"""Planting: which dishonest patterns are played, how often and when.

Decides: the number of instances for a rate, spread evenly over all patterns and over the months, and which
of them are shaped to stay just under a threshold (``evasive``; counted apart). What a pattern does stands in
 ``goods_patterns``, ``office_patterns``, ``trade_patterns`` and ``export_patterns``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.records.periods import DAY_US, HOUR_US
from ledger.simulation.business import Business
from ledger.simulation.cast import Actor, Cast, Site
from ledger.simulation.chance import stream
from ledger.simulation.chronicle import Draft, Label
from ledger.simulation.folder import Planted
from ledger.simulation.goods import Stock
from ledger.simulation.world import World

EVASIVE_EVERY: Final = 5
"""Of the instances of a pattern that has a threshold, every fifth stays just under it."""
RETRY_DAYS: Final = 2.0
ATTEMPTS: Final = 60


@dataclass(slots=True)
class Instance:
    """One planted instance, for the truth file.

    Attributes:
        codes: What is to be found. ``subjects``: by which an alert of these codes may be known besides its
            statement. ``sites``: honest ones whose sums it changes.
        begun_us: When it was begun; None before.
    """

    number: str
    pattern: str
    codes: tuple[str, ...]
    evasive: bool
    subjects: list[str] = field(default_factory=list)
    sites: list[str] = field(default_factory=list)
    begun_us: int | None = None


class Plot:
    """One instance under way: the world as a pattern uses it.

    Attributes:
        world, business, cast: Of the simulation.
        chance: Its own.
        rogues: Parties of its own, where the pattern has some.
        evasive: Whether it stays under the threshold.
    """

    def __init__(self, planting: "Planting", instance: Instance, rogues: list[Actor]) -> None:
        """For one instance."""
        self.planting = planting
        self.instance = instance
        self.rogues = rogues
        self.evasive = instance.evasive
        self.chance = stream(planting.seed, "plot", instance.number)
        self.step = 0

    @property
    def world(self) -> World:
        """The true world."""
        return self.planting.world

    @property
    def business(self) -> Business:
        """The honest business."""
        return self.planting.business

    @property
    def now_us(self) -> int:
        """Simulated time."""
        return self.world.now_us

    @property
    def villain(self) -> Actor:
        """The first party of its own."""
        return self.rogues[0]

    @property
    def accomplice(self) -> Actor:
        """The second party of its own."""
        return self.rogues[1]

    def limit(self, name: str) -> float:
        """A threshold of the policy in force."""
        return float(self.world.chronicle.policy.thresholds[name])

    def label(self, *codes: str) -> Label:
        """A label for a statement; the codes are the instance's unless given."""
        return Label(self.instance.pattern, self.instance.number, codes or self.instance.codes, self.evasive)

    def later(self, low_days: float, high_days: float, what: Callable[..., object], *args: Any) -> None:
        """Lets something happen within so many days."""
        days = self.chance.uniform(low_days, high_days)
        self.world.chronicle.plan(self.now_us + round(days * DAY_US), what, *args)

    def stock(
        self,
        kinds: tuple[str, ...],
        products: tuple[str, ...] = (),
        *,
        least_mg: float = 0,
        own: bool = False,
        filed: bool = True,
    ) -> Stock | None:
        """Goods in honest hands that a pattern may use; None where there are none now.

        Goods without taint come first: what another pattern tainted is used where nothing else is at hand.

        Args:
            kinds: Of the holders.
            products: Catalogue codes; any where empty.
            least_mg: At least this mass.
            own: Whether the holder made them.
            filed: Whether everything about them is filed already.
        """
        found = [
            stock
            for kind in kinds
            for actor in self.world.cast.by_kind.get(kind, ())
            if not actor.planted
            for stock in actor.stocks
            if (not products or stock.lot.product in products)
            and stock.mass_mg >= least_mg
            and stock.owner is actor
            and not stock.reserved
            and (not own or stock.lot.maker is actor)
            and (not filed or stock.settled_us < self.now_us)
        ]
        clean = [stock for stock in found if not stock.lot.illicit]
        return self.chance.choice(clean or found) if found else None

    def attempt(
        self,
        actor: Actor,
        kind: str,
        members: dict[str, Any],
        *codes: str,
        at_us: int | None = None,
        filed_us: int | None = None,
        subjects: tuple[str, ...] = (),
    ) -> Draft:
        """Files something that is to be refused, or changes nothing that honest people use."""
        at_us = self.now_us - HOUR_US if at_us is None else at_us
        return self.world.chronicle.file(
            actor,
            kind,
            at_us,
            members,
            filed_us=self.now_us if filed_us is None else filed_us,
            label=self.label(*codes),
            subjects=subjects,
        )

    def take(self, stock: Stock) -> None:
        """Takes goods out of honest hands: nobody else will use them."""
        stock.custodian.stocks.remove(stock)

    def watch(self, *subjects: str) -> None:
        """An alert of the instance's codes on one of these is its finding."""
        self.instance.subjects.extend(subjects)

    def changes(self, site: Site) -> None:
        """What is summed up over months at an honest site is changed by the instance."""
        self.instance.sites.append(site.site)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A kind of dishonesty.

    Attributes:
        name: Its name.
        codes: What is to be found.
        make: Plays one instance; says False where the goods for it are not there yet.
        cost: How many statements it has, about.
        rogues: Kinds and roles of parties of its own.
        evasive: Whether it has a variant under the threshold.
        silent: Whether something is not filed rather than filed.
        shape: ``spread`` over weeks or months, ``combined`` of several acts and firms, or "".
        least: How many statements make it one: fewer, where the time was too short, are no instance.
        first, last: Between which shares of the simulated time it begins.
    """

    name: str
    codes: tuple[str, ...]
    make: Callable[[Plot], bool]
    cost: float = 1.0
    rogues: tuple[tuple[str, tuple[str, ...]], ...] = ()
    evasive: bool = False
    silent: bool = False
    shape: str = ""
    least: int = 1
    first: float = 0.2
    last: float = 0.75


class Planting:
    """Everything that is planted in one simulation."""

    world: World
    business: Business

    def __init__(self, seed: int, cast: Cast, movements: int, rate: float) -> None:
        """Plans the instances and admits the parties that they need."""
        from ledger.simulation.patterns import PATTERNS  # they are written in terms of Plot

        self.seed = seed
        self.plots: list[tuple[Pattern, Plot]] = []
        chance = stream(seed, "planting")
        budget = movements * rate
        patterns = list(PATTERNS)
        each = budget / sum(pattern.cost for pattern in patterns)
        chance.shuffle(patterns)
        for place, pattern in enumerate(patterns):
            whole = int(each)
            count = whole + (chance.random() < each - whole if each > 1 else place < each * len(patterns))
            for number in range(count):
                self._plan(pattern, number, cast)

    def _plan(self, pattern: Pattern, number: int, cast: Cast) -> None:
        evasive = pattern.evasive and number % EVASIVE_EVERY == EVASIVE_EVERY - 1
        name = f"{pattern.name}-{number + 1}"
        instance = Instance(name, pattern.name, pattern.codes, evasive)
        rogues = []
        for place, (kind, roles) in enumerate(pattern.rogues):
            country = "DE" if kind == "importer" else "CN"
            called = f"{kind}-{name}" + (f"-{place + 1}" if place else "")
            rogues.append(cast.add(called, kind, roles, country, monthly=False))
            rogues[-1].planted = name
        self.plots.append((pattern, Plot(self, instance, rogues)))

    def begin(self, world: World, business: Business, start_us: int, months: int) -> None:
        """Plans when each instance is played."""
        self.world, self.business = world, business
        span_us = months * 30 * DAY_US
        for pattern, plot in self.plots:
            share = plot.chance.uniform(pattern.first, pattern.last)
            world.chronicle.plan(start_us + round(span_us * share), self._play, pattern, plot, ATTEMPTS)

    def _play(self, pattern: Pattern, plot: Plot, attempts: int) -> None:
        if pattern.make(plot):
            plot.instance.begun_us = self.world.now_us
        elif attempts:
            at_us = self.world.now_us + round(plot.chance.uniform(0.5, 1.5) * RETRY_DAYS * DAY_US)
            self.world.chronicle.plan(at_us, self._play, pattern, plot, attempts - 1)

    def planted(self) -> list[Planted]:
        """What was played, for the truth folder."""
        written = self.world.chronicle.labelled
        return [
            Planted(
                number=plot.instance.number,
                pattern=pattern.name,
                codes=pattern.codes,
                evasive=plot.instance.evasive,
                subjects=tuple(plot.instance.subjects),
                statements=written[plot.instance.number],
                silent=pattern.silent,
                shape=pattern.shape,
                begun_us=plot.instance.begun_us,
                sites=tuple(plot.instance.sites),
            )
            for pattern, plot in self.plots
            if plot.instance.begun_us is not None
            and written[plot.instance.number] >= (0 if pattern.silent else pattern.least)
        ]

    def counts(self) -> dict[str, int]:
        """Instances that were played, by pattern; 0 where the goods for it were never there."""
        found = dict.fromkeys(sorted(pattern.name for pattern, _ in self.plots), 0)
        for each in self.planted():
            found[each.pattern] += 1
        return found
