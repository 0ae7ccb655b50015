"""How much work a walk is around a pool that was emptied often: its versions are looked through once."""

import pytest

from ledger.provenance.borne import uses_behind
from ledger.provenance.graph import walk
from ledger.provenance.subjects import books_of, find_lot
from ledger.store.books_tables import BOOKS
from tests.properties.test_flows import stored
from tests.support.books import KG, REFINER, born
from tests.support.busy import BusyYard
from tests.support.history import POOL


def emptied(times: int) -> BusyYard:
    """A pool is fed a kilogram and drawn empty, so many times; all that was drawn is mixed."""
    yard = BusyYard()
    yard.extract("urn:ore", times * KG)
    yard.receive({"urn:ore": times * KG}, "urn:never:sent")
    for number in range(times):
        yard.do("feed", {"urn:ore": KG}, REFINER, pool=POOL, process="separation")
        drawn = (born(f"urn:drawn:{number}", KG, {"Nd": 300_000, "Pr": 100_000}),)
        yard.do("draw", by=REFINER, pool=POOL, process="separation", outputs=drawn)
    lots: dict[str, int | None] = {f"urn:drawn:{number}": KG for number in range(times)}
    yard.do("process", lots, REFINER, outputs=(born("urn:mixed", KG, {"Nd": 300_000}),))
    assert not yard.pool(POOL).owners
    return yard


def steps(times: int, question: str) -> int:
    """The steps of SQLite's machine that an answer takes."""
    with stored(emptied(times).books, BOOKS) as connection:
        connection.exec_driver_sql("CREATE INDEX by_node ON lots (node)")
        books = books_of(connection)
        ore, mixed = find_lot(books, "urn:ore"), find_lot(books, "urn:mixed")
        taken = 0

        def count() -> int:
            nonlocal taken
            taken += 1
            return 0

        connection.connection.driver_connection.set_progress_handler(count, 10)
        if question == "uses":
            assert len(uses_behind(connection, mixed.nodes)) == times
        elif question == "upstream":
            assert walk(connection, mixed.nodes, "upstream").size == 2 * times + 2
        else:
            assert walk(connection, ore.nodes, "downstream").size == 3 * times + 2
        connection.connection.driver_connection.set_progress_handler(None, 10)
    return taken


@pytest.mark.parametrize("question", ["upstream", "downstream", "uses"])
def test_the_work_of_a_walk_grows_with_the_pool_and_not_with_its_square(question: str) -> None:
    assert steps(600, question) < 2.5 * steps(300, question)
