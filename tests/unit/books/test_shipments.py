"""Shipments: what leaves a holding is in transit, abroad or with its user, and comes back when it must."""

from dataclasses import replace

import pytest

from ledger.books.context import Impossible
from ledger.records.lots import ShipmentRecord
from ledger.records.oversight import DelegationRecord, MergerRecord
from tests.support.books import KG, MINE, MINER, PLANT, REFINER, START_US
from tests.support.yard import IMPORTER, ORE, STORE, TRADER, Yard


def test_a_shipment_moves_mass_from_the_consignor_into_transit(yard: Yard) -> None:
    event = yard.ship({ORE: 400_000}, site_to=PLANT, despatch_advice="urn:desadv:1", due_us=7)
    assert yard.mass(by=MINER) == 600_000
    assert yard.account("transit") == 400_000
    shipment = yard.shipment(event)
    assert (shipment.kind, shipment.state, shipment.consignee) == ("ship", "open", REFINER)
    assert (shipment.owner_from, shipment.owner_to) == (MINER, REFINER)
    assert (shipment.site_from, shipment.site_to, shipment.due_us) == (MINE, PLANT, 7)
    line = yard.line(event)
    assert (line.sent_mg, line.left_mg, line.weighed_mg) == (400_000, 400_000, 0)
    transit = [line for line in yard.effects[-1].postings if line.account == "transit"]
    assert [line.reference for line in transit] == [f"{MINER} {event}"]


def test_all_that_is_there_may_leave(yard: Yard) -> None:
    yard.ship({ORE: KG})
    assert yard.mass(by=MINER) == 0


def test_a_shipment_of_the_whole_takes_what_the_books_have_whatever_the_scale_says(yard: Yard) -> None:
    event = yard.ship({ORE: KG + 77_000}, whole=True)
    assert yard.line(event).sent_mg == KG
    assert yard.effects[-1].whole_excess_mg == 77_000


def test_an_excess_of_one_percent_that_empties_the_holding_is_the_whole(yard: Yard) -> None:
    event = yard.ship({ORE: KG + 10_000})
    assert yard.line(event).sent_mg == KG


@pytest.mark.parametrize(
    ("lines", "said", "codes"),
    [
        ({ORE: KG + 10_001}, {}, ["balance.overdrawn"]),
        ({"urn:lot:none": 1}, {}, ["custody.not-holder"]),
        ({ORE: 1}, {"custodian_from": REFINER}, ["custody.not-holder"]),
        ({ORE: 1}, {"owner_from": REFINER}, ["custody.not-holder"]),
        ({ORE: 1}, {"site": PLANT}, ["custody.not-holder"]),
        ({ORE: 1}, {"custodian_to": "", "owner_to": ""}, ["shipment.no-consignee"]),
        ({}, {}, ["shipment.empty"]),
        ({}, {"units": ("urn:unit:none",)}, ["unit.unknown"]),
    ],
)
def test_what_cannot_be_sent_is_refused(
    yard: Yard, lines: dict[str, int | None], said: dict[str, str], codes: list[str]
) -> None:
    said = {"custodian_to": REFINER, "owner_to": REFINER, **said}
    assert yard.refused("ship", lines, **said) == codes


def test_somebody_else_ships_nothing_of_it(yard: Yard) -> None:
    assert yard.refused("ship", {ORE: 1}, TRADER, custodian_to=REFINER, site=MINE) == ["custody.not-holder"]


def test_an_agent_ships_for_whom_it_was_delegated_by_and_within_the_window(yard: Yard) -> None:
    said = {"custodian_from": MINER, "custodian_to": REFINER, "site": MINE}
    assert yard.refused("ship", {ORE: 1}, TRADER, **said) == ["custody.not-holder"]
    now = yard.recording().recorded_at_us
    yard.books.put(DelegationRecord(MINER, TRADER, now, None, 0))
    event = yard.do("ship", {ORE: 1}, TRADER, **said)
    assert yard.shipment(event).consignor == MINER
    yard.books.put(DelegationRecord(MINER, TRADER, START_US, yard.recording().recorded_at_us, 0))
    assert yard.refused("ship", {ORE: 1}, TRADER, **said) == ["custody.not-holder"]


def test_a_successor_ships_what_the_merged_party_had(yard: Yard) -> None:
    yard.books.put(MergerRecord(MINER, TRADER, START_US, 0))
    said = {"custodian_from": MINER, "custodian_to": REFINER, "site": MINE}
    yard.do("ship", {ORE: 1}, TRADER, **said)
    assert yard.refused("ship", {ORE: 1}, REFINER, **said) == ["custody.not-holder"]


