"""Taking one change of a pool back at today's version.

Decides: what the pool holds then: its newest version less what the change added, by origin and by owner. What
was drawn in the meantime took the origins of the mixture along; where less of one origin is left than is
taken back, the other origins of the same element make up for it, in whole milligrams by largest remainder.
"""

from collections.abc import Mapping
from typing import Final, TypeVar

from ledger.books.accounts import Journal
from ledger.books.context import Impossible
from ledger.books.pool_origins import resolve_pool, resolved
from ledger.books.pool_versions import put_version
from ledger.findings import Finding
from ledger.records.cells import UNEXPLAINED, Cell, apportion, element_masses, total
from ledger.records.lots import EdgeRecord, EventRecord, LotRecord, PoolRecord, PoolVersionRecord
from ledger.records.quick import replace

_MOST_NAMED: Final = 20
_K = TypeVar("_K")


def undo_pool(journal: Journal, name: str, event: EventRecord) -> None:
    """Puts the pool's next version, without what the event changed.

    Raises:
        Impossible: What a close found was drawn already. (A feed may leave the pool negative until its
            replacement is booked.)
    """
    books, index = journal.books, journal.recording.index
    pool = books.get(PoolRecord, name)
    assert pool is not None
    changed = _version(journal, pool, event)
    pool = resolve_pool(journal, pool)
    before = books.get(PoolVersionRecord, name, changed.version - 1)
    had = {} if before is None else resolved(books, before.cells)
    delta = _less(resolved(books, changed.cells), had)
    owners = _less(changed.owners, {} if before is None else before.owners)
    blocked = _less(changed.blocked, {} if before is None else before.blocked)
    after = replace(
        pool,
        version=pool.version + 1,
        node=journal.next_node(),
        cells=_less(pool.cells, delta),
        owners=_less(pool.owners, owners),
        blocked={element: mass for element, mass in _less(pool.blocked, blocked).items() if mass > 0},
        closed_us=_closed_us(journal, pool, changed),
    )
    for edge in books.group(EdgeRecord, "child", changed.node):
        if before is None or edge.parent != before.node:
            books.put(replace(edge, voided_at=index))
    after = replace(after, tainted_by=_mark(journal, after, changed))
    put_version(journal, after, "correct")
    books.put(EdgeRecord(after.node, pool.node, index))
    if changed.change != "feed":
        findings = judge_pool(journal, name, event.entry_index)
        if findings:
            raise Impossible(*findings)


def _mark(journal: Journal, pool: PoolRecord, changed: PoolVersionRecord) -> int | None:
    """What makes a pool illegal product once a change of it is taken back: what it holds by then.

    Without a feed, what the others brought that were fed since it was last empty. With goods that come back
    into a pool that was empty in the meantime, what they had as well.
    """
    if not pool.cells:
        return None
    if changed.change == "feed":
        marks = set() if pool.tainted_by is None else _marks(journal, pool.pool, pool.version - 1)
    else:
        between = range(changed.version, pool.version)
        versions = (journal.books.get(PoolVersionRecord, pool.pool, at) for at in between)
        if pool.tainted_by is not None or all(each is None or each.cells for each in versions):
            return pool.tainted_by
        marks = _marks(journal, pool.pool, changed.version - 1)
    return pool.tainted_by if pool.tainted_by in marks else min(marks, default=None)


def _marks(journal: Journal, pool: str, at: int) -> set[int]:
    """The marks of what was fed into a pool up to a version since it was last empty, and stands."""
    books, marks = journal.books, set[int]()
    while (version := books.get(PoolVersionRecord, pool, at)) is not None and version.cells:
        for edge in books.group(EdgeRecord, "child", version.node):
            if edge.voided_at is None:
                lots = books.group(LotRecord, "node", edge.parent)
                marks.update(lot.tainted_by for lot in lots if lot.tainted_by is not None)
        at -= 1
    return marks


