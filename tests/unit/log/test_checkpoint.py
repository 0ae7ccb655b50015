"""Tree heads and checkpoints: domains, making, opening; refusals by name are in the vectors."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import CheckpointMalformed, EvidenceError, NoteUnsigned
from ledger.log.checkpoint import Checkpoint, is_origin, open_checkpoint, parse_checkpoint, sign_checkpoint
from ledger.log.merkle import EMPTY_ROOT
from ledger.log.note import Cosigner, NoteSigner

ORIGIN = "log.example/1"
SIGNER = NoteSigner.from_private_key(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
OTHER = NoteSigner.from_private_key(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))
HEAD = Checkpoint(ORIGIN, 70, bytes(range(32)))
TEXT = b"log.example/1\n70\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"

origins = st.text(
    st.sampled_from([chr(c) for c in range(33, 127) if chr(c) != "+"]), min_size=1, max_size=255
)


def test_the_text_is_three_lines() -> None:
    assert HEAD.text() == TEXT
    assert parse_checkpoint(TEXT) == HEAD


@pytest.mark.parametrize(
    "text",
    [b"", b"\n", TEXT[:-1], TEXT + b"\n", b"\n" + TEXT, TEXT.replace(b"\n", b"\r\n"), TEXT + TEXT, TEXT[:-2]],
)
def test_a_text_of_other_lines_is_no_tree_head(text: bytes) -> None:
    with pytest.raises(CheckpointMalformed):
        parse_checkpoint(text)


@given(origins, st.integers(1, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_every_tree_head_is_read_back(origin: str, size: int, root: bytes) -> None:
    checkpoint = Checkpoint(origin, size, root)
    assert parse_checkpoint(checkpoint.text()) == checkpoint
    signer = NoteSigner.from_private_key(origin, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    assert open_checkpoint(sign_checkpoint(checkpoint, signer), origin, [signer.verifier]) == checkpoint


@pytest.mark.parametrize(
    "checkpoint",
    [
        Checkpoint("", 70, bytes(32)),
        Checkpoint("log example", 70, bytes(32)),
        Checkpoint("log+example", 70, bytes(32)),
        Checkpoint("log\nexample", 70, bytes(32)),
        Checkpoint("lög.example", 70, bytes(32)),
        Checkpoint("o" * 256, 70, bytes(32)),
        Checkpoint(ORIGIN, -1, bytes(32)),
        Checkpoint(ORIGIN, 2**63, bytes(32)),
        Checkpoint(ORIGIN, 70, b""),
        Checkpoint(ORIGIN, 70, bytes(31)),
        Checkpoint(ORIGIN, 70, bytes(33)),
        Checkpoint(ORIGIN, 0, bytes(32)),
    ],
)
def test_what_is_no_tree_head_has_no_text(checkpoint: Checkpoint) -> None:
    with pytest.raises(ValueError):
        checkpoint.text()


def test_the_empty_tree_has_its_root() -> None:
    text = Checkpoint(ORIGIN, 0, EMPTY_ROOT).text()
    assert parse_checkpoint(text).root == EMPTY_ROOT
    with pytest.raises(CheckpointMalformed, match="one root"):
        parse_checkpoint(TEXT.replace(b"70", b"0"))


@pytest.mark.parametrize("text", ["", " ", "a b", "a+b", "a\n", "a\x00", "a\x7f", "ä", "o" * 256, "a\u00a0b"])
def test_what_is_no_origin(text: str) -> None:
    assert not is_origin(text)


@pytest.mark.parametrize("text", ["a", "~", "!", "*", ",", "log.example/1", "o" * 255, "a=b&c"])
def test_what_is_an_origin(text: str) -> None:
    assert is_origin(text)


def test_only_a_key_named_as_the_origin_signs() -> None:
    elsewhere = NoteSigner.from_private_key("elsewhere", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    with pytest.raises(ValueError, match=r"log\.example/1"):
        sign_checkpoint(HEAD, elsewhere)


def test_an_open_checkpoint_is_the_signed_one() -> None:
    note = sign_checkpoint(HEAD, SIGNER)
    assert note.startswith(TEXT + b"\n")
    assert open_checkpoint(note, ORIGIN, [SIGNER.verifier]) == HEAD
    assert open_checkpoint(note, ORIGIN, iter([OTHER.verifier, SIGNER.verifier])) == HEAD


def test_a_cosignature_does_not_stand_in_for_the_logs_own() -> None:
    witness = Cosigner.from_private_key("w", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    note = TEXT + b"\n" + witness.sign(TEXT, 1)
    with pytest.raises(NoteUnsigned):
        open_checkpoint(note, ORIGIN, [witness.verifier, SIGNER.verifier])


def test_every_changed_byte_and_every_cut_is_noticed() -> None:
    note = sign_checkpoint(HEAD, SIGNER)
    changes = [note[:length] for length in range(len(note))]
    changes += [
        note[:at] + bytes([note[at] ^ (1 << bit)]) + note[at + 1 :]
        for at in range(len(note))
        for bit in range(8)
    ]
    changes += [
        note[:at] + byte + note[at:] for at in range(len(note) + 1) for byte in (b" ", b"\n", b"\x00", b"0")
    ]
    for changed in changes:
        with pytest.raises(EvidenceError):
            open_checkpoint(changed, ORIGIN, [SIGNER.verifier])
