"""licence.missing, .expired, .exhausted, .mismatch, .reused, .case-by-case; enduser; what an export draws."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.controls.lists import covers
from ledger.materials.catalogue import Catalogue
from ledger.movements.movement import Line
from ledger.records.licence_spans import end_span
from ledger.records.oversight import CaseRecord, ControlListRecord, RestrictedPartyRecord
from tests.support.court import HOUR_US, KG, Court, accepted, flags, name, party, refusals
from tests.support.exporting import BUYER, HEAVY, LICENCE, MOTORS, court_with_list, export, grant, licence


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
    found = export(court)
    assert refusals(found) == ["licence.missing"]
    which = f"the licence {LICENCE} ({state})" if state else "none of its own under the name that it gives"
    assert found.refused[0].detail.endswith(f" needs an export licence, and the export has {which}")


def test_an_export_that_names_no_licence_is_told_that_it_has_none() -> None:
    (refused,) = export(court_with_list(), licence="").refused
    assert refused.detail.endswith(" needs an export licence, and the export has no licence")


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
    assert [case.alerts for case in court.books.records(CaseRecord)] == [((court.index - 1, 0),)]


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


@pytest.mark.parametrize(
    ("end_use", "kind", "found"),
    [
        ("traction motors", "general", []),
        ("semiconductor-logic:7", "single", []),
        ("semiconductor-logic:14.1", "general", []),
        ("semiconductor-logic:14", "general", ["licence.case-by-case"]),
        ("military", "general", ["enduser.military"]),
        ("military", "single", ["enduser.military"]),
    ],
)
def test_an_end_use_that_is_left_out_is_the_licences(end_use: str, kind: str, found: list[str]) -> None:
    court = court_with_list()
    grant(court, kind=kind, end_use=end_use)
    uses = [{"end_use": "semiconductor-logic", "most": "14"}]
    conditions = {"case_by_case": uses, "refuses_military": True}
    court.books.put(ControlListRecord("mofcom-61-2025", 1, 0, None, (), conditions))
    assert refusals(export(court, end_use="")) == found


def test_what_the_licence_of_another_is_for_is_not_meant() -> None:
    court = court_with_list()
    grant(court, exporter=party("trader"), end_use="military")
    court.books.put(ControlListRecord("mofcom-61-2025", 1, 0, None, (), {"refuses_military": True}))
    assert refusals(export(court, end_use="")) == ["licence.mismatch"]


def test_an_end_use_that_is_stated_is_judged_before_the_licences() -> None:
    court = court_with_list()
    grant(court, end_use="military")
    court.books.put(ControlListRecord("mofcom-61-2025", 1, 0, None, (), {"refuses_military": True}))
    assert refusals(export(court, end_use="traction motors")) == ["licence.mismatch"]


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