def judge_pool(journal: Journal, name: str, since_index: int) -> list[Finding]:
    """Evens out origins within each element, and says of which element too little is left.

    Args:
        journal: Of the correction.
        name: The pool.
        since_index: Entry of the corrected change: draws after it are named.
    """
    pool = journal.books.get(PoolRecord, name)
    assert pool is not None
    free = _less(element_masses(pool.cells), pool.blocked)
    short = {element: mass for element, mass in free.items() if mass < 0}
    owing = {owner: mass for owner, mass in pool.owners.items() if mass < 0}
    if short:
        return [
            Finding(
                "correction.negative",
                f"{name} would hold less than nothing of {', '.join(sorted(short))}",
                journal.movement.pointer,
                "Correct first what was drawn from it; the evidence names it.",
                {"pool": name, "left_mg": short, "movements": _draws(journal, pool, since_index)},
            )
        ]
    cells, owners = _evened(pool.cells, pool.blocked), pool.owners
    if owing:
        left = total(cells)
        shares = {(owner, "", ""): mass for owner, mass in pool.owners.items() if mass > 0}
        owners = {owner: mass for (owner, _, _), mass in apportion(left, shares).items()}
    if cells != pool.cells or owners != pool.owners:
        standing = journal.books.get(PoolVersionRecord, name, pool.version)
        assert standing is not None
        put_version(journal, replace(pool, cells=cells, owners=owners), standing.change)
    return []


def _evened(cells: Mapping[Cell, int], blocked: Mapping[str, int]) -> dict[Cell, int]:
    """No cell below zero: what one lacks is taken from the others of its element, but for unreleased gaps."""
    gaps = {_unexplained(cells, element): mass for element, mass in blocked.items()}
    free = _less(cells, gaps)
    missing: dict[str, int] = {}
    for (element, _, _), mass in free.items():
        if mass < 0:
            missing[element] = missing.get(element, 0) - mass
    evened = {cell: mass for cell, mass in free.items() if mass > 0}
    for element, lacking in missing.items():
        own = {cell: mass for cell, mass in evened.items() if cell[0] == element}
        for cell, part in apportion(lacking, own).items():
            evened[cell] -= part
    for cell, mass in gaps.items():
        evened[cell] = evened.get(cell, 0) + mass
    return {cell: mass for cell, mass in evened.items() if mass}


def _unexplained(cells: Mapping[Cell, int], element: str) -> Cell:
    """Where an element's gaps stand: its largest cell of unknown origin."""
    found = {cell: mass for cell, mass in cells.items() if cell[:2] == (element, UNEXPLAINED)}
    return max(sorted(found), key=lambda cell: found[cell], default=(element, UNEXPLAINED, "domestic"))


def _version(journal: Journal, pool: PoolRecord, event: EventRecord) -> PoolVersionRecord:
    """The version that an event made: the last one of its place in the log."""
    low, high = 1, pool.version
    place = (event.entry_index, event.position)
    while low < high:
        middle = (low + high + 1) // 2
        found = journal.books.get(PoolVersionRecord, pool.pool, middle)
        assert found is not None
        if (found.entry_index, found.position) <= place:
            low = middle
        else:
            high = middle - 1
    version = journal.books.get(PoolVersionRecord, pool.pool, low)
    assert version is not None
    return version


def _closed_us(journal: Journal, pool: PoolRecord, changed: PoolVersionRecord) -> int:
    """The event time of the newest close that stands; of the first feed where there is none."""
    if changed.change != "close" or pool.closed_us != changed.event_time_us:
        return pool.closed_us
    at = changed.version
    while at > 1:
        at -= 1
        earlier = journal.books.get(PoolVersionRecord, pool.pool, at)
        if earlier is not None and (earlier.change == "close" or at == 1):
            return earlier.event_time_us
    return pool.closed_us


def _draws(journal: Journal, pool: PoolRecord, since_index: int) -> list[dict[str, int]]:
    """What was drawn since, the newest first."""
    found: list[dict[str, int]] = []
    at = pool.version
    while at and len(found) < _MOST_NAMED:
        version = journal.books.get(PoolVersionRecord, pool.pool, at)
        if version is None or version.entry_index < since_index:
            break
        if version.change == "draw":
            found.append({"index": version.entry_index, "position": version.position})
        at -= 1
    return found


def _less(masses: Mapping[_K, int], less: Mapping[_K, int]) -> dict[_K, int]:
    left = {name: masses.get(name, 0) - less.get(name, 0) for name in [*masses, *less]}
    return {name: mass for name, mass in left.items() if mass}
