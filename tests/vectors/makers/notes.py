"""Signed notes and verifier keys, right and wrong."""

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.vectors.makers.proofs import flip
from tests.vectors.makers.signing import (
    COSIGNED_S,
    ELSEWHERE,
    HEAD,
    LOG_PUBLIC,
    LOG_VKEY,
    MLDSA_PUBLIC,
    MLDSA_VKEY,
    MLDSA_WITNESS,
    ORIGIN,
    OTHER_KEY,
    OTHER_VKEY,
    RENAMED_VKEY,
    WITNESS,
    WITNESS_KEY,
    WITNESS_PUBLIC,
    WITNESS_VKEY,
    b64,
    cosigned_line,
    line,
    mldsa_line,
    signed_line,
    signed_note,
    vkey,
)

Case = dict[str, Any]

# Key and note of the tests of golang.org/x/mod/sumdb/note.
PETER_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
ENOCH_VKEY = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
PETER_TEXT = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
)
PETER_LINE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyB"
    "wJnAM=\n"
)
ENOCH_LINE = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc"
    "+QQ=\n"
)

NOTE = signed_note(HEAD)
RAW = base64.b64decode(signed_line(HEAD).split(" ")[2])  # key id and signature
ALL_VKEYS = [LOG_VKEY, WITNESS_VKEY, MLDSA_VKEY]


def note_cases(stored_mldsa_line: str) -> list[Case]:
    """Every rule of the form and of the signatures, broken once."""
    mldsa = mldsa_line(HEAD, stored_mldsa_line)
    cases = [
        {"name": name, "expect": "ok", "note": note, "vkeys": vkeys, "signers": signers}
        for name, (note, vkeys, signers) in _valid(mldsa).items()
    ]
    for expect, group in (("note.unsigned", _unsigned()), ("note.signature", _wrong(mldsa))):
        cases += [
            {"name": name, "expect": expect, "note": note, "vkeys": vkeys}
            for name, (note, vkeys) in group.items()
        ]
    for name, note in (_malformed_notes() | _malformed_lines()).items():
        data = {"note": note} if isinstance(note, str) else {"note_hex": note.hex()}
        cases.append({"name": name, "expect": "note.malformed", "vkeys": [LOG_VKEY, PETER_VKEY], **data})
    return cases


def _valid(mldsa: str) -> dict[str, tuple[str, list[str], list[str]]]:
    blank_line_inside = signed_note("a\n\nb\n")
    other = signed_line(HEAD, OTHER_KEY)
    return {
        "valid": (NOTE, [LOG_VKEY], [ORIGIN]),
        "valid-witnessed": (NOTE + cosigned_line(HEAD), [LOG_VKEY, WITNESS_VKEY], [ORIGIN, WITNESS]),
        "valid-ml-dsa": (NOTE + mldsa, [LOG_VKEY, MLDSA_VKEY], [ORIGIN, MLDSA_WITNESS]),
        "valid-unknown-line-ignored": (NOTE + cosigned_line(HEAD), [LOG_VKEY], [ORIGIN]),
        "valid-unknown-line-first": (HEAD + "\n" + other + signed_line(HEAD), [LOG_VKEY], [ORIGIN]),
        "valid-same-line-twice": (NOTE + signed_line(HEAD), [LOG_VKEY], [ORIGIN]),
        "valid-blank-line-in-the-text": (blank_line_inside, [LOG_VKEY], [ORIGIN]),
        "valid-go": (f"{PETER_TEXT}\n{PETER_LINE}{ENOCH_LINE}", [PETER_VKEY], ["PeterNeumann"]),
    }


