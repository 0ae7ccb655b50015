"""Receipts with one byte, one bit or one line wrong: none proves anything, none ends in another error."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import EvidenceError, NoteMalformed
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.entry import Entry
from ledger.log.merkle import leaf_hash, prove_inclusion
from ledger.log.note import Cosigner, NoteSigner, parse_note
from ledger.log.receipt import Receipt, verify_receipt
from ledger.log.tiles import TileEdge

ORIGIN = "log.example/1"
SIGNER = NoteSigner.from_private_key(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
WITNESS = Cosigner.from_private_key("witness.example/1", Ed25519PrivateKey.from_private_bytes(bytes(32)))
KEYS = [SIGNER.verifier, WITNESS.verifier]
STATEMENT = hashlib.sha256(b"statement").digest()


def _receipt() -> bytes:
    edge, index, size = TileEdge(), 5, 11
    entry = Entry(
        index, hashlib.sha256(b"previous").digest(), False, 1_795_161_600_123_456, STATEMENT
    ).encode()
    for number in range(size):
        edge.append(leaf_hash(entry if number == index else b"%d" % number))
    checkpoint = Checkpoint(ORIGIN, size, edge.root())
    note = sign_checkpoint(checkpoint, SIGNER) + WITNESS.sign(checkpoint.text(), 1_795_161_601)
    return Receipt(entry, index, tuple(prove_inclusion(index, size, edge.nodes)), note).encode()


RECEIPT = _receipt()
# Codes that may come of a changed receipt. Anything else, a KeyError above all, is a fault of ours.
CODES = {
    "receipt.malformed",
    "receipt.mismatch",
    "entry.malformed",
    "note.malformed",
    "note.signature",
    "note.unsigned",
    "checkpoint.malformed",
    "proof.invalid",
}


def refuse(data: bytes) -> str:
    """The code under which these bytes are refused."""
    with pytest.raises(EvidenceError) as caught:
        verify_receipt(data, STATEMENT, ORIGIN, KEYS)
    assert caught.value.code in CODES
    return caught.value.code


def only_hides_the_witness(data: bytes) -> bool:
    """Whether all that changed is the witness's line, and its name or key id too: it is a stranger's then."""
    place = RECEIPT.rindex(b"\xe2\x80\x94 witness")
    if data[:place] != RECEIPT[:place]:
        return False
    try:
        lines = parse_note(data.partition(b"\n\n")[2]).signatures
    except NoteMalformed:
        return False
    return all((line.name, line.key_id) != (WITNESS.name, WITNESS.verifier.key_id) for line in lines)


def test_the_receipt_is_valid_before_it_is_changed() -> None:
    assert verify_receipt(RECEIPT, STATEMENT, ORIGIN, KEYS).index == 5


def test_every_flipped_bit_is_noticed() -> None:
    codes, hidden = set(), 0
    for at in range(len(RECEIPT)):
        for bit in range(8):
            changed = RECEIPT[:at] + bytes([RECEIPT[at] ^ (1 << bit)]) + RECEIPT[at + 1 :]
            try:
                verify_receipt(changed, STATEMENT, ORIGIN, KEYS)
            except EvidenceError:
                codes.add(refuse(changed))
            else:
                assert only_hides_the_witness(changed)
                hidden += 1
    assert codes == CODES - {"checkpoint.malformed"}  # the signature is wrong before the text is looked at
    assert hidden > 0


def test_every_byte_is_needed() -> None:
    for at in range(len(RECEIPT)):
        changed = RECEIPT[:at] + RECEIPT[at + 1 :]
        if not only_hides_the_witness(changed):
            refuse(changed)


def test_every_cut_is_noticed() -> None:
    witness_line = RECEIPT.rindex(b"\xe2\x80\x94 witness")
    for length in range(len(RECEIPT)):
        if length != witness_line:  # cut there, it is the receipt as it was before the witness signed
            refuse(RECEIPT[:length])
    for start in range(1, len(RECEIPT)):
        refuse(RECEIPT[start:])


@pytest.mark.parametrize("extra", [b"\x00", b"\n", b" ", b"0", b"A", b"=", b"\r", b"\xff", b"\xe2\x80\x94 "])
def test_nothing_can_be_put_in(extra: bytes) -> None:
    for at in range(len(RECEIPT) + 1):
        changed = RECEIPT[:at] + extra + RECEIPT[at:]
        if changed != RECEIPT and not only_hides_the_witness(changed):
            refuse(changed)


def test_no_line_can_be_left_out_doubled_or_moved() -> None:
    lines = RECEIPT.splitlines(keepends=True)
    for at, line in enumerate(lines):
        others = lines[:at] + lines[at + 1 :]
        if not line.startswith(b"\xe2\x80\x94 "):
            refuse(b"".join(others))
            refuse(b"".join([*lines[:at], line, *lines[at:]]))
        for place in range(len(others) + 1):
            moved = [*others[:place], line, *others[place:]]
            if moved != lines and not line.startswith(b"\xe2\x80\x94 "):
                refuse(b"".join(moved))


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused(data: bytes) -> None:
    refuse(data)
    refuse(RECEIPT.partition(b"index ")[0] + data)
    refuse(RECEIPT.partition(b"\n\n")[0] + b"\n\n" + data)


@given(st.lists(st.sampled_from(RECEIPT.splitlines(keepends=True)), max_size=16))
def test_lines_thrown_together_are_refused(lines: list[bytes]) -> None:
    data = b"".join(lines)
    if not RECEIPT.startswith(data) or data.count(b"\xe2\x80\x94 ") == 0:
        refuse(data)
