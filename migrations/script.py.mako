"""${message}.

Revision ${up_revision}, after ${down_revision | comma,n}.

Name every constraint. On PostgreSQL give each new table to the owner role and grant it to writer and reader, as
0001 does; give each new log table its triggers. Never import project code.
"""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "raise NotImplementedError"}


def downgrade() -> None:
    raise CommandError("A ledger's tables are never taken back; restore a copy made before the upgrade.")
