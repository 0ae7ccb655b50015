"""What strict reading keeps, and what it refuses that other readers let pass."""

import copy
import json
import pickle
from decimal import Decimal

import pytest

from ledger.errors import JsonDuplicateMember, JsonMalformed, JsonNumberRange, JsonTooDeep, ReledgerError
from ledger.strict_json import JsonNumber, escape_pointer, is_json_object, parse_json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None),
        ("true", True),
        ("false", False),
        ('""', ""),
        ("{}", {}),
        ("[]", []),
        (' \t\r\n{"a" :\n[ ] } \t\r\n', {"a": []}),
        ('"\\u65e5\\ud83d\\ude00\\/\\b"', "日😀/\b"),
        ('"日😀"', "日😀"),
        ('"\\u0000"', "\0"),
        ('"\\\\ud800"', "\\ud800"),
        ('"\x7f\u2028"', "\x7f\u2028"),
        ('{"":1,"a":2,"A":3}', {"": Decimal(1), "a": Decimal(2), "A": Decimal(3)}),
        ('{"\\u00e9":1,"e\\u0301":2}', {"\u00e9": Decimal(1), "e\u0301": Decimal(2)}),
        ('[{"a":1},{"a":1}]', [{"a": Decimal(1)}, {"a": Decimal(1)}]),
        ('{"a":{"a":{"a":"a"}}}', {"a": {"a": {"a": "a"}}}),
    ],
)
def test_values_are_kept(text: str, value: object) -> None:
    assert parse_json(text.encode()) == value


@pytest.mark.parametrize(
    ("text", "is_integer"),
    [
        ("0", True),
        ("-0", True),
        ("7", True),
        ("-12", True),
        ("9" * 64, True),
        ("0.0", False),
        ("-0.0", False),
        ("1.0", False),
        ("1.50", False),
        ("1e2", False),
        ("1E+2", False),
        ("1e-308", False),
        ("1e308", False),
        ("9.999e308", False),
        ("0e308", False),
        ("0." + "0" * 61 + "1", False),
        ("0.1000000000000000055511151231257827021181583404541015625", False),
    ],
)
def test_numbers_keep_value_and_text(text: str, is_integer: bool) -> None:
    number = parse_json(text.encode())
    assert isinstance(number, JsonNumber)
    assert number.text == text
    assert number == Decimal(text)
    assert number.is_integer_text is is_integer
    assert JsonNumber(text).text == text


def test_numbers_are_equal_by_value_and_keep_their_text_when_copied() -> None:
    number = JsonNumber("1.50")
    assert number == JsonNumber("1.5")
    assert hash(number) == hash(Decimal("1.5"))
    for twin in (copy.copy(number), copy.deepcopy(number), pickle.loads(pickle.dumps(number))):
        assert isinstance(twin, JsonNumber)
        assert (twin, twin.text) == (number, "1.50")


@pytest.mark.parametrize(
    "text",
    ["", "01", "+1", "1.", ".5", "1e", "٣", "1_0", " 1", "1\n", "NaN", "Infinity", "0x1", "--1", "1,0"],
)
def test_only_json_numbers_make_a_json_number(text: str) -> None:
    with pytest.raises(ValueError):
        JsonNumber(text)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b" ",
        b"{",
        b"[",
        b"[1,]",
        b"[,1]",
        b'{"a":1,}',
        b'{"a"}',
        b'{"a":}',
        b"{'a':1}",
        b"{a:1}",
        b'{1:"a"}',
        b"[1 2]",
        b"1 2",
        b"{}{}",
        b"[]x",
        b"nul",
        b"True",
        b"undefined",
        b"NaN",
        b"-NaN",
        b"Infinity",
        b"-Infinity",
        b"[NaN]",
        b'{"a":Infinity}',
        b"inf",
        b"01",
        b"-01",
        b"+1",
        b"1.",
        b".5",
        b"1e",
        b"1e+",
        b"-",
        b"0x10",
        b"1_000",
        "٣".encode(),
        "１".encode(),
        b"[1]//x",
        b"/**/1",
        b'"',
        b'"a',
        b'"\\x41"',
        b'"\\u12"',
        b'"\\u123g"',
        b'"\\u+123"',
        b'"\\u 123"',
        b'"\\U0041"',
        b'"\\"',
        b'"a\nb"',
        b'"a\tb"',
        b'"\x00"',
        b'"\x1f"',
        b"\x00",
        b"1\x00",
        b"\xef\xbb\xbf1",
        b"\xef\xbb\xbf{}",
        b"\xff\xfe1\x00",
        b"1\x00\x00\x00",
        '{"a":1}'.encode("utf-16"),
        '{"a":1}'.encode("utf-16-be"),
        '{"a":1}'.encode("utf-32"),
        b'"\xff"',
        b'"\xc0\xaf"',
        b'"\xe0\x80\xaf"',
        b'"\xed\xa0\x80"',
        b'"\xed\xa0\xbd\xed\xb8\x80"',
        b'"\xf4\x90\x80\x80"',
        b'"\xe6\x97"',
        b'"\\ud800"',
        b'"\\uDFFF"',
        b'"\\ude00\\ud83d"',
        b'"\\ud83d\\ud83d\\ude00"',
        b'"\\ud83dx"',
        b'{"\\udc00":1}',
        b'[[{"a":["\\udbff"]}]]',
        b'{"\\ud800":1,"\\ud800":2}',
        "\u00a01".encode(),
        "1\u2003".encode(),
        b"\x0b1",
        b"\x0c1",
    ],
    ids=repr,
)
def test_what_is_not_json_is_refused(octets: bytes) -> None:
    with pytest.raises(JsonMalformed):
        parse_json(octets)


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ('{"a":1,"a":1}', "/a"),
        ('{"a":1,"b":2,"a":3}', "/a"),
        ('{"a":1,"\\u0061":2}', "/a"),
        ('{"":1,"":2}', "/"),
        ('{"/":1,"~":2,"/":3}', "/~1"),
        ('{"x":[0,{"y":{"a~b":1,"a~b":2}}]}', "/x/1/y/a~0b"),
        ('[[],[{},{"k":null,"k":null}]]', "/1/1/k"),
        ('{"first":{"d":1,"d":2},"second":{"e":1,"e":2}}', "/first/d"),
        ('{"a":{"b":1,"b":2},"a":3}', "/a/b"),
        ('{"日":1,"\\u65e5":2}', "/日"),
    ],
)
def test_a_repeated_member_is_refused_with_its_place(text: str, pointer: str) -> None:
    with pytest.raises(JsonDuplicateMember) as caught:
        parse_json(text.encode())
    assert caught.value.pointer == pointer