def test_a_successor_ships_nothing_before_the_merger_begins(yard: Yard) -> None:
    """When it is recorded counts, not when it happened."""
    said = {"custodian_from": MINER, "custodian_to": REFINER, "site": MINE}
    now = yard.recording().recorded_at_us
    yard.books.put(MergerRecord(MINER, TRADER, now + 1, 0))
    assert yard.refused("ship", {ORE: 1}, TRADER, **said) == ["custody.not-holder"]
    yard.books.put(MergerRecord(MINER, TRADER, now, 0))
    event = yard.do("ship", {ORE: 1}, TRADER, **said, event_time_us=START_US)
    assert yard.shipment(event).consignor == MINER


def test_the_last_of_a_line_of_successors_ships_what_the_first_had(yard: Yard) -> None:
    said = {"custodian_from": MINER, "custodian_to": REFINER, "site": MINE}
    now = yard.recording().recorded_at_us
    yard.books.put(MergerRecord(MINER, "urn:between", START_US, 0))
    assert yard.refused("ship", {ORE: 1}, TRADER, **said) == ["custody.not-holder"]
    for begun in ((now + 1, START_US), (START_US, now + 1)):
        yard.books.put(MergerRecord(MINER, "urn:between", begun[0], 0))
        yard.books.put(MergerRecord("urn:between", TRADER, begun[1], 0))
        assert yard.refused("ship", {ORE: 1}, TRADER, **said) == ["custody.not-holder"]
    yard.books.put(MergerRecord("urn:between", TRADER, START_US, 0))
    event = yard.do("ship", {ORE: 1}, TRADER, **said)
    assert yard.shipment(event).consignor == MINER
    assert yard.refused("ship", {ORE: 1}, REFINER, **said) == ["custody.not-holder"]


def test_goods_of_several_owners_are_sent_apart(yard: Yard) -> None:
    yard.extract("urn:lot:2", by=MINER, owner_to=TRADER)
    said = {"custodian_to": REFINER}
    assert yard.refused("ship", {ORE: 1, "urn:lot:2": 1}, **said) == ["custody.ambiguous"]
    event = yard.do("ship", {"urn:lot:2": 1}, **said)
    assert yard.shipment(event).owner_to == TRADER


def test_a_thing_moves_whole(yard: Yard) -> None:
    yard.thing()
    assert yard.refused("ship", {"urn:thing:1": 999}, custodian_to=REFINER) == ["lot.indivisible"]
    yard.ship({"urn:thing:1": 1_000})
    assert yard.refused("ship", {"urn:thing:1": None}, custodian_to=REFINER) == ["custody.not-holder"]


def test_an_event_id_is_used_once(yard: Yard) -> None:
    event = yard.ship({ORE: 1})
    assert yard.refused("ship", {ORE: 1}, custodian_to=REFINER, event_id=event) == ["event.repeated"]


# --- exports ---------------------------------------------------------------


@pytest.mark.parametrize("kind", ["export", "disclose"])
def test_an_export_leaves_the_books_at_once_and_stays_open(yard: Yard, kind: str) -> None:
    event = yard.do(kind, {ORE: 300_000}, custodian_to=IMPORTER, destination="DE", licence="L1")
    assert yard.account("exported") == 300_000
    assert yard.account("transit") == 0
    shipment = yard.shipment(event)
    assert (shipment.kind, shipment.state, shipment.destination) == (kind, "open", "DE")
    assert yard.line(event).left_mg == 0


def test_an_importer_of_this_ledger_receives_an_export(yard: Yard) -> None:
    yard.importers = (IMPORTER,)
    event = yard.do("export", {ORE: 300_000}, consignee=IMPORTER, destination="DE")
    assert yard.account("exported") == 0
    yard.receive({ORE: 300_000}, event, by=IMPORTER, site="urn:site:abroad")
    assert yard.mass(by=IMPORTER) == 300_000
    assert yard.shipment(event).state == "received"


def test_nobody_receives_what_left_the_books(yard: Yard) -> None:
    event = yard.do("export", {ORE: 300_000}, custodian_to=IMPORTER)
    said = {"custodian_from": MINER, "shipment": event}
    assert yard.refused("receive", {ORE: 300_000}, IMPORTER, **said) == ["shipment.closed"]


