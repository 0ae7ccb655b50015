"""delist: a listing ends."""

from typing import Any

import pytest

from ledger.statements.registers import Listing
from tests.support.act_books import BUYER, EXPORTER, LATER, NOW, SITE, STRANGER, log_with_everyone
from tests.support.acts import AUTHORITY, DAY_US, MINE, REGULATOR, SECOND, START_US, ActLog, faults, read

END_US = START_US + 1_000_000


def delisting(**members: Any) -> dict[str, Any]:
    return {"act": "delist", "since": LATER, **members}


@pytest.fixture
def log() -> ActLog:
    log = log_with_everyone()
    site = {"act": "list-site", "site": SITE, "party": MINE, "description": {"name": "Pit", "country": "CN"}}
    assert log.state(AUTHORITY, site) == []
    return log


def test_a_party_is_delisted(log: ActLog) -> None:
    assert log.state(AUTHORITY, delisting(party=BUYER)) == []
    record = log.facts.parties[BUYER]
    assert record.listings == (Listing(START_US, END_US),)
    assert record.changed_at == 7


def test_a_site_is_delisted_and_listed_again(log: ActLog) -> None:
    assert log.state(AUTHORITY, delisting(site=SITE)) == []
    assert log.facts.sites[SITE].listings == (Listing(START_US, END_US),)
    again = {
        "act": "list-site",
        "site": SITE,
        "party": MINE,
        "description": {"name": "Pit", "country": "CN"},
        "listing": {"start": LATER},
    }
    assert log.state(AUTHORITY, again) == []


def test_a_listing_is_ended_earlier_but_not_later(log: ActLog) -> None:
    assert log.state(AUTHORITY, delisting(party=BUYER, since="2027-01-17T08:00:00Z")) == []
    assert log.state(AUTHORITY, delisting(party=BUYER, since="2027-01-17T08:00:00Z")) == [
        ("delist.span", "/since")
    ]
    assert log.state(AUTHORITY, delisting(party=BUYER, since="2027-01-16T08:00:00Z")) == []
    assert log.facts.parties[BUYER].listings == (Listing(START_US, START_US + DAY_US),)


def test_not_before_it_began(log: ActLog) -> None:
    assert log.state(AUTHORITY, delisting(party=BUYER, since=NOW)) == [("delist.span", "/since")]


@pytest.mark.parametrize("issuer", [BUYER, EXPORTER, REGULATOR])
def test_only_an_authority(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, delisting(party=BUYER)) == [("act.signer", "")]


def test_what_is_not_there(log: ActLog) -> None:
    assert log.state(AUTHORITY, delisting(party=STRANGER)) == [("party.unknown", "/party")]
    assert log.state(AUTHORITY, delisting(site=SITE + "0")) == [("site.unknown", "/site")]


def test_the_last_authority_stays(log: ActLog) -> None:
    assert log.state(AUTHORITY, delisting(party=SECOND)) == []
    assert log.state(AUTHORITY, delisting(party=AUTHORITY)) == [("authority.last", "/party")]


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({}, ("schema.value", "")),
        ({"party": BUYER, "site": SITE}, ("schema.value", "")),
        ({"site": "pit 1"}, ("schema.value", "/site")),
        ({"party": BUYER, "since": None}, ("schema.type", "/since")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(delisting(**members)) == [fault]


def test_it_is_public_like_the_registers() -> None:
    act = read(delisting(party=BUYER))
    assert act.public
    assert act.names().parties == {BUYER}
    assert read(delisting(site=SITE)).names().sites == {SITE}
