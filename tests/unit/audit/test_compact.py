"""Roots of many sizes in one pass, against the RFC's own recursion."""

import hashlib
from collections.abc import Sequence

import pytest

from ledger.audit.compact import Peaks, TileStitcher, full_tiles
from ledger.log.merkle import EMPTY_ROOT, Coordinate, leaf_hash
from ledger.log.tiles import tile_root
from tests.support.rfc6962 import RecursiveTree

DATA = [b"%d" % number for number in range(1_100)]
TREE = RecursiveTree(DATA)
LEAVES = [leaf_hash(each) for each in DATA]


def read(nodes: Sequence[Coordinate]) -> list[bytes]:
    return [TREE.root(index << level, (index + 1) << level) for level, index in nodes]


def peaks_over(leaves: Sequence[bytes]) -> Peaks:
    peaks = Peaks()
    for leaf in leaves:
        peaks.append(leaf)
    return peaks


@pytest.mark.parametrize("size", [*range(70), 255, 256, 257, 511, 512, 513, 1_023, 1_024, 1_025])
def test_the_root_of_every_size_is_the_rfc_s(size: int) -> None:
    peaks = peaks_over(LEAVES[:size])
    assert peaks.width == size
    assert peaks.root() == (TREE.root(0, size) if size else EMPTY_ROOT)
    assert Peaks.of(size, read).root() == peaks.root()


@pytest.mark.parametrize("start", [0, 64, 256, 512, 768, 1_024])
@pytest.mark.parametrize("extra", [1, 2, 3, 31, 64])
def test_a_subtree_on_the_right_gives_the_rfc_s_root(start: int, extra: int) -> None:
    right = peaks_over(LEAVES[start : start + extra]).root()
    assert Peaks.of(start, read).root(right) == TREE.root(0, start + extra)


def test_subtrees_of_mixed_widths_are_joined() -> None:
    peaks = Peaks()
    at = 0
    for width in (256, 256, 512, 64, 64, 4, 2, 2, 1):
        peaks.append(TREE.root(at, at + width), width)
        at += width
        assert peaks.root() == TREE.root(0, at)
    assert peaks.width == at


def test_peaks_are_restored() -> None:
    peaks = peaks_over(LEAVES[:77])
    again = Peaks.restored(peaks.width, list(peaks.hashes))
    again.append(LEAVES[77])
    assert again.root() == TREE.root(0, 78)
    peaks.clear()
    assert (peaks.width, peaks.root()) == (0, EMPTY_ROOT)


@pytest.mark.parametrize(
    ("width", "hashes"),
    [(-1, []), (0, [bytes(32)]), (1, []), (3, [bytes(32)]), (1, [bytes(31)]), (2, [bytes(32)] * 2)],
)
def test_what_is_no_tree_is_not_restored(width: int, hashes: list[bytes]) -> None:
    with pytest.raises(ValueError):
        Peaks.restored(width, hashes)


def test_tiles_above_are_cut_when_they_are_full() -> None:
    roots = [hashlib.sha256(b"%d" % number).digest() for number in range(256 * 256 + 300)]
    stitcher = TileStitcher()
    tiles = [tile for root in roots for tile in stitcher.add(root)]
    assert [(tile.level, tile.index) for tile in tiles] == [
        *((1, index) for index in range(256)),
        (2, 0),
        (1, 256),
    ]
    for tile in tiles:
        if tile.level == 1:
            assert tile.hashes == b"".join(roots[tile.index * 256 : tile.index * 256 + 256])
        assert tile.root == tile_root(tile.hashes)
    second = next(tile for tile in tiles if tile.level == 2)
    assert second.hashes == b"".join(tile.root for tile in tiles if tile.level == 1 and tile.index < 256)
    assert [len(row) for row in stitcher.rows] == [44, 1, 1]
    assert stitcher.counts == [257, 1, 0]


def test_a_stitcher_goes_on_where_it_was() -> None:
    whole, first = TileStitcher(), TileStitcher()
    roots = [hashlib.sha256(b"%d" % number).digest() for number in range(600)]
    expected = [tile for root in roots for tile in whole.add(root)]
    found = [tile for root in roots[:300] for tile in first.add(root)]
    second = TileStitcher.restored([list(row) for row in first.rows], list(first.counts))
    found += [tile for root in roots[300:] for tile in second.add(root)]
    assert found == expected


@pytest.mark.parametrize(
    ("size", "counts"),
    [(0, []), (255, []), (256, [1]), (65_535, [255]), (65_536, [256, 1]), (16_777_216, [65_536, 256, 1])],
)
def test_full_tiles_are_counted_by_level(size: int, counts: list[int]) -> None:
    assert full_tiles(size) == counts
