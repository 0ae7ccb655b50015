"""The log and its registers: tables, append-only triggers, and on PostgreSQL the three roles with their
grants.

Revision 0001, the first.

The log tables refuse UPDATE and DELETE, on PostgreSQL also TRUNCATE, on SQLite also INSERT OR REPLACE,
whoever asks. The one exception is statement_bytes, where a row may be deleted once ``erasures`` names it.
"""

import re

import sqlalchemy as sa
from alembic import context, op
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INDEX = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Ordered by bytes on either engine, whatever the operating system's collation becomes.
NAME = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
JTI = sa.String(36).with_variant(postgresql.VARCHAR(36, collation="C"), "postgresql")
KID = sa.String(43).with_variant(postgresql.VARCHAR(43, collation="C"), "postgresql")
PUBLIC_HEX = b'"public":true'.hex()

# Every log table with the keys that no second row may take.
LOG_KEYS = {
    "entries": [("entry_index",)],
    "statements": [("entry_index",), ("statement_hash",), ("issuer", "jti")],
    "statement_bytes": [("entry_index",)],
    "tiles": [("level", "tile_index")],
    "checkpoints": [("checkpoint_number",), ("tree_size",)],
    "refusals": [("refusal_number",), ("statement_hash", "findings_hash")],
}
# Registers whose rows change, and registers that only grow.
CHANGING = ("parties", "prefixes", "keys", "sites", "pending_acts")
GROWING = ("policies", "readers", "grants", "erasures", "origin", "refusal_publications")


def upgrade() -> None:
    create_log_tables()
    create_head()
    create_registers()
    if op.get_bind().dialect.name == "sqlite":
        guard_sqlite()
    else:
        store_uncompressed()
        guard_postgresql()
        create_roles()


def downgrade() -> None:
    raise CommandError("A ledger's tables are never taken back; restore a copy made before the upgrade.")


def hash_column(name: str) -> sa.Column:
    return sa.Column(name, sa.LargeBinary(32), nullable=False)


def hash_check(table: str, column: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"length({column}) = 32", name=op.f(f"ck_{table}_{column}_length"))


