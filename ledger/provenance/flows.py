"""Where the mass of an element came from: the flow through every event on the way, to the milligram.

Decides: by which share of what went in each event is credited. What is asked about is taken apart into its
cells, by element and origin, and each of them is followed on its own: to the inputs in proportion to what
they held of it, as consumed by the event's own postings; through a pool by the cells of its versions. So a
flow ends at its origin with the very mass that the cells state, and sums at the mines are the shares that
``origins`` gives.

Shares are exact; each step gives whole milligrams out by largest remainder, so that in equals out at every
node. Where a record was corrected since, the trail of a cell may be lost: from there it leads straight to its
origin. What comes out beyond what went in has the origin ``unexplained``. Linear in the number of edges: a
pool that is reached is walked through all its earlier versions at once, and what only passes through a
version is handed on as it is.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from typing import Final

from ledger.books.pool_origins import RESOLVE
from ledger.provenance.borne import NOT_BORNE, Use
from ledger.provenance.digits import in_whole
from ledger.provenance.flow_facts import Facts, gained
from ledger.provenance.flow_parts import Flows, NodeId, Part, Parts, Resolver, Step, shares, split
from ledger.provenance.flow_steps import Made, Used, in_order, made_of, read_way, with_chains
from ledger.provenance.subjects import Subject
from ledger.records.books import Books
from ledger.records.cells import UNEXPLAINED, Cells
from ledger.records.lots import LotRecord, PoolRecord

MOST_STEPS: Final = 20_000
AHEAD: Final = 100  # steps whose cells are read at once
MOST_WORK: Final = 50_000_000
"""How often a cell or a part may be looked at before a walk ends, as by its limit on steps."""


def upstream(
    books: Books,
    facts: Facts,
    subject: Subject,
    most: int = MOST_STEPS,
    *,
    unborne: Callable[[Iterable[str]], Collection[Use]] | None = None,
    origins_alone: bool = False,
) -> Flows:
    """Where what a subject contains came from.

    Args:
        books: The books.
        facts: The same, of the element that is asked for.
        subject: A lot, unit, shipment or pool.
        most: Steps at most.
        unborne: The uses of some lots at which the trail ends for the viewer (``borne.uses_of``): what came
            that way has the origin ``NOT_BORNE``.
        origins_alone: Follows only what leads to such a use: of the flows nothing but ``origins`` is told.
    """
    root = (subject.kind, subject.name)
    flows = Flows(root, facts)
    walk = _Walk(facts, flows, most, unborne, origins_alone)
    for step, cells in begin(books, subject):
        parts = walk.resolver.resolved(cells)
        walk.arrive(step, parts)
        flows.add(step[:2], root, sum(parts.values()))
    walk.run(subject.nodes)
    for (source, target), mass_mg in flows.links.items():
        flows.masses[source] = flows.masses.get(source, 0) + mass_mg
        flows.masses.setdefault(target, 0)
    flows.masses[root] = walk.begun
    return flows


def begin(books: Books, subject: Subject) -> Iterator[tuple[Step, Cells]]:
    """The steps at which a subject's goods stand, with what of them it contains, as ``answers`` counts it."""
    if subject.kind == "pool":
        pool = books.get(PoolRecord, subject.name)
        assert pool is not None
        yield ("pool", subject.name, pool.version), subject.cells
        return
    books.prefetch(LotRecord, [(name,) for name in subject.lots])
    for name, mass_mg in sorted(subject.lots.items()):
        lot = books.get(LotRecord, name)
        if lot is not None and lot.mass_mg:
            cells = {cell: round(Fraction(mg * mass_mg, lot.mass_mg)) for cell, mg in lot.cells.items()}
            yield ("lot", name, 0), cells


