"""Technology that is handed over: a record of its own, without lot, mass or holding.

Decides: who hands over (the stated possessing party, where the signer may record for it), and that a
correction leaves the record and says when it was taken back.
"""

from ledger.books.accounts import Journal
from ledger.books.custody import acting_custodian
from ledger.records.lots import EventRecord
from ledger.records.oversight import TechnologyTransferRecord
from ledger.records.quick import replace


def book_technology(journal: Journal) -> None:
    """Puts the record of an ``impart``.

    Raises:
        Impossible: ``custody.not-holder``: the signer may not record for the party that hands over.
    """
    movement, recording = journal.movement, journal.recording
    journal.books.put(
        TechnologyTransferRecord(
            entry_index=recording.index,
            position=journal.position,
            issuer=recording.issuer,
            event_id=movement.event_id,
            provider=acting_custodian(journal, movement.custodian_from),
            technology=movement.technology,
            manner=movement.manner,
            scope=dict(movement.scope),
            consignee=movement.consignee,
            end_user=movement.end_user,
            end_use=movement.end_use,
            destination=movement.destination,
            licence=movement.licence,
            document_sha256=movement.document_sha256,
            event_time_us=movement.event_time_us,
            disclosed=movement.disclosed,
            reason=movement.reason,
        )
    )


def undo_technology(journal: Journal, event: EventRecord) -> None:
    """Takes the record of a corrected ``impart`` back."""
    record = journal.books.get(TechnologyTransferRecord, event.entry_index, event.position)
    assert record is not None
    journal.books.put(replace(record, voided_at=journal.recording.index))
