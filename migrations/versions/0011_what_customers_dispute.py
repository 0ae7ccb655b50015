"""What customers dispute of their evaluations.

Revision 0011.
"""

import re

import sqlalchemy as sa
from alembic import context, op
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "disputes",
        sa.Column("seller", NAME, nullable=False),
        sa.Column("customer", NAME, nullable=False),
        sa.Column("sentence", NAME, nullable=False),
        sa.Column("ground", NAME, nullable=False),
        sa.Column("entry_index", INT, nullable=False),
        sa.Column("disputed_us", INT, nullable=False),
        sa.PrimaryKeyConstraint("seller", "customer", "sentence", name=op.f("pk_disputes")),
    )
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
    op.execute(f"GRANT SELECT ON disputes TO {prefix}_writer, {prefix}_reader")
    op.execute(f"GRANT INSERT, UPDATE ON disputes TO {prefix}_writer")
    op.execute(f"ALTER TABLE disputes OWNER TO {prefix}_owner")
