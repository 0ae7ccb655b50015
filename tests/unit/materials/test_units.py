"""Masses: from units to whole milligrams, and as people write them."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.materials.units import MASS_UNITS, format_mass, round_half_even, to_mg
from ledger.strict_json import JsonNumber

QUANTITIES = st.decimals(min_value=0, max_value=10**12, allow_nan=False, places=9)


@pytest.mark.parametrize(
    ("quantity", "uom", "mass_mg"),
    [
        ("5200", "KGM", 5_200_000_000),
        ("5200.5", "KGM", 5_200_500_000),
        ("1.25", "TNE", 1_250_000_000),
        ("7", "GRM", 7_000),
        ("7", "MGM", 7),
        ("7400", "MC", 7),
        ("1", "LBR", 453_592),
        ("100000", "LBR", 45_359_237_000),
        ("16", "ONZ", 453_592),
        ("7000000", "GRN", 453_592_370),
        ("1000", "APZ", 31_103_477),
        ("5", "CTM", 1_000),
        ("1", "LTN", 1_016_046_909),
        ("1e3", "KGM", 1_000_000_000),
        ("0", "TNE", 0),
    ],
)
def test_a_quantity_in_its_unit_is_so_many_milligrams(quantity: str, uom: str, mass_mg: int) -> None:
    assert to_mg(JsonNumber(quantity), uom) == mass_mg


@pytest.mark.parametrize(
    ("micrograms", "mass_mg"), [("499", 0), ("500", 0), ("501", 1), ("1499", 1), ("1500", 2), ("2500", 2)]
)
def test_halves_go_to_the_even_milligram(micrograms: str, mass_mg: int) -> None:
    assert to_mg(Decimal(micrograms), "MC") == mass_mg


@pytest.mark.parametrize("uom", ["kgm", "KG", "LTR", "MTR", "", "EA", "H87", "KGS", "KPH"])
def test_what_is_no_unit_of_mass_is_none(uom: str) -> None:
    with pytest.raises(KeyError):
        to_mg(Decimal(1), uom)


@given(QUANTITIES, st.sampled_from(sorted(MASS_UNITS)))
def test_it_is_the_exact_rational_rounded_once(quantity: Decimal, uom: str) -> None:
    assert to_mg(quantity, uom) == round(Fraction(quantity) * MASS_UNITS[uom])


@given(st.integers(0, 10**9), st.integers(1, 10**4))
def test_rounding_is_that_of_rationals(number: int, divisor: int) -> None:
    assert round_half_even(number, divisor) == round(Fraction(number, divisor))


def test_an_int_is_taken_as_well() -> None:
    assert to_mg(3, "TNE") == 3_000_000_000
    assert to_mg(3, "LBR") == 1_360_777


@pytest.mark.parametrize(
    ("mass_mg", "text"),
    [
        (0, "0 mg"),
        (999, "999 mg"),
        (-3, "-3 mg"),
        (1_000, "1 g"),
        (12_500, "12.5 g"),
        (999_999, "999.999 g"),
        (1_000_000, "1 kg"),
        (5_200_500_000, "5,200.5 kg"),
        (5_200_000_001, "5,200.000001 kg"),
        (999_999_999_999, "999,999.999999 kg"),
        (10**12, "1,000 t"),
        (10**12 + 1, "1,000,000.000001 kg"),
        (-(10**12) - 10**6, "-1,000.001 t"),
        (270_000 * 10**9, "270,000 t"),
    ],
)
def test_a_mass_is_shown_in_a_sensible_unit(mass_mg: int, text: str) -> None:
    assert format_mass(mass_mg) == text


@given(st.integers(0, 10**16))
def test_what_is_shown_is_exact(mass_mg: int) -> None:
    number, unit = format_mass(mass_mg).split()
    shown_mg = Fraction(number.replace(",", "")) * {"mg": 1, "g": 10**3, "kg": 10**6, "t": 10**9}[unit]
    assert shown_mg == mass_mg
