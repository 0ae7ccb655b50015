"""Tile paths and entry bundles after C2SP tlog-tiles, right and wrong."""

from typing import Any

Case = dict[str, Any]

VALID_PATHS: dict[str, tuple[int | None, int, int]] = {
    "tile/0/000": (0, 0, 256),
    "tile/0/000.p/1": (0, 0, 1),
    "tile/0/x001/x234/067": (0, 1234067, 256),
    "tile/1/x001/000.p/255": (1, 1000, 255),
    "tile/63/999": (63, 999, 256),
    "tile/entries/000": (None, 0, 256),
    "tile/entries/x001/x234/067.p/12": (None, 1234067, 12),
    "tile/0/x036/x028/x797/x018/x963/967": (0, 2**55 - 1, 256),
}
REFUSED_PATHS = {
    "form": ["", "/", "tile", "tile/", "tile/0", "tile/0/", "tile//000", "/tile/0/000", "tile/0/000/"],
    "other": ["checkpoint"],
    "spaces": [" tile/0/000", "tile/0/000 ", "tile/0/000\n", "tile/0/000\x00", "tile/0 /000", "tile/0/ 00"],
    "letters": ["TILE/0/000", "tile\\0\\000", "tile/Entries/000", "tile/entry/000", "tile/data/000"],
    "level": ["tile/00/000", "tile/01/000", "tile/-1/000", "tile/+1/000", "tile/64/000", "tile/100/000"],
    "level-form": ["tile/1e1/000", "tile/a/000", "tile/٠/000", "tile/0.0/000", "tile/8/0/000"],
    "index": ["tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/1", "tile/0/-01", "tile/0/+01", "tile/0/0x1"],
    "index-form": ["tile/0/abc", "tile/0/０００", "tile/0/%30%30%30", "tile/0/../000", "tile/0/0_0"],
    "groups": ["tile/0/001/234", "tile/0/x001", "tile/0/x001/x234", "tile/0/X001/234", "tile/0/x01/234"],
    "groups-more": ["tile/0/x0001/234", "tile/0/x001//234", "tile/0/x001234", "tile/0/x001/234/"],
    "leading-zeros": ["tile/0/x000/001", "tile/0/x000/x001/001", "tile/entries/x000/000"],
    "too-large": ["tile/0/x036/x028/x797/x018/x963/968", "tile/0/x001/x000/x000/x000/x000/x000/000"],
    "width": ["tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/00", "tile/0/000.p/01"],
    "width-range": ["tile/0/000.p/256", "tile/0/000.p/257", "tile/0/000.p/999", "tile/0/000.p/1000"],
    "width-form": ["tile/0/000.p/-1", "tile/0/000.p/1e1", "tile/0/000.p/a", "tile/0/000.p/1/"],
    "suffix": ["tile/0/000.P/1", "tile/0/000.p1", "tile/0/000p/1", "tile/0/000.p/1.p/1"],
    "query": ["tile/0/000?x", "tile/0/000#x"],
    "entries": ["tile/entries", "tile/entries/", "tile/entries/0", "tile/entries/000.p/256"],
}


def tile_path_cases() -> list[Case]:
    """Paths."""
    cases: list[Case] = [
        {"name": path, "expect": "ok", "path": path, "level": level, "index": index, "width": width}
        for path, (level, index, width) in VALID_PATHS.items()
    ]
    for group, paths in REFUSED_PATHS.items():
        cases += [
            {"name": f"{group}-{number}", "expect": "tile.malformed", "path": path}
            for number, path in enumerate(paths)
        ]
    return cases


def entry_bundle_cases() -> list[Case]:
    """Bundles."""
    three = b"\x00\x01a\x00\x02bc\x00\x03def"
    full = b"".join(b"\x00\x01" + bytes([number]) for number in range(256))
    valid = {
        "valid-one": (b"\x00\x01a", 1),
        "valid-three": (three, 3),
        "valid-full": (full, 256),
    }
    refused = {
        "empty": (b"", 1),
        "empty-of-256": (b"", 256),
        "half-a-length": (b"\x00", 1),
        "length-only": (b"\x00\x01", 1),
        "length-zero": (b"\x00\x00", 1),
        "length-zero-between": (b"\x00\x01a\x00\x00\x00\x01b", 3),
        "length-zero-at-the-end": (b"\x00\x01a\x00\x00", 2),
        "one-too-few": (three, 4),
        "one-too-many": (three, 2),
        "width-one": (three, 1),
        "width-zero": (b"", 0),
        "width-257": (full + b"\x00\x01a", 257),
        "trailing-byte": (three + b"\x00", 3),
        "trailing-length-zero": (three + b"\x00\x00", 3),
        "cut-by-one": (three[:-1], 3),
        "cut-in-a-length": (three[:8], 3),
        "leading-byte": (b"\x00" + three, 3),
        "length-little-endian": (b"\x01\x00a", 1),
        "length-too-large": (b"\x00\x02a", 1),
        "length-too-small": (b"\x00\x01ab", 1),
        "length-of-the-rest": (b"\x00\x0a" + three[2:], 3),
        "full-cut": (full[:-3], 256),
        "full-and-one-more": (full + b"\x00\x01a", 256),
        "full-as-255": (full, 255),
        "json": (b'["a"]', 1),
        "newline-separated": (b"a\nbc\ndef\n", 3),
    }
    return [
        {"name": name, "expect": expect, "hex": raw.hex(), "width": width}
        for expect, group in (("ok", valid), ("tile.malformed", refused))
        for name, (raw, width) in group.items()
    ]
