"""The auditors' pages and the page for receipts: right is shown as right, and what is broken in its place."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from ledger.log.tiles import parse_entry_bundle
from tests.browser.conftest import IN_BOTH, ONCE, OpenPage, Say
from tests.support.browsing import assets_of
from tests.support.console import Console
from tests.support.pages import check_accessible, shown, visit

CHECK = "/console/auditor"
ENDED = "#check [data-phase=done]"
Change = Callable[[bytes], bytes]


def checked(page: Page) -> None:
    """Runs the check of the whole log to its end."""
    shown(page)
    page.locator("#check .tools button").last.click()
    page.locator(ENDED).wait_for()


def faults(page: Page) -> list[tuple[str, str | None]]:
    """Code and index of every fault that the page lists."""
    found = page.locator("[data-fault]").all()
    return [(each.get_attribute("data-fault") or "", each.get_attribute("data-index")) for each in found]


def tamper(page: Page, pattern: str, change: Change) -> None:
    """From now on the browser gets something else than the server sends."""

    def answer(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=change(response.body()))

    page.route(pattern, answer)


def kept(page: Page) -> dict[str, Any]:
    """What the browser keeps of the log."""
    found: dict[str, Any] = page.evaluate(
        "async (base) => (await (await import(`${base}/js/proof/trust.js`)).everyLog())[0]", assets_of(page)
    )
    return found


def keep(page: Page, **members: Any) -> None:
    """Changes what the browser keeps of the log, as an earlier visit would have left it."""
    page.evaluate(
        "async ([base, origin, members]) => "
        "(await import(`${base}/js/proof/trust.js`)).keepOfLog(origin, members)",
        [assets_of(page), kept(page)["origin"], members],
    )
    page.reload()


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def changed_entry(index: int) -> Change:
    """Another statement hash in one entry of a bundle; every length stays."""

    def change(bundle: bytes) -> bytes:
        mark = b'"index":%d,' % index
        at = bundle.index(b'"statement":"', bundle.index(mark)) + 20
        return bundle[:at] + (b"A" if bundle[at : at + 1] != b"A" else b"B") + bundle[at + 1 :]

    return change


@ONCE
def test_a_right_log_is_right_and_its_head_is_kept(open_page: OpenPage) -> None:
    page = open_page(CHECK)
    checked(page)
    expect(page.locator("#check [data-verdict=ok]")).to_be_visible()
    assert faults(page) == []
    size = int(page.locator("[data-kept-size]").get_attribute("data-kept-size") or 0)
    assert size == kept(page)["head"]["size"] > 40
    page.reload()
    checked(page)
    expect(page.locator("#check [data-verdict=ok]")).to_be_visible()
    expect(page.locator("[data-trust=known]")).to_be_visible()


@ONCE
@pytest.mark.parametrize("index", [7, 23, "last"])
def test_a_changed_entry_is_named(open_page: OpenPage, index: int | str) -> None:
    page = open_page(CHECK)
    shown(page)
    last = page.evaluate("fetch('/v1/log').then((answer) => answer.json())")["size"] - 1
    at = last if index == "last" else int(index)
    tamper(page, "**/tile/entries/**", changed_entry(at))
    checked(page)
    assert faults(page) == [("entry.bytes", str(at))]
    assert page.locator("a.figure", has_text=f"#{at}").first.get_attribute("href") == (
        f"/console/entries?index={at}"
    )
    assert kept(page)["head"] is None


@ONCE
def test_an_entry_that_is_none_is_named(open_page: OpenPage) -> None:
    page = open_page(CHECK)
    tamper(page, "**/tile/entries/**", lambda body: body.replace(b'"index":9,', b'"index":x,'))
    checked(page)
    assert faults(page) == [("entry.malformed", "9")]


@ONCE
@pytest.mark.parametrize("at", [0, 12])
def test_a_changed_tile_is_named(open_page: OpenPage, at: int) -> None:
    page = open_page(CHECK)
    tamper(page, "**/tile/0/**", lambda body: flipped(body, at * 32 + 5))
    checked(page)
    assert faults(page) == [("tile.hashes", str(at))]


@ONCE
def test_a_bundle_that_is_missing_is_named_and_the_check_goes_on(open_page: OpenPage) -> None:
    page = open_page(CHECK)
    page.route("**/tile/entries/**", lambda route: route.fulfill(status=404, body=""))
    checked(page)
    assert ("bundle.missing", "0") in faults(page)


@ONCE
def test_a_changed_head_is_refused(open_page: OpenPage) -> None:
    page = open_page(CHECK)
    tamper(page, "**/checkpoint", lambda body: flipped(body, len(body) - 20))
    checked(page)
    assert [code for code, _ in faults(page)] == ["checkpoint.head"]
    assert kept(page)["head"] is None


@ONCE
def test_a_changed_checkpoint_among_the_published_is_named(open_page: OpenPage) -> None:
    page = open_page(CHECK)

    def change(body: bytes) -> bytes:
        rows = json.loads(body)
        note = rows["checkpoints"][5]["checkpoint"]
        rows["checkpoints"][5]["checkpoint"] = note[:-20] + ("A" if note[-20] != "A" else "B") + note[-19:]
        return json.dumps(rows).encode()

    size = page.evaluate("fetch('/v1/log/checkpoints').then((answer) => answer.json())")["checkpoints"][5]
    tamper(page, "**/v1/log/checkpoints**", change)
    checked(page)
    assert faults(page) == [("checkpoint.signature", str(size["size"] - 1))]


@ONCE
def test_an_act_that_is_withheld_or_changed_is_named(open_page: OpenPage) -> None:
    page = open_page(CHECK)

    def change(body: bytes) -> bytes:
        acts = json.loads(body)
        by_index = {act["index"]: act for act in acts["acts"]}
        by_index[2]["jws"] = None
        by_index[4]["jws"] = by_index[6]["jws"]
        return json.dumps(acts).encode()

    tamper(page, "**/v1/acts**", change)
    page.route("**/v1/statements/*", lambda route: route.fulfill(status=404, body=""))
    checked(page)
    found = faults(page)
    assert ("act.withheld", "2") in found
    assert ("act.hash", "4") in found


@ONCE
def test_a_fork_is_shown_and_the_kept_head_stays(open_page: OpenPage) -> None:
    page = open_page(CHECK)
    shown(page)
    other = {"size": 20, "root": "A" * 43 + "=", "note": "", "at": "2026-11-01T00:00:00.000Z"}
    keep(page, head=other)
    checked(page)
    assert faults(page) == [("log.forked", "19")]
    assert kept(page)["head"] == other


@ONCE
def test_a_log_that_shrank_is_shown_and_the_kept_head_stays(open_page: OpenPage) -> None:
    page = open_page(CHECK)
    shown(page)
    larger = {"size": 5000, "root": "A" * 43 + "=", "note": "", "at": "2026-11-01T00:00:00.000Z"}
    keep(page, head=larger)
    checked(page)
    assert [code for code, _ in faults(page)] == ["log.shrunk"]
    assert kept(page)["head"] == larger


@ONCE
def test_a_changed_key_is_shown_and_not_followed(open_page: OpenPage) -> None:
    page = open_page(CHECK)
    shown(page)
    key = page.evaluate(
        """async ([base, origin]) => {
          const load = (name) => import(`${base}/js/${name}.js`);
          const [{concat, sha256, toBase64, toHex, utf8}, trust] =
            await Promise.all([load("core/bytes"), load("proof/trust")]);
          const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
          const raw = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
          const key = concat(Uint8Array.of(1), raw);
          const id = await sha256(concat(utf8(origin + "\\n"), key));
          const vkey = `${origin}+${toHex(id.subarray(0, 4))}+${toBase64(key)}`;
          await trust.trustKey(vkey, "first");
          return vkey;
        }""",
        [assets_of(page), kept(page)["origin"]],
    )
    page.reload()
    expect(page.locator("[data-trust=changed]")).to_be_visible()
    checked(page)
    found = dict(faults(page))
    assert "checkpoint.head" in found
    assert found["genesis.log-key"] == "0"
    assert kept(page)["vkey"] == key
    assert kept(page)["head"] is None


@ONCE
def test_a_check_can_be_paused_and_cancelled(open_page: OpenPage) -> None:
    page = open_page(CHECK)
    shown(page)
    held: list[Route] = []
    page.route("**/tile/entries/**", lambda route: held.append(route))
    page.locator("#check .tools button").last.click()
    expect(page.locator("#check [data-phase=running]")).to_be_visible()
    page.locator("#check .tools button").first.click()
    expect(page.locator("#check [data-phase=paused]")).to_be_visible()
    page.locator("#check .tools button").first.click()
    expect(page.locator("#check [data-phase=running]")).to_be_visible()
    page.locator("#check .tools button").last.click()
    expect(page.locator("#check [data-phase=cancelled]")).to_be_visible()
    page.unroute("**/tile/entries/**")
    checked(page)
    expect(page.locator("#check [data-verdict=ok]")).to_be_visible()


def receipts(console: Console) -> list[Path]:
    return sorted((console.stage.folder / "receipts").glob("*.receipt"))


@ONCE
def test_a_receipt_is_verified_and_a_changed_one_is_broken(open_page: OpenPage, console: Console) -> None:
    page = open_page("/console/verify")
    shown(page)
    path = receipts(console)[5]
    receipt, jws = path.read_text("utf-8"), path.with_suffix(".jws").read_text("utf-8")
    index = int(receipt.split("\nindex ")[1].split("\n")[0])
    page.context.set_offline(True)
    page.fill("#receipt", receipt)
    page.fill("#statement", jws)
    expect(page.locator("#result [data-verdict=ok]")).to_contain_text(str(index))
    expect(page.locator("#result [data-state=ok]")).to_have_count(6)

    def broken(text: str, statement: str, step: str) -> None:
        page.fill("#receipt", text)
        page.fill("#statement", statement)
        expect(page.locator(f"#result [data-step={step}][data-state=failed]")).to_be_visible()
        expect(page.locator("#result [data-verdict=broken]")).to_be_visible()

    broken(receipt, receipts(console)[6].with_suffix(".jws").read_text("utf-8"), "statement")
    expect(page.locator("#result [data-verdict=broken]")).to_contain_text(str(index))
    broken(receipt.replace(f"\nindex {index}\n", f"\nindex {index + 1}\n"), jws, "index")
    lines = receipt.split("\n")
    swapped = "\n".join([*lines[:3], lines[4], lines[3], *lines[5:]])
    broken(swapped, jws, "inclusion")
    broken(receipt[:-30] + ("A" if receipt[-30] != "A" else "B") + receipt[-29:], jws, "checkpoint")
    broken("not a receipt", jws, "form")
    page.context.set_offline(False)


@ONCE
def test_an_entry_is_proved_step_by_step(open_page: OpenPage) -> None:
    page = open_page("/console/entries?index=5")
    shown(page)
    expect(page.locator("#entry .badge.good")).to_have_count(2)
    page.locator("#prove button").click()
    expect(page.locator("#prove[data-proved=ok]")).to_be_visible()
    assert page.locator("#prove .proof-steps > li").count() == page.locator(
        "#prove svg.tree rect"
    ).count() + 1 - (page.locator("#prove svg.tree .given rect").count())
    with page.expect_download() as saving:
        page.locator("#prove button").last.click()
    saved = Path(saving.value.path()).read_text("utf-8")
    page.goto("/console/verify")
    shown(page)
    page.fill("#receipt", saved)
    expect(page.locator("#result [data-verdict=ok]")).to_contain_text("5")


@ONCE
def test_a_changed_entry_cannot_be_proved(open_page: OpenPage) -> None:
    page = open_page("/console/entries")
    shown(page)
    tamper(page, "**/v1/log/entries?start=5&end=6", lambda body: body.replace(b"2026-", b"2025-", 1))
    page.fill("#jump", "5")
    page.keyboard.press("Enter")
    page.locator("#prove button").click()
    expect(page.locator("#prove[data-proved=broken]")).to_contain_text("5")


@IN_BOTH
def test_from_the_log_to_a_report(signed_in: OpenPage, fresh_console: Console, say: Say) -> None:
    page = signed_in("auditor", CHECK, on=fresh_console)
    checked(page)
    expect(page.locator("#check [data-verdict=ok]")).to_be_visible()
    visit(page, "/console/entries?index=23")
    page.locator("#prove button").click()
    expect(page.locator("#prove[data-proved=ok]")).to_be_visible()
    visit(page, "/console/refusals")
    expect(page.locator("[data-verdict=ok]")).to_be_visible()
    assert page.locator("[data-refusal]").count() >= 3
    visit(page, "/console/audits")
    page.locator(".page-head button").click()
    page.locator("[data-job=done]").wait_for()
    expect(page.locator("#report [data-verdict=ok]")).to_be_visible()
    with page.expect_download() as saving:
        page.locator("#report button").first.click()
    report = json.loads(Path(saving.value.path()).read_text("utf-8"))
    assert report["ok"]
    with page.expect_download() as saving:
        page.locator("#report button").nth(1).click()
    assert report["root"] in Path(saving.value.path()).read_text("utf-8")
    check_accessible(page)


@ONCE
def test_the_journal_is_followed_and_a_changed_record_is_named(signed_in: OpenPage) -> None:
    page = signed_in("authority", "/console/refusals")
    shown(page)
    expect(page.locator("[data-verdict=ok]")).to_be_visible()
    assert page.locator("[data-refusal]").count() >= 3

    def change(body: bytes) -> bytes:
        found = json.loads(body)
        found["refusals"][1]["record"] = found["refusals"][1]["record"].replace(
            '"judged_at":', '"judged_at":1', 1
        )
        return json.dumps(found).encode()

    tamper(page, "**/v1/refusals**", change)
    page.reload()
    expect(page.locator("[data-verdict=broken]")).to_be_visible()
    expect(page.locator("[data-refusal='1'][data-broken='hash']")).to_be_visible()
    expect(page.locator("[data-refusal='2'][data-broken='link']")).to_be_visible()


def test_the_bundle_that_is_tampered_with_still_has_its_form() -> None:
    """The tests above change what an entry says and nothing about where it stands."""
    entry = b'{"index":7,"statement":"' + b"C" * 43 + b'"}'
    bundle = len(entry).to_bytes(2, "big") + entry
    assert parse_entry_bundle(changed_entry(7)(bundle), 1) != [entry]
