"""EPCIS documents of our own for tests: each function makes a fresh, valid one."""

import copy
import json
from typing import Any

from ledger.findings import Finding
from ledger.statements.epcis import EpcisDocument, read_document

CONTEXT = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
REE = "https://w3id.org/reledger/ree#"

Json = dict[str, Any]


def _event(kind: str, **members: Any) -> Json:
    return {
        "type": kind,
        "eventTime": "2026-11-19T16:30:00.250+08:00",
        "eventTimeZoneOffset": "+08:00",
        **members,
    }


def document(*events: Json, **members: Any) -> Json:
    """A document with these events, the prefix ree declared."""
    return {
        "@context": [CONTEXT, {"ree": REE}],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-20T08:00:00Z",
        "epcisBody": {"eventList": list(events)},
        **members,
    }


def shipping() -> Json:
    """A mine ships two lots of concentrate on two pallets: a movement."""
    return _event(
        "ObjectEvent",
        eventID="urn:uuid:3f0c9d52-6f3e-4d0c-9a51-0c7f0b1f9a01",
        action="OBSERVE",
        bizStep="shipping",
        disposition="in_transit",
        epcList=["urn:epc:id:sscc:6901234.0000000017", "https://id.gs1.org/00/069012340000000184"],
        quantityList=[
            {"epcClass": "urn:epc:class:lgtin:6901234.055501.K-2611", "quantity": 1250.5, "uom": "KGM"},
            {"epcClass": "https://lots.mine.example/concentrate/2612", "quantity": 980, "uom": "KGM"},
        ],
        readPoint={"id": "urn:epc:id:sgln:6901234.00007.0"},
        bizLocation={"id": "https://id.gs1.org/414/6901234000078"},
        bizTransactionList=[
            {"type": "po", "bizTransaction": "urn:epcglobal:cbv:bt:6901234000009:PO-77"},
            {"bizTransaction": "https://orders.plant.example/77"},
        ],
        sourceList=[
            {"type": "owning_party", "source": "urn:epc:id:pgln:6901234.00000"},
            {"type": "location", "source": "urn:epc:id:sgln:6901234.00007.0"},
        ],
        destinationList=[
            {
                "type": "urn:epcglobal:cbv:sdt:owning_party",
                "destination": "https://id.gs1.org/417/6905678000007",
            },
            {"type": "cbv:SDT-possessing_party", "destination": "https://carrier.example/"},
        ],
        **{
            "ree:movement": "ship",
            "ree:lots": {"urn:epc:class:lgtin:6901234.055501.K-2611": {"ree:moistureFraction": 0.081}},
        },
    )


def commissioning() -> Json:
    """A lot is born, with master data."""
    return _event(
        "ObjectEvent",
        action="ADD",
        bizStep="https://ref.gs1.org/cbv/BizStep-commissioning",
        disposition="urn:epcglobal:cbv:disp:active",
        persistentDisposition={"set": ["completeness_verified"], "unset": ["completeness_inferred"]},
        quantityList=[{"epcClass": "urn:epc:class:lgtin:6901234.055501.K-2613", "quantity": 40}],
        readPoint={"id": "urn:epc:id:sgln:6901234.00007.0", "ree:gate": "north"},
        ilmd={"cbvmda:lotNumber": "K-2613", "ree:lots": {"https://lots.mine.example/a": {"ree:pieces": 40}}},
        certificationInfo=["https://certifier.example/4711"],
    )


def assay() -> Json:
    """A laboratory's sensor report, with every member that a report may have."""
    return _event(
        "ObjectEvent",
        action="OBSERVE",
        bizStep="urn:epcglobal:cbv:bizstep:inspecting",
        readPoint={"id": "urn:epc:id:sgln:6901234.00007.0"},
        sensorElementList=[
            {
                "sensorMetadata": {
                    "time": "2026-11-19T08:00:00Z",
                    "startTime": "2026-11-19T07:00:00Z",
                    "endTime": "2026-11-19T08:00:00.5Z",
                    "deviceID": "urn:epc:id:giai:6901234.XRF1",
                    "deviceMetadata": "https://devices.example/xrf1",
                    "rawData": "https://devices.example/xrf1/run/9",
                    "dataProcessingMethod": "https://methods.example/5",
                    "bizRules": "https://methods.example/6",
                    "ree:operator": "lab",
                },
                "sensorReport": [
                    {
                        "type": "MassConcentration",
                        "exception": "ALARM_CONDITION",
                        "deviceID": "urn:epc:id:giai:6901234.XRF1",
                        "deviceMetadata": "https://devices.example/xrf1",
                        "rawData": "https://devices.example/xrf1/run/9",
                        "dataProcessingMethod": "https://methods.example/5",
                        "bizRules": "https://methods.example/6",
                        "time": "2026-11-19T08:00:00Z",
                        "microorganism": "https://organisms.example/1",
                        "chemicalSubstance": "https://identifiers.org/inchikey:QEFYFXOXNSNQGX-UHFFFAOYSA-N",
                        "coordinateReferenceSystem": "https://crs.example/1",
                        "value": -0.25,
                        "component": "cbv:Comp-x",
                        "stringValue": "text",
                        "booleanValue": False,
                        "hexBinaryValue": "0fF0",
                        "uriValue": "https://values.example/1",
                        "minValue": 1,
                        "maxValue": 3.5,
                        "meanValue": 2,
                        "sDev": 0.125,
                        "percRank": 50,
                        "percValue": 2.5,
                        "uom": "P1",
                        "ree:uncertainty": 0.01,
                    },
                    {"type": "gs1:Temperature", "value": 20.0, "uom": "CEL"},
                    {"exception": "gs1:ERROR_CONDITION"},
                    {"type": "ree:Brightness", "value": 1},
                ],
                "ree:sample": {"digest": "sha-256;abc"},
            }
        ],
    )


