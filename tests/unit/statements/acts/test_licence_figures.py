"""Figures of licences: counts, spans, and tables that show what is safe."""

from dataclasses import replace

import pytest

from ledger.records.books import Books
from ledger.records.oversight import LicenceRecord
from ledger.records.policy import read_policy
from ledger.statements.acts.licence_figures import (
    count_licences,
    decimal_text,
    percentile_90,
    tabulate_applications,
)
from ledger.statements.acts.publish_statistics import figures_of
from tests.support.act_books import EXPORTER, LICENCE
from tests.support.acts import DAY_US, START_US

POLICY = read_policy({"rule_set": 1})
LICENCE_RECORD = LicenceRecord(
    licence=LICENCE,
    exporter=EXPORTER,
    kind="general",
    state="granted",
    items=("dy-oxide",),
    destinations=("DE",),
    consignees=(),
    end_users=(),
    end_use="motors",
    quantity_mg=10**9,
    drawn_mg=0,
    applied_at=1,
    applied_us=START_US,
    decided_at=2,
    decided_us=START_US + 1,
)


@pytest.mark.parametrize(
    ("number_of_days", "nine_tenths"), [(1, 1), (2, 2), (9, 9), (10, 9), (11, 10), (20, 18), (100, 90)]
)
def test_the_90th_percentile(number_of_days: int, nine_tenths: int) -> None:
    assert percentile_90(range(1, number_of_days + 1)) == nine_tenths


@pytest.mark.parametrize(
    ("number", "divisor", "text"),
    [(0, 2, "0"), (5, 2, "2.5"), (4, 2, "2"), (100, 10**9, "0.0000001"), (20 * 10**9, 10**9, "20")],
)
def test_decimal_texts(number: int, divisor: int, text: str) -> None:
    assert decimal_text(number, divisor) == text


def test_a_table_shows_what_is_safe_and_the_rest_as_one_row() -> None:
    books = Books()
    for place, (destinations, tonnes) in enumerate(
        [(("DE",), 5), (("DE",), 6), (("DE",), 7), (("JP",), 1), (("US",), 2), (("DE", "US"), 3)]
    ):
        record = replace(
            LICENCE_RECORD,
            licence=str(place),
            exporter=f"firm {place}",
            destinations=destinations,
            quantity_mg=tonnes * 10**9,
        )
        books.put(record)
    end_us = START_US + DAY_US
    tables = tabulate_applications(books, POLICY, START_US, end_us, end_us)
    row = {
        "refused": 0,
        "by_reason": {},
        "pending": 0,
        "overdue": 0,
        "median_days": "0",
        "percentile_90_days": 0,
    }
    assert tables["by_destination"] == [
        {"key": "DE", "applications": 3, "granted": 3, "tonnes": "18", **row},
        {"key": "other", "applications": 3, "granted": 3, "tonnes": "6", **row},
    ]
    assert tables["by_element"] == [{"key": "Dy", "applications": 6, "granted": 6, "tonnes": "24", **row}]
    assert count_licences(books, POLICY, START_US, end_us)["tonnes"] == "24"


def test_a_table_says_what_became_of_the_applications() -> None:
    """Of six applications of one month: two granted, two refused for different reasons, two waiting."""
    books = Books()
    states = ("granted", "granted", "granted", "refused", "refused", "applied", "granted")
    for place, state in enumerate(states):
        decided_us = None if state == "applied" else START_US + place * DAY_US
        reason = ("incomplete", "data-error")[place % 2] if state == "refused" else ""
        record = replace(LICENCE_RECORD, licence=str(place), exporter=f"firm {place}", state=state)
        books.put(replace(record, decided_us=decided_us, reason=reason))
    at_us = START_US + 6 * DAY_US  # the last is decided now, and so not before
    (row,) = tabulate_applications(books, POLICY, START_US, START_US + 1, at_us)["by_element"]
    assert row == {
        "key": "Dy",
        "applications": 7,
        "granted": 3,
        "refused": 2,
        "by_reason": {"data-error": 1, "incomplete": 1},
        "pending": 2,
        "overdue": 0,
        "median_days": "2",
        "percentile_90_days": 4,
        "tonnes": "3",
    }
    (row,) = tabulate_applications(books, POLICY, START_US, START_US + 1, START_US + 120 * DAY_US)[
        "by_element"
    ]
    assert (row["granted"], row["pending"], row["overdue"]) == (4, 1, 1)
    nothing = tabulate_applications(books, POLICY, START_US - DAY_US, START_US, at_us)
    assert nothing == {"by_destination": [], "by_element": []}


