"""How a party stands with its filing: until when it may file, what it filed, and what it filed late.

Decides: which month is to be filed next. What counts as late was decided by the rule ``report.late``, whose
alerts are counted here.
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection, text

from ledger.controls.reviews import REPORTS
from ledger.errors import LogInconsistent
from ledger.log.entry import parse_entry
from ledger.records.oversight import TallyRecord
from ledger.records.periods import filing_deadline_us, month_after, month_of, month_start_us
from ledger.records.policy import Policy
from ledger.records.working_days import local_date
from ledger.store import log_store
from ledger.store.books_listings import list_records

_LATE: Final = text(
    "SELECT count(*) FROM alerts WHERE code = 'report.late' AND entry_index >= :first AND party = :party "
    "AND (told OR :sees_all)"
)


@dataclass(frozen=True, slots=True)
class Filing:
    """What is to be filed next, and how a party stands.

    Attributes:
        month: The month whose movements are to be filed next: ``2026-11``.
        deadline_us: The first moment at which they are late.
        last_day: The last day on which they are in time, where the authority is.
        days_left: Days until then; 0 on that day.
        recorded: The party's movements of that month that are recorded.
        late: Its movements that were recorded late since the present month began.
    """

    month: str
    deadline_us: int
    last_day: date
    days_left: int
    recorded: int
    late: int


def filing_of(
    connection: Connection, policy: Policy, party: str, now_us: int, *, sees_all: bool = False
) -> Filing:
    """How a party stands at a moment.

    Args:
        connection: A reading transaction.
        policy: Day, zone and calendar.
        party: Whose movements.
        now_us: The moment.
        sees_all: Whether alerts count of which the party was not told.
    """
    present = month_of(now_us, policy)
    month = month_after(present, -1)
    deadline_us = filing_deadline_us(month_start_us(month, policy), policy)
    if now_us >= deadline_us:
        month = present
        deadline_us = filing_deadline_us(month_start_us(month, policy), policy)
    last_day = local_date(deadline_us, policy.filing_offset_min) - timedelta(days=1)
    tallies = list_records(
        connection, TallyRecord, where={"tally": REPORTS, "subject": party, "period": month}, limit=1
    )
    first = first_entry_since(connection, month_start_us(present, policy))
    late = connection.execute(_LATE, {"first": first, "party": party, "sees_all": sees_all}).scalar_one()
    return Filing(
        month=month,
        deadline_us=deadline_us,
        last_day=last_day,
        days_left=(last_day - local_date(now_us, policy.filing_offset_min)).days,
        recorded=sum(tally.sums.get("count", 0) for tally in tallies),
        late=late,
    )


def first_entry_since(connection: Connection, time_us: int) -> int:
    """The index of the first entry that was recorded at a moment or later; the log's size where none was.

    Entries are recorded in order of their times, so a few of them are read.
    """

    def recorded_at_us(index: int) -> int:
        found = log_store.read_entries(connection, index, index + 1)
        if not found:
            raise LogInconsistent(f"entry {index} is missing")
        return parse_entry(found[0]).recorded_at_us

    size = log_store.read_head(connection).tree_size
    return bisect_left(range(size), time_us, key=recorded_at_us)
