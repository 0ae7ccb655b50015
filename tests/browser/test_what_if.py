"""A draft is tried on the demonstration's history, looked into, and forgotten; the ledger stays as it was."""

import json
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage, Say
from tests.support.pages import check_accessible, check_width, shown


def ask(page: Page, path: str) -> Any:
    """What the ledger answers to the person on the page."""
    return json.loads(page.evaluate("(path) => fetch(path).then((answer) => answer.text())", path))


def test_a_draft_is_tried_on_history(signed_in: OpenPage, say: Say) -> None:
    page = signed_in("authority", "/console/what-if", width=390)
    shown(page)
    check_accessible(page)
    size = ask(page, "/v1/log")["size"]
    page.select_option("select[name=code]", "licence.missing")
    page.select_option("select[name=action]", "flag")
    page.get_by_role("button", name=say("what_if.start")).click()
    sides = page.locator("#sides")
    expect(sides).to_be_visible()
    job = page.url.rpartition("job=")[2]
    report = ask(page, f"/v1/what-ifs/{job}")["report"]
    assert report["differing"] > 0
    assert report["agreement"]["unlike"] == 0
    alike = report["agreement"]["judged"]
    expect(sides).to_contain_text(say("what_if.alike", alike=alike, judged=alike))
    shown(page)
    check_accessible(page)
    check_width(page)

    page.locator("#differences .bars a").first.click()
    expect(page.locator("[role=tab][data-tab=product]")).to_have_attribute("aria-selected", "true")
    page.locator("#differences details.twin > summary").click()
    with page.expect_download() as download:
        page.locator("#differences").get_by_role("button", name=say("common.csv")).click()
    text = download.value.path().read_text("utf-8")
    (firm,) = {cell["firm"] for cell in report["cells"]} - {""}
    masses = [cell["mass_mg"] for cell in report["cells"] if cell["firm"] == firm]
    assert str(sum(masses)) in text
    expect(page.locator("#movements tbody tr")).to_have_count(len(report["shown"]))
    expect(page.locator("#codes")).to_contain_text(say("rules.licence.missing.title"))
    check_accessible(page)

    page.get_by_role("button", name=say("auditor.audits.forget")).first.click()
    expect(sides).to_have_count(0)
    assert all(each["id"] != job for each in ask(page, "/v1/what-ifs")["what_ifs"])
    assert ask(page, "/v1/log")["size"] == size
