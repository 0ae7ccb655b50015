"""The entry: the bytes of one leaf of the log, and the link to the leaf before it.

Decides: the one canonical form of an entry. Never knows what its statement says.

Source: DESIGN section 2, "Entry"; RFC 8785 for the form.
"""

import re
from base64 import urlsafe_b64encode
from binascii import a2b_base64
from dataclasses import dataclass, fields
from functools import lru_cache

from ledger.clock import format_time_us, parse_time_us
from ledger.errors import ChainBroken, EntryMalformed

GENESIS_PREVIOUS = bytes(32)
MAX_ENTRY_BYTES = 65_535
MAX_INDEX = 2**53 - 1  # RFC 8785 writes larger integers differently

_SECOND_US = 1_000_000
_MINUTE_US = 60 * _SECOND_US
# 43 characters of base64url are 32 bytes and 2 bits; a last character outside the class sets those bits.
_HASH = rb"([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])"
_FORM = re.compile(
    rb'\{"index":(0|[1-9][0-9]{0,15}),"previous":"' + _HASH + rb'","public":(true|false),'
    rb'"recorded_at":"([0-9T:-]{16}):([0-5][0-9])\.([0-9]{6})Z","statement":"' + _HASH + rb'"\}'
)
_match = _FORM.fullmatch
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log.

    Attributes:
        index: 0-based place in the log, at most 2^53 - 1.
        previous: Leaf hash of the entry before it, 32 bytes; ``GENESIS_PREVIOUS`` at index 0.
        public: Whether the statement is a public act.
        recorded_at_us: Microseconds since the epoch, years 1970 to 9999.
        statement: Statement hash, 32 bytes.
    """

    index: int
    previous: bytes
    public: bool
    recorded_at_us: int
    statement: bytes

    def encode(self) -> bytes:
        """The entry's bytes in their one form.

        Raises:
            ValueError: A member is outside its domain.
        """
        if not (0 <= self.index <= MAX_INDEX and len(self.previous) == len(self.statement) == 32):
            raise ValueError("an entry has an index of 0 to 2^53 - 1 and hashes of 32 bytes")
        minute, rest_us = divmod(self.recorded_at_us, _MINUTE_US)
        second, fraction_us = divmod(rest_us, _SECOND_US)
        return b'{"index":%d,"previous":"%b","public":%b,"recorded_at":"%b:%02d.%06dZ","statement":"%b"}' % (
            self.index,
            urlsafe_b64encode(self.previous)[:43],
            b"true" if self.public else b"false",
            _minute_text(minute),
            second,
            fraction_us,
            urlsafe_b64encode(self.statement)[:43],
        )


def parse_entry(data: bytes) -> Entry:
    """The entry that these bytes are; ``parse_entry(data).encode() == data``.

    Raises:
        EntryMalformed: Anything but the one canonical form.
    """
    match = _match(data)
    if match is None:
        raise EntryMalformed("these bytes do not have the form of an entry")
    index_text, previous, public, minute, second, fraction, statement = match.groups()
    index = int(index_text)
    if index > MAX_INDEX:
        raise EntryMalformed("the index is above 2^53 - 1")
    # One decoding for both hashes: the A fills up the first one's last group, which makes one byte 00 more.
    hashes = a2b_base64((previous + b"A" + statement + b"=").translate(_TO_STANDARD))
    # What the frozen dataclass's own __init__ would do, in two thirds of the time.
    entry = _new(Entry)
    _set_index(entry, index)
    _set_previous(entry, hashes[:32])
    _set_public(entry, public == b"true")
    _set_recorded_at_us(entry, _minute_us(minute) + int(second + fraction))
    _set_statement(entry, hashes[33:])
    return entry


def verify_link(entry: Entry, previous_leaf_hash: bytes) -> None:
    """Returns only if the entry names this leaf hash as the one before it.

    Args:
        entry: The later entry.
        previous_leaf_hash: Leaf hash of entry ``entry.index - 1``; ``GENESIS_PREVIOUS`` for entry 0.

    Raises:
        ChainBroken: It names another.
    """
    if entry.previous != previous_leaf_hash:
        raise ChainBroken(f"entry {entry.index} does not name the leaf hash of the entry before it")


_new = object.__new__
_set_index, _set_previous, _set_public, _set_recorded_at_us, _set_statement = (
    vars(Entry)[field.name].__set__ for field in fields(Entry)
)


@lru_cache(maxsize=1024)
def _minute_text(minute: int) -> bytes:
    """``YYYY-MM-DDTHH:MM`` of a minute since the epoch."""
    if minute < 0:
        raise ValueError("the time is outside the years 1970 to 9999")
    try:
        return format_time_us(minute * _MINUTE_US)[:16].encode("ascii")
    except OverflowError as error:
        raise ValueError("the time is outside the years 1970 to 9999") from error


@lru_cache(maxsize=1024)
def _minute_us(text: bytes) -> int:
    """Microseconds since the epoch of ``YYYY-MM-DDTHH:MM``."""
    try:
        time_us = parse_time_us(text.decode("ascii") + ":00.000000Z")
    except ValueError as error:
        raise EntryMalformed("recorded_at is not a moment that exists") from error
    if time_us < 0:
        raise EntryMalformed("recorded_at is before 1970")
    return time_us
