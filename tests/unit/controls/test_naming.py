"""Under whose prefix a name lies."""

import pytest

from ledger.controls.naming import prefix_candidates, prefix_owner
from ledger.statements.acts.prefixes import is_under
from ledger.statements.registers import PrefixRecord

NAMES = [
    "https://mine.example/lot/1",
    "https://mine.example/sites/a/lot#1",
    "urn:epc:class:lgtin:4012345.012345.998",
    "urn:epc:id:sscc:4012345.1234567890",
    "https://id.gs1.org/01/04012345123456/10/A",
    "https://id.gs1.org/00/340123450000000018",
    "https://id.gs1.org/8004/4012345987",
    "https://id.gs1.org/414/4012345000009",
    "urn:other:mine:lot:1",
]
PREFIXES = [
    "https://mine.example/",
    "https://mine.example/sites/a/",
    "https://mine.exam",
    "4012345",
    "4012",
    "0401",
    "3401",
    "urn:epc:class:lgtin:4012345.",
    "urn:epc:id:sgtin:4012345.",
    "urn:other:mine:",
    "urn:other:min",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("prefix", [each for each in PREFIXES if not each.endswith(("exam", "min"))])
def test_the_look_up_agrees_with_the_register(name: str, prefix: str) -> None:
    found = prefix_owner(name, {prefix: PrefixRecord(prefix, "urn:party", 0)})
    assert (found == "urn:party") == is_under(prefix, name)


@pytest.mark.parametrize("name", ["https://mine.example/lot/1", "urn:other:mine:lot:1"])
@pytest.mark.parametrize("prefix", ["https://mine.exam", "urn:other:min", "https://mine.example"])
def test_a_prefix_ends_where_a_part_of_a_name_ends(name: str, prefix: str) -> None:
    assert prefix_owner(name, {prefix: PrefixRecord(prefix, "urn:party", 0)}) is None


def test_the_longest_prefix_comes_first() -> None:
    assert prefix_candidates("https://mine.example/sites/a/1")[0] == "https://mine.example/sites/a/"


@pytest.mark.parametrize(
    ("name", "candidates"),
    [
        ("urn:mine/a/b", ["urn:mine/a/", "urn:mine/", "urn:"]),
        ("urn:mine/a/", ["urn:mine/", "urn:"]),
        ("urn:mine//", ["urn:mine/", "urn:"]),
        ("urn:a\nb", ["urn:"]),
        ("/", []),
        (
            "urn:epc:id:sgtin:40123.1",
            [
                *("urn:epc:id:sgtin:40123.", "urn:epc:id:sgtin:", "urn:epc:id:", "urn:epc:", "urn:"),
                *("4012", "40123"),
            ],
        ),
    ],
)
def test_the_candidates_are_all_that_end_before_the_name_does(name: str, candidates: list[str]) -> None:
    assert list(prefix_candidates(name)) == candidates


@pytest.mark.parametrize("name", ["", "a", "https://id.gs1.org/01/", "urn:epc:id:sgtin:x.1"])
def test_what_is_no_name_lies_under_nothing(name: str) -> None:
    assert prefix_owner(name, {"4012345": PrefixRecord("4012345", "urn:party", 0)}) is None
