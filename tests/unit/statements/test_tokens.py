"""Reader tokens and session proofs: form, times, and that no kind of signed text ever stands for another."""

import json
from typing import Any

import pytest

from ledger.encoding import b64url_decode
from ledger.errors import ReledgerError, SessionRefused, TokenInvalid
from ledger.statements.envelope import (
    EPCIS,
    make_proof_of_possession,
    parse_statement,
    sign_statement,
    verify_proof_of_possession,
)
from ledger.statements.keys import FileSigner, generate_key, parse_jwk
from ledger.statements.tokens import (
    MAX_TOKEN_BYTES,
    make_session_proof,
    make_token,
    parse_session_proof,
    parse_token,
    verify_token,
)
from tests.support.forge import JTI, ORIGIN, ed25519_signer, es256_signer, forge, unpadded

NOW_S = 1_795_000_000
CHALLENGE = unpadded(bytes(range(32)))
SIGNERS = pytest.mark.parametrize("signer", [ed25519_signer(), es256_signer()], ids=["Ed25519", "ES256"])


def forged(
    header: dict[str, Any] | None = None,
    claims: dict[str, Any] | bytes | None = None,
    *,
    typ: str = "reledger-read+jwt",
) -> str:
    """A token with members changed or (None) left out, rightly signed."""
    signer = ed25519_signer()
    members = {"alg": signer.alg, "kid": signer.kid, "typ": typ, **(header or {})}
    if not isinstance(claims, bytes):
        own = {"jti": JTI} if typ == "reledger-read+jwt" else {"challenge": CHALLENGE}
        every = {"aud": ORIGIN, "iat": NOW_S, "exp": NOW_S + 300, **own, **(claims or {})}
        claims = json.dumps({name: value for name, value in every.items() if value is not None}).encode()
    return forge(
        {name: value for name, value in members.items() if value is not None}, claims, signer
    ).decode()


@SIGNERS
@pytest.mark.parametrize("lifetime_s", [1, 60, 300])
def test_a_token_is_good_for_its_lifetime(signer: FileSigner, lifetime_s: int) -> None:
    token = parse_token(make_token(signer, ORIGIN, NOW_S, lifetime_s))
    key = parse_jwk(signer.jwk)
    assert (token.kid, token.aud, token.iat, token.exp) == (signer.kid, ORIGIN, NOW_S, NOW_S + lifetime_s)
    for now_s in (NOW_S - 60, NOW_S, NOW_S + lifetime_s - 1):
        verify_token(token, key, ORIGIN, now_s)
    for now_s in (NOW_S - 61, NOW_S + lifetime_s, NOW_S + 10**9, 0):
        with pytest.raises(TokenInvalid):
            verify_token(token, key, ORIGIN, now_s)


def test_each_token_has_a_jti_of_its_own_unless_one_is_given() -> None:
    signer = ed25519_signer()
    first, second = (parse_token(make_token(signer, ORIGIN, NOW_S)) for _ in range(2))
    assert first.nonce != second.nonce
    assert parse_token(make_token(signer, ORIGIN, NOW_S, jti=JTI)).nonce == JTI


def test_a_token_made_by_hand_is_good() -> None:
    for text in (forged(), forged({"alg": "EdDSA"})):
        verify_token(parse_token(text), parse_jwk(ed25519_signer().jwk), ORIGIN, NOW_S)


@SIGNERS
def test_a_token_is_for_one_log_and_of_one_key(signer: FileSigner) -> None:
    token = parse_token(make_token(signer, ORIGIN, NOW_S))
    with pytest.raises(TokenInvalid):
        verify_token(token, parse_jwk(signer.jwk), "other.example/log", NOW_S)
    with pytest.raises(TokenInvalid):
        verify_token(token, parse_jwk(FileSigner(generate_key(signer.alg)).jwk), ORIGIN, NOW_S)


def test_a_token_signed_by_another_key_is_refused() -> None:
    signer, other = ed25519_signer(), FileSigner(generate_key("Ed25519"))
    head, claims, _ = make_token(signer, ORIGIN, NOW_S).split(".")
    stolen = f"{head}.{claims}.{unpadded(other.sign(f'{head}.{claims}'.encode()))}"
    with pytest.raises(TokenInvalid):
        verify_token(parse_token(stolen), parse_jwk(signer.jwk), ORIGIN, NOW_S)
    confused = parse_token(forged({"alg": "ES256"}))
    with pytest.raises(TokenInvalid):
        verify_token(confused, parse_jwk(signer.jwk), ORIGIN, NOW_S)


