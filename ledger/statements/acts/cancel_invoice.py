"""cancel-invoice: an invoice is taken back; what was paid of it is owed back."""

from dataclasses import dataclass, replace
from typing import ClassVar, Final

from ledger.findings import Finding
from ledger.records.oversight import InvoiceRecord
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import MemberSchema, OneOf
from ledger.statements.acts.members import Code, let_read, party_or_role_faults
from ledger.statements.acts.settle_invoice import cancelled
from ledger.statements.registers import Facts, Names

REASONS: Final = ("returned", "replaced", "price", "error")


class CancelInvoiceSchema(MemberSchema):
    """Which invoice, and why."""

    invoice = Code(required=True)
    reason = OneOf(REASONS, required=True)


@dataclass(frozen=True)
class CancelInvoice(Act):
    """Ends an invoice as a whole; its number is never used again."""

    name: ClassVar[str] = "cancel-invoice"
    schema: ClassVar[type[MemberSchema]] = CancelInvoiceSchema
    signers: ClassVar[tuple[str, ...]] = ("tax",)

    invoice: str
    reason: str

    @property
    def public(self) -> bool:
        return False

    def names(self) -> Names:
        return Names()

    def signer_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        known = facts.books.get(InvoiceRecord, self.invoice)
        return party_or_role_faults(
            self, context, facts, [] if known is None else [known.seller], self.signers
        )

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        known = facts.books.get(InvoiceRecord, self.invoice)
        if known is None:
            return [
                Finding("invoice.unknown", "no such invoice is registered", "/invoice", "Correct its number.")
            ]
        return [] if known.cancelled_at is None else [cancelled(known)]

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        known = facts.books.get(InvoiceRecord, self.invoice)
        assert known is not None
        facts.books.put(
            replace(
                known,
                cancelled_at=context.index,
                cancelled_us=context.recorded_at_us,
                cancel_reason=self.reason,
            )
        )
        let_read(facts, context, [known.seller, known.buyer])
