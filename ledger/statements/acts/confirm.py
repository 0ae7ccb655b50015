"""confirm: a second authority puts a pending act into effect by stating the same act again.

The confirming statement repeats the whole payload, so what the second authority signs is what takes effect.
It is judged anew as of the confirming entry: a pending act promises nothing.
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final

from ledger.clock import format_time_us
from ledger.findings import Finding
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import FoundFaults, Hash, MemberSchema, StrictField, refuse
from ledger.statements.acts.reading import read_act
from ledger.statements.registers import Facts, Names, PendingRecord
from ledger.statements.standing import DAY_US

LAPSE_DAYS: Final = 30


class ConfirmableAct(StrictField):
    """The payload of an act for which a second authority may be needed; loads as that act."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Act:
        act, findings = read_act(value)
        if act is None:
            raise FoundFaults(findings)
        if not act.confirmable:
            raise refuse("confirm.kind", f"{act.name} takes effect at once and is not confirmed")
        return act


class ConfirmSchema(MemberSchema):
    """Which pending statement, and its payload once more."""

    statement = Hash(required=True)
    confirmed = ConfirmableAct(required=True)


@dataclass(frozen=True)
class Confirm(Act):
    """Confirms a pending act; public exactly where that act is."""

    name: ClassVar[str] = "confirm"
    schema: ClassVar[type[MemberSchema]] = ConfirmSchema
    signers: ClassVar[tuple[str, ...]] = ("authority",)

    statement: bytes
    confirmed: Act

    @property
    def public(self) -> bool:
        return self.confirmed.public

    def names(self) -> Names:
        names = Names(statements={self.statement}, authority_keys=True)
        names.update(self.confirmed.names())
        return names

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        pending = facts.pending.get(self.statement)
        if pending is None:
            return [
                Finding(
                    "confirm.not-pending",
                    "no such statement waits for a second authority",
                    "/statement",
                    "Name the pending act by the SHA-256 of its JWS.",
                )
            ]
        findings = self._pending_faults(pending, context, facts)
        if findings:
            return findings
        return [
            replace(finding, pointer=f"/confirmed{finding.pointer}")
            for finding in self.confirmed.judge(_first_context(pending, context), facts)
        ]

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        pending = facts.pending[self.statement]
        facts.put(replace(pending, confirmed_at=context.index))
        self.confirmed.take_effect(_first_context(pending, context), facts)

    def _pending_faults(self, pending: PendingRecord, context: ActContext, facts: Facts) -> list[Finding]:
        if pending.confirmed_at is not None:
            return [
                Finding(
                    "confirm.settled",
                    f"entry {pending.confirmed_at} confirmed it",
                    "/statement",
                    "Nothing is to do.",
                )
            ]
        findings = []
        if pending.issuer == context.issuer:
            findings.append(
                Finding(
                    "confirm.same-party",
                    "the second authority has to be another party",
                    "/statement",
                    "Have another authority sign the confirmation.",
                )
            )
        if self.confirmed.payload_hash() != pending.act_hash:
            findings.append(
                Finding(
                    "confirm.differs",
                    "confirmed is not the pending act, member for member",
                    "/confirmed",
                    "Repeat the pending act's payload exactly.",
                )
            )
        lapses_us = pending.recorded_at_us + LAPSE_DAYS * DAY_US
        if context.recorded_at_us >= lapses_us:
            findings.append(
                Finding(
                    "confirm.lapsed",
                    f"the act could be confirmed until {format_time_us(lapses_us)}",
                    "/statement",
                    "State the act again.",
                )
            )
        key = facts.keys.get(pending.kid)
        if key is None or key.revoked_at is not None:
            findings.append(
                Finding(
                    "confirm.key-revoked",
                    "the key that signed the pending act was revoked, or its party is no authority any more",
                    "/statement",
                    "State the act again.",
                )
            )
        return findings


def _first_context(pending: PendingRecord, context: ActContext) -> ActContext:
    """The first act as of the confirming entry: its own signer, the confirmation's time and place."""
    return replace(
        context,
        issuer=pending.issuer,
        kid=pending.kid,
        statement_hash=pending.statement_hash,
        first_index=pending.entry_index,
    )
