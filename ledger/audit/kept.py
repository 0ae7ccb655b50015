"""Comparing the log with evidence kept elsewhere: the mark, checkpoints, receipts.

Decides: whether each tree head that this log's key once signed is still a head of this log, and what that
leaves open. A database alone cannot show that its end was cut off or signed anew."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from ledger.audit.notes import CheckpointNotes
from ledger.audit.report import FaultList
from ledger.errors import EvidenceError, ReledgerError
from ledger.log.checkpoint import Checkpoint
from ledger.log.entry import parse_entry
from ledger.log.merkle import leaf_hash, tree_root, verify_inclusion
from ledger.log.receipt import parse_receipt
from ledger.log.tiles import tile_nodes
from ledger.store.raw_reads import RawReader


@dataclass(frozen=True, slots=True)
class KeptItem:
    """Evidence from outside the database.

    Attributes:
        name: What a fault calls it: a file's name, for example.
        content: The bytes of a signed checkpoint, or of a receipt.
    """

    name: str
    content: bytes


class SignedHead(Protocol):
    """Something with a signed checkpoint in it."""

    @property
    def note(self) -> bytes:
        """The signed checkpoint."""
        ...


class KeptMark(Protocol):
    """Where a host keeps its high-water mark."""

    def read(self) -> SignedHead | None:
        """The newest head that the host knows to be signed, None where it keeps none."""
        ...


def named_items(items: Iterable["bytes | KeptItem"]) -> Iterable[KeptItem]:
    """Gives evidence without a name its place in the sequence as one."""
    for number, item in enumerate(items):
        yield item if isinstance(item, KeptItem) else KeptItem(str(number), item)


def mark_item(mark: "bytes | KeptMark | None") -> list[KeptItem]:
    """The mark as evidence: none where there is no mark."""
    if mark is None or isinstance(mark, bytes):
        return [] if mark is None else [KeptItem("mark", mark)]
    head = mark.read()
    return [] if head is None else [KeptItem("mark", head.note)]


class KeptEvidence:
    """Compares evidence with the log of a database, one item at a time.

    Attributes:
        largest: The largest tree size that was shown to be this log's.
        count: How many items were compared.
        faults: What is wrong.
    """

    def __init__(self, reader: RawReader, notes: CheckpointNotes, size: int) -> None:
        """Compares with the log of ``size`` entries that ``reader`` reads."""
        self._reader = reader
        self._notes = notes
        self._size = size
        self._roots: dict[int, bytes | None] = {}
        self.faults = FaultList()
        self.largest = 0
        self.count = 0

    def take_checkpoints(self, items: Iterable[KeptItem], table: str = "kept_checkpoints") -> None:
        """Compares signed checkpoints; ``table`` is how faults call the collection."""
        for item in items:
            self.count += 1
            try:
                checkpoint = self._notes.open(item.content)
            except EvidenceError as error:
                self.faults.add("kept.invalid", table, item.name, error.detail)
                continue
            self._compare(checkpoint, table, item.name)

    def take_receipts(self, items: Iterable[KeptItem], table: str = "kept_receipts") -> None:
        """Compares receipts: their checkpoints, and that their entries stand where they say."""
        for item in items:
            self.count += 1
            try:
                receipt = parse_receipt(item.content)
                entry = parse_entry(receipt.entry_bytes)
                checkpoint = self._notes.open(receipt.checkpoint_note)
                leaf = leaf_hash(receipt.entry_bytes)
                verify_inclusion(leaf, receipt.index, checkpoint.size, receipt.path, checkpoint.root)
            except EvidenceError as error:
                self.faults.add("kept.invalid", table, item.name, error.detail)
                continue
            if entry.index != receipt.index:
                self.faults.add("kept.invalid", table, item.name, "the entry is for another index")
                continue
            self._compare(checkpoint, table, item.name)
            if receipt.index < self._size:
                row = self._reader.entry(receipt.index)
                if row is None or row.entry != receipt.entry_bytes:
                    detail = f"the log has another entry {receipt.index} than this receipt proves"
                    self.faults.add("log.forked", table, item.name, detail)

    def _compare(self, checkpoint: Checkpoint, table: str, name: str) -> None:
        if checkpoint.size > self._size:
            detail = f"{checkpoint.size} entries were signed, the database has {self._size}: its end is gone"
            self.faults.add("log.cut", table, name, detail)
        elif self._root(checkpoint.size) != checkpoint.root:
            detail = f"the log signed another tree of {checkpoint.size} entries than the database has"
            self.faults.add("log.forked", table, name, detail)
        else:
            self.largest = max(self.largest, checkpoint.size)

    def _root(self, size: int) -> bytes | None:
        """The root of a size of the stored log, None where its tiles cannot be read."""
        if size not in self._roots:
            if len(self._roots) >= 1_024:
                self._roots.clear()
            try:
                self._roots[size] = tree_root(size, tile_nodes(self._reader.tile_hashes, size))
            except (ReledgerError, TypeError, ValueError):
                self._roots[size] = None
        return self._roots[size]


def cannot_exclude(size: int, evidence: KeptEvidence, published: int, refusals: int) -> list[str]:
    """What the audit of a database leaves open, in sentences.

    Args:
        size: The log's size.
        evidence: What it was compared with.
        published: How many refusals the log has published.
        refusals: How many the journal has.
    """
    sentences = [f"nothing newer than size {size} can be excluded"]
    if evidence.count == 0:
        sentences[0] += (
            ": without the mark, a receipt or a kept checkpoint a database does not show that its end was "
            "cut off or signed anew"
        )
    elif evidence.largest < size:
        sentences.append(
            f"that entries from {evidence.largest} on were signed anew cannot be excluded: "
            f"the newest evidence is for size {evidence.largest}"
        )
    if published < refusals:
        sentences.append(
            f"refusals from {published} on are chained, but not yet published in the log; "
            "that they were changed together with the head cannot be excluded"
        )
    return sentences
