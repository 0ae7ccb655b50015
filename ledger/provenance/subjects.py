"""What is asked about: a lot, a unit, a shipment or a pool, found in the books; and who asks.

Decides: what a subject contains, and at which nodes of the graph it stands.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Final

from sqlalchemy import Connection, text

from ledger.errors import ResourceNotFound
from ledger.provenance.as_of import corrected_at, lot_at, pool_version_at
from ledger.provenance.way import Direction
from ledger.records.books import Books
from ledger.records.cells import Cells, merged
from ledger.records.lots import (
    LotRecord,
    MemberRecord,
    PoolRecord,
    ShipmentLineRecord,
    ShipmentRecord,
    UnitRecord,
)
from ledger.store.books_source import StoreSource

_VERSIONS: Final = text(
    "SELECT node FROM pool_versions WHERE pool = :pool AND (:at < 0 OR entry_index <= :at) ORDER BY version"
)


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks. ``sees_all``: a regulator or authority."""

    party: str
    sees_all: bool


@dataclass(frozen=True, slots=True)
class Subject:
    """What is asked about: one or more nodes, and what they contain together.

    Attributes:
        kind: ``lot``, ``unit``, ``shipment`` or ``pool``.
        name: Its id.
        nodes: Where the walk begins.
        cells: What it contains.
        lots: The lots with the share of their mass in mg.
        wholes: Of a unit or a shipment the same lots with all of their mass.
        custody_model: As declared, for a lot.
        consignor: Who sent it, for a shipment.
        at: The entry after which the books are asked; None: now.
        corrected_at: The entry that last corrected a lot's record; None: as recorded, and for all else.
        borne: Whether all of its origins are told; no where a part of it awaits a shipment (``shown``).
    """

    kind: str
    name: str
    nodes: tuple[int, ...]
    cells: Cells
    lots: Mapping[str, int]
    custody_model: str = ""
    consignor: str = ""
    at: int | None = None
    corrected_at: int | None = None
    borne: bool = True
    wholes: Mapping[str, int] = field(default_factory=dict)


def books_of(connection: Connection) -> Books:
    """The books as stored, read as they are asked for."""
    return Books(StoreSource(connection))


def find_lot(books: Books, name: str, at: int | None = None) -> Subject:
    """A lot, as it is now or as it was once entry ``at`` was in.

    Raises:
        ResourceNotFound: There is none of this name, or was none then.
    """
    lot = lot_at(books, name, at)
    if lot is None:
        raise ResourceNotFound(f"no lot {name} is in the books")
    return Subject(
        "lot",
        name,
        (lot.node,),
        lot.cells,
        {name: lot.mass_mg},
        lot.custody_model,
        at=at,
        corrected_at=corrected_at(books, lot, at),
    )


def find_pool(books: Books, name: str, at: int | None = None) -> Subject:
    """A pool at its newest version, or at the one that was the newest once entry ``at`` was in.

    Raises:
        ResourceNotFound: There is none, or was none then.
    """
    pool = books.get(PoolRecord, name)
    found = None if pool is None else pool_version_at(books, pool, at)
    if found is None:
        raise ResourceNotFound(f"no pool {name} is in the books")
    return Subject("pool", name, (found.node,), found.cells, {}, at=at)


def whole_way(connection: Connection, subject: Subject, direction: Direction) -> Subject:
    """A subject where its way begins: of a pool downstream at all versions that it has had, for what was
    drawn of an earlier one came from it as well.
    """
    if subject.kind != "pool" or direction == "upstream":
        return subject
    at = -1 if subject.at is None else subject.at
    rows = connection.execute(_VERSIONS, {"pool": subject.name, "at": at})
    return replace(subject, nodes=tuple(rows.scalars()))


def find_unit(books: Books, name: str, at: int | None = None) -> Subject:
    """What is in a logistic unit, units inside it included: now, or as it was once entry ``at`` was in.

    Raises:
        ResourceNotFound: No unit has this name, or nothing had been packed into it then.
    """
    if books.get(UnitRecord, name) is None:
        raise ResourceNotFound(f"no logistic unit {name} is in the books")
    packed = books.group(MemberRecord, "unit", name)
    if at is not None and all(member.since_index > at for member in packed):
        raise ResourceNotFound(f"no logistic unit {name} was in the books then")
    contents: dict[str, int] = {}
    waiting, seen = [name], {name}
    while waiting:
        units = [(unit,) for unit in waiting]
        books.prefetch_groups(MemberRecord, "unit", units)
        members = [each for unit in units for each in books.group(MemberRecord, "unit", *unit)]
        members = [each for each in members if _is_inside(each, at)]
        books.prefetch(UnitRecord, [(each.child,) for each in members])
        waiting = []
        for member in members:
            if books.get(UnitRecord, member.child) is None:
                contents[member.child] = contents.get(member.child, 0) + member.mass_mg
            elif member.child not in seen:
                seen.add(member.child)
                waiting.append(member.child)
    return of_shares(books, "unit", name, contents, at)


def _is_inside(member: MemberRecord, at: int | None) -> bool:
    if at is None:
        return member.until_us is None
    return member.since_index <= at and (member.until_index is None or member.until_index > at)


def find_shipment(books: Books, consignor: str, event_id: str) -> Subject:
    """What a shipment carried.

    Raises:
        ResourceNotFound: The consignor recorded no such shipment.
    """
    if books.get(ShipmentRecord, consignor, event_id) is None:
        raise ResourceNotFound(f"{consignor} recorded no shipment {event_id}")
    lines = books.group(ShipmentLineRecord, "shipment", consignor, event_id)
    found = of_shares(books, "shipment", event_id, {line.lot: line.sent_mg for line in lines})
    return replace(found, consignor=consignor)


def of_shares(
    books: Books, kind: str, name: str, contents: Mapping[str, int], at: int | None = None
) -> Subject:
    """A subject that is made up of some mass of each of several lots, as these are or were at an entry."""
    nodes: list[int] = []
    parts: list[Cells] = []
    wholes: dict[str, int] = {}
    books.prefetch(LotRecord, [(lot_name,) for lot_name in contents])
    for lot_name, mass_mg in sorted(contents.items()):
        lot = lot_at(books, lot_name, at)
        if lot is not None and lot.mass_mg:
            nodes.append(lot.node)
            wholes[lot_name] = lot.mass_mg
            parts.append({cell: round(Fraction(mg * mass_mg, lot.mass_mg)) for cell, mg in lot.cells.items()})
    return Subject(kind, name, tuple(nodes), merged(parts), dict(contents), at=at, wholes=wholes)
