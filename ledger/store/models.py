"""The tables.

Log tables (append-only, by trigger and grant): ``entries``, ``statements``, ``statement_bytes`` (DELETE only
after an erase act), ``tiles``, ``checkpoints``, ``refusals``. They hold no column that ``verify`` cannot
recompute or cross-check. ``head`` is one row, changed by compare-and-swap. The others are registers: folds
over the log, kept for speed, rebuildable at any time. ``challenges`` and ``sessions`` say who is signed in to
the console at the moment; nothing that is recorded depends on them. ``stored_attachments`` and
``attachment_pieces`` are the private store of the files that movements name by their SHA-256.

Hashes are raw 32 bytes; times are integer microseconds since 1970 UTC; JSON is RFC 8785 text.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


# Only the exact type INTEGER makes a SQLite primary key the row id: half the pages, and only integers fit in.
INDEX = BigInteger().with_variant(Integer(), "sqlite")

# Names are ordered by their bytes on either engine: a collation of the operating system's may change with its
# next version, and the indices would then be wrong.
NAME = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
JTI = String(36).with_variant(postgresql.VARCHAR(36, collation="C"), "postgresql")
KID = String(43).with_variant(postgresql.VARCHAR(43, collation="C"), "postgresql")

# '"public":true' as bytes. An entry holds no text that a party chose, so it occurs nowhere else in one.
_PUBLIC_HEX = b'"public":true'.hex()
PUBLIC_ENTRY_SQLITE = f"instr(entry, x'{_PUBLIC_HEX}') > 0"
PUBLIC_ENTRY_POSTGRESQL = f"position('\\x{_PUBLIC_HEX}'::bytea IN entry) > 0"


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)


class Entry(Base):
    """One entry of the log: its exact bytes and their leaf hash."""

    __tablename__ = "entries"
    __table_args__ = (
        CheckConstraint("entry_index >= 0", name="index_not_negative"),
        CheckConstraint("length(leaf_hash) = 32", name="leaf_hash_length"),
        # Finds the public acts without a column of its own, which verify would have to check.
        Index(
            "ix_entries_public",
            "entry_index",
            sqlite_where=text(PUBLIC_ENTRY_SQLITE),
            postgresql_where=text(PUBLIC_ENTRY_POSTGRESQL),
        ),
    )
    entry_index: Mapped[int] = mapped_column(INDEX, primary_key=True, autoincrement=False)
    entry: Mapped[bytes] = mapped_column(LargeBinary)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class Statement(Base):
    """What stays of a statement for ever: its hashes and who signed it. Never changes."""

    __tablename__ = "statements"
    __table_args__ = (
        UniqueConstraint("statement_hash"),
        UniqueConstraint("issuer", "jti"),
        CheckConstraint("length(statement_hash) = 32", name="statement_hash_length"),
        CheckConstraint("length(signing_input_hash) = 32", name="signing_input_hash_length"),
    )
    entry_index: Mapped[int] = mapped_column(
        INDEX, ForeignKey("entries.entry_index"), primary_key=True, autoincrement=False
    )
    statement_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    issuer: Mapped[str] = mapped_column(NAME)
    jti: Mapped[str] = mapped_column(JTI)
    kid: Mapped[str] = mapped_column(KID)
    signing_input_hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class StatementBytes(Base):
    """The compact JWS as received. The one thing that an erase act removes."""

    __tablename__ = "statement_bytes"
    entry_index: Mapped[int] = mapped_column(
        INDEX, ForeignKey("statements.entry_index"), primary_key=True, autoincrement=False
    )
    jws: Mapped[bytes] = mapped_column(LargeBinary)


class Tile(Base):
    """One full tile: 256 hashes of one level, and the root over them. Partial tiles are cut on request."""

    __tablename__ = "tiles"
    __table_args__ = (
        CheckConstraint("length(hashes) = 8192", name="hashes_length"),
        CheckConstraint("length(root) = 32", name="root_length"),
        {"sqlite_with_rowid": False},
    )
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    tile_index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hashes: Mapped[bytes] = mapped_column(LargeBinary(8192))
    root: Mapped[bytes] = mapped_column(LargeBinary(32))


class Checkpoint(Base):
    """One signed tree head, one for each batch that appended; numbered densely from 0."""

    __tablename__ = "checkpoints"
    __table_args__ = (
        UniqueConstraint("tree_size"),
        CheckConstraint("length(root) = 32", name="root_length"),
        CheckConstraint("checkpoint_number >= 0", name="number_not_negative"),
    )
    checkpoint_number: Mapped[int] = mapped_column(INDEX, primary_key=True, autoincrement=False)
    tree_size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    note: Mapped[bytes] = mapped_column(LargeBinary)


class Refusal(Base):
    """One refused statement whose signature verified, chained to the refusal before it.

    ``record`` is canonical JSON with exactly ``findings``, ``judged_at``, ``number``, ``policy``,
    ``previous``, ``statement``; ``record_hash`` is SHA-256(record) and the next record's ``previous``.
    """

    __tablename__ = "refusals"
    __table_args__ = (
        UniqueConstraint("statement_hash", "findings_hash"),
        CheckConstraint("length(record_hash) = 32", name="record_hash_length"),
        CheckConstraint("length(statement_hash) = 32", name="statement_hash_length"),
        CheckConstraint("length(findings_hash) = 32", name="findings_hash_length"),
    )
    refusal_number: Mapped[int] = mapped_column(INDEX, primary_key=True, autoincrement=False)
    record: Mapped[bytes] = mapped_column(LargeBinary)
    record_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    statement_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    findings_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    jws: Mapped[bytes] = mapped_column(LargeBinary)


class Head(Base):
    """The one row that says where the log ends; written only by compare-and-swap.

    Before genesis: tree_size 0, root SHA-256(""), checkpoint_number -1, refusal_count 0, refusal_hash zeros.
    """

    __tablename__ = "head"
    __table_args__ = (
        CheckConstraint("head_key = 1", name="one_row"),
        CheckConstraint("length(root) = 32", name="root_length"),
        CheckConstraint("length(refusal_hash) = 32", name="refusal_hash_length"),
    )
    head_key: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    tree_size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    checkpoint_number: Mapped[int] = mapped_column(BigInteger)
    refusal_count: Mapped[int] = mapped_column(BigInteger)
    refusal_hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class Party(Base):
    """Register of parties; see ledger.statements.registers.PartyRecord."""

    __tablename__ = "parties"
    party: Mapped[str] = mapped_column(NAME, primary_key=True)
    organisation: Mapped[str] = mapped_column(Text)
    roles: Mapped[str] = mapped_column(Text)
    listings: Mapped[str] = mapped_column(Text)
    admitted_at: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[int] = mapped_column(BigInteger)


class Prefix(Base):
    """Register of identifier prefixes, each bound to one party for ever."""

    __tablename__ = "prefixes"
    prefix: Mapped[str] = mapped_column(NAME, primary_key=True)
    party: Mapped[str] = mapped_column(NAME, index=True)
    bound_at: Mapped[int] = mapped_column(BigInteger)


class Key(Base):
    """Register of parties' keys; see ledger.statements.registers.KeyRecord."""

    __tablename__ = "keys"
    kid: Mapped[str] = mapped_column(KID, primary_key=True)
    party: Mapped[str] = mapped_column(NAME, index=True)
    jwk: Mapped[str] = mapped_column(Text)
    not_before_us: Mapped[int] = mapped_column(BigInteger)
    not_after_us: Mapped[int | None] = mapped_column(BigInteger)
    enrolled_at: Mapped[int] = mapped_column(BigInteger)
    revoked_at: Mapped[int | None] = mapped_column(BigInteger)
    suspect_from: Mapped[int | None] = mapped_column(BigInteger)


