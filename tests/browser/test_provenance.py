"""The page of provenance: what a regulator and a maker see of the demonstration's exported magnets.

The story: two mines, one separation plant, a magnet works; N42-01 went abroad.
"""

import base64
import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Download, Locator, Page, Route, expect

from tests.browser.conftest import ONCE, OpenPage, Say
from tests.support.pages import check_accessible, check_width, shown, wait_until

MAGNETS = "urn:epc:class:lgtin:9521003.000003.N42-01"
PAGE = f"/console/provenance?lot={MAGNETS}"
SHARES = {"Northern open pit and dressing plant": "74.59%", "Southern pit": "25.41%"}
OWN_OF_MAKER = ["N42-01", "ALLOY-01", "METAL-01"]
OF_OTHERS = ["PRND-01", "CARB-N-01", "CARB-S-01"]
SEPARATION = 29
"""The entry of the separation, which names PRND-01."""


_CELLS = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"


def drawn(page: Page, nodes: int) -> None:
    """Returns once the graph stands with so many nodes."""
    expect(page.locator(f".graph-canvas[data-drawn='{nodes}']")).to_be_visible()


def checked(page: Page, good: int, bad: int = 0) -> None:
    """Returns once so many records were found good and broken."""
    expect(page.locator(f".checked[data-good='{good}'][data-bad='{bad}']")).to_be_visible()


def nodes_of(page: Page) -> Locator:
    return page.locator(".graph-list button")


def node_named(page: Page, name: str) -> Locator:
    return nodes_of(page).filter(has=page.get_by_text(name, exact=True))


def table_of(page: Page, caption: str) -> list[list[str]]:
    rows: list[list[str]] = page.get_by_role("region", name=caption).locator("tbody tr").evaluate_all(_CELLS)
    return rows


def rows_of(download: Download) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(Path(download.path()).read_text("utf-8"))))


def view(page: Page, say: Say, name: str) -> None:
    page.get_by_role("tab", name=say(f"provenance.view.{name}"), exact=True).click()


def test_a_regulator_sees_a_magnets_mines_with_their_shares(signed_in: OpenPage) -> None:
    page = signed_in("authority", PAGE)
    shown(page)
    for at, (mine, share) in enumerate(SHARES.items()):
        row = page.locator(".origins li").nth(at)
        expect(row).to_contain_text(mine)
        expect(row).to_contain_text(share)
    drawn(page, 6)
    checked(page, 6)
    check_width(page)
    check_accessible(page)


@ONCE
def test_every_way_to_look_at_it_is_accessible_and_narrow(signed_in: OpenPage, say: Say) -> None:
    page = signed_in("authority", PAGE, width=390)
    shown(page)
    drawn(page, 6)
    check_width(page)
    for name in ("table", "recall", "label", "hand_over"):
        view(page, say, name)
        shown(page)
        check_width(page)
        check_accessible(page)


@ONCE
def test_the_table_has_what_the_graph_has(signed_in: OpenPage, say: Say) -> None:
    page = signed_in("authority", PAGE)
    drawn(page, 6)
    checked(page, 6)
    graph = sorted(re.findall(r"[A-Z]+[0-9A-Z]*(?:-[NS])?-01", " ".join(nodes_of(page).all_text_contents())))
    view(page, say, "table")
    rows = table_of(page, say("pictures.steps_caption"))
    assert sorted(row[3] for row in rows) == graph == sorted([*OWN_OF_MAKER, *OF_OTHERS])
    with page.expect_download() as saved:
        page.get_by_role("button", name=say("common.csv")).last.click()
    held = rows_of(saved.value)
    assert [row[say("pictures.entry")] for row in held] == ["34", "33", "32", "29", "23", "26"]
    assert {row[say("pictures.proof_column")] for row in held} == {say("pictures.proof.good")}
    with page.expect_download() as saved:
        page.get_by_role("button", name=say("pictures.server_csv", way=say("pictures.way.upstream"))).click()
    assert [row["index"] for row in rows_of(saved.value)] == ["34", "33", "32", "29", "23", "26"]


