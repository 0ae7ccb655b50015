"""Books and registers in this process's memory from one batch to the next, while nobody else writes.

Decides: when what is in memory is what the database holds. It is exactly when the head is the one that this
process's last batch left; after any other end of a batch the memory is empty. What the last batches asked for
one by one (sums of a site, a party, a month) is then read ahead, since the next one will probably ask again.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection

from ledger.books.prefetch import prefetch
from ledger.controls.submission import Submission
from ledger.records.books import Books, Key, Record
from ledger.records.lots import EventRecord, LotRecord, LotVersionRecord, PoolVersionRecord
from ledger.statements.registers import Facts, Names
from ledger.store.asked_registers import AskedRegisters
from ledger.store.books_source import StoreSource
from ledger.store.log_store import HeadRow

MOST_RECORDS: Final = 50_000
"""How many records and absences may be kept; beyond it the next batch begins anew."""
MOST_CELLS: Final = 300_000
"""How many cells the lots may have that are kept, at some 200 bytes each; beyond it the next batch reads the
lots that it needs. A lot of a whole country's goods has hundreds."""
_WITH_CELLS: Final[tuple[type[LotRecord | LotVersionRecord], ...]] = (LotRecord, LotVersionRecord)
REMEMBERED: Final = 8
"""Of how many batches it is known what they asked for one by one."""
MOST_AGAIN: Final = 1_000
"""How many keys of one batch, at most, are worth reading again."""


class KeptBooks:
    """Keeps the books for one batch writer."""

    def __init__(self) -> None:
        self._books: Books | None = None
        self._registers = AskedRegisters()
        self._head: HeadRow | None = None
        self._dropped: Books | None = None
        self._asked: deque[Mapping[type[Record], Sequence[Key]]] = deque(maxlen=REMEMBERED)

    def open(
        self, connection: Connection, head: HeadRow, facts: Facts, submissions: Sequence[Submission]
    ) -> None:
        """Gives the facts the books as of a head, to be changed by one batch, and reads what it names.

        Unless ``keep`` is called afterwards, nothing of it is used again.

        Args:
            connection: A transaction that holds the log lock.
            head: What it read as the head.
            facts: What it read for the batch.
            submissions: The batch.
        """
        books, known, self._books, self._head = self._books, self._head, None, None
        source = StoreSource(connection, head.tree_size)
        if books is None or known != head or books.size + self._registers.size > MOST_RECORDS:
            self._dropped = books  # its thousands of records are let go after the batch, without the lock
            books = Books(source)
            self._registers = AskedRegisters()
            for kind in {kind for asked in self._asked for kind in asked}:
                books.prefetch(kind, (key for asked in self._asked for key in asked.get(kind, ())))
        else:
            books.use(source)
        facts.books = books
        foreseen = [each.foresee() for each in submissions if each.movements]
        names = Names()
        for each in foreseen:
            names.parties.update(each.parties)
            names.sites.update(each.sites)
            names.prefixes.update(each.prefixes)
        self._registers.serve(facts, connection, names)
        signed = [(each.issuer, said) for each in submissions for said in each.movements]
        prefetch(books, signed, [each.records for each in foreseen])
        books.prefetch(
            EventRecord, ((each.issuer, name) for each in submissions for name, _ in each.unmarked)
        )

    def keep(self, books: Books, head: HeadRow) -> None:
        """Keeps what ``open`` gave: everything in it is committed under this head.

        But for the versions of pools: each has hundreds of cells, and hardly anything asks for an older one.
        And but for lots that have too many.
        """
        books.drop(PoolVersionRecord)
        for kind in _WITH_CELLS:
            if sum(len(lot.cells) for lot in books.held(kind)) > MOST_CELLS:
                books.drop(kind)
        self._books, self._head, self._dropped = books, head, None
        asked = books.take_asked()
        if sum(map(len, asked.values())) <= MOST_AGAIN:
            self._asked.append(asked)
