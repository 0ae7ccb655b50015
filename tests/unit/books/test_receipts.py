"""Receipts: one or several, before or after the shipment is recorded, on scales that never agree."""

from dataclasses import replace
from fractions import Fraction

import pytest

from ledger.books.context import Impossible
from ledger.controls.shipments import arrived_mg
from ledger.movements.movement import Line
from ledger.records.lots import HoldingRecord
from ledger.records.oversight import DelegationRecord
from tests.support.books import KG, MINER, PLANT, REFINER, START_US, composition
from tests.support.yard import MINE, ORE, TRADER, Yard

DESADV = "urn:desadv:1"
OTHER_HALL = "https://plant.example/site/other"
SENT = 400_000


# --- after the shipment ----------------------------------------------------


def test_a_final_receipt_that_agrees_takes_what_was_sent(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    yard.receive({ORE: SENT}, event)
    assert yard.held(ORE) == {(MINER, MINER, MINE): KG - SENT, (REFINER, REFINER, PLANT): SENT}
    shipment = yard.shipment(event)
    assert (shipment.state, shipment.received_us) == ("received", START_US + 86_400_000_000)
    assert yard.effects[-1].shipments


@pytest.mark.parametrize(
    ("weighed", "held", "difference"),
    [
        (SENT - 4_000, SENT, 0),
        (SENT - 4_001, SENT - 4_001, 4_001),
        (SENT + 4_000, SENT, 0),
        (SENT + 4_001, SENT, 0),
        (0, 0, SENT),
    ],
)
def test_a_difference_within_one_percent_is_a_memo_and_beyond_it_is_booked(
    yard: Yard, weighed: int, held: int, difference: int
) -> None:
    event = yard.ship({ORE: SENT})
    yard.receive({ORE: weighed}, event)
    assert (yard.mass(), yard.account("difference"), yard.account("transit")) == (held, difference, 0)
    assert yard.line(event).weighed_mg == weighed
    effect = yard.effects[-1]
    assert effect.compared == [(yard.lot(ORE), SENT, weighed)]
    assert arrived_mg(yard.lot(ORE), weighed) == round(Fraction(weighed * 3, 10)) + round(weighed / 10)


def test_the_tolerance_is_policys(yard: Yard) -> None:
    thresholds = {**yard.policy.thresholds, "receipt.tolerance_share": Fraction(0)}
    yard.with_policy(thresholds=thresholds)
    event = yard.ship({ORE: SENT})
    yard.receive({ORE: SENT - 1}, event)
    assert yard.account("difference") == 1


def test_title_goes_to_whom_the_shipment_says(yard: Yard) -> None:
    event = yard.do("ship", {ORE: SENT}, custodian_to=REFINER)
    yard.receive({ORE: SENT}, event)
    assert yard.held(ORE)[MINER, REFINER, PLANT] == SENT


def test_goods_that_dried_in_transit_lost_nothing(yard: Yard) -> None:
    wet = replace(
        composition({"Nd": 90_000}, KG), declared={"moistureFraction": "0.1"}, moisture=Fraction(1, 10)
    )
    yard.do("extract", outputs=(Line("urn:lot:wet", KG, wet),))
    event = yard.ship({"urn:lot:wet": KG})
    dry = Line("urn:lot:wet", 900_000, moisture=Fraction(0))
    yard.do("receive", by=REFINER, inputs=(dry,), custodian_from=MINER, shipment=event)
    assert (yard.mass("urn:lot:wet"), yard.account("difference", "urn:lot:wet")) == (KG, 0)


def test_the_same_mass_at_less_moisture_is_too_little_of_the_wet(yard: Yard) -> None:
    wet = replace(
        composition({"Nd": 90_000}, KG), declared={"moistureFraction": "0.1"}, moisture=Fraction(1, 10)
    )
    yard.do("extract", outputs=(Line("urn:lot:wet", KG, wet),))
    event = yard.ship({"urn:lot:wet": KG})
    wetter = Line("urn:lot:wet", KG, moisture=Fraction(2, 10))
    yard.do("receive", by=REFINER, inputs=(wetter,), custodian_from=MINER, shipment=event)
    assert yard.account("difference", "urn:lot:wet") == KG - round(KG * Fraction(8, 9))


def moist(moisture: Fraction | None, mass_mg: int) -> Line:
    """A line of a receipt with a whole composition; its moisture stated, or not."""
    stated = {} if moisture is None else {"moistureFraction": str(moisture)}
    whole = composition({"Nd": mass_mg // 10}, mass_mg)
    said = replace(whole, declared={**whole.declared, **stated}, moisture=moisture or Fraction(0))
    return Line("urn:lot:wet", mass_mg, said, moisture=moisture)


@pytest.mark.parametrize(
    ("line", "final", "held"),
    [
        (moist(None, 450_000), False, 450_000),
        (moist(None, KG), True, KG),
        (moist(None, 990_000), True, KG),
        (moist(None, 989_999), True, 989_999),
        (moist(None, 900_000), True, 900_000),
        (moist(Fraction(0), 900_000), True, KG),
        (moist(Fraction(0), 450_000), False, 500_000),
        (moist(Fraction(1, 10), 450_000), False, 450_000),
    ],
)
def test_a_composition_that_leaves_the_moisture_out_says_nothing_of_it(
    yard: Yard, line: Line, final: bool, held: int
) -> None:
    wet = replace(
        composition({"Nd": 90_000}, KG), declared={"moistureFraction": "0.1"}, moisture=Fraction(1, 10)
    )
    yard.do("extract", outputs=(Line("urn:lot:wet", KG, wet),))
    event = yard.ship({"urn:lot:wet": KG})
    said = {"inputs": (line,), "custodian_from": MINER, "shipment": event, "final": final}
    yard.do("receive", by=REFINER, **said)
    assert yard.mass("urn:lot:wet") == held
    assert yard.account("difference", "urn:lot:wet") == (KG - held if final else 0)


def test_partial_deliveries_move_what_was_weighed_and_the_last_one_the_rest(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    yard.receive({ORE: 150_000}, event, final=False)
    assert yard.line(event).left_mg == 250_000
    assert yard.effects[-1].compared == []
    yard.receive({ORE: 150_000}, event, final=False)
    yard.receive({ORE: 99_000}, event)
    assert (yard.mass(), yard.account("difference")) == (SENT, 0)


def test_a_partial_delivery_moves_at_most_what_is_left(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    yard.receive({ORE: SENT + 1}, event, final=False)
    assert (yard.mass(), yard.shipment(event).state) == (SENT, "received")
    said = {"custodian_from": MINER, "shipment": event}
    assert yard.refused("receive", {ORE: 1}, REFINER, **said) == ["shipment.closed"]


def test_what_a_final_receipt_does_not_list_travels_on(yard: Yard) -> None:
    yard.extract("urn:lot:2")
    event = yard.ship({ORE: SENT, "urn:lot:2": SENT})
    yard.receive({ORE: SENT}, event)
    assert (yard.shipment(event).state, yard.line(event, "urn:lot:2").left_mg) == ("open", SENT)
    yard.receive({"urn:lot:2": SENT}, event)
    assert yard.shipment(event).state == "received"


def test_several_lines_of_one_lot_are_one_receipt_of_it(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    lines = (Line(ORE, 150_000), Line(ORE, 250_000))
    yard.do("receive", by=REFINER, inputs=lines, custodian_from=MINER, shipment=event)
    assert (yard.mass(), yard.account("difference")) == (SENT, 0)


def test_a_thing_arrives_whole_whatever_the_scale_says(yard: Yard) -> None:
    yard.thing()
    event = yard.ship({"urn:thing:1": 1_000})
    yard.receive({"urn:thing:1": 700}, event)
    assert (yard.mass("urn:thing:1"), yard.account("difference", "urn:thing:1")) == (1_000, 0)


def test_a_receipt_names_the_shipment_by_its_despatch_advice(yard: Yard) -> None:
    event = yard.ship({ORE: SENT}, despatch_advice=DESADV)
    yard.receive({ORE: SENT}, DESADV)
    assert yard.shipment(event).state == "received"


def test_one_despatch_advice_of_two_shipments_is_received_in_their_order(yard: Yard) -> None:
    first = yard.ship({ORE: 300_000}, despatch_advice=DESADV)
    second = yard.ship({ORE: 200_000}, despatch_advice=DESADV)
    yard.receive({ORE: 300_500}, DESADV)
    assert (yard.shipment(first).state, yard.shipment(second).state) == ("received", "open")
    yard.receive({ORE: 199_500}, DESADV)
    assert (yard.shipment(second).state, yard.mass()) == ("received", 500_000)


def test_one_receipt_takes_two_shipments_of_its_despatch_advice(yard: Yard) -> None:
    yard.ship({ORE: 300_000}, despatch_advice=DESADV)
    yard.ship({ORE: 200_000}, despatch_advice=DESADV)
    yard.receive({ORE: 499_000}, DESADV)
    assert (yard.mass(), yard.account("difference")) == (500_000, 0)


@pytest.mark.parametrize(
    ("lines", "by", "said", "codes"),
    [
        ({ORE: 1}, TRADER, {}, ["custody.not-consignee"]),
        ({ORE: 1}, TRADER, {"custodian_to": REFINER}, ["custody.not-consignee"]),
        ({"urn:lot:2": 1}, REFINER, {}, ["shipment.not-listed"]),
        ({}, REFINER, {}, ["receipt.empty"]),
        ({ORE: 1}, REFINER, {"custodian_from": ""}, ["shipment.unknown"]),
        ({ORE: 1}, REFINER, {"shipment": ""}, ["shipment.unknown"]),
        ({ORE: 1}, REFINER, {"units": ("urn:unit:none",), "inputs": ()}, ["unit.unknown"]),
    ],
)
def test_a_receipt_that_contradicts_its_shipment_is_refused(
    yard: Yard, lines: dict[str, int | None], by: str, said: dict[str, object], codes: list[str]
) -> None:
    event = yard.ship({ORE: SENT})
    said = {"custodian_from": MINER, "shipment": event, **said}
    assert yard.refused("receive", lines, by, **said) == codes


def test_a_shipment_is_received_finally_once(yard: Yard) -> None:
    event = yard.ship({ORE: SENT})
    yard.receive({ORE: SENT}, event)
    said = {"custodian_from": MINER, "shipment": event}
    assert yard.refused("receive", {ORE: SENT}, REFINER, **said) == ["shipment.closed"]


# --- before the shipment ---------------------------------------------------


def test_a_receipt_before_its_shipment_credits_a_provisional_holding(yard: Yard) -> None:
    event = yard.receive({ORE: SENT}, DESADV)
    assert (yard.mass(), yard.provisional(), yard.account("suspense")) == (SENT, SENT, -SENT)
    receipt = yard.receipt(event)
    assert (receipt.consignor, receipt.shipment, receipt.left_mg) == (MINER, DESADV, SENT)
    assert receipt.settled_at is None
    assert yard.effects[-1].provisional
    suspense = [line for line in yard.effects[-1].postings if line.account == "suspense"]
    assert [(line.custodian, line.reference) for line in suspense] == [(MINER, f"{REFINER} {event}")]


def test_it_is_due_at_the_consignors_filing_deadline(yard: Yard) -> None:
    event = yard.receive({ORE: 1}, DESADV, event_time_us=1_790_783_999_999_999)  # 23:59:59.999999 on 30 Sept
    assert yard.receipt(event).due_us == 1_791_648_000_000_000  # the end of 10 October in Beijing
    event = yard.receive({ORE: 1}, DESADV, event_time_us=1_790_784_000_000_000)
    assert yard.receipt(event).due_us == 1_794_326_400_000_000  # the end of 10 November


@pytest.mark.parametrize("name", ["the event id", DESADV])
def test_the_shipment_settles_it(yard: Yard, name: str) -> None:
    event = "urn:event:late" if name != DESADV else DESADV
    receipt = yard.receive({ORE: SENT}, event)
    late = yard.ship({ORE: SENT}, event_id="urn:event:late", despatch_advice=DESADV)
    assert (yard.mass(), yard.provisional(), yard.mass(by=MINER)) == (SENT, 0, KG - SENT)
    assert yard.account("suspense") == yard.account("transit") == yard.account("difference") == 0
    assert (yard.receipt(receipt).left_mg, yard.receipt(receipt).settled_at) == (0, yard.index - 1)
    assert (yard.shipment(late).state, yard.line(late).left_mg) == ("received", 0)


@pytest.mark.parametrize(
    ("weighed", "held", "difference"),
    [(SENT - 4_000, SENT, 0), (SENT - 4_001, SENT - 4_001, 4_001), (SENT + 4_000, SENT, 0)],
)
def test_settling_treats_differences_as_a_later_receipt_would(
    yard: Yard, weighed: int, held: int, difference: int
) -> None:
    yard.receive({ORE: weighed}, DESADV)
    event = yard.ship({ORE: SENT}, despatch_advice=DESADV)
    assert (yard.mass(), yard.account("difference"), yard.account("suspense")) == (held, difference, 0)
    assert (yard.provisional(), yard.account("transit")) == (0, 0)
    assert yard.line(event).weighed_mg == weighed
    assert yard.effects[-1].compared == [(yard.lot(ORE), SENT, weighed)]


def borne(yard: Yard) -> dict[tuple[str, str], int]:
    """What stands as difference by custodian and site."""
    sums: dict[tuple[str, str], int] = {}
    for effect in yard.effects:
        for line in effect.postings:
            if line.account == "difference":
                place = (line.custodian, line.site)
                sums[place] = sums.get(place, 0) + line.mass_mg
    return {place: mass_mg for place, mass_mg in sums.items() if mass_mg}


@pytest.mark.parametrize("first", ["ship", "receive"])
@pytest.mark.parametrize("signer", [REFINER, TRADER])
@pytest.mark.parametrize(
    ("weighed", "difference"),
    [(SENT - 4_000, 0), (SENT - 4_001, 4_001), (SENT - 50_000, 50_000), (SENT + 4_000, 0)],
)
def test_the_consignee_bears_what_is_missing_whatever_was_filed_first(
    yard: Yard, first: str, signer: str, weighed: int, difference: int
) -> None:
    yard.books.put(DelegationRecord(REFINER, TRADER, START_US, None, 0))
    said = {"custodian_to": REFINER, "site": PLANT}
    if first == "receive":
        yard.receive({ORE: weighed}, DESADV, signer, **said)
    yard.ship({ORE: SENT}, despatch_advice=DESADV)
    if first == "ship":
        yard.receive({ORE: weighed}, DESADV, signer, **said)
    assert borne(yard) == ({(REFINER, PLANT): difference} if difference else {})


def test_the_consignee_bears_an_excess_that_it_used_before_the_shipment_was_filed(yard: Yard) -> None:
    yard.receive({ORE: SENT + 4_000}, DESADV)
    yard.do("dispose", {ORE: SENT + 3_000}, REFINER, reason="r")
    yard.ship({ORE: SENT}, despatch_advice=DESADV)
    assert borne(yard) == {(REFINER, PLANT): -3_000}


@pytest.mark.parametrize("first", ["ship", "receive"])
def test_nobody_bears_a_difference_that_was_taken_back(yard: Yard, first: str) -> None:
    if first == "receive":
        receipt = yard.receive({ORE: SENT - 50_000}, DESADV)
    yard.ship({ORE: SENT}, despatch_advice=DESADV)
    if first == "ship":
        receipt = yard.receive({ORE: SENT - 50_000}, DESADV)
    assert borne(yard) == {(REFINER, PLANT): 50_000}
    yard.undo(receipt, REFINER, "receive")
    assert borne(yard) == {}


def test_the_consignee_bears_what_a_corrected_shipment_leaves_missing(yard: Yard) -> None:
    event = yard.ship({ORE: SENT}, despatch_advice=DESADV)
    yard.receive({ORE: SENT - 50_000}, DESADV, site=OTHER_HALL)
    yard.ship({ORE: SENT - 10_000}, despatch_advice=DESADV, corrects=event)
    assert borne(yard) == {(REFINER, OTHER_HALL): 40_000}


def test_more_than_was_sent_stays_unsettled_and_provisional(yard: Yard) -> None:
    event = yard.receive({ORE: SENT + 4_001}, DESADV)
    yard.ship({ORE: SENT}, despatch_advice=DESADV)
    assert (yard.mass(), yard.provisional(), yard.account("suspense")) == (SENT + 4_001, 4_001, -4_001)
    assert yard.receipt(event).left_mg == 4_001


def test_an_excess_that_was_used_meanwhile_is_a_difference(yard: Yard) -> None:
    yard.receive({ORE: SENT + 4_000}, DESADV)
    yard.do("dispose", {ORE: SENT + 3_000}, REFINER, reason="r")
    yard.ship({ORE: SENT}, despatch_advice=DESADV)
    assert (yard.mass(), yard.account("difference"), yard.account("suspense")) == (0, -3_000, 0)


def test_a_partial_receipt_before_the_shipment_leaves_the_rest_in_transit(yard: Yard) -> None:
    yard.receive({ORE: 150_000}, DESADV, final=False)
    event = yard.ship({ORE: SENT}, despatch_advice=DESADV)
    assert (yard.line(event).left_mg, yard.account("transit")) == (250_000, 250_000)
    assert yard.shipment(event).state == "open"
    yard.receive({ORE: 250_000}, event)
    assert (yard.mass(), yard.account("difference"), yard.provisional()) == (SENT, 0, 0)


def test_several_receipts_are_settled_in_their_order(yard: Yard) -> None:
    first = yard.receive({ORE: 150_000}, DESADV, final=False)
    second = yard.receive({ORE: 250_000}, DESADV)
    yard.ship({ORE: 300_000}, despatch_advice=DESADV)
    assert (yard.receipt(first).left_mg, yard.receipt(second).left_mg) == (0, 100_000)
    assert yard.provisional() == 100_000
    yard.ship({ORE: 100_000}, despatch_advice=DESADV)
    assert (yard.receipt(second).left_mg, yard.provisional(), yard.account("suspense")) == (0, 0, 0)
    assert yard.account("difference") == 0


def test_a_receipt_by_another_party_is_not_settled(yard: Yard) -> None:
    event = yard.receive({ORE: SENT}, DESADV, by=TRADER)
    yard.ship({ORE: SENT}, despatch_advice=DESADV)
    assert yard.receipt(event, by=TRADER).left_mg == SENT
    assert yard.account("transit") == SENT


def test_provisional_goods_may_be_used(yard: Yard) -> None:
    yard.receive({ORE: SENT}, DESADV)
    yard.do("dispose", {ORE: 150_000}, REFINER, reason="r")
    assert (yard.mass(), yard.provisional()) == (250_000, 250_000)
    yard.ship({ORE: SENT}, despatch_advice=DESADV)
    assert (yard.mass(), yard.provisional(), yard.account("suspense")) == (250_000, 0, 0)


def test_no_more_than_was_received_may_be_used(yard: Yard) -> None:
    yard.receive({ORE: SENT}, DESADV)
    assert yard.refused("dispose", {ORE: SENT + 4_001}, REFINER, reason="r") == ["balance.overdrawn"]


def test_nobody_receives_for_a_party_that_did_not_delegate(yard: Yard) -> None:
    moved = yard.said("receive", {ORE: 1}, TRADER, custodian_to=REFINER, custodian_from=MINER, shipment="x")
    with pytest.raises(Impossible) as refused:
        yard.book(moved, TRADER)
    assert [finding.code for finding in refused.value.findings] == ["custody.not-consignee"]


# --- whose the goods are that come before their shipment ----------------------


def owned(yard: Yard, lot: str = ORE, by: str = REFINER) -> dict[str, int]:
    """By owner, what a firm has."""
    held = yard.books.group(HoldingRecord, "lot", lot)
    return {one.owner: one.mass_mg for one in held if one.custodian == by and one.mass_mg}


def test_a_warehouse_that_files_first_does_not_come_to_own_the_goods(yard: Yard) -> None:
    claimed = yard.receive({ORE: SENT}, "urn:late")
    assert owned(yard) == {REFINER: SENT}
    sent = yard.ship({ORE: SENT}, owner_to=MINER, event_id="urn:late")
    assert owned(yard) == {MINER: SENT}
    assert yard.provisional() == 0
    yard.undo(sent)
    assert (owned(yard), yard.provisional()) == ({REFINER: SENT}, SENT)
    yard.undo(claimed, REFINER)
    assert owned(yard) == {}


def test_title_of_what_is_gone_stays_as_it_was_said(yard: Yard) -> None:
    claimed = yard.receive({ORE: SENT}, "urn:late", final=False)
    yard.do("lose", {ORE: 100_000}, REFINER, reason="spilt")
    yard.ship({ORE: SENT // 2}, owner_to=MINER, event_id="urn:late")
    # What is left without the half that awaits more shipments, as far as it goes.
    assert owned(yard) == {MINER: SENT // 2 - 100_000, REFINER: SENT // 2}
    assert yard.refused("receive", by=REFINER, event_id=claimed, corrects=claimed, did_not_occur=True) == [
        "correction.negative"
    ]


def test_a_receipt_that_names_the_owner_needs_no_change(yard: Yard) -> None:
    yard.receive({ORE: SENT}, "urn:late", owner_to=MINER)
    yard.ship({ORE: SENT}, owner_to=MINER, event_id="urn:late")
    assert owned(yard) == {MINER: SENT}
