"""Tiles: the tree cut into files of 256 hashes, entry bundles, their paths, and the tree's right edge.

Decides: path texts, bundle bytes, which tile holds a node, when a tile is full. Never fetches or stores one.

Source: C2SP tlog-tiles.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from ledger.errors import TileMalformed
from ledger.log.merkle import (
    EMPTY_ROOT,
    HASH_BYTES,
    Coordinate,
    NodeReader,
    fold_right,
    node_hash,
    range_nodes,
)

TILE_HEIGHT = 8
TILE_WIDTH = 256
MAX_LEVEL = 63
MAX_TILE_INDEX = 2**55 - 1  # with tiles of 256, indices below 2^63

_PATH = re.compile(
    r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,5}[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII
)

FetchTile = Callable[[int, int, int], bytes]
"""(tile level, tile index, width) -> the concatenated hashes, 32 * width bytes."""


@dataclass(frozen=True, slots=True)
class TileCoordinate:
    """Which tile a path names.

    Attributes:
        level: Tile level 0 to 63, or None for an entry bundle.
        index: Tile index at that level.
        width: Number of hashes or entries, 1 to 256; below 256 the tile is partial.
    """

    level: int | None
    index: int
    width: int


@dataclass(frozen=True, slots=True)
class FullTile:
    """A tile that will never change again.

    Attributes:
        level: Tile level.
        index: Tile index at that level.
        hashes: 256 hashes, 8,192 bytes.
        root: The hash over them, which is a hash of the tile level above.
    """

    level: int
    index: int
    hashes: bytes
    root: bytes


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """The path of a tile of hashes, without a leading slash.

    Args:
        level: Tile level, 0 to 63.
        index: Tile index, >= 0.
        width: 1 to 256.
    """
    if not 0 <= level <= MAX_LEVEL:
        raise ValueError(f"there is no tile level {level}")
    return _path(str(level), index, width)


def entries_path(index: int, width: int = TILE_WIDTH) -> str:
    """The path of an entry bundle, without a leading slash; index >= 0, width 1 to 256."""
    return _path("entries", index, width)


def parse_tile_path(path: str) -> TileCoordinate:
    """What a path names, level None meaning an entry bundle.

    Raises:
        TileMalformed: Not the one form of any tile's path.
    """
    match = _PATH.fullmatch(path)
    if match is None:
        raise TileMalformed("this is not the path of a tile")
    level_text, index_text, width_text = match.groups()
    level = None if level_text == "entries" else int(level_text)
    index = int(index_text.replace("/", "").replace("x", ""))
    width = TILE_WIDTH if width_text is None else int(width_text)
    if (level is not None and level > MAX_LEVEL) or index > MAX_TILE_INDEX:
        raise TileMalformed("no log has such a tile")
    # Leading groups x000 and a partial width of 256 would be second names of the same tile.
    if (width_text is not None and width >= TILE_WIDTH) or _path(level_text, index, width) != path:
        raise TileMalformed("this is not the one path of a tile")
    return TileCoordinate(level, index, width)


def entry_bundle(entries: Iterable[bytes]) -> bytes:
    """The bundle of these entries, each of 1 to 65,535 bytes: (u16be length || entry)*."""
    parts = []
    for entry in entries:
        if not 0 < len(entry) <= 0xFFFF:
            raise ValueError("an entry in a bundle has 1 to 65,535 bytes")
        parts.append(len(entry).to_bytes(2, "big"))
        parts.append(entry)
    return b"".join(parts)


def parse_entry_bundle(data: bytes, width: int) -> list[bytes]:
    """The entries of a bundle.

    Args:
        data: The bundle.
        width: How many entries it holds, 1 to 256.

    Raises:
        TileMalformed: It holds fewer or more, an empty entry, or an entry cut short; or no bundle is so wide.
    """
    if not 0 < width <= TILE_WIDTH:
        raise TileMalformed("a bundle holds 1 to 256 entries")
    entries = []
    start, end = 0, len(data)
    for _ in range(width):
        stop = start + 2 + int.from_bytes(data[start : start + 2], "big")
        if stop > end or stop < start + 3:
            raise TileMalformed(f"the bundle does not hold {width} entries, none of them empty")
        entries.append(data[start + 2 : stop])
        start = stop
    if start != end:
        raise TileMalformed(f"the bundle goes on after {width} entries")
    return entries


def tile_root(hashes: bytes) -> bytes:
    """The hash over the concatenated hashes of a tile, full or partial.

    Raises:
        TileMalformed: Not 1 to 256 whole hashes.
    """
    width, rest = divmod(len(hashes), HASH_BYTES)
    if rest or not 0 < width <= TILE_WIDTH:
        raise TileMalformed("a tile is 1 to 256 hashes of 32 bytes")
    return fold_right([_subtree(hashes, level, index) for level, index in range_nodes(0, width)])


def tile_nodes(fetch: FetchTile, size: int) -> NodeReader:
    """A reader of a tree's complete subtrees out of its tiles.

    Each tile is fetched and each subtree is hashed at most once in the reader's life, so one reader serves
    many proofs about one tree; it grows with the tiles that they touch.

    Args:
        fetch: Gives a tile's hashes, with the width that the tile has in a tree of this size.
        size: Number of leaves of the tree.

    The reader raises TileMalformed where a fetched tile has not the right length, and ValueError for a
    coordinate that is not a complete subtree of the tree. It does not check hashes against a root.
    """
    tiles: dict[Coordinate, bytes] = {}
    inner: dict[Coordinate, bytes] = {}

    def tile_hashes(level: int, index: int) -> bytes:
        hashes = tiles.get((level, index))
        if hashes is None:
            width = min(TILE_WIDTH, (size >> (TILE_HEIGHT * level)) - index * TILE_WIDTH)
            hashes = tiles[level, index] = _fetch_exactly(fetch, level, index, width)
        return hashes

    def read_one(level: int, index: int) -> bytes:
        if level < 0 or index < 0 or (index + 1) << level > size:
            raise ValueError(f"no complete subtree {level}/{index} in a tree of {size}")
        node = inner.get((level, index))
        if node is None:
            tile_level, within = divmod(level, TILE_HEIGHT)
            tile_index, offset = divmod(index << within, TILE_WIDTH)
            node = _subtree(tile_hashes(tile_level, tile_index), within, offset >> within)
            if within:
                inner[level, index] = node
        return node

    return lambda nodes: [read_one(level, index) for level, index in nodes]


class TileEdge:
    """The right edge of a tree: what is needed to append, to cut full tiles and to prove what was appended.

    It holds every complete subtree inside the last, partial tile of each tile level and, until ``forget``,
    all that were completed since; so any proof about an entry appended since it was loaded, and any
    consistency proof from a size since then, is read from memory. After ``forget`` it holds at most 502
    hashes a tile level.
    """

    __slots__ = ("_first", "_rows", "_taken", "size")

    def __init__(self) -> None:
        self.size = 0
        # _rows[level][i] is the node (level, _first[level] + i).
        self._rows: list[list[bytes]] = [[]]
        self._first: list[int] = [0]
        self._taken: list[int] = []  # full tiles handed out so far, by tile level

    @classmethod
    def load(cls, size: int, read_partial: FetchTile) -> "TileEdge":
        """The edge of a stored tree.

        Args:
            size: Number of leaves, >= 0.
            read_partial: Gives the hashes of a partial tile; called once for each tile level that has one.

        The caller compares ``root()`` with a root it trusts.
        """
        edge = cls()
        edge.size = size
        edge._rows, edge._first = [], []
        tile_level = 0
        while size >> (TILE_HEIGHT * tile_level):
            index, width = divmod(size >> (TILE_HEIGHT * tile_level), TILE_WIDTH)
            hashes = _fetch_exactly(read_partial, tile_level, index, width) if width else b""
            row = [hashes[at : at + HASH_BYTES] for at in range(0, len(hashes), HASH_BYTES)]
            for within in range(TILE_HEIGHT):
                edge._rows.append(row)
                edge._first.append((index * TILE_WIDTH) >> within)
                row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row) - 1, 2)]
            edge._taken.append(index)
            tile_level += 1
        edge._rows.append([])
        edge._first.append(0)
        return edge

    def append(self, leaf: bytes) -> None:
        """Adds a leaf hash of 32 bytes at index ``size``."""
        rows = self._rows
        rows[0].append(leaf)
        index = self.size
        self.size = index + 1
        level = 0
        while index & 1:
            leaf = sha256(b"\x01" + rows[level][-2] + leaf).digest()
            level += 1
            index >>= 1
            if level == len(rows):
                rows.append([])
                self._first.append(0)
            rows[level].append(leaf)

    def root(self) -> bytes:
        """The root of the leaves so far."""
        return fold_right(self.nodes(range_nodes(0, self.size))) if self.size else EMPTY_ROOT

    def nodes(self, coordinates: Sequence[Coordinate]) -> list[bytes]:
        """A NodeReader of this tree, as far as the edge holds it.

        Raises:
            ValueError: A node left of the edge, forgotten, or not complete yet.
        """
        hashes = []
        for level, index in coordinates:
            if not 0 <= level < len(self._rows):
                raise ValueError(f"the edge does not hold the subtree {level}/{index}")
            row, at = self._rows[level], index - self._first[level]
            if not 0 <= at < len(row):
                raise ValueError(f"the edge does not hold the subtree {level}/{index}")
            hashes.append(row[at])
        return hashes

    def take_full_tiles(self) -> list[FullTile]:
        """The tiles that became full since the last call, by level and index; their hashes stay readable."""
        tiles = []
        tile_level = 0
        while full := self.size >> (TILE_HEIGHT * (tile_level + 1)):
            if tile_level == len(self._taken):
                self._taken.append(0)
            row, first = self._rows[TILE_HEIGHT * tile_level], self._first[TILE_HEIGHT * tile_level]
            above = TILE_HEIGHT * (tile_level + 1)
            for index in range(self._taken[tile_level], full):
                at = index * TILE_WIDTH - first
                root = self._rows[above][index - self._first[above]]
                tiles.append(FullTile(tile_level, index, b"".join(row[at : at + TILE_WIDTH]), root))
            self._taken[tile_level] = full
            tile_level += 1
        return tiles

    def forget(self) -> None:
        """Drops the nodes of the full tiles that were taken; each level's last, partial tile remains."""
        for level, row in enumerate(self._rows):
            tile_level, within = divmod(level, TILE_HEIGHT)
            taken = self._taken[tile_level] if tile_level < len(self._taken) else 0
            first = (taken * TILE_WIDTH) >> within
            if first > self._first[level]:
                del row[: first - self._first[level]]
                self._first[level] = first

    def copy(self) -> "TileEdge":
        """An edge that can be appended to while this one stays as it is."""
        edge = TileEdge()
        edge.size = self.size
        edge._rows = [row.copy() for row in self._rows]
        edge._first = self._first.copy()
        edge._taken = self._taken.copy()
        return edge


