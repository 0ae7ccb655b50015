"""Flows upstream as they are computed straightforwardly, record by record: what the fast way must give.

Decides: by which share of what went in each event is credited. What is asked about is taken apart into its
cells, by element and origin, and each of them is followed on its own: to the inputs in proportion to what
they held of it, as consumed by the event's own postings; through a pool by the cells of its versions. So a
flow ends at its origin with the very mass that the cells state, and sums at the mines are the shares that
``origins`` gives.

Shares are exact; each step gives whole milligrams out by largest remainder, so that in equals out at every
node. Where a record was corrected since, the trail of a cell may be lost: from there it leads straight to its
origin. What comes out beyond what went in has the origin ``unexplained``. Linear in the number of edges.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, NamedTuple, TypeAlias, TypeVar

from ledger.books.births import BIRTH_AWAITED, REVALUED
from ledger.provenance.subjects import Subject
from ledger.records.books import Books
from ledger.records.cells import AWAITED, UNEXPLAINED, Cells, apportion, element_masses
from ledger.records.lots import (
    EdgeRecord,
    EventRecord,
    LotRecord,
    PoolRecord,
    PoolVersionRecord,
    PostingRecord,
)

MOST_STEPS: Final = 20_000
MAX_RESOLVED: Final = 64
_K = TypeVar("_K")
_ByOrigin: TypeAlias = Mapping[tuple[str, str], int]
NodeId: TypeAlias = tuple[str, str]
"""Kind (``lot``, ``pool``, ``origin``, ...) and name; a pool is one node, whatever its versions."""


class Part(NamedTuple):
    """One cell that is followed: its element, the awaited lots still to be passed, and its origin."""

    element: str
    through: tuple[str, ...]
    origin: str

    @property
    def label(self) -> str:
        """The origin under which cells hold it where the trail stands."""
        return f"{AWAITED}{self.through[0]}" if self.through else self.origin


Parts: TypeAlias = dict[Part, int]
_Step: TypeAlias = tuple[str, str, int]
"""A lot (0), or a pool at one of its versions: what is walked; a pool is shown as one node."""


@dataclass(slots=True)
class Flows:
    """Masses between nodes.

    Attributes:
        subject: Where the flow ends (upstream) or begins (downstream).
        masses: What passes through each node, in mg.
        links: (source, target) -> mg, in the direction in which goods move.
        truncated: Whether the walk was ended by its limit: what lay beyond is credited to its origin at once.
    """

    subject: NodeId
    masses: dict[NodeId, int] = field(default_factory=dict)
    links: dict[tuple[NodeId, NodeId], int] = field(default_factory=dict)
    truncated: bool = False

    def add(self, source: NodeId, target: NodeId, mass_mg: int) -> None:
        """Lets so much pass between two nodes; within one node nothing passes."""
        if mass_mg and source != target:
            self.links[source, target] = self.links.get((source, target), 0) + mass_mg


def upstream(books: Books, subject: Subject, element: str | None, most: int = MOST_STEPS) -> Flows:
    """Where what a subject contains came from.

    Args:
        books: The books.
        subject: A lot, unit, shipment or pool.
        element: Symbol; None: all REO together.
        most: Steps at most.
    """
    root = (subject.kind, subject.name)
    flows = Flows(root)
    walk = _Walk(books, flows, most)
    for step, cells in begin(books, subject):
        parts = _resolved(books, cells, element)
        walk.arrive(step, parts)
        flows.add(step[:2], root, sum(parts.values()))
    walk.run()
    for (source, target), mass_mg in flows.links.items():
        flows.masses[source] = flows.masses.get(source, 0) + mass_mg
        flows.masses.setdefault(target, 0)
    flows.masses[root] = walk.begun
    return flows


def begin(books: Books, subject: Subject) -> Iterator[tuple[_Step, Cells]]:
    """The steps at which a subject's goods stand, with what of them it contains, as ``answers`` counts it."""
    if subject.kind == "pool":
        pool = books.get(PoolRecord, subject.name)
        assert pool is not None
        yield ("pool", subject.name, pool.version), subject.cells
        return
    for name, mass_mg in sorted(subject.lots.items()):
        lot = books.get(LotRecord, name)
        if lot is not None and lot.mass_mg:
            cells = {cell: round(Fraction(mg * mass_mg, lot.mass_mg)) for cell, mg in lot.cells.items()}
            yield ("lot", name, 0), cells


