"""What registering a statement comes to: inside a batch, and for who sent it."""

from dataclasses import dataclass

from ledger.errors import RequestError
from ledger.findings import Finding
from ledger.log.receipt import ReceiptWriter
from ledger.records.quick import quick


@quick
@dataclass(frozen=True, slots=True)
class Appended:
    """The statement is in the log; ``told`` are flags for its sender. Any thread may call ``receipt``."""

    index: int
    recorded_at_us: int
    entry: bytes
    statement_hash: bytes
    jws: bytes
    receipts: ReceiptWriter
    told: tuple[Finding, ...] = ()

    def receipt(self) -> bytes:
        """The tlog-proof against the checkpoint of this batch."""
        return self.receipts.write(self.entry, self.index)


@dataclass(frozen=True, slots=True)
class Repeated:
    """The same signing input was recorded before, at ``index``."""

    index: int


@dataclass(frozen=True, slots=True)
class Conflicting:
    """Something else was recorded before under the same issuer and jti, at ``index``."""

    index: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Not appended; every reason."""

    findings: tuple[Finding, ...]


Outcome = Appended | Repeated | Conflicting | Refused


@quick
@dataclass(frozen=True, slots=True)
class Registered:
    """A statement that is in the log, with its proof.

    Attributes:
        created: True when this call appended it; False when the same signing input was there already.
        index: Its entry's index.
        statement_hash: SHA-256 of the recorded JWS (the first one, where this is a repetition).
        receipt: The tlog-proof text.
        jws: The recorded JWS; None once it is erased.
        recorded_at_us: The entry's time.
        told: Flags that policy lets the submitter know.
    """

    created: bool
    index: int
    statement_hash: bytes
    receipt: bytes
    jws: bytes | None
    recorded_at_us: int
    told: tuple[Finding, ...] = ()


@quick
@dataclass(frozen=True, slots=True)
class LineResult:
    """The result of one line of a batch: exactly one of ``registered`` and ``error``."""

    line: int
    registered: Registered | None
    error: RequestError | None


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a dry run found; nothing was recorded and nothing is promised.

    Attributes:
        would_be: ``created``, ``repeated`` or ``refused``.
        index: The index it would have now, or has; None when refused.
        findings: Everything that the submitter may be told.
        error: What the request itself would have been answered with, where that is an error.
    """

    would_be: str
    index: int | None
    findings: tuple[Finding, ...] = ()
    error: RequestError | None = None
