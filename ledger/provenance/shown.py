"""A subject as a party may know it: without what stands behind goods that only its user says it received.

Decides: what of a subject's content is told. A unit or a shipment is told without the lots that its packer or
consignor had by its own word alone, and a pool that somebody else runs as the part of it that one owns; of a
lot or a pool the part that such goods brought in has the origin ``NOT_BORNE``, in exact shares, as flows have
it; a pool is told without what it was fed so itself, since what it contains by element would be what the lot
contains.
"""

from collections.abc import Collection
from dataclasses import replace
from fractions import Fraction
from functools import partial

from sqlalchemy import Connection

from ledger.books.births import BIRTH_AWAITED
from ledger.provenance.as_of import pool_version_at
from ledger.provenance.borne import NOT_BORNE, Use, cut, unborne, uses_behind, uses_of
from ledger.provenance.flow_facts import Facts
from ledger.provenance.flows import upstream
from ledger.provenance.graph import walk
from ledger.provenance.holders import Stock
from ledger.provenance.subjects import Subject, Viewer, books_of, of_shares
from ledger.provenance.way import Graph
from ledger.records.books import Books
from ledger.records.cells import AWAITED, OPENING, Cells, element_masses
from ledger.records.lots import PoolRecord, UnitRecord


def told_part(connection: Connection, subject: Subject, viewer: Viewer) -> Subject:
    """What of a subject's contents concerns who asks: of a pool that somebody else runs the part that is the
    viewer's own; of a unit or shipment the lots of which its packer or consignor had something.
    """
    if viewer.sees_all or subject.kind not in ("pool", "unit", "shipment"):
        return subject
    books = books_of(connection)
    if subject.kind == "pool":
        return _owned_part(books, subject, viewer)
    sender = subject.consignor
    if subject.kind == "unit":
        unit = books.get(UnitRecord, subject.name)
        sender = "" if unit is None else unit.packer
    left_out = unborne(connection, subject.lots, {sender, viewer.party})
    if not left_out:
        return subject
    lots = {name: mass_mg for name, mass_mg in subject.lots.items() if name not in left_out}
    told = of_shares(books, subject.kind, subject.name, lots, subject.at)
    return replace(told, consignor=subject.consignor)


def _owned_part(books: Books, subject: Subject, viewer: Viewer) -> Subject:
    pool = books.get(PoolRecord, subject.name)
    assert pool is not None
    if pool.custodian == viewer.party:
        return subject
    version = pool_version_at(books, pool, subject.at)
    owners = {} if version is None else version.owners
    own_mg, all_mg = owners.get(viewer.party, 0), max(sum(owners.values()), 1)
    cells = {cell: round(Fraction(mg * own_mg, all_mg)) for cell, mg in subject.cells.items()}
    return replace(subject, cells={cell: mg for cell, mg in cells.items() if mg})


def as_borne(connection: Connection, subject: Subject) -> Subject:
    """A subject as far as the uses upstream of it are borne out."""
    return _without(connection, subject, uses_behind(connection, subject.nodes))


def way_as_borne(connection: Connection, subject: Subject) -> tuple[Subject, Graph]:
    """The same, and all the way upstream of it, as far."""
    uses = uses_behind(connection, subject.nodes)
    graph = cut(walk(connection, subject.nodes, "upstream"), uses)
    return _without(connection, subject, uses), graph


def _without(connection: Connection, subject: Subject, uses: Collection[Use]) -> Subject:
    if not uses:
        return subject
    return replace(subject, cells=_borne_cells(connection, subject), borne=False)


def _borne_cells(connection: Connection, subject: Subject) -> Cells:
    """What a subject contains by element and origin, without statuses, as far as uses are borne out."""
    found = upstream(
        books_of(connection),
        Facts(connection, None),
        subject,
        unborne=partial(uses_of, connection),
        origins_alone=True,
    )
    if found.truncated and subject.kind == "pool":
        return {}
    if found.truncated:
        return {(symbol, NOT_BORNE, ""): mass for symbol, mass in element_masses(subject.cells).items()}
    cells: dict[tuple[str, str, str], int] = {}
    for (symbol, origin), mass_mg in sorted(found.origins.items()):
        if origin and mass_mg:
            cells[symbol, origin, ""] = mass_mg
    return cells


def as_stated(held: Stock) -> Stock:
    """A holding that nothing but its custodian's word bears out: its lot's name and mass alone."""
    return replace(
        held,
        product="",
        stage="",
        birth=BIRTH_AWAITED,
        pieces=None,
        contained_mg={},
        tainted_by=None,
    )


def shown_origin(origin: str, subject: Subject, viewer: Viewer) -> str:
    """An origin as it is told: to a party without other firms' names, and those of lots on the way."""
    if viewer.sees_all:
        return origin
    if origin.startswith(AWAITED) and origin.removeprefix(AWAITED) not in subject.lots:
        return AWAITED.rstrip(":")
    if origin.startswith(OPENING) and origin.removeprefix(OPENING) != viewer.party:
        return OPENING.rstrip(":")
    return origin
