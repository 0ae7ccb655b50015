"""Technology: prohibited, unlicensed, beyond its licence; to whom it may not go; what was made with it."""

from dataclasses import replace
from typing import Any

import pytest

from ledger.controls.recording import Recorded
from ledger.controls.reviews import REPORTS
from ledger.movements.movement import Line
from ledger.records.lots import PostingRecord
from ledger.records.oversight import (
    AlertRecord,
    ControlListRecord,
    OwnershipRecord,
    RestrictedPartyRecord,
    TallyRecord,
    TechnologyTransferRecord,
)
from tests.support import exporting
from tests.support.court import DAY_US, HOUR_US, KG, START_US, Court, accepted, flags, party, refusals
from tests.support.exporting import BUYER, LICENCE

ITEM = "1E902.a"
BANNED = "rare-earth-extraction-separation"
EVER = {"starts_us": 0, "ends_us": None}


def publish(court: Court, control_list: str, *items: str, version: int = 0, **said: Any) -> None:
    record = {
        **EVER,
        "items": tuple({"technology": each} for each in items),
        "conditions": {"needs_licence": True},
        **said,
    }
    court.books.put(ControlListRecord(control_list, version, **record))


def court_with_lists() -> Court:
    court = Court()
    publish(court, "mofcom-62-2025", ITEM, "1E902.b")
    banned = {"needs_licence": True, "prohibits": True}
    publish(court, "technology-catalogue-2023", BANNED, conditions=banned)
    return court


def grant(court: Court, **members: Any) -> None:
    said: dict[str, Any] = {
        "items": (ITEM,),
        "destinations": ("JP",),
        "end_users": (BUYER,),
        "end_use": "a separation line",
        "quantity_mg": 0,
        **members,
    }
    exporting.grant(court, **said)


def impart(court: Court, technology: str = ITEM, firm: str = "magnets", **members: Any) -> Recorded:
    said = {
        "technology": technology,
        "manner": "export",
        "licence": LICENCE,
        "consignee": BUYER,
        "end_user": BUYER,
        "end_use": "a separation line",
        "destination": "JP",
        **members,
    }
    return court.file("impart", firm, **said)


def transfers(court: Court) -> list[TechnologyTransferRecord]:
    return court.books.records(TechnologyTransferRecord)


def licensed(**members: Any) -> Court:
    court = court_with_lists()
    grant(court, **members)
    return court


def test_a_licensed_technology_is_handed_over_and_moves_nothing() -> None:
    court = licensed()
    assert flags(impart(court, event_id="urn:event:t", scope={"documents": 12}, document_sha256="ab")) == []
    (record,) = transfers(court)
    assert record == TechnologyTransferRecord(
        entry_index=1,
        position=0,
        issuer=party("magnets"),
        event_id="urn:event:t",
        provider=party("magnets"),
        technology=ITEM,
        manner="export",
        scope={"documents": 12},
        consignee=BUYER,
        end_user=BUYER,
        end_use="a separation line",
        destination="JP",
        licence=LICENCE,
        document_sha256="ab",
        event_time_us=court.now_us - HOUR_US,
        disclosed=False,
        reason="",
    )
    assert court.books.records(PostingRecord) == []


@pytest.mark.parametrize(
    ("technology", "found"),
    [
        ("how-to-pack-drums", []),
        ("1E902", []),
        (ITEM, ["licence.missing"]),
        ("1E902.b", ["licence.missing"]),
        (BANNED, ["technology.prohibited"]),
    ],
)
def test_what_a_list_names_needs_a_licence_or_may_not_go(technology: str, found: list[str]) -> None:
    assert refusals(impart(court_with_lists(), technology, licence="")) == found


@pytest.mark.parametrize(
    ("conditions", "found"),
    [
        ({}, ["licence.missing"]),
        ({"needs_licence": False}, []),
        ({"needs_licence": False, "prohibits": True}, ["technology.prohibited"]),
    ],
)
def test_a_list_asks_for_a_licence_unless_it_says_otherwise(
    conditions: dict[str, Any], found: list[str]
) -> None:
    court = Court()
    publish(court, "list", ITEM, conditions=conditions)
    assert refusals(impart(court, licence="")) == found


def test_what_two_lists_prohibit_is_told_once() -> None:
    court = court_with_lists()
    publish(court, "another", BANNED, conditions={"prohibits": True})
    assert refusals(impart(court, BANNED)) == ["technology.prohibited"]


def test_no_licence_helps_what_is_prohibited() -> None:
    court = licensed(items=(BANNED,))
    assert refusals(impart(court, BANNED)) == ["technology.prohibited"]
    assert transfers(court) == []


