"""The log tables take rows and give none back, even to a superuser; for the roles see test_roles."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from ledger.store.engine import create_ledger_engine, is_sqlite
from ledger.store.locking import begin_write
from ledger.store.log_store import read_head
from ledger.store.models import LOG_TABLES, Base
from tests.support.databases import copy_sqlite
from tests.support.postgres import PostgresServer
from tests.support.rows import fill, new_entry, some_hash

TABLES = pytest.mark.parametrize("table", LOG_TABLES)
# Every key of every log table, apart from foreign ones.
KEYS = [
    ("entries", ("entry_index",)),
    ("statements", ("entry_index",)),
    ("statements", ("statement_hash",)),
    ("statements", ("issuer", "jti")),
    ("statement_bytes", ("entry_index",)),
    ("tiles", ("level", "tile_index")),
    ("checkpoints", ("checkpoint_number",)),
    ("checkpoints", ("tree_size",)),
    ("refusals", ("refusal_number",)),
    ("refusals", ("statement_hash", "findings_hash")),
]
APPEND_ONLY = "append-only"
HEAD_IS_ONE_ROW = "reledger: head is"
ENGINES = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgresql)]


@pytest.fixture(scope="module")
def sqlite_rows(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A SQLite database with rows, for tests that leave it as it is."""
    return with_rows(copy_sqlite(sqlite_template, tmp_path_factory.mktemp("rows") / "ledger.db"))


@pytest.fixture(scope="module")
def postgres_rows(postgres_server: PostgresServer, postgres_template: str) -> Iterator[str]:
    """A PostgreSQL database with rows, for tests that leave it as it is."""
    name = postgres_server.create_database(postgres_template)
    yield with_rows(postgres_server.url(name))
    postgres_server.drop_database(name)


@pytest.fixture(params=ENGINES)
def filled(request: pytest.FixtureRequest) -> Iterator[Connection]:
    """A connection as the owner of everything (a superuser on PostgreSQL) to a database with rows."""
    with connected(request.getfixturevalue(f"{request.param}_rows")) as connection:
        yield connection


@pytest.fixture
def own(database_url: str) -> Iterator[Connection]:
    """The same, to a database that the test may change."""
    with connected(with_rows(database_url)) as connection:
        yield connection


@pytest.fixture(params=["recursive triggers on", "recursive triggers off"])
def any_sqlite(request: pytest.FixtureRequest, sqlite_rows: str) -> Iterator[Connection]:
    """A connection to a SQLite database with rows, also one that is not set up as the ledger's are."""
    with connected(sqlite_rows) as connection:
        driver = connection.connection.dbapi_connection
        assert driver is not None
        driver.execute(f"PRAGMA recursive_triggers={'ON' if request.param.endswith('on') else 'OFF'}")
        driver.execute("PRAGMA foreign_keys=OFF")
        yield connection


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    engine = create_ledger_engine(url, pool_size=1)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def with_rows(url: str) -> str:
    with connected(url) as connection, begin_write(connection):
        fill(connection)
    return url


def rows(connection: Connection, table: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in connection.execute(text(f"SELECT * FROM {table}"))]


def refused(connection: Connection, statement: str, said: str = APPEND_ONLY) -> None:
    """Asserts that the statement fails, for this reason, and that nothing in any table has changed."""
    tables = [*LOG_TABLES, "head"]
    before = {name: rows(connection, name) for name in tables}
    connection.rollback()
    with pytest.raises(DBAPIError) as caught:
        connection.exec_driver_sql(statement)
    assert said in str(caught.value.orig)  # not in the whole text, which repeats the statement
    connection.rollback()
    assert {name: rows(connection, name) for name in tables} == before
    connection.rollback()


