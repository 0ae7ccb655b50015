"""Commodity codes: what fits, and what is told of goods that do not."""

from fractions import Fraction

import pytest

from ledger.errors import TableInvalid
from ledger.materials.hs_codes import FORMS, hs_codes, hs_fault, read_hs_codes

ND = {"Nd": Fraction(1)}
HEADER = "hs_code,name_en,name_zh,forms,elements,control_refs,source,verified\n"


def test_every_code_of_the_specification_is_there() -> None:
    codes = hs_codes()
    assert len(codes) == 52
    assert all(code.forms and set(code.forms) <= set(FORMS) for code in codes.values())
    for hs_code in ("2530902000", "2805301510", "2846901993", "2846904910", "8505111000", "7202999191"):
        assert codes[hs_code].verified
    for hs_code in ("2846901300", "2846101000", "2805302100"):
        assert not codes[hs_code].verified


@pytest.mark.parametrize(
    ("hs_code", "form", "shares"),
    [
        ("2805301100", "metal", ND),
        ("2805.30.1100", "metal", ND),
        ("28053011", "metal", ND),
        ("280530", "metal", {"Dy": Fraction(1)}),
        ("2805301100", "", ND),
        ("2805301100", "metal", {}),
        ("2805301100", "metal", {"Nd": Fraction(1, 2), "Pr": Fraction(1, 2)}),
        ("8505111000", "magnet", {"Dy": Fraction(1)}),
        ("2846901999", "mixed_oxide", {"Nd": Fraction(3, 4), "Pr": Fraction(1, 4)}),
    ],
)
def test_what_fits(hs_code: str, form: str, shares: dict[str, Fraction]) -> None:
    assert hs_fault(hs_code, form, shares) is None


@pytest.mark.parametrize(
    ("hs_code", "form", "shares", "words"),
    [
        ("3810100000", "metal", ND, "no code for rare earths"),
        ("", "metal", ND, "no code for rare earths"),
        ("28", "metal", ND, "no code for rare earths"),
        ("2805301100", "oxide", ND, "oxide does not belong under"),
        ("8505111000", "alloy", ND, "alloy does not belong under"),
        ("28469014", "metal", ND, "metal does not belong under"),
        ("2805301100", "metal", {"Dy": Fraction(1)}, "is for Nd, and these goods are mostly Dy"),
        ("2805301100", "metal", {"Nd": Fraction(49, 100), "Dy": Fraction(51, 100)}, "mostly Dy"),
        ("2846901200", "oxide", {"Tb": Fraction(1)}, "is for La"),
    ],
)
def test_what_does_not(hs_code: str, form: str, shares: dict[str, Fraction], words: str) -> None:
    assert words in str(hs_fault(hs_code, form, shares))


@pytest.mark.parametrize(
    "row",
    [
        "28053011,a,b,metal,Nd,,c,true",
        "280530110X,a,b,metal,Nd,,c,true",
        "2805301100,a,b,powder,Nd,,c,true",
        "2805301100,a,b,metal,Fe,,c,true",
        "2805301100,,b,metal,Nd,,c,true",
        "2805301100,a,b,metal,Nd,,,true",
        "2805301100,a,b,metal,Nd,,c,1",
        "2805301100,a,b,metal,Nd,,c,true\n2805301100,a,b,metal,Nd,,c,true",
    ],
)
def test_a_wrong_row_is_refused(row: str) -> None:
    with pytest.raises(TableInvalid):
        read_hs_codes(HEADER + row + "\n")
