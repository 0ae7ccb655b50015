"""A log of real entries with all that a server would publish of it, for checks by other people's programs."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.entry import GENESIS_PREVIOUS, Entry
from ledger.log.merkle import leaf_hash, prove_consistency, prove_inclusion, tree_root
from ledger.log.note import NoteSigner
from ledger.log.tiles import TILE_WIDTH, TileEdge, tile_nodes, tile_path

ORIGIN = "log.example/rare-earths"
SEED = hashlib.sha256(b"reference log").digest()
SIGNER = NoteSigner.from_private_key(ORIGIN, Ed25519PrivateKey.from_private_bytes(SEED))
SIZES = (1, 2, 255, 256, 257, 65_537)


@dataclass
class ReferenceLog:
    """A log of 65,537 entries.

    Attributes:
        folder: Where ``write_tiles`` puts tiles, by their published paths.
        entries: The entries' bytes.
        leaves: Their leaf hashes.
    """

    folder: Path
    entries: list[bytes] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    _rows: dict[int, list[bytes]] = field(default_factory=dict)

    @classmethod
    def of(cls, size: int, folder: Path) -> "ReferenceLog":
        """The log, its full tiles written as they become full."""
        log, edge, previous = cls(folder), TileEdge(), GENESIS_PREVIOUS
        for index in range(size):
            statement = hashlib.sha256(b"statement %d" % index).digest()
            entry = Entry(index, previous, index == 0, 1_795_161_600_000_000 + index, statement).encode()
            previous = leaf_hash(entry)
            edge.append(previous)
            log.entries.append(entry)
            log.leaves.append(previous)
        log._rows[0] = log.leaves
        for tile in edge.take_full_tiles():
            log._rows.setdefault(tile.level + 1, []).append(tile.root)
            log._write(tile.level, tile.index, TILE_WIDTH, tile.hashes)
        return log

    def write_partial_tiles(self, size: int) -> None:
        """Writes the partial tiles of the tree of this size."""
        level = 0
        while count := size >> (8 * level):
            index, width = divmod(count, TILE_WIDTH)
            if width:
                self._write(level, index, width, self._tile(level, index, width))
            level += 1

    def root(self, size: int) -> bytes:
        """The root of the first entries."""
        return tree_root(size, tile_nodes(self._tile, size))

    def checkpoint(self, size: int) -> bytes:
        """The signed checkpoint of the first entries."""
        return sign_checkpoint(Checkpoint(ORIGIN, size, self.root(size)), SIGNER)

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """An inclusion proof."""
        return prove_inclusion(index, size, tile_nodes(self._tile, size))

    def consistency(self, old: int, new: int) -> list[bytes]:
        """A consistency proof."""
        return prove_consistency(old, new, tile_nodes(self._tile, new))

    def _tile(self, level: int, index: int, width: int) -> bytes:
        return b"".join(self._rows[level][index * TILE_WIDTH : index * TILE_WIDTH + width])

    def _write(self, level: int, index: int, width: int, hashes: bytes) -> None:
        path = self.folder / tile_path(level, index, width)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(hashes)
