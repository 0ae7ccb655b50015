"""Walks around pools in which nothing was left: what is fed later is made of nothing before. Both engines."""

from dataclasses import replace

import pytest
from sqlalchemy import Connection, Engine, text

from ledger.provenance.answers import pools_reached, trace
from ledger.provenance.graph import walk
from ledger.provenance.subjects import books_of, find_lot
from ledger.provenance.way import Direction
from ledger.records.books import Record
from ledger.records.lots import EdgeRecord
from ledger.store.books_source import NODE_SHIFT, write_records
from tests.db.test_provenance import LOTS, POOL, POOLS, REGULATOR, Plain, drawn, lot, pool_version, told

__all__ = ["drawn"]


def emptied(*more: Record, left: bool = False) -> list[Record]:
    """Lot 1 was fed into a pool and drawn as lot 21, all of it; then lot 2 was fed, and lot 41 drawn."""
    changes = {10: "feed", 20: "draw", 30: "feed", 40: "draw"}
    versions = [
        replace(pool_version(at), version=number, change=change)
        for number, (at, change) in enumerate(changes.items(), 1)
    ]
    if not left:
        versions[1] = replace(versions[1], cells={}, owners={})
    cells = {("Nd", "urn:mine:1", "domestic"): 1}
    edges = ((10, 1), (20, 10), (21, 10), (30, 20), (30, 2), (40, 30), (41, 30))
    return [
        *(lot(place) for place in (1, 2, 21, 41)),
        *versions,
        replace(POOL, version=4, node=40 << NODE_SHIFT, cells=cells),
        *(EdgeRecord(child << NODE_SHIFT, parent << NODE_SHIFT, child) for child, parent in edges),
        *more,
    ]


def reached(connection: Connection, start: int, direction: Direction, **bounds: int) -> list[int]:
    found = walk(connection, [start << NODE_SHIFT], direction, **bounds)
    return [node >> NODE_SHIFT for node in found.nodes]


def test_what_a_pool_holds_is_not_made_of_what_it_held_before_it_was_emptied(engine: Engine) -> None:
    with engine.begin() as connection:
        write_records(connection, emptied())
        assert reached(connection, 41, "upstream") == [41, 30, 2]
        assert reached(connection, 21, "upstream") == [21, 10, 1]
        assert reached(connection, 1, "downstream") == [1, 10, 20, 21]
        assert reached(connection, 2, "downstream") == [2, 30, 40, 41]
        assert reached(connection, 20, "upstream") == [20, 10, 1], "what it held before"
        assert reached(connection, 20, "downstream") == [20]
        assert reached(connection, 41, "upstream", depth=2) == [41, 30, 2]
        assert reached(connection, 1, "downstream", depth=2) == [1, 10, 20, 21]
        books = books_of(connection)
        found = trace(connection, find_lot(books, "urn:lot:001"), REGULATOR, direction="downstream")
        assert pools_reached(books, found) == []
        found = trace(connection, find_lot(books, "urn:lot:002"), REGULATOR, direction="downstream")
        assert [pool.pool for pool in pools_reached(books, found)] == [POOL.pool]


def test_a_pool_that_still_holds_something_is_the_same_pool(engine: Engine) -> None:
    with engine.begin() as connection:
        write_records(connection, emptied(left=True))
        assert reached(connection, 41, "upstream") == [41, 30, 2, 20, 10, 1]
        assert reached(connection, 1, "downstream") == [1, 10, 20, 21, 30, 40, 41]


@pytest.mark.parametrize(("at", "found"), [(49, [41, 30, 2]), (50, [41, 30, 2, 20, 10, 1])])
def test_a_correction_may_have_put_back_what_was_drawn(engine: Engine, at: int, found: list[int]) -> None:
    with engine.begin() as connection:
        corrected = replace(pool_version(50), version=5, change="correct")
        write_records(connection, emptied(corrected))
        assert reached(connection, 41, "upstream", at=at) == found
        assert reached(connection, 41, "upstream") == [41, 30, 2, 20, 10, 1]


def test_a_correction_of_another_pool_or_before_puts_nothing_back(engine: Engine) -> None:
    with engine.begin() as connection:
        other = replace(pool_version(50), version=5, pool="urn:pool:2", change="correct")
        before = replace(pool_version(9), version=0, change="correct")
        write_records(connection, emptied(other, before))
        assert reached(connection, 41, "upstream") == [41, 30, 2]


@pytest.mark.parametrize("direction", ["upstream", "downstream"])
@pytest.mark.parametrize("depth", [None, 1, 3])
def test_a_walk_around_emptied_pools_finds_what_a_plain_walk_finds(
    drawn: tuple[Connection, Plain], direction: Direction, depth: int | None
) -> None:
    connection, plain = drawn
    gone = {place << NODE_SHIFT for place in (12, 24, 36, 42)}
    empty = text("UPDATE pool_versions SET cells = '', owners = '{}' WHERE node = :node")
    connection.execute(empty, [{"node": node} for node in gone])
    left = Plain(plain.nodes, [edge for edge in plain.edges if edge.parent not in gone])
    for starts in ([LOTS + POOLS - 1], [40], [0], [12, 35, 50]):
        numbers = [start << NODE_SHIFT for start in starts]
        found = walk(connection, numbers, direction, depth=depth)
        assert told(found) == left.walk(numbers, direction, depth, None, None)
