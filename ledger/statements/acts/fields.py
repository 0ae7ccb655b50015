"""Strict members of acts, and how their faults become findings.

Decides: what JSON a member of each kind may be; every fault has a code and a JSON pointer. Never looks at the
registers. marshmallow's own String, Integer and DateTime take too much (numbers as text, NUL, local times).

Codes: ``schema.required``, ``schema.unknown-member``, ``schema.type``, ``schema.value``; members that hold
something with rules of its own (a key, a party's identifier) bring the codes of those rules.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, cast

from marshmallow import Schema, ValidationError, fields

from ledger.clock import LAST_US
from ledger.encoding import b64url_decode
from ledger.findings import Finding
from ledger.identifiers import MAX_IDENTIFIER_CHARACTERS, check_party_id, is_uri, is_uuid4
from ledger.strict_json import JsonNumber, escape_pointer

MAX_INTEGER: Final = 2**53 - 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?P<fraction>\.\d+)?(?:Z|[+-]\d{2}:\d{2})", re.ASCII
)
# C0 and C1 controls, line and paragraph separators, non-characters, and marks that reorder what is read.
_UNFIT = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff]"
)
_KID = re.compile(r"[A-Za-z0-9_-]{43}")


class Fault(str):
    """A marshmallow message with the code and the mend of the finding that it becomes."""

    __slots__ = ("code", "mend")
    code: str
    mend: str

    def __new__(cls, code: str, detail: str, mend: str = "") -> "Fault":
        fault = super().__new__(cls, detail)
        fault.code = code
        fault.mend = mend
        return fault


def refuse(code: str, detail: str, mend: str = "") -> ValidationError:
    """The error that becomes one finding at the member's place."""
    return ValidationError([Fault(code, detail, mend)])


class FoundFaults(ValidationError):
    """Findings of rules that live elsewhere, to be placed under the member."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        nested: dict[Any, Any] = {}
        for finding in findings:
            place = nested
            for token in finding.pointer.split("/")[1:]:
                place = place.setdefault(token.replace("~1", "/").replace("~0", "~"), {})
            place.setdefault("_schema", []).append(Fault(finding.code, finding.detail, finding.mend))
        super().__init__(nested)


class StrictField(fields.Field[Any]):
    """A member whose missing and null have a code."""

    def make_error(self, key: str, **kwargs: Any) -> ValidationError:
        if key == "required":
            return refuse("schema.required", "the member is missing")
        return refuse("schema.type", "null is not allowed here")


class Text(StrictField):
    """A string of 1 to ``longest`` characters, without control characters and outer white space."""

    def __init__(self, *, longest: int = 300, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.longest = longest

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise refuse("schema.type", "a string is needed")
        if not 1 <= len(value) <= self.longest:
            raise refuse(
                "schema.value", f"the string has {len(value)} characters; 1 to {self.longest} may stand"
            )
        if _UNFIT.search(value) is not None:
            raise refuse("schema.value", "the string has a control or non-character")
        if value != value.strip():
            raise refuse("schema.value", "the string begins or ends with white space")
        return self.check(value)

    def check(self, value: str) -> str:
        """The value, once the rules of its kind hold."""
        return value


class PartyId(Text):
    """A party's identifier; see ``ledger.identifiers.check_party_id``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(longest=MAX_IDENTIFIER_CHARACTERS, **kwargs)

    def check(self, value: str) -> str:
        findings = check_party_id(value)
        if findings:
            raise FoundFaults(findings)
        return value


class Uri(Text):
    """A URI with a scheme, of at most 1,024 characters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(longest=MAX_IDENTIFIER_CHARACTERS, **kwargs)

    def check(self, value: str) -> str:
        if not is_uri(value):
            raise refuse("schema.value", "the string is no URI")
        return value


class OneOf(Text):
    """One of a fixed set of strings."""

    def __init__(self, choices: Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choices = tuple(choices)

    def check(self, value: str) -> str:
        if value not in self.choices:
            raise refuse("schema.value", f"{value!r} is not one of {', '.join(self.choices)}")
        return value


class Checked(Text):
    """A string for which ``holds`` is true."""

    def __init__(self, holds: Callable[[str], bool], what: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.holds = holds
        self.what = what

    def check(self, value: str) -> str:
        if not self.holds(value):
            raise refuse("schema.value", f"the string is no {self.what}")
        return value


class Kid(Text):
    """A key's thumbprint: 43 characters of canonical base64url."""

    def check(self, value: str) -> str:
        if _KID.fullmatch(value) is None or _decoded(value) is None:
            raise refuse("schema.value", "the string is no key thumbprint (43 characters of base64url)")
        return value


