"""Replaying a span of the log under two sides, in one pass and one state of the database; writes nothing.

Decides: which entries are looked at. Acts are folded from the log's beginning, but those whose records the
tables tell as they were. Exports are folded too, for licences and monthly sums are drawn by them. Of the
other movements only those are read whose rules can come out otherwise. **Each movement is judged against the
history as it happened**: what an earlier refusal would have changed is not followed (see ``hanging``).

Memory holds one chunk of entries, the registers, and sums. The order is the log's, so the same database gives
the same report.
"""

import re
from binascii import a2b_base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from threading import Event
from typing import Any, Final

from sqlalchemy import Connection, Engine, text

from ledger.audit.replay import Replay
from ledger.audit.report import Progress, ProgressCallback
from ledger.controls.draws import give_back, note_draws
from ledger.controls.rule import Rule
from ledger.controls.submission import read_submission
from ledger.errors import AuditCancelled, LedgerEmpty, RequestError
from ledger.log.entry import parse_entry
from ledger.movements.movement import Movement
from ledger.records.books import Books
from ledger.records.policy import read_policy
from ledger.statements.acts import ActContext
from ledger.statements.acts.confirm import Confirm
from ledger.statements.envelope import ACT, parse_statement
from ledger.statements.payload import read_payload
from ledger.statements.registers import PolicyRecord
from ledger.store.books_source import StoreSource
from ledger.store.locking import begin_read
from ledger.store.log_store import read_entries, read_head
from ledger.store.raw_reads import RawReader, StoredEntry, raw_reader
from ledger.strict_json import parse_json
from ledger.whatif.comparing import Comparing
from ledger.whatif.hanging import Hanging
from ledger.whatif.judging import Found, Seen, World, effect_of
from ledger.whatif.prefetching import Placed, read_ahead, read_products
from ledger.whatif.reading_rules import Differing, differing, kinds
from ledger.whatif.report import Agreement, Compared, WhatIfReport
from ledger.whatif.scenario import IN_FORCE, Scenario

CHUNK_ENTRIES: Final = 2_000
FOLDED_KINDS: Final = frozenset({"export", "disclose", "cancel"})
"""Movements by which licences and monthly exports are drawn, or given back."""
UNFOLDED: Final = frozenset(
    {
        *("register-invoice", "settle-invoice", "cancel-settlement", "cancel-invoice"),
        "dispute-evaluation",
        *("declare-customs", "report-export"),
        *("allot-quota", "adjust"),
        *("open-case", "close-case", "erase", "grant-read", "publish-refusals", "publish-statistics"),
    }
)
"""Acts of which rules that are judged again read nothing, or read what the tables tell."""
_ACT_NAME: Final = re.compile(rb'"act"\s*:\s*"([a-z-]+)"')
_CORRECTS: Final = b"errorDeclaration"
_EVENTS: Final = text(
    "SELECT entry_index, movement, first_line FROM events WHERE entry_index >= :start AND entry_index < :end"
)
_ALERTS: Final = text(
    "SELECT entry_index, position, code FROM alerts WHERE entry_index >= :start AND entry_index < :end "
    "ORDER BY entry_index, number"
)


@dataclass(slots=True)
class _Chunk:
    """Some entries, with what the tables say of them.

    Attributes:
        rows: The entries.
        kinds: Kinds of the movements of each entry. ``correcting``: entries that undid something.
        alerts: Codes of the alerts of each entry by position.
        now: The books as they are.
        read: Movements that were read ahead, by entry; ``products``: of their lots.
    """

    rows: list[StoredEntry]
    kinds: dict[int, set[str]]
    correcting: set[int]
    alerts: dict[int, dict[int, list[str]]]
    now: Books
    read: dict[int, tuple[Movement, ...]] = field(default_factory=dict)
    products: dict[str, str] = field(default_factory=dict)


def what_if(
    engine: Engine,
    origin: str,
    after: Scenario,
    before: Scenario = IN_FORCE,
    *,
    span_us: tuple[int | None, int | None] = (None, None),
    progress: ProgressCallback | None = None,
    cancel: Event | None = None,
) -> WhatIfReport:
    """Compares what was recorded, or a scenario, with another scenario.

    Args:
        engine: The database; only read.
        origin: The log's origin.
        after, before: The two sides.
        span_us: Entries recorded from (inclusive) and to (exclusive) these moments; None: no bound.
        progress: Called now and then.
        cancel: Stops it once it is set.

    Raises:
        LedgerEmpty: There is nothing to replay.
        AuditCancelled: ``cancel`` was set.
    """
    with engine.connect() as connection, begin_read(connection), raw_reader(connection) as reader:
        size = read_head(connection).tree_size
        if not size:
            raise LedgerEmpty("the log is empty")
        start, end = (_first_at(connection, size, each) for each in span_us)
        run = _Run(connection, reader, origin, (before, after), size)
        run.report.start, run.report.end = start or 0, size if end is None else end
        return run.whole(progress, cancel)


