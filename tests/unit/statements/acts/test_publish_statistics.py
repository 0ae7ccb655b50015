"""publish-statistics: figures that are what the books say, and nothing else."""

from datetime import date, timedelta
from typing import Any

import pytest

from ledger.records.oversight import StatisticsRecord
from ledger.records.policy import read_policy
from ledger.records.working_days import DECISION_DAYS, add_working_days, start_of_day_us
from ledger.statements.acts.licence_figures import (
    count_licences,
    element_key,
)
from ledger.statements.acts.publication_periods import period_after, period_us
from ledger.statements.acts.publish_statistics import draft_statistics
from tests.support.act_books import (
    EXPORTER,
    LICENCE,
    application,
    change,
    grant,
    licence,
    log_with_everyone,
    mass,
)
from tests.support.acts import AUTHORITY, DAY_US, MINE, OPERATOR, REGULATOR, START_US, ActLog, faults, read

FIGURES = {
    "applications": 4,
    "granted": 2,
    "refused": 1,
    "by_reason": {"incomplete": 1},
    "pending": 1,
    "overdue": 0,
    "median_days": "5",
    "percentile_90_days": 6,
}
ROW = {
    "key": "DE",
    "applications": 2,
    "granted": 2,
    "refused": 0,
    "by_reason": {},
    "pending": 0,
    "overdue": 0,
    "median_days": "5",
    "percentile_90_days": 6,
}
POLICY = read_policy({"rule_set": 1})
NOTHING: dict[str, Any] = {
    **dict.fromkeys(("applications", "granted", "refused"), 0),
    **dict.fromkeys(("median_days", "percentile_90_days")),
    "by_reason": {},
    "tonnes": "0",
}
# Half past seven in the evening at UTC: 1 February has begun at UTC+8.
FEBRUARY_US = START_US + 16 * DAY_US + 8 * 3_600_000_000


def publication(period: str = "2027-01", **figures: Any) -> dict[str, Any]:
    members = {name: value for name, value in (FIGURES | figures).items() if value is not None}
    return {
        "act": "publish-statistics",
        "statistics": "export-licences",
        "period": period,
        "figures": members,
    }


def named(place: int) -> dict[str, str]:
    return {"licence": f"{LICENCE}/{place}"}


@pytest.fixture
def log() -> ActLog:
    """Four applications on 15 January; decided after 3 days, 5 days, and 10 of which the clock stood 4."""
    log = log_with_everyone()
    for place, tonnes in enumerate((2.5, 5, 100, 1000)):
        assert log.state(EXPORTER, application(**named(place), quantity=mass(tonnes, "TNE"))) == []
    log.now_us = START_US + 3 * DAY_US
    assert log.state(REGULATOR, grant(**named(0))) == []
    assert log.state(REGULATOR, change("suspend-licence", **named(0))) == []
    assert log.state(REGULATOR, change("revoke-licence", **named(0))) == []
    assert log.state(REGULATOR, change("stop-clock", **named(1))) == []
    log.now_us = START_US + 5 * DAY_US
    assert log.state(REGULATOR, change("refuse-licence", **named(2))) == []
    log.now_us = START_US + 7 * DAY_US
    assert log.state(REGULATOR, change("start-clock", **named(1))) == []
    log.now_us = START_US + 10 * DAY_US
    assert log.state(REGULATOR, grant(**named(1))) == []
    log.now_us = FEBRUARY_US
    return log


@pytest.mark.parametrize("issuer", [AUTHORITY, REGULATOR])
def test_what_the_books_say_is_published(log: ActLog, issuer: str) -> None:
    index = log.size
    assert log.state(issuer, publication()) == []
    record = log.facts.books.get(StatisticsRecord, "export-licences", "2027-01", index)
    assert record == StatisticsRecord("export-licences", "2027-01", index, FIGURES)


@pytest.mark.parametrize(
    "name", ["applications", "granted", "refused", "pending", "overdue", "percentile_90_days"]
)
@pytest.mark.parametrize("change_by", [-1, 1])
def test_a_count_that_is_one_off_is_refused(log: ActLog, name: str, change_by: int) -> None:
    value = FIGURES[name]
    assert isinstance(value, int)
    if value + change_by < 0:
        assert faults(publication(**{name: value + change_by})) == [("schema.value", f"/figures/{name}")]
    else:
        changed = publication(**{name: value + change_by})
        assert log.state(REGULATOR, changed) == [("statistics.figures", f"/figures/{name}")]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("median_days", "5.5"),
        ("median_days", "5.0"),
        ("tonnes", "7.5"),
        ("by_reason", {"data-error": 1}),
        (
            "by_destination",
            [ROW],
        ),
    ],
)
def test_a_figure_that_is_another_is_refused(log: ActLog, name: str, value: Any) -> None:
    assert log.state(REGULATOR, publication(**{name: value})) == [("statistics.figures", f"/figures/{name}")]


