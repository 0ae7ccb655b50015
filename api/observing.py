"""What is seen of a request from outside it: its id, its line in the log, its counts, its security headers.

Decides: what a log line holds. Never a credential, a body, a query value, or the text of an exception that
nobody foresaw: a database's error text would quote the statement.
"""

import secrets
import time
from typing import Final

import structlog
from flask import Flask, Response, g, request

from api.logs import exception_members
from api.metrics import Metrics

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
        if response.is_streamed:
            response.call_on_close(sent)
        else:
            sent()
        return response

    def failed(error: Exception, request_id: str | None) -> None:
        log.error("failed", request_id=request_id, error=exception_members(error))

    app.before_request(begin)
    app.after_request(end)
    app.extensions["reledger.failures"] = failed
