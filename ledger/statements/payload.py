"""Reading a statement's payload by its content type.

Decides: what a payload is, and every fault that can be seen without the log. Never looks at the registers.
"""

from dataclasses import dataclass
from typing import Final, Literal

from ledger.errors import JsonMalformed, JwsHeaderInvalid, TooLarge
from ledger.findings import Finding
from ledger.records.quick import quick
from ledger.statements.acts import Act, read_act
from ledger.statements.envelope import ACT, EPCIS
from ledger.statements.epcis import EpcisEvent, read_document
from ledger.statements.epcis.schemas import MAX_EVENTS
from ledger.strict_json import JsonValue, is_json_object, parse_json

MAX_DEPTH: Final = 32


@quick
@dataclass(frozen=True, slots=True)
class Payload:
    """What a statement says.

    Attributes:
        kind: ``act`` or ``epcis``.
        act: The act; None for a document, and where the payload has faults.
        events: The document's events; empty for an act.
        findings: Every fault of form; the statement is refused if there is one.
    """

    kind: Literal["act", "epcis"]
    act: Act | None
    events: tuple[EpcisEvent, ...]
    findings: tuple[Finding, ...]

    @property
    def public(self) -> bool:
        """Whether anyone may read the statement: the entry's ``public`` member."""
        return self.act is not None and self.act.public


def read_payload(cty: str, payload: bytes) -> Payload:
    """Reads a payload.

    Args:
        cty: The header's content type.
        payload: The payload's bytes as sent.

    Raises:
        JwsHeaderInvalid: Another content type.
        MalformedError: Not JSON as it must be, or no object at top level.
        TooLarge: A document of more than 1,000 events.
    """
    if cty not in (ACT, EPCIS):
        raise JwsHeaderInvalid(f"the content type {cty!r} is not known here")
    value = parse_json(payload, max_depth=MAX_DEPTH)
    if not is_json_object(value):
        raise JsonMalformed("the payload is a JSON object", pointer="")
    if cty == ACT:
        act, findings = read_act(value)
        return Payload("act", act, (), tuple(findings))
    _refuse_many_events(value)
    document = read_document(value)
    return Payload("epcis", None, document.events, tuple(document.findings))


def _refuse_many_events(document: dict[str, JsonValue]) -> None:
    """Told before anything else: findings for every event of such a document would help nobody."""
    body = document.get("epcisBody")
    events = body.get("eventList") if isinstance(body, dict) else None
    if isinstance(events, list) and len(events) > MAX_EVENTS:
        raise TooLarge(
            f"the document has {len(events)} events; a statement has at most {MAX_EVENTS}",
            pointer="/epcisBody/eventList",
            mend="Split the document into several statements.",
        )