def packing() -> Json:
    """Drums on a pallet."""
    return _event(
        "AggregationEvent",
        action="ADD",
        parentID="urn:epc:id:sscc:6901234.0000000017",
        childEPCs=["urn:epc:id:grai:6901234.12345.1", "urn:epc:id:grai:6901234.12345.2"],
        childQuantityList=[{"epcClass": "urn:epc:idpat:sgtin:6901234.055501.*", "quantity": 12}],
        bizStep="packing",
    )


def mounting() -> Json:
    """A seal fixed to a container."""
    return _event(
        "AssociationEvent",
        action="ADD",
        parentID="urn:epc:id:grai:6901234.12345.9",
        childEPCs=["urn:epc:id:giai:6901234.SEAL1"],
        bizStep="assembling",
    )


def transfer() -> Json:
    """Title passes under an invoice."""
    return _event(
        "TransactionEvent",
        action="ADD",
        bizTransactionList=[{"type": "inv", "bizTransaction": "urn:epcglobal:cbv:bt:6901234000009:INV-5"}],
        quantityList=[
            {"epcClass": "urn:epc:class:lgtin:6901234.055501.K-2611", "quantity": 10, "uom": "KGM"}
        ],
    )


def separation() -> Json:
    """Concentrate into oxide, in one batch."""
    return _event(
        "TransformationEvent",
        inputQuantityList=[{"epcClass": "https://lots.mine.example/a", "quantity": 100, "uom": "KGM"}],
        outputEPCList=["urn:epc:id:sgtin:6905678.055502.D1"],
        transformationID="urn:epc:id:gdti:6905678.00001.9",
        bizStep="ree:separating",
        ilmd={"ree:lots": {"urn:epc:id:sgtin:6905678.055502.D1": {"ree:netMass": 25.25}}},
    )


def correction() -> Json:
    """A declared error."""
    return {
        **packing(),
        "eventID": "urn:uuid:3f0c9d52-6f3e-4d0c-9a51-0c7f0b1f9a02",
        "recordTime": "2026-11-20T09:00:00+01:00",
        "errorDeclaration": {
            "declarationTime": "2026-11-20T08:00:00Z",
            "reason": "cbv:ER-incorrect_data",
            "correctiveEventIDs": ["ni:///sha-256;00ff?ver=CBV2.0"],
            "ree:note": "the second drum was another",
        },
    }


def own_type() -> Json:
    """An event of a type that the standard does not have."""
    return _event("ree:Weighing", epcList=["urn:epc:id:grai:6901234.12345.1"], **{"ree:mass": 200})


def master_data() -> Json:
    """A document whose header carries master data."""
    element = {
        "id": "urn:epc:id:sgln:6901234.00007.0",
        "attributes": [
            {"id": "cbvmda:name", "attribute": "North pit"},
            {"id": "urn:epcglobal:cbv:mda:depth", "attribute": 120.5},
            {"id": "ree:licence", "attribute": {"ree:number": "A-1"}},
        ],
        "children": ["urn:epc:id:sgln:6901234.00007.1"],
    }
    vocabulary = {"type": "urn:epcglobal:epcis:vtype:BusinessLocation", "vocabularyElementList": [element]}
    return document(
        shipping(),
        id="https://documents.mine.example/1",
        sender="urn:epc:id:sgln:6901234.00007.0",
        receiver="anyone",
        instanceIdentifier="1",
        epcisHeader={"epcisMasterData": {"vocabularyList": [vocabulary]}, "ree:made-by": "tests"},
    )


EVENTS = (
    shipping,
    commissioning,
    assay,
    packing,
    mounting,
    transfer,
    separation,
    correction,
    own_type,
)


def corpus() -> dict[str, Json]:
    """Every document of ours by name."""
    every = {make.__name__: document(make()) for make in EVENTS}
    every["all"] = document(*(make() for make in EVENTS))
    every["master-data"] = master_data()
    every["single"] = {"@context": [CONTEXT, {"ree": REE}], **shipping()}
    every["own-context"] = document(
        {
            "@context": [{"own": "https://own.example/"}],
            **packing(),
            "own:note": {"own:a": ["own:b", {"c": 1}]},
        }
    )
    return every


def read(value: Json) -> EpcisDocument:
    """What the ledger reads in a document, by way of its bytes."""
    return read_document(json.dumps(value).encode())


def findings(value: Json) -> list[tuple[str, str]]:
    """(code, pointer) of all that is wrong with a document."""
    return [(finding.code, finding.pointer) for finding in read(value).findings]


def only(value: Json) -> Finding:
    """The one finding of a document that has exactly one."""
    (finding,) = read(value).findings
    return finding


def with_event(event: Json, **changes: Any) -> Json:
    """A document with a changed event; a change to ... takes the member away."""
    changed = copy.deepcopy(event)
    for name, value in changes.items():
        if value is ...:
            changed.pop(name, None)
        else:
            changed[name] = value
    return document(changed)
