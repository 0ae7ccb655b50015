"""export.structuring and export.surge."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.movements.movement import Line
from tests.support.court import DAY_US, HOUR_US, KG, TONNE, Court, accepted, flags, name, party

BUYER = "https://buyer.example/party"
USER = "https://user.example/party"
LOT = name("magnets", "lot/1")


def stocked() -> Court:
    court = Court()
    common = {"mass_mg": 30_000 * TONNE, "at_us": court.now_us - 100 * DAY_US}
    court.extract("magnets", "lot/1", {"Nd": 10_000 * TONNE}, "ndfeb-magnet", **common)
    return court


def export(court: Court, kg: float, days: float = 1, **members: Any) -> list[str]:
    court.now_us += round(days * DAY_US)
    said = {
        "inputs": (Line(LOT, round(kg * KG)),),
        "consignee": BUYER,
        "custodian_to": BUYER,
        "owner_to": BUYER,
        "end_user": USER,
        "destination": "DE",
        "declaration": "D",
        **members,
    }
    return flags(court.file("export", "magnets", **said))


def found_last(court: Court, *parcels: tuple[float, float], **members: Any) -> list[str]:
    """What the last of some parcels (kg, days since the one before) opens; the others open nothing."""
    found = [export(court, kg, days, **members) for kg, days in parcels]
    assert all(each == [] for each in found[:-1])
    return found[-1]


@pytest.mark.parametrize(
    ("parcels", "found"),
    [
        ([(499, 1)] * 3, []),
        ([(499, 1)] * 4, ["export.structuring"]),
        ([(500, 1)] * 4, []),
        ([(99, 1)] * 12, []),
        ([(249, 1)] * 8, []),
        ([(250, 1)] * 4, ["export.structuring"]),
        ([(499, 9.9)] * 4, ["export.structuring"]),
        ([(499, 10)] * 4, []),
        ([(499, 1), (600, 1), (499, 1), (499, 1)], []),
    ],
)
def test_parcels_below_the_reporting_size_add_up(
    parcels: list[tuple[float, float]], found: list[str]
) -> None:
    assert found_last(stocked(), *parcels) == found


def test_consignees_of_one_end_user_are_one_cluster() -> None:
    court = stocked()
    for number in range(3):
        other = f"https://front{number}.example/party"
        assert export(court, 400, consignee=other, custodian_to=other) == []
    assert export(court, 400) == ["export.structuring"]
    assert court.alerts("export.structuring")[0].subject == f"consignee:{USER}"


def test_an_open_alert_is_not_opened_again() -> None:
    court = stocked()
    assert found_last(court, *[(400, 1)] * 4) == ["export.structuring"]
    assert export(court, 400) == []


@pytest.mark.parametrize(
    ("days", "found"),
    [(0, ["export.structuring"]), (25, ["export.structuring"]), (29.9, ["export.structuring"]), (30, [])],
)
def test_parcels_that_are_filed_late_count_by_their_own_time(days: float, found: list[str]) -> None:
    """The others left 0, 10 and 20 days before."""
    court = stocked()
    for _ in range(3):
        assert export(court, 400, days=10) == []
    late_us = court.now_us - HOUR_US - round(days * DAY_US)
    assert export(court, 400, days=0, at_us=late_us) == found


def in_any_order(*codes: str) -> Court:
    """A court that says nothing of the time of filing, nor of some codes."""
    court = stocked()
    court.set_policy(rules={code: {"action": "off"} for code in ("report.late", *codes)})
    return court


@pytest.mark.parametrize("apart", [9.9, 10])
def test_parcels_may_be_filed_in_reverse(apart: float) -> None:
    court = in_any_order()
    now_us = court.now_us
    opened = [export(court, 499, 0, at_us=now_us - round((n + 1) * apart * DAY_US)) for n in range(4)]
    assert opened == [[], [], [], ["export.structuring"] if apart < 10 else []]


def test_parcels_on_both_sides_of_the_one_that_is_missing_make_one_window_only() -> None:
    court = in_any_order()
    now_us = court.now_us
    for days in (50, 45, 15, 10):
        assert export(court, 499, 0, at_us=now_us - days * DAY_US) == []
    assert export(court, 499, 0, at_us=now_us - 30 * DAY_US) == []
    assert export(court, 499, 0, at_us=now_us - 39 * DAY_US) == ["export.structuring"]
    assert court.alerts("export.structuring")[0].evidence["parcels"] == 4


def test_a_cancelled_parcel_does_not_count() -> None:
    court = stocked()
    for _ in range(2):
        assert export(court, 400) == []
    assert export(court, 400, event_id="urn:event:gone") == []
    accepted(court.file("cancel", "magnets", shipment="urn:event:gone", reason="not loaded"))
    assert export(court, 400) == []


def test_a_parcel_that_did_not_occur_is_no_parcel_more() -> None:
    court = stocked()
    for number in range(3):
        assert export(court, 400, event_id=f"urn:parcel:{number}") == []
    undone = {"corrects": "urn:parcel:2", "did_not_occur": True, "event_id": "urn:parcel:2"}
    assert export(court, 400, **undone) == []
    assert export(court, 400) == []
    assert export(court, 400) == ["export.structuring"]


def corrected(court: Court, event: str, kg: float = 400, **members: Any) -> list[str]:
    """What a correction of an export opens."""
    said = {"event_id": f"{event}/mended", "corrects": event, **members}
    return export(court, kg, days=0, **said)


def test_a_corrected_parcel_counts_once() -> None:
    court = stocked()
    for number in range(3):
        assert export(court, 400, event_id=f"urn:parcel:{number}") == []
    for number in range(3):
        assert corrected(court, f"urn:parcel:{number}", 401) == []
    assert corrected(court, "urn:parcel:0/mended", 600) == []
    assert export(court, 400) == []
    assert export(court, 400) == ["export.structuring"]
    assert court.alerts("export.structuring")[0].evidence["parcels"] == 4


def test_a_parcel_that_is_corrected_to_below_the_reporting_size_counts() -> None:
    court = stocked()
    assert export(court, 600, event_id="urn:parcel:0") == []
    for _ in range(3):
        assert export(court, 400) == []
    assert corrected(court, "urn:parcel:0", 400) == ["export.structuring"]


def test_a_correction_to_another_consignee_counts_there() -> None:
    court = stocked()
    other = {"consignee": "urn:o", "custodian_to": "urn:o", "owner_to": "urn:o", "end_user": "urn:o"}
    for number in range(3):
        assert export(court, 400, event_id=f"urn:parcel:{number}") == []
    assert corrected(court, "urn:parcel:0", **other) == []
    assert export(court, 400) == []
    assert export(court, 400) == ["export.structuring"]


def with_history(months: int, tonnes: float = 1) -> Court:
    """So many months with an export each; the next one is in the month after."""
    court = stocked()
    court.set_policy(rules={"export.structuring": {"action": "off"}})
    for _ in range(months):
        assert export(court, tonnes * 1000, days=0) == []
        court.now_us += 31 * DAY_US
    return court


@pytest.mark.parametrize(
    ("months", "tonnes", "found"),
    [
        (3, 5.0, []),
        (3, 5.001, ["export.surge", "export.surge"]),
        (2, 50, []),
        (12, 5.001, ["export.surge", "export.surge"]),
    ],
)
def test_more_than_five_times_the_mean_is_noticed(months: int, tonnes: float, found: list[str]) -> None:
    assert export(with_history(months), tonnes * 1000, days=0) == found


def test_small_exports_may_grow() -> None:
    assert export(with_history(6, 0.1), 4999, days=0) == []
    assert export(with_history(6, 0.1), 5000, days=0) == ["export.surge", "export.surge"]


def test_a_month_is_summed_up_and_told_once() -> None:
    court = with_history(4)
    assert [export(court, 2000, days=0) for _ in range(4)] == [[], [], ["export.surge", "export.surge"], []]


def test_an_exporter_may_turn_to_a_new_country() -> None:
    court = with_history(4)
    assert export(court, 4999, days=0, destination="JP") == []


def test_a_country_is_watched_over_all_exporters() -> None:
    court = with_history(4)
    lot = court.extract("trader", "lot/2", {"Nd": 100 * TONNE}, "nd-metal", mass_mg=100 * TONNE)
    said = {
        "inputs": (Line(lot, 6 * TONNE),),
        "consignee": BUYER,
        "custodian_to": BUYER,
        "end_user": USER,
        "destination": "DE",
    }
    assert flags(court.file("export", "trader", **said)) == ["export.surge"]
    assert court.alerts("export.surge")[0].subject.startswith("country:DE|")
    assert party("trader") != party("magnets")
    assert HOUR_US < DAY_US


def test_an_export_that_did_not_occur_is_no_growth() -> None:
    court = with_history(3)
    assert export(court, 5000, days=0, event_id="urn:event:large") == []
    undone = {"corrects": "urn:event:large", "did_not_occur": True, "event_id": "urn:event:large"}
    assert export(court, 5000, days=0, **undone) == []
    assert export(court, 5000, days=0) == []
    assert export(court, 1, days=0) == ["export.surge", "export.surge"]


def months_of_exports(court: Court, *tonnes: float) -> list[list[str]]:
    """Exports of so many tonnes, each in the month before the last one's: newest first, all filed today."""
    now_us = court.now_us
    return [
        export(court, each * 1000, 0, at_us=now_us - (31 * back + 1) * DAY_US)
        for back, each in enumerate(tonnes)
    ]


