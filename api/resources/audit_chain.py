"""A range of the log, verified while the caller waits."""

from flask import Response

from api.access import AUDITING
from api.fields import Count, StrictSchema
from api.operations import Call, Reply, Resource
from api.replies import JSON, json_reply
from api.schemas import ReportSchema
from ledger.audit.chain import check_chain
from ledger.errors import LedgerEmpty
from ledger.store import registers_store

resource = Resource("audit-chain", "A range of the log, verified now.")

MAX_ENTRIES = 4_096


class ChainQuery(StrictSchema):
    """Which entries."""

    start = Count(load_default=0, meaning="The first index.")
    end = Count(
        load_default=None,
        meaning=f"One past the last index; no more than {MAX_ENTRIES} entries are looked at.",
    )


@resource.operation(
    "GET",
    "/v1/audit/chain",
    replies=[Reply(200, "What was looked at, and every fault with its place.", {JSON: ReportSchema})],
    access=AUDITING,
    query=ChainQuery,
    errors=[LedgerEmpty],
)
def verify_range(call: Call) -> Response:
    """Verify a range of the log now: chain, tree, checkpoints and signatures.

    The range is widened to whole tiles; the report says which entries were looked at. Go on from its end
    until that is its size.
    """
    start, end = call.query["start"], call.query["end"]
    stop = start + MAX_ENTRIES if end is None else min(end, start + MAX_ENTRIES)
    with call.reading() as connection:
        origin = registers_store.read_origin(connection)
        if origin is None:
            raise LedgerEmpty("the log is empty")
        report = check_chain(connection, start, max(start, stop), origin=origin.origin, vkeys=origin.log_keys)
    return json_reply(report.as_json(), cache="no-store")
