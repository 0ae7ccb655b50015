"""Products of one's own in a running ledger: stored, decided by, and decided alike by a replay."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from ledger.audit.database import verify_database
from ledger.errors import StatementRefused
from ledger.records.books import Books
from ledger.records.lots import LotRecord
from ledger.store.books_source import StoreSource
from tests.support.movements import MINE
from tests.support.trade import Trade

OWN = {
    "code": "own-ore",
    "name_en": "own ore",
    "name_zh": "自有矿石",
    "stage": "ore",
    "form": "ore",
    "source": "our laboratory",
    "verified": "false",
}


def test_a_lot_is_what_the_catalogue_of_its_entry_says(engine: Engine, tmp_path: Path) -> None:
    trade = Trade()
    registrar = trade.opened(engine, tmp_path / "mark")
    stages = {"unknown": None, "ore": "ore", "concentrate": "concentrate", "unknown-again": None}
    for name, stage in stages.items():
        products = [OWN | {"stage": stage}] if stage else []
        registrar.register(trade.act({"act": "set-policy", "policy": {"rule_set": 1, "products": products}}))
        if stage:
            trade.moved(registrar, trade.extract(name, product="own-ore"))
            continue
        with pytest.raises(StatementRefused) as raised:
            trade.moved(registrar, trade.extract(name, product="own-ore"))
        assert [each.code for each in raised.value.findings] == ["lot.product-unknown"]
    registrar.close()
    with engine.connect() as connection:
        books = Books(StoreSource(connection))
        found = {name: books.get(LotRecord, f"{MINE}lots/{name}") for name in stages}
    assert {name: lot and lot.stage for name, lot in found.items()} == stages
    assert verify_database(engine, workers=1, replay=True).faults == []
