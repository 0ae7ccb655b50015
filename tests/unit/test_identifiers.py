"""The one spelling of each kind of name, and its check characters."""

import time
import uuid

import pytest
from stdnum import ean

from ledger.identifiers import (
    check_party_id,
    gs1_check_digit,
    has_gs1_check_digit,
    is_origin,
    is_uri,
    is_uuid4,
)


@pytest.mark.parametrize(
    "text", ["a", "log.example", "ledger.example/rare-earths", '!"#~', "a" * 255, "A:b@c|d\\e"]
)
def test_origins(text: str) -> None:
    assert is_origin(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a b",
        "a+b",
        "+",
        "a\n",
        "\na",
        "a\t",
        "a\0",
        "a\x7f",
        "a\x80",
        "é",
        "日志",
        "a" * 256,
        "a\u00a0",
        "a\u2028",
    ],
)
def test_what_is_no_origin(text: str) -> None:
    assert not is_origin(text)


def test_origins_are_exactly_printable_ascii_without_space_and_plus() -> None:
    allowed = {chr(code) for code in range(0x21, 0x7F)} - {"+"}
    assert {chr(code) for code in range(0x250) if is_origin(chr(code))} == allowed


def test_uuids_of_the_standard_library_are_read() -> None:
    assert all(is_uuid4(str(uuid.uuid4())) for _ in range(200))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9B2F6F0E-8E7B-4B1C-9D5E-0A1B2C3D4E5F",
        "9b2f6f0e8e7b4b1c9d5e0a1b2c3d4e5f",
        "{9b2f6f0e-8e7b-4b1c-9d5e-0a1b2c3d4e5f}",
        "urn:uuid:9b2f6f0e-8e7b-4b1c-9d5e-0a1b2c3d4e5f",
        "9b2f6f0e-8e7b-1b1c-9d5e-0a1b2c3d4e5f",
        "9b2f6f0e-8e7b-7b1c-9d5e-0a1b2c3d4e5f",
        "9b2f6f0e-8e7b-4b1c-7d5e-0a1b2c3d4e5f",
        "9b2f6f0e-8e7b-4b1c-cd5e-0a1b2c3d4e5f",
        "9b2f6f0e-8e7b-4b1c-9d5e-0a1b2c3d4e5f\n",
        "9b2f6f0e-8e7b-4b1c-9d5e-0a1b2c3d4e5",
        "9b2f6f0e-8e7b-4b1c-9d5e-0a1b2c3d4e5g",
        "９b2f6f0e-8e7b-4b1c-9d5e-0a1b2c3d4e5f",
        "00000000-0000-0000-0000-000000000000",
    ],
)
def test_what_is_no_uuid4_in_lower_case(text: str) -> None:
    assert not is_uuid4(text)


# RFC 3986 sections 1.1.2, 3 and 5.4, RFC 4151, and the spellings that EPCIS uses.
@pytest.mark.parametrize(
    "text",
    [
        "ftp://ftp.is.co.za/rfc/rfc1808.txt",
        "http://www.ietf.org/rfc/rfc2396.txt",
        "ldap://[2001:db8::7]/c=GB?objectClass?one",
        "mailto:John.Doe@example.com",
        "news:comp.infosystems.www.servers.unix",
        "tel:+1-816-555-1212",
        "telnet://192.0.2.16:80/",
        "urn:oasis:names:specification:docbook:dtd:xml:4.1.2",
        "foo://example.com:8042/over/there?name=ferret#nose",
        "urn:example:animal:ferret:nose",
        "http://a/b/c/d;p?q",
        "urn:epc:id:sgtin:0614141.107346.2018",
        "urn:epc:class:lgtin:4012345.012345.998877",
        "urn:epc:id:sgln:0614141.07346.1234",
        "https://id.gs1.org/01/09521321000018/10/ABC%2F1",
        "ni:///sha-256;df7bb3c352f4e8d3a5d0?ver=CBV2.0",
        "tag:example.com,2026:lot/1",
        "a:",
        "a:b",
        "a:/",
        "a:/b//c",
        "a://",
        "a:///b",
        "a://host:",
        "a://user:pass@host:80/x",
        "a://@/",
        "a+b-c.d:x",
        "a:?",
        "a:#",
        "a:b?c#d?e/f",
        "http://[::1]",
        "http://[::ffff:192.0.2.1]:8080/",
        "http://[v7.a:b]/",
        "http://%41/",
        "a:%00",
        "http:////double",
    ],
)
def test_uris(text: str) -> None:
    assert is_uri(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "a",
        "//host/path",
        "/path",
        "#fragment",
        "1a:b",
        "+a:b",
        "ä:b",
        "a b:c",
        "http://a b/",
        "http://a/b c",
        "http://a/b\n",
        "\nhttp://a/b",
        " http://a/b",
        "http://a/b ",
        "http://a/%",
        "http://a/%4",
        "http://a/%4g",
        "http://a/%%41",
        "http://a/b#c#d",
        "http://a/[b]",
        "http://a/b?[c]",
        "http://a/<b>",
        'http://a/"b"',
        "http://a/b\\c",
        "http://a/{b}",
        "http://a/b|c",
        "http://a/b^c",
        "http://a/`b`",
        "http://a/日",
        "http://é/",
        "http://a/b\0",
        "http://a/b\x7f",
        "http://a:80a/",
        "http://a:-1/",
        "http://a:b:c/",
        "http://u@v@w/",
        "http://[::1/",
        "http://::1]/",
        "http://[]/",
        "http://[::g]/",
        "http://[1.2.3.4]/",
        "http://[::1%25eth0]/",
        "http://[::1%eth0]/",
        "http://[:::]/",
        "http://[1:2:3:4:5:6:7:8:9]/",
        "http://[v.a]/",
        "http://[vg.a]/",
        "http://[v7]/",
        "http://[v7.]/",
        "http://[v7.a/b]/",
        "http://[::1]a/",
        "http://[[::1]]/",
        "http://a[::1]/",
        "a:[b]",
        "2026-11-20",
        "C:\\file",
    ],
)
def test_what_is_no_uri(text: str) -> None:
    assert not is_uri(text)


