"""The attachments that movements name may be kept beside the log, in pieces, for who names and sends them.

Revision 0016.

They are private and no part of the log: the writer may delete one, which it does when the last statement is
erased in which that party names it. What the log holds of them, their digests, stays.
"""

import re

import sqlalchemy as sa
from alembic import context, op
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
ATTACHMENTS = "stored_attachments"
PIECES = "attachment_pieces"


def upgrade() -> None:
    op.create_table(
        ATTACHMENTS,
        sa.Column("sha256_hex", NAME, nullable=False),
        sa.Column("stored_by", NAME, nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("stored_at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("sha256_hex", "stored_by", name=op.f(f"pk_{ATTACHMENTS}")),
        sa.CheckConstraint("length(sha256_hex) = 64", name=op.f(f"ck_{ATTACHMENTS}_sha256_length")),
        sa.CheckConstraint("size_bytes >= 0", name=op.f(f"ck_{ATTACHMENTS}_size_not_negative")),
    )
    op.create_index(op.f(f"ix_{ATTACHMENTS}_stored_by"), ATTACHMENTS, ["stored_by"])
    op.create_table(
        PIECES,
        sa.Column("sha256_hex", NAME, nullable=False),
        sa.Column("stored_by", NAME, nullable=False),
        sa.Column("piece", INT, autoincrement=False, nullable=False),
        sa.Column("octets", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256_hex", "stored_by", "piece", name=op.f(f"pk_{PIECES}")),
        sa.ForeignKeyConstraint(
            ["sha256_hex", "stored_by"],
            [f"{ATTACHMENTS}.sha256_hex", f"{ATTACHMENTS}.stored_by"],
            name=op.f(f"fk_{PIECES}_sha256_hex_{ATTACHMENTS}"),
        ),
    )
    if op.get_bind().dialect.name == "postgresql":
        # Most of what is kept here is compressed already.
        op.execute(f"ALTER TABLE {PIECES} ALTER COLUMN octets SET STORAGE EXTERNAL")
        grant_rights()


def downgrade() -> None:
    raise CommandError("A ledger's tables are never taken back; restore a copy made before the upgrade.")


def grant_rights() -> None:
    prefix = context.config.attributes.get("role_prefix", "reledger")
    if re.fullmatch(r"[a-z_][a-z0-9_]{0,40}", prefix) is None:
        raise CommandError(
            "The role prefix is 1 to 41 characters of a-z, 0-9 and _, not beginning with a digit."
        )
    for table in (ATTACHMENTS, PIECES):
        op.execute(f"GRANT SELECT, INSERT, DELETE ON {table} TO {prefix}_writer")
        op.execute(f"GRANT SELECT ON {table} TO {prefix}_reader")
        op.execute(f"ALTER TABLE {table} OWNER TO {prefix}_owner")
