"""What was paid of invoices, payment by payment, and which of them were cancelled.

Revision 0006.

``invoices`` held the sum alone. The payments that the log has so far are read out of their acts once more, so
that the books say what the log gives. An act of that time says no day: its entry's time stands for it.
"""

import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from alembic import context, op
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
START = datetime(1970, 1, 1, tzinfo=UTC)
PAGE = 1_000


def upgrade() -> None:
    op.add_column("invoices", sa.Column("cancelled_at", INT, nullable=True))
    op.add_column("invoices", sa.Column("cancelled_us", INT, nullable=True))
    op.add_column("invoices", sa.Column("cancel_reason", NAME, nullable=True))
    settlements = op.create_table(
        "settlements",
        sa.Column("invoice", NAME, nullable=False),
        sa.Column("entry_index", INT, autoincrement=False, nullable=False),
        sa.Column("amount", NAME, nullable=False),
        sa.Column("paid_us", INT, nullable=False),
        sa.Column("signer", NAME, nullable=False),
        sa.PrimaryKeyConstraint("invoice", "entry_index", name=op.f("pk_settlements")),
    )
    connection = op.get_bind()
    paid = connection.execute(sa.text("SELECT 1 FROM invoices WHERE settled <> '0' LIMIT 1")).first()
    for rows in payments(connection) if paid else ():
        op.bulk_insert(settlements, rows)
    if connection.dialect.name == "postgresql":
        grant_rights()


def downgrade() -> None:
    raise CommandError("A ledger's tables are never taken back; restore a copy made before the upgrade.")


def payments(connection: sa.Connection) -> Iterator[list[dict[str, object]]]:
    """The payments that settle-invoice acts in the log state, some at a time."""
    query = sa.text(
        "SELECT b.entry_index, b.jws, s.issuer, e.entry FROM statement_bytes b "
        "JOIN statements s ON s.entry_index = b.entry_index JOIN entries e ON e.entry_index = b.entry_index "
        "WHERE b.entry_index > :last ORDER BY b.entry_index LIMIT :most"
    )
    last = -1
    while page := connection.execute(query, {"last": last, "most": PAGE}).all():
        last = page[-1][0]
        rows = [row for each in page if (row := payment(*each)) is not None]
        if rows:
            yield rows


def payment(index: int, jws: bytes, issuer: str, entry: bytes) -> dict[str, object] | None:
    payload = bytes(jws).split(b".")[1]
    text = base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4))
    if b"settle-invoice" not in text:
        return None
    act = json.loads(text)
    if act.get("act") != "settle-invoice":
        return None
    recorded = datetime.fromisoformat(json.loads(bytes(entry))["recorded_at"].replace("Z", "+00:00"))
    return {
        "invoice": act["invoice"],
        "entry_index": index,
        "amount": act["amount"],
        "paid_us": (recorded - START) // timedelta(microseconds=1),
        "signer": issuer,
    }


def grant_rights() -> None:
    prefix = context.config.attributes.get("role_prefix", "reledger")
    if re.fullmatch(r"[a-z_][a-z0-9_]{0,40}", prefix) is None:
        raise CommandError(
            "The role prefix is 1 to 41 characters of a-z, 0-9 and _, not beginning with a digit."
        )
    op.execute(f"GRANT SELECT ON settlements TO {prefix}_writer, {prefix}_reader")
    op.execute(f"GRANT INSERT ON settlements TO {prefix}_writer")
    op.execute(f"ALTER TABLE settlements OWNER TO {prefix}_owner")
