"""Receipts, right and wrong."""

import base64
import hashlib
from typing import Any

from tests.support.rfc6962 import RecursiveTree
from tests.vectors.makers.entries import ENTRY, GENESIS, PREVIOUS, STATEMENT, b64url
from tests.vectors.makers.proofs import TREE, flip
from tests.vectors.makers.signing import (
    ELSEWHERE,
    LOG_VKEY,
    ORIGIN,
    OTHER_KEY,
    WITNESS_VKEY,
    b64,
    cosigned_line,
    head,
    signed_line,
    signed_note,
)

Case = dict[str, Any]

JWS = b"eyJhbGciOiJFZDI1NTE5In0.e30.c2ln"
HASH = hashlib.sha256(JWS).digest()
INDEX = 41
ENTRY_TEXT = ENTRY.replace(STATEMENT, b64url(HASH))
LOG = RecursiveTree([ENTRY_TEXT.encode() if n == INDEX else b"%d" % n for n in range(70)])
PATH = LOG.path(INDEX, 70)
HEAD = head(70, LOG)
NOTE = signed_note(HEAD)
EXTRA = b64(ENTRY_TEXT.encode())
HASHES = "".join(f"{b64(value)}\n" for value in PATH)
HEADER = "c2sp.org/tlog-proof@v1\n"
BEFORE_NOTE = f"{HEADER}extra {EXTRA}\nindex 41\n{HASHES}\n"
RECEIPT = BEFORE_NOTE + NOTE


def receipt_cases() -> list[Case]:
    """Every step of the verification failed in every way."""
    groups: list[tuple[str, dict[str, str]]] = [
        ("ok", _valid()),
        ("receipt.malformed", _malformed_lines() | _malformed_hashes()),
        ("receipt.mismatch", _mismatched()),
        ("entry.malformed", _malformed_entries()),
        ("note.malformed", _malformed_notes()),
        ("note.signature", _wrong_notes()),
        ("proof.invalid", _unproved()),
    ]
    cases = [
        {"name": name, "expect": expect, **_trust(), "receipt": text}
        for expect, texts in groups
        for name, text in texts.items()
    ]
    elsewhere = BEFORE_NOTE + signed_note(HEAD.replace(ORIGIN, ELSEWHERE))
    witnessed = {"vkeys": [LOG_VKEY, WITNESS_VKEY]}
    special: list[tuple[str, str, str, Case]] = [
        ("valid-witnessed", "ok", RECEIPT + cosigned_line(HEAD), witnessed),
        ("witness-wrong", "note.signature", RECEIPT + cosigned_line(HEAD, 0), witnessed),
        ("no-key-trusted", "note.unsigned", RECEIPT, {"vkeys": []}),
        ("log-key-unknown", "note.unsigned", f"{BEFORE_NOTE}{HEAD}\n{signed_line(HEAD, OTHER_KEY)}", {}),
        ("another-log-expected", "note.unsigned", RECEIPT, {"origin": ELSEWHERE}),
        ("another-origin-signed-by-us", "checkpoint.malformed", elsewhere, {}),
        ("extension-line", "checkpoint.malformed", BEFORE_NOTE + signed_note(HEAD + "extension\n"), {}),
        ("another-statement", "receipt.mismatch", RECEIPT, {"statement": hashlib.sha256(b"x").hexdigest()}),
        ("statement-hash-empty", "receipt.mismatch", RECEIPT, {"statement": ""}),
        ("statement-hash-cut", "receipt.mismatch", RECEIPT, {"statement": HASH[:-1].hex()}),
    ]
    cases += [
        {"name": name, "expect": expect, **_trust(), **changed, "receipt": text}
        for name, expect, text, changed in special
    ]
    raw = {"receipt_hex": (b"\xff" + RECEIPT.encode()).hex()}
    return [*cases, {"name": "not-utf-8", "expect": "receipt.malformed", **_trust(), **raw}]


def _trust() -> Case:
    return {"statement": HASH.hex(), "origin": ORIGIN, "vkeys": [LOG_VKEY]}


def _edit(old: str, new: str) -> str:
    assert old in RECEIPT, old
    return RECEIPT.replace(old, new)


def _with_entry(text: str) -> str:
    return _edit(EXTRA, b64(text.encode()))


def _with_hashes(hashes: list[bytes]) -> str:
    return _edit(HASHES, "".join(f"{b64(value)}\n" for value in hashes))


def _valid() -> dict[str, str]:
    only = RecursiveTree([GENESIS.replace(STATEMENT, b64url(HASH)).encode()])
    first = f"{HEADER}extra {b64(only.leaves[0])}\nindex 0\n\n{signed_note(head(1, only))}"
    return {"valid": RECEIPT, "valid-only-entry": first}


