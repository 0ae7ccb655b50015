"""What the fixtures watch for is found: each fault is made once on a page, and named."""

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import ONCE, OpenPage
from tests.support.console import Console
from tests.support.pages import ENGLISH, Kept, check_accessible, check_width, shown, watched

SCRIPTS = {
    "in the browser's console: lost": "console.error('lost')",
    "error on the page": "setTimeout(() => { throw new Error('lost') })",
    "content security policy: style-src": "document.body.setAttribute('style', 'color: red')",
    "400 GET": "fetch('/v1/parties?limit=none').then((answer) => answer.text())",
    "shows a text as its key: common.lost": "document.querySelector('h1').textContent = 'common.lost'",
    "shows a text as its key: common.hidden": "document.querySelector('h1').ariaLabel = 'common.hidden'",
}


@ONCE
@pytest.mark.parametrize(("fault", "script"), SCRIPTS.items())
def test_a_fault_is_found(chromium: Browser, console: Console, fault: str, script: str) -> None:
    with pytest.raises(AssertionError, match=fault), watched(chromium, console) as context:  # noqa: PT012
        page = context.new_page()
        page.goto("/")
        shown(page)
        page.evaluate(script)
        page.evaluate("new Promise((done) => setTimeout(done))")


@ONCE
def test_a_context_that_is_kept_is_watched_and_empty_for_the_next(
    chromium: Browser, console: Console
) -> None:
    kept = Kept.made(chromium, console, language=ENGLISH)
    with pytest.raises(AssertionError, match="in the browser's console: lost"), kept.taken() as page:  # noqa: PT012
        page.goto(console.link("mine"))
        page.wait_for_url("**/console/producer")
        page.evaluate("console.error('lost'); sessionStorage.setItem('left', 'behind')")
    with kept.taken() as page:
        assert kept.context.cookies() == []
        page.goto("/")
        shown(page)
        assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]
        assert page.evaluate("indexedDB.databases().then((all) => all.length)") == 0
    kept.context.close()


@ONCE
def test_a_request_to_another_place_is_found(chromium: Browser, console: Console) -> None:
    with pytest.raises(AssertionError, match="another place"), watched(chromium, console) as context:  # noqa: PT012
        page = context.new_page()
        page.goto("/")
        with context.expect_event("request", lambda request: ":9/" in request.url):
            page.evaluate("void open('http://127.0.0.1:9/')")


@ONCE
def test_a_page_without_a_fault_passes(open_page: OpenPage) -> None:
    page = open_page("/")
    shown(page)
    check_width(page)
    check_accessible(page)


@ONCE
def test_what_is_hard_to_read_is_found(open_page: OpenPage) -> None:
    page = open_page("/")
    shown(page)
    page.evaluate("document.querySelector('h1').style.color = 'light-dark(white, black)'")
    with pytest.raises(AssertionError, match="color-contrast"):
        check_accessible(page)


@ONCE
def test_what_is_hard_to_read_in_the_dark_is_found(open_page: OpenPage) -> None:
    page = open_page("/")
    shown(page)
    page.evaluate("document.querySelector('h1').style.color = 'black'")
    with pytest.raises(AssertionError, match="in dark"):
        check_accessible(page)


@ONCE
def test_a_page_that_is_too_wide_is_found(open_page: OpenPage) -> None:
    page = open_page("/")
    shown(page)
    page.evaluate("document.querySelector('h1').style.width = '3000px'")
    with pytest.raises(AssertionError, match="px wide"):
        check_width(page)


@ONCE
def test_signing_in_opens_a_session(signed_in: OpenPage, console: Console) -> None:
    page = signed_in("mine", "/v1/sessions/current")
    assert console.members["mine"].party in page.inner_text("body")
