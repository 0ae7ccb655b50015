"""Arrays as PostgreSQL takes them in binary, made in one step for each column.

Decides: how whole numbers, bytes, texts and truths travel in bulk. The driver's own arrays go through a
dumper for every element, which takes several times as long.

Source: PostgreSQL's array_recv: dimensions, whether there are nulls, the elements' type, then for each
dimension its length and lower bound, then each element with its length in bytes (-1 for NULL); big-endian.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from typing import Any, Final

_HEAD: Final = struct.Struct(">iiIii")
_LENGTH: Final = struct.Struct(">i").pack
_NULL: Final = _LENGTH(-1)


class PackedArray:
    """A whole array in PostgreSQL's binary form; the statement must cast it to its type."""

    __slots__ = ("content",)

    def __init__(self, content: bytes) -> None:
        self.content = content


def pack(array: str, values: Sequence[Any]) -> PackedArray:
    """Packs a column.

    Args:
        array: The elements' type: ``bigint``, ``bytea``, ``text`` or ``boolean``.
        values: Of that type, or None.

    Raises:
        struct.error: A number is beyond 64 bits, or none.
    """
    oid, body = _TYPES[array]
    nulls = None in values
    head = _HEAD.pack(1, nulls, oid, len(values), 1) if values else _HEAD.pack(0, 0, oid, 0, 0)[:12]
    return PackedArray(head + body(values, nulls))


def _bigints(values: Sequence[Any], nulls: bool) -> bytes:
    if nulls:
        return b"".join([_NULL if each is None else struct.pack(">iq", 8, each) for each in values])
    pairs = [8] * (2 * len(values))
    pairs[1::2] = values
    return struct.pack(">" + "iq" * len(values), *pairs)


def _octets(values: Sequence[Any], nulls: bool) -> bytes:
    if nulls:
        return b"".join([_NULL if each is None else _LENGTH(len(each)) + each for each in values])
    return b"".join(chain.from_iterable(zip(map(_LENGTH, map(len, values)), values, strict=True)))


def _booleans(values: Sequence[Any], _nulls: bool) -> bytes:
    return b"".join([_NULL if each is None else struct.pack(">i?", 1, each) for each in values])


def _texts(values: Sequence[Any], nulls: bool) -> bytes:
    if nulls:
        return b"".join([_NULL if each is None else _text(each) for each in values])
    return _octets([each.encode() for each in values], nulls)


def _text(value: str) -> bytes:
    encoded = value.encode()
    return _LENGTH(len(encoded)) + encoded


_TYPES: Final[Mapping[str, tuple[int, Callable[[Sequence[Any], bool], bytes]]]] = {
    "bigint": (20, _bigints),
    "bytea": (17, _octets),
    "text": (25, _texts),
    "boolean": (16, _booleans),
}
"""Of each type: its number in pg_type, and what packs its elements."""
