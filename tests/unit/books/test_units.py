"""Logistic units: membership over time, seals, nesting, and what shipping a unit means."""

import pytest

from ledger.books.apply import apply_movement
from ledger.books.seals import on_unit
from ledger.books.units import contents
from ledger.movements.movement import Line, Movement
from ledger.records.lots import MemberRecord, SealRecord, UnitRecord
from ledger.records.oversight import DelegationRecord
from tests.support.books import DAY_US, KG, MINER, REFINER, START_US
from tests.support.yard import MINE, ORE, TRADER, Yard, check_units

BOX, PALLET = "urn:unit:box", "urn:unit:pallet"
THING = "urn:thing:1"


@pytest.fixture
def yard() -> Yard:
    made = Yard()
    made.extract()
    made.thing()
    return made


def inside(yard: Yard, unit: str = BOX) -> dict[str, int]:
    return {
        member.child: member.mass_mg
        for member in yard.books.group(MemberRecord, "unit", unit)
        if member.until_us is None
    }


def unit(yard: Yard, name: str = BOX) -> UnitRecord:
    found = yard.books.get(UnitRecord, name)
    assert found is not None
    return found


def uses(yard: Yard, name: str = "S1") -> list[tuple[str, bool]]:
    """On which units a seal was, and whether it still is."""
    return [(use.unit, use.until_us is None) for use in yard.books.group(SealRecord, "seal", name)]


def seals(yard: Yard) -> tuple[str, ...]:
    """What is on the box now."""
    return tuple(use.seal for use in on_unit(yard.books, BOX))


def test_packing_moves_nothing(yard: Yard) -> None:
    yard.do("pack", {ORE: 400_000, THING: None}, parent=BOX, seals=("S1",))
    assert inside(yard) == {ORE: 400_000, THING: 1_000}
    assert (yard.mass(by=MINER), yard.effects[-1].postings) == (KG, [])
    assert (unit(yard).open, unit(yard).packer, unit(yard).site, seals(yard)) == (True, MINER, MINE, ("S1",))
    assert uses(yard) == [(BOX, True)]
    assert yard.effects[-1].reused == {}


@pytest.mark.parametrize(
    ("lines", "by", "said", "codes"),
    [
        ({ORE: KG + 10_001}, MINER, {}, ["balance.overdrawn"]),
        ({ORE: 1}, REFINER, {}, ["custody.not-holder"]),
        ({ORE: 1}, REFINER, {"custodian_from": MINER}, ["custody.not-holder"]),
        ({"urn:lot:none": 1}, MINER, {}, ["custody.not-holder"]),
        ({}, MINER, {"units": (PALLET,)}, ["unit.unknown"]),
    ],
)
def test_what_is_packed_is_there_and_the_packers(
    yard: Yard, lines: dict[str, int | None], by: str, said: dict[str, object], codes: list[str]
) -> None:
    assert yard.refused("pack", lines, by, parent=BOX, **said) == codes


def test_a_unit_that_was_packed_before_is_added_to(yard: Yard) -> None:
    yard.do("pack", {ORE: 400_000}, parent=BOX, seals=("S1",))
    yard.do("pack", {ORE: 100_000}, parent=BOX, seals=("S2",))
    assert sum(member.mass_mg for member in yard.books.group(MemberRecord, "unit", BOX)) == 500_000
    assert seals(yard) == ("S1", "S2")
    assert yard.effects[-1].reused == {}


def test_a_thing_is_in_one_unit_at_a_time(yard: Yard) -> None:
    yard.do("pack", {THING: None}, parent=BOX)
    assert yard.refused("pack", {THING: None}, parent=PALLET) == ["unit.packed-already"]
    yard.do("unpack", parent=BOX)
    yard.do("pack", {THING: None}, parent=PALLET)


def test_a_unit_is_in_one_unit_at_a_time_and_never_in_itself(yard: Yard) -> None:
    yard.do("pack", {ORE: 1}, parent=BOX)
    yard.do("pack", parent=PALLET, units=(BOX,))
    assert yard.refused("pack", parent="urn:unit:other", units=(BOX,)) == ["unit.packed-already"]
    assert yard.refused("pack", parent=BOX, units=(PALLET,)) == ["unit.nested-in-itself"]
    assert yard.refused("pack", parent=PALLET, units=(PALLET,)) == ["unit.nested-in-itself"]


