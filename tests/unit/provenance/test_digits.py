"""Parts that have nothing in common are told to the milligram without numbers of thousands of digits."""

from collections.abc import Mapping, Sequence
from fractions import Fraction

import pytest

from ledger.provenance import contents, flow_parts, flows, spread
from ledger.provenance.digits import CUT_BITS, FINEST, cut, in_whole
from ledger.provenance.flow_facts import Facts
from ledger.provenance.flow_parts import shares
from ledger.provenance.subjects import Viewer, books_of, find_lot
from ledger.records.cells import Cell, apportion, encode_cells
from tests.properties.test_flows import stored
from tests.support.books import KG, born
from tests.support.busy import BusyYard, strangers

AUTHORITY = Viewer("urn:authority", True)
BITS = 4_096 + 600


def widest(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The digits of the largest whole numbers that anything is shared out by, as they come."""
    seen: list[int] = []

    def record(mass_mg: int, weights: Sequence[int]) -> list[int]:
        seen.append(max(weight.bit_length() for weight in weights))
        return shares(mass_mg, weights)

    for module in (flow_parts, flows, spread):
        monkeypatch.setattr(module, "shares", record)
    return seen


@pytest.mark.parametrize("many", [3, 100, 500])
def test_ratios_in_whole_numbers_keep_few_digits_and_every_milligram(many: int) -> None:
    ratios = [(mass // 3 + number, mass) for number, mass in enumerate(strangers(many))]
    parts, common = in_whole(ratios)
    assert max(part.bit_length() for part in parts) <= BITS
    exact = sum(Fraction(*ratio) for ratio in ratios)
    assert abs(Fraction(sum(parts), common) - exact) <= Fraction(many, 1 << CUT_BITS)
    told = shares(10**18, parts)
    assert sum(told) == 10**18
    assert all(
        abs(mass - 10**18 * Fraction(*ratio) / exact) < 2 for mass, ratio in zip(told, ratios, strict=True)
    )


def test_an_amount_is_cut_only_where_it_has_too_many_digits() -> None:
    assert cut(Fraction(1, FINEST)) == Fraction(1, FINEST)
    fine = Fraction(FINEST * 3 + 2, FINEST + 1)
    assert 0 < abs(cut(fine) - fine) <= Fraction(1, 1 << CUT_BITS)
    assert in_whole([(1, FINEST + 1)]) == ([1], 1 << CUT_BITS)


def test_what_went_into_hundreds_of_events_is_shared_by_few_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    yard, lots = BusyYard(), strangers(300)
    yard.do("extract", outputs=(born("urn:ore", 10**15, {"Nd": 10**14}),))
    for number, mass in enumerate(lots):
        outputs = (born(f"urn:a:{number}", mass, {"Nd": mass // 9}), born(f"urn:b:{number}", KG, {"Nd": 7}))
        yard.do("process", {"urn:ore": 10**12 + number}, outputs=outputs)
    seen = widest(monkeypatch)
    with stored(yard.books) as connection:
        books = books_of(connection)
        found = spread.downstream(books, Facts(connection, "Nd"), find_lot(books, "urn:ore"), AUTHORITY)
    assert sum(mass for (kind, _), mass in found.masses.items() if kind != "lot") == 10**14
    assert max(seen) <= BITS


def test_what_a_part_of_a_lot_contains_is_shared_by_few_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = {
        ("Nd", f"urn:mine:{number}", "domestic"): Fraction(mass // 3, mass)
        for number, mass in enumerate(strangers(300))
    }
    weighed: list[Fraction | int] = []

    def watched(total_mg: int, weights: Mapping[Cell, Fraction | int]) -> dict[Cell, int]:
        weighed.extend(weights.values())
        return apportion(total_mg, weights)

    monkeypatch.setattr(contents, "resolve", lambda cells, books: exact)
    monkeypatch.setattr(contents, "apportion", watched)
    with stored(BusyYard().books) as connection:
        cells = encode_cells({("Nd", "awaited:urn:lot:1", "domestic"): 100})
        found = contents.Reading(connection)._share(cells, 1, 2)
    assert sum(found.values()) == round(sum(exact.values()) / 2) == 50
    assert len(weighed) == 300
    assert all(isinstance(weight, int) and weight.bit_length() <= BITS for weight in weighed)
