"""set-policy: what policy may say."""

from typing import Any

import pytest

from ledger.statements.registers import PolicyRecord
from tests.support.acts import (
    AUTHORITY,
    MINE,
    OPERATOR,
    REGULATOR,
    ActLog,
    faults,
    first_party,
    key_members,
    read,
)

CORE = ["admit-party", "set-policy"]


def policy(**members: Any) -> dict[str, Any]:
    return {"act": "set-policy", "policy": {"rule_set": 1, **members}}


@pytest.fixture
def log() -> ActLog:
    return ActLog.begun()


def test_what_is_left_out_takes_its_default(log: ActLog) -> None:
    assert log.state(AUTHORITY, policy()) == []
    assert log.facts.policy == PolicyRecord(1, {"rule_set": 1, "retention_days": 1826, "confirmations": []})


def test_a_policy_replaces_the_one_before(log: ActLog) -> None:
    assert log.state(AUTHORITY, policy(retention_days=0)) == []
    assert (
        log.state(AUTHORITY, policy(retention_days=36_525, confirmations=["set-policy", "admit-party"])) == []
    )
    expected = {"rule_set": 1, "retention_days": 36_525, "confirmations": CORE}
    assert log.facts.policy == PolicyRecord(2, expected)


@pytest.mark.parametrize("issuer", [OPERATOR, REGULATOR, MINE])
def test_only_an_authority_sets_policy(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, policy()) == [("act.signer", "")]
    assert log.facts.policy is not None
    assert log.facts.policy.entry_index == 0


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"rule_set": 2}, ("policy.rule-set", "/policy/rule_set")),
        ({"rule_set": 0}, ("schema.value", "/policy/rule_set")),
        ({"rule_set": "1"}, ("schema.type", "/policy/rule_set")),
        ({"rule_set": 1.5}, ("schema.type", "/policy/rule_set")),
        ({"retention_days": -1}, ("schema.value", "/policy/retention_days")),
        ({"retention_days": 36_526}, ("schema.value", "/policy/retention_days")),
        ({"retention_days": "1826"}, ("schema.type", "/policy/retention_days")),
        ({"retention_days": None}, ("schema.type", "/policy/retention_days")),
        ({"confirmations": ["erase"]}, ("policy.confirmations", "/policy/confirmations")),
        ({"confirmations": ["admit-party"]}, ("policy.confirmations", "/policy/confirmations")),
        ({"confirmations": ["set-policy", "erase"]}, ("policy.confirmations", "/policy/confirmations")),
        ({"confirmations": [*CORE, "grant-read"]}, ("schema.value", "/policy/confirmations/2")),
        ({"confirmations": [*CORE, "erase", "erase"]}, ("schema.value", "/policy/confirmations/3")),
        ({"confirmations": "erase"}, ("schema.type", "/policy/confirmations")),
        ({"quota_basis": "reo"}, ("schema.value", "/policy/quota_basis")),
        ({"quotas": "reo"}, ("schema.unknown-member", "/policy/quotas")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(policy(**members)) == [fault]


def test_the_rule_set_is_always_stated() -> None:
    assert faults({"act": "set-policy", "policy": {}}) == [("schema.required", "/policy/rule_set")]
    assert faults({"act": "set-policy"}) == [("schema.required", "/policy")]
    assert faults({"act": "set-policy", "policy": 1}) == [("schema.type", "/policy")]


@pytest.mark.parametrize(
    ("window", "refused"),
    [
        ({}, False),
        ({"not_after": "2027-02-14T08:00:00Z"}, False),
        ({"not_after": "2027-02-14T07:59:59Z"}, True),
        ({"not_before": "2027-01-15T08:00:01Z"}, True),
    ],
)
def test_confirmations_need_a_second_authority(window: dict[str, str], refused: bool) -> None:
    second = first_party(
        "https://second.example/",
        "authority",
        keys=[key_members("second", "https://second.example/", **window)],
    )
    log = ActLog.begun(
        parties=[first_party(AUTHORITY, "authority"), second, first_party(OPERATOR, "operator")]
    )
    expected = [("policy.second-authority", "/policy/confirmations")] if refused else []
    assert log.state(AUTHORITY, policy(confirmations=CORE)) == expected


def test_names() -> None:
    assert read(policy()).names().authority_keys