def _first_at(connection: Connection, size: int, time_us: int | None) -> int | None:
    """The first entry recorded at a moment or later; times never fall."""
    if time_us is None:
        return None
    low, high = 0, size
    while low < high:
        middle = (low + high) // 2
        if _time_of(connection, middle) < time_us:
            low = middle + 1
        else:
            high = middle
    return low


def _time_of(connection: Connection, index: int) -> int:
    (entry,) = read_entries(connection, index, index + 1)
    return parse_entry(entry).recorded_at_us


class _Run:
    """One pass over one log."""

    def __init__(
        self,
        connection: Connection,
        reader: RawReader,
        origin: str,
        sides: tuple[Scenario, Scenario],
        size: int,
    ) -> None:
        self._connection = connection
        self._reader = reader
        self._origin = origin
        self._acts = Replay(reader, origin)
        self._facts = self._acts.facts
        self._recorded = World(IN_FORCE)
        self._sides = (World(sides[0]), World(sides[1]))
        self._lists = any(side.acts for side in sides)
        self._known: tuple[PolicyRecord, Differing, tuple[Rule, ...], frozenset[str]] | None = None
        self._refusals = _Refusals(reader, connection)
        self.report = WhatIfReport(origin, size, sides[0].name, sides[1].name)
        if sides[0].in_force:
            self.report.agreement = Agreement()
        self._comparing = Comparing(self.report)
        self._hanging = Hanging()

    def whole(self, progress: ProgressCallback | None, cancel: Event | None) -> WhatIfReport:
        """Runs to the span's end."""
        end = self.report.end
        if self.report.end > self.report.start:
            self.report.start_us = _time_of(self._connection, self.report.start)
            self.report.end_us = _time_of(self._connection, end - 1)
        for start in range(0, end, CHUNK_ENTRIES):
            if cancel is not None and cancel.is_set():
                raise AuditCancelled("the what-if was stopped; it has no result")
            stop = min(start + CHUNK_ENTRIES, end)
            self._take_chunk(self._read_chunk(start, stop))
            if progress is not None:
                progress(Progress("entries", stop, end))
        self.report.hanging = self._hanging.follow(Books(StoreSource(self._connection)))
        return self.report

    # --- reading ---

    def _read_chunk(self, start: int, stop: int) -> _Chunk:
        rows = [StoredEntry(*row) for row in self._reader.entries(start, stop)]
        bounds = {"start": start, "end": stop}
        found_kinds: dict[int, set[str]] = {}
        correcting: set[int] = set()
        for index, kind, first_line in self._connection.execute(_EVENTS, bounds):
            found_kinds.setdefault(index, set()).add(kind)
            if first_line:
                correcting.add(index)
            self.report.movements += index >= self.report.start
        alerts: dict[int, dict[int, list[str]]] = {}
        for index, position, code in self._connection.execute(_ALERTS, bounds):
            alerts.setdefault(index, {}).setdefault(position, []).append(code)
        return _Chunk(rows, found_kinds, correcting, alerts, Books(StoreSource(self._connection)))

    def _take_chunk(self, chunk: _Chunk) -> None:
        if self._facts.policy is not None:
            self._read_ahead(chunk)
        for row in chunk.rows:
            self._take(row, chunk)

    def _read_ahead(self, chunk: _Chunk) -> None:
        placed: list[Placed] = []
        for row in chunk.rows:
            if not self._wanted(row, chunk):
                continue
            chunk.read[row.entry_index] = movements = self._movements(row)
            placed.extend(Placed(row.entry_index, at, row.issuer, each) for at, each in enumerate(movements))
        read_ahead(chunk.now, placed, self._looking_into_lots())
        chunk.products = read_products(self._connection, chunk.now, placed)

    def _looking_into_lots(self) -> frozenset[str]:
        """The kinds of movement whose lots are read: exports, and those with a price where that is judged."""
        _, _, rules, _ = self._now_differing()
        priced = [rule for rule in rules if "price.low" in rule.codes]
        return kinds(priced) | {"export", "disclose"}

    def _movements(self, row: StoredEntry) -> tuple[Movement, ...]:
        return read_submission(parse_statement(row.jws), row.issuer, self._origin).movements

    def _wanted(self, row: StoredEntry, chunk: _Chunk) -> bool:
        """Whether an entry's movements are to be read."""
        if type(row.jws) is not bytes:
            return False
        found = chunk.kinds.get(row.entry_index)
        if found is None:  # an act; or events that are no movements, or undo one and put nothing in its place
            return _is_document(row.jws) and _CORRECTS in _payload(row.jws)
        wanted = FOLDED_KINDS
        if row.entry_index >= self.report.start:
            _, differs, _, looked = self._now_differing()
            wanted |= looked
            codes = chunk.alerts.get(row.entry_index, {})
            if any(code in differs.recorded for each in codes.values() for code in each):
                return True
        return row.entry_index in chunk.correcting or not wanted.isdisjoint(found)

    def _now_differing(self) -> tuple[PolicyRecord, Differing, tuple[Rule, ...], frozenset[str]]:
        """What can differ under the policy in force."""
        record = self._facts.policy
        assert record is not None
        if self._known is None or self._known[0] != record:
            before, after = (world.policy(record) for world in self._sides)
            found = differing(before, after, lists=self._lists)
            rules = tuple(found.rules(read_policy(record.policy).rule_set))
            self._known = (record, found, rules, kinds(rules))
            for world in self._sides:
                world.alerts.codes = found.rejudged
        return self._known

    # --- one entry ---

    def _take(self, row: StoredEntry, chunk: _Chunk) -> None:
        index = row.entry_index
        inside = self.report.start <= index
        if inside and self._facts.policy is not None:
            self._take_refusals(row, chunk)
        if type(row.jws) is not bytes:
            self.report.erased += inside
            return
        if index not in chunk.kinds and not _is_document(row.jws):
            self._take_act(row, inside, chunk)
            return
        if self._facts.policy is None or not (index in chunk.read or self._wanted(row, chunk)):
            return
        movements = chunk.read.get(index) or self._movements(row)
        time_us = parse_entry(row.entry).recorded_at_us
        seen = [
            Seen(
                *(each, index, at, time_us, row.issuer, self._facts, chunk.now, self._acts.books),
                products=chunk.products,
            )
            for at, each in enumerate(movements)
        ]
        if inside:
            self._judge(seen, chunk.alerts.get(index, {}))
        for each in seen:
            self._fold(each)

    def _take_act(self, row: StoredEntry, inside: bool, chunk: _Chunk) -> None:
        names = set(_ACT_NAME.findall(_payload(row.jws)))
        if inside and self._facts.policy is not None:
            self._note_time_alerts(chunk.alerts.get(row.entry_index, {}))
        if names and names <= _UNFOLDED_BYTES:
            return
        statement = parse_statement(row.jws)
        act = read_payload(ACT, statement.payload).act
        if act is None or (act.confirmed if isinstance(act, Confirm) else act).name in UNFOLDED:
            return
        entry = parse_entry(row.entry)
        context = ActContext(
            row.entry_index, entry.recorded_at_us, row.issuer, row.kid, entry.statement, self._origin
        )
        act.apply(context, self._facts)
        self._acts.books.take_changes()
        self._facts.take_changes()

    def _note_time_alerts(self, alerts: dict[int, list[str]]) -> None:
        """Counts what time passing, or an act, would not have alarmed about."""
        record = self._facts.policy
        assert record is not None
        after = self._sides[1].policy(record)
        for code in alerts.get(-1, ()):
            if self._sides[0].policy(record).action(code) != "off" and after.action(code) == "off":
                self.report.time_alerts[code] = self.report.time_alerts.get(code, 0) + 1

    def _judge(self, seen: Sequence[Seen], alerts: dict[int, list[str]]) -> None:
        """Judges an entry's statement on both sides."""
        _, differs, rules, looked = self._now_differing()
        self.report.again |= differs.again
        self.report.recorded |= differs.recorded
        self.report.left_open |= differs.left_open
        codes = {code for each in alerts.values() for code in each}
        if all(each.movement.kind not in looked for each in seen) and differs.recorded.isdisjoint(codes):
            return
        self._note_time_alerts(alerts)
        found = [
            Found((), tuple(code for code in alerts.get(each.position, ()) if code not in differs.rejudged))
            for each in seen
        ]
        compared = self._compare(seen, rules, found)
        for one, each in zip(compared, seen, strict=True):
            recorded = set(alerts.get(each.position, ())) & differs.rejudged
            if self.report.agreement is not None:
                judged = ({*one.before.refused, *one.before.flagged}) & differs.rejudged
                self.report.agreement.add(one, recorded, judged)
            if one.after.refused and not one.before.refused:
                self._hanging.add(each, effect_of(each))

    def _compare(self, seen: Sequence[Seen], rules: Sequence[Rule], found: Sequence[Found]) -> list[Compared]:
        effects = [effect_of(each) for each in seen]
        case = self._recorded.case(seen[0], effects[0])
        verdicts = [
            [
                world.judge(each, effect, rules, known)
                for each, effect, known in zip(seen, effects, found, strict=True)
            ]
            for world in self._sides
        ]
        return self._comparing.add(seen, effects, verdicts[0], verdicts[1], case)

    def _fold(self, seen: Seen) -> None:
        """Draws what an export draws, and gives back what a correction or a cancellation takes back."""
        movement = seen.movement
        if not (movement.corrects or movement.kind in FOLDED_KINDS):
            return
        effect = effect_of(seen)
        case = self._recorded.case(seen, effect)
        books = case.recording.books
        give_back(case)
        if movement.kind in ("export", "disclose") and not movement.did_not_occur:
            note_draws(case)
        for record in books.take_changes():
            self._acts.books.put(record)
        self._acts.books.take_changes()

    # --- refusals ---

    def _take_refusals(self, row: StoredEntry, chunk: _Chunk) -> None:
        for jws, judged_at, findings in self._refusals.upto(row.entry_index):
            if judged_at >= self.report.start:
                self._take_refusal(jws, judged_at, findings, parse_entry(row.entry).recorded_at_us, chunk)

    def _take_refusal(
        self, jws: bytes, judged_at: int, findings: Sequence[dict[str, Any]], time_us: int, chunk: _Chunk
    ) -> None:
        """A refused statement: whether it would have been recorded."""
        _, differs, rules, looked = self._now_differing()
        try:
            statement = parse_statement(jws)
            key = self._facts.keys.get(statement.header.kid)
            if key is None:
                return
            movements = read_submission(statement, key.party, self._origin).movements
        except RequestError:
            return
        codes = {str(each["code"]) for each in findings}
        looks = any(each.kind in looked for each in movements)
        if not movements or not (looks or codes & differs.recorded):
            return
        seen = [
            Seen(each, judged_at, at, time_us, key.party, self._facts, chunk.now, self._acts.books, False)
            for at, each in enumerate(movements)
        ]
        found = [
            Found(tuple(sorted(codes_of(findings, each.movement, movements) - differs.rejudged)))
            for each in seen
        ]
        compared = self._compare(seen, rules, found)
        if self.report.agreement is not None:
            for one, each in zip(compared, seen, strict=True):
                recorded = codes_of(findings, each.movement, movements) & differs.rejudged
                self.report.agreement.add(one, recorded, set(one.before.refused) & differs.rejudged)


