"""delist: the listing of a party or of a site ends at a date."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from marshmallow import ValidationError, validates_schema

from ledger.clock import format_time_us
from ledger.findings import Finding
from ledger.statements.acts.base import Act, ActContext, confirmations
from ledger.statements.acts.fields import Fault, MemberSchema, PartyId, Time, Uri
from ledger.statements.acts.members import unknown_parties
from ledger.statements.registers import Facts, Listing, Names, PartyRecord, SiteRecord
from ledger.statements.standing import authority_fault


class DelistSchema(MemberSchema):
    """A party or a site, and from when on it is not listed."""

    party = PartyId()
    site = Uri()
    since = Time(required=True)

    @validates_schema
    def _names_one(self, data: dict[str, Any], **kwargs: Any) -> None:
        if ("party" in data) == ("site" in data):
            raise ValidationError([Fault("schema.value", "name a party or a site, and not both")])


@dataclass(frozen=True)
class Delist(Act):
    """Ends the last listing; public, for the registers of parties and sites are."""

    name: ClassVar[str] = "delist"
    schema: ClassVar[type[MemberSchema]] = DelistSchema
    signers: ClassVar[tuple[str, ...]] = ("authority",)

    since: int
    party: str = ""
    site: str = ""

    @property
    def public(self) -> bool:
        return True

    def names(self) -> Names:
        parties, sites = {self.party} - {""}, {self.site} - {""}
        return Names(parties=parties, sites=sites, authority_keys=True)

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        record = self._record(facts)
        if record is None:
            if self.party:
                return unknown_parties(facts, {"/party": self.party})
            return [
                Finding("site.unknown", "the site was never listed", "/site", "Ask an authority to list it.")
            ]
        last = record.listings[-1]
        if self.since <= last.start_us or (last.end_us is not None and self.since >= last.end_us):
            end = "" if last.end_us is None else f" to {format_time_us(last.end_us)}"
            return [
                Finding(
                    "delist.span",
                    f"the last listing runs from {format_time_us(last.start_us)}{end}",
                    "/since",
                    "State a time within it: a listing can be ended earlier, not later.",
                )
            ]
        after = self._ended(record, context)
        if not isinstance(after, PartyRecord):
            return []
        fault = authority_fault(
            facts,
            context.recorded_at_us,
            needed=2 if confirmations(facts) else 1,
            parties={self.party: after},
            pointer="/party",
        )
        return [] if fault is None else [fault]

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        record = self._record(facts)
        assert record is not None
        facts.put(self._ended(record, context))

    def _record(self, facts: Facts) -> PartyRecord | SiteRecord | None:
        return facts.parties.get(self.party) if self.party else facts.sites.get(self.site)

    def _ended(self, record: PartyRecord | SiteRecord, context: ActContext) -> PartyRecord | SiteRecord:
        ended = Listing(record.listings[-1].start_us, self.since)
        return replace(record, listings=(*record.listings[:-1], ended), changed_at=context.index)
