"""The fields: one JSON type each, no conversion, and a form where the standard has one."""

from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields

from ledger.statements.epcis import fields as epcis_fields
from ledger.statements.epcis.scope import Scope
from ledger.strict_json import JsonNumber, JsonValue, parse_json
from tests.support.epcis_documents import assay, findings, only, shipping, with_event

SCOPE = Scope()
EVENT = "/epcisBody/eventList/0"
WRONG: list[JsonValue] = [None, True, JsonNumber("3"), "text", [], {}, [JsonNumber("3")], {"id": "urn:x:y"}]


def wrong_for(*kinds: type) -> list[JsonValue]:
    return [value for value in WRONG if type(value) not in kinds]


@pytest.mark.parametrize(
    ("field", "right"),
    [
        (epcis_fields.Text(), str),
        (epcis_fields.Uri(), str),
        (epcis_fields.Number(), JsonNumber),
        (epcis_fields.Flag(), bool),
        (epcis_fields.Moment(), str),
        (epcis_fields.Choice("ADD", code="x"), str),
        (epcis_fields.Form("a", code="x", form="a"), str),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_field_takes_one_json_type_and_converts_none(field: epcis_fields.Leaf, right: type) -> None:
    for value in wrong_for(right):
        finding = field.finding(value, SCOPE)
        assert finding is not None, value
        assert finding.code == "epcis.type"
        with pytest.raises(ValidationError):
            field.deserialize(value)


@pytest.mark.parametrize("value", [3, 3.0, 0.5, "3", "3.7"])
def test_a_number_that_was_not_read_exactly_is_none(value: Any) -> None:
    assert epcis_fields.Number().finding(value, SCOPE) is not None


@pytest.mark.parametrize("value", ["yes", "true", "on", 1, 0, "1"])
def test_what_marshmallow_would_take_for_a_boolean_is_none(value: Any) -> None:
    assert fields.Boolean().deserialize(value) in (True, False)
    assert epcis_fields.Flag().finding(value, SCOPE) is not None


@pytest.mark.parametrize("text", ["-1", "-0.000001", "-1e-300"])
def test_a_negative_quantity_is_refused(text: str) -> None:
    finding = epcis_fields.Number(negative=False).finding(JsonNumber(text), SCOPE)
    assert finding is not None
    assert finding.code == "epcis.quantity-negative"
    assert text in finding.detail
    assert epcis_fields.Number().finding(JsonNumber(text), SCOPE) is None


@pytest.mark.parametrize("text", ["0", "-0", "0.0", "1e-300", "1e300", "12345678901234567890.123456789"])
def test_a_quantity_is_any_number_that_is_not_negative(text: str) -> None:
    assert epcis_fields.Number(negative=False).finding(JsonNumber(text), SCOPE) is None


def test_numbers_keep_their_text() -> None:
    value = parse_json(b'{"quantity": 2846.90}')
    assert isinstance(value, dict)
    number = value["quantity"]
    assert epcis_fields.Number().finding(number, SCOPE) is None
    assert isinstance(number, JsonNumber)
    assert number.text == "2846.90"


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T08:00:00Z",
        "2026-11-20T08:00:00.1Z",
        "2026-11-20T08:00:00.123456789Z",
        "2026-11-20T23:59:59+14:00",
        "2026-11-20T00:00:00-13:59",
        "2024-02-29T00:00:00+00:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
    ],
)
def test_a_moment_is_accepted(text: str) -> None:
    assert epcis_fields.Moment().finding(text, SCOPE) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-11-20T08:00:00", "epcis.time-zone"),
        ("2026-11-20T08:00:00.123", "epcis.time-zone"),
        ("2023-02-29T00:00:00", "epcis.time"),
        ("2023-02-29T00:00:00Z", "epcis.time"),
        ("2026-13-01T00:00:00Z", "epcis.time"),
        ("2026-00-01T00:00:00Z", "epcis.time"),
        ("2026-04-31T00:00:00Z", "epcis.time"),
        ("0000-01-01T00:00:00Z", "epcis.time"),
        ("2026-11-20T24:00:00Z", "epcis.time"),
        ("2026-11-20T08:60:00Z", "epcis.time"),
        ("2026-11-20T08:00:60Z", "epcis.time"),
        ("2026-11-20T08:00Z", "epcis.time"),
        ("2026-11-20T08:00:00.Z", "epcis.time"),
        ("2026-11-20T08:00:00,5Z", "epcis.time"),
        ("2026-11-20 08:00:00Z", "epcis.time"),
        ("2026-11-20t08:00:00Z", "epcis.time"),
        ("2026-11-20T08:00:00z", "epcis.time"),
        ("2026-11-20T08:00:00+08", "epcis.time"),
        ("2026-11-20T08:00:00+0800", "epcis.time"),
        ("2026-11-20T08:00:00+14:01", "epcis.time"),
        ("2026-11-20T08:00:00+24:00", "epcis.time"),
        ("2026-11-20T08:00:00Z\n", "epcis.time"),
        (" 2026-11-20T08:00:00Z", "epcis.time"),
        ("２026-11-20T08:00:00Z", "epcis.time"),
        ("20261120T080000Z", "epcis.time"),
        ("2026-W47-5T08:00:00Z", "epcis.time"),
        ("2026-11-20", "epcis.time"),
        ("now", "epcis.time"),
        ("", "epcis.time"),
        ("2026-11-20T08:00:00." + "1" * 31 + "Z", "epcis.time"),
    ],
)
def test_a_moment_is_refused(text: str, code: str) -> None:
    finding = epcis_fields.Moment().finding(text, SCOPE)
    assert finding is not None
    assert finding.code == code


