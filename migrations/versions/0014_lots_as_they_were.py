"""What a lot's record said before an entry changed it is kept whole: where, who, when, and which product.

Revision 0014.

Mass and contents alone were kept before. Of what was corrected before this revision, the site, the firm and
the event time are those of the event that bore the lot then, and its product, its stage and what else it was
declared to be are what they are now; which nodes it was made from, its edges tell. The log alone tells more.
"""

import sqlalchemy as sa
from alembic import op
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TABLE = "lot_versions"
PAGE = 1_000
TYPES = {
    "int": sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
    # Ordered by bytes on either engine, whatever the operating system's collation becomes.
    "name": sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql"),
    "text": sa.Text(),
    "bool": sa.Boolean(),
}
# Column and kind, with a question mark where it may be empty.
COLUMNS = """
    node:int position:int producer:name site:name event_time_us:int product:name stage:name
    composition:text instance:bool pieces:int? custody_model:name voided_at:int? made_of:text?
"""
EMPTY = {"int": "0", "name": "", "text": "{}", "bool": sa.false()}
FROM_LOT = [each.partition(":")[0] for each in COLUMNS.split()[:-2]]
BIRTHS = ("opening", "extract", "import", "process", "draw")


def upgrade() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    for each in COLUMNS.split():
        name, _, kind = each.strip("?").partition(":")
        optional = each.endswith("?")
        default = None if optional else EMPTY[kind]
        op.add_column(TABLE, sa.Column(name, TYPES[kind], nullable=optional, server_default=default))
        if postgres and not optional:
            op.alter_column(TABLE, name, server_default=None)
    fill(op.get_bind())
    op.create_index(op.f(f"ix_{TABLE}_node"), TABLE, ["node"])


def downgrade() -> None:
    raise CommandError("A ledger's tables are never taken back; restore a copy made before the upgrade.")


def fill(connection: sa.Connection) -> None:
    """Gives what was kept before the rest, as far as the books tell it; some at a time."""
    query = sa.text(
        f"SELECT v.lot, v.changed_at, v.entry_index, v.birth, {', '.join(f'l.{name}' for name in FROM_LOT)} "
        "FROM lot_versions v JOIN lots l ON l.lot = v.lot WHERE v.lot > :lot "
        "OR v.lot = :lot AND v.changed_at > :changed_at ORDER BY v.lot, v.changed_at LIMIT :most"
    )
    put = sa.text(
        f"UPDATE lot_versions SET {', '.join(f'{name} = :{name}' for name in (*FROM_LOT, 'voided_at'))} "
        "WHERE lot = :lot AND changed_at = :changed_at"
    )
    last: dict[str, object] = {"lot": "", "changed_at": -1}
    while page := connection.execute(query, {**last, "most": PAGE}).mappings().all():
        rows = [{**row, "voided_at": None, **of_event(connection, row)} for row in page]
        connection.execute(put, rows)
        last = {name: rows[-1][name] for name in last}


def of_event(connection: sa.Connection, version: sa.RowMapping) -> dict[str, object]:
    """What the event says that a version's record was made by, where the books have it."""
    query = sa.text(
        "SELECT e.position, e.issuer, e.movement, e.site, e.event_time_us, e.changed_at FROM events e "
        "WHERE e.entry_index = :entry_index AND EXISTS (SELECT 1 FROM postings p "
        "WHERE p.entry_index = e.entry_index AND p.position = e.position AND p.lot = :lot "
        "AND p.account = 'holding' AND p.mass_mg > 0) ORDER BY e.position"
    )
    asked = {name: version[name] for name in ("entry_index", "lot")}
    awaited = version["birth"] == "awaited"
    for event in connection.execute(query, asked).mappings():
        received = awaited and event["movement"] == "receive"
        if received or event["movement"] == version["birth"] or (awaited and event["movement"] in BIRTHS):
            corrected_at = event["changed_at"]
            voided = not awaited and corrected_at is not None and corrected_at < version["changed_at"]
            return {
                "position": event["position"],
                "producer": "" if received else event["issuer"],
                "site": "" if received else event["site"],
                "event_time_us": event["event_time_us"],
                "voided_at": corrected_at if voided else None,
            }
    return {}
