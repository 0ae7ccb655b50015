"""The entry's one form, its domains and its link; the refusals by name are in the vectors."""

import json
from dataclasses import FrozenInstanceError, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.clock import format_time_us
from ledger.encoding import b64url_encode
from ledger.errors import ChainBroken, EntryMalformed
from ledger.log.canonical import canonical_json
from ledger.log.entry import GENESIS_PREVIOUS, MAX_ENTRY_BYTES, MAX_INDEX, Entry, parse_entry, verify_link
from ledger.log.merkle import leaf_hash

LAST_US = 253_402_300_799_999_999  # 9999-12-31T23:59:59.999999Z
ENTRY = Entry(41, bytes(range(32)), False, 1_795_161_600_123_456, bytes(range(32, 64)))
BYTES = (
    b'{"index":41,"previous":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8","public":false,'
    b'"recorded_at":"2026-11-20T08:00:00.123456Z","statement":"ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8"}'
)

hashes = st.binary(min_size=32, max_size=32)
entries = st.builds(Entry, st.integers(0, MAX_INDEX), hashes, st.booleans(), st.integers(0, LAST_US), hashes)


def test_the_bytes_are_these() -> None:
    assert ENTRY.encode() == BYTES
    assert parse_entry(BYTES) == ENTRY


@given(entries)
def test_every_entry_is_its_canonical_json_and_is_read_back(entry: Entry) -> None:
    data = entry.encode()
    assert data == canonical_json(
        {
            "statement": b64url_encode(entry.statement),
            "recorded_at": format_time_us(entry.recorded_at_us),
            "public": entry.public,
            "previous": b64url_encode(entry.previous),
            "index": entry.index,
        }
    )
    assert parse_entry(data) == entry
    assert len(data) <= MAX_ENTRY_BYTES


@given(entries, st.data())
def test_one_changed_byte_is_refused_or_another_entry(entry: Entry, data: st.DataObject) -> None:
    encoded = bytearray(entry.encode())
    at = data.draw(st.integers(0, len(encoded) - 1))
    encoded[at] ^= data.draw(st.integers(1, 255))
    try:
        changed = parse_entry(bytes(encoded))
    except EntryMalformed:
        return
    assert changed != entry
    assert changed.encode() == encoded


def test_no_byte_can_be_left_out_doubled_or_put_in() -> None:
    for at in range(len(BYTES)):
        for changed in (BYTES[:at] + BYTES[at + 1 :], BYTES[:at] + BYTES[at : at + 1] + BYTES[at:]):
            if BYTES[at : at + 1] in b"41" and at < 12:
                continue  # the index 4, 1, 441 or 411: another entry
            with pytest.raises(EntryMalformed):
                parse_entry(changed)
    for at in range(len(BYTES) + 1):
        for extra in (b" ", b"\n", b"\x00", b"\xff"):
            with pytest.raises(EntryMalformed):
                parse_entry(BYTES[:at] + extra + BYTES[at:])
    for length in range(len(BYTES)):
        with pytest.raises(EntryMalformed):
            parse_entry(BYTES[:length])


@pytest.mark.parametrize(
    "members", [{"index": 42}, {"public": True}, {"recorded_at": "2026-11-20T08:00:00.000000Z"}]
)
def test_what_is_read_is_what_is_written(members: dict[str, object]) -> None:
    changed = {**json.loads(BYTES), **members}
    entry = parse_entry(canonical_json(changed))
    assert entry != ENTRY
    assert json.loads(entry.encode()) == changed


@pytest.mark.parametrize(
    "changed",
    [
        replace(ENTRY, index=-1),
        replace(ENTRY, index=MAX_INDEX + 1),
        replace(ENTRY, previous=b""),
        replace(ENTRY, previous=bytes(31)),
        replace(ENTRY, previous=bytes(33)),
        replace(ENTRY, statement=bytes(31)),
        replace(ENTRY, statement=bytes(33)),
        replace(ENTRY, previous=bytes(31), statement=bytes(33)),
        replace(ENTRY, recorded_at_us=-1),
        replace(ENTRY, recorded_at_us=-(10**18)),
        replace(ENTRY, recorded_at_us=-(10**30)),
        replace(ENTRY, recorded_at_us=LAST_US + 1),
        replace(ENTRY, recorded_at_us=10**30),
    ],
)
def test_a_member_outside_its_domain_is_not_written(changed: Entry) -> None:
    with pytest.raises(ValueError):
        changed.encode()


def test_a_parsed_entry_is_as_frozen_as_a_made_one() -> None:
    entry = parse_entry(BYTES)
    with pytest.raises(FrozenInstanceError):
        entry.index = 42
    assert hash(entry) == hash(ENTRY)
    assert repr(entry) == repr(ENTRY)


def test_the_link_is_the_leaf_hash_before() -> None:
    first = Entry(0, GENESIS_PREVIOUS, True, 0, bytes(32))
    second = Entry(1, leaf_hash(first.encode()), False, 0, bytes(32))
    verify_link(first, GENESIS_PREVIOUS)
    verify_link(second, leaf_hash(first.encode()))
    for entry, previous in ((second, GENESIS_PREVIOUS), (first, leaf_hash(first.encode())), (second, b"")):
        with pytest.raises(ChainBroken, match=f"entry {entry.index} "):
            verify_link(entry, previous)
