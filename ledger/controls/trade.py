"""Sales: goods that go round in circles, toll processing, prices.

Decides: what a sale is (the title goes from one party to another), and which round trips are honest:
returns, rework and warehouses leave the title where it is. Real cases: 4,400 t that passed through seven
firms' invoices.
"""

import re
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final

from ledger.controls.noticing import actor_of, decimal_text, listed, notice, roles_of
from ledger.controls.rule import Case, Notice, rule
from ledger.controls.sale_chains import Sale, longest
from ledger.records.lots import EventRecord, LotRecord
from ledger.records.oversight import TallyRecord
from ledger.records.periods import DAY_US
from ledger.records.policy import HOME_CURRENCY, Policy

HOPS: Final = "hops"
TRADER: Final = "trader "
MOST_KEPT: Final = 200
MOST_STEPS: Final = 1_000_000
"""In one sale the histories of 25 lots with the longest ones are looked at, or of 60,000 with four sales."""
_PRICE: Final = re.compile(r"(?P<amount>[0-9]+(?:\.[0-9]+)?)\s*(?P<currency>[A-Z]{3})?")
CHEAP_MEND: Final = "Correct the price, or show why it is so low (grade, quantity, an older contract)."


def sale_of(case: Case) -> tuple[str, str] | None:
    """Seller and buyer where the title changes hands, else None; also where it did not occur."""
    movement = case.movement
    if movement.did_not_occur:
        return None
    seller = movement.owner_from or actor_of(case)
    buyer = movement.owner_to or (movement.custodian_to if movement.kind == "release" else "")
    for shipment in case.effect.shipments:
        if shipment.event_id == movement.event_id and shipment.consignor == actor_of(case):
            seller, buyer = shipment.owner_from or seller, shipment.owner_to or buyer
    return (seller, buyer) if buyer and buyer != seller else None


def sold_lots(case: Case) -> dict[str, int]:
    """The lots of a shipment or transfer with the mass that is sold, in mg."""
    movement = case.movement
    sent = {line.lot: line.sent_mg for line in case.effect.lines if line.event_id == movement.event_id}
    if sent:
        return sent
    found: dict[str, int] = {}
    event = None
    if movement.corrects:  # the lines before its own undo another
        event = case.recording.books.get(EventRecord, case.recording.issuer, movement.event_id)
    first_line = 0 if event is None else event.first_line
    for posting in case.effect.postings:
        if posting.account == "holding" and posting.mass_mg < 0 and posting.line >= first_line:
            found[posting.lot] = found.get(posting.lot, 0) - posting.mass_mg
    return found


@rule("trade.carousel", movements=("ship", "transfer"))
def carousel(case: Case) -> Iterator[Notice]:
    """A lot is sold back to an earlier holder, or passes three traders within thirty days."""
    sale = sale_of(case)
    if sale is None:
        return
    seller, buyer = sale
    limits, books = case.recording.policy.thresholds, case.recording.books
    new = Sale(seller, buyer, case.movement.event_time_us)
    trades, span_us = "trader" in roles_of(case, buyer), int(limits["carousel.days"]) * DAY_US
    looked_at: dict[tuple[tuple[str, int], ...], tuple[list[str], int]] = {}  # lots sold together are alike
    steps = 0
    for lot in sorted(sold_lots(case)):
        tally = books.get(TallyRecord, HOPS, lot, "")
        if tally is None:
            continue
        history = (*tally.sums.items(),)
        if history not in looked_at:
            steps += len(history) ** 2
            if steps > MOST_STEPS:
                continue
            hops = longest(_to_traders(tally.sums), new, span_us) if trades else 0
            looked_at[history] = _way(tally.sums, buyer, seller), hops
        back, hops = looked_at[history]
        if not back and hops < limits["carousel.hops"]:
            continue
        what = (
            f"comes back to {buyer}, who had sold it"
            if back
            else f"passed {hops} traders without being worked"
        )
        yield notice(
            case,
            "trade.carousel",
            f"{lot} {what}",
            "Show the orders behind the sales; goods that are sent back are recorded as a return.",
            subject=f"lot:{lot}",
            ongoing=True,
            seller=seller,
            buyer=buyer,
            way=back,
            hops=hops,
        )


