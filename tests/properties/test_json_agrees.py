"""Strict reading against the standard library's: the same values, and a listed reason for every refusal."""

import json
import math
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import JsonDuplicateMember, JsonMalformed, JsonNumberRange, JsonTooDeep, MalformedError
from ledger.strict_json import JsonNumber, parse_json

NUMBERS = st.integers(-(10**30), 10**30) | st.floats(
    allow_nan=False, allow_infinity=False, allow_subnormal=False
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


class Oddities:
    """What the standard library reads and strict reading refuses, counted while it reads."""

    def __init__(self) -> None:
        self.duplicates = self.constants = self.numbers = 0

    def object(self, members: list[tuple[str, Any]]) -> dict[str, Any]:
        self.duplicates += len({name for name, _ in members}) != len(members)
        return dict(members)

    def constant(self, _name: str) -> float:
        self.constants += 1
        return math.nan

    def number(self, text: str) -> Decimal | None:
        _, _, exponent = text.lower().partition("e")
        if len(text) > 64 or (exponent and abs(int(exponent)) > 308) or abs(Decimal(text).adjusted()) > 308:
            self.numbers += 1
            return None
        return Decimal(text)


def depth(value: Any) -> int:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if children is None else 1 + max(map(depth, children), default=0)


def has_surrogate(value: Any) -> bool:
    if isinstance(value, str):
        return any(0xD800 <= ord(character) <= 0xDFFF for character in value)
    if isinstance(value, dict):
        return any(has_surrogate(name) or has_surrogate(child) for name, child in value.items())
    return isinstance(value, list) and any(map(has_surrogate, value))


def numbers_have_texts(value: Any) -> bool:
    if isinstance(value, dict):
        return all(map(numbers_have_texts, value.values()))
    if isinstance(value, list):
        return all(map(numbers_have_texts, value))
    return not isinstance(value, int | float | Decimal) or isinstance(value, bool | JsonNumber)


def read_strictly(octets: bytes) -> tuple[Any, type[MalformedError] | None]:
    """The value, or None and the kind of refusal."""
    try:
        return parse_json(octets), None
    except MalformedError as error:
        return None, type(error)


def assert_agreement(octets: bytes) -> None:
    """Accepted: the library reads the same. Refused: the library refuses too, or for a listed reason."""
    oddities = Oddities()
    try:
        theirs = json.loads(
            octets.decode("utf-8"),
            object_pairs_hook=oddities.object,
            parse_constant=oddities.constant,
            parse_int=oddities.number,
            parse_float=oddities.number,
        )
        readable = True
    except ValueError:
        theirs, readable = None, False
    ours, refusal = read_strictly(octets)
    if not readable:
        assert refusal is not None
        return
    reasons = {
        JsonDuplicateMember: oddities.duplicates > 0,
        JsonNumberRange: oddities.numbers > 0,
        JsonTooDeep: depth(theirs) > 32,
        JsonMalformed: oddities.constants > 0 or has_surrogate(theirs),
    }
    if refusal is not None:
        assert reasons[refusal]
        return
    assert not any(reasons.values())
    assert ours == theirs
    assert numbers_have_texts(ours)


@given(VALUES, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_every_value_that_the_library_writes_is_read(value: Any, indent: Any, escaped: bool) -> None:
    octets = json.dumps(value, indent=indent, ensure_ascii=escaped).encode()
    assert parse_json(octets) == json.loads(octets, parse_int=Decimal, parse_float=Decimal)
    assert_agreement(octets)


PIECES = st.sampled_from(
    [
        *'{}[]",:-+.eE0123456789 \t\n\r\\/',
        '"a"',
        '"a":',
        '"\\u0061":',
        '{"a":1,"a":2}',
        "\\u",
        "\\ud83d\\ude00",
        '"\\ud800"',
        '"\\\\ud800"',
        "NaN",
        "-Infinity",
        "null",
        "true",
        "1e309",
        "1E-308",
        "9" * 65,
        "1.50",
        "\ufeff",
        "\u00a0",
        "\x00",
        "日",
        "[" * 31,
        "]" * 31,
        "//",
        "'",
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_any_text_is_read_alike_or_refused_for_a_listed_reason(text: str) -> None:
    assert_agreement(text.encode())


@given(VALUES, st.data())
def test_a_damaged_document_is_read_alike_or_refused_for_a_listed_reason(
    value: Any, data: st.DataObject
) -> None:
    octets = bytearray(json.dumps(value, ensure_ascii=False).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(octets)))
        piece = data.draw(PIECES.map(str.encode) | st.binary(max_size=2))
        octets[place : place + data.draw(st.integers(0, 2))] = piece
    assert_agreement(bytes(octets))


@given(st.lists(st.tuples(st.text(max_size=2), st.integers(0, 9)), max_size=6))
def test_objects_with_repeated_names_are_refused_exactly(members: list[tuple[str, int]]) -> None:
    text = "{" + ",".join(f"{json.dumps(name)}:{number}" for name, number in members) + "}"
    try:
        value = parse_json(text.encode())
    except JsonDuplicateMember:
        assert len(dict(members)) < len(members)
    else:
        assert value == dict(members)
        assert len(dict(members)) == len(members)


@given(st.integers(0, 80), st.sampled_from(["[]", '{"a":}']))
def test_depth_is_counted_exactly(levels: int, brackets: str) -> None:
    opening, closing = brackets[:-1], brackets[-1]
    assert_agreement((opening * levels + "1" + closing * levels).encode())
