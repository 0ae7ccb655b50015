"""trade.carousel, trade.tolling, price.low."""

from fractions import Fraction
from typing import Any

import pytest

from ledger.controls.recording import Recorded
from ledger.controls.trade import unit_price
from ledger.movements.movement import Line
from ledger.records.lots import ShipmentRecord
from ledger.records.policy import read_policy
from tests.support.court import (
    DAY_US,
    HOUR_US,
    KG,
    START_US,
    Court,
    accepted,
    flags,
    name,
    out,
    party,
    site,
)

LOT = name("plant", "lot/1")


def stocked() -> Court:
    court = Court()
    court.extract("plant", "lot/1", {"La": 100 * KG}, "la-oxide", mass_mg=100 * KG)
    return court


def sell(court: Court, seller: str, buyer: str, kg: int = 10, days: float = 1, **members: Any) -> list[str]:
    """A sale with its receipt some days later; gives the flags of the sale."""
    court.now_us += round(days * DAY_US)
    event = f"urn:event:{seller}>{buyer}:{court.index}"
    said = {
        "inputs": (Line(LOT, kg * KG),),
        "owner_from": party(seller),
        "owner_to": party(buyer),
        "custodian_from": party(seller),
        "custodian_to": party(buyer),
        "site_to": site(buyer),
        **members,
    }
    kind = said.pop("kind", "ship")
    found = flags(court.file(kind, seller, event_id=event, at_us=court.now_us - 2 * HOUR_US, **said))
    received = {"inputs": (Line(LOT, kg * KG),), "custodian_from": party(seller), "shipment": event}
    accepted(court.file("receive", buyer, **received, owner_to=said["owner_to"]))
    return found


def test_a_lot_that_goes_on_and_on_is_let_pass() -> None:
    court = stocked()
    assert [sell(court, *pair) for pair in [("plant", "trader"), ("trader", "smelter")]] == [[], []]


def test_a_lot_that_is_sold_back_is_noticed_once() -> None:
    court = stocked()
    assert sell(court, "plant", "trader") == []
    assert sell(court, "trader", "smelter") == []
    assert sell(court, "smelter", "plant") == ["trade.carousel"]
    assert court.alerts("trade.carousel")[0].evidence["way"] == [
        party(f) for f in ("plant", "trader", "smelter")
    ]
    assert sell(court, "plant", "trader") == []


def test_two_deliveries_of_one_lot_are_no_circle() -> None:
    court = stocked()
    for pair in [("plant", "trader"), ("trader", "smelter"), ("plant", "trader"), ("plant", "smelter")]:
        assert sell(court, *pair) == []


def test_a_round_trip_without_change_of_title_is_honest() -> None:
    court = stocked()
    owner = {"owner_from": party("plant"), "owner_to": party("plant")}
    assert sell(court, "plant", "store", **owner) == []
    assert sell(court, "store", "plant", **owner) == []
    assert sell(court, "plant", "trader") == []


def test_a_return_is_honest() -> None:
    court = stocked()
    assert sell(court, "plant", "trader") == []
    event = court.books.records(ShipmentRecord)[0].event_id
    back = {"kind": "return", "shipment": event, "reason": "off-spec"}
    assert sell(court, "trader", "plant", **back) == []


# plant -> trader -> trader2 -> trader3: three sales into traders.
@pytest.mark.parametrize(
    ("days", "found"), [(1, ["trade.carousel"]), (14.9, ["trade.carousel"]), (15, []), (20, [])]
)
def test_three_traders_within_thirty_days_are_noticed(days: float, found: list[str]) -> None:
    court = stocked()
    assert sell(court, "plant", "trader", days=days) == []
    assert sell(court, "trader", "trader2", days=days) == []
    assert sell(court, "trader2", "trader3", days=days) == found


CHAIN = (("plant", "trader"), ("trader", "trader2"), ("trader2", "trader3"))


def sell_awaited(court: Court, order: tuple[int, ...], days: float) -> list[list[str]]:
    """The sales of ``CHAIN``, so many days apart, filed in an order after all their receipts."""
    start_us = court.now_us
    court.now_us += round(4 * days * DAY_US)
    times = [start_us + round(step * days * DAY_US) for step in range(3)]
    for (seller, buyer), at_us in zip(CHAIN, times, strict=True):
        said = {"inputs": (Line(LOT, 10 * KG),), "custodian_from": party(seller), "owner_to": party(buyer)}
        accepted(court.file("receive", buyer, shipment=f"urn:sale:{seller}", at_us=at_us + HOUR_US, **said))
    found = []
    for step in order:
        seller, buyer = CHAIN[step]
        sent = {"inputs": (Line(LOT, 10 * KG),), "owner_from": party(seller), "owner_to": party(buyer)}
        sent |= {"custodian_to": party(buyer), "site_to": site(buyer)}
        event = f"urn:sale:{seller}"
        found.append(flags(court.file("ship", seller, event_id=event, at_us=times[step], **sent)))
    return found


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1), (0, 2, 1)])
@pytest.mark.parametrize(("days", "found"), [(14.9, ["trade.carousel"]), (15, []), (20, [])])
def test_a_chain_of_traders_may_be_filed_in_any_order(
    order: tuple[int, ...], days: float, found: list[str]
) -> None:
    court = stocked()
    court.set_policy(rules={"report.late": {"action": "off"}, "shipment.unreceived": {"action": "off"}})
    assert sell_awaited(court, order, days) == [[], [], found]


