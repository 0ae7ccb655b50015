"""A finding: one thing wrong (or worth a look) in one statement, with its place and its mend."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


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
        """The finding as a JSON-compatible object with fixed members (evidence only where there is some)."""
        members: dict[str, Any] = {
            "code": self.code,
            "detail": self.detail,
            "pointer": self.pointer,
            "mend": self.mend,
        }
        if self.evidence:
            members["evidence"] = dict(self.evidence)
        return members
