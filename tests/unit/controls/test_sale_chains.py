"""Chains of sales against a search through all of them, and of as many as a lot keeps."""

from collections import Counter
from collections.abc import Collection, Mapping
from itertools import pairwise, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.controls import trade
from ledger.controls.sale_chains import Sale, longest
from ledger.controls.trade import HOPS, MOST_KEPT, TRADER
from ledger.movements.movement import Line
from ledger.records.oversight import TallyRecord
from tests.support.court import KG, Court, accepted, party, site

SPAN_US = 10
PARTIES = [f"p{number}" for number in range(16)]


def plain(sales: Collection[Sale], new: Sale) -> int:
    """The same by trying every chain: no party twice, what follows the new sale in the order of time."""

    def before(party: str, within: list[Sale], seen: frozenset[str]) -> int:
        ways = [each.seller for each in within if each.buyer == party and each.seller not in seen]
        return max((1 + before(each, within, seen | {each}) for each in ways), default=0)

    def after(party: str, since_us: int, within: list[Sale]) -> int:
        onward = [each for each in within if each.seller == party and each.time_us > since_us]
        return max((1 + after(each.buyer, each.time_us, within) for each in onward), default=0)

    found = 0
    for end_us in range(new.time_us, new.time_us + SPAN_US):
        within = [each for each in sales if end_us - SPAN_US < each.time_us <= end_us]
        chain = (
            before(new.seller, within, frozenset({new.seller})) + 1 + after(new.buyer, new.time_us, within)
        )
        found = max(found, chain)
    return found


PAIRS = st.tuples(st.integers(0, 5), st.integers(0, 5))
FORWARD = PAIRS.filter(lambda pair: pair[0] < pair[1])
"""Sales among these never come back."""


def some_sales(pairs: st.SearchStrategy[tuple[int, int]]) -> st.SearchStrategy[list[Sale]]:
    known = st.dictionaries(pairs, st.integers(-15, 25), max_size=9)
    return known.map(lambda each: [Sale(PARTIES[a], PARTIES[b], time) for (a, b), time in each.items()])


@given(some_sales(FORWARD), FORWARD)
def test_the_longest_chain_is_found(sales: list[Sale], pair: tuple[int, int]) -> None:
    new = Sale(PARTIES[pair[0]], PARTIES[pair[1]], 0)
    assert longest(sales, new, SPAN_US) == plain(sales, new)


@given(some_sales(PAIRS.filter(lambda pair: pair[0] != pair[1])))
def test_parties_that_sell_in_circles_count_once_each(sales: list[Sale]) -> None:
    new = Sale("p0", "buyer", 0)
    assert plain(sales, new) <= longest(sales, new, SPAN_US) <= len({each.seller for each in sales} | {"p0"})


def test_a_circle_counts_whole_and_what_led_to_it_too() -> None:
    circle = [Sale(*pair, 0) for pair in pairwise(("p1", "p2", "p3", "p1"))]
    new = Sale("p1", "buyer", 1)
    assert longest(circle, new, SPAN_US) == 3
    assert longest([Sale("p9", "p8", 0), Sale("p8", "p2", 0), *circle], new, SPAN_US) == 5
    assert longest(circle, Sale("p8", "buyer", 1), SPAN_US) == 1


@pytest.mark.parametrize(("span_us", "found"), [(9, 3), (10, 4), (11, 5)])
def test_a_chain_lies_within_less_than_its_span(span_us: int, found: int) -> None:
    sales = [Sale("p0", "p1", 0), Sale("p1", "p2", 1), Sale("p3", "p4", 9), Sale("p4", "p5", 10)]
    new = Sale("p2", "p3", 5)
    assert longest(sales, new, span_us) == found
    assert longest(sales[:2], new, span_us) == 3


def test_of_what_is_sold_at_one_moment_after_it_nothing_follows_on_another() -> None:
    sales = [Sale("p1", "p2", 5), Sale("p2", "p3", 5)]
    assert longest(sales, Sale("p0", "p1", 0), SPAN_US) == 2
    assert longest(sales, Sale("p0", "p1", 5), SPAN_US) == 1


def test_traders_who_all_sell_to_each_other_take_no_longer_than_others() -> None:
    everybody = [Sale(*pair, time) for time, pair in enumerate(permutations(PARTIES[:13], 2))]
    assert len(everybody) + 13 <= MOST_KEPT
    for time_us in (0, 78, 156):
        assert longest(everybody, Sale("p0", "buyer", time_us), 1_000) == 13
        assert longest(everybody, Sale("p0", "p1", time_us), 1_000) >= 13


def sold_before(court: Court, times: Mapping[str, int]) -> None:
    """Lots of the plant that went round among partners before, each at a time of its own."""
    for lot, time_us in times.items():
        pairs = permutations([party(f"partner{each}") for each in range(13)], 2)
        sums = {" ".join(pair): time_us for pair in pairs} | {f"{TRADER}{party('trader')}": 1}
        court.books.put(TallyRecord(HOPS, lot, "", dict(sorted(sums.items()))))


@pytest.mark.parametrize(("alike", "looked_at"), [(True, 1), (False, 40)])
def test_lots_with_one_history_are_looked_at_once_and_of_long_ones_few(
    alike: bool, looked_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Counter[str]()

    def counted(sales: Collection[Sale], new: Sale, span_us: int) -> int:
        asked[new.seller] += 1
        return longest(sales, new, span_us)

    monkeypatch.setattr(trade, "longest", counted)
    court = Court()
    lots = [court.extract("plant", f"lot/{n}", {"La": KG}, "la-oxide") for n in range(60)]
    sold_before(court, {lot: 0 if alike else number for number, lot in enumerate(lots)})
    parties = {"owner_from": party("plant"), "owner_to": party("trader"), "custodian_to": party("trader")}
    inputs = tuple(Line(lot, KG) for lot in lots)
    accepted(court.file("ship", "plant", inputs=inputs, site_to=site("trader"), **parties))
    assert asked == {party("plant"): looked_at}
