"""The Chinese share of a product's value, through two foreign processors; bounded if a price is missing."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from ledger.controls import content
from ledger.controls.content import content_of, span_text
from ledger.movements.movement import Line
from ledger.records.lots import PostingRecord
from ledger.records.oversight import (
    PRICED,
    ControlListRecord,
    InvoiceRecord,
    LicenceRecord,
    TallyRecord,
)
from tests.support.court import (
    DAY_US,
    HOUR_US,
    KG,
    START_US,
    Court,
    accepted,
    flags,
    out,
    party,
    refusals,
    site,
)

LEAST = Fraction(1, 1000)
BUYER = "https://buyer.example/party"
FROM_HOME, FOREIGN, ALLOY, MAGNET = (
    f"https://{firm}.example/{lot}"
    for firm, lot in (
        ("alloys", "cn-metal"),
        ("alloys", "au-metal"),
        ("alloys", "alloy"),
        ("makers", "magnet"),
    )
)
EUR = {
    "currency": "EUR",
    "start_us": START_US,
    "end_us": START_US + 30 * DAY_US,
    "cny": "8",
    "source": "central bank, September",
}


def invoice(court: Court, name: str, lot: str, seller: str, buyer: str, amount: str, **members: Any) -> None:
    """An invoice for all of a lot, as register-invoice books it."""
    mass_mg = members.pop("mass_mg", court.lot(lot).mass_mg)
    line = {"product": "", "lot": lot, "mass_mg": mass_mg, "amount": amount}
    said: dict[str, Any] = {"currency": "CNY", "issued_us": START_US + DAY_US, **members}
    court.books.put(
        InvoiceRecord(
            name, "ordinary", party(seller), party(buyer), (line,), amount, due_us=None, entry_index=1, **said
        )
    )
    court.books.put(TallyRecord(PRICED, lot, name, {"mass_mg": mass_mg}))


def chain(metal: str = "100", alloy: str = "40000", magnet: str = "100000", **members: Any) -> Court:
    """Chinese metal is made into alloy in Germany and into magnets in Japan; "" has no invoice."""
    court = Court()
    court.set_policy(
        rules={"hs.mismatch": {"action": "off"}, "trade.tolling": {"action": "off"}}, exchange_rates=[EUR]
    )
    court.enrol("alloys", ("smelter",), "DE")
    court.enrol("makers", ("magnet_maker", "exporter"), "JP")
    early = {"at_us": court.now_us - 9 * HOUR_US, "kind": "import"}
    for lot, origin in ((FROM_HOME, "CN"), (FOREIGN, members.pop("other_origin", "AU"))):
        thing = lot.rpartition("/")[2]
        court.extract("alloys", thing, {"Nd": 10 * KG}, "nd-metal", mass_mg=9 * KG, origin=origin, **early)
    made = out(ALLOY, 30 * KG, {"Nd": 20 * KG}, "ndfeb-alloy")
    both = (Line(FROM_HOME, None), Line(FOREIGN, None))
    at_us = {"at_us": court.now_us - 7 * HOUR_US}
    accepted(court.file("process", "alloys", inputs=both, outputs=(made,), whole=True, **at_us))
    sent = {
        "inputs": (Line(ALLOY, 30 * KG),),
        "owner_to": party("makers"),
        "custodian_to": party("makers"),
        "site_to": site("makers"),
        "at_us": court.now_us - 6 * HOUR_US,
    }
    accepted(court.file("ship", "alloys", event_id="urn:event:alloy", **sent))
    taken = {
        "inputs": (Line(ALLOY, 30 * KG),),
        "custodian_from": party("alloys"),
        "shipment": "urn:event:alloy",
    }
    at_us = {"at_us": court.now_us - 5 * HOUR_US, "owner_to": party("makers")}
    accepted(court.file("receive", "makers", **taken, **at_us))
    pressed = out(MAGNET, 28 * KG, {"Nd": 20 * KG}, "ndfeb-magnet")
    at_us = {"at_us": court.now_us - 4 * HOUR_US}
    accepted(
        court.file("process", "makers", inputs=(Line(ALLOY, None),), outputs=(pressed,), whole=True, **at_us)
    )
    sales = (
        ("I-1", FROM_HOME, "plant", "alloys", metal),
        ("I-2", ALLOY, "alloys", "makers", alloy),
        ("I-3", MAGNET, "makers", "buyer", magnet),
    )
    for name, lot, seller, buyer, amount in sales:
        if amount:
            invoice(court, name, lot, seller, buyer, amount, **members.get(name, {}))
    return court


def answer(court: Court) -> tuple[str, str]:
    """The share as text, and whether it reaches 0.1 %."""
    content = content_of(court.books, court.policy, court.lot(MAGNET))
    return span_text(content.share), content.verdict(LEAST)


@pytest.mark.parametrize(
    ("metal", "found", "verdict"),
    [
        ("80", "0.08 %", "below"),
        ("99.999999", "0.0999 %", "below"),
        ("100", "0.1 %", "reaches"),
        ("120", "0.12 %", "reaches"),
    ],
)
def test_three_magnets_at_the_line(metal: str, found: str, verdict: str) -> None:
    court = chain(metal)
    assert answer(court) == (found, verdict)
    content = content_of(court.books, court.policy, court.lot(MAGNET))
    assert [(part.lot, part.kind, part.depth, part.missing) for part in content.parts] == [
        (MAGNET, "made", 0, ""),
        (FROM_HOME, "origin", 2, ""),
        (FOREIGN, "foreign", 2, ""),
        (ALLOY, "made", 1, ""),
    ]
    (bought,) = content.parts[1].prices
    assert (bought.invoice, bought.cny, content.parts[1].value.least) == (
        "I-1",
        Fraction(metal),
        Fraction(metal),
    )
    assert (content.prices[0].invoice, content.value.most) == ("I-3", 100_000)


@pytest.mark.parametrize(
    ("missing", "found"),
    [
        ({"metal": ""}, "0 to 40 %"),  # the alloy was sold for 40 % of the magnets' price
        ({"metal": "", "alloy": ""}, "0 to 100 %"),
        ({"magnet": ""}, "0 to 100 %"),
        ({"metal": "", "alloy": "", "magnet": ""}, "0 to 100 %"),
        ({"metal": "", "alloy": "100"}, "0 to 0.1 %"),
    ],
)
def test_a_missing_invoice_gives_a_range(missing: Mapping[str, str], found: str) -> None:
    assert answer(chain(**missing)) == (found, "undecided")


def test_a_range_that_decides_decides() -> None:
    assert answer(chain(metal="", alloy="99.9")) == ("0 to 0.0999 %", "below")
    assert answer(chain(metal="150", alloy="")) == ("0.15 %", "reaches")


def test_nothing_is_missing_where_nothing_chinese_is_inside() -> None:
    court = chain(metal="", alloy="", magnet="")
    foreign = content_of(court.books, court.policy, court.lot(FOREIGN))
    assert (span_text(foreign.share), foreign.verdict(LEAST)) == ("0 %", "below")


@pytest.mark.parametrize(
    ("metal", "found"),
    [
        ({"currency": "EUR"}, ("0.08 %", "below")),  # 10 EUR are 80 CNY
        ({"currency": "EUR", "issued_us": START_US - 1}, ("0 to 40 %", "undecided")),  # no rate on that day
        ({"currency": "EUR", "issued_us": START_US + 30 * DAY_US}, ("0 to 40 %", "undecided")),
        ({"currency": "USD"}, ("0 to 40 %", "undecided")),
    ],
)
def test_currencies_take_the_rate_of_their_day(metal: dict[str, Any], found: tuple[str, str]) -> None:
    assert answer(chain("10", **{"I-1": metal})) == found


def test_two_prices_of_one_buyer_are_a_range() -> None:
    court = chain("80")
    invoice(court, "I-9", FROM_HOME, "plant", "alloys", "120")
    assert answer(court) == ("0.08 to 0.12 %", "undecided")


def test_a_cancelled_invoice_is_no_price() -> None:
    court = chain("80")
    paid = court.books.get(InvoiceRecord, "I-1")
    assert paid is not None
    court.books.put(replace(paid, cancelled_at=9, cancelled_us=START_US))
    assert answer(court) == ("0 to 40 %", "undecided")


def test_what_somebody_else_paid_is_no_price() -> None:
    court = chain("")
    invoice(court, "I-9", FROM_HOME, "plant", "trader", "80")
    assert answer(court) == ("0 to 40 %", "undecided")


def test_an_origin_that_nobody_states_is_no_foreign_one() -> None:
    court = chain("80", other_origin="undeclared")
    assert answer(court) == ("0.08 to 40 %", "undecided")
    invoice(court, "I-9", FOREIGN, "trader", "alloys", "10")
    assert answer(court) == ("0.08 to 0.09 %", "below")


def test_a_part_is_used_by_its_mass_and_shared_out_by_reo() -> None:
    court = chain("200")
    alloy = content_of(court.books, court.policy, court.lot(ALLOY))
    assert (alloy.chinese.least, alloy.chinese.most, alloy.share.least) == (200, 200, Fraction(1, 200))


def test_what_is_sold_on_as_it_came_is_chinese_whatever_it_costs() -> None:
    court = chain(metal="", magnet="")
    content = content_of(court.books, court.policy, court.lot(FROM_HOME))
    assert (span_text(content.share), content.verdict(LEAST), content.missing) == ("100 %", "reaches", ())


def test_what_is_made_abroad_of_chinese_goods_alone_is_a_product_still() -> None:
    court = chain("50", other_origin="CN")
    assert answer(court) == ("100 %", "reaches")  # nothing says that they were made abroad
    row = court.books.group(PostingRecord, "lot", FROM_HOME)[0]
    court.books.put(replace(row, entry_index=900, account="exported", mass_mg=KG))
    court.books.put(replace(row, entry_index=900, line=1, lot=ALLOY, account="exported", mass_mg=KG))
    assert answer(court) == ("0.05 to 40 %", "undecided")
    invoice(court, "I-9", FOREIGN, "trader", "alloys", "40")
    assert answer(court) == ("0.09 %", "below")


# --- The rule ---------------------------------------------------------------------------------------------


def listed(court: Court, **conditions: Any) -> Court:
    said = {
        "exports_from": "abroad",
        "foreign_content_share": "0.001",
        "content_basis": "value",
        **conditions,
    }
    court.books.put(ControlListRecord("mofcom-61-2025", 0, 0, None, (), said))
    return court


def send(court: Court, **members: Any) -> Any:
    said = {
        "inputs": (Line(MAGNET, None),),
        "whole": True,
        "consignee": BUYER,
        "custodian_to": BUYER,
        "end_user": BUYER,
        "destination": "US",
        "declaration": "D-1",
        "owner_from": party("makers"),
        **members,
    }
    return court.file("export", "makers", **said)


@pytest.mark.parametrize(
    ("metal", "found"), [("80", []), ("100", ["licence.missing"]), ("120", ["licence.missing"])]
)
def test_goods_that_reach_the_share_need_a_licence_from_abroad(metal: str, found: list[str]) -> None:
    assert refusals(send(listed(chain(metal)))) == found


def test_without_a_list_or_back_home_they_need_none() -> None:
    assert flags(send(chain("120"))) == []
    assert flags(send(listed(chain("120")), destination="CN")) == []
    ended = listed(chain("120"))
    conditions = {"exports_from": "abroad", "foreign_content_share": "0.001", "content_basis": "value"}
    ended.books.put(ControlListRecord("mofcom-61-2025", 1, 0, 1, (), conditions))
    assert flags(send(ended)) == []


def test_a_fitting_licence_lets_them_go_and_is_drawn_on() -> None:
    court = listed(chain("120"))
    licence = LicenceRecord(
        *("urn:licence:1", party("makers"), "single", "granted", (), ("US",), (), (), "motors"),
        *(100 * KG, 0, 0, 0),
    )
    court.books.put(licence)
    assert flags(send(court, licence="urn:licence:1", end_use="motors")) == []
    drawn = court.books.get(LicenceRecord, "urn:licence:1")
    assert drawn is not None
    assert drawn.drawn_mg == 28 * KG


def test_where_no_licence_is_asked_for_it_is_told() -> None:
    found = send(listed(chain("120"), needs_licence=False))
    assert flags(found) == ["content.deminimis"]
    assert flags(send(listed(chain("80"), needs_licence=False))) == []


def test_what_cannot_be_decided_is_not_refused() -> None:
    found = send(listed(chain("")))
    assert flags(found) == ["content.undecided"]
    assert found.told == ()
    (alert,) = found.alerts
    assert alert.evidence["missing"] == [f"invoice: {FROM_HOME}"]
    assert (alert.evidence["share_least"], alert.evidence["share_most"]) == ("0", "0.4")


@pytest.mark.parametrize(("most", "missing"), [(4, ()), (3, ("limit",)), (2, ("limit",)), (1, ("limit",))])
def test_no_more_lots_are_looked_at_than_so_many(
    monkeypatch: pytest.MonkeyPatch, most: int, missing: tuple[str, ...]
) -> None:
    court = chain()
    monkeypatch.setattr(content, "MOST_LOOKED_AT", most)
    found = content_of(court.books, court.policy, court.lot(MAGNET), party("makers"))
    assert {what for what, _ in found.missing} == {*missing}
    assert len(found.parts) <= 4
    assert found.verdict(LEAST) != "below"
