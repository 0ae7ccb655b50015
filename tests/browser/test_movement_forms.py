"""Every kind of movement through its form: what the browser writes is what the ledger's own writer writes."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page
from stdnum import ean

from ledger.movements.writing import dump_document
from ledger.strict_json import parse_json
from tests.browser.conftest import ONCE
from tests.support.console import Console
from tests.support.movement_examples import EXAMPLES, ISSUERS, example_event, judged, unpointed
from tests.support.pages import watched

_THERE_AND_BACK = """async ([text, me]) => {
  const movements = document.body.dataset.assets + "/js/movements";
  const [{ readEvent }, { writeEvent }] = await Promise.all([
    import(`${movements}/reading.js`), import(`${movements}/writing.js`)]);
  const event = JSON.parse(text);
  const { kind, form } = readEvent(event);
  return JSON.stringify(writeEvent(kind, form, me, event.eventID));
}"""
_DECIMALS = """async ([name, ...given]) => {
  const decimal = await import(document.body.dataset.assets + "/js/movements/decimal.js");
  try {
    const found = decimal[name](...given);
    return typeof found === "bigint" ? `${found} mg` : found;
  } catch (error) {
    return error.message;
  }
}"""
_NAMES = """async ([name, ...given]) => {
  const names = await import(document.body.dataset.assets + "/js/movements/names.js");
  return names[name](...given);
}"""
GS1 = "urn:epc:id:pgln:9521001.00000"
OWN = "https://mine.example/"


# What the modules write does not depend on the database.
pytestmark = ONCE


@pytest.fixture(scope="module")
def page(chromium: Browser, console: Console) -> Iterator[Page]:
    """A page whose modules are asked; its clock is that of the examples."""
    with watched(chromium, console, timezone_id="Asia/Shanghai") as context:
        opened = context.new_page()
        opened.goto("/console/verify")
        yield opened


def written(page: Page, event: dict[str, Any], issuer: str) -> dict[str, Any]:
    """The event after the browser has read it into a form and written it again."""
    found: Any = parse_json(page.evaluate(_THERE_AND_BACK, [dump_document(event).decode(), issuer]).encode())
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_form_writes_the_movement_that_it_was_read_from(page: Page, kind: str) -> None:
    event = example_event(kind)
    again, findings = judged(written(page, event, ISSUERS[kind]), ISSUERS[kind])
    assert findings == []
    expected, _ = judged(event, ISSUERS[kind])
    assert [bare(each) for each in again] == [bare(each) for each in expected]


def bare(movement: Any) -> Any:
    """Without the places of its parts and without what only the written form of a composition differs in."""
    stripped = unpointed(movement)
    return replace(
        stripped,
        **{
            side: tuple(
                line
                if line.composition is None
                else replace(line, composition=replace(line.composition, declared={}))
                for line in getattr(stripped, side)
            )
            for side in ("inputs", "outputs")
        },
    )


@pytest.mark.parametrize(
    ("text", "unit", "found"),
    [
        ("5,200", "kg", "5200000000 mg"),
        ("1.2", "t", "1200000000 mg"),
        ("0.000001", "kg", "1 mg"),
        ("5 198.6", "kg", "5198600000 mg"),
        ("7", "mg", "7 mg"),
        ("0.0000001", "kg", None),
        ("1,5", "kg", None),
        ("1.5.2", "kg", None),
        ("1e3", "kg", None),
        ("-1", "kg", None),
        ("", "kg", None),
        ("12 kg", "kg", None),
        ("12", "stone", None),
        ("0.5", "mg", None),
    ],
)
def test_masses_are_read_exactly_or_not_at_all(page: Page, text: str, unit: str, found: str | None) -> None:
    assert page.evaluate(_DECIMALS, ["parseMass", text, unit]) == found


@pytest.mark.parametrize(
    ("percent", "found"),
    [("45", 0.45), ("0.5", 0.005), ("99.95", 0.9995), ("100", 1), ("0", 0), ("x", None), ("4,5", None)],
)
def test_per_cent_become_fractions_without_a_float_between(page: Page, percent: str, found: Any) -> None:
    assert page.evaluate(_DECIMALS, ["fraction", percent]) == found


def test_a_number_that_no_double_holds_is_refused(page: Page) -> None:
    assert page.evaluate(_DECIMALS, ["fraction", "12.34567890123456789"]) == "number.digits"


@pytest.mark.parametrize(
    ("name", "given", "found"),
    [
        ("lotId", ["PRND 1", GS1, 12], "urn:epc:class:lgtin:9521001.000012.PRND%201"),
        ("lotId", ["PRND-1", OWN], "https://mine.example/lots/PRND-1"),
        ("lotId", ["urn:epc:class:lgtin:9521001.000001.X", OWN], "urn:epc:class:lgtin:9521001.000001.X"),
        ("documentId", ["DA-7", GS1], "urn:epcglobal:cbv:bt:9521001000000:DA-7"),
        ("unitId", ["195210010000000018", GS1], "urn:epc:id:sscc:9521001.1000000001"),
        ("unitId", ["CRATE 7", GS1], "CRATE 7"),
        ("partyUri", ["91110000MA001K2X3R"], "https://w3id.org/reledger/party/91110000MA001K2X3R"),
        ("partyOf", ["https://w3id.org/reledger/party/91110000MA001K2X3R"], "91110000MA001K2X3R"),
        ("partyOf", [OWN], OWN),
    ],
)
def test_names_are_those_of_the_standards(page: Page, name: str, given: list[Any], found: str) -> None:
    assert page.evaluate(_NAMES, [name, *given]) == found


@pytest.mark.parametrize("body", ["952100100000", "690123400000", "400638133393"])
def test_check_digits_are_gs1s(page: Page, body: str) -> None:
    assert page.evaluate(_NAMES, ["checkDigit", body]) == int(ean.calc_check_digit(body))
