"""What the acts on export licences share: the life of a licence, and the clock of its decision.

    applied --grant--> granted --suspend--> suspended --grant--> granted
       |                  |                     |
       +--refuse--> refused                     |
                          +-------revoke--------+--> revoked

Decides: which change is possible, and until when a decision is due. Source: dual-use items export regulation
(2024): a decision in 45 working days, without the time for which the clock was stopped.
"""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from ledger.findings import Finding
from ledger.records.oversight import LICENCE_DECISION, DueRecord, LicenceRecord
from ledger.records.policy import Policy
from ledger.records.working_days import DECISION_DAYS, days_used, decision_due_us
from ledger.statements.acts.base import Act, ActContext
from ledger.statements.acts.fields import MemberSchema, OneOf, Uri
from ledger.statements.acts.members import REGULATORS, let_read
from ledger.statements.registers import Facts, Names

HOUR_US: Final = 3_600_000_000
SETTLED: Final = -1
REFUSAL_REASONS: Final = (
    "end-use",
    "end-user",
    "destination",
    "military",
    "restricted-party",
    "diversion-risk",
    "incomplete",
    "data-error",
    "national-security",
)
SANCTION_REASONS: Final = (
    "end-use",
    "end-user",
    "diversion",
    "false-statement",
    "restricted-party",
    "report-missing",
    "illegal-origin",
    "holder-request",
    "national-security",
)
CLOCK_REASONS: Final = ("documents", "inspection", "consultation", "appraisal", "correction")


class LicenceSchema(MemberSchema):
    """Which licence."""

    licence = Uri(required=True)


class RefusalSchema(LicenceSchema):
    """Which licence, and why it is refused."""

    reason = OneOf(REFUSAL_REASONS, required=True)


class SanctionSchema(LicenceSchema):
    """Which licence, and why it is taken out of use."""

    reason = OneOf(SANCTION_REASONS, required=True)


class ClockSchema(LicenceSchema):
    """Which licence, and for what its decision waits."""

    reason = OneOf(CLOCK_REASONS, required=True)


@dataclass(frozen=True)
class LicenceAct(Act):
    """An authority's act on one licence; its holder reads it.

    Attributes:
        from_states: States of the licence in which the act is possible.
    """

    signers: ClassVar[tuple[str, ...]] = REGULATORS
    from_states: ClassVar[tuple[str, ...]] = ()

    licence: str

    @property
    def public(self) -> bool:
        return False

    def names(self) -> Names:
        return Names()

    def content_faults(self, context: ActContext, facts: Facts) -> list[Finding]:
        record = facts.books.get(LicenceRecord, self.licence)
        if record is None:
            return [unknown_licence()]
        if record.state not in self.from_states:
            return [
                Finding(
                    "licence.state",
                    f"the licence is {record.state}, and {self.name} is for one that is "
                    f"{' or '.join(self.from_states)}",
                    "/licence",
                    "Check the licence's state; a licence that is refused or revoked stays so.",
                    {"state": record.state},
                )
            ]
        return self.change_faults(record, context, facts)

    def take_effect(self, context: ActContext, facts: Facts) -> None:
        record = facts.books.get(LicenceRecord, self.licence)
        assert record is not None
        after = self.changed(record, context, facts)
        facts.books.put(after)
        put_due(facts, after, context)
        let_read(facts, context, [record.exporter])

    def change_faults(self, record: LicenceRecord, context: ActContext, facts: Facts) -> list[Finding]:
        """What refuses the act beside the licence's state."""
        return []

    @abstractmethod
    def changed(self, record: LicenceRecord, context: ActContext, facts: Facts) -> LicenceRecord:
        """The licence after the act."""


def unknown_licence(pointer: str = "/licence") -> Finding:
    """The finding for a licence that nobody applied for."""
    return Finding(
        "licence.unknown", "nobody applied for this licence", pointer, "Name it as in the application."
    )


def is_stopped(record: LicenceRecord) -> bool:
    """Whether the decision's clock stands."""
    return bool(record.clock) and record.clock[-1][1] is None


def decided(record: LicenceRecord, state: str, context: ActContext) -> LicenceRecord:
    """The licence after its decision, which is dated once: a later suspension leaves that date."""
    first = record.decided_us is None
    return replace(
        record,
        state=state,
        decided_at=context.index if first else record.decided_at,
        decided_us=context.recorded_at_us if first else record.decided_us,
        due_us=None,
        clock=_ended(record.clock, context.recorded_at_us),
    )


def due_of(record: LicenceRecord, policy: Policy) -> int | None:
    """Until when a decision is due, or was first, None while the clock stands."""
    return None if is_stopped(record) else _due_us(record, policy)


@dataclass(frozen=True, slots=True)
class DecisionClock:
    """How far the time for a decision has run.

    Attributes:
        open_days: Working days for which the clock ran: until now, until it stands, or until the decision.
        left_days: Of the days for a decision; below zero once they are over, None after the decision.
        overdue: Whether a decision is waited for that was due before.
    """

    open_days: int
    left_days: int | None
    overdue: bool


def decision_clock(record: LicenceRecord, policy: Policy, now_us: int) -> DecisionClock:
    """The clock of an application as of a moment."""
    end_us = now_us if record.decided_us is None else record.decided_us
    if is_stopped(record):
        end_us = record.clock[-1][0]
    runs, since_us = _runs(record)
    used = days_used(policy, (*runs, (since_us, end_us)))
    if record.state != "applied":
        return DecisionClock(used, None, overdue=False)
    return DecisionClock(used, DECISION_DAYS - used, overdue=_due_us(record, policy) <= end_us)


def _runs(record: LicenceRecord) -> tuple[tuple[tuple[int, int], ...], int]:
    """The spans over which the clock ran, and since when it runs now (ran, where it stands)."""
    since, runs = record.applied_us, []
    for stopped, started in record.clock:
        if started is not None:
            runs.append((since, stopped))
            since = started
    return tuple(runs), since


def _due_us(record: LicenceRecord, policy: Policy) -> int:
    return decision_due_us(policy, *_runs(record))


def put_due(facts: Facts, record: LicenceRecord, context: ActContext) -> None:
    """Puts when time will judge that no decision came; settles it once there is one, or the clock stands.

    What is due already is judged at the next entry.
    """
    subject = f"licence:{record.licence}"
    waits = record.state == "applied" and record.due_us is not None
    known = facts.books.get(DueRecord, LICENCE_DECISION, subject)
    due_us = record.due_us if record.due_us is not None else 0 if known is None else known.due_us
    bucket = max(due_us, context.recorded_at_us) // HOUR_US if waits else SETTLED
    if known is not None and (known.due_us, known.bucket) == (due_us, bucket):
        return
    facts.books.put(DueRecord(LICENCE_DECISION, subject, record.exporter, "", due_us, context.index, bucket))


def stopped_us(clock: Sequence[tuple[int, int | None]], until_us: int) -> int:
    """For how long the clock stood before a moment, in microseconds."""
    return sum(
        max(0, min(until_us, until_us if started is None else started) - stopped)
        for stopped, started in clock
        if stopped < until_us
    )


def _ended(clock: tuple[tuple[int, int | None], ...], at_us: int) -> tuple[tuple[int, int | None], ...]:
    """A decision ends a stop that still stands."""
    return tuple((stopped, at_us if started is None else started) for stopped, started in clock)
