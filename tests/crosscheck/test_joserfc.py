"""joserfc, a JOSE library that the ledger does not use, signs what we accept and accepts what we sign."""

import json
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey

from ledger.errors import JwsAlgorithmRefused, JwsHeaderInvalid, ReledgerError, SignatureInvalid
from ledger.statements.envelope import (
    EPCIS,
    SeenHead,
    make_proof_of_possession,
    parse_statement,
    sign_statement,
    verify_proof_of_possession,
    verify_statement,
)
from ledger.statements.keys import FileSigner, generate_key, parse_jwk
from ledger.statements.tokens import make_token, parse_token, verify_token
from tests.support.forge import JTI, ORIGIN, unpadded

PAYLOAD = '{"type":"EPCISDocument","note":"日","mass":1.50}'.encode()
PARTY = "urn:x:party"
NOW_S = 1_795_000_000
# The registry lets members pass that JOSE does not know (aud, iat, jti and seen of our header).
REGISTRY = jws.JWSRegistry(algorithms=["Ed25519", "ES256"], strict_check_header=False)

Outside = OKPKey | ECKey


def key_of(alg: str) -> Outside:
    return OKPKey.generate_key("Ed25519") if alg == "Ed25519" else ECKey.generate_key("P-256")


def public_jwk(key: Outside) -> dict[str, Any]:
    """The required members; joserfc adds a kid of its own."""
    members = key.as_dict(private=False)
    return {name: members[name] for name in ("kty", "crv", "x", "y") if name in members}


def header_of(key: Outside, alg: str, **changes: Any) -> dict[str, Any]:
    members = {"typ": "reledger+jws", "cty": "epcis+json", "aud": ORIGIN, "iat": NOW_S, "jti": JTI}
    return {**members, "alg": alg, "kid": key.thumbprint(), **changes}


ALGORITHMS = pytest.mark.parametrize("alg", ["Ed25519", "ES256"])


@ALGORITHMS
@pytest.mark.parametrize("seen", [None, "41:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="])
def test_a_statement_that_joserfc_signs_is_accepted(alg: str, seen: str | None) -> None:
    key = key_of(alg)
    header = header_of(key, alg) if seen is None else header_of(key, alg, seen=seen)
    text = jws.serialize_compact(header, PAYLOAD, key, registry=REGISTRY)
    statement = parse_statement(text.encode())
    public = parse_jwk(public_jwk(key))
    assert public.kid == key.thumbprint()
    verify_statement(statement, public)
    assert statement.payload == PAYLOAD
    assert statement.header.seen == (None if seen is None else SeenHead(41, bytes(range(32))))


def test_a_statement_signed_under_the_older_name_is_accepted() -> None:
    key = key_of("Ed25519")
    registry = jws.JWSRegistry(algorithms=["EdDSA"], strict_check_header=False)
    with pytest.warns(Warning, match="EdDSA"):
        text = jws.serialize_compact(header_of(key, "EdDSA"), PAYLOAD, key, registry=registry)
    verify_statement(parse_statement(text.encode()), parse_jwk(public_jwk(key)))


@ALGORITHMS
def test_a_statement_that_we_sign_verifies_under_joserfc(alg: str) -> None:
    private = generate_key(alg)
    signer = FileSigner(private)
    text = sign_statement(
        PAYLOAD, signer=signer, origin=ORIGIN, cty=EPCIS, iat=NOW_S, jti=JTI, seen=SeenHead(7, bytes(32))
    ).decode()
    key = (OKPKey if alg == "Ed25519" else ECKey).import_key(signer.jwk)
    assert key.thumbprint() == signer.kid
    verified = jws.deserialize_compact(text, key, registry=REGISTRY)
    assert verified.payload == PAYLOAD
    assert verified.headers() == header_of(key, alg, seen=f"7:{'A' * 43}=")


@ALGORITHMS
def test_both_refuse_the_same_changed_statements(alg: str) -> None:
    signer, other = FileSigner(generate_key(alg)), FileSigner(generate_key(alg))
    text = sign_statement(PAYLOAD, signer=signer, origin=ORIGIN, cty=EPCIS, iat=NOW_S, jti=JTI).decode()
    header, payload, signature = text.split(".")
    outside = (OKPKey if alg == "Ed25519" else ECKey).import_key(signer.jwk)
    changed = [
        f"{header}.{payload[:-4]}AAAA.{signature}",
        f"{header}.{payload}.{signature[4:]}AAAA",
        f"{header}.{payload}.{'A' * 86}",
        f"{header}.{payload}.",
        f"{header}..{signature}",
        f"{header}.{payload}.{unpadded(other.sign(f'{header}.{payload}'.encode()))}",
    ]
    for forged in changed:
        with pytest.raises((JoseError, ValueError)):
            jws.deserialize_compact(forged, outside, registry=REGISTRY)
        with pytest.raises(ReledgerError):
            verify_statement(parse_statement(forged.encode()), parse_jwk(signer.jwk))


