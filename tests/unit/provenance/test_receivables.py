"""What customers owe, by hand: ages at their limits, parts, cancelled invoices, two currencies."""

from dataclasses import replace
from fractions import Fraction

import pytest

from ledger.provenance.receivables import Receivable, ageing, amount_text, receivables, totals
from ledger.records.books import Books
from ledger.records.oversight import InvoiceRecord, SettlementRecord
from ledger.records.periods import DAY_US

SELLER, BUYER, OTHER = "urn:seller", "urn:buyer", "urn:other"
NOW_US = 1_000 * DAY_US


def invoice(
    number: str, amount: str, due_us: int | None, *, buyer: str = BUYER, currency: str = "CNY"
) -> InvoiceRecord:
    said = (number, "special", SELLER, buyer, (), amount, currency, NOW_US - 400 * DAY_US, due_us, 7)
    return InvoiceRecord(*said)


def books(*records: InvoiceRecord | SettlementRecord) -> Books:
    made = Books()
    for record in records:
        made.put(record)
    return made


def only(*records: InvoiceRecord | SettlementRecord, as_of_us: int = NOW_US) -> Receivable:
    (found,) = receivables(books(*records), SELLER, as_of_us)
    return found


def paid(amount: str, at_us: int, entry: int = 20) -> SettlementRecord:
    return SettlementRecord("I-1", entry, amount, at_us, BUYER)


@pytest.mark.parametrize(
    ("since_us", "bucket", "days"),
    [
        (-1, "not_due", None),
        (0, "not_due", None),
        (1, "to_30", 0),
        (30 * DAY_US, "to_30", 30),
        (30 * DAY_US + 1, "to_60", 30),
        (60 * DAY_US, "to_60", 60),
        (60 * DAY_US + 1, "to_90", 60),
        (90 * DAY_US, "to_90", 90),
        (90 * DAY_US + 1, "over_90", 90),
        (None, "no_due_date", None),
    ],
)
def test_ages_at_their_limits(since_us: int | None, bucket: str, days: int | None) -> None:
    found = only(invoice("I-1", "10", None if since_us is None else NOW_US - since_us))
    assert (found.bucket, found.overdue_days, found.state) == (bucket, days, "open")


def test_parts_are_taken_off_as_they_are_paid() -> None:
    record = invoice("I-1", "100.10", NOW_US - DAY_US)
    parts = (paid("40.05", NOW_US - 2 * DAY_US), paid("60.05", NOW_US, entry=21))
    before = only(record, *parts, as_of_us=NOW_US - 1)
    assert (before.settled, before.owed, before.state) == (
        Fraction("40.05"),
        Fraction("60.05"),
        "partly_settled",
    )
    assert (before.overdue_days, before.bucket, before.late_days) == (0, "to_30", None)
    after = only(record, *parts)
    assert (after.owed, after.state, after.bucket, after.overdue_days) == (0, "settled", "", None)
    assert after.late_days == 1


def test_nothing_below_zero_is_owed_while_a_payment_and_what_took_its_place_both_count() -> None:
    """Recorded with a wrong day, taken back today, recorded anew with an earlier day than today's."""
    record, before_us = invoice("I-1", "100", None), NOW_US - 10 * DAY_US
    wrong = replace(paid("100", before_us), cancelled_at=30, cancelled_us=NOW_US)
    right = paid("100", before_us + DAY_US, entry=31)
    both = only(record, wrong, right, as_of_us=NOW_US - 1)
    assert (both.settled, both.owed, both.state, both.bucket) == (200, 0, "settled", "")
    assert ageing([both]) == {}
    after = only(record, wrong, right)
    assert (after.settled, after.owed, after.paid_us) == (100, 0, before_us + DAY_US)


@pytest.mark.parametrize(("late_us", "days"), [(-DAY_US, 0), (0, 0), (1, 1), (DAY_US, 1), (DAY_US + 1, 2)])
def test_begun_days_count_as_late(late_us: int, days: int) -> None:
    due_us = NOW_US - 50 * DAY_US
    assert only(invoice("I-1", "5", due_us), paid("5", due_us + late_us)).late_days == days


def test_of_a_cancelled_invoice_nothing_is_owed_and_what_was_paid_is_owed_back() -> None:
    record = replace(invoice("I-1", "100", NOW_US - DAY_US), cancelled_at=30, cancelled_us=NOW_US)
    part = paid("30", NOW_US - 2 * DAY_US)
    stood = only(record, part, as_of_us=NOW_US - 1)
    assert (stood.owed, stood.owed_back, stood.state) == (70, 0, "partly_settled")
    gone = only(record, part)
    assert (gone.owed, gone.owed_back, gone.state, gone.bucket) == (0, 30, "cancelled", "")
    sums = ageing([gone])
    assert (sums[BUYER, "CNY"].owed, sums[BUYER, "CNY"].owed_back) == (0, 30)
    assert ageing([only(record)]) == {}


def test_currencies_stand_apart_and_customers_too() -> None:
    found = receivables(
        books(
            invoice("I-1", "10.5", NOW_US - 31 * DAY_US),
            invoice("I-2", "2", NOW_US + DAY_US),
            invoice("I-3", "7", None, currency="EUR"),
            invoice("I-4", "0.000000001", NOW_US - 100 * DAY_US, buyer=OTHER),
        ),
        SELLER,
        NOW_US,
    )
    assert [each.record.invoice for each in found] == ["I-4", "I-1", "I-2", "I-3"]
    sums = ageing(found)
    assert list(sums) == [(BUYER, "CNY"), (BUYER, "EUR"), (OTHER, "CNY")]
    yuan = sums[BUYER, "CNY"]
    assert (yuan.owed, yuan.overdue, yuan.invoices, yuan.oldest_days) == (
        Fraction("12.5"),
        Fraction("10.5"),
        2,
        31,
    )
    whole = totals(sums)
    assert {currency: amount_text(each.owed) for currency, each in whole.items()} == {
        "CNY": "12.500000001",
        "EUR": "7.00",
    }
    assert (whole["CNY"].oldest_days, whole["EUR"].oldest_days) == (100, None)


def test_what_was_issued_later_and_others_invoices_are_left_out() -> None:
    later = replace(invoice("I-1", "5", None), issued_us=NOW_US + 1)
    foreign = replace(invoice("I-2", "5", None), seller=OTHER)
    assert receivables(books(later, foreign), SELLER, NOW_US) == []
    assert receivables(books(invoice("I-3", "5", None)), SELLER, NOW_US, buyer=OTHER) == []


def test_amounts_are_exact() -> None:
    assert [amount_text(Fraction(text)) for text in ("0", "1.5", "593880", "-2.125")] == [
        *("0.00", "1.50", "593880.00", "-2.125"),
    ]
