"""list-restricted-party: organisations and their affiliates; never a natural person."""

from typing import Any

import pytest

from ledger.controls.lists import listings_in_force
from ledger.records.oversight import RestrictedPartyRecord
from tests.support.act_books import BUYER, EXPORTER, LATER, NOW, log_with_everyone, readers
from tests.support.acts import AUTHORITY, REGULATOR, START_US, ActLog, faults, read

NAME = "Example Arms Works"
ARMS = "https://arms.example/"


LIST = "export-control-list"


def listing(**members: Any) -> dict[str, Any]:
    return {
        "act": "list-restricted-party",
        "kind": "organisation",
        "organisation": NAME,
        "control_list": LIST,
        "start": NOW,
        **members,
    }


@pytest.fixture
def log() -> ActLog:
    return log_with_everyone()


@pytest.mark.parametrize("issuer", [AUTHORITY, REGULATOR])
def test_an_organisation_is_listed(log: ActLog, issuer: str) -> None:
    affiliates = [{"party": BUYER, "percent": "50"}, {"party": EXPORTER, "percent": "33.3"}]
    assert log.state(issuer, listing(party=ARMS, country="US", affiliates=affiliates)) == []
    assert log.facts.books.get(RestrictedPartyRecord, NAME, LIST, 6) == RestrictedPartyRecord(
        name=NAME,
        party=ARMS,
        control_list="export-control-list",
        starts_us=START_US,
        ends_us=None,
        affiliates=({"party": BUYER, "share": "0.50"}, {"party": EXPORTER, "share": "0.333"}),
        entry_index=6,
    )
    assert readers(log) == set()


def test_stated_again_it_ends(log: ActLog) -> None:
    assert log.state(REGULATOR, listing()) == []
    assert log.state(REGULATOR, listing(end=LATER)) == []
    versions = log.facts.books.group(RestrictedPartyRecord, "all")
    assert [each.ends_us for each in versions] == [None, START_US + 1_000_000]
    assert [listings_in_force(versions, START_US + us) for us in (0, 1_000_000)] == [[versions[1]], []]


DAY_US = 86_400_000_000


@pytest.mark.parametrize(("day", "lists"), [(0, {LIST}), (29, {LIST}), (30, {LIST, "other"}), (60, {LIST})])
def test_each_list_names_it_by_itself(log: ActLog, day: int, lists: set[str]) -> None:
    assert log.state(REGULATOR, listing()) == []
    short = {"start": "2027-02-14T08:00:00Z", "end": "2027-03-16T08:00:00Z"}
    assert log.state(REGULATOR, listing(control_list="other", **short)) == []
    found = listings_in_force(log.facts.books.group(RestrictedPartyRecord, "all"), START_US + day * DAY_US)
    assert {each.control_list for each in found} == lists


def test_a_listing_that_is_amended_ahead_of_time_holds_until_then(log: ActLog) -> None:
    assert log.state(REGULATOR, listing(party=ARMS)) == []
    assert log.state(REGULATOR, listing(party=ARMS, start="2027-02-14T08:00:00Z", military=True)) == []
    versions = log.facts.books.group(RestrictedPartyRecord, "all")
    for day, military in ((0, False), (29, False), (30, True)):
        (found,) = listings_in_force(versions, START_US + day * DAY_US)
        assert found.military is military


def test_ending_it_on_one_list_leaves_it_on_the_other(log: ActLog) -> None:
    assert log.state(REGULATOR, listing()) == []
    assert log.state(REGULATOR, listing(control_list="other")) == []
    assert log.state(REGULATOR, listing(end=LATER)) == []
    found = listings_in_force(log.facts.books.group(RestrictedPartyRecord, "all"), START_US + DAY_US)
    assert [each.control_list for each in found] == ["other"]


def test_no_party_is_its_own_affiliate(log: ActLog) -> None:
    own = [{"party": ARMS, "percent": "50"}]
    assert log.state(REGULATOR, listing(party=ARMS, affiliates=own)) == [("restricted.self", "/affiliates")]
    assert log.state(REGULATOR, listing(affiliates=own)) == []


@pytest.mark.parametrize("issuer", [EXPORTER, BUYER])
def test_only_who_decides(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, listing()) == [("act.signer", "")]


@pytest.mark.parametrize("percent", ["0", "49.999999999", "100"])
def test_shares_at_the_limit(percent: str) -> None:
    assert faults(listing(affiliates=[{"party": BUYER, "percent": percent}])) == []


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"kind": "person"}, ("schema.value", "/kind")),
        ({"kind": "natural-person"}, ("schema.value", "/kind")),
        ({"birth_date": "1970-01-01"}, ("schema.unknown-member", "/birth_date")),
        ({"passport": "X1"}, ("schema.unknown-member", "/passport")),
        ({"party": "A. Person"}, ("party.identifier", "/party")),
        ({"end": NOW}, ("schema.value", "/end")),
        ({"country": "XX"}, ("schema.value", "/country")),
        ({"affiliates": [{"party": BUYER}]}, ("schema.required", "/affiliates/0/percent")),
        (
            {"affiliates": [{"party": BUYER, "percent": "100.1"}]},
            ("schema.value", "/affiliates/0/percent"),
        ),
        ({"affiliates": [{"party": BUYER, "percent": 50}]}, ("schema.type", "/affiliates/0/percent")),
        ({"affiliates": [{"party": BUYER, "percent": "-1"}]}, ("schema.value", "/affiliates/0/percent")),
        ({"affiliates": [{"party": BUYER, "percent": "50%"}]}, ("schema.value", "/affiliates/0/percent")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(listing(**members)) == [fault]


def test_the_kind_is_stated() -> None:
    without = {name: value for name, value in listing().items() if name != "kind"}
    assert faults(without) == [("schema.required", "/kind")]
    assert not read(listing()).public
