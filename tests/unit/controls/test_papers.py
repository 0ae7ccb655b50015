"""invoice.reused, invoice.mismatch, and hs.mismatch by a declaration; whichever is recorded first."""

from typing import Any

import pytest

from ledger.controls.act_alerts import open_alerts
from ledger.controls.recording import Recorded
from ledger.movements.movement import Line
from ledger.records.oversight import AlertRecord, DeclarationRecord, InvoiceRecord
from ledger.statements.acts.declare_customs import DeclareCustoms
from ledger.statements.acts.register_invoice import RegisterInvoice
from ledger.statements.acts.settle_invoice import SettleInvoice
from tests.support.court import KG, Court, accepted, flags, name, party, site

INVOICE = "INV-1"
LOT = name("plant", "lot/1")


def sale(court: Court, kg: int = 10, event_id: str = "urn:event:sale", **members: Any) -> Recorded:
    said = {
        "inputs": (Line(LOT, kg * KG),),
        "owner_from": party("plant"),
        "owner_to": party("trader"),
        "custodian_from": party("plant"),
        "custodian_to": party("trader"),
        "site_to": site("trader"),
        "invoice": INVOICE,
        **members,
    }
    return court.file("ship", "plant", event_id=event_id, **said)


def register(court: Court, kg: int = 10, **members: Any) -> list[AlertRecord]:
    """Registers the invoice; gives the alerts that this opens."""
    line = {"product": "la-oxide", "lot": LOT, "mass_mg": kg * KG, "amount": "100"}
    said: dict[str, Any] = {
        "kind": "special",
        "seller": party("plant"),
        "buyer": party("trader"),
        "lines": (line,),
        "amount": "100",
        "currency": "CNY",
        "issued_us": 0,
        "due_us": None,
        "entry_index": court.index,
        "shipments": (f"{party('plant')} urn:event:sale",),
        **members,
    }
    court.books.put(InvoiceRecord(INVOICE, **said))
    act = RegisterInvoice(INVOICE, "special", said["seller"], said["buyer"], (), "100", "CNY", 0)
    count = open_alerts(act, court.books, court.policy, court.index, court.now_us)
    court.index += 1
    return [alert for n in range(count) if (alert := court.books.get(AlertRecord, court.index - 1, n))]


def stocked() -> Court:
    court = Court()
    court.extract("plant", "lot/1", {"La": 100 * KG}, "la-oxide", mass_mg=110 * KG)
    return court


def test_an_invoice_that_agrees_is_let_pass_in_either_order() -> None:
    for first in (True, False):
        court = stocked()
        if first:
            assert register(court) == []
        assert flags(sale(court)) == []
        if not first:
            assert register(court) == []


def test_what_dried_is_invoiced_by_the_scale_of_the_sale() -> None:
    court = stocked()
    register(court, kg=104)
    # All 110 kg of the books leave; they weigh 104 kg by now.
    assert flags(sale(court, 104, whole=True)) == []


@pytest.mark.parametrize(("kg", "found"), [(104, 0), (106, 0), (107, 1), (110, 0), (97, 1)])
@pytest.mark.parametrize("named", [INVOICE, ""])
def test_the_scale_of_a_sale_counts_for_an_invoice_that_comes_later(kg: int, found: int, named: str) -> None:
    court = stocked()
    assert flags(sale(court, 104, whole=True, invoice=named)) == []
    assert [alert.code for alert in register(court, kg=kg)] == ["invoice.mismatch"] * found


def test_an_invoice_agrees_with_the_books_or_with_the_scale() -> None:
    court = stocked()
    register(court, kg=90)
    assert flags(sale(court, 104, whole=True)) == ["invoice.mismatch"]


@pytest.mark.parametrize(
    ("product", "kg", "found"),
    [
        ("la-carbonate", 10, 0),
        ("la-carbonate", 5, 0),
        ("mixed-carbonate", 5, 0),
        ("la-carbonate", 4, 1),
        ("mixed-carbonate", 6, 1),
        ("bastnaesite-concentrate", 10, 0),
        ("bastnaesite-concentrate", 5, 1),
        ("la-metal", 5, 1),
    ],
)
def test_compounds_alone_are_invoiced_by_what_they_contain(product: str, kg: int, found: int) -> None:
    court = Court()
    court.extract("plant", "lot/1", {"La": 50 * KG}, product, mass_mg=100 * KG)
    assert flags(sale(court, 10)) == []
    line = {"product": product, "lot": LOT, "mass_mg": kg * KG, "amount": "100"}
    assert [alert.code for alert in register(court, lines=(line,))] == ["invoice.mismatch"] * found


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"seller": party("mine")}, "party"),
    ({"buyer": party("mine")}, "party"),
    ({"kg": 11}, "mass"),
    ({"lines": ({"product": "nd-oxide", "lot": LOT, "mass_mg": 10 * KG, "amount": "1"},)}, "name"),
    ({"lines": ({"product": "la-oxide", "lot": "urn:other", "mass_mg": 10 * KG, "amount": "1"},)}, "name"),
]


