"""Cosignatures of types 04 and 06: what they sign, and that nothing else verifies."""

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from ledger.errors import NoteSignatureInvalid
from ledger.log.cosignature import (
    ed25519_message,
    join_cosignature,
    mldsa44_message,
    split_cosignature,
)
from ledger.log.note import Cosigner, KeyKind, NoteSigner, join_note, open_note, parse_note, parse_vkey

TEXT = b"log.example/1\n70\n" + b"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" + b"\n"
SEED = bytes(range(32))
ED25519 = Cosigner.from_private_key("witness.example/w1", Ed25519PrivateKey.from_private_bytes(SEED))
MLDSA = Cosigner.from_private_key("witness.example/w2", MLDSA44PrivateKey.from_seed_bytes(SEED))
TIME_S = 1_795_161_600


def test_the_ed25519_message_is_two_lines_and_the_text() -> None:
    assert ed25519_message(TEXT, TIME_S) == b"cosignature/v1\ntime 1795161600\n" + TEXT
    assert ed25519_message(TEXT, 0) == b"cosignature/v1\ntime 0\n" + TEXT


def test_the_ml_dsa_message_is_the_subtree_from_leaf_0() -> None:
    message = mldsa44_message("witness.example/w2", TEXT, TIME_S)
    assert (
        message.hex()
        == (
            "737562747265652f76310a00"  # subtree/v1\n\0
            "12" + b"witness.example/w2".hex() + "000000006afffe00"
            "0d" + b"log.example/1".hex() + "0000000000000000"
            "0000000000000046" + hashlib.sha256(b"").hexdigest()
        )
    )


@pytest.mark.parametrize("text", [b"a\n", TEXT + b"extension\n", TEXT.replace(b"70", b"070"), TEXT[:-1]])
def test_there_is_no_ml_dsa_message_over_anything_but_a_checkpoint(text: bytes) -> None:
    with pytest.raises(NoteSignatureInvalid, match="checkpoint"):
        mldsa44_message("w", text, TIME_S)
    with pytest.raises(NoteSignatureInvalid):
        MLDSA.verifier.verify(text, join_cosignature(TIME_S, bytes(2420)))


@pytest.mark.parametrize("time_s", [-1, 2**63, 2**64])
def test_a_time_is_0_to_2_to_63(time_s: int) -> None:
    with pytest.raises(ValueError):
        join_cosignature(time_s, b"x")
    for cosigner in (ED25519, MLDSA):
        with pytest.raises((ValueError, OverflowError)):
            cosigner.sign(TEXT, time_s)


def test_time_and_signature_are_parted_after_8_bytes() -> None:
    assert split_cosignature(join_cosignature(2**63 - 1, b"x")) == (2**63 - 1, b"x")
    assert split_cosignature(b"\x00" * 8 + b"xy") == (0, b"xy")
    for data in (b"", b"\x00" * 7, b"\x00" * 8, b"\x80" + b"\x00" * 71, b"\xff" * 72):
        with pytest.raises(NoteSignatureInvalid):
            split_cosignature(data)


@pytest.mark.parametrize("cosigner", [ED25519, MLDSA], ids=["04", "06"])
@pytest.mark.parametrize("time_s", [0, TIME_S, 2**63 - 1])
def test_a_cosignature_verifies(cosigner: Cosigner, time_s: int) -> None:
    line = cosigner.sign(TEXT, time_s)
    note = open_note(join_note(TEXT, [line]), [parse_vkey(cosigner.vkey)])
    assert note.signatures[0].name == cosigner.name
    assert split_cosignature(note.signatures[0].signature)[0] == time_s


@pytest.mark.parametrize("cosigner", [ED25519, MLDSA], ids=["04", "06"])
def test_a_cosignature_is_for_its_text_and_time_only(cosigner: Cosigner) -> None:
    signature = parse_note(join_note(TEXT, [cosigner.sign(TEXT, TIME_S)])).signatures[0].signature
    verify = cosigner.verifier.verify
    verify(TEXT, signature)
    texts = [
        TEXT.replace(b"70", b"71"),
        TEXT.replace(b"70", b"7"),
        TEXT.replace(b"/1", b"/2"),
        TEXT.replace(b"47DE", b"47DF"),
    ]
    for text in texts:
        with pytest.raises(NoteSignatureInvalid):
            verify(text, signature)
    for bit in (*range(64), 64, 65, 300, 8 * len(signature) - 1):
        changed = bytearray(signature)
        changed[bit // 8] ^= 1 << (bit % 8)
        with pytest.raises(NoteSignatureInvalid):
            verify(TEXT, bytes(changed))
    for changed_length in (b"", signature[:8], signature[8:], signature[:-1], signature + b"\x00"):
        with pytest.raises(NoteSignatureInvalid):
            verify(TEXT, changed_length)


def test_an_ml_dsa_cosignature_is_bound_to_the_cosigners_name() -> None:
    renamed = Cosigner.from_private_key("witness.example/w3", MLDSA44PrivateKey.from_seed_bytes(SEED))
    signature = parse_note(join_note(TEXT, [MLDSA.sign(TEXT, TIME_S)])).signatures[0].signature
    with pytest.raises(NoteSignatureInvalid):
        renamed.verifier.verify(TEXT, signature)


def test_one_key_signs_and_cosigns_under_different_ids() -> None:
    private_key = Ed25519PrivateKey.from_private_bytes(SEED)
    signer = NoteSigner.from_private_key("witness.example/w1", private_key)
    assert (signer.verifier.kind, ED25519.verifier.kind) == (KeyKind.ED25519, KeyKind.ED25519_COSIGNATURE)
    assert signer.verifier.public_key == ED25519.verifier.public_key
    assert signer.verifier.key_id != ED25519.verifier.key_id
    # Neither passes for the other, even if its key id is forged.
    plain = parse_note(join_note(TEXT, [signer.sign(TEXT)])).signatures[0].signature
    timed = parse_note(join_note(TEXT, [ED25519.sign(TEXT, TIME_S)])).signatures[0].signature
    for verifier, signature in (
        (signer.verifier, timed),
        (signer.verifier, timed[8:]),
        (ED25519.verifier, plain),
    ):
        with pytest.raises(NoteSignatureInvalid):
            verifier.verify(TEXT, signature)


@pytest.mark.parametrize("cosigner", [ED25519, MLDSA], ids=["04", "06"])
@pytest.mark.parametrize("text", [b"", b"x", b"a\r\n", b"\xff\n"])
def test_what_is_no_text_is_not_cosigned(cosigner: Cosigner, text: bytes) -> None:
    with pytest.raises(ValueError):
        cosigner.sign(text, TIME_S)


def test_an_ml_dsa_public_key_of_nonsense_verifies_nothing() -> None:
    signature = parse_note(join_note(TEXT, [MLDSA.sign(TEXT, TIME_S)])).signatures[0].signature
    forged = type(MLDSA.verifier).of("witness.example/w2", KeyKind.MLDSA44_COSIGNATURE, b"\xff" * 1312)
    with pytest.raises(NoteSignatureInvalid):
        forged.verify(TEXT, signature)
