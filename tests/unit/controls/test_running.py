"""Which rules run: all but those of which nothing would become."""

from collections.abc import Iterator, Mapping, Sequence

import pytest

from ledger.controls import recording
from ledger.controls.all_rules import BY_KIND, RULE_SETS
from ledger.controls.rule import Case, Notice, Rule
from ledger.movements.movement import KINDS
from ledger.records.policy import ALWAYS, FLAG, REJECT, read_policy

EVERY = frozenset((*REJECT, *FLAG))


def silent(case: Case) -> Iterator[Notice]:
    yield from ()


def ruled(*codes: str) -> Rule:
    return Rule(codes, ("extract",), "after", "flag", False, silent)


SINGLE, DOUBLE, IMPOSSIBLE = ruled("seal.reused"), ruled("price.low", "report.late"), ruled("graph.cycle")


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    rules: Mapping[int, Mapping[str, Mapping[str, Sequence[Rule]]]] = {
        99: {"extract": {"after": (SINGLE, DOUBLE, IMPOSSIBLE)}}
    }
    monkeypatch.setattr(recording, "BY_KIND", rules)
    yield
    recording._running.cache_clear()


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("off", "running"),
    [
        ((), (SINGLE, DOUBLE, IMPOSSIBLE)),
        (("seal.reused",), (DOUBLE, IMPOSSIBLE)),
        (("price.low",), (SINGLE, DOUBLE, IMPOSSIBLE)),
        (("report.late",), (SINGLE, DOUBLE, IMPOSSIBLE)),
        (("price.low", "report.late"), (SINGLE, IMPOSSIBLE)),
        (("graph.cycle",), (SINGLE, DOUBLE, IMPOSSIBLE)),
        (tuple(EVERY), (IMPOSSIBLE,)),
        (("something.else",), (SINGLE, DOUBLE, IMPOSSIBLE)),
    ],
)
def test_a_rule_is_left_out_where_all_its_codes_are_off(
    off: tuple[str, ...], running: tuple[Rule, ...]
) -> None:
    assert recording._running(99, "extract", "after", frozenset(off)) == running


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stage", ["before", "after"])
def test_every_rule_runs_where_none_is_off_and_in_its_order(kind: str, stage: str) -> None:
    for version in RULE_SETS:
        assert recording._running(version, kind, stage, frozenset()) == tuple(BY_KIND[version][kind][stage])


def test_what_is_off_is_what_policy_says() -> None:
    policy = read_policy(
        {
            "rule_set": 1,
            "rules": {
                "price.low": {"action": "off"},
                "report.late": {"tell": False},
                "hs.mismatch": {"action": "reject"},
            },
        }
    )
    assert policy.off == {"price.low"}
    assert read_policy({"rule_set": 1}).off == frozenset()


def test_every_code_of_a_rule_has_a_default() -> None:
    codes = {code for rules in RULE_SETS.values() for rule in rules for code in rule.codes}
    assert codes <= EVERY
    assert set(ALWAYS) <= EVERY
