"""list-restricted-party: organisations and their affiliates; never a natural person."""

from typing import Any

import pytest

from ledger.records.oversight import RestrictedPartyRecord
from tests.support.act_books import BUYER, EXPORTER, LATER, NOW, log_with_everyone, readers
from tests.support.acts import AUTHORITY, REGULATOR, START_US, ActLog, faults, read

NAME = "Example Arms Works"
ARMS = "https://arms.example/"


def listing(**members: Any) -> dict[str, Any]:
    return {
        "act": "list-restricted-party",
        "kind": "organisation",
        "organisation": NAME,
        "control_list": "export-control-list",
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
    assert log.facts.books.get(RestrictedPartyRecord, NAME) == RestrictedPartyRecord(
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
    record = log.facts.books.get(RestrictedPartyRecord, NAME)
    assert record is not None
    assert (record.party, record.ends_us) == ("", START_US + 1_000_000)


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
