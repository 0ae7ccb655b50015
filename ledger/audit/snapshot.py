"""What an audit reads first, in one transaction: where the log ends, what lies outside it, keys, registers.

Decides: how many entries and refusals are to be looked at, even where the head row is missing or absurd; and
which rows belong to no place in the log at all. The log may grow while it is audited: what is read here says
up to where it is looked at."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ledger.audit.acts import read_found_act
from ledger.audit.compact import full_tiles
from ledger.audit.entries import is_hash
from ledger.audit.replay import READERS, fold_public
from ledger.audit.report import FaultList
from ledger.log.checkpoint import is_origin
from ledger.log.merkle import EMPTY_ROOT
from ledger.log.note import parse_vkey
from ledger.statements.acts.genesis import Genesis
from ledger.statements.jwk import check_jwk, thumbprint
from ledger.statements.registers import KeyRecord, OriginRecord
from ledger.store.log_store import HeadRow
from ledger.store.models import REGISTER_TABLES, Base
from ledger.store.raw_reads import RawReader

_TABLES = Base.metadata.tables
# A head row may state any number. This many rows beyond those that are there are reported one by one.
_MOST_MISSING = 1_000


@dataclass(slots=True)
class Snapshot:
    """What the first transaction saw.

    Attributes:
        readable: Whether every table and column is there; nothing else is read otherwise.
        stated: Origin and log keys as genesis states them; None where it cannot be read.
        head: The head row, None where it is missing or not one.
        size: How many entries are to be looked at.
        refusal_count: How many refusals are to be looked at.
        keys: Keys by kid, folded from the public acts.
        unproven: Keys as the register has them.
        policies: Indices of the acts that set a policy, rising.
        registers: The rows of every register, as found; of ``readers`` only those beyond the log.
        faults: What is wrong.
    """

    readable: bool = True
    stated: OriginRecord | None = None
    head: HeadRow | None = None
    size: int = 0
    refusal_count: int = 0
    keys: dict[str, KeyRecord] = field(default_factory=dict)
    unproven: dict[str, KeyRecord] = field(default_factory=dict)
    policies: list[int] = field(default_factory=list)
    registers: dict[str, list[Sequence[Any]]] = field(default_factory=dict)
    faults: FaultList = field(default_factory=FaultList)


def take_snapshot(reader: RawReader, origin: str | None) -> Snapshot:
    """Reads it.

    Args:
        reader: Its transaction should see one state throughout.
        origin: The log's origin; None to believe genesis.
    """
    snapshot = Snapshot()
    for table, column in reader.missing_columns():
        snapshot.readable = False
        what = "the table is missing" if column is None else f"the column {column} is missing"
        snapshot.faults.add("store.schema", table, None, what)
    if not snapshot.readable:
        return snapshot
    snapshot.head = _read_head(reader, snapshot.faults)
    head = snapshot.head or HeadRow(0, EMPTY_ROOT, -1, 0, bytes(32))
    known = snapshot.head is not None
    snapshot.size = _bound(reader, "entries", head.tree_size if known else None)
    snapshot.refusal_count = _bound(reader, "refusals", head.refusal_count if known else None)
    _find_strays(reader, snapshot)
    snapshot.registers = {
        name: list(reader.table_rows(_TABLES[name])) for name in REGISTER_TABLES if name != READERS
    }
    snapshot.registers[READERS] = list(reader.rows_outside(_TABLES[READERS], snapshot.size))
    snapshot.stated = _read_genesis(reader) or _read_origin(snapshot.registers["origin"])
    if origin is None:
        origin = "" if snapshot.stated is None else snapshot.stated.origin
    folded = fold_public(reader, origin, snapshot.size)
    snapshot.keys = folded.facts.keys
    snapshot.unproven = usable_keys(snapshot.registers["keys"])
    snapshot.policies = sorted(key[0] for key in folded.rows["policies"])
    return snapshot


def _read_genesis(reader: RawReader) -> OriginRecord | None:
    row = reader.entry(0)
    act = read_found_act(row.jws) if row is not None and type(row.jws) is bytes else None
    return OriginRecord(act.origin, act.log_keys) if isinstance(act, Genesis) else None


def _read_origin(rows: list[Sequence[Any]]) -> OriginRecord | None:
    """What the register says, where genesis itself cannot be read."""
    for _, origin, keys in rows:
        try:
            vkeys = json.loads(keys)
            for vkey in vkeys:
                parse_vkey(vkey)
        except (TypeError, ValueError, AttributeError, RecursionError):
            continue
        if type(origin) is str and is_origin(origin):
            return OriginRecord(origin, tuple(vkeys))
    return None


def _read_head(reader: RawReader, faults: FaultList) -> HeadRow | None:
    """The head row, if exactly one makes sense."""
    found: HeadRow | None = None
    rows = reader.head()
    for key, *values in rows:
        head = HeadRow(*values)
        if type(key) is not int or key != 1:
            faults.add("head.extra", "head", key, "the head is one row, with the key 1")
        elif found is not None:
            faults.add("head.extra", "head", key, "the head stands there twice")
        elif _is_head(head):
            found = head
        else:
            faults.add("head.storage", "head", key, "the head holds values of other kinds than it may")
    if not any(type(row[0]) is int and row[0] == 1 for row in rows):
        faults.add("head.missing", "head", 1, "the head row is missing")
    return found


def _is_head(head: HeadRow) -> bool:
    numbers = (head.tree_size, head.checkpoint_number + 1 if type(head.checkpoint_number) is int else None)
    return (
        all(type(number) is int and number >= 0 for number in (*numbers, head.refusal_count))
        and is_hash(head.root)
        and is_hash(head.refusal_hash)
    )


def _bound(reader: RawReader, name: str, stated: int | None) -> int:
    """How many rows to look at: what the head states, unless that is absurd."""
    count, highest = reader.extent(_TABLES[name])
    most = count + _MOST_MISSING
    if stated is not None and stated <= most:
        return stated
    return min(highest + 1, most) if type(highest) is int and highest >= 0 else 0


def _find_strays(reader: RawReader, snapshot: Snapshot) -> None:
    """Rows that stand beyond the end of the log, or repeat what may stand there once."""
    add, size = snapshot.faults.add, snapshot.size
    for name, code in (
        ("entries", "entry.beyond"),
        ("statements", "statement.beyond"),
        ("statement_bytes", "bytes.beyond"),
    ):
        for (key,) in reader.keys_outside(_TABLES[name], 0, size):
            add(code, name, key, f"the log has {size} entries, and none with this index")
    for (key,) in reader.keys_outside(_TABLES["refusals"], 0, snapshot.refusal_count):
        add("refusal.beyond", "refusals", key, f"the journal has {snapshot.refusal_count} records")
    for level, index in reader.tiles_outside(full_tiles(size)):
        add("tile.beyond", "tiles", f"{level}/{index}", f"a log of {size} entries has no such full tile")
    for number, tree_size in reader.checkpoints_outside(size):
        add("checkpoint.beyond", "checkpoints", number, f"the size {tree_size!r} is not one of 1 to {size}")
    for (key,) in reader.repeated_jtis(size):
        add("statement.repeated", "statements", key, "an earlier statement has the same issuer and jti")
    for (key,) in reader.repeated_refusals(snapshot.refusal_count):
        add("refusal.repeated", "refusals", key, "an earlier record is for the same statement and findings")


def usable_keys(rows: Iterable[Sequence[Any]]) -> dict[str, KeyRecord]:
    """Keys in the register, as far as their rows make sense: a key must have its own hash as kid."""
    found: dict[str, KeyRecord] = {}
    for kid, party, jwk_text, not_before_us, not_after_us, enrolled_at, revoked_at, suspect_from in rows:
        times = (not_before_us, enrolled_at)
        options = (not_after_us, revoked_at, suspect_from)
        if (
            type(kid) is not str
            or type(party) is not str
            or type(jwk_text) is not str
            or not all(type(time) is int for time in times)
            or not all(option is None or type(option) is int for option in options)
        ):
            continue
        try:
            jwk = json.loads(jwk_text)
        except (ValueError, RecursionError):
            continue
        if not check_jwk(jwk) and thumbprint(jwk) == kid:
            found[kid] = KeyRecord(
                kid, party, jwk, not_before_us, not_after_us, enrolled_at, revoked_at, suspect_from
            )
    return found
