"""The producer's desk: today, recording, confirming, correcting, applying; each proved afterwards."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import IN_BOTH, ONCE, OpenPage, Say
from tests.support.console import Console
from tests.support.pages import UNREACHED, check_accessible, check_width, shown, visit

MAKER = "urn:epc:id:pgln:9521003.00000"


def ask(page: Page, path: str) -> Any:
    """What the ledger answers to the person on the page."""
    return json.loads(page.evaluate("(path) => fetch(path).then((answer) => answer.text())", path))


def fill_carbonate(page: Page, lot: str, mass: str = "1,200") -> None:
    """A new lot of mixed carbonate of the northern mine."""
    page.fill("[name='made.0.lot']", lot)
    page.select_option("[name='made.0.product']", "mixed-carbonate")
    page.fill("[name='made.0.amount']", mass)
    page.fill("[name='made.0.treo']", "45")
    for symbol, share in (("La", "28"), ("Ce", "40"), ("Pr", "7"), ("Nd", "25")):
        page.fill(f"[name='made.0.elements.{symbol}']", share)


def sign(page: Page, say: Say, label: str = "producer.sign_and_send") -> int:
    """Signs once the ledger would take it; the index that the page shows as proved."""
    expect(page.get_by_text(say("producer.would_pass"))).to_be_visible()
    page.get_by_role("button", name=say(label)).click()
    expect(page.get_by_text(say("producer.step.verify"))).to_have_class("good")
    return int(page.locator(".notice.good a").inner_text().lstrip("#").replace(",", ""))


def weighed(page: Page, advice: str) -> list[int]:
    """What the consignee's scale said of each lot; of a final receipt the books take what was sent."""
    shipments = ask(page, "/v1/shipments?side=consignee")["shipments"]
    (found,) = (each for each in shipments if each["despatch_advice"].endswith(advice))
    query = urlencode({"consignor": found["consignor"], "shipment": found["shipment"]})
    return [line["weighed_mg"] for line in ask(page, f"/v1/shipments/lines?{query}")["lines"]]


@IN_BOTH
def test_from_the_mine_to_a_correction(
    fresh_console: Console, signed_in: OpenPage, say: Say, tmp_path: Path
) -> None:
    mine = signed_in("mine", "/console/record?kind=extract", on=fresh_console)
    fill_carbonate(mine, "CARB-77")
    extracted = sign(mine, say)
    with mine.expect_download() as saved:
        mine.get_by_role("button", name=say("producer.save_receipt")).click()
    assert saved.value.path().read_text().startswith("c2sp.org/tlog-proof@v1\n")

    visit(mine, "/console/record?kind=ship")
    mine.select_option("[name='add-lot']", "urn:epc:class:lgtin:9521001.000008.CARB-77")
    mine.fill("[name=to]", "Separation")
    mine.locator(".suggestions li").first.click()
    mine.fill("[name=advice]", "DA-77")
    assert sign(mine, say) == extracted + 1

    plant = signed_in("plant", "/console/producer", on=fresh_console)
    row = plant.get_by_role("row").filter(has_text="DA-77")
    row.get_by_role("link", name=say("producer.confirm")).click()
    plant.fill("[name='used.0.amount']", "1,198.5")
    received = sign(plant, say)
    assert weighed(plant, "DA-77") == [1_198_500_000]

    visit(plant, "/console/records")
    row = plant.get_by_role("row").filter(has=plant.locator(f"a[href$='index={received}']")).first
    row.get_by_role("link", name=say("producer.open_record")).click()
    plant.get_by_role("button", name=say("producer.correct_it")).click()
    plant.fill("[name=why]", "the tare was counted twice")
    plant.fill("[name='used.0.amount']", "1,199")
    sign(plant, say, "producer.sign_correction")
    assert weighed(plant, "DA-77") == [1_199_000_000]
    states = {each["entry_index"]: each["state"] for each in ask(plant, "/v1/events")["records"]}
    assert (states[received], states[received + 1]) == ("corrected", "booked")


def test_a_movement_that_did_not_occur_is_undone(
    written_console: Console, signed_in: OpenPage, say: Say
) -> None:
    page = signed_in("mine", "/console/record?kind=extract", on=written_console)
    fill_carbonate(page, "CARB-78")
    index = sign(page, say)
    visit(page, "/console/records")
    row = page.get_by_role("row").filter(has=page.locator(f"a[href$='index={index}']")).first
    row.get_by_role("link", name=say("producer.open_record")).click()
    page.get_by_role("button", name=say("producer.did_not_occur")).click()
    undo = page.get_by_role("button", name=say("producer.sign_undo"))
    expect(undo).to_be_disabled()
    page.fill("[name=why]", "typed into the wrong ledger")
    undo.click()
    expect(page.get_by_text(say("producer.step.verify"))).to_have_class("good")
    held = ask(page, "/v1/holdings?limit=1000")["holdings"]
    assert not [each for each in held if each["lot"].endswith("CARB-78") and each["mass_mg"]]


