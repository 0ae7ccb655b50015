"""Records of the books as JSON objects and as lines of CSV."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from fractions import Fraction
from typing import Any, Final

from flask import Response
from marshmallow import Schema
from marshmallow import fields as schema_fields

from api.operations import Call
from api.replies import PRIVATE, dump_json, link_next, page_reply
from ledger.clock import format_time_us
from ledger.encoding import b64url_encode
from ledger.provenance.answers import Provenance
from ledger.provenance.holders import Holding, Stock, Travelling
from ledger.provenance.origins import OriginShare
from ledger.records.cells import element_masses
from ledger.records.lots import PoolRecord, ShipmentLineRecord, ShipmentRecord
from ledger.records.oversight import AlertRecord
from ledger.store.attachments_store import Naming
from ledger.store.books_source import NODE_SHIFT

CSV: Final = "text/csv"
_DIGITS: Final = 9


def decimal(share: Fraction) -> str:
    """A share as decimal text with nine digits."""
    return f"{share.numerator / share.denominator:.{_DIGITS}f}"


def record_members(record: Any) -> dict[str, Any]:
    """Any record: times as RFC 3339, tuples as lists, the rest as it is."""
    assert is_dataclass(record)
    members: dict[str, Any] = {}
    for each in fields(record):
        value = getattr(record, each.name)
        if each.name.endswith("_us") and each.name != "clock":
            members[each.name.removesuffix("_us")] = None if value is None else format_time_us(value)
        else:
            members[each.name] = plain(value)
    return members


def naming_members(naming: Naming) -> dict[str, Any]:
    """What a movement says of an attachment, and when who signed it has uploaded it."""
    named, stored_at_us = naming.attachment, naming.stored_at_us
    return {
        "index": named.entry_index,
        "position": named.position,
        "statement": b64url_encode(naming.statement_hash),
        "role": named.role,
        "media_type": named.media_type,
        "size": named.size_bytes,
        "sha256": named.sha256_hex,
        "stored_at": None if stored_at_us is None else format_time_us(stored_at_us),
    }


def plain(value: Any) -> Any:
    """A record's value in JSON's types."""
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def origin_members(share: OriginShare) -> dict[str, Any]:
    """One origin's share."""
    return {
        "origin": share.origin,
        "share": decimal(share.share),
        "mass_mg": share.mass_mg,
        "elements": dict(share.elements),
        "statuses": dict(share.statuses),
    }


def holding_members(holding: Holding) -> dict[str, Any]:
    """One holding."""
    return {each.name: getattr(holding, each.name) for each in fields(holding)}


def stock_members(stock: Stock) -> dict[str, Any]:
    """One holding with what its lot is."""
    return {each.name: plain(getattr(stock, each.name)) for each in fields(stock)}


def pool_members(pool: PoolRecord, without: Mapping[str, Fraction]) -> dict[str, Any]:
    """One pool as of its newest version, without a part of its content."""
    told = {symbol: round(mg - without.get(symbol, 0)) for symbol, mg in element_masses(pool.cells).items()}
    owners = pool.owners if not without else {pool.custodian: sum(told.values())}
    return {
        "pool": pool.pool,
        "site": pool.site,
        "custodian": pool.custodian,
        "version": pool.version,
        "index": pool.node >> NODE_SHIFT,
        "contained_mg": {symbol: mg for symbol, mg in told.items() if mg},
        "owners": plain(owners),
        "blocked": plain(pool.blocked),
        "closed": format_time_us(pool.closed_us),
        "tainted_by": pool.tainted_by,
    }


def shipment_members(shipment: ShipmentRecord, lines: Sequence[ShipmentLineRecord]) -> dict[str, Any]:
    """One shipment with the sums of its lines."""
    return {
        "consignor": shipment.consignor,
        "shipment": shipment.event_id,
        "kind": shipment.kind,
        "consignee": shipment.consignee,
        "state": shipment.state,
        "event_time": format_time_us(shipment.event_time_us),
        "due": None if shipment.due_us is None else format_time_us(shipment.due_us),
        "index": shipment.entry_index,
        "site_from": shipment.site_from,
        "site_to": shipment.site_to,
        "despatch_advice": shipment.despatch_advice,
        "invoice": shipment.invoice,
        "licence": shipment.licence,
        "destination": shipment.destination,
        "lines": len(lines),
        "sent_mg": sum(line.sent_mg for line in lines),
        "left_mg": sum(line.left_mg for line in lines),
    }


