"""Reading movements: from a valid EPCIS event with ``ree:movement`` to a ``Movement``, or what is wrong.

Decides: whether an event has the form of its kind (``kinds``) and carries what that kind must carry. Looks at
one statement alone: whether lots exist, who holds them and how much there is, the books decide.

Source: docs/movements.md.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from ledger.findings import Finding
from ledger.movements.assays import read_results
from ledger.movements.corrections import read_corrections
from ledger.movements.goods import Goods
from ledger.movements.kinds import (
    ARRIVAL,
    BIRTHS,
    CHILD_LISTS,
    COMMON,
    EVENT_MEMBERS,
    FORMS,
    INPUT_LISTS,
    OBJECT_LISTS,
    OUTPUT_LISTS,
    Form,
)
from ledger.movements.movement import Movement
from ledger.movements.parties import party_of
from ledger.movements.sheet import Fault, Sheet
from ledger.movements.technology import read_technology
from ledger.movements.values import FIELDS, READERS, UNDECLARED, name, offset_min, origin_country
from ledger.statements.epcis import EpcisEvent
from ledger.statements.epcis.names import shown
from ledger.statements.epcis.reading import MAX_FINDINGS
from ledger.statements.epcis.words import BIZ_STEP, DISPOSITION, SOURCE_DESTINATION_TYPE, TRANSACTION_TYPE
from ledger.strict_json import escape_pointer

_LISTS: Final = frozenset((*OBJECT_LISTS, *CHILD_LISTS, *INPUT_LISTS, *OUTPUT_LISTS))
_ALL_LISTS: Final = _LISTS | {"bizTransactionList", "sourceList", "destinationList", "sensorElementList"}
_PLACES: Final = ("readPoint", "bizLocation")
_ENDS: Final = (("sourceList", "source", "from"), ("destinationList", "destination", "to"))
_PARTY_FIELDS: Final = {
    ("owning_party", "from"): "owner_from",
    ("owning_party", "to"): "owner_to",
    ("possessing_party", "from"): "custodian_from",
    ("possessing_party", "to"): "custodian_to",
    ("location", "to"): "site_to",
}
_TRANSACTION_FIELDS: Final = {"desadv": "despatch_advice", "inv": "invoice", "testres": "test"}
_NAMELESS: Final = ("close", "impart")
"""Kinds without goods: their quantityList names one thing, and no mass of it."""
_NAMED: Final = ("owner_from", "owner_to", "custodian_from", "custodian_to", "consignee")


def read_movements(
    events: Sequence[EpcisEvent], issuer: str = ""
) -> tuple[tuple[Movement, ...], list[Finding]]:
    """The movements of one statement, or everything that is wrong with them.

    Args:
        events: All events of a valid document; those that are no movements are passed over.
        issuer: The party that signed: no counterparty of itself.

    Returns:
        The movements in the document's order, and the findings. Where there are findings the statement is to
        be refused whole, and the movements are those that could be read.
    """
    wanted = [event for event in events if event.is_movement]
    corrections = read_corrections(wanted) if any("errorDeclaration" in e.members for e in wanted) else None
    if corrections is None:
        if len(wanted) == 1:
            movement, findings = read_movement(wanted[0], issuer)
            return ((), findings[:MAX_FINDINGS]) if movement is None else ((movement,), findings)
        replaces, undone, findings = {}, {}, []
    else:
        wanted_here = [event for at, event in enumerate(wanted) if at not in corrections.repeated]
        undone = {wanted[at].pointer: reason for at, reason in corrections.undone.items()}
        replaces, findings, wanted = corrections.replaces, corrections.findings, wanted_here
    movements: list[Movement] = []
    for event in wanted:
        if len(findings) > MAX_FINDINGS:
            break
        movement, more = read_movement(event, issuer)
        findings.extend(more)
        if movement is None:
            continue
        if event.pointer in undone:
            movement = replace(
                movement, corrects=movement.event_id, did_not_occur=True, reason=undone[event.pointer]
            )
        elif movement.event_id in replaces:
            corrected, reason = replaces[movement.event_id]
            movement = replace(movement, corrects=corrected, reason=movement.reason or reason)
        movements.append(movement)
    findings.extend(_between(movements))
    return tuple(movements), findings[:MAX_FINDINGS]


def read_movement(event: EpcisEvent, issuer: str = "") -> tuple[Movement | None, list[Finding]]:
    """One event as a movement, and what is wrong with it; no movement where there are findings.

    Args:
        event: One with ``ree:movement``. Its errorDeclaration is not looked at: ``read_movements`` does.
        issuer: The party that signed.
    """
    sheet = Sheet(event.members, event.scope.prefixes, event.pointer)
    said = sheet.own.get("movement")
    kind = said if type(said) is str else ""
    form = _form(sheet, kind)
    if form is None:
        return None, sheet.findings
    values: dict[str, Any] = {}
    _check_form(sheet, form, kind)
    _read_members(sheet, form, kind, values)
    _read_parties(sheet, values)
    _read_transactions(sheet, form, values)
    _read_site(sheet, kind, values)
    if "pool" in form.needs:
        _read_pool(sheet, kind, values)
    if kind == "impart":
        read_technology(sheet, values)
    _read_goods(sheet, form, kind, values)
    if "results" in form.needs:
        found = read_results(sheet)
        values["results"], values["treo_result"] = found.elements, found.treo
        values["sampled"] = event.biz_step == "sampling"
    if "eventID" not in event.members:
        mend = "Give the event a name of its own, for example urn:uuid: and a random UUID."
        sheet.report("movement.event-id-missing", "The movement has no eventID.", "/eventID", mend)
    event_time_us = event.event_time_us
    sheet.report_time(event_time_us)
    _check_needs(sheet, form, kind, values)
    if sheet.findings:
        return None, sheet.findings
    others = {values[field] for field in _NAMED if field in values}
    others.discard(issuer)
    return (
        Movement(
            kind=kind,
            event_id=event.members["eventID"],
            event_time_us=event_time_us,
            zone_offset_min=offset_min(event.members["eventTimeZoneOffset"]),
            pointer=event.pointer,
            counterparties=tuple(sorted(others)),
            **values,
        ),
        sheet.findings,
    )


def _form(sheet: Sheet, kind: str) -> Form | None:
    """The form of the kind that the event says it is; None where there is none, which is reported."""
    form = FORMS.get(kind)
    if form is None:
        sheet.report_own(
            "movement",
            Fault(
                "movement.kind",
                f"{shown(kind)} is no kind of movement." if kind else "The kind of a movement is a text.",
                f"Write one of: {', '.join(FORMS)}.",
            ),
        )
        return None
    if kind == "import" and sheet.members.get("action") == "OBSERVE":
        return ARRIVAL
    return form


def _check_form(sheet: Sheet, form: Form, kind: str) -> None:
    members = sheet.members
    if members["type"] != form.event_type:
        sheet.report(
            "movement.event-type",
            f"A movement of the kind {kind} is of type {form.event_type}.",
            "/type",
            f"Make it one, or name the kind in ree:movement that fits a {shown(members['type'])}.",
        )
    if form.action and members.get("action") != form.action:
        either = " or OBSERVE (arriving)" if kind == "import" else ""
        sheet.report(
            "movement.action",
            f"A movement of the kind {kind} has the action {form.action}{either}.",
            "/action",
            f"Write {form.action}{either}.",
        )
    if form.steps and BIZ_STEP.word(members.get("bizStep", "")) not in form.steps:
        sheet.report(
            "movement.biz-step",
            f"A movement of the kind {kind} has the business step {' or '.join(form.steps)}.",
            "/bizStep",
            f"Write {' or '.join(form.steps)}.",
        )
    if form.disposition and DISPOSITION.word(members.get("disposition", "")) != form.disposition:
        sheet.report(
            "movement.disposition",
            f"A movement of the kind {kind} has the disposition {form.disposition}.",
            "/disposition",
            f"Write {form.disposition}.",
        )
    for member, value in members.items():
        if type(value) is list:
            _check_list(sheet, form, kind, member, empty=not value)


def _check_list(sheet: Sheet, form: Form, kind: str, member: str, *, empty: bool) -> None:
    if empty and member in _ALL_LISTS:
        mend = "Name what there is, or leave the list out."
        sheet.report("movement.list-empty", f"{member} is empty.", f"/{member}", mend)
    if (
        member in _LISTS
        and member not in form.inputs
        and member not in form.outputs
        and kind not in _NAMELESS
    ):
        detail = f"{member} has no meaning in a movement of the kind {kind}."
        mend = "Leave it out, or name the kind that it belongs to in ree:movement."
        sheet.report("movement.list-misplaced", detail, f"/{member}", mend)


def _read_members(sheet: Sheet, form: Form, kind: str, values: dict[str, Any]) -> None:
    """Reads the members of the REE namespace that are not about lots."""
    for local, value in sheet.own.items():
        if local in _APART:
            continue
        if local not in EVENT_MEMBERS:
            sheet.report_own(
                local,
                Fault(
                    "movement.member-unknown",
                    f"There is no member ree:{shown(local)}.",
                    f"{_nearest(local)}Put a member of your own under a prefix of your own.",
                ),
            )
        elif local not in COMMON and local not in form.may and local not in form.needs:
            sheet.report_own(
                local,
                Fault(
                    "movement.member-misplaced",
                    f"ree:{local} has no meaning in a movement of the kind {kind}.",
                    "Leave it out, or name the kind that it belongs to in ree:movement.",
                ),
            )
        else:
            reader = READERS.get(local) or _origin_reader(kind)
            try:
                values[FIELDS.get(local, local)] = reader(value)
            except Fault as fault:
                sheet.report_own(local, fault)
    values.pop("units", None)
    for place in _PLACES:
        found = sheet.members.get(place)
        if found is not None and len(found) > 1:
            _check_place(sheet, place, found)


_APART: Final = frozenset({"movement", "lots"})


def _origin_reader(kind: str) -> Callable[[Any], Any]:
    return name if kind == "extract" else origin_country


def _nearest(local: str) -> str:
    near = [known for known in EVENT_MEMBERS if known.lower().startswith(local[:3].lower())]
    return f"Did you mean ree:{min(near)}? " if near else ""


def _check_place(sheet: Sheet, place: str, found: Mapping[str, Any]) -> None:
    for member in found:
        if ":" in member and sheet.local(member) is not None:
            where = f"/{place}/{escape_pointer(member)}"
            detail = f"A place has no member {shown(member)}."
            sheet.report("movement.member-unknown", detail, where, "Leave it out.")


def _read_parties(sheet: Sheet, values: dict[str, Any]) -> None:
    for member, inner, end in _ENDS:
        for position, element in enumerate(sheet.members.get(member, ())):
            said = SOURCE_DESTINATION_TYPE.word(element["type"])
            field = _PARTY_FIELDS.get((said or "", end))
            if field is None:
                continue
            found = element[inner] if field == "site_to" else party_of(element[inner])
            if values.setdefault(field, found) != found:
                sheet.report(
                    "movement.party-twice",
                    f"{member} names two of the type {said}.",
                    f"/{member}/{position}",
                    "A movement is between two parties; send one movement for each pair.",
                )


def _read_transactions(sheet: Sheet, form: Form, values: dict[str, Any]) -> None:
    for position, element in enumerate(sheet.members.get("bizTransactionList", ())):
        said = TRANSACTION_TYPE.word(element.get("type", ""))
        field = _TRANSACTION_FIELDS.get(said or "")
        if field is None:
            continue
        found = element["bizTransaction"]
        if values.setdefault(field, found) != found:
            sheet.report(
                "movement.transaction-twice",
                f"The list names two of the type {said}.",
                f"/bizTransactionList/{position}",
                "Name one; send one movement for each.",
            )
    if "shipment" in form.needs and "shipment" not in sheet.own and "despatch_advice" in values:
        values["shipment"] = values["despatch_advice"]


def _read_site(sheet: Sheet, kind: str, values: dict[str, Any]) -> None:
    place = sheet.members.get("bizLocation") or sheet.members.get("readPoint")
    if place is not None:
        values["site"] = place["id"]
        if kind == "extract":
            values.setdefault("origin", place["id"])


def _read_pool(sheet: Sheet, kind: str, values: dict[str, Any]) -> None:
    """A pool's id is its transformationID, or what the one element of quantityList is called."""
    pool = values.get("pool")
    if kind == "close":
        elements = sheet.members.get("quantityList", ())
        found = elements[0]["epcClass"] if len(elements) == 1 and "epcList" not in sheet.members else None
        place, wanted = "/quantityList", "the pool's id, and nothing else, as epcClass of quantityList"
    else:
        found = sheet.members.get("transformationID")
        place, wanted = "/transformationID", "the pool's id as transformationID"
        if pool is None and "pool" not in sheet.own and found is not None:
            values["pool"] = pool = found
    if found is None or (pool is not None and pool != found):
        detail = "The event does not name its pool, or names two."
        mend = f"Give {wanted}; ree:pool, where it stands, is the same."
        sheet.report("movement.pool", detail, place, mend)


