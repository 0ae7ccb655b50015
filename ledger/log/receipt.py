"""The receipt: what the holder of a statement keeps to prove, offline, that it is in the log.

Decides: the one text of a receipt and what makes it valid. Never trusts a size or a root from
anywhere but the checkpoint.

Source: C2SP tlog-proof, whose ``extra`` line is required here: without the entry the holder of a statement
could not compute the leaf.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ledger.encoding import b64_decode, b64_encode
from ledger.errors import ReceiptMalformed, ReceiptMismatch
from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.entry import MAX_ENTRY_BYTES, Entry, parse_entry
from ledger.log.merkle import NodeReader, inclusion_ranges, leaf_hash, subtree_hash, verify_inclusion
from ledger.log.note import MAX_NOTE_BYTES, NoteVerifier

_HEADER = b"c2sp.org/tlog-proof@v1\n"
_FORM = re.compile(
    re.escape(_HEADER) + rb"extra ([A-Za-z0-9+/]+={0,2})\nindex (0|[1-9][0-9]{0,18})\n"
    rb"((?:[A-Za-z0-9+/]{43}=\n){0,63})\n"
)
_MAX_RECEIPT_BYTES = MAX_NOTE_BYTES + 2 * MAX_ENTRY_BYTES


@dataclass(frozen=True, slots=True)
class Receipt:
    """The parts of a receipt, of which nothing is verified yet.

    Attributes:
        entry_bytes: The entry, at most 65,535 bytes.
        index: 0-based place that is claimed.
        path: Inclusion proof, at most 63 hashes.
        checkpoint_note: A checkpoint that covers the index, as the log signed it.
    """

    entry_bytes: bytes
    index: int
    path: tuple[bytes, ...]
    checkpoint_note: bytes

    def encode(self) -> bytes:
        """The text of the receipt."""
        hashes = "".join([b64_encode(value) + "\n" for value in self.path])
        lines = f"extra {b64_encode(self.entry_bytes)}\nindex {self.index}\n{hashes}\n"
        return _HEADER + lines.encode("ascii") + self.checkpoint_note


class ReceiptWriter:
    """Receipts of one tree against one checkpoint of it; what their paths have in common is made once.

    It may be used from several threads at a time.
    """

    __slots__ = ("_lines", "_note", "_read", "_size")

    def __init__(self, size: int, read: NodeReader, note: bytes) -> None:
        """Reads nothing yet.

        Args:
            size: Number of leaves of the tree.
            read: Reader of the tree's complete subtrees.
            note: The signed checkpoint over the tree.
        """
        self._size = size
        self._read = read
        self._note = note
        self._lines: dict[tuple[int, int], str] = {}

    def write(self, entry_bytes: bytes, index: int) -> bytes:
        """The text of the receipt for one entry, as ``Receipt.encode`` gives it.

        Args:
            entry_bytes: The entry.
            index: Its place, 0 <= index < size.
        """
        lines = self._lines
        path = []
        for subtree in inclusion_ranges(index, self._size):
            line = lines.get(subtree)
            if line is None:
                line = lines[subtree] = b64_encode(subtree_hash(*subtree, self._read)) + "\n"
            path.append(line)
        text = f"extra {b64_encode(entry_bytes)}\nindex {index}\n{''.join(path)}\n"
        return _HEADER + text.encode("ascii") + self._note


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """What a receipt proves.

    Attributes:
        index: The statement's place in the log.
        entry: The entry there, with the time of registration.
        checkpoint: The signed tree head that covers it.
    """

    index: int
    entry: Entry
    checkpoint: Checkpoint


def parse_receipt(data: bytes) -> Receipt:
    """The parts of a receipt; ``parse_receipt(data).encode() == data``.

    The checkpoint is left as it is: only opening it says whether it is one.

    Raises:
        ReceiptMalformed: Anything but the one form, from the first byte to the checkpoint.
    """
    if len(data) > _MAX_RECEIPT_BYTES:
        raise ReceiptMalformed("the text is too long for a receipt")
    match = _FORM.match(data)
    if match is None:
        raise ReceiptMalformed("a receipt is a header, an extra line, an index line, hashes, a checkpoint")
    extra, index, hashes = match.groups()
    try:
        entry_bytes = b64_decode(extra)
        path = tuple([b64_decode(line) for line in hashes.split(b"\n")[:-1]])
    except ValueError as error:
        raise ReceiptMalformed("a receipt's base64 is canonical") from error
    if len(entry_bytes) > MAX_ENTRY_BYTES:
        raise ReceiptMalformed("an entry has at most 65,535 bytes")
    return Receipt(entry_bytes, int(index), path, data[match.end() :])


def verify_receipt(
    data: bytes, statement_hash: bytes, origin: str, verifiers: Iterable[NoteVerifier]
) -> VerifiedReceipt:
    """What the receipt proves about a statement.

    Args:
        data: The receipt.
        statement_hash: SHA-256 of the statement's compact JWS, 32 bytes, computed by the caller.
        origin: The log's name.
        verifiers: The keys of that log, and of witnesses if wanted, that the caller trusts.

    Raises:
        ReceiptMalformed: Step 1.
        EntryMalformed: Step 2.
        ReceiptMismatch: Step 3 or 4.
        NoteMalformed, NoteSignatureInvalid, NoteUnsigned, CheckpointMalformed: Step 5.
        ProofInvalid: Step 6.
    """
    # 1. The text has the one form of a receipt.
    receipt = parse_receipt(data)
    # 2. The extra line is an entry in its one form.
    entry = parse_entry(receipt.entry_bytes)
    # 3. The entry is for the index that the proof is for.
    if entry.index != receipt.index:
        raise ReceiptMismatch(f"the entry is number {entry.index}, the proof is for {receipt.index}")
    # 4. The entry commits to the caller's own statement.
    if entry.statement != statement_hash:
        raise ReceiptMismatch("the entry commits to another statement")
    # 5. The log signed the tree head; only now are its size and its root known.
    checkpoint = open_checkpoint(receipt.checkpoint_note, origin, verifiers)
    # 6. The entry's bytes are that leaf of that tree.
    leaf = leaf_hash(receipt.entry_bytes)
    verify_inclusion(leaf, receipt.index, checkpoint.size, receipt.path, checkpoint.root)
    return VerifiedReceipt(receipt.index, entry, checkpoint)
