"""admit-party: who enters the register, under which names, and for how long."""

from typing import Any

import pytest

from ledger.statements.acts import ROLES
from ledger.statements.registers import Listing, PartyRecord, PrefixRecord
from tests.support.acts import (
    AUTHORITY,
    DAY_US,
    MINE,
    OPERATOR,
    PLANT,
    REGULATOR,
    SECOND,
    START_US,
    ActLog,
    admission,
    enrolment,
    faults,
    first_party,
    genesis,
    organisation,
    read,
)


@pytest.fixture
def log() -> ActLog:
    return ActLog.begun()


def test_a_party_is_admitted(log: ActLog) -> None:
    stated = organisation(
        identifiers={"uscc": "91110000600037341L", "lei": "213800KUD8LAJWSQ9D15", "gln": "4012345000009"}
    )
    assert (
        log.state(
            AUTHORITY, admission(PLANT, "separator", "trader", organisation=stated, prefixes=["7654321"])
        )
        == []
    )
    assert log.facts.parties[PLANT] == PartyRecord(
        party=PLANT,
        organisation=stated,
        roles=("separator", "trader"),
        listings=(Listing(START_US, None),),
        admitted_at=1,
        changed_at=1,
    )
    assert log.facts.prefixes["7654321"] == PrefixRecord("7654321", PLANT, 1)


@pytest.mark.parametrize("role", ROLES)
def test_every_role_may_be_held(log: ActLog, role: str) -> None:
    assert log.state(AUTHORITY, admission(PLANT, role)) == []


@pytest.mark.parametrize("issuer", [OPERATOR, REGULATOR, MINE, PLANT])
def test_only_an_authority_admits(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, admission(PLANT)) == [("act.signer", "")]


