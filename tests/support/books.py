"""Books in memory for tests: recording movements, and what must hold after each of them.

``imbalance`` and ``identity`` add up postings and records by themselves, with none of the fold's sums.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from fractions import Fraction
from itertools import count
from typing import Any

import pytest

from ledger.books.apply import apply_movement
from ledger.books.context import Effect, Impossible, Recording
from ledger.movements.movement import Composition, Line, Movement
from ledger.records.books import Books
from ledger.records.lots import (
    EdgeRecord,
    HoldingRecord,
    LotRecord,
    LotVersionRecord,
    PoolRecord,
    PoolVersionRecord,
    PostingRecord,
    ProvisionalRecord,
    ShipmentLineRecord,
)
from ledger.records.policy import Policy, read_policy
from ledger.statements.registers import Facts

KG = 1_000_000
"""Milligrams."""
DAY_US = 86_400_000_000
START_US = 1_800_000_000_000_000

MINE = "https://mine.example/site/pit"
PLANT = "https://plant.example/site/hall"
MINER = "https://mine.example/party"
REFINER = "https://plant.example/party"

Masses = dict[str, Fraction]


def composition(contained_mg: Mapping[str, int], mass_mg: int) -> Composition:
    """A composition of a dry lot that contains exactly this."""
    reo = sum(contained_mg.values())
    shares = {element: Fraction(part, reo) for element, part in contained_mg.items()} if reo else {}
    treo = Fraction(reo, mass_mg)
    return Composition(
        dict(contained_mg), treo, Fraction(0), Fraction(0), shares, {"treoFraction": str(treo)}
    )


def born(lot: str, mass_mg: int, contained_mg: Mapping[str, int], product: str = "", **members: Any) -> Line:
    """An output: a lot that contains so much of each element."""
    return Line(lot, mass_mg, composition(contained_mg, mass_mg), product, **members)


def movement(kind: str, event_id: str, **members: Any) -> Movement:
    """A movement at the plant, one day after the start; ``members`` say what is otherwise."""
    members = {"event_time_us": START_US + DAY_US, "site": PLANT, **members}
    return Movement(kind, event_id, members.pop("event_time_us"), 480, "/events/0", **members)


@dataclass
class Desk:
    """Books and the way into them: each movement is an entry of its own, whole or not at all.

    Attributes:
        policy: In force; change it with ``with_policy``.
        index: Of the next entry.
    """

    books: Books = field(default_factory=Books)
    policy: Policy = field(default_factory=lambda: read_policy({"rule_set": 1}))
    index: int = 0

    def with_policy(self, **members: Any) -> "Desk":
        """Sets the policy from here on."""
        self.policy = replace(self.policy, **members)
        return self

    def recording(self, issuer: str = REFINER) -> Recording:
        """The next entry, by this party."""
        return Recording(
            index=self.index,
            recorded_at_us=START_US + (2 + self.index) * DAY_US,
            issuer=issuer,
            policy=self.policy,
            facts=Facts(books=self.books),
            books=self.books,
            places=count(),
        )

    def book(self, moved: Movement, issuer: str = REFINER) -> Effect:
        """Records a movement and checks that everything still adds up.

        Raises:
            Impossible: The books are as they were.
        """
        self.books.begin()
        try:
            effect = apply_movement(moved, self.recording(issuer), 0)
        except Impossible:
            self.books.rollback()
            raise
        self.books.commit()
        self.index += 1
        assert imbalance(effect, self.books) == {}
        check_identity(self.books)
        return effect

    def refusals(self, moved: Movement, issuer: str = REFINER) -> list[str]:
        """The codes with which a movement is refused; the books stay as they were."""
        before = every_record(self.books)
        with pytest.raises(Impossible) as refused:
            self.book(moved, issuer)
        assert every_record(self.books) == before
        assert all(finding.detail and finding.mend for finding in refused.value.findings)
        return [finding.code for finding in refused.value.findings]

    def lot(self, lot: str) -> LotRecord:
        """A lot that is there."""
        found = self.books.get(LotRecord, lot)
        assert found is not None
        return found

    def pool(self, pool: str) -> PoolRecord:
        """A pool that is there."""
        found = self.books.get(PoolRecord, pool)
        assert found is not None
        return found

    def held(self, lot: str) -> dict[tuple[str, str, str], int]:
        """Mass by (owner, custodian, site), without what is empty."""
        return {
            (one.owner, one.custodian, one.site): one.mass_mg
            for one in self.books.group(HoldingRecord, "lot", lot)
            if one.mass_mg
        }

    def parents(self, node: int) -> set[int]:
        """What a node was made from."""
        return {edge.parent for edge in self.books.group(EdgeRecord, "child", node)}


def version_of(lot: LotRecord, changed_at: int, made_of: tuple[int, ...] = ()) -> LotVersionRecord:
    """What is kept of a lot's record when an entry changes it."""
    kept = {each.name for each in fields(LotVersionRecord)} - {"changed_at", "made_of"}
    told = {name: getattr(lot, name) for name in kept}
    return LotVersionRecord(changed_at=changed_at, made_of=made_of, **told)


