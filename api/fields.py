"""Strict fields for parameters and answers, and how OpenAPI describes them.

Decides: the one spelling in which each value may be written in an address. The library's own fields take more
(``Integer`` takes 3.7 and "+3", ``String`` takes NUL); these do not.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from marshmallow import RAISE, Schema, ValidationError, fields

from ledger.encoding import b64url_decode
from ledger.identifiers import is_uuid4

MAX_COUNT: Final = 2**53 - 1

HASH_PATTERN: Final = "^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$"
"""Unpadded base64url of 32 bytes: the last character has only four significant bits."""
DIGEST_PATTERN: Final = "^[0-9a-f]{64}$"
UUID_PATTERN: Final = "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
TIME_PATTERN: Final = r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$"

NAME_PATTERN: Final = r"^[^\x00-\x1f\x7f]{1,1024}$"

_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,1024}")
_COUNT = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_INSTANT = re.compile(r"[12]\d{3}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?(Z|[+-]\d{2}:\d{2})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class StrictSchema(Schema):
    """Unknown members are refused, and said to be refused."""

    # As the library declares it.
    error_messages: dict[str, str] = {"unknown": "is not known here"}  # noqa: RUF012

    class Meta:
        unknown = RAISE


class Count(fields.Integer):
    """A whole number in plain decimal digits, ``minimum`` to ``maximum``."""

    def __init__(
        self, *, minimum: int = 0, maximum: int = MAX_COUNT, meaning: str = "", **kwargs: Any
    ) -> None:
        self.minimum, self.maximum = minimum, maximum
        metadata = {"minimum": minimum, "maximum": maximum, "description": meaning}
        super().__init__(metadata=metadata, strict=True, allow_none=False, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if not isinstance(value, str) or _COUNT.fullmatch(value) is None:
            raise ValidationError("is a whole number in plain decimal digits")
        if not self.minimum <= int(value) <= self.maximum:
            raise ValidationError(f"is a number from {self.minimum} to {self.maximum}")
        return int(value)


class Hash(fields.String):
    """A 32-byte hash as unpadded base64url; loaded as bytes."""

    def __init__(self, *, meaning: str = "", **kwargs: Any) -> None:
        super().__init__(
            metadata={"pattern": HASH_PATTERN, "description": meaning}, allow_none=False, **kwargs
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            raw = b64url_decode(value)
        except (ValueError, AttributeError):
            raise ValidationError("is the unpadded base64url of 32 bytes") from None
        if len(raw) != 32:
            raise ValidationError("is the unpadded base64url of 32 bytes")
        return raw


class Digest(fields.String):
    """A SHA-256 as movements write it: 64 hexadecimal digits in lower case."""

    def __init__(self, *, meaning: str = "", **kwargs: Any) -> None:
        metadata = {"pattern": DIGEST_PATTERN, "description": meaning}
        super().__init__(metadata=metadata, allow_none=False, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or re.fullmatch(DIGEST_PATTERN.strip("^$"), value) is None:
            raise ValidationError("is a SHA-256 in 64 hexadecimal digits, in lower case")
        return value


class Thumbprint(Hash):
    """A key's RFC 7638 thumbprint; loaded as the text it is."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        super()._deserialize(value, attr, data, **kwargs)
        return str(value)


class Uuid(fields.String):
    """A UUIDv4 in lower case."""

    def __init__(self, *, meaning: str = "", **kwargs: Any) -> None:
        super().__init__(
            metadata={"pattern": UUID_PATTERN, "description": meaning}, allow_none=False, **kwargs
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not is_uuid4(value):
            raise ValidationError("is a UUIDv4 in lower case")
        return value


class Name(fields.String):
    """Text of 1 to 1,024 characters that names something; no control characters."""

    def __init__(self, *, meaning: str = "", slashes: bool = False, **kwargs: Any) -> None:
        self.slashes = slashes
        metadata = {"pattern": NAME_PATTERN, "description": meaning}
        super().__init__(metadata=metadata, allow_none=False, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or _NAME.fullmatch(value) is None:
            raise ValidationError("is 1 to 1,024 characters without control characters")
        return value


class OneOf(fields.String):
    """One of a few words."""

    def __init__(self, *words: str, meaning: str = "", **kwargs: Any) -> None:
        self.words = words
        super().__init__(metadata={"enum": list(words), "description": meaning}, allow_none=False, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if value not in self.words:
            raise ValidationError(f"is one of {', '.join(self.words)}")
        return str(value)


class Flag(fields.String):
    """``true`` or ``false`` in an address; loaded as a truth value."""

    def __init__(self, *, meaning: str = "", **kwargs: Any) -> None:
        metadata = {"enum": ["true", "false"], "description": meaning}
        super().__init__(metadata=metadata, allow_none=False, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if value not in ("true", "false"):
            raise ValidationError("is true or false")
        return value == "true"


class Instant(fields.String):
    """A time with its zone (RFC 3339), in an address; loaded as microseconds since 1970."""

    def __init__(self, *, meaning: str = "", **kwargs: Any) -> None:
        super().__init__(metadata={"format": "date-time", "description": meaning}, allow_none=False, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        try:
            moment = datetime.fromisoformat(value) if _INSTANT.fullmatch(value) else None
        except (TypeError, ValueError):
            moment = None
        if moment is None:
            raise ValidationError("is a time with seconds and a zone, such as 2026-11-01T00:00:00Z")
        return (moment - _EPOCH) // timedelta(microseconds=1)


class Text(fields.String):
    """Text in an answer."""

    def __init__(
        self, meaning: str, *, pattern: str | None = None, required: bool = True, **kwargs: Any
    ) -> None:
        metadata = {"description": meaning} | ({} if pattern is None else {"pattern": pattern})
        super().__init__(required=required, metadata=metadata, **kwargs)


class Moment(Text):
    """A time in an answer: UTC with six digits of fraction."""

    def __init__(self, meaning: str, **kwargs: Any) -> None:
        super().__init__(meaning, pattern=TIME_PATTERN, **kwargs)


class Number(fields.Integer):
    """A whole number in an answer."""

    def __init__(self, meaning: str, *, minimum: int = 0, required: bool = True, **kwargs: Any) -> None:
        super().__init__(required=required, metadata={"description": meaning, "minimum": minimum}, **kwargs)


class Truth(fields.Boolean):
    """True or false in an answer."""

    def __init__(self, meaning: str, *, required: bool = True, **kwargs: Any) -> None:
        super().__init__(required=required, metadata={"description": meaning}, **kwargs)


class Object(fields.Dict):
    """A JSON object of any members in an answer."""

    def __init__(self, meaning: str, *, required: bool = True, **kwargs: Any) -> None:
        super().__init__(required=required, metadata={"description": meaning}, **kwargs)


class ListOf(fields.List[Any]):
    """A list in an answer."""

    def __init__(self, inner: Any, meaning: str, *, required: bool = True, **kwargs: Any) -> None:
        super().__init__(inner, required=required, metadata={"description": meaning}, **kwargs)


def first_fault(error: ValidationError) -> tuple[str, str]:
    """The name and the fault of the first parameter that is wrong, by name."""
    messages = error.messages_dict if isinstance(error.messages, Mapping) else {"": error.messages}
    name, faults = min(messages.items(), key=lambda item: str(item[0]))
    return str(name), str(faults[0] if isinstance(faults, list) else faults)
