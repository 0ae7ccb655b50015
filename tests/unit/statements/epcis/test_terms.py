"""Terms: words, published spellings, users' own names, and what is none of them."""

from typing import Any

import pytest

from ledger.statements.epcis import words
from ledger.statements.epcis.scope import Scope
from ledger.statements.epcis.terms import AttributeValue, EventType, Term
from ledger.strict_json import JsonNumber
from tests.support.epcis_documents import (
    assay,
    commissioning,
    correction,
    document,
    findings,
    only,
    own_type,
    shipping,
    with_event,
)

SCOPE = Scope().extended({"own": "https://own.example/terms/"})
EVENT = "/epcisBody/eventList/0"


@pytest.mark.parametrize("vocabulary", words.VOCABULARIES, ids=lambda vocabulary: vocabulary.label)
def test_every_published_spelling_and_every_own_name_is_a_term(vocabulary: words.Vocabulary) -> None:
    field = Term(vocabulary)
    for text in [
        *vocabulary.spellings,
        "own:word",
        "https://own.example/word",
        "urn:own:word",
        "example:word",
    ]:
        assert field.finding(text, SCOPE) is None, text


@pytest.mark.parametrize("vocabulary", words.VOCABULARIES, ids=lambda vocabulary: vocabulary.label)
@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "epcis.type"),
        (JsonNumber("3"), "epcis.type"),
        (True, "epcis.type"),
        ([], "epcis.type"),
        ({}, "epcis.type"),
        ("", "epcis.word"),
        ("nonsense", "epcis.word"),
        ("shipping ", "epcis.word"),
        ("nobody:word", "epcis.prefix-undeclared"),
        (":word", "epcis.prefix-undeclared"),
        ("own:two words", "epcis.uri"),
        ("urn:own:word\n", "epcis.uri"),
        ("urn:own:\0", "epcis.uri"),
        ("cbv:BizStep-teleporting", "epcis.term-invented"),
        ("cbv:Disp-lost", "epcis.term-invented"),
        ("cbv:BTT-bribe", "epcis.term-invented"),
        ("cbv:SDT-my_party", "epcis.term-invented"),
        ("https://ref.gs1.org/cbv/BizStep-teleporting", "epcis.term-invented"),
        ("https://ref.gs1.org/cbv/teleporting", "epcis.term-invented"),
        ("HTTPS://REF.GS1.ORG/cbv/teleporting", "epcis.term-invented"),
        ("https://ns.gs1.org/cbv/BizStep-teleporting", "epcis.term-invented"),
        ("http://ns.gs1.org/cbv/teleporting", "epcis.term-invented"),
        ("urn:epcglobal:cbv:bizstep:teleporting", "epcis.term-invented"),
        ("URN:EPCGLOBAL:CBV:BIZSTEP:SHIPPING", "epcis.term-invented"),
    ],
)
def test_what_is_no_term_is_refused(vocabulary: words.Vocabulary, text: Any, code: str) -> None:
    finding = Term(vocabulary).finding(text, SCOPE)
    assert finding is not None
    assert finding.code == code


@pytest.mark.parametrize(
    ("vocabulary", "text"),
    [
        (words.BIZ_STEP, "in_transit"),
        (words.BIZ_STEP, "cbv:Disp-in_transit"),
        (words.BIZ_STEP, "cbv:shipping"),
        (words.DISPOSITION, "cbv:my_disposition"),
        (words.DISPOSITION, "urn:epcglobal:cbv:bizstep:shipping"),
        (words.TRANSACTION_TYPE, "cbv:my_type"),
        (words.ERROR_REASON, "cbv:my_reason"),
        (words.COMPONENT, "cbv:my_component"),
        (words.MEASUREMENT_TYPE, "cbv:my_type"),
        (words.MEASUREMENT_TYPE, "gs1:MyType"),
        (words.MEASUREMENT_TYPE, "https://gs1.org/voc/MyType"),
        (words.MEASUREMENT_TYPE, "gs1:ALARM_CONDITION"),
        (words.ALERT_TYPE, "gs1:Temperature"),
        (words.ALERT_TYPE, "https://www.gs1.org/voc/FIRE"),
        (words.SOURCE_DESTINATION_TYPE, "https://ref.gs1.org/cbv/my_own_party"),
        (words.SOURCE_DESTINATION_TYPE, "urn:epcglobal:cbv:sdt:my_own_party"),
        (words.SOURCE_DESTINATION_TYPE, "cbv:BizStep-shipping"),
    ],
)
def test_a_term_of_another_list_or_of_none_is_refused(vocabulary: words.Vocabulary, text: str) -> None:
    assert Term(vocabulary).finding(text, SCOPE) is not None


def test_an_own_word_written_with_the_prefix_of_the_standard_is_let_pass_in_one_place() -> None:
    assert Term(words.SOURCE_DESTINATION_TYPE).finding("cbv:my_own_party", SCOPE) is None


