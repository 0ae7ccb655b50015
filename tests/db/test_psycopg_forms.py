"""What goes past SQLAlchemy to PostgreSQL's driver: rows in a stream, statements and questions one
behind the other."""

import struct
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError

from ledger.store.asking import telling
from ledger.store.engine import create_ledger_engine
from ledger.store.packed import pack
from ledger.store.psycopg_forms import ask_all, send_all, stream

pytestmark = pytest.mark.postgresql

ADD = "INSERT INTO numbers SELECT * FROM unnest(%b::bigint[])"


@pytest.fixture
def connection(postgres_url: str) -> Iterator[Connection]:
    engine = create_ledger_engine(postgres_url)
    with engine.connect() as made:
        made.execute(text("CREATE TABLE numbers (number bigint PRIMARY KEY)"))
        made.commit()
        yield made
    engine.dispose()


def add(*numbers: int) -> tuple[str, tuple[Any, ...]]:
    return ADD, (pack("bigint", numbers),)


def stored(connection: Connection) -> list[int]:
    return list(connection.execute(text("SELECT number FROM numbers ORDER BY number")).scalars())


# --- statements one behind the other ---


def test_each_statement_sees_those_before_it(connection: Connection) -> None:
    double = ("INSERT INTO numbers SELECT number + 10 FROM numbers WHERE number > %s", (1,))
    send_all(connection, [add(1, 2), double, add(3)])
    connection.commit()
    assert stored(connection) == [1, 2, 3, 12]


def test_no_statement_is_none(connection: Connection) -> None:
    send_all(connection, [])
    assert stored(connection) == []


def test_none_is_waited_for_before_the_next_is_made(connection: Connection) -> None:
    """The first waits for a lock that is let go only while the second is made."""
    engine = connection.engine
    connection.execute(text("SET LOCAL lock_timeout = '20s'"))
    with engine.connect() as other:
        other.execute(text("SELECT pg_advisory_lock(7)"))

        def statements() -> Iterator[tuple[str, tuple[Any, ...]]]:
            yield "INSERT INTO numbers SELECT 1 FROM pg_advisory_xact_lock(%s)", (7,)
            other.execute(text("SELECT pg_advisory_unlock(7)"))
            yield add(2)

        send_all(connection, statements())
    assert stored(connection) == [1, 2]


def test_a_row_that_stands_there_already_fails_all(connection: Connection) -> None:
    with pytest.raises(IntegrityError) as error:
        send_all(connection, [add(1), add(2, 1), add(3)])
    assert isinstance(error.value.orig, psycopg.errors.UniqueViolation)
    connection.rollback()
    assert stored(connection) == []
    send_all(connection, [add(4)])
    assert stored(connection) == [4]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_the_server_says_fails_all(connection: Connection, place: int) -> None:
    statements = [add(1), add(2)]
    statements.insert(place, ("INSERT INTO nowhere VALUES (%s)", (1,)))
    with pytest.raises(DBAPIError) as error:
        send_all(connection, statements)
    assert not isinstance(error.value, IntegrityError)
    assert isinstance(error.value.orig, psycopg.errors.UndefinedTable)
    connection.rollback()
    assert stored(connection) == []


def test_a_statement_that_cannot_be_made_fails_as_it_does(connection: Connection) -> None:
    with pytest.raises(struct.error):
        send_all(connection, (add(number) for number in (1, 2**63)))
    connection.rollback()
    assert stored(connection) == []


def test_a_server_that_goes_is_an_error_of_the_database(connection: Connection) -> None:
    go = ("SELECT pg_terminate_backend(pg_backend_pid())", ())
    with pytest.raises(DBAPIError):
        send_all(connection, [add(1), go, add(2)])
    with pytest.raises(DBAPIError):
        connection.execute(text("SELECT 1"))
    connection.invalidate()
    connection.rollback()
    assert stored(connection) == []


# --- several senders, of whom none is waited for ---


def test_nobody_waits_for_what_is_sent_before_all_is(connection: Connection) -> None:
    """The first sender's statement waits for a lock that is let go only when the second has sent."""
    engine = connection.engine
    connection.execute(text("SET LOCAL lock_timeout = '20s'"))
    with engine.connect() as other:
        other.execute(text("SELECT pg_advisory_lock(7)"))
        with telling(connection):
            send_all(connection, [("SELECT pg_advisory_xact_lock(7)", ())])
            send_all(connection, [add(1)])
            other.execute(text("SELECT pg_advisory_unlock(7)"))
        other.rollback()
    send_all(connection, [add(2)])
    assert stored(connection) == [1, 2]


