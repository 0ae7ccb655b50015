"""Seals: on which unit each was, from when to when.

Decides: when a use of a seal begins and ends: with a packing that states it, and with what opens the unit.
What overlaps is noticed by the rule ``seal.reused``, to which the effect says what changed.
"""

from dataclasses import replace

from ledger.books.accounts import Journal
from ledger.records.books import Books, key_of
from ledger.records.lots import EventRecord, SealRecord


def close_seals(journal: Journal) -> None:
    """Puts the seals that a packing states on its unit; to state one that is on it is no other use of it."""
    movement, recording = journal.movement, journal.recording
    place, unit = (recording.index, journal.position), movement.parent
    there = {use.seal for use in on_unit(journal.books, unit)}
    for seal in movement.seals:
        if seal not in there:
            _put(journal, SealRecord(seal, *place, unit, recording.issuer, movement.event_time_us))


def open_seals(journal: Journal, unit: str) -> None:
    """Ends the uses of the seals that are on a unit, at the time of the event."""
    until_us, index = journal.movement.event_time_us, journal.recording.index
    for use in on_unit(journal.books, unit):
        _put(journal, replace(use, until_us=until_us, until_index=index, until_position=journal.position))


def undo_seals(journal: Journal, event: EventRecord) -> None:
    """Takes back what an event put on its unit or opened there."""
    books, index = journal.books, journal.recording.index
    place = (event.entry_index, event.position)
    for use in books.group(SealRecord, "unit", event.unit):
        if (use.since_index, use.since_position) == place:
            _put(journal, replace(use, until_us=use.since_us, until_index=index, until_position=None))
        elif (use.until_index, use.until_position) == place:
            _put(journal, replace(use, until_us=None, until_index=None, until_position=None))


def on_unit(books: Books, unit: str) -> list[SealRecord]:
    """The uses of the seals that are on a unit now."""
    return [use for use in books.group(SealRecord, "unit", unit) if use.until_us is None]


def _put(journal: Journal, use: SealRecord) -> None:
    key = key_of(use)
    journal.effect.sealed.setdefault(key, journal.books.get(SealRecord, *key))
    journal.books.put(use)
