"""Tiles above the leaves: what a log of more than 65,536 entries stores, without its entries."""

import hashlib
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, update

from ledger.audit.compact import Peaks, TileStitcher
from ledger.audit.ranges import RangeResult
from ledger.audit.report import FaultList
from ledger.audit.stitching import Stitcher, check_above
from ledger.log.tiles import FullTile
from ledger.store.engine import create_ledger_engine
from ledger.store.models import Base
from ledger.store.raw_reads import raw_reader
from tests.support.databases import unguarded

TILES = Base.metadata.tables["tiles"]
COUNT = 2 * 256 + 40
SIZE = COUNT * 256
ROOTS = [hashlib.sha256(b"%d" % number).digest() for number in range(COUNT)]


def upper_tiles() -> Iterator[FullTile]:
    stitcher = TileStitcher()
    for root in ROOTS:
        yield from stitcher.add(root)


@pytest.fixture
def stored(sqlite_url: str) -> Iterator[Engine]:
    """A database with the upper tiles, and with tiles of the leaves of which only the roots matter."""
    engine = create_ledger_engine(sqlite_url)
    rows = [
        {"level": 0, "tile_index": at, "hashes": bytes(8_192), "root": root} for at, root in enumerate(ROOTS)
    ]
    rows += [
        {"level": tile.level, "tile_index": tile.index, "hashes": tile.hashes, "root": tile.root}
        for tile in upper_tiles()
    ]
    with engine.begin() as connection:
        connection.execute(insert(TILES), rows)
    yield engine
    engine.dispose()


def tree_root() -> bytes:
    peaks = Peaks()
    for root in ROOTS:
        peaks.append(root, 256)
    return peaks.root()


def results() -> Iterator[RangeResult]:
    """Ranges of eight tiles whose leaves were found right."""
    for first, last in pairwise([*range(0, COUNT, 8), COUNT]):
        peaks = Peaks()
        for root in ROOTS[first:last]:
            peaks.append(root)
        yield RangeResult(first * 256, last * 256, root=peaks.root(), tile_roots=ROOTS[first:last])


def stitched(engine: Engine) -> list[tuple[str, Any]]:
    with engine.connect() as connection, raw_reader(connection) as reader:
        stitcher = Stitcher(reader, 0)
        for result in results():
            stitcher.take(result)
        assert stitcher.root == tree_root()
        return [(fault.code, fault.place) for fault in stitcher.faults.sorted()]


def above(engine: Engine, tile: int) -> list[tuple[str, Any]]:
    faults = FaultList()
    with engine.connect() as connection, raw_reader(connection) as reader:
        check_above(reader, faults, {tile: ROOTS[tile]}, (SIZE, tree_root()))
    return [(fault.code, fault.place) for fault in faults.sorted()]


def test_sound_tiles_have_no_fault(stored: Engine) -> None:
    assert stitched(stored) == []
    assert above(stored, 3) == above(stored, 300) == above(stored, COUNT - 1) == []


@pytest.mark.parametrize("column", ["hashes", "root"])
@pytest.mark.parametrize("index", [0, 1])
def test_a_changed_tile_is_named(stored: Engine, column: str, index: int) -> None:
    changed = bytes(8_192 if column == "hashes" else 32)
    with unguarded(str(stored.url)) as connection:
        connection.execute(
            update(TILES).where(TILES.c.level == 1, TILES.c.tile_index == index).values({column: changed})
        )
    assert stitched(stored) == [(f"tile.{column}", f"1/{index}")]
    assert (f"tile.{column}", f"1/{index}") in above(stored, index * 256)


def test_a_missing_tile_is_named(stored: Engine) -> None:
    with unguarded(str(stored.url)) as connection:
        connection.execute(delete(TILES).where(TILES.c.level == 1, TILES.c.tile_index == 1))
    assert stitched(stored) == [("tile.missing", "1/1")]
    assert ("tile.missing", "1/1") in above(stored, 300)


def test_another_root_of_a_tile_below_is_named(stored: Engine) -> None:
    faults = FaultList()
    with stored.connect() as connection, raw_reader(connection) as reader:
        check_above(reader, faults, {300: bytes(32)}, (SIZE, tree_root()))
    assert [(fault.code, fault.place) for fault in faults.sorted()] == [("tile.hashes", "1/1")]


def test_another_root_of_the_head_is_named(stored: Engine) -> None:
    faults = FaultList()
    with stored.connect() as connection, raw_reader(connection) as reader:
        check_above(reader, faults, {}, (SIZE, bytes(32)))
    assert [(fault.code, fault.place) for fault in faults.sorted()] == [("head.root", 1)]
