"""What an erased statement did to the books, as the tables record it: nobody can read the statement any more.

Decides: which records are taken from the tables, and back to which state, so that the fold can go on with
later entries. Of running sums (``LEFT_OPEN``) nothing tells what one entry added; once a statement with
movements is erased, these tables are not compared.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection

from ledger.books.accounts import NODE_SHIFT
from ledger.books.units import members
from ledger.records.books import Books, Record
from ledger.records.lots import (
    AssayRecord,
    AttachmentRecord,
    EdgeRecord,
    EventRecord,
    HoldingRecord,
    LotRecord,
    MemberRecord,
    PoolRecord,
    PoolVersionRecord,
    PostingRecord,
    ProvisionalRecord,
    SealRecord,
    ShipmentLineRecord,
    ShipmentRecord,
    StocktakeRecord,
    UnitRecord,
)
from ledger.records.oversight import AlertRecord, TechnologyTransferRecord
from ledger.statements.registers import Facts, ReaderRecord
from ledger.store.books_source import StoreSource, records_of_entry
from ledger.store.registers_store import read_readers

LEFT_OPEN: Final = frozenset(
    {"dues", "licences", "members", "pools", "quotas", "seals", "shipment_lines", "tallies", "units"}
)
"""Tables whose rows add up, or that later entries change in ways that a row does not tell."""


def _same(record: Any) -> Any:
    return record


# Each kind that says which entry made it, and the state that the entry left it in.
_AS_MADE: Final[Mapping[type[Record], Callable[[Any], Any]]] = {
    LotRecord: lambda each: replace(each, tainted_by=None, voided_at=None),
    EdgeRecord: lambda each: replace(each, voided_at=None),
    PoolVersionRecord: _same,
    EventRecord: lambda each: replace(each, state="booked", changed_at=None),
    PostingRecord: _same,
    ShipmentRecord: lambda each: replace(each, state="open", received_us=None),
    ProvisionalRecord: lambda each: replace(each, left_mg=each.mass_mg, settled_at=None),
    AssayRecord: _same,
    StocktakeRecord: _same,
    AttachmentRecord: _same,
    TechnologyTransferRecord: lambda each: replace(each, voided_at=None),
    AlertRecord: lambda each: replace(each, state="open", case="", outcome="", changed_at=None),
}


def take_as_recorded(index: int, connection: Connection, books: Books, facts: Facts) -> bool:
    """Puts into the books what an erased statement put there, as far as the tables tell.

    Args:
        index: Its entry.
        connection: The audited database.
        books: Everything that the entries before it gave; changed.
        facts: Takes who may read it.

    Returns:
        Whether it was a statement with movements.

    Raises:
        LogInconsistent: A row that tells of it cannot be read.
    """
    for party in sorted(read_readers(connection, index)):
        facts.put(ReaderRecord(index, party))
    source = StoreSource(connection)
    if not list(source.load_groups(EventRecord, "entry", [(index,)])):
        return False
    postings: list[PostingRecord] = []
    for kind, as_made in _AS_MADE.items():
        for record in records_of_entry(connection, kind, index):
            books.put(as_made(record))
            if isinstance(record, PostingRecord):
                postings.append(record)
            elif isinstance(record, PoolVersionRecord):
                _follow_pool(record, source, books)
            elif isinstance(record, ShipmentRecord):
                _sent(record, source, books)
    _follow_spans(index, connection, books)
    for event in books.group(EventRecord, "entry", index):
        if event.unit:
            _follow_unit(event, books)
    for posting in postings:
        _move(posting, books)
    return True


def _follow_pool(version: PoolVersionRecord, source: StoreSource, books: Books) -> None:
    """The pool as of a version; how it was shared among owners is taken as it is now."""
    known = books.get(PoolRecord, version.pool)
    for stored in () if known is not None else source.load(PoolRecord, [(version.pool,)]):
        assert isinstance(stored, PoolRecord)
        known = replace(stored, opened_at=version.node >> NODE_SHIFT, blocked={}, tainted_by=None)
    if known is not None:
        books.put(replace(known, version=version.version, node=version.node, cells=version.cells))


def _follow_spans(index: int, connection: Connection, books: Books) -> None:
    """What went into units and which seals were put on; and what came out and which were opened."""
    for kind in (MemberRecord, SealRecord):
        for begun in records_of_entry(connection, kind, index, "since_index"):
            books.put(replace(begun, until_us=None, until_index=None, until_position=None))
        for ended in records_of_entry(connection, kind, index, "until_index"):
            books.put(ended)


def _follow_unit(event: EventRecord, books: Books) -> None:
    """The unit that an event packed or unpacked; whoever signed a packing is taken as the packer."""
    unit = books.get(UnitRecord, event.unit)
    if event.movement == "pack":
        made = (event.site, event.entry_index, event.event_time_us, True)
        unit = UnitRecord(event.unit, event.issuer, *made)
    if unit is not None:
        books.put(replace(unit, open=bool(members(books, event.unit))))


def _sent(shipment: ShipmentRecord, source: StoreSource, books: Books) -> None:
    name = (shipment.consignor, shipment.event_id)
    for line in source.load_groups(ShipmentLineRecord, "shipment", [name]):
        assert isinstance(line, ShipmentLineRecord)
        # What still travels follows from the transit lines that are posted below.
        books.put(replace(line, left_mg=0, weighed_mg=0))


def _move(posting: PostingRecord, books: Books) -> None:
    """What one line of the journal did to a holding or to a shipment."""
    if posting.account == "holding":
        key = (posting.lot, posting.owner, posting.custodian, posting.site)
        held = books.get(HoldingRecord, *key)
        if held is None:
            held = HoldingRecord(*key, 0, 0, posting.event_time_us, posting.entry_index)
        books.put(replace(held, mass_mg=held.mass_mg + posting.mass_mg, changed_at=posting.entry_index))
        return
    consignor, _, event_id = posting.reference.partition(" ")
    if posting.account == "transit" and event_id:
        line = books.get(ShipmentLineRecord, consignor, event_id, posting.lot)
        if line is not None:
            books.put(replace(line, left_mg=line.left_mg + posting.mass_mg))
