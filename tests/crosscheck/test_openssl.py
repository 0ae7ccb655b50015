"""The openssl command makes keys, signs statements and verifies ours; nothing else is needed to take part."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from ledger.errors import SignatureInvalid
from ledger.statements.envelope import EPCIS, parse_statement, sign_statement, verify_statement
from ledger.statements.jwk import parse_jwk
from ledger.statements.keys import generate_key, read_key_file, write_key_file
from tests.support.forge import ORIGIN, statement_header, unpadded
from tests.support.outside import program, run

ALGORITHMS = pytest.mark.parametrize("alg", ["Ed25519", "ES256"])
KEY_OPTIONS = {
    "Ed25519": ["-algorithm", "ed25519"],
    "ES256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
}

OpenSsl = Callable[..., bytes]


@pytest.fixture(scope="module")
def openssl() -> OpenSsl:
    """Runs one openssl command."""
    path = program("openssl")

    def command(*arguments: str | Path, given: bytes = b"") -> bytes:
        return run([path, *arguments], given=given)

    return command


def signature_by_openssl(openssl: OpenSsl, alg: str, key: Path, message: bytes) -> bytes:
    """A JOSE signature; openssl writes an ECDSA signature as DER, which is taken apart here."""
    text = key.with_name("message")
    text.write_bytes(message)
    if alg == "Ed25519":
        return openssl("pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", text)
    der = openssl("pkeyutl", "-sign", "-inkey", key, "-rawin", "-digest", "sha256", "-in", text)
    r, s = decode_dss_signature(der)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


@ALGORITHMS
def test_a_statement_that_openssl_signs_is_accepted(openssl: OpenSsl, tmp_path: Path, alg: str) -> None:
    key = tmp_path / "party.pem"
    openssl("genpkey", *KEY_OPTIONS[alg], "-out", key)
    key.chmod(0o600)
    signer = read_key_file(key)
    public = parse_jwk(signer.jwk)
    der = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")
    loaded = load_pem_public_key(openssl("pkey", "-in", key, "-pubout"))
    assert loaded.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo) == der
    header = json.dumps(statement_header(signer)).encode()
    for payload in (b'{"type":"EPCISDocument"}', b" {}\n"):
        signing_input = f"{unpadded(header)}.{unpadded(payload)}"
        signature = signature_by_openssl(openssl, alg, key, signing_input.encode())
        statement = parse_statement(f"{signing_input}.{unpadded(signature)}".encode())
        verify_statement(statement, public)
        other = parse_statement(f"{unpadded(header)}.{unpadded(b'[]')}.{unpadded(signature)}".encode())
        with pytest.raises(SignatureInvalid):
            verify_statement(other, public)


@ALGORITHMS
def test_a_statement_that_we_sign_verifies_under_openssl(openssl: OpenSsl, tmp_path: Path, alg: str) -> None:
    key, public, message, signature = (tmp_path / name for name in ("key", "public", "message", "signature"))
    write_key_file(key, generate_key(alg))
    signer = read_key_file(key)
    openssl("pkey", "-in", key, "-pubout", "-out", public)
    jws = sign_statement(
        b"{}", signer=signer, origin=ORIGIN, cty=EPCIS, iat=1, jti="9b2f6f0e-8e7b-4b1c-9d5e-0a1b2c3d4e5f"
    )
    statement = parse_statement(jws)
    raw = statement.signature
    if alg == "ES256":
        raw = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    message.write_bytes(statement.signing_input)
    signature.write_bytes(raw)
    digest = [] if alg == "Ed25519" else ["-digest", "sha256"]
    check = ["pkeyutl", "-verify", "-pubin", "-inkey", public, "-rawin", *digest, "-in", message, "-sigfile"]
    assert b"Verified Successfully" in openssl(*check, signature)
    message.write_bytes(statement.signing_input + b"A")
    with pytest.raises(pytest.fail.Exception):
        openssl(*check, signature)


@ALGORITHMS
def test_an_encrypted_key_file_is_opened_by_openssl_and_back(
    openssl: OpenSsl, tmp_path: Path, alg: str
) -> None:
    ours, theirs = tmp_path / "ours.pem", tmp_path / "theirs.pem"
    write_key_file(ours, generate_key(alg), "correct horse")
    command = ["pkcs8", "-topk8", "-in", ours, "-passin", "pass:correct horse", "-passout", "pass:battery"]
    openssl(*command, "-v2", "aes-256-cbc", "-out", theirs)
    theirs.chmod(0o600)
    assert read_key_file(theirs, "battery").jwk == read_key_file(ours, "correct horse").jwk