@ONCE
def test_keys_walk_the_nodes_and_open_their_details(signed_in: OpenPage, say: Say) -> None:
    page = signed_in("authority", PAGE)
    drawn(page, 6)
    node_named(page, "N42-01").focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    expect(node_named(page, "PRND-01")).to_be_focused()
    details = page.get_by_role("region", name=say("pictures.graph.details"))
    expect(details).to_contain_text("Demonstration Separation Plant")
    expect(details).to_contain_text(say("pictures.proof.whole"))
    expect(details.get_by_role("link", name=f"#{SEPARATION}")).to_have_attribute(
        "href", f"/console/entries?index={SEPARATION}"
    )
    details.get_by_role("link", name=say("pictures.graph.from_here")).click()
    drawn(page, 3)
    expect(page.locator(".origins li").first).to_contain_text("730.9 kg")


def test_a_maker_sees_shares_and_only_its_own_steps(signed_in: OpenPage, say: Say) -> None:
    page = signed_in("maker", PAGE)
    drawn(page, 5)
    checked(page, 3)
    for mine, share in SHARES.items():
        expect(page.locator(".origins li").filter(has_text=mine)).to_contain_text(share)
    for name in OWN_OF_MAKER:
        expect(node_named(page, name)).to_have_count(1)
    hidden = [text for text in nodes_of(page).all_text_contents() if "2" in text or "1" in text]
    assert any(say("terms.stage.mixed_compound") in text and "2" in text for text in hidden)
    assert any(say("terms.stage.separated_compound") in text and "1" in text for text in hidden)
    whole = page.content()
    assert not [name for name in OF_OTHERS if name in whole]
    view(page, say, "table")
    assert [row[3] for row in table_of(page, say("pictures.steps_caption"))] == OWN_OF_MAKER
    check_accessible(page)


@ONCE
def test_a_stranger_is_told_that_it_is_closed(signed_in: OpenPage) -> None:
    page = signed_in("recycler", PAGE)
    expect(page.get_by_role("alert")).to_contain_text("role.forbidden")


@ONCE
@pytest.mark.parametrize("broken", ["entry", "statement", "checkpoint"])
def test_what_was_tampered_with_has_a_cross_on_its_node(signed_in: OpenPage, say: Say, broken: str) -> None:
    page = signed_in("authority", "/")
    tamper = {
        "entry": ("**/tile/entries/**", change_entry),
        "statement": ("**/v1/statements/*", change_statement),
        "checkpoint": ("**/checkpoint", change_checkpoint),
    }[broken]
    page.route(*tamper)
    page.goto(PAGE)
    drawn(page, 6)
    bad = {"entry": [SEPARATION], "statement": [SEPARATION], "checkpoint": [34, 33, 32, 29, 23, 26]}[broken]
    checked(page, 6 - len(bad), len(bad))
    expect(page.locator(".checked")).to_contain_text(f"#{SEPARATION}")
    expect(node_named(page, "PRND-01")).to_have_attribute("data-proof", "bad")
    expect(page.locator(".graph-list [data-proof=good]")).to_have_count(6 - len(bad))
    node_named(page, "PRND-01").click()
    details = page.get_by_role("region", name=say("pictures.graph.details"))
    reason = {"entry": "entry_changed", "statement": "statement_changed", "checkpoint": "checkpoint"}[broken]
    expect(details).to_contain_text(say(f"pictures.proof.{reason}"))


def change_entry(route: Route) -> None:
    """The entry of the separation with another time, all lengths as they were."""
    response = route.fetch()
    marker = f'"index":{SEPARATION},'.encode()
    body = bytearray(response.body())
    at = body.index(b".", body.index(marker))
    body[at + 1] = ord("0") + (body[at + 1] - ord("0") + 1) % 10
    route.fulfill(response=response, body=bytes(body))


