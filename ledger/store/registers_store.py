"""The registers' tables: reading the facts that a batch names, and writing the records that it changed.

Decides: which queries a batch costs. Holds no rule. Every function works in the caller's transaction.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from ledger.encoding import b64url_decode
from ledger.errors import EvidenceError, JsonMalformed, LogInconsistent, MalformedError
from ledger.log.entry import parse_entry
from ledger.statements.registers import (
    ErasureRecord,
    Facts,
    GrantRecord,
    KeyRecord,
    LoggedStatement,
    Names,
    OriginRecord,
    PartyRecord,
    PendingRecord,
    PolicyRecord,
    PrefixRecord,
    ReaderRecord,
    RefusalPublicationRecord,
    SiteRecord,
)
from ledger.store.asking import Answer, Asking, Question, Rows, ask
from ledger.store.engine import BINARY, is_sqlite
from ledger.store.models import Base
from ledger.store.packed import pack
from ledger.store.register_rows import REGISTERS
from ledger.strict_json import parse_json

_IN_CHUNK = 500


RECORD_TYPES = tuple(REGISTERS)

_PARTIES, _KEYS, _PREFIXES = (REGISTERS[kind].table for kind in (PartyRecord, KeyRecord, PrefixRecord))
_POLICIES, _READERS, _GRANTS, _ERASURES, _ORIGIN, _SITES, _PENDING = (
    REGISTERS[kind].table
    for kind in (
        PolicyRecord,
        ReaderRecord,
        GrantRecord,
        ErasureRecord,
        OriginRecord,
        SiteRecord,
        PendingRecord,
    )
)


def write_changes(connection: Connection, changes: Iterable[Any]) -> None:
    """Writes changed records; one that stands already is replaced where its register allows changes.

    Args:
        connection: A transaction that holds the log lock.
        changes: Records of ``ledger.statements.registers``, at most one of each name.

    Raises:
        sqlalchemy.exc.IntegrityError: A record that never changes stands there already.
    """
    rows: dict[type, list[dict[str, Any]]] = defaultdict(list)
    for record in changes:
        rows[type(record)].append(REGISTERS[type(record)].to_row(record))
    dialect = sqlite if is_sqlite(connection) else postgresql
    for kind, values in rows.items():
        if kind is ReaderRecord and dialect is postgresql:
            _write_readers(connection, values)
            continue
        register = REGISTERS[kind]
        statement = dialect.insert(register.table)
        if register.changes:
            key = [column.name for column in register.table.primary_key]
            statement = statement.on_conflict_do_update(
                index_elements=key,
                set_={
                    c.name: statement.excluded[c.name] for c in register.table.columns if c.name not in key
                },
            )
        connection.execute(statement, values)


def _write_readers(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """The one register that grows with nearly every entry: by column, as the log's own tables."""
    connection.exec_driver_sql(
        "INSERT INTO readers (entry_index, party) SELECT * FROM unnest(%b::bigint[], %b::text[])",
        (pack("bigint", [row["entry_index"] for row in rows]), pack("text", [row["party"] for row in rows])),
    )


def _records(connection: Connection, kind: type, query: Any, parameters: Any = None) -> Iterator[Any]:
    to_record = REGISTERS[kind].to_record
    for row in connection.execute(query, parameters or {}, execution_options=BINARY):
        yield to_record(*row)


@cache
def _select_named(kind: type, column: str, dialect: str) -> str:
    """Selects the records whose column is among the names in one parameter, however many they are."""
    table = REGISTERS[kind].table
    among = "IN (SELECT value FROM json_each(:names))" if dialect == "sqlite" else "= ANY(:names::text[])"
    columns = ", ".join(each.name for each in table.columns)
    return f"SELECT {columns} FROM {table.name} WHERE {column} {among}"  # noqa: S608


def _named(kind: type, column: str, names: Iterable[str], dialect: str) -> Question[list[Any]]:
    """The records of a register that have one of these names in a column; absent ones are left out."""
    ordered = sorted(names)
    parameter = json.dumps(ordered) if dialect == "sqlite" else pack("text", ordered)
    return Question(_select_named(kind, column, dialect), {"names": parameter}, partial(_to_records, kind))


def _to_records(kind: type, rows: Rows) -> list[Any]:
    to_record = REGISTERS[kind].to_record
    return [to_record(*row) for row in rows]


def read_named(connection: Connection, kind: type, column: str, names: Iterable[str]) -> list[Any]:
    """The records of a register that have one of these names in a column; absent ones are left out."""
    return ask(connection, _named(kind, column, names, connection.dialect.name))


