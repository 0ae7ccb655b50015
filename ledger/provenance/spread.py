"""Where the mass of an element went: from a lot through everything made of it to where it is now.

Decides: how what a lot carries is shared among its uses (by mass, as its postings say: processes, pools,
exports, losses, present holders, what travels), and how what goes into an event is shared among what comes
out (by the element's mass in the outputs, what was declared lost, and the difference). What comes out beyond
what went in is no part of it. Pro rata over what went in, as ``flows`` is upstream; whole milligrams by
largest remainder. A pool that is reached is walked through all its later versions at once; what it contained
is read only where something left it.

A party sees its own hands alone: what others did with its goods, and whatever left it, is one hidden node.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from math import lcm
from typing import Final, TypeAlias

from ledger.provenance.digits import in_whole
from ledger.provenance.flow_facts import Exact, Facts, FlowLot, FlowVersion, Line, Place
from ledger.provenance.flow_parts import Flows, NodeId, Step, shares
from ledger.provenance.flows import AHEAD, MOST_STEPS, begin
from ledger.provenance.subjects import Subject, Viewer
from ledger.records.books import Books
from ledger.records.cells import element_masses

ELSEWHERE: Final[NodeId] = ("hidden", "")
_Masses: TypeAlias = dict[str, int]
_Target: TypeAlias = "Step | NodeId"
_Shares: TypeAlias = Mapping[_Target, Mapping[str, Exact] | None]


def downstream(books: Books, facts: Facts, subject: Subject, viewer: Viewer, most: int = MOST_STEPS) -> Flows:
    """Where what a subject contains went; arguments as ``flows.upstream``.

    Args:
        viewer: Who asks: a party sees what itself did.
    """
    root = (subject.kind, subject.name)
    flows = Flows(root, facts)
    spread = _Spread(facts, flows, viewer, most)
    for step, cells in begin(books, subject):
        masses = {
            symbol: mass_mg
            for symbol, mass_mg in element_masses(cells).items()
            if facts.element in (None, symbol)
        }
        spread.carry(root, step, masses)
    flows.masses[root] = sum(sum(masses.values()) for masses in spread.waiting.values())
    spread.run()
    for (_, target), mass_mg in flows.links.items():
        if target != root:
            flows.masses[target] = flows.masses.get(target, 0) + mass_mg
    return flows


@dataclass(slots=True)
class _Use:
    """One way out of a step: how much of it went, and how that was shared out.

    Attributes:
        share: Of the step's mass, or of its content by element.
        targets: Where to, with weights by element; None where everything goes to the one target.
        otherwise: Of an element that the step does not hold: while a correction is half done, that may be.
    """

    share: Mapping[str, Exact] | Exact
    targets: _Shares
    otherwise: int = 0

    def weight(self, element: str) -> Exact:
        """How much of an element went this way."""
        share = self.share
        return share if isinstance(share, int | Fraction) else share.get(element, self.otherwise)


@dataclass(slots=True)
class _Event:
    """An event that took from a step: the lots that it bore, or the pool's version that it fed."""

    place: Place
    born: Sequence[FlowLot] = ()
    fed: FlowVersion | None = None


_Events: TypeAlias = dict[Place, _Event]


