"""register-invoice: an invoice for rare earths, special or ordinary, tied to the sales that it is for.

Source: STA announcement 2012/17 (special VAT invoices for rare earths).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, ClassVar, Final

from marshmallow import validates_schema

from ledger.findings import Finding
from ledger.records.books import Books
from ledger.records.oversight import PRICED, InvoiceRecord, TallyRecord
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import Each, Members, MemberSchema, OneOf, PartyId, Text, Time
from ledger.statements.acts.members import (
    Code,
    Currency,
    DecimalText,
    Mass,
    ends_after_start,
    let_read,
    party_or_role_faults,
    unknown_parties,
)
from ledger.statements.registers import Facts, Names

KINDS: Final = ("special", "ordinary")


class LineSchema(MemberSchema):
    """One line: the product by its catalogue code, the lot where it is known, gross mass and amount."""

    product = Code(required=True)
    lot = Text(longest=1024)
    mass = Mass(required=True)
    amount = DecimalText(required=True)


class RegisterInvoiceSchema(MemberSchema):
    """The invoice. ``shipments`` are the event ids of the seller's sales; ``amount`` is without tax."""

    invoice = Code(required=True)
    kind = OneOf(KINDS, required=True)
    seller = PartyId(required=True)
    buyer = PartyId(required=True)
    lines = Each(Members(LineSchema), fewest=1, required=True)
    amount = DecimalText(required=True)
    currency = Currency(required=True)
    issued = Time(required=True)
    due = Time()
    shipments = Each(Text(longest=1024), load_default=())

    @validates_schema
    def _due_after_issued(self, data: dict[str, Any], **kwargs: Any) -> None:
        ends_after_start(data, "issued", "due")


@dataclass(frozen=True)
class RegisterInvoice(Act):
    """Registers an invoice, once; whether it fits the sale is for the rules to notice."""

    name: ClassVar[str] = "register-invoice"
    schema: ClassVar[type[MemberSchema]] = RegisterInvoiceSchema
    signers: ClassVar[tuple[str, ...]] = ("tax",)

    invoice: str
    kind: str
    seller: str
    buyer: str
    lines: tuple[Mapping[str, Any], ...]
    amount: str
    currency: str
    issued: int
    shipments: tuple[str, ...] = ()
    due: int | None = None

    @property
    def public(self) -> bool:
        return False

    def names(self) -> Names:
        return Names(parties={self.seller, self.buyer})

    def signer_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        return party_or_role_faults(self, context, facts, [self.seller], self.signers)

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        findings = unknown_parties(facts, {"/seller": self.seller, "/buyer": self.buyer})
        if self.seller == self.buyer:
            findings.append(
                Finding("invoice.self", "seller and buyer are one party", "/buyer", "Name the buyer.")
            )
        known = facts.books.get(InvoiceRecord, self.invoice)
        if known is not None:
            findings.append(
                Finding(
                    "invoice.exists",
                    f"entry {known.entry_index} registered this invoice",
                    "/invoice",
                    "An invoice is registered once; a corrected one has a number of its own.",
                )
            )
        whole = sum((Fraction(line["amount"]) for line in self.lines), Fraction(0))
        if whole != Fraction(self.amount):
            findings.append(
                Finding(
                    "invoice.sum",
                    f"the lines do not sum to {self.amount}",
                    "/amount",
                    "State the sum of the lines, without tax.",
                )
            )
        if self.issued > context.recorded_at_us:
            findings.append(
                Finding("invoice.future", "it was issued in the future", "/issued", "Register it then.")
            )
        return findings

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        lines = tuple(
            {
                "product": line["product"],
                "lot": line.get("lot", ""),
                "mass_mg": line["mass"],
                "amount": line["amount"],
            }
            for line in self.lines
        )
        facts.books.put(
            InvoiceRecord(
                invoice=self.invoice,
                kind=self.kind,
                seller=self.seller,
                buyer=self.buyer,
                lines=lines,
                amount=self.amount,
                currency=self.currency,
                issued_us=self.issued,
                due_us=self.due,
                entry_index=context.index,
                shipments=tuple(f"{self.seller} {shipment}" for shipment in self.shipments),
            )
        )
        _note_priced(facts.books, self.invoice, lines)
        let_read(facts, context, [self.seller, self.buyer])


def _note_priced(books: Books, invoice: str, lines: tuple[Mapping[str, Any], ...]) -> None:
    """Lets the invoices that state a price of a lot be found by the lot."""
    masses: dict[str, int] = {}
    for line in lines:
        if line["lot"]:
            masses[line["lot"]] = masses.get(line["lot"], 0) + line["mass_mg"]
    for lot, mass_mg in masses.items():
        books.put(TallyRecord(PRICED, lot, invoice, {"mass_mg": mass_mg}))
