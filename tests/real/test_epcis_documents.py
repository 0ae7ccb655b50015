"""Others' EPCIS documents and the published JSON Schema, against ours.

Every document is accepted; our schemas and the published one agree on the documents and on thousands of
damaged copies, but for the differences listed in tests/support/epcis_differences.py and docs/epcis.md.
"""

import copy
import json
import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ledger.statements.epcis import read_document
from tests.support.epcis_differences import LENIENCIES, STRICTNESSES, strictness_of, without_leniencies
from tests.support.epcis_documents import (
    CONTEXT,
    REE,
    assay,
    commissioning,
    corpus,
    document,
    own_type,
    packing,
    read,
    shipping,
    with_event,
)
from tests.support.epcis_mutations import mutate

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "epcis"
SCHEMA = SHARED / "schema" / "epcis-2.0.1.schema.json"
FILES = sorted((SHARED / "documents").glob("*.json"))

pytestmark = pytest.mark.skipif(
    not FILES or not SCHEMA.is_file(), reason="the folder shared/data/epcis is not beside this checkout"
)

#: What the published schema itself refuses among the published documents.
REFUSED_BY_THE_SCHEMA = {
    "SensorData_with_combined_events.json": {
        "Two measurement types of drafts are taken",
        "A sensor report of an exception needs no type",
    },
    "TransactionEvent_with_userExtensions.json": {"Two measurement types of drafts are taken"},
}


@cache
def published_schema() -> Any:
    """To import what judges by it takes seconds, which other tests should not wait for."""
    from jsonschema import Draft7Validator, FormatChecker

    checker = FormatChecker(formats=("uri", "date-time"))
    return Draft7Validator(json.loads(SCHEMA.read_bytes()), format_checker=checker)


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [
        ("uri", "urn:x:y", "x"),
        ("uri", "https://x.example/", "https://x.example/a b"),
        ("date-time", "2026-11-20T08:00:00Z", "2026-11-20T08:00:00"),
        ("date-time", "2024-02-29T08:00:00+01:00", "2023-02-29T08:00:00Z"),
    ],
)
def test_formats_are_asserted(name: str, right: str, wrong: str) -> None:
    validator = published_schema().evolve(schema={"format": name})
    assert validator.is_valid(right)
    assert not validator.is_valid(wrong)


def test_all_documents_are_here() -> None:
    assert len(FILES) == 38


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_published_document_is_accepted(file: Path) -> None:
    result = read_document(file.read_bytes())
    assert result.findings == []
    sent = json.loads(file.read_bytes())["epcisBody"]["eventList"]
    assert [event.event_type for event in result.events] == [event["type"] for event in sent]
    assert not any(event.is_movement for event in result.events)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_both_schemas_agree_on_a_published_document(file: Path) -> None:
    value = json.loads(file.read_bytes())
    assert published_schema().is_valid(value) == (file.name not in REFUSED_BY_THE_SCHEMA)
    rewritten, used = without_leniencies(value)
    assert published_schema().is_valid(rewritten)
    assert REFUSED_BY_THE_SCHEMA.get(file.name, set()) <= used


@pytest.mark.parametrize(("name", "value"), corpus().items())
def test_the_published_schema_takes_our_own_documents(name: str, value: Any) -> None:
    rewritten, _ = without_leniencies(value)
    assert published_schema().is_valid(rewritten), name


@pytest.mark.parametrize("seed", range(16))
def test_both_schemas_agree_on_damaged_documents(seed: int) -> None:
    """16 x 200 = 3,200 documents; every disagreement is a listed one."""
    chance = random.Random(seed)
    verdicts = {(ours, theirs): 0 for ours in (True, False) for theirs in (True, False)}
    for _ in range(200):
        original = json.loads(chance.choice(FILES).read_bytes())
        data = json.dumps(mutate(original, chance)).encode()
        damaged = json.loads(data)
        findings = read_document(data).findings
        rewritten, _ = without_leniencies(damaged)
        theirs = published_schema().is_valid(rewritten)
        if theirs:
            unlisted = [finding for finding in findings if strictness_of(damaged, finding) is None]
            assert not unlisted, data
        else:
            assert findings, data
        verdicts[not findings, theirs] += 1
    assert verdicts[True, False] == 0
    assert min(count for pair, count in verdicts.items() if pair != (True, False)) >= 5


