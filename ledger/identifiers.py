"""Names: origins, UUIDs, URIs, party identifiers and the GS1 keys' check digits.

Decides: the one spelling in which each may be written, and whether its check characters are right. Never
decides whom a name belongs to.

Source: RFC 3986 (URI), RFC 9562 (UUID), GB 32100-2015 (Unified Social Credit Code), ISO 17442 (LEI), GS1
General Specifications section 7.9 (check digits); C2SP signed-note (key names, hence origins).
"""

import ipaddress
import re
from typing import Final

from stdnum import lei
from stdnum.cn import uscc

from ledger.findings import Finding

MAX_IDENTIFIER_CHARACTERS: Final = 1024
UUID4_FORM: Final = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"

_ORIGIN = re.compile(r"[!-*,-~]{1,255}")
_UUID4 = re.compile(UUID4_FORM)

_PLAIN = r"A-Za-z0-9._~!$&'()*+,;=\-"
_URI = re.compile(
    rf"""
    [A-Za-z][A-Za-z0-9+.\-]*:
    (?:
        //
        (?:(?:[{_PLAIN}:]++|%[0-9A-Fa-f]{{2}})*+@)?
        (?:\[(?P<literal>[^\]]*)\]|(?:[{_PLAIN}]++|%[0-9A-Fa-f]{{2}})*+)
        (?::[0-9]*)?
        (?:/(?:[{_PLAIN}:@/]++|%[0-9A-Fa-f]{{2}})*+)?
    |
        (?!//)(?:[{_PLAIN}:@/]++|%[0-9A-Fa-f]{{2}})*+
    )
    (?:\?(?:[{_PLAIN}:@/?]++|%[0-9A-Fa-f]{{2}})*+)?
    (?:\#(?:[{_PLAIN}:@/?]++|%[0-9A-Fa-f]{{2}})*+)?
    """,
    re.VERBOSE,
)
_FUTURE_LITERAL = re.compile(rf"[vV][0-9A-Fa-f]+\.[{_PLAIN}:]+")

_USCC_FORM = re.compile(r"[0-9A-Z]{18}")
_GLN_FORM = re.compile(r"[0-9]{13}")
_LEI_FORM = re.compile(r"[0-9A-Z]{18}[0-9]{2}")
_WEB = re.compile(r"https?:", re.IGNORECASE)
_GLN_STEP = re.compile(r"/41[47]/([0-9]{13})(?![^/?#])")
_GLN_URN_FORM = re.compile(r"urn:epc:id:pgln:(?=[0-9.]{13}$)[0-9]{6,12}\.[0-9]{0,6}")
_DIGITS = re.compile(r"[0-9]+")
_PARTY_MEND = (
    "Name the party by its Unified Social Credit Code, GLN or LEI with right check characters, or a URI."
)


def is_origin(text: str) -> bool:
    """Whether the text may name a log: 1 to 255 bytes of printable ASCII without space and ``+``."""
    return _ORIGIN.fullmatch(text) is not None


def is_uuid4(text: str) -> bool:
    """Whether the text is a UUIDv4 in lower case with hyphens, the one spelling that is read."""
    return _UUID4.fullmatch(text) is not None


def is_uri(text: str) -> bool:
    """Whether the text is a URI with a scheme, by the grammar of RFC 3986 section 3 (no relative reference).

    Args:
        text: Of any length; the time taken grows linearly with it.
    """
    match = _URI.fullmatch(text)
    if match is None:
        return False
    literal: str | None = match["literal"]
    return literal is None or _is_ip_literal(literal)


def gs1_check_digit(body: str) -> str:
    """The check digit that follows ``body`` in a GTIN, SSCC, GLN, GSRN or any other GS1 key that has one.

    Args:
        body: The key's digits before the check digit, at least one.

    Raises:
        ValueError: Anything but ASCII digits.
    """
    if _DIGITS.fullmatch(body) is None:
        raise ValueError("a GS1 key's body is digits")
    weighted = 3 * sum(map(int, body[-1::-2])) + sum(map(int, body[-2::-2]))
    return str(-weighted % 10)


def has_gs1_check_digit(digits: str) -> bool:
    """Whether the last digit is the GS1 check digit of those before it.

    Args:
        digits: A whole key; lengths are the caller's to check. Anything but two or more ASCII digits: False.
    """
    if len(digits) < 2 or _DIGITS.fullmatch(digits) is None:
        return False
    return gs1_check_digit(digits[:-1]) == digits[-1]


def check_party_id(text: str, pointer: str = "") -> list[Finding]:
    """What is wrong with a party's identifier: nothing, or one finding.

    A party is named by its Unified Social Credit Code (18 characters), its GLN (13 digits), its LEI (20
    characters), or any URI of at most 1,024 characters. The check characters of the three codes are verified,
    and those of a GLN in a GS1 Digital Link; an EPC URN of a party GLN has none, only its length.

    Args:
        text: The identifier.
        pointer: Where it stands in the payload.
    """
    fault = _party_fault(text)
    if fault is None:
        return []
    return [Finding("party.identifier", fault, pointer, _PARTY_MEND)]


def _party_fault(text: str) -> str | None:
    if _GLN_FORM.fullmatch(text) is not None:
        return None if has_gs1_check_digit(text) else "the GLN's check digit is wrong"
    if _USCC_FORM.fullmatch(text) is not None:
        return (
            None
            if uscc.is_valid(text)
            else "the Unified Social Credit Code has a wrong check character or form"
        )
    if _LEI_FORM.fullmatch(text) is not None:
        return None if lei.is_valid(text) else "the LEI's check digits are wrong"
    if len(text) > MAX_IDENTIFIER_CHARACTERS:
        return f"the identifier has more than {MAX_IDENTIFIER_CHARACTERS} characters"
    if not is_uri(text):
        return "the identifier is no Unified Social Credit Code, GLN, LEI or URI"
    if _WEB.match(text) is not None and not all(map(has_gs1_check_digit, _GLN_STEP.findall(text))):
        return "the check digit of the GLN in the GS1 Digital Link is wrong"
    if text.lower().startswith("urn:epc:id:pgln:") and _GLN_URN_FORM.fullmatch(text) is None:
        return "a party GLN's URN is in lower case and has 12 digits, 6 to 12 of them before the dot"
    return None


def _is_ip_literal(literal: str) -> bool:
    """RFC 3986 section 3.2.2: IPv6address or IPvFuture."""
    if _FUTURE_LITERAL.fullmatch(literal) is not None:
        return True
    if "%" in literal:
        return False
    try:
        ipaddress.IPv6Address(literal)
    except ValueError:
        return False
    return True
