"""Invoices of sales that were undone, corrected, cancelled or refused, and of goods that are released."""

from typing import Any

import pytest

from ledger.controls.papers import uses_of
from ledger.controls.recording import Recorded
from ledger.controls.schedules import await_invoice_again
from ledger.movements.movement import Line
from ledger.records.oversight import DelegationRecord, InvoiceRecord
from tests.support.court import DAY_US, KG, START_US, Court, accepted, flags, name, party, site

INVOICE = "INV-1"
LOT = name("plant", "lot/1")
SOLD = "urn:event:sold"
VOID = "urn:event:void"
LATER_US = START_US + 200 * DAY_US
KINDS = ("ship", "transfer", "release")
BUYERS = {"ship": "trader", "transfer": "trader", "release": "motors"}


def stocked() -> Court:
    court = Court()
    court.set_policy(rules={"trade.carousel": {"action": "off"}})
    court.extract("plant", "lot/1", {"La": 100 * KG}, "la-oxide", mass_mg=110 * KG)
    return court


def sale(court: Court, kind: str, event_id: str = SOLD, firm: str = "plant", **members: Any) -> Recorded:
    buyer = party(BUYERS[kind])
    said: dict[str, Any] = {
        "inputs": (Line(LOT, 10 * KG),),
        "owner_from": party("plant"),
        "owner_to": buyer,
        "custodian_from": "" if kind == "transfer" else party("plant"),
        "custodian_to": "" if kind == "transfer" else buyer,
        "invoice": INVOICE,
        "site": site("plant"),
        **members,
    }
    return court.file(kind, firm, event_id=event_id, **said)


def undo(court: Court, kind: str, event_id: str = SOLD, **members: Any) -> Recorded:
    return sale(court, kind, event_id, corrects=event_id, did_not_occur=True, **members)


def register(court: Court, kind: str = "ship", invoice: str = INVOICE, *sales: str) -> None:
    lines = ({"product": "la-oxide", "lot": LOT, "mass_mg": 10 * KG, "amount": "1"},)
    said = (invoice, "special", party("plant"), party(BUYERS[kind]), lines, "1", "CNY", 0, None, 0)
    court.books.put(InvoiceRecord(*said, shipments=tuple(f"{party('plant')} {each}" for each in sales)))


