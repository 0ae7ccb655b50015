"""genesis: what a log may begin with."""

import copy
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from ledger.log.note import Cosigner
from ledger.statements.acts.genesis import Genesis
from ledger.statements.registers import OriginRecord, PolicyRecord
from tests.support.acts import (
    AUTHORITY,
    MINE,
    OPERATOR,
    ORIGIN,
    PLANT,
    REGULATOR,
    SECOND,
    START_US,
    ActLog,
    faults,
    first_party,
    genesis,
    key_members,
    read,
    signer,
    vkey,
)

MINIMAL = [first_party(AUTHORITY, "authority"), first_party(OPERATOR, "operator")]


def test_a_log_begins() -> None:
    log = ActLog()
    assert log.state(AUTHORITY, genesis()) == []
    assert log.facts.origin == OriginRecord(ORIGIN, (vkey(),))
    assert log.facts.policy == PolicyRecord(0, {"rule_set": 1, "retention_days": 1826, "confirmations": []})
    assert set(log.facts.parties) == {AUTHORITY, SECOND, OPERATOR, REGULATOR, MINE}
    assert {party.admitted_at for party in log.facts.parties.values()} == {0}
    assert {key.party: key.kid for key in log.facts.keys.values()} == {
        party: signer(party).kid for party in log.facts.parties
    }
    assert {prefix.party for prefix in log.facts.prefixes.values()} == {MINE}
    assert read(genesis()).public


def test_one_authority_and_one_operator_are_enough() -> None:
    assert ActLog().state(AUTHORITY, genesis(parties=MINIMAL)) == []


def test_one_party_may_be_both_and_parties_may_have_no_key() -> None:
    both = first_party(AUTHORITY, "authority", "operator")
    assert ActLog().state(AUTHORITY, genesis(parties=[both])) == []
    keyless = first_party(OPERATOR, "operator", keys=[])
    assert ActLog().state(AUTHORITY, genesis(parties=[MINIMAL[0], keyless])) == []


def test_it_folds_like_admission_and_enrolment() -> None:
    from tests.support.acts import admission, enrolment

    begun = ActLog.begun(parties=[*MINIMAL, first_party(MINE, "miner", prefixes=["4012345"])])
    slow = ActLog.begun(parties=MINIMAL)
    assert slow.state(AUTHORITY, admission(MINE, "miner", prefixes=["4012345"])) == []
    assert slow.state(AUTHORITY, enrolment(MINE, MINE)) == []
    assert begun.facts.parties.keys() == slow.facts.parties.keys()
    assert begun.facts.parties[MINE].organisation == slow.facts.parties[MINE].organisation
    assert begun.facts.keys[signer(MINE).kid].jwk == slow.facts.keys[signer(MINE).kid].jwk
    assert begun.facts.prefixes.keys() == slow.facts.prefixes.keys()


def test_only_at_index_0() -> None:
    log = ActLog.begun()
    assert ("genesis.index", "") in log.state(AUTHORITY, genesis())
    late = ActLog(size=1)
    assert late.state(AUTHORITY, genesis()) == [("genesis.index", "")]
    log.size = 0
    assert log.state(AUTHORITY, genesis()) == [("genesis.index", "")]


def test_only_for_this_ledger() -> None:
    other = "other.example/log"
    parties = [
        first_party(AUTHORITY, "authority", keys=[key_members(AUTHORITY, AUTHORITY)]),
        first_party(OPERATOR, "operator"),
    ]
    payload = genesis(origin=other, log_keys=[vkey(other)], parties=parties)
    assert ActLog().state(AUTHORITY, payload) == [("genesis.origin", "/origin")]


@pytest.mark.parametrize("issuer", [OPERATOR, REGULATOR, MINE])
def test_an_authority_signs_it(issuer: str) -> None:
    log = ActLog()
    assert log.state(issuer, genesis()) == [("genesis.signer", "/parties")]
    assert log.facts.parties == {}


def test_with_a_key_in_the_payload_and_no_other() -> None:
    assert ActLog().state(AUTHORITY, genesis(), kid=signer("elsewhere").kid) == [
        ("genesis.signer", "/parties")
    ]
    assert ActLog().state(AUTHORITY, genesis(), kid=signer(SECOND).kid) == [("genesis.signer", "/parties")]
    assert ActLog().state(PLANT, genesis(), kid=signer(AUTHORITY).kid) == [("genesis.signer", "/parties")]


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ({"not_before": "2027-01-15T08:00:00Z"}, []),
        ({"not_before": "2027-01-15T08:00:00.000001Z"}, [("key.not-yet-valid", "")]),
        ({"not_after": "2027-02-14T08:00:00Z"}, []),
        (
            {"not_after": "2027-01-15T08:00:00Z"},
            [("key.expired", ""), ("key.window", "/parties/2/keys/0/not_after")],
        ),
    ],
)
def test_with_a_key_that_is_valid(window: dict[str, str], expected: list[tuple[str, str]]) -> None:
    extra = first_party(SECOND, "authority", keys=[key_members(SECOND, SECOND, **window)])
    assert ActLog(now_us=START_US).state(SECOND, genesis(parties=[*MINIMAL, extra])) == expected


def test_some_authority_key_lasts_thirty_days() -> None:
    short = key_members(AUTHORITY, AUTHORITY, not_after="2027-02-14T07:59:59.999999Z")
    parties = [first_party(AUTHORITY, "authority", keys=[short]), MINIMAL[1]]
    assert ActLog().state(AUTHORITY, genesis(parties=parties)) == [("authority.last", "/parties")]