@pytest.mark.parametrize(
    ("starts", "ends", "found"),
    [
        (0, None, ["technology.prohibited"]),
        (1, None, []),
        (-9, 1, ["technology.prohibited"]),
        (-9, 0, []),
    ],
)
def test_a_list_prohibits_from_its_start_to_before_its_end(
    starts: int, ends: int | None, found: list[str]
) -> None:
    court = Court()
    at_us = court.now_us - HOUR_US
    span = {"starts_us": at_us + starts, "ends_us": None if ends is None else at_us + ends}
    publish(court, "catalogue", BANNED, conditions={"prohibits": True}, **span)
    assert refusals(impart(court, BANNED, licence="")) == found


def test_a_list_that_is_switched_off_asks_for_nothing() -> None:
    court = court_with_lists()
    publish(court, "mofcom-62-2025", ITEM, version=1, ends_us=1)
    publish(court, "technology-catalogue-2023", BANNED, version=1, ends_us=1)
    for item in (ITEM, BANNED):
        assert flags(impart(court, item, licence="")) == []


def test_policy_flags_or_drops_each_of_them() -> None:
    court = court_with_lists()
    rules = {"technology.prohibited": {"action": "flag"}, "licence.missing": {"action": "off"}}
    court.set_policy(rules=rules)
    assert flags(impart(court, BANNED, licence="")) == ["technology.prohibited"]
    assert flags(impart(court, ITEM, licence="")) == []


@pytest.mark.parametrize("state", ["applied", "refused", "suspended", "revoked"])
def test_a_licence_that_is_not_granted_is_none(state: str) -> None:
    assert refusals(impart(licensed(state=state))) == ["licence.missing"]


@pytest.mark.parametrize(
    ("said", "differs"),
    [
        ({"items": ("1E902.b",)}, {"items": [ITEM]}),
        ({"quantity_mg": KG}, {"items": [ITEM]}),
        ({"destinations": ("DE",)}, {"destination": "JP"}),
        ({"consignees": (party("abroad"),)}, {"consignee": BUYER}),
        ({"end_users": (party("abroad"),)}, {"end_user": BUYER}),
        ({"end_use": "a magnet line"}, {"end_use": "a separation line"}),
        ({"scope": {"documents": 9}}, {"scope": ["unstated"]}),
    ],
)
def test_a_licence_for_something_else_does_not_fit(said: dict[str, Any], differs: dict[str, Any]) -> None:
    found = impart(licensed(**said))
    assert refusals(found) == ["licence.mismatch"]
    assert found.refused[0].evidence["differs"] == differs


def test_the_licence_of_another_is_not_ones_own() -> None:
    assert refusals(impart(licensed(exporter=party("trader")))) == ["licence.mismatch"]


@pytest.mark.parametrize(
    ("start", "end", "found"), [(0, 1, []), (1, 9, ["licence.expired"]), (-9, 0, ["licence.expired"])]
)
def test_a_licence_holds_from_its_start_to_before_its_end(start: int, end: int, found: list[str]) -> None:
    court = court_with_lists()
    at_us = court.now_us - HOUR_US
    grant(court, valid_from_us=at_us + start, valid_to_us=at_us + end)
    assert refusals(impart(court)) == found


@pytest.mark.parametrize(
    ("scope", "found"),
    [
        ({"documents": 3}, []),
        ({"documents": 2, "training": 1}, []),
        ({"documents": 4}, ["licence.exhausted"]),
        ({"training": 2}, ["licence.exhausted"]),
        ({"services": 1}, ["licence.mismatch"]),
        ({"documents": 4, "data": 1}, ["licence.exhausted", "licence.mismatch"]),
    ],
)
def test_a_scope_is_used_up_by_number(scope: dict[str, int], found: list[str]) -> None:
    court = licensed(scope={"documents": 10, "training": 1})
    accepted(impart(court, scope={"documents": 7}))
    assert refusals(impart(court, scope=scope)) == found


@pytest.mark.parametrize(("kind", "found"), [("general", []), ("single", ["licence.reused"])])
def test_a_single_licence_is_for_one_transfer(kind: str, found: list[str]) -> None:
    court = licensed(kind=kind)
    accepted(impart(court))
    assert refusals(impart(court)) == found


def test_a_stranger_uses_up_nothing() -> None:
    court = licensed(kind="single")
    accepted(impart(court, "how-to-pack-drums", firm="trader"))
    assert flags(impart(court)) == []


def test_what_did_not_occur_is_given_back() -> None:
    court = licensed(kind="single")
    accepted(impart(court, event_id="urn:event:t"))
    accepted(impart(court, event_id="urn:event:t", corrects="urn:event:t", did_not_occur=True))
    assert [each.voided_at for each in transfers(court)] == [2]
    assert flags(impart(court)) == []


