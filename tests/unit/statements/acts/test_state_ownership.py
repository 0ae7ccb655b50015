"""state-ownership: who holds how much of whom, from when to when; organisations only."""

from typing import Any

import pytest

from ledger.records.oversight import OwnershipRecord
from tests.support.act_books import BUYER, EXPORTER, LATER, NOW, log_with_everyone, readers
from tests.support.acts import AUTHORITY, REGULATOR, START_US, ActLog, faults, read

MOTORS = "https://motors.example/"
ARMS = "https://arms.example/"
OTHER = "https://other.example/"


def holding(**members: Any) -> dict[str, Any]:
    return {
        "act": "state-ownership",
        "kind": "organisation",
        "held": MOTORS,
        "holder": ARMS,
        "percent": "49.9",
        "start": NOW,
        "basis": "register extract",
        **members,
    }


@pytest.fixture
def log() -> ActLog:
    return log_with_everyone()


@pytest.mark.parametrize("issuer", [AUTHORITY, REGULATOR])
def test_a_holding_is_stated(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, holding()) == []
    (record,) = log.facts.books.group(OwnershipRecord, "held", MOTORS)
    assert record == OwnershipRecord(MOTORS, ARMS, START_US, None, "0.499", "register extract", 6)
    assert readers(log) == set()
    assert not read(holding()).public


def test_stated_again_it_ends_and_another_begins(log: ActLog) -> None:
    assert log.state(REGULATOR, holding(percent="100")) == []
    assert log.state(REGULATOR, holding(holder=OTHER, start=LATER)) == [("ownership.sum", "/percent")]
    assert log.state(REGULATOR, holding(percent="100", end=LATER)) == []
    assert log.state(REGULATOR, holding(holder=OTHER, start=LATER, percent="100")) == []
    assert log.state(REGULATOR, holding(start=LATER, percent="0.1")) == [("ownership.sum", "/percent")]


def test_what_two_hold_at_no_common_moment_is_not_added(log: ActLog) -> None:
    assert log.state(REGULATOR, holding(percent="60", end=LATER)) == []
    assert log.state(REGULATOR, holding(holder=OTHER, percent="60", start=LATER)) == []
    assert log.state(REGULATOR, holding(holder=BUYER, percent="40")) == []
    assert log.state(REGULATOR, holding(holder=EXPORTER, percent="0.1")) == [("ownership.sum", "/percent")]


def test_one_holder_is_stated_once_for_a_moment(log: ActLog) -> None:
    assert log.state(REGULATOR, holding()) == []
    assert log.state(REGULATOR, holding(start=LATER)) == [("ownership.overlap", "/start")]


@pytest.mark.parametrize("issuer", [EXPORTER, BUYER])
def test_only_who_decides(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, holding()) == [("act.signer", "")]


def test_nobody_holds_itself(log: ActLog) -> None:
    assert log.state(REGULATOR, holding(holder=MOTORS)) == [("ownership.self", "/holder")]


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"kind": "person"}, ("schema.value", "/kind")),
        ({"holder": "A. Person"}, ("party.identifier", "/holder")),
        ({"percent": "100.1"}, ("schema.value", "/percent")),
        ({"percent": 50}, ("schema.type", "/percent")),
        ({"end": NOW}, ("schema.value", "/end")),
        ({"birth_date": "1970-01-01"}, ("schema.unknown-member", "/birth_date")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(holding(**members)) == [fault]
