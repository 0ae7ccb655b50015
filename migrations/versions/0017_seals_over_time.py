"""On which units a seal was, from when to when: every use of it is kept, and not the newest alone.

Revision 0017.

Of each seal the newest use is known. It began with the packing that its entry holds; one that is over ended
with the first event after it that took something out of the unit. Where the books tell of none, as of a
packing that was taken back, it ended where it began, and no event is said to have ended it. What is on a unit
is no longer said by the unit as well.
"""

import re

import sqlalchemy as sa
from alembic import context, op
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

INT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Ordered by bytes on either engine, whatever the operating system's collation becomes.
NAME = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
TABLE = "seals"
BEFORE = "seals_before"
KEY = ("seal", "since_index", "since_position")
COLUMNS = (*KEY, "unit", "issuer", "since_us", "until_us", "until_index", "until_position")
PAGE = 1_000


def upgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    op.rename_table(TABLE, BEFORE)
    if postgres:
        op.execute(f"ALTER TABLE {BEFORE} RENAME CONSTRAINT pk_{TABLE} TO pk_{BEFORE}")
    op.create_table(
        TABLE,
        sa.Column("seal", NAME, nullable=False),
        sa.Column("since_index", INT, autoincrement=False, nullable=False),
        sa.Column("since_position", INT, autoincrement=False, nullable=False),
        sa.Column("unit", NAME, nullable=False),
        sa.Column("issuer", NAME, nullable=False),
        sa.Column("since_us", INT, nullable=False),
        *(sa.Column(name, INT) for name in ("until_us", "until_index", "until_position")),
        sa.PrimaryKeyConstraint(*KEY, name=op.f(f"pk_{TABLE}")),
    )
    fill(op.get_bind())
    op.create_index(op.f(f"ix_{TABLE}_unit"), TABLE, ["unit"])
    op.drop_table(BEFORE)
    op.drop_column("units", "seals")
    if postgres:
        grant_rights()


def downgrade() -> None:
    raise CommandError("A ledger's tables are never taken back; restore a copy made before the upgrade.")


def grant_rights() -> None:
    prefix = context.config.attributes.get("role_prefix", "reledger")
    if re.fullmatch(r"[a-z_][a-z0-9_]{0,40}", prefix) is None:
        raise CommandError(
            "The role prefix is 1 to 41 characters of a-z, 0-9 and _, not beginning with a digit."
        )
    op.execute(f"GRANT SELECT ON {TABLE} TO {prefix}_writer, {prefix}_reader")
    op.execute(f"GRANT INSERT, UPDATE ON {TABLE} TO {prefix}_writer")
    op.execute(f"ALTER TABLE {TABLE} OWNER TO {prefix}_owner")


def fill(connection: sa.Connection) -> None:
    """Makes of each seal's row a use over time, some at a time."""
    query = sa.text(
        f"SELECT s.seal, s.unit, s.issuer, s.entry_index, s.open, u.entry_index AS packed_index, "
        f"u.event_time_us FROM {BEFORE} s LEFT JOIN units u ON u.unit = s.unit "
        "WHERE s.seal > :seal ORDER BY s.seal LIMIT :most"
    )
    put = sa.text(
        f"INSERT INTO {TABLE} ({', '.join(COLUMNS)}) VALUES ({', '.join(f':{name}' for name in COLUMNS)})"
    )
    last = ""
    while page := connection.execute(query, {"seal": last, "most": PAGE}).mappings().all():
        connection.execute(put, [use_of(connection, row) for row in page])
        last = page[-1]["seal"]


def use_of(connection: sa.Connection, row: sa.RowMapping) -> dict[str, object]:
    """The use that a seal's row tells of, as far as the books tell the rest."""
    position, since_us = beginning(connection, row)
    use: dict[str, object] = {
        "seal": row["seal"],
        "since_index": row["entry_index"],
        "since_position": position,
        "unit": row["unit"],
        "issuer": row["issuer"],
        "since_us": since_us,
        "until_us": None,
        "until_index": None,
        "until_position": None,
    }
    if row["open"]:
        return use
    query = sa.text(
        "SELECT until_us, until_index, until_position FROM members WHERE unit = :unit "
        "AND until_position IS NOT NULL AND (until_index > :since_index "
        "OR until_index = :since_index AND until_position > :since_position) "
        "ORDER BY until_index, until_position LIMIT 1"
    )
    ended = connection.execute(query, use).mappings().first()
    return use | ({"until_us": since_us, "until_index": row["entry_index"]} if ended is None else {**ended})


def beginning(connection: sa.Connection, row: sa.RowMapping) -> tuple[int, int]:
    """The place of the packing within its entry, and its time."""
    query = sa.text(
        "SELECT position, event_time_us FROM events WHERE entry_index = :entry_index AND issuer = :issuer "
        "AND unit = :unit AND movement = 'pack' ORDER BY position LIMIT 1"
    )
    packing = connection.execute(query, dict(row)).first()
    if packing is not None:
        return packing[0], packing[1]
    return 0, row["event_time_us"] if row["packed_index"] == row["entry_index"] else 0
