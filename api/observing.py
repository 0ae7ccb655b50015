"""What is seen of a request from outside it: its id, its line in the log, its counts, its security headers.

Decides: what a log line holds. Never a credential, a body, a query value, or the text of an exception that
nobody
foresaw: a database's error text would quote the statement.
"""

import json
import logging
import secrets
import sys
import time
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from flask import Flask, Response, g, request

from api.metrics import Metrics
from api.settings import Settings
from ledger.errors import ReledgerError

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_PATH_CHARACTERS = 300
_NO_RULE = "(none)"


def configure_logging(settings: Settings) -> None:
    """Makes every log line of this process one JSON object on stderr; once a process."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            without_exception_text,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level_number),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


class JsonFormatter(logging.Formatter):
    """Lines of the libraries' own logging, in the form of ours; of an exception only what may be logged."""

    def format(self, record: logging.LogRecord) -> str:
        """One JSON object."""
        moment = datetime.fromtimestamp(record.created, UTC)
        members: dict[str, Any] = {
            "event": record.getMessage(),
            "logger": record.name,
            "level": record.levelname.lower(),
            "timestamp": moment.isoformat().replace("+00:00", "Z"),
        }
        if record.exc_info and record.exc_info[1] is not None:
            members["exception"] = exception_members(record.exc_info[1])
        return json.dumps(members)


def without_exception_text(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replaces ``exc_info`` by what may be logged of an exception."""
    told = event.pop("exc_info", None)
    error = told if isinstance(told, BaseException) else sys.exc_info()[1] if told else None
    if error is not None:
        event["exception"] = exception_members(error)
    return event


def exception_members(error: BaseException) -> dict[str, Any]:
    """An exception without its text: its kind, where it was raised, and what caused it.

    Only this project's own errors are quoted; they are written for a caller's eyes.
    """
    members: dict[str, Any] = {
        "kind": f"{type(error).__module__}.{type(error).__qualname__}",
        "frames": [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ],
    }
    if isinstance(error, ReledgerError):
        members["text"] = str(error)
    cause = error.__cause__ or error.__context__
    if cause is not None:
        members["cause"] = exception_members(cause)
    return members


def install_observing(app: Flask, metrics: Metrics) -> None:
    """Gives every request an id, a log line, counts, and the security headers."""
    log = structlog.get_logger("reledger.http")

    def begin() -> None:
        g.request_id = secrets.token_hex(8)
        g.began = time.perf_counter()

    def end(response: Response) -> Response:
        for name, text in HEADERS.items():
            response.headers.setdefault(name, text)
        response.headers["X-Request-Id"] = g.request_id
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-store"
        rule = request.url_rule.rule if request.url_rule is not None else _NO_RULE
        method = request.method if request.method in ("GET", "HEAD", "POST", "DELETE") else "other"
        members = {
            "request_id": g.request_id,
            "method": request.method[:16],
            "path": request.path[:_PATH_CHARACTERS],
            "rule": rule,
            "status": response.status_code,
            "code": g.get("problem_code"),
            "reader_kid": g.get("reader_kid"),
        }
        began: float = g.began

        def sent() -> None:
            seconds = time.perf_counter() - began
            metrics.observe_request(method, rule, response.status_code, seconds)
            log.info("request", seconds=round(seconds, 6), **members)

        if members["code"] is not None:
            metrics.refusals.labels(members["code"]).inc()
        response.call_on_close(sent)
        return response

    def failed(error: Exception) -> None:
        log.error("failed", request_id=g.get("request_id"), exception=exception_members(error))

    app.before_request(begin)
    app.after_request(end)
    app.extensions["reledger.failures"] = failed
