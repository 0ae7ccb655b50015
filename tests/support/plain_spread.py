"""Flows downstream as they are computed straightforwardly, record by record: what the fast way must give.

Decides: how what a lot carries is shared among its uses (by mass, as its postings say: processes, pools,
exports, losses, present holders, what travels), and how what goes into an event is shared among what comes
out (by the element's mass in the outputs, what was declared lost, and the difference). What comes out beyond
what went in is no part of it. Pro rata over what went in, as ``flows`` is upstream; whole milligrams by
largest remainder.

A party sees its own hands alone: what others did with its goods, and whatever left it, is one hidden node.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, TypeAlias

from ledger.provenance.flow_parts import NodeId
from ledger.provenance.flows import MOST_STEPS, begin
from ledger.provenance.subjects import Subject, Viewer
from ledger.records.books import Books
from ledger.records.cells import element_masses
from ledger.records.lots import (
    EdgeRecord,
    EventRecord,
    HoldingRecord,
    LotRecord,
    PoolRecord,
    PoolVersionRecord,
    PostingRecord,
)
from ledger.statements.acts.adjust import OFFICIAL, OWN
from tests.support.plain_flows import Flows, consumed, own_lines, split, stated

ELSEWHERE: Final[NodeId] = ("hidden", "")
_ENDS: Final = ("exported", "released", "lost", "difference")
_Step: TypeAlias = tuple[str, str, int]
_Masses: TypeAlias = dict[str, int]
_Target: TypeAlias = "_Step | NodeId"
_Place: TypeAlias = tuple[int, int]


def downstream(
    books: Books, subject: Subject, element: str | None, viewer: Viewer, most: int = MOST_STEPS
) -> Flows:
    """Where what a subject contains went; arguments as ``flows.upstream``.

    Args:
        viewer: Who asks: a party sees what itself did.
    """
    root = (subject.kind, subject.name)
    flows = Flows(root)
    spread = _Spread(books, flows, viewer, frozenset(subject.lots), most)
    for step, cells in begin(books, subject):
        masses = {
            symbol: mass_mg for symbol, mass_mg in element_masses(cells).items() if element in (None, symbol)
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

    share: Mapping[str, Fraction] | Fraction
    targets: Mapping[_Target, Mapping[str, Fraction] | None]
    otherwise: Fraction = Fraction(0)

    def weight(self, element: str) -> Fraction:
        """How much of an element went this way."""
        return self.share if isinstance(self.share, Fraction) else self.share.get(element, self.otherwise)


@dataclass(slots=True)
class _Spread:
    """The walk downstream, each step once all that leads to it has said what it brings."""

    books: Books
    flows: Flows
    viewer: Viewer
    known: frozenset[str]
    most: int
    waiting: dict[_Step, _Masses] = field(default_factory=dict)

    def carry(self, source: NodeId, target: _Target, masses: Mapping[str, int]) -> None:
        """Lets masses pass from a node to a step, or to where they end."""
        self.flows.add(source, (target[0], target[1]), sum(masses.values()))
        if len(target) == 3:
            waiting = self.waiting.setdefault(target, {})
            for element, mass_mg in masses.items():
                waiting[element] = waiting.get(element, 0) + mass_mg

    def run(self) -> None:
        """Follows everything to where it is now."""
        uses = self._reach()
        for step in _ordered(uses, list(uses)):
            masses = self.waiting.pop(step, {})
            passed: dict[_Target, _Masses] = {}
            for element, mass_mg in masses.items():
                for target, amount in self._shared(uses[step], element, mass_mg).items():
                    passed.setdefault(target, {})[element] = amount
            for target, amounts in passed.items():
                self.carry((step[0], step[1]), target, amounts)

    def _reach(self) -> dict[_Step, list[_Use]]:
        uses: dict[_Step, list[_Use]] = {}
        level = list(self.waiting)
        while level and len(uses) <= self.most:
            self._read_ahead(level)
            for step in level:
                uses[step] = list(self._lot_uses(step[1]) if step[0] == "lot" else self._pool_uses(*step[1:]))
            ahead = {each: None for step in level for each in _onward(uses[step]) if each not in uses}
            level = list(ahead)
        self.flows.truncated = bool(level)
        uses |= {step: [] for step in level}
        return uses

    def _shared(self, uses: Sequence[_Use], element: str, mass_mg: int) -> dict[_Target, int]:
        """What of a milligram count goes where; what goes nowhere stays in the step, which ends there."""
        weights: dict[_Target, Fraction] = {}
        for use in uses:
            inside = {
                target: Fraction(1) if masses is None else masses.get(element, Fraction(0))
                for target, masses in use.targets.items()
            }
            whole = sum(inside.values(), Fraction(0))
            if not whole:  # nothing is said of where it went
                inside, whole = {self._end("difference", ""): Fraction(1)}, Fraction(1)
            for target, part in inside.items():
                weight = use.weight(element) * part / whole
                if weight > 0:
                    weights[target] = weights.get(target, Fraction(0)) + weight
        return split(mass_mg, weights) if weights else {}

    def _lot_uses(self, name: str) -> Iterator[_Use]:
        lot = self.books.get(LotRecord, name)
        if lot is None or not lot.mass_mg:
            return
        for place, targets in self._events(lot.node).items():
            went = [
                each for each in consumed(self.books, own_lines(self.books, *place)) if each.lot.lot == name
            ]
            if went:
                yield _Use(went[0].share, targets)
        for held in self.books.group(HoldingRecord, "lot", name):
            if held.mass_mg > 0:
                own = self.viewer.sees_all or self.viewer.party in (held.custodian, held.owner)
                target = ("held", f"{held.custodian} {held.site}") if own else ELSEWHERE
                yield _Use(Fraction(held.mass_mg, lot.mass_mg), {target: None})
        sums: dict[tuple[str, str], int] = {}
        for line in self.books.group(PostingRecord, "lot", name):
            if line.account in (*_ENDS, "transit"):
                key = (line.account, "" if line.account == "transit" else line.custodian)
                sums[key] = sums.get(key, 0) + line.mass_mg
            if line.account == "holding" and line.reference in (OWN, OFFICIAL):
                key = ("difference", line.custodian)
                sums[key] = sums.get(key, 0) - line.mass_mg
        for (account, custodian), mass_mg in sums.items():
            if mass_mg > 0:
                kind = "travelling" if account == "transit" else account
                yield _Use(Fraction(mass_mg, lot.mass_mg), {self._end(kind, custodian): None})

    def _pool_uses(self, name: str, number: int) -> Iterator[_Use]:
        version = self.books.get(PoolVersionRecord, name, number)
        pool = self.books.get(PoolRecord, name)
        assert version is not None
        assert pool is not None
        held = {symbol: Fraction(mass) for symbol, mass in element_masses(version.cells).items() if mass > 0}
        following = self.books.get(PoolVersionRecord, name, number + 1)
        if following is None:
            yield _Use(held, {("in pool", name): None}, otherwise=Fraction(1))
            return
        gone: dict[str, Fraction] = {}
        for place, targets in self._events(version.node).items():
            if place == (following.entry_index, following.position) and following.change == "draw":
                lines = own_lines(self.books, *place)
                gone = {symbol: -mass for symbol, mass in stated(lines, "pool").items()}
                yield _Use(gone, targets)
        if following.change == "close":
            lines = own_lines(self.books, following.entry_index, following.position)
            gone = {symbol: mass for symbol, mass in stated(lines, "difference").items() if mass > 0}
            yield _Use(gone, {self._end("difference", pool.custodian): None})
        left = {symbol: mass - gone.get(symbol, Fraction(0)) for symbol, mass in held.items()}
        yield _Use(left, {("pool", name, number + 1): None}, otherwise=Fraction(1))

    def _events(self, node: int) -> dict[_Place, Mapping[_Target, Mapping[str, Fraction] | None]]:
        """The events that took from a node, with what came of them."""
        found: dict[_Place, Mapping[_Target, Mapping[str, Fraction] | None]] = {}
        for edge in self.books.group(EdgeRecord, "parent", node):
            if edge.voided_at is not None:
                continue
            for lot in self.books.group(LotRecord, "node", edge.child):
                found[lot.entry_index, lot.position] = self._came_of(lot.entry_index, lot.position)
            for version in self.books.group(PoolVersionRecord, "node", edge.child):
                if version.change == "feed" and version.node != node:
                    found.setdefault((version.entry_index, version.position), self._fed(version))
        return found

    def _came_of(self, entry_index: int, position: int) -> Mapping[_Target, Mapping[str, Fraction] | None]:
        """What a process or draw gave, by element: to lots, to losses, to differences."""
        lines = own_lines(self.books, entry_index, position)
        names = {line.lot for line in lines if line.account == "holding" and line.mass_mg > 0}
        born = [
            lot
            for name in sorted(names)
            if (lot := self.books.get(LotRecord, name)) is not None
            and (lot.entry_index, lot.position) == (entry_index, position)
        ]
        out = [element_masses(lot.cells) for lot in born]
        whole: dict[str, int] = {}
        for masses in out:
            for symbol, mass_mg in masses.items():
                whole[symbol] = whole.get(symbol, 0) + mass_mg
        difference = stated(lines, "difference")
        targets: dict[_Target, Mapping[str, Fraction]] = {}
        for lot, masses in zip(born, out, strict=True):
            own = self.viewer.sees_all or lot.producer == self.viewer.party
            target: _Target = ("lot", lot.lot, 0) if own else ELSEWHERE
            # What came out beyond what went in has no part in what went in.
            shares: dict[str, Fraction] = {}
            for symbol, mass_mg in masses.items():
                gain = -min(difference.get(symbol, Fraction(0)), Fraction(0))
                shares[symbol] = max(Fraction(0), 1 - gain / whole[symbol]) * mass_mg
            targets[target] = _plus(targets.get(target, {}), shares)
        return targets | self._lost(lines)

    def _fed(self, version: PoolVersionRecord) -> Mapping[_Target, Mapping[str, Fraction] | None]:
        lines = own_lines(self.books, version.entry_index, version.position)
        pool = self.books.get(PoolRecord, version.pool)
        own = self.viewer.sees_all or (pool is not None and pool.custodian == self.viewer.party)
        target: _Target = ("pool", version.pool, version.version) if own else ELSEWHERE
        return {target: stated(lines, "pool")} | self._lost(lines)

    def _lost(self, lines: Sequence[PostingRecord]) -> dict[_Target, Mapping[str, Fraction]]:
        """What an event states as lost and as a difference, where stock fell."""
        found: dict[_Target, Mapping[str, Fraction]] = {}
        for line in lines:
            if line.account in ("lost", "difference") and line.contained:
                masses = {symbol: Fraction(text) for symbol, text in line.contained.items()}
                target = self._end(line.account, line.custodian)
                found[target] = _plus(
                    found.get(target, {}), {s: mass for s, mass in masses.items() if mass > 0}
                )
        return found

    def _end(self, kind: str, custodian: str) -> NodeId:
        return (kind, custodian) if self.viewer.sees_all or custodian == self.viewer.party else ELSEWHERE

    def _read_ahead(self, level: Sequence[_Step]) -> None:
        """All that the steps of a level need, in a few bulk reads."""
        books = self.books
        lots = [(name,) for kind, name, _ in level if kind == "lot"]
        books.prefetch(LotRecord, lots)
        for kind in (HoldingRecord, PostingRecord):
            books.prefetch_groups(kind, "lot", lots)
        versions = [(name, number) for kind, name, number in level if kind == "pool"]
        books.prefetch(PoolVersionRecord, [*versions, *((name, number + 1) for name, number in versions)])
        books.prefetch(PoolRecord, [(name,) for name, _ in versions])
        known = [lot for key in lots if (lot := books.get(LotRecord, *key)) is not None]
        pools = [version for key in versions if (version := books.get(PoolVersionRecord, *key)) is not None]
        nodes = [(lot.node,) for lot in known] + [(version.node,) for version in pools]
        books.prefetch_groups(EdgeRecord, "parent", nodes)
        children = {(edge.child,) for node in nodes for edge in books.group(EdgeRecord, "parent", *node)}
        books.prefetch_groups(LotRecord, "node", children)
        books.prefetch_groups(PoolVersionRecord, "node", children)
        made = [lot for child in children for lot in books.group(LotRecord, "node", *child)]
        mixed = [version for child in children for version in books.group(PoolVersionRecord, "node", *child)]
        places = {(lot.entry_index, lot.position) for lot in made}
        places |= {(version.entry_index, version.position) for version in mixed}
        books.prefetch_groups(EventRecord, "entry", {(index,) for index, _ in places})
        books.prefetch_groups(PostingRecord, "event", places)
        used = {
            line.lot for place in places for line in books.group(PostingRecord, "event", *place) if line.lot
        }
        books.prefetch(LotRecord, [(name,) for name in used])


def _plus(masses: Mapping[str, Fraction], more: Mapping[str, Fraction]) -> dict[str, Fraction]:
    return {s: masses.get(s, Fraction(0)) + more.get(s, Fraction(0)) for s in {**masses, **more}}


def _onward(uses: Sequence[_Use]) -> Iterator[_Step]:
    for use in uses:
        for target in use.targets:
            if len(target) == 3:
                yield target


def _ordered(uses: Mapping[_Step, Sequence[_Use]], steps: Sequence[_Step]) -> list[_Step]:
    """Each step after everything that leads to it."""
    needed = dict.fromkeys(steps, 0)
    for each in uses.values():
        for target in _onward(each):
            needed[target] += 1
    ready = [step for step in steps if not needed[step]]
    for step in ready:
        for target in _onward(uses[step]):
            needed[target] -= 1
            if not needed[target]:
                ready.append(target)
    return ready
