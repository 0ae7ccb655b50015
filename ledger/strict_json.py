"""JSON read strictly: one text, one value, no number ever passed through a binary float.

Decides: what is refused that other readers let pass (duplicate members, NaN, lone surrogates, a byte order
mark, more than 32 levels, numbers out of range). Never decides what a member means, and never writes JSON.

Source: RFC 8259; RFC 7493 section 2 (I-JSON).
"""

import json
import re
from decimal import Decimal
from typing import Any, TypeAlias, TypeGuard

from ledger.errors import JsonDuplicateMember, JsonMalformed, JsonNumberRange, JsonTooDeep

MAX_DEPTH = 32
MAX_NUMBER_CHARACTERS = 64
MAX_EXPONENT = 308

_WHITE_SPACE = " \t\n\r"
_BYTE_ORDER_MARK = "\ufeff"
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_EXPONENT = re.compile(r"[eE]")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_SURROGATE = re.compile("[\ud800-\udfff]")


class JsonNumber(Decimal):
    """A JSON number: its exact decimal value and its exact text.

    Equal by value (``1.0`` equals ``1``), told apart by ``text``.

    Attributes:
        text: The number as it stood in the source.
    """

    __slots__ = ("text",)
    text: str

    def __new__(cls, text: str) -> "JsonNumber":
        """The number that ``text`` writes.

        Args:
            text: A number by the grammar of RFC 8259 section 6, within the range that ``parse_json`` reads.

        Raises:
            ValueError: Not a JSON number.
            JsonNumberRange: Longer than 64 characters, or an exponent beyond -308..308.
        """
        if _NUMBER.fullmatch(text) is None:
            raise ValueError("not a JSON number")
        return _read_number(text)

    @property
    def is_integer_text(self) -> bool:
        """Whether the text is an integer's: no fraction, no exponent (``1.0`` and ``1e2`` are not)."""
        return self.text.lstrip("-").isdigit()

    def __reduce__(self) -> tuple[type["JsonNumber"], tuple[str]]:
        return JsonNumber, (self.text,)


JsonValue: TypeAlias = "bool | str | JsonNumber | list[JsonValue] | dict[str, JsonValue] | None"

_new_decimal = Decimal.__new__


def parse_json(data: bytes, *, max_depth: int = MAX_DEPTH) -> JsonValue:
    """The value that UTF-8 JSON bytes stand for; every number in it is a JsonNumber.

    NUL and other characters that JSON allows in strings are kept: the schemas say which strings they take.

    Args:
        data: The bytes as received.
        max_depth: How many objects and arrays may stand inside each other, 0 to 200.

    Raises:
        JsonMalformed: Not UTF-8, a byte order mark, not RFC 8259 JSON, NaN or Infinity, or a lone surrogate.
        JsonDuplicateMember: An object names a member twice; the pointer is that member's.
        JsonTooDeep: More levels than ``max_depth``.
        JsonNumberRange: A number of more than 64 characters, or with an exponent beyond -308..308.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise JsonMalformed(f"byte {error.start} is not part of UTF-8 text") from None
    if text.startswith(_BYTE_ORDER_MARK):
        raise JsonMalformed("the text begins with a byte order mark")
    try:
        value: JsonValue = _decode(text, _DECODER)
    except json.JSONDecodeError as error:
        raise JsonMalformed(f"{error.msg} at character {error.pos}") from None
    except _RepeatedName:
        raise _name_the_duplicate(text) from None
    except RecursionError:
        raise _too_deep(max_depth) from None
    if data.count(b"{") + data.count(b"[") > max_depth and _is_deeper(value, max_depth):
        raise _too_deep(max_depth)
    if "\\u" in text and _SURROGATE_ESCAPE.search(text) is not None:
        _refuse_lone_surrogates(value)
    return value


def is_json_object(value: JsonValue) -> TypeGuard[dict[str, JsonValue]]:
    """Whether the value is a JSON object."""
    return isinstance(value, dict)


def escape_pointer(name: str) -> str:
    """One reference token of an RFC 6901 JSON pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def _decode(text: str, decoder: json.JSONDecoder) -> Any:
    """What ``decoder.decode`` gives, without its two searches for white space."""
    start = len(text) - len(text.lstrip(_WHITE_SPACE))
    value, end = decoder.raw_decode(text, start)
    if end != len(text) and text[end:].strip(_WHITE_SPACE):
        raise json.JSONDecodeError("Extra data", text, end)
    return value


class _RepeatedName(Exception):
    """An object names a member twice; where, is found by a second and slower reading."""


