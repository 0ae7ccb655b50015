"""The console's proof modules in a real browser: the vectors' verdicts, and every changed bit noticed."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from ledger.store.engine import create_ledger_engine
from tests.support.browsing import assets_of, over_http
from tests.support.cast import Cast
from tests.support.databases import copy_sqlite
from tests.support.rfc6962 import RecursiveTree
from tests.support.web import open_site

VECTORS = Path(__file__).resolve().parents[1] / "vectors" / "log"
NUMBERS = ("index", "size", "old", "new")


@pytest.fixture(scope="module")
def page(
    chromium: Browser, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("proofs")
    engine = create_ledger_engine(copy_sqlite(sqlite_template, folder / "ledger.db"))
    with open_site(Cast(), engine, folder / "site") as site, over_http(site.app) as url:
        made = chromium.new_page()
        made.goto(url)
        yield made
        made.close()
    engine.dispose()


def script(name: str) -> str:
    return (Path(__file__).parent / f"{name}.js").read_text("utf-8")


def verdicts(page: Page, kind: str, cases: list[dict[str, Any]]) -> list[str]:
    """What the browser says of each case. Whole numbers go as text: some are above 2^53."""
    sent = [
        {name: str(value) if name in NUMBERS else value for name, value in case.items()} for case in cases
    ]
    found: list[str] = page.evaluate(script("proof_verdicts"), [assets_of(page), kind, sent])
    assert len(found) == len(cases)
    return found


def cases_of(kind: str) -> list[dict[str, Any]]:
    cases: list[dict[str, Any]] = json.loads((VECTORS / f"{kind}.json").read_text("utf-8"))["cases"]
    return cases


ML_DSA = ("valid-ml-dsa", "wrong-ml-dsa-time", "wrong-ml-dsa-bit", "wrong-ml-dsa-size")
"""Cases that are decided by such a signature alone."""


def knows_ml_dsa(page: Page) -> bool:
    """Whether the browser verifies ML-DSA-44: Chromium 156 does, and 153 does not."""
    script = """async () => {
        try {
            await crypto.subtle.importKey("raw-public", new Uint8Array(1312), "ML-DSA-44", false, ["verify"]);
        } catch (error) {
            return error.name !== "NotSupportedError";
        }
        return true;
    }"""
    return bool(page.evaluate(script))


@pytest.mark.parametrize("kind", sorted(path.stem for path in VECTORS.glob("*.json")))
def test_the_browser_says_what_the_vectors_say(page: Page, kind: str) -> None:
    """A signature of a kind that the browser does not know is none that it trusts, right or wrong."""
    cases = cases_of(kind)
    unknown = () if kind != "note" or knows_ml_dsa(page) else ML_DSA
    found = verdicts(page, kind, cases)
    expected = ["note.unsigned" if case["name"] in unknown else case["expect"] for case in cases]
    wrong = [
        (case["name"], expect, verdict)
        for case, expect, verdict in zip(cases, expected, found, strict=True)
        if expect != verdict
    ]
    assert not wrong


@pytest.mark.parametrize("kind", ["inclusion", "consistency", "receipt"])
def test_no_bit_can_be_changed(page: Page, kind: str) -> None:
    valid = [case for case in cases_of(kind) if case["expect"] == "ok"]
    # A receipt with lines by unknown keys may lose them: the plain one is the first.
    case = valid[0] if kind == "receipt" else max(valid, key=lambda each: len(each["path"]))
    found = page.evaluate(script("every_bit"), [assets_of(page), kind, case])
    assert found["intact"]
    assert found["tried"] >= 1_000
    assert found["taken"] == 0


def test_the_two_ways_to_hash_agree(page: Page) -> None:
    """Single proofs are hashed by WebCrypto, a whole log by a module of the console: never two results."""
    differing = page.evaluate(
        """async (base) => {
          const {digest} = await import(`${base}/js/proof/sha256.js`);
          const differing = [];
          for (let length = 0; length <= 300; length++) {
            const data = crypto.getRandomValues(new Uint8Array(length));
            const right = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
            const cut = length >> 1;
            for (const made of [digest(data), digest(data.subarray(0, cut), data.subarray(cut))]) {
              if (made.some((byte, at) => byte !== right[at])) differing.push(length);
            }
          }
          const long = new Uint8Array(70000).fill(0xa5);
          const right = new Uint8Array(await crypto.subtle.digest("SHA-256", long));
          if (digest(long).some((byte, at) => byte !== right[at])) differing.push(long.length);
          return differing;
        }""",
        assets_of(page),
    )
    assert differing == []


def test_the_compact_range_gives_the_root_of_every_size(page: Page) -> None:
    """Against the recursion of the RFC."""
    leaves = [bytes([number]) for number in range(130)]
    found = page.evaluate(
        """async ([base, count]) => {
          const load = (name) => import(`${base}/js/${name}.js`);
          const [{Peaks, leafOf}, {toHex}] = await Promise.all(["proof/tree", "core/bytes"].map(load));
          const peaks = new Peaks();
          const roots = [toHex(peaks.root())];
          for (let number = 0; number < count; number++) {
            peaks.append(leafOf(Uint8Array.of(number)));
            roots.push(toHex(peaks.root()));
          }
          return roots;
        }""",
        [assets_of(page), len(leaves)],
    )
    tree = RecursiveTree(leaves)
    assert found == [tree.root(0, size).hex() for size in range(len(leaves) + 1)]
