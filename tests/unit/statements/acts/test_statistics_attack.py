"""An attack on the published statistics: all totals and tables of 24 months, all data of all firms but one.

The attacker takes each firm in turn, subtracts what it knows of all others from every published figure, and
is left with sums over what the one firm had: applications and masses by destination or element, by the month
of filing, by what became of them and when. So it holds the tables of what was filed against the totals of
what was decided, month by month. It bounds everything by interval propagation, on masses and on counts (where
a firm was granted nothing it has no tonnes), then solves exactly, over the rationals, for whatever is still
open. It also tries without knowing any firm. It knows all destinations and elements that there are. A tonnage
is recovered where the attacker can name a number that is certainly within 10 % of it, a count where it can
name it.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any, NamedTuple

import pytest

from ledger.records import suppression
from ledger.records.books import Books
from ledger.records.oversight import LicenceRecord
from ledger.records.periods import DAY_US, month_of
from ledger.records.policy import read_policy
from ledger.statements.acts.licence_figures import OTHER, destination_key, element_key
from ledger.statements.acts.publication_periods import period_us
from ledger.statements.acts.publish_statistics import figures_of
from tests.support.sums import Equation, Sums

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
LATER = [*MONTHS, *(f"2028-{month:02d}" for month in range(1, 7))]
QUARTERS = [f"{year}-Q{quarter}" for year in (2026, 2027) for quarter in (1, 2, 3, 4)]
TABLES_AFTER = 3
WITHIN = Fraction(1, 10)
AXES: dict[str, Callable[[LicenceRecord], str]] = {
    "by_destination": destination_key,
    "by_element": lambda licence: element_key(licence, POLICY.catalogue),
}
KEYS: dict[str, Sequence[str]] = {"by_destination": DESTINATIONS, "by_element": tuple(ITEMS)}
APPLICATIONS, GRANTED, REFUSED, PENDING = COUNTS = ("applications", "granted", "refused", "pending")


class Part(NamedTuple):
    """What became of one firm's applications: a place in a table, when filed, how and when decided."""

    table: str
    key: str
    filed: str
    outcome: str
    decided: str


class Row(NamedTuple):
    """One figure of a table: of what was filed when, as it stood at the end of a period."""

    table: str
    key: str
    filed: str
    until: str
    figure: str


Cell = Part | Row
Published = dict[tuple[str, str], dict[str, Any]]
"""Figures by the period of the totals and that of the tables ("": none)."""


@cache
def licences() -> tuple[LicenceRecord, ...]:
    """Two years of applications: firms of very different size, each with its usual goods and destinations."""
    chance = random.Random(7)
    found = []
    for place, firm in enumerate(FIRMS):
        usual = chance.sample(DESTINATIONS, 1 + place % 3), chance.sample(sorted(ITEMS), 1 + place % 2)
        size = chance.lognormvariate(1, 1.1)
        for month in MONTHS:
            for _ in range(chance.choice((0, 0, 1, 1, 2))):
                start_us, _ = period_us(month, POLICY)
                applied_us = start_us + chance.randrange(28) * DAY_US
                decided_us = applied_us + chance.choice((25, 40, 55, 63, 70, 120)) * DAY_US
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
                        applied_us=applied_us,
                        decided_us=decided_us if chance.random() < 0.9 else None,
                        reason="incomplete",
                    )
                )
    return tuple(found)


@cache
def books() -> Books:
    made = Books()
    for licence in licences():
        made.put(licence)
    return made


def publications(periods: Iterable[tuple[str, str]]) -> Published:
    """What is published of periods, with the tables of what was filed in others."""
    return {each: figures_of(books(), POLICY, each[0], each[1] or None) for each in periods}


def usual(periods: Sequence[str], after: int) -> list[tuple[str, str]]:
    """Each period with the tables of the one that many periods before."""
    return [
        (period, periods[place - after] if place >= after else "") for place, period in enumerate(periods)
    ]


@cache
def months_of(period: str) -> list[str]:
    start_us, end_us = period_us(period, POLICY)
    return [month for month in MONTHS if start_us <= period_us(month, POLICY)[0] < end_us]


class Known(NamedTuple):
    """How many applications, and what granted mass in mg, by part."""

    counts: Counter[Part]
    granted_mg: Counter[Part]


@cache
def sums_of(firm: str | None) -> Known:
    """What one firm had, or all of them."""
    found = Known(Counter(), Counter())
    for licence in licences():
        if firm in (None, licence.exporter):
            decided = "" if licence.decided_us is None else month_of(licence.decided_us, POLICY)
            outcome = licence.state if decided else PENDING
            for table, key_of in AXES.items():
                part = Part(table, key_of(licence), month_of(licence.applied_us, POLICY), outcome, decided)
                found.counts[part] += 1
                if outcome == GRANTED:
                    found.granted_mg[part] += licence.quantity_mg
    return found


