"""What the migrations make, listed by hand: alembic's comparison misses CHECKs, triggers and rights."""

import ast
import os
import re
import subprocess
import sys
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, inspect, literal_column, select, text
from sqlalchemy.exc import DBAPIError

from ledger.errors import SettingsInvalid, StoreBusy
from ledger.records.lots import LotRecord
from ledger.records.steps import tell_lot
from ledger.store.books_tables import BOOKS, BOOKS_TABLES
from ledger.store.engine import create_ledger_engine, is_sqlite
from ledger.store.locking import begin_write
from ledger.store.lot_tails import TAIL
from ledger.store.models import LOG_TABLES, REGISTER_TABLES, SESSION_TABLES, Base
from ledger.store.schema import current, newest, require_newest, upgrade
from tests.support.books_records import some_records
from tests.support.books_schema import BOOKS_INDICES, BOOKS_MAY_BE_EMPTY, BOOKS_NAMES, BOOKS_PRIMARY

ROOT = Path(__file__).resolve().parents[2]

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
    "fk_statement_bytes_entry_index_statements": ("statement_bytes", "statements"),
    "fk_statements_entry_index_entries": ("statements", "entries"),
}
PRIMARY = {
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


def alembic_config(connection: Connection | None = None) -> Config:
    config = Config()  # without the file, which would set up logging
    config.set_main_option("script_location", "migrations:")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def run_alembic(*arguments: str, url: str | None) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "RELEDGER_DATABASE_URL"}
    if url is not None:
        environment["RELEDGER_DATABASE_URL"] = url
    return subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index ix_lots_tail")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index 'ix_lot")