# What every batch needs, in one query: the journal's head, and the newest of each register that only grows.
_ALWAYS = (
    "SELECT h.refusal_count, h.refusal_hash, o.origin_key, o.origin, o.log_keys, p.entry_index, p.policy, "
    "r.entry_index, r.refusal_count, r.refusal_hash FROM head h LEFT JOIN origin o ON o.origin_key = 1 "
    "LEFT JOIN policies p ON p.entry_index = (SELECT max(entry_index) FROM policies) "
    "LEFT JOIN refusal_publications r "
    "ON r.entry_index = (SELECT max(entry_index) FROM refusal_publications)"
)


def read_facts(connection: Connection, names: Names) -> Facts:
    """``ask_facts``, asked alone."""
    return ask_facts(Asking(connection), names)()


def ask_facts(asking: Asking, names: Names) -> Callable[[], Facts]:
    """The facts that are named, with origin, policy in force, last publication and the journal's head.

    Args:
        asking: Over any transaction; the committer's holds the log lock.
        names: What is asked for; a name without a record is simply absent from the facts.

    Returns:
        Gives them; what only acts need is asked then.

    Raises:
        LogInconsistent: (When they are given.) The head row is missing, or a register holds what no fold
            could have put there.
    """
    dialect = asking.connection.dialect.name
    by_name: tuple[tuple[type, str, set[str]], ...] = (
        (PartyRecord, "party", names.parties),
        (KeyRecord, "kid", names.kids),
        (SiteRecord, "site", names.sites),
        (PrefixRecord, "prefix", names.prefixes),
    )
    always = asking.put(Question(_ALWAYS, {}, list))
    named = [asking.put(_named(kind, column, wanted, dialect)) for kind, column, wanted in by_name if wanted]
    return partial(_facts, asking.connection, names, always, named)


def _facts(
    connection: Connection, names: Names, always: Answer[list[Any]], named: Sequence[Answer[list[Any]]]
) -> Facts:
    facts = Facts()
    if not always.value:
        raise LogInconsistent("the head row is missing")
    if len(always.value) > 1:
        raise LogInconsistent("the head or the log's identity has several rows")
    (row,) = always.value
    facts.refusal_count, facts.refusal_hash = row[0], row[1]
    newest: tuple[tuple[type, Sequence[Any]], ...] = (
        (OriginRecord, row[2:5]),
        (PolicyRecord, row[5:7]),
        (RefusalPublicationRecord, row[7:10]),
    )
    for kind, part in newest:
        if part[0] is not None:
            facts.put(REGISTERS[kind].to_record(*part))
    for answer in named:
        for record in answer.value:
            facts.put(record)
    if names.all_prefixes:
        for record in _records(connection, PrefixRecord, select(_PREFIXES)):
            facts.put(record)
    if names.authority_keys:
        _read_authorities(connection, facts)
    if names.statements:
        _read_statements(connection, names.statements, facts)
    facts.take_changes()
    return facts


def _read_authorities(connection: Connection, facts: Facts) -> None:
    """Every party that is an authority, with all its keys, and all keys of the parties in ``facts``."""
    query = select(_PARTIES).where(_PARTIES.c.roles.contains('"authority"', autoescape=True))
    parties = [p for p in _records(connection, PartyRecord, query) if "authority" in p.roles]
    for party in parties:
        facts.put(party)
    for key in read_named(connection, KeyRecord, "party", facts.parties):
        facts.put(key)


def _read_statements(connection: Connection, statement_hashes: Iterable[bytes], facts: Facts) -> None:
    """What the log holds of statements, with their grants, erasures and pending records."""
    facts.statements = read_logged(connection, statement_hashes)
    indices = [logged.entry_index for logged in facts.statements.values()]
    hashes = list(facts.statements)
    for kind, column, keys in (
        (GrantRecord, _GRANTS.c.entry_index, indices),
        (ErasureRecord, _ERASURES.c.entry_index, indices),
        (PendingRecord, _PENDING.c.statement_hash, hashes),
    ):
        for start in range(0, len(keys), _IN_CHUNK):
            query = select(column.table).where(column.in_(keys[start : start + _IN_CHUNK]))
            for record in _records(connection, kind, query):
                facts.put(record)


def read_logged(connection: Connection, statement_hashes: Iterable[bytes]) -> dict[bytes, LoggedStatement]:
    """What the log holds of statements, by their hashes; hashes that are not logged are absent.

    Raises:
        LogInconsistent: A stored entry is not one.
    """
    entries, statements, stored, erasures = (
        Base.metadata.tables[name] for name in ("entries", "statements", "statement_bytes", "erasures")
    )
    ordered = sorted(statement_hashes)
    found: dict[bytes, LoggedStatement] = {}
    for start in range(0, len(ordered), _IN_CHUNK):
        rows = connection.execute(
            select(statements, entries.c.entry, stored.c.jws, erasures.c.act_index)
            .join_from(statements, entries, entries.c.entry_index == statements.c.entry_index)
            .outerjoin(stored, stored.c.entry_index == statements.c.entry_index)
            .outerjoin(erasures, erasures.c.entry_index == statements.c.entry_index)
            .where(statements.c.statement_hash.in_(ordered[start : start + _IN_CHUNK]))
        )
        for row in rows:
            logged = _logged(row)
            found[logged.statement_hash] = logged
    return found