@pytest.mark.parametrize("lifetime_s", [0, -1, 301, 10**9, 1.5])
def test_no_token_is_made_for_another_lifetime(lifetime_s: Any) -> None:
    with pytest.raises(TokenInvalid):
        make_token(ed25519_signer(), ORIGIN, NOW_S, lifetime_s)


@pytest.mark.parametrize(
    ("origin", "now_s", "jti"), [("a b", NOW_S, JTI), (ORIGIN, -1, JTI), (ORIGIN, NOW_S, "x")]
)
def test_no_token_is_made_that_would_be_refused(origin: str, now_s: int, jti: str) -> None:
    with pytest.raises(TokenInvalid):
        make_token(ed25519_signer(), origin, now_s, jti=jti)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "RS256"},
        {"alg": None},
        {"alg": 1},
        {"kid": None},
        {"kid": ""},
        {"kid": "x" * 44},
        {"typ": None},
        {"typ": "JWT"},
        {"typ": "reledger+jws"},
        {"typ": "reledger-pop+jws"},
        {"typ": "Reledger-Read+JWT"},
        {"cty": "JWT"},
        {"jwk": {}},
        {"jku": "https://evil.example"},
        {"crit": []},
        {"b64": False},
        {"aud": ORIGIN},
    ],
    ids=str,
)
def test_another_header_is_refused(header: dict[str, Any]) -> None:
    with pytest.raises(TokenInvalid):
        parse_token(forged(header))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": None},
        {"aud": [ORIGIN]},
        {"aud": ""},
        {"aud": "a b"},
        {"iat": None},
        {"iat": str(NOW_S)},
        {"iat": NOW_S + 0.5},
        {"iat": -1},
        {"iat": True},
        {"iat": 10**12},
        {"exp": None},
        {"exp": NOW_S},
        {"exp": NOW_S - 1},
        {"exp": NOW_S + 301},
        {"exp": float(NOW_S + 300)},
        {"exp": "300"},
        {"jti": None},
        {"jti": JTI.upper()},
        {"jti": 1},
        {"sub": "party"},
        {"iss": "party"},
        {"nbf": NOW_S},
        {"roles": ["regulator"]},
        b"[]",
        b"null",
        b"{",
        b"\xff",
        b'{"aud":"a","aud":"b"}',
        b'{"aud":"log.example","iat":1,"exp":2,"exp":3,"jti":"9b2f6f0e-8e7b-4b1c-9d5e-0a1b2c3d4e5f"}',
        b'{"aud":"log.example","iat":1e0,"exp":2,"jti":"9b2f6f0e-8e7b-4b1c-9d5e-0a1b2c3d4e5f"}',
    ],
    ids=str,
)
def test_other_claims_are_refused(claims: dict[str, Any] | bytes) -> None:
    with pytest.raises(TokenInvalid):
        parse_token(forged(claims=claims))


@pytest.mark.parametrize(
    "text", ["", "x", "..", "a.b.c", "日本", "\ud800.\ud800.\ud800", "a" * (MAX_TOKEN_BYTES + 1)], ids=repr
)
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(TokenInvalid):
        parse_token(text)


@pytest.mark.parametrize("length", [0, 1, 63, 65, 128])
def test_a_signature_of_another_length_is_no_tokens(length: int) -> None:
    unsigned = make_token(ed25519_signer(), ORIGIN, NOW_S).rsplit(".", 1)[0]
    with pytest.raises(TokenInvalid):
        parse_token(f"{unsigned}.{unpadded(bytes(length))}")


def test_white_space_and_padding_are_refused() -> None:
    text = make_token(ed25519_signer(), ORIGIN, NOW_S)
    for other in (f" {text}", f"{text} ", f"{text}\n", f"{text}=", f"Bearer {text}", text.replace(".", ". ")):
        with pytest.raises(TokenInvalid):
            parse_token(other)