@pytest.mark.parametrize("role", ["authority", "operator"])
def test_an_authority_and_an_operator_are_needed(role: str) -> None:
    parties = [party for party in genesis()["parties"] if role not in party["roles"]]
    found = ActLog().state(AUTHORITY, genesis(parties=parties))
    assert ("genesis.roles", "/parties") in found


def changed(place: int, **members: Any) -> dict[str, Any]:
    payload = copy.deepcopy(genesis())
    payload["parties"][place].update(members)
    return payload


def test_admissions_and_enrolments_are_judged_in_order() -> None:
    assert ActLog().state(AUTHORITY, changed(2, prefixes=["40123456"])) == [
        ("prefix.bound", "/parties/4/prefixes/0")
    ]
    twice = [key_members(MINE, MINE), key_members(MINE, MINE, not_before="2027-01-15T08:00:00Z")]
    assert ActLog().state(AUTHORITY, changed(4, keys=twice)) == [("key.enrolled", "/parties/4/keys/1/jwk")]
    theirs = [key_members(AUTHORITY, MINE)]
    assert ActLog().state(AUTHORITY, changed(4, keys=theirs)) == [("key.enrolled", "/parties/4/keys/0/jwk")]


@pytest.mark.parametrize(
    "members", [{}, {"listing": {"start": "2020-01-01T00:00:00Z"}}, {"roles": ["trader"]}]
)
def test_a_party_stands_there_once(members: dict[str, Any]) -> None:
    again = first_party(AUTHORITY, "authority", keys=[]) | members
    assert ActLog().state(AUTHORITY, genesis(parties=[*MINIMAL, again])) == [
        ("genesis.party", "/parties/2/party")
    ]


def test_every_key_proves_its_possession() -> None:
    foreign = [key_members(MINE, MINE, origin="other.example")]
    assert ActLog().state(AUTHORITY, changed(4, keys=foreign)) == [
        ("key.possession", "/parties/4/keys/0/proof_of_possession")
    ]


def test_confirmations_need_two_authorities_from_the_start() -> None:
    policy = {"rule_set": 1, "confirmations": ["admit-party", "set-policy"]}
    assert ActLog().state(AUTHORITY, genesis(policy=policy)) == []
    assert ActLog().state(AUTHORITY, genesis(policy=policy, parties=MINIMAL)) == [
        ("policy.second-authority", "/policy/confirmations")
    ]


def test_log_keys_are_the_logs_own() -> None:
    ml_dsa = Cosigner.from_private_key(ORIGIN, MLDSA44PrivateKey.generate()).vkey
    assert ActLog().state(AUTHORITY, genesis(log_keys=[vkey(), ml_dsa])) == []
    assert ActLog().state(AUTHORITY, genesis(log_keys=[ml_dsa])) == [("genesis.log-key", "/log_keys")]
    assert ActLog().state(AUTHORITY, genesis(log_keys=[vkey(), vkey("witness.example")])) == [
        ("genesis.log-key", "/log_keys/1")
    ]
    cosigner = Cosigner.from_private_key(ORIGIN, Ed25519PrivateKey.generate()).vkey
    assert ActLog().state(AUTHORITY, genesis(log_keys=[vkey(), cosigner])) == [
        ("genesis.log-key", "/log_keys/1")
    ]


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"origin": "has space"}, ("schema.value", "/origin")),
        ({"origin": "a+b"}, ("schema.value", "/origin")),
        ({"origin": "x" * 256}, ("schema.value", "/origin")),
        ({"origin": ""}, ("schema.value", "/origin")),
        ({"log_keys": []}, ("schema.value", "/log_keys")),
        ({"log_keys": ["key"]}, ("schema.value", "/log_keys/0")),
        ({"log_keys": [vkey(), vkey()]}, ("schema.value", "/log_keys/1")),
        ({"log_keys": vkey()}, ("schema.type", "/log_keys")),
        ({"parties": []}, ("schema.value", "/parties")),
        ({"parties": {}}, ("schema.type", "/parties")),
        ({"policy": {}}, ("schema.required", "/policy/rule_set")),
        ({"policy": {"rule_set": 9}}, ("policy.rule-set", "/policy/rule_set")),
        ({"seen": 1}, ("schema.unknown-member", "/seen")),
        ({"parties": [MINIMAL[0] | {"act": "admit-party"}]}, ("schema.unknown-member", "/parties/0/act")),
        ({"parties": [MINIMAL[0] | {"keys": [{}]}]}, ("schema.required", "/parties/0/keys/0/jwk")),
        ({"parties": [MINIMAL[0] | {"roles": ["king"]}]}, ("schema.value", "/parties/0/roles/0")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert fault in faults(genesis(**members))


@pytest.mark.parametrize("member", ["origin", "log_keys", "parties", "policy"])
def test_required(member: str) -> None:
    payload = genesis()
    del payload[member]
    assert faults(payload) == [("schema.required", f"/{member}")]


def test_a_party_states_its_keys() -> None:
    payload = genesis()
    del payload["parties"][1]["keys"]
    assert faults(payload) == [("schema.required", "/parties/1/keys")]


def test_its_keys_are_found_for_verifying_it() -> None:
    act = read(genesis())
    assert isinstance(act, Genesis)
    found = act.find_key(signer(SECOND).kid)
    assert found is not None
    assert found[0] == SECOND
    assert found[1].jwk == signer(SECOND).jwk
    assert act.find_key(signer("elsewhere").kid) is None
