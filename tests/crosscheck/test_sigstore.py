"""npm's @sigstore/verify accepts our checkpoints and inclusion proofs, and refuses broken ones.

It needs of a log: the first four bytes of its id (a signed note's key id), an address that its name matches,
and its public key; of an entry: its bytes, its index, its path and the checkpoint.
"""

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.log.note import Cosigner, NoteSigner
from ledger.log.receipt import Receipt, parse_receipt
from tests.support.outside import conversation, npm_folder, program
from tests.support.reference_log import ORIGIN, SIGNER, SIZES, ReferenceLog

SOURCE = Path(__file__).parent / "npm" / "sigstore"
Sigstore = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def sigstore() -> Iterator[Sigstore]:
    """Asks the script about one receipt and gives its answer."""
    folder, node = npm_folder(SOURCE), program("node")
    with conversation([node, folder / "check.js"]) as ask_line:

        def ask(asked: dict[str, Any]) -> dict[str, Any]:
            return dict(json.loads(ask_line(json.dumps(asked))))

        yield ask


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> ReferenceLog:
    return ReferenceLog.of(max(SIZES), tmp_path_factory.mktemp("tiles"))


def b64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def trusted(signer: NoteSigner = SIGNER) -> dict[str, str]:
    verifier = signer.verifier
    return {"id": verifier.key_id.hex(), "name": verifier.name, "public": verifier.public_key.hex()}


def asked(log: ReferenceLog, index: int, size: int) -> dict[str, Any]:
    """What a holder of a receipt hands to the script."""
    path = tuple(log.inclusion(index, size))
    receipt = parse_receipt(Receipt(log.entries[index], index, path, log.checkpoint(size)).encode())
    return {
        "envelope": receipt.checkpoint_note.decode(),
        "keys": [trusted()],
        "entry": b64(receipt.entry_bytes),
        "index": str(receipt.index),
        "path": [b64(value) for value in receipt.path],
    }


def indexes(size: int) -> list[int]:
    return sorted({0, 1, 254, 255, 256, 65_535, size // 2, size - 1} & set(range(size)))


@pytest.mark.parametrize("size", SIZES)
def test_checkpoint_and_inclusion_are_accepted(sigstore: Sigstore, log: ReferenceLog, size: int) -> None:
    for index in indexes(size):
        answer = sigstore(asked(log, index, size))
        assert answer == {"origin": ORIGIN, "size": str(size), "root": log.root(size).hex()}


def test_a_witnessed_checkpoint_is_accepted(sigstore: Sigstore, log: ReferenceLog) -> None:
    request = asked(log, 3, 257)
    text = request["envelope"].partition("\n\n")[0].encode() + b"\n"
    witness = Cosigner.from_private_key("witness.example/1", SIGNER._private_key)
    request["envelope"] += witness.sign(text, 1).decode()
    assert sigstore(request)["size"] == "257"


@pytest.mark.parametrize("size", SIZES)
def test_a_broken_proof_is_refused(sigstore: Sigstore, log: ReferenceLog, size: int) -> None:
    for index in indexes(size):
        valid = asked(log, index, size)
        entry, path = log.entries[index], valid["path"]
        changes: list[dict[str, Any]] = [
            {"entry": b64(entry + b"\n")},
            {"entry": b64(entry[:-1])},
            {"index": str(index + 1)},
            {"index": str(size)},
            {"index": "-1"},
            {"path": [*path, b64(bytes(32))]},
            *({"path": [*path[:at], *path[at + 1 :]]} for at in range(len(path))),
            *({"path": [*path[:at], b64(bytes(32)), *path[at + 1 :]]} for at in range(len(path))),
        ]
        for change in changes:
            assert "VerificationError" in sigstore({**valid, **change}).get("error", ""), change


@pytest.mark.parametrize("size", SIZES)
def test_a_changed_checkpoint_is_refused(sigstore: Sigstore, log: ReferenceLog, size: int) -> None:
    valid = asked(log, size - 1, size)
    note = valid["envelope"]
    wrong_key = NoteSigner.from_private_key(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    other_name = NoteSigner.from_private_key("other.example/1", SIGNER._private_key)
    other_size = log.checkpoint(size + 1 if size < max(SIZES) else size - 1).decode()
    changes: list[dict[str, Any]] = [
        {"envelope": note.replace(f"\n{size}\n", f"\n{size + 1}\n")},
        {"envelope": note.replace("=\n\n", "=\nmore\n\n")},
        {"envelope": note.partition("—")[0]},
        {"envelope": other_size},
        {"keys": []},
        {"keys": [trusted(wrong_key)]},
        {"keys": [trusted(other_name)]},
        {"keys": [{**trusted(), "public": trusted(wrong_key)["public"]}]},
    ]
    for change in changes:
        assert "VerificationError" in sigstore({**valid, **change}).get("error", ""), change