@SIGNERS
def test_statement_proofs_and_token_never_stand_for_one_another(signer: FileSigner) -> None:
    key = parse_jwk(signer.jwk)
    made = {
        "statement": sign_statement(
            b"{}", signer=signer, origin=ORIGIN, cty=EPCIS, iat=NOW_S, jti=JTI
        ).decode(),
        "proof": make_proof_of_possession(signer, ORIGIN, "urn:x:party"),
        "token": make_token(signer, ORIGIN, NOW_S),
        "session proof": make_session_proof(signer, ORIGIN, CHALLENGE, NOW_S),
    }
    readers = {
        "statement": lambda text: parse_statement(text.encode()),
        "proof": lambda text: verify_proof_of_possession(text, key, ORIGIN, "urn:x:party"),
        "token": parse_token,
        "session proof": lambda text: parse_session_proof(text.encode()),
    }
    for kind, text in made.items():
        for reader, read in readers.items():
            if kind == reader:
                read(text)
            else:
                with pytest.raises(ReledgerError):
                    read(text)


def test_claims_and_header_cannot_be_mixed_between_kinds() -> None:
    """The typ of one kind over the payload of another, rightly signed, is still neither."""
    signer = ed25519_signer()
    key = parse_jwk(signer.jwk)
    possession = json.dumps({"origin": ORIGIN, "party": "urn:x:party", "kid": signer.kid}).encode()
    with pytest.raises(TokenInvalid):
        parse_token(forged(claims=possession))
    claims = json.dumps({"aud": ORIGIN, "iat": NOW_S, "exp": NOW_S + 300, "jti": JTI}).encode()
    header = {"alg": signer.alg, "kid": signer.kid, "typ": "reledger-pop+jws"}
    with pytest.raises(ReledgerError):
        verify_proof_of_possession(forge(header, claims, signer).decode(), key, ORIGIN, "urn:x:party")
    with pytest.raises(ReledgerError):
        parse_statement(forge({**header, "typ": "reledger+jws"}, claims, signer))


def test_a_refusal_does_not_repeat_the_token() -> None:
    text = forged({"typ": "JWT"})
    with pytest.raises(TokenInvalid) as caught:
        parse_token(text)
    assert not any(part in str(caught.value) for part in text.split("."))


# --- Session proofs ---------------------------------------------------------------------------------------


def forged_proof(header: dict[str, Any] | None = None, claims: dict[str, Any] | bytes | None = None) -> bytes:
    return forged(header, claims, typ="reledger-session+jwt").encode()


@SIGNERS
@pytest.mark.parametrize("lifetime_s", [1, 120, 300])
def test_a_session_proof_is_good_for_its_lifetime(signer: FileSigner, lifetime_s: int) -> None:
    proof = parse_session_proof(make_session_proof(signer, ORIGIN, CHALLENGE, NOW_S, lifetime_s).encode())
    key = parse_jwk(signer.jwk)
    assert (proof.kid, proof.aud, proof.nonce) == (signer.kid, ORIGIN, CHALLENGE)
    for now_s in (NOW_S - 60, NOW_S, NOW_S + lifetime_s - 1):
        verify_token(proof, key, ORIGIN, now_s)
    for now_s in (NOW_S - 61, NOW_S + lifetime_s, NOW_S + 10**9, 0):
        with pytest.raises(SessionRefused):
            verify_token(proof, key, ORIGIN, now_s)


def test_a_session_proof_made_by_hand_is_good() -> None:
    for octets in (forged_proof(), forged_proof({"alg": "EdDSA"})):
        verify_token(parse_session_proof(octets), parse_jwk(ed25519_signer().jwk), ORIGIN, NOW_S)


@SIGNERS
def test_a_session_proof_is_for_one_log_and_of_one_key(signer: FileSigner) -> None:
    proof = parse_session_proof(make_session_proof(signer, ORIGIN, CHALLENGE, NOW_S).encode())
    with pytest.raises(SessionRefused):
        verify_token(proof, parse_jwk(signer.jwk), "other.example/log", NOW_S)
    with pytest.raises(SessionRefused):
        verify_token(proof, parse_jwk(FileSigner(generate_key(signer.alg)).jwk), ORIGIN, NOW_S)


@SIGNERS
def test_a_session_proof_with_a_changed_claim_or_signature_is_refused(signer: FileSigner) -> None:
    octets = make_session_proof(signer, ORIGIN, CHALLENGE, NOW_S).encode()
    head, claims, signature = octets.split(b".")
    key, payload = parse_jwk(signer.jwk), json.loads(b64url_decode(claims))
    for name, value in {
        "aud": "other.example/log",
        "challenge": unpadded(bytes(32)),
        "iat": NOW_S + 1,
        "exp": NOW_S + 298,
    }.items():
        changed = unpadded(json.dumps(payload | {name: value}, separators=(",", ":")).encode()).encode()
        proof = parse_session_proof(b".".join((head, changed, signature)))
        with pytest.raises(SessionRefused):
            verify_token(proof, key, proof.aud, NOW_S)
    wrong = bytearray(b64url_decode(signature))
    wrong[7] ^= 1
    with pytest.raises(SessionRefused):
        verify_token(
            parse_session_proof(b".".join((head, claims, unpadded(bytes(wrong)).encode()))),
            key,
            ORIGIN,
            NOW_S,
        )


