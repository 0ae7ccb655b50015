"""Technology for foreign organisations: what is prohibited, what needs a licence, what was made with it.

Decides: when a technology reaches a foreign organisation, and what it takes of a licence. A technology has no
mass: a licence is for an item, and for so many of each form where it says so. Sources, as far as the packaged
lists name them: the 2023 catalogue of technologies prohibited or restricted from export; MOFCOM announcements
61 and 62 of 2025 (from memory, not verified).
"""

from collections.abc import Iterator, Mapping
from typing import Final

from ledger.controls.licences import CODES, Use, exported, licence_faults, lists_on
from ledger.controls.lists import HOME, country_of, lists_in_force, technology_lists
from ledger.controls.noticing import listed, notice
from ledger.controls.rule import Case, Notice, rule
from ledger.records.lots import LotRecord
from ledger.records.oversight import ControlListRecord, LicenceRecord, TechnologyTransferRecord

IMPART: Final = ("impart",)


@rule("technology.prohibited", movements=IMPART, action="reject")
def prohibited(case: Case) -> Iterator[Notice]:
    """A technology is handed over that a list in force prohibits: no licence helps."""
    movement = case.movement
    for record in _naming(case):
        if record.conditions.get("prohibits"):
            yield notice(
                case,
                "technology.prohibited",
                f"the technology {movement.technology} may not be exported ({record.control_list})",
                "Do not hand it over; no licence allows it. What has happened is disclosed.",
                subject=f"technology:{movement.technology}",
                technology=movement.technology,
                control_list=record.control_list,
                listed_at=record.entry_index,
            )
            return


@rule(*CODES, movements=IMPART, action="reject")
def licence(case: Case) -> Iterator[Notice]:
    """A controlled technology is handed over without a fitting licence."""
    named_by = naming_licence(case)
    if named_by:
        controlled = {case.movement.technology: named_by}
        yield from licence_faults(case, controlled, lists_on(case), _use_by_technology)


@rule("disclosure", movements=IMPART)
def disclosure(case: Case) -> Iterator[Notice]:
    """A technology was handed over that would have been refused, and that is disclosed after the fact."""
    movement = case.movement
    if movement.disclosed and not movement.did_not_occur:
        yield notice(
            case,
            "disclosure",
            f"the technology {movement.technology} was handed to {movement.consignee} without what it needed",
            "A case opens with its alert; add what explains it.",
            technology=movement.technology,
            reason=movement.reason,
            destination=movement.destination,
            licence=movement.licence,
        )


@rule("technology.product", movements=("export", "disclose"))
def product(case: Case) -> Iterator[Notice]:
    """Goods leave a foreign country whose maker had been given listed technology."""
    if country_of(case) in ("", HOME) or case.movement.destination == HOME:
        return
    if not any(record.conditions.get("technology_products") for record in lists_on(case)):
        return
    for goods in exported(case):
        given = _given_before(case, goods.lot)
        if given:
            items = sorted({each.technology for each in given})
            yield notice(
                case,
                "technology.product",
                f"{goods.lot.lot} was made by {goods.lot.producer}, which had been given {listed(items)}",
                "Show that it was made without this technology, or apply for a licence.",
                subject=f"lot:{goods.lot.lot}",
                technologies=items,
                entries=sorted({each.entry_index for each in given})[:20],
            )


def naming_licence(case: Case) -> str:
    """The list under which what is handed over needs a licence, or ""."""
    for record in _naming(case):
        if record.conditions.get("needs_licence", True) and not record.conditions.get("prohibits"):
            return record.control_list
    return ""


def _naming(case: Case) -> list[ControlListRecord]:
    """The lists in force that name the technology, if it reaches a foreign organisation."""
    movement = case.movement
    if movement.disclosed or movement.did_not_occur or not _is_foreign(case):
        return []
    return technology_lists(lists_on(case), movement.technology)


def _is_foreign(case: Case) -> bool:
    """Whether the recipient is foreign: by the country that is stated, or the register's."""
    movement, parties = case.movement, case.recording.facts.parties
    countries = {movement.destination}
    for name in (movement.consignee, movement.end_user):
        party = parties.get(name)
        if party is not None:
            countries.add(str(party.organisation.get("country", HOME)))
    return countries != {HOME}


def _use_by_technology(case: Case, named: LicenceRecord, controlled: Mapping[str, str]) -> Use:
    movement = case.movement
    differs: dict[str, list[str]] = {}
    if not named.of_technology or movement.technology not in named.items:
        differs["items"] = sorted(controlled)
    others = sorted(set(movement.scope) - set(named.scope)) if movement.scope else ["unstated"]
    if named.scope and others:
        differs["scope"] = others
    earlier = _earlier(case, named)
    left = dict(named.scope)
    for each in earlier:
        for form, number in each.scope.items():
            left[form] = left.get(form, 0) - number
    beyond = [form for form in named.scope if movement.scope.get(form, 0) > left[form]]
    text = ", ".join(f"{left[form]} of {form}" for form in beyond)
    return Use(
        differs=differs,
        earlier=[each.event_id for each in earlier],
        left={"scope_left": left, "imparted": dict(movement.scope)},
        beyond=f"the licence {named.licence} has {text} left, and more is handed over" if beyond else "",
    )


def _earlier(case: Case, named: LicenceRecord) -> list[TechnologyTransferRecord]:
    """What its holder handed over under a licence before, in the log's order."""
    movement, recording = case.movement, case.recording
    standing = [
        each
        for each in recording.books.group(TechnologyTransferRecord, "licence", named.licence)
        if each.voided_at is None and not each.disclosed and each.provider == named.exporter
    ]
    own = (recording.issuer, movement.event_id)
    until = next((each for each in standing if (each.issuer, each.event_id) == own), None)
    return [
        each
        for each in standing
        if until is None or (each.entry_index, each.position) < (until.entry_index, until.position)
    ]


def _given_before(case: Case, lot: LotRecord) -> list[TechnologyTransferRecord]:
    """Listed technology that a lot's maker had been given before it was made."""
    books = case.recording.books
    received = {
        (each.entry_index, each.position): each
        for group in ("consignee", "end_user")
        for each in books.group(TechnologyTransferRecord, group, lot.producer)
        if each.voided_at is None and each.event_time_us <= lot.event_time_us
    }
    lists = lists_in_force(books, case.movement.event_time_us)
    return [each for each in received.values() if technology_lists(lists, each.technology)]
