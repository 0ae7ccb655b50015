"""What the books say of a customer: sentences over recorded facts, with their entries and ways to contest.

Decides: which facts count, and how grave each is. There is no score: the standing is the gravest sentence.
Only facts between the two count, which both may read, so the customer reads what is said of it. Open alerts
are the exception: a seller reads those that it was told of, a regulator those about the customer too.

A dispute stands beside the sentence and changes no figure: a correction, a payment or a closed case changes
the fact, and with it the sentence.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Final

from sqlalchemy import Connection

from ledger.provenance.receivables import Receivable, amount_text, receivables
from ledger.provenance.subjects import books_of
from ledger.records.books import Books, key_of
from ledger.records.lots import PostingRecord, ShipmentLineRecord, ShipmentRecord
from ledger.records.oversight import WITHDRAWN, AlertRecord, DisputeRecord
from ledger.records.policy import Policy
from ledger.store.books_listings import list_records

GOOD, WARN, BAD = "good", "warn", "bad"
_GRAVITY: Final = ("none", GOOD, WARN, BAD)
_MOST: Final = 100_000
_HALF: Final = Fraction(1, 2)
_QUARTER: Final = Fraction(1, 4)
_NOT_ARRIVED: Final = ("voided", "refused")


@dataclass(frozen=True, slots=True)
class Contest:
    """A way to contest a sentence: who signs what. ``kind`` is ``act`` or ``movement``."""

    by: str
    kind: str
    name: str


_CORRECT_RECEIPT: Final = Contest("customer", "movement", "correct")
_CORRECT_SHIPMENT: Final = Contest("seller", "movement", "correct")
_TAKE_BACK: Final = Contest("seller", "act", "cancel-settlement")
_DISPUTE: Final = Contest("customer", "act", "dispute-evaluation")
WAYS: Final[Mapping[str, tuple[Contest, ...]]] = {
    "paid": (_TAKE_BACK, _DISPUTE),
    "overdue": (
        Contest("customer", "act", "settle-invoice"),
        Contest("seller", "act", "cancel-invoice"),
        _DISPUTE,
    ),
    "differences": (_CORRECT_RECEIPT, _CORRECT_SHIPMENT, _DISPUTE),
    "late_receipts": (_CORRECT_RECEIPT, _CORRECT_SHIPMENT, _DISPUTE),
    "sent_back": (_CORRECT_RECEIPT, _DISPUTE),
    "alerts": (Contest("authority", "act", "close-case"), _CORRECT_RECEIPT),
}
"""By sentence."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One thing that the books say.

    Attributes:
        code: One of ``WAYS``.
        tone: ``none`` (there is nothing to judge), ``good``, ``warn`` or ``bad``.
        text: In English, with its figures.
        figures: The figures alone, by name.
        entries: The entries that it rests on, rising.
        contests: How to contest it.
        dispute: What the customer says against it; None where it says nothing.
    """

    code: str
    tone: str
    text: str
    figures: Mapping[str, Any]
    entries: tuple[int, ...]
    contests: tuple[Contest, ...]
    dispute: DisputeRecord | None = None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Everything that is said of a customer, and the gravest tone in it."""

    seller: str
    customer: str
    start_us: int
    as_of_us: int
    sentences: list[Sentence]

    @property
    def standing(self) -> str:
        """The gravest of the sentences' tones."""
        return max((each.tone for each in self.sentences), key=_GRAVITY.index)


@dataclass(slots=True)
class _Facts:
    """What lies between the two in the period.

    Attributes:
        arrivals: By lot, once it is asked for: the entries of its receipts by shipment.
    """

    books: Books
    policy: Policy
    invoices: list[Receivable]
    sent: list[ShipmentRecord]
    back: list[ShipmentRecord]
    lines: dict[tuple[str, str], list[ShipmentLineRecord]] = field(default_factory=dict)
    arrivals: dict[str, dict[str, list[int]]] = field(default_factory=dict)