class _Members(list[tuple[str, Any]]):
    """An object's members as they stood, repetitions included."""


def _read_object(members: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    value = dict(members)
    if len(value) != len(members):
        raise _RepeatedName
    return value


def _read_number(text: str) -> JsonNumber:
    """Reads a text that is a JSON number by grammar."""
    if len(text) > MAX_NUMBER_CHARACTERS:
        raise JsonNumberRange(f"a number of {len(text)} characters")
    if _EXPONENT.search(text) is not None:
        _refuse_exponent(text)
    number = _new_decimal(JsonNumber, text)
    number.text = text
    return number


def _read_integer(text: str) -> JsonNumber:
    if len(text) > MAX_NUMBER_CHARACTERS:
        raise JsonNumberRange(f"a number of {len(text)} characters")
    number = _new_decimal(JsonNumber, text)
    number.text = text
    return number


def _refuse_exponent(text: str) -> None:
    """Both the exponent as written and that of the scientific form must be in range."""
    written = int(_EXPONENT.split(text)[1])
    if abs(written) > MAX_EXPONENT or abs(Decimal(text).adjusted()) > MAX_EXPONENT:
        raise JsonNumberRange(f"the number {text} has an exponent beyond {MAX_EXPONENT}")


def _refuse_constant(name: str) -> JsonValue:
    raise JsonMalformed(f"{name} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_read_object,
    parse_int=_read_integer,
    parse_float=_read_number,
    parse_constant=_refuse_constant,
)
_MEMBERS_DECODER = json.JSONDecoder(
    object_pairs_hook=_Members,
    parse_int=_read_integer,
    parse_float=_read_number,
    parse_constant=_refuse_constant,
)


def _too_deep(max_depth: int) -> JsonTooDeep:
    return JsonTooDeep(f"nested more than {max_depth} levels")


def _is_deeper(value: JsonValue, max_depth: int) -> bool:
    """Whether more than max_depth containers stand inside each other, counted level by level."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(max_depth):
        if not level:
            return False
        level = [
            child
            for container in level
            for child in (container.values() if type(container) is dict else container)
            if type(child) is dict or type(child) is list
        ]
    return bool(level)


def _name_the_duplicate(text: str) -> JsonDuplicateMember | JsonMalformed | JsonTooDeep:
    """The error for a text in which some object repeats a name: the first such member in reading order."""
    try:
        place = _find_duplicate(_decode(text, _MEMBERS_DECODER))
    except json.JSONDecodeError as error:
        return JsonMalformed(f"{error.msg} at character {error.pos}")
    except RecursionError:
        return _too_deep(MAX_DEPTH)
    pointer = None if place is None else _pointer_to(place)
    if pointer is not None and _SURROGATE.search(pointer) is not None:
        return JsonMalformed("a lone surrogate in a member's name is no character")
    return JsonDuplicateMember("a member of this name came before in the same object", pointer=pointer)


def _find_duplicate(value: Any) -> list[str] | None:
    """Where the first repeated member is, innermost name first.

    Pointers to all that stands before it would together be as long as the square of the text.
    """
    is_object = isinstance(value, _Members)
    if not is_object and not isinstance(value, list):
        return None
    seen = set()
    for name, child in value if is_object else enumerate(value):
        if is_object and name in seen:
            return [str(name)]
        seen.add(name)
        if (place := _find_duplicate(child)) is not None:
            return [*place, str(name)]
    return None


def _pointer_to(place: list[str]) -> str:
    """The JSON pointer to a place whose innermost name comes first."""
    return "".join(f"/{escape_pointer(name)}" for name in reversed(place))


def _refuse_lone_surrogates(value: JsonValue) -> None:
    place = _find_lone_surrogate(value)
    if place is None:
        return
    if place and _SURROGATE.search(place[0]) is not None:
        raise JsonMalformed(
            "a lone surrogate in a member's name is no character", pointer=_pointer_to(place[1:])
        )
    raise JsonMalformed("a lone surrogate is no character", pointer=_pointer_to(place))


def _find_lone_surrogate(value: JsonValue) -> list[str] | None:
    """Where the first string or name with one is, innermost name first."""
    if isinstance(value, str):
        return [] if _SURROGATE.search(value) is not None else None
    if not isinstance(value, dict | list):
        return None
    for name, child in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(name, str) and _SURROGATE.search(name) is not None:
            return [name]
        if (place := _find_lone_surrogate(child)) is not None:
            return [*place, str(name)]
    return None
