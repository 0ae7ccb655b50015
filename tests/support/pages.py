"""Pages in a real browser, watched: what must never happen on any page fails the test that it happens in."""

import json
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

from tests.support.browser import axe_source
from tests.support.console import Console

TEXTS = Path(__file__).resolve().parents[2] / "api/console/static/i18n"
ENGLISH, CHINESE = "en-GB", "zh-CN"
WIDE, NARROW = 1280, 390
HEIGHT = 860
PATIENCE_MS = 30_000
# Faults of a request that only the console itself can have made; others are answers that a page must show.
OWN_FAULTS = frozenset({400, 405, 406, 411, 415})
UNREACHED = 0
"""In place of a status: a request that the test lets no server answer."""
# What a browser writes about a request that nobody answered.
_UNANSWERED = re.compile(r"^Failed to load resource: net::ERR_FAILED")
# What a browser writes about each answer of 400 and above; the answers are judged by themselves.
_ANSWERED = re.compile(r"^Failed to load resource: the server responded with a status of")
_REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`content security policy: ${event.violatedDirective} ${event.blockedURI}`));
"""
_FIND_KEYS = """(areas) => {
  const key = new RegExp(`^(${areas.join("|")})\\\\.[a-z0-9_.-]+$`);
  const found = new Set();
  const judge = (text) => text.split(/\\s+/).forEach((word) =>
    key.test(word) && !word.endsWith(".example") && found.add(word));  // a party may be called so
  const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const { data, parentElement } = walker.currentNode;
    if (!parentElement.closest("code, pre, script, style, textarea, .code")) judge(data);
  }
  for (const name of ["aria-label", "title", "placeholder", "alt"])
    for (const element of document.querySelectorAll(`[${name}]`)) judge(element.getAttribute(name));
  return [...found];
}"""
# What a link does, and then until the page that was there is gone.
_FOLLOW = """async (address) => {
  const { go } = await import(document.body.dataset.assets + "/js/core/router.js");
  go(address);
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
}"""
_RUN_AXE = """async ([only, without]) => {
  const rules = Object.fromEntries(without.map((rule) => [rule, { enabled: false }]));
  const options = { preload: false, resultTypes: ["violations"], rules };
  if (only.length) options.runOnly = only;
  const { violations } = await axe.run(document, options);
  const told = ({ html, failureSummary }) => `${html.slice(0, 200)}: ${failureSummary}`;
  return violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(told) }));
}"""


@cache
def texts(language: str) -> dict[str, str]:
    """Every text of the console in a language, by "area.key"."""
    folder = TEXTS / ("zh" if language == CHINESE else "en")
    return {
        f"{path.stem}.{key}": text
        for path in sorted(folder.glob("*.json"))
        for key, text in json.loads(path.read_text("utf-8")).items()
    }


def text(language: str, key: str, **params: Any) -> str:
    """A text of the console as it stands on a page."""
    return re.sub(r"\{(\w+)\}", lambda each: str(params.get(each[1], each[0])), texts(language)[key])


@dataclass
class Watch:
    """What went wrong in a browser context, and what may.

    Attributes:
        origin: The only address that pages may talk to.
        allowed: Statuses that the test provokes on purpose.
        faults: What went wrong, in words.
    """

    origin: str
    allowed: frozenset[int]
    faults: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Begins to watch a new context."""
        context.add_init_script(_REPORT_VIOLATIONS)
        context.on("request", self._asked)
        context.on("response", self._answered)
        context.on("console", self._wrote)
        context.on("weberror", lambda error: self.faults.append(f"error on the page: {error.error}"))

    def end(self, context: BrowserContext) -> None:
        """A last look at the pages that are open."""
        for page in context.pages:
            if page.url.startswith(self.origin):
                self.look_for_keys(page)

    def look_for_keys(self, page: Page) -> None:
        """Notes every text that is shown as its key."""
        self.faults += [f"{page.url} shows a text as its key: {key}" for key in keys_shown(page)]

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.origin + "/", "data:", "blob:" + self.origin + "/")):
            self.faults.append(f"a request to another place: {request.method} {request.url}")

    def _answered(self, response: Response) -> None:
        status = response.status
        if (status >= 500 or status in OWN_FAULTS) and status not in self.allowed:
            self.faults.append(f"{status} {response.request.method} {response.url}")

    def _wrote(self, message: ConsoleMessage) -> None:
        if UNREACHED in self.allowed and _UNANSWERED.match(message.text):
            return
        if message.type == "error" and not _ANSWERED.match(message.text):
            self.faults.append(f"in the browser's console: {message.text}")


