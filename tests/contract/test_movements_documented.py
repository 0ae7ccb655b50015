"""docs/movements.md against the code: forms, members, refusals, and examples that the builders write."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

from ledger.controls import ticks
from ledger.materials.units import MASS_UNITS
from ledger.movements.composition import CUSTODY_MODELS, LOT_MEMBERS
from ledger.movements.kinds import EVENT_MEMBERS, FORMS, Form
from ledger.movements.movement import KINDS
from ledger.movements.reading import read_movements
from ledger.movements.writing import dump_document
from ledger.statements.epcis import read_document
from tests.support.movement_examples import EXAMPLES
from tests.support.movements_written import as_event

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "movements.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^### (\S+)\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL))
CODE = re.compile(r"movement\.[a-z-]+")
BOOKS_CODE = re.compile(r"[a-z]+\.[a-z-]+")
REFUSALS = re.compile(r'^\| <a id="[^"]+"></a>`([a-z]+\.[a-z-]+)` \|', re.M)
UPON_BOOKS = "These are said upon what the books hold"
WIDTH = 100


def laid_out(value: Any, indent: str = "") -> str:
    """JSON that stands on one line where it fits."""
    line = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(line) <= WIDTH or not value or not isinstance(value, dict | list):
        return line
    inner = indent + "  "
    if isinstance(value, dict):
        rows = [f"{inner}{json.dumps(name)}: {laid_out(item, inner)}" for name, item in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    rows = [f"{inner}{laid_out(item, inner)}" for item in value]
    return "[\n" + ",\n".join(rows) + f"\n{indent}]"


def example(kind: str) -> str:
    """The example of a kind as the page shows it."""
    return laid_out(json.loads(dump_document(as_event(EXAMPLES[kind]))))


def epcis_cell(form: Form) -> str:
    """What the table of kinds says of a form."""
    steps = " or ".join(f"`{step}`" for step in form.steps)
    return ", ".join(
        part
        for part in (f"`{form.event_type}`", form.action, steps, form.disposition and f"`{form.disposition}`")
        if part
    )


@pytest.mark.parametrize("kind", KINDS)
def test_the_kind_is_listed_with_its_form(kind: str) -> None:
    row = re.search(rf"^\| \[`{kind}`\]\(#{kind}\) \| (.*?) \| (.*?) \| (.*?) \|$", TEXT, re.M)
    assert row is not None
    assert row[1].startswith(epcis_cell(FORMS[kind]))
    for need in FORMS[kind].needs:
        if need in EVENT_MEMBERS and need != "pool":
            assert f"`{need}`" in row[2], need


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_is_what_the_builders_write(kind: str) -> None:
    assert re.findall(r"^```json\n(.*?)\n```", SECTIONS[kind], re.M | re.S) == [example(kind)]


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_is_read(kind: str) -> None:
    event = json.loads(example(kind))
    document = {
        "@context": [
            "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
            {"ree": "https://w3id.org/reledger/ree#"},
        ],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-20T08:00:00Z",
        "epcisBody": {"eventList": [event]},
    }
    read = read_document(json.dumps(document).encode())
    assert read.findings == []
    assert read_movements(read.events)[1] == []


def test_no_section_is_about_a_kind_that_is_not_there() -> None:
    assert set(SECTIONS) == set(KINDS)


@pytest.mark.parametrize("member", sorted({*EVENT_MEMBERS, *LOT_MEMBERS}))
def test_every_member_is_documented(member: str) -> None:
    assert re.search(rf"^\| `{member}` \|", TEXT, re.M), member


def test_no_member_is_documented_that_is_not_there() -> None:
    listed = set(re.findall(r"^\| `([a-z][A-Za-z]+)` \|", TEXT, re.M))
    assert listed == {*EVENT_MEMBERS, *LOT_MEMBERS}


def codes_in(package: str, form: re.Pattern[str]) -> list[str]:
    """The codes of findings that the modules of a package name."""
    codes = {
        node.value
        for path in (ROOT / "ledger" / package).glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and form.fullmatch(node.value)
    }
    assert len(codes) > 40
    return sorted(codes)


def test_every_refusal_is_documented() -> None:
    assert sorted(REFUSALS.findall(TEXT.partition(UPON_BOOKS)[0])) == codes_in("movements", CODE)


def test_every_refusal_upon_the_books_is_documented() -> None:
    codes = [code for code in codes_in("books", BOOKS_CODE) if code not in ticks.CODES]
    assert REFUSALS.findall(TEXT.partition(UPON_BOOKS)[2]) == codes


def test_every_unit_and_model_is_documented() -> None:
    for word in (*MASS_UNITS, *CUSTODY_MODELS):
        assert f"`{word}`" in TEXT, word
