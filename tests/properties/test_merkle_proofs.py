"""Roots and proofs against the RFC's own recursion, at every size; and every proof broken in every place."""

import hashlib
from collections.abc import Callable, Iterator, Sequence

import pytest

from ledger.errors import ProofInvalid
from ledger.log.merkle import (
    Frontier,
    leaf_hash,
    prove_consistency,
    prove_inclusion,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from ledger.log.tiles import TileEdge, tile_nodes, tile_root
from tests.support.rfc6962 import RecursiveTree, consistency_shape, inclusion_shape

N = 260  # just over one tile
LEAVES = [b"leaf %d" % index for index in range(N)]
LEAF_HASHES = [leaf_hash(leaf) for leaf in LEAVES]
ORACLE = RecursiveTree(LEAVES)

# SHA-256 over every root, inclusion proof and consistency proof of the sizes 0 to N, in the order below, each
# hash length-prefixed. Made once with tests/support/rfc6962.py; no change of this code may change it.
DIGEST = "15fda687b1a1c390cb43fc730900d1bf64c98bf375cd210ef4aaccb1321b54e5"


def reader(size: int) -> Callable[[Sequence[tuple[int, int]]], Sequence[bytes]]:
    """Nodes of the tree of the first ``size`` leaves, out of tiles."""

    rows = [LEAF_HASHES[:size]]
    while len(rows[-1]) >= 256:
        row = rows[-1]
        rows.append([tile_root(b"".join(row[at : at + 256])) for at in range(0, len(row) - 255, 256)])

    def fetch(level: int, index: int, width: int) -> bytes:
        hashes = rows[level][index * 256 : index * 256 + width]
        assert len(hashes) == width
        return b"".join(hashes)

    return tile_nodes(fetch, size)


def test_roots_and_proofs_of_all_sizes_are_the_rfcs() -> None:
    edge, frontier = TileEdge(), Frontier()
    pinned = hashlib.sha256()

    def pin(hashes: Sequence[bytes]) -> None:
        pinned.update(len(hashes).to_bytes(2, "big") + b"".join(hashes))

    for size in range(N + 1):
        read = reader(size)
        root = tree_root(size, read)
        assert root == ORACLE.root(0, size) == frontier.root() == edge.root()
        assert Frontier.of(size, read).root() == root
        assert edge.size == frontier.size == size
        pin([root])
        for index in range(size):
            path = prove_inclusion(index, size, read)
            assert path == ORACLE.path(index, size)
            assert path == prove_inclusion(index, size, edge.nodes)
            verify_inclusion(LEAF_HASHES[index], index, size, path, root)
            pin(path)
        for old in range(1, size + 1):
            path = prove_consistency(old, size, read)
            assert path == ORACLE.proof(old, size)
            verify_consistency(old, size, path, ORACLE.root(0, old), root)
            pin(path)
        if size < N:
            edge.append(LEAF_HASHES[size])
            frontier.append(LEAF_HASHES[size])
    assert pinned.hexdigest() == DIGEST


def broken_paths(path: Sequence[bytes], others: Sequence[bytes]) -> Iterator[tuple[str, list[bytes]]]:
    """The path with one thing wrong, and what that is."""
    for at, value in enumerate(path):
        before, after = list(path[:at]), list(path[at + 1 :])
        for bit in range(256):
            yield f"bit {bit} of hash {at}", [*before, flip(value, bit), *after]
        yield f"hash {at} left out", [*before, *after]
        yield f"hash {at} doubled", [*before, value, value, *after]
        yield f"hash {at} cut", [*before, value[:-1], *after]
        yield f"hash {at} lengthened", [*before, value + b"\x00", *after]
        yield f"hash {at} empty", [*before, b"", *after]
        for other in others:
            if other != value:
                yield f"hash {at} replaced", [*before, other, *after]
        if after and after[0] != value:
            yield f"hashes {at} and {at + 1} swapped", [*before, after[0], value, *after[1:]]
            yield (
                f"byte moved from {at + 1} to {at}",
                [
                    *before,
                    value + after[0][:1],
                    after[0][1:],
                    *after[1:],
                ],
            )
    yield "a hash more at the end", [*path, bytes(32)]
    yield "a hash more at the start", [bytes(32), *path]


def flip(value: bytes, bit: int) -> bytes:
    """The bytes with one bit changed."""
    changed = bytearray(value)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 6, 7, 8, 11, 16, 21, 256, 257])
