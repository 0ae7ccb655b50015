"""What anyone reads of licences and offices: published figures, the auditors' board, the queue."""

import json
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.test_regulator import act
from tests.support.console import Console
from tests.support.pages import check_accessible, check_width, shown

Say = Callable[..., str]
DESTINATIONS = {"DE": "600", "other": "12.5"}


def earlier(period: str) -> dict[str, Any]:
    """A publication of a ledger that is older than this one."""
    decided = {"granted": 9, "refused": 1, "median_days": "38.5", "percentile_90_days": 44}
    counts = {**decided, "applications": 141, "pending": 121, "overdue": 30, "by_reason": {"data-error": 1}}
    rows = [{"key": key, **counts, "tonnes": tonnes} for key, tonnes in DESTINATIONS.items()]
    figures = {
        **counts,
        "filed": "2024-10",
        "by_destination": rows,
        "by_element": [],
    }
    return {"name": "export-licences", "period": period, "entry_index": 1, "figures": figures}


def asked(page: Page, path: str) -> Any:
    return json.loads(page.evaluate("(path) => fetch(path).then((answer) => answer.text())", path))


def test_a_publication_is_read_by_anyone_and_the_offices_by_auditors(
    open_page: OpenPage, signed_in: OpenPage, fresh_console: Console, say: Say
) -> None:
    maker = fresh_console.members["maker"]
    application = {
        "act": "apply-licence",
        "licence": f"urn:epc:id:gdti:{maker.company}.00009.ST-1",
        "exporter": maker.party,
        "kind": "single",
        "items": ["ndfeb-dy-magnet"],
        "destinations": ["DE"],
        "consignees": [maker.party],
        "end_users": [maker.party],
        "end_use": "motors",
        "quantity": {"quantity": 5, "uom": "TNE"},
    }
    act(fresh_console, "maker", application)
    opened = {"act": "open-case", "case": "statistics-1", "parties": [maker.party]}
    act(fresh_console, "authority", opened)

    page = signed_in("authority", "/console/licence-queue", on=fresh_console)
    shown(page)
    expect(page.get_by_role("heading", name=say("regulator.queue.title"))).to_be_visible()
    figures = page.locator(".stat", has_text=say("regulator.queue.waiting")).first
    waiting = len(asked(page, "/v1/licences?state=applied")["records"])
    expect(figures.locator(".stat-value")).to_have_text(str(waiting))
    (published,) = asked(page, "/v1/statistics")["records"]
    index, figures = published["entry_index"], published["figures"]
    assert [figures[name] for name in ("applications", "granted", "refused", "pending")] == [17, 11, 3, 3]
    tables = {table: [row["key"] for row in figures[f"by_{table}"]] for table in ("destination", "element")}
    assert tables == {"destination": ["DE", "JP", "other"], "element": ["Dy", "Tb", "other"]}
    ask_for_reserves = "/v1/reserves?start=2020-01-01T00:00:00Z&end=2100-01-01T00:00:00Z"
    assert asked(page, ask_for_reserves)["reserves"], "the reserve's stock is covered"

    page = open_page("/console/statistics", on=fresh_console, width=390, color_scheme="dark")
    shown(page)
    expect(page.get_by_role("heading", name=say("statistics.by_destination"))).to_be_visible()
    expect(page.locator(f'a[href="/console/entries?index={index}"]').first).to_be_visible()
    expect(page.get_by_text(say("statistics.row_other"))).to_have_count(4)
    check_accessible(page)
    check_width(page)

    before = {"records": [earlier("2025-01"), earlier("2025-02") | {"entry_index": 2}], "next": None}
    page.route("**/v1/statistics?*", lambda route: route.fulfill(json=before))
    page.goto("/console/statistics?period=2025-01")
    shown(page)
    expect(page.get_by_text(say("statistics.row_other")).first).to_be_visible()
    expect(page.get_by_text(say("acts.reason.data-error")).first).to_be_visible()
    expect(page.get_by_text(say("statistics.hidden")).first).to_be_visible()
    assert page.locator(".columns-picture rect").count() >= 10
    newest = asked(page, "/v1/oversight/summary")["policies"][-1]
    last = f"{newest['index'] + newest['entries'] - 1:,}"
    expect(page.get_by_text(say("statistics.policies_upto", last=last))).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name=say("common.csv")).first.click()
    lines = download.value.path().read_text("utf-8").splitlines()
    assert [line.split(",")[:3] for line in lines[1:]] == [["2025-02", "141", "9"], ["2025-01", "141", "9"]]
    check_accessible(page)
    check_width(page)

    board = signed_in("auditor", "/console/oversight", on=fresh_console)
    shown(board)
    expect(board.get_by_role("heading", name=say("oversight.policies"))).to_be_visible()
    cases = board.get_by_role("region", name=say("common.table", caption=say("oversight.cases")))
    expect(cases.locator("tbody tr")).to_have_count(len(asked(board, "/v1/oversight")["cases"]))
    assert maker.party not in board.content()
    check_accessible(board)
    check_width(board)
