"""Which payments on invoices were taken back, by which entry and when.

Revision 0009.
"""

import re

import sqlalchemy as sa
from alembic import context, op
from alembic.util import CommandError

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("settlements", sa.Column("cancelled_at", INT, nullable=True))
    op.add_column("settlements", sa.Column("cancelled_us", INT, nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"GRANT UPDATE ON settlements TO {prefix()}_writer")


def prefix() -> str:
    chosen: str = context.config.attributes.get("role_prefix", "reledger")
    if re.fullmatch(r"[a-z_][a-z0-9_]{0,40}", chosen) is None:
        raise CommandError(
            "The role prefix is 1 to 41 characters of a-z, 0-9 and _, not beginning with a digit."
        )
    return chosen


def downgrade() -> None:
    raise CommandError("A ledger's tables are never taken back; restore a copy made before the upgrade.")
