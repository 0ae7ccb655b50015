"""Log lines: one JSON object each, on stderr.

Decides: that a line for which there is no room is dropped, and what may be said of an exception. Never the
text of one that nobody foresaw: a database's error text would quote the statement.
"""

import json
import logging
import sys
import traceback
from collections.abc import MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import structlog

from api.settings import Settings
from ledger.errors import ReledgerError

FAILED_CODE: Final = "server.failed"
FAILED_TITLE: Final = "Something went wrong in the server"
FAILED_MEND: Final = (
    "Nothing of this request counts unless it was acknowledged. Tell the operator the request id."
)


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
        logger_factory=lambda *_names: _Lines(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


class _Lines(structlog.WriteLogger):
    """Writes lines. One for which there is no room (on a full disk) is dropped: no request fails by it."""

    def msg(self, message: str) -> None:
        with suppress(OSError):
            super().msg(message)

    log = debug = info = warn = warning = msg
    fatal = failure = err = error = critical = exception = msg


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
            members["error"] = exception_members(record.exc_info[1])
        return json.dumps(members)


def without_exception_text(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replaces ``exc_info`` by what may be logged of an exception."""
    told = event.pop("exc_info", None)
    error = told if isinstance(told, BaseException) else sys.exc_info()[1] if told else None
    if error is not None:
        event["error"] = exception_members(error)
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