class TestByTheOwner:
    @TABLES
    def test_a_row_is_not_updated(self, filled: Connection, table: str) -> None:
        for column in Base.metadata.tables[table].columns:
            refused(filled, f"UPDATE {table} SET {column.name} = {column.name}")

    @TABLES
    def test_a_row_is_not_deleted(self, filled: Connection, table: str) -> None:
        refused(filled, f"DELETE FROM {table}")

    def test_the_head_is_not_deleted(self, filled: Connection) -> None:
        refused(filled, "DELETE FROM head", HEAD_IS_ONE_ROW)

    def test_the_head_has_no_second_row(self, filled: Connection) -> None:
        refused(filled, "INSERT INTO head SELECT 2, tree_size, root, 0, 0, root FROM head", HEAD_IS_ONE_ROW)

    def test_the_head_is_not_inserted_again(self, filled: Connection) -> None:
        refused(filled, "INSERT INTO head SELECT 1, 0, root, 0, 0, root FROM head", HEAD_IS_ONE_ROW)

    def test_an_update_that_matches_nothing_changes_nothing(self, filled: Connection) -> None:
        filled.rollback()
        if is_sqlite(filled):
            filled.exec_driver_sql("UPDATE entries SET entry = entry WHERE entry_index = 99")
        else:  # the trigger is by statement
            refused(filled, "UPDATE entries SET entry = entry WHERE entry_index = 99")

    @pytest.mark.parametrize(
        "statement",
        [
            """INSERT INTO entries SELECT * FROM entries WHERE entry_index = 1
               ON CONFLICT (entry_index) DO UPDATE SET entry = excluded.leaf_hash""",
            """INSERT INTO statements SELECT * FROM statements WHERE entry_index = 1
               ON CONFLICT (statement_hash) DO UPDATE SET kid = 'x'""",
        ],
    )
    def test_an_upsert_does_not_update(self, filled: Connection, statement: str) -> None:
        refused(filled, statement)


class TestOnSqlite:
    @pytest.mark.parametrize(("table", "key"), KEYS)
    def test_a_row_is_not_replaced(self, any_sqlite: Connection, table: str, key: tuple[str, ...]) -> None:
        # Every other value is a new one, so only this key can stand in the way.
        others = {
            "entry_index": "77",
            "tile_index": "77",
            "checkpoint_number": "77",
            "refusal_number": "77",
            "tree_size": "77",
            "jti": "'other'",
            "statement_hash": "zeroblob(32)",
            "findings_hash": "zeroblob(32)",
        }
        columns = [column.name for column in Base.metadata.tables[table].columns]
        chosen = [name if name in key else others.get(name, name) for name in columns]
        refused(any_sqlite, f"INSERT OR REPLACE INTO {table} SELECT {', '.join(chosen)} FROM {table} LIMIT 1")

    @TABLES
    def test_an_update_does_not_replace(self, any_sqlite: Connection, table: str) -> None:
        key = next(iter(Base.metadata.tables[table].primary_key)).name
        refused(any_sqlite, f"UPDATE OR REPLACE {table} SET {key} = {key}")

    def test_the_head_is_not_replaced(self, any_sqlite: Connection) -> None:
        refused(any_sqlite, "INSERT OR REPLACE INTO head SELECT * FROM head", HEAD_IS_ONE_ROW)

    def test_a_tile_has_no_hidden_key(self, any_sqlite: Connection) -> None:
        refused(
            any_sqlite,
            "INSERT OR REPLACE INTO tiles (rowid, level, tile_index, hashes, root) "
            "SELECT 1, 7, 7, hashes, root FROM tiles",
            "no column named rowid",
        )

    def test_a_new_row_is_taken(self, any_sqlite: Connection) -> None:
        any_sqlite.rollback()
        any_sqlite.exec_driver_sql(
            "INSERT OR REPLACE INTO tiles SELECT level, tile_index + 1, hashes, root FROM tiles"
        )
        assert len(rows(any_sqlite, "tiles")) == 2
        any_sqlite.rollback()


@pytest.mark.postgresql
class TestOnPostgres:
    @pytest.fixture
    def connection(self, postgres_rows: str) -> Iterator[Connection]:
        with connected(postgres_rows) as connection:
            yield connection

    @pytest.mark.parametrize("table", [*LOG_TABLES, "head"])
    def test_a_table_is_not_truncated(self, connection: Connection, table: str) -> None:
        refused(connection, f"TRUNCATE {table} CASCADE", APPEND_ONLY)

    @TABLES
    def test_triggers_fire_as_a_replica_too(self, connection: Connection, table: str) -> None:
        connection.rollback()
        connection.exec_driver_sql("SET session_replication_role = replica")
        connection.commit()
        refused(connection, f"DELETE FROM {table}")
        refused(connection, f"TRUNCATE {table} CASCADE")

    def test_a_temporary_table_does_not_pass_for_the_erasures(self, connection: Connection) -> None:
        connection.rollback()
        connection.exec_driver_sql("CREATE TEMPORARY TABLE erasures (entry_index bigint)")
        connection.exec_driver_sql("INSERT INTO erasures VALUES (0), (1), (2)")
        connection.commit()
        refused(connection, "DELETE FROM statement_bytes WHERE entry_index = 1")


