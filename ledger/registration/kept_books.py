"""The books in this process's memory from one batch to the next, while nobody else writes.

Decides: when what is in memory is what the database holds. It is exactly when the head is the one that this
process's last batch left; after any other end of a batch the memory is empty.
"""

from typing import Final

from sqlalchemy import Connection

from ledger.records.books import Books
from ledger.store.books_source import StoreSource
from ledger.store.log_store import HeadRow

MOST_RECORDS: Final = 200_000
"""How many records and absences may be kept; beyond it the next batch begins anew."""


class KeptBooks:
    """Keeps the books for one batch writer."""

    def __init__(self) -> None:
        self._books: Books | None = None
        self._head: HeadRow | None = None

    def open(self, connection: Connection, head: HeadRow) -> Books:
        """The books as of a head, to be changed by one batch.

        Unless ``keep`` is called afterwards, they are not used again.

        Args:
            connection: A transaction that holds the log lock.
            head: What it read as the head.
        """
        books, known, self._books, self._head = self._books, self._head, None, None
        source = StoreSource(connection)
        if books is None or known != head or books.size > MOST_RECORDS:
            return Books(source)
        books.use(source)
        return books

    def keep(self, books: Books, head: HeadRow) -> None:
        """Keeps what ``open`` gave: everything in it is committed under this head."""
        self._books, self._head = books, head
