"""Random records of every kind of the books, from their annotations alone."""

import random
from collections.abc import Mapping
from dataclasses import fields
from types import NoneType, UnionType
from typing import Any, get_args, get_origin

from ledger.records.books import Record
from ledger.records.cells import STATUSES, Cells
from ledger.records.lots import LotRecord

_LATEST_US = 253_402_300_800_000_000  # the year 10000
WORDS = (
    "",
    "a",
    "b",
    "B",
    "é",
    "稀土",
    "10",
    "9",
    "x'y\"z\\",
    "urn:epc:id:sgln:4012345.00001.0",
    "%s %b ? {}",
)


def some_cells(chance: random.Random) -> dict[tuple[str, str, str], int]:
    """Cells as a lot may hold them: no zeros."""
    return {
        (
            element,
            chance.choice(("mine", "import:MM", "unexplained")),
            chance.choice(STATUSES),
        ): chance.choice((1, 7, 2**53 + 1, 10**15))
        for element in chance.sample(("La", "Ce", "Nd", "Dy"), chance.randrange(4))
    }


def some_value(annotation: Any, chance: random.Random) -> Any:
    """A value that a field of this annotation may hold, as the fold would put it."""
    if annotation == Cells:
        return some_cells(chance)
    if annotation is bool:
        return chance.random() < 0.5
    if annotation is int:
        return chance.choice((0, 1, -1, 2**31, 2**53 + 1, 2**62, -(2**62), chance.randrange(1000)))
    if annotation is str:
        return chance.choice(WORDS)
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is UnionType:
        return some_value(chance.choice(list(arguments)), chance)
    if annotation is NoneType or annotation is None:
        return None
    if annotation is Any:
        return chance.choice((1, "x", [1, [2]], {"b": 1, "a": {"c": None}}, True, None, 2**70))
    if origin is tuple and (len(arguments) == 2 and arguments[1] is Ellipsis):
        return tuple(some_value(arguments[0], chance) for _ in range(chance.randrange(3)))
    if origin is tuple:
        return tuple(some_value(each, chance) for each in arguments)
    assert issubclass(origin, Mapping), annotation
    return {
        name: some_value(arguments[1], chance) for name in chance.sample(("b", "a", "é"), chance.randrange(4))
    }


def some_record(kind: type[Record], chance: random.Random, **changes: Any) -> Any:
    """A record with random values, and those that are given."""
    described: Any = kind
    values = {each.name: some_value(each.type, chance) for each in fields(described)}
    if "event_time_us" in values:
        values["event_time_us"] = chance.randrange(_LATEST_US)  # has a text form, which may be stored as well
    return described(**values | changes)


def some_records(kind: type[Record], count: int, seed: int = 0) -> list[Any]:
    """Records of one kind, each with a key of its own, and lots with a number of their own."""
    chance = random.Random(f"{kind.__name__}/{seed}")
    found: dict[Any, Any] = {}
    while len(found) < count:
        described: Any = kind
        changes = {
            each.name: len(found) if each.type is int else f"{chance.choice(WORDS)}{len(found)}"
            for each in fields(described)
            if each.name == kind.KEY[-1] or (kind is LotRecord and each.name == "node")
        }
        record = some_record(kind, chance, **changes)
        found[tuple(getattr(record, name) for name in kind.KEY)] = record
    return list(found.values())
