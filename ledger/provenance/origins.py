"""Origins of a lot, a pool or a shipment: its cells, read as shares. No walk: every lot keeps its cells.

Decides: how an origin is named and which country it counts for. A cell whose origin is ``awaited:<lot>`` (the
lot was received and used before its birth was recorded) is resolved through that lot's own cells.

Source: ISO 22095:2020 (controlled blending and mass balance: pro rata over the inputs).
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from ledger.provenance.as_of import lot_at
from ledger.provenance.digits import cut
from ledger.records.books import Books
from ledger.records.cells import AWAITED, IMPORT, UNEXPLAINED, Cell, Cells
from ledger.records.lots import LotRecord
from ledger.statements.registers import PartyRecord, SiteRecord

MAX_RESOLVED = 64

Exact: TypeAlias = int | Fraction
"""Milligrams; whole numbers unless something was shared."""


@dataclass(frozen=True, slots=True)
class OriginShare:
    """What one origin contributed.

    Attributes:
        origin: As in the cells: a site, ``import:<country>``, ``opening:<party>``, ``unexplained``,
            ``awaited:<lot>``.
        statuses: REO in mg by status.
        elements: REO in mg by element.
        mass_mg: All of it.
        share: Of all REO.
    """

    origin: str
    statuses: Mapping[str, int]
    elements: Mapping[str, int]
    mass_mg: int
    share: Fraction


def resolve(
    cells: Cells, books: Books, *, at: int | None = None, steps: int = MAX_RESOLVED
) -> dict[Cell, Exact]:
    """Cells with every awaited origin replaced by those of the lot that was awaited, element by element.

    Args:
        cells: As recorded.
        books: Where the lots are.
        at: As the lots' records said once this entry was in; None: as they say now.
        steps: How many awaited lots may stand behind one another.
    """
    resolved: dict[Cell, Exact] = dict(cells)
    for _ in range(steps):
        awaited = [cell for cell in resolved if cell[1].startswith(AWAITED)]
        books.prefetch(LotRecord, {(origin.removeprefix(AWAITED),) for _, origin, _ in awaited})
        changed = False
        for cell in awaited:
            element, origin, _ = cell
            lot = lot_at(books, origin.removeprefix(AWAITED), at)
            if lot is None or lot.birth == "awaited":
                continue
            inside = {c: mass for c, mass in lot.cells.items() if c[0] == element}
            whole = sum(inside.values())
            if whole == 0:
                continue
            mass = resolved.pop(cell)
            for other, part in inside.items():
                share = cut(Fraction(mass.numerator * part, mass.denominator * whole))
                resolved[other] = cut(resolved[other] + share) if other in resolved else share
            changed = True
        if not changed:
            break
    return resolved


def origin_shares(
    cells: Cells, books: Books, element: str | None = None, *, at: int | None = None
) -> list[OriginShare]:
    """Shares by origin, largest first; of one element or of all.

    Args:
        cells: Of a lot or pool version.
        books: Where awaited lots are.
        at: As in ``resolve``.
        element: Symbol, or None for all REO.
    """
    found: dict[str, tuple[dict[str, Exact], dict[str, Exact]]] = {}
    for (symbol, origin, status), mass in resolve(cells, books, at=at).items():
        if element is not None and symbol != element:
            continue
        statuses, elements = found.setdefault(origin, ({}, {}))
        statuses[status] = statuses.get(status, 0) + mass
        elements[symbol] = elements.get(symbol, 0) + mass
    sums = {origin: sum(elements.values()) for origin, (_, elements) in found.items()}
    whole = sum(sums.values())
    shares = [
        OriginShare(
            origin,
            {status: round(mass) for status, mass in sorted(statuses.items())},
            {symbol: round(mass) for symbol, mass in sorted(elements.items())},
            round(sums[origin]),
            Fraction(sums[origin]) / whole if whole else Fraction(0),
        )
        for origin, (statuses, elements) in found.items()
    ]
    return sorted(shares, key=lambda share: (-share.share, share.origin))


def together(share: OriginShare, other: OriginShare) -> OriginShare:
    """Two shares as one, under the name of the first."""
    return OriginShare(
        share.origin,
        dict(sorted((Counter(share.statuses) + Counter(other.statuses)).items())),
        dict(sorted((Counter(share.elements) + Counter(other.elements)).items())),
        share.mass_mg + other.mass_mg,
        share.share + other.share,
    )


def country_of(origin: str, sites: Mapping[str, SiteRecord], parties: Mapping[str, PartyRecord]) -> str:
    """The country that an origin counts for: ISO 3166-1 alpha-2, or ``unknown``.

    A site's own description comes before the country of its party; opening stock counts for its holder.
    """
    if origin.startswith(IMPORT):
        country = origin.removeprefix(IMPORT)
        return country if len(country) == 2 else "unknown"
    if origin == UNEXPLAINED or origin.startswith(AWAITED):
        return "unknown"
    if origin.startswith("opening:"):
        return _party_country(parties.get(origin.removeprefix("opening:")))
    site = sites.get(origin)
    if site is None:
        return "unknown"
    stated = site.description.get("country")
    return stated if isinstance(stated, str) else _party_country(parties.get(site.party))


def _party_country(party: PartyRecord | None) -> str:
    country = None if party is None else party.organisation.get("country")
    return country if isinstance(country, str) else "unknown"


def country_shares(
    shares: list[OriginShare], sites: Mapping[str, SiteRecord], parties: Mapping[str, PartyRecord]
) -> dict[str, Fraction]:
    """Share of REO by country, largest first."""
    found: dict[str, Fraction] = {}
    for share in shares:
        country = country_of(share.origin, sites, parties)
        found[country] = found.get(country, Fraction(0)) + share.share
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))