@pytest.mark.parametrize("table", ["by_destination", "by_element"])
def test_who_tabulates_applications_publishes_both_tables(log: ActLog, table: str) -> None:
    draft = draft_statistics(log.facts.books, POLICY, "2027-01", "2027-01")
    del draft["figures"][table]
    assert log.state(REGULATOR, draft) == [("statistics.figures", f"/figures/{table}")]


def test_a_period_has_to_be_over(log: ActLog) -> None:
    log.now_us = FEBRUARY_US - 1
    assert log.state(REGULATOR, publication()) == [("statistics.period", "/period")]
    assert log.state(REGULATOR, publication("2027")) == [("statistics.period", "/period")]


def test_what_is_pending_becomes_overdue(log: ActLog) -> None:
    log.now_us = START_US + 120 * DAY_US
    february = count_licences(log.facts.books, POLICY, *period_us("2027-02", POLICY))
    assert (february["applications"], february["pending"], february["overdue"]) == (0, 1, 0)
    assert "median_days" not in february
    assert count_licences(log.facts.books, POLICY, *period_us("2027-03", POLICY))["overdue"] == 1
    nothing = publication("2027-03", overdue=1, **NOTHING)
    assert log.state(REGULATOR, nothing) == []


def test_what_was_overdue_then_stays_so_once_it_is_decided(log: ActLog) -> None:
    log.now_us = START_US + 120 * DAY_US
    assert log.state(REGULATOR, change("refuse-licence", **named(3))) == []
    assert count_licences(log.facts.books, POLICY, *period_us("2027-03", POLICY))["overdue"] == 1


def test_every_span_of_time_is_published_once(log: ActLog) -> None:
    assert log.state(REGULATOR, publication()) == []
    log.now_us = START_US + 500 * DAY_US
    for period in ("2027-01", "2027-Q1", "2027", "2026-12", "2027-03", "2027-Q2"):
        draft = draft_statistics(log.facts.books, POLICY, period)
        assert log.state(REGULATOR, draft) == [("statistics.sequence", "/period")], period
    for period in ("2027-02", "2027-03", "2027-Q2", "2027-Q3"):
        assert log.state(REGULATOR, draft_statistics(log.facts.books, POLICY, period)) == []


def test_the_applications_of_every_span_are_tabulated_once(log: ActLog) -> None:
    log.now_us = START_US + 500 * DAY_US
    first = draft_statistics(log.facts.books, POLICY, "2027-01", "2027-01")
    assert log.state(REGULATOR, first) == []
    after = draft_statistics(log.facts.books, POLICY, "2027-02")
    assert "filed" not in after["figures"], "it would be that of February, which has just ended"
    for filed in ("2027-01", "2026-12", "2027-Q1"):
        again = draft_statistics(log.facts.books, POLICY, "2027-02", filed)
        place = "period" if filed == "2027-Q1" else "sequence"
        assert log.state(REGULATOR, again) == [(f"statistics.{place}", "/figures/filed")], filed
    assert log.state(REGULATOR, after) == []
    for month in ("2027-03", "2027-04"):
        assert log.state(REGULATOR, draft_statistics(log.facts.books, POLICY, month)) == []
    may = draft_statistics(log.facts.books, POLICY, "2027-05")
    assert may["figures"]["filed"] == "2027-02"
    gap = draft_statistics(log.facts.books, POLICY, "2027-05", "2027-03")
    assert log.state(REGULATOR, gap) == [("statistics.sequence", "/figures/filed")]
    assert log.state(REGULATOR, may) == []


def test_a_span_up_to_now_is_published_and_the_rest_of_its_month_later(log: ActLog) -> None:
    start, end = "2026-12-31T16:00:00Z", "2027-02-05T00:00:00Z"
    log.now_us = START_US + 30 * DAY_US
    early = draft_statistics(log.facts.books, POLICY, f"{start}/2027-02-28T00:00:00Z")
    assert log.state(REGULATOR, early) == [("statistics.period", "/period")]
    span = f"{start}/{end}"
    assert log.state(REGULATOR, draft_statistics(log.facts.books, POLICY, span, span)) == []
    log.now_us = START_US + 500 * DAY_US
    for period in ("2027-02", "2027-03", span):
        again = draft_statistics(log.facts.books, POLICY, period)
        assert log.state(REGULATOR, again) == [("statistics.sequence", "/period")], period
    rest = period_after(span, POLICY)
    assert rest == f"{end}/2027-03-31T16:00:00Z"
    assert log.state(REGULATOR, draft_statistics(log.facts.books, POLICY, rest)) == []
    assert log.state(REGULATOR, draft_statistics(log.facts.books, POLICY, "2027-04")) == []


def test_nothing_happened_before(log: ActLog) -> None:
    zero = publication("2026", pending=0, **NOTHING)
    assert log.state(REGULATOR, zero) == []


