"""Errors as HTTP says them: RFC 9457 problem documents, their statuses and headers.

Decides: the status of each error; what a caller is told (code, detail, place, mend), and that nothing else
is: an unexpected exception is answered with its request id alone, and its text goes nowhere.

Source: RFC 9457; RFC 9110 sections 10.2.1 (Allow), 10.2.3 (Retry-After), 11.6.1 (WWW-Authenticate).
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from flask import Flask, Response, current_app, g
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from api.logs import FAILED_CODE, FAILED_MEND, FAILED_TITLE
from api.replies import dump_json
from ledger import errors
from ledger.errors import (
    EvidenceError,
    LogInconsistent,
    RequestError,
    RequestMalformed,
    ScenarioInvalid,
    StatementRefused,
    StoreBusy,
    TokenInvalid,
    UnauthenticatedError,
    UnavailableError,
)
from ledger.store.locking import is_busy

MEDIA_TYPE: Final = "application/problem+json"
DOCUMENTATION: Final = "/docs/errors"

STATUSES: Final[Mapping[type[RequestError], int]] = {
    errors.RequestMalformed: 400,
    errors.JsonMalformed: 400,
    errors.JsonDuplicateMember: 400,
    errors.JsonTooDeep: 400,
    errors.JsonNumberRange: 400,
    errors.JwsMalformed: 400,
    errors.JwsHeaderInvalid: 400,
    errors.JwsAlgorithmRefused: 400,
    errors.TokenMissing: 401,
    errors.TokenInvalid: 401,
    errors.SessionRefused: 401,
    errors.KeyUnknown: 401,
    errors.StatementPrivate: 403,
    errors.RoleForbidden: 403,
    errors.SessionCrossSite: 403,
    errors.ResourceNotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.NotAcceptable: 406,
    errors.StatementConflict: 409,
    errors.StatementErased: 410,
    errors.TooLarge: 413,
    errors.MediaTypeUnsupported: 415,
    errors.SignatureInvalid: 422,
    errors.StatementRefused: 422,
    errors.AttachmentMismatch: 422,
    errors.ScenarioInvalid: 422,
    errors.LogInconsistent: 500,
    errors.StatementUnjudged: 500,
    errors.QueueFull: 503,
    errors.StoreBusy: 503,
    errors.ClockSkew: 503,
    errors.LedgerEmpty: 503,
    errors.MarkMissing: 503,
    errors.MarkAhead: 503,
    errors.MarkUnwritable: 503,
}

_BY_WERKZEUG: Final[Mapping[int, type[RequestError]]] = {
    404: errors.ResourceNotFound,
    405: errors.MethodNotAllowed,
    406: errors.NotAcceptable,
    413: errors.TooLarge,
    415: errors.MediaTypeUnsupported,
}
_KEPT_HEADERS: Final = frozenset({"allow", "retry-after", "www-authenticate"})


def request_errors() -> Iterator[type[RequestError]]:
    """Every kind of error that a request may meet: the leaves of the tree below RequestError."""
    branches: list[type[RequestError]] = [RequestError]
    while branches:
        kinds = branches.pop(0).__subclasses__()
        for kind in kinds:
            if kind.__subclasses__():
                branches.append(kind)
            else:
                yield kind


def problem_members(error: RequestError) -> dict[str, Any]:
    """The problem document of an error, without the request's own id.

    Members: ``type``, ``title``, ``status``, ``detail``, ``code``, ``mend``; ``pointer``, ``line`` and
    ``findings`` where there are any; then the error's own further members.
    """
    members: dict[str, Any] = {
        "type": f"{DOCUMENTATION}#{error.code}",
        "title": error.title,
        "status": STATUSES[type(error)],
        "detail": error.detail,
        "code": error.code,
        "mend": error.mend,
    }
    if error.pointer is not None:
        members["pointer"] = error.pointer
    if error.line is not None:
        members["line"] = error.line
    if isinstance(error, StatementRefused | ScenarioInvalid):
        members["findings"] = [finding.as_json() for finding in error.findings]
    for name, value in error.extra.items():
        members.setdefault(name, value)
    return members


def problem_headers(error: RequestError, origin: str) -> dict[str, str]:
    """The headers that belong to an error beside its document."""
    if isinstance(error, UnavailableError):
        return {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, UnauthenticatedError):
        reason = ', error="invalid_token"' if isinstance(error, TokenInvalid) else ""
        return {"WWW-Authenticate": f'Bearer realm="{_quoted(origin)}"{reason}'}
    return {}


def as_request_error(error: Exception) -> RequestError | None:
    """The request error that another exception comes to, or None where it is nobody's request's fault."""
    if isinstance(error, RequestError):
        return error
    if isinstance(error, DBAPIError | PoolTimeout) and is_busy(error):
        return StoreBusy("the database is busy, has no room or cannot be reached")
    if isinstance(error, EvidenceError):
        return LogInconsistent(f"what is stored cannot be read back: {error.code}: {error.detail}")
    if isinstance(error, HTTPException) and error.code is not None and 400 <= error.code < 500:
        kind = _BY_WERKZEUG.get(error.code, RequestMalformed)
        return kind(_say(error, kind))
    return None


def failed_members() -> dict[str, Any]:
    """The problem document of an exception that nobody foresaw."""
    return {
        "type": f"{DOCUMENTATION}#{FAILED_CODE}",
        "title": FAILED_TITLE,
        "status": 500,
        "detail": "The request was not carried out, for a reason that only the server's log tells.",
        "code": FAILED_CODE,
        "mend": FAILED_MEND,
    }


def line_problem(error: RequestError, line: int) -> dict[str, Any]:
    """One line of a batch's results, for a line that was not registered."""
    members = problem_members(error)
    members["line"] = line
    if isinstance(error, UnavailableError):
        members["retry_after_s"] = error.retry_after_s
    return members


def install_problems(app: Flask, origin: str) -> None:
    """Makes every error of an application, foreseen or not, a problem document.

    Args:
        app: The application.
        origin: The log's origin, the realm of its tokens.
    """

    def answer(error: Exception) -> Response:
        known = as_request_error(error)
        if known is None:
            observe = current_app.extensions["reledger.failures"]
            observe(error, g.get("request_id"))
            members, headers = failed_members(), {}
        else:
            members, headers = problem_members(known), problem_headers(known, origin)
            g.problem_code = known.code
        if isinstance(error, HTTPException):
            headers |= {name: text for name, text in error.get_headers() if name.lower() in _KEPT_HEADERS}
        members["request_id"] = g.get("request_id", "")
        return Response(dump_json(members), members["status"], headers, content_type=MEDIA_TYPE)

    app.register_error_handler(Exception, answer)


def _say(error: HTTPException, kind: type[RequestError]) -> str:
    """What a routing or parsing error of the framework means, in this ledger's words."""
    if kind is errors.ResourceNotFound:
        return "nothing is at this address"
    if kind is errors.MethodNotAllowed:
        return "this address does not take this method"
    if kind is errors.TooLarge:
        return "the request is larger than what is read here"
    return f"the request cannot be read: {error.name.lower()}"


def _quoted(text: str) -> str:
    """RFC 9110 section 5.6.4: the inside of a quoted-string."""
    return text.replace("\\", "\\\\").replace('"', '\\"')
