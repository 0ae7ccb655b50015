"""Who has what: present holders of lots, for recall lists and stock.

Decides: which export it was that came back from abroad: the one that the import names, and else the oldest
of which something is still there. What was lost, disposed of or destroyed nobody has any more.
"""

import json
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, text

from ledger.records.cells import decode_cells, element_masses
from ledger.store.asking import Answer, Asking, Question, Rows
from ledger.store.engine import is_sqlite

_HELD_SQLITE: Final = (
    "SELECT h.lot, h.owner, h.custodian, h.site, h.mass_mg, h.provisional_mg FROM json_each(:lots) n "
    "JOIN holdings h ON h.lot = n.value WHERE h.mass_mg > 0 ORDER BY h.custodian, h.site, h.lot, h.owner"
)
_HELD_POSTGRESQL: Final = (
    "SELECT h.lot, h.owner, h.custodian, h.site, h.mass_mg, h.provisional_mg FROM holdings h "
    "WHERE h.lot = ANY(:lots) AND h.mass_mg > 0 ORDER BY h.custodian, h.site, h.lot, h.owner"
)
_TRAVELLING_SQLITE: Final = (
    "SELECT s.lot, s.consignor, s.event_id, t.consignee, t.kind, t.site_to, s.left_mg, s.sent_mg "
    "FROM json_each(:lots) n JOIN shipment_lines s ON s.lot = n.value JOIN shipments t "
    "ON t.consignor = s.consignor AND t.event_id = s.event_id WHERE t.state IN ('open', 'received') "
    "ORDER BY s.lot, s.consignor, s.event_id"
)
_TRAVELLING_POSTGRESQL: Final = (
    "SELECT s.lot, s.consignor, s.event_id, t.consignee, t.kind, t.site_to, s.left_mg, s.sent_mg "
    "FROM shipment_lines s JOIN shipments t ON t.consignor = s.consignor AND t.event_id = s.event_id "
    "WHERE s.lot = ANY(:lots) AND t.state IN ('open', 'received') "
    "ORDER BY s.lot, s.consignor, s.event_id"
)
_GONE: Final = (
    "SELECT p.lot, p.account, p.reference, SUM(p.mass_mg) FROM <lots> "
    "AND p.account IN ('exported', 'released') GROUP BY p.lot, p.account, p.reference "
    "ORDER BY p.lot, MIN(p.entry_index), p.reference"
)
_GONE_SQLITE: Final = text(
    _GONE.replace("<lots>", "json_each(:lots) n CROSS JOIN postings p WHERE p.lot = n.value")
)
_GONE_POSTGRESQL: Final = text(_GONE.replace("<lots>", "postings p WHERE p.lot = ANY(:lots)"))
_STOCK: Final = text(
    "SELECT h.lot, h.owner, h.custodian, h.site, h.mass_mg, h.provisional_mg, l.product, l.stage, l.birth, "
    "l.instance, l.pieces, l.mass_mg, l.cells, l.tainted_by FROM holdings h JOIN lots l ON l.lot = h.lot "
    "WHERE h.custodian = :party AND h.mass_mg > 0 AND h.lot > :after ORDER BY h.lot, h.owner, h.site "
    "LIMIT :most"
)

_LEAVES: Final = {"export": "exported", "disclose": "exported", "release": "released"}
"""Shipments by which goods leave the books, and the account in which they end."""
_Gone: TypeAlias = tuple[str, str, str, str]
"""Lot, account, consignor and shipment."""


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
    """What was sent of a lot and has not arrived, is abroad, or was released to a user.

    Attributes:
        kind: As in ``ShipmentRecord``. ``left_mg`` and ``sent_mg``: as in ``ShipmentLineRecord``.
        state: The kind while it travels, else ``exported`` or ``released``.
        mass_mg: What of it travels, is abroad now, or was released.
    """

    lot: str
    consignor: str
    event_id: str
    consignee: str
    kind: str
    site_to: str
    left_mg: int
    sent_mg: int
    state: str
    mass_mg: int


def holders(connection: Connection, lots: Iterable[str]) -> list[Holding]:
    """Present holdings of any of the lots."""
    return ask_holders(Asking(connection), lots).value


def ask_holders(asking: Asking, lots: Iterable[str]) -> Answer[list[Holding]]:
    """As ``holders``, asked with other questions."""
    query = _HELD_SQLITE if is_sqlite(asking.connection) else _HELD_POSTGRESQL
    named = {"lots": _names(asking.connection, lots)}
    return asking.put(Question(query, named, lambda rows: [Holding(*row) for row in rows]))


def ask_travelling(
    asking: Asking, lots: Iterable[str], party: str | None
) -> Callable[[], Iterator[Travelling]]:
    """What travels of the lots, is abroad, or was released, asked with other questions.

    Args:
        asking: Over a reading transaction.
        lots: Their ids.
        party: Whose imports are taken off what was exported; None: everybody's.

    Returns:
        Gives it when it is called.
    """
    query = _TRAVELLING_SQLITE if is_sqlite(asking.connection) else _TRAVELLING_POSTGRESQL
    sent = asking.put(Question(query, {"lots": _names(asking.connection, lots)}, list))
    return lambda: _travelling(asking.connection, sent.value, party)


def _travelling(connection: Connection, rows: Rows, party: str | None) -> Iterator[Travelling]:
    gone = _gone(connection, {lot for lot, _, _, _, kind, *_ in rows if kind in _LEAVES}, party)
    for row in rows:
        lot, consignor, event_id, _, kind, _, mass_mg, _ = row
        state = kind
        if not mass_mg and kind in _LEAVES:
            state = _LEAVES[kind]
            mass_mg = gone.get((lot, state, consignor, event_id), 0)
        if mass_mg:
            yield Travelling(*(*row, state, mass_mg))


def _gone(connection: Connection, lots: Collection[str], party: str | None) -> dict[_Gone, int]:
    """What is abroad or was released."""
    if not lots:
        return {}
    query = _GONE_SQLITE if is_sqlite(connection) else _GONE_POSTGRESQL
    gone: dict[_Gone, int] = {}
    back: list[tuple[_Gone, int]] = []
    for lot, account, reference, mass_mg in connection.execute(query, {"lots": _names(connection, lots)}):
        who, _, name = reference.partition(" ")
        if mass_mg > 0:
            gone[lot, account, who, name] = int(mass_mg)
        elif mass_mg < 0 and party in (None, who):
            back.append(((lot, account, who, name), -int(mass_mg)))
    named: dict[tuple[str, str, str], list[_Gone]] = {}
    oldest: dict[tuple[str, str], deque[_Gone]] = {}
    for key in gone:
        named.setdefault((*key[:2], key[3]), []).append(key)
        oldest.setdefault(key[:2], deque()).append(key)
    for came, mass_mg in back:
        left_mg, queue = mass_mg, oldest.get(came[:2], deque[_Gone]())
        for key in named.get((*came[:2], came[3]), ()):
            left_mg -= _take(gone, key, left_mg)
        while left_mg and queue:
            left_mg -= _take(gone, queue[0], left_mg)
            if not gone[queue[0]]:
                queue.popleft()
    return gone


def _take(gone: dict[_Gone, int], key: _Gone, most_mg: int) -> int:
    """Takes so much at most off what is gone; gives how much that was."""
    taken = min(most_mg, gone[key])
    gone[key] -= taken
    return taken


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
