"""erase: a private statement's bytes are deleted; its hashes, its entry and its effects stay."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ledger.clock import format_time_us
from ledger.findings import Finding
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import Each, Hash, Integer, Jti, Kid, Members, MemberSchema, OneOf, PartyId
from ledger.statements.acts.grant_read import ScopeSchema, put_grant, scope_members
from ledger.statements.acts.policies import retention_days
from ledger.statements.registers import ErasureRecord, Facts, LoggedStatement, Names, ReaderRecord
from ledger.statements.standing import DAY_US

# An erase, or the confirmation of one, carries what replay needs in place of the bytes.
_NEVER_ERASED = ("erase", "confirm")


class EffectSchema(MemberSchema):
    """One effect of the erased statement, as it was applied."""

    effect = OneOf(("grant-read",), required=True)
    grantee = PartyId(required=True)
    scope = Members(ScopeSchema, required=True)


class EraseSchema(MemberSchema):
    """Which statement, described so fully that nothing else is needed once its bytes are gone."""

    statement = Hash(required=True)
    index = Integer(required=True)
    issuer = PartyId(required=True)
    kid = Kid(required=True)
    jti = Jti(required=True)
    signing_input = Hash(required=True)
    effects = Each(Members(EffectSchema), required=True)


@dataclass(frozen=True)
class Erase(Act):
    """Erases one private statement once its retention has passed."""

    name: ClassVar[str] = "erase"
    schema: ClassVar[type[MemberSchema]] = EraseSchema
    signers: ClassVar[tuple[str, ...]] = ("authority",)
    confirmable: ClassVar[bool] = True

    statement: bytes
    index: int
    issuer: str
    kid: str
    jti: str
    signing_input: bytes
    effects: tuple[Mapping[str, Any], ...]

    @property
    def public(self) -> bool:
        return False

    def names(self) -> Names:
        return Names(statements={self.statement})

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        logged = facts.statements.get(self.statement)
        if logged is None:
            return [
                Finding(
                    "statement.unknown",
                    "the log holds no such statement",
                    "/statement",
                    "Name it by the SHA-256 of its JWS.",
                )
            ]
        return [
            *self._description_faults(logged),
            *self._permission_faults(logged, context, facts),
            *self._effect_faults(logged, facts),
        ]

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        for effect in self.effects:
            if self.index not in facts.grants:
                put_grant(facts, self.index, effect["grantee"], scope_members(effect["scope"]))
        facts.put(ErasureRecord(self.index, context.act_index))
        facts.put(ReaderRecord(context.act_index, self.issuer))
        facts.put(ReaderRecord(context.index, self.issuer))
        logged = facts.statements.get(self.statement)
        if logged is not None:
            facts.statements[self.statement] = replace(logged, erased=True)

    def _description_faults(self, logged: LoggedStatement) -> list[Finding]:
        stated = {
            "index": (self.index, logged.entry_index),
            "issuer": (self.issuer, logged.issuer),
            "kid": (self.kid, logged.kid),
            "jti": (self.jti, logged.jti),
            "signing_input": (self.signing_input, logged.signing_input_hash),
        }
        return [
            Finding(
                "erase.description",
                f"{member} is not that of the statement named",
                f"/{member}",
                "Copy the description from the log.",
            )
            for member, (said, held) in stated.items()
            if said != held
        ]

    def _permission_faults(self, logged: LoggedStatement, context: ActContext, facts: Facts) -> list[Finding]:
        if logged.erased:
            return [
                Finding(
                    "erase.repeated", "the statement was erased before", "/statement", "Nothing is to do."
                )
            ]
        if logged.public:
            return [Finding("erase.public", "a public act is never erased", "/statement", "Leave it.")]
        if logged.act in _NEVER_ERASED:
            return [Finding("erase.act", "an erase act is never erased", "/statement", "Leave it.")]
        due_us = logged.recorded_at_us + retention_days(facts) * DAY_US
        if context.recorded_at_us < due_us:
            return [
                Finding(
                    "erase.too-early",
                    f"the statement is kept until {format_time_us(due_us)}",
                    "/statement",
                    "Erase it then.",
                    {"from": format_time_us(due_us)},
                )
            ]
        return []

    def _effect_faults(self, logged: LoggedStatement, facts: Facts) -> list[Finding]:
        grant = facts.grants.get(logged.entry_index)
        held = [] if grant is None else [(grant.grantee, dict(grant.scope))]
        stated = [(effect["grantee"], scope_members(effect["scope"])) for effect in self.effects]
        if logged.erased or stated == held:
            return []
        return [
            Finding(
                "erase.effects",
                "the effects are not those that the statement had",
                "/effects",
                "State them as applied: none for a record, the grant for a grant-read.",
                {"effects": len(held)},
            )
        ]
