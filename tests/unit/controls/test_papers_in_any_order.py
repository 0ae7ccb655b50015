"""Invoices, declarations and the goods that they are for, in every order in which they may be filed."""

from collections.abc import Callable, Mapping
from itertools import permutations
from typing import Any

import pytest

from ledger.controls.act_alerts import open_alerts
from ledger.controls.recording import Recorded
from ledger.movements.movement import Line
from ledger.records.oversight import AlertRecord, DeclarationRecord
from ledger.statements.acts.declare_customs import DeclareCustoms
from tests.support.court import DAY_US, KG, Court, accepted, flags, name, party
from tests.unit.controls.test_papers import INVOICE, LOT, register, sale, stocked

LITTLE = name("plant", "lot/2")
AGAIN = "urn:event:again"


def transfer(court: Court, lot: str = LOT, event_id: str = "urn:event:sale", **members: Any) -> Recorded:
    said = {
        "inputs": (Line(lot, KG // 10 if lot == LITTLE else 10 * KG),),
        "owner_from": party("plant"),
        "owner_to": party("trader"),
        "invoice": INVOICE,
        **members,
    }
    return court.file("transfer", "plant", event_id=event_id, **said)


def cancel(court: Court, **members: Any) -> Recorded:
    return court.file("cancel", "plant", shipment="urn:event:sale", reason="not loaded", **members)


def it_did_travel(court: Court) -> Recorded:
    """The cancellation of the sale did not occur."""
    accepted(cancel(court, event_id="urn:event:cancelled"))
    accepted(sale(court, event_id=AGAIN))
    return cancel(court, corrects="urn:event:cancelled", did_not_occur=True)


def in_every_order(filed: Mapping[str, Callable[[Court], object]]) -> dict[str, list[str]]:
    """The codes of the alerts that stand at the end, by the order."""
    found = {}
    for order in permutations(filed):
        court = stocked()
        court.extract("plant", "lot/2", {"La": 5 * KG}, "la-oxide", mass_mg=5 * KG)
        for each in order:
            filed[each](court)
        court.pass_time(court.now_us + 60 * DAY_US)
        codes = {alert.code for alert in court.books.records(AlertRecord)}
        found[" ".join(order)] = sorted(codes - {"shipment.unreceived"})
    return found


@pytest.mark.parametrize("sell", [sale, transfer])
@pytest.mark.parametrize(
    ("members", "found"),
    [({}, []), ({"kg": 20}, ["invoice.mismatch"]), ({"buyer": party("mine")}, ["invoice.mismatch"])],
)
def test_an_invoice_that_says_something_else(
    sell: Callable[[Court], Recorded], members: dict[str, Any], found: list[str]
) -> None:
    codes = in_every_order({"sale": sell, "invoice": lambda court: register(court, **members)})
    assert codes == dict.fromkeys(codes, found)


@pytest.mark.parametrize(("kg", "found"), [(10, []), (20, ["invoice.mismatch"])])
def test_a_sale_that_does_not_name_its_invoice(kg: int, found: list[str]) -> None:
    codes = in_every_order(
        {"sale": lambda court: sale(court, invoice=""), "invoice": lambda court: register(court, kg)}
    )
    assert codes == dict.fromkeys(codes, found)


def test_what_was_told_of_an_unnamed_sale_is_told_once() -> None:
    court = stocked()
    accepted(sale(court, invoice=""))
    [alert] = register(court, 20)
    court.books.put(type(alert)(**{**{n: getattr(alert, n) for n in alert.__slots__}, "state": "closed"}))
    court.pass_time(court.now_us + 60 * DAY_US)
    assert len(court.alerts("invoice.mismatch")) == 1


@pytest.mark.parametrize("sell", [sale, transfer])
def test_a_little_of_other_goods_under_an_invoice(sell: Callable[[Court], Recorded]) -> None:
    codes = in_every_order(
        {
            "sale": sell,
            "little": lambda court: transfer(court, LITTLE, "urn:event:little"),
            "invoice": register,
        }
    )
    assert {order: "invoice.reused" in each for order, each in codes.items()} == dict.fromkeys(codes, True)


def test_partial_transfers_share_an_invoice_in_any_order() -> None:
    half = {"inputs": (Line(LOT, 5 * KG),)}
    both = tuple(f"{party('plant')} urn:event:{each}" for each in ("sale", "rest"))
    codes = in_every_order(
        {
            "sale": lambda court: transfer(court, **half),
            "rest": lambda court: transfer(court, event_id="urn:event:rest", **half),
            "invoice": lambda court: register(court, shipments=both),
        }
    )
    assert not any(codes.values())


def test_a_corrected_transfer_is_compared_as_it_stands() -> None:
    court = stocked()
    accepted(transfer(court, inputs=(Line(LOT, 50 * KG),), event_id="urn:event:wrong"))
    accepted(transfer(court, corrects="urn:event:wrong"))
    assert register(court) == []
    assert [alert.code for alert in register(stocked(), 20)] == []
    assert [alert.code for alert in register(court, 20)] == ["invoice.mismatch"]


def test_a_transfer_that_did_not_occur_is_compared_with_nothing() -> None:
    court = stocked()
    accepted(transfer(court))
    accepted(transfer(court, event_id="urn:event:undone", corrects="urn:event:sale", did_not_occur=True))
    assert register(court, 20) == []


def test_a_sale_that_stands_again_uses_its_invoice_a_second_time() -> None:
    court = stocked()
    register(court)
    accepted(sale(court))
    assert flags(it_did_travel(court)) == ["invoice.reused"]


def test_a_sale_that_stands_again_may_share_its_invoice() -> None:
    court = stocked()
    both = tuple(f"{party('plant')} {each}" for each in ("urn:event:sale", AGAIN))
    register(court, 20, shipments=both)
    accepted(sale(court))
    assert flags(it_did_travel(court)) == []


def test_a_sale_that_stood_all_along_is_not_told_again() -> None:
    """Its receipt is corrected: the sale is as it was."""
    court = stocked()
    accepted(sale(court))
    accepted(sale(court, event_id=AGAIN))
    [alert] = register(court)
    court.books.put(type(alert)(**{**{n: getattr(alert, n) for n in alert.__slots__}, "state": "closed"}))
    said = {"inputs": (Line(LOT, 10 * KG),), "custodian_from": party("plant"), "owner_to": party("trader")}
    said |= {"shipment": "urn:event:sale"}
    accepted(court.file("receive", "trader", event_id="urn:event:received", **said))
    filed = court.file("receive", "trader", corrects="urn:event:received", did_not_occur=True, **said)
    assert "invoice.reused" not in flags(filed)


# --- Declarations -----------------------------------------------------------------------------------------


def declare(court: Court, hs_code: str, declaration: str = "D-1", **members: Any) -> None:
    said: dict[str, Any] = {
        "declaration": declaration,
        "declarant": party("magnets"),
        "shipment": "urn:event:export",
        "hs_code": hs_code,
        "controlled": False,
        "destination": "DE",
        "licence": "",
        **members,
    }
    court.books.put(DeclarationRecord(**said, mass_mg=KG, declared_us=0, entry_index=court.index))
    act = DeclareCustoms(**said, mass=KG, declared=0)
    open_alerts(act, court.books, court.policy, court.index, court.now_us)
    court.index += 1


def export(court: Court, declaration: str = "") -> None:
    line = Line(court.extract("magnets", "lot/1", {"La": 5 * KG}, "la-oxide"), KG)
    said = {"inputs": (line,), "consignee": party("abroad"), "destination": "DE", "declaration": declaration}
    accepted(court.file("export", "magnets", event_id="urn:event:export", **said))


@pytest.mark.parametrize(("hs_code", "found"), [("2846901200", 0), ("3810100000", 1)])
@pytest.mark.parametrize("named", ["D-1", "D-other", ""])
@pytest.mark.parametrize("declared_first", [True, False])
def test_goods_under_another_code(hs_code: str, found: int, named: str, declared_first: bool) -> None:
    court = Court()
    if declared_first:
        declare(court, hs_code)
    export(court, named)
    if not declared_first:
        declare(court, hs_code)
    assert len(court.alerts("hs.mismatch")) == found


@pytest.mark.parametrize("other", [{"shipment": "urn:event:other"}, {"declarant": party("trader")}])
def test_a_declaration_of_other_goods_is_not_theirs(other: dict[str, Any]) -> None:
    court = Court()
    declare(court, "3810100000", **other)
    export(court)
    assert court.alerts("hs.mismatch") == []


@pytest.mark.parametrize("named", ["D-2", ""])
def test_of_two_declarations_before_their_export_the_amended_one_counts(named: str) -> None:
    court = Court()
    declare(court, "3810100000")
    declare(court, "2846901200", "D-2")
    export(court, named)
    assert court.alerts("hs.mismatch") == []
