"""admit-party: an organisation enters the register, changes there, is delisted or listed again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ledger.findings import Finding
from ledger.statements.acts.base import ROLES, Act, ActContext, confirmations
from ledger.statements.acts.fields import Each, Members, MemberSchema, OneOf, PartyId, Text, refuse
from ledger.statements.acts.organisations import (
    ListingSchema,
    OrganisationSchema,
    change_listings,
    listing_fault,
    read_listing,
)
from ledger.statements.acts.prefixes import clashing_prefix, prefix_fault
from ledger.statements.registers import Facts, Listing, Names, PartyRecord, PrefixRecord
from ledger.statements.standing import authority_fault


class Prefix(Text):
    """An identifier prefix that may be bound."""

    def check(self, value: str) -> str:
        fault = prefix_fault(value)
        if fault is not None:
            raise refuse("prefix.form", fault)
        return value


class AdmitPartySchema(MemberSchema):
    """What the register says of a party."""

    party = PartyId(required=True)
    organisation = Members(OrganisationSchema, required=True)
    roles = Each(OneOf(ROLES), fewest=1, required=True)
    prefixes = Each(Prefix(), most=100)
    listing = Members(ListingSchema)


@dataclass(frozen=True)
class AdmitParty(Act):
    """Admits a party, or states anew what the register says of it; its id never changes."""

    name: ClassVar[str] = "admit-party"
    schema: ClassVar[type[MemberSchema]] = AdmitPartySchema
    signers: ClassVar[tuple[str, ...]] = ("authority",)
    confirmable: ClassVar[bool] = True

    party: str
    organisation: Mapping[str, Any]
    roles: tuple[str, ...]
    prefixes: tuple[str, ...] = ()
    listing: Mapping[str, int] | None = None

    @property
    def public(self) -> bool:
        return True

    def names(self) -> Names:
        return Names(parties={self.party}, all_prefixes=bool(self.prefixes), authority_keys=True)

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        findings = [
            Finding(
                "prefix.bound",
                f"{prefix} overlaps {other.prefix}, which is bound to another party",
                f"/prefixes/{place}",
                "Bind a prefix that neither extends nor is extended by another party's.",
                {"prefix": other.prefix, "party": other.party},
            )
            for place, prefix in enumerate(self.prefixes)
            if (other := clashing_prefix(prefix, self.party, facts.prefixes.values())) is not None
        ]
        record = self._record(context, facts)
        if record is None:
            return [*findings, listing_fault(facts.parties[self.party].listings)]
        fault = authority_fault(
            facts,
            context.recorded_at_us,
            needed=2 if confirmations(facts) else 1,
            parties={self.party: record},
            pointer="/roles",
        )
        return findings if fault is None else [*findings, fault]

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        record = self._record(context, facts)
        assert record is not None
        facts.put(record)
        for prefix in self.prefixes:
            if prefix not in facts.prefixes:
                facts.put(PrefixRecord(prefix, self.party, context.index))

    def _record(self, context: ActContext, facts: Facts) -> PartyRecord | None:
        """What the register would hold; None where the stated listing does not fit."""
        known = facts.parties.get(self.party)
        stated = read_listing(self.listing)
        before: tuple[Listing, ...] = () if known is None else known.listings
        listings = change_listings(before, stated, context.recorded_at_us)
        if listings is None:
            return None
        return PartyRecord(
            party=self.party,
            organisation=self.organisation,
            roles=self.roles,
            listings=listings,
            admitted_at=context.index if known is None else known.admitted_at,
            changed_at=context.index,
        )