@contextmanager
def watched(
    browser: Browser,
    console: Console,
    *,
    language: str = ENGLISH,
    width: int = WIDE,
    allowed: Iterable[int] = (),
    **options: Any,
) -> Iterator[BrowserContext]:
    """A browser context on a console; at its end whatever went wrong fails the test.

    Args:
        browser: Which browser.
        console: Which server.
        language: As a browser says it.
        width: Of the window, in CSS pixels.
        allowed: Statuses that the test provokes on purpose.
        options: Further ones of a Playwright context.
    """
    context, watch = _begin(browser, console, language=language, width=width, allowed=allowed, **options)
    try:
        yield context
        watch.end(context)
    finally:
        context.close()
    assert not watch.faults, "\n".join(watch.faults)


def _begin(
    browser: Browser, console: Console, *, language: str, width: int, allowed: Iterable[int], **options: Any
) -> tuple[BrowserContext, Watch]:
    watch = Watch(console.url, frozenset(allowed))
    settings = {"viewport": {"width": width, "height": HEIGHT}, "reduced_motion": "reduce"} | options
    context = browser.new_context(base_url=console.url, locale=language, **settings)
    context.set_default_timeout(PATIENCE_MS)
    watch.over(context)
    return context, watch


@dataclass
class Kept:
    """A context that outlives a test, for its cache; whoever takes it finds nothing else in it.

    Attributes:
        context: Of the usual width.
        watch: What went wrong in it for who has it, and what may.
    """

    context: BrowserContext
    watch: Watch

    @classmethod
    def made(cls, browser: Browser, console: Console, *, language: str) -> "Kept":
        """A new one, in which a page without scripts holds the window and the process for those to come."""
        kept = cls(*_begin(browser, console, language=language, width=WIDE, allowed=()))
        kept.context.new_page().goto("/healthz")
        return kept

    @contextmanager
    def taken(self, *, width: int = WIDE, allowed: Iterable[int] = ()) -> Iterator[Page]:
        """An empty page; at its end whatever went wrong fails the test, and nothing of it stays.

        Args:
            width: Of the window, in CSS pixels.
            allowed: Statuses that the test provokes on purpose.
        """
        self.watch.faults.clear()
        self.watch.allowed = frozenset(allowed)
        page = fresh_page(self.context, self.watch.origin)
        if width != WIDE:
            page.set_viewport_size({"width": width, "height": HEIGHT})
        try:
            yield page
            self.watch.end(self.context)
        finally:
            for each in self.context.pages[1:]:
                each.close()
        assert not self.watch.faults, "\n".join(self.watch.faults)


def fresh_page(context: BrowserContext, origin: str) -> Page:
    """A page that finds nothing of those before it in the context but the files in its cache."""
    context.set_offline(False)
    context.clear_cookies()
    page = context.new_page()
    everything = {"origin": origin, "storageTypes": "all"}
    context.new_cdp_session(page).send("Storage.clearDataForOrigin", everything)
    return page


def keys_shown(page: Page) -> list[str]:
    """The keys of texts that stand on the page in place of the texts."""
    areas = sorted({key.partition(".")[0] for key in texts(ENGLISH)})
    found: list[str] = page.evaluate(_FIND_KEYS, areas)
    return found


def visit(page: Page, address: str) -> None:
    """Goes to an address of the console as a link on the page does, without loading the console anew."""
    page.evaluate(_FOLLOW, address)
    shown(page)


def shown(page: Page) -> None:
    """Returns once the page stands: its title is there, and nothing loads."""
    page.locator("main h1").first.wait_for()
    page.locator("main .loading, main [aria-busy=true]").first.wait_for(state="detached")


def wait_until(page: Page, expression: str) -> None:
    """Returns once an expression is true on the page.

    The library's own waiting would evaluate it there a second time, which the console's policy forbids.
    """
    until = time.monotonic() + PATIENCE_MS / 1000
    while not page.evaluate(expression):
        assert time.monotonic() < until, f"{page.url}: never true: {expression}"
        page.wait_for_timeout(20)


def check_accessible(page: Page, *, colours: bool = True) -> None:
    """Fails where axe-core finds anything on the page: all its rules in light, and the contrasts in dark.

    Args:
        page: Which page.
        colours: Whether it looks at contrasts, which are alike in every language.
    """
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(axe_source())
    contrasts = ["color-contrast"]
    looks = [("light", [], []), ("dark", contrasts, [])] if colours else [("light", [], contrasts)]
    for scheme, only, without in looks:
        page.emulate_media(color_scheme=scheme)
        violations = page.evaluate(_RUN_AXE, [only, without])
        assert violations == [], (
            f"{page.url} in {scheme}: {json.dumps(violations, indent=1, ensure_ascii=False)}"
        )
    page.emulate_media(color_scheme="null")


def check_width(page: Page) -> None:
    """Fails where the page is wider than its window."""
    wide, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window, f"{page.url} is {wide} px wide in a window of {window} px"
