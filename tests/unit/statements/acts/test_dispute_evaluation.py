"""dispute-evaluation: what a customer says against a sentence, until it takes it back."""

from typing import Any

import pytest

from ledger.records.oversight import DisputeRecord
from ledger.statements.acts.dispute_evaluation import GROUNDS, SENTENCES
from tests.support.act_books import BUYER, EXPORTER, STRANGER, TAX, log_with_everyone, readers
from tests.support.acts import AUTHORITY, MINE, REGULATOR, ActLog, faults, read


@pytest.fixture
def log() -> ActLog:
    return log_with_everyone()


def dispute(**members: Any) -> dict[str, Any]:
    said = {"act": "dispute-evaluation", "seller": EXPORTER, "customer": BUYER}
    return {**said, "sentence": "overdue", "ground": "quality", **members}


def said(log: ActLog) -> str:
    found = log.facts.books.get(DisputeRecord, EXPORTER, BUYER, "overdue")
    return "" if found is None else found.ground


def test_a_customer_disputes_and_withdraws(log: ActLog) -> None:
    index = log.size
    assert log.state(BUYER, dispute()) == []
    assert log.facts.books.get(DisputeRecord, EXPORTER, BUYER, "overdue") == DisputeRecord(
        EXPORTER, BUYER, "overdue", "quality", index, log.now_us
    )
    assert readers(log) == {EXPORTER}
    assert log.state(BUYER, dispute(ground="agreed")) == []
    assert said(log) == "agreed", "what it says later takes the place"
    assert log.state(BUYER, dispute(ground="withdrawn")) == []
    assert log.state(BUYER, dispute(ground="withdrawn")) == [("dispute.unknown", "/ground")]
    assert log.state(BUYER, dispute()) == []


@pytest.mark.parametrize("sentence", SENTENCES)
def test_every_ground_and_sentence(log: ActLog, sentence: str) -> None:
    for ground in GROUNDS:
        assert log.state(BUYER, dispute(sentence=sentence, ground=ground)) == []


@pytest.mark.parametrize("issuer", [EXPORTER, MINE, TAX, REGULATOR, AUTHORITY])
def test_nobody_speaks_for_the_customer(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, dispute()) == [("act.signer", "")]
    assert said(log) == ""


def test_what_is_not_disputed_is_not_withdrawn(log: ActLog) -> None:
    assert log.state(BUYER, dispute(sentence="paid")) == []
    assert log.state(BUYER, dispute(ground="withdrawn")) == [("dispute.unknown", "/ground")]


def test_the_seller_is_known(log: ActLog) -> None:
    assert log.state(BUYER, dispute(seller=STRANGER)) == [("party.unknown", "/seller")]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"sentence": "alerts"}, ("schema.value", "/sentence")),
        ({"ground": "mood"}, ("schema.value", "/ground")),
        ({"seller": BUYER}, ("dispute.self", "/customer")),
        ({"customer": "A. Person"}, ("party.identifier", "/customer")),
        ({"remark": "x"}, ("schema.unknown-member", "/remark")),
    ],
)
def test_form(change: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(dispute(**change)) == [fault]
    assert not read(dispute()).public
