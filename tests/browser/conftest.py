"""Fixtures of the browser tests: a real server, a real Chromium, and pages that are watched.

``console`` runs once for each engine, SQLite in English and PostgreSQL in Chinese (``IN_BOTH``: each in both
languages; ``ONCE``: on SQLite in English alone); ``open_page`` and ``signed_in`` make pages on it. Tests that
change what the ledger holds take ``fresh_console`` instead, and name it to these; those that need nothing
but names of their own share ``written_console``.
"""

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from benchmarks.forking import Forker
from tests.support.browser import find_chromium
from tests.support.console import POSTGRESQL, SQLITE, Console, Told, running, tell_story
from tests.support.pages import CHINESE, ENGLISH, PATIENCE_MS, Kept, text, watched

ENGINES = [SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.postgresql)]
LANGUAGES = {SQLITE: ENGLISH, POSTGRESQL: CHINESE}
# What the browser would load for every context, at the price of a page or two: parts of its own window, and a
# process in advance.
UNSEEN = (
    "PreloadTopChromeWebUI",
    "SpareRendererForSitePerProcess",
    "WebUIOmniboxAimPopup",
    "WebUIOmniboxFullPopup",
    "WebUIOmniboxPopup",
)
# What Playwright turns off, as far as pages or the net notice; of two lists Chromium heeds the last.
TURNED_OFF = (
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
ARGUMENTS = [
    # Nothing but this host has a name, so that no page can reach anything else even if it tried.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    f"--disable-features={','.join(UNSEEN + TURNED_OFF)}",
    # Pages of one context share a process, and what it has compiled.
    "--process-per-site",
]
OpenPage = Callable[..., Page]
Say = Callable[..., str]
Contexts = dict[tuple[str, str, int], Kept]
"""By address and language, and how many of these a test has already."""
IN_BOTH = pytest.mark.parametrize("language", [ENGLISH, CHINESE], indirect=True)
"""For a test that runs in both languages on each engine."""
ONCE = pytest.mark.parametrize("told", [SQLITE], indirect=True, scope="session")
"""For a test of what the browser does with what it is told, whichever database that came from."""

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The driver of browsers."""
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """The browser."""
    found = find_chromium()
    started: Playwright = request.getfixturevalue("playwright")
    browser = started.chromium.launch(
        executable_path=found.path,
        env={**os.environ, **found.environment},
        args=ARGUMENTS,
        chromium_sandbox=False,  # as root there is none
    )
    yield browser
    browser.close()


@pytest.fixture(scope="session", params=ENGINES)
def told(request: pytest.FixtureRequest, chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The ledger with its story, for copies."""
    server = request.getfixturevalue("postgres_server") if request.param == POSTGRESQL else None
    return tell_story(tmp_path_factory.mktemp("told"), server)


@pytest.fixture(scope="session")
def forker() -> Iterator[Forker]:
    """The process that each server begins in."""
    with Forker() as started:
        yield started


@pytest.fixture(scope="session")
def console(told: Told, forker: Forker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A server for tests that leave the ledger as it is."""
    folder = tmp_path_factory.mktemp("console") / "ledger"
    with running(told, folder, forker=forker, lasting=True) as started:
        yield started


@pytest.fixture
def fresh_console(told: Told, forker: Forker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A server of the test's own."""
    folder = tmp_path_factory.mktemp("fresh") / "ledger"
    with running(told, folder, forker=forker) as started:
        yield started


@pytest.fixture(scope="session")
def written_console(
    told: Told, forker: Forker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Console]:
    """A server for tests that add to the ledger what no other test looks for."""
    folder = tmp_path_factory.mktemp("written") / "ledger"
    with running(told, folder, forker=forker, lasting=True) as started:
        yield started


@pytest.fixture
def language(request: pytest.FixtureRequest, told: Told) -> str:
    """The language that the test's pages are read in, as a browser says it; ``IN_BOTH`` gives a test both."""
    by_engine = LANGUAGES[POSTGRESQL if told.server is not None else SQLITE]
    return str(getattr(request, "param", by_engine))


@pytest.fixture
def say(language: str) -> Callable[..., str]:
    """A text of the console in the test's language: ``say("common.sign_in")``."""
    return lambda key, **params: text(language, key, **params)


@pytest.fixture(scope="session")
def kept() -> Iterator[Contexts]:
    """Contexts that tests take by turns."""
    contexts: Contexts = {}
    yield contexts
    for each in contexts.values():
        each.context.close()


@pytest.fixture
def open_page(
    request: pytest.FixtureRequest, chromium: Browser, language: str, kept: Contexts
) -> Iterator[OpenPage]:
    """Opens a page as in a browser that was never here: ``open_page("/console/verify", width=390)``.

    Words besides those of a context: ``on`` another console, ``language``, ``width``, and ``allowed``, which
    holds the statuses that the test provokes on purpose. Where the console lasts and no other word is said,
    the context is one that is emptied, for the files of the console are in its cache.
    """
    taken: Counter[tuple[str, str]] = Counter()
    with contextlib.ExitStack() as stack:

        def open_one(path: str = "/", *, on: Console | None = None, **options: Any) -> Page:
            console: Console = on or request.getfixturevalue("console")
            if console.lasting and options.keys() <= {"language", "width", "allowed"}:
                spoken = options.pop("language", language)
                key = (console.url, spoken, taken[console.url, spoken])
                taken[console.url, spoken] += 1
                if key not in kept:
                    kept[key] = Kept.made(chromium, console, language=spoken)
                page = stack.enter_context(kept[key].taken(**options))
            else:
                options = {"language": language} | options
                page = stack.enter_context(watched(chromium, console, **options)).new_page()
            page.goto(path)
            return page

        yield open_one


@pytest.fixture
def signed_in(request: pytest.FixtureRequest, open_page: OpenPage) -> OpenPage:
    """Opens a page as a member: ``signed_in("mine", "/console/stock")``; other words as for ``open_page``."""

    def open_as(member: str, path: str = "/", *, on: Console | None = None, **options: Any) -> Page:
        console: Console = on or request.getfixturevalue("console")
        own = path == "/" or path.startswith("/console/")
        link = console.link(member)
        page = open_page(
            link.replace("#", f"?{urlencode({'next': path})}#") if own else link, on=console, **options
        )
        page.wait_for_url(lambda url: "/console/sign-in" not in url)
        if not own:
            page.goto(path)
        return page

    return open_as
