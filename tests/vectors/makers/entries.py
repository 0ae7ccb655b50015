"""Entries: the one form, and everything that is nearly it."""

import base64
import hashlib
import json
from typing import Any

Case = dict[str, Any]


def b64url(raw: bytes) -> str:
    """Unpadded base64url."""
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


PREVIOUS = b64url(hashlib.sha256(b"previous").digest())
STATEMENT = b64url(hashlib.sha256(b"statement").digest())
TIME = "2026-11-20T08:00:00.123456Z"
ENTRY = (
    f'{{"index":41,"previous":"{PREVIOUS}","public":false,"recorded_at":"{TIME}","statement":"{STATEMENT}"}}'
)
GENESIS = ENTRY.replace(":41,", ":0,").replace(PREVIOUS, "A" * 43).replace("false", "true")


def entry_cases() -> list[Case]:
    """A few valid entries and one changed entry for each rule of the form."""
    valid = {
        "valid": ENTRY,
        "valid-genesis": GENESIS,
        "valid-greatest-index": ENTRY.replace(":41,", f":{2**53 - 1},"),
        "valid-epoch": ENTRY.replace(TIME, "1970-01-01T00:00:00.000000Z"),
        "valid-last-microsecond": ENTRY.replace(TIME, "9999-12-31T23:59:59.999999Z"),
        "valid-leap-day": ENTRY.replace(TIME, "2028-02-29T23:59:59.999999Z"),
    }
    others = {
        "empty": "",
        "null": "null",
        "empty-object": "{}",
        "array": f"[{ENTRY}]",
        "text": json.dumps(ENTRY),
        "order-changed": ENTRY.replace('"public":false,', "").replace("{", '{"public":false,'),
    }
    cases = [{"name": name, "expect": "ok", "text": text} for name, text in valid.items()]
    cases += [{"name": name, "expect": "entry.malformed", "text": text} for name, text in others.items()]
    for edits in (INDEX_EDITS, HASH_EDITS, TIME_EDITS, FORM_EDITS):
        for name, (old, new) in edits.items():
            assert old in ENTRY, name
            cases.append({"name": name, "expect": "entry.malformed", "text": ENTRY.replace(old, new)})
    encoded = {"utf-16": ENTRY.encode("utf-16"), "not-utf-8": b"\xff" + ENTRY.encode()}
    return [
        *cases,
        *({"name": n, "expect": "entry.malformed", "hex": raw.hex()} for n, raw in encoded.items()),
    ]


INDEX_EDITS = {
    "index-leading-zero": (":41,", ":041,"),
    "index-negative": (":41,", ":-41,"),
    "index-minus-zero": (":41,", ":-0,"),
    "index-plus": (":41,", ":+41,"),
    "index-fraction": (":41,", ":41.0,"),
    "index-exponent": (":41,", ":4.1e1,"),
    "index-text": (":41,", ':"41",'),
    "index-null": (":41,", ":null,"),
    "index-missing": ('"index":41,', ""),
    "index-empty": (":41,", ":,"),
    "index-2-to-53": (":41,", f":{2**53},"),
    "index-above-2-to-64": (":41,", f":{2**64 + 41},"),
    "index-fullwidth-digit": (":41,", ":4１,"),
    "index-arabic-digit": (":41,", ":4١,"),
    "index-underscore": (":41,", ":4_1,"),
    "index-twice": ('"index":41,', '"index":41,"index":41,'),
    "index-escaped-name": ('"index"', '"\\u0069ndex"'),
}
HASH_EDITS = {
    "previous-padded": (PREVIOUS, PREVIOUS + "="),
    "previous-short": (PREVIOUS, PREVIOUS[:-1]),
    "previous-long": (PREVIOUS, PREVIOUS + "A"),
    "previous-empty": (PREVIOUS, ""),
    "previous-standard-alphabet": (PREVIOUS, "+/" + PREVIOUS[2:]),
    "previous-trailing-bits": (PREVIOUS, PREVIOUS[:-1] + "B"),
    "previous-hex": (PREVIOUS, hashlib.sha256(b"previous").hexdigest()),
    "previous-null": (f'"{PREVIOUS}"', "null"),
    "previous-not-ascii": (PREVIOUS, "é" + PREVIOUS[2:]),
    "statement-padded": (STATEMENT, STATEMENT + "="),
    "statement-short": (STATEMENT, STATEMENT[:-1]),
    "statement-long": (STATEMENT, STATEMENT + "A"),
    "statement-standard-alphabet": (STATEMENT, STATEMENT[:20] + "+/" + STATEMENT[22:]),
    "statement-trailing-bits": (STATEMENT, STATEMENT[:-1] + "D"),
    "statement-missing": (f',"statement":"{STATEMENT}"', ""),
}
TIME_EDITS = {
    "time-without-fraction": (".123456Z", "Z"),
    "time-three-digits": (".123456Z", ".123Z"),
    "time-nine-digits": (".123456Z", ".123456789Z"),
    "time-comma": (".123456Z", ",123456Z"),
    "time-offset": ("456Z", "456+00:00"),
    "time-lower-case": ("20T08", "20t08"),
    "time-lower-z": ("123456Z", "123456z"),
    "time-space": ("20T08", "20 08"),
    "time-no-zone": ("123456Z", "123456"),
    "time-hour-24": ("T08:00:00.123456Z", "T24:00:00.000000Z"),
    "time-hour-25": ("T08:", "T25:"),
    "time-minute-60": (":00:00.", ":60:00."),
    "time-leap-second": (":00:00.", ":00:60."),
    "time-month-13": ("-11-", "-13-"),
    "time-month-0": ("-11-", "-00-"),
    "time-day-31-in-november": ("-20T", "-31T"),
    "time-day-0": ("-20T", "-00T"),
    "time-no-leap-year": ("2026-11-20", "2026-02-29"),
    "time-before-the-epoch": ("2026-", "1969-"),
    "time-year-0": ("2026-", "0000-"),
    "time-year-five-digits": ("2026-", "12026-"),
    "time-signed-year": ("2026-", "-026-"),
    "time-week-date": ("2026-11-20", "2026-W47-5"),
    "time-ordinal-date": ("2026-11-20", "2026-324.."),
    "time-basic-date": ("2026-11-20", "20261120--"),
    "time-fullwidth-digit": ("2026-", "202６-"),
    "time-number": (f'"{TIME}"', "1795420800123456"),
}
FORM_EDITS = {
    "space-after-brace": ("{", "{ "),
    "space-after-colon": (":41", ": 41"),
    "space-after-comma": (",", ", "),
    "newline-at-the-end": ("}", "}\n"),
    "newline-before": ("{", "\n{"),
    "byte-order-mark": ("{", "\ufeff{"),
    "nul-at-the-end": ("}", "}\x00"),
    "trailing-comma": ("}", ",}"),
    "trailing-object": ("}", "}{}"),
    "unclosed": ("}", ""),
    "member-added": ("}", ',"zone":1}'),
    "member-in-front": ("{", '{"a":1,'),
    "name-capital": ('"public"', '"Public"'),
    "single-quotes": ('"', "'"),
    "public-text": ("false", '"false"'),
    "public-number": ("false", "0"),
    "public-null": ("false", "null"),
    "public-capital": ("false", "False"),
    "public-missing": ('"public":false,', ""),
}
