"""The regulator's desk: from an alert to a closed case, from an application to a licence, and its refusals.

What a page says was recorded is asked of the ledger afterwards.
"""

import json
import re
import uuid
from typing import Any
from urllib.parse import quote

import httpx2
from playwright.sync_api import Page, Route, expect

from api.demo.cast import sign
from ledger.clock import SystemClock
from ledger.movements import writing
from ledger.movements.writing import KG, LotContent
from ledger.statements.envelope import ACT, EPCIS
from tests.browser.conftest import IN_BOTH, ONCE, OpenPage, Say
from tests.support.console import Console
from tests.support.pages import check_accessible, check_width, shown, visit

HOUR_US = 3_600_000_000
REGULATORS_PAGES = ["regulator", "cases", "licence-queue", "quotas", "what-if"]


def ask(page: Page, path: str) -> Any:
    """What the ledger answers to the person on the page."""
    return json.loads(page.evaluate("(path) => fetch(path).then((answer) => answer.text())", path))


def file(console: Console, name: str, payload: dict[str, Any], cty: str) -> int:
    """Records a statement of a member; its index."""
    jws = sign(payload, console.members[name], console.stage.settings.origin, cty, SystemClock())
    answer = httpx2.post(
        f"{console.url}/v1/statements", content=jws, headers={"Content-Type": "application/jose"}
    )
    assert answer.status_code == 201, answer.text
    index: int = answer.json()["index"]
    return index


def act(console: Console, name: str, payload: dict[str, Any]) -> int:
    """Records an act of a member; its index."""
    return file(console, name, payload, ACT)


def lose_on_the_way(console: Console) -> str:
    """The mine sends 1,000 kg and the plant weighs 900: an alert that the plant is told of. Gives the lot."""
    mine, plant = console.stage.members["mine"], console.stage.members["plant"]
    lot = mine.lot(1, "CARB-SHORT")
    now_us = SystemClock().now_us()
    shares = {"La": "0.28", "Ce": "0.40", "Pr": "0.07", "Nd": "0.25"}
    born = writing.extract(
        [LotContent(lot, 1_000 * KG, "mixed-carbonate", "0.45", shares)], **common(mine, now_us - 9 * HOUR_US)
    )
    sent = writing.ship(
        [LotContent(lot, 1_000 * KG)],
        consignor=mine.party,
        consignee=plant.party,
        site_to=plant.site(),
        **common(mine, now_us - 6 * HOUR_US),
    )
    received = writing.receive(
        [LotContent(lot, 900 * KG)],
        consignor=mine.party,
        shipment=sent["eventID"],
        **common(plant, now_us - HOUR_US),
    )
    for name, event in (("mine", born), ("mine", sent), ("plant", received)):
        file(console, name, writing.document([event], now_us), EPCIS)
    return lot


def common(member: Any, at_us: int) -> Any:
    return {"event_id": f"urn:uuid:{uuid.uuid4()}", "at_us": at_us, "site": member.site()}


def apply(console: Console) -> str:
    """The magnet works apply for a licence; its identifier, which no other has."""
    licence = f"urn:epc:id:gdti:9521003.00002.REG-{uuid.uuid4().hex[:8]}"
    maker, importer = console.stage.members["maker"], console.stage.members["importer"]
    payload = {
        "act": "apply-licence",
        "licence": licence,
        "exporter": maker.party,
        "kind": "single",
        "items": ["ndfeb-magnet"],
        "destinations": ["DE"],
        "consignees": [importer.party],
        "end_users": [importer.party],
        "end_use": "traction motors",
        "quantity": {"quantity": 2500, "uom": "KGM"},
    }
    act(console, "maker", payload)
    return licence


def record(page: Page, say: Say, label: str) -> int:
    """Lets the ledger check the act that the form states, records it, and gives the index that was proved."""
    page.get_by_role("button", name=say("acts.check")).click()
    expect(page.get_by_text(say("acts.accepted"))).to_be_visible()
    page.locator(".signed-act").get_by_role("button", name=label, exact=True).click()
    done = page.locator("[data-proof=ok]")
    expect(done).to_contain_text(say("acts.proved"))
    address = done.locator("a").first.get_attribute("href") or ""
    return int(address.rpartition("=")[2])


