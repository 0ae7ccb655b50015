"""The books as they stood once an entry was in: late births and corrections change what a lot's record says.

Decides: which version of a lot's or a pool's record stood at an index, and since when a lot is told as
corrected. Holdings, shipments and alerts are kept as they are now, and have no earlier state here.
"""

from bisect import bisect_right
from dataclasses import fields

from ledger.books.births import BIRTH_AWAITED
from ledger.records.books import Books
from ledger.records.lots import LotRecord, LotVersionRecord, PoolRecord, PoolVersionRecord
from ledger.records.quick import replace

_KEPT = tuple(
    each.name
    for each in fields(LotRecord)
    if each.name in {kept.name for kept in fields(LotVersionRecord)} - {"lot"}
)


def lot_at(books: Books, name: str, at: int | None) -> LotRecord | None:
    """A lot as its record said once entry ``at`` was in (None: now); None where there was none."""
    lot = books.get(LotRecord, name)
    if lot is None or at is None:
        return lot
    stood = _stood(books, name, at)
    if stood is not None:
        lot = replace(lot, **{each: getattr(stood, each) for each in _KEPT})
    if lot.entry_index > at:
        return None
    return replace(lot, tainted_by=until(lot.tainted_by, at), voided_at=until(lot.voided_at, at))


def lots_of_node_at(books: Books, node: int, at: int) -> list[LotRecord]:
    """The lots that stood at a node of the graph once entry ``at`` was in: one, or none."""
    names = {lot.lot for lot in books.group(LotRecord, "node", node)}
    names |= {version.lot for version in books.group(LotVersionRecord, "node", node)}
    found = (lot_at(books, name, at) for name in sorted(names))
    return [lot for lot in found if lot is not None and lot.node == node]


def pool_version_at(books: Books, pool: PoolRecord, at: int | None) -> PoolVersionRecord | None:
    """The version of a pool that was the newest once entry ``at`` was in; None where it had none."""
    version = pool.version
    if at is not None:
        version = bisect_right(range(pool.version + 1), at, key=lambda each: _made_at(books, pool, each)) - 1
    return books.get(PoolVersionRecord, pool.pool, version)


def corrected_at(books: Books, lot: LotRecord, at: int | None) -> int | None:
    """The entry that last changed what a lot's record says, where it was corrected; None: as recorded.

    A birth that was awaited and came is no correction.
    """
    changes = [
        version
        for version in books.group(LotVersionRecord, "lot", lot.lot)
        if at is None or version.changed_at <= at
    ]
    if lot.voided_at is None and all(version.birth == BIRTH_AWAITED for version in changes):
        return None
    undone = [] if lot.voided_at is None else [lot.voided_at]
    return max(undone + [version.changed_at for version in changes])


def until(index: int | None, at: int) -> int | None:
    """The index of an entry that changed something, where it was in by then; else None."""
    return None if index is None or index > at else index


def _stood(books: Books, name: str, at: int) -> LotVersionRecord | None:
    """What a lot's record said at an index, where it was changed since."""
    since = [version for version in books.group(LotVersionRecord, "lot", name) if version.changed_at > at]
    return min(since, key=lambda version: version.changed_at, default=None)


def _made_at(books: Books, pool: PoolRecord, version: int) -> int:
    found = books.get(PoolVersionRecord, pool.pool, version)
    return -1 if found is None else found.entry_index
