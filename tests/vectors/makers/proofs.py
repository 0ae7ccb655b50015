"""Inclusion and consistency proofs: valid ones by the RFC's recursion, and what an attacker makes of them."""

import hashlib
from typing import Any

from tests.support.rfc6962 import RecursiveTree

TREE = RecursiveTree([b"%d" % index for index in range(70)])
EMPTY_ROOT = hashlib.sha256(b"").digest()
Case = dict[str, Any]


def flip(raw: bytes, bit: int = 0) -> bytes:
    """The bytes with one bit changed."""
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)


def inclusion_cases() -> list[Case]:
    """Every attack on seven proofs."""
    cases = []
    for index, size in ((0, 1), (0, 2), (6, 7), (5, 8), (31, 33), (64, 65), (41, 70)):
        valid = {
            "leaf": TREE.root(index, index + 1),
            "index": index,
            "size": size,
            "path": TREE.path(index, size),
            "root": TREE.root(0, size),
        }
        attacks = {**_wrong_inclusion_claims(index, size), **_wrong_inclusion_paths(index, size)}
        cases.append({"name": f"{index}-of-{size}/valid", "expect": "ok", **_as_json(valid)})
        cases += [
            {"name": f"{index}-of-{size}/{name}", "expect": "proof.invalid", **_as_json({**valid, **changed})}
            for name, changed in attacks.items()
        ]
    return cases


def _wrong_inclusion_claims(index: int, size: int) -> dict[str, Case]:
    root = TREE.root(0, size)
    attacks: dict[str, Case] = {
        "index-negative": {"index": -1},
        "index-is-size": {"index": size},
        "index-huge": {"index": 2**64 + index},
        "size-zero": {"size": 0},
        "size-is-index": {"size": index},
        "size-doubled-and-more": {"size": 2 * size + 1},
        "size-huge": {"size": 2**64},
        "root-flipped": {"root": flip(root, 255)},
        "root-empty": {"root": b""},
        "root-cut": {"root": root[:-1]},
        "root-of-the-size-before": {"root": TREE.root(0, size - 1)},
        "root-of-the-empty-tree": {"root": EMPTY_ROOT},
        "leaf-flipped": {"leaf": flip(TREE.root(index, index + 1))},
        "leaf-empty": {"leaf": b""},
        "leaf-of-another-entry": {"leaf": TREE.root(69, 70)},
        "leaf-unhashed": {"leaf": b"%d" % index},
        "leaf-hashed-as-node": {"leaf": hashlib.sha256(b"\x01%d" % index).digest()},
        "leaf-without-prefix": {"leaf": hashlib.sha256(b"%d" % index).digest()},
    }
    if index + 1 < size:
        attacks["index-of-the-neighbour"] = {"index": index + 1}
    return attacks


def _wrong_inclusion_paths(index: int, size: int) -> dict[str, Case]:
    leaf, path, root = TREE.root(index, index + 1), TREE.path(index, size), TREE.root(0, size)
    attacks: dict[str, Case] = {
        "trailing-hash": {"path": [*path, bytes(32)]},
        "trailing-root": {"path": [*path, root]},
        "leading-leaf": {"path": [leaf, *path]},
    }
    if path:
        attacks |= {
            "root-as-leaf-without-path": {"leaf": root, "path": []},
            "no-path": {"path": []},
            "truncated-at-the-root": {"path": path[:-1]},
            "truncated-at-the-leaf": {"path": path[1:]},
            "last-hash-twice": {"path": [*path, path[-1]]},
            "sibling-flipped": {"path": [flip(path[0]), *path[1:]]},
            "top-flipped": {"path": [*path[:-1], flip(path[-1], 128)]},
            "sibling-is-leaf": {"path": [leaf, *path[1:]]},
            "top-is-root": {"path": [*path[:-1], root]},
            "hash-empty": {"path": [b"", *path[1:]]},
            "hash-cut": {"path": [path[0][:-1], *path[1:]]},
            "hash-lengthened": {"path": [path[0] + b"\x00", *path[1:]]},
            "sibling-and-leaf-exchanged": {"leaf": path[0], "path": [leaf, *path[1:]]},
        }
    if len(path) > 1:
        node = hashlib.sha256(b"\x01" + b"".join(sorted([leaf, path[0]]))).digest()
        attacks |= {
            "reversed": {"path": path[::-1]},
            "byte-moved-between-hashes": {"path": [path[0] + path[1][:1], path[1][1:], *path[2:]]},
            "two-hashes-joined": {"path": [path[0] + path[1], *path[2:]]},
            "node-as-leaf": {"leaf": node, "path": path[1:]},
        }
    return attacks


