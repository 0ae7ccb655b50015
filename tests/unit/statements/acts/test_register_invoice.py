"""register-invoice, settle-invoice, cancel-invoice: once, its sum, what was paid of it, and its end."""

from typing import Any

import pytest

from ledger.records.oversight import InvoiceRecord, SettlementRecord
from tests.support.act_books import (
    AGENT,
    BUYER,
    CUSTOMS,
    EXPORTER,
    LATER,
    NOW,
    STRANGER,
    TAX,
    delegation,
    log_with_everyone,
    mass,
    readers,
)
from tests.support.acts import AUTHORITY, MINE, START_US, ActLog, faults, read

NUMBER = "1100231130-00456789"


def line(amount: str = "593880.00", **members: Any) -> dict[str, Any]:
    return {"product": "prnd-oxide", "mass": mass(980), "amount": amount, **members}


def invoice(**members: Any) -> dict[str, Any]:
    return {
        "act": "register-invoice",
        "invoice": NUMBER,
        "kind": "special",
        "seller": EXPORTER,
        "buyer": BUYER,
        "lines": [line()],
        "amount": "593880",
        "currency": "CNY",
        "issued": NOW,
        **members,
    }


def payment(amount: str, **members: Any) -> dict[str, Any]:
    return {"act": "settle-invoice", "invoice": NUMBER, "amount": amount, **members}


@pytest.fixture
def log() -> ActLog:
    return log_with_everyone()


def registered(log: ActLog) -> InvoiceRecord:
    found = log.facts.books.get(InvoiceRecord, NUMBER)
    assert found is not None
    return found


@pytest.mark.parametrize("issuer", [EXPORTER, TAX])
def test_seller_or_tax_registers(log: ActLog, issuer: str) -> None:
    lines = [line("593879.5", lot="https://mine.example/lots/1"), line("0.5")]
    assert log.state(issuer, invoice(lines=lines, due=LATER, shipments=["urn:uuid:4a1b"])) == []
    assert registered(log) == InvoiceRecord(
        invoice=NUMBER,
        kind="special",
        seller=EXPORTER,
        buyer=BUYER,
        lines=(
            {
                "product": "prnd-oxide",
                "lot": "https://mine.example/lots/1",
                "mass_mg": 980_000_000,
                "amount": "593879.5",
            },
            {"product": "prnd-oxide", "lot": "", "mass_mg": 980_000_000, "amount": "0.5"},
        ),
        amount="593880",
        currency="CNY",
        issued_us=START_US,
        due_us=START_US + 1_000_000,
        entry_index=6,
        shipments=(f"{EXPORTER} urn:uuid:4a1b",),
    )
    assert readers(log) == {EXPORTER, BUYER} - {issuer}


@pytest.mark.parametrize("issuer", [BUYER, MINE, CUSTOMS, AUTHORITY, AGENT])
def test_nobody_else(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, invoice()) == [("act.signer", "")]


def test_an_agent_of_the_seller(log: ActLog) -> None:
    assert log.state(EXPORTER, delegation(EXPORTER)) == []
    assert log.state(AGENT, invoice()) == []


