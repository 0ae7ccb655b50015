"""Recording a statement's movements: rules before, the books, rules after, and what follows from it.

Decides: the order, and what becomes of a notice: a refusal, an alert, or nothing. A statement stands or falls
whole. Under the policy in force and from records alone, so a replay decides the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from ledger.books.apply import apply_movement
from ledger.books.context import Effect, Impossible, Recording
from ledger.controls.all_rules import BY_KIND, after_accepting
from ledger.controls.bounds import too_much
from ledger.controls.rule import Case, Notice, Rule
from ledger.controls.standing_alerts import opens
from ledger.findings import Finding
from ledger.movements.movement import Movement
from ledger.records.lots import LotRecord
from ledger.records.oversight import AlertRecord
from ledger.records.own_cases import put_alert
from ledger.records.policy import ALWAYS
from ledger.records.quick import quick
from ledger.records.taint import taint

NODE: Final = "node"
"""Before a number, what ``Notice.taints`` calls a node of the graph."""
FOREIGN: Final = "name.foreign"
"""Where a statement is refused for another's names, the books say nothing of what bears them."""


@quick
@dataclass(frozen=True, slots=True)
class Recorded:
    """What came of a statement's movements.

    Attributes:
        refused: Every reason to refuse it; the books are as they were if there is one.
        told: Flags that the submitter is told.
        alerts: Alerts that it opened, the told ones included.
    """

    refused: tuple[Finding, ...] = ()
    told: tuple[Finding, ...] = ()
    alerts: tuple[AlertRecord, ...] = ()


def record_movements(movements: Sequence[Movement], recording: Recording) -> Recorded:
    """Books the movements of one statement, or refuses them all.

    Args:
        movements: In the order of the payload.
        recording: The entry that they would be.

    Returns:
        What came of it. If ``refused`` is empty, the books hold the movements, their alerts and tallies.
    """
    books = recording.books
    books.begin()
    refused: list[Finding] = []
    told: list[Finding] = []
    alerts: list[AlertRecord] = []
    for position, movement in enumerate(movements):
        case = Case(movement, recording, Effect())
        notices = _judge(case, "before")
        try:
            apply_movement(movement, recording, position, case.effect)
        except Impossible as error:
            before = [notice.finding for notice in notices if _refuses(notice, recording)]
            if not any(finding.code == FOREIGN for finding in before):
                refused.extend(error.findings)
            refused.extend(before)
            break
        notices.extend(_judge(case, "after"))
        for notice in notices:
            if _refuses(notice, recording):
                refused.append(notice.finding)
            elif recording.policy.action(notice.finding.code) == "off":
                continue
            elif not opens(books, notice):
                _taint(notice, recording)
            else:
                alert = _alert(notice, case, position, recording.alerts_before + len(alerts))
                alerts.append(put_alert(books, alert))
                _taint(notice, recording)
                if alert.told:
                    told.append(notice.finding)
        if refused:
            break
        after_accepting(case)
    refused = refused or too_much(books, movements[0].pointer)
    if refused:
        books.rollback()
        return Recorded(tuple(refused))
    books.commit()
    return Recorded((), tuple(told), tuple(alerts))


def _judge(case: Case, stage: str) -> list[Notice]:
    policy, notices = case.recording.policy, list[Notice]()
    for rule in _running(policy.rule_set, case.movement.kind, stage, policy.off):
        notices.extend(rule.judge(case))
    return notices


@lru_cache(maxsize=1024)
def _running(rule_set: int, kind: str, stage: str, off: frozenset[str]) -> tuple[Rule, ...]:
    """The rules of a stage but those of which nothing would become, whatever they noticed."""
    idle = off.difference(ALWAYS)
    return tuple(rule for rule in BY_KIND[rule_set][kind][stage] if not idle.issuperset(rule.codes))


def _refuses(notice: Notice, recording: Recording) -> bool:
    code = notice.finding.code
    if code in ALWAYS:
        return True
    if notice.past:
        return False
    if notice.severe:
        return recording.policy.action(code) != "off" and code not in recording.policy.softened
    return recording.policy.action(code) == "reject"


def _alert(notice: Notice, case: Case, position: int, number: int) -> AlertRecord:
    recording, finding = case.recording, notice.finding
    return AlertRecord(
        entry_index=recording.index,
        number=number,
        code=finding.code,
        party=recording.issuer,
        site=notice.site or case.movement.site,
        subject=notice.subject,
        position=position,
        event_time_us=case.movement.event_time_us,
        detail=finding.detail,
        mend=finding.mend,
        evidence=finding.evidence,
        told=recording.policy.tells.get(finding.code, False),
    )


def _taint(notice: Notice, recording: Recording) -> None:
    for name in notice.taints:
        kind, _, number = name.partition(":")
        if kind == NODE:
            taint(recording.books, int(number), recording.index)
            continue
        lot = recording.books.get(LotRecord, name)
        if lot is not None and lot.tainted_by is None:
            taint(recording.books, lot.node, recording.index)  # it may have been used before its birth
