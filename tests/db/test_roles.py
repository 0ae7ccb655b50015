"""The three roles on PostgreSQL: who owns, who writes what, who only reads, and how they come to be."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from ledger.errors import SettingsInvalid
from ledger.statements.registers import (
    ErasureRecord,
    GrantRecord,
    KeyRecord,
    Listing,
    Names,
    OriginRecord,
    PartyRecord,
    PendingRecord,
    PolicyRecord,
    PrefixRecord,
    ReaderRecord,
    RefusalPublicationRecord,
    SiteRecord,
)
from ledger.store import log_store, sessions
from ledger.store.asking import ask
from ledger.store.books_source import write_records
from ledger.store.books_tables import BOOKS, BOOKS_TABLES, GROWING
from ledger.store.engine import create_ledger_engine
from ledger.store.locking import begin_write, database_clock
from ledger.store.models import ATTACHMENT_TABLES, LOG_TABLES, REGISTER_TABLES, SESSION_TABLES, Base
from ledger.store.registers_store import RECORD_TYPES, read_facts, write_changes
from ledger.store.schema import upgrade
from tests.support.books_records import some_records
from tests.support.postgres import PostgresServer
from tests.support.rows import fill, some_hash

pytestmark = pytest.mark.postgresql

ALL_TABLES = sorted([*LOG_TABLES, *REGISTER_TABLES, *BOOKS_TABLES, "head"])
CHANGING = {"parties", "prefixes", "keys", "sites", "pending_acts"}
GROWING_BOOKS = {
    "pool_versions",
    "postings",
    "assays",
    "stocktakes",
    "attachments",
    "control_lists",
    "statistics",
}
WRITER = {
    **{table: {"SELECT", "INSERT"} for table in (*LOG_TABLES, *REGISTER_TABLES, *GROWING_BOOKS)},
    **{table: {"SELECT", "INSERT", "UPDATE"} for table in (*CHANGING, *(set(BOOKS_TABLES) - GROWING_BOOKS))},
    "statement_bytes": {"SELECT", "INSERT", "DELETE"},
    "head": {"SELECT", "UPDATE"},
    "challenges": {"SELECT", "INSERT", "DELETE"},
    "sessions": {"SELECT", "INSERT", "UPDATE", "DELETE"},
    **{table: {"SELECT", "INSERT", "DELETE"} for table in ATTACHMENT_TABLES},
    "alembic_version": {"SELECT"},
}
READER = {table: {"SELECT"} for table in (*ALL_TABLES, *ATTACHMENT_TABLES, "alembic_version")}
RECORDS = [
    OriginRecord("log.example", ("log.example+00000000+AQ==",)),
    PolicyRecord(0, {"rules": 1}),
    PartyRecord("p", {"name": "P"}, ("operator",), (Listing(0, None),), 0, 0),
    PrefixRecord("https://p.example/", "p", 0),
    KeyRecord("k" * 43, "p", {"kty": "OKP"}, 0, None, 0),
    SiteRecord("s", "p", {"name": "S"}, (Listing(0, 5),), 1, 1),
    ReaderRecord(1, "p"),
    GrantRecord(1, "p", {"issuers": ["q"]}),
    ErasureRecord(1, 2),
    RefusalPublicationRecord(2, 1, bytes(32)),
    PendingRecord(some_hash(1), 2, 3, "p", "k" * 43, "erase", some_hash(2)),
]

BOOK_RECORDS = [record for kind in BOOKS for record in some_records(kind, 2)]


@contextmanager
def connected(url: str, role: str | None = None) -> Iterator[Connection]:
    """A connection to a database, acting as a role that cannot log in itself."""
    engine = create_ledger_engine(url, pool_size=1)
    try:
        with engine.connect() as connection:
            if role is not None:
                connection.execute(text(f"SET ROLE {role}"))
                connection.commit()
            yield connection
    finally:
        engine.dispose()


@pytest.fixture(scope="module")
def filled_url(postgres_server: PostgresServer, postgres_template: str) -> Iterator[str]:
    """A database with rows in every log table, as the writer made them; for tests that leave it as it is."""
    name = postgres_server.create_database(postgres_template)
    url = postgres_server.url(name)
    with connected(url, "reledger_writer") as connection, begin_write(connection):
        fill(connection)
    yield url
    postgres_server.drop_database(name)


def denied(connection: Connection, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text(statement))
    connection.rollback()


class TestGrants:
    def test_they_are_these_and_no_others(self, postgres_url: str) -> None:
        with connected(postgres_url) as connection:
            rows = connection.execute(
                text(
                    "SELECT grantee, table_name, privilege_type FROM information_schema.role_table_grants "
                    "WHERE table_schema = 'public' AND grantee <> 'reledger_owner'"
                )
            ).all()
        found: dict[str, dict[str, set[str]]] = {}
        for role, table, right in rows:
            found.setdefault(role, {}).setdefault(table, set()).add(right)
        assert found == {"reledger_writer": WRITER, "reledger_reader": READER}

    def test_no_column_is_granted_apart(self, postgres_url: str) -> None:
        with connected(postgres_url) as connection:
            assert not connection.scalar(
                text("SELECT count(*) FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid >= 16384")
            )

    def test_the_owner_role_owns_everything(self, postgres_url: str) -> None:
        with connected(postgres_url) as connection:
            owners = connection.execute(
                text(
                    "SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class "
                    "WHERE relnamespace = 'public'::regnamespace UNION "
                    "SELECT DISTINCT pg_get_userbyid(proowner) FROM pg_proc "
                    "WHERE pronamespace = 'public'::regnamespace"
                )
            ).scalars()
            assert set(owners) == {"reledger_owner"}

    def test_the_roles_cannot_log_in_or_do_more(self, postgres_url: str) -> None:
        with connected(postgres_url) as connection:
            rows = connection.execute(
                text(
                    "SELECT rolname, rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls "
                    "OR rolreplication FROM pg_roles WHERE rolname LIKE 'reledger%'"
                )
            ).all()
        assert {tuple(row) for row in rows} == {
            ("reledger_owner", False),
            ("reledger_writer", False),
            ("reledger_reader", False),
        }


class TestWriter:
    def test_it_does_everything_that_the_server_does(self, postgres_url: str) -> None:
        with connected(postgres_url, "reledger_writer") as connection:
            with begin_write(connection):
                assert ask(connection, database_clock(connection.dialect.name))
                fill(connection, 300, erased=5)
                write_changes(connection, RECORDS)
                write_records(connection, BOOK_RECORDS)
            with begin_write(connection):
                log_store.delete_erased_bytes(connection, [1])
                # Records that change are written over those of the same name.
                write_changes(connection, [r for r in RECORDS if isinstance(r, PartyRecord | KeyRecord)])
                write_records(connection, [each for each in BOOK_RECORDS if type(each) not in GROWING])
                # Who is signed in comes and goes.
                assert sessions.take_challenge(connection, some_hash(1), 6, 5)
                assert sessions.take_challenge(connection, some_hash(3), 8, 7)
                sessions.add_session(connection, some_hash(2), "k" * 43, 7)
                sessions.note_use(connection, some_hash(2), 8)
                sessions.end_session(connection, some_hash(2))
                facts = read_facts(connection, Names(parties={"p"}, kids={"k" * 43}, all_prefixes=True))
            assert facts.parties["p"].organisation == {"name": "P"}
            assert log_store.read_jws(connection, 1) is None
            assert log_store.read_jws(connection, 2) is not None

    def test_the_records_here_are_of_every_type(self) -> None:
        assert {type(record) for record in RECORDS} == set(RECORD_TYPES)

    @pytest.mark.parametrize("table", LOG_TABLES)
    def test_it_does_not_update_the_log(self, filled_url: str, table: str) -> None:
        with connected(filled_url, "reledger_writer") as connection:
            column = next(iter(Base.metadata.tables[table].columns)).name
            denied(connection, f"UPDATE {table} SET {column} = 1")

    @pytest.mark.parametrize(
        "table", [t for t in [*LOG_TABLES, *REGISTER_TABLES, *BOOKS_TABLES, "head"] if t != "statement_bytes"]
    )
    def test_it_deletes_nothing(self, filled_url: str, table: str) -> None:
        with connected(filled_url, "reledger_writer") as connection:
            denied(connection, f"DELETE FROM {table}")

    def test_it_deletes_no_bytes_that_no_act_names(self, filled_url: str) -> None:
        with connected(filled_url, "reledger_writer") as connection:
            for statement in (
                "DELETE FROM statement_bytes",
                "DELETE FROM statement_bytes WHERE entry_index = 1",
            ):
                with pytest.raises(DBAPIError, match="append-only"):
                    connection.execute(text(statement))
                connection.rollback()
            assert log_store.read_jws(connection, 1) is not None

    @pytest.mark.parametrize("table", [*LOG_TABLES, *REGISTER_TABLES, *BOOKS_TABLES, *SESSION_TABLES, "head"])
    def test_it_truncates_nothing(self, filled_url: str, table: str) -> None:
        with connected(filled_url, "reledger_writer") as connection:
            denied(connection, f"TRUNCATE {table}")

    @pytest.mark.parametrize("table", sorted(set(REGISTER_TABLES) - CHANGING))
    def test_it_does_not_change_registers_that_only_grow(self, filled_url: str, table: str) -> None:
        with connected(filled_url, "reledger_writer") as connection:
            column = "origin_key" if table == "origin" else "entry_index"
            denied(connection, f"UPDATE {table} SET {column} = 1")

    @pytest.mark.parametrize("table", sorted(GROWING_BOOKS))
    def test_it_does_not_change_books_that_only_grow(self, filled_url: str, table: str) -> None:
        with connected(filled_url, "reledger_writer") as connection:
            column = next(iter(Base.metadata.tables[table].columns)).name
            denied(connection, f"UPDATE {table} SET {column} = {column}")

    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO head SELECT * FROM head",
            "ALTER TABLE entries DISABLE TRIGGER entries_no_delete",
            "DROP TRIGGER entries_no_delete ON entries",
            "DROP TABLE refusals",
            "ALTER TABLE entries ADD COLUMN x integer",
            "DROP FUNCTION reledger_append_only() CASCADE",
            "CREATE TABLE erasures_too (x integer)",
            "UPDATE alembic_version SET version_num = 'x'",
            "SET session_replication_role = replica",
            "SET ROLE reledger_owner",
        ],
    )
    def test_it_cannot_take_the_guards_away(self, filled_url: str, login: str, statement: str) -> None:
        with (
            connected(filled_url.replace("postgres@", f"{login}@")) as connection,
            pytest.raises(ProgrammingError, match=r"permission denied|must be owner"),
        ):
            connection.execute(text(statement))

    @pytest.fixture
    def login(self, filled_url: str) -> Iterator[str]:
        """A user as the server logs in: a member of the writer role and nothing else."""
        name = f"login_{secrets.token_hex(4)}"
        with connected(filled_url) as connection:
            connection.execute(text(f"CREATE ROLE {name} LOGIN IN ROLE reledger_writer"))
            connection.commit()
        yield name
        with connected(filled_url) as connection:
            connection.execute(text(f"DROP ROLE {name}"))
            connection.commit()


class TestReader:
    def test_it_reads_everything(self, filled_url: str) -> None:
        with connected(filled_url, "reledger_reader") as connection:
            for table in [*ALL_TABLES, "alembic_version"]:
                connection.execute(text(f"SELECT * FROM {table}"))
            assert log_store.read_head(connection).tree_size == 3

    @pytest.mark.parametrize("table", SESSION_TABLES)
    def test_it_does_not_see_who_is_signed_in(self, filled_url: str, table: str) -> None:
        with connected(filled_url, "reledger_reader") as connection:
            denied(connection, f"SELECT * FROM {table}")

    @pytest.mark.parametrize("table", ALL_TABLES)
    def test_it_writes_nothing(self, filled_url: str, table: str) -> None:
        with connected(filled_url, "reledger_reader") as connection:
            denied(connection, f"INSERT INTO {table} SELECT * FROM {table}")
            denied(connection, f"DELETE FROM {table}")
            denied(connection, f"TRUNCATE {table}")
            denied(connection, f"SELECT * FROM {table} FOR UPDATE")


class TestSetUp:
    """Migrating as users with fewer rights than a superuser, each with roles of its own name."""

    @pytest.fixture
    def prefix(self) -> str:
        return f"t{secrets.token_hex(4)}"

    @pytest.fixture
    def owned(self, postgres_server: PostgresServer, prefix: str) -> Iterator[tuple[str, str]]:
        """A new database, and the user that owns it: (URL as superuser, URL as that user)."""
        name = postgres_server.create_database()
        url = postgres_server.url(name)
        with connected(url) as connection:
            connection.execute(text(f"CREATE ROLE {prefix}_user LOGIN"))
            connection.execute(text(f'ALTER DATABASE "{name}" OWNER TO {prefix}_user'))
            connection.commit()
        yield url, postgres_server.url(name, user=f"{prefix}_user")
        postgres_server.drop_database(name)

    def test_a_user_who_may_create_roles(self, owned: tuple[str, str], prefix: str) -> None:
        superuser, user = owned
        with connected(superuser) as connection:
            connection.execute(text(f"ALTER ROLE {prefix}_user CREATEROLE"))
            connection.commit()
        upgrade(user, role_prefix=prefix)
        with connected(superuser, f"{prefix}_writer") as connection, begin_write(connection):
            fill(connection)
        with connected(user) as connection:
            assert log_store.read_head(connection).tree_size == 3
        upgrade(user, role_prefix=prefix)

    def test_a_user_who_may_not_is_told_what_to_have_run(self, owned: tuple[str, str], prefix: str) -> None:
        superuser, user = owned
        with pytest.raises(SettingsInvalid) as caught:
            upgrade(user, role_prefix=prefix)
        detail = caught.value.detail
        assert f"{prefix}_user" in detail
        lines = [line.strip() for line in detail.splitlines() if line.strip().endswith(";")]
        assert len(lines) == 6
        with connected(superuser) as connection:
            assert connection.scalar(text("SELECT to_regclass('entries')")) is None
            for line in lines:
                connection.execute(text(line))
            connection.commit()
        upgrade(user, role_prefix=prefix)
        with connected(superuser, f"{prefix}_writer") as connection, begin_write(connection):
            fill(connection)

    @pytest.mark.parametrize("prefix", ["", "Reledger", "1a", "a-b", 'x"; DROP TABLE head; --', "a" * 42])
    def test_a_prefix_that_is_not_a_plain_name(self, postgres_server: PostgresServer, prefix: str) -> None:
        name = postgres_server.create_database()
        with pytest.raises(SettingsInvalid, match="prefix"):
            upgrade(postgres_server.url(name), role_prefix=prefix)
        postgres_server.drop_database(name)
