"""allot-quota: how much a party may mine or separate in a year, in REO."""

from dataclasses import dataclass
from typing import ClassVar, Final

from ledger.findings import Finding
from ledger.records.allotments import put_drawn
from ledger.records.oversight import PUBLISHED_QUOTAS, QuotaRecord, TallyRecord
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import Integer, MemberSchema, OneOf, PartyId
from ledger.statements.acts.members import Mass, let_read, unknown_parties
from ledger.statements.registers import Facts, Names

ACTIVITIES: Final = ("mining", "separation")
ORE_CLASSES: Final = ("rock", "ionic", "any")


class AllotQuotaSchema(MemberSchema):
    """One allotment; ``mass`` is REO equivalent."""

    party = PartyId(required=True)
    year = Integer(least=2000, most=2200, required=True)
    activity = OneOf(ACTIVITIES, required=True)
    ore_class = OneOf(ORE_CLASSES, required=True)
    mass = Mass(least=0, required=True)


@dataclass(frozen=True)
class AllotQuota(Act):
    """States the whole allotment of a year; stated again it replaces the one before.

    What was drawn in that year counts on it, also what was drawn before any allotment was published.

    An allotment for both ore classes together and one for a single class do not stand beside each other: a
    draw would not know where it belongs.
    """

    name: ClassVar[str] = "allot-quota"
    schema: ClassVar[type[MemberSchema]] = AllotQuotaSchema
    signers: ClassVar[tuple[str, ...]] = ("authority",)

    party: str
    year: int
    activity: str
    ore_class: str
    mass: int

    @property
    def public(self) -> bool:
        return False

    def names(self) -> Names:
        return Names(parties={self.party})

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        findings = unknown_parties(facts, {"/party": self.party})
        others = [
            quota
            for quota in facts.books.group(QuotaRecord, "party", self.party, self.year)
            if quota.activity == self.activity
            and quota.ore_class != self.ore_class
            and "any" in (quota.ore_class, self.ore_class)
            # Before any allotment a draw stands under its own class with nothing allotted.
            and quota.allotted_mg > 0
        ]
        if others:
            findings.append(
                Finding(
                    "quota.class",
                    f"entry {others[0].entry_index} allotted {others[0].ore_class} for this year",
                    "/ore_class",
                    "Allot either any, or rock and ionic each.",
                    {"ore_class": others[0].ore_class},
                )
            )
        return findings

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        books = facts.books
        key = (self.party, self.year, self.activity, self.ore_class)
        books.put(QuotaRecord(*key, self.mass, 0, context.index))
        # What one of them takes over another one loses.
        for quota in books.group(QuotaRecord, "party", self.party, self.year):
            if quota.activity == self.activity:
                put_drawn(books, quota)
        published = (PUBLISHED_QUOTAS, self.activity, str(self.year))
        if books.get(TallyRecord, *published) is None:
            books.put(TallyRecord(*published, {"entry_index": context.index}))
        let_read(facts, context, [self.party])
