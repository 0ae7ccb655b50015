"""What follows from sums of cells that are not negative: by interval propagation, and by exact solving."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

UNBOUNDED = 10**30


class Equation(NamedTuple):
    """The sum of ``cells`` is that of ``less`` and the total; cells are places from 0."""

    cells: list[int]
    less: list[int]
    total: int


class Sums:
    """Equations over cells that are not negative, and what follows.

    Attributes:
        low, high: Bounds of each cell.
    """

    def __init__(self, cells: int, equations: Sequence[Equation], nothing: Iterable[int] = ()) -> None:
        """Takes the number of cells, equations, and the cells that are certainly zero."""
        self.low, self.high = [0] * cells, [UNBOUNDED] * cells
        for cell in nothing:
            self.high[cell] = 0
        for each in equations:
            if each.total == 0 and not each.less:
                for cell in each.cells:
                    self.high[cell] = 0
        self._equations = [
            Equation(
                [cell for cell in each.cells if self.high[cell]],
                [cell for cell in each.less if self.high[cell]],
                each.total,
            )
            for each in equations
        ]

    def follow(self, *, exactly: bool) -> None:
        """Everything that both ways of concluding give, each with what the other has found."""
        self.propagate()
        if exactly:
            self.solve()
            self.propagate()

    def propagate(self) -> None:
        """Narrows the bounds until nothing changes."""
        changed = True
        while changed:
            changed = bool(sum([self._narrow_both(each) for each in self._equations]))

    def solve(self) -> None:
        """Fixes every cell that the equations alone determine: Gauss-Jordan over the rationals."""
        rows: dict[int, dict[int | None, Fraction]] = {}
        for each in self._equations:
            row: dict[int | None, Fraction] = {None: Fraction(each.total)}
            for sign, side in ((1, each.cells), (-1, each.less)):
                for cell in side:
                    if self.low[cell] == self.high[cell]:
                        row[None] -= sign * self.low[cell]
                    else:
                        row[cell] = row.get(cell, Fraction(0)) + sign
            for pivot in [cell for cell in row if cell in rows]:
                _subtract(row, rows[pivot], row[pivot])
            leading = next((cell for cell in row if cell is not None), None)
            if leading is None:
                continue
            row = {cell: value / row[leading] for cell, value in row.items()}
            for other in rows.values():
                if leading in other:
                    _subtract(other, row, other[leading])
            rows[leading] = row
        for cell, row in rows.items():
            if set(row) == {cell, None}:
                assert row[None].denominator == 1
                self.low[cell] = self.high[cell] = int(row[None])

    def _narrow_both(self, each: Equation) -> bool:
        changed = self._narrow(each.cells, each.less, each.total)
        return (bool(each.less) and self._narrow(each.less, each.cells, -each.total)) or changed

    def _narrow(self, sum_of: Sequence[int], like: Sequence[int], more: int) -> bool:
        """Bounds each cell of a sum by what the sum is like and the other cells; whether that changed one."""
        low, high, changed = self.low, self.high, False
        least_total = sum([low[cell] for cell in like]) + more
        most_total = min(sum([high[cell] for cell in like]) + more, UNBOUNDED)
        least, most = sum([low[cell] for cell in sum_of]), sum([high[cell] for cell in sum_of])
        for cell in sum_of:
            top = most_total - (least - low[cell])
            bottom = least_total - (most - high[cell])
            if most_total < UNBOUNDED and top < high[cell]:
                high[cell], changed = top, True
            if bottom > low[cell]:
                low[cell], changed = bottom, True
        return changed


def _subtract(row: dict[Any, Fraction], other: Mapping[Any, Fraction], times: Fraction) -> None:
    for cell, value in other.items():
        left = row.get(cell, Fraction(0)) - times * value
        if left or cell is None:
            row[cell] = left
        else:
            row.pop(cell, None)
