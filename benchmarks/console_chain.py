"""The check of a whole log in a real browser: how long, how much memory, how soon it stops when told to."""

import contextlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import CDPSession, Error, Page, sync_playwright

from benchmarks.load import Measured
from benchmarks.memory import fill
from benchmarks.reporting import Report
from benchmarks.servers import peak_bytes, prepared, serving
from tests.support.browser import find_chromium

CHECK = "/console/auditor"
HEAP_LIMIT_MIB = 64
CANCEL_LIMIT_MS = 200
_PATIENCE_MS = 30 * 60_000
_START = "#check .tools button:last-child"
_CANCEL = """async () => {
  const phase = () => document.querySelector("#check [data-phase]").dataset.phase;
  const begun = performance.now();
  document.querySelector("#check .tools button:last-child").click();
  while (phase() !== "cancelled") await new Promise((resolve) => requestAnimationFrame(resolve));
  return performance.now() - begun;
}"""


@dataclass(frozen=True, slots=True)
class Checked:
    """One check.

    Attributes:
        measured: Entries, and the seconds from the click to the verdict.
        heap_bytes: Most that the page's and the worker's heaps held together.
        resident_bytes: Peak of the browser process in which both run.
    """

    measured: Measured
    heap_bytes: int
    resident_bytes: int


def run(engine: str, small: int, large: int) -> Report:
    """Checks a log at two sizes, then begins once more and cancels."""
    report = Report(f"console check on {engine}, {small:,} and {large:,} entries")
    with prepared(engine) as log, serving(log.settings) as server:
        fill(log, server.url, small)
        first = check(server.url)
        fill(log, server.url, large - small)
        second = check(server.url, cancel=report)
    for checked in (first, second):
        entries = checked.measured.count
        report.add(f"{entries:,}", f"entries checked, {checked.measured.seconds:.1f} s", checked.measured)
        print(
            f"  {'':<10} {checked.heap_bytes / 2**20:>8.1f} MiB of heaps, "
            f"{checked.resident_bytes / 2**20:.0f} MiB resident at most",
            flush=True,
        )
    sizes = f"{first.heap_bytes / 2**20:.1f} -> {second.heap_bytes / 2**20:.1f} MiB"
    growth = second.heap_bytes / first.heap_bytes
    report.ratios.append((f"heaps of page and worker: {sizes}", growth))
    report.ratios.append(
        (
            f"resident: {first.resident_bytes / 2**20:.0f} -> {second.resident_bytes / 2**20:.0f} MiB",
            second.resident_bytes / first.resident_bytes,
        )
    )
    most = max(first.heap_bytes, second.heap_bytes) / 2**20
    report.goal(f"heaps <= {HEAP_LIMIT_MIB} MiB at either size", most <= HEAP_LIMIT_MIB)
    return report


def check(url: str, cancel: Report | None = None) -> Checked:
    """One check in a new browser; with a report, begun once more and cancelled."""
    found = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found.path, env={**found.environment}, chromium_sandbox=False
        )
        page = browser.new_page()
        page.goto(url + CHECK)
        page.locator(_START).wait_for()
        begun = time.perf_counter()
        page.locator(_START).click()
        heap = max(_watch(page), default=0)
        seconds = time.perf_counter() - begun
        assert page.locator("#check [data-verdict=ok]").count() == 1, page.locator("main").inner_text()
        entries = int(page.locator("#check [data-done]").get_attribute("data-done") or 0)
        resident = _resident(page)
        if cancel is not None:
            page.locator(_START).click()
            page.wait_for_selector("#check [data-phase=running]")
            page.locator("#check [data-done='0']").wait_for(state="detached")
            latency_ms = page.evaluate(_CANCEL)
            print(
                f"  {'':<10} {latency_ms:>8.0f} ms from the click on cancel to the end of the work",
                flush=True,
            )
            cancel.goal(f"cancelled within {CANCEL_LIMIT_MS} ms", latency_ms <= CANCEL_LIMIT_MS)
        browser.close()
    return Checked(Measured(entries, seconds), heap, resident)


def _watch(page: Page) -> Iterator[int]:
    """Bytes of both heaps, a few times a second, until the check has ended."""
    deadline = time.monotonic() + _PATIENCE_MS / 1000
    heaps = _Heaps(page.context.new_cdp_session(page))
    while page.locator("#check [data-phase=running]").count():
        if time.monotonic() > deadline:
            raise TimeoutError("the check does not end")
        page.wait_for_timeout(250)
        yield heaps.read()


class _Heaps:
    """The heaps of a page and of its workers, each of which has one of its own."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session
        self._workers: dict[str, int] = {}
        session.on("Target.attachedToTarget", lambda event: self._workers.update({event["sessionId"]: 0}))
        session.on("Target.detachedFromTarget", self._forget)
        session.on("Target.receivedMessageFromTarget", self._take)
        session.send(
            "Target.setAutoAttach", {"autoAttach": True, "waitForDebuggerOnStart": False, "flatten": False}
        )

    def read(self) -> int:
        """Bytes in use: the page's now, the workers' as they last answered."""
        ask = json.dumps({"id": 1, "method": "Runtime.getHeapUsage"})
        for worker in list(self._workers):
            with contextlib.suppress(Error):  # it has ended meanwhile
                self._session.send("Target.sendMessageToTarget", {"sessionId": worker, "message": ask})
        return int(self._session.send("Runtime.getHeapUsage")["usedSize"]) + sum(self._workers.values())

    def _forget(self, event: dict[str, str]) -> None:
        self._workers.pop(event["sessionId"], None)

    def _take(self, event: dict[str, str]) -> None:
        answer = json.loads(event["message"])
        if event["sessionId"] in self._workers and "result" in answer:
            self._workers[event["sessionId"]] = int(answer["result"]["usedSize"])


def _resident(page: Page) -> int:
    """Peak resident bytes of the largest renderer of this browser."""
    browser = page.context.browser
    assert browser is not None
    session = browser.new_browser_cdp_session()
    processes = session.send("SystemInfo.getProcessInfo")["processInfo"]
    return max(peak_bytes(each["id"]) for each in processes if each["type"] == "renderer")
