"""Runs the vectors of tests/vectors/log, and pins them."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ledger.errors import EvidenceError
from ledger.log.checkpoint import open_checkpoint
from ledger.log.entry import parse_entry
from ledger.log.merkle import verify_consistency, verify_inclusion
from ledger.log.note import open_note, parse_vkey
from ledger.log.receipt import parse_receipt, verify_receipt
from ledger.log.tiles import (
    TileCoordinate,
    entries_path,
    entry_bundle,
    parse_entry_bundle,
    parse_tile_path,
    tile_path,
)
from tests.vectors.make_log_vectors import build

FOLDER = Path(__file__).resolve().parents[2] / "vectors" / "log"
PINNED = {
    "inclusion.json": "194958ed59f206e7c7761c2936ce40cafa1c0d0231e70383787f6d5624488811",
    "consistency.json": "5b4f3741a4eb4e2d22bacf2b5291b244c032ba8dd2412f3263ea7d185eb18b54",
    "entry.json": "feae818d2245d242bd88cc2107f7e3c696e9307d5ce406ff15842fea92e5ef4c",
    "note.json": "b160c60348056709c64ca6493ddc46d07b636603a8fc6a5fef06e4a4699a52c7",
    "vkey.json": "e1c1115cb899a8dec9290719206609e9bdaa227b6f64d88ffaacae654bcad97c",
    "checkpoint.json": "2dc2e299d70415f6474a7c3378731d88d7ddc589eb58aae7a5f57a1046ff7e02",
    "receipt.json": "32372531a9e6b92871176d80051c1ba641d0456949da39896c9b282013f0d97d",
    "tile-path.json": "c4cdd2414cc18572b074f92f13584a6eff434d3052a0941c9d46b88ac4662932",
    "entry-bundle.json": "19a46ea57145d6acd883ab36149de4c42e599e42b1aeb7150360a51567c87f49",
}


def cases(name: str) -> list[Any]:
    loaded = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))["cases"]
    return [pytest.param(case, id=case["name"]) for case in loaded]


def octets(case: dict[str, Any], member: str) -> bytes:
    return bytes.fromhex(case[f"{member}_hex"]) if f"{member}_hex" in case else str(case[member]).encode()


def refused(expect: str) -> Any:
    """Expects the error of this code and of no other."""

    def has_code(error: BaseException) -> bool:
        return isinstance(error, EvidenceError) and error.code == expect

    return pytest.raises(EvidenceError, check=has_code)


def test_the_vectors_are_the_pinned_ones() -> None:
    stored = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in FOLDER.iterdir()}
    assert stored == PINNED


def test_the_script_would_write_the_same_vectors() -> None:
    assert build() == {name: (FOLDER / name).read_text(encoding="utf-8") for name in PINNED}


def test_nine_of_ten_vectors_expect_failure() -> None:
    expectations = [case.values[0]["expect"] for name in PINNED for case in cases(name.removesuffix(".json"))]
    assert expectations.count("ok") * 10 <= len(expectations)


@pytest.mark.parametrize("case", cases("inclusion"))
def test_inclusion(case: dict[str, Any]) -> None:
    leaf, root = bytes.fromhex(case["leaf"]), bytes.fromhex(case["root"])
    path = [bytes.fromhex(value) for value in case["path"]]
    if case["expect"] == "ok":
        verify_inclusion(leaf, case["index"], case["size"], path, root)
        return
    with refused(case["expect"]):
        verify_inclusion(leaf, case["index"], case["size"], path, root)


@pytest.mark.parametrize("case", cases("consistency"))
def test_consistency(case: dict[str, Any]) -> None:
    roots = bytes.fromhex(case["old_root"]), bytes.fromhex(case["new_root"])
    path = [bytes.fromhex(value) for value in case["path"]]
    if case["expect"] == "ok":
        verify_consistency(case["old"], case["new"], path, *roots)
        return
    with refused(case["expect"]):
        verify_consistency(case["old"], case["new"], path, *roots)


@pytest.mark.parametrize("case", cases("entry"))
def test_entry(case: dict[str, Any]) -> None:
    data = bytes.fromhex(case["hex"]) if "hex" in case else case["text"].encode()
    if case["expect"] == "ok":
        assert parse_entry(data).encode() == data
        return
    with refused(case["expect"]):
        parse_entry(data)


@pytest.mark.parametrize("case", cases("note"))
def test_note(case: dict[str, Any]) -> None:
    data, verifiers = octets(case, "note"), [parse_vkey(text) for text in case["vkeys"]]
    if case["expect"] == "ok":
        note = open_note(data, verifiers)
        assert data.startswith(note.text + b"\n")
        assert [signature.name for signature in note.signatures] == case["signers"]
        return
    with refused(case["expect"]):
        open_note(data, verifiers)


@pytest.mark.parametrize("case", cases("vkey"))
def test_vkey(case: dict[str, Any]) -> None:
    if case["expect"] == "ok":
        assert parse_vkey(case["vkey"]).vkey == case["vkey"]
        return
    with pytest.raises(ValueError):
        parse_vkey(case["vkey"])


@pytest.mark.parametrize("case", cases("checkpoint"))
def test_checkpoint(case: dict[str, Any]) -> None:
    verifiers = [parse_vkey(text) for text in case["vkeys"]]
    if case["expect"] == "ok":
        checkpoint = open_checkpoint(case["note"].encode(), case["origin"], verifiers)
        assert case["note"].encode().startswith(checkpoint.text() + b"\n")
        return
    with refused(case["expect"]):
        open_checkpoint(case["note"].encode(), case["origin"], verifiers)


@pytest.mark.parametrize("case", cases("receipt"))
def test_receipt(case: dict[str, Any]) -> None:
    data, statement = octets(case, "receipt"), bytes.fromhex(case["statement"])
    verifiers = [parse_vkey(text) for text in case["vkeys"]]
    if case["expect"] == "ok":
        verified = verify_receipt(data, statement, case["origin"], verifiers)
        assert verified.entry.statement == statement
        assert parse_receipt(data).encode() == data
        return
    with refused(case["expect"]):
        verify_receipt(data, statement, case["origin"], verifiers)


@pytest.mark.parametrize("case", cases("tile-path"))
def test_tile_path(case: dict[str, Any]) -> None:
    path = case["path"]
    if case["expect"] == "ok":
        level, index, width = case["level"], case["index"], case["width"]
        assert parse_tile_path(path) == TileCoordinate(level, index, width)
        assert path == (entries_path(index, width) if level is None else tile_path(level, index, width))
        return
    with refused(case["expect"]):
        parse_tile_path(path)


@pytest.mark.parametrize("case", cases("entry-bundle"))
def test_entry_bundle(case: dict[str, Any]) -> None:
    data = bytes.fromhex(case["hex"])
    if case["expect"] == "ok":
        entries = parse_entry_bundle(data, case["width"])
        assert len(entries) == case["width"]
        assert entry_bundle(entries) == data
        return
    with refused(case["expect"]):
        parse_entry_bundle(data, case["width"])
