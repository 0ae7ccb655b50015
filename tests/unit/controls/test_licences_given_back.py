"""What licences get back: of cancelled, undone and corrected exports, and of agents whose time is over."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.controls.exports import MONTHLY, PARCELS
from ledger.controls.recording import Recorded
from ledger.movements.movement import Line
from ledger.records.oversight import (
    DelegationRecord,
    TallyRecord,
)
from tests.support.court import HOUR_US, KG, Court, accepted, flags, name, party, refusals, site
from tests.support.exporting import BUYER, HEAVY, LICENCE, MOTORS, court_with_list, export, grant, licence


def test_a_cancelled_export_gives_its_licence_back() -> None:
    court = court_with_list()
    grant(court, kind="single")
    accepted(export(court, 40, event_id="urn:event:out"))
    accepted(court.file("cancel", "magnets", shipment="urn:event:out", reason="ship did not sail"))
    assert (licence(court).drawn_mg, licence(court).shipments) == (0, ())
    assert flags(export(court, 100)) == []


AGENT = party("trader")


def delegate(court: Court, until_us: int | None) -> None:
    """The trader signs for the magnet maker."""
    court.books.put(DelegationRecord(party("magnets"), AGENT, 0, until_us, 1))


def by_agent(court: Court, lot: str, kind: str = "export", **members: Any) -> Recorded:
    said = {
        "inputs": (Line(lot, 50 * KG),),
        "licence": LICENCE,
        "consignee": BUYER,
        "custodian_from": party("magnets"),
        "owner_from": party("magnets"),
        "custodian_to": BUYER,
        "owner_to": BUYER,
        "end_user": MOTORS,
        "destination": "DE",
        "site": site("magnets"),
        "declaration": "urn:declaration:1",
        **members,
    }
    return court.file(kind, "trader", **said)


@pytest.mark.parametrize("hours", [None, 2, 1])
def test_an_agent_gives_back_what_it_drew_whether_or_not_it_may_still_act(hours: int | None) -> None:
    court = court_with_list()
    grant(court, kind="single")
    delegate(court, None if hours is None else court.now_us + hours * HOUR_US)
    lot = court.extract("magnets", "lot/held", HEAVY, "ndfeb-dy-magnet", mass_mg=200 * KG)
    assert flags(by_agent(court, lot, event_id="urn:event:out")) == []
    assert (licence(court).drawn_mg, licence(court).shipments) == (50 * KG, ("urn:event:out",))
    court.now_us += HOUR_US
    undone = {"event_id": "urn:event:out", "corrects": "urn:event:out", "did_not_occur": True}
    accepted(by_agent(court, lot, at_us=court.now_us - 2 * HOUR_US, **undone))
    assert (licence(court).drawn_mg, licence(court).shipments) == (0, ())


@pytest.mark.parametrize("state", ["granted", "suspended", "revoked"])
def test_what_did_not_occur_needs_no_licence(state: str) -> None:
    court = court_with_list()
    grant(court, kind="single")
    accepted(export(court, 100, event_id="urn:event:out"))
    court.books.put(replace(licence(court), state=state))
    undone = {"event_id": "urn:event:out", "corrects": "urn:event:out", "did_not_occur": True}
    assert flags(export(court, 100, **undone)) == []
    assert (licence(court).drawn_mg, licence(court).shipments) == (0, ())


def cancelled(court: Court, kind: str, **members: Any) -> Recorded:
    """40 kg of 100 are exported under a licence of a kind, and that is cancelled."""
    court.now_us += HOUR_US
    grant(court, kind=kind)
    accepted(export(court, 40, event_id="urn:event:out"))
    said = {"shipment": "urn:event:out", "reason": "not loaded", "event_id": "urn:event:void", **members}
    return accepted(court.file("cancel", "magnets", **said))


def not_cancelled(court: Court, **members: Any) -> Recorded:
    """That cancellation did not occur."""
    said = {"corrects": "urn:event:void", "did_not_occur": True, "event_id": "urn:event:void", **members}
    return court.file("cancel", "magnets", shipment="urn:event:out", reason="it sailed", **said)


def test_an_export_whose_cancellation_did_not_occur_draws_its_licence_again() -> None:
    court = court_with_list()
    cancelled(court, "single")
    before = [each for each in court.books.records(TallyRecord) if each.tally in (MONTHLY, PARCELS)]
    assert flags(not_cancelled(court)) == []
    assert (licence(court).drawn_mg, licence(court).shipments) == (40 * KG, ("urn:event:out",))
    after = [each for each in court.books.records(TallyRecord) if each.tally in (MONTHLY, PARCELS)]
    assert [sum(each.sums.values()) for each in after] == [40 * KG] * 4
    assert [each.sums for each in before] == [{}] * 4
    assert refusals(export(court, 1)) == ["licence.reused"]
    accepted(court.file("cancel", "magnets", shipment="urn:event:out", reason="not loaded after all"))
    assert (licence(court).drawn_mg, licence(court).shipments) == (0, ())


@pytest.mark.parametrize(
    ("kind", "kg", "found"),
    [
        ("general", 60, []),
        ("general", 61, ["licence.exhausted"]),
        ("single", 60, ["licence.reused"]),
        ("single", 61, ["licence.exhausted", "licence.reused"]),
    ],
)
def test_it_does_not_travel_again_where_its_licence_was_used_meanwhile(
    kind: str, kg: int, found: list[str]
) -> None:
    court = court_with_list()
    cancelled(court, kind)
    accepted(export(court, kg, event_id="urn:event:next"))
    assert refusals(not_cancelled(court)) == found
    assert licence(court).drawn_mg == (kg if found else kg + 40) * KG


@pytest.mark.parametrize("state", ["suspended", "revoked"])
def test_it_does_not_travel_again_where_its_licence_was_withdrawn(state: str) -> None:
    court = court_with_list()
    cancelled(court, "general")
    court.books.put(replace(licence(court), state=state))
    assert refusals(not_cancelled(court)) == ["licence.missing"]
    assert licence(court).drawn_mg == 0


def test_goods_without_a_licence_travel_again() -> None:
    court = court_with_list()
    accepted(export(court, masses={"Nd": KG}, product="ndfeb-magnet", licence="", event_id="urn:event:out"))
    said = {"shipment": "urn:event:out", "reason": "not loaded", "event_id": "urn:event:void"}
    accepted(court.file("cancel", "magnets", **said))
    assert flags(not_cancelled(court)) == []


def test_a_cancellation_that_meant_another_export_lets_the_first_draw_again() -> None:
    court = court_with_list()
    cancelled(court, "general")
    accepted(export(court, 90, event_id="urn:event:next"))
    meant = {"corrects": "urn:event:void", "event_id": "urn:event:meant", "reason": "wrong number"}
    accepted(court.file("cancel", "magnets", shipment="urn:event:next", **meant))
    assert (licence(court).drawn_mg, licence(court).shipments) == (40 * KG, ("urn:event:out",))


def test_a_cancellation_that_is_said_again_draws_nothing() -> None:
    court = court_with_list()
    cancelled(court, "single")
    accepted(export(court, 100, event_id="urn:event:next"))
    again = {"corrects": "urn:event:void", "event_id": "urn:event:again", "reason": "another reason"}
    accepted(court.file("cancel", "magnets", shipment="urn:event:out", **again))
    assert (licence(court).drawn_mg, licence(court).shipments) == (100 * KG, ("urn:event:next",))


def reported(kind: str, *steps: str) -> Court:
    """100 kg are exported under a licence, and something is reported of them."""
    court = court_with_list()
    grant(court, kind=kind)
    accepted(export(court, 100, event_id="urn:event:out"))
    court.books.put(replace(licence(court), reported={"urn:event:out": steps} if steps else {}))
    return court


def take_back(court: Court, how: str) -> Recorded:
    """The export is cancelled, or it did not occur."""
    if how == "cancel":
        return court.file("cancel", "magnets", shipment="urn:event:out", reason="it did not sail")
    undone = {"event_id": "urn:event:out", "corrects": "urn:event:out", "did_not_occur": True}
    return court.file("export", "magnets", licence=LICENCE, **undone)


@pytest.mark.parametrize("how", ["cancel", "undo"])
@pytest.mark.parametrize("steps", [(), ("shipment",)])
def test_an_export_that_was_not_reported_as_arrived_is_taken_back(how: str, steps: tuple[str, ...]) -> None:
    court = reported("single", *steps)
    assert flags(take_back(court, how)) == []
    assert licence(court).drawn_mg == 0


@pytest.mark.parametrize("how", ["cancel", "undo"])
@pytest.mark.parametrize("steps", [("shipment", "arrival"), ("installation",), ("arrival", "use")])
def test_an_arrived_export_that_is_taken_back_is_noticed(how: str, steps: tuple[str, ...]) -> None:
    court = reported("single", *steps)
    assert flags(take_back(court, how)) == ["export.taken-back"]
    (alert,) = court.alerts("export.taken-back")
    assert alert.subject == f"licence:{LICENCE}"
    assert (alert.evidence["reported"], alert.evidence["drawn_mg"]) == (list(steps), 100 * KG)
    assert licence(court).drawn_mg == 0


def mend(court: Court, kg: int, **members: Any) -> Recorded:
    said = {
        "inputs": (Line(name("magnets", "lot/1"), kg * KG),),
        "licence": LICENCE,
        "consignee": BUYER,
        "custodian_to": BUYER,
        "owner_to": BUYER,
        "end_user": MOTORS,
        "destination": "DE",
        "event_id": "urn:event:mended",
        "corrects": "urn:event:out",
        **members,
    }
    return court.file("export", "magnets", **said)


@pytest.mark.parametrize(("kg", "found"), [(100, []), (99, []), (98, ["export.taken-back"])])
def test_a_correction_of_an_arrived_export_that_gives_its_licence_back_is_noticed(
    kg: int, found: list[str]
) -> None:
    court = reported("single", "arrival")
    assert flags(mend(court, kg)) == found
    assert licence(court).reported == {"urn:event:mended": ("arrival",)}


def test_a_correction_to_another_licence_leaves_the_reports_where_they_are() -> None:
    court = reported("general", "arrival")
    court.books.put(replace(licence(court), licence="urn:licence:2", drawn_mg=0, shipments=(), reported={}))
    assert flags(mend(court, 100, licence="urn:licence:2")) == ["export.taken-back"]
    assert licence(court).reported == {"urn:event:out": ("arrival",)}


def test_an_export_that_was_not_reported_is_made_smaller() -> None:
    court = reported("single", "shipment")
    assert flags(mend(court, 1)) == []
    assert licence(court).reported == {"urn:event:mended": ("shipment",)}


def test_who_delegated_cancels_what_its_agent_sent_and_draws_nothing() -> None:
    court = court_with_list()
    grant(court, kind="single")
    delegate(court, court.now_us + HOUR_US)
    lot = court.extract("magnets", "lot/held", HEAVY, "ndfeb-dy-magnet", mass_mg=200 * KG)
    assert flags(by_agent(court, lot, event_id="urn:event:out")) == []
    court.now_us += 2 * HOUR_US
    accepted(court.file("cancel", "magnets", shipment="urn:event:out", reason="not loaded"))
    assert (licence(court).drawn_mg, licence(court).shipments) == (0, ())


def test_another_event_of_the_same_name_gives_nothing_back() -> None:
    court = court_with_list()
    grant(court)
    delegate(court, None)
    assert flags(export(court, 40, event_id="urn:event:out")) == []
    lot = court.extract("trader", "lot/own", {"Nd": 30 * KG}, "ndfeb-magnet", mass_mg=200 * KG)
    said = {"inputs": (Line(lot, KG),), "custodian_to": BUYER, "owner_to": BUYER}
    accepted(court.file("ship", "trader", event_id="urn:event:out", **said))
    undone = {"corrects": "urn:event:out", "did_not_occur": True}
    accepted(court.file("ship", "trader", event_id="urn:event:out", **undone))
    assert licence(court).drawn_mg == 40 * KG


def test_a_corrected_export_draws_anew() -> None:
    court = court_with_list()
    grant(court, kind="single")
    accepted(export(court, 40, event_id="urn:event:out"))
    lot = name("magnets", "lot/1")
    said = {
        "inputs": (Line(lot, 30 * KG),),
        "licence": LICENCE,
        "consignee": BUYER,
        "custodian_to": BUYER,
        "owner_to": BUYER,
        "end_user": MOTORS,
        "destination": "DE",
        "event_id": "urn:event:out again",
        "corrects": "urn:event:out",
    }
    found = court.file("export", "magnets", **said)
    assert flags(found) == []
    assert (licence(court).drawn_mg, licence(court).shipments) == (30 * KG, ("urn:event:out again",))
