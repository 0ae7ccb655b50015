"""Private keys in files: written once, readable by their owner alone."""

import os
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from ledger.errors import KeyFileInvalid
from ledger.statements import keys
from ledger.statements.keys import (
    MAX_KEY_FILE_BYTES,
    FileSigner,
    generate_key,
    parse_jwk,
    public_jwk,
    read_key_file,
    read_private_key,
    write_key_file,
)

ALGORITHMS = pytest.mark.parametrize("alg", ["Ed25519", "ES256"])
POSIX = pytest.mark.skipif(os.name != "posix", reason="file modes exist on POSIX systems only")


@pytest.fixture
def open_umask() -> Iterator[None]:
    """The most permissive file creation mask, for the time of one test."""
    before = os.umask(0)
    yield
    os.umask(before)


def written(path: Path, octets: bytes, mode: int = 0o600) -> Path:
    path.write_bytes(octets)
    path.chmod(mode)
    return path


@ALGORITHMS
@pytest.mark.parametrize("passphrase", [None, "correct horse", "日本語"])
def test_a_key_is_read_back(tmp_path: Path, alg: str, passphrase: str | None) -> None:
    key = generate_key(alg)
    path = tmp_path / "party.pem"
    write_key_file(path, key, passphrase)
    signer = read_key_file(path, passphrase)
    assert (signer.alg, signer.jwk) == (alg, public_jwk(key))
    public = parse_jwk(signer.jwk)
    assert public.kid == signer.kid
    public.verify(signer.sign(b"message"), b"message")
    header = (
        b"-----BEGIN PRIVATE KEY-----" if passphrase is None else b"-----BEGIN ENCRYPTED PRIVATE KEY-----"
    )
    assert path.read_bytes().startswith(header)


