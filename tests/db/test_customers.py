"""What the books say of a customer, by hand: three deliveries, of which two are worth a sentence."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection

from ledger.movements.movement import Line
from ledger.provenance.customers import Sentence, evaluate
from ledger.records.oversight import InvoiceRecord, SettlementRecord
from ledger.store.books_source import write_records
from ledger.store.engine import create_ledger_engine
from ledger.store.schema import upgrade
from tests.support.court import DAY_US, HOUR_US, KG, START_US, Court, accepted, name, party, site

END_US = START_US + 60 * DAY_US
SELLER, CUSTOMER = party("plant"), party("magnets")


def deliver(court: Court, number: int, weighed_kg: int, hours_late: int) -> None:
    """Ten kilograms that are due in a day."""
    lot, event = name("plant", "lot/1"), f"urn:sent:{number}"
    sent_us = START_US + DAY_US
    ends = {"custodian_to": CUSTOMER, "owner_to": CUSTOMER, "site_to": site("magnets")}
    due: dict[str, Any] = {"due_us": sent_us + DAY_US, "at_us": sent_us, "event_id": event}
    accepted(court.file("ship", "plant", inputs=(Line(lot, 10 * KG),), **ends, **due))
    receipt: dict[str, Any] = {"custodian_from": SELLER, "shipment": event}
    at_us = sent_us + DAY_US + hours_late * HOUR_US
    accepted(court.file("receive", "magnets", inputs=(Line(lot, weighed_kg * KG),), at_us=at_us, **receipt))


@pytest.fixture
def connection(sqlite_url: str) -> Iterator[Connection]:
    court = Court()
    court.extract("plant", "lot/1", {"Nd": 50 * KG}, "nd-oxide", mass_mg=100 * KG, at_us=START_US)
    deliver(court, 1, 10, 0)
    deliver(court, 2, 9, 0)
    deliver(court, 3, 10, 5)
    for number, due, paid in ((1, 10, 9), (2, 10, 13), (3, 20, 20), (4, 25, None)):
        said = (f"I-{number}", "special", SELLER, CUSTOMER, (), "8", "CNY", START_US, START_US + due * DAY_US)
        court.books.put(InvoiceRecord(*said, entry_index=100 + number))
        if paid is not None:
            paid_us = START_US + paid * DAY_US
            court.books.put(SettlementRecord(f"I-{number}", 200 + number, "8", paid_us, CUSTOMER))
    upgrade(sqlite_url)
    engine = create_ledger_engine(sqlite_url)
    with engine.begin() as writing:
        write_records(writing, court.books.take_changes())
    with engine.connect() as reading:
        yield reading
    engine.dispose()


def test_each_sentence_rests_on_its_entries(connection: Connection) -> None:
    court = Court()

    def said(start_us: int = START_US, as_of_us: int = END_US, alerts_of: str = "all") -> dict[str, Sentence]:
        found = evaluate(connection, court.policy, SELLER, CUSTOMER, start_us, as_of_us, alerts_of=alerts_of)
        assert found.standing == max(
            (each.tone for each in found.sentences), key=("none", "good", "warn", "bad").index
        )
        return {each.code: each for each in found.sentences}

    told = said()
    assert {code: each.tone for code, each in told.items()} == {
        "paid": "warn",
        "overdue": "warn",
        "differences": "bad",  # one of three is more than a quarter
        "late_receipts": "warn",
        "sent_back": "good",
        "alerts": "warn",
    }
    assert told["paid"].figures == {"paid": 3, "late": 1, "mean_days": "3.0", "most_days": 3}
    assert told["paid"].entries == (102, 202)
    assert told["overdue"].text == "8.00 CNY are overdue on 1 invoice, the oldest for 35 days"
    assert told["overdue"].entries == (104,)
    assert told["differences"].figures == {"deliveries": 3, "differing": 1, "difference_mg": -KG}
    shipped = connection.exec_driver_sql("SELECT entry_index FROM shipments WHERE event_id = 'urn:sent:2'")
    assert told["differences"].entries == ((index := shipped.scalar_one()), index + 1)
    assert told["late_receipts"].figures == {"deliveries": 3, "late": 1, "missing": 0}
    assert told["alerts"].figures["open"] == sum(told["alerts"].figures["codes"].values()) > 0
    assert "alerts" not in said(alerts_of="")

    # Only what a seller was told of: the difference was noticed at the customer's receipt, and is its own.
    assert said(alerts_of="seller")["alerts"].tone == "good"

    # At another moment: nothing had been sent, and one invoice was overdue by a day.
    before = said(START_US, START_US + 11 * DAY_US)
    assert before["paid"].figures["paid"] == 1
    assert (before["overdue"].figures["oldest_days"], before["overdue"].entries) == (1, (102,))
    later = said(START_US + 50 * DAY_US)
    assert {later[code].tone for code in ("paid", "differences", "late_receipts", "sent_back")} == {"none"}
    assert later["overdue"].tone == "warn"


def test_nothing_is_said_of_a_stranger(connection: Connection) -> None:
    found = evaluate(connection, Court().policy, SELLER, party("lab"), START_US, END_US, alerts_of="seller")
    assert [(each.code, each.tone) for each in found.sentences][:5] == [
        *(("paid", "none"), ("overdue", "none"), ("differences", "none")),
        *(("late_receipts", "none"), ("sent_back", "none")),
    ]
    assert found.standing == "none"
