"""How well contained masses are known: one standard uncertainty by share of REO, and sums over lots.

Decides: the bands of the rule ``balance.element-gain``. Our own design choice, checked by simulation; see
docs/materials.md. Uncertainties are floats: they are compared with thresholds and never booked.
"""

import math
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Final, TypeAlias

Number: TypeAlias = int | float | Fraction
Part: TypeAlias = tuple[Number, Number]
"""(mass of the element, mass of all REO) of one lot, in mg of REO."""

BANDS: Final = ((0.10, 0.01), (0.01, 0.02), (0.001, 0.05))
"""(least share of REO, relative standard uncertainty), from the largest share on."""
TRACE_RELATIVE_U: Final = 0.20
TRACE_ABSOLUTE_U: Final = 0.0001
"""Below the last band: 20 % of the share, or 0.01 % of REO where that is more."""
TREO_RELATIVE_U: Final = 0.003
WEIGHING_RELATIVE_U: Final = 0.002


def relative_u(share: Number) -> float:
    """One relative standard uncertainty of an element's share of REO.

    Args:
        share: 0 < share <= 1. At 0 the absolute floor is all there is, and the result is infinite.
    """
    number = float(share)
    for least, u in BANDS:
        if number >= least:
            return u
    return math.inf if number <= 0 else max(TRACE_RELATIVE_U, TRACE_ABSOLUTE_U / number)


def absolute_u(share: Number) -> float:
    """One standard uncertainty of an element's share of REO, as a share of REO; 0.0001 at 0."""
    return TRACE_ABSOLUTE_U if share <= 0 else float(share) * relative_u(share)


def element_sigma(inputs: Sequence[Part], outputs: Sequence[Part]) -> float:
    """One standard uncertainty, in mg REO, of an element's mass out minus its mass in.

    The band is the larger of both sides' (an element is traced no better than where it is rarest), and holds
    for every lot of both; the uncertainties of TREO and of weighing come to it. sigma^2 = sum (m_i u_i)^2.

    Args:
        inputs: Each lot that went in. outputs: Each that came out.
    """
    shares = [share for share in (_share(inputs), _share(outputs)) if share > 0]
    band = max(map(relative_u, shares), default=0.0)
    trace = any(share < BANDS[-1][0] for share in shares) or len(shares) < 2
    squares = 0.0
    for element_mg, reo_mg in (*inputs, *outputs):
        mass = float(element_mg)
        assayed = mass * band
        if trace and mass / float(reo_mg or 1) < BANDS[-1][0]:
            assayed = max(assayed, TRACE_ABSOLUTE_U * float(reo_mg))
        squares += assayed**2 + (mass * TREO_RELATIVE_U) ** 2 + (mass * WEIGHING_RELATIVE_U) ** 2
    return math.sqrt(squares)


def total_sigma(masses_mg: Iterable[Number]) -> float:
    """One standard uncertainty, in mg REO, of a sum or difference of REO masses: TREO and weighing only."""
    u = math.hypot(TREO_RELATIVE_U, WEIGHING_RELATIVE_U)
    return math.sqrt(sum((float(mass) * u) ** 2 for mass in masses_mg))


def _share(parts: Sequence[Part]) -> float:
    whole = sum(float(reo_mg) for _, reo_mg in parts)
    return sum(float(element_mg) for element_mg, _ in parts) / whole if whole else 0.0
