"""Every error that reledger raises on purpose, in one tree.

Decides: the code, the title and the default mend of each error. Never knows HTTP statuses: ``api`` maps them.

::

    ReledgerError
    ├── RequestError                     a caller's request; each one can be met over HTTP
    │   ├── MalformedError
    │   │   ├── RequestMalformed         request.malformed
    │   │   ├── JsonMalformed            json.malformed
    │   │   ├── JsonDuplicateMember      json.duplicate-member
    │   │   ├── JsonTooDeep              json.too-deep
    │   │   ├── JsonNumberRange          json.number-range
    │   │   ├── JwsMalformed             jws.malformed
    │   │   ├── JwsHeaderInvalid         jws.header
    │   │   └── JwsAlgorithmRefused      jws.algorithm
    │   ├── UnauthenticatedError
    │   │   ├── TokenMissing             token.missing
    │   │   ├── TokenInvalid             token.invalid
    │   │   ├── SessionRefused           session.refused
    │   │   └── KeyUnknown               key.unknown
    │   ├── ForbiddenError
    │   │   ├── StatementPrivate         statement.private
    │   │   ├── RoleForbidden            role.forbidden
    │   │   └── SessionCrossSite         session.cross-site
    │   ├── ResourceNotFound             resource.not-found
    │   ├── MethodNotAllowed             method.not-allowed
    │   ├── NotAcceptable                media-type.not-acceptable
    │   ├── StatementConflict            statement.conflict
    │   ├── StatementErased              statement.erased
    │   ├── TooLarge                     request.too-large
    │   ├── MediaTypeUnsupported         media-type.unsupported
    │   ├── UnprocessableError
    │   │   ├── SignatureInvalid         signature.invalid
    │   │   ├── StatementRefused         statement.refused
    │   │   ├── AttachmentMismatch       attachment.mismatch
    │   │   └── ScenarioInvalid          scenario.invalid
    │   ├── StatementUnjudged            statement.unjudged
    │   ├── UnavailableError             nothing was recorded for certain; the same bytes may be sent again
    │   │   ├── QueueFull                queue.full
    │   │   ├── StoreBusy                store.busy
    │   │   ├── ClockSkew                clock.skew
    │   │   ├── LedgerEmpty              ledger.empty
    │   │   ├── MarkMissing              mark.missing
    │   │   ├── MarkAhead                mark.ahead
    │   │   └── MarkUnwritable           mark.unwritable
    │   └── LogInconsistent              log.inconsistent
    ├── EvidenceError                    what a verifier finds wrong in evidence; met by tools, not over HTTP
    │   ├── EntryMalformed               entry.malformed
    │   ├── ChainBroken                  entry.link
    │   ├── ProofInvalid                 proof.invalid
    │   ├── NoteMalformed                note.malformed
    │   ├── NoteSignatureInvalid         note.signature
    │   ├── NoteUnsigned                 note.unsigned
    │   ├── CheckpointMalformed          checkpoint.malformed
    │   ├── TileMalformed                tile.malformed
    │   ├── ReceiptMalformed             receipt.malformed
    │   └── ReceiptMismatch              receipt.mismatch
    └── UsageError                       a command or setting that cannot be carried out
        ├── SettingsInvalid              settings.invalid
        ├── KeyFileInvalid               key-file.invalid
        ├── DocumentInvalid              document.invalid
        ├── OutboxInvalid                outbox.invalid
        ├── TableInvalid                 table.invalid
        ├── SimulationInvalid            simulation.invalid
        ├── RemoteFailed                 remote.failed
        └── AuditCancelled               audit.cancelled
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from ledger.findings import Finding


class ReledgerError(Exception):
    """Base of all errors that reledger raises on purpose.

    Attributes:
        code: Stable dotted name of the kind of error.
        title: One line that is the same for every error of this kind.
        detail: What is wrong this time.
        pointer: RFC 6901 JSON pointer into the JSON at fault, or None.
        line: 1-based line number in a batch or a file, or None.
        mend: How to put it right.
        extra: Further members for a machine, all JSON-compatible.
    """

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "Something went wrong"
    default_mend: ClassVar[str] = ""

    def __init__(
        self,
        detail: str,
        *,
        pointer: str | None = None,
        line: int | None = None,
        mend: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.pointer = pointer
        self.line = line
        self.mend = self.default_mend if mend is None else mend
        self.extra = dict(extra or {})

    def again(self) -> Self:
        """The same error, as if it had never been raised.

        One that is kept, or raised where a variable names it, keeps every frame that it passed, and what was
        read there: a cycle, which waits for the garbage collector.
        """
        made = type(self).__new__(type(self), *self.args)
        made.__dict__.update(self.__dict__)
        return made

    def __str__(self) -> str:
        place = "".join(
            part
            for part in (
                f" (line {self.line})" if self.line is not None else "",
                f" (at {self.pointer or '/'})" if self.pointer is not None else "",
            )
            if part
        )
        return f"{self.code}: {self.detail}{place}"


class RequestError(ReledgerError):
    """A request that is not carried out; the caller is told why and how to mend it."""


class MalformedError(RequestError):
    """The bytes are not what they must be, before any meaning is read from them."""


class RequestMalformed(MalformedError):
    code = "request.malformed"
    title = "The request is malformed"
    default_mend = "Correct the named parameter and send the request again."


class JsonMalformed(MalformedError):
    code = "json.malformed"
    title = "The text is not JSON"
    default_mend = "Send UTF-8 JSON (RFC 8259) without NaN, Infinity, byte order mark or lone surrogates."


class JsonDuplicateMember(MalformedError):
    code = "json.duplicate-member"
    title = "A JSON object names a member twice"
    default_mend = "Name each member once; two readers could otherwise read two different statements."


class JsonTooDeep(MalformedError):
    code = "json.too-deep"
    title = "The JSON is nested too deeply"
    default_mend = "Nest at most 32 levels."


class JsonNumberRange(MalformedError):
    code = "json.number-range"
    title = "A JSON number is outside the range that is read exactly"
    default_mend = "Write numbers with at most 64 characters and an exponent between -308 and 308."


class JwsMalformed(MalformedError):
    code = "jws.malformed"
    title = "This is not a compact JWS"
    default_mend = "Send three base64url parts without padding, joined by dots (RFC 7515 section 7.1)."


class JwsHeaderInvalid(MalformedError):
    code = "jws.header"
    title = "The protected header is not that of a statement"
    default_mend = "Use exactly alg, kid, typ, cty, aud, iat, jti and, if wanted, seen; see docs/formats.md."


class JwsAlgorithmRefused(MalformedError):
    code = "jws.algorithm"
    title = "The signature algorithm is not accepted"
    default_mend = "Sign with Ed25519 (or its older name EdDSA) or ES256, as the enrolled key says."


class UnauthenticatedError(RequestError):
    """The credential is missing or not one of this ledger's."""


