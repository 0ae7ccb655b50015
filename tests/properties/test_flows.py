"""Flows of mass over random histories: nothing is lost on the way, and the mines have their shares.

The histories are those of ``test_books_machine``: late births, pools, corrections of all of it.
"""

from fractions import Fraction

import pytest
from hypothesis import settings

from ledger.provenance.answers import Subject, Viewer, find_lot, find_pool
from ledger.provenance.flows import Flows, upstream
from ledger.provenance.origins import resolve
from ledger.provenance.spread import downstream
from ledger.records.books import Books
from ledger.records.lots import LotRecord, PoolRecord
from tests.properties.test_books_machine import HISTORIES, TIMES, Memory
from tests.support.history_corrections import BooksMachine, tell


def check_flows(books: Books) -> int:
    """Checks the flow to every lot and pool of some books; gives how many there were."""
    lots = [lot for lot in books.records(LotRecord) if lot.voided_at is None]
    subjects = [find_lot(books, lot.lot) for lot in lots]
    subjects += [find_pool(books, pool.pool) for pool in books.records(PoolRecord)]
    for subject in subjects:
        for element in ("Nd", None):
            check_flow(books, subject, element)
            check_spread(books, subject, element)
    return len(subjects)


def check_flow(books: Books, subject: Subject, element: str | None) -> None:
    flows = upstream(books, subject, element)
    assert not flows.truncated
    expected: dict[str, Fraction] = {}
    for (symbol, origin, _), mass in resolve(subject.cells, books).items():
        if element in (None, symbol):
            expected[origin] = expected.get(origin, Fraction(0)) + mass
    found = {name: mass for (kind, name), mass in flows.masses.items() if kind == "origin"}
    assert set(found) <= set(expected)
    for origin, mass in expected.items():
        if mass.denominator == 1:
            assert abs(found.get(origin, 0) - mass) <= (0 if whole(expected) else 1), origin
        else:
            assert abs(found.get(origin, 0) - mass) < 1 + len(subject.cells), origin
    assert sum(found.values()) == sum(expected.values()) == flows.masses[flows.subject]
    check_balance(flows)


def check_spread(books: Books, subject: Subject, element: str | None) -> None:
    """What goes out of a subject is what it contains, and all of it ends somewhere."""
    flows = downstream(books, subject, element, Viewer("urn:authority", True))
    assert not flows.truncated
    contained = sum(mass for (symbol, _, _), mass in subject.cells.items() if element in (None, symbol))
    assert flows.masses[flows.subject] == contained
    entering: dict[tuple[str, str], int] = {}
    leaving: dict[tuple[str, str], int] = {}
    for (source, target), mass in flows.links.items():
        assert mass > 0
        leaving[source] = leaving.get(source, 0) + mass
        entering[target] = entering.get(target, 0) + mass
    ended = 0
    for node, mass in flows.masses.items():
        if node[0] in ("lot", "pool"):
            begun = contained if node == flows.subject else 0
            assert entering.get(node, 0) + begun == leaving.get(node, 0), node
        else:
            ended += mass
            assert node not in leaving
    assert ended == contained


def whole(masses: dict[str, Fraction]) -> bool:
    return all(mass.denominator == 1 for mass in masses.values())


def check_balance(flows: Flows) -> None:
    """What comes into a node goes out of it: but for the origins and what was asked about."""
    entering: dict[tuple[str, str], int] = {}
    leaving: dict[tuple[str, str], int] = {}
    for (source, target), mass in flows.links.items():
        assert mass > 0
        leaving[source] = leaving.get(source, 0) + mass
        entering[target] = entering.get(target, 0) + mass
    for node, mass in flows.masses.items():
        if node[0] == "origin":
            assert node not in entering
            assert leaving[node] == mass
        elif node == flows.subject:
            assert entering.get(node, 0) - leaving.get(node, 0) == mass
        else:
            assert entering[node] == leaving[node] == mass


class FlowsMachine(BooksMachine):
    def __init__(self) -> None:
        self.memory = Memory()
        super().__init__(self.memory)

    def teardown(self) -> None:
        check_flows(self.memory.yard.books)


class TestFlowsHold(FlowsMachine.TestCase):
    """Histories that hypothesis chooses, and shrinks where one fails."""

    settings = settings(max_examples=40 * TIMES, stateful_step_count=30, deadline=None)


@pytest.mark.parametrize("batch", range(2))
def test_a_hundred_histories(batch: int) -> None:
    for number in range(HISTORIES):
        tell(FlowsMachine(), batch * 1_000_000 + number, steps=40)
