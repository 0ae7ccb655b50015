"""delegate: a party lets another one sign for it: a group's filing agent for its subsidiary."""

from dataclasses import dataclass
from typing import Any, ClassVar

from marshmallow import validates_schema

from ledger.findings import Finding
from ledger.records.oversight import DelegationRecord
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import MemberSchema, PartyId, Time
from ledger.statements.acts.members import ends_after_start, let_read, party_or_role_faults, unknown_parties
from ledger.statements.registers import Facts, Names


class DelegateSchema(MemberSchema):
    """Who signs for whom, and for how long: [start, end), open without ``end``."""

    principal = PartyId(required=True)
    agent = PartyId(required=True)
    start = Time(required=True)
    end = Time()

    @validates_schema
    def _ends_after_start(self, data: dict[str, Any], **kwargs: Any) -> None:
        ends_after_start(data)


@dataclass(frozen=True)
class Delegate(Act):
    """Lets the agent sign for the principal; stated again it replaces what was stated before."""

    name: ClassVar[str] = "delegate"
    schema: ClassVar[type[MemberSchema]] = DelegateSchema
    signers: ClassVar[tuple[str, ...]] = ("authority",)

    principal: str
    agent: str
    start: int
    end: int | None = None

    @property
    def public(self) -> bool:
        return False

    def names(self) -> Names:
        return Names(parties={self.principal, self.agent})

    def signer_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        # The principal alone: an agent that could delegate would hand on what was given to it.
        own = [self.principal] if context.issuer == self.principal else []
        return party_or_role_faults(self, context, facts, own, self.signers)

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        findings = unknown_parties(facts, {"/principal": self.principal, "/agent": self.agent})
        if self.agent == self.principal:
            findings.append(
                Finding("delegate.self", "a party signs for itself anyway", "/agent", "Name another party.")
            )
        return findings

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        facts.books.put(DelegationRecord(self.principal, self.agent, self.start, self.end, context.index))
        let_read(facts, context, [self.principal, self.agent])