def surges(court: Court, days: float) -> list[str]:
    found = court.pass_time(court.now_us + round(days * DAY_US))
    return [alert.subject for alert in found if alert.code == "export.surge"]


@pytest.mark.parametrize(
    ("tonnes", "found"),
    [
        ((5.001, 1, 1, 1), 2),
        ((5, 1, 1, 1), 0),
        ((50, 1, 1), 0),
        ((4.999, 0.1, 0.1, 0.1), 0),
        ((6, 1, 2, 1), 0),
    ],
)
def test_a_history_that_is_filed_afterwards_counts(tonnes: tuple[float, ...], found: int) -> None:
    court = in_any_order("export.structuring")
    assert not any(months_of_exports(court, *tonnes))
    assert len(surges(court, 60)) == found
    assert surges(court, 60) == []


def test_a_month_that_was_judged_is_judged_again_a_day_after_more_of_its_history() -> None:
    court = in_any_order("export.structuring")
    now_us = court.now_us
    assert export(court, 6000, 0, at_us=now_us - DAY_US) == []
    assert surges(court, 60) == []
    for back in (1, 2, 3):
        assert export(court, 1000, 0, at_us=now_us - 31 * back * DAY_US) == []
    assert surges(court, 0.9) == []
    assert {each.partition(":")[0] for each in surges(court, 0.2)} == {"exporter", "country"}


