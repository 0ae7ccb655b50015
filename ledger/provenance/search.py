"""One box for everything that has an id or a name: what a text means, as far as the caller may see.

Decides: what comes first (an exact id, then ids that begin so, then lots whose last part begins so, then
names that hold the text), and what a party finds: the public registers, and of goods and papers its own
alone. What is not there and what is not for the caller are alike: neither is found.

How much is looked at is bounded: of ids that begin so the first ``WIDE`` are judged, of which a party may see
few. Who wants others types more of the id.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Select, func, select, text

from ledger.encoding import b64url_decode
from ledger.provenance.admission import had_lot, may_see_pool, may_see_shipment, may_see_unit
from ledger.provenance.subjects import Viewer, books_of, find_unit
from ledger.records.books import Books, Record
from ledger.records.lots import HoldingRecord, LotRecord, PoolRecord, ShipmentRecord, UnitRecord
from ledger.records.oversight import CaseRecord, LicenceRecord
from ledger.statements.registers import PartyRecord, SiteRecord
from ledger.store import log_store
from ledger.store.books_source import NODE_SHIFT
from ledger.store.books_tables import BOOKS
from ledger.store.engine import BINARY
from ledger.store.lot_tails import TAIL, tail_of
from ledger.store.register_rows import REGISTERS

WIDE: Final = 500
_PART: Final = 50
LEAST_PREFIX: Final = 3
"""Characters from which on the beginning of an id is looked for."""
LEAST_NAME: Final = 2
_LAST: Final = "\U0010ffff"
_HASH_CHARACTERS: Final = 43

_SHIPMENTS: Final = text(
    # Through the parties, so that each finds its own by the key: no index is by event id alone.
    "SELECT s.consignor, s.event_id FROM parties p JOIN shipments s ON s.consignor = p.party "
    "AND s.event_id >= :least AND s.event_id < :above ORDER BY s.event_id LIMIT :most"
)
_DESPATCHED: Final = text(
    "SELECT s.consignor, s.event_id FROM parties p JOIN shipments s ON s.consignor = p.party "
    "AND s.despatch_advice = :name ORDER BY s.event_id LIMIT :most"
)


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that a text means.

    Attributes:
        kind: ``lot``, ``unit``, ``shipment``, ``pool``, ``party``, ``site``, ``licence``, ``case`` or
            ``entry``.
        id: Its id; of a shipment the consignor's event id, of an entry its index.
        name: What to show.
        party: Whose it is, or "" where the caller may not know or nobody's: of a shipment its consignor.
        detail: Product, state or roles.
        index: The entry that recorded it.
    """

    kind: str
    id: str
    name: str
    party: str
    detail: str
    index: int


def search(connection: Connection, viewer: Viewer, wanted: str, limit: int) -> list[Found]:
    """What a text means, the likeliest first.

    Args:
        connection: A reading transaction.
        viewer: Who asks.
        wanted: An id, the beginning of one, the last part of a lot's, or a part of a name.
        limit: How many at most.
    """
    found: dict[tuple[str, str, str], Found] = {}
    for each in _candidates(connection, books_of(connection), viewer, wanted.strip()):
        found.setdefault((each.kind, each.id, each.party), each)
        if len(found) == limit:
            break
    return list(found.values())


def _candidates(connection: Connection, books: Books, viewer: Viewer, wanted: str) -> Iterator[Found]:
    yield from _entries(connection, wanted)
    for least, above in _ranges(wanted):
        for kind in _GOODS:
            yield from _goods(connection, books, viewer, kind, least, above)
        yield from _shipments(connection, books, viewer, least, above)
        for register in (PartyRecord, SiteRecord):
            column = REGISTERS[register].table.c["party" if register is PartyRecord else "site"]
            yield from _listed(connection, register, column >= least, column < above)
    if wanted:
        yield from _despatched(connection, books, viewer, wanted)
        yield from _by_tail(connection, books, viewer, wanted)
        yield from _named(connection, wanted)


def _ranges(wanted: str) -> Iterator[tuple[str, str]]:
    """The texts that are the id, then those that begin with it: from the first, up to below the second."""
    if wanted:
        yield wanted, wanted + "\x01"  # no name has control characters
    if len(wanted) >= LEAST_PREFIX:
        yield wanted, wanted + _LAST


def _entries(connection: Connection, wanted: str) -> Iterator[Found]:
    index = None
    if wanted.isascii() and wanted.isdigit() and len(wanted) < 16:
        index = int(wanted)
    elif len(wanted) == _HASH_CHARACTERS:
        try:
            row = log_store.find_statement(connection, b64url_decode(wanted))
        except ValueError:
            row = None
        index = None if row is None else row.entry_index
    if index is not None and index < log_store.read_head(connection).tree_size:
        yield Found("entry", str(index), f"entry {index}", "", "", index)


def _goods(
    connection: Connection, books: Books, viewer: Viewer, kind: type[Record], least: str, above: str
) -> Iterator[Found]:
    """Lots, units, pools, licences and cases whose id lies in a range."""
    table = BOOKS[kind].table
    key = table.c[kind.KEY[0]]
    query = select(key).where(key >= least, key < above).order_by(key).limit(WIDE)
    yield from _seen(connection, books, viewer, kind, query)


