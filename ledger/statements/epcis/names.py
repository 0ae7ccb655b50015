"""Names of things: EPC URIs and GS1 Digital Links, with their lengths and check digits.

Decides: whether a URI that claims to carry a GS1 key carries a possible one. Any other URI is just a name.

Source: GS1 EPC Tag Data Standard 2.0 section 6 (EPC URI) and 8 (patterns); GS1 Digital Link 1.1 section 3
(URI syntax); GS1 General Specifications section 7.9 (check digits).
"""

import re
from typing import Final

from ledger.findings import Finding
from ledger.identifiers import gs1_check_digit, gs1_key_fault, is_uri

MAX_URI_CHARACTERS: Final = 2048

_EPC: Final = re.compile(r"urn:epc:(id|class|idpat):([a-z]+):(.+)", re.IGNORECASE)

#: Digits of company prefix and reference together, for the keys whose EPC URI begins with these two parts.
_EPC_DIGITS: Final = {
    "sgtin": 13,
    "lgtin": 13,
    "itip": 13,
    "upui": 13,
    "sscc": 17,
    "gsrn": 17,
    "gsrnp": 17,
    "gsin": 16,
    "sgln": 12,
    "pgln": 12,
    "grai": 12,
    "gdti": 12,
    "sgcn": 12,
}
#: How many parts an EPC URI of a key has, dots between them.
_EPC_PARTS: Final = {
    "sgtin": 3,
    "lgtin": 3,
    "upui": 3,
    "itip": 5,
    "sscc": 2,
    "gsrn": 2,
    "gsrnp": 2,
    "gsin": 2,
    "sgln": 3,
    "pgln": 2,
    "grai": 3,
    "gdti": 3,
    "sgcn": 3,
}
_DIGITS: Final = re.compile(r"[0-9]+")

#: The primary keys of a Digital Link that end in a check digit, and their value in the path.
_LINK: Final = re.compile(
    r"https?://(?P<host>[^/?#]*)(?:/[^?#]*?)?/(?P<ai>00|01|253|255|402|414|417|8003|8006|8017|8018)/"
    r"(?P<value>[0-9][^/?#]*)",
    re.IGNORECASE,
)
_GS1_HOST: Final = re.compile(r"id\.gs1\.[a-z.]+", re.IGNORECASE)
_LINK_DIGITS: Final = {
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


def uri_finding(text: object) -> Finding | None:
    """What is wrong with a value that must be a URI, or None."""
    if type(text) is not str:
        return Finding("epcis.type", "This must be a text that is a URI.", "", "Write a URI in quotes.")
    if not is_uri(text) or len(text) > MAX_URI_CHARACTERS:
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
    fault = uri_finding(text)
    if fault is not None or not isinstance(text, str):
        return fault
    if text.startswith("urn:") or text[:4].lower() == "urn:":
        return _epc_finding(text)
    if text[:4].lower() == "http":
        return _link_finding(text)
    return None


def _epc_finding(text: str) -> Finding | None:
    match = _EPC.fullmatch(text)
    if match is None:
        return None
    form, scheme, rest = match[1].lower(), match[2].lower(), match[3]
    digits = _EPC_DIGITS.get(scheme)
    if digits is None:
        return None
    parts = rest.split(".", _EPC_PARTS[scheme] - 1)
    prefix, reference = parts[0], parts[1] if len(parts) > 1 else ""
    if form == "idpat" and "*" in (prefix, reference):
        return None
    expected = _EPC_PARTS[scheme]
    if len(parts) != expected or (not all(parts) and scheme != "pgln" and scheme != "sgln"):
        return _epc_fault(text, f"an EPC URI of {scheme} has {expected} parts with dots between them")
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
    identifier, value = match["ai"], match["value"]
    at_gs1 = _GS1_HOST.fullmatch(match["host"]) is not None
    length = _LINK_DIGITS[identifier]
    if not at_gs1 and (
        # Elsewhere a path may look like a Digital Link by chance. A GRAI names an asset, no material.
        identifier == "8003" or len(value) < length or _DIGITS.fullmatch(value[:length]) is None
    ):
        return None
    fault = gs1_key_fault(identifier, value)
    if fault is None:
        return None
    key = value[:length]
    mend = "Copy the number again from its label."
    if len(key) == length and _DIGITS.fullmatch(key) is not None:
        mend = f"The digits would end in {gs1_check_digit(key[:-1])}; copy the number again from its label."
    return Finding("epcis.check-digit", f"{shown(text)}: {fault}.", "", mend)


def shown(text: str) -> str:
    """The text as it may stand in a sentence: short, and without control characters."""
    clipped = text if len(text) <= 80 else text[:77] + "..."
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in clipped
    )
