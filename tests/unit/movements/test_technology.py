"""An impart names one item of technology, how it goes and in how many of each form; and nothing of mass."""

from typing import Any

import pytest

from ledger.strict_json import JsonNumber
from tests.support.movement_examples import change, example_event, findings_of, judged

URI = "https://w3id.org/reledger/technology/"


@pytest.mark.parametrize("code", ["1E902.a", "rare-earth-extraction-separation", "A", "9" * 100])
def test_the_code_stands_in_the_one_element(code: str) -> None:
    event = change(example_event("impart"), "quantityList 0 epcClass", URI + code)
    ((movement,), findings) = judged(event)
    assert (findings, movement.technology, movement.inputs) == ([], code, ())


@pytest.mark.parametrize(
    "elements",
    [
        [{"epcClass": "https://plant.example/lots/1"}],
        [{"epcClass": URI}],
        [{"epcClass": URI + "a/b"}],
        [{"epcClass": URI + "9" * 101}],
        [{"epcClass": URI + "1E902.a", "quantity": JsonNumber("1"), "uom": "KGM"}],
        [{"epcClass": URI + "1E902.a"}, {"epcClass": URI + "1E902.b"}],
    ],
)
def test_anything_else_is_no_technology(elements: list[dict[str, Any]]) -> None:
    event = example_event("impart") | {"quantityList": elements}
    assert findings_of(event) == [("movement.technology", "/quantityList")]


def test_a_thing_beside_it_is_none_of_it() -> None:
    event = example_event("impart") | {"epcList": ["https://plant.example/drums/77"]}
    assert findings_of(event) == [("movement.technology", "/quantityList")]


@pytest.mark.parametrize("value", ["re-export", "", 1, None])
def test_it_is_exported_or_released(value: Any) -> None:
    event = {**example_event("impart"), "ree:manner": value}
    assert findings_of(event) == [("movement.value", "/ree:manner")]


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({}, ""),
        (["documents"], ""),
        ({"drawings": JsonNumber("1")}, "/drawings"),
        ({"plans/drawings": JsonNumber("1")}, "/plans~1drawings"),
        ({"documents": JsonNumber("0")}, "/documents"),
        ({"documents": JsonNumber("1.5")}, "/documents"),
        ({"documents": JsonNumber("1000001")}, "/documents"),
        ({"documents": "12"}, "/documents"),
        ({"documents": True}, "/documents"),
    ],
)
def test_a_scope_is_whole_numbers_by_form(value: Any, place: str) -> None:
    event = {**example_event("impart"), "ree:scope": value}
    assert findings_of(event) == [("movement.value", f"/ree:scope{place}")]


def test_every_form_up_to_the_most_is_taken() -> None:
    scope = {form: JsonNumber("1000000") for form in ("documents", "data", "training", "services")}
    ((movement,), findings) = judged({**example_event("impart"), "ree:scope": scope})
    assert (findings, set(movement.scope.values())) == ([], {1_000_000})


@pytest.mark.parametrize(("reason", "found"), [("sent by mistake", []), (None, ["movement.reason-missing"])])
def test_what_is_disclosed_has_a_reason(reason: str | None, found: list[str]) -> None:
    event = {**example_event("impart"), "ree:disclosed": True}
    if reason is not None:
        event["ree:reason"] = reason
    assert [code for code, _ in findings_of(event)] == found
