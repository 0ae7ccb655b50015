"""Names of things: EPC URIs and GS1 Digital Links, with their lengths and check digits.

Decides: whether a URI that claims to carry a GS1 key carries a possible one. Any other URI is just a name.

Source: GS1 EPC Tag Data Standard (pure identity URIs, patterns); GS1 Digital Link (URI syntax); GS1 General
Specifications section 7.9 (check digits).
"""

import re
from functools import lru_cache
from typing import Final

from ledger.findings import Finding
from ledger.identifiers import gs1_check_digit, has_gs1_check_digit, is_uri

MAX_URI_CHARACTERS: Final = 2048

_EPC: Final = re.compile(r"urn:epc:(id|class|idpat):([a-z]+):(.+)", re.IGNORECASE)

#: Of the keys whose EPC URI begins with company prefix and reference: how many digits these have together,
#: and how many parts the URI has, dots between them.
_EPC_FORMS: Final = {
    "sgtin": (13, 3),
    "lgtin": (13, 3),
    "upui": (13, 3),
    "itip": (13, 5),
    "sscc": (17, 2),
    "gsrn": (17, 2),
    "gsrnp": (17, 2),
    "gsin": (16, 2),
    "sgln": (12, 3),
    "pgln": (12, 2),
    "grai": (12, 3),
    "gdti": (12, 3),
    "sgcn": (12, 3),
}
_DIGITS: Final = re.compile(r"[0-9]+")

#: The primary keys of a Digital Link that have a check digit: their application identifier, and their length
#: up to that digit.
_LINK_KEYS: Final = {
    "00": 18,
    "01": 14,
    "253": 13,
    "255": 13,
    "402": 17,
    "414": 13,
    "417": 13,
    "8003": 14,
    "8006": 14,
    "8017": 18,
    "8018": 18,
}
_LINK: Final = re.compile(
    rf"https?://(?P<host>[^/?#]*)(?:/[^?#]*?)?/(?P<ai>{'|'.join(_LINK_KEYS)})/(?P<value>[^/?#]*)",
    re.IGNORECASE,
)
_GS1_HOST: Final = re.compile(r"id\.gs1\.[a-z.]+", re.IGNORECASE)


def uri_finding(text: object) -> Finding | None:
    """What is wrong with a value that must be a URI, or None."""
    if type(text) is not str:
        return Finding("epcis.type", "This must be a text that is a URI.", "", "Write a URI in quotes.")
    if len(text) > MAX_URI_CHARACTERS or not is_uri(text):
        return Finding(
            "epcis.uri",
            f"{shown(text)} is not a URI.",
            "",
            f"Write a whole URI (RFC 3986) of at most {MAX_URI_CHARACTERS} characters; spaces and other "
            "characters outside its alphabet are percent-encoded.",
        )
    return None


def name_finding(text: object) -> Finding | None:
    """What is wrong with a value that names a thing, a class, a place or a party, or None."""
    if type(text) is str and len(text) <= _REMEMBERED_CHARACTERS:
        return _remembered_name_finding(text)
    return _name_finding(text)


def _name_finding(text: object) -> Finding | None:
    fault = uri_finding(text)
    if fault is not None or not isinstance(text, str):
        return fault
    scheme = text[:4].lower()
    if scheme == "urn:":
        return _epc_finding(text)
    if scheme == "http":
        return _link_finding(text)
    return None


#: The same parties, places and lots are named over and over; long names are not worth the memory.
_REMEMBERED_CHARACTERS: Final = 200
_remembered_name_finding = lru_cache(maxsize=8192)(_name_finding)


def _epc_finding(text: str) -> Finding | None:
    match = _EPC.fullmatch(text)
    if match is None:
        return None
    form, scheme, rest = match[1].lower(), match[2].lower(), match[3]
    if scheme not in _EPC_FORMS:
        return None
    digits, expected = _EPC_FORMS[scheme]
    prefix, _, others = rest.partition(".")
    reference, *serial = others.split(".", expected - 2)
    if form == "idpat" and "*" in (prefix, reference):
        return None
    if len(serial) != expected - 2 or not all(serial):
        return _epc_fault(text, f"one of {scheme} has {expected} parts with dots between them")
    if _DIGITS.fullmatch(prefix + reference) is None or not 6 <= len(prefix) <= 12:
        return _epc_fault(text, "its company prefix has 6 to 12 digits and its reference is digits")
    if len(prefix) + len(reference) != digits:
        return _epc_fault(text, f"company prefix and reference together have {digits} digits")
    return None


def _epc_fault(text: str, rule: str) -> Finding:
    return Finding(
        "epcis.epc",
        f"{shown(text)} is not an EPC URI: {rule}.",
        "",
        "Write the EPC URI as the EPC Tag Data Standard has it, or name the thing by another URI.",
    )


def _link_finding(text: str) -> Finding | None:
    match = _LINK.match(text)
    if match is None:
        return None
    identifier = match["ai"]
    length = _LINK_KEYS[identifier]
    key = match["value"][:length]
    is_key = len(key) == length and _DIGITS.fullmatch(key) is not None
    # Away from GS1's own hosts a path may look like a Digital Link by chance, and returnable assets (8003),
    # which are never material, are named carelessly.
    if _GS1_HOST.fullmatch(match["host"]) is None and (not is_key or identifier == "8003"):
        return None
    if not is_key:
        detail = f"{shown(text)} is not a GS1 Digital Link: ({identifier}) begins with {length} digits."
        return Finding("epcis.check-digit", detail, "", "Write the whole key, padded with zeros on the left.")
    if has_gs1_check_digit(key):
        return None
    detail = f"{shown(text)}: the check digit of ({identifier}) {key} is wrong."
    mend = f"The digits would end in {gs1_check_digit(key[:-1])}; copy the number again from its label."
    return Finding("epcis.check-digit", detail, "", mend)


def shown(text: str) -> str:
    """The text as it may stand in a sentence: short, and without control characters."""
    clipped = text if len(text) <= 80 else text[:77] + "..."
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in clipped
    )
