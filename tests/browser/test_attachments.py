"""The files that a movement names, in the browser: chosen, signed for, uploaded, read and compared."""

import hashlib
import json
from typing import Any

from playwright.sync_api import Route, expect

from tests.browser.conftest import IN_BOTH, ONCE, OpenPage, Say
from tests.browser.test_producer import ask, fill_carbonate, sign
from tests.support.console import Console
from tests.support.pages import check_accessible, check_width, visit

TICKET = b"%PDF-1.7 weighbridge ticket"


def file(name: str, body: bytes) -> Any:
    return {"name": name, "mimeType": "application/pdf", "buffer": body}


@IN_BOTH
def test_a_file_is_signed_for_uploaded_and_read(
    written_console: Console, signed_in: OpenPage, say: Say, language: str
) -> None:
    page = signed_in("mine", "/console/record?kind=extract", on=written_console)
    fill_carbonate(page, f"FILE-{language}")
    page.set_input_files("[name=attachments]", [file("ticket.pdf", TICKET), file("other.pdf", b"other")])
    page.set_input_files("[name=attachments]", [file("the-same.pdf", TICKET)])
    expect(page.locator("[data-file]")).to_have_count(2)
    page.get_by_role("button", name=say("producer.files_remove")).last.click()
    expect(page.locator("[data-file]")).to_have_count(1)
    check_accessible(page)
    index = sign(page, say)
    expect(page.locator("#uploads")).to_have_class("notice good")
    (told,) = ask(page, f"/v1/entries/{index}")["attachments"]
    assert (told["role"], told["media_type"], told["size"]) == (
        "weighbridge-ticket",
        "application/pdf",
        len(TICKET),
    )
    assert told["sha256"] == hashlib.sha256(TICKET).hexdigest()
    assert told["stored_at"] is not None

    visit(page, f"/console/entries?index={index}")
    with page.expect_download() as saved:
        page.locator("#attachments").get_by_role("button", name=say("auditor.attachments.read")).click()
    assert saved.value.path().read_bytes() == TICKET
    expect(page.locator("#attachments .notice")).to_have_text(say("auditor.attachments.right"))
    check_accessible(page)
    check_width(page)


@ONCE
def test_a_file_that_was_changed_on_the_way_is_not_saved(
    written_console: Console, signed_in: OpenPage, say: Say
) -> None:
    page = signed_in("mine", "/console/record?kind=extract", on=written_console)
    fill_carbonate(page, "FILE-2")
    page.set_input_files("[name=attachments]", [file("changed.pdf", b"changed")])
    index = sign(page, say)
    expect(page.locator("#uploads")).to_have_class("notice good")
    visit(page, f"/console/entries?index={index}")

    def change(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=response.body()[:-1] + b"x")

    page.route("**/v1/attachments/*", change)
    downloads: list[Any] = []
    page.on("download", lambda download: downloads.append(download))
    page.locator("#attachments").get_by_role("button", name=say("auditor.attachments.read")).click()
    expect(page.locator("#attachments .notice.bad")).to_have_text(say("auditor.attachments.changed"))
    assert downloads == []


@ONCE
def test_what_could_not_be_uploaded_is_uploaded_later_and_nothing_else_is(
    written_console: Console, signed_in: OpenPage, say: Say
) -> None:
    page = signed_in("mine", "/console/record?kind=extract", on=written_console, allowed=[503])
    problem = {"code": "store.busy", "title": "Busy", "detail": "Busy.", "mend": "Later.", "status": 503}
    page.route("**/v1/attachments/*", lambda route: route.fulfill(status=503, body=json.dumps(problem)))
    fill_carbonate(page, "FILE-3")
    page.set_input_files("[name=attachments]", [file("later.pdf", b"later")])
    index = sign(page, say)
    expect(page.locator("#uploads .notice.bad")).to_have_text(say("producer.files_failed"))
    page.unroute("**/v1/attachments/*")

    other = signed_in("authority", f"/console/entries?index={index}", on=written_console)
    expect(other.locator("#attachments")).to_contain_text(say("auditor.attachments.missing"))
    expect(other.locator("#attachments input")).to_have_count(0)

    visit(page, f"/console/entries?index={index}")
    page.set_input_files("#attachments [name=attachment]", [file("wrong.pdf", b"wrong")])
    expect(page.locator("#attachments .notice.bad")).to_have_text(say("auditor.attachments.other"))
    (told,) = ask(page, f"/v1/entries/{index}")["attachments"]
    assert told["stored_at"] is None
    page.set_input_files("#attachments [name=attachment]", [file("later.pdf", b"later")])
    expect(page.locator("#attachments .notice.good")).to_have_text(say("auditor.attachments.stored"))
    expect(
        page.locator("#attachments").get_by_role("button", name=say("auditor.attachments.read"))
    ).to_be_visible()
    (told,) = ask(page, f"/v1/entries/{index}")["attachments"]
    assert told["stored_at"] is not None
