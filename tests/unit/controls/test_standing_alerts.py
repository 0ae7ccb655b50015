"""Facts that go on: one alert while it stands open, and a refusal each time where policy refuses."""

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ledger.controls import all_rules
from ledger.controls.recording import Recorded
from ledger.movements.movement import Line
from ledger.records.lots import LotRecord
from ledger.records.oversight import AlertRecord, InvoiceRecord, QuotaRecord
from tests.support.court import DAY_US, KG, TONNE, Court, accepted, flags, name, out, party, refusals, site
from tests.unit.controls.test_papers import register

BUYER = "https://buyer.example/party"


def ship(court: Court, seller: str, buyer: str, lot: str, **members: Any) -> Recorded:
    said = {
        "inputs": (Line(lot, 10 * KG),), "owner_from": party(seller), "owner_to": party(buyer),
        "custodian_from": party(seller), "custodian_to": party(buyer), "site_to": site(buyer), **members,
    }  # fmt: skip
    return court.file("ship", seller, **said)


def mined(court: Court, kg: int) -> Recorded:
    lot = out(name("mine", f"lot/{court.index}"), 2 * kg * KG, {"La": kg * KG}, "mixed-concentrate")
    return court.file("extract", "mine", outputs=(lot,))


def capacity() -> tuple[Court, Callable[[], Recorded]]:
    court = Court()
    court.enrol("mine", ("miner",), capacity_kg="100")
    return court, lambda: mined(court, 200)


def quota() -> tuple[Court, Callable[[], Recorded]]:
    court = Court()
    court.books.put(QuotaRecord(party("mine"), 2026, "mining", "any", 100 * KG, 0, 0))
    return court, lambda: mined(court, 200)


def quota_nearing() -> tuple[Court, Callable[[], Recorded]]:
    court = Court()
    court.books.put(QuotaRecord(party("mine"), 2026, "mining", "any", 1000 * KG, 0, 0))
    assert flags(mined(court, 890)) == []
    return court, lambda: mined(court, 20)


def sold_taint() -> tuple[Court, Callable[[], Recorded]]:
    court = Court()
    lot = court.extract("plant", "lot/1", {"La": 100 * KG}, "la-oxide")
    court.books.put(replace(court.lot(lot), tainted_by=1))
    return court, lambda: ship(court, "plant", "smelter", lot)


def scrap() -> tuple[Court, Callable[[], Recorded]]:
    court = Court()
    masses = {"Nd": 9000 * KG, "Y": 1000 * KG}
    lot = court.extract("recycler", "in/1", masses, "magnet-scrap", kind="extract")
    said = {"pool": name("recycler", "pool/1"), "process": "scrap-recovery"}
    return court, lambda: court.file("feed", "recycler", inputs=(Line(lot, KG),), **said)


def parcels() -> tuple[Court, Callable[[], Recorded]]:
    court = Court()
    lot = court.extract("magnets", "lot/1", {"Nd": 10 * TONNE}, "ndfeb-magnet", mass_mg=30 * TONNE)

    def again() -> Recorded:
        court.now_us += DAY_US
        said = {
            "consignee": BUYER, "custodian_to": BUYER, "owner_to": BUYER, "end_user": BUYER,
            "destination": "DE", "declaration": "D",
        }  # fmt: skip
        return court.file("export", "magnets", inputs=(Line(lot, 499 * KG),), **said)

    for _ in range(3):
        assert flags(again()) == []
    return court, again


def growth() -> tuple[Court, Callable[[], Recorded]]:
    court = Court()
    lot = court.extract("magnets", "lot/1", {"Nd": 100 * TONNE}, "ndfeb-magnet", mass_mg=300 * TONNE)

    def export(tonnes: int) -> Recorded:
        said = {
            "consignee": BUYER, "custodian_to": BUYER, "owner_to": BUYER, "end_user": BUYER,
            "destination": "DE", "declaration": "D",
        }  # fmt: skip
        return court.file("export", "magnets", inputs=(Line(lot, tonnes * TONNE),), **said)

    for _ in range(4):
        assert flags(export(1)) == []
        court.now_us += 30 * DAY_US
    return court, lambda: export(20)


