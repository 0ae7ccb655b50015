"""start-clock: the time for a decision on a licence runs again."""

from dataclasses import dataclass, replace
from typing import ClassVar

from ledger.findings import Finding
from ledger.records.oversight import LicenceRecord
from ledger.statements.acts.base import ActContext
from ledger.statements.acts.fields import MemberSchema
from ledger.statements.acts.licences import LicenceAct, LicenceSchema, due_of, is_stopped
from ledger.statements.acts.members import policy_in_force
from ledger.statements.registers import Facts


@dataclass(frozen=True)
class StartClock(LicenceAct):
    """Starts the clock as of this entry: what was left of the 45 working days is left from here on."""

    name: ClassVar[str] = "start-clock"
    schema: ClassVar[type[MemberSchema]] = LicenceSchema
    from_states: ClassVar[tuple[str, ...]] = ("applied",)

    def change_faults(self, record: LicenceRecord, context: ActContext, facts: Facts) -> list[Finding]:
        if is_stopped(record):
            return []
        return [Finding("clock.running", "the clock was not stopped", "/licence", "Nothing is to do.")]

    def changed(self, record: LicenceRecord, context: ActContext, facts: Facts) -> LicenceRecord:
        stopped, _ = record.clock[-1]
        started = replace(record, clock=(*record.clock[:-1], (stopped, context.recorded_at_us)))
        return replace(started, due_us=due_of(started, policy_in_force(facts)))