class Jti(Text):
    """A lower-case UUIDv4."""

    def check(self, value: str) -> str:
        if not is_uuid4(value):
            raise refuse("schema.value", "the string is no lower-case UUIDv4")
        return value


class Hash(StrictField):
    """A 32-byte hash as unpadded base64url; loads as bytes."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bytes:
        if not isinstance(value, str):
            raise refuse("schema.type", "a string is needed")
        raw = _decoded(value)
        if raw is None or len(raw) != 32:
            raise refuse("schema.value", "the string is no unpadded base64url of 32 bytes")
        return raw


class Integer(StrictField):
    """A JSON integer without fraction and exponent, ``least`` <= n <= ``most``."""

    def __init__(self, *, least: int = 0, most: int = MAX_INTEGER, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.least = least
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, JsonNumber):
            if not value.is_integer_text:
                raise refuse("schema.type", f"{value.text} is not written as an integer")
        elif isinstance(value, bool) or not isinstance(value, int):
            raise refuse("schema.type", "an integer is needed")
        number = int(value)
        if not self.least <= number <= self.most or (number == 0 and Decimal(value).is_signed()):
            raise refuse("schema.value", f"the number must lie in {self.least} to {self.most}")
        return number


class Time(StrictField):
    """An RFC 3339 time with a zone, to the microsecond; loads as microseconds since 1970 UTC.

    Source: RFC 3339 section 5.6, upper-case T and Z; no leap second, for it has no place on the scale.
    """

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, str):
            raise refuse("schema.type", "a string with an RFC 3339 time is needed")
        match = _RFC3339.fullmatch(value)
        if match is None:
            raise refuse(
                "schema.value",
                "the string is no RFC 3339 time with a zone",
                "Write it like 2026-11-20T08:00:00+08:00 or 2026-11-20T00:00:00Z.",
            )
        if len(match["fraction"] or "") > 7:
            raise refuse("schema.value", "times are kept to the microsecond: six digits of fraction at most")
        try:
            time_us = (datetime.fromisoformat(value) - _EPOCH) // _MICROSECOND
        except (ValueError, OverflowError):
            raise refuse("schema.value", "there is no such moment") from None
        if not 0 <= time_us <= LAST_US:
            raise refuse("schema.value", "times run from 1970 to 9999, UTC")
        return time_us


class Each(StrictField):
    """An array of ``inner``, ``fewest`` to ``most`` elements, all different; loads as a tuple."""

    def __init__(self, inner: fields.Field[Any], *, fewest: int = 0, most: int = 1000, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = inner
        self.fewest = fewest
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise refuse("schema.type", "an array is needed")
        if not self.fewest <= len(value) <= self.most:
            raise refuse(
                "schema.value", f"the array has {len(value)} elements; {self.fewest} to {self.most} may stand"
            )
        loaded: list[Any] = []
        faults: dict[Any, Any] = {}
        for place, element in enumerate(value):
            try:
                read = self.inner.deserialize(element)
            except ValidationError as error:
                faults[place] = error.messages
                continue
            if read in loaded:
                faults[place] = [Fault("schema.value", "the element stands in the array already")]
            loaded.append(read)
        if faults:
            raise ValidationError(faults)
        return tuple(loaded)


class Members(StrictField):
    """An object whose members a schema names."""

    def __init__(self, schema: type["MemberSchema"], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.schema = schema()

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return self.schema.load(value)


_OBJECT_FAULTS: dict[str, str] = {
    "unknown": Fault(
        "schema.unknown-member",
        "the member is not known here",
        "Leave it out; docs/acts.md lists the members.",
    ),
    "type": Fault("schema.type", "an object is needed"),
}


class MemberSchema(Schema):
    """An object of exactly the named members."""

    error_messages = _OBJECT_FAULTS


def read_members(schema: Schema, value: object) -> tuple[Mapping[str, Any] | None, list[Finding]]:
    """The loaded members, or None and every fault, ordered by place and then by code."""
    try:
        loaded: Mapping[str, Any] = schema.load(cast(Mapping[str, Any], value))
    except ValidationError as error:
        return None, sorted(
            _findings(error.messages, ""), key=lambda finding: (finding.pointer, finding.code)
        )
    return loaded, []


def _findings(messages: Any, pointer: str) -> list[Finding]:
    if isinstance(messages, Mapping):
        return [
            finding
            for name, inner in messages.items()
            for finding in _findings(
                inner, pointer if name == "_schema" else f"{pointer}/{escape_pointer(str(name))}"
            )
        ]
    return [
        Finding(message.code, str(message), pointer, message.mend)
        if isinstance(message, Fault)
        else Finding("schema.value", str(message), pointer)
        for message in messages
    ]


def _decoded(text: str) -> bytes | None:
    try:
        return b64url_decode(text)
    except ValueError:
        return None
