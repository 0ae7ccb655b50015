"""EPC URIs and GS1 Digital Links: lengths and check digits; any other URI is just a name."""

import pytest

from ledger.statements.epcis.names import MAX_URI_CHARACTERS, name_finding, shown
from tests.support.epcis_documents import only, shipping, with_event


@pytest.mark.parametrize(
    "name",
    [
        "https://lots.mine.example/2611",
        "did:web:mine.example:lots:5",
        "urn:uuid:3f0c9d52-6f3e-4d0c-9a51-0c7f0b1f9a01",
        "ni:///sha-256;00ff?ver=CBV2.0",
        "lot:5",
        "urn:epc:id:sgtin:6901234.055501.1",
        "urn:epc:id:sgtin:690123400001.0.1",
        "urn:epc:id:sgtin:690123.0055501.32a%2Fb",
        "urn:epc:class:lgtin:6901234.055501.LOT-1.2",
        "urn:epc:idpat:sgtin:6901234.055501.*",
        "urn:epc:idpat:sgtin:6901234.*.*",
        "urn:epc:idpat:sgtin:*.*.*",
        "urn:epc:idpat:itip:6901234.055501.01.02.*",
        "urn:epc:id:sscc:6901234.0000000017",
        "urn:epc:id:sgln:6901234.00007.0",
        "urn:epc:id:sgln:690123400001..0",
        "urn:epc:id:pgln:6901234.00000",
        "urn:epc:id:pgln:690123400001.",
        "urn:epc:id:grai:6901234.12345.1",
        "urn:epc:id:gdti:6901234.12345.1",
        "urn:epc:id:sgcn:6901234.12345.1",
        "urn:epc:id:gsrn:6901234.0123456789",
        "urn:epc:id:gsrnp:6901234.0123456789",
        "urn:epc:id:gsin:6901234.012345678",
        "urn:epc:id:itip:6901234.055501.01.02.9",
        "urn:epc:id:upui:6901234.055501.A",
        "urn:epc:id:giai:6901234.anything",
        "urn:epc:id:cpi:6901234.ABC.1",
        "urn:epc:id:ginc:6901234.xyz",
        "https://id.gs1.org/00/069012340000000184",
        "https://id.gs1.org/01/06901234555011/10/K-1",
        "https://id.gs1.org/414/6901234000078/254/1",
        "https://id.gs1.org/417/6901234000009",
        "https://id.gs1.org/253/6901234000009ABC",
        "https://id.gs1.org/8003/06901234000009AB",
        "https://id.gs1.org/8004/anything",
        "https://id.gs1.org/8010/6901234A",
        "https://own.example/stem/414/6901234000078",
        # Not as long as a key: a path that has nothing to do with GS1.
        "https://own.example/01/12345",
        "https://own.example/00/abc",
        "https://own.example/2026/01/batch",
        # Returnable assets are verified on GS1's hosts alone.
        "https://own.example/8003/06901234000001",
        # The GLN in a business transaction's URN is not verified.
        "urn:epcglobal:cbv:bt:6901234000001:PO-1",
    ],
)
def test_a_name_is_accepted(name: str) -> None:
    assert name_finding(name) is None


@pytest.mark.parametrize(
    "name",
    [
        "urn:epc:id:sgtin:6901234.05550.1",
        "urn:epc:id:sgtin:6901234.0555011.1",
        "urn:epc:id:sgtin:6901234.055501",
        "urn:epc:id:sgtin:6901234.055501.",
        "urn:epc:id:sgtin:69012.34055501.1",
        "urn:epc:id:sgtin:6901234055501..1",
        "urn:epc:id:sgtin:69O1234.055501.1",
        "urn:epc:id:sgtin:6901234",
        "urn:epc:id:sgtin:6901234.*.1",
        "urn:epc:class:lgtin:*.*.LOT",
        "urn:epc:class:lgtin:6901234.55501.LOT",
        "urn:epc:class:lgtin:6901234.055501",
        "urn:epc:idpat:sgtin:6901234.05550.*",
        "urn:epc:id:sscc:6901234.000000001",
        "urn:epc:id:sscc:6901234.0000000017.5",
        "urn:epc:id:sgln:6901234.00007",
        "urn:epc:id:sgln:6901234.000071.0",
        "urn:epc:id:pgln:6901234.00000.0",
        "urn:epc:id:pgln:6901234.0000",
        "urn:epc:id:grai:6901234.1234.1",
        "urn:epc:id:gsrn:6901234.012345678",
        "urn:epc:id:itip:6901234.055501.01.9",
        "URN:EPC:ID:SSCC:6901234.000000001",
    ],
)
def test_an_epc_uri_of_the_wrong_length_is_refused(name: str) -> None:
    finding = name_finding(name)
    assert finding is not None
    assert finding.code == "epcis.epc"