def _path(level_text: str, index: int, width: int) -> str:
    if not (0 <= index <= MAX_TILE_INDEX and 0 < width <= TILE_WIDTH):
        raise ValueError(f"there is no tile {index} of width {width}")
    groups = [f"{index % 1000:03d}"]
    while index := index // 1000:
        groups.append(f"x{index % 1000:03d}")
    suffix = "" if width == TILE_WIDTH else f".p/{width}"
    return f"tile/{level_text}/{'/'.join(reversed(groups))}{suffix}"


def _fetch_exactly(fetch: FetchTile, level: int, index: int, width: int) -> bytes:
    hashes = fetch(level, index, width)
    if len(hashes) != width * HASH_BYTES:
        raise TileMalformed(f"tile {level}/{index} does not have the {width} hashes that it must have")
    return hashes


def _subtree(hashes: bytes, level: int, index: int) -> bytes:
    """The hash over the hashes ``index << level`` to ``(index + 1) << level`` of a tile, level 0 to 8."""
    start = (index << level) * HASH_BYTES
    stop = ((index + 1) << level) * HASH_BYTES
    if level == 0:
        return hashes[start:stop]
    row = hashes[start:stop]
    while len(row) > HASH_BYTES:
        row = b"".join([sha256(b"\x01" + row[at : at + 64]).digest() for at in range(0, len(row), 64)])
    return row
