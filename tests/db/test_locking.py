"""One writer at a time, and waiting that ends."""

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from psycopg.errors import DiskFull
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from ledger.errors import StoreBusy
from ledger.store.asking import ask
from ledger.store.engine import create_ledger_engine, is_sqlite
from ledger.store.locking import (
    begin_read,
    begin_write,
    busy_as_unavailable,
    code_of,
    database_clock,
    is_busy,
)
from ledger.store.log_store import HeadRow, read_head, swap_head

STEPS = 20


@pytest.fixture
def start() -> Iterator[Callable[[Callable[[], None]], threading.Thread]]:
    """Starts threads, and fails the test if one of them failed or does not end."""
    threads: list[threading.Thread] = []
    failures: list[BaseException] = []

    def begin(work: Callable[[], None]) -> threading.Thread:
        def guarded() -> None:
            try:
                work()
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=guarded)
        threads.append(thread)
        thread.start()
        return thread

    yield begin
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert failures == []


Start = Callable[[Callable[[], None]], threading.Thread]


class TestLogLock:
    def test_a_second_writer_waits_and_then_sees_what_the_first_wrote(
        self, engine: Engine, start: Start
    ) -> None:
        order: list[str] = []
        seen: list[HeadRow] = []

        def second() -> None:
            with engine.connect() as connection, begin_write(connection):
                order.append("second has the lock")
                seen.append(read_head(connection))

        with engine.connect() as connection:
            with begin_write(connection):
                old = read_head(connection)
                new = old._replace(refusal_count=41)
                thread = start(second)
                time.sleep(0.3)
                order.append("first swaps")
                assert swap_head(connection, old, new)
            thread.join(30)
        assert order == ["first swaps", "second has the lock"]
        assert seen == [new]

    def test_counting_from_many_threads_loses_nothing(self, engine: Engine, start: Start) -> None:
        def count() -> None:
            for _ in range(STEPS):
                with engine.connect() as connection, begin_write(connection):
                    old = read_head(connection)
                    assert swap_head(connection, old, old._replace(refusal_count=old.refusal_count + 1))

        threads = [start(count) for _ in range(4)]
        for thread in threads:
            thread.join(60)
        with engine.connect() as connection:
            assert read_head(connection).refusal_count == 4 * STEPS

    def test_waiting_ends(self, engine: Engine) -> None:
        with engine.connect() as first, engine.connect() as second, begin_write(first):
            began = time.monotonic()
            with pytest.raises(StoreBusy):
                begin_write(second, timeout_ms=200)
            assert 0.15 < time.monotonic() - began < 5

    def test_a_connection_that_waited_in_vain_may_be_used_again(self, engine: Engine) -> None:
        with engine.connect() as first, engine.connect() as second:
            with begin_write(first):
                with pytest.raises(StoreBusy):
                    begin_write(second, timeout_ms=50)
                assert not second.in_transaction()
                assert read_head(second).tree_size == 0
                second.rollback()
            with begin_write(second, timeout_ms=50):
                old = read_head(second)
                assert swap_head(second, old, old._replace(tree_size=1))
        with engine.connect() as third:
            assert read_head(third).tree_size == 1

    def test_the_lock_ends_with_a_rollback(self, engine: Engine) -> None:
        with engine.connect() as first, engine.connect() as second:
            begin_write(first)
            swap_head(first, read_head(first), read_head(first)._replace(tree_size=9))
            first.rollback()
            with begin_write(second, timeout_ms=100):
                assert read_head(second).tree_size == 0

    def test_the_lock_ends_with_a_lost_connection(self, engine: Engine) -> None:
        with engine.connect() as first, engine.connect() as second:
            begin_write(first)
            first.invalidate()
            first.close()
            with begin_write(second, timeout_ms=1_000):
                assert read_head(second).tree_size == 0

    def test_reading_does_not_wait_for_a_writer(self, engine: Engine) -> None:
        with engine.connect() as writer, engine.connect() as reader, begin_write(writer):
            old = read_head(writer)
            assert swap_head(writer, old, old._replace(tree_size=5))
            assert read_head(reader).tree_size == 0

    def test_a_shorter_wait_is_for_once(self, sqlite_url: str) -> None:
        engine = create_ledger_engine(sqlite_url)
        with engine.connect() as connection:
            with begin_write(connection, timeout_ms=50):
                pass
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 10_000
        engine.dispose()

    def test_only_a_lock_is_waited_for(self, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        waited: list[float] = []
        monkeypatch.setattr("ledger.store.locking.time.sleep", waited.append)
        engine = create_ledger_engine(sqlite_url)
        with engine.connect() as connection:
            dbapi_connection = connection.connection.dbapi_connection
            assert dbapi_connection is not None
            dbapi_connection.execute("BEGIN")
            with pytest.raises(OperationalError, match="within a transaction"):
                begin_write(connection, timeout_ms=100)
            dbapi_connection.execute("ROLLBACK")
        engine.dispose()
        assert waited == []


class TestSnapshot:
    def test_a_reader_sees_one_state_throughout(self, engine: Engine) -> None:
        with engine.connect() as reader, engine.connect() as writer:
            begin_read(reader)
            before = read_head(reader)
            with begin_write(writer):
                assert swap_head(writer, before, before._replace(tree_size=3))
            assert read_head(reader) == before
            reader.rollback()
            assert read_head(reader).tree_size == 3

    @pytest.mark.postgresql
    def test_a_snapshot_cannot_write(self, postgres_url: str) -> None:
        engine = create_ledger_engine(postgres_url)
        with engine.connect() as reader:
            begin_read(reader)
            with pytest.raises(DBAPIError, match="read-only"):
                reader.execute(text("UPDATE head SET tree_size = 1"))
        engine.dispose()


class TestClock:
    def test_it_is_the_databases_and_runs_within_a_transaction(self, engine: Engine) -> None:
        with engine.connect() as connection, begin_write(connection):
            first = ask(connection, database_clock(connection.dialect.name))
            if is_sqlite(engine):
                assert first is None
                return
            time.sleep(0.01)
            second = ask(connection, database_clock(connection.dialect.name))
        assert first is not None
        assert second is not None
        assert second - first >= 10_000
        assert abs(first - time.time_ns() // 1000) < 60_000_000


class TestBusy:
    def test_an_exhausted_pool_is_busy(self, database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        engine = create_ledger_engine(database_url, pool_size=1)
        monkeypatch.setattr(engine.pool, "_timeout", 0.1)
        with engine.connect(), engine.connect(), pytest.raises(StoreBusy), busy_as_unavailable():
            engine.connect()
        engine.dispose()

    def test_a_server_that_is_not_there_is_busy(self) -> None:
        engine = create_ledger_engine("postgresql://nobody@/none?host=/nowhere")
        with pytest.raises(StoreBusy), busy_as_unavailable():
            engine.connect()
        engine.dispose()

    def test_an_ended_connection_is_busy(self, postgres_url: str) -> None:
        engine = create_ledger_engine(postgres_url)
        with engine.connect() as first, engine.connect() as second:
            pid = first.scalar(text("SELECT pg_backend_pid()"))
            second.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            with pytest.raises(StoreBusy), busy_as_unavailable():
                first.execute(text("SELECT pg_sleep(1)"))
        engine.dispose()

    def test_a_full_database_is_busy(self, sqlite_url: str) -> None:
        engine = create_ledger_engine(sqlite_url)
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count=20")
            connection.exec_driver_sql("CREATE TABLE large (bytes BLOB)")
            with pytest.raises(StoreBusy) as caught, busy_as_unavailable():
                connection.exec_driver_sql("INSERT INTO large VALUES (zeroblob(1000000))")
        assert isinstance(caught.value.__cause__, DBAPIError)
        assert code_of(caught.value.__cause__) == "SQLITE_FULL"
        engine.dispose()

    def test_so_is_a_server_whose_disk_is_full(self) -> None:
        error = OperationalError("x", None, DiskFull("could not extend file"))
        assert is_busy(error)
        assert code_of(error) == "53100 DiskFull"

    @pytest.mark.parametrize(
        "statement", ["INSERT INTO entries VALUES (-1, 'x', 'x')", "SELECT * FROM no_such"]
    )
    def test_a_wrong_statement_is_not(self, engine: Engine, statement: str) -> None:
        with engine.connect() as connection, pytest.raises(DBAPIError) as caught, busy_as_unavailable():
            connection.exec_driver_sql(statement)
        assert not is_busy(caught.value)

    def test_other_errors_are_not(self) -> None:
        assert not is_busy(ValueError("locked"))
        assert not is_busy(IntegrityError("x", None, ValueError("database is locked")))
        assert not is_busy(OperationalError("x", None, ValueError("no such table")))
        assert is_busy(OperationalError("x", None, ValueError("database is locked")))


def test_a_commit_is_durable_whatever_the_default_is(postgres_url: str) -> None:
    engine = create_ledger_engine(postgres_url)
    with engine.connect() as connection:
        connection.execute(text("SET synchronous_commit = off"))
        connection.commit()
        begin_write(connection)
        assert connection.scalar(text("SHOW synchronous_commit")) == "on"
        connection.rollback()
        connection.execute(text("SET synchronous_commit = remote_apply"))
        connection.commit()
        begin_write(connection)
        assert connection.scalar(text("SHOW synchronous_commit")) == "remote_apply"
        connection.rollback()
    engine.dispose()