def change_statement(route: Route) -> None:
    """The statement of the separation with another signature."""
    response = route.fetch()
    header, payload, signature = response.text().split(".")
    said = payload_text(payload)
    if "CARB-S-01" in said and '"TransformationEvent"' in said:
        signature = signature[:-10] + ("A" if signature[-10] != "A" else "B") + signature[-9:]
    route.fulfill(response=response, body=".".join((header, payload, signature)))


def payload_text(payload: str) -> str:
    return base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()


def change_checkpoint(route: Route) -> None:
    """A checkpoint whose signature is of another text."""
    response = route.fetch()
    origin, size, root, *rest = response.text().split("\n")
    route.fulfill(response=response, body="\n".join((origin, str(int(size) - 1), root, *rest)))


@ONCE
def test_a_file_to_hand_over_is_verified_without_asking(
    signed_in: OpenPage, say: Say, tmp_path: Path
) -> None:
    page = signed_in("authority", PAGE + "&view=hand_over")
    with page.expect_download() as saved:
        page.get_by_role("button", name=say("pictures.hand.make", n=6)).click()
    expect(page.get_by_text(say("pictures.hand.saved", n=6))).to_be_visible()
    bundle = json.loads(Path(saved.value.path()).read_text("utf-8"))
    assert bundle["answer"]["name"] == MAGNETS
    assert [each["index"] for each in bundle["records"]] == [23, 26, 29, 32, 33, 34]
    page.goto("/console/verify")
    shown(page)
    open_file(page, bundle, tmp_path)
    expect(page.locator("[data-verdict=ok]")).to_be_visible()
    expect(page.locator("[data-verdict=ok]")).to_contain_text("6")
    check_accessible(page)


@ONCE
@pytest.mark.parametrize("changed", ["statement", "receipt", "left_out"])
def test_a_changed_file_is_shown_as_broken(
    signed_in: OpenPage, say: Say, tmp_path: Path, changed: str
) -> None:
    page = signed_in("authority", PAGE + "&view=hand_over")
    with page.expect_download() as saved:
        page.get_by_role("button", name=say("pictures.hand.make", n=6)).click()
    bundle = json.loads(Path(saved.value.path()).read_text("utf-8"))
    record = next(each for each in bundle["records"] if each["index"] == SEPARATION)
    if changed == "left_out":
        bundle["records"].remove(record)
    elif changed == "statement":
        record["statement"] = record["statement"][:-1] + ("A" if record["statement"][-1] != "A" else "Q")
    else:
        record["receipt"] = record["receipt"].replace(f"index {SEPARATION}", f"index {SEPARATION + 1}")
    page.goto("/console/verify")
    shown(page)
    open_file(page, bundle, tmp_path)
    expect(page.locator("[data-verdict=broken]")).to_contain_text(f"#{SEPARATION}")


def open_file(page: Page, bundle: dict[str, Any], folder: Path) -> None:
    """Opens a file as a receipt on the page where receipts are verified."""
    path = folder / "picture.json"
    path.write_text(json.dumps(bundle), "utf-8")
    page.locator("input[type=file]").first.set_input_files(path)


@ONCE
def test_the_picture_is_saved(signed_in: OpenPage, say: Say) -> None:
    page = signed_in("authority", PAGE)
    drawn(page, 6)
    checked(page, 6)
    with page.expect_download() as saved:
        page.get_by_role("button", name=say("pictures.save_svg")).click()
    picture = Path(saved.value.path()).read_text("utf-8")
    assert all(f">{name}</text>" in picture for name in (*OWN_OF_MAKER, *OF_OTHERS))
    with page.expect_download() as saved:
        page.get_by_role("button", name=say("pictures.save_png")).click()
    assert Path(saved.value.path()).read_bytes().startswith(b"\x89PNG")


