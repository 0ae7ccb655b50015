"""report.late and capacity.exceeded."""

import pytest

from ledger.controls.reporting import in_last_hours
from ledger.records.policy import read_policy
from tests.support.court import DAY_US, HOUR_US, KG, START_US, Court, flags, name, out, refusals

ORE = {"La": 10 * KG}
SEPTEMBER_US = START_US
OCTOBER_US = START_US + 30 * DAY_US
DEADLINE_US = OCTOBER_US + 10 * DAY_US


def mine(court: Court, at_us: int, kind: str = "extract", **members: object) -> list[str]:
    line = out(name("mine", f"lot/{court.index}"), 20 * KG, ORE, "rock-ore")
    return flags(court.file(kind, "mine", outputs=(line,), at_us=at_us, **members))


@pytest.mark.parametrize("at_us", [SEPTEMBER_US, OCTOBER_US - 1])
@pytest.mark.parametrize(("now_us", "found"), [(DEADLINE_US - 1, []), (DEADLINE_US, ["report.late"])])
def test_a_month_is_filed_by_the_end_of_the_tenth(at_us: int, now_us: int, found: list[str]) -> None:
    assert mine(Court(now_us=now_us), at_us) == found


def test_the_day_and_the_zone_are_the_authoritys() -> None:
    court = Court(now_us=DEADLINE_US)
    court.set_policy(filing_day=15)
    assert mine(court, SEPTEMBER_US) == []
    court.set_policy(filing_offset_min=0)
    assert mine(court, SEPTEMBER_US - 1) == ["report.late"]


def test_who_files_late_is_told() -> None:
    court = Court(now_us=DEADLINE_US + DAY_US)
    line = out(name("mine", "lot/1"), 20 * KG, ORE, "rock-ore")
    told = court.file("extract", "mine", outputs=(line,), at_us=SEPTEMBER_US).told
    assert [(finding.code, finding.evidence["days_late"]) for finding in told] == [("report.late", 2)]


def test_opening_stocks_and_corrections_are_not_late() -> None:
    court = Court(now_us=OCTOBER_US)
    assert mine(court, SEPTEMBER_US, "extract", event_id="urn:event:first") == []
    court.now_us = DEADLINE_US + DAY_US
    assert mine(court, SEPTEMBER_US, "opening") == []
    assert mine(court, SEPTEMBER_US, event_id="urn:event:second", corrects="urn:event:first") == []


@pytest.mark.parametrize(
    ("first_us", "then_us", "now_us", "found"),
    [
        (OCTOBER_US, OCTOBER_US - 1, DEADLINE_US, ["report.late"]),
        (OCTOBER_US, OCTOBER_US - 1, DEADLINE_US - 1, []),
        (OCTOBER_US - 1, SEPTEMBER_US, DEADLINE_US, []),
        (SEPTEMBER_US, OCTOBER_US - 1, DEADLINE_US, []),
        (SEPTEMBER_US, OCTOBER_US, DEADLINE_US, []),
        (OCTOBER_US, OCTOBER_US, DEADLINE_US + 60 * DAY_US, []),
    ],
)
def test_a_correction_into_an_earlier_month_is_late_if_that_month_was_filed(
    first_us: int, then_us: int, now_us: int, found: list[str]
) -> None:
    court = Court(now_us=OCTOBER_US + 1)
    assert mine(court, first_us, event_id="urn:event:first") == []
    court.now_us = now_us
    assert mine(court, then_us, event_id="urn:event:mended", corrects="urn:event:first") == found


def test_what_did_not_occur_is_not_late() -> None:
    court = Court(now_us=OCTOBER_US + 1)
    assert mine(court, OCTOBER_US, event_id="urn:event:first") == []
    court.now_us = DEADLINE_US
    undone = {"event_id": "urn:event:undone", "corrects": "urn:event:first", "did_not_occur": True}
    assert mine(court, SEPTEMBER_US, **undone) == []


