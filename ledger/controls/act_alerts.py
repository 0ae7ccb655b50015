"""Alerts that official acts open: papers that contradict the goods, allotments that are used up already.

Decides: which acts are compared with the books, and whose alert it is; and that the sales of an invoice that
is cancelled want another one. An act is never refused by these rules: what a paper says was said.
"""

from collections.abc import Iterator

from ledger.controls.papers import judge_declaration, judge_invoice
from ledger.controls.quotas import judge_allotment
from ledger.controls.rule import Notice
from ledger.controls.schedules import await_invoice_again
from ledger.controls.standing_alerts import opens
from ledger.records.books import Books
from ledger.records.oversight import AlertRecord, InvoiceRecord, QuotaRecord
from ledger.records.own_cases import put_alert
from ledger.records.policy import Policy
from ledger.statements.acts.allot_quota import AllotQuota
from ledger.statements.acts.base import Act
from ledger.statements.acts.cancel_invoice import CancelInvoice
from ledger.statements.acts.declare_customs import DeclareCustoms
from ledger.statements.acts.register_invoice import RegisterInvoice


def open_alerts(act: Act, books: Books, policy: Policy, index: int, recorded_at_us: int) -> int:
    """Opens the alerts on an act that was applied; gives how many.

    Args:
        act: What was applied.
        books: With what it put; they change.
        policy: In force.
        index: The act's entry. ``recorded_at_us``: its time.
    """
    cancelled = books.get(InvoiceRecord, act.invoice) if isinstance(act, CancelInvoice) else None
    if cancelled is not None:
        await_invoice_again(books, cancelled, policy, recorded_at_us)
    number = 0
    while books.get(AlertRecord, index, number) is not None:
        number += 1
    first = number
    for party, found in _judged(act, books, policy):
        if policy.action(found.finding.code) == "off" or not opens(books, found):
            continue
        put_alert(
            books,
            AlertRecord(
                entry_index=index,
                number=number,
                code=found.finding.code,
                party=party,
                site="",
                subject=found.subject,
                position=-1,
                event_time_us=recorded_at_us,
                detail=found.finding.detail,
                mend=found.finding.mend,
                evidence=found.finding.evidence,
                told=policy.tells.get(found.finding.code, False),
            ),
        )
        number += 1
    return number - first


def _judged(act: Act, books: Books, policy: Policy) -> Iterator[tuple[str, Notice]]:
    if isinstance(act, RegisterInvoice):
        for found in judge_invoice(books, act.invoice, policy):
            yield act.seller, found
    elif isinstance(act, DeclareCustoms):
        for found in judge_declaration(books, act.declaration, policy):
            yield act.declarant, found
    elif isinstance(act, AllotQuota):
        allotment = books.get(QuotaRecord, act.party, act.year, act.activity, act.ore_class)
        for found in () if allotment is None else judge_allotment(books, allotment, policy):
            yield act.party, found