def _unsigned() -> dict[str, tuple[str, list[str]]]:
    return {
        "unsigned-no-key-known": (NOTE, []),
        "unsigned-another-key-of-the-name": (NOTE, [OTHER_VKEY]),
        "unsigned-another-name-of-the-key": (NOTE, [RENAMED_VKEY]),
        "unsigned-same-id-another-name": (NOTE.replace("— log", "— Log"), [LOG_VKEY]),
        "unsigned-same-name-another-id": (f"{HEAD}\n— {ORIGIN} {b64(flip(RAW))}\n", [LOG_VKEY]),
        "unsigned-witness-only": (HEAD + "\n" + cosigned_line(HEAD), [LOG_VKEY]),
        "unsigned-go-other-key": (f"{PETER_TEXT}\n{PETER_LINE}", [ENOCH_VKEY]),
    }


def _wrong(mldsa: str) -> dict[str, tuple[str, list[str]]]:
    wrong, smaller, extended = signed_line(HEAD + "x"), HEAD.replace("\n70\n", "\n69\n"), HEAD + "extension\n"
    log = [LOG_VKEY]
    # A type 04 line whose signature is one over the bare text, as type 01 would have it.
    bare = line(WITNESS, 4, WITNESS_PUBLIC, COSIGNED_S.to_bytes(8, "big") + WITNESS_KEY.sign(HEAD.encode()))
    cosigned = base64.b64decode(cosigned_line(HEAD).split(" ")[2])
    bits = {
        f"wrong-bit-{bit}": (f"{HEAD}\n— {ORIGIN} {b64(flip(RAW, bit))}\n", log) for bit in (32, 64, 300, 543)
    }
    return {
        **bits,
        "wrong-text-changed": (NOTE.replace("\n70\n", "\n71\n"), log),
        "wrong-text-with-space": (NOTE.replace("\n70\n", "\n70 \n"), log),
        "wrong-line-appended": (f"{HEAD}extension\n\n{signed_line(HEAD)}", log),
        "wrong-text-emptied": (f"\n\n{signed_line(HEAD)}", log),
        "wrong-signature": (HEAD + "\n" + wrong, log),
        "wrong-beside-a-right-one": (NOTE + wrong, log),
        "wrong-before-a-right-one": (HEAD + "\n" + wrong + signed_line(HEAD), log),
        "wrong-signature-cut": (f"{HEAD}\n— {ORIGIN} {b64(RAW[:-1])}\n", log),
        "wrong-signature-one-byte": (f"{HEAD}\n— {ORIGIN} {b64(RAW[:5])}\n", log),
        "wrong-signature-long": (f"{HEAD}\n— {ORIGIN} {b64(RAW + bytes(1))}\n", log),
        "wrong-signature-of-zeros": (f"{HEAD}\n— {ORIGIN} {b64(RAW[:4] + bytes(64))}\n", log),
        "wrong-cosignature-time": (NOTE + cosigned_line(HEAD, COSIGNED_S + 1), ALL_VKEYS),
        "wrong-cosignature-text": (NOTE + cosigned_line(HEAD + "x"), ALL_VKEYS),
        "wrong-cosignature-of-the-bare-text": (NOTE + bare, ALL_VKEYS),
        "wrong-cosignature-time-only": (NOTE + f"— {WITNESS} {b64(cosigned[:12])}\n", ALL_VKEYS),
        "wrong-cosignature-cut": (NOTE + f"— {WITNESS} {b64(cosigned[:-1])}\n", ALL_VKEYS),
        "wrong-cosignature-time-2-to-63": (NOTE + cosigned_line(HEAD, 2**63, 2**63), ALL_VKEYS),
        "wrong-ml-dsa-time": (NOTE + _changed(mldsa, 32 + 63), ALL_VKEYS),
        "wrong-ml-dsa-bit": (NOTE + _changed(mldsa, 32 + 64 + 9000), ALL_VKEYS),
        "wrong-ml-dsa-size": (signed_note(smaller) + mldsa, ALL_VKEYS),
        "wrong-ml-dsa-extension": (signed_note(extended) + mldsa, ALL_VKEYS),
        "wrong-ml-dsa-not-a-checkpoint": (signed_note("a\n") + mldsa, ALL_VKEYS),
        "wrong-go": (f"{PETER_TEXT}\n{PETER_LINE[:60]}ABCD{PETER_LINE[60:]}", [PETER_VKEY]),
    }


