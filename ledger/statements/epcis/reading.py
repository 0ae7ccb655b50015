"""Reading EPCIS payloads: a document with its events, or a single event, and all that is wrong with it.

Decides: whether a payload is valid EPCIS 2.0 by docs/epcis.md, and which of its events are movements. Holds
no rule about movements.

Source: EPCIS 2.0.1 and its JSON binding.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from ledger.findings import Finding
from ledger.records.quick import quick
from ledger.statements.epcis import words
from ledger.statements.epcis.compiled import document_is_faulty, event_is_faulty
from ledger.statements.epcis.fields import scoped
from ledger.statements.epcis.schemas import DOCUMENT, MAX_EVENTS, event_schema, event_scope
from ledger.statements.epcis.scope import REE, Scope
from ledger.strict_json import JsonValue, parse_json

#: A document so wrong that it has more findings than this is told these.
MAX_FINDINGS: Final = 1000

_MOVEMENT: Final = f"{REE}movement"
_STANDARD: Final = Scope()
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)


@quick
@dataclass(frozen=True, slots=True)
class EpcisEvent:
    """One valid event.

    Attributes:
        members: The event as it was sent.
        scope: The prefixes in force inside it.
        pointer: Where it stands in the payload.
    """

    members: Mapping[str, Any]
    scope: Scope
    pointer: str

    @property
    def event_type(self) -> str:
        """The type as written."""
        return str(self.members["type"])

    @property
    def event_id(self) -> str | None:
        """The event's name, unique per issuer, or None."""
        found = self.members.get("eventID")
        return found if isinstance(found, str) else None

    @property
    def action(self) -> str | None:
        """OBSERVE, ADD, DELETE or None."""
        found = self.members.get("action")
        return found if isinstance(found, str) else None

    @property
    def biz_step(self) -> str | None:
        """The bare word of the business step, however spelled; a user's own URI as it is; or None."""
        return self._term(words.BIZ_STEP, "bizStep")

    @property
    def disposition(self) -> str | None:
        """The bare word of the disposition, however spelled; a user's own URI as it is; or None."""
        return self._term(words.DISPOSITION, "disposition")

    @property
    def is_movement(self) -> bool:
        """Whether the event carries ``ree:movement``, under whichever prefix stands for our namespace."""
        return self.extension_name(_MOVEMENT) is not None

    @property
    def event_time_us(self) -> int:
        """When it happened, in microseconds since 1970-01-01T00:00:00Z; finer digits are cut off."""
        return time_us(self.members["eventTime"])

    def extension_name(self, uri: str) -> str | None:
        """The name under which the event carries the extension member with this full name, or None."""
        expand = self.scope.member_uri
        for name in self.members:
            if ":" in name and expand(name) == uri:
                return name
        return None

    def _term(self, vocabulary: words.Vocabulary, member: str) -> str | None:
        text = self.members.get(member)
        if not isinstance(text, str):
            return None
        return vocabulary.word(text) or text


@quick
@dataclass(frozen=True, slots=True)
class EpcisDocument:
    """A payload as read.

    Attributes:
        events: Its events in order; none where there are findings.
        findings: Everything that is wrong with it; empty for a valid payload.
    """

    events: tuple[EpcisEvent, ...]
    findings: list[Finding]


def read_document(payload: "bytes | JsonValue") -> EpcisDocument:
    """The events of a payload, or what is wrong with it.

    Args:
        payload: UTF-8 JSON, or the value that ``parse_json`` made of it. An EPCISDocument, or one event with
            its ``@context``.

    Raises:
        MalformedError: Bytes that ``parse_json`` refuses.
    """
    value = parse_json(payload) if isinstance(payload, bytes) else payload
    scope = _outer_scope(value)
    findings = _check(value, scope)
    if findings or not isinstance(value, dict):
        return EpcisDocument((), findings)
    if not _is_document(value):
        return EpcisDocument((EpcisEvent(value, scope, ""),), findings)
    events: Any = value["epcisBody"]
    return EpcisDocument(
        tuple(
            EpcisEvent(event, event_scope(event, scope), f"/epcisBody/eventList/{position}")
            for position, event in enumerate(events["eventList"])
        ),
        findings,
    )