def happened(part: Part, figure: str, until: str) -> bool:
    """Whether a figure of a table counts a part, at the end of a month."""
    over = bool(part.decided) and part.decided <= until
    if figure == APPLICATIONS:
        return True
    return not over if figure == PENDING else over and part.outcome == figure


class Counted(NamedTuple):
    """What all firms together had of what a figure counts."""

    count: int
    mass_mg: int


class Figure(NamedTuple):
    """A published figure: the cells whose sum it is, count and mass in mg."""

    cells: list[int]
    count: int
    mass_mg: int | None
    known: Counted


class Attack:
    """What follows from the publications for whoever knows some of the licences."""

    def __init__(self, published: Published) -> None:
        self._figures: list[Figure] = []
        self._definitions: list[tuple[Row, Equation]] = []
        self._counting: dict[Part, list[int]] = defaultdict(list)
        for (period, filed), figures in published.items():
            months = months_of(period)
            for table in KEYS:
                self._take_totals(table, months, figures)
                if filed:
                    self._take_rows(table, filed, months[-1], figures)

    def conclude(self, unknown: Known, *, exactly: bool) -> tuple[Sums, Sums]:
        """What follows about what is not known, given all else: of counts, and of granted masses in mg."""
        open_counts = [each.count - each.known.count for each in self._figures]
        open_mg = [(each.mass_mg or 0) - each.known.mass_mg for each in self._figures]
        for part, count in unknown.counts.items():
            for place in self._counting[part]:
                open_counts[place] += count
                open_mg[place] += unknown.granted_mg[part]
        defined = [equation for _, equation in self._definitions]
        found = zip(self._figures, open_counts, strict=True)
        counts = Sums(len(cells()), [*(Equation(each.cells, [], count) for each, count in found), *defined])
        counts.follow(exactly=exactly)
        open_masses = [
            Equation(each.cells, [], mass_mg)
            for each, mass_mg in zip(self._figures, open_mg, strict=True)
            if each.mass_mg is not None
        ]
        defined = [equation for row, equation in self._definitions if row.figure == GRANTED]
        nothing = [place for place, most in enumerate(counts.high) if most == 0]
        masses = Sums(len(cells()), [*open_masses, *defined], nothing)
        masses.follow(exactly=exactly)
        return counts, masses

    def _take_totals(self, table: str, months: Sequence[str], figures: Mapping[str, Any]) -> None:
        parts = [part for part in parts_of()[table] if part.filed in months]
        self._take(places(parts), parts, figures, APPLICATIONS)
        for figure in (GRANTED, REFUSED):
            of = [part for part in parts_of()[table] if part.outcome == figure and part.decided in months]
            self._take(places(of), of, figures, figure)

    def _take_rows(self, table: str, filed: str, until: str, figures: Mapping[str, Any]) -> None:
        rows = {row["key"]: row for row in figures[table]}
        hidden = [name for name in KEYS[table] if name not in rows]
        named = {key: hidden if key == OTHER else [key] for key in rows}
        parts = [part for part in parts_of()[table] if part.filed in months_of(filed)]
        for figure in COUNTS:
            of = [part for part in parts if happened(part, figure, until)]
            for key in KEYS[table]:
                row = Row(table, key, filed, until, figure)
                counted = [part for part in of if part.key == key]
                self._definitions.append((row, Equation(places(counted), places([row]), 0)))
            for key, keys in named.items():
                of_row = [Row(table, name, filed, until, figure) for name in keys]
                self._take(places(of_row), [part for part in of if part.key in keys], rows[key], figure)

    def _take(self, places: list[int], parts: list[Part], figures: Mapping[str, Any], figure: str) -> None:
        mass_mg = None
        if figure == GRANTED and "tonnes" in figures:
            mass_mg = round(Fraction(figures["tonnes"]) * 10**9)
        everybody = sums_of(None)
        count = sum(everybody.counts[part] for part in parts)
        granted_mg = sum(everybody.granted_mg[part] for part in parts)
        for part in parts:
            self._counting[part].append(len(self._figures))
        self._figures.append(Figure(places, figures[figure], mass_mg, Counted(count, granted_mg)))


@cache
def parts_of() -> dict[str, list[Part]]:
    """Every place where an application may stand: decided in the month of filing or up to five later."""
    return {
        table: [
            Part(table, key, filed, outcome, decided)
            for key in keys
            for place, filed in enumerate(MONTHS)
            for outcome, decided in [
                (PENDING, ""),
                *((outcome, later) for outcome in (GRANTED, REFUSED) for later in LATER[place : place + 6]),
            ]
        ]
        for table, keys in KEYS.items()
    }