def primary_key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def create_log_tables() -> None:
    op.create_table(
        "entries",
        sa.Column("entry_index", INDEX, autoincrement=False, nullable=False),
        sa.Column("entry", sa.LargeBinary(), nullable=False),
        hash_column("leaf_hash"),
        primary_key("entries", "entry_index"),
        sa.CheckConstraint("entry_index >= 0", name=op.f("ck_entries_index_not_negative")),
        hash_check("entries", "leaf_hash"),
    )
    op.create_index(
        "ix_entries_public",
        "entries",
        ["entry_index"],
        sqlite_where=sa.text(f"instr(entry, x'{PUBLIC_HEX}') > 0"),
        postgresql_where=sa.text(f"position('\\x{PUBLIC_HEX}'::bytea IN entry) > 0"),
    )
    op.create_table(
        "statements",
        sa.Column("entry_index", INDEX, autoincrement=False, nullable=False),
        hash_column("statement_hash"),
        sa.Column("issuer", NAME, nullable=False),
        sa.Column("jti", JTI, nullable=False),
        sa.Column("kid", KID, nullable=False),
        hash_column("signing_input_hash"),
        primary_key("statements", "entry_index"),
        sa.ForeignKeyConstraint(
            ["entry_index"], ["entries.entry_index"], name=op.f("fk_statements_entry_index_entries")
        ),
        sa.UniqueConstraint("statement_hash", name=op.f("uq_statements_statement_hash")),
        sa.UniqueConstraint("issuer", "jti", name=op.f("uq_statements_issuer_jti")),
        hash_check("statements", "statement_hash"),
        hash_check("statements", "signing_input_hash"),
    )
    op.create_table(
        "statement_bytes",
        sa.Column("entry_index", INDEX, autoincrement=False, nullable=False),
        sa.Column("jws", sa.LargeBinary(), nullable=False),
        primary_key("statement_bytes", "entry_index"),
        sa.ForeignKeyConstraint(
            ["entry_index"],
            ["statements.entry_index"],
            name=op.f("fk_statement_bytes_entry_index_statements"),
        ),
    )
    op.create_table(
        "tiles",
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("tile_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hashes", sa.LargeBinary(8192), nullable=False),
        hash_column("root"),
        primary_key("tiles", "level", "tile_index"),
        sa.CheckConstraint("length(hashes) = 8192", name=op.f("ck_tiles_hashes_length")),
        hash_check("tiles", "root"),
        # A hidden row id would be a second key, by which INSERT OR REPLACE could take a row away.
        sqlite_with_rowid=False,
    )
    op.create_table(
        "checkpoints",
        sa.Column("checkpoint_number", INDEX, autoincrement=False, nullable=False),
        sa.Column("tree_size", sa.BigInteger(), nullable=False),
        hash_column("root"),
        sa.Column("note", sa.LargeBinary(), nullable=False),
        primary_key("checkpoints", "checkpoint_number"),
        sa.UniqueConstraint("tree_size", name=op.f("uq_checkpoints_tree_size")),
        hash_check("checkpoints", "root"),
        sa.CheckConstraint("checkpoint_number >= 0", name=op.f("ck_checkpoints_number_not_negative")),
    )
    op.create_table(
        "refusals",
        sa.Column("refusal_number", INDEX, autoincrement=False, nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        hash_column("record_hash"),
        hash_column("statement_hash"),
        hash_column("findings_hash"),
        sa.Column("jws", sa.LargeBinary(), nullable=False),
        primary_key("refusals", "refusal_number"),
        sa.UniqueConstraint(
            "statement_hash", "findings_hash", name=op.f("uq_refusals_statement_hash_findings_hash")
        ),
        hash_check("refusals", "record_hash"),
        hash_check("refusals", "statement_hash"),
        hash_check("refusals", "findings_hash"),
    )


def create_head() -> None:
    op.create_table(
        "head",
        sa.Column("head_key", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("tree_size", sa.BigInteger(), nullable=False),
        hash_column("root"),
        sa.Column("checkpoint_number", sa.BigInteger(), nullable=False),
        sa.Column("refusal_count", sa.BigInteger(), nullable=False),
        hash_column("refusal_hash"),
        primary_key("head", "head_key"),
        sa.CheckConstraint("head_key = 1", name=op.f("ck_head_one_row")),
        hash_check("head", "root"),
        hash_check("head", "refusal_hash"),
    )
    # The empty tree's root is SHA-256 of nothing (RFC 6962 section 2.1).
    empty_root = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    op.get_bind().execute(
        sa.text("INSERT INTO head VALUES (1, 0, :root, -1, 0, :zeros)"),
        {"root": bytes.fromhex(empty_root), "zeros": bytes(32)},
    )


def create_registers() -> None:
    op.create_table(
        "parties",
        sa.Column("party", NAME, nullable=False),
        sa.Column("organisation", sa.Text(), nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("listings", sa.Text(), nullable=False),
        sa.Column("admitted_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        primary_key("parties", "party"),
    )
    op.create_table(
        "prefixes",
        sa.Column("prefix", NAME, nullable=False),
        sa.Column("party", NAME, nullable=False),
        sa.Column("bound_at", sa.BigInteger(), nullable=False),
        primary_key("prefixes", "prefix"),
    )
    op.create_index(op.f("ix_prefixes_party"), "prefixes", ["party"])
    op.create_table(
        "keys",
        sa.Column("kid", KID, nullable=False),
        sa.Column("party", NAME, nullable=False),
        sa.Column("jwk", sa.Text(), nullable=False),
        sa.Column("not_before_us", sa.BigInteger(), nullable=False),
        sa.Column("not_after_us", sa.BigInteger(), nullable=True),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("suspect_from", sa.BigInteger(), nullable=True),
        primary_key("keys", "kid"),
    )
    op.create_index(op.f("ix_keys_party"), "keys", ["party"])
    op.create_table(
        "sites",
        sa.Column("site", NAME, nullable=False),
        sa.Column("party", NAME, nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("listings", sa.Text(), nullable=False),
        sa.Column("listed_at", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        primary_key("sites", "site"),
    )
    op.create_index(op.f("ix_sites_party"), "sites", ["party"])
    op.create_table(
        "policies",
        sa.Column("entry_index", INDEX, autoincrement=False, nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        primary_key("policies", "entry_index"),
    )
    op.create_table(
        "readers",
        sa.Column("entry_index", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("party", NAME, nullable=False),
        primary_key("readers", "entry_index", "party"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_readers_party", "readers", ["party", "entry_index"])
    op.create_table(
        "grants",
        sa.Column("entry_index", INDEX, autoincrement=False, nullable=False),
        sa.Column("grantee", NAME, nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        primary_key("grants", "entry_index"),
    )
    op.create_index(op.f("ix_grants_grantee"), "grants", ["grantee"])
    op.create_table(
        "erasures",
        sa.Column("entry_index", INDEX, autoincrement=False, nullable=False),
        sa.Column("act_index", sa.BigInteger(), nullable=False),
        primary_key("erasures", "entry_index"),
    )
    op.create_table(
        "origin",
        sa.Column("origin_key", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("log_keys", sa.Text(), nullable=False),
        primary_key("origin", "origin_key"),
        sa.CheckConstraint("origin_key = 1", name=op.f("ck_origin_one_row")),
    )
    op.create_table(
        "refusal_publications",
        sa.Column("entry_index", INDEX, autoincrement=False, nullable=False),
        sa.Column("refusal_count", sa.BigInteger(), nullable=False),
        hash_column("refusal_hash"),
        primary_key("refusal_publications", "entry_index"),
        hash_check("refusal_publications", "refusal_hash"),
    )
    op.create_table(
        "pending_acts",
        hash_column("statement_hash"),
        sa.Column("entry_index", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at_us", sa.BigInteger(), nullable=False),
        sa.Column("issuer", NAME, nullable=False),
        sa.Column("kid", KID, nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        hash_column("act_hash"),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        primary_key("pending_acts", "statement_hash"),
        sa.UniqueConstraint("entry_index", name=op.f("uq_pending_acts_entry_index")),
        hash_check("pending_acts", "statement_hash"),
        hash_check("pending_acts", "act_hash"),
    )


def guard_sqlite() -> None:
    """Triggers that hold for every connection, also one that forgot recursive_triggers."""
    for table, keys in LOG_KEYS.items():
        refusal = f"BEGIN SELECT RAISE(ABORT, 'reledger: {table} is append-only'); END"
        only_unless_erased = (
            "WHEN NOT EXISTS (SELECT 1 FROM erasures WHERE entry_index = OLD.entry_index) "
            if table == "statement_bytes"
            else ""
        )
        taken = " OR ".join(
            f"EXISTS (SELECT 1 FROM {table} WHERE " + " AND ".join(f"{c} = NEW.{c}" for c in key) + ")"
            for key in keys
        )
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refusal}")
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {only_unless_erased}{refusal}")
        op.execute(f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {taken} {refusal}")
    refusal = "BEGIN SELECT RAISE(ABORT, 'reledger: head is one row'); END"
    op.execute(f"CREATE TRIGGER head_no_insert BEFORE INSERT ON head {refusal}")
    op.execute(f"CREATE TRIGGER head_no_delete BEFORE DELETE ON head {refusal}")


def store_uncompressed() -> None:
    """Hashes and base64 do not get smaller; trying costs time at every insert."""
    op.execute("ALTER TABLE statement_bytes ALTER COLUMN jws SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE refusals ALTER COLUMN jws SET STORAGE EXTERNAL")
    op.execute("ALTER TABLE tiles ALTER COLUMN hashes SET STORAGE EXTERNAL")


def guard_postgresql() -> None:
    """Triggers that fire for every role and, being ALWAYS, under every session_replication_role."""
    # A fixed search path: a temporary table named "erasures" must not be taken for the real one.
    schema = quoted(op.get_bind().execute(sa.text("SELECT current_schema()")).scalar_one())
    op.execute(
        f"""
        CREATE FUNCTION reledger_append_only() RETURNS trigger LANGUAGE plpgsql
        SET search_path = {schema}, pg_temp AS $$
        BEGIN
            RAISE EXCEPTION 'reledger: % is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
        END $$
        """
    )
    op.execute(
        f"""
        CREATE FUNCTION reledger_only_erased() RETURNS trigger LANGUAGE plpgsql
        SET search_path = {schema}, pg_temp AS $$
        BEGIN
            IF NOT EXISTS (SELECT 1 FROM erasures WHERE entry_index = OLD.entry_index) THEN
                RAISE EXCEPTION 'reledger: % is append-only', TG_TABLE_NAME
                    USING ERRCODE = 'restrict_violation';
            END IF;
            RETURN OLD;
        END $$
        """
    )
    for table in (*LOG_KEYS, "head"):
        events = ["DELETE", "TRUNCATE", "INSERT" if table == "head" else "UPDATE"]
        for event in events:
            by_row = table == "statement_bytes" and event == "DELETE"
            create_postgresql_trigger(
                table, event, "ROW" if by_row else "STATEMENT", "only_erased" if by_row else "append_only"
            )


def create_postgresql_trigger(table: str, event: str, level: str, function: str) -> None:
    name = f"{table}_no_{event.lower()}"
    op.execute(
        f"CREATE TRIGGER {name} BEFORE {event} ON {table} "
        f"FOR EACH {level} EXECUTE FUNCTION reledger_{function}()"
    )
    op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {name}")


def quoted(identifier: str) -> str:
    return '"' + identifier.replace('"', '""') + '"'


def create_roles() -> None:
    """Three roles without login: owner (migrates), writer (the server), reader (auditors and replicas)."""
    prefix = context.config.attributes.get("role_prefix", "reledger")
    if re.fullmatch(r"[a-z_][a-z0-9_]{0,40}", prefix) is None:
        raise CommandError(
            "The role prefix is 1 to 41 characters of a-z, 0-9 and _, not beginning with a digit."
        )
    owner, writer, reader = (f"{prefix}_{role}" for role in ("owner", "writer", "reader"))
    connection = op.get_bind()
    schema, database, user = connection.execute(
        sa.text("SELECT current_schema(), current_database(), current_user")
    ).one()
    remedy = [f"CREATE ROLE {role} NOLOGIN;" for role in (owner, writer, reader)]
    remedy += [
        f"GRANT {owner} TO {quoted(user)};",
        f"GRANT USAGE, CREATE ON SCHEMA {quoted(schema)} TO {owner};",
        f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {writer}, {reader};",
    ]
    existing = set(
        connection.scalars(
            sa.text("SELECT rolname FROM pg_roles WHERE rolname = ANY(:names)"),
            {"names": [owner, writer, reader]},
        )
    )
    try:
        with connection.begin_nested():
            for role in (owner, writer, reader):
                if role not in existing:
                    op.execute(f"CREATE ROLE {role} NOLOGIN")
            # From 16 on who creates a role is its member, and yet may not act as it.
            acts_as = "SET" if connection.dialect.server_version_info >= (16,) else "MEMBER"
            if not holds(connection, f"pg_has_role(current_user, :role, '{acts_as}')", owner):
                op.execute(f"GRANT {owner} TO CURRENT_USER")
            if not holds(connection, "has_schema_privilege(:role, current_schema(), 'CREATE')", owner):
                op.execute(f"GRANT USAGE, CREATE ON SCHEMA {quoted(schema)} TO {owner}")
            for role in (writer, reader):
                if not holds(connection, "has_schema_privilege(:role, current_schema(), 'USAGE')", role):
                    op.execute(f"GRANT USAGE ON SCHEMA {quoted(schema)} TO {role}")
            grant_rights(owner, writer, reader)
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) != "42501":
            raise
        lines = "\n  ".join(remedy)
        raise CommandError(
            f"The user {user} may not set up the roles. Have a superuser run this in the database "
            f"{database}, leaving out roles that exist, and migrate again:\n  {lines}"
        ) from error


def holds(connection: sa.Connection, condition: str, role: str) -> bool:
    return bool(connection.execute(sa.text(f"SELECT {condition}"), {"role": role}).scalar_one())


def grant_rights(owner: str, writer: str, reader: str) -> None:
    tables = [*LOG_KEYS, "head", *CHANGING, *GROWING]
    listed = ", ".join(tables)
    op.execute(f"GRANT SELECT ON {listed}, alembic_version TO {writer}, {reader}")
    op.execute(f"GRANT INSERT ON {', '.join([*LOG_KEYS, *CHANGING, *GROWING])} TO {writer}")
    op.execute(f"GRANT UPDATE ON {', '.join(['head', *CHANGING])} TO {writer}")
    op.execute(f"GRANT DELETE ON statement_bytes TO {writer}")
    for function in ("reledger_append_only()", "reledger_only_erased()"):
        op.execute(f"ALTER FUNCTION {function} OWNER TO {owner}")
    for table in (*tables, "alembic_version"):
        op.execute(f"ALTER TABLE {table} OWNER TO {owner}")
