"""Processes: lots go in, lots are born, and every element is accounted for.

Decides: what each output contains by origin. Of an element, what comes out is shared out by the origins and
statuses of what went in, in whole milligrams, over all outputs at once; what comes out beyond it is
``unexplained``. What neither comes out nor is declared lost is a difference.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd, lcm
from typing import Final

from ledger.books.accounts import Journal, too_fine
from ledger.books.births import bear_lot, composition_of, stage_of
from ledger.books.context import Impossible
from ledger.books.counting import SEPARATED, count_output
from ledger.books.custody import acting_custodian
from ledger.findings import Finding
from ledger.movements.movement import Line
from ledger.records.cells import UNEXPLAINED, Cell, apportion
from ledger.records.lots import LotRecord

MOST_DENOMINATOR: Final = 10**4_000
"""A fraction beyond it cannot be posted; so its sum is not worked out."""


class ExactShare(Mapping[Cell, Fraction]):
    """Cells over one denominator, each made a fraction when it is asked for."""

    def __init__(self, cells: Mapping[Cell, int], denominator: int) -> None:
        self._cells = cells
        self._denominator = denominator

    def __getitem__(self, cell: Cell) -> Fraction:
        return Fraction(self._cells[cell], self._denominator)

    def __iter__(self) -> Iterator[Cell]:
        return iter(self._cells)

    def __len__(self) -> int:
        return len(self._cells)


@dataclass(slots=True)
class Intake:
    """What went in, exactly: whole numerators over one denominator, so that no fraction is made per cell.

    Attributes:
        lots: Each lot with the share of its mass and its owner.
        cells: Milligrams REO by cell, times ``denominator``. ``elements``: the same by element.
    """

    lots: list[tuple[LotRecord, int, str]] = field(default_factory=list)
    cells: dict[Cell, int] = field(default_factory=dict)
    elements: dict[str, int] = field(default_factory=dict)
    denominator: int = 1

    def exact(self) -> dict[str, Fraction | int]:
        """Milligrams REO by element."""
        elements, whole = sorted(self.elements.items()), self.denominator
        if whole == 1:
            return dict(elements)
        return {element: Fraction(mass, whole) for element, mass in elements}

    def rest(self, out_mg: Mapping[str, int], lost_mg: Mapping[str, int]) -> dict[str, Fraction]:
        """What neither came out nor was declared lost, in mg by element; no zeros."""
        rests = {
            element: self.elements.get(element, 0)
            - (out_mg.get(element, 0) + lost_mg.get(element, 0)) * self.denominator
            for element in sorted({*self.elements, *out_mg, *lost_mg})
        }
        return {element: Fraction(rest, self.denominator) for element, rest in rests.items() if rest}

    @property
    def parents(self) -> list[int]:
        """The lots' nodes, each once."""
        return list(dict.fromkeys(lot.node for lot, _, _ in self.lots))

    @property
    def owners(self) -> list[str]:
        """Every owner, each once."""
        return list(dict.fromkeys(owner for _, _, owner in self.lots))

    @property
    def tainted_by(self) -> int | None:
        """The first entry that makes one of the lots illegal product."""
        return min((lot.tainted_by for lot, _, _ in self.lots if lot.tainted_by is not None), default=None)


def book_process(journal: Journal) -> None:
    """Books a batchwise process."""
    movement, effect = journal.movement, journal.effect
    custodian = acting_custodian(journal, movement.custodian_from or movement.custodian_to)
    intake = take_inputs(journal, custodian)
    owner = _owner(journal, intake)
    out_mg = declared_masses(movement.outputs)
    lost = declared_losses(journal, intake.elements, intake.denominator, out_mg)
    cells, gain = attribute(intake.cells, intake.denominator, out_mg, lost)
    bear_outputs(
        journal, cells, owner=owner, custodian=custodian, parents=intake.parents, taint=intake.tainted_by
    )
    contained_in = intake.exact()
    effect.contained_in, effect.contained_out, effect.lost, effect.gain = contained_in, out_mg, lost, gain
    effect.cells_in = ExactShare(intake.cells, intake.denominator)
    effect.difference = intake.rest(out_mg, lost)
    journal.post("lost", contained=lost, owner=owner, custodian=custodian, reference=movement.process)
    journal.post(
        "difference",
        contained=effect.difference,
        owner=owner,
        custodian=custodian,
        reference=movement.process,
    )


