"""Export licences: whether an export needs one, has one that fits, and what it draws on it.

Decides: which goods are controlled on a date (by the published control lists), and in which order the
faults of a licence are named. Source: dual-use items export regulation (2024): a single licence is for one
end user and one shipment, a general one for many; a change of item, destination, end user or end use is a
new application.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, Final

from ledger.clock import format_time_us
from ledger.controls.content import Content, content_of
from ledger.controls.drawn import SUSPENDED, drawn_for, licence_name, to_give_back
from ledger.controls.lists import (
    HOME,
    advanced_use,
    country_of,
    foreign_country,
    lists_in_force,
    naming_list,
    reaching,
    taker_abroad,
)
from ledger.controls.noticing import actor_of, listed, notice
from ledger.controls.rule import Case, Notice, rule
from ledger.controls.shipments import turned_shipments
from ledger.materials.catalogue import Catalogue
from ledger.records.books import Books
from ledger.records.licence_spans import GRANTED, in_force
from ledger.records.lots import LotRecord, ShipmentRecord
from ledger.records.oversight import ControlListRecord, LicenceRecord
from ledger.records.policy import Policy

SINGLE: Final = "single"
WITHIN: Final = ("ship", "transfer", "release")
"""Movements that are for goods which stay in the country."""
VALUE: Final = "value"
"""The basis of a content share that is one of value."""


@dataclass(frozen=True, slots=True)
class Goods:
    """One lot of an export.

    Attributes:
        lot: Its record.
        mass_mg: Gross mass that leaves.
    """

    lot: LotRecord
    mass_mg: int


def exported(case: Case) -> list[Goods]:
    """The lots that an export, a disclosure or another shipment sends, once it is booked; none where it did
    not occur.
    """
    if case.movement.did_not_occur:
        return []
    lines = {line.lot: line for line in case.effect.lines if line.event_id == case.movement.event_id}
    lots = ((case.recording.books.get(LotRecord, name), line.sent_mg) for name, line in lines.items())
    return [Goods(lot, mass_mg) for lot, mass_mg in lots if lot is not None and mass_mg]


def lists_on(case: Case) -> list[ControlListRecord]:
    """The lists in force that are about an export from where it leaves to where it goes."""
    movement = case.movement
    lists = lists_in_force(case.recording.books, movement.event_time_us)
    if all("exports_from" not in record.conditions for record in lists):
        return lists
    return reaching(lists, country_of(case), movement.destination)


def controlling_list(case: Case, lot: LotRecord, lists: list[ControlListRecord]) -> str:
    """The control list under which a lot needs a licence: by what it is, or by what it contains; or ""."""
    named = naming_list(lot, lists, case.recording.policy.catalogue)
    if named or country_of(case) in ("", HOME):
        return named
    for record in lists:
        conditions = record.conditions
        if (
            conditions.get("needs_licence", True)
            and conditions.get("foreign_content_share")
            and conditions.get("content_basis") == VALUE
            and content_in(case, lot).verdict(least_content(case.recording.policy, record)) == "reaches"
        ):
            return record.control_list
    return ""


def content_in(case: Case, lot: LotRecord) -> Content:
    """The Chinese value share of a lot that is exported; worked out once for a movement."""
    name = f"content {lot.lot}"
    found = case.effect.workings.get(name)
    if not isinstance(found, Content):
        found = content_of(case.recording.books, case.recording.policy, lot, case.movement.owner_from)
        case.effect.workings[name] = found
    return found


def least_content(policy: Policy, record: ControlListRecord) -> Fraction:
    """From which Chinese share on a list means foreign goods: its own, or policy's where that is more."""
    return max(
        policy.thresholds["deminimis.share"], Fraction(str(record.conditions["foreign_content_share"]))
    )


CODES: Final = (
    "licence.missing",
    "licence.expired",
    "licence.exhausted",
    "licence.mismatch",
    "licence.reused",
    "licence.case-by-case",
)


@dataclass(frozen=True, slots=True)
class Use:
    """What an export takes of the licence that it names.

    Attributes:
        differs: In what the licence's items do not mean what is exported; empty where they do.
        earlier: Events that used it before.
        left: What it has left and what is exported, as evidence.
        beyond: Why it is more than is left, as a sentence; "" where it is not.
    """

    differs: Mapping[str, Any]
    earlier: Sequence[str]
    left: Mapping[str, Any]
    beyond: str


@rule(*CODES, movements=("export",), action="reject")
def licence(case: Case) -> Iterator[Notice]:
    """A controlled item is exported without a fitting licence."""
    lists = lists_on(case)
    controlled = {
        goods.lot.lot: name for goods in exported(case) if (name := controlling_list(case, goods.lot, lists))
    }
    if controlled:
        yield from licence_faults(case, controlled, lists, _use_by_goods)


