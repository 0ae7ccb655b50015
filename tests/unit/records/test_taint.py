"""Marking illegal product: everything that was made of it, and no walk behind marks that are there."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.records.books import Books
from ledger.records.lots import EdgeRecord, LotRecord, PoolRecord, PoolVersionRecord
from ledger.records.taint import taint

CELLS = {("Nd", "mine", "domestic"): 1}
ORE = 1


class Counting(Books):
    """Books that count how often they are asked for a group."""

    asked = 0

    def group(self, *args: Any) -> list[Any]:
        self.asked += 1
        return super().group(*args)


def lot(node: int, tainted_by: int | None = None) -> LotRecord:
    return LotRecord(
        f"lot-{node}", node, node, 0, "plant", "here", 0, "draw", "nd-oxide", "ore", 1, CELLS, {}, "", 1,
        tainted_by=tainted_by,
    )  # fmt: skip


def pool_of(versions: int, marked_from: int | None) -> Counting:
    """A lot ``ORE`` that was fed to a pool, of which each version but the last was drawn from once.

    The versions are the nodes 100, 101, ...; what is drawn of 100 is the node 1100. From version
    ``marked_from`` on, the pool and what is drawn of it has the mark 7.
    """
    books = Counting()
    books.put(lot(ORE))
    books.put(EdgeRecord(100, ORE, 100))
    mark = None if marked_from is None else 7
    last = 100 + versions - 1
    books.put(PoolRecord("pool", "here", "plant", versions, last, CELLS, {}, {}, 0, 0, mark))
    for node in range(100, last + 1):
        books.put(PoolVersionRecord("pool", node - 99, node, node, 0, 0, "draw", CELLS))
        if node > 100:
            books.put(EdgeRecord(node, node - 1, node))
            drawn = lot(999 + node, mark if marked_from is not None and node > 100 + marked_from else None)
            books.put(drawn)
            books.put(EdgeRecord(drawn.node, node - 1, node))
    return books


def marks(books: Books) -> dict[int, int | None]:
    return {each.node: each.tainted_by for each in books.records(LotRecord)}


def test_all_that_was_drawn_since_is_marked_with_the_pool() -> None:
    books = pool_of(6, None)
    taint(books, ORE, 50)
    assert set(marks(books).values()) == {50}
    assert [pool.tainted_by for pool in books.records(PoolRecord)] == [50]


def test_what_was_drawn_before_the_pool_was_marked_is_marked_and_earlier_marks_stay() -> None:
    books = pool_of(8, 3)
    taint(books, ORE, 50)
    assert marks(books) == {ORE: 50} | {1100 + each: 50 if each < 3 else 7 for each in range(7)}


def test_the_walk_ends_where_the_pool_was_marked_already() -> None:
    asked = []
    for versions in (10, 1000):
        books = pool_of(versions, 0)
        before = books.asked
        taint(books, ORE, 50)
        asked.append(books.asked - before)
        assert marks(books)[ORE] == 50
    assert asked[0] == asked[1] < 10


def test_the_walk_ends_at_a_lot_that_is_marked() -> None:
    books = pool_of(5, None)
    books.put(replace(lot(2), tainted_by=7))
    books.put(EdgeRecord(2, ORE, 2))
    books.put(lot(3))
    books.put(EdgeRecord(3, 2, 3))
    taint(books, ORE, 50)
    assert (marks(books)[2], marks(books)[3]) == (7, None)
    taint(books, ORE, 50, thorough=True)
    assert (marks(books)[2], marks(books)[3]) == (7, 50)


@pytest.mark.parametrize("own", [7, 8])
def test_a_draw_that_is_illegal_by_itself_does_not_end_the_walk(own: int) -> None:
    books = pool_of(5, None)
    books.put(replace(lot(1101), tainted_by=own))
    books.put(replace(books.records(PoolRecord)[0], tainted_by=9))
    taint(books, ORE, 50)
    assert marks(books) == {ORE: 50, 1100: 50, 1101: own, 1102: 50, 1103: 50}