def test_a_broken_inclusion_proof_is_refused(size: int) -> None:
    root = ORACLE.root(0, size)
    for index in {0, 1, size // 2, size - 2, size - 1} & set(range(size)):
        leaf, path = LEAF_HASHES[index], ORACLE.path(index, size)
        others = (leaf, root, bytes(32))

        def refuse(what: str, leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> None:
            with pytest.raises(ProofInvalid) as caught:
                verify_inclusion(leaf, index, size, path, root)
            assert caught.value.code == "proof.invalid", what

        for what, broken in broken_paths(path, others):
            refuse(what, leaf, index, size, broken, root)
        for bit in range(256):
            refuse(f"bit {bit} of the leaf", flip(leaf, bit), index, size, path, root)
            refuse(f"bit {bit} of the root", leaf, index, size, path, flip(root, bit))
        refuse("leaf cut", leaf[:-1], index, size, path, root)
        refuse("root cut", leaf, index, size, path, root[:-1])
        refuse("root lengthened", leaf, index, size, path, root + b"\x00")
        for other in range(-2, 2 * size + 2):
            if other != index:
                refuse(f"index {other}", leaf, other, size, path, root)
        for other in {*range(-1, index + 1), 2**63}:
            refuse(f"size {other}", leaf, index, other, path, root)


def test_an_inclusion_proof_fits_another_size_only_where_the_shape_is_the_same() -> None:
    # The proof does not bind the size: only the checkpoint does, which is why a receipt takes it from there.
    fits = 0
    for size in range(1, 34):
        for index in range(size):
            path, root = ORACLE.path(index, size), ORACLE.root(0, size)
            for other in range(1, 70):
                if index < other and inclusion_shape(index, other) == inclusion_shape(index, size):
                    verify_inclusion(LEAF_HASHES[index], index, other, path, root)
                    fits += other != size
                else:
                    with pytest.raises(ProofInvalid):
                        verify_inclusion(LEAF_HASHES[index], index, other, path, root)
    assert fits > 0


@pytest.mark.parametrize("new", [2, 3, 4, 5, 6, 7, 8, 11, 16, 21, 256, 257])
def test_a_broken_consistency_proof_is_refused(new: int) -> None:
    new_root = ORACLE.root(0, new)
    for old in {1, 2, 3, 4, new // 2, new - 1} & set(range(1, new)):
        old_root, path = ORACLE.root(0, old), ORACLE.proof(old, new)
        others = (old_root, new_root, bytes(32))

        def refuse(
            what: str, old: int, new: int, path: Sequence[bytes], old_root: bytes, new_root: bytes
        ) -> None:
            with pytest.raises(ProofInvalid) as caught:
                verify_consistency(old, new, path, old_root, new_root)
            assert caught.value.code == "proof.invalid", what

        for what, broken in broken_paths(path, others):
            refuse(what, old, new, broken, old_root, new_root)
        for bit in range(256):
            refuse(f"bit {bit} of the old root", old, new, path, flip(old_root, bit), new_root)
            refuse(f"bit {bit} of the new root", old, new, path, old_root, flip(new_root, bit))
        refuse("swapped roots", old, new, path, new_root, old_root)
        refuse("swapped sizes", new, old, path, old_root, new_root)
        refuse("swapped sizes and roots", new, old, path, new_root, old_root)
        refuse("no proof", old, new, [], old_root, new_root)
        refuse("equal sizes", new, new, path, old_root, new_root)
        refuse("equal sizes, no proof", new, new, [], old_root, new_root)
        refuse("equal sizes, equal roots, a proof", new, new, path, new_root, new_root)
        refuse("the old root twice", old, new, path, old_root, old_root)
        refuse("roots cut", old, new, path, old_root[:-1], new_root[:-1])
        for other in (*range(-2, 1), *range(new, new + 3)):
            refuse(f"old size {other}", other, new, path, old_root, new_root)
        for other in (*range(-1, old + 1), 2**63):
            refuse(f"new size {other}", old, other, path, old_root, new_root)


def test_a_consistency_proof_fits_other_sizes_only_where_the_shape_is_the_same() -> None:
    for new in range(2, 18):
        for old in range(1, new):
            path, old_root, new_root = ORACLE.proof(old, new), ORACLE.root(0, old), ORACLE.root(0, new)
            shape = consistency_shape(old, new)
            for other_new in range(1, 34):
                for other_old in range(1, other_new):
                    if consistency_shape(other_old, other_new) == shape:
                        verify_consistency(other_old, other_new, path, old_root, new_root)
                    else:
                        with pytest.raises(ProofInvalid):
                            verify_consistency(other_old, other_new, path, old_root, new_root)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8])
def test_nothing_is_consistent_with_the_empty_tree(size: int) -> None:
    for path in ([], [ORACLE.root(0, size)], [bytes(32)]):
        with pytest.raises(ProofInvalid) as caught:
            verify_consistency(0, size, path, ORACLE.root(0, 0), ORACLE.root(0, size))
        assert caught.value.code == "proof.invalid"


def test_a_node_is_no_leaf() -> None:
    # Second preimage: the bytes of an inner node offered as an entry. The prefixes 00 and 01 tell them apart.
    inner = ORACLE.root(0, 1) + ORACLE.root(1, 2)
    for size in (2, 3, 4):
        path = ORACLE.path(0, size)[1:]
        with pytest.raises(ProofInvalid):
            verify_inclusion(leaf_hash(inner), 0, size - 1, path, ORACLE.root(0, size))
