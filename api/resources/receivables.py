"""What customers owe a seller, and what the books say of them."""

from typing import Any, Final

from flask import Response
from sqlalchemy import Connection

from api.access import ANY_PARTY, REGULATORS
from api.board_schemas import EvaluationSchema, ReceivableInvoicesSchema, ReceivablesSchema
from api.book_members import CSV, csv_reply, plain
from api.book_schemas import CSV_SCHEMA
from api.fields import Count, Instant, Name, OneOf, StrictSchema
from api.naming import check_party, is_borne
from api.operations import Call, Reply, Resource
from api.replies import JSON, PRIVATE, json_reply, page_reply
from api.resources.stock import own_or_all
from ledger.clock import format_time_us
from ledger.errors import LedgerEmpty, RequestMalformed, ResourceNotFound, RoleForbidden
from ledger.provenance.customers import Evaluation, evaluate
from ledger.provenance.in_force import policy_in_force
from ledger.provenance.receivables import (
    BUCKETS,
    Ageing,
    Receivable,
    ageing,
    amount_text,
    receivables,
    totals,
)
from ledger.provenance.subjects import books_of
from ledger.records.lots import ShipmentRecord
from ledger.records.oversight import DisputeRecord, InvoiceRecord
from ledger.records.periods import DAY_US

resource = Resource(
    "receivables", "Invoices by due date, what customers owe, and what the books say of them."
)

_AGEING: Final = ("customer", "currency", "invoices", "owed", "overdue", *BUCKETS, "owed_back", "oldest_days")
_INVOICE: Final = (
    *("invoice", "kind", "customer", "currency", "amount", "settled", "owed", "owed_back", "state"),
    *("issued", "due", "overdue_days", "late_days", "index", "cancelled_at"),
)
_STATES: Final = ("open", "partly_settled", "settled", "cancelled")
_YEAR_US: Final = 365 * DAY_US


class ReceivablesQuery(StrictSchema):
    """Whose, and when."""

    party = Name(load_default=None, meaning="The seller; the caller's own party if left out.")
    as_of = Instant(load_default=None, meaning="The moment; now if left out.")


class InvoicesQuery(ReceivablesQuery):
    """Whose, to whom, when, in which state, from where and how many."""

    customer = Name(load_default=None, meaning="Only those to this customer.")
    state = OneOf(*_STATES, load_default=None, meaning="Only those in this state.")
    after = Name(load_default=None, meaning="Where the page before ended: an invoice.")
    limit = Count(load_default=100, minimum=1, maximum=1_000, meaning="How many at most.")


class EvaluationQuery(ReceivablesQuery):
    """Whose customer, which, and over which time."""

    customer = Name(required=True, meaning="The customer.")
    start = Instant(load_default=None, meaning="What happened from this time on; a year before if left out.")


@resource.operation(
    "GET",
    "/v1/receivables",
    replies=[Reply(200, "What is owed, by age.", {JSON: ReceivablesSchema, CSV: CSV_SCHEMA})],
    access=ANY_PARTY,
    query=ReceivablesQuery,
    errors=[RoleForbidden, ResourceNotFound],
)
def read_receivables(call: Call) -> Response:
    """Say what each customer owes a seller, by days since it was due, each currency by itself.

    To the seller and to regulators. docs/receivables.md defines every figure.
    """
    party, as_of_us = own_or_all(call, call.query["party"]), _as_of(call)
    with call.reading() as connection:
        sums = ageing(receivables(books_of(connection), party, as_of_us))
        if not sums:
            check_party(connection, party)
    rows = [_ageing_members(customer, currency, each) for (customer, currency), each in sums.items()]
    if call.accepted == CSV:
        return csv_reply(_AGEING, ([row[name] for name in _AGEING] for row in rows), "receivables.csv")
    members = {
        "party": party,
        "as_of": format_time_us(as_of_us),
        "customers": rows,
        "totals": [_ageing_members("", currency, each) for currency, each in totals(sums).items()],
    }
    return json_reply(members, cache=PRIVATE)


@resource.operation(
    "GET",
    "/v1/receivables/invoices",
    replies=[
        Reply(
            200,
            "Invoices by due date.",
            {JSON: ReceivableInvoicesSchema, CSV: CSV_SCHEMA},
            {"Link": "The next page."},
        )
    ],
    access=ANY_PARTY,
    query=InvoicesQuery,
    errors=[RoleForbidden, ResourceNotFound],
)
def list_receivable_invoices(call: Call) -> Response:
    """List a seller's invoices by due date, with what was paid of each.

    To the seller, to regulators, and to a customer those that it is to pay.
    """
    query, as_of_us = call.query, _as_of(call)
    party = _between(call)
    with call.reading() as connection:
        found = receivables(books_of(connection), party, as_of_us, buyer=query["customer"])
        if not found:
            _check_names(connection, party, query["customer"])
    found = [each for each in found if query["state"] in (None, each.state)]
    if call.accepted == CSV:
        rows = (_invoice_members(each) for each in found)
        return csv_reply(_INVOICE, ([row[name] for name in _INVOICE] for row in rows), "invoices.csv")
    if query["after"] is not None:
        names = [each.record.invoice for each in found]
        if query["after"] not in names:
            raise RequestMalformed("after names no invoice of this list", extra={"parameter": "after"})
        found = found[names.index(query["after"]) + 1 :]
    shown = found[: query["limit"]]
    following: dict[str, str | int] | None = None
    if len(found) > len(shown):
        asked = {name: query[name] for name in ("customer", "state") if query[name] is not None}
        following = asked | {
            "party": party,
            "as_of": format_time_us(as_of_us),
            "after": shown[-1].record.invoice,
            "limit": query["limit"],
        }
    members = {
        "party": party,
        "as_of": format_time_us(as_of_us),
        "invoices": [_invoice_members(each) for each in shown],
    }
    return page_reply(members, "/v1/receivables/invoices", following, cache=PRIVATE)