@cache
def cells() -> dict[Cell, int]:
    """Every cell that an equation may name, with its place."""
    named: list[Cell] = [part for parts in parts_of().values() for part in parts]
    named += [
        Row(table, key, filed, until, figure)
        for table, keys in KEYS.items()
        for key in keys
        for filed in (*MONTHS, *QUARTERS)
        for figure in COUNTS
        for until in MONTHS
    ]
    return {cell: place for place, cell in enumerate(named)}


def places(named: Iterable[Cell]) -> list[int]:
    return [cells()[cell] for cell in named]


class Hidden(NamedTuple):
    """What an attacker learnt of what is in no shown row, and how much there was to learn."""

    tonnages: list[Row]
    counts: list[Row]
    tried: int


def recovered(published: Published, firms: Sequence[str | None]) -> Hidden:
    """What an attacker recovers who knows all firms but one.

    Args:
        published: The figures.
        firms: The unknown firm of each attack; None: the attacker knows no firm at all.
    """
    found = Hidden([], [], 0)
    attack, hidden = Attack(published), hidden_rows(published)
    for firm in firms:
        truth = sums_of(firm)
        counts, masses = attack.conclude(truth, exactly=firm is not None)
        mine: dict[tuple[str, str], list[Part]] = defaultdict(list)
        for part in truth.counts:
            mine[part.table, part.key].append(part)
        for row in hidden:
            parts = [
                part
                for part in mine[row.table, row.key]
                if part.filed in months_of(row.filed) and happened(part, row.figure, row.until)
            ]
            count, mass_mg = (sum(known[part] for part in parts) for known in truth)
            if not count:
                continue
            low, high = bounds(counts, row, count)
            found = found._replace(tried=found.tried + 1)
            if low == high:
                found.counts.append(row)
            if row.figure == GRANTED:
                low, high = bounds(masses, row, mass_mg)
                if high * (1 - WITHIN) <= low * (1 + WITHIN):
                    found.tonnages.append(row)
    return found


def hidden_rows(published: Published) -> list[Row]:
    """The figures of every cell that is not shown, of every table."""
    return [
        Row(table, key, filed, months_of(period)[-1], figure)
        for (period, filed), figures in published.items()
        if filed
        for table, keys in KEYS.items()
        for key in keys
        if key not in {row["key"] for row in figures[table]}
        for figure in COUNTS
    ]


def bounds(sums: Sums, row: Row, truth: int) -> tuple[int, int]:
    """From which to which number a figure may be; it is certain that the truth lies between."""
    place = cells()[row]
    low, high = sums.low[place], sums.high[place]
    assert low <= truth <= high, "the attacker errs"
    return low, high


MONTHLY = usual(MONTHS, TABLES_AFTER)
QUARTERLY = usual(QUARTERS, 1)


def share_shown(published: Published) -> float:
    """Which part of the applications in tables stands in a row of its own destination or element."""
    rows = [row for figures in published.values() for table in KEYS for row in figures.get(table, ())]
    shown = sum(row[APPLICATIONS] for row in rows if row["key"] != OTHER)
    return float(shown / sum(row[APPLICATIONS] for row in rows))


@pytest.mark.parametrize(
    ("periods", "firms", "least_tried", "least_shown"),
    [(MONTHLY, FIRMS, 900, 0.5), (QUARTERLY, FIRMS[::4], 25, 0.85)],
)
def test_nothing_hidden_is_recovered(
    periods: list[tuple[str, str]], firms: list[str], least_tried: int, least_shown: float
) -> None:
    published = publications(periods)
    found = recovered(published, [*firms, None])
    assert (found.tonnages, found.counts) == ([], [])
    assert found.tried > least_tried
    assert share_shown(published) > least_shown, "who publishes nothing hides everything"


def test_without_complementary_suppression_of_tables_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppression, "complete", lambda held, shown: set(held) - shown)
    published = publications(QUARTERLY)
    found = recovered(published, [*FIRMS[::3], None])
    assert found.tonnages
    assert found.counts


def test_without_complementary_suppression_of_dates_it_is() -> None:
    """Quarters beside months: what ``statistics.sequence`` refuses."""
    found = recovered(publications([*MONTHLY, *usual(QUARTERS, 1)]), FIRMS[:4])
    assert found.tonnages
    assert found.counts


def test_tables_of_the_same_applications_twice_give_them_away() -> None:
    """First as they were filed, then as they were decided: what ``statistics.sequence`` refuses as well."""
    found = recovered(publications([*usual(MONTHS, 0), *MONTHLY]), FIRMS[:4])
    assert found.tonnages
    assert found.counts