def take_inputs(journal: Journal, custodian: str) -> Intake:
    """Takes every input from its holding at the movement's site.

    Raises:
        Impossible: A lot is not there, or there is less of it; or ``balance.too-fine``.
    """
    movement = journal.movement
    intake = Intake()
    parts: list[tuple[LotRecord, int, int]] = []
    for line in movement.inputs:
        holding = journal.source(line, custodian=custodian, site=movement.site, owner=movement.owner_from)
        lot, mass_mg = journal.take_from(line, holding)
        intake.lots.append((lot, mass_mg, holding.owner))
        journal.effect.used.append((lot, mass_mg))
        common = gcd(mass_mg, lot.mass_mg)
        parts.append((lot, mass_mg // common, lot.mass_mg // common))
    intake.denominator = _denominator(journal, [whole for _, _, whole in parts])
    for lot, part, whole in parts:
        times = part * (intake.denominator // whole)
        for cell, mass_mg in lot.cells.items():
            intake.cells[cell] = intake.cells.get(cell, 0) + mass_mg * times
    intake.elements = sum_elements(intake.cells)
    return intake


def _denominator(journal: Journal, wholes: Iterable[int]) -> int:
    """The least common denominator of shares of lots; of as many lots as one likes it has no bound."""
    denominator = 1
    for whole in wholes:
        denominator = lcm(denominator, whole)
        if denominator > MOST_DENOMINATOR:
            raise too_fine(journal.movement)
    return denominator


def sum_elements(cells: Mapping[Cell, int]) -> dict[str, int]:
    """Sums by element."""
    sums: dict[str, int] = {}
    for (element, _, _), mass in cells.items():
        sums[element] = sums.get(element, 0) + mass
    return sums


def declared_masses(outputs: Iterable[Line]) -> dict[str, int]:
    """Whole mg REO by element of all outputs together, as declared.

    Raises:
        Impossible: One declares no composition.
    """
    sums: dict[str, int] = {}
    for line in outputs:
        for element, mass_mg in composition_of(line).contained_mg.items():
            if mass_mg:
                sums[element] = sums.get(element, 0) + mass_mg
    return dict(sorted(sums.items()))


def declared_losses(
    journal: Journal, elements: Mapping[str, int], denominator: int, out_mg: Mapping[str, int]
) -> dict[str, int]:
    """Declared losses by element; one declared for all together is spread by what each element lacks.

    Args:
        journal: Of the movement that declares them.
        elements: What went in, times ``denominator``.
        out_mg: What came out.

    Raises:
        Impossible: ``loss.unplaced``: a loss of nothing.
    """
    declared = journal.movement.declared_losses_mg
    lost = {element: mass_mg for element, mass_mg in declared.items() if element and mass_mg}
    together = declared.get("", 0)
    if not together:
        return lost
    gaps = {
        element: mass - (out_mg.get(element, 0) + lost.get(element, 0)) * denominator
        for element, mass in elements.items()
    }
    weights = {element: gap for element, gap in gaps.items() if gap > 0} or dict(elements)
    if not any(weights.values()):
        raise Impossible(
            Finding(
                "loss.unplaced",
                "a loss is declared where no rare earth went in",
                journal.movement.pointer,
                "Correct the declared loss or the inputs.",
                {"declared_mg": together},
            )
        )
    shared = apportion(together, {(element, "", ""): weight for element, weight in weights.items()})
    for (element, _, _), mass_mg in shared.items():
        lost[element] = lost.get(element, 0) + mass_mg
    return dict(sorted(lost.items()))


def attribute(
    weights: Mapping[Cell, int], denominator: int, out_mg: Mapping[str, int], lost_mg: Mapping[str, int]
) -> tuple[dict[Cell, int], dict[str, int]]:
    """Shares what comes out to the origins and statuses of what went in.

    A milligram that is begun counts as whole, for a birth rounds; anything beyond is a gain.

    Args:
        weights: What went in by cell, times ``denominator``.
        out_mg: Whole mg that come out, by element. ``lost_mg``: that are declared lost.

    Returns:
        Cells of all outputs together, and the gains in mg by element, which are ``unexplained`` in them.
    """
    by_element: dict[str, dict[Cell, int]] = {}
    for cell, weight in weights.items():
        by_element.setdefault(cell[0], {})[cell] = weight
    cells: dict[Cell, int] = {}
    gain: dict[str, int] = {}
    for element, mass_mg in out_mg.items():
        own = by_element.get(element, {})
        left = sum(own.values()) - lost_mg.get(element, 0) * denominator
        explained = min(mass_mg, -(-left // denominator)) if left > 0 else 0
        cells.update(apportion(explained, own))
        if mass_mg > explained:
            gain[element] = mass_mg - explained
            for cell, more in unexplained(element, gain[element], own or weights).items():
                cells[cell] = cells.get(cell, 0) + more
    return cells, gain


def unexplained(element: str, mass_mg: int, like: Mapping[Cell, int]) -> dict[Cell, int]:
    """Cells of unknown origin, with the statuses of what they came out beside."""
    statuses: dict[Cell, int] = {}
    for (_, _, status), weight in like.items():
        cell = (element, UNEXPLAINED, status)
        statuses[cell] = statuses.get(cell, 0) + weight
    if not any(statuses.values()):
        statuses = {(element, UNEXPLAINED, "domestic"): 1}
    return apportion(mass_mg, statuses)


def split(cells: Mapping[Cell, int], outputs: Sequence[Mapping[str, int]]) -> list[dict[Cell, int]]:
    """Shares the cells of all outputs out to each: every output's elements and every cell sum up exactly.

    Args:
        cells: Of all outputs together; by element they sum to what the outputs contain.
        outputs: Whole mg by element of each.
    """
    left: dict[str, dict[Cell, int]] = {}
    for cell, mass_mg in cells.items():
        left.setdefault(cell[0], {})[cell] = mass_mg
    shares: list[dict[Cell, int]] = []
    for masses in outputs:
        share: dict[Cell, int] = {}
        for element, mass_mg in masses.items():
            if not mass_mg:
                continue
            own = left[element]
            if sum(own.values()) == mass_mg:
                share.update(own)
                left[element] = {}
                continue
            for cell, part in apportion(mass_mg, own).items():
                share[cell] = part
                own[cell] -= part
                if not own[cell]:
                    del own[cell]
        shares.append(share)
    return shares


def bear_outputs(
    journal: Journal,
    cells: Mapping[Cell, int],
    *,
    owner: str,
    custodian: str,
    parents: Sequence[int],
    taint: int | None,
) -> None:
    """Bears every output with its part of the cells, counted where it is a separated compound or beyond."""
    outputs = journal.movement.outputs
    masses = [composition_of(line).contained_mg for line in outputs]
    for line, part in zip(outputs, split(cells, masses), strict=True):
        stage = stage_of(journal, line)
        own, counted_mg = count_output(part, stage)
        journal.effect.counted_mg += counted_mg
        if stage != SEPARATED:
            journal.effect.counted_beyond_mg += counted_mg
        bear_lot(
            journal,
            line,
            cells=own,
            owner=owner,
            custodian=custodian,
            parents=parents,
            tainted_by=taint,
        )


def ambiguous_owner(journal: Journal, owners: Sequence[str]) -> Impossible:
    """The refusal of outputs that could be anybody's."""
    return Impossible(
        Finding(
            "owner.ambiguous",
            f"the goods belong to {len(owners)} owners, and no owner of the outputs is stated",
            journal.movement.pointer,
            "State the owning party of the outputs in destinationList, or record a movement for each owner.",
            {"owners": sorted(owners)},
        )
    )


def _owner(journal: Journal, intake: Intake) -> str:
    if journal.movement.owner_to:
        return journal.movement.owner_to
    owners = intake.owners
    if len(owners) > 1:
        raise ambiguous_owner(journal, owners)
    return owners[0] if owners else journal.recording.issuer
