"""Reserves and interruptions: how long stocks last, and what the loss of a source would take away.

Decides: what use is, and what a stock covers. All rates are those of the period, in whole milligrams over
its days; all stocks are those at its end. Nothing that is not in the ledger counts: neither stocks outside
it, nor what other sources could give instead.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, TypeAlias

from sqlalchemy import Connection

from ledger.provenance.contents import CAME_IN, WENT_OUT, Contents, Reading
from ledger.provenance.dependence import MADE
from ledger.records.periods import DAY_US
from ledger.statements.registers import PartyRecord
from ledger.store import registers_store

ALL: Final = "REO"
RELEASED: Final = "release"
RESERVE: Final = "reserve"
_Sums: TypeAlias = dict[tuple[str, str], int]
_Matches: TypeAlias = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Reserve:
    """A country's strategic stock of an element against its use.

    Attributes:
        country: Where the holders of the reserve are registered.
        stock_mg: What they own at the end, wherever it lies.
        released_mg: What parties of the country released to users in the period.
        exported_mg: What they exported in it.
        days: Days of the period.
    """

    country: str
    element: str
    stock_mg: int
    released_mg: int
    exported_mg: int
    days: Fraction

    @property
    def cover_days(self) -> Fraction | None:
        """Stock over the use of a day; None where nothing was used."""
        return over(self.stock_mg, self.released_mg, self.days)

    @property
    def cover_with_exports_days(self) -> Fraction | None:
        """Stock over use and exports of a day; None where there was neither."""
        return over(self.stock_mg, self.released_mg + self.exported_mg, self.days)


@dataclass(frozen=True, slots=True)
class Loss:
    """What of a flow comes from the source.

    Attributes:
        name: Of what: a product's code, or a destination.
        mass_mg: All of it in the period; ``lost_mg``: the part that comes from the source.
    """

    name: str
    element: str
    mass_mg: int
    lost_mg: int

    @property
    def share(self) -> Fraction:
        """The part that would be missing."""
        return Fraction(self.lost_mg, self.mass_mg)


@dataclass(frozen=True, slots=True)
class FirmLoss:
    """What a firm would miss, and how long its stock bridges that.

    Attributes:
        came_mg: What it mined, imported and received in the period; ``lost_mg`` of it from the source.
        went_mg: What it shipped, exported, released and lost in it.
        stock_mg: What it has at the end, pools included.
        days: Days of the period.
    """

    party: str
    element: str
    came_mg: int
    lost_mg: int
    went_mg: int
    stock_mg: int
    days: Fraction

    @property
    def share(self) -> Fraction:
        """The part of what came that would be missing."""
        return Fraction(self.lost_mg, self.came_mg)

    @property
    def deficit_mg(self) -> int:
        """What would go out beyond what still comes in, over the period; 0 where enough still comes."""
        return max(0, self.went_mg - (self.came_mg - self.lost_mg))

    @property
    def lasts_days(self) -> Fraction | None:
        """For how long the stock makes up for the deficit; None where there is none."""
        return over(self.stock_mg, self.deficit_mg, self.days)


@dataclass(slots=True)
class Interruption:
    """What the loss of a source would mean.

    Attributes:
        firms: By firm and element; those alone that had something from the source.
        products: By product and element.
        uses: By destination country of exports, and ``release`` for what went to users, and element.
        reserves: Strategic stocks by element, over what the source gave to all uses in a day.
    """

    firms: list[FirmLoss] = field(default_factory=list)
    products: list[Loss] = field(default_factory=list)
    uses: list[Loss] = field(default_factory=list)
    reserves: list[tuple[Loss, int, Fraction | None]] = field(default_factory=list)


def over(stock_mg: int, used_mg: int, days: Fraction) -> Fraction | None:
    """For how many days a stock lasts where so much is used in so many days; None where nothing is used."""
    return Fraction(stock_mg) * days / used_mg if used_mg > 0 else None


def days_of(start_us: int, end_us: int) -> Fraction:
    """The length of a period in days, exactly."""
    return Fraction(end_us - start_us, DAY_US)


def reserves(connection: Connection, start_us: int, end_us: int) -> list[Reserve]:
    """The strategic stocks by country and element, against the use in [start_us, end_us).

    Args:
        connection: A reading transaction.
        start_us, end_us: The period of the use; stocks are those at its end.
    """
    reading, days = Reading(connection), days_of(start_us, end_us)
    stocks = _reserve_stocks(reading, end_us)
    released: _Sums = {}
    exported: _Sums = {}
    for left in reading.left(start_us, end_us):
        country = reading.country_of_party(left.consignor)
        _add(released if left.kind == RELEASED else exported, country, left.contents)
    countries = {country for country, _ in stocks}
    return [
        Reserve(
            country,
            element,
            stocks.get((country, element), 0),
            released.get((country, element), 0),
            exported.get((country, element), 0),
            days,
        )
        for country, element in _keys(stocks, released, exported)
        if country in countries
    ]


def interruption(
    connection: Connection, start_us: int, end_us: int, *, country: str = "", origin: str = ""
) -> Interruption:
    """What would be missing had a source given nothing, by the figures of [start_us, end_us).

    Args:
        connection: A reading transaction.
        start_us, end_us: The period.
        country: All origins of this country; or
        origin: One origin, as provenance names it: a site, ``import:<country>``, ``opening:<party>``.
    """
    reading, days = Reading(connection), days_of(start_us, end_us)

    def matches(each: str) -> bool:
        return each == origin if origin else reading.country(each) == country

    found = Interruption(firms=_firms(reading, start_us, end_us, days, matches))
    made: _Sums = {}
    lost_made: _Sums = {}
    for _, product, contents in reading.born(MADE, start_us, end_us):
        _add(made, product, contents)
        _add(lost_made, product, _of(contents, matches))
    found.products = _losses(made, lost_made)
    used: _Sums = {}
    lost_used: _Sums = {}
    every: _Sums = {}
    lost_every: _Sums = {}
    for left in reading.left(start_us, end_us):
        lost = _of(left.contents, matches)
        _add(used, left.destination or RELEASED, left.contents)
        _add(lost_used, left.destination or RELEASED, lost)
        _add(every, "", left.contents)
        _add(lost_every, "", lost)
    found.uses = _losses(used, lost_used)
    stocks: dict[str, int] = {}
    for (_, element), mass_mg in _reserve_stocks(reading, end_us).items():
        stocks[element] = stocks.get(element, 0) + mass_mg
    found.reserves = [
        (loss, stocks.get(loss.element, 0), over(stocks.get(loss.element, 0), loss.lost_mg, days))
        for loss in _losses(every, lost_every)
    ]
    return found


def _firms(reading: Reading, start_us: int, end_us: int, days: Fraction, matches: _Matches) -> list[FirmLoss]:
    came: _Sums = {}
    lost: _Sums = {}
    for party, contents in reading.moved(CAME_IN, start_us, end_us):
        _add(came, party, contents)
        _add(lost, party, _of(contents, matches))
    affected = {party for (party, _), mass_mg in lost.items() if mass_mg > 0}
    went: _Sums = {}
    for party, contents in reading.moved(WENT_OUT, start_us, end_us):
        if party in affected:
            _add(went, party, {key: -mass_mg for key, mass_mg in contents.items()})
    for party, _, masses in reading.stated("lost", start_us, end_us):
        if party in affected:
            _add(went, party, {(element, ""): mass_mg for element, mass_mg in masses.items()})
    stock: _Sums = {}
    for party, contents in reading.held(end_us):
        if party in affected:
            _add(stock, party, contents)
    for party, _, masses in reading.stated("pool", 0, end_us):
        if party in affected:
            _add(stock, party, {(element, ""): mass_mg for element, mass_mg in masses.items()})
    return [
        FirmLoss(
            *key,
            came_mg=came[key],
            lost_mg=lost_mg,
            went_mg=went.get(key, 0),
            stock_mg=max(0, stock.get(key, 0)),
            days=days,
        )
        for key, lost_mg in sorted(lost.items(), key=_order)
        if lost_mg > 0
    ]


def _reserve_stocks(reading: Reading, end_us: int) -> _Sums:
    """What parties with the role ``reserve`` own at a moment, by their country and element."""
    every = registers_store.read_register(reading.connection, PartyRecord)
    owners = [each.party for each in every if RESERVE in each.roles]
    sums: _Sums = {}
    for owner, contents in reading.held(end_us, owners):
        _add(sums, reading.country_of_party(owner), contents)
    for _, owner, masses in reading.stated("pool", 0, end_us):
        if owner in owners:
            country = reading.country_of_party(owner)
            _add(sums, country, {(element, ""): mass_mg for element, mass_mg in masses.items()})
    return sums


def _of(contents: Contents, matches: _Matches) -> Contents:
    return {key: mass_mg for key, mass_mg in contents.items() if matches(key[1])}


def _add(sums: _Sums, name: str, contents: Mapping[tuple[str, str], int]) -> None:
    """Adds contents under a name, by element and for all elements together."""
    for (element, _), mass_mg in contents.items():
        for key in ((name, ALL), (name, element)):
            sums[key] = sums.get(key, 0) + mass_mg


def _losses(whole: _Sums, lost: _Sums) -> list[Loss]:
    return [
        Loss(*key, mass_mg=whole[key], lost_mg=mass_mg)
        for key, mass_mg in sorted(lost.items(), key=_order)
        if mass_mg > 0
    ]


def _order(item: tuple[tuple[str, str], int]) -> tuple[bool, str, int, str]:
    """All REO first, then by element; within one the greatest first."""
    (name, element), mass_mg = item
    return element != ALL, element, -mass_mg, name


def _keys(*sums: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Every key of some sums: by name, all REO first."""
    return sorted({key for each in sums for key in each}, key=lambda key: (key[0], key[1] != ALL, key[1]))
