"""declare-customs: a declaration as it was made."""

from typing import Any

import pytest

from ledger.records.oversight import DeclarationRecord
from tests.support.act_books import (
    AGENT,
    BUYER,
    CUSTOMS,
    EXPORTER,
    LATER,
    LICENCE,
    NOW,
    STRANGER,
    application,
    delegation,
    log_with_everyone,
    mass,
    readers,
)
from tests.support.acts import REGULATOR, START_US, ActLog, faults, read

NUMBER = "220120260001234567"


def declaration(**members: Any) -> dict[str, Any]:
    return {
        "act": "declare-customs",
        "declaration": NUMBER,
        "declarant": EXPORTER,
        "shipment": "urn:uuid:4a1b",
        "hs_code": "2846901500",
        "controlled": False,
        "mass": mass(2500),
        "destination": "DE",
        "declared": NOW,
        **members,
    }


@pytest.fixture
def log() -> ActLog:
    return log_with_everyone()


@pytest.mark.parametrize("issuer", [EXPORTER, CUSTOMS])
def test_the_declarant_or_customs(log: ActLog, issuer: str) -> None:
    assert log.state(EXPORTER, application()) == []
    assert log.state(issuer, declaration(licence=LICENCE, controlled=True)) == []
    assert log.facts.books.get(DeclarationRecord, NUMBER) == DeclarationRecord(
        declaration=NUMBER,
        declarant=EXPORTER,
        shipment="urn:uuid:4a1b",
        hs_code="2846901500",
        controlled=True,
        mass_mg=2_500_000_000,
        destination="DE",
        licence=LICENCE,
        declared_us=START_US,
        entry_index=7,
    )
    assert readers(log) == {EXPORTER} - {issuer}


@pytest.mark.parametrize("issuer", [BUYER, REGULATOR, AGENT])
def test_nobody_else(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, declaration()) == [("act.signer", "")]


def test_an_agent_of_the_declarant(log: ActLog) -> None:
    assert log.state(EXPORTER, delegation(EXPORTER)) == []
    assert log.state(AGENT, declaration()) == []


def test_what_was_declared_wrongly_is_recorded(log: ActLog) -> None:
    """The rules notice it: a false declaration that cannot be recorded would never be seen."""
    wrong = declaration(hs_code="3810100000", controlled=False)
    assert log.state(CUSTOMS, wrong) == []


def test_each_once(log: ActLog) -> None:
    assert log.state(EXPORTER, declaration()) == []
    assert log.state(CUSTOMS, declaration(mass=mass(1))) == [("declaration.exists", "/declaration")]
    record = log.facts.books.get(DeclarationRecord, NUMBER)
    assert record is not None
    assert record.mass_mg == 2_500_000_000


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"licence": LICENCE}, [("licence.unknown", "/licence")]),
        ({"declared": LATER}, [("declaration.future", "/declared")]),
        ({"declarant": STRANGER}, [("party.unknown", "/declarant")]),
    ],
)
def test_refused(log: ActLog, members: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert log.state(CUSTOMS, declaration(**members)) == expected
    assert log.facts.books.records(DeclarationRecord) == []


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"hs_code": "28469015"}, ("schema.value", "/hs_code")),
        ({"hs_code": "2846.90.1500"}, ("schema.value", "/hs_code")),
        ({"controlled": "no"}, ("schema.type", "/controlled")),
        ({"controlled": 0}, ("schema.type", "/controlled")),
        ({"mass": mass(0)}, ("schema.value", "/mass/quantity")),
        ({"destination": "Germany"}, ("schema.value", "/destination")),
        ({"declaration": ""}, ("schema.value", "/declaration")),
        ({"officer": "x"}, ("schema.unknown-member", "/officer")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(declaration(**members)) == [fault]


def test_privacy() -> None:
    assert not read(declaration()).public
