"""Pools: feeds, draws and closes; origins of a version, owners' parts, blocked gaps, tolerance."""

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from ledger.books.pools import drawable_cells
from ledger.movements.movement import Line, Movement
from ledger.records.gaps import released
from ledger.records.lots import PoolVersionRecord
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
    identity,
    movement,
)

TOLLER = "https://toller.example/party"
OTHER = "https://other.example/party"
POOL = "https://plant.example/pool/cascade"


def stock(
    desk: Desk, lot: str, contained: dict[str, int], mass_mg: int = 1000, owner: str = "", **m: Any
) -> None:
    """Bears a lot in the plant's hands, out of a mine of its own."""
    out = (born(lot, mass_mg, contained, m.pop("product", "")),)
    desk.book(movement("extract", f"event:{lot}", outputs=out, origin=f"mine:{lot}", owner_to=owner, **m))


def feed(lots: dict[str, int | None], event_id: str = "event:feed", **members: Any) -> Movement:
    members = {"pool": POOL, **members}
    return movement("feed", event_id, inputs=tuple(Line(lot, mass) for lot, mass in lots.items()), **members)


def draw(*outputs: Line, event_id: str = "event:draw", **members: Any) -> Movement:
    return movement("draw", event_id, outputs=outputs, **{"pool": POOL, **members})


def close(measured_mg: dict[str, int], event_id: str = "event:close", **members: Any) -> Movement:
    return movement("close", event_id, measured_mg=measured_mg, **{"pool": POOL, **members})


def filled(**lots: dict[str, int]) -> Desk:
    """A pool into which whole lots of 1,000 mg were fed."""
    desk = Desk()
    for name, contained in lots.items():
        stock(desk, name, contained)
        desk.book(feed({name: 1000}, f"event:feed {name}"))
    return desk


def test_a_feed_opens_the_pool() -> None:
    desk = Desk()
    stock(desk, "a", {"La": 100, "Nd": 300})
    effect = desk.book(feed({"a": 1000}))
    pool = desk.pool(POOL)
    assert (pool.site, pool.custodian, pool.version, pool.opened_at) == (PLANT, REFINER, 1, 1)
    assert pool.cells == {("La", "mine:a", "domestic"): 100, ("Nd", "mine:a", "domestic"): 300}
    assert pool.owners == {REFINER: 400}
    assert pool.closed_us == START_US + DAY_US
    assert (effect.pool_before, effect.pool_after) == ({}, {"La": 100, "Nd": 300})
    assert (effect.contained_in, effect.contained_out) == ({"La": 100, "Nd": 300}, {"La": 100, "Nd": 300})
    assert effect.difference == {}
    assert desk.parents(pool.node) == {desk.lot("a").node}
    assert desk.held("a") == {}


def test_a_feed_keeps_whole_milligrams_and_posts_the_rest() -> None:
    desk = Desk()
    stock(desk, "a", {"Nd": 301})
    stock(desk, "b", {"Nd": 100, "La": 5})
    effect = desk.book(feed({"a": 500, "b": 333}))
    # 150.5 + 33.3 = 183.8 Nd; 1.665 La.
    assert desk.pool(POOL).cells == {
        ("Nd", "mine:a", "domestic"): 150,
        ("Nd", "mine:b", "domestic"): 33,
        ("La", "mine:b", "domestic"): 1,
    }
    assert effect.difference == {"Nd": Fraction(8, 10), "La": Fraction(665, 1000)}
    assert effect.contained_in["Nd"] == Fraction(1838, 10)


def test_a_loss_on_the_way_in_is_not_fed() -> None:
    desk = Desk()
    stock(desk, "a", {"Nd": 300, "La": 100})
    effect = desk.book(feed({"a": 1000}, declared_losses_mg={"": 40, "La": 4}))
    assert effect.lost == {"La": 4 + 10, "Nd": 30}
    assert desk.book(close({"Nd": 270, "La": 86})).gap == {}
    desk = Desk()
    stock(desk, "a", {"Nd": 300})
    effect = desk.book(feed({"a": 1000}, declared_losses_mg={"Nd": 310}))
    assert (desk.pool(POOL).cells, effect.difference) == ({}, {"Nd": -10})