def _resolved(books: Books, cells: Cells, element: str | None) -> Parts:
    """The cells of an element (or all) as parts, awaited origins resolved as ``origins.resolve`` does."""
    exact: dict[Part, Fraction] = {}
    for (symbol, origin, _), mass_mg in cells.items():
        if element in (None, symbol):
            for part, share in _behind(books, symbol, origin, MAX_RESOLVED):
                exact[part] = exact.get(part, Fraction(0)) + mass_mg * share
    whole = sum(exact.values(), Fraction(0))
    return split(int(whole), exact)


def _behind(books: Books, element: str, origin: str, steps: int) -> list[tuple[Part, Fraction]]:
    """What stands behind an origin: itself, or what the awaited lot was born with."""
    name = origin.removeprefix(AWAITED)
    lot = books.get(LotRecord, name) if origin.startswith(AWAITED) and steps else None
    inside = {} if lot is None or lot.birth == BIRTH_AWAITED else by_origin(lot.cells)
    own = {each: mass_mg for (symbol, each), mass_mg in inside.items() if symbol == element}
    whole = sum(own.values())
    if not whole:
        return [(Part(element, (), origin), Fraction(1))]
    return [
        (Part(element, (name, *part.through), part.origin), share * mass_mg / whole)
        for each, mass_mg in own.items()
        for part, share in _behind(books, element, each, steps - 1)
    ]


@dataclass(slots=True)
class _Walk:
    """The walk upstream: nearest first, each step once all that was made of it has said what it takes."""

    books: Books
    flows: Flows
    most: int
    begun: int = 0
    waiting: dict[_Step, Parts] = field(default_factory=dict)

    def arrive(self, step: _Step, parts: Parts) -> None:
        """Lets parts begin at a step."""
        self.begun += sum(parts.values())
        _join(self.waiting.setdefault(step, {}), parts)

    def run(self) -> None:
        """Follows everything to its origins."""
        sources, order = self._reach()
        for step in order:
            parts = self.waiting.pop(step, {})
            if parts:
                self._pass(step, parts, sources.get(step))

    def _reach(self) -> tuple[dict[_Step, "_Made"], list[_Step]]:
        """What each step was made of, and all steps so that each comes after everything made of it."""
        sources: dict[_Step, _Made] = {}
        level = list(self.waiting)
        seen = dict.fromkeys(level)
        while level and len(seen) <= self.most:
            _read_ahead(self.books, level)
            found: dict[_Step, None] = {}
            for step in level:
                sources[step] = made = _made(self.books, step)
                found.update(dict.fromkeys(each for each in made.before() if each not in seen))
            seen.update(found)
            level = list(found)
        self.flows.truncated = bool(level)
        return sources, _ordered(sources, list(seen))

    def _pass(self, step: _Step, parts: Parts, made: "_Made | None") -> None:
        """Shares what arrived at a step out to what it was made of."""
        target = step[:2]
        if made is not None and made.brought is not None:
            assert made.previous is not None
            _join(self.waiting.setdefault(made.previous, {}), made.unnamed(parts))
            return
        lot = self.books.get(LotRecord, step[1]) if step[0] == "lot" else None
        for part, mass_mg in parts.items():
            if lot is not None and part.through[:1] == (lot.lot,):
                part = part._replace(through=part.through[1:])
            weights: dict[_Step | None, Fraction] = {} if made is None else made.weights(part)
            shared = split(mass_mg, weights) if any(weights.values()) else {None: mass_mg}
            for source, amount in shared.items():
                if source is None:
                    self.flows.add(("origin", part.origin), target, amount)
                else:
                    self.flows.add(source[:2], target, amount)
                    _join(self.waiting.setdefault(source, {}), {part: amount})


