"""publish-statistics: figures that are what the books say, and nothing else."""

from typing import Any

import pytest

from ledger.records.oversight import StatisticsRecord
from ledger.records.policy import read_policy
from ledger.statements.acts.publish_statistics import count_licences, decimal_text, period_us
from tests.support.act_books import EXPORTER, LICENCE, application, change, grant, log_with_everyone, mass
from tests.support.acts import AUTHORITY, DAY_US, MINE, OPERATOR, REGULATOR, START_US, ActLog, faults, read

FIGURES = {
    "applications": 4,
    "granted": 2,
    "refused": 1,
    "pending": 1,
    "overdue": 0,
    "median_days": "5",
    "tonnes": "7.5",
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


@pytest.mark.parametrize("name", [name for name in FIGURES if name not in ("median_days", "tonnes")])
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
    ("name", "value"), [("median_days", "5.5"), ("tonnes", "7.500000001"), ("tonnes", "7.50")]
)
def test_a_text_that_is_another_is_refused(log: ActLog, name: str, value: str) -> None:
    assert log.state(REGULATOR, publication(**{name: value})) == [("statistics.figures", f"/figures/{name}")]


def test_a_period_has_to_be_over(log: ActLog) -> None:
    log.now_us = FEBRUARY_US - 1
    assert log.state(REGULATOR, publication()) == [("statistics.period", "/period")]
    assert log.state(REGULATOR, publication("2027")) == [("statistics.period", "/period")]


def test_what_is_pending_becomes_overdue(log: ActLog) -> None:
    log.now_us = START_US + 120 * DAY_US
    policy = read_policy({"rule_set": 1})
    february = count_licences(log.facts.books, *period_us("2027-02", policy))
    assert (february["applications"], february["pending"], february["overdue"]) == (0, 1, 0)
    assert "median_days" not in february
    assert count_licences(log.facts.books, *period_us("2027-03", policy))["overdue"] == 1
    nothing = publication(
        "2027-03", applications=0, granted=0, refused=0, overdue=1, tonnes="0", median_days=None
    )
    assert log.state(REGULATOR, nothing) == []


def test_nothing_happened_before(log: ActLog) -> None:
    zero = publication("2026", applications=0, granted=0, refused=0, pending=0, tonnes="0", median_days=None)
    assert log.state(REGULATOR, zero) == []


@pytest.mark.parametrize(
    ("period", "days"),
    [("2027", 365), ("2028", 366), ("2027-Q1", 90), ("2027-Q4", 92), ("2027-02", 28), ("2027-12", 31)],
)
def test_periods(period: str, days: int) -> None:
    start_us, end_us = period_us(period, read_policy({"rule_set": 1}))
    assert end_us - start_us == days * DAY_US
    assert (start_us + 8 * 3_600_000_000) % DAY_US == 0


@pytest.mark.parametrize(
    ("number", "divisor", "text"),
    [(0, 2, "0"), (5, 2, "2.5"), (4, 2, "2"), (100, 10**9, "0.0000001"), (20 * 10**9, 10**9, "20")],
)
def test_decimal_texts(number: int, divisor: int, text: str) -> None:
    assert decimal_text(number, divisor) == text


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
        (publication(granted=0, refused=0), ("schema.value", "/figures/median_days")),
        (publication(granted="2"), ("schema.type", "/figures/granted")),
        (publication(tonnes=7.5), ("schema.type", "/figures/tonnes")),
        (publication(mean_days="5"), ("schema.unknown-member", "/figures/mean_days")),
        (publication() | {"statistics": "exports"}, ("schema.value", "/statistics")),
    ],
)
def test_form(payload: dict[str, Any], fault: tuple[str, str]) -> None:
    assert faults(payload) == [fault]


def test_it_is_public() -> None:
    assert read(publication()).public
