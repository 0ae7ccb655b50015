"""The longest chain of sales of which one sale is a link.

Decides: what is a chain. Those who sold to the seller count in whatever order their sales are dated; behind
the buyer each sale is later than the one before it. Parties that sold in a circle count once each: to find
the longest way through many circles takes longer than anybody can wait.
"""

from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple


class Sale(NamedTuple):
    """Who sold to whom, and when that was last said to be, in microseconds."""

    seller: str
    buyer: str
    time_us: int


def longest(sales: Collection[Sale], new: Sale, span_us: int) -> int:
    """The most sales in a row within a span of time of which a new one is one.

    Args:
        sales: Known ones; the new one may be among them.
        new: The new one.
        span_us: From the first to the last of the chain less than this.
    """
    # A window ends with one of the chain's sales, wherever in the chain that stands.
    ends = {new.time_us, *(each.time_us for each in sales if 0 < each.time_us - new.time_us < span_us)}
    return max(
        _before([each for each in sales if end_us - span_us < each.time_us <= end_us], new.seller)
        + 1
        + _after([each for each in sales if new.time_us < each.time_us <= end_us], new.buyer)
        for end_us in ends
    )


def _before(sales: Collection[Sale], party: str) -> int:
    """The most sales in a row that end at a party."""
    sellers: dict[str, list[str]] = {}
    for sale in sales:
        sellers.setdefault(sale.buyer, []).append(sale.seller)
    parties: dict[str, int] = {}  # in the longest chain that ends in this one or in its circle
    for circle in _circles(sellers, party):
        outside = {seller for each in circle for seller in sellers.get(each, ())}.difference(circle)
        parties |= dict.fromkeys(circle, len(circle) + max((parties[each] for each in outside), default=0))
    return parties[party] - 1


def _after(sales: Collection[Sale], party: str) -> int:
    """The most sales in a row that begin at a party, each later than the one before."""
    reached = {party: 0}
    for _, together in groupby(sorted(sales, key=itemgetter(2)), itemgetter(2)):
        further: dict[str, int] = {}
        for seller, buyer, _ in together:
            if seller in reached:
                further[buyer] = max(further.get(buyer, 0), reached[seller] + 1)
        reached |= {buyer: max(sold, reached.get(buyer, 0)) for buyer, sold in further.items()}
    return max(reached.values())


def _circles(onward: Mapping[str, Collection[str]], start: str) -> Iterator[set[str]]:
    """What can be reached from a start, those that reach each other together, the furthest first.

    Tarjan's algorithm for strongly connected components (1972), without recursion.
    """
    numbers: dict[str, int] = {start: 0}
    lowest: dict[str, int] = {start: 0}
    open_: list[str] = [start]
    inside = {start}
    way = [(start, iter(onward.get(start, ())))]
    while way:
        party, ahead = way[-1]
        for each in ahead:
            if each not in numbers:
                numbers[each] = lowest[each] = len(numbers)
                open_.append(each)
                inside.add(each)
                way.append((each, iter(onward.get(each, ()))))
                break
            if each in inside:
                lowest[party] = min(lowest[party], numbers[each])
        else:
            way.pop()
            if way:
                lowest[way[-1][0]] = min(lowest[way[-1][0]], lowest[party])
            if lowest[party] == numbers[party]:
                place = open_.index(party)
                circle = {*open_[place:]}
                del open_[place:]
                inside -= circle
                yield circle
