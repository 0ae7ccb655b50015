"""Invoices and declarations against the goods that they are for.

Decides: what a paper must agree with, whichever of the two is recorded first; and that a price by an
invoice counts beside the one that the sale states. Source: STA announcement 2012/17: special VAT invoices
with a fixed catalogue of names; mixed carbonate and oxalate are invoiced as oxide, so a mass may be stated
gross or as REO.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any, Final

from ledger.controls.goods import code_fault
from ledger.controls.noticing import actor_of, listed, notice, plain
from ledger.controls.rule import Case, Notice, rule
from ledger.controls.shipments import changed_shipments
from ledger.controls.trade import CHEAP_MEND, cheapness, index_above, sale_of, sold_lots
from ledger.findings import Finding
from ledger.records.books import Books
from ledger.records.cells import total
from ledger.records.lots import EventRecord, LotRecord, PostingRecord, ShipmentLineRecord, ShipmentRecord
from ledger.records.oversight import DeclarationRecord, InvoiceRecord, TallyRecord
from ledger.records.policy import Policy

KG_MG: Final = 1_000_000
USES: Final = "invoice"
WEIGHED: Final = "weighed"
"""Of a sale: what its own scale said of a lot, in mg, where that is not the share that was sold."""
INVOICED: Final = ("ship", "transfer", "export", "disclose", "release")
UNSOLD: Final = ("voided", "refused")
"""States of a shipment that is no sale any more."""
INVOICED_AS_OXIDE: Final = ("mixed_compound", "separated_compound")
"""Stages of goods that an invoice may state by their REO. Source: STA announcement 2012/17: carbonate and
oxalate are invoiced as oxide.
"""
_REUSED: Final = "Issue an invoice for every sale, or correct the number."
_MISMATCH: Final = "Cancel the invoice and issue one that agrees with the goods, or correct the movement."


@rule("invoice.reused", "invoice.mismatch", movements=INVOICED)
def invoice(case: Case) -> Iterator[Notice]:
    """A sale names an invoice that was used before, or one that says something else."""
    movement, books = case.movement, case.recording.books
    sale = sale_of(case)
    if not movement.invoice or sale is None:
        return
    record = books.get(InvoiceRecord, movement.invoice)
    sold = sold_lots(case)
    uses = _uses_with(case)
    if _stands_for_more(books, record, uses, case.recording.policy, {_use(case): sold}):
        yield _reused(case, movement.invoice, uses)
    if record is not None:
        policy = case.recording.policy
        differs = invoice_faults(books, record, sale, sold, policy)
        weighed = _weighed(case)
        if differs and weighed and not invoice_faults(books, record, sale, sold | weighed, policy):
            differs = {}
        if differs:
            yield notice(
                case,
                "invoice.mismatch",
                f"the invoice {movement.invoice} has another {listed(sorted(differs))} than the sale",
                _MISMATCH,
                subject=f"invoice:{movement.invoice}",
                ongoing=True,
                differs=differs,
            )


@rule("invoice.reused")
def sold_again(case: Case) -> Iterator[Notice]:
    """A sale stands again by a correction, and its invoice was used for another one meanwhile."""
    books, policy = case.recording.books, case.recording.policy
    for shipment, use in _turned_sales(case) if case.movement.corrects else ():
        uses = uses_of(books, shipment.invoice)
        if shipment.state in UNSOLD or use in uses:
            continue
        uses[use] = sum(line.sent_mg for line in _lines(books, use))
        if _stands_for_more(books, books.get(InvoiceRecord, shipment.invoice), uses, policy, {}):
            yield _reused(case, shipment.invoice, uses)


def _reused(case: Case, invoice_id: str, uses: Mapping[str, int]) -> Notice:
    return notice(
        case,
        "invoice.reused",
        f"the invoice {invoice_id} stands for {len(uses)} sales",
        _REUSED,
        subject=f"invoice:{invoice_id}",
        ongoing=True,
        sales=sorted(uses),
    )


def note_invoice(case: Case) -> None:
    """Remembers which sales name an invoice, and what was weighed."""
    movement, books = case.movement, case.recording.books
    if movement.kind not in INVOICED:
        return
    sold = sold_lots(case)
    other = {lot: mass for lot, mass in _weighed(case).items() if mass != sold.get(lot, mass)}
    if other:
        books.put(TallyRecord(WEIGHED, _use(case), "", other))
    if movement.kind != "transfer" and movement.invoice and sale_of(case) is not None:
        books.put(TallyRecord(USES, movement.invoice, "", _uses_with(case)))


def transfer_named(case: Case) -> str:
    """Invoice and sale of a transfer that names an invoice, or ""."""
    movement = case.movement
    named = movement.kind == "transfer" and movement.invoice and sale_of(case) is not None
    return f"{movement.invoice} {_use(case)}" if named else ""


def count_use(books: Books, named: str, mass_mg: int) -> None:
    """Counts a sale towards its invoice, both as ``transfer_named`` says; without a mass it is taken out."""
    invoice, _, use = named.partition(" ")
    uses = uses_of(books, invoice)
    uses.pop(use, None)
    if mass_mg > 0:
        uses[use] = mass_mg
    books.put(TallyRecord(USES, invoice, "", uses))


def note_turned_sales(case: Case) -> None:
    """What is cancelled, refused or undone uses its invoice no more; what travels again does."""
    movement, books = case.movement, case.recording.books
    for shipment, use in _turned_sales(case):
        if shipment.state in UNSOLD:
            if use in uses_of(books, shipment.invoice):
                count_use(books, f"{shipment.invoice} {use}", 0)
        elif movement.corrects:
            sent_mg = sum(line.sent_mg for line in _lines(books, use))
            count_use(books, f"{shipment.invoice} {use}", sent_mg)


def _turned_sales(case: Case) -> Iterator[tuple[ShipmentRecord, str]]:
    """The shipments under an invoice that a movement changed, and their use; its own only if it is undone."""
    for shipment in changed_shipments(case):
        if not shipment.invoice or shipment.kind not in INVOICED or shipment.owner_from == shipment.owner_to:
            continue
        if shipment.state in UNSOLD or shipment.event_id != case.movement.event_id:
            yield shipment, f"{shipment.consignor} {shipment.event_id}"


def judge_invoice(books: Books, invoice_id: str, policy: Policy) -> Iterator[Notice]:
    """What a newly registered invoice contradicts: for ``register-invoice``.

    Args:
        books: With the invoice.
        invoice_id: Which.
        policy: In force.
    """
    record = books.get(InvoiceRecord, invoice_id)
    if record is None:
        return
    subject, uses = f"invoice:{invoice_id}", uses_of(books, invoice_id)
    if _stands_for_more(books, record, uses, policy, {}):
        detail = f"the invoice {invoice_id} stands for {len(uses)} sales"
        yield _paper("invoice.reused", detail, _REUSED, subject, ongoing=True, sales=sorted(uses))
    differs: dict[str, Any] = {}
    for named in sorted({*record.shipments, *uses}):
        differs |= sale_faults(books, record, named, policy)
    yield from _low_prices(books, record, policy)
    if differs:
        yield _mismatch(invoice_id, differs)


def judge_named_sale(books: Books, record: InvoiceRecord, sale: str, policy: Policy) -> Notice | None:
    """What an invoice contradicts of a sale that does not name it and may have been recorded after it."""
    differs = sale_faults(books, record, sale, policy)
    return _mismatch(record.invoice, differs) if differs else None


def _mismatch(invoice_id: str, differs: Mapping[str, Any]) -> Notice:
    detail = f"the invoice {invoice_id} has another {listed(sorted(differs))} than the sale"
    subject = f"invoice:{invoice_id}"
    return _paper("invoice.mismatch", detail, _MISMATCH, subject, ongoing=True, differs=differs)


def sale_faults(books: Books, record: InvoiceRecord, sale: str, policy: Policy) -> dict[str, Any]:
    """In what an invoice differs from a recorded sale, ``consignor event``, if that stands."""
    parties, sold = _recorded_sale(books, sale)
    if not sold:
        return {}
    weighed = books.get(TallyRecord, WEIGHED, sale, "")
    faults = invoice_faults(books, record, parties, sold, policy)
    if faults and weighed is not None:
        faults = invoice_faults(books, record, parties, sold | dict(weighed.sums), policy) and faults
    return faults


def _recorded_sale(books: Books, sale: str) -> tuple[tuple[str, str], dict[str, int]]:
    """Seller, buyer, and mass in mg by lot of a recorded shipment or transfer; no lots if it is undone."""
    consignor, _, event_id = sale.partition(" ")
    shipment = books.get(ShipmentRecord, consignor, event_id)
    if shipment is not None:
        stands = not shipment.replaced_by and shipment.state != "voided"
        sold = {line.lot: line.sent_mg for line in _lines(books, sale)} if stands else {}
        return (shipment.owner_from, shipment.owner_to), sold
    event = books.get(EventRecord, consignor, event_id)
    if event is None or event.movement != "transfer" or event.state != "booked":
        return ("", ""), {}
    seller = buyer = ""
    sold = {}
    for posting in books.group(PostingRecord, "event", event.entry_index, event.position):
        if posting.account != "holding" or posting.line < event.first_line:
            continue
        if posting.mass_mg < 0:
            seller = posting.owner
            sold[posting.lot] = sold.get(posting.lot, 0) - posting.mass_mg
        else:
            buyer = posting.owner
    return (seller, buyer), sold


def _low_prices(books: Books, record: InvoiceRecord, policy: Policy) -> Iterator[Notice]:
    """What an invoice says of goods far below their index, whatever the sale states; the first line of it."""
    rate = policy.in_home_currency(record.currency, record.issued_us) if policy.index_prices else None
    if rate is None:
        return
    for line in record.lines:
        mass_mg, name = int(line.get("mass_mg", 0)), str(line.get("lot") or "")
        lot = books.get(LotRecord, name) if name else None
        product = str(line.get("product", "")) if lot is None else lot.product
        price = Fraction(str(line.get("amount", 0))) * rate * KG_MG / mass_mg if mass_mg else None
        index = None if price is None else index_above(price, product, policy)
        if price is not None and index is not None:
            yield _paper(
                "price.low",
                f"by the invoice {record.invoice} {cheapness(price, product, index)}",
                CHEAP_MEND,
                f"lot:{name}" if name else f"invoice:{record.invoice}",
                ongoing=True,
                price=price,
                index=index,
                product=product,
                invoice=record.invoice,
            )
            return


def judge_declaration(books: Books, declaration_id: str, policy: Policy) -> Iterator[Notice]:
    """Whether a customs declaration's code fits the goods: for ``declare-customs``."""
    record = books.get(DeclarationRecord, declaration_id)
    if record is None:
        return
    for line in books.group(ShipmentLineRecord, "shipment", record.declarant, record.shipment):
        lot = books.get(LotRecord, line.lot)
        fault = None if lot is None else code_fault(record.hs_code, lot, policy.catalogue)
        if fault is not None:
            yield _paper(
                "hs.mismatch",
                f"{line.lot} is declared under {record.hs_code}: {fault}",
                "Correct the declaration's code or the lot's product.",
                f"lot:{line.lot}",
                hs_code=record.hs_code,
                declaration=declaration_id,
            )


