"""Of a lot whose row was written again it is known since when, so that a copy of the lots can be kept up.

Revision 0015.

What was written again before this revision has no mark: whoever keeps a copy copies everything anew after an
upgrade.
"""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

COLUMN = sa.Column("rewritten_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
MARKED = sa.text("rewritten_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("lots", COLUMN)
    op.create_index(
        op.f("ix_lots_rewritten_at"),
        "lots",
        ["rewritten_at"],
        sqlite_where=MARKED,
        postgresql_where=MARKED,
    )


def downgrade() -> None:
    raise CommandError("A ledger's tables are never taken back; restore a copy made before the upgrade.")
