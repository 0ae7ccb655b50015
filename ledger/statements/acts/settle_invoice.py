"""settle-invoice: an invoice was paid, in whole or in part."""

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from ledger.findings import Finding
from ledger.records.oversight import InvoiceRecord, SettlementRecord
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import MemberSchema, Time
from ledger.statements.acts.members import Code, DecimalText, let_read, party_or_role_faults
from ledger.statements.registers import Facts, Names


class SettleInvoiceSchema(MemberSchema):
    """Which invoice, how much of it, in its currency, and when."""

    invoice = Code(required=True)
    amount = DecimalText(least="0.000000001", required=True)
    paid = Time()


@dataclass(frozen=True)
class SettleInvoice(Act):
    """Adds to what was settled of an invoice; never beyond its amount."""

    name: ClassVar[str] = "settle-invoice"
    schema: ClassVar[type[MemberSchema]] = SettleInvoiceSchema
    signers: ClassVar[tuple[str, ...]] = ("tax",)

    invoice: str
    amount: str
    paid: int | None = None

    @property
    def public(self) -> bool:
        return False

    def names(self) -> Names:
        return Names()

    def signer_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        known = facts.books.get(InvoiceRecord, self.invoice)
        sides = [] if known is None else [known.seller, known.buyer]
        return party_or_role_faults(self, context, facts, sides, self.signers)

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        known = facts.books.get(InvoiceRecord, self.invoice)
        if known is None:
            return [
                Finding("invoice.unknown", "no such invoice is registered", "/invoice", "Register it first.")
            ]
        if known.cancelled_at is not None:
            return [cancelled(known)]
        findings = []
        if Fraction(known.settled) + Fraction(self.amount) > Fraction(known.amount):
            findings.append(
                Finding(
                    "invoice.settled",
                    f"{known.settled} of {known.amount} {known.currency} is settled already",
                    "/amount",
                    "State what was paid of the rest.",
                    {"settled": known.settled, "amount": known.amount},
                )
            )
        if self.paid is not None and self.paid > context.recorded_at_us:
            findings.append(
                Finding("invoice.future", "it was paid in the future", "/paid", "Record it then.")
            )
        return findings

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        known = facts.books.get(InvoiceRecord, self.invoice)
        assert known is not None
        settled = format(Decimal(known.settled) + Decimal(self.amount), "f")
        facts.books.put(replace(known, settled=settled))
        paid_us = context.recorded_at_us if self.paid is None else self.paid
        facts.books.put(SettlementRecord(self.invoice, context.index, self.amount, paid_us, context.issuer))
        let_read(facts, context, [known.seller, known.buyer])


def cancelled(known: InvoiceRecord) -> Finding:
    """The finding for an invoice on which nothing is owed any more."""
    return Finding(
        "invoice.cancelled",
        f"entry {known.cancelled_at} cancelled this invoice",
        "/invoice",
        "Name the invoice that was issued in its place.",
    )
