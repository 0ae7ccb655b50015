"""Exact JSON: decimals as numbers to the last digit, masses as kilograms, times with their zone.

Decides: the text of numbers and times. Never what a member means.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, TypeAlias

from ledger.strict_json import JsonNumber

Number: TypeAlias = str | int | Decimal | Fraction
"""A number that can be written exactly; a text is one of JSON's."""

KG: Final = 1_000_000
"""Milligrams in a kilogram."""
TONNE: Final = 1_000 * KG

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MARK: Final = "\x7f"


def dump_document(members: Mapping[str, Any]) -> bytes:
    """UTF-8 JSON of a document or an event; decimals stand as the numbers that they are, to the last digit.

    Raises:
        TypeError: A value that JSON does not have.
        ValueError: A decimal that is not finite, or a text with the control character DEL.
    """
    written = 0

    def mark(value: Any) -> str:
        nonlocal written
        if not isinstance(value, Decimal):
            raise TypeError(f"JSON has no {type(value).__name__}")
        if not value.is_finite():
            raise ValueError("a number in JSON is finite")
        written += 1
        return f"{_MARK}{value.text if isinstance(value, JsonNumber) else value}{_MARK}"

    text = json.dumps(
        members,
        ensure_ascii=False,
        allow_nan=False,
        separators=(",", ":"),
        check_circular=False,
        default=mark,
    )
    if text.count(_MARK) != 2 * written:
        raise ValueError("a text has the control character DEL")
    return text.replace(f'"{_MARK}', "").replace(f'{_MARK}"', "").encode()


def time_text(time_us: int, zone_offset_min: int) -> str:
    """An xsd:dateTimeStamp: local time with its offset; Z where that is zero."""
    moment = _EPOCH + timedelta(microseconds=time_us + zone_offset_min * 60_000_000)
    return f"{moment.isoformat()[:-6]}{offset_text(zone_offset_min) if zone_offset_min else 'Z'}"


def offset_text(zone_offset_min: int) -> str:
    """An offset from UTC such as ``+08:00``.

    Args:
        zone_offset_min: -840 to 840.
    """
    hours, minutes = divmod(abs(zone_offset_min), 60)
    return f"{'-' if zone_offset_min < 0 else '+'}{hours:02d}:{minutes:02d}"


def kilograms(mass_mg: int) -> int | Decimal:
    """A mass in kilograms, exactly."""
    whole, rest = divmod(mass_mg, KG)
    return Decimal(f"{whole}.{rest:06d}".rstrip("0")) if rest else whole


def number(value: Number) -> int | Decimal:
    """A value as a number of JSON.

    Raises:
        TypeError: A float.
        ValueError: A rational that no decimal equals, or a text that is no number.
    """
    if type(value) is str:
        return JsonNumber(value)
    if isinstance(value, int | Decimal):
        return value
    if isinstance(value, Fraction):
        found = Decimal(value.numerator) / value.denominator
        if Fraction(found) != value:
            raise ValueError(f"{value} has no decimal that equals it")
        return found
    raise TypeError("a number that is to be exact is a text, an int, a Decimal or a Fraction, no float")
