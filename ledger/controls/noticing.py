"""How a rule says what it noticed: notices with figures as text.

Decides: the form of evidence (whole numbers, and decimal text for ratios; never floats).
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from ledger.controls.rule import Case, Notice
from ledger.findings import Finding
from ledger.records.mergers import went_over_into
from ledger.statements.acts.members import signs_for
from ledger.statements.registers import PartyRecord


def notice(
    case: Case,
    code: str,
    detail: str,
    mend: str,
    *,
    subject: str = "",
    pointer: str = "",
    site: str = "",
    severe: bool = False,
    taints: tuple[str, ...] = (),
    ongoing: bool = False,
    **evidence: Any,
) -> Notice:
    """A notice about the movement.

    Args:
        case: What is judged.
        code: One of the rule's codes.
        detail: What is wrong, in a sentence.
        mend: How to put it right, in plain language.
        subject: ``kind:id``; the event itself where it is left out.
        pointer: The line's place, where it is about one.
        site: Where it is not the movement's own.
        severe, taints, ongoing: As in ``Notice``.
        evidence: Figures: whole numbers, texts, Fractions (written as decimal text), lists and mappings.
    """
    finding = Finding(
        code,
        detail,
        pointer or case.movement.pointer,
        mend,
        {name: plain(value) for name, value in evidence.items()},
    )
    return Notice(
        finding,
        subject or f"event:{case.recording.issuer} {case.movement.event_id}",
        site=site,
        severe=severe,
        taints=taints,
        ongoing=ongoing,
    )


def plain(value: Any) -> Any:
    """A figure as JSON holds it: ratios as decimal text with six digits, cut towards zero."""
    if isinstance(value, Fraction):
        return decimal_text(value)
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value


def decimal_text(value: Fraction, digits: int = 6) -> str:
    """A ratio as decimal text without trailing zeros, cut towards zero: ``0.0125``."""
    scaled = abs(value.numerator) * 10**digits // value.denominator
    whole, rest = divmod(scaled, 10**digits)
    text = f"{whole}.{rest:0{digits}d}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 and scaled else text


def actor_of(case: Case) -> str:
    """The party whose movement it is: the signer, or whom the signer may act for."""
    if not case.actor:
        movement = case.movement
        stated = movement.custodian_from
        if movement.kind in ("opening", "extract", "import", "receive"):
            stated = movement.custodian_to or ("" if movement.kind == "receive" else movement.custodian_from)
        case.actor = stated if stated and acts_for(case, stated) else case.recording.issuer
    return case.actor


def acts_for(case: Case, principal: str) -> bool:
    """Whether the signer may act for a party: it is the same, its filing agent, or what it went over into."""
    recording = case.recording
    if signs_for(recording.books, recording.issuer, principal, recording.recorded_at_us):
        return True
    return went_over_into(recording.books, principal, recording.issuer, recording.recorded_at_us)


def roles_of(case: Case, party: str) -> frozenset[str]:
    """A party's roles in the register; none where it is not in it."""
    record: PartyRecord | None = case.recording.facts.parties.get(party)
    return frozenset() if record is None else frozenset(record.roles)


def recycles_only(case: Case) -> bool:
    """Whether the movement's party is published as a recycler and not for mineral products besides."""
    roles = roles_of(case, actor_of(case))
    return "recycler" in roles and roles.isdisjoint(("miner", "separator"))


def listed(names: Iterable[str], most: int = 5) -> str:
    """Names for a sentence: the first few, and how many more there are."""
    ordered = list(names)
    shown = ", ".join(ordered[:most])
    return shown if len(ordered) <= most else f"{shown} and {len(ordered) - most} more"