def choose_first(page: Page, say: Say) -> None:
    """Chooses the alert at the top and asks for a case."""
    shown(page)
    page.locator("tbody input[type=checkbox]").first.check()
    page.get_by_role("button", name=say("regulator.cases.open")).click()


@IN_BOTH
def test_from_an_alert_to_a_closed_case(fresh_console: Console, signed_in: OpenPage, say: Say) -> None:
    lot = lose_on_the_way(fresh_console)
    page = signed_in("authority", "/console/alerts?code=shipment.difference", on=fresh_console)
    shown(page)
    page.get_by_role("link", name=say("rules.shipment.difference.title")).first.click()
    detail = page.locator("aside.detail")
    for words in (say("rules.evidence.sent_mg"), say("rules.evidence.received_mg"), "10%"):
        expect(detail).to_contain_text(words)
    check_accessible(page)
    choose_first(page, say)
    expect(page.locator("dialog input").first).to_have_value(f"{year()}-0001")
    index = record(page, say, say("regulator.cases.open"))
    (case,) = ask(page, "/v1/cases?state=open")["records"]
    assert (case["opened_at"], case["state"], case["codes"]) == (index, "open", ["shipment.difference"])

    visit(page, f"/console/cases?case={quote(case['case'])}")
    check_accessible(page)
    page.locator("input[name=outcome][value=settled]").check()
    closed = record(page, say, say("regulator.cases.close"))
    case = next(each for each in ask(page, "/v1/cases")["records"] if each["case"] == case["case"])
    assert (case["closed_at"], case["state"], case["outcome"]) == (closed, "closed", "settled")
    (alert,) = ask(page, f"/v1/alerts?code=shipment.difference&case={case['case']}")["alerts"]
    assert (alert["state"], alert["outcome"]) == ("closed", "settled")
    expect(page.locator(".timeline")).to_contain_text(say("terms.outcome.settled"))
    assert lot


def year() -> int:
    return int(SystemClock().now_us() / 31_556_952_000_000 + 1970)


@ONCE
def test_a_case_that_names_a_closed_alert_is_refused_in_the_ledgers_words(
    fresh_console: Console, signed_in: OpenPage, say: Say
) -> None:
    lose_on_the_way(fresh_console)
    page = signed_in("authority", "/console/alerts?code=shipment.difference", on=fresh_console)
    choose_first(page, say)
    (alert,) = ask(page, "/v1/alerts?code=shipment.difference&state=open")["alerts"]
    named = [{"entry": alert["index"], "number": alert["number"]}]
    act(fresh_console, "authority", {"act": "open-case", "case": "elsewhere", "alerts": named})
    page.get_by_role("button", name=say("acts.check")).click()
    refused = page.locator(".notice.bad")
    expect(refused).to_contain_text(say("acts.refused"))
    expect(refused).to_contain_text("alert.case")
    expect(page.locator(".signed-act").get_by_role("button", name=say("regulator.cases.open"))).to_have_count(
        0
    )


def test_an_application_is_decided_by_its_clock(
    fresh_console: Console, signed_in: OpenPage, say: Say
) -> None:
    licence = apply(fresh_console)
    page = signed_in("authority", "/console/licence-queue", on=fresh_console)
    shown(page)
    expect(page.locator("tbody").last).to_contain_text(say("regulator.licence.left", n=45))
    check_accessible(page)
    page.get_by_role("link", name=licence.rpartition(".")[2]).click()
    shown(page)
    expect(page.get_by_text(say("regulator.licence.no_hits"))).to_be_visible()
    check_accessible(page)

    decide(page, say, "stop-clock", reason="documents")
    expect(page.get_by_text(say("regulator.licence.stopped")).first).to_be_visible()
    assert found(page, licence)["stopped"] is True
    decide(page, say, "start-clock")
    assert found(page, licence)["stopped"] is False
    index = decide(page, say, "grant-licence")
    granted = found(page, licence)
    assert (granted["state"], granted["decided_at"]) == ("granted", index)
    index = decide(page, say, "revoke-licence", reason="diversion")
    assert (found(page, licence)["state"], found(page, licence)["reason"]) == ("revoked", "diversion")
    assert index == granted["decided_at"] + 1


