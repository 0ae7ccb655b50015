"""What policy may say. A later member comes with the rules that read it, under a name documented here."""

from typing import Any, Final

from marshmallow import ValidationError, validates_schema

from ledger.statements.acts.fields import Each, Fault, Integer, MemberSchema, OneOf
from ledger.statements.registers import Facts

# Versions of the rules that this program can judge by; an old one stays for as long as a log holds it.
RULE_SETS: Final = (1,)
RETENTION_DAYS: Final = 1826
MAX_RETENTION_DAYS: Final = 36_525
# Without these two one authority alone could have the others too: by another policy, or by a second self.
CONFIRMATION_CORE: Final = frozenset({"admit-party", "set-policy"})
CONFIRMABLE: Final = ("admit-party", "erase", "set-policy")


class PolicySchema(MemberSchema):
    """The policy in force from an entry on."""

    rule_set = Integer(least=1, required=True)
    retention_days = Integer(most=MAX_RETENTION_DAYS, load_default=RETENTION_DAYS)
    confirmations = Each(OneOf(CONFIRMABLE), load_default=())

    @validates_schema
    def _judge(self, data: dict[str, Any], **kwargs: Any) -> None:
        faults = {}
        if data["rule_set"] not in RULE_SETS:
            known = ", ".join(map(str, RULE_SETS))
            faults["rule_set"] = [
                Fault("policy.rule-set", f"rule set {data['rule_set']} is not known here", f"Known: {known}.")
            ]
        stated = set(data["confirmations"])
        if stated and not stated >= CONFIRMATION_CORE:
            faults["confirmations"] = [
                Fault(
                    "policy.confirmations",
                    "while one authority may admit a party or set policy alone, two are needed for nothing",
                    "List admit-party and set-policy as well, or nothing.",
                )
            ]
        if faults:
            raise ValidationError(faults)


def policy_members(loaded: dict[str, Any]) -> dict[str, Any]:
    """The policy as the register holds it: every member, in JSON's types."""
    return {
        "rule_set": loaded["rule_set"],
        "retention_days": loaded["retention_days"],
        "confirmations": sorted(loaded["confirmations"]),
    }


def retention_days(facts: Facts) -> int:
    """For how many days a private statement must be kept, under the policy in force."""
    return RETENTION_DAYS if facts.policy is None else int(facts.policy.policy["retention_days"])