@pytest.mark.parametrize("lifetime_s", [0, -1, 301, 1.5])
def test_no_session_proof_is_made_for_another_lifetime(lifetime_s: Any) -> None:
    with pytest.raises(SessionRefused):
        make_session_proof(ed25519_signer(), ORIGIN, CHALLENGE, NOW_S, lifetime_s)


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": None},
        {"kid": None},
        {"kid": "x" * 44},
        {"kid": 1},
        {"typ": None},
        {"typ": "JWT"},
        {"typ": "reledger-read+jwt"},
        {"typ": "reledger+jws"},
        {"typ": "reledger-pop+jws"},
        {"typ": "Reledger-Session+JWT"},
        {"jwk": {}},
        {"jku": "https://evil.example"},
        {"crit": []},
        {"cty": "JWT"},
        {"iat": NOW_S},
        {"challenge": CHALLENGE},
    ],
    ids=str,
)
def test_another_header_makes_no_session_proof(header: dict[str, Any]) -> None:
    with pytest.raises(SessionRefused):
        parse_session_proof(forged_proof(header))


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": None},
        {"aud": [ORIGIN]},
        {"aud": "a b"},
        {"challenge": None},
        {"challenge": ""},
        {"challenge": 1},
        {"challenge": [CHALLENGE]},
        {"challenge": CHALLENGE[:-1]},
        {"challenge": CHALLENGE + "A"},
        {"challenge": CHALLENGE[:-1] + "9"},
        {"challenge": CHALLENGE[:-1] + "="},
        {"challenge": "+" + CHALLENGE[1:]},
        {"challenge": CHALLENGE + "\n"},
        {"iat": None},
        {"iat": str(NOW_S)},
        {"iat": NOW_S + 0.5},
        {"iat": -1},
        {"exp": None},
        {"exp": NOW_S},
        {"exp": NOW_S - 1},
        {"exp": NOW_S + 301},
        {"exp": "300"},
        {"jti": JTI},
        {"sub": "party"},
        {"challenge": None, "jti": JTI},
        b"[]",
        b"null",
        b"{",
        b"\xff",
        b'{"challenge":"a","challenge":"b"}',
    ],
    ids=str,
)
def test_other_claims_make_no_session_proof(claims: dict[str, Any] | bytes) -> None:
    with pytest.raises(SessionRefused):
        parse_session_proof(forged_proof(claims=claims))


@pytest.mark.parametrize(
    "octets", [b"", b"x", b"..", b"a.b.c", b"\xff.\xff.\xff", b"a" * (MAX_TOKEN_BYTES + 1), b'""'], ids=repr
)
def test_what_is_no_session_proof_is_refused(octets: bytes) -> None:
    with pytest.raises(SessionRefused):
        parse_session_proof(octets)


def test_white_space_and_padding_make_no_session_proof() -> None:
    good = make_session_proof(ed25519_signer(), ORIGIN, CHALLENGE, NOW_S).encode()
    for other in (
        b" " + good,
        good + b" ",
        good + b"\n",
        good + b"=",
        b"Bearer " + good,
        good + b".",
        good[:-4],
    ):
        with pytest.raises(SessionRefused):
            parse_session_proof(other)


@pytest.mark.parametrize("typ", ["reledger-read+jwt", "reledger+jws", "reledger-pop+jws"])
def test_the_claims_of_a_session_proof_under_another_typ_open_nothing(typ: str) -> None:
    signer = ed25519_signer()
    claims = json.dumps({"aud": ORIGIN, "iat": NOW_S, "exp": NOW_S + 300, "challenge": CHALLENGE}).encode()
    octets = forge({"alg": signer.alg, "kid": signer.kid, "typ": typ}, claims, signer)
    with pytest.raises(SessionRefused):
        parse_session_proof(octets)
    with pytest.raises(TokenInvalid):
        parse_token(octets.decode())
    with pytest.raises(ReledgerError):
        parse_statement(octets)