def test_a_prefix_that_leads_into_the_namespaces_of_gs1_is_seen_through() -> None:
    scope = Scope().extended({"mine": "https://ref.gs1.org/cbv/", "ours": "urn:epcglobal:cbv:"})
    for text in ("mine:BizStep-teleporting", "ours:bizstep:teleporting"):
        finding = Term(words.BIZ_STEP).finding(text, scope)
        assert finding is not None
        assert finding.code == "epcis.term-invented"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("shiping", "Did you mean shipping?"),
        ("Shipping", "Did you mean shipping?"),
        ("recieving", "Did you mean receiving?"),
        ("xyz", ""),
        ("s" * 100_000, ""),
    ],
)
def test_a_mistyped_word_is_told_the_near_one(text: str, hint: str) -> None:
    finding = Term(words.BIZ_STEP).finding(text, SCOPE)
    assert finding is not None
    assert finding.mend.startswith(hint)
    assert bool(hint) == ("Did you mean" in finding.mend)


def test_every_place_where_a_term_stands_is_judged() -> None:
    sensor = assay()
    report = sensor["sensorElementList"][0]["sensorReport"][0]
    report.update(type="nonsense", exception="nonsense", component="nonsense")
    changed = {**shipping(), "bizStep": "nonsense", "disposition": "nonsense"}
    changed["bizTransactionList"] = [{"type": "nonsense", "bizTransaction": "urn:x:y"}]
    changed["sourceList"] = [{"type": "nonsense", "source": "urn:x:y"}]
    changed["destinationList"] = [{"type": "nonsense", "destination": "urn:x:y"}]
    changed["persistentDisposition"] = {"set": ["nonsense"], "unset": ["active", "nonsense"]}
    wrong = correction()
    wrong["errorDeclaration"]["reason"] = "nonsense"
    assert sorted(findings(document(sensor, changed, wrong))) == sorted(
        ("epcis.word", f"/epcisBody/eventList/{place}")
        for place in (
            "0/sensorElementList/0/sensorReport/0/type",
            "0/sensorElementList/0/sensorReport/0/exception",
            "0/sensorElementList/0/sensorReport/0/component",
            "1/bizStep",
            "1/disposition",
            "1/bizTransactionList/0/type",
            "1/sourceList/0/type",
            "1/destinationList/0/type",
            "1/persistentDisposition/set/0",
            "1/persistentDisposition/unset/1",
            "2/errorDeclaration/reason",
        )
    )


def test_a_disposition_is_set_once() -> None:
    twice = with_event(commissioning(), persistentDisposition={"set": ["active", "damaged", "active"]})
    finding = only(twice)
    assert (finding.code, finding.pointer) == ("epcis.duplicate", f"{EVENT}/persistentDisposition/set/2")


@pytest.mark.parametrize("kind", ["own:Weighing", "https://own.example/Weighing", "urn:own:Weighing"])
def test_a_type_of_ones_own_is_accepted(kind: str) -> None:
    assert EventType().finding(kind, SCOPE) is None


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (None, "epcis.type"),
        (JsonNumber("1"), "epcis.type"),
        ("", "epcis.event-type"),
        ("QuantityEvent", "epcis.event-type"),
        ("objectEvent", "epcis.event-type"),
        ("ObjectEvent ", "epcis.event-type"),
        ("EPCISDocument", "epcis.event-type"),
        ("nobody:Weighing", "epcis.prefix-undeclared"),
        ("own:Weigh ing", "epcis.uri"),
        ("epcis:ObjectEvent", "epcis.name-reserved"),
        ("https://ref.gs1.org/epcis/ObjectEvent", "epcis.name-reserved"),
        ("https://ns.gs1.org/epcis/ObjectEvent", "epcis.name-reserved"),
        ("urn:epcglobal:epcis:xsd:2:ObjectEvent", "epcis.name-reserved"),
    ],
)
def test_what_is_no_event_type_is_refused(kind: Any, code: str) -> None:
    finding = EventType().finding(kind, SCOPE)
    assert finding is not None
    assert finding.code == code


def test_an_event_of_ones_own_type_may_use_every_standard_member_and_each_is_judged() -> None:
    members = {
        "action": "add",
        "parentID": "x",
        "epcList": ["x"],
        "quantityList": [{"epcClass": "x"}],
        "childEPCs": ["x"],
        "childQuantityList": [{"epcClass": "x"}],
        "inputEPCList": ["x"],
        "inputQuantityList": [{"epcClass": "x"}],
        "outputEPCList": ["x"],
        "outputQuantityList": [{"epcClass": "x"}],
        "transformationID": "x",
        "bizStep": "x",
        "readPoint": {"id": "x"},
        "ilmd": {"x": 1},
    }
    found = findings(with_event(own_type(), **members))
    assert {pointer.split("/")[4] for _, pointer in found} == set(members)
    assert findings(with_event(own_type(), comment="text")) == [("epcis.member-unknown", f"{EVENT}/comment")]


@pytest.mark.parametrize("value", ["x", JsonNumber("1"), {}, {"a": [None]}])
def test_a_master_data_value_is_accepted(value: Any) -> None:
    assert AttributeValue().finding(value, SCOPE) is None


@pytest.mark.parametrize("value", [None, True, [], ["x"], "a\0", {"nobody:a": 1}])
def test_a_master_data_value_is_refused(value: Any) -> None:
    assert AttributeValue().finding(value, SCOPE) is not None