def _read_goods(sheet: Sheet, form: Form, kind: str, values: dict[str, Any]) -> None:
    if kind in _NAMELESS:
        return
    goods = Goods(sheet, form, kind, whole=values.get("whole") is True)
    inputs = goods.lines(form.inputs, born=False) if form.inputs[0] else ()
    outputs = goods.lines(form.outputs, born=kind in BIRTHS) if form.outputs[0] else ()
    goods.finish()
    if inputs:
        values["inputs"] = inputs
    if outputs:
        values["outputs"] = outputs
    if goods.units:
        values["units"] = tuple(goods.units)
    if "parent" in form.needs and "parentID" in sheet.members:
        values["parent"] = sheet.members["parentID"]


def _check_needs(sheet: Sheet, form: Form, kind: str, values: Mapping[str, Any]) -> None:
    for need in form.needs:
        if values.get(FIELDS.get(need, need)) or need in sheet.own:
            continue
        if need == "results" and values.get("treo_result") is not None:
            continue
        if need in _PARTY_NEEDS:
            member, said = _PARTY_NEEDS[need]
            detail = f"A movement of the kind {kind} names its {said} in {member}."
            mend = f"Add an element of that type to {member}, also where it is the party that signs."
            sheet.report("movement.party-missing", detail, f"/{member}", mend)
        elif need in _STANDARD_NEEDS:
            _report_standard_need(sheet, need, kind)
        else:
            code, mend = _OWN_NEEDS[need]
            detail = f"A movement of the kind {kind} carries ree:{need}."
            sheet.report_own(need, Fault(code, detail, mend))
    if kind not in _WITHOUT_GOODS:
        if form.inputs[0] and not values.get("inputs") and not values.get("units"):
            _report_no_goods(sheet, kind, form.inputs)
        if form.outputs[0] and not values.get("outputs"):
            _report_no_goods(sheet, kind, form.outputs)
    if kind == "import" and "origin_declaration" not in values and "originDeclaration" not in sheet.own:
        _check_origin(sheet, values)