@pytest.mark.parametrize(("hours", "last"), [(24.001, False), (24, True), (0.001, True), (0, False)])
def test_the_last_hours_of_a_month_are_24(hours: float, last: bool) -> None:
    policy = read_policy({"rule_set": 1})
    assert in_last_hours(OCTOBER_US - round(hours * HOUR_US), policy) is last


# --- Capacity ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("capacity", "found"), [(40, []), (39, ["capacity.exceeded"])])
def test_output_beyond_the_listed_capacity_is_noticed_once_a_year(capacity: int, found: list[str]) -> None:
    court = Court(now_us=OCTOBER_US)
    court.enrol("mine", ("miner",), capacity_kg=capacity)
    assert [mine(court, SEPTEMBER_US) for _ in range(4)] == [[], [], [], found]
    assert mine(court, SEPTEMBER_US) == ([] if found else ["capacity.exceeded"])
    assert mine(court, SEPTEMBER_US) == []


def test_every_year_begins_anew_and_opening_stock_is_no_output() -> None:
    court = Court(now_us=OCTOBER_US)
    court.enrol("mine", ("miner",), capacity_kg=15)
    assert mine(court, SEPTEMBER_US, "opening") == []
    assert mine(court, SEPTEMBER_US) == []
    court.now_us += 100 * DAY_US
    assert mine(court, court.now_us - HOUR_US) == []
    assert mine(court, court.now_us - HOUR_US) == ["capacity.exceeded"]


@pytest.mark.parametrize(("capacity", "found"), [(40, []), (39, ["capacity.exceeded"])])
def test_a_corrected_output_counts_once(capacity: int, found: list[str]) -> None:
    court = Court(now_us=OCTOBER_US)
    court.enrol("mine", ("miner",), capacity_kg=capacity)
    event = "urn:event:first"
    assert mine(court, SEPTEMBER_US, event_id=event) == []
    for number in range(5):
        event, before = f"urn:event:mended {number}", event
        assert mine(court, SEPTEMBER_US, event_id=event, corrects=before) == []
    assert [mine(court, SEPTEMBER_US) for _ in range(3)] == [[], [], found]


def test_an_output_that_did_not_occur_does_not_count() -> None:
    court = Court(now_us=OCTOBER_US)
    court.enrol("mine", ("miner",), capacity_kg=20)
    for number in range(3):
        event = f"urn:event:gone {number}"
        assert mine(court, SEPTEMBER_US, event_id=event) == []
        assert mine(court, SEPTEMBER_US, event_id=event, corrects=event, did_not_occur=True) == []
    assert [mine(court, SEPTEMBER_US) for _ in range(3)] == [[], [], ["capacity.exceeded"]]


def test_an_output_that_is_corrected_to_another_year_counts_there() -> None:
    court = Court(now_us=OCTOBER_US)
    court.enrol("mine", ("miner",), capacity_kg=15)
    court.now_us += 100 * DAY_US
    january_us = court.now_us - HOUR_US
    assert mine(court, january_us, event_id="urn:event:first") == []
    assert mine(court, SEPTEMBER_US, event_id="urn:event:second", corrects="urn:event:first") == [
        "report.late"
    ]
    assert mine(court, january_us) == []
    assert mine(court, SEPTEMBER_US) == ["capacity.exceeded", "report.late"]


def test_what_is_imported_is_no_output() -> None:
    court = Court(now_us=OCTOBER_US)
    court.enrol("mine", ("miner", "importer"), capacity_kg=10)
    for _ in range(3):
        assert "capacity.exceeded" not in mine(court, SEPTEMBER_US, "import")
    assert mine(court, SEPTEMBER_US) == []
    assert mine(court, SEPTEMBER_US) == ["capacity.exceeded"]


def test_a_site_without_listed_capacity_is_not_judged() -> None:
    court = Court(now_us=OCTOBER_US)
    assert [mine(court, SEPTEMBER_US) for _ in range(3)] == [[], [], []]
    assert refusals(court.file("extract", "mine", outputs=())) == []
