"""Oxide factors and REO equivalents, computed from atomic weights."""

from fractions import Fraction

import pytest

from ledger.materials.elements import (
    ELEMENTS,
    atomic_weight,
    formula_weight,
    oxide_factor,
    read_formula,
    reo_fraction_of_compound,
    reo_of_alloy,
)

FACTORS = {
    "La": "1.1728",
    "Ce": "1.2284",
    "Pr": "1.2082",
    "Nd": "1.1664",
    "Sm": "1.1596",
    "Eu": "1.1579",
    "Gd": "1.1526",
    "Tb": "1.1762",
    "Dy": "1.1477",
    "Ho": "1.1455",
    "Er": "1.1435",
    "Tm": "1.1421",
    "Yb": "1.1387",
    "Lu": "1.1372",
    "Y": "1.2699",
    "Sc": "1.5338",
}


def rounded(number: Fraction, places: int) -> str:
    return f"{float(number):.{places}f}"


@pytest.mark.parametrize(("symbol", "factor"), FACTORS.items())
def test_the_oxide_factor_is_the_published_one(symbol: str, factor: str) -> None:
    assert rounded(oxide_factor(symbol), 4) == factor


def test_every_element_has_a_factor_and_a_name() -> None:
    assert set(ELEMENTS) == set(FACTORS)
    assert all(element.name_en and element.name_zh for element in ELEMENTS.values())
    assert len({element.name_zh for element in ELEMENTS.values()}) == 16


def test_the_factor_is_oxide_over_element_exactly() -> None:
    assert oxide_factor("Nd") == Fraction("336.481") / Fraction("288.484")
    assert oxide_factor("Ce") == Fraction("172.114") / Fraction("140.116")
    assert oxide_factor("Pr") == (6 * Fraction("140.908") + 11 * Fraction("15.999")) / (
        6 * Fraction("140.908")
    )


@pytest.mark.parametrize("symbol", ["Fe", "O", "Pm", "nd", "", "Nd2"])
def test_what_is_no_rare_earth_has_no_factor(symbol: str) -> None:
    with pytest.raises(ValueError, match="no rare-earth element"):
        oxide_factor(symbol)


@pytest.mark.parametrize("symbol", ["Pm", "U", "fe", ""])
def test_an_unknown_element_has_no_weight(symbol: str) -> None:
    with pytest.raises(ValueError, match="no rare earth"):
        atomic_weight(symbol)


@pytest.mark.parametrize(
    ("formula", "atoms"),
    [
        ("NdF3", {"Nd": 1, "F": 3}),
        ("Nd2(CO3)3", {"Nd": 2, "C": 3, "O": 9}),
        ("Nd2(CO3)3.8H2O", {"Nd": 2, "C": 3, "O": 17, "H": 16}),
        ("NdCl3·6H2O", {"Nd": 1, "Cl": 3, "H": 12, "O": 6}),
        ("Y(OH)3", {"Y": 1, "O": 3, "H": 3}),
    ],
)
def test_a_formula_is_read(formula: str, atoms: dict[str, int]) -> None:
    assert read_formula(formula) == atoms


@pytest.mark.parametrize(
    "formula",
    ["", ".", "nd2o3", "Nd2(CO3", "Nd2CO3)3", "Nd2((CO3))3", "Nd2(CO3)3.", "Nd2 O3", "()", "Nd-F"],
)
def test_what_is_no_formula_is_refused(formula: str) -> None:
    with pytest.raises(ValueError, match="no formula"):
        read_formula(formula)


@pytest.mark.parametrize(
    ("formula", "fraction"),
    [
        ("Nd2(CO3)3", "0.718"),
        ("Nd2(CO3)3.8H2O", "0.549"),
        ("Nd2(C2O4)3.10H2O", "0.459"),
        ("NdF3", "0.836"),
        ("NdCl3.6H2O", "0.469"),
        ("Nd2O3", "1.000"),
        ("Nd", "1.166"),
        ("Sc", "1.534"),
        ("Fe2O3", "0.000"),
    ],
)
def test_reo_of_a_compound(formula: str, fraction: str) -> None:
    assert rounded(reo_fraction_of_compound(formula), 3) == fraction


def test_praseodymium_oxide_counts_as_itself() -> None:
    """Another oxide of praseodymium than the one that REO counts is worth a little more."""
    assert reo_fraction_of_compound("Pr6O11") == 1
    assert reo_fraction_of_compound("Pr2O3") > 1
    assert formula_weight({"Pr": 2, "O": 3}) == 2 * Fraction("140.908") + 3 * Fraction("15.999")


def test_oxide_per_tonne_of_prnd_metal() -> None:
    """PrNd oxide 75/25 needs 1.177 t for each t of metal."""
    oxide = {"Nd": Fraction(3, 4), "Pr": Fraction(1, 4)}
    metal = {symbol: share / oxide_factor(symbol) for symbol, share in oxide.items()}
    whole = sum(metal.values())
    treo, shares = reo_of_alloy({symbol: mass / whole for symbol, mass in metal.items()})
    assert rounded(treo, 3) == "1.177"
    assert shares == oxide


def test_a_magnet_counts_by_its_rare_earths_only() -> None:
    magnet = {"Nd": Fraction("0.29"), "Dy": Fraction("0.01"), "Fe": Fraction("0.69"), "B": Fraction("0.01")}
    treo, shares = reo_of_alloy(magnet)
    assert treo == Fraction("0.29") * oxide_factor("Nd") + Fraction("0.01") * oxide_factor("Dy")
    assert set(shares) == {"Nd", "Dy"}
    assert sum(shares.values()) == 1


def test_an_alloy_without_rare_earths_has_no_shares() -> None:
    assert reo_of_alloy({"Fe": Fraction(1)}) == (0, {})
    assert reo_of_alloy({"Nd": Fraction(0), "Fe": Fraction(1)}) == (0, {})


@pytest.mark.parametrize(
    "shares",
    [{"Nd": Fraction(-1, 100)}, {"Nd": Fraction(1, 2), "Fe": Fraction(51, 100)}, {"Nd": Fraction(30)}],
)
def test_impossible_weight_shares_are_refused(shares: dict[str, Fraction]) -> None:
    with pytest.raises(ValueError, match="weight shares"):
        reo_of_alloy(shares)