def test_a_draw_has_the_origins_of_the_version_before_it() -> None:
    desk = filled(a={"Nd": 300}, b={"Nd": 100, "La": 400})
    before = desk.pool(POOL)
    effect = desk.book(draw(born("x", 90, {"Nd": 81}, "nd-oxide"), born("y", 90, {"La": 40, "Nd": 2})))
    # 83 of 400 Nd: 62.25 and 20.75, whole 62 and 21; x takes 81 of them.
    assert desk.lot("x").cells == {("Nd", "mine:a", "counted"): 61, ("Nd", "mine:b", "counted"): 20}
    assert desk.lot("y").cells == {
        ("La", "mine:b", "domestic"): 40,
        ("Nd", "mine:a", "domestic"): 1,
        ("Nd", "mine:b", "domestic"): 1,
    }
    pool = desk.pool(POOL)
    assert pool.cells == {
        ("Nd", "mine:a", "domestic"): 238,
        ("Nd", "mine:b", "domestic"): 79,
        ("La", "mine:b", "domestic"): 360,
    }
    assert pool.owners == {REFINER: 800 - 123}
    assert (desk.parents(desk.lot("x").node), desk.parents(desk.lot("y").node)) == ({before.node},) * 2
    assert desk.parents(pool.node) == {before.node}
    assert effect.counted_mg == 81
    assert (effect.contained_in, effect.contained_out) == ({"La": 40, "Nd": 83}, {"La": 40, "Nd": 83})
    assert (effect.pool_before["Nd"], effect.pool_after["Nd"]) == (400, 317)
    assert effect.difference == {}


def test_a_draw_may_declare_a_loss() -> None:
    desk = filled(a={"Nd": 300, "La": 100})
    effect = desk.book(draw(born("x", 90, {"Nd": 100}), declared_losses_mg={"Nd": 20}))
    assert (effect.lost, effect.gain, effect.difference) == ({"Nd": 20}, {}, {})
    assert effect.contained_in == {"Nd": 120}
    assert desk.pool(POOL).cells["Nd", "mine:a", "domestic"] == 180
    # 80 of La and 100 of Nd would be left: a loss of 90 together is spread so.
    effect = desk.book(
        draw(born("y", 90, {"Nd": 80, "La": 20}), event_id="event:2", declared_losses_mg={"": 90})
    )
    assert effect.lost == {"La": 40, "Nd": 50}
    more = draw(born("z", 9, {"Nd": 1}), event_id="event:3", declared_losses_mg={"Nd": 60})
    assert desk.refusals(more) == ["pool.overdrawn"]


@pytest.mark.parametrize(
    ("drawn", "refused"),
    [
        ({"Nd": 10_000}, False),
        ({"Nd": 10_101}, False),
        ({"Nd": 10_102}, True),
        ({"La": 10_000, "Nd": 10_101}, False),
        ({"La": 10_000, "Nd": 10_102}, True),
        # Half a percent of the draw: a twentieth of it is within its assay.
        ({"La": 10_000, "Nd": 10_000, "Dy": 94}, False),
        ({"La": 10_000, "Nd": 10_000, "Dy": 95}, True),
        ({"Dy": 91}, True),
        # None was ever fed: a ten-thousandth of the draw.
        ({"La": 10_000, "Y": 1}, False),
        ({"La": 10_000, "Y": 2}, True),
    ],
)
def test_a_draw_beyond_the_content_is_a_gain_within_tolerance_and_refused_beyond(
    drawn: dict[str, int], refused: bool
) -> None:
    content = {"La": 10_000, "Nd": 10_000, "Dy": 90}
    desk = Desk()
    stock(desk, "a", content, 30_000)
    desk.book(feed({"a": None}))
    moved = draw(born("x", 30_000, drawn))
    if refused:
        assert desk.refusals(moved) == ["pool.overdrawn"]
        return
    effect = desk.book(moved)
    beyond = {element: mass - content.get(element, 0) for element, mass in drawn.items()}
    gain = {element: mass for element, mass in beyond.items() if mass > 0}
    assert effect.gain == gain
    assert effect.difference == {element: -mass for element, mass in gain.items()}
    for element, mass in gain.items():
        assert desk.lot("x").cells[element, "unexplained", "domestic"] == mass
        assert element not in desk.book(close({}, f"event:close {element}")).pool_after