class Site(Base):
    """Register of sites; see ledger.statements.registers.SiteRecord."""

    __tablename__ = "sites"
    site: Mapped[str] = mapped_column(NAME, primary_key=True)
    party: Mapped[str] = mapped_column(NAME, index=True)
    description: Mapped[str] = mapped_column(Text)
    listings: Mapped[str] = mapped_column(Text)
    listed_at: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[int] = mapped_column(BigInteger)


class Policy(Base):
    """Every policy that was ever in force, by the index of the act that set it."""

    __tablename__ = "policies"
    entry_index: Mapped[int] = mapped_column(INDEX, primary_key=True, autoincrement=False)
    policy: Mapped[str] = mapped_column(Text)


class Reader(Base):
    """Who may read a private statement beside its issuer: the parties it names as counterparties."""

    __tablename__ = "readers"
    __table_args__ = (Index("ix_readers_party", "party", "entry_index"), {"sqlite_with_rowid": False})
    entry_index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    party: Mapped[str] = mapped_column(NAME, primary_key=True)


class Grant(Base):
    """Every grant-read act; scope is JSON as in ledger.statements.registers.GrantRecord."""

    __tablename__ = "grants"
    entry_index: Mapped[int] = mapped_column(INDEX, primary_key=True, autoincrement=False)
    grantee: Mapped[str] = mapped_column(NAME, index=True)
    scope: Mapped[str] = mapped_column(Text)