@dataclass(frozen=True, slots=True)
class Input:
    """A lot that went into an event: the share of it, and what all of it contains."""

    lot: LotRecord
    share: Fraction
    cells: _ByOrigin
    elements: Mapping[str, int]

    @property
    def step(self) -> _Step:
        """The lot as a step."""
        return ("lot", self.lot.lot, 0)

    def holds(self, part: Part) -> Fraction:
        """How much of a part went in with it."""
        mass_mg = self.cells.get((part.element, part.label), 0)
        if part.through and part.through[0] == self.lot.lot:
            mass_mg += self.elements.get(part.element, 0)  # when it went in, all of it was awaited
        return self.share * mass_mg


@dataclass(slots=True)
class _Made:
    """What one step was made of.

    Attributes:
        inputs: What went in.
        previous: The pool version before it, or the one that it was drawn from.
        held: What that version held, by element and origin; ``after``: what this one holds. Empty for a lot.
        gains: What came out beyond what went in, in mg by element; ``explained``: how much of each milligram
            that went in came out.
        brought: Of a version in which awaited origins were named and nothing else done: how much of what has
            an element and origin was named by each lot's birth.
    """

    inputs: list[Input] = field(default_factory=list)
    previous: _Step | None = None
    held: _ByOrigin = field(default_factory=dict)
    after: _ByOrigin | None = None
    gains: Mapping[str, int] = field(default_factory=dict)
    explained: Mapping[str, Fraction] = field(default_factory=dict)
    brought: Mapping[tuple[str, str], Mapping[str, Fraction]] | None = None

    def unnamed(self, parts: Parts) -> Parts:
        """Parts as they were held before origins were named."""
        assert self.brought is not None
        found: Parts = {}
        for part, mass_mg in parts.items():
            key = (part.element, part.label)
            behind = {
                part._replace(through=(lot, *part.through)): mass
                for lot, mass in self.brought.get(key, {}).items()
            }
            stood = {part: Fraction(max(self.held.get(key, 0), 0))} if behind else {part: Fraction(1)}
            _join(found, split(mass_mg, stood | behind))
        return found

    def before(self) -> Iterator[_Step]:
        """The steps that it was made of."""
        if self.previous is not None:
            yield self.previous
        for each in self.inputs:
            yield each.step

    def weights(self, part: Part) -> dict[_Step | None, Fraction]:
        """By how much each source is credited for a part; None: its origin itself."""
        key = (part.element, part.label)
        fed: dict[_Step | None, Fraction] = {}
        for each in self.inputs:
            fed[each.step] = fed.get(each.step, Fraction(0)) + each.holds(part)
        if self.after is not None:
            return self._of_version(key, fed)
        if self.previous is not None:
            fed[self.previous] = Fraction(max(self.held.get(key, 0), 0))
        if part.label == UNEXPLAINED and self.gains.get(part.element):
            scale = self.explained.get(part.element, Fraction(1))
            fed = {step: weight * scale for step, weight in fed.items()}
            fed[None] = Fraction(self.gains[part.element])
        return fed

    def _of_version(
        self, key: tuple[str, str], fed: Mapping[_Step | None, Fraction]
    ) -> dict[_Step | None, Fraction]:
        """Of a pool's version: what it held before, and what came in by this change."""
        assert self.after is not None
        # Between a correction's undoing and its replacement a cell may stand below zero.
        now, then = max(self.after.get(key, 0), 0), max(self.held.get(key, 0), 0)
        weights: dict[_Step | None, Fraction] = {}
        if self.previous is not None:
            weights[self.previous] = Fraction(min(now, then))
        came = Fraction(max(now - then, 0))
        whole = sum(fed.values(), Fraction(0))
        if not whole:
            weights[None] = came
        else:
            weights |= {step: came * weight / whole for step, weight in fed.items()}
        return weights


