"""Prefixes: where they come from, what they stand for, and what a context may not do."""

from typing import Any

import pytest

from ledger.statements.epcis.scope import MAX_CONTEXTS, MAX_PREFIXES, REE, Scope, context_findings
from tests.support.epcis_documents import CONTEXT, document, findings, packing, shipping


def faults(context: Any) -> list[tuple[str, str]]:
    scope = Scope().extended(context)
    return [(finding.code, finding.pointer) for finding in context_findings(context, scope)]


@pytest.mark.parametrize(
    "context",
    [
        CONTEXT,
        [],
        {},
        [CONTEXT],
        {"own": "https://own.example/"},
        [CONTEXT, {"own": "https://own.example/", "two": "urn:own:"}],
        [{"own": {"@id": "https://own.example/", "@prefix": True}}],
        [{"@version": 1.1, "@vocab": "https://own.example/"}],
        [{"cbvmda": "https://own.example/master-data/"}],
        [{"cbv": "https://ref.gs1.org/cbv/"}],
        [{"example": "https://own.example/"}],
    ],
)
def test_a_context_is_accepted(context: Any) -> None:
    assert faults(context) == []


@pytest.mark.parametrize(
    ("context", "found"),
    [
        (None, [("epcis.context", "")]),
        (3, [("epcis.context", "")]),
        ("epcis", [("epcis.context", "")]),
        (["epcis"], [("epcis.context", "/0")]),
        ([CONTEXT, None], [("epcis.context", "/1")]),
        ([[CONTEXT]], [("epcis.context", "/0")]),
        ([CONTEXT, CONTEXT], [("epcis.duplicate", "/1")]),
        ([{"a": "https://a.example/"}] * 2, [("epcis.duplicate", "/1")]),
        ({"own": None}, [("epcis.context", "/own")]),
        ({"own": 3}, [("epcis.context", "/own")]),
        ({"own": ""}, [("epcis.context", "/own")]),
        ({"own": "own.example"}, [("epcis.context", "/own")]),
        ({"own": {}}, [("epcis.context", "/own")]),
        ({"own": {"@id": 3}}, [("epcis.context", "/own")]),
        ([CONTEXT, {"a/b": "no uri"}], [("epcis.context", "/1/a~1b")]),
        ({"own": "cbv:own/"}, [("epcis.context", "/own")]),
        ({"a": "https://a.example/", "b": "a:b/"}, [("epcis.context", "/b")]),
        ({"cbv": "https://own.example/"}, [("epcis.prefix-protected", "/cbv")]),
        ({"epcis": "https://own.example/"}, [("epcis.prefix-protected", "/epcis")]),
        ({"gs1": "https://own.example/"}, [("epcis.prefix-protected", "/gs1")]),
        ({"urn": "https://own.example/"}, [("epcis.prefix-protected", "/urn")]),
        ({"https": "https://own.example/"}, [("epcis.prefix-protected", "/https")]),
    ],
)
def test_a_context_is_refused(context: Any, found: list[tuple[str, str]]) -> None:
    assert faults(context) == found


def test_a_context_that_was_met_before_is_judged_where_it_stands() -> None:
    context: list[Any] = [{"b": "a:b/"}]
    assert faults(context) == faults(context) == []
    outer = Scope().extended([{"a": "https://a.example/"}])
    found = context_findings(context, outer.extended(context))
    assert [(each.code, each.pointer) for each in found] == [("epcis.context", "/0/b")]


def test_a_context_has_limits() -> None:
    assert faults([f"https://c.example/{number}" for number in range(MAX_CONTEXTS)]) == []
    assert faults([f"https://c.example/{number}" for number in range(MAX_CONTEXTS + 1)]) == [
        ("epcis.context", "")
    ]
    many = {f"p{number}": "https://c.example/" for number in range(MAX_PREFIXES)}
    assert faults(many) == [("epcis.context", "")]
    many.popitem()
    assert faults(many) == []


def test_an_inner_context_adds_and_overrides_and_leaves_the_outer_alone() -> None:
    outer = Scope().extended({"a": "https://outer.example/", "b": "https://b.example/"})
    inner = outer.extended([{"a": "https://inner.example/"}])
    assert inner.member_uri("a:x") == "https://inner.example/x"
    assert inner.member_uri("b:x") == "https://b.example/x"
    assert outer.member_uri("a:x") == "https://outer.example/x"


@pytest.mark.parametrize(
    ("name", "uri"),
    [
        ("own:x", "https://own.example/x"),
        ("own:x:y", "https://own.example/x:y"),
        ("cbvmda:lot", "urn:epcglobal:cbv:mda:lot"),
        ("https://x.example/y", "https://x.example/y"),
        ("urn:x:y", "urn:x:y"),
        ("own://x", None),
        ("other:x", None),
        ("example:x", None),
        ("ftp://x", None),
        ("own:", None),
        (":x", None),
        ("own", None),
        ("", None),
    ],
)
def test_a_member_name_stands_for_a_uri_or_for_nothing(name: str, uri: str | None) -> None:
    assert Scope().extended({"own": "https://own.example/"}).member_uri(name) == uri


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("own:x", "https://own.example/x"),
        ("ni:///sha-256;ff", "ni:///sha-256;ff"),
        ("example:x", "example:x"),
        ("did:web:x", "did:web:x"),
        ("other:x", None),
        ("x", None),
    ],
)
def test_a_term_stands_for_a_uri_or_for_nothing(text: str, uri: str | None) -> None:
    assert Scope().extended({"own": "https://own.example/"}).value_uri(text) == uri


def test_prefixes_of_the_document_hold_in_its_events() -> None:
    assert findings(document({**packing(), "ree:a": 1})) == []


def test_prefixes_of_an_event_hold_in_that_event_alone() -> None:
    own = {**packing(), "@context": {"own": "https://own.example/"}, "own:a": 1, "bizStep": "own:b"}
    assert findings(document(own)) == []
    assert findings(document(own, {**packing(), "own:a": 1})) == [
        ("epcis.prefix-undeclared", "/epcisBody/eventList/1/own:a")
    ]


def test_a_context_of_an_event_is_judged_in_its_place() -> None:
    assert findings(document(packing(), {**packing(), "@context": ["x"]})) == [
        ("epcis.context", "/epcisBody/eventList/1/@context/0")
    ]


def test_our_namespace_is_fixed() -> None:
    assert REE == "https://w3id.org/reledger/ree#"


def test_a_document_without_the_prefix_names_every_place_where_it_is_missed() -> None:
    bare = document(shipping(), **{"@context": CONTEXT})
    assert findings(bare) == [
        ("epcis.prefix-undeclared", "/epcisBody/eventList/0/ree:movement"),
        ("epcis.prefix-undeclared", "/epcisBody/eventList/0/ree:lots"),
        (
            "epcis.prefix-undeclared",
            "/epcisBody/eventList/0/ree:lots/urn:epc:class:lgtin:6901234.055501.K-2611/ree:moistureFraction",
        ),
    ]
