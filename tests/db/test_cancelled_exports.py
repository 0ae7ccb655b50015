"""Exports in the write path: cancelled, and travelling again while the licence has room; and replayed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from ledger.audit.database import verify_database
from ledger.errors import StatementRefused
from ledger.movements.movement import Movement
from ledger.movements.writing import document, dump_document, undo
from ledger.registration.registrar import Registrar
from ledger.statements.envelope import EPCIS
from ledger.whatif.replaying import what_if
from ledger.whatif.scenario import read_scenario
from tests.support import movements as make
from tests.support.cast import actor
from tests.support.movements import MINE, PIT
from tests.support.movements_written import as_event
from tests.support.trade import LISTED_SINCE, Trade

LICENCE = f"{MINE}licences/1"
BUYER = "https://buyer.example/"
LOT = f"{MINE}lots/a"
LIST = {
    "act": "publish-control-list",
    "control_list": "mofcom-18-2025",
    "start": LISTED_SINCE,
    "items": [{"elements": ["Nd"]}],
}


@pytest.fixture
def trade() -> Trade:
    return Trade(mine=actor("mine", "miner", "exporter"))


@pytest.fixture
def registrar(trade: Trade, engine: Engine, tmp_path: Path) -> Iterator[Registrar]:
    made = trade.opened(engine, tmp_path / "mark")
    yield made
    made.close()


def export(trade: Trade, number: int, kilograms: int) -> Movement:
    given = {"consignee": BUYER, "licence": LICENCE, "end_use": "motors", "site": PIT, "consignor": MINE}
    said: dict[str, Any] = {**given, "event_id": f"urn:event:{number}", "at_us": trade.ago(2)}
    return make.export({LOT: kilograms}, **said)


def cancel(trade: Trade, shipment: Movement, event_id: str) -> Movement:
    goods = {line.lot: None for line in shipment.inputs}
    return make.cancel(goods, shipment=shipment.event_id, event_id=event_id, at_us=trade.ago(1))


def undone(trade: Trade, registrar: Registrar, moved: Movement) -> None:
    event = undo(as_event(moved), declared_at_us=trade.now_us)
    registrar.register(trade.sign(dump_document(document([event], trade.now_us)), trade.mine, cty=EPCIS))


def tell(trade: Trade, registrar: Registrar) -> None:
    """One export is cancelled and travels again; another does not, for its licence was used meanwhile."""
    registrar.register(trade.act(LIST))
    application = {
        "act": "apply-licence",
        "licence": LICENCE,
        "exporter": MINE,
        "kind": "general",
        "items": ["mixed-carbonate"],
        "quantity": {"quantity": 100, "uom": "KGM"},
        "destinations": ["JP"],
        "consignees": [BUYER],
        "end_users": [BUYER],
        "end_use": "motors",
    }
    registrar.register(trade.act(application, trade.mine))
    span = {"start": "2026-01-01T00:00:00Z", "end": "2028-12-31T00:00:00Z"}
    registrar.register(trade.act({"act": "grant-licence", "licence": LICENCE, **span}))
    trade.moved(registrar, trade.extract("a"))
    first, second, third = export(trade, 1, 50), export(trade, 2, 40), export(trade, 3, 50)
    trade.moved(registrar, first)
    trade.moved(registrar, wrong := cancel(trade, first, "urn:event:4"))
    undone(trade, registrar, wrong)
    trade.moved(registrar, second)
    trade.moved(registrar, again := cancel(trade, second, "urn:event:5"))
    trade.moved(registrar, third)
    with pytest.raises(StatementRefused) as caught:
        undone(trade, registrar, again)
    assert [each.code for each in caught.value.findings] == ["licence.exhausted"]
    undone(trade, registrar, third)
    undone(trade, registrar, again)


def test_everything_is_booked_and_replayed(trade: Trade, registrar: Registrar, engine: Engine) -> None:
    tell(trade, registrar)
    with engine.connect() as connection:
        (drawn,) = connection.execute(text("SELECT drawn_mg, shipments FROM licences"))
    assert tuple(drawn) == (90_000_000, '["urn:event:1","urn:event:2"]')
    report = verify_database(engine, workers=1, replay=True)
    assert report.faults == []


def test_a_what_if_draws_and_gives_back_alike(trade: Trade, registrar: Registrar, engine: Engine) -> None:
    tell(trade, registrar)
    acts = {"name": "the list in force, stated again", "acts": [LIST]}
    report = what_if(engine, trade.origin, read_scenario(acts))
    assert report.agreement is not None
    assert report.agreement.first == []
    assert report.differing == 0
