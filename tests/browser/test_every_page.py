"""Every page for everybody whose menu it stands in: it loads, says what it is, is easy to read, and fits.

The pages are those that the running console names in ``js/desks.js``. axe looks at a page as the first of
those who see it; for the others it loads and fits.
"""

import pytest
from playwright.sync_api import Error, Page

from tests.browser.conftest import OpenPage
from tests.support.console import Console
from tests.support.pages import HEIGHT, NARROW, WIDE, check_accessible, check_width, shown

NOBODY = "nobody"
PEOPLE = (NOBODY, "authority", "mine", "plant", "importer")
# Paths: of all pages; of those that are open to who is signed in; of those that are open to anybody.
_PAGES = """async () => {
  const base = document.body.dataset.assets + "/js";
  const [{ DESKS, menuFor }, { session }] = await Promise.all(
    ["desks", "core/session"].map((name) => import(`${base}/${name}.js`)));
  const pages = DESKS.flatMap(({ roles, pages }) => pages.map((page) => ({ roles, ...page })));
  const held = session.get()?.roles ?? null;
  const menu = menuFor(held).flatMap(({ pages }) => pages.map(({ path }) => path));
  const mine = ({ roles }) => roles === null || (held !== null && !roles.length);
  const apart = pages.filter((page) => page.menu === false && mine(page));
  return {
    all: pages.map(({ path }) => path),
    open: [...new Set([...menu, ...apart.map(({ path }) => path)])],
    anybody: pages.filter(({ roles }) => roles === null).map(({ path }) => path),
  };
}"""


def faults_of(page: Page, *, read: bool) -> list[str]:
    """What is wrong with the page that is open; ``read``: whether axe looks at it too."""
    faults = []
    try:
        shown(page)
        headings = page.locator("h1").count()
        if headings != 1:
            faults.append(f"{page.url} has {headings} h1")
        for failure in page.locator("main .failure").all():
            faults.append(f"{page.url} shows an error: {failure.inner_text()}")
        for width in (NARROW, WIDE):
            page.set_viewport_size({"width": width, "height": HEIGHT})
            check_width(page)
        if read:
            check_accessible(page)
    except (AssertionError, Error) as fault:
        faults.append(f"{page.url}: {fault}")
    return faults


@pytest.mark.slow
@pytest.mark.parametrize("person", PEOPLE)
def test_every_page_stands(open_page: OpenPage, signed_in: OpenPage, console: Console, person: str) -> None:
    page = open_page("/") if person == NOBODY else signed_in(person)
    shown(page)
    pages = page.evaluate(_PAGES)
    seen_before = set(pages["anybody"]) if person != NOBODY else set()
    if person in ("plant", "importer"):
        seen_before = set(pages["open"])  # as the mine sees them
    faults = []
    for path in pages["open"]:
        page.goto(path)
        faults += faults_of(page, read=path not in seen_before)
    assert faults == [], "\n\n".join(faults)


@pytest.mark.parametrize("person", PEOPLE)
def test_a_page_for_others_breaks_nothing(
    open_page: OpenPage, signed_in: OpenPage, console: Console, person: str
) -> None:
    page = open_page("/") if person == NOBODY else signed_in(person)
    shown(page)
    pages = page.evaluate(_PAGES)
    for path in sorted(set(pages["all"]) - set(pages["open"])):
        page.goto(path)
        if person == NOBODY:
            page.wait_for_url("**/console/sign-in?next=*")
        page.locator("main h1, main .failure").first.wait_for()
        check_width(page)