def test_what_was_told_and_closed_is_not_told_again_once_the_month_is_filed() -> None:
    court = with_history(4)
    assert export(court, 6000, days=0) == ["export.surge", "export.surge"]
    for alert in court.alerts("export.surge"):
        court.books.put(replace(alert, state="closed"))
    assert surges(court, 60) == []


def test_a_corrected_export_is_no_growth() -> None:
    court = with_history(3)
    assert export(court, 5000, days=0, event_id="urn:event:large") == []
    assert corrected(court, "urn:event:large", 5000) == []
    assert corrected(court, "urn:event:large/mended", 5000.5) == ["export.surge", "export.surge"]
    assert court.alerts("export.surge")[0].evidence["month_mg"] == 5_000_500_000


def test_what_a_correction_moves_to_another_month_is_no_history_of_it() -> None:
    court = with_history(3)
    last = court.now_us - 31 * DAY_US
    assert export(court, 4000, days=0, event_id="urn:event:large", at_us=last - HOUR_US) == []
    assert corrected(court, "urn:event:large", 5001) == ["export.surge", "export.surge"]
    assert court.alerts("export.surge")[0].evidence["mean_mg"] == 1_000_000_000


# --- Cancellations in between -----------------------------------------------------------------------------


def cancel(court: Court, event: str, **members: Any) -> list[str]:
    return flags(court.file("cancel", "magnets", shipment=event, reason="not loaded", **members))


def travels_again(court: Court, event: str) -> list[str]:
    """Its cancellation, under the same name with /cancelled, did not occur."""
    return cancel(court, event, corrects=f"{event}/cancelled", did_not_occur=True)


@pytest.mark.parametrize(("kg", "found"), [(400, ["export.structuring"]), (600, [])])
def test_a_parcel_that_travels_again_is_one_more(kg: float, found: list[str]) -> None:
    court = stocked()
    for number in range(3):
        assert export(court, kg if number == 0 else 400, event_id=f"urn:parcel:{number}") == []
    assert cancel(court, "urn:parcel:0", event_id="urn:parcel:0/cancelled") == []
    assert export(court, 400) == []
    assert travels_again(court, "urn:parcel:0") == found
    for alert in court.alerts("export.structuring"):
        assert (alert.subject, alert.evidence["parcels"]) == (f"consignee:{USER}", 4)


def test_a_parcel_that_travels_again_a_month_away_is_none_more() -> None:
    court = stocked()
    assert export(court, 400, event_id="urn:parcel:0") == []
    assert cancel(court, "urn:parcel:0", event_id="urn:parcel:0/cancelled") == []
    court.now_us += 20 * DAY_US
    for _ in range(3):
        assert export(court, 400, days=4) == []
    assert travels_again(court, "urn:parcel:0") == []


@pytest.mark.parametrize("by", ["cancel", "did_not_occur"])
@pytest.mark.parametrize(("tonnes", "found"), [(6, 2), (5, 0)])
def test_growth_is_judged_again_where_its_history_is_taken_back(by: str, tonnes: float, found: int) -> None:
    court = with_history(3)
    back_us = court.now_us - 40 * DAY_US
    large = {"at_us": back_us, "event_id": "urn:event:large"}
    court.set_policy(
        rules={code: {"action": "off"} for code in ("export.structuring", "report.late", "export.no-arrival")}
    )
    assert export(court, 4000, days=0, **large) == []
    assert export(court, tonnes * 1000, days=0) == []
    assert surges(court, 60) == []
    if by == "cancel":
        assert cancel(court, "urn:event:large") == []
    else:
        assert export(court, 4000, days=0, corrects="urn:event:large", did_not_occur=True, **large) == []
    assert len(surges(court, 2)) == found
    assert surges(court, 60) == []


def test_growth_is_judged_again_where_its_cancellation_did_not_occur() -> None:
    court = with_history(3)
    assert export(court, 4000, days=0, event_id="urn:event:large") == []
    assert cancel(court, "urn:event:large", event_id="urn:event:large/cancelled") == []
    assert export(court, 2000, days=0) == []
    assert surges(court, 60) == []
    assert travels_again(court, "urn:event:large") == []
    assert len(surges(court, 2)) == 2
