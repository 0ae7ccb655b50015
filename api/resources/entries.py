"""An entry as a person reads it: what was done, with which goods, and what was noticed."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response
from sqlalchemy import Connection

from api.access import OPTIONAL, REGULATORS, Reader, admit_to_statement
from api.book_members import alert_members, naming_members, plain
from api.desk_schemas import EntryStorySchema
from api.fields import Count
from api.operations import Call, Reply, Resource
from api.replies import JSON, PRIVATE, json_reply
from api.resources.parties import legal_name
from ledger.clock import format_time_us
from ledger.encoding import b64_encode, b64url_encode
from ledger.errors import LogInconsistent, ResourceNotFound, StatementPrivate, TokenMissing
from ledger.log.entry import parse_entry
from ledger.log.merkle import leaf_hash
from ledger.provenance.borne import unborne
from ledger.provenance.subjects import books_of
from ledger.records.books import Books
from ledger.records.lots import EventRecord, LotRecord, PostingRecord
from ledger.records.oversight import AlertRecord
from ledger.statements.registers import LoggedStatement, Names
from ledger.store import log_store, registers_store
from ledger.store.attachments_store import namings_in
from ledger.store.books_listings import list_records

resource = Resource("entries", "Entries of the log as a person reads them.")

_MOST_ALERTS = 1_000


@resource.operation(
    "GET",
    "/v1/entries/{index}",
    replies=[Reply(200, "The entry.", {JSON: EntryStorySchema})],
    access=OPTIONAL,
    path_fields={"index": Count(meaning="The entry's index.")},
    errors=[ResourceNotFound],
)
def read_entry_story(call: Call) -> Response:
    """Read what an entry commits to, and as far as its statement is open to the caller, what it says.

    Who may read the statement is told who signed it, which act it is, or of each movement its event, goods
    and masses as they were booked, the files that it names, and what was noticed about it: regulators all of
    it, a party what it was told of. Everybody else is told the commitment alone.
    """
    index = call.path["index"]
    with call.reading() as connection:
        if index >= log_store.read_head(connection).tree_size:
            raise ResourceNotFound("the log has no such entry")
        (stored,) = log_store.read_entries(connection, index, index + 1)
        entry = parse_entry(stored)
        logged = registers_store.read_logged(connection, [entry.statement]).get(entry.statement)
        if logged is None:
            raise LogInconsistent(f"the statement of entry {index} is missing")
        members: dict[str, Any] = {
            "index": index,
            "recorded_at": format_time_us(entry.recorded_at_us),
            "public": entry.public,
            "previous": b64_encode(entry.previous),
            "leaf": b64_encode(leaf_hash(stored)),
            "statement": b64url_encode(entry.statement),
        }
        members |= _said(connection, call.reader, logged)
    return json_reply(members, cache=PRIVATE)


def _said(connection: Connection, reader: Reader | None, logged: LoggedStatement) -> dict[str, Any]:
    """What the caller may know of the statement beyond its hash."""
    nothing: dict[str, Any] = {
        "open": False,
        "issuer": None,
        "kid": None,
        "act": None,
        "erased": None,
        "parties": [],
        "movements": [],
        "attachments": [],
        "alerts": [],
    }
    try:
        admit_to_statement(connection, reader, logged)
    except (TokenMissing, StatementPrivate):
        return nothing
    named = {logged.issuer}
    if not logged.public:
        named |= registers_store.read_readers(connection, logged.entry_index)
    known = registers_store.read_facts(connection, Names(parties=named)).parties
    books = books_of(connection)
    return {
        "open": True,
        "issuer": logged.issuer,
        "kid": logged.kid,
        "act": logged.act,
        "erased": logged.erased,
        "parties": [{"party": each, "name": legal_name(known.get(each), each)} for each in sorted(named)],
        "movements": _movements(connection, books, reader, logged),
        "attachments": [naming_members(each) for each in namings_in(connection, logged.entry_index)],
        "alerts": _alerts(connection, reader, logged.entry_index),
    }


def _movements(
    connection: Connection, books: Books, reader: Reader | None, logged: LoggedStatement
) -> list[dict[str, Any]]:
    events = sorted(books.group(EventRecord, "entry", logged.entry_index), key=lambda each: each.position)
    places = [(event.entry_index, event.position) for event in events]
    books.prefetch_groups(PostingRecord, "event", places)
    lines = {place: books.group(PostingRecord, "event", *place) for place in places}
    named = {line.lot for many in lines.values() for line in many if line.lot}
    books.prefetch(LotRecord, {(lot,) for lot in named})
    if reader is not None and not reader.holds(REGULATORS):
        named -= unborne(connection, named, {reader.party, logged.issuer})
    known = {lot: books.get(LotRecord, lot) for lot in named}
    return [
        {
            "position": event.position,
            "kind": event.movement,
            "event": event.event_id,
            "event_time": format_time_us(event.event_time_us),
            "site": event.site,
            "unit": event.unit,
            "state": event.state,
            "corrected_at": event.changed_at,
            "lines": _lines(known, reader, logged, lines[event.entry_index, event.position]),
        }
        for event in events
    ]


def _lines(
    known: Mapping[str, LotRecord | None],
    reader: Reader | None,
    logged: LoggedStatement,
    lines: Sequence[PostingRecord],
) -> list[dict[str, Any]]:
    """What was booked; to a party what changed with the signer and with itself: others may have settled.

    What a lot is that is not among the ``known`` ones is not told, nor what it contained where it was used.
    """
    assert reader is not None, "movements are private"
    told = (reader.party, logged.issuer)
    shown = [
        line
        for line in lines
        if reader.holds(REGULATORS) or line.custodian in told or (line.owner and line.owner in told)
    ]
    silent = any(line.lot not in known for line in lines if line.lot and line.mass_mg < 0)
    return [
        {
            "account": line.account,
            "lot": line.lot,
            "product": "" if (lot := known.get(line.lot)) is None else lot.product,
            "pool": line.pool,
            "owner": line.owner,
            "custodian": line.custodian,
            "site": line.site,
            "mass_mg": line.mass_mg,
            "contained": {} if silent and line.account in ("pool", "difference") else plain(line.contained),
        }
        for line in shown
    ]


def _alerts(connection: Connection, reader: Reader | None, index: int) -> list[dict[str, Any]]:
    if reader is None:
        return []
    where: dict[str, Any] = {"entry_index": index}
    if not reader.holds(REGULATORS):
        where |= {"party": reader.party, "told": True}
    found = list_records(connection, AlertRecord, where=where, limit=_MOST_ALERTS)
    return [alert_members(alert) for alert in found]