def invoice_faults(
    books: Books,
    record: InvoiceRecord,
    sale: tuple[str, str],
    sold: Mapping[str, int],
    policy: Policy,
) -> dict[str, Any]:
    """In what an invoice differs from a sale: ``party``, ``name``, ``mass``.

    Args:
        books: For the lots.
        record: The invoice.
        sale: Seller and buyer.
        sold: Gross mass in mg by lot.
        policy: For the tolerance.
    """
    differs: dict[str, Any] = {}
    if (record.seller, record.buyer) != sale:
        differs["party"] = {"invoice": [record.seller, record.buyer], "sale": list(sale)}
    single = len(record.shipments) <= 1
    for line in record.lines:
        name = str(line.get("lot") or "")
        names = [name] if name else list(sold)
        lots = [lot for each in names if (lot := books.get(LotRecord, each)) is not None and each in sold]
        if not lots:
            if single and name:
                differs["name"] = {"invoice": name, "sale": sorted(sold)}
            continue
        fitting = [lot for lot in lots if _is_called(lot, str(line.get("product", "")), policy)]
        if not fitting:
            differs["name"] = {
                "invoice": line.get("product", ""),
                "sale": sorted({lot.product for lot in lots}),
            }
        elif single and not _same_mass(int(line.get("mass_mg", 0)), fitting, sold, policy):
            differs["mass"] = {
                "invoice_mg": int(line.get("mass_mg", 0)),
                "sale_mg": sum(sold[lot.lot] for lot in fitting),
            }
    return differs


