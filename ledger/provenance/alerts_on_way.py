"""Which open alerts concern a way: by what they are about, and by the event that opened them.

Decides: when an alert is about a step. It is where its subject is a lot or pool on the way. An alert about
another lot or pool is about that alone, unless it is about all that an event did. Where the event that opened
any other alert made a step of the way, the alert is about that step. What moved goods without making a step
(a shipment, a receipt, a transfer, what was packed) has no step of its own: an alert about that goes with the
lots that it moved, told by the event, by the shipment or sale that is named, by its invoice, or by the unit
and what was in it when the alert was opened. What used a lot of the way up for something that is not on it is
no part of the way.

Where few alerts are open, all of them are looked through; where many are, those are looked for that could
concern the way. Either asks the database a fixed number of times, however long the way is, and for units once
for each unit around another.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from ledger.provenance.way import Graph
from ledger.records.books import Books, Key
from ledger.records.lots import (
    EventRecord,
    MemberRecord,
    PostingRecord,
    ProvisionalRecord,
    ShipmentLineRecord,
    ShipmentRecord,
)
from ledger.records.oversight import PRICED, AlertRecord, InvoiceRecord, TallyRecord
from ledger.records.steps import head, place
from ledger.store.asking import Question, ask
from ledger.store.books_source import StoreSource

_HOW_MANY_OPEN: Final = "SELECT count(*) FROM (SELECT 1 FROM alerts WHERE state = 'open' LIMIT :most) a"
_PER_STEP: Final = 4
"""As long as no more alerts are open for each step of a way, all of them are looked through."""
_ITSELF: Final = ("lot:", "pool:")
"""Subjects that a way has or has not: an alert about another lot is about that alone."""
_WHOLE: Final = ("balance.", "origin.fingerprint", "origin.undeclared", "recycler.")
"""Codes of what is wrong with all that an event did, which name one of its lots for the others."""
_USES: Final = ("process", "feed")
"""What uses lots up: where it made no step of the way, it led elsewhere."""
_SENT: Final = ("shipment", "sale")
_COLUMNS: Final = ("state", "code", "subject", "entry_index", "number", "position")
_EVENT: Final = ("entry_index", "position")
_SHIPMENT: Final = ("consignor", "event_id")
_AWAITED: Final = ("consignor", "shipment")
_MEMBER: Final = ("unit", "child", "mass_mg", "since_index", "until_index")
_PACKED: Final = ("since_index", "since_position", "until_index", "until_position")


class _Alert(NamedTuple):
    """What is read of an alert to find out what it concerns."""

    subject: str
    entry_index: int
    number: int
    position: int


_Found = dict[Key, list[_Alert]]
"""Alerts by what they are about."""


def open_alerts(connection: Connection, graph: Graph) -> list[AlertRecord]:
    """The open alerts about a walk, oldest first."""
    source, most = StoreSource(connection), graph.size * _PER_STEP
    count = ask(connection, Question(_HOW_MANY_OPEN, {"most": most + 1}, lambda rows: rows[0][0]))
    if not count:
        return []
    rows = (
        source.rows(AlertRecord, _COLUMNS, ("state",), [("open",)])
        if count <= most
        else _possible(source, graph)
    )
    keys = _about(source, graph, rows)
    books = Books(source)
    books.prefetch(AlertRecord, keys)
    return [alert for key in sorted(keys) if (alert := books.get(AlertRecord, *key)) is not None]


def _about(source: StoreSource, graph: Graph, alerts: Iterable[Sequence[Any]]) -> set[Key]:
    """The keys of those alerts that are open and about a way; each as ``_COLUMNS`` say."""
    passed = set().union(*(level.heads for level in graph.levels))
    found: set[Key] = set()
    others: list[_Alert] = []
    for state, code, subject, index, number, position in alerts:
        if state != "open":
            continue
        if _head_of(subject) in passed:
            found.add((index, number))
        elif not subject.startswith(_ITSELF) or code.startswith(_WHOLE):
            others.append(_Alert(subject, index, number, position))
    made = set().union(*(level.places for level in graph.levels)) if others else ()
    moved: list[_Alert] = []
    for each in others:
        if place(each.entry_index, each.position) in made:
            found.add((each.entry_index, each.number))
        elif not each.subject.startswith(_ITSELF):
            moved.append(each)
    for each, lots in _lots_of(source, moved).items() if moved else ():
        if any(_head_of(f"lot:{lot}") in passed for lot in lots):
            found.add((each.entry_index, each.number))
    return found


@lru_cache(maxsize=10_000)
def _head_of(subject: str) -> bytes:
    """How the steps begin that are what an alert is about."""
    kind, _, name = subject.partition(":")
    return head(name, kind).encode()


def _lots_of(source: StoreSource, alerts: Sequence[_Alert]) -> Mapping[_Alert, set[str]]:
    """The lots that were moved by what some alerts are about."""
    lots: dict[_Alert, set[str]] = {alert: set() for alert in alerts}
    events, sent, billed, units = _named(alerts)
    booked = source.rows(EventRecord, (*_EVENT, "movement", "unit"), _EVENT, list(events))
    sales = source.rows(EventRecord, (*EventRecord.KEY, *_EVENT), EventRecord.KEY, list(sent))
    receipts = source.rows(ProvisionalRecord, (*_AWAITED, "lot"), _AWAITED, list(sent))
    shipments = source.rows(ShipmentRecord, ("invoice", *ShipmentRecord.KEY), ("invoice",), list(billed))
    for *event, movement, unit in booked:
        if unit:
            _join(units, (unit,), events.get(tuple(event), ()))
        if movement in _USES:
            events.pop(tuple(event), None)
    _reach(lots, sent, receipts)
    for issuer, event_id, *event in sales:
        _join(events, tuple(event), sent[issuer, event_id])
    for invoice, *sale in shipments:
        _join(sent, tuple(sale), billed[(invoice,)])
    lines = source.rows(ShipmentLineRecord, (*_SHIPMENT, "lot"), _SHIPMENT, list(sent))
    postings = source.rows(PostingRecord, (*_EVENT, "lot"), _EVENT, list(events))
    _reach(lots, sent, lines)
    _reach(lots, events, postings)
    books = Books(source)
    books.prefetch(InvoiceRecord, billed)
    for key, about in billed.items():
        invoice = books.get(InvoiceRecord, *key)
        named = () if invoice is None else invoice.lines
        _reach(lots, {key: about}, ((*key, str(line.get("lot", ""))) for line in named))
    _reach_inside(source, lots, units)
    return lots


def _named(alerts: Iterable[_Alert]) -> tuple[_Found, _Found, _Found, _Found]:
    """The events that opened alerts, and the shipments or sales, invoices and units that they are about."""
    events, sent, billed, units = _Found(), _Found(), _Found(), _Found()
    for alert in alerts:
        kind, _, name = alert.subject.partition(":")
        if alert.position >= 0:
            _join(events, (alert.entry_index, alert.position), [alert])
        if kind in _SENT:
            consignor, _, event_id = name.partition(" ")
            _join(sent, (consignor, event_id), [alert])
        elif kind in ("invoice", "unit"):
            _join(billed if kind == "invoice" else units, (name,), [alert])
    return events, sent, billed, units


def _join(found: _Found, key: Key, alerts: Iterable[_Alert]) -> None:
    found.setdefault(key, []).extend(alerts)


def _reach(lots: Mapping[_Alert, set[str]], found: _Found, rows: Iterable[Sequence[Any]]) -> None:
    """Notes lots, each behind the key of what moved it."""
    for *key, lot in rows:
        for alert in found[tuple(key)]:
            lots[alert].add(lot)


def _reach_inside(source: StoreSource, lots: Mapping[_Alert, set[str]], units: _Found) -> None:
    """Notes what was in units, and in those inside them, when alerts were opened."""
    seen: set[tuple[Key, _Alert]] = set()
    while units:
        members = source.rows(MemberRecord, _MEMBER, ("unit",), list(units))
        inner = _Found()
        for unit, child, mass_mg, since, until in members:
            for alert in units[(unit,)]:
                if since > alert.entry_index or (until is not None and until < alert.entry_index):
                    continue
                if mass_mg:
                    lots[alert].add(child)
                elif ((child,), alert) not in seen:
                    seen.add(((child,), alert))
                    _join(inner, (child,), [alert])
        units = inner


def _possible(source: StoreSource, graph: Graph) -> Iterator[Sequence[Any]]:
    """The alerts that could be about a way, some of them twice."""
    steps = graph.nodes.values()
    lots = [(step.name,) for step in steps if step.kind == "lot"]
    lines = source.rows(ShipmentLineRecord, _SHIPMENT, ("lot",), lots)
    receipts = source.rows(ProvisionalRecord, _AWAITED, ("lot",), lots)
    postings = source.rows(PostingRecord, _EVENT, ("lot",), lots)
    priced = source.rows(TallyRecord, ("period",), ("tally", "subject"), [(PRICED, *lot) for lot in lots])
    sent = {(consignor, event_id) for consignor, event_id in chain(lines, receipts)}
    events = {(index, position) for index, position in postings}
    shipments = source.rows(ShipmentRecord, ("invoice",), ShipmentRecord.KEY, sorted(sent))
    booked = source.rows(EventRecord, EventRecord.KEY, _EVENT, sorted(events))
    units, packed = _around(source, lots)
    sent.update((issuer, event_id) for issuer, event_id in booked)
    subjects = {f"{step.kind}:{step.name}" for step in steps}
    subjects.update(f"{kind}:{consignor} {event_id}" for kind in _SENT for consignor, event_id in sent)
    subjects.update(f"invoice:{name}" for (name,) in chain(shipments, priced))
    subjects.update(f"unit:{name}" for (name,) in units)
    events |= packed | {(step.entry_index, step.position) for step in steps}
    yield from source.rows(AlertRecord, _COLUMNS, ("subject",), [(subject,) for subject in sorted(subjects)])
    yield from source.rows(AlertRecord, _COLUMNS, _EVENT, sorted(events))


def _around(source: StoreSource, lots: Sequence[Key]) -> tuple[set[Key], set[tuple[int, int]]]:
    """The units that lots were ever in, those around others included; and the events that packed these."""
    units: set[Key] = set()
    events: set[tuple[int, int]] = set()
    waiting = lots
    while waiting:
        around = {(unit,) for (unit,) in source.rows(MemberRecord, ("unit",), ("child",), waiting)} - units
        units |= around
        waiting = sorted(around)
    for *put_in, index, position in source.rows(MemberRecord, _PACKED, ("unit",), sorted(units)):
        events.add((put_in[0], put_in[1]))
        if position is not None:
            events.add((index, position))
    return units, events
