"""allot-quota: one allotment for a party, year, activity and ore class."""

from typing import Any

import pytest

from ledger.controls.quotas import draw_quotas
from ledger.records.oversight import QuotaRecord
from tests.support.act_books import STRANGER, log_with_everyone, mass, readers
from tests.support.acts import AUTHORITY, MINE, REGULATOR, ActLog, faults, read

KEY = (MINE, 2027, "mining", "rock")


def allotment(**members: Any) -> dict[str, Any]:
    return {
        "act": "allot-quota",
        "party": MINE,
        "year": 2027,
        "activity": "mining",
        "ore_class": "rock",
        "mass": mass(94580, "TNE"),
        **members,
    }


@pytest.fixture
def log() -> ActLog:
    return log_with_everyone()


def test_an_allotment(log: ActLog) -> None:
    assert log.state(AUTHORITY, allotment()) == []
    assert log.facts.books.get(QuotaRecord, *KEY) == QuotaRecord(*KEY, 94_580 * 10**9, 0, 6)
    assert readers(log) == {MINE}


def test_stated_again_what_was_drawn_stays(log: ActLog) -> None:
    assert log.state(AUTHORITY, allotment()) == []
    draw_quotas(log.facts.books, MINE, 2027, {("mining", "rock"): 7})
    assert log.state(AUTHORITY, allotment(mass=mass(0))) == []
    assert log.facts.books.get(QuotaRecord, *KEY) == QuotaRecord(*KEY, 0, 7, 7)


@pytest.mark.parametrize(("ore_class", "drawn_mg"), [("rock", 7), ("ionic", 11), ("any", 18)])
def test_what_was_drawn_before_it_counts(log: ActLog, ore_class: str, drawn_mg: int) -> None:
    draw_quotas(log.facts.books, MINE, 2027, {("mining", "rock"): 7, ("mining", "ionic"): 11})
    draw_quotas(log.facts.books, MINE, 2026, {("mining", ore_class): 100})
    draw_quotas(log.facts.books, MINE, 2027, {("separation", "any"): 100})
    assert log.state(AUTHORITY, allotment(ore_class=ore_class)) == []
    record = log.facts.books.get(QuotaRecord, MINE, 2027, "mining", ore_class)
    assert record is not None
    assert record.drawn_mg == drawn_mg


def test_an_allotment_that_takes_draws_over_leaves_none_on_the_other(log: ActLog) -> None:
    said = {"activity": "separation"}
    assert log.state(AUTHORITY, allotment(ore_class="rock", **said)) == []
    draw_quotas(log.facts.books, MINE, 2027, {("separation", "any"): 5})
    assert log.state(AUTHORITY, allotment(ore_class="ionic", **said)) == []
    records = log.facts.books.group(QuotaRecord, "party", MINE, 2027)
    assert {each.ore_class: each.drawn_mg for each in records} == {"ionic": 5, "rock": 0}


@pytest.mark.parametrize(
    "members",
    [
        {"ore_class": "ionic"},
        {"activity": "separation", "ore_class": "any"},
        {"year": 2028, "ore_class": "any"},
    ],
)
def test_others_stand_beside_it(log: ActLog, members: dict[str, Any]) -> None:
    assert log.state(AUTHORITY, allotment()) == []
    assert log.state(AUTHORITY, allotment(**members)) == []


@pytest.mark.parametrize(("first", "second"), [("rock", "any"), ("any", "ionic")])
def test_both_classes_and_one_do_not(log: ActLog, first: str, second: str) -> None:
    assert log.state(AUTHORITY, allotment(ore_class=first)) == []
    assert log.state(AUTHORITY, allotment(ore_class=second)) == [("quota.class", "/ore_class")]
    assert log.state(AUTHORITY, allotment(ore_class=first, mass=mass(0))) == []
    assert log.state(AUTHORITY, allotment(ore_class=second)) == []


@pytest.mark.parametrize("issuer", [MINE, REGULATOR])
def test_only_an_authority(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, allotment()) == [("act.signer", "")]


def test_the_party_must_be_known(log: ActLog) -> None:
    assert log.state(AUTHORITY, allotment(party=STRANGER)) == [("party.unknown", "/party")]


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ({"year": "2027"}, ("schema.type", "/year")),
        ({"year": 1999}, ("schema.value", "/year")),
        ({"activity": "smelting"}, ("schema.value", "/activity")),
        ({"ore_class": "beach"}, ("schema.value", "/ore_class")),
        ({"mass": 94580}, ("schema.type", "/mass")),
        ({"mass": {"quantity": 1}}, ("schema.value", "/mass")),
        ({"mass": mass(-1)}, ("schema.value", "/mass/quantity")),
        ({"mass": mass(10, "LTR")}, ("schema.value", "/mass/uom")),
        ({"mass": {"quantity": "10", "uom": "KGM"}}, ("schema.type", "/mass/quantity")),
        ({"mass": {"quantity": True, "uom": "KGM"}}, ("schema.type", "/mass/quantity")),
        ({"mass": mass(9_007_200, "TNE")}, ("schema.value", "/mass/quantity")),
        ({"mass": {**mass(1), "basis": "REO"}}, ("schema.value", "/mass")),
    ],
)
def test_form(members: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(allotment(**members)) == [fault]


def test_a_mass_at_the_limit() -> None:
    assert faults(allotment(mass=mass(9_007_199, "TNE"))) == []
    assert not read(allotment()).public