@rule("trade.tolling", movements=("process", "feed"))
def tolling(case: Case) -> Iterator[Notice]:
    """Goods are processed for another owner while policy bans toll processing."""
    if case.recording.policy.tolling != "banned":
        return
    processor = actor_of(case)
    owners = {
        posting.owner
        for posting in case.effect.postings
        if posting.account == "holding" and posting.mass_mg < 0 and posting.owner != processor
    }
    if owners:
        yield notice(
            case,
            "trade.tolling",
            f"{processor} processes goods of {listed(sorted(owners))}, and toll processing is banned",
            "Record the sale first where the goods were bought (transfer), or stop processing for others.",
            processor=processor,
            owners=sorted(owners),
        )


@rule("price.low", movements=("ship", "transfer", "export", "disclose", "release", "import"))
def low_price(case: Case) -> Iterator[Notice]:
    """The unit price is far below the index."""
    policy = case.recording.policy
    if not policy.index_prices or case.movement.did_not_occur:
        return
    price = unit_price(case.movement.unit_price, policy, case.movement.event_time_us)
    if price is None:
        return
    lots = [lot.lot for lot in case.effect.born] or list(sold_lots(case))
    for name in lots:
        lot = case.recording.books.get(LotRecord, name)
        index = None if lot is None else index_above(price, lot.product, policy)
        if lot is not None and index is not None:
            yield notice(
                case,
                "price.low",
                cheapness(price, lot.product, index),
                CHEAP_MEND,
                subject=f"lot:{name}",
                price=price,
                index=index,
                product=lot.product,
            )
            return


def unit_price(text: str, policy: Policy, at_us: int) -> Fraction | None:
    """CNY per kg of a price as a movement states it at a moment; None without a price, or a rate for it."""
    found = _PRICE.fullmatch(text.strip())
    if found is None:
        return None
    rate = policy.in_home_currency(found["currency"] or HOME_CURRENCY, at_us)
    return None if rate is None else Fraction(found["amount"]) * rate


def index_above(price: Fraction, product: str, policy: Policy) -> Fraction | None:
    """The index of a product where a price in CNY per kg lies far below it, else None."""
    index = policy.index_prices.get(product)
    return index if index is not None and price < policy.thresholds["price.share"] * index else None


def cheapness(price: Fraction, product: str, index: Fraction) -> str:
    """A price far below the index as a sentence."""
    share = decimal_text(price / index * 100, 1)
    return f"{product} is sold at {decimal_text(price, 2)} CNY/kg, {share} % of the index"


def note_sale(case: Case) -> None:
    """Remembers a sale's hop for every lot of it."""
    sale = sale_of(case)
    if sale is None or case.movement.kind not in ("ship", "transfer"):
        return
    seller, buyer = sale
    for lot in sold_lots(case):
        tally = case.recording.books.get(TallyRecord, HOPS, lot, "")
        sums = {} if tally is None else dict(tally.sums)
        if len(sums) < MOST_KEPT:
            sums[f"{seller} {buyer}"] = case.movement.event_time_us
            if "trader" in roles_of(case, buyer):
                sums[f"{TRADER}{buyer}"] = 1
            case.recording.books.put(TallyRecord(HOPS, lot, "", sums))


def _sales(sums: Mapping[str, int]) -> Iterator[Sale]:
    for name, time_us in sums.items():
        seller, _, buyer = name.partition(" ")
        if seller != "trader":
            yield Sale(seller, buyer, time_us)


def _to_traders(sums: Mapping[str, int]) -> list[Sale]:
    return [sale for sale in _sales(sums) if f"{TRADER}{sale.buyer}" in sums]


def _way(sums: Mapping[str, int], start: str, end: str) -> list[str]:
    """A way of earlier sales from one party to another, or nothing."""
    before: dict[str, str] = {start: ""}
    waiting, sales = [start], sorted(_sales(sums))
    while waiting:
        party = waiting.pop(0)
        if party == end:
            way = [party]
            while before[way[-1]]:
                way.append(before[way[-1]])
            return way[::-1]
        for seller, buyer, _ in sales:
            if seller == party and buyer not in before:
                before[buyer] = party
                waiting.append(buyer)
    return []
