#!/usr/bin/env python3
"""Take a picture of every desk of the console: light and dark, English and Chinese, wide and narrow.

    .ci/screenshots.py OUT [WORD...]     only pages whose name holds one of the words

Needs the test environment (``python3 run.py setup test`` prints its Python) and a Chromium. Tells the
demonstration's story on SQLite, serves it, and signs in as each person by their link. docs/console.md has the
list of what to look at on each picture.
"""

import sys
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from playwright.sync_api import Browser, sync_playwright

from tests.support.browser import find_chromium
from tests.support.console import Console, running, tell_story
from tests.support.pages import CHINESE, ENGLISH, NARROW, WIDE, shown

MAGNETS = "urn:epc:class:lgtin:9521003.000003.N42-01"
# Name of the picture -> (who, or None for anybody; page).
PAGES: dict[str, tuple[str | None, str]] = {
    "public-home": (None, "/"),
    "public-verify": (None, "/console/verify"),
    "sign-in": (None, "/console/sign-in"),
    "account": ("mine", "/console/account"),
    "producer-today": ("plant", "/console/producer"),
    "producer-record": ("plant", "/console/record"),
    "producer-process": ("plant", "/console/record?kind=process"),
    "producer-ship": ("plant", "/console/record?kind=ship"),
    "producer-stock": ("plant", "/console/stock"),
    "producer-shipments": ("plant", "/console/shipments"),
    "producer-licences": ("maker", "/console/licences"),
    "producer-records": ("maker", "/console/records"),
    "producer-provenance": ("maker", f"/console/provenance?lot={MAGNETS}"),
    "auditor-chain": ("auditor", "/console/auditor"),
    "auditor-entries": ("auditor", "/console/entries"),
    "auditor-entry": ("auditor", "/console/entries?index=23"),
    "auditor-audits": ("auditor", "/console/audits"),
    "auditor-refusals": ("auditor", "/console/refusals"),
    "regulator-overview": ("authority", "/console/regulator"),
    "regulator-provenance": ("authority", f"/console/provenance?lot={MAGNETS}"),
    "regulator-sankey": ("authority", f"/console/provenance?lot={MAGNETS}&view=flow"),
    "regulator-map": ("authority", f"/console/provenance?lot={MAGNETS}&view=map"),
    "regulator-alerts": ("authority", "/console/alerts"),
    "regulator-cases": ("authority", "/console/cases"),
    "regulator-queue": ("authority", "/console/licence-queue"),
    "regulator-quotas": ("authority", "/console/quotas"),
    "regulator-balance": ("authority", "/console/balance?party=urn:epc:id:pgln:9521002.00000"),
    "regulator-firm": ("authority", "/console/firm?party=urn:epc:id:pgln:9521002.00000"),
}
LOOKS = [
    (language, scheme, width)
    for language, scheme in product((ENGLISH, CHINESE), ("light", "dark"))
    for width in ((WIDE, NARROW) if scheme == "light" else (WIDE,))
]


def main(out: Path, words: list[str]) -> None:
    """Takes them all."""
    out.mkdir(parents=True, exist_ok=True)
    wanted = {name: page for name, page in PAGES.items() if not words or any(each in name for each in words)}
    with tempfile.TemporaryDirectory(prefix="reledger-pictures-") as folder, sync_playwright() as playwright:
        found = find_chromium()
        browser = playwright.chromium.launch(
            executable_path=found.path, env={**found.environment}, chromium_sandbox=False
        )
        told = Path(folder) / "told"
        told.mkdir()
        with running(tell_story(told, None), Path(folder) / "ledger") as console:
            for picture in take(browser, console, wanted, out):
                print(picture, flush=True)
        browser.close()


def take(
    browser: Browser, console: Console, wanted: dict[str, tuple[str | None, str]], out: Path
) -> Iterator[Path]:
    """One picture after the other; each look and person has a context of its own."""
    for (language, scheme, width), who in product(LOOKS, {who: None for who, _ in wanted.values()}):
        with browser.new_context(
            base_url=console.url,
            locale=language,
            color_scheme=scheme,
            viewport={"width": width, "height": 900},
            reduced_motion="reduce",
        ) as context:
            page = context.new_page()
            if who is not None:
                page.goto(console.link(who))
                page.wait_for_url(lambda address: "/console/sign-in" not in address)
            for name in (name for name, (whose, _) in wanted.items() if whose == who):
                page.goto(wanted[name][1])
                shown(page)
                page.wait_for_timeout(600)  # what is drawn comes a moment after what is written
                picture = out / f"{name}.{language[:2]}.{scheme}.{width}.png"
                page.screenshot(path=picture, full_page=True)
                yield picture


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]), sys.argv[2:])
