"""Deciding one statement where it would stand: refused with every reason, or applied to facts and books.

Decides: that registration, a dry run and a replay come to the same. Without I/O of its own: facts and books
are read by whoever made them. What is refused leaves both as they were.
"""

from dataclasses import dataclass

from ledger.books.context import Recording
from ledger.clock import format_time_us
from ledger.controls.act_alerts import open_alerts
from ledger.controls.judging import Position, act_context, judge
from ledger.controls.recording import record_movements
from ledger.controls.submission import Submission
from ledger.controls.ticks import run_ticks
from ledger.findings import Finding
from ledger.movements.corrections import unmarked_finding
from ledger.records.lots import EventRecord
from ledger.records.oversight import AlertRecord
from ledger.records.own_cases import put_alert
from ledger.records.policy import Policy, read_policy
from ledger.records.quick import quick
from ledger.statements.registers import Facts, KeyRecord, PolicyRecord, ReaderRecord


@quick
@dataclass(frozen=True, slots=True)
class Decision:
    """What came of a statement.

    Attributes:
        refused: Every reason to refuse it; nothing was changed if there is one.
        told: Flags that policy lets the submitter know.
    """

    refused: tuple[Finding, ...] = ()
    told: tuple[Finding, ...] = ()


class Decider:
    """Decides statements for one log, one after the other."""

    def __init__(self, origin: str) -> None:
        """For the log with this origin."""
        self._origin = origin
        self._known: tuple[PolicyRecord, Policy] | None = None
        self._ticked: tuple[int, int] = (-1, 0)

    def begin_batch(self, facts: Facts, position: Position) -> None:
        """Opens the alerts for everything that time has judged by now; before a batch's first statement.

        They stand under the entry at ``position``, and hold only if the batch appends it.
        """
        self._ticked = (-1, 0)
        if facts.policy is None:
            return
        books = facts.books
        books.begin()
        alerts = run_ticks(books, self._policy(facts.policy), position.index, position.recorded_at_us)
        books.commit()
        self._ticked = (position.index, len(alerts))

    def decide(self, submission: Submission, position: Position, facts: Facts) -> Decision:
        """Judges a statement, and applies it if nothing refuses it.

        Args:
            submission: A statement whose signature verified.
            position: Where it would stand.
            facts: The facts and the books that it names, as of just before it; changed if it passes.
        """
        findings = judge(submission, position, facts, self._origin) or _unmarked(submission, facts)
        if findings:
            return Decision(tuple(findings))
        if submission.payload.act is not None:
            self._apply_act(submission, position, facts)
            return Decision()
        if not submission.movements or facts.policy is None:
            return Decision()
        recorded = record_movements(
            submission.movements,
            Recording(
                index=position.index,
                recorded_at_us=position.recorded_at_us,
                issuer=submission.issuer,
                policy=self._policy(facts.policy),
                facts=facts,
                books=facts.books,
                alerts_before=self._alerts_before(position),
            ),
        )
        if recorded.refused:
            return Decision(recorded.refused)
        for party in submission.readers():
            facts.put(ReaderRecord(position.index, party))
        return Decision((), recorded.told)

    def consider(self, submission: Submission, position: Position, facts: Facts) -> Decision:
        """What ``decide`` would come to: an act is judged and not applied.

        Args:
            submission: A statement whose signature verified.
            position: Where it would stand.
            facts: To be thrown away with their books, for movements change them.
        """
        if submission.payload.act is None:
            return self.decide(submission, position, facts)
        return Decision(tuple(judge(submission, position, facts, self._origin)))

    def _apply_act(self, submission: Submission, position: Position, facts: Facts) -> None:
        act = submission.payload.act
        assert act is not None
        before = {kid: facts.keys.get(kid) for kid in act.names().kids}
        facts.books.begin()
        act.apply(act_context(submission, position, self._origin), facts)
        number = self._alerts_before(position)
        if facts.policy is not None:
            policy = self._policy(facts.policy)
            number += open_alerts(act, facts.books, policy, position.index, position.recorded_at_us)
        for kid, key in before.items():
            after = facts.keys.get(kid)
            if after is not None and after.suspect_from not in (None, key and key.suspect_from):
                number = self._open_suspicion(after, position, facts, number)
        facts.books.commit()

    def _open_suspicion(self, key: KeyRecord, position: Position, facts: Facts, number: int) -> int:
        """The alert on what a key signed before it was revoked; gives the next alert's number."""
        if facts.policy is None or self._policy(facts.policy).action("key.suspect") == "off":
            return number
        put_alert(
            facts.books,
            AlertRecord(
                entry_index=position.index,
                number=number,
                code="key.suspect",
                party=key.party,
                site="",
                subject=f"key:{key.kid}",
                position=-1,
                event_time_us=position.recorded_at_us,
                detail=(
                    f"what the key {key.kid} signed from entry {key.suspect_from} on may not be its owner's; "
                    f"it was revoked at {format_time_us(position.recorded_at_us)}"
                ),
                mend="Compare these entries with the party's own records; it corrects what is not its own.",
                evidence={"kid": key.kid, "suspect_from": key.suspect_from, "revoked_at": key.revoked_at},
                told=False,
            ),
        )
        return number + 1

    def _alerts_before(self, position: Position) -> int:
        """How many alerts stand under this entry already: those of time passing."""
        index, count = self._ticked
        return count if index == position.index else 0

    def _policy(self, record: PolicyRecord) -> Policy:
        if self._known is None or self._known[0] != record:
            self._known = (record, read_policy(record.policy))
        return self._known[1]


def _unmarked(submission: Submission, facts: Facts) -> list[Finding]:
    """Errors that it declares in booked movements by events that are no movements.

    Such an event would stand in the log as a correction, and the books would not follow it.
    """
    here = {movement.event_id for movement in submission.movements}
    return [
        unmarked_finding(pointer)
        for event_id, pointer in submission.unmarked
        if event_id in here or facts.books.get(EventRecord, submission.issuer, event_id) is not None
    ]
