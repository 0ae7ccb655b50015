"""Signing keys: who signs, and private keys in files (PKCS #8 PEM, readable by their owner alone).

Decides: how a key file is written and when it is too open to be used. Never prints or returns key bytes.
Public keys are in ``jwk``; their names are offered here too.

Source: RFC 5958 and 7468 (PKCS #8, PEM).
"""

import contextlib
import os
import stat
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from ledger.encoding import b64url_encode
from ledger.errors import KeyFileInvalid
from ledger.statements.jwk import ED25519, ES256, PublicKey, check_jwk, parse_jwk, thumbprint

__all__ = [
    "ED25519",
    "ES256",
    "FileSigner",
    "PrivateKey",
    "PublicKey",
    "Signer",
    "check_jwk",
    "generate_key",
    "parse_jwk",
    "public_jwk",
    "read_key_file",
    "read_private_key",
    "thumbprint",
    "write_key_file",
]

PrivateKey: TypeAlias = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey

MAX_KEY_FILE_BYTES: Final = 16_384
# Windows would else translate line ends.
_O_BINARY: Final[int] = getattr(os, "O_BINARY", 0)
_ECDSA_SHA256 = ec.ECDSA(SHA256())


class Signer(Protocol):
    """Whoever holds a private key: a file, a hardware module."""

    @property
    def kid(self) -> str:
        """The thumbprint of the public key."""
        ...

    @property
    def alg(self) -> str:
        """``Ed25519`` or ``ES256``."""
        ...

    @property
    def jwk(self) -> dict[str, str]:
        """The public key."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The signature in the form that JOSE puts on the wire."""
        ...


class FileSigner:
    """Signs with a private key held in memory.

    Attributes:
        kid: Thumbprint of the public key.
        alg: ``Ed25519`` or ``ES256``.
        jwk: The public key.
    """

    __slots__ = ("_key", "alg", "jwk", "kid")

    def __init__(self, key: PrivateKey) -> None:
        self._key = key
        self.jwk: dict[str, str] = public_jwk(key)
        self.kid: str = thumbprint(self.jwk)
        self.alg: str = ED25519 if isinstance(key, ed25519.Ed25519PrivateKey) else ES256

    def sign(self, message: bytes) -> bytes:
        """The signature as JOSE has it: 64 bytes, for ES256 the raw ``r || s``."""
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return self._key.sign(message)
        r, s = decode_dss_signature(self._key.sign(message, _ECDSA_SHA256))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def __repr__(self) -> str:
        return f"FileSigner({self.alg}, {self.kid})"


def generate_key(alg: str) -> PrivateKey:
    """A new random private key.

    Args:
        alg: ``Ed25519`` or ``ES256``.

    Raises:
        ValueError: Another algorithm.
    """
    if alg == ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    if alg == ES256:
        return ec.generate_private_key(ec.SECP256R1())
    raise ValueError(f"keys are made for {ED25519} or {ES256}")


def public_jwk(key: PrivateKey) -> dict[str, str]:
    """The public key of a private key, with the members that may be enrolled.

    Raises:
        ValueError: An elliptic curve other than P-256.
    """
    if isinstance(key, ed25519.Ed25519PrivateKey):
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "x": b64url_encode(raw)}
    if not isinstance(key.curve, ec.SECP256R1):
        raise ValueError(f"the curve {key.curve.name} is not P-256")
    numbers = key.public_key().public_numbers()
    x, y = (b64url_encode(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def write_key_file(path: Path, key: PrivateKey, passphrase: str | None = None) -> None:
    """Writes a new key file (PKCS #8 PEM, mode 0600) and makes it durable; never touches an existing file.

    Args:
        path: The file to make; its folder must exist.
        key: The private key.
        passphrase: Encrypts the file where given; not empty.

    Raises:
        KeyFileInvalid: The file exists, or cannot be written, or the passphrase is empty.
    """
    if passphrase == "":
        raise KeyFileInvalid("the passphrase is empty", mend="Give a passphrase, or none at all.")
    encryption: KeySerializationEncryption = (
        NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase.encode())
    )
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _O_BINARY, 0o600)
    except FileExistsError:
        raise KeyFileInvalid(
            f"{path} exists", mend="Name another file; a key is never overwritten."
        ) from None
    except OSError as error:
        raise KeyFileInvalid(
            f"{path} cannot be made: {error.strerror}", mend="Name a file in a folder that you may write."
        ) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        _sync_folder(path.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            path.unlink()
        raise KeyFileInvalid(
            f"{path} cannot be written: {error.strerror}", mend="Make room on the disk and try again."
        ) from error


def read_private_key(path: Path, passphrase: str | None = None) -> PrivateKey:
    """The private key in a file that only its owner may read.

    Args:
        path: A PEM file of at most 16,384 bytes.
        passphrase: Needed exactly when the file is encrypted.

    Raises:
        KeyFileInvalid: No such file, one that others may read, not a PEM private key, a wrong, missing or
            superfluous passphrase, or a key that is neither Ed25519 nor P-256.
    """
    pem = _read_owners_file(path)
    password = None if passphrase is None else passphrase.encode()
    try:
        key = load_pem_private_key(pem, password)
    except TypeError:
        raise (
            KeyFileInvalid(f"{path} is encrypted", mend="Give its passphrase.")
            if password is None
            else KeyFileInvalid(f"{path} is not encrypted", mend="Leave the passphrase away.")
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        # The library's text is left out: it may quote from the file.
        raise KeyFileInvalid(
            f"{path} is not a private key in PEM, or the passphrase is wrong",
            mend="Give the right passphrase, or make a key with 'reledger key new'.",
        ) from None
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise KeyFileInvalid(
        f"{path} holds neither an Ed25519 nor a P-256 key", mend="Make a key with 'reledger key new'."
    )


def read_key_file(path: Path, passphrase: str | None = None) -> FileSigner:
    """A signer with the private key of a file; see ``read_private_key``."""
    return FileSigner(read_private_key(path, passphrase))


def _read_owners_file(path: Path) -> bytes:
    """The bytes of a regular file; the permissions are those of the file that was opened, not of its name."""
    try:
        # Without O_NONBLOCK the opening of a named pipe would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | _O_BINARY | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        raise KeyFileInvalid(
            f"{path} cannot be read: {error.strerror}", mend="Name a key file that you may read."
        ) from error
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise KeyFileInvalid(f"{path} is not a regular file", mend="Name a key file.")
        if os.name == "posix" and stat.S_IMODE(mode) & 0o077:
            raise KeyFileInvalid(
                f"{path} may be used by others than its owner (mode {stat.S_IMODE(mode):04o})",
                mend=f"Run: chmod 600 {path}",
            )
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            pem = file.read(MAX_KEY_FILE_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(pem) > MAX_KEY_FILE_BYTES:
        raise KeyFileInvalid(f"{path} is too large for a key file", mend="Name a key file.")
    return pem


def _sync_folder(folder: Path) -> None:
    """Makes the new name durable; only POSIX lets a folder be opened."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
