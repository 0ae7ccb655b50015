"""Each listing of a restricted party is a row of its own: by organisation, list and entry.

Revision 0013.

Before, an organisation had one row, and what was stated of it later took the place of what was stated before,
also under another list. What was replaced is not put back here: the log tells it.
"""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
TABLE = "restricted_parties"
KEY = ("name", "control_list", "entry_index")
COLUMNS = (
    "name, party, control_list, starts_us, ends_us, affiliates, entry_index, aliases, military, reference"
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f(f"pk_{TABLE}"), TABLE, type_="primary")
        op.create_primary_key(op.f(f"pk_{TABLE}"), TABLE, list(KEY))
        return
    op.drop_index(op.f(f"ix_{TABLE}_party"), TABLE)
    op.rename_table(TABLE, f"{TABLE}_before")
    op.create_table(
        TABLE,
        sa.Column("name", NAME, nullable=False),
        sa.Column("party", NAME, nullable=False),
        sa.Column("control_list", NAME, nullable=False),
        sa.Column("starts_us", INT, nullable=False),
        sa.Column("ends_us", INT),
        sa.Column("affiliates", sa.Text(), nullable=False),
        sa.Column("entry_index", INT, autoincrement=False, nullable=False),
        sa.Column("aliases", sa.Text(), nullable=False),
        sa.Column("military", sa.Boolean(), nullable=False),
        sa.Column("reference", NAME, nullable=False),
        sa.PrimaryKeyConstraint(*KEY, name=op.f(f"pk_{TABLE}")),
    )
    op.execute(f"INSERT INTO {TABLE} ({COLUMNS}) SELECT {COLUMNS} FROM {TABLE}_before")
    op.drop_table(f"{TABLE}_before")
    op.create_index(op.f(f"ix_{TABLE}_party"), TABLE, ["party"])


def downgrade() -> None:
    raise CommandError("A ledger's tables are never taken back; restore a copy made before the upgrade.")
