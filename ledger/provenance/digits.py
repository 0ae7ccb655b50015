"""Exact numbers that do not grow without end: those of thousands of digits are cut far below a milligram.

Decides: how fine is fine enough. A part of a lot is a fraction of its mass; of parts of many lots that have
nothing in common every sum, and every common denominator, has as many digits as all of them together.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import lcm
from typing import Final

FINEST: Final = 1 << 4_096
"""The largest denominator that is kept; that of parts of a hundred lots that have nothing in common."""
CUT_BITS: Final = 256
"""Binary places of what is cut: of a thousand million steps the errors stay below 10^-60 mg."""


def cut(amount: Fraction) -> Fraction:
    """An amount; of one with too many digits the nearest that has few."""
    if amount.denominator <= FINEST:
        return amount
    return Fraction(round(amount * (1 << CUT_BITS)), 1 << CUT_BITS)


def in_whole(ratios: Sequence[tuple[int, int]]) -> tuple[list[int], int]:
    """Ratios above zero (numerator, denominator) in whole numbers, and what these are to be divided by."""
    common = 1
    for _, denominator in ratios:
        common = lcm(common, denominator)
        if common > FINEST:
            cuts = [max(1, (numerator << CUT_BITS) // denominator) for numerator, denominator in ratios]
            return cuts, 1 << CUT_BITS
    return [numerator * (common // denominator) for numerator, denominator in ratios], common
