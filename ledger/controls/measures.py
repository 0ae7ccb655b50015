"""How far sums of assayed lots may be apart: variances of element masses, in whole numbers.

Decides: which errors add up and which cancel. Lots that were declared with one assay err together;
different assays err independently. The bands are those of ``materials.uncertainty``. Everything is integer
arithmetic, so that a rule decides alike on every machine.

Variances are in units of (mg / 10,000)^2.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Any, Final

from ledger.materials.uncertainty import (
    BANDS,
    TRACE_ABSOLUTE_U,
    TRACE_RELATIVE_U,
    TREO_RELATIVE_U,
    WEIGHING_RELATIVE_U,
)
from ledger.records.cells import element_masses
from ledger.records.lots import LotRecord
from ledger.records.quick import quick

UNIT: Final = 10_000
TOTAL: Final = "REO"
"""The name under which all elements together stand."""

_encode: Final = json.JSONEncoder(sort_keys=True).encode

_BANDS: Final = tuple((round(least * UNIT), round(u * UNIT)) for least, u in BANDS)
_TRACE: Final = round(TRACE_RELATIVE_U * UNIT)
_FLOOR: Final = round(TRACE_ABSOLUTE_U * UNIT)
_TREO_SQUARE: Final = round(TREO_RELATIVE_U * UNIT) ** 2
_WEIGHING_SQUARE: Final = round(WEIGHING_RELATIVE_U * UNIT) ** 2


@quick
@dataclass(frozen=True, slots=True)
class Batch:
    """What of one lot went in or came out.

    Attributes:
        assay: What the assay that its composition rests on is known by, as JSON can say it: those that say
            the same, in whatever order of names, err together.
        masses: REO in mg by element; no zeros.
        total: All of it.
    """

    assay: Any
    masses: dict[str, int]
    total: int


def batch_of(lot: LotRecord, mass_mg: int) -> Batch:
    """A share of a lot, rounded down to whole mg of each element."""
    masses = element_masses(lot.cells)
    if mass_mg != lot.mass_mg:
        masses = {element: mass * mass_mg // lot.mass_mg for element, mass in masses.items()}
    assay = (lot.producer, lot.composition) if lot.composition else lot.lot
    return Batch(assay, masses, sum(masses.values()))


class Balance:
    """Both sides of a process: sums and variances by element, and under ``TOTAL`` for all together."""

    def __init__(self, inputs: Sequence[Batch], outputs: Sequence[Batch]) -> None:
        self.inputs = _Side(inputs)
        self.outputs = _Side(outputs)
        self._variances: dict[str, int] = {}

    def variance(self, element: str) -> int:
        """Of the mass out minus the mass in; the band is the larger of both sides'."""
        known = self._variances.get(element)
        if known is None:
            known = self._variances[element] = self._variance(element)
        return known

    def _variance(self, element: str) -> int:
        if element == TOTAL:
            return self.inputs.total_variance() + self.outputs.total_variance()
        sides = (self.inputs, self.outputs)
        shares = [(side.masses[element], side.total) for side in sides if side.masses.get(element)]
        band = max((band_of(mass, total) for mass, total in shares), default=0)
        trace = len(shares) < 2 or any(mass * UNIT < total * _BANDS[-1][0] for mass, total in shares)
        return sum(side.variance(element, band, trace=trace) for side in sides)


class _Side:
    def __init__(self, batches: Sequence[Batch]) -> None:
        self.batches = batches
        self.masses = sum_masses(batches)
        self.total = sum(self.masses.values())
        self.groups = [
            (sum_masses(group), sum(batch.total for batch in group)) if len(group) > 1 else _whole(group[0])
            for group in _by_assay(batches)
        ]
        """Masses by element, and all of them, of the batches that one assay stands for."""

    def variance(self, element: str, band: int, *, trace: bool) -> int:
        squares = 0
        for masses, whole in self.groups:
            mass = masses.get(element, 0)
            assayed = mass * band
            if trace and mass * UNIT < whole * _BANDS[-1][0]:
                assayed = max(assayed, whole * _FLOOR)
            squares += assayed * assayed + mass * mass * _TREO_SQUARE
        for batch in self.batches:
            mass = batch.masses.get(element, 0)
            squares += mass * mass * _WEIGHING_SQUARE
        return squares

    def total_variance(self) -> int:
        groups = sum([whole * whole for _, whole in self.groups])
        return (
            groups * _TREO_SQUARE + sum([each.total * each.total for each in self.batches]) * _WEIGHING_SQUARE
        )


def _by_assay(batches: Sequence[Batch]) -> list[Sequence[Batch]]:
    if len(batches) == 1:
        return [batches]
    groups: dict[str, list[Batch]] = {}
    for batch in batches:
        groups.setdefault(_encode(batch.assay), []).append(batch)
    return list(groups.values())


def _whole(batch: Batch) -> tuple[dict[str, int], int]:
    return batch.masses, batch.total


def band_of(mass_mg: int, total_mg: int) -> int:
    """One relative standard uncertainty by share of REO, in 1/10,000.

    Args:
        mass_mg: Of the element, > 0. total_mg: Of all REO, at least as much.
    """
    for least, u in _BANDS:
        if mass_mg * UNIT >= total_mg * least:
            return u
    return _TRACE


def beyond(excess: Fraction | int, sigmas: Fraction, variance: int) -> bool:
    """Whether an excess in mg is more than so many standard uncertainties; exactly so many is not."""
    if excess <= 0:
        return False
    return (
        excess.numerator**2 * UNIT**2 * sigmas.denominator**2
        > sigmas.numerator**2 * variance * excess.denominator**2
    )


def summed(parts: Iterable[tuple[int, int]]) -> Fraction:
    """The exact sum of quotients of whole numbers, of which there may be thousands.

    One after the other, each would be added to a fraction as long as all before it; two by two they are not.
    """
    tops: dict[int, int] = {}
    for top, bottom in parts:
        tops[bottom] = tops.get(bottom, 0) + top
    left = [(top, bottom) for bottom, top in tops.items()] or [(0, 1)]
    while len(left) > 1:
        pairs = zip(left[::2], left[1::2], strict=False)
        odd = left[-1:] if len(left) % 2 else []
        left = [(one * below + other * under, under * below) for (one, under), (other, below) in pairs] + odd
    return Fraction(*left[0])


def more_than(part: Fraction | int, share: Fraction, whole: Fraction | int) -> bool:
    """Whether a part is more than a share of a whole, without making fractions of whole numbers."""
    return part * share.denominator > share.numerator * whole


def bias_variance(mass_mg: Fraction | int, share: Fraction) -> int:
    """The variance of a bias that is a share of a mass."""
    bias = mass_mg.numerator * share.numerator * UNIT // (mass_mg.denominator * share.denominator)
    return bias * bias


def sigmas_text(excess: Fraction | int, variance: int) -> Fraction:
    """By how many standard uncertainties, cut to a tenth, for evidence."""
    if variance <= 0:
        return Fraction(999)
    scaled = excess * UNIT * 10
    square = scaled.numerator**2 // (scaled.denominator**2 * variance)
    return Fraction(min(isqrt(square), 9990), 10)


def sum_masses(many: Iterable[Batch]) -> dict[str, int]:
    """REO in mg by element over batches."""
    sums: dict[str, int] = {}
    for batch in many:
        for element, mass in batch.masses.items():
            sums[element] = sums.get(element, 0) + mass
    return sums