def _changed(signature_line: str, bit: int) -> str:
    dash, name, encoded = signature_line.rstrip("\n").split(" ")
    return f"{dash} {name} {b64(flip(base64.b64decode(encoded), bit))}\n"


def _malformed_notes() -> dict[str, str | bytes]:
    return {
        "empty": "",
        "newline": "\n",
        "text-only": HEAD,
        "text-and-blank-line": HEAD + "\n",
        "no-blank-line": HEAD + signed_line(HEAD),
        "blank-line-before-the-text-only": "\n\n" + HEAD,
        "two-blank-lines-at-the-end": NOTE + "\n\n",
        "blank-line-at-the-end": NOTE + "\n",
        "blank-line-after-signatures": NOTE + "\n" + cosigned_line(HEAD) + "\n",
        "no-last-newline": NOTE[:-1],
        "trailing-text": NOTE + "x",
        "trailing-line": NOTE + "Unexpected line.\n",
        "trailing-nul": NOTE + "\x00",
        "carriage-returns": NOTE.replace("\n", "\r\n"),
        "carriage-return-in-the-text": NOTE.replace("70\n", "70\r\n"),
        "carriage-return-at-the-end": NOTE[:-1] + "\r\n",
        "tab": NOTE.replace("\n70\n", "\n70\t\n"),
        "nul": NOTE.replace("\n70\n", "\n70\x00\n"),
        "escape": NOTE.replace("\n70\n", "\n70\x1b\n"),
        "unit-separator": NOTE.replace("\n70\n", "\n70\x1f\n"),
        "control-first": "\x01" + NOTE,
        "not-utf-8": b"\xff" + NOTE.encode(),
        "not-utf-8-in-the-text": NOTE.encode().replace(b"\n70\n", b"\n7\xc3\n"),
        "surrogate-bytes": NOTE.encode().replace(b"\n70\n", b"\n7\xed\xa0\x80\n"),
        "overlong-newline": NOTE.encode().replace(b"\n70\n", b"\n7\xc0\x8a\n"),
        "utf-16": NOTE.encode("utf-16"),
        "signatures-101": HEAD + "\n" + signed_line(HEAD) * 101,
        "go-text-only": PETER_TEXT,
    }


def _malformed_lines() -> dict[str, str | bytes]:
    signature = b64(RAW)
    lines = {
        "no-name": f"— {signature}\n",
        "empty-name": f"—  {signature}\n",
        "no-signature": f"— {ORIGIN} \n",
        "no-space-before-the-signature": f"— {ORIGIN}\n",
        "key-id-only": f"— {ORIGIN} {b64(RAW[:4])}\n",
        "key-id-cut": f"— {ORIGIN} {b64(RAW[:3])}\n",
        "base64url": f"— {ORIGIN} {base64.urlsafe_b64encode(RAW[:4] + bytes([255] * 65)).decode()}\n",
        "base64-unpadded": f"— {ORIGIN} {signature.rstrip('=')}\n",
        "base64-padded-twice": f"— {ORIGIN} {signature}=\n",
        "base64-trailing-bits": f"— {ORIGIN} {b64(RAW[:-1] + bytes(1))[:-2]}B=\n",
        "base64-with-space": f"— {ORIGIN} {signature} \n",
        "base64-two-parts": f"— {ORIGIN} {signature} {signature}\n",
        "base64-not-ascii": f"— {ORIGIN} é{signature}\n",
        "malformed-line-of-an-unknown-key": f"{signed_line(HEAD)}— unknown {b64(bytes(3))}\n",
        "go-bad-name": f"— Bad Name {PETER_LINE.split(' ')[2]}",
    }
    dashes = {
        "hyphen": ("— ", "- "),
        "en-dash": ("— ", "– "),
        "no-dash": ("— ", ""),
        "no-space-after-the-dash": ("— ", "—"),
        "two-spaces-after-the-dash": ("— ", "—  "),
        "no-break-space-after-the-dash": ("— ", "—\u00a0"),
        "space-before-the-dash": ("— ", " — "),
        "plus-in-the-name": ("— log", "— lo+g"),
        "no-break-space-in-the-name": ("— log", "— lo\u00a0g"),
        "ideographic-space-in-the-name": ("— log", "— lo\u3000g"),
        "line-separator-in-the-name": ("— log", "— lo\u2028g"),
        "name-too-long": ("— log", "— " + "l" * 256),
    }
    return {name: f"{HEAD}\n{text}" for name, text in lines.items()} | {
        name: NOTE.replace(old, new) for name, (old, new) in dashes.items()
    }


