"""Births: origins and statuses, names that are given once, late births that change what stood before them."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from ledger.books.accounts import Journal
from ledger.books.apply import apply_movement
from ledger.movements.movement import Line, Movement
from ledger.records.cells import AWAITED
from ledger.records.lots import (
    LotRecord,
    LotVersionRecord,
    PostingRecord,
    ProvisionalRecord,
)
from ledger.records.oversight import DelegationRecord, MergerRecord
from tests.support.books import (
    DAY_US,
    MINE,
    MINER,
    PLANT,
    REFINER,
    START_US,
    Desk,
    born,
    check_acyclic,
    check_identity,
    identity,
    movement,
    version_of,
)

ORE = {"La": 300, "Nd": 150}


def extract(lot: str = "lot:ore", mass_mg: int = 1000, **members: Any) -> Movement:
    contained = members.pop("contained", ORE)
    outputs = (born(lot, mass_mg, contained, members.pop("product", "rock-ore")),)
    return movement("extract", f"event:{lot}", outputs=outputs, site=MINE, **members)


def test_an_extraction_bears_the_mine_as_origin() -> None:
    desk = Desk()
    effect = desk.book(extract(), MINER)
    lot = desk.lot("lot:ore")
    assert lot.cells == {("La", MINE, "domestic"): 300, ("Nd", MINE, "domestic"): 150}
    assert (lot.birth, lot.stage, lot.producer, lot.site, lot.mass_mg) == (
        "extract",
        "ore",
        MINER,
        MINE,
        1000,
    )
    assert desk.held("lot:ore") == {(MINER, MINER, MINE): 1000}
    assert identity(desk.books)["birth"] == {"La": -300, "Nd": -150}
    assert effect.born == [lot]
    assert lot.composition == {"treoFraction": "9/20"}


def test_the_mine_may_be_named_apart_from_the_dressing_plant() -> None:
    desk = Desk()
    desk.book(extract(origin="https://mine.example/site/other"), MINER)
    assert {origin for _, origin, _ in desk.lot("lot:ore").cells} == {"https://mine.example/site/other"}


@pytest.mark.parametrize(
    ("kind", "product", "origin", "status"),
    [
        ("opening", "", f"opening:{REFINER}", "opening"),
        ("opening", "mixed-carbonate", f"opening:{REFINER}", "opening"),
        ("opening", "nd-oxide", f"opening:{REFINER}", "counted"),
        ("import", "bastnaesite-concentrate", "import:undeclared", "import"),
        ("import", "nd-metal", "import:undeclared", "counted"),
        ("extract", "ionic-concentrate", PLANT, "domestic"),
        ("extract", "", PLANT, "domestic"),
    ],
)
def test_origin_and_status_of_what_comes_from_outside(
    kind: str, product: str, origin: str, status: str
) -> None:
    desk = Desk()
    desk.book(movement(kind, "event:1", outputs=(born("lot:a", 10, {"Nd": 7}, product),)))
    assert desk.lot("lot:a").cells == {("Nd", origin, status): 7}


def test_collected_scrap_is_scrap_wherever_it_comes_from() -> None:
    desk = Desk()
    for kind in ("extract", "import", "opening"):
        moved = movement(kind, f"event:{kind}", outputs=(born(kind, 10, {"Nd": 3}, "magnet-scrap"),))
        desk.book(moved)
        assert desk.lot(kind).stage == "scrap"
        assert {status for _, _, status in desk.lot(kind).cells} == {"scrap"}


def test_an_import_bears_its_country() -> None:
    desk = Desk()
    desk.book(movement("import", "event:1", outputs=(born("lot:a", 10, {"Nd": 7}),), origin="MM"))
    assert desk.lot("lot:a").cells == {("Nd", "import:MM", "import"): 7}


def test_a_lot_may_contain_no_rare_earth() -> None:
    desk = Desk()
    desk.book(extract(contained={}), MINER)
    assert desk.lot("lot:ore").cells == {}


def test_opening_stock_ends_with_its_window() -> None:
    desk = Desk().with_policy(opening_until_us=START_US + 2 * DAY_US + 1)
    desk.book(movement("opening", "event:1", outputs=(born("lot:a", 10, {"Nd": 7}),)))
    opening = movement("opening", "event:2", outputs=(born("lot:b", 10, {"Nd": 7}),))
    assert desk.refusals(opening) == ["opening.closed"]
    desk.with_policy(opening_until_us=START_US + 3 * DAY_US)
    assert desk.refusals(opening) == ["opening.closed"]
    desk.with_policy(opening_until_us=START_US + 3 * DAY_US + 1)
    desk.book(opening)


def test_the_window_closes_nothing_but_opening_stock() -> None:
    Desk().with_policy(opening_until_us=0).book(extract(), MINER)


def test_a_name_is_given_once() -> None:
    desk = Desk()
    desk.book(extract(), MINER)
    again = replace(extract(mass_mg=5), event_id="event:again")
    assert desk.refusals(again, MINER) == ["lot.exists"]
    assert desk.refusals(again, REFINER) == ["lot.exists"]
    twice = movement("extract", "event:2", outputs=(born("lot:b", 10, ORE), born("lot:b", 10, ORE)))
    assert desk.refusals(twice) == ["lot.exists"]


@pytest.mark.parametrize("kind", ["opening", "extract", "import"])
def test_a_birth_needs_composition_and_mass(kind: str) -> None:
    desk = Desk()
    assert desk.refusals(movement(kind, "e", outputs=(Line("lot:a", 10),))) == ["composition.required"]
    line = replace(born("lot:a", 10, ORE), mass_mg=None)
    assert desk.refusals(movement(kind, "e", outputs=(line,))) == ["lot.massless"]
    assert desk.refusals(movement(kind, "e", outputs=(replace(line, mass_mg=0),))) == ["lot.massless"]


def test_only_a_delegate_records_for_another() -> None:
    desk = Desk()
    filed = extract(custodian_to=MINER)
    assert desk.refusals(filed) == ["custody.not-holder"]
    now = START_US + 2 * DAY_US
    for starts_us, ends_us in ((now + 1, None), (0, now), (0, 5)):
        desk.books.put(DelegationRecord(MINER, REFINER, starts_us, ends_us, 0))
        assert desk.refusals(filed) == ["custody.not-holder"]
    desk.books.put(DelegationRecord(MINER, "https://other.example/", 0, None, 0))
    assert desk.refusals(filed) == ["custody.not-holder"]
    desk.books.put(DelegationRecord(MINER, REFINER, now, now + 1, 0))
    desk.book(filed)
    assert desk.held("lot:ore") == {(MINER, MINER, MINE): 1000}


def test_a_successor_records_for_what_it_took_over() -> None:
    desk = Desk()
    desk.books.put(MergerRecord(MINER, "https://other.example/", 0, 0))
    assert desk.refusals(extract(custodian_to=MINER)) == ["custody.not-holder"]
    desk.books.put(MergerRecord(MINER, REFINER, 0, 0))
    desk.book(extract(custodian_to=MINER))


def abroad(desk: Desk, lot: str, mass_mg: int) -> None:
    """Exports a part of a lot, by hand."""
    journal = Journal(movement("export", "event:export"), desk.recording(), 0)
    holding = journal.source(Line(lot, mass_mg), custodian=REFINER, site="")
    journal.change_holding(holding, -mass_mg)
    journal.post("exported", lot=lot, mass_mg=mass_mg, custodian=REFINER)
    desk.index += 1


def test_what_was_exported_may_come_back() -> None:
    desk = Desk()
    desk.book(extract(), REFINER)
    abroad(desk, "lot:ore", 600)
    back = movement("import", "event:back", inputs=(Line("lot:ore", 250),))
    desk.book(back)
    assert desk.held("lot:ore") == {(REFINER, REFINER, MINE): 400, (REFINER, REFINER, PLANT): 250}
    assert identity(desk.books)["exported"] == {"La": 105, "Nd": Fraction(105, 2)}
    rest = replace(back, event_id="event:rest")
    assert desk.refusals(replace(rest, inputs=(Line("lot:ore", 354),))) == ["balance.overdrawn"]
    # One hundredth more than there is, and all of it comes.
    desk.book(replace(rest, inputs=(Line("lot:ore", 353),)))
    assert identity(desk.books)["exported"] == {"La": 0, "Nd": 0}


def test_what_never_left_cannot_come_back() -> None:
    desk = Desk()
    assert desk.refusals(movement("import", "e", inputs=(Line("lot:ore", 5),))) == ["lot.not-exported"]
    desk.book(extract(), MINER)
    assert desk.refusals(movement("import", "e", inputs=(Line("lot:ore", 5),))) == ["lot.not-exported"]


# Late births


def await_lot(
    desk: Desk, lot: str, mass_mg: int, received: dict[str, int], consignor: str = MINER
) -> LotRecord:
    """A receipt that came before the lot's birth, by hand: a placeholder, a holding, suspense."""
    journal = Journal(movement("receive", f"event:receive {lot}"), desk.recording(), 0)
    cells = {(element, f"{AWAITED}{lot}", "domestic"): part for element, part in received.items()}
    awaited = LotRecord(
        lot=lot,
        node=journal.next_node(),
        entry_index=desk.index,
        position=0,
        producer=REFINER,
        site=PLANT,
        event_time_us=START_US,
        birth="awaited",
        product="",
        stage="",
        mass_mg=mass_mg,
        cells=cells,
    )
    desk.books.put(awaited)
    journal.post("suspense", lot=lot, mass_mg=-mass_mg, custodian=REFINER)
    journal.give(lot, mass_mg, owner=REFINER, custodian=REFINER, site=PLANT, provisional_mg=mass_mg)
    desk.books.put(
        ProvisionalRecord(
            consignee=REFINER,
            event_id=f"event:receive {lot}",
            lot=lot,
            consignor=consignor,
            shipment="event:ship",
            owner=REFINER,
            site=PLANT,
            mass_mg=mass_mg,
            left_mg=mass_mg,
            final=True,
            entry_index=desk.index,
            position=0,
            event_time_us=START_US,
            due_us=START_US,
        )
    )
    desk.index += 1
    check_identity(desk.books)
    return awaited