@pytest.mark.parametrize(("members", "differs"), WRONG)
@pytest.mark.parametrize("invoice_first", [True, False])
def test_an_invoice_that_says_something_else_is_noticed(
    members: dict[str, Any], differs: str, invoice_first: bool
) -> None:
    court = stocked()
    if invoice_first:
        assert [alert.code for alert in register(court, **members)] == []
        assert flags(sale(court)) == ["invoice.mismatch"]
    else:
        assert flags(sale(court)) == []
        assert [alert.code for alert in register(court, **members)] == ["invoice.mismatch"]
    assert list(court.alerts("invoice.mismatch")[0].evidence["differs"]) == [differs]


@pytest.mark.parametrize(("sold_g", "found"), [(10_000, 0), (9_804, 0), (9_803, 1), (10_204, 0), (10_205, 1)])
def test_two_scales_differ_by_two_percent_at_most(sold_g: int, found: int) -> None:
    court = stocked()
    register(court)
    filed = sale(court, inputs=(Line(LOT, sold_g * 1000),))
    assert flags(filed) == ["invoice.mismatch"] * found


@pytest.mark.parametrize(("stated_mg", "found"), [(9_800_000, 0), (9_799_999, 1)])
def test_exactly_two_percent_is_let_pass(stated_mg: int, found: int) -> None:
    court = stocked()
    accepted(sale(court))
    line = {"product": "la-oxide", "lot": LOT, "mass_mg": stated_mg, "amount": "1"}
    assert len(register(court, lines=(line,))) == found


def test_carbonate_may_be_invoiced_as_oxide() -> None:
    court = Court()
    court.extract("plant", "lot/1", {"La": 45 * KG}, "mixed-carbonate", mass_mg=100 * KG)
    line = {"product": "混合稀土氧化物", "lot": LOT, "mass_mg": 4_500_000, "amount": "1"}
    assert flags(sale(court)) == []
    assert register(court, lines=(line,)) == []


def test_a_line_without_a_product_says_no_other_one() -> None:
    court = stocked()
    assert flags(sale(court)) == []
    assert register(court, lines=({"product": "", "lot": LOT, "mass_mg": 10 * KG, "amount": "1"},)) == []


def test_what_left_the_catalogue_has_no_name_to_differ_from() -> None:
    own = {"name_en": "own", "name_zh": "自", "stage": "separated_compound", "form": "oxide"}
    known = [own | {"code": "own-oxide", "source": "our laboratory", "verified": "false"}]
    court = Court()
    court.set_policy(products=known)
    court.extract("plant", "lot/1", {"La": 100 * KG}, "own-oxide", mass_mg=110 * KG)
    assert flags(sale(court)) == []
    assert [alert.code for alert in register(court)] == ["invoice.mismatch"]
    court.set_policy(products=[])
    assert register(court) == []


def test_one_line_may_stand_for_all_lots_of_a_product() -> None:
    court = stocked()
    second = court.extract("plant", "lot/2", {"La": 100 * KG}, "la-oxide", mass_mg=110 * KG)
    line = {"product": "la-oxide", "lot": "", "mass_mg": 15 * KG, "amount": "1"}
    assert flags(sale(court, inputs=(Line(LOT, 10 * KG), Line(second, 5 * KG)))) == []
    assert register(court, lines=(line,)) == []


def test_partial_deliveries_may_share_an_invoice_up_to_what_it_says() -> None:
    court = stocked()
    both = tuple(f"{party('plant')} urn:event:{each}" for each in ("sale", "rest"))
    register(court, 10, shipments=both)
    assert flags(sale(court, 6)) == []
    assert flags(sale(court, 4, "urn:event:rest")) == []
    assert flags(sale(court, 4, "urn:event:more")) == ["invoice.reused"]


def test_an_invoice_for_two_sales_is_noticed_when_it_is_registered() -> None:
    court = stocked()
    assert flags(sale(court)) == []
    assert flags(sale(court, event_id="urn:event:again")) == []
    assert [alert.code for alert in register(court)] == ["invoice.reused"]
    assert flags(sale(court, event_id="urn:event:third")) == []


