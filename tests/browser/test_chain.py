"""The check of the log over several tiles: what ties them together, and what only a lying log can show."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from ledger.log.tiles import entry_bundle, parse_entry_bundle
from ledger.store.engine import create_ledger_engine
from tests.support.browsing import over_http
from tests.support.cast import Cast
from tests.support.databases import copy_sqlite
from tests.support.pages import fresh_page
from tests.support.web import open_site

ENTRIES = 600
Change = Callable[[bytes], bytes]


@pytest.fixture(scope="module")
def url(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A log of three tiles, the last one not full."""
    folder = tmp_path_factory.mktemp("chain")
    engine = create_ledger_engine(copy_sqlite(sqlite_template, folder / "ledger.db"))
    cast = Cast()
    with open_site(cast, engine, folder / "site") as site, over_http(site.app) as address:
        size = site.get("/v1/log").get_json()["size"]
        lines = b"".join(cast.record(number=number) + b"\n" for number in range(ENTRIES - size))
        assert {each["status"] for each in site.batch(lines)} == {201}
        yield address
    engine.dispose()


@pytest.fixture(scope="module")
def context(chromium: Browser, url: str) -> Iterator[BrowserContext]:
    made = chromium.new_context()
    made.new_page().goto(url + "/healthz")  # holds the window and the process for those to come
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext, url: str) -> Iterator[Page]:
    page = fresh_page(context, url)
    page.goto(url + "/console/auditor")
    page.locator("#check .tools button").last.wait_for()
    yield page
    page.close()


def serve(page: Page, pattern: str, change: Change) -> None:
    def answer(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=change(response.body()))

    page.route(pattern, answer)


def faults(page: Page, button: str = "last") -> list[tuple[str, int]]:
    """Checks the log; code and index of every fault."""
    getattr(page.locator("#check .tools button"), button).click()
    page.locator("#check [data-phase=done]").wait_for()
    found = page.locator("[data-fault]").all()
    return [
        (each.get_attribute("data-fault") or "", int(each.get_attribute("data-index") or -1))
        for each in found
    ]


def entry_changed(at: int, old: bytes, new: bytes) -> Change:
    def change(bundle: bytes) -> bytes:
        width = 256 if bundle.count(b'{"index":') == 256 else ENTRIES % 256
        entries = parse_entry_bundle(bundle, width)
        assert old in entries[at]
        entries[at] = entries[at].replace(old, new, 1)
        return entry_bundle(entries)

    return change


def leaf_changed(at: int, entry: bytes) -> Change:
    hashed = hashlib.sha256(b"\x00" + entry).digest()
    return lambda tile: tile[: at * 32] + hashed + tile[(at + 1) * 32 :]


def test_a_right_log_is_right_in_every_tile(page: Page) -> None:
    assert faults(page) == []
    expect(page.locator("#check [data-verdict=ok]")).to_be_visible()
    page.locator("#check summary").click()
    expect(page.locator("#check tbody tr")).to_have_count(1)
    assert page.locator("#check tbody a.figure").all_inner_texts() == ["#0", "#599"]


@pytest.mark.parametrize(("tile", "at"), [("000", 255), ("001", 0), ("001", 255), ("002.p/88", 87)])
def test_a_changed_entry_at_the_edge_of_a_tile_is_named(page: Page, tile: str, at: int) -> None:
    change = entry_changed(at, b'"public":false', b'"public":true ')
    serve(page, f"**/tile/entries/{tile}", change)
    assert faults(page) == [("entry.malformed", int(tile[:3]) * 256 + at)]


@pytest.mark.parametrize("at", [0, 1])
def test_a_changed_tile_of_the_second_level_is_named(page: Page, at: int) -> None:
    serve(page, "**/tile/1/**", lambda body: body[: at * 32] + bytes(32) + body[(at + 1) * 32 :])
    assert faults(page) == [("tile.hashes", at * 256)]


def test_a_missing_bundle_stops_nothing(page: Page) -> None:
    page.route("**/tile/entries/001", lambda route: route.fulfill(status=404, body=""))
    assert faults(page) == [("bundle.missing", 256)]
    assert page.locator("#check [data-done]").get_attribute("data-done") == str(ENTRIES)


def test_nothing_of_a_tile_leaves_the_root_unknown(page: Page) -> None:
    page.route("**/tile/entries/001", lambda route: route.fulfill(status=404, body=""))
    page.route("**/tile/0/001", lambda route: route.fulfill(status=404, body=""))
    found = dict(faults(page))
    assert {"bundle.missing", "tile.missing", "log.unknown"} <= set(found)


def consistently(page: Page, url: str, at: int, old: bytes, new: bytes) -> None:
    """An entry of the first tile and its leaf hash are changed together, as a log that lies would."""
    bundle = page.request.get(url + "/tile/entries/000").body()
    entry = parse_entry_bundle(entry_changed(at, old, new)(bundle), 256)[at]
    serve(page, "**/tile/entries/000", entry_changed(at, old, new))
    serve(page, "**/tile/0/000", leaf_changed(at, entry))


def test_a_broken_link_is_named_and_the_root_is_not_the_signed_one(page: Page, url: str) -> None:
    bundle = page.request.get(url + "/tile/entries/000").body()
    old = parse_entry_bundle(bundle, 256)[100]
    hashed = old[old.index(b'"statement":') :]
    consistently(page, url, 100, hashed, hashed[:13] + b"A" * 42 + hashed[55:])
    found = faults(page)
    assert ("entry.link", 101) in found
    assert ("log.root", -1) in found
    assert ("checkpoint.root", ENTRIES - 1) in found


def test_a_time_that_falls_is_named(page: Page, url: str) -> None:
    consistently(page, url, 100, b'"recorded_at":"2026', b'"recorded_at":"1999')
    assert ("entry.time", 100) in faults(page)


def test_a_wrong_number_is_named(page: Page, url: str) -> None:
    consistently(page, url, 100, b'"index":100,', b'"index":109,')
    assert ("entry.index", 100) in faults(page)


def test_the_next_check_goes_on_where_the_last_one_ended(page: Page, url: str) -> None:
    assert faults(page) == []
    expect(page.locator("#check .tools button")).to_have_count(2)
    # What was found right before is not read again.
    page.route("**/tile/entries/000", lambda route: route.fulfill(status=404, body=""))
    assert faults(page, "first") == []
    expect(page.locator("#check [data-verdict=ok]")).to_be_visible()
    assert faults(page, "last") == [("bundle.missing", 0)]


def test_an_interrupted_check_says_so_and_is_no_fault(page: Page) -> None:
    page.route("**/tile/entries/002**", lambda route: route.fulfill(status=503, body=""))
    page.locator("#check .tools button").last.click()
    page.locator("#check [data-phase=stopped]").wait_for()
    assert page.locator("[data-fault]").count() == 0