_WITHOUT_GOODS: Final = frozenset({"close", "unpack"})
_PARTY_NEEDS: Final = {
    "owner_from": ("sourceList", "owning_party"),
    "custodian_from": ("sourceList", "possessing_party"),
    "owner_to": ("destinationList", "owning_party"),
    "custodian_to": ("destinationList", "possessing_party"),
}
_STANDARD_NEEDS: Final = {
    "site": (
        "movement.site-missing",
        "/bizLocation",
        "says where it happens",
        "Add bizLocation (or readPoint) with the site's id.",
    ),
    "parent": (
        "movement.parent-missing",
        "/parentID",
        "names its unit",
        "Add parentID, an SSCC for example.",
    ),
    "invoice": (
        "movement.invoice-missing",
        "/bizTransactionList",
        "names its invoice",
        "Add an element of the type inv to bizTransactionList.",
    ),
    "test": (
        "movement.test-missing",
        "/bizTransactionList",
        "names its test report",
        "Add an element of the type testres to bizTransactionList.",
    ),
    "results": (
        "movement.results-missing",
        "/sensorElementList",
        "gives results",
        "Add a sensorElementList whose reports carry ree:element, value and ree:uncertainty.",
    ),
}
_OWN_NEEDS: Final = {
    "process": ("movement.process-missing", "Name the process, for example separation."),
    "declaredLosses": (
        "movement.losses-missing",
        'Write what was lost, also where it is nothing: {"uom": "KGM", "total": 0}.',
    ),
    "pool": ("movement.pool-missing", "Name the pool by its id."),
    "measured": (
        "movement.measured-missing",
        'Write what was measured: {"uom": "KGM", "elements": {"Nd": 12.5}}.',
    ),
    "shipment": (
        "movement.shipment-missing",
        "Write the eventID of the shipment, or its despatch advice (desadv in bizTransactionList).",
    ),
    "reason": ("movement.reason-missing", "Say why, in a sentence."),
    "declaration": ("movement.declaration-missing", "Write the number of the customs declaration."),
    "consignee": ("movement.consignee-missing", "Name the party that the goods, or the technology, go to."),
    "endUser": ("movement.end-user-missing", "Name the party that will use them."),
    "manner": ("movement.manner-missing", "Write export or release."),
    "destination": ("movement.destination-missing", "Write the country of destination, for example JP."),
    "origin": (
        "movement.origin-missing",
        'Write the country of origin and ree:originDeclaration, or "undeclared".',
    ),
    "seals": ("movement.seals-missing", "Write the seals' numbers as a list."),
    "laboratory": ("movement.laboratory-missing", "Name the laboratory, as a party or a URI."),
    "document": ("movement.document-missing", "Write the SHA-256 of the laboratory's report."),
}


