"""What goods made abroad contain of Chinese origin, by value: traced through processing, bounded if unknown.

Decides: what a part is worth, and what is said where a price is missing. A part of Chinese origin is
worth what whoever used it paid (the invoices that name its lot, to that buyer); it passes into what was
made of it by the mass that was used, and is shared out over the outputs by their REO. The goods are worth
what they are sold for. Everything is a range: one figure where all is known, and wide where it is not. A
part without a price is worth nothing at least, and at most what was paid for anything that it went into:
nobody sells a product below the worth of one part. A price is never guessed.

Which part is Chinese is what provenance says of its REO: what was not imported is; what was imported
without an origin, was opening stock, or has no explanation may be. Through a pool goods are followed by
origin only, so the value from a partly Chinese pool is bounded by what is sold of it.

Source: MOFCOM announcement 61 of 2025 (0.1 % of the value). How value is traced is our own definition.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final, Literal

from ledger.controls.lists import HOME
from ledger.controls.noticing import decimal_text
from ledger.records.books import Books
from ledger.records.cells import AWAITED, UNEXPLAINED, total
from ledger.records.lots import EventRecord, LotRecord, PostingRecord
from ledger.records.oversight import PRICED, InvoiceRecord, TallyRecord
from ledger.records.policy import HOME_CURRENCY, Policy

MOST_PARTS: Final = 2_000
"""Lots of which it is asked what they were made of; beyond them parts count as unknown."""
MOST_LOOKED_AT: Final = 20_000
"""Lots that are looked at, with those that were bought as they are; beyond them parts count as unknown."""
INHERITED: Final = "part"
_ZERO: Final = Fraction(0)
Verdict = Literal["reaches", "below", "undecided"]


@dataclass(frozen=True, slots=True)
class Range:
    """From ``least`` to ``most``; ``most`` None: nobody knows."""

    least: Fraction
    most: Fraction | None

    def times(self, factor: Fraction) -> "Range":
        """Both ends times a factor that is not negative."""
        return Range(self.least * factor, None if self.most is None else self.most * factor)

    def plus(self, other: "Range") -> "Range":
        """Both ends added."""
        known = self.most is not None and other.most is not None
        most = (self.most or _ZERO) + (other.most or _ZERO) if known else None
        return Range(self.least + other.least, most)


NOTHING: Final = Range(_ZERO, _ZERO)


@dataclass(frozen=True, slots=True)
class Price:
    """What one invoice says of a lot.

    Attributes:
        cny: For the mass of it, in CNY; None where no rate holds on the day.
        mass_mg: What the line is for. ``amount``: its amounts, in ``currency``.
        rate: CNY for one unit on the day of issue, and whose word that is.
    """

    invoice: str
    entry_index: int
    seller: str
    buyer: str
    issued_us: int
    amount: Fraction
    currency: str
    mass_mg: int
    rate: Fraction | None
    rate_source: str
    cny: Fraction | None


@dataclass(frozen=True, slots=True)
class Part:
    """One lot on the way, as evidence.

    Attributes:
        lot, producer, entry_index: Its birth.
        depth: Steps from the goods.
        kind: ``origin`` (worth what was paid for it), ``made`` (worth what its parts are), ``foreign``.
        home: Share of its REO that is of Chinese origin.
        used_mg: Mass of it that was used, of ``mass_mg``; all of it for the goods themselves.
        used_by: Who used it, "" for the goods.
        prices: The invoices that count for it.
        value: Chinese value in CNY of what was used.
        missing: ``invoice``, ``rate``, ``pool``, ``limit``, ``part`` where something is further up, or "".
    """

    lot: str
    producer: str
    entry_index: int
    depth: int
    kind: str
    home: Range
    used_mg: int
    mass_mg: int
    used_by: str
    prices: tuple[Price, ...]
    value: Range
    missing: str


@dataclass(frozen=True, slots=True)
class Content:
    """The Chinese value of goods.

    Attributes:
        value: What the goods are sold for, CNY.
        chinese: What of it is Chinese, CNY.
        share: The one of the other; 1 at most.
        prices: The invoices of the goods.
        parts: Everything that was looked at, the goods first.
    """

    lot: str
    value: Range
    chinese: Range
    share: Range
    prices: tuple[Price, ...]
    parts: tuple[Part, ...]

    @property
    def missing(self) -> tuple[tuple[str, str], ...]:
        """What is missing where: (what, lot)."""
        found = [(part.missing, part.lot) for part in self.parts if part.missing not in ("", INHERITED)]
        if self.value.most is None and self.share.least != self.share.most:
            found.append(("rate" if self.prices else "invoice", self.lot))
        return tuple(dict.fromkeys(found))

    def verdict(self, least: Fraction) -> Verdict:
        """Whether the share reaches a least share; it cannot be decided where the range holds it."""
        if self.share.least >= least:
            return "reaches"
        if self.share.most is not None and self.share.most < least:
            return "below"
        return "undecided"


def content_of(books: Books, policy: Policy, lot: LotRecord, seller: str = "") -> Content:
    """The Chinese value share of a lot.

    Args:
        books: The books.
        policy: Its rates.
        lot: The goods.
        seller: Whose invoices say what they are sold for; "": everybody's.
    """
    walk = _Walk(books, policy)
    whole = walk.inside(lot, 0)
    prices = walk.prices(lot, lambda price: not seller or price.seller == seller)
    value = walk.worth(lot, prices)
    chinese, share = whole.value, _share(whole.value, value)
    if whole.kind == "origin":  # sold on as it came: whatever it costs, that share of it is Chinese
        share = home_range(lot)
        most = None if value.most is None or share.most is None else value.most * share.most
        chinese = Range(value.least * share.least, most)
    walk.parts.insert(
        0,
        Part(
            *(lot.lot, lot.producer, lot.entry_index, 0, whole.kind, home_range(lot)),
            *(lot.mass_mg, lot.mass_mg, "", tuple(prices), chinese),
            "" if whole.kind == "origin" else whole.missing,
        ),
    )
    return Content(lot.lot, value, chinese, share, tuple(prices), tuple(walk.parts))


def home_range(lot: LotRecord) -> Range:
    """The share of a lot's REO that is of Chinese origin, with what may be."""
    whole = total(lot.cells)
    if not whole:
        return NOTHING
    home = unknown = 0
    for (_, origin, status), mass_mg in lot.cells.items():
        if origin.startswith("import:"):
            country = origin.removeprefix("import:")
            if country == HOME:
                home += mass_mg
            elif len(country) != 2:
                unknown += mass_mg
        elif status == "opening" or origin == UNEXPLAINED or origin.startswith(AWAITED):
            unknown += mass_mg
        else:
            home += mass_mg
    return Range(Fraction(home, whole), Fraction(home + unknown, whole))


