"""Which events of a statement undo an earlier one, and which take its place.

Decides: how errorDeclarations and their replacements belong together. An event with an errorDeclaration
repeats the event that was wrong, under its eventID. Whether such an event was ever booked, the books say.

Source: EPCIS 2.0.1, ErrorDeclaration (reason, correctiveEventIDs); CBV 2.0 section 7.5 (error reasons).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ledger.findings import Finding
from ledger.movements.sheet import Fault, Sheet
from ledger.movements.values import text
from ledger.statements.epcis import EpcisEvent
from ledger.statements.epcis.words import ERROR_REASON

DID_NOT_OCCUR: Final = "did_not_occur"


@dataclass(slots=True)
class Corrections:
    """How a statement's events correct earlier ones.

    Attributes:
        replaces: Event id of a replacement to (event id that it replaces, reason).
        undone: Positions of events that are repeated because they did not occur, to the reason.
        repeated: Positions of events that are repeated and replaced: nothing is booked from them.
        findings: What is wrong.
    """

    replaces: dict[str, tuple[str, str]] = field(default_factory=dict)
    undone: dict[int, str] = field(default_factory=dict)
    repeated: set[int] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)


def corrected_ids(events: Iterable[EpcisEvent]) -> list[tuple[str, str]]:
    """(eventID, pointer) of events with an errorDeclaration that do not say they are movements.

    If one of them was booked, the statement corrects a movement without saying so: ``unmarked_finding``.
    """
    return [
        (event.members["eventID"], event.pointer)
        for event in events
        if "errorDeclaration" in event.members and "eventID" in event.members and not event.is_movement
    ]


def unmarked_finding(pointer: str) -> Finding:
    """The finding for an errorDeclaration of a booked movement that does not repeat ``ree:movement``."""
    return Finding(
        "movement.correction-unmarked",
        "The event declares an error in a movement, and is no movement itself.",
        f"{pointer}/errorDeclaration",
        "Repeat the event whole, with its ree:movement and all that it carried.",
    )


def read_corrections(events: Sequence[EpcisEvent]) -> Corrections:
    """How the events with an errorDeclaration and the others belong together.

    Args:
        events: The movements of one statement.
    """
    found = Corrections()
    replacements = {
        event.members["eventID"]: event
        for event in events
        if "eventID" in event.members and "errorDeclaration" not in event.members
    }
    for position, event in enumerate(events):
        declaration = event.members.get("errorDeclaration")
        if declaration is not None:
            _read_declaration(position, event, declaration, replacements, found)
    return found


def _read_declaration(
    position: int,
    event: EpcisEvent,
    declaration: Mapping[str, Any],
    replacements: Mapping[str, EpcisEvent],
    found: Corrections,
) -> None:
    base = f"{event.pointer}/errorDeclaration"

    def report(code: str, detail: str, place: str, mend: str) -> None:
        found.findings.append(Finding(code, detail, base + place, mend))

    reason, why = _reason(event, declaration, found)
    corrective = declaration.get("correctiveEventIDs", [])
    wrong = event.members.get("eventID", "")
    if reason is None:
        report(
            "movement.reason-missing",
            "The error declaration gives no reason of the vocabulary.",
            "/reason",
            "Write did_not_occur, or incorrect_data and the replacement's eventID in correctiveEventIDs.",
        )
    if reason == DID_NOT_OCCUR:
        if corrective:
            report(
                "movement.correction-replaced",
                "What did not occur has no replacement.",
                "/correctiveEventIDs",
                "Leave correctiveEventIDs out, or give the reason incorrect_data.",
            )
        found.undone[position] = why or DID_NOT_OCCUR
        return
    found.repeated.add(position)
    if not wrong:
        mend = "Repeat the event under the eventID that it had."
        found.findings.append(
            Finding(
                "movement.event-id-missing",
                "The event that is corrected has no eventID.",
                f"{event.pointer}/eventID",
                mend,
            )
        )
    elif any(wrong == earlier for earlier, _ in found.replaces.values()):
        found.findings.append(
            Finding(
                "movement.event-id-twice",
                "The statement corrects this event twice.",
                f"{event.pointer}/eventID",
                "Correct it once.",
            )
        )
    if len(corrective) != 1 or corrective[0] not in replacements:
        report(
            "movement.correction-replacement",
            "The statement does not hold the one event that takes the place of the wrong one.",
            "/correctiveEventIDs",
            "Send the right event in the same statement, with ree:movement and an eventID of its own, and "
            "name that eventID alone; or give the reason did_not_occur.",
        )
    elif corrective[0] in found.replaces:
        report(
            "movement.correction-replacement",
            "One event cannot take the place of two.",
            "/correctiveEventIDs",
            "Send a replacement for each event, or declare that one of them did not occur.",
        )
    else:
        found.replaces[corrective[0]] = (wrong, why or reason or "")


def _reason(event: EpcisEvent, declaration: Mapping[str, Any], found: Corrections) -> tuple[str | None, str]:
    """The vocabulary's reason, and the reason in words under ``ree:reason``."""
    sheet = Sheet(declaration, event.scope.prefixes, f"{event.pointer}/errorDeclaration")
    words = ""
    for local, value in sheet.own.items():
        if local != "reason":
            where = sheet.place(local)
            detail = "An error declaration has no such member."
            found.findings.append(
                Finding("movement.member-unknown", detail, where, "The one member of ours is ree:reason.")
            )
            continue
        try:
            words = text(value)
        except Fault as fault:
            found.findings.append(Finding(fault.code, fault.detail, sheet.place(local), fault.mend))
    reason = declaration.get("reason")
    return (ERROR_REASON.word(reason) if type(reason) is str else None), words
