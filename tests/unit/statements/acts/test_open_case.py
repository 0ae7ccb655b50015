"""open-case: what a case takes up."""

from typing import Any

import pytest

from ledger.records.oversight import AlertRecord, CaseRecord
from tests.support.act_books import (
    CUSTOMS,
    EXPORTER,
    LOT,
    STRANGER,
    TAX,
    alert,
    born,
    log_with_everyone,
    readers,
)
from tests.support.acts import AUTHORITY, MINE, OPERATOR, REGULATOR, ActLog, faults, read


def opening(**members: Any) -> dict[str, Any]:
    return {"act": "open-case", "case": "2027-0031", **(members or {"parties": [MINE]})}


@pytest.fixture
def log() -> ActLog:
    log = log_with_everyone()
    born(log)
    alert(log)
    alert(log, number=1)
    return log


@pytest.mark.parametrize("issuer", [AUTHORITY, REGULATOR, CUSTOMS, TAX])
def test_a_case_takes_up_alerts_parties_and_lots(log: ActLog, issuer: str) -> None:
    taken = opening(alerts=[{"entry": 3, "number": 1}], parties=[MINE], lots=[LOT])
    assert log.state(issuer, taken) == []
    books = log.facts.books
    assert books.get(CaseRecord, "2027-0031") == CaseRecord(
        "2027-0031", issuer, 6, ((3, 1),), (MINE,), (LOT,)
    )
    taken_up, left = books.get(AlertRecord, 3, 1), books.get(AlertRecord, 3, 0)
    assert taken_up is not None
    assert left is not None
    assert (taken_up.case, taken_up.state, taken_up.changed_at) == ("2027-0031", "open", 6)
    assert left.case == ""
    assert readers(log) == set(), "an inquiry is not announced"


@pytest.mark.parametrize(
    "members", [{"alerts": [{"entry": 3, "number": 0}]}, {"lots": [LOT]}, {"parties": [MINE]}]
)
def test_one_of_them_is_enough(log: ActLog, members: dict[str, Any]) -> None:
    assert log.state(REGULATOR, opening(**members)) == []


def test_a_closed_case_is_taken_up_again(log: ActLog) -> None:
    assert log.state(REGULATOR, opening()) == []
    again = opening(parties=[EXPORTER], reopens="2027-0031") | {"case": "2027-0032"}
    assert log.state(CUSTOMS, again) == [("case.open", "/reopens")]
    closing = {"act": "close-case", "case": "2027-0031", "outcome": "unfounded"}
    assert log.state(REGULATOR, closing) == []
    assert log.state(CUSTOMS, again) == []
    books = log.facts.books
    earlier, later = books.get(CaseRecord, "2027-0031"), books.get(CaseRecord, "2027-0032")
    assert earlier is not None
    assert later is not None
    assert (earlier.state, earlier.reopens) == ("closed", None)
    assert (later.state, later.reopens) == ("open", "2027-0031")


@pytest.mark.parametrize("earlier", ["2027-0030", "2027-0031"])
def test_only_a_case_of_before_is_taken_up_again(log: ActLog, earlier: str) -> None:
    assert log.state(REGULATOR, opening(parties=[MINE], reopens=earlier)) == [("case.unknown", "/reopens")]


@pytest.mark.parametrize("issuer", [MINE, EXPORTER, OPERATOR])
def test_nobody_else(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, opening()) == [("act.signer", "")]


def test_a_name_is_used_once(log: ActLog) -> None:
    assert log.state(REGULATOR, opening()) == []
    assert log.state(CUSTOMS, opening()) == [("case.exists", "/case")]


def test_an_alert_belongs_to_one_case(log: ActLog) -> None:
    alerts = {"alerts": [{"entry": 3, "number": 0}]}
    assert log.state(REGULATOR, opening(**alerts)) == []
    assert log.state(REGULATOR, opening(**alerts) | {"case": "2027-0032"}) == [("alert.case", "/alerts/0")]


def test_a_closed_alert_is_not_taken_up(log: ActLog) -> None:
    alert(log, number=2, state="closed", outcome="unfounded")
    assert log.state(REGULATOR, opening(alerts=[{"entry": 3, "number": 2}])) == [
        ("alert.closed", "/alerts/0")
    ]


def test_everything_unknown_is_told(log: ActLog) -> None:
    unknown = opening(alerts=[{"entry": 3, "number": 9}], parties=[MINE, STRANGER], lots=[LOT, LOT + "0"])
    assert log.state(REGULATOR, unknown) == [
        ("alert.unknown", "/alerts/0"),
        ("party.unknown", "/parties/1"),
        ("lot.unknown", "/lots/1"),
    ]
    assert log.facts.books.records(CaseRecord) == []


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"case": "2027-0031"}, ("case.subject", "")),
        ({"alerts": [], "parties": [], "lots": []}, ("case.subject", "")),
        ({"alerts": [{"entry": 3}]}, ("schema.required", "/alerts/0/number")),
        ({"alerts": [{"entry": -1, "number": 0}]}, ("schema.value", "/alerts/0/entry")),
        ({"parties": ["A. Person"]}, ("party.identifier", "/parties/0")),
        ({"lots": [LOT, LOT]}, ("schema.value", "/lots/1")),
        ({"parties": [MINE], "case": "31/2027 b"}, ("schema.value", "/case")),
        ({"reopens": "2027-0030"}, ("case.subject", "")),
        ({"parties": [MINE], "reopens": ["2027-0030"]}, ("schema.type", "/reopens")),
        ({"parties": [MINE], "suspect": "x"}, ("schema.unknown-member", "/suspect")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(opening(**members)) == [fault]


def test_privacy() -> None:
    assert not read(opening()).public