def test_what_a_trader_sold_before_it_bought_more_is_no_chain() -> None:
    court = stocked()
    assert sell(court, "plant", "trader") == []
    assert sell(court, "trader", "trader2") == []
    assert sell(court, "trader2", "smelter") == []
    assert sell(court, "plant", "trader3") == []
    assert sell(court, "trader3", "trader") == []


def test_three_traders_that_buy_from_one_producer_are_no_chain() -> None:
    court = stocked()
    assert [sell(court, "plant", f"trader{n}") for n in ("", "2", "3")] == [[], [], []]


def test_a_title_may_go_in_circles_without_the_goods() -> None:
    court = stocked()
    common = {"inputs": (Line(LOT, 10 * KG),), "invoice": "I-1"}
    for seller, buyer, found in [("plant", "trader", []), ("trader", "plant", ["trade.carousel"])]:
        said = {**common, "owner_from": party(seller), "owner_to": party(buyer), "site": site("plant")}
        filed = court.file("transfer", seller, **{**said, "invoice": f"I-{seller}"})
        assert flags(filed) == found


# --- Tolling ----------------------------------------------------------------------------------------------


def toll(court: Court, owner: str) -> Recorded:
    lot = court.extract("plant", "own/1", {"La": 10 * KG}, "la-oxide", owner_to=party(owner))
    lines = (out(name("plant", "made/1"), 20 * KG, {"La": 10 * KG}, "la-oxide"),)
    return court.file(
        "process", "plant", inputs=(Line(lot, None),), outputs=lines, whole=True, process="packing"
    )


@pytest.mark.parametrize(
    ("owner", "tolling", "found"),
    [("plant", "banned", []), ("trader", "banned", ["trade.tolling"]), ("trader", "allowed", [])],
)
def test_processing_for_another_owner_is_noticed_while_it_is_banned(
    owner: str, tolling: str, found: list[str]
) -> None:
    court = Court()
    court.set_policy(tolling=tolling)
    assert flags(toll(court, owner)) == found


def test_feeding_anothers_goods_is_tolling_too() -> None:
    court = Court()
    lot = court.extract("plant", "own/1", {"La": 10 * KG}, "mixed-carbonate", owner_to=party("trader"))
    pool = name("plant", "pool/1")
    fed = court.file("feed", "plant", inputs=(Line(lot, None),), whole=True, pool=pool, process="separation")
    assert flags(fed) == ["trade.tolling"]


# --- Prices -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "found"),
    [
        ("4.0 CNY", []),
        ("2.8 CNY", []),
        ("2.79 CNY", ["price.low"]),
        ("2.79", ["price.low"]),
        ("0.5 USD", []),
        ("", []),
    ],
)
def test_a_price_far_below_the_index_is_noticed(price: str, found: list[str]) -> None:
    court = stocked()
    court.set_policy(index_prices={"la-oxide": "4"})
    assert sell(court, "plant", "trader", unit_price=price) == found


def test_without_an_index_no_price_is_low() -> None:
    court = stocked()
    assert sell(court, "plant", "trader", unit_price="0.01 CNY") == []
    court.set_policy(index_prices={"nd-oxide": "400"})
    assert sell(court, "plant", "trader", unit_price="0.01 CNY") == []


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("605", Fraction(605)),
        ("605.5 CNY", Fraction(1211, 2)),
        (" 605 CNY ", Fraction(605)),
        ("605 USD", None),
        ("", None),
        ("-1 CNY", None),
        ("1e3 CNY", None),
        ("CNY 605", None),
    ],
)
def test_prices_are_decimal_text_in_cny(text: str, price: Fraction | None) -> None:
    assert unit_price(text, read_policy({"rule_set": 1}), 0) == price


def rate(cny: str, start_days: int, end_days: int) -> dict[str, Any]:
    span = {"start_us": START_US + start_days * DAY_US, "end_us": START_US + end_days * DAY_US}
    return {"currency": "USD", "cny": cny, "source": "bank", **span}


AUTUMN = [rate("7", 0, 30)]


@pytest.mark.parametrize(
    ("price", "rates", "found"),
    [
        ("0.4 USD", AUTUMN, []),
        ("0.399 USD", AUTUMN, ["price.low"]),
        ("0.399 EUR", AUTUMN, []),
        ("0.399 USD", [rate("7", 30, 60)], []),
        ("0.399 USD", [rate("8", 0, 30)], []),
    ],
)
@pytest.mark.parametrize("kind", ["ship", "transfer", "release"])
def test_other_currencies_are_converted_by_the_rate_of_that_time(
    kind: str, price: str, rates: list[dict[str, Any]], found: list[str]
) -> None:
    court = stocked()
    court.set_policy(index_prices={"la-oxide": "4"}, exchange_rates=rates)
    said = {"inputs": (Line(LOT, 10 * KG),), "owner_from": party("plant"), "unit_price": price}
    if kind != "transfer":
        said |= {"custodian_to": party("motors")}
    assert flags(court.file(kind, "plant", owner_to=party("motors"), **said)) == found
