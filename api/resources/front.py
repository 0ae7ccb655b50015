"""The log as a plain page: for a browser without script, and for whoever wants no more than that."""

import json
from html import escape
from typing import Any, Final

from flask import Response
from sqlalchemy import Connection

from api.documentation import PAGE_POLICY, page
from api.fields import Count, StrictSchema
from api.operations import Call, Reply, Resource
from api.replies import REVALIDATE, bytes_reply
from api.schemas import TEXT_SCHEMA
from ledger.clock import format_time_us
from ledger.encoding import b64url_encode
from ledger.log.entry import Entry, parse_entry
from ledger.statements.envelope import parse_statement
from ledger.statements.registers import OriginRecord
from ledger.store import log_store, registers_store
from ledger.store.asking import ask
from ledger.store.log_store import CheckpointRow

resource = Resource("plain page", "What this log is, for a person, without script.")

_HTML: Final = "text/html; charset=utf-8"
_PAGE: Final[dict[str, Any]] = {_HTML: TEXT_SCHEMA}
_SHOWN: Final = 50

_INTRODUCTION: Final = """\
<p>This is a shipment traceability ledger. Parties sign shipment records with their own keys; each record
becomes an entry of the log below, and its sender gets a receipt. A receipt proves, offline and with the log's
public key alone, that the record is in the log at its index, unchanged. Anyone can check that the log only
ever grew.</p>
"""
_NEXT: Final = """\
<ul>
<li><a href="/docs">Every operation of this server</a>, and
<a href="/openapi.json">its OpenAPI document</a></li>
<li><a href="/v1/acts">Public acts</a>, <a href="/v1/parties">parties</a>, <a href="/v1/keys">keys</a>,
<a href="/v1/sites">sites</a></li>
<li><a href="/v1/log">The log as JSON</a>, <a href="/checkpoint">its latest checkpoint</a>,
<a href="/v1/log/checkpoints">every checkpoint</a></li>
</ul>
"""


class FrontQuery(StrictSchema):
    """Which entries to show."""

    before = Count(load_default=None, meaning="Show the entries before this index; by default the newest.")


@resource.operation("GET", "/plain", replies=[Reply(200, "A page.", _PAGE)], query=FrontQuery)
def read_log_page(call: Call) -> Response:
    """Read what this log is called, who signs it, how far it goes, and its newest entries, as a page."""
    with call.reading() as connection:
        origin = registers_store.read_origin(connection)
        latest = ask(connection, log_store.last_checkpoint())
        if origin is None or latest is None:
            body = "<p>This log has not begun: it has no genesis yet.</p>"
        else:
            body = _INTRODUCTION + _log(origin, latest) + _entries(connection, latest, call.query["before"])
    return bytes_reply(page("reledger", body), _HTML, cache=REVALIDATE, Content_Security_Policy=PAGE_POLICY)


def _log(origin: OriginRecord, latest: CheckpointRow) -> str:
    keys = "<br>".join(f"<code>{escape(key)}</code>" for key in origin.log_keys)
    return (
        "<h2>The log</h2><table>"
        f"<tr><th>Origin</th><td><code>{escape(origin.origin)}</code></td></tr>"
        f"<tr><th>Key</th><td>{keys}</td></tr>"
        f"<tr><th>Entries</th><td>{latest.tree_size:,}</td></tr>"
        f"</table><h3>Latest checkpoint</h3><pre>{escape(latest.note.decode())}</pre>{_NEXT}"
    )


def _entries(connection: Connection, latest: CheckpointRow, before: int | None) -> str:
    end = latest.tree_size if before is None else min(before, latest.tree_size)
    start = max(0, end - _SHOWN)
    acts = _act_names(connection, start, end)
    rows = [
        _row(parse_entry(stored), acts.get(start + place))
        for place, stored in enumerate(log_store.read_entries(connection, start, end))
    ]
    older = f'<p><a href="/plain?before={start}">Older entries</a></p>' if start else ""
    return (
        "<h2>Entries</h2><p>The log holds the hash of each statement. Public acts can be read by anyone; a "
        "shipment record by its sender, by those it names, and by whom a regulator lets read it.</p>"
        "<table><tr><th>Index</th><th>Recorded at (UTC)</th><th>Statement</th><th>SHA-256</th></tr>"
        f"{''.join(reversed(rows))}</table>{older}"
    )


def _act_names(connection: Connection, start: int, end: int) -> dict[int, str]:
    """What the public acts in [start, end) are called."""
    names = {}
    for row in log_store.read_public(connection, start, end - start):
        if row.entry_index < end and row.jws is not None:
            members = json.loads(parse_statement(row.jws).payload)
            names[row.entry_index] = str(members["act"])
    return names


def _row(entry: Entry, act: str | None) -> str:
    name = b64url_encode(entry.statement)
    said = f'<a href="/v1/statements/{name}">{escape(act or "public act")}</a>' if entry.public else "private"
    return (
        f"<tr><td>{entry.index}</td><td>{format_time_us(entry.recorded_at_us)}</td><td>{said}</td>"
        f"<td><code>{name[:16]}…</code></td></tr>"
    )
