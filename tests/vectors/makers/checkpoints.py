"""Checkpoints, right and wrong; the log has signed the malformed ones, too."""

import base64
from typing import Any

from tests.vectors.makers.proofs import EMPTY_ROOT, TREE
from tests.vectors.makers.signing import (
    COSIGNED_S,
    ELSEWHERE,
    HEAD,
    LOG_KEY,
    LOG_PUBLIC,
    LOG_VKEY,
    ORIGIN,
    OTHER_KEY,
    RENAMED_VKEY,
    WITNESS_VKEY,
    b64,
    cosigned_line,
    line,
    signed_line,
    signed_note,
    vkey,
)

Case = dict[str, Any]
ROOT = b64(TREE.root(0, 70))


def checkpoint_cases() -> list[Case]:
    """Every rule of a checkpoint broken once."""
    cases = [_case(name, "ok", signed_note(text), [LOG_VKEY]) for name, text in _valid_texts().items()]
    for name, text in _malformed_texts().items():
        cases.append(_case(name, "checkpoint.malformed", signed_note(text), [LOG_VKEY]))
    for expect, group in (("note.unsigned", _unsigned()), ("note.signature", _wrong())):
        cases += [_case(name, expect, f"{HEAD}\n{lines}", vkeys) for name, (lines, vkeys) in group.items()]
    elsewhere = HEAD.replace(ORIGIN, ELSEWHERE)
    by_its_own_key = f"{elsewhere}\n{signed_line(elsewhere, name=ELSEWHERE)}"
    return [
        *cases,
        _case("of-another-log-by-its-key", "note.unsigned", by_its_own_key, [LOG_VKEY]),
        _case("no-signature", "note.malformed", HEAD + "\n", [LOG_VKEY]),
        _case("signature-before-the-text", "note.malformed", f"{signed_line(HEAD)}\n{HEAD}", [LOG_VKEY]),
    ]


def _case(name: str, expect: str, note: str, vkeys: list[str]) -> Case:
    return {"name": name, "expect": expect, "origin": ORIGIN, "vkeys": vkeys, "note": note}


def _valid_texts() -> dict[str, str]:
    return {
        "valid": HEAD,
        "valid-empty-tree": f"{ORIGIN}\n0\n{b64(EMPTY_ROOT)}\n",
        "valid-greatest-size": f"{ORIGIN}\n{2**63 - 1}\n{ROOT}\n",
    }


def _malformed_texts() -> dict[str, str]:
    root_edits = {
        "root-31-bytes": b64(bytes(31)),
        "root-33-bytes": b64(bytes(33)),
        "root-unpadded": ROOT.rstrip("="),
        "root-base64url": base64.urlsafe_b64encode(b"\xff" * 32).decode(),
        "root-trailing-bits": "A" * 42 + "B=",
        "root-hex": TREE.root(0, 70).hex(),
        "root-with-space": ROOT + " ",
    }
    size_edits = {
        "size-leading-zero": "070",
        "size-plus": "+70",
        "size-negative": "-70",
        "size-minus-zero": "-0",
        "size-empty": "",
        "size-hex": "0x46",
        "size-exponent": "7e1",
        "size-underscore": "7_0",
        "size-fullwidth": "7０",
        "size-space-before": " 70",
        "size-space-after": "70 ",
        "size-2-to-63": str(2**63),
        "size-20-digits": str(10**19),
        "size-zero-with-a-root": "0",
    }
    origin_edits = {
        "of-another-log": ELSEWHERE,
        "origin-in-capitals": ORIGIN.upper(),
        "origin-longer": ORIGIN + "/x",
        "origin-empty": "",
        "origin-with-space": ORIGIN + " ",
        "origin-with-plus": ORIGIN.replace("-", "+"),
        "origin-not-ascii": ORIGIN.replace("a", "ä"),
        "origin-256-bytes": "o" * 256,
    }
    return {
        **{name: f"{origin}\n70\n{ROOT}\n" for name, origin in origin_edits.items()},
        **{name: f"{ORIGIN}\n{size}\n{ROOT}\n" for name, size in size_edits.items()},
        **{name: f"{ORIGIN}\n70\n{root}\n" for name, root in root_edits.items()},
        "origin-missing": f"70\n{ROOT}\n",
        "root-missing": f"{ORIGIN}\n70\n",
        "root-empty": f"{ORIGIN}\n70\n\n",
        "extension-line": HEAD + "extension\n",
        "fourth-line-empty": HEAD + "\n",
        "lines-exchanged": f"{ORIGIN}\n{ROOT}\n70\n",
        "two-heads": HEAD + HEAD,
    }


def _unsigned() -> dict[str, tuple[str, list[str]]]:
    message = f"cosignature/v1\ntime {COSIGNED_S}\n{HEAD}".encode()
    own = line(ORIGIN, 4, LOG_PUBLIC, COSIGNED_S.to_bytes(8, "big") + LOG_KEY.sign(message))
    own_vkey = vkey(ORIGIN, 4, LOG_PUBLIC)
    return {
        "cosigned-only": (cosigned_line(HEAD), [LOG_VKEY, WITNESS_VKEY]),
        "cosigned-only-and-no-log-key": (cosigned_line(HEAD), [WITNESS_VKEY]),
        "cosigned-by-the-log-itself-only": (own, [LOG_VKEY, own_vkey]),
        "signed-by-a-trusted-key-of-another-name": (signed_line(HEAD, name=ELSEWHERE), [RENAMED_VKEY]),
        "signed-by-another-key-of-the-origin": (signed_line(HEAD, OTHER_KEY), [LOG_VKEY]),
        "no-key-trusted": (signed_line(HEAD), []),
    }


def _wrong() -> dict[str, tuple[str, list[str]]]:
    late = cosigned_line(HEAD, COSIGNED_S + 1)
    return {
        "signature-of-another-text": (signed_line(HEAD + "x"), [LOG_VKEY]),
        "witness-wrong": (signed_line(HEAD) + late, [LOG_VKEY, WITNESS_VKEY]),
    }