class TestErasure:
    def test_named_bytes_are_deleted(self, own: Connection) -> None:
        own.rollback()
        own.execute(text("INSERT INTO erasures VALUES (1, 2)"))
        own.execute(text("DELETE FROM statement_bytes WHERE entry_index = 1"))
        own.commit()
        assert [row[0] for row in rows(own, "statement_bytes")] == [0, 2]
        assert [row[0] for row in rows(own, "statements")] == [0, 1, 2]

    def test_bytes_that_no_act_names_are_not_deleted(self, own: Connection) -> None:
        own.rollback()
        own.execute(text("INSERT INTO erasures VALUES (1, 2)"))
        own.commit()
        refused(own, "DELETE FROM statement_bytes WHERE entry_index = 2")
        refused(own, "DELETE FROM statement_bytes")

    @pytest.mark.parametrize("table", [name for name in LOG_TABLES if name != "statement_bytes"])
    def test_only_bytes_are_deleted(self, own: Connection, table: str) -> None:
        own.rollback()
        own.execute(text("INSERT INTO erasures VALUES (0, 2), (1, 2), (2, 2)"))
        own.commit()
        refused(own, f"DELETE FROM {table}")

    def test_named_bytes_are_not_updated(self, own: Connection) -> None:
        own.rollback()
        own.execute(text("INSERT INTO erasures VALUES (1, 2)"))
        own.commit()
        refused(own, "UPDATE statement_bytes SET jws = jws WHERE entry_index = 1")


class TestConstraints:
    """What a row may not be, even when it is new."""

    @pytest.mark.parametrize(
        ("statement", "name"),
        [
            ("INSERT INTO entries SELECT -1, entry, leaf_hash FROM entries LIMIT 1", "index_not_negative"),
            ("INSERT INTO entries SELECT 9, entry, entry FROM entries LIMIT 1", "leaf_hash_length"),
            ("INSERT INTO tiles SELECT 9, 9, root, root FROM tiles LIMIT 1", "hashes_length"),
            ("INSERT INTO tiles SELECT 9, 9, hashes, hashes FROM tiles LIMIT 1", "root_length"),
            ("INSERT INTO checkpoints SELECT -1, 9, root, note FROM checkpoints", "number_not_negative"),
            ("INSERT INTO checkpoints SELECT 9, 9, note, note FROM checkpoints", "root_length"),
            ("UPDATE head SET root = refusal_hash || refusal_hash", "root_length"),
            ("UPDATE head SET head_key = 2", "one_row"),
        ],
    )
    def test_a_malformed_row_is_refused(self, filled: Connection, statement: str, name: str) -> None:
        refused(filled, statement, name)

    @pytest.mark.parametrize("table", ["statements", "statement_bytes"])
    def test_a_row_without_its_entry_is_refused(self, filled: Connection, table: str) -> None:
        filled.rollback()
        new = new_entry(50)
        values: dict[str, object] = {"entry_index": 50, "jws": b"x"}
        if table == "statements":
            values = {
                "entry_index": 50,
                "statement_hash": new.statement_hash,
                "issuer": new.issuer,
                "jti": new.jti,
                "kid": new.kid,
                "signing_input_hash": some_hash(1),
            }
        with pytest.raises(IntegrityError):
            filled.execute(Base.metadata.tables[table].insert(), values)
        filled.rollback()

    def test_the_head_moves(self, own: Connection) -> None:
        own.rollback()
        own.exec_driver_sql("UPDATE head SET tree_size = tree_size + 1")
        own.commit()
        assert read_head(own).tree_size == 4
