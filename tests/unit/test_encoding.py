"""One text for each byte string, and only that text is read."""

import base64
import itertools

import pytest

from ledger.encoding import b64_decode, b64_encode, b64url_decode, b64url_encode

RAW = bytes(range(256))


@pytest.mark.parametrize("length", range(12))
def test_base64url_is_read_back(length: int) -> None:
    raw = RAW[-length:] if length else b""
    text = b64url_encode(raw)
    assert "=" not in text
    assert b64url_decode(text) == b64url_decode(text.encode()) == raw


@pytest.mark.parametrize("length", range(12))
def test_base64_is_read_back(length: int) -> None:
    raw = RAW[-length:] if length else b""
    assert b64_decode(b64_encode(raw)) == b64_decode(b64_encode(raw).encode()) == raw


@pytest.mark.parametrize(
    "text",
    [
        "A",
        "AAAAA",
        "AA==",
        "AAA=",
        "AAAA=",
        "=",
        "====",
        "AB",
        "AAB",
        "A+A",
        "AA/A",
        "A AA",
        "AA\nAA",
        "AAAA\n",
        "\nAAAA",
        "AA\0A",
        "AÄA",
        "AA%41",
        "ＡAAA",
        "AA.A",
    ],
)
def test_base64url_in_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        b64url_decode(text)
    with pytest.raises(ValueError):
        b64url_decode(text.encode())


def test_every_byte_outside_the_alphabet_is_refused_at_every_place() -> None:
    alphabet = set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    for octet in set(range(256)) - alphabet:
        for place in range(8):
            octets = bytearray(b"AAAAAAAA")
            octets[place] = octet
            with pytest.raises(ValueError):
                b64url_decode(bytes(octets))


def test_each_byte_string_has_one_base64url_text() -> None:
    """Over all texts of up to four of these characters: whatever is read is written back as the same text."""
    characters = "AQgwBEIMZaz019_-"
    read = 0
    for length in range(5):
        for letters in itertools.product(characters, repeat=length):
            text = "".join(letters)
            try:
                raw = b64url_decode(text)
            except ValueError:
                continue
            read += 1
            assert base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == text
    assert read > 16**4


@pytest.mark.parametrize(
    "text", ["A", "AA", "AAA", "AB==", "AAB=", "AA=A", "A===", "-AAA", "_AAA", "AAAA\n", "AAAA=", "A AA"]
)
def test_base64_in_another_spelling_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        b64_decode(text)