def test_tolerance_is_policy() -> None:
    desk = filled(a={"Nd": 300})
    desk.with_policy(thresholds={**desk.policy.thresholds, "pool.tolerance_share": Fraction(0)})
    assert desk.refusals(draw(born("x", 400, {"Nd": 301}))) == ["pool.overdrawn"]
    desk.book(draw(born("x", 400, {"Nd": 300})))


def test_a_close_writes_off_what_is_missing() -> None:
    desk = filled(a={"Nd": 300, "La": 20}, b={"Nd": 100})
    effect = desk.book(close({"Nd": 360}, event_time_us=START_US + 5 * DAY_US))
    assert effect.gap == {"Nd": 40, "La": 20}
    assert effect.difference == {"Nd": 40, "La": 20}
    pool = desk.pool(POOL)
    assert pool.cells == {("Nd", "mine:a", "domestic"): 270, ("Nd", "mine:b", "domestic"): 90}
    assert (pool.owners, pool.blocked, pool.closed_us) == ({REFINER: 360}, {}, START_US + 5 * DAY_US)
    assert (effect.pool_before, effect.pool_after) == ({"Nd": 400, "La": 20}, {"Nd": 360})
    versions = desk.books.group(PoolVersionRecord, "node", pool.node)
    assert [(version.version, version.change) for version in versions] == [(3, "close")]
    desk.book(close({"Nd": 360}, "event:2", event_time_us=START_US))
    assert desk.pool(POOL).closed_us == START_US + 5 * DAY_US


def test_a_positive_gap_may_not_be_drawn_before_it_is_released() -> None:
    desk = filled(a={"Nd": 300})
    effect = desk.book(close({"Nd": 350, "La": 9}))
    assert effect.gap == {"Nd": -50, "La": -9}
    pool = desk.pool(POOL)
    assert pool.cells == {
        ("Nd", "mine:a", "domestic"): 300,
        ("Nd", "unexplained", "domestic"): 50,
        ("La", "unexplained", "domestic"): 9,
    }
    assert (pool.blocked, pool.owners) == ({"Nd": 50, "La": 9}, {REFINER: 359})
    assert drawable_cells(pool) == {("Nd", "mine:a", "domestic"): 300}
    assert desk.refusals(draw(born("x", 400, {"Nd": 304}))) == ["pool.overdrawn"]
    assert desk.refusals(draw(born("x", 400, {"La": 9}))) == ["pool.overdrawn"]
    effect = desk.book(draw(born("x", 400, {"Nd": 303})))
    assert effect.gain == {"Nd": 3}
    assert desk.pool(POOL).blocked == {"Nd": 50, "La": 9}
    assert desk.refusals(draw(born("y", 400, {"Nd": 1}), event_id="event:2")) == ["pool.overdrawn"]
    desk.books.put(released(desk.pool(POOL), {"Nd": 30, "La": 900, "Y": 4}))
    assert desk.pool(POOL).blocked == {"Nd": 20}
    desk.book(draw(born("y", 400, {"Nd": 30, "La": 9}), event_id="event:2"))
    assert desk.lot("y").cells == {
        ("Nd", "unexplained", "domestic"): 30,
        ("La", "unexplained", "domestic"): 9,
    }


def test_overstated_closes_mint_no_stock() -> None:
    """A plant that overstates each close, month by month, still draws no more than it fed."""
    desk = filled(a={"Nd": 10_000})
    for month in range(3):
        desk.book(close({"Nd": 11_000 + 1000 * month}, f"event:close {month}"))
    desk.book(draw(born("x", 20_000, {"Nd": 10_000})))
    assert desk.refusals(draw(born("y", 2000, {"Nd": 1}), event_id="event:2")) == ["pool.overdrawn"]


def test_a_gap_the_other_way_takes_the_blocked_part_first() -> None:
    desk = filled(a={"Nd": 300})
    desk.book(close({"Nd": 350}))
    effect = desk.book(close({"Nd": 320}, "event:2"))
    assert effect.gap == {"Nd": 30}
    assert desk.pool(POOL).blocked == {"Nd": 20}
    assert desk.pool(POOL).cells["Nd", "mine:a", "domestic"] == 300
    desk.book(close({"Nd": 290}, "event:3"))
    assert (desk.pool(POOL).blocked, desk.pool(POOL).cells) == ({}, {("Nd", "mine:a", "domestic"): 290})


