"""revoke-licence: an authority ends a licence for good."""

from dataclasses import dataclass, replace
from typing import ClassVar

from ledger.records.licence_spans import end_span
from ledger.records.oversight import LicenceRecord
from ledger.statements.acts.base import ActContext
from ledger.statements.acts.fields import MemberSchema
from ledger.statements.acts.licences import LicenceAct, SanctionSchema
from ledger.statements.registers import Facts


@dataclass(frozen=True)
class RevokeLicence(LicenceAct):
    """Revokes a granted or suspended licence; it stays revoked, and what was drawn stays drawn."""

    name: ClassVar[str] = "revoke-licence"
    schema: ClassVar[type[MemberSchema]] = SanctionSchema
    from_states: ClassVar[tuple[str, ...]] = ("granted", "suspended")

    reason: str

    def changed(self, record: LicenceRecord, context: ActContext, facts: Facts) -> LicenceRecord:
        end_span(facts.books, record, context.recorded_at_us, suspends=False)
        return replace(record, state="revoked", reason=self.reason)
