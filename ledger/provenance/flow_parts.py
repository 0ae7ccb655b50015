"""What is followed: cells by element and origin, masses between nodes, and how milligrams are shared out.

Decides: what stands behind an origin that was awaited when the goods were mixed, as ``origins.resolve`` does,
and how many ways to it are followed: two lots that were each made of two that were awaited, and so on, double
them with every step.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, TypeAlias, TypeVar

from ledger.books.births import BIRTH_AWAITED
from ledger.provenance.digits import in_whole
from ledger.provenance.flow_facts import Facts, PoolAt
from ledger.records.cells import AWAITED, Cells

MAX_RESOLVED: Final = 64
MOST_AWAITED: Final = 100_000
"""Awaited lots on all ways behind what is followed; what has more behind it keeps its awaited origin."""
_K = TypeVar("_K")
NodeId: TypeAlias = tuple[str, str]
"""Kind (``lot``, ``pool``, ``origin``, ...) and name; a pool is one node, whatever its versions."""
Step: TypeAlias = tuple[str, str, int]
"""A lot (0), or a pool at one of its versions: what is walked; a pool is shown as one node."""


class Part:
    """One cell that is followed: its element, the awaited lots still to be passed, and its origin.

    There is one object for each, which is its own identity: thousands of dictionaries are keyed by them.

    Attributes:
        cell: Its element, and the origin under which cells hold it where the trail stands.
        awaited: The lot that is passed next, or "".
        onward: The part that it is behind that lot.
    """

    __slots__ = ("awaited", "cell", "element", "onward", "origin")

    def __init__(self, element: str, awaited: str, origin: str, onward: "Part | None") -> None:
        self.element = element
        self.awaited = awaited
        self.origin = origin
        self.onward = onward
        self.cell = (element, f"{AWAITED}{awaited}" if awaited else origin)


Parts: TypeAlias = dict[Part, int]


@dataclass(slots=True)
class Flows:
    """Masses between nodes.

    Attributes:
        subject: Where the flow ends (upstream) or begins (downstream).
        facts: What it was computed from: of each lot and pool among the nodes.
        masses: What passes through each node, in mg.
        links: (source, target) -> mg, in the direction in which goods move.
        origins: (element, origin) -> mg, of all that came from an origin.
        truncated: Whether the walk was ended by its limit: what lay beyond is credited to its origin at once.
    """

    subject: NodeId
    facts: Facts
    masses: dict[NodeId, int] = field(default_factory=dict)
    links: dict[tuple[NodeId, NodeId], int] = field(default_factory=dict)
    origins: dict[tuple[str, str], int] = field(default_factory=dict)
    truncated: bool = False

    def begin_at(self, origin: str, target: NodeId, part: Part, mass_mg: int) -> None:
        """Lets so much of a part come from an origin."""
        self.add(("origin", origin), target, mass_mg)
        key = (part.element, origin)
        self.origins[key] = self.origins.get(key, 0) + mass_mg

    def add(self, source: NodeId, target: NodeId, mass_mg: int) -> None:
        """Lets so much pass between two nodes; within one node nothing passes."""
        if mass_mg and source != target:
            self.links[source, target] = self.links.get((source, target), 0) + mass_mg

    def leave_out(self, node: NodeId) -> None:
        """Leaves a node out that leads to the subject alone, with what came from it."""
        mass_mg = self.links.pop((node, self.subject), 0)
        if self.masses.pop(node, None) is not None:
            self.masses[self.subject] -= mass_mg


@dataclass(slots=True)
class Resolver:
    """Awaited origins as what the lots were born with, as ``origins.resolve`` has them.

    Attributes:
        room: How many awaited lots may still be passed on the ways behind what begins.
        truncated: Whether more stood behind some of them than is followed.
        looked: How many cells and parts were looked at where a pool named its origins.
    """

    facts: Facts
    room: int = MOST_AWAITED
    truncated: bool = False
    looked: int = 0
    known: dict[tuple[str, tuple[str, ...], str], Part] = field(default_factory=dict)
    behind: dict[tuple[str, str, int], list[tuple[tuple[str, ...], str, Fraction]]] = field(
        default_factory=dict
    )
    counted: dict[tuple[str, str, int], tuple[int, int]] = field(default_factory=dict)

    def resolved(self, cells: Cells) -> Parts:
        """The cells of the element asked for (or all) as parts."""
        self.read_ahead({origin for _, origin, _ in cells})
        exact: dict[Part, Fraction] = {}
        begun = 0
        for (symbol, origin, _), mass_mg in cells.items():
            if self.facts.element in (None, symbol):
                _, lots = self._ways(symbol, origin, MAX_RESOLVED)
                steps = MAX_RESOLVED if lots <= self.room else 0
                self.room -= lots if steps else 0
                self.truncated |= not steps
                begun += mass_mg
                for through, born, share in self._behind(symbol, origin, steps):
                    part = self._part(symbol, through, born)
                    exact[part] = exact.get(part, Fraction(0)) + mass_mg * share
        return split(begun, exact)

    def unnamed(
        self, parts: Parts, now: Mapping[tuple[str, str], int], before: Mapping[tuple[str, str], int]
    ) -> Parts | None:
        """Parts of a pool's version in which origins were named, as the version before held them; None where
        they are too many to be followed.

        Args:
            parts: What is followed.
            now: The version's mg by element and origin.
            before: Those of the one before it.
        """
        brought = self._brought(now, before, {part.cell for part in parts})
        shared = sum(1 + len(brought.get(part.cell, ())) for part in parts)
        self.looked += len(before) + shared
        if shared > max(MOST_AWAITED, len(parts)):
            self.truncated = True
            return None
        found: Parts = {}
        for part, mass_mg in parts.items():
            behind = {self._through(lot, part): mass for lot, mass in brought.get(part.cell, {}).items()}
            stood = Fraction(max(before.get(part.cell, 0), 0))
            for each, amount in split(
                mass_mg, {part: stood, **behind} if behind else {part: Fraction(1)}
            ).items():
                found[each] = found.get(each, 0) + amount
        return found

    def _brought(
        self,
        now: Mapping[tuple[str, str], int],
        before: Mapping[tuple[str, str], int],
        wanted: AbstractSet[tuple[str, str]],
    ) -> dict[tuple[str, str], dict[str, Fraction]]:
        """Of some cells of a version in which origins were named: what each lot had brought of it, in mg."""
        named: dict[str, dict[str, int]] = {}
        for (element, origin), mass_mg in before.items():
            named_mg = mass_mg - now.get((element, origin), 0)
            if named_mg > 0 and origin.startswith(AWAITED):
                named.setdefault(origin.removeprefix(AWAITED), {})[element] = named_mg
        brought: dict[tuple[str, str], dict[str, Fraction]] = {}
        for lot, elements in sorted(named.items()):
            own = self.facts.origins_of(lot)
            self.looked += len(own)
            followed = wanted & own.keys()
            whole = dict.fromkeys((element for element, _ in followed), 0)
            for (element, _), mg in own.items():
                if element in whole:
                    whole[element] += mg
            for cell in followed:
                if named_mg := elements.get(cell[0], 0):
                    brought.setdefault(cell, {})[lot] = Fraction(named_mg * own[cell], whole[cell[0]])
        return brought

    def _through(self, lot: str, part: Part) -> Part:
        """A part behind a lot that it came with."""
        names = [lot]
        while part.onward is not None:
            names.append(part.awaited)
            part = part.onward
        return self._part(part.element, tuple(names), part.origin)

    def _part(self, element: str, through: tuple[str, ...], origin: str) -> Part:
        key = (element, through, origin)
        found = self.known.get(key)
        if found is None:
            onward = self._part(element, through[1:], origin) if through else None
            found = self.known[key] = Part(element, through[0] if through else "", origin, onward)
        return found

    def _behind(self, element: str, origin: str, steps: int) -> list[tuple[tuple[str, ...], str, Fraction]]:
        """What stands behind an origin: itself, or what the awaited lot was born with."""
        key = (element, origin, steps)
        found = self.behind.get(key)
        if found is None:
            found = self.behind[key] = list(self._found(element, origin, steps))
        return found

    def _found(
        self, element: str, origin: str, steps: int
    ) -> Iterator[tuple[tuple[str, ...], str, Fraction]]:
        own = self._born_with(element, origin, steps)
        whole = sum(own.values())
        if not own:
            yield (), origin, Fraction(1)
        for each, mass_mg in own.items():
            for through, born, share in self._behind(element, each, steps - 1):
                yield (origin.removeprefix(AWAITED), *through), born, share * mass_mg / whole

    def _ways(self, element: str, origin: str, steps: int) -> tuple[int, int]:
        """How many ways ``_behind`` has for an origin, and how many awaited lots are on all of them."""
        key = (element, origin, steps)
        found = self.counted.get(key)
        if found is None:
            own = self._born_with(element, origin, steps)
            behind = [self._ways(element, each, steps - 1) for each in own]
            ways = sum(many for many, _ in behind) if own else 1
            found = self.counted[key] = (ways, sum(lots for _, lots in behind) + (ways if own else 0))
        return found

    def _born_with(self, element: str, origin: str, steps: int) -> dict[str, int]:
        """Mg by origin of the lot that is awaited, once it is born; else, or of another origin, nothing."""
        name = origin.removeprefix(AWAITED)
        lot = self.facts.lots.get(name) if origin.startswith(AWAITED) and steps else None
        inside = {} if lot is None or lot.birth == BIRTH_AWAITED else self.facts.origins_of(name)
        own = {each: mass_mg for (symbol, each), mass_mg in inside.items() if symbol == element}
        return own if sum(own.values()) else {}

    def read_ahead(
        self, origins: Iterable[str], lots: Iterable[str] = (), versions: Iterable[PoolAt] = ()
    ) -> None:
        """Reads the awaited lots behind origins, and those behind them, beside what else is needed."""
        seen: set[str] = set()
        for _ in range(MAX_RESOLVED):
            origins = {each for each in origins if each.startswith(AWAITED)} - seen
            if not origins:
                break
            seen |= origins
            names = sorted(each.removeprefix(AWAITED) for each in origins)
            self.facts.read_lots(names)
            behind = sorted(each.removeprefix(AWAITED) for each in seen)
            self.facts.need_origins([*lots, *behind], versions)
            there = [name for name in names if self.facts.lots[name] is not None]
            origins = {origin for name in there for _, origin in self.facts.origins_of(name)}


def split(mass_mg: int, weights: Mapping[_K, Fraction]) -> dict[_K, int]:
    """Whole milligrams by largest remainder; ties go to what stands first."""
    some = {name: weight for name, weight in weights.items() if weight}
    parts, _ = in_whole([(weight.numerator, weight.denominator) for weight in some.values()])
    return {name: amount for name, amount in zip(some, shares(mass_mg, parts), strict=True) if amount}


def shares(mass_mg: int, weights: Sequence[int]) -> list[int]:
    """As ``split``, in proportion to whole numbers, of which one at least is above zero."""
    whole = sum(weights)
    pairs = [divmod(mass_mg * weight, whole) for weight in weights]
    found = [floor for floor, _ in pairs]
    left = mass_mg - sum(found)
    if left:
        for at in sorted(range(len(pairs)), key=lambda each: -pairs[each][1])[:left]:
            found[at] += 1
    return found
