"""The tables of the books: one for each kind of record in ``ledger.records.lots`` and ``.oversight``.

Decides: how each field of a record is stored, from its annotation alone, and which indices find the record's
groups. A record is defined once, as a dataclass; nothing here names its fields. All that reflection costs is
paid when this module is imported: a row is made and read by functions that are fixed for its kind.

Masses, times, indices and counts are whole numbers, names are text ordered by bytes, cells are the text of
``ledger.records.cells``, and other containers are JSON with sorted keys (integers of any size, which RFC 8785
does not allow).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Final, get_args, get_origin

from sqlalchemy import Boolean, Column, Index, Table, Text, text

from ledger.errors import LogInconsistent
from ledger.records import lots, oversight
from ledger.records.books import Record
from ledger.records.cells import Cells, decode_cells, encode_cells
from ledger.records.steps import tell_lot
from ledger.store.lot_tails import TAIL_SQL
from ledger.store.models import INDEX, NAME, Base

RowOf = tuple[Any, ...]

TABLE_NAMES: Final[Mapping[type[Record], str]] = {
    lots.LotRecord: "lots",
    lots.LotVersionRecord: "lot_versions",
    lots.HoldingRecord: "holdings",
    lots.EdgeRecord: "edges",
    lots.PoolRecord: "pools",
    lots.PoolVersionRecord: "pool_versions",
    lots.EventRecord: "events",
    lots.PostingRecord: "postings",
    lots.ShipmentRecord: "shipments",
    lots.ShipmentLineRecord: "shipment_lines",
    lots.ProvisionalRecord: "provisionals",
    lots.UnitRecord: "units",
    lots.MemberRecord: "members",
    lots.SealRecord: "seals",
    lots.AssayRecord: "assays",
    lots.StocktakeRecord: "stocktakes",
    lots.AttachmentRecord: "attachments",
    oversight.QuotaRecord: "quotas",
    oversight.LicenceRecord: "licences",
    oversight.TechnologyTransferRecord: "technology_transfers",
    oversight.ControlListRecord: "control_lists",
    oversight.RestrictedPartyRecord: "restricted_parties",
    oversight.OwnershipRecord: "ownerships",
    oversight.InvoiceRecord: "invoices",
    oversight.SettlementRecord: "settlements",
    oversight.DisputeRecord: "disputes",
    oversight.DeclarationRecord: "declarations",
    oversight.DelegationRecord: "delegations",
    oversight.MergerRecord: "mergers",
    oversight.AlertRecord: "alerts",
    oversight.CaseRecord: "cases",
    oversight.DueRecord: "dues",
    oversight.TallyRecord: "tallies",
    oversight.StatisticsRecord: "statistics",
}
"""Every kind of record with its table."""

GROWING: Final = (
    lots.PoolVersionRecord,
    lots.PostingRecord,
    lots.AssayRecord,
    lots.StocktakeRecord,
    lots.AttachmentRecord,
    oversight.ControlListRecord,
    oversight.StatisticsRecord,
)
"""Kinds whose records never change once they are written: the writer may not update their tables."""

MORE_INDICES: Final[Mapping[type[Record], tuple[tuple[str, ...], ...]]] = {
    lots.PostingRecord: (("custodian", "event_time_us"), ("site", "event_time_us")),
    lots.ShipmentRecord: (("invoice",),),
    oversight.AlertRecord: (("code", "entry_index"),),
}
"""Indices for questions that are asked of the tables alone, beside those of the groups."""

DERIVED: Final[Mapping[type[Record], Mapping[str, Callable[[Any], str]]]] = {
    lots.LotRecord: {"told": tell_lot},
}
"""Texts that follow from a record alone and are stored behind its fields, for who reads thousands of them and
nothing else of the record."""

CARRIED: Final[Mapping[tuple[type[Record], tuple[str, ...]], tuple[str, ...]]] = {
    (lots.LotRecord, ("node",)): ("made_of", "told"),
    (lots.EdgeRecord, ("parent",)): ("child", "voided_at"),
}
"""What an index holds beside the columns that it finds by, so that a walk over thousands of lots reads the
index alone: a lot's row is several times as long, for its cells."""

