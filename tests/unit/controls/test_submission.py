"""What a statement says before any book is looked at: names that no key holds."""

from typing import Any

import pytest

from ledger.controls.submission import MAX_NAME_BYTES, read_submission
from ledger.statements.envelope import parse_statement
from tests.support import movements as make
from tests.support.movements import MINE
from tests.support.trade import Trade

USER = f"{MINE}users/".ljust(MAX_NAME_BYTES, "x")


@pytest.fixture(scope="module")
def trade() -> Trade:
    return Trade(policy={"rule_set": 1})


@pytest.mark.parametrize(
    ("kind", "said", "found"),
    [
        ("pack", {"seals": ("封" * 170 + "ab",)}, []),
        ("pack", {"seals": ("封" * 171,)}, ["movement.name-long"]),
        ("impart", {"end_user": USER}, []),
        ("impart", {"end_user": f"{USER}x"}, ["movement.name-long"]),
    ],
)
def test_names_are_measured_in_bytes(trade: Trade, kind: str, said: dict[str, Any], found: list[str]) -> None:
    if kind == "pack":
        moved = make.pack(f"{MINE}units/1", {f"{MINE}lots/a": 1}, **said)
    else:
        moved = make.impart("1E902.a", **said)
    submission = read_submission(parse_statement(trade.statement(moved)), MINE, trade.origin)
    assert [each.code for each in submission.findings] == found
