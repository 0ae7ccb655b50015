"""A pool's taint is that of what it holds: however it was emptied, and whatever of it was taken back."""

from collections.abc import Callable

import pytest

from ledger.records.taint import taint
from ledger.statements.acts.adjust import adjust_pool
from ledger.statements.acts.base import ActContext
from tests.support.books import KG, REFINER, START_US, born
from tests.support.yard import REO, Yard

POOL = "https://plant.example/pool/1"
BAD, WORSE, GOOD = "urn:lot:bad", "urn:lot:worse", "urn:lot:good"


@pytest.fixture
def yard() -> Yard:
    """Three lots, of which two were found to be illegal product."""
    made = Yard()
    for lot in (BAD, WORSE, GOOD):
        made.extract(lot, 4 * KG, by=REFINER)
    for lot, reason in ((BAD, 70), (WORSE, 60)):
        taint(made.books, made.lot(lot).node, reason)
    return made


def feed(yard: Yard, lot: str) -> str:
    return yard.do("feed", {lot: KG}, REFINER, pool=POOL, process="sx")


def draw(yard: Yard, name: str, kilograms: int = 1) -> str:
    line = born(f"urn:lot:{name}", KG, {element: part * kilograms for element, part in REO.items()})
    return yard.do("draw", by=REFINER, pool=POOL, process="sx", outputs=(line,))


def mark(yard: Yard) -> int | None:
    return yard.pool(POOL).tainted_by


def close_at_nothing(yard: Yard) -> None:
    yard.do("close", by=REFINER, pool=POOL, measured_mg={"Nd": 0})


def adjust_to_nothing(yard: Yard) -> None:
    context = ActContext(yard.index, START_US, "https://regulator.example/", "kid", b"", "log")
    adjust_pool(yard.books, yard.pool(POOL), {"Nd": 0, "Pr": 0}, context)
    yard.index += 1


@pytest.mark.parametrize("empty", [lambda yard: draw(yard, "all"), close_at_nothing, adjust_to_nothing])
def test_however_it_is_emptied_what_comes_after_is_clean(yard: Yard, empty: Callable[[Yard], object]) -> None:
    feed(yard, BAD)
    assert mark(yard) == 70
    empty(yard)
    assert (mark(yard), dict(yard.pool(POOL).cells)) == (None, {})
    feed(yard, GOOD)
    draw(yard, "clean")
    assert (mark(yard), yard.lot("urn:lot:clean").tainted_by) == (None, None)


def test_a_pool_that_still_holds_something_stays_tainted(yard: Yard) -> None:
    feed(yard, BAD)
    yard.do("close", by=REFINER, pool=POOL, measured_mg={"Nd": 1})
    feed(yard, GOOD)
    assert mark(yard) == 70


@pytest.mark.parametrize(
    ("before", "left"), [([], None), ([GOOD], None), ([WORSE], 60), ([GOOD, WORSE], 60), ([BAD], 70)]
)
def test_without_a_feed_the_mark_is_that_of_the_others(
    yard: Yard, before: list[str], left: int | None
) -> None:
    for lot in before:
        feed(yard, lot)
    wrong = feed(yard, BAD)
    yard.undo(wrong, REFINER)
    assert mark(yard) == left
    feed(yard, GOOD)
    draw(yard, "next")
    assert yard.lot("urn:lot:next").tainted_by == left


def test_a_clean_feed_that_did_not_occur_changes_no_mark(yard: Yard) -> None:
    feed(yard, WORSE)
    wrong = feed(yard, GOOD)
    feed(yard, BAD)
    yard.undo(wrong, REFINER)
    assert mark(yard) == 60


def test_what_was_fed_before_the_pool_was_last_empty_counts_no_more(yard: Yard) -> None:
    feed(yard, WORSE)
    draw(yard, "all")
    feed(yard, GOOD)
    wrong = feed(yard, BAD)
    yard.undo(wrong, REFINER)
    assert mark(yard) is None


def test_a_feed_that_is_replaced_by_a_clean_one_leaves_no_mark(yard: Yard) -> None:
    wrong = feed(yard, BAD)
    yard.do("feed", {GOOD: KG}, REFINER, pool=POOL, process="sx", corrects=wrong)
    assert mark(yard) is None


@pytest.mark.parametrize(("after", "left"), [([], 70), ([GOOD], 70), ([WORSE], 60)])
def test_tainted_goods_that_come_back_into_an_empty_pool_taint_it_again(
    yard: Yard, after: list[str], left: int
) -> None:
    feed(yard, BAD)
    wrong = draw(yard, "all")
    assert mark(yard) is None
    for lot in after:
        feed(yard, lot)
    yard.undo(wrong, REFINER)
    assert mark(yard) == left
    draw(yard, "again", 1 + len(after))
    assert (yard.lot("urn:lot:again").tainted_by, mark(yard)) == (left, None)


def test_a_draw_of_a_part_that_did_not_occur_changes_no_mark(yard: Yard) -> None:
    feed(yard, GOOD)
    part = born("urn:lot:part", KG, {"Nd": 1_000})
    wrong = yard.do("draw", by=REFINER, pool=POOL, process="sx", outputs=(part,))
    yard.undo(wrong, REFINER)
    assert mark(yard) is None
    feed(yard, BAD)
    assert mark(yard) == 70


def found(yard: Yard, lot: str, reason: int) -> None:
    """An authority finds a lot to be illegal product, after what was made of it."""
    yard.books.begin()
    taint(yard.books, yard.lot(lot).node, reason, thorough=True)
    yard.books.commit()


@pytest.mark.parametrize("empty", [lambda yard: draw(yard, "all"), close_at_nothing, adjust_to_nothing])
def test_what_is_found_later_marks_nothing_that_was_fed_once_it_was_gone(
    yard: Yard, empty: Callable[[Yard], object]
) -> None:
    feed(yard, GOOD)
    part = born("urn:lot:part", KG, {"Nd": 1_000})
    yard.do("draw", by=REFINER, pool=POOL, process="sx", outputs=(part,))
    empty(yard)
    yard.extract("urn:lot:new", by=REFINER)
    feed(yard, "urn:lot:new")
    draw(yard, "clean")
    yard.extract("urn:lot:newer", by=REFINER)
    feed(yard, "urn:lot:newer")
    found(yard, GOOD, 80)
    assert (yard.lot("urn:lot:part").tainted_by, yard.lot("urn:lot:clean").tainted_by) == (80, None)
    assert mark(yard) is None


def test_what_is_found_later_marks_the_pool_that_still_holds_some_of_it(yard: Yard) -> None:
    feed(yard, GOOD)
    yard.do("close", by=REFINER, pool=POOL, measured_mg={"Nd": 1})
    yard.extract("urn:lot:new", by=REFINER)
    feed(yard, "urn:lot:new")
    found(yard, GOOD, 80)
    assert mark(yard) == 80


def test_what_is_found_later_marks_what_a_correction_put_back(yard: Yard) -> None:
    feed(yard, GOOD)
    wrong = draw(yard, "all")
    yard.undo(wrong, REFINER)
    found(yard, GOOD, 80)
    assert mark(yard) == 80
    draw(yard, "again")
    assert (yard.lot("urn:lot:again").tainted_by, mark(yard)) == (80, None)
