"""The books as they stood once an entry was in: late births and corrections change what a lot's record says.

Decides: which version of a lot's or a pool's record stood at an index, and since when a lot is told as
corrected. Holdings, shipments and alerts are kept as they are now, and have no earlier state here.
"""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import replace

from ledger.books.births import BIRTH_AWAITED
from ledger.records.books import Books
from ledger.records.lots import LotRecord, LotVersionRecord, PoolRecord, PoolVersionRecord
from ledger.records.steps import Node


def lot_at(books: Books, name: str, at: int | None) -> LotRecord | None:
    """A lot as its record said once entry ``at`` was in (None: now); None where there was none."""
    lot = books.get(LotRecord, name)
    if lot is None or at is None:
        return lot
    stood = _stood(books, name, at)
    if stood is not None:
        lot = replace(
            lot,
            entry_index=stood.entry_index,
            birth=stood.birth,
            mass_mg=stood.mass_mg,
            cells=stood.cells,
            voided_at=None,
        )
    if lot.entry_index > at:
        return None
    return replace(lot, tainted_by=_until(lot.tainted_by, at), voided_at=_until(lot.voided_at, at))


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


def steps_at(books: Books, nodes: Iterable[Node], at: int) -> list[Node]:
    """Steps as the records of their lots said once entry ``at`` was in."""
    told = list(nodes)
    books.prefetch_groups(LotVersionRecord, "lot", [(node.name,) for node in told if node.kind == "lot"])
    return [_step_at(books, node, at) for node in told]


def _step_at(books: Books, node: Node, at: int) -> Node:
    stood = _stood(books, node.name, at) if node.kind == "lot" else None
    if stood is not None:
        node = node._replace(change=stood.birth, entry_index=stood.entry_index, mass_mg=stood.mass_mg)
    return node._replace(tainted_by=_until(node.tainted_by, at))


def _stood(books: Books, name: str, at: int) -> LotVersionRecord | None:
    """What a lot's record said at an index, where it was changed since."""
    since = [version for version in books.group(LotVersionRecord, "lot", name) if version.changed_at > at]
    return min(since, key=lambda version: version.changed_at, default=None)


def _made_at(books: Books, pool: PoolRecord, version: int) -> int:
    found = books.get(PoolVersionRecord, pool.pool, version)
    return -1 if found is None else found.entry_index


def _until(index: int | None, at: int) -> int | None:
    return None if index is None or index > at else index
