"""Organisations as the register publishes them. No natural persons: there is no member for one.

Decides: which members an organisation and a listing have, and how a listing changes the ones before it.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from typing import Any

from marshmallow import ValidationError, validates_schema
from stdnum import lei
from stdnum.cn import uscc

from ledger.clock import format_time_us
from ledger.findings import Finding
from ledger.identifiers import has_gs1_check_digit
from ledger.statements.acts.countries import is_country
from ledger.statements.acts.fields import (
    Checked,
    Fault,
    Integer,
    Members,
    MemberSchema,
    OneOf,
    Text,
    Time,
)
from ledger.statements.registers import Listing

_USCC = re.compile(r"[0-9A-Z]{18}")
_LEI = re.compile(r"[0-9A-Z]{18}[0-9]{2}")
_DEGREES = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]{1,6})?")
_FINGERPRINT = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


def _is_uscc(text: str) -> bool:
    return _USCC.fullmatch(text) is not None and bool(uscc.is_valid(text))


def _is_lei(text: str) -> bool:
    return _LEI.fullmatch(text) is not None and bool(lei.is_valid(text))


def _is_gln(text: str) -> bool:
    return len(text) == 13 and has_gs1_check_digit(text)


def _is_angle(text: str, most: int) -> bool:
    return _DEGREES.fullmatch(text) is not None and abs(Fraction(text)) <= most


def _is_fingerprint(text: str) -> bool:
    return _FINGERPRINT.fullmatch(text) is not None


class IdentifiersSchema(MemberSchema):
    """Registered numbers of an organisation, each with its check characters."""

    uscc = Checked(_is_uscc, "Unified Social Credit Code with its check character (GB 32100)")
    lei = Checked(_is_lei, "LEI with its check digits (ISO 17442)")
    gln = Checked(_is_gln, "GLN of 13 digits with its check digit")


class OrganisationSchema(MemberSchema):
    """An organisation: its legal name, its country, its registered numbers."""

    legal_name = Text(required=True)
    country = Checked(is_country, "assigned ISO 3166-1 alpha-2 code", required=True)
    identifiers = Members(IdentifiersSchema, load_default=dict)


class SiteDescriptionSchema(MemberSchema):
    """A site: its name and country, and what rules compare with: position, capacity, what its ore is like.

    ``capacity_kg`` is what it can bring forth in a year, in kg of REO. ``fingerprint`` names a row of
    ``materials.fingerprints``.
    """

    name = Text(required=True)
    country = Checked(is_country, "assigned ISO 3166-1 alpha-2 code", required=True)
    region = Text()
    gln = Checked(_is_gln, "GLN of 13 digits with its check digit")
    latitude = Checked(partial(_is_angle, most=90), "decimal number of degrees from -90 to 90")
    longitude = Checked(partial(_is_angle, most=180), "decimal number of degrees from -180 to 180")
    capacity_kg = Integer(least=1)
    ore_class = OneOf(("rock", "ionic"))
    fingerprint = Checked(_is_fingerprint, "name of a fingerprint, in small letters, digits and hyphens")


class ListingSchema(MemberSchema):
    """A span in which a party or a site is listed: [start, end), open without ``end``."""

    start = Time(required=True)
    end = Time()

    @validates_schema
    def _ends_after_start(self, data: dict[str, Any], **kwargs: Any) -> None:
        if "end" in data and data["end"] <= data["start"]:
            raise ValidationError([Fault("schema.value", "a listing ends after it starts")], "end")


def read_listing(members: Mapping[str, int] | None) -> Listing | None:
    """The listing that ``ListingSchema`` loaded."""
    return None if members is None else Listing(members["start"], members.get("end"))


def change_listings(
    listings: tuple[Listing, ...], stated: Listing | None, recorded_at_us: int
) -> tuple[Listing, ...] | None:
    """The listings after an act, or None where the stated one does not fit behind the earlier ones.

    Without a stated listing the earlier ones stay, and a first one opens now. A listing with the last one's
    start replaces it (closes, prolongs or reopens it); one from the last one's end on is added.

    Args:
        listings: The listings so far, in order of time.
        stated: What the act states.
        recorded_at_us: The act's entry's time.
    """
    if stated is None:
        return listings or (Listing(recorded_at_us, None),)
    if not listings:
        return (stated,)
    last = listings[-1]
    if stated.start_us == last.start_us:
        return (*listings[:-1], stated)
    if last.end_us is not None and stated.start_us >= last.end_us:
        return (*listings, stated)
    return None


def listing_fault(listings: tuple[Listing, ...]) -> Finding:
    """The finding for a stated listing that does not fit."""
    last = listings[-1]
    end = "open" if last.end_us is None else f"closed at {format_time_us(last.end_us)}"
    return Finding(
        "listing.overlap",
        f"the last listing starts at {format_time_us(last.start_us)} and is {end}",
        "/listing",
        "State that same start to close, prolong or reopen it, or a start at or after its end.",
    )