def test_what_a_later_list_prohibits_can_still_be_taken_back() -> None:
    court = licensed()
    accepted(impart(court, event_id="urn:event:t"))
    publish(court, "catalogue", ITEM, conditions={"prohibits": True})
    restrict(court, party=BUYER)
    found = impart(court, event_id="urn:event:u", corrects="urn:event:t")
    assert refusals(found) == ["enduser.restricted", "technology.prohibited"]
    undone = impart(court, event_id="urn:event:t", corrects="urn:event:t", did_not_occur=True)
    assert flags(undone) == []


def test_a_replacement_uses_it_in_the_place_of_what_was_wrong() -> None:
    court = licensed(scope={"documents": 10})
    accepted(impart(court, event_id="urn:event:t", scope={"documents": 9}))
    again = {"event_id": "urn:event:u", "corrects": "urn:event:t"}
    assert refusals(impart(court, **again, scope={"documents": 11})) == ["licence.exhausted"]
    assert flags(impart(court, **again, scope={"documents": 10})) == []
    assert refusals(impart(court, scope={"documents": 1})) == ["licence.exhausted"]


@pytest.mark.parametrize(
    ("destination", "consignee", "end_user", "found"),
    [
        ("CN", party("plant"), party("plant"), []),
        ("CN", BUYER, party("plant"), []),
        ("CN", party("viet"), party("plant"), ["licence.missing"]),
        ("CN", party("plant"), party("viet"), ["licence.missing"]),
        ("VN", party("viet"), party("plant"), ["licence.missing"]),
        ("VN", party("plant"), party("plant"), ["licence.missing"]),
    ],
)
def test_within_the_country_it_is_who_receives_that_counts(
    destination: str, consignee: str, end_user: str, found: list[str]
) -> None:
    court = court_with_lists()
    court.enrol("viet", ("importer",), "VN")
    said = {"destination": destination, "consignee": consignee, "end_user": end_user}
    assert refusals(impart(court, licence="", manner="release", **said)) == found


@pytest.mark.parametrize(
    ("where", "destination", "found"),
    [
        ("home", "JP", []),
        ("abroad", "CN", []),
        ("abroad", "JP", ["licence.missing"]),
        ("anywhere", "JP", ["licence.missing"]),
    ],
)
def test_passing_it_on_abroad_is_for_lists_that_say_so(
    where: str, destination: str, found: list[str]
) -> None:
    court = Court()
    court.enrol("viet", ("importer",), "VN")
    publish(court, "list", ITEM, conditions={"needs_licence": True, "exports_from": where})
    said = {"destination": destination, "consignee": BUYER, "end_user": BUYER}
    assert refusals(impart(court, firm="viet", licence="", **said)) == found


# --- To whom ----------------------------------------------------------------------------------------------


def restrict(court: Court, **members: Any) -> None:
    said = {
        "name": "Tank Works",
        "party": "https://tanks.example/party",
        "control_list": "restricted",
        **EVER,
        "affiliates": (),
        "entry_index": 0,
        **members,
    }
    court.books.put(RestrictedPartyRecord(**said))


@pytest.mark.parametrize(
    ("share", "found"), [("0.499", []), ("0.5", ["enduser.restricted"]), ("1", ["enduser.restricted"])]
)
def test_nothing_goes_to_whom_a_listed_party_holds_to_half(share: str, found: list[str]) -> None:
    court = licensed()
    restrict(court)
    court.books.put(
        OwnershipRecord(BUYER, "https://tanks.example/party", 0, None, share, "register", 0),
    )
    assert refusals(impart(court)) == found


@pytest.mark.parametrize(
    ("refuses", "said", "found"),
    [
        (False, {"end_use": "military"}, []),
        (True, {}, []),
        (True, {"end_use": "military"}, ["enduser.military"]),
        (True, {"end_user": "https://tanks.example/party"}, ["enduser.military"]),
    ],
)
def test_military_users_and_uses_are_refused(refuses: bool, said: dict[str, Any], found: list[str]) -> None:
    court = licensed(end_users=(), end_use="")
    restrict(court, military=True)
    court.books.put(ControlListRecord("61", 0, 0, None, (), {"refuses_military": refuses}))
    assert refusals(impart(court, **said)) == found


@pytest.mark.parametrize(
    ("firm", "found"), [("mine", []), ("lab", []), ("abroad", []), ("carrier", ["actor.role"])]
)
def test_whoever_has_technology_may_record_it(firm: str, found: list[str]) -> None:
    court = Court()
    court.enrol("carrier", ("carrier",))
    assert refusals(impart(court, firm=firm, licence="")) == found


