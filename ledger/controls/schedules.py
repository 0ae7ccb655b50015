"""What time will judge: dues that accepted movements leave behind.

Decides: when each is due. Nothing is settled here: when its time has come, the books say whether it still
stands (``ledger.controls.ticks``).
"""

from dataclasses import replace
from typing import Final

from ledger.controls.balances import POOL_TALLY
from ledger.controls.exports import ABROAD, flows, months_to_review
from ledger.controls.noticing import actor_of
from ledger.controls.papers import uses_of
from ledger.controls.reporting import EXEMPT
from ledger.controls.rule import Case
from ledger.controls.shipments import TRAVELLING, arrival_limit_us, changed_shipments, subject_of
from ledger.controls.tallies import BALANCED
from ledger.controls.trade import sale_of
from ledger.records.books import Books
from ledger.records.lots import PoolRecord, ProvisionalRecord, ShipmentRecord
from ledger.records.oversight import DueRecord, InvoiceRecord, LicenceRecord, TallyRecord
from ledger.records.periods import (
    DAY_US,
    HOUR_US,
    filing_deadline_us,
    later_us,
    month_after,
    month_of,
    month_start_us,
)
from ledger.records.policy import Policy

SETTLED: Final = -1
CURSOR: Final = "ticks"
"""The tally of the hour up to which dues were looked at."""
BALANCE_REVIEW: Final = "balance.review"
REPORT_REVIEW: Final = "report.review"
SURGE_REVIEW: Final = "surge.review"


def schedule(case: Case) -> None:
    """Puts the dues of an accepted movement."""
    movement, recording = case.movement, case.recording
    if movement.corrects:
        _await_again(case)
    _review_turned(case)
    if movement.did_not_occur:
        return
    for shipment in changed_shipments(case):
        _schedule_shipment(case, shipment)
    if movement.kind == "receive" and case.effect.provisional:
        _schedule_unsent(case)
    if movement.kind == "transfer":
        _schedule_invoice(case, actor_of(case))
    if movement.pool:
        _schedule_pool(case)
    policy = recording.policy
    month, due_us = (
        month_of(movement.event_time_us, policy),
        filing_deadline_us(movement.event_time_us, policy),
    )
    actor = actor_of(case)
    if movement.kind in BALANCED:
        put_once(case, BALANCE_REVIEW, f"{movement.site} {month}", actor, movement.site, due_us)
    if not movement.corrects and movement.kind not in EXEMPT:
        put_again(case, REPORT_REVIEW, f"{actor} {month}", actor, due_us)
    if movement.kind in ABROAD:
        _review_exports(case, actor, movement.destination, movement.event_time_us)


def put_once(case: Case, kind: str, subject: str, party: str, site: str, due_us: int) -> None:
    """Puts a due unless it stands already, or stood: what time has judged it does not judge again."""
    if case.recording.books.get(DueRecord, kind, subject) is None:
        put_due(case, kind, subject, party, site, due_us)


def put_again(case: Case, kind: str, subject: str, party: str, due_us: int) -> None:
    """Puts a due unless it stands; what comes after its time is judged a day later, with what else comes."""
    due = case.recording.books.get(DueRecord, kind, subject)
    if due is None or due.bucket == SETTLED:
        now_us = case.recording.recorded_at_us
        put_due(case, kind, subject, party, "", due_us if due_us > now_us else now_us + DAY_US)


