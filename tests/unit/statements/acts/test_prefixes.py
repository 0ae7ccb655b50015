"""Prefixes: their form, and that no two parties share a name."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.statements.acts.prefixes import (
    MAX_PREFIX_CHARACTERS,
    clashing_prefix,
    is_under,
    prefix_fault,
)
from ledger.statements.registers import PrefixRecord

GOOD = [
    "4012",
    "401234567890",
    "urn:epc:id:sgtin:4012345.",
    "urn:epc:id:sgtin:4012345.012345.",
    "urn:epc:class:lgtin:401234567890.",
    "urn:epc:idpat:sgtin:401234.",
    "https://a.example/",
    "http://a.example:8080/lots/",
    "https://[2001:db8::1]/lots/",
    "https://a.example/lot?id=",
    "https://a.example/lots#",
    "https://a.example/lots:",
    "urn:example:lots:",
    "urn:uuid:",
    "tag:a.example,2026:",
    "https://a.example/" + "x" * (MAX_PREFIX_CHARACTERS - 19) + "/",
]
BAD = [
    "401",
    "4012345678901",
    "٤٠١٢٣٤٥",
    "",
    "plain",
    "a.example/",
    "urn:epc:id:sgtin:",
    "urn:epc:id:sgtin:4012345",
    "urn:epc:id:sgtin:40123.",
    "urn:epc:id:sgtin:4012345678901.",
    "urn:epc:id:sgtin:4012345..",
    "urn:epc:id:gid:95100000.",
    "urn:epc:",
    "URN:EPC:ID:SGTIN:4012345.",
    "https://a.example",
    "https://a.example/lots",
    "https://A.example/",
    "HTTPS://a.example/",
    "https://user@a.example/",
    "https://a.example:/",
    "https:///lots/",
    "https://",
    "https://a.example/x/../lots/",
    "https://a.example/./",
    "https://id.gs1.org/01/",
    "https://id.gs1.org:443/",
    "https://a.example/ /",
    "urn:",
    "urn:/",
    "Urn:example:",
    "urn:example",
    "https://a.example/" + "x" * (MAX_PREFIX_CHARACTERS - 18) + "/",
]


@pytest.mark.parametrize("prefix", GOOD)
def test_a_prefix_is_taken(prefix: str) -> None:
    assert prefix_fault(prefix) is None


@pytest.mark.parametrize("prefix", BAD)
def test_a_prefix_is_refused(prefix: str) -> None:
    assert prefix_fault(prefix) is not None


CLASHES = [
    ("4012345", "4012345"),
    ("4012345", "40123456"),
    ("4012345", "urn:epc:id:sgtin:4012345."),
    ("4012345", "urn:epc:id:sgtin:401234."),
    ("401234", "urn:epc:class:lgtin:4012345.012345."),
    ("urn:epc:id:sgtin:4012345.", "urn:epc:id:sscc:4012345."),
    ("urn:epc:id:sgtin:4012345.01.", "urn:epc:id:sgtin:4012345."),
    ("urn:epc:id:sgtin:401234.5.", "urn:epc:id:sgtin:4012345."),
    ("https://a.example/", "https://a.example/lots/"),
    ("urn:example:", "urn:example:lots:"),
]
APART = [
    ("4012345", "4012346"),
    ("4012345", "urn:epc:id:sgtin:4012346."),
    ("urn:epc:id:sgtin:4012345.01.", "urn:epc:id:sgtin:4012345.02."),
    ("https://a.example/", "https://b.example/"),
    ("https://a.example/", "http://a.example/"),
    ("https://a.example/", "https://a.example.evil.example/"),
    ("https://a.example/lots/", "https://a.example/lotsb/"),
    ("4012345", "urn:example:4012345:"),
]


@pytest.mark.parametrize(("one", "other"), CLASHES)
def test_parties_do_not_share_a_name(one: str, other: str) -> None:
    for mine, theirs in ((one, other), (other, one)):
        bound = [PrefixRecord("https://z.example/", "c", 0), PrefixRecord(theirs, "b", 1)]
        assert clashing_prefix(mine, "a", bound) == bound[1]
        assert clashing_prefix(mine, "b", bound) is None


@pytest.mark.parametrize(("one", "other"), APART)
def test_names_apart_are_taken(one: str, other: str) -> None:
    assert clashing_prefix(one, "a", [PrefixRecord(other, "b", 1)]) is None
    assert clashing_prefix(other, "a", [PrefixRecord(one, "b", 1)]) is None


def test_the_first_clash_is_told_whatever_the_order() -> None:
    bound = [PrefixRecord("40123456", "b", 2), PrefixRecord("4012345", "c", 1), PrefixRecord("4012", "d", 0)]
    for order in itertools.permutations(bound):
        found = clashing_prefix("4012345", "a", order)
        assert found is not None
        assert found.prefix == "4012"


@given(st.lists(st.sampled_from(GOOD), min_size=2, max_size=2), st.text("ab/.:", max_size=8))
def test_no_name_lies_under_prefixes_of_two_parties(prefixes: list[str], tail: str) -> None:
    one, other = prefixes
    name = one + tail
    if clashing_prefix(one, "a", [PrefixRecord(other, "b", 0)]) is None:
        assert not name.startswith(other)


@pytest.mark.parametrize(
    ("prefix", "name", "under"),
    [
        ("https://mine.example/lots/", "https://mine.example/lots/7", True),
        ("https://mine.example/lots/", "https://mine.example/lots", False),
        ("https://mine.example/lots/", "https://mine.example.evil.example/lots/7", False),
        ("urn:epc:id:sgtin:4012345.", "urn:epc:id:sgtin:4012345.011111.987", True),
        ("urn:epc:id:sgtin:4012345.", "urn:epc:id:sgtin:40123456.11111.987", False),
        ("4012345", "urn:epc:id:sgtin:4012345.011111.987", True),
        ("4012345", "urn:epc:class:lgtin:4012345.012345.L1", True),
        ("4012345", "urn:epc:id:sgtin:4012346.011111.987", False),
        ("4012345", "https://id.gs1.org/01/04012345111118/10/L1", True),
        ("4012345", "https://shop.example/a/01/04012345111118", True),
        ("4012345", "https://id.gs1.org/01/40123451111110", False),
        ("4012345", "https://id.gs1.org/414/4012345000009", True),
        ("4012345", "https://id.gs1.org/253/4012345000009X1", True),
        ("4012345", "https://id.gs1.org/414/0401234500000", False),
        ("4012345", "https://mine.example/4012345/7", False),
        ("4012345", "https://mine.example/2027/4012345000009", False),
        ("4012345", "https://mine.example/lots?/01/04012345111118", False),
        ("4012345", "4012345", False),
    ],
)
def test_what_lies_under_a_prefix(prefix: str, name: str, under: bool) -> None:
    assert is_under(prefix, name) == under
