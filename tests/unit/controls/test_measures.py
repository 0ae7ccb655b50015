"""Variances in whole numbers against the same in floats, and which errors add up."""

import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.controls.measures import (
    TOTAL,
    UNIT,
    Balance,
    Batch,
    band_of,
    batch_of,
    beyond,
    bias_variance,
    sigmas_text,
    sum_masses,
    summed,
)
from ledger.materials.uncertainty import element_sigma, relative_u, total_sigma
from ledger.records.lots import LotRecord

MASSES = st.dictionaries(st.sampled_from(["La", "Ce", "Nd", "Dy"]), st.integers(10**9, 10**11), min_size=1)


def batches(many: list[dict[str, int]], start: int = 0) -> list[Batch]:
    return [Batch(str(start + n), masses, sum(masses.values())) for n, masses in enumerate(many)]


@given(st.lists(MASSES, min_size=1, max_size=4), st.lists(MASSES, min_size=1, max_size=4))
def test_independent_assays_agree_with_the_bands_of_materials(
    went: list[dict[str, int]], came: list[dict[str, int]]
) -> None:
    inputs, outputs = batches(went), batches(came, 10)
    balance = Balance(inputs, outputs)
    for element in {each for masses in [*went, *came] for each in masses}:
        parts = [
            [(batch.masses.get(element, 0), batch.total) for batch in side] for side in (inputs, outputs)
        ]
        assert math.isclose(
            math.sqrt(balance.variance(element)) / UNIT, element_sigma(*parts), rel_tol=1e-3, abs_tol=1e-3
        )
    totals = [batch.total for batch in (*inputs, *outputs)]
    assert math.isclose(math.sqrt(balance.variance(TOTAL)) / UNIT, total_sigma(totals), rel_tol=1e-3)


def test_lots_of_one_assay_err_together() -> None:
    masses = {"Nd": 1_000_000}
    apart = Balance([Batch(str(n), masses, 1_000_000) for n in range(100)], [])
    together = Balance([Batch("same", masses, 1_000_000) for _ in range(100)], [])
    ratio = math.sqrt(together.variance("Nd") / apart.variance("Nd"))
    assert 9 < ratio < 10


def test_an_assay_is_the_same_in_whatever_order_it_is_written() -> None:
    shares = {"Pr": "0.25", "Nd": "0.75"}
    backwards = dict(reversed(shares.items()))
    cells = {("Nd", "mine", "domestic"): 750_000, ("Pr", "mine", "domestic"): 250_000}

    def batch(number: int, fractions: dict[str, str], producer: str = "mine") -> Batch:
        lot = LotRecord(
            f"lot-{number}", number, 0, 0, producer, "site", 0, "extract", "", "ore", 10**6, cells,
            {"treoFraction": "1", "elementFractions": fractions},
        )  # fmt: skip
        return batch_of(lot, 10**6)

    together = Balance([batch(1, shares), batch(2, shares)], [])
    apart = Balance([batch(1, shares), batch(2, shares, "other")], [])
    assert Balance([batch(1, shares), batch(2, backwards)], []).variance("Nd") == together.variance("Nd")
    assert together.variance("Nd") > apart.variance("Nd")


@pytest.mark.parametrize(("share", "band"), [("0.1", 100), ("0.0999", 200), ("0.01", 200), ("0.0099", 500)])
def test_bands_begin_at_their_share(share: str, band: int) -> None:
    exact = Fraction(share)
    assert band_of(exact.numerator, exact.denominator) == band == round(relative_u(exact) * UNIT)


@pytest.mark.parametrize(("share", "band"), [("0.001", 500), ("0.00099", 2000), ("0.000001", 2000)])
def test_traces_are_known_to_a_fifth(share: str, band: int) -> None:
    exact = Fraction(share)
    assert band_of(exact.numerator, exact.denominator) == band


@pytest.mark.parametrize(
    ("excess", "sigmas", "variance", "found"),
    [
        (45, "4.5", (10 * UNIT) ** 2, False),
        (46, "4.5", (10 * UNIT) ** 2, True),
        (Fraction(451, 10), "4.5", (10 * UNIT) ** 2, True),
        (1, "4.5", 0, True),
        (0, "4.5", 0, False),
        (-46, "4.5", (10 * UNIT) ** 2, False),
    ],
)
def test_exactly_so_many_sigmas_is_not_beyond(
    excess: int | Fraction, sigmas: str, variance: int, found: bool
) -> None:
    assert beyond(excess, Fraction(sigmas), variance) is found


def test_a_bias_is_a_share_of_the_mass() -> None:
    assert bias_variance(1000, Fraction("0.004")) == (4 * UNIT) ** 2


@pytest.mark.parametrize(
    ("excess", "variance", "text"), [(45, (10 * UNIT) ** 2, "4.5"), (1, 0, "999"), (10**9, UNIT**2, "999")]
)
def test_sigmas_are_told_to_a_tenth(excess: int, variance: int, text: str) -> None:
    assert sigmas_text(excess, variance) == Fraction(text)


def test_masses_are_summed_by_element() -> None:
    assert sum_masses(batches([{"La": 1, "Nd": 2}, {"Nd": 3}])) == {"La": 1, "Nd": 5}


@given(st.lists(st.tuples(st.integers(-(10**20), 10**20), st.integers(1, 10**18)), max_size=40))
def test_quotients_are_summed_exactly(parts: list[tuple[int, int]]) -> None:
    assert summed(parts) == sum((Fraction(top, bottom) for top, bottom in parts), Fraction(0))
