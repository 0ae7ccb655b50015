"""Tile paths, bundles, roots and the reader of nodes out of tiles."""

from collections.abc import Sequence

import pytest

from ledger.errors import TileMalformed
from ledger.log.merkle import leaf_hash, prove_consistency, prove_inclusion, tree_root
from ledger.log.tiles import (
    MAX_TILE_INDEX,
    entries_path,
    entry_bundle,
    parse_entry_bundle,
    tile_nodes,
    tile_path,
    tile_root,
)
from tests.support.rfc6962 import RecursiveTree

LEAVES = [b"%d" % number for number in range(600)]
ORACLE = RecursiveTree(LEAVES)


def tile(level: int, index: int, width: int) -> bytes:
    """A tile of the tree over ``LEAVES``."""
    span = 256**level
    starts = range(index * 256 * span, (index * 256 + width) * span, span)
    return b"".join(ORACLE.root(start, start + span) for start in starts)


@pytest.mark.parametrize(
    ("level", "index", "width"),
    [(-1, 0, 1), (64, 0, 1), (0, -1, 1), (0, MAX_TILE_INDEX + 1, 1), (0, 0, 0), (0, 0, -1), (0, 0, 257)],
)
def test_there_is_no_path_of_what_cannot_be(level: int, index: int, width: int) -> None:
    with pytest.raises(ValueError):
        tile_path(level, index, width)
    if level == 0:
        with pytest.raises(ValueError):
            entries_path(index, width)


def test_a_full_tile_is_what_a_path_names_by_default() -> None:
    assert tile_path(3, 5) == tile_path(3, 5, 256) == "tile/3/005"
    assert entries_path(1000) == "tile/entries/x001/000"


@pytest.mark.parametrize("entry", [b"", bytes(65_536)])
def test_an_entry_in_a_bundle_has_1_to_65535_bytes(entry: bytes) -> None:
    with pytest.raises(ValueError):
        entry_bundle([b"a", entry])


def test_the_largest_entry_fits_a_bundle() -> None:
    largest = bytes(65_535)
    data = entry_bundle([largest, b"a"])
    assert data == b"\xff\xff" + largest + b"\x00\x01a"
    assert parse_entry_bundle(data, 2) == [largest, b"a"]
    with pytest.raises(TileMalformed):
        parse_entry_bundle(data[:65_536], 1)


@pytest.mark.parametrize("width", [1, 2, 3, 4, 5, 100, 255, 256])
def test_the_root_of_a_tile_is_the_root_over_its_hashes(width: int) -> None:
    assert tile_root(tile(0, 0, width)) == ORACLE.root(0, width)


@pytest.mark.parametrize("hashes", [b"", bytes(31), bytes(33), bytes(32 * 257), bytes(32 * 255 + 1)])
def test_a_tile_is_1_to_256_whole_hashes(hashes: bytes) -> None:
    with pytest.raises(TileMalformed):
        tile_root(hashes)


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 511, 512, 513, 600])
def test_tiles_are_asked_for_once_and_as_wide_as_the_tree_has_them(size: int) -> None:
    asked = []

    def fetch(level: int, index: int, width: int) -> bytes:
        asked.append((level, index, width))
        return tile(level, index, width)

    read = tile_nodes(fetch, size)
    assert tree_root(size, read) == ORACLE.root(0, size)
    for index in {0, size // 2, size - 1}:
        assert prove_inclusion(index, size, read) == ORACLE.path(index, size)
    for old in {1, size // 2 or 1, size}:
        assert prove_consistency(old, size, read) == ORACLE.proof(old, size)
    assert len(set(asked)) == len(asked)
    for level, index, width in asked:
        assert width == min(256, (size >> (8 * level)) - 256 * index)
        assert width > 0


@pytest.mark.parametrize("node", [(0, 5), (1, 2), (2, 1), (3, 0), (8, 0), (0, -1), (-1, 0), (-1, 5), (64, 0)])
def test_a_node_that_is_not_complete_is_not_read(node: tuple[int, int]) -> None:
    read = tile_nodes(tile, 5)
    with pytest.raises(ValueError):
        read([(0, 4), node])


@pytest.mark.parametrize("change", [-32, -1, 1, 32])
def test_a_tile_of_another_length_is_refused(change: int) -> None:
    def fetch(level: int, index: int, width: int) -> bytes:
        hashes = tile(level, index, width)
        return hashes[:change] if change < 0 else hashes + bytes(change)

    def read_all(nodes: Sequence[tuple[int, int]]) -> Sequence[bytes]:
        return tile_nodes(fetch, 300)(nodes)

    with pytest.raises(TileMalformed):
        prove_inclusion(0, 300, read_all)
    with pytest.raises(TileMalformed):
        tree_root(300, read_all)


def test_leaf_hashes_are_the_tiles_of_level_0() -> None:
    assert tile_nodes(tile, 600)([(0, 599), (0, 0)]) == [leaf_hash(LEAVES[599]), leaf_hash(LEAVES[0])]
