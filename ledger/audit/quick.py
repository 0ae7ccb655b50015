"""The quick yes: recognising, in one straight line, a row about which there is nothing to say.

Decides: nothing of its own. It says yes only to a private record in the usual form for which everything
holds that ``entries``, ``links`` and ``statements`` check; to everything else, and in every doubt, it says
no, and these say what is wrong, if anything is. Most rows of a sound log are recognised here, for half the
cost."""

from binascii import b2a_base64
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

from ledger.audit.envelopes import EnvelopeReader
from ledger.audit.links import EntryChain
from ledger.clock import parse_time_us
from ledger.errors import SignatureInvalid
from ledger.statements.jwk import ALGORITHMS, PublicKey, parse_jwk
from ledger.statements.registers import KeyRecord

IAT_TOLERANCE_S = 300
_SECOND_US = 1_000_000
_TO_URL = bytes.maketrans(b"+/", b"-_")
_MOST_SECONDS = 4_096
MOST_WAITING = 64
# An entry ends with: recorded_at in 27 characters, 15 of '","statement":"', 43 of the hash, '"}'.
_TIME = slice(-87, -60)


class _Key(NamedTuple):
    record: KeyRecord
    key: PublicKey
    not_after_us: float


class QuickCheck:
    """Recognises right rows of one log.

    Attributes:
        waiting: Index, key, signature and signed bytes of each row whose signature is still to be verified.
    """

    def __init__(self, origin: str, keys: Mapping[str, KeyRecord]) -> None:
        """Recognises statements under ``keys``, which must not change."""
        self._read = EnvelopeReader(origin).read_usual
        self._records = keys
        self._keys: dict[str, _Key] = {}
        self._seconds: dict[bytes, int] = {}
        self._linked: bytes | None = None
        self._link = b""
        self.waiting: list[tuple[int, PublicKey, bytes, bytes]] = []
        self._signatures = 0

    def passes(self, row: Sequence[Any], index: int, chain: EntryChain) -> bool:
        """Whether everything about a row is right but for its signature, which waits for ``settle``.

        If so, the chain has taken the entry.

        Args:
            row: The fields of ``StoredEntry``.
            index: The index that it must have.
            chain: The entries before it.
        """
        found, entry, leaf, statement_index, statement_hash, issuer, jti, kid, input_hash, jws, act_index = (
            row
        )
        if (
            found != index
            or statement_index != index
            or act_index is not None
            or type(entry) is not bytes
            or type(jws) is not bytes
            or chain.leaf is None
        ):
            return False
        envelope = self._read(jws)
        if (
            envelope is None
            or envelope.act
            or envelope.statement_hash != statement_hash
            or envelope.signing_input_hash != input_hash
            or envelope.jti != jti
            or envelope.kid != kid
        ):
            return False
        key = self._keys.get(kid) or self._add_key(kid)
        if key is None or not _may_sign(key, index, issuer) or ALGORITHMS[envelope.alg] != key.key.alg:
            return False
        if chain.leaf is not self._linked:
            self._linked, self._link = chain.leaf, _text(chain.leaf)
        written = entry[_TIME]
        if entry != b'{"index":%d,"previous":"%b","public":false,"recorded_at":"%b","statement":"%b"}' % (
            index,
            self._link,
            written,
            _text(statement_hash),
        ):
            return False
        time_us = self._read_time(written)
        if (
            time_us is None
            or time_us < (chain.time_us or 0)
            or not key.record.not_before_us <= time_us < key.not_after_us
            or envelope.iat * _SECOND_US > time_us + IAT_TOLERANCE_S * _SECOND_US
        ):
            return False
        computed = sha256(b"\x00" + entry).digest()
        if computed != leaf:
            return False
        self.waiting.append((index, key.key, envelope.signature, envelope.signing_input))
        chain.leaf, chain.time_us = computed, time_us
        return True

    def settle(self) -> Iterator[tuple[int, str]]:
        """Verifies the signatures that wait; yields index and detail of each one that is wrong.

        One after the other they stay in the processor's cache, and each takes a tenth less.
        """
        for index, key, signature, signing_input in self.waiting:
            try:
                key.verify(signature, signing_input)
            except SignatureInvalid as error:
                yield index, error.detail
        self._signatures += len(self.waiting)
        self.waiting.clear()

    def take_count(self) -> int:
        """How many signatures were verified since the last call."""
        count, self._signatures = self._signatures, 0
        return count

    def _add_key(self, kid: str) -> _Key | None:
        record = self._records.get(kid)
        if record is None:
            return None
        not_after_us = float("inf") if record.not_after_us is None else record.not_after_us
        key = self._keys[kid] = _Key(record, parse_jwk(record.jwk), not_after_us)
        return key

    def _read_time(self, written: bytes) -> int | None:
        """A time in its one form, 1970 or later; None for anything else."""
        second, fraction = written[:19], written[20:26]
        second_us = self._seconds.get(second)
        if second_us is None:
            try:
                second_us = parse_time_us(second.decode("ascii") + ".000000Z")
            except ValueError:
                return None
            if second_us < 0:
                return None
            if len(self._seconds) >= _MOST_SECONDS:
                self._seconds.clear()
            self._seconds[second] = second_us
        if written[19:20] != b"." or written[26:] != b"Z" or not fraction.isdigit():
            return None
        return second_us + int(fraction)


def _may_sign(key: _Key, index: int, issuer: object) -> bool:
    record = key.record
    return (
        issuer == record.party
        and index > record.enrolled_at
        and (record.revoked_at is None or index <= record.revoked_at)
    )


def _text(hashed: bytes) -> bytes:
    """Unpadded base64url of a hash."""
    return b2a_base64(hashed, newline=False).translate(_TO_URL)[:43]
