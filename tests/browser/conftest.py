"""Fixtures of the browser tests: a real server, a real Chromium, and pages that are watched.

``console`` runs once for each engine, SQLite in English and PostgreSQL in Chinese (``IN_BOTH``: each in both
languages; ``ONCE``: on SQLite in English alone); ``open_page`` and ``signed_in`` make pages on it. Tests that
change what the ledger holds take ``fresh_console`` instead, and name it to these; those that need nothing
but names of their own share ``written_console``.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.support.browser import find_chromium
from tests.support.console import POSTGRESQL, SQLITE, Console, Told, running, tell_story
from tests.support.pages import CHINESE, ENGLISH, PATIENCE_MS, Kept, text, watched

ENGINES = [SQLITE, pytest.param(POSTGRESQL, marks=pytest.mark.postgresql)]
LANGUAGES = {SQLITE: ENGLISH, POSTGRESQL: CHINESE}
# Parts of the browser's own window that it would load for every context, at the price of a page or two.
UNSEEN = (
    "PreloadTopChromeWebUI",
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
]
OpenPage = Callable[..., Page]
Say = Callable[..., str]
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
def console(told: Told, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A server for tests that leave the ledger as it is."""
    with running(told, tmp_path_factory.mktemp("console") / "ledger", lasting=True) as started:
        yield started


@pytest.fixture
def fresh_console(told: Told, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A server of the test's own."""
    with running(told, tmp_path_factory.mktemp("fresh") / "ledger") as started:
        yield started


@pytest.fixture(scope="session")
def written_console(told: Told, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A server for tests that add to the ledger what no other test looks for."""
    with running(told, tmp_path_factory.mktemp("written") / "ledger", lasting=True) as started:
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
def kept() -> Iterator[dict[tuple[str, str], Kept]]:
    """Contexts that tests take by turns, by address and language."""
    contexts: dict[tuple[str, str], Kept] = {}
    yield contexts
    for each in contexts.values():
        each.context.close()


@pytest.fixture
def open_page(
    request: pytest.FixtureRequest, chromium: Browser, language: str, kept: dict[tuple[str, str], Kept]
) -> Iterator[OpenPage]:
    """Opens a page as in a browser that was never here: ``open_page("/console/verify", width=390)``.

    Words besides those of a context: ``on`` another console, ``language``, ``width``, and ``allowed``, which
    holds the statuses that the test provokes on purpose. The first page without any is in a context that is
    emptied, for the files of the console are in its cache; every other has a context of its own.
    """
    taken: set[tuple[str, str]] = set()
    with contextlib.ExitStack() as stack:

        def open_one(path: str = "/", *, on: Console | None = None, **options: Any) -> Page:
            console: Console = on or request.getfixturevalue("console")
            options = {"language": language} | options
            key = (console.url, options["language"])
            if console.lasting and len(options) == 1 and key not in taken:
                taken.add(key)
                if key not in kept:
                    kept[key] = Kept.made(chromium, console, language=options["language"])
                page = stack.enter_context(kept[key].taken())
            else:
                page = stack.enter_context(watched(chromium, console, **options)).new_page()
            page.goto(path)
            return page

        yield open_one


@pytest.fixture
def signed_in(request: pytest.FixtureRequest, open_page: OpenPage) -> OpenPage:
    """Opens a page as a member: ``signed_in("mine", "/console/stock")``; other words as for ``open_page``."""

    def open_as(member: str, path: str = "/", *, on: Console | None = None, **options: Any) -> Page:
        console: Console = on or request.getfixturevalue("console")
        own = path.startswith("/console/")
        link = console.link(member)
        page = open_page(
            link.replace("#", f"?{urlencode({'next': path})}#") if own else link, on=console, **options
        )
        page.wait_for_url(lambda url: "/console/sign-in" not in url)
        if not own:
            page.goto(path)
        return page

    return open_as
