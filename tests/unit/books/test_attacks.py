"""Attempts to get more out of the books than went in, by movements that are lawful one by one."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from ledger.books.receipts import as_sent_mg
from ledger.movements.movement import Line
from ledger.records.lots import MemberRecord, PostingRecord
from tests.support.books import KG, MINER, REFINER, born
from tests.support.yard import IMPORTER, ORE, Yard

ABROAD: dict[str, Any] = {
    "custodian_to": IMPORTER,
    "owner_to": IMPORTER,
    "consignee": IMPORTER,
    "destination": "JP",
}
NEVER = "urn:shipment:never"


def abroad(yard: Yard) -> int:
    lines = yard.books.group(PostingRecord, "lot", ORE)
    return sum(line.mass_mg for line in lines if line.account == "exported")


def test_an_export_whose_goods_came_back_cannot_be_undone(yard: Yard) -> None:
    exported = yard.do("export", {ORE: KG}, **ABROAD)
    back = yard.do("import", {ORE: KG})
    undone: dict[str, Any] = {"event_id": exported, "corrects": exported, "did_not_occur": True}
    assert yard.refused("export", {ORE: KG}, **undone, **ABROAD) == ["correction.negative"]
    yard.undo(back)
    yard.undo(exported)
    assert (yard.mass(by=MINER), abroad(yard)) == (KG, 0)


def test_an_export_whose_goods_came_back_cannot_be_cancelled(yard: Yard) -> None:
    exported = yard.do("export", {ORE: KG}, **ABROAD)
    yard.do("import", {ORE: 1})
    assert yard.refused("cancel", shipment=exported) == ["lot.not-abroad"]


def test_an_export_of_which_less_came_back_is_replaced(yard: Yard) -> None:
    exported = yard.do("export", {ORE: KG}, **ABROAD)
    yard.do("import", {ORE: 10})
    assert yard.refused("export", {ORE: 9}, corrects=exported, **ABROAD) == ["correction.negative"]
    yard.do("export", {ORE: 10}, corrects=exported, **ABROAD)
    assert (yard.mass(by=MINER), abroad(yard)) == (KG, 0)


@pytest.mark.parametrize("mass_mg", [KG // 2 + KG // 100, 5 * KG])
def test_an_import_cannot_be_replaced_by_more_than_went_abroad(yard: Yard, mass_mg: int) -> None:
    yard.do("export", {ORE: KG // 2}, **ABROAD)
    back = yard.do("import", {ORE: KG // 4})
    assert yard.refused("import", {ORE: mass_mg}, corrects=back) == ["balance.overdrawn"]


def test_an_import_is_undone_whatever_its_name_is(yard: Yard) -> None:
    yard.do("export", {ORE: KG}, **ABROAD)
    yard.undo(yard.do("import", {ORE: KG}, event_id="revalued:1"))
    assert abroad(yard) == KG


def test_a_refusal_cannot_be_replaced_by_more_than_travels(yard: Yard) -> None:
    sent = yard.ship({ORE: KG // 2})
    refused = yard.do("refuse", {ORE: 10}, REFINER, shipment=sent, custodian_to=MINER)
    more: dict[str, Any] = {"shipment": sent, "custodian_to": MINER, "corrects": refused}
    assert yard.refused("refuse", {ORE: 3 * KG}, REFINER, **more) == ["balance.overdrawn"]


def test_what_went_abroad_cannot_be_refused(yard: Yard) -> None:
    sent = yard.do("export", {ORE: KG}, **ABROAD)
    said: dict[str, Any] = {"shipment": sent, "custodian_to": MINER, "site": "urn:abroad"}
    assert yard.refused("refuse", None, IMPORTER, **said) == ["shipment.closed"]


def test_nobody_receives_from_itself_what_it_did_not_send(yard: Yard) -> None:
    said: dict[str, Any] = {"custodian_from": MINER, "shipment": NEVER}
    assert yard.refused("receive", {ORE: KG}, MINER, **said) == ["shipment.unknown"]


def test_goods_go_from_site_to_site_of_one_party(yard: Yard) -> None:
    sent = yard.ship({ORE: KG}, to=MINER)
    yard.receive({ORE: KG}, sent, by=MINER, site="urn:other")
    assert yard.held(ORE) == {(MINER, MINER, "urn:other"): KG}


def test_no_holding_outgrows_what_can_be_written() -> None:
    yard = Yard()
    heaviest = born("urn:lot:heavy", 10**17, {"Nd": 10**16})
    for place in range(10):
        said: dict[str, Any] = {"custodian_from": MINER, "shipment": f"urn:s:{place}"}
        yard.book(yard.said("receive", {}, REFINER, inputs=(heaviest,), **said), REFINER)
    last = yard.said("receive", {}, REFINER, inputs=(heaviest,), custodian_from=MINER, shipment=NEVER)
    assert yard.refusals(last, REFINER) == ["balance.too-much"]


def test_a_thing_that_was_packed_again_does_not_go_back_into_its_first_unit(yard: Yard) -> None:
    yard.thing()
    yard.do("pack", {"urn:thing:1": None}, parent="urn:unit:1", seals=("a",))
    unpacked = yard.do("unpack", parent="urn:unit:1")
    again = yard.do("pack", {"urn:thing:1": None}, parent="urn:unit:2", seals=("b",))
    undone: dict[str, Any] = {
        "event_id": unpacked,
        "corrects": unpacked,
        "did_not_occur": True,
        "parent": "urn:unit:1",
    }
    assert yard.refused("unpack", **undone) == ["unit.packed-already"]
    yard.undo(again)
    yard.undo(unpacked)
    inside = [one for one in yard.books.group(MemberRecord, "child", "urn:thing:1") if one.until_us is None]
    assert [one.unit for one in inside] == ["urn:unit:1"]


def test_a_packing_is_not_replaced_by_more_than_there_is(yard: Yard) -> None:
    packed = yard.do("pack", {ORE: 10}, parent="urn:unit:1", seals=("a",))
    more: dict[str, Any] = {"parent": "urn:unit:1", "seals": ("a",), "corrects": packed}
    assert yard.refused("pack", {ORE: 2 * KG}, **more) == ["balance.overdrawn"]


def test_a_dry_weight_of_a_wet_lot_stays_within_what_can_be_written(yard: Yard) -> None:
    wet = replace(yard.lot(ORE), composition={"moistureFraction": "0.999999"})
    weighed = Line(ORE, 10**17, moisture=Fraction(0))
    assert as_sent_mg(wet, weighed) == 10**17
    assert as_sent_mg(wet, replace(weighed, mass_mg=2)) == 2_000_000
