"""Which public keys may be enrolled, and how they verify."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import SignatureInvalid
from ledger.statements.jwk import ALGORITHMS, SIGNATURE_BYTES, check_jwk, parse_jwk, thumbprint
from tests.support.forge import ed25519_signer, es256_signer, padded, unpadded

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "statements"
KEYS_REFUSED = json.loads((VECTORS / "keys-refused.json").read_text())


def test_rfc_8037_key_thumbprint_and_signature() -> None:
    """RFC 8037 appendices A.2, A.3 and A.4."""
    key = parse_jwk({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
    assert key.kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    assert key.alg == "Ed25519"
    assert ed25519_signer().jwk == key.jwk
    signing_input = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    key.verify(padded(signature), signing_input)
    assert ed25519_signer().sign(signing_input) == padded(signature)


def test_rfc_7515_es256_signature() -> None:
    """RFC 7515 appendix A.3."""
    key = parse_jwk(
        {
            "kty": "EC",
            "crv": "P-256",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        }
    )
    assert key.alg == "ES256"
    assert es256_signer().jwk == key.jwk
    signing_input = (
        b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
        b"cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    )
    signature = padded(
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    )
    key.verify(signature, signing_input)
    for place in (0, 31, 32, 63):
        changed = bytearray(signature)
        changed[place] ^= 1
        with pytest.raises(SignatureInvalid):
            key.verify(bytes(changed), signing_input)


def test_thumbprints_cover_the_required_members_alone() -> None:
    jwk = es256_signer().jwk
    by_hand = f'{{"crv":"P-256","kty":"EC","x":"{jwk["x"]}","y":"{jwk["y"]}"}}'
    assert thumbprint(jwk) == unpadded(hashlib.sha256(by_hand.encode()).digest())
    assert thumbprint({**jwk, "use": "sig", "alg": "ES256"}) == thumbprint(dict(reversed(jwk.items())))


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "OKP"},
        {"kty": "OKP", "crv": "Ed25519"},
        {"kty": "EC", "crv": "P-256", "x": "A"},
        {"kty": "RSA", "n": "A", "e": "AQAB"},
        {"kty": "oct", "k": "A"},
        {"kty": "EC", "crv": "P-521", "x": "A", "y": "A"},
    ],
)
def test_no_thumbprint_of_what_may_not_be_enrolled(jwk: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        thumbprint(jwk)


@pytest.mark.parametrize("vector", [pytest.param(vector, id=vector["name"]) for vector in KEYS_REFUSED])
def test_keys_are_refused(vector: dict[str, Any]) -> None:
    findings = check_jwk(vector["jwk"], "/key")
    assert findings[0].code == vector["code"]
    assert all(finding.pointer.startswith("/key") and finding.mend for finding in findings)
    with pytest.raises(ValueError):
        parse_jwk(vector["jwk"])


@pytest.mark.parametrize("value", [None, 1, "x", [], True, [{"kty": "OKP"}]])
def test_what_is_no_object_is_no_key(value: Any) -> None:
    assert [finding.code for finding in check_jwk(value)] == ["key.kind"]
    with pytest.raises(ValueError):
        parse_jwk(value)


def test_all_faults_of_a_key_are_found_at_once() -> None:
    findings = check_jwk({"kty": "EC", "crv": "P-256", "x": "A", "use": "sig"}, "/k")
    assert [(finding.code, finding.pointer) for finding in findings] == [
        ("key.member", "/k/y"),
        ("key.member", "/k"),
        ("key.coordinate", "/k/x"),
    ]


def test_a_finding_never_repeats_a_private_key() -> None:
    (finding,) = check_jwk({**ed25519_signer().jwk, "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"})
    assert "nWGxne" not in json.dumps(finding.as_json())


def test_keys_are_equal_by_kid_and_hold_their_jwk_apart() -> None:
    jwk = ed25519_signer().jwk
    one, other = parse_jwk(jwk), parse_jwk(dict(jwk))
    assert one == other
    assert hash(one) == hash(other)
    assert one != parse_jwk(es256_signer().jwk)
    assert one != jwk
    jwk["x"] = "changed"
    assert one.jwk == other.jwk
    assert one.kid in repr(one)


@pytest.mark.parametrize("signer", [ed25519_signer(), es256_signer()], ids=["Ed25519", "ES256"])
def test_a_signature_is_refused_in_any_other_form(signer: Any) -> None:
    key, message = parse_jwk(signer.jwk), b"message"
    signature = signer.sign(message)
    key.verify(signature, message)
    for other in (
        b"",
        signature[:-1],
        signature + b"\0",
        b"\0" + signature,
        signature * 2,
        bytes(64),
        signature[::-1],
    ):
        with pytest.raises(SignatureInvalid):
            key.verify(other, message)
    with pytest.raises(SignatureInvalid):
        # The same two numbers, one of them in 33 bytes.
        key.verify(signature[:32] + b"\0" + signature[32:], message)
    for text in (b"", b"Message", message + b"\0"):
        with pytest.raises(SignatureInvalid):
            key.verify(signature, text)


def test_every_accepted_algorithm_has_a_signature_length() -> None:
    assert set(ALGORITHMS.values()) == set(SIGNATURE_BYTES)
    assert set(ALGORITHMS) == {"Ed25519", "EdDSA", "ES256"}