@rule("licence.missing", movements=WITHIN, action="reject")
def unexported(case: Case) -> Iterator[Notice]:
    """A controlled item goes to another country by a movement that is no export, and so draws no licence."""
    movement = case.movement
    taker, country = ("", "") if movement.did_not_occur else taker_abroad(case)
    if not taker:
        return
    lists = lists_on(case)
    controlled = {
        lot.lot: name
        for lot in _leaving(case)
        if not _passes_through(case, lot) and (name := controlling_list(case, lot, lists))
    }
    if controlled:
        yield _fault(
            case,
            "licence.missing",
            f"{listed(controlled)} needs an export licence and goes to {taker} ({country}) by "
            f"{movement.kind}",
            "Record it as an export, under a licence that fits; what has happened already is disclosed. What "
            "lies abroad already is recorded at the site abroad.",
            controlled=controlled,
            taker=taker,
            country=country,
        )


def _leaving(case: Case) -> list[LotRecord]:
    """The lots that a shipment, a release or a sale takes from its owner."""
    sent = exported(case)
    if sent:
        return [goods.lot for goods in sent]
    owner = _owner(case)
    names = dict.fromkeys(
        posting.lot for posting in case.effect.postings if posting.mass_mg < 0 and posting.owner == owner
    )
    found = (case.recording.books.get(LotRecord, name) for name in names)
    return [lot for lot in found if lot is not None]


def _passes_through(case: Case, lot: LotRecord) -> bool:
    """Whether a lot came from abroad as it is and belongs to a foreign party still: goods in bond."""
    return lot.birth == "import" and foreign_country(case, _owner(case)) != ""


def _owner(case: Case) -> str:
    return case.movement.owner_from or actor_of(case)


@rule("licence.missing", "licence.exhausted", "licence.reused", movements=("cancel",), action="reject")
def travels_again(case: Case) -> Iterator[Notice]:
    """An export whose cancellation did not occur finds its licence withdrawn, or used by others meanwhile."""
    books, turned = case.recording.books, turned_shipments(case)
    cancelled = [shipment for shipment, travels in turned if not travels]
    for shipment in (shipment for shipment, travels in turned if travels):
        name = licence_name(shipment.licence, shipment.event_id)
        mass_mg = drawn_for(books, shipment, SUSPENDED).get(name, 0)
        named = books.get(LicenceRecord, shipment.licence) if mass_mg else None
        if named is not None:
            yield from _faults_again(case, named, mass_mg, cancelled)


def _faults_again(
    case: Case, named: LicenceRecord, mass_mg: int, cancelled: Sequence[ShipmentRecord]
) -> Iterator[Notice]:
    """Why a licence cannot be drawn on again; ``cancelled`` gives back what it drew at the same time."""

    def fault(code: str, detail: str, **evidence: Any) -> Notice:
        mend = "Let the cancellation stand; an export that has happened is disclosed."
        subject = f"licence:{named.licence}"
        return notice(case, code, detail, mend, subject=subject, licence=named.licence, **evidence)

    if named.state != GRANTED:
        yield fault("licence.missing", f"the licence {named.licence} is {named.state} by now")
        return
    freed = {each.event_id: drawn_for(case.recording.books, each) for each in cancelled}
    left = named.quantity_mg - named.drawn_mg
    left += sum(drawn.get(licence_name(named.licence, event), 0) for event, drawn in freed.items())
    if mass_mg > left:
        detail = f"the licence {named.licence} has {left} mg left, and {mass_mg} mg were exported"
        yield fault("licence.exhausted", detail, left_mg=left, exported_mg=mass_mg)
    others = [event for event in named.shipments if event not in freed]
    if named.kind == SINGLE and others:
        detail = f"the licence {named.licence} is for one shipment, and {others[0]} used it meanwhile"
        yield fault("licence.reused", detail, shipments=others)


def licence_faults(
    case: Case,
    controlled: Mapping[str, str],
    lists: Sequence[ControlListRecord],
    use_of: Callable[[Case, LicenceRecord, Mapping[str, str]], Use],
) -> Iterator[Notice]:
    """What is wrong with the licence that an export of goods or technology names.

    Args:
        case: The export.
        controlled: What of it needs a licence, with the list that says so; not empty.
        lists: Those that are about it.
        use_of: Says what it takes of the licence.
    """
    movement, books = case.movement, case.recording.books
    named = books.get(LicenceRecord, movement.licence) if movement.licence else None
    if named is not None and named.exporter != actor_of(case):
        yield _fault(
            case,
            "licence.mismatch",
            f"the licence {named.licence} is for another exporter",
            "Name a licence of your own, or apply for one.",
        )
        return
    stood = named is not None and in_force(books, named, movement.event_time_us)
    if named is None or (named.state != GRANTED and not stood):
        state = "none of its own under the name that it gives" if movement.licence else "no licence"
        if named is not None:
            state = f"the licence {named.licence} ({named.state})"
        yield _fault(
            case,
            "licence.missing",
            f"{listed(controlled)} needs an export licence, and the export has {state}",
            "Apply for a licence and export once it is granted; an export that has happened is disclosed.",
            controlled=controlled,
        )
        return
    use = use_of(case, named, controlled)
    if not stood:
        yield _expired(case, named)
    if use.beyond:
        yield _fault(
            case,
            "licence.exhausted",
            use.beyond,
            "Export what is left, or apply for a further licence.",
            **use.left,
        )
    yield from _scope(case, named, use.differs)
    yield from _case_by_case(case, named, lists)
    if named.kind == SINGLE and use.earlier:
        yield _fault(
            case,
            "licence.reused",
            f"the licence {named.licence} is for one shipment, and {use.earlier[0]} used it",
            "Apply for a licence for this shipment.",
            shipments=list(use.earlier),
        )