def test_who_sends_alone_afterwards_is_waited_for_at_the_end(connection: Connection) -> None:
    """Its second statement is what lets the first one go on."""
    engine = connection.engine
    connection.execute(text("SET LOCAL lock_timeout = '5s'"))
    with engine.connect() as other:
        other.execute(text("SELECT pg_advisory_lock(7)"))
        with telling(connection):
            send_all(connection, [add(1)])

        def statements() -> Iterator[tuple[str, tuple[Any, ...]]]:
            yield "SELECT pg_advisory_xact_lock(7)", ()
            other.execute(text("SELECT pg_advisory_unlock(7)"))
            yield add(2)

        send_all(connection, statements())
        other.rollback()
    assert stored(connection) == [1, 2]


def test_a_question_in_between_sees_what_was_sent(connection: Connection) -> None:
    with telling(connection):
        send_all(connection, [add(1)])
        assert ask_all(connection, [("SELECT number FROM numbers", {})]) == [[(1,)]]
        send_all(connection, [add(2)])
    assert stored(connection) == [1, 2]


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        (add(1), IntegrityError),
        (("INSERT INTO numbers VALUES (1 / %s)", (0,)), DataError),
        (("INSERT INTO nowhere VALUES (1)", ()), ProgrammingError),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_fails_is_told_by_its_own_error_wherever_it_stands(
    connection: Connection, statement: tuple[str, tuple[Any, ...]], error: type[Exception], place: int
) -> None:
    send_all(connection, [add(1)])
    connection.commit()
    sent = [[add(10)], [add(20)]]
    sent.insert(place, [statement])

    def send_together() -> None:
        with telling(connection):
            for each in sent:
                send_all(connection, each)

    with pytest.raises(error):
        send_together()
    connection.rollback()
    with telling(connection):
        send_all(connection, [add(2)])
    assert stored(connection) == [1, 2]


@pytest.mark.parametrize("asked", [1, 2])
def test_a_question_behind_what_fails_tells_its_error(connection: Connection, asked: int) -> None:
    send_all(connection, [add(1)])

    def ask_behind() -> None:
        with telling(connection):
            send_all(connection, [add(1)])
            ask_all(connection, [("SELECT number FROM numbers", {})] * asked)

    with pytest.raises(IntegrityError):
        ask_behind()
    connection.rollback()
    assert stored(connection) == []


def test_an_error_of_whoever_sends_ends_the_sending(connection: Connection) -> None:
    def send_and_fail() -> None:
        with telling(connection):
            send_all(connection, [add(1)])
            raise KeyError

    with pytest.raises(KeyError):
        send_and_fail()
    connection.rollback()
    engine = connection.engine
    with engine.connect() as other:
        other.execute(text("SELECT pg_advisory_lock(7)"))
        connection.execute(text("SET LOCAL lock_timeout = '50ms'"))
        with pytest.raises(DBAPIError):  # it is waited for again
            send_all(connection, [("SELECT pg_advisory_xact_lock(7)", ())])
        other.rollback()
    connection.rollback()
    assert stored(connection) == []


# --- questions one behind the other ---

SECOND = "SELECT %(n)s::bigint"


