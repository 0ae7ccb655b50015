"""Flows of mass over random histories: nothing is lost on the way, and the mines have their shares.

The histories are those of ``test_books_machine``: late births, pools, corrections of all of it. Each flow is
what a straightforward computation gives, which reads record by record.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction

import pytest
from hypothesis import settings
from sqlalchemy import Connection, create_engine

from ledger.books.births import BIRTH_AWAITED
from ledger.provenance.flow_facts import ENDS, Facts
from ledger.provenance.flow_parts import Flows
from ledger.provenance.flows import upstream
from ledger.provenance.graph import walk
from ledger.provenance.origins import resolve
from ledger.provenance.spread import downstream
from ledger.provenance.subjects import Subject, Viewer, books_of, find_lot, find_pool
from ledger.provenance.way import Direction
from ledger.records.books import Books, Record
from ledger.records.lots import (
    EdgeRecord,
    EventRecord,
    HoldingRecord,
    LotRecord,
    LotVersionRecord,
    PoolRecord,
    PoolVersionRecord,
    PostingRecord,
)
from ledger.store.books_source import write_records
from ledger.store.books_tables import BOOKS
from ledger.store.engine import sqlite_module
from tests.properties.test_books_machine import HISTORIES, TIMES, Memory
from tests.support import plain_flows, plain_spread
from tests.support.books import KG, born
from tests.support.history import POOL
from tests.support.history_corrections import BooksMachine, tell
from tests.support.yard import Yard

AUTHORITY = Viewer("urn:authority", True)
READ = (
    *(LotRecord, LotVersionRecord, HoldingRecord, EdgeRecord, PoolRecord, PoolVersionRecord),
    *(EventRecord, PostingRecord),
)


@contextmanager
def stored(books: Books, kinds: Iterable[type[Record]] = READ) -> Iterator[Connection]:
    """A database in memory that holds some books, as far as they are of these kinds."""
    engine = create_engine("sqlite://", module=sqlite_module())
    with engine.connect() as connection:
        for kind in kinds:
            BOOKS[kind].table.create(connection)
            write_records(connection, books.records(kind))
        yield connection
    engine.dispose()


def check_flows(known: Books) -> None:
    """Checks the flow to and from every lot and pool of some books."""
    with stored(known) as connection:
        books = books_of(connection)
        lots = [lot for lot in known.records(LotRecord) if lot.voided_at is None and is_anywhere(books, lot)]
        subjects = [(find_lot(books, lot.lot), lot.producer) for lot in lots]
        subjects += [(find_pool(books, pool.pool), pool.custodian) for pool in known.records(PoolRecord)]
        for subject, party in subjects:
            for element in ("Nd", None):
                facts = Facts(connection, element)
                check_flow(books, facts, subject)
                check_spread(books, facts, subject)
                check_limited(books, facts, subject)
            check_walks(connection, books, subject)
            check_party(books, Facts(connection, "Nd"), subject, Viewer(party, False))


def is_anywhere(books: Books, lot: LotRecord) -> bool:
    """Whether any of a lot is or went anywhere: what an adjustment left of an undone birth may be nowhere."""
    return (
        lot.birth != BIRTH_AWAITED
        or any(held.mass_mg for held in books.group(HoldingRecord, "lot", lot.lot))
        or any(edge.voided_at is None for edge in books.group(EdgeRecord, "parent", lot.node))
        or any(line.account in ENDS for line in books.group(PostingRecord, "lot", lot.lot))
    )


def check_walks(connection: Connection, books: Books, subject: Subject) -> None:
    """A walk leaves out no lot to which edges lead and that some mass of the subject came from or went to."""
    flows = {
        "upstream": upstream(books, Facts(connection, None), subject),
        "downstream": downstream(books, Facts(connection, None), subject, AUTHORITY),
    }
    directions: tuple[Direction, ...] = ("upstream", "downstream")
    for direction in directions:
        walked = {node.name for node in walk(connection, subject.nodes, direction).nodes.values()}
        passed = {name for (kind, name), mass in flows[direction].masses.items() if mass and kind == "lot"}
        assert passed & linked(books, subject.nodes, direction) <= walked, direction


def linked(books: Books, starts: Iterable[int], direction: Direction) -> set[str]:
    """The lots to which edges lead, whatever was left in the pools between."""
    seen, waiting = set(starts), list(starts)
    while waiting:
        here = waiting.pop()
        near = "child" if direction == "upstream" else "parent"
        for edge in books.group(EdgeRecord, near, here):
            far = edge.parent if direction == "upstream" else edge.child
            if edge.voided_at is None and far not in seen:
                seen.add(far)
                waiting.append(far)
    return {lot.lot for node in seen for lot in books.group(LotRecord, "node", node)}


def check_limited(books: Books, facts: Facts, subject: Subject) -> None:
    """A walk that is ended keeps every milligram all the same."""
    flows = upstream(books, facts, subject, most=2)
    ended = sum(mass for (kind, _), mass in flows.masses.items() if kind == "origin")
    assert ended == flows.masses[flows.subject]


def check_party(books: Books, facts: Facts, subject: Subject, viewer: Viewer) -> None:
    flows = downstream(books, facts, subject, viewer)
    expected = plain_spread.downstream(books, subject, facts.element, viewer)
    assert (flows.links, flows.masses) == (expected.links, expected.masses)


def check_flow(books: Books, facts: Facts, subject: Subject) -> None:
    element = facts.element
    flows = upstream(books, facts, subject)
    straight = plain_flows.upstream(books, subject, element)
    assert (flows.links, flows.masses) == (straight.links, straight.masses)
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


def check_spread(books: Books, facts: Facts, subject: Subject) -> None:
    """What goes out of a subject is what it contains, and all of it ends somewhere."""
    element = facts.element
    flows = downstream(books, facts, subject, AUTHORITY)
    straight = plain_spread.downstream(books, subject, element, AUTHORITY)
    assert (flows.links, flows.masses) == (straight.links, straight.masses)
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


def test_lots_of_one_mine_share_what_was_made_of_them() -> None:
    """The same cell came in with several lots, whole and in part, and again out of a pool that they fed."""
    yard = Yard()
    lots = {f"urn:lot:{at}": at * KG for at in (1, 2, 3)}
    for lot, mass_mg in lots.items():
        yard.extract(lot, mass_mg)
    mixed = (born("urn:lot:mixed", KG, {"Nd": 7 * KG // 100, "Pr": 11}),)
    yard.do("process", {"urn:lot:1": KG, "urn:lot:2": KG // 3, "urn:lot:3": KG}, outputs=mixed)
    left: dict[str, int | None] = {"urn:lot:2": KG // 7, "urn:lot:3": KG, "urn:lot:mixed": KG // 9}
    yard.do("feed", left, pool=POOL, process="separation")
    yard.do("draw", pool=POOL, process="separation", outputs=(born("urn:lot:drawn", KG, {"Nd": 1_001}),))
    check_flows(yard.books)
