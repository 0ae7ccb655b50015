"""Time passing: what was due and did not happen opens an alert at the first entry after it.

Decides: nothing by a clock of its own: the entry's time is all the time there is, so a replay tells the
same. Dues lie in buckets of an hour; a run looks at those between the last run's hour and now.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ledger.books.settling import current
from ledger.clock import format_time_us
from ledger.controls.exports import ARRIVED
from ledger.controls.papers import UNSOLD, judge_named_sale
from ledger.controls.reviews import review_balance, review_reports, review_surge
from ledger.controls.schedules import (
    BALANCE_REVIEW,
    CURSOR,
    REPORT_REVIEW,
    SETTLED,
    SURGE_REVIEW,
    pool_due_us,
)
from ledger.controls.standing_alerts import stands_open
from ledger.findings import Finding
from ledger.records.books import Books
from ledger.records.lots import EventRecord, PoolRecord, ProvisionalRecord, ShipmentRecord
from ledger.records.oversight import AlertRecord, DueRecord, InvoiceRecord, LicenceRecord, TallyRecord
from ledger.records.own_cases import put_alert
from ledger.records.periods import DAY_US, HOUR_US, later_us
from ledger.records.policy import Policy
from ledger.statements.acts.licences import due_of

SPECIAL: Final = "special"


@dataclass(frozen=True, slots=True)
class Moment:
    """When dues are judged, and by what.

    Attributes:
        invoiced: The invoices of sellers that were asked about, by the sale that they name.
    """

    books: Books
    policy: Policy
    index: int
    now_us: int
    invoiced: dict[str, dict[str, list[InvoiceRecord]]] = field(default_factory=dict)

    def invoices_of(self, seller: str, sale: str) -> Sequence[InvoiceRecord]:
        """A seller's invoices that name a sale; all of them are looked through once."""
        if seller not in self.invoiced:
            by_sale = self.invoiced[seller] = {}
            for record in self.books.group(InvoiceRecord, "seller", seller):
                for each in dict.fromkeys(record.shipments):
                    by_sale.setdefault(each, []).append(record)
        return self.invoiced[seller].get(sale, ())


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a due: an alert about a subject, or not; and when it is looked at again, or never."""

    finding: Finding | None = None
    subject: str = ""
    again_us: int | None = None


def run_ticks(books: Books, policy: Policy, index: int, now_us: int) -> list[AlertRecord]:
    """Judges every due whose time has passed and puts the alerts of those that stand.

    Args:
        books: They change: dues, alerts, and the hour up to which was looked.
        policy: In force.
        index: The entry before which time passed; the alerts are numbered from 0 under it.
        now_us: Its time.

    Returns:
        The alerts, in order.
    """
    moment = Moment(books, policy, index, now_us)
    alerts: list[AlertRecord] = []
    for due in _passed(moment):
        judge = JUDGES.get(due.kind)
        verdict = Verdict() if judge is None else judge(due, moment)
        bucket = SETTLED if verdict.again_us is None else max(verdict.again_us, now_us + HOUR_US) // HOUR_US
        due_us = due.due_us if verdict.again_us is None else verdict.again_us
        books.put(replace(due, due_us=due_us, bucket=bucket))
        finding = verdict.finding
        if finding is None or policy.action(finding.code) == "off":
            continue
        if stands_open(books, finding.code, verdict.subject):
            continue
        alert = AlertRecord(
            entry_index=index,
            number=len(alerts),
            code=finding.code,
            party=due.party,
            site=due.site,
            subject=verdict.subject,
            position=-1,
            event_time_us=due.due_us,
            detail=finding.detail,
            mend=finding.mend,
            evidence=finding.evidence,
            told=policy.tells.get(finding.code, False),
        )
        alerts.append(put_alert(books, alert))
    return alerts


def _passed(moment: Moment) -> Iterator[DueRecord]:
    """Open dues up to now, in order of their times."""
    books, hour = moment.books, moment.now_us // HOUR_US
    cursor = books.get(TallyRecord, CURSOR, "", "")
    since = hour if cursor is None else min(cursor.sums["hour"], hour)
    if cursor is None or since != hour:
        books.put(TallyRecord(CURSOR, "", "", {"hour": hour}))
    buckets = range(since, hour + 1)
    books.prefetch_groups(DueRecord, "bucket", [(bucket,) for bucket in buckets])
    found = [
        due
        for bucket in buckets
        for due in books.group(DueRecord, "bucket", bucket)
        if due.due_us <= moment.now_us
    ]
    _read_ahead(books, found)
    return iter(sorted(found, key=lambda due: (due.due_us, due.kind, due.subject)))


def _read_ahead(books: Books, dues: list[DueRecord]) -> None:
    shipments = [due.subject.partition(":")[2] for due in dues if due.kind in _OF_SHIPMENTS]
    invoices = [due.subject.split(" ") for due in dues if due.kind == "invoice.missing"]
    keys = [tuple(name.split(" ", 1)) for name in shipments]
    books.prefetch(ShipmentRecord, [*keys, *((sale[0], sale[1]) for sale in invoices)])
    books.prefetch(InvoiceRecord, [(sale[2],) for sale in invoices if sale[2]])
    transfers = [
        due.entry_index
        for due in dues
        if due.kind == "invoice.missing" and books.get(ShipmentRecord, *due.subject.split(" ")[:2]) is None
    ]
    books.prefetch_groups(EventRecord, "entry", [(index,) for index in transfers])


def _unreceived(due: DueRecord, moment: Moment) -> Verdict:
    shipment = _shipment(due, moment)
    if shipment is None or shipment.replaced_by or shipment.state != "open":
        return Verdict()
    finding = Finding(
        "shipment.unreceived",
        f"the shipment of {format_time_us(shipment.event_time_us)} to {shipment.consignee} was to arrive, "
        f"and no final receipt is recorded by {format_time_us(due.due_us)}",
        mend="Record the receipt, or have the consignor cancel the shipment or record the loss.",
        evidence={
            "consignor": shipment.consignor,
            "event_id": shipment.event_id,
            "consignee": shipment.consignee,
        },
    )
    return Verdict(finding, due.subject)


def _unsent(due: DueRecord, moment: Moment) -> Verdict:
    consignee, event_id, lot = due.subject.split(" ")
    receipt = moment.books.get(ProvisionalRecord, consignee, event_id, lot)
    if receipt is None or not receipt.left_mg or receipt.settled_at is not None:
        return Verdict()
    finding = Finding(
        "shipment.unsent",
        f"{receipt.consignee} received {receipt.left_mg} mg of {lot}, and {receipt.consignor} recorded no "
        f"shipment by {format_time_us(due.due_us)}",
        mend="Record the shipment; if there was none, the consignee corrects its receipt.",
        evidence={
            "consignee": consignee,
            "event_id": event_id,
            "shipment": receipt.shipment,
            "lot": lot,
            "left_mg": receipt.left_mg,
        },
    )
    return Verdict(finding, f"shipment:{receipt.consignor} {receipt.shipment}")


def _unclosed(due: DueRecord, moment: Moment) -> Verdict:
    pool = moment.books.get(PoolRecord, due.subject)
    if pool is None:
        return Verdict()
    deadline_us = pool_due_us(pool, moment.policy)
    if deadline_us > moment.now_us:
        return Verdict(again_us=deadline_us)
    again_us = later_us(moment.now_us, int(moment.policy.thresholds["pool.unclosed_days"]) * DAY_US)
    if not any(pool.cells.values()):
        return Verdict(again_us=again_us)
    finding = Finding(
        "pool.unclosed",
        f"{pool.pool} was last closed at {format_time_us(pool.closed_us)}",
        mend="Measure what is in process and record a close, at least monthly.",
        evidence={"closed": format_time_us(pool.closed_us), "deadline": format_time_us(deadline_us)},
    )
    return Verdict(finding, f"pool:{pool.pool}", again_us)


def _no_arrival(due: DueRecord, moment: Moment) -> Verdict:
    shipment = _shipment(due, moment)
    if shipment is None or shipment.replaced_by or shipment.state != "open":
        return Verdict()
    named = moment.books.get(LicenceRecord, shipment.licence) if shipment.licence else None
    steps = () if named is None else named.reported.get(shipment.event_id, ())
    if set(steps) & set(ARRIVED):
        return Verdict()
    finding = Finding(
        "export.no-arrival",
        f"the export of {format_time_us(shipment.event_time_us)} to {shipment.destination} has no report "
        "of its arrival",
        mend="Report the arrival (report-export), or say what became of the goods.",
        evidence={
            "event_id": shipment.event_id,
            "licence": shipment.licence,
            "consignee": shipment.consignee,
        },
    )
    return Verdict(finding, due.subject)


def _no_invoice(due: DueRecord, moment: Moment) -> Verdict:
    consignor, event_id, named = due.subject.split(" ")
    if not _is_sold(due, moment.books, consignor, event_id):
        return Verdict()
    record = moment.books.get(InvoiceRecord, named) if named else None
    sale = f"{consignor} {event_id}"
    named_by = moment.invoices_of(due.party, sale) if record is None else [record]
    found = [each for each in named_by if each.cancelled_at is None]
    if any(each.kind == SPECIAL for each in found):
        return Verdict() if record is not None else _contradicted(found, sale, moment)
    what = "only an ordinary invoice" if found else "no special invoice"
    finding = Finding(
        "invoice.missing",
        f"the sale {event_id} has {what} by {format_time_us(due.due_us)}",
        mend="Register the special invoice (register-invoice), and name the sale in it.",
        evidence={"seller": due.party, "event_id": event_id, "invoice": named},
    )
    return Verdict(finding, f"sale:{sale}")


def _contradicted(invoices: Sequence[InvoiceRecord], sale: str, moment: Moment) -> Verdict:
    """Whether an invoice that a sale does not name, and that came before it, says something else.

    Told once, open or closed: a sale that came first was judged when the invoice was registered.
    """
    for each in invoices:
        found = judge_named_sale(moment.books, each, sale, moment.policy)
        known = () if found is None else moment.books.group(AlertRecord, "subject", found.subject)
        if found is not None and all(alert.code != found.finding.code for alert in known):
            return Verdict(found.finding, found.subject)
    return Verdict()


def _is_sold(due: DueRecord, books: Books, consignor: str, event_id: str) -> bool:
    """Whether a sale stands: its shipment does, or the transfer of the entry that put the due."""
    shipment = books.get(ShipmentRecord, consignor, event_id)
    if shipment is not None:
        return not shipment.replaced_by and shipment.state not in UNSOLD
    events = books.group(EventRecord, "entry", due.entry_index)
    return all(event.state == "booked" for event in events if event.event_id == event_id)


def _undecided(due: DueRecord, moment: Moment) -> Verdict:
    licence = moment.books.get(LicenceRecord, due.subject.partition(":")[2])
    due_us = None if licence is None or licence.state != "applied" else due_of(licence, moment.policy)
    if licence is None or due_us is None:
        return Verdict()
    if due_us > moment.now_us:
        return Verdict(again_us=due_us)
    finding = Finding(
        "licence.overdue",
        f"the application for {licence.licence} was to be decided by {format_time_us(due_us)}",
        mend="The authority decides it (grant-licence, refuse-licence), or stops the clock and says why.",
        evidence={"licence": licence.licence, "applied": format_time_us(licence.applied_us)},
    )
    return Verdict(finding, due.subject)


def _balance(due: DueRecord, moment: Moment) -> Verdict:
    site, month = due.subject.rsplit(" ", 1)
    finding = review_balance(moment.books, moment.policy, site, month)
    return Verdict(finding, f"balance:{site}|{month[:4]}")


def _reports(due: DueRecord, moment: Moment) -> Verdict:
    party, month = due.subject.rsplit(" ", 1)
    return Verdict(review_reports(moment.books, moment.policy, party, month), f"reports:{party}|{month}")


def _surge(due: DueRecord, moment: Moment) -> Verdict:
    flow, month = due.subject.rsplit(" ", 1)
    return Verdict(review_surge(moment.books, moment.policy, flow, month), f"{flow}|{month}")


def _shipment(due: DueRecord, moment: Moment) -> ShipmentRecord | None:
    consignor, event_id = due.subject.partition(":")[2].split(" ", 1)
    shipment = moment.books.get(ShipmentRecord, consignor, event_id)
    return None if shipment is None else current(moment.books, shipment)


_OF_SHIPMENTS: Final = ("shipment.unreceived", "export.no-arrival")
JUDGES: Final[Mapping[str, Callable[[DueRecord, Moment], Verdict]]] = {
    "shipment.unreceived": _unreceived,
    "shipment.unsent": _unsent,
    "pool.unclosed": _unclosed,
    "export.no-arrival": _no_arrival,
    "invoice.missing": _no_invoice,
    "licence.decision": _undecided,
    BALANCE_REVIEW: _balance,
    REPORT_REVIEW: _reports,
    SURGE_REVIEW: _surge,
}
"""By the kind of due."""

CODES: Final = (
    "shipment.unreceived",
    "shipment.unsent",
    "pool.unclosed",
    "export.no-arrival",
    "invoice.missing",
    "invoice.mismatch",
    "licence.overdue",
    "balance.cumulative",
    "report.burst",
    "export.surge",
)
"""Codes that come with time passing."""
