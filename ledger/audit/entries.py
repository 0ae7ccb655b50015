"""One pass over the rows of a range: each entry with its statement, one after the other.

Decides: what must hold between an entry's row, the row before it, and its rows in ``statements``,
``statement_bytes`` and ``erasures``. Looks at no tile and no checkpoint.
"""

from collections import Counter
from typing import Any

from ledger.audit.found import FoundAct
from ledger.audit.links import EntryChain
from ledger.audit.quick import MOST_WAITING, QuickCheck
from ledger.audit.report import FaultList
from ledger.audit.statements import Examined, StatementChecker
from ledger.log.entry import Entry
from ledger.log.merkle import HASH_BYTES
from ledger.statements.envelope import SeenHead
from ledger.store.raw_reads import RawReader, StoredEntry


class Leaves:
    """The leaf hashes of a range, and where the rows disagree about them.

    Attributes:
        computed: The hash of each entry's bytes; empty where there are none.
        links: The ``previous`` of each entry; empty where it cannot be read.
        stored: The leaf hash columns that differ from ``computed``, by offset.
    """

    __slots__ = ("computed", "links", "stored")

    def __init__(self) -> None:
        self.computed: list[bytes] = []
        self.links: list[bytes] = []
        self.stored: dict[int, Any] = {}


