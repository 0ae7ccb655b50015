"""Every row of the tables of rules, movements and acts has three tests: let pass, at the limit, and fires.

``rows_tested.txt`` says which. A row without all three, a test that is not there (any more), and a case that
its test does not have, fail here.
"""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from ledger.movements.movement import KINDS
from ledger.records.policy import FLAG, REJECT
from ledger.statements.acts import ACTS

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent
ROWS = {
    "rules": {*REJECT, *FLAG},
    "movements": {*KINDS, "correct"},
    "acts": set(ACTS),
}


def read_rows(text: str) -> dict[str, dict[str, list[tuple[str, str]]]]:
    """By table and row: three times (test, text of its case)."""
    tables: dict[str, dict[str, list[tuple[str, str]]]] = {}
    rows: dict[str, list[tuple[str, str]]] = {}
    for line in text.splitlines():
        if line.startswith("["):
            rows = tables.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            name, *cells = (cell.strip() for cell in line.split(" | "))
            assert name not in rows, name
            found = rows.setdefault(name, [])
            for cell in cells:
                test, _, case = (part.strip() for part in cell.partition(">>"))
                found.append((found[-1][0] if test == "same" else test, case))
    return tables


TABLES = read_rows((HERE / "rows_tested.txt").read_text("utf-8"))
CASES = [(table, row) for table in TABLES for row in TABLES[table]]


@cache
def sources(file: str) -> dict[str, str]:
    """The source of each test of a file, decorators included, without white space."""
    path = TESTS / (f"{file}.py" if file.startswith("db/") else f"unit/{file}.py")
    text = path.read_text("utf-8")
    return {
        node.name: squeezed("\n".join(ast.unparse(each) for each in node.decorator_list) + ast.unparse(node))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def squeezed(text: str) -> str:
    """Source as it is compared: one kind of quotes, no white space, no digit grouping, no trailing commas."""
    text = re.sub(r"\s+", "", text).replace('"', "'")
    return re.sub(r"(?<=\d)_(?=\d)", "", text).replace(",)", ")")


@pytest.mark.parametrize("table", sorted(ROWS))
def test_every_row_is_listed_and_no_other(table: str) -> None:
    assert set(TABLES[table]) == ROWS[table]


@pytest.mark.parametrize(("table", "row"), CASES)
def test_a_row_lets_pass_has_a_limit_and_fires(table: str, row: str) -> None:
    cases = TABLES[table][row]
    assert len(cases) == 3
    assert len(set(cases)) == 3, "one case is not two"
    for test, case in cases:
        file, _, name = test.partition("::")
        assert name in sources(file), test
        assert squeezed(case).rstrip(",") in sources(file)[name], f"{test} has no {case}"
    file, _, name = cases[-1][0].partition("::")
    if table == "rules":
        assert row in sources(file)[name], f"{name} does not show that {row} fires"


def test_a_row_that_lacks_a_case_is_found() -> None:
    (rows,) = read_rows("[rules]\na.b | f::t >> (1, []) | same >> (2, [])\n").values()
    assert rows["a.b"] == [("f::t", "(1, [])"), ("f::t", "(2, [])")]
