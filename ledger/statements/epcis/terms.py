"""The fields that words, types and contexts stand in: what they may be depends on the prefixes in force.

Decides: whether a text is a word of a vocabulary, a name of a user's own, or neither.

Source: GS1 Core Business Vocabulary 2.0 chapter 7; EPCIS 2.0.1 (vocabularies, JSON binding).
"""

from difflib import get_close_matches
from typing import Any, Final

from ledger.findings import Finding
from ledger.identifiers import is_uri
from ledger.statements.epcis.extensions import content_findings
from ledger.statements.epcis.fields import Leaf, wrong_type
from ledger.statements.epcis.names import shown, uri_finding
from ledger.statements.epcis.scope import Scope, context_findings
from ledger.statements.epcis.words import EPCIS_NAMESPACES, Vocabulary
from ledger.strict_json import JsonNumber

_EVENT_TYPES: Final = (
    "Write ObjectEvent, AggregationEvent, TransactionEvent, TransformationEvent, AssociationEvent, or a type "
    "of your own as prefix:Name."
)


class Term(Leaf):
    """A word of a vocabulary in any published spelling, or a URI of one's own."""

    def __init__(self, vocabulary: Vocabulary, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.vocabulary = vocabulary

    def finding(self, value: Any, scope: Scope) -> Finding | None:
        if type(value) is not str:
            return wrong_type("a text", "Write a word of the vocabulary, or a URI of your own, in quotes.")
        if value in self.vocabulary.spellings:
            return None
        if ":" not in value:
            return self._unknown_word(value)
        uri = scope.value_uri(value)
        if uri is None:
            return _undeclared(value)
        if not is_uri(value):
            return uri_finding(value)
        if uri.lower().startswith(self.vocabulary.namespaces) and not self._is_own_compact_name(value):
            return Finding(
                "epcis.term-invented",
                f"{shown(value)} stands among the names of GS1, which has no such {self.vocabulary.label}.",
                "",
                "Use a term of the vocabulary, or a URI under a domain of your own.",
            )
        return None

    def _unknown_word(self, value: str) -> Finding:
        # Only words that are near at a glance are compared: a document may have thousands of wrong ones.
        near = [
            word
            for word in self.vocabulary.words
            if abs(len(word) - len(value)) < 3 and word[:1].lower() == value[:1].lower()
        ]
        close = get_close_matches(value, near, n=1)
        hint = f"Did you mean {close[0]}? " if close else ""
        return Finding(
            "epcis.word",
            f"{shown(value)} is not a {self.vocabulary.label} of the vocabulary.",
            "",
            f"{hint}Use a word of the vocabulary, or a URI of your own (a declared prefix will do).",
        )

    def _is_own_compact_name(self, value: str) -> bool:
        return self.vocabulary.own_compact_names and value.startswith("cbv:") and "-" not in value


class EventType(Leaf):
    """The type of an event that a user defined: a name under a prefix or domain of its own."""

    def finding(self, value: Any, scope: Scope) -> Finding | None:
        if type(value) is not str:
            return wrong_type("a text", _EVENT_TYPES)
        if ":" not in value:
            return Finding("epcis.event-type", f"{shown(value)} is not an event type.", "", _EVENT_TYPES)
        uri = scope.value_uri(value)
        if uri is None:
            return _undeclared(value)
        if not is_uri(value):
            return uri_finding(value)
        if uri.lower().startswith(EPCIS_NAMESPACES):
            return Finding(
                "epcis.name-reserved",
                f"{shown(value)} claims a name of the standard itself.",
                "",
                f"{_EVENT_TYPES} A standard type is written by its bare name.",
            )
        return None


class Context(Leaf):
    """An ``@context``."""

    def finding(self, value: Any, scope: Scope) -> Finding | None:
        found = context_findings(value, scope)
        return found[0] if found else None

    def findings(self, value: Any, scope: Scope) -> list[Finding]:
        return context_findings(value, scope)


class AttributeValue(Leaf):
    """A master data attribute's value: number, text or object."""

    def finding(self, value: Any, scope: Scope) -> Finding | None:
        found = self.findings(value, scope)
        return found[0] if found else None

    def findings(self, value: Any, scope: Scope) -> list[Finding]:
        if type(value) not in (str, JsonNumber, dict):
            return [wrong_type("a number, a text or an object", "Write one value per attribute.")]
        found: list[Finding] = []
        content_findings(value, scope, "", found.append)
        return found


def _undeclared(value: str) -> Finding:
    return Finding(
        "epcis.prefix-undeclared",
        f"The prefix of {shown(value)} is not declared.",
        "",
        'Declare it in the @context of the document or of the event: {"prefix": "https://..."}.',
    )
