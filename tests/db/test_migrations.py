"""What the migrations make, listed by hand: alembic's comparison misses CHECKs, triggers and rights."""

import re

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, literal_column, select, text

from ledger.store.books_tables import BOOKS_TABLES, ONE_ENGINE
from ledger.store.engine import create_ledger_engine, is_sqlite
from ledger.store.lot_tails import TAIL
from ledger.store.models import ATTACHMENT_TABLES, LOG_TABLES, REGISTER_TABLES, SESSION_TABLES, Base
from tests.support.books_schema import BOOKS_INDICES, BOOKS_MAY_BE_EMPTY, BOOKS_NAMES, BOOKS_PRIMARY

CHECKS = {
    "ck_challenges_challenge_length": "length(challenge) = 32",
    "ck_checkpoints_number_not_negative": "checkpoint_number >= 0",
    "ck_checkpoints_root_length": "length(root) = 32",
    "ck_entries_index_not_negative": "entry_index >= 0",
    "ck_entries_leaf_hash_length": "length(leaf_hash) = 32",
    "ck_head_one_row": "head_key = 1",
    "ck_head_refusal_hash_length": "length(refusal_hash) = 32",
    "ck_head_root_length": "length(root) = 32",
    "ck_origin_one_row": "origin_key = 1",
    "ck_pending_acts_act_hash_length": "length(act_hash) = 32",
    "ck_pending_acts_statement_hash_length": "length(statement_hash) = 32",
    "ck_refusal_publications_refusal_hash_length": "length(refusal_hash) = 32",
    "ck_refusals_findings_hash_length": "length(findings_hash) = 32",
    "ck_refusals_record_hash_length": "length(record_hash) = 32",
    "ck_refusals_statement_hash_length": "length(statement_hash) = 32",
    "ck_sessions_session_hash_length": "length(session_hash) = 32",
    "ck_statements_signing_input_hash_length": "length(signing_input_hash) = 32",
    "ck_statements_statement_hash_length": "length(statement_hash) = 32",
    "ck_stored_attachments_sha256_length": "length(sha256_hex) = 64",
    "ck_stored_attachments_size_not_negative": "size_bytes >= 0",
    "ck_tiles_hashes_length": "length(hashes) = 8192",
    "ck_tiles_root_length": "length(root) = 32",
}
UNIQUE = {
    "uq_checkpoints_tree_size": ["tree_size"],
    "uq_pending_acts_entry_index": ["entry_index"],
    "uq_refusals_statement_hash_findings_hash": ["statement_hash", "findings_hash"],
    "uq_statements_issuer_jti": ["issuer", "jti"],
    "uq_statements_statement_hash": ["statement_hash"],
}
FOREIGN = {
    "fk_attachment_pieces_sha256_hex_stored_attachments": ("attachment_pieces", "stored_attachments"),
    "fk_statement_bytes_entry_index_statements": ("statement_bytes", "statements"),
    "fk_statements_entry_index_entries": ("statements", "entries"),
}
PRIMARY = {
    "pk_attachment_pieces": ["sha256_hex", "stored_by", "piece"],
    "pk_challenges": ["challenge"],
    "pk_checkpoints": ["checkpoint_number"],
    "pk_entries": ["entry_index"],
    "pk_erasures": ["entry_index"],
    "pk_grants": ["entry_index"],
    "pk_head": ["head_key"],
    "pk_keys": ["kid"],
    "pk_origin": ["origin_key"],
    "pk_parties": ["party"],
    "pk_pending_acts": ["statement_hash"],
    "pk_policies": ["entry_index"],
    "pk_prefixes": ["prefix"],
    "pk_readers": ["entry_index", "party"],
    "pk_refusal_publications": ["entry_index"],
    "pk_refusals": ["refusal_number"],
    "pk_sessions": ["session_hash"],
    "pk_sites": ["site"],
    "pk_statement_bytes": ["entry_index"],
    "pk_statements": ["entry_index"],
    "pk_stored_attachments": ["sha256_hex", "stored_by"],
    "pk_tiles": ["level", "tile_index"],
}
INDICES = {
    "ix_entries_public": ["entry_index"],
    "ix_grants_grantee": ["grantee"],
    "ix_keys_party": ["party"],
    "ix_prefixes_party": ["party"],
    "ix_readers_party": ["party", "entry_index"],
    "ix_sessions_kid": ["kid"],
    "ix_sites_party": ["party"],
    "ix_stored_attachments_stored_by": ["stored_by"],
}
SQLITE_TRIGGERS = {
    *(f"{table}_no_{event}" for table in LOG_TABLES for event in ("update", "delete", "replace")),
    "head_no_delete",
    "head_no_insert",
}
# Name: level, event and time, function, A for "always".
POSTGRES_TRIGGERS = {
    **{
        f"{table}_no_{event}": ("STATEMENT", f"BEFORE {event.upper()}", "reledger_append_only", "A")
        for table in LOG_TABLES
        for event in ("update", "delete", "truncate")
    },
    "statement_bytes_no_delete": ("ROW", "BEFORE DELETE", "reledger_only_erased", "A"),
    "head_no_insert": ("STATEMENT", "BEFORE INSERT", "reledger_append_only", "A"),
    "head_no_delete": ("STATEMENT", "BEFORE DELETE", "reledger_append_only", "A"),
    "head_no_truncate": ("STATEMENT", "BEFORE TRUNCATE", "reledger_append_only", "A"),
}
NAME_COLUMNS = {
    "attachment_pieces.sha256_hex",
    "attachment_pieces.stored_by",
    "stored_attachments.sha256_hex",
    "stored_attachments.stored_by",
    "grants.grantee",
    "keys.kid",
    "keys.party",
    "parties.party",
    "pending_acts.issuer",
    "pending_acts.kid",
    "prefixes.party",
    "prefixes.prefix",
    "readers.party",
    "sessions.kid",
    "sites.party",
    "sites.site",
    "statements.issuer",
    "statements.jti",
    "statements.kid",
}


