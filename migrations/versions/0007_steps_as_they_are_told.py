"""What a walk tells of a lot, as one text beside its record, and the index by number with that text alone.

Revision 0007.

Answers tell thousands of lots; made anew for each, that text took most of their time. The lots that are there
get theirs from their rows.
"""

import json
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

START = datetime(1970, 1, 1, tzinfo=UTC)
PAGE = 1_000
INDEX = "ix_lots_node"


def upgrade() -> None:
    op.add_column("lots", sa.Column("told", sa.Text(), nullable=False, server_default=""))
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        op.alter_column("lots", "told", server_default=None)
    fill(connection)
    op.drop_index(op.f(INDEX), "lots")
    op.create_index(op.f(INDEX), "lots", ["node", "made_of", "told"])


def downgrade() -> None:
    raise CommandError("A ledger's tables are never taken back; restore a copy made before the upgrade.")


def fill(connection: sa.Connection) -> None:
    """Gives every lot its text, some at a time."""
    query = sa.text(
        "SELECT lot, node, birth, entry_index, position, event_time_us, product, stage, producer, site, "
        "mass_mg, tainted_by FROM lots WHERE lot > :last ORDER BY lot LIMIT :most"
    )
    put = sa.text("UPDATE lots SET told = :told WHERE lot = :lot")
    last = ""
    while page := connection.execute(query, {"last": last, "most": PAGE}).all():
        last = page[-1][0]
        connection.execute(put, [{"lot": row[0], "told": tell(*row)} for row in page])


def tell(
    lot: str,
    node: int,
    birth: str,
    entry_index: int,
    position: int,
    event_time_us: int,
    product: str,
    stage: str,
    producer: str,
    site: str,
    mass_mg: int,
    tainted_by: int | None,
) -> str:
    moment = START + timedelta(microseconds=event_time_us)
    members = {
        "name": lot,
        "kind": "lot",
        "node": node,
        "version": 0,
        "change": birth,
        "index": entry_index,
        "position": position,
        "event_time": f"{moment.isoformat(timespec='microseconds').removesuffix('+00:00')}Z",
        "product": product,
        "stage": stage,
        "party": producer,
        "site": site,
        "mass_mg": mass_mg,
        "tainted_by": tainted_by,
    }
    return json.dumps(members, ensure_ascii=False, separators=(",", ":"))[1:-1]
