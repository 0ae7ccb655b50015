"""Parties in events: EPCIS names a party by a URI, the registers may name it by a code.

Decides: which URI stands for a party whose identifier is a Unified Social Credit Code, an LEI or a GLN. Any
other URI is the identifier itself.
"""

import re
from typing import Final

PARTY_URI: Final = "https://w3id.org/reledger/party/"
"""What stands before such a code; an opaque name, not an address."""

_CODE: Final = re.compile(r"[0-9A-Z]{13,20}")


def party_uri(party: str) -> str:
    """The URI by which an event names a party.

    Args:
        party: The identifier under which it was admitted.
    """
    return f"{PARTY_URI}{party}" if _CODE.fullmatch(party) is not None else party


def party_of(uri: str) -> str:
    """The identifier of the party that a URI names; of a code, the code."""
    if uri.startswith(PARTY_URI):
        code = uri[len(PARTY_URI) :]
        if _CODE.fullmatch(code) is not None:
            return code
    return uri
