"""Illegal product: the mark on a lot, and on everything that was made of it, also before it was found."""

from dataclasses import replace

from ledger.records.books import Books
from ledger.records.lots import EdgeRecord, LotRecord, PoolRecord, PoolVersionRecord


def taint(
    books: Books, node: int, reason: int, *, thorough: bool = False, walked: set[int] | None = None
) -> None:
    """Marks a lot or pool version and everything that was made of it so far.

    A mark that is there already stays: it is the earlier reason. The walk ends there, for whatever was made
    of marked goods is marked as well.

    Args:
        books: The books.
        node: Where the walk begins.
        reason: Index of the entry that makes it illegal product.
        thorough: Whether to walk on behind marks: where some below were taken away, or an authority says so.
        walked: Where thorough walks just before were, all that is below included; this one's is added.
    """
    seen = set() if walked is None else walked
    if node in seen:
        return
    seen.add(node)
    empties = _Empties(books)
    waiting: list[tuple[int, PoolVersionRecord | None]] = [(node, None)]
    just_marked = set[str]()
    while waiting:
        each, version = waiting.pop()
        lots = books.group(LotRecord, "node", each)
        if each != node and not thorough and any(lot.tainted_by is not None for lot in lots):
            continue
        for lot in lots:
            if lot.tainted_by is None:
                books.put(replace(lot, tainted_by=reason))
        children = _children(books, each)
        version = None if lots else version or _version_of(books, each)
        pool = None if version is None else books.get(PoolRecord, version.pool)
        following = None
        if version is not None and pool is not None:
            if empties.leaves_nothing(pool, version):
                continue
            following = books.get(PoolVersionRecord, pool.pool, version.version + 1)
            if pool.tainted_by is None:
                if each == pool.node:
                    books.put(replace(pool, tainted_by=reason))
                    just_marked.add(pool.pool)
            elif not thorough and pool.pool not in just_marked and _bore(books, children, pool.tainted_by):
                continue
        for child in children:
            if child not in seen:
                seen.add(child)
                is_next = following is not None and following.node == child
                waiting.append((child, following if is_next else None))


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
    walked = set[int]()
    for another, node in sorted(others):
        taint(books, node, another, thorough=True, walked=walked)


def _made_of(books: Books, node: int) -> list[int]:
    """A node and all that descend from it over edges that stand."""
    waiting, seen = [node], {node: None}
    while waiting:
        for child in _children(books, waiting.pop()):
            if child not in seen:
                seen[child] = None
                waiting.append(child)
    return list(seen)


def _children(books: Books, node: int) -> list[int]:
    """What was made of a node, over edges that stand."""
    return [edge.child for edge in books.group(EdgeRecord, "parent", node) if edge.voided_at is None]


def _bore(books: Books, children: list[int], mark: int) -> bool:
    """Whether what was drawn of a pool version has the pool's own mark: all that was drawn since has one."""
    return any(lot.tainted_by == mark for child in children for lot in books.group(LotRecord, "node", child))


def _version_of(books: Books, node: int) -> PoolVersionRecord | None:
    """The version of a pool that a node is; of what follows on it nobody need ask again."""
    return next(iter(books.group(PoolVersionRecord, "node", node)), None)


class _Empties:
    """Which versions of pools were empty, for one walk, which looks at every version of a pool once."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._looked_at: dict[str, tuple[int, int]] = {}

    def leaves_nothing(self, pool: PoolRecord, version: PoolVersionRecord) -> bool:
        """Whether nothing was left in a pool: what it holds later is not made of what it held before.

        Unless it was corrected later, which may have put back what was drawn.
        """
        return not version.cells and self._last_correction(pool, version.version) <= version.version

    def _last_correction(self, pool: PoolRecord, down_to: int) -> int:
        """The newest version of a pool that a correction made, if one did after a version; else 0."""
        first, found = self._looked_at.get(pool.pool, (pool.version + 1, 0))
        while not found and first > down_to + 1:
            first -= 1
            version = self._books.get(PoolVersionRecord, pool.pool, first)
            if version is not None and version.change == "correct":
                found = first
        self._looked_at[pool.pool] = first, found
        return found


def _pools(books: Books, node: int) -> list[PoolRecord]:
    """The pool of which a node is a version; its mark is that of what it holds now."""
    versions = books.group(PoolVersionRecord, "node", node)
    pools = (books.get(PoolRecord, version.pool) for version in versions)
    return [pool for pool in pools if pool is not None]