class TokenMissing(UnauthenticatedError):
    code = "token.missing"
    title = "A reader token or a session is needed"
    default_mend = "Send 'Authorization: Bearer <token>' with a token signed by an enrolled key, or sign in."


class TokenInvalid(UnauthenticatedError):
    code = "token.invalid"
    title = "The reader token is not valid"
    default_mend = "Make a new token: at most 5 minutes long, for this origin, by a key that is valid now."


class SessionRefused(UnauthenticatedError):
    code = "session.refused"
    title = "The proof does not open a session"
    default_mend = "Ask for a new challenge and sign it for this origin, with a key that is valid now."


class KeyUnknown(UnauthenticatedError):
    code = "key.unknown"
    title = "The key is not enrolled"
    default_mend = "Ask an authority to enrol the key (act enrol-key), or sign with a key that is enrolled."


class ForbiddenError(RequestError):
    """The caller is known and may not do this."""


class StatementPrivate(ForbiddenError):
    code = "statement.private"
    title = "The statement is private"
    default_mend = "Ask its issuer, or a regulator for a grant-read; the entry and its proof are public."


class RoleForbidden(ForbiddenError):
    code = "role.forbidden"
    title = "The party's role does not allow this"
    default_mend = "Use a key of a party that holds one of the named roles."


