"""The regulators' page on export control: what an export would need, who holds a firm, and screening."""

from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import expect

from ledger.materials.control_lists import published_lists
from tests.browser.conftest import IN_BOTH, OpenPage, Say
from tests.browser.test_regulator import act
from tests.support.console import Console
from tests.support.pages import check_accessible, check_width, shown

LISTED, HOLDING, GROUP, FUND, WORKS = (
    f"https://{name}.example/" for name in ("listed", "holding", "group", "fund", "works")
)
SINCE = "2026-02-01T00:00:00+08:00"


def state_everything(console: Console) -> None:
    """A list on goods made abroad, a restricted party, and firms that it holds jointly over two levels."""
    act(console, "authority", published_lists()["mofcom-61-2025"].act())
    listing: dict[str, Any] = {
        "act": "list-restricted-party",
        "kind": "organisation",
        "organisation": "Northern Falcon Industries",
        "party": LISTED,
        "control_list": "watch-list",
        "start": SINCE,
        "aliases": ["北方猎鹰工业公司"],
    }
    act(console, "authority", listing)
    for held, holder, percent in (
        (WORKS, HOLDING, "30"),
        (WORKS, GROUP, "20"),
        (HOLDING, LISTED, "50"),
        (GROUP, LISTED, "75"),
        (WORKS, FUND, "50"),
    ):
        holding = {"held": held, "holder": holder, "percent": percent, "start": SINCE, "basis": "register"}
        act(console, "authority", {"act": "state-ownership", "kind": "organisation", **holding})


@IN_BOTH
def test_an_export_its_buyer_and_a_name(fresh_console: Console, signed_in: OpenPage, say: Say) -> None:
    state_everything(fresh_console)
    lot = fresh_console.stage.members["maker"].lot(3, "N42-01")
    page = signed_in("authority", "/console/export-control", on=fresh_console)
    shown(page)
    page.get_by_label(say("export.need.lot"), exact=True).fill(lot)
    page.get_by_label(say("export.need.country"), exact=True).fill("DE")
    page.get_by_label(say("export.need.destination"), exact=True).fill("US")
    page.get_by_label(say("export.need.end_use"), exact=True).fill("semiconductor-logic:7")
    page.get_by_role("button", name=say("export.ask")).click()
    expect(page.get_by_text(say("export.answer.needed_means"))).to_be_visible()
    expect(page.get_by_text(say("export.verdict.reaches"))).to_be_visible()
    why = say("export.why.case-by-case", subject="semiconductor-logic:7", list="mofcom-61-2025")
    expect(page.get_by_text(why)).to_be_visible()
    check_accessible(page)
    check_width(page)

    page.get_by_label(say("export.need.end_user"), exact=True).fill(WORKS)
    page.get_by_role("button", name=say("export.ask")).click()
    expect(page.get_by_text(say("export.answer.refused_means"))).to_be_visible()

    page.get_by_role("tab", name=say("export.view.owners")).click()
    page.get_by_label(say("export.owners.party"), exact=True).fill(WORKS)
    page.get_by_role("button", name=say("export.ask")).click()
    expect(page.get_by_text(say("export.owners.restricted"), exact=True)).to_be_visible()
    tree = page.locator(".tree")
    for holder in (HOLDING, GROUP, FUND, LISTED):
        expect(tree).to_contain_text(holder)
    check_accessible(page)
    page.goto(f"/console/export-control?{urlencode({'view': 'owners', 'party': WORKS, 'at': '2026-01-31'})}")
    expect(page.get_by_text(say("export.owners.free"), exact=True)).to_be_visible()

    page.get_by_role("tab", name=say("export.view.screening")).click()
    page.get_by_label(say("export.screening.name"), exact=True).fill("NORTHERN FALCON INDUSTRY CO., LTD.")
    page.get_by_role("button", name=say("export.ask")).click()
    row = page.locator("tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("955")
    expect(row).to_contain_text("industry ≈ industries")
    check_accessible(page)
    check_width(page)
    page.get_by_label(say("export.screening.name"), exact=True).fill("Eastern Wool")
    page.get_by_role("button", name=say("export.ask")).click()
    expect(page.get_by_text("Eastern Wool").first).to_be_visible()
    expect(row).to_have_count(0)
