"""What-ifs: another policy or other lists tried on what is recorded, by a job; nothing is written."""

from typing import Any, Final

from flask import Response

from api.access import AUDITING, REGULATORS
from api.bodies import read_statement
from api.fields import Uuid
from api.operations import Body, Call, Reply, Resource
from api.replies import JSON, json_reply
from api.what_if_request import read_request
from api.what_if_schemas import WhatIfRequestSchema, WhatIfSchema, WhatIfsSchema
from ledger.errors import (
    JsonDuplicateMember,
    JsonMalformed,
    JsonNumberRange,
    JsonTooDeep,
    QueueFull,
    ResourceNotFound,
    ScenarioInvalid,
    TooLarge,
)

resource = Resource("what-ifs", "Another policy, or other lists, tried on what is recorded; run as jobs.")

_PATH: Final = {"id": Uuid(meaning="The job's id.")}
_OF_FIRMS: Final = ("cells", "shown")


@resource.operation(
    "POST",
    "/v1/what-ifs",
    replies=[
        Reply(
            202,
            "The job waits for its turn.",
            {JSON: WhatIfSchema},
            {"Location": "Where the job is."},
            {
                "readWhatIf": ("read_what_if", "id", "$response.body#/id"),
                "stopWhatIf": ("stop_what_if", "id", "$response.body#/id"),
            },
        )
    ],
    access=AUDITING,
    body=Body({JSON: WhatIfRequestSchema}, "What is tried; docs/what-if.md describes a scenario."),
    errors=[
        *(JsonMalformed, JsonDuplicateMember, JsonTooDeep, JsonNumberRange),
        *(TooLarge, ScenarioInvalid, QueueFull),
    ],
)
def open_what_if(call: Call) -> Response:
    """Replay recorded history under another policy or other lists.

    The job judges each movement that can come out otherwise against the history as it happened, on both
    sides, and says what would have been refused, flagged or licensed. Nothing is recorded. One runs at a time
    on a host.
    """
    assert call.reader is not None
    body = read_statement()
    asked = read_request(body)
    names = {"before": asked.before.name, "after": asked.after.name}
    job = call.parts.what_ifs.open(call.reader.party, asked=body.decode(), **names)
    return json_reply(_told(job, call), 202, cache="no-store", Location=f"/v1/what-ifs/{job['id']}")


@resource.operation(
    "GET",
    "/v1/what-ifs",
    replies=[Reply(200, "The jobs of this host, newest first.", {JSON: WhatIfsSchema})],
    access=AUDITING,
)
def list_what_ifs(call: Call) -> Response:
    """List the what-ifs of this host."""
    jobs = [{**_told(job, call), "report": None} for job in call.parts.what_ifs.list()]
    return json_reply({"what_ifs": jobs}, cache="no-store")


@resource.operation(
    "GET",
    "/v1/what-ifs/{id}",
    replies=[Reply(200, "The job.", {JSON: WhatIfSchema})],
    access=AUDITING,
    path_fields=_PATH,
    errors=[ResourceNotFound],
)
def read_what_if(call: Call) -> Response:
    """Read how a what-if stands, and what it found.

    What concerns single firms is for regulators; others read the sums by outcome and by code.
    """
    return json_reply(_told(call.parts.what_ifs.read(call.path["id"]), call), cache="no-store")


@resource.operation(
    "DELETE",
    "/v1/what-ifs/{id}",
    replies=[Reply(204, "The what-if is stopped and forgotten.")],
    access=AUDITING,
    path_fields=_PATH,
    errors=[ResourceNotFound],
)
def stop_what_if(call: Call) -> Response:
    """Stop a what-if and forget it, with its report."""
    call.parts.what_ifs.stop(call.path["id"])
    response = Response(status=204)
    response.headers["Cache-Control"] = "no-store"
    return response


def _told(job: dict[str, Any], call: Call) -> dict[str, Any]:
    """A job as the reader may see it: without what was asked, which may name private lists."""
    assert call.reader is not None
    told = {name: value for name, value in job.items() if name != "asked"}
    if told["report"] is not None and not call.reader.holds(REGULATORS):
        told["report"] = {**told["report"], **{name: [] for name in _OF_FIRMS}}
    return told
