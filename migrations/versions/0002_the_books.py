"""The books: goods, their journal, and what is allowed and noticed; on PostgreSQL with the roles' rights.

Revision 0002, after 0001.

These tables are folds over the log and may be rebuilt from it at any time. Rows of the growing ones never
change.
"""

import re

import sqlalchemy as sa
from alembic import context, op
from alembic.util import CommandError
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TYPES = {
    "int": sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
    # Ordered by bytes on either engine, whatever the operating system's collation becomes.
    "name": sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql"),
    "text": sa.Text(),
    "bool": sa.Boolean(),
}
# Column and kind, with a question mark where it may be empty and a star where it is part of the key.
TABLES = {
    "lots": """
        *lot:name node:int entry_index:int position:int producer:name site:name event_time_us:int
        birth:name product:name stage:name mass_mg:int cells:text composition:text instance:bool
        pieces:int? custody_model:name tainted_by:int? voided_at:int? made_of:text?
    """,
    "lot_versions": """
        *lot:name *changed_at:int entry_index:int birth:name mass_mg:int cells:text
    """,
    "holdings": """
        *lot:name *owner:name *custodian:name *site:name mass_mg:int provisional_mg:int since_us:int
        changed_at:int
    """,
    "edges": """
        *child:int *parent:int entry_index:int voided_at:int?
    """,
    "pools": """
        *pool:name site:name custodian:name version:int node:int cells:text owners:text blocked:text
        opened_at:int closed_us:int tainted_by:int?
    """,
    "pool_versions": """
        *pool:name *version:int node:int entry_index:int position:int event_time_us:int change:name
        cells:text owners:text blocked:text
    """,
    "events": """
        *issuer:name *event_id:name entry_index:int position:int movement:name event_time_us:int site:name
        state:name changed_at:int? first_line:int unit:name
    """,
    "postings": """
        *entry_index:int *position:int *line:int account:name lot:name pool:name owner:name custodian:name
        site:name event_time_us:int mass_mg:int contained:text reference:name
    """,
    "shipments": """
        *consignor:name *event_id:name kind:name consignee:name owner_from:name owner_to:name
        site_from:name site_to:name entry_index:int position:int event_time_us:int due_us:int? state:name
        despatch_advice:name invoice:name licence:name destination:name end_user:name returns:name
        received_us:int? replaced_by:name
    """,
    "shipment_lines": """
        *consignor:name *event_id:name *lot:name sent_mg:int left_mg:int weighed_mg:int
    """,
    "provisionals": """
        *consignee:name *event_id:name *lot:name consignor:name shipment:name owner:name site:name
        mass_mg:int left_mg:int final:bool entry_index:int position:int event_time_us:int due_us:int
        settled_at:int?
    """,
    "units": """
        *unit:name packer:name site:name seals:text entry_index:int event_time_us:int open:bool
    """,
    "members": """
        *unit:name *child:name *since_index:int *since_position:int mass_mg:int since_us:int until_us:int?
        until_index:int? until_position:int?
    """,
    "seals": """
        *seal:name unit:name issuer:name entry_index:int open:bool
    """,
    "assays": """
        *entry_index:int *position:int *lot:name laboratory:name event_time_us:int results:text
        document_sha256:name
    """,
    "stocktakes": """
        *entry_index:int *position:int *lot:name party:name site:name event_time_us:int counted_mg:int
        book_mg:int
    """,
    "attachments": """
        *entry_index:int *position:int *sha256_hex:name media_type:name size_bytes:int role:name
    """,
    "quotas": """
        *party:name *year:int *activity:name *ore_class:name allotted_mg:int drawn_mg:int entry_index:int
    """,
    "licences": """
        *licence:name exporter:name kind:name state:name items:text destinations:text consignees:text
        end_users:text end_use:name quantity_mg:int drawn_mg:int applied_at:int applied_us:int
        decided_at:int? decided_us:int? due_us:int? valid_from_us:int? valid_to_us:int? clock:text
        reason:name shipments:text reported:text
    """,
    "control_lists": """
        *control_list:name *entry_index:int starts_us:int ends_us:int? items:text conditions:text
    """,
    "restricted_parties": """
        *name:name party:name control_list:name starts_us:int ends_us:int? affiliates:text entry_index:int
    """,
    "invoices": """
        *invoice:name kind:name seller:name buyer:name lines:text amount:name currency:name issued_us:int
        due_us:int? entry_index:int shipments:text settled:name
    """,
    "declarations": """
        *declaration:name declarant:name shipment:name hs_code:name controlled:bool mass_mg:int
        destination:name licence:name declared_us:int entry_index:int
    """,
    "delegations": """
        *principal:name *agent:name starts_us:int ends_us:int? entry_index:int
    """,
    "mergers": """
        *party:name successor:name from_us:int entry_index:int
    """,
    "alerts": """
        *entry_index:int *number:int code:name party:name site:name subject:name position:int
        event_time_us:int detail:name mend:name evidence:text told:bool state:name case:name outcome:name
        changed_at:int?
    """,
    "cases": """
        *case:name opened_by:name opened_at:int alerts:text parties:text lots:text state:name outcome:name
        closed_at:int?
    """,
    "dues": """
        *kind:name *subject:name party:name site:name due_us:int entry_index:int bucket:int
    """,
    "tallies": """
        *tally:name *subject:name *period:name sums:text
    """,
    "statistics": """
        *name:name *period:name *entry_index:int figures:text
    """,
}
INDICES = {
    # With all that a walk tells of a lot, which then reads this index alone.
    "ix_lots_node": (
        "lots",
        [
            *("node", "lot", "birth", "entry_index", "position", "event_time_us", "product", "stage"),
            *("producer", "site", "mass_mg", "tainted_by", "made_of"),
        ],
    ),
    "ix_holdings_custodian": ("holdings", ["custodian"]),
    "ix_edges_parent": ("edges", ["parent", "child", "voided_at"]),
    "ix_pools_site": ("pools", ["site"]),
    "ix_pool_versions_node": ("pool_versions", ["node"]),
    "ix_events_entry_index": ("events", ["entry_index"]),
    "ix_postings_custodian_event_time_us": ("postings", ["custodian", "event_time_us"]),
    "ix_postings_lot": ("postings", ["lot"]),
    "ix_postings_site_event_time_us": ("postings", ["site", "event_time_us"]),
    "ix_shipments_consignee": ("shipments", ["consignee"]),
    "ix_shipments_consignor_despatch_advice": ("shipments", ["consignor", "despatch_advice"]),
    "ix_shipments_consignor_replaced_by": ("shipments", ["consignor", "replaced_by"]),
    "ix_shipments_invoice": ("shipments", ["invoice"]),
    "ix_shipment_lines_lot": ("shipment_lines", ["lot"]),
    "ix_provisionals_consignor_shipment": ("provisionals", ["consignor", "shipment"]),
    "ix_provisionals_lot": ("provisionals", ["lot"]),
    "ix_members_child": ("members", ["child"]),
    "ix_assays_lot": ("assays", ["lot"]),
    "ix_stocktakes_site": ("stocktakes", ["site"]),
    "ix_attachments_sha256_hex": ("attachments", ["sha256_hex"]),
    "ix_licences_exporter": ("licences", ["exporter"]),
    "ix_licences_state": ("licences", ["state"]),
    "ix_restricted_parties_party": ("restricted_parties", ["party"]),
    "ix_invoices_buyer": ("invoices", ["buyer"]),
    "ix_invoices_seller": ("invoices", ["seller"]),
    "ix_declarations_declarant_shipment": ("declarations", ["declarant", "shipment"]),
    "ix_delegations_agent": ("delegations", ["agent"]),
    "ix_mergers_successor": ("mergers", ["successor"]),
    "ix_alerts_code_entry_index": ("alerts", ["code", "entry_index"]),
    "ix_alerts_party": ("alerts", ["party"]),
    "ix_alerts_state": ("alerts", ["state"]),
    "ix_alerts_subject": ("alerts", ["subject"]),
    "ix_cases_state": ("cases", ["state"]),
    "ix_dues_bucket": ("dues", ["bucket"]),
}
# The others change: what stands under a key is replaced by what an entry made of it.
GROWING = (
    "pool_versions",
    "postings",
    "assays",
    "stocktakes",
    "attachments",
    "control_lists",
    "statistics",
)


