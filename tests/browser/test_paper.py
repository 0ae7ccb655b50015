"""Pages on paper: black on white though the screen is dark, nothing cut off, nothing to click."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import OpenPage
from tests.support.console import SQLITE, Console
from tests.support.pages import check_width, shown, visit

# A4 between margins of 14 mm, in pixels of 96 to the inch.
PAPER = {"width": 688, "height": 1016}
ON_PAPER = """() => {
  const seen = (selector) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility());
  const told = (each) => each.ariaLabel ?? each.outerHTML.slice(0, 90);
  const isWhite = (each) => getComputedStyle(each).backgroundColor === "rgb(255, 255, 255)";
  const clicked = "main button, main select, main input, .top, .side, .table-foot, [role=tablist]";
  return {
    panels: seen(".panel").length,
    controls: seen(clicked).filter((each) => !each.matches("th button, .graph-list button")).map(told),
    cut: seen(".table-wrap, pre, .flows, .graph-list").filter((e) => e.scrollWidth > e.clientWidth + 1)
      .map(told),
    dark: seen(".panel, .stat").filter((each) => !isWhite(each)).map(told),
    ink: getComputedStyle(document.querySelector("h1")).color,
  };
}"""
VIEWS = {
    "graph": ".graph-canvas[data-drawn]",
    "flow": ".flows svg",
    "map": ".map .place",
    "table": "tbody tr",
}

# What a style sheet does does not depend on the database.
pytestmark = pytest.mark.parametrize("told", [SQLITE], indirect=True)


def check_on_paper(page: Page) -> None:
    page.emulate_media(media="print", color_scheme="dark")
    page.set_viewport_size(PAPER)
    check_width(page)
    found = page.evaluate(ON_PAPER)
    assert found.pop("panels") > 0
    assert found == {"controls": [], "cut": [], "dark": [], "ink": "rgb(0, 0, 0)"}, page.url
    page.emulate_media(media="screen")


def test_pages_are_printed_whole(signed_in: OpenPage, console: Console) -> None:
    page = signed_in("authority", "/console/firm?party=urn:epc:id:pgln:9521002.00000", color_scheme="dark")
    shown(page)
    check_on_paper(page)
    lot = "urn:epc:class:lgtin:9521003.000003.N42-01"
    for view, drawn in VIEWS.items():
        visit(page, f"/console/provenance?lot={lot}&view={view}")
        page.locator(drawn).locator("visible=true").first.wait_for()
        check_on_paper(page)
    for path in ("/console/quotas", "/console/balance?party=urn:epc:id:pgln:9521002.00000"):
        visit(page, path)
        check_on_paper(page)
    visit(page, "/console/verify")
    receipt = sorted((console.stage.folder / "receipts").glob("*.receipt"))[5]
    page.fill("#receipt", receipt.read_text("utf-8"))
    page.fill("#statement", receipt.with_suffix(".jws").read_text("utf-8"))
    page.locator("#result [data-verdict=ok]").wait_for()
    check_on_paper(page)
