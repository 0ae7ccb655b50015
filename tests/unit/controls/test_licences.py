"""licence.missing, .expired, .exhausted, .mismatch, .reused, .case-by-case; enduser; what an export draws."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.controls.exports import MONTHLY, PARCELS
from ledger.controls.lists import covers
from ledger.controls.recording import Recorded
from ledger.materials.catalogue import Catalogue
from ledger.movements.movement import Line
from ledger.records.licence_spans import end_span
from ledger.records.oversight import (
    ControlListRecord,
    DelegationRecord,
    LicenceRecord,
    RestrictedPartyRecord,
    TallyRecord,
)
from tests.support.court import HOUR_US, KG, Court, accepted, flags, name, party, refusals, site

LICENCE = "urn:licence:1"
BUYER = "https://buyer.example/party"
MOTORS = "https://motors.abroad.example/party"
HEAVY = {"Nd": 29 * KG, "Dy": KG}


def court_with_list(**members: Any) -> Court:
    court = Court()
    court.set_policy(rules={"hs.mismatch": {"action": "off"}, "export.structuring": {"action": "off"}})
    items = ({"control_ref": "mofcom-18-2025"}, {"elements": ["Tb", "Dy"], "least_share": "0.001"})
    said = {"starts_us": 0, "ends_us": None, "items": items, "conditions": {}, **members}
    court.books.put(ControlListRecord("mofcom-18-2025", 0, **said))
    return court


def grant(court: Court, **members: Any) -> None:
    said: dict[str, Any] = {
        "exporter": party("magnets"),
        "kind": "general",
        "state": "granted",
        "items": ("ndfeb-dy-magnet",),
        "destinations": ("DE",),
        "consignees": (BUYER,),
        "end_users": (MOTORS,),
        "end_use": "traction motors",
        "quantity_mg": 100 * KG,
        "drawn_mg": 0,
        "applied_at": 0,
        "applied_us": 0,
        "valid_from_us": 0,
        "valid_to_us": court.now_us + HOUR_US,
        **members,
    }
    court.books.put(LicenceRecord(LICENCE, **said))


def export(
    court: Court,
    kg: int = 50,
    masses: dict[str, int] = HEAVY,
    product: str = "ndfeb-dy-magnet",
    **members: Any,
) -> Recorded:
    number = court.index
    lot = court.extract("magnets", f"lot/{number}", masses, product, mass_mg=200 * KG)
    said = {
        "inputs": (Line(lot, kg * KG),),
        "licence": LICENCE,
        "consignee": BUYER,
        "custodian_to": BUYER,
        "owner_to": BUYER,
        "end_user": MOTORS,
        "end_use": "traction motors",
        "destination": "DE",
        "declaration": "urn:declaration:1",
        **members,
    }
    return court.file("export", "magnets", **said)


def licence(court: Court) -> LicenceRecord:
    found = court.books.get(LicenceRecord, LICENCE)
    assert found is not None
    return found


def test_a_fitting_licence_is_drawn_on() -> None:
    court = court_with_list()
    grant(court)
    assert flags(export(court, 100, event_id="urn:event:out")) == []
    assert (licence(court).drawn_mg, licence(court).shipments) == (100 * KG, ("urn:event:out",))


def test_what_is_not_controlled_needs_no_licence_and_draws_none() -> None:
    court = court_with_list()
    grant(court)
    assert flags(export(court, masses={"Nd": 30 * KG}, product="ndfeb-magnet", licence="")) == []
    assert flags(export(court, masses={"Nd": 30 * KG}, product="ndfeb-magnet")) == []
    assert (licence(court).drawn_mg, licence(court).shipments) == (0, ())


@pytest.mark.parametrize(("share_mg", "controlled"), [(29_999, False), (30_000, True)])
def test_a_trace_of_a_controlled_element_is_none(share_mg: int, controlled: bool) -> None:
    court = court_with_list()
    found = export(
        court, masses={"Nd": 30 * KG - share_mg, "Dy": share_mg}, product="ndfeb-magnet", licence=""
    )
    assert refusals(found) == (["licence.missing"] if controlled else [])


@pytest.mark.parametrize("state", ["", "applied", "refused", "suspended", "revoked"])
def test_no_export_without_a_granted_licence(state: str) -> None:
    court = court_with_list()
    if state:
        grant(court, state=state)
    assert refusals(export(court)) == ["licence.missing"]


@pytest.mark.parametrize(
    ("starts", "ends", "controlled"), [(0, None, True), (1, None, False), (-9, 0, False)]
)
def test_a_list_holds_from_its_start_to_before_its_end(
    starts: int, ends: int | None, controlled: bool
) -> None:
    court = Court()
    at_us = court.now_us - HOUR_US
    until = None if ends is None else at_us + ends
    court = court_with_list(starts_us=at_us + starts, ends_us=until)
    assert refusals(export(court, licence="")) == (["licence.missing"] if controlled else [])


def test_the_newest_version_of_a_list_is_the_one_in_force() -> None:
    court = court_with_list()
    court.books.put(ControlListRecord("mofcom-18-2025", 1, 0, None, (), {}))
    assert flags(export(court, licence="")) == []


@pytest.mark.parametrize(("begins", "controlled"), [(0, False), (1, True), (30 * 24 * HOUR_US, True)])
def test_a_list_that_is_amended_ahead_of_time_holds_until_then(begins: int, controlled: bool) -> None:
    court = court_with_list()
    starts_us = court.now_us - HOUR_US + begins
    court.books.put(ControlListRecord("mofcom-18-2025", 1, starts_us, None, (), {}))
    assert refusals(export(court, licence="")) == (["licence.missing"] if controlled else [])


@pytest.mark.parametrize(("ends", "resumes", "controlled"), [(0, 1, False), (0, 0, True), (1, 5, True)])
def test_a_list_is_suspended_and_resumed(ends: int, resumes: int, controlled: bool) -> None:
    court = court_with_list()
    at_us = court.now_us - HOUR_US
    (old,) = court.books.records(ControlListRecord)
    court.books.put(replace(old, entry_index=1, ends_us=at_us + ends))
    court.books.put(replace(old, entry_index=2, starts_us=at_us + resumes))
    assert refusals(export(court, licence="")) == (["licence.missing"] if controlled else [])


def test_a_list_may_be_for_something_else_than_licences() -> None:
    court = court_with_list(conditions={"needs_licence": False})
    assert flags(export(court, licence="")) == []


@pytest.mark.parametrize(
    ("start", "end", "found"), [(0, 1, []), (1, 9, ["licence.expired"]), (-9, 0, ["licence.expired"])]
)
def test_a_licence_holds_from_its_start_to_before_its_end(start: int, end: int, found: list[str]) -> None:
    court = court_with_list()
    at_us = court.now_us - HOUR_US
    grant(court, valid_from_us=at_us + start, valid_to_us=at_us + end)
    assert refusals(export(court)) == found


@pytest.mark.parametrize("state", ["suspended", "revoked"])
@pytest.mark.parametrize(("late_us", "found"), [(-1, []), (0, ["licence.missing"])])
def test_an_export_is_judged_by_what_held_when_it_took_place(
    state: str, late_us: int, found: list[str]
) -> None:
    court = court_with_list()
    grant(court)
    end_span(court.books, licence(court), court.now_us - HOUR_US - late_us, suspends=False)
    court.books.put(replace(licence(court), state=state))
    assert refusals(export(court, event_id="urn:event:out")) == found
    assert licence(court).shipments == (() if found else ("urn:event:out",))


def test_an_ended_licence_is_held_to_all_that_it_says() -> None:
    court = court_with_list()
    grant(court, kind="single", quantity_mg=60 * KG, destinations=("JP",), shipments=("urn:event:0",))
    end_span(court.books, licence(court), court.now_us, suspends=False)
    court.books.put(replace(licence(court), state="revoked"))
    codes = ["licence.exhausted", "licence.mismatch", "licence.reused"]
    assert refusals(export(court, 61)) == codes


def test_an_export_before_a_revocation_can_be_corrected_after_it() -> None:
    court = court_with_list()
    grant(court)
    accepted(export(court, 40, event_id="urn:event:out"))
    end_span(court.books, licence(court), court.now_us, suspends=False)
    court.books.put(replace(licence(court), state="revoked"))
    again = {"inputs": (Line(name("magnets", "lot/1"), 30 * KG),), "corrects": "urn:event:out"}
    assert flags(export(court, event_id="urn:event:again", **again)) == []
    assert licence(court).drawn_mg == 30 * KG


@pytest.mark.parametrize(
    ("drawn", "kg", "found"), [(50, 50, []), (51, 50, ["licence.exhausted"]), (100, 1, ["licence.exhausted"])]
)
def test_a_licence_is_exhausted_beyond_its_quantity(drawn: int, kg: int, found: list[str]) -> None:
    court = court_with_list()
    grant(court, drawn_mg=drawn * KG)
    assert refusals(export(court, kg)) == found


@pytest.mark.parametrize(
    "members",
    [
        {"exporter": party("trader")},
        {"destinations": ("JP",)},
        {"end_users": ("https://tanks.example/party",)},
        {"consignees": ("https://front.example/party",)},
        {"end_use": "sonar"},
        {"items": ("dy-oxide",)},
        {"items": ("2846",)},
    ],
)
def test_a_licence_for_something_else_does_not_fit(members: dict[str, Any]) -> None:
    court = court_with_list()
    grant(court, **members)
    assert refusals(export(court)) == ["licence.mismatch"]


@pytest.mark.parametrize("items", [("ndfeb-dy-magnet",), ("8505",), ("8505111000",), ("mofcom-18-2025",), ()])
def test_items_are_products_codes_or_lists(items: tuple[str, ...]) -> None:
    court = court_with_list()
    grant(court, items=items)
    assert flags(export(court)) == []


def test_a_single_licence_is_for_one_shipment_and_a_general_one_for_many() -> None:
    for kind, found in (("general", []), ("single", ["licence.reused"])):
        court = court_with_list()
        grant(court, kind=kind)
        accepted(export(court, 10))
        assert refusals(export(court, 10)) == found


def test_every_fault_of_a_licence_is_told_at_once() -> None:
    court = court_with_list()
    grant(
        court, kind="single", quantity_mg=KG, valid_to_us=1, destinations=("JP",), shipments=("urn:event:0",)
    )
    codes = ["licence.expired", "licence.exhausted", "licence.mismatch", "licence.reused"]
    assert refusals(export(court)) == codes


def test_what_happened_all_the_same_is_disclosed_and_tainted() -> None:
    court = court_with_list()
    lot = court.extract("magnets", "lot/1", HEAVY, "ndfeb-dy-magnet", mass_mg=200 * KG)
    said = {"consignee": BUYER, "custodian_to": BUYER, "end_user": MOTORS, "destination": "DE"}
    found = court.file("disclose", "magnets", inputs=(Line(lot, KG),), reason="shipped by mistake", **said)
    assert flags(found) == ["disclosure"]
    assert court.lot(lot).tainted_by == court.index - 1


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


@pytest.mark.parametrize(
    ("item", "covered"),
    [
        ({}, False),
        ({"unknown": "x"}, False),
        ({"product": "ndfeb-dy-magnet"}, True),
        ({"product": "nd-oxide"}, False),
        ({"hs_code": "8505"}, True),
        ({"hs_code": "8505.11.1000"}, True),
        ({"hs_code": "2846"}, False),
        ({"stage": "magnet"}, True),
        ({"stage": "magnet", "product": "nd-oxide"}, False),
        ({"form": "magnet"}, True),
        ({"control_ref": "mofcom-18-2025"}, True),
        ({"control_ref": "mofcom-57-2025"}, False),
        ({"elements": ["Dy"]}, True),
        ({"elements": ["Tb"]}, False),
        ({"elements": ["Tb", "Dy"], "least_share": "0.03"}, True),
        ({"elements": ["Tb", "Dy"], "least_share": "0.04"}, False),
    ],
)
def test_an_item_covers_what_fits_all_that_it_says(item: dict[str, Any], covered: bool) -> None:
    court = Court()
    lot = court.lot(court.extract("magnets", "lot/1", HEAVY, "ndfeb-dy-magnet"))
    assert covers(item, lot, Catalogue.load()) is covered


# --- End users --------------------------------------------------------------------------------------------


def restrict(court: Court, **members: Any) -> None:
    said = {
        "name": "Tank Works",
        "party": "https://tanks.example/party",
        "control_list": "restricted-2026",
        "starts_us": 0,
        "ends_us": None,
        "affiliates": (),
        "entry_index": 0,
        **members,
    }
    court.books.put(RestrictedPartyRecord(**said))


@pytest.mark.parametrize("place", ["consignee", "end_user", "owner_to", "custodian_to"])
def test_nothing_goes_to_a_listed_party(place: str) -> None:
    court = court_with_list()
    grant(court, end_users=(), consignees=())
    restrict(court)
    assert refusals(export(court, **{place: "https://tanks.example/party"})) == ["enduser.restricted"]


@pytest.mark.parametrize(
    ("share", "found"), [("0.499", []), ("0.5", ["enduser.restricted"]), ("1", ["enduser.restricted"])]
)
def test_an_affiliate_counts_from_one_half(share: str, found: list[str]) -> None:
    court = court_with_list()
    grant(court)
    restrict(court, affiliates=({"party": MOTORS, "share": share},))
    assert refusals(export(court)) == found


def test_a_list_may_set_another_share() -> None:
    court = court_with_list()
    grant(court)
    court.books.put(ControlListRecord("restricted-2026", 9, 0, None, (), {"affiliate_share": "0.25"}))
    restrict(court, affiliates=({"party": MOTORS, "share": "0.25"},))
    assert refusals(export(court)) == ["enduser.restricted"]


@pytest.mark.parametrize(("start", "end", "found"), [(0, None, 1), (1, None, 0), (-9, 0, 0)])
def test_a_listing_of_a_party_has_its_time(start: int, end: int | None, found: int) -> None:
    court = court_with_list()
    grant(court)
    at_us = court.now_us - HOUR_US
    restrict(court, party=MOTORS, starts_us=at_us + start, ends_us=None if end is None else at_us + end)
    assert refusals(export(court)) == ["enduser.restricted"] * found


@pytest.mark.parametrize(
    ("refuses", "whom", "found"),
    [
        (False, "user", []),
        (False, "use", []),
        (True, "civil", []),
        (True, "user", ["enduser.military"]),
        (True, "use", ["enduser.military"]),
    ],
)
def test_a_military_user_is_refused_while_a_list_says_so(refuses: bool, whom: str, found: list[str]) -> None:
    court = court_with_list()
    end_use = "military" if whom == "use" else "traction motors"
    grant(court, end_use=end_use)
    restrict(court, military=True, **({"party": MOTORS} if whom == "user" else {}))
    court.books.put(ControlListRecord("mofcom-61-2025", 1, 0, None, (), {"refuses_military": refuses}))
    assert refusals(export(court, end_use=end_use)) == found


@pytest.mark.parametrize(
    ("end_use", "kind", "found"),
    [
        ("semiconductor-logic:28", "general", []),
        ("semiconductor-logic:14.1", "general", []),
        ("semiconductor-logic:14", "general", ["licence.case-by-case"]),
        ("semiconductor-logic:7", "general", ["licence.case-by-case"]),
        ("semiconductor-logic:7", "single", []),
        ("semiconductor-logic", "general", ["licence.case-by-case"]),
        ("semiconductor-memory:255", "general", []),
        ("semiconductor-memory:256", "general", ["licence.case-by-case"]),
        ("semiconductor-memory:256", "single", []),
        ("chips, logic, 7 nm", "general", []),
    ],
)
def test_an_advanced_use_takes_a_licence_of_its_own(end_use: str, kind: str, found: list[str]) -> None:
    court = court_with_list()
    grant(court, kind=kind, end_use=end_use)
    uses = [
        {"end_use": "semiconductor-logic", "most": "14"},
        {"end_use": "semiconductor-memory", "least": "256"},
    ]
    conditions = {"case_by_case": uses, "exports_from": "anywhere"}
    court.books.put(ControlListRecord("mofcom-61-2025", 1, 0, None, (), conditions))
    assert refusals(export(court, end_use=end_use)) == found


@pytest.mark.parametrize(("where", "found"), [("home", True), ("anywhere", True), ("abroad", False)])
def test_a_list_says_from_where_exports_are_meant(where: str, found: bool) -> None:
    court = court_with_list(conditions={"exports_from": where})
    assert refusals(export(court, licence="")) == ["licence.missing"] * found


def test_others_get_their_goods() -> None:
    court = court_with_list()
    grant(court)
    restrict(court)
    assert flags(export(court)) == []
    assert replace(licence(court), drawn_mg=0).kind == "general"


@pytest.mark.parametrize("state", ["granted", "applied"])
def test_nothing_is_told_of_the_licence_of_another_exporter(state: str) -> None:
    court = court_with_list()
    said = {"quantity_mg": 7 * KG, "valid_to_us": 1, "destinations": ("JP",), "shipments": ("urn:secret",)}
    grant(court, exporter=party("trader"), kind="single", state=state, **said)
    recorded = export(court, 50)
    (finding,) = recorded.refused
    assert finding.code == "licence.mismatch"
    assert finding.evidence == {"licence": LICENCE}
    for secret in (party("trader"), "JP", "urn:secret", str(7 * KG)):
        assert secret not in repr(finding)
