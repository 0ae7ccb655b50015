"""suspend-licence: an authority takes a licence out of use for a while."""

from dataclasses import dataclass, replace
from typing import ClassVar

from ledger.records.licence_spans import end_span
from ledger.records.oversight import LicenceRecord
from ledger.statements.acts.base import ActContext
from ledger.statements.acts.fields import MemberSchema
from ledger.statements.acts.licences import LicenceAct, SanctionSchema
from ledger.statements.registers import Facts


@dataclass(frozen=True)
class SuspendLicence(LicenceAct):
    """Suspends a granted licence; grant-licence puts it into force again."""

    name: ClassVar[str] = "suspend-licence"
    schema: ClassVar[type[MemberSchema]] = SanctionSchema
    from_states: ClassVar[tuple[str, ...]] = ("granted",)

    reason: str

    def changed(self, record: LicenceRecord, context: ActContext, facts: Facts) -> LicenceRecord:
        end_span(facts.books, record, context.recorded_at_us, suspends=True)
        return replace(record, state="suspended", reason=self.reason)
