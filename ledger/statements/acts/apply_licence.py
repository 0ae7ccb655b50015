"""apply-licence: an exporter applies for an export licence, for goods or for technology."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from marshmallow import ValidationError, validates_schema

from ledger.findings import Finding
from ledger.records.oversight import ControlListRecord, LicenceRecord
from ledger.records.versions import standing_or_to_come
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import (
    Each,
    Fault,
    Integer,
    Members,
    MemberSchema,
    OneOf,
    PartyId,
    Text,
    Uri,
)
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


class ScopeSchema(MemberSchema):
    """How many of each form in which a technology is handed over."""

    documents = Integer(least=1)
    data = Integer(least=1)
    training = Integer(least=1)
    services = Integer(least=1)

    @validates_schema
    def _something(self, data: dict[str, Any], **kwargs: Any) -> None:
        if not data:
            raise ValidationError([Fault("schema.value", "there is no number", "Leave the scope out.")])


class ApplyLicenceSchema(MemberSchema):
    """What is to be exported where, to whom, for what.

    Goods have ``items`` and a ``quantity``, their gross mass; technology has ``technologies``, the items'
    codes, and a ``scope`` where so many of each form are meant.
    """

    licence = Uri(required=True)
    exporter = PartyId(required=True)
    kind = OneOf(KINDS, required=True)
    items = Each(Code(), fewest=1, most=100)
    technologies = Each(Code(), fewest=1, most=100)
    scope = Members(ScopeSchema)
    destinations = Each(Country(), fewest=1, most=100, required=True)
    consignees = Each(PartyId(), fewest=1, most=100, required=True)
    end_users = Each(PartyId(), fewest=1, most=100, required=True)
    end_use = Text(required=True)
    quantity = Mass()

    @validates_schema
    def _goods_or_technology(self, data: dict[str, Any], **kwargs: Any) -> None:
        goods, technology = {"items", "quantity"} & set(data), {"technologies", "scope"} & set(data)
        if len(goods) == (0 if "technologies" in data else 2) and (not technology or not goods):
            return
        fault = Fault(
            "licence.subject",
            "a licence is for goods, with items and a quantity, or for technologies, which have no mass",
            "State items and quantity, or technologies and their scope; apply for each.",
        )
        raise ValidationError([fault])

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
    destinations: tuple[str, ...]
    consignees: tuple[str, ...]
    end_users: tuple[str, ...]
    end_use: str
    items: tuple[str, ...] = ()
    quantity: int = 0
    technologies: tuple[str, ...] = ()
    scope: Mapping[str, int] | None = None

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
        findings.extend(self._unlisted(context, facts))
        return findings

    def _unlisted(self, context: ActContext, facts: Facts) -> list[Finding]:
        """The technologies that no list names which stands or is to come."""
        if not self.technologies:
            return []
        versions: dict[str, list[ControlListRecord]] = {}
        for record in facts.books.group(ControlListRecord, "all"):
            versions.setdefault(record.control_list, []).append(record)
        listed = {
            item.get("technology")
            for known in versions.values()
            for record in standing_or_to_come(known, context.recorded_at_us)
            for item in record.items
        }
        return [
            Finding(
                "licence.technology",
                f"no list that stands or is to come names the technology {technology}",
                f"/technologies/{position}",
                "Name the item by its code in a published list; what is on none needs no licence.",
                {"technology": technology},
            )
            for position, technology in enumerate(self.technologies)
            if technology not in listed
        ]

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        record = LicenceRecord(
            licence=self.licence,
            exporter=self.exporter,
            kind=self.kind,
            state="applied",
            items=self.items or self.technologies,
            destinations=self.destinations,
            consignees=self.consignees,
            end_users=self.end_users,
            end_use=self.end_use,
            quantity_mg=self.quantity,
            drawn_mg=0,
            applied_at=context.index,
            applied_us=context.recorded_at_us,
            scope=dict(self.scope or {}),
        )
        record = replace(record, due_us=due_of(record, policy_in_force(facts)))
        facts.books.put(record)
        put_due(facts, record, context)
        let_read(facts, context, [self.exporter, *self.consignees, *self.end_users])
