"""The values of single members."""

from typing import Any

import pytest

from ledger.movements.parties import party_of, party_uri
from ledger.movements.sheet import Fault
from ledger.movements.values import READERS, offset_min
from ledger.movements.writing import dump_document
from ledger.strict_json import parse_json
from tests.support.movement_examples import example_event, findings_of
from tests.support.movements import DIGEST, NOON_US

ATTACHED = {"role": "weighbridge-ticket", "mediaType": "application/pdf", "size": 4711, "sha256": DIGEST}


def read(member: str, value: Any) -> Any:
    """The plain value of a member given as Python values."""
    return READERS[member](parse_json(dump_document({"value": value}))["value"])


def parsed(member: str, value: Any) -> tuple[str, str]:
    """The code and place of the fault in a member's value."""
    with pytest.raises(Fault) as caught:
        read(member, value)
    assert caught.value.mend.endswith(".")
    return caught.value.code, caught.value.place


@pytest.mark.parametrize(
    ("member", "value", "expected"),
    [
        ("process", "solvent-extraction", "solvent-extraction"),
        ("pool", "https://plant.example/pools/1", "https://plant.example/pools/1"),
        ("reason", "a drum burst", "a drum burst"),
        ("consignee", "91350211M000100Y43", "91350211M000100Y43"),
        ("consignee", "https://w3id.org/reledger/party/91350211M000100Y43", "91350211M000100Y43"),
        ("destination", "JP", "JP"),
        ("originDeclaration", DIGEST, DIGEST),
        ("seals", ["S-1", "S-2"], ("S-1", "S-2")),
        ("units", ["urn:x:1"], ("urn:x:1",)),
        ("due", "2026-11-20T12:00:00+08:00", NOON_US),
        ("due", "2026-11-20T04:00:00.25Z", NOON_US + 250_000),
        ("unitPrice", {"amount": 605.5, "currency": "CNY"}, "605.5 CNY"),
        ("final", False, False),
        ("whole", True, True),
        ("declaredLosses", {"uom": "KGM", "total": 80}, {"": 80_000_000}),
        ("declaredLosses", {"uom": "TNE", "elements": {"Nd": 0.5, "La": 0}}, {"Nd": 500_000_000, "La": 0}),
        ("measured", {"uom": "MGM", "elements": {"Nd": 7}}, {"Nd": 7}),
        ("attachments", [ATTACHED], (("weighbridge-ticket", "application/pdf", 4711, DIGEST),)),
    ],
)
def test_a_value_is_read(member: str, value: Any, expected: Any) -> None:
    assert read(member, value) == expected