def flows_of(page: Page, say: Say) -> dict[tuple[str, str], str]:
    """The table twin of the flows: (from, to) -> mass and share."""
    page.get_by_text(say("pictures.as_table")).last.click()
    region = page.locator(".picture details.twin [role=region]")
    expect(region).to_be_visible()
    rows = region.locator("tbody tr").evaluate_all(_CELLS)
    return {(row[0], row[1]): f"{row[2]} {row[3]}" for row in rows}


@ONCE
def test_flows_tell_what_the_origins_tell_and_the_table_what_the_drawing(
    signed_in: OpenPage, say: Say
) -> None:
    page = signed_in("authority", PAGE + "&view=flow&unit=percent")
    shown(page)
    ribbons = page.locator(".ribbon")
    expect(ribbons).to_have_count(7)
    for mine, share in SHARES.items():
        expect(page.locator(".flow-node").filter(has_text=mine)).to_contain_text(share)
    check_accessible(page)
    told = [each.get_attribute("aria-label") or "" for each in ribbons.all()]
    flows = flows_of(page, say)
    assert len(flows) == 7
    for (source, target), figures in flows.items():
        share = figures.rpartition(" ")[2]
        assert any(f"{source} → {target}" in words and share in words for words in told)
    element, _, unit = page.locator(".picture-tools select").all()
    unit.select_option("mass")
    element.select_option("Nd")
    expect(page.locator(".flow-node").filter(has_text="Southern pit")).to_contain_text("174.4 kg")


@ONCE
def test_a_makers_flows_hide_the_firms_before(signed_in: OpenPage, say: Say) -> None:
    page = signed_in("maker", PAGE + "&view=flow", width=390)
    shown(page)
    hidden = page.locator(".flow-node.hidden")
    expect(hidden).to_have_count(2)
    expect(hidden.filter(has_text=say("terms.stage.separated_compound"))).to_have_count(1)
    assert not [name for name in OF_OTHERS if name in page.content()]
    check_width(page)


@ONCE
def test_downstream_flows_end_at_holders_losses_and_abroad(signed_in: OpenPage, say: Say) -> None:
    lot = "urn:epc:class:lgtin:9521001.000001.CARB-N-01"
    page = signed_in("authority", f"/console/provenance?lot={lot}&direction=downstream&view=flow&by=party")
    shown(page)
    for end in ("held", "lost"):
        nodes = page.locator(".flow-node").filter(has_text=say(f"pictures.flows.end.{end}"))
        expect(nodes.first).to_be_visible()
    with page.expect_download() as saved:
        page.get_by_role("button", name=say("pictures.save_svg")).click()
    picture = Path(saved.value.path()).read_text("utf-8")
    assert "Demonstration Separation Plant" in picture
    assert "var(--" not in picture


LABELS_IN_EACH_OTHERS_WAY = """(svg) => {
  const visible = (text) => getComputedStyle(text).visibility === "visible";
  const boxes = [...svg.querySelectorAll(".place text")].filter(visible)
    .map((each) => ({ name: each.textContent, box: each.getBoundingClientRect() }));
  const { left, right } = svg.getBoundingClientRect();
  const meet = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const met = boxes.flatMap((one, at) => boxes.slice(at + 1).filter(({ box }) => meet(one.box, box))
    .map((other) => `${one.name} and ${other.name}`));
  return [...boxes.filter(({ box }) => box.left < left || box.right > right).map(({ name }) => name), ...met];
}"""