def span_text(share: Range) -> str:
    """A share in per cent, as one figure or two."""
    least = decimal_text(share.least * 100, 4)
    most = decimal_text((Fraction(1) if share.most is None else share.most) * 100, 4)
    return f"{least} %" if share.least == share.most else f"{least} to {most} %"


def _share(chinese: Range, value: Range) -> Range:
    one = Fraction(1)
    least = _ZERO if value.most is None else one if not value.most else chinese.least / value.most
    if chinese.most == 0:
        return NOTHING
    most = one
    if chinese.most is not None and value.least > 0:
        most = min(one, chinese.most / value.least)
    return Range(min(one, least if chinese.least else _ZERO), most)


@dataclass(frozen=True, slots=True)
class _Inside:
    """The Chinese value in all of a lot."""

    value: Range
    kind: str
    missing: str


_UNKNOWN: Final = _Inside(Range(_ZERO, None), "unknown", "limit")


@dataclass(slots=True)
class _Walk:
    """From goods up to what they were made of; each lot as one user paid for it, once."""

    books: Books
    policy: Policy
    parts: list[Part] = field(default_factory=list)
    known: dict[tuple[str, str], _Inside] = field(default_factory=dict)

    def inside(self, lot: LotRecord, depth: int, user: str = "") -> _Inside:
        """The Chinese value in a lot, as its user paid for it."""
        name = (lot.lot, user)
        if name not in self.known:
            if len(self.known) >= MOST_LOOKED_AT:
                return _UNKNOWN
            self.known[name] = _UNKNOWN
            self.known[name] = self._inside(lot, depth, user)
        return self.known[name]

    def _inside(self, lot: LotRecord, depth: int, user: str) -> _Inside:
        home = home_range(lot)
        if home.most == 0:
            return _Inside(NOTHING, "foreign", "")
        if lot.birth == "process" and (home.least < 1 or self._from_abroad(lot)):
            if len(self.known) > MOST_PARTS or depth > 200:
                return self._capped(lot, Range(_ZERO, None), "limit")
            return self._made(lot, depth)
        if home.least < 1 and lot.birth == "draw":
            return self._capped(lot, Range(_ZERO, None), "pool")
        prices = self.prices(lot, lambda price: price.buyer == user)
        worth = self.worth(lot, prices)
        most = None if worth.most is None or home.most is None else worth.most * home.most
        value = Range(worth.least * home.least, most)
        if most is not None:
            return _Inside(value, "origin", "")
        missing = "rate" if any(price.cny is None for price in prices) else "invoice"
        return _Inside(value, "origin", missing)

    def _from_abroad(self, lot: LotRecord) -> bool:
        """Whether a lot was made of what had left a country: then it is a product, and no part that did."""
        return any(
            posting.account == "exported" and posting.mass_mg > 0
            for used, _ in self._event(lot)[0]
            for posting in self.books.group(PostingRecord, "lot", used.lot)
        )

    def _made(self, lot: LotRecord, depth: int) -> _Inside:
        """What went into a lot, by its share of what came out."""
        inputs, outputs = self._event(lot)
        value, missing = NOTHING, ""
        for used, used_mg in inputs:
            inner = self.inside(used, depth + 1, lot.producer)
            part = inner.value.times(Fraction(used_mg, used.mass_mg))
            value = value.plus(part)
            missing = missing or (INHERITED if inner.missing else "")
            if len(self.parts) < MOST_PARTS:
                prices = self.prices(used, lambda price: price.buyer == lot.producer)
                self.parts.append(
                    Part(
                        *(used.lot, used.producer, used.entry_index, depth + 1, inner.kind),
                        *(home_range(used), used_mg, used.mass_mg, lot.producer),
                        *(tuple(prices), part, inner.missing),
                    )
                )
        whole = sum(total(each.cells) for each in outputs)
        if whole:
            value = value.times(Fraction(total(lot.cells), whole))
        return self._capped(lot, value, missing)

    def _capped(self, lot: LotRecord, value: Range, missing: str) -> _Inside:
        """No part is worth more than the product was ever sold for; only what is unknown is bounded by it."""
        sold = self.worth(lot, self.prices(lot))
        if missing and sold.most is not None and (value.most is None or value.most > sold.most):
            value = Range(value.least, max(value.least, sold.most))
        return _Inside(value, "made", missing)

    def _event(self, lot: LotRecord) -> tuple[list[tuple[LotRecord, int]], list[LotRecord]]:
        """What the birth of a lot used, with the mass in mg, and everything that was born with it."""
        events = self.books.group(EventRecord, "entry", lot.entry_index)
        first = next((each.first_line for each in events if each.position == lot.position), 0)
        used: dict[str, int] = {}
        born: dict[str, None] = {}
        for line in self.books.group(PostingRecord, "event", lot.entry_index, lot.position):
            if line.account == "holding" and line.lot and line.line >= first:
                if line.mass_mg < 0:
                    used[line.lot] = used.get(line.lot, 0) - line.mass_mg
                elif line.mass_mg > 0:
                    born[line.lot] = None
        self.books.prefetch(LotRecord, [(name,) for name in (*used, *born)])
        found = ((self.books.get(LotRecord, name), mass_mg) for name, mass_mg in used.items())
        inputs = [(each, mass_mg) for each, mass_mg in found if each is not None and each.mass_mg]
        outputs = [each for name in born if (each := self.books.get(LotRecord, name)) is not None]
        return inputs, outputs or [lot]

    def prices(self, lot: LotRecord, which: Callable[[Price], bool] = lambda price: True) -> list[Price]:
        """What invoices that name a lot say of it, in the order of their entries."""
        found: list[Price] = []
        for tally in self.books.group(TallyRecord, "subject", PRICED, lot.lot):
            invoice = self.books.get(InvoiceRecord, tally.period)
            if invoice is not None and invoice.cancelled_at is None:
                price = self._price(invoice, lot.lot)
                if price is not None and which(price):
                    found.append(price)
        return sorted(found, key=lambda price: (price.entry_index, price.invoice))

    def _price(self, invoice: InvoiceRecord, lot: str) -> Price | None:
        lines = [line for line in invoice.lines if line.get("lot") == lot]
        amount = sum((Fraction(str(line["amount"])) for line in lines), _ZERO)
        mass_mg = sum(int(line["mass_mg"]) for line in lines)
        if not mass_mg:
            return None
        rate: Fraction | None = Fraction(1)
        source = ""
        if invoice.currency != HOME_CURRENCY:
            stated = self.policy.rate(invoice.currency, invoice.issued_us)
            rate, source = (None, "") if stated is None else (stated.cny, stated.source)
        return Price(
            invoice=invoice.invoice,
            entry_index=invoice.entry_index,
            seller=invoice.seller,
            buyer=invoice.buyer,
            issued_us=invoice.issued_us,
            amount=amount,
            currency=invoice.currency,
            mass_mg=mass_mg,
            rate=rate,
            rate_source=source,
            cny=None if rate is None else amount * rate,
        )

    def worth(self, lot: LotRecord, prices: Iterable[Price]) -> Range:
        """All of a lot at the lowest and at the highest of some prices; unknown where one of them is."""
        units = [None if each.cny is None else each.cny / each.mass_mg for each in prices]
        known = [unit for unit in units if unit is not None]
        if not known or len(known) < len(units):
            return Range(_ZERO, None)
        return Range(min(known) * lot.mass_mg, max(known) * lot.mass_mg)
