"""Technology in the console: applied for without a mass, in the queue, granted, and handed over."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

from playwright.sync_api import expect

from ledger.materials.control_lists import published_lists
from tests.browser.conftest import IN_BOTH, OpenPage, Say
from tests.browser.test_producer import ask, sign
from tests.browser.test_regulator import act
from tests.support.console import Console
from tests.support.pages import check_accessible, check_width, shown, visit


def scope(say: Say, documents: int, training: int) -> str:
    return ", ".join(
        f"{count} {say(f'terms.technology_form.{form}')}"
        for form, count in (("documents", documents), ("training", training))
    )


@IN_BOTH
def test_technology_from_the_application_to_its_transfer(
    fresh_console: Console, signed_in: OpenPage, say: Say
) -> None:
    act(fresh_console, "authority", published_lists()["mofcom-62-2025"].act())
    importer = fresh_console.members["importer"].party
    page = signed_in("maker", "/console/licences", on=fresh_console)
    page.get_by_role("button", name=say("producer.apply")).click()
    dialog = page.get_by_role("dialog")
    dialog.locator("[name=number]").fill("EL-88")
    dialog.locator("[name=kind]").select_option("general")
    dialog.locator("[name=subject]").select_option("technology")
    expect(dialog.locator("[name=amount]")).to_have_count(0)
    dialog.locator("[name=technology]").select_option("1E902.a")
    dialog.locator("[name=destination]").select_option("DE")
    dialog.locator("[name=endUser]").fill(importer)
    dialog.locator("[name=endUse]").fill("a magnet line")
    dialog.locator("[name=documents]").fill("0")
    expect(dialog.get_by_role("button", name=say("producer.sign_and_send"))).to_be_disabled()
    dialog.locator("[name=documents]").fill("12")
    dialog.locator("[name=training]").fill("3")
    check_accessible(page)
    dialog.get_by_role("button", name=say("producer.sign_and_send")).click()
    expect(dialog.get_by_text(say("producer.step.verify"))).to_have_class("good")
    (applied,) = [each for each in ask(page, "/v1/licences")["records"] if "EL-88" in each["licence"]]
    assert (applied["quantity_mg"], applied["scope"]) == (0, {"documents": 12, "training": 3})

    licence, end = applied["licence"], datetime.now(UTC) + timedelta(days=300)
    span = {"start": "2026-01-01T00:00:00Z", "end": end.isoformat(timespec="seconds")}
    act(fresh_console, "authority", {"act": "grant-licence", "licence": licence, **span})
    visit(page, "/console/record?kind=impart")
    expect(page.locator("[name=site]")).to_have_count(0)
    page.select_option("[name=technology]", "1E902.a")
    page.select_option("[name=manner]", "release")
    page.fill("[name=to]", importer)
    page.select_option("[name=destination]", "DE")
    page.select_option("[name=licence]", licence)
    page.fill("[name=contract]", "urn:contract:88")
    page.fill("[name=training]", "2.5")
    expect(page.get_by_text(say("producer.fault.number")).first).to_be_visible()
    page.fill("[name=training]", "2")
    page.fill("[name=documents]", "13")
    expect(page.get_by_text(say("producer.would_be_refused"))).to_be_visible()
    page.check("[name=disclosed]")
    expect(page.get_by_role("button", name=say("producer.sign_and_send"))).to_be_disabled()
    page.uncheck("[name=disclosed]")
    page.fill("[name=documents]", "7")
    check_accessible(page)
    check_width(page)
    sign(page, say)
    visit(page, "/console/licences")
    expect(page.get_by_text(scope(say, 12, 3))).to_be_visible()
    expect(page.get_by_text(scope(say, 7, 2))).to_be_visible()
    expect(page.get_by_text(say("terms.technology_manner.release"))).to_be_visible()
    check_accessible(page)
    check_width(page)

    page = signed_in("authority", "/console/licence-queue?state=granted", on=fresh_console)
    shown(page)
    expect(page.get_by_text(scope(say, 12, 3))).to_be_visible()
    visit(page, f"/console/licence-queue?{urlencode({'licence': licence})}")
    expect(page.get_by_text(scope(say, 12, 3))).to_be_visible()
    expect(page.get_by_text(scope(say, 7, 2))).to_be_visible()
    check_accessible(page)
    check_width(page)