def _made(books: Books, step: _Step) -> _Made:
    """What a step was made of, by the postings of its event; nothing of what came from outside."""
    kind, name, number = step
    if kind == "pool":
        return _version_made(books, name, number)
    lot = books.get(LotRecord, name)
    if lot is None or lot.birth not in ("process", "draw"):
        return _Made()
    lines = own_lines(books, lot.entry_index, lot.position)
    if lot.birth == "process":
        inputs = consumed(books, lines)
        went_in: dict[str, Fraction] = {}
        for each in inputs:
            for symbol, mass_mg in each.elements.items():
                went_in[symbol] = went_in.get(symbol, Fraction(0)) + each.share * mass_mg
        gains, explained = _gained(lines, went_in)
        return _Made(inputs, gains=gains, explained=explained)
    previous = _drawn_from(books, lot)
    if previous is None:
        return _Made()
    taken = {symbol: -mass for symbol, mass in stated(lines, "pool").items()}
    gains, explained = _gained(lines, taken)
    step = ("pool", previous.pool, previous.version)
    return _Made(previous=step, held=by_origin(previous.cells), gains=gains, explained=explained)


def _gained(
    lines: Sequence[PostingRecord], went_in: Mapping[str, Fraction]
) -> tuple[dict[str, int], dict[str, Fraction]]:
    """By element: what came out beyond what went in, and how much of what went in came out.

    As ``transformations.attribute`` counts: a milligram that is begun counts as whole.
    """
    difference, lost = stated(lines, "difference"), stated(lines, "lost")
    gains: dict[str, int] = {}
    explained: dict[str, Fraction] = {}
    for symbol in {*difference, *went_in}:
        over = difference.get(symbol, Fraction(0))
        gain = max(0, -over.numerator // over.denominator)
        came_out = went_in.get(symbol, Fraction(0)) - lost.get(symbol, Fraction(0)) - over - gain
        if gain:
            gains[symbol] = gain
            whole = went_in.get(symbol, Fraction(0))
            explained[symbol] = came_out / whole if whole else Fraction(0)
    return gains, explained


def _version_made(books: Books, name: str, number: int) -> _Made:
    version = books.get(PoolVersionRecord, name, number)
    assert version is not None
    before = books.get(PoolVersionRecord, name, number - 1)
    inputs: list[Input] = []
    if version.change == "feed":
        inputs = consumed(books, own_lines(books, version.entry_index, version.position))
    made = _Made(
        inputs,
        None if before is None else ("pool", name, number - 1),
        {} if before is None else by_origin(before.cells),
        by_origin(version.cells),
    )
    if version.change == "resolve":
        made.brought = _brought(books, made)
    return made


def _brought(books: Books, made: _Made) -> dict[tuple[str, str], dict[str, Fraction]]:
    """What the births of awaited lots named, by element and origin and by lot."""
    assert made.after is not None
    brought: dict[tuple[str, str], dict[str, Fraction]] = {}
    for (element, origin), mass_mg in sorted(made.held.items()):
        named = mass_mg - made.after.get((element, origin), 0)
        lot = books.get(LotRecord, origin.removeprefix(AWAITED)) if origin.startswith(AWAITED) else None
        if lot is None or named <= 0:
            continue
        inside = {key: mass for key, mass in by_origin(lot.cells).items() if key[0] == element}
        for key, mass in inside.items():
            brought.setdefault(key, {})[lot.lot] = Fraction(named * mass, sum(inside.values()))
    return brought


def _drawn_from(books: Books, lot: LotRecord) -> PoolVersionRecord | None:
    for edge in books.group(EdgeRecord, "child", lot.node):
        if edge.voided_at is None:
            for version in books.group(PoolVersionRecord, "node", edge.parent):
                return version
    return None


def own_lines(books: Books, entry_index: int, position: int) -> list[PostingRecord]:
    """The lines by which an event booked itself: not those that undid another, or made up for a change."""
    events = books.group(EventRecord, "entry", entry_index)
    first = next((event.first_line for event in events if event.position == position), 0)
    return [
        line
        for line in books.group(PostingRecord, "event", entry_index, position)
        if line.line >= first and not line.reference.startswith(REVALUED)
    ]


def consumed(books: Books, lines: Iterable[PostingRecord]) -> list[Input]:
    """The lots that an event used."""
    masses: dict[str, int] = {}
    for line in lines:
        if line.account == "holding" and line.mass_mg < 0:
            masses[line.lot] = masses.get(line.lot, 0) - line.mass_mg
    found: list[Input] = []
    for name, mass_mg in masses.items():
        lot = books.get(LotRecord, name)
        if lot is not None and lot.mass_mg:
            share = Fraction(mass_mg, lot.mass_mg)
            found.append(Input(lot, share, by_origin(lot.cells), element_masses(lot.cells)))
    return found


def stated(lines: Iterable[PostingRecord], account: str) -> dict[str, Fraction]:
    """What lines of an account state, in mg by element."""
    sums: dict[str, Fraction] = {}
    for line in lines:
        if line.account == account:
            for symbol, text in line.contained.items():
                sums[symbol] = sums.get(symbol, Fraction(0)) + Fraction(text)
    return sums


def split(mass_mg: int, weights: Mapping[_K, Fraction]) -> dict[_K, int]:
    """Whole milligrams by largest remainder; ties go to what stands first."""
    names = list(weights)
    shared = apportion(mass_mg, {(f"{at:06d}", "", ""): weights[name] for at, name in enumerate(names)})
    return {names[int(at)]: amount for (at, _, _), amount in shared.items()}


def by_origin(cells: Cells) -> dict[tuple[str, str], int]:
    """Whole mg by element and origin, whatever the status."""
    sums: dict[tuple[str, str], int] = {}
    for (element, origin, _), mass_mg in cells.items():
        sums[element, origin] = sums.get((element, origin), 0) + mass_mg
    return sums


def _join(into: Parts, more: Parts) -> None:
    for part, mass_mg in more.items():
        into[part] = into.get(part, 0) + mass_mg


def _ordered(sources: Mapping[_Step, _Made], steps: Sequence[_Step]) -> list[_Step]:
    """Each step after everything that was made of it: the graph has no cycle."""
    needed = dict.fromkeys(steps, 0)
    for made in sources.values():
        for step in made.before():
            if step in needed:
                needed[step] += 1
    ready = [step for step in steps if not needed[step]]
    for step in ready:
        known = sources.get(step)
        for before in () if known is None else known.before():
            if before in needed:
                needed[before] -= 1
                if not needed[before]:
                    ready.append(before)
    return ready


def _read_ahead(books: Books, level: Sequence[_Step]) -> None:
    """All that the steps of a level need, in a few bulk reads."""
    lots = [(name,) for kind, name, _ in level if kind == "lot"]
    books.prefetch(LotRecord, lots)
    versions = [(name, number) for kind, name, number in level if kind == "pool"]
    books.prefetch(PoolVersionRecord, [*versions, *((name, number - 1) for name, number in versions)])
    born = [lot for key in lots if (lot := books.get(LotRecord, *key)) is not None]
    made = [lot for lot in born if lot.birth in ("process", "draw")]
    fed = [version for key in versions if (version := books.get(PoolVersionRecord, *key)) is not None]
    events = {(lot.entry_index, lot.position) for lot in made}
    events |= {(version.entry_index, version.position) for version in fed}
    books.prefetch_groups(EventRecord, "entry", {(index,) for index, _ in events})
    books.prefetch_groups(PostingRecord, "event", events)
    drawn = [(lot.node,) for lot in made if lot.birth == "draw"]
    books.prefetch_groups(EdgeRecord, "child", drawn)
    parents = {(edge.parent,) for node in drawn for edge in books.group(EdgeRecord, "child", *node)}
    books.prefetch_groups(PoolVersionRecord, "node", parents)
    used = {line.lot for event in events for line in books.group(PostingRecord, "event", *event) if line.lot}
    books.prefetch(LotRecord, [(name,) for name in used])
