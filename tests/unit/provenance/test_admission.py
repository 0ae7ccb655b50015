"""Who may ask about goods: what opens a lot, a unit or a shipment to a party, and what does not."""

from typing import Any

from ledger.movements.movement import Line
from ledger.provenance.admission import had_lot, may_see_pool, may_see_shipment, may_see_unit
from tests.support.books import KG, MINER, REFINER, born
from tests.support.yard import IMPORTER, ORE, TRADER, Yard

NEVER = "urn:shipment:never"
UNIT = "urn:unit:1"


def admitted(yard: Yard, lot: str = ORE) -> set[str]:
    return {party for party in (MINER, REFINER, TRADER, IMPORTER) if had_lot(yard.books, lot, party)}


def test_who_bore_it_and_who_received_it_are_admitted(yard: Yard) -> None:
    sent = yard.ship({ORE: KG})
    assert admitted(yard) == {MINER}, "what travels has not arrived"
    yard.receive({ORE: KG}, sent)
    assert admitted(yard) == {MINER, REFINER}
    yard.do("lose", {ORE: KG}, REFINER)
    assert admitted(yard) == {MINER, REFINER}, "it had it"


def test_a_buyer_who_never_had_it_in_its_hands_is_admitted(yard: Yard) -> None:
    yard.do("transfer", {ORE: 1}, MINER, owner_from=MINER, owner_to=TRADER)
    assert admitted(yard) == {MINER, TRADER}


def test_the_owner_of_what_is_born_elsewhere_is_admitted(yard: Yard) -> None:
    yard.extract("urn:lot:tolled", owner_to=TRADER)
    assert admitted(yard, "urn:lot:tolled") == {MINER, TRADER}


def test_nobody_is_admitted_by_its_own_word_alone(yard: Yard) -> None:
    claimed = yard.receive({ORE: 1}, NEVER, by=TRADER)
    assert admitted(yard) == {MINER}
    yard.undo(claimed, TRADER)
    assert admitted(yard) == {MINER}


def test_nor_by_what_it_does_with_what_it_claims(yard: Yard) -> None:
    yard.receive({ORE: 10}, NEVER, by=TRADER)
    sent = yard.ship({ORE: 5}, by=TRADER, to=TRADER)
    yard.receive({ORE: 5}, sent, by=TRADER, of=TRADER, site="urn:site:other")
    again = yard.ship({ORE: 3}, by=TRADER, to=REFINER, site="urn:site:other")
    yard.undo(again, TRADER)
    yard.do("lose", {ORE: 1}, TRADER, site="urn:site:other")
    assert admitted(yard) == {MINER}


def test_the_owner_whom_a_claim_names_is_not_admitted(yard: Yard) -> None:
    yard.receive({ORE: 1}, NEVER, by=TRADER, owner_to=IMPORTER)
    assert admitted(yard) == {MINER}


def test_two_who_know_a_name_do_not_open_it_by_sending_it_to_each_other(yard: Yard) -> None:
    yard.receive({ORE: 10}, NEVER, by=TRADER)
    sent = yard.ship({ORE: 5}, by=TRADER, to=REFINER)
    yard.receive({ORE: 5}, sent, by=REFINER, of=TRADER)
    yard.do("transfer", {ORE: 5}, REFINER, owner_from=REFINER, owner_to=IMPORTER)
    assert admitted(yard) == {MINER}


def test_nor_by_bearing_out_each_other_s_claims(yard: Yard) -> None:
    yard.receive({ORE: 10}, NEVER, by=TRADER)
    yard.receive({ORE: 5}, "urn:later", by=REFINER, of=TRADER)
    yard.ship({ORE: 5}, by=TRADER, to=REFINER, event_id="urn:later")
    assert admitted(yard) == {MINER}


def test_whoever_is_sent_it_by_who_had_it_is_admitted(yard: Yard) -> None:
    yard.receive({ORE: 10}, NEVER, by=REFINER)
    yard.receive({ORE: 5}, yard.ship({ORE: 5}, by=REFINER, to=TRADER), by=TRADER, of=REFINER)
    assert admitted(yard) == {MINER}, "the miner's shipment is not there yet"
    yard.ship({ORE: 10}, to=REFINER, event_id=NEVER)
    assert admitted(yard) == {MINER, REFINER, TRADER}