def other_sale(court: Court) -> Recorded:
    """A sale of goods that the invoice does not name, of less than its tolerance."""
    court.extract("plant", "lot/2", {"La": 5 * KG}, "la-oxide", mass_mg=5 * KG)
    line = Line(name("plant", "lot/2"), KG // 10)
    return sale(court, event_id="urn:event:little", inputs=(line,))


def test_a_little_of_other_goods_does_not_ride_on_an_invoice() -> None:
    court = stocked()
    register(court)
    assert flags(sale(court)) == []
    assert "invoice.reused" in flags(other_sale(court))
    court = stocked()
    register(court, 20, lines=({"product": "la-oxide", "mass_mg": 20 * KG, "amount": "100"},))
    assert "invoice.reused" not in flags(sale(court)) + flags(other_sale(court))


def test_it_is_noticed_as_well_where_the_invoice_comes_last() -> None:
    court = stocked()
    assert flags(sale(court)) == []
    assert flags(other_sale(court)) == []
    assert "invoice.reused" in [alert.code for alert in register(court)]


def test_it_is_noticed_as_well_where_the_sale_that_was_invoiced_comes_last() -> None:
    court = stocked()
    register(court)
    assert "invoice.reused" not in flags(other_sale(court))
    assert "invoice.reused" in flags(sale(court))


def test_a_corrected_sale_names_its_invoice_once() -> None:
    court = stocked()
    register(court)
    assert flags(sale(court)) == []
    mended = sale(court, event_id="urn:event:mended", corrects="urn:event:sale")
    assert "invoice.reused" not in flags(mended)


def test_a_cancelled_sale_leaves_its_invoice_free() -> None:
    court = stocked()
    register(court)
    assert flags(sale(court)) == []
    accepted(court.file("cancel", "plant", shipment="urn:event:sale", reason="not loaded"))
    assert flags(sale(court, event_id="urn:event:again")) == []


def test_a_shipment_without_change_of_title_is_no_sale() -> None:
    court = stocked()
    register(court, 1)
    assert flags(sale(court, 50, owner_to=party("plant"))) == []


def test_policy_may_switch_the_alert_off() -> None:
    court = stocked()
    court.set_policy(rules={"invoice.mismatch": {"action": "off"}})
    accepted(sale(court))
    assert register(court, buyer=party("mine")) == []


@pytest.mark.parametrize(("hs_code", "found"), [("2846901200", 0), ("2846901300", 1), ("3810100000", 1)])
def test_a_declaration_under_another_code_is_noticed(hs_code: str, found: int) -> None:
    court = stocked()
    accepted(sale(court))
    declared = ("D-1", party("plant"), "urn:event:sale", hs_code, False, 10 * KG, "DE", "")
    court.books.put(DeclarationRecord(*declared, 0, court.index))
    act = DeclareCustoms(
        declaration="D-1",
        declarant=party("plant"),
        shipment="urn:event:sale",
        hs_code=hs_code,
        controlled=False,
        mass=10 * KG,
        destination="DE",
        declared=0,
    )
    assert open_alerts(act, court.books, court.policy, court.index, 0) == found
    assert [alert.code for alert in court.alerts("hs.mismatch")] == ["hs.mismatch"] * found


def test_other_acts_open_none() -> None:
    court = stocked()
    act = SettleInvoice(invoice=INVOICE, amount="1")
    assert open_alerts(act, court.books, court.policy, court.index, 0) == 0


# --- prices -----------------------------------------------------------------------------------------------


INDEX = {"index_prices": {"la-oxide": "4"}}
RATES = [{"currency": "USD", "start_us": 0, "end_us": 9, "cny": "7", "source": "bank"}]


def priced(amount: str, lot: str = LOT, product: str = "la-oxide", kg: int = 10) -> dict[str, object]:
    return {"product": product, "lot": lot, "mass_mg": kg * KG, "amount": amount}


@pytest.mark.parametrize(
    ("lines", "currency", "found"),
    [
        ([priced("28")], "CNY", 0),
        ([priced("27.99")], "CNY", 1),
        ([priced("27.99", lot="")], "CNY", 1),
        ([priced("27.99", product="ce-oxide")], "CNY", 1),  # what the lot is goes before what it is called
        ([priced("27.99", lot="", product="ce-oxide")], "CNY", 0),  # without an index
        ([priced("27.99", kg=0)], "CNY", 0),
        ([priced("100"), priced("1")], "CNY", 1),
        ([priced("4")], "USD", 0),
        ([priced("3.99")], "USD", 1),
        ([priced("3.99")], "EUR", 0),
    ],
)
def test_an_invoice_far_below_the_index_is_noticed(
    lines: list[dict[str, object]], currency: str, found: int
) -> None:
    court = stocked()
    court.set_policy(**INDEX, exchange_rates=RATES, rules={"invoice.mismatch": {"action": "off"}})
    alerts = register(court, lines=tuple(lines), currency=currency)
    assert [alert.code for alert in alerts] == ["price.low"] * found


def test_an_invoice_counts_where_the_sale_states_no_price_or_another() -> None:
    for stated in ({}, {"unit_price": "4 CNY"}):
        court = stocked()
        court.set_policy(**INDEX)
        assert flags(sale(court, **stated)) == []
        assert [alert.code for alert in register(court, lines=(priced("20"),))] == ["price.low"]
        assert court.alerts("price.low")[0].subject == f"lot:{LOT}"


def test_a_sale_that_was_noticed_is_not_noticed_again_by_its_invoice() -> None:
    court = stocked()
    court.set_policy(**INDEX)
    assert flags(sale(court, unit_price="2 CNY")) == ["price.low"]
    assert register(court, lines=(priced("20"),)) == []


def test_without_an_index_no_invoice_is_low() -> None:
    assert register(stocked(), lines=(priced("0.01"),), shipments=()) == []
