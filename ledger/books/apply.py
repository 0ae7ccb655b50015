"""Applying a movement to the books: which part of the fold books which kind.

Decides: nothing but that every kind has its part, and that an event's name is used once.
"""

from collections.abc import Callable, Mapping
from typing import Final

from ledger.books import (
    births,
    corrections,
    pools,
    receipts,
    returns,
    shipments,
    stock,
    technology,
    transformations,
    units,
)
from ledger.books.accounts import Journal
from ledger.books.context import Effect, Impossible, Recording
from ledger.findings import Finding
from ledger.movements.movement import Movement
from ledger.records.lots import AttachmentRecord, EventRecord

Book = Callable[[Journal], None]

BOOKS: Final[Mapping[str, Book]] = {
    "opening": births.book_birth,
    "extract": births.book_birth,
    "import": births.book_import,
    "process": transformations.book_process,
    "feed": pools.book_feed,
    "draw": pools.book_draw,
    "close": pools.book_close,
    "ship": shipments.book_shipment,
    "export": shipments.book_shipment,
    "disclose": shipments.book_shipment,
    "impart": technology.book_technology,
    "return": returns.book_return,
    "cancel": returns.book_cancel,
    "refuse": returns.book_refuse,
    "release": shipments.book_release,
    "receive": receipts.book_receipt,
    "transfer": stock.book_transfer,
    "pack": units.book_pack,
    "unpack": units.book_unpack,
    "assay": stock.book_assay,
    "stocktake": stock.book_stocktake,
    "lose": stock.book_loss,
    "dispose": stock.book_loss,
    "destroy": stock.book_loss,
}


def apply_movement(
    movement: Movement, recording: Recording, position: int, effect: Effect | None = None
) -> Effect:
    """Books a movement; the caller takes everything back where a later one of the statement is refused.

    Args:
        movement: What happened.
        recording: The entry that it is part of.
        position: The event's place in the statement.
        effect: Where to say what it did; a new one where it is left out.

    Raises:
        Impossible: It cannot have happened as recorded. The books may be half changed.
    """
    journal = Journal(movement, recording, position, effect)
    if movement.corrects:
        corrections.undo(journal)
        if movement.did_not_occur:
            corrections.check(journal)
            return journal.effect
    _name(journal)
    BOOKS[movement.kind](journal)
    if recording.correcting:
        corrections.check(journal)
    for role, media_type, size_bytes, sha256_hex in movement.attachments:
        recording.books.put(
            AttachmentRecord(recording.index, position, sha256_hex, media_type, size_bytes, role)
        )
    return journal.effect


def _name(journal: Journal) -> None:
    movement, recording = journal.movement, journal.recording
    earlier = journal.books.get(EventRecord, recording.issuer, movement.event_id)
    if earlier is not None:
        raise Impossible(
            Finding(
                "event.repeated",
                f"entry {earlier.entry_index} records another event under this eventID",
                f"{movement.pointer}/eventID",
                "Give every event its own id; to correct an earlier one, repeat it with an errorDeclaration.",
                {"index": earlier.entry_index},
            )
        )
    journal.books.put(
        EventRecord(
            issuer=recording.issuer,
            event_id=movement.event_id,
            entry_index=recording.index,
            position=journal.position,
            movement=movement.kind,
            event_time_us=movement.event_time_us,
            site=movement.site,
            first_line=len(journal.effect.postings),
        )
    )
