"""An attack on the published statistics: all tables of 24 months, all data of all firms but one.

The attacker takes each firm in turn, subtracts what it knows of all others from every published figure, and
is left with sums over what the one firm had in each cell. It bounds every cell by interval propagation, on
masses and on counts (where a firm was granted nothing it has no tonnes), then solves exactly, over the
rationals, for whatever is still open. It also tries without knowing any firm. It knows all destinations and
elements that there are. A tonnage is recovered where the attacker can name a number that is certainly within
10 % of it.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

import pytest

from ledger.records import suppression
from ledger.records.books import Books
from ledger.records.oversight import LicenceRecord
from ledger.records.periods import DAY_US, month_of
from ledger.records.policy import read_policy
from ledger.statements.acts.licence_figures import (
    OTHER,
    count_licences,
    destination_key,
    element_key,
    period_us,
)

POLICY = read_policy({"rule_set": 1})
FIRMS = [f"https://firm-{place}.example/" for place in range(36)]
DESTINATIONS = ("DE", "JP", "US", "KR", "VN", "FR", "TH")
ITEMS = {
    "Dy": "dy-oxide",
    "Tb": "tb-oxide",
    "Y": "y-oxide",
    "Sm": "sm-oxide",
    "Gd": "gd-oxide",
    "Lu": "lu-oxide",
}
MONTHS = [f"{year}-{month:02d}" for year in (2026, 2027) for month in range(1, 13)]
LONGER = [f"{year}-Q{quarter}" for year in (2026, 2027) for quarter in (1, 2, 3, 4)] + ["2026", "2027"]
WITHIN = Fraction(1, 10)
AXES: dict[str, Callable[[LicenceRecord], str]] = {
    "by_destination": destination_key,
    "by_element": lambda licence: element_key(licence, POLICY.catalogue),
}

KEYS: dict[str, Sequence[str]] = {"by_destination": DESTINATIONS, "by_element": tuple(ITEMS)}
Cell = tuple[str, str, str]
"""Table, month and key of a cell."""


@cache
def licences() -> tuple[LicenceRecord, ...]:
    """Two years of decisions: firms of very different size, each with its usual destinations and elements."""
    chance = random.Random(7)
    found = []
    for place, firm in enumerate(FIRMS):
        usual = chance.sample(DESTINATIONS, 1 + place % 3), chance.sample(sorted(ITEMS), 1 + place % 2)
        size = chance.lognormvariate(1, 1.1)
        for month in MONTHS:
            for _ in range(chance.choice((0, 0, 1, 1, 2))):
                start_us, _ = period_us(month, POLICY)
                decided_us = start_us + chance.randrange(28) * DAY_US
                name = f"{firm}licences/{len(found)}"
                found.append(
                    LicenceRecord(
                        licence=name,
                        exporter=firm,
                        kind="single",
                        state="refused" if chance.random() < 0.1 else "granted",
                        items=(ITEMS[chance.choice(usual[1])],),
                        destinations=(chance.choice(usual[0]),),
                        consignees=(),
                        end_users=(),
                        end_use="motors",
                        quantity_mg=max(1, round(size * chance.lognormvariate(0, 0.6) * 10**9)),
                        drawn_mg=0,
                        applied_at=0,
                        applied_us=decided_us - 30 * DAY_US,
                        decided_us=decided_us,
                        reason="incomplete",
                    )
                )
    return tuple(found)


def publications(periods: Iterable[str]) -> dict[str, dict[str, Any]]:
    """What is published, by period."""
    books = Books()
    for licence in licences():
        books.put(licence)
    return {period: count_licences(books, POLICY, *period_us(period, POLICY)) for period in periods}


@cache
def months_of(period: str) -> list[str]:
    start_us, end_us = period_us(period, POLICY)
    return [month for month in MONTHS if start_us <= period_us(month, POLICY)[0] < end_us]


@dataclass
class Sums:
    """Equations "the cells sum to the number", over cells that are not negative, and what follows.

    Attributes:
        equations: Each with its cells and its sum.
        low, high: Bounds of each cell; no bound is None.
    """

    equations: list[tuple[tuple[Cell, ...], int]] = field(default_factory=list)
    low: dict[Cell, int] = field(default_factory=lambda: defaultdict(int))
    high: dict[Cell, int | None] = field(default_factory=lambda: defaultdict(lambda: None))

    def equal(self, cells: Iterable[Cell], total: int) -> None:
        self.equations.append((tuple(cells), total))

    def propagate(self) -> None:
        """Narrows the bounds until nothing changes."""
        changed = True
        while changed:
            changed = False
            for cells, total in self.equations:
                least = sum(self.low[cell] for cell in cells)
                tops = [self.high[cell] for cell in cells]
                unbounded = tops.count(None)
                most = sum(top for top in tops if top is not None)
                for cell, top in zip(cells, tops, strict=True):
                    high = total - (least - self.low[cell])
                    if top is None or high < top:
                        self.high[cell], changed = high, True
                    if unbounded == 0 or (unbounded == 1 and top is None):
                        low = total - (most - (top or 0))
                        if low > self.low[cell]:
                            self.low[cell], changed = low, True

    def follow(self) -> None:
        """Everything that both ways of concluding give, each with what the other has found."""
        for _ in range(2):
            self.propagate()
            self.solve()

    def solve(self) -> None:
        """Fixes every cell that the equations alone determine: Gauss-Jordan over the rationals."""
        rows: dict[Cell, dict[Cell | None, Fraction]] = {}
        for cells, total in self.equations:
            row: dict[Cell | None, Fraction] = {None: Fraction(total)}
            for cell in cells:
                if self.low[cell] == self.high[cell]:
                    row[None] -= self.low[cell]
                else:
                    row[cell] = row.get(cell, Fraction(0)) + 1
            for pivot in [cell for cell in row if cell in rows]:
                _subtract(row, rows[pivot], row[pivot])
            leading = next((cell for cell in row if cell is not None), None)
            if leading is None:
                continue
            row = {cell: value / row[leading] for cell, value in row.items()}
            for other in rows.values():
                if leading in other:
                    _subtract(other, row, other[leading])
            rows[leading] = row
        for cell, row in rows.items():
            if set(row) == {cell, None}:
                assert row[None].denominator == 1
                self.low[cell] = self.high[cell] = int(row[None])


def _subtract(row: dict[Any, Fraction], other: Mapping[Any, Fraction], times: Fraction) -> None:
    for cell, value in other.items():
        left = row.get(cell, Fraction(0)) - times * value
        if left or cell is None:
            row[cell] = left
        else:
            row.pop(cell, None)


class Known(NamedTuple):
    """Grants, and granted mass in mg, by cell."""

    granted: Counter[Cell]
    granted_mg: Counter[Cell]


class Attack:
    """What follows from the publications for whoever knows some of the licences.

    Attributes:
        masses, counts: Of what it does not know: granted mass in mg, and grants.
    """

    def __init__(self, published: Mapping[str, Mapping[str, Any]], known: Known) -> None:
        self._known = known
        self.masses, self.counts = Sums(), Sums()
        for period, figures in published.items():
            for table, keys in KEYS.items():
                rows = {row["key"]: row for row in figures[table]}
                self._take(table, period, keys, figures)
                for key, row in rows.items():
                    named = [key] if key != OTHER else [name for name in keys if name not in rows]
                    self._take(table, period, named, row)

    def bounds(self) -> dict[Cell, tuple[int, int | None]]:
        """Of every cell, from which to which mass it may have."""
        self.counts.follow()
        for cell, most in self.counts.high.items():
            if most == 0:
                self.masses.high[cell] = 0
        self.masses.follow()
        return {cell: (self.masses.low[cell], self.masses.high[cell]) for cell in list(self.masses.high)}

    def _take(self, table: str, period: str, keys: Iterable[str], figures: Mapping[str, Any]) -> None:
        cells = [(table, month, key) for month in months_of(period) for key in keys]
        granted, granted_mg = (sum(known[cell] for cell in cells) for known in self._known)
        self.counts.equal(cells, figures["granted"] - granted)
        if "tonnes" in figures:
            mass_mg = Fraction(figures["tonnes"]) * 10**9
            assert mass_mg.denominator == 1
            self.masses.equal(cells, int(mass_mg) - granted_mg)


@cache
def sums_of(firm: str | None) -> Known:
    """Grants and granted mass in mg by cell: of one firm, or of all."""
    granted, granted_mg = Known(Counter(), Counter())
    for licence in licences():
        if licence.state == "granted" and firm in (None, licence.exporter):
            month = month_of(licence.decided_us or 0, POLICY)
            for table, key_of in AXES.items():
                granted[table, month, key_of(licence)] += 1
                granted_mg[table, month, key_of(licence)] += licence.quantity_mg
    return Known(granted, granted_mg)


def recovered(
    published: Mapping[str, Mapping[str, Any]], firms: Sequence[str | None]
) -> tuple[list[Cell], int]:
    """The hidden tonnages that an attacker recovers who knows all firms but one, and how many it tried.

    Args:
        published: The figures by period.
        firms: The unknown firm of each attack; None: the attacker knows no firm at all.
    """
    found, tried = [], 0
    for firm in firms:
        truth, everything = sums_of(firm), sums_of(None)
        others = Known(everything.granted - truth.granted, everything.granted_mg - truth.granted_mg)
        bounds = Attack(published, others).bounds()
        for (table, month, key), mass_mg in truth.granted_mg.items():
            if key not in {row["key"] for row in published[month][table]}:
                low, high = bounds[table, month, key]
                assert low <= mass_mg, "the attacker errs"
                assert high is None or mass_mg <= high, "the attacker errs"
                tried += 1
                if high is not None and high * (1 - WITHIN) <= low * (1 + WITHIN):
                    found.append((table, month, key))
    return found, tried


def test_nothing_hidden_is_recovered() -> None:
    published = publications(MONTHS)
    found, tried = recovered(published, [*FIRMS, None])
    assert found == []
    assert tried > 500
    shown = sum(len(figures[table]) for figures in published.values() for table in KEYS)
    assert shown > 100, "who publishes nothing hides everything"


def test_without_complementary_suppression_of_tables_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppression, "complete", lambda held, shown: set(held) - shown)
    published = publications(MONTHS)
    assert len(recovered(published, FIRMS)[0]) > 10
    assert recovered(published, [None])[0], "even who knows no firm"


def test_without_complementary_suppression_of_dates_it_is() -> None:
    """Quarters and years beside months: what ``statistics.sequence`` refuses."""
    assert len(recovered(publications([*MONTHS, *LONGER]), FIRMS[:4])[0]) > 5
