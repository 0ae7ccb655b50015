"""What pools hold of goods that nobody bears out: few digits, and the lots' lines looked through once."""

from collections import Counter
from fractions import Fraction
from typing import Any

import pytest

from ledger.provenance.borne import in_pools
from ledger.provenance.digits import FINEST
from ledger.provenance.origins import resolve
from ledger.records.books import Books
from ledger.records.lots import LotRecord, PostingRecord
from ledger.store.books_tables import BOOKS
from tests.properties.test_flows import stored
from tests.support.books import KG, MINER, REFINER, born
from tests.support.busy import BusyYard, strangers


def fed(yard: BusyYard, pool: str, times: int) -> None:
    for number in range(times):
        yard.do("feed", {"urn:ore": KG + number}, REFINER, pool=pool, process="separation")
        drawn = (born(f"{pool}:{number}", KG // 3, {"Nd": 90_001 + number, "Pr": 30_000 + number}),)
        yard.do("draw", by=REFINER, pool=pool, process="separation", outputs=drawn)


def claimed() -> BusyYard:
    yard = BusyYard()
    yard.extract("urn:ore", 1_000 * KG)
    yard.receive({"urn:ore": 1_000 * KG}, "urn:never:sent")
    return yard


def test_what_was_drawn_hundreds_of_times_keeps_few_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    yard = claimed()
    fed(yard, "urn:pool", 250)
    pools = [("urn:pool", yard.pool("urn:pool").version)]
    with stored(yard.books, BOOKS) as connection:
        (found,) = in_pools(connection, pools, {"urn:ore"})
        monkeypatch.setattr("ledger.provenance.digits.FINEST", 1 << 1_000_000)
        (exact,) = in_pools(connection, pools, {"urn:ore"})
    assert all(mass.denominator <= FINEST < exact[symbol].denominator for symbol, mass in found.items())
    assert all(abs(mass - exact[symbol]) < Fraction(1, 10**60) for symbol, mass in found.items())
    assert set(found) == {"Nd", "Pr"}


def test_the_lines_of_the_lots_are_looked_through_once_for_all_pools(monkeypatch: pytest.MonkeyPatch) -> None:
    yard = claimed()
    pools = [f"urn:pool:{number}" for number in range(12)]
    for pool in pools:
        fed(yard, pool, 2)
    asked: Counter[Any] = Counter()
    group = Books.group

    def counted(books: Books, kind: Any, name: str, *key: Any) -> Any:
        asked[kind, key] += 1
        return group(books, kind, name, *key)

    with stored(yard.books, BOOKS) as connection:
        monkeypatch.setattr(Books, "group", counted)
        found = in_pools(connection, [(pool, 4) for pool in pools], {"urn:ore"})
    assert [set(each) for each in found] == [{"Nd", "Pr"}] * len(pools)
    assert asked[PostingRecord, ("urn:ore",)] == 1


def test_origins_of_hundreds_of_awaited_lots_keep_few_digits() -> None:
    books, many = Books(), 300
    for number, mass in enumerate(strangers(many)):
        cells = {
            ("Nd", "urn:mine:1", "domestic"): mass // 3,
            ("Nd", "urn:mine:2", "domestic"): mass - mass // 3,
        }
        place = (number, number, 0, MINER, "", 0, "process", "nd-oxide", "separated_compound", mass, cells)
        books.put(LotRecord(f"urn:lot:{number}", *place, composition={}))
    mixed = {("Nd", f"awaited:urn:lot:{number}", "domestic"): 1_000 for number in range(many)}
    found = resolve(mixed, books)
    assert {origin for _, origin, _ in found} == {"urn:mine:1", "urn:mine:2"}
    assert all(mass.denominator <= FINEST for mass in found.values())
    assert abs(sum(found.values()) - 1_000 * many) < Fraction(1, 10**60)
