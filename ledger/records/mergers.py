"""Who stands for a party that went over into another: mergers, one after the other."""

from collections.abc import Iterator

from ledger.records.books import Books
from ledger.records.oversight import MergerRecord


def mergers_from(books: Books, party: str) -> Iterator[MergerRecord]:
    """The merger of a party, that of its successor, and so on; mergers never make a circle."""
    while (merger := books.get(MergerRecord, party)) is not None:
        yield merger
        party = merger.successor


def went_over_into(books: Books, party: str, successor: str, at_us: int) -> bool:
    """Whether a party has gone over into another by a moment, at once or by way of others.

    Args:
        books: The books.
        party: That merged.
        successor: That may go on in its place.
        at_us: When something is recorded: what the party did before it merged its successor may file.
    """
    for merger in mergers_from(books, party):
        if at_us < merger.from_us:
            return False
        if merger.successor == successor:
            return True
    return False
