"""Planting: which dishonest patterns are played, how often and when.

Decides: the number of instances for a rate, spread evenly over all patterns and over the months, and which
of them are shaped to stay just under a threshold (``evasive``; counted apart). What a pattern does stands in
 ``goods_patterns``, ``office_patterns``, ``trade_patterns`` and ``export_patterns``.
"""

import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
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
MORE_FROM: Final = 0.1
"""From which share of the simulated time on more is planned, where what was planned could not be played."""
MORE_EVERY_US: Final = 7 * DAY_US
MORE_OVER: Final = 4.0
"""How often, and over how many times what is lacking then is spread."""
KEPT_BACK: Final = 0.03
"""Share of the planted movements that is not planned but left to single statements in the last part."""
LAST_PART: Final = 0.8
"""From which share of the movements on single statements, filed at once, make up for what is lacking."""
OVERDUE_US: Final = 20 * DAY_US
"""What waits longer for its goods is as likely never played."""
PACE_US: Final = 30 * DAY_US
"""Over what time the pace of filing is seen, by which the end comes."""
FILING_US: Final = 40 * DAY_US
"""How long after it happened something may be filed, a month's filing at most."""
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
        rogues: Parties of its own, where the pattern has some.
        evasive: Whether it stays under the threshold.
    """

    def __init__(self, planting: "Planting", instance: Instance, rogues: list[Actor]) -> None:
        """For one instance."""
        self.planting = planting
        self.instance = instance
        self.rogues = rogues
        self.evasive = instance.evasive
        self.step = 0
        self._drawn = 0

    @cached_property
    def chance(self) -> random.Random:
        """Its own, made when it is asked for."""
        made = stream(self.planting.seed, "plot", self.instance.number)
        for _ in range(self._drawn):
            made.random()
        return made

    def draw_share(self, first: float, last: float) -> float:
        """When it begins. Its chance, of 2.5 kB, is let go: tens of thousands wait for their time."""
        share = self.chance.uniform(first, last)
        self._drawn += 1
        del self.chance
        return share

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
        cost: How many movements it has, about. ``evasive_cost``: the evasive variant, where it has others.
        days: How long it takes, about. ``prompt``: whether it is a single statement, filed at once.
        rogues: Kinds and roles of parties of its own.
        evasive: Whether it has a variant just under a limit. ``under``: which thresholds of the policy it is.
        silent: Whether something is not filed rather than filed.
        shape: ``spread`` over weeks or months, ``combined`` of several acts and firms, or "".
        least: How many statements make it one: fewer, where the time was too short, are no instance.
        first, last: Between which shares of the simulated time it begins, and of the movements, if these are
            filed sooner.
    """

    name: str
    codes: tuple[str, ...]
    make: Callable[[Plot], bool]
    cost: float = 1.0
    evasive_cost: float | None = None
    days: float = 60.0
    prompt: bool = False
    rogues: tuple[tuple[str, tuple[str, ...]], ...] = ()
    evasive: bool = False
    under: tuple[str, ...] = ()
    silent: bool = False
    shape: str = ""
    least: int = 1
    first: float = 0.1
    last: float = 0.75

    def cost_of(self, *, evasive: bool) -> float:
        """How many movements an instance has, about."""
        return self.cost if not evasive or self.evasive_cost is None else self.evasive_cost

    @property
    def mean_cost(self) -> float:
        """How many movements an instance has on the mean, about."""
        plain, evasive = self.cost_of(evasive=False), self.cost_of(evasive=self.evasive)
        return plain + (evasive - plain) / EVASIVE_EVERY