def use(desk: Desk, lot: str, mass_mg: int, product: str, contained: dict[str, int]) -> LotRecord:
    """A process that turns a part of a lot into another."""
    moved = movement(
        "process", f"event:{product}", inputs=(Line(lot, mass_mg),), outputs=(born(product, 100, contained),)
    )
    desk.book(moved)
    return desk.lot(product)


def test_a_late_birth_keeps_the_node_and_revalues_what_is_held() -> None:
    desk = Desk()
    awaited = await_lot(desk, "lot:ore", 400, {"La": 100, "Nd": 60})
    desk.book(extract(), MINER)
    lot = desk.lot("lot:ore")
    assert (lot.node, lot.birth, lot.entry_index, lot.producer) == (awaited.node, "extract", 1, MINER)
    assert desk.books.records(LotVersionRecord) == [version_of(awaited, 1)]
    accounts = identity(desk.books)
    assert accounts["birth"] == {"La": -300, "Nd": -150}
    assert accounts["holding"] == {"La": 420, "Nd": 210}
    assert accounts["suspense"] == {"La": -120, "Nd": -60}
    assert "difference" not in accounts


def test_a_late_birth_makes_up_for_what_was_consumed_before_it() -> None:
    desk = Desk()
    awaited = await_lot(desk, "lot:ore", 400, {"La": 100, "Nd": 60})
    child = use(desk, "lot:ore", 130, "lot:mid", {"La": 30, "Nd": 19})
    assert child.cells == {
        ("La", "awaited:lot:ore", "domestic"): 30,
        ("Nd", "awaited:lot:ore", "domestic"): 19,
    }
    before = identity(desk.books)["difference"]
    desk.book(extract(mass_mg=1000, contained={"La": 300, "Nd": 150, "Dy": 7}), MINER)
    after = identity(desk.books)["difference"]
    made_up = {element: after[element] - before.get(element, Fraction(0)) for element in after}
    # 130 mg were consumed, worth 100/400 La; the birth says 300/1000.
    assert made_up == {
        "La": 130 * (Fraction(300, 1000) - Fraction(100, 400)),
        "Nd": 130 * (Fraction(150, 1000) - Fraction(60, 400)),
        "Dy": 130 * Fraction(7, 1000),
    }
    assert desk.lot("lot:mid") == child
    assert desk.parents(child.node) == {awaited.node}
    line = desk.books.records(PostingRecord)[-3]
    assert (line.account, line.reference) == ("difference", "revalued:lot:ore")


