"""declare-customs: a customs declaration, tied to the export that it is for."""

from dataclasses import dataclass
from typing import ClassVar

from ledger.findings import Finding
from ledger.records.oversight import DeclarationRecord, LicenceRecord
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import Checked, MemberSchema, PartyId, Text, Time, Uri
from ledger.statements.acts.licences import unknown_licence
from ledger.statements.acts.members import (
    Code,
    Country,
    Mass,
    Truth,
    let_read,
    party_or_role_faults,
    unknown_parties,
)
from ledger.statements.registers import Facts, Names


def _is_ten_digits(text: str) -> bool:
    return len(text) == 10 and text.isascii() and text.isdigit()


class DeclareCustomsSchema(MemberSchema):
    """What was declared. ``shipment`` is the export's event id, ``mass`` gross."""

    declaration = Code(required=True)
    declarant = PartyId(required=True)
    shipment = Text(longest=1024, required=True)
    hs_code = Checked(_is_ten_digits, "commodity code of ten digits", required=True)
    controlled = Truth(required=True)
    mass = Mass(required=True)
    destination = Country(required=True)
    licence = Uri()
    declared = Time(required=True)


@dataclass(frozen=True)
class DeclareCustoms(Act):
    """Records a declaration as it was made; whether it fits the goods is for the rules to notice."""

    name: ClassVar[str] = "declare-customs"
    schema: ClassVar[type[MemberSchema]] = DeclareCustomsSchema
    signers: ClassVar[tuple[str, ...]] = ("exporter", "customs")

    declaration: str
    declarant: str
    shipment: str
    hs_code: str
    controlled: bool
    mass: int
    destination: str
    declared: int
    licence: str = ""

    @property
    def public(self) -> bool:
        return False

    def names(self) -> Names:
        return Names(parties={self.declarant})

    def signer_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        return party_or_role_faults(self, context, facts, [self.declarant], ["customs"])

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        findings = unknown_parties(facts, {"/declarant": self.declarant})
        known = facts.books.get(DeclarationRecord, self.declaration)
        if known is not None:
            findings.append(
                Finding(
                    "declaration.exists",
                    f"entry {known.entry_index} recorded this declaration",
                    "/declaration",
                    "A declaration is recorded once; an amended one has a number of its own.",
                )
            )
        if self.licence and facts.books.get(LicenceRecord, self.licence) is None:
            findings.append(unknown_licence())
        if self.declared > context.recorded_at_us:
            findings.append(
                Finding("declaration.future", "it was declared in the future", "/declared", "Record it then.")
            )
        return findings

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        facts.books.put(
            DeclarationRecord(
                declaration=self.declaration,
                declarant=self.declarant,
                shipment=self.shipment,
                hs_code=self.hs_code,
                controlled=self.controlled,
                mass_mg=self.mass,
                destination=self.destination,
                licence=self.licence,
                declared_us=self.declared,
                entry_index=context.index,
            )
        )
        let_read(facts, context, [self.declarant])