def evaluate(
    connection: Connection,
    policy: Policy,
    seller: str,
    customer: str,
    start_us: int,
    as_of_us: int,
    *,
    alerts_of: str = "",
) -> Evaluation:
    """What the books say of a customer of a seller.

    Args:
        connection: A reading transaction.
        policy: In force: its tolerance says what a discrepancy is.
        seller, customer: The two.
        start_us: Deliveries sent and invoices paid from this moment on count; what is owed, however old.
        as_of_us: The moment up to which things count.
        alerts_of: Whose open alerts: ``seller`` (what it was told of), ``all``, or "" for none.
    """
    books = books_of(connection)
    sent, back = (
        [
            each
            for each in list_records(connection, ShipmentRecord, where=where, limit=_MOST)
            if start_us <= each.event_time_us < as_of_us and not each.replaced_by and each.state != "voided"
        ]
        for where in (
            {"consignor": seller, "consignee": customer},
            {"consignor": customer, "consignee": seller, "kind": "return"},
        )
    )
    sent = [each for each in sent if each.kind in ("ship", "export")]
    facts = _Facts(books, policy, receivables(books, seller, as_of_us, buyer=customer), sent, back)
    every = [*sent, *back]
    books.prefetch_groups(ShipmentLineRecord, "shipment", [key_of(each) for each in every])
    for each in every:
        facts.lines[each.consignor, each.event_id] = books.group(
            ShipmentLineRecord, "shipment", each.consignor, each.event_id
        )
    sentences = [
        _paid(facts, start_us),
        _overdue(facts),
        _differences(facts),
        _late_receipts(facts, as_of_us),
        _sent_back(facts),
    ]
    if alerts_of:
        found = _alerts(connection, facts, seller, customer, everything=alerts_of == "all")
        sentences.append(_alert_sentence(list(found), judged=bool(every or facts.invoices)))
    disputes = {
        each.sentence: each
        for each in books.group(DisputeRecord, "pair", seller, customer)
        if each.ground != WITHDRAWN and each.disputed_us <= as_of_us
    }
    sentences = [replace(each, dispute=disputes.get(each.code)) for each in sentences]
    return Evaluation(seller, customer, start_us, as_of_us, sentences)


def _sentence(code: str, tone: str, text: str, entries: Sequence[int], **figures: Any) -> Sentence:
    return Sentence(code, tone, text, figures, tuple(sorted(set(entries))), WAYS[code])


def _tone(count: int, faulty: int, most: Fraction) -> str:
    """How grave it is that some of so many are faulty: ``bad`` above a share."""
    if not count:
        return "none"
    if not faulty:
        return GOOD
    return BAD if Fraction(faulty, count) > most else WARN


def _paid(facts: _Facts, start_us: int) -> Sentence:
    """How punctually invoices were paid that are paid in full and have a due date."""
    paid = [
        each
        for each in facts.invoices
        if each.late_days is not None and each.paid_us is not None and each.paid_us >= start_us
    ]
    late = [each for each in paid if each.late_days]
    days = [each.late_days or 0 for each in late]
    mean = Fraction(sum(days), len(days)) if days else Fraction(0)
    tone = _tone(len(paid), len(late), _HALF)
    text = "no invoice with a due date was paid in full"
    if paid:
        text = f"{len(late)} of {len(paid)} invoices were paid late"
        if late:
            text += f": {float(mean):.1f} days on average, {max(days)} at most"
    entries = [
        index
        for each in late or paid
        for index in (each.record.entry_index, *(payment.entry_index for payment in each.payments))
    ]
    return _sentence(
        "paid",
        tone,
        text,
        entries,
        paid=len(paid),
        late=len(late),
        mean_days=f"{float(mean):.1f}",
        most_days=max(days, default=0),
    )


def _overdue(facts: _Facts) -> Sentence:
    """What is past its time now."""
    owing = [each for each in facts.invoices if each.owed]
    overdue = [each for each in owing if each.overdue_days is not None]
    amounts: dict[str, Fraction] = {}
    for each in overdue:
        currency = each.record.currency
        amounts[currency] = amounts.get(currency, Fraction(0)) + each.owed
    told = ", ".join(f"{amount_text(amount)} {currency}" for currency, amount in sorted(amounts.items()))
    oldest = max((each.overdue_days or 0 for each in overdue), default=0)
    old = any(each.bucket == "over_90" for each in overdue)
    tone = "none" if not facts.invoices else GOOD if not overdue else BAD if old else WARN
    text = "nothing is overdue" if facts.invoices else "no invoice is registered"
    if overdue:
        text = (
            f"{told} are overdue on {len(overdue)} invoice{'s' * (len(overdue) != 1)}, "
            f"the oldest for {oldest} day{'s' * (oldest != 1)}"
        )
    entries = [
        index
        for each in overdue
        for index in (each.record.entry_index, *(payment.entry_index for payment in each.payments))
    ]
    return _sentence(
        "overdue",
        tone,
        text,
        entries,
        invoices=len(overdue),
        amounts={currency: amount_text(amount) for currency, amount in sorted(amounts.items())},
        oldest_days=oldest,
    )