def test_a_late_birth_by_a_process_or_a_draw() -> None:
    for kind in ("process", "draw"):
        desk = Desk()
        awaited = await_lot(desk, "lot:late", 40, {"Nd": 20}, REFINER)
        use(desk, "lot:late", 15, "lot:use", {"Nd": 7})
        desk.book(extract("lot:ore", 1000, contained={"Nd": 100}, custodian_to=REFINER))
        desk.book(movement("feed", "event:feed", site=MINE, inputs=(Line("lot:ore", 500),), pool="pool:a"))
        inputs = (Line("lot:ore", 500),) if kind == "process" else ()
        outputs = (born("lot:late", 80, {"Nd": 50}),)
        desk.book(movement(kind, "event:late", site=MINE, inputs=inputs, outputs=outputs, pool="pool:a"))
        late = desk.lot("lot:late")
        assert (late.node, late.birth) == (awaited.node, kind)
        assert late.cells == {("Nd", MINE, "domestic"): 50}
        check_acyclic(desk.books)


def test_a_late_birth_out_of_its_own_descendants_is_refused() -> None:
    desk = Desk()
    await_lot(desk, "lot:late", 400, {"Nd": 200})
    use(desk, "lot:late", 100, "lot:child", {"Nd": 50})
    use(desk, "lot:child", 60, "lot:grandchild", {"Nd": 30})
    desk.book(movement("feed", "event:feed", inputs=(Line("lot:grandchild", 10),), pool="pool:a"))
    out = (born("lot:late", 500, {"Nd": 10}),)
    for source in ("lot:child", "lot:grandchild", "lot:late"):
        moved = movement("process", "event:late", inputs=(Line(source, 20),), outputs=out)
        assert desk.refusals(moved) == ["graph.cycle"]
    drawn = movement("draw", "event:late", pool="pool:a", outputs=(born("lot:late", 500, {"Nd": 1}),))
    assert desk.refusals(drawn) == ["graph.cycle"]
    # A lot that only shares an input with the descendants is none.
    desk.book(extract("lot:ore", 1000, contained={"Nd": 100}), REFINER)
    desk.book(movement("process", "event:late", site=MINE, inputs=(Line("lot:ore", 100),), outputs=out))
    check_acyclic(desk.books)


