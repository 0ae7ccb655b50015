"""Canonical JSON: which values have one text, and which are refused."""

import enum
import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import JsonMalformed, JsonNumberRange
from ledger.log.canonical import canonical_json
from ledger.strict_json import parse_json

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


@given(json_values)
def test_the_text_says_the_same_and_is_the_only_one(value: Any) -> None:
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(parse_json(text)) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, b"null"),
        (True, b"true"),
        (0, b"0"),
        (-1, b"-1"),
        (2**53 - 1, b"9007199254740991"),
        (Decimal("-9007199254740991"), b"-9007199254740991"),
        (Decimal("41"), b"41"),
        ('é\u2028\x00"\\/\n', '"é\u2028\\u0000\\"\\\\/\\n"'.encode()),
        ((1, [2]), b"[1,[2]]"),
        # RFC 8785 section 3.2.3: by UTF-16 code units, so the surrogate pair comes before U+FB33.
        (
            {"\ufb33": 1, "\U0001f600": 2, "a": 3, "A": 4, "": 5},
            '{"":5,"A":4,"a":3,"\U0001f600":2,"\ufb33":1}'.encode(),
        ),
    ],
)
def test_the_text_is_this(value: object, text: bytes) -> None:
    assert canonical_json(value) == text


@pytest.mark.parametrize(
    "value",
    [
        2**53,
        -(2**53),
        10**30,
        0.0,
        1.5,
        1e300,
        float("nan"),
        float("inf"),
        Decimal("1.0"),
        Decimal("1e2"),
        Decimal("0.5"),
        Decimal("-0.0"),
        Decimal("NaN"),
        Decimal("Infinity"),
        Decimal("9007199254740992"),
        [1, {"a": [2**53]}],
    ],
)
def test_a_number_that_two_readers_could_read_differently_is_refused(value: object) -> None:
    with pytest.raises(JsonNumberRange):
        canonical_json(value)
    with pytest.raises(JsonNumberRange):
        canonical_json({"a": [value]})


@pytest.mark.parametrize("text", [b"1.0", b"1e2", b"1E2", b"0.5", b"-0.0", b"9007199254740992", b"1e-300"])
def test_a_parsed_number_counts_as_it_was_written(text: bytes) -> None:
    with pytest.raises(JsonNumberRange):
        canonical_json(parse_json(text))


@pytest.mark.parametrize(
    "value",
    [
        "\ud800",
        {"\udfff": 1},
        {1: 2},
        {None: 1},
        b"bytes",
        {1, 2},
        object(),
        [b"x"],
        range(3),
        1j,
        bytearray(b"x"),
    ],
)
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(JsonMalformed):
        canonical_json(value)


def test_a_number_with_a_name_is_its_number() -> None:
    class Level(enum.IntEnum):
        HIGH = 3

    assert canonical_json([Level.HIGH, parse_json(b"-0")]) == b"[3,0]"
