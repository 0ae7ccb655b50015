"""How much of the books a rule looks at: not all that a party, a site or a country ever did."""

from fractions import Fraction

import pytest

from ledger.controls.exports import MONTHLY, months_to_review
from ledger.controls.reviews import BALANCE, review_balance
from ledger.controls.ticks import run_ticks
from ledger.movements.movement import Line
from ledger.records.lots import StocktakeRecord
from ledger.records.oversight import DueRecord, InvoiceRecord, TallyRecord
from ledger.records.periods import month_after
from ledger.records.policy import read_policy
from tests.support.counted import CountedBooks
from tests.support.court import HOUR_US, KG, START_US, Court, flags, name, party, site

MANY = 300
POLICY = read_policy({"rule_set": 1})
MONTH = "2026-09"


def months(books: CountedBooks, tally: str, subject: str) -> None:
    """Many months before and after, with sums that say nothing."""
    for away in range(-MANY, MANY):
        books.put(TallyRecord(tally, subject, month_after(MONTH, away), {"mass_mg": 1, "count": 1}))
    books.looked_at = 0


def test_a_sites_gains_are_judged_by_two_years_of_it() -> None:
    books = CountedBooks()
    months(books, BALANCE, "urn:site")
    assert review_balance(books, POLICY, "urn:site", MONTH) is None
    assert books.looked_at <= 24


def test_an_export_is_part_of_the_history_of_twelve_months_after_it() -> None:
    books = CountedBooks()
    months(books, MONTHLY, "country:JP")
    found = months_to_review(books, "country:JP", MONTH)
    assert found == [month_after(MONTH, ahead) for ahead in range(13)]
    assert books.looked_at <= 12


@pytest.mark.parametrize(("month", "found"), [("9999-11", 2), ("9999-12", 1)])
def test_no_month_is_reviewed_after_the_last_there_is(month: str, found: int) -> None:
    books = CountedBooks()
    books.put(TallyRecord(MONTHLY, "country:JP", "9999-12", {"mass_mg": 1}))
    assert len(months_to_review(books, "country:JP", month)) == found


def sold(books: CountedBooks, many: int) -> None:
    """Many sales of one seller, due at once, and as many special invoices: each for one sale but the last."""
    for at in range(many):
        subject = f"{party('plant')} urn:sale:{at} "
        books.put(DueRecord("invoice.missing", subject, party("plant"), "", START_US, 0, START_US // HOUR_US))
        covers = f"{party('plant')} urn:sale:{at}" if at < many - 1 else "urn:other urn:sale"
        books.put(
            InvoiceRecord(
                invoice=f"urn:invoice:{at}",
                kind="special",
                seller=party("plant"),
                buyer=party("trader"),
                lines=(),
                amount="1",
                currency="CNY",
                issued_us=START_US,
                due_us=None,
                entry_index=at,
                shipments=(covers,),
            )
        )
    books.looked_at = 0


def test_sales_that_are_due_together_look_through_the_sellers_invoices_once() -> None:
    books = CountedBooks()
    sold(books, MANY)
    alerts = run_ticks(books, POLICY, 1, START_US)
    assert [(alert.code, alert.evidence["event_id"]) for alert in alerts] == [
        ("invoice.missing", f"urn:sale:{MANY - 1}")
    ]
    assert books.looked_at < 20 * MANY


def test_a_count_is_compared_with_no_other_count_of_its_site() -> None:
    books = CountedBooks()
    court = Court(books=books)
    court.set_policy(rules={"report.late": {"action": "off"}})
    court.extract("plant", "lot/1", {"La": 50 * KG}, "la-oxide", mass_mg=100 * KG, at_us=START_US)
    lot = name("plant", "lot/1")
    for at in range(MANY):
        books.put(StocktakeRecord(0, at, lot, party("plant"), site("plant"), START_US, 1, 100 * KG))
    books.looked_at = 0
    counted = court.file("stocktake", "plant", inputs=(Line(lot, 90 * KG),))
    assert flags(counted) == ["stock.difference"]
    assert books.looked_at < MANY


def test_a_count_that_did_not_happen_is_compared_with_nothing() -> None:
    court = Court()
    court.set_policy(rules={"report.late": {"action": "off"}})
    court.extract("plant", "lot/1", {"La": 50 * KG}, "la-oxide", mass_mg=100 * KG, at_us=START_US)
    said = {"inputs": (Line(name("plant", "lot/1"), 90 * KG),), "event_id": "urn:count"}
    assert flags(court.file("stocktake", "plant", **said)) == ["stock.difference"]
    undone = court.file("stocktake", "plant", **said, corrects="urn:count", did_not_occur=True)
    assert flags(undone) == []


def test_a_receipt_of_parts_of_many_lots_adds_no_fractions_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    court, lots = Court(), [f"lot/{at}" for at in range(40)]
    court.set_policy(rules={"report.late": {"action": "off"}})
    for at, lot in enumerate(lots):
        mass_mg = KG + 2 * at**3 + 1
        court.extract("plant", lot, {"La": mass_mg // 2}, "la-oxide", mass_mg=mass_mg, at_us=START_US)
    lines = tuple(Line(name("plant", lot), 1_000) for lot in lots)
    to = {"custodian_to": party("trader"), "owner_to": party("trader"), "owner_from": party("plant")}
    assert not flags(court.file("ship", "plant", inputs=lines, event_id="urn:shipped", **to))
    added: list[object] = []
    add = Fraction.__add__
    monkeypatch.setattr(Fraction, "__add__", lambda one, other: added.append(one) or add(one, other))
    of = {"custodian_from": party("plant"), "shipment": "urn:shipped"}
    less = tuple(Line(name("plant", lot), 900) for lot in lots)
    assert "shipment.difference" in flags(court.file("receive", "trader", inputs=less, **of))
    assert len(added) < 10