def test_to_undo_an_unpacking_puts_no_unit_into_itself(yard: Yard) -> None:
    yard.do("pack", {ORE: 1}, parent=BOX)
    yard.do("pack", parent=PALLET, units=(BOX,))
    unpacked = yard.do("unpack", parent=PALLET)
    yard.do("pack", {ORE: 1}, parent=PALLET)
    yard.do("pack", parent=BOX, units=(PALLET,))
    undone = {"event_id": unpacked, "corrects": unpacked, "did_not_occur": True}
    assert yard.refused("unpack", parent=PALLET, **undone) == ["unit.nested-in-itself"]
    yard.do("unpack", parent=BOX, units=(PALLET,))
    yard.undo(unpacked)
    assert inside(yard, PALLET) == {ORE: 1, BOX: 0}


@pytest.mark.parametrize("listed", [(PALLET,), (PALLET, BOX), (BOX, PALLET), (BOX,)])
def test_units_beside_the_one_around_them_count_for_themselves(yard: Yard, listed: tuple[str, ...]) -> None:
    yard.do("pack", {ORE: 2}, parent=BOX)
    yard.do("pack", {ORE: 3}, parent=PALLET, units=(BOX,))
    shipment = yard.ship({}, units=listed)
    assert yard.line(shipment).sent_mg == {PALLET: 5, BOX: 2}[listed[0]] + sum(
        {PALLET: 5, BOX: 2}[unit] for unit in listed[1:]
    )


def test_one_unknown_unit_among_others_is_not_told_from_one_that_is_not_there(yard: Yard) -> None:
    yard.do("pack", {ORE: 2}, parent=BOX)
    yard.do("pack", parent=PALLET, units=(BOX,))
    for units in ((BOX,), (PALLET, BOX), (PALLET, "urn:unit:none")):
        assert yard.refused("ship", {}, REFINER, units=units, custodian_to=MINER) == ["unit.unknown"]


def test_unpacking_without_a_list_takes_everything_out(yard: Yard) -> None:
    yard.do("pack", {ORE: 400_000, THING: None}, parent=BOX, seals=("S1",))
    yard.do("unpack", parent=BOX, event_time_us=START_US + 5 * DAY_US)
    assert inside(yard) == {}
    assert (unit(yard).open, uses(yard)) == (False, [(BOX, False)])
    ended = yard.books.group(MemberRecord, "unit", BOX)
    assert {member.until_us for member in ended} == {START_US + 5 * DAY_US}
    assert {member.until_index for member in ended} == {yard.index - 1}


def test_unpacking_a_part_leaves_the_rest_under_a_broken_seal(yard: Yard) -> None:
    yard.do("pack", {ORE: 400_000}, parent=BOX, seals=("S1",))
    yard.do("unpack", {ORE: 150_000}, parent=BOX)
    assert inside(yard) == {ORE: 250_000}
    assert (unit(yard).open, seals(yard), uses(yard)) == (True, (), [(BOX, False)])
    yard.do("unpack", {ORE: None}, parent=BOX)
    assert not unit(yard).open


@pytest.mark.parametrize(
    ("lines", "by", "said", "codes"),
    [
        ({ORE: 400_001}, MINER, {}, ["unit.not-inside"]),
        ({THING: None}, MINER, {}, ["unit.not-inside"]),
        ({}, MINER, {"units": (PALLET,)}, ["unit.not-inside"]),
        ({}, MINER, {"parent": PALLET}, ["unit.unknown"]),
        ({}, REFINER, {}, ["unit.unknown"]),
    ],
)
def test_only_what_is_inside_is_taken_out_and_by_who_has_it(
    yard: Yard, lines: dict[str, int | None], by: str, said: dict[str, object], codes: list[str]
) -> None:
    yard.do("pack", {ORE: 400_000}, parent=BOX)
    assert yard.refused("unpack", lines, by, **{"parent": BOX, **said}) == codes