def _malformed_lines() -> dict[str, str]:
    extra = f"extra {EXTRA}\n"
    return {
        "empty": "",
        "checkpoint-only": NOTE,
        "header-missing": RECEIPT.removeprefix(HEADER),
        "header-of-version-2": _edit("@v1", "@v2"),
        "header-carriage-return": _edit("@v1\n", "@v1\r\n"),
        "leading-newline": "\n" + RECEIPT,
        "byte-order-mark": "\ufeff" + RECEIPT,
        "carriage-returns": RECEIPT.replace("\n", "\r\n"),
        "extra-missing": _edit(extra, ""),
        "extra-empty": _edit(EXTRA, ""),
        "extra-twice": _edit(extra, extra + extra),
        "extra-after-index": _edit(extra + "index 41\n", "index 41\n" + extra),
        "extra-two-spaces": _edit("extra ", "extra  "),
        "extra-capital": _edit("extra ", "Extra "),
        "extra-one-character-short": _edit(EXTRA, EXTRA[:-1]),
        "extra-base64url": _edit(EXTRA, base64.urlsafe_b64encode(b"\xff" * 191).decode()),
        "extra-trailing-bits": _edit(EXTRA, b64(ENTRY_TEXT.encode() + b"\x00")[:-2] + "B="),
        "extra-trailing-space": _edit(EXTRA, EXTRA + " "),
        "index-missing": _edit("index 41\n", ""),
        "index-empty": _edit("index 41\n", "index \n"),
        "index-leading-zero": _edit("index 41", "index 041"),
        "index-negative": _edit("index 41", "index -41"),
        "index-plus": _edit("index 41", "index +41"),
        "index-hex": _edit("index 41", "index 0x29"),
        "index-fullwidth": _edit("index 41", "index 4１"),
        "index-20-digits": _edit("index 41", f"index {10**19}"),
        "index-trailing-space": _edit("index 41", "index 41 "),
        "index-and-hash-on-one-line": _edit("index 41\n", "index 41 "),
    }


def _malformed_hashes() -> dict[str, str]:
    first = b64(PATH[0])
    return {
        "hash-31-bytes": _edit(first, b64(PATH[0][:31])),
        "hash-33-bytes": _edit(first, b64(PATH[0] + b"\x00")),
        "hash-hex": _edit(first, PATH[0].hex()),
        "hash-unpadded": _edit(first, first.rstrip("=")),
        "hash-base64url": _edit(first, base64.urlsafe_b64encode(b"\xff" * 32).decode()),
        "hash-trailing-bits": _edit(first, "A" * 42 + "B="),
        "hash-trailing-space": _edit(first, first + " "),
        "hashes-on-one-line": _edit(first + "\n", first),
        "hashes-64": _with_hashes([bytes(32)] * 64),
        "blank-line-missing": _edit(HASHES + "\n", HASHES),
        "ends-with-the-hashes": BEFORE_NOTE[:-1],
    }


def _mismatched() -> dict[str, str]:
    return {
        "index-before": _edit("index 41", "index 40"),
        "index-after": _edit("index 41", "index 42"),
        "index-zero": _edit("index 41", "index 0"),
        "index-2-to-53": _edit("index 41", f"index {2**53}"),
        "index-in-the-entry-changed": _with_entry(ENTRY_TEXT.replace(":41,", ":42,")),
        "entry-of-another-statement": _with_entry(ENTRY),
    }


def _malformed_entries() -> dict[str, str]:
    return {
        "entry-with-space": _with_entry(ENTRY_TEXT.replace(":41", ": 41")),
        "entry-with-newline": _with_entry(ENTRY_TEXT + "\n"),
        "entry-with-member": _with_entry(ENTRY_TEXT.replace("}", ',"x":1}')),
        "entry-is-the-statement": _with_entry(JWS.decode()),
        "entry-of-one-byte": _with_entry("{"),
    }


def _malformed_notes() -> dict[str, str]:
    return {
        "checkpoint-missing": BEFORE_NOTE,
        "trailing-newline": RECEIPT + "\n",
        "trailing-text": RECEIPT + "x",
        "trailing-nul": RECEIPT + "\x00",
        "last-newline-missing": RECEIPT[:-1],
        "checkpoint-of-text-only": BEFORE_NOTE + HEAD,
    }


def _wrong_notes() -> dict[str, str]:
    return {
        "blank-line-before-the-hashes": _edit("index 41\n", "index 41\n\n"),
        "two-blank-lines": _edit(HASHES + "\n", HASHES + "\n\n"),
        "trailing-receipt": RECEIPT + "\n" + RECEIPT,
        "checkpoint-size-changed": _edit("\n70\n", "\n71\n"),
        "checkpoint-root-changed": _edit(b64(LOG.root(0, 70)), b64(LOG.root(0, 69))),
    }


def _unproved() -> dict[str, str]:
    return {
        "checkpoint-without-the-entry": BEFORE_NOTE + signed_note(head(41, LOG)),
        "checkpoint-of-a-smaller-tree": BEFORE_NOTE + signed_note(head(50, LOG)),
        "checkpoint-of-another-tree": BEFORE_NOTE + signed_note(head(70, TREE)),
        "index-changed-in-both": _with_entry(ENTRY_TEXT.replace(":41,", ":42,")).replace(
            "index 41", "index 42"
        ),
        "index-is-size": _with_entry(ENTRY_TEXT.replace(":41,", ":70,")).replace("index 41", "index 70"),
        "entry-time-changed": _with_entry(ENTRY_TEXT.replace("08:00:00", "07:00:00")),
        "entry-public-changed": _with_entry(ENTRY_TEXT.replace("false", "true")),
        "entry-previous-changed": _with_entry(ENTRY_TEXT.replace(PREVIOUS, "A" * 43)),
        "path-empty": _edit(HASHES, ""),
        "path-truncated": _with_hashes(PATH[:-1]),
        "path-without-the-sibling": _with_hashes(PATH[1:]),
        "path-lengthened": _with_hashes([*PATH, bytes(32)]),
        "path-reversed": _with_hashes(PATH[::-1]),
        "path-flipped": _with_hashes([flip(PATH[0]), *PATH[1:]]),
        "path-of-a-neighbour": _with_hashes(LOG.path(40, 70)),
        "path-of-63": _with_hashes([bytes(32)] * 63),
    }
