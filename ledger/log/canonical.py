"""Canonical JSON (RFC 8785) of values that have exactly one such text.

Decides: which values may be written canonically. Never writes a number that two readers
could read differently.
"""

from decimal import Decimal
from typing import Any

import rfc8785

from ledger.errors import JsonMalformed, JsonNumberRange

_MAX_INTEGER = 2**53 - 1


def canonical_json(value: object) -> bytes:
    """The RFC 8785 form.

    Args:
        value: None, booleans, strings, integers within 2^53 - 1, decimals written as such integers, and
            lists, tuples and dicts with string keys of these.

    Raises:
        JsonNumberRange: A float, a decimal with a point or an exponent, or an integer out of range.
        JsonMalformed: A lone surrogate, a key that is not a string, or a value of another type.
    """
    try:
        return rfc8785.dumps(_plain(value))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError) as error:
        raise JsonMalformed(f"this has no canonical JSON: {error}") from error


def _plain(value: object) -> Any:
    """The value with decimals as integers, all numbers checked."""
    match value:
        case None | bool() | str():
            return value
        case int():
            return _within_range(int(value))
        case Decimal():
            if not value.is_finite() or value.as_tuple().exponent != 0:
                raise JsonNumberRange("only integers, written as such, have a canonical text here")
            return _within_range(int(value))
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case float():
            raise JsonNumberRange("only integers, written as such, have a canonical text here")
        case _:
            raise JsonMalformed(f"a {type(value).__name__} has no canonical JSON")


def _within_range(number: int) -> int:
    if abs(number) > _MAX_INTEGER:
        raise JsonNumberRange("an integer in canonical JSON lies within 2^53 - 1")
    return number
