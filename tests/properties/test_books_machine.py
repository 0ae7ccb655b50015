"""Random histories of goods against a model in plain dictionaries, in memory.

Thousands of histories, valid and invalid: late filing, receipts before shipments and before births, partial
deliveries, refusals, returns, cancellations, pools, and corrections of all of it. At every step the books
accept exactly what the model accepts, a refused statement changes nothing, nothing is negative, and what an
event books sums to zero; at the end of each history the conservation identity holds over everything, the
graph has no cycle, and the same movements recorded again give the same books. The same histories go through
the write path into both databases in ``tests/db/test_books_history.py``.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest
from hypothesis import settings

from ledger.books.apply import apply_movement
from ledger.books.context import Effect, Impossible
from ledger.movements.movement import Movement
from ledger.records.lots import HoldingRecord, PoolRecord, PostingRecord
from ledger.statements.acts.adjust import Adjust
from ledger.statements.acts.base import ActContext
from ledger.statements.registers import Facts, PartyRecord
from tests.support.books import START_US, check_acyclic, check_identity, imbalance
from tests.support.history import POOL
from tests.support.history_corrections import BooksMachine, tell
from tests.support.yard import Yard, everything

TIMES = int(os.environ.get("HISTORIES_TIMES", "1"))
REGULATOR = "urn:firm:regulator"
HISTORIES = 100 * TIMES
"""In each batch of those that hypothesis does not choose."""


@dataclass
class Memory:
    """Books in memory, and what was recorded in them for a replay."""

    yard: Yard = field(default_factory=Yard)
    recorded: list[Callable[[Yard], Any]] = field(default_factory=list)

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
        self.recorded.append(lambda yard: apply_movement(moved, yard.recording(by), 0))
        self.judge(effect)
        return ""

    def adjust(self, lot: str, firm: str, counted_mg: int, *, acceptable: bool) -> str:
        held = self.yard.books.group(HoldingRecord, "lot", lot)
        ((owner, site),) = [(each.owner, each.site) for each in held if each.custodian == firm]
        named = {"lot": lot, "owner": owner, "custodian": firm, "site": site, "counted": counted_mg}
        act = Adjust(reason="inspection", holding=named)
        context, facts = official(self.yard)
        faults = act.content_faults(context, facts)
        if faults:
            return ", ".join(each.code for each in faults)
        adjusted = partial(_adjust, act)
        adjusted(self.yard)
        self.yard.index += 1
        self.recorded.append(adjusted)
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
        for record in self.recorded:
            record(again)
            again.index += 1
        assert everything(again.books) == everything(self.yard.books)


def official(yard: Yard) -> tuple[ActContext, Facts]:
    """A regulator who acts where the yard stands."""
    facts = Facts(books=yard.books)
    facts.put(PartyRecord(REGULATOR, {}, ("regulator",), (), 0, 0))
    at = {"index": yard.index, "recorded_at_us": START_US, "issuer": REGULATOR}
    return ActContext(**at, kid="", statement_hash=b"", origin=""), facts


def _adjust(act: Adjust, yard: Yard) -> None:
    act.take_effect(*official(yard))


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
