"""Whether a party, a site or a key stands at a moment, and whether enough authority is left.

Decides: the listing rule (a span [start, end) holds the moment), the key rule (revocation, then window), and
what "the last valid authority key" means. Pure functions of records.
"""

from collections.abc import Mapping
from typing import Final

from ledger.clock import format_time_us
from ledger.findings import Finding
from ledger.statements.registers import Facts, KeyRecord, Listing, PartyRecord

AUTHORITY: Final = "authority"
DAY_US: Final = 86_400 * 1_000_000
# A remaining authority key that closes sooner would leave no time to enrol the next one.
AUTHORITY_MARGIN_US: Final = 30 * DAY_US


def is_listed(listings: tuple[Listing, ...], at_us: int) -> bool:
    """Whether one of the spans holds the moment."""
    return any(span.start_us <= at_us and (span.end_us is None or at_us < span.end_us) for span in listings)


def party_fault(party: PartyRecord | None, at_us: int, pointer: str = "") -> Finding | None:
    """Why a party does not stand at a moment, or None.

    Args:
        party: Its record; None where the register has none.
        at_us: An event's time, or an act's entry's time.
        pointer: Where the payload names it.
    """
    if party is None:
        return Finding(
            "party.unknown", "the party was never admitted", pointer, "Ask an authority to admit it."
        )
    if is_listed(party.listings, at_us):
        return None
    return Finding(
        "party.unlisted",
        f"{party.party} is not listed at {format_time_us(at_us)}",
        pointer,
        "Ask an authority to list it again (admit-party), or correct the time.",
        {"party": party.party},
    )


def key_fault(key: KeyRecord, index: int, recorded_at_us: int) -> Finding | None:
    """Why a key may not sign the entry, or None.

    A key is judged where its statement stands: its window [not_before, not_after) against the entry's time,
    its revocation against the entry's index. A key may sign the entry that revokes it, so the answer is the
    same before that entry and when the whole log is folded.

    Args:
        key: The key's record.
        index: The entry's index.
        recorded_at_us: The entry's time.
    """
    evidence = {"kid": key.kid}
    if key.revoked_at is not None and index > key.revoked_at:
        return Finding(
            "key.revoked",
            f"the key was revoked by entry {key.revoked_at}",
            mend="Sign with a key that is enrolled and not revoked.",
            evidence=evidence | {"revoked_at": key.revoked_at},
        )
    if index < key.enrolled_at or recorded_at_us < key.not_before_us:
        return Finding(
            "key.not-yet-valid",
            f"the key is valid from {format_time_us(key.not_before_us)} and entry {key.enrolled_at}",
            mend="Wait, or sign with a key that is valid now.",
            evidence=evidence,
        )
    if key.not_after_us is not None and recorded_at_us >= key.not_after_us:
        return Finding(
            "key.expired",
            f"the key was valid until {format_time_us(key.not_after_us)}",
            mend="Enrol a new key and sign with it.",
            evidence=evidence,
        )
    return None


def lasting_authorities(
    parties: Mapping[str, PartyRecord], keys: Mapping[str, KeyRecord], at_us: int
) -> frozenset[str]:
    """The authorities that can sign now and for 30 days more with some key that is not revoked.

    Args:
        parties: At least every party with the role ``authority``.
        keys: At least every key of these.
        at_us: Now.
    """
    until_us = at_us + AUTHORITY_MARGIN_US
    authorities = {
        party.party
        for party in parties.values()
        if AUTHORITY in party.roles
        and any(span.start_us <= at_us and _lasts(span.end_us, until_us) for span in party.listings)
    }
    return frozenset(
        key.party
        for key in keys.values()
        if key.party in authorities
        and key.revoked_at is None
        and key.not_before_us <= at_us
        and _lasts(key.not_after_us, until_us)
    )


def authority_fault(
    facts: Facts,
    at_us: int,
    *,
    needed: int,
    parties: Mapping[str, PartyRecord] | None = None,
    keys: Mapping[str, KeyRecord] | None = None,
    pointer: str = "",
) -> Finding | None:
    """Why a change would leave too little authority, or None.

    A change that takes none away is let pass even where too little was left before it.

    Args:
        facts: As of before the change.
        at_us: Now.
        needed: How many authorities have to be left: 2 where acts need a second one, else 1.
        parties: The parties that the change replaces.
        keys: The keys that the change replaces.
        pointer: Where the payload says so.
    """
    before = lasting_authorities(facts.parties, facts.keys, at_us)
    after = lasting_authorities({**facts.parties, **(parties or {})}, {**facts.keys, **(keys or {})}, at_us)
    if len(after) >= needed or len(after) >= len(before):
        return None
    return Finding(
        "authority.last",
        f"{len(after)} authorities would be left with a key that is valid for 30 days more; {needed} must be",
        pointer,
        "Enrol another authority's key first, valid for at least 30 days.",
        {"left": len(after), "needed": needed},
    )


def _lasts(end_us: int | None, until_us: int) -> bool:
    return end_us is None or end_us >= until_us
