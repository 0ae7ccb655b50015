"""What goods contain by element and origin, in whole milligrams, summed over many lots.

Decides: how much of a lot stands for a mass of it: the exact share of its cells, whose sum is rounded once
(half to even) and shared out in whole milligrams by largest remainder. So sums over any number of lots are
sums of whole numbers, and elements and origins always add up to the same. An awaited lot counts by its birth.

Every query groups by lot in the database and reads each lot's cells once, so memory does not grow with the
number of movements.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, bindparam, text

from ledger.provenance.digits import cut, in_whole
from ledger.provenance.origins import country_of, resolve
from ledger.provenance.subjects import books_of
from ledger.records.cells import AWAITED, Cell, apportion, decode_cells
from ledger.statements.registers import Names, PartyRecord, SiteRecord
from ledger.store.registers_store import read_facts
from ledger.strict_json import parse_json

Contents: TypeAlias = dict[tuple[str, str], int]
"""REO in mg by element and origin."""

CAME_IN: Final = ("extract", "import", "receive")
"""Movements by which goods come into somebody's hands: mined, brought into the country, received."""
WENT_OUT: Final = ("ship", "export", "disclose", "return", "release", "lose", "dispose", "destroy")
"""Movements by which they leave them."""

_MOVED: Final = text(
    "SELECT g.custodian, g.lot, g.mass_mg, l.mass_mg, l.cells FROM (SELECT p.custodian, p.lot, "
    "SUM(p.mass_mg) AS mass_mg FROM postings p "
    "JOIN events e ON e.entry_index = p.entry_index AND e.position = p.position "
    "WHERE p.account = 'holding' AND p.event_time_us >= :start AND p.event_time_us < :end "
    "AND e.movement IN :movements AND (:party = '' OR p.custodian = :party) "
    "GROUP BY p.custodian, p.lot) g JOIN lots l ON l.lot = g.lot WHERE g.mass_mg <> 0"
).bindparams(bindparam("movements", expanding=True))
_HELD: Final = text(
    "SELECT g.holder, g.mass_mg, l.mass_mg, l.cells FROM (SELECT p.custodian AS holder, p.lot, "
    "SUM(p.mass_mg) AS mass_mg FROM postings p WHERE p.account = 'holding' AND p.event_time_us < :end "
    "GROUP BY p.custodian, p.lot) g JOIN lots l ON l.lot = g.lot WHERE g.mass_mg <> 0"
)
_OWNED: Final = text(
    "SELECT g.holder, g.mass_mg, l.mass_mg, l.cells FROM (SELECT p.owner AS holder, p.lot, "
    "SUM(p.mass_mg) AS mass_mg FROM postings p WHERE p.account = 'holding' AND p.event_time_us < :end "
    "AND p.owner IN :owners GROUP BY p.owner, p.lot) g JOIN lots l ON l.lot = g.lot WHERE g.mass_mg <> 0"
).bindparams(bindparam("owners", expanding=True))
_STATED: Final = text(
    "SELECT custodian, owner, contained FROM postings WHERE account = :account AND lot = '' "
    "AND event_time_us >= :start AND event_time_us < :end"
)
_BORN: Final = text(
    "SELECT producer, product, mass_mg, cells, birth FROM lots WHERE event_time_us >= :start "
    "AND event_time_us < :end AND voided_at IS NULL AND birth IN :births "
    "AND (:product = '' OR product = :product)"
).bindparams(bindparam("births", expanding=True))
_LEFT: Final = text(
    "SELECT g.kind, g.consignor, g.destination, g.mass_mg, l.mass_mg, l.cells FROM (SELECT s.kind, "
    "s.consignor, s.destination, n.lot, SUM(n.sent_mg) AS mass_mg FROM shipments s JOIN shipment_lines n "
    "ON n.consignor = s.consignor AND n.event_id = s.event_id "
    "WHERE s.kind IN ('export', 'disclose', 'release') AND s.state NOT IN ('voided', 'refused') "
    "AND s.replaced_by = '' AND s.event_time_us >= :start AND s.event_time_us < :end "
    "GROUP BY s.kind, s.consignor, s.destination, n.lot) g JOIN lots l ON l.lot = g.lot WHERE g.mass_mg <> 0"
)


@dataclass(frozen=True, slots=True)
class Left:
    """Goods that left the books for use: ``destination`` is a country for exports, "" for a release."""

    kind: str
    consignor: str
    destination: str
    contents: Contents