def time_us(text: str) -> int:
    """Microseconds since 1970-01-01T00:00:00Z of an xsd:dateTimeStamp; finer digits are cut off.

    Args:
        text: One without fault.
    """
    whole, dot, rest = text.partition(".")
    digits = rest.rstrip("Z").partition("+")[0].partition("-")[0] if dot else ""
    moment = datetime.fromisoformat(whole + rest[len(digits) :])
    return (moment - _EPOCH) // _SECOND * 1_000_000 + int(f"{digits:0<6}"[:6])


def check_document(value: JsonValue) -> list[Finding]:
    """Everything that is wrong with a payload, in the order document, then events; empty where it is valid.

    Args:
        value: What ``parse_json`` made of the payload.
    """
    return _check(value, _outer_scope(value))


def _outer_scope(value: JsonValue) -> Scope:
    """The prefixes that the payload's own context declares."""
    if isinstance(value, dict) and "@context" in value:
        return _STANDARD.extended(value["@context"])
    return _STANDARD


def _check(value: JsonValue, scope: Scope) -> list[Finding]:
    if not isinstance(value, dict):
        return [Finding("epcis.type", "The payload is not a JSON object.", "", "Send an EPCISDocument.")]
    if value.get("type") == "EPCISQueryDocument":
        return [
            Finding(
                "epcis.document-type",
                "A query document is an answer to a question, not a statement of what happened.",
                "/type",
                "Send the events in an EPCISDocument.",
            )
        ]
    if not _is_document(value):
        return _check_single_event(value, scope)
    if not document_is_faulty(value, scope):
        return []
    return _document_findings(value, scope)[:MAX_FINDINGS]


def _is_document(value: Mapping[str, Any]) -> bool:
    return value.get("type") == "EPCISDocument" or "epcisBody" in value


def _check_single_event(event: dict[str, Any], scope: Scope) -> list[Finding]:
    if "@context" in event and not event_is_faulty(event, _STANDARD):
        return []
    found = []
    if "@context" not in event:
        found.append(
            Finding(
                "epcis.required",
                "The member @context is missing.",
                "/@context",
                "Add the @context of EPCIS 2.0; an event without one belongs in a document's eventList.",
            )
        )
    return found + _event_findings(event, scope, "")


def _event_findings(event: Any, scope: Scope, pointer: str) -> list[Finding]:
    with scoped(event_scope(event, scope)):
        return list(_flatten(event_schema(event).validate(event), pointer))


def _document_findings(document: dict[str, Any], scope: Scope) -> list[Finding]:
    """Marshmallow judges the document, and those of its events that the compiled validators find at fault."""
    body = document.get("epcisBody")
    events = body.get("eventList") if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(events, list) or len(events) > MAX_EVENTS:
        events = []
    else:
        document = {**document, "epcisBody": {**body, "eventList": []}}
    with scoped(scope):
        found = list(_flatten(DOCUMENT.validate(document), ""))
    for position, event in enumerate(events):
        if len(found) > MAX_FINDINGS:
            break
        if event_is_faulty(event, scope):
            found.extend(_event_findings(event, scope, f"/epcisBody/eventList/{position}"))
    return found


def _flatten(errors: Any, pointer: str) -> Iterator[Finding]:
    """Marshmallow's nested errors, whose keys are the schemas' own names and positions, as findings."""
    if isinstance(errors, dict):
        for name, inner in errors.items():
            place = pointer if name == "_schema" else f"{pointer}/{name}"
            yield from _flatten(inner, place)
    elif isinstance(errors, list):
        for item in errors:
            yield from _flatten(item, pointer)
    elif isinstance(errors, Finding):
        yield replace(errors, pointer=pointer + errors.pointer)
    else:
        yield Finding("epcis.type", "This must be an object.", pointer, "Write { ... } with its members.")
