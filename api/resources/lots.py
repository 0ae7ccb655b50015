"""Lots and provenance: what a lot is, where something came from, where it went."""

from dataclasses import replace
from itertools import chain
from operator import attrgetter
from typing import Any, Final

from flask import Response
from sqlalchemy import Connection

from api.access import ANY_PARTY
from api.book_members import (
    CSV,
    csv_reply,
    dump_provenance,
    holding_members,
    origin_members,
    part_members,
    plain,
)
from api.book_schemas import CSV_SCHEMA, LabelSchema, LotSchema, ProvenanceSchema, RecallSchema
from api.fields import Count, Instant, Name, OneOf, StrictSchema
from api.operations import Call, Reply, Resource
from api.periods import check_period
from api.replies import JSON, PRIVATE, bytes_reply, json_reply
from api.viewing import alike, viewer_of
from ledger.clock import format_time_us
from ledger.errors import RequestMalformed, ResourceNotFound, RoleForbidden
from ledger.provenance.admission import CLOSED
from ledger.provenance.answers import Provenance, contents, describe, pools_reached, trace
from ledger.provenance.borne import cut, uses_behind
from ledger.provenance.graph import MAX_NODES, walk
from ledger.provenance.labels import label_text
from ledger.provenance.subjects import (
    Subject,
    books_of,
    find_lot,
    find_pool,
    find_shipment,
    find_unit,
)
from ledger.provenance.way import Direction
from ledger.records.lots import LotRecord
from ledger.store.log_store import read_head

resource = Resource(
    "lots", "Lots, where they came from and where they went, each as far as the caller may see."
)

