"""Reading whole payloads: what is accepted, what is told, and what an event says of itself."""

import json
import re
from typing import Any

import pytest

from ledger.errors import JsonDuplicateMember, JsonMalformed, JsonTooDeep
from ledger.statements.epcis import EpcisEvent, check_document, read_document
from ledger.statements.epcis.reading import MAX_FINDINGS
from ledger.statements.epcis.schemas import MAX_EVENTS
from ledger.statements.epcis.scope import Scope
from ledger.strict_json import parse_json
from tests.support.epcis_documents import (
    CONTEXT,
    EVENTS,
    REE,
    commissioning,
    corpus,
    document,
    findings,
    packing,
    read,
    shipping,
    with_event,
)


@pytest.mark.parametrize(("name", "value"), corpus().items())
def test_a_valid_payload_is_read_whole(name: str, value: dict[str, Any]) -> None:
    result = read(value)
    assert result.findings == [], name
    sent = value["epcisBody"]["eventList"] if "epcisBody" in value else [value]
    assert [event.event_type for event in result.events] == [event["type"] for event in sent]
    assert [event.pointer for event in result.events] == (
        [f"/epcisBody/eventList/{position}" for position in range(len(sent))]
        if "epcisBody" in value
        else [""]
    )


def test_a_document_may_have_no_events() -> None:
    result = read(document())
    assert (result.events, result.findings) == ((), [])


def test_bytes_and_parsed_values_read_alike() -> None:
    for value in (document(shipping()), document({**shipping(), "bizStep": "x"})):
        data = json.dumps(value).encode()
        parsed = parse_json(data)
        assert read_document(data) == read_document(parsed)
        assert check_document(parsed) == read_document(data).findings