def consistency_cases() -> list[Case]:
    """Every attack on nine proofs."""
    cases = []
    for old, new in ((1, 1), (1, 2), (2, 3), (3, 7), (4, 8), (6, 8), (7, 8), (32, 65), (41, 69)):
        valid = {
            "old": old,
            "new": new,
            "path": TREE.proof(old, new),
            "old_root": TREE.root(0, old),
            "new_root": TREE.root(0, new),
        }
        attacks = _wrong_consistency_claims(old, new)
        if old != new:
            attacks |= {**_wrong_consistency_order(old, new), **_wrong_consistency_paths(old, new)}
        cases.append({"name": f"{old}-to-{new}/valid", "expect": "ok", **_as_json(valid)})
        cases += [
            {"name": f"{old}-to-{new}/{name}", "expect": "proof.invalid", **_as_json({**valid, **changed})}
            for name, changed in attacks.items()
        ]
    return cases


def _wrong_consistency_claims(old: int, new: int) -> dict[str, Case]:
    path, old_root, new_root = TREE.proof(old, new), TREE.root(0, old), TREE.root(0, new)
    return {
        "old-zero": {"old": 0},
        "old-zero-no-path": {"old": 0, "path": []},
        "old-zero-empty-root": {"old": 0, "path": [], "old_root": EMPTY_ROOT},
        "old-and-new-zero": {"old": 0, "new": 0, "path": [], "old_root": EMPTY_ROOT, "new_root": EMPTY_ROOT},
        "old-negative": {"old": -1},
        "old-above-new": {"old": new + 1},
        "old-huge": {"old": 2**64},
        "new-zero": {"new": 0},
        "new-huge": {"new": 2**64},
        "old-root-flipped": {"old_root": flip(old_root)},
        "new-root-flipped": {"new_root": flip(new_root, 255)},
        "old-root-cut": {"old_root": old_root[:-1]},
        "new-root-empty": {"new_root": b""},
        "trailing-hash": {"path": [*path, bytes(32)]},
        "trailing-new-root": {"path": [*path, new_root]},
        "leading-old-root": {"path": [old_root, *path]},
        "other-old-root": {"old_root": TREE.root(1, 1 + old)},
        "rewritten-tree": {"new_root": TREE.root(1, 1 + new)},
    }


def _wrong_consistency_order(old: int, new: int) -> dict[str, Case]:
    old_root, new_root = TREE.root(0, old), TREE.root(0, new)
    return {
        "swapped-roots": {"old_root": new_root, "new_root": old_root},
        "swapped-sizes": {"old": new, "new": old},
        "swapped-sizes-and-roots": {"old": new, "new": old, "old_root": new_root, "new_root": old_root},
        "equal-sizes": {"old": new},
        "equal-roots": {"new_root": old_root},
        "equal-sizes-and-roots-with-path": {"old": new, "old_root": new_root},
        "equal-sizes-without-path": {"old": new, "path": []},
    }


def _wrong_consistency_paths(old: int, new: int) -> dict[str, Case]:
    path, old_root, new_root = TREE.proof(old, new), TREE.root(0, old), TREE.root(0, new)
    attacks: dict[str, Case] = {
        "no-path": {"path": []},
        "truncated-at-the-root": {"path": path[:-1]},
        "truncated-at-the-start": {"path": path[1:]},
        "first-hash-flipped": {"path": [flip(path[0]), *path[1:]]},
        "last-hash-flipped": {"path": [*path[:-1], flip(path[-1], 77)]},
        "first-hash-cut": {"path": [path[0][:-1], *path[1:]]},
        "first-hash-lengthened": {"path": [path[0] + b"\x00", *path[1:]]},
        "old-root-in-place-of-the-first-hash": {"path": [old_root, *path[1:]]},
        "new-root-in-place-of-the-path": {"path": [new_root]},
        "inclusion-proof-of-the-last-leaf": {"path": [*TREE.path(new - 1, new), bytes(32)]},
    }
    if len(path) > 1:
        attacks |= {
            "reversed": {"path": path[::-1]},
            "byte-moved-between-hashes": {"path": [path[0] + path[1][:1], path[1][1:], *path[2:]]},
        }
    return attacks


def _as_json(members: Case) -> Case:
    """Bytes as hex."""
    return {
        name: value.hex()
        if isinstance(value, bytes)
        else [item.hex() for item in value]
        if isinstance(value, list)
        else value
        for name, value in members.items()
    }