def _use_by_goods(case: Case, named: LicenceRecord, controlled: Mapping[str, str]) -> Use:
    movement = case.movement
    outside = [
        goods.lot.lot
        for goods in exported(case)
        if goods.lot.lot in controlled and not _item(named, goods.lot, case.recording.policy.catalogue)
    ]
    mass_mg = licensed_mass(case)
    given_back = to_give_back(case).get(licence_name(named.licence, movement.corrects), 0)
    left = named.quantity_mg - named.drawn_mg + given_back
    too_much = f"the licence {named.licence} has {left} mg left, and {mass_mg} mg are exported"
    return Use(
        differs={"items": outside} if outside else {},
        earlier=[event for event in named.shipments if event not in (movement.event_id, movement.corrects)],
        left={"left_mg": left, "exported_mg": mass_mg},
        beyond=too_much if mass_mg > left else "",
    )


def licensed_mass(case: Case) -> int:
    """Gross mass in mg that an export draws on its licence: its controlled goods."""
    lists = lists_on(case)
    return sum(goods.mass_mg for goods in exported(case) if controlling_list(case, goods.lot, lists))


def draw_licence(books: Books, licence_id: str, event_id: str, mass_mg: int) -> None:
    """Books an export on a licence; a negative mass gives back and forgets the shipment."""
    named = books.get(LicenceRecord, licence_id)
    if named is None:
        return
    shipments = tuple(event for event in named.shipments if event != event_id)
    if mass_mg >= 0:
        shipments = (*shipments, event_id)
    books.put(replace(named, drawn_mg=named.drawn_mg + mass_mg, shipments=shipments))


def _expired(case: Case, named: LicenceRecord) -> Notice:
    span = [
        None if each is None else format_time_us(each) for each in (named.valid_from_us, named.valid_to_us)
    ]
    return _fault(
        case,
        "licence.expired",
        f"the licence {named.licence} is not valid at {format_time_us(case.movement.event_time_us)}",
        "Apply for a new licence; an export that has happened is disclosed.",
        valid=span,
    )


def _scope(case: Case, named: LicenceRecord, differs: Mapping[str, Any]) -> Iterator[Notice]:
    movement = case.movement
    wrong: dict[str, Any] = {}
    if named.destinations and movement.destination not in named.destinations:
        wrong["destination"] = movement.destination
    if named.end_users and movement.end_user not in named.end_users:
        wrong["end_user"] = movement.end_user
    if named.consignees and movement.consignee not in named.consignees:
        wrong["consignee"] = movement.consignee
    if named.end_use and end_use_meant(case) != named.end_use:
        wrong["end_use"] = movement.end_use
    wrong |= differs
    if wrong:
        yield _fault(
            case,
            "licence.mismatch",
            f"the licence {named.licence} is for another {listed(sorted(wrong))}",
            "A change of item, destination, end user or end use needs a new application.",
            differs=wrong,
        )


def _case_by_case(case: Case, named: LicenceRecord, lists: Sequence[ControlListRecord]) -> Iterator[Notice]:
    """An advanced use takes a single licence that was granted for that very use."""
    end_use = end_use_meant(case)
    for record in lists:
        use = advanced_use(record, end_use)
        if use is not None and (named.kind != SINGLE or named.end_use != end_use):
            yield _fault(
                case,
                "licence.case-by-case",
                f"{end_use} is decided case by case ({record.control_list}), and the licence {named.licence} "
                f"is a {named.kind} one for {named.end_use}",
                "Apply for a single licence that states this end use.",
                control_list=record.control_list,
                use=dict(use),
            )
            return


def end_use_meant(case: Case) -> str:
    """The end use of an export: as it is stated, else that of the exporter's licence that it names; or ""."""
    movement = case.movement
    if movement.end_use or not movement.licence:
        return movement.end_use
    named = case.recording.books.get(LicenceRecord, movement.licence)
    return "" if named is None or named.exporter != actor_of(case) else named.end_use


def _item(named: LicenceRecord, lot: LotRecord, catalogue: Catalogue) -> bool:
    if not named.items:
        return True
    product = catalogue.product(lot.product)
    hs_code, refs = ("", ()) if product is None else (product.hs_code, product.control_refs)
    return any(
        item in (lot.product, *refs) or (bool(hs_code) and item.isdigit() and hs_code.startswith(item))
        for item in named.items
    )


def _fault(case: Case, code: str, detail: str, mend: str, **evidence: Any) -> Notice:
    subject = f"licence:{case.movement.licence}" if case.movement.licence else ""
    return notice(case, code, detail, mend, subject=subject, licence=case.movement.licence, **evidence)