def upgrade() -> None:
    for name, columns in TABLES.items():
        create_books_table(name, columns.split())
    for name, (table, columns) in INDICES.items():
        op.create_index(op.f(name), table, columns)
    if op.get_bind().dialect.name == "postgresql":
        # A walk reads the key's index alone, as on SQLite it reads the table alone, which is the key's index.
        op.execute(
            "ALTER TABLE edges DROP CONSTRAINT pk_edges, "
            "ADD CONSTRAINT pk_edges PRIMARY KEY (child, parent) INCLUDE (voided_at)"
        )
        grant_rights()


def downgrade() -> None:
    raise CommandError("A ledger's tables are never taken back; restore a copy made before the upgrade.")


def create_books_table(name: str, columns: list[str]) -> None:
    """Makes a table; the columns with a star are its key."""
    made, key, numbered = [], [], True
    for each in columns:
        column, _, kind = each.strip("*?").partition(":")
        made.append(sa.Column(column, TYPES[kind], autoincrement=False, nullable=each.endswith("?")))
        if each.startswith("*"):
            key.append(column)
            numbered = numbered and kind == "int"
    op.create_table(
        name,
        *made,
        sa.PrimaryKeyConstraint(*key, name=op.f(f"pk_{name}")),
        # Where the key is numbers that mostly rise, the table itself is the key's index.
        sqlite_with_rowid=not numbered,
    )


def grant_rights() -> None:
    prefix = context.config.attributes.get("role_prefix", "reledger")
    if re.fullmatch(r"[a-z_][a-z0-9_]{0,40}", prefix) is None:
        raise CommandError(
            "The role prefix is 1 to 41 characters of a-z, 0-9 and _, not beginning with a digit."
        )
    owner, writer, reader = (f"{prefix}_{role}" for role in ("owner", "writer", "reader"))
    listed = ", ".join(TABLES)
    op.execute(f"GRANT SELECT ON {listed} TO {writer}, {reader}")
    op.execute(f"GRANT INSERT ON {listed} TO {writer}")
    op.execute(f"GRANT UPDATE ON {', '.join(name for name in TABLES if name not in GROWING)} TO {writer}")
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} OWNER TO {owner}")
