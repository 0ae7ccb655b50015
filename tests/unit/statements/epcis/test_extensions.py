"""Members of users' own: where they may stand, under which names, and what they may hold."""

from typing import Any

import pytest

from tests.support.epcis_documents import (
    REE,
    assay,
    commissioning,
    correction,
    document,
    findings,
    master_data,
    only,
    packing,
    shipping,
    with_event,
)

EVENT = "/epcisBody/eventList/0"


@pytest.mark.parametrize(
    "member",
    [
        {"ree:a": None},
        {"ree:a": {"ree:b": [{"bare": 1, "ree:c": [[True]]}]}},
        {"rdfs:comment": "text"},
        {"cbvmda:lotNumber": "K"},
        {"gs1:netContent": 5},
        {"https://own.example/a": 1},
        {"urn:own:a": 1},
        {"ree:a": {"@type": "xsd:double", "@value": "1.5"}},
        {"ree:a": {"https://lots.mine.example/a": {}, "did:web:x": {}, "urn:epc:id:x": {}}},
        {"ree:a": "https://id.gs1.org/01/not-our-concern"},
    ],
)
def test_an_extension_is_accepted(member: dict[str, Any]) -> None:
    assert findings(document({**packing(), **member})) == []


@pytest.mark.parametrize(
    ("member", "code", "pointer"),
    [
        ({"comment": "text"}, "epcis.member-unknown", "comment"),
        ({"": 1}, "epcis.member-unknown", ""),
        ({"id": "urn:x:y"}, "epcis.member-unknown", "id"),
        ({"@id": "urn:x:y"}, "epcis.member-unknown", "@id"),
        ({"ilmd": {}}, "epcis.member-unknown", "ilmd"),
        ({"epcList": []}, "epcis.member-unknown", "epcList"),
        ({"BizStep": "packing"}, "epcis.member-unknown", "BizStep"),
        ({"own:a": 1}, "epcis.prefix-undeclared", "own:a"),
        ({"example:a": 1}, "epcis.prefix-undeclared", "example:a"),
        ({"ree:": 1}, "epcis.prefix-undeclared", "ree:"),
        ({":a": 1}, "epcis.prefix-undeclared", ":a"),
        ({"ree:a b": 1}, "epcis.uri", "ree:a b"),
        ({"ree:a/b~c\0": 1}, "epcis.uri", "ree:a~1b~0c\0"),
        ({"ree:é": 1}, "epcis.uri", "ree:é"),
        ({"https://own.example/a b": 1}, "epcis.uri", "https:~1~1own.example~1a b"),
        ({"epcis:bizStep": "packing"}, "epcis.name-reserved", "epcis:bizStep"),
        (
            {"https://ref.gs1.org/epcis/bizStep": 1},
            "epcis.name-reserved",
            "https:~1~1ref.gs1.org~1epcis~1bizStep",
        ),
        ({"HTTPS://REF.GS1.ORG/epcis/a": 1}, "epcis.name-reserved", "HTTPS:~1~1REF.GS1.ORG~1epcis~1a"),
        ({"cbv:field": 1}, "epcis.name-reserved", "cbv:field"),
        ({"urn:epcglobal:cbv:field": 1}, "epcis.name-reserved", "urn:epcglobal:cbv:field"),
        ({"ree:a": {"own:b": 1}}, "epcis.prefix-undeclared", "ree:a/own:b"),
        ({"ree:a": [{"b": [{"own:c": 1}]}]}, "epcis.prefix-undeclared", "ree:a/0/b/0/own:c"),
        ({"ree:a": {"@context": {"own": "https://own.example/"}}}, "epcis.context", "ree:a/@context"),
        ({"ree:a": "x\0"}, "epcis.text", "ree:a"),
        ({"ree:a": {"b\0": 1}}, "epcis.text", "ree:a/b\0"),
        ({"ree:a": ["x", "\0"]}, "epcis.text", "ree:a/1"),
    ],
)
def test_an_extension_is_refused(member: dict[str, Any], code: str, pointer: str) -> None:
    finding = only(document({**packing(), **member}))
    assert (finding.code, finding.pointer) == (code, f"{EVENT}/{pointer}")


def test_two_spellings_of_one_name_are_one_member_twice() -> None:
    twice = with_event(shipping(), **{f"{REE}movement": "ship"})
    assert findings(twice) == [("epcis.duplicate", f"{EVENT}/https:~1~1w3id.org~1reledger~1ree#movement")]


