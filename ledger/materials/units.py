"""Units of mass: from any code of UN/ECE Recommendation 20 to whole milligrams, and as people write them.

Decides: what a unit of mass is worth, exactly, and the one rounding (half to even) to whole milligrams.

Source: UN/ECE Recommendation 20, codes for units of measure used in international trade; the pound of
0.45359237 kg and its multiples and parts are exact by definition (International Yard and Pound Agreement,
1959).
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final

_POUND_MG: Final = Fraction("453592.37")

MASS_UNITS: Final[Mapping[str, Fraction]] = {
    "KGM": Fraction(1_000_000),  # kilogram
    "TNE": Fraction(1_000_000_000),  # tonne
    "GRM": Fraction(1_000),  # gram
    "MGM": Fraction(1),  # milligram
    "MC": Fraction(1, 1_000),  # microgram
    "CGM": Fraction(10),  # centigram
    "DG": Fraction(100),  # decigram
    "DJ": Fraction(10_000),  # decagram
    "HGM": Fraction(100_000),  # hectogram
    "DTN": Fraction(100_000_000),  # decitonne
    "2U": Fraction(1_000_000_000),  # megagram
    "KTN": Fraction(1_000_000_000_000),  # kilotonne
    "58": Fraction(1_000_000),  # net kilogram
    "E4": Fraction(1_000_000),  # gross kilogram
    "CTM": Fraction(200),  # metric carat
    "LBR": _POUND_MG,  # pound
    "ONZ": _POUND_MG / 16,  # ounce (avoirdupois)
    "GRN": _POUND_MG / 7_000,  # grain
    "APZ": _POUND_MG * 480 / 7_000,  # troy ounce
    "CWA": _POUND_MG * 100,  # hundredweight (US)
    "CWI": _POUND_MG * 112,  # hundredweight (UK)
    "STI": _POUND_MG * 14,  # stone (UK)
    "STN": _POUND_MG * 2_000,  # short ton
    "LTN": _POUND_MG * 2_240,  # long ton
}
"""Milligrams in one unit, by code."""

_RATIOS: Final = {code: factor.as_integer_ratio() for code, factor in MASS_UNITS.items()}


def to_mg(quantity: Decimal | int, uom: str) -> int:
    """Whole milligrams of a quantity, rounded once, half to even.

    Args:
        quantity: Finite and not negative; its exact decimal value counts.
        uom: A code in ``MASS_UNITS``.

    Raises:
        KeyError: Another code.
    """
    number, divisor = _RATIOS[uom]
    if type(quantity) is int:
        number *= quantity
    else:
        numerator, denominator = quantity.as_integer_ratio()
        number, divisor = number * numerator, divisor * denominator
    return number // divisor if number % divisor == 0 else round_half_even(number, divisor)


def round_half_even(number: int, divisor: int) -> int:
    """The whole number nearest to number / divisor, the even one of two that are equally near.

    Args:
        number: Not negative.
        divisor: Positive.
    """
    whole, rest = divmod(number, divisor)
    twice = 2 * rest
    return whole + (twice > divisor or (twice == divisor and whole % 2 == 1))


def format_mass(mass_mg: int) -> str:
    """A mass as people read it, exactly: ``5,200.5 kg``, ``12.5 g``, ``-3 mg``.

    Kilograms from 1 kg on (tonnes from 1,000 t on, where that leaves at most three decimals), grams from 1 g
    on, else milligrams.
    """
    size = abs(mass_mg)
    if size >= 10**12 and size % 10**6 == 0:
        unit, divisor = "t", 10**9
    elif size >= 10**6:
        unit, divisor = "kg", 10**6
    elif size >= 10**3:
        unit, divisor = "g", 10**3
    else:
        unit, divisor = "mg", 1
    whole, rest = divmod(size, divisor)
    decimals = f"{rest:0{len(str(divisor)) - 1}d}".rstrip("0") if rest else ""
    point = f".{decimals}" if decimals else ""
    return f"{'-' if mass_mg < 0 else ''}{whole:,}{point} {unit}"