class TestSchema:
    def test_it_is_what_the_models_say(self, engine: Engine) -> None:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, Base.metadata) == []

    def test_every_table_is_of_the_log_or_folded_from_it_or_of_sessions(self, engine: Engine) -> None:
        with engine.connect() as connection:
            tables = set(inspect(connection).get_table_names())
        assert tables == {
            *LOG_TABLES,
            *REGISTER_TABLES,
            *BOOKS_TABLES,
            *SESSION_TABLES,
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
        assert primary == PRIMARY | BOOKS_PRIMARY
        assert unique == UNIQUE
        assert foreign == FOREIGN
        assert indices == INDICES | BOOKS_INDICES

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
            assert set(rows) == {"statement_bytes.jws", "refusals.jws", "tiles.hashes"}
        engine.dispose()


class TestRunning:
    def test_a_new_database_is_brought_to_the_newest_version(self, unmigrated_url: str) -> None:
        engine = create_ledger_engine(unmigrated_url)
        assert current(engine) is None
        with pytest.raises(SettingsInvalid, match="version none") as caught:
            require_newest(engine)
        assert "reledger migrate" in caught.value.mend
        upgrade(unmigrated_url)
        assert current(engine) == newest()
        require_newest(engine)
        engine.dispose()

    def test_a_second_run_changes_nothing(self, database_url: str) -> None:
        engine = create_ledger_engine(database_url)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE head SET refusal_count = 7")
        upgrade(database_url)
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT refusal_count FROM head")) == 7
        engine.dispose()

    def test_a_newer_database_is_refused(self, database_url: str) -> None:
        engine = create_ledger_engine(database_url)
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(SettingsInvalid, match="version 9999"):
            require_newest(engine)
        with pytest.raises(SettingsInvalid, match="9999"):
            upgrade(database_url)
        engine.dispose()

    def test_going_back_is_refused_and_takes_nothing(self, engine: Engine) -> None:
        with engine.connect() as connection:
            with pytest.raises(CommandError, match="never taken back"):
                command.downgrade(alembic_config(connection), "base")
            connection.rollback()
            assert connection.scalar(text("SELECT count(*) FROM head")) == 1
        assert current(engine) == newest()

    def test_a_failed_run_leaves_nothing(self, unmigrated_url: str) -> None:
        engine = create_ledger_engine(unmigrated_url)
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE refusal_publications (stray integer)")
        with pytest.raises(DBAPIError, match="already exists"):
            upgrade(unmigrated_url)
        with engine.connect() as connection:
            assert inspect(connection).get_table_names() == ["refusal_publications"]
        engine.dispose()

    def test_payments_of_before_are_read_out_of_the_log(self, unmigrated_url: str) -> None:
        """Revision 0006 makes the table of what was summed up alone before."""

        def jws(payload: str) -> bytes:
            return b"e30." + urlsafe_b64encode(payload.encode()).rstrip(b"=") + b".c2ln"

        said = (
            '{"act":"settle-invoice","invoice":"I-1","amount":"7.50"}',
            '{"act":"list-site","site":"urn:settle-invoice"}',
            '{"act":"settle-invoice","invoice":"I-1","amount":"2"}',
        )
        engine = create_ledger_engine(unmigrated_url)
        with engine.connect() as connection:
            command.upgrade(alembic_config(connection), "0004")
        with engine.begin() as connection:
            for index, payload in enumerate(said):
                entry = f'{{"index":{index},"recorded_at":"2026-11-0{index + 1}T00:00:00.000001Z"}}'.encode()
                row = {"at": index, "entry": entry, "hash": bytes([index]) * 32, "jws": jws(payload)}
                connection.execute(text("INSERT INTO entries VALUES (:at, :entry, :hash)"), row)
                connection.execute(
                    text("INSERT INTO statements VALUES (:at, :hash, 'urn:buyer', :jti, 'k', :hash)"),
                    row | {"jti": str(index)},
                )
                connection.execute(text("INSERT INTO statement_bytes VALUES (:at, :jws)"), row)
            connection.exec_driver_sql(
                "INSERT INTO invoices VALUES ('I-1', 'special', 'urn:seller', 'urn:buyer', '[]', '20', "
                "'CNY', 0, NULL, 0, '[]', '9.50')"
            )
        upgrade(unmigrated_url)
        with engine.connect() as connection:
            paid = connection.execute(
                text(
                    "SELECT invoice, entry_index, amount, paid_us, signer "
                    "FROM settlements ORDER BY entry_index"
                )
            ).all()
            assert connection.scalar(text("SELECT cancelled_at FROM invoices")) is None
        first_us = 1_793_491_200_000_001
        assert [tuple(row) for row in paid] == [
            ("I-1", 0, "7.50", first_us, "urn:buyer"),
            ("I-1", 2, "2", first_us + 2 * 86_400_000_000, "urn:buyer"),
        ]
        engine.dispose()

    def test_lots_of_before_are_told_as_new_ones_are(self, unmigrated_url: str) -> None:
        """Revision 0007 adds a text that follows from the rest of the row."""
        lots = [lot for lot in some_records(LotRecord, 12) if lot.lot]
        engine = create_ledger_engine(unmigrated_url)
        with engine.connect() as connection:
            command.upgrade(alembic_config(connection), "0006")
        stored = BOOKS[LotRecord]
        with engine.begin() as connection:
            rows = zip(*stored.to_columns(lots)[: len(stored.columns)], strict=True)
            values = [dict(zip(stored.columns, row, strict=True)) for row in rows]
            names = ", ".join(stored.columns)
            given = ", ".join(f":{name}" for name in stored.columns)
            connection.execute(text(f"INSERT INTO lots ({names}) VALUES ({given})"), values)
        upgrade(unmigrated_url)
        with engine.connect() as connection:
            rows = connection.execute(text("SELECT lot, told FROM lots")).all()
        assert {row[0]: row[1] for row in rows} == {lot.lot: tell_lot(lot) for lot in lots}
        engine.dispose()

    def test_two_at_once_both_succeed(self, unmigrated_url: str) -> None:
        code = f"from ledger.store.schema import upgrade; upgrade({unmigrated_url!r})"
        runs = [
            subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE) for _ in range(2)
        ]
        ends = [run.communicate(timeout=120) for run in runs]
        assert [(run.returncode, end[1]) for run, end in zip(runs, ends, strict=True)] == [(0, b"")] * 2
        engine = create_ledger_engine(unmigrated_url)
        with engine.connect() as connection:
            assert connection.scalars(text("SELECT version_num FROM alembic_version")).all() == [newest()]
            assert connection.scalar(text("SELECT count(*) FROM head")) == 1
        engine.dispose()

    def test_it_waits_for_another_only_so_long(self, unmigrated_url: str) -> None:
        engine = create_ledger_engine(unmigrated_url)
        with engine.connect() as connection:
            if is_sqlite(connection):
                begin_write(connection)
            else:
                connection.exec_driver_sql("SELECT pg_advisory_xact_lock(-1509538430625614213)")
            with pytest.raises(StoreBusy):
                upgrade(unmigrated_url, lock_timeout_ms=100)
            connection.rollback()
        upgrade(unmigrated_url, lock_timeout_ms=100)
        engine.dispose()

    def test_a_sqlite_file_is_private(self, tmp_path: Path) -> None:
        before = os.umask(0)
        try:
            upgrade(f"sqlite:///{tmp_path / 'private.db'}")
        finally:
            os.umask(before)
        assert (tmp_path / "private.db").stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize(
        ("url", "said"),
        [
            ("sqlite:////nowhere/at/all/ledger.db", "cannot be made"),
            ("postgresql://nobody@/none?host=/nowhere", "cannot be opened"),
        ],
    )
    def test_a_database_that_cannot_be_opened(self, url: str, said: str) -> None:
        with pytest.raises(SettingsInvalid, match=said):
            upgrade(url)


