"""The signed note: text, a blank line, signature lines; its keys, its making and its opening.

Decides: the form of a note, which signatures count, and that a known key's wrong signature refuses all of it.
Never says what the text means, nor which keys deserve trust.

Source: C2SP signed-note; C2SP tlog-cosignature for the key types 04 and 06.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from ledger.encoding import b64_decode, b64_encode
from ledger.errors import NoteMalformed, NoteSignatureInvalid, NoteUnsigned
from ledger.log.cosignature import ed25519_message, join_cosignature, mldsa44_message, split_cosignature

MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100
MAX_NAME_BYTES = 255

_KEY_ID_BYTES = 4
_PREFIX = "— "  # em dash, space
_CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f]")
# Lone surrogates have no UTF-8; \s is what str.isspace() says of any script.
_NAME = re.compile(r"[^\s+\x00-\x1f\ud800-\udfff]{1,255}")
_KEY_ID_HEX = re.compile(r"[0-9a-f]{8}", re.ASCII)


class KeyKind(IntEnum):
    """The signature types of C2SP that are read here."""

    ED25519 = 0x01
    ED25519_COSIGNATURE = 0x04
    MLDSA44_COSIGNATURE = 0x06


_KEY_BYTES = {KeyKind.ED25519: 32, KeyKind.ED25519_COSIGNATURE: 32, KeyKind.MLDSA44_COSIGNATURE: 1312}


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line.

    Attributes:
        name: Name of the key.
        key_id: 4 bytes that tell keys of one name apart.
        signature: What follows the key id, at least one byte; for cosignatures time || signature.
    """

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> bytes:
        """The line in the note, with its newline."""
        return f"{_PREFIX}{self.name} {b64_encode(self.key_id + self.signature)}\n".encode()


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A note.

    Attributes:
        text: Ends with a newline; the blank line after it does not belong to it.
        signatures: In their order. After ``parse_note`` all of them, of which nothing is known; after
            ``open_note`` only those that verify under a given key, one for each key.
    """

    text: bytes
    signatures: tuple[NoteSignature, ...]

    def encode(self) -> bytes:
        """The bytes of the note."""
        return join_note(self.text, [signature.line() for signature in self.signatures])


@dataclass(frozen=True, slots=True)
class NoteVerifier:
    """A public key under a name.

    Attributes:
        name: See ``is_key_name``.
        kind: What and how it signs.
        public_key: 32 bytes for Ed25519, 1312 for ML-DSA-44.
        key_id: First 4 bytes of SHA-256(name || 0A || kind || public key).
    """

    name: str
    kind: KeyKind
    public_key: bytes
    key_id: bytes

    @classmethod
    def of(cls, name: str, kind: KeyKind, public_key: bytes) -> "NoteVerifier":
        """The verifier with its key id computed.

        Raises:
            ValueError: Not a name, or a key of another length.
        """
        if not is_key_name(name):
            raise ValueError(
                "a key name is 1 to 255 bytes of UTF-8 without spaces, plus or control characters"
            )
        if len(public_key) != _KEY_BYTES[kind]:
            raise ValueError(f"a key of type {kind:02x} has {_KEY_BYTES[kind]} bytes")
        key_id = sha256(name.encode() + b"\n" + bytes([kind]) + public_key).digest()[:_KEY_ID_BYTES]
        return cls(name, kind, public_key, key_id)

    @property
    def vkey(self) -> str:
        """The one line that passes this key on: ``name+keyid+base64(type || key)``."""
        return f"{self.name}+{self.key_id.hex()}+{b64_encode(bytes([self.kind]) + self.public_key)}"

    def verify(self, text: bytes, signature: bytes) -> None:
        """Returns only if this key made the signature over the note text.

        Args:
            text: Text of the note, with its last newline.
            signature: As in ``NoteSignature``.

        Raises:
            NoteSignatureInvalid: It did not.
        """
        try:
            if self.kind is KeyKind.ED25519:
                Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, text)
                return
            time_s, raw = split_cosignature(signature)
            if self.kind is KeyKind.ED25519_COSIGNATURE:
                message = ed25519_message(text, time_s)
                Ed25519PublicKey.from_public_bytes(self.public_key).verify(raw, message)
            else:
                message = mldsa44_message(self.name, text, time_s)
                MLDSA44PublicKey.from_public_bytes(self.public_key).verify(raw, message)
        except (InvalidSignature, ValueError) as error:
            raise NoteSignatureInvalid(
                f"the signature by {self.name} ({self.key_id.hex()}) is wrong"
            ) from error


class NoteSigner:
    """An Ed25519 key (type 01) that signs notes under a name."""

    def __init__(self, verifier: NoteVerifier, private_key: Ed25519PrivateKey) -> None:
        self._private_key = private_key
        self.verifier = verifier

    @classmethod
    def from_private_key(cls, name: str, private_key: Ed25519PrivateKey) -> "NoteSigner":
        """The signer of that name; ValueError where it is not a key name."""
        public_key = private_key.public_key().public_bytes_raw()
        return cls(NoteVerifier.of(name, KeyKind.ED25519, public_key), private_key)

    @property
    def name(self) -> str:
        """Name of the key."""
        return self.verifier.name

    @property
    def vkey(self) -> str:
        """The public key as a vkey."""
        return self.verifier.vkey

    def sign(self, text: bytes) -> bytes:
        """The signature line over the text, with its newline; the text ends with a newline."""
        check_text(text)
        return NoteSignature(self.name, self.verifier.key_id, self._private_key.sign(text)).line()


class Cosigner:
    """A key that cosigns checkpoints with a time: Ed25519 (type 04) or ML-DSA-44 (type 06)."""

    def __init__(self, verifier: NoteVerifier, private_key: Ed25519PrivateKey | MLDSA44PrivateKey) -> None:
        self._private_key = private_key
        self.verifier = verifier

    @classmethod
    def from_private_key(cls, name: str, private_key: Ed25519PrivateKey | MLDSA44PrivateKey) -> "Cosigner":
        """The cosigner of that name; ValueError where it is not a key name."""
        kind = (
            KeyKind.ED25519_COSIGNATURE
            if isinstance(private_key, Ed25519PrivateKey)
            else KeyKind.MLDSA44_COSIGNATURE
        )
        public_key = private_key.public_key().public_bytes_raw()
        return cls(NoteVerifier.of(name, kind, public_key), private_key)

    @property
    def name(self) -> str:
        """Name of the key."""
        return self.verifier.name

    @property
    def vkey(self) -> str:
        """The public key as a vkey."""
        return self.verifier.vkey

    def sign(self, text: bytes, time_s: int) -> bytes:
        """The cosignature line over the text, with its newline.

        Args:
            text: Text of a checkpoint.
            time_s: When it is cosigned, seconds since the epoch, 0 to 2^63 - 1.
        """
        check_text(text)
        if self.verifier.kind is KeyKind.ED25519_COSIGNATURE:
            message = ed25519_message(text, time_s)
        else:
            message = mldsa44_message(self.name, text, time_s)
        signature = join_cosignature(time_s, self._private_key.sign(message))
        return NoteSignature(self.name, self.verifier.key_id, signature).line()


def is_key_name(text: str) -> bool:
    """Whether the text can name a key: 1 to 255 bytes of UTF-8, no Unicode space, plus or control."""
    if _NAME.fullmatch(text) is None:
        return False
    return text.isascii() or len(text.encode()) <= MAX_NAME_BYTES


def parse_vkey(text: str) -> NoteVerifier:
    """The verifier that a vkey describes; ``parse_vkey(text).vkey == text``.

    Raises:
        ValueError: Not the one form of a vkey, a type that is not read here, or a key id of another key.
    """
    # Base64 may hold a plus, the name may not: split at the first two only.
    name, *rest = text.split("+", 2)
    if len(rest) != 2 or _KEY_ID_HEX.fullmatch(rest[0]) is None:
        raise ValueError("a vkey is name+keyid+base64, the key id in eight lower-case hex digits")
    key = b64_decode(rest[1])
    if not key or key[0] not in _KEY_BYTES:
        raise ValueError("the vkey's type is none of 01, 04 and 06")
    verifier = NoteVerifier.of(name, KeyKind(key[0]), key[1:])
    if verifier.key_id.hex() != rest[0]:
        raise ValueError("the vkey's key id is not that of its name and key")
    return verifier


def check_text(text: bytes) -> None:
    """Raises ValueError unless the bytes can be a note's text: UTF-8, lines, the last one ended."""
    if not text.endswith(b"\n") or _CONTROL.search(text):
        raise ValueError("a note's text ends with a newline and has no other control character")
    text.decode()


