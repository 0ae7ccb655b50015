"""set-policy: what policy may say."""

from fractions import Fraction
from typing import Any

import pytest

from ledger.materials.catalogue import Catalogue
from ledger.records.policy import ALWAYS, FLAG, REJECT, THRESHOLDS, limits_of, read_policy
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


def test_what_rules_read_is_kept_as_stated_and_only_then(log: ActLog) -> None:
    stated = {
        "rules": {"report.late": {"tell": False}, "trade.tolling": {"action": "off"}},
        "thresholds": {"quota.nearing_share": "0.95"},
        "quota_basis": "output",
        "filing_day": 15,
        "filing_offset_min": -60,
        "holidays": ["2027-10-01", "2027-01-01"],
        "working_days": ["2027-01-02"],
        "opening_until": "2027-03-31T00:00:00+08:00",
        "tolling": "allowed",
        "index_prices": {"prnd-oxide": "606.5"},
    }
    assert log.state(AUTHORITY, policy(**stated)) == []
    assert log.facts.policy is not None
    kept = dict(log.facts.policy.policy)
    assert kept.pop("opening_until_us") == 1_806_422_400_000_000
    expected = {name: value for name, value in stated.items() if name != "opening_until"}
    assert kept == expected | {
        "rule_set": 1,
        "retention_days": 1826,
        "confirmations": [],
        "holidays": ["2027-01-01", "2027-10-01"],
    }
    read_back = read_policy(log.facts.policy.policy)
    assert read_back.action("trade.tolling") == "off"
    assert read_back.tells["report.late"] is False
    assert read_back.thresholds["quota.nearing_share"] == Fraction("0.95")
    assert (read_back.quota_basis, read_back.filing_day, read_back.filing_offset_min) == ("output", 15, -60)
    assert read_back.opening_until_us == 1_806_422_400_000_000
    assert read_back.index_prices == {"prnd-oxide": Fraction("606.5")}


OWN = {
    "code": "own-oxide",
    "name_en": "own oxide",
    "name_zh": "自有氧化物",
    "stage": "separated_compound",
    "form": "oxide",
    "source": "our laboratory",
    "verified": "false",
}


def test_products_of_ones_own_stand_beside_the_packaged_ones(log: ActLog) -> None:
    other = OWN | {"code": "nd-oxide", "stage": "scrap", "form": "scrap", "hs_code": " "}
    assert log.state(AUTHORITY, policy(products=[OWN, other])) == []
    assert log.facts.policy is not None
    kept = log.facts.policy.policy["products"]
    assert [row["code"] for row in kept] == ["nd-oxide", "own-oxide"]
    assert kept[1] == OWN
    catalogue = read_policy(log.facts.policy.policy).catalogue
    assert (catalogue.stage("own-oxide"), catalogue.stage("nd-oxide")) == ("separated_compound", "scrap")
    assert len(catalogue) == len(Catalogue.load()) + 1
    assert Catalogue.load().stage("nd-oxide") == "separated_compound"


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([OWN | {"stage": "powder"}], ("policy.product", "/policy/products/0")),
        ([OWN | {"colour": "grey"}], ("policy.product", "/policy/products/0")),
        ([OWN | {"name_zh": ""}], ("policy.product", "/policy/products/0")),
        ([OWN, OWN | {"name_en": "again"}], ("policy.product", "/policy/products")),
        ([OWN, OWN], ("schema.value", "/policy/products/1")),
        ([OWN | {"verified": False}], ("schema.type", "/policy/products/0")),
        ([OWN | {"source": "x" * 301}], ("schema.type", "/policy/products/0")),
        (["own-oxide"], ("schema.type", "/policy/products/0")),
        (OWN, ("schema.type", "/policy/products")),
    ],
)
def test_products_that_are_none(rows: Any, fault: tuple[str, str]) -> None:
    assert faults(policy(products=rows)) == [fault]


def test_a_text_at_its_limit_is_let_pass() -> None:
    assert faults(policy(products=[OWN | {"source": "x" * 300}])) == []


def test_a_policy_is_whole(log: ActLog) -> None:
    assert log.state(AUTHORITY, policy(filing_day=15)) == []
    assert log.state(AUTHORITY, policy()) == []
    assert log.facts.policy is not None
    assert read_policy(log.facts.policy.policy).filing_day == 10


