"""Going over a remote log's entries, tile by tile, from where the last audit ended to a checkpoint's size.

Decides: what is wrong with each served entry, tile, public act and readable statement. What the roots at the
end prove is left to ``remote``."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import Event

from ledger.audit.acts import OF_PUBLIC_ACTS, ActBooks, issuer_of, judge_and_fold, read_found_act
from ledger.audit.compact import Peaks
from ledger.audit.found import FoundAct
from ledger.audit.links import EntryChain, Report
from ledger.audit.remote_log import RemoteLog, Unread
from ledger.audit.remote_state import Position
from ledger.audit.report import FaultList, Progress, ProgressCallback, listed
from ledger.audit.statements import StatementChecker
from ledger.errors import AuditCancelled, EvidenceError, RemoteFailed, TileMalformed
from ledger.log.entry import Entry, parse_entry
from ledger.log.merkle import HASH_BYTES, tree_root
from ledger.log.tiles import TILE_WIDTH, FullTile, tile_nodes
from ledger.statements.acts import Act
from ledger.statements.acts.genesis import Genesis
from ledger.statements.acts.publish_refusals import PublishRefusals
from ledger.statements.envelope import SeenHead, parse_statement
from ledger.statements.registers import Facts

READERS = 8
_MOST_ROOTS = 1_024
# A served log has no tables; statements are named by what they are.
_TABLES = {"statement_bytes": "statements"}


class RemoteWalk:
    """One walk from a position on.

    Attributes:
        position: How far it came in full tiles.
        facts: What the public acts so far make.
        acts: The acts since the walk began, as far as ``position``.
        counts: How many of each thing were checked.
        faults: What is wrong.
    """

    def __init__(
        self,
        log: RemoteLog,
        origin: str,
        size: int,
        position: Position,
        *,
        progress: ProgressCallback | None = None,
        cancel: Event | None = None,
    ) -> None:
        """Walks the log of ``size`` entries from ``position``, which it changes."""
        self._log = log
        self._origin = origin
        self._size = size
        self._progress = progress
        self._cancel = cancel
        self._roots: dict[int, bytes | None] = {}
        self._tile_acts: list[FoundAct] = []
        self._tile_start = position.peaks.width
        self._leaves: list[bytes] = []
        self._peaks_before = Peaks()
        self._chain = EntryChain(position.chain.leaf, position.chain.time_us)
        self.position = position
        self._books = ActBooks(known=OF_PUBLIC_ACTS)
        self.facts = Facts(books=self._books)
        self.acts: list[FoundAct] = []
        self.counts: Counter[str] = Counter()
        self.faults = FaultList()
        self._checker = StatementChecker(origin, self.facts.keys)

    def fold_again(self, acts: Iterator[FoundAct]) -> None:
        """Folds the acts that earlier audits found right."""
        for found in acts:
            act = read_found_act(found.jws)
            if act is not None:
                self._fold(found, act)

    def run(self) -> Iterator[tuple[int, bytes]]:
        """Goes over the log; after each tile yields how many entries were taken and the root over them.

        Where a kept size lies inside a tile, ``root_at`` gives its root as long as that tile is the last one.
        Ends early where a bundle is not to be had.
        """
        first = self.position.peaks.width // TILE_WIDTH
        for index in range(first, -(-self._size // TILE_WIDTH)):
            self._check_cancelled()
            width = min(TILE_WIDTH, self._size - index * TILE_WIDTH)
            entries = self._log.bundle(index, width)
            if entries is None:
                detail = f"no bundle of {width} entries is served"
                self.faults.add("bundle.missing", "entries", index * TILE_WIDTH, detail)
                return
            self._leaves = [
                self._take_entry(index * TILE_WIDTH + at, octets) for at, octets in enumerate(entries)
            ]
            self._check_tile(0, index, b"".join(self._leaves))
            if self._log.reads_private:
                self._read_statements(index * TILE_WIDTH, entries)
            root = self._close_tile(index, width)
            self._tell(index * TILE_WIDTH + width)
            yield index * TILE_WIDTH + width, root
        self._check_partial_tiles()

    def root_at(self, size: int) -> bytes | None:
        """The root of a size that lies in the tile that was taken last; None for another."""
        start = self._tile_start
        if not start < size <= start + len(self._leaves):
            return None
        tile = Peaks()
        for leaf in self._leaves[: size - start]:
            tile.append(leaf)
        return self._peaks_before.root(tile.root())

    def take_acts(self) -> list[FoundAct]:
        """The acts up to ``position`` since the last call."""
        acts, self.acts = self.acts, []
        return acts

    # --- entries and tiles ---

    def _take_entry(self, index: int, entry_bytes: bytes) -> bytes:
        def report(code: str, table: str, detail: str) -> None:
            self.faults.add(code, _TABLES.get(table, table), index, detail)

        self.counts["entries"] += 1
        leaf, entry = self._chain.take(index, entry_bytes, report)
        if entry is not None and entry.public:
            self._take_public(entry)
        return leaf

    def _close_tile(self, index: int, width: int) -> bytes:
        """Adds the tile to the tree; gives the root after it."""
        peaks = self.position.peaks
        self._tile_start = index * TILE_WIDTH
        self._peaks_before = Peaks.restored(peaks.width, list(peaks.hashes))
        tile = Peaks()
        for leaf in self._leaves:
            tile.append(leaf)
        if width < TILE_WIDTH:
            return peaks.root(tile.root())
        peaks.append(tile.root(), TILE_WIDTH)
        self.position.chain = EntryChain(self._chain.leaf, self._chain.time_us)
        for above in self.position.tiles.add(tile.root()):
            self._check_full(above)
        self.acts += self._tile_acts
        self._tile_acts = []
        return peaks.root()

    def _check_full(self, tile: FullTile) -> None:
        self._check_tile(tile.level, tile.index, tile.hashes)

    def _check_partial_tiles(self) -> None:
        """The last, partial tile of every level above the leaves."""
        for level, (row, count) in enumerate(
            zip(self.position.tiles.rows, self.position.tiles.counts, strict=True), 1
        ):
            if row:
                self._check_tile(level, count, b"".join(row))

    def _check_tile(self, level: int, index: int, hashes: bytes) -> None:
        """Compares a served tile with what the entries give."""
        place = f"{level}/{index}"
        self.counts["tiles"] += 1
        served = self._log.tile(level, index, len(hashes) // HASH_BYTES)
        if served is None:
            self.faults.add("tile.missing", "tiles", place, "the tile is not served")
        elif served != hashes:
            differing = (
                at // HASH_BYTES
                for at in range(0, len(hashes), HASH_BYTES)
                if served[at : at + HASH_BYTES] != hashes[at : at + HASH_BYTES]
            )
            detail = f"the served hashes are not those of the entries (hash {listed(differing)})"
            self.faults.add("tile.hashes", "tiles", place, detail)

    # --- public acts ---

    def _take_public(self, entry: Entry) -> None:
        """A public entry: its statement must be served, be what the entry commits to, and be allowed."""

        def report(code: str, table: str, detail: str) -> None:
            self.faults.add(code, _TABLES.get(table, table), entry.index, detail)

        self.counts["acts"] += 1
        jws = self._log.public_act(entry.index, entry.statement)
        if jws is None:
            report("act.withheld", "acts", "the entry is public, and its statement is withheld")
            return
        act = read_found_act(jws) if sha256(jws).digest() == entry.statement else None
        if isinstance(act, Genesis) and entry.index == 0:
            # Genesis is signed with a key that it enrols itself.
            self._fold_found(entry, act, jws, report)
            self._examine(entry, jws, report)
        elif self._examine(entry, jws, report) and act is not None:
            self._fold_found(entry, act, jws, report)

    def _examine(self, entry: Entry, jws: bytes, report: Report) -> bool:
        """Checks a statement; whether it is rightly signed."""
        examined = self._checker.examine(entry, jws, report)
        self.counts["signatures"] += self._checker.take_count()
        if examined is None:
            return False
        self.counts["statements"] += 1
        if examined.envelope.seen is not None:
            self._check_seen(entry, examined.envelope.seen, report)
        return examined.sound

    def _fold_found(self, entry: Entry, act: Act, jws: bytes, report: Report) -> None:
        kid = parse_statement(jws).header.kid
        issuer = issuer_of(self.facts, kid, jws)
        if issuer is None:
            return
        found = FoundAct(entry.index, entry.recorded_at_us, issuer, kid, entry.statement, jws)
        refused = self._fold(found, act)
        if refused is not None:
            report("act.refused", "acts", refused)
        else:
            self.counts["acts_left_open"] += entry.index in self._books.left_open
            self._tile_acts.append(found)

    def _fold(self, found: FoundAct, act: Act) -> str | None:
        if isinstance(act, PublishRefusals):
            # The journal is not public: what the act states of it cannot be compared from outside.
            self.facts.refusal_count, self.facts.refusal_hash = act.count, act.head
        refused = judge_and_fold(found, act, self.facts, self._origin)
        self.facts.take_changes()
        return refused

    def _check_seen(self, entry: Entry, head: SeenHead, report: Report) -> None:
        if head.size > entry.index:
            report("statement.seen", "statements", f"seen names a tree of {head.size} entries, too many")
        elif self._root_of(head.size) not in (None, head.root):
            report("statement.seen", "statements", f"seen names another root of size {head.size}")

    def _root_of(self, size: int) -> bytes | None:
        """The root of an earlier size by the served tiles; None if it is not to be had."""
        if size not in self._roots:
            if len(self._roots) >= _MOST_ROOTS:
                self._roots.clear()
            try:
                self._roots[size] = tree_root(size, tile_nodes(self.fetch_tile, size))
            except (RemoteFailed, TileMalformed):
                self._roots[size] = None
        return self._roots[size]

    def fetch_tile(self, level: int, index: int, width: int) -> bytes:
        """The first hashes of a tile, cut from the tile as wide as it is in the audited tree."""
        complete = self._size >> (8 * level)
        widest = min(TILE_WIDTH, complete - index * TILE_WIDTH)
        return self._log.require_tile(level, index, widest)[: width * HASH_BYTES]

    # --- private statements ---

    def _read_statements(self, start: int, entries: list[bytes]) -> None:
        """Reads what the reader may read of a tile's private statements, a few at a time."""
        private = []
        for at, octets in enumerate(entries):
            try:
                entry = parse_entry(octets)
            except EvidenceError:
                continue
            if not entry.public and entry.index == start + at:
                private.append(entry)
        with ThreadPoolExecutor(READERS) as pool:
            for begin in range(0, len(private), READERS):
                part = private[begin : begin + READERS]
                answers = pool.map(lambda each: self._log.statement(each.statement), part)
                for entry, answer in zip(part, answers, strict=True):
                    self._take_private(entry, answer)

    def _take_private(self, entry: Entry, answer: bytes | Unread) -> None:
        def report(code: str, table: str, detail: str) -> None:
            self.faults.add(code, _TABLES.get(table, table), entry.index, detail)

        if isinstance(answer, bytes):
            self._examine(entry, answer, report)
        elif answer is Unread.WITHHELD:
            report("statement.withheld", "statements", "the ledger does not know the statement of this entry")
        else:
            self.counts[answer.value] += 1

    def _tell(self, done: int) -> None:
        if self._progress is not None:
            self._progress(Progress("entries", done, self._size))

    def _check_cancelled(self) -> None:
        if self._cancel is not None and self._cancel.is_set():
            raise AuditCancelled("the audit was stopped; the next one goes on from here")