@pytest.mark.parametrize("member", ["eventTime", "recordTime"])
def test_every_time_of_an_event_needs_a_zone(member: str) -> None:
    finding = only(with_event(shipping(), **{member: "2026-11-20T08:00:00"}))
    assert (finding.code, finding.pointer) == ("epcis.time-zone", f"{EVENT}/{member}")


def test_every_time_of_a_sensor_element_needs_a_zone() -> None:
    event = assay()
    element = event["sensorElementList"][0]
    element["sensorMetadata"] = dict.fromkeys(("time", "startTime", "endTime"), "2026-11-20T08:00:00")
    element["sensorReport"][0]["time"] = "2026-11-20T08:00:00"
    place = f"{EVENT}/sensorElementList/0"
    assert sorted(findings(with_event(event))) == [
        ("epcis.time-zone", f"{place}/sensorMetadata/endTime"),
        ("epcis.time-zone", f"{place}/sensorMetadata/startTime"),
        ("epcis.time-zone", f"{place}/sensorMetadata/time"),
        ("epcis.time-zone", f"{place}/sensorReport/0/time"),
    ]


@pytest.mark.parametrize(
    "offset", ["Z", "", "+8:00", "+08", "+0800", "08:00", "+14:01", "+13:60", "+08:00\n", 8]
)
def test_an_offset_is_refused(offset: Any) -> None:
    finding = only(with_event(shipping(), eventTimeZoneOffset=offset))
    assert finding.pointer == f"{EVENT}/eventTimeZoneOffset"
    assert finding.code == ("epcis.type" if offset == 8 else "epcis.time-zone")


@pytest.mark.parametrize("offset", ["+00:00", "-00:00", "+14:00", "-14:00", "+05:45"])
def test_an_offset_is_accepted(offset: str) -> None:
    assert findings(with_event(shipping(), eventTimeZoneOffset=offset)) == []


@pytest.mark.parametrize("unit", ["kgm", "K", "KGMS", "K M", "KGM\n", "", "kg", "公斤"])
def test_a_unit_is_refused(unit: str) -> None:
    finding = only(with_event(shipping(), quantityList=[{"epcClass": "urn:x:y", "quantity": 1, "uom": unit}]))
    assert (finding.code, finding.pointer) == ("epcis.unit", f"{EVENT}/quantityList/0/uom")