def test_a_pool_version_from_before_the_feed_is_no_descendant() -> None:
    desk = Desk()
    desk.book(extract("lot:ore", 1000, contained={"Nd": 100}, custodian_to=REFINER))
    await_lot(desk, "lot:late", 400, {"Nd": 200})
    desk.book(movement("feed", "event:1", site=MINE, inputs=(Line("lot:ore", 900),), pool="pool:a"))
    desk.book(
        movement("draw", "event:2", site=MINE, pool="pool:a", outputs=(born("lot:late", 500, {"Nd": 10}),))
    )
    check_acyclic(desk.books)


def awaited(desk: Desk, mass_mg: int) -> dict[str, int]:
    """What the rules hear of earlier receipts where the lot is born with this mass."""
    effect = desk.book(extract(mass_mg=mass_mg, contained={"Nd": 1}), MINER)
    return effect.awaited


def test_no_receipt_keeps_a_lot_from_being_born() -> None:
    desk = Desk()
    await_lot(desk, "lot:ore", 1000, {"Nd": 150})
    assert awaited(desk, 1) == {"lot:ore": 1000}
    assert desk.lot("lot:ore").mass_mg == 1


def test_receipts_of_one_consignor_add_up_and_those_along_the_way_do_not() -> None:
    desk = Desk()
    await_lot(desk, "lot:ore", 600, {"Nd": 90})
    (first,) = desk.books.records(ProvisionalRecord)
    # Passed on and received again before either shipment was recorded: still the same 600 mg.
    journal = Journal(movement("receive", "event:2"), desk.recording(), 0)
    journal.give("lot:ore", 600, owner=MINER, custodian=MINER, site=MINE, provisional_mg=600)
    journal.post("suspense", lot="lot:ore", mass_mg=-600, custodian=REFINER)
    desk.books.put(replace(first, event_id="event:2", consignor=REFINER, consignee=MINER, entry_index=1))
    desk.index += 1
    assert awaited(desk, 600) == {"lot:ore": 600}


def test_what_awaits_no_shipment_any_more_does_not_count() -> None:
    desk = Desk()
    await_lot(desk, "lot:ore", 1200, {"Nd": 90})
    (first,) = desk.books.records(ProvisionalRecord)
    desk.books.put(replace(first, left_mg=600))
    desk.books.put(replace(first, event_id="event:2", left_mg=600))
    desk.books.put(replace(first, event_id="event:3", settled_at=1, left_mg=0))
    recording = desk.recording(MINER)
    effect = apply_movement(extract(mass_mg=1000), recording, 0)
    assert effect.awaited == {"lot:ore": 1200}


