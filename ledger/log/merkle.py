"""The Merkle tree of RFC 6962 and RFC 9162: hashes, roots, inclusion and consistency proofs.

Decides: what a leaf and a node hash to, which nodes make up a proof, and whether a proof leads to a root.
Never stores a tree: whoever asks for a proof brings a reader of node hashes.

A *coordinate* ``(level, index)`` names the complete subtree over the leaves ``index << level`` up to
``(index + 1) << level`` (exclusive); level 0 are the leaf hashes.
"""

import hashlib
from collections.abc import Callable, Sequence

from ledger.errors import ProofInvalid

Coordinate = tuple[int, int]
NodeReader = Callable[[Sequence[Coordinate]], Sequence[bytes]]

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

_sha256 = hashlib.sha256


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(00 || data). Source: RFC 9162 section 2.1.1."""
    return _sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(01 || left || right), both of 32 bytes. Source: RFC 9162 section 2.1.1."""
    return _sha256(b"\x01" + left + right).digest()


def range_nodes(begin: int, end: int) -> list[Coordinate]:
    """The complete subtrees that make up the leaves ``begin`` to ``end`` (exclusive), left to right.

    Args:
        begin: First leaf; a multiple of the largest power of two below ``end - begin``, as the left border of
            every subtree that the RFC's recursion visits is.
        end: One past the last leaf; requires begin < end.
    """
    nodes = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        nodes.append((level, begin >> level))
        begin += 1 << level
    return nodes


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """For each hash of an inclusion proof, from the leaf up, the leaves (begin, end) that it is over.

    Args:
        index: 0-based; requires 0 <= index < size.
        size: Number of leaves.

    Source: RFC 9162 section 2.1.3.1.
    """
    if not 0 <= index < size:
        raise ValueError(f"no leaf {index} in a tree of {size}")
    ranges = []
    begin, end = 0, size
    while end - begin > 1:
        middle = begin + (1 << ((end - begin - 1).bit_length() - 1))
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            begin = middle
    ranges.reverse()
    return ranges


def inclusion_nodes(index: int, size: int) -> list[list[Coordinate]]:
    """For each hash of an inclusion proof, from the leaf up, the complete subtrees that it is made of."""
    return [range_nodes(begin, end) for begin, end in inclusion_ranges(index, size)]


def subtree_hash(begin: int, end: int, read: NodeReader) -> bytes:
    """The hash over the leaves ``begin`` to ``end``, as for ``range_nodes``; ``read`` is called once."""
    return fold_right(read(range_nodes(begin, end)))


def consistency_nodes(old: int, new: int) -> list[list[Coordinate]]:
    """For each hash of a consistency proof, in its order, the complete subtrees that it is made of.

    Args:
        old: Size of the older tree; requires 0 < old <= new.
        new: Size of the newer tree.

    Source: RFC 9162 section 2.1.4.1.
    """
    if not 0 < old <= new:
        raise ValueError(f"there is no consistency proof from size {old} to size {new}")
    steps = []
    begin, end = 0, new
    while old < end:
        middle = begin + _split(end - begin)
        if old <= middle:
            steps.append(range_nodes(middle, end))
            end = middle
        else:
            steps.append(range_nodes(begin, middle))
            begin = middle
    if begin > 0:  # otherwise the last subtree is the whole old tree, whose root the verifier has
        steps.append(range_nodes(begin, end))
    steps.reverse()
    return steps


def prove_inclusion(index: int, size: int, read: NodeReader) -> list[bytes]:
    """The hashes from the leaf's sibling up to the root's child.

    Args:
        index: 0-based; requires 0 <= index < size.
        size: Number of leaves of the tree that the proof is for.
        read: Reader of that tree's complete subtrees; called once.
    """
    return _read_steps(inclusion_nodes(index, size), read)


def prove_consistency(old: int, new: int, read: NodeReader) -> list[bytes]:
    """The hashes that lead from the tree of size ``old`` to that of size ``new``; none if they are equal.

    Args:
        old: Size of the older tree; requires 0 < old <= new.
        new: Size of the newer tree.
        read: Reader of the newer tree's complete subtrees; called once.
    """
    return _read_steps(consistency_nodes(old, new), read)


def tree_root(size: int, read: NodeReader) -> bytes:
    """The root of the first ``size`` leaves.

    Args:
        size: Number of leaves, >= 0.
        read: Reader of complete subtrees; called once, and not at all for the empty tree.
    """
    if size < 0:
        raise ValueError(f"a tree has no size {size}")
    if size == 0:
        return EMPTY_ROOT
    return fold_right(read(range_nodes(0, size)))