@dataclass(slots=True)
class _Walk:
    """The walk upstream: each step once all that was made of it has said what it takes.

    Attributes:
        waiting: What has arrived at each step; ``drawn``: what lots drawn from a pool's version ask of it.
        work: How often a cell or a part was looked at.
    """

    facts: Facts
    flows: Flows
    most: int
    unborne: Callable[[Iterable[str]], Collection[Use]] | None = None
    origins_alone: bool = False
    resolver: Resolver = field(init=False)
    uses: Collection[Use] = ()
    begun: int = 0
    work: int = 0
    waiting: dict[Step, Parts] = field(default_factory=dict)
    drawn: dict[Step, list[tuple[Step, list[tuple[Part, int]], Made]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.resolver = Resolver(self.facts)

    def arrive(self, step: Step, parts: Parts) -> None:
        """Lets parts begin at a step."""
        self.begun += sum(parts.values())
        self.join(step, parts)

    def run(self, nodes: Collection[int]) -> None:
        """Follows everything from such nodes to its origins."""
        sources = self._reach(read_way(self.facts, nodes, self.most))
        if self.unborne is not None:
            used = (each for made in sources.values() if made is not None for each in made.inputs)
            self.uses = self.unborne(each.lot.lot for each in used)
        steps = iter(self._followed(sources))
        while not self._is_long() and (ahead := list(islice(steps, AHEAD))):
            self._need(ahead, sources)
            for step in ahead:
                made = sources.get(step)
                if step[0] == "pool":
                    self._pass_version(step, made)
                else:
                    self._pass_lot(step, self.waiting.pop(step, {}), made)
        self.flows.truncated |= self.resolver.truncated or self._is_long()
        for step, parts in self.waiting.items():
            self._to_origins(step, parts.items())
        for lot, arrived, _ in (each for drawn in self.drawn.values() for each in drawn):
            self._to_origins(lot, arrived)

    def _is_long(self) -> bool:
        return self.work + self.resolver.looked > MOST_WORK

    def _followed(self, sources: Mapping[Step, Made | None]) -> list[Step]:
        """The steps in order; of a walk to the origins alone those that such a use is behind: what arrives
        anywhere else came from its origin, by whatever way.
        """
        steps = list(in_order(sources))
        if not self.origins_alone:
            return steps
        leading: set[Step] = set()
        for step in reversed(steps):
            made = sources[step]
            if made and any(source in leading or self.ends(source, step) for source in made.before()):
                leading.add(step)
        return [step for step in steps if step in leading]

    def _reach(self, known: Mapping[Step, Made]) -> dict[Step, Made | None]:
        """What each step was made of, if not ``known``; None of those at which the limit ended the walk."""
        sources: dict[Step, Made | None] = {}
        level = dict.fromkeys(self.waiting)
        while level and len(sources) <= self.most:
            level = with_chains(self.facts, level, sources, self.most)
            found: dict[Step, None] = {}
            more = made_of(self.facts, [step for step in level if step not in known])
            for step in level:
                made = sources[step] = known.get(step) or more[step]
                found.update(dict.fromkeys(made.before()))
            level = {step: None for step in found if step not in sources}
        self.flows.truncated = bool(level)
        return sources | level

    def _need(self, steps: Iterable[Step], sources: Mapping[Step, Made | None]) -> None:
        """Reads the cells that some steps are judged by."""
        lots: list[str] = []
        versions: list[tuple[str, int]] = []
        for step in steps:
            made = sources.get(step)
            if made is not None:
                lots += [each.lot.lot for each in made.inputs]
            if step[0] == "pool":
                versions += [step[1:]] if step[2] == 1 else [(step[1], step[2] - 1), step[1:]]
        self.facts.need_origins(lots, versions)
        before = [(step[1], step[2] - 1) for step in steps if self._resolves(step)]
        names = {origin for version in before for _, origin in self.facts.origins_of(*version)}
        self.resolver.read_ahead(names, lots, versions)

    def _resolves(self, step: Step) -> bool:
        """Whether a step is a version of a pool in which origins were named, and nothing else done."""
        version = self.facts.versions.get(step[1:]) if step[0] == "pool" else None
        return version is not None and version.change == RESOLVE

    def join(self, step: Step, parts: Parts) -> None:
        """Lets parts arrive at a step; they are the step's own from then on."""
        known = self.waiting.get(step)
        if known is None:
            self.waiting[step] = parts
            return
        if len(known) < len(parts):
            known, parts = parts, known
            self.waiting[step] = known
        for part, mass_mg in parts.items():
            known[part] = known.get(part, 0) + mass_mg

    def _pass_lot(self, step: Step, parts: Parts, made: Made | None) -> None:
        """Shares what arrived at a lot out to what it was made of."""
        name = step[1]
        arrived = [
            (part.onward if part.awaited == name and part.onward is not None else part, mass_mg)
            for part, mass_mg in parts.items()
        ]
        if not arrived:
            return
        if made is not None and made.previous is not None:
            self.drawn.setdefault(made.previous, []).append((step, arrived, made))
            return
        if made is None or not made.inputs:
            self._to_origins(step, arrived)
            return
        intake = _Intake(self.facts, made.inputs)
        self.work += len(arrived) * len(made.inputs)
        credit = _Credit(self, step)
        gains: Mapping[str, int] = {}
        if any(part.cell[1] == UNEXPLAINED for part, _ in arrived):
            gains, explained = gained(self.facts, made.lines, intake.elements())
        for part, mass_mg in arrived:
            weights = intake.weights(part)
            if part.cell[1] == UNEXPLAINED and gains.get(part.element):
                scale = explained.get(part.element, Fraction(1)) / intake.common
                credit.exactly(part, mass_mg, {s: w * scale for s, w in weights}, gains[part.element])
            else:
                credit.share(part, mass_mg, weights)
        credit.give()

    def _take_drawn(self, step: Step) -> None:
        """What lots drawn from a pool's version had of it arrives there; what it had not ends here."""
        held = self.facts.origins_of(*step[1:])
        for lot, arrived, made in self.drawn.pop(step, ()):
            credit = _Credit(self, lot)
            gains: Mapping[str, int] = {}
            if any(part.cell[1] == UNEXPLAINED for part, _ in arrived):
                taken = {symbol: -mass for symbol, mass in self.facts.stated(made.lines, "pool").items()}
                gains, explained = gained(self.facts, made.lines, taken)
            for part, mass_mg in arrived:
                weight = max(held.get(part.cell, 0), 0)
                if part.cell[1] == UNEXPLAINED and gains.get(part.element):
                    scale = explained.get(part.element, Fraction(1))
                    credit.exactly(part, mass_mg, {step: weight * scale}, gains[part.element])
                else:
                    credit.share(part, mass_mg, [(step, weight)])
            credit.give()

    def _pass_version(self, step: Step, made: Made | None) -> None:
        """Shares what arrived at a pool's version out to the one before and to what was fed."""
        self._take_drawn(step)
        parts = self.waiting.pop(step, {})
        if made is None:
            self._to_origins(step, parts.items())
            return
        now = self.facts.origins_of(*step[1:])
        before = {} if made.previous is None else self.facts.origins_of(*made.previous[1:])
        self.work += len(parts) + len(now)
        if made.previous is not None and self._resolves(step):
            behind = self.resolver.unnamed(parts, now, before)
            if behind is None:
                self._to_origins(step, parts.items())
            else:
                self.join(made.previous, behind)
            return
        changed = [part for part in parts if not 0 < now.get(part.cell, 0) <= before.get(part.cell, 0)]
        credit = _Credit(self, step)
        intake = _Intake(self.facts, made.inputs if changed else ())
        self.work += len(changed) * len(made.inputs)
        for part in changed:
            # Between a correction's undoing and its replacement a cell may stand below zero.
            held, then = max(now.get(part.cell, 0), 0), max(before.get(part.cell, 0), 0)
            came, fed = max(held - then, 0), intake.weights(part)
            whole = sum(weight for _, weight in fed)
            weights: list[tuple[Step | None, int]] = [(None, came)]
            if whole:
                weights = [(source, came * weight) for source, weight in fed]
            if made.previous is not None:
                weights.insert(0, (made.previous, min(held, then) * (whole or 1)))
            credit.share(part, parts.pop(part), weights)
        credit.give()
        if parts and made.previous is not None:
            self.join(made.previous, parts)

    def _to_origins(self, step: Step, arrived: Iterable[tuple[Part, int]]) -> None:
        for part, mass_mg in arrived:
            self.flows.begin_at(part.origin, step[:2], part, mass_mg)

    def ends(self, source: Step, target: Step) -> bool:
        """Whether the trail ends between two steps, since nobody bears out that the goods were there."""
        if not self.uses or source[0] != "lot":
            return False
        made = self.facts.lots[target[1]] if target[0] == "lot" else self.facts.versions.get(target[1:])
        return made is not None and Use(source[1], *made.place) in self.uses


class _Intake:
    """Lots that went into an event, and by how much each is credited for a part, in whole numbers.

    Attributes:
        common: What the weights are to be divided by to be mg.
    """

    __slots__ = ("_facts", "_used", "common")

    def __init__(self, facts: Facts, inputs: Sequence[Used]) -> None:
        shares = [Fraction(each.mass_mg, each.lot.mass_mg) for each in inputs]
        self._facts = facts
        whole, self.common = in_whole([share.as_integer_ratio() for share in shares])
        self._used = [
            (each.step, each.lot.lot, part, facts.origins_of(each.lot.lot))
            for each, part in zip(inputs, whole, strict=True)
        ]

    def weights(self, part: Part) -> list[tuple[Step | None, int]]:
        """What each lot brought in of a part: when it went in awaited, all that it holds of the element."""
        cell, awaited = part.cell, part.awaited
        found: list[tuple[Step | None, int]] = []
        for step, name, share, cells in self._used:
            mass_mg = cells.get(cell, 0)
            if awaited == name:
                mass_mg += sum(mass for (symbol, _), mass in cells.items() if symbol == part.element)
            found.append((step, share * mass_mg))
        return found

    def elements(self) -> dict[str, Fraction]:
        """What went in, in mg by element."""
        sums: dict[str, int] = {}
        for _, _, share, cells in self._used:
            for (symbol, _), mass_mg in cells.items():
                sums[symbol] = sums.get(symbol, 0) + share * mass_mg
        return {symbol: Fraction(mass, self.common) for symbol, mass in sums.items()}


class _Credit:
    """What one step gives to each of its sources, and to origins where the trail ends."""

    __slots__ = ("_given", "_step", "_target", "_walk")

    def __init__(self, walk: _Walk, step: Step) -> None:
        self._walk = walk
        self._step = step
        self._target: NodeId = step[:2]
        self._given: dict[Step, Parts] = {}

    def share(self, part: Part, mass_mg: int, weights: Sequence[tuple[Step | None, int]]) -> None:
        """Credits sources in proportion to whole numbers; the origin itself where all are zero."""
        some = [each for each in weights if each[1]]
        if len(some) < 2:
            self._put(some[0][0] if some else None, part, mass_mg)
            return
        for source, amount in zip(
            (each for each, _ in some), shares(mass_mg, [weight for _, weight in some]), strict=True
        ):
            self._put(source, part, amount)

    def exactly(
        self, part: Part, mass_mg: int, weights: Mapping[Step | None, Fraction], gain_mg: int
    ) -> None:
        """The same of what may be a gain: its own origin is credited for it."""
        for source, amount in split(mass_mg, {**weights, None: Fraction(gain_mg)}).items():
            self._put(source, part, amount)

    def give(self) -> None:
        """Lets arrive at each source what it was credited for."""
        for source, parts in self._given.items():
            self._walk.flows.add(source[:2], self._target, sum(parts.values()))
            self._walk.join(source, parts)

    def _put(self, source: Step | None, part: Part, mass_mg: int) -> None:
        if source is None:
            self._walk.flows.begin_at(part.origin, self._target, part, mass_mg)
        elif self._walk.ends(source, self._step):
            # What a pool itself was fed so is left out of it: its content would tell the lot's.
            asked = self._target[0] == "pool" and self._target == self._walk.flows.subject
            self._walk.flows.begin_at("" if asked else NOT_BORNE, self._target, part, mass_mg)
        elif mass_mg:
            parts = self._given.setdefault(source, {})
            parts[part] = parts.get(part, 0) + mass_mg
