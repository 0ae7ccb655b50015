"""recycler.ore-input and hs.mismatch when a birth is recorded, or corrected, after the lot was used."""

from fractions import Fraction
from typing import Any

import pytest

from ledger.controls.recording import Recorded
from ledger.movements.movement import Line
from ledger.records.lots import PoolRecord
from tests.support.court import DAY_US, KG, Court, accepted, flags, name, out, party, refusals, site

LOT = name("mine", "lot/1")
MADE = name("recycler", "made/1")
POOL = name("recycler", "pool/1")
REO = {"Nd": 50 * KG}


def received(court: Court, firm: str = "recycler", product: str = "magnet-scrap") -> None:
    line = out(LOT, 100 * KG, REO, product)
    said: dict[str, Any] = {"inputs": (line,), "shipment": "urn:sent", "custodian_from": party("mine")}
    accepted(court.file("receive", firm, owner_to=party(firm), **said))


def used(court: Court, firm: str = "recycler", kind: str = "process", **members: Any) -> None:
    said: dict[str, Any] = {"inputs": (Line(LOT, 60 * KG),), "process": "scrap-recovery", **members}
    if kind == "process":
        said["outputs"] = (out(name(firm, "made/1"), 40 * KG, {"Nd": 29 * KG}, "nd-oxide"),)
    else:
        said["pool"] = name(firm, "pool/1")
    accepted(court.file(kind, firm, **said))


def born(court: Court, product: str, firm: str = "mine", **members: Any) -> Recorded:
    lines = (out(LOT, 100 * KG, REO, product),)
    at_us = court.now_us - 2 * DAY_US
    return court.file("extract", firm, outputs=lines, at_us=at_us, event_id="urn:born", **members)


@pytest.mark.parametrize("kind", ["process", "feed"])
@pytest.mark.parametrize(
    ("product", "found"),
    [
        ("rock-ore", ["hs.mismatch", "recycler.ore-input"]),
        ("bastnaesite-concentrate", ["hs.mismatch", "recycler.ore-input"]),
        ("mixed-carbonate", ["hs.mismatch", "recycler.ore-input"]),
        ("magnet-scrap", []),
    ],
)
def test_a_mineral_product_that_was_recycled_as_scrap_is_noticed(
    kind: str, product: str, found: list[str]
) -> None:
    court = Court()
    court.set_policy(rules={"actor.role": {"action": "off"}})
    received(court)
    used(court, kind=kind)
    assert flags(born(court, product)) == found
    if kind == "process":
        marked = court.lot(MADE).tainted_by
    else:
        pool = court.books.get(PoolRecord, POOL)
        assert pool is not None
        marked = pool.tainted_by
    assert (marked is not None) == bool(found)
    assert [alert.site for alert in court.alerts("recycler.ore-input")] == [site("recycler")] * bool(found)
    assert court.lot(LOT).tainted_by is None  # the mine's goods are what they are


@pytest.mark.parametrize("action", ["reject", "flag", "off"])
def test_no_policy_keeps_the_birth_out(action: str) -> None:
    court = Court()
    court.set_policy(rules={"recycler.ore-input": {"action": action}, "hs.mismatch": {"action": "off"}})
    received(court)
    used(court)
    assert flags(born(court, "rock-ore")) == (["recycler.ore-input"] if action != "off" else [])


@pytest.mark.parametrize(
    ("firm", "roles"), [("plant", ("separator",)), ("recycler", ("recycler", "separator"))]
)
def test_who_may_use_mineral_products_is_let_pass(firm: str, roles: tuple[str, ...]) -> None:
    court = Court()
    court.enrol(firm, roles)
    received(court, firm, "bastnaesite-concentrate")
    used(court, firm)
    assert flags(born(court, "bastnaesite-concentrate")) == []


def test_what_was_received_and_not_used_is_told_by_its_name_alone() -> None:
    court = Court()
    received(court)
    assert flags(born(court, "bastnaesite-concentrate")) == ["hs.mismatch"]
    assert refusals(
        court.file(
            "process",
            "recycler",
            inputs=(Line(LOT, 60 * KG),),
            outputs=(out(MADE, 40 * KG, {"Nd": 29 * KG}, "nd-oxide"),),
            process="scrap-recovery",
        )
    ) == ["recycler.ore-input"]


def test_a_use_that_was_taken_back_is_not_held_against_anybody() -> None:
    court = Court()
    received(court)
    used(court, event_id="urn:used")
    used(court, event_id="urn:undone", corrects="urn:used", did_not_occur=True)
    assert flags(born(court, "bastnaesite-concentrate")) == ["hs.mismatch"]


