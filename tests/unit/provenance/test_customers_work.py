"""How much work it is to say what the books say of a customer: a lot's lines are looked through once."""

from collections import Counter
from typing import Any

import pytest

from ledger.provenance.customers import evaluate
from ledger.records.books import Books
from ledger.records.lots import PostingRecord
from ledger.store.books_tables import BOOKS
from tests.properties.test_flows import stored
from tests.support.books import KG, MINER, REFINER, START_US, born
from tests.support.busy import BusyYard


def test_a_lot_that_was_sent_often_is_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    yard = BusyYard()
    yard.do("extract", outputs=(born("urn:ore", 1_000 * KG, {"Nd": KG}),))
    for _ in range(30):
        yard.receive({"urn:ore": KG * 9 // 10}, yard.ship({"urn:ore": KG}), final=True)
    asked: Counter[Any] = Counter()
    group = Books.group

    def counted(books: Books, kind: Any, name: str, *key: Any) -> Any:
        asked[kind, key] += 1
        return group(books, kind, name, *key)

    monkeypatch.setattr(Books, "group", counted)
    with stored(yard.books, BOOKS) as connection:
        found = evaluate(connection, yard.policy, MINER, REFINER, 0, 2 * START_US)
    (differing,) = [each for each in found.sentences if each.code == "differences"]
    assert differing.figures["differing"] == 30
    assert len(differing.entries) == 60, "each shipment and its receipt"
    assert asked[PostingRecord, ("urn:ore",)] == 1
