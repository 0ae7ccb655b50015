"""Lots, instances and logistic units of an event."""

from typing import Any

import pytest

from ledger.movements.goods import is_unit
from ledger.strict_json import JsonNumber
from tests.support.movement_examples import DRUM, ORE, OXIDE, PALLET, example_event, findings_of, judged

NET = {"quantity": JsonNumber("12.5"), "uom": "KGM"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("urn:epc:id:sscc:6901234.0000000017", True),
        ("https://id.gs1.org/00/069012340000000184", True),
        ("https://mine.example/00/069012340000000184?x=1", True),
        ("urn:epc:id:grai:6901234.00001.7", True),
        ("https://id.gs1.org/8003/06901234000016", True),
        ("urn:epc:id:bic:CSQU3054383", True),
        ("urn:epc:id:sgtin:6901234.055501.7", False),
        ("https://mine.example/lots/00/1", False),
        ("https://mine.example/lots/1?at=/00/069012340000000184", False),
        (ORE, False),
    ],
)
def test_a_logistic_unit_is_known_by_its_form(name: str, expected: bool) -> None:
    assert is_unit(name) is expected


def test_units_stand_alone_or_beside_lots() -> None:
    event = example_event("ship")
    ((movement,), _) = judged(event)
    assert (movement.units, len(movement.inputs)) == ((PALLET,), 1)
    del event["quantityList"]
    ((movement,), findings) = judged(event)
    assert (findings, movement.units, movement.inputs) == ([], (PALLET,), ())


def test_any_name_may_be_declared_a_unit() -> None:
    event = example_event("ship")
    event["epcList"] = ["https://mine.example/bags/7"]
    ((movement,), _) = judged(event)
    assert movement.units == ()
    event["ree:units"] = ["https://mine.example/bags/7"]
    ((movement,), findings) = judged(event)
    assert (findings, movement.units) == ([], ("https://mine.example/bags/7",))


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (["https://mine.example/bags/8"], "movement.lot-unlisted"),
        ([], "movement.list-empty"),
        ("https://mine.example/bags/7", "movement.value"),
        (["bag 7"], "movement.value"),
        ([7], "movement.value"),
    ],
)
def test_a_declared_unit_stands_in_a_list(value: Any, code: str) -> None:
    assert (code, "/ree:units") in [
        (found, pointer[: len("/ree:units")])
        for found, pointer in findings_of(example_event("ship") | {"ree:units": value})
    ]


def test_a_unit_is_packed_not_born() -> None:
    event = example_event("extract") | {"epcList": [PALLET]}
    assert findings_of(event) == [("movement.unit-born", "/epcList/0")]


def drum_born(entry: Any = None) -> dict[str, Any]:
    """A drum that is extracted as one thing."""
    event = example_event("extract")
    del event["quantityList"]
    (content,) = event["ilmd"]["ree:lots"].values()
    event["epcList"] = [DRUM]
    event["ilmd"]["ree:lots"] = {DRUM: content | (entry or {})}
    return event


def test_an_instance_is_born_with_its_net_mass() -> None:
    ((movement,), findings) = judged(drum_born({"netMass": NET}))
    assert findings == []
    (line,) = movement.outputs
    assert (line.instance, line.mass_mg, line.product) == (True, 12_500_000, "mixed-carbonate")
    assert line.composition is not None
    place = f"/ilmd/ree:lots/{DRUM.replace('/', '~1')}/netMass"
    assert findings_of(drum_born()) == [("movement.mass-missing", place)]
    zero = {"netMass": {"quantity": JsonNumber("0"), "uom": "KGM"}}
    assert findings_of(drum_born(zero)) == [("movement.mass-zero", place)]
    litres = {"netMass": {"quantity": JsonNumber("1"), "uom": "LTR"}}
    assert findings_of(drum_born(litres)) == [("movement.unit", f"{place}/uom")]


def test_an_instance_goes_without_a_mass() -> None:
    ((movement,), _) = judged(example_event("destroy"))
    (line,) = movement.inputs
    assert (line.lot, line.instance, line.mass_mg) == (DRUM, True, None)


