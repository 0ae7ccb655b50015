"""On SQLite the table of lots is ordered by their numbers in the graph, by which a walk looks for thousands.

Revision 0012.

The index by number that revision 0007 made holds the texts in its inner pages as well, so that each lookup
reads twice as many pages as in a table that is keyed by a whole number. What is long comes last in a row: a
walk reads what lies before it. PostgreSQL keeps its index, whose inner pages hold the number alone.
"""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COLUMNS = """
    node:int made_of:text? told:text lot:text entry_index:int position:int producer:text site:text
    event_time_us:int birth:text product:text stage:text mass_mg:int instance:bool pieces:int?
    custody_model:text tainted_by:int? voided_at:int? composition:text cells:text
"""
TYPES = {"int": sa.Integer, "text": sa.Text, "bool": sa.Boolean}
# Parts of an id by its last separator, as revision 0004 has it; SQLite matches an index by its words.
PLAIN = "replace(replace(replace(lot, '/', '.'), ':', '.'), '=', '.')"
TAIL = f"lower(substr({PLAIN}, length(rtrim({PLAIN}, replace({PLAIN}, '.', ''))) + 1))"


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    split = [each.partition(":") for each in COLUMNS.split()]
    names = ", ".join(name for name, _, _ in split)
    op.rename_table("lots", "lots_before")
    op.create_table(
        "lots",
        *(
            sa.Column(name, TYPES[kind.strip("?")](), autoincrement=False, nullable=kind.endswith("?"))
            for name, _, kind in split
        ),
        sa.PrimaryKeyConstraint("node", name=op.f("pk_lots")),
        sa.UniqueConstraint("lot", name=op.f("uq_lots_lot")),
    )
    op.execute(f"INSERT INTO lots ({names}) SELECT {names} FROM lots_before ORDER BY node")
    op.drop_table("lots_before")
    op.create_index(op.f("ix_lots_tail"), "lots", [sa.text(TAIL)])


def downgrade() -> None:
    raise CommandError("A ledger's tables are never taken back; restore a copy made before the upgrade.")
