"""Which rules two policies, or two sets of lists, can make differ, and which of these can be judged again.

Decides: what each code reads of policy and lists, and which rules need nothing but what the tables tell of
an earlier entry: the statement, registers, lots, the lines that it booked, licences and lists. Those are
judged again. Of the others the record tells what they found, so another action is answered, and another
threshold is not: it is left open, and said so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from ledger.controls.all_rules import RULE_SETS
from ledger.controls.rule import Rule
from ledger.controls.rule_texts import RULE_TEXTS
from ledger.records.policy import FLAG, REJECT, Policy

LISTS: Final = "lists"
"""What stands for control lists and restricted parties among the things that a rule reads."""
CALENDAR: Final = ("filing_day", "filing_offset_min")
DAYS: Final = ("holidays", "working_days")
_LICENCE: Final = (LISTS, "products", "exchange_rates", "deminimis.share")
_OTHERWISE: Final[Mapping[str, tuple[str, ...]]] = {
    "actor.role": ("products",),
    "balance.cumulative": CALENDAR,
    "capacity.exceeded": CALENDAR,
    "content.deminimis": (LISTS, "exchange_rates"),
    "content.undecided": (LISTS, "exchange_rates"),
    "enduser.military": (LISTS,),
    "enduser.restricted": (LISTS,),
    "export.surge": CALENDAR,
    "hs.mismatch": ("products",),
    "invoice.missing": CALENDAR,
    "licence.case-by-case": _LICENCE,
    "licence.exhausted": _LICENCE,
    "licence.expired": _LICENCE,
    "licence.mismatch": _LICENCE,
    "licence.missing": _LICENCE,
    "licence.overdue": DAYS,
    "licence.reused": _LICENCE,
    "pool.unclosed": CALENDAR,
    "price.low": ("index_prices", "exchange_rates"),
    "quota.exceeded": ("quota_basis", *CALENDAR),
    "quota.nearing": ("quota_basis", *CALENDAR),
    "report.burst": CALENDAR,
    "report.late": CALENDAR,
    "shipment.unreceived": CALENDAR,
    "shipment.unsent": CALENDAR,
    "technology.product": (LISTS,),
    "technology.prohibited": (LISTS,),
    "trade.tolling": ("tolling",),
}
"""What a code reads besides its own action and its thresholds: members of the policy, and lists."""

AGAIN: Final = frozenset(
    {
        *("licence.missing", "licence.expired", "licence.exhausted", "licence.mismatch", "licence.reused"),
        *("licence.case-by-case", "enduser.restricted", "enduser.military", "content.deminimis"),
        *("content.undecided", "export.structuring", "export.surge", "price.low", "time.after-recording"),
        *("report.late", "trade.tolling", "disclosure", "technology.prohibited", "technology.product"),
    }
)
"""Codes whose rules need nothing of an earlier entry that the tables do not tell."""


@dataclass(frozen=True)
class Differing:
    """What can come out otherwise.

    Attributes:
        again: The codes whose rules are judged again.
        recorded: Codes of which only the action differs: what was found is in the record.
        left_open: Codes that read something else now, and cannot be judged again.
    """

    again: frozenset[str]
    recorded: frozenset[str]
    left_open: frozenset[str]

    def rules(self, rule_set: int) -> list[Rule]:
        """The rules that are judged again."""
        return [rule for rule in RULE_SETS[rule_set] if self.again & set(rule.codes)]

    @cached_property
    def rejudged(self) -> frozenset[str]:
        """Every code that the rules judged again may give: the record's findings of it are not used."""
        rules = [rule for version in RULE_SETS for rule in self.rules(version)]
        return frozenset(code for rule in rules for code in rule.codes)


def reads_of(code: str) -> frozenset[str]:
    """Thresholds, members of the policy and lists that the rules of a code read."""
    return frozenset((*RULE_TEXTS[code].thresholds, *_OTHERWISE.get(code, ())))


def differing(before: Policy, after: Policy, *, lists: bool) -> Differing:
    """What two policies can make differ.

    Args:
        before, after: The policies.
        lists: Whether control lists or restricted parties differ.
    """
    read = _read_otherwise(before, after)
    if lists:
        read.add(LISTS)
    again, recorded, left_open = set(), set(), set()
    for code in (*REJECT, *FLAG):
        acts = _treats(before, code) != _treats(after, code)
        reads = not read.isdisjoint(reads_of(code))
        if before.action(code) == after.action(code) == "off" or not (acts or reads):
            continue
        if code in AGAIN:
            again.add(code)
        elif reads or before.action(code) == "off" or code in TWO_LIMITS:
            left_open.add(code)
        else:
            recorded.add(code)
    return Differing(frozenset(again), frozenset(recorded), frozenset(left_open))


TWO_LIMITS: Final = frozenset({"balance.element-gain"})
"""Codes that refuse beyond a second limit: an alert does not tell whether it lay beyond it."""


def _treats(policy: Policy, code: str) -> tuple[str, bool]:
    return policy.action(code), code in policy.softened and code in TWO_LIMITS


def _read_otherwise(before: Policy, after: Policy) -> set[str]:
    """Names of thresholds and members that differ."""
    names = {name for name, value in after.thresholds.items() if before.thresholds[name] != value}
    for member in ("quota_basis", *CALENDAR, *DAYS, "tolling", "index_prices"):
        if getattr(before, member) != getattr(after, member):
            names.add(member)
    if before.rates != after.rates:
        names.add("exchange_rates")
    if list(before.catalogue) != list(after.catalogue):
        names.add("products")
    return names


def kinds(rules: Iterable[Rule]) -> frozenset[str]:
    """The kinds of movement that some rules look at."""
    return frozenset(kind for rule in rules for kind in rule.movements)