def join_note(text: bytes, lines: Iterable[bytes]) -> bytes:
    """The bytes of a note of this text and these signature lines, each with its newline."""
    return text + b"\n" + b"".join(lines)


def parse_note(data: bytes) -> SignedNote:
    """The note that these bytes are, its signatures unverified; ``parse_note(data).encode() == data``.

    Raises:
        NoteMalformed: Anything but a text and 1 to 100 signature lines in at most 1,000,000 bytes.
    """
    if len(data) > MAX_NOTE_BYTES:
        raise NoteMalformed("a note has at most 1,000,000 bytes")
    if _CONTROL.search(data):
        raise NoteMalformed("a note has no control character but the newline")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise NoteMalformed("a note is UTF-8") from error
    # The text may hold blank lines itself: the last one ends it.
    split = data.rfind(b"\n\n")
    if split < 0 or not data.endswith(b"\n") or split + 2 == len(data):
        raise NoteMalformed("a note is a text, a blank line and signature lines")
    lines = data[split + 2 : -1].decode().split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise NoteMalformed(f"a note has at most {MAX_SIGNATURES} signatures")
    return SignedNote(data[: split + 1], tuple([_parse_line(line) for line in lines]))


def open_note(data: bytes, verifiers: Iterable[NoteVerifier]) -> SignedNote:
    """The note with those of its signatures that verify under one of these keys, one for each key.

    Lines by other keys are ignored. Every line by a known key is verified, repeated ones too.

    Args:
        data: The note.
        verifiers: The keys that the caller trusts; no two of them share name and key id.

    Raises:
        NoteMalformed: The bytes are not a note.
        NoteSignatureInvalid: A line by a known key does not verify.
        NoteUnsigned: No line is by a known key.
        ValueError: Two different verifiers share name and key id.
    """
    known: dict[tuple[str, bytes], NoteVerifier] = {}
    for verifier in verifiers:
        other = known.setdefault((verifier.name, verifier.key_id), verifier)
        if other is not verifier and other != verifier:
            raise ValueError(f"two keys named {verifier.name} share the key id {verifier.key_id.hex()}")
    note = parse_note(data)
    verified: dict[tuple[str, bytes], NoteSignature] = {}
    for signature in note.signatures:
        key = (signature.name, signature.key_id)
        if key in known:
            known[key].verify(note.text, signature.signature)
            verified.setdefault(key, signature)
    if not verified:
        raise NoteUnsigned("no signature is by a key that is trusted here")
    return SignedNote(note.text, tuple(verified.values()))


def _parse_line(line: str) -> NoteSignature:
    if not line.startswith(_PREFIX):
        raise NoteMalformed("a signature line begins with an em dash and a space")
    name, separator, encoded = line[len(_PREFIX) :].partition(" ")
    if not separator or not is_key_name(name):
        raise NoteMalformed("a signature line is em dash, space, key name, space, base64")
    try:
        raw = b64_decode(encoded)
    except ValueError as error:
        raise NoteMalformed("a signature line ends with canonical base64") from error
    if len(raw) <= _KEY_ID_BYTES:
        raise NoteMalformed("a signature is four bytes of key id and at least one more")
    return NoteSignature(name, raw[:_KEY_ID_BYTES], raw[_KEY_ID_BYTES:])
