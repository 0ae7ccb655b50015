"""The registers: plain records folded from the public acts (and from grants and erasures).

Decides: which facts exist and what they are called. Holds no rule and does no I/O. The same records serve
the committer (which reads only the facts that a batch names) and a verifier (which folds all of them).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.records.books import Books
from ledger.records.quick import quick


@dataclass(frozen=True, slots=True)
class Listing:
    """A span of time in which a party or a site is published: [start_us, end_us), end_us None = open."""

    start_us: int
    end_us: int | None


@dataclass(frozen=True, slots=True)
class PartyRecord:
    party: str
    organisation: Mapping[str, Any]
    roles: tuple[str, ...]
    listings: tuple[Listing, ...]
    admitted_at: int
    changed_at: int


@dataclass(frozen=True, slots=True)
class PrefixRecord:
    prefix: str
    party: str
    bound_at: int


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key's window is [not_before_us, not_after_us).

    ``revoked_at`` is the index of the revoking entry: the key is good for entries before it. ``suspect_from``
    (an index) marks entries to be looked at; they stay valid.
    """

    kid: str
    party: str
    jwk: Mapping[str, str]
    not_before_us: int
    not_after_us: int | None
    enrolled_at: int
    revoked_at: int | None = None
    suspect_from: int | None = None


@dataclass(frozen=True, slots=True)
class SiteRecord:
    site: str
    party: str
    description: Mapping[str, Any]
    listings: tuple[Listing, ...]
    listed_at: int
    changed_at: int


@dataclass(frozen=True, slots=True)
class PolicyRecord:
    entry_index: int
    policy: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GrantRecord:
    """What a regulator's grant-read opens to ``grantee``.

    ``scope`` has one or more of ``statements`` (b64url statement hashes), ``issuers`` (party ids) and
    ``start``/``end`` (entry indices, half open); all that are given must hold.
    """

    entry_index: int
    grantee: str
    scope: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ErasureRecord:
    entry_index: int
    act_index: int


@dataclass(frozen=True, slots=True)
class ReaderRecord:
    """A party that a private statement names, and that may therefore read it."""

    entry_index: int
    party: str


@dataclass(frozen=True, slots=True)
class RefusalPublicationRecord:
    entry_index: int
    refusal_count: int
    refusal_hash: bytes


@dataclass(frozen=True, slots=True)
class OriginRecord:
    origin: str
    log_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PendingRecord:
    """An act that takes effect only once a second authority confirms it.

    ``act_hash`` is SHA-256 of the act's payload in RFC 8785 form: the confirming act repeats the payload, and
    has to repeat exactly this one. ``confirmed_at`` is the index of the confirming entry, None until then.
    """

    statement_hash: bytes
    entry_index: int
    recorded_at_us: int
    issuer: str
    kid: str
    act: str
    act_hash: bytes
    confirmed_at: int | None = None


@quick
@dataclass(frozen=True, slots=True)
class LoggedStatement:
    """What the log holds of one earlier statement: for acts that name it (erase, grant-read)."""

    entry_index: int
    statement_hash: bytes
    issuer: str
    jti: str
    kid: str
    signing_input_hash: bytes
    recorded_at_us: int
    public: bool
    act: str | None
    erased: bool


@dataclass(slots=True)
class Names:
    """Which facts a statement needs to be judged. Sets are unioned over a batch and read in bulk.

    Attributes:
        parties: Parties by id.
        kids: Keys by kid.
        sites: Sites by id.
        statements: Statement hashes: what the log holds of each, with its grant (if it is a grant-read), its
            erasure and its pending record.
        prefixes: Prefixes by their text.
        all_prefixes: Every prefix record.
        authority_keys: Every party that has the role ``authority``, with all its keys; and all keys of every
            party in ``parties``, for such a party may become one within the batch.
    """

    parties: set[str] = field(default_factory=set)
    kids: set[str] = field(default_factory=set)
    sites: set[str] = field(default_factory=set)
    statements: set[bytes] = field(default_factory=set)
    prefixes: set[str] = field(default_factory=set)
    all_prefixes: bool = False
    authority_keys: bool = False

    def update(self, other: "Names") -> None:
        self.parties |= other.parties
        self.kids |= other.kids
        self.sites |= other.sites
        self.statements |= other.statements
        self.prefixes |= other.prefixes
        self.all_prefixes |= other.all_prefixes
        self.authority_keys |= other.authority_keys


@dataclass(slots=True)
class Facts:
    """The facts that judging needs, changed in memory as statements of a batch are applied.

    A name that was asked for and is absent does not exist. ``policy`` is the one in force, None before
    genesis.
    ``refusal_count``/``refusal_hash`` are the journal's head as of the start of the batch; ``publications``
    holds at least the newest refusal publication.
    ``books`` are the records of goods and of oversight, read as they are asked for.
    ``changed`` collects every record put since ``take_changes``; the store writes these.
    """

    origin: OriginRecord | None = None
    policy: PolicyRecord | None = None
    parties: dict[str, PartyRecord] = field(default_factory=dict)
    prefixes: dict[str, PrefixRecord] = field(default_factory=dict)
    keys: dict[str, KeyRecord] = field(default_factory=dict)
    sites: dict[str, SiteRecord] = field(default_factory=dict)
    statements: dict[bytes, LoggedStatement] = field(default_factory=dict)
    grants: dict[int, GrantRecord] = field(default_factory=dict)
    erasures: dict[int, ErasureRecord] = field(default_factory=dict)
    readers: set[ReaderRecord] = field(default_factory=set)
    publications: dict[int, RefusalPublicationRecord] = field(default_factory=dict)
    pending: dict[bytes, PendingRecord] = field(default_factory=dict)
    refusal_count: int = 0
    refusal_hash: bytes = bytes(32)
    books: Books = field(default_factory=Books)
    changed: dict[tuple[str, Any], Any] = field(default_factory=dict)

    def put(self, record: Any) -> None:
        """Puts a record in its register, over an older one of the same name."""
        match record:
            case OriginRecord():
                self.origin = record
                key: Any = 1
            case PolicyRecord():
                self.policy = record
                key = record.entry_index
            case PartyRecord():
                self.parties[record.party] = record
                key = record.party
            case PrefixRecord():
                self.prefixes[record.prefix] = record
                key = record.prefix
            case KeyRecord():
                self.keys[record.kid] = record
                key = record.kid
            case SiteRecord():
                self.sites[record.site] = record
                key = record.site
            case ReaderRecord():
                self.readers.add(record)
                key = (record.entry_index, record.party)
            case GrantRecord():
                self.grants[record.entry_index] = record
                key = record.entry_index
            case ErasureRecord():
                self.erasures[record.entry_index] = record
                key = record.entry_index
            case RefusalPublicationRecord():
                self.publications[record.entry_index] = record
                key = record.entry_index
            case PendingRecord():
                self.pending[record.statement_hash] = record
                key = record.statement_hash
            case _:
                raise TypeError(f"no register holds a {type(record).__name__}")
        self.changed[type(record).__name__, key] = record

    def take_changes(self) -> list[Any]:
        """Every record put since the last call, in order of first change."""
        changes = list(self.changed.values())
        self.changed.clear()
        return changes
