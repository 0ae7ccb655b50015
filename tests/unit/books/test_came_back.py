"""A shipment of the whole that is filed after its receipt, and after goods of it came back."""

import pytest

from tests.support.books import DAY_US, KG, MINER, REFINER, START_US
from tests.support.yard import ORE, STORE, TRADER, Yard

DESADV = "urn:desadv:1"
BACK = 400_000
THING = "urn:thing:1"
LATER_US = START_US + 3 * DAY_US


def came_back(yard: Yard, mass_mg: int, event_time_us: int = LATER_US, lot: str = ORE) -> None:
    sent = yard.ship({lot: mass_mg}, REFINER, MINER, event_time_us=event_time_us)
    yard.receive({lot: mass_mg}, sent, MINER, REFINER, event_time_us=event_time_us)


@pytest.mark.parametrize(("stated", "said"), [(None, {}), (None, {"whole": True}), (KG - 7, {"whole": True})])
def test_it_leaves_what_came_back(yard: Yard, stated: int | None, said: dict[str, bool]) -> None:
    yard.receive({ORE: KG}, DESADV)
    came_back(yard, BACK)
    late = yard.ship({ORE: stated}, despatch_advice=DESADV, **said)
    assert yard.line(late).sent_mg == KG
    assert yard.effects[-1].whole_excess_mg == (0 if stated is None else -7)
    assert (yard.mass(by=MINER), yard.mass(), yard.provisional()) == (BACK, KG - BACK, 0)
    assert yard.account("difference") == yard.account("transit") == yard.account("suspense") == 0


def test_what_left_again_since_is_no_more_taken_than_before(yard: Yard) -> None:
    yard.receive({ORE: KG}, DESADV)
    came_back(yard, BACK)
    yard.ship({ORE: 100_000}, to=TRADER, event_time_us=LATER_US + 1)
    late = yard.ship({ORE: None}, event_id=DESADV)
    assert (yard.line(late).sent_mg, yard.mass(by=MINER)) == (KG, BACK - 100_000)


def test_a_thing_is_sent_once_though_it_is_back(yard: Yard) -> None:
    yard.thing(THING)
    yard.receive({THING: 1_000}, DESADV)
    came_back(yard, 1_000, lot=THING)
    late = yard.ship({THING: None}, despatch_advice=DESADV)
    assert yard.line(late, THING).sent_mg == 1_000
    assert (yard.mass(THING, MINER), yard.mass(THING)) == (1_000, 0)


def test_it_does_so_when_it_is_corrected(yard: Yard) -> None:
    yard.receive({ORE: KG}, DESADV)
    came_back(yard, BACK)
    late = yard.ship({ORE: KG - BACK}, despatch_advice=DESADV)
    replaced = yard.ship({ORE: None}, despatch_advice=DESADV, corrects=late)
    assert (yard.line(replaced).sent_mg, yard.mass(by=MINER)) == (KG, BACK)


def test_a_stated_mass_is_taken_as_it_is_stated(yard: Yard) -> None:
    yard.receive({ORE: KG}, DESADV)
    came_back(yard, BACK)
    late = yard.ship({ORE: KG + 5}, despatch_advice=DESADV)
    assert (yard.line(late).sent_mg, yard.mass(by=MINER)) == (KG + 5, BACK - 5)


def test_what_came_before_it_goes_with_it(yard: Yard) -> None:
    yard.receive({ORE: KG}, DESADV)
    came_back(yard, BACK, START_US + DAY_US)
    assert yard.line(yard.ship({ORE: None}, despatch_advice=DESADV)).sent_mg == KG + BACK


def test_without_a_receipt_that_waits_for_it_it_takes_all(yard: Yard) -> None:
    yard.ship({ORE: 600_000})
    yard.receive({ORE: 600_000}, "urn:event:2")
    came_back(yard, BACK)
    assert yard.line(yard.ship({ORE: None}, despatch_advice=DESADV)).sent_mg == KG - 600_000 + BACK


def test_where_nothing_was_there_before_it_takes_all(yard: Yard) -> None:
    yard.ship({ORE: KG})
    yard.receive({ORE: KG}, "urn:event:2")
    yard.receive({ORE: BACK}, DESADV)
    came_back(yard, BACK)
    assert yard.line(yard.ship({ORE: None}, despatch_advice=DESADV)).sent_mg == BACK


def test_a_receipt_of_another_consignee_bounds_nothing(yard: Yard) -> None:
    yard.receive({ORE: KG}, DESADV, TRADER, site=STORE)
    sent = yard.ship({ORE: BACK}, TRADER, MINER, event_time_us=LATER_US, site=STORE)
    yard.receive({ORE: BACK}, sent, MINER, TRADER, event_time_us=LATER_US)
    assert yard.line(yard.ship({ORE: None}, despatch_advice=DESADV)).sent_mg == KG + BACK
