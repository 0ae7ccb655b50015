"""An index of the lots by the last part of their ids, by which people call them.

Revision 0004.

Without it a search for ``CARB-S-02`` reads every lot. Both engines know the functions; ``rtrim`` takes from
the right whatever is no point, so what is left away ends with the last one.
"""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_PLAIN = "replace(replace(replace(lot, '/', '.'), ':', '.'), '=', '.')"
TAIL = f"lower(substr({_PLAIN}, length(rtrim({_PLAIN}, replace({_PLAIN}, '.', ''))) + 1))"


def upgrade() -> None:
    op.create_index(op.f("ix_lots_tail"), "lots", [sa.text(TAIL)])


def downgrade() -> None:
    raise CommandError("A ledger's tables are never taken back; restore a copy made before the upgrade.")
