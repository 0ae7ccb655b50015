"""What a ledger answers about its goods, now or as of an entry, without what has no earlier state."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, text

from api.book_members import dump_provenance
from ledger.errors import ResourceNotFound
from ledger.provenance.answers import contents, trace
from ledger.provenance.subjects import Viewer, books_of, find_lot, find_pool
from ledger.provenance.way import Direction

REGULATOR = Viewer("https://authority.example/", True)
DIRECTIONS: tuple[Direction, ...] = ("upstream", "downstream")

Subject = tuple[str, str]
"""Kind and name of what is asked about."""


def subjects(connection: Connection) -> list[Subject]:
    """All that is in the books by now."""
    rows = connection.execute(text("SELECT 'lot', lot FROM lots UNION ALL SELECT 'pool', pool FROM pools"))
    return sorted((kind, name) for kind, name in rows)


def answer(
    connection: Connection, asked: Subject, direction: Direction, at: int | None = None, **limits: Any
) -> bytes | None:
    """What a regulator is told, as JSON and as CSV; None where there is nothing of this name.

    Holders, what travels and alerts are left out, and as of which entry it is.
    """
    kind, name = asked
    books = books_of(connection)
    try:
        subject = (find_lot if kind == "lot" else find_pool)(books, name, at)
    except ResourceNotFound:
        return None
    found = trace(connection, subject, REGULATOR, direction=direction, **limits)
    kept = replace(found, subject=replace(subject, at=None), holders=[], travelling=[], alerts=[])
    rows = [(kept.way.depths[node.node], *node) for node in kept.nodes]  # the CSV has these
    return dump_provenance(kept, contents(subject)) + repr(rows).encode()