def put_due(case: Case, kind: str, subject: str, party: str, site: str, due_us: int) -> None:
    """Puts a due. What is due already is judged at the next entry."""
    recording, hour = case.recording, case.recording.recorded_at_us // HOUR_US
    if recording.books.get(TallyRecord, CURSOR, "", "") is None:
        recording.books.put(TallyRecord(CURSOR, "", "", {"hour": hour}))
    bucket = max(due_us // HOUR_US, hour)
    recording.books.put(DueRecord(kind, subject, party, site, due_us, recording.index, bucket))


def await_invoice_again(books: Books, invoice: InvoiceRecord, policy: Policy, now_us: int) -> None:
    """Once an invoice is cancelled, its sales want another one within the grace period from now.

    Args:
        books: They change.
        invoice: What was cancelled.
        policy: In force.
        now_us: The time of the entry that cancelled it.
    """
    due_us = later_us(now_us, int(policy.thresholds["invoice.grace_days"]) * DAY_US)
    for sale in sorted({*invoice.shipments, *uses_of(books, invoice.invoice)}):
        for subject in (f"{sale} {invoice.invoice}", f"{sale} "):
            due = books.get(DueRecord, "invoice.missing", subject)
            if due is not None and due.bucket == SETTLED:
                books.put(replace(due, due_us=due_us, bucket=due_us // HOUR_US))


def pool_due_us(pool: PoolRecord, policy: Policy) -> int:
    """Until when a pool's next close must be recorded.

    So many days after the last one, but no later than the end of the month that so many days make: 31 days
    after the last of October it is December, and November wants a close.
    """
    days = int(policy.thresholds["pool.unclosed_days"])
    months = max(1, (days + 15) // 30)
    end_us = month_start_us(month_after(month_of(pool.closed_us, policy), months + 1), policy) - 1
    return filing_deadline_us(min(later_us(pool.closed_us, days * DAY_US), end_us), policy)


def _await_again(case: Case) -> None:
    """A shipment that travels again by a correction is judged again, though its time came meanwhile."""
    books, hour = case.recording.books, case.recording.recorded_at_us // HOUR_US
    for shipment in changed_shipments(case):
        if shipment.state != "open" or shipment.event_id == case.movement.event_id:
            continue
        sale = f"{shipment.consignor} {shipment.event_id} {shipment.invoice}"
        for kind, subject in (
            ("shipment.unreceived", subject_of(shipment)),
            ("export.no-arrival", subject_of(shipment)),
            ("invoice.missing", sale),
        ):
            due = books.get(DueRecord, kind, subject)
            if due is not None and due.bucket == SETTLED:
                books.put(replace(due, bucket=max(due.due_us // HOUR_US, hour)))


def _review_turned(case: Case) -> None:
    """An export that is taken back, or travels again, changes its month and those that it is history of."""
    movement = case.movement
    for shipment in changed_shipments(case):
        own = shipment.event_id == movement.event_id and not movement.did_not_occur
        if shipment.kind in ABROAD and not own:
            _review_exports(case, shipment.consignor, shipment.destination, shipment.event_time_us)


def _review_exports(case: Case, exporter: str, destination: str, event_time_us: int) -> None:
    policy = case.recording.policy
    month = month_of(event_time_us, policy)
    for flow in flows(exporter, destination):
        for each in months_to_review(case.recording.books, flow, month):
            filed_us = filing_deadline_us(month_start_us(each, policy), policy)
            put_again(case, SURGE_REVIEW, f"{flow} {each}", exporter, filed_us)


def _schedule_shipment(case: Case, shipment: ShipmentRecord) -> None:
    policy, subject = case.recording.policy, subject_of(shipment)
    if shipment.event_id != case.movement.event_id:
        return
    if shipment.kind in TRAVELLING and shipment.state == "open":
        due_us = filing_deadline_us(arrival_limit_us(shipment, policy), policy)
        put_due(case, "shipment.unreceived", subject, shipment.consignee, shipment.site_to, due_us)
    if shipment.kind == "export" and shipment.state == "open" and _reports_arrival(case, shipment):
        due_us = later_us(shipment.event_time_us, int(policy.thresholds["arrival.days"]) * DAY_US)
        put_due(case, "export.no-arrival", subject, shipment.consignor, shipment.site_from, due_us)
    if shipment.kind in ("ship", "release"):
        _schedule_invoice(case, shipment.consignor)


def _reports_arrival(case: Case, shipment: ShipmentRecord) -> bool:
    """Whether anyone reports the arrival: the licence's holder, or a consignee of this ledger."""
    named = case.recording.books.get(LicenceRecord, shipment.licence) if shipment.licence else None
    licensed = named is not None and shipment.event_id in named.shipments
    return licensed or shipment.consignee in case.recording.facts.parties


def _schedule_invoice(case: Case, consignor: str) -> None:
    sale, movement = sale_of(case), case.movement
    if sale is None:
        return
    policy = case.recording.policy
    grace_us = int(policy.thresholds["invoice.grace_days"]) * DAY_US
    happened_us = movement.event_time_us
    due_us = max(later_us(happened_us, grace_us), filing_deadline_us(happened_us, policy))
    subject = f"{consignor} {movement.event_id} {movement.invoice}"
    put_due(case, "invoice.missing", subject, sale[0], movement.site, due_us)


def _schedule_unsent(case: Case) -> None:
    recording, movement = case.recording, case.movement
    consignee = actor_of(case)
    for line in case.effect.postings:
        if line.account != "suspense" or not line.lot:
            continue
        receipt = recording.books.get(ProvisionalRecord, consignee, movement.event_id, line.lot)
        if receipt is not None and receipt.left_mg:
            subject = f"{consignee} {movement.event_id} {line.lot}"
            put_due(case, "shipment.unsent", subject, receipt.consignor, receipt.site, receipt.due_us)


def _schedule_pool(case: Case) -> None:
    pool = case.recording.books.get(PoolRecord, case.movement.pool)
    if pool is not None:
        due_us = pool_due_us(pool, case.recording.policy)
        put_once(case, f"{POOL_TALLY}.unclosed", pool.pool, pool.custodian, pool.site, due_us)
