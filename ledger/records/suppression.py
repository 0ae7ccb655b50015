"""Which cells of a published table may be shown, so that nobody reads one firm's trade out of it.

Decides: a cell is safe if enough firms stand behind it and none dominates it; cells that are not go into one
remainder together with as many safe ones as make that remainder safe as well. What is published of a period
is then a partition: every figure is a sum over whole groups of cells, and no two groups overlap. Differences
between tables of one period, and between periods (which never overlap), say nothing about the cells within
a group. docs/statistics.md has the argument and its limits. Knows nothing of licences.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

FEWEST_FIRMS: Final = 3
MOST_PERCENT: Final = 70
"""Of a cell's count or mass that one firm may have."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one firm adds to a cell: a count, and a mass in mg (0 where it has none)."""

    firm: str
    count: int
    mass_mg: int


@dataclass(frozen=True, slots=True)
class Partition:
    """What may be shown: some cells each by itself, the ``rest`` only as a sum; both in order of the keys.

    Both are empty where even the sum of all is not safe, or nothing could be shown beside it.
    """

    shown: tuple[str, ...]
    rest: tuple[str, ...]


def is_safe(contributions: Iterable[Contribution]) -> bool:
    """Whether a figure over these contributions may be shown.

    At least ``FEWEST_FIRMS`` firms are counted and none has more than ``MOST_PERCENT`` of the count; where
    there is a mass, the same holds for it.
    """
    counts: dict[str, int] = {}
    masses: dict[str, int] = {}
    for each in contributions:
        counts[each.firm] = counts.get(each.firm, 0) + each.count
        if each.mass_mg:
            masses[each.firm] = masses.get(each.firm, 0) + each.mass_mg
    return _is_spread(counts) and (not masses or _is_spread(masses))


def partition(cells: Mapping[str, Iterable[Contribution]]) -> Partition:
    """The finest partition that this rule reaches: the smallest safe cells are the first to be given up.

    Args:
        cells: The contributions to each cell, by its key; cells share no contribution.
    """
    held = {key: tuple(contributions) for key, contributions in cells.items()}
    shown = {key for key, contributions in held.items() if is_safe(contributions)}
    rest = complete(held, shown)
    if len(rest) == len(held):
        return Partition((), ())
    return Partition(tuple(sorted(held.keys() - rest)), tuple(sorted(rest)))


def complete(held: Mapping[str, tuple[Contribution, ...]], shown: set[str]) -> set[str]:
    """The cells of the remainder: those that are not safe, and what complementary suppression adds.

    Args:
        held: The contributions to each cell.
        shown: The cells that are safe by themselves.
    """
    rest = set(held) - shown
    smallest_first = sorted(shown, key=lambda key: (sum(each.mass_mg for each in held[key]), key))
    # A remainder of one cell is that cell, which is not safe.
    while rest and smallest_first and not is_safe(each for key in rest for each in held[key]):
        rest.add(smallest_first.pop(0))
    return rest


def _is_spread(shares: Mapping[str, int]) -> bool:
    return len(shares) >= FEWEST_FIRMS and 100 * max(shares.values()) <= MOST_PERCENT * sum(shares.values())