def fold_right(hashes: Sequence[bytes]) -> bytes:
    """The hash over adjacent subtrees of falling size, left to right; requires at least one."""
    result = hashes[-1]
    for left in reversed(hashes[:-1]):
        result = node_hash(left, result)
    return result


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
    """Returns only if the leaf hash is at ``index`` of the tree of ``size`` leaves with this root.

    Args:
        leaf: Leaf hash, 32 bytes.
        index: 0-based; refused unless 0 <= index < size.
        size: Number of leaves.
        path: Hashes from the leaf's sibling up; refused unless there are exactly as many as needed.
        root: 32 bytes, from a source the caller trusts.

    Raises:
        ProofInvalid: Anything else.

    Source: RFC 9162 section 2.1.3.2.
    """
    if not 0 <= index < size:
        raise ProofInvalid(f"no leaf {index} in a tree of size {size}")
    _check_lengths(path, leaf, root)
    fn, sn = index, size - 1
    result = leaf
    for sibling in path:
        if sn == 0:
            raise ProofInvalid("the inclusion proof has too many hashes")
        if fn & 1 or fn == sn:
            result = node_hash(sibling, result)
            while not fn & 1 and fn != 0:
                fn >>= 1
                sn >>= 1
        else:
            result = node_hash(result, sibling)
        fn >>= 1
        sn >>= 1
    if sn != 0:
        raise ProofInvalid("the inclusion proof has too few hashes")
    if result != root:
        raise ProofInvalid(f"the inclusion proof of leaf {index} does not lead to the root of size {size}")


def verify_consistency(old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Returns only if the tree with ``new_root`` begins with the leaves of the tree with ``old_root``.

    Args:
        old: Size of the older tree; size 0 is refused, for anything would be consistent with it.
        new: Size of the newer tree; refused unless old <= new.
        path: Refused unless there are exactly as many hashes as needed, none where the sizes are equal.
        old_root: 32 bytes, from a source the caller trusts.
        new_root: 32 bytes, from a source the caller trusts.

    Raises:
        ProofInvalid: Anything else.

    Source: RFC 9162 section 2.1.4.2.
    """
    if not 0 < old <= new:
        raise ProofInvalid(f"nothing can be proved from size {old} to size {new}")
    _check_lengths(path, old_root, new_root)
    if old == new:
        if path:
            raise ProofInvalid("a consistency proof between equal sizes has no hashes")
        if old_root != new_root:
            raise ProofInvalid(f"two different roots of size {old}")
        return
    # Step 1-3: where the old tree is a complete subtree, its root starts the path.
    hashes = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not hashes:
        raise ProofInvalid("the consistency proof has too few hashes")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    # Step 4-6: fold towards both roots at once.
    fr = sr = hashes[0]
    for sibling in hashes[1:]:
        if sn == 0:
            raise ProofInvalid("the consistency proof has too many hashes")
        if fn & 1 or fn == sn:
            fr = node_hash(sibling, fr)
            sr = node_hash(sibling, sr)
            while not fn & 1 and fn != 0:
                fn >>= 1
                sn >>= 1
        else:
            sr = node_hash(sr, sibling)
        fn >>= 1
        sn >>= 1
    if sn != 0:
        raise ProofInvalid("the consistency proof has too few hashes")
    if fr != old_root:
        raise ProofInvalid(f"the consistency proof does not lead to the root of size {old}")
    if sr != new_root:
        raise ProofInvalid(f"the consistency proof does not lead to the root of size {new}")


class Frontier:
    """The right edge of a tree, at most one complete subtree per level: enough to append and for the root.

    Source: the stack of RFC 9162 section 2.1.2; also known as a compact range.
    """

    __slots__ = ("_hashes", "size")

    def __init__(self) -> None:
        self.size = 0
        self._hashes: list[bytes] = []

    @classmethod
    def of(cls, size: int, read: NodeReader) -> "Frontier":
        """The frontier of the first ``size`` leaves, size >= 0; ``read`` is called once at most."""
        frontier = cls()
        if size:
            frontier._hashes = list(read(range_nodes(0, size)))
            frontier.size = size
        return frontier

    def append(self, leaf: bytes) -> None:
        """Adds a leaf hash of 32 bytes at index ``size``."""
        hashes, full = self._hashes, self.size
        while full & 1:
            leaf = _sha256(b"\x01" + hashes.pop() + leaf).digest()
            full >>= 1
        hashes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root of the leaves so far."""
        return fold_right(self._hashes) if self._hashes else EMPTY_ROOT


def _split(size: int) -> int:
    """The largest power of two smaller than ``size``; requires size > 1."""
    return 1 << ((size - 1).bit_length() - 1)


def _read_steps(steps: list[list[Coordinate]], read: NodeReader) -> list[bytes]:
    if not steps:
        return []
    hashes = read([node for step in steps for node in step])
    path, start = [], 0
    for step in steps:
        path.append(fold_right(hashes[start : start + len(step)]))
        start += len(step)
    return path


def _check_lengths(path: Sequence[bytes], *others: bytes) -> None:
    """Every hash has 32 bytes: otherwise bytes could be moved between two neighbours unnoticed."""
    for value in (*others, *path):
        if len(value) != HASH_BYTES:
            raise ProofInvalid("a hash has exactly 32 bytes")