def test_two_prefixes_for_one_namespace_cannot_give_a_member_twice() -> None:
    event = {**shipping(), "@context": {"alias": REE}, "alias:lots": {}}
    assert findings(document(event)) == [("epcis.duplicate", f"{EVENT}/alias:lots")]


@pytest.mark.parametrize(
    ("event", "path"),
    [
        (commissioning(), ("readPoint",)),
        (commissioning(), ("ilmd",)),
        (correction(), ("errorDeclaration",)),
        (assay(), ("sensorElementList", 0)),
        (assay(), ("sensorElementList", 0, "sensorMetadata")),
        (assay(), ("sensorElementList", 0, "sensorReport", 0)),
        (assay(), ()),
    ],
)
def test_where_the_standard_is_extensible_declared_names_stand_and_others_do_not(
    event: dict[str, Any], path: tuple[str | int, ...]
) -> None:
    value = document(event)
    place: Any = event
    for step in path:
        place = place[step]
    pointer = "/".join([EVENT, *map(str, path)])
    place["ree:extra"] = 1
    assert findings(value) == []
    place["extra"] = 1
    assert findings(value) == [("epcis.member-unknown", f"{pointer}/extra")]
    del place["extra"]
    place["own:extra"] = 1
    assert findings(value) == [("epcis.prefix-undeclared", f"{pointer}/own:extra")]


@pytest.mark.parametrize(
    ("event", "path"),
    [
        (shipping(), ("quantityList", 0)),
        (shipping(), ("bizTransactionList", 0)),
        (shipping(), ("sourceList", 0)),
        (shipping(), ("destinationList", 0)),
        (commissioning(), ("persistentDisposition",)),
    ],
)
def test_where_the_standard_is_closed_no_extension_stands(
    event: dict[str, Any], path: tuple[str | int, ...]
) -> None:
    value = document(event)
    place: Any = event
    for step in path:
        place = place[step]
    place["ree:extra"] = 1
    pointer = "/".join([EVENT, *map(str, path)])
    assert findings(value) == [("epcis.member-unknown", f"{pointer}/ree:extra")]


def test_the_document_its_header_and_its_body_take_extensions() -> None:
    value = master_data()
    vocabulary = value["epcisHeader"]["epcisMasterData"]["vocabularyList"][0]
    places = {
        "": value,
        "/epcisBody": value["epcisBody"],
        "/epcisHeader": value["epcisHeader"],
        "/epcisHeader/epcisMasterData": value["epcisHeader"]["epcisMasterData"],
        "/epcisHeader/epcisMasterData/vocabularyList/0": vocabulary,
        "/epcisHeader/epcisMasterData/vocabularyList/0/vocabularyElementList/0": vocabulary[
            "vocabularyElementList"
        ][0],
    }
    for place in places.values():
        place["ree:extra"] = 1
    assert findings(value) == []
    for place in places.values():
        place["extra"] = 1
    assert set(findings(value)) == {("epcis.member-unknown", f"{pointer}/extra") for pointer in places}


def test_a_master_data_attribute_is_closed_and_its_content_is_judged() -> None:
    value = master_data()
    element = value["epcisHeader"]["epcisMasterData"]["vocabularyList"][0]["vocabularyElementList"][0]
    element["attributes"] = [
        {"id": "cbvmda:name", "attribute": {"own:a": 1}},
        {"id": "cbvmda:name", "attribute": ["x"]},
        {"id": "cbvmda:name", "attribute": "x", "ree:a": 1},
        {"attribute": "x"},
    ]
    place = "/epcisHeader/epcisMasterData/vocabularyList/0/vocabularyElementList/0/attributes"
    assert findings(value) == [
        ("epcis.prefix-undeclared", f"{place}/0/attribute/own:a"),
        ("epcis.type", f"{place}/1/attribute"),
        ("epcis.member-unknown", f"{place}/2/ree:a"),
        ("epcis.required", f"{place}/3/id"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        {"k" * 5_000: {f"own:{number}": 1 for number in range(50)}},
        {"k" * 300: {"l" * 300: {f"own:{number}": 1 for number in range(50)}}},
        {"k" * 5_000: ["\0"] * 50},
    ],
)
def test_findings_do_not_repeat_a_long_name(content: dict[str, Any]) -> None:
    found = findings(document({**packing(), "ree:a": content}))
    assert len(found) == 50
    for _, pointer in found:
        assert pointer.startswith(f"{EVENT}/ree:a")
        assert len(pointer) < 600
