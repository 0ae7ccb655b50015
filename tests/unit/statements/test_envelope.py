"""Statements: every vector by attack, and what the envelope promises of its own."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import (
    JwsAlgorithmRefused,
    JwsHeaderInvalid,
    JwsMalformed,
    ReledgerError,
    RequestMalformed,
    SignatureInvalid,
    TooLarge,
)
from ledger.statements.envelope import (
    ACT,
    EPCIS,
    MAX_JWS_BYTES,
    MAX_POSSESSION_BYTES,
    SeenHead,
    check_proof_of_possession,
    make_proof_of_possession,
    parse_statement,
    sign_statement,
    verify_proof_of_possession,
    verify_statement,
)
from ledger.statements.keys import FileSigner, generate_key, parse_jwk
from tests.support.forge import JTI, ORIGIN, ed25519_signer, es256_signer, forge, statement_header, unpadded

VECTORS = Path(__file__).resolve().parents[2] / "vectors" / "statements"
SIGNERS = pytest.mark.parametrize("signer", [ed25519_signer(), es256_signer()], ids=["Ed25519", "ES256"])
PARTY = "https://id.gs1.org/417/4012345000009"


def cases(name: str) -> Any:
    """A parameter for each case of a file of vectors."""
    vectors = json.loads((VECTORS / name).read_text())
    return pytest.mark.parametrize("vector", [pytest.param(vector, id=vector["name"]) for vector in vectors])


def signed(signer: FileSigner, **changes: Any) -> bytes:
    """A statement with arguments of sign_statement changed."""
    arguments = {"origin": ORIGIN, "cty": EPCIS, "iat": 1_795_000_000, "jti": JTI, **changes}
    return sign_statement(arguments.pop("payload", b'{"a":1}'), signer=signer, **arguments)


@cases("statements-accepted.json")
def test_published_statements_are_read_and_verify(vector: dict[str, Any]) -> None:
    jws = vector["jws"].encode()
    statement = parse_statement(jws)
    verify_statement(statement, parse_jwk(vector["jwk"]))
    assert statement.jws == jws
    assert statement.header.kid == vector["kid"]
    assert statement.payload.decode() == vector["payload"]
    assert statement.statement_hash.hex() == vector["statement_hash_hex"] == hashlib.sha256(jws).hexdigest()
    signing_input = jws.rsplit(b".", 1)[0]
    assert statement.signing_input == signing_input
    assert statement.signing_input_hash.hex() == vector["signing_input_hash_hex"]
    assert statement.signing_input_hash == hashlib.sha256(signing_input).digest()


def test_both_forms_of_an_es256_signature_are_one_statement_signed_twice() -> None:
    vectors = {
        vector["name"]: vector["jws"]
        for vector in json.loads((VECTORS / "statements-accepted.json").read_text())
    }
    low = parse_statement(vectors["es256-low-s"].encode())
    high = parse_statement(vectors["es256-high-s-of-the-same"].encode())
    assert low.signing_input_hash == high.signing_input_hash
    assert low.statement_hash != high.statement_hash


@cases("headers-accepted.json")
def test_headers_are_read(vector: dict[str, Any]) -> None:
    header = parse_statement(forge(vector["header"].encode(), b"{}", ed25519_signer())).header
    expected = dict(vector["read"])
    seen = expected.pop("seen")
    assert {name: getattr(header, name) for name in expected} == expected
    assert type(header.iat) is int
    assert header.seen == (None if seen is None else SeenHead(seen["size"], bytes.fromhex(seen["root_hex"])))


@cases("headers-refused.json")
def test_headers_are_refused_though_rightly_signed(vector: dict[str, Any]) -> None:
    with pytest.raises(ReledgerError) as caught:
        parse_statement(forge(vector["header"].encode(), b"{}", ed25519_signer()))
    assert caught.value.code == vector["code"]


@cases("compact-refused.json")
def test_other_serializations_are_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(ReledgerError) as caught:
        parse_statement(vector["jws"].encode())
    assert caught.value.code == vector["code"]


@cases("signatures-refused.json")
def test_signatures_are_refused(vector: dict[str, Any]) -> None:
    statement = parse_statement(vector["jws"].encode())
    with pytest.raises(ReledgerError) as caught:
        verify_statement(statement, parse_jwk(vector["jwk"]))
    assert caught.value.code == vector["code"]


@SIGNERS
@pytest.mark.parametrize("cty", [EPCIS, ACT])
@pytest.mark.parametrize("seen", [None, SeenHead(1, bytes(32)), SeenHead(2**63 - 1, b"\xff" * 32)])
def test_what_is_signed_is_read(signer: FileSigner, cty: str, seen: SeenHead | None) -> None:
    payload = b' {"text":"\xe6\x97\xa5", "n":1.50}\r\n'
    statement = parse_statement(signed(signer, payload=payload, cty=cty, seen=seen))
    verify_statement(statement, parse_jwk(signer.jwk))
    header = statement.header
    assert (header.alg, header.kid, header.cty, header.seen) == (signer.alg, signer.kid, cty, seen)
    assert (header.aud, header.iat, header.jti) == (ORIGIN, 1_795_000_000, JTI)
    assert statement.payload == payload


@SIGNERS
@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("origin", "a b"),
        ("origin", ""),
        ("origin", "a+b"),
        ("cty", "json"),
        ("iat", -1),
        ("iat", 1.5),
        ("iat", 253_402_300_800),
        ("iat", True),
        ("jti", JTI.upper()),
        ("jti", ""),
        ("seen", SeenHead(0, bytes(32))),
        ("seen", SeenHead(2**63, bytes(32))),
        ("seen", SeenHead(1, bytes(31))),
        ("seen", SeenHead(1, bytes(33))),
    ],
)
def test_nothing_is_signed_that_would_be_refused(signer: FileSigner, argument: str, value: object) -> None:
    with pytest.raises(JwsHeaderInvalid):
        signed(signer, **{argument: value})
    with pytest.raises(JwsMalformed):
        signed(signer, payload=b"")


def test_a_statement_may_have_a_mebibyte_and_no_byte_more() -> None:
    signer = ed25519_signer()
    room = MAX_JWS_BYTES - len(signed(signer, payload=b"aaa")) + 4
    largest = b"a" * (room // 4 * 3 + (room % 4 * 3) // 4)
    assert MAX_JWS_BYTES - 1 <= len(signed(signer, payload=largest)) <= MAX_JWS_BYTES
    with pytest.raises(TooLarge):
        signed(signer, payload=largest + b"aa")
    with pytest.raises(TooLarge):
        parse_statement(b"a" * (MAX_JWS_BYTES + 1))


def test_a_header_may_have_4096_bytes_and_no_byte_more() -> None:
    signer = ed25519_signer()
    octets = json.dumps(statement_header(signer)).encode()
    parse_statement(forge(octets + b" " * (4_096 - len(octets)), b"{}", signer))
    with pytest.raises(TooLarge) as caught:
        parse_statement(forge(octets + b" " * (4_097 - len(octets)), b"{}", signer))
    assert "header" in caught.value.detail


def test_both_ways_of_reading_a_header_agree() -> None:
    """Each accepted header again with a space before its end, which only the general way reads."""
    signer = ed25519_signer()
    for vector in json.loads((VECTORS / "headers-accepted.json").read_text()):
        octets = vector["header"].encode()
        spaced = octets.rstrip()[:-1] + b" }"
        assert (
            parse_statement(forge(octets, b"{}", signer)).header
            == parse_statement(forge(spaced, b"{}", signer)).header
        )


@pytest.mark.parametrize(("jws", "count"), [(b"", 1), (b"a", 1), (b"a.b", 2), (b"a.b.c.d", 4), (b"....", 5)])
def test_a_refusal_counts_the_parts(jws: bytes, count: int) -> None:
    with pytest.raises(JwsMalformed, match=f"^jws.malformed: {count} parts"):
        parse_statement(jws)


def test_a_refusal_says_why_a_member_is_refused() -> None:
    signer = ed25519_signer()
    for member, reason in (
        ("jwk", "register"),
        ("crit", "critical"),
        ("b64", "7797"),
        ("nonce", "not a member"),
    ):
        with pytest.raises(JwsHeaderInvalid) as caught:
            parse_statement(forge(statement_header(signer, **{member: "x"}), b"{}", signer))
        assert member in caught.value.detail
        assert reason in caught.value.detail


def test_a_key_verifies_only_its_own_statements() -> None:
    signer, other = ed25519_signer(), FileSigner(generate_key("Ed25519"))
    statement = parse_statement(signed(signer))
    with pytest.raises(JwsHeaderInvalid):
        verify_statement(statement, parse_jwk(other.jwk))
    forged = parse_statement(forge(statement_header(signer), b"{}", other))
    with pytest.raises(SignatureInvalid):
        verify_statement(forged, parse_jwk(signer.jwk))
    confused = parse_statement(forge(statement_header(signer, alg="ES256"), b"{}", es256_signer()))
    with pytest.raises(JwsAlgorithmRefused):
        verify_statement(confused, parse_jwk(signer.jwk))


@SIGNERS
def test_a_proof_of_possession_verifies(signer: FileSigner) -> None:
    text = make_proof_of_possession(signer, ORIGIN, PARTY)
    key = parse_jwk(signer.jwk)
    verify_proof_of_possession(text, key, ORIGIN, PARTY)
    assert check_proof_of_possession(text, key, ORIGIN, PARTY) == []


@SIGNERS
def test_a_proof_of_possession_is_for_one_log_one_party_and_one_key(signer: FileSigner) -> None:
    text, key = make_proof_of_possession(signer, ORIGIN, PARTY), parse_jwk(signer.jwk)
    with pytest.raises(RequestMalformed):
        verify_proof_of_possession(text, key, "other.example/log", PARTY)
    with pytest.raises(RequestMalformed):
        verify_proof_of_possession(text, key, ORIGIN, "https://id.gs1.org/417/4012345000016")
    with pytest.raises(JwsHeaderInvalid):
        verify_proof_of_possession(text, parse_jwk(FileSigner(generate_key(signer.alg)).jwk), ORIGIN, PARTY)
    (finding,) = check_proof_of_possession(text, key, ORIGIN, "urn:x:other", "/keys/0/proof")
    assert (finding.code, finding.pointer) == ("key.possession", "/keys/0/proof")
    assert finding.mend


def possession(signer: FileSigner, header: dict[str, Any] | None = None, claims: bytes | None = None) -> str:
    """A proof with other members in its header (None leaves one out) or another payload, rightly signed."""
    members = {"alg": signer.alg, "kid": signer.kid, "typ": "reledger-pop+jws", **(header or {})}
    payload = json.dumps({"origin": ORIGIN, "party": PARTY, "kid": signer.kid}).encode()
    kept = {name: value for name, value in members.items() if value is not None}
    return forge(kept, payload if claims is None else claims, signer).decode()


def test_a_proof_made_by_hand_is_accepted() -> None:
    signer = ed25519_signer()
    verify_proof_of_possession(possession(signer), parse_jwk(signer.jwk), ORIGIN, PARTY)
    verify_proof_of_possession(possession(signer, {"alg": "EdDSA"}), parse_jwk(signer.jwk), ORIGIN, PARTY)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"alg": "none"}, "jws.algorithm"),
        ({"alg": "HS256"}, "jws.algorithm"),
        ({"alg": "ES256"}, "jws.algorithm"),
        ({"alg": None}, "jws.header"),
        ({"kid": None}, "jws.header"),
        ({"kid": "x"}, "jws.header"),
        ({"typ": None}, "jws.header"),
        ({"typ": "reledger+jws"}, "jws.header"),
        ({"typ": "reledger-read+jwt"}, "jws.header"),
        ({"typ": "RELEDGER-POP+JWS"}, "jws.header"),
        ({"cty": "json"}, "jws.header"),
        ({"aud": ORIGIN}, "jws.header"),
        ({"iat": 1}, "jws.header"),
        ({"jwk": {}}, "jws.header"),
        ({"crit": ["typ"]}, "jws.header"),
    ],
)
def test_a_proof_with_another_header_is_refused(header: dict[str, Any], code: str) -> None:
    signer = ed25519_signer()
    with pytest.raises(ReledgerError) as caught:
        verify_proof_of_possession(possession(signer, header), parse_jwk(signer.jwk), ORIGIN, PARTY)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "claims",
    [
        b"{}",
        b"[]",
        b"null",
        b'"x"',
        b"{",
        b'{"origin":"%s","party":"%s"}',
        b'{"origin":"%s","party":"%s","kid":"%s","more":1}',
        b'{"origin":"%s","party":"%s","kid":"%s","kid":"%s"}',
        b'{"origin":"%s","party":["%s"],"kid":"%s"}',
        b'{"origin":"%s","party":null,"kid":"%s"}',
        b'{"origin":"%s ","party":"%s","kid":"%s"}',
        b'{"Origin":"%s","party":"%s","kid":"%s"}',
        b'\xef\xbb\xbf{"origin":"%s","party":"%s","kid":"%s"}',
    ],
)
def test_a_proof_with_another_payload_is_refused(claims: bytes) -> None:
    signer = ed25519_signer()
    for value in (ORIGIN, PARTY, signer.kid, signer.kid):
        claims = claims.replace(b"%s", value.encode(), 1)
    with pytest.raises(ReledgerError):
        verify_proof_of_possession(possession(signer, claims=claims), parse_jwk(signer.jwk), ORIGIN, PARTY)
    assert check_proof_of_possession(possession(signer, claims=claims), parse_jwk(signer.jwk), ORIGIN, PARTY)


@pytest.mark.parametrize("text", ["", "x", "..", "a.b.c", "日", "\ud800", "a" * (MAX_POSSESSION_BYTES + 1)])
def test_what_is_no_proof_is_refused(text: str) -> None:
    (finding,) = check_proof_of_possession(text, parse_jwk(ed25519_signer().jwk), ORIGIN, PARTY)
    assert finding.code == "key.possession"


def test_a_proof_signed_by_another_key_is_refused() -> None:
    signer, other = ed25519_signer(), FileSigner(generate_key("Ed25519"))
    header = {"alg": "Ed25519", "kid": signer.kid, "typ": "reledger-pop+jws"}
    payload = json.dumps({"origin": ORIGIN, "party": PARTY, "kid": signer.kid}).encode()
    with pytest.raises(SignatureInvalid):
        verify_proof_of_possession(
            forge(header, payload, other).decode(), parse_jwk(signer.jwk), ORIGIN, PARTY
        )
    unsigned = make_proof_of_possession(signer, ORIGIN, PARTY).rsplit(".", 1)[0]
    with pytest.raises(JwsMalformed):
        verify_proof_of_possession(f"{unsigned}.", parse_jwk(signer.jwk), ORIGIN, PARTY)
    with pytest.raises(SignatureInvalid):
        verify_proof_of_possession(f"{unsigned}.{unpadded(bytes(64))}", parse_jwk(signer.jwk), ORIGIN, PARTY)
