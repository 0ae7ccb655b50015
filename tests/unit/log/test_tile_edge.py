"""The right edge of a tree: loading, appending, cutting tiles, forgetting, copying."""

import hashlib
from functools import cache

import pytest

from ledger.errors import TileMalformed
from ledger.log.merkle import (
    EMPTY_ROOT,
    Frontier,
    leaf_hash,
    node_hash,
    prove_consistency,
    prove_inclusion,
    verify_consistency,
    verify_inclusion,
)
from ledger.log.tiles import FullTile, TileEdge, tile_root

TOP = 66_100  # beyond the first full tile of level 1, at 65,536
LEAVES = [leaf_hash(b"%d" % number) for number in range(TOP)]


def _levels() -> list[list[bytes]]:
    rows = [LEAVES]
    while len(rows[-1]) > 1:
        row = rows[-1]
        rows.append([node_hash(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)])
    return rows


ROWS = _levels()


def tile(level: int, index: int, width: int) -> bytes:
    """A tile of the tree over ``LEAVES``."""
    return b"".join(ROWS[8 * level][index * 256 : index * 256 + width])


@cache
def root(size: int) -> bytes:
    """The root of the first leaves, by a frontier."""
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.append(leaf)
    return frontier.root()


SIZES = [0, 1, 2, 3, 255, 256, 257, 511, 512, 513, 1000, 65_279, 65_280, 65_535, 65_536, 65_537, 65_792]


@pytest.mark.parametrize("size", SIZES)
def test_a_loaded_edge_is_the_appended_one(size: int) -> None:
    asked = []

    def read_partial(level: int, index: int, width: int) -> bytes:
        asked.append((level, index, width))
        return tile(level, index, width)

    edge = TileEdge.load(size, read_partial)
    assert edge.size == size
    assert edge.root() == root(size)
    assert edge.take_full_tiles() == []
    # Only partial tiles are read, each once: full ones are not needed, and there is none of width 0.
    widths = [(size >> (8 * level)) % 256 for level in range(3)]
    assert asked == [(level, size >> (8 * level + 8), width) for level, width in enumerate(widths) if width]


@pytest.mark.parametrize("size", SIZES)
def test_an_edge_gives_root_tiles_and_proofs_of_what_is_appended(size: int) -> None:
    edge = TileEdge.load(size, tile)
    count = 300 if size > 60_000 else 600
    for leaf in LEAVES[size : size + count]:
        edge.append(leaf)
    new = size + count
    new_root = root(new)
    assert edge.root() == new_root
    expected = [
        FullTile(level, index, tile(level, index, 256), ROWS[8 * level + 8][index])
        for level in range(2)
        for index in range(size >> (8 * level + 8), new >> (8 * level + 8))
    ]
    tiles = edge.take_full_tiles()
    assert tiles == expected
    assert all(tile_root(full.hashes) == full.root for full in tiles)
    assert edge.take_full_tiles() == []
    for index in {size, size + 1, size + 255, size + 256, new - 2, new - 1}:
        verify_inclusion(LEAVES[index], index, new, prove_inclusion(index, new, edge.nodes), new_root)
    for old in {size, size + 1, size + 256, new - 1, new} - {0}:
        path = prove_consistency(old, new, edge.nodes)
        verify_consistency(old, new, path, root(old), new_root)


def test_every_tile_is_cut_once_whenever_they_are_taken() -> None:
    edge, tiles = TileEdge(), []
    for size, leaf in enumerate(LEAVES[:66_000], start=1):
        edge.append(leaf)
        if size % 97 == 0 or size in (256, 65_536):
            tiles += edge.take_full_tiles()
            edge.forget()
    tiles += edge.take_full_tiles()
    expected = [(level, index) for level in range(2) for index in range(66_000 >> (8 * level + 8))]
    assert sorted((full.level, full.index) for full in tiles) == expected
    assert all(full.hashes == tile(full.level, full.index, 256) for full in tiles)
    assert all(full.root == tile_root(full.hashes) for full in tiles)
    assert edge.root() == root(66_000)