def _report_standard_need(sheet: Sheet, need: str, kind: str) -> None:
    code, place, sentence, mend = _STANDARD_NEEDS[need]
    sheet.report(code, f"A movement of the kind {kind} {sentence}.", place, mend)


def _report_no_goods(sheet: Sheet, kind: str, lists: tuple[str, str]) -> None:
    if any(member in sheet.members and not sheet.members[member] for member in lists):
        return
    detail = f"A movement of the kind {kind} names its goods in {lists[0]} or {lists[1]}."
    mend = f"Add {lists[1]} with an element for each lot."
    sheet.report("movement.goods-missing", detail, f"/{lists[1]}", mend)


def _check_origin(sheet: Sheet, values: Mapping[str, Any]) -> None:
    if values.get("origin", UNDECLARED) != UNDECLARED:
        detail = "The country of origin is stated and nothing vouches for it."
        mend = (
            "Write the SHA-256 of the declaration of origin (or of a foreign ledger's proof), or give the "
            'origin as "undeclared".'
        )
        sheet.report_own("originDeclaration", Fault("movement.origin-declaration", detail, mend))


def _between(movements: Sequence[Movement]) -> Iterator[Finding]:
    """What is wrong between the movements of one statement."""
    seen: set[str] = set()
    others: tuple[str, ...] = ()
    for movement in movements:
        if movement.event_id in seen:
            yield Finding(
                "movement.event-id-twice",
                "Two movements of the statement have this eventID.",
                f"{movement.pointer}/eventID",
                "Give each event a name of its own.",
            )
        seen.add(movement.event_id)
        if not movement.counterparties:
            continue
        if others and movement.counterparties != others:
            yield Finding(
                "movement.counterparties",
                "The statement has movements with different counterparties, who would all read it whole.",
                movement.pointer,
                "Send a statement for each pair of parties.",
            )
        others = others or movement.counterparties
