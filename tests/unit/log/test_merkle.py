"""Hashes, node lists and the domains of the Merkle functions; proofs themselves are in tests/properties."""

import hashlib
from collections.abc import Sequence

import pytest

from ledger.errors import ProofInvalid
from ledger.log.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_nodes,
    fold_right,
    inclusion_nodes,
    leaf_hash,
    node_hash,
    prove_consistency,
    prove_inclusion,
    range_nodes,
    tree_root,
    verify_consistency,
    verify_inclusion,
)
from tests.support.rfc6962 import mth

REFERENCE_LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
REFERENCE_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def never(nodes: Sequence[tuple[int, int]]) -> Sequence[bytes]:
    raise AssertionError(f"nothing is to be read here, not {nodes}")


@pytest.mark.parametrize("size", range(9))
def test_the_roots_are_those_of_the_reference_tree(size: int) -> None:
    frontier = Frontier()
    for leaf in REFERENCE_LEAVES[:size]:
        frontier.append(leaf_hash(leaf))
    assert frontier.root().hex() == REFERENCE_ROOTS[size] == mth(REFERENCE_LEAVES[:size]).hex()


def test_hashes_are_told_apart_by_their_first_byte() -> None:
    left, right = leaf_hash(b"left"), leaf_hash(b"right")
    assert leaf_hash(b"left") == hashlib.sha256(b"\x00left").digest()
    assert node_hash(left, right) == hashlib.sha256(b"\x01" + left + right).digest()
    assert node_hash(left, right) != leaf_hash(left + right)
    assert node_hash(left, right) != node_hash(right, left)
    assert hashlib.sha256(b"").digest() == EMPTY_ROOT != leaf_hash(b"")


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 1), (1, 1), (8, 8), (9, 8), (0, -1), (-1, 0)])
def test_there_is_no_inclusion_proof_outside_the_tree(index: int, size: int) -> None:
    with pytest.raises(ValueError):
        inclusion_nodes(index, size)
    with pytest.raises(ValueError):
        prove_inclusion(index, size, never)


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 1), (0, 8), (-1, 1), (2, 1), (9, 8), (1, 0), (1, -1)])
def test_there_is_no_consistency_proof_from_nothing_or_backwards(old: int, new: int) -> None:
    with pytest.raises(ValueError):
        consistency_nodes(old, new)
    with pytest.raises(ValueError):
        prove_consistency(old, new, never)


def test_a_tree_has_no_negative_size() -> None:
    with pytest.raises(ValueError):
        tree_root(-1, never)


def test_empty_proofs_read_nothing() -> None:
    assert prove_inclusion(0, 1, never) == []
    assert prove_consistency(5, 5, never) == []
    assert tree_root(0, never) == EMPTY_ROOT
    assert Frontier.of(0, never).root() == EMPTY_ROOT


def test_a_proof_is_read_in_one_call() -> None:
    calls = []

    def read(nodes: Sequence[tuple[int, int]]) -> list[bytes]:
        calls.append(list(nodes))
        return [bytes(32)] * len(nodes)

    prove_inclusion(5, 11, read)
    prove_consistency(6, 11, read)
    tree_root(11, read)
    Frontier.of(11, read)
    assert calls == [
        [(0, 4), (1, 3), (2, 0), (1, 4), (0, 10)],
        [(1, 2), (1, 3), (2, 0), (1, 4), (0, 10)],
        [(3, 0), (1, 4), (0, 10)],
        [(3, 0), (1, 4), (0, 10)],
    ]


def test_range_nodes_are_complete_adjacent_and_falling() -> None:
    for end in range(1, 70):
        nodes = range_nodes(0, end)
        assert [level for level, _ in nodes] == sorted({level for level, _ in nodes}, reverse=True)
        begin = 0
        for level, index in nodes:
            assert index << level == begin
            begin += 1 << level
        assert begin == end
    assert range_nodes(64, 64) == []
    assert range_nodes(64, 67) == [(1, 32), (0, 66)]


def test_a_fold_of_one_hash_is_that_hash() -> None:
    one, two, three = (leaf_hash(bytes([number])) for number in range(3))
    assert fold_right([one]) == one
    assert fold_right([one, two, three]) == node_hash(one, node_hash(two, three))


@pytest.mark.parametrize("length", [0, 1, 31, 33, 64])
@pytest.mark.parametrize("place", ["leaf", "root", "path"])
def test_a_hash_has_32_bytes(length: int, place: str) -> None:
    hashes = {"leaf": leaf_hash(b"0"), "root": bytes(32), "path": leaf_hash(b"1")}
    hashes["root"] = node_hash(hashes["leaf"], hashes["path"])
    verify_inclusion(hashes["leaf"], 0, 2, [hashes["path"]], hashes["root"])
    hashes[place] = hashes[place][:length].ljust(length, b"\x00")
    with pytest.raises(ProofInvalid, match="32 bytes"):
        verify_inclusion(hashes["leaf"], 0, 2, [hashes["path"]], hashes["root"])
    with pytest.raises(ProofInvalid, match="32 bytes"):
        verify_consistency(1, 2, [hashes["path"]], hashes["leaf"], hashes["root"])


def test_bytes_moved_between_two_hashes_are_refused_though_the_node_is_the_same() -> None:
    # 01 || L || R does not say where L ends: a longer leaf and a shorter sibling have the same root.
    leaf, sibling = leaf_hash(b"0"), leaf_hash(b"1")
    root = node_hash(leaf, sibling)
    moved = leaf + sibling[:1], sibling[1:]
    assert node_hash(*moved) == root
    with pytest.raises(ProofInvalid):
        verify_inclusion(moved[0], 0, 2, [moved[1]], root)


def test_the_detail_says_what_is_wrong() -> None:
    leaf, other = leaf_hash(b"0"), leaf_hash(b"1")
    root = node_hash(leaf, other)
    with pytest.raises(ProofInvalid, match="no leaf 2 in a tree of size 2"):
        verify_inclusion(leaf, 2, 2, [other], root)
    with pytest.raises(ProofInvalid, match="too few hashes"):
        verify_inclusion(leaf, 0, 2, [], root)
    with pytest.raises(ProofInvalid, match="too many hashes"):
        verify_inclusion(leaf, 0, 2, [other, other], root)
    with pytest.raises(ProofInvalid, match="does not lead to the root of size 2"):
        verify_inclusion(other, 0, 2, [other], root)
    with pytest.raises(ProofInvalid, match="nothing can be proved from size 0"):
        verify_consistency(0, 2, [], EMPTY_ROOT, root)
    with pytest.raises(ProofInvalid, match="two different roots of size 2"):
        verify_consistency(2, 2, [], leaf, root)
    with pytest.raises(ProofInvalid, match="root of size 2"):
        verify_consistency(1, 2, [leaf], leaf, root)
    with pytest.raises(ProofInvalid, match="too few"):
        verify_consistency(3, 7, [], leaf, root)
