"""merge-party: a party went over into another one."""

from dataclasses import dataclass
from typing import ClassVar

from ledger.findings import Finding
from ledger.records.mergers import mergers_from
from ledger.records.oversight import MergerRecord
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import MemberSchema, PartyId, Time
from ledger.statements.acts.members import let_read, unknown_parties
from ledger.statements.registers import Facts, Names


class MergePartySchema(MemberSchema):
    """Which party went over into which, and from when on."""

    party = PartyId(required=True)
    successor = PartyId(required=True)
    since = Time(required=True)


@dataclass(frozen=True)
class MergeParty(Act):
    """Records a merger, once for each party; its listing is closed by a delist of its own."""

    name: ClassVar[str] = "merge-party"
    schema: ClassVar[type[MemberSchema]] = MergePartySchema
    signers: ClassVar[tuple[str, ...]] = ("authority",)

    party: str
    successor: str
    since: int

    @property
    def public(self) -> bool:
        return False

    def names(self) -> Names:
        return Names(parties={self.party, self.successor})

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        findings = unknown_parties(facts, {"/party": self.party, "/successor": self.successor})
        known = facts.books.get(MergerRecord, self.party)
        if known is not None:
            findings.append(
                Finding(
                    "merger.settled",
                    f"entry {known.entry_index} merged the party into {known.successor}",
                    "/party",
                    "A party merges once; name the successor's own merger instead.",
                    {"successor": known.successor},
                )
            )
        line = {self.successor, *(each.successor for each in mergers_from(facts.books, self.successor))}
        if self.party in line:
            findings.append(
                Finding(
                    "merger.circle",
                    "the successor is the party itself, or went over into it",
                    "/successor",
                    "Name the party that goes on.",
                )
            )
        return findings

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        facts.books.put(MergerRecord(self.party, self.successor, self.since, context.index))
        let_read(facts, context, [self.party, self.successor])
