"""The books as they stood when an entry was decided, for rules that are run again.

Decides: of each kind of record, where its state of that time comes from. What acts alone make is folded from
the log and lies in memory. What movements make is read from the tables, and goes back to how the entry left
it: lots by their versions, alerts by when they were closed, everything else by the entry that made it. Which
invoices state a price of a lot is read as it is, for an invoice that was not there yet is not told.
A scenario's records stand over both.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

from ledger.provenance.as_of import lot_at, lots_of_node_at
from ledger.records import lots
from ledger.records.books import Books, Key, Record, key_of
from ledger.records.lots import LotRecord, ShipmentRecord
from ledger.records.oversight import (
    PRICED,
    AlertRecord,
    CaseRecord,
    DeclarationRecord,
    InvoiceRecord,
    TallyRecord,
    TechnologyTransferRecord,
)

STORED: Final = frozenset(
    {
        *(each for each in vars(lots).values() if isinstance(each, type) and hasattr(each, "KEY")),
        *(AlertRecord, CaseRecord, DeclarationRecord, InvoiceRecord, TechnologyTransferRecord),
    }
)
"""Kinds that the tables tell; all others are folded."""


class Past:
    """The source of one entry's books."""

    def __init__(self, now: Books, folded: Books, tried: Books, at: int, alerts: "OwnAlerts") -> None:
        """Reads through other books.

        Args:
            now: The tables, as they are.
            folded: What the acts before the entry made, and what is folded beside them.
            tried: A scenario's records.
            at: Nothing that a later entry did is told.
            alerts: Those that the judging itself opened.
        """
        self._now = now
        self._folded = folded
        self._tried = tried
        self._at = at
        self._alerts = alerts

    def load(self, kind: type[Record], keys: Sequence[Key]) -> Iterator[Record]:
        """The records of these keys; those that did not exist are left out."""
        for key in keys:
            found: Record | None
            if not _is_stored(kind, key[0]):
                found = self._tried.get(kind, *key) or self._folded.get(kind, *key)
            elif kind is LotRecord:
                found = cast("Record | None", lot_at(self._now, key[0], self._at))
            else:
                found = self._then(self._now.get(kind, *key))
            if found is not None:
                yield found

    def load_groups(self, kind: type[Record], group: str, values: Sequence[Key]) -> Iterator[Record]:
        """Every record of the named group that had one of these values."""
        for value in values:
            if _is_stored(kind, value[0] if value else ""):
                yield from self._stored(kind, group, value)
                continue
            over = {key_of(each): each for each in self._tried.group(kind, group, *value)}
            for each in self._folded.group(kind, group, *value):
                if key_of(each) not in over:
                    yield each
            yield from over.values()

    def _stored(self, kind: type[Record], group: str, value: Key) -> Iterator[Record]:
        if kind is LotRecord:
            yield from lots_of_node_at(self._now, int(value[0]), self._at)
            return
        for each in self._now.group(kind, group, *value):
            then = self._then(each)
            if then is not None:
                yield then
        if kind is AlertRecord and group == "subject":
            yield from self._alerts.about(str(value[0]), self._now, self._at)

    def _then(self, record: Any) -> Record | None:
        """A stored record as it was; None where it was not there yet."""
        if record is None or getattr(record, "entry_index", 0) > self._at:
            return None
        if isinstance(record, AlertRecord):
            if record.code in self._alerts.codes:
                return None  # those of the judging itself stand in their place
            if record.entry_index == self._at:
                return None
            return _as_of(record, self._at)
        if isinstance(record, ShipmentRecord) and record.entry_index == self._at:
            state = "received" if record.kind == "release" else "open"
            received_us = record.event_time_us if record.kind == "release" else None
            return replace(record, state=state, received_us=received_us, replaced_by="")
        if isinstance(record, InvoiceRecord) and (record.cancelled_at or 0) > self._at:
            return replace(record, cancelled_at=None, cancelled_us=None, cancel_reason="")
        if isinstance(record, TechnologyTransferRecord) and (record.voided_at or 0) > self._at:
            return replace(record, voided_at=None)
        return cast("Record", record)


def _is_stored(kind: type[Record], name: object) -> bool:
    """Whether the tables tell records of a kind, or of tallies those of this name."""
    return kind in STORED or (kind is TallyRecord and name == PRICED)


class OwnAlerts:
    """Alerts that judging again opened, so that a rule does not open one twice.

    Attributes:
        codes: Of the rules that are judged again: the record's alerts of them are not used.
    """

    def __init__(self) -> None:
        self.codes: frozenset[str] = frozenset()
        self._by_subject: dict[str, list[AlertRecord]] = {}

    def open(self, alert: AlertRecord) -> None:
        """Adds one."""
        self._by_subject.setdefault(alert.subject, []).append(alert)

    def about(self, subject: str, now: Books, at: int) -> Iterator[AlertRecord]:
        """Those about a subject; one that the record has too was closed when that was."""
        own = self._by_subject.get(subject, ())
        known: Mapping[tuple[int, str], AlertRecord] = {}
        if own:
            recorded = now.group(AlertRecord, "subject", subject)
            known = {(each.entry_index, each.code): each for each in recorded}
        for place, each in enumerate(own):
            same = known.get((each.entry_index, each.code))
            stood = each if same is None else replace(each, changed_at=same.changed_at, state=same.state)
            yield replace(_as_of(stood, at), number=-1 - place)


def _as_of(alert: AlertRecord, at: int) -> AlertRecord:
    if alert.changed_at is None or alert.changed_at < at:
        return alert
    return replace(alert, state="open", changed_at=None, case="", outcome="")