@pytest.mark.parametrize("code", ALWAYS)
def test_the_impossible_is_always_refused(code: str) -> None:
    for action in ("flag", "off"):
        fault = ("policy.always", f"/policy/rules/{code}/action")
        assert faults(policy(rules={code: {"action": action}})) == [fault]
    assert faults(policy(rules={code: {"action": "reject"}})) == []
    assert faults(policy(rules={code: {"tell": True}})) == []


@pytest.mark.parametrize("code", [code for code in REJECT + FLAG if code not in ALWAYS])
def test_any_other_rule_may_be_changed(code: str) -> None:
    for action in ("reject", "flag", "off"):
        assert faults(policy(rules={code: {"action": action, "tell": True}})) == []


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"rules": {"price.high": {"action": "off"}}}, ("policy.code", "/policy/rules/price.high")),
        ({"rules": {"": {}}}, ("policy.code", "/policy/rules/")),
        ({"rules": {"price.low": {"action": "warn"}}}, ("schema.value", "/policy/rules/price.low/action")),
        ({"rules": {"price.low": {"tell": "no"}}}, ("schema.type", "/policy/rules/price.low/tell")),
        ({"rules": {"price.low": "off"}}, ("schema.type", "/policy/rules/price.low")),
        ({"rules": {"price.low": {"why": "x"}}}, ("schema.unknown-member", "/policy/rules/price.low/why")),
        ({"rules": ["price.low"]}, ("schema.type", "/policy/rules")),
        ({"thresholds": {"price.floor": "1"}}, ("policy.threshold", "/policy/thresholds/price.floor")),
        ({"thresholds": {"price.share": 0.7}}, ("schema.type", "/policy/thresholds/price.share")),
        ({"thresholds": {"price.share": "1.01"}}, ("schema.value", "/policy/thresholds/price.share")),
        ({"thresholds": {"price.share": "70%"}}, ("schema.value", "/policy/thresholds/price.share")),
        ({"thresholds": {"surge.factor": "-5"}}, ("schema.value", "/policy/thresholds/surge.factor")),
        ({"filing_day": 0}, ("schema.value", "/policy/filing_day")),
        ({"filing_day": 29}, ("schema.value", "/policy/filing_day")),
        ({"filing_offset_min": 841}, ("schema.value", "/policy/filing_offset_min")),
        ({"filing_offset_min": -721}, ("schema.value", "/policy/filing_offset_min")),
        ({"holidays": ["2027-02-29"]}, ("schema.value", "/policy/holidays/0")),
        ({"holidays": ["2027-1-1"]}, ("schema.value", "/policy/holidays/0")),
        ({"holidays": ["2027-01-01", "2027-01-01"]}, ("schema.value", "/policy/holidays/1")),
        (
            {"holidays": ["2027-01-01"], "working_days": ["2027-01-01"]},
            ("policy.calendar", "/policy/working_days"),
        ),
        ({"opening_until": "2027-03-31"}, ("schema.value", "/policy/opening_until")),
        ({"opening_until_us": 1}, ("schema.unknown-member", "/policy/opening_until_us")),
        ({"tolling": "flagged"}, ("schema.value", "/policy/tolling")),
        ({"index_prices": {"prnd-oxide": 606}}, ("schema.type", "/policy/index_prices/prnd-oxide")),
        ({"index_prices": {"": "606"}}, ("schema.value", "/policy/index_prices/")),
    ],
)
def test_form_of_what_rules_read(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(policy(**members)) == [fault]


@pytest.mark.parametrize(
    "members",
    [
        {"filing_day": 1},
        {"filing_day": 28},
        {"filing_offset_min": 840},
        {"filing_offset_min": -720},
        {"filing_offset_min": 0},
        {"thresholds": {"price.share": "1"}},
        {"thresholds": {"price.share": "0"}},
        {"thresholds": {"surge.factor": "5.5"}},
        {"rules": {}, "thresholds": {}, "holidays": [], "index_prices": {}},
    ],
)
def test_what_rules_read_at_the_limit(members: dict[str, Any]) -> None:
    assert faults(policy(**members)) == []


@pytest.mark.parametrize("name", sorted(THRESHOLDS))
def test_every_threshold_has_a_least_and_a_most(name: str) -> None:
    least, most = limits_of(name)
    for taken in (least, most):
        assert faults(policy(thresholds={name: str(taken)})) == []
    beyond = [f"{most}.000000001", str(most + 1), "9" * 18, "1e9", "9" * 4000]
    for refused in [*beyond, *(["0", f"{least - 1}.999999999"] if least else ["-1"])]:
        assert faults(policy(thresholds={name: refused})) == [
            ("schema.value", f"/policy/thresholds/{name}")
        ], refused


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
