"""What a successor's successor files for the first of the line: it counts as that party's own."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from ledger.audit.database import verify_database
from ledger.errors import StatementRefused
from ledger.provenance.quota_months import drawn_by_month
from ledger.records.books import Books, key_of
from ledger.records.oversight import QuotaRecord
from ledger.records.periods import year_of
from ledger.records.policy import read_policy
from ledger.store.books_source import StoreSource
from tests.support.cast import actor
from tests.support.movements import MINE, PIT, PLANT, born, movement
from tests.support.trade import Trade

POLICY = {"rule_set": 1, "retention_days": 0}


def test_its_draws_on_a_quota_are_found_by_month(engine: Engine, tmp_path: Path) -> None:
    third = actor("third", "miner")
    trade = Trade(policy=POLICY, more=[third])
    registrar = trade.opened(engine, tmp_path / "mark")
    mass = {"quantity": 1000, "uom": "TNE"}
    allotted = {"act": "allot-quota", "party": MINE, "activity": "mining", "ore_class": "rock", "mass": mass}
    year = year_of(trade.ago(3), read_policy(POLICY))
    registrar.register(trade.act({**allotted, "year": year}))
    lot = born(f"{MINE}lots/a", 1000, product="bastnaesite-concentrate")
    said = {"site": PIT, "origin": PIT, "custodian_to": MINE, "at_us": trade.ago(3)}
    mined = movement("extract", outputs=[lot], **said)
    since = "2026-01-01T00:00:00Z"
    for gone, successor in ((MINE, PLANT), (PLANT, third.party)):
        with pytest.raises(StatementRefused):
            registrar.register(trade.statement(mined, by=third))
        merger = {"act": "merge-party", "party": gone, "successor": successor, "since": since}
        registrar.register(trade.act(merger))
    registrar.register(trade.statement(mined, by=third))
    registrar.close()
    with engine.connect() as connection:
        books = Books(StoreSource(connection))
        (quota,) = books.group(QuotaRecord, "party", MINE, year)
        months = drawn_by_month(connection, books, [quota], read_policy(POLICY))
    assert quota.drawn_mg > 0
    assert sum(months[key_of(quota)]) == quota.drawn_mg
    assert verify_database(engine, workers=1, replay=True).faults == []