def every_record(books: Books) -> Counter[str]:
    """All records, as text, to compare books by."""
    kinds = (
        LotRecord,
        LotVersionRecord,
        HoldingRecord,
        EdgeRecord,
        PoolRecord,
        PoolVersionRecord,
        PostingRecord,
        ProvisionalRecord,
        ShipmentLineRecord,
    )
    return Counter(repr(record) for kind in kinds for record in books.records(kind))


def worth(cells: Mapping[Any, int], part: int, whole: int) -> Masses:
    """Contained mg by element of a part of a lot, exactly."""
    sums: Masses = {}
    for (element, _, _), mass in cells.items():
        sums[element] = sums.get(element, Fraction(0)) + Fraction(mass * part, whole)
    return sums


def line_worth(posting: PostingRecord, books: Books) -> Masses:
    """Contained mg by element that a line moves."""
    if posting.lot:
        lot = books.get(LotRecord, posting.lot)
        assert lot is not None
        assert not posting.contained
        return worth(lot.cells, posting.mass_mg, lot.mass_mg)
    return {element: Fraction(text) for element, text in posting.contained.items()}


def imbalance(effect: Effect, books: Books) -> Masses:
    """What an event's lines do not sum to zero by; with what they revalue, where a lot's contents changed."""
    sums: Masses = {}
    for posting in effect.postings:
        add_to(sums, line_worth(posting, books))
    place = min(((each.entry_index, each.position) for each in effect.postings), default=(-1, 0))
    for name in {posting.lot for posting in effect.postings} - {""}:
        lot, version = books.get(LotRecord, name), books.get(LotVersionRecord, name, place[0])
        if lot is None or version is None or (lot.entry_index, lot.position) != place:
            continue
        earlier = sum(
            posting.mass_mg
            for posting in books.group(PostingRecord, "lot", name)
            if (posting.entry_index, posting.position) < place
        )
        add_to(sums, worth(lot.cells, earlier, lot.mass_mg))
        add_to(sums, worth(version.cells, -earlier, version.mass_mg))
    return {element: mass for element, mass in sums.items() if mass}


def identity(books: Books) -> dict[str, Masses]:
    """Contained mg by account and element, from all postings."""
    accounts: dict[str, Masses] = {}
    for posting in books.records(PostingRecord):
        add_to(accounts.setdefault(posting.account, {}), line_worth(posting, books))
    return accounts


def check_identity(books: Books) -> None:
    """The conservation identity, from postings; and that the records of goods say the same as the postings.

    births = holdings + in transit + pools + exported + released + lost + differences + suspense
    """
    sums: Masses = {}
    for masses in identity(books).values():
        add_to(sums, masses)
    assert {element: mass for element, mass in sums.items() if mass} == {}
    _check_holdings(books)
    _check_pools(books)
    _check_travelling(books)
    _check_lots(books)


