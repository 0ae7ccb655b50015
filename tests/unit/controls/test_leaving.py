"""licence.missing and enduser.* where goods go abroad, or to a listed party, by what is no export."""

from typing import Any

import pytest

from ledger.controls.recording import Recorded
from ledger.movements.movement import Line
from ledger.records.oversight import ControlListRecord, OwnershipRecord, RestrictedPartyRecord
from tests.support.court import KG, Court, accepted, flags, party, refusals, site
from tests.unit.controls.test_licences import HEAVY, court_with_list

WITHIN = ("ship", "transfer", "release")


def court() -> Court:
    """With parties abroad; the list of test_licences is in force."""
    found = court_with_list()
    found.enrol("kunde", ("importer", "user"), "DE")
    found.enrol("client", ("importer", "user"), "FR")
    found.enrol("shipping line", ("carrier",), "DK")
    return found


def give(
    court: Court,
    kind: str,
    taker: str,
    *,
    giver: str = "magnets",
    masses: dict[str, int] = HEAVY,
    product: str = "ndfeb-dy-magnet",
    **members: Any,
) -> Recorded:
    """Sells 50 kg of a new lot of a firm to another one."""
    lot = court.extract(giver, f"lot/{court.index}", masses, product, mass_mg=200 * KG)
    return give_of(court, lot, kind, taker, giver=giver, **members)


def give_of(
    court: Court, lot: str, kind: str, taker: str, *, giver: str = "magnets", **members: Any
) -> Recorded:
    said = {"inputs": (Line(lot, 50 * KG),), "owner_from": party(giver), "owner_to": party(taker)}
    if kind != "transfer":
        said |= {"custodian_to": party(taker)}
    if kind == "ship":
        said |= {"site_to": site(taker)}
    return court.file(kind, giver, **{**said, **members})


@pytest.mark.parametrize("kind", WITHIN)
def test_controlled_goods_go_abroad_by_an_export_alone(kind: str) -> None:
    recorded = give(court(), kind, "kunde")
    assert refusals(recorded) == ["licence.missing"]
    (finding,) = recorded.refused
    assert "export" in finding.mend
    assert (finding.evidence["taker"], finding.evidence["country"]) == (
        site("kunde") if kind == "ship" else party("kunde"),
        "DE",
    )


@pytest.mark.parametrize("kind", WITHIN)
def test_controlled_goods_stay_in_the_country_without_a_licence(kind: str) -> None:
    assert flags(give(court(), kind, "motors")) == []


@pytest.mark.parametrize("kind", WITHIN)
def test_what_is_not_controlled_is_not_judged_by_where_it_goes(kind: str) -> None:
    recorded = give(court(), kind, "kunde", masses={"Nd": 30 * KG}, product="ndfeb-magnet")
    assert flags(recorded) == []


@pytest.mark.parametrize(("dysprosium_mg", "refused"), [(29_999, 0), (30_000, 1)])
def test_a_trace_may_go_abroad(dysprosium_mg: int, refused: int) -> None:
    masses = {"Nd": 30 * KG - dysprosium_mg, "Dy": dysprosium_mg}
    recorded = give(court(), "ship", "kunde", masses=masses, product="ndfeb-magnet")
    assert refusals(recorded) == ["licence.missing"] * refused


@pytest.mark.parametrize(
    "members",
    [
        {"custodian_to": party("trader"), "owner_to": party("trader")},  # its own store abroad
        {"site_to": site("motors")},  # what is said of the place does not help
        {"site_to": ""},
        {"site_to": site("motors"), "custodian_to": party("motors")},  # sold to a firm abroad
        {"site_to": site("motors"), "owner_to": party("magnets")},  # in its hands
        {"custodian_to": party("shipping line")},
    ],
)
def test_one_taker_abroad_is_enough(members: dict[str, Any]) -> None:
    assert refusals(give(court(), "ship", "kunde", **members)) == ["licence.missing"]


def test_a_foreign_carrier_may_carry_goods_within_the_country() -> None:
    recorded = give(court(), "ship", "motors", custodian_to=party("shipping line"))
    assert flags(recorded) == []


def test_whom_the_register_does_not_know_is_known_to_be_of_no_country() -> None:
    nobody = "https://nobody.example/party"
    recorded = give(court(), "ship", "motors", site_to="", custodian_to=nobody, owner_to=nobody)
    assert flags(recorded) == []


@pytest.mark.parametrize("kind", WITHIN)
def test_goods_abroad_are_sold_there_and_brought_home(kind: str) -> None:
    assert flags(give(court(), kind, "client", giver="kunde")) == []
    assert flags(give(court(), kind, "motors", giver="kunde")) == []


def test_what_a_firm_has_abroad_is_sold_there_if_it_says_where() -> None:
    abroad = court()
    abroad.enrol("own store", ("warehouse",), "DE")
    for place, found in ((site("own store"), []), (site("magnets"), ["licence.missing"])):
        lot = abroad.extract("magnets", f"lot/{abroad.index}", HEAVY, "ndfeb-dy-magnet", site=place)
        assert refusals(give_of(abroad, lot, "transfer", "kunde", site=place)) == found


