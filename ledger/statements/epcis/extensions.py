"""Members that the standard leaves to its users: ``prefix:name`` beside the standard ones.

Decides: which names may stand there, and that prefixes are declared however deep they stand. What an
extension means is for those who own its prefix.

Source: EPCIS 2.0.1 (extension points of the JSON binding); JSON-LD 1.1 section 4.1.5 (compact IRIs).
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from ledger.findings import Finding
from ledger.identifiers import is_uri
from ledger.statements.epcis.names import shown
from ledger.statements.epcis.scope import Scope
from ledger.statements.epcis.words import CBV_NAMESPACES, EPCIS_NAMESPACES
from ledger.strict_json import escape_pointer

#: The CBV's own names for master data attributes are meant to be used as members of ilmd.
_MASTER_DATA: Final = "urn:epcglobal:cbv:mda:"
_RESERVED: Final = (*EPCIS_NAMESPACES, *CBV_NAMESPACES)
#: A pointer that would be longer stops at the object that holds the place: a user's names may fill the whole
#: payload, and every finding below a long one would repeat it.
MAX_POINTER_CHARACTERS: Final = 512
_PREFIX_MEND: Final = (
    'Declare the prefix in the @context of the document or of the event: {"prefix": "https://..."}.'
)


def extension_findings(
    members: Mapping[str, Any], known: frozenset[str], scope: Scope, *, extensible: bool
) -> list[Finding]:
    """What is wrong with the members of an object that are not the standard's.

    Args:
        members: The object.
        known: The names that the standard gives to such an object.
        scope: The prefixes in force.
        extensible: Whether the standard lets users add members here.
    """
    found: list[Finding] = []
    names: dict[str, str] = {}
    for name, content in members.items():
        if name in known:
            continue
        pointer = _below("", name)
        fault = _name_finding(name, scope, pointer) if extensible else _unknown(name, pointer)
        uri = scope.member_uri(name) or name
        if fault is not None:
            found.append(fault)
        elif uri in names:
            found.append(
                Finding(
                    "epcis.duplicate",
                    f"{shown(name)} and {shown(names[uri])} are two spellings of one name.",
                    pointer,
                    "Give the member once.",
                )
            )
        names[uri] = name
        content_findings(content, scope, pointer, found.append)
    return found


def content_findings(content: Any, scope: Scope, pointer: str, report: Callable[[Finding], None]) -> None:
    """Reports what is wrong inside an extension: undeclared prefixes, a context of its own, NUL."""
    kind = type(content)
    if kind is str:
        if "\0" in content:
            report(_nul(pointer))
    elif kind is dict:
        for name, child in content.items():
            place = _below(pointer, name)
            if name == "@context":
                report(
                    Finding(
                        "epcis.context",
                        "A context stands inside an extension.",
                        place,
                        "Declare prefixes in the @context of the document or of the event.",
                    )
                )
                continue
            if "\0" in name:
                report(_nul(place))
            elif ":" in name and scope.value_uri(name) is None:
                report(_undeclared(name, place))
            content_findings(child, scope, place, report)
    elif kind is list:
        for position, child in enumerate(content):
            content_findings(child, scope, _below(pointer, str(position)), report)


def _below(pointer: str, token: str) -> str:
    """The pointer to a member, or the one given where that would be too long."""
    if len(pointer) + len(token) >= MAX_POINTER_CHARACTERS:
        return pointer
    place = f"{pointer}/{escape_pointer(token)}"
    return place if len(place) <= MAX_POINTER_CHARACTERS else pointer


def _name_finding(name: str, scope: Scope, pointer: str) -> Finding | None:
    if ":" not in name:
        return _unknown(name, pointer)
    uri = scope.member_uri(name)
    if uri is None:
        return _undeclared(name, pointer)
    if not _is_member_name(name):
        return Finding(
            "epcis.uri",
            f"The member name {shown(name)} is neither prefix:name nor a URI.",
            pointer,
            "Begin a prefix with a letter, go on with letters, digits, '+', '-' and '.', and use no spaces.",
        )
    lowered = uri.lower()
    if lowered.startswith(_RESERVED) and not lowered.startswith(_MASTER_DATA):
        return Finding(
            "epcis.name-reserved",
            f"The member {shown(name)} claims a name of the standard itself.",
            pointer,
            "Write a standard member by its bare name; put your own under a prefix of your own.",
        )
    return None


@lru_cache(maxsize=1024)
def _is_member_name(name: str) -> bool:
    return is_uri(name)


def _unknown(name: str, pointer: str) -> Finding:
    return Finding(
        "epcis.member-unknown",
        f"The standard has no member {shown(name)} here.",
        pointer,
        "Correct its name, or give it a declared prefix of your own where extensions may stand.",
    )


def _undeclared(name: str, pointer: str) -> Finding:
    prefix = name.partition(":")[0]
    return Finding(
        "epcis.prefix-undeclared", f"The prefix {shown(prefix)} is not declared.", pointer, _PREFIX_MEND
    )


def _nul(pointer: str) -> Finding:
    return Finding("epcis.text", "The text has a NUL character.", pointer, "Leave the NUL character out.")