class Erasure(Base):
    """Which entry's statement was erased, and by which act."""

    __tablename__ = "erasures"
    entry_index: Mapped[int] = mapped_column(INDEX, primary_key=True, autoincrement=False)
    act_index: Mapped[int] = mapped_column(BigInteger)


class OriginRow(Base):
    """The log's identity as genesis states it: one row."""

    __tablename__ = "origin"
    __table_args__ = (CheckConstraint("origin_key = 1", name="one_row"),)
    origin_key: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    origin: Mapped[str] = mapped_column(Text)
    log_keys: Mapped[str] = mapped_column(Text)


class RefusalPublication(Base):
    """Every publish-refusals act: how many refusals it stands for, and the hash of the last."""

    __tablename__ = "refusal_publications"
    __table_args__ = (CheckConstraint("length(refusal_hash) = 32", name="refusal_hash_length"),)
    entry_index: Mapped[int] = mapped_column(INDEX, primary_key=True, autoincrement=False)
    refusal_count: Mapped[int] = mapped_column(BigInteger)
    refusal_hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class PendingAct(Base):
    """Acts that wait, or waited, for a second authority; see ledger.statements.registers.PendingRecord."""

    __tablename__ = "pending_acts"
    __table_args__ = (
        CheckConstraint("length(statement_hash) = 32", name="statement_hash_length"),
        CheckConstraint("length(act_hash) = 32", name="act_hash_length"),
    )
    statement_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    entry_index: Mapped[int] = mapped_column(BigInteger, unique=True)
    recorded_at_us: Mapped[int] = mapped_column(BigInteger)
    issuer: Mapped[str] = mapped_column(NAME)
    kid: Mapped[str] = mapped_column(KID)
    act: Mapped[str] = mapped_column(Text)
    act_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    confirmed_at: Mapped[int | None] = mapped_column(BigInteger)


class Challenge(Base):
    """A challenge that was answered: remembered until ``expires_us``, so that it is good once."""

    __tablename__ = "challenges"
    __table_args__ = (
        CheckConstraint("length(challenge) = 32", name="challenge_length"),
        {"sqlite_with_rowid": False},
    )
    challenge: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    expires_us: Mapped[int] = mapped_column(BigInteger)


class Session(Base):
    """A console's session, by the SHA-256 of its cookie; ``seen_us`` is a little behind its last use."""

    __tablename__ = "sessions"
    __table_args__ = (
        CheckConstraint("length(session_hash) = 32", name="session_hash_length"),
        {"sqlite_with_rowid": False},
    )
    session_hash: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    kid: Mapped[str] = mapped_column(KID, index=True)
    issued_us: Mapped[int] = mapped_column(BigInteger)
    seen_us: Mapped[int] = mapped_column(BigInteger)


class StoredAttachment(Base):
    """An attachment that who names it has uploaded; see ``ledger.store.attachments_store``."""

    __tablename__ = "stored_attachments"
    __table_args__ = (
        CheckConstraint("length(sha256_hex) = 64", name="sha256_length"),
        CheckConstraint("size_bytes >= 0", name="size_not_negative"),
    )
    sha256_hex: Mapped[str] = mapped_column(NAME, primary_key=True)
    stored_by: Mapped[str] = mapped_column(NAME, primary_key=True, index=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    stored_at_us: Mapped[int] = mapped_column(BigInteger)


class AttachmentPiece(Base):
    """A piece of one, from 0 on: a long one is read and written without being in memory whole."""

    __tablename__ = "attachment_pieces"
    __table_args__ = (
        ForeignKeyConstraint(
            ["sha256_hex", "stored_by"], ["stored_attachments.sha256_hex", "stored_attachments.stored_by"]
        ),
    )
    sha256_hex: Mapped[str] = mapped_column(NAME, primary_key=True)
    stored_by: Mapped[str] = mapped_column(NAME, primary_key=True)
    piece: Mapped[int] = mapped_column(INDEX, primary_key=True, autoincrement=False)
    octets: Mapped[bytes] = mapped_column(LargeBinary)


LOG_TABLES = ("entries", "statements", "statement_bytes", "tiles", "checkpoints", "refusals")
REGISTER_TABLES = (
    "parties",
    "prefixes",
    "keys",
    "sites",
    "policies",
    "readers",
    "grants",
    "erasures",
    "origin",
    "refusal_publications",
    "pending_acts",
)
SESSION_TABLES = ("challenges", "sessions")
ATTACHMENT_TABLES = ("stored_attachments", "attachment_pieces")