def test_goods_in_bond_pass_through() -> None:
    port = court()
    lot = port.extract(
        "kunde", "lot/1", HEAVY, "ndfeb-dy-magnet", mass_mg=200 * KG, kind="import", site=site("store"),
        origin="DE", origin_declaration="0" * 64,
    )  # fmt: skip
    assert flags(give_of(port, lot, "ship", "client", giver="kunde", site=site("store"))) == []
    accepted(give_of(port, lot, "transfer", "magnets", giver="kunde", site=site("store")))
    recorded = give_of(
        port, lot, "ship", "client", giver="kunde", site=site("store"), owner_from=party("magnets")
    )
    assert refusals(recorded) == ["licence.missing"]


def test_what_a_foreign_firm_has_made_here_is_exported() -> None:
    works = court()
    lot = works.extract("kunde", "lot/1", HEAVY, "ndfeb-dy-magnet", site=site("magnets"))
    recorded = give_of(works, lot, "ship", "client", giver="kunde", site=site("magnets"))
    assert refusals(recorded) == ["licence.missing"]


@pytest.mark.parametrize("kind", WITHIN)
def test_a_movement_before_the_list_is_voided_under_it(kind: str) -> None:
    before = court()
    before.set_policy(rules={"licence.missing": {"action": "off"}})
    accepted(give(before, kind, "kunde", event_id="urn:event:out"))
    before.set_policy()
    lot = f"https://magnets.example/lot/{before.index - 2}"
    recorded = give_of(
        before, lot, kind, "kunde", event_id="urn:event:void", corrects="urn:event:out", did_not_occur=True
    )
    assert flags(recorded) == []


@pytest.mark.parametrize(
    ("masses", "product", "found"),
    [({"Nd": 30 * KG}, "ndfeb-magnet", []), (HEAVY, "ndfeb-dy-magnet", ["licence.missing"])],
)
@pytest.mark.parametrize("kind", WITHIN)
def test_a_correction_is_judged_by_what_it_sends(
    kind: str, masses: dict[str, int], product: str, found: list[str]
) -> None:
    before = court()
    before.set_policy(rules={"licence.missing": {"action": "off"}})
    accepted(give(before, kind, "kunde", event_id="urn:event:out"))
    before.set_policy()
    again = {"event_id": "urn:event:again", "corrects": "urn:event:out"}
    assert refusals(give(before, kind, "kunde", masses=masses, product=product, **again)) == found


def test_what_has_gone_all_the_same_is_disclosed() -> None:
    late = court()
    lot = late.extract("magnets", "lot/1", HEAVY, "ndfeb-dy-magnet", mass_mg=200 * KG)
    said = {"consignee": party("kunde"), "end_user": party("kunde"), "destination": "DE", "reason": "unaware"}
    assert flags(give_of(late, lot, "disclose", "kunde", **said)) == ["disclosure"]


def restrict(court: Court, **members: Any) -> None:
    said: dict[str, Any] = {
        "name": "Tank Works", "party": party("tanks"), "control_list": "restricted", "starts_us": 0,
        "ends_us": None, "affiliates": (), "entry_index": 0, **members,
    }  # fmt: skip
    court.books.put(RestrictedPartyRecord(**said))


@pytest.mark.parametrize("kind", WITHIN)
@pytest.mark.parametrize("country", ["CN", "DE"])
def test_nothing_is_given_to_a_listed_party(kind: str, country: str) -> None:
    listed = court()
    listed.enrol("tanks", ("user",), country)
    restrict(listed)
    recorded = give(listed, kind, "tanks", masses={"Nd": 30 * KG}, product="ndfeb-magnet")
    assert refusals(recorded) == ["enduser.restricted"]


@pytest.mark.parametrize(("share", "found"), [("0.499", []), ("0.5", ["enduser.restricted"])])
@pytest.mark.parametrize("kind", WITHIN)
def test_nor_to_whom_a_listed_party_holds_to_one_half(kind: str, share: str, found: list[str]) -> None:
    held = court()
    restrict(held)
    held.books.put(OwnershipRecord(party("motors"), party("tanks"), 0, None, share, "register", 1))
    assert refusals(give(held, kind, "motors")) == found


@pytest.mark.parametrize("kind", WITHIN)
def test_others_are_not_asked_whom_they_belong_to(kind: str) -> None:
    others = court()
    restrict(others)
    assert flags(give(others, kind, "motors")) == []


@pytest.mark.parametrize(("refuses", "found"), [(True, ["enduser.military"]), (False, [])])
@pytest.mark.parametrize("kind", WITHIN)
def test_a_military_user_gets_nothing_while_a_list_says_so(
    kind: str, refuses: bool, found: list[str]
) -> None:
    arms = court()
    arms.books.put(ControlListRecord("mofcom-61-2025", 1, 0, None, (), {"refuses_military": refuses}))
    restrict(arms, party=party("motors"), military=True)
    assert refusals(give(arms, kind, "motors")) == found
