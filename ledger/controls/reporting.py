"""When movements are filed: after the deadline. Months filed in a burst are judged by time (``reviews``).

Source: Regulation 785 article 14; Order 71 (2025): last month's flows by the 10th.
"""

from collections.abc import Iterator
from typing import Final

from ledger.clock import format_time_us
from ledger.controls.noticing import notice
from ledger.controls.rule import Case, Notice, rule
from ledger.movements.movement import KINDS
from ledger.records.periods import DAY_US, HOUR_US, filing_deadline_us, month_after, month_of, month_start_us
from ledger.records.policy import Policy

EXEMPT: Final = ("opening", "impart")
"""Opening stocks are older than the ledger, and policy's window is their deadline; the regulation's deadline
is for flows of products, and says nothing of technology."""
FILED: Final = tuple(kind for kind in KINDS if kind not in EXEMPT)


@rule("report.late", movements=FILED, tell=True)
def late(case: Case) -> Iterator[Notice]:
    """A movement is recorded, or corrected into an earlier month, after the filing day of the next month."""
    movement, recording = case.movement, case.recording
    if movement.corrects and not _moved_back(case):
        return
    deadline_us = filing_deadline_us(movement.event_time_us, recording.policy)
    if recording.recorded_at_us >= deadline_us:
        days = (recording.recorded_at_us - deadline_us) // DAY_US + 1
        yield notice(
            case,
            "report.late",
            f"this was to be filed before {format_time_us(deadline_us)}",
            f"File movements by day {recording.policy.filing_day} of the next month.",
            deadline=format_time_us(deadline_us),
            days_late=days,
        )


def _moved_back(case: Case) -> bool:
    """Whether a correction says that the event happened in an earlier month than was said before."""
    before_us, policy = case.effect.corrected_us, case.recording.policy
    if before_us is None or case.movement.did_not_occur:
        return False
    return month_of(case.movement.event_time_us, policy) < month_of(before_us, policy)


def in_last_hours(event_time_us: int, policy: Policy) -> bool:
    """Whether a moment lies in the last hours of its month."""
    end_us = month_start_us(month_after(month_of(event_time_us, policy)), policy)
    return event_time_us >= end_us - policy.whole("burst.hours", HOUR_US)
