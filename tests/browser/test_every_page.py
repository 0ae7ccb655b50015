"""Every page for everybody: their own stand, are easy to read and fit; those for others say whose they are.

The pages are those that the running console names in ``js/desks.js``, and some of them with one thing shown.
axe looks at a page as the first of those who see it; for the others it stands and fits. Contrasts, which are
alike in every language, are looked at in English.
"""

import pytest
from playwright.sync_api import Error, Page, expect

from tests.browser.conftest import ONCE, OpenPage, Say
from tests.support.pages import (
    ENGLISH,
    HEIGHT,
    NARROW,
    WIDE,
    check_accessible,
    check_width,
    keys_shown,
    shown,
    visit,
)

NOBODY = "nobody"
MAGNETS = "/console/provenance?lot=urn:epc:class:lgtin:9521003.000003.N42-01"
VIEWS = ("graph", "flow", "map", "table", "recall", "label", "hand_over")
PLANT = "urn:epc:id:pgln:9521002.00000"
# Who looks, somebody for each menu, and the addresses besides the pages themselves.
PEOPLE: dict[str, list[str]] = {
    NOBODY: ["/console/entries?index=23"],
    "authority": [
        *(
            f"{MAGNETS}&view={view}"
            for view in ("graph", "flow", "map", "table", "recall", "label", "hand_over")
        ),
        "/console/cases?case=CASE-0001",
        "/console/licence-queue?licence=urn:epc:id:gdti:9521002.00001.0002",
        f"/console/firm?party={PLANT}",
        f"/console/balance?party={PLANT}",
    ],
    "auditor": ["/console/entries?index=23"],
    "operator": [],
    "mine": ["/console/record?kind=process"],
    "maker": [MAGNETS],
    "importer": [],
}
# Those who have the pages of an earlier one of the list.
AS_BEFORE = {"maker", "importer"}
# Paths: of all pages; of those that are open to who is signed in; of those that are open to anybody.
_PAGES = """async () => {
  const base = document.body.dataset.assets + "/js";
  const [{ DESKS, menuFor, open }, { session }] = await Promise.all(
    ["desks", "core/session"].map((name) => import(`${base}/${name}.js`)));
  const pages = DESKS.flatMap(({ roles, pages }) => pages.map((page) => ({ roles, ...page })));
  const held = session.get()?.roles ?? null;
  const named = (which) => pages.filter(which).map(({ path }) => path);
  return {
    menu: menuFor(held).flatMap(({ pages }) => pages.map(({ path }) => path)),
    open: named(({ roles }) => open(roles, held)),
    others: named(({ roles }) => !open(roles, held)),
    anybody: named(({ roles }) => roles === null),
  };
}"""
# What moves on a button that the pointer is on, once it is busy.
_MOVES_WHEN_BUSY = """async (button) => {
  button.setAttribute("aria-busy", "true");
  for (let frames = 0; frames < 2; frames += 1) await new Promise(requestAnimationFrame);
  return button.getAnimations().map(({ transitionProperty }) => transitionProperty);
}"""


def faults_of(page: Page, address: str, *, read: bool, colours: bool) -> list[str]:
    """What is wrong with the page at an address; ``read``: whether axe looks at it, with its colours."""
    faults = []
    try:
        visit(page, address)
        faults += [f"shows a text as its key: {key}" for key in keys_shown(page)]
        headings = page.locator("h1").count()
        if headings != 1:
            faults.append(f"has {headings} h1")
        failures = page.locator("main .failure").all()
        faults += [f"shows an error: {failure.inner_text()}" for failure in failures]
        for width in (NARROW, WIDE):
            page.set_viewport_size({"width": width, "height": HEIGHT})
            check_width(page)
        if read:
            check_accessible(page, colours=colours)
    except (AssertionError, Error) as fault:
        faults.append(str(fault))
    return [f"{address}: {fault}" for fault in faults]


@pytest.mark.slow
@pytest.mark.parametrize("person", PEOPLE)
def test_every_page_stands(
    open_page: OpenPage, signed_in: OpenPage, say: Say, language: str, person: str
) -> None:
    page = open_page("/") if person == NOBODY else signed_in(person)
    shown(page)
    pages = page.evaluate(_PAGES)
    assert set(pages["menu"]) <= set(pages["open"])
    read_before = set(pages["open"] if person in AS_BEFORE else pages["anybody"] if person != NOBODY else ())
    faults = []
    colours = language == ENGLISH
    for address in [*pages["open"], *PEOPLE[person]]:
        faults += faults_of(page, address, read=address not in read_before, colours=colours)
    for at, path in enumerate(pages["others"]):
        faults += faults_of(page, path, read=at == 0, colours=colours)
        if person == NOBODY:
            page.wait_for_url("**/console/sign-in?next=*")
        else:
            expect(page.get_by_role("heading", level=1)).to_have_text(say("common.others.title"))
    assert faults == [], "\n\n".join(faults)


@ONCE
def test_no_button_moves_for_those_who_ask_for_less_motion(open_page: OpenPage, say: Say) -> None:
    page = open_page("/console/entries?index=23")
    button = page.get_by_role("button", name=say("auditor.prove.do"))
    button.hover()
    assert button.evaluate(_MOVES_WHEN_BUSY) == []
    button.evaluate("(button) => button.removeAttribute('aria-busy')")
    page.emulate_media(reduced_motion="no-preference")
    button.hover()
    assert "background-color" in button.evaluate(_MOVES_WHEN_BUSY)
