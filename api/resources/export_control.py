"""Export control: the Chinese value of goods, who stands behind a party, screening, and the need."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from flask import Response
from sqlalchemy import Connection

from api.access import ANY_PARTY, REGULATORS, Access
from api.export_schemas import ContentSchema, NeedSchema, OwnershipSchema, ScreeningSchema
from api.fields import Count, Instant, Name, StrictSchema
from api.naming import check_party, is_borne
from api.operations import Call, Reply, Resource
from api.replies import JSON, PRIVATE, json_reply
from api.resources.parties import legal_name
from ledger.clock import format_time_us
from ledger.controls.content import Content, Price, Range, content_of
from ledger.controls.lists import listings_in_force
from ledger.controls.need import Need, Particulars, Reason, need_of
from ledger.controls.noticing import decimal_text
from ledger.controls.ownership import Holding, Restriction, holdings_above, restriction_of
from ledger.errors import LedgerEmpty, RequestMalformed, ResourceNotFound
from ledger.provenance.in_force import policy_in_force
from ledger.provenance.subjects import books_of, find_lot
from ledger.records.books import Books
from ledger.records.lots import LotRecord
from ledger.records.oversight import InvoiceRecord, OwnershipRecord, RestrictedPartyRecord
from ledger.screening.comparing import LIKELY, Entry, Screen
from ledger.screening.names import form_of
from ledger.statements.acts.countries import is_country
from ledger.statements.registers import Names
from ledger.store import registers_store

resource = Resource(
    "export control", "Chinese value of goods made abroad, owners, screening, and what an export would need."
)

_DIGITS = 9
_REGULATING = Access(ANY_PARTY.token, REGULATORS)
_AT = "At which moment; now if left out."


class ContentQuery(StrictSchema):
    """Of which goods."""

    lot = Name(required=True, meaning="The lot's id.")
    seller = Name(load_default="", meaning="Whose invoices say what it is sold for; everybody's if left out.")


class NeedQuery(StrictSchema):
    """Which export."""

    lot = Name(required=True, meaning="The lot's id.")
    destination = Name(required=True, meaning="To which country (ISO 3166-1 alpha-2).")
    country = Name(load_default="", meaning="From which country; the authority's own if left out.")
    consignee = Name(load_default="", meaning="Who would receive it.")
    end_user = Name(load_default="", meaning="Who would use it.")
    end_use = Name(load_default="", meaning="For what, as ree:endUse states it.")
    at = Instant(load_default=None, meaning=_AT)


class OwnershipQuery(StrictSchema):
    """Of whom, and when."""

    party = Name(required=True, meaning="The party's id; it need not be admitted.")
    at = Instant(load_default=None, meaning=_AT)


class ScreeningQuery(StrictSchema):
    """Which name."""

    name = Name(required=True, meaning="The name of an organisation.")
    least = Count(load_default=LIKELY, minimum=500, maximum=1_000, meaning="The least score, in thousandths.")
    at = Instant(load_default=None, meaning=_AT)


@resource.operation(
    "GET",
    "/v1/content-value",
    replies=[Reply(200, "The share, with every price.", {JSON: ContentSchema})],
    access=_REGULATING,
    query=ContentQuery,
    errors=[ResourceNotFound, LedgerEmpty],
    examples={"lot": "https://mine.example/lots/1"},
)
def read_content_value(call: Call) -> Response:
    """Say what share of the value of goods is of Chinese origin, as a range with the evidence.

    Against the share of policy's deminimis.share; what lists say of it is in the answer on the need.
    """
    with call.reading() as connection:
        _, policy = policy_in_force(connection)
        books = books_of(connection)
        lot = _lot(books, call.query["lot"])
        if (seller := call.query["seller"]) and not is_borne(connection, InvoiceRecord, seller=seller):
            check_party(connection, seller, "seller")
        content = content_of(books, policy, lot, seller)
    return json_reply(content_members(content, policy.thresholds["deminimis.share"]), cache=PRIVATE)


@resource.operation(
    "GET",
    "/v1/licence-need",
    replies=[Reply(200, "The answer, with its reasons.", {JSON: NeedSchema})],
    access=_REGULATING,
    query=NeedQuery,
    errors=[ResourceNotFound, LedgerEmpty],
    examples={"lot": "https://mine.example/lots/1", "destination": "DE"},
)
def read_licence_need(call: Call) -> Response:
    """Say whether an export of a lot would need a licence or would be refused, and why.

    By the lists that are in force at the moment asked about; nothing is recorded.
    """
    query = call.query
    for name in ("destination", "country"):
        if query[name] and not is_country(query[name]):
            raise RequestMalformed(f"{name} is no assigned ISO 3166-1 alpha-2 code")
    at_us = _moment(call)
    with call.reading() as connection:
        _, policy = policy_in_force(connection)
        books = books_of(connection)
        lot = _lot(books, query["lot"])
        asked = Particulars(
            query["country"],
            query["destination"],
            (query["consignee"], query["end_user"]),
            query["end_use"],
            at_us,
        )
        need = need_of(books, policy, lot, asked)
        names = _Called(connection, _parties_of(need.reasons))
        members = _need_members(need, asked, lot.lot, names)
    return json_reply(members, cache=PRIVATE)


@resource.operation(
    "GET",
    "/v1/ownership",
    replies=[Reply(200, "Who holds it, and whether that restricts it.", {JSON: OwnershipSchema})],
    access=_REGULATING,
    query=OwnershipQuery,
    examples={"party": "https://falcon-motors.example/"},
)
def read_ownership(call: Call) -> Response:
    """Say who stands behind a party at a moment, and whether a restricted party does."""
    party, at_us = call.query["party"], _moment(call)
    with call.reading() as connection:
        books = books_of(connection)
        listings = listings_in_force(books.group(RestrictedPartyRecord, "all"), at_us)
        standing = [each for each in listings if each.affiliates]
        above = [each for held in holdings_above(books, [party], at_us, standing).values() for each in held]
        spans = [_holding(each) for each in books.group(OwnershipRecord, "held", party)]
        holds = [_holding(each) for each in books.group(OwnershipRecord, "holder", party)]
        restriction = restriction_of(books, party, at_us)
        everyone = {party, *(name for each in (*above, *spans, *holds) for name in (each.held, each.holder))}
        names = _Called(connection, everyone)
    members = {
        "party": party,
        "name": names(party),
        "at": format_time_us(at_us),
        "restriction": None if restriction is None else _restriction_members(restriction, names),
        "above": [_holder_members(each, names) for each in above],
        "spans": [_holder_members(each, names) for each in spans],
        "holds": [_holder_members(each, names) for each in holds],
    }
    return json_reply(members, cache=PRIVATE)


@resource.operation(
    "GET",
    "/v1/screening",
    replies=[Reply(200, "What the name is like.", {JSON: ScreeningSchema})],
    access=ANY_PARTY,
    query=ScreeningQuery,
    examples={"name": "Northern Falcon Industries"},
)
def screen_name(call: Call) -> Response:
    """Compare a name with the restricted parties, and say for each hit what its score is made of."""
    name, at_us = call.query["name"], _moment(call)
    with call.reading() as connection:
        records = books_of(connection).group(RestrictedPartyRecord, "all")
    standing = listings_in_force(records, at_us)
    entries = {
        (record.name, record.control_list): Entry(
            *(record.name, record.aliases, record.party, record.control_list, record.reference),
            *(record.starts_us, record.ends_us, record.entry_index),
        )
        for record in standing
    }
    hits = Screen(entries.values()).hits(name, call.query["least"])
    members = {
        "name": name,
        "words": list(form_of(name).words),
        "least": call.query["least"],
        "compared": len(standing),
        "at": format_time_us(at_us),
        "hits": [
            {
                "organisation": hit.entry.name,
                "name": hit.name,
                "name_kind": hit.name_kind,
                "party": hit.entry.party,
                "control_list": hit.entry.control_list,
                "reference": hit.entry.reference,
                "start": format_time_us(hit.entry.starts_us),
                "end": _time(hit.entry.ends_us),
                "index": hit.entry.entry_index,
                "score": hit.score,
                "words": hit.words,
                "letters": hit.letters,
                "same": hit.same,
                "pairs": [
                    {"asked": each.asked, "listed": each.listed, "alike": each.alike, "weight": each.weight}
                    for each in hit.pairs
                ],
                "asked_only": list(hit.asked_only),
                "listed_only": list(hit.listed_only),
            }
            for hit in hits
        ],
    }
    return json_reply(members, cache=PRIVATE)


class _Called:
    """Legal names by party; the id where the register has none."""

    def __init__(self, connection: Connection, parties: Iterable[str]) -> None:
        self.known = registers_store.read_facts(connection, Names(parties=set(parties))).parties

    def __call__(self, party: str) -> str:
        return legal_name(self.known.get(party), party)


def content_members(content: Content, least: Fraction) -> dict[str, Any]:
    """A Chinese value share as a JSON object."""
    return {
        "lot": content.lot,
        "verdict": content.verdict(least),
        "least": decimal_text(least, _DIGITS),
        "share": _range_members(content.share),
        "chinese_cny": _range_members(content.chinese),
        "value_cny": _range_members(content.value),
        "missing": [{"what": what, "lot": lot} for what, lot in content.missing],
        "parts": [
            {
                "lot": part.lot,
                "producer": part.producer,
                "index": part.entry_index,
                "depth": part.depth,
                "kind": part.kind,
                "home": _range_members(part.home),
                "used_mg": part.used_mg,
                "mass_mg": part.mass_mg,
                "used_by": part.used_by,
                "value": _range_members(part.value),
                "missing": part.missing,
                "prices": [_price_members(price) for price in part.prices],
            }
            for part in content.parts
        ],
    }


def _price_members(price: Price) -> dict[str, Any]:
    return {
        "invoice": price.invoice,
        "index": price.entry_index,
        "seller": price.seller,
        "buyer": price.buyer,
        "issued": format_time_us(price.issued_us),
        "amount": decimal_text(price.amount, _DIGITS),
        "currency": price.currency,
        "mass_mg": price.mass_mg,
        "rate": None if price.rate is None else decimal_text(price.rate, _DIGITS),
        "rate_source": price.rate_source,
        "cny": None if price.cny is None else decimal_text(price.cny, _DIGITS),
    }


def _range_members(span: Range) -> dict[str, str | None]:
    most = None if span.most is None else decimal_text(span.most, _DIGITS)
    return {"least": decimal_text(span.least, _DIGITS), "most": most}


def _need_members(need: Need, asked: Particulars, lot: str, names: _Called) -> dict[str, Any]:
    content = need.content
    return {
        "lot": lot,
        "country": asked.country,
        "destination": asked.destination,
        "at": format_time_us(asked.at_us),
        "answer": need.answer,
        "lists": list(need.lists),
        "reasons": [
            {
                "answer": each.answer,
                "why": each.why,
                "control_list": each.control_list,
                "subject": each.subject,
                "restriction": (
                    None if each.restriction is None else _restriction_members(each.restriction, names)
                ),
            }
            for each in need.reasons
        ],
        "content": None if content is None or need.least is None else content_members(content, need.least),
    }


def _parties_of(reasons: Iterable[Reason]) -> set[str]:
    found = [each.restriction for each in reasons if each.restriction is not None]
    return {name for each in found for holding in each.path for name in (holding.held, holding.holder)}


def _restriction_members(found: Restriction, names: _Called) -> dict[str, Any]:
    record = found.record
    return {
        "party": found.party,
        "name": record.name,
        "control_list": record.control_list,
        "reference": record.reference,
        "index": record.entry_index,
        "military": record.military,
        "share": None if found.share is None else decimal_text(found.share, _DIGITS),
        "least": decimal_text(found.least, _DIGITS),
        "path": [_holder_members(each, names) for each in found.path],
    }


def _holder_members(holding: Holding, names: _Called) -> dict[str, Any]:
    return {
        "held": holding.held,
        "held_name": names(holding.held),
        "holder": holding.holder,
        "holder_name": names(holding.holder),
        "share": decimal_text(holding.share, _DIGITS),
        "start": format_time_us(holding.starts_us),
        "end": _time(holding.ends_us),
        "index": holding.entry_index,
        "basis": holding.basis,
    }


def _holding(record: OwnershipRecord) -> Holding:
    return Holding(
        *(record.holder, record.held, Fraction(record.share), record.starts_us, record.ends_us),
        *(record.entry_index, record.basis),
    )


def _lot(books: Books, name: str) -> LotRecord:
    lot = books.get(LotRecord, find_lot(books, name).name)
    assert lot is not None
    return lot


def _moment(call: Call) -> int:
    at_us = call.query["at"]
    return call.parts.clock.now_us() if at_us is None else int(at_us)


def _time(at_us: int | None) -> str | None:
    return None if at_us is None else format_time_us(at_us)