def test_a_lot_stands_once() -> None:
    event = example_event("stocktake")
    event["quantityList"] *= 2
    assert findings_of(event) == [("movement.lot-twice", "/quantityList/1")]
    event = example_event("process")
    event["inputQuantityList"][0]["epcClass"] = OXIDE
    assert findings_of(event) == [("movement.lot-twice", "/outputQuantityList/0")]
    event = example_event("pack")
    event["childEPCs"] = [PALLET, PALLET]
    assert findings_of(event) == [("movement.lot-twice", "/childEPCs/1")]


def test_what_is_born_has_a_product() -> None:
    event = example_event("extract")
    (entry,) = event["ilmd"]["ree:lots"].values()
    del entry["product"]
    place = f"/ilmd/ree:lots/{ORE.replace('/', '~1')}/product"
    assert findings_of(event) == [("movement.product-missing", place)]


def test_ree_lots_stands_in_ilmd_or_at_the_event() -> None:
    event = example_event("extract")
    lots = event["ilmd"]["ree:lots"]
    inside = judged(event)[0][0].outputs
    assert judged(event | {"ree:lots": lots})[0][0].outputs == inside
    outside = {name: value for name, value in event.items() if name != "ilmd"} | {"ree:lots": lots}
    assert judged(outside)[0][0].outputs == inside


def test_ree_lots_that_differ_are_refused() -> None:
    event = example_event("extract")
    (entry,) = event["ilmd"]["ree:lots"].values()
    event["ree:lots"] = {ORE: entry | {"pieces": JsonNumber("3")}}
    assert findings_of(event) == [("movement.lots-differ", "/ilmd/ree:lots")]


def test_ilmd_has_no_other_member_of_ours() -> None:
    event = example_event("extract")
    event["ilmd"]["ree:treoFraction"] = JsonNumber("0.45")
    assert findings_of(event) == [("movement.member-unknown", "/ilmd/ree:treoFraction")]
    event = example_event("extract")
    event["ilmd"]["cbvmda:lotNumber"] = "K-1"
    assert findings_of(event) == []


@pytest.mark.parametrize(
    ("value", "code"), [({}, "movement.list-empty"), ([], "movement.value"), ("x", "movement.value")]
)
def test_ree_lots_is_an_object_with_entries(value: Any, code: str) -> None:
    assert findings_of(example_event("stocktake") | {"ree:lots": value}) == [(code, "/ree:lots")]


def test_an_entry_for_a_lot_that_is_not_there_is_refused() -> None:
    event = example_event("stocktake") | {"ree:lots": {"https://plant.example/lots/prnd-2611": {}}}
    assert findings_of(event) == [
        ("movement.lot-unlisted", "/ree:lots/https:~1~1plant.example~1lots~1prnd-2611")
    ]


def test_a_receipt_may_state_moisture_or_a_composition() -> None:
    event = example_event("receive")
    ((movement,), _) = judged(event)
    assert movement.inputs[0].composition is None
    assert movement.inputs[0].moisture is not None
    (entry,) = event["ree:lots"].values()
    entry["treoFraction"] = JsonNumber("0.45")
    ((code, _),) = findings_of(event)
    assert code == "movement.composition-missing"
    entry["elementFractions"] = {"Nd": JsonNumber("1")}
    ((movement,), findings) = judged(event)
    assert findings == []
    assert movement.inputs[0].composition is not None


def test_a_shipment_says_nothing_of_the_composition_that_counts() -> None:
    event = example_event("ship")
    event["ree:lots"] = {ORE: {"treoFraction": JsonNumber("0.45"), "product": "mixed-carbonate"}}
    ((movement,), findings) = judged(event)
    assert findings == []
    assert (movement.inputs[0].composition, movement.inputs[0].product) == (None, "mixed-carbonate")


def test_an_endless_lot_id_is_not_repeated_in_every_finding() -> None:
    event = example_event("stocktake")
    event["ree:lots"] = {"urn:x:" + "l" * 5000: {f"m{number}": True for number in range(50)}}
    assert findings_of(event) == [("movement.value", "/ree:lots")]


def test_many_units_are_read_in_a_moment() -> None:
    event = example_event("ship")
    event["epcList"] = [f"urn:epc:id:sscc:6901234.{number:010d}" for number in range(20_000)]
    ((movement,), findings) = judged(event)
    assert findings == []
    assert len(movement.units) == 20_000
