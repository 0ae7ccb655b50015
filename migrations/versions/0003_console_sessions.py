"""The console's sessions and the challenges that open them: no part of the log, its registers or the books.

Revision 0003.

Rows come and go: the writer may delete them. They say who is signed in at the moment, and nothing that was
ever recorded depends on them; the reader role has no business with them.
"""

import re

import sqlalchemy as sa
from alembic import context, op
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KID = sa.String(43).with_variant(postgresql.VARCHAR(43, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "challenges",
        sa.Column("challenge", sa.LargeBinary(32), nullable=False),
        sa.Column("expires_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("challenge", name=op.f("pk_challenges")),
        sa.CheckConstraint("length(challenge) = 32", name=op.f("ck_challenges_challenge_length")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "sessions",
        sa.Column("session_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("kid", KID, nullable=False),
        sa.Column("issued_us", sa.BigInteger(), nullable=False),
        sa.Column("seen_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("session_hash", name=op.f("pk_sessions")),
        sa.CheckConstraint("length(session_hash) = 32", name=op.f("ck_sessions_session_hash_length")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_sessions_kid"), "sessions", ["kid"])
    if op.get_bind().dialect.name == "postgresql":
        grant_rights()


def downgrade() -> None:
    raise CommandError("A ledger's tables are never taken back; restore a copy made before the upgrade.")


def grant_rights() -> None:
    prefix = context.config.attributes.get("role_prefix", "reledger")
    if re.fullmatch(r"[a-z_][a-z0-9_]{0,40}", prefix) is None:
        raise CommandError(
            "The role prefix is 1 to 41 characters of a-z, 0-9 and _, not beginning with a digit."
        )
    op.execute(f"GRANT SELECT, INSERT, DELETE ON challenges TO {prefix}_writer")
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON sessions TO {prefix}_writer")
    for table in ("challenges", "sessions"):
        op.execute(f"ALTER TABLE {table} OWNER TO {prefix}_owner")
