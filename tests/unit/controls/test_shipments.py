"""shipment.difference, shipment.unreceived by a late arrival, stock.difference, times of shipments."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from ledger.controls.recording import Recorded
from ledger.movements.movement import Line
from tests.support.court import DAY_US, HOUR_US, KG, Court, accepted, flags, name, party, refusals, site

LOT = name("plant", "lot/1")
SHIPPED = "urn:event:shipped"


def stocked() -> Court:
    court = Court()
    court.extract(
        "plant", "lot/1", {"La": 50 * KG}, "la-oxide", mass_mg=100 * KG, at_us=court.now_us - DAY_US
    )
    return court


def ship(court: Court, kg: int = 100, **members: Any) -> Recorded:
    said = {
        "inputs": (Line(LOT, kg * KG),),
        "custodian_to": party("trader"),
        "owner_from": party("plant"),
        "owner_to": party("plant"),
        "site_to": site("trader"),
        "event_id": SHIPPED,
        **members,
    }
    return court.file("ship", "plant", **said)


def receive(court: Court, kg: float = 100, **members: Any) -> Recorded:
    said = {
        "inputs": (Line(LOT, round(kg * KG)),),
        "custodian_from": party("plant"),
        "owner_to": party("plant"),
        "shipment": SHIPPED,
        **members,
    }
    return court.file("receive", "trader", **said)


@pytest.mark.parametrize(
    ("kg", "found"),
    [
        (100, []),
        (99, []),
        (98.9, ["shipment.difference"]),
        (101, []),
        (101.1, ["shipment.difference"]),
        (50, ["shipment.difference"]),
    ],
)
def test_what_arrives_is_what_was_sent_to_one_percent(kg: float, found: list[str]) -> None:
    court = stocked()
    accepted(ship(court))
    assert flags(receive(court, kg)) == found


@pytest.mark.parametrize(("kg", "found"), [(99, []), (98.9, ["shipment.difference"])])
def test_a_shipment_that_is_filed_after_its_receipt_is_compared_too(kg: float, found: list[str]) -> None:
    court = stocked()
    assert flags(receive(court, kg)) == []
    assert flags(ship(court, at_us=court.now_us - 2 * HOUR_US)) == found


@pytest.mark.parametrize(
    ("moisture", "stated", "kg", "found"),
    [
        ("0.04", None, 97.6, []),
        ("0.04", None, 97.4, ["shipment.difference"]),
        ("0.005", None, 98.6, []),
        ("0.005", None, 98.4, ["shipment.difference"]),
        ("0.04", None, 101.1, ["shipment.difference"]),
        ("0.04", Fraction("0.04"), 98.9, ["shipment.difference"]),
        ("0.04", Fraction("0.02"), 98, []),
    ],
)
def test_moist_goods_may_have_dried(
    moisture: str, stated: Fraction | None, kg: float, found: list[str]
) -> None:
    court = stocked()
    declared = {"treoFraction": "0.5", "moistureFraction": moisture}
    court.books.put(replace(court.lot(LOT), composition=declared))
    accepted(ship(court))
    assert flags(receive(court, inputs=(Line(LOT, round(kg * KG), moisture=stated),))) == found


def test_a_first_delivery_is_no_difference() -> None:
    court = stocked()
    accepted(ship(court))
    assert flags(receive(court, 40, final=False)) == []
    assert flags(receive(court, 60)) == []


def test_the_submitter_is_told_of_a_difference() -> None:
    court = stocked()
    accepted(ship(court))
    assert [finding.code for finding in receive(court, 90).told] == ["shipment.difference"]


@pytest.mark.parametrize(("hours", "found"), [(0, []), (72, []), (72.01, ["shipment.unreceived"])])
def test_an_arrival_long_after_it_was_due_is_noticed(hours: float, found: list[str]) -> None:
    court = stocked()
    due_us = court.now_us + DAY_US
    accepted(ship(court, due_us=due_us))
    court.now_us += 10 * DAY_US
    assert flags(receive(court, at_us=due_us + round(hours * HOUR_US))) == found


def test_without_a_due_time_a_late_arrival_is_not_judged() -> None:
    court = stocked()
    accepted(ship(court))
    court.now_us += 29 * DAY_US
    assert flags(receive(court)) == []


@pytest.mark.parametrize(
    ("counted_g", "found"),
    [
        (100_000, []),
        (99_000, []),
        (98_999, ["stock.difference"]),
        (101_000, []),
        (101_001, ["stock.difference"]),
        (0, ["stock.difference"]),
    ],
)
def test_a_count_that_is_not_the_books_is_noticed(counted_g: int, found: list[str]) -> None:
    counted = stocked().file("stocktake", "plant", inputs=(Line(LOT, counted_g * 1000),))
    assert flags(counted) == found


# --- Times ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("hours", "codes"), [(0, []), (1, []), (-1, ["time.before-birth"])])
def test_nothing_happens_to_a_lot_before_its_birth(hours: int, codes: list[str]) -> None:
    court = stocked()
    assert refusals(ship(court, at_us=court.now_us - DAY_US + hours * HOUR_US)) == codes


@pytest.mark.parametrize(("seconds", "codes"), [(0, []), (300, []), (301, ["time.after-recording"])])
def test_nothing_is_recorded_before_it_happens(seconds: int, codes: list[str]) -> None:
    court = stocked()
    assert refusals(ship(court, at_us=court.now_us + seconds * 1_000_000)) == codes


@pytest.mark.parametrize(("hours", "found"), [(1, []), (0, []), (-1, ["time.two-places"])])
def test_goods_do_not_arrive_before_they_leave(hours: int, found: list[str]) -> None:
    for receipt_first in (False, True):
        court = stocked()
        left_us = court.now_us - 12 * HOUR_US
        if receipt_first:
            accepted(receive(court, at_us=left_us + hours * HOUR_US))
            assert flags(ship(court, at_us=left_us)) == found
        else:
            accepted(ship(court, at_us=left_us))
            assert flags(receive(court, at_us=left_us + hours * HOUR_US)) == found


# Ganzhou to Baotou is 1,690 km as the crow flies.
@pytest.mark.parametrize(
    ("hours", "found"), [(24, []), (1.95, []), (1.8, ["time.too-fast"]), (0, ["time.too-fast"])]
)
def test_goods_travel_no_faster_than_anything(hours: float, found: list[str]) -> None:
    court = stocked()
    court.enrol("plant", ("separator",), latitude="25.83", longitude="114.93")
    court.enrol("trader", ("trader",), latitude="40.65", longitude="109.84")
    left_us = court.now_us - 25 * HOUR_US + HOUR_US
    court.books.put(type(court.lot(LOT))(**{**fields_of(court.lot(LOT)), "event_time_us": left_us}))
    accepted(ship(court, at_us=left_us))
    assert flags(receive(court, at_us=left_us + round(hours * HOUR_US))) == found


@pytest.mark.parametrize("site_to", [site("trader"), ""])
@pytest.mark.parametrize("at", [site("trader"), site("hall")])
@pytest.mark.parametrize("receipt_first", [True, False])
def test_goods_travel_to_where_they_were_received(site_to: str, at: str, receipt_first: bool) -> None:
    court = stocked()
    court.enrol("plant", ("separator",), latitude="25.83", longitude="114.93")
    court.enrol("trader", ("trader",), latitude="25.84", longitude="114.94")
    court.enrol("hall", ("trader",), latitude="40.65", longitude="109.84")
    court.set_policy(rules={"name.foreign": {"action": "off"}})
    left_us = court.now_us - 10 * HOUR_US
    filed = [
        lambda: ship(court, at_us=left_us, site_to=site_to),
        lambda: receive(court, at_us=left_us + HOUR_US, site=at),
    ]
    found = [flags(each()) for each in (filed[::-1] if receipt_first else filed)]
    assert found == [[], ["time.too-fast"] if at == site("hall") else []]


def fields_of(record: object) -> dict[str, Any]:
    return {field: getattr(record, field) for field in type(record).__slots__}


def test_a_drum_is_not_at_two_sites_at_once() -> None:
    court = stocked()
    unit = name("plant", "drum/1")
    at_us = court.now_us - HOUR_US
    accepted(court.file("pack", "plant", parent=unit, inputs=(Line(LOT, KG),), at_us=at_us))
    court.enrol("hall", ("separator",))
    elsewhere = {"site": site("hall"), "parent": unit, "inputs": (Line(LOT, KG),)}
    assert flags(court.file("unpack", "plant", **elsewhere, at_us=at_us)) == ["time.two-places"]