def _logged(row: Sequence[Any]) -> LoggedStatement:
    index, statement_hash, issuer, jti, kid, signing_input_hash, entry_bytes, jws, act_index = row
    try:
        entry = parse_entry(entry_bytes)
        act = None if jws is None else _act_name(jws)
    except (EvidenceError, MalformedError, TypeError, ValueError) as error:
        raise LogInconsistent(f"entry {index} cannot be read as it is stored") from error
    return LoggedStatement(
        entry_index=index,
        statement_hash=statement_hash,
        issuer=issuer,
        jti=jti,
        kid=kid,
        signing_input_hash=signing_input_hash,
        recorded_at_us=entry.recorded_at_us,
        public=entry.public,
        act=act,
        erased=act_index is not None,
    )


def _act_name(jws: bytes) -> str | None:
    """The act that a stored statement is, None if it is an EPCIS document."""
    header_part, payload_part, _ = jws.split(b".")
    header = parse_json(b64url_decode(header_part))
    if not isinstance(header, dict) or header.get("cty") != "act+json":
        return None
    payload = parse_json(b64url_decode(payload_part))
    name = payload.get("act") if isinstance(payload, dict) else None
    if not isinstance(name, str):
        raise JsonMalformed("a stored act does not say which act it is")
    return name


# --- for the interfaces and the verifier ---

# Asked for by every request of somebody who is known, and so put together once.
_KEY = select(_KEYS).where(_KEYS.c.kid == bindparam("kid"))
_PARTY = select(_PARTIES).where(_PARTIES.c.party == bindparam("party"))


def read_key(connection: Connection, kid: str) -> KeyRecord | None:
    """The enrolled key with this thumbprint."""
    for record in _records(connection, KeyRecord, _KEY, {"kid": kid}):
        assert isinstance(record, KeyRecord)
        return record
    return None


def read_party(connection: Connection, party: str) -> PartyRecord | None:
    """The party with this id."""
    for record in _records(connection, PartyRecord, _PARTY, {"party": party}):
        assert isinstance(record, PartyRecord)
        return record
    return None


def list_parties(connection: Connection, *, after: str = "", limit: int = 100) -> list[PartyRecord]:
    """Parties in order of their ids, from the first one above ``after``."""
    query = select(_PARTIES).where(_PARTIES.c.party > after).order_by(_PARTIES.c.party).limit(limit)
    return list(_records(connection, PartyRecord, query))


def list_keys(
    connection: Connection, *, party: str | None = None, after: str = "", limit: int = 100
) -> list[KeyRecord]:
    """Keys in order of their thumbprints, from the first one above ``after``; all or one party's."""
    query = select(_KEYS).where(_KEYS.c.kid > after).order_by(_KEYS.c.kid).limit(limit)
    if party is not None:
        query = query.where(_KEYS.c.party == party)
    return list(_records(connection, KeyRecord, query))


def list_sites(
    connection: Connection, *, party: str | None = None, after: str = "", limit: int = 100
) -> list[SiteRecord]:
    """Sites in order of their ids, from the first one above ``after``; all or one party's."""
    query = select(_SITES).where(_SITES.c.site > after).order_by(_SITES.c.site).limit(limit)
    if party is not None:
        query = query.where(_SITES.c.party == party)
    return list(_records(connection, SiteRecord, query))


def read_policy(connection: Connection) -> PolicyRecord | None:
    """The policy in force, None before genesis."""
    query = select(_POLICIES).order_by(_POLICIES.c.entry_index.desc()).limit(1)
    return next(_records(connection, PolicyRecord, query), None)


def read_origin(connection: Connection) -> OriginRecord | None:
    """The log's identity as genesis states it, None before genesis."""
    return next(_records(connection, OriginRecord, select(_ORIGIN)), None)


def read_readers(connection: Connection, index: int) -> set[str]:
    """The parties that the private statement at ``index`` names as counterparties."""
    return set(connection.scalars(select(_READERS.c.party).where(_READERS.c.entry_index == index)))


def read_grants(connection: Connection, grantee: str) -> list[GrantRecord]:
    """Every grant-read to this party, oldest first."""
    query = select(_GRANTS).where(_GRANTS.c.grantee == grantee).order_by(_GRANTS.c.entry_index)
    return list(_records(connection, GrantRecord, query))


def read_register(connection: Connection, kind: type) -> Iterator[Any]:
    """Every record of one type, in order of its key, one at a time.

    Args:
        connection: Any transaction, which must last as long as the reading.
        kind: One of ``RECORD_TYPES``.
    """
    table = REGISTERS[kind].table
    query = select(table).order_by(*table.primary_key).execution_options(yield_per=1_000)
    return _records(connection, kind, query)