def test_a_unit_is_unpacked_once(yard: Yard) -> None:
    yard.do("pack", {ORE: 400_000}, parent=BOX)
    yard.do("unpack", parent=BOX)
    assert yard.refused("unpack", parent=BOX) == ["unit.unknown"]


def test_a_unit_that_is_shipped_alone_means_its_contents_nested_ones_too(yard: Yard) -> None:
    yard.do("pack", {ORE: 400_000}, parent=BOX)
    yard.do("pack", {THING: None}, parent=PALLET, units=(BOX,))
    event = yard.ship({}, units=(PALLET,))
    assert yard.line(event).sent_mg == 400_000
    assert yard.line(event, THING).sent_mg == 1_000
    yard.receive({}, event, units=(PALLET,))
    assert (yard.mass(), yard.mass(THING)) == (400_000, 1_000)
    yard.do("unpack", by=REFINER, parent=PALLET)
    assert inside(yard) == {ORE: 400_000}


@pytest.mark.parametrize("stated", [400_000, 396_000, 404_000, None])
def test_an_explicit_list_that_agrees_with_the_unit_moves_what_was_packed(
    yard: Yard, stated: int | None
) -> None:
    yard.do("pack", {ORE: 400_000}, parent=BOX)
    event = yard.ship({ORE: stated, THING: None}, units=(BOX,))
    assert yard.line(event).sent_mg == 400_000
    assert yard.line(event, THING).sent_mg == 1_000


@pytest.mark.parametrize("lines", [{ORE: 395_999}, {ORE: 404_001}, {THING: None}])
def test_an_explicit_list_that_disagrees_with_the_unit_is_refused(
    yard: Yard, lines: dict[str, int | None]
) -> None:
    yard.do("pack", {ORE: 400_000, THING: None}, parent=BOX)
    said = {"units": (BOX,), "custodian_to": REFINER}
    assert yard.refused("ship", lines, **said) == ["unit.disagrees"]


def test_two_lines_of_one_lot_agree_with_the_unit_together(yard: Yard) -> None:
    yard.do("pack", {ORE: 400_000}, parent=BOX)
    lines = (Line(ORE, 300_000), Line(ORE, 100_000))
    event = yard.ship({}, inputs=lines, units=(BOX,))
    assert yard.line(event).sent_mg == 400_000


def test_a_receipt_weighs_what_was_in_a_unit(yard: Yard) -> None:
    yard.do("pack", {ORE: 400_000}, parent=BOX)
    event = yard.ship({}, units=(BOX,))
    yard.receive({ORE: 300_000}, event, units=(BOX,))
    assert (yard.mass(), yard.account("difference")) == (300_000, 100_000)


def test_a_receipt_in_a_unit_that_is_not_known_lists_its_lots(yard: Yard) -> None:
    yard.receive({ORE: 400_000}, "urn:desadv:1", units=("urn:unit:later",))
    assert yard.provisional() == 400_000


def test_what_is_packed_may_be_used_and_the_unit_then_lacks_it(yard: Yard) -> None:
    yard.do("pack", {ORE: 400_000}, parent=BOX)
    yard.do("dispose", {ORE: 800_000}, reason="r")
    assert yard.refused("ship", units=(BOX,), custodian_to=REFINER) == ["balance.overdrawn"]


def test_a_seal_that_closes_another_unit_is_not_refused_and_each_unit_opens_its_own(yard: Yard) -> None:
    yard.do("pack", {ORE: 1}, parent=BOX, seals=("S1",))
    yard.do("pack", {ORE: 1}, parent=PALLET, seals=("S1",))
    assert uses(yard) == [(BOX, True), (PALLET, True)]
    yard.do("unpack", parent=BOX)
    assert uses(yard) == [(BOX, False), (PALLET, True)]


def test_a_unit_whose_contents_went_away_begins_anew_and_is_told(yard: Yard) -> None:
    yard.do("pack", {ORE: 600_000}, parent=BOX, seals=("S1",))
    yard.ship({}, units=(BOX,))
    yard.do("pack", {ORE: 100_000}, parent=BOX, seals=("S2",))
    assert yard.effects[-1].reused == {BOX: 2}
    assert inside(yard) == {ORE: 100_000}
    assert uses(yard) == [(BOX, False)]