def vkey_cases() -> list[Case]:
    """Verifier keys; the key ids of the refused ones are right unless the name says otherwise."""
    name, identity, key = PETER_VKEY.split("+", 2)
    valid = {
        "valid-go-peter": PETER_VKEY,
        "valid-go-enoch": ENOCH_VKEY,
        "valid-cosigner": WITNESS_VKEY,
        "valid-ml-dsa": MLDSA_VKEY,
        "valid-plus-in-the-base64": _vkey_with_plus(),
    }
    refused = {
        "empty": "",
        "name-only": name,
        "name-and-id": f"{name}+{identity}",
        "no-name": f"+{identity}+{key}",
        "name-with-space": vkey("Peter Neumann", 1, LOG_PUBLIC),
        "name-with-newline": vkey("Peter\nNeumann", 1, LOG_PUBLIC),
        "name-with-control": vkey("Peter\x00Neumann", 1, LOG_PUBLIC),
        "name-with-no-break-space": vkey("Peter\u00a0Neumann", 1, LOG_PUBLIC),
        "name-changed": f"Peterneumann+{identity}+{key}",
        "name-too-long": vkey("n" * 256, 1, LOG_PUBLIC),
        "id-changed": f"{name}+c74f20a4+{key}",
        "id-upper-case": f"{name}+{identity.upper()}+{key}",
        "id-short": f"{name}+{identity[1:]}+{key}",
        "id-long": f"{name}+0{identity}+{key}",
        "id-not-hex": f"{name}+{identity[:-1]}g+{key}",
        "id-fullwidth": f"{name}+c74f20a３+{key}",
        "key-empty": f"{name}+{identity}+",
        "key-changed": f"{name}+{identity}+{key[:-1]}X",
        "key-unpadded": vkey(name, 6, MLDSA_PUBLIC).rstrip("="),
        "key-short": vkey(name, 1, LOG_PUBLIC[:-1]),
        "key-long-of-go": "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "key-trailing-newline": PETER_VKEY + "\n",
        "key-trailing-space": PETER_VKEY + " ",
        "key-leading-space": " " + PETER_VKEY,
        "key-base64url": vkey(name, 1, b"\xff" * 32).replace("/", "_"),
        "cosigner-key-short": vkey(name, 4, LOG_PUBLIC[:-1]),
        "ml-dsa-key-of-32-bytes": vkey(name, 6, LOG_PUBLIC),
        "ed25519-key-of-1312-bytes": vkey(name, 1, MLDSA_PUBLIC),
        "type-00": vkey(name, 0, LOG_PUBLIC),
        "type-02": vkey(name, 2, LOG_PUBLIC),
        "type-05": vkey(name, 5, LOG_PUBLIC),
        "type-ff": vkey(name, 255, LOG_PUBLIC),
        "type-unknown-of-go": "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "signer-key-of-go": "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz",
    }
    return [{"name": name, "expect": "ok", "vkey": text} for name, text in valid.items()] + [
        {"name": name, "expect": "refused", "vkey": text} for name, text in refused.items()
    ]


def _vkey_with_plus() -> str:
    for number in range(1, 1000):
        key = Ed25519PrivateKey.from_private_bytes(number.to_bytes(32, "big"))
        text = vkey(ELSEWHERE, 1, key.public_key().public_bytes_raw())
        if text.count("+") > 3:
            return text
    raise AssertionError("no key in a thousand has two plus signs in its base64")
