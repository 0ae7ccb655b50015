"""Which rules are judged again where something differs."""

import pytest

from ledger.records.policy import read_policy
from ledger.whatif.reading_rules import differing

POLICY = read_policy({"rule_set": 1})


@pytest.mark.parametrize("code", ["technology.prohibited", "technology.product", "licence.missing"])
def test_what_reads_control_lists_is_judged_again_where_they_differ(code: str) -> None:
    assert code in differing(POLICY, POLICY, lists=True).again
    assert code not in differing(POLICY, POLICY, lists=False).again


def test_nothing_is_judged_again_where_nothing_differs() -> None:
    found = differing(POLICY, POLICY, lists=False)
    assert (found.again, found.recorded, found.left_open) == (frozenset(), frozenset(), frozenset())