def circle() -> tuple[Court, Callable[[], Recorded]]:
    court = Court()
    lot = court.extract("plant", "lot/1", {"La": 100 * KG}, "la-oxide", mass_mg=100 * KG)

    def sell(seller: str, buyer: str) -> Recorded:
        return court.file(
            "transfer", seller, inputs=(Line(lot, 10 * KG),), site=site("plant"), owner_from=party(seller),
            owner_to=party(buyer), invoice=f"I-{court.index}",
        )  # fmt: skip

    for _ in range(3):
        accepted(sell("plant", "trader"))
    return court, lambda: sell("trader", "plant")


def invoices() -> tuple[Court, Callable[[], Recorded]]:
    court = Court()
    lot = court.extract("plant", "lot/1", {"La": 100 * KG}, "la-oxide", mass_mg=110 * KG)
    register(court, kg=1000, buyer=party("trader"), shipments=())
    return court, lambda: ship(court, "plant", "smelter", lot, invoice="INV-1")


ONGOING = [
    ("capacity.exceeded", capacity),
    ("quota.exceeded", quota),
    ("quota.nearing", quota_nearing),
    ("taint.inherited", sold_taint),
    ("recycler.fingerprint", scrap),
    ("export.structuring", parcels),
    ("export.surge", growth),
    ("trade.carousel", circle),
    ("invoice.mismatch", invoices),
]
Scene = Callable[[], tuple[Court, Callable[[], Recorded]]]


def only(court: Court, code: str, action: str) -> None:
    """Puts a policy in force under which all other codes do nothing."""
    codes = {each for rules in all_rules.RULE_SETS.values() for rule in rules for each in rule.codes}
    off = {each: {"action": "off"} for each in codes if not each.startswith(("actor.", "name."))}
    court.set_policy(rules={**off, code: {"action": action}})


@pytest.mark.parametrize(("code", "scene"), ONGOING)
def test_an_alert_is_opened_once_and_again_after_it_was_closed(code: str, scene: Scene) -> None:
    court, again = scene()
    only(court, code, "flag")
    assert set(flags(again())) == {code}
    opened = court.alerts(code)
    assert flags(again()) == []
    for alert in opened:
        court.books.put(replace(alert, state="closed", changed_at=court.index))
    assert set(flags(again())) == {code}


@pytest.mark.parametrize(("code", "scene"), ONGOING)
def test_policy_refuses_while_an_alert_stands_open(code: str, scene: Scene) -> None:
    court, again = scene()
    only(court, code, "flag")
    accepted(again())
    assert court.alerts(code)[-1].state == "open"
    only(court, code, "reject")
    assert set(refusals(again())) == {code}
    assert all(alert.entry_index != court.index - 1 for alert in court.alerts(code))


@pytest.mark.parametrize(("code", "scene"), ONGOING)
def test_nor_is_it_let_pass_where_none_does(code: str, scene: Scene) -> None:
    court, again = scene()
    only(court, code, "reject")
    assert set(refusals(again())) == {code}


@pytest.mark.parametrize(("code", "scene"), ONGOING)
def test_what_is_off_is_off_whatever_stands_open(code: str, scene: Scene) -> None:
    court, again = scene()
    only(court, code, "flag")
    accepted(again())
    only(court, code, "off")
    assert flags(again()) == []


def test_what_taints_does_so_under_an_open_alert() -> None:
    court, again = quota()
    assert "quota.exceeded" in flags(again())
    assert flags(again()) == []
    assert [lot.tainted_by is not None for lot in court.books.records(LotRecord)] == [True, True]


def test_an_invoice_is_told_of_once_whichever_comes_first() -> None:
    court, again = invoices()
    assert flags(again()) == ["invoice.mismatch"]
    assert register(court, kg=1000, shipments=()) == []
    court.books.put(replace(court.alerts("invoice.mismatch")[0], state="closed", changed_at=court.index))
    (alert,) = register(court, kg=1000, shipments=())
    assert isinstance(alert, AlertRecord)
    assert court.books.get(InvoiceRecord, "INV-1") is not None


def test_no_rule_asks_whether_an_alert_stands_open() -> None:
    for family in all_rules._FAMILIES:
        source = inspect.getsource(family)
        assert "stands_open" not in source
        assert "AlertRecord" not in source
