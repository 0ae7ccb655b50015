"""Who has what: present holders of lots, for recall lists and stock.

Decides: nothing; reads holdings, what travels, and what left the books.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from sqlalchemy import Connection, text

from ledger.records.cells import decode_cells, element_masses
from ledger.store.engine import is_sqlite

_HELD_SQLITE: Final = text(
    "SELECT h.lot, h.owner, h.custodian, h.site, h.mass_mg, h.provisional_mg FROM json_each(:lots) n "
    "JOIN holdings h ON h.lot = n.value WHERE h.mass_mg > 0 ORDER BY h.custodian, h.site, h.lot, h.owner"
)
_HELD_POSTGRESQL: Final = text(
    "SELECT h.lot, h.owner, h.custodian, h.site, h.mass_mg, h.provisional_mg FROM holdings h "
    "WHERE h.lot = ANY(:lots) AND h.mass_mg > 0 ORDER BY h.custodian, h.site, h.lot, h.owner"
)
_TRAVELLING_SQLITE: Final = text(
    "SELECT s.lot, s.consignor, s.event_id, t.consignee, t.kind, t.site_to, s.left_mg, s.sent_mg "
    "FROM json_each(:lots) n JOIN shipment_lines s ON s.lot = n.value JOIN shipments t "
    "ON t.consignor = s.consignor AND t.event_id = s.event_id WHERE t.state IN ('open', 'received') "
    "ORDER BY s.lot, s.consignor, s.event_id"
)
_TRAVELLING_POSTGRESQL: Final = text(
    "SELECT s.lot, s.consignor, s.event_id, t.consignee, t.kind, t.site_to, s.left_mg, s.sent_mg "
    "FROM shipment_lines s JOIN shipments t ON t.consignor = s.consignor AND t.event_id = s.event_id "
    "WHERE s.lot = ANY(:lots) AND t.state IN ('open', 'received') "
    "ORDER BY s.lot, s.consignor, s.event_id"
)
_STOCK: Final = text(
    "SELECT h.lot, h.owner, h.custodian, h.site, h.mass_mg, h.provisional_mg, l.product, l.stage, l.birth, "
    "l.instance, l.pieces, l.mass_mg, l.cells, l.tainted_by FROM holdings h JOIN lots l ON l.lot = h.lot "
    "WHERE h.custodian = :party AND h.mass_mg > 0 AND h.lot > :after ORDER BY h.lot, h.owner, h.site "
    "LIMIT :most"
)


@dataclass(frozen=True, slots=True)
class Holding:
    """A share of a lot in somebody's hands."""

    lot: str
    owner: str
    custodian: str
    site: str
    mass_mg: int
    provisional_mg: int


@dataclass(frozen=True, slots=True)
class Stock(Holding):
    """A holding with what a table of stock tells of its lot.

    Attributes:
        birth: As in ``LotRecord``; product, stage, instance, pieces and tainted_by too.
        contained_mg: REO by element in this share of the lot, each rounded to whole milligrams.
    """

    product: str
    stage: str
    birth: str
    instance: bool
    pieces: int | None
    contained_mg: Mapping[str, int]
    tainted_by: int | None


@dataclass(frozen=True, slots=True)
class Travelling:
    """What was sent of a lot and has not arrived, or went abroad."""

    lot: str
    consignor: str
    event_id: str
    consignee: str
    kind: str
    site_to: str
    left_mg: int
    sent_mg: int


def holders(connection: Connection, lots: Iterable[str]) -> list[Holding]:
    """Present holdings of any of the lots."""
    query = _HELD_SQLITE if is_sqlite(connection) else _HELD_POSTGRESQL
    return [Holding(*row) for row in connection.execute(query, {"lots": _names(connection, lots)})]


def travelling(connection: Connection, lots: Iterable[str]) -> Iterator[Travelling]:
    """What travels of the lots, and exports of them."""
    query = _TRAVELLING_SQLITE if is_sqlite(connection) else _TRAVELLING_POSTGRESQL
    for row in connection.execute(query, {"lots": _names(connection, lots)}):
        found = Travelling(*row)
        if found.left_mg or found.kind in ("export", "disclose"):
            yield found


def stock(connection: Connection, party: str, after: str, limit: int) -> list[Stock]:
    """A custodian's holdings in order of the lots, from the first lot above ``after``."""
    rows = connection.execute(_STOCK, {"party": party, "after": after, "most": limit})
    return [_stock(row) for row in rows]


def _stock(row: Sequence[Any]) -> Stock:
    lot, owner, custodian, site, mass_mg, provisional_mg, product, stage, birth, *rest = row
    instance, pieces, whole_mg, cells, tainted_by = rest
    contained = {
        element: round(Fraction(element_mg * mass_mg, whole_mg)) if whole_mg else 0
        for element, element_mg in sorted(element_masses(decode_cells(cells)).items())
    }
    return Stock(
        lot=lot,
        owner=owner,
        custodian=custodian,
        site=site,
        mass_mg=mass_mg,
        provisional_mg=provisional_mg,
        product=product,
        stage=stage,
        birth=birth,
        instance=bool(instance),
        pieces=pieces,
        contained_mg=contained,
        tainted_by=tainted_by,
    )


def _names(connection: Connection, lots: Iterable[str]) -> object:
    ordered = sorted(set(lots))
    if not is_sqlite(connection):
        return ordered
    return json.dumps(ordered)
