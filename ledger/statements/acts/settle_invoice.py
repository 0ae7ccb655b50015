"""settle-invoice: an invoice was paid, in whole or in part."""

from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import ClassVar

from ledger.findings import Finding
from ledger.records.oversight import InvoiceRecord
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import MemberSchema
from ledger.statements.acts.members import Code, DecimalText, let_read, party_or_role_faults
from ledger.statements.registers import Facts, Names


class SettleInvoiceSchema(MemberSchema):
    """Which invoice, and how much of it, in its currency."""

    invoice = Code(required=True)
    amount = DecimalText(least="0.000000001", required=True)


@dataclass(frozen=True)
class SettleInvoice(Act):
    """Adds to what was settled of an invoice; never beyond its amount."""

    name: ClassVar[str] = "settle-invoice"
    schema: ClassVar[type[MemberSchema]] = SettleInvoiceSchema
    signers: ClassVar[tuple[str, ...]] = ("tax",)

    invoice: str
    amount: str

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
        if Fraction(known.settled) + Fraction(self.amount) > Fraction(known.amount):
            return [
                Finding(
                    "invoice.settled",
                    f"{known.settled} of {known.amount} {known.currency} is settled already",
                    "/amount",
                    "State what was paid of the rest.",
                    {"settled": known.settled, "amount": known.amount},
                )
            ]
        return []

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        known = facts.books.get(InvoiceRecord, self.invoice)
        assert known is not None
        settled = format(Decimal(known.settled) + Decimal(self.amount), "f")
        facts.books.put(replace(known, settled=settled))
        let_read(facts, context, [known.seller, known.buyer])