def check_acyclic(books: Books) -> None:
    """No node is made from itself."""
    parents: dict[int, set[int]] = {}
    for edge in books.records(EdgeRecord):
        if edge.voided_at is not None:
            continue
        parents.setdefault(edge.child, set()).add(edge.parent)
    done: set[int] = set()
    for start in parents:
        path, stack = {start}, [(start, iter(sorted(parents[start])))]
        while stack:
            node, more = stack[-1]
            parent = next(more, None)
            if parent is None:
                stack.pop()
                path.discard(node)
                done.add(node)
            elif parent not in done:
                assert parent not in path, f"{parent} is made from itself"
                path.add(parent)
                stack.append((parent, iter(sorted(parents.get(parent, ())))))


def add_to(sums: Masses, more: Mapping[str, Fraction | int]) -> None:
    """Adds masses by element into a sum."""
    for element, mass in more.items():
        sums[element] = sums.get(element, Fraction(0)) + mass


def _posted(books: Books, account: str) -> Iterable[PostingRecord]:
    return (posting for posting in books.records(PostingRecord) if posting.account == account)


def _check_holdings(books: Books) -> None:
    posted: Counter[tuple[str, ...]] = Counter()
    for line in _posted(books, "holding"):
        posted[line.lot, line.owner, line.custodian, line.site] += line.mass_mg
    kept = {}
    for held in books.records(HoldingRecord):
        assert held.mass_mg >= 0
        assert 0 <= held.provisional_mg <= held.mass_mg
        kept[held.lot, held.owner, held.custodian, held.site] = held.mass_mg
    assert {key: mass for key, mass in posted.items() if mass} == {
        key: mass for key, mass in kept.items() if mass
    }


def _check_pools(books: Books) -> None:
    posted: dict[str, Masses] = {}
    for line in _posted(books, "pool"):
        pool = books.get(PoolRecord, line.pool)
        assert pool is not None
        assert (line.custodian, line.site) == (pool.custodian, pool.site)
        add_to(posted.setdefault(line.pool, {}), line_worth(line, books))
    for pool in books.records(PoolRecord):
        assert all(mass > 0 for mass in pool.cells.values())
        assert all(mass > 0 for mass in pool.owners.values())
        assert sum(pool.owners.values()) == sum(pool.cells.values())
        contained = worth(pool.cells, 1, 1)
        unexplained = worth(
            {cell: mass for cell, mass in pool.cells.items() if cell[1] == "unexplained"}, 1, 1
        )
        assert all(0 < mass <= unexplained[element] for element, mass in pool.blocked.items())
        assert contained == {element: mass for element, mass in posted.pop(pool.pool, {}).items() if mass}
        newest = books.get(PoolVersionRecord, pool.pool, pool.version)
        assert newest is not None
        assert (newest.node, newest.cells) == (pool.node, pool.cells)
    assert posted == {}


def _check_travelling(books: Books) -> None:
    """By lot: what travels, and what was received before it was sent."""
    transit: Counter[str] = Counter()
    suspense: Counter[str] = Counter()
    for line in _posted(books, "transit"):
        transit[line.lot] += line.mass_mg
    for line in _posted(books, "suspense"):
        suspense[line.lot] += line.mass_mg
    for sent in books.records(ShipmentLineRecord):
        assert sent.left_mg >= 0
        transit[sent.lot] -= sent.left_mg
    for receipt in books.records(ProvisionalRecord):
        assert receipt.left_mg >= 0
        suspense[receipt.lot] += receipt.left_mg
    assert {lot: mass for lot, mass in transit.items() if mass} == {}
    assert {lot: mass for lot, mass in suspense.items() if mass} == {}


def _check_lots(books: Books) -> None:
    for lot in books.records(LotRecord):
        assert lot.mass_mg > 0
        assert all(mass > 0 for mass in lot.cells.values())
        edges = books.group(EdgeRecord, "child", lot.node)
        parents = sorted(edge.parent for edge in edges if edge.voided_at is None)
        assert lot.made_of is None or list(lot.made_of) == parents
