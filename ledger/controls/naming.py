"""Under whose prefix a name lies.

Decides: which bound prefixes could hold a name. They are looked up one by one in the register, so that a
name is judged without going through every party's prefixes.

Source: GS1 General Specifications section 1.4 (company prefixes), GS1 Digital Link URI Syntax section 3;
EPC Tag Data Standard section 6 (pure identity and class URIs).
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from ledger.statements.registers import PrefixRecord

_EPC: Final = re.compile(r"urn:epc:(?:id|class|idpat):[a-z]+:([0-9]{4,12})\.")
_DIGITAL_LINK: Final = re.compile(
    r"https?://[^?#]*?/(00|01|253|255|40[12]|41[0-7]|8003|8004|8006|8010|8017|8018)/([0-9]{4,})"
)
_INDICATED: Final = ("00", "01", "8003", "8006")
"""Keys with one digit before the company prefix: extension, indicator or filler digit."""
_ENDS: Final = "/:.#?=&"
_STEM: Final = re.compile(rf".*[{_ENDS}](?=.)", re.DOTALL)
_DIGITS: Final = range(4, 13)


def prefix_candidates(name: str) -> Sequence[str]:
    """Every prefix that would hold the name, longest URI first, then company prefixes from the shortest."""
    stem = _STEM.match(name)
    held = () if stem is None else _prefixes_of(stem[0])
    digits = _company_digits(name)
    if not digits:
        return held
    return [*held, *(digits[:length] for length in _DIGITS if length <= len(digits))]


def prefix_owner(name: str, prefixes: Mapping[str, PrefixRecord]) -> str | None:
    """The party whose prefix holds the name, or None where nobody's does.

    Args:
        name: A lot's, unit's or pool's URI.
        prefixes: At least those of ``prefix_candidates`` that are bound.
    """
    for candidate in prefix_candidates(name):
        record = prefixes.get(candidate)
        if record is not None:
            return record.party
    return None


@lru_cache(maxsize=4096)
def _prefixes_of(stem: str) -> tuple[str, ...]:
    """The prefixes of a name up to the last character at which one may end, longest first."""
    return tuple(stem[:end] for end in range(len(stem), 0, -1) if stem[end - 1] in _ENDS)


def _company_digits(name: str) -> str:
    urn = _EPC.match(name)
    if urn is not None:
        return urn[1]
    link = _DIGITAL_LINK.match(name)
    if link is None:
        return ""
    return link[2][1:] if link[1] in _INDICATED else link[2]
