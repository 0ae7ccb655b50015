"""cancel-settlement: a payment that was recorded is taken back, by who recorded it."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import ClassVar, Final

from ledger.findings import Finding
from ledger.records.oversight import InvoiceRecord, SettlementRecord
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import Integer, MemberSchema, OneOf
from ledger.statements.acts.members import Code, let_read, party_or_role_faults
from ledger.statements.registers import Facts, Names

REASONS: Final = ("error", "duplicate", "returned")


class CancelSettlementSchema(MemberSchema):
    """Which payment on which invoice, by its entry, and why."""

    invoice = Code(required=True)
    entry = Integer(required=True)
    reason = OneOf(REASONS, required=True)


@dataclass(frozen=True)
class CancelSettlement(Act):
    """Takes back a payment as a whole; what was really paid is recorded anew."""

    name: ClassVar[str] = "cancel-settlement"
    schema: ClassVar[type[MemberSchema]] = CancelSettlementSchema
    signers: ClassVar[tuple[str, ...]] = ("tax",)

    invoice: str
    entry: int
    reason: str

    @property
    def public(self) -> bool:
        return False

    def names(self) -> Names:
        return Names()

    def signer_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        paid = facts.books.get(SettlementRecord, self.invoice, self.entry)
        return party_or_role_faults(self, context, facts, [] if paid is None else [paid.signer], self.signers)

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        paid = facts.books.get(SettlementRecord, self.invoice, self.entry)
        if paid is None:
            detail = f"entry {self.entry} recorded no payment on this invoice"
            return [Finding("settlement.unknown", detail, "/entry", "Name the entry that recorded it.")]
        if paid.cancelled_at is not None:
            detail = f"entry {paid.cancelled_at} took this payment back"
            return [Finding("settlement.cancelled", detail, "/entry", "Nothing is left to be done.")]
        return []

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        invoice = facts.books.get(InvoiceRecord, self.invoice)
        paid = facts.books.get(SettlementRecord, self.invoice, self.entry)
        assert invoice is not None
        assert paid is not None
        settled = Decimal(invoice.settled) - Decimal(paid.amount)
        facts.books.put(replace(invoice, settled=format(settled, "f") if settled else "0"))
        facts.books.put(replace(paid, cancelled_at=context.index, cancelled_us=context.recorded_at_us))
        let_read(facts, context, [invoice.seller, invoice.buyer])
