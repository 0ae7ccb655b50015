"""An event's members of the REE namespace, and the findings of reading it.

Decides: under which names the members stand (the prefix is resolved once per event), and how a fault becomes
a finding with its place. Knows no member's meaning.
"""

from collections.abc import Mapping
from typing import Any, Final

from ledger.clock import LAST_US
from ledger.findings import Finding
from ledger.statements.epcis import REE
from ledger.strict_json import escape_pointer

OUT_OF_TIME: Final = "The time lies outside the years 1970 to 9998, UTC."
OUT_OF_TIME_MEND: Final = "Correct the year."

_WHOLE: Final = len(REE)
_YEAR_US: Final = 365 * 24 * 3_600_000_000


class Fault(Exception):
    """A value is wrong; becomes a finding at the place of the member that is being read.

    Attributes:
        code: The finding's code.
        detail, mend: Its sentences.
        place: RFC 6901 pointer from the member's value to what is wrong, or "".
    """

    def __init__(self, code: str, detail: str, mend: str, place: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.mend = mend
        self.place = place


def is_time(time_us: int) -> bool:
    """Whether a moment lies in the years 1970 to 9998, UTC: deadlines and offsets lead beyond it."""
    return 0 <= time_us <= LAST_US - _YEAR_US


class Sheet:
    """One event while it is read.

    Attributes:
        members: The event as sent.
        pointer: Where it stands.
        own: Its members of the REE namespace by local name.
        findings: What is wrong with it so far.
    """

    __slots__ = ("_names", "_prefixes", "findings", "members", "own", "pointer")

    def __init__(self, members: Mapping[str, Any], prefixes: Mapping[str, str], pointer: str) -> None:
        self.members = members
        self.pointer = pointer
        self.findings: list[Finding] = []
        self._prefixes = prefixes
        self._names: dict[str, str] = {}
        self.own: dict[str, Any] = {}
        for name, value in members.items():
            if ":" in name:
                local = self.local(name)
                if local is not None:
                    self.own[local] = value
                    self._names[local] = name

    def local(self, name: str) -> str | None:
        """The name within the REE namespace that a member's name stands for; None where it is another."""
        prefix, colon, rest = name.partition(":")
        if not colon:
            return None
        uri = self._prefixes.get(prefix)
        if uri == REE:
            return rest
        full = name if uri is None else uri + rest
        return full[_WHOLE:] if full.startswith(REE) else None

    def inner(self, name: str) -> str:
        """The local name of a member inside one of ours: bare, or with the prefix as well."""
        return name if ":" not in name else self.local(name) or name

    def place(self, local: str) -> str:
        """The pointer to one of our members, also to one that is missing."""
        return f"{self.pointer}/{escape_pointer(self._names.get(local) or self._likely(local))}"

    def report(self, code: str, detail: str, place: str, mend: str) -> None:
        """Takes note of a finding; ``place`` is relative to the event."""
        self.findings.append(Finding(code, detail, self.pointer + place, mend))

    def report_time(self, time_us: int) -> None:
        """Takes note of an event's time that the books do not have."""
        if not is_time(time_us):
            self.report("movement.time", OUT_OF_TIME, "/eventTime", OUT_OF_TIME_MEND)

    def report_own(self, local: str, fault: Fault) -> None:
        """Takes note of a fault in the value of one of our members."""
        self.findings.append(Finding(fault.code, fault.detail, self.place(local) + fault.place, fault.mend))

    def _likely(self, local: str) -> str:
        for name in self._names.values():
            if name.endswith("movement"):
                return name[: -len("movement")] + local
        return f"ree:{local}"