@resource.operation(
    "GET",
    "/v1/customers/evaluation",
    replies=[Reply(200, "What the books say.", {JSON: EvaluationSchema, CSV: CSV_SCHEMA})],
    access=ANY_PARTY,
    query=EvaluationQuery,
    errors=[RoleForbidden, ResourceNotFound, LedgerEmpty],
    examples={"customer": "https://plant.example/"},
)
def read_evaluation(call: Call) -> Response:
    """Say what the books hold of a customer, sentence by sentence, with the entries and how to contest it.

    To the seller, to the customer and to regulators. The customer is not told of the seller's alerts.
    """
    assert call.reader is not None
    query, as_of_us, seller = call.query, _as_of(call), _between(call)
    start_us = as_of_us - _YEAR_US if query["start"] is None else query["start"]
    if start_us >= as_of_us:
        raise RequestMalformed("the period's end is not after its start", extra={"parameter": "as_of"})
    alerts_of = "all" if call.reader.holds(REGULATORS) else "seller" if call.reader.party == seller else ""
    with call.reading() as connection:
        _check_names(connection, seller, query["customer"])
        _, policy = policy_in_force(connection)
        found = evaluate(
            connection, policy, seller, query["customer"], start_us, as_of_us, alerts_of=alerts_of
        )
    members = _evaluation_members(found)
    if call.accepted == CSV:
        rows = [
            [
                *(each["code"], each["tone"], each["text"], " ".join(map(str, each["entries"]))),
                each["dispute"] and each["dispute"]["ground"],
            ]
            for each in members["sentences"]
        ]
        return csv_reply(("code", "tone", "text", "entries", "dispute"), rows, "evaluation.csv")
    return json_reply(members, cache=PRIVATE)


def _as_of(call: Call) -> int:
    as_of: int | None = call.query["as_of"]
    return call.parts.clock.now_us() if as_of is None else as_of


def _between(call: Call) -> str:
    """The seller whose invoices are asked for: one's own, or one that oneself is the customer of.

    Raises:
        RoleForbidden: The caller is neither of the two, and no regulator.
    """
    assert call.reader is not None
    party, customer = call.query["party"], call.query["customer"]
    if party is not None and customer == call.reader.party:
        return str(party)
    return own_or_all(call, party)


def _check_names(connection: Connection, seller: str, customer: str | None) -> None:
    """Returns only if a seller is in the register, and its customer too or in the seller's books.

    Raises:
        ResourceNotFound: One is not.
    """
    check_party(connection, seller)
    if not (
        is_borne(connection, InvoiceRecord, seller=seller, buyer=customer)
        or is_borne(connection, ShipmentRecord, consignor=seller, consignee=customer)
    ):
        check_party(connection, customer, "customer")


def _ageing_members(customer: str, currency: str, found: Ageing) -> dict[str, Any]:
    return {
        "customer": customer,
        "currency": currency,
        "invoices": found.invoices,
        "owed": amount_text(found.owed),
        "overdue": amount_text(found.overdue),
        **{name: amount_text(amount) for name, amount in found.buckets.items()},
        "owed_back": amount_text(found.owed_back),
        "oldest_days": found.oldest_days,
    }


def _invoice_members(found: Receivable) -> dict[str, Any]:
    record = found.record
    return {
        "invoice": record.invoice,
        "kind": record.kind,
        "customer": record.buyer,
        "currency": record.currency,
        "amount": record.amount,
        "settled": amount_text(found.settled),
        "owed": amount_text(found.owed),
        "owed_back": amount_text(found.owed_back),
        "state": found.state,
        "issued": format_time_us(record.issued_us),
        "due": None if record.due_us is None else format_time_us(record.due_us),
        "overdue_days": found.overdue_days,
        "late_days": found.late_days,
        "index": record.entry_index,
        "cancelled_at": record.cancelled_at if found.cancelled else None,
        "payments": [
            {
                "index": each.entry_index,
                "amount": each.amount,
                "paid": format_time_us(each.paid_us),
                "signer": each.signer,
            }
            for each in found.payments
        ],
    }


def _dispute_members(found: DisputeRecord) -> dict[str, Any]:
    return {
        "ground": found.ground,
        "index": found.entry_index,
        "disputed": format_time_us(found.disputed_us),
    }


def _evaluation_members(found: Evaluation) -> dict[str, Any]:
    return {
        "seller": found.seller,
        "customer": found.customer,
        "start": format_time_us(found.start_us),
        "as_of": format_time_us(found.as_of_us),
        "standing": found.standing,
        "sentences": [
            {
                "code": each.code,
                "tone": each.tone,
                "text": each.text,
                "figures": plain(each.figures),
                "entries": list(each.entries),
                "contests": [{"by": way.by, "kind": way.kind, "name": way.name} for way in each.contests],
                "dispute": None if each.dispute is None else _dispute_members(each.dispute),
            }
            for each in found.sentences
        ],
    }