class SessionCrossSite(ForbiddenError):
    code = "session.cross-site"
    title = "The request does not come from this site's own pages"
    default_mend = "Send it from a page of this very origin, or with a reader token and no cookie."


class ResourceNotFound(RequestError):
    code = "resource.not-found"
    title = "There is no such thing here"
    default_mend = "Check the address; GET /openapi.json lists what there is."


class MethodNotAllowed(RequestError):
    code = "method.not-allowed"
    title = "The method is not allowed here"
    default_mend = "Use one of the methods in the Allow header."


class NotAcceptable(RequestError):
    code = "media-type.not-acceptable"
    title = "None of the accepted media types is available"
    default_mend = "Accept one of the media types named in the detail."


class StatementConflict(RequestError):
    code = "statement.conflict"
    title = "Another statement was recorded under this jti"
    default_mend = "Use a new random UUIDv4 as jti for each new statement; resend the stored bytes unchanged."


class StatementErased(RequestError):
    code = "statement.erased"
    title = "The statement was erased by an official act"
    default_mend = "Its entry and its receipt still stand; the bytes are gone for good."


class TooLarge(RequestError):
    code = "request.too-large"
    title = "The request is too large"
    default_mend = "A compact JWS has at most 1,048,576 bytes; split the document into several statements."


class MediaTypeUnsupported(RequestError):
    code = "media-type.unsupported"
    title = "The media type is not supported here"
    default_mend = "Send the media type named in the detail."


class UnprocessableError(RequestError):
    """Well formed, and refused for what it says."""


class SignatureInvalid(UnprocessableError):
    code = "signature.invalid"
    title = "The signature does not verify under the named key"
    default_mend = "Sign the bytes exactly as sent, with the private key whose thumbprint is the kid."


class StatementRefused(UnprocessableError):
    code = "statement.refused"
    title = "The statement was refused"
    default_mend = "Mend every finding and sign a new statement; its jti may be used again."

    def __init__(self, findings: Sequence[Finding], **kwargs: Any) -> None:
        count = len(findings)
        super().__init__(f"{count} finding{'' if count == 1 else 's'}: {findings[0].detail}", **kwargs)
        self.findings = tuple(findings)


class AttachmentMismatch(UnprocessableError):
    code = "attachment.mismatch"
    title = "These bytes are not the attachment that the statement names"
    default_mend = "Send the very file whose SHA-256 and size the movement states, or correct the movement."


class ScenarioInvalid(UnprocessableError):
    code = "scenario.invalid"
    title = "The scenario cannot be tried"
    default_mend = "Mend every finding; docs/what-if.md describes the form of a scenario."

    def __init__(self, findings: Sequence[Finding], **kwargs: Any) -> None:
        count = len(findings)
        super().__init__(f"{count} finding{'' if count == 1 else 's'}: {findings[0].detail}", **kwargs)
        self.findings = tuple(findings)


class StatementUnjudged(RequestError):
    code = "statement.unjudged"
    title = "A fault of the ledger kept the statement from being recorded"
    default_mend = "Nothing of it was recorded. Tell the operator, whose log names the fault."


class UnavailableError(RequestError):
    """Not now. Nothing was acknowledged; sending the same bytes again is safe and is not a duplicate."""

    retry_after_s: ClassVar[int] = 1


class QueueFull(UnavailableError):
    code = "queue.full"
    title = "More statements are waiting than the ledger takes in"
    default_mend = "Wait for Retry-After seconds and send the same bytes again."


class StoreBusy(UnavailableError):
    code = "store.busy"
    title = "The database did not answer in time"
    default_mend = "Wait for Retry-After seconds and send the same bytes again."
    retry_after_s = 2


