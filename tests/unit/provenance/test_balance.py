"""Which column of a mass balance a line of the journal counts for."""

from collections import defaultdict
from fractions import Fraction
from itertools import pairwise

import pytest

from ledger.provenance.balance import COLUMNS, _add, _column, _rows
from tests.support.busy import strangers


@pytest.mark.parametrize(
    ("account", "movement", "mass_mg", "contained", "column"),
    [
        ("holding", "extract", 5, "{}", "births"),
        ("holding", "receive", 5, "{}", "received"),
        ("holding", "process", 5, "{}", "produced"),
        ("holding", "process", -5, "{}", "used"),
        ("pool", "feed", 0, '{"Nd":"5"}', "produced"),
        ("pool", "draw", 0, '{"Nd":"-5"}', "used"),
        ("pool", "close", 0, '{"Nd":"5","Pr":"-5"}', "adjusted"),
        ("holding", "lose", -5, "{}", "lost"),
        ("holding", "ship", -5, "{}", "sent"),
        ("holding", "adjust", -5, "{}", "adjusted"),
        ("pool", "adjust", 0, '{"Nd":"5"}', "adjusted"),
        ("difference", "adjust", 0, '{"Nd":"5"}', "gap"),
        ("holding", "assay", -5, "{}", "other"),
        ("holding", "receive", -5, "{}", "other"),
        ("holding", "", -5, "{}", "other"),
        ("difference", "close", 0, '{"Nd":"5"}', "gap"),
        ("lost", "process", 0, '{"Nd":"5"}', "declared_loss"),
    ],
)
def test_each_line_counts_for_one_column(
    account: str, movement: str, mass_mg: int, contained: str, column: str
) -> None:
    assert _column(account, movement, mass_mg, contained, before=False) == column


def test_what_came_before_the_period_is_the_opening() -> None:
    assert _column("pool", "close", 0, "{}", before=True) == "opening"
    assert _column("difference", "close", 0, "{}", before=True) is None


HALF = Fraction(1, 2)


def in_turn(*periods: dict[str, Fraction]) -> list[dict[str, int]]:
    """The rows of periods that follow on each other, of one element."""
    rows, opening = [], {}
    for period in periods:
        found, opening = _rows({(column, "Nd"): mass for column, mass in period.items()}, opening)
        rows.append(found["Nd"])
    for row in rows:
        assert sum(row[column] for column in COLUMNS[:-1]) == row["closing"]
    for before, after in pairwise(rows):
        assert after["opening"] == before["closing"]
    return rows


@pytest.mark.parametrize(
    "periods",
    [
        [{"received": HALF}, {"received": HALF, "sent": -2 * HALF}],
        [{"opening": HALF, "received": HALF, "sent": -2 * HALF}],
        [{"opening": HALF, "sent": -HALF}],
        [{"births": 3 * HALF, "used": -3 * HALF}],
        [{"births": 3 * HALF}, {"sent": -HALF}, {"used": -HALF}, {"lost": -HALF}],
        [{"births": Fraction(1, 3), "other": Fraction(2, 3), "sent": Fraction(-1)}],
        [{"births": Fraction(7, 5), "produced": Fraction(7, 5), "used": Fraction(-14, 5)}],
    ],
)
def test_what_closes_at_nothing_is_told_as_nothing(periods: list[dict[str, Fraction]]) -> None:
    assert in_turn(*periods)[-1]["closing"] == 0


def test_what_is_there_is_rounded_from_what_is_there_exactly() -> None:
    third = Fraction(1, 3)
    assert [row["closing"] for row in in_turn(*[{"births": third}] * 6)] == [0, 1, 1, 1, 2, 2]
    assert [row["births"] for row in in_turn(*[{"births": third}] * 6)] == [0, 1, 0, 0, 1, 0]
    [row] = in_turn({"births": Fraction(10), "used": -HALF, "sent": -HALF, "lost": -HALF, "gap": 3 * HALF})
    assert (row["births"], row["closing"], row["gap"]) == (8, 8, 2)


def test_what_is_whole_is_told_as_it_is() -> None:
    stated = {
        "births": Fraction(10),
        "used": Fraction(-7),
        "produced": Fraction(5),
        "declared_loss": Fraction(2),
    }
    [row] = in_turn(stated)
    assert row == dict.fromkeys((*COLUMNS, "gap", "declared_loss"), 0) | {
        **{column: int(mass) for column, mass in stated.items()},
        "closing": 8,
    }


def test_an_element_that_did_not_move_closes_as_it_opened() -> None:
    rows, _ = _rows({}, {"Nd": 5 * HALF, "Pr": Fraction(0)})
    assert {element: (row["opening"], row["closing"]) for element, row in rows.items()} == {
        "Nd": (2, 2),
        "Pr": (0, 0),
    }
    assert _rows({}, {}) == ({}, {})


@pytest.mark.parametrize("many", [3, 100, 500])
def test_a_sum_of_many_parts_keeps_few_digits_and_every_milligram(many: int) -> None:
    place, sums = ("used", "Nd"), defaultdict[tuple[str, str], Fraction](Fraction)
    amounts = [Fraction(mass // 3, mass) for mass in strangers(many)]
    for amount in amounts:
        _add(sums, place, amount)
        assert sums[place].denominator <= 1 << 4_096
    told = sums[place]
    assert abs(told - sum(amounts)) <= Fraction(many, 10**35)
    assert (told == sum(amounts)) == (many <= 100)
    for amount in amounts:
        _add(sums, place, -amount)
    assert round(sums[place]) == 0


def test_what_is_there_is_cut_from_period_to_period() -> None:
    opening: dict[str, Fraction] = {}
    for number, mass in enumerate(strangers(300), 1):
        rows, opening = _rows({("received", "Nd"): Fraction(mass * 10 + 1, mass)}, opening)
        assert opening["Nd"].denominator <= 1 << 4_096
        assert rows["Nd"]["closing"] == number * 10