class WhenMade(dict[str, int]):
    """Parameters that do something when the driver takes them."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__(n=2)
        self._act = act

    def __getitem__(self, name: str) -> int:
        self._act()
        return super().__getitem__(name)


def test_no_question_is_waited_for_before_the_next_is_sent(connection: Connection) -> None:
    """The first waits for a lock that is let go only while the second is made."""
    connection.execute(text("SET LOCAL lock_timeout = '20s'"))
    with connection.engine.connect() as other:
        other.execute(text("SELECT pg_advisory_lock(7)"))
        second = WhenMade(lambda: other.execute(text("SELECT pg_advisory_unlock(7)")))
        locked = ("SELECT 1::bigint FROM pg_advisory_xact_lock(%(key)s)", {"key": 7})
        assert ask_all(connection, [locked, (SECOND, second)]) == [[(1,)], [(2,)]]


@pytest.mark.parametrize("at", [0, 1])
def test_a_server_that_goes_between_questions_is_an_error_of_the_database(
    connection: Connection, at: int
) -> None:
    send_all(connection, [add(1)])
    asked: list[tuple[str, dict[str, int]]] = [(SECOND, {"n": 2}), (SECOND, {"n": 3})]
    asked.insert(at, ("SELECT pg_terminate_backend(pg_backend_pid())", {}))
    with pytest.raises(DBAPIError):
        ask_all(connection, asked)
    connection.invalidate()
    connection.rollback()
    assert stored(connection) == []


# --- rows in one stream ---

COUNT = "SELECT n, decode(lpad(to_hex(n), 8, '0'), 'hex') FROM generate_series(1, %(upto)s) n ORDER BY n"


@pytest.mark.parametrize("upto", [0, 1, 2, 3, 4, 1_000])
def test_a_stream_gives_every_row_in_order(connection: Connection, upto: int) -> None:
    rows = list(stream(connection, COUNT, {"upto": upto}, 3))
    assert rows == [(number, number.to_bytes(4)) for number in range(1, upto + 1)]
    assert connection.execute(text("SELECT 1")).scalar_one() == 1


def test_a_stream_of_nothing_there_is_an_error_of_the_database(connection: Connection) -> None:
    with pytest.raises(DBAPIError) as error:
        list(stream(connection, "SELECT * FROM nowhere WHERE n = %(n)s", {"n": 1}, 3))
    assert isinstance(error.value.orig, psycopg.errors.UndefinedTable)
    assert "nowhere" in str(error.value)


def test_a_stream_that_is_left_cancels_the_transaction(connection: Connection) -> None:
    send_all(connection, [add(1)])
    rows = stream(connection, COUNT, {"upto": 1_000_000}, 3)
    assert next(rows)[0] == 1
    rows.close()
    with pytest.raises(DBAPIError):
        connection.execute(text("SELECT 1"))
    connection.rollback()
    assert stored(connection) == []


def interrupted(rows: Iterator[tuple[Any, ...]]) -> list[int]:
    """What an interrupt leaves behind: a comprehension's frame, which its traceback holds with the stream."""

    def number(row: tuple[Any, ...]) -> int:
        raise KeyboardInterrupt

    return [number(row) for row in rows]


@pytest.mark.parametrize("end", [Connection.rollback, Connection.close])
@pytest.mark.parametrize("upto", [10, 1_000_000])
def test_a_stream_that_a_traceback_holds_is_ended_before_the_rollback(
    connection: Connection, upto: int, end: Callable[[Connection], None]
) -> None:
    with connection.engine.connect() as made:
        send_all(made, [add(1)])
        with pytest.raises(KeyboardInterrupt) as held:
            interrupted(stream(made, COUNT, {"upto": upto}, 3))
        end(made)
    assert stored(connection) == []
    assert held.tb is not None


def test_what_is_left_of_an_ended_stream_does_not_end_the_next(connection: Connection) -> None:
    left = stream(connection, COUNT, {"upto": 1_000_000}, 3)
    assert next(left)[0] == 1
    connection.rollback()
    rows = stream(connection, COUNT, {"upto": 1_000_000}, 3)
    assert next(rows)[0] == 1
    left.close()
    with pytest.raises(RuntimeError, match="still being read"):
        stored(connection)
    rows.close()


@pytest.mark.parametrize(
    "ask",
    [
        lambda connection: ask_all(connection, [("SELECT 1", {})]),
        lambda connection: send_all(connection, [add(1)]),
        lambda connection: next(stream(connection, COUNT, {"upto": 3}, 3)),
        lambda connection: connection.execute(text("SELECT 1")),
    ],
)
def test_while_a_stream_is_open_nothing_else_is_asked(
    connection: Connection, ask: Callable[[Connection], object]
) -> None:
    """The driver would wait for the stream's end, and for ever."""
    rows = stream(connection, COUNT, {"upto": 1_000_000}, 3)
    assert next(rows)[0] == 1
    with pytest.raises(RuntimeError, match="still being read"):
        ask(connection)
    assert next(rows)[0] == 2
    rows.close()
    connection.rollback()
    assert stored(connection) == []
