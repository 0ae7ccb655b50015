"""What a member of each kind may be."""

import pytest
from marshmallow import ValidationError

from ledger.encoding import b64url_encode
from ledger.statements.acts.fields import (
    MAX_INTEGER,
    Each,
    Fault,
    Hash,
    Integer,
    Jti,
    Kid,
    Members,
    MemberSchema,
    OneOf,
    PartyId,
    StrictField,
    Text,
    Time,
    Uri,
    read_members,
)
from ledger.strict_json import JsonNumber


def fault_of(field: StrictField, value: object) -> str:
    with pytest.raises(ValidationError) as caught:
        field.deserialize(value)
    messages = caught.value.messages
    while isinstance(messages, dict):
        messages = next(iter(messages.values()))
    assert isinstance(messages[0], Fault)
    return messages[0].code


@pytest.mark.parametrize("value", ["a", "稀土", "x" * 300, "a b"])
def test_text_is_taken(value: str) -> None:
    assert Text().deserialize(value) == value


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("", "schema.value"),
        ("x" * 301, "schema.value"),
        (" a", "schema.value"),
        ("a\u3000", "schema.value"),
        ("a\x00b", "schema.value"),
        ("a\nb", "schema.value"),
        ("a\x85b", "schema.value"),
        ("a\u202eb", "schema.value"),
        ("a\ufffe", "schema.value"),
        (1, "schema.type"),
        (True, "schema.type"),
        (["a"], "schema.type"),
        (None, "schema.type"),
    ],
)
def test_text_is_refused(value: object, code: str) -> None:
    assert fault_of(Text(), value) == code


@pytest.mark.parametrize("value", [JsonNumber("0"), JsonNumber(str(MAX_INTEGER)), 7])
def test_integer_is_taken(value: object) -> None:
    assert Integer().deserialize(value) == int(str(value))


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (JsonNumber("1.0"), "schema.type"),
        (JsonNumber("1e2"), "schema.type"),
        ("1", "schema.type"),
        (True, "schema.type"),
        (1.0, "schema.type"),
        (None, "schema.type"),
        (JsonNumber("-1"), "schema.value"),
        (JsonNumber("-0"), "schema.value"),
        (JsonNumber(str(MAX_INTEGER + 1)), "schema.value"),
    ],
)
def test_integer_is_refused(value: object, code: str) -> None:
    assert fault_of(Integer(), value) == code


@pytest.mark.parametrize(
    ("value", "time_us"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T08:00:00+08:00", 0),
        ("1970-01-01T00:00:00.000001Z", 1),
        ("1970-01-01T00:00:00.5-00:00", 500_000),
        ("2026-11-20T08:00:00.123456+05:45", 1_795_140_900_123_456),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999_999),
    ],
)
def test_time_is_taken(value: str, time_us: int) -> None:
    assert Time().deserialize(value) == time_us


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-20T08:00:00",
        "2026-11-20",
        "2026-11-20 08:00:00Z",
        "2026-11-20t08:00:00Z",
        "2026-11-20T08:00:00z",
        "2026-11-20T08:00Z",
        "2026-11-20T08:00:00+0800",
        "2026-11-20T08:00:00.1234567Z",
        "2026-11-20T08:00:00.Z",
        "2026-11-20T24:00:00Z",
        "2026-11-20T08:00:60Z",
        "2026-02-29T08:00:00Z",
        "2026-11-20T08:00:00+24:00",
        "1969-12-31T23:59:59.999999Z",
        "1970-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "0000-01-01T00:00:00Z",
        "２０２６-11-20T08:00:00Z",
        "",
    ],
)
def test_time_is_refused(value: str) -> None:
    assert fault_of(Time(), value) == "schema.value"


def test_time_is_a_string() -> None:
    assert fault_of(Time(), JsonNumber("1800000000")) == "schema.type"


def test_hash_is_32_bytes_in_one_spelling() -> None:
    text = b64url_encode(bytes(range(32)))
    assert Hash().deserialize(text) == bytes(range(32))
    assert fault_of(Hash(), text + "=") == "schema.value"
    assert fault_of(Hash(), text[:-1] + "9") == "schema.value"  # trailing bits
    assert fault_of(Hash(), b64url_encode(bytes(31))) == "schema.value"
    assert fault_of(Hash(), b64url_encode(bytes(33))) == "schema.value"
    assert fault_of(Hash(), "é" * 43) == "schema.value"
    assert fault_of(Hash(), JsonNumber("1")) == "schema.type"


def test_kid_is_a_thumbprint() -> None:
    text = b64url_encode(bytes(32))
    assert Kid().deserialize(text) == text
    assert fault_of(Kid(), text[:-1]) == "schema.value"
    assert fault_of(Kid(), text[:-1] + "B") == "schema.value"


def test_jti_is_a_lower_case_uuid4() -> None:
    good = "5f0c954e-7a0c-4a6f-9d5d-1f2a3b4c5d6e"
    assert Jti().deserialize(good) == good
    assert fault_of(Jti(), good.upper()) == "schema.value"
    assert fault_of(Jti(), good.replace("-4a6f", "-1a6f")) == "schema.value"


def test_names_are_uris_or_registered_numbers() -> None:
    assert Uri().deserialize("https://a.example/mine") == "https://a.example/mine"
    assert fault_of(Uri(), "mine") == "schema.value"
    assert PartyId().deserialize("91110000600037341L") == "91110000600037341L"
    assert fault_of(PartyId(), "91110000600037341K") == "party.identifier"
    assert fault_of(PartyId(), "https://a.example/" + "x" * 1007) == "schema.value"


def test_choice_is_one_of_them() -> None:
    assert OneOf(("a", "b")).deserialize("b") == "b"
    assert fault_of(OneOf(("a", "b")), "c") == "schema.value"
    assert fault_of(OneOf(("a", "b")), "A") == "schema.value"


def test_array_has_its_length_and_no_repetition() -> None:
    field = Each(Integer(), fewest=1, most=2)
    assert field.deserialize([JsonNumber("1"), JsonNumber("2")]) == (1, 2)
    assert fault_of(field, []) == "schema.value"
    assert fault_of(field, [1, 2, 3]) == "schema.value"
    assert fault_of(field, [1, 1]) == "schema.value"
    assert fault_of(field, "1") == "schema.type"
    assert fault_of(field, {"0": 1}) == "schema.type"


class _Inner(MemberSchema):
    count = Integer(required=True)


class _Outer(MemberSchema):
    name = Text(required=True)
    inners = Each(Members(_Inner))


def test_faults_are_ordered_by_place() -> None:
    members, findings = read_members(
        _Outer(), {"zz": 1, "a/b": 2, "inners": [{"count": 1}, {"count": "2", "x": 0}, 3]}
    )
    assert members is None
    assert [(finding.code, finding.pointer) for finding in findings] == [
        ("schema.unknown-member", "/a~1b"),
        ("schema.type", "/inners/1/count"),
        ("schema.unknown-member", "/inners/1/x"),
        ("schema.type", "/inners/2"),
        ("schema.required", "/name"),
        ("schema.unknown-member", "/zz"),
    ]


@pytest.mark.parametrize("value", [None, [], "a", JsonNumber("1"), True])
def test_object_is_an_object(value: object) -> None:
    members, findings = read_members(_Outer(), value)
    assert members is None
    assert [(finding.code, finding.pointer) for finding in findings] == [("schema.type", "")]


def test_member_named_like_the_library_keeps_its_fault() -> None:
    _, findings = read_members(_Outer(), {"name": "a", "_schema": 1})
    assert [finding.code for finding in findings] == ["schema.unknown-member"]
