"""What each step of a flow was made of, by the postings of its event, read in bulk.

Decides: which steps are reached, and in which order they are followed. Computes no flow.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ledger.provenance.flow_facts import Facts, FlowLot, Line
from ledger.provenance.flow_parts import Step


class Used(NamedTuple):
    """A lot that went into an event, and how much of it, in mg of its mass."""

    lot: FlowLot
    mass_mg: int

    @property
    def step(self) -> Step:
        """The lot as a step."""
        return ("lot", self.lot.lot, 0)


@dataclass(slots=True)
class Made:
    """What one step was made of: lots that went in, and the pool version before it, or drawn from.

    Attributes:
        lines: The journal lines of the event of a lot.
    """

    inputs: list[Used] = field(default_factory=list)
    previous: Step | None = None
    lines: Sequence[Line] = ()

    def before(self) -> Iterator[Step]:
        """The steps that it was made of."""
        if self.previous is not None:
            yield self.previous
        for each in self.inputs:
            yield each.step


def read_way(facts: Facts, nodes: Collection[int], most: int) -> dict[Step, Made]:
    """What all steps behind some nodes were made of, in as few questions as one of them takes."""
    facts.read_way(nodes, most + 1)
    lots = (("lot", lot.lot, 0) for lot in facts.nodes.values() if lot is not None)
    return made_of(facts, [*lots, *(("pool", *version) for version in facts.versions)])


def made_of(facts: Facts, steps: Iterable[Step]) -> dict[Step, Made]:
    """What steps were made of, by the postings of their events; nothing of what came from outside."""
    found = {step: Made() for step in steps}
    facts.read_lots(name for kind, name, _ in found if kind == "lot")
    born = [
        (step, lot)
        for step in found
        if step[0] == "lot" and (lot := facts.lots[step[1]]) is not None and lot.birth in ("process", "draw")
    ]
    fed = [(step, facts.versions[step[1:]]) for step in found if step[0] == "pool"]
    places = {lot.place for _, lot in born}
    places |= {version.place for _, version in fed if version.change == "feed"}
    facts.read_lines(places)
    drawn = [lot.node for _, lot in born if lot.birth == "draw"]
    facts.read_parents(drawn)
    facts.read_nodes(parent for node in drawn for parent in facts.parents[node])
    facts.read_lots(line.lot for place in places for line in facts.lines[place] if line.lot)
    for step, lot in born:
        made = found[step]
        made.lines = facts.lines[lot.place]
        if lot.birth == "process":
            made.inputs = used(facts, made.lines)
        else:
            made.previous = _drawn_from(facts, lot)
    for step, version in fed:
        if version.change == "feed":
            found[step].inputs = used(facts, facts.lines[version.place])
        if version.version > 1:
            found[step].previous = ("pool", version.pool, version.version - 1)
    return found


def _drawn_from(facts: Facts, lot: FlowLot) -> Step | None:
    for parent in facts.parents[lot.node]:
        version = facts.version_nodes.get(parent)
        if version is not None:
            return ("pool", version.pool, version.version)
    return None


def with_chains(
    facts: Facts, level: Mapping[Step, None], known: Mapping[Step, object], most: int
) -> dict[Step, None]:
    """Steps, with all earlier versions of the pools among them that are not known, while there is room."""
    steps: dict[Step, None] = {}
    room = most + 1 - len(known)
    for step in sorted(level, key=lambda each: -each[2]):
        kind, name, number = step
        if kind == "pool" and step not in steps:
            first = number
            while first > 1 and number - first < room and ("pool", name, first - 1) not in known:
                first -= 1
            facts.read_versions(name, first, number)
            steps.update((("pool", name, each), None) for each in range(number, first - 1, -1))
        steps.setdefault(step)
    return steps


def used(facts: Facts, lines: Iterable[Line]) -> list[Used]:
    """The lots that an event used; ``facts`` knows them."""
    masses: dict[str, int] = {}
    for line in lines:
        if line.account == "holding" and line.mass_mg < 0:
            masses[line.lot] = masses.get(line.lot, 0) - line.mass_mg
    lots = ((facts.lots[name], mass_mg) for name, mass_mg in masses.items())
    return [Used(lot, mass_mg) for lot, mass_mg in lots if lot is not None and lot.mass_mg]


def in_order(sources: Mapping[Step, Made | None]) -> Iterator[Step]:
    """Each step after everything that was made of it, a pool's versions in a row where that can be.

    The graph has no cycle.
    """
    needed = dict.fromkeys(sources, 0)
    for made in sources.values():
        for step in () if made is None else made.before():
            needed[step] += 1
    ready = [step for step in sources if not needed[step]]
    while ready:
        step = ready.pop()
        yield step
        known = sources[step]
        for before in () if known is None else known.before():
            needed[before] -= 1
            if not needed[before]:
                ready.append(before)
