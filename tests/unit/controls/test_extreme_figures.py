"""Figures as large as can be written: taken or refused, and what comes next is decided as ever."""

from typing import Any

import pytest

from ledger.clock import LAST_US
from ledger.controls.quotas import draw_quotas
from ledger.movements.movement import Line
from ledger.records.oversight import DueRecord, QuotaRecord, TallyRecord
from ledger.records.policy import THRESHOLDS
from tests.support.court import (
    DAY_US,
    HOUR_US,
    KG,
    START_US,
    Court,
    accepted,
    name,
    party,
    site,
)

COLUMN_MOST = 2**63 - 1
YEAR_9998_US = LAST_US - 365 * DAY_US
OF_TIME = [name for name in THRESHOLDS if name.endswith(("days", "hours", "seconds"))]
HEAVIEST = 10**17


def busy(court: Court, **members: Any) -> None:
    """A feed, a shipment, a sale and an export: whatever leaves a due behind."""
    made = {"mass_mg": 200 * KG, "at_us": START_US}
    lot = court.extract("plant", "in/1", {"La": 100 * KG}, "mixed-carbonate", **made)
    goods = {"inputs": (Line(lot, 20 * KG),)}
    pool = {"pool": name("plant", "pool/1"), "process": "separation"}
    accepted(court.file("feed", "plant", **goods, **pool, **members))
    sold = {"owner_from": party("plant"), "owner_to": party("plant"), **goods, **members}
    accepted(court.file("ship", "plant", custodian_to=party("trader"), site_to=site("trader"), **sold))
    accepted(court.file("transfer", "plant", **{**sold, "owner_to": party("trader")}))
    lot = court.extract("magnets", "in/2", {"La": 100 * KG}, "mixed-carbonate", **made)
    abroad = {
        "inputs": (Line(lot, 20 * KG),),
        "consignee": party("abroad"),
        "custodian_to": party("abroad"),
        "owner_to": party("abroad"),
        "end_user": "urn:buyer",
        "destination": "DE",
        "declaration": "1",
    }
    accepted(court.file("export", "magnets", **abroad, **members))


def stored_in_columns(court: Court) -> bool:
    dues = court.books.records(DueRecord)
    assert dues
    return all(0 <= due.due_us <= LAST_US and due.bucket <= LAST_US // HOUR_US for due in dues)


@pytest.mark.parametrize("threshold", OF_TIME)
@pytest.mark.parametrize("figure", ["99999999", "999999999999", "999999999999999999.999999999"])
def test_a_log_that_holds_a_threshold_beyond_the_limits_goes_on(threshold: str, figure: str) -> None:
    court = Court()
    court.set_policy(thresholds={threshold: figure})
    busy(court)
    assert stored_in_columns(court)
    for days in (1, 75, 100):
        court.pass_time(START_US + days * DAY_US)
    assert stored_in_columns(court)
    court.set_policy()
    busy_again = court.extract("plant", "in/3", {"La": KG})
    assert court.lot(busy_again).mass_mg == 2 * KG


@pytest.mark.parametrize("threshold", OF_TIME)
def test_dues_of_a_year_that_no_deadline_reaches(threshold: str) -> None:
    court = Court()
    court.set_policy(
        thresholds={threshold: "36525"}, rules={"time.after-recording": {"action": "flag"}}, filing_day=28
    )
    busy(court, at_us=YEAR_9998_US)
    assert stored_in_columns(court)
    court.pass_time(START_US + 400 * DAY_US)


def test_a_shipment_may_be_due_in_the_last_year_and_no_earlier_alert_opens() -> None:
    court = Court()
    lot = court.extract("plant", "in/1", {"La": 100 * KG}, "la-oxide", at_us=START_US)
    sent = {"custodian_to": party("trader"), "owner_to": party("plant"), "site_to": site("trader")}
    accepted(court.file("ship", "plant", inputs=(Line(lot, KG),), due_us=YEAR_9998_US, **sent))
    assert stored_in_columns(court)
    opened = court.pass_time(START_US + 400 * DAY_US)
    assert "shipment.unreceived" not in [alert.code for alert in opened]


def test_what_is_given_back_of_it_counts_in_full() -> None:
    court = Court()
    court.books.put(QuotaRecord(party("mine"), 2026, "mining", "rock", 1, 0, 1))
    draw_quotas(court.books, party("mine"), 2026, {("mining", "rock"): 3 * 10**19})
    draw_quotas(court.books, party("mine"), 2026, {("mining", "rock"): 7 - 3 * 10**19})
    record = court.books.get(QuotaRecord, party("mine"), 2026, "mining", "rock")
    assert record is not None
    assert record.drawn_mg == 7
    assert court.books.records(TallyRecord)[0].sums == {"drawn_mg": 7}
