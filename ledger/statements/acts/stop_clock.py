"""stop-clock: the time for a decision on a licence stands still, for something is waited for."""

from dataclasses import dataclass, replace
from typing import ClassVar

from ledger.findings import Finding
from ledger.records.oversight import LicenceRecord
from ledger.statements.acts.base import ActContext
from ledger.statements.acts.fields import MemberSchema
from ledger.statements.acts.licences import ClockSchema, LicenceAct, is_stopped
from ledger.statements.registers import Facts


@dataclass(frozen=True)
class StopClock(LicenceAct):
    """Stops the clock of an application as of this entry; nothing is due until it is started again."""

    name: ClassVar[str] = "stop-clock"
    schema: ClassVar[type[MemberSchema]] = ClockSchema
    from_states: ClassVar[tuple[str, ...]] = ("applied",)

    reason: str

    def change_faults(self, record: LicenceRecord, context: ActContext, facts: Facts) -> list[Finding]:
        if not is_stopped(record):
            return []
        return [Finding("clock.stopped", "the clock stands already", "/licence", "Nothing is to do.")]

    def changed(self, record: LicenceRecord, context: ActContext, facts: Facts) -> LicenceRecord:
        return replace(record, clock=(*record.clock, (context.recorded_at_us, None)), due_us=None)