def travelling_members(travel: Travelling) -> dict[str, Any]:
    """What travels."""
    return {
        "lot": travel.lot,
        "consignor": travel.consignor,
        "shipment": travel.event_id,
        "consignee": travel.consignee,
        "kind": travel.kind,
        "site_to": travel.site_to,
        "left_mg": travel.left_mg,
        "sent_mg": travel.sent_mg,
        "state": travel.state,
        "mass_mg": travel.mass_mg,
    }


def alert_members(alert: AlertRecord) -> dict[str, Any]:
    """One alert."""
    return {
        "index": alert.entry_index,
        "number": alert.number,
        "code": alert.code,
        "party": alert.party,
        "site": alert.site,
        "subject": alert.subject,
        "event_time": format_time_us(alert.event_time_us),
        "detail": alert.detail,
        "mend": alert.mend,
        "evidence": plain(alert.evidence),
        "told": alert.told,
        "state": alert.state,
        "case": alert.case,
        "outcome": alert.outcome,
    }


def part_members(found: Provenance) -> list[dict[str, Any]]:
    """How much of which lots is in a unit or was in a shipment; of a lot or a pool nothing."""
    return [
        {"lot": lot, "mass_mg": found.subject.lots[lot], "whole_mg": whole_mg if found.sees_all else None}
        for lot, whole_mg in found.subject.wholes.items()
    ]


def dump_provenance(found: Provenance, contained_mg: Mapping[str, int]) -> bytes:
    """A whole answer as JSON: of the steps there may be thousands, and they are texts already."""
    members = {
        "kind": found.subject.kind,
        "name": found.subject.name,
        "direction": found.direction,
        "at": found.subject.at,
        "corrected_at": found.subject.corrected_at,
        "contained_mg": dict(contained_mg),
        "parts": part_members(found),
        "origins": [origin_members(share) for share in found.origins],
        "countries": {country: decimal(share) for country, share in found.countries.items()},
        "hidden": dict(found.hidden),
        "truncated": found.way.truncated,
        "ended_by": found.ended_by,
        "model": {"model": found.model.model, "holds": found.model.holds, "reason": found.model.reason},
        "holders": [holding_members(holding) for holding in found.holders],
        "travelling": [travelling_members(travel) for travel in found.travelling],
        "alerts": [alert_members(alert) for alert in found.alerts],
        "tainted": list(found.tainted),
    }
    edges = found.way.dump_edges().encode()
    steps = found.way.dump_steps()
    return b"".join((dump_json(members)[:-1], b',"edges":', edges, b',"steps":', *steps, b"}"))


def rows_reply(
    call: Call,
    path: str,
    schema: type[Schema],
    rows: Sequence[Mapping[str, Any]],
    following: Mapping[str, str | int] | None = None,
) -> Response:
    """A page of a list: JSON, or CSV with a column for each member of a row; both link to the next.

    Args:
        call: Whose ``accepted`` says which.
        path: The list's path.
        schema: What the JSON looks like; its one list has the rows.
        rows: What it has, for either.
        following: The query of the next page; None on the last.
    """
    name, columns = columns_of(schema)
    if call.accepted != CSV:
        return page_reply({name: rows}, path, following, cache=PRIVATE)
    reply = csv_reply(columns, ([row[column] for column in columns] for row in rows), f"{path[4:]}.csv")
    link_next(reply, path, following)
    return reply


def columns_of(schema: type[Schema]) -> tuple[str, tuple[str, ...]]:
    """The name of the one list in an answer, and the members of its rows."""
    lists = {name: each for name, each in schema().fields.items() if isinstance(each, schema_fields.List)}
    ((name, rows),) = lists.items()
    assert isinstance(rows.inner, schema_fields.Nested)
    return name, tuple(rows.inner.schema.fields)


def csv_reply(header: Sequence[str], rows: Iterable[Sequence[Any]], name: str) -> Response:
    """Comma-separated values, streamed; cells that a spreadsheet would take for a formula are quoted apart.

    Args:
        header: Names of the columns.
        rows: Their values.
        name: File name that a browser suggests.
    """
    response = Response(_lines(header, rows), 200, content_type=f"{CSV}; charset=utf-8")
    response.headers["Cache-Control"] = PRIVATE
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header)
    for at, row in enumerate(rows):
        writer.writerow([_cell(value) for value in row])
        if at % 500 == 499:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def _cell(value: Any) -> Any:
    """Text that begins like a formula gets an apostrophe, as OWASP advises against CSV injection.

    What is neither text nor a number is written as JSON.
    """
    if isinstance(value, bool | Mapping | list | tuple):
        return dump_json(value).decode()
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return value
