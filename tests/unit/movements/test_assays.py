"""Results of an assay: sensor reports that name an element."""

from fractions import Fraction
from typing import Any

import pytest

from ledger.strict_json import JsonNumber
from tests.support.movement_examples import example_event, findings_of, judged

PLACE = "/sensorElementList/0/sensorReport"


def reported(*reports: dict[str, Any]) -> dict[str, Any]:
    """The example with these reports."""
    event = example_event("assay")
    event["sensorElementList"] = [{"sensorReport": [{"type": "Dimensionless", **each} for each in reports]}]
    return event


def result(value: str = "0.75", uncertainty: str | None = "0.006", **members: Any) -> dict[str, Any]:
    """A report on neodymium."""
    report = {"ree:element": "Nd", "value": JsonNumber(value), **members}
    return report if uncertainty is None else report | {"ree:uncertainty": JsonNumber(uncertainty)}


@pytest.mark.parametrize(
    ("uom", "value", "uncertainty"), [("C62", "0.75", "0.006"), ("P1", "75", "0.6"), ("59", "750000", "6000")]
)
def test_a_result_is_a_fraction_in_any_unit_of_one(uom: str, value: str, uncertainty: str) -> None:
    ((movement,), findings) = judged(reported(result(value, uncertainty, uom=uom)))
    assert findings == []
    assert movement.results == {"Nd": (Fraction(3, 4), Fraction(6, 1000))}
    assert movement.treo_result is None


def test_the_standard_deviation_stands_in_for_the_uncertainty() -> None:
    ((movement,), _) = judged(reported(result(uncertainty=None, sDev=JsonNumber("0.006"))))
    assert movement.results["Nd"][1] == Fraction(6, 1000)
    ((movement,), _) = judged(reported(result(sDev=JsonNumber("0.5"))))
    assert movement.results["Nd"][1] == Fraction(6, 1000)


def test_the_total_alone_is_a_result() -> None:
    ((movement,), findings) = judged(reported(result() | {"ree:element": "TREO"}))
    assert findings == []
    assert (movement.results, movement.treo_result) == ({}, (Fraction(3, 4), Fraction(6, 1000)))


def test_other_reports_are_passed_over() -> None:
    ((movement,), findings) = judged(
        reported(result(), {"type": "gs1:Temperature", "value": JsonNumber("20"), "uom": "CEL"})
    )
    assert findings == []
    assert set(movement.results) == {"Nd"}


def test_reports_that_name_no_element_are_no_results() -> None:
    assert findings_of(reported({"value": JsonNumber("0.75")})) == [
        ("movement.results-missing", "/sensorElementList")
    ]


@pytest.mark.parametrize(
    ("report", "code", "place"),
    [
        (result(uncertainty=None), "movement.uncertainty-missing", "/ree:uncertainty"),
        (result(uncertainty="-0.1"), "movement.uncertainty-missing", "/ree:uncertainty"),
        (result(value="-0.1"), "movement.result", "/value"),
        (result(uom="KGM"), "movement.result", "/uom"),
        (result() | {"value": JsonNumber("1e-30")}, "movement.result", "/value"),
        (result() | {"ree:element": "Fe"}, "movement.element", ""),
        (result() | {"ree:element": ["Nd"]}, "movement.element", ""),
        (result() | {"ree:uncertanty": JsonNumber("1")}, "movement.member-unknown", "/ree:uncertanty"),
    ],
)
def test_what_is_no_result_is_told(report: dict[str, Any], code: str, place: str) -> None:
    assert (code, f"{PLACE}/0{place}") in findings_of(reported(report))


@pytest.mark.parametrize("symbol", ["Nd", "TREO"])
def test_an_element_has_one_result(symbol: str) -> None:
    one = result() | {"ree:element": symbol}
    assert findings_of(reported(one, one)) == [("movement.result", f"{PLACE}/1")]


def test_a_report_without_a_value_is_no_result() -> None:
    report = result()
    del report["value"]
    assert findings_of(reported(report))[0] == ("movement.result", f"{PLACE}/0/value")


def test_sampling_ends_an_instance() -> None:
    ((movement,), _) = judged(example_event("assay"))
    assert movement.sampled is False
    ((movement,), findings) = judged(example_event("assay") | {"bizStep": "sampling"})
    assert (findings, movement.sampled) == ([], True)


def test_a_lot_is_assayed_without_a_mass() -> None:
    ((movement,), _) = judged(example_event("assay"))
    assert [line.mass_mg for line in movement.inputs] == [None]
