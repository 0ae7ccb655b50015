"""Origins that a pool holds of lots that were received before their birth was recorded.

Decides: that they are named as soon as the pool changes after those births: in a version of its own, before
the change, in which nothing else is other than before. A pool that is fed by firms that file late would
otherwise hold as many origins as it was ever fed lots, and whatever is drawn from it would bear them all.
"""

from typing import Final

from ledger.books.accounts import Journal
from ledger.books.births import BIRTH_AWAITED
from ledger.books.pool_versions import put_version
from ledger.records.books import Books
from ledger.records.cells import AWAITED, Cells, apportion, merged
from ledger.records.lots import EdgeRecord, LotRecord, PoolRecord
from ledger.records.quick import replace

RESOLVE: Final = "resolve"
"""The change that such a version states."""


def resolve_pool(journal: Journal, pool: PoolRecord) -> PoolRecord:
    """The pool with every origin named that can be: as its next version, or as it is where there is none."""
    cells = resolved(journal.books, pool.cells)
    if cells is pool.cells:
        return pool
    after = replace(pool, version=pool.version + 1, node=journal.next_node(), cells=cells)
    put_version(journal, after, RESOLVE)
    journal.books.add(EdgeRecord(after.node, pool.node, journal.recording.index))
    return after


def resolved(books: Books, cells: Cells) -> Cells:
    """Cells in which what a born lot brought has the origins that it was born with, element by element.

    Whole milligrams, by largest remainder, so that no element's mass changes. The same object if none is.
    """
    awaited = sorted(cell for cell in cells if cell[1].startswith(AWAITED))
    if not awaited:
        return cells
    books.prefetch(LotRecord, [(origin.removeprefix(AWAITED),) for _, origin, _ in awaited])
    named: list[Cells] = []
    left = dict(cells)
    for cell in awaited:
        lot = books.get(LotRecord, cell[1].removeprefix(AWAITED))
        if lot is None or lot.birth == BIRTH_AWAITED:
            continue
        inside = {each: mass_mg for each, mass_mg in lot.cells.items() if each[0] == cell[0]}
        if inside and cells[cell] > 0:
            named.append(apportion(left.pop(cell), inside))
    return merged([left, *named]) if named else cells