def test_a_unit_begins_anew_at_the_time_of_the_packing_and_undoing_that_puts_its_seals_back(
    yard: Yard,
) -> None:
    yard.do("pack", {ORE: 600_000}, parent=BOX, seals=("S1",))
    yard.ship({}, units=(BOX,))
    again = yard.do("pack", {ORE: 1}, parent=BOX, seals=("S1", "S2"), event_time_us=START_US + DAY_US)
    (before, now) = yard.books.group(SealRecord, "seal", "S1")
    assert (before.until_us, before.until_index, now.since_us) == (START_US + DAY_US, 4, START_US + DAY_US)
    assert seals(yard) == ("S1", "S2")
    yard.undo(again)
    assert (uses(yard), uses(yard, "S2")) == ([(BOX, True), (BOX, False)], [(BOX, False)])
    assert seals(yard) == ("S1",)


def test_taking_an_unpacking_back_puts_the_seals_back_that_it_opened_and_no_others(yard: Yard) -> None:
    yard.do("pack", {ORE: 100}, parent=BOX, seals=("S1",))
    yard.do("unpack", {ORE: 50}, parent=BOX)
    yard.do("pack", {ORE: 1}, parent=BOX, seals=("S2",))
    second = yard.do("unpack", parent=BOX)
    yard.undo(second)
    assert (uses(yard), uses(yard, "S2")) == ([(BOX, False)], [(BOX, True)])
    assert (seals(yard), unit(yard).open) == (("S2",), True)


def test_a_unit_of_another_packer_begins_anew(yard: Yard) -> None:
    yard.extract("urn:lot:2", by=TRADER)
    yard.do("pack", {ORE: 1}, parent=BOX)
    yard.do("pack", {"urn:lot:2": 1}, TRADER, parent=BOX)
    assert list(yard.effects[-1].reused) == [BOX]
    assert inside(yard) == {"urn:lot:2": 1}


def test_an_agent_packs_for_its_principal(yard: Yard) -> None:
    yard.books.put(DelegationRecord(MINER, TRADER, START_US, None, 0))
    yard.do("pack", {ORE: 1}, TRADER, parent=BOX, custodian_from=MINER, site=MINE)
    assert unit(yard).packer == MINER


# --- several packings of one unit in one statement ---------------------------


def in_one_entry(yard: Yard, *said: Movement) -> None:
    """Records movements as one statement."""
    yard.books.begin()
    recording = yard.recording(MINER)
    for position, moved in enumerate(said):
        apply_movement(moved, recording, position)
    yard.books.commit()
    yard.index += 1
    check_units(yard.books)


def packing(yard: Yard, mass_mg: int, event_id: str) -> Movement:
    return yard.said("pack", {ORE: mass_mg}, MINER, parent=BOX, event_id=event_id)


def test_two_packings_of_one_statement_are_undone_one_by_one(yard: Yard) -> None:
    in_one_entry(yard, packing(yard, 100, "urn:first"), packing(yard, 20, "urn:second"))
    assert contents(yard.books, BOX) == {ORE: 120}
    yard.undo("urn:first")
    assert contents(yard.books, BOX) == {ORE: 20}
    yard.undo("urn:second")
    assert contents(yard.books, BOX) == {}


def test_what_is_packed_opened_and_packed_again_in_one_statement_keeps_its_history(yard: Yard) -> None:
    opened = yard.said("unpack", {}, MINER, parent=BOX, event_id="urn:opened")
    in_one_entry(yard, packing(yard, 100, "urn:first"), opened, packing(yard, 20, "urn:second"))
    assert contents(yard.books, BOX) == {ORE: 20}
    assert sorted(member.mass_mg for member in yard.books.records(MemberRecord)) == [20, 100]
    yard.undo("urn:opened")
    assert contents(yard.books, BOX) == {ORE: 120}


def test_undoing_a_replacement_does_not_bring_back_what_it_replaced(yard: Yard) -> None:
    first = yard.do("pack", {ORE: 100}, parent=BOX)
    second = yard.do("pack", {ORE: 20}, parent=BOX, corrects=first)
    assert contents(yard.books, BOX) == {ORE: 20}
    yard.undo(second)
    assert contents(yard.books, BOX) == {}
