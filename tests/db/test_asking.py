"""Questions that are asked together, of the driver, within SQLAlchemy's transaction."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from ledger.store.asking import Asking, Question, Rows, ask, tell

ADD = "INSERT INTO things (number, name, octets) VALUES (:number, :name, :octets)"
NUMBERS = "SELECT number FROM things WHERE number >= :least ORDER BY number"


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    octets = "bytea" if engine.dialect.name == "postgresql" else "blob"
    with engine.connect() as made:
        made.execute(text(f"CREATE TABLE things (number bigint PRIMARY KEY, name text, octets {octets})"))
        made.commit()
        yield made


def add(connection: Connection, number: int, name: str | None = None, octets: bytes | None = None) -> int:
    return tell(connection, ADD, {"number": number, "name": name, "octets": octets})


def numbers(least: int = 0) -> Question[list[int]]:
    return Question(NUMBERS, {"least": least}, lambda rows: [row[0] for row in rows])


def everything(rows: Rows) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in rows]


# --- asking ---


def test_every_question_gets_its_own_answer(connection: Connection) -> None:
    for number in (3, 1, 2):
        add(connection, number)
    asking = Asking(connection)
    answers = [asking.put(numbers(least)) for least in (0, 2, 3, 4)]
    assert [answer.value for answer in reversed(answers)] == [[], [3], [2, 3], [1, 2, 3]]


def test_nothing_is_asked_before_an_answer_is_looked_at(connection: Connection) -> None:
    asking = Asking(connection)
    early = asking.put(numbers())
    add(connection, 1)
    assert early.value == [1]


def test_the_first_answer_asks_for_all_and_none_is_asked_twice(connection: Connection) -> None:
    asking = Asking(connection)
    first, second = asking.put(numbers()), asking.put(numbers())
    assert first.value == []
    add(connection, 1)
    assert second.value == []
    third = asking.put(numbers())
    assert (third.value, first.value) == ([1], [])


def test_asking_nothing_asks_nothing(connection: Connection) -> None:
    Asking(connection).hear()
    assert not connection.in_transaction()


@pytest.mark.parametrize("count", [1, 2])
def test_values_come_as_they_were_stored(connection: Connection, count: int) -> None:
    rows = [(1, "镝 ' %s :name", bytes(range(256))), (2, None, None), (2**62, "", b"")]
    for row in rows:
        add(connection, *row)
    asking = Asking(connection)
    query: Question[Any] = Question("SELECT number, name, octets FROM things ORDER BY number", {}, everything)
    assert [each.value for each in [asking.put(query) for _ in range(count)]] == [rows] * count


def test_answers_read_the_transactions_own_writes_and_nothing_is_left_of_them(connection: Connection) -> None:
    add(connection, 1)
    assert ask(connection, numbers()) == [1]
    connection.rollback()
    assert ask(connection, numbers()) == []


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_question_that_cannot_be_answered_is_an_error_of_the_database(
    connection: Connection, at: int
) -> None:
    add(connection, 1)
    asking = Asking(connection)
    questions: list[Question[Any]] = [numbers(), numbers()]
    questions.insert(at, Question("SELECT 1 FROM nowhere", {}, everything))
    answers = [asking.put(each) for each in questions]
    with pytest.raises(DBAPIError) as error:
        _ = answers[-1].value
    assert "nowhere" in str(error.value)
    for answer in answers[:-1]:
        with pytest.raises(RuntimeError, match="not answered"):
            _ = answer.value
    connection.rollback()
    assert ask(connection, numbers()) == []


@pytest.mark.parametrize("count", [1, 2])
def test_a_parameter_that_is_not_given_is_an_error_of_the_database(
    connection: Connection, count: int
) -> None:
    asking = Asking(connection)
    answers = [asking.put(Question(NUMBERS, {"most": 1}, everything)) for _ in range(count)]
    with pytest.raises(DBAPIError):
        _ = answers[0].value


# --- telling ---


def test_telling_says_how_many_rows_it_concerned(connection: Connection) -> None:
    assert [add(connection, number) for number in (1, 2)] == [1, 1]
    rename = "UPDATE things SET name = :name WHERE number > :above"
    assert [tell(connection, rename, {"name": "x", "above": above}) for above in (0, 1, 2)] == [2, 1, 0]


def test_what_stands_already_is_not_told_again(connection: Connection) -> None:
    add(connection, 1)
    with pytest.raises(IntegrityError):
        add(connection, 1)
    connection.rollback()
    assert ask(connection, numbers()) == []


def test_what_is_told_ends_with_the_transaction(connection: Connection) -> None:
    add(connection, 1)
    connection.commit()
    add(connection, 2)
    connection.rollback()
    assert ask(connection, numbers()) == [1]