def test_what_awaits_its_birth_is_open_to_whoever_was_sent_it(yard: Yard) -> None:
    line = born("urn:lot:late", 10, {"Nd": 3})
    yard.do("receive", by=TRADER, inputs=(line,), custodian_from=MINER, shipment=NEVER)
    sent = yard.ship({"urn:lot:late": 5}, by=TRADER, to=REFINER)
    yard.receive({"urn:lot:late": 5}, sent, by=REFINER, of=TRADER)
    assert admitted(yard, "urn:lot:late") == {REFINER}


def test_nobody_is_admitted_by_bringing_back_what_another_exported(yard: Yard) -> None:
    abroad = {"custodian_to": "urn:abroad", "owner_to": "urn:abroad", "consignee": "urn:abroad"}
    yard.do("export", {ORE: 10}, **abroad)
    yard.do("import", {ORE: 5}, TRADER)
    assert admitted(yard) == {MINER}
    yard.do("import", {ORE: 5})
    assert admitted(yard) == {MINER}


def test_a_claim_that_a_shipment_bears_out_admits(yard: Yard) -> None:
    yard.receive({ORE: KG}, NEVER, by=TRADER)
    yard.ship({ORE: 1}, to=TRADER, event_id=NEVER)
    assert admitted(yard) == {MINER, TRADER}


def test_one_that_was_corrected_away_does_not(yard: Yard) -> None:
    claimed = yard.receive({ORE: KG}, NEVER, by=TRADER)
    sent = yard.ship({ORE: 1}, to=TRADER, event_id=NEVER)
    yard.undo(claimed, TRADER)
    yard.undo(sent)
    assert admitted(yard) == {MINER}


def test_there_is_nothing_to_see_of_what_is_not_there(yard: Yard) -> None:
    assert admitted(yard, "urn:lot:none") == set()
    assert not may_see_pool(yard.books, "urn:pool:none", MINER)
    assert not may_see_shipment(yard.books, MINER, NEVER, MINER)
    assert not may_see_unit(yard.books, UNIT, {}, MINER)


def test_a_shipment_is_open_to_its_two_ends_only(yard: Yard) -> None:
    yard.receive({ORE: KG // 4}, yard.ship({ORE: KG // 4}))
    sent = yard.ship({ORE: KG // 2}, to=TRADER)
    seen = {party for party in (MINER, REFINER, TRADER) if may_see_shipment(yard.books, MINER, sent, party)}
    assert had_lot(yard.books, ORE, REFINER)
    assert seen == {MINER, TRADER}


def test_a_unit_is_open_to_its_packer_and_to_who_has_all_that_is_in_it(yard: Yard) -> None:
    yard.extract("urn:lot:other")
    inside: dict[str, Any] = {ORE: KG // 2, "urn:lot:other": KG // 2}
    yard.do("pack", inside, parent=UNIT, seals=("a",))
    yard.receive({ORE: KG // 2}, yard.ship({ORE: KG // 2}))

    def seen() -> set[str]:
        parties = (MINER, REFINER, TRADER)
        return {party for party in parties if may_see_unit(yard.books, UNIT, inside, party)}

    assert seen() == {MINER}, "the refiner has the same lot, and not what is in the unit"
    yard.receive({"urn:lot:other": KG // 2}, yard.ship({"urn:lot:other": KG // 2}))
    assert seen() == {MINER, REFINER}


def test_a_pool_is_open_to_its_custodian_and_owners(yard: Yard) -> None:
    lines = (Line(ORE, KG // 2),)
    yard.do("feed", None, MINER, inputs=lines, pool="urn:pool:1", process="leaching")
    assert may_see_pool(yard.books, "urn:pool:1", MINER)
    assert not may_see_pool(yard.books, "urn:pool:1", REFINER)
