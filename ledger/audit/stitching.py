"""Putting checked ranges together: roots of checkpoints, tiles above level 0, the root of the whole tree.

Decides: whether every checkpoint's root is the one that the entries give, and whether every full tile above
the leaves is stored as it must be."""

from typing import Any

from ledger.audit.compact import Peaks, TileStitcher, full_tiles
from ledger.audit.entries import is_hash
from ledger.audit.ranges import RangeResult
from ledger.audit.report import FaultList
from ledger.errors import ReledgerError
from ledger.log.merkle import HASH_BYTES, tree_root
from ledger.log.tiles import TILE_WIDTH, FullTile, tile_nodes, tile_root
from ledger.store.raw_reads import RawReader


class Stitcher:
    """Takes adjacent ranges from left to right.

    Attributes:
        last_checkpoint: Number and size of the last checkpoint so far.
        root: The root over everything so far; None where a range could not be read.
        faults: What is wrong.
    """

    def __init__(self, reader: RawReader, start: int) -> None:
        """Begins at an entry.

        Args:
            reader: Reads the tables.
            start: A multiple of 256. Where it is not 0, the tree before it is taken from the stored tiles.
        """
        self._reader = reader
        self._tiles = TileStitcher() if start == 0 else None
        self._readable = True
        self.faults = FaultList()
        self.last_checkpoint: tuple[Any, int] | None = None
        self._peaks = Peaks()
        if start:
            try:
                self._peaks = Peaks.of(start, tile_nodes(reader.tile_hashes, start))
            except (ReledgerError, TypeError, ValueError) as error:
                self._readable = False
                self.faults.add(
                    "tile.missing", "tiles", None, f"the tree before {start} is not stored: {error}"
                )
        self.root: bytes | None = self._peaks.root() if self._readable else None

    def take(self, result: RangeResult) -> None:
        """Takes the next range; nothing may follow one that is not as wide as a complete subtree."""
        for number, size, root, right in result.checkpoints:
            self.last_checkpoint = (number, size)
            if self._readable and is_hash(right) and root != self._peaks.root(right):
                detail = f"the root is not the one that the first {size} entries give"
                self.faults.add("checkpoint.root", "checkpoints", number, detail)
        if self._tiles is not None:
            for hashed in result.tile_roots:
                for tile in self._tiles.add(hashed):
                    self._check_tile(tile)
        if not result.root:
            self._readable = False
        if not self._readable:
            self.root = None
            return
        self.root = self._peaks.root(result.root)
        width = result.end - result.start
        if width & (width - 1) == 0 and self._peaks.width % width == 0:
            self._peaks.append(result.root, width)

    def _check_tile(self, tile: FullTile) -> None:
        """Compares a tile above level 0 with the stored one."""
        if not self._readable:
            return
        place = f"{tile.level}/{tile.index}"
        rows = list(self._reader.tiles(tile.level, tile.index, tile.index + 1))
        if not rows:
            self.faults.add("tile.missing", "tiles", place, "the full tile is not stored")
            return
        for _ in rows[1:]:
            self.faults.add("tile.extra", "tiles", place, "the tile stands there twice")
        _, _, hashes, root = rows[0]
        if hashes != tile.hashes:
            self.faults.add("tile.hashes", "tiles", place, "the hashes are not the roots of the tiles below")
        if root != tile.root:
            self.faults.add("tile.root", "tiles", place, "the root is another one")


def check_above(
    reader: RawReader, faults: FaultList, roots: dict[int, bytes], head: tuple[int, bytes]
) -> None:
    """Checks that tiles of level 0 hang in the tree of the head, by the stored tiles above them.

    Args:
        reader: Reads the tables.
        faults: Takes what is wrong.
        roots: Roots of full tiles of level 0, by index.
        head: Size and root of the tree.
    """
    size, root = head
    for level, count in enumerate(full_tiles(size)[1:], 1):
        above: dict[int, bytes] = {}
        for index, hashed in roots.items():
            parent, slot = divmod(index, TILE_WIDTH)
            if parent >= count:
                continue
            place = f"{level}/{parent}"
            row = next(iter(reader.tiles(level, parent, parent + 1)), None)
            if row is None or type(row[2]) is not bytes or len(row[2]) != TILE_WIDTH * HASH_BYTES:
                faults.add("tile.missing", "tiles", place, "the full tile is not stored")
                continue
            if row[2][slot * HASH_BYTES : (slot + 1) * HASH_BYTES] != hashed:
                faults.add(
                    "tile.hashes", "tiles", place, f"the hash {slot} is not the root of the tile below"
                )
            if parent not in above:
                above[parent] = tile_root(row[2])
                if row[3] != above[parent]:
                    faults.add("tile.root", "tiles", place, "the root is another one")
        roots = above
    try:
        found = tree_root(size, tile_nodes(reader.tile_hashes, size))
    except (ReledgerError, TypeError, ValueError) as error:
        faults.add("tile.missing", "tiles", None, f"the tree of {size} entries is not stored: {error}")
        return
    if found != root:
        faults.add("head.root", "head", 1, f"the stored tiles give another root of size {size}")
