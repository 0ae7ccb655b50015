"""set-policy: which rules hold from this entry on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ledger.findings import Finding
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import Members, MemberSchema
from ledger.statements.acts.policies import PolicySchema, policy_members
from ledger.statements.registers import Facts, Names, PolicyRecord
from ledger.statements.standing import lasting_authorities


class SetPolicySchema(MemberSchema):
    """The whole policy; what is left out takes its default."""

    policy = Members(PolicySchema, required=True)


@dataclass(frozen=True)
class SetPolicy(Act):
    """Puts a policy in force, in place of the one before."""

    name: ClassVar[str] = "set-policy"
    schema: ClassVar[type[MemberSchema]] = SetPolicySchema
    signers: ClassVar[tuple[str, ...]] = ("authority",)
    confirmable: ClassVar[bool] = True

    policy: Mapping[str, Any]

    @property
    def public(self) -> bool:
        return True

    def names(self) -> Names:
        return Names(authority_keys=True)

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        if not self.policy["confirmations"]:
            return []
        authorities = lasting_authorities(facts.parties, facts.keys, context.recorded_at_us)
        if len(authorities) >= 2:
            return []
        return [
            Finding(
                "policy.second-authority",
                "no second authority has a key that is valid for 30 days more: nobody could confirm",
                "/policy/confirmations",
                "Admit a second authority and enrol its key first; three are safer: one may lose its key.",
                {"authorities": len(authorities)},
            )
        ]

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        facts.put(PolicyRecord(context.index, policy_members(dict(self.policy))))