@dataclass(slots=True)
class Reading:
    """Reads contents in one transaction, and remembers whose and where origins are."""

    connection: Connection
    _sites: dict[str, SiteRecord | None] = field(default_factory=dict)
    _parties: dict[str, PartyRecord | None] = field(default_factory=dict)
    _countries: dict[str, str] = field(default_factory=dict)

    def country(self, origin: str) -> str:
        """The country that an origin counts for (``origins.country_of``)."""
        found = self._countries.get(origin)
        if found is None:
            site = self.site(origin)
            party = site.party if site is not None else origin.removeprefix("opening:")
            known = self.party(party)
            sites = {} if site is None else {origin: site}
            found = country_of(origin, sites, {} if known is None else {party: known})
            self._countries[origin] = found
        return found

    def party(self, name: str) -> PartyRecord | None:
        """A party of the register."""
        if name not in self._parties:
            self._parties[name] = read_facts(self.connection, Names(parties={name})).parties.get(name)
        return self._parties[name]

    def site(self, name: str) -> SiteRecord | None:
        """A site of the register."""
        if name not in self._sites:
            self._sites[name] = read_facts(self.connection, Names(sites={name})).sites.get(name)
        return self._sites[name]

    def country_of_party(self, name: str) -> str:
        """Where a party is, or ``unknown``."""
        party = self.party(name)
        stated = None if party is None else party.organisation.get("country")
        return stated if isinstance(stated, str) else "unknown"

    def moved(
        self,
        movements: Sequence[str],
        start_us: int,
        end_us: int,
        party: str = "",
        without: Collection[str] = (),
    ) -> Iterator[tuple[str, Contents]]:
        """What such movements put into hands, or took from them (below zero), by custodian.

        Args:
            movements: Of these kinds. start_us, end_us: in [start_us, end_us).
            party: Of one custodian; "": of all.
            without: Lots that are left out.
        """
        asked = {"movements": list(movements), "start": start_us, "end": end_us, "party": party}
        for custodian, lot, mass_mg, whole_mg, cells in self.connection.execute(_MOVED, asked):
            if lot not in without:
                yield custodian, self._share(cells, int(mass_mg), whole_mg)

    def held(self, end_us: int, owners: Sequence[str] | None = None) -> Iterator[tuple[str, Contents]]:
        """What is in stock at a moment, by custodian; or of some owners, by owner, wherever it lies."""
        if owners is not None and not owners:
            return  # PostgreSQL knows no type of a list of nothing
        query = _HELD if owners is None else _OWNED
        asked: dict[str, Any] = {"end": end_us} | ({} if owners is None else {"owners": list(owners)})
        for holder, mass_mg, whole_mg, cells in self.connection.execute(query, asked):
            yield holder, self._share(cells, int(mass_mg), whole_mg)

    def stated(self, account: str, start_us: int, end_us: int) -> Iterator[tuple[str, str, dict[str, int]]]:
        """Lines that state elements, of ``pool`` or ``lost``: (custodian, owner, REO in mg by element)."""
        asked = {"account": account, "start": start_us, "end": end_us}
        for custodian, owner, contained in self.connection.execute(_STATED, asked):
            members: Any = parse_json(contained.encode())
            yield custodian, owner, {symbol: round(Fraction(mass)) for symbol, mass in members.items()}

    def born(
        self, births: Sequence[str], start_us: int, end_us: int, product: str = ""
    ) -> Iterator[tuple[str, str, Contents]]:
        """Lots that were born in a period: (producer, product, contents)."""
        asked = {"births": list(births), "start": start_us, "end": end_us, "product": product}
        for producer, name, mass_mg, cells, _ in self.connection.execute(_BORN, asked):
            yield producer, name, self._share(cells, mass_mg, mass_mg)

    def left(self, start_us: int, end_us: int) -> Iterator[Left]:
        """What was exported or released to a user in a period."""
        for kind, consignor, destination, mass_mg, whole_mg, cells in self.connection.execute(
            _LEFT, {"start": start_us, "end": end_us}
        ):
            contents = self._share(cells, int(mass_mg), whole_mg)
            yield Left(kind, consignor, destination, contents)

    def _share(self, cells: str, mass_mg: int, whole_mg: int) -> Contents:
        """What such a part of a lot contains, in whole milligrams."""
        decoded = decode_cells(cells)
        if not whole_mg:
            return {}
        if mass_mg == whole_mg and AWAITED not in cells:
            sums: Contents = {}
            for (element, origin, _), amount in decoded.items():
                sums[element, origin] = sums.get((element, origin), 0) + amount
            return sums
        exact = resolve(decoded, books_of(self.connection)) if AWAITED in cells else decoded
        weights: dict[Cell, Fraction] = {}
        for (element, origin, _), mass in exact.items():
            key = (element, origin, "")
            weights[key] = cut(weights.get(key, Fraction(0)) + mass)
        contained = round(sum(weights.values(), Fraction(0)) * abs(mass_mg) / whole_mg)
        sign = -1 if mass_mg < 0 else 1
        some = {cell: weight for cell, weight in weights.items() if weight}
        parts, _ = in_whole([weight.as_integer_ratio() for weight in some.values()])
        shared = apportion(contained, dict(zip(some, parts, strict=True))) if contained else {}
        return {(element, origin): sign * amount for (element, origin, _), amount in shared.items()}


def by_country(
    contents: Mapping[tuple[str, str], int], country: Callable[[str], str], into: Contents
) -> Contents:
    """Adds contents into a sum by element and country of origin."""
    for (element, origin), mass_mg in contents.items():
        key = (element, country(origin))
        into[key] = into.get(key, 0) + mass_mg
    return into
