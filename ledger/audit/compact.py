"""Roots of many tree sizes in one pass, with a memory of one hash a level.

Decides: how roots of adjacent ranges are put together into roots of the whole tree, and which tiles are full.
A range that begins at a multiple of a power of two and is no wider than it hangs to the right of everything
before it, whatever else follows.

Source: RFC 9162 section 2.1.1; the "compact range" of its section 2.1.2.
"""

import hashlib
from collections.abc import Iterator

from ledger.log.merkle import EMPTY_ROOT, HASH_BYTES, NodeReader, node_hash, range_nodes
from ledger.log.tiles import TILE_WIDTH, FullTile

_sha256 = hashlib.sha256


class Peaks:
    """The complete subtrees over everything appended so far.

    Attributes:
        width: How many leaves that is.
        hashes: Their roots, from left to right.
    """

    __slots__ = ("hashes", "width")

    def __init__(self) -> None:
        self.width = 0
        self.hashes: list[bytes] = []

    @classmethod
    def of(cls, width: int, read: NodeReader) -> "Peaks":
        """The peaks of the first ``width`` leaves, width >= 0; ``read`` is called once at most."""
        peaks = cls()
        if width:
            peaks.hashes = list(read(range_nodes(0, width)))
            peaks.width = width
        return peaks

    @classmethod
    def restored(cls, width: int, hashes: list[bytes]) -> "Peaks":
        """Peaks as they once were; ValueError where these can be nobody's."""
        if width < 0 or len(hashes) != width.bit_count() or any(len(each) != HASH_BYTES for each in hashes):
            raise ValueError("these are not the peaks of a tree")
        peaks = cls()
        peaks.width, peaks.hashes = width, hashes
        return peaks

    def clear(self) -> None:
        """Begins anew with nothing."""
        self.width = 0
        self.hashes.clear()

    def append(self, root: bytes, width: int = 1) -> None:
        """Adds a complete subtree on the right.

        Args:
            root: Its root, 32 bytes.
            width: How many leaves it has: a power of two that divides the width so far.
        """
        hashes, full = self.hashes, self.width // width
        while full & 1:
            root = _sha256(b"\x01" + hashes.pop() + root).digest()
            full >>= 1
        hashes.append(root)
        self.width += width

    def root(self, right: bytes | None = None) -> bytes:
        """The root of everything so far, with one subtree more on its right.

        Args:
            right: That subtree's root; it has no more leaves than the largest power of two that divides the
                width so far. None for nothing more.
        """
        result = right
        for peak in reversed(self.hashes):
            result = peak if result is None else node_hash(peak, result)
        return EMPTY_ROOT if result is None else result


def subtree_root(hashes: list[bytes]) -> bytes:
    """The root over a complete subtree's hashes, a power of two of them; faster than ``Peaks``."""
    while len(hashes) > 1:
        pairs = iter(hashes)
        hashes = [_sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
    return hashes[0]


class TileStitcher:
    """Cuts the full tiles above level 0 out of the roots of all tiles of level 0.

    Attributes:
        rows: By level, the roots of the tiles that no full tile above holds yet.
        counts: By level, how many full tiles are above it.
    """

    __slots__ = ("counts", "rows")

    def __init__(self) -> None:
        self.rows: list[list[bytes]] = []
        self.counts: list[int] = []

    @classmethod
    def restored(cls, rows: list[list[bytes]], counts: list[int]) -> "TileStitcher":
        """A stitcher as it once was."""
        stitcher = cls()
        stitcher.rows, stitcher.counts = rows, counts
        return stitcher

    def add(self, tile_root: bytes, level: int = 0) -> Iterator[FullTile]:
        """Takes the root of the next tile of a level; yields every tile above that it completes."""
        if level == len(self.rows):
            self.rows.append([])
            self.counts.append(0)
        row = self.rows[level]
        row.append(tile_root)
        if len(row) == TILE_WIDTH:
            tile = FullTile(level + 1, self.counts[level], b"".join(row), subtree_root(row))
            self.counts[level] += 1
            row.clear()
            yield tile
            yield from self.add(tile.root, level + 1)


def full_tiles(size: int) -> list[int]:
    """How many full tiles a tree of this size has at each level, from level 0 up to the last that has one."""
    counts = []
    while size := size // TILE_WIDTH:
        counts.append(size)
    return counts