def test_numbers_that_were_not_read_exactly_are_refused() -> None:
    assert {finding.code for finding in check_document(document(shipping()))} == {"epcis.type"}


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", JsonMalformed),
        (b"{", JsonMalformed),
        (b'{"type": NaN}', JsonMalformed),
        (b'{"type": "a", "type": "b"}', JsonDuplicateMember),
        (b'{"a":' * 40 + b"1" + b"}" * 40, JsonTooDeep),
    ],
)
def test_bytes_that_are_no_json_are_refused(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read_document(data)


@pytest.mark.parametrize("value", [None, True, "text", [], [{"type": "ObjectEvent"}]])
def test_a_payload_is_an_object(value: Any) -> None:
    result = read(value)
    assert result.events == ()
    assert [(finding.code, finding.pointer) for finding in result.findings] == [("epcis.type", "")]


def test_a_query_document_is_no_statement() -> None:
    value = {"@context": CONTEXT, "type": "EPCISQueryDocument", "epcisBody": {"queryResults": {}}}
    assert findings(value) == [("epcis.document-type", "/type")]


@pytest.mark.parametrize(
    ("changes", "code", "pointer"),
    [
        ({"@context": ...}, "epcis.required", "/@context"),
        ({"schemaVersion": ...}, "epcis.required", "/schemaVersion"),
        ({"creationDate": ...}, "epcis.required", "/creationDate"),
        ({"type": ...}, "epcis.required", "/type"),
        ({"type": "EpcisDocument"}, "epcis.document-type", "/type"),
        ({"type": "ObjectEvent"}, "epcis.document-type", "/type"),
        ({"type": None}, "epcis.type", "/type"),
        ({"schemaVersion": "1.2"}, "epcis.schema-version", "/schemaVersion"),
        ({"schemaVersion": "3.0"}, "epcis.schema-version", "/schemaVersion"),
        ({"schemaVersion": "2.0\n"}, "epcis.schema-version", "/schemaVersion"),
        ({"schemaVersion": 2.0}, "epcis.type", "/schemaVersion"),
        ({"creationDate": "2026-11-20T08:00:00"}, "epcis.time-zone", "/creationDate"),
        ({"id": "document 1"}, "epcis.uri", "/id"),
        ({"sender": 3}, "epcis.type", "/sender"),
        ({"receiver": "a\0"}, "epcis.text", "/receiver"),
        ({"instanceIdentifier": None}, "epcis.type", "/instanceIdentifier"),
        ({"epcisHeader": []}, "epcis.type", "/epcisHeader"),
        ({"epcisBody": None}, "epcis.type", "/epcisBody"),
        ({"epcisBody": []}, "epcis.type", "/epcisBody"),
        ({"epcisBody": {}}, "epcis.required", "/epcisBody/eventList"),
        ({"epcisBody": {"eventList": None}}, "epcis.type", "/epcisBody/eventList"),
        ({"epcisBody": {"eventList": {}}}, "epcis.type", "/epcisBody/eventList"),
        ({"epcisBody": {"eventList": [None]}}, "epcis.type", "/epcisBody/eventList/0"),
        ({"eventList": []}, "epcis.member-unknown", "/eventList"),
    ],
)
def test_a_document_is_refused(changes: dict[str, Any], code: str, pointer: str) -> None:
    value = document(packing())
    for name, change in changes.items():
        if change is ...:
            del value[name]
        else:
            value[name] = change
    assert findings(value) == [(code, pointer)]


@pytest.mark.parametrize("version", ["2.0", "2", "2.0.1", "2.1"])
def test_a_version_of_epcis_2_is_accepted(version: str) -> None:
    assert findings(document(schemaVersion=version)) == []


def test_a_document_that_lost_its_body_is_told_so() -> None:
    value = document()
    del value["epcisBody"]
    assert findings(value) == [("epcis.required", "/epcisBody")]


def test_a_single_event_needs_its_context() -> None:
    single = {"@context": CONTEXT, **packing()}
    result = read(single)
    assert [event.event_type for event in result.events] == ["AggregationEvent"]
    assert findings(packing()) == [("epcis.required", "/@context")]
    assert findings({**packing(), "bizStep": "x"}) == [
        ("epcis.required", "/@context"),
        ("epcis.word", "/bizStep"),
    ]
    assert findings({**single, "@context": "x"}) == [("epcis.context", "/@context")]


def test_a_payload_without_type_or_body_is_judged_as_an_event() -> None:
    assert ("epcis.required", "/type") in findings({"@context": CONTEXT})


def test_every_fault_is_told_with_its_place_and_a_mend() -> None:
    one = {**shipping(), "bizStep": "shiping", "eventTime": "2026-11-20T08:00:00"}
    one["quantityList"] = [{"epcClass": "urn:x:y", "quantity": -5, "uom": "KGM"}]
    two = {**packing(), "childEPCs": ["x"], "other:a": 1}
    value = document(one, commissioning(), two, creationDate="today")
    result = read(value)
    assert [(finding.code, finding.pointer) for finding in result.findings] == [
        ("epcis.time", "/creationDate"),
        ("epcis.time-zone", "/epcisBody/eventList/0/eventTime"),
        ("epcis.word", "/epcisBody/eventList/0/bizStep"),
        ("epcis.quantity-negative", "/epcisBody/eventList/0/quantityList/0/quantity"),
        ("epcis.uri", "/epcisBody/eventList/2/childEPCs/0"),
        ("epcis.prefix-undeclared", "/epcisBody/eventList/2/other:a"),
    ]
    for finding in result.findings:
        assert re.fullmatch(r"[A-Z].*\.", finding.detail) or finding.detail.startswith(
            ("shiping", "today", "x ", "2026")
        )
        assert finding.mend.endswith((".", "}."))
    assert result.events == ()


def test_a_faulty_document_bears_no_events() -> None:
    assert read(document(packing(), {**packing(), "bizStep": "x"})).events == ()


def test_pointers_are_escaped() -> None:
    assert findings(document({**packing(), "a/b~c": 1})) == [
        ("epcis.member-unknown", "/epcisBody/eventList/0/a~1b~0c")
    ]
    assert findings(document({**packing(), "_schema": 1})) == [
        ("epcis.member-unknown", "/epcisBody/eventList/0/_schema")
    ]


def test_a_document_has_at_most_a_thousand_events() -> None:
    assert read(document(*[packing()] * MAX_EVENTS)).findings == []
    for event in (packing(), {"bad": 1}):
        assert findings(document(*[event] * (MAX_EVENTS + 1))) == [("epcis.too-many", "/epcisBody/eventList")]


def test_findings_are_bounded() -> None:
    bad = {**packing(), "childEPCs": ["x"] * 300}
    assert len(read(document(*[bad] * 3)).findings) == 900
    assert len(read(document(*[bad] * 10)).findings) == MAX_FINDINGS


@pytest.mark.parametrize("make", EVENTS, ids=lambda make: make.__name__)
def test_only_an_event_that_carries_movement_is_one(make: Any) -> None:
    (event,) = read(document(make())).events
    assert event.is_movement == (make is shipping)


@pytest.mark.parametrize(
    ("context", "name", "movement"),
    [
        ({"ree": REE}, "ree:movement", True),
        ({"r": REE}, "r:movement", True),
        ({}, f"{REE}movement", True),
        ({"short": "https://w3id.org/reledger/"}, "short:ree#movement", True),
        ({"ree": "https://own.example/"}, "ree:movement", False),
        ({"ree": REE}, "ree:movements", False),
        ({"ree": REE}, "ree:Movement", False),
        ({"ree": "http://w3id.org/reledger/ree#"}, "ree:movement", False),
    ],
)
def test_a_movement_is_known_by_its_full_name(context: dict[str, str], name: str, movement: bool) -> None:
    value = document({**packing(), name: "ship"}, **{"@context": [CONTEXT, context]})
    (event,) = read(value).events
    assert event.is_movement is movement
    assert event.extension_name(f"{REE}movement") == (name if movement else None)


def test_an_event_may_give_the_prefix_another_meaning() -> None:
    value = document({**packing(), "@context": {"ree": "https://own.example/"}, "ree:movement": "ship"})
    (event,) = read(value).events
    assert not event.is_movement


@pytest.mark.parametrize("content", [None, "", 0, {}, False])
def test_a_movement_is_one_whatever_it_holds(content: Any) -> None:
    (event,) = read(document({**packing(), "ree:movement": content})).events
    assert event.is_movement


def test_ree_inside_an_extension_makes_no_movement() -> None:
    (event,) = read(document({**packing(), "ree:note": {"ree:movement": "ship"}})).events
    assert not event.is_movement


def test_an_event_tells_its_words_however_they_are_spelled() -> None:
    (event,) = read(with_event(commissioning())).events
    assert (event.action, event.biz_step, event.disposition) == ("ADD", "commissioning", "active")
    (event,) = read(with_event(packing(), bizStep="ree:drying")).events
    assert (event.event_id, event.biz_step, event.disposition) == (None, "ree:drying", None)


@pytest.mark.parametrize(
    ("text", "time_us"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T08:00:00.1234567+08:00", 123_456),
        ("1969-12-31T23:59:59.5Z", -500_000),
        ("1969-12-31T18:30:00.25-05:30", 250_000),
        ("2026-11-20T08:00:00Z", 1_795_161_600_000_000),
        ("0001-01-01T00:00:00+14:00", -62_135_647_200_000_000),
        ("9999-12-31T23:59:59.9-14:00", 253_402_351_199_900_000),
    ],
)
def test_an_event_tells_its_time(text: str, time_us: int) -> None:
    assert EpcisEvent({"eventTime": text}, Scope(), "").event_time_us == time_us
    assert read(with_event(packing(), eventTime=text)).events[0].event_time_us == time_us