REWRITTEN: Final[Mapping[type[Record], str]] = {lots.LotRecord: "rewritten_at"}
"""The column that says of a row which was replaced how long the log was before the batch that did so last; it
stands behind all others, and no record has it. Whoever keeps a copy of a table beside PostgreSQL reads there
what to copy anew; on SQLite, whose file is at hand, it stays empty."""

ONE_ENGINE: Final = frozenset({"ix_lots_node", "uq_lots_lot"})
"""What only one engine has: SQLite's table of lots is ordered by their numbers itself (revision 0012), for
inner pages of an index would hold its texts as well; so their names are unique beside the key."""

_encode_json = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True
).encode


def _json_object(value: Mapping[str, Any]) -> str:
    return _encode_json(value if type(value) is dict else dict(value)) if value else "{}"


def _json_array(value: Sequence[Any]) -> str:
    return _encode_json(value) if value else "[]"


def _optional(convert: Callable[[Any], Any], value: Any) -> Any:
    return None if value is None else convert(value)


def _tuples(shape: Any) -> Callable[[Any], Any]:
    """What turns parsed JSON into the shape of an annotation: arrays where it says tuple become tuples."""
    origin, arguments = get_origin(shape), get_args(shape)
    if origin is tuple:
        inner = _tuples(arguments[0])
        return tuple if inner is _same else lambda value: tuple(inner(each) for each in value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        inner = _tuples(arguments[1])
        return _same if inner is _same else lambda value: {name: inner(each) for name, each in value.items()}
    return _same


def _same(value: Any) -> Any:
    return value


def _read_json(shape: Callable[[Any], Any], text: str) -> Any:
    return shape(json.loads(text))


@dataclass(frozen=True, slots=True)
class _Storage:
    """How the values of one annotation are stored; None where they are stored as they are."""

    column_type: Any
    encode: Callable[[Any], Any] | None = None
    decode: Callable[[Any], Any] | None = None
    array: str = "text"


def _storage(annotation: Any) -> _Storage:
    if annotation == Cells:
        return _Storage(Text, encode_cells, decode_cells)
    if annotation is bool:
        return _Storage(Boolean, None, bool, "boolean")
    if annotation is int:
        return _Storage(INDEX, None, None, "bigint")
    if annotation is str:
        return _Storage(NAME)
    origin = get_origin(annotation)
    if origin is tuple:
        return _Storage(Text, _json_array, partial(_read_json, _tuples(annotation)))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _Storage(Text, _json_object, partial(_read_json, _tuples(annotation)))
    raise TypeError(f"no column holds {annotation}")


def _without_none(annotation: Any) -> tuple[Any, bool]:
    """The annotation without "or None", and whether it allowed None."""
    if get_origin(annotation) is UnionType:
        left = [each for each in get_args(annotation) if each is not NoneType]
        if len(left) == 1:
            return left[0], True
    return annotation, False


def _indices(kind: type[Record]) -> list[tuple[str, ...]]:
    """The columns of the indices that a kind needs: none that begins another one, or the key."""
    wanted = {*kind.GROUPS.values(), *MORE_INDICES.get(kind, ())} - {()}
    longer = [kind.KEY, *wanted]
    return sorted(
        columns
        for columns in wanted
        if kind.KEY[: len(columns)] != columns
        and not any(other[: len(columns)] == columns for other in longer if other != columns)
    )


def _index(name: str, *columns: str) -> Index:
    made = Index(name, *columns)
    return made.ddl_if(dialect="postgresql") if name in ONE_ENGINE else made


@dataclass(frozen=True, slots=True)
class BooksTable:
    """How records of one kind are stored.

    Attributes:
        kind: The kind.
        table: Where.
        columns: Their names, in the order of the record's fields.
        written: These, and behind them the names of what is derived from the record.
        arrays: PostgreSQL's type of each column that is written.
        changes: Whether a record may be replaced by a newer one of the same key.
        to_columns: Records, of which there is one at least, as the values of each column that is written.
        to_record: A row as a record, whatever is derived behind its fields; what the fold cannot have written
            raises ``LogInconsistent``.
    """

    kind: type[Record]
    table: Table
    columns: tuple[str, ...]
    written: tuple[str, ...]
    arrays: tuple[str, ...]
    changes: bool
    to_columns: Callable[[Sequence[Any]], list[Sequence[Any]]]
    to_record: Callable[[Sequence[Any]], Any]


def _encode_columns(
    get: Callable[[Any], RowOf],
    encoders: Sequence[tuple[int, Callable[[Any], Any]]],
    derive: Sequence[Callable[[Any], str]],
    records: Sequence[Any],
) -> list[Sequence[Any]]:
    columns: list[Sequence[Any]] = list(zip(*map(get, records), strict=True))
    for at, encode in encoders:
        columns[at] = list(map(encode, columns[at]))
    columns.extend(list(map(make, records)) for make in derive)
    return columns


def _plain_record(kind: Callable[..., Any], row: Sequence[Any]) -> Any:
    return kind(*row)


def _decode_row(kind: Callable[..., Any], width: int, decoders: Sequence[Any], row: Sequence[Any]) -> Any:
    values = [*row[:width]]
    try:
        for at, decode in decoders:
            values[at] = decode(values[at])
    except (TypeError, ValueError, AttributeError) as error:
        raise LogInconsistent("a table of the books holds text that no record has") from error
    return kind(*values)


def _make(kind: type[Record], name: str) -> BooksTable:
    columns: list[Column[Any]] = []
    arrays: list[str] = []
    encoders: list[tuple[int, Callable[[Any], Any]]] = []
    decoders: list[tuple[int, Callable[[Any], Any]]] = []
    described: Any = kind
    for at, each in enumerate(fields(described)):
        annotation, optional = _without_none(each.type)
        storage = _storage(annotation)
        columns.append(
            Column(
                each.name,
                storage.column_type,
                primary_key=each.name in kind.KEY,
                autoincrement=False,
                nullable=optional,
            )
        )
        arrays.append(storage.array)
        for convert, into in ((storage.encode, encoders), (storage.decode, decoders)):
            if convert is not None:
                into.append((at, partial(_optional, convert) if optional else convert))
    names = tuple(column.name for column in columns)
    derived = DERIVED.get(kind, {})
    columns += [Column(each, Text, nullable=False) for each in derived]
    arrays += ["text"] * len(derived)
    if kind in REWRITTEN:
        columns.append(Column(REWRITTEN[kind], INDEX, nullable=True))
    table = Table(
        name,
        Base.metadata,
        *columns,
        *(
            _index(f"ix_{name}_{'_'.join(index)}", *index, *CARRIED.get((kind, index), ()))
            for index in _indices(kind)
        ),
        # Where the key is numbers that mostly rise, the table itself is the key's index.
        sqlite_with_rowid=any(each.type is not int for each in fields(described) if each.name in kind.KEY),
    )
    # The fields of a key stand in the record in the key's order, which is the order that rows are merged in.
    assert tuple(column.name for column in table.primary_key) == kind.KEY
    return BooksTable(
        kind=kind,
        table=table,
        columns=names,
        written=(*names, *derived),
        arrays=tuple(arrays),
        changes=kind not in GROWING,
        to_columns=partial(_encode_columns, attrgetter(*names), encoders, list(derived.values())),
        to_record=partial(_decode_row, kind, len(names), decoders)
        if decoders
        else partial(_plain_record, kind),
    )


BOOKS: Final[Mapping[type[Record], BooksTable]] = {
    kind: _make(kind, name) for kind, name in TABLE_NAMES.items()
}
"""Every kind of record with how it is stored."""

BOOKS_TABLES: Final = tuple(TABLE_NAMES.values())

for _kind, _name in REWRITTEN.items():
    _marked = text(f"{_name} IS NOT NULL")
    _column = BOOKS[_kind].table.c[_name]
    Index(f"ix_{TABLE_NAMES[_kind]}_{_name}", _column, sqlite_where=_marked, postgresql_where=_marked)

# People call a lot by the end of its id; only what is computed finds that, on either engine.
Index("ix_lots_tail", text(TAIL_SQL), _table=BOOKS[lots.LotRecord].table)


def columns_of(records: Iterable[Record]) -> Iterator[tuple[type[Record], list[Sequence[Any]]]]:
    """The values of each column of records, kind after kind, each worked out when it is asked for."""
    kinds: dict[type[Record], list[Record]] = {}
    for record in records:
        kinds.setdefault(type(record), []).append(record)
    return ((kind, BOOKS[kind].to_columns(many)) for kind, many in kinds.items())
