"""Corrections: an event that did not occur, and one that another takes the place of."""

from typing import Any

import pytest

from ledger.findings import Finding
from ledger.movements.corrections import corrected_ids, unmarked_finding
from ledger.movements.movement import Movement
from ledger.movements.reading import read_movements
from ledger.movements.writing import correct, undo
from ledger.statements.epcis import read_document
from tests.support.epcis_documents import document
from tests.support.movement_examples import EXAMPLES, example_event
from tests.support.movements import NOON_US, extract, replacing, undone
from tests.support.movements_written import as_event, read_events

AT = "/epcisBody/eventList"
WRONG = example_event("ship")
RIGHT = example_event("ship") | {"eventID": "urn:uuid:5b1d7c1e-0000-4000-8000-000000000099"}


def declared(event: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The event with an errorDeclaration."""
    return event | {"errorDeclaration": {"declarationTime": "2026-11-21T08:00:00Z", **members}}


def corrected(*events: dict[str, Any]) -> tuple[tuple[Movement, ...], list[Finding]]:
    """The movements in a valid document of these events."""
    read = read_document(document(*events))
    assert read.findings == []
    return read_movements(read.events, "https://mine.example/")


def codes(*events: dict[str, Any]) -> list[tuple[str, str]]:
    """(code, pointer below the event list) of every finding."""
    _, findings = corrected(*events)
    return [(finding.code, finding.pointer.removeprefix(AT)) for finding in findings]


REPLACED = {"reason": "incorrect_data", "correctiveEventIDs": [RIGHT["eventID"]]}


def test_what_did_not_occur_is_the_movement_undone() -> None:
    ((movement,), findings) = corrected(declared(WRONG, reason="did_not_occur"))
    assert findings == []
    assert (movement.kind, movement.event_id) == ("ship", WRONG["eventID"])
    assert (movement.corrects, movement.did_not_occur) == (WRONG["eventID"], True)
    assert movement.reason == "did_not_occur"


def test_a_replacement_takes_the_place_of_the_wrong_event() -> None:
    for events in ((declared(WRONG, **REPLACED), RIGHT), (RIGHT, declared(WRONG, **REPLACED))):
        ((movement,), findings) = corrected(*events)
        assert findings == []
        assert (movement.event_id, movement.corrects) == (RIGHT["eventID"], WRONG["eventID"])
        assert (movement.did_not_occur, movement.reason) == (False, "incorrect_data")


def test_the_reason_may_be_said_in_words() -> None:
    words = {"ree:reason": "the scale was read wrongly"}
    ((movement,), _) = corrected(declared(WRONG, **REPLACED, **words), RIGHT)
    assert movement.reason == "the scale was read wrongly"
    ((movement,), _) = corrected(declared(WRONG, reason="urn:epcglobal:cbv:er:did_not_occur", **words))
    assert movement.reason == "the scale was read wrongly"


def test_the_builders_make_the_same() -> None:
    wrong, right = extract("urn:x:lot", 5), extract("urn:x:lot", 6)
    (found,) = read_events(undo(as_event(wrong), declared_at_us=NOON_US))
    assert (found.corrects, found.did_not_occur, found.reason) == (
        wrong.event_id,
        True,
        undone(wrong).reason,
    )
    (found,) = read_events(*correct(as_event(wrong), as_event(right), declared_at_us=NOON_US))
    assert (found.corrects, found.reason) == (wrong.event_id, replacing(wrong, right).reason)
    assert found.outputs[0].mass_mg == right.outputs[0].mass_mg


def test_other_movements_may_stand_beside() -> None:
    other = example_event("close")
    (movements, findings) = corrected(other, declared(WRONG, **REPLACED), RIGHT)
    assert findings == []
    assert [(each.kind, each.corrects) for each in movements] == [("close", ""), ("ship", WRONG["eventID"])]


def test_the_content_of_what_is_replaced_is_not_judged_again() -> None:
    wrong = {name: value for name, value in WRONG.items() if name != "disposition"}
    assert codes(declared(wrong, **REPLACED), RIGHT) == []
    assert codes(declared(wrong, reason="did_not_occur")) == [("movement.disposition", "/0/disposition")]


@pytest.mark.parametrize("reason", [None, "https://mine.example/reasons/typing"])
def test_a_declaration_has_a_reason_of_the_vocabulary(reason: str | None) -> None:
    members = {"correctiveEventIDs": [RIGHT["eventID"]]} | ({"reason": reason} if reason else {})
    assert codes(declared(WRONG, **members), RIGHT) == [
        ("movement.reason-missing", "/0/errorDeclaration/reason")
    ]


@pytest.mark.parametrize("ids", [[], ["urn:x:elsewhere"], [WRONG["eventID"]]])
def test_a_replacement_stands_in_the_statement(ids: list[str]) -> None:
    wrong = declared(WRONG, reason="incorrect_data", correctiveEventIDs=ids)
    assert codes(wrong, RIGHT)[0] == (
        "movement.correction-replacement",
        "/0/errorDeclaration/correctiveEventIDs",
    )


def test_a_replacement_is_one_event() -> None:
    more = RIGHT | {"eventID": "urn:uuid:5b1d7c1e-0000-4000-8000-000000000098"}
    both = declared(WRONG, reason="incorrect_data", correctiveEventIDs=[RIGHT["eventID"], more["eventID"]])
    assert ("movement.correction-replacement", "/0/errorDeclaration/correctiveEventIDs") in codes(
        both, RIGHT, more
    )


def test_a_replacement_is_a_movement() -> None:
    record = {name: value for name, value in RIGHT.items() if not name.startswith("ree:")}
    assert codes(declared(WRONG, **REPLACED), record) == [
        ("movement.correction-replacement", "/0/errorDeclaration/correctiveEventIDs")
    ]


def test_a_replacement_is_not_itself_declared_wrong() -> None:
    assert ("movement.correction-replacement", "/0/errorDeclaration/correctiveEventIDs") in codes(
        declared(WRONG, **REPLACED), declared(RIGHT, reason="did_not_occur")
    )


def test_one_event_cannot_replace_two() -> None:
    other = WRONG | {"eventID": "urn:uuid:5b1d7c1e-0000-4000-8000-000000000097"}
    assert codes(declared(WRONG, **REPLACED), declared(other, **REPLACED), RIGHT) == [
        ("movement.correction-replacement", "/1/errorDeclaration/correctiveEventIDs")
    ]


def test_what_did_not_occur_has_no_replacement() -> None:
    members = {"reason": "did_not_occur", "correctiveEventIDs": [RIGHT["eventID"]]}
    assert codes(declared(WRONG, **members), RIGHT) == [
        ("movement.correction-replaced", "/0/errorDeclaration/correctiveEventIDs")
    ]


def test_a_correction_repeats_the_event_id() -> None:
    nameless = {name: value for name, value in WRONG.items() if name != "eventID"}
    assert codes(declared(nameless, **REPLACED), RIGHT) == [("movement.event-id-missing", "/0/eventID")]
    assert codes(declared(nameless, reason="did_not_occur")) == [("movement.event-id-missing", "/0/eventID")]


def test_an_event_is_corrected_once_in_a_statement() -> None:
    twice = [declared(WRONG, reason="did_not_occur")] * 2
    assert codes(*twice) == [("movement.event-id-twice", "/1/eventID")]
    more = RIGHT | {"eventID": "urn:uuid:5b1d7c1e-0000-4000-8000-000000000098"}
    again = declared(WRONG, reason="incorrect_data", correctiveEventIDs=[more["eventID"]])
    assert codes(declared(WRONG, **REPLACED), again, RIGHT, more) == [
        ("movement.event-id-twice", "/1/eventID")
    ]


def test_a_declaration_has_no_other_member_of_ours() -> None:
    assert codes(declared(WRONG, reason="did_not_occur", **{"ree:resaon": "x"})) == [
        ("movement.member-unknown", "/0/errorDeclaration/ree:resaon")
    ]
    assert codes(declared(WRONG, reason="did_not_occur", **{"ree:reason": ""})) == [
        ("movement.value", "/0/errorDeclaration/ree:reason")
    ]


def test_a_declaration_without_the_movement_is_found() -> None:
    record = {name: value for name, value in WRONG.items() if not name.startswith("ree:")}
    read = read_document(document(example_event("close"), declared(record, reason="did_not_occur")))
    assert corrected_ids(read.events) == [(EXAMPLES["ship"].event_id, f"{AT}/1")]
    assert read_movements(read.events)[1] == []
    finding = unmarked_finding(f"{AT}/1")
    assert (finding.code, finding.pointer) == (
        "movement.correction-unmarked",
        f"{AT}/1/errorDeclaration",
    )
    assert corrected_ids(read_document(document(declared(WRONG, reason="did_not_occur"))).events) == []