def _differences(facts: _Facts) -> Sentence:
    """Deliveries whose weight on arrival differs from the one sent by more than two scales do."""
    share = facts.policy.thresholds["receipt.tolerance_share"]
    received = [each for each in facts.sent if each.state == "received"]
    found: list[tuple[ShipmentRecord, int, list[str]]] = []
    for each in received:
        apart = {
            line.lot: line.weighed_mg - line.sent_mg
            for line in facts.lines[each.consignor, each.event_id]
            if abs(line.weighed_mg - line.sent_mg) > share * line.sent_mg
        }
        if apart:
            found.append((each, sum(apart.values()), list(apart)))
    kilograms = Fraction(sum(mass for _, mass, _ in found), 1_000_000)
    tone = _tone(len(received), len(found), _QUARTER)
    text = "nothing was received in the period"
    if received:
        text = f"{len(found)} of {len(received)} deliveries were weighed otherwise than sent"
        if found:
            text += f", {float(kilograms):+.3f} kg in all"
    entries = [index for each, _, lots in found for index in _receipts(facts, each, lots)]
    return _sentence(
        "differences",
        tone,
        text,
        entries,
        deliveries=len(received),
        differing=len(found),
        difference_mg=sum(mass for _, mass, _ in found),
    )


def _receipts(facts: _Facts, shipment: ShipmentRecord, lots: Sequence[str]) -> Iterator[int]:
    """The entry of a shipment and those of the receipts of some of its lots."""
    yield shipment.entry_index
    for lot in lots:
        arrivals = facts.arrivals.get(lot)
        if arrivals is None:
            arrivals = facts.arrivals[lot] = {}
            for line in facts.books.group(PostingRecord, "lot", lot):
                if line.account == "transit" and line.mass_mg < 0:
                    arrivals.setdefault(line.reference, []).append(line.entry_index)
        yield from arrivals.get(f"{shipment.consignor} {shipment.event_id}", ())


def _late_receipts(facts: _Facts, as_of_us: int) -> Sentence:
    """Deliveries that arrived after they were due, or have not arrived."""
    due = [each for each in facts.sent if each.due_us is not None and each.state not in _NOT_ARRIVED]
    late, missing = [], []
    for each in due:
        assert each.due_us is not None
        arrived_us = each.received_us if each.state == "received" else None
        if arrived_us is not None and arrived_us <= as_of_us:
            if arrived_us > each.due_us:
                late.append(each)
        elif each.due_us < as_of_us:
            missing.append(each)
    tone = "none" if not due else WARN if late or missing else GOOD
    text = "no delivery had a due time"
    if due:
        text = f"of {len(due)} deliveries with a due time {len(late)} arrived late"
        text += f", {len(missing)} have not arrived"
    entries = [
        index
        for each in (*late, *missing)
        for index in _receipts(facts, each, [line.lot for line in facts.lines[key_of(each)]])
    ]
    return _sentence(
        "late_receipts", tone, text, entries, deliveries=len(due), late=len(late), missing=len(missing)
    )


def _sent_back(facts: _Facts) -> Sentence:
    """Goods that were refused or returned."""
    mass_mg = sum(line.sent_mg for each in facts.back for line in facts.lines[key_of(each)])
    tone = "none" if not facts.sent and not facts.back else WARN if facts.back else GOOD
    text = "nothing was sent to it in the period"
    if facts.sent or facts.back:
        often = f"{len(facts.back)} time{'s' * (len(facts.back) != 1)}"
        text = f"goods were refused or returned {often}, {mass_mg / 1_000_000:.3f} kg in all"
    entries = [each.entry_index for each in facts.back]
    return _sentence(
        "sent_back", tone, text, entries, deliveries=len(facts.sent), times=len(facts.back), mass_mg=mass_mg
    )


def _alerts(
    connection: Connection, facts: _Facts, seller: str, customer: str, *, everything: bool
) -> Iterator[AlertRecord]:
    """Open alerts on what lies between the two; with ``everything`` all about the customer as well."""
    subjects = {f"shipment:{each.consignor} {each.event_id}" for each in (*facts.sent, *facts.back)}
    subjects |= {f"sale:{each.consignor} {each.event_id}" for each in facts.sent}
    subjects |= {f"invoice:{each.record.invoice}" for each in facts.invoices}
    for party in (seller, customer) if everything else (seller,):
        where = {"party": party, "state": "open"} | ({} if everything else {"told": True})
        for alert in list_records(connection, AlertRecord, where=where, limit=_MOST):
            if alert.subject in subjects or (everything and party == customer):
                yield alert


def _alert_sentence(found: Sequence[AlertRecord], *, judged: bool) -> Sentence:
    codes: dict[str, int] = {}
    for alert in found:
        codes[alert.code] = codes.get(alert.code, 0) + 1
    told = ", ".join(f"{code} ({count})" for code, count in sorted(codes.items()))
    many = "1 alert is" if len(found) == 1 else f"{len(found)} alerts are"
    text = f"{many} open: {told}" if found else "no alert is open"
    return _sentence(
        "alerts",
        WARN if found else GOOD if judged else "none",
        text,
        [alert.entry_index for alert in found],
        open=len(found),
        codes=dict(sorted(codes.items())),
    )
