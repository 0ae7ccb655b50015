"""Identifier prefixes: under which names a party may name lots, and that no two parties share one.

Two kinds: a GS1 company prefix, written as its digits, which stands for every GS1 key that holds it; and a
URI prefix, which stands for every URI that begins with it. A URI prefix ends where a part of a name ends, or
``https://a.example`` would also hold ``https://a.example.evil.example/``.

Source: GS1 General Specifications section 1.4 (company prefixes of 4 to 12 digits); EPC Tag Data Standard
section 6 (pure identity URIs).
"""

import re
from collections.abc import Iterable
from typing import Final

from ledger.identifiers import is_uri
from ledger.statements.registers import PrefixRecord

MAX_PREFIX_CHARACTERS: Final = 255

_COMPANY = re.compile(r"[0-9]{4,12}")
# The EPC schemes whose keys begin with a GS1 company prefix.
_SCHEMES = "sgtin|lgtin|sscc|sgln|pgln|grai|giai|gsrn|gsrnp|gdti|cpi|sgcn|ginc|gsin|itip|upui"
_EPC = re.compile(
    rf"urn:epc:(?:id|class|idpat):(?:{_SCHEMES}):(?P<company>[0-9]{{6,12}})\.(?P<rest>(?:[^\s.]+\.)*)"
)
# GS1 Digital Link: the application identifiers of primary keys that begin with a company prefix.
_KEYS = "00|01|253|255|40[12]|41[0-7]|8003|8004|8006|8010|8017|8018"
_LINK = re.compile(rf"https?://[^/?#]+(?:/[^/?#]*)*?/(?P<ai>{_KEYS})/(?P<key>[0-9]{{4,30}})")
_INDICATED = ("00", "01", "8003", "8006")
_WEB = re.compile(r"https?://(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]+)?/(?:\S*[/:=?#&])?")
_OTHER = re.compile(r"[a-z][a-z0-9+.-]*:\S*[A-Za-z0-9]\S*[/:.#?=&]")


def prefix_fault(prefix: str) -> str | None:
    """Why the text may not be bound as a prefix, or None."""
    if len(prefix) > MAX_PREFIX_CHARACTERS:
        return f"a prefix has at most {MAX_PREFIX_CHARACTERS} characters"
    if prefix.isdigit():
        return None if _COMPANY.fullmatch(prefix) else "a GS1 company prefix has 4 to 12 digits"
    if not is_uri(prefix):
        return "a prefix is a GS1 company prefix or the beginning of a URI"
    if prefix.lower().startswith("urn:epc:"):
        return (
            None
            if _EPC.fullmatch(prefix)
            else "an EPC prefix has a whole company prefix and ends in a dot, like urn:epc:id:sgtin:4012345."
        )
    if re.match("https?:", prefix, re.IGNORECASE):
        return _web_fault(prefix)
    if _OTHER.fullmatch(prefix) is None:
        return "a URI prefix has a lower-case scheme, names something, and ends in one of / : . # ? = &"
    return None


def clashing_prefix(prefix: str, party: str, bound: Iterable[PrefixRecord]) -> PrefixRecord | None:
    """Another party's prefix that this one extends, or is extended by; the first by text, or None.

    Args:
        prefix: A prefix without fault.
        party: Whose it is to be.
        bound: Every prefix that is bound.
    """
    clashes = (record for record in bound if record.party != party and _overlap(prefix, record.prefix))
    return min(clashes, key=lambda record: record.prefix, default=None)


def is_under(prefix: str, name: str) -> bool:
    """Whether a name lies under a bound prefix.

    Args:
        prefix: A prefix without fault.
        name: A GS1 Digital Link, an EPC URN or any other URI.
    """
    if not prefix.isdigit():
        return name.startswith(prefix)
    epc = _EPC.match(name)
    if epc is not None:
        return epc["company"].startswith(prefix)
    link = _LINK.match(name)
    if link is None:
        return False
    key = link["key"]
    # GTINs, SSCCs and their like begin with an indicator or extension digit before the company prefix.
    return key[link["ai"] in _INDICATED :].startswith(prefix)


def _web_fault(prefix: str) -> str | None:
    match = _WEB.fullmatch(prefix)
    if match is None:
        return "a web prefix has a lower-case scheme and host, and ends in one of / : = ? # &"
    if match["host"] == "id.gs1.org":
        return "names under id.gs1.org belong to GS1 company prefixes: bind the company prefix's digits"
    if re.search(r"/\.\.?/", prefix):
        return "a web prefix has no dot segments"
    return None


def _overlap(one: str, other: str) -> bool:
    mine, theirs = _company(one), _company(other)
    if mine is not None and theirs is not None:
        if mine[0] == theirs[0]:
            return _extends(mine[1], theirs[1])
        return _extends(mine[0], theirs[0])
    return _extends(one, other)


def _company(prefix: str) -> tuple[str, str] | None:
    """The company prefix and what is below it, of the kinds that have one."""
    if prefix.isdigit():
        return prefix, ""
    match = _EPC.fullmatch(prefix)
    return None if match is None else (match["company"], match["rest"])


def _extends(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)
