"""Corrections: what an event booked is taken back today, and its replacement stands in its place."""

import pytest

from ledger.books.seals import on_unit
from ledger.records.lots import (
    EdgeRecord,
    EventRecord,
    LotRecord,
    LotVersionRecord,
    MemberRecord,
    SealRecord,
    UnitRecord,
)
from tests.support.books import KG, MINER, REFINER, born
from tests.support.correcting import correct, negative
from tests.support.yard import ORE, TRADER, Yard, lot_of

SENT = 400_000
DESADV = "urn:desadv:1"
OXIDE = "https://plant.example/lot/oxide"


# --- which events ----------------------------------------------------------


def test_only_the_issuer_corrects_a_movement_that_is_known_and_stands(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    said = {"corrects": event, "did_not_occur": True, "event_id": event}
    assert yard.refused("ship", by=REFINER, **said) == ["correction.unknown"]
    assert yard.refused("ship", **{**said, "corrects": "urn:none"}) == ["correction.unknown"]
    yard.undo(event)
    assert yard.refused("ship", **said) == ["correction.repeated"]


def test_a_replacement_is_of_the_same_kind(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    said = {"corrects": event, "custodian_to": "urn:user"}
    assert yard.refused("release", {ORE: SENT}, **said) == ["correction.other-kind"]


@pytest.mark.parametrize("kind", ["cancel", "release", "lose"])
def test_what_undoes_an_event_repeats_it(yard: Yard, kind: str) -> None:
    event = yard.ship({ORE: SENT})
    said = {"corrects": event, "did_not_occur": True, "event_id": event}
    assert yard.refused(kind, **said) == ["correction.other-kind"]
    yard.undo(event)


def test_a_corrected_event_says_so_and_its_lines_stand(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    before = list(yard.effects[-1].postings)
    yard.undo(event)
    record = yard.books.get(EventRecord, MINER, event)
    assert record is not None
    assert (record.state, record.changed_at) == ("corrected", yard.index - 1)
    assert yard.effects[-1].corrected == event
    assert [line.mass_mg for line in before] == [-SENT, SENT]


# --- births ----------------------------------------------------------------


def test_a_birth_that_did_not_occur_leaves_nothing(yard: Yard) -> None:
    event = yard.extract("urn:lot:2")
    yard.undo(event)
    assert lot_of(yard, "urn:lot:2") is None
    assert (yard.mass("urn:lot:2", MINER), yard.account("birth", "urn:lot:2")) == (0, 0)
    assert yard.refused("ship", {"urn:lot:2": 1}, custodian_to=REFINER) == ["custody.not-holder"]


def test_its_name_may_be_borne_again(yard: Yard) -> None:
    event = yard.extract("urn:lot:2")
    yard.undo(event)
    yard.extract("urn:lot:2", 2 * KG)
    found = lot_of(yard, "urn:lot:2")
    assert found is not None
    assert (found.mass_mg, yard.mass("urn:lot:2", MINER)) == (2 * KG, 2 * KG)


def test_a_birth_is_borne_again_with_another_mass_and_keeps_what_left_it(yard: Yard) -> None:
    event = yard.extract("urn:lot:2", KG)
    yard.ship({"urn:lot:2": SENT})
    output = born("urn:lot:2", 900_000, {"Nd": 300_000})
    correct(yard, event, outputs=(output,))
    lot = yard.lot("urn:lot:2")
    assert (lot.mass_mg, lot.voided_at) == (900_000, None)
    assert yard.mass("urn:lot:2", MINER) == 500_000
    (version,) = yard.books.group(LotVersionRecord, "lot", "urn:lot:2")
    assert (version.changed_at, version.mass_mg) == (yard.index - 1, KG)


def test_a_birth_may_not_become_smaller_than_what_left_it(yard: Yard) -> None:
    event = yard.extract("urn:lot:2", KG)
    yard.ship({"urn:lot:2": SENT})
    said = {"corrects": event, "outputs": (born("urn:lot:2", SENT - 1, {"Nd": 1_000}),)}
    assert yard.refused("extract", **said) == ["correction.negative"]
    correct(yard, event, outputs=(born("urn:lot:2", SENT, {"Nd": 1_000}),))
    assert yard.mass("urn:lot:2", MINER) == 0


def test_what_left_a_birth_is_named_when_it_did_not_occur(yard: Yard) -> None:
    event = yard.extract("urn:lot:2")
    yard.ship({"urn:lot:2": SENT})
    at = yard.index - 1
    evidence = negative(yard, event)
    assert (evidence["lot"], evidence["left_mg"]) == ("urn:lot:2", -SENT)
    assert evidence["movements"] == [{"index": at, "position": 0}]


def process(yard: Yard, mass_mg: int = KG, out: int = 300_000) -> str:
    """A quarter of the neodymium becomes oxide."""
    return yard.do(
        "process",
        {ORE: mass_mg},
        site="https://mine.example/site/pit",
        process="separation",
        outputs=(born(OXIDE, out, {"Nd": out}),),
    )


def test_descendants_are_named(yard: Yard) -> None:
    event = yard.extract("urn:lot:2")
    yard.do("process", {"urn:lot:2": KG}, process="p", outputs=(born(OXIDE, 300_000, {"Nd": 300_000}),))
    assert negative(yard, event)["lots"] == [OXIDE]


def test_a_process_that_did_not_occur_gives_back_its_inputs(yard: Yard) -> None:
    event = process(yard)
    node = yard.lot(OXIDE).node
    yard.undo(event)
    assert yard.mass(by=MINER) == KG
    assert lot_of(yard, OXIDE) is None
    [undone] = yard.books.group(LotRecord, "node", node)
    assert undone.made_of is None, "its edges tell what stands of them"
    assert {edge.voided_at for edge in yard.books.group(EdgeRecord, "child", node)} == {yard.index - 1}


def test_a_used_lot_borne_again_with_other_contents_is_made_up_for(yard: Yard) -> None:
    lot = "urn:lot:2"
    event = yard.extract(lot, KG)
    yard.do("process", {lot: SENT}, process="p", outputs=(born(OXIDE, 120_000, {"Nd": 120_000}),))
    correct(yard, event, outputs=(born(lot, KG, {"Nd": 310_000, "Pr": 100_000}),))
    assert yard.effects[-1].postings[-1].account == "holding"
    made_up = [line for line in yard.effects[-1].postings if line.account == "difference" and line.contained]
    assert [line.contained for line in made_up] == [{"Nd": "4000"}]


def test_a_correction_is_corrected_again(yard: Yard) -> None:
    lot = "urn:lot:2"
    event = yard.extract(lot, KG)
    yard.do("process", {lot: SENT}, process="p", outputs=(born(OXIDE, 120_000, {"Nd": 120_000}),))
    second = correct(yard, event, outputs=(born(lot, KG, {"Nd": 310_000}),))
    correct(yard, second, outputs=(born(lot, 2 * KG, {"Nd": 620_000, "Pr": 1}),))
    assert yard.mass(lot, MINER) == 2 * KG - SENT
    versions = yard.books.group(LotVersionRecord, "lot", lot)
    assert [version.mass_mg for version in versions] == [KG, KG]


def test_a_process_is_replaced_and_its_output_that_was_sold_stays_sold(yard: Yard) -> None:
    event = process(yard)
    yard.ship({OXIDE: 100_000})
    correct(
        yard,
        event,
        {ORE: 900_000},
        process="separation",
        outputs=(born(OXIDE, 260_000, {"Nd": 260_000}),),
    )
    assert (yard.mass(by=MINER), yard.mass(OXIDE, MINER)) == (100_000, 160_000)
    lot = yard.lot(OXIDE)
    parents = {
        edge.parent for edge in yard.books.group(EdgeRecord, "child", lot.node) if edge.voided_at is None
    }
    assert parents == {yard.lot(ORE).node}


def test_a_birth_of_what_was_received_before_awaits_it_again(yard: Yard) -> None:
    lot = "urn:lot:late"
    line = born(lot, SENT, {"Nd": 100_000})
    yard.do("receive", by=REFINER, inputs=(line,), custodian_from=MINER, shipment=DESADV)
    event = yard.extract(lot, 500_000)
    yard.undo(event)
    found = yard.lot(lot)
    assert (found.birth, found.voided_at) == ("awaited", None)
    assert {origin for _, origin, _ in found.cells} == {f"awaited:{lot}"}
    yard.extract(lot, 600_000)
    yard.ship({lot: SENT}, despatch_advice=DESADV)
    assert (yard.mass(lot), yard.mass(lot, MINER)) == (SENT, 200_000)


# --- shipments -------------------------------------------------------------


def test_a_shipment_that_did_not_occur_is_back(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    yard.undo(event)
    assert (yard.mass(by=MINER), yard.account("transit")) == (KG, 0)
    assert (yard.shipment(event).state, yard.line(event).left_mg) == ("voided", 0)


@pytest.mark.parametrize(
    ("kind", "account"), [("export", "exported"), ("disclose", "exported"), ("release", "released")]
)
def test_what_left_the_books_is_back(yard: Yard, kind: str, account: str) -> None:
    event = yard.do(kind, {ORE: SENT}, custodian_to="urn:user")
    yard.undo(event)
    assert (yard.mass(by=MINER), yard.account(account)) == (KG, 0)
    event = yard.do(kind, {ORE: SENT}, custodian_to="urn:user")
    correct(yard, event, {ORE: 300_000}, custodian_to="urn:user")
    assert (yard.mass(by=MINER), yard.account(account)) == (700_000, 300_000)


def test_a_shipment_that_was_received_occurred(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    yard.receive({ORE: 150_000}, event, final=False)
    evidence = negative(yard, event)
    assert evidence["left_mg"] == -150_000
    assert evidence["movements"] == [{"index": yard.index - 1, "position": 0}]


@pytest.mark.parametrize(("sent", "codes"), [(150_000, []), (149_999, ["correction.negative"])])
def test_a_replaced_shipment_takes_over_what_was_received(yard: Yard, sent: int, codes: list[str]) -> None:
    event = yard.ship({ORE: SENT})
    yard.receive({ORE: 150_000}, event, final=False)
    if codes:
        said = {"corrects": event, "custodian_to": REFINER}
        assert yard.refused("ship", {ORE: sent}, **said) == codes
        return
    other = correct(yard, event, {ORE: sent}, custodian_to=REFINER)
    assert (yard.line(other).left_mg, yard.line(event).left_mg) == (0, 0)
    assert yard.shipment(event).replaced_by == other
    assert yard.mass(by=MINER) == KG - sent


def test_a_receipt_names_the_shipment_that_was_replaced(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    receipt = yard.receive({ORE: 150_000}, event, final=False)
    other = correct(yard, event, {ORE: 300_000}, custodian_to=REFINER, owner_to=REFINER)
    yard.receive({ORE: 150_000}, event)
    assert (yard.mass(), yard.shipment(other).state) == (300_000, "received")
    yard.undo(receipt, by=REFINER)
    assert (yard.line(other).left_mg, yard.shipment(other).state) == (150_000, "open")


def test_a_shipment_corrected_by_its_difference_has_none(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    yard.receive({ORE: 380_000}, event)
    assert yard.account("difference") == 20_000
    other = correct(yard, event, {ORE: 380_000}, custodian_to=REFINER)
    assert (yard.account("difference"), yard.account("transit")) == (0, 0)
    assert (yard.mass(), yard.mass(by=MINER)) == (380_000, 620_000)
    assert yard.line(other).left_mg == 0


def test_a_difference_is_not_taken_twice(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    yard.receive({ORE: 380_000}, event)
    said = {"corrects": event, "custodian_to": REFINER}
    assert yard.refused("ship", {ORE: 379_999}, **said) == ["correction.negative"]


def test_a_shipment_corrected_upwards_after_it_was_received_differs_by_it(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    yard.receive({ORE: SENT}, event)
    correct(yard, event, {ORE: 450_000}, custodian_to=REFINER)
    assert (yard.account("difference"), yard.account("transit")) == (50_000, 0)


def test_a_settled_shipment_that_did_not_occur_leaves_its_receipt_unsettled(yard: Yard) -> None:
    receipt = yard.receive({ORE: 390_000}, DESADV)
    event = yard.ship({ORE: SENT}, despatch_advice=DESADV)
    assert yard.account("difference") == 10_000
    yard.undo(event)
    assert (yard.mass(by=MINER), yard.account("suspense"), yard.account("difference")) == (KG, -390_000, 0)
    assert (yard.receipt(receipt).left_mg, yard.receipt(receipt).settled_at) == (390_000, None)
    assert yard.provisional() == 390_000
    yard.ship({ORE: 391_000}, despatch_advice=DESADV)
    assert (yard.account("suspense"), yard.provisional(), yard.mass()) == (0, 0, 391_000)


def test_a_replaced_shipment_settles_the_receipts_of_its_predecessor(yard: Yard) -> None:
    yard.receive({ORE: 390_000}, "urn:event:late")
    event = yard.ship({ORE: SENT}, event_id="urn:event:late")
    other = correct(yard, event, {ORE: 390_000}, custodian_to=REFINER)
    assert (yard.account("suspense"), yard.account("difference"), yard.account("transit")) == (0, 0, 0)
    assert (yard.mass(), yard.mass(by=MINER)) == (390_000, 610_000)
    assert yard.shipment(other).state == "received"
    correct(yard, other, {ORE: 391_000}, custodian_to=REFINER)
    assert (yard.account("suspense"), yard.mass(), yard.mass(by=MINER)) == (0, 391_000, 609_000)


def test_a_replaced_shipment_to_another_party_takes_over_nothing(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    correct(yard, event, {ORE: SENT}, custodian_to=TRADER)
    said = {"custodian_from": MINER, "shipment": event}
    assert yard.refused("receive", {ORE: SENT}, REFINER, **said) == ["shipment.closed"]


# --- receipts --------------------------------------------------------------


def test_a_receipt_that_did_not_occur_puts_the_goods_back_in_transit(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    receipt = yard.receive({ORE: 380_000}, event)
    yard.undo(receipt, by=REFINER)
    assert (yard.mass(), yard.account("transit"), yard.account("difference")) == (0, SENT, 0)
    assert (yard.shipment(event).state, yard.line(event).left_mg) == ("open", SENT)
    assert (yard.shipment(event).received_us, yard.line(event).weighed_mg) == (None, 0)


def test_a_corrected_receipt_weighs_anew(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    receipt = yard.receive({ORE: 380_000}, event)
    correct(yard, receipt, {ORE: 399_000}, REFINER, custodian_from=MINER, shipment=event)
    assert (yard.mass(), yard.account("difference")) == (SENT, 0)


def test_what_was_used_of_a_receipt_was_received(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    receipt = yard.receive({ORE: SENT}, event)
    yard.do("dispose", {ORE: 1}, REFINER, reason="r")
    assert negative(yard, receipt, REFINER)["left_mg"] == -1


def test_a_provisional_receipt_that_did_not_occur_leaves_nothing(yard: Yard) -> None:
    receipt = yard.receive({ORE: SENT}, DESADV)
    yard.undo(receipt, by=REFINER)
    assert (yard.mass(), yard.provisional(), yard.account("suspense")) == (0, 0, 0)
    event = yard.ship({ORE: SENT}, despatch_advice=DESADV)
    assert yard.line(event).left_mg == SENT


@pytest.mark.parametrize("weighed", [SENT, 399_000, 380_000, 403_000])
def test_a_settled_receipt_that_did_not_occur_leaves_the_shipment_in_transit(
    yard: Yard, weighed: int
) -> None:
    receipt = yard.receive({ORE: weighed}, DESADV)
    event = yard.ship({ORE: SENT}, despatch_advice=DESADV)
    yard.undo(receipt, by=REFINER)
    assert (yard.mass(), yard.account("suspense"), yard.account("difference")) == (0, 0, 0)
    assert (yard.account("transit"), yard.line(event).left_mg) == (SENT, SENT)
    assert yard.shipment(event).state == "open"
    yard.undo(event)
    assert (yard.mass(by=MINER), yard.account("transit")) == (KG, 0)


def test_a_settled_receipt_is_replaced_by_one_after_the_shipment(yard: Yard) -> None:
    receipt = yard.receive({ORE: 380_000}, DESADV)
    event = yard.ship({ORE: SENT}, despatch_advice=DESADV)
    correct(yard, receipt, {ORE: 399_000}, REFINER, custodian_from=MINER, shipment=event)
    assert (yard.mass(), yard.account("difference"), yard.account("suspense")) == (SENT, 0, 0)


def test_one_of_several_settled_receipts_is_undone(yard: Yard) -> None:
    first = yard.receive({ORE: 150_000}, DESADV, final=False)
    second = yard.receive({ORE: 250_000}, DESADV)
    event = yard.ship({ORE: SENT}, despatch_advice=DESADV)
    yard.undo(first, by=REFINER)
    assert (yard.mass(), yard.line(event).left_mg, yard.account("suspense")) == (250_000, 150_000, 0)
    yard.undo(second, by=REFINER)
    assert (yard.mass(), yard.line(event).left_mg) == (0, SENT)


def test_a_lot_that_only_an_undone_receipt_named_has_no_place(yard: Yard) -> None:
    lot = "urn:lot:late"
    line = born(lot, SENT, {"Nd": 100_000})
    said = {"custodian_from": MINER, "shipment": DESADV}
    receipt = yard.do("receive", by=REFINER, inputs=(line,), **said)
    node = yard.lot(lot).node
    correct(yard, receipt, by=REFINER, inputs=(born(lot, SENT, {"Nd": 90_000}),), **said)
    yard.undo(f"urn:event:{yard.events}", by=REFINER)
    assert lot_of(yard, lot) is None
    yard.do("receive", by=REFINER, inputs=(line,), **said)
    assert (yard.lot(lot).birth, yard.lot(lot).node) == ("awaited", node)


# --- cancel, refuse, return ------------------------------------------------


def test_a_cancellation_that_did_not_occur_puts_the_shipment_back(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    cancelled = yard.do("cancel", shipment=event, reason="r")
    yard.undo(cancelled)
    assert (yard.shipment(event).state, yard.line(event).left_mg) == ("open", SENT)
    yard.receive({ORE: SENT}, event)
    assert yard.mass() == SENT


@pytest.mark.parametrize("kind", ["ship", "export"])
def test_what_was_cancelled_does_not_come_back_a_second_time(yard: Yard, kind: str) -> None:
    said = {"custodian_to": "urn:abroad", "owner_to": "urn:abroad", "destination": "DE"}
    event, _ = yard.do(kind, {ORE: SENT}, **said), yard.do(kind, {ORE: SENT}, **said)
    cancelled = yard.do("cancel", shipment=event, reason="r")
    undoes = {"corrects": event, "did_not_occur": True, "event_id": event}
    assert yard.refused(kind, **undoes) == ["shipment.closed"]
    assert yard.refused(kind, {ORE: 1}, corrects=event, **said) == ["shipment.closed"]
    assert yard.mass(by=MINER) == KG - SENT
    yard.undo(cancelled)
    yard.undo(event)
    assert yard.mass(by=MINER) == KG - SENT


def test_a_cancelled_export_is_abroad_again(yard: Yard) -> None:
    event = yard.do("export", {ORE: SENT}, custodian_to="urn:abroad")
    yard.undo(yard.do("cancel", shipment=event, reason="r"))
    assert (yard.account("exported"), yard.shipment(event).state) == (SENT, "open")


def test_a_refusal_that_did_not_occur_lets_the_goods_travel_on(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    refused = yard.do("refuse", by=REFINER, shipment=event, custodian_to=MINER)
    yard.undo(refused, by=REFINER)
    assert (yard.shipment(event).state, yard.line(event).left_mg) == ("open", SENT)
    assert yard.shipment(refused, REFINER).state == "voided"
    yard.receive({ORE: SENT}, event)
    assert (yard.mass(), yard.account("difference")) == (SENT, 0)


def test_a_refusal_whose_goods_came_back_occurred(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    refused = yard.do("refuse", by=REFINER, shipment=event, custodian_to=MINER)
    yard.receive({ORE: SENT}, refused, by=MINER, of=REFINER)
    assert negative(yard, refused, REFINER)["left_mg"] == -SENT


def test_a_return_is_undone_and_replaced(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    yard.receive({ORE: SENT}, event)
    said = {"shipment": event, "custodian_to": MINER}
    back = yard.do("return", {ORE: 100_000}, REFINER, **said)
    other = correct(yard, back, {ORE: 50_000}, REFINER, **said)
    assert (yard.mass(), yard.line(other, by=REFINER).left_mg) == (350_000, 50_000)
    yard.undo(other, by=REFINER)
    assert (yard.mass(), yard.account("transit")) == (SENT, 0)


# --- stock and units -------------------------------------------------------


def test_a_transfer_and_a_loss_are_undone(yard: Yard) -> None:
    sold = yard.do("transfer", {ORE: SENT}, owner_from=MINER, owner_to=TRADER, site="")
    lost = yard.do("lose", {ORE: 100_000}, owner_from=MINER, reason="r")
    yard.undo(sold)
    yard.undo(lost)
    assert (len(yard.held(ORE)), yard.mass(by=MINER), yard.account("lost")) == (1, KG, 0)


def test_a_title_that_was_sold_on_was_sold(yard: Yard) -> None:
    sold = yard.do("transfer", {ORE: SENT}, owner_from=MINER, owner_to=TRADER, site="")
    yard.do("transfer", {ORE: SENT}, TRADER, owner_from=TRADER, owner_to=REFINER, site="")
    assert negative(yard, sold)["left_mg"] == -SENT


def test_packing_and_unpacking_are_undone(yard: Yard) -> None:
    packed = yard.do("pack", {ORE: SENT}, parent="urn:unit:1", seals=("S1",))
    taken = yard.do("unpack", {ORE: 100_000}, parent="urn:unit:1")
    yard.undo(taken)
    unit = yard.books.get(UnitRecord, "urn:unit:1")
    assert unit is not None
    inside = [
        member.mass_mg
        for member in yard.books.group(MemberRecord, "unit", "urn:unit:1")
        if member.until_us is None
    ]
    assert (unit.open, inside) == (True, [SENT])
    yard.undo(packed)
    unit = yard.books.get(UnitRecord, "urn:unit:1")
    (seal,) = yard.books.group(SealRecord, "seal", "S1")
    assert unit is not None
    assert (unit.open, on_unit(yard.books, unit.unit)) == (False, [])
    assert (seal.until_us, seal.until_position) == (seal.since_us, None)


def test_an_assay_and_a_count_that_did_not_occur_leave_the_books(yard: Yard) -> None:
    for kind in ("assay", "stocktake"):
        yard.undo(yard.do(kind, {ORE: 5}))
        assert yard.effects[-1].postings == []
