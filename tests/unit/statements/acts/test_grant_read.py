"""grant-read: who opens what to whom."""

from typing import Any

import pytest

from ledger.encoding import b64url_encode
from ledger.statements.registers import GrantRecord, ReaderRecord
from tests.support.acts import (
    AUTHORITY,
    MINE,
    OPERATOR,
    PLANT,
    REGULATOR,
    ActLog,
    faults,
    read,
    statement_hash,
)


def grant(**members: Any) -> dict[str, Any]:
    return {"act": "grant-read", "grantee": OPERATOR, "scope": {"issuers": [MINE]}, **members}


@pytest.fixture
def log() -> ActLog:
    return ActLog.begun()


def test_a_grant_is_kept_and_its_grantee_reads_it(log: ActLog) -> None:
    index = log.record()
    named = b64url_encode(statement_hash(index))
    scope = {"statements": [named], "issuers": [MINE], "start": 1, "end": 2}
    assert log.state(REGULATOR, grant(scope=scope)) == []
    assert log.facts.grants == {2: GrantRecord(2, OPERATOR, scope)}
    assert log.facts.readers == {ReaderRecord(2, OPERATOR)}


@pytest.mark.parametrize(
    "scope",
    [{"start": 0}, {"end": 1}, {"start": 5, "end": 6}, {"issuers": [MINE, OPERATOR]}, {"start": 10_000}],
)
def test_a_scope_states_one_thing_or_more(log: ActLog, scope: dict[str, Any]) -> None:
    assert log.state(REGULATOR, grant(scope=scope)) == []
    assert log.facts.grants[1].scope == scope


@pytest.mark.parametrize("issuer", [AUTHORITY, OPERATOR, MINE])
def test_only_a_regulator_grants(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, grant()) == [("act.signer", "")]
    assert log.facts.grants == {}
    assert log.facts.readers == set()


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"scope": {}}, ("grant.scope", "/scope")),
        ({"scope": {"start": 5, "end": 5}}, ("grant.scope", "/scope/end")),
        ({"scope": {"end": 0}}, ("schema.value", "/scope/end")),
        ({"scope": {"start": -1}}, ("schema.value", "/scope/start")),
        ({"scope": {"issuers": []}}, ("schema.value", "/scope/issuers")),
        ({"scope": {"issuers": [MINE, MINE]}}, ("schema.value", "/scope/issuers/1")),
        ({"scope": {"statements": []}}, ("schema.value", "/scope/statements")),
        ({"scope": {"statements": ["AA"]}}, ("schema.value", "/scope/statements/0")),
        ({"scope": {"everything": True}}, ("schema.unknown-member", "/scope/everything")),
        ({"scope": None}, ("schema.type", "/scope")),
        ({"grantee": "A. Person"}, ("party.identifier", "/grantee")),
        ({"until": "2027-01-15T08:00:00Z"}, ("schema.unknown-member", "/until")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(grant(**members)) == [fault]


def test_whoever_is_named_must_be_there(log: ActLog) -> None:
    scope = {"issuers": [MINE, PLANT], "statements": [b64url_encode(bytes(32))]}
    assert log.state(REGULATOR, grant(grantee=PLANT, scope=scope)) == [
        ("party.unknown", "/grantee"),
        ("statement.unknown", "/scope/statements/0"),
        ("party.unknown", "/scope/issuers/1"),
    ]


def test_names_and_privacy() -> None:
    act = read(grant(scope={"issuers": [MINE], "statements": [b64url_encode(bytes(32))]}))
    assert not act.public
    assert act.names().parties == {OPERATOR, MINE}
    assert act.names().statements == {bytes(32)}
