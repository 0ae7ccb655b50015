"""grant-licence: an authority grants an export licence, or puts a suspended one into force again."""

from dataclasses import dataclass, replace
from datetime import MAXYEAR, UTC, datetime, timedelta
from typing import Any, ClassVar, Final

from marshmallow import validates_schema

from ledger.clock import LAST_US, format_time_us
from ledger.findings import Finding
from ledger.records.licence_spans import begin_again
from ledger.records.oversight import LicenceRecord
from ledger.statements.acts.base import ActContext
from ledger.statements.acts.fields import MemberSchema, Time
from ledger.statements.acts.licences import LicenceAct, LicenceSchema, decided
from ledger.statements.acts.members import ends_after_start
from ledger.statements.registers import Facts

LONGEST_YEARS: Final = {"single": 1, "general": 3}
"""Source: dual-use items export regulation (2024)."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class GrantLicenceSchema(LicenceSchema):
    """For how long: [start, end)."""

    start = Time(required=True)
    end = Time(required=True)

    @validates_schema
    def _ends_after_start(self, data: dict[str, Any], **kwargs: Any) -> None:
        ends_after_start(data)


@dataclass(frozen=True)
class GrantLicence(LicenceAct):
    """Grants what was applied for, all of it: what differs is another application."""

    name: ClassVar[str] = "grant-licence"
    schema: ClassVar[type[MemberSchema]] = GrantLicenceSchema
    from_states: ClassVar[tuple[str, ...]] = ("applied", "suspended")

    start: int
    end: int

    def change_faults(self, record: LicenceRecord, context: ActContext, facts: Facts) -> list[Finding]:
        longest = LONGEST_YEARS[record.kind]
        if self.end > _years_later(self.start, longest):
            return [
                Finding(
                    "licence.validity",
                    f"a {record.kind} licence is valid for {longest} year{'s' * (longest != 1)} at most",
                    "/end",
                    "State an earlier end.",
                    {"years": longest},
                )
            ]
        if record.valid_to_us is not None and self.end > record.valid_to_us:
            return [
                Finding(
                    "licence.validity",
                    f"the licence was granted until {format_time_us(record.valid_to_us)}; a suspension does "
                    "not prolong it",
                    "/end",
                    "State that end or an earlier one; for a longer time a new application is needed.",
                )
            ]
        return []

    def changed(self, record: LicenceRecord, context: ActContext, facts: Facts) -> LicenceRecord:
        begin_again(facts.books, record, self.start, context.recorded_at_us)
        granted = decided(record, "granted", context)
        return replace(granted, valid_from_us=self.start, valid_to_us=self.end, reason="")


def _years_later(time_us: int, years: int) -> int:
    """The same day and time so many years later, in UTC; 1 March for a leap day that the year has not.

    After the last year that there is: its last moment.
    """
    moment = _EPOCH + timedelta(microseconds=time_us)
    if moment.year + years > MAXYEAR:
        return LAST_US
    if moment.month == 2 and moment.day == 29:
        moment += timedelta(days=1)
    later = moment.replace(year=moment.year + years)
    return (later - _EPOCH) // timedelta(microseconds=1)
