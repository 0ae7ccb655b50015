"""The recursive definitions of RFC 6962 section 2.1 and RFC 9162 section 2.1, word for word, as the oracle.

Slow, and sharing nothing with ``ledger.log``: a mistake would have to be made twice to go unnoticed.
"""

import hashlib
from collections.abc import Sequence
from functools import cache


def mth(leaves: Sequence[bytes]) -> bytes:
    """MTH(D[n]): the Merkle tree hash of a list of inputs (not of leaf hashes)."""
    n = len(leaves)
    if n == 0:
        return hashlib.sha256(b"").digest()
    if n == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = split(n)
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def split(n: int) -> int:
    """The largest power of two smaller than n, n > 1."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


class RecursiveTree:
    """PATH and PROOF over one list of inputs; it keeps subtree hashes, or hundreds of sizes would not do."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.leaves = list(leaves)
        self._hashes: dict[tuple[int, int], bytes] = {}

    def root(self, begin: int, end: int) -> bytes:
        """MTH(D[begin:end])."""
        if (begin, end) not in self._hashes:
            if end - begin < 2:
                value = mth(self.leaves[begin:end])
            else:
                middle = begin + split(end - begin)
                value = hashlib.sha256(b"\x01" + self.root(begin, middle) + self.root(middle, end)).digest()
            self._hashes[begin, end] = value
        return self._hashes[begin, end]

    def path(self, m: int, n: int) -> list[bytes]:
        """PATH(m, D[n]), RFC 9162 section 2.1.3.1."""
        return [self.root(begin, end) for begin, end, _ in path_ranges(m, 0, n)]

    def proof(self, m: int, n: int) -> list[bytes]:
        """PROOF(m, D[n]), RFC 9162 section 2.1.4.1."""
        return [self.root(begin, end) for begin, end, _ in subproof_ranges(m, 0, n, True)]


def path_ranges(m: int, begin: int, end: int) -> list[tuple[int, int, str]]:
    """The ranges that PATH(m, D[begin:end]) hashes, each with the side on which it stands."""
    n = end - begin
    if n == 1:
        return []
    k = split(n)
    if m < k:
        return [*path_ranges(m, begin, begin + k), (begin + k, end, "right")]
    return [*path_ranges(m - k, begin + k, end), (begin, begin + k, "left")]


def subproof_ranges(m: int, begin: int, end: int, b: bool) -> list[tuple[int, int, str]]:
    """The ranges that SUBPROOF(m, D[begin:end], b) hashes, each with the side on which it stands."""
    n = end - begin
    if m == n:
        return [] if b else [(begin, end, "start")]
    k = split(n)
    if m <= k:
        return [*subproof_ranges(m, begin, begin + k, b), (begin + k, end, "right")]
    return [*subproof_ranges(m - k, begin + k, end, False), (begin, begin + k, "left")]


@cache
def inclusion_shape(index: int, size: int) -> tuple[str, ...]:
    """The sides of an inclusion proof from the leaf up; it fits every (index, size) of the same shape."""
    return tuple(side for _, _, side in path_ranges(index, 0, size))


@cache
def consistency_shape(old: int, new: int) -> tuple[str, ...]:
    """The sides of a consistency proof in its order; a proof fits every (old, new) of the same shape."""
    return tuple(side for _, _, side in subproof_ranges(old, 0, new, True))