ELEMENTS: Final = (
    *("La", "Ce", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Y", "Sc"),
)
_REFUSALS: Final = [ResourceNotFound, RoleForbidden]
_NOT_PRODUCER: Final = "a label is for the lot's producer and for regulators; or there is no such lot"
_NOT_BEFORE: Final = "what the books said before is for regulators: it tells when others recorded their steps"
INCOMPLETE: Final = "incomplete"
"""What the last row of a table says where a limit ended the walk."""
PART: Final = "part"
"""What a row of a recall list says of a lot of which a unit or shipment carried a part."""
_HOLDERS: Final = ("lot", "custodian", "owner", "site", "mass_mg", "provisional_mg")
_STEPS: Final = (
    *("kind", "name", "version", "change", "index", "position", "event_time", "product", "stage"),
    *("party", "site", "mass_mg", "tainted_by"),
)
_in_steps: Final = attrgetter(*(name if name != "index" else "entry_index" for name in _STEPS))


_SINCE: Final = (
    "Only steps from this time on. A way upstream ends there; downstream earlier steps are hidden, and what "
    "was made of them later and who has them is told all the same."
)
_UNTIL: Final = (
    "Only steps before this time. A way downstream ends there; upstream later steps are hidden, and what "
    "they were made of is told all the same."
)


class LotQuery(StrictSchema):
    """Which lot."""

    lot = Name(required=True, meaning="The lot's id.")


class RecallQuery(StrictSchema):
    """What is asked about (one of lot, unit, pool, or consignor with shipment), and how far."""

    lot = Name(load_default=None, meaning="A lot's id.")
    unit = Name(load_default=None, meaning="A logistic unit's id: its contents, now or with `at`.")
    pool = Name(load_default=None, meaning="A pool's id.")
    consignor = Name(load_default=None, meaning="Who recorded the shipment.")
    shipment = Name(load_default=None, meaning="The shipment: the consignor's event id.")
    depth = Count(load_default=None, minimum=1, maximum=10_000, meaning="Steps at most; all if left out.")
    since = Instant(load_default=None, meaning=_SINCE)
    until = Instant(load_default=None, meaning=_UNTIL)
    limit = Count(load_default=MAX_NODES, minimum=1, maximum=MAX_NODES, meaning="Edges at most.")


class ProvenanceQuery(RecallQuery):
    """What is asked about, which way and how far."""

    direction = OneOf("upstream", "downstream", load_default="upstream", meaning="Which way.")
    element = OneOf(*ELEMENTS, load_default=None, meaning="Origins of this element; of all if left out.")
    at = Count(load_default=None, meaning="A lot, pool or unit as the books said once this entry was in.")


class RecallOfQuery(RecallQuery):
    """What is recalled."""

    at = Count(load_default=None, meaning="What was in a unit once this entry was in; who has that now.")


@resource.operation(
    "GET",
    "/v1/lots",
    replies=[Reply(200, "The lot.", {JSON: LotSchema})],
    access=ANY_PARTY,
    query=LotQuery,
    errors=_REFUSALS,
    examples={"lot": "https://mine.example/lots/1"},
)
def read_lot(call: Call) -> Response:
    """Read a lot: what it is, what it contains, where it came from, who has it.

    Open to regulators and to who holds or held it; a later holder is not told who produced it.
    """
    viewer = viewer_of(call.reader)
    name = call.query["lot"]
    with call.reading() as connection:
        books = books_of(connection)
        with alike(viewer, CLOSED):
            subject = find_lot(books, name)
        found = describe(connection, subject, viewer)
        lot = books.get(LotRecord, name)
    assert lot is not None
    knows = viewer.sees_all or lot.producer == viewer.party
    members: dict[str, Any] = {
        "lot": lot.lot,
        "product": lot.product,
        "stage": lot.stage,
        "birth": lot.birth,
        "index": lot.entry_index,
        "event_time": format_time_us(lot.event_time_us),
        "producer": lot.producer if knows else "",
        "site": lot.site if knows else "",
        "mass_mg": lot.mass_mg,
        "contained_mg": contents(found.subject),
        "composition": plain(lot.composition),
        "custody_model": lot.custody_model,
        "tainted_by": lot.tainted_by,
        "voided_at": lot.voided_at,
        "corrected_at": subject.corrected_at,
        "origins": [origin_members(share) for share in found.origins],
        "holders": [holding_members(holding) for holding in found.holders],
    }
    return json_reply(members, cache=PRIVATE)


@resource.operation(
    "GET",
    "/v1/provenance",
    replies=[Reply(200, "The answer; as CSV its steps.", {JSON: ProvenanceSchema, CSV: CSV_SCHEMA})],
    access=ANY_PARTY,
    query=ProvenanceQuery,
    errors=_REFUSALS,
    examples={"lot": "https://mine.example/lots/1"},
)
def read_provenance(call: Call) -> Response:
    """Say where a lot, a logistic unit, a shipment or a pool came from, or where it went.

    Origins with their shares need no walk; the steps are every lot and pool version on the way, each with
    the entry that proves it. A regulator sees all of it. A holder sees origins and shares, its own steps,
    and of others only how many steps there are at each stage. A lot that was corrected says at which entry;
    a regulator may ask what the books said before, without holders and alerts, which have no earlier state.
    Where ``limit`` ended the walk, the last row of the CSV is of the kind ``incomplete``, without the rest.
    """
    with call.reading() as connection:
        subject = subject_of(connection, call, call.query["at"])
        found = _trace(
            connection,
            call,
            subject,
            direction=call.query["direction"],
            element=call.query["element"],
        )
    if call.accepted == CSV:
        steps = ([found.way.depths[node.node], *_in_steps(node)] for node in found.nodes)
        end = [["", INCOMPLETE, *[""] * (len(_STEPS) - 1)]] if found.way.truncated else []
        return csv_reply(("depth", *_STEPS), chain(steps, end), "provenance.csv")
    return bytes_reply(dump_provenance(found, contents(found.subject)), JSON, cache=PRIVATE)


@resource.operation(
    "GET",
    "/v1/recall",
    replies=[
        Reply(200, "Present holders of all that was made of it.", {JSON: RecallSchema, CSV: CSV_SCHEMA})
    ],
    access=ANY_PARTY,
    query=RecallOfQuery,
    errors=_REFUSALS,
    examples={"lot": "https://mine.example/lots/1"},
)
def read_recall(call: Call) -> Response:
    """List who has it or anything made of it, what of it travels, is abroad or went to users, and its pools.

    What came back from abroad is no longer ``exported``, and what a party of this ledger received is
    ``held``. A pool's mass is left empty: it has no gross mass. Where a unit or shipment carried a part of a
    lot, the rows are of the whole lot, for parts of a lot are not told apart: the answer says ``whole_lots``,
    and in the CSV a row ``part`` has the mass that was carried. Where ``limit`` ended the walk, the answer
    says ``truncated``, and the last row of the CSV ``incomplete`` and nothing else.
    """
    at = call.query["at"]
    if at is not None and call.query["unit"] is None:
        raise RequestMalformed("only a unit is recalled as it was packed before", extra={"parameter": "at"})
    with call.reading() as connection:
        subject = replace(subject_of(connection, call, at), at=None)  # who has it is told of now
        found = _trace(connection, call, subject, direction="downstream")
        pools = pools_reached(books_of(connection), found)
    rows: list[list[Any]] = [
        [getattr(holding, name) for name in _HOLDERS] + ["held"] for holding in found.holders
    ]
    rows += [[t.lot, t.consignee, "", t.site_to, t.mass_mg, 0, t.state] for t in found.travelling]
    rows += [[pool.pool, pool.custodian, "", pool.site, None, 0, "in pool"] for pool in pools]
    columns = (*_HOLDERS, "state")
    parts = part_members(found)
    in_part = [each for each in parts if found.sees_all and each["mass_mg"] < each["whole_mg"]]
    if call.accepted == CSV:
        end = [[each["lot"], "", "", "", each["mass_mg"], 0, PART] for each in in_part]
        end += [["", "", "", "", "", 0, INCOMPLETE]] if found.way.truncated else []
        return csv_reply(columns, rows + end, "recall.csv")
    members = {
        "kind": subject.kind,
        "name": subject.name,
        "at": at,
        "parts": parts,
        "whole_lots": bool(in_part),
        "rows": [dict(zip(columns, row, strict=True)) for row in rows],
        "truncated": found.way.truncated,
        "ended_by": found.ended_by,
    }
    return json_reply(members, cache=PRIVATE)


@resource.operation(
    "GET",
    "/v1/labels",
    replies=[Reply(200, "The label's statements.", {JSON: LabelSchema})],
    access=ANY_PARTY,
    query=LotQuery,
    errors=_REFUSALS,
    examples={"lot": "https://mine.example/lots/1"},
)
def read_label(call: Call) -> Response:
    """Give what a lot's label must say, derived from the graph rather than from what somebody wrote.

    Firms and sites are told with the names that the register has for them. Statements that would name nobody
    are left out; what comes from no known producer is told as such, without whose it was. Open to the lot's
    producer and to regulators: it names the firms before. To the producer it says ``awaited`` in place of
    those behind goods that it received, as long as no shipment bears that out.
    """
    viewer = viewer_of(call.reader)
    with call.reading() as connection:
        books = books_of(connection)
        with alike(viewer, _NOT_PRODUCER):
            subject = find_lot(books, call.query["lot"])
        lot = books.get(LotRecord, subject.name)
        assert lot is not None
        if not viewer.sees_all and lot.producer != viewer.party:
            raise RoleForbidden(_NOT_PRODUCER)
        found = describe(connection, subject, viewer)
        graph = walk(connection, (lot.node,), "upstream")
        borne = found.subject.borne
        if not borne:
            graph = cut(graph, uses_behind(connection, subject.nodes))
        origins = [share.origin for share in found.origins]
        label = label_text(connection, lot, graph, origins, borne=borne)
    return json_reply(label, cache=PRIVATE)


def _trace(
    connection: Connection, call: Call, subject: Subject, *, direction: Direction, element: str | None = None
) -> Provenance:
    query = call.query
    check_period(query["since"], query["until"], "until")
    return trace(
        connection,
        subject,
        viewer_of(call.reader),
        direction=direction,
        depth=query["depth"],
        element=element,
        since_us=query["since"],
        until_us=query["until"],
        most=query["limit"],
    )


def subject_of(connection: Connection, call: Call, at: int | None = None) -> Subject:
    """What a query asks about, by its members lot, unit, pool, consignor and shipment.

    Raises:
        RequestMalformed: It asks about none or several, or of what has no earlier state, or of a later one.
        ResourceNotFound, RoleForbidden: It is not there, or not for the caller.
    """
    query = call.query
    asked = [name for name in ("lot", "unit", "pool", "shipment") if query[name] is not None]
    if len(asked) != 1 or (asked == ["shipment"]) != (query["consignor"] is not None):
        raise RequestMalformed("give one of lot, unit, pool, or consignor and shipment together")
    viewer = viewer_of(call.reader)
    if at is not None and asked[0] == "shipment":
        raise RequestMalformed("only a lot, a pool or a unit is told as the books said before")
    if at is not None and not viewer.sees_all:
        raise RoleForbidden(_NOT_BEFORE)
    if at is not None and at >= (size := read_head(connection).tree_size):
        raise RequestMalformed(f"the log has {size} entries, so no entry {at}", extra={"parameter": "at"})
    books = books_of(connection)
    with alike(viewer, CLOSED):
        match asked[0]:
            case "lot":
                return find_lot(books, query["lot"], at)
            case "unit":
                return find_unit(books, query["unit"], at)
            case "pool":
                return find_pool(books, query["pool"], at)
            case _:
                return find_shipment(books, query["consignor"], query["shipment"])