def test_a_repeated_member_before_a_fault_of_form_is_a_fault_of_form() -> None:
    with pytest.raises(JsonMalformed):
        parse_json(b'[{"a":1,"a":2},')
    with pytest.raises(JsonMalformed):
        parse_json(b'{"a":1,"a":2}x')


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_depth_is_limited(opening: str, closing: str) -> None:
    levels = 32 // (opening.count("[") + opening.count("{"))
    inner = "1"
    parse_json((opening * levels + inner + closing * levels).encode())
    with pytest.raises(JsonTooDeep):
        parse_json((opening * levels + "[]" + closing * levels).encode())
    with pytest.raises(JsonTooDeep):
        parse_json((opening * levels + "{}" + closing * levels).encode())


@pytest.mark.parametrize(
    "text", ["[" * 1_000_000, '{"a":' * 200_000, "[" * 200_000 + "]" * 200_000, '[{"a":' * 100_000]
)
def test_endless_depth_is_refused_without_harm(text: str) -> None:
    with pytest.raises(JsonTooDeep):
        parse_json(text.encode())


def test_depth_may_be_set() -> None:
    assert parse_json(b"1", max_depth=0) == 1
    assert parse_json(b"[[1],[2]]", max_depth=2) == [[1], [2]]
    with pytest.raises(JsonTooDeep):
        parse_json(b"[]", max_depth=0)
    with pytest.raises(JsonTooDeep):
        parse_json(b"[[1],[[2]]]", max_depth=2)


def test_width_is_not_depth_and_brackets_in_strings_do_not_count() -> None:
    wide = [[{}] for _ in range(1000)]
    assert parse_json(json.dumps(wide).encode()) == wide
    assert parse_json(json.dumps("[{" * 1000).encode()) == "[{" * 1000


@pytest.mark.parametrize(
    "text",
    [
        "9" * 65,
        "-" + "9" * 64,
        "0." + "1" * 63,
        "1e309",
        "1e-309",
        "1E+309",
        "10e308",
        "0.01e309",
        "100e-309",
        "0.1e-308",
        "0e309",
        "0e-309",
        "1e999999999999999999999",
    ],
)
def test_numbers_out_of_range_are_refused(text: str) -> None:
    for place in (text, f"[{text}]", f'{{"a":{text}}}'):
        with pytest.raises(JsonNumberRange):
            parse_json(place.encode())


def test_a_byte_order_mark_is_called_by_its_name() -> None:
    with pytest.raises(JsonMalformed, match="byte order mark"):
        parse_json(b"\xef\xbb\xbf{}")


def test_a_refusal_does_not_repeat_what_was_sent() -> None:
    for octets in (
        b'{"secret-text":',
        b'["secret-text" x]',
        b'{"a":"secret-text","a":1}',
        b'"secret-text\\ud800"',
    ):
        with pytest.raises(ReledgerError) as caught:
            parse_json(octets)
        assert "secret-text" not in str(caught.value)


def test_small_helpers() -> None:
    assert escape_pointer("a/b~c") == "a~1b~0c"
    assert is_json_object(parse_json(b"{}"))
    assert not is_json_object(parse_json(b"[]"))


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ('"\\ud800"', ""),
        ('{"a":[1,"\\ud800"]}', "/a/1"),
        ('{"a/b":{"\\ud800":1}}', "/a~1b"),
        ('{"\\ud800":1}', ""),
        ('{"":"\\udc00"}', "/"),
    ],
)
def test_a_lone_surrogate_is_refused_with_its_place(text: str, pointer: str) -> None:
    with pytest.raises(JsonMalformed) as caught:
        parse_json(text.encode())
    assert caught.value.pointer == pointer