def test_an_emptied_pool_can_be_found_not_to_be_empty() -> None:
    desk = filled(a={"Nd": 300})
    desk.book(draw(born("x", 400, {"Nd": 300})))
    assert desk.pool(POOL).owners == {}
    desk.book(close({"Nd": 5}))
    pool = desk.pool(POOL)
    assert (pool.cells, pool.owners) == ({("Nd", "unexplained", "domestic"): 5}, {REFINER: 5})
    desk.book(close({"La": 7}, "event:2"))
    assert (desk.pool(POOL).blocked, desk.pool(POOL).owners) == ({"La": 7}, {REFINER: 7})


def test_versions_are_a_chain_in_the_graph() -> None:
    desk = filled(a={"Nd": 300}, b={"Nd": 300})
    desk.book(draw(born("x", 400, {"Nd": 100})))
    desk.book(feed({"x": 400}, "event:rework"))
    desk.book(close({"Nd": 600}))
    versions = sorted(desk.books.records(PoolVersionRecord), key=lambda version: version.version)
    assert [version.change for version in versions] == ["feed", "feed", "draw", "feed", "close"]
    for before, after in pairwise(versions):
        assert before.node in desk.parents(after.node)
    assert desk.parents(versions[3].node) == {versions[2].node, desk.lot("x").node}
    check_acyclic(desk.books)


def test_rework_draws_no_quota_twice() -> None:
    desk = filled(a={"Nd": 300})
    assert desk.book(draw(born("x", 400, {"Nd": 100}, "nd-oxide"))).counted_mg == 100
    desk.book(feed({"x": 400}, "event:rework"))
    # A third of the content is counted already.
    assert desk.book(draw(born("y", 400, {"Nd": 150}, "nd-oxide"), event_id="event:2")).counted_mg == 100


def test_taint_goes_through_a_pool_until_it_is_empty() -> None:
    desk = filled(a={"Nd": 300})
    stock(desk, "b", {"Nd": 100})
    desk.books.put(replace(desk.lot("b"), tainted_by=6))
    desk.book(feed({"b": 10}, "event:2"))
    assert desk.pool(POOL).tainted_by == 6
    desk.book(draw(born("x", 400, {"Nd": 301})))
    assert (desk.lot("x").tainted_by, desk.pool(POOL).tainted_by) == (6, None)


# Owners


def shared() -> Desk:
    """300 of the toller's and 100 of the refiner's in one pool."""
    desk = Desk()
    stock(desk, "own", {"Nd": 10_000}, 20_000)
    stock(desk, "foreign", {"Nd": 30_000}, 40_000, owner=TOLLER)
    desk.book(feed({"own": None, "foreign": None}))
    return desk


def test_a_pool_keeps_its_content_by_owner() -> None:
    desk = shared()
    assert desk.pool(POOL).owners == {REFINER: 10_000, TOLLER: 30_000}
    desk.book(draw(born("x", 20_000, {"Nd": 20_000}), owner_to=TOLLER))
    assert desk.pool(POOL).owners == {REFINER: 10_000, TOLLER: 10_000}
    assert desk.held("x") == {(TOLLER, REFINER, PLANT): 20_000}
    # Both bear what a close finds missing.
    desk.book(close({"Nd": 19_000}))
    assert desk.pool(POOL).owners == {REFINER: 9_500, TOLLER: 9_500}


def test_a_draw_from_a_shared_pool_needs_an_owner() -> None:
    assert shared().refusals(draw(born("x", 20, {"Nd": 20}))) == ["owner.ambiguous"]


def test_nobody_draws_what_is_anothers() -> None:
    desk = shared()
    assert desk.refusals(draw(born("x", 20_000, {"Nd": 10_102}), owner_to=REFINER)) == ["pool.overdrawn"]
    assert desk.refusals(draw(born("x", 20_000, {"Nd": 1}), owner_to=OTHER)) == ["pool.overdrawn"]
    desk.book(draw(born("x", 20_000, {"Nd": 10_101}), owner_to=REFINER))
    assert desk.pool(POOL).owners == {TOLLER: 30_000 - 101}
    desk.book(draw(born("y", 40_000, {"Nd": 29_899}), event_id="event:2"))
    assert desk.held("y") == {(TOLLER, REFINER, PLANT): 40_000}


