"""golang.org/x/mod/sumdb, the client of the Go checksum database, accepts our log, refuses a broken one."""

import base64
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.log.merkle import EMPTY_ROOT
from ledger.log.note import Cosigner, NoteSigner, open_note
from ledger.log.tiles import tile_path
from tests.support.outside import conversation, go_binary
from tests.support.reference_log import ORIGIN, SEED, SIGNER, SIZES, ReferenceLog

SOURCE = Path(__file__).parent / "go" / "sumdb"
SumDb = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def sumdb() -> Iterator[SumDb]:
    """Asks the Go program for one thing and gives its answer."""
    with conversation([go_binary(SOURCE)]) as ask_line:

        def ask(do: str, **asked: Any) -> dict[str, Any]:
            return dict(json.loads(ask_line(json.dumps({"do": do, **asked}))))

        yield ask


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> ReferenceLog:
    log = ReferenceLog.of(max(SIZES), tmp_path_factory.mktemp("tiles"))
    for size in SIZES:
        log.write_partial_tiles(size)
    return log


def hexes(path: list[bytes]) -> list[str]:
    return [value.hex() for value in path]


def indexes(size: int) -> list[int]:
    return sorted({0, 1, 254, 255, 256, 65_535, size // 2, size - 2, size - 1} & set(range(size)))


def old_sizes(size: int) -> list[int]:
    return sorted({1, 2, 255, 256, 257, 65_536, size // 2, size - 1, size} & set(range(1, size + 1)))


@pytest.mark.parametrize("size", SIZES)
def test_checkpoints_are_opened(sumdb: SumDb, log: ReferenceLog, size: int) -> None:
    note = log.checkpoint(size)
    root = base64.b64encode(log.root(size)).decode()
    opened = sumdb("open", note=note.decode(), vkeys=[SIGNER.vkey])
    assert opened == {"text": f"{ORIGIN}\n{size}\n{root}\n", "signers": [ORIGIN]}


def test_go_signs_the_same_checkpoint(sumdb: SumDb, log: ReferenceLog) -> None:
    key = base64.b64encode(b"\x01" + SEED).decode()
    skey = f"PRIVATE+KEY+{ORIGIN}+{SIGNER.verifier.key_id.hex()}+{key}"
    note = log.checkpoint(257)
    text = note.partition(b"\n\n")[0].decode() + "\n"
    assert sumdb("sign", text=text, skey=skey) == {"note": note.decode()}


def test_lines_of_other_keys_are_ignored_by_both(sumdb: SumDb, log: ReferenceLog) -> None:
    note = log.checkpoint(257)
    text = note.partition(b"\n\n")[0] + b"\n"
    witness = Cosigner.from_private_key("witness.example/1", SIGNER._private_key)
    stranger = NoteSigner.from_private_key("stranger.example/1", SIGNER._private_key)
    both = note + witness.sign(text, 1) + stranger.sign(text)
    opened = sumdb("open", note=both.decode(), vkeys=[SIGNER.vkey])
    assert opened["signers"] == [ORIGIN]
    assert [line.name for line in open_note(both, [SIGNER.verifier]).signatures] == [ORIGIN]


@pytest.mark.parametrize("size", SIZES)
def test_tiles_are_authenticated(sumdb: SumDb, log: ReferenceLog, size: int) -> None:
    answer = sumdb("tiles", folder=str(log.folder), size=size, root=log.root(size).hex())
    assert answer == {"leaves": hashlib.sha256(b"".join(log.leaves[:size])).hexdigest()}


@pytest.mark.parametrize("size", SIZES)
def test_inclusion_proofs_are_accepted_and_are_gos_own(sumdb: SumDb, log: ReferenceLog, size: int) -> None:
    tree = {"size": size, "root": log.root(size).hex()}
    for index in indexes(size):
        path = hexes(log.inclusion(index, size))
        assert sumdb("record", **tree, index=index, entry=log.entries[index].hex(), path=path) == {}
        assert sumdb("prove-record", **tree, folder=str(log.folder), index=index) == {"path": path}


@pytest.mark.parametrize("size", SIZES)
def test_consistency_proofs_are_accepted_and_are_gos_own(sumdb: SumDb, log: ReferenceLog, size: int) -> None:
    tree = {"size": size, "root": log.root(size).hex()}
    for old in old_sizes(size):
        path = hexes(log.consistency(old, size))
        assert sumdb("tree", **tree, old=old, old_root=log.root(old).hex(), path=path) == {}
        assert sumdb("prove-tree", **tree, folder=str(log.folder), old=old) == {"path": path}


@pytest.mark.parametrize("size", SIZES)
def test_a_changed_checkpoint_is_refused(sumdb: SumDb, log: ReferenceLog, size: int) -> None:
    note = log.checkpoint(size).decode()
    other = NoteSigner.from_private_key("other.example/1", SIGNER._private_key)
    changes = {
        "another size": (note.replace(f"\n{size}\n", f"\n{size + 1}\n"), SIGNER.vkey),
        "another origin": (note.replace("log.", "Log."), SIGNER.vkey),
        "a line more": (note.replace("=\n\n", "=\nmore\n\n"), SIGNER.vkey),
        "no signature": (note.partition("—")[0], SIGNER.vkey),
        "a carriage return": (note.replace("\n", "\r\n"), SIGNER.vkey),
        "something behind": (note + "more", SIGNER.vkey),
        "another key": (note, other.vkey),
        "another key id": (note, SIGNER.vkey.replace(SIGNER.verifier.key_id.hex(), "00000000")),
    }
    for what, (changed, vkey) in changes.items():
        assert "error" in sumdb("open", note=changed, vkeys=[vkey]), what


@pytest.mark.parametrize("size", SIZES)
def test_a_broken_inclusion_proof_is_refused(sumdb: SumDb, log: ReferenceLog, size: int) -> None:
    root = log.root(size).hex()
    for index in indexes(size):
        entry, path = log.entries[index], hexes(log.inclusion(index, size))
        valid: dict[str, Any] = {
            "size": size,
            "root": root,
            "index": index,
            "entry": entry.hex(),
            "path": path,
        }
        changes: list[dict[str, Any]] = [
            {"entry": (entry + b"\n").hex()},
            {"entry": entry[:-1].hex()},
            {"index": index + 1 if index + 1 < size else size},
            {"index": -1},
            {"size": index},
            {"root": EMPTY_ROOT.hex()},
            {"path": [*path, root]},
            *({"path": [*path[:at], *path[at + 1 :]]} for at in range(len(path))),
            *({"path": [*path[:at], root, *path[at + 1 :]]} for at in range(len(path))),
        ]
        for change in changes:
            assert "error" in sumdb("record", **{**valid, **change}), change


@pytest.mark.parametrize("size", SIZES[1:])
def test_a_broken_consistency_proof_is_refused(sumdb: SumDb, log: ReferenceLog, size: int) -> None:
    root = log.root(size).hex()
    for old in (old for old in old_sizes(size) if old < size):
        old_root, path = log.root(old).hex(), hexes(log.consistency(old, size))
        valid: dict[str, Any] = {"size": size, "root": root, "old": old, "old_root": old_root, "path": path}
        changes: list[dict[str, Any]] = [
            {"root": old_root, "old_root": root},
            {"old": size, "size": old},
            {"old": size},
            {"old": 0},
            {"root": EMPTY_ROOT.hex()},
            {"old_root": EMPTY_ROOT.hex()},
            {"path": []},
            {"path": [*path, root]},
            *({"path": [*path[:at], *path[at + 1 :]]} for at in range(len(path))),
            *({"path": [*path[:at], root, *path[at + 1 :]]} for at in range(len(path))),
        ]
        for change in changes:
            assert "error" in sumdb("tree", **{**valid, **change}), change


@pytest.mark.parametrize(
    ("level", "index", "width"), [(0, 0, 256), (0, 255, 256), (0, 256, 1), (1, 0, 256), (2, 0, 1)]
)
@pytest.mark.parametrize("fault", ["flipped", "cut", "longer", "missing"])
def test_a_broken_tile_is_refused(
    sumdb: SumDb, log: ReferenceLog, tmp_path: Path, level: int, index: int, width: int, fault: str
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(log.folder, folder)
    path = folder / tile_path(level, index, width)
    hashes = path.read_bytes()
    match fault:
        case "flipped":
            path.write_bytes(hashes[:-1] + bytes([hashes[-1] ^ 1]))
        case "cut":
            path.write_bytes(hashes[:-32])
        case "longer":
            path.write_bytes(hashes + bytes(32))
        case "missing":
            path.unlink()
    answer = sumdb("tiles", folder=str(folder), size=max(SIZES), root=log.root(max(SIZES)).hex())
    assert "error" in answer


def test_tiles_under_another_root_or_size_are_refused(sumdb: SumDb, log: ReferenceLog) -> None:
    for size, other in ((257, 256), (256, 257), (65_537, 257), (2, 1)):
        assert "error" in sumdb("tiles", folder=str(log.folder), size=size, root=log.root(other).hex())