@ONCE
def test_what_the_ledger_would_refuse_cannot_pass_unseen(
    written_console: Console, signed_in: OpenPage, say: Say
) -> None:
    page = signed_in("plant", "/console/record?kind=ship", on=written_console, allowed=[422])
    before = ask(page, "/v1/log")["size"]
    fault = page.locator("p.notice")
    expect(fault).to_contain_text(say("producer.place.to"))
    expect(page.get_by_role("button", name=say("producer.sign_and_send"))).to_be_disabled()
    page.locator("[name='add-lot'] option").nth(1).wait_for(state="attached")
    page.select_option("[name='add-lot']", index=1)
    page.fill("[name=to]", MAKER)
    page.fill("[name='used.0.amount']", "ten tonnes")
    expect(page.locator("[name='used.0.amount']")).to_have_attribute("aria-invalid", "true")
    page.fill("[name='used.0.amount']", "9,000,000")
    expect(page.get_by_text(say("producer.would_be_refused"))).to_be_visible()
    expect(page.locator(".findings")).to_contain_text(say("rules.balance.overdrawn.title"))
    page.get_by_role("button", name=say("producer.sign_and_send")).click()
    expect(page.locator(".steps li").nth(2)).to_have_class("bad")
    assert ask(page, "/v1/log")["size"] == before


@ONCE
def test_a_lost_connection_loses_nothing(written_console: Console, signed_in: OpenPage, say: Say) -> None:
    page = signed_in("mine", "/console/record?kind=extract", on=written_console, allowed=[UNREACHED])
    fill_carbonate(page, "CARB-79")
    expect(page.get_by_text(say("producer.would_pass"))).to_be_visible()

    def lose_the_answer(route: Route) -> None:
        route.fetch()  # the ledger has it, and nobody hears of it
        route.abort()

    page.route("**/v1/statements", lose_the_answer)
    page.get_by_role("button", name=say("producer.sign_and_send")).click()
    expect(page.locator(".failure")).to_contain_text(say("errors.network.unreachable"))
    page.unroute("**/v1/statements")
    size = ask(page, "/v1/log")["size"]
    page.goto("/console/records")
    page.get_by_role("button", name=say("producer.send_again")).click()
    expect(page.get_by_role("heading", name=say("producer.waiting_title"))).to_be_hidden()
    assert ask(page, "/v1/log")["size"] == size


@ONCE
def test_a_receipt_that_does_not_hold_is_shown_so(
    written_console: Console, signed_in: OpenPage, say: Say
) -> None:
    page = signed_in("mine", "/console/record?kind=extract", on=written_console)
    fill_carbonate(page, "CARB-80")
    expect(page.get_by_text(say("producer.would_pass"))).to_be_visible()

    def tamper(route: Route) -> None:
        answer = route.fetch()
        members = answer.json()
        members["receipt"] = members["receipt"].replace("\nindex ", "\nindex 1", 1)
        route.fulfill(response=answer, json=members)

    page.route("**/v1/statements", tamper)
    page.get_by_role("button", name=say("producer.sign_and_send")).click()
    expect(page.locator(".steps li").nth(3)).to_have_class("bad")
    expect(page.locator(".failure")).to_be_visible()
    expect(page.locator(".notice.good")).to_have_count(0)


def test_an_application_for_a_licence(written_console: Console, signed_in: OpenPage, say: Say) -> None:
    page = signed_in("maker", "/console/licences", on=written_console)
    page.get_by_role("button", name=say("producer.apply")).click()
    dialog = page.get_by_role("dialog")
    dialog.locator("[name=number]").fill("EL-77")
    dialog.locator("[name=item]").select_option("dy-oxide")
    dialog.locator("[name=destination]").select_option("DE")
    dialog.locator("[name=endUser]").fill("urn:epc:id:pgln:9521004.00000")
    dialog.locator("[name=endUse]").fill("traction motors")
    dialog.locator("[name=amount]").fill("250")
    dialog.get_by_role("button", name=say("producer.sign_and_send")).click()
    expect(dialog.get_by_text(say("producer.step.verify"))).to_have_class("good")
    check_accessible(page)
    applied = [
        each for each in ask(page, "/v1/licences?state=applied")["records"] if "EL-77" in each["licence"]
    ]
    assert [each["quantity_mg"] for each in applied] == [250_000_000]


@ONCE
def test_every_form_opens(signed_in: OpenPage, say: Say) -> None:
    page = signed_in("plant", "/console/record")
    shown(page)
    kinds = page.locator(".choices a").evaluate_all("(links) => links.map((link) => link.search)")
    assert len(kinds) == 24
    for search in kinds:
        visit(page, f"/console/record{search}")
        expect(page.get_by_role("button", name=say("producer.sign_and_send"))).to_be_visible()
        assert page.locator(".failure").count() == 0, search
    check_width(page)


@ONCE
def test_forms_fit_a_telephone_and_can_be_heard(signed_in: OpenPage, say: Say) -> None:
    page = signed_in("plant", "/console/record?kind=process", width=390)
    expect(page.get_by_role("button", name=say("producer.sign_and_send"))).to_be_visible()
    check_width(page)
    check_accessible(page)
