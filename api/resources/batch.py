"""Batches: many statements in one request, each with a result of its own."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from flask import Response, current_app, g

from api.bodies import LineReader
from api.metrics import Metrics
from api.operations import Body, Call, Reply, Resource
from api.problems import as_request_error, failed_members, line_problem
from api.replies import JOSE, NDJSON, dump_json
from api.resources.statements import registered_members
from api.schemas import LINES_SCHEMA
from api.streaming import ResultStream
from ledger.registration.outcomes import LineResult
from ledger.registration.registrar import Registrar

resource = Resource("batches", "Many signed statements in one request.")

_RESULTS: Final[dict[str, Any]] = {
    "type": "string",
    "description": "Lines, each a JSON object: a registered statement with line and status, or a problem "
    "document with line. There is one for each line of the request, in order.",
}


@resource.operation(
    "POST",
    "/v1/statements/batch",
    replies=[Reply(200, "One result for each line.", {NDJSON: _RESULTS})],
    body=Body(
        {NDJSON: LINES_SCHEMA, JOSE: LINES_SCHEMA}, "One compact JWS a line, each line ended by a line feed."
    ),
)
def register_batch(call: Call) -> Response:
    """Register many statements, one a line.

    Each line stands or falls by itself. Results come in the order of the lines, while the rest is still
    being sent where the server hands the body on as it arrives; the last that are known come when a further
    line has come, or the end. A line whose key an earlier line enrols waits for that one. A line is refused
    alone if it is too long. A batch with too many lines or bytes ends with a problem that names the first
    line that was not looked at. Answers of status 503 may be sent again as they are. Where another process
    of the server has less to do, the connection ends with the answer, so that the next one may go there.
    """
    settings = call.parts.settings
    reader = LineReader(max_lines=settings.max_lines, max_bytes=settings.max_batch_bytes)
    # The lines are registered in a thread that knows nothing of the request.
    observe = partial(current_app.extensions["reledger.failures"], request_id=g.get("request_id"))
    stream = ResultStream(_Batch(call.parts.registrar, call.parts.metrics, reader, observe).make)
    response = Response(iter(stream), content_type=NDJSON)
    response.headers["Cache-Control"] = "no-store"
    response.call_on_close(stream.close)
    if call.parts.dealing.begin():
        response.headers["Connection"] = "close"
    response.call_on_close(call.parts.dealing.end)
    return response


class _Batch:
    """One batch request: its lines in, its results out."""

    def __init__(
        self, registrar: Registrar, metrics: Metrics, reader: LineReader, observe: Callable[[Exception], None]
    ) -> None:
        self._registrar = registrar
        self._metrics = metrics
        self._reader = reader
        self._observe = observe

    def make(self, put: Callable[[bytes], bool]) -> None:
        """Registers every line and puts every result; ends early if nobody reads, or the body breaks off."""
        last = 0
        try:
            for result in self._registrar.register_lines(self._reader.lines()):
                if not put(self._line(result)):
                    return
                last = result.line
            if self._reader.cut is not None:
                put(self._problem(self._reader.cut, self._reader.cut.line or last + 1))
        except Exception as error:  # the edge of this thread: nobody else would hear of it
            put(self._problem(error, last + 1))

    def _line(self, result: LineResult) -> bytes:
        if result.registered is None:
            assert result.error is not None
            return self._problem(result.error, result.line)
        status = 201 if result.registered.created else 200
        members = {"line": result.line, "status": status, **registered_members(result.registered)}
        return dump_json(members) + b"\n"

    def _problem(self, error: Exception, line: int) -> bytes:
        known = as_request_error(error)
        if known is None:
            self._observe(error)
            members = {**failed_members(), "line": line}
        else:
            members = line_problem(known, line)
            self._metrics.refusals.labels(known.code).inc()
        return dump_json(members) + b"\n"