def codes_of(
    findings: Sequence[dict[str, Any]], movement: Movement, movements: Sequence[Movement]
) -> set[str]:
    """The codes of the findings that are about a movement: those at its place, or at no movement's."""
    places = [each.pointer for each in movements]
    found = set()
    for each in findings:
        at = str(each.get("pointer", ""))
        own = [place for place in places if at == place or at.startswith(f"{place}/")]
        if not own or movement.pointer in own:
            found.add(str(each["code"]))
    return found


class _Refusals:
    """The journal of refusals, in its order."""

    def __init__(self, reader: RawReader, connection: Connection) -> None:
        self._rows = _refusal_rows(reader, read_head(connection).refusal_count)
        self._next = next(self._rows, None)

    def upto(self, index: int) -> Iterator[tuple[bytes, int, Sequence[dict[str, Any]]]]:
        """Those that were judged for this index or an earlier one, and were not given yet."""
        while self._next is not None and self._next[1] <= index:
            yield self._next
            self._next = next(self._rows, None)


def _refusal_rows(reader: RawReader, count: int) -> Iterator[tuple[bytes, int, Sequence[dict[str, Any]]]]:
    for start in range(0, count, 256):
        for row in list(reader.refusals(start, min(start + 256, count))):
            record: Any = parse_json(row[1])
            yield row[5], int(record["judged_at"]), record["findings"]


_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_UNFOLDED_BYTES: Final = frozenset(name.encode() for name in UNFOLDED)


def _is_document(jws: bytes) -> bool:
    """Whether a stored statement is a document of events, by its header."""
    return b"epcis+json" in _part(jws, 0)


def _payload(jws: bytes) -> bytes:
    return _part(jws, 1)


def _part(jws: bytes, at: int) -> bytes:
    """One of the two JSON parts of a compact JWS."""
    part = jws.split(b".", 2)[at]
    return a2b_base64(part.translate(_TO_STANDARD) + b"=" * (-len(part) % 4))