@ONCE
def test_the_map_has_the_sites_and_ways_of_its_tables(signed_in: OpenPage, say: Say) -> None:
    page = signed_in("authority", PAGE + "&view=map")
    shown(page)
    places, routes = page.locator(".map .place"), page.locator(".map .route")
    expect(routes).to_have_count(4)
    page.get_by_text(say("pictures.as_table")).last.click()
    ways, sites = (
        each.locator("tbody tr").evaluate_all(_CELLS)
        for each in page.locator(".picture details.twin table").all()
    )
    assert {row[0] for row in sites} >= {*SHARES, "Motor works"}
    by_country = [row for row in sites if row[3] == say("pictures.map.position_country")]
    assert [row[0] for row in by_country] == ["Motor works"]
    expect(places).to_have_count(len(sites))
    expect(page.locator(".map .place.estimated")).to_have_count(1)
    told = [each.get_attribute("aria-label") or "" for each in routes.all()]
    assert len(ways) == 4
    for source, target, *_ in ways:
        assert any(f"{source} → {target}" in words for words in told)
    drawing = page.locator(".map")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 860})
        check_width(page)
        wait_until(page, "document.querySelector('.map .place text').getBoundingClientRect().height > 11")
        assert drawing.evaluate(LABELS_IN_EACH_OTHERS_WAY) == []
    for place in page.locator(".map .place.crowded").all():
        place.focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        expect(place.locator("text")).to_be_visible()
    before = drawing.get_attribute("viewBox") or ""
    drawing.press("+")
    expect(drawing).not_to_have_attribute("viewBox", before)
    drawing.press("0")
    expect(drawing).to_have_attribute("viewBox", before)


@ONCE
def test_the_recall_list_and_the_label(signed_in: OpenPage, say: Say) -> None:
    lot = "urn:epc:class:lgtin:9521001.000001.CARB-N-01"
    page = signed_in("authority", f"/console/provenance?lot={lot}&view=recall")
    region = page.get_by_role("region", name=say("pictures.recall.caption"))
    expect(region.locator("tbody tr").nth(2)).to_be_visible()
    firms = {"Demonstration Motor Works", "Demonstration Separation Plant"}
    for firm in firms:  # a moment before, these are ids
        expect(region).to_contain_text(firm)
    assert {row[0] for row in table_of(page, say("pictures.recall.caption"))} >= firms
    view(page, say, "label")
    expect(page.locator(".label-card")).to_contain_text("Demonstration Northern Mine")


STAGES = ["concentrate", "mixed_compound", "separated_compound", "metal", "alloy", "magnet"]


def large(answer: dict[str, Any], count: int) -> dict[str, Any]:
    """An answer with so many steps of twelve firms in six stages, in a chain of stages."""
    first = answer["steps"][0]
    steps = [first]
    for at in range(1, count):
        depth = 1 + at * 6 // count
        steps.append(
            first
            | {
                "node": at,
                "name": f"urn:epc:class:lgtin:9521003.000009.L{at}",
                "depth": depth,
                "stage": STAGES[6 - depth],
                "party": f"urn:epc:id:pgln:9521{at % 12:03d}.00000",
                "mass_mg": at * 1_000_000,
            }
        )
    by_depth = {depth: [each["node"] for each in steps if each["depth"] == depth] for depth in range(7)}
    edges = [
        [child, by_depth[depth + 1][place % len(by_depth[depth + 1])]]
        for depth in range(6)
        for place, child in enumerate(by_depth[depth])
    ]
    return answer | {"steps": steps, "edges": edges}


@ONCE
def test_thousands_of_steps_are_folded_and_opened_on_demand(signed_in: OpenPage, say: Say) -> None:
    page = signed_in("authority", "/")

    def enlarge(route: Route) -> None:
        response = route.fetch()
        route.fulfill(response=response, json=large(response.json(), 4000))

    page.route("**/v1/provenance?**", enlarge)
    page.goto(PAGE)
    drawn(page, 1 + 6 * 12)
    expect(page.get_by_text(re.compile("4,000")).first).to_be_visible()
    folded = nodes_of(page).nth(1)
    folded.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    drawn(page, 1 + 6 * 12 + 40)
    page.get_by_role("button", name=say("pictures.graph.reset")).click()
    drawn(page, 1 + 6 * 12)
    view(page, say, "table")
    assert len(table_of(page, say("pictures.steps_caption"))) == 100
    with page.expect_download() as saved:
        page.get_by_role("button", name=say("common.csv")).last.click()
    assert len(rows_of(saved.value)) == 4000
