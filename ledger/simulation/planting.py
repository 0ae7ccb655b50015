"""Planting: which dishonest patterns are played, how often and when.

Decides: the number of instances for a rate, spread evenly over all patterns and over the months, and which
of them are shaped to stay just under a threshold (``evasive``; counted apart). What a pattern does stands in
 ``goods_patterns``, ``office_patterns``, ``trade_patterns`` and ``export_patterns``.
"""

from collections import Counter
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
MORE_BETWEEN: Final = (0.2, 0.85)
"""Between which shares of the simulated time more is planned, where what was planned could not be played."""
OVERDUE_US: Final = 20 * DAY_US
"""What waits longer for its goods is as likely never played."""
UNDER_WAY_US: Final = 100 * DAY_US
BEGINNING_US: Final = 60 * DAY_US
"""For how long more is expected of an instance that has made some movements, or none yet."""
RETRY_DAYS: Final = 2.0
ATTEMPTS: Final = 60


@dataclass(slots=True)
class Instance:
    """One planted instance, for the truth file.

    Attributes:
        codes: What is to be found. ``subjects``: by which an alert of these codes may be known besides its
            statement. ``sites``: honest ones whose sums it changes.
        planned_us: When it is to be begun. ``begun_us``: when it was; None before. ``given_up``: it never is.
    """

    number: str
    pattern: str
    codes: tuple[str, ...]
    evasive: bool
    subjects: list[str] = field(default_factory=list)
    sites: list[str] = field(default_factory=list)
    planned_us: int = 0
    begun_us: int | None = None
    given_up: bool = False


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
        clean = [stock for stock in found if not (stock.lot.sources or stock.lot.disguised)]
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
        cost: How many movements it has, about.
        rogues: Kinds and roles of parties of its own.
        evasive: Whether it has a variant just under a limit. ``under``: which thresholds of the policy it is.
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
    under: tuple[str, ...] = ()
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

        self.seed, self.cast = seed, cast
        self.plots: list[tuple[Pattern, Plot]] = []
        self.budget = movements * rate
        self._chance = stream(seed, "planting")
        self.patterns = patterns = list(PATTERNS)
        whole, left = divmod(self.budget, sum(pattern.cost for pattern in patterns))
        self._chance.shuffle(patterns)
        for pattern in patterns:
            more = self.budget > 0 and pattern.cost <= left
            left -= pattern.cost * more
            for number in range(int(whole) + more):
                self._plan(pattern, number)

    def _plan(self, pattern: Pattern, number: int) -> Plot:
        evasive = pattern.evasive and number % EVASIVE_EVERY == EVASIVE_EVERY - 1
        name = f"{pattern.name}-{number + 1}"
        instance = Instance(name, pattern.name, pattern.codes, evasive)
        rogues = []
        for place, (kind, roles) in enumerate(pattern.rogues):
            country = "DE" if kind == "importer" else "CN"
            called = f"{kind}-{name}" + (f"-{place + 1}" if place else "")
            rogues.append(self.cast.add(called, kind, roles, country, monthly=False))
            rogues[-1].planted = name
        plot = Plot(self, instance, rogues)
        self.plots.append((pattern, plot))
        return plot

    def begin(self, world: World, business: Business, start_us: int, months: int) -> None:
        """Plans when each instance is played."""
        self.world, self.business = world, business
        span_us = months * 30 * DAY_US
        for pattern, plot in self.plots:
            share = plot.chance.uniform(pattern.first, pattern.last)
            self._schedule(pattern, plot, start_us + round(span_us * share))

    def _schedule(self, pattern: Pattern, plot: Plot, at_us: int) -> None:
        plot.instance.planned_us = at_us
        self.world.chronicle.plan(at_us, self._play, pattern, plot, ATTEMPTS)

    def plan_more(self, month: int, months: int) -> None:
        """Plans more of what can be played, where goods were not there for what was planned: monthly.

        Parties are admitted before the first movement: only patterns without any of their own are planned.

        Args:
            month: How many months have passed. ``months``: of how many.
        """
        first, last = (int(share * months) for share in MORE_BETWEEN)
        if not self.budget or not first <= month <= last:
            return
        wanted = self.budget - self.world.chronicle.planted - self._outstanding()
        wanted /= 1 + (last - month) // 2
        waiting = {pattern.name for pattern, plot in self.plots if self._is_overdue(plot.instance)}
        counts = Counter(pattern.name for pattern, _ in self.plots)
        able = [
            pattern
            for pattern in self.patterns
            if not pattern.rogues and pattern.name not in waiting and pattern.last * months >= month + 1
        ]
        while wanted >= 1 and able:
            pattern = min(able, key=lambda each: (counts[each.name], each.name))
            plot = self._plan(pattern, counts[pattern.name])
            self._schedule(pattern, plot, self.world.now_us + round(self._chance.uniform(0, 30) * DAY_US))
            counts[pattern.name] += 1
            wanted -= pattern.cost

    def _is_overdue(self, instance: Instance) -> bool:
        return instance.begun_us is None and instance.planned_us + OVERDUE_US < self.world.now_us

    def _outstanding(self) -> float:
        """How many movements are to be expected of what is planned and under way."""
        chronicle, whole = self.world.chronicle, 0.0
        begun, overdue = Counter[str](), Counter[str]()
        for pattern, plot in self.plots:
            begun[pattern.name] += plot.instance.begun_us is not None
            overdue[pattern.name] += self._is_overdue(plot.instance)
        for pattern, plot in self.plots:
            instance, made = plot.instance, chronicle.labelled[plot.instance.number]
            if instance.begun_us is None:
                likely = (1 + begun[pattern.name]) / (1 + begun[pattern.name] + overdue[pattern.name])
                whole += 0.0 if instance.given_up else pattern.cost * likely
            elif instance.begun_us + (UNDER_WAY_US if made else BEGINNING_US) > chronicle.now_us:
                whole += max(0.0, pattern.cost - made)
        return whole

    def _play(self, pattern: Pattern, plot: Plot, attempts: int) -> None:
        if pattern.make(plot):
            plot.instance.begun_us = self.world.now_us
        elif attempts:
            at_us = self.world.now_us + round(plot.chance.uniform(0.5, 1.5) * RETRY_DAYS * DAY_US)
            self.world.chronicle.plan(at_us, self._play, pattern, plot, attempts - 1)
        else:
            plot.instance.given_up = True

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