@dataclass(slots=True)
class _Spread:
    """The walk downstream, each step once all that leads to it has said what it brings.

    Attributes:
        waiting: What has arrived at each step, by element.
    """

    facts: Facts
    flows: Flows
    viewer: Viewer
    most: int
    waiting: dict[Step, _Masses] = field(default_factory=dict)

    def carry(self, source: NodeId, target: _Target, masses: Mapping[str, int]) -> None:
        """Lets masses pass from a node to a step, or to where they end."""
        self.flows.add(source, (target[0], target[1]), sum(masses.values()))
        if len(target) == 3:
            waiting = self.waiting.setdefault(target, {})
            for element, mass_mg in masses.items():
                waiting[element] = waiting.get(element, 0) + mass_mg

    def run(self) -> None:
        """Follows everything to where it is now."""
        events = self._reach()
        onward = {step: list(self._onward(step, found)) for step, found in events.items()}
        steps = _ordered(onward)
        while ahead := list(islice(steps, AHEAD)):
            self._need(ahead, events)
            for step in ahead:
                masses = self.waiting.pop(step, {})
                found = events[step]
                if masses and found is not None:
                    self._pass(step, masses, list(self._uses(step, found)))

    def _pass(self, step: Step, masses: _Masses, uses: Sequence[_Use]) -> None:
        passed: dict[_Target, _Masses] = {}
        for element, mass_mg in masses.items():
            for target, amount in self._shared(uses, element, mass_mg).items():
                passed.setdefault(target, {})[element] = amount
        for target, amounts in passed.items():
            self.carry((step[0], step[1]), target, amounts)

    def _reach(self) -> dict[Step, _Events | None]:
        """What took from each step; None of those at which the limit ended the walk."""
        found: dict[Step, _Events | None] = {}
        level = dict.fromkeys(self.waiting)
        while level and len(found) <= self.most:
            level = self._with_chains(level, found)
            found |= self._events_of(level)
            ahead = {each: None for step in level for each in self._onward(step, found[step])}
            level = {step: None for step in ahead if step not in found}
        self.flows.truncated = bool(level)
        return found | level

    def _with_chains(self, level: Mapping[Step, None], known: Mapping[Step, object]) -> dict[Step, None]:
        """Steps, with all later versions of the pools among them that are not known, while there is room."""
        facts, steps = self.facts, dict.fromkeys(step for step in level if step[0] == "lot")
        room = self.most + 1 - len(known)
        facts.read_pools(name for kind, name, _ in level if kind == "pool")
        for step in sorted((step for step in level if step[0] == "pool"), key=lambda each: each[2]):
            _, name, number = step
            if step not in steps:
                last, newest = number, facts.pools[name].version
                while last < newest and last - number < room and ("pool", name, last + 1) not in known:
                    last += 1
                facts.read_versions(name, number, last + 1)
                steps.update((("pool", name, each), None) for each in range(number, last + 1))
        return steps

    def _events_of(self, steps: Iterable[Step]) -> dict[Step, _Events]:
        """The events that took from steps, with all that is read of them but cells."""
        facts = self.facts
        found: dict[Step, _Events] = {step: {} for step in steps}
        lots = [name for kind, name, _ in found if kind == "lot"]
        facts.read_lots(lots)
        facts.read_ends(lots)
        nodes = {step: node for step in found if (node := self._drained(step)) is not None}
        facts.read_children(nodes.values())
        facts.read_nodes(child for node in nodes.values() for child in facts.children[node])
        places: set[Place] = set()
        for step, node in nodes.items():
            found[step] = self._taking(node)
            places |= found[step].keys()
        fed = [event.fed for events in found.values() for event in events.values() if event.fed is not None]
        facts.read_pools(version.pool for version in fed)
        places |= {after.place for step in found if (after := self._after(step)) and after.change == "close"}
        facts.read_lines(places)
        facts.read_lots(line.lot for place in places for line in facts.lines[place] if line.lot)
        for events in found.values():
            for place, event in events.items():
                if event.fed is None:
                    events[place] = _Event(place, self._born(place))
        return found

    def _drained(self, step: Step) -> int | None:
        """The number of a step that may have been taken from."""
        if step[0] == "lot":
            lot = self.facts.lots[step[1]]
            return None if lot is None or not lot.mass_mg else lot.node
        after = self._after(step)
        return self.facts.versions[step[1:]].node if after is not None and after.change == "draw" else None

    def _after(self, step: Step) -> FlowVersion | None:
        """The version that follows a pool's."""
        return self.facts.versions.get((step[1], step[2] + 1)) if step[0] == "pool" else None

    def _taking(self, node: int) -> _Events:
        """The events that took from a node, by their places."""
        found: _Events = {}
        for child in self.facts.children[node]:
            lot, version = self.facts.nodes[child], self.facts.version_nodes.get(child)
            if lot is not None:
                found[lot.place] = _Event(lot.place)
            if version is not None and version.change == "feed":
                found.setdefault(version.place, _Event(version.place, fed=version))
        return found

    def _born(self, place: Place) -> list[FlowLot]:
        """The lots that an event bore."""
        lines = self.facts.lines[place]
        names = {line.lot for line in lines if line.account == "holding" and line.mass_mg > 0}
        lots = (self.facts.lots[name] for name in sorted(names))
        return [lot for lot in lots if lot is not None and lot.place == place]

    def _onward(self, step: Step, events: _Events | None) -> Iterator[Step]:
        """The steps that a step may lead to."""
        after = self._after(step)
        if events is None:
            return
        for event in events.values():
            if event.fed is not None and step[0] == "lot" and self._runs(event.fed):
                yield ("pool", event.fed.pool, event.fed.version)
            if after is None or event.place == after.place:
                yield from (("lot", lot.lot, 0) for lot in event.born if self._owns(lot))
        if after is not None:
            yield ("pool", after.pool, after.version)

    def _owns(self, lot: FlowLot) -> bool:
        return self.viewer.sees_all or lot.producer == self.viewer.party

    def _runs(self, version: FlowVersion) -> bool:
        pool = self.facts.pools.get(version.pool)
        return self.viewer.sees_all or (pool is not None and pool.custodian == self.viewer.party)

    def _need(self, steps: Sequence[Step], events: Mapping[Step, _Events | None]) -> None:
        """Reads the cells that some steps are judged by."""
        lots = {lot.lot for step in steps for each in (events[step] or {}).values() for lot in each.born}
        left = [
            step[1:] for step in steps if (after := self._after(step)) and after.change in ("draw", "close")
        ]
        self.facts.need_elements(lots, left)

    def _shared(self, uses: Sequence[_Use], element: str, mass_mg: int) -> Mapping[_Target, int]:
        """What of a milligram count goes where; what goes nowhere stays in the step, which ends there."""
        ratios: list[tuple[_Target, int, int]] = []
        for use in uses:
            weight = use.weight(element)
            if weight > 0:
                inside = [
                    (target, 1 if masses is None else masses.get(element, 0))
                    for target, masses in use.targets.items()
                ]
                some = [each for each in inside if each[1]]
                # Where nothing is said of where it went, it is a difference.
                ratios += _ratios(weight, some or [(self._end("difference", ""), 1)])
        if len({target for target, _, _ in ratios}) < 2:
            return {target: mass_mg for target, _, _ in ratios}
        parts, _ = in_whole([(numerator, denominator) for _, numerator, denominator in ratios])
        weights: dict[_Target, int] = {}
        for (target, _, _), part in zip(ratios, parts, strict=True):
            weights[target] = weights.get(target, 0) + part
        return {t: mg for t, mg in zip(weights, shares(mass_mg, list(weights.values())), strict=True) if mg}

    def _uses(self, step: Step, events: _Events) -> Iterator[_Use]:
        return self._lot_uses(step[1], events) if step[0] == "lot" else self._pool_uses(step, events)

    def _lot_uses(self, name: str, events: _Events) -> Iterator[_Use]:
        lot = self.facts.lots[name]
        if lot is None or not lot.mass_mg:
            return
        for event in events.values():
            lines = self.facts.lines[event.place]
            went = -sum(
                line.mass_mg
                for line in lines
                if line.lot == name and line.account == "holding" and line.mass_mg < 0
            )
            if went:
                yield _Use(Fraction(went, lot.mass_mg), self._came_of(event))
        for held in self.facts.held[name]:
            if held.mass_mg > 0:
                own = self.viewer.sees_all or self.viewer.party in (held.custodian, held.owner)
                target = ("held", f"{held.custodian} {held.site}") if own else ELSEWHERE
                yield _Use(Fraction(held.mass_mg, lot.mass_mg), {target: None})
        sums: dict[tuple[str, str], int] = {}
        for line in self.facts.ended[name]:
            key = (line.account, "" if line.account == "transit" else line.custodian)
            sums[key] = sums.get(key, 0) + line.mass_mg
        for (account, custodian), mass_mg in sums.items():
            if mass_mg > 0:
                kind = "travelling" if account == "transit" else account
                yield _Use(Fraction(mass_mg, lot.mass_mg), {self._end(kind, custodian): None})

    def _pool_uses(self, step: Step, events: _Events) -> Iterator[_Use]:
        name, after = step[1], self._after(step)
        if after is None:
            yield _Use(1, {("in pool", name): None})
            return
        onward: _Shares = {("pool", name, after.version): None}
        if after.change not in ("draw", "close"):
            yield _Use(1, onward)
            return
        contained = self.facts.elements_of(name, step[2])
        gone: dict[str, Exact] = {}
        lines = self.facts.lines.get(after.place, ())
        if after.change == "draw" and after.place in events:
            gone = {symbol: -mass for symbol, mass in self.facts.stated(lines, "pool").items()}
            yield _Use(gone, self._came_of(events[after.place]))
        if after.change == "close":
            gone = {s: mass for s, mass in self.facts.stated(lines, "difference").items() if mass > 0}
            yield _Use(gone, {self._end("difference", self.facts.pools[name].custodian): None})
        left = {symbol: mass - gone.get(symbol, 0) for symbol, mass in contained.items() if mass > 0}
        yield _Use(left, onward, otherwise=1)

    def _came_of(self, event: _Event) -> _Shares:
        """What an event gave, by element: to lots or to a pool, to losses, to differences."""
        lines = self.facts.lines[event.place]
        if event.fed is not None:
            own: _Target = ("pool", event.fed.pool, event.fed.version)
            fed = {own if self._runs(event.fed) else ELSEWHERE: self.facts.stated(lines, "pool")}
            return fed | self._lost(lines)
        out = [self.facts.elements_of(lot.lot) for lot in event.born]
        whole: dict[str, int] = {}
        for masses in out:
            for symbol, mass_mg in masses.items():
                whole[symbol] = whole.get(symbol, 0) + mass_mg
        difference = self.facts.stated(lines, "difference")
        targets: dict[_Target, Mapping[str, Exact]] = {}
        for lot, masses in zip(event.born, out, strict=True):
            target: _Target = ("lot", lot.lot, 0) if self._owns(lot) else ELSEWHERE
            # What came out beyond what went in has no part in what went in.
            kept: dict[str, Exact] = dict(masses)
            for symbol, gain in difference.items():
                if gain < 0 and symbol in kept:
                    kept[symbol] = max(Fraction(0), 1 + Fraction(gain) / whole[symbol]) * masses[symbol]
            targets[target] = _plus(targets.get(target, {}), kept)
        return targets | self._lost(lines)

    def _lost(self, lines: Sequence[Line]) -> dict[_Target, Mapping[str, Exact]]:
        """What an event states as lost and as a difference, where stock fell."""
        found: dict[_Target, Mapping[str, Exact]] = {}
        for line in lines:
            if line.account in ("lost", "difference") and line.contained != "{}":
                stated = {s: mass for s, mass in self.facts.contained(line).items() if mass > 0}
                target = self._end(line.account, line.custodian)
                found[target] = _plus(found.get(target, {}), stated)
        return found

    def _end(self, kind: str, custodian: str) -> NodeId:
        return (kind, custodian) if self.viewer.sees_all or custodian == self.viewer.party else ELSEWHERE


def _plus(masses: Mapping[str, Exact], more: Mapping[str, Exact]) -> Mapping[str, Exact]:
    return {s: masses.get(s, 0) + more.get(s, 0) for s in {**masses, **more}} if masses else more


def _ratios(weight: Exact, inside: Sequence[tuple[_Target, Exact]]) -> Iterator[tuple[_Target, int, int]]:
    """A weight shared among targets in proportion to theirs: numerators and denominators."""
    common = lcm(*(part.denominator for _, part in inside))
    parts = [part.numerator * (common // part.denominator) for _, part in inside]
    whole = weight.denominator * sum(parts)
    for (target, _), part in zip(inside, parts, strict=True):
        yield target, weight.numerator * part, whole


def _ordered(onward: Mapping[Step, Sequence[Step]]) -> Iterator[Step]:
    """Each step after everything that leads to it, a pool's versions in a row where that can be."""
    needed = dict.fromkeys(onward, 0)
    for steps in onward.values():
        for step in steps:
            needed[step] += 1
    ready = [step for step in onward if not needed[step]]
    while ready:
        step = ready.pop()
        yield step
        for target in onward[step]:
            needed[target] -= 1
            if not needed[target]:
                ready.append(target)
