"""Prefixes: what an ``@context`` declares, and what a compact name then stands for.

Decides: which prefixes are in force in a document or an event, and the full name behind a member's name.
Remote contexts are never fetched: prefixes that only they declare are undeclared here.

Source: JSON-LD 1.1 sections 4.1 (contexts) and 4.1.5 (compact IRIs); the EPCIS 2.0.1 JSON-LD context.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Final, TypeAlias

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

#: Schemes that names are full of; as a prefix each would change what those names mean.
_SCHEMES: Final = frozenset({"http", "https", "urn"})

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

#: More is nobody's document; reading it would cost more than it says.
MAX_CONTEXTS: Final = 64
MAX_PREFIXES: Final = 256

#: A party writes one context in all its documents; long ones are not worth the memory.
_REMEMBERED_PARTS: Final = 8
_REMEMBERED_CHARACTERS: Final = 200
_Form: TypeAlias = tuple[str | tuple[tuple[str, str], ...], ...]

_CONTEXT_MEND: Final = (
    'Write @context as the address of the EPCIS context, or a list of it and objects such as {"ree": "'
    + REE
    + '"}.'
)


@dataclass(frozen=True, slots=True)
class Scope:
    """The prefixes in force at one place.

    Attributes:
        prefixes: Prefix to the URI that it stands for.
    """

    prefixes: Mapping[str, str] = field(default_factory=lambda: STANDARD_PREFIXES)

    def extended(self, context: JsonValue) -> "Scope":
        """The scope inside an object with this ``@context``; what is wrong in the context adds nothing."""
        if self.prefixes is STANDARD_PREFIXES and (form := _form(context)) is not None:
            return _remembered(form)[0]
        return self._extended(context)

    def _extended(self, context: JsonValue) -> "Scope":
        declared = {prefix: uri for prefix, uri, _ in _declarations(context) if isinstance(uri, str)}
        return Scope({**self.prefixes, **declared}) if declared else self

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


def context_findings(context: JsonValue, scope: Scope) -> list[Finding]:
    """What is wrong with an ``@context``, each with a pointer relative to it.

    Args:
        context: The member's value.
        scope: The prefixes in force inside it, its own included.
    """
    form = _form(context)
    if form is not None:
        usual, faultless = _remembered(form)
        if faultless and usual is scope:
            return []
    return _findings(context, scope)


def _form(context: JsonValue) -> _Form | None:
    """A short context of texts alone as something that can be remembered; None for any other."""
    if type(context) is not list or len(context) > _REMEMBERED_PARTS:
        return None
    form: list[str | tuple[tuple[str, str], ...]] = []
    for part in context:
        if type(part) is str and len(part) <= _REMEMBERED_CHARACTERS:
            form.append(part)
        elif type(part) is dict and len(part) <= _REMEMBERED_PARTS:
            members: list[tuple[str, str]] = []
            for name, uri in part.items():
                if type(uri) is not str or len(name) + len(uri) > _REMEMBERED_CHARACTERS:
                    return None
                members.append((name, uri))
            form.append(tuple(members))
        else:
            return None
    return tuple(form)


@lru_cache(maxsize=512)
def _remembered(form: _Form) -> tuple[Scope, bool]:
    """The scope that such a context makes of the standard one, and whether it is without fault."""
    context: list[JsonValue] = [part if isinstance(part, str) else dict(part) for part in form]
    scope = Scope()._extended(context)
    return scope, not _findings(context, scope)


def _findings(context: JsonValue, scope: Scope) -> list[Finding]:
    if not isinstance(context, list):
        fault = _part_finding(context, "")
        found = [] if fault is None else [fault]
    else:
        found = list(_list_findings(context))
    declarations = list(_declarations(context))
    if len(declarations) >= MAX_PREFIXES:
        found.append(
            Finding(
                "epcis.context",
                f"The context declares {MAX_PREFIXES} prefixes or more.",
                "",
                "Declare only the prefixes that the document uses.",
            )
        )
    for prefix, uri, pointer in declarations:
        fault = _declaration_finding(prefix, uri, scope, pointer)
        if fault is not None:
            found.append(fault)
    return found


def _list_findings(parts: list[JsonValue]) -> Iterator[Finding]:
    if len(parts) > MAX_CONTEXTS:
        detail = f"The list has {len(parts)} contexts; at most {MAX_CONTEXTS} are read."
        yield Finding("epcis.context", detail, "", "Declare several prefixes in one object.")
        return
    for position, part in enumerate(parts):
        fault = _part_finding(part, f"/{position}")
        if fault is not None:
            yield fault
        if part in parts[:position]:
            detail = "This part of the context stands here twice."
            yield Finding("epcis.duplicate", detail, f"/{position}", "Name each context once.")


def _part_finding(part: JsonValue, pointer: str) -> Finding | None:
    if isinstance(part, dict) or (isinstance(part, str) and is_uri(part)):
        return None
    detail = "A context is a URI or an object that declares prefixes."
    return Finding("epcis.context", detail, pointer, _CONTEXT_MEND)


def _declarations(context: JsonValue) -> Iterator[tuple[str, JsonValue, str]]:
    """Every (prefix, URI, pointer) in a context, in order, up to the limits; keywords are passed over."""
    if isinstance(context, list):
        places = [(part, f"/{position}") for position, part in enumerate(context[:MAX_CONTEXTS])]
    else:
        places = [(context, "")]
    left = MAX_PREFIXES
    for part, base in places:
        if isinstance(part, dict):
            for name, definition in islice(part.items(), left):
                left -= 1
                if not name.startswith("@"):
                    uri = definition.get("@id") if isinstance(definition, dict) else definition
                    yield name, uri, f"{base}/{escape_pointer(name)}"


def _declaration_finding(prefix: str, uri: JsonValue, scope: Scope, pointer: str) -> Finding | None:
    if not isinstance(uri, str) or not is_uri(uri):
        return Finding(
            "epcis.context",
            f"The prefix {prefix} is declared as something that is not a URI.",
            pointer,
            'Declare a prefix as {"prefix": "https://example.org/names/"}.',
        )
    head, _, tail = uri.partition(":")
    if head in scope.prefixes and not tail.startswith("//"):
        return Finding(
            "epcis.context",
            f"The prefix {prefix} is declared by way of the prefix {head}.",
            pointer,
            "Declare it by its whole URI.",
        )
    if prefix in _SCHEMES or (prefix in _PROTECTED and uri.lower() not in _PROTECTED[prefix]):
        return Finding(
            "epcis.prefix-protected",
            f"The prefix {prefix} has a meaning already and is declared as something else.",
            pointer,
            "Choose another prefix for your own names.",
        )
    return None
