"""What ree:lots says: each member's limits, and the contained mass to the milligram."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.materials.elements import ELEMENTS
from ledger.movements.assembling import lot_entry
from ledger.movements.composition import compose, read_lot
from ledger.movements.movement import Composition
from ledger.movements.sheet import Sheet
from ledger.movements.writing import LotContent, dump_document
from ledger.statements.epcis.scope import REE
from ledger.strict_json import parse_json
from tests.support.movements import composition, mg

PRND = {"product": "prnd-oxide", "treoFraction": 0.99, "elementFractions": {"Pr": 0.25, "Nd": 0.75}}


def composed(entry: Any, mass_mg: int = 10**9) -> tuple[Composition | None, list[tuple[str, str]]]:
    """The composition of an entry given as Python values, and (code, pointer) of the findings."""
    sheet = Sheet({}, {"ree": REE}, "")
    said = read_lot(sheet, parse_json(dump_document(entry)), "")
    found = compose(sheet, said, mass_mg)
    assert all(finding.mend.endswith(".") for finding in sheet.findings)
    return found, [(finding.code, finding.pointer) for finding in sheet.findings]


def test_gross_is_what_is_left_of_water_and_loss_times_the_shares() -> None:
    found, findings = composed(PRND | {"moistureFraction": 0.1, "lossOnIgnition": 0.2}, 1000)
    assert findings == []
    assert found is not None
    assert found.contained_mg == {"Pr": 178, "Nd": 535}
    assert sum(found.contained_mg.values()) == round(Fraction(1000) * 9 / 10 * 8 / 10 * 99 / 100)
    assert (found.treo_fraction, found.moisture, found.loi) == (
        Fraction("0.99"),
        Fraction("0.1"),
        Fraction("0.2"),
    )
    assert found.element_fractions == {"Pr": Fraction(1, 4), "Nd": Fraction(3, 4)}
    assert found.declared == {
        "treoFraction": "0.99",
        "elementFractions": {"Pr": "0.25", "Nd": "0.75"},
        "moistureFraction": "0.1",
        "lossOnIgnition": "0.2",
    }


@pytest.mark.parametrize("last", [0.745, 0.755])
def test_shares_that_sum_to_one_within_half_a_percent_are_normalised(last: float) -> None:
    found, findings = composed(PRND | {"elementFractions": {"Pr": 0.25, "Nd": last}})
    assert findings == []
    assert found is not None
    assert sum(found.element_fractions.values()) == 1
    assert found.element_fractions["Pr"] == Fraction("0.25") / (Fraction("0.25") + Fraction(str(last)))
    assert sum(found.contained_mg.values()) == 990_000_000


@pytest.mark.parametrize("last", [0.744999, 0.755001, 0, 5])
def test_shares_that_do_not_are_refused(last: float) -> None:
    assert composed(PRND | {"elementFractions": {"Pr": 0.25, "Nd": last}}) == (
        None,
        [("movement.element-fractions", "/elementFractions")],
    )


@pytest.mark.parametrize("treo", [1.54, 1.166, 0.000001])
def test_an_equivalent_may_be_above_one(treo: float) -> None:
    found, findings = composed(PRND | {"treoFraction": treo})
    assert findings == []
    assert found is not None


@pytest.mark.parametrize("treo", [1.5401, 2, 0, -0.1, "0.45", True, [0.45], 1e-13, {"value": 1}])
def test_an_equivalent_that_cannot_be_is_refused(treo: Any) -> None:
    assert composed(PRND | {"treoFraction": treo}) == (None, [("movement.treo-fraction", "/treoFraction")])


@pytest.mark.parametrize("member", ["moistureFraction", "lossOnIgnition"])
@pytest.mark.parametrize("value", [1, 1.2, -0.01, "0.1", False, 1e-13])
def test_a_fraction_is_from_zero_to_below_one(member: str, value: Any) -> None:
    assert composed(PRND | {member: value}) == (None, [("movement.fraction", f"/{member}")])


@pytest.mark.parametrize("member", ["moistureFraction", "lossOnIgnition"])
@pytest.mark.parametrize("value", [0, 0.999])
def test_its_limits_are_taken(member: str, value: Any) -> None:
    assert composed(PRND | {member: value})[1] == []


@pytest.mark.parametrize(
    ("entry", "code", "pointer"),
    [
        ({"elementFractions": {"Nd": 0.75, "Fe": 0.25}}, "movement.element", "/elementFractions/Fe"),
        ({"elementFractions": {"nd": 1}}, "movement.element", "/elementFractions/nd"),
        ({"elementFractions": {"a/b": 1}}, "movement.element", "/elementFractions/a~1b"),
        ({"elementFractions": {"Nd": -1}}, "movement.element-fractions", "/elementFractions/Nd"),
        ({"elementFractions": {"Nd": "1"}}, "movement.element-fractions", "/elementFractions/Nd"),
        ({"elementFractions": {"Nd": 1, "La": 1e-14}}, "movement.element-fractions", "/elementFractions/La"),
        ({"elementFractions": {}}, "movement.element-fractions", "/elementFractions"),
        ({"elementFractions": [1]}, "movement.element-fractions", "/elementFractions"),
        ({"chainOfCustodyModel": "mass balance"}, "movement.custody-model", "/chainOfCustodyModel"),
        ({"chainOfCustodyModel": ["segregated"]}, "movement.custody-model", "/chainOfCustodyModel"),
        ({"pieces": 0}, "movement.value", "/pieces"),
        ({"pieces": 1.0}, "movement.value", "/pieces"),
        ({"pieces": "3"}, "movement.value", "/pieces"),
        ({"product": ""}, "movement.value", "/product"),
        ({"product": " oxide"}, "movement.value", "/product"),
        ({"product": 2846}, "movement.value", "/product"),
        ({"netMass": {"quantity": 1}}, "movement.unit-missing", "/netMass/uom"),
        ({"netMass": {"quantity": 1, "uom": "LTR"}}, "movement.unit", "/netMass/uom"),
        ({"netMass": 1}, "movement.value", "/netMass"),
        ({"netMass": {"quantity": 1, "uom": "KGM", "unit": 1}}, "movement.member-unknown", "/netMass/unit"),
        ({"otherMass": {"quantity": "1", "uom": "KGM"}}, "movement.mass-missing", "/otherMass/quantity"),
        ({"treoFracton": 0.45}, "movement.member-unknown", "/treoFracton"),
        ({"ree:treoFraction": 0.45}, "movement.member-twice", "/ree:treoFraction"),
    ],
)
def test_what_is_wrong_with_an_entry_is_told(entry: Any, code: str, pointer: str) -> None:
    assert composed(PRND | entry)[1] == [(code, pointer)]


@pytest.mark.parametrize("missing", ["treoFraction", "elementFractions"])
def test_a_composition_is_whole(missing: str) -> None:
    entry = {name: value for name, value in PRND.items() if name != missing}
    assert composed(entry) == (None, [("movement.composition-missing", f"/{missing}")])


def test_a_lot_without_a_milligram_of_rare_earths_is_none() -> None:
    assert composed(PRND | {"treoFraction": 0.0004}, 1000)[1] == [
        ("movement.composition-empty", "/treoFraction")
    ]


def test_an_entry_is_an_object() -> None:
    sheet = Sheet({}, {"ree": REE}, "")
    assert compose(sheet, read_lot(sheet, "oxide", "/ree:lots/x"), 1) is None
    assert [(each.code, each.pointer) for each in sheet.findings] == [("movement.value", "/ree:lots/x")]


def test_the_names_inside_may_carry_the_prefix() -> None:
    plain, _ = composed(PRND)
    prefixed, findings = composed({f"ree:{name}": value for name, value in PRND.items()})
    assert findings == []
    assert prefixed == plain


def test_an_element_that_is_not_there_has_no_cell() -> None:
    found, _ = composed(PRND | {"elementFractions": {"Pr": 0.25, "Nd": 0.75, "Dy": 0}})
    assert found is not None
    assert set(found.contained_mg) == set(found.element_fractions) == {"Pr", "Nd"}


SHARES = st.dictionaries(st.sampled_from(sorted(ELEMENTS)), st.integers(1, 10**6), min_size=1, max_size=16)
FRACTIONS = st.decimals(0, "0.99", places=4).map(str)


@given(
    st.integers(10**4, 10**16),
    st.decimals("0.001", "1.54", places=5).map(str),
    SHARES,
    FRACTIONS,
    FRACTIONS,
)
def test_it_is_the_exact_rational_rounded_once(
    mass_mg: int, treo: str, weights: dict[str, int], moisture: str, loi: str
) -> None:
    """Against rationals; every element within a milligram of its exact mass, and the sum is the total."""
    whole = sum(weights.values())
    shares = {symbol: f"{weight / whole:.7f}" for symbol, weight in weights.items()}
    lot = LotContent("urn:x:lot", mass_mg, "", treo, shares, moisture, loi)
    found, findings = composed(lot_entry(lot), mass_mg)
    if findings:
        assert findings == [("movement.composition-empty", "/treoFraction")]
        return
    assert found is not None
    expected = composition(mass_mg, treo, shares, moisture, loi)
    assert found.element_fractions == expected.element_fractions
    assert found.contained_mg == expected.contained_mg
    exact = mass_mg * (1 - Fraction(moisture)) * (1 - Fraction(loi)) * Fraction(treo)
    assert sum(found.contained_mg.values()) == round(exact)
    for symbol, part in found.element_fractions.items():
        assert abs(found.contained_mg.get(symbol, 0) - exact * part) < 1


def test_the_worked_example_holds_whole_milligrams() -> None:
    elements = {"La": "0.25", "Ce": "0.5", "Pr": "0.06", "Nd": "0.18", "Sm": "0.01"}
    found, _ = composed(lot_entry(LotContent("urn:x:l", mg(5200), "", "0.45", elements)), mg(5200))
    assert found is not None
    assert found.contained_mg == {
        "La": mg(585),
        "Ce": mg(1170),
        "Pr": mg("140.4"),
        "Nd": mg("421.2"),
        "Sm": mg("23.4"),
    }