def missing(court: Court, until_us: int = LATER_US) -> list[str]:
    """The subjects of the sales that time tells to have no invoice."""
    return [alert.subject for alert in court.pass_time(until_us) if alert.code == "invoice.missing"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_sale_that_stands_wants_its_invoice(kind: str) -> None:
    court = stocked()
    accepted(sale(court, kind))
    assert missing(court) == [f"sale:{party('plant')} {SOLD}"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("named", [True, False])
def test_a_sale_with_its_invoice_is_let_pass(kind: str, *, named: bool) -> None:
    court = stocked()
    accepted(sale(court, kind, invoice=INVOICE if named else ""))
    register(court, kind, INVOICE, *([] if named else [SOLD]))
    assert missing(court) == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("invoice", [INVOICE, ""])
def test_a_sale_that_did_not_occur_wants_none(kind: str, invoice: str) -> None:
    court = stocked()
    accepted(sale(court, kind, invoice=invoice))
    assert flags(undo(court, kind, invoice=invoice)) == []
    assert missing(court) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_sale_that_is_corrected_to_name_its_invoice_is_let_pass(kind: str) -> None:
    court = stocked()
    accepted(sale(court, kind, invoice="INV-wrong"))
    accepted(sale(court, kind, "urn:event:mended", corrects=SOLD))
    register(court, kind)
    assert missing(court) == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_corrected_sale_without_an_invoice_is_told_once(kind: str) -> None:
    court = stocked()
    register(court, kind, "INV-0", SOLD)
    accepted(sale(court, kind, invoice=""))
    accepted(sale(court, kind, "urn:event:mended", corrects=SOLD, invoice=""))
    assert missing(court) == [f"sale:{party('plant')} urn:event:mended"]


@pytest.mark.parametrize("kind", KINDS)
def test_an_undone_sale_leaves_its_invoice_to_the_next(kind: str) -> None:
    court = stocked()
    register(court, kind)
    assert flags(sale(court, kind)) == []
    assert flags(undo(court, kind)) == []
    assert uses_of(court.books, INVOICE) == {}
    assert flags(sale(court, kind, "urn:event:again")) == []
    assert flags(sale(court, kind, "urn:event:too much")) == ["invoice.reused"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_correction_to_another_invoice_frees_the_first(kind: str) -> None:
    court = stocked()
    register(court, kind)
    assert flags(sale(court, kind)) == []
    assert flags(sale(court, kind, "urn:event:mended", corrects=SOLD, invoice="INV-2")) == []
    assert uses_of(court.books, INVOICE) == {}
    assert uses_of(court.books, "INV-2") == {f"{party('plant')} urn:event:mended": 10 * KG}
    assert flags(sale(court, kind, "urn:event:again")) == []


@pytest.mark.parametrize("how", ["cancel", "refuse"])
def test_a_sale_that_stands_again_uses_its_invoice_again(how: str) -> None:
    court = stocked()
    register(court)
    accepted(sale(court, "ship"))
    firm = "plant" if how == "cancel" else "trader"
    said: dict[str, Any] = {"shipment": SOLD, "reason": "wet", "event_id": VOID}
    said["custodian_to"] = "" if how == "cancel" else party("plant")
    accepted(court.file(how, firm, **said))
    assert uses_of(court.books, INVOICE) == {}
    accepted(court.file(how, firm, event_id=VOID, corrects=VOID, did_not_occur=True))
    assert uses_of(court.books, INVOICE) == {f"{party('plant')} {SOLD}": 10 * KG}
    assert flags(sale(court, "ship", "urn:event:again")) == ["invoice.reused"]


def test_a_sale_that_stands_again_wants_its_invoice_though_its_time_came_meanwhile() -> None:
    court = stocked()
    accepted(sale(court, "ship"))
    accepted(court.file("cancel", "plant", shipment=SOLD, reason="not loaded", event_id=VOID))
    assert missing(court) == []
    accepted(court.file("cancel", "plant", event_id=VOID, corrects=VOID, did_not_occur=True))
    assert missing(court) == [f"sale:{party('plant')} {SOLD}"]


def test_a_cancelled_invoice_is_not_awaited_again_for_an_undone_transfer() -> None:
    court = stocked()
    register(court, "transfer", INVOICE, SOLD)
    accepted(sale(court, "transfer"))
    assert missing(court) == []
    accepted(undo(court, "transfer"))
    invoice = court.books.get(InvoiceRecord, INVOICE)
    assert invoice is not None
    await_invoice_again(court.books, invoice, court.policy, LATER_US)
    assert missing(court, LATER_US + 90 * DAY_US) == []


def test_an_agents_transfer_is_its_principals_sale() -> None:
    court = stocked()
    court.books.put(DelegationRecord(party("plant"), party("trader2"), 0, None, 1))
    accepted(sale(court, "transfer", firm="trader2", custodian_from=party("plant")))
    assert uses_of(court.books, INVOICE) == {f"{party('plant')} {SOLD}": 10 * KG}
    accepted(undo(court, "transfer", firm="trader2", custodian_from=party("plant")))
    assert uses_of(court.books, INVOICE) == {}
    assert missing(court) == []


def test_goods_that_are_released_to_a_user_are_the_users() -> None:
    court = stocked()
    register(court, "release")
    assert flags(sale(court, "release", owner_to="")) == []
    assert missing(court) == []
    accepted(sale(court, "release", "urn:event:second", owner_to="", invoice=""))
    assert missing(court, LATER_US + 90 * DAY_US) == [f"sale:{party('plant')} urn:event:second"]


@pytest.mark.parametrize(("kg", "found"), [(10, []), (13, ["invoice.mismatch"])])
def test_a_corrected_transfer_is_of_what_it_says_itself(kg: int, found: list[str]) -> None:
    court = stocked()
    register(court, "transfer")
    accepted(sale(court, "transfer", invoice=""))
    mended = sale(court, "transfer", "urn:event:mended", corrects=SOLD, inputs=(Line(LOT, kg * KG),))
    assert flags(mended) == found


def test_a_low_price_that_did_not_occur_is_not_told() -> None:
    court = stocked()
    court.set_policy(index_prices={"la-oxide": "4"})
    assert flags(sale(court, "ship", unit_price="1")) == ["price.low"]
    assert flags(undo(court, "ship", unit_price="1")) == []
