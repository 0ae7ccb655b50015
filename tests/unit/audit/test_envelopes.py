"""The quick reader of envelopes says what the strict one says, on good bytes and on all others."""

import random
from typing import Any

import pytest

from ledger.audit.envelopes import EnvelopeReader
from ledger.errors import RequestError
from ledger.statements.envelope import ACT, EPCIS, SeenHead, parse_statement, sign_statement
from ledger.statements.keys import Signer
from tests.support.forge import JTI, ORIGIN, ed25519_signer, es256_signer, forge, statement_header

READER = EnvelopeReader(ORIGIN)


def signed(signer: Signer | None = None, payload: bytes = b'{"a":1}', **members: Any) -> bytes:
    header: dict[str, Any] = {"origin": ORIGIN, "cty": EPCIS, "iat": 1_795_000_000, "jti": JTI} | members
    return sign_statement(payload, signer=signer or ed25519_signer(), **header)


def strictly(jws: bytes) -> tuple[Any, ...] | str:
    """What the strict reader says, in the fields of an Envelope, or the error's code."""
    try:
        statement = parse_statement(jws)
    except RequestError as error:
        return error.code
    header = statement.header
    return (
        header.alg,
        header.kid,
        header.cty == ACT,
        header.aud,
        header.iat,
        header.jti,
        header.seen,
        statement.signing_input,
        statement.signature,
        statement.statement_hash,
        statement.signing_input_hash,
    )


def quickly(jws: bytes) -> tuple[Any, ...] | str:
    try:
        return tuple(READER.read(jws))
    except RequestError as error:
        return error.code


@pytest.mark.parametrize(
    "jws",
    [
        signed(),
        signed(es256_signer()),
        signed(cty=ACT),
        signed(iat=0),
        signed(iat=253_402_300_799),
        signed(origin="other.example/log"),
        signed(seen=SeenHead(5, bytes(32))),
        *(signed(payload=b"x" * length) for length in range(1, 9)),
        forge(statement_header(ed25519_signer(), alg="EdDSA"), b"{}", ed25519_signer()),
    ],
)
def test_good_statements_are_read_alike(jws: bytes) -> None:
    assert not isinstance(strictly(jws), str)
    assert quickly(jws) == strictly(jws)


def test_the_usual_form_takes_the_quick_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.audit.envelopes._read_strictly", lambda jws: pytest.fail("the slow way"))
    for jws in (signed(), signed(es256_signer()), signed(cty=ACT)):
        READER.read(jws)


@pytest.mark.parametrize(
    "change", [{"jti": JTI.upper()}, {"iat": -1}, {"iat": "1"}, {"typ": "JWT"}, {"x": 1}]
)
def test_other_headers_are_refused_alike(change: dict[str, Any]) -> None:
    jws = forge(statement_header(ed25519_signer(), **change), b"{}", ed25519_signer())
    assert isinstance(strictly(jws), str)
    assert quickly(jws) == strictly(jws)


@pytest.mark.parametrize("seed", range(4))
def test_every_mutation_is_read_alike(seed: int) -> None:
    chance = random.Random(seed)
    original = [signed(), signed(es256_signer()), signed(seen=SeenHead(7, bytes(32))), signed(payload=b"ab")][
        seed
    ]
    alphabet = b"ABCxyz019-_.=+/ \n\xff"
    for _ in range(1_500):
        octets = bytearray(original)
        at = chance.randrange(len(octets))
        match chance.randrange(4):
            case 0:
                octets[at] = chance.choice(alphabet)
            case 1:
                del octets[at : at + chance.randrange(1, 4)]
            case 2:
                octets[at:at] = bytes([chance.choice(alphabet)])
            case _:
                octets[at] ^= 1 << chance.randrange(8)
        jws = bytes(octets)
        assert quickly(jws) == strictly(jws), jws


@pytest.mark.parametrize("jws", [b"", b".", b"..", b"...", b"a.b.c", b"." * 10_000, b"a" * 1_100_000])
def test_what_is_no_jws_is_refused_alike(jws: bytes) -> None:
    assert isinstance(quickly(jws), str)
    assert quickly(jws) == strictly(jws)
