"""Prefixes: what an ``@context`` declares, and what a compact name then stands for.

Decides: which prefixes are in force in a document or an event, and the full name behind a member's name.
Remote contexts are never fetched: prefixes that only they declare are undeclared here.

Source: JSON-LD 1.1 sections 4.1 (contexts) and 4.1.5 (compact IRIs); EPCIS 2.0.1 section 10.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from ledger.findings import Finding
from ledger.identifiers import is_uri
from ledger.statements.epcis.words import CBV_NAMESPACES, EPCIS_NAMESPACES, GS1_NAMESPACES
from ledger.strict_json import JsonValue, escape_pointer

#: Our own extensions; an opaque name, not an address.
REE: Final = "https://w3id.org/reledger/ree#"

#: What the EPCIS 2.0.1 context itself declares.
STANDARD_PREFIXES: Final[Mapping[str, str]] = {
    "cbv": "https://ref.gs1.org/cbv/",
    "cbvmda": "urn:epcglobal:cbv:mda:",
    "dcterms": "http://purl.org/dc/terms/",
    "epcis": "https://ref.gs1.org/epcis/",
    "gs1": "https://gs1.org/voc/",
    "owl": "http://www.w3.org/2002/07/owl#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
#: Prefixes that the EPCIS context protects and whose meaning our checks rest on.
_PROTECTED: Final = {"cbv": CBV_NAMESPACES, "epcis": EPCIS_NAMESPACES, "gs1": GS1_NAMESPACES}

#: URI schemes (IANA registry) under which a name may stand without a declared prefix.
_NAMING_SCHEMES: Final = frozenset(
    [
        "ark",
        "cid",
        "data",
        "did",
        "doi",
        "dtn",
        "example",
        "geo",
        "http",
        "https",
        "info",
        "ipfs",
        "ipns",
        "mid",
        "ni",
        "nih",
        "swh",
        "tag",
        "urn",
    ]
)
#: Of these, the ones that a member's name may use in full.
_MEMBER_SCHEMES: Final = frozenset({"http", "https", "urn", "tag", "did", "info"})

_CONTEXT_MEND: Final = (
    'Write @context as the address of the EPCIS context, or a list of it and objects such as {"ree": "'
    + REE
    + '"}.'
)


class Scope:
    """The prefixes in force at one place.

    Attributes:
        prefixes: Prefix to the URI that it stands for.
    """

    __slots__ = ("prefixes",)

    def __init__(self, prefixes: Mapping[str, str] = STANDARD_PREFIXES) -> None:
        self.prefixes = prefixes

    def extended(self, context: JsonValue) -> "Scope":
        """The scope inside an object with this ``@context``; what is wrong in the context adds nothing."""
        declared = {prefix: uri for prefix, uri, _ in _declarations(context) if isinstance(uri, str)}
        if not declared:
            return self
        prefixes = {**self.prefixes, **declared}
        for prefix, uri in declared.items():
            head, colon, tail = uri.partition(":")
            if colon and head in declared and not tail.startswith("//") and head != prefix:
                prefixes[prefix] = declared[head] + tail
        return Scope(prefixes)

    def expand(self, name: str) -> str | None:
        """The full name behind ``prefix:rest``, or None where the prefix is not declared."""
        prefix, colon, rest = name.partition(":")
        if not colon or rest.startswith("//"):
            return None
        uri = self.prefixes.get(prefix)
        return None if uri is None else uri + rest

    def member_uri(self, name: str) -> str | None:
        """The full name of an extension member, or None where its name is neither compact nor a URI."""
        prefix, colon, rest = name.partition(":")
        if not colon or not rest:
            return None
        uri = self.prefixes.get(prefix)
        if uri is not None and not rest.startswith("//"):
            return uri + rest
        return name if prefix.lower() in _MEMBER_SCHEMES else None

    def value_uri(self, text: str) -> str | None:
        """The full name that a term's text stands for, or None where its prefix is not declared."""
        prefix, colon, rest = text.partition(":")
        if not colon:
            return None
        uri = self.prefixes.get(prefix)
        if uri is not None and not rest.startswith("//"):
            return uri + rest
        return text if prefix.lower() in _NAMING_SCHEMES else None


def context_findings(context: JsonValue) -> list[Finding]:
    """What is wrong with an ``@context``, each with a pointer relative to it."""
    if isinstance(context, str):
        return [] if is_uri(context) else [_not_a_context("")]
    if isinstance(context, dict):
        return _object_findings(context, "")
    if not isinstance(context, list):
        return [_not_a_context("")]
    found: list[Finding] = []
    for position, part in enumerate(context):
        if isinstance(part, dict):
            found.extend(_object_findings(part, f"/{position}"))
        elif not isinstance(part, str) or not is_uri(part):
            found.append(_not_a_context(f"/{position}"))
        if part in context[:position]:
            found.append(
                Finding(
                    "epcis.duplicate",
                    "This part of the context stands here twice.",
                    f"/{position}",
                    "Name each context once.",
                )
            )
    return found


def _not_a_context(pointer: str) -> Finding:
    return Finding(
        "epcis.context", "A context is a URI or an object that declares prefixes.", pointer, _CONTEXT_MEND
    )


def _declarations(context: JsonValue) -> Iterator[tuple[str, JsonValue, str]]:
    """Every (prefix, URI, pointer) in a context, in order; keywords are passed over."""
    parts = context if isinstance(context, list) else [context]
    for position, part in enumerate(parts):
        if isinstance(part, dict):
            base = f"/{position}" if isinstance(context, list) else ""
            for name, definition in part.items():
                if not name.startswith("@"):
                    yield name, _identifier(definition), f"{base}/{escape_pointer(name)}"


def _identifier(definition: JsonValue) -> JsonValue:
    """The URI of a term definition, simple or expanded (JSON-LD 1.1 section 4.1)."""
    return definition.get("@id") if isinstance(definition, dict) else definition


def _object_findings(part: dict[str, JsonValue], base: str) -> list[Finding]:
    found = []
    for prefix, uri, pointer in _declarations(part):
        if not isinstance(uri, str) or not is_uri(uri):
            found.append(
                Finding(
                    "epcis.context",
                    f"The prefix {prefix} is declared as something that is not a URI.",
                    base + pointer,
                    f'Declare it as {{"{prefix}": "https://example.org/names/"}}.',
                )
            )
        elif prefix in _PROTECTED and uri.lower() not in _PROTECTED[prefix]:
            found.append(
                Finding(
                    "epcis.prefix-protected",
                    f"The prefix {prefix} belongs to the standard and is declared as something else.",
                    base + pointer,
                    "Choose another prefix for your own names.",
                )
            )
    return found
