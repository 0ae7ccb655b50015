"""How a walk asks the database: step by step while it is wide, and once for the rest where it is narrow."""

from collections.abc import Sequence

import pytest
from sqlalchemy import Engine

from ledger.provenance.graph import walk
from ledger.provenance.way import Direction
from ledger.records.books import Record
from ledger.records.lots import EdgeRecord
from ledger.store.books_source import NODE_SHIFT, write_records
from tests.support.copied import lot

WIDE, LONG = 40, 60
WIDE_STEPS = 12


def layers(widths: Sequence[int]) -> list[Record]:
    """Lots of which each is made of two of the layer before, next to each other."""
    records: list[Record] = []
    before: list[int] = []
    place = 0
    for width in widths:
        here = [(place + each) << NODE_SHIFT for each in range(width)]
        for each, node in enumerate(here):
            made_of = tuple(
                sorted({before[each % len(before)], before[(each + 1) % len(before)]} if before else ())
            )
            records.append(lot(place + each, *(parent >> NODE_SHIFT for parent in made_of)))
            records += [EdgeRecord(node, parent, place + each, None) for parent in made_of]
        before, place = here, place + width
    return records


def recursive(queries: Sequence[str]) -> int:
    return sum("RECURSIVE" in query for query in queries)


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
def test_a_wide_way_is_asked_for_step_by_step(engine: Engine, asked: list[str], direction: Direction) -> None:
    with engine.begin() as connection:
        write_records(connection, layers([WIDE] * WIDE_STEPS))
        first = 0 if direction == "downstream" else WIDE * (WIDE_STEPS - 1)
        starts = [place << NODE_SHIFT for place in range(first, first + WIDE)]
        found = walk(connection, starts, direction)
    assert found.size == WIDE * WIDE_STEPS
    assert recursive(asked) == 0
    assert len(asked) == WIDE_STEPS


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
@pytest.mark.parametrize(
    ("widths", "most"), [([1] * LONG, 11), ([2] * LONG, 11), ([WIDE] * 10 + [1] * LONG, 24)]
)
def test_what_is_left_of_a_narrow_way_is_asked_for_once(
    engine: Engine, asked: list[str], direction: Direction, widths: list[int], most: int
) -> None:
    with engine.begin() as connection:
        write_records(connection, layers(widths))
        start = 0 if direction == "downstream" else sum(widths) - 1
        found = walk(connection, [start << NODE_SHIFT], direction)
    assert found.size >= LONG
    assert recursive(asked) == 1
    assert len(asked) <= most
