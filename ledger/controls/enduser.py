"""Restricted parties: nobody on a list, and nobody that a listed party owns to half or more, gets goods.

Decides: which of an export's parties are compared, and what an affiliate is. Natural persons are never in
the log. Source: MOFCOM announcement 61 of 2025 (affiliates at 50 % and more).
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, Final

from ledger.controls.noticing import notice
from ledger.controls.rule import Case, Notice, rule
from ledger.records.books import Books
from ledger.records.oversight import ControlListRecord, RestrictedPartyRecord

AFFILIATE_SHARE: Final = Fraction(1, 2)


@rule("enduser.restricted", movements=("export", "release"), stage="before", action="reject")
def restricted(case: Case) -> Iterator[Notice]:
    """Consignee, end user or buyer is listed, or belongs to half or more to a listed party."""
    movement = case.movement
    parties = dict.fromkeys((movement.consignee, movement.end_user, movement.owner_to, movement.custodian_to))
    for party in parties:
        record = restriction_of(case.recording.books, party, movement.event_time_us) if party else None
        if record is not None:
            direct = party in (record.party, record.name)
            how = "is listed" if direct else f"belongs to half or more to {record.name}, which is listed"
            yield notice(
                case,
                "enduser.restricted",
                f"{party} {how} ({record.control_list})",
                "Do not ship. Name the true end user if this is another party.",
                subject=f"party:{party}",
                party=party,
                restricted=record.name,
                control_list=record.control_list,
                listed_at=record.entry_index,
            )


def restriction_of(books: Books, party: str, at_us: int) -> RestrictedPartyRecord | None:
    """The listing that forbids goods to a party at a moment, its own before an owner's, or None."""
    standing = [
        record
        for record in books.group(RestrictedPartyRecord, "all")
        if record.starts_us <= at_us and (record.ends_us is None or at_us < record.ends_us)
    ]
    for record in standing:
        if party in (record.party, record.name):
            return record
    for record in standing:
        for affiliate in record.affiliates:
            if affiliate.get("party") == party and _share(affiliate) >= least_share(books, record):
                return record
    return None


def least_share(books: Books, record: RestrictedPartyRecord) -> Fraction:
    """From which share on an affiliate counts: as its control list says, else one half."""
    versions = [
        each
        for each in books.group(ControlListRecord, "all")
        if each.control_list == record.control_list and each.conditions.get("affiliate_share")
    ]
    return Fraction(str(versions[-1].conditions["affiliate_share"])) if versions else AFFILIATE_SHARE


def _share(affiliate: Mapping[str, Any]) -> Fraction:
    return Fraction(str(affiliate.get("percent", "100"))) / 100