class TestFiles:
    def test_there_is_one_line_of_versions(self) -> None:
        script = ScriptDirectory.from_config(alembic_config())
        assert len(script.get_heads()) == 1
        assert [each.revision for each in script.walk_revisions()][-1] == "0001"

    def test_versions_never_import_project_code(self) -> None:
        allowed = {"base64", "collections", "datetime", "json", "re", "sqlalchemy", "alembic"}
        versions = sorted((ROOT / "migrations" / "versions").glob("*.py"))
        assert versions
        for version in versions:
            for node in ast.walk(ast.parse(version.read_text())):
                names = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom):
                    assert node.level == 0, version
                    names = [node.module or ""]
                assert {name.partition(".")[0] for name in names} <= allowed, version

    def test_every_version_refuses_to_go_back(self) -> None:
        for version in (ROOT / "migrations" / "versions").glob("*.py"):
            tree = ast.parse(version.read_text())
            (downgrade,) = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name == "downgrade"]
            assert isinstance(downgrade.body[-1], ast.Raise), version

    def test_alembic_works_from_the_checkout(self, database_url: str) -> None:
        done = run_alembic("check", url=database_url)
        assert done.returncode == 0, done.stderr
        assert "No new upgrade operations detected" in done.stdout

    def test_alembic_needs_to_be_told_the_database(self) -> None:
        done = run_alembic("current", url=None)
        assert done.returncode != 0
        assert "RELEDGER_DATABASE_URL" in done.stderr + done.stdout

    def test_there_is_no_sql_script_of_the_migrations(self) -> None:
        done = run_alembic("upgrade", "head", "--sql", url=None)
        assert done.returncode != 0
        assert "no SQL script" in done.stderr + done.stdout

    def test_migrations_are_found_from_any_folder(self, tmp_path: Path) -> None:
        url = f"sqlite:///{tmp_path / 'elsewhere.db'}"
        code = f"from ledger.store.schema import upgrade; upgrade({url!r})"
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
        engine = create_ledger_engine(url)
        assert current(engine) == newest()
        engine.dispose()