def plain(expression: str) -> str:
    """A CHECK's expression without the brackets and spaces that engines write differently."""
    return re.sub(r"CHECK|[\s()]", "", expression)


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index ix_lots_tail")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index 'ix_lot")
class TestSchema:
    def test_it_is_what_the_models_say(self, engine: Engine) -> None:
        with engine.connect() as connection:
            others = ONE_ENGINE if is_sqlite(connection) else ONE_ENGINE - {"ix_lots_node"}
            options = {
                "compare_type": True,
                "include_object": lambda _, name, *__: name not in others,  # test_keys has them
            }
            context = MigrationContext.configure(connection, opts=options)
            assert compare_metadata(context, Base.metadata) == []

    def test_every_table_is_of_the_log_or_folded_from_it_or_beside_it(self, engine: Engine) -> None:
        with engine.connect() as connection:
            tables = set(inspect(connection).get_table_names())
        assert tables == {
            *LOG_TABLES,
            *REGISTER_TABLES,
            *BOOKS_TABLES,
            *SESSION_TABLES,
            *ATTACHMENT_TABLES,
            "head",
            "alembic_version",
        }
        assert set(Base.metadata.tables) == tables - {"alembic_version"}

    def test_checks(self, engine: Engine) -> None:
        with engine.connect() as connection:
            inspector = inspect(connection)
            found = {
                check["name"]: plain(check["sqltext"])
                for table in inspector.get_table_names()
                for check in inspector.get_check_constraints(table)
            }
        assert found == {name: plain(expression) for name, expression in CHECKS.items()}

    def test_keys(self, engine: Engine) -> None:
        with engine.connect() as connection:
            inspector = inspect(connection)
            tables = set(inspector.get_table_names()) - {"alembic_version"}
            primary = {
                inspector.get_pk_constraint(table)["name"]: inspector.get_pk_constraint(table)[
                    "constrained_columns"
                ]
                for table in tables
            }
            unique = {
                constraint["name"]: constraint["column_names"]
                for table in tables
                for constraint in inspector.get_unique_constraints(table)
            }
            foreign = {
                key["name"]: (table, key["referred_table"])
                for table in tables
                for key in inspector.get_foreign_keys(table)
            }
            indices = {
                index["name"]: index["column_names"]
                for table in tables
                for index in inspector.get_indexes(table)
                if not index.get("duplicates_constraint") and None not in index["column_names"]
            }
        keyed, named, others = PRIMARY | BOOKS_PRIMARY, dict(UNIQUE), INDICES | BOOKS_INDICES
        if is_sqlite(engine):
            keyed["pk_lots"], named["uq_lots_lot"] = ["node"], ["lot"]
            del others["ix_lots_node"]
        assert primary == keyed
        assert unique == named
        assert foreign == FOREIGN
        assert indices == others

    def test_no_column_may_be_empty_but_these(self, engine: Engine) -> None:
        with engine.connect() as connection:
            inspector = inspect(connection)
            nullable = {
                f"{table}.{column['name']}"
                for table in inspector.get_table_names()
                for column in inspector.get_columns(table)
                if column["nullable"]
            }
        assert (
            nullable
            == {
                "keys.not_after_us",
                "keys.revoked_at",
                "keys.suspect_from",
                "pending_acts.confirmed_at",
            }
            | BOOKS_MAY_BE_EMPTY
        )

    def test_triggers(self, engine: Engine) -> None:
        with engine.connect() as connection:
            if is_sqlite(connection):
                names = connection.scalars(text("SELECT name FROM sqlite_schema WHERE type = 'trigger'"))
                assert set(names) == SQLITE_TRIGGERS
                return
            rows = connection.execute(
                text(
                    "SELECT t.tgname, CASE WHEN t.tgtype & 1 = 1 THEN 'ROW' ELSE 'STATEMENT' END, "
                    "pg_get_triggerdef(t.oid), p.proname, t.tgenabled FROM pg_trigger t "
                    "JOIN pg_proc p ON p.oid = t.tgfoid WHERE NOT t.tgisinternal"
                )
            ).all()
        found = {}
        for name, level, definition, function, enabled in rows:
            event = re.search(r"TRIGGER \S+ (BEFORE \w+) ON", definition)
            assert event is not None
            found[name] = (level, event[1], function, enabled)
        assert found == POSTGRES_TRIGGERS

    def test_the_head_is_that_of_an_empty_tree(self, engine: Engine) -> None:
        with engine.connect() as connection:
            (row,) = connection.execute(text("SELECT * FROM head")).all()
        empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        assert tuple(row) == (1, 0, bytes.fromhex(empty), -1, 0, bytes(32))

    def test_lots_have_an_index_by_the_end_of_their_ids(self, engine: Engine) -> None:
        """By an expression, which SQLAlchemy does not read back; the query must say it in the same words."""
        query = select(literal_column("lot")).select_from(text("lots")).where(TAIL.between("a", "b"))
        asked = query.compile(engine, compile_kwargs={"literal_binds": True}).string
        with engine.connect() as connection:
            if is_sqlite(connection):
                plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}").all()
            else:
                connection.exec_driver_sql("SET enable_seqscan = off")
                plan = connection.exec_driver_sql(f"EXPLAIN {asked}").all()
        assert "ix_lots_tail" in str(plan)

    def test_the_public_entries_have_an_index_of_their_own(self, engine: Engine) -> None:
        with engine.connect() as connection:
            if is_sqlite(connection):
                query = "SELECT sql FROM sqlite_schema WHERE name = 'ix_entries_public'"
            else:
                query = "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_entries_public'"
            definition = connection.scalar(text(query)) or ""
        assert b'"public":true'.hex() in definition.partition("WHERE")[2]

    @pytest.mark.postgresql
    def test_names_are_ordered_by_bytes(self, postgres_url: str) -> None:
        engine = create_ledger_engine(postgres_url)
        with engine.connect() as connection:
            rows = connection.execute(
                text(
                    "SELECT c.relname || '.' || a.attname FROM pg_attribute a "
                    "JOIN pg_class c ON c.oid = a.attrelid AND c.relkind = 'r' "
                    "JOIN pg_collation l ON l.oid = a.attcollation AND l.collname = 'C' "
                    "WHERE c.relnamespace = 'public'::regnamespace"
                )
            ).scalars()
            assert set(rows) == NAME_COLUMNS | BOOKS_NAMES
        engine.dispose()

    @pytest.mark.postgresql
    def test_what_does_not_shrink_is_not_compressed(self, postgres_url: str) -> None:
        engine = create_ledger_engine(postgres_url)
        with engine.connect() as connection:
            rows = connection.execute(
                text(
                    "SELECT attrelid::regclass || '.' || attname FROM pg_attribute a "
                    "JOIN pg_class c ON c.oid = a.attrelid AND c.relnamespace = 'public'::regnamespace "
                    "WHERE attstorage = 'e' AND c.relkind = 'r'"
                )
            ).scalars()
            assert set(rows) == {
                *("statement_bytes.jws", "refusals.jws", "tiles.hashes"),
                "attachment_pieces.octets",
            }
        engine.dispose()
