"""How the records of the registers are stored as rows, and read back.

Decides: one table and one mapping for each type of record. Holds no rule and does no I/O.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table

from ledger.errors import JsonNumberRange, LogInconsistent
from ledger.log.canonical import canonical_json
from ledger.statements.registers import (
    ErasureRecord,
    GrantRecord,
    KeyRecord,
    Listing,
    OriginRecord,
    PartyRecord,
    PendingRecord,
    PolicyRecord,
    PrefixRecord,
    ReaderRecord,
    RefusalPublicationRecord,
    SiteRecord,
)
from ledger.store import models


def _text(value: Any) -> str:
    return canonical_json(value).decode("utf-8")


def _json(column: str) -> Any:
    try:
        return json.loads(column)
    except (TypeError, ValueError) as error:
        raise LogInconsistent("a register holds text that is not JSON") from error


def _text_with_times(value: Any) -> str:
    """As ``_text``; but times after 2255 are integers that RFC 8785 does not allow."""
    try:
        return _text(value)
    except JsonNumberRange:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _listings(listings: Sequence[Listing]) -> str:
    return _text_with_times([[listing.start_us, listing.end_us] for listing in listings])


def _read_listings(column: str) -> tuple[Listing, ...]:
    try:
        return tuple(Listing(start_us, end_us) for start_us, end_us in _json(column))
    except (TypeError, ValueError) as error:
        raise LogInconsistent("a register holds listings that are not pairs of times") from error


@dataclass(frozen=True, slots=True)
class Register:
    """How records of one type are stored.

    Attributes:
        table: Where.
        to_row: A record as a row's values.
        to_record: The columns, in the table's order, as a record.
        changes: Whether a record may be replaced by a newer one of the same key.
    """

    table: Table
    to_row: Callable[[Any], dict[str, Any]]
    to_record: Callable[..., Any]
    changes: bool = False


def _table(name: str) -> Table:
    return models.Base.metadata.tables[name]


REGISTERS: Mapping[type, Register] = {
    PartyRecord: Register(
        _table("parties"),
        lambda r: {
            "party": r.party,
            "organisation": _text(dict(r.organisation)),
            "roles": _text(list(r.roles)),
            "listings": _listings(r.listings),
            "admitted_at": r.admitted_at,
            "changed_at": r.changed_at,
        },
        lambda party, organisation, roles, listings, admitted_at, changed_at: PartyRecord(
            party,
            _json(organisation),
            tuple(_json(roles)),
            _read_listings(listings),
            admitted_at,
            changed_at,
        ),
        changes=True,
    ),
    PrefixRecord: Register(
        _table("prefixes"),
        lambda r: {"prefix": r.prefix, "party": r.party, "bound_at": r.bound_at},
        PrefixRecord,
        changes=True,
    ),
    KeyRecord: Register(
        _table("keys"),
        lambda r: {
            "kid": r.kid,
            "party": r.party,
            "jwk": _text(dict(r.jwk)),
            "not_before_us": r.not_before_us,
            "not_after_us": r.not_after_us,
            "enrolled_at": r.enrolled_at,
            "revoked_at": r.revoked_at,
            "suspect_from": r.suspect_from,
        },
        lambda kid, party, jwk, *rest: KeyRecord(kid, party, _json(jwk), *rest),
        changes=True,
    ),
    SiteRecord: Register(
        _table("sites"),
        lambda r: {
            "site": r.site,
            "party": r.party,
            "description": _text(dict(r.description)),
            "listings": _listings(r.listings),
            "listed_at": r.listed_at,
            "changed_at": r.changed_at,
        },
        lambda site, party, description, listings, listed_at, changed_at: SiteRecord(
            site, party, _json(description), _read_listings(listings), listed_at, changed_at
        ),
        changes=True,
    ),
    PolicyRecord: Register(
        _table("policies"),
        lambda r: {"entry_index": r.entry_index, "policy": _text_with_times(dict(r.policy))},
        lambda entry_index, policy: PolicyRecord(entry_index, _json(policy)),
    ),
    ReaderRecord: Register(
        _table("readers"),
        lambda r: {"entry_index": r.entry_index, "party": r.party},
        ReaderRecord,
    ),
    GrantRecord: Register(
        _table("grants"),
        lambda r: {"entry_index": r.entry_index, "grantee": r.grantee, "scope": _text(dict(r.scope))},
        lambda entry_index, grantee, scope: GrantRecord(entry_index, grantee, _json(scope)),
    ),
    ErasureRecord: Register(
        _table("erasures"),
        lambda r: {"entry_index": r.entry_index, "act_index": r.act_index},
        ErasureRecord,
    ),
    OriginRecord: Register(
        _table("origin"),
        lambda r: {"origin_key": 1, "origin": r.origin, "log_keys": _text(list(r.log_keys))},
        lambda _key, origin, log_keys: OriginRecord(origin, tuple(_json(log_keys))),
    ),
    RefusalPublicationRecord: Register(
        _table("refusal_publications"),
        lambda r: {
            "entry_index": r.entry_index,
            "refusal_count": r.refusal_count,
            "refusal_hash": r.refusal_hash,
        },
        RefusalPublicationRecord,
    ),
    PendingRecord: Register(
        _table("pending_acts"),
        lambda r: {
            "statement_hash": r.statement_hash,
            "entry_index": r.entry_index,
            "recorded_at_us": r.recorded_at_us,
            "issuer": r.issuer,
            "kid": r.kid,
            "act": r.act,
            "act_hash": r.act_hash,
            "confirmed_at": r.confirmed_at,
        },
        PendingRecord,
        changes=True,
    ),
}