def found(page: Page, licence: str) -> dict[str, Any]:
    (record,) = [each for each in ask(page, "/v1/licences")["records"] if each["licence"] == licence]
    return dict(record)


def decide(page: Page, say: Say, name: str, reason: str = "") -> int:
    page.get_by_role("toolbar").get_by_role("button", name=say(f"acts.name.{name}"), exact=True).click()
    if reason:
        page.locator(".signed-act select").select_option(reason)
    return record(page, say, say(f"acts.do.{name}"))


@ONCE
def test_an_application_can_be_refused_with_its_reason(
    written_console: Console, signed_in: OpenPage, say: Say
) -> None:
    licence = apply(written_console)
    page = signed_in(
        "authority", f"/console/licence-queue?licence={quote(licence, safe='')}", on=written_console
    )
    shown(page)
    page.get_by_role("toolbar").get_by_role("button", name=say("acts.name.refuse-licence")).click()
    expect(page.get_by_role("button", name=say("acts.check"))).to_be_disabled()
    decide(page, say, "refuse-licence", reason="incomplete")
    assert (found(page, licence)["state"], found(page, licence)["reason"]) == ("refused", "incomplete")


@ONCE
def test_a_validity_that_the_act_does_not_allow_is_refused(
    written_console: Console, signed_in: OpenPage, say: Say
) -> None:
    licence = apply(written_console)
    page = signed_in(
        "authority", f"/console/licence-queue?licence={quote(licence, safe='')}", on=written_console
    )
    shown(page)
    page.get_by_role("toolbar").get_by_role("button", name=say("acts.name.grant-licence")).click()
    page.locator("input[type=date]").nth(1).fill("2099-01-01")
    page.get_by_role("button", name=say("acts.check")).click()
    expect(page.locator(".notice.bad")).to_contain_text("licence.validity")
    assert found(page, licence)["state"] == "applied"


