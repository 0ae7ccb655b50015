"""Technology that is handed over, and licences for so many of each of its forms.

Revision 0010.

Licences of before are for goods: they name no form.
"""

import re

import sqlalchemy as sa
from alembic import context, op
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Ordered by bytes on either engine, whatever the operating system's collation becomes.
NAME = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "technology_transfers",
        sa.Column("entry_index", INT, autoincrement=False, nullable=False),
        sa.Column("position", INT, autoincrement=False, nullable=False),
        *(
            sa.Column(name, NAME, nullable=False)
            for name in ("issuer", "event_id", "provider", "technology", "manner")
        ),
        sa.Column("scope", sa.Text(), nullable=False),
        *(
            sa.Column(name, NAME, nullable=False)
            for name in ("consignee", "end_user", "end_use", "destination", "licence", "document_sha256")
        ),
        sa.Column("event_time_us", INT, nullable=False),
        sa.Column("disclosed", sa.Boolean(), nullable=False),
        sa.Column("reason", NAME, nullable=False),
        sa.Column("voided_at", INT),
        sa.PrimaryKeyConstraint("entry_index", "position", name=op.f("pk_technology_transfers")),
    )
    for column in ("consignee", "end_user", "licence", "provider"):
        op.create_index(op.f(f"ix_technology_transfers_{column}"), "technology_transfers", [column])
    op.add_column("licences", sa.Column("scope", sa.Text(), nullable=False, server_default="{}"))
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("licences", "scope", server_default=None)
        grant_rights()


def downgrade() -> None:
    raise CommandError("A ledger's tables are never taken back; restore a copy made before the upgrade.")


def grant_rights() -> None:
    prefix = context.config.attributes.get("role_prefix", "reledger")
    if re.fullmatch(r"[a-z_][a-z0-9_]{0,40}", prefix) is None:
        raise CommandError(
            "The role prefix is 1 to 41 characters of a-z, 0-9 and _, not beginning with a digit."
        )
    owner, writer, reader = (f"{prefix}_{role}" for role in ("owner", "writer", "reader"))
    op.execute(f"GRANT SELECT ON technology_transfers TO {writer}, {reader}")
    op.execute(f"GRANT INSERT, UPDATE ON technology_transfers TO {writer}")
    op.execute(f"ALTER TABLE technology_transfers OWNER TO {owner}")
