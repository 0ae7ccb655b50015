"""publish-refusals: the journal's head, and that it only grows."""

from typing import Any

import pytest

from ledger.encoding import b64url_encode
from ledger.statements.registers import RefusalPublicationRecord
from tests.support.acts import AUTHORITY, MINE, OPERATOR, ActLog, faults

HEAD, OTHER, EMPTY = b"\x01" * 32, b"\x02" * 32, bytes(32)


def publication(count: int, head: bytes, **members: Any) -> dict[str, Any]:
    return {"act": "publish-refusals", "count": count, "head": b64url_encode(head), **members}


@pytest.fixture
def log() -> ActLog:
    log = ActLog.begun()
    log.facts.refusal_count, log.facts.refusal_hash = 7, HEAD
    return log


def test_the_head_is_published(log: ActLog) -> None:
    assert log.state(OPERATOR, publication(7, HEAD)) == []
    assert log.facts.publications == {1: RefusalPublicationRecord(1, 7, HEAD)}


def test_an_empty_journal_is_published() -> None:
    log = ActLog.begun()
    assert log.state(OPERATOR, publication(0, EMPTY)) == []
    assert log.state(OPERATOR, publication(0, EMPTY)) == []


@pytest.mark.parametrize("issuer", [AUTHORITY, MINE])
def test_only_the_operator_publishes(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, publication(7, HEAD)) == [("act.signer", "")]


@pytest.mark.parametrize(
    ("count", "head", "pointer"),
    [(6, HEAD, "/count"), (8, HEAD, "/count"), (7, OTHER, "/head"), (0, EMPTY, "/count")],
)
def test_it_is_exactly_the_journals_head(log: ActLog, count: int, head: bytes, pointer: str) -> None:
    assert log.state(OPERATOR, publication(count, head)) == [("refusals.head", pointer)]
    assert log.facts.publications == {}


@pytest.mark.parametrize(
    ("count", "head", "refused"), [(7, HEAD, False), (8, OTHER, False), (7, OTHER, True), (6, OTHER, True)]
)
def test_it_continues_what_was_published(log: ActLog, count: int, head: bytes, refused: bool) -> None:
    assert log.state(OPERATOR, publication(7, HEAD)) == []
    log.facts.refusal_count, log.facts.refusal_hash = count, head
    assert log.state(OPERATOR, publication(count, head)) == (
        [("refusals.published", "/count")] if refused else []
    )


def test_the_newest_publication_counts(log: ActLog) -> None:
    assert log.state(OPERATOR, publication(7, HEAD)) == []
    log.facts.refusal_count, log.facts.refusal_hash = 9, OTHER
    assert log.state(OPERATOR, publication(9, OTHER)) == []
    log.facts.refusal_count, log.facts.refusal_hash = 8, HEAD
    assert log.state(OPERATOR, publication(8, HEAD)) == [("refusals.published", "/count")]


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"count": -1}, ("schema.value", "/count")),
        ({"count": "7"}, ("schema.type", "/count")),
        ({"head": "00" * 32}, ("schema.value", "/head")),
        ({"head": None}, ("schema.type", "/head")),
        ({"at": "2027-01-15T08:00:00Z"}, ("schema.unknown-member", "/at")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(publication(7, HEAD) | members) == [fault]