class ClockSkew(UnavailableError):
    code = "clock.skew"
    title = "The clocks of host, database and log disagree"
    default_mend = "The operator must set the clock; then send the same bytes again."
    retry_after_s = 30


class LedgerEmpty(UnavailableError):
    code = "ledger.empty"
    title = "The ledger has no genesis yet"
    default_mend = "The operator must run 'reledger init --genesis FILE'."
    retry_after_s = 30


class MarkMissing(UnavailableError):
    code = "mark.missing"
    title = "The database has entries and this host keeps no mark of them"
    default_mend = "The operator must compare a kept checkpoint and run 'reledger mark adopt CHECKPOINT'."
    retry_after_s = 30


class MarkAhead(UnavailableError):
    code = "mark.ahead"
    title = "The database is older than what this host has already signed"
    default_mend = (
        "The database was restored from an older copy or replaced. Restore the newest copy; only if the "
        "newer entries are lost for good, run 'reledger mark adopt CHECKPOINT' and tell every receipt holder."
    )
    retry_after_s = 30


class MarkUnwritable(UnavailableError):
    code = "mark.unwritable"
    title = "The high-water mark could not be written"
    default_mend = "The operator must make the mark's folder writable; then send the same bytes again."
    retry_after_s = 30


class LogInconsistent(RequestError):
    code = "log.inconsistent"
    title = "The stored log contradicts itself; writing has stopped"
    default_mend = "The operator must run 'reledger verify' and restore what it names."


class EvidenceError(ReledgerError):
    """Evidence that does not prove what it is said to prove."""


class EntryMalformed(EvidenceError):
    code = "entry.malformed"
    title = "The bytes are not an entry in its one canonical form"


class ChainBroken(EvidenceError):
    code = "entry.link"
    title = "An entry does not name the leaf hash of the entry before it"


class ProofInvalid(EvidenceError):
    code = "proof.invalid"
    title = "The proof does not lead to the root"


class NoteMalformed(EvidenceError):
    code = "note.malformed"
    title = "The text is not a signed note"


class NoteSignatureInvalid(EvidenceError):
    code = "note.signature"
    title = "A known key's signature on the note is wrong"


class NoteUnsigned(EvidenceError):
    code = "note.unsigned"
    title = "The note bears no signature by a key that is trusted"


class CheckpointMalformed(EvidenceError):
    code = "checkpoint.malformed"
    title = "The note is not a checkpoint"


class TileMalformed(EvidenceError):
    code = "tile.malformed"
    title = "The tile or its path is not in its one form"


class ReceiptMalformed(EvidenceError):
    code = "receipt.malformed"
    title = "The text is not a receipt"


class ReceiptMismatch(EvidenceError):
    code = "receipt.mismatch"
    title = "The receipt is for something else"


class UsageError(ReledgerError):
    """A command or a setting that cannot be carried out as given."""


class SettingsInvalid(UsageError):
    code = "settings.invalid"
    title = "A setting is wrong"


class KeyFileInvalid(UsageError):
    code = "key-file.invalid"
    title = "The key file cannot be used"


class DocumentInvalid(UsageError):
    code = "document.invalid"
    title = "The file holds nothing that can be signed"
    default_mend = (
        "Give EPCIS 2.0 JSON-LD, an official act, NDJSON with one of these a line, or signed .jws files."
    )


class OutboxInvalid(UsageError):
    code = "outbox.invalid"
    title = "The outbox folder cannot be used"


class TableInvalid(UsageError):
    """``extra`` has ``column`` where one column is at fault; ``line`` counts from 1."""

    code = "table.invalid"
    title = "The table cannot be read"


class SimulationInvalid(UsageError):
    code = "simulation.invalid"
    title = "The folder is not the one of such a simulation"
    default_mend = "Name a new or empty folder, or one that simulate has written."


class RemoteFailed(UsageError):
    code = "remote.failed"
    title = "The other side did not answer as it should"


class AuditCancelled(UsageError):
    code = "audit.cancelled"
    title = "The audit was stopped before it was done"
