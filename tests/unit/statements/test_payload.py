"""Payloads by content type, and what is refused before their rules are asked."""

import json
from typing import Any

import pytest

from ledger.errors import (
    JsonDuplicateMember,
    JsonMalformed,
    JsonTooDeep,
    JwsHeaderInvalid,
    ReledgerError,
    TooLarge,
)
from ledger.statements.envelope import ACT, EPCIS
from ledger.statements.payload import read_payload
from tests.support.acts import MINE, admission, genesis, signer

EVENT = {
    "type": "ObjectEvent",
    "eventTime": "2026-11-19T10:00:00+08:00",
    "eventTimeZoneOffset": "+08:00",
    "epcList": ["urn:epc:id:sgtin:952100001.0000.1"],
    "action": "OBSERVE",
}


def document(count: int = 1, **members: Any) -> dict[str, Any]:
    return {
        "@context": ["https://ref.gs1.org/standards/epcis/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": "2026-11-20T08:00:00Z",
        "epcisBody": {"eventList": [EVENT] * count},
        **members,
    }


def octets(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_an_act_is_read() -> None:
    payload = read_payload(ACT, octets(admission(MINE)))
    assert payload.kind == "act"
    assert payload.act is not None
    assert payload.act.name == "admit-party"
    assert payload.public
    assert (payload.events, payload.findings) == ((), ())


def test_public_is_the_acts_own() -> None:
    grant = {"act": "grant-read", "grantee": MINE, "scope": {"start": 0}}
    assert not read_payload(ACT, octets(grant)).public
    assert read_payload(ACT, octets(genesis())).public
    assert not read_payload(EPCIS, octets(document())).public


def test_an_act_with_faults_has_findings() -> None:
    payload = read_payload(ACT, octets({"act": "revoke-key", "kid": signer(MINE).kid, "who": 1}))
    assert payload.act is None
    assert not payload.public
    assert [(finding.code, finding.pointer) for finding in payload.findings] == [
        ("schema.required", "/reason"),
        ("schema.unknown-member", "/who"),
    ]


@pytest.mark.parametrize("count", [1, 1000])
def test_a_document_is_read(count: int) -> None:
    payload = read_payload(EPCIS, octets(document(count)))
    assert payload.kind == "epcis"
    assert payload.act is None
    assert payload.findings == ()
    assert len(payload.events) == count


def test_a_document_has_at_most_1000_events() -> None:
    with pytest.raises(TooLarge) as caught:
        read_payload(EPCIS, octets(document(1001)))
    assert caught.value.pointer == "/epcisBody/eventList"


def test_a_document_with_faults_has_findings() -> None:
    payload = read_payload(EPCIS, octets(document(creationDate="today")))
    assert payload.events == ()
    assert payload.findings


def test_an_act_is_no_document_and_a_document_no_act() -> None:
    assert read_payload(EPCIS, octets(admission(MINE))).findings
    assert [finding.pointer for finding in read_payload(ACT, octets(document())).findings] == ["/act"]


@pytest.mark.parametrize("cty", [ACT, EPCIS])
@pytest.mark.parametrize(
    ("payload", "error"),
    [
        (b"", JsonMalformed),
        (b"[]", JsonMalformed),
        (b"null", JsonMalformed),
        (b'"act"', JsonMalformed),
        (b"1", JsonMalformed),
        (b'{"act":"erase"', JsonMalformed),
        (b'{"act":NaN}', JsonMalformed),
        (b'\xef\xbb\xbf{"act":"erase"}', JsonMalformed),
        (b'{"act":"\xff"}', JsonMalformed),
        (b'{"act":"\\ud800"}', JsonMalformed),
        (b'{"act":"erase","act":"erase"}', JsonDuplicateMember),
        (b'{"a":' + b"[" * 32 + b"]" * 32 + b"}", JsonTooDeep),
    ],
)
def test_what_is_not_a_json_object(cty: str, payload: bytes, error: type[ReledgerError]) -> None:
    with pytest.raises(error):
        read_payload(cty, payload)


def test_depth_32_is_read() -> None:
    payload = read_payload(ACT, b'{"act":' + b"[" * 31 + b"]" * 31 + b"}")
    assert [finding.code for finding in payload.findings] == ["schema.type"]


@pytest.mark.parametrize("cty", ["json", "", "ACT+JSON", "application/json"])
def test_another_content_type_is_refused(cty: str) -> None:
    with pytest.raises(JwsHeaderInvalid):
        read_payload(cty, octets(admission(MINE)))
