"""revoke-key: a key signs nothing any more; what it signed before stays, and may be marked as suspect."""

from dataclasses import dataclass, replace
from typing import ClassVar

from ledger.findings import Finding
from ledger.statements.acts.base import Act, ActContext, confirmations
from ledger.statements.acts.fields import Integer, Kid, MemberSchema, OneOf
from ledger.statements.registers import Facts, KeyRecord, Names
from ledger.statements.standing import authority_fault

REASONS = ("superseded", "retired", "lost", "compromised")


class RevokeKeySchema(MemberSchema):
    """Which key, and from which entry on it is suspect."""

    kid = Kid(required=True)
    reason = OneOf(REASONS, required=True)
    suspect_from = Integer()


@dataclass(frozen=True)
class RevokeKey(Act):
    """Revokes a key: by an authority, or by its own party. Again only to put ``suspect_from`` earlier."""

    name: ClassVar[str] = "revoke-key"
    schema: ClassVar[type[MemberSchema]] = RevokeKeySchema
    signers: ClassVar[tuple[str, ...]] = ("authority",)

    kid: str
    reason: str
    suspect_from: int | None = None

    @property
    def public(self) -> bool:
        return True

    def names(self) -> Names:
        return Names(kids={self.kid}, authority_keys=True)

    def signer_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        """A party may always take its own key out of use, listed or not."""
        key = facts.keys.get(self.kid)
        if key is not None and key.party == context.issuer:
            return []
        return super().signer_faults(context, facts)

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        key = facts.keys.get(self.kid)
        if key is None:
            return [Finding("key.not-enrolled", "no such key was enrolled", "/kid", "Check the thumbprint.")]
        findings = []
        if self.suspect_from is not None and self.suspect_from > context.index:
            findings.append(
                Finding(
                    "key.suspect-from",
                    f"suspect_from is the index of an entry, at most {context.index}",
                    "/suspect_from",
                    "Name the first entry that is to be looked at.",
                )
            )
        if key.revoked_at is not None and not self._looks_further_back(key):
            findings.append(
                Finding(
                    "key.already-revoked",
                    f"the key was revoked by entry {key.revoked_at}",
                    "/kid",
                    "Revoke it again only with a suspect_from before the one on record.",
                    {"revoked_at": key.revoked_at, "suspect_from": key.suspect_from},
                )
            )
        fault = authority_fault(
            facts,
            context.recorded_at_us,
            needed=2 if confirmations(facts) else 1,
            keys={self.kid: self._revoked(key, context)},
            pointer="/kid",
        )
        return findings if fault is None else [*findings, fault]

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        facts.put(self._revoked(facts.keys[self.kid], context))

    def _looks_further_back(self, key: KeyRecord) -> bool:
        if self.suspect_from is None:
            return False
        return key.suspect_from is None or self.suspect_from < key.suspect_from

    def _revoked(self, key: KeyRecord, context: ActContext) -> KeyRecord:
        return replace(
            key,
            revoked_at=context.index if key.revoked_at is None else key.revoked_at,
            suspect_from=key.suspect_from if self.suspect_from is None else self.suspect_from,
        )
