"""cancel-settlement: a payment is taken back by who recorded it, once, as a whole."""

from typing import Any

import pytest

from ledger.provenance.receivables import receivables
from ledger.records.oversight import InvoiceRecord, SettlementRecord
from tests.support.act_books import BUYER, EXPORTER, TAX, log_with_everyone, readers
from tests.support.acts import AUTHORITY, DAY_US, MINE, ActLog, faults, read
from tests.unit.statements.acts.test_register_invoice import NUMBER, invoice, payment


@pytest.fixture
def log() -> ActLog:
    """An invoice, and two payments on it: 1 by the buyer, 2 by the seller."""
    log = log_with_everyone()
    for issuer, act in ((EXPORTER, invoice()), (BUYER, payment("1")), (EXPORTER, payment("2"))):
        assert log.state(issuer, act) == []
    return log


def taking_back(log: ActLog, before: int = 1, **members: Any) -> dict[str, Any]:
    """Takes back the payment that was logged so many entries ago."""
    entry = log.size - before
    return {"act": "cancel-settlement", "invoice": NUMBER, "entry": entry, "reason": "error", **members}


def settled(log: ActLog) -> str:
    found = log.facts.books.get(InvoiceRecord, NUMBER)
    assert found is not None
    return found.settled


@pytest.mark.parametrize(("issuer", "before", "left"), [(EXPORTER, 1, "1"), (BUYER, 2, "2"), (TAX, 1, "1")])
def test_who_recorded_a_payment_takes_it_back(log: ActLog, issuer: str, before: int, left: str) -> None:
    act, index = taking_back(log, before), log.size
    assert log.state(issuer, act) == []
    assert settled(log) == left
    paid = log.facts.books.get(SettlementRecord, NUMBER, act["entry"])
    assert paid is not None
    assert (paid.cancelled_at, paid.cancelled_us) == (index, log.now_us)
    assert readers(log) == {EXPORTER, BUYER} - {issuer}


def test_the_whole_amount_can_be_paid_again(log: ActLog) -> None:
    amount = invoice()["amount"]
    assert log.state(BUYER, payment(amount)) == [("invoice.settled", "/amount")]
    first, second = taking_back(log, 2), taking_back(log, 1)
    assert log.state(BUYER, first) == []
    assert log.state(BUYER, payment(amount)) == [("invoice.settled", "/amount")]
    assert log.state(EXPORTER, second) == []
    assert settled(log) == "0"
    assert log.state(BUYER, payment(amount)) == []


def test_of_parts_that_are_taken_back_nothing_is_left(log: ActLog) -> None:
    assert log.state(BUYER, payment("0.50")) == []
    taken = [(BUYER, taking_back(log)), (EXPORTER, taking_back(log, 2)), (BUYER, taking_back(log, 3))]
    assert [log.state(issuer, act) for issuer, act in taken] == [[], [], []]
    assert settled(log) == "0"


def test_it_counts_until_it_is_taken_back(log: ActLog) -> None:
    before_us = log.now_us
    log.now_us += DAY_US
    assert log.state(EXPORTER, taking_back(log)) == []
    for as_of_us, paid in ((before_us, 3), (log.now_us - 1, 3), (log.now_us, 1)):
        (found,) = receivables(log.facts.books, EXPORTER, as_of_us)
        assert found.settled == paid


@pytest.mark.parametrize("issuer", [BUYER, MINE, AUTHORITY])
def test_others_do_not(log: ActLog, issuer: str) -> None:
    """Not even the other side: it says what it knows by a payment of its own."""
    assert log.state(issuer, taking_back(log)) == [("act.signer", "")]
    assert settled(log) == "3"


def test_only_once(log: ActLog) -> None:
    act = taking_back(log)
    assert log.state(EXPORTER, act) == []
    assert log.state(TAX, act) == [("settlement.cancelled", "/entry")]
    assert settled(log) == "1"


@pytest.mark.parametrize("change", [{"entry": 0}, {"entry": 10**6}, {"invoice": "another"}])
def test_what_was_not_paid_is_not_taken_back(log: ActLog, change: dict[str, Any]) -> None:
    assert log.state(TAX, taking_back(log, **change)) == [("settlement.unknown", "/entry")]


def test_what_was_paid_of_a_cancelled_invoice_is_no_more_owed_back(log: ActLog) -> None:
    act = taking_back(log)
    assert log.state(EXPORTER, {"act": "cancel-invoice", "invoice": NUMBER, "reason": "error"}) == []
    assert log.state(EXPORTER, act) == []
    (found,) = receivables(log.facts.books, EXPORTER, log.now_us)
    assert found.owed_back == 1


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"reason": "whim"}, ("schema.value", "/reason")),
        ({"entry": "3"}, ("schema.type", "/entry")),
        ({"entry": -1}, ("schema.value", "/entry")),
        ({"amount": "1"}, ("schema.unknown-member", "/amount")),
    ],
)
def test_form(log: ActLog, change: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(taking_back(log, **change)) == [fault]
    assert not read(taking_back(log)).public
