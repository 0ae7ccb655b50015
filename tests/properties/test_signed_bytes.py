"""No byte of a signed statement, proof or token can be changed without a refusal."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ledger.errors import ReledgerError
from ledger.statements import envelope
from ledger.statements.envelope import (
    ACT,
    EPCIS,
    SeenHead,
    make_proof_of_possession,
    parse_statement,
    sign_statement,
    verify_proof_of_possession,
    verify_statement,
)
from ledger.statements.keys import FileSigner, parse_jwk
from ledger.statements.tokens import make_token, parse_token, verify_token
from tests.support.forge import JTI, ORIGIN, ed25519_signer, es256_signer

NOW_S = 1_795_000_000
SIGNERS = {"Ed25519": ed25519_signer(), "ES256": es256_signer()}
KEYS = {alg: parse_jwk(signer.jwk) for alg, signer in SIGNERS.items()}

Check = Callable[[bytes], Any]


def statement_check(alg: str) -> Check:
    return lambda octets: verify_statement(parse_statement(octets), KEYS[alg])


def proof_check(alg: str) -> Check:
    return lambda octets: verify_proof_of_possession(octets.decode("latin-1"), KEYS[alg], ORIGIN, "urn:x:p")


def token_check(alg: str) -> Check:
    return lambda octets: verify_token(parse_token(octets.decode("latin-1")), KEYS[alg], ORIGIN, NOW_S)


def made(kind: str, signer: FileSigner) -> tuple[bytes, Check]:
    if kind == "statement":
        jws = sign_statement(
            b'{"a":1}',
            signer=signer,
            origin=ORIGIN,
            cty=EPCIS,
            iat=NOW_S,
            jti=JTI,
            seen=SeenHead(5, bytes(32)),
        )
        return jws, statement_check(signer.alg)
    if kind == "proof":
        return make_proof_of_possession(signer, ORIGIN, "urn:x:p").encode(), proof_check(signer.alg)
    return make_token(signer, ORIGIN, NOW_S).encode(), token_check(signer.alg)


@pytest.mark.parametrize("alg", ["Ed25519", "ES256"])
@pytest.mark.parametrize("kind", ["statement", "proof", "token"])
def test_every_single_bit_matters(kind: str, alg: str) -> None:
    """All bits of one JWS of each kind, not a sample."""
    jws, check = made(kind, SIGNERS[alg])
    check(jws)
    for place in range(len(jws)):
        for bit in range(8):
            flipped = bytearray(jws)
            flipped[place] ^= 1 << bit
            with pytest.raises(ReledgerError):
                check(bytes(flipped))


@pytest.mark.parametrize("alg", ["Ed25519", "ES256"])
@pytest.mark.parametrize("kind", ["statement", "proof", "token"])
def test_every_byte_is_needed_and_none_may_come_in_between(kind: str, alg: str) -> None:
    jws, check = made(kind, SIGNERS[alg])
    for place in range(len(jws) + 1):
        others = [jws[:place], jws[place:], jws[:place] + jws[place + 1 :], jws[:place] + b"=" + jws[place:]]
        for other in others:
            if other != jws:
                with pytest.raises(ReledgerError):
                    check(other)


ORIGINS = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="+"), min_size=1, max_size=255
)
SEEN = st.none() | st.builds(SeenHead, st.integers(1, 2**63 - 1), st.binary(min_size=32, max_size=32))
JTIS = st.uuids(version=4).map(str)


@st.composite
def statements(draw: st.DrawFn) -> tuple[str, bytes]:
    alg = draw(st.sampled_from(["Ed25519", "ES256"]))
    jws = sign_statement(
        draw(st.binary(min_size=1, max_size=200)),
        signer=SIGNERS[alg],
        origin=draw(ORIGINS),
        cty=draw(st.sampled_from([EPCIS, ACT])),
        iat=draw(st.integers(0, 253_402_300_799)),
        jti=draw(JTIS),
        seen=draw(SEEN),
    )
    return alg, jws


@given(statements(), st.data())
def test_any_bits_flipped_in_any_statement_are_noticed(
    made_statement: tuple[str, bytes], data: st.DataObject
) -> None:
    alg, jws = made_statement
    verify_statement(parse_statement(jws), KEYS[alg])
    flipped = bytearray(jws)
    for bit in data.draw(st.sets(st.integers(0, len(jws) * 8 - 1), min_size=1, max_size=6)):
        flipped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(ReledgerError):
        verify_statement(parse_statement(bytes(flipped)), KEYS[alg])


@given(statements(), statements())
def test_parts_of_two_statements_do_not_mix(one: tuple[str, bytes], other: tuple[str, bytes]) -> None:
    parts, foreign = one[1].split(b"."), other[1].split(b".")
    for place in range(3):
        assume(parts[place] != foreign[place])
        mixed = b".".join([*parts[:place], foreign[place], *parts[place + 1 :]])
        with pytest.raises(ReledgerError):
            verify_statement(parse_statement(mixed), KEYS[one[0]])


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_by_an_error_of_ours(octets: bytes) -> None:
    for check in (statement_check("Ed25519"), proof_check("Ed25519"), token_check("Ed25519")):
        with pytest.raises(ReledgerError):
            check(octets)


@st.composite
def nearly_usual_headers(draw: st.DrawFn) -> bytes:
    """A header as sign_statement writes it, with up to three places overwritten."""
    _, jws = draw(statements())
    text = envelope.split_compact(jws, max_bytes=10**6).header.decode()
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(text)))
        length = draw(st.integers(0, 3))
        piece = draw(
            st.sampled_from(
                [
                    '"',
                    "\\",
                    "\\u0061",
                    " ",
                    ",",
                    ":",
                    "0",
                    "9" * 9,
                    "a",
                    "A",
                    "é",
                    "\x7f",
                    "\n",
                    "1.0",
                    "-",
                    '","alg":"none',
                ]
            )
        )
        text = text[:place] + piece + text[place + length :]
    return text.encode()


@given(nearly_usual_headers())
def test_both_ways_of_reading_a_header_agree(octets: bytes) -> None:
    usual = envelope._read_usual_header(octets)
    try:
        general = envelope._read_header(octets)
    except ReledgerError:
        assert usual is None
    else:
        assert usual is None or usual == general


@given(statements())
def test_what_we_sign_is_read_the_usual_way(made_statement: tuple[str, bytes]) -> None:
    """Unless the origin has a character that JSON escapes."""
    octets = envelope.split_compact(made_statement[1], max_bytes=10**6).header
    assert (envelope._read_usual_header(octets) is None) == (b"\\" in octets)
