"""How soon each desk of the console stands, in a real browser, over a simulated ledger of many movements.

Cold: a browser that was never here. Warm: the same address again. *Paint* is the browser's first contentful
paint, *stands* the moment at which the page's title is there and nothing of it loads any more; both in ms
since the address was asked for.
"""

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import Engine, text

from api.settings import Settings
from benchmarks.reporting import Report
from benchmarks.servers import free_port, serving
from ledger.encoding import b64url_encode
from ledger.simulation.folder import read_manifest
from ledger.simulation.registering import register_folder
from ledger.simulation.simulate import simulate
from ledger.statements.keys import read_key_file, read_private_key
from ledger.store.engine import create_ledger_engine
from tests.support.browser import find_chromium

ROUNDS = 5
GOAL_MS = 1_000
DESKS = {"regulator": "/console/regulator", "producer": "/console/producer", "auditor": "/console/auditor"}
_WATCH = """
addEventListener("DOMContentLoaded", () => new MutationObserver(() => {
  if (!self.stands && document.querySelector("main h1") &&
      !document.querySelector("main .loading, main [aria-busy=true]")) self.stands = performance.now();
}).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["aria-busy"] }));
"""
_TIMES = """async () => {
  while (!self.stands) await new Promise((done) => setTimeout(done, 5));
  return [performance.getEntriesByName("first-contentful-paint")[0].startTime, self.stands];
}"""


def run(movements: int, folder: Path) -> Report:
    """Makes the ledger in the folder, where it is not there yet, and opens the desks."""
    report = Report(f"desks of the console over {movements:,} movements, SQLite")
    with _served(movements, folder) as (url, people), sync_playwright() as playwright:
        found = find_chromium()
        browser = playwright.chromium.launch(
            executable_path=found.path, env={**found.environment}, chromium_sandbox=False
        )
        for desk, path in DESKS.items():
            _measure(report, browser, url, desk, path, people[desk])
        browser.close()
    return report


def _measure(report: Report, browser: Browser, url: str, desk: str, path: str, key_file: Path) -> None:
    times: dict[str, list[tuple[float, float]]] = {"cold": [], "warm": []}
    for _ in range(ROUNDS):
        with browser.new_context(base_url=url) as first:
            page = first.new_page()
            page.goto(f"/console/sign-in#key={b64url_encode(_pkcs8(key_file))}")
            page.wait_for_url(lambda address: "/console/sign-in" not in address)
            state = first.storage_state()
        # Another context has the session and no file of the console.
        with browser.new_context(base_url=url, storage_state=state) as context:
            context.add_init_script(_WATCH)
            for kind in ("cold", "warm"):
                page = context.new_page()
                page.goto(path)
                paint, stands = page.evaluate(_TIMES)
                times[kind].append((paint, stands))
                page.close()
    for kind, found in times.items():
        paint, stands = (statistics.median(each) for each in zip(*found, strict=True))
        report.wait(f"{desk}, {kind}: first paint (median of {ROUNDS})", paint)
        report.wait(f"{desk}, {kind}: stands (median of {ROUNDS})", stands)
        report.goal(
            f"{desk}, {kind}: first paint < 1 s ({paint:.0f} ms; stands {stands:.0f} ms)", paint < GOAL_MS
        )


def _pkcs8(key_file: Path) -> bytes:
    key = read_private_key(key_file)
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


@contextmanager
def _served(movements: int, folder: Path) -> Iterator[tuple[str, dict[str, Path]]]:
    """The simulated ledger behind a real server, and the keys of a person for each desk."""
    settings, people = registered(movements, folder)
    with serving(settings) as running:
        yield running.url, people


def registered(movements: int, folder: Path) -> tuple[Settings, dict[str, Path]]:
    """A simulated ledger in a folder, made or gone on with where it is not whole; and keys for each desk."""
    country, own = folder / "country", folder / "ledger"
    if not (country / "manifest.json").exists() or not read_manifest(country).get("complete"):
        simulate(country, movements=movements, plant=0.01, seed=7)
    own.mkdir(parents=True, exist_ok=True)
    engine = create_ledger_engine(f"sqlite:///{own / 'ledger.db'}")
    said: list[int] = []

    def tell(done: int, whole: int) -> None:
        if not said or done - said[-1] >= whole // 10 or done == whole:
            said.append(done)
            print(f"  registered: {done:,} of {whole:,}", flush=True)

    register_folder(country, engine, tell)
    people = _people(engine, country / "keys")
    engine.dispose()
    settings = Settings(
        database_url=f"sqlite:///{(own / 'ledger.db').resolve()}",
        origin=str(read_manifest(country)["origin"]),
        log_key_file=country / "keys" / "log.pem",
        mark_dir=own / "mark",
        port=free_port(),
        log_level="error",
    )
    return settings, people


def _people(engine: Engine, keys: Path) -> dict[str, Path]:
    """The authority as regulator and auditor; of the firms with a key that still signs, the busiest."""
    with engine.connect() as connection:
        busiest = connection.execute(
            text(
                "SELECT k.kid FROM (SELECT issuer, count(*) AS events FROM events GROUP BY issuer) e "
                "JOIN keys k ON k.party = e.issuer WHERE k.revoked_at IS NULL AND k.not_after_us IS NULL "
                "ORDER BY e.events DESC"
            )
        ).scalars()
        files = {read_key_file(path).kid: path for path in sorted(keys.glob("*.pem"))}
        firm = next(files[kid] for kid in busiest if kid in files)
    return {"regulator": keys / "authority.pem", "auditor": keys / "authority.pem", "producer": firm}