def _is_called(lot: LotRecord, product: str, policy: Policy) -> bool:
    known = policy.catalogue.product(lot.product)
    if not product or known is None:
        return True
    return product in (known.code, known.vat_name, known.name_en, known.name_zh)


def _same_mass(stated_mg: int, lots: list[LotRecord], sold: Mapping[str, int], policy: Policy) -> bool:
    tolerance = policy.thresholds["invoice.tolerance_share"]
    masses = [sum(sold[lot.lot] for lot in lots)]
    if all(lot.stage in INVOICED_AS_OXIDE for lot in lots):
        masses.append(sum(total(lot.cells) * sold[lot.lot] // lot.mass_mg for lot in lots))
    return any(abs(stated_mg - mass) <= tolerance * mass for mass in masses)


def _stands_for_more(
    books: Books,
    record: InvoiceRecord | None,
    uses: Mapping[str, int],
    policy: Policy,
    judged: Mapping[str, Mapping[str, int]],
) -> bool:
    """Whether an invoice's sales are more than it says, or one of several is of other goods, be it little.

    Partial deliveries may share an invoice. A sale of other goods may be recorded before the invoice's own.
    What is being judged is told by lot, as the books know nothing of it yet.
    """
    if record is None or len(uses) < 2:
        return False
    covered = sum(int(line.get("mass_mg", 0)) for line in record.lines)
    if sum(uses.values()) > covered * (1 + policy.thresholds["invoice.tolerance_share"]):
        return True
    named = {line.get("lot") for line in record.lines}
    if not all(named):
        return False
    goods = (judged.get(use) or _recorded_sale(books, use)[1] for use in uses)
    return any(sold and named.isdisjoint(sold) for sold in goods)


def _lines(books: Books, sale: str) -> list[ShipmentLineRecord]:
    """What was sent under a sale's name, ``consignor event``."""
    consignor, _, event_id = sale.partition(" ")
    return books.group(ShipmentLineRecord, "shipment", consignor, event_id)


def _weighed(case: Case) -> dict[str, int]:
    """What dried on the way weighs less than its share of the lot: the sale's own scale counts too."""
    return {line.lot: line.mass_mg for line in case.movement.inputs if line.mass_mg is not None}


def uses_of(books: Books, invoice_id: str) -> dict[str, int]:
    """The sales that name an invoice, as ``consignor event``, with what was sold, in mg."""
    tally = books.get(TallyRecord, USES, invoice_id, "")
    return {} if tally is None else dict(tally.sums)


def _uses_with(case: Case) -> dict[str, int]:
    """The sales that name the movement's invoice, with itself and without what it corrects."""
    uses = uses_of(case.recording.books, case.movement.invoice)
    use = _use(case)
    uses.pop(f"{use.partition(' ')[0]} {case.movement.corrects}", None)
    return {**uses, use: sum(sold_lots(case).values())}


def _use(case: Case) -> str:
    for shipment in case.effect.shipments:
        if shipment.event_id == case.movement.event_id:
            return f"{shipment.consignor} {shipment.event_id}"
    return f"{actor_of(case)} {case.movement.event_id}"


def _paper(
    code: str, detail: str, mend: str, subject: str, *, ongoing: bool = False, **evidence: Any
) -> Notice:
    finding = Finding(code, detail, "", mend, {name: plain(each) for name, each in evidence.items()})
    return Notice(finding, subject, ongoing=ongoing)