class EntryPass:
    """Goes over one range; made anew for each.

    Attributes:
        leaves: What the rows say of the leaves.
        acts: The acts that are rightly signed.
        seen: The tree heads that statements name, with their entry's index.
        late: Entry and act of the bytes that are gone by an act after the log's size: erased meanwhile.
        counts: How many of each thing were checked.
        faults: What is wrong.
    """

    def __init__(self, reader: RawReader, statements: StatementChecker, quick: QuickCheck, size: int) -> None:
        self._reader = reader
        self._statements = statements
        self._quick = quick
        self._size = size
        self._index = 0
        self._chain = EntryChain()
        self.leaves = Leaves()
        self.acts: list[FoundAct] = []
        self.seen: list[tuple[int, SeenHead]] = []
        self.late: list[tuple[int, int]] = []
        self.counts: Counter[str] = Counter()
        self.faults = FaultList()

    def run(self, start: int, end: int) -> None:
        """Checks the rows with indices in [start, end)."""
        self._chain = self._chain_before(start)
        expected = start
        computed, links = self.leaves.computed, self.leaves.links
        passes, waiting, recognised = self._quick.passes, self._quick.waiting, 0
        repeated: dict[object, None] = {}
        for row in self._reader.entries(start, end):
            before = self._chain.leaf
            if passes(row, expected, self._chain):
                links.append(before or b"")
                computed.append(self._chain.leaf or b"")
                recognised += 1
                expected += 1
                if len(waiting) >= MOST_WAITING:
                    self._settle()
                continue
            index = row[0]
            if type(index) is not int or index < expected:
                repeated[index] = None
                continue
            while expected < index:
                self._miss(expected)
                expected += 1
            self._index = index
            self._check_row(row)
            expected += 1
        self.counts["statements"] += recognised
        self._settle()
        while expected < end:
            self._miss(expected)
            expected += 1
        for index in repeated:
            self._find_repeated(index)
        if b"" in self.leaves.computed:
            self._find_orphans(start, end)

    def _settle(self) -> None:
        for index, detail in self._quick.settle():
            self.faults.add("statement.signature", "statement_bytes", index, detail)

    def _chain_before(self, start: int) -> EntryChain:
        """The chain up to the range; faults of the row before it are reported in that row's own range."""
        if start == 0:
            return EntryChain()
        chain = EntryChain(None)
        row = self._reader.entry(start - 1)
        if row is not None and type(row.entry) is bytes:
            chain.take(start - 1, row.entry, lambda _code, _table, _detail: None)
        return chain

    def _miss(self, index: int) -> None:
        self.faults.add("entry.missing", "entries", index, "the entry is missing")
        self.leaves.computed.append(b"")
        self.leaves.links.append(b"")
        self._chain.skip()

    def _find_repeated(self, index: object) -> None:
        """Which of the rows that were read together stand there more than once."""
        for table in self._reader.repeated_at(index):
            self.faults.add("row.repeated", table, index, "the index stands there more than once")

    def _find_orphans(self, start: int, end: int) -> None:
        for table, index in self._reader.orphans(start, end):
            self.faults.add("statement.orphan", table, index, "the row belongs to no entry")

    def _report(self, code: str, table: str, detail: str) -> None:
        self.faults.add(code, table, self._index, detail)

    def _check_row(self, row: Any) -> None:
        entry_bytes, stored_leaf = row[1], row[2]
        if type(entry_bytes) is not bytes:
            self._report("entry.malformed", "entries", "the entry is not bytes")
            if type(stored_leaf) is bytes:
                self.leaves.stored[len(self.leaves.computed)] = stored_leaf
            self.leaves.computed.append(b"")
            self.leaves.links.append(b"")
            self._chain.skip()
            return
        computed, entry = self._chain.take(self._index, entry_bytes, self._report)
        if computed != stored_leaf:
            self._report("entry.leaf-hash", "entries", "the leaf hash is not that of the entry's bytes")
            self.leaves.stored[len(self.leaves.computed)] = stored_leaf
        self.leaves.computed.append(computed)
        self.leaves.links.append(b"" if entry is None else entry.previous)
        if entry is not None:
            self._check_statement(entry, StoredEntry(*row))

    def _check_statement(self, entry: Entry, row: StoredEntry) -> None:
        if row.statement_index is None:
            self._report("statement.missing", "statements", "the entry has no statement")
        elif row.statement_hash != entry.statement:
            self._report("statement.hash", "statements", "the statement hash is not the one in the entry")
        if row.jws is None:
            self._check_absence(entry, row)
            return
        if row.act_index is not None and not self._is_late(row.act_index):
            self._report("bytes.kept", "statement_bytes", "the statement is erased, and its bytes are there")
        if type(row.jws) is not bytes:
            self._report("bytes.storage", "statement_bytes", "the statement is not stored as bytes")
            return
        examined = self._statements.examine(entry, row.jws, self._report)
        if examined is None:
            return
        if row.statement_index is not None:
            self._compare(examined, row)
        self._collect(entry, examined, row.jws)

    def _check_absence(self, entry: Entry, row: StoredEntry) -> None:
        """No bytes: right only for a private statement that was erased; what stays is still checked."""
        if row.act_index is None:
            self._report("bytes.missing", "statement_bytes", "the bytes are gone, and no act erased them")
        else:
            self.counts["erased"] += 1
            if self._is_late(row.act_index):
                self.late.append((entry.index, row.act_index))
        if entry.public:
            self._report("entry.public", "entries", "the entry is public, and its statement is withheld")
        if row.statement_index is None:
            return
        owner = self._statements.owner(row.kid) if type(row.kid) is str else None
        if owner is None:
            self._report("key.unknown", "statements", "no party has the key that the row names")
            return
        if row.issuer != owner:
            self._report("statement.issuer", "statements", f"the issuer is not {owner}, who owns the key")
        self._statements.check_key(row.kid, entry, self._report)

    def _is_late(self, act_index: object) -> bool:
        return type(act_index) is int and act_index >= self._size

    def _compare(self, examined: Examined, row: StoredEntry) -> None:
        envelope = examined.envelope
        owner = examined.owner
        if row.issuer != owner and owner is not None:
            self._report("statement.issuer", "statements", f"the issuer is not {owner}, who owns the key")
        if row.jti != envelope.jti:
            self._report("statement.jti", "statements", "the jti is not the one in the header")
        if row.kid != envelope.kid:
            self._report("statement.kid", "statements", "the kid is not the one in the header")
        if row.signing_input_hash != envelope.signing_input_hash:
            self._report("statement.signing-input", "statements", "the hash is not that of the signing input")

    def _collect(self, entry: Entry, examined: Examined, jws: bytes) -> None:
        self.counts["statements"] += 1
        envelope = examined.envelope
        if envelope.seen is not None:
            self.seen.append((entry.index, envelope.seen))
        if examined.act is None:
            return
        self.counts["acts"] += 1
        owner = examined.owner
        if examined.sound and owner is not None:
            self.acts.append(
                FoundAct(entry.index, entry.recorded_at_us, owner, envelope.kid, envelope.statement_hash, jws)
            )


def is_hash(value: object) -> bool:
    """Whether a value found in a table is a 32-byte hash."""
    return type(value) is bytes and len(value) == HASH_BYTES