def test_a_sole_owner_is_not_passed_over() -> None:
    desk = filled(a={"Nd": 300})
    assert desk.refusals(draw(born("x", 20, {"Nd": 20}), owner_to=OTHER)) == ["pool.overdrawn"]


# Places and names


@pytest.mark.parametrize("kind", ["feed", "draw", "close"])
def test_a_pool_stays_at_its_site_and_with_its_custodian(kind: str) -> None:
    desk = filled(a={"Nd": 300})
    stock(desk, "b", {"Nd": 100}, site=MINE)
    moved = {"feed": feed({"b": 10}), "draw": draw(born("x", 9, {"Nd": 9})), "close": close({"Nd": 300})}[
        kind
    ]
    assert desk.refusals(replace(moved, site=MINE)) == ["pool.site"]
    assert desk.refusals(replace(moved, site="")) == ["pool.site"]
    assert desk.refusals(moved, OTHER) == ["custody.not-holder"]
    assert desk.refusals(replace(moved, custodian_from=REFINER), OTHER) == ["custody.not-holder"]


@pytest.mark.parametrize("pool", ["", "https://plant.example/pool/none"])
def test_an_unknown_pool_gives_nothing(pool: str) -> None:
    desk = filled(a={"Nd": 300})
    assert desk.refusals(draw(born("x", 9, {"Nd": 9}), pool=pool)) == ["custody.not-holder"]
    assert desk.refusals(close({"Nd": 9}, pool=pool)) == ["custody.not-holder"]


def test_a_feed_names_its_pool_and_takes_what_is_there() -> None:
    desk = Desk()
    stock(desk, "a", {"Nd": 300})
    assert desk.refusals(feed({"a": 10}, pool="")) == ["pool.unnamed"]
    assert desk.refusals(feed({"a": 1011})) == ["balance.overdrawn"]
    assert desk.refusals(feed({"q": 1})) == ["custody.not-holder"]
    assert desk.refusals(feed({"a": 10}, owner_from=TOLLER)) == ["custody.not-holder"]


@pytest.mark.parametrize(
    ("output", "code"),
    [
        (born("a", 9, {"Nd": 4}), "lot.exists"),
        (Line("x", 9), "composition.required"),
        (replace(born("x", 9, {"Nd": 4}), mass_mg=None), "lot.massless"),
    ],
)
def test_draws_that_bear_nothing(output: Line, code: str) -> None:
    assert filled(a={"Nd": 300}).refusals(draw(output)) == [code]


def test_two_pools_do_not_mix() -> None:
    desk = filled(a={"Nd": 300})
    stock(desk, "b", {"Nd": 100})
    desk.book(feed({"b": 1000}, "event:2", pool="pool:other"))
    assert desk.refusals(draw(born("x", 900, {"Nd": 150}), pool="pool:other")) == ["pool.overdrawn"]
    assert identity(desk.books)["pool"] == {"Nd": 400}


# Who signs for whom


def run(desk: Desk, signer: str) -> list[tuple[Any, ...]]:
    """A pool is fed, drawn and closed, with losses and rests; gives the lines but for who signed."""
    stock(desk, "a", {"Nd": 301})
    said = {} if signer == REFINER else {"custodian_from": REFINER}
    effects = [
        desk.book(feed({"a": 500}, declared_losses_mg={"Nd": 10}, **said), signer),
        desk.book(draw(born("x", 90, {"Nd": 81}), declared_losses_mg={"Nd": 2}, **said), signer),
        desk.book(close({"Nd": 50}, **said), signer),
    ]
    return [
        (line.account, line.custodian, line.site, line.pool, line.lot, line.mass_mg, line.contained)
        for effect in effects
        for line in effect.postings
    ]


