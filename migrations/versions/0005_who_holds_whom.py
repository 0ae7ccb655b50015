"""Who holds how much of whom, restricted parties by more names, and which invoices price a lot.

Revision 0005.

What earlier acts could not say is empty. The invoices that the log has so far are found by their lots as
later ones are.
"""

import json
import re
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import context, op
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Ordered by bytes on either engine, whatever the operating system's collation becomes.
NAME = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
PAGE = 1_000


def upgrade() -> None:
    op.create_table(
        "ownerships",
        sa.Column("held", NAME, nullable=False),
        sa.Column("holder", NAME, nullable=False),
        sa.Column("starts_us", INT, autoincrement=False, nullable=False),
        sa.Column("ends_us", INT),
        sa.Column("share", NAME, nullable=False),
        sa.Column("basis", NAME, nullable=False),
        sa.Column("entry_index", INT, nullable=False),
        sa.PrimaryKeyConstraint("held", "holder", "starts_us", name=op.f("pk_ownerships")),
    )
    op.create_index(op.f("ix_ownerships_holder"), "ownerships", ["holder"])
    for column in (
        sa.Column("aliases", sa.Text(), nullable=False, server_default="[]"),
        sa.Column("military", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("reference", NAME, nullable=False, server_default=""),
    ):
        op.add_column("restricted_parties", column)
    if op.get_bind().dialect.name == "postgresql":
        for name in ("aliases", "military", "reference"):
            op.alter_column("restricted_parties", name, server_default=None)
        grant_rights()
    tallies = sa.table("tallies", *(sa.column(name) for name in ("tally", "subject", "period", "sums")))
    for rows in priced():
        op.bulk_insert(tallies, rows)


def downgrade() -> None:
    raise CommandError("A ledger's tables are never taken back; restore a copy made before the upgrade.")


def priced() -> Iterator[list[dict[str, str]]]:
    """For each lot that a line of an invoice names: which invoice, and for how much mass; some at a time."""
    invoices = sa.table("invoices", sa.column("invoice"), sa.column("lines"))
    after = ""
    while True:
        page = (
            op.get_bind()
            .execute(
                sa.select(invoices.c.invoice, invoices.c.lines)
                .where(invoices.c.invoice > after)
                .order_by(invoices.c.invoice)
                .limit(PAGE)
            )
            .all()
        )
        if not page:
            return
        after = page[-1].invoice
        rows = []
        for invoice, lines in page:
            masses: dict[str, int] = {}
            for line in json.loads(lines):
                if line["lot"]:
                    masses[line["lot"]] = masses.get(line["lot"], 0) + line["mass_mg"]
            for lot, mass_mg in masses.items():
                sums = f'{{"mass_mg":{mass_mg}}}'
                rows.append({"tally": "priced", "subject": lot, "period": invoice, "sums": sums})
        if rows:
            yield rows


def grant_rights() -> None:
    prefix = context.config.attributes.get("role_prefix", "reledger")
    if re.fullmatch(r"[a-z_][a-z0-9_]{0,40}", prefix) is None:
        raise CommandError(
            "The role prefix is 1 to 41 characters of a-z, 0-9 and _, not beginning with a digit."
        )
    owner, writer, reader = (f"{prefix}_{role}" for role in ("owner", "writer", "reader"))
    op.execute(f"GRANT SELECT ON ownerships TO {writer}, {reader}")
    op.execute(f"GRANT INSERT, UPDATE ON ownerships TO {writer}")
    op.execute(f"ALTER TABLE ownerships OWNER TO {owner}")