def test_a_cancelled_export_comes_back(yard: Yard) -> None:
    event = yard.do("export", {ORE: 300_000}, custodian_to=IMPORTER)
    yard.do("cancel", shipment=event, reason="refused at the border")
    assert yard.mass(by=MINER) == KG
    assert yard.account("exported") == 0


# --- release ---------------------------------------------------------------


def test_a_release_ends_in_the_account_of_what_left_the_books(yard: Yard) -> None:
    event = yard.do("release", {ORE: 250_000}, custodian_to="urn:user")
    assert yard.account("released") == 250_000
    shipment = yard.shipment(event)
    assert (shipment.kind, shipment.state) == ("release", "received")


def test_a_release_names_its_user_and_takes_no_more_than_there_is(yard: Yard) -> None:
    assert yard.refused("release", {ORE: 1}) == ["shipment.no-consignee"]
    assert yard.refused("release", {ORE: 2 * KG}, custodian_to="urn:user") == ["balance.overdrawn"]


@pytest.mark.parametrize("kind", ["release", "export", "disclose", "lose", "dispose", "destroy"])
@pytest.mark.parametrize(
    ("mass_mg", "codes"), [(KG, []), (KG + 10_000, []), (KG + 10_001, ["balance.overdrawn"])]
)
def test_what_ends_is_all_there_is_and_one_percent_at_most(
    yard: Yard, kind: str, mass_mg: int, codes: list[str]
) -> None:
    said = {"custodian_to": "urn:user", "consignee": "urn:user", "destination": "JP", "reason": "r"}
    if codes:
        assert yard.refused(kind, {ORE: mass_mg}, **said) == codes
    else:
        yard.do(kind, {ORE: mass_mg}, **said)
    assert yard.mass(by=MINER) == (KG if codes else 0)


# --- cancel ----------------------------------------------------------------


def test_a_cancelled_shipment_is_back_with_its_consignor(yard: Yard) -> None:
    event = yard.ship({ORE: 400_000}, despatch_advice="urn:desadv:1")
    yard.do("cancel", {ORE: None}, shipment="urn:desadv:1", reason="order withdrawn")
    assert yard.mass(by=MINER) == KG
    assert yard.account("transit") == 0
    assert (yard.shipment(event).state, yard.line(event).left_mg) == ("voided", 0)


def test_a_cancelled_shipment_is_neither_received_nor_cancelled_again(yard: Yard) -> None:
    event = yard.ship({ORE: 400_000})
    yard.do("cancel", shipment=event, reason="r")
    said = {"custodian_from": MINER, "shipment": event}
    assert yard.refused("receive", {ORE: 1}, REFINER, **said) == ["shipment.closed"]
    assert yard.refused("cancel", shipment=event, reason="r") == ["shipment.closed"]


def test_nothing_of_a_cancelled_shipment_was_received(yard: Yard) -> None:
    event = yard.ship({ORE: 400_000})
    yard.receive({ORE: 1}, event, final=False)
    assert yard.refused("cancel", shipment=event, reason="r") == ["shipment.received"]


def test_a_cancellation_names_a_shipment_of_its_own_and_its_lots(yard: Yard) -> None:
    event = yard.ship({ORE: 400_000})
    assert yard.refused("cancel", by=REFINER, shipment=event) == ["shipment.unknown"]
    assert yard.refused("cancel", shipment="urn:event:none") == ["shipment.unknown"]
    assert yard.refused("cancel", {"urn:lot:2": None}, shipment=event) == ["shipment.disagrees"]


def test_a_despatch_advice_of_two_open_shipments_cancels_neither(yard: Yard) -> None:
    for _ in range(2):
        yard.ship({ORE: 1}, despatch_advice="urn:desadv:1")
    assert yard.refused("cancel", shipment="urn:desadv:1") == ["shipment.ambiguous"]


# --- refuse ----------------------------------------------------------------


def test_refused_goods_travel_back_as_a_shipment_of_their_own(yard: Yard) -> None:
    event = yard.ship({ORE: 400_000})
    back = yard.do("refuse", by=REFINER, shipment=event, custodian_to=MINER, reason="wet")
    assert (yard.shipment(event).state, yard.line(event).left_mg) == ("refused", 0)
    returned = yard.shipment(back, by=REFINER)
    assert (returned.kind, returned.consignee, returned.returns) == ("return", MINER, event)
    assert (returned.owner_from, returned.owner_to) == (MINER, MINER)
    assert yard.account("transit") == 400_000
    yard.receive({ORE: 400_000}, back, by=MINER, of=REFINER)
    assert (yard.mass(by=MINER), yard.account("transit")) == (KG, 0)