def changed(value: Any, **members: Any) -> Any:
    """A copy with other outer members."""
    return {**copy.deepcopy(value), **members}


def odd_hex() -> Any:
    event = assay()
    event["sensorElementList"][0]["sensorReport"][0]["hexBinaryValue"] = "0f0"
    return document(event)


EVENT = {"eventTime": "2026-11-20T08:00:00Z", "eventTimeZoneOffset": "+08:00"}
#: For each listed strictness, documents that the published schema takes and that only it refuses.
STRICT_CASES: dict[str, list[Any]] = {
    "A prefix must be declared": [
        document({**packing(), "nobody:a": 1}),
        with_event(packing(), bizStep="nobody:drying"),
        document({**packing(), "ree:a": {"nobody:b": 1}}),
        with_event(own_type(), type="nobody:Weighing"),
    ],
    "A context declares prefixes as whole URIs, within bounds": [
        changed(document(packing()), **{"@context": [{"a": 3}]}),
        changed(document(packing()), **{"@context": [{"a": "https://a.example/", "b": "a:b"}]}),
        changed(document(packing()), **{"@context": [f"https://a.example/{n}" for n in range(65)]}),
        document({**packing(), "@context": {"a": None}}),
    ],
    "No context inside an extension": [document({**packing(), "ree:a": {"@context": {}}})],
    "Prefixes of the standard keep their meaning": [
        changed(document(packing()), **{"@context": [CONTEXT, {"cbv": "https://own.example/"}]}),
        changed(document(packing()), **{"@context": [CONTEXT, {"urn": "https://own.example/"}]}),
    ],
    "Names of the standard are not extensions": [
        document({**packing(), "epcis:bizStep": "x"}),
        document({**packing(), "cbv:field": "x"}),
        document({**EVENT, "type": "epcis:ObjectEvent"}),
    ],
    "Terms are not invented among the names of GS1": [
        with_event(packing(), bizStep="cbv:BizStep-teleporting"),
        with_event(packing(), bizStep="https://ref.gs1.org/cbv/BizStep-teleporting"),
        with_event(packing(), disposition="cbv:BizStep-shipping"),
    ],
    "Check digits are verified": [
        with_event(packing(), parentID="https://id.gs1.org/00/069012340000000183"),
        with_event(shipping(), readPoint={"id": "https://own.example/414/6901234000077"}),
    ],
    "EPC URIs have the lengths of their keys": [with_event(packing(), parentID="urn:epc:id:sscc:6901234.1")],
    "Quantities are not negative": [
        with_event(shipping(), quantityList=[{"epcClass": "urn:x:y", "quantity": -1, "uom": "KGM"}])
    ],
    "A count is whole, and a unit has its quantity": [
        with_event(shipping(), quantityList=[{"epcClass": "urn:x:y", "quantity": 0.5}]),
        with_event(shipping(), quantityList=[{"epcClass": "urn:x:y", "uom": "KGM"}]),
    ],
    "Zone offsets, letters and fractions of times are those of xsd:dateTimeStamp": [
        with_event(packing(), eventTime="2026-11-20T08:00:00+14:30"),
        with_event(packing(), eventTime="2026-11-20t08:00:00z"),
        with_event(packing(), eventTime=f"2026-11-20T08:00:00.{'1' * 31}Z"),
    ],
    "Nothing follows a text of a fixed form, not even a line feed": [
        with_event(packing(), eventTimeZoneOffset="+08:00\n"),
        with_event(shipping(), quantityList=[{"epcClass": "urn:x:y", "quantity": 1, "uom": "KGM\n"}]),
        document(packing(), schemaVersion="2.0\n"),
    ],
    "A URI has at most 2,048 characters": [with_event(packing(), parentID="urn:x:" + "y" * 2048)],
    "No NUL": [document({**packing(), "ree:a": "\0"}), document(sender="\0")],
    "A member stands once, however its name is spelled": [
        document({**packing(), "ree:a": 1, f"{REE}a": 1}),
    ],
    "Members without a prefix are the standard's alone": [
        with_event(shipping(), readPoint={"id": "urn:x:y", "name": "gate"}),
        with_event(shipping(), bizLocation={"id": "urn:x:y", "name": "gate"}),
        with_event(own_type(), comment="x"),
        document(epcisBody={"eventList": [], "comment": "x"}),
        document(epcisHeader={"epcisMasterData": {"vocabularyList": [{"type": "urn:x:y", "comment": "x"}]}}),
    ],
    "An event of a user's own type uses standard members as the standard has them": [
        with_event(own_type(), epcList="x"),
        with_event(own_type(), bizStep="nonsense"),
        with_event(own_type(), action="REMOVE"),
    ],
    "A persistent disposition is judged in every event": [
        with_event(packing(), persistentDisposition={"set": ["nonsense"]}),
        with_event(packing(), persistentDisposition={}),
        with_event(packing(), persistentDisposition="active"),
    ],
    "An aggregation names its parent unless it was merely observed": [with_event(packing(), parentID=...)],
    "Hexadecimal digits come in pairs": [odd_hex()],
    "The version is one of EPCIS 2": [document(packing(), schemaVersion="1.2")],
    "At most 1,000 events": [document(*[packing()] * 1001)],
    "A query document is no statement": [
        {
            "@context": CONTEXT,
            "type": "EPCISQueryDocument",
            "epcisBody": {"queryResults": {"queryName": "q", "resultsBody": {"eventList": []}}},
        }
    ],
    "What has an epcisBody is a document": [
        {
            **EVENT,
            "@context": [CONTEXT, {"ree": REE}],
            "type": "ree:Document",
            "schemaVersion": "2.0",
            "creationDate": "2026-11-20T08:00:00Z",
            "epcisBody": {"eventList": []},
        }
    ],
}


