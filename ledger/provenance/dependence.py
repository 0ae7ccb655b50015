"""Dependence: from which countries the elements of a product, a firm or an importing country come.

Decides: what counts as coming, and how concentrated it is. The Herfindahl-Hirschman index (HHI) is the sum of
the squares of the countries' shares, from above 0 to 1. What comes from nobody knows where is bounded, not
guessed: at least, each milligram of it comes from a country of its own; at most, all from the largest one.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from sqlalchemy import Connection

from ledger.provenance.contents import CAME_IN, Contents, Reading, by_country

UNKNOWN: Final = "unknown"
MADE: Final = ("extract", "import", "process", "draw")
"""Births that bring goods into a period; opening stock was there before."""


@dataclass(frozen=True, slots=True)
class ElementDependence:
    """Where one element comes from.

    Attributes:
        element: Symbol, or ``REO`` for all together.
        mass_mg: All of it, REO: the denominator of every share.
        countries: REO in mg by country of origin, the largest first; ``unknown`` among them.
    """

    element: str
    mass_mg: int
    countries: Mapping[str, int]

    def share(self, country: str) -> Fraction | None:
        """The part that comes from a country; None where nothing came at all."""
        return Fraction(self.countries.get(country, 0), self.mass_mg) if self.mass_mg else None

    @property
    def hhi(self) -> tuple[Fraction, Fraction] | None:
        """The least and the most that the index can be; None where nothing came."""
        if not self.mass_mg:
            return None
        known = [mass for country, mass in self.countries.items() if country != UNKNOWN]
        unknown = self.countries.get(UNKNOWN, 0)
        whole = self.mass_mg**2
        least = Fraction(sum(mass**2 for mass in known), whole)
        largest = max(known, default=0)
        most = Fraction(sum(mass**2 for mass in known) - largest**2 + (largest + unknown) ** 2, whole)
        return least, most


def dependence(
    connection: Connection,
    start_us: int,
    end_us: int,
    *,
    product: str = "",
    party: str = "",
    country: str = "",
    element: str | None = None,
    without: Collection[str] = (),
) -> list[ElementDependence]:
    """Where the elements of one subject came from in [start_us, end_us).

    Args:
        connection: A reading transaction.
        start_us, end_us: The period, by the events' times.
        product: A catalogue code: its lots that were made or brought in.
        party: A firm: what it mined, imported and received.
        country: An importing country: exports to it, and what parties there brought in.
        element: Only this one.
        without: Lots that are left out of what the firm received.

    Returns:
        All REO first, then each element in order of its symbol; all REO alone where nothing came.
    """
    reading, sums = Reading(connection), dict[tuple[str, str], int]()
    if party:
        for _, contents in reading.moved(CAME_IN, start_us, end_us, party, without):
            by_country(contents, reading.country, sums)
    elif product:
        for _, _, contents in reading.born(MADE, start_us, end_us, product):
            by_country(contents, reading.country, sums)
    else:
        for left in reading.left(start_us, end_us):
            if left.destination == country:
                by_country(left.contents, reading.country, sums)
        for producer, _, contents in reading.born(("import",), start_us, end_us):
            if reading.country_of_party(producer) == country:
                by_country(contents, reading.country, sums)
    return elements_of(sums, element)


def elements_of(sums: Contents, element: str | None = None) -> list[ElementDependence]:
    """Sums by element and country, as the dependence of each element, all REO first."""
    elements: dict[str, dict[str, int]] = {"REO": {}}
    for (symbol, country), mass_mg in sums.items():
        if mass_mg and element in (None, symbol):
            for name in ("REO", symbol):
                countries = elements.setdefault(name, {})
                countries[country] = countries.get(country, 0) + mass_mg
    if element is not None:
        elements = {element: elements.get(element, {})}
    return [
        ElementDependence(
            name,
            sum(countries.values()),
            dict(sorted(countries.items(), key=lambda item: (-item[1], item[0]))),
        )
        for name, countries in sorted(elements.items(), key=lambda item: (item[0] != "REO", item[0]))
    ]