def test_a_receipt_that_names_no_product_contradicts_none() -> None:
    court = Court()
    received(court, product="")
    assert flags(born(court, "bastnaesite-concentrate")) == []


def test_a_birth_that_is_corrected_afterwards_is_judged_again() -> None:
    court = Court()
    court.enrol("mine", ("miner", "user"))
    lot = born(court, "magnet-scrap")
    assert flags(lot) == []
    sent: dict[str, Any] = {"inputs": (Line(LOT, 100 * KG),), "custodian_to": party("recycler")}
    sent |= {"owner_from": party("mine"), "owner_to": party("recycler"), "site_to": site("recycler")}
    accepted(court.file("ship", "mine", event_id="urn:sent", **sent))
    receipt = {"inputs": (Line(LOT, 100 * KG),), "shipment": "urn:sent", "custodian_from": party("mine")}
    accepted(court.file("receive", "recycler", owner_to=party("recycler"), **receipt))
    used(court)
    lines = (out(LOT, 100 * KG, REO, "bastnaesite-concentrate"),)
    again = court.file(
        "extract",
        "mine",
        outputs=lines,
        at_us=court.now_us - 2 * DAY_US,
        event_id="urn:again",
        corrects="urn:born",
    )
    assert flags(again) == ["recycler.ore-input"]
    assert court.lot(MADE).tainted_by is not None


# --- What a birth says of goods that were looked at before ------------------------------------------------


def born_with(court: Court, contained: dict[str, int], **members: Any) -> list[str]:
    lines = (out(LOT, 100 * KG, contained, members.pop("product", "magnet-scrap")),)
    said = {"at_us": court.now_us - 2 * DAY_US, "event_id": "urn:born", **members}
    court.enrol("mine", ("magnet_maker",))  # which gathers scrap
    return flags(court.file("extract", "mine", outputs=lines, **said))


@pytest.mark.parametrize("kind", ["process", "feed"])
@pytest.mark.parametrize("action", ["flag", "reject"])
def test_scrap_that_was_used_is_looked_at_by_its_birth(kind: str, action: str) -> None:
    court = Court()
    court.set_policy(rules={"recycler.fingerprint": {"action": action}})
    received(court)
    used(court, kind=kind)
    assert born_with(court, {"Nd": 50 * KG, "Y": 2 * KG}) == ["recycler.fingerprint"]


def test_scrap_like_scrap_and_scrap_that_was_not_used_are_let_pass() -> None:
    court = Court()
    received(court)
    assert born_with(court, {"Nd": 50 * KG, "Y": 2 * KG}) == []
    court = Court()
    received(court)
    used(court)
    assert born_with(court, {"Nd": 50 * KG}) == []


def assayed(court: Court, nd: str, **members: Any) -> list[str]:
    results = {"Nd": (Fraction(nd), Fraction("0.001")), "Pr": (1 - Fraction(nd), Fraction("0.001"))}
    return flags(court.file("assay", "recycler", inputs=(Line(LOT, None),), results=results, **members))


@pytest.mark.parametrize("action", ["flag", "reject"])
@pytest.mark.parametrize(("kg", "found"), [(50, []), (49, []), (40, ["hs.mismatch"])])
def test_an_assay_before_the_birth_is_compared_with_it(kg: int, found: list[str], action: str) -> None:
    court = Court()
    received(court)
    assert assayed(court, "0.99") == []
    court.set_policy(rules={"hs.mismatch": {"action": action}})
    assert born_with(court, {"Nd": kg * KG, "Pr": (50 - kg) * KG}) == found


def test_the_newest_assay_that_stands_counts() -> None:
    court = Court()
    received(court)
    assert assayed(court, "0.5") == ["hs.mismatch"]
    assert assayed(court, "0.99") == []
    assert assayed(court, "0.5", event_id="urn:wrong") == ["hs.mismatch"]
    assayed(court, "0.5", corrects="urn:wrong", did_not_occur=True, event_id="urn:wrong")
    assert born_with(court, {"Nd": 50 * KG}) == []


def test_a_birth_that_is_corrected_to_what_was_measured_is_let_pass() -> None:
    court = Court()
    assert born_with(court, {"Nd": 50 * KG}) == []
    assert assayed(court, "0.6") == ["hs.mismatch"]
    mended = {"corrects": "urn:born", "event_id": "urn:mended"}
    assert born_with(court, {"Nd": 30 * KG, "Pr": 20 * KG}, **mended) == []
    again = {"corrects": "urn:mended", "event_id": "urn:again"}
    assert born_with(court, {"Nd": 50 * KG}, **again) == ["hs.mismatch"]
