"""Boards: a plant sees who owes it and records a payment; a regulator sees dependence and an interruption."""

from collections.abc import Callable
from urllib.parse import urlencode

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.support.console import Console
from tests.support.pages import check_accessible, check_width, visit

Say = Callable[..., str]
MAKER = "urn:epc:id:pgln:9521003.00000"
PLANT = "urn:epc:id:pgln:9521002.00000"


def test_a_plant_records_a_payment_and_its_customer_contests(
    fresh_console: Console, signed_in: OpenPage, say: Say
) -> None:
    plant = signed_in("plant", f"/console/receivables?{urlencode({'customer': MAKER})}", on=fresh_console)
    owed = plant.get_by_role("table", name=say("receivables.by_due")).locator("tr", has_text="DEMO-0001")
    expect(owed).to_contain_text(say("receivables.overdue_days", n=20))
    evaluation = plant.locator("#evaluation")
    expect(evaluation).to_contain_text(say("receivables.tone.bad"))
    expect(evaluation).to_contain_text(
        say("receivables.way.settle_invoice", by=say("receivables.by.customer"))
    )
    check_accessible(plant)
    check_width(plant)
    owed.get_by_role("button", name=say("receivables.pay")).click()
    expect(plant.locator("[name=amount]")).to_have_value("193880")
    plant.get_by_role("button", name=say("acts.check")).click()
    plant.get_by_role("button", name=say("receivables.record_payment")).click()
    expect(owed).to_contain_text(say("receivables.state_of.settled"))
    expect(owed).to_contain_text(say("receivables.late_days", n=21))
    owed.get_by_role("button", name=say("receivables.take_back")).click()
    plant.get_by_label(say("receivables.why")).select_option("duplicate")
    check_accessible(plant)
    plant.get_by_role("button", name=say("acts.check")).last.click()
    plant.get_by_role("button", name=say("receivables.record_take_back")).click()
    expect(owed).to_contain_text(say("receivables.overdue_days", n=20))
    expect(owed.get_by_role("button", name=say("receivables.take_back"))).to_have_count(0)

    maker = signed_in("maker", f"/console/receivables?{urlencode({'party': PLANT})}", on=fresh_console)
    expect(maker.locator("#evaluation")).to_contain_text(say("receivables.says.late_receipts_none"))
    evaluation = maker.locator("#evaluation")
    expect(evaluation).not_to_contain_text(say("receivables.says.alerts_nothing"))
    row = evaluation.locator("tbody tr").first
    row.get_by_role("button", name=say("receivables.dispute"), exact=True).click()
    maker.locator("[name=ground]").select_option("agreed")
    check_accessible(maker)
    maker.get_by_role("button", name=say("acts.check")).click()
    maker.get_by_role("button", name=say("receivables.record_dispute")).click()
    ground = say("receivables.ground.agreed")
    expect(evaluation).to_contain_text(say("receivables.disputed", ground=ground))
    check_accessible(maker)
    check_width(maker)


def test_a_regulator_sees_where_things_come_from_and_what_a_loss_would_mean(
    console: Console, signed_in: OpenPage, say: Say
) -> None:
    query = urlencode({"of": "party", "party": PLANT})
    page = signed_in("authority", f"/console/dependence?{query}", on=console)
    expect(page.locator("svg.map")).to_be_visible()
    expect(page.locator(".flows svg")).to_be_visible()
    table = page.get_by_role("table", name=say("dependence.table"))
    expect(table.locator("tbody tr").first).to_contain_text("77.37")
    check_accessible(page)
    check_width(page)
    visit(page, "/console/reserves?country=AU")
    firms = page.get_by_role("table", name=say("dependence.firms_table"))
    expect(firms.locator("tbody tr").first).to_contain_text(say("dependence.no_deficit"))
    reserves = page.get_by_role("table", name=say("dependence.reserves"))
    expect(reserves.locator("tbody tr").first).to_be_visible()
    check_accessible(page)
    check_width(page)
