"""Recall lists on both engines: who has a lot, what travels, what is abroad, what users have."""

from collections.abc import Iterable

import pytest
from sqlalchemy import Connection, Engine

from ledger.provenance.answers import trace
from ledger.provenance.holders import Travelling, ask_travelling
from ledger.provenance.subjects import Viewer, books_of, find_lot
from ledger.records.books import Books
from ledger.records.lots import (
    EdgeRecord,
    HoldingRecord,
    LotRecord,
    PostingRecord,
    ShipmentLineRecord,
    ShipmentRecord,
)
from ledger.store.asking import Asking
from ledger.store.books_source import write_records
from tests.support.books import KG, MINER, REFINER
from tests.support.yard import ORE, TRADER, Yard

ABROAD = "https://abroad.example/party"
USER = "https://glass.example/party"
REGULATOR = Viewer("https://authority.example/", True)
KINDS = (LotRecord, HoldingRecord, EdgeRecord, PostingRecord, ShipmentRecord, ShipmentLineRecord)


@pytest.fixture
def yard() -> Yard:
    made = Yard(importers=(TRADER,))
    made.extract()
    return made


def write(engine: Engine, books: Books, kinds: Iterable[type] = KINDS) -> None:
    with engine.begin() as connection:
        for kind in kinds:
            write_records(connection, books.records(kind))


def left(engine: Engine, yard: Yard, viewer: Viewer = REGULATOR) -> dict[tuple[str, str], int]:
    """What travels or left, by state and consignee."""
    write(engine, yard.books)
    with engine.connect() as connection:
        found = trace(connection, find_lot(books_of(connection), ORE), viewer, direction="downstream")
    return {(each.state, each.consignee): each.mass_mg for each in found.travelling}


def test_what_was_released_is_with_its_user(engine: Engine, yard: Yard) -> None:
    yard.do("release", {ORE: 150}, custodian_to=USER)
    undone = yard.do("release", {ORE: 20}, custodian_to=USER)
    yard.undo(undone)
    assert left(engine, yard) == {("released", USER): 150}


def test_what_was_lost_or_received_is_no_part_of_it(engine: Engine, yard: Yard) -> None:
    yard.receive({ORE: 40}, yard.ship({ORE: 40}))
    for kind in ("lose", "dispose", "destroy"):
        yard.do(kind, {ORE: 10}, reason="r")
    assert left(engine, yard) == {}


def test_what_travels_is_told_with_what_is_left_of_it(engine: Engine, yard: Yard) -> None:
    event = yard.ship({ORE: 400})
    yard.receive({ORE: 150}, event, final=False)
    yard.do("export", {ORE: 70}, consignee=ABROAD)
    yard.do("disclose", {ORE: 7}, consignee=USER)
    yard.do("export", {ORE: 80}, custodian_to=TRADER)
    assert left(engine, yard) == {
        ("ship", REFINER): 250,
        ("exported", ABROAD): 70,
        ("exported", USER): 7,
        ("export", TRADER): 80,
    }


def test_an_export_that_was_received_or_returned_is_told_once(engine: Engine, yard: Yard) -> None:
    event = yard.do("export", {ORE: 80}, custodian_to=TRADER)
    yard.receive({ORE: 80}, event, TRADER, MINER, custodian_to=TRADER)
    yard.do("return", {ORE: 30}, TRADER, custodian_to=MINER, shipment=event)
    assert left(engine, yard) == {("return", MINER): 30}


def test_an_export_that_was_cancelled_corrected_or_undone_is_told_as_it_stands(
    engine: Engine, yard: Yard
) -> None:
    yard.do("cancel", shipment=yard.do("export", {ORE: 10}, consignee=ABROAD))
    yard.undo(yard.do("export", {ORE: 20}, consignee=ABROAD))
    event = yard.do("export", {ORE: 30}, consignee=ABROAD)
    yard.do("export", {ORE: 31}, consignee=ABROAD, corrects=event)
    assert left(engine, yard) == {("exported", ABROAD): 31}


@pytest.mark.parametrize(
    ("named", "by", "back", "told"),
    [
        ("", MINER, 5, {1: 35, 2: 50}),
        ("", MINER, 40, {2: 50}),
        ("", MINER, 41, {2: 49}),
        ("", MINER, 90, {}),
        ("2", MINER, 50, {1: 40}),
        ("2", MINER, 60, {1: 30}),
        ("2", REFINER, 20, {1: 40, 2: 30}),
        ("other", REFINER, 20, {1: 20, 2: 50}),
    ],
)
def test_what_came_back_is_no_longer_abroad(
    engine: Engine, yard: Yard, named: str, by: str, back: int, told: dict[int, int]
) -> None:
    yard.do("export", {ORE: 40}, consignee=f"{ABROAD}/1")
    second = yard.do("export", {ORE: 50}, consignee=f"{ABROAD}/2")
    yard.do("import", {ORE: back}, by, shipment=second if named == "2" else named)
    assert left(engine, yard) == {("exported", f"{ABROAD}/{at}"): mass for at, mass in told.items()}


def test_an_import_that_was_undone_is_abroad_again(engine: Engine, yard: Yard) -> None:
    yard.do("export", {ORE: 40}, consignee=ABROAD)
    yard.undo(yard.do("import", {ORE: 30}))
    assert left(engine, yard) == {("exported", ABROAD): 40}


def test_one_lot_that_came_back_does_not_bring_another_back(engine: Engine, yard: Yard) -> None:
    yard.extract("urn:lot:2")
    yard.do("export", {ORE: 40, "urn:lot:2": 40}, consignee=ABROAD)
    yard.do("import", {"urn:lot:2": 40})
    assert left(engine, yard) == {("exported", ABROAD): 40}


def test_a_party_is_not_told_that_others_brought_back_what_it_exported(engine: Engine, yard: Yard) -> None:
    yard.do("export", {ORE: 40}, consignee=ABROAD)
    yard.do("import", {ORE: 30}, REFINER)
    yard.do("import", {ORE: 3})
    assert left(engine, yard, Viewer(MINER, False)) == {("exported", ABROAD): 37}
    with engine.connect() as connection:
        assert sum(each.mass_mg for each in travelling(connection, ORE)) == 7


def test_whoever_is_no_end_of_it_is_told_of_no_shipment(engine: Engine, yard: Yard) -> None:
    yard.receive({ORE: 40}, yard.ship({ORE: 40}))
    yard.do("release", {ORE: 150}, custodian_to=USER)
    assert left(engine, yard, Viewer(REFINER, False)) == {}


def travelling(connection: Connection, *lots: str) -> list[Travelling]:
    """What anybody is told of."""
    return list(ask_travelling(Asking(connection), lots, None)())


def test_nothing_is_told_of_other_lots(engine: Engine, yard: Yard) -> None:
    yard.extract("urn:lot:2")
    yard.do("release", {"urn:lot:2": KG}, custodian_to=USER)
    write(engine, yard.books)
    with engine.connect() as connection:
        assert travelling(connection) == []
        assert travelling(connection, ORE, "urn:lot:3") == []
        [found] = travelling(connection, ORE, "urn:lot:2")
    event = next(iter(yard.books.records(ShipmentRecord))).event_id
    assert found == Travelling("urn:lot:2", MINER, event, USER, "release", "", 0, KG, "released", KG)
