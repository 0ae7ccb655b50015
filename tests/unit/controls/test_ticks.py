"""What comes with time passing: each due a moment before its time, at it, and once it is settled."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.controls.recording import Recorded
from ledger.controls.schedules import await_invoice_again
from ledger.movements.movement import Line
from ledger.records import own_cases
from ledger.records.oversight import CaseRecord, DueRecord, InvoiceRecord, LicenceRecord
from tests.support.court import (
    DAY_US,
    HOUR_US,
    KG,
    START_US,
    TONNE,
    Court,
    accepted,
    flags,
    name,
    no_floats,
    out,
    party,
    site,
)

LOT = name("plant", "lot/1")
SHIPPED = "urn:event:shipped"
OCTOBER_US = START_US + 30 * DAY_US
TENTH_US = OCTOBER_US + 10 * DAY_US
"""Until when September is filed."""


def stocked() -> Court:
    court = Court()
    court.set_policy(rules={"report.late": {"action": "off"}})
    court.extract("plant", "lot/1", {"La": 50 * KG}, "la-oxide", mass_mg=100 * KG, at_us=START_US)
    return court


def ship(court: Court, **members: Any) -> Recorded:
    said = {
        "inputs": (Line(LOT, 10 * KG),),
        "custodian_to": party("trader"),
        "owner_from": party("plant"),
        "owner_to": party("plant"),
        "site_to": site("trader"),
        "event_id": SHIPPED,
        **members,
    }
    return accepted(court.file("ship", "plant", **said))


def receive(court: Court, **members: Any) -> Recorded:
    said = {
        "inputs": (Line(LOT, 10 * KG),),
        "custodian_from": party("plant"),
        "owner_to": party("plant"),
        "shipment": SHIPPED,
        **members,
    }
    return accepted(court.file("receive", "trader", **said))


def told(court: Court, until_us: int, *codes: str) -> list[str]:
    """The codes of what time opens, hour by hour would be the same; only some are looked at."""
    alerts = court.pass_time(until_us)
    assert all(alert.detail and alert.mend and no_floats(alert.evidence) for alert in alerts)
    return [alert.code for alert in alerts if not codes or alert.code in codes]


def test_a_shipment_that_never_arrives_is_told_at_the_consignees_deadline() -> None:
    court = stocked()
    ship(court)
    assert told(court, TENTH_US - 1) == []
    assert told(court, TENTH_US) == ["shipment.unreceived"]
    assert told(court, TENTH_US + 90 * DAY_US) == []
    alert = court.alerts("shipment.unreceived")[0]
    assert (alert.party, alert.site, alert.position) == (party("trader"), site("trader"), -1)


def test_where_a_rule_calls_for_a_case_time_opens_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(own_cases, "OPENING", ("shipment.unreceived",))
    court = stocked()
    ship(court)
    (alert,) = [each for each in court.pass_time(TENTH_US) if each.code == "shipment.unreceived"]
    assert court.alerts("shipment.unreceived") == [alert]
    (case,) = court.books.records(CaseRecord)
    assert (alert.case, case.alerts) == (case.case, ((alert.entry_index, alert.number),))


def test_a_due_time_in_the_next_month_is_filed_a_month_later() -> None:
    court = stocked()
    ship(court, due_us=OCTOBER_US - 72 * HOUR_US)
    assert told(court, TENTH_US + DAY_US) == []
    assert told(court, TENTH_US + 31 * DAY_US) == ["shipment.unreceived"]


@pytest.mark.parametrize("end", ["receive", "cancel", "refuse"])
def test_a_shipment_that_came_to_an_end_is_not_told(end: str) -> None:
    court = stocked()
    ship(court)
    if end == "receive":
        receive(court)
    elif end == "cancel":
        accepted(court.file("cancel", "plant", shipment=SHIPPED, reason="not loaded"))
    else:
        said = {"shipment": SHIPPED, "custodian_to": party("plant"), "reason": "wet", "event_id": "urn:back"}
        accepted(court.file("refuse", "trader", **said))
        back = {"custodian_from": party("trader"), "shipment": "urn:back", "inputs": (Line(LOT, 10 * KG),)}
        accepted(court.file("receive", "plant", **back, owner_to=party("plant")))
    assert told(court, TENTH_US + 90 * DAY_US, "shipment.unreceived") == []


VOID = "urn:event:void"


def take_away(court: Court, how: str) -> None:
    """The shipment comes to an end by an event that its own correction takes back later."""
    said: dict[str, Any] = {"shipment": SHIPPED, "event_id": VOID}
    if how == "receive":
        receive(court, event_id=VOID)
    elif how == "cancel":
        accepted(court.file("cancel", "plant", reason="not loaded", **said))
    else:
        accepted(court.file("refuse", "trader", custodian_to=party("plant"), reason="wet", **said))


def travel_again(court: Court, how: str) -> None:
    said = {"event_id": VOID, "corrects": VOID, "did_not_occur": True}
    accepted(court.file(how, "plant" if how == "cancel" else "trader", **said))


@pytest.mark.parametrize("how", ["cancel", "refuse", "receive"])
def test_a_shipment_that_travels_again_is_told_though_its_time_came_meanwhile(how: str) -> None:
    court = stocked()
    ship(court)
    take_away(court, how)
    told_back = told(court, TENTH_US + DAY_US, "shipment.unreceived")
    assert told_back == (["shipment.unreceived"] if how == "refuse" else [])  # what it sent back travels
    travel_again(court, how)
    assert told(court, TENTH_US + DAY_US, "shipment.unreceived") == ["shipment.unreceived"]
    assert court.alerts("shipment.unreceived")[-1].subject == f"shipment:{party('plant')} {SHIPPED}"
    assert told(court, TENTH_US + 90 * DAY_US, "shipment.unreceived") == []


@pytest.mark.parametrize("how", ["cancel", "receive"])
def test_a_shipment_that_travels_again_in_time_is_told_in_time(how: str) -> None:
    court = stocked()
    ship(court)
    take_away(court, how)
    travel_again(court, how)
    assert told(court, TENTH_US - 1) == []
    receive(court)
    assert told(court, TENTH_US) == []


@pytest.mark.parametrize("how", ["cancel", "receive"])
def test_what_came_to_an_end_for_good_is_not_told(how: str) -> None:
    court = stocked()
    ship(court)
    take_away(court, how)
    assert told(court, TENTH_US, "shipment.unreceived") == []
    travel_again(court, how)
    receive(court, event_id="urn:event:came")
    assert told(court, TENTH_US + 90 * DAY_US, "shipment.unreceived") == []


def test_a_part_that_is_still_out_is_told() -> None:
    court = stocked()
    ship(court)
    receive(court, inputs=(Line(LOT, 4 * KG),), final=False)
    assert told(court, TENTH_US) == ["shipment.unreceived"]


def test_a_receipt_without_a_shipment_is_told_at_the_consignors_deadline() -> None:
    court = stocked()
    receive(court)
    assert told(court, TENTH_US - 1) == []
    assert told(court, TENTH_US) == ["shipment.unsent"]
    assert court.alerts("shipment.unsent")[0].party == party("plant")


def test_a_shipment_that_was_filed_in_time_settles_its_receipt() -> None:
    court = stocked()
    receive(court)
    court.now_us = TENTH_US - DAY_US
    ship(court, at_us=START_US + DAY_US)
    assert told(court, TENTH_US + 90 * DAY_US, "shipment.unsent", "shipment.unreceived") == []


# --- Pools ------------------------------------------------------------------------------------------------

POOL = name("plant", "pool/1")


def filled() -> Court:
    court = stocked()
    said = {"pool": POOL, "process": "separation", "at_us": START_US + DAY_US}
    accepted(court.file("feed", "plant", inputs=(Line(LOT, None),), whole=True, **said))
    return court


# Fed on 2 September; 31 days later it is October, which is filed until 10 November.
def test_a_pool_that_is_not_closed_is_told_each_month_once() -> None:
    court = filled()
    november = TENTH_US + 31 * DAY_US
    assert told(court, november - 1) == []
    assert told(court, november) == ["pool.unclosed"]
    assert told(court, november + 200 * DAY_US) == []
    assert len(court.alerts("pool.unclosed")) == 1


def test_it_is_told_again_once_the_alert_is_closed() -> None:
    court = filled()
    november = TENTH_US + 31 * DAY_US
    told(court, november)
    court.books.put(replace(court.alerts("pool.unclosed")[0], state="closed"))
    assert told(court, november + 32 * DAY_US) == ["pool.unclosed"]


def test_a_close_gives_another_month() -> None:
    court = filled()
    november = TENTH_US + 31 * DAY_US
    court.now_us = OCTOBER_US + DAY_US
    accepted(court.file("close", "plant", pool=POOL, measured_mg={"La": 50 * KG}, at_us=OCTOBER_US - DAY_US))
    assert told(court, november) == ["pool.unclosed"]
    court = filled()
    court.now_us = OCTOBER_US + DAY_US
    accepted(court.file("close", "plant", pool=POOL, measured_mg={"La": 50 * KG}, at_us=OCTOBER_US + 1))
    assert told(court, november + 30 * DAY_US - 1) == []
    assert told(court, november + 30 * DAY_US) == ["pool.unclosed"]


# 31 days after 31 October it is December, and November had no close.
def test_a_close_on_the_last_day_of_a_long_month_gives_the_next_month_and_no_more() -> None:
    court = filled()
    court.now_us = OCTOBER_US + 32 * DAY_US
    at_us = OCTOBER_US + 31 * DAY_US - 1
    accepted(court.file("close", "plant", pool=POOL, measured_mg={"La": 50 * KG}, at_us=at_us))
    december = TENTH_US + 61 * DAY_US
    assert told(court, december - 1) == []
    assert told(court, december) == ["pool.unclosed"]


def test_an_empty_pool_needs_no_close() -> None:
    court = filled()
    lines = (out(name("plant", "out/1"), 100 * KG, {"La": 50 * KG}, "la-oxide"),)
    accepted(court.file("draw", "plant", pool=POOL, process="separation", outputs=lines))
    assert told(court, TENTH_US + 200 * DAY_US, "pool.unclosed") == []


# --- Exports ----------------------------------------------------------------------------------------------


def exported(licence: str = "urn:licence:1", consignee: str = "https://buyer.example/party") -> Court:
    court = stocked()
    lot = court.extract("magnets", "lot/9", {"Nd": 900 * KG}, "ndfeb-magnet", at_us=START_US)
    if licence:
        said = (licence, party("magnets"), "single", "granted", (), (), (), (), "", 9 * TONNE, 0, 0, 0)
        court.books.put(LicenceRecord(*said, shipments=(SHIPPED,)))
    said_too = {"consignee": consignee, "custodian_to": consignee, "end_user": consignee, "destination": "DE"}
    filed = court.file(
        "export",
        "magnets",
        inputs=(Line(lot, None),),
        whole=True,
        event_id=SHIPPED,
        licence=licence,
        **said_too,
    )
    accepted(filed)
    return court


SIXTY_US = START_US + 5 * DAY_US - HOUR_US + 60 * DAY_US


def test_an_export_without_a_report_of_its_arrival_is_told() -> None:
    court = exported()
    assert told(court, SIXTY_US - 1, "export.no-arrival") == []
    assert told(court, SIXTY_US, "export.no-arrival") == ["export.no-arrival"]


@pytest.mark.parametrize(("step", "found"), [("shipment", 1), ("arrival", 0), ("use", 0)])
def test_a_reported_arrival_settles_it(step: str, found: int) -> None:
    court = exported()
    licence = court.books.get(LicenceRecord, "urn:licence:1")
    assert licence is not None
    court.books.put(replace(licence, reported={SHIPPED: (step,)}))
    assert told(court, SIXTY_US, "export.no-arrival") == ["export.no-arrival"] * found


@pytest.mark.parametrize("step", ["", "arrival"])
def test_an_export_that_travels_again_awaits_its_report(step: str) -> None:
    court = exported()
    accepted(court.file("cancel", "magnets", shipment=SHIPPED, reason="not loaded", event_id=VOID))
    assert told(court, SIXTY_US, "export.no-arrival") == []
    said = {"event_id": VOID, "corrects": VOID, "did_not_occur": True}
    accepted(court.file("cancel", "magnets", **said))
    found = court.books.get(LicenceRecord, "urn:licence:1")
    assert found is not None
    court.books.put(replace(found, reported={SHIPPED: (step,)} if step else {}))
    assert told(court, SIXTY_US, "export.no-arrival") == ([] if step else ["export.no-arrival"])


def test_nobody_reports_the_arrival_of_what_needs_no_licence() -> None:
    assert told(exported(licence=""), SIXTY_US, "export.no-arrival") == []
    court = exported(licence="", consignee=party("abroad"))
    assert told(court, SIXTY_US, "export.no-arrival") == ["export.no-arrival"]


def test_an_importer_of_this_ledger_reports_by_receiving() -> None:
    court = exported(licence="", consignee=party("abroad"))
    lot = name("magnets", "lot/9")
    said = {"inputs": (Line(lot, 1800 * KG),), "custodian_from": party("magnets"), "shipment": SHIPPED}
    accepted(court.file("receive", "abroad", **said))
    assert told(court, SIXTY_US, "export.no-arrival") == []


# --- Invoices ---------------------------------------------------------------------------------------------


def sold(**members: Any) -> Court:
    court = stocked()
    ship(court, owner_to=party("trader"), **{"invoice": "INV-1", **members})
    return court


def register(court: Court, kind: str = "special", invoice: str = "INV-1", *shipments: str) -> None:
    said = (invoice, kind, party("plant"), party("trader"), (), "1", "CNY", 0, None, 0)
    court.books.put(InvoiceRecord(*said, shipments=tuple(f"{party('plant')} {each}" for each in shipments)))


def test_a_cancelled_invoice_stands_for_no_sale_and_another_is_awaited_again() -> None:
    court = sold()
    register(court)
    assert told(court, TENTH_US, "invoice.missing") == []
    invoice = court.books.get(InvoiceRecord, "INV-1")
    assert invoice is not None
    cancelled = replace(invoice, cancelled_at=9, cancelled_us=TENTH_US)
    court.books.put(cancelled)
    await_invoice_again(court.books, cancelled, court.policy, TENTH_US)
    assert told(court, TENTH_US + 29 * DAY_US, "invoice.missing") == []
    assert told(court, TENTH_US + 31 * DAY_US, "invoice.missing") == ["invoice.missing"]


# The tenth comes after thirty days of grace for what was sold on 5 September.
def test_a_sale_without_a_special_invoice_is_told_after_the_grace() -> None:
    court = sold()
    assert told(court, TENTH_US - 1) == []
    assert told(court, TENTH_US, "invoice.missing") == ["invoice.missing"]
    assert court.alerts("invoice.missing")[0].party == party("plant")


@pytest.mark.parametrize(
    ("invoices", "found"),
    [
        ([("special", "INV-1")], 0),
        ([("ordinary", "INV-1")], 1),
        ([("special", "INV-2", SHIPPED)], 0),
        ([("special", "INV-2", "urn:event:other")], 1),
    ],
)
def test_a_special_invoice_settles_it_by_name_or_by_sale(invoices: list[Any], found: int) -> None:
    court = sold()
    for each in invoices:
        register(court, *each)
    assert told(court, TENTH_US, "invoice.missing") == ["invoice.missing"] * found


def test_grace_runs_beyond_the_tenth_for_late_sales() -> None:
    court = stocked()
    court.now_us = OCTOBER_US
    ship(court, owner_to=party("trader"))
    assert told(court, OCTOBER_US - HOUR_US + 30 * DAY_US - 1, "invoice.missing") == []
    assert told(court, OCTOBER_US - HOUR_US + 30 * DAY_US, "invoice.missing") == ["invoice.missing"]


def test_what_is_no_sale_or_was_cancelled_needs_none() -> None:
    court = stocked()
    ship(court)
    assert told(court, TENTH_US + 90 * DAY_US, "invoice.missing") == []
    court = sold()
    accepted(court.file("cancel", "plant", shipment=SHIPPED, reason="not loaded"))
    assert told(court, TENTH_US + 90 * DAY_US, "invoice.missing") == []


# --- Reviews, and the ticks themselves ----------------------------------------------------------


def test_a_burst_is_told_once_the_month_is_filed() -> None:
    court = stocked()
    court.now_us = OCTOBER_US
    for number in range(30):
        at_us = OCTOBER_US - HOUR_US if number < 7 else START_US + 5 * DAY_US
        counted = court.file("stocktake", "plant", inputs=(Line(LOT, 100 * KG),), at_us=at_us)
        assert flags(counted) == []
    assert told(court, TENTH_US - 1) == []
    assert told(court, TENTH_US) == ["report.burst"]


@pytest.mark.parametrize(
    ("count", "last", "found"),
    [(30, 7, ["report.burst"]), (30, 6, []), (29, 29, []), (40, 40, ["report.burst"])],
)
def test_a_burst_that_is_filed_late_is_judged_whole(count: int, last: int, found: list[str]) -> None:
    court = stocked()
    court.set_policy(rules={"report.late": {"action": "off"}})
    court.now_us = TENTH_US + DAY_US
    for number in range(count):
        at_us = OCTOBER_US - HOUR_US if number < last else START_US + 5 * DAY_US
        assert flags(court.file("stocktake", "plant", inputs=(Line(LOT, 100 * KG),), at_us=at_us)) == []
        assert told(court, court.now_us + DAY_US // 48) == []
    assert told(court, TENTH_US + 3 * DAY_US) == found
    assert told(court, TENTH_US + 9 * DAY_US) == []


def test_a_month_is_judged_again_when_more_of_it_comes() -> None:
    court = stocked()
    court.set_policy(rules={"report.late": {"action": "off"}})

    def count(times: int) -> None:
        for _ in range(times):
            at_us = OCTOBER_US - HOUR_US
            accepted(court.file("stocktake", "plant", inputs=(Line(LOT, 100 * KG),), at_us=at_us))

    court.now_us = OCTOBER_US
    count(29)
    assert told(court, TENTH_US) == []
    count(1)
    assert told(court, TENTH_US + DAY_US - 1) == []
    assert told(court, TENTH_US + DAY_US) == ["report.burst"]


def test_a_year_of_gains_is_told_once_the_month_is_filed() -> None:
    court = stocked()
    court.set_policy(rules={code: {"action": "off"} for code in ("balance.recovery", "balance.element-gain")})
    for number in range(6):
        lot = court.extract("plant", f"in/{number}", {"La": 100 * KG}, "la-oxide", at_us=START_US)
        lines = (out(name("plant", f"out/{number}"), 200 * KG, {"La": 103 * KG}, "la-oxide"),)
        said = {"inputs": (Line(lot, None),), "outputs": lines, "whole": True, "process": "packing"}
        accepted(court.file("process", "plant", **said))
    assert told(court, TENTH_US - 1) == []
    assert told(court, TENTH_US) == ["balance.cumulative"]
    assert court.alerts("balance.cumulative")[0].site == site("plant")


def test_what_is_due_already_is_told_at_the_next_entry() -> None:
    court = stocked()
    court.pass_time(TENTH_US + 5 * DAY_US)
    ship(court, at_us=START_US + DAY_US)
    assert told(court, court.now_us) == ["shipment.unreceived"]


def test_it_is_the_same_whether_time_passes_at_once_or_in_steps() -> None:
    found = []
    for step in (HOUR_US, 7 * DAY_US, 100 * DAY_US):
        court = stocked()
        ship(court, owner_to=party("trader"))
        receive(court, shipment="urn:event:other", inputs=(Line(LOT, KG),))
        court.pass_time(court.now_us)
        while court.now_us < TENTH_US + 60 * DAY_US:
            court.pass_time(court.now_us + step)
        found.append(sorted((alert.code, alert.subject) for alert in court.alerts("shipment.unreceived")))
        found[-1] += sorted(alert.subject for alert in court.alerts("shipment.unsent"))
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 2


def test_policy_may_switch_it_off() -> None:
    court = stocked()
    court.set_policy(rules={"shipment.unreceived": {"action": "off"}})
    ship(court)
    assert told(court, TENTH_US) == []


def test_a_due_of_a_kind_that_nobody_knows_is_settled() -> None:
    court = stocked()
    court.pass_time(court.now_us)
    court.books.put(DueRecord("no.such", "x", "", "", OCTOBER_US, 0, OCTOBER_US // HOUR_US))
    assert told(court, OCTOBER_US) == []
    due = court.books.get(DueRecord, "no.such", "x")
    assert due is not None
    assert due.bucket == -1