def test_taint_outlives_a_late_birth() -> None:
    desk = Desk()
    desk.books.put(replace(await_lot(desk, "lot:ore", 1000, {"Nd": 150}), tainted_by=7))
    desk.book(extract(), MINER)
    assert desk.lot("lot:ore").tainted_by == 7


# Births that are corrected


def correct(moved: Movement, event_id: str = "event:replacement", **members: Any) -> Movement:
    """The replacement of an event."""
    return replace(moved, event_id=event_id, corrects=moved.event_id, **members)


def test_the_name_of_an_undone_birth_may_be_given_again() -> None:
    desk = Desk()
    desk.book(extract(), MINER)
    undone = desk.lot("lot:ore")
    desk.book(correct(extract(), did_not_occur=True), MINER)
    assert desk.lot("lot:ore").voided_at == 1
    assert desk.refusals(movement("process", "e", inputs=(Line("lot:ore", 1),)), MINER) == [
        "custody.not-holder"
    ]
    desk.book(replace(extract(mass_mg=900), event_id="event:2"), MINER)
    lot = desk.lot("lot:ore")
    assert (lot.mass_mg, lot.voided_at) == (900, None)
    # Nothing was made from it, so what it was made from does not follow it.
    assert lot.node != undone.node
    voided = replace(undone, voided_at=1)
    assert desk.books.records(LotVersionRecord) == [version_of(undone, 1), version_of(voided, 2)]


def test_a_birth_that_is_corrected_after_use_keeps_its_node_and_makes_up_for_the_use() -> None:
    desk = Desk()
    desk.book(extract(contained={"Nd": 150}), MINER)
    first = desk.lot("lot:ore")
    used = movement(
        "process",
        "event:use",
        site=MINE,
        inputs=(Line("lot:ore", 400),),
        outputs=(born("lot:x", 9, {"Nd": 60}),),
    )
    desk.book(used, MINER)
    desk.book(correct(extract(contained={"Nd": 200})), MINER)
    lot = desk.lot("lot:ore")
    assert (lot.node, lot.cells) == (first.node, {("Nd", MINE, "domestic"): 200})
    assert desk.held("lot:ore") == {(MINER, MINER, MINE): 600}
    assert identity(desk.books)["difference"] == {"Nd": 400 * Fraction(200 - 150, 1000)}
    # And once more: what was made up for stays, and the rest is made up for beside it.
    desk.book(
        replace(extract(contained={"Nd": 150}), event_id="event:3", corrects="event:replacement"), MINER
    )
    assert identity(desk.books)["difference"] == {"Nd": 0}
    assert desk.lot("lot:x").cells == {("Nd", MINE, "domestic"): 60}


def test_a_correction_may_not_make_a_lot_out_of_its_own_descendants() -> None:
    desk = Desk()
    desk.book(extract("lot:ore", contained={"Nd": 150}), MINER)
    for source, result in (("lot:ore", "lot:x"), ("lot:x", "lot:y")):
        desk.book(
            movement(
                "process",
                f"event:{result}",
                site=MINE,
                inputs=(Line(source, 100),),
                outputs=(born(result, 300, {"Nd": 15}),),
            ),
            MINER,
        )
    x = movement("process", "event:lot:x", site=MINE, outputs=(born("lot:x", 300, {"Nd": 15}),))
    assert desk.refusals(correct(x, inputs=(Line("lot:y", 50),)), MINER) == ["graph.cycle"]
    desk.book(correct(x, inputs=(Line("lot:ore", 101),)), MINER)
    check_acyclic(desk.books)


@pytest.mark.parametrize(
    ("product", "status", "counted"),
    [("nd-oxide", "counted", 0), ("", "domestic", 5), ("magnet-scrap", "scrap", 0)],
)
def test_what_is_beyond_separation_does_not_count_while_its_birth_is_awaited(
    product: str, status: str, counted: int
) -> None:
    desk = Desk()
    received = movement(
        "receive",
        "event:received",
        inputs=(born("lot:far", 100, {"Nd": 50}, product),),
        custodian_from=MINER,
        shipment="event:sent",
    )
    desk.book(received)
    assert desk.lot("lot:far").cells == {("Nd", "awaited:lot:far", status): 50}
    outputs = (born("lot:use", 10, {"Nd": 5}, "nd-fluoride"),)
    used = movement("process", "event:use", inputs=(Line("lot:far", 10),), outputs=outputs)
    assert desk.book(used).counted_mg == counted
