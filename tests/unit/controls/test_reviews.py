"""balance.cumulative and report.burst: sums over months."""

import random
from typing import Any

import pytest

from ledger.controls.measures import TOTAL
from ledger.controls.reviews import review_balance, review_reports
from ledger.controls.tallies import add_sums
from ledger.findings import Finding
from ledger.records.books import Books
from ledger.records.oversight import TallyRecord
from ledger.records.periods import month_after
from ledger.records.policy import read_policy
from tests.support.court import KG, TONNE

POLICY = read_policy({"rule_set": 1})
SITE = "https://plant.example/site"
LAST = "2026-12"


def month_of_work(
    books: Books, month: str, gain_ppm: int = 0, lost_ppm: int = 30_000, batches: int = 4
) -> None:
    """A month of a plant that takes in 100 t of La and Nd and declares what it loses."""
    for element, mass in (("La", 60 * TONNE), ("Nd", 40 * TONNE), (TOTAL, 100 * TONNE)):
        band = 0.0036 if element == TOTAL else 0.0106
        each = mass / batches
        sums = {
            f"in.{element}": mass,
            f"lost.{element}": mass * lost_ppm // 10**6,
            f"gain.{element}": mass * gain_ppm // 10**6,
            f"out.{element}": mass * (10**6 - lost_ppm + gain_ppm) // 10**6,
            f"var.{element}": int(batches * 2 * (each * band / 1000) ** 2),
        }
        add_sums(books, "balance", SITE, month, sums)
    add_sums(books, "balance", SITE, month, {"count": batches, "norm": 100 * TONNE})


def plant(months: int = 12, **members: Any) -> Books:
    books = Books()
    for back in range(months):
        month_of_work(books, month_after(LAST, -back), **members)
    return books


def judged(books: Books) -> Finding | None:
    return review_balance(books, POLICY, SITE, LAST)


def test_an_honest_year_is_let_pass() -> None:
    assert judged(plant()) is None


@pytest.mark.parametrize(("percent", "found"), [(1.0, False), (1.35, False), (1.7, True), (2.0, True)])
def test_small_gains_add_up(percent: float, found: bool) -> None:
    """3.5 times the bias of 0.4 % and what a year's assays leave: about 1.5 %."""
    finding = judged(plant(gain_ppm=round(percent * 10_000)))
    assert (finding is not None) is found
    if finding is not None:
        assert "REO" in finding.evidence["elements"]


def test_a_single_month_of_it_may_be_chance() -> None:
    books = plant(months=12)
    month_of_work(books, LAST, gain_ppm=20_000)
    assert judged(books) is None


def test_gains_that_are_lost_again_are_none() -> None:
    books = Books()
    for back in range(12):
        month_of_work(books, month_after(LAST, -back), gain_ppm=30_000 * (-1) ** back)
    assert judged(books) is None


def test_older_months_do_not_count() -> None:
    books = plant()
    for back in range(12, 24):
        month_of_work(books, month_after(LAST, -back), gain_ppm=50_000)
    assert judged(books) is None


@pytest.mark.parametrize(("count", "found"), [(5, False), (6, True)])
def test_a_few_movements_are_no_measure(count: int, found: bool) -> None:
    books = Books()
    month_of_work(books, LAST, gain_ppm=100_000, batches=count)
    assert (judged(books) is not None) is found


@pytest.mark.parametrize(("points", "found"), [(1.2, False), (1.3, False), (1.35, True)])
def test_a_recovery_above_the_sites_own_last_year_is_noticed(points: float, found: bool) -> None:
    books = Books()
    for back in range(12, 24):
        month_of_work(books, month_after(LAST, -back), lost_ppm=40_000)
    for back in range(12):
        month_of_work(books, month_after(LAST, -back), lost_ppm=40_000 - round(points * 10_000))
    finding = judged(books)
    assert (finding is not None) is found
    if finding is not None:
        assert finding.evidence["usual"] == "0.96"
        assert "elements" not in finding.evidence


@pytest.mark.parametrize(("months", "found"), [(5, False), (6, True)])
def test_less_than_half_a_year_before_is_no_measure(months: int, found: bool) -> None:
    books = plant(lost_ppm=10_000)
    for back in range(12, 12 + months):
        month_of_work(books, month_after(LAST, -back), lost_ppm=40_000)
    assert (judged(books) is not None) is found


def test_without_a_last_year_the_norm_counts() -> None:
    assert judged(plant(lost_ppm=0)) is None
    assert judged(plant(lost_ppm=-14_000)) is not None


def test_errors_of_a_measured_stock_do_not_add_up() -> None:
    """The same 3 % error at every close excuses one gap, not twelve of them."""
    for month, found in ((LAST, False), (None, True)):
        books = plant()
        stock = 500 * TONNE
        for back in range(12):
            each = month_after(LAST, -back)
            add_sums(books, "balance", SITE, each, {f"stock.{TOTAL}": int((stock * 0.03 / 1000) ** 2)})
            if month in (None, each):
                add_sums(books, "balance", SITE, each, {f"gain.{TOTAL}": 15 * TONNE})
        assert (judged(books) is not None) is found


def test_traces_of_an_element_are_not_judged() -> None:
    books = plant()
    add_sums(books, "balance", SITE, LAST, {"in.Dy": TONNE, "gain.Dy": TONNE})
    assert judged(books) is None
    add_sums(books, "balance", SITE, LAST, {"in.Dy": TONNE})
    assert judged(books) is not None


def test_honest_plants_are_seldom_noticed_and_launderers_are() -> None:
    """200 plants with a laboratory bias of 0.2-0.4 % either way, and 200 that launder 2 % as well."""
    chance = random.Random(7)
    found = {0.0: 0, 0.01: 0, 0.02: 0}
    for laundered in found:
        for _ in range(200):
            bias = chance.choice((-1, 1)) * chance.uniform(0.002, 0.004)
            books = Books()
            for back in range(12):
                noise = chance.gauss(0, 0.0036 / 2)
                gain = bias + noise + laundered
                month_of_work(books, month_after(LAST, -back), gain_ppm=round(gain * 10**6))
            found[laundered] += judged(books) is not None
    assert found[0.0] == 0
    assert found[0.01] < 60
    assert found[0.02] > 170


# --- Bursts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "last", "found"),
    [(29, 29, False), (30, 6, False), (30, 7, True), (1000, 200, False), (1000, 201, True)],
)
def test_a_fifth_of_a_month_in_its_last_hours_is_noticed(count: int, last: int, found: bool) -> None:
    books = Books()
    books.put(TallyRecord("reports", "urn:party", LAST, {"count": count, "last": last}))
    assert (review_reports(books, POLICY, "urn:party", LAST) is not None) is found
    assert review_reports(books, POLICY, "urn:other", LAST) is None


def test_units_are_milligrams() -> None:
    assert TONNE == 1000 * KG
