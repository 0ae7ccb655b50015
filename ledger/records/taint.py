"""Illegal product: the mark on a lot, and on everything that was made of it, also before it was found."""

from dataclasses import replace

from ledger.records.books import Books
from ledger.records.lots import EdgeRecord, LotRecord, PoolRecord, PoolVersionRecord


def taint(books: Books, node: int, reason: int) -> None:
    """Marks a lot or pool version and everything that was made of it so far.

    A mark that is there already stays: it is the earlier reason.

    Args:
        books: The books.
        node: Where the walk begins.
        reason: Index of the entry that makes it illegal product.
    """
    for each in _made_of(books, node):
        for made in books.group(LotRecord, "node", each):
            if made.tainted_by is None:
                books.put(replace(made, tainted_by=reason))
        for pool in _pools(books, each):
            if pool.tainted_by is None:
                books.put(replace(pool, tainted_by=reason))


def clear(books: Books, lot: str) -> None:
    """Takes a lot's mark from it and from all that has it by it; what has another reason keeps that."""
    first = books.get(LotRecord, lot)
    assert first is not None
    reason = first.tainted_by
    if reason is None:  # it was made of one that was cleared just before
        return
    cleared = []
    for node in _made_of(books, first.node):
        for made in books.group(LotRecord, "node", node):
            if made.tainted_by == reason:
                books.put(replace(made, tainted_by=None))
        for pool in _pools(books, node):
            if pool.tainted_by == reason:
                books.put(replace(pool, tainted_by=None))
        cleared.append(node)
    others = {
        (parent.tainted_by, node)
        for node in cleared
        for edge in books.group(EdgeRecord, "child", node)
        if edge.voided_at is None
        for parent in books.group(LotRecord, "node", edge.parent)
        if parent.tainted_by is not None and (node != first.node or parent.tainted_by != reason)
    }
    for another, node in sorted(others):
        taint(books, node, another)


def _made_of(books: Books, node: int) -> list[int]:
    """A node and all that descend from it over edges that stand."""
    waiting, seen = [node], {node: None}
    while waiting:
        for edge in books.group(EdgeRecord, "parent", waiting.pop()):
            if edge.child not in seen and edge.voided_at is None:
                seen[edge.child] = None
                waiting.append(edge.child)
    return list(seen)


def _pools(books: Books, node: int) -> list[PoolRecord]:
    """The pool of which a node is a version; its mark is that of what it holds now."""
    versions = books.group(PoolVersionRecord, "node", node)
    pools = (books.get(PoolRecord, version.pool) for version in versions)
    return [pool for pool in pools if pool is not None]
