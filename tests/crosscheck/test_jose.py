"""npm's jose, in Node, signs statements that the envelope accepts, and verifies ours."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import ReledgerError, SignatureInvalid
from ledger.statements.envelope import (
    EPCIS,
    SeenHead,
    make_proof_of_possession,
    parse_statement,
    sign_statement,
    verify_proof_of_possession,
    verify_statement,
)
from ledger.statements.jwk import check_jwk, parse_jwk
from ledger.statements.keys import FileSigner, generate_key
from ledger.statements.tokens import make_token, parse_token, verify_token
from tests.support.forge import JTI, ORIGIN, padded, unpadded
from tests.support.outside import conversation, npm_folder, program

SOURCE = Path(__file__).parent / "npm" / "jose"
PAYLOAD = '{"type":"EPCISDocument","note":"日","mass":1.50}'
NOW_S = 1_795_000_000
PARTY = "urn:x:party"
ALGORITHMS = pytest.mark.parametrize("alg", ["Ed25519", "EdDSA", "ES256"])

Jose = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def jose() -> Iterator[Jose]:
    """Asks the script for one thing and gives its answer."""
    folder, node = npm_folder(SOURCE), program("node")
    with conversation([node, folder / "jose.mjs"]) as ask_line:

        def ask(do: str, **request: Any) -> dict[str, Any]:
            return dict(json.loads(ask_line(json.dumps({"do": do, **request}))))

        yield ask


def header_of(alg: str, kid: str, **changes: Any) -> dict[str, Any]:
    members = {
        "alg": alg,
        "kid": kid,
        "typ": "reledger+jws",
        "cty": "epcis+json",
        "aud": ORIGIN,
        "iat": NOW_S,
    }
    return {**members, "jti": JTI, **changes}


@ALGORITHMS
def test_a_statement_that_jose_signs_is_accepted(jose: Jose, alg: str) -> None:
    key = jose("new-key", alg=alg)
    assert check_jwk(key["public"]) == []
    public = parse_jwk(key["public"])
    assert public.kid == key["thumbprint"]
    header = header_of(alg, public.kid, seen="41:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    jws = jose("sign", jwk=key["private"], header=header, payload=PAYLOAD)["jws"]
    statement = parse_statement(jws.encode())
    verify_statement(statement, public)
    assert statement.payload.decode() == PAYLOAD
    assert statement.header.seen == SeenHead(41, bytes(range(32)))


@ALGORITHMS
def test_what_jose_signs_and_we_refuse(jose: Jose, alg: str) -> None:
    key, stranger = jose("new-key", alg=alg), jose("new-key", alg=alg)
    public = parse_jwk(key["public"])
    for changes in (
        {"jwk": key["public"]},
        {"typ": "JWT"},
        {"iat": str(NOW_S)},
        {"aud": [ORIGIN]},
        {"nonce": "1"},
    ):
        jws = jose("sign", jwk=key["private"], header=header_of(alg, public.kid, **changes), payload=PAYLOAD)[
            "jws"
        ]
        with pytest.raises(ReledgerError) as caught:
            parse_statement(jws.encode())
        assert caught.value.code == "jws.header"
    forged = jose("sign", jwk=stranger["private"], header=header_of(alg, public.kid), payload=PAYLOAD)["jws"]
    with pytest.raises(SignatureInvalid):
        verify_statement(parse_statement(forged.encode()), public)
    header, _, signature = forged.split(".")
    with pytest.raises(SignatureInvalid):
        verify_statement(parse_statement(f"{header}.{unpadded(b'{}')}.{signature}".encode()), public)


def test_a_private_key_that_jose_exports_is_not_enrolled(jose: Jose) -> None:
    for alg in ("Ed25519", "ES256"):
        assert [finding.code for finding in check_jwk(jose("new-key", alg=alg)["private"])] == ["key.private"]


@pytest.mark.parametrize("alg", ["Ed25519", "ES256"])
def test_a_statement_that_we_sign_verifies_under_jose(jose: Jose, alg: str) -> None:
    signer = FileSigner(generate_key(alg))
    text = sign_statement(
        PAYLOAD.encode(),
        signer=signer,
        origin=ORIGIN,
        cty=EPCIS,
        iat=NOW_S,
        jti=JTI,
        seen=SeenHead(7, bytes(32)),
    ).decode()
    verified = jose("verify", jwk=signer.jwk, alg=alg, jws=text)
    assert verified == {"header": header_of(alg, signer.kid, seen=f"7:{'A' * 43}="), "payload": PAYLOAD}
    head, payload, signature = text.split(".")
    changed = bytearray(padded(signature))
    changed[40] ^= 1
    for forged in (f"{head}.{payload}.{unpadded(bytes(changed))}", f"{head}.{unpadded(b'{}')}.{signature}"):
        answer = jose("verify", jwk=signer.jwk, alg=alg, jws=forged)
        assert answer == {"error": "ERR_JWS_SIGNATURE_VERIFICATION_FAILED"}


@pytest.mark.parametrize("alg", ["Ed25519", "ES256"])
def test_proofs_and_tokens_pass_both_ways(jose: Jose, alg: str) -> None:
    signer = FileSigner(generate_key(alg))
    for text in (make_token(signer, ORIGIN, NOW_S), make_proof_of_possession(signer, ORIGIN, PARTY)):
        assert "payload" in jose("verify", jwk=signer.jwk, alg=alg, jws=text)
    key = jose("new-key", alg=alg)
    public = parse_jwk(key["public"])
    header = {"alg": alg, "kid": public.kid, "typ": "reledger-pop+jws"}
    payload = json.dumps({"origin": ORIGIN, "party": PARTY, "kid": public.kid})
    proof = jose("sign", jwk=key["private"], header=header, payload=payload)["jws"]
    verify_proof_of_possession(proof, public, ORIGIN, PARTY)
    claims = json.dumps({"aud": ORIGIN, "iat": NOW_S, "exp": NOW_S + 60, "jti": JTI})
    token = jose("sign", jwk=key["private"], header={**header, "typ": "reledger-read+jwt"}, payload=claims)[
        "jws"
    ]
    verify_token(parse_token(token), public, ORIGIN, NOW_S)