class Planting:
    """Everything that is planted in one simulation."""

    world: World
    business: Business

    def __init__(self, seed: int, cast: Cast, movements: int, rate: float) -> None:
        """Plans the instances and admits the parties that they need."""
        from ledger.simulation.patterns import PATTERNS  # they are written in terms of Plot

        self.seed, self.cast, self.movements = seed, cast, movements
        self.instances: list[tuple[Pattern, Instance]] = []
        self._waiting: list[tuple[Pattern, Plot]] = []
        self.budget = movements * rate
        self._planned = self.budget * (1 - KEPT_BACK)
        self._committed = self._lacking = 0.0
        self._start_us = self._span_us = self._more_us = 0
        self._passed = deque([(0, 0)])
        self._chance = stream(seed, "planting")
        self.patterns = patterns = list(PATTERNS)
        whole, left = divmod(self._planned, sum(pattern.mean_cost for pattern in patterns))
        self._chance.shuffle(patterns)
        for pattern in patterns:
            more = self.budget > 0 and pattern.cost <= left
            left -= pattern.cost * more
            for number in range(int(whole) + more):
                self._waiting.append((pattern, self._plan(pattern, number)))

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
        self.instances.append((pattern, instance))
        return Plot(self, instance, rogues)

    def begin(self, world: World, business: Business, start_us: int, months: int) -> None:
        """Plans when each instance is played."""
        self.world, self.business = world, business
        self._start_us, self._span_us = start_us, months * 30 * DAY_US
        self._more_us = start_us + round(MORE_FROM * self._span_us)
        for pattern, plot in self._waiting:
            share = plot.draw_share(pattern.first, pattern.last)
            self._schedule(pattern, plot, start_us + round(self._span_us * share))
        self._waiting.clear()  # who plays them has them

    def _schedule(self, pattern: Pattern, plot: Plot, at_us: int) -> None:
        plot.instance.planned_us = at_us
        self.world.chronicle.plan(at_us, self._play, pattern, plot, ATTEMPTS)

    def keep_up(self) -> None:
        """Makes up for what could not be played: every few hours.

        Until the last part what is lacking is planned anew, spread over the time and over all patterns that
        can be played; then single statements follow the share to the end.
        """
        chronicle = self.world.chronicle
        if not self.budget:
            return
        if chronicle.movements >= LAST_PART * self.movements:
            self._make_up()
        elif chronicle.now_us >= self._more_us:
            self._more_us = chronicle.now_us + MORE_EVERY_US
            self._plan_more()
        self._passed.append((chronicle.now_us, chronicle.movements))

    def _plan_more(self) -> None:
        """Plans more of what can be played.

        Parties are admitted before the first movement: only patterns without any of their own are planned.
        """
        now_us, chronicle = self.world.now_us, self.world.chronicle
        self._committed = sum(self._made(pattern, instance) for pattern, instance in self.instances)
        wanted = self._planned - chronicle.planted - self._outstanding()
        left_us = (LAST_PART - chronicle.movements / self.movements) * self._span_us
        wanted /= max(1.0, left_us / MORE_EVERY_US / MORE_OVER)
        waiting = {pattern.name for pattern, instance in self.instances if self._is_overdue(instance)}
        counts = Counter(pattern.name for pattern, _ in self.instances)
        passed = (now_us - self._start_us) / self._span_us
        able = [
            pattern
            for pattern in self.patterns
            if not pattern.rogues and pattern.name not in waiting and pattern.last >= passed
        ]
        while wanted >= 1 and able:
            pattern = min(able, key=lambda each: (counts[each.name], each.name))
            plot = self._plan(pattern, counts[pattern.name])
            self._schedule(pattern, plot, now_us + round(self._chance.uniform(0, 10) * DAY_US))
            counts[pattern.name] += 1
            wanted -= pattern.cost_of(evasive=plot.evasive)

    def _make_up(self) -> None:
        """Plays so many single statements that the share is met when the last movement is filed."""
        chronicle = self.world.chronicle
        left = self.movements - chronicle.movements
        while self._passed[0][0] < chronicle.now_us - PACE_US:
            self._passed.popleft()
        since_us, before = self._passed[0]
        left_us = left * (chronicle.now_us - since_us) // max(1, chronicle.movements - before)
        coming = self._outstanding(begun=True) * min(1.0, left_us / FILING_US)
        lacking = self.budget - chronicle.planted_by(chronicle.now_us + left_us) - coming
        passed = max(1, chronicle.movements - self._passed[-1][1])
        self._lacking += max(0.0, lacking) * min(1.0, passed / max(1, left))
        counts = Counter(pattern.name for pattern, _ in self.instances)
        able = [pattern for pattern in self.patterns if pattern.prompt]
        while self._lacking >= 1 and able:
            pattern = min(able, key=lambda each: (counts[each.name], each.name))
            plot = self._plan(pattern, counts[pattern.name])
            if pattern.make(plot):
                plot.instance.planned_us = plot.instance.begun_us = self.world.now_us
                counts[pattern.name] += 1
                self._lacking -= 1
            else:
                self.instances.pop()
                able.remove(pattern)

    def _is_overdue(self, instance: Instance) -> bool:
        return instance.begun_us is None and instance.planned_us + OVERDUE_US < self.world.now_us

    def _made(self, pattern: Pattern, instance: Instance) -> float:
        """How many movements an instance has made, and will: none before it has begun."""
        if instance.begun_us is None:
            return 0.0
        made = self.world.chronicle.moved[instance.number]
        passed = (self.world.now_us - instance.begun_us) / (pattern.days * DAY_US)
        cost = pattern.cost_of(evasive=instance.evasive)
        left = max(0.0, cost - made)
        if passed > 0.5:  # what has made less by now lacks goods
            left = min(left, cost * max(0.0, 1 - passed)) if made else 0.0
        return made + left

    def _outstanding(self, *, begun: bool = False) -> float:
        """How many movements are to be expected of what is planned and under way, or under way alone."""
        moved, whole = self.world.chronicle.moved, 0.0
        played, overdue = Counter[str](), Counter[str]()
        for pattern, instance in self.instances:
            played[pattern.name] += instance.begun_us is not None
            overdue[pattern.name] += self._is_overdue(instance)
        for pattern, instance in self.instances:
            if instance.begun_us is not None:
                whole += self._made(pattern, instance) - moved[instance.number]
            elif not instance.given_up and not begun:
                likely = (1 + played[pattern.name]) / (1 + played[pattern.name] + overdue[pattern.name])
                whole += pattern.cost_of(evasive=instance.evasive) * likely
        return whole

    def _play(self, pattern: Pattern, plot: Plot, attempts: int) -> None:
        cost = pattern.cost_of(evasive=plot.evasive)
        if self.world.chronicle.movements > pattern.last * self.movements:  # the end comes before it is found
            plot.instance.given_up = True
        elif self._committed + cost <= self._planned + cost / 2 and pattern.make(plot):
            plot.instance.begun_us = self.world.now_us
            self._committed += cost
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
                number=instance.number,
                pattern=pattern.name,
                codes=pattern.codes,
                evasive=instance.evasive,
                subjects=tuple(instance.subjects),
                statements=written[instance.number],
                silent=pattern.silent and not instance.evasive,
                shape=pattern.shape,
                begun_us=instance.begun_us,
                sites=tuple(instance.sites),
            )
            for pattern, instance in self.instances
            if instance.begun_us is not None
            and written[instance.number] >= (0 if pattern.silent and not instance.evasive else pattern.least)
        ]

    def counts(self) -> dict[str, int]:
        """Instances that were played, by pattern; 0 where the goods for it were never there."""
        found = dict.fromkeys(sorted(pattern.name for pattern, _ in self.instances), 0)
        for each in self.planted():
            found[each.pattern] += 1
        return found
