"""Statements: registering one, asking what would become of one, and reading one back."""

from typing import Any, Final

from flask import Response

from api.access import OPTIONAL, admit_to_statement, find_statement
from api.bodies import read_statement
from api.fields import Hash
from api.operations import Body, Call, Reply, Resource, SchemaLike
from api.problems import STATUSES, problem_members
from api.replies import IMMUTABLE, JOSE, JSON, PRIVATE, TEXT, bytes_reply, json_reply, tagged
from api.schemas import JWS_SCHEMA, RECEIPT_SCHEMA, CheckSchema, RegisteredSchema
from ledger.clock import format_time_us
from ledger.encoding import b64url_encode
from ledger.errors import (
    ClockSkew,
    JsonDuplicateMember,
    JsonMalformed,
    JsonNumberRange,
    JsonTooDeep,
    JwsAlgorithmRefused,
    JwsHeaderInvalid,
    JwsMalformed,
    KeyUnknown,
    LedgerEmpty,
    LogInconsistent,
    MalformedError,
    MarkAhead,
    MarkMissing,
    MarkUnwritable,
    QueueFull,
    RequestError,
    ResourceNotFound,
    SignatureInvalid,
    StatementConflict,
    StatementErased,
    StatementPrivate,
    StatementRefused,
    StatementUnjudged,
    TokenMissing,
    TooLarge,
    UnavailableError,
)
from ledger.registration.outcomes import Registered
from ledger.store import log_store
from ledger.store.proofs import stored_receipt

resource = Resource(
    "statements", "Signed statements: the signature is the credential, no token is needed to register one."
)

MALFORMED: Final[tuple[type[RequestError], ...]] = (
    JsonDuplicateMember,
    JsonMalformed,
    JsonNumberRange,
    JsonTooDeep,
    JwsAlgorithmRefused,
    JwsHeaderInvalid,
    JwsMalformed,
    TooLarge,
)
UNAVAILABLE: Final[tuple[type[RequestError], ...]] = (
    ClockSkew,
    LedgerEmpty,
    MarkAhead,
    MarkMissing,
    MarkUnwritable,
    QueueFull,
)
VERDICTS: Final[tuple[type[RequestError], ...]] = (
    KeyUnknown,
    SignatureInvalid,
    StatementConflict,
    StatementRefused,
    StatementUnjudged,
)

BODY: Final = Body({JOSE: JWS_SCHEMA}, "One compact JWS, signed by an enrolled key.")
_REGISTERED: Final[dict[str, SchemaLike]] = {JSON: RegisteredSchema, TEXT: RECEIPT_SCHEMA}
_LOCATION: Final = {"Location": "Where the statement can be read."}
_LINKS: Final = {
    "readStatement": ("read_statement_back", "hash", "$response.body#/statement"),
    "readReceipt": ("read_receipt", "hash", "$response.body#/statement"),
}
_PATH: Final = {"hash": Hash(meaning="The statement hash: unpadded base64url of SHA-256 of its compact JWS.")}


@resource.operation(
    "POST",
    "/v1/statements",
    replies=[
        Reply(201, "The statement is in the log, durable and proved.", _REGISTERED, _LOCATION, _LINKS),
        Reply(
            200,
            "The same signing input was recorded before: the first JWS and its receipt.",
            _REGISTERED,
            _LOCATION,
            _LINKS,
        ),
    ],
    body=BODY,
    errors=[*MALFORMED, *VERDICTS, *UNAVAILABLE],
)
def register_statement(call: Call) -> Response:
    """Register one statement.

    Answers once the statement is durable and its receipt proves it. Sending the same bytes again is safe
    and gives the first receipt; another statement under the same issuer and jti is refused with 409. A
    refused statement does not use up its jti.
    """
    registered = call.parts.registrar.register(read_statement())
    status = 201 if registered.created else 200
    location = f"/v1/statements/{b64url_encode(registered.statement_hash)}"
    if call.accepted == "text/plain":
        return bytes_reply(registered.receipt, TEXT, status, cache="no-store", Location=location)
    return json_reply(registered_members(registered), status, cache="no-store", Location=location)


