"""enrol-key: a party gets a signing key."""

from dataclasses import dataclass
from typing import ClassVar

from ledger.clock import format_time_us
from ledger.findings import Finding
from ledger.statements.acts.base import Act, ActContext, confirmations
from ledger.statements.acts.enrolments import KeySchema
from ledger.statements.acts.fields import MemberSchema, PartyId
from ledger.statements.envelope import check_proof_of_possession
from ledger.statements.jwk import PublicKey
from ledger.statements.registers import Facts, KeyRecord, Names
from ledger.statements.standing import AUTHORITY, party_fault


class EnrolKeySchema(KeySchema):
    """A party's new key."""

    party = PartyId(required=True)


@dataclass(frozen=True)
class EnrolKey(Act):
    """Enrols a key: by an authority, or by the party itself with a key that it has (rotation)."""

    name: ClassVar[str] = "enrol-key"
    schema: ClassVar[type[MemberSchema]] = EnrolKeySchema
    signers: ClassVar[tuple[str, ...]] = ("authority",)
    confirmable: ClassVar[bool] = True

    party: str
    jwk: PublicKey
    proof_of_possession: str
    not_before: int | None = None
    not_after: int | None = None

    @property
    def public(self) -> bool:
        return True

    def names(self) -> Names:
        return Names(parties={self.party}, kids={self.jwk.kid})

    def needs_confirmation(self, context: ActContext, facts: Facts) -> bool:
        """One authority alone could otherwise be the second too: with a key of its own for another one."""
        party = facts.parties[self.party]
        return bool(confirmations(facts)) and self.party != context.issuer and AUTHORITY in party.roles

    def signer_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        if context.issuer != self.party:
            return super().signer_faults(context, facts)
        fault = party_fault(facts.parties.get(self.party), context.recorded_at_us, "/party")
        return [] if fault is None else [fault]

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        findings = []
        if self.party not in facts.parties:
            findings.append(
                Finding("party.unknown", "the party was never admitted", "/party", "Admit it first.")
            )
        known = facts.keys.get(self.jwk.kid)
        if known is not None:
            findings.append(
                Finding(
                    "key.enrolled",
                    f"entry {known.enrolled_at} enrolled the key; a key is enrolled once, for one party",
                    "/jwk",
                    "Make a new key.",
                    {"kid": known.kid},
                )
            )
        findings.extend(
            check_proof_of_possession(
                self.proof_of_possession, self.jwk, context.origin, self.party, "/proof_of_possession"
            )
        )
        start_us = self._not_before(context)
        if self.not_after is not None and self.not_after <= max(start_us, context.recorded_at_us):
            findings.append(
                Finding(
                    "key.window",
                    f"the key would never be valid: it would end at {format_time_us(self.not_after)}",
                    "/not_after",
                    "State an end after not_before and after now, or none.",
                )
            )
        return findings

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        facts.put(self.record(context))

    def record(self, context: ActContext) -> KeyRecord:
        """What the register will hold."""
        return KeyRecord(
            kid=self.jwk.kid,
            party=self.party,
            jwk=self.jwk.jwk,
            not_before_us=self._not_before(context),
            not_after_us=self.not_after,
            enrolled_at=context.index,
        )

    def _not_before(self, context: ActContext) -> int:
        return context.recorded_at_us if self.not_before is None else self.not_before
