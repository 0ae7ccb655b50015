"""What is tried: members of a policy, and acts that would have been in force from the beginning.

Decides: the form of a scenario, and what it makes of the policy and the lists that stood at an entry. A
scenario is written as an authority would put it in force: the members of ``set-policy`` that differ, and the
payloads of the acts that it would sign.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from ledger.errors import ScenarioInvalid
from ledger.findings import Finding
from ledger.materials.control_lists import published_lists
from ledger.records.books import Books
from ledger.records.policy import Policy, read_policy
from ledger.statements.acts import Act, ActContext, read_act
from ledger.statements.acts.list_restricted_party import ListRestrictedParty
from ledger.statements.acts.policies import policy_members
from ledger.statements.acts.publish_control_list import PublishControlList
from ledger.statements.acts.set_policy import SetPolicy
from ledger.statements.acts.state_ownership import StateOwnership
from ledger.statements.registers import Facts
from ledger.strict_json import escape_pointer

TRIED: Final = (PublishControlList, ListRestrictedParty, StateOwnership, SetPolicy)
"""The acts that a scenario may hold."""
AFTER_ALL: Final = 2**62
"""The index under which a scenario's records stand: newer than whatever was recorded under their name."""
MEMBERS: Final = frozenset({"name", "policy", "lists", "acts"})
MAX_NAME: Final = 200
MAX_ACTS: Final = 1_000
_MEND: Final = "docs/what-if.md describes the form of a scenario."
_RULE_SET: Final = 1


@dataclass(frozen=True, slots=True)
class Scenario:
    """What would have been in force, beside or in place of what was.

    Attributes:
        name: For the report.
        members: Members of the policy that take the place of those in force; rules and thresholds one by one.
        whole: A policy that takes the place of the whole, or None.
        acts: The other acts, in the order in which they would be recorded.
        books: The records that these make.
    """

    name: str
    members: Mapping[str, Any] = field(default_factory=dict)
    whole: Mapping[str, Any] | None = None
    acts: tuple[Act, ...] = ()
    books: Books = field(default_factory=Books, compare=False)

    @property
    def in_force(self) -> bool:
        """Whether it changes nothing: what was in force stays."""
        return not self.members and self.whole is None and not self.acts

    def policy(self, stood: Mapping[str, Any]) -> Policy:
        """The policy as it would have been where the members ``stood`` were in force."""
        return read_policy(self.policy_members(stood))

    def policy_members(self, stood: Mapping[str, Any]) -> dict[str, Any]:
        """The same as members of the register."""
        merged = dict(self.whole if self.whole is not None else stood)
        for name, value in self.members.items():
            if name == "rules":
                rules = dict(merged.get("rules", {}))
                for code, choice in value.items():
                    rules[code] = {**rules.get(code, {}), **choice}
                merged["rules"] = rules
            elif name in ("thresholds", "index_prices"):
                merged[name] = {**merged.get(name, {}), **value}
            else:
                merged[name] = value
        return merged


IN_FORCE: Final = Scenario("in force")
"""What was in force at each entry."""


def read_scenario(value: object) -> Scenario:
    """A scenario from parsed JSON.

    Args:
        value: An object with ``name``, ``policy`` (members of a policy), ``lists`` (packaged control lists:
            code and the time from when on they hold, "" for their own) and ``acts`` (payloads), each of them
            optional. One act alone is a scenario too.

    Raises:
        ScenarioInvalid: It has another form; every fault is told.
    """
    if not isinstance(value, Mapping):
        raise ScenarioInvalid([Finding("schema.type", "a scenario is a JSON object", "", _MEND)])
    if "act" in value:
        value = {"name": str(value["act"]), "acts": [value]}
    findings = [
        Finding("schema.unknown", f"a scenario has no member {name!r}", f"/{name}", _MEND)
        for name in value
        if name not in MEMBERS
    ]
    name = value.get("name", "scenario")
    if not isinstance(name, str) or not 1 <= len(name) <= MAX_NAME:
        findings.append(Finding("schema.value", f"a name has 1 to {MAX_NAME} characters", "/name", _MEND))
    stated = value.get("acts", [])
    if not isinstance(stated, list) or len(stated) > MAX_ACTS:
        findings.append(Finding("schema.type", f"acts is a list of at most {MAX_ACTS}", "/acts", _MEND))
        stated = []
    acts = [*_packaged(value.get("lists", {}), findings)]
    acts += [_read(each, f"/acts/{at}", findings) for at, each in enumerate(stated)]
    members = _members(value.get("policy", {}), findings)
    if findings:
        raise ScenarioInvalid(findings)
    whole = [policy_members(dict(each.policy)) for each in acts if isinstance(each, SetPolicy)]
    others = tuple(each for each in acts if each is not None and not isinstance(each, SetPolicy))
    return Scenario(str(name), members, whole[-1] if whole else None, others, _books_of(others))


def _read(value: object, pointer: str, findings: list[Finding]) -> Act | None:
    """One act; what is wrong with it is added to the findings."""
    act, faults = read_act(value)
    findings.extend(replace(fault, pointer=f"{pointer}{fault.pointer}") for fault in faults)
    if act is not None and not isinstance(act, TRIED):
        known = ", ".join(sorted(each.name for each in TRIED))
        findings.append(
            Finding("scenario.act", f"{act.name} cannot be tried", f"{pointer}/act", f"Known: {known}.")
        )
    return act


def _packaged(value: object, findings: list[Finding]) -> Iterator[Act | None]:
    """The acts that put packaged lists in force."""
    if not isinstance(value, Mapping):
        findings.append(Finding("schema.type", "lists is a JSON object", "/lists", _MEND))
        return
    known = published_lists()
    for code, start in value.items():
        place = f"/lists/{escape_pointer(str(code))}"
        if code not in known or not isinstance(start, str):
            what = f"there is no packaged list {code!r}" if code not in known else "a time is a text"
            findings.append(Finding("schema.value", what, place, f"Known: {', '.join(known)}."))
            continue
        yield _read(known[code].act(start), place, findings)


def _members(value: object, findings: list[Finding]) -> dict[str, Any]:
    """The stated members of a policy, as the register would hold them."""
    if not isinstance(value, Mapping):
        findings.append(Finding("schema.type", "policy is a JSON object", "/policy", _MEND))
        return {}
    if not value:
        return {}
    act, faults = read_act({"act": "set-policy", "policy": {"rule_set": _RULE_SET, **value}})
    findings.extend(faults)
    if not isinstance(act, SetPolicy):
        return {}
    loaded = policy_members(dict(act.policy))
    names = ["opening_until_us" if name == "opening_until" else str(name) for name in value]
    return {name: loaded[name] for name in names}


def _books_of(acts: tuple[Act, ...]) -> Books:
    """The records that the acts would make."""
    facts = Facts()
    for act in acts:
        act.take_effect(ActContext(AFTER_ALL, 0, "", "", bytes(32), ""), facts)
    return facts.books
