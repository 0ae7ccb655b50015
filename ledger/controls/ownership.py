"""Who belongs to a restricted party: chains of holdings, added up, as they stand at a moment.

Decides: what an affiliate is. A restricted party counts. An organisation counts if those that count hold the
least share of it or more *together*, and what counts is then counted whole further down: with 50 %, half of a
half is held to the full, and 50 % of 49.9 % is nothing. Holdings are never multiplied. It is the smallest set
for which this holds, so organisations that hold each other in a ring count only if something outside the ring
makes one of them count, and the walk ends.

Source: MOFCOM announcement 61 of 2025 has 50 % and more, by the listed and their affiliates. That joint and
indirect holdings add up in this way is our own definition; it is how the United States Treasury describes its
rule of the same share (OFAC guidance of 13 August 2014, from memory, not verified).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from ledger.controls.lists import deciding_lists, listings_in_force, lists_in_force
from ledger.records.books import Books
from ledger.records.oversight import OwnershipRecord, RestrictedPartyRecord

AFFILIATE_SHARE: Final = Fraction(1, 2)
MOST_HOLDERS: Final = 5_000
"""Organisations above one that are looked at; beyond them a chain is not followed."""


@dataclass(frozen=True, slots=True)
class Holding:
    """What one organisation holds of another at a moment, and the entry that says so."""

    holder: str
    held: str
    share: Fraction
    starts_us: int
    ends_us: int | None
    entry_index: int
    basis: str


@dataclass(frozen=True, slots=True)
class Restriction:
    """Why goods may not go to a party.

    Attributes:
        party: The party asked about.
        record: The listing: its own, or that of a party that holds it.
        share: What of it is held by those that count; None where it is listed itself.
        least: From which share on that makes it one of them.
        path: The holdings that count, from the party up; none where it is listed itself.
    """

    party: str
    record: RestrictedPartyRecord
    share: Fraction | None = None
    least: Fraction = AFFILIATE_SHARE
    path: tuple[Holding, ...] = ()


def restriction_of(books: Books, party: str, at_us: int) -> Restriction | None:
    """The listing that forbids goods to a party at a moment, its own before an owner's, or None.

    A military user's listing counts only while a list that refuses these is in force.
    """
    lists = lists_in_force(books, at_us)
    military = any(record.conditions.get("refuses_military") for record in lists)
    standing = [
        record
        for record in listings_in_force(books.group(RestrictedPartyRecord, "all"), at_us)
        if military or not record.military
    ]
    for record in standing:
        if party in (record.party, record.name):
            return Restriction(party, record)
    if not standing:
        return None
    above = holdings_above(books, [party], at_us, standing)
    if not above:
        return None
    listings: dict[Fraction, dict[str, RestrictedPartyRecord]] = {}
    for record in standing:
        least = least_share(books, record, at_us)
        if least is not None:
            names = listings.setdefault(least, {})
            for name in (record.party, record.name):
                if name:
                    names.setdefault(name, record)
    for least in sorted(listings):
        found = _held(party, above, listings[least], least)
        if found is not None:
            return found
    return None


def least_share(books: Books, record: RestrictedPartyRecord, at_us: int) -> Fraction | None:
    """From which share on what a listed party holds counts; None while affiliates do not count.

    What its own list says goes before what other lists say. While no list ever said anything: one half.
    """
    deciding = deciding_lists(books, at_us)
    stated = {name: each for name, each in deciding.items() if each.conditions.get("affiliate_share")}
    if not stated:
        return AFFILIATE_SHARE
    own = stated.get(record.control_list)
    asked = [own] if own is not None else list(stated.values())
    shares = [Fraction(str(each.conditions["affiliate_share"])) for each in asked if each.stands_at(at_us)]
    return min(shares) if shares else None


def holdings_above(
    books: Books,
    parties: Iterable[str],
    at_us: int,
    standing: Collection[RestrictedPartyRecord] = (),
) -> dict[str, list[Holding]]:
    """Every holding on the way up from some parties at a moment, by what is held; each organisation once.

    Args:
        books: The books.
        parties: Where it begins.
        at_us: The moment.
        standing: Listings whose affiliates are holdings too.
    """
    published: dict[str, list[Holding]] = {}
    for record in standing:
        for affiliate in record.affiliates:
            holding = Holding(
                record.party or record.name,
                str(affiliate["party"]),
                Fraction(str(affiliate["share"])),
                record.starts_us,
                record.ends_us,
                record.entry_index,
                record.control_list,
            )
            published.setdefault(holding.held, []).append(holding)
    found: dict[str, list[Holding]] = {}
    level = list(dict.fromkeys(parties))
    seen = set(level)
    while level and len(seen) <= MOST_HOLDERS:
        books.prefetch_groups(OwnershipRecord, "held", [(party,) for party in level])
        above: dict[str, None] = {}
        for party in level:
            holdings = _holders(books, party, at_us, published.get(party, ()))
            if holdings:
                found[party] = holdings
            above.update(dict.fromkeys(each.holder for each in holdings if each.holder not in seen))
        seen.update(above)
        level = list(above)
    return found


def _holders(books: Books, party: str, at_us: int, published: Iterable[Holding]) -> list[Holding]:
    """Who holds a party at a moment, each once: of two statements about one pair the larger."""
    holders: dict[str, Holding] = {}
    stated = (
        Holding(
            each.holder,
            party,
            Fraction(each.share),
            each.starts_us,
            each.ends_us,
            each.entry_index,
            each.basis,
        )
        for each in books.group(OwnershipRecord, "held", party)
        if each.stands_at(at_us)
    )
    for holding in (*stated, *published):
        known = holders.get(holding.holder)
        if known is None or holding.share > known.share:
            holders[holding.holder] = holding
    return [holders[name] for name in sorted(holders)]


def _held(
    party: str,
    above: dict[str, list[Holding]],
    listings: dict[str, RestrictedPartyRecord],
    least: Fraction,
) -> Restriction | None:
    """Whether a party counts, by the smallest set that does; with the holdings that make it so."""
    counted = {name for holdings in above.values() for each in holdings if (name := each.holder) in listings}
    why: dict[str, list[Holding]] = {}
    grown = bool(counted)
    while grown:
        grown = False
        for held, holdings in above.items():
            if held in counted:
                continue
            counting = [each for each in holdings if each.holder in counted and each.share]
            if counting and sum(each.share for each in counting) >= least:
                counted.add(held)
                why[held] = counting
                grown = True
    if party not in why:
        return None
    path: list[Holding] = []
    level, seen = [party], {party}
    record: RestrictedPartyRecord | None = None
    while level:
        following: list[str] = []
        for held in level:
            for each in why.get(held, ()):
                path.append(each)
                record = record or listings.get(each.holder)
                if each.holder not in seen:
                    seen.add(each.holder)
                    following.append(each.holder)
        level = following
    assert record is not None
    share = sum((each.share for each in why[party]), Fraction(0))
    return Restriction(party, record, share, least, tuple(path))