@pytest.mark.parametrize("entitled", ["delegate", "successor"])
def test_what_others_sign_for_a_plant_is_booked_to_the_plant(entitled: str) -> None:
    desk = Desk()
    if entitled == "delegate":
        desk.books.put(DelegationRecord(REFINER, OTHER, START_US, None, 0))
    else:
        desk.books.put(MergerRecord(REFINER, OTHER, START_US, 0))
    lines = run(desk, OTHER)
    assert {line[1:3] for line in lines} == {(REFINER, PLANT)}
    assert {line[0] for line in lines} == {"holding", "pool", "lost", "difference"}
    assert lines == run(Desk(), REFINER)
    assert desk.pool(POOL).custodian == REFINER


def test_who_is_not_entitled_signs_nothing_for_a_plant() -> None:
    desk = filled(a={"Nd": 300})
    stock(desk, "b", {"Nd": 300})
    for moved in (feed({"b": 1}, "event:2"), draw(born("x", 9, {"Nd": 1})), close({"Nd": 1})):
        said = replace(moved, custodian_from=REFINER)
        assert desk.refusals(said, OTHER) == ["custody.not-holder"]
    desk.books.put(DelegationRecord(REFINER, TOLLER, START_US, None, 0))
    assert desk.refusals(replace(feed({"b": 1}), custodian_from=REFINER), OTHER) == ["custody.not-holder"]
    assert desk.refusals(feed({"b": 1}), TOLLER) == ["custody.not-holder"]


@pytest.mark.parametrize("signer", [REFINER, OTHER])
def test_an_undone_feed_is_made_up_for_where_the_plant_is(signer: str) -> None:
    desk = Desk()
    desk.books.put(DelegationRecord(REFINER, OTHER, START_US, None, 0))
    received = (born("far", 100, {"Nd": 50}),)
    desk.book(movement("receive", "event:1", inputs=received, custodian_from=TOLLER, shipment="event:sent"))
    said = {} if signer == REFINER else {"custodian_from": REFINER}
    desk.book(feed({"far": 40}, "event:2", **said), signer)
    desk.book(movement("extract", "event:3", outputs=(born("far", 100, {"Nd": 70}),), site=MINE), MINER)
    undone = replace(feed({"far": 40}, "event:2", **said), corrects="event:2", did_not_occur=True)
    lines = desk.book(undone, signer).postings
    assert {(line.custodian, line.site) for line in lines} == {(REFINER, PLANT)}
    assert [line.contained for line in lines if line.account == "difference"] == [{"Nd": "-8"}]


# Corrections


def test_a_feed_that_is_undone_takes_back_what_its_lot_was_worth_then_and_gives_what_it_is_worth_now() -> (
    None
):
    desk = Desk()
    received = (born("far", 100, {"Nd": 50}),)
    moved = movement("receive", "event:1", inputs=received, custodian_from=OTHER, shipment="event:sent")
    desk.book(moved)
    desk.book(feed({"far": 40}, "event:2"))
    stock(desk, "far", {"Nd": 70}, 100)
    assert identity(desk.books)["difference"] == {"Nd": 40 * Fraction(70 - 50, 100)}
    desk.book(replace(feed({"far": 40}, "event:2"), corrects="event:2", did_not_occur=True))
    assert desk.pool(POOL).cells == {}
    assert identity(desk.books)["difference"] == {"Nd": 0}


def test_undoing_a_feed_may_not_lay_hands_on_a_blocked_gap() -> None:
    """Feed what is not there, draw it, overstate the close, undo the feed: the gap may not cover the draw."""
    desk = filled(a={"Nd": 100})
    stock(desk, "b", {"Nd": 300})
    desk.book(feed({"b": 1000}, "event:feed b"))
    desk.book(draw(born("x", 400, {"Nd": 120})))
    desk.book(close({"Nd": 580}))
    undone = replace(feed({"b": 1000}, "event:feed b"), corrects="event:feed b", did_not_occur=True)
    assert desk.refusals(undone) == ["correction.negative"]
    less = replace(feed({"b": 60}, "event:c"), corrects="event:feed b")
    assert desk.refusals(less) == ["correction.negative"]
    desk.book(replace(less, inputs=(Line("b", 67),)))
    pool = desk.pool(POOL)
    assert pool.blocked == {"Nd": 300}
    assert sum(drawable_cells(pool).values()) == 0
