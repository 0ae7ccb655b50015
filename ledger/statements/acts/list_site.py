"""list-site: a party's site enters the register, changes there, is delisted or listed again."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ledger.findings import Finding
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import Members, MemberSchema, PartyId, Uri
from ledger.statements.acts.organisations import (
    ListingSchema,
    SiteDescriptionSchema,
    change_listings,
    listing_fault,
    read_listing,
)
from ledger.statements.registers import Facts, Listing, Names, SiteRecord


class ListSiteSchema(MemberSchema):
    """What the register says of a site."""

    site = Uri(required=True)
    party = PartyId(required=True)
    description = Members(SiteDescriptionSchema, required=True)
    listing = Members(ListingSchema)


@dataclass(frozen=True)
class ListSite(Act):
    """Lists a site of a party, or states anew what the register says of it; its id and party never change."""

    name: ClassVar[str] = "list-site"
    schema: ClassVar[type[MemberSchema]] = ListSiteSchema
    signers: ClassVar[tuple[str, ...]] = ("authority",)

    site: str
    party: str
    description: Mapping[str, Any]
    listing: Mapping[str, int] | None = None

    @property
    def public(self) -> bool:
        return True

    def names(self) -> Names:
        return Names(parties={self.party}, sites={self.site})

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        findings = []
        if self.party not in facts.parties:
            findings.append(
                Finding("party.unknown", "the party was never admitted", "/party", "Admit it first.")
            )
        known = facts.sites.get(self.site)
        if known is not None and known.party != self.party:
            findings.append(
                Finding(
                    "site.party",
                    f"the site belongs to {known.party}",
                    "/party",
                    "Close that listing and list the place under a new id.",
                    {"party": known.party},
                )
            )
        if known is not None and self._listings(context, facts) is None:
            findings.append(listing_fault(known.listings))
        return findings

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        known = facts.sites.get(self.site)
        listings = self._listings(context, facts)
        assert listings is not None
        facts.put(
            SiteRecord(
                site=self.site,
                party=self.party,
                description=self.description,
                listings=listings,
                listed_at=context.index if known is None else known.listed_at,
                changed_at=context.index,
            )
        )

    def _listings(self, context: ActContext, facts: Facts) -> tuple[Listing, ...] | None:
        known = facts.sites.get(self.site)
        return change_listings(
            () if known is None else known.listings, read_listing(self.listing), context.recorded_at_us
        )
