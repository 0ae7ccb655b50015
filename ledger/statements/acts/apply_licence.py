"""apply-licence: an exporter applies for an export licence."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from marshmallow import ValidationError, validates_schema

from ledger.findings import Finding
from ledger.records.oversight import LicenceRecord
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import Each, Fault, MemberSchema, OneOf, PartyId, Text, Uri
from ledger.statements.acts.licences import due_of, put_due
from ledger.statements.acts.members import (
    Code,
    Country,
    Mass,
    foreign_name,
    let_read,
    party_or_role_faults,
    policy_in_force,
)
from ledger.statements.registers import Facts, Names

KINDS: Final = ("single", "general")


class ApplyLicenceSchema(MemberSchema):
    """What is to be exported where, to whom, for what. ``quantity`` is gross mass."""

    licence = Uri(required=True)
    exporter = PartyId(required=True)
    kind = OneOf(KINDS, required=True)
    items = Each(Code(), fewest=1, most=100, required=True)
    destinations = Each(Country(), fewest=1, most=100, required=True)
    consignees = Each(PartyId(), fewest=1, most=100, required=True)
    end_users = Each(PartyId(), fewest=1, most=100, required=True)
    end_use = Text(required=True)
    quantity = Mass(required=True)

    @validates_schema
    def _one_end_user(self, data: dict[str, Any], **kwargs: Any) -> None:
        if data["kind"] == "single":
            faults = {
                member: [Fault("licence.single", f"a single licence has one of {member}", "Apply for each.")]
                for member in ("end_users", "destinations")
                if len(data[member]) > 1
            }
            if faults:
                raise ValidationError(faults)


@dataclass(frozen=True)
class ApplyLicence(Act):
    """Begins the life of a licence and the 45 working days for its decision.

    Another item, destination, end user or end use is another application.
    """

    name: ClassVar[str] = "apply-licence"
    schema: ClassVar[type[MemberSchema]] = ApplyLicenceSchema
    signers: ClassVar[tuple[str, ...]] = ("exporter",)

    licence: str
    exporter: str
    kind: str
    items: tuple[str, ...]
    destinations: tuple[str, ...]
    consignees: tuple[str, ...]
    end_users: tuple[str, ...]
    end_use: str
    quantity: int

    @property
    def public(self) -> bool:
        return False

    def names(self) -> Names:
        return Names(parties={self.exporter}, all_prefixes=True)

    def signer_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        return party_or_role_faults(self, context, facts, [self.exporter], ())

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        findings = []
        exporter = facts.parties.get(self.exporter)
        if exporter is None or "exporter" not in exporter.roles:
            findings.append(
                Finding(
                    "licence.exporter",
                    f"{self.exporter} is not admitted as an exporter",
                    "/exporter",
                    "Ask an authority to admit it with this role.",
                )
            )
        known = facts.books.get(LicenceRecord, self.licence)
        if known is not None:
            findings.append(
                Finding(
                    "licence.exists",
                    f"entry {known.applied_at} applied for this licence; it is {known.state}",
                    "/licence",
                    "Apply under a new name: what differs from an application is another one.",
                    {"state": known.state},
                )
            )
        findings.extend(foreign_name(facts, self.exporter, self.licence, "/licence"))
        return findings

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        record = LicenceRecord(
            licence=self.licence,
            exporter=self.exporter,
            kind=self.kind,
            state="applied",
            items=self.items,
            destinations=self.destinations,
            consignees=self.consignees,
            end_users=self.end_users,
            end_use=self.end_use,
            quantity_mg=self.quantity,
            drawn_mg=0,
            applied_at=context.index,
            applied_us=context.recorded_at_us,
        )
        record = replace(record, due_us=due_of(record, policy_in_force(facts)))
        facts.books.put(record)
        put_due(facts, record, context.index)
        let_read(facts, context, [self.exporter, *self.consignees, *self.end_users])