@pytest.mark.parametrize("digits", ["0", "0fa", "0x0f", "", "0f ", "0f\n", "gg"])
def test_a_hexadecimal_value_is_refused(digits: str) -> None:
    event = assay()
    event["sensorElementList"][0]["sensorReport"][0]["hexBinaryValue"] = digits
    assert only(with_event(event)).code == "epcis.hex"


@pytest.mark.parametrize("action", ["add", "REMOVE", "", "OBSERVE "])
def test_an_action_is_refused(action: str) -> None:
    finding = only(with_event(shipping(), action=action))
    assert (finding.code, finding.pointer) == ("epcis.action", f"{EVENT}/action")


def test_nul_is_refused_in_texts() -> None:
    event = assay()
    event["sensorElementList"][0]["sensorReport"][0]["stringValue"] = "a\0"
    assert only(with_event(event)).code == "epcis.text"


@pytest.mark.parametrize(
    ("value", "codes"),
    [
        ("urn:x:y", []),
        (["urn:x:y", "https://x.example/"], []),
        ([], []),
        ("x", ["epcis.uri"]),
        (None, ["epcis.type"]),
        ({}, ["epcis.type"]),
        (["urn:x:y", "x", JsonNumber("3")], ["epcis.uri", "epcis.type"]),
        ([["urn:x:y"]], ["epcis.type"]),
    ],
)
def test_one_uri_or_a_list(value: Any, codes: list[str]) -> None:
    field = epcis_fields.UriOrList()
    assert [finding.code for finding in field.findings(value, SCOPE)] == codes
    assert (field.finding(value, SCOPE) is None) == (not codes)


class _Lists(Schema):
    plain = epcis_fields.Listed(epcis_fields.Uri())
    some = epcis_fields.Listed(epcis_fields.Uri(), least=1, most=3)
    each = epcis_fields.Listed(epcis_fields.Uri(), unique=True)


def list_codes(**members: Any) -> Any:
    errors: Any = _Lists().validate(members)
    return {name: sorted(_codes(inner)) for name, inner in errors.items()}


def _codes(errors: Any) -> list[str]:
    if isinstance(errors, dict):
        return [code for inner in errors.values() for code in _codes(inner)]
    return [finding.code for finding in errors]


def test_lists_are_judged_as_a_whole_and_item_by_item() -> None:
    assert list_codes(plain=["urn:x:y"] * 2, some=["urn:x:y"], each=["urn:x:y", "urn:x:z"]) == {}
    assert list_codes(plain=[], each=[]) == {}
    assert list_codes(plain="urn:x:y", some={}, each=None) == {
        name: ["epcis.type"] for name in ("plain", "some", "each")
    }
    assert list_codes(some=[]) == {"some": ["epcis.empty"]}
    assert list_codes(some=["x"] * 4) == {"some": ["epcis.too-many"]}
    assert list_codes(each=["urn:x:y", "urn:x:z", "urn:x:y"]) == {"each": ["epcis.duplicate"]}
    assert list_codes(each=["urn:x:y", "x", "urn:x:y", 3, 3]) == {
        "each": ["epcis.duplicate", "epcis.type", "epcis.type", "epcis.uri"]
    }


def test_a_list_says_which_items_are_wrong() -> None:
    value = with_event(shipping(), epcList=["urn:x:a", "urn:x:a", "x", None])
    assert sorted(findings(value)) == [
        ("epcis.duplicate", f"{EVENT}/epcList/1"),
        ("epcis.type", f"{EVENT}/epcList/3"),
        ("epcis.uri", f"{EVENT}/epcList/2"),
    ]


def test_a_field_must_say_what_it_takes() -> None:
    with pytest.raises(TypeError, match="finding"):
        type("Undecided", (epcis_fields.Leaf,), {})()
