"""What customers owe a seller at a moment: its invoices by due date, what was paid of them, how old they are.

Decides: what is owed, and since when it is overdue. Amounts are exact decimals and stand by currency; nothing
is ever added across currencies. The moment is one of the events, not of their recording: an invoice counts
from its issue, a payment from the day that it states, a cancellation of either from its entry's time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from ledger.records.books import Books
from ledger.records.oversight import InvoiceRecord, SettlementRecord
from ledger.records.periods import DAY_US

BUCKETS: Final = ("no_due_date", "not_due", "to_30", "to_60", "to_90", "over_90")
"""How old what is owed is: days since it was due."""
OVERDUE: Final = ("to_30", "to_60", "to_90", "over_90")
_DIGITS: Final = 9
_SHOWN_DIGITS: Final = 2


@dataclass(frozen=True, slots=True)
class Receivable:
    """An invoice as it stands at a moment.

    Attributes:
        record: The invoice.
        payments: What was paid of it by then and not taken back, in order of the days.
        settled: Their sum.
        owed: What of it is still to be paid; nothing once it is cancelled.
        owed_back: What was paid of it before it was cancelled.
        overdue_days: Whole days since it was due, where something is owed and that time is past.
        bucket: One of ``BUCKETS`` where something is owed, else "".
        cancelled: Whether it was cancelled by then.
    """

    record: InvoiceRecord
    payments: tuple[SettlementRecord, ...]
    settled: Fraction
    owed: Fraction
    owed_back: Fraction
    overdue_days: int | None
    bucket: str
    cancelled: bool

    @property
    def state(self) -> str:
        """``cancelled``, ``settled``, ``partly_settled`` or ``open``."""
        if self.cancelled:
            return "cancelled"
        if not self.owed:
            return "settled"
        return "partly_settled" if self.settled else "open"

    @property
    def paid_us(self) -> int | None:
        """When the last of it was paid; None while something is owed, and where it was cancelled."""
        return self.payments[-1].paid_us if self.payments and self.state == "settled" else None

    @property
    def late_days(self) -> int | None:
        """Whole days, begun ones too, by which it was paid after it was due; None where that is not known."""
        if self.paid_us is None or self.record.due_us is None:
            return None
        return max(0, -(-(self.paid_us - self.record.due_us) // DAY_US))


@dataclass(slots=True)
class Ageing:
    """What one customer owes in one currency.

    Attributes:
        invoices: On how many invoices something is owed.
        buckets: What is owed by age.
        owed_back: What was paid of invoices that were cancelled: not set off against what is owed.
        oldest_days: The most days that one is overdue; None where none is.
    """

    invoices: int = 0
    buckets: dict[str, Fraction] = field(default_factory=lambda: dict.fromkeys(BUCKETS, Fraction(0)))
    owed_back: Fraction = Fraction(0)
    oldest_days: int | None = None

    @property
    def owed(self) -> Fraction:
        """All of it."""
        return sum(self.buckets.values(), Fraction(0))

    @property
    def overdue(self) -> Fraction:
        """What of it is past its time."""
        return sum((self.buckets[name] for name in OVERDUE), Fraction(0))

    def add(self, found: Receivable) -> None:
        """Counts an invoice."""
        self.owed_back += found.owed_back
        if found.owed:
            self.invoices += 1
            self.buckets[found.bucket] += found.owed
        if found.overdue_days is not None:
            self.oldest_days = max(self.oldest_days or 0, found.overdue_days)


def receivables(books: Books, seller: str, as_of_us: int, *, buyer: str | None = None) -> list[Receivable]:
    """A seller's invoices as they stand at a moment, by due date, those without one last.

    Args:
        books: The books.
        seller: Whose invoices.
        as_of_us: The moment; later invoices and payments are left out.
        buyer: Only those to this customer.
    """
    records = [
        each
        for each in books.group(InvoiceRecord, "seller", seller)
        if each.issued_us <= as_of_us and buyer in (None, each.buyer)
    ]
    books.prefetch_groups(SettlementRecord, "invoice", [(each.invoice,) for each in records])
    found = [_standing(books, each, as_of_us) for each in records]
    return sorted(
        found,
        key=lambda each: (
            each.record.due_us is None,
            each.record.due_us or 0,
            each.record.issued_us,
            each.record.invoice,
        ),
    )


def ageing(found: Iterable[Receivable]) -> dict[tuple[str, str], Ageing]:
    """What is owed and owed back by customer and currency; customers who owe nothing are left out."""
    sums: dict[tuple[str, str], Ageing] = {}
    for each in found:
        if each.owed or each.owed_back:
            sums.setdefault((each.record.buyer, each.record.currency), Ageing()).add(each)
    return dict(sorted(sums.items()))


def totals(sums: Mapping[tuple[str, str], Ageing]) -> dict[str, Ageing]:
    """What all customers owe together, by currency."""
    whole: dict[str, Ageing] = {}
    for (_, currency), each in sums.items():
        total = whole.setdefault(currency, Ageing())
        total.invoices += each.invoices
        total.owed_back += each.owed_back
        for name, amount in each.buckets.items():
            total.buckets[name] += amount
        if each.oldest_days is not None:
            total.oldest_days = max(total.oldest_days or 0, each.oldest_days)
    return dict(sorted(whole.items()))


def amount_text(amount: Fraction) -> str:
    """An amount as exact decimal text with two digits at least: acts state nine at most."""
    scaled = amount * 10**_DIGITS
    assert scaled.denominator == 1
    whole, part = divmod(abs(scaled.numerator), 10**_DIGITS)
    digits = f"{part:0{_DIGITS}d}".rstrip("0").ljust(_SHOWN_DIGITS, "0")
    return f"{'-' if amount < 0 else ''}{whole}.{digits}"


def _standing(books: Books, record: InvoiceRecord, as_of_us: int) -> Receivable:
    payments = sorted(
        (
            each
            for each in books.group(SettlementRecord, "invoice", record.invoice)
            if each.paid_us <= as_of_us and (each.cancelled_us is None or each.cancelled_us > as_of_us)
        ),
        key=lambda each: (each.paid_us, each.entry_index),
    )
    settled = sum((Fraction(each.amount) for each in payments), Fraction(0))
    cancelled = record.cancelled_us is not None and record.cancelled_us <= as_of_us
    # More than the amount was paid where a payment took the place of another that was taken back later on.
    owed = Fraction(0) if cancelled else max(Fraction(0), Fraction(record.amount) - settled)
    since_us = None if record.due_us is None else as_of_us - record.due_us
    late = bool(owed) and since_us is not None and since_us > 0
    return Receivable(
        record=record,
        payments=tuple(payments),
        settled=settled,
        owed=owed,
        owed_back=settled if cancelled else Fraction(0),
        overdue_days=since_us // DAY_US if late and since_us is not None else None,
        bucket=_bucket(since_us) if owed else "",
        cancelled=cancelled,
    )


def _bucket(since_us: int | None) -> str:
    if since_us is None:
        return "no_due_date"
    if since_us <= 0:
        return "not_due"
    for name, days in (("to_30", 30), ("to_60", 60), ("to_90", 90)):
        if since_us <= days * DAY_US:
            return name
    return "over_90"