def test_every_listed_strictness_has_a_case() -> None:
    assert set(STRICT_CASES) == {strictness.title for strictness in STRICTNESSES}


@pytest.mark.parametrize(
    ("title", "value"), [(title, value) for title, values in STRICT_CASES.items() for value in values]
)
def test_a_listed_strictness_is_one(title: str, value: Any) -> None:
    rewritten, _ = without_leniencies(value)
    assert published_schema().is_valid(rewritten)
    findings = read(value).findings
    assert findings
    titles = {row.title if (row := strictness_of(value, finding)) else None for finding in findings}
    assert titles == {title}


def report(**members: Any) -> Any:
    return with_event(assay(), sensorElementList=[{"sensorReport": [members]}])


#: For each listed leniency, documents that we take and the published schema refuses.
LENIENT_CASES: dict[str, list[Any]] = {
    "Terms may be written as the CBV's URNs and as any published web URI": [
        with_event(packing(), bizStep="urn:epcglobal:cbv:bizstep:packing"),
        with_event(packing(), bizStep="https://ns.gs1.org/cbv/BizStep-packing"),
        with_event(packing(), disposition="urn:epcglobal:cbv:disp:in_progress"),
        with_event(commissioning(), persistentDisposition={"set": ["urn:epcglobal:cbv:disp:damaged"]}),
        report(type="https://gs1.org/voc/Temperature", value=1),
        report(exception="https://www.gs1.org/voc/ALARM_CONDITION", type="Temperature"),
    ],
    "Two measurement types of drafts are taken": [
        report(type="EffectiveDoseRate", value=1),
        report(type="Molar_concentration", value=1),
    ],
    "A sensor report of an exception needs no type": [report(exception="ALARM_CONDITION")],
}


def test_every_listed_leniency_has_a_case() -> None:
    assert set(LENIENT_CASES) == {leniency.title for leniency in LENIENCIES}


@pytest.mark.parametrize(
    ("title", "value"), [(title, value) for title, values in LENIENT_CASES.items() for value in values]
)
def test_a_listed_leniency_is_one(title: str, value: Any) -> None:
    assert read(value).findings == []
    assert not published_schema().is_valid(value)
    rewritten, used = without_leniencies(value)
    assert title in used
    assert published_schema().is_valid(rewritten)
