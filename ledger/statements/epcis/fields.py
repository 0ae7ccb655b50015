"""The fields of EPCIS objects: marshmallow fields that take exactly one JSON type and never convert.

Decides: what one value may be. ``finding`` says what is wrong with it; marshmallow's deserialisation and the
compiled validators (``compiled.py``) both ask it, so there is one definition.

Source: EPCIS 2.0.1, data definition layer; XML Schema 1.1 part 2 section 3.4.28 (dateTimeStamp); RFC 3339.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from typing import Any, Final, NoReturn

from marshmallow import ValidationError, fields

from ledger.findings import Finding
from ledger.statements.epcis.names import name_finding, shown
from ledger.statements.epcis.scope import Scope
from ledger.strict_json import JsonNumber

_SCOPE: ContextVar[Scope] = ContextVar("epcis_scope")
_PLAIN_SCOPE: Final = Scope()


@contextmanager
def scoped(scope: Scope) -> Iterator[None]:
    """Within it, marshmallow validation resolves prefixes by this scope."""
    token = _SCOPE.set(scope)
    try:
        yield
    finally:
        _SCOPE.reset(token)


def current_scope() -> Scope:
    """The scope set by ``scoped``; the standard prefixes outside any."""
    return _SCOPE.get(_PLAIN_SCOPE)


class Strict(fields.Field[Any]):
    """What all our fields share: faults are findings, and null is a value of the wrong type."""

    def make_error(self, key: str, **kwargs: Any) -> ValidationError:
        if key == "required":
            name = self.data_key or self.name
            return ValidationError(
                [Finding("epcis.required", f"The member {name} is missing.", "", f"Add {name}.")]
            )
        return ValidationError(
            [
                Finding(
                    "epcis.type",
                    "This value has the wrong JSON type.",
                    "",
                    "Leave the member out, or give it a value of its type; null is none.",
                )
            ]
        )


class Leaf(Strict, ABC):
    """A value without members of its own."""

    @abstractmethod
    def finding(self, value: Any, scope: Scope) -> Finding | None:
        """The first thing that is wrong with the value, with a pointer relative to it; or None."""

    def findings(self, value: Any, scope: Scope) -> list[Finding]:
        """Everything that is wrong with the value."""
        found = self.finding(value, scope)
        return [] if found is None else [found]

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        found = self.findings(value, current_scope())
        if found:
            raise ValidationError(found)
        return value


class Text(Leaf):
    """Any text without NUL."""

    def finding(self, value: Any, scope: Scope) -> Finding | None:
        if type(value) is not str:
            return wrong_type("a text", "Write it in quotes.")
        if "\0" in value:
            return Finding("epcis.text", "The text has a NUL character.", "", "Leave the NUL character out.")
        return None


class Uri(Leaf):
    """Any URI; a GS1 key in it is verified."""

    def finding(self, value: Any, scope: Scope) -> Finding | None:
        return name_finding(value)


class UriOrList(Leaf):
    """One URI, or a list of them."""

    def finding(self, value: Any, scope: Scope) -> Finding | None:
        found = self.findings(value, scope)
        return found[0] if found else None

    def findings(self, value: Any, scope: Scope) -> list[Finding]:
        if type(value) is not list:
            fault = name_finding(value)
            return [] if fault is None else [fault]
        return [
            Finding(fault.code, fault.detail, f"/{position}", fault.mend)
            for position, item in enumerate(value)
            if (fault := name_finding(item)) is not None
        ]


class Number(Leaf):
    """A JSON number, kept as the exact decimal that was written."""

    def __init__(self, *, negative: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.negative = negative

    def finding(self, value: Any, scope: Scope) -> Finding | None:
        if type(value) is not JsonNumber:
            return wrong_type("a number", "Write the number without quotes.")
        if not self.negative and value < 0:
            return Finding(
                "epcis.quantity-negative",
                f"The quantity {value.text} is negative.",
                "",
                "Give the quantity as counted or measured; action and bizStep tell what happened to it.",
            )
        return None


class Flag(Leaf):
    """true or false."""

    def finding(self, value: Any, scope: Scope) -> Finding | None:
        if type(value) is not bool:
            return wrong_type("true or false", "Write true or false without quotes.")
        return None


class Form(Leaf):
    """A text of one regular form."""

    def __init__(self, pattern: str, *, code: str, form: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pattern = re.compile(pattern, re.ASCII)
        self.code = code
        self.form = form

    def finding(self, value: Any, scope: Scope) -> Finding | None:
        if type(value) is not str:
            return wrong_type("a text", "Write it in quotes.")
        if self.pattern.fullmatch(value) is None:
            return Finding(self.code, f"{shown(value)} is not {self.form}.", "", f"Write {self.form}.")
        return None


class Choice(Leaf):
    """One of a few fixed texts."""

    def __init__(self, *choices: str, code: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choices = frozenset(choices)
        self.code = code
        self.mend = f"Write {' or '.join(choices)}."

    def finding(self, value: Any, scope: Scope) -> Finding | None:
        if type(value) is str and value in self.choices:
            return None
        if type(value) is not str:
            return wrong_type("a text", self.mend)
        return Finding(self.code, f"{shown(value)} is not possible here.", "", self.mend)


class Moment(Leaf):
    """A date and time with its zone: xsd:dateTimeStamp within RFC 3339."""

    FORM: Final = re.compile(
        r"(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,30})?"
        r"(?P<zone>Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))?",
        re.ASCII,
    )

    def finding(self, value: Any, scope: Scope) -> Finding | None:
        if type(value) is not str:
            return wrong_type(
                "a date and time", "Write it in quotes, for example 2026-11-20T08:00:00.000+08:00."
            )
        match = self.FORM.fullmatch(value)
        if match is None or not _is_date(match[1]):
            return Finding(
                "epcis.time",
                f"{shown(value)} is not a date and time.",
                "",
                "Write a date that exists, T, the time and its zone: 2026-11-20T08:00:00.000+08:00.",
            )
        if match["zone"] is None:
            return Finding(
                "epcis.time-zone",
                f"{shown(value)} has no time zone, so it names no moment.",
                "",
                "End it with Z or with its offset from UTC, for example +08:00.",
            )
        return None


class Part(fields.Nested, Strict):
    """An object with a schema of its own."""


class Listed(fields.List[Any], Strict):
    """An array of values of one kind.

    Args:
        inner: The field of each item.
        least: How many items there must be.
        most: How many items there may be, or None.
        unique: Whether an item may stand only once.
    """

    def __init__(
        self,
        inner: fields.Field[Any],
        *,
        least: int = 0,
        most: int | None = None,
        unique: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(inner, **kwargs)
        self.least = least
        self.most = most
        self.unique = unique

    def own_findings(self, value: Any) -> list[Finding]:
        """What is wrong with the array as such, its items apart."""
        if type(value) is not list:
            return [wrong_type("an array", "Write [ ... ], also for a single item.")]
        found = []
        if len(value) < self.least:
            found.append(
                Finding(
                    "epcis.empty", "The array is empty.", "", "Name at least one, or leave the member out."
                )
            )
        if self.most is not None and len(value) > self.most:
            found.append(
                Finding(
                    "epcis.too-many",
                    f"The array has {len(value)} items; at most {self.most} are taken.",
                    "",
                    "Split the document into several.",
                )
            )
        if self.unique:
            found.extend(_repetitions(value))
        return found

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        found = self.own_findings(value)
        if type(value) is not list or (self.most is not None and len(value) > self.most):
            raise ValidationError(found)
        try:
            super()._deserialize(value, attr, data, **kwargs)
        except ValidationError as error:
            if not found:
                raise
            _raise_both(found, error)
        if found:
            raise ValidationError(found)
        return value


def _raise_both(found: list[Finding], error: ValidationError) -> NoReturn:
    messages = error.messages
    if isinstance(messages, dict):
        raise ValidationError({**messages, "_schema": found}) from error
    raise ValidationError([*found, *messages]) from error


def _repetitions(items: list[Any]) -> Iterator[Finding]:
    seen: set[str] = set()
    for position, item in enumerate(items):
        if type(item) is not str:
            continue
        if item in seen:
            detail = f"{shown(item)} stands in the list twice."
            yield Finding("epcis.duplicate", detail, f"/{position}", "Name each once.")
        seen.add(item)


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def wrong_type(wanted: str, mend: str) -> Finding:
    """The finding for a value of another JSON type than the one wanted."""
    return Finding("epcis.type", f"This must be {wanted}.", "", mend)
