"""Audits: a range verified now, and the whole database verified by a job."""

import json
import time
from collections.abc import Iterator
from typing import Any, Final

from flask import Response

from api.access import AUDITING
from api.audit_desk import LIVE, AuditDesk
from api.fields import Uuid
from api.operations import Call, Reply, Resource
from api.replies import JSON, json_reply
from api.schemas import AuditSchema, AuditsSchema
from ledger.errors import QueueFull, ResourceNotFound

resource = Resource("audits", "Full audits of the database of this host, run as jobs.")

EVENTS: Final = "text/event-stream"
STREAM_SECONDS: Final = 20.0
"""A stream ends after this long and the client opens the next: a stopping server need not wait for audits."""
_POLL_SECONDS: Final = 0.2
_KEEP_ALIVE_SECONDS: Final = 5.0
_PATH: Final = {"id": Uuid(meaning="The job's id.")}
_EVENTS: Final[dict[str, Any]] = {
    "type": "object",
    "description": "One event of the stream.",
    "required": ["event", "data"],
    "properties": {
        "event": {"enum": ["progress", "ended"], "description": "ended: the last one."},
        "data": {"type": "string", "description": "The job as JSON; null once it is forgotten."},
    },
}


@resource.operation(
    "POST",
    "/v1/audits",
    replies=[
        Reply(
            202,
            "The job waits for its turn.",
            {JSON: AuditSchema},
            {"Location": "Where the job is."},
            {
                "readAudit": ("read_audit", "id", "$response.body#/id"),
                "stopAudit": ("stop_audit", "id", "$response.body#/id"),
            },
        )
    ],
    access=AUDITING,
    errors=[QueueFull],
)
def open_audit(call: Call) -> Response:
    """Start a full audit of the database.

    It verifies the chain, the tree, every checkpoint, every signature, every key's validity at its index, the
    refusal journal and the registers, as 'reledger verify' does. One audit runs at a time on a host.
    """
    assert call.reader is not None
    job = call.parts.audits.open(call.reader.party)
    return json_reply(job, 202, cache="no-store", Location=f"/v1/audits/{job['id']}")


@resource.operation(
    "GET",
    "/v1/audits",
    replies=[Reply(200, "The jobs of this host, newest first.", {JSON: AuditsSchema})],
    access=AUDITING,
)
def list_audits(call: Call) -> Response:
    """List the audit jobs of this host."""
    jobs = [{**job, "report": None} for job in call.parts.audits.list()]
    return json_reply({"audits": jobs}, cache="no-store")


@resource.operation(
    "GET",
    "/v1/audits/{id}",
    replies=[Reply(200, "The job.", {JSON: AuditSchema})],
    access=AUDITING,
    path_fields=_PATH,
    errors=[ResourceNotFound],
)
def read_audit(call: Call) -> Response:
    """Read how an audit stands, and what it found."""
    return json_reply(call.parts.audits.read(call.path["id"]), cache="no-store")


@resource.operation(
    "DELETE",
    "/v1/audits/{id}",
    replies=[Reply(204, "The job is stopped and forgotten.")],
    access=AUDITING,
    path_fields=_PATH,
    errors=[ResourceNotFound],
)
def stop_audit(call: Call) -> Response:
    """Stop an audit and forget it, with its report."""
    call.parts.audits.stop(call.path["id"])
    response = Response(status=204)
    response.headers["Cache-Control"] = "no-store"
    return response


@resource.operation(
    "GET",
    "/v1/audits/{id}/events",
    replies=[Reply(200, "Server-sent events.", {EVENTS: _EVENTS})],
    access=AUDITING,
    path_fields=_PATH,
    errors=[ResourceNotFound],
)
def watch_audit(call: Call) -> Response:
    """Watch an audit: its state whenever that changes, as server-sent events.

    The stream ends with the audit, or after 20 seconds; an EventSource opens it again by itself.
    """
    job = call.path["id"]
    call.parts.audits.read(job)
    response = Response(_events(call.parts.audits, job), content_type=EVENTS)
    response.headers["Cache-Control"] = "no-store"
    return response


def _events(desk: AuditDesk, job: str) -> Iterator[bytes]:
    end = time.monotonic() + STREAM_SECONDS
    said, said_at = "", time.monotonic()
    yield b"retry: 1000\n\n"
    while True:
        try:
            members = desk.read(job)
        except ResourceNotFound:
            yield b"event: ended\ndata: null\n\n"
            return
        text = json.dumps(members, separators=(",", ":"))
        live = members["state"] in LIVE
        if text != said:
            said, said_at = text, time.monotonic()
            yield f"event: {'progress' if live else 'ended'}\ndata: {text}\n\n".encode()
        elif time.monotonic() - said_at > _KEEP_ALIVE_SECONDS:
            said_at = time.monotonic()
            yield b": still there\n\n"
        if not live or time.monotonic() > end:
            return
        time.sleep(_POLL_SECONDS)