def test_each_once(log: ActLog) -> None:
    assert log.state(EXPORTER, invoice()) == []
    assert log.state(TAX, invoice(kind="ordinary")) == [("invoice.exists", "/invoice")]
    assert registered(log).kind == "special"


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"amount": "593880.01"}, [("invoice.sum", "/amount")]),
        ({"lines": [line(), line("1")]}, [("invoice.sum", "/amount")]),
        ({"issued": LATER}, [("invoice.future", "/issued")]),
        ({"buyer": EXPORTER}, [("invoice.self", "/buyer")]),
        ({"buyer": STRANGER}, [("party.unknown", "/buyer")]),
        (
            {"buyer": STRANGER, "amount": "1", "issued": LATER},
            [("party.unknown", "/buyer"), ("invoice.sum", "/amount"), ("invoice.future", "/issued")],
        ),
    ],
)
def test_refused(log: ActLog, members: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert log.state(EXPORTER, invoice(**members)) == expected
    assert log.facts.books.records(InvoiceRecord) == []


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"kind": "proforma"}, ("schema.value", "/kind")),
        ({"lines": []}, ("schema.value", "/lines")),
        ({"lines": [line(mass=None)]}, ("schema.type", "/lines/0/mass")),
        ({"lines": [line("01")]}, ("schema.value", "/lines/0/amount")),
        ({"amount": 593880}, ("schema.type", "/amount")),
        ({"amount": "-1"}, ("schema.value", "/amount")),
        ({"amount": "593,880"}, ("schema.value", "/amount")),
        ({"amount": "1234567890123456789"}, ("schema.value", "/amount")),
        ({"amount": "0.1234567890"}, ("schema.value", "/amount")),
        ({"currency": "cny"}, ("schema.value", "/currency")),
        ({"due": NOW}, ("schema.value", "/due")),
        ({"invoice": "no 1"}, ("schema.value", "/invoice")),
        ({"contact": "x"}, ("schema.unknown-member", "/contact")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(invoice(**members)) == [fault]


@pytest.mark.parametrize("issuer", [EXPORTER, BUYER, TAX])
def test_it_is_settled_in_parts(log: ActLog, issuer: str) -> None:
    assert log.state(EXPORTER, invoice()) == []
    assert log.state(issuer, payment("593879.99")) == []
    assert log.state(issuer, payment("0.02")) == [("invoice.settled", "/amount")]
    assert log.state(issuer, payment("0.01")) == []
    assert registered(log).settled == "593880.00"
    assert readers(log) == {EXPORTER, BUYER} - {issuer}
    assert log.state(issuer, payment("0.01")) == [("invoice.settled", "/amount")]


@pytest.mark.parametrize("issuer", [MINE, CUSTOMS, AUTHORITY])
def test_others_do_not_settle(log: ActLog, issuer: str) -> None:
    assert log.state(EXPORTER, invoice()) == []
    assert log.state(issuer, payment("1")) == [("act.signer", "")]
    assert registered(log).settled == "0"


def test_what_is_not_registered_is_not_settled(log: ActLog) -> None:
    assert log.state(TAX, payment("1")) == [("invoice.unknown", "/invoice")]
    assert log.state(BUYER, payment("1")) == [("act.signer", ""), ("invoice.unknown", "/invoice")]


@pytest.mark.parametrize("amount", ["0", "0.0", "", "one", None])
def test_an_amount_is_above_zero(amount: Any) -> None:
    code = "schema.type" if amount is None else "schema.value"
    assert faults(payment(amount)) == [(code, "/amount")]


def test_each_payment_is_kept_with_its_day(log: ActLog) -> None:
    assert log.state(EXPORTER, invoice()) == []
    assert log.state(BUYER, payment("1", paid=NOW)) == []
    assert log.state(EXPORTER, payment("2")) == []
    (first, _), (second, _) = log.logged[-2:]
    assert log.facts.books.records(SettlementRecord) == [
        SettlementRecord(NUMBER, first.index, "1", START_US, BUYER),
        SettlementRecord(NUMBER, second.index, "2", second.recorded_at_us, EXPORTER),
    ]


def test_nothing_is_paid_in_the_future(log: ActLog) -> None:
    assert log.state(EXPORTER, invoice()) == []
    assert log.state(BUYER, payment("1", paid=LATER)) == [("invoice.future", "/paid")]
    assert log.facts.books.records(SettlementRecord) == []


def cancel(**members: Any) -> dict[str, Any]:
    return {"act": "cancel-invoice", "invoice": NUMBER, "reason": "replaced", **members}


@pytest.mark.parametrize("issuer", [EXPORTER, TAX])
def test_it_is_cancelled_once_and_for_all(log: ActLog, issuer: str) -> None:
    assert log.state(EXPORTER, invoice()) == []
    assert log.state(BUYER, payment("1")) == []
    assert log.state(issuer, cancel()) == []
    found = registered(log)
    assert (found.settled, found.cancel_reason, found.cancelled_us) == ("1", "replaced", START_US)
    assert readers(log) == {EXPORTER, BUYER} - {issuer}
    assert log.state(issuer, cancel(reason="error")) == [("invoice.cancelled", "/invoice")]
    assert log.state(BUYER, payment("1")) == [("invoice.cancelled", "/invoice")]
    assert log.state(EXPORTER, invoice()) == [("invoice.exists", "/invoice")]


@pytest.mark.parametrize("issuer", [BUYER, MINE, AUTHORITY])
def test_others_do_not_cancel(log: ActLog, issuer: str) -> None:
    assert log.state(EXPORTER, invoice()) == []
    assert log.state(issuer, cancel()) == [("act.signer", "")]
    assert registered(log).cancelled_at is None


def test_what_is_not_registered_is_not_cancelled(log: ActLog) -> None:
    assert log.state(TAX, cancel()) == [("invoice.unknown", "/invoice")]
    assert faults(cancel(reason="whim")) == [("schema.value", "/reason")]


def test_privacy() -> None:
    assert not read(cancel()).public
    assert not read(invoice()).public
    assert not read(payment("1")).public
