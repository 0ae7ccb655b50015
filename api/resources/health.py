"""How the server is: alive, ready, and what it counts."""

import contextlib

from flask import Response

from api.metrics import MEDIA_TYPE
from api.operations import Call, Reply, Resource
from api.replies import JSON, TEXT, bytes_reply, json_reply
from api.resources.statements import UNAVAILABLE
from api.schemas import TEXT_SCHEMA, ReadySchema
from ledger.errors import LedgerEmpty, StoreBusy
from ledger.registration.log_state import catch_up
from ledger.registration.mark import MarkedHead
from ledger.store import log_store
from ledger.store.log_store import HeadRow

resource = Resource("health", "For the operator; keep these from the public with a proxy.")


@resource.operation(
    "GET", "/healthz", replies=[Reply(200, "The process answers.", {TEXT: TEXT_SCHEMA})], stores=False
)
def read_health(call: Call) -> Response:
    """Say that the process is alive; asks nothing else."""
    return bytes_reply(b"ok\n", TEXT, cache="no-store")


@resource.operation(
    "GET",
    "/readyz",
    replies=[Reply(200, "Statements can be registered.", {JSON: ReadySchema})],
    errors=UNAVAILABLE,
)
def read_readiness(call: Call) -> Response:
    """Say whether statements can be registered: database there, genesis there, mark kept and not ahead."""
    stopped = call.parts.registrar.stopped
    if stopped is not None:
        raise stopped.again()
    head, marked = _compare_with_mark(call)
    members = {
        "ready": True,
        "size": head.tree_size,
        "mark_size": marked.size,
        "queue": call.parts.registrar.queue_depth,
    }
    return json_reply(members, cache="no-store")


@resource.operation(
    "GET",
    "/metrics",
    replies=[Reply(200, "Prometheus text exposition.", {MEDIA_TYPE: TEXT_SCHEMA})],
    stores=False,
)
def read_metrics(call: Call) -> Response:
    """Read what is counted, summed over the server processes of this host."""
    metrics = call.parts.metrics
    metrics.queue_depth.set(call.parts.registrar.queue_depth)
    # The counts are wanted most when the database does not answer.
    with contextlib.suppress(StoreBusy), call.reading() as connection:
        metrics.tree_size.set(log_store.read_head(connection).tree_size)
    return bytes_reply(metrics.exposition(), MEDIA_TYPE, cache="no-store")


def _compare_with_mark(call: Call) -> tuple[HeadRow, MarkedHead]:
    """Head and mark, the one found to continue the other.

    Raises:
        LedgerEmpty, MarkMissing, MarkAhead, LogInconsistent: It does not.
    """
    marked = call.parts.mark.read()  # before the head: a batch that is committed meanwhile raises it
    with call.reading() as connection:
        head = log_store.read_head(connection)
        if head.tree_size == 0:
            raise LedgerEmpty("the log is empty")
        catch_up(connection, None, head, marked)
    assert marked is not None
    return head, marked
