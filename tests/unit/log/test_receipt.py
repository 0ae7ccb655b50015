"""Receipts: making, reading, and that each step of the verification stands on its own."""

import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.errors import ProofInvalid, ReceiptMalformed, ReceiptMismatch
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.entry import MAX_ENTRY_BYTES, Entry
from ledger.log.merkle import leaf_hash, prove_inclusion
from ledger.log.note import NoteSigner
from ledger.log.receipt import Receipt, ReceiptWriter, VerifiedReceipt, parse_receipt, verify_receipt
from ledger.log.tiles import TileEdge

ORIGIN = "log.example/1"
SIGNER = NoteSigner.from_private_key(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
STATEMENTS = [hashlib.sha256(b"%d" % number).digest() for number in range(9)]


def _log() -> tuple[list[Entry], TileEdge]:
    edge, entries, previous = TileEdge(), [], bytes(32)
    for index, statement in enumerate(STATEMENTS):
        entry = Entry(index, previous, index == 0, index, statement)
        previous = leaf_hash(entry.encode())
        edge.append(previous)
        entries.append(entry)
    return entries, edge


ENTRIES, EDGE = _log()
CHECKPOINT = Checkpoint(ORIGIN, 9, EDGE.root())
NOTE = sign_checkpoint(CHECKPOINT, SIGNER)
RECEIPTS = [
    Receipt(entry.encode(), entry.index, tuple(prove_inclusion(entry.index, 9, EDGE.nodes)), NOTE)
    for entry in ENTRIES
]


def verify(receipt: Receipt, index: int) -> VerifiedReceipt:
    return verify_receipt(receipt.encode(), STATEMENTS[index], ORIGIN, [SIGNER.verifier])


def test_the_text_is_this() -> None:
    text = RECEIPTS[8].encode().decode()
    lines = text.split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1].startswith("extra eyJpbmRleCI6OCwi")
    assert lines[2] == "index 8"
    assert len(lines[3]) == 44
    assert lines[4] == ""
    assert lines[5:8] == [ORIGIN, "9", NOTE.decode().split("\n")[2]]
    assert text.endswith(NOTE.decode())


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 100, 259])
def test_a_writer_writes_the_receipts_of_its_tree(size: int) -> None:
    edge = TileEdge()
    for number in range(size):
        edge.append(leaf_hash(b"%d" % number))
    writer = ReceiptWriter(size, edge.nodes, b"the note")
    for index in range(size):
        path = tuple(prove_inclusion(index, size, edge.nodes))
        assert writer.write(b"entry", index) == Receipt(b"entry", index, path, b"the note").encode()
    with pytest.raises(ValueError, match="no leaf"):
        writer.write(b"entry", size)


@pytest.mark.parametrize("index", range(9))
def test_a_receipt_proves_its_entry_and_no_other(index: int) -> None:
    receipt = RECEIPTS[index]
    assert parse_receipt(receipt.encode()) == receipt
    assert verify(receipt, index) == VerifiedReceipt(index, ENTRIES[index], CHECKPOINT)
    for other in set(range(9)) - {index}:
        with pytest.raises(ReceiptMismatch):
            verify(receipt, other)
        with pytest.raises(ReceiptMismatch):
            verify(replace(receipt, index=other), index)
        with pytest.raises(ProofInvalid):
            verify(replace(receipt, path=RECEIPTS[other].path), index)


@pytest.mark.parametrize("length", [0, 16, 31, 33])
def test_the_statement_hash_is_compared_as_a_whole(length: int) -> None:
    statement = STATEMENTS[3].ljust(length, b"\x00")[:length]
    with pytest.raises(ReceiptMismatch):
        verify_receipt(RECEIPTS[3].encode(), statement, ORIGIN, [SIGNER.verifier])


def test_a_size_is_never_taken_from_the_receipt_itself() -> None:
    # The same path fits trees of other sizes; only the size that the log signed counts.
    for size in (3, 5, 8):
        small = Checkpoint(ORIGIN, size, CHECKPOINT.root)
        with pytest.raises(ProofInvalid):
            verify(replace(RECEIPTS[8], checkpoint_note=sign_checkpoint(small, SIGNER)), 8)


@pytest.mark.parametrize(
    "changed",
    [
        replace(RECEIPTS[3], entry_bytes=b""),
        replace(RECEIPTS[3], entry_bytes=bytes(MAX_ENTRY_BYTES + 1)),
        replace(RECEIPTS[3], index=-1),
        replace(RECEIPTS[3], index=10**19),
        replace(RECEIPTS[3], path=(bytes(32),) * 64),
        replace(RECEIPTS[3], path=(bytes(31),)),
        replace(RECEIPTS[3], path=(bytes(33),)),
    ],
)
def test_what_is_no_receipt_is_not_read(changed: Receipt) -> None:
    with pytest.raises(ReceiptMalformed):
        parse_receipt(changed.encode())


def test_the_largest_entry_fits_and_a_text_without_end_does_not() -> None:
    largest = replace(RECEIPTS[3], entry_bytes=bytes(MAX_ENTRY_BYTES))
    assert parse_receipt(largest.encode()) == largest
    with pytest.raises(ReceiptMalformed, match="too long"):
        parse_receipt(RECEIPTS[3].encode() + b"x" * 1_131_070)


def test_63_hashes_are_read() -> None:
    deep = replace(RECEIPTS[3], path=(bytes(32),) * 63)
    assert parse_receipt(deep.encode()) == deep
    with pytest.raises(ProofInvalid):
        verify(deep, 3)