def test_an_authority_that_is_delisted_admits_nobody(log: ActLog) -> None:
    closed = {"start": "2027-01-15T08:00:00Z", "end": "2027-01-20T08:00:00Z"}
    assert log.state(AUTHORITY, admission(SECOND, "authority", listing=closed)) == []
    log.now_us = START_US + 5 * DAY_US - 1
    assert log.judge(SECOND, admission(PLANT)) == []
    log.now_us += 1
    assert log.state(SECOND, admission(PLANT)) == [("party.unlisted", "")]


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"party": "plant"}, ("party.identifier", "/party")),
        ({"party": "4012345000008"}, ("party.identifier", "/party")),
        ({"party": None}, ("schema.type", "/party")),
        ({"roles": []}, ("schema.value", "/roles")),
        ({"roles": ["king"]}, ("schema.value", "/roles/0")),
        ({"roles": ["miner", "miner"]}, ("schema.value", "/roles/1")),
        ({"roles": "miner"}, ("schema.type", "/roles")),
        ({"organisation": {"legal_name": "A"}}, ("schema.required", "/organisation/country")),
        ({"organisation": {"country": "CN"}}, ("schema.required", "/organisation/legal_name")),
        ({"organisation": organisation(country="XX")}, ("schema.value", "/organisation/country")),
        ({"organisation": organisation(country="cn")}, ("schema.value", "/organisation/country")),
        ({"organisation": organisation(country="CHN")}, ("schema.value", "/organisation/country")),
        (
            {"organisation": organisation(contact="A. Person")},
            ("schema.unknown-member", "/organisation/contact"),
        ),
        ({"organisation": organisation(legal_name="A\u0000")}, ("schema.value", "/organisation/legal_name")),
        (
            {"organisation": organisation(identifiers={"uscc": "91110000600037341M"})},
            ("schema.value", "/organisation/identifiers/uscc"),
        ),
        (
            {"organisation": organisation(identifiers={"uscc": "91110000-600037341"})},
            ("schema.value", "/organisation/identifiers/uscc"),
        ),
        (
            {"organisation": organisation(identifiers={"uscc": "91110000600037341l"})},
            ("schema.value", "/organisation/identifiers/uscc"),
        ),
        (
            {"organisation": organisation(identifiers={"lei": "213800KUD8LXJWSQ9D15"})},
            ("schema.value", "/organisation/identifiers/lei"),
        ),
        (
            {"organisation": organisation(identifiers={"lei": "213800kud8lajwsq9d15"})},
            ("schema.value", "/organisation/identifiers/lei"),
        ),
        (
            {"organisation": organisation(identifiers={"gln": "4012345000008"})},
            ("schema.value", "/organisation/identifiers/gln"),
        ),
        (
            {"organisation": organisation(identifiers={"gln": "96385074"})},
            ("schema.value", "/organisation/identifiers/gln"),
        ),
        (
            {"organisation": organisation(identifiers={"tin": "1"})},
            ("schema.unknown-member", "/organisation/identifiers/tin"),
        ),
        ({"prefixes": ["https://plant.example"]}, ("prefix.form", "/prefixes/0")),
        ({"listing": {"end": "2027-01-15T08:00:00Z"}}, ("schema.required", "/listing/start")),
        ({"listing": {"start": "2027-01-15T08:00:00"}}, ("schema.value", "/listing/start")),
        (
            {"listing": {"start": "2027-01-15T08:00:00Z", "end": "2027-01-15T16:00:00+08:00"}},
            ("schema.value", "/listing/end"),
        ),
        ({"listing": {"start": "2027-01-15T08:00:00Z", "end": None}}, ("schema.type", "/listing/end")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults({**admission(PLANT), **members}) == [fault]


def test_admitting_again_changes_all_but_the_id(log: ActLog) -> None:
    assert log.state(AUTHORITY, admission(PLANT, "separator", prefixes=["7654321"])) == []
    log.now_us += DAY_US
    renamed = organisation(legal_name="New Name", country="MY")
    assert log.state(SECOND, admission(PLANT, "smelter", organisation=renamed)) == []
    party = log.facts.parties[PLANT]
    assert party.organisation == renamed | {"identifiers": {}}
    assert party.roles == ("smelter",)
    assert party.listings == (Listing(START_US, None),)
    assert (party.admitted_at, party.changed_at) == (1, 2)
    assert log.facts.prefixes["7654321"].party == PLANT


def listed(log: ActLog, start_day: int, end_day: int | None = None) -> list[tuple[str, str]]:
    """States a listing in whole days after the start."""

    def text(day: int) -> str:
        return f"2027-01-{15 + day:02d}T08:00:00Z"

    listing = {"start": text(start_day)} | ({} if end_day is None else {"end": text(end_day)})
    return log.state(AUTHORITY, admission(PLANT, listing=listing))


def test_listings_close_reopen_and_follow(log: ActLog) -> None:
    def spans() -> list[tuple[int, int | None]]:
        return [
            ((s.start_us - START_US) // DAY_US, None if s.end_us is None else (s.end_us - START_US) // DAY_US)
            for s in log.facts.parties[PLANT].listings
        ]

    assert listed(log, 2) == []
    assert spans() == [(2, None)]
    assert listed(log, 2, 4) == []
    assert spans() == [(2, 4)]
    assert listed(log, 2) == []
    assert spans() == [(2, None)]
    assert listed(log, 3) == [("listing.overlap", "/listing")]
    assert listed(log, 1) == [("listing.overlap", "/listing")]
    assert listed(log, 2, 5) == []
    assert listed(log, 4, 9) == [("listing.overlap", "/listing")]
    assert listed(log, 5) == []
    assert spans() == [(2, 5), (5, None)]
    assert listed(log, 2, 6) == [("listing.overlap", "/listing")]
    assert listed(log, 5, 6) == []
    assert listed(log, 8, 9) == []
    assert spans() == [(2, 5), (5, 6), (8, 9)]


@pytest.mark.parametrize(
    "prefix",
    [
        "4012345",
        "40123",
        "40123456",
        "urn:epc:id:sgtin:4012345.",
        "urn:epc:class:lgtin:40123456.",
        "urn:epc:id:sscc:401234.",
        "https://mine.example/lots/",
        "https://mine.example/lots/2026/",
        "https://mine.example/",
    ],
)
def test_a_prefix_of_another_party_is_refused(log: ActLog, prefix: str) -> None:
    assert log.state(AUTHORITY, admission(PLANT, prefixes=["7654321", prefix])) == [
        ("prefix.bound", "/prefixes/1")
    ]


@pytest.mark.parametrize(
    "prefix", ["4012346", "https://mine.example/lotsb/", "http://mine.example/lots/", "urn:mine:"]
)
def test_a_prefix_beside_it_is_taken(log: ActLog, prefix: str) -> None:
    assert log.state(AUTHORITY, admission(PLANT, prefixes=[prefix])) == []


def test_a_party_may_bind_below_its_own_prefix_and_state_it_again(log: ActLog) -> None:
    assert log.state(AUTHORITY, admission(MINE, prefixes=["4012345", "urn:epc:id:sgtin:4012345."])) == []
    assert log.facts.prefixes["4012345"].bound_at == 0
    assert log.facts.prefixes["urn:epc:id:sgtin:4012345."].bound_at == 1


def test_a_prefix_stays_bound_when_it_is_not_stated_again(log: ActLog) -> None:
    assert log.state(AUTHORITY, admission(MINE)) == []
    assert log.state(AUTHORITY, admission(PLANT, prefixes=["4012345"])) == [("prefix.bound", "/prefixes/0")]


@pytest.mark.parametrize(
    "changes",
    [
        {"roles": ["regulator"]},
        {"listing": {"start": "2027-01-15T08:00:00Z", "end": "2027-02-14T07:59:59.999999Z"}},
        {"listing": {"start": "2027-01-15T08:00:00Z", "end": "2027-01-15T08:00:00.000001Z"}},
    ],
)
def test_the_last_authority_stays(changes: dict[str, Any]) -> None:
    alone = [party for party in genesis()["parties"] if party["party"] != SECOND]
    log = ActLog.begun(parties=alone)
    payload = {**admission(AUTHORITY, "authority"), **changes}
    assert log.state(AUTHORITY, payload) == [("authority.last", "/roles")]
    # with a second one that has a key, the first may go
    assert log.state(AUTHORITY, admission(PLANT, "authority")) == []
    assert log.state(AUTHORITY, payload) == [("authority.last", "/roles")]
    assert log.state(AUTHORITY, enrolment("another", PLANT)) == []
    assert log.state(AUTHORITY, payload) == []


def test_the_last_authority_may_be_listed_for_thirty_days() -> None:
    alone = [first_party(AUTHORITY, "authority"), first_party(OPERATOR, "operator")]
    log = ActLog.begun(parties=alone)
    listing = {"start": "2027-01-15T08:00:00Z", "end": "2027-02-14T08:00:00Z"}
    assert log.state(AUTHORITY, admission(AUTHORITY, "authority", listing=listing)) == []


def test_names_ask_for_what_judging_needs() -> None:
    names = read(admission(PLANT, prefixes=["7654321"])).names()
    assert names.parties == {PLANT}
    assert names.all_prefixes
    assert names.authority_keys
    assert not read(admission(PLANT)).names().all_prefixes
