"""A small way of lots on PostgreSQL and the copy of them: recorded, copied, walked with it and without."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from ledger.provenance.graph import walk
from ledger.provenance.way import Graph
from ledger.records.books import Record
from ledger.records.lots import EdgeRecord, LotRecord
from ledger.store.books_source import NODE_SHIFT, write_records
from ledger.store.graph_copy import OPTION, GraphCopy
from ledger.store.locking import begin_read
from tests.support.databases import guards_off

WIDTH, STEPS = 6, 5
TOP = (WIDTH * STEPS - 1) << NODE_SHIFT
ON_POSTGRESQL = [
    pytest.mark.postgresql,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]
"""Marks of tests whose ``engine`` is PostgreSQL's, which alone has a copy beside it."""


def lot(place: int, *made_of: int, at: int | None = None, lots: int = 0) -> LotRecord:
    """A lot that the entry ``at`` made, the ``lots``-th of it; at first its place says so."""
    entry = place if at is None else at
    return LotRecord(
        lot=f'urn:lot:ä"{place}',
        node=(entry << NODE_SHIFT) + lots,
        entry_index=entry,
        position=0,
        producer="urn:party:0",
        site="urn:site:0",
        event_time_us=place,
        birth="process" if made_of else "extract",
        product="nd-oxide",
        stage="separated_compound",
        mass_mg=1,
        cells={},
        made_of=tuple(parent << NODE_SHIFT for parent in made_of),
    )


def layers() -> list[LotRecord]:
    """Lots of which each is made of two of the layer before, next to each other."""
    made = [lot(place) for place in range(WIDTH)]
    for place in range(WIDTH, WIDTH * STEPS):
        first = place - place % WIDTH - WIDTH
        parents = {first + place % WIDTH, first + (place + 1) % WIDTH}
        made.append(lot(place, *sorted(parents)))
    return made


def grow(connection: Connection, size: int) -> None:
    """Makes the log so long; every entry's leaf hash is made of its index."""
    (before,) = connection.execute(text("SELECT tree_size FROM head")).one()
    for index in range(before, size):
        connection.execute(
            text("INSERT INTO entries (entry_index, entry, leaf_hash) VALUES (:index, '', :leaf)"),
            {"index": index, "leaf": index.to_bytes(32)},
        )
    connection.execute(text("UPDATE head SET tree_size = :size"), {"size": size})


def record(engine: Engine, lots: Sequence[LotRecord], size: int, *others: Record) -> None:
    """What a batch does that makes the log so long."""
    edges = [
        EdgeRecord(each.node, parent, each.entry_index, None)
        for each in lots
        for parent in each.made_of or ()
    ]
    with engine.connect() as connection, guards_off(connection):
        write_records(connection, [*lots, *edges, *others])
        grow(connection, size)


def copy_all(copy: GraphCopy, engine: Engine) -> int:
    """Copies until nothing is left; in how many parts."""
    parts = 1
    while copy_once(copy, engine):
        parts += 1
    return parts


def copy_once(copy: GraphCopy, engine: Engine) -> bool:
    with engine.connect() as connection, begin_read(connection):
        return copy.copy_more(connection)


def told(engine: Engine, copy: GraphCopy | None, start: int = TOP, **asked: Any) -> Graph:
    """A walk upstream, with a copy or without."""
    options = {} if copy is None else {OPTION: copy}
    with engine.connect() as connection, begin_read(connection):
        return walk(connection.execution_options(**options), [start], "upstream", **asked)


def same(engine: Engine, copy: GraphCopy, start: int = TOP, **asked: Any) -> Graph:
    """A walk with a copy, which is the same without."""
    found, plain = told(engine, copy, start, **asked), told(engine, None, start, **asked)
    assert b"".join(found.dump_steps()) == b"".join(plain.dump_steps())
    assert found.dump_edges() == plain.dump_edges()
    assert found.edges == plain.edges
    assert [level.heads for level in found.levels] == [level.heads for level in plain.levels]
    assert json.loads(found.dump_edges()) == [list(edge) for edge in found.edges]
    assert found.truncated == plain.truncated
    return found


def is_usable(engine: Engine, copy: GraphCopy) -> bool:
    with engine.connect() as connection, begin_read(connection), copy.reading(connection) as lots:
        return lots is not None


def taken(engine: Engine, copy: GraphCopy, *nodes: int) -> list[list[bytes]]:
    """What the copy has of some lots, nothing where the database is asked."""
    with engine.connect() as connection, begin_read(connection), copy.reading(connection) as lots:
        assert lots is not None
        return [[*(found or ())] for found in lots.take([*map(str, nodes)])]