@resource.operation(
    "POST",
    "/v1/statements/check",
    replies=[Reply(200, "What registering it would come to now.", {JSON: CheckSchema})],
    body=BODY,
    errors=[*MALFORMED, *UNAVAILABLE],
)
def check_statement(call: Call) -> Response:
    """Say what would become of a statement, without recording anything.

    Every finding that the submitter may be told is in the answer. What is not a statement at all is refused
    as it would be when registering.
    """
    report = call.parts.registrar.check(read_statement())
    error = report.error
    if isinstance(error, MalformedError | TooLarge | UnavailableError | LogInconsistent):
        raise error.again()
    members: dict[str, Any] = {
        "would_be": report.would_be,
        "status": {"created": 201, "repeated": 200}.get(report.would_be, 422),
        "index": report.index,
        "findings": [finding.as_json() for finding in report.findings],
    }
    if error is not None:
        members["status"] = STATUSES[type(error)]
        members["problem"] = problem_members(error)
    return json_reply(members, cache="no-store")


@resource.operation(
    "GET",
    "/v1/statements/{hash}",
    replies=[
        Reply(200, "The compact JWS as received.", {JOSE: JWS_SCHEMA}, {"ETag": "Names these bytes."}),
    ],
    access=OPTIONAL,
    path_fields=_PATH,
    errors=[TokenMissing, StatementPrivate, StatementErased, ResourceNotFound],
)
def read_statement_back(call: Call) -> Response:
    """Read a statement back, byte for byte.

    Public acts are open to everybody. Other statements are open to their issuer, the parties that they
    name, those that a regulator granted them to, regulators and authorities.
    """
    statement_hash: bytes = call.path["hash"]
    with call.reading() as connection:
        statement = find_statement(connection, statement_hash)
        admit_to_statement(connection, call.reader, statement)
        if statement.erased:
            raise StatementErased(f"the statement of entry {statement.entry_index} was erased")
        jws = log_store.read_jws(connection, statement.entry_index)
    if jws is None:
        raise LogInconsistent(
            f"the bytes of entry {statement.entry_index} are missing, and no act erased them"
        )
    reply = bytes_reply(jws, JOSE, cache=IMMUTABLE if statement.public else PRIVATE)
    return tagged(reply, b64url_encode(statement_hash))


@resource.operation(
    "GET",
    "/v1/statements/{hash}/receipt",
    replies=[
        Reply(
            200,
            "The receipt against the first stored checkpoint that covers the statement.",
            {TEXT: RECEIPT_SCHEMA},
            {"ETag": "Names these bytes."},
        ),
    ],
    access=OPTIONAL,
    path_fields=_PATH,
    errors=[TokenMissing, StatementPrivate, ResourceNotFound],
)
def read_receipt(call: Call) -> Response:
    """Read the receipt of a statement.

    Open to whom the statement is open; it stays when the statement's bytes are erased. Anybody can prove
    any entry with /v1/log/proof/inclusion.
    """
    statement_hash: bytes = call.path["hash"]
    with call.reading() as connection:
        statement = find_statement(connection, statement_hash)
        admit_to_statement(connection, call.reader, statement)
        receipt = stored_receipt(connection, statement.entry_index)
    reply = bytes_reply(receipt, TEXT, cache=IMMUTABLE if statement.public else PRIVATE)
    return tagged(reply, "receipt-" + b64url_encode(statement_hash))


def registered_members(registered: Registered) -> dict[str, Any]:
    """A registered statement as a JSON object."""
    members: dict[str, Any] = {
        "index": registered.index,
        "statement": b64url_encode(registered.statement_hash),
        "recorded_at": format_time_us(registered.recorded_at_us),
        "receipt": registered.receipt.decode(),
        # The checkpoint follows the first blank line of a tlog-proof.
        "checkpoint": registered.receipt.partition(b"\n\n")[2].decode(),
        "findings": [finding.as_json() for finding in registered.told],
    }
    if not registered.created:
        members["jws"] = None if registered.jws is None else registered.jws.decode("ascii")
    return members
