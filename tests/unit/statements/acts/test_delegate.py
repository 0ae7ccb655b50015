"""delegate: who may let whom sign."""

from typing import Any

import pytest

from ledger.records.oversight import DelegationRecord
from ledger.statements.acts.members import signs_for
from tests.support.act_books import (
    AGENT,
    EXPORTER,
    LATER,
    NOW,
    STRANGER,
    delegation,
    log_with_everyone,
    readers,
)
from tests.support.acts import AUTHORITY, MINE, REGULATOR, START_US, ActLog, faults, read


@pytest.fixture
def log() -> ActLog:
    return log_with_everyone()


@pytest.mark.parametrize("issuer", [EXPORTER, AUTHORITY])
def test_the_principal_or_an_authority_delegates(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, delegation(EXPORTER, end=LATER)) == []
    record = log.facts.books.get(DelegationRecord, EXPORTER, AGENT)
    assert record == DelegationRecord(EXPORTER, AGENT, START_US, START_US + 1_000_000, 6)
    assert readers(log) == {EXPORTER, AGENT} - {issuer}


@pytest.mark.parametrize("issuer", [AGENT, MINE, REGULATOR])
def test_nobody_else_does(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, delegation(EXPORTER)) == [("act.signer", "")]


def test_an_agent_does_not_delegate_further(log: ActLog) -> None:
    assert log.state(EXPORTER, delegation(EXPORTER)) == []
    assert log.state(AGENT, delegation(EXPORTER, MINE)) == [("act.signer", "")]


def test_a_delegation_holds_from_its_start_to_before_its_end(log: ActLog) -> None:
    assert log.state(EXPORTER, delegation(EXPORTER, end=LATER)) == []
    moments = (START_US - 1, START_US, START_US + 999_999, START_US + 1_000_000)
    assert [signs_for(log.facts.books, AGENT, EXPORTER, at) for at in moments] == [False, True, True, False]
    assert signs_for(log.facts.books, EXPORTER, EXPORTER, 0)
    assert not signs_for(log.facts.books, EXPORTER, AGENT, START_US)


def test_stated_again_it_ends(log: ActLog) -> None:
    assert log.state(EXPORTER, delegation(EXPORTER)) == []
    assert log.state(EXPORTER, delegation(EXPORTER, end=LATER)) == []
    assert not signs_for(log.facts.books, AGENT, EXPORTER, START_US + 1_000_000)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"agent": STRANGER}, [("party.unknown", "/agent")]),
        ({"agent": EXPORTER}, [("delegate.self", "/agent")]),
    ],
)
def test_refused(log: ActLog, members: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert log.state(EXPORTER, delegation(EXPORTER, **members)) == expected
    assert log.facts.books.records(DelegationRecord) == []


def test_an_unknown_principal(log: ActLog) -> None:
    assert log.state(AUTHORITY, delegation(STRANGER)) == [("party.unknown", "/principal")]


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"end": NOW}, ("schema.value", "/end")),
        ({"agent": "A. Person"}, ("party.identifier", "/agent")),
        ({"start": "2027-01-15"}, ("schema.value", "/start")),
        ({"remark": "x"}, ("schema.unknown-member", "/remark")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(delegation(EXPORTER, **members)) == [fault]


def test_names_and_privacy() -> None:
    act = read(delegation(EXPORTER))
    assert not act.public
    assert act.names().parties == {EXPORTER, AGENT}
