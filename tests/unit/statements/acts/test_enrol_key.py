"""enrol-key: by whom, for whom, with which proof and window."""

from typing import Any

import pytest

from ledger.encoding import b64url_encode
from ledger.statements.envelope import make_proof_of_possession
from ledger.statements.registers import KeyRecord
from tests.support.acts import (
    AUTHORITY,
    DAY_US,
    MINE,
    OPERATOR,
    ORIGIN,
    PLANT,
    REGULATOR,
    START_US,
    ActLog,
    admission,
    enrolment,
    faults,
    key_members,
    read,
    signer,
)


@pytest.fixture
def log() -> ActLog:
    return ActLog.begun()


@pytest.mark.parametrize("issuer", [AUTHORITY, MINE])
def test_a_key_is_enrolled_by_an_authority_or_its_own_party(log: ActLog, issuer: str) -> None:
    log.now_us += 1
    assert log.state(issuer, enrolment("new", MINE)) == []
    key = signer("new")
    assert log.facts.keys[key.kid] == KeyRecord(
        kid=key.kid,
        party=MINE,
        jwk=key.jwk,
        not_before_us=START_US + 1,
        not_after_us=None,
        enrolled_at=1,
    )


def test_a_p256_key_is_enrolled(log: ActLog) -> None:
    key = signer("p256", "ES256")
    proof = make_proof_of_possession(key, ORIGIN, MINE)
    payload = {"act": "enrol-key", "party": MINE, "jwk": key.jwk, "proof_of_possession": proof}
    assert log.state(MINE, payload) == []
    assert log.facts.keys[key.kid].jwk == key.jwk


@pytest.mark.parametrize("issuer", [OPERATOR, REGULATOR, MINE])
def test_nobody_else_enrols(log: ActLog, issuer: str) -> None:
    assert log.state(AUTHORITY, admission(PLANT)) == []
    assert log.state(issuer, enrolment("new", PLANT)) == [("act.signer", "")]


def test_a_delisted_party_enrols_nothing_but_an_authority_may_for_it(log: ActLog) -> None:
    closed = {"start": "2027-01-15T08:00:00Z", "end": "2027-01-16T08:00:00Z"}
    assert log.state(AUTHORITY, admission(MINE, listing=closed)) == []
    log.now_us = START_US + DAY_US - 1
    assert log.judge(MINE, enrolment("new", MINE)) == []
    log.now_us += 1
    assert log.state(MINE, enrolment("new", MINE)) == [("party.unlisted", "/party")]
    assert log.state(AUTHORITY, enrolment("new", MINE)) == []


def test_the_party_must_be_admitted(log: ActLog) -> None:
    assert log.state(AUTHORITY, enrolment("new", PLANT)) == [("party.unknown", "/party")]


@pytest.mark.parametrize("party", [MINE, OPERATOR])
def test_a_key_belongs_to_one_party_for_ever(log: ActLog, party: str) -> None:
    assert log.state(AUTHORITY, enrolment("new", MINE)) == []
    assert log.state(AUTHORITY, enrolment("new", party)) == [("key.enrolled", "/jwk")]
    revocation = {"act": "revoke-key", "kid": signer("new").kid, "reason": "retired"}
    assert log.state(MINE, revocation) == []
    assert log.state(AUTHORITY, enrolment("new", party)) == [("key.enrolled", "/jwk")]
    assert log.facts.keys[signer("new").kid].party == MINE


@pytest.mark.parametrize(
    "proof",
    [
        key_members("new", OPERATOR)["proof_of_possession"],
        key_members("new", MINE, origin="another.example")["proof_of_possession"],
        key_members("other", MINE)["proof_of_possession"],
        key_members("new", MINE)["proof_of_possession"][:-4] + "AAAA",
        "not.a.jws",
        "nothing",
    ],
)
def test_the_proof_of_possession_must_hold(log: ActLog, proof: str) -> None:
    payload = enrolment("new", MINE, proof_of_possession=proof)
    for issuer in (AUTHORITY, MINE):
        assert log.state(issuer, payload) == [("key.possession", "/proof_of_possession")]
    assert signer("new").kid not in log.facts.keys


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"jwk": signer("new").jwk | {"d": "AA"}}, ("key.private", "/jwk/d")),
        ({"jwk": signer("new").jwk | {"kid": "a"}}, ("key.member", "/jwk")),
        ({"jwk": signer("new").jwk | {"x": b64url_encode(bytes(32))}}, ("key.weak", "/jwk")),
        ({"jwk": signer("new").jwk | {"x": b64url_encode(b"\xff" * 32)}}, ("key.weak", "/jwk")),
        ({"jwk": {"kty": "oct", "k": "AA"}}, ("key.private", "/jwk/k")),
        ({"jwk": {"kty": "RSA", "n": "AA", "e": "AQAB"}}, ("key.kind", "/jwk")),
        ({"jwk": "key"}, ("key.kind", "/jwk")),
        ({"jwk": None}, ("schema.type", "/jwk")),
        ({"proof_of_possession": 1}, ("schema.type", "/proof_of_possession")),
        ({"proof_of_possession": "x" * 8193}, ("schema.value", "/proof_of_possession")),
        ({"not_after": "2027-01-15"}, ("schema.value", "/not_after")),
        ({"not_before": 1}, ("schema.type", "/not_before")),
        ({"kid": "a"}, ("schema.unknown-member", "/kid")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(enrolment("new", MINE, **members)) == [fault]


@pytest.mark.parametrize("member", ["party", "jwk", "proof_of_possession"])
def test_required(member: str) -> None:
    payload = enrolment("new", MINE)
    del payload[member]
    assert faults(payload) == [("schema.required", f"/{member}")]


@pytest.mark.parametrize(
    ("window", "refused"),
    [
        ({"not_after": "2027-01-15T08:00:00.000001Z"}, False),
        ({"not_after": "2027-01-15T08:00:00Z"}, True),
        ({"not_after": "2027-01-14T08:00:00Z"}, True),
        ({"not_before": "2020-01-01T00:00:00Z"}, False),
        ({"not_before": "2020-01-01T00:00:00Z", "not_after": "2021-01-01T00:00:00Z"}, True),
        ({"not_before": "2028-01-01T00:00:00Z", "not_after": "2028-01-01T00:00:00.000001Z"}, False),
        ({"not_before": "2028-01-01T00:00:00Z", "not_after": "2028-01-01T00:00:00Z"}, True),
        ({"not_before": "2028-01-01T00:00:00+08:00", "not_after": "2027-12-31T16:00:00Z"}, True),
    ],
)
def test_the_window_must_hold_some_time_to_come(log: ActLog, window: dict[str, str], refused: bool) -> None:
    expected = [("key.window", "/not_after")] if refused else []
    assert log.state(MINE, enrolment("new", MINE, **window)) == expected


def test_the_window_is_kept(log: ActLog) -> None:
    window = {"not_before": "2027-01-16T08:00:00Z", "not_after": "2027-01-17T16:00:00+08:00"}
    assert log.state(MINE, enrolment("new", MINE, **window)) == []
    key = log.facts.keys[signer("new").kid]
    assert (key.not_before_us, key.not_after_us) == (START_US + DAY_US, START_US + 2 * DAY_US)


def test_names() -> None:
    names = read(enrolment("new", MINE)).names()
    assert (names.parties, names.kids) == ({MINE}, {signer("new").kid})
