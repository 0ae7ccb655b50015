"""Seals: on which unit each was, from when to when.

Decides: when a use of a seal begins and ends: with a packing that states it, and with what opens the unit.
What overlaps is noticed by the rule ``seal.reused``, to which the effect says what changed.
"""

from dataclasses import replace

from ledger.books.accounts import Journal
from ledger.records.books import Books, key_of
from ledger.records.lots import EventRecord, SealRecord, UnitRecord


def close_seals(journal: Journal, kept: tuple[str, ...]) -> tuple[str, ...]:
    """Puts the seals that a packing states on its unit; gives all that are on it then.

    Args:
        kept: The seals that were on it before and still are; to state one of them again is no other use.
    """
    movement, recording = journal.movement, journal.recording
    place, unit = (recording.index, journal.position), movement.parent
    for seal in movement.seals:
        if seal not in kept:
            _put(journal, SealRecord(seal, *place, unit, recording.issuer, movement.event_time_us))
    return tuple(dict.fromkeys((*kept, *movement.seals)))


def open_seals(journal: Journal, unit: UnitRecord) -> None:
    """Ends the uses of the seals that are on a unit, at the time of the event."""
    until_us, index = journal.movement.event_time_us, journal.recording.index
    for seal in unit.seals:
        for use in journal.books.group(SealRecord, "seal", seal):
            if use.unit == unit.unit and use.until_us is None:
                ended = replace(use, until_us=until_us, until_index=index, until_position=journal.position)
                _put(journal, ended)


def undo_seals(journal: Journal, event: EventRecord) -> tuple[str, ...]:
    """Takes back what an event put on its unit or opened there; gives the seals that are on it then."""
    books, index = journal.books, journal.recording.index
    place = (event.entry_index, event.position)
    for use in books.group(SealRecord, "unit", event.unit):
        if (use.since_index, use.since_position) == place:
            _put(journal, replace(use, until_us=use.since_us, until_index=index, until_position=None))
        elif (use.until_index, use.until_position) == place:
            _put(journal, replace(use, until_us=None, until_index=None, until_position=None))
    return seals_on(books, event.unit)


def seals_on(books: Books, unit: str) -> tuple[str, ...]:
    """The seals that are on a unit now."""
    uses = books.group(SealRecord, "unit", unit)
    return tuple(dict.fromkeys(use.seal for use in uses if use.until_us is None))


def _put(journal: Journal, use: SealRecord) -> None:
    key = key_of(use)
    journal.effect.sealed.setdefault(key, journal.books.get(SealRecord, *key))
    journal.books.put(use)
