"""merge-party: who went over into whom."""

from typing import Any

import pytest

from ledger.records.oversight import MergerRecord
from tests.support.act_books import AGENT, BUYER, EXPORTER, NOW, STRANGER, log_with_everyone, readers
from tests.support.acts import AUTHORITY, REGULATOR, START_US, ActLog, faults, read


def merger(party: str = EXPORTER, successor: str = BUYER, **members: Any) -> dict[str, Any]:
    return {"act": "merge-party", "party": party, "successor": successor, "since": NOW, **members}


@pytest.fixture
def log() -> ActLog:
    return log_with_everyone()


def test_a_merger_is_recorded(log: ActLog) -> None:
    assert log.state(AUTHORITY, merger()) == []
    assert log.facts.books.get(MergerRecord, EXPORTER) == MergerRecord(EXPORTER, BUYER, START_US, 6)
    assert readers(log) == {EXPORTER, BUYER}
    assert log.facts.parties[EXPORTER].listings[-1].end_us is None


@pytest.mark.parametrize("issuer", [EXPORTER, BUYER, REGULATOR])
def test_only_an_authority(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, merger()) == [("act.signer", "")]


def test_a_party_merges_once_and_its_successor_may_too(log: ActLog) -> None:
    assert log.state(AUTHORITY, merger()) == []
    assert log.state(AUTHORITY, merger(successor=AGENT)) == [("merger.settled", "/party")]
    assert log.state(AUTHORITY, merger(BUYER, AGENT)) == []


def test_mergers_make_no_circle(log: ActLog) -> None:
    assert log.state(AUTHORITY, merger(EXPORTER, EXPORTER)) == [("merger.circle", "/successor")]
    assert log.state(AUTHORITY, merger(EXPORTER, BUYER)) == []
    assert log.state(AUTHORITY, merger(BUYER, AGENT)) == []
    assert log.state(AUTHORITY, merger(AGENT, EXPORTER)) == [("merger.circle", "/successor")]


def test_both_must_be_known(log: ActLog) -> None:
    assert log.state(AUTHORITY, merger(STRANGER, "https://other.example/")) == [
        ("party.unknown", "/party"),
        ("party.unknown", "/successor"),
    ]


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"since": "yesterday"}, ("schema.value", "/since")),
        ({"successor": 1}, ("schema.type", "/successor")),
        ({"reason": "sale"}, ("schema.unknown-member", "/reason")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(merger(**members)) == [fault]


def test_privacy() -> None:
    assert not read(merger()).public
