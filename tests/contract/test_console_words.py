"""What the console says of rules, evidence and acts, in both languages, against the ledger's own."""

import ast
import json
import re
from pathlib import Path

import pytest

from ledger.records.policy import FLAG, REJECT
from ledger.statements.acts import ACTS
from ledger.statements.acts.licences import CLOCK_REASONS, REFUSAL_REASONS, SANCTION_REASONS

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "api" / "console" / "static"
LANGUAGES = ("en", "zh")
CODES = {*REJECT, *FLAG}
# Parameters of functions that make findings which are no evidence.
NOT_EVIDENCE = {
    "subject",
    "mend",
    "site",
    "detail",
    "code",
    "pointer",
    "severe",
    "taints",
    "ongoing",
    "evidence",
}
MAKERS = {"notice", "_fault", "_paper"}


def area(language: str, name: str) -> dict[str, str]:
    texts: dict[str, str] = json.loads((STATIC / "i18n" / language / f"{name}.json").read_text("utf-8"))
    return texts


def evidence_names() -> set[str]:
    """Every name under which a rule gives evidence: of calls, and of literal evidence."""
    names: set[str] = set()
    for path in sorted((ROOT / "ledger" / "controls").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            made = {each.arg for each in node.keywords if each.arg} - NOT_EVIDENCE
            if getattr(node.func, "id", "") in MAKERS:
                names |= made
            for each in node.keywords:
                if each.arg == "evidence" and isinstance(each.value, ast.Dict):
                    names |= {key.value for key in each.value.keys if isinstance(key, ast.Constant)}
    return names


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_rule_has_a_title_a_meaning_and_a_mend(language: str) -> None:
    texts = area(language, "rules")
    said = {key for key in texts if not key.startswith("evidence.")}
    assert said == {f"{code}.{part}" for code in CODES for part in ("title", "meaning", "mend")}
    titles = [texts[f"{code}.title"] for code in CODES]
    assert len(titles) == len(set(titles))
    assert all(text.strip() for text in texts.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_of_evidence_has_a_word(language: str) -> None:
    names = evidence_names()
    assert {"drawn_mg", "parcels", "kid", "left_mg"} <= names
    texts = area(language, "rules")
    assert {name for name in names if f"evidence.{name}" not in texts} == set()


def test_grades_are_of_rules_that_exist() -> None:
    code = (STATIC / "js" / "parts" / "rules.js").read_text("utf-8")
    grave, formal = (
        set(re.findall(r'"([a-z.-]+)"', re.search(rf"const {name} = new Set\(\[(.*?)\]\)", code, re.S)[1]))
        for name in ("GRAVE", "FORMAL")
    )
    assert grave <= CODES
    assert formal <= CODES
    assert not grave & formal


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_act_has_a_name(language: str) -> None:
    texts = area(language, "acts")
    assert {name for name in ACTS if f"name.{name}" not in texts} == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_has_words(language: str) -> None:
    texts = area(language, "acts")
    reasons = {*REFUSAL_REASONS, *SANCTION_REASONS, *CLOCK_REASONS}
    assert {key.removeprefix("reason.") for key in texts if key.startswith("reason.")} == reasons


def test_the_forms_offer_the_reasons_that_the_acts_take() -> None:
    code = (STATIC / "js" / "desks" / "regulator" / "licence_decision.js").read_text("utf-8")
    found = re.findall(r"\[((?:\s*\"[a-z-]+\",?)+\s*)\]", code)
    offered = {tuple(re.findall(r'"([a-z-]+)"', each)) for each in found}
    assert {tuple(REFUSAL_REASONS), tuple(SANCTION_REASONS), tuple(CLOCK_REASONS)} <= offered


@pytest.mark.parametrize("name", ["regulator", "public", "rules", "acts"])
def test_both_languages_say_the_same_things(name: str) -> None:
    english, chinese = (area(language, name) for language in LANGUAGES)
    assert {key for key in english if not key.endswith("_one")} == {
        key for key in chinese if not key.endswith("_one")
    }
    for key, text in chinese.items():
        assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", english[key])), key