@pytest.mark.parametrize(
    "name",
    [
        "https://id.gs1.org/00/069012340000000183",
        "https://id.gs1.org/01/06901234555012/10/K-1",
        "http://id.gs1.org/01/06901234555012",
        "https://ID.GS1.ORG/01/06901234555012",
        "https://id.gs1.de/414/6901234000077",
        "https://id.gs1.org/417/6901234000001",
        "https://id.gs1.org/253/6901234000001ABC",
        "https://id.gs1.org/255/6901234000001",
        "https://id.gs1.org/402/69012340000000001",
        "https://id.gs1.org/8003/06901234000001",
        "https://id.gs1.org/8006/069012345550120102",
        "https://id.gs1.org/8017/690123400000000002",
        "https://id.gs1.org/8018/690123400000000002",
        "https://id.gs1.org/01/6901234555011",
        "https://id.gs1.org/01/0690123455501x",
        "https://id.gs1.org/01//10/x",
        "https://own.example/01/06901234555012",
        "https://own.example/deep/stem/414/6901234000077?x=1",
        "https://own.example/417/6901234000001#x",
    ],
)
def test_a_wrong_check_digit_is_refused(name: str) -> None:
    finding = name_finding(name)
    assert finding is not None
    assert finding.code == "epcis.check-digit"


def test_the_mend_tells_the_digit() -> None:
    finding = name_finding("https://id.gs1.org/417/6901234000001")
    assert finding is not None
    assert "end in 9" in finding.mend


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (None, "epcis.type"),
        (3, "epcis.type"),
        (["urn:x:y"], "epcis.type"),
        ({"id": "urn:x:y"}, "epcis.type"),
        ("", "epcis.uri"),
        ("lot 5", "epcis.uri"),
        ("lot", "epcis.uri"),
        ("urn:x:y\n", "epcis.uri"),
        ("urn:x:y\0", "epcis.uri"),
        ("https://x.example/é", "epcis.uri"),
        ("https://x.example/%zz", "epcis.uri"),
        ("//x.example/a", "epcis.uri"),
        ("urn:x:" + "y" * MAX_URI_CHARACTERS, "epcis.uri"),
    ],
)
def test_what_is_no_uri_is_no_name(name: object, code: str) -> None:
    finding = name_finding(name)
    assert finding is not None
    assert finding.code == code


def test_long_names_are_judged_like_short_ones() -> None:
    stem = "https://own.example/" + "stem/" * 100
    assert name_finding(f"{stem}414/6901234000078") is None
    finding = name_finding(f"{stem}414/6901234000077")
    assert finding is not None
    assert finding.code == "epcis.check-digit"
    assert name_finding("urn:x:" + "y" * (MAX_URI_CHARACTERS - 6)) is None


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"epcList": ["urn:x:y", "https://id.gs1.org/414/6901234000077"]}, "epcList/1"),
        ({"quantityList": [{"epcClass": "https://id.gs1.org/414/6901234000077"}]}, "quantityList/0/epcClass"),
        ({"readPoint": {"id": "https://id.gs1.org/414/6901234000077"}}, "readPoint/id"),
        ({"bizLocation": {"id": "https://id.gs1.org/414/6901234000077"}}, "bizLocation/id"),
        (
            {"bizTransactionList": [{"bizTransaction": "https://id.gs1.org/253/6901234000001A"}]},
            "bizTransactionList/0/bizTransaction",
        ),
        (
            {"sourceList": [{"type": "location", "source": "https://id.gs1.org/414/6901234000077"}]},
            "sourceList/0/source",
        ),
        (
            {
                "destinationList": [
                    {"type": "location", "destination": "https://id.gs1.org/414/6901234000077"}
                ]
            },
            "destinationList/0/destination",
        ),
        ({"eventID": "https://id.gs1.org/253/6901234000001A"}, "eventID"),
        ({"certificationInfo": ["urn:x:y", "https://id.gs1.org/253/6901234000001A"]}, "certificationInfo/1"),
    ],
)
def test_check_digits_are_verified_in_every_member(changes: dict[str, object], pointer: str) -> None:
    finding = only(with_event(shipping(), **changes))
    assert (finding.code, finding.pointer) == ("epcis.check-digit", f"/epcisBody/eventList/0/{pointer}")


def test_shown_text_is_short_and_printable() -> None:
    assert shown("a\0b\nc\x1b[31m") == "a�b�c�[31m"
    assert len(shown("x" * 5000)) == 80
