"""docs/acts.md against the code: every act, member, role and refusal code, and examples that are read."""

import json
import re
from pathlib import Path

import pytest

from ledger.statements.acts import ACTS, ROLES, read_act
from ledger.statements.acts.policies import PolicySchema
from ledger.strict_json import parse_json

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "acts.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL))
EXAMPLES = {name: re.findall(r"^```json\n(.*?)^```", SECTIONS.get(name, ""), re.M | re.S) for name in ACTS}


@pytest.mark.parametrize("name", sorted(ACTS))
def test_the_act_is_documented(name: str) -> None:
    assert name in SECTIONS, f"docs/acts.md has no section on {name}"
    summary = re.search(rf"^\| \[`{name}`\]\(#{name}\) \| (.*?) \| (.*?) \|", TEXT, re.M)
    assert summary is not None, f"docs/acts.md does not list {name} in its first table"
    if name != "confirm":
        public = ACTS[name].public.fget(None)
        assert (summary[2] == "anyone") == public
    assert any(role in summary[1] for role in ACTS[name].signers)


@pytest.mark.parametrize("name", sorted(ACTS))
def test_every_member_is_documented(name: str) -> None:
    for member in ACTS[name].schema().fields:
        assert f"`{member}`" in SECTIONS[name] or f"of `{member}`" in SECTIONS[name], member


@pytest.mark.parametrize("name", sorted(ACTS))
def test_the_example_is_read(name: str) -> None:
    assert len(EXAMPLES[name]) == 1
    payload = json.loads(EXAMPLES[name][0])
    assert payload["act"] == name
    _, findings = read_act(parse_json(EXAMPLES[name][0].encode()))
    assert findings == []


def test_no_section_is_about_an_act_that_is_not_there() -> None:
    listed = set(re.findall(r"^\| \[`(\S+)`\]\(#", TEXT, re.M))
    assert listed == set(ACTS)


def test_every_policy_member_is_documented() -> None:
    for member in PolicySchema().fields:
        assert f"| `{member}` |" in SECTIONS["set-policy"]


def test_every_role_is_documented() -> None:
    listed = re.search(r"^Roles: (.*?)\n\n", TEXT, re.M | re.S)
    assert listed is not None
    assert re.findall(r"`(\w+)`", listed[1]) == list(ROLES)


def test_every_refusal_code_is_documented() -> None:
    sources = (ROOT / "ledger" / "statements" / "acts").glob("*.py")
    codes = {
        code for source in sources for code in re.findall(r'"([a-z]+\.[a-z-]+)"', source.read_text("utf-8"))
    }
    codes -= {"key.revoked"}  # judged where events and statements are
    missing = sorted(code for code in codes if f"`{code}`" not in TEXT)
    assert len(codes) > 30
    assert missing == []
