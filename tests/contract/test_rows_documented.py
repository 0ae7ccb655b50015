"""docs/rows.md lists every movement, act and rule with its meaning and an example, as code and pages do."""

import json
import re

import pytest

from ledger.movements.movement import KINDS
from ledger.records.policy import FLAG, REJECT
from ledger.statements.acts import ACTS
from tests.support.rows_page import DOCS, PAGE, rows_page

ROW = re.compile(r"^\| \[`([^`]+)`\]\((\w+\.md)#([\w-]+)\) \| (.+) \|$", re.M)
ROWS = ROW.findall(PAGE.read_text("utf-8"))


def test_the_page_is_what_the_others_and_the_code_say() -> None:
    assert PAGE.read_text("utf-8") == rows_page(), "write it anew: python -m tests.support.rows_page"


def test_every_row_is_there_once() -> None:
    assert [name for name, *_ in ROWS] == [name for name, *_ in dict.fromkeys(ROWS)]
    assert {name for name, *_ in ROWS} == {*KINDS, "correct", *ACTS, *REJECT, *FLAG}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_says_what_it_means_with_an_example_behind_its_link(row: tuple[str, ...]) -> None:
    name, page, anchor, rest = row
    text = (DOCS / page).read_text("utf-8")
    assert re.search(rf"^##+ {anchor}$", text, re.M | re.I)
    cells = rest.split(" | ")
    assert len(cells) == (3 if page == "rules.md" else 2)
    assert all(3 < len(cell) < 400 for cell in cells), name
    if page != "rules.md":
        example = cells[-1].strip("`").replace(", ...}", "}")
        said = json.loads(example)
        assert len(said) > 1
        assert said.get("act", name) == name
        assert name == "correct" or said.get("ree:movement", name) == name


def test_a_reader_finds_the_page() -> None:
    for page in ("README.md", "docs/movements.md", "docs/acts.md", "docs/rules.md"):
        assert "rows.md)" in (DOCS.parent / page).read_text("utf-8"), page
