"""A finding: one thing wrong (or worth a look) in one statement, with its place and its mend."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_MOST: Final = 2**53 - 1
"""The largest integer that every reader of JSON reads exactly."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check says about one place of one statement.

    Attributes:
        code: Stable dotted name, for example ``schema.required`` or ``key.expired``.
        detail: What is wrong, in a sentence for the person who made the statement.
        pointer: RFC 6901 JSON pointer into the payload; "" is the whole payload.
        mend: How to put it right.
        evidence: Figures and names behind it, JSON-compatible.
    """

    code: str
    detail: str
    pointer: str = ""
    mend: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The finding as a JSON-compatible object with fixed members (evidence only where there is some).

        Integers beyond 2^53 - 1, which no canonical JSON holds, stand in the evidence as decimal text.
        """
        members: dict[str, Any] = {
            "code": self.code,
            "detail": self.detail,
            "pointer": self.pointer,
            "mend": self.mend,
        }
        if self.evidence:
            members["evidence"] = _exact(self.evidence)
        return members


def _exact(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _exact(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [_exact(each) for each in value]
    if isinstance(value, int) and abs(value) > _MOST:
        return str(value)
    return value
