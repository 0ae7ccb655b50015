"""refuse-licence: an authority refuses an application."""

from dataclasses import dataclass, replace
from typing import ClassVar

from ledger.records.oversight import LicenceRecord
from ledger.statements.acts.base import ActContext
from ledger.statements.acts.fields import MemberSchema
from ledger.statements.acts.licences import LicenceAct, RefusalSchema, decided
from ledger.statements.registers import Facts


@dataclass(frozen=True)
class RefuseLicence(LicenceAct):
    """Ends an application; it stays refused."""

    name: ClassVar[str] = "refuse-licence"
    schema: ClassVar[type[MemberSchema]] = RefusalSchema
    from_states: ClassVar[tuple[str, ...]] = ("applied",)

    reason: str

    def changed(self, record: LicenceRecord, context: ActContext, facts: Facts) -> LicenceRecord:
        return replace(decided(record, "refused", context), reason=self.reason)