def test_nobody_records_for_another() -> None:
    court = licensed(exporter=party("magnets"))
    found = impart(court, firm="trader", custodian_from=party("magnets"))
    assert refusals(found)[0] == "custody.not-holder"
    assert transfers(court) == []


def test_the_deadline_of_the_flows_of_products_is_not_for_technology() -> None:
    court = licensed()
    assert flags(impart(court, at_us=court.now_us - 75 * 24 * HOUR_US)) == []
    assert [each for each in court.books.records(TallyRecord) if each.tally == REPORTS] == []


@pytest.mark.parametrize("technology", [ITEM, BANNED])
def test_what_happened_all_the_same_is_disclosed_and_uses_no_licence(technology: str) -> None:
    court = licensed(kind="single")
    court.books.put(ControlListRecord("61", 0, 0, None, (), {"refuses_military": True}))
    found = impart(court, technology, disclosed=True, reason="sent by mistake", end_use="military")
    assert flags(found) == ["disclosure"]
    assert [each.disclosed for each in transfers(court)] == [True]
    assert flags(impart(court)) == []


def test_a_disclosure_that_is_taken_back_discloses_nothing() -> None:
    court = licensed()
    said = {"event_id": "urn:event:t", "disclosed": True, "reason": "sent by mistake"}
    assert flags(impart(court, **said)) == ["disclosure"]
    assert flags(impart(court, **said, corrects="urn:event:t", did_not_occur=True)) == []


# --- What was made with it --------------------------------------------------------------------------------


MADE_US = START_US + 5 * DAY_US - 3 * HOUR_US
GIVEN = TechnologyTransferRecord(
    entry_index=0,
    position=0,
    issuer=party("magnets"),
    event_id="urn:event:t",
    provider=party("magnets"),
    technology=ITEM,
    manner="export",
    scope={},
    consignee=party("viet"),
    end_user=party("viet"),
    end_use="",
    destination="VN",
    licence="",
    document_sha256="",
    event_time_us=MADE_US,
    disclosed=False,
    reason="",
)


def export_from_abroad(
    *given: TechnologyTransferRecord, reaches: bool = True, firm: str = "viet", to: str = "JP"
) -> list[AlertRecord]:
    """What is noticed of magnets that a firm exports; ``given`` is what firms were given before."""
    court = Court()
    court.set_policy(rules={"hs.mismatch": {"action": "off"}})
    court.enrol("viet", ("magnet_maker", "exporter"), "VN")
    publish(court, "mofcom-62-2025", ITEM, "1E902.b")
    court.books.put(ControlListRecord("61", 0, 0, None, (), {"technology_products": reaches}))
    for each in given:
        court.books.put(each)
    lot = court.extract(firm, "lots/1", {"Nd": 30 * KG}, "ndfeb-magnet", at_us=MADE_US)
    buyer = dict.fromkeys(("consignee", "end_user", "custodian_to", "owner_to"), BUYER)
    said = {"destination": to, "declaration": "D-1", **buyer}
    found = court.file("export", firm, inputs=(Line(lot, KG),), **said)
    flags(found)
    return [each for each in found.alerts if each.code == "technology.product"]


def exported_from_abroad(given: TechnologyTransferRecord = GIVEN, **said: Any) -> list[str]:
    return [each.code for each in export_from_abroad(given, **said)]


def test_it_names_what_was_given_and_the_first_entries_that_say_so() -> None:
    given = [replace(GIVEN, entry_index=index) for index in range(21)]
    (found,) = export_from_abroad(replace(GIVEN, position=1, technology="1E902.b"), *given)
    assert found.evidence["technologies"] == [ITEM, "1E902.b"]
    assert found.evidence["entries"] == list(range(20))


@pytest.mark.parametrize("given", [GIVEN, replace(GIVEN, consignee=BUYER), replace(GIVEN, end_user=BUYER)])
def test_goods_of_a_maker_that_was_given_the_technology_are_told_of(given: TechnologyTransferRecord) -> None:
    assert exported_from_abroad(given) == ["technology.product"]


@pytest.mark.parametrize(
    "given",
    [
        replace(GIVEN, event_time_us=MADE_US + 1),
        replace(GIVEN, voided_at=0),
        replace(GIVEN, technology="how-to-pack-drums"),
        replace(GIVEN, consignee=BUYER, end_user=BUYER),
    ],
)
def test_what_its_maker_was_not_given_in_time_is_nothing(given: TechnologyTransferRecord) -> None:
    assert exported_from_abroad(given) == []


def test_it_is_for_exports_from_abroad_while_a_list_says_so() -> None:
    assert exported_from_abroad(reaches=False) == []
    assert exported_from_abroad(to="CN") == []
    own = replace(GIVEN, consignee=party("magnets"))
    assert exported_from_abroad(own, firm="magnets") == []