@pytest.mark.parametrize(
    ("at_us", "inside"),
    [(START_US - 1, 0), (START_US, 1), (START_US + DAY_US - 1, 1), (START_US + DAY_US, 0)],
)
def test_a_period_begins_with_its_start_and_ends_before_its_end(at_us: int, inside: int) -> None:
    books = Books()
    books.put(replace(LICENCE_RECORD, applied_us=at_us, decided_us=None, state="applied"))
    books.put(replace(LICENCE_RECORD, licence="2", applied_us=START_US - DAY_US, decided_us=at_us))
    figures = count_licences(books, POLICY, START_US, START_US + DAY_US)
    assert (figures["applications"], figures["granted"]) == (inside, inside)
    assert figures["pending"] == 1, "the one that was filed in it, or that was decided behind it"


@pytest.mark.parametrize(
    ("clock", "at_day", "overdue"),
    [
        ((), 60, 0),
        ((), 110, 1),
        (((100, None),), 60, 0),
        (((100, 130),), 60, 0),
        (((100, 130),), 110, 1),
        (((10, 130),), 110, 0),
        (((10, 11), (100, None)), 110, 1),
    ],
)
def test_what_stopped_or_started_later_changes_nothing_of_before(
    clock: tuple[tuple[int, int | None], ...], at_day: int, overdue: int
) -> None:
    """Moments by days since the application; a decision is due after some sixty-five."""
    moments = tuple(tuple(None if day is None else START_US + day * DAY_US for day in each) for each in clock)
    books = Books()
    books.put(replace(LICENCE_RECORD, clock=moments, decided_us=START_US + 200 * DAY_US))
    assert count_licences(books, POLICY, START_US, START_US + at_day * DAY_US)["overdue"] == overdue


@pytest.mark.parametrize(("period", "granted"), [("2027-01", 0), ("2027-02", 3)])
def test_tables_tell_how_it_stood_when_the_period_of_the_totals_ended(period: str, granted: int) -> None:
    books = Books()
    for place in range(3):
        named = {"licence": str(place), "exporter": f"firm {place}", "decided_us": START_US + 30 * DAY_US}
        books.put(replace(LICENCE_RECORD, **named))
    (row,) = figures_of(books, POLICY, period, "2027-01")["by_element"]
    assert (row["applications"], row["granted"], row["pending"]) == (3, granted, 3 - granted)


def test_technology_is_counted_and_has_no_tonnes() -> None:
    books = Books()
    for place, quantity_mg in enumerate([0, 0, 0, 5 * 10**9, 6 * 10**9, 7 * 10**9]):
        named = {"licence": str(place), "exporter": f"firm {place}", "quantity_mg": quantity_mg}
        books.put(replace(LICENCE_RECORD, **named))
    end_us = START_US + DAY_US
    tables = tabulate_applications(books, POLICY, START_US, end_us, end_us)
    shown = {
        table: [(row["key"], row["applications"], row.get("tonnes")) for row in rows]
        for table, rows in tables.items()
    }
    assert shown == {
        "by_destination": [("DE", 6, "18")],
        "by_element": [("Dy", 3, "18"), ("technology", 3, None)],
    }
    assert count_licences(books, POLICY, START_US, end_us)["tonnes"] == "18"


def test_nobody_hides_behind_technology() -> None:
    """Firms whose licences have no mass do not count among those that stand behind the tonnes."""
    books = Books()
    for place, quantity_mg in enumerate([0, 0, 5 * 10**9, 6 * 10**9]):
        named = {"licence": str(place), "exporter": f"firm {place}", "quantity_mg": quantity_mg}
        books.put(replace(LICENCE_RECORD, **named))
    end_us = START_US + DAY_US
    figures = count_licences(books, POLICY, START_US, end_us)
    assert figures["granted"] == 4
    assert "tonnes" not in figures
    tables = tabulate_applications(books, POLICY, START_US, end_us, end_us)
    assert tables == {"by_destination": [], "by_element": []}
