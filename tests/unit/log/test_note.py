"""Signed notes and their keys: making, reading, and what a known key's wrong signature does."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.errors import NoteMalformed, NoteSignatureInvalid, NoteUnsigned
from ledger.log.note import (
    MAX_NOTE_BYTES,
    MAX_SIGNATURES,
    KeyKind,
    NoteSignature,
    NoteSigner,
    NoteVerifier,
    SignedNote,
    is_key_name,
    join_note,
    open_note,
    parse_note,
    parse_vkey,
)

# The key and the note of the tests of golang.org/x/mod/sumdb/note.
PETER_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
TEXT = (
    b"If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyB"
    "wJnAM=\n"
).encode()
NOTE = TEXT + b"\n" + LINE
CHECKPOINT_TEXT = b"log.example/1\n70\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
PETER = NoteSigner.from_private_key("PeterNeumann", Ed25519PrivateKey.from_private_bytes(PETER_SEED))
OTHER = NoteSigner.from_private_key("other.example/1", Ed25519PrivateKey.from_private_bytes(bytes(32)))


def test_we_sign_what_go_signs() -> None:
    assert PETER.vkey == PETER_VKEY
    assert PETER.name == "PeterNeumann"
    assert PETER.sign(TEXT) == LINE
    assert join_note(TEXT, [LINE]) == NOTE
    assert PETER.verifier == parse_vkey(PETER_VKEY)


def test_opening_keeps_only_verified_signatures() -> None:
    note = open_note(NOTE + OTHER.sign(TEXT), [PETER.verifier])
    assert note.text == TEXT
    assert [(line.name, line.key_id) for line in note.signatures] == [("PeterNeumann", PETER.verifier.key_id)]
    both = open_note(NOTE + OTHER.sign(TEXT), [OTHER.verifier, PETER.verifier])
    assert [line.name for line in both.signatures] == ["PeterNeumann", "other.example/1"]
    assert both.encode() == NOTE + OTHER.sign(TEXT)


def test_a_key_that_signs_twice_counts_once() -> None:
    note = open_note(NOTE + LINE + LINE, [PETER.verifier, PETER.verifier])
    assert len(note.signatures) == 1
    assert len(parse_note(NOTE + LINE + LINE).signatures) == 3


@pytest.mark.parametrize("place", [0, 1, 2])
def test_each_line_of_a_known_key_must_verify(place: int) -> None:
    lines = [LINE, OTHER.sign(TEXT), LINE]
    lines[place] = (OTHER if place == 1 else PETER).sign(TEXT + b"x\n")
    with pytest.raises(NoteSignatureInvalid) as caught:
        open_note(join_note(TEXT, lines), [PETER.verifier, OTHER.verifier])
    assert ("other.example/1" if place == 1 else "PeterNeumann+"[:-1]) in caught.value.detail


def test_a_wrong_line_of_an_unknown_key_is_ignored() -> None:
    note = open_note(NOTE + OTHER.sign(TEXT + b"x\n"), [PETER.verifier])
    assert [line.name for line in note.signatures] == ["PeterNeumann"]


def test_two_keys_that_share_name_and_id_are_refused() -> None:
    twin = NoteVerifier(PETER.name, KeyKind.ED25519, OTHER.verifier.public_key, PETER.verifier.key_id)
    with pytest.raises(ValueError, match="share the key id"):
        open_note(NOTE, [PETER.verifier, twin])


def test_the_text_ends_at_the_last_blank_line() -> None:
    text = b"\n\nfirst\n\n\nlast\n\n"
    note = open_note(join_note(text, [PETER.sign(text)]), [PETER.verifier])
    assert note.text == text
    # A reader that split at the first blank line would see a note with another text.
    for shorter in (b"\n", b"\n\nfirst\n"):
        with pytest.raises(NoteSignatureInvalid):
            open_note(join_note(shorter, [PETER.sign(text)]), [PETER.verifier])


def test_a_signature_block_inside_the_text_does_not_sign_it() -> None:
    text = NOTE + b"and more\n"
    with pytest.raises(NoteUnsigned):
        open_note(join_note(text, [OTHER.sign(text)]), [PETER.verifier])
    with pytest.raises(NoteMalformed):
        open_note(NOTE + b"and more\n", [PETER.verifier])


def test_every_flipped_bit_is_noticed() -> None:
    for at in range(len(NOTE)):
        for bit in range(8):
            changed = bytearray(NOTE)
            changed[at] ^= 1 << bit
            with pytest.raises((NoteMalformed, NoteSignatureInvalid, NoteUnsigned)):
                open_note(bytes(changed), [PETER.verifier])


def test_every_cut_is_noticed() -> None:
    for length in range(len(NOTE)):
        with pytest.raises((NoteMalformed, NoteSignatureInvalid)):
            open_note(NOTE[:length], [PETER.verifier])
        with pytest.raises((NoteMalformed, NoteSignatureInvalid)):
            open_note(NOTE[-length - 1 :] if length + 1 < len(NOTE) else b"", [PETER.verifier])


@pytest.mark.parametrize("code", [*range(10), *range(11, 32)])
def test_no_control_character_but_the_newline(code: int) -> None:
    for data in (NOTE.replace(b"is the", bytes([code])), bytes([code]) + NOTE, NOTE + bytes([code])):
        with pytest.raises(NoteMalformed):
            parse_note(data)
    with pytest.raises(ValueError):
        PETER.sign(bytes([code]) + b"\n")
    assert not is_key_name(f"a{chr(code)}b")


@pytest.mark.parametrize("text", [b"", b"no newline", b"\xff\n", b"\xed\xa0\x80\n", b"carriage\r\n"])
def test_what_is_no_text_is_not_signed(text: bytes) -> None:
    with pytest.raises(ValueError):
        PETER.sign(text)


def test_a_note_has_1_to_100_signatures() -> None:
    assert len(parse_note(TEXT + b"\n" + LINE * MAX_SIGNATURES).signatures) == 100
    for count in (0, MAX_SIGNATURES + 1):
        with pytest.raises(NoteMalformed):
            parse_note(TEXT + b"\n" + LINE * count)


def test_a_note_has_at_most_a_million_bytes() -> None:
    text = b"x" * (MAX_NOTE_BYTES - len(LINE) - 2) + b"\n"
    data = join_note(text, [LINE])
    assert len(data) == MAX_NOTE_BYTES
    assert parse_note(data).text == text
    with pytest.raises(NoteMalformed, match="at most"):
        parse_note(b"x" + data)


def test_no_text_and_nothing_else_malformed_is_read_back_differently() -> None:
    for data in (NOTE, NOTE + OTHER.sign(TEXT), b"\n\n" + PETER.sign(b"\n")):
        assert parse_note(data).encode() == data


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "a b",
        "a+b",
        "a\tb",
        "a\nb",
        "a\u00a0b",
        "a\u2003b",
        "a\u3000b",
        "a\u2028b",
        "a\u0085b",
        "\ud800",
        "n" * 256,
        "é" * 128,
    ],
)
def test_what_is_no_key_name(name: str) -> None:
    assert not is_key_name(name)
    with pytest.raises(ValueError):
        NoteSigner.from_private_key(name, Ed25519PrivateKey.from_private_bytes(PETER_SEED))


@pytest.mark.parametrize("name", ["a", "log.example/x-1_2~", "赣州", "n" * 255, "é" * 127, "—"])
def test_what_is_a_key_name(name: str) -> None:
    signer = NoteSigner.from_private_key(name, Ed25519PrivateKey.from_private_bytes(PETER_SEED))
    assert parse_vkey(signer.vkey) == signer.verifier
    assert open_note(join_note(TEXT, [signer.sign(TEXT)]), [signer.verifier]).signatures[0].name == name


@pytest.mark.parametrize("kind", list(KeyKind))
@pytest.mark.parametrize("length", [0, 31, 33, 1311, 1313])
def test_a_key_has_the_length_of_its_kind(kind: KeyKind, length: int) -> None:
    with pytest.raises(ValueError):
        NoteVerifier.of("name", kind, bytes(length))


def test_every_part_and_every_changed_character_of_a_vkey_is_refused() -> None:
    for begin in range(len(PETER_VKEY)):
        for end in range(begin + 1, len(PETER_VKEY) + 1):
            if (begin, end) != (0, len(PETER_VKEY)):
                with pytest.raises(ValueError):
                    parse_vkey(PETER_VKEY[begin:end])
    for at, character in enumerate(PETER_VKEY):
        with pytest.raises(ValueError):
            parse_vkey(PETER_VKEY[:at] + chr(ord(character) + 1) + PETER_VKEY[at + 1 :])


def test_a_signature_of_another_length_is_wrong_not_an_inner_error() -> None:
    for length in (0, 1, 63, 65, 2420):
        with pytest.raises(NoteSignatureInvalid):
            PETER.verifier.verify(TEXT, bytes(length))


def test_a_public_key_that_is_no_point_verifies_nothing() -> None:
    verifier = NoteVerifier.of("name", KeyKind.ED25519, b"\x02" + bytes(31))
    with pytest.raises(NoteSignatureInvalid):
        verifier.verify(TEXT, bytes(64))


@pytest.mark.parametrize("kind", list(KeyKind))
def test_a_verifier_put_together_by_hand_with_a_wrong_key_verifies_nothing(kind: KeyKind) -> None:
    verifier = NoteVerifier("name", kind, bytes(31), b"\x00" * 4)
    with pytest.raises(NoteSignatureInvalid):
        verifier.verify(CHECKPOINT_TEXT, bytes(72))


def test_a_line_is_made_of_its_parts() -> None:
    line = NoteSignature("name", b"\x01\x02\x03\x04", b"signature")
    assert line.line() == b"\xe2\x80\x94 name AQIDBHNpZ25hdHVyZQ==\n"
    assert SignedNote(b"text\n", (line, line)).encode() == b"text\n\n" + line.line() * 2
