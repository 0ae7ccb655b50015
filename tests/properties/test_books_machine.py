"""Random histories of goods against a model in plain dictionaries, in memory.

Thousands of histories, valid and invalid: late filing, receipts before shipments and before births, partial
deliveries, refusals, returns, cancellations, pools, and corrections of all of it. At every step the books
accept exactly what the model accepts, a refused statement changes nothing, nothing is negative, and what an
event books sums to zero; at the end of each history the conservation identity holds over everything, the
graph has no cycle, and the same movements recorded again give the same books. The same histories go through
the write path into both databases in ``tests/db/test_books_history.py``.
"""

import os
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings

from ledger.books.apply import apply_movement
from ledger.books.context import Effect, Impossible
from ledger.movements.movement import Movement
from ledger.records.lots import HoldingRecord, PoolRecord, PostingRecord
from tests.support.books import check_acyclic, check_identity, imbalance
from tests.support.history import POOL
from tests.support.history_corrections import BooksMachine, tell
from tests.support.yard import Yard, everything

TIMES = int(os.environ.get("HISTORIES_TIMES", "1"))
HISTORIES = 100 * TIMES
"""In each batch of those that hypothesis does not choose."""


@dataclass
class Memory:
    """Books in memory, and what was recorded in them for a replay."""

    yard: Yard = field(default_factory=Yard)
    recorded: list[tuple[Movement, str]] = field(default_factory=list)

    def said(self, kind: str, lines: dict[str, int | None], by: str, **said: Any) -> Movement:
        return self.yard.said(kind, lines, by, **said)

    def record(self, moved: Movement, by: str, *, acceptable: bool) -> str:
        books = self.yard.books
        before = [] if acceptable else everything(books)
        books.begin()
        recording = self.yard.recording(by)
        try:
            effect = apply_movement(moved, recording, 0)
        except Impossible as error:
            books.rollback()
            assert acceptable or everything(books) == before
            return str(error)
        books.commit()
        assert not recording.correcting
        self.yard.index += 1
        self.recorded.append((moved, by))
        self.judge(effect)
        return ""

    def judge(self, effect: Effect) -> None:
        """What must hold after an event: its lines sum to zero, and what it touched is not negative."""
        books = self.yard.books
        assert imbalance(effect, books) == {}
        for line in effect.postings:
            if line.account == "holding":
                found = books.get(HoldingRecord, line.lot, line.owner, line.custodian, line.site)
                assert found is not None
                assert 0 <= found.provisional_mg <= found.mass_mg
            elif line.account == "pool":
                pool = books.get(PoolRecord, line.pool)
                assert pool is not None
                assert all(mass > 0 for mass in (*pool.cells.values(), *pool.owners.values()))

    def held(self) -> dict[tuple[str, str], int]:
        held: dict[tuple[str, str], int] = {}
        for holding in self.yard.books.records(HoldingRecord):
            if holding.mass_mg:
                key = (holding.lot, holding.custodian)
                held[key] = held.get(key, 0) + holding.mass_mg
        return held

    def posted(self) -> dict[str, dict[str, int]]:
        sums: dict[str, dict[str, int]] = {}
        for line in self.yard.books.records(PostingRecord):
            if line.lot:
                lots = sums.setdefault(line.account, {})
                lots[line.lot] = lots.get(line.lot, 0) + line.mass_mg
        return sums

    def pooled(self) -> dict[str, int]:
        pool = self.yard.books.get(PoolRecord, POOL)
        contained: dict[str, int] = {}
        for (element, _, _), mass in (pool.cells if pool else {}).items():
            contained[element] = contained.get(element, 0) + mass
        return contained

    def finish(self) -> None:
        check_identity(self.yard.books)
        check_acyclic(self.yard.books)
        again = Yard()
        for moved, by in self.recorded:
            apply_movement(moved, again.recording(by), 0)
            again.index += 1
        assert everything(again.books) == everything(self.yard.books)


class MemoryMachine(BooksMachine):
    def __init__(self) -> None:
        super().__init__(Memory())


class TestBooksHoldAgainstAModel(MemoryMachine.TestCase):
    """Histories that hypothesis chooses, and shrinks where one fails."""

    settings = settings(max_examples=120 * TIMES, stateful_step_count=30, deadline=None)


@pytest.mark.parametrize("batch", range(10))
def test_a_hundred_histories(batch: int) -> None:
    """The same rules without hypothesis' engine, ten times as many histories in the same time."""
    for number in range(HISTORIES):
        tell(MemoryMachine(), batch * 1_000_000 + number, steps=40)
