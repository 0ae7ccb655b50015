"""Checking an entry together with its statement: the one place for the database, for a range, for a remote
ledger.

Decides: what must hold between an entry, the bytes that it commits to and the register of keys. Never reads
anything by itself, and never decides whether an act was allowed (the fold does).
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from ledger.audit.envelopes import Envelope, EnvelopeReader
from ledger.audit.links import Report
from ledger.audit.quick import IAT_TOLERANCE_S, QuickCheck
from ledger.errors import RequestError, SignatureInvalid
from ledger.log.entry import Entry
from ledger.statements.jwk import ALGORITHMS, PublicKey, parse_jwk
from ledger.statements.registers import KeyRecord
from ledger.statements.standing import key_fault

if TYPE_CHECKING:
    from ledger.statements.acts import Act

_SECOND_US = 1_000_000


class Examined(NamedTuple):
    """A statement that could be read.

    Attributes:
        envelope: Its envelope.
        owner: The party that owns its key; None where nobody does.
        act: The act that it carries, or None for a record, and for an act that cannot be read.
        sound: Whether it is signed for this log by a key that was good for its entry.
    """

    envelope: Envelope
    owner: str | None
    act: "Act | None"
    sound: bool


class StatementChecker:
    """Checks the statements of one log under one register of keys.

    A key's kid is the hash of the key, so a register cannot name a wrong key; whose a key is and when it is
    good rests on the acts that the register was folded from."""

    def __init__(
        self, origin: str, keys: Mapping[str, KeyRecord], unproven: Mapping[str, KeyRecord] | None = None
    ) -> None:
        """Checks against ``keys``, as they are whenever a statement is checked.

        Args:
            origin: The log's origin.
            keys: Folded from the public acts.
            unproven: Keys that no act was found for, to be used where ``keys`` has none: so that one damaged
                act does not make every later statement of a party look forged. The caller reports them.
        """
        self._origin = origin
        self._keys = keys
        self._unproven = unproven or {}
        self._read = EnvelopeReader(origin).read
        self._public: dict[str, PublicKey] = {}
        self._signatures = 0

    def quick(self) -> QuickCheck:
        """What recognises right rows under the same keys, which must not change any more."""
        return QuickCheck(self._origin, self._keys)

    def take_count(self) -> int:
        """How many signatures were verified since the last call."""
        count, self._signatures = self._signatures, 0
        return count

    def owner(self, kid: str) -> str | None:
        """The party that a key belongs to; None where no party has it."""
        record = self._find(kid)
        return None if record is None else record.party

    def examine(self, entry: Entry, jws: bytes, report: Report) -> Examined | None:
        """Checks a statement's bytes against its entry.

        Args:
            entry: The entry, its own form checked.
            jws: The bytes that are said to be its statement.
            report: Takes each fault.

        Returns:
            None where the bytes are not those that the entry commits to, or are no statement.
        """
        try:
            envelope = self._read(jws)
        except RequestError as error:
            if sha256(jws).digest() == entry.statement:
                report("statement.malformed", "statement_bytes", error.detail)
            else:
                _report_other_bytes(report)
            return None
        if envelope.statement_hash != entry.statement:
            _report_other_bytes(report)
            return None
        if envelope.aud != self._origin:
            report("statement.audience", "statement_bytes", f"the statement was signed for {envelope.aud!r}")
        if envelope.iat * _SECOND_US > entry.recorded_at_us + IAT_TOLERANCE_S * _SECOND_US:
            report(
                "statement.signed-in-future",
                "statement_bytes",
                f"iat lies more than {IAT_TOLERANCE_S} seconds after recorded_at",
            )
        record = self._keys.get(envelope.kid) or self._unproven.get(envelope.kid)
        good = _check_key(record, envelope.kid, entry, report)
        signed = record is not None and self._verify(record, envelope, "statement_bytes", report)
        act = self._read_act(jws, report) if envelope.act else None
        public = act is not None and act.public
        if entry.public != public and (act is not None or not envelope.act):
            said, is_so = ("public", "private") if entry.public else ("private", "public")
            report(
                "entry.public", "entries", f"the entry says that its statement is {said}, and it is {is_so}"
            )
        owner = None if record is None else record.party
        return Examined(envelope, owner, act, good and signed and envelope.aud == self._origin)

    def check_refused(self, jws: bytes, judged_at: int, report: Report) -> None:
        """Checks a refused statement: signed under a key that was enrolled when it was judged.

        Args:
            jws: Its bytes.
            judged_at: The index that it would have had.
            report: Takes each fault.
        """
        try:
            envelope = self._read(jws)
        except RequestError as error:
            report("statement.malformed", "refusals", error.detail)
            return
        record = self._find(envelope.kid)
        if record is None or record.enrolled_at >= judged_at:
            report("key.unknown", "refusals", f"no party had the key {envelope.kid} then")
        if record is not None:
            self._verify(record, envelope, "refusals", report)

    def check_key(self, kid: str, entry: Entry, report: Report) -> bool:
        """Whether a key was good for the entry; reports what is wrong, also that nobody has the key."""
        return _check_key(self._find(kid), kid, entry, report)

    def _verify(self, record: KeyRecord, envelope: Envelope, table: str, report: Report) -> bool:
        self._signatures += 1
        key = self._public.get(record.kid)
        if key is None:
            key = self._public[record.kid] = parse_jwk(record.jwk)
        if ALGORITHMS[envelope.alg] != key.alg:
            detail = f"the header says {envelope.alg}, and the key is one for {key.alg}"
            report("statement.signature", table, detail)
            return False
        try:
            key.verify(envelope.signature, envelope.signing_input)
        except SignatureInvalid as error:
            report("statement.signature", table, error.detail)
            return False
        return True

    @staticmethod
    def _read_act(jws: bytes, report: Report) -> "Act | None":
        # Few processes meet an act, and importing what acts are takes as long as 2,000 signatures.
        from ledger.audit.acts import read_act_payload

        act, problem = read_act_payload(jws)
        if problem is not None:
            report("act.malformed", "statement_bytes", problem)
        return act

    def _find(self, kid: str) -> KeyRecord | None:
        return self._keys.get(kid) or self._unproven.get(kid)


def _check_key(record: KeyRecord | None, kid: str, entry: Entry, report: Report) -> bool:
    if record is None:
        report("key.unknown", "statements", f"no party has the key {kid}")
        return False
    if entry.index == record.enrolled_at != 0:
        report("key.not-yet-valid", "statements", f"the key {kid} is enrolled by this very entry")
        return False
    fault = key_fault(record, entry.index, entry.recorded_at_us)
    if fault is not None:
        report(fault.code, "statements", f"{fault.detail} ({kid})")
    return fault is None


def _report_other_bytes(report: Report) -> None:
    report(
        "statement.mismatch", "statement_bytes", "the stored bytes are not those that the entry commits to"
    )
