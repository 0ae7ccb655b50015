"""What a what-if is asked with, and what its answer looks like."""

from typing import Any, Final

from marshmallow import fields

from api.fields import ListOf, Moment, Number, Object, StrictSchema, Text, Truth
from api.schemas import ProgressSchema

_TIME: Final = {"type": "string", "format": "date-time"}
_SCENARIO: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 200},
        "policy": {"type": "object", "description": "Members of set-policy that differ."},
        "lists": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "description": "Packaged control lists: code, and the time from when on it holds.",
        },
        "acts": {
            "type": "array",
            "maxItems": 1000,
            "items": {"type": "object"},
            "description": "Payloads of acts, as docs/what-if.md lists them.",
        },
    },
}
WhatIfRequestSchema: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["scenario"],
    "examples": [{"scenario": {"name": "Five more elements", "lists": {"mofcom-57-2025": ""}}}],
    "additionalProperties": False,
    "properties": {
        "scenario": {**_SCENARIO, "description": "What is tried."},
        "against": {**_SCENARIO, "description": "What it is compared with; what was in force if left out."},
        "from": {**_TIME, "description": "Only entries recorded from then on."},
        "to": {**_TIME, "description": "Only entries recorded before then."},
    },
}


class SumSchema(StrictSchema):
    """Movements with their goods."""

    movements = Number("How many.")
    mass_mg = Number("Their gross mass in mg.")
    value_fen = Number("Its value in fen (1/100 CNY), as far as there is a price.")
    unvalued_mg = Number("Gross mass in mg without a price.")


class SideSchema(StrictSchema):
    """One side's sums by outcome; the hardest counts."""

    refused = fields.Nested(SumSchema, required=True)
    flagged = fields.Nested(SumSchema, required=True)
    licensed = fields.Nested(SumSchema, required=True)
    passed = fields.Nested(SumSchema, required=True)


class TotalsSchema(StrictSchema):
    """Everything that was looked at."""

    before = fields.Nested(SideSchema, required=True)
    after = fields.Nested(SideSchema, required=True)


class VerdictSchema(StrictSchema):
    """What comes of a movement."""

    outcome = Text("refused, flagged, licensed or passed.")
    refused = ListOf(fields.String(), "Codes that refuse it.")
    flagged = ListOf(fields.String(), "Codes of its alerts.")
    licensed_mg = Number("Gross mass in mg that needs a licence and has it.")


class ChangedMovementSchema(StrictSchema):
    """A movement that comes out otherwise."""

    index = Number("Its entry; of a refused one the index that it was judged for.")
    position = Number("Its place in the statement.")
    recorded = Truth("Whether it is in the log; else it was refused.")
    event_id = Text("Its event id.")
    kind = Text("Its kind.")
    firm = Text("Whose it is.")
    destination = Text("The country that it goes to, or empty.")
    month = Text("The month of the event.")
    event_time = Moment("When it happened.")
    products = ListOf(fields.String(), "Catalogue codes.")
    mass_mg = Number("Gross mass in mg.")
    value_fen = Number("Its value in fen, or null.", allow_none=True)
    before = fields.Nested(VerdictSchema, required=True)
    after = fields.Nested(VerdictSchema, required=True)
    said = Text("What a rule says of it: after, else before; or empty.")


class DifferenceSchema(SumSchema):
    """Movements that come out otherwise, of one firm, product, destination and month."""

    firm = Text("The firm.")
    product = Text("Catalogue code, or empty.")
    destination = Text("Country, or empty.")
    month = Text("The month of the event.")
    before = Text("The outcome before.")
    after = Text("The outcome after.")


class CodeCountsSchema(StrictSchema):
    """What a code does on one side."""

    refused = Number("Movements that it refuses.")
    flagged = Number("Movements that it flags.")


class CodeSchema(StrictSchema):
    """A code on both sides."""

    code = Text("The code.")
    before = fields.Nested(CodeCountsSchema, required=True)
    after = fields.Nested(CodeCountsSchema, required=True)


class TimeAlertSchema(StrictSchema):
    """Alerts of time passing, or of acts, that would not have opened."""

    code = Text("The code.")
    gone = Number("How many.")


class ReplayedSpanSchema(StrictSchema):
    """The entries that were replayed."""

    start = Number("The first.")
    end = Number("One past the last.")
    first = Moment("Time of the first; null where there is none.", allow_none=True, data_key="from")
    last = Moment("Time of the last; null where there is none.", allow_none=True, data_key="to")


class AgreementSchema(StrictSchema):
    """How judging again under what was in force compares with the record."""

    judged = Number("Movements that were compared.")
    unlike = Number("Those of them that came out otherwise.")
    first = ListOf(fields.Dict(), "The first few of those: index, position, and codes on one side only.")


class HangingSchema(StrictSchema):
    """What hangs on recorded movements that would have been refused."""

    shipments = Number("Shipments that they sent.")
    received = Number("Those of them of which something was received.")
    received_mg = Number("How much, gross, in mg.")
    births = Number("Lots that they bore.")
    descendants = Number("Further lots that are made of these.")
    truncated = Truth("Whether it was cut off at its limit.")


class WhatIfReportSchema(StrictSchema):
    """What was found."""

    origin = Text("The log.")
    size = Number("Its entries.")
    before = Text("Name of the one side.")
    after = Text("Name of the other.")
    span = fields.Nested(ReplayedSpanSchema, required=True)
    movements = Number("Movements recorded in the span.")
    looked_at = Number("Those of them that were read.")
    refusals = Number("Refused movements of the span that were read.")
    erased = Number("Statements of the span that nobody can read any more.")
    codes_judged_again = ListOf(fields.String(), "Codes whose rules were run again.")
    codes_from_record = ListOf(fields.String(), "Codes answered from recorded alerts and refusals.")
    codes_left_open = ListOf(fields.String(), "Codes that cannot be judged again.")
    agreement = fields.Nested(AgreementSchema, required=True, allow_none=True)
    totals = fields.Nested(TotalsSchema, required=True)
    codes = ListOf(fields.Nested(CodeSchema), "By code.")
    time_alerts = ListOf(fields.Nested(TimeAlertSchema), "By code.")
    differing = Number("Movements that come out otherwise.")
    cells = ListOf(fields.Nested(DifferenceSchema), "Their sums; empty for all but regulators.")
    shown = ListOf(
        fields.Nested(ChangedMovementSchema), "The first 1,000 of them; empty for all but regulators."
    )
    hanging = fields.Nested(HangingSchema, required=True)


class WhatIfSchema(StrictSchema):
    """One what-if."""

    id = Text("Its id.")
    state = fields.String(
        required=True,
        metadata={
            "enum": ["waiting", "running", "done", "failed", "interrupted"],
            "description": "failed: it could not be carried out. interrupted: its process is gone.",
        },
    )
    requested_by = Text("The party that asked for it.")
    requested_at = Moment("When.")
    before = Text("Name of the one side.")
    after = Text("Name of the other.")
    progress = fields.Nested(
        ProgressSchema, required=True, allow_none=True, metadata={"description": "How far it has come."}
    )
    report = fields.Nested(
        WhatIfReportSchema,
        required=True,
        allow_none=True,
        metadata={"description": "What it found, when done."},
    )
    error = Object("Why it failed.", required=True, allow_none=True)


class WhatIfsSchema(StrictSchema):
    """The what-ifs of this host, newest first."""

    what_ifs = ListOf(fields.Nested(WhatIfSchema), "The jobs, without their reports.")
