"""A pool with its newest version, as both are put into the books."""

from ledger.books.accounts import Journal
from ledger.records.lots import PoolRecord


def put_version(journal: Journal, pool: PoolRecord, change: str) -> None:
    """Puts a pool, and what it is as the version that it states.

    Args:
        journal: Of the movement that made it.
        pool: With the number and the node of the version.
        change: What made it: a kind of movement, ``correct`` or ``resolve``.
    """
    journal.books.put(pool)
    journal.books.put(
        pool.as_version(
            change,
            entry_index=journal.recording.index,
            position=journal.position,
            event_time_us=journal.movement.event_time_us,
        )
    )
