"""Every rule, by the version of the rule set; importing this registers them all.

Decides: which rules a version holds. A version is never changed once a log has been written under it: a
later one stands beside it, and a replay judges each entry by the version that was in force.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from ledger.controls import (
    actors,
    balances,
    capacity,
    enduser,
    exports,
    goods,
    licences,
    movement_times,
    origins,
    papers,
    quotas,
    reporting,
    seals,
    shipments,
    taint,
    technology,
    trade,
)
from ledger.controls.rule import RULES, Case, Rule
from ledger.controls.schedules import schedule
from ledger.controls.tallies import note
from ledger.movements.movement import KINDS

_FAMILIES: Final = (
    actors,
    movement_times,
    enduser,
    origins,
    balances,
    quotas,
    licences,
    technology,
    goods,
    exports,
    shipments,
    trade,
    papers,
    capacity,
    seals,
    reporting,
    taint,
)
"""In the order in which findings are given."""


def _ordered(families: Sequence[object]) -> tuple[Rule, ...]:
    """The registered rules by family, then as they stand in it: whatever was imported first."""
    places = {getattr(family, "__name__", ""): place for place, family in enumerate(families)}
    return tuple(sorted(RULES, key=lambda rule: places[rule.judge.__module__]))


RULE_SETS: Final[Mapping[int, Sequence[Rule]]] = {1: _ordered(_FAMILIES)}
"""The rules of each version that policy's ``rule_set`` may name."""

BY_KIND: Final[Mapping[int, Mapping[str, Mapping[str, Sequence[Rule]]]]] = {
    version: {
        kind: {
            stage: tuple(rule for rule in rules if kind in rule.movements and rule.stage == stage)
            for stage in ("before", "after")
        }
        for kind in KINDS
    }
    for version, rules in RULE_SETS.items()
}
"""The same by kind of movement and stage."""


def after_accepting(case: Case) -> None:
    """What follows from an accepted movement: tallies, draws and dues."""
    note(case)
    schedule(case)
