"""docs/rules.md against the code: every code, default, threshold, and where findings come from."""

import re
from fractions import Fraction
from pathlib import Path

import pytest

from ledger.controls.act_alerts import open_alerts
from ledger.controls.all_rules import BY_KIND, RULE_SETS
from ledger.controls.papers import judge_declaration, judge_invoice
from ledger.controls.rule import RULES
from ledger.controls.rule_texts import RULE_TEXTS
from ledger.controls.ticks import CODES
from ledger.movements.movement import KINDS
from ledger.records.policy import ALWAYS, FLAG, REJECT, THRESHOLDS, TOLD, limits_of
from ledger.statements.acts import policies

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "rules.md").read_text("utf-8")


def table(heading: str) -> dict[str, list[str]]:
    """The rows of a section's first table, by the code in their first cell."""
    section = TEXT.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| `([^`]+)` \|(.*)\|$", section, re.MULTILINE)
    assert len(rows) == len({code for code, _ in rows})
    return {code: [cell.strip() for cell in rest.split("|")] for code, rest in rows}


ROWS = table("Codes")
LIMITS = table("Thresholds")
FROM_RULES = {code for rule in RULES for code in rule.codes}
FROM_PAPERS = {
    "quota.nearing",
    "quota.exceeded",
    "price.low",
    "hs.mismatch",
    "invoice.reused",
    "invoice.mismatch",
    "stock.difference",
    "key.suspect",
}


def test_every_code_is_documented_and_no_other() -> None:
    assert set(ROWS) == {*REJECT, *FLAG} == set(RULE_TEXTS)
    assert len(REJECT) + len(FLAG) == len({*REJECT, *FLAG})


@pytest.mark.parametrize("code", sorted(ROWS))
def test_a_row_says_all(code: str) -> None:
    fires, default, told, source, limits, example = ROWS[code]
    assert fires
    assert example
    assert default == ("fixed" if code in ALWAYS else "reject" if code in REJECT else "flag")
    assert (told == "told") == (code in TOLD)
    assert set(source.split(", ")) <= {"m", "t", "p", "b"}
    assert ("m" in source) == (code in FROM_RULES)
    assert ("t" in source) == (code in CODES)
    assert ("p" in source) == (code in FROM_PAPERS)
    assert ("b" in source) == (code in ALWAYS)
    assert set(re.findall(r"`([^`]+)`", limits)) <= set(THRESHOLDS)


@pytest.mark.parametrize("code", sorted(ROWS))
def test_a_row_says_what_the_interface_says(code: str) -> None:
    fires, _, _, _, limits, example = ROWS[code]
    said = RULE_TEXTS[code]
    assert (said.fires, said.example) == (fires, example)
    assert list(said.thresholds) == re.findall(r"`([^`]+)`", limits)


def test_every_threshold_is_documented_with_its_default() -> None:
    assert {name: cells[0] for name, cells in LIMITS.items()} == dict(THRESHOLDS)
    named = {name for cells in ROWS.values() for name in re.findall(r"`([^`]+)`", cells[4])}
    assert named == set(THRESHOLDS)


@pytest.mark.parametrize("name", sorted(THRESHOLDS))
def test_every_threshold_is_documented_with_its_limits(name: str) -> None:
    least, most = limits_of(name)
    assert LIMITS[name][2] == f"{least}, {most:,}"
    assert least <= Fraction(THRESHOLDS[name]) <= most


@pytest.mark.parametrize("name", sorted(THRESHOLDS))
def test_every_threshold_is_used(name: str) -> None:
    code = "".join(
        path.read_text("utf-8") for path in (ROOT / "ledger").rglob("*.py") if path.name != "policy.py"
    )
    assert f'"{name}"' in code


def test_rules_register_with_the_defaults_of_policy() -> None:
    for rule in RULES:
        for code in rule.codes:
            assert rule.action == ("reject" if code in REJECT else "flag"), code
            if code != "quota.exceeded":
                assert rule.tell == (code in TOLD and code != "shipment.unreceived"), code


def test_nothing_that_the_books_refuse_is_a_rule_as_well() -> None:
    assert not FROM_RULES & set(ALWAYS)
    assert FROM_RULES | set(CODES) | set(ALWAYS) | {"key.suspect"} == set(ROWS)


def test_every_version_that_policy_may_name_has_its_rules() -> None:
    assert set(RULE_SETS) == set(policies.RULE_SETS) == set(BY_KIND)
    for version, rules in RULE_SETS.items():
        assert set(BY_KIND[version]) == set(KINDS)
        listed = {
            rule.judge for kinds in BY_KIND[version].values() for each in kinds.values() for rule in each
        }
        assert listed == {rule.judge for rule in rules}


def test_every_rule_says_what_it_looks_for() -> None:
    for judge in [*(rule.judge for rule in RULES), judge_invoice, judge_declaration, open_alerts]:
        assert judge.__doc__


def test_examples_differ() -> None:
    examples = [cells[5] for cells in ROWS.values()]
    assert len(examples) == len(set(examples))
