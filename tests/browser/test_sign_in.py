"""Signing in: what is refused and how it is said, keys of every form, a session from opening to end."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from playwright.sync_api import Page, expect

from api.demo.cast import sign
from ledger.client.http import LedgerClient
from ledger.clock import SystemClock, format_time_us
from ledger.statements.envelope import ACT, verify_proof_of_possession
from ledger.statements.jwk import parse_jwk
from ledger.statements.keys import (
    ED25519,
    ES256,
    FileSigner,
    PrivateKey,
    generate_key,
    read_private_key,
    write_key_file,
)
from tests.browser.conftest import ONCE, OpenPage, Say
from tests.support.console import Console
from tests.support.pages import check_accessible, check_width, shown

SIGN_IN = "/console/sign-in"
PASSPHRASE = "Scheelit & 稀土"
OPENSSL = ["openssl", "pkcs8", "-topk8", "-passout", f"pass:{PASSPHRASE}"]
# Drops a key file on the page, as a hand does.
DROP = """(pem) => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([pem], "key.pem"));
  document.querySelector(".drop-zone").dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true }));
}"""
# Everything that the console keeps of keys, and what comes of exporting them in every form.
READ_OUT = """async () => {
  const wait = (request) => new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
  const database = await wait(indexedDB.open("reledger"));
  const kept = await wait(database.transaction("records").objectStore("records").getAll());
  return Promise.all(kept.map(async ({ kid, jwk, privateKey }) => {
    const exported = {};
    for (const form of ["jwk", "pkcs8", "raw"])
      exported[form] = await crypto.subtle.exportKey(form, privateKey).then(() => "", (error) => error.name);
    return { kid, jwk, extractable: privateKey.extractable, exported };
  }));
}"""


def failure(page: Page) -> str:
    return page.locator("main .failure").inner_text()


def choose(page: Page, say: Say, content: bytes, name: str = "key.pem") -> None:
    field = page.get_by_label(say("session.file.choose"))
    field.set_input_files({"name": name, "mimeType": "application/x-pem-file", "buffer": content})


def pem(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def who_is(page: Page) -> str:
    return page.locator(".who strong").inner_text()


# --- What opens nothing -----------------------------------------------------------------------------------


@ONCE
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "key-file.form"),
        (b"not a key", "key-file.form"),
        (b"x" * 20_000, "key-file.form"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", "key-file.form"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAB=\n-----END PRIVATE KEY-----\n", "key-file.form"),
        (
            b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "key-file.form",
        ),
        (b"-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n", "key-file.algorithm"),
        (b"-----BEGIN EC PRIVATE KEY-----\nMAA=\n-----END EC PRIVATE KEY-----\n", "key-file.other"),
    ],
)
def test_what_is_no_key_file_is_said(open_page: OpenPage, say: Say, content: bytes, code: str) -> None:
    page = open_page(SIGN_IN)
    choose(page, say, content)
    told = failure(page)
    assert say(f"errors.{code}") in told
    assert say(f"errors.{code}.mend") in told
    assert page.locator(".kept-key").count() == 0


@ONCE
def test_a_key_of_another_kind_is_said(open_page: OpenPage, say: Say) -> None:
    other = subprocess.run(
        ["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
        capture_output=True,
        check=True,
    )
    page = open_page(SIGN_IN)
    choose(page, say, other.stdout)
    assert say("errors.key-file.algorithm") in failure(page)


@ONCE
def test_scrypt_and_old_ciphers_are_named_with_the_way_out(open_page: OpenPage, say: Say) -> None:
    page = open_page(SIGN_IN)
    for words in (["-scrypt"], ["-v1", "PBE-SHA1-3DES"], ["-v2", "des3"], ["-v2", "aes-192-cbc"]):
        done = subprocess.run(
            [*OPENSSL, *words], input=pem(generate_key(ES256)), capture_output=True, check=True
        )
        choose(page, say, done.stdout)
        told = failure(page)
        assert say("errors.key-file.cipher") in told, words
        assert "openssl pkcs8 -topk8" in told
        page.reload()


def test_a_key_that_nobody_enrolled_is_said(open_page: OpenPage, say: Say) -> None:
    page = open_page(SIGN_IN)
    choose(page, say, pem(generate_key(ES256)))
    assert say("session.refused.unknown") in failure(page)
    expect(page.locator(".kept-key .badge")).to_have_text(say("session.state.unknown"))
    expect(page.get_by_role("link", name=say("common.sign_in"), exact=True)).to_be_visible()


def test_keys_out_of_their_time_are_said(written_console: Console, open_page: OpenPage, say: Say) -> None:
    stage, clock = written_console.stage, SystemClock()
    authority, mine = stage.authority, stage.members["mine"]
    hour = 3_600_000_000
    windows = {
        "revoked": {},
        "early": {"not_before": format_time_us(clock.now_us() + hour)},
    }
    keys = {name: generate_key(ED25519) for name in windows}
    with LedgerClient(written_console.url) as client:

        def record(act: dict[str, object]) -> None:
            assert client.submit(sign(act, authority, stage.settings.origin, ACT, clock)).recorded

        for name, window in windows.items():
            enrolment = replace(mine, signer=FileSigner(keys[name])).enrolment(stage.settings.origin)
            record({"act": "enrol-key", "party": mine.party, **enrolment, **window})
        record({"act": "revoke-key", "kid": FileSigner(keys["revoked"]).kid, "reason": "superseded"})
    page = open_page(SIGN_IN, on=written_console)
    for name, key in keys.items():
        choose(page, say, pem(key))
        assert say(f"session.refused.{name}") in failure(page)
        page.reload()
        expect(page.locator(".badge", has_text=say(f"session.state.{name}"))).to_be_visible()


@ONCE
def test_a_key_whose_time_is_over_is_said(console: Console, open_page: OpenPage, say: Say) -> None:
    # No key can be enrolled for a time that is over, so the ledger's two answers are given here.
    page = open_page(SIGN_IN)
    refused = {"code": "session.refused", "title": "-", "detail": "-", "status": 401}
    page.route("**/v1/sessions", lambda route: route.fulfill(status=401, json=refused))
    state = {"party": console.members["mine"].party, "revoked_at": None}
    window = {"not_before": "2020-01-01T00:00:00Z", "not_after": "2021-01-01T00:00:00Z"}
    page.route("**/v1/keys/*", lambda route: route.fulfill(json=state | window))
    choose(page, say, console.key_file("mine").read_bytes())
    told = failure(page)
    assert say("session.refused.expired") in told
    assert "2021" in told


@ONCE
def test_without_a_secure_context_it_is_said_and_nothing_is_asked(open_page: OpenPage, say: Say) -> None:
    page = open_page("/")
    page.add_init_script("Object.defineProperty(window, 'isSecureContext', { value: false })")
    page.goto(SIGN_IN)
    assert say("session.obstacle.browser.insecure") in failure(page)
    assert page.locator("main input").count() == 0


@ONCE
@pytest.mark.parametrize("key", ["", "AAAA", "not base64!", "A"])
def test_a_broken_link_is_said_and_leaves_the_address(open_page: OpenPage, say: Say, key: str) -> None:
    page = open_page(f"{SIGN_IN}#key={key}")
    told = failure(page)
    assert say("errors.key-file.link") in told or say("errors.key-file.algorithm") in told
    assert "#" not in page.url


@ONCE
def test_a_wrong_passphrase_is_said_and_the_right_one_opens(
    console: Console, open_page: OpenPage, say: Say, tmp_path: Path
) -> None:
    plain = console.key_file("mine").read_bytes()
    done = subprocess.run([*OPENSSL, "-v2", "aes-128-cbc"], input=plain, capture_output=True, check=True)
    page = open_page(SIGN_IN)
    choose(page, say, done.stdout, "mine.pem")
    field = page.get_by_label(say("session.file.passphrase", name="mine.pem"))
    for wrong in (PASSPHRASE + " ", "x"):
        field.fill(wrong)
        field.press("Enter")
        assert say("errors.key-file.passphrase") in failure(page)
    field.fill(PASSPHRASE)
    field.press("Enter")
    page.wait_for_url("**/console/producer")
    assert who_is(page) == console.members["mine"].legal_name


@ONCE
@pytest.mark.parametrize(
    "next_page", ["https://elsewhere.example/", "//elsewhere.example/", "/v1/log", SIGN_IN]
)
def test_no_link_leads_elsewhere(console: Console, open_page: OpenPage, next_page: str) -> None:
    page = open_page(console.link("mine").replace("#", f"?{urlencode({'next': next_page})}#"))
    page.wait_for_url("**/console/producer")


# --- What opens a session ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("member", "home"), [("mine", "producer"), ("authority", "regulator"), ("importer", "producer")]
)
def test_a_link_signs_in_and_leaves_no_key_behind(
    console: Console, open_page: OpenPage, member: str, home: str
) -> None:
    page = open_page(console.link(member))
    page.wait_for_url(f"**/console/{home}")
    assert who_is(page) == console.members[member].legal_name
    page.go_back()
    assert "key=" not in page.url


@ONCE
def test_what_encrypts_key_files_here_is_opened(
    console: Console, open_page: OpenPage, say: Say, tmp_path: Path
) -> None:
    write_key_file(tmp_path / "sealed.pem", read_private_key(console.key_file("importer")), PASSPHRASE)
    page = open_page(SIGN_IN)
    choose(page, say, (tmp_path / "sealed.pem").read_bytes(), "sealed.pem")
    field = page.get_by_label(say("session.file.passphrase", name="sealed.pem"))
    field.fill(PASSPHRASE)
    field.press("Enter")
    page.wait_for_url("**/console/producer")


@ONCE
def test_a_key_file_is_dropped(console: Console, open_page: OpenPage) -> None:
    page = open_page(SIGN_IN)
    shown(page)
    page.evaluate(DROP, console.key_file("plant").read_text("ascii"))
    page.wait_for_url("**/console/producer")


@ONCE
def test_a_kept_key_comes_back_to_the_page_asked_for(console: Console, signed_in: OpenPage, say: Say) -> None:
    page = signed_in("mine", "/console/account")
    page.get_by_role("main").get_by_role("button", name=say("session.account.out_here"), exact=True).click()
    page.wait_for_url(console.url + "/")
    page.goto("/console/stock?lot=1")
    page.wait_for_url("**/console/sign-in?next=*")
    expect(page.locator(".kept-key .badge")).to_have_text(say("session.state.good"))
    page.locator(".kept-key").get_by_role("button", name=say("common.sign_in")).click()
    page.wait_for_url("**/console/stock?lot=1")


@ONCE
def test_a_link_is_not_followed_unseen_by_who_is_signed_in(
    console: Console, signed_in: OpenPage, say: Say
) -> None:
    page = signed_in("mine")
    page.goto(console.link("plant"))
    page.get_by_role("button", name=say("session.follow_link")).wait_for()
    assert who_is(page) == console.members["mine"].legal_name
    assert "#" not in page.url
    page.get_by_role("button", name=say("session.follow_link")).click()
    page.wait_for_url("**/console/producer")
    assert who_is(page) == console.members["plant"].legal_name


@ONCE
@pytest.mark.parametrize("alg", [ED25519, ES256])
def test_a_new_key_shows_what_an_authority_enrols(
    console: Console, open_page: OpenPage, say: Say, alg: str
) -> None:
    party = console.members["mine"].party
    page = open_page(SIGN_IN)
    page.get_by_label(say("session.new.party")).fill(party)
    page.get_by_label(say("session.new.alg")).select_option(alg)
    page.get_by_role("button", name=say("session.new.make")).click()
    made = json.loads(page.locator("main pre").inner_text())
    assert list(made) == ["kid", "alg", "jwk", "party", "proof_of_possession"]
    key = parse_jwk(made["jwk"])
    assert (made["kid"], made["alg"], made["party"]) == (key.kid, alg, party)
    verify_proof_of_possession(made["proof_of_possession"], key, console.stage.settings.origin, party)


def test_a_new_key_that_is_enrolled_signs_in(written_console: Console, open_page: OpenPage, say: Say) -> None:
    stage = written_console.stage
    page = open_page(SIGN_IN, on=written_console)
    page.get_by_label(say("session.new.party")).fill(stage.members["mine"].party)
    page.get_by_role("button", name=say("session.new.make")).click()
    made = json.loads(page.locator("main pre").inner_text())
    act = {"act": "enrol-key", **{name: made[name] for name in ("party", "jwk", "proof_of_possession")}}
    with LedgerClient(written_console.url) as client:
        assert client.submit(sign(act, stage.authority, stage.settings.origin, ACT, SystemClock())).recorded
    page.locator(".kept-key").get_by_role("button", name=say("common.sign_in")).click()
    page.wait_for_url("**/console/producer")


@ONCE
@pytest.mark.parametrize("member", ["mine", "importer"])
def test_no_script_reads_a_key_out(console: Console, signed_in: OpenPage, member: str) -> None:
    page = signed_in(member)
    kept = page.evaluate(READ_OUT)
    assert [each["kid"] for each in kept] == [console.members[member].signer.kid]
    for each in kept:
        assert each["extractable"] is False
        assert each["exported"] == {
            "jwk": "InvalidAccessError",
            "pkcs8": "InvalidAccessError",
            "raw": "InvalidAccessError",
        }
        assert "d" not in each["jwk"]


@ONCE
def test_without_storage_a_key_lasts_as_long_as_its_page(
    console: Console, open_page: OpenPage, say: Say
) -> None:
    page = open_page("/")
    page.add_init_script(
        "Object.defineProperty(window, 'indexedDB', { get() { throw new DOMException('no'); } })"
    )
    page.goto(SIGN_IN)
    choose(page, say, console.key_file("mine").read_bytes())
    page.wait_for_url("**/console/producer")
    page.locator(".who").click()
    expect(page.locator("main table")).to_contain_text(say("session.state.good"))
    page.goto(SIGN_IN)
    expect(page.locator("main .empty")).to_have_text(say("session.kept.none"))


# --- The session ------------------------------------------------------------------------------------------


@ONCE
def test_who_one_is_and_forgetting_the_key(console: Console, signed_in: OpenPage, say: Say) -> None:
    page = signed_in("mine", "/console/account")
    mine = console.members["mine"]
    for told in (mine.legal_name, mine.party, mine.signer.kid, say("terms.role.miner")):
        expect(page.locator("main .facts")).to_contain_text(told)
    page.get_by_role("button", name=say("session.account.forget"), exact=True).click()
    expect(page.get_by_role("dialog")).to_contain_text(say("session.forget.current"))
    page.get_by_role("button", name=say("common.cancel")).click()
    expect(page.locator("main tbody tr")).to_have_count(1)
    page.get_by_role("button", name=say("session.account.forget"), exact=True).click()
    page.get_by_role("button", name=say("session.forget.yes")).click()
    expect(page.locator("main .empty")).to_have_text(say("session.kept.none"))


def test_signing_out_everywhere_ends_the_other_browsers_session(signed_in: OpenPage, say: Say) -> None:
    one, other = (signed_in("plant", "/console/account") for _ in range(2))
    one.get_by_role("button", name=say("session.account.out_everywhere")).click()
    one.wait_for_url("**/")
    other.goto("/console/stock")
    other.wait_for_url("**/console/sign-in?next=*")


def test_a_page_outlives_its_session(console: Console, signed_in: OpenPage, say: Say) -> None:
    page = signed_in("mine", "/console/stock")
    again = say("common.ended.again", name=console.members["mine"].legal_name)
    shown(page)
    page.context.clear_cookies()
    page.locator('nav a[href="/console/shipments"]').click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(say("common.ended.text"))
    dialog.get_by_role("button", name=again).click()
    expect(dialog).to_have_count(0)
    shown(page)
    assert page.locator("main .failure").count() == 0
    page.context.clear_cookies()
    page.locator('nav a[href="/console/stock"]').click()
    dialog.get_by_role("button", name=say("common.ended.elsewhere")).click()
    page.wait_for_url("**/console/sign-in?next=%2Fconsole%2Fstock")


@ONCE
def test_the_pages_are_open_to_everybody(open_page: OpenPage, signed_in: OpenPage, say: Say) -> None:
    for width in (1280, 390):
        page = open_page(SIGN_IN, width=width)
        choose(page, say, pem(generate_key(ED25519)))
        page.locator("main .failure").wait_for()
        page.get_by_label(say("session.new.party")).fill("urn:epc:id:pgln:9521001.00000")
        page.get_by_role("button", name=say("session.new.make")).click()
        page.locator("main pre").wait_for()
        check_width(page)
        check_accessible(page)
    page = signed_in("mine", "/console/account")
    page.get_by_role("button", name=say("session.account.forget"), exact=True).click()
    check_accessible(page)
