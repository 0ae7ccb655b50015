"""Where the ledger and the published JSON Schema of EPCIS 2.0.1 part: every deliberate difference.

``docs/epcis.md`` lists the same rows with their reasons; a test keeps both lists equal.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.findings import Finding
from ledger.statements.epcis import words
from ledger.statements.epcis.schemas import EVENT_SCHEMAS

Json = Any

STANDARD_TYPES = tuple(EVENT_SCHEMAS)


@dataclass(frozen=True)
class Place:
    """A finding where it points.

    Attributes:
        finding: What the ledger says.
        value: What stands there, None where nothing does.
        steps: The pointer's tokens.
        event: The event that it stands in, None outside events.
    """

    finding: Finding
    value: Json
    steps: list[str]
    event: Json

    def inside(self, *names: str) -> bool:
        """Whether a member of one of these names is on the way to the place, or is the place."""
        return any(name in self.steps for name in names)


@dataclass(frozen=True)
class Strictness:
    """What the JSON Schema takes and the ledger refuses.

    Attributes:
        title: As in docs/epcis.md.
        codes: The findings that refuse it.
        applies: Whether a finding with such a code is this difference, not a fault that the schema sees too.
    """

    title: str
    codes: tuple[str, ...]
    applies: Callable[[Place], bool] = lambda place: True


def _ends_in_newline(place: Place) -> bool:
    return isinstance(place.value, str) and place.value.endswith("\n")


def _in_event_of_own_type(place: Place) -> bool:
    return isinstance(place.event, dict) and place.event.get("type") not in STANDARD_TYPES


_RARE_TIME = re.compile(r".*([+-](1[4-9]|2[0-3]):\d\d|\.\d{31,}.*)|.*[tz].*", re.DOTALL)
_OPEN_OBJECTS = ("readPoint", "bizLocation", "epcisBody", "epcisMasterData")

STRICTNESSES = (
    Strictness(
        "A prefix must be declared",
        ("epcis.prefix-undeclared",),
    ),
    Strictness(
        "A context declares prefixes as whole URIs, within bounds",
        ("epcis.context",),
        lambda place: place.inside("@context") and not any(":" in step for step in place.steps[:-1]),
    ),
    Strictness(
        "No context inside an extension",
        ("epcis.context",),
        lambda place: any(":" in step for step in place.steps),
    ),
    Strictness("Prefixes of the standard keep their meaning", ("epcis.prefix-protected",)),
    Strictness("Names of the standard are not extensions", ("epcis.name-reserved",)),
    Strictness("Terms are not invented among the names of GS1", ("epcis.term-invented",)),
    Strictness("Check digits are verified", ("epcis.check-digit",)),
    Strictness("EPC URIs have the lengths of their keys", ("epcis.epc",)),
    Strictness("Quantities are not negative", ("epcis.quantity-negative",)),
    Strictness(
        "A count is whole, and a unit has its quantity",
        ("epcis.unit", "epcis.required"),
        lambda place: place.steps[-1] == "quantity",
    ),
    Strictness(
        "Zone offsets, letters and fractions of times are those of xsd:dateTimeStamp",
        ("epcis.time",),
        lambda place: isinstance(place.value, str) and _RARE_TIME.fullmatch(place.value) is not None,
    ),
    Strictness(
        "Nothing follows a text of a fixed form, not even a line feed",
        ("epcis.time", "epcis.time-zone", "epcis.uri", "epcis.unit", "epcis.schema-version", "epcis.hex"),
        _ends_in_newline,
    ),
    Strictness(
        "A URI has at most 2,048 characters",
        ("epcis.uri",),
        lambda place: isinstance(place.value, str) and len(place.value) > 2048,
    ),
    Strictness("No NUL", ("epcis.text",)),
    Strictness("A member stands once, however its name is spelled", ("epcis.duplicate",)),
    Strictness(
        "Members without a prefix are the standard's alone",
        ("epcis.member-unknown",),
        lambda place: place.inside(*_OPEN_OBJECTS, "epcisHeader") or _in_event_of_own_type(place),
    ),
    Strictness(
        "An event of a user's own type uses standard members as the standard has them",
        (
            "epcis.action",
            "epcis.empty",
            "epcis.hex",
            "epcis.required",
            "epcis.time",
            "epcis.time-zone",
            "epcis.type",
            "epcis.unit",
            "epcis.uri",
            "epcis.word",
        ),
        _in_event_of_own_type,
    ),
    Strictness(
        "A persistent disposition is judged in every event",
        ("epcis.type", "epcis.word", "epcis.uri", "epcis.empty", "epcis.required", "epcis.member-unknown"),
        lambda place: (
            place.inside("persistentDisposition")
            and place.event["type"] in ("AggregationEvent", "AssociationEvent", "TransactionEvent")
        ),
    ),
    Strictness(
        "An aggregation names its parent unless it was merely observed",
        ("epcis.required",),
        lambda place: place.steps[-1] == "parentID" and place.event["type"] == "AggregationEvent",
    ),
    Strictness(
        "Hexadecimal digits come in pairs",
        ("epcis.hex",),
        lambda place: isinstance(place.value, str) and len(place.value) % 2 == 1,
    ),
    Strictness("The version is one of EPCIS 2", ("epcis.schema-version",)),
    Strictness("At most 1,000 events", ("epcis.too-many",)),
    Strictness(
        "A query document is no statement",
        ("epcis.document-type",),
        lambda place: place.value == "EPCISQueryDocument",
    ),
    Strictness(
        "What has an epcisBody is a document",
        ("epcis.document-type", "epcis.required", "epcis.member-unknown", "epcis.type", "epcis.event-type"),
        lambda place: place.event is None,
    ),
)


@dataclass(frozen=True)
class Leniency:
    """What the JSON Schema refuses and the ledger takes.

    Attributes:
        title: As in docs/epcis.md.
        rewrite: Writes an object's members as the schema wants them; None where this leniency is not used.
    """

    title: str
    rewrite: Callable[[str, dict[str, Json]], dict[str, Json] | None]


_TERM_MEMBERS: Mapping[tuple[str, str], words.Vocabulary] = {
    ("event", "bizStep"): words.BIZ_STEP,
    ("event", "disposition"): words.DISPOSITION,
    ("bizTransactionList", "type"): words.TRANSACTION_TYPE,
    ("sourceList", "type"): words.SOURCE_DESTINATION_TYPE,
    ("destinationList", "type"): words.SOURCE_DESTINATION_TYPE,
    ("errorDeclaration", "reason"): words.ERROR_REASON,
    ("sensorReport", "component"): words.COMPONENT,
    ("sensorReport", "type"): words.MEASUREMENT_TYPE,
    ("sensorReport", "exception"): words.ALERT_TYPE,
}


def _spell_bare(owner: str, members: dict[str, Json]) -> dict[str, Json] | None:
    changed = {}
    for (kind, name), vocabulary in _TERM_MEMBERS.items():
        text = members.get(name)
        if kind == owner and isinstance(text, str) and ":" in text and (word := vocabulary.word(text)):
            changed[name] = word
    if owner == "persistentDisposition":
        for name in ("set", "unset"):
            if isinstance(members.get(name), list):
                texts = [
                    words.DISPOSITION.word(text) or text if isinstance(text, str) else text
                    for text in members[name]
                ]
                if texts != members[name]:
                    changed[name] = texts
    return {**members, **changed} if changed else None


def _name_the_draft_type(owner: str, members: dict[str, Json]) -> dict[str, Json] | None:
    if owner == "sensorReport" and str(members.get("type")) in words.MEASUREMENT_TYPE.tolerated:
        return {**members, "type": "Dimensionless"}
    return None


def _give_the_report_a_type(owner: str, members: dict[str, Json]) -> dict[str, Json] | None:
    if owner == "sensorReport" and "exception" in members and "type" not in members:
        return {**members, "type": "Dimensionless"}
    return None


LENIENCIES = (
    Leniency("Terms may be written as the CBV's URNs and as any published web URI", _spell_bare),
    Leniency("Two measurement types of drafts are taken", _name_the_draft_type),
    Leniency("A sensor report of an exception needs no type", _give_the_report_a_type),
)


def without_leniencies(document: Json) -> tuple[Json, set[str]]:
    """The document as the JSON Schema would have it, and the titles of the leniencies that were undone."""
    used: set[str] = set()

    def walk(owner: str, value: Json) -> Json:
        if isinstance(value, list):
            return [walk("event" if owner == "eventList" else owner, item) for item in value]
        if not isinstance(value, dict):
            return value
        members = value
        for leniency in LENIENCIES:
            rewritten = leniency.rewrite(owner, members)
            if rewritten is not None:
                used.add(leniency.title)
                members = rewritten
        return {name: walk(name, child) for name, child in members.items()}

    return walk("event", document), used


def place_of(document: Json, finding: Finding) -> Place:
    """What a finding points to."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in finding.pointer.split("/")[1:]]
    value, event = document, None if isinstance(document, dict) and "epcisBody" in document else document
    for depth, step in enumerate(steps):
        if isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict):
            value = value.get(step)
        else:
            value = None
        if depth == 2 and steps[:2] == ["epcisBody", "eventList"]:
            event = value
    return Place(finding, value, steps or [""], event)


def strictness_of(document: Json, finding: Finding) -> Strictness | None:
    """The listed difference that a finding is, or None."""
    place = place_of(document, finding)
    for strictness in STRICTNESSES:
        if finding.code in strictness.codes and strictness.applies(place):
            return strictness
    return None
