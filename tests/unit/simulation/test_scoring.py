"""Scoring: an alert finds, is true, is a side finding, or is false; nothing counts twice."""

from dataclasses import replace

import pytest

from ledger.records.periods import DAY_US
from ledger.simulation.folder import Planted, Truth
from ledger.simulation.scoring import Alert, PatternScore, Score, Scorer, names_in

HONEST = Truth("j", 1, "ship", True, "https://a.example/")
LATE = replace(HONEST, facts=("report.late",), subjects=("urn:uuid:1", "lot-1"))
PLANTED = replace(
    HONEST, pattern="price-low", number="price-low-1", codes=("price.low",), subjects=("urn:uuid:2", "lot-2")
)
INSTANCE = Planted("price-low-1", "price-low", ("price.low",), False, ("site-9",), 1, False, begun_us=1)
EARLY = replace(HONEST, filed_us=0)
ALERT = Alert(7, "price.low", "https://a.example/", "", "lot:lot-2", 0, "cheap")


def scorer(*planted: Planted) -> Scorer:
    return Scorer(planted)


def test_an_alert_on_the_planted_statement_finds_it() -> None:
    one = scorer(INSTANCE)
    one.statement(PLANTED, 7, ())
    one.alerts([replace(ALERT, subject="")])
    score = one.finish()
    assert (score.code("price.low").planted, score.code("price.low").found) == (1, 1)
    assert score.code("price.low").false == 0


@pytest.mark.parametrize(
    "subject", ["lot:lot-2", "shipment:https://a.example/ urn:uuid:2", "site:site-9|2026"]
)
def test_an_alert_elsewhere_finds_it_by_its_subject(subject: str) -> None:
    one = scorer(INSTANCE)
    one.statement(PLANTED, 7, ())
    one.alerts([replace(ALERT, entry_index=99, position=-1, subject=subject)])
    assert one.finish().code("price.low").found == 1


def test_two_alerts_find_an_instance_once() -> None:
    one = scorer(INSTANCE)
    one.statement(PLANTED, 7, ())
    one.alerts([ALERT, ALERT])
    assert one.finish().code("price.low").found == 1


def test_another_code_on_a_planted_statement_is_a_side_finding_and_does_not_find_it() -> None:
    one = scorer(INSTANCE)
    one.statement(PLANTED, 7, ())
    one.alerts([replace(ALERT, code="seal.reused")])
    score = one.finish()
    assert score.code("seal.reused").side == 1
    assert score.code("seal.reused").false == 0
    assert score.missed == {"price.low": ["price-low-1"]}


def test_a_refusal_with_the_expected_code_finds_it() -> None:
    one = scorer(INSTANCE)
    one.statement(PLANTED, None, ("name.foreign", "price.low"))
    assert one.finish().code("price.low").found == 1


def test_a_refusal_with_another_code_does_not() -> None:
    one = scorer(INSTANCE)
    one.statement(PLANTED, None, ("name.foreign",))
    score = one.finish()
    assert score.code("price.low").missed == 1
    assert score.refusals.total() == 0


def test_an_alert_on_an_honest_statement_is_false() -> None:
    one = scorer()
    one.statement(HONEST, 7, ())
    one.alerts([ALERT])
    score = one.finish()
    assert score.code("price.low").false == 1
    assert score.false_alerts_per_1000 == 1000
    assert score.recall is None


def test_what_is_true_of_an_honest_statement_is_not_false() -> None:
    one = scorer()
    one.statement(LATE, 7, ())
    one.alerts([replace(ALERT, code="report.late", subject="")])
    one.alerts(
        [replace(ALERT, code="report.late", entry_index=8, position=-1, subject="shipment:x urn:uuid:1")]
    )
    score = one.finish()
    assert (score.code("report.late").true, score.code("report.late").false) == (2, 0)


def test_a_true_fact_excuses_no_other_code() -> None:
    one = scorer()
    one.statement(LATE, 7, ())
    one.alerts([replace(ALERT, code="seal.reused", subject="lot:lot-1")])
    assert one.finish().code("seal.reused").false == 1


def test_a_fact_with_a_subject_is_true_of_that_subject_alone() -> None:
    one = scorer()
    one.statement(replace(HONEST, facts=("shipment.unsent urn:uuid:5",)), 7, ())
    one.alerts([replace(ALERT, code="shipment.unsent", entry_index=8, subject="shipment:c urn:uuid:5")])
    one.alerts([replace(ALERT, code="shipment.unsent", entry_index=8, subject="shipment:c urn:uuid:6")])
    score = one.finish().code("shipment.unsent")
    assert (score.true, score.false) == (1, 1)


def test_what_was_not_filed_in_time_is_true_as_well() -> None:
    one = scorer()
    one.statement(HONEST, 7, ())
    one.facts(replace(LATE, facts=("shipment.unreceived urn:uuid:1",)))
    one.alerts([replace(ALERT, code="shipment.unreceived", subject="shipment:c urn:uuid:1")])
    assert one.finish().code("shipment.unreceived").true == 1