@POSIX
@pytest.mark.usefixtures("open_umask")
def test_only_the_owner_may_read_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "party.pem"
    write_key_file(path, generate_key("Ed25519"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_existing_file_is_never_touched(tmp_path: Path) -> None:
    path = written(tmp_path / "party.pem", b"precious")
    with pytest.raises(KeyFileInvalid, match="exists"):
        write_key_file(path, generate_key("Ed25519"))
    assert path.read_bytes() == b"precious"


@POSIX
def test_a_link_is_not_followed_when_a_key_is_written(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere.pem"
    link = tmp_path / "party.pem"
    link.symlink_to(target)
    with pytest.raises(KeyFileInvalid):
        write_key_file(link, generate_key("Ed25519"))
    assert not target.exists()


def test_no_file_is_written_where_there_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(KeyFileInvalid) as caught:
        write_key_file(tmp_path / "missing" / "party.pem", generate_key("Ed25519"))
    assert caught.value.mend


def test_an_empty_passphrase_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "party.pem"
    with pytest.raises(KeyFileInvalid, match="empty"):
        write_key_file(path, generate_key("Ed25519"), "")
    assert not path.exists()


def test_a_file_that_cannot_be_made_durable_is_taken_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keys.os, "fsync", fail)
    path = tmp_path / "party.pem"
    with pytest.raises(KeyFileInvalid, match="No space left"):
        write_key_file(path, generate_key("Ed25519"))
    assert not path.exists()


@POSIX
@pytest.mark.parametrize("mode", [0o640, 0o644, 0o604, 0o660, 0o610, 0o601, 0o602, 0o620, 0o777])
def test_a_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "party.pem"
    write_key_file(path, generate_key("Ed25519"))
    path.chmod(mode)
    with pytest.raises(KeyFileInvalid) as caught:
        read_key_file(path)
    assert caught.value.mend == f"Run: chmod 600 {path}"
    path.chmod(0o400)
    read_key_file(path)


@POSIX
def test_the_mode_of_a_links_target_counts(tmp_path: Path) -> None:
    path, link = tmp_path / "party.pem", tmp_path / "link.pem"
    write_key_file(path, generate_key("Ed25519"))
    link.symlink_to(path)
    read_key_file(link)
    path.chmod(0o644)
    with pytest.raises(KeyFileInvalid, match="others"):
        read_key_file(link)


@POSIX
def test_what_is_no_regular_file_is_refused_without_waiting(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    with pytest.raises(KeyFileInvalid, match="not a regular file"):
        read_key_file(pipe)
    with pytest.raises(KeyFileInvalid):
        read_key_file(tmp_path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyFileInvalid, match="cannot be read"):
        read_key_file(tmp_path / "missing.pem")


def test_a_passphrase_is_needed_exactly_when_the_file_is_encrypted(tmp_path: Path) -> None:
    plain, locked = tmp_path / "plain.pem", tmp_path / "locked.pem"
    write_key_file(plain, generate_key("ES256"))
    write_key_file(locked, generate_key("ES256"), "right")
    with pytest.raises(KeyFileInvalid, match="is encrypted"):
        read_key_file(locked)
    with pytest.raises(KeyFileInvalid, match="not encrypted"):
        read_key_file(plain, "right")
    for wrong in ("wrong", "", "RIGHT", "right "):
        with pytest.raises(KeyFileInvalid) as caught:
            read_key_file(locked, wrong)
        assert "right" not in caught.value.detail.replace(str(tmp_path), "")


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\0" * 100,
        b"not a key",
        b"-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
        b'{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}',
    ],
    ids=lambda octets: repr(octets[:30]),
)
def test_what_is_no_key_is_refused_and_not_repeated(tmp_path: Path, octets: bytes) -> None:
    with pytest.raises(KeyFileInvalid) as caught:
        read_key_file(written(tmp_path / "party.pem", octets))
    assert "AAAA" not in str(caught.value)
    assert "nWGx" not in str(caught.value)


def test_a_file_that_is_too_large_is_not_read_whole(tmp_path: Path) -> None:
    with pytest.raises(KeyFileInvalid, match="too large"):
        read_key_file(written(tmp_path / "party.pem", b"-" * (MAX_KEY_FILE_BYTES + 1)))


@pytest.mark.parametrize(
    "make",
    [
        partial(ec.generate_private_key, ec.SECP384R1()),
        partial(ec.generate_private_key, ec.SECP256K1()),
        ed448.Ed448PrivateKey.generate,
        x25519.X25519PrivateKey.generate,
        partial(rsa.generate_private_key, 65537, 2048),
        partial(dsa.generate_private_key, 1024),
    ],
    ids=["SECP384R1", "SECP256K1", "Ed448", "X25519", "RSA", "DSA"],
)
def test_keys_of_other_kinds_are_refused(tmp_path: Path, make: Callable[[], Any]) -> None:
    pem = make().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(KeyFileInvalid, match="neither"):
        read_private_key(written(tmp_path / "party.pem", pem))


def test_a_public_key_is_no_private_key(tmp_path: Path) -> None:
    pem = generate_key("Ed25519").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(KeyFileInvalid):
        read_key_file(written(tmp_path / "party.pem", pem))


def test_other_writers_files_are_read(tmp_path: Path) -> None:
    """SEC 1 PEM, as older OpenSSL commands write it, and another PKCS #8 encryption."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    assert read_key_file(written(tmp_path / "sec1.pem", pem)).jwk == public_jwk(key)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    assert read_key_file(written(tmp_path / "pkcs8.pem", pem), "x").jwk == public_jwk(key)


@pytest.mark.parametrize("alg", ["", "EdDSA", "ed25519", "RS256", "HS256", "P-256", "ML-DSA-44"])
def test_no_key_is_made_for_another_algorithm(alg: str) -> None:
    with pytest.raises(ValueError):
        generate_key(alg)


def test_no_signer_on_another_curve() -> None:
    with pytest.raises(ValueError, match="not P-256"):
        FileSigner(ec.generate_private_key(ec.SECP384R1()))


@ALGORITHMS
def test_a_signer_shows_only_its_public_half(alg: str) -> None:
    key = generate_key(alg)
    signer = FileSigner(key)
    secret = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())[-32:].hex()
    assert repr(signer) == f"FileSigner({alg}, {signer.kid})"
    assert secret not in repr(vars(type(signer))) + repr(signer)
    assert "d" not in signer.jwk


def test_es256_signatures_always_have_64_bytes() -> None:
    """About one in 128 has an r or s with a leading zero byte."""
    signer = FileSigner(generate_key("ES256"))
    key = parse_jwk(signer.jwk)
    for number in range(600):
        signature = signer.sign(number.to_bytes(2, "big"))
        assert len(signature) == 64
        if signature[0] == 0 or signature[32] == 0:
            key.verify(signature, number.to_bytes(2, "big"))