def test_a_full_tile_comes_with_those_above_it_that_it_fills() -> None:
    edge = TileEdge.load(65_535, tile)
    edge.append(LEAVES[65_535])
    assert [(full.level, full.index) for full in edge.take_full_tiles()] == [(0, 255), (1, 0)]


def test_forgetting_keeps_what_is_needed_and_no_more() -> None:
    edge = TileEdge()
    for leaf in LEAVES[:65_535]:
        edge.append(leaf)
    edge.take_full_tiles()
    edge.forget()
    held = sum(len(row) for row in edge._rows)
    assert held == 2 * 502
    assert edge.root() == root(65_535)
    edge.append(LEAVES[65_535])
    assert edge.root() == root(65_536)


def test_what_is_not_taken_is_not_forgotten() -> None:
    edge = TileEdge()
    for leaf in LEAVES[:700]:
        edge.append(leaf)
    edge.forget()
    assert [(full.level, full.index) for full in edge.take_full_tiles()] == [(0, 0), (0, 1)]
    assert edge.nodes([(0, 0)]) == [LEAVES[0]]
    edge.forget()
    with pytest.raises(ValueError):
        edge.nodes([(0, 511)])
    assert edge.nodes([(0, 512), (8, 1)]) == [LEAVES[512], ROWS[8][1]]


@pytest.mark.parametrize(
    "node",
    [
        (0, 255),
        (1, 127),
        (7, 1),
        (0, 300),
        (1, 150),
        (2, 75),
        (8, 1),
        (9, 0),
        (40, 0),
        (-1, 0),
        (-9, 0),
        (0, -1),
    ],
)
def test_a_node_that_the_edge_does_not_hold_is_not_read(node: tuple[int, int]) -> None:
    edge = TileEdge.load(300, tile)
    assert edge.nodes([(0, 256), (0, 299), (8, 0)]) == [LEAVES[256], LEAVES[299], ROWS[8][0]]
    with pytest.raises(ValueError, match=f"{node[0]}/{node[1]}"):
        edge.nodes([(0, 299), node])


def test_a_proof_of_an_entry_before_the_edge_is_refused_not_wrong() -> None:
    edge = TileEdge.load(300, tile)
    with pytest.raises(ValueError):
        prove_inclusion(0, 300, edge.nodes)


@pytest.mark.parametrize("change", [-32, -1, 1, 32])
def test_a_partial_tile_of_another_length_is_refused(change: int) -> None:
    def read_partial(level: int, index: int, width: int) -> bytes:
        hashes = tile(level, index, width)
        return hashes[:change] if change < 0 else hashes + bytes(change)

    with pytest.raises(TileMalformed):
        TileEdge.load(300, read_partial)


def test_a_copy_and_its_origin_go_their_own_ways() -> None:
    edge = TileEdge.load(250, tile)
    before = edge.root()
    failed = edge.copy()
    for number in range(20):
        failed.append(hashlib.sha256(b"failed batch %d" % number).digest())
    assert len(failed.take_full_tiles()) == 1
    failed.forget()
    assert (edge.size, edge.root()) == (250, before)
    assert edge.take_full_tiles() == []
    for leaf in LEAVES[250:300]:
        edge.append(leaf)
    assert edge.root() == root(300) != failed.root()
    assert [full.hashes for full in edge.take_full_tiles()] == [tile(0, 0, 256)]


def test_the_empty_edge() -> None:
    edge = TileEdge()
    assert (edge.size, edge.root(), edge.take_full_tiles()) == (0, EMPTY_ROOT, [])
    edge.forget()
    with pytest.raises(ValueError):
        edge.nodes([(0, 0)])
    edge.append(LEAVES[0])
    assert edge.root() == LEAVES[0]