@pytest.mark.parametrize(
    ("member", "value", "code", "place"),
    [
        ("process", "Solvent extraction", "movement.value", ""),
        ("process", "", "movement.value", ""),
        ("pool", "pool 1", "movement.value", ""),
        ("reason", "", "movement.value", ""),
        ("reason", "  ", "movement.value", ""),
        ("reason", "x" * 1025, "movement.value", ""),
        ("reason", 7, "movement.value", ""),
        ("reason", None, "movement.value", ""),
        ("licence", ["EL-1"], "movement.value", ""),
        ("destination", "Japan", "movement.country", ""),
        ("destination", "jp", "movement.country", ""),
        ("destination", "XX", "movement.country", ""),
        ("destination", 81, "movement.country", ""),
        ("originDeclaration", DIGEST.upper(), "movement.digest", ""),
        ("originDeclaration", DIGEST[1:], "movement.digest", ""),
        ("originDeclaration", DIGEST + "\n", "movement.digest", ""),
        ("document", None, "movement.digest", ""),
        ("seals", [], "movement.list-empty", ""),
        ("seals", "S-1", "movement.value", ""),
        ("seals", ["S-1", "S-1"], "movement.value", ""),
        ("seals", ["S-1", 2], "movement.value", "/1"),
        ("seals", [f"S-{n}" for n in range(257)], "movement.value", ""),
        ("units", ["urn:x:1", "pallet"], "movement.value", "/1"),
        ("due", "2026-11-20T12:00:00", "movement.time", ""),
        ("due", "2026-02-30T12:00:00Z", "movement.time", ""),
        ("due", 1, "movement.time", ""),
        ("due", "9999-01-01T00:00:00Z", "movement.time", ""),
        ("due", "9999-12-31T23:59:59-14:00", "movement.time", ""),
        ("due", "1970-01-01T00:00:00+00:01", "movement.time", ""),
        ("due", "0001-01-01T00:00:00+14:00", "movement.time", ""),
        ("unitPrice", "605.5 CNY", "movement.value", ""),
        ("unitPrice", {"amount": "605.5", "currency": "CNY"}, "movement.value", "/amount"),
        ("unitPrice", {"amount": 0, "currency": "CNY"}, "movement.value", "/amount"),
        ("unitPrice", {"amount": 1, "currency": "yuan"}, "movement.value", "/currency"),
        ("unitPrice", {"amount": 1}, "movement.value", "/currency"),
        ("unitPrice", {"amount": 1, "currency": "CNY", "per": "t"}, "movement.member-unknown", "/per"),
        ("final", "false", "movement.value", ""),
        ("final", 0, "movement.value", ""),
        ("whole", None, "movement.value", ""),
        ("declaredLosses", 80, "movement.value", ""),
        ("declaredLosses", {"uom": "KGM"}, "movement.value", "/elements"),
        ("declaredLosses", {"total": 80}, "movement.value", "/uom"),
        ("declaredLosses", {"total": 80, "uom": "LTR"}, "movement.unit", "/uom"),
        ("declaredLosses", {"total": -1, "uom": "KGM"}, "movement.mass-range", "/total"),
        ("declaredLosses", {"total": "80", "uom": "KGM"}, "movement.mass-missing", "/total"),
        ("declaredLosses", {"elements": {"Nd": 1}}, "movement.unit-missing", "/uom"),
        ("declaredLosses", {"elements": {"Fe": 1}, "uom": "KGM"}, "movement.element", "/elements/Fe"),
        ("declaredLosses", {"elements": {"Nd": "1"}, "uom": "KGM"}, "movement.mass-missing", "/elements/Nd"),
        (
            "declaredLosses",
            {"elements": {"Nd": 1}, "total": 1, "uom": "KGM"},
            "movement.member-unknown",
            "/elements",
        ),
        ("measured", {"total": 80, "uom": "KGM"}, "movement.member-unknown", "/total"),
        ("measured", {"elements": {}, "uom": "KGM"}, "movement.value", "/elements"),
        ("measured", {"elements": [1], "uom": "KGM"}, "movement.value", "/elements"),
        ("measured", {"elements": {"Nd": 1e12}, "uom": "KGM"}, "movement.mass-range", "/elements/Nd"),
        ("attachments", [], "movement.list-empty", ""),
        ("attachments", [ATTACHED | {"sha256": "x"}], "movement.digest", "/0/sha256"),
        ("attachments", [ATTACHED | {"size": 1.5}], "movement.value", "/0/size"),
        ("attachments", [ATTACHED | {"size": -1}], "movement.value", "/0/size"),
        ("attachments", [ATTACHED | {"size": "4711"}], "movement.value", "/0/size"),
        ("attachments", [ATTACHED | {"mediaType": "PDF"}], "movement.value", "/0/mediaType"),
        ("attachments", [ATTACHED | {"role": "Weighbridge ticket"}], "movement.value", "/0/role"),
        ("attachments", [ATTACHED | {"name": "ticket.pdf"}], "movement.member-unknown", "/0/name"),
        ("attachments", [{"role": "ticket"}], "movement.value", "/0/mediaType"),
        ("attachments", ["ticket.pdf"], "movement.value", "/0"),
    ],
)
def test_a_wrong_value_is_placed(member: str, value: Any, code: str, place: str) -> None:
    assert parsed(member, value) == (code, place)


def test_a_fault_is_placed_in_the_event() -> None:
    event = example_event("close")
    event["ree:measured"]["elements"]["Fe"] = event["ree:measured"]["elements"].pop("Nd")
    assert findings_of(event) == [("movement.element", "/ree:measured/elements/Fe")]


@pytest.mark.parametrize("origin", ["Myanmar", "mm", "", "Undeclared", None, ["MM"]])
def test_an_origin_is_a_country_or_undeclared(origin: Any) -> None:
    assert findings_of(example_event("import") | {"ree:origin": origin}) == [
        ("movement.country", "/ree:origin")
    ]


def test_the_origin_of_an_extraction_is_a_uri() -> None:
    assert findings_of(example_event("extract") | {"ree:origin": "CN"}) == [("movement.value", "/ree:origin")]


@pytest.mark.parametrize(
    ("text", "minutes"), [("+08:00", 480), ("-03:30", -210), ("+00:00", 0), ("-00:30", -30)]
)
def test_an_offset_is_minutes(text: str, minutes: int) -> None:
    assert offset_min(text) == minutes


@pytest.mark.parametrize(
    "party",
    ["91350211M000100Y43", "6901234000009", "529900T8BM49AURSDO55", "urn:x:y"],
)
def test_a_party_comes_back_from_its_uri(party: str) -> None:
    uri = party_uri(party)
    assert ":" in uri
    assert party_of(uri) == party


@pytest.mark.parametrize("uri", ["https://w3id.org/reledger/party/", "https://w3id.org/reledger/party/abc"])
def test_another_uri_is_the_party_itself(uri: str) -> None:
    assert party_of(uri) == uri