@pytest.mark.parametrize(
    "text",
    [
        "a://" + "u:" * 500_000,
        "a://" + "%41" * 300_000 + "%",
        "a:" + "/" * 1_000_000 + "\\",
        "a" * 1_000_000,
        "a://" + "@" * 1_000_000,
        "a://[" + ":" * 1_000_000 + "]",
        "a:?" + "?" * 1_000_000 + " ",
    ],
    ids=lambda text: text[:8],
)
def test_a_hostile_text_is_judged_in_linear_time(text: str) -> None:
    start = time.process_time()
    is_uri(text)
    assert time.process_time() - start < 2


# GS1 General Specifications section 7.9.1 (the worked example), and keys of published examples.
@pytest.mark.parametrize(
    "digits",
    [
        "629104150021" + "3",
        "4006381333931",
        "73513537",
        "98412345678908",
        "106141412345678908",
        "0614141000036",
    ],
)
def test_gs1_check_digits(digits: str) -> None:
    assert has_gs1_check_digit(digits)
    assert gs1_check_digit(digits[:-1]) == digits[-1]


@pytest.mark.parametrize("length", [7, 11, 12, 13, 16, 17])
def test_gs1_check_digits_agree_with_another_reckoning(length: int) -> None:
    for seed in range(300):
        body = str((seed + 1) * 7919**4)[:length].zfill(length)
        assert gs1_check_digit(body) == ean.calc_check_digit(body)


def test_one_wrong_digit_is_always_found() -> None:
    good = "106141412345678908"
    for place, digit in enumerate(good):
        for other in set("0123456789") - {digit}:
            assert not has_gs1_check_digit(good[:place] + other + good[place + 1 :])


@pytest.mark.parametrize(
    "digits",
    ["", "1", "0", "400638133393a", "4006381333931 ", "-4006381333931", "４006381333931", "٤006381333931"],
)
def test_what_is_no_gs1_key_has_no_check_digit(digits: str) -> None:
    assert not has_gs1_check_digit(digits)


@pytest.mark.parametrize("body", ["", "a", "1 2", "１２", "-1", "1.2"])
def test_no_check_digit_for_what_is_not_digits(body: str) -> None:
    with pytest.raises(ValueError):
        gs1_check_digit(body)


@pytest.mark.parametrize(
    "text",
    [
        "91110000600037341L",
        "4012345000009",
        "213800KUD8LAJWSQ9D15",
        "HWUPKR0MPOU8FGXBT394",
        "urn:epc:id:pgln:4012345.00000",
        "urn:epc:id:pgln:401234512345.",
        "urn:epc:id:sgln:4012345.00000.0",
        "https://id.gs1.org/417/4012345000009",
        "https://example.com/x/414/4012345000009/254/1?17=271200#a",
        "https://example.com/417/40123450000091",
        "https://example.com/parties/417",
        "urn:x:/417/4012345000008",
        "https://example.com/parties/7",
        "did:web:example.com",
        "urn:uuid:9b2f6f0e-8e7b-4b1c-9d5e-0a1b2c3d4e5f",
        "x:" + "a" * 1022,
    ],
)
def test_party_identifiers(text: str) -> None:
    assert check_party_id(text, "/party") == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "Northern Rare Earth",
        "91110000600037341M",
        "91110000600037341l",
        "91110000600037341 ",
        "9 1110000600037341L",
        "A1110000600037341L",
        "91110000I00037341L",
        "911100006000373410",
        "4012345000008",
        "401234500000",
        "40123450000090",
        "４012345000009",
        "213800KUD8LXJWSQ9D15",
        "213800KUD8LAJWSQ9D16",
        "213800kud8lajwsq9d15",
        "213800-KUD8LAJWSQ9D-15",
        "urn:epc:id:pgln:4012345.0000",
        "urn:epc:id:pgln:4012345.000000",
        "urn:epc:id:pgln:40123.4500000",
        "urn:epc:id:pgln:401234500000",
        "urn:epc:id:pgln:4012345.0000a",
        "URN:EPC:ID:PGLN:4012345.00000",
        "https://id.gs1.org/417/4012345000008",
        "https://id.gs1.org/414/4012345000008/254/1",
        "HTTPS://ID.GS1.ORG/417/4012345000008?x=1",
        "https://id.gs1.org/414/4012345000009/417/4012345000008",
        "https://id.gs1.org/414/4012345000008/417/4012345000009",
        "https://example.com/a b",
        "example.com/party",
        "https://example.com/日",
        "x:" + "a" * 1023,
        "4012345000009\n",
    ],
)
def test_what_names_no_party(text: str) -> None:
    (finding,) = check_party_id(text, "/party")
    assert (finding.code, finding.pointer) == ("party.identifier", "/party")
    assert finding.mend


@pytest.mark.parametrize("good", ["91110000600037341L", "213800KUD8LAJWSQ9D15", "4012345000009"])
def test_one_wrong_character_of_a_code_is_found(good: str) -> None:
    for place, character in enumerate(good):
        for other in "0123456789ABCDEFGHJKLMNPQRTUWXY":
            # A letter counts as two digits in an LEI, so its check digits promise this within a kind only.
            if other != character and other.isdigit() == character.isdigit():
                assert check_party_id(good[:place] + other + good[place + 1 :])