def test_refused_honest_movements_and_acts_are_counted_apart() -> None:
    one = scorer()
    one.statement(HONEST, None, ("lot.unknown", "name.foreign"), "no lot")
    one.statement(replace(HONEST, kind="settle-invoice", movement=False), None, ("invoice.unknown",))
    score = one.finish()
    assert score.refusals == {"lot.unknown": 1}
    assert score.acts_refused == {"invoice.unknown": 1}
    assert score.movements == 1


def test_evasive_instances_are_counted_apart() -> None:
    one = scorer(replace(INSTANCE, evasive=True))
    one.statement(replace(PLANTED, evasive=True), 7, ())
    score = one.finish()
    assert score.recall is None
    assert score.code("price.low").evasive == 1
    assert score.evasive_missed == {"price.low": ["price-low-1"]}
    assert score.missed == {}


def test_an_instance_that_was_not_finished_is_not_counted() -> None:
    one = scorer(replace(INSTANCE, statements=2))
    one.statement(PLANTED, 7, ())
    assert one.finish().code("price.low").planted == 0


def test_an_instance_without_statements_counts_where_something_was_not_filed() -> None:
    silent = Planted("pool-unclosed-1", "pool-unclosed", ("pool.unclosed",), False, ("pool-1",), 0, True)
    one = scorer(silent, replace(silent, number="other", subjects=(), silent=False))
    one.statement(HONEST, 7, ())
    one.alerts([replace(ALERT, code="pool.unclosed", position=-1, subject="pool:pool-1")])
    score = one.finish().code("pool.unclosed")
    assert (score.planted, score.found) == (1, 1)


def test_the_parts_of_a_subject_are_names() -> None:
    assert names_in(replace(ALERT, subject="quota:https://a.example/|2026|mining|rock")) == {
        "https://a.example/",
        "2026",
        "mining",
        "rock",
    }
    assert names_in(replace(ALERT, subject="")) == set()


def test_a_pattern_is_found_where_every_code_of_it_was() -> None:
    both = replace(PLANTED, codes=("price.low", "seal.reused"))
    one = scorer(replace(INSTANCE, codes=both.codes, shape="combined"))
    one.statement(both, 7, ())
    one.alerts([ALERT])
    assert one.finish().patterns["price-low"] == PatternScore(1, 0, shape="combined")
    one = scorer(replace(INSTANCE, codes=both.codes))
    one.statement(both, 7, ())
    one.alerts([ALERT, replace(ALERT, code="seal.reused")])
    assert one.finish().patterns["price-low"] == PatternScore(1, 1)


def test_patterns_planted_fewer_than_thirty_times_are_named_and_those_that_never_came_about() -> None:
    planted = [replace(INSTANCE, number=f"n-{place}", evasive=place % 5 == 4) for place in range(30)]
    one = Scorer(planted, ["price-low", "surge"])
    for each in planted:
        one.statement(replace(PLANTED, number=each.number, evasive=each.evasive), 7, ("price.low",))
    score = one.finish()
    assert score.patterns["price-low"] == PatternScore(24, 24, 6, 6)
    assert score.few() == ["surge"]
    one = Scorer(planted[:29], ["price-low"])
    for each in planted[:29]:
        one.statement(replace(PLANTED, number=each.number), 7, ())
    assert one.finish().few() == ["price-low"]


@pytest.mark.parametrize("position", [0, -1])
def test_an_alert_before_an_instance_began_is_false(position: int) -> None:
    one = scorer(replace(INSTANCE, statements=2))
    one.statement(EARLY, 7, ())
    one.statement(PLANTED, 500, ())
    one.statement(PLANTED, 501, ())
    one.alerts([replace(ALERT, entry_index=7, position=position, subject="consignee:site-9")])
    one.alerts([replace(ALERT, entry_index=7, position=position, code="seal.reused")])
    score = one.finish()
    assert (score.code("price.low").found, score.code("price.low").false) == (0, 1)
    assert (score.code("seal.reused").side, score.code("seal.reused").false) == (0, 1)


@pytest.mark.parametrize(("entry", "found"), [(497, 0), (498, 1), (500, 1)])
def test_an_alert_counts_once_an_instance_began_though_it_is_filed_later(entry: int, found: int) -> None:
    one = scorer(INSTANCE)
    one.statement(EARLY, 497, ())
    one.statement(HONEST, 498, ())
    one.statement(PLANTED, 500, ())
    one.alerts([replace(ALERT, entry_index=entry, position=-1)])
    assert one.finish().code("price.low").found == found


def test_an_instance_whose_first_statement_was_refused_begins_with_the_next_entry() -> None:
    one = scorer(INSTANCE)
    one.statement(EARLY, 7, ())
    one.statement(PLANTED, None, ("name.foreign",))
    one.alerts([replace(ALERT, entry_index=7, position=-1)])
    assert one.finish().code("price.low").false == 1
    one.alerts([replace(ALERT, entry_index=8, position=-1)])
    assert one.score.code("price.low").false == 1