def test_what_joserfc_signs_and_we_refuse() -> None:
    """A duplicate member, a jwk, another kid: joserfc lets them pass, the ledger does not."""
    key = key_of("Ed25519")
    public = parse_jwk(public_jwk(key))
    for changes in (
        {"jwk": public_jwk(key)},
        {"jku": "https://evil.example"},
        {"nonce": "1"},
        {"typ": "JWT"},
        {"iat": "1"},
    ):
        text = jws.serialize_compact(header_of(key, "Ed25519", **changes), PAYLOAD, key, registry=REGISTRY)
        jws.deserialize_compact(text, key, registry=REGISTRY)
        with pytest.raises(JwsHeaderInvalid):
            parse_statement(text.encode())
    stranger = jws.serialize_compact(header_of(key_of("Ed25519"), "Ed25519"), PAYLOAD, key, registry=REGISTRY)
    with pytest.raises(JwsHeaderInvalid):
        verify_statement(parse_statement(stranger.encode()), public)
    under_its_kid = header_of(key_of("Ed25519"), "Ed25519", kid=key.thumbprint())
    forged = jws.serialize_compact(under_its_kid, PAYLOAD, key_of("Ed25519"), registry=REGISTRY)
    with pytest.raises(SignatureInvalid):
        verify_statement(parse_statement(forged.encode()), public)


@pytest.mark.parametrize("alg", ["HS256", "ES384", "ES256K"])
def test_other_algorithms_of_joserfc_are_refused(alg: str) -> None:
    curves = {"ES384": "P-384", "ES256K": "secp256k1"}
    key = OctKey.generate_key(256) if alg == "HS256" else ECKey.generate_key(curves[alg])
    registry = jws.JWSRegistry(algorithms=[alg], strict_check_header=False)
    header = {**header_of(key_of("ES256"), alg), "kid": "A" * 43}
    text = jws.serialize_compact(header, PAYLOAD, key, registry=registry)
    with pytest.raises(JwsAlgorithmRefused):
        parse_statement(text.encode())


@ALGORITHMS
def test_tokens_pass_both_ways(alg: str) -> None:
    signer = FileSigner(generate_key(alg))
    outside = (OKPKey if alg == "Ed25519" else ECKey).import_key(signer.jwk)
    claims = jwt.decode(make_token(signer, ORIGIN, NOW_S), outside, algorithms=[alg]).claims
    assert (claims["aud"], claims["iat"], claims["exp"]) == (ORIGIN, NOW_S, NOW_S + 300)
    key = key_of(alg)
    header = {"alg": alg, "kid": key.thumbprint(), "typ": "reledger-read+jwt"}
    made = jwt.encode(
        header, {"aud": ORIGIN, "iat": NOW_S, "exp": NOW_S + 60, "jti": JTI}, key, algorithms=[alg]
    )
    verify_token(parse_token(made), parse_jwk(public_jwk(key)), ORIGIN, NOW_S)


@ALGORITHMS
def test_proofs_of_possession_pass_both_ways(alg: str) -> None:
    signer = FileSigner(generate_key(alg))
    outside = (OKPKey if alg == "Ed25519" else ECKey).import_key(signer.jwk)
    verified = jws.deserialize_compact(
        make_proof_of_possession(signer, ORIGIN, PARTY), outside, registry=REGISTRY
    )
    assert json.loads(verified.payload or b"") == {"origin": ORIGIN, "party": PARTY, "kid": signer.kid}
    key = key_of(alg)
    header = {"alg": alg, "kid": key.thumbprint(), "typ": "reledger-pop+jws"}
    payload = json.dumps({"kid": key.thumbprint(), "party": PARTY, "origin": ORIGIN}, indent=2)
    text = jws.serialize_compact(header, payload, key, registry=REGISTRY)
    verify_proof_of_possession(text, parse_jwk(public_jwk(key)), ORIGIN, PARTY)
