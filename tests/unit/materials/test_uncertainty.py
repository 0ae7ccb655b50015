"""The bands, and the sums of squares over lots."""

import math
from fractions import Fraction

import pytest

from ledger.materials.uncertainty import absolute_u, element_sigma, relative_u, total_sigma


@pytest.mark.parametrize(
    ("share", "u"),
    [
        ("1", 0.01),
        ("0.1", 0.01),
        ("0.0999", 0.02),
        ("0.01", 0.02),
        ("0.00999", 0.05),
        ("0.001", 0.05),
        ("0.00099", 0.20),
        ("0.0005", 0.20),
        ("0.0001", 1.0),
    ],
)
def test_the_bands(share: str, u: float) -> None:
    assert relative_u(Fraction(share)) == pytest.approx(u)
    assert relative_u(float(share)) == pytest.approx(u)
    assert absolute_u(Fraction(share)) == pytest.approx(float(share) * u)


@pytest.mark.parametrize("share", [0, Fraction(0), 0.0])
def test_nothing_is_uncertain_by_the_floor(share: int | float | Fraction) -> None:
    assert relative_u(share) == math.inf
    assert absolute_u(share) == 0.0001


def test_one_lot_each_way() -> None:
    """20 % of REO on both sides: 1 %, with 0.3 % for TREO and 0.2 % for weighing."""
    sigma = element_sigma([(200, 1000)], [(198, 990)])
    u = math.sqrt(0.01**2 + 0.003**2 + 0.002**2)
    assert sigma == pytest.approx(math.hypot(200 * u, 198 * u))


def test_the_larger_band_of_both_sides_holds() -> None:
    """Nd at 5 % in a mixture (2 %), at 100 % in its oxide (1 %)."""
    u = math.sqrt(0.02**2 + 0.003**2 + 0.002**2)
    assert element_sigma([(50, 1000)], [(50, 50)]) == pytest.approx(math.hypot(50 * u, 50 * u))


def test_many_lots_are_better_known_than_one() -> None:
    one = element_sigma([(200, 1000)], [(200, 1000)])
    many = element_sigma([(20, 100)] * 10, [(200, 1000)])
    assert many < one


def test_an_element_that_only_comes_out_has_the_floor_of_the_inputs() -> None:
    assert element_sigma([(0, 1_000_000)], [(0, 1_000_000)]) == pytest.approx(math.hypot(100, 100))
    assert element_sigma([(0, 1_000_000)], []) == pytest.approx(100)


def test_nothing_at_all() -> None:
    assert element_sigma([], []) == 0
    assert element_sigma([(0, 0)], [(0, 0)]) == 0
    assert total_sigma([]) == 0


def test_the_total_knows_only_treo_and_weighing() -> None:
    assert total_sigma([1000]) == pytest.approx(1000 * math.hypot(0.003, 0.002))
    assert total_sigma([300, 400]) == pytest.approx(500 * math.hypot(0.003, 0.002))