def _by_tail(connection: Connection, books: Books, viewer: Viewer, wanted: str) -> Iterator[Found]:
    """Lots the last part of whose id begins with the text: people leave the rest away."""
    least = tail_of(wanted)
    if len(least) >= LEAST_PREFIX:
        key = BOOKS[LotRecord].table.c.lot
        query = select(key).where(TAIL.between(least, least + _LAST)).order_by(TAIL, key).limit(WIDE)
        yield from _seen(connection, books, viewer, LotRecord, query)


def _seen(
    connection: Connection, books: Books, viewer: Viewer, kind: type[Record], query: Select[Any]
) -> Iterator[Found]:
    """What the caller may see of the records whose keys a query gives, a few at a time."""
    names = [(name,) for name in connection.execute(query).scalars()]
    for start in range(0, len(names), _PART):
        part = names[start : start + _PART]
        books.prefetch(kind, part)
        if kind is LotRecord and not viewer.sees_all:
            books.prefetch_groups(HoldingRecord, "lot", part)
        for name in part:
            found = _GOODS[kind](books, viewer, books.get(kind, *name))
            if found is not None:
                yield found


def _lot(books: Books, viewer: Viewer, lot: LotRecord) -> Found | None:
    if not viewer.sees_all and not had_lot(books, lot.lot, viewer.party):
        return None
    knows = viewer.sees_all or lot.producer == viewer.party
    name = lot.lot[-len(tail_of(lot.lot)) :]
    return Found("lot", lot.lot, name, lot.producer if knows else "", lot.product, lot.entry_index)


def _unit(books: Books, viewer: Viewer, unit: UnitRecord) -> Found | None:
    if not viewer.sees_all:
        inside = find_unit(books, unit.unit).lots if unit.packer != viewer.party else {}
        if not may_see_unit(books, unit.unit, inside, viewer.party):
            return None
    state = "open" if unit.open else "unpacked"
    packer = unit.packer if viewer.sees_all or unit.packer == viewer.party else ""
    return Found("unit", unit.unit, unit.unit, packer, state, unit.entry_index)


def _pool(books: Books, viewer: Viewer, pool: PoolRecord) -> Found | None:
    if not viewer.sees_all and not may_see_pool(books, pool.pool, viewer.party):
        return None
    return Found(
        "pool", pool.pool, pool.pool, pool.custodian, f"version {pool.version}", pool.node >> NODE_SHIFT
    )


def _licence(books: Books, viewer: Viewer, licence: LicenceRecord) -> Found | None:
    if not viewer.sees_all and licence.exporter != viewer.party:
        return None
    return Found(
        "licence", licence.licence, licence.licence, licence.exporter, licence.state, licence.applied_at
    )


def _case(books: Books, viewer: Viewer, case: CaseRecord) -> Found | None:
    if not viewer.sees_all:
        return None
    return Found("case", case.case, case.case, case.opened_by, case.state, case.opened_at)


_GOODS: Final[Mapping[type[Record], Callable[..., Found | None]]] = {
    LotRecord: _lot,
    UnitRecord: _unit,
    PoolRecord: _pool,
    LicenceRecord: _licence,
    CaseRecord: _case,
}


def _shipments(
    connection: Connection, books: Books, viewer: Viewer, least: str, above: str
) -> Iterator[Found]:
    rows = connection.execute(_SHIPMENTS, {"least": least, "above": above, "most": WIDE}).all()
    yield from _sent(books, viewer, [tuple(row) for row in rows])


def _despatched(connection: Connection, books: Books, viewer: Viewer, wanted: str) -> Iterator[Found]:
    rows = connection.execute(_DESPATCHED, {"name": wanted, "most": WIDE}).all()
    yield from _sent(books, viewer, [tuple(row) for row in rows])


def _sent(books: Books, viewer: Viewer, keys: list[tuple[Any, ...]]) -> Iterator[Found]:
    books.prefetch(ShipmentRecord, keys)
    for consignor, event_id in keys:
        sent = books.get(ShipmentRecord, consignor, event_id)
        if sent is None or not (
            viewer.sees_all or may_see_shipment(books, consignor, event_id, viewer.party)
        ):
            continue
        name = sent.despatch_advice or event_id
        yield Found("shipment", event_id, name, consignor, f"{sent.kind}, {sent.state}", sent.entry_index)


def _named(connection: Connection, wanted: str) -> Iterator[Found]:
    """Parties and sites whose name holds the text, in whatever case."""
    if len(wanted) < LEAST_NAME:
        return
    folded = wanted.casefold()
    for register, column in ((PartyRecord, "organisation"), (SiteRecord, "description")):
        described = REGISTERS[register].table.c[column]
        # The database lowers ASCII alone; of other texts every name is looked at here.
        plain = folded.isascii() and folded.replace(" ", "").isalnum()
        where = [func.lower(described).contains(folded)] if plain else []
        for found in _listed(connection, register, *where):
            if folded in found.name.casefold():
                yield found


def _listed(connection: Connection, register: type, *where: Any) -> Iterator[Found]:
    """Parties or sites of the public register."""
    stored = REGISTERS[register]
    query = select(stored.table).where(*where).order_by(*stored.table.primary_key)
    for row in connection.execute(query, execution_options=BINARY):
        record = stored.to_record(*row)
        if isinstance(record, PartyRecord):
            name = str(record.organisation.get("legal_name", record.party))
            roles = ", ".join(record.roles)
            yield Found("party", record.party, name, record.party, roles, record.admitted_at)
        else:
            name = str(record.description.get("name", record.site))
            country = str(record.description.get("country", ""))
            yield Found("site", record.site, name, record.party, country, record.listed_at)