def test_an_alert_on_one_instance_finds_no_other_that_names_the_same_goods() -> None:
    another = replace(PLANTED, number="price-low-2", subjects=("urn:uuid:3", "lot-2"))
    one = scorer(INSTANCE, replace(INSTANCE, number="price-low-2"))
    one.statement(PLANTED, 7, ())
    one.statement(another, 8, ())
    one.alerts([replace(ALERT, entry_index=8)])
    score = one.finish()
    assert score.code("price.low").found == 1
    assert score.missed == {"price.low": ["price-low-1"]}


GAP = Planted(
    "pool-gap-1", "pool-gap", ("pool.gap",), False, (), 1, False, begun_us=1, sites=("https://s.example/1",)
)
SUM = Alert(9, "balance.cumulative", "https://s.example/", "", "balance:https://s.example/1|2025", -1, "more")


@pytest.mark.parametrize(
    ("alert", "false"),
    [
        (SUM, 0),
        (replace(SUM, entry_index=6), 1),
        (replace(SUM, entry_index=11), 1),
        (replace(SUM, subject="balance:https://s.example/2|2025"), 1),
        (replace(SUM, code="capacity.exceeded", subject="site:https://s.example/1|2025"), 1),
    ],
)
def test_a_sum_in_which_something_planted_has_its_part_is_a_side_finding_for_a_year(
    alert: Alert, false: int
) -> None:
    one = scorer(GAP)
    one.statement(EARLY, 6, ())
    one.statement(replace(PLANTED, number="pool-gap-1", codes=("pool.gap",), subjects=()), 7, ())
    one.statement(replace(HONEST, filed_us=409 * DAY_US), 10, ())
    one.statement(replace(HONEST, filed_us=411 * DAY_US), 11, ())
    one.alerts([alert])
    score = one.finish().code(alert.code)
    assert (score.false, score.side, score.found) == (false, 1 - false, 0)


def test_what_was_not_filed_is_found_by_no_alert_before_it_began() -> None:
    silent = Planted("s-1", "s", ("pool.unclosed",), False, ("pool-1",), 0, True, begun_us=5)
    one = scorer(silent)
    one.statement(replace(HONEST, filed_us=4), 7, ())
    one.statement(replace(HONEST, filed_us=6), 8, ())
    one.alerts([replace(ALERT, entry_index=7, code="pool.unclosed", position=-1, subject="pool:pool-1")])
    score = one.finish().code("pool.unclosed")
    assert (score.planted, score.found, score.false) == (1, 0, 1)


EXCESS = replace(PLANTED, number="quota-1", codes=("quota.exceeded",), subjects=("lot-8",), taints=True)
MADE = replace(HONEST, kind="process", sources=("quota-1",), illegal=("lot-9",))
TOLD = Alert(9, "taint.inherited", "https://a.example/", "", "lot:lot-9", 0, "lot-9 was made of it (entry 8)")


def tainted(*alerts: Alert, made: Truth = MADE, number: str = "quota-1") -> Score:
    one = scorer(replace(INSTANCE, number=number, codes=("quota.exceeded",)))
    one.statement(replace(EXCESS, number=number), 8, ())
    one.statement(made, 9, ())
    one.statement(HONEST, 10, ())
    one.alerts(alerts)
    return one.finish()


def test_an_alert_on_illegal_product_is_true_and_finds_its_lot_once() -> None:
    score = tainted(TOLD, TOLD)
    assert (score.tainted, score.tainted_found) == (1, 1)
    assert (score.code("taint.inherited").true, score.code("taint.inherited").false) == (2, 0)
    assert score.as_json()["tainted"] == {"lots": 1, "found": 1}


@pytest.mark.parametrize(
    "alert",
    [
        replace(TOLD, detail="lot-9 was made of it (entry 7)"),
        replace(TOLD, detail="lot-9 was made of it"),
        replace(TOLD, subject="lot:lot-7"),
        replace(TOLD, entry_index=10),
        replace(TOLD, position=-1),
    ],
)
def test_an_alert_on_other_goods_or_of_another_source_is_false_and_finds_nothing(alert: Alert) -> None:
    score = tainted(alert)
    assert (score.tainted, score.tainted_found) == (1, 0)
    assert (score.code("taint.inherited").true, score.code("taint.inherited").false) == (0, 1)


def test_illegal_product_of_which_nobody_spoke_is_missed() -> None:
    score = tainted()
    assert (score.tainted, score.tainted_found) == (1, 0)


def test_lots_are_not_looked_for_before_it_was_recorded_what_makes_them_illegal() -> None:
    one = scorer(replace(INSTANCE, number="quota-1"))
    one.statement(MADE, 8, ())
    one.statement(EXCESS, 9, ())
    assert one.finish().tainted == 0
    assert tainted(number="quota-2").tainted == 0
    assert tainted(made=replace(MADE, illegal=())).tainted == 0
