"""Checking one range of the log: entries and statements, then tiles, checkpoints and ``seen`` heads.

Decides: what is wrong with each row of the range, and goes on after every fault. A range needs nothing from
the ranges before it but the rows just before its start, so ranges can be checked in any order and in
parallel; what only the whole tree shows (roots, tiles above level 0) is left to ``stitching``.

Where an entry, its leaf hash, its tile and the link of the entry after it disagree, each disagreement is
reported where it stands, and the hash that most of them hold stands in for the leaf, so that one changed row
does not make every later checkpoint look wrong."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, NamedTuple

from ledger.audit.compact import Peaks, subtree_root
from ledger.audit.entries import EntryPass, Leaves, is_hash
from ledger.audit.found import FoundAct
from ledger.audit.notes import CheckpointNotes
from ledger.audit.report import KEPT_PER_KIND, FaultList, listed
from ledger.audit.statements import StatementChecker
from ledger.errors import EvidenceError, ReledgerError
from ledger.log.entry import parse_entry
from ledger.log.merkle import HASH_BYTES, tree_root
from ledger.log.tiles import TILE_WIDTH, tile_nodes
from ledger.statements.envelope import SeenHead
from ledger.store.raw_reads import RawReader

RANGE_ENTRIES = 4_096


class FoundCheckpoint(NamedTuple):
    """A checkpoint of the range.

    Attributes:
        number: Its number, as found.
        size: Its tree size.
        root: The root that it states, as found.
        right: The root over those entries of the range that it covers.
    """

    number: Any
    size: int
    root: Any
    right: bytes


@dataclass(slots=True)
class RangeResult:
    """What checking the range [start, end) came to; it can cross to another process cheaply.

    Attributes:
        start: First index.
        end: One past the last.
        root: The root over the range's leaves.
        tile_roots: Roots of its full tiles.
        checkpoints: The checkpoints with start < size <= end.
        acts: The acts in it that are rightly signed.
        late: Entry and act of the statements erased after the log had its size.
        counts: How many of each thing were checked.
        faults: What is wrong.
    """

    start: int
    end: int
    root: bytes = b""
    tile_roots: list[bytes] = field(default_factory=list)
    checkpoints: list[FoundCheckpoint] = field(default_factory=list)
    acts: list[FoundAct] = field(default_factory=list)
    late: list[tuple[int, int]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    faults: FaultList = field(default_factory=FaultList)


def split_range(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Cuts [start, end) into ranges that ``RangeChecker`` takes, start being rounded down to a tile.

    None is longer than a quarter of what is left, so that no process waits long for the others at the end.
    """
    start -= start % TILE_WIDTH
    while start < end:
        quarter = 1 << ((end - start) // 4).bit_length() >> 1
        most = max(TILE_WIDTH, min(quarter, RANGE_ENTRIES))
        width = min(most, start & -start) if start else most
        yield start, min(start + width, end)
        start += width


class RangeChecker:
    """Checks ranges of one log over one connection."""

    def __init__(
        self, reader: RawReader, statements: StatementChecker, notes: CheckpointNotes, size: int
    ) -> None:
        """Checks a log of ``size`` entries; what stands at or beyond that index is not looked at."""
        self._reader = reader
        self._statements = statements
        self._notes = notes
        self._quick = statements.quick()
        self._size = size

    def check(self, start: int, end: int) -> RangeResult:
        """Checks a range as ``split_range`` gives it."""
        rows = EntryPass(self._reader, self._statements, self._quick, self._size)
        rows.run(start, end)
        result = RangeResult(
            start, end, acts=rows.acts, late=rows.late, counts=rows.counts, faults=rows.faults
        )
        result.counts["entries"] += end - start
        tiles = self._read_tiles(result)
        leaves = [
            leaf
            for offset in range(0, end - start, TILE_WIDTH)
            for leaf in self._choose(result, rows.leaves, offset, tiles)
        ]
        self._fold(result, leaves)
        self._check_tile_roots(result, tiles)
        self._check_seen(result, rows.seen)
        for counter in (self._quick, self._statements, self._notes):
            result.counts["signatures"] += counter.take_count()
        return result

    def _read_tiles(self, result: RangeResult) -> dict[int, tuple[Any, Any]]:
        """Hashes and root of the full tiles of level 0 in the range, by index, as found."""
        first, last = result.start // TILE_WIDTH, result.end // TILE_WIDTH
        tiles: dict[int, tuple[Any, Any]] = {}
        for level, index, hashes, root in self._reader.tiles(0, first, last):
            if type(index) is not int or index in tiles:
                result.faults.add("tile.extra", "tiles", f"{level}/{index}", "the tile stands there twice")
            else:
                tiles[index] = (hashes, root)
        for index in range(first, last):
            result.counts["tiles"] += 1
            if index not in tiles:
                result.faults.add("tile.missing", "tiles", f"0/{index}", "the full tile is not stored")
        return tiles

    def _choose(
        self, result: RangeResult, leaves: Leaves, offset: int, tiles: dict[int, tuple[Any, Any]]
    ) -> list[bytes]:
        """The leaves of one tile, each as most of the rows that hold it have it; reports who differs."""
        computed = leaves.computed[offset : offset + TILE_WIDTH]
        index = (result.start + offset) // TILE_WIDTH
        tile = tiles[index][0] if index in tiles else None
        doubtful = any(offset <= at < offset + TILE_WIDTH for at in leaves.stored)
        if not doubtful and (b"".join(computed) == tile or (tile is None and b"" not in computed)):
            return computed
        held = tile if type(tile) is bytes and len(tile) == TILE_WIDTH * HASH_BYTES else None
        chosen = [
            self._vote(
                result.start + offset + at,
                computed[at],
                leaves.stored.get(offset + at, computed[at]),
                None if held is None else held[at * HASH_BYTES : (at + 1) * HASH_BYTES],
                self._link_after(result, leaves, offset + at),
                result,
            )
            for at in range(len(computed))
        ]
        if tile is not None and b"".join(chosen) != tile:
            differing = (
                result.start + offset + at
                for at in range(TILE_WIDTH)
                if held is not None and held[at * HASH_BYTES : (at + 1) * HASH_BYTES] != chosen[at]
            )
            where = f" of {listed(differing)}" if held is not None else ""
            result.faults.add(
                "tile.hashes", "tiles", f"0/{index}", f"the tile does not hold the leaf hashes{where}"
            )
        return chosen

    @staticmethod
    def _vote(
        index: int, computed: bytes, stored: Any, tile: bytes | None, link: bytes | None, result: RangeResult
    ) -> bytes:
        # Of as many votes, the rows written after the entry weigh more.
        votes = [vote for vote in (link, tile, stored, computed) if vote is not None and is_hash(vote)]
        if not votes:
            return bytes(HASH_BYTES)
        best = max(votes, key=votes.count)
        if computed and best != computed:
            result.faults.add(
                "entry.changed",
                "entries",
                index,
                "the tree or the chain holds another entry's hash at this index",
            )
        return best

    def _link_after(self, result: RangeResult, leaves: Leaves, offset: int) -> bytes | None:
        """What the next entry says that this entry's leaf hash is."""
        if offset + 1 < len(leaves.links):
            return leaves.links[offset + 1] or None
        if result.end >= self._size:
            return None
        row = self._reader.entry(result.end)
        try:
            return parse_entry(row.entry).previous if row is not None and type(row.entry) is bytes else None
        except EvidenceError:
            return None

    def _check_tile_roots(self, result: RangeResult, tiles: dict[int, tuple[Any, Any]]) -> None:
        for index, root in enumerate(result.tile_roots, result.start // TILE_WIDTH):
            if index in tiles and tiles[index][1] != root:
                result.faults.add(
                    "tile.root", "tiles", f"0/{index}", "the root is not the one over the leaves"
                )

    def _fold(self, result: RangeResult, leaves: list[bytes]) -> None:
        """Roots of the range's tiles, of the whole range, and up to each checkpoint in it."""
        tiles, tile = Peaks(), Peaks()
        done = 0
        for number, size, root, note in self._checkpoints(result):
            done = _advance(result, leaves, (done, size - result.start), tiles, tile)
            right = tiles.root(tile.root()) if tile.width else tiles.root()
            result.checkpoints.append(FoundCheckpoint(number, size, root, right))
            self._check_note(result, number, size, root, note)
        _advance(result, leaves, (done, len(leaves)), tiles, tile)
        result.root = tiles.root(tile.root()) if tile.width else tiles.root()

    def _checkpoints(self, result: RangeResult) -> Iterator[tuple[Any, int, Any, Any]]:
        """The range's checkpoints with a size that can be one, by size; numbers are checked on the way."""
        rows = list(self._reader.checkpoints(result.start, result.end))
        result.counts["checkpoints"] += len(rows)
        before = self._reader.last_checkpoint_upto(result.start) if result.start else -1
        _check_numbers(result, [row[0] for row in rows], before)
        size_before = result.start
        for number, size, root, note in rows:
            if type(size) is not int or size <= size_before:
                detail = f"the size {size!r} is not larger than the one before"
                result.faults.add("checkpoint.size", "checkpoints", number, detail)
                continue
            size_before = size
            yield number, size, root, note

    def _check_note(self, result: RangeResult, number: Any, size: int, root: Any, note: Any) -> None:
        def report(code: str, detail: str) -> None:
            result.faults.add(code, "checkpoints", number, detail)

        self._notes.check(size, root, note, report)

    def _check_seen(self, result: RangeResult, seen: list[tuple[int, SeenHead]]) -> None:
        """Compares the tree heads that statements name with the stored ones, and in doubt with the tiles."""
        if not seen:
            return
        inside = sorted({head.size for index, head in seen if head.size <= index})
        roots = self._reader.checkpoint_roots(inside)
        for index, head in seen:
            if head.size > index:
                detail = f"seen names a tree of {head.size} entries, which the log did not have yet"
            elif roots.get(head.size) == head.root or self._root_from_tiles(head.size) == head.root:
                continue
            else:
                detail = f"seen names another root of size {head.size} than this log has"
            result.faults.add("statement.seen", "statement_bytes", index, detail)

    def _root_from_tiles(self, size: int) -> bytes | None:
        try:
            return tree_root(size, tile_nodes(self._reader.tile_hashes, size))
        except (ReledgerError, TypeError, ValueError):
            return None


def _check_numbers(result: RangeResult, numbers: list[Any], before: Any) -> None:
    """Checkpoint numbers are dense in the order of sizes; tells a gap from a number out of place."""
    expected: int | None = before + 1 if type(before) is int else None
    astray: set[Any] = set()
    for number, following in zip_longest(numbers, numbers[1:]):
        while expected is not None and expected in astray:
            expected += 1
        is_number = type(number) is int
        if expected is None or number == expected:
            expected = number + 1 if is_number else None
        elif is_number and number > expected and following in (None, number + 1):
            for missing in range(expected, min(number, expected + KEPT_PER_KIND)):
                result.faults.add("checkpoint.missing", "checkpoints", missing, "the checkpoint is missing")
            expected = number + 1
        else:
            detail = f"by its size this would be checkpoint {expected}"
            result.faults.add("checkpoint.number", "checkpoints", number, detail)
            if expected in numbers:
                detail = f"by its size checkpoint {number} stands in this one's place"
                result.faults.add("checkpoint.number", "checkpoints", expected, detail)
            astray.add(number)


def _advance(
    result: RangeResult, leaves: list[bytes], span: tuple[int, int], tiles: Peaks, tile: Peaks
) -> int:
    """Appends a span of leaves to the open tile, closing tiles as they fill; gives the span's end."""
    at, end = span
    while at < end:
        if tile.width == 0 and end - at >= TILE_WIDTH:
            root = subtree_root(leaves[at : at + TILE_WIDTH])
            at += TILE_WIDTH
        else:
            tile.append(leaves[at])
            at += 1
            if tile.width < TILE_WIDTH:
                continue
            root = tile.root()
            tile.clear()
        result.tile_roots.append(root)
        tiles.append(root)
    return end