def test_a_part_is_refused_and_the_rest_received_without_a_difference(yard: Yard) -> None:
    event = yard.ship({ORE: 400_000})
    yard.do("refuse", {ORE: 150_000}, REFINER, shipment=event, custodian_to=MINER)
    assert yard.shipment(event).state == "open"
    yard.receive({ORE: 249_000}, event)
    assert (yard.mass(), yard.account("difference")) == (250_000, 0)
    assert yard.shipment(event).state == "received"


def test_a_refusal_is_by_the_consignee_of_what_still_travels(yard: Yard) -> None:
    event = yard.ship({ORE: 400_000})
    said = {"shipment": event, "custodian_to": MINER}
    assert yard.refused("refuse", by=TRADER, **said) == ["shipment.unknown"]
    assert yard.refused("refuse", {ORE: 404_001}, REFINER, **said) == ["balance.overdrawn"]
    assert yard.refused("refuse", {"urn:lot:2": 1}, REFINER, **said) == ["shipment.not-listed"]
    assert yard.refused("refuse", by=REFINER, shipment="urn:none", custodian_to=MINER) == ["shipment.unknown"]
    yard.receive({ORE: 400_000}, event)
    assert yard.refused("refuse", by=REFINER, **said) == ["shipment.closed"]


# --- return ----------------------------------------------------------------


def test_a_return_names_the_shipment_by_which_the_goods_came(yard: Yard) -> None:
    event = yard.ship({ORE: 400_000})
    yard.receive({ORE: 400_000}, event)
    back = yard.do("return", {ORE: 100_000}, REFINER, shipment=event, custodian_to=MINER, reason="off-spec")
    returned = yard.shipment(back, by=REFINER)
    assert (returned.kind, returned.returns, returned.owner_to) == ("return", event, MINER)
    yard.receive({ORE: 100_000}, back, by=MINER, of=REFINER)
    assert (yard.mass(), yard.mass(by=MINER)) == (300_000, 700_000)


def test_a_return_of_what_did_not_come_by_it_is_refused(yard: Yard) -> None:
    event = yard.ship({ORE: 400_000})
    other = yard.ship({ORE: 100_000})
    yard.extract("urn:lot:2", by=REFINER)
    yard.receive({ORE: 400_000}, event)
    said = {"custodian_to": MINER}
    assert yard.refused("return", {"urn:lot:2": 1}, REFINER, shipment=event, **said) == [
        "shipment.not-listed"
    ]
    assert yard.refused("return", {ORE: 1}, REFINER, shipment=other, **said) == ["shipment.not-listed"]
    assert yard.refused("return", {ORE: 1}, REFINER, shipment="urn:none", **said) == ["shipment.unknown"]
    assert yard.refused("return", {ORE: 500_000}, REFINER, shipment=event, **said) == ["balance.overdrawn"]
    assert yard.refused("return", {ORE: 1}, TRADER, shipment=event, **said) == ["shipment.unknown"]


def test_goods_are_returned_before_the_shipment_by_which_they_came_is_recorded(yard: Yard) -> None:
    yard.receive({ORE: 400_000}, "urn:desadv:9")
    back = yard.do("return", {ORE: 400_000}, REFINER, shipment="urn:desadv:9", custodian_to=MINER)
    yard.receive({ORE: 400_000}, back, by=MINER, of=REFINER)
    assert yard.mass(by=MINER) == KG + 400_000
    yard.ship({ORE: 400_000}, despatch_advice="urn:desadv:9")
    assert (yard.mass(by=MINER), yard.account("suspense")) == (KG, 0)


def test_two_consignors_may_use_one_event_id(yard: Yard) -> None:
    yard.extract("urn:lot:2", by=TRADER)
    event = yard.ship({ORE: 1})
    yard.ship({"urn:lot:2": 1}, by=TRADER, site=STORE, event_id=event)
    assert len(yard.books.records(ShipmentRecord)) == 2


def test_an_agent_may_not_use_an_event_id_of_its_principal_again(yard: Yard) -> None:
    event = yard.ship({ORE: 1})
    yard.books.put(DelegationRecord(MINER, TRADER, START_US, None, 0))
    moved = replace(
        yard.said("ship", {ORE: 1}, MINER, custodian_from=MINER, custodian_to=REFINER), event_id=event
    )
    with pytest.raises(Impossible, match="another shipment"):
        yard.book(moved, TRADER)
