"""list-site: whose a site is, and for how long."""

from typing import Any

import pytest

from ledger.statements.registers import Listing, SiteRecord
from tests.support.acts import AUTHORITY, DAY_US, MINE, OPERATOR, PLANT, START_US, ActLog, faults, read

SITE = "https://mine.example/sites/pit-1"


def site(**members: Any) -> dict[str, Any]:
    return {
        "act": "list-site",
        "site": SITE,
        "party": MINE,
        "description": {"name": "Pit 1", "country": "CN"},
        **members,
    }


@pytest.fixture
def log() -> ActLog:
    return ActLog.begun()


def test_a_site_is_listed(log: ActLog) -> None:
    description = {"name": "Pit 1", "country": "CN", "region": "Jiangxi", "gln": "4012345000009"}
    assert log.state(AUTHORITY, site(description=description)) == []
    assert log.facts.sites[SITE] == SiteRecord(SITE, MINE, description, (Listing(START_US, None),), 1, 1)


@pytest.mark.parametrize("issuer", [MINE, OPERATOR, PLANT])
def test_only_an_authority_lists(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, site()) == [("act.signer", "")]


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"site": "pit 1"}, ("schema.value", "/site")),
        ({"site": 1}, ("schema.type", "/site")),
        ({"party": "mine"}, ("party.identifier", "/party")),
        ({"description": {"name": "Pit 1"}}, ("schema.required", "/description/country")),
        ({"description": {"country": "CN"}}, ("schema.required", "/description/name")),
        (
            {"description": {"name": "Pit 1", "country": "CN", "manager": "A. Person"}},
            ("schema.unknown-member", "/description/manager"),
        ),
        (
            {"description": {"name": "Pit 1", "country": "CN", "gln": "4012345000008"}},
            ("schema.value", "/description/gln"),
        ),
        ({"description": {"name": "Pit 1", "country": "UK"}}, ("schema.value", "/description/country")),
        ({"listing": {"start": "2027-01-15"}}, ("schema.value", "/listing/start")),
        ({"capacity": 1}, ("schema.unknown-member", "/capacity")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(site(**members)) == [fault]


@pytest.mark.parametrize(
    "more",
    [
        {"latitude": "90", "longitude": "-180"},
        {"latitude": "-41.123456", "longitude": "109.97"},
        {"capacity_kg": 1},
        {"ore_class": "ionic", "fingerprint": "longnan"},
    ],
)
def test_a_site_says_what_rules_compare_with(log: ActLog, more: dict[str, Any]) -> None:
    description = {"name": "Pit 1", "country": "CN", **more}
    assert log.state(AUTHORITY, site(description=description)) == []
    assert log.facts.sites[SITE].description == description


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("latitude", "90.000001"),
        ("latitude", "41.1234567"),
        ("latitude", "+41"),
        ("latitude", "4 1"),
        ("longitude", "-180.1"),
        ("longitude", "1e2"),
        ("capacity_kg", 0),
        ("ore_class", "any"),
        ("fingerprint", "Bayan Obo"),
        ("fingerprint", ""),
    ],
)
def test_a_value_that_rules_cannot_use_is_refused(member: str, value: Any) -> None:
    described = {"name": "Pit 1", "country": "CN", member: value}
    assert faults(site(description=described)) == [("schema.value", f"/description/{member}")]


def test_the_party_must_be_admitted(log: ActLog) -> None:
    assert log.state(AUTHORITY, site(party=PLANT)) == [("party.unknown", "/party")]
    assert SITE not in log.facts.sites


def test_a_site_stays_with_its_party(log: ActLog) -> None:
    assert log.state(AUTHORITY, site()) == []
    assert log.state(AUTHORITY, site(party=OPERATOR)) == [("site.party", "/party")]
    assert log.facts.sites[SITE].party == MINE


def test_listing_again_changes_description_and_listing(log: ActLog) -> None:
    assert log.state(AUTHORITY, site()) == []
    log.now_us += DAY_US
    closed = {"start": "2027-01-15T16:00:00+08:00", "end": "2027-01-16T08:00:00Z"}
    changed = {"name": "Pit One", "country": "CN"}
    assert log.state(AUTHORITY, site(description=changed, listing=closed)) == []
    record = log.facts.sites[SITE]
    assert record.description == changed
    assert record.listings == (Listing(START_US, START_US + DAY_US),)
    assert (record.listed_at, record.changed_at) == (1, 2)


def test_listings_do_not_overlap(log: ActLog) -> None:
    assert log.state(AUTHORITY, site()) == []
    assert log.state(AUTHORITY, site(listing={"start": "2027-01-15T08:00:01Z"})) == [
        ("listing.overlap", "/listing")
    ]
    assert log.facts.sites[SITE].listings == (Listing(START_US, None),)


def test_names() -> None:
    names = read(site()).names()
    assert (names.parties, names.sites) == ({MINE}, {SITE})
