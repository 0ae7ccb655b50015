"""publish-refusals: the log states how far the journal of refusals has come, so that none can be dropped."""

from dataclasses import dataclass
from typing import ClassVar

from ledger.encoding import b64url_encode
from ledger.findings import Finding
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import Hash, Integer, MemberSchema
from ledger.statements.registers import Facts, Names, RefusalPublicationRecord


class PublishRefusalsSchema(MemberSchema):
    """The journal's length, and the hash of its last record (32 zero bytes while it is empty)."""

    count = Integer(required=True)
    head = Hash(required=True)


@dataclass(frozen=True)
class PublishRefusals(Act):
    """Publishes the journal's head, exactly as it is when the act is judged."""

    name: ClassVar[str] = "publish-refusals"
    schema: ClassVar[type[MemberSchema]] = PublishRefusalsSchema
    signers: ClassVar[tuple[str, ...]] = ("operator",)

    count: int
    head: bytes

    @property
    def public(self) -> bool:
        return True

    def names(self) -> Names:
        return Names()

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        findings = []
        if (self.count, self.head) != (facts.refusal_count, facts.refusal_hash):
            findings.append(
                Finding(
                    "refusals.head",
                    f"the journal holds {facts.refusal_count} refusals, and its head is another",
                    "/count" if self.count != facts.refusal_count else "/head",
                    "State the journal's present count and head.",
                    {"count": facts.refusal_count, "head": b64url_encode(facts.refusal_hash)},
                )
            )
        last = max(facts.publications.values(), key=lambda record: record.entry_index, default=None)
        if last is not None and (
            self.count < last.refusal_count
            or (self.count == last.refusal_count and self.head != last.refusal_hash)
        ):
            findings.append(
                Finding(
                    "refusals.published",
                    f"these do not continue the {last.refusal_count} that entry {last.entry_index} published",
                    "/count",
                    "The journal was cut or changed: run 'reledger verify'.",
                    {"count": last.refusal_count, "head": b64url_encode(last.refusal_hash)},
                )
            )
        return findings

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        facts.put(RefusalPublicationRecord(context.index, self.count, self.head))
