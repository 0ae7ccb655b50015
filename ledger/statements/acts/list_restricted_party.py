"""list-restricted-party: an organisation that goods may not go to, with its affiliates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from marshmallow import validates_schema

from ledger.findings import Finding
from ledger.records.oversight import RestrictedPartyRecord
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import Each, Members, MemberSchema, OneOf, PartyId, Text, Time
from ledger.statements.acts.members import (
    REGULATORS,
    Code,
    Country,
    DecimalText,
    Truth,
    ends_after_start,
    share_of,
)
from ledger.statements.registers import Facts, Names


class AffiliateSchema(MemberSchema):
    """An organisation that a listed one owns in part: ``percent`` is the share."""

    party = PartyId(required=True)
    percent = DecimalText(most="100", required=True)


class ListRestrictedPartySchema(MemberSchema):
    """An organisation by its legal name, and by its identifier where it has one that is known.

    Natural persons are screened from a list outside the log: ``kind`` has one value, so that nobody states
    one by mistake.
    """

    kind = OneOf(("organisation",), required=True)
    organisation = Text(required=True)
    party = PartyId()
    country = Country()
    control_list = Code(required=True)
    start = Time(required=True)
    end = Time()
    affiliates = Each(Members(AffiliateSchema), load_default=())
    aliases = Each(Text(), most=200, load_default=())
    military = Truth()
    reference = Text()

    @validates_schema
    def _ends_after_start(self, data: dict[str, Any], **kwargs: Any) -> None:
        ends_after_start(data)


@dataclass(frozen=True)
class ListRestrictedParty(Act):
    """Lists an organisation; the same name and list again is a newer version, also to end it."""

    name: ClassVar[str] = "list-restricted-party"
    schema: ClassVar[type[MemberSchema]] = ListRestrictedPartySchema
    signers: ClassVar[tuple[str, ...]] = REGULATORS

    kind: str
    organisation: str
    control_list: str
    start: int
    affiliates: tuple[Mapping[str, str], ...] = ()
    aliases: tuple[str, ...] = ()
    military: bool = False
    reference: str = ""
    party: str = ""
    country: str = ""
    end: int | None = None

    @property
    def public(self) -> bool:
        return False

    def names(self) -> Names:
        return Names()

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        if self.party and any(affiliate["party"] == self.party for affiliate in self.affiliates):
            return [
                Finding(
                    "restricted.self", "a party is no affiliate of itself", "/affiliates", "Leave it out."
                )
            ]
        return []

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        affiliates = tuple(
            {"party": affiliate["party"], "share": share_of(affiliate["percent"])}
            for affiliate in self.affiliates
        )
        facts.books.put(
            RestrictedPartyRecord(
                name=self.organisation,
                party=self.party,
                control_list=self.control_list,
                starts_us=self.start,
                ends_us=self.end,
                affiliates=affiliates,
                entry_index=context.index,
                aliases=self.aliases,
                military=self.military,
                reference=self.reference,
            )
        )