@pytest.mark.parametrize("issuer", [MINE, OPERATOR, EXPORTER])
def test_nobody_else(log: ActLog, issuer: str) -> None:
    assert log.state(issuer, publication()) == [("act.signer", "")]


@pytest.mark.parametrize(
    ("payload", "fault"),
    [
        (publication("2027-13"), ("schema.value", "/period")),
        (publication("2027-Q5"), ("schema.value", "/period")),
        (publication("27-01"), ("schema.value", "/period")),
        (publication("1969"), ("schema.value", "/period")),
        (publication(median_days=None), ("schema.value", "/figures/median_days")),
        (publication(percentile_90_days=None), ("schema.value", "/figures/percentile_90_days")),
        (
            publication(granted=0, refused=0, percentile_90_days=None),
            ("schema.value", "/figures/median_days"),
        ),
        (publication(granted="2"), ("schema.type", "/figures/granted")),
        (publication(tonnes=7.5), ("schema.type", "/figures/tonnes")),
        (publication(by_reason={"mood": 1}), ("schema.value", "/figures/by_reason/mood")),
        (publication(by_reason={"military": 0}), ("schema.value", "/figures/by_reason")),
        (publication(by_reason=[]), ("schema.type", "/figures/by_reason")),
        (
            publication(by_element=[{key: value for key, value in ROW.items() if key != "granted"}]),
            ("schema.required", "/figures/by_element/0/granted"),
        ),
        (publication(filed="2027-1"), ("schema.value", "/figures/filed")),
        (publication(mean_days="5"), ("schema.unknown-member", "/figures/mean_days")),
        (publication() | {"statistics": "exports"}, ("schema.value", "/statistics")),
    ],
)
def test_form(payload: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(payload) == [fault]


def test_it_is_public() -> None:
    assert read(publication()).public


def fold(log: ActLog, issuer: str, payload: dict[str, Any]) -> None:
    """Logs an act that nothing refuses, without the proof that judging changes nothing: that costs a copy."""
    act, context = read(payload), log.context(issuer)
    assert act.judge(context, log.facts) == []
    log.append(act, context)


def test_the_situation_that_was_published() -> None:
    """The EU Chamber's count: 141 filed, 19 granted, 1 refused over a data error, 121 pending.

    Of the 121, 50 waited since January; the clock of 20 of these stands, that of 10 stood for ten days.
    """
    log = log_with_everyone()
    for place in range(141):
        if place == 70:
            log.now_us = START_US + 30 * DAY_US
        fold(log, EXPORTER, application(**named(place)))
    for place in range(20, 50):
        fold(log, REGULATOR, change("stop-clock", **named(place)))
    for place in range(19):
        fold(log, REGULATOR, grant(**named(place)))
    fold(log, REGULATOR, change("refuse-licence", **named(19), reason="data-error"))
    log.now_us += 10 * DAY_US
    for place in range(20, 30):
        fold(log, REGULATOR, change("start-clock", **named(place)))
    log.now_us = START_US + 77 * DAY_US  # 2 April: 55 working days since 15 January
    assert add_working_days(date(2027, 1, 15), 55) == date(2027, 4, 2)
    draft = draft_statistics(log.facts.books, POLICY, "2027-Q1")
    figures = draft["figures"]
    counts = [figures[name] for name in ("applications", "granted", "refused", "pending")]
    assert (counts, figures["by_reason"]) == ([141, 19, 1, 121], {"data-error": 1})
    # Ten whose clock ran on, stood for six working days: 53 - 6 = 47 at the end of March; 20 stand at 20.
    # 20 more that nothing stopped: applications 50 to 69.
    assert figures["overdue"] == 30
    assert log.state(REGULATOR, draft) == []


def test_the_last_working_day_is_not_overdue() -> None:
    log = log_with_everyone()
    assert log.state(EXPORTER, application()) == []
    due_us = start_of_day_us(add_working_days(date(2027, 1, 15), DECISION_DAYS) + timedelta(days=1), 480)
    last = count_licences(log.facts.books, POLICY, START_US, due_us - 1)
    assert (last["pending"], last["overdue"]) == (1, 0)
    assert count_licences(log.facts.books, POLICY, START_US, due_us)["overdue"] == 1


@pytest.mark.parametrize(
    ("items", "element"),
    [
        (["dy-oxide"], "Dy"),
        (["dy-oxide", "dy-chloride"], "Dy"),
        (["dy-oxide", "tb-oxide"], "several"),
        (["ndfeb-magnet"], "several"),
        (["2805301200"], "Dy"),
        (["2805.3012.00"], "Dy"),
        (["rock-ore"], "unstated"),
        (["mofcom-18-2025"], "unstated"),
    ],
)
def test_the_element_of_a_licence(items: list[str], element: str) -> None:
    log = log_with_everyone()
    fold(log, EXPORTER, application(items=items))
    assert element_key(licence(log), POLICY.catalogue) == element
