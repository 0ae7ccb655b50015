"""Products of one's own in a running ledger: stored, decided by, and decided alike by a replay."""

from pathlib import Path

from sqlalchemy import Engine

from ledger.audit.database import verify_database
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
    trade.moved(registrar, trade.extract("before", product="own-ore"))
    stated = {"rule_set": 1, "products": [OWN]}
    registrar.register(trade.act({"act": "set-policy", "policy": stated}))
    trade.moved(registrar, trade.extract("after", product="own-ore"))
    registrar.close()
    with engine.connect() as connection:
        books = Books(StoreSource(connection))
        found = [books.get(LotRecord, f"{MINE}lots/{name}") for name in ("before", "after")]
    assert [lot and lot.stage for lot in found] == ["", "ore"]
    assert verify_database(engine, workers=1, replay=True).faults == []