@ONCE
def test_a_firm_is_told_whose_pages_these_are_and_which_are_its_own(signed_in: OpenPage, say: Say) -> None:
    # Not to its own first page, which would ask for names while the listening has begun.
    page = signed_in("plant", f"/console/{REGULATORS_PAGES[0]}")
    shown(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for name in REGULATORS_PAGES:
        visit(page, f"/console/{name}")
        for role in ("regulator", "authority", "separator", "exporter"):
            expect(page.locator("main .facts")).to_contain_text(say(f"terms.role.{role}"))
        expect(page.locator("main .facts")).to_contain_text("Demonstration Separation Plant")
        expect(page.locator("main").get_by_role("link", name=say("common.nav.stock"))).to_be_visible()
    assert not [url for url in asked if "/v1/" in url]
    page.locator("main").get_by_role("button", name=say("common.others.home")).click()
    page.wait_for_url("**/console/producer")


@ONCE
def test_a_firm_reads_its_own_alerts_and_what_to_do(
    fresh_console: Console, signed_in: OpenPage, say: Say
) -> None:
    lose_on_the_way(fresh_console)
    plant = signed_in("plant", "/console/alerts", on=fresh_console)
    shown(plant)
    plant.get_by_role("link", name=say("rules.shipment.difference.title")).first.click()
    expect(plant.locator("aside.detail")).to_contain_text(say("rules.shipment.difference.mend"))
    assert plant.locator("input[type=checkbox]").count() == 0
    check_accessible(plant)
    mine = signed_in("mine", "/console/alerts", on=fresh_console)
    shown(mine)
    expect(mine.get_by_text(say("rules.shipment.difference.title"))).to_have_count(0)


@ONCE
def test_from_the_search_box_to_a_firm_and_its_balance(signed_in: OpenPage, say: Say) -> None:
    page = signed_in("authority", "/console/regulator")
    shown(page)
    plant = "urn:epc:id:pgln:9521002.00000"
    box = page.get_by_role("combobox", name=say("regulator.search.label"))
    box.fill("Demonstration Separation")
    expect(page.get_by_role("option").first).to_contain_text("Demonstration Separation Plant")
    check_accessible(page)
    box.press("ArrowDown")
    expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
    expect(box).to_have_attribute("aria-activedescendant", "search-0")
    box.press("Enter")
    page.wait_for_url(f"**/console/firm?party={quote(plant, safe='')}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Demonstration Separation Plant")
    shown(page)
    check_accessible(page)
    page.locator(".actions").get_by_role("link", name=say("common.nav.balance")).click()
    shown(page)
    page.locator(".waterfall").wait_for()
    check_accessible(page)
    label = page.locator(".waterfall svg").get_attribute("aria-label") or ""
    assert say("regulator.balance.closing") in label
    rows = page.locator("section table tbody tr").all_inner_texts()
    asked = f"/v1/balance?party={quote(plant, safe='')}&start={year()}-01-01T00:00:00%2B08:00"
    answer = ask(page, f"{asked}&end={year() + 1}-01-01T00:00:00%2B08:00")["rows"]
    assert len(rows) == len(answer) + 1
    for row in answer:
        moved = ("opening", "births", "received", "produced", "sent", "used", "lost", "adjusted", "other")
        assert row["closing"] == sum(row[name] for name in moved)


@ONCE
def test_the_search_box_goes_to_the_page_of_what_it_finds(signed_in: OpenPage, say: Say) -> None:
    page = signed_in("authority", "/console/regulator")
    shown(page)
    label = say("regulator.search.label")
    for text, kind, address in (
        ("PRND-01", "lot", "/console/provenance?lot="),
        ("Northern open pit", "site", "/console/firm?site="),
        ("29", "entry", "/console/entries?index=29"),
    ):
        visit(page, "/console/regulator")
        page.get_by_role("combobox", name=label).fill(text)
        page.get_by_role("option").filter(has_text=say(f"regulator.search.kind_{kind}")).first.click()
        page.wait_for_url(re.compile(re.escape(address)))
    visit(page, "/console/regulator")
    page.get_by_role("combobox", name=label).fill("nothing is called so")
    none = page.get_by_text(say("regulator.search.none"))
    expect(none).to_be_visible()
    page.get_by_role("combobox", name=label).press("Escape")
    expect(none).to_be_hidden()


@ONCE
def test_the_public_page_says_what_is_in_force(open_page: OpenPage, say: Say) -> None:
    page = open_page("/")
    shown(page)
    expect(page.get_by_text("reledger audit")).to_be_visible()
    expect(page.get_by_role("heading", name=say("public.policy"))).to_be_visible()
    page.locator("summary").last.click()
    check_width(page)
    check_accessible(page)


@ONCE
def test_an_act_whose_receipt_does_not_hold_is_not_called_recorded(
    written_console: Console, signed_in: OpenPage, say: Say
) -> None:
    licence = apply(written_console)
    page = signed_in(
        "authority", f"/console/licence-queue?licence={quote(licence, safe='')}", on=written_console
    )
    shown(page)

    def tamper(route: Route) -> None:
        answer = route.fetch()
        members = answer.json()
        members["receipt"] = members["receipt"].replace("\nindex ", "\nindex 1", 1)
        route.fulfill(response=answer, json=members)

    page.route("**/v1/statements", tamper)
    page.get_by_role("toolbar").get_by_role("button", name=say("acts.name.stop-clock")).click()
    page.locator(".signed-act select").select_option("documents")
    page.get_by_role("button", name=say("acts.check")).click()
    page.locator(".signed-act").get_by_role("button", name=say("acts.do.stop-clock")).click()
    broken = page.locator("[data-proof=broken]")
    expect(broken).to_contain_text(say("acts.unproved"))
    expect(page.locator("[data-proof=ok]")).to_have_count(0)
