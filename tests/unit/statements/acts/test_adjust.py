"""adjust: who may set the books to what is there, and that nothing is lost on the way."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from ledger.records import own_cases
from ledger.records.lots import (
    EdgeRecord,
    HoldingRecord,
    PoolRecord,
    PoolVersionRecord,
    PostingRecord,
)
from ledger.records.oversight import AlertRecord, CaseRecord
from tests.support.act_books import (
    AGENT,
    BUYER,
    EXPORTER,
    LOT,
    SITE,
    born,
    delegation,
    holding_record,
    log_with_everyone,
    mass,
    posted,
    readers,
)
from tests.support.acts import AUTHORITY, MINE, REGULATOR, START_US, ActLog, faults, read

POOL = "https://mine.example/pools/1"
CELLS = {("Ce", SITE, "domestic"): 60, ("Ce", "unexplained", "domestic"): 3, ("Nd", SITE, "scrap"): 40}


def adjustment(counted: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    holding = {
        "lot": LOT,
        "owner": MINE,
        "custodian": MINE,
        "site": SITE,
        "counted": counted or mass(0.996),
        **members,
    }
    return {"act": "adjust", "reason": "stocktake", "holding": holding}


def of_pool(**measured: int) -> dict[str, Any]:
    masses = {element: mass(mass_mg, "MGM") for element, mass_mg in measured.items()}
    return {"act": "adjust", "reason": "inspection", "pool": {"pool": POOL, "measured": masses}}


def of_gap(**released: int) -> dict[str, Any]:
    masses = {element: mass(mass_mg, "MGM") for element, mass_mg in released.items()}
    return {"act": "adjust", "reason": "inspection", "gap": {"pool": POOL, "released": masses}}


@pytest.fixture
def log() -> ActLog:
    """The mine holds a lot of 1 kg and runs a pool of 103 mg, 3 mg of it a gap; the buyer owns half."""
    log = log_with_everyone()
    born(log)
    owners = {MINE: 52, BUYER: 51}
    log.facts.books.put(PoolRecord(POOL, SITE, MINE, 4, 99, CELLS, owners, {"Ce": 3}, 0, START_US))
    return log


def held(log: ActLog) -> HoldingRecord:
    found = log.facts.books.get(HoldingRecord, LOT, MINE, MINE, SITE)
    assert found is not None
    return found


def pool(log: ActLog) -> PoolRecord:
    found = log.facts.books.get(PoolRecord, POOL)
    assert found is not None
    return found


def sums_to_zero(log: ActLog, index: int) -> bool:
    totals: dict[str, Fraction] = {}
    for masses in posted(log.facts.books, index).values():
        for element, moved in masses.items():
            totals[element] = totals.get(element, Fraction(0)) + moved
    return set(totals.values()) == {Fraction(0)}


@pytest.mark.parametrize("issuer", [REGULATOR, AUTHORITY])
@pytest.mark.parametrize("counted_mg", [0, 1, 333_333, 999_999, 1_000_001, 2_000_000])
def test_a_regulator_adjusts_a_holding_to_anything(log: ActLog, issuer: str, counted_mg: int) -> None:
    assert log.state(issuer, adjustment(mass(counted_mg, "MGM"))) == []
    assert (held(log).mass_mg, held(log).changed_at) == (counted_mg, 6)
    fell = Fraction(1_000_000 - counted_mg, 1_000_000)
    assert posted(log.facts.books, 6)["difference"] == {"Ce": 300_000 * fell, "Nd": 150_000 * fell}
    assert sums_to_zero(log, 6)
    assert readers(log) == {MINE}
    assert log.facts.books.records(AlertRecord) == []


@pytest.mark.parametrize(
    ("counted_mg", "refused"), [(995_000, False), (994_999, True), (1_005_000, False), (1_005_001, True)]
)
def test_a_party_adjusts_its_own_by_half_a_per_cent(log: ActLog, counted_mg: int, refused: bool) -> None:
    findings = log.state(MINE, adjustment(mass(counted_mg, "MGM")))
    assert findings == ([("adjust.regulator", "/holding/counted")] if refused else [])
    assert held(log).mass_mg == (1_000_000 if refused else counted_mg)
    assert refused or sums_to_zero(log, 6)


def test_its_own_adjustments_add_up_both_ways(log: ActLog) -> None:
    assert log.state(MINE, adjustment(mass(997, "GRM"))) == []
    assert log.state(MINE, adjustment(mass(999_001, "MGM"))) == [("adjust.regulator", "/holding/counted")]
    assert log.state(MINE, adjustment(mass(998_999, "MGM"))) == []
    assert log.state(REGULATOR, adjustment(mass(900, "GRM"))) == [], "which is none of its own"
    assert log.state(MINE, adjustment(mass(899_998, "MGM"))) == [("adjust.regulator", "/holding/counted")]
    assert log.state(MINE, adjustment(mass(900_001, "MGM"))) == []
    assert log.state(MINE, adjustment(mass(900_000, "MGM"))) == [("adjust.regulator", "/holding/counted")]


def test_throughput_is_what_came_in_not_what_is_left(log: ActLog) -> None:
    log.facts.books.put(holding_record(mass_mg=10_000))
    assert log.state(MINE, adjustment(mass(5, "GRM"))) == []


def test_what_is_sent_and_taken_back_again_and_again_counts_once(log: ActLog) -> None:
    for line in range(10):
        away = PostingRecord(5, 0, 2 * line, "holding", LOT, "", MINE, MINE, SITE, START_US, -1_000_000)
        log.facts.books.put(away)
        log.facts.books.put(replace(away, line=2 * line + 1, mass_mg=1_000_000))
    assert log.state(MINE, adjustment(mass(1_005_001, "MGM"))) == [("adjust.regulator", "/holding/counted")]
    assert log.state(MINE, adjustment(mass(1_005_000, "MGM"))) == []


def test_its_own_adjustments_of_a_lot_add_up_over_sites(log: ActLog) -> None:
    other = SITE + "/other"
    log.facts.books.put(holding_record(site=other))
    log.facts.books.put(PostingRecord(5, 0, 0, "holding", LOT, "", MINE, MINE, other, START_US, 1_000_000))
    assert log.state(MINE, adjustment(mass(1_005_000, "MGM"))) == []
    again = adjustment(mass(1_000_001, "MGM"), site=other)
    assert log.state(MINE, again) == [("adjust.regulator", "/holding/counted")]


def test_a_regulators_gain_is_no_throughput(log: ActLog) -> None:
    assert log.state(REGULATOR, adjustment(mass(2))) == []
    assert log.state(MINE, adjustment(mass(1_994_999, "MGM"))) == [("adjust.regulator", "/holding/counted")]


def test_policy_states_the_share() -> None:
    log = log_with_everyone(thresholds={"adjust.own_share": "0"})
    born(log)
    assert log.state(MINE, adjustment(mass(999_999, "MGM"))) == [("adjust.regulator", "/holding/counted")]


def test_its_own_opens_an_alert(log: ActLog) -> None:
    assert log.state(MINE, adjustment()) == []
    (alert,) = log.facts.books.records(AlertRecord)
    assert (alert.code, alert.entry_index, alert.position) == ("stock.difference", 6, -1)
    assert (alert.party, alert.subject, alert.state, alert.told) == (MINE, f"lot:{LOT}", "open", False)
    assert alert.evidence == {"changed_mg": -4000, "book_mg": 1_000_000}


def test_where_its_rule_calls_for_a_case_one_opens(log: ActLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_cases, "OPENING", ("stock.difference",))
    assert log.state(MINE, adjustment()) == []
    (case,) = log.facts.books.records(CaseRecord)
    assert [alert.case for alert in log.facts.books.records(AlertRecord)] == [case.case]


def test_an_alert_takes_the_next_number(log: ActLog) -> None:
    other = AlertRecord(6, 0, "pool.unclosed", MINE, SITE, f"pool:{POOL}", -1, START_US, "", "", {}, True)
    log.facts.books.put(other)
    assert log.state(MINE, adjustment()) == []
    assert [alert.code for alert in log.facts.books.records(AlertRecord)] == [
        "pool.unclosed",
        "stock.difference",
    ]


@pytest.mark.parametrize(("action", "alerts"), [("off", 0), ("flag", 1)])
def test_policy_says_whether(action: str, alerts: int) -> None:
    log = log_with_everyone(rules={"stock.difference": {"action": action}})
    born(log)
    assert log.state(MINE, adjustment()) == []
    assert len(log.facts.books.records(AlertRecord)) == alerts


def test_policy_may_refuse_it() -> None:
    log = log_with_everyone(rules={"stock.difference": {"action": "reject"}})
    born(log)
    assert log.state(MINE, adjustment()) == [("stock.difference", "/holding/counted")]
    assert log.state(REGULATOR, adjustment()) == []


@pytest.mark.parametrize("issuer", [EXPORTER, BUYER, AGENT])
def test_nobody_adjusts_anothers(log: ActLog, issuer: str) -> None:
    assert ("act.signer", "") in log.state(issuer, adjustment())


def test_an_agent_adjusts_for_the_custodian_within_its_limit(log: ActLog) -> None:
    assert log.state(MINE, delegation(MINE)) == []
    assert log.state(AGENT, adjustment(mass(994_999, "MGM"))) == [("adjust.regulator", "/holding/counted")]
    assert log.state(AGENT, adjustment()) == []


def test_what_awaits_its_shipment_shrinks_with_the_holding(log: ActLog) -> None:
    log.facts.books.put(replace(holding_record(), provisional_mg=600_000))
    assert log.state(REGULATOR, adjustment(mass(500, "GRM"))) == []
    assert held(log).provisional_mg == 500_000


def test_one_thing_is_there_or_not(log: ActLog) -> None:
    born(log, instance=True)
    assert log.state(REGULATOR, adjustment(mass(500, "GRM"))) == [("lot.indivisible", "/holding/counted")]
    assert log.state(REGULATOR, adjustment(mass(0))) == []


@pytest.mark.parametrize("members", [{"lot": LOT + "0"}, {"owner": BUYER}, {"site": SITE + "0"}])
def test_a_holding_that_is_not_there(log: ActLog, members: dict[str, Any]) -> None:
    assert log.state(REGULATOR, adjustment(**members)) == [("holding.unknown", "/holding")]


@pytest.mark.parametrize("issuer", [REGULATOR, MINE])
def test_nothing_is_counted_of_a_lot_whose_birth_was_taken_back(log: ActLog, issuer: str) -> None:
    born(log, voided_at=3)
    before = held(log)
    assert log.state(issuer, adjustment()) == [("holding.unknown", "/holding")]
    assert held(log) == before


def test_where_the_books_say_the_same(log: ActLog) -> None:
    assert log.state(REGULATOR, adjustment(mass(1))) == [("adjust.nothing", "/holding/counted")]


@pytest.mark.parametrize(
    ("measured", "elements", "blocked"),
    [
        ({"Ce": 63}, {"Ce": 63, "Nd": 40}, {"Ce": 3}),
        ({"Ce": 21}, {"Ce": 21, "Nd": 40}, {"Ce": 1}),
        ({"Ce": 0, "Nd": 0}, {}, {}),
        ({"Nd": 41}, {"Ce": 63, "Nd": 41}, {"Ce": 3}),
        ({"Dy": 7}, {"Ce": 63, "Nd": 40, "Dy": 7}, {"Ce": 3}),
        ({"Ce": 70, "Nd": 1}, {"Ce": 70, "Nd": 1}, {"Ce": 3}),
    ],
)
def test_a_pool_is_set_to_what_was_measured(
    log: ActLog, measured: dict[str, int], elements: dict[str, int], blocked: dict[str, int]
) -> None:
    assert log.state(REGULATOR, of_pool(**measured)) == []
    after = pool(log)
    found: dict[str, int] = {}
    for (element, _, _), mass_mg in after.cells.items():
        found[element] = found.get(element, 0) + mass_mg
    assert found == elements
    assert all(after.cells.values())
    assert sum(after.owners.values()) == sum(elements.values())
    assert after.blocked == blocked
    assert (after.version, after.node) == (5, 6 << 20)
    version = log.facts.books.get(PoolVersionRecord, POOL, 5)
    assert version is not None
    assert (version.cells, version.change, version.node) == (after.cells, "adjust", after.node)
    assert (version.owners, version.blocked) == (after.owners, after.blocked)
    assert log.facts.books.get(EdgeRecord, after.node, 99) == EdgeRecord(after.node, 99, 6)
    lines = log.facts.books.group(PostingRecord, "event", 6, -1)
    assert not any(line.contained for line in lines) or sums_to_zero(log, 6)
    assert readers(log) == {MINE, BUYER}


def test_what_is_more_is_unexplained(log: ActLog) -> None:
    assert log.state(REGULATOR, of_pool(Nd=41, Dy=7)) == []
    assert pool(log).cells[("Nd", "unexplained", "domestic")] == 1
    assert pool(log).cells[("Dy", "unexplained", "domestic")] == 7
    assert pool(log).cells[("Nd", SITE, "scrap")] == 40


@pytest.mark.parametrize(("released", "blocked"), [(3, {}), (2, {"Ce": 1}), (0, {"Ce": 3})])
def test_a_gap_is_released(log: ActLog, released: int, blocked: dict[str, int]) -> None:
    assert log.state(REGULATOR, of_gap(Ce=released)) == []
    assert pool(log) == replace(pool(log), blocked=blocked, cells=CELLS, version=5, node=6 << 20)
    version = log.facts.books.get(PoolVersionRecord, POOL, 5)
    assert version is not None
    assert (version.cells, version.owners, version.blocked) == (CELLS, pool(log).owners, blocked)
    assert (version.change, version.node) == ("adjust", 6 << 20)
    assert log.facts.books.get(EdgeRecord, 6 << 20, 99) == EdgeRecord(6 << 20, 99, 6)
    assert log.facts.books.group(PostingRecord, "event", 6, -1) == []


@pytest.mark.parametrize(("released", "place"), [({"Ce": 4}, "Ce"), ({"Ce": 3, "Nd": 1}, "Nd")])
def test_no_more_than_is_blocked(log: ActLog, released: dict[str, int], place: str) -> None:
    assert log.state(REGULATOR, of_gap(**released)) == [("adjust.gap", f"/gap/released/{place}")]
    assert pool(log).blocked == {"Ce": 3}


@pytest.mark.parametrize("payload", [of_pool(Ce=62), of_gap(Ce=3)])
def test_its_custodian_adjusts_no_pool(log: ActLog, payload: dict[str, Any]) -> None:
    assert log.state(MINE, payload) == [("act.signer", "")]


def test_a_pool_that_is_not_there(log: ActLog) -> None:
    for payload, name in ((of_pool(Ce=1), "pool"), (of_gap(Ce=1), "gap")):
        payload[name]["pool"] = POOL + "0"
        assert log.state(REGULATOR, payload) == [("pool.unknown", f"/{name}/pool")]


@pytest.mark.parametrize(
    ("payload", "fault"),
    [
        ({"act": "adjust", "reason": "stocktake"}, ("adjust.subject", "")),
        (adjustment() | {"pool": of_pool(Ce=1)["pool"]}, ("adjust.subject", "")),
        (adjustment() | {"reason": "because"}, ("schema.value", "/reason")),
        (adjustment() | {"remark": "x"}, ("schema.unknown-member", "/remark")),
        (adjustment(mass(-1)), ("schema.value", "/holding/counted/quantity")),
        (of_pool(), ("schema.value", "/pool/measured")),
        (of_pool(Fe=1), ("schema.value", "/pool/measured/Fe")),
        (of_pool(Ce=-1), ("schema.value", "/pool/measured/Ce/quantity")),
        (
            {"act": "adjust", "reason": "assay", "gap": {"pool": POOL, "released": {"Ce": 3}}},
            ("schema.type", "/gap/released/Ce"),
        ),
        (
            {"act": "adjust", "reason": "assay", "gap": {"pool": POOL, "released": [1]}},
            ("schema.type", "/gap/released"),
        ),
    ],
)
def test_form(payload: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(payload) == [fault]


def test_names_and_privacy() -> None:
    act = read(adjustment())
    assert not act.public
    assert act.names().parties == {MINE}
    assert read(of_gap(Ce=1)).names().parties == set()
